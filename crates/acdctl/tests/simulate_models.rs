//! The binary's `simulate --models`: figures beside what is known, and what it says of nonsense.

mod shell;

use serde_json::Value;
use shell::{acdctl, project};

const MODELS: &str = "tests/simulation/models.json";

fn simulate(file: &str, arguments: &[&str]) -> (i32, String, String) {
    acdctl(&[&["simulate", "--models", file], arguments].concat())
}

const SHORT: [&str; 4] = ["--case", "mm1k", "--effort", "0.01"];

#[test]
fn figures_stand_beside_what_is_known() {
    let (code, answer, said) = simulate(MODELS, &SHORT);
    assert_eq!((code, said.as_str()), (0, ""));
    let lines: Vec<Vec<&str>> =
        answer.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["MODEL", "MEASURE", "EXPECTED", "GOT", "±", "TOLERANCE"]);
    assert_eq!(lines[1][..3], ["mm1k", "mean_wait", "2.3595"]);
    assert!(answer.contains("1 model and 4 measures: all 4 measures are within"), "{answer}");
}

#[test]
fn json_has_measures_and_half_widths_by_the_names_of_the_file() {
    let (code, answer, said) = simulate(MODELS, &[&SHORT[..], &["--json"]].concat());
    assert_eq!((code, said.as_str()), (0, ""));
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let case = &answer["cases"][0];
    assert_eq!(case["id"], "mm1k");
    let figure = |of: &str, name: &str| case[of][name].as_f64().expect("a figure");
    assert!((figure("measures", "p_block") - 0.2506).abs() < 0.02);
    assert!(figure("half_width", "p_block") > 0.0);
    assert_eq!(case["expected"]["p_block"]["within"], true);
    assert!(figure("measures", "utilization[G]") > 0.8, "each group has its own");
    let calls = case["calls"].as_f64().expect("a count");
    let commands = case["commands"].as_f64().expect("a count");
    assert!(
        calls >= 20.0 * 3_000.0 && commands > 3.0 * calls,
        "{calls} calls, {commands} commands"
    );
}

#[test]
fn a_measure_that_is_off_ends_with_1_and_a_model_that_cannot_be_with_2() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("models.json");
    let plain = file.to_str().expect("a plain path").to_owned();
    let write = |from: &str, to: &str| {
        let text = std::fs::read_to_string(project().join(MODELS)).expect("the file is there");
        std::fs::write(&file, text.replace(from, to)).expect("it can be written");
    };
    write("\"value\": 0.25058812", "\"value\": 0.99");
    let (code, answer, _) = simulate(&plain, &SHORT);
    assert_eq!(code, 1, "{answer}");
    assert!(answer.contains("OUTSIDE") && answer.contains("3 of 4 are within"), "{answer}");

    write("\"total_in_system\": 5}", "\"total_in_system\": -5}");
    let (code, _, said) = simulate(&plain, &SHORT);
    assert_eq!(code, 2);
    assert!(said.contains("model mm1k: "), "{said}");
}

#[test]
fn nonsense_is_told() {
    let (code, _, said) = simulate(MODELS, &["--case", "mm2"]);
    assert_eq!(code, 2);
    assert!(said.contains("there is no model mm2; there are mm1, mm1k, erlc14"), "{said}");
    let (code, _, said) = simulate("no/such.json", &[]);
    assert_eq!(code, 2);
    assert!(said.contains("cannot read no/such.json"), "{said}");
    let (code, _, said) = simulate(MODELS, &["--effort", "0"]);
    assert_eq!(code, 2);
    assert!(said.contains("expected a number from 0.0001 to 10000"), "{said}");
}
