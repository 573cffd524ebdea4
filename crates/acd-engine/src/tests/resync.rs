//! Resyncs: what an adapter says that it holds, and what becomes of it.

use super::*;
use acd_journal::MemoryLog;

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
