//! The binary as a shell sees it: what it says, where, and with which exit code. No daemon needed.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output};
use tempfile::NamedTempFile;

fn acdctl(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_acdctl"))
        .args(arguments)
        .env_remove("ACDD_SERVER")
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it exits by itself")
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn answered(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// An address where nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("it is bound"))
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("it is written");
    file
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().expect("a plain path")
}

#[test]
fn a_daemon_that_is_not_there_is_exit_code_3_and_one_line_that_helps() {
    let server = nowhere();
    for command in [&["status"][..], &["calls", "--json"], &["agent", "ready", "ana"]] {
        let output = acdctl(&[&["--server", &server], command].concat());
        assert_eq!(code(&output), 3, "{command:?}");
        assert_eq!(answered(&output), "");
        let said = said(&output);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(&server) && said.contains("acdd") && said.contains("--server"));
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for command in [
        &["no-such-command"][..],
        &["call", "offer", "--queue", "q"],
        &["call", "offer", "--id", "c1", "--queue", "q", "--priority", "10"],
        &["call", "offer", "--id", "c1", "--queue", "q", "--attribute", "novalue"],
        &["calls", "--limit", "0"],
        &["--server", "no address", "status"],
        &["trace", "play", "log.csv", "--day", "tomorrow"],
        &["trace", "play", "log.csv", "--service-level-within", "20"],
    ] {
        let output = acdctl(command);
        assert_eq!(code(&output), 2, "{command:?}: {}", said(&output));
        assert!(!said(&output).is_empty());
    }
}

#[test]
fn a_priority_out_of_range_is_told_the_range() {
    for priority in ["-1", "10", "high"] {
        for command in [
            &["call", "offer", "--id", "c1", "--queue", "q"][..],
            &["call", "priority", "--id", "c1"],
        ] {
            let output = acdctl(&[command, &["--priority", priority]].concat());
            assert_eq!(code(&output), 2, "{priority}");
            assert!(said(&output).contains("expected 0..9"), "{}", said(&output));
        }
    }
}

#[test]
fn a_server_variable_that_is_empty_counts_as_unset() {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_acdctl"))
            .args(arguments)
            .env("ACDD_SERVER", "")
            .output()
            .expect("the binary runs")
    };
    let server = nowhere();
    let output = run(&["status", "--server", &server]);
    assert!(said(&output).contains(&server), "{}", said(&output));
    // Whether or not a daemon runs at the default address, the address is no malformed one.
    assert_ne!(code(&run(&["status"])), 2);
    assert_eq!(code(&run(&["status", "--server", ""])), 2);
}

#[test]
fn an_attribute_that_is_given_twice_is_refused_before_anybody_is_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let server = format!("http://{}", listener.local_addr().expect("it is bound"));
    let offer = ["call", "offer", "--id", "c1", "--queue", "q"];
    let twice = ["--attribute", "crm=1", "--attribute", "crm=2", "--server", &server];
    let output = acdctl(&[&offer[..], &twice].concat());
    assert_eq!(code(&output), 2);
    assert!(said(&output).contains("the attribute `crm` is given twice"));
}

#[test]
fn a_right_configuration_is_counted() {
    let config = file(acd_config::DEFAULT);
    let output = acdctl(&["check", path(&config)]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert!(answered(&output).contains("right; 7 queues"), "{}", answered(&output));
    let output = acdctl(&["check", path(&config), "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&json["ok"], &json["queues"]), (&true.into(), &7.into()));
}

#[test]
fn a_broken_configuration_is_exit_code_2_and_points_at_the_key() {
    let config = file("[queues.billing]\nring = \"15\"\n");
    let output = acdctl(&["check", path(&config)]);
    assert_eq!(code(&output), 2);
    assert_eq!(answered(&output), "");
    // Not at a terminal: a line for each problem, then their number.
    let said = said(&output);
    let mut lines: Vec<&str> = said.lines().collect();
    let count = lines.pop().expect("the number of problems");
    let start = format!("{}:2:", path(&config));
    let ring = lines.iter().find(|line| line.contains(": queues.billing.ring: "));
    let ring = ring.expect("it is among them");
    assert!(ring.starts_with(&start) && ring.contains("; expected "), "{ring}");
    let noun = if lines.len() == 1 { "problem" } else { "problems" };
    assert_eq!(count, format!("{} {noun}", lines.len()));

    let output = acdctl(&["check", path(&config), "--json"]);
    assert_eq!(code(&output), 2);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["ok"], false);
    let problems = json["problems"].as_array().expect("an array");
    let ring = problems.iter().find(|problem| problem["key"] == "queues.billing.ring");
    let ring = ring.expect("it is among them");
    assert_eq!(ring["line"], 2);
    for name in ["file", "column", "message", "expected"] {
        assert!(!ring[name].is_null(), "{name}");
    }
}

#[test]
fn a_file_that_is_not_there_is_exit_code_2() {
    for command in [&["check", "/no/such/file"][..], &["trace", "play", "/no/such/file"]] {
        let output = acdctl(command);
        assert_eq!(code(&output), 2, "{command:?}");
        assert!(said(&output).contains("cannot read /no/such/file"), "{}", said(&output));
    }
}

#[test]
fn a_malformed_log_is_told_before_a_daemon_is_asked() {
    let log = file(
        "call,day,offered_s,type,priority,wait_s,result,service_s,agent\n\
         1,2026-03-11,100,PS,0,0,served,sixty,a\n",
    );
    let output = acdctl(&["trace", "play", path(&log), "--server", &nowhere()]);
    assert_eq!(code(&output), 2);
    let expected = format!("{}:2: service_s: `sixty` is not", path(&log));
    assert!(said(&output).contains(&expected), "{}", said(&output));
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = acdctl(&["completions", shell]);
        assert_eq!(code(&output), 0, "{shell}");
        assert!(answered(&output).contains("acdctl"), "{shell}");
    }
}

#[test]
fn a_reader_who_closes_the_pipe_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_acdctl"))
        .args(["completions", "bash"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((code(&output), said(&output).as_str()), (0, ""));
}

const ROUTES: &str = r#"
[queues.front-desk]
[queues.billing]
[[routes]]
match = { dialed = "+1555010*", attributes.reason = ["billing", "insurance"] }
queue = "billing"
priority = 7
require = { spanish = 5 }
any_of = [{ insurance = 2 }, { billing = 1 }]
[[routes]]
match = { caller = "+52*" }
queue = "billing"
[[routes]]
queue = "front-desk"
"#;

#[test]
fn routes_are_shown_and_can_be_tried_without_a_daemon() {
    let file = file(ROUTES);
    let shown = acdctl(&["routes", path(&file)]);
    assert_eq!(code(&shown), 0, "{}", said(&shown));
    assert_eq!(
        answered(&shown),
        "ROUTE  MATCH                                          QUEUE       PRIORITY  FOR  REQUIRE\n    \
         0  dialed +1555010*, reason billing or insurance  billing            7  -    spanish 5, and \
         insurance 2 or billing 1\n    \
         1  caller +52*                                    billing            -  -    -\n    \
         2  every call                                     front-desk         -  -    -\n"
    );

    let tried = |arguments: &[&str]| {
        let output = acdctl(&[&["routes", path(&file), "--json"], arguments].concat());
        assert_eq!(code(&output), 0, "{}", said(&output));
        let found: serde_json::Value = serde_json::from_str(&answered(&output)).expect("JSON");
        let why = |route: usize| found["routes"][route]["mismatch"].clone();
        (found["taken"].clone(), [why(0), why(1), why(2)])
    };
    let null = serde_json::Value::Null;
    let (taken, why) = tried(&["--dialed", "+15550107", "--attribute", "reason=insurance"]);
    assert_eq!((taken, why), (0.into(), [null.clone(), null.clone(), null.clone()]));
    let (taken, why) = tried(&["--dialed", "+15550107", "--caller", "+5255"]);
    let first = "attribute reason is not known, and should be \"billing\" or \"insurance\"";
    assert_eq!((taken, why), (1.into(), [first.into(), null.clone(), null.clone()]));
    let (taken, why) = tried(&["--dialed", "2000"]);
    let first = "dialed is \"2000\", not \"+1555010*\"";
    let second = "caller is not known, and should be \"+52*\"";
    assert_eq!((taken, why), (2.into(), [first.into(), second.into(), null]));
    let output = acdctl(&["routes", path(&file), "--dialed", "2000"]);
    assert!(answered(&output).contains("no: dialed is \"2000\", not"), "{}", answered(&output));
    assert!(answered(&output).contains("takes this route"), "{}", answered(&output));
}

#[test]
fn what_is_wrong_with_a_file_of_routes_is_said_as_check_says_it() {
    let broken = file("[queues.a]\n[[routes]]\nmatch = { dialled = \"1\" }\nqueue = \"a\"\n");
    let output = acdctl(&["routes", path(&broken)]);
    assert_eq!(code(&output), 2);
    assert!(said(&output).contains("did you mean `dialed`?"), "{}", said(&output));
    let none = file("[queues.a]\n");
    let output = acdctl(&["routes", path(&none)]);
    assert_eq!(answered(&output), "no routes: adapters must name the queue\n");
}

/// Another ACD's log: at second 60 an urgent call of second 50 is picked before one of second 0,
/// and at 200 the older of two; somebody gives up, and one type has nobody who waits beside others.
const CALLS: &str = "\
call,day,offered_s,type,priority,wait_s,result,service_s,agent
1,2026-03-10,0,PS,0,100,served,30,ana
2,2026-03-10,50,PS,2,10,served,30,ben
3,2026-03-10,150,PS,1,50,served,30,ana
4,2026-03-10,160,PS,0,70,abandoned,0,
5,2026-03-10,55,NW,0,30,served,30,ben
";

#[test]
fn a_log_of_another_acd_is_compared_without_a_daemon() {
    let log = file(CALLS);
    let ask = |more: &[&str]| {
        let output = acdctl(&[&["conform", path(&log), "--json"], more].concat());
        assert_eq!((code(&output), said(&output).as_str()), (0, ""), "{more:?}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    let of = |more: &[&str]| {
        let answer = ask(more);
        (answer["decisions"].as_u64().expect("a number"), answer["agree"].as_f64())
    };
    assert_eq!(of(&["--type", "PS"]), (2, Some(0.5)), "strict, by age alone");
    assert_eq!(of(&["--type", "PS", "--order", "credit=90s"]), (2, Some(1.0)));
    assert_eq!(of(&["--type", "PS", "--order", "credit=49s"]), (2, Some(0.5)));
    assert_eq!(of(&["--type", "PS", "--high-priority", "6"]), (2, Some(1.0)));
    assert_eq!(of(&["--type", "NW"]), (0, None));
    let all = ask(&["--order", "oldest"]);
    assert_eq!((&all["decisions"], &all["type"]), (&2.into(), &serde_json::Value::Null));
    assert_eq!(all["places"][1], serde_json::json!({"place": 2, "decisions": 1}));
    let orders = ["--order", "strict", "--order", "credit=10s", "--order", "credit=2m"];
    let ranked = ask(&orders);
    let names = ranked.as_array().expect("one for each").iter().map(|it| &it["order"]);
    assert!(names.eq(["credit=120s", "strict", "credit=10s"]), "{ranked}");
}

#[test]
fn a_person_is_told_how_a_log_compares_and_what_its_priority_counted() {
    let log = file(CALLS);
    let told = |more: &[&str]| {
        let output = acdctl(&[&["conform", path(&log)], more].concat());
        assert_eq!((code(&output), said(&output).as_str()), (0, ""), "{more:?}");
        answered(&output)
    };
    let answer = told(&["--type", "PS"]);
    let first =
        "2 picks among at least two waiting calls of type PS; acdd would make 1 alike: 50.0%";
    assert_eq!(answer.lines().next(), Some(first));
    assert!(answer.contains("priority 2 of the log counts as 5, like all others"), "{answer}");
    assert!(
        answer.contains("Of the 1 that differ: in 1 the real pick had high priority"),
        "{answer}"
    );
    let answer = told(&["--order", "credit=90s"]);
    assert!(answer.contains("order credit=90s; priority 2 of the log counts as 6"), "{answer}");
    let answer = told(&["--order", "strict", "--order", "credit=90s"]);
    let orders = answer.lines().filter_map(|line| line.split_whitespace().next());
    let orders: Vec<&str> = orders.skip_while(|word| *word != "ORDER").take(3).collect();
    assert_eq!(orders, ["ORDER", "credit=90s", "strict"]);
    assert!(told(&["--type", "NW"]).starts_with("no pick was among at least two"));
}

#[test]
fn a_log_that_cannot_be_compared_is_exit_code_2_and_says_why() {
    let log = file(CALLS);
    let broken = file(&CALLS.replace("NW,0,30", "NW,0,-30"));
    for (arguments, told) in [
        (&["conform", "/no/such/file"][..], "cannot read /no/such/file"),
        (&["conform", path(&broken)], ":6: wait_s: `-30` is not a number of seconds"),
        (&["conform", path(&log), "--type", "XY"], "no calls of type `XY`; it has NW, PS"),
        (&["conform", path(&log), "--order", "fair"], "expected strict, credit=TIME"),
        (&["conform", path(&log), "--order", "deadline"], "`deadline` would be `strict`"),
        (&["conform", path(&log), "--high-priority", "10"], "expected 0..9"),
    ] {
        let output = acdctl(arguments);
        assert_eq!((code(&output), answered(&output).as_str()), (2, ""), "{arguments:?}");
        assert!(said(&output).contains(told), "{arguments:?}: {}", said(&output));
    }
}
