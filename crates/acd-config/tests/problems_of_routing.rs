//! What the reader promises about broken queues, rules, skills and agents: every problem of a file at
//! once, each with its line and column, its key, what is wrong, and what would be right.

/// The problems of a text, a line each, without the file's name.
fn problems(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let problems = acd_config::parse("acdd.toml", text).expect_err("the text is broken");
    problems.to_string().replace("acdd.toml:", "")
}

#[test]
fn a_skill_must_be_declared_where_skills_are() {
    insta::assert_snapshot!(problems(r#"
[skills]
billing = {}
spanish = { descripton = "Habla español" }
[queues.billing]
require = { biling = 3 }
[[queues.billing.rules]]
name = "widen"
when = { waited = "1m" }
then = { require = { Billing = 1 } }
[[queues.billing.rules]]
name = "give-up"
when = { waited = "5m" }
then = { end = "voicemail" }
[agents]
ana = { skills = { xyzzy = 3 } }
"#), @r"
    3:13: skills.spanish.descripton: unknown key (did you mean `description`?); expected one of `description`, `hard`
    5:13: queues.billing.require.biling: no such skill (did you mean `billing`?); expected one of `billing`, `spanish`
    9:22: queues.billing.rules[0].then.require.Billing: no such skill (did you mean `billing`?); expected one of `billing`, `spanish`
    15:20: agents.ana.skills.xyzzy: no such skill; expected one of `billing`, `spanish`
    ");
}

#[test]
fn a_level_is_from_1_to_10() {
    insta::assert_snapshot!(problems(r#"
[queues.billing]
require = { billing = 0 }
[agents]
ana = { skills = { billing = 11 } }
ben = { skills = { billing = "5" } }
chloe = { skills = { billing = -1, spanish = 5.0, nurse = 99999999999999999999 } }
"#), @r"
    2:23: queues.billing.require.billing: `0` is out of range; expected a whole number from 1 to 10
    4:30: agents.ana.skills.billing: `11` is out of range; expected a whole number from 1 to 10
    5:30: agents.ben.skills.billing: `5` is a string; expected a whole number from 1 to 10
    6:32: agents.chloe.skills.billing: `-1` is out of range; expected a whole number from 1 to 10
    6:46: agents.chloe.skills.spanish: `5.0` is a fraction; expected a whole number from 1 to 10
    6:59: agents.chloe.skills.nurse: `99999999999999999999` is out of range; expected a whole number from 1 to 10
    ");
}

#[test]
fn a_name_is_short_and_plain() {
    insta::assert_snapshot!(problems(r#"
[skills]
"two words" = {}
[queues.""]
[queues."line\nbreak"]
[queues.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]
[agents]
"josé" = {}
"#), @r#"
    2:1: skills."two words": the name has a ` `; expected a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`
    3:9: queues."": the name is empty; expected a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`
    4:9: queues."line\nbreak": the name has a `\n`; expected a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`
    5:9: queues."aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…": the name has 65 characters; expected a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`
    7:1: agents."josé": the name has a `é`; expected a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`
    "#);
}

#[test]
fn criteria_are_known_and_listed_once() {
    insta::assert_snapshot!(problems(r#"
[queues.a]
select = ["longest-idle", "rank"]
[queues.b]
select = []
[queues.c]
select = ["highest_level", "highest_level"]
"#), @r#"
    2:11: queues.a.select[0]: `longest-idle` is not known (did you mean `longest_idle`?); expected one of `longest_idle`, `highest_level`, `lowest_level`, `rank`, `least_occupied`, `fewest_calls`, `round_robin`, `listed`, `random`
    4:10: queues.b.select: this is empty; expected at least one criterion, such as "longest_idle"
    6:28: queues.c.select[1]: this criterion is listed twice; expected each criterion once
    "#);
}

#[test]
fn a_rule_has_a_name_a_time_and_something_to_do() {
    insta::assert_snapshot!(problems(r#"
[[queues.a.rules]]
[[queues.a.rules]]
name = "one"
when = {}
then = {}
[[queues.a.rules]]
nam = "one"
when = { waited = "5s", age = "5s" }
then = { ends = "voicemail" }
[[queues.a.rules]]
name = "one"
when = { waited = "5s" }
then = { end = "hang_up" }
"#), @r#"
    1:1: queues.a.rules[0].name: missing; expected `name`: Its name, unique in the queue
    1:1: queues.a.rules[0].when: missing; expected `when`: When it acts: when all of this holds
    1:1: queues.a.rules[0].then: missing; expected `then`: What it does, in this order: `priority`, `require`, `drop`, `add_queue`, `play`, `offer_callback`, `ladder`, then `move_to`, `transfer_to` or `end`
    4:8: queues.a.rules[1].when: this rule looks at nothing; expected a condition, such as waited = "45s"
    5:8: queues.a.rules[1].then: this rule does nothing; expected at least one of `priority`, `require`, `drop`, `add_queue`, `play`, `offer_callback`, `ladder`, `move_to`, `transfer_to`, `end`
    7:1: queues.a.rules[2].nam: unknown key (did you mean `name`?); expected one of `name`, `when`, `repeat_every`, `then`
    9:10: queues.a.rules[2].then.ends: unknown key (did you mean `end`?); expected one of `priority`, `require`, `any_of`, `drop`, `add_queue`, `while_active`, `play`, `offer_callback`, `ladder`, `move_to`, `transfer_to`, `end`
    11:8: queues.a.rules[3].name: an earlier rule of this queue has the same name; expected a name of its own
    13:16: queues.a.rules[3].then.end: `hang_up` is not known; expected one of `voicemail`, `message`
    "#);
}

#[test]
fn a_rule_raises_to_8_at_most() {
    insta::assert_snapshot!(problems(r#"
[[queues.a.rules]]
name = "emergency"
when = { waited = "5s" }
then = { priority = 9 }
[[queues.a.rules]]
name = "more"
when = { waited = "5s" }
then = { priority = 10 }
[[queues.a.rules]]
name = "less"
when = { waited = "5s" }
then = { priority = -1, end = "message" }
"#), @r"
    4:21: queues.a.rules[0].then.priority: 9 is the emergency, which only entry, an adapter or a supervisor sets; expected a whole number from 0 to 8
    8:21: queues.a.rules[1].then.priority: `10` is out of range; expected a whole number from 0 to 8
    12:21: queues.a.rules[2].then.priority: `-1` is out of range; expected a whole number from 0 to 8
    ");
}

#[test]
fn a_rule_leads_to_another_queue_that_exists() {
    insta::assert_snapshot!(problems(r#"
[[queues.billing.rules]]
name = "help"
when = { waited = "5s" }
then = { add_queue = "billing" }
[[queues.billing.rules]]
name = "move"
when = { waited = "5s" }
then = { move_to = "front_desk" }
[[queues.billing.rules]]
name = "move-and-end"
when = { waited = "5s" }
then = { move_to = "front-desk", end = "voicemail" }
[queues.front-desk]
"#), @r"
    4:22: queues.billing.rules[0].then.add_queue: this leads the call to the queue it is in; expected another queue
    8:20: queues.billing.rules[1].then.move_to: no such queue (did you mean `front-desk`?); expected `front-desk`
    12:40: queues.billing.rules[2].then.end: the call leaves the queue by `move_to` already; expected one of `move_to`, `transfer_to` and `end`
    ");
}

#[test]
fn the_last_rule_of_a_queue_ends_the_call() {
    insta::assert_snapshot!(problems(r#"
[queues.a]
rules = [{ name = "on", when = { waited = "1m" }, then = { move_to = "b" } }]
[queues.b]
rules = [
  { name = "end", when = { waited = "1m" }, then = { end = "message" } },
  { name = "up", when = { waited = "2m" }, then = { priority = 8 } },
]
"#), @r#"
    2:58: queues.a.rules[0].then: the last rule of a queue must end the call, or it could wait for ever; expected end = "voicemail", end = "message" or `transfer_to` in the last rule
    6:51: queues.b.rules[1].then: the last rule of a queue must end the call, or it could wait for ever; expected end = "voicemail", end = "message" or `transfer_to` in the last rule
    "#);
}

#[test]
fn nobody_is_sent_to_a_bare_busy() {
    insta::assert_snapshot!(problems(r#"
[queues.a]
rules = [{ name = "full", when = { waited = "1m" }, then = { end = "busy" } }]
"#), @r"2:68: queues.a.rules[0].then.end: a call of priority 9 could reach this rule and get a bare busy tone; expected `voicemail` or `message`");
}

#[test]
fn an_endpoint_names_its_adapter() {
    insta::assert_snapshot!(problems(r#"
[queues.a]
[agents]
ana = { endpoints = { voice = "201" } }
ben = { endpoints = { voice = "Asterisk:201" } }
chloe = { endpoints = { voice = "asterisk-a:" } }
diego = { endpoints = { fax = "asterisk-a:201" } }
eve = { endpoints = { chat = "web:eve" } }
"#), @r#"
    3:31: agents.ana.endpoints.voice: `201` names no adapter; expected "adapter:address", such as "asterisk-a:PJSIP/201"
    4:31: agents.ben.endpoints.voice: `Asterisk` is not the name of an adapter; expected "adapter:address", such as "asterisk-a:PJSIP/201"; the adapter is 1 to 64 of a-z, 0-9, `-`, `_`, `.`
    5:33: agents.chloe.endpoints.voice: "" is not the address of a device; expected "adapter:address", such as "asterisk-a:PJSIP/201"; the address is 1 to 256 characters
    6:25: agents.diego.endpoints.fax: unknown key; expected one of `voice`, `chat`, `text`, `task`
    7:30: agents.eve.endpoints.chat: the agent takes no calls of `chat`; expected capacity = { chat = 1 }, or no endpoint for it
    "#);
}

#[test]
fn an_agent_holds_up_to_16_calls_and_takes_some() {
    insta::assert_snapshot!(problems(r#"
[queues.a]
[agents]
ana = { capacity = { voice = 0 } }
ben = { capacity = { voice = 17 } }
chloe = { capacity = { voice = 1, fax = 3 } }
diego = { name = "two\nlines" }
"#), @r"
    3:20: agents.ana.capacity: the agent would take no calls at all; expected a capacity above 0 for some channel, such as { voice = 1 }
    4:30: agents.ben.capacity.voice: `17` is out of range; expected a whole number from 0 to 16
    5:35: agents.chloe.capacity.fax: unknown key; expected one of `voice`, `chat`, `text`, `task`
    6:18: agents.diego.name: this has a control character, `\n`; expected one line of 1 to 256 characters in quotes
    ");
}

#[test]
fn channels_reserves_and_affinities_are_checked() {
    insta::assert_snapshot!(problems(r#"
[channels]
voice = { interruptible_by = ["chat", "chat", "callback"] }
fax = {}
[queues.a]
keep_free = { agents = 0 }
affinity = { window = "8d", wait = 5 }
"#), @r#"
    2:39: channels.voice.interruptible_by[1]: this channel is listed twice; expected each channel once
    2:47: channels.voice.interruptible_by[2]: `callback` is not known; expected one of `voice`, `chat`, `text`, `task`
    3:1: channels.fax: unknown key; expected one of `voice`, `chat`, `text`, `task`
    5:13: queues.a.keep_free.for_priority: missing; expected `for_priority`: The least priority of the calls that may have them
    5:24: queues.a.keep_free.agents: `0` is out of range; expected a whole number from 1 to 1000000
    6:23: queues.a.affinity.window: `8d` is too long; expected a time with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    6:36: queues.a.affinity.wait: `5` has no unit; expected a time with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    "#);
}

#[test]
fn a_rule_beyond_the_64th_is_one_too_many() {
    let rule = "{ name = \"r\", when = { waited = \"1m\" }, then = { end = \"message\" } }";
    let rules: Vec<String> = (0..65).map(|n| rule.replace("\"r\"", &format!("\"r{n}\""))).collect();
    let text = format!("[queues.a]\nrules = [{}]\n", rules.join(", "));
    insta::assert_snapshot!(problems(&text), @"2:9: queues.a.rules: 65 rules in a queue are too many; expected at most 64");
}

#[test]
fn a_number_can_be_dialled_and_an_announcement_has_a_name() {
    insta::assert_snapshot!(problems(
        r#"
[[queues.a.rules]]
name = "doctor"
when = { waited = "5s" }
then = { play = "Please hold", transfer_to = "0800 555" }
"#,
    ), @r"
    4:17: queues.a.rules[0].then.play: the name has a ` `; expected a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`
    4:46: queues.a.rules[0].then.transfer_to: `0800 555` cannot be dialled; expected a telephone number of 1 to 64 of 0-9, `+`, `*`, `#`, A-Z, a-z, `-`, `_` and `.`
    ");
}

#[test]
fn a_hard_skill_is_never_relaxed() {
    insta::assert_snapshot!(problems(
        r#"
[skills]
nurse = {}
license = { hard = true }
[queues.a]
require = { nurse = 3, license = 2 }
[[queues.a.rules]]
name = "widen"
when = { waited = "5s" }
then = { require = { nurse = 1 } }
[[queues.a.rules]]
name = "lower"
when = { waited = "6s" }
then = { require = { license = 1 }, any_of = [{ nurse = 1 }] }
[[queues.a.rules]]
name = "give-up"
when = { waited = "5m" }
then = { end = "voicemail" }
[queues.b]
any_of = [{ license = 1 }, { nurse = 5 }]
[[queues.b.rules]]
name = "others"
when = { waited = "5s" }
then = { any_of = [{ nurse = 1 }], end = "voicemail" }
"#
    ), @r"
    9:20: queues.a.rules[0].then.require: `license` is hard: no rule asks for less of it than the queue; expected `license = 2` or more here too
    13:20: queues.a.rules[1].then.require: `license` is hard: no rule asks for less of it than the queue; expected `license = 2` or more here too
    23:19: queues.b.rules[0].then.any_of: `license` is hard: no rule asks for less of it than the queue; expected the same `any_of` as the queue's
    ");
}

#[test]
fn an_alternative_asks_for_something() {
    insta::assert_snapshot!(problems(
        r#"
[queues.a]
any_of = []
[queues.b]
any_of = [{}, { spanish = 11 }, "spanish"]
[queues.c]
any_of = { spanish = 5 }
"#
    ), @r"
    2:10: queues.a.any_of: this is empty; expected at least one alternative, such as { spanish = 5 }
    4:11: queues.b.any_of[0]: this alternative asks for nothing, so the others count for nothing; expected a skill, such as { spanish = 5 }
    4:27: queues.b.any_of[1].spanish: `11` is out of range; expected a whole number from 1 to 10
    4:33: queues.b.any_of[2]: `spanish` is a string; expected a table with a key for each name
    6:10: queues.c.any_of: this is a table; expected an array: [...]
    ");
}

#[test]
fn a_profile_names_queues_and_says_how_they_are_served() {
    insta::assert_snapshot!(problems(
        r#"
[queues.billing]
[agents]
ana = { queues = { biling = { rank = 11, delay = 60 } } }
ben = { only = true }
chloe = { only = "yes", queues = { billing = { delai = "5s" } } }
"#
    ), @r#"
    3:20: agents.ana.queues.biling: no such queue (did you mean `billing`?); expected `billing`
    3:38: agents.ana.queues.biling.rank: `11` is out of range; expected a whole number from 1 to 10
    3:50: agents.ana.queues.biling.delay: `60` has no unit; expected a time with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    4:16: agents.ben.only: the agent would take no calls at all: there are no `queues`; expected queues = { NAME = {} }, or no `only`
    5:18: agents.chloe.only: `yes` is a string; expected `true` or `false`
    5:48: agents.chloe.queues.billing.delai: unknown key (did you mean `delay`?); expected one of `rank`, `delay`
    "#);
}

#[test]
fn the_words_of_orders_and_criteria_are_known() {
    insta::assert_snapshot!(problems(
        r#"
[routing]
order = "oldest"
credit = "90s"
seed = -1
[queues.a]
select = ["longest_idle", "longest-idle", "chance"]
"#
    ), @r#"
    3:10: routing.credit: credit counts for nothing in this order; expected order = "credit", or no credit
    4:8: routing.seed: `-1` is out of range; expected a whole number from 0 to 9223372036854775807
    6:27: queues.a.select[1]: `longest-idle` is not known (did you mean `longest_idle`?); expected one of `longest_idle`, `highest_level`, `lowest_level`, `rank`, `least_occupied`, `fewest_calls`, `round_robin`, `listed`, `random`
    6:43: queues.a.select[2]: `chance` is not known; expected one of `longest_idle`, `highest_level`, `lowest_level`, `rank`, `least_occupied`, `fewest_calls`, `round_robin`, `listed`, `random`
    "#);
}

#[test]
fn more_than_16_delays_of_a_queue_are_too_many() {
    let agents: Vec<String> = (1..=17)
        .map(|delay| format!("a{delay} = {{ queues = {{ a = {{ delay = \"{delay}s\" }} }} }}"))
        .collect();
    let text = format!("[queues.a]\n[agents]\n{}\n", agents.join("\n"));
    insta::assert_snapshot!(problems(&text), @"2:1: agents: 17 different delays for the queue `a` are too many; expected at most 16");
}

#[test]
fn what_a_rule_looks_at_makes_sense() {
    insta::assert_snapshot!(problems(
        r#"
[[queues.a.rules]]
name = "nothing"
when = {}
then = { priority = 6 }
[[queues.a.rules]]
name = "open"
when = { closed = false }
then = { priority = 6 }
[[queues.a.rules]]
name = "late-entry"
when = { closed = true, waited = "5s" }
then = { priority = 6 }
[[queues.a.rules]]
name = "entry-again"
when = { calls_in_system = 5 }
repeat_every = "5s"
then = { priority = 6 }
[[queues.a.rules]]
name = "entry-and-queue"
when = { calls_in_system = 5, calls_waiting = 5 }
then = { priority = 6 }
[[queues.a.rules]]
name = "nowhere"
when = { calls_in_system = 5, queue = "aa" }
then = { priority = 6 }
[[queues.a.rules]]
name = "all-closed"
when = { closed = true, calls_in_system = 5, queue = "*" }
then = { priority = 6 }
[[queues.a.rules]]
name = "entry-ends"
when = { calls_in_system = 5, queue = "b", until = { calls_waiting = 1 } }
then = { priority = 6 }
[[queues.a.rules]]
name = "for-nothing"
when = { waited = "5s", queue = "a", until = { calls_waiting = 1 } }
then = { priority = 6 }
[[queues.a.rules]]
name = "no-hysteresis"
when = { calls_waiting = 5, agents_available_at_most = 3, until = { calls_waiting = 5, agents_available = 3 } }
then = { priority = 6 }
[[queues.a.rules]]
name = "never-ends"
when = { calls_waiting = 5, queue = "aa", until = {} }
then = { priority = 6 }
[[queues.a.rules]]
name = "never-active"
when = { waited = "5s" }
then = { add_queue = "b", while_active = true }
[[queues.a.rules]]
name = "active-for-nothing"
when = { calls_waiting = 0, longest_wait = "0s" }
then = { while_active = true, priority = 1 }
[[queues.a.rules]]
name = "at-the-end"
when = { waited = "5s", priority_at_least = 5 }
then = { end = "voicemail" }
[queues.b]
at_closing = "never"
"#
    ), @r#"
    3:8: queues.a.rules[0].when: this rule looks at nothing; expected a condition, such as waited = "45s"
    7:19: queues.a.rules[1].when.closed: an open queue is nothing that a rule could look at; expected `true`, or no `closed`
    11:34: queues.a.rules[2].when: `closed` and `calls_in_system` are looked at as the call enters, and only then; expected no `waited` beside them
    16:16: queues.a.rules[3].when: `closed` and `calls_in_system` are looked at as the call enters, and only then; expected no `repeat_every` beside them
    20:8: queues.a.rules[4].when: `closed` and `calls_in_system` are looked at as the call enters, and only then; expected a rule of its own for each
    24:39: queues.a.rules[5].when.queue: no such queue (did you mean `a`?); expected one of `a`, `b`
    28:19: queues.a.rules[6].when.closed: queues are closed one by one, not all together; expected the name of a queue, or no `queue`, beside it
    32:52: queues.a.rules[7].when.until: the rule looks at nothing that lasts; expected `calls_waiting`, `longest_wait` or the like beside it
    36:33: queues.a.rules[8].when.queue: the rule looks at nothing of a queue; expected `calls_waiting`, `longest_wait` or the like beside it
    36:46: queues.a.rules[8].when.until: the rule looks at nothing that lasts; expected `calls_waiting`, `longest_wait` or the like beside it
    40:67: queues.a.rules[9].when.until: it would end as soon as it begins; expected fewer calls or a shorter wait than in `when`, or more agents or percent
    44:37: queues.a.rules[10].when.queue: no such queue (did you mean `a`?); expected one of `a`, `b`
    49:42: queues.a.rules[11].then.while_active: the rule looks at nothing that lasts; expected one of `calls_waiting`, `longest_wait` and the like in `when`
    52:26: queues.a.rules[12].when.calls_waiting: `0` is out of range; expected a whole number from 1 to 1048576
    52:44: queues.a.rules[12].when.longest_wait: `0s` is no time at all; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    53:25: queues.a.rules[12].then.while_active: there is nothing that it could end; expected `add_queue` beside it
    56:8: queues.a.rules[13].when: the last rule of a queue must look at `waited` alone, or a call could wait for ever; expected when = { waited = "20m" } in the last rule
    59:14: queues.b.at_closing: `never` is not known; expected one of `serve`, `apply_rules`
    "#);
}
