//! What the reader promises about rules that look at the channel of a call, at the service level and at
//! the estimated wait of a queue.

use acd_core::{Bound, Channel, Gauge, Latch, QueueId, When};

/// The problems of a text, a line each, without the file's name.
fn problems(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let problems = acd_config::parse("acdd.toml", text).expect_err("the text is broken");
    problems.to_string().replace("acdd.toml:", "")
}

#[test]
fn a_rule_looks_at_the_channel_the_service_level_and_the_estimated_wait() {
    let parsed = acd_config::parse(
        "acdd.toml",
        r#"
        [[queues.a.rules]]
        name = "chats"
        when = { channel = "chat" }
        then = { priority = 6 }
        [[queues.a.rules]]
        name = "written-when-closed"
        when = { channel = ["text", "chat"], closed = true }
        then = { play = "sorry" }
        [[queues.a.rules]]
        name = "missing-it"
        when = { service_level_below = "80%", until = { service_level = "80%" } }
        then = { priority = 6 }
        [[queues.a.rules]]
        name = "all-are-missing-it"
        when = { service_level_below = "1%", queue = "*" }
        then = { priority = 6 }
        [[queues.a.rules]]
        name = "help"
        when = { channel = "voice", estimated_wait = "5m", queue = "b", until = { estimated_wait = "0s" } }
        then = { add_queue = "b", while_active = true }
        [[queues.a.rules]]
        name = "give-up"
        when = { waited = "20m" }
        then = { end = "voicemail" }
        [queues.b]
        "#,
    );
    let plan = parsed.expect("it is sound").plan;
    let [a, b] = [0, 1].map(QueueId);
    let when = |rule: usize| plan.queues[0].rules[rule].when.clone();
    assert_eq!(when(0), When { channels: vec![Channel::Chat], ..When::default() });
    assert_eq!(when(1).channels, [Channel::Chat, Channel::Text], "in their order");
    assert!(when(1).admission.is_some_and(|admission| admission.closed));

    let bound = |gauge, at_least, value| vec![Bound { gauge, at_least, value }];
    let latch = |of, set, clear| Some(Latch { of, set, clear });
    // Below 80 percent is 79 at most, since what is measured is rounded down.
    let missing = bound(Gauge::ServiceLevel, false, 79);
    let reached = bound(Gauge::ServiceLevel, true, 80);
    assert_eq!(when(2).latch, latch(Some(a), missing, reached));
    assert_eq!(when(3).latch, latch(None, bound(Gauge::ServiceLevel, false, 0), Vec::new()));
    let long = bound(Gauge::EstimatedWait, true, 300_000_000);
    assert_eq!(when(4).latch, latch(Some(b), long, bound(Gauge::EstimatedWait, false, 0)));
    assert_eq!(when(4).channels, [Channel::Voice]);
}

#[test]
fn what_such_a_rule_looks_at_makes_sense() {
    insta::assert_snapshot!(problems(
        r#"
[[queues.a.rules]]
name = "unknown"
when = { channel = "fax" }
then = { priority = 6 }
[[queues.a.rules]]
name = "none"
when = { channel = [] }
then = { priority = 6 }
[[queues.a.rules]]
name = "twice"
when = { channel = ["chat", "voice", "chat"] }
then = { priority = 6 }
[[queues.a.rules]]
name = "share"
when = { service_level_below = "80", until = { service_level = "101%" } }
then = { priority = 6 }
[[queues.a.rules]]
name = "no-hysteresis"
when = { service_level_below = "80%", estimated_wait = "2m", until = { service_level = "79%", estimated_wait = "2m" } }
then = { priority = 6 }
[[queues.a.rules]]
name = "no-wait"
when = { estimated_wait = "0s" }
then = { priority = 6 }
[[queues.a.rules]]
name = "all-together"
when = { estimated_wait = "5m", queue = "*" }
then = { priority = 6 }
[[queues.a.rules]]
name = "all-together-in-the-end"
when = { calls_waiting = 5, queue = "*", until = { estimated_wait = "5m" } }
then = { priority = 6 }
[[queues.a.rules]]
name = "on-entry"
when = { closed = true, service_level_below = "80%" }
then = { priority = 6 }
[[queues.a.rules]]
name = "at-the-end"
when = { waited = "5s", channel = "voice" }
then = { end = "voicemail" }
[queues.b]
[[queues.b.rules]]
name = "at-the-end"
when = { waited = "5s", estimated_wait = "5m" }
then = { end = "voicemail" }
"#
    ), @r#"
    3:20: queues.a.rules[0].when.channel: `fax` is not known; expected one of `voice`, `chat`, `text`, `callback`, `task`
    7:20: queues.a.rules[1].when.channel: this is empty; expected at least one channel, such as "chat"
    11:38: queues.a.rules[2].when.channel[2]: this channel is listed twice; expected each channel once
    15:32: queues.a.rules[3].when.service_level_below: `80` has no percent sign; expected a whole percentage from "1%" to "100%"
    15:64: queues.a.rules[3].when.until.service_level: `101%` is out of range; expected a whole percentage from "1%" to "100%"
    19:70: queues.a.rules[4].when.until: it would end as soon as it begins; expected fewer calls or a shorter wait than in `when`, or more agents or percent
    23:27: queues.a.rules[5].when.estimated_wait: `0s` is no time at all; expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"
    27:27: queues.a.rules[6].when.estimated_wait: a wait is estimated of one queue, not of all together; expected the name of a queue, or no `queue`, beside it
    31:69: queues.a.rules[7].when.until.estimated_wait: a wait is estimated of one queue, not of all together; expected the name of a queue, or no `queue`, beside it
    35:8: queues.a.rules[8].when: `closed` and `calls_in_system` are looked at as the call enters, and only then; expected a rule of its own for each
    39:8: queues.a.rules[9].when: the last rule of a queue must look at `waited` alone, or a call could wait for ever; expected when = { waited = "20m" } in the last rule
    44:8: queues.b.rules[0].when: the last rule of a queue must look at `waited` alone, or a call could wait for ever; expected when = { waited = "20m" } in the last rule
    "#);
}
