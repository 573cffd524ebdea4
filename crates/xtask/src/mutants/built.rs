//! A copy of the tree with every change woven in, built once: what compiles, and the tests that come of it.

use super::changes::Change;
use super::constants::Calls;
use super::running;
use super::weave::{weave, woven_at};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a woven tree asks at each place of a change.
const WOVEN: &str = include_str!("woven.rs");
/// Where there are constants that call functions of the core.
const SOURCES: [&str; 2] = ["crates/acd-core/src/", "tests/router/"];
const LIBRARY: &str = "crates/acd-core/src/lib.rs";

/// What became of the changes, and the tests of the core by name.
pub(super) struct Built {
    /// What the core is, as a number: if it changes, nothing that was found before holds.
    pub(super) core: String,
    /// Those that can be chosen.
    pub(super) woven: BTreeSet<usize>,
    /// Those that do not compile.
    pub(super) impossible: BTreeSet<usize>,
    pub(super) tests: HashMap<String, PathBuf>,
}

/// Where the tree is, where the copies are made, and through what cargo is run.
pub(super) struct Workshop<'a> {
    pub(super) root: &'a Path,
    pub(super) into: &'a Path,
    pub(super) through: &'a [String],
}

impl Workshop<'_> {
    /// Weaves, takes out what does not compile, and builds the tests.
    pub(super) fn build(&self, changes: &[Change]) -> Result<Built, String> {
        let for_constants = self.for_constants()?;
        let (_, texts) = self.woven(changes, &BTreeSet::new(), &for_constants)?;
        let mut hasher = DefaultHasher::new();
        texts.hash(&mut hasher);
        let core = format!("{:016x}", hasher.finish());
        let impossible = self.impossible(changes, &for_constants, &core)?;
        let (woven, texts) = self.woven(changes, &impossible, &for_constants)?;
        let tree = self.into.join("tree");
        self.lay_out(&tree, &texts)?;
        let built = self.cargo(&tree, &["test", "--no-run", "--lib", "--tests"])?;
        match built.succeeded {
            true => Ok(Built { core, woven, impossible, tests: built.tests() }),
            false => Err(built.errors()),
        }
    }

    /// The changes that the compiler objects to; as it was found the last time if all of the core is as it was then.
    fn impossible(
        &self,
        changes: &[Change],
        for_constants: &BTreeSet<String>,
        core: &str,
    ) -> Result<BTreeSet<usize>, String> {
        let known = self.into.join(format!("impossible-{core}.json"));
        if let Some(numbers) = fs::read(&known).ok().and_then(|it| serde_json::from_slice(&it).ok())
        {
            return Ok(numbers);
        }
        let (loom, mut impossible) = (self.into.join("loom"), BTreeSet::new());
        loop {
            let (woven, texts) = self.woven(changes, &impossible, for_constants)?;
            self.lay_out(&loom, &texts)?;
            let checked = self.cargo(&loom, &["check", "--lib"])?;
            if checked.succeeded {
                let numbers = serde_json::json!(impossible).to_string();
                return write(&known, numbers).map(|()| impossible);
            }
            let wrong = checked.wrong(&texts);
            eprintln!("{} changes woven, {} of them do not compile", woven.len(), wrong.len());
            if wrong.is_empty() {
                return Err(checked.errors());
            }
            impossible.extend(&wrong);
        }
    }

    /// Each file with its changes, but those that are impossible.
    fn woven(
        &self,
        changes: &[Change],
        impossible: &BTreeSet<usize>,
        for_constants: &BTreeSet<String>,
    ) -> Result<(BTreeSet<usize>, BTreeMap<String, String>), String> {
        let mut by_file: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
        for change in changes.iter().filter(|it| !impossible.contains(&it.number)) {
            by_file.entry(&change.file).or_default().push(change);
        }
        let (mut woven, mut texts) = (BTreeSet::new(), BTreeMap::new());
        for (file, changes) in by_file {
            let (text, numbers) = weave(&self.read(file)?, &changes, for_constants)
                .map_err(|error| format!("{file}: {error}"))?;
            woven.extend(numbers);
            texts.insert(file.to_owned(), text);
        }
        texts.insert(LIBRARY.to_owned(), self.read(LIBRARY)? + "\nmod woven;\n");
        Ok((woven, texts))
    }

    /// The functions that constants of the core and of its tests call.
    fn for_constants(&self) -> Result<BTreeSet<String>, String> {
        let mut calls = Calls::default();
        for name in self.tracked()? {
            let is_source = SOURCES.iter().any(|folder| name.starts_with(folder));
            if is_source && name.ends_with(".rs") {
                calls.look(&self.read(&name)?).map_err(|error| format!("{name}: {error}"))?;
            }
        }
        Ok(calls.of_constants())
    }

    /// All of the tree, with these texts in the place of others.
    fn lay_out(&self, tree: &Path, texts: &BTreeMap<String, String>) -> Result<(), String> {
        for name in self.tracked()? {
            match texts.get(&name) {
                Some(text) => write(&tree.join(name), text)?,
                None => match fs::read(self.root.join(&name)) {
                    Ok(bytes) => write(&tree.join(name), bytes)?,
                    // Listed, and deleted since.
                    Err(_) => continue,
                },
            }
        }
        write(&tree.join("crates/acd-core/src/woven.rs"), WOVEN)
    }

    /// What git tracks or would track.
    fn tracked(&self) -> Result<Vec<String>, String> {
        let mut list = Command::new("git");
        list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let said = running::said(list.current_dir(self.root))?;
        let names = String::from_utf8_lossy(&said).into_owned();
        Ok(names.split_terminator('\0').map(str::to_owned).collect())
    }

    fn read(&self, name: &str) -> Result<String, String> {
        fs::read_to_string(self.root.join(name)).map_err(|error| format!("{name}: {error}"))
    }

    fn cargo(&self, tree: &Path, what: &[&str]) -> Result<Said, String> {
        let through = self.through.iter().map(String::as_str);
        let mut words = through.chain(["cargo"]).chain(what.iter().copied());
        let mut cargo = Command::new(words.next().unwrap_or_default());
        cargo.args(words).args(["--package", "acd-core", "--message-format", "json", "--quiet"]);
        // As fast as in a release, with all that is asserted in between.
        cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "2").env("CARGO_PROFILE_DEV_DEBUG", "false");
        cargo.env("CARGO_TARGET_DIR", self.into.join("target"));
        // What overflows for certain is found as it runs.
        cargo.env("RUSTFLAGS", "--cap-lints allow").current_dir(tree);
        let done = cargo.stdin(Stdio::null()).stderr(Stdio::null()).output();
        let done = done.map_err(|error| format!("cannot run cargo: {error}"))?;
        let lines = done.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines: Result<_, _> = lines.map(serde_json::from_slice).collect();
        let lines = lines.map_err(|error| format!("cargo: {error}"))?;
        Ok(Said { succeeded: done.status.success(), lines })
    }
}

/// What cargo says, a message a line.
struct Said {
    succeeded: bool,
    lines: Vec<Value>,
}

impl Said {
    /// The changes that the compiler objects to.
    fn wrong(&self, texts: &BTreeMap<String, String>) -> BTreeSet<usize> {
        let messages = self.lines.iter().map(|line| &line["message"]);
        let mut wrong = BTreeSet::new();
        for error in messages.filter(|it| it["level"] == "error") {
            let spans = error["spans"].as_array().into_iter().flatten();
            wrong.extend(spans.filter_map(|span| {
                let start = usize::try_from(span["byte_start"].as_u64()?).ok()?;
                woven_at(texts.get(span["file_name"].as_str()?)?, start)
            }));
        }
        wrong
    }

    fn errors(&self) -> String {
        let messages = self.lines.iter().map(|line| &line["message"]);
        let errors = messages.filter(|it| it["level"] == "error");
        errors.filter_map(|it| it["rendered"].as_str()).collect()
    }

    /// The tests that were built, by name; those within the library as `lib`.
    fn tests(&self) -> HashMap<String, PathBuf> {
        let built = self.lines.iter().filter_map(|line| {
            let (target, path) = (&line["target"], line["executable"].as_str()?);
            let is_test = line["profile"]["test"] == true;
            let name = if target["kind"][0] == "test" { target["name"].as_str()? } else { "lib" };
            is_test.then(|| (name.to_owned(), PathBuf::from(path)))
        });
        built.collect()
    }
}

/// What stands there already stays, so that it need not be built again.
fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), String> {
    let bytes = bytes.as_ref();
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder
        .and_then(|()| fs::write(path, bytes))
        .map_err(|error| format!("{}: {error}", path.display()))
}
