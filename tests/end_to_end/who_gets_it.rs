//! Who is offered a call: agents kept free, the one whom it is for, several at once.

use crate::harness::{Adapter, Daemon, call};
use acd_proto::v1::revoke::Reason;
use acd_proto::v1::{self as acd};

/// Two agents and one queue, whose table goes on with `more`.
fn config(more: &str) -> String {
    format!(
        r#"
[routing]
missed_offers = "stay_ready"

[queues.desk]
ring = "10m"
{more}

[[queues.desk.rules]]
name = "give-up"
when = {{ waited = "5h" }}
then = {{ end = "voicemail" }}

[agents]
ana = {{}}
ben = {{}}
"#
    )
}

/// Comes from this caller, and is talked over to its end; says by whom.
async fn is_handled(pbx: &mut Adapter, call_id: &str, caller: &str) -> String {
    let caller = caller.to_owned();
    pbx.offer_call_with(acd::CallOffered { caller, ..call(call_id, "desk") }).await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.end_call(call_id).await;
    pbx.everything_acknowledged().await;
    offer.agent
}

#[tokio::test]
async fn the_last_agent_is_kept_free_for_what_is_urgent() {
    let keeps = config("keep_free = { agents = 1, for_priority = 8 }");
    let daemon = Daemon::start(&keeps).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ana = daemon.agent("ana").await;
    pbx.offer_call("plain", "desk").await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.queue("desk").await.waiting, 1, "ana is the last one");
    pbx.offer_call_at("urgent", "desk", 8).await;
    let offer = pbx.expect_offer().await;
    assert_eq!(offer.call.as_ref().expect("it names its call").call_id, "urgent");
    pbx.answer(&offer).await;
    pbx.end_call("urgent").await;
    pbx.everything_acknowledged().await;
    let _ben = daemon.agent("ben").await;
    let offer = pbx.expect_offer().await;
    assert_eq!(offer.call.expect("it names its call").call_id, "plain", "one is left");
}

#[tokio::test]
async fn a_caller_comes_back_to_the_agent_who_had_him() {
    let remembers = config("affinity = { window = \"7d\", wait = \"5h\" }");
    let daemon = Daemon::start(&remembers).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ana = daemon.agent("ana").await;
    assert_eq!(is_handled(&mut pbx, "c1", "+15550100").await, "ana");
    // She has been idle longer than he, and then he longer than she.
    let _ben = daemon.agent("ben").await;
    assert_eq!(is_handled(&mut pbx, "c2", "+15550101").await, "ana", "idle since her call");
    assert_eq!(is_handled(&mut pbx, "c3", "+15550102").await, "ben");
    let awaited = is_handled(&mut pbx, "c4", "+15550102").await;
    assert_eq!(awaited, "ben", "he had this caller");
    assert_eq!(watcher.until("agent_awaited", "c4").await.agent, "ben");
}

#[tokio::test]
async fn a_call_waits_for_the_agent_whom_it_is_for() {
    let daemon = Daemon::start(&config("affinity = { wait = \"5h\" }")).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ana = daemon.agent("ana").await;
    let mut ben = daemon.agent("ben").await;
    let preferred_agent = "ben".to_owned();
    pbx.offer_call("c1", "desk").await;
    let first = pbx.expect_offer().await;
    assert_eq!(first.agent, "ana");
    pbx.offer_call("c2", "desk").await;
    let second = pbx.expect_offer().await;
    assert_eq!(second.agent, "ben");
    pbx.answer(&second).await;
    pbx.offer_call_with(acd::CallOffered { preferred_agent, ..call("his", "desk") }).await;
    assert_eq!(watcher.until("agent_awaited", "his").await.agent, "ben");
    // What rings at Ana is given up, and she is free: the call is none of hers.
    pbx.end_call("c1").await;
    assert_eq!(pbx.expect_revoke().await.offer_number, first.offer_number);
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.agent_seen("ana").await.state, "ready");
    assert_eq!(daemon.calls().await[1].awaits_agent, "ben");
    // Ben goes home: nobody is waited for any more.
    ben.log_out().await.expect("he may, once he is done");
    pbx.end_call("c2").await;
    let offer = pbx.expect_offer().await;
    assert_eq!((&*offer.agent, &*offer.call.expect("it names it").call_id), ("ana", "his"));
}

#[tokio::test]
async fn a_call_rings_at_two_and_the_first_to_accept_has_it() {
    let daemon = Daemon::start(&config("broadcast = 2")).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut ana = daemon.agent("ana").await;
    let mut ben = daemon.agent("ben").await;
    pbx.offer_call("c1", "desk").await;
    let (to_ana, to_ben) = (pbx.expect_offer().await, pbx.expect_offer().await);
    assert_eq!([&*to_ana.agent, &*to_ben.agent], ["ana", "ben"], "longest idle first");
    let row = &daemon.calls().await[0];
    assert_eq!((&*row.agent, &*row.also_offered_to), ("ana", &["ben".to_owned()][..]));

    ben.accept(to_ben.offer_number).await.expect("it is out to him");
    let revoked = pbx.expect_revoke().await;
    assert_eq!(revoked.offer_number, to_ana.offer_number);
    assert_eq!(revoked.reason(), Reason::AnsweredElsewhere);
    assert_eq!(pbx.expect_connect().await.agent, "ben");
    pbx.bridged(&to_ben).await;
    watcher.until("call_connected", "c1").await;
    let late = ana.accept(to_ana.offer_number).await.expect_err("too late");
    assert!(late.message().contains("another agent"), "{late:?}");
    assert_eq!(daemon.agent_seen("ana").await.state, "ready");
}
