//! What no compiler checks: rooms keep to themselves, files to one meaning and their first line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The most lines of a file of product code.
const LINES_MAX: usize = 500;

/// What each room must not know: crates it may not depend on, for whatever purpose.
const MUST_NOT_KNOW: [(&str, &[&str]); 9] = [
    // Pure: nothing at all.
    ("acd-core", &["*"]),
    ("acd-proto", &["acd-core", "acd-config", "acd-engine", "acd-adapter"]),
    ("acd-config", &["acd-proto", "acd-engine", "tonic", "tokio"]),
    ("acd-engine", &["acd-proto", "acd-config", "tonic", "prost", "toml", "serde"]),
    ("acd-statistics", &["acd-proto", "acd-config", "acd-engine", "acd-journal", "tonic", "tokio"]),
    ("acd-adapter", &["acd-core", "acd-config", "acd-engine", "toml"]),
    ("acd-sim", &["acd-proto", "acd-engine", "acd-journal", "tonic", "prost", "tokio"]),
    ("acd-words", &["acd-core", "acd-config", "acd-engine", "tonic", "tokio"]),
    ("acdctl", &["acd-core", "acd-engine", "acdd"]),
];

/// Marks of work that was left behind.
const LEFT_BEHIND: [&str; 6] =
    ["TO\u{44}O", "FIXM\u{45}", "XX\u{58}", "HAC\u{4b}", "dbg\u{21}(", "todo\u{21}("];

/// Reports that all is tidy, or all that is not.
pub(crate) fn check() -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let problems = problems(&root);
    if problems.is_empty() { Ok("tidy".to_owned()) } else { Err(problems.join("\n")) }
}

/// All that is untidy, each with its place.
fn problems(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in tracked_files(root) {
        let Ok(text) = fs::read_to_string(root.join(&path)) else { continue };
        if path.extension().is_some_and(|extension| extension == "rs") {
            check_source(&path, &text, &mut found);
        }
        if path.file_name().is_some_and(|name| name == "Cargo.toml") {
            check_manifest(&path, &text, &mut found);
        }
    }
    found
}

/// What git tracks or would track.
fn tracked_files(root: &Path) -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    let names = listed.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&names).lines().map(PathBuf::from).collect()
}

fn check_source(path: &Path, text: &str, found: &mut Vec<String>) {
    let at = path.display();
    if !text.starts_with("//!") {
        found.push(format!("{at}:1: say in a `//!` line what this room decides"));
    }
    let lines = text.lines().count();
    let is_product = !path.starts_with("tests") && !path.starts_with("benches");
    if is_product && lines > LINES_MAX {
        found.push(format!("{at}: {lines} lines, at most {LINES_MAX}: split it by meaning"));
    }
    for (number, line) in text.lines().enumerate() {
        for mark in LEFT_BEHIND {
            if line.contains(mark) {
                found.push(format!("{at}:{}: `{mark}` was left behind", number + 1));
            }
        }
    }
}

fn check_manifest(path: &Path, text: &str, found: &mut Vec<String>) {
    let at = path.display();
    let manifest: toml::Table = match text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return found.push(format!("{at}: {error}")),
    };
    let name = manifest.get("package").and_then(|package| package.get("name"));
    let name = name.and_then(toml::Value::as_str).unwrap_or_default();
    let Some((_, banned)) = MUST_NOT_KNOW.iter().find(|(crate_name, _)| *crate_name == name) else {
        return;
    };
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    for dependency in dependencies.into_iter().flat_map(toml::Table::keys) {
        if banned.iter().any(|banned| *banned == "*" || *banned == dependency) {
            found.push(format!("{at}: {name} must not know {dependency}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_first_line_or_with_leftovers_is_found() {
        let mut found = Vec::new();
        let left = format!("fn main() {{}} // {} later\n", LEFT_BEHIND[0]);
        check_source(Path::new("src/main.rs"), &left, &mut found);
        assert_eq!(found.len(), 2, "{found:?}");
        check_source(Path::new("src/long.rs"), &format!("//! x\n{}", "\n".repeat(500)), &mut found);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn a_room_that_learns_too_much_is_found() {
        let mut found = Vec::new();
        let manifest = "[package]\nname = \"acd-core\"\n[dependencies]\nserde = \"1\"\n";
        check_manifest(Path::new("crates/acd-core/Cargo.toml"), manifest, &mut found);
        assert_eq!(found, ["crates/acd-core/Cargo.toml: acd-core must not know serde"]);
    }
}
