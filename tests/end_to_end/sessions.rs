//! A session over several streams: at least once on the wire, exactly once in effect.

use crate::CONFIG;
use crate::harness::{Adapter, Daemon, Hello, call};
use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::adapter_order::Body as Down;
use acd_proto::v1::resync_leg::State as Leg;
use acd_proto::v1::{AdapterMessage, Heartbeat};
use std::time::Duration;
use tonic::Code;

#[tokio::test]
async fn a_session_begins_with_a_welcome() {
    let daemon = Daemon::start_fast(CONFIG, 3).await;
    let pbx = daemon.adapter("pbx").await;
    assert!(!pbx.welcome.resumed);
    assert_eq!(pbx.welcome.received, 0);
    assert!((pbx.welcome.clock_scale - 3.0).abs() < f64::EPSILON);
    let heartbeat = pbx.welcome.heartbeat_every.expect("a length");
    assert_eq!((heartbeat.seconds, heartbeat.nanos), (5, 0));
    assert!(pbx.welcome.now.expect("a time").seconds > 1_700_000_000);
    assert!(pbx.epoch() > 0);
}

#[tokio::test]
async fn orders_that_were_not_taken_in_come_again() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    let _ana = daemon.agent("ana").await;
    pbx.offer_call("c1", "billing").await;
    let first = pbx.expect_offer().await;
    pbx.offer_call("c2", "billing").await;
    let mut watcher = daemon.watcher().await;
    if watcher.calls.values().filter(|call| call.offer_number > 0).count() < 2 {
        watcher.until("offer_issued", "c2").await;
    }

    // The stream breaks after the first offer was taken in and before the second one was.
    let mut pbx = pbx.lose_connection().resume(&daemon).await;
    let second = pbx.expect_offer().await;
    assert_eq!(second.call.as_ref().expect("a name").call_id, "c2");
    assert_eq!(second.offer_number, first.offer_number + 1);

    // Both go on as if nothing had happened, and nothing comes twice.
    pbx.answer(&first).await;
    pbx.answer(&second).await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.queue("billing").await.answered, 2);
}

#[tokio::test]
async fn messages_that_are_sent_again_have_no_second_effect() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let body = Some(Up::CallOffered(call("c1", "billing")));
    pbx.sent += 1;
    let message = AdapterMessage { number: pbx.sent, ack: 0, body };
    for _ in 0..3 {
        pbx.send_raw(message.clone()).await;
    }
    pbx.end_call("c1").await;
    pbx.everything_acknowledged().await;
    let mut pbx = pbx.lose_connection().resume(&daemon).await;
    assert_eq!(pbx.welcome.received, pbx.sent);
    pbx.send_raw(message).await;
    pbx.offer_call("c2", "billing").await;
    pbx.everything_acknowledged().await;

    watcher.until("call_arrived", "c2").await;
    let arrivals = watcher.events.iter().filter(|event| event.kind == "call_arrived").count();
    assert_eq!(arrivals, 2, "c1 once and c2 once");
}

#[tokio::test]
async fn what_was_sent_into_a_broken_stream_is_sent_again() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    for number in 0..50 {
        pbx.offer_call(&format!("c{number}"), "billing").await;
    }
    let mut pbx = pbx.lose_connection().resume(&daemon).await;
    pbx.everything_acknowledged().await;
    assert_eq!(daemon.queue("billing").await.entered, 50);
    assert_eq!(daemon.calls().await.len(), 50);
}

#[tokio::test]
async fn an_adapter_that_closes_its_stream_is_told_that_all_it_said_is_durable() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    for number in 0..100 {
        pbx.offer_call(&format!("c{number}"), "billing").await;
    }
    pbx.finish();
    assert_eq!(pbx.expect_end_of_stream().await.code(), Code::Ok);
    assert_eq!(pbx.acknowledged, pbx.sent);
}

#[tokio::test]
async fn calls_wait_on_while_their_adapter_is_away() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "front-desk").await;
    pbx.everything_acknowledged().await;
    let mut watcher = daemon.watcher().await;
    let away = pbx.lose_connection();
    while !watcher.events.iter().any(|event| event.kind == "adapter_down") {
        watcher.take_in().await;
    }

    let _sam = daemon.agent("sam").await;
    let queue = daemon.queue("front-desk").await;
    assert_eq!((queue.waiting, queue.offering), (1, 0), "nobody could bridge it");

    let mut pbx = away.resume(&daemon).await;
    assert_eq!(pbx.expect_offer().await.agent, "sam");
}

#[tokio::test]
async fn a_new_process_counts_from_one_and_what_it_does_not_ring_is_offered_anew() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut old = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    old.offer_call("c1", "front-desk").await;
    let before = old.expect_offer().await;
    drop(old.lose_connection());

    let mut new = daemon.welcome(Hello::of("pbx")).await;
    assert!(!new.welcome.resumed);
    assert_eq!(new.welcome.received, 0);
    // The PBX still has the caller; the phone has stopped ringing.
    let (resynced, orders) = new.resync(vec![call("c1", "front-desk")], Vec::new()).await;
    assert_eq!((resynced.calls_known, resynced.calls_vanished), (1, 0));
    assert!(orders.is_empty(), "no leg goes on: {orders:?}");
    let ended = watcher.until("offer_ended", "c1").await;
    assert_eq!(ended.detail, "revoked_adapter_restarted");
    let again = new.expect_offer().await;
    assert!(again.offer_number > before.offer_number && !again.adopted);
    new.answer(&again).await;
    new.everything_acknowledged().await;
}

#[tokio::test]
async fn a_new_process_that_finds_a_phone_ringing_goes_on_with_it() {
    let daemon = Daemon::start(CONFIG).await;
    let mut old = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    old.offer_call("c1", "front-desk").await;
    let before = old.expect_offer().await;
    drop(old.lose_connection());

    let mut new = daemon.welcome(Hello::of("pbx")).await;
    let leg = new.leg("c1", "sam", Leg::Ringing);
    let (_, orders) = new.resync(vec![call("c1", "front-desk")], vec![leg]).await;
    let [Down::Offer(again)] = &orders[..] else { panic!("one offer goes on: {orders:?}") };
    assert!(again.adopted);
    assert_eq!(again.offer_number, before.offer_number, "it is the same offer");
    new.answer(again).await;
    new.everything_acknowledged().await;
}

#[tokio::test]
async fn a_second_session_of_the_same_adapter_takes_over() {
    let daemon = Daemon::start(CONFIG).await;
    let mut first = daemon.adapter("pbx").await;
    first.offer_call("c1", "front-desk").await;
    first.everything_acknowledged().await;

    let hello = first.introduction();
    let mut second = daemon.open_session(hello).await.expect("it takes over");
    assert_eq!(first.expect_end_of_stream().await.code(), Code::Aborted);
    assert!(second.welcome.resumed, "it is the same process");
    assert_eq!(second.welcome.received, first.sent);

    let _sam = daemon.agent("sam").await;
    let offer = second.expect_offer().await;
    second.answer(&offer).await;
    second.everything_acknowledged().await;
}

#[tokio::test]
async fn a_gap_in_the_numbers_ends_the_stream() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("c1", "front-desk").await;
    pbx.sent += 1;
    pbx.offer_call("c3", "front-desk").await;
    let status = pbx.expect_end_of_stream().await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains('4') && status.message().contains('3'), "{status}");
    assert_eq!(daemon.calls().await.len(), 1, "what came before the gap counts");
}

#[tokio::test]
async fn heartbeats_are_neither_numbered_nor_acknowledged() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    for _ in 0..3 {
        heartbeat(&mut pbx).await;
    }
    let before = pbx.acknowledged;
    assert_eq!(pbx.offer_call("c1", "front-desk").await, before + 1);
    pbx.everything_acknowledged().await;
    assert_eq!(pbx.acknowledged, before + 1);
}

async fn heartbeat(adapter: &mut Adapter) {
    let body = Some(Up::Heartbeat(Heartbeat {}));
    adapter.send_raw(AdapterMessage { number: 0, ack: adapter.taken, body }).await;
}

#[tokio::test]
async fn an_adapter_that_falls_silent_is_gone() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut silent = daemon.adapter("silent").await;
    let mut lively = daemon.adapter("lively").await;
    // Three heartbeats of 5 s, in real time, and at most one more until it is noticed.
    let status = loop {
        heartbeat(&mut lively).await;
        let ended = silent.expect_end_of_stream();
        if let Ok(status) = tokio::time::timeout(Duration::from_secs(1), ended).await {
            break status;
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
    while !watcher.events.iter().any(|event| event.kind == "adapter_down") {
        watcher.take_in().await;
    }
    lively.offer_call("c1", "front-desk").await;
    lively.everything_acknowledged().await;
}

#[tokio::test]
async fn an_adapter_that_has_seen_a_later_epoch_is_sent_away() {
    let daemon = Daemon::start(CONFIG).await;
    let mut hello = Hello::of("pbx");
    hello.0.epoch = daemon.adapter("other").await.epoch() + 1;
    let status = daemon.open_session(hello).await.err().expect("it is refused");
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains("epoch"), "{status}");
}

#[tokio::test]
async fn a_session_must_begin_with_a_valid_hello() {
    let daemon = Daemon::start(CONFIG).await;
    for (wrong, field) in [
        (Hello::of(""), "adapter"),
        (Hello::of("Upper"), "adapter"),
        (Hello::of(&"x".repeat(65)), "adapter"),
        (Hello(acd_proto::v1::Hello { incarnation: 0, ..Hello::of("pbx").0 }), "incarnation"),
        (
            Hello(acd_proto::v1::Hello { software: "x".repeat(129), ..Hello::of("pbx").0 }),
            "software",
        ),
    ] {
        let status = daemon.open_session(wrong).await.err().expect("it is refused");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains(field), "{status}");
    }
    let elsewhere = Hello(acd_proto::v1::Hello { domain: "other".into(), ..Hello::of("pbx").0 });
    let status = daemon.open_session(elsewhere).await.err().expect("it is refused");
    assert_eq!(status.code(), Code::NotFound);
}
