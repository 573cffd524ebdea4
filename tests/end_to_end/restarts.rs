//! A daemon that ends and comes back: nobody loses his place, nothing happens twice.

use crate::CONFIG;
use crate::harness::{Daemon, call};
use crate::running::{errors, output};
use acd_proto::v1::adapter_order::Body as Down;
use acd_proto::v1::resync_leg::State as Leg;
use acd_proto::v1::{self as acd, CallState, SlotState};

fn names(calls: &[acd::Call]) -> Vec<&str> {
    calls.iter().map(|call| &*call.call.as_ref().expect("a name").call_id).collect()
}

#[tokio::test]
async fn calls_agents_and_ages_are_there_again_after_a_kill() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call_at("low", "billing", 2).await;
    pbx.offer_call("first", "spanish").await;
    pbx.offer_call("second", "spanish").await;
    pbx.everything_acknowledged().await;
    let _sam = daemon.agent("sam").await;
    let before = daemon.calls().await;
    let sam = daemon.agent_seen("sam").await;
    let hello = pbx.introduction();
    daemon.kill();

    let daemon = daemon.start_again().await;
    let after = daemon.calls().await;
    assert_eq!(before, after, "every call with its arrival, age, priority and places");
    assert_eq!(daemon.agent_seen("sam").await, sam, "and the agents");

    // Nothing is offered before the adapter has said what it holds.
    let mut pbx = daemon.welcome(hello).await;
    assert!(!pbx.welcome.resumed, "orders of the former epoch are void");
    assert_eq!(pbx.welcome.received, pbx.sent, "what was acknowledged is there");
    let _ana = daemon.agent("ana").await;
    let calls = ["low", "first", "second"].map(|id| call(id, "billing")).to_vec();
    let (resynced, before) = pbx.resync(calls, Vec::new()).await;
    assert_eq!((resynced.calls_known, resynced.calls_vanished), (3, 0));
    assert!(before.is_empty(), "no order came before: {before:?}");
    let offer = pbx.expect_offer().await;
    assert_eq!(offer.call.as_ref().expect("a name").call_id, "first", "the order is kept");
    pbx.answer(&offer).await;
    pbx.everything_acknowledged().await;
}

#[tokio::test]
async fn an_offer_found_ringing_goes_on_and_rings_once() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.everything_acknowledged().await;
    let hello = pbx.introduction();
    daemon.kill();

    let daemon = daemon.start_again().await;
    let mut pbx = daemon.welcome(hello).await;
    let leg = pbx.leg("c1", "sam", Leg::Ringing);
    let (_, orders) = pbx.resync(vec![call("c1", "front-desk")], vec![leg]).await;
    let [Down::Offer(again)] = &orders[..] else { panic!("one offer goes on: {orders:?}") };
    assert!(again.adopted, "it is not to ring a second time");
    assert_eq!((&again.agent, again.ring_until), (&offer.agent, offer.ring_until));
    pbx.answer(again).await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.queue("front-desk").await.answered, 1);
}

#[tokio::test]
async fn an_answer_given_while_the_daemon_was_away_counts() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    pbx.offer_call("c1", "front-desk").await;
    pbx.expect_offer().await;
    pbx.everything_acknowledged().await;
    let hello = pbx.introduction();
    daemon.kill();

    let daemon = daemon.start_again().await;
    let mut pbx = daemon.welcome(hello).await;
    let leg = pbx.leg("c1", "sam", Leg::Answered);
    let (_, orders) = pbx.resync(vec![call("c1", "front-desk")], vec![leg]).await;
    let offer = match &orders[..] {
        [Down::Offer(offer), Down::Connect(_)] => offer.clone(),
        [Down::Offer(offer)] => {
            pbx.expect_connect().await;
            offer.clone()
        }
        other => panic!("the offer goes on and leads to a connect: {other:?}"),
    };
    pbx.bridged(&offer).await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.queue("front-desk").await.connected, 1);
}

#[tokio::test]
async fn a_conversation_goes_on_over_a_restart() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.everything_acknowledged().await;
    let talking = daemon.agent_seen("sam").await;
    let hello = pbx.introduction();
    daemon.kill();

    let daemon = daemon.start_again().await;
    assert_eq!(daemon.agent_seen("sam").await, talking);
    let mut pbx = daemon.welcome(hello).await;
    let leg = pbx.leg("c1", "sam", Leg::Talking);
    let (_, orders) = pbx.resync(vec![call("c1", "front-desk")], vec![leg]).await;
    assert!(orders.is_empty(), "a conversation needs no order: {orders:?}");
    pbx.end_call("c1").await;
    pbx.everything_acknowledged().await;
    let sam = daemon.agent_seen("sam").await;
    assert_eq!(sam.slots[0].state(), SlotState::WrapUp);
}

#[tokio::test]
async fn what_the_pbx_does_not_have_any_more_has_vanished() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    pbx.offer_call("talks", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.offer_call("waits", "front-desk").await;
    pbx.everything_acknowledged().await;
    let hello = pbx.introduction();
    daemon.kill();

    let daemon = daemon.start_again().await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.welcome(hello).await;
    let (resynced, _) = pbx.resync(Vec::new(), Vec::new()).await;
    assert_eq!(resynced.calls_vanished, 2);
    let ended = watcher.until("call_ended", "waits").await;
    assert_eq!(ended.detail, "vanished");
    assert!(daemon.calls().await.is_empty());
    let sam = daemon.agent_seen("sam").await;
    assert_eq!(sam.slots[0].state(), SlotState::WrapUp, "he is free again soon");
}

#[tokio::test]
async fn what_acdd_never_heard_of_is_adopted_with_its_age() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("known", "front-desk").await;
    pbx.everything_acknowledged().await;
    let hello = pbx.introduction();
    daemon.kill();

    let daemon = daemon.start_again().await;
    let mut pbx = daemon.welcome(hello).await;
    let hour = prost_types::Duration { seconds: 3_600, nanos: 0 };
    let older = acd::CallOffered { waited: Some(hour), ..call("older", "front-desk") };
    let (resynced, _) = pbx.resync(vec![call("known", "front-desk"), older], Vec::new()).await;
    assert_eq!((resynced.calls_known, resynced.calls_adopted), (1, 1));
    let _sam = daemon.agent("sam").await;
    let offer = pbx.expect_offer().await;
    assert_eq!(offer.call.expect("a name").call_id, "older", "it has waited longest");
}

#[tokio::test]
async fn an_adapter_that_stays_away_does_not_keep_the_others_waiting_for_ever() {
    let config = CONFIG.replace("[routing]", "[routing]\nrecovery_grace = \"2s\"");
    let mut daemon = Daemon::start_kept(&config, &[]).await;
    let mut here = daemon.adapter("here").await;
    let mut away = daemon.adapter("away").await;
    away.offer_call("held-away", "front-desk").await;
    away.everything_acknowledged().await;
    here.offer_call("held-here", "front-desk").await;
    here.everything_acknowledged().await;
    let hello = here.introduction();
    daemon.kill();

    let daemon = daemon.start_again().await;
    let status = daemon.status().await;
    assert_eq!(status.health, "recovering");
    assert!(status.health_reason.contains("away"), "{}", status.health_reason);
    let mut here = daemon.welcome(hello).await;
    let _sam = daemon.agent("sam").await;
    here.resync(vec![call("held-here", "front-desk")], Vec::new()).await;
    let offer = here.expect_offer().await;
    assert_eq!(offer.call.expect("a name").call_id, "held-here", "the other's calls wait on");
    assert_eq!(daemon.status().await.health, "serving");
    assert_eq!(names(&daemon.calls().await), ["held-away", "held-here"]);
}

#[tokio::test]
async fn a_clean_stop_is_a_restart_too() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "front-desk").await;
    pbx.everything_acknowledged().await;
    let before = daemon.calls().await;
    daemon.signal("TERM");
    assert!(daemon.exit().await.success(), "{}", daemon.log());

    let daemon = daemon.start_again().await;
    assert_eq!(daemon.calls().await, before);
    assert!(daemon.log().contains("commands=0"), "nothing is left to fold: {}", daemon.log());
}

#[tokio::test]
async fn a_configuration_that_was_edited_meanwhile_takes_over_the_calls() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "billing").await;
    pbx.everything_acknowledged().await;
    let hello = pbx.introduction();
    daemon.kill();

    // Sam learns billing, and another queue comes first.
    let config = CONFIG
        .replace("sam = { name", "sam = { skills = { billing = 4 }, name")
        .replace("[queues.front-desk]\n", "[queues.new-one]\n[queues.front-desk]\n");
    let daemon = daemon.start_again_with(Some(&config)).await;
    let mut pbx = daemon.welcome(hello).await;
    pbx.resync(vec![call("c1", "billing")], Vec::new()).await;
    let calls = daemon.calls().await;
    assert_eq!(calls[0].places[0].queue, "billing");
    let _sam = daemon.agent("sam").await;
    assert_eq!(pbx.expect_offer().await.agent, "sam");
}

#[tokio::test]
async fn a_configuration_without_a_queue_that_calls_are_in_is_refused() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "spanish").await;
    pbx.everything_acknowledged().await;
    daemon.kill();

    let config = CONFIG.replace("[queues.spanish]", "[queues.espanol]");
    let config = config.replace("[[queues.spanish.rules]]", "[[queues.espanol.rules]]");
    let refused = daemon.start_again_in_vain(&config);
    assert!(refused.contains("queue `spanish`"), "{refused}");
    assert!(refused.contains("start with the former configuration"), "{refused}");
}

#[tokio::test]
async fn a_call_sent_away_stays_away() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "front-desk").await;
    pbx.everything_acknowledged().await;
    let hello = pbx.introduction();
    let request = acd::EndCallRequest {
        call: Some(acd::CallRef { adapter: "pbx".into(), call_id: "c1".into() }),
        treatment: acd::Treatment::Voicemail.into(),
        actor: Some(acd::Actor { name: "sue".into(), reason: "flood".into() }),
        ..Default::default()
    };
    daemon.supervisor().await.end_call(request).await.expect("she may");
    daemon.kill();

    // The order to do so never reached the PBX.
    let daemon = daemon.start_again().await;
    let mut pbx = daemon.welcome(hello).await;
    let (resynced, orders) = pbx.resync(vec![call("c1", "front-desk")], Vec::new()).await;
    assert_eq!(resynced.calls_adopted, 0);
    let [Down::End(end)] = &orders[..] else { panic!("it is ended again: {orders:?}") };
    assert_eq!(end.treatment(), acd::Treatment::Voicemail);
    assert!(daemon.calls().await.is_empty());
}

#[tokio::test]
async fn calls_of_the_built_in_adapter_are_kept_too() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let request =
        acd::OfferCallRequest { call: Some(call("by-hand", "front-desk")), ..Default::default() };
    daemon.manual().await.offer_call(request).await.expect("a queue that is there");
    daemon.kill();

    let daemon = daemon.start_again().await;
    let mut sam = daemon.agent("sam").await;
    let mut watcher = daemon.watcher().await;
    while watcher.calls.values().all(|call| call.state() != CallState::Offering) {
        watcher.take_in().await;
    }
    sam.accept(0).await.expect("it is offered to him");
    watcher.until("call_connected", "by-hand").await;
}

#[tokio::test]
async fn two_daemons_cannot_share_a_folder() {
    let daemon = Daemon::start_kept(CONFIG, &[]).await;
    let journal = daemon.journal();
    let any = "127.0.0.1:0";
    let journal = journal.to_str().expect("UTF-8");
    let second = output(&["--journal", journal, "--listen", any, "--http", any]);
    assert_eq!(second.status.code(), Some(1));
    assert!(errors(&second).contains("another acdd"), "{}", errors(&second));
}
