//! The binary's `erlang`: the figures, the goals, and what it says of nonsense. No daemon needed.

mod shell;

use serde_json::Value;
use shell::acdctl;
use std::collections::BTreeSet;

/// Ten erlang.
const LOAD: [&str; 6] = ["--calls", "100", "--interval", "30m", "--aht", "3m"];

fn run(arguments: &[&str]) -> (i32, String, String) {
    acdctl(&[&["erlang"], arguments].concat())
}

fn of_load(arguments: &[&str]) -> (i32, String, String) {
    run(&[&LOAD[..], arguments].concat())
}

fn json(arguments: &[&str]) -> Value {
    let (code, answer, said) = of_load(&[arguments, &["--json"]].concat());
    assert_eq!(code, 0, "{said}");
    serde_json::from_str(&answer).expect("JSON")
}

/// The row of the answer.
fn row(answer: &Value) -> &Value {
    let rows = answer["rows"].as_array().expect("rows");
    rows.iter().find(|row| row["agents"] == answer["agents"]).expect("the answer is among them")
}

#[test]
fn the_fewest_agents_stand_among_those_beside_them() {
    let (code, answer, said) = of_load(&["--target", "80% in 20s"]);
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(
        answer,
        "10.00 erlang, Erlang C (M/M/n)\n   \
            AGENTS  IN TIME     ASA  WAITING  OCCUPANCY  QUEUE\n       \
                11    39.0%  2m 02s    68.2%      90.9%    6.8\n       \
                12    64.0%   40.4s    44.9%      83.3%    2.2\n       \
                13    79.6%   17.1s    28.5%      76.9%    1.0\n\
         >      14    88.8%    7.8s    17.4%      71.4%    0.4\n       \
                15    94.1%    3.7s    10.2%      66.7%    0.2\n       \
                16    97.1%    1.7s     5.7%      62.5%    0.1\n       \
                17    98.6%    0.8s     3.1%      58.8%    0.0\n"
    );
}

#[test]
fn every_goal_counts_and_shrinkage_is_added() {
    let answer = json(&["--patience", "5m", "--target", "80% in 20s", "--shrinkage", "30%"]);
    assert_eq!((&answer["agents"], &answer["scheduled"]), (&13.into(), &19.into()));
    assert_eq!((&answer["model"], &answer["goals_met"]), (&"M/M/n+M".into(), &true.into()));
    let level = row(&answer)["service_level"].as_f64().expect("a share");
    assert!((level - 0.858_177_7).abs() < 1e-7, "{level}");

    let agents = |arguments: &[&str]| json(arguments)["agents"].clone();
    assert_eq!(agents(&["--asa", "30s"]), 13);
    assert_eq!(agents(&["--asa", "30s", "--occupancy", "70%"]), 15);
    assert_eq!(agents(&["--patience", "5m", "--abandonment", "5%"]), 12);
    assert_eq!(agents(&["--no-waiting", "--blocking", "1%"]), 18);
    assert_eq!(agents(&["--lines", "40", "--target", "80% in 20s"]), 14);
}

#[test]
fn the_agents_whom_one_asks_for_are_told_what_they_miss() {
    let answer = json(&[
        "--agents",
        "10",
        "--patience",
        "5m",
        "--target",
        "80% in 20s",
        "--occupancy",
        "95%",
    ]);
    assert_eq!((&answer["agents"], &answer["goals_met"]), (&10.into(), &false.into()));
    assert_eq!(answer["missed"], serde_json::json!(["service level 51.7%, of 80% in 20s"]));
    let met: Vec<&Value> =
        answer["rows"].as_array().expect("rows").iter().map(|row| &row["goals_met"]).collect();
    assert_eq!(met, [false, false, false, false, false, false, true]);
}

#[test]
fn agents_who_cannot_keep_up_have_no_figures() {
    let answer = json(&["--agents", "10"]);
    assert_eq!(row(&answer)["overloaded"], true);
    assert!(row(&answer)["asa_seconds"].is_null());
    let (code, answer, _) = of_load(&["--agents", "10"]);
    assert_eq!(code, 0);
    assert!(answer.contains(">      10        -       -        -  overloaded      -"), "{answer}");
    assert!(answer.contains("10 agents cannot keep up with 10.00 erlang"), "{answer}");
    assert!(answer.contains("it takes 11 at least"), "{answer}");
}

#[test]
fn goals_out_of_reach_are_exit_code_1() {
    let (code, answer, said) = of_load(&["--lines", "14", "--blocking", "1%"]);
    assert_eq!((code, answer.as_str()), (1, ""));
    assert!(said.contains("no number of agents reaches it: 14, "), "{said}");
    assert!(said.contains("blocking 5.7%, at most 1%"), "{said}");
}

#[test]
fn nonsense_is_exit_code_2_and_told_what_is_right() {
    let of = |calls, aht| ["--calls", calls, "--interval", "30m", "--aht", aht, "--agents", "4"];
    for (arguments, told) in [
        (&of("0", "3m")[..], "'--calls <NUMBER>': expected a number above 0"),
        (&of("many", "3m"), "expected a number above 0"),
        (&of("inf", "3m"), "expected a number above 0"),
        (&of("100", "0s"), "'--aht <TIME>': expected a length of time above 0"),
        (&of("100", "180"), "expected a length of time, such as 20s"),
        (&of("1e9", "3m"), "it can be 1000000 at most"),
        (&LOAD, "--target <SHARE in TIME>"),
        (&[&LOAD[..], &["--target", "80%"]].concat(), "such as \"80% in 20s\""),
        (&[&LOAD[..], &["--agents", "0"]].concat(), "0 is not in 1..="),
        (&[&LOAD[..], &["--agents", "4", "--shrinkage", "100%"]].concat(), "below 100%"),
        (&[&LOAD[..], &["--agents", "4", "--lines", "3"]].concat(), "have only 3 lines"),
        (&[&LOAD[..], &["--blocking", "1%"]].concat(), "--blocking needs --lines N"),
        (&[&LOAD[..], &["--abandonment", "5%"]].concat(), "--patience"),
    ] {
        let (code, answer, said) = run(arguments);
        assert_eq!((code, answer.as_str()), (2, ""), "{arguments:?}");
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
}

#[test]
fn the_page_lists_the_names_in_json_and_no_other() {
    let page = include_str!("../../../docs/acdctl.md");
    let start = page.find("\n### `erlang`\n").expect("the page has it");
    let section = &page[start + 1..];
    let section = &section[..section.find("\n##").expect("another follows")];
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let listed: BTreeSet<&str> = cells.collect();
    let answer = json(&["--agents", "14"]);
    let names = |value: &Value| -> BTreeSet<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    let said: BTreeSet<String> = names(&answer).union(&names(row(&answer))).cloned().collect();
    assert_eq!(listed, said.iter().map(String::as_str).collect());
}

#[test]
fn the_example_of_the_page_is_what_is_answered() {
    let page = include_str!("../../../docs/acdctl.md");
    let wanted = ["--patience", "5m", "--target", "80% in 20s", "--shrinkage", "30%"];
    let (_, answer, _) = of_load(&wanted);
    let asked = "--aht 3m --patience 5m --target '80% in 20s' --shrinkage 30%\n";
    assert!(page.contains(&format!("{asked}{answer}```")), "{answer}");
}
