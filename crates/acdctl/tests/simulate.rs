//! The binary's `simulate` and `staff` with the clinic's configuration and its day: the report in text,
//! JSON and HTML, what it says of nonsense, and whom a day needs. No daemon needed.

mod shell;

use serde_json::Value;
use shell::acdctl;
use std::fs;

const CLINIC: [&str; 4] =
    ["--config", "config/acdd.toml", "--scenario", "config/scenarios/flu-season.toml"];

fn clinic(command: &str, more: &[&str]) -> (i32, String, String) {
    acdctl(&[&[command], &CLINIC[..], more].concat())
}

#[test]
fn the_example_is_played_and_told_in_a_table_and_curves() {
    let (code, told, said) = clinic("simulate", &["--replications", "3"]);
    assert_eq!((code, said.as_str()), (0, ""));
    for part in [
        "A Tuesday in flu season\nconfig/scenarios/flu-season.toml with config/acdd.toml, 3 days, seed 1\n",
        "\nQUEUE ",
        "\nscheduling ",
        "80 % in 20 s",
        "\nall agents ",
        "\nService level, 0 to 100 %\n",
        "█",
        " 08:00 ",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn the_report_is_the_same_in_json_whoever_asks() {
    let ask = |threads: &str| {
        let (code, told, said) =
            clinic("simulate", &["--json", "--replications", "4", "--threads", threads]);
        assert_eq!((code, said.as_str()), (0, ""));
        serde_json::from_str::<Value>(&told).expect("JSON")
    };
    let answer = ask("1");
    assert_eq!(answer, ask("3"));
    assert_eq!(answer["intervals"][0], serde_json::json!({ "from": "08:00", "to": "08:30" }));
    let queues = answer["queues"].as_array().expect("queues");
    let nurse = queues.iter().find(|queue| queue["queue"] == "nurse-line").expect("it is there");
    assert_eq!(nurse["target_seconds"], 15.0);
    assert_eq!(nurse["by_interval"].as_array().map(Vec::len), Some(20));
    let value = |figure: &str| nurse["day"][figure]["value"].as_f64().expect(figure);
    let ended = ["answered", "answered_elsewhere", "abandoned", "short_abandoned", "overflowed"];
    let ended = ended.into_iter().chain(["rejected", "moved"]).map(value).sum::<f64>();
    assert!((value("offered") - ended).abs() < 1e-9, "every call ends once: {nurse}");
    assert!(value("offered") > 100.0 && value("aht_seconds") > 360.0, "{nurse}");
}

#[test]
fn the_page_stands_alone_and_states_its_conditions() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("day.html");
    let (code, _, said) =
        clinic("simulate", &["--replications", "3", "--html", file.to_str().expect("text")]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the report is in "), "{said}");
    let page = fs::read_to_string(file).expect("it is written");
    for part in [
        "<h1>A Tuesday in flu season</h1>",
        "<svg ",
        "class=\"band",
        "nurse-line",
        "<dt>Seed</dt><dd>1</dd>",
        "<dt>Replications</dt><dd>3 days</dd>",
        "prefers-color-scheme",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for elsewhere in ["<script", "http://", "https://", "url(", "@import"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn either_models_or_a_scenario() {
    for (arguments, said) in [
        (vec!["simulate"], "--scenario <FILE>|--models <FILE>"),
        (vec!["simulate", "--config", "config/acdd.toml"], "--scenario <FILE>"),
        (vec!["simulate", "--scenario", "config/scenarios/flu-season.toml"], "--config <FILE>"),
        (vec!["simulate", "--models", "m.json", "--scenario", "s.toml"], "cannot be used with"),
        (vec!["simulate", "--models", "m.json", "--html", "x.html"], "cannot be used with"),
        (vec!["staff", "--config", "config/acdd.toml"], "--scenario <FILE>"),
    ] {
        let (code, told, complaint) = acdctl(&arguments);
        assert_eq!((code, told.as_str()), (2, ""), "{arguments:?}");
        assert!(complaint.contains(said), "{arguments:?}: {complaint}");
    }
}

#[test]
fn what_is_wrong_with_a_scenario_is_told_with_its_file_its_line_and_what_is_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("day.toml");
    let name = file.to_str().expect("text");
    let day = "from = \"08:00\"\nto = \"10:00\"\n[calls.bills]\nqueue = \"biling\"\nper_hour = 5\n\
        talk = \"3m\"\n";
    let ask = |text: &str| {
        fs::write(&file, text).expect("it can be written");
        acdctl(&["simulate", "--config", "config/acdd.toml", "--scenario", name])
    };
    let (code, told, said) = ask(day);
    assert_eq!((code, told.as_str()), (2, ""));
    let expected = format!(
        "acdctl: {name}: line 4: calls.bills.queue: the configuration has no queue `biling`; it has "
    );
    assert!(said.starts_with(&expected) && said.contains("billing"), "{said}");
    let (code, _, said) = ask(&day.replace("talk", "tlak"));
    assert_eq!(code, 2);
    assert!(said.contains("line 6") && said.contains("unknown field `tlak`"), "{said}");
    let (code, _, said) =
        acdctl(&["simulate", "--config", name, "--scenario", "config/scenarios/flu-season.toml"]);
    assert_eq!(code, 2);
    assert!(said.contains("day.toml:1:1"), "{said}");
}

#[test]
fn staff_says_whom_each_interval_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("day.toml");
    let day = "from = \"08:00\"\nto = \"10:00\"\ninterval = \"1h\"\nreplications = 30\n\
        [calls.bills]\nqueue = \"billing\"\nper_hour = [30, 60]\ntalk = \"4m\"\npatience = \"3m\"\n";
    fs::write(&file, day).expect("it can be written");
    let name = file.to_str().expect("text");
    let ask = |more: &[&str]| {
        let day = ["staff", "--config", "config/acdd.toml", "--scenario", name];
        acdctl(&[&day[..], more].concat())
    };
    let (code, told, said) = ask(&["--target", "80% in 20s", "--json"]);
    assert_eq!(code, 0, "{said}");
    let answer: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(answer["reached"], true);
    let agents = answer["staffing"]["agents"].as_array().expect("intervals");
    let sum = |at: usize| {
        agents[at].as_array().expect("teams").iter().filter_map(Value::as_u64).sum::<u64>()
    };
    // 2.25 and 4.5 erlang of talk and notes.
    assert!((3..=6).contains(&sum(0)) && (5..=9).contains(&sum(1)), "{agents:?}");
    assert_eq!(answer["staffing"]["hours"].as_f64(), Some((sum(0) + sum(1)) as f64));
    let (code, told, _) = ask(&["--target", "80% in 20s"]);
    assert_eq!(code, 0);
    assert!(told.contains("hours of work") && told.contains("not an optimum"), "{told}");
    let (code, _, said) = ask(&["--target", "80 in 20s"]);
    assert_eq!(code, 2);
    assert!(said.contains("such as"), "{said}");
    fs::write(&file, day.replace("= 30\n[calls", "= 1\n[calls")).expect("it can be written");
    let (code, told, said) = ask(&["--target", "80% in 20s"]);
    assert_eq!((code, told.as_str()), (2, ""), "{said}");
    assert!(said.contains("day.toml: staff needs 2 replications at least"), "{said}");
}

#[test]
fn calls_that_nobody_may_take_are_remarked_upon_and_no_staff_is_searched_for_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, day) = (folder.path().join("acdd.toml"), folder.path().join("day.toml"));
    let clinic = include_str!("../../../config/acdd.toml");
    let asks_for_more = clinic.replace(
        "require = { spanish = 4 }\n\n[[routes]]",
        "require = { spanish = 10, nurse = 10 }\n\n[[routes]]",
    );
    assert_ne!(asks_for_more, clinic);
    fs::write(&config, asks_for_more).expect("it can be written");
    let text = "from = \"08:00\"\nto = \"09:00\"\nreplications = 2\n[calls.citas]\n\
        dialed = \"+15550142\"\nattributes = { reason = \"appointment\" }\nper_hour = 5\ntalk = \"3m\"\n";
    fs::write(&day, text).expect("it can be written");
    let (config, day) = (config.to_str().expect("text"), day.to_str().expect("text"));
    let remark = "calls.citas: no agent of the configuration may take these calls as they come: none serves \
        queue scheduling, takes calls of channel voice, has scheduling 3, which the queue asks for";
    let (code, told, said) = acdctl(&["staff", "--config", config, "--scenario", day]);
    assert_eq!((code, told.as_str()), (2, ""), "{said}");
    assert!(said.contains(remark) && said.contains("which the route asks for"), "{said}");
    let (code, told, said) = acdctl(&["simulate", "--config", config, "--scenario", day]);
    assert_eq!(code, 0, "{said}");
    assert!(told.contains(&format!("note: {remark}")), "{told}");
}

#[test]
fn models_without_calls_are_told_without_rates() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("models.json");
    fs::write(&file, "{ \"cases\": [] }").expect("it can be written");
    let (code, told, said) = acdctl(&["simulate", "--models", file.to_str().expect("text")]);
    assert_eq!((code, said.as_str()), (0, ""));
    assert!(told.ends_with("no call has come\n"), "{told}");
}
