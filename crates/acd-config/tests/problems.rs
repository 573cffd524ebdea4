//! What the reader promises about broken configurations: every problem of a file at once, each with
//! its line and column, its key, what is wrong, and what would be right.

use acd_config::{LoadError, Problems};
use std::fs;
use std::path::Path;

/// The problems of a text, a line each, without the file's name.
fn problems(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let problems = acd_config::parse("acdd.toml", text).expect_err("the text is broken");
    problems.to_string().replace("acdd.toml:", "")
}

#[test]
fn what_is_no_toml_is_named_with_its_key() {
    insta::assert_snapshot!(problems(r"
x =
[queues.billing]
ring = 15s
[queues.billing]
require = { billing = 1
"), @r#"
    1:4: x: there is no value; expected a value; text stands in quotes, such as "15s"
    3:8: queues.billing.ring: `15s` is no value; expected a value; text stands in quotes, such as "15s"
    4:9: queues.billing: `billing` is given twice; expected each key, and each [table], once
    5:24: queues.billing.require.billing: unclosed inline table; expected `}`
    "#);
}

#[test]
fn a_file_without_queues_routes_nothing() {
    insta::assert_snapshot!(problems(r""), @r"1:1: queues: missing; expected `queues`: The waiting lines by name, such as [queues.front-desk]");
    insta::assert_snapshot!(problems(r"
[queues]
"), @r"1:1: queues: there is no queue; expected at least one queue, such as [queues.front-desk]");
    insta::assert_snapshot!(problems(r"
[queue.billing]
"), @r"1:2: queue: unknown key (did you mean `queues`?); expected one of `server`, `log`, `journal`, `routing`, `presence`, `channels`, `skills`, `queues`, `routes`, `agents`");
}

#[test]
fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
    insta::assert_snapshot!(problems(r#"
[servre]
[routing]
ordr = "strict"
[queues.billing]
rnig = "5s"
wrapup = "1s"
music = "default"
service_level = { answerd = "80%" }
[queues.billing.endpoints]
"#), @r"
    1:2: servre: unknown key (did you mean `server`?); expected one of `server`, `log`, `journal`, `routing`, `presence`, `channels`, `skills`, `queues`, `routes`, `agents`
    3:1: routing.ordr: unknown key (did you mean `order`?); expected one of `order`, `credit`, `short_abandon`, `exclude_for`, `connect_within`, `recovery_grace`, `missed_offers`, `dispositions`, `seed`, `timezone`, `shared_callers`
    5:1: queues.billing.rnig: unknown key (did you mean `ring`?); expected one of `description`, `require`, `any_of`, `select`, `broadcast`, `ring`, `wrap_up`, `wrap_up_at_most`, `dispositions`, `service_level`, `timezone`, `keep_free`, `affinity`, `at_closing`, `rules`
    6:1: queues.billing.wrapup: unknown key (did you mean `wrap_up`?); expected one of `description`, `require`, `any_of`, `select`, `broadcast`, `ring`, `wrap_up`, `wrap_up_at_most`, `dispositions`, `service_level`, `timezone`, `keep_free`, `affinity`, `at_closing`, `rules`
    7:1: queues.billing.music: unknown key; expected one of `description`, `require`, `any_of`, `select`, `broadcast`, `ring`, `wrap_up`, `wrap_up_at_most`, `dispositions`, `service_level`, `timezone`, `keep_free`, `affinity`, `at_closing`, `rules`
    8:19: queues.billing.service_level.answerd: unknown key (did you mean `answered`?); expected one of `answered`, `within`
    9:17: queues.billing.endpoints: unknown key; expected one of `description`, `require`, `any_of`, `select`, `broadcast`, `ring`, `wrap_up`, `wrap_up_at_most`, `dispositions`, `service_level`, `timezone`, `keep_free`, `affinity`, `at_closing`, `rules`
    ");
}

#[test]
fn a_value_of_the_wrong_type_is_refused() {
    insta::assert_snapshot!(problems(r#"
queues = 5
agents = []
server = ""
skills = 1
routing = false
presence = 1979-05-27
log = 1.5
"#), @r#"
    1:10: queues: `5` is a whole number; expected a table with a key for each name
    2:10: agents: this is an array; expected a table with a key for each name
    3:10: server: "" is a string; expected a table with any of `listen`, `http`
    4:10: skills: `1` is a whole number; expected a table with a key for each name
    5:11: routing: `false` is a truth value; expected a table with any of `order`, `credit`, `short_abandon`, `exclude_for`, `connect_within`, `recovery_grace`, `missed_offers`, `dispositions`, `seed`, `timezone`, `shared_callers`
    6:12: presence: `1979-05-27` is a date or time of day; expected a table with any of `reasons`, `heartbeat_within`
    7:7: log: `1.5` is a fraction; expected a table with any of `level`, `format`
    "#);
    insta::assert_snapshot!(problems(r#"
[queues.billing]
description = 5
require = ["billing"]
select = "longest_idle"
ring = true
service_level = "80%"
rules = {}
[queues.front-desk]
rules = ["give-up", 5]
[agents]
ana = 5
ben = { skills = "billing", capacity = 3, endpoints = "a:1", name = [] }
"#), @r#"
    2:15: queues.billing.description: `5` is a whole number; expected one line of 1 to 256 characters in quotes
    3:11: queues.billing.require: this is an array; expected a table with a key for each name
    4:10: queues.billing.select: `longest_idle` is a string; expected an array: [...]
    5:8: queues.billing.ring: `true` is a truth value; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    6:17: queues.billing.service_level: `80%` is a string; expected a table with any of `answered`, `within`
    7:9: queues.billing.rules: this is a table; expected an array: [...]
    9:10: queues.front-desk.rules[0]: `give-up` is a string; expected a table with any of `name`, `when`, `repeat_every`, `then`
    9:21: queues.front-desk.rules[1]: `5` is a whole number; expected a table with any of `name`, `when`, `repeat_every`, `then`
    11:7: agents.ana: `5` is a whole number; expected a table with any of `name`, `skills`, `endpoints`, `capacity`, `queues`, `only`
    12:18: agents.ben.skills: `billing` is a string; expected a table with a key for each name
    12:40: agents.ben.capacity: `3` is a whole number; expected a table with any of `voice`, `chat`, `text`, `task`
    12:55: agents.ben.endpoints: `a:1` is a string; expected a table with any of `voice`, `chat`, `text`, `task`
    12:69: agents.ben.name: this is an array; expected one line of 1 to 256 characters in quotes
    "#);
}

#[test]
fn a_time_needs_its_unit_and_stays_within_its_bounds() {
    insta::assert_snapshot!(problems(r#"
[routing]
short_abandon = 5
exclude_for = "0s"
connect_within = 1.5
[queues.a]
ring = "15"
wrap_up = "8d"
[queues.b]
ring = "1s1h"
wrap_up = "5min"
[queues.c]
ring = "1.5s"
wrap_up = "-5s"
[queues.d]
ring = "5 s"
wrap_up = ""
[queues.e]
ring = "0h0m"
wrap_up = "99999999999999999999s"
[queues.f]
ring = "soon"
wrap_up = "1s1s"
"#), @r#"
    2:17: routing.short_abandon: `5` has no unit; expected a time with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    3:15: routing.exclude_for: `0s` is no time at all; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    4:18: routing.connect_within: `1.5` has no unit; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    6:8: queues.a.ring: `15` has no unit; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    7:11: queues.a.wrap_up: `8d` is too long; expected a time with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    9:8: queues.b.ring: `h` in `1s1h` is out of order: the longest unit comes first; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    10:11: queues.b.wrap_up: `min` in `5min` is no unit; expected a time with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    12:8: queues.c.ring: `1.5s` is not a time; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    13:11: queues.c.wrap_up: `-5s` is not a time; expected a time with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    15:8: queues.d.ring: `5 s` is not a time; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    16:11: queues.d.wrap_up: "" is not a time; expected a time with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    18:8: queues.e.ring: `0h0m` is no time at all; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    19:11: queues.e.wrap_up: `99999999999999999999s` is too long; expected a time with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    21:8: queues.f.ring: `soon` is not a time; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    22:11: queues.f.wrap_up: `s` in `1s1s` is out of order: the longest unit comes first; expected a time with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    "#);
}

#[test]
fn a_percentage_needs_its_sign_and_is_whole() {
    insta::assert_snapshot!(problems(r#"
[queues]
a.service_level.answered = 80
b.service_level.answered = "80"
c.service_level.answered = "0%"
d.service_level.answered = "101%"
e.service_level.answered = "99.9%"
f.service_level.answered = 0.8
g.service_level.answered = "eighty%"
"#), @r#"
    2:28: queues.a.service_level.answered: `80` has no percent sign; expected a whole percentage from "1%" to "100%"
    3:28: queues.b.service_level.answered: `80` has no percent sign; expected a whole percentage from "1%" to "100%"
    4:28: queues.c.service_level.answered: `0%` is out of range; expected a whole percentage from "1%" to "100%"
    5:28: queues.d.service_level.answered: `101%` is out of range; expected a whole percentage from "1%" to "100%"
    6:28: queues.e.service_level.answered: `99.9%` is not a whole percentage; expected a whole percentage from "1%" to "100%"
    7:28: queues.f.service_level.answered: `0.8` has no percent sign; expected a whole percentage from "1%" to "100%"
    8:28: queues.g.service_level.answered: `eighty%` is not a whole percentage; expected a whole percentage from "1%" to "100%"
    "#);
}

#[test]
fn wrap_up_is_not_longer_than_at_most() {
    insta::assert_snapshot!(problems(r#"
[queues.a]
wrap_up = "30s"
wrap_up_at_most = "20s"
[queues.b]
wrap_up = "30s"
wrap_up_at_most = "30s"
[queues.c]
wrap_up = "1h"
"#), @"3:19: queues.a.wrap_up_at_most: this is shorter than wrap_up; expected a time not below wrap_up (equal to it: cannot be extended)");
}

#[test]
fn dispositions_are_names_each_once_where_there_is_time_to_say_them() {
    insta::assert_snapshot!(problems(r#"
[routing]
dispositions = ["spam", "spam"]
[queues.a]
dispositions = ["sold", "not sold", 5]
[queues.b]
wrap_up = "30s"
dispositions = ["sold", "sold"]
"#), @r"
    2:25: routing.dispositions[1]: this disposition is listed twice; expected each disposition once
    4:16: queues.a.dispositions: nobody could say so: the queue gives no time for wrap-up; expected `wrap_up` above 0s, or no `dispositions`
    4:25: queues.a.dispositions[1]: the name has a ` `; expected a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`
    4:37: queues.a.dispositions[2]: `5` is a whole number; expected a name in quotes
    7:25: queues.b.dispositions[1]: this disposition is listed twice; expected each disposition once
    ");
}

#[test]
fn credit_goes_with_its_order_and_with_no_other() {
    insta::assert_snapshot!(problems(r#"
[routing]
order = "credit"
[queues.a]
"#), @r#"2:9: routing.credit: missing, with order = "credit"; expected what one step of priority is worth, such as credit = "90s""#);
    insta::assert_snapshot!(problems(r#"
[routing]
credit = "90s"
[queues.a]
"#), @r#"2:10: routing.credit: credit counts for nothing in this order; expected order = "credit", or no credit"#);
    insta::assert_snapshot!(problems(r#"
[routing]
order = "credit"
credit = 90
[queues.a]
"#), @r#"3:10: routing.credit: `90` has no unit; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m""#);
    insta::assert_snapshot!(problems(r#"
[routing]
order = "fastest"
credit = "90s"
[queues.a]
"#), @"2:9: routing.order: `fastest` is not known; expected one of `strict`, `credit`, `oldest`, `deadline`");
}

#[test]
fn missed_offers_have_three_forms() {
    insta::assert_snapshot!(problems(r#"
[routing]
missed_offers = "never"
[queues.a]
"#), @r"2:17: routing.missed_offers: `never` is not known; expected one of `stay_ready`, `not_ready`, `{ not_ready_after = 2 }`");
    insta::assert_snapshot!(problems(r"
[routing]
missed_offers = 2
[queues.a]
"), @r"2:17: routing.missed_offers: `2` is a whole number; expected one of `stay_ready`, `not_ready`, `{ not_ready_after = 2 }`");
    insta::assert_snapshot!(problems(r"
[routing]
missed_offers = {}
[queues.a]
"), @r"2:17: routing.missed_offers.not_ready_after: missing; expected `not_ready_after`: He becomes not ready after this many in a row");
    insta::assert_snapshot!(problems(r"
[routing]
missed_offers = { not_ready_after = 0 }
[queues.a]
"), @r"2:37: routing.missed_offers.not_ready_after: `0` is out of range; expected a whole number from 1 to 100");
}

#[test]
fn reasons_are_the_operators_own() {
    insta::assert_snapshot!(problems(r#"
[presence]
reasons = ["lunch", "lunch", "forced", "a break", 5, ""]
[queues.a]
"#), @r"
    2:21: presence.reasons[1]: this reason is listed twice; expected each reason once
    2:30: presence.reasons[2]: `forced` is a reason that acdd gives itself; expected a name of your own
    2:40: presence.reasons[3]: the name has a ` `; expected a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`
    2:51: presence.reasons[4]: `5` is a whole number; expected a name in quotes
    2:54: presence.reasons[5]: the name is empty; expected a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`
    ");
    insta::assert_snapshot!(problems(r"
[presence]
reasons = []
[queues.a]
"), @r#"2:11: presence.reasons: this is empty; expected at least one reason, such as "break""#);
}

#[test]
fn only_loopback_is_listened_on() {
    insta::assert_snapshot!(problems(r#"
[server]
listen = "0.0.0.0:7170"
http = "localhost:7180"
[queues.a]
"#), @r#"
    2:10: server.listen: `0.0.0.0:7170` is open to other machines, without encryption; expected a loopback address and a port, such as "127.0.0.1:7170" or "[::1]:7170"
    3:8: server.http: `localhost:7180` is not an address and a port; expected a loopback address and a port, such as "127.0.0.1:7170" or "[::1]:7170"
    "#);
    insta::assert_snapshot!(problems(r#"
[server]
listen = "127.0.0.1:7180"
[queues.a]
"#), @r"2:10: server.listen: `listen` and `http` are both 127.0.0.1:7180; expected an address of its own for each");
}

#[test]
fn the_log_has_few_levels_and_formats() {
    insta::assert_snapshot!(problems(r#"
[log]
level = "verbose"
format = "JSON"
[queues.a]
"#), @r"
    2:9: log.level: `verbose` is not known; expected one of `error`, `warn`, `info`, `debug`, `trace`
    3:10: log.format: `JSON` is not known (did you mean `json`?); expected one of `text`, `json`
    ");
}

#[test]
fn columns_count_letters_and_a_byte_order_mark_is_none() {
    let text = "\u{feff}[queues.a]\n[agents]\nana = { name = \"Añañá\", skils = 5 }\n";
    insta::assert_snapshot!(problems(text), @"3:25: agents.ana.skils: unknown key (did you mean `skills`?); expected one of `name`, `skills`, `endpoints`, `capacity`, `queues`, `only`");
}

#[test]
fn lines_may_end_in_carriage_return_and_line_feed() {
    insta::assert_snapshot!(problems("[queues.a]\r\n\r\nring = 5\r\n"), @r#"3:8: queues.a.ring: `5` has no unit; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m""#);
}

#[test]
fn a_flood_of_problems_is_cut_short() {
    let text: String = (0..1_500).map(|n| format!("[agents.agent{n}]\nskill = {{}}\n")).collect();
    let found = problems(&format!("[queues.a]\n{text}"));
    assert_eq!(found.lines().count(), 1_001);
    assert_eq!(
        found.lines().last(),
        Some("3002:1: 500 more problems were found; expected the ones above to be mended first")
    );
}

#[test]
fn a_problem_is_one_object_of_json() {
    let problems = broken("[queues.a]\nring = 5\n");
    let json = serde_json::to_value(&problems).expect("problems become JSON");
    assert_eq!(
        json,
        serde_json::json!([{
            "file": "acdd.toml",
            "line": 2,
            "column": 8,
            "key": "queues.a.ring",
            "message": "`5` has no unit",
            "expected": "a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as \"20s\" \
                         or \"1h30m\"",
        }])
    );
}

#[test]
fn a_file_that_cannot_be_read_is_told_from_one_that_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let missing = folder.path().join("none.toml");
    let Err(LoadError::Unreadable { path, error }) = acd_config::load(&missing) else {
        panic!("there is no such file");
    };
    assert_eq!(path, missing);
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);

    let wrong = folder.path().join("wrong.toml");
    fs::write(&wrong, "[queues.a]\nring = 5\n").expect("the folder can be written");
    assert_eq!(loaded(&wrong).as_slice()[0].file, wrong.display().to_string());

    fs::write(&wrong, b"[queues.a]\n# caf\xe9\n").expect("the folder can be written");
    let problem = loaded(&wrong).as_slice()[0].clone();
    assert_eq!((problem.line, problem.column), (2, 6));
    assert_eq!(problem.message, "this is not UTF-8");
}

fn broken(text: &str) -> Problems {
    acd_config::parse("acdd.toml", text).expect_err("the text is broken")
}

fn loaded(path: &Path) -> Problems {
    match acd_config::load(path) {
        Err(LoadError::Problems(problems)) => problems,
        Err(LoadError::Unreadable { .. }) | Ok(_) => panic!("{} is wrong", path.display()),
    }
}

#[test]
fn a_time_zone_that_nobody_knows_is_refused_with_the_nearest_name() {
    insta::assert_snapshot!(problems(r#"
[routing]
timezone = "America/Chigaco"
[queues.billing]
timezone = 5
"#), @r#"
    2:12: routing.timezone: no time zone is named `America/Chigaco` (did you mean `America/Chicago`?); expected a time zone by its name, such as "America/Chicago"
    4:12: queues.billing.timezone: `5` is a whole number; expected a time zone by its name, such as "America/Chicago"
    "#);
}
