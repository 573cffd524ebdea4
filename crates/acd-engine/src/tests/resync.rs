//! Resyncs: what an adapter says that it holds, and what becomes of it.

use super::*;
use acd_journal::MemoryLog;
use acd_journal::faulty::{Faults, FaultyLog};

/// The adapter `pbx` with one caller who waits, and its next session, which is asked what it holds.
async fn asked_again(running: &Running) -> Pbx {
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(2).await;
    let again = running.open(hello("pbx", 7, 0, 0)).await;
    assert!(!again.session.welcome.resumed, "it does not say which orders it has");
    assert_ne!(again.session.welcome.resync, 0);
    assert_ne!(again.session.welcome.resync, pbx.session.welcome.resync, "each has its own number");
    again
}

#[tokio::test(start_paused = true)]
async fn parts_of_another_resync_count_as_received_and_say_nothing() {
    let running = run_on(MemoryLog::new());
    let mut pbx = asked_again(&running).await;
    let stale = pbx.session.welcome.resync - 1;
    for part in [held("c0", "billing"), leg("c1", "ana", LegState::Ringing), ResyncPart::Done] {
        pbx.say(AdapterMessage::Resync { resync: stale, part }).await;
    }
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(ResyncPart::Done).await;
    let down = pbx.down().await;
    assert_eq!(down.body, DownBody::Resynced { known: 1, adopted: 0, vanished: 0 });
    assert_eq!(down.ack, pbx.number);
    assert_eq!(running.calls().len(), 1);
    assert_eq!(running.domain.status().rejected, 0);
}

#[tokio::test(start_paused = true)]
async fn a_part_says_which_resync_it_is_of() {
    let running = run_on(MemoryLog::new());
    let mut pbx = asked_again(&running).await;
    pbx.say(AdapterMessage::Resync { resync: 0, part: ResyncPart::Done }).await;
    assert_eq!(pbx.rejected().await, (3, code::MALFORMED, "resync"));
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(ResyncPart::Done).await;
    let resynced = DownBody::Resynced { known: 1, adopted: 0, vanished: 0 };
    assert_eq!(pbx.body().await, resynced, "it is still due");
}

#[tokio::test(start_paused = true)]
async fn a_resync_is_taken_once() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    for part in [held("c1", "billing"), ResyncPart::Done] {
        pbx.holds(part).await;
        assert_eq!(pbx.rejected().await, (pbx.number, code::WRONG_STATE, ""));
    }
    assert!(running.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_cannot_be_had_is_let_go_and_not_torn_apart() {
    let running = run_on(MemoryLog::new());
    let mut pbx = asked_again(&running).await;
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(leg("c1", "ana", LegState::Talking)).await;
    pbx.holds(ResyncPart::Done).await;
    let resynced = DownBody::Resynced { known: 1, adopted: 0, vanished: 0 };
    assert_eq!(
        pbx.body().await,
        resynced,
        "ana is not logged in, and the call is hers all the same"
    );
    assert!(pbx.hears_nothing().await);
    assert!(running.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_rings_somebody_who_is_not_there_is_not_taken_over() {
    let running = run_on(MemoryLog::new());
    let mut pbx = asked_again(&running).await;
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(leg("c1", "ana", LegState::Ringing)).await;
    pbx.holds(ResyncPart::Done).await;
    let resynced = DownBody::Resynced { known: 1, adopted: 0, vanished: 0 };
    assert_eq!(pbx.body().await, resynced, "no Offer came before: the leg is void");
    assert_eq!(running.calls()[0].state, CallState::Waiting);
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_rings_is_taken_over_once() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut pbx = running.open(hello("pbx", 7, 0, 0)).await;
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(leg("c1", "ana", LegState::Ringing)).await;
    pbx.holds(ResyncPart::Done).await;
    let Order::Offer { adopted, .. } = pbx.order().await else { panic!("the leg is taken over") };
    assert!(adopted);
    let resynced = DownBody::Resynced { known: 0, adopted: 1, vanished: 0 };
    assert_eq!(pbx.body().await, resynced);
    assert!(pbx.hears_nothing().await, "nobody else is rung");
}

#[tokio::test(start_paused = true)]
async fn a_welcome_that_was_lost_is_no_beginning() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(2).await;
    drop(pbx);
    // A new process, to which the epoch is known from before.
    drop(running.open(hello("pbx", 8, 1, 0)).await);
    let again = running.open(hello("pbx", 8, 1, 0)).await;
    let Welcome { resumed, resync, .. } = again.session.welcome;
    assert!(!resumed && resync != 0, "it is asked what it holds: {resumed}, {resync}");
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_does_not_know_that_orders_begin_again_is_told_once_more() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    let taken = pbx.ack;
    while pbx.session.send(pbx.number + 1, taken, ended("nobody")).await.is_ok() {
        pbx.number += 1;
    }
    drop(pbx);
    for _ in 0..2 {
        // The welcome is lost, both times.
        let again = running.open(hello("pbx", 7, 1, taken)).await;
        assert!(!again.session.welcome.resumed);
    }
}

/// The adapter `pbx` rings ana; its next process is asked what it holds.
async fn rings_over_a_restart(running: &Running) -> (u64, Pbx) {
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    let last = pbx.number;
    pbx.acknowledged(last).await;
    drop(pbx);
    (offer, running.open(hello("pbx", 8, 0, 0)).await)
}

#[tokio::test(start_paused = true)]
async fn a_leg_is_taken_over_before_it_is_to_be_connected_and_connected_once() {
    for durable in [true, false] {
        let log = FaultyLog::new(MemoryLog::new(), Faults::default());
        let gate = log.gate();
        let running = run_on(log);
        let (offer, mut pbx) = rings_over_a_restart(&running).await;
        if !durable {
            gate.hold();
        }
        // Ana accepts while the process is still taking stock.
        let accepting = running.accept("ana", Some(offer));
        let _either = timeout(Duration::from_millis(1), accepting).await;
        pbx.holds(held("c1", "billing")).await;
        pbx.holds(leg("c1", "ana", LegState::Ringing)).await;
        pbx.holds(ResyncPart::Done).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        gate.let_go();
        let order = pbx.order().await;
        assert!(matches!(order, Order::Offer { adopted: true, .. }), "{durable}: {order:?}");
        let order = pbx.order().await;
        assert!(matches!(order, Order::Connect { .. }), "{durable}: {order:?}");
        assert!(matches!(pbx.body().await, DownBody::Resynced { known: 1, .. }), "{durable}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_leg_whose_offer_has_ended_meanwhile_is_void() {
    let running = run_on(MemoryLog::new());
    let (offer, mut pbx) = rings_over_a_restart(&running).await;
    let declines = Request::Decline { agent: "ana".to_owned(), offer: Some(offer) };
    running.ask(declines).await.expect("it is out to her");
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(leg("c1", "ana", LegState::Ringing)).await;
    pbx.holds(ResyncPart::Done).await;
    let first = pbx.body().await;
    assert!(matches!(first, DownBody::Resynced { known: 1, .. }), "her no stands: {first:?}");
}

#[tokio::test(start_paused = true)]
async fn a_leg_that_is_not_bridged_any_more_is_to_be_bridged_again() {
    let running = run_on(MemoryLog::new());
    let (offer, mut pbx) = rings_over_a_restart(&running).await;
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(leg("c1", "ana", LegState::Answered)).await;
    pbx.holds(ResyncPart::Done).await;
    while !matches!(pbx.body().await, DownBody::Order(Order::Connect { .. })) {}
    pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
    let last = pbx.number;
    pbx.acknowledged(last).await;
    drop(pbx);

    let mut again = running.open(hello("pbx", 9, 0, 0)).await;
    again.holds(held("c1", "billing")).await;
    again.holds(leg("c1", "ana", LegState::Answered)).await;
    again.holds(ResyncPart::Done).await;
    assert!(matches!(again.order().await, Order::Offer { adopted: true, .. }));
    assert!(matches!(again.order().await, Order::Connect { .. }));
    assert!(matches!(again.body().await, DownBody::Resynced { .. }));
    again.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
    assert!(again.hears_nothing().await, "it is known already");
    again.say(AdapterMessage::ConnectFailed { offer, epoch: 0 }).await;
    until(|| running.calls()[0].state != CallState::Connected).await;
}
