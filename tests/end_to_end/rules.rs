//! Rules that fire because a call has waited.

use crate::CONFIG;
use crate::harness::{Daemon, acdctl};
use acd_proto::v1::Treatment;

/// The configuration with one more rule in the billing queue, before its last.
fn with_billing_rule(rule: &str) -> String {
    let last = "[[queues.billing.rules]]\nname = \"give-up\"";
    assert!(CONFIG.contains(last));
    CONFIG.replace(last, &format!("[[queues.billing.rules]]\n{rule}\n\n{last}"))
}

#[tokio::test]
async fn a_rule_asks_for_less_after_a_while() {
    let config = with_billing_rule(
        "name = \"widen\"\nwhen = { waited = \"20s\" }\nthen = { require = { billing = 1 } }",
    );
    let config = config.replace("sam = { name", "sam = { skills = { billing = 1 }, name");
    let daemon = Daemon::start_fast(&config, 50).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;

    pbx.offer_call("c1", "billing").await;
    let offer = pbx.expect_offer().await;
    assert_eq!(offer.agent, "sam");
    watcher.until("offer_issued", "c1").await;
    assert_eq!(
        watcher.story("c1"),
        [
            "call_arrived:voice",
            "place_entered",
            "rule_fired:widen",
            "requirement_changed:billing 1",
            "offer_issued"
        ]
    );
    let fired = watcher.until("rule_fired", "c1").await;
    assert_eq!(fired.queue, "billing");
    let origin = fired.origin.expect("every event has an origin");
    assert_eq!(origin.kind(), acd_proto::v1::origin::Kind::Time);
}

#[tokio::test]
async fn a_rule_moves_a_call_to_another_queue() {
    let config = with_billing_rule(
        "name = \"help\"\nwhen = { waited = \"20s\" }\nthen = { move_to = \"front-desk\" }",
    );
    let daemon = Daemon::start_fast(&config, 50).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;

    pbx.offer_call("c1", "billing").await;
    let offer = pbx.expect_offer().await;
    assert_eq!((&*offer.agent, &*offer.queue), ("sam", "front-desk"));
    watcher.until("offer_issued", "c1").await;
    let story = watcher.story("c1");
    assert!(story.contains(&"rule_fired:help".to_owned()), "{story:?}");
    assert!(story.contains(&"place_left:moved".to_owned()), "{story:?}");
    assert_eq!(daemon.queue("billing").await.waiting, 0);
}

#[tokio::test]
async fn a_rule_adds_a_queue_and_the_call_keeps_its_place() {
    let config = with_billing_rule(
        "name = \"help\"\nwhen = { waited = \"20s\" }\nthen = { add_queue = \"front-desk\" }",
    );
    let daemon = Daemon::start_fast(&config, 50).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;

    pbx.offer_call("c1", "billing").await;
    watcher.until("rule_fired", "c1").await;
    let call = &daemon.calls().await[0];
    let places: Vec<&str> = call.places.iter().map(|place| &*place.queue).collect();
    assert_eq!(places, ["billing", "front-desk"]);
    let _ben = daemon.agent("ben").await;
    assert_eq!(pbx.expect_offer().await.queue, "billing", "the place joined first");
}

#[tokio::test]
async fn a_rule_raises_the_priority() {
    let config =
        with_billing_rule("name = \"raise\"\nwhen = { waited = \"20s\" }\nthen = { priority = 8 }");
    let daemon = Daemon::start_fast(&config, 50).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;

    pbx.offer_call("c1", "billing").await;
    let changed = watcher.until("priority_changed", "c1").await;
    assert_eq!(changed.detail, "8");
    assert_eq!(daemon.calls().await[0].priority, 8);
}

#[tokio::test]
async fn the_last_rule_sends_the_call_away_and_the_adapter_is_told_how() {
    let config = CONFIG.replace("waited = \"5h\"", "waited = \"20s\"");
    let daemon = Daemon::start_fast(&config, 50).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;

    pbx.offer_call("c1", "billing").await;
    let end = pbx.expect_end().await;
    assert_eq!(end.call.as_ref().expect("it names the call").call_id, "c1");
    assert_eq!(end.treatment(), Treatment::Voicemail);
    assert_eq!(end.rule, "billing/give-up");
    assert_eq!(watcher.until("call_ended", "c1").await.detail, "overflowed");
    assert_eq!(daemon.queue("billing").await.overflowed, 1);

    pbx.offer_call("c1", "spanish").await;
    let end = pbx.expect_end().await;
    assert_eq!(end.treatment(), Treatment::Message, "the id may be used again");
    assert_eq!(end.rule, "spanish/give-up");

    // The PBX hangs up: acdd has forgotten the call, and says so to that message alone.
    pbx.end_call("c1").await;
    assert_eq!(pbx.expect_rejected().await.code, "unknown_call");
}

#[tokio::test]
async fn a_rule_that_falls_due_while_it_rings_waits_for_the_end_of_the_offer() {
    let config = with_billing_rule(
        "name = \"help\"\nwhen = { waited = \"20s\" }\nthen = { move_to = \"front-desk\" }",
    );
    let daemon = Daemon::start_fast(&config, 50).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    let _sam = daemon.agent("sam").await;

    pbx.offer_call("c1", "billing").await;
    let first = pbx.expect_offer().await;
    assert_eq!((&*first.agent, &*first.queue), ("ben", "billing"));
    // 50 seconds of the domain.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    pbx.declined(&first).await;
    let second = pbx.expect_offer().await;
    assert_eq!((&*second.agent, &*second.queue), ("sam", "front-desk"));
    watcher.until("rule_fired", "c1").await;
}

#[tokio::test]
async fn a_rule_is_active_while_many_wait_and_everybody_sees_it() {
    let config = with_billing_rule(
        "name = \"help\"\nwhen = { calls_waiting = 2, until = { calls_waiting = 1 } }\n\
         then = { add_queue = \"front-desk\", while_active = true }",
    );
    let daemon = Daemon::start(&config).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.offer_call("c2", "billing").await;
    watcher.until("rule_fired", "c2").await;
    assert_eq!(daemon.queue("billing").await.active_rules, ["help"]);
    assert_eq!(daemon.queue("front-desk").await.waiting, 2);

    pbx.end_call("c1").await;
    let left = watcher.until("place_left", "c2").await;
    assert_eq!((&*left.queue, &*left.detail), ("front-desk", "withdrawn"));
    assert!(daemon.queue("billing").await.active_rules.is_empty());
}

#[tokio::test]
async fn a_queue_that_is_closed_rejects_calls_and_stays_so_over_a_restart() {
    let config = with_billing_rule(
        "name = \"closed\"\nwhen = { closed = true }\nthen = { end = \"message\" }",
    );
    let mut daemon = Daemon::start_kept(&config, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    let server = daemon.grpc.to_string();
    let close = ["--server", &server, "queue", "close", "billing", "--reason", "fire alarm"];
    let closed = acdctl(&close);
    assert_eq!(String::from_utf8_lossy(&closed.stdout), "billing is closed\n", "{closed:?}");

    daemon.kill();
    let daemon = daemon.start_again().await;
    assert!(daemon.queue("billing").await.closed);
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("other").await;
    pbx.offer_call("c2", "billing").await;
    let end = pbx.expect_end().await;
    assert_eq!((end.treatment(), &*end.rule), (Treatment::Message, "billing/closed"));
    assert_eq!(watcher.until("call_ended", "c2").await.detail, "rejected");
    assert_eq!(daemon.queue("billing").await.rejected, 1);
    assert_eq!(daemon.queue("billing").await.waiting, 1, "who waited goes on waiting");

    let server = daemon.grpc.to_string();
    let opened = acdctl(&["--server", &server, "--json", "queue", "open", "billing"]);
    let opened: serde_json::Value = serde_json::from_slice(&opened.stdout).expect("JSON");
    assert_eq!((&opened["queue"], &opened["closed"]), (&"billing".into(), &false.into()));
    assert!(!daemon.queue("billing").await.closed);
    let unknown = acdctl(&["--server", &server, "queue", "open", "biling"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no queue `biling`"));
}

/// Callers who stand in line while nobody is answered make the wait longer and longer; until the rule
/// acts, a person is told what it waits for.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_acts_once_the_estimated_wait_is_long() {
    let config = with_billing_rule(
        "name = \"long\"\nwhen = { channel = \"voice\", estimated_wait = \"2m\" }\nthen = { priority = 8 }",
    );
    let daemon = Daemon::start_fast(&config, 20).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    pbx.offer_call("c1", "billing").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.offer_call("c2", "billing").await;
    pbx.everything_acknowledged().await;

    let server = daemon.grpc.to_string();
    let output = acdctl(&["--server", &server, "explain", "c2", "--adapter", "pbx"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let awaits = "The rule `long` waits until the estimated wait reaches 2m 00s (now ";
    assert!(text.contains(awaits), "{text}");
    watcher.until("priority_changed", "c2").await;
    assert_eq!(daemon.queue("billing").await.active_rules, ["long"]);
}
