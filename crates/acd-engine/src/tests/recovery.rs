//! A domain that begins again: what it remembers, and how it waits for its adapters.

use super::*;
use acd_core::Command;
use acd_journal::MemoryLog;
use acd_journal::faulty::{Faults, FaultyLog};

pub(super) fn epoch(epoch: u64) -> Settings {
    Settings { epoch, ..Settings::default() }
}

/// The same plan with one more agent in front, so that all others have other handles.
fn plan_with_another_in_front() -> Arc<RoutingPlan> {
    let mut plan = RoutingPlan::clone(&plan());
    plan.agents.insert(0, agent("abe", &[(0, 5)], 1));
    Arc::new(plan)
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_rings_over_a_restart_is_that_of_the_same_agent_under_any_plan() {
    let log = Arc::new(MemoryLog::new());
    let first = run_on(Shared(Arc::clone(&log)));
    first.ready("ana").await;
    let mut pbx = first.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.rings().await;
    let last = pbx.number;
    pbx.acknowledged(last).await;
    first.domain.stop().await;

    let found = recovered(&*log).await;
    let next = run_from(plan_with_another_in_front(), Shared(log), found, epoch(2));
    let mut pbx = next.open(hello("pbx", 7, 1, 0)).await;
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(leg("c1", "ana", LegState::Ringing)).await;
    pbx.holds(ResyncPart::Done).await;
    let Order::Offer { agent, address, adopted, .. } = pbx.order().await else {
        panic!("the leg is taken over")
    };
    assert_eq!((&*agent, &*address, adopted), ("ana", "ana", true));
    next.accept("ana", None).await.expect("it is out to her");
}

#[tokio::test(start_paused = true)]
async fn an_agent_who_talks_may_still_answer_what_rings_beside_that() {
    let log = Arc::new(MemoryLog::new());
    let first = run_on(Shared(Arc::clone(&log)));
    let mut pbx = first.connect("pbx", 7).await;
    pbx.offer("c1", "nurse").await;
    pbx.offer("c2", "nurse").await;
    first.ready("cleo").await;
    let rings = pbx.rings().await;
    let talks = pbx.rings().await;
    pbx.result(talks, OfferResult::Accepted).await;
    pbx.order().await;
    pbx.say(AdapterMessage::CallBridged { offer: talks, epoch: 0 }).await;
    let last = pbx.number;
    pbx.acknowledged(last).await;
    first.domain.stop().await;

    let found = recovered(&*log).await;
    let next = run_from(plan(), Shared(log), found, epoch(2));
    assert_eq!(next.offer_to("cleo").map(|row| row.offer), Some(rings), "it still rings");
    next.accept("cleo", None).await.expect("it is the only offer to her");
}

#[tokio::test(start_paused = true)]
async fn adapters_have_all_of_their_time_however_slow_the_log_was() {
    let log = Arc::new(MemoryLog::new());
    let first = run_on(Shared(Arc::clone(&log)));
    first.ready("ana").await;
    let mut pbx = first.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    pbx.result(offer, OfferResult::Accepted).await;
    assert!(matches!(pbx.order().await, Order::Connect { .. }), "so it is durable");
    first.driver.abort();

    let found = recovered(&*log).await;
    let log = FaultyLog::new(Shared(log), Faults::default());
    let gate = log.gate();
    gate.hold();
    let next = run_from(plan(), log, found, epoch(2));
    let domain = next.domain.clone();
    // It is back at once, and waits for its welcome.
    let opening =
        tokio::spawn(async move { domain.open_session(hello("pbx", 7, 1, 0)).await.expect("ok") });
    tokio::time::sleep(Duration::from_secs(GRACE_SECS + 2)).await;
    gate.let_go();
    let session = opening.await.expect("no panic");
    assert_eq!(next.domain.status().health, Health::Recovering);
    let mut pbx = Pbx { number: session.welcome.received, session, ack: 0 };
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(leg("c1", "ana", LegState::Answered)).await;
    pbx.holds(ResyncPart::Done).await;
    let order = pbx.order().await;
    assert!(matches!(order, Order::Offer { offer: 1, adopted: true, .. }), "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn what_fell_due_while_nobody_was_there_waits_until_recovery_is_over() {
    let log = Arc::new(MemoryLog::new());
    let first = run_on(Shared(Arc::clone(&log)));
    let mut pbx = first.connect("pbx", 7).await;
    first.ready("ana").await;
    pbx.offer("c1", "nurse").await;
    pbx.rings().await;
    pbx.offer("c2", "nurse").await;
    first.domain.stop().await;

    let found = recovered(&*log).await;
    let later = found.router().now() + Span::from_secs(GIVE_UP_SECS + 1);
    let settings = Settings { epoch: 2, ..Settings::default() };
    let clock = clock().not_before(later);
    let begins = (Shared(Arc::clone(&log)), found);
    let (domain, driver, _publisher) =
        start(&plan(), clock, begins, settings).expect("the plan is sound");
    assert_eq!(domain.view().offers("ana").len(), 1, "his phone may still ring");
    assert_eq!(domain.view().calls_live(), 2, "no rule has ended the other call");
    let driver = tokio::spawn(driver.run());
    tokio::time::sleep(Duration::from_secs(GRACE_SECS / 2)).await;
    assert_eq!(domain.status().health, Health::Recovering);
    driver.abort();
    let batches = log.read(1).await.expect("it is all there");
    let opening = batches.iter().find(|batch| batch.epoch == 2).expect("the epoch has begun");
    assert_eq!(opening.entries[0].command, Command::EpochBegan, "nothing comes before it");
}

#[tokio::test(start_paused = true)]
async fn totals_begin_at_nought_with_each_epoch_and_the_day_goes_on() {
    let log = Arc::new(MemoryLog::new());
    let first = run_on(Shared(Arc::clone(&log)));
    let mut pbx = first.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.say(ended("c1")).await;
    pbx.acknowledged(3).await;
    let entered = |running: &Running| {
        let total = running.domain.view().queue_totals().next();
        (total.expect("billing").counts.entered, running.queue("billing").entered)
    };
    assert_eq!(entered(&first), (1, 1));
    first.driver.abort();

    let found = recovered(&*log).await;
    let next = run_from(plan(), Shared(log), found, epoch(2));
    assert_eq!(entered(&next), (0, 1));
    let mut pbx = next.connect("pbx", 8).await;
    pbx.offer("c2", "billing").await;
    pbx.acknowledged(2).await;
    assert_eq!(entered(&next), (1, 2));
}
