//! Sessions: numbers, resuming, taking over, and what is wrong with a message.

use super::*;
use crate::bounds::UNACKNOWLEDGED_MAX;
use crate::session::ACKS_APART;
use acd_core::Presence;
use acd_journal::MemoryLog;
use acd_journal::faulty::{Faults, FaultyLog};
use tokio::time::{Instant, timeout_at};

#[tokio::test(start_paused = true)]
async fn what_was_received_before_is_applied_once() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(2).await;
    pbx.session.send(2, 0, offered("c1", "billing")).await.expect("the session is open");
    pbx.offer("c2", "billing").await;
    pbx.acknowledged(3).await;
    assert_eq!(running.calls().len(), 2);
    assert_eq!(running.domain.status().rejected, 0, "a duplicate is no second call");
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_acknowledged_once_by_the_welcome_or_when_it_is_durable() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = log.gate();
    let running = run_on(log);
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(2).await;
    pbx.session.send(2, 0, offered("c1", "billing")).await.expect("the session is open");
    let quiet = Duration::from_millis(50);
    assert!(timeout(quiet, pbx.session.next()).await.is_err(), "it was told on this stream");

    gate.hold();
    pbx.offer("c2", "billing").await;
    until(|| running.calls().len() == 2).await;
    drop(pbx);
    let mut again = running.resume(hello("pbx", 7, 1, 1)).await;
    assert!(again.session.welcome.resumed);
    assert_eq!(again.session.welcome.received, 2, "the welcome tells what is durable");
    again.offer("c2", "billing").await;
    assert!(timeout(quiet, again.session.next()).await.is_err(), "it is not durable yet");
    gate.let_go();
    let down = again.down().await;
    assert_eq!((down.number, down.ack, down.body), (0, 3, DownBody::Acknowledged));
    assert_eq!(running.calls().len(), 2);
    assert_eq!(running.domain.status().rejected, 0);
}

#[tokio::test(start_paused = true)]
async fn a_gap_ends_the_session_and_changes_nothing() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.session.send(4, 0, offered("c3", "billing")).await.expect("the session is open");
    let reason = pbx.closed().await;
    assert_eq!(reason, CloseReason::Gap { expected: 3, found: 4 });
    let refusal = reason.refusal();
    assert_eq!((refusal.kind, refusal.field), (RefusalKind::InvalidArgument, "number"));
    let late = pbx.session.send(3, 0, offered("c2", "billing")).await;
    assert_eq!(late.expect_err("it is over"), refusal);

    let mut again = running.resume(hello("pbx", 7, 1, 1)).await;
    assert!(again.session.welcome.resumed);
    assert_eq!(again.session.welcome.received, 2, "what came before the gap counts");
    again.offer("c2", "billing").await;
    again.acknowledged(3).await;
    assert_eq!(running.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn acknowledging_what_was_never_sent_ends_the_session() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.session.send(0, 5, AdapterMessage::AckOnly).await.expect("the session is open");
    assert_eq!(pbx.closed().await, CloseReason::AckAhead { latest: 1, found: 5 });
}

#[tokio::test(start_paused = true)]
async fn only_a_heartbeat_goes_without_a_number() {
    let running = run_on(MemoryLog::new());
    let pbx = running.connect("pbx", 7).await;
    for (number, message) in [(0, ended("c1")), (1, AdapterMessage::AckOnly)] {
        let refusal = pbx.session.send(number, 0, message).await.expect_err("it does not fit");
        assert_eq!((refusal.kind, refusal.code), (RefusalKind::InvalidArgument, code::BAD_NUMBER));
    }
}

#[tokio::test(start_paused = true)]
async fn a_resumed_session_gets_again_what_it_has_not_acknowledged() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    running.ready("ben").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.offer("c2", "billing").await;
    let (first, second) = (pbx.down().await, pbx.down().await);
    assert_eq!((first.number, second.number), (2, 3));
    drop(pbx);
    until(|| !running.domain.status().adapters[0].connected).await;

    let mut again = running.resume(hello("pbx", 7, 1, 2)).await;
    assert!(again.session.welcome.resumed);
    assert_eq!(again.session.welcome.received, 3);
    let down = again.down().await;
    assert_eq!((down.number, down.body), (3, second.body), "order 2 had been taken in");
    assert_eq!(running.domain.status().adapters[0].orders_unacknowledged, 1);
    again.session.send(0, 3, AdapterMessage::AckOnly).await.expect("the session is open");
    until(|| running.domain.status().adapters[0].orders_unacknowledged == 0).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_decided_while_the_adapter_is_away_waits_for_it() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(2).await;
    drop(pbx);
    tokio::time::sleep(Duration::from_secs(GIVE_UP_SECS + 1)).await;
    let mut again = running.resume(hello("pbx", 7, 1, 1)).await;
    assert!(again.session.welcome.resumed);
    let Order::End { call: of, treatment, rule } = again.order().await else {
        panic!("the rule sent the caller away");
    };
    assert_eq!(of, call("pbx", "c1"));
    assert_eq!((treatment, &*rule), (Treatment::Voicemail, "billing/give-up"));
}

#[tokio::test(start_paused = true)]
async fn a_new_process_counts_from_one_and_names_what_it_still_holds() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    assert_eq!(pbx.rings().await, 1);
    drop(pbx);
    let mut again = running.open(hello("pbx", 8, 0, 0)).await;
    let Welcome { resumed, received, .. } = again.session.welcome;
    assert_eq!((resumed, received), (false, 0));
    assert!(again.hears_nothing().await, "before the resync nothing is offered, nothing is ended");
    assert_eq!(running.calls()[0].state, CallState::Offering);
    again.holds(held("c1", "billing")).await;
    again.holds(ResyncPart::Done).await;
    let down = again.down().await;
    assert_eq!(down.number, 1, "both sides count from 1");
    assert_eq!(down.body, DownBody::Resynced { known: 1, adopted: 0, vanished: 0 });
    let down = again.down().await;
    assert!(matches!(down.body, DownBody::Order(Order::Offer { offer: 2, adopted: false, .. })));
    assert_eq!(down.ack, 2);
    let over = running.accept("ana", Some(1)).await.expect_err("it was taken back");
    assert_eq!(over.message, "offer 1 is over: revoked, the adapter restarted");
    again.offer("c1", "billing").await;
    assert_eq!(again.rejected().await, (3, code::CALL_EXISTS, "call_id"));
}

#[tokio::test(start_paused = true)]
async fn a_second_session_takes_over_and_goes_on() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    let mut second = running.resume(hello("pbx", 7, 1, 2)).await;
    assert!(second.session.welcome.resumed);
    assert_eq!(pbx.closed().await, CloseReason::TakenOver);
    assert_eq!(CloseReason::TakenOver.refusal().kind, RefusalKind::Aborted);
    drop(pbx);
    second.result(offer, OfferResult::Accepted).await;
    assert!(matches!(second.order().await, Order::Connect { .. }), "the old one's end is nothing");
    assert!(running.domain.status().adapters[0].connected);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_never_saw_its_welcome_begins_with_a_resync() {
    let running = run_on(MemoryLog::new());
    drop(running.open(hello("pbx", 7, 0, 0)).await);
    let mut again = running.open(hello("pbx", 7, 0, 0)).await;
    assert!(!again.session.welcome.resumed, "it cannot say which orders it has");
    assert_eq!(again.session.welcome.received, 0);
    again.holds(ResyncPart::Done).await;
    let down = again.down().await;
    assert_eq!((down.number, down.ack), (1, 1));

    drop(again);
    let mut third = running.open(hello("pbx", 7, 0, 0)).await;
    assert!(!third.session.welcome.resumed);
    assert_eq!(third.session.welcome.received, 1, "what the process has said counts on");
    third.holds(ResyncPart::Done).await;
    let down = third.down().await;
    assert_eq!((down.number, down.ack), (1, 2), "orders begin again");
}

#[tokio::test(start_paused = true)]
async fn an_adapter_from_the_future_is_turned_away() {
    let running = run_on(MemoryLog::new());
    let refusal = running.domain.open_session(hello("pbx", 7, 9, 0)).await;
    assert_eq!(refusal.expect_err("this epoch is behind").code, code::EPOCH_BEHIND);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_loses_nothing_that_it_brought() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    for call in 0..500 {
        pbx.offer(&format!("c{call}"), "billing").await;
    }
    drop(pbx);
    until(|| !running.domain.status().adapters[0].connected).await;
    assert_eq!(running.calls().len(), 500);
    running.ready("ana").await;
    assert_eq!(
        running.agent("ana").state,
        "ready",
        "nothing of an adapter that is away is offered"
    );
    let again = running.resume(hello("pbx", 7, 1, 1)).await;
    assert!(again.session.welcome.resumed);
    until(|| running.agent("ana").state == "reserved").await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_message_counts_and_disturbs_nothing() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.offer("c1", "billing").await;
    pbx.offer("c2", "biling").await;
    pbx.say(ended("nobody")).await;
    pbx.result(99, OfferResult::Ringing).await;
    pbx.say(AdapterMessage::WrapUpDone {
        agent: AgentMeant::Id("zoe".to_owned()),
        call: None,
        disposition: None,
    })
    .await;
    pbx.say(AdapterMessage::WrapUpDone {
        agent: AgentMeant::Id("ana".to_owned()),
        call: None,
        disposition: None,
    })
    .await;
    pbx.say(AdapterMessage::CallHeld { call_id: "c1".to_owned() }).await;
    pbx.say(ended(&"x".repeat(129))).await;
    let message = "no body".to_owned();
    pbx.say(AdapterMessage::Malformed { code: code::MALFORMED, message, field: "body" }).await;
    pbx.offer("c3", "billing").await;
    let rejections = [
        (3, code::CALL_EXISTS, "call_id"),
        (4, code::UNKNOWN_QUEUE, "queue"),
        (5, code::UNKNOWN_CALL, "call_id"),
        (6, code::UNKNOWN_OFFER, "offer_number"),
        (7, code::UNKNOWN_AGENT, "agent"),
        (8, code::WRONG_STATE, ""),
        (9, code::WRONG_STATE, ""),
        (10, code::TOO_LARGE, "call_id"),
        (11, code::MALFORMED, "body"),
    ];
    for (at, expected) in rejections.into_iter().enumerate() {
        assert_eq!(pbx.rejected().await, expected);
        assert_eq!(pbx.ack, at as u64 + 2, "rejections are numbered like orders");
    }
    until(|| running.calls().len() == 2).await;
    assert_eq!(running.domain.status().rejected, rejections.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn an_offer_belongs_to_the_adapters_that_handle_it() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    let mut other = running.connect("other", 8).await;
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    other.result(offer, OfferResult::Accepted).await;
    assert_eq!(other.rejected().await, (2, code::UNKNOWN_OFFER, "offer_number"));
    other.say(ended("c1")).await;
    assert_eq!(other.rejected().await, (3, code::UNKNOWN_CALL, "call_id"));
    assert_eq!(running.calls()[0].state, CallState::Offering);
}

#[tokio::test(start_paused = true)]
async fn an_adapter_is_told_why_to_stop_ringing() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    let reason = |order: Order| match order {
        Order::Revoke { reason, .. } => reason,
        other => panic!("a revoke was to come, not {other:?}"),
    };

    pbx.offer("c1", "billing").await;
    pbx.rings().await;
    running
        .ask(Request::Decline { agent: "ana".to_owned(), offer: None })
        .await
        .expect("it is out");
    assert_eq!(reason(pbx.order().await), RevokeReason::Declined);

    pbx.offer("c2", "nurse").await;
    pbx.rings().await;
    let not_ready = Request::NotReady { agent: "ana".to_owned(), reason: Some("lunch".to_owned()) };
    running.ask(not_ready).await.expect("he may");
    assert_eq!(reason(pbx.order().await), RevokeReason::AgentUnavailable);
    assert_eq!(&*running.agent("ana").reason, "lunch");

    running.ready("cleo").await;
    let offer = pbx.rings().await;
    assert_eq!(reason(pbx.order().await), RevokeReason::NoAnswer, "it rang out");
    let over = running.accept("cleo", Some(offer)).await.expect_err("too late");
    assert_eq!(over.message, format!("offer {offer} is over: it rang out"));

    tokio::time::sleep(Duration::from_secs(31)).await;
    let offer = pbx.rings().await;
    pbx.result(offer, OfferResult::Accepted).await;
    assert!(matches!(pbx.order().await, Order::Connect { .. }));
    assert_eq!(reason(pbx.order().await), RevokeReason::ConnectTimeout, "nobody bridged");
    pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
    let (_, code, _) = pbx.rejected().await;
    assert_eq!(code, code::OFFER_OVER);
}

#[tokio::test(start_paused = true)]
async fn who_reports_the_end_of_an_offer_is_not_told_of_it() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    pbx.result(offer, OfferResult::Failed).await;
    assert!(pbx.hears_nothing().await);
    tokio::time::sleep(Duration::from_secs(31)).await;
    let offer = pbx.rings().await;
    pbx.result(offer, OfferResult::Accepted).await;
    assert!(matches!(pbx.order().await, Order::Connect { .. }));
    pbx.say(AdapterMessage::ConnectFailed { offer, epoch: 0 }).await;
    assert!(pbx.hears_nothing().await);
    assert_eq!(running.calls()[0].state, CallState::Waiting);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_acknowledges_nothing_ends() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    for _ in 0..=UNACKNOWLEDGED_MAX {
        pbx.number += 1;
        let message = ended("nobody");
        if pbx.session.send(pbx.number, 0, message).await.is_err() {
            break;
        }
    }
    let reason = loop {
        if let DownBody::Closed(reason) = pbx.body().await {
            break reason;
        }
    };
    assert_eq!(reason, CloseReason::TooManyUnacknowledged);
    assert_eq!(reason.refusal().kind, RefusalKind::ResourceExhausted);
    let said = pbx.number;
    let mut again = running.open(hello("pbx", 7, 1, 1)).await;
    assert!(!again.session.welcome.resumed, "there is nothing left to resume");
    let received = again.session.welcome.received;
    assert!((UNACKNOWLEDGED_MAX as u64..=said).contains(&received), "{received}: it was heard");
    again.holds(held("c1", "billing")).await;
    again.holds(ResyncPart::Done).await;
    let down = again.down().await;
    assert_eq!(down.number, 1, "orders begin again");
    assert_eq!(down.body, DownBody::Resynced { known: 1, adopted: 0, vanished: 0 });
    again.offer("c2", "billing").await;
    again.acknowledged(received + 3).await;
    assert_eq!(running.calls().len(), 2, "calls stay");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_call_knows_who_may_take_it_when_its_demand_changes() {
    let running = run_on(MemoryLog::new());
    running.ready("cleo").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(2).await;
    assert_eq!(running.agent("cleo").presence, Presence::Ready);
    let began = tokio::time::Instant::now();
    let Order::Offer { agent, ring, priority, .. } = pbx.order().await else {
        panic!("after 60 s the queue asks for less");
    };
    assert_eq!((&*agent, ring, priority.get()), ("cleo", Span::from_secs(RING_SECS), 5));
    assert!(began.elapsed() >= Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_are_gathered_while_more_is_heard() {
    // Each batch takes two milliseconds, in which the next message comes.
    let delay = Duration::from_millis(2);
    let log = FaultyLog::new(MemoryLog::new(), Faults { slow: 1_000, delay, ..Faults::default() });
    let running = run_on(log);
    let mut pbx = running.connect("pbx", 7).await;
    let first = Instant::now();
    let mut told = Vec::new();
    for number in 1..=20_u64 {
        pbx.offer(&format!("c{number}"), "billing").await;
        let next = first + delay / 2 * number as u32;
        while let Ok(down) = timeout_at(next, pbx.session.next()).await {
            let Down { ack, body, .. } = down.expect("the session is open");
            assert_eq!(body, DownBody::Acknowledged);
            told.push((ack, first.elapsed()));
        }
    }
    let apart = told.windows(2).map(|pair| pair[1].1 - pair[0].1);
    assert!(apart.min() >= Some(ACKS_APART), "{told:?}");

    let silent = Instant::now();
    pbx.acknowledged(21).await;
    assert!(silent.elapsed() <= 2 * delay, "{:?}", silent.elapsed());
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_each_acknowledgement_gets_it_at_once() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    let first = Instant::now();
    for number in 2..10 {
        pbx.offer(&format!("c{number}"), "billing").await;
        assert_eq!(pbx.down().await.ack, number);
    }
    assert_eq!(first.elapsed(), Duration::ZERO);
}
