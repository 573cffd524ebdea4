//! `acdctl journal` as a shell sees it, on real folders that no daemon uses.

use acd_journal::DataFolder;
use acd_journal::example::{Scribe, files, flip};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Files of a few records each.
const SMALL: u64 = 400;

/// A journal of a small clinic.
struct Clinic {
    kept: TempDir,
    last: u64,
}

impl Clinic {
    fn new() -> Self {
        let kept = tempfile::tempdir().expect("a temporary folder");
        let folder = DataFolder::at(&kept.path().join("journal"));
        let mut scribe = Scribe::starts(&folder, SMALL).expect("a writable folder");
        for number in 0..4 {
            let call = scribe.call(&format!("pbx-call-{number}"), &format!("token-{number}"));
            scribe.raise(call, "his bill is lost");
        }
        let clinic = Self { last: scribe.tail().next_sequence - 1, kept };
        drop(scribe);
        clinic
    }

    fn folder(&self) -> String {
        self.kept.path().join("journal").to_str().expect("UTF-8").to_owned()
    }

    fn segments(&self) -> Vec<PathBuf> {
        files(&self.kept.path().join("journal/segments"))
    }

    /// Damages the second file; its name.
    fn hurt(&self) -> String {
        let file = &self.segments()[1];
        flip(file, 60);
        file.to_str().expect("UTF-8").to_owned()
    }

    fn run(&self, tool: &str, more: &[&str]) -> Output {
        run(&[&["journal", tool, &self.folder()], more].concat())
    }

    fn json(&self, tool: &str, more: &[&str], code: i32) -> Value {
        let output = self.run(tool, &[&["--json"], more].concat());
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acdctl"));
    command.args(arguments).stdin(Stdio::null()).output().expect("the binary runs")
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn answered(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[test]
fn a_whole_journal_is_exit_code_0_and_a_table() {
    let clinic = Clinic::new();
    let output = clinic.run("verify", &[]);
    assert_eq!((output.status.code(), said(&output)), (Some(0), String::new()));
    let answer = answered(&output);
    for file in clinic.segments() {
        let name = file.file_name().expect("a name").to_str().expect("UTF-8");
        let row = answer.lines().find(|line| line.starts_with(name)).expect("a row");
        assert!(row.contains("2026-03-11") && row.ends_with("whole"), "{row}");
    }
    assert!(answer.contains(&format!("sequences 1 to {}", clinic.last)), "{answer}");

    let json = clinic.json("verify", &[], 0);
    assert_eq!((&json["ok"], &json["last_sequence"]), (&true.into(), &clinic.last.into()));
    assert_eq!(json["segments"].as_array().map(Vec::len), Some(clinic.segments().len()));
    assert_eq!(json["segments"][0]["from"], "2026-03-11T10:15:01.000000Z");
    assert_eq!((&json["start_snapshot"], &json["start_refused"]), (&0.into(), &Value::Null));
}

#[test]
fn damage_is_exit_code_1_and_names_file_byte_sequence_and_what_to_do() {
    let clinic = Clinic::new();
    let whole = clinic.json("verify", &[], 0);
    let last_good = whole["segments"][0]["last_sequence"].as_u64().expect("a number");
    let file = clinic.hurt();
    let output = clinic.run("verify", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(answered(&output).contains("DAMAGED"), "{}", answered(&output));
    let said = said(&output);
    assert!(said.contains(&format!("{file}: damaged at byte 36")), "{said}");
    let repair = format!("acdctl journal repair {} --keep-until {last_good}", clinic.folder());
    assert!(said.contains("start would be refused") && said.contains(&repair), "{said}");

    let json = clinic.json("verify", &[], 1);
    let damage = &json["segments"][1]["damage"];
    assert_eq!((&damage["offset"], &json["ok"]), (&36.into(), &false.into()));
    assert_eq!(damage["last_good_sequence"], last_good);
    assert!(json["start_refused"].as_str().is_some_and(|why| why.contains(&repair)));
}

#[test]
fn a_folder_without_a_journal_is_exit_code_2() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let path = empty.path().to_str().expect("UTF-8");
    let repair: &[&str] = &["repair", path, "--keep-until", "1", "--yes"];
    for command in [&["verify", path][..], &["dump", path], &["replay", path], repair] {
        let output = run(&[&["journal"], command].concat());
        assert_eq!(output.status.code(), Some(2), "{command:?}: {}", said(&output));
        assert!(said(&output).contains(&format!("{path}: there is no journal")), "{command:?}");
    }
    assert!(files(empty.path()).is_empty(), "nothing was made there");
    let clinic = Clinic::new();
    assert_eq!(clinic.run("dump", &["--from", "9", "--to", "8"]).status.code(), Some(2));
    assert_eq!(clinic.run("repair", &[]).status.code(), Some(2));
}

#[test]
fn nothing_of_callers_is_shown_unless_asked_for() {
    let clinic = Clinic::new();
    let secret = ["pbx-call-", "token-", "his bill", "+15550100", "+15550199"];
    for json in [&[][..], &["--json"]] {
        let plain = answered(&clinic.run("dump", json));
        assert_eq!(plain.lines().count() as u64, clinic.last);
        assert!(!secret.iter().any(|word| plain.contains(word)), "{plain}");
        let all = answered(&clinic.run("dump", &[json, &["--with-callers"]].concat()));
        assert!(secret.iter().all(|word| all.contains(word)), "{all}");
    }
    let output = clinic.run("dump", &["--from", "5", "--to", "6", "--with-callers"]);
    let lines = answered(&output);
    let lines: Vec<&str> = lines.lines().collect();
    let [offered, raised] = lines[..] else { panic!("two lines: {lines:?}") };
    assert_eq!(
        offered.split_whitespace().collect::<Vec<_>>().join(" "),
        "5 2026-03-11T10:15:02.000000Z adapter:pbx call_offered call=0.1 adapter=pbx queue=billing \
         priority=5 since=2026-03-11T10:15:02.000000Z call_id=pbx-call-0 \
         dialed=+15550100 caller=+15550199 crm=token-0"
    );
    assert!(
        raised.contains("person:sue") && raised.contains("why=\"his bill is lost\""),
        "{raised}"
    );

    let line = answered(&clinic.run("dump", &["--from", "5", "--to", "5", "--json"]));
    let json: Value = serde_json::from_str(&line).expect("one JSON object");
    assert_eq!((&json["command"], &json["origin"]), (&"call_offered".into(), &"adapter".into()));
    assert_eq!((&json["fields"]["queue"], &json["batch"]), (&"billing".into(), &2.into()));
    assert!(json.get("caller").is_none());
}

#[test]
fn a_dump_ends_at_damage_with_exit_code_1() {
    let clinic = Clinic::new();
    let file = clinic.hurt();
    let output = clinic.run("dump", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(answered(&output).lines().count() > 3, "what is before is shown");
    assert!(said(&output).contains(&file), "{}", said(&output));
    let behind = clinic.run("dump", &["--from", &clinic.last.to_string()]);
    assert_eq!(behind.status.code(), Some(0), "what is behind can be asked for");
}

#[test]
fn a_replay_says_how_much_how_fast_and_the_digest() {
    let clinic = Clinic::new();
    let output = clinic.run("replay", &[]);
    assert_eq!((output.status.code(), said(&output)), (Some(0), String::new()));
    let json = clinic.json("replay", &[], 0);
    let digest = json["digest"].as_str().expect("a digest");
    assert!(answered(&output).contains(digest), "{}", answered(&output));
    assert_eq!((&json["ok"], &json["commands"]), (&true.into(), &clinic.last.into()));
    assert!(json["commands_per_second"].as_u64().is_some_and(|rate| rate > 0));
    assert_eq!(json["calls"], 4);

    let file = clinic.hurt();
    let output = clinic.run("replay", &[]);
    assert_eq!((output.status.code(), answered(&output)), (Some(1), String::new()));
    assert!(said(&output).contains(&file));
    let json = clinic.json("replay", &[], 1);
    assert_eq!(json["ok"], false);
    assert!(json["last_good_sequence"].as_u64().is_some_and(|last| last < clinic.last));
}

#[test]
fn a_repair_shows_first_and_changes_nothing_until_somebody_says_yes() {
    let clinic = Clinic::new();
    clinic.hurt();
    let verified = clinic.json("verify", &[], 1);
    let keep = verified["segments"][1]["damage"]["last_good_sequence"].to_string();
    let preview = clinic.run("repair", &["--keep-until", &keep]);
    assert_eq!(preview.status.code(), Some(1));
    assert!(said(&preview).contains("nothing was changed; --yes does it"), "{}", said(&preview));
    let shown = answered(&preview);
    assert!(shown.contains("cannot be read") && shown.contains("all of it"), "{shown}");
    let json = clinic.json("repair", &["--keep-until", &keep], 1);
    assert_eq!((&json["done"], &json["unreadable"]), (&false.into(), &true.into()));
    assert_eq!(clinic.json("verify", &[], 1), verified, "nothing has changed");

    let json = clinic.json("repair", &["--keep-until", &keep, "--yes"], 0);
    assert_eq!((&json["done"], json["last_sequence"].to_string()), (&true.into(), keep.clone()));
    let kept_in = PathBuf::from(json["kept_in"].as_str().expect("a folder"));
    assert_eq!(files(&kept_in).len(), json["files"].as_array().map_or(0, Vec::len));
    let json = clinic.json("verify", &[], 0);
    assert_eq!(json["last_sequence"].to_string(), keep);
    let again = clinic.run("repair", &["--keep-until", &keep]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(answered(&again).contains("nothing is cut off"), "{}", answered(&again));
}

#[test]
fn a_repair_refuses_a_sequence_that_cannot_be_and_a_folder_that_is_used() {
    let clinic = Clinic::new();
    let output = clinic.run("repair", &["--keep-until", "2", "--yes"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("choose 0") && said(&output).contains("or 4"));
    let lock = DataFolder::at(&clinic.kept.path().join("journal")).lock().expect("nobody has it");
    let output = clinic.run("repair", &["--keep-until", "4", "--yes"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("stop it, then repair"), "{}", said(&output));
    assert_eq!(clinic.run("replay", &[]).status.code(), Some(0), "reading needs no lock");
    drop(lock);
}

#[test]
fn every_tool_has_examples_and_its_exit_codes_in_its_help() {
    let completions = answered(&run(&["completions", "fish"]));
    for tool in ["verify", "dump", "replay", "repair"] {
        let completed = format!("-f -a \"{tool}\"");
        assert!(completions.contains(&completed), "{tool}");
        let help = answered(&run(&["journal", tool, "--help"]));
        let example = format!("acdctl journal {tool} /var/lib/acdd/journal");
        assert!(help.contains(&example) && help.contains("Exit codes: 0"), "{help}");
    }
}
