//! Orders for callers who wait: a question that may get lost, and a ladder that may not.

use super::recovery::epoch;
use super::*;
use acd_core::LadderId;
use acd_journal::MemoryLog;
use acd_journal::faulty::{Faults, FaultyLog};

/// After 5 s billing has its callers asked, after 10 s it has whoever is on call tried.
fn plan_with_a_ladder() -> Arc<RoutingPlan> {
    let mut plan = RoutingPlan::clone(&plan());
    plan.ladders = vec!["on-call-nurse".to_owned()];
    let asks = rule("ask", 5, Action::OfferCallback);
    let tries = rule("on-call", 10, Action::Ladder(LadderId(0)));
    plan.queues[0].rules.splice(0..0, [asks, tries]);
    Arc::new(plan)
}

fn ladder(rule: &str) -> Order {
    let (ladder, rule) = ("on-call-nurse".to_owned(), rule.to_owned());
    Order::Ladder { call: call("pbx", "c1"), ladder, rule }
}

#[tokio::test(start_paused = true)]
async fn a_caller_is_asked_and_tried_for_and_waits_on() {
    let running = run_by(plan_with_a_ladder(), MemoryLog::new(), Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    let asked = Order::OfferCallback { call: call("pbx", "c1"), rule: "billing/ask".to_owned() };
    assert_eq!(pbx.order().await, asked);
    assert_eq!(pbx.order().await, ladder("billing/on-call"));
    assert_eq!(running.calls()[0].state, CallState::Waiting);
    running.ready("ana").await;
    pbx.rings().await;
}

#[tokio::test(start_paused = true)]
async fn a_ladder_leaves_once_it_is_durable() {
    let log = FaultyLog::new(MemoryLog::new(), Faults::default());
    let gate = log.gate();
    let running = run_by(plan_with_a_ladder(), log, Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(2).await;
    gate.hold();
    assert!(matches!(pbx.order().await, Order::OfferCallback { .. }), "it need not wait");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(pbx.hears_nothing().await, "nor is it lost");
    gate.let_go();
    assert_eq!(pbx.order().await, ladder("billing/on-call"));
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_was_away_is_told_again_until_somebody_has_the_call() {
    let log = Arc::new(MemoryLog::new());
    let first = run_by(plan_with_a_ladder(), Shared(Arc::clone(&log)), Settings::default());
    let mut pbx = first.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(2).await;
    // Its stream breaks before the rule acts; it resumes, and gets what it has missed.
    let ack = pbx.ack;
    drop(pbx);
    tokio::time::sleep(Duration::from_secs(11)).await;
    let mut pbx = first.open(hello("pbx", 7, 1, ack)).await;
    assert!(pbx.session.welcome.resumed);
    assert!(matches!(pbx.order().await, Order::OfferCallback { .. }));
    assert_eq!(pbx.order().await, ladder("billing/on-call"));
    // Another process knows nothing of it.
    let mut pbx = first.open(hello("pbx", 8, 1, 0)).await;
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(ResyncPart::Done).await;
    assert_eq!(pbx.order().await, ladder(""));
    assert!(matches!(pbx.body().await, DownBody::Resynced { known: 1, .. }));
    first.domain.stop().await;

    // Nor does it after a restart of the domain, whatever it has been told before.
    let found = recovered(&*log).await;
    let next = run_from(plan_with_a_ladder(), Shared(Arc::clone(&log)), found, epoch(2));
    let mut pbx = next.open(hello("pbx", 9, 1, 0)).await;
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(ResyncPart::Done).await;
    assert_eq!(pbx.order().await, ladder(""));
    assert!(matches!(pbx.body().await, DownBody::Resynced { .. }));
    next.ready("ana").await;
    let offer = pbx.rings().await;
    pbx.result(offer, OfferResult::Accepted).await;
    assert!(matches!(pbx.order().await, Order::Connect { .. }));
    pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
    until(|| next.agent("ana").state == "talking").await;
    let mut pbx = next.open(hello("pbx", 10, 2, 0)).await;
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(leg("c1", "ana", LegState::Talking)).await;
    pbx.holds(ResyncPart::Done).await;
    assert!(matches!(pbx.body().await, DownBody::Resynced { .. }), "she has it");
}

/// A ladder runs for c1, which is offered to ana.
async fn tried_for_and_offered() -> (Running, Pbx, u64) {
    let running = run_by(plan_with_a_ladder(), MemoryLog::new(), Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    assert!(matches!(pbx.order().await, Order::OfferCallback { .. }));
    assert_eq!(pbx.order().await, ladder("billing/on-call"));
    running.ready("ana").await;
    let offer = pbx.rings().await;
    (running, pbx, offer)
}

#[tokio::test(start_paused = true)]
async fn nobody_is_tried_for_a_caller_who_is_found_talking() {
    let (running, ..) = tried_for_and_offered().await;
    // She has answered, and they talk: acdd has not heard of either.
    let mut pbx = running.open(hello("pbx", 8, 1, 0)).await;
    pbx.holds(held("c1", "billing")).await;
    pbx.holds(leg("c1", "ana", LegState::Talking)).await;
    pbx.holds(ResyncPart::Done).await;
    assert!(matches!(pbx.body().await, DownBody::Resynced { .. }), "no ladder before");
    assert!(pbx.hears_nothing().await, "nor after");
}

#[tokio::test(start_paused = true)]
async fn a_ladder_begins_again_when_the_bridge_fails() {
    let (_running, mut pbx, offer) = tried_for_and_offered().await;
    pbx.result(offer, OfferResult::Accepted).await;
    assert!(matches!(pbx.order().await, Order::Connect { .. }));
    pbx.say(AdapterMessage::ConnectFailed { offer, epoch: 0 }).await;
    assert_eq!(pbx.order().await, ladder(""));
}
