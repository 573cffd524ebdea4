//! A session whose daemon starts anew: numbers go on, and the adapter says what it holds.

use crate::fake::{Stream, daemon};
use crate::session::{connected, ended, ended_up, offer, options};
use acd_adapter::{
    AdapterSession, ConnectError, HeldCall, HeldLeg, LegState, OfferKey, OfferOutcome, Report,
    Resync, ResyncPart, SendError, SessionEvent, SessionEvents, UNACKNOWLEDGED_MAX,
};
use acd_proto::v1;
use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::adapter_order::Body as Down;
use std::time::Duration;
use tokio::sync::mpsc;

fn held_call(call_id: &str) -> HeldCall {
    HeldCall {
        call_id: call_id.to_owned(),
        queue: "billing".to_owned(),
        numbers: acd_adapter::Numbers::default(),
        priority: Some(7),
        attributes: [].into(),
        waited: Duration::from_secs(90),
        talks: true,
    }
}

fn held_leg(call_id: &str) -> HeldLeg {
    let call = v1::CallRef { adapter: "pbx-a".to_owned(), call_id: call_id.to_owned() };
    HeldLeg { call, agent: "ana".to_owned(), state: LegState::Talking }
}

fn resync(calls: &[&str], legs: &[&str]) -> Resync {
    Resync {
        calls: calls.iter().map(|call| held_call(call)).collect(),
        legs: legs.iter().map(|call| held_leg(call)).collect(),
    }
}

/// What a message names, in short.
fn word(body: &Up) -> String {
    match body {
        Up::CallOffered(call) => format!("offered {}", call.call_id),
        Up::CallEnded(call) => format!("ended {}", call.call_id),
        Up::ResyncCall(held) => {
            let call = held.call.as_ref().expect("a call");
            format!("call {} for {}", call.call_id, held.resync)
        }
        Up::ResyncLeg(leg) => {
            let call = leg.call.as_ref().expect("a call");
            format!("leg {} for {}", call.call_id, leg.resync)
        }
        Up::ResyncDone(done) => format!("done for {}", done.resync),
        other => panic!("unexpected {other:?}"),
    }
}

/// The next numbered messages.
async fn words(stream: &mut Stream, count: usize) -> Vec<(u64, String)> {
    let mut words = Vec::new();
    while words.len() < count {
        let message = stream.message().await;
        if message.number > 0 {
            words.push((message.number, word(message.body.as_ref().expect("it says something"))));
        }
    }
    words
}

fn numbered(from: u64, words: &[&str]) -> Vec<(u64, String)> {
    (from..).zip(words.iter().map(ToString::to_string)).collect()
}

/// The next stream, welcomed as that of a daemon in this epoch.
async fn anew(streams: &mut mpsc::Receiver<Stream>, epoch: u64, received: u64) -> Stream {
    let mut stream = streams.recv().await.expect("another stream");
    stream.hello().await;
    stream.welcome(epoch, false, received).await;
    stream
}

/// Reads events until the stream of this epoch is open.
async fn until_connected(events: &mut SessionEvents, of: u64) {
    loop {
        match events.recv().await.expect("the session lives") {
            SessionEvent::Connected { epoch, resumed, .. } if epoch == of => {
                assert!(!resumed);
                return;
            }
            SessionEvent::Connected { .. }
            | SessionEvent::Disconnected { retrying: true, .. }
            | SessionEvent::Acknowledged { .. } => {}
            other => panic!("unexpected {other:?}"),
        }
    }
}

#[tokio::test]
async fn numbers_go_on_and_what_is_not_durable_is_sent_again() {
    let (server, mut streams) = daemon().await;
    let (sender, mut events, mut stream) = connected(&server, &mut streams).await;
    let mut ids = Vec::new();
    for call in ["a", "b", "c"] {
        ids.push(sender.send(ended(call)).await.expect("in line"));
        stream.report().await;
    }
    stream.acknowledge(1).await;
    assert_eq!(events.recv().await, Some(SessionEvent::Acknowledged { up_to: ids[0] }));
    stream.break_off().await;
    let mut again = anew(&mut streams, 2, 2).await;
    assert_eq!(again.report().await, (3, ended_up("c")));
    let fourth = sender.send(ended("d")).await.expect("in line");
    assert_eq!(again.report().await, (4, ended_up("d")));
    until_connected(&mut events, 2).await;
    assert_eq!(events.recv().await, Some(SessionEvent::Acknowledged { up_to: ids[1] }));
    let rejected = v1::Rejected { rejected_number: 4, ..v1::Rejected::default() };
    again.order(1, 3, Down::Rejected(rejected)).await;
    let event = events.recv().await;
    assert!(matches!(event, Some(SessionEvent::Rejected { id, .. }) if id == fourth), "{event:?}");
    assert_eq!(events.recv().await, Some(SessionEvent::Acknowledged { up_to: ids[2] }));
}

#[tokio::test]
async fn a_report_about_an_offer_of_before_says_of_which_epoch_it_was() {
    let (server, mut streams) = daemon().await;
    let (sender, mut events, stream) = connected(&server, &mut streams).await;
    stream.order(1, 0, offer(5)).await;
    assert!(matches!(events.recv().await, Some(SessionEvent::Offer { .. })));
    stream.break_off().await;
    let mut again = anew(&mut streams, 2, 0).await;
    until_connected(&mut events, 2).await;
    let old = OfferKey { epoch: 1, number: 5 };
    let outcome = OfferOutcome::Accepted;
    let id = sender.send(Report::OfferResult { offer: old, outcome }).await.expect("in line");
    sender.send(Report::CallBridged { offer: old }).await.expect("in line");
    sender.send(Report::ConnectFailed { offer: old }).await.expect("in line");
    let Up::OfferResult(result) = again.report().await.1 else { panic!("it comes first") };
    assert_eq!((result.offer_number, result.offer_epoch), (5, 1));
    let Up::CallBridged(bridged) = again.report().await.1 else { panic!("it comes second") };
    assert_eq!((bridged.offer_number, bridged.offer_epoch), (5, 1));
    let Up::ConnectFailed(failed) = again.report().await.1 else { panic!("it comes third") };
    assert_eq!((failed.offer_number, failed.offer_epoch), (5, 1));
    let code = "offer_over".to_owned();
    let rejected = v1::Rejected { rejected_number: 1, code: code.clone(), ..Default::default() };
    again.order(1, 1, Down::Rejected(rejected)).await;
    let (message, field) = (String::new(), String::new());
    assert_eq!(events.recv().await, Some(SessionEvent::Rejected { id, code, message, field }));
}

#[tokio::test]
async fn a_call_that_is_sent_late_says_how_long_it_was_kept() {
    let (server, mut streams) = daemon().await;
    let (sender, _events, mut stream) = connected(&server, &mut streams).await;
    let offered = |call_id: &str, waited| Report::CallOffered {
        call_id: call_id.to_owned(),
        queue: "billing".to_owned(),
        numbers: acd_adapter::Numbers::default(),
        priority: None,
        attributes: [].into(),
        waited,
    };
    let waited_of = |body: Up| match body {
        Up::CallOffered(call) => call.waited.map(|waited| waited.seconds),
        other => panic!("expected a call, got {other:?}"),
    };
    sender.send(offered("given", Some(Duration::from_secs(7)))).await.expect("in line");
    assert!(waited_of(stream.report().await.1) >= Some(7));
    sender.send(offered("kept", Some(Duration::from_secs(1_000)))).await.expect("in line");
    sender.send(offered("too-long", Some(Duration::MAX))).await.expect("in line");
    stream.break_off().await;
    // The scale is 600: what is kept for a fifth of a second has waited two minutes longer.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut again = anew(&mut streams, 2, 0).await;
    assert!(waited_of(again.report().await.1) >= Some(7 + 120));
    assert!(waited_of(again.report().await.1) >= Some(1_000 + 120));
    assert_eq!(waited_of(again.report().await.1), Some(7 * 86_400), "more is not allowed");
}

#[tokio::test]
async fn a_resync_follows_what_is_sent_again_and_is_answered() {
    let (server, mut streams) = daemon().await;
    let (sender, mut events, stream) = connected(&server, &mut streams).await;
    for call in ["a", "b"] {
        sender.send(ended(call)).await.expect("in line");
    }
    stream.break_off().await;
    let mut again = anew(&mut streams, 2, 1).await;
    until_connected(&mut events, 2).await;
    let resync = resync(&["x", "y"], &["x"]);
    let ids = sender.resync(resync).await.expect("it is due").expect("the daemon is the same");
    sender.send(ended("z")).await.expect("in line");
    assert_eq!(
        words(&mut again, 6).await,
        numbered(
            2,
            &["ended b", "call x for 2", "call y for 2", "leg x for 2", "done for 2", "ended z"]
        )
    );
    assert!(matches!(events.recv().await, Some(SessionEvent::Acknowledged { .. })));
    for (order, number, part) in
        [(1, 4, ResyncPart::Call(1)), (2, 5, ResyncPart::Leg(0)), (3, 6, ResyncPart::Done)]
    {
        let rejected = v1::Rejected { rejected_number: number, ..v1::Rejected::default() };
        again.order(order, 0, Down::Rejected(rejected)).await;
        let Some(SessionEvent::Rejected { id, .. }) = events.recv().await else {
            panic!("it was rejected")
        };
        assert_eq!(ids.part(id), Some(part));
    }
    let resynced = v1::Resynced { calls_known: 1, calls_adopted: 2, calls_vanished: 3 };
    again.order(4, 6, Down::Resynced(resynced)).await;
    assert_eq!(
        events.recv().await,
        Some(SessionEvent::Resynced { known: 1, adopted: 2, vanished: 3 })
    );
    assert_eq!(events.recv().await, Some(SessionEvent::Acknowledged { up_to: ids.done() }));
}

#[tokio::test]
async fn a_resync_says_all_of_a_call_and_of_a_leg() {
    let (server, mut streams) = daemon().await;
    let (sender, _events, mut stream) = connected(&server, &mut streams).await;
    sender.resync(resync(&["x"], &["x"])).await.expect("the first welcome is not resumed");
    let Up::ResyncCall(v1::ResyncCall { call: Some(call), resync: 1 }) = stream.report().await.1
    else {
        panic!("the call comes first")
    };
    assert_eq!((call.call_id.as_str(), call.queue.as_str()), ("x", "billing"));
    assert_eq!(call.priority, Some(7));
    assert_eq!(call.waited, Some(prost_types::Duration { seconds: 90, nanos: 0 }));
    let Up::ResyncLeg(leg) = stream.report().await.1 else { panic!("then the leg") };
    assert_eq!((leg.agent.as_str(), leg.state()), ("ana", LegState::Talking));
    assert_eq!(leg.call.expect("its call").adapter, "pbx-a");
}

#[tokio::test]
async fn one_resync_is_taken_after_each_connection_that_is_not_resumed() {
    let (server, mut streams) = daemon().await;
    let (sender, mut events, stream) = connected(&server, &mut streams).await;
    sender.resync(Resync::default()).await.expect("it is due");
    assert_eq!(sender.resync(Resync::default()).await, Err(SendError::NoResyncDue));
    stream.break_off().await;
    let mut again = streams.recv().await.expect("another stream");
    again.hello().await;
    again.welcome(1, true, 0).await;
    assert_eq!(
        words(&mut again, 1).await,
        numbered(1, &["done for 1"]),
        "a resumed stream goes on"
    );
    again.acknowledge(1).await;
    while !matches!(events.recv().await, Some(SessionEvent::Acknowledged { .. })) {}
    assert_eq!(sender.resync(Resync::default()).await, Err(SendError::NoResyncDue));
    again.break_off().await;
    let mut third = anew(&mut streams, 2, 1).await;
    until_connected(&mut events, 2).await;
    sender.resync(Resync::default()).await.expect("it is due");
    assert_eq!(words(&mut third, 1).await, numbered(2, &["done for 2"]));
}

#[tokio::test]
async fn what_is_left_of_a_resync_is_sent_again_as_part_of_that_one() {
    let (server, mut streams) = daemon().await;
    let (sender, mut events, stream) = connected(&server, &mut streams).await;
    sender.resync(resync(&["x", "y"], &[])).await.expect("it is due");
    sender.send(ended("x")).await.expect("in line");
    stream.break_off().await;
    // The daemon has kept `x`, and asks anew in its new life.
    let mut again = anew(&mut streams, 2, 1).await;
    until_connected(&mut events, 2).await;
    sender.resync(resync(&["y"], &[])).await.expect("it is due");
    assert_eq!(
        words(&mut again, 5).await,
        numbered(2, &["call y for 1", "done for 1", "ended x", "call y for 2", "done for 2"])
    );
}

#[tokio::test]
async fn a_resync_for_a_daemon_that_is_gone_is_left_to_the_next_connection() {
    let (server, mut streams) = daemon().await;
    let (sender, mut events, stream) = connected(&server, &mut streams).await;
    stream.break_off().await;
    let mut again = anew(&mut streams, 2, 0).await;
    sender.send(ended("a")).await.expect("in line");
    assert_eq!(again.report().await, (1, ended_up("a")), "so the second epoch has begun");
    let too_late = sender.resync(resync(&["x"], &[])).await;
    assert_eq!(too_late, Ok(None), "this one was asked for by the first");
    until_connected(&mut events, 2).await;
    sender.resync(resync(&["y"], &[])).await.expect("it is due");
    assert_eq!(words(&mut again, 2).await, numbered(2, &["call y for 2", "done for 2"]));
}

#[tokio::test]
async fn a_resync_of_more_than_may_be_unacknowledged_waits_for_the_daemon() {
    const CALLS: usize = 100_000;
    const { assert!(CALLS > UNACKNOWLEDGED_MAX) };
    let (server, mut streams) = daemon().await;
    let (sender, _events, mut stream) = connected(&server, &mut streams).await;
    let calls = (0..CALLS).map(|call| held_call(&call.to_string())).collect();
    let resync = tokio::spawn({
        let sender = sender.clone();
        async move { sender.resync(Resync { calls, legs: Vec::new() }).await }
    });
    let (first, body) = stream.report().await;
    assert_eq!((first, word(&body)), (1, "call 0 for 1".to_owned()));
    // Nothing comes between the parts.
    let beside = tokio::spawn(async move { sender.send(ended("beside")).await });
    for call in 1..CALLS {
        let (number, body) = stream.report().await;
        assert_eq!(number, call as u64 + 1);
        assert!(matches!(body, Up::ResyncCall(_)), "{body:?} came between");
        if number % 1_000 == 0 {
            stream.acknowledge(number).await;
        }
    }
    assert_eq!(
        words(&mut stream, 2).await,
        numbered(CALLS as u64 + 1, &["done for 1", "ended beside"])
    );
    let ids = resync.await.expect("it ran").expect("it was due").expect("the daemon is the same");
    assert_eq!(ids.calls().count(), CALLS);
    beside.await.expect("it ran").expect("in line");
}

#[tokio::test]
async fn a_daemon_that_has_lost_what_it_acknowledged_ends_the_session_and_is_told_why() {
    let (server, mut streams) = daemon().await;
    let (sender, mut events, mut stream) = connected(&server, &mut streams).await;
    for call in ["a", "b"] {
        sender.send(ended(call)).await.expect("in line");
        stream.report().await;
    }
    stream.acknowledge(2).await;
    assert!(matches!(events.recv().await, Some(SessionEvent::Acknowledged { .. })));
    stream.break_off().await;
    assert!(matches!(events.recv().await, Some(SessionEvent::Disconnected { retrying: true, .. })));
    let _again = anew(&mut streams, 2, 1).await;
    let event = events.recv().await;
    let Some(SessionEvent::Disconnected { reason, retrying: false }) = event else {
        panic!("expected the end, got {event:?}")
    };
    assert!(reason.contains("lost what it had acknowledged"), "{reason}");
    assert!(reason.contains("new incarnation"), "{reason}");
    assert_eq!(events.recv().await, None);
    assert_eq!(sender.send(ended("c")).await, Err(SendError::Closed));
}

#[tokio::test]
async fn a_daemon_that_knows_more_than_was_sent_has_heard_another_process() {
    let (server, mut streams) = daemon().await;
    let open = anew(&mut streams, 1, 7);
    let (session, _stream) = tokio::join!(AdapterSession::connect(options(&server)), open);
    match session {
        Err(ConnectError::Irreconcilable(why)) => {
            assert!(why.contains("another process bears the same incarnation"), "{why}");
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}
