//! `acdctl whatif` as a shell sees it, on the log and the configuration that are in the tree.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn in_tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn what_if(arguments: &[&str]) -> Output {
    let trace = in_tree("config/sample-trace.csv");
    let mut command = Command::new(env!("CARGO_BIN_EXE_acdctl"));
    command.arg("whatif").arg("--trace").arg(trace).args(["--replications", "3"]);
    command.args(arguments).env("NO_COLOR", "1").output().expect("the binary runs")
}

/// The bank's configuration, and the same with the oldest call first.
fn two_configs() -> (String, tempfile::TempDir, String) {
    let bank = in_tree("config/bank.toml");
    let text = std::fs::read_to_string(&bank).expect("it is in the tree");
    let text = text.replace("order = \"credit\"\ncredit = \"90s\"", "order = \"oldest\"");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let oldest = folder.path().join("oldest.toml");
    std::fs::write(&oldest, text).expect("it is written");
    let plain = |path: &Path| path.to_str().expect("a plain path").to_owned();
    (plain(&bank), folder, plain(&oldest))
}

fn answered(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// The names of all fields, however deep.
fn names(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                into.insert(name.clone());
                names(value, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| names(value, into)),
        _ => {}
    }
}

#[test]
fn every_field_is_in_the_documentation() {
    let (bank, _folder, oldest) = two_configs();
    let output = what_if(&["--config", &bank, "--config", &oldest, "--json"]);
    let answer: Value = serde_json::from_str(&answered(&output)).expect("JSON");
    let mut fields = BTreeSet::new();
    names(&answer, &mut fields);
    assert!(fields.contains("excludes_zero") && fields.contains("usual_share"), "{fields:?}");
    let page = std::fs::read_to_string(in_tree("docs/acdctl.md")).expect("it is in the tree");
    let section = page.split("\n### `whatif`\n").nth(1).expect("it has a section");
    let section = section.split("\n### ").next().expect("a section has a beginning");
    for field in fields {
        assert!(section.contains(&format!("`{field}`")), "{field} is not documented");
    }
    assert!(output.stderr.is_empty(), "no bar disturbs a program");
}

#[test]
fn people_see_what_differs_and_a_page_can_be_kept() {
    let (bank, folder, oldest) = two_configs();
    let html = folder.path().join("report.html");
    let html = html.to_str().expect("a plain path");
    let output = what_if(&["--config", &bank, "--config", &oldest, "--html", html, "--calls", "2"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the report is in "), "{said}");
    let text = answered(&output);
    for part in ["RECORDED", "B - A", "A beside the record", "Kaplan-Meier", "--calls N lists more"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let page = std::fs::read_to_string(html).expect("it was written");
    assert!(page.contains("What if oldest.toml instead of bank.toml?"), "{page}");
    assert!(!page.contains("NaN") && !page.contains("inf"), "every number is one");

    let output = what_if(&["--config", &bank, "--config", &bank]);
    assert!(answered(&output).contains("No call has another fate"));
}

#[test]
fn what_cannot_be_asked_is_said_with_what_can() {
    let (bank, _folder, _) = two_configs();
    let both = ["--config", &bank, "--config", &bank];
    let cases: [(&[&str], &str); 7] = [
        (&["--config", &bank], "here it is given once"),
        (&[&both[..], &["--config", &bank]].concat(), "given 3 times"),
        (&[&both[..], &["--day", "10.3.2026"]].concat(), "expected a day as YYYY-MM-DD"),
        (&[&both[..], &["--day", "2026-03-11"]].concat(), "it has 2026-03-10"),
        (
            &[&both[..], &["--map", "PS=billing"]].concat(),
            "--map PS=billing: it has no queue billing",
        ),
        (
            &[&both[..], &["--map", "PX=private"]].concat(),
            "--map PX=private: the record names no queue or type PX; it names ",
        ),
        (&[&both[..], &["--journal", "there"]].concat(), "cannot be used with"),
    ];
    for (arguments, part) in cases {
        let output = what_if(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(part), "{arguments:?}: {said}");
    }
}
