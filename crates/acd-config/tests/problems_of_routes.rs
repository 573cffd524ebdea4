//! What the reader promises about broken routes, and about rules that drop what routes require.

/// The problems of a text, a line each, without the file's name.
fn problems(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let problems = acd_config::parse("acdd.toml", text).expect_err("the text is broken");
    problems.to_string().replace("acdd.toml:", "")
}

#[test]
fn what_is_no_key_of_a_route_is_named_with_what_is() {
    insta::assert_snapshot!(problems(r#"
[queues.billing]
[[routes]]
match = { dialled = "1*", callers = "2*", attribute.reason = "x" }
queu = "billing"
[[routes]]
match = { attributes = { "two words" = "x", tier = 5 } }
queue = "biling"
priority = 10
[[routes]]
match = "1*"
queue = "billing"
[[routes]]
require = { spanish = 11 }
"#), @r#"
    3:11: routes[0].match.dialled: unknown key (did you mean `dialed`?); expected one of `dialed`, `caller`, `channel`, `attributes`
    3:27: routes[0].match.callers: unknown key (did you mean `caller`?); expected one of `dialed`, `caller`, `channel`, `attributes`
    3:43: routes[0].match.attribute: unknown key (did you mean `attributes`?); expected one of `dialed`, `caller`, `channel`, `attributes`
    4:1: routes[0].queu: unknown key (did you mean `queue`?); expected one of `match`, `queue`, `priority`, `require`, `any_of`, `preferred_agent`
    6:26: routes[1].match.attributes."two words": the name has a ` `; expected a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`
    6:52: routes[1].match.attributes.tier: `5` is a whole number; expected a text such as "+15550100" or "+1555*", or several: ["...", "..."]
    7:9: routes[1].queue: no such queue (did you mean `billing`?); expected `billing`
    8:12: routes[1].priority: `10` is out of range; expected a whole number from 0 to 9
    10:9: routes[2].match: `1*` is a string; expected a table with any of `dialed`, `caller`, `channel`, `attributes`
    12:1: routes[3].queue: missing; expected `queue`: The queue that the call enters
    13:23: routes[3].require.spanish: `11` is out of range; expected a whole number from 1 to 10
    "#);
}

#[test]
fn a_pattern_is_a_text_or_several() {
    insta::assert_snapshot!(problems(r#"
[queues.billing]
[[routes]]
match = { dialed = 5, caller = [] }
queue = "billing"
[[routes]]
match = { dialed = ["1*", 2], caller = "", attributes.tier = 'stat\' }
queue = "billing"
[[routes]]
match = {}
queue = "billing"
[[routes]]
queue = "billing"
"#), @r#"
    3:20: routes[0].match.dialed: `5` is a whole number; expected a text such as "+15550100" or "+1555*", or several: ["...", "..."]
    3:32: routes[0].match.caller: this is empty; expected a text such as "+15550100" or "+1555*", or several: ["...", "..."]
    6:27: routes[1].match.dialed[1]: `2` is a whole number; expected a text in quotes
    6:40: routes[1].match.caller: an empty number is one that the adapter has not given, which is like nothing; expected a number, or "*" for any
    6:62: routes[1].match.attributes.tier: `stat\\` ends with a backslash; expected a character after it, which then stands for itself: '\*97', '\\'
    9:9: routes[2].match: this looks at nothing; expected something to look at, such as dialed = "+1555010*"; or no `match`
    "#);
}

#[test]
fn the_last_route_takes_every_call() {
    insta::assert_snapshot!(problems(r#"
[queues.billing]
[[routes]]
match = { dialed = "1*" }
queue = "billing"
[[routes]]
match = { caller = "1*" }
queue = "billing"
"#), @r"
    5:1: routes[1]: the last route must take every call that none before it has taken; expected a last one without `match`: [[routes]] with a `queue` alone
    ");
}

#[test]
fn a_route_that_no_call_can_take_is_a_mistake() {
    insta::assert_snapshot!(problems(r#"
[queues.billing]
[[routes]]
match = { dialed = ["+1555*", "20??"] }
queue = "billing"
[[routes]]
match = { dialed = ["+155501*", "2000"], caller = "9*" }
queue = "billing"
[[routes]]
match = { dialed = ["+155501*", "200"] }
queue = "billing"
[[routes]]
match = { caller = "*" }
queue = "billing"
[[routes]]
match = { attributes.tier = "*" }
queue = "billing"
[[routes]]
match = { attributes.tier = ["gold", "s*"], dialed = "5" }
queue = "billing"
[[routes]]
queue = "billing"
[[routes]]
match = { dialed = "7" }
queue = "billing"
[[routes]]
queue = "billing"
"#), @r"
    5:1: routes[1]: no call ever takes this route: routes[0] takes them all; expected the narrower one of the two first
    17:1: routes[5]: no call ever takes this route: routes[4] takes them all; expected the narrower one of the two first
    22:1: routes[7]: no call ever takes this route: routes[6] takes them all; expected the narrower one of the two first
    25:1: routes[8]: no call ever takes this route: routes[6] takes them all; expected the narrower one of the two first
    ");
}

#[test]
fn rules_drop_what_routes_require() {
    insta::assert_snapshot!(problems(r#"
[skills]
spanish = {}
license = { hard = true }
nurse = {}
[queues.a]
require = { nurse = 1 }
[[queues.a.rules]]
name = "one"
when = { waited = "1m" }
then = { drop = ["spansh", "license", "nurse"] }
[[queues.a.rules]]
name = "two"
when = { waited = "2m" }
then = { drop = ["spanish", "spanish"] }
[[queues.a.rules]]
name = "three"
when = { waited = "3m" }
then = { drop = [] }
[[queues.a.rules]]
name = "four"
when = { waited = "4m" }
then = { drop = "spanish", end = "voicemail" }
[[routes]]
queue = "a"
require = { license = 1 }
any_of = [{ spanish = 5 }]
"#), @r#"
    10:18: queues.a.rules[0].then.drop[0]: no route asks for `spansh` (did you mean `spanish`?); expected `spanish`
    10:28: queues.a.rules[0].then.drop[1]: `license` is hard: no rule drops it; expected a skill that is not hard
    10:39: queues.a.rules[0].then.drop[2]: no route asks for `nurse`; expected `spanish`
    14:29: queues.a.rules[1].then.drop[1]: this skill is listed twice; expected each skill once
    18:17: queues.a.rules[2].then.drop: this is empty; expected a skill, such as ["spanish"]
    22:17: queues.a.rules[3].then.drop: `spanish` is a string; expected an array: [...]
    "#);
}

#[test]
fn without_routes_there_is_nothing_to_drop() {
    insta::assert_snapshot!(problems(r#"
[queues.a]
require = { spanish = 1 }
[[queues.a.rules]]
name = "one"
when = { waited = "1m" }
then = { drop = ["spanish"], end = "voicemail" }
"#), @r"
    6:18: queues.a.rules[0].then.drop[0]: no route asks for `spanish`; expected a route that requires it: [[routes]]
    ");
}

#[test]
fn what_routes_make_queues_ask_for_is_bounded() {
    let mut text = String::new();
    for rule in 0..11 {
        text += &format!(
            "[[queues.a.rules]]\nname = \"r{rule}\"\nwhen = {{ waited = \"{rule}s\" }}\n\
             then = {{ drop = [\"s{rule}\"] }}\n"
        );
    }
    text += "[[queues.a.rules]]\nname = \"end\"\nwhen = { waited = \"9m\" }\nthen = { end = \
             \"voicemail\" }\n[[routes]]\nqueue = \"a\"\n[routes.require]\n";
    for skill in 0..11 {
        text += &format!("s{skill} = 1\n");
    }
    insta::assert_snapshot!(problems(&text), @r"
    1:1: extra requirements and what `drop` leaves: 1030, at most 1024; expected a plan that the Router can route by
    ");
}
