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
    ), @"");
}
