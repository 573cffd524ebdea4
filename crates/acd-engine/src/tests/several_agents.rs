//! A call that is out to several agents at once, one that waits for one of them, and chats beside
//! telephone calls: what adapters are told, and what readers see.

use super::*;
use acd_core::{Affinity, DeskPlan, Pattern};
use acd_journal::MemoryLog;

/// Billing rings two at a time; everybody chats with up to two.
fn plan_of_many() -> Arc<RoutingPlan> {
    let mut many = RoutingPlan::clone(&plan());
    many.queues[0].broadcast = 2;
    many.queues[0].affinity.wait = Span::from_secs(20);
    for agent in &mut many.agents {
        agent.desks.push(DeskPlan { channel: Channel::Chat, capacity: 2, endpoint: None });
    }
    Arc::new(many)
}

async fn running() -> (Running, Pbx) {
    let running = run_by(plan_of_many(), MemoryLog::new(), Settings::default());
    let pbx = running.connect("pbx", 7).await;
    running.ready("ana").await;
    running.ready("ben").await;
    (running, pbx)
}

fn names(agents: &[Arc<str>]) -> Vec<&str> {
    agents.iter().map(|agent| &**agent).collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_to_accept_has_it_and_the_others_telephone_falls_silent() {
    let (running, mut pbx) = running().await;
    pbx.offer("c1", "billing").await;
    let (first, second) = (pbx.rings().await, pbx.rings().await);
    let row = &running.calls()[0];
    assert_eq!((row.state, row.agent.as_deref()), (CallState::Offering, Some("ana")));
    assert_eq!((names(&row.also_offered_to), row.offer), (vec!["ben"], first));
    assert_eq!(running.offer_to("ben").expect("it rings").offer, second);

    pbx.result(second, OfferResult::Accepted).await;
    let revoked = pbx.order().await;
    let reason = RevokeReason::AnsweredElsewhere;
    assert_eq!(revoked, Order::Revoke { offer: first, reason, call: call("pbx", "c1") });
    assert!(matches!(pbx.order().await, Order::Connect { offer, .. } if offer == second));
    let row = &running.calls()[0];
    assert_eq!((row.state, row.agent.as_deref()), (CallState::Connecting, Some("ben")));
    assert_eq!((row.also_offered_to.len(), row.offer), (0, second));
    assert_eq!(running.agent("ana").state, "ready");
}

#[tokio::test(start_paused = true)]
async fn while_one_still_rings_the_refusal_of_another_changes_little() {
    let (running, mut pbx) = running().await;
    pbx.offer("c1", "billing").await;
    let (first, second) = (pbx.rings().await, pbx.rings().await);
    pbx.result(first, OfferResult::Declined).await;
    let number = pbx.number;
    pbx.acknowledged(number).await;
    let row = &running.calls()[0];
    assert_eq!((row.state, row.agent.as_deref()), (CallState::Offering, Some("ben")));
    assert_eq!((row.also_offered_to.len(), row.offer), (0, second));
    pbx.result(second, OfferResult::Declined).await;
    let number = pbx.number;
    pbx.acknowledged(number).await;
    let row = &running.calls()[0];
    assert_eq!((row.state, row.agent.as_deref()), (CallState::Waiting, None));
}

#[tokio::test(start_paused = true)]
async fn all_that_ring_are_found_again_after_a_restart() {
    let log = Arc::new(MemoryLog::new());
    let running = run_by(plan_of_many(), Shared(Arc::clone(&log)), Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    running.ready("ana").await;
    running.ready("ben").await;
    pbx.offer("c1", "billing").await;
    let (first, second) = (pbx.rings().await, pbx.rings().await);
    let number = pbx.number;
    pbx.acknowledged(number).await;
    running.driver.abort();
    running.publisher.abort();

    let replica = recovered(&*log).await;
    let settings = Settings { epoch: 2, ..Settings::default() };
    let again = run_from(plan_of_many(), Shared(Arc::clone(&log)), replica, settings);
    let mut pbx = again.open(hello("pbx", 7, 1, 0)).await;
    pbx.holds(held("c1", "billing")).await;
    for agent in ["ana", "ben"] {
        pbx.holds(leg("c1", agent, LegState::Ringing)).await;
    }
    pbx.holds(ResyncPart::Done).await;
    let mut adopted = Vec::new();
    for _ in 0..2 {
        let Order::Offer { offer, adopted: true, .. } = pbx.order().await else {
            panic!("both go on")
        };
        adopted.push(offer);
    }
    assert_eq!(adopted, [first, second]);
    assert!(matches!(pbx.body().await, DownBody::Resynced { .. }));
    let row = &again.calls()[0];
    assert_eq!((row.agent.as_deref(), names(&row.also_offered_to)), (Some("ana"), vec!["ben"]));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_names_an_agent_waits_for_him_and_is_shown_so() {
    let (running, mut pbx) = running().await;
    for call_id in ["c1", "c2"] {
        let call = OfferedCall {
            preferred_agent: "ana".to_owned(),
            waited: Span(0),
            ..held_call(call_id, "billing")
        };
        pbx.say(AdapterMessage::CallOffered(call)).await;
    }
    let Order::Offer { agent, .. } = pbx.order().await else { panic!("it rings") };
    assert_eq!(agent, "ana", "and nobody else");
    let number = pbx.number;
    pbx.acknowledged(number).await;
    let awaits =
        |at: usize| running.calls()[at].awaits.as_ref().map(|(agent, _)| agent.to_string());
    assert_eq!(awaits(1).as_deref(), Some("ana"));
    // Nobody is refused for an agent who is not known.
    let call = OfferedCall {
        preferred_agent: "zoe".to_owned(),
        waited: Span(0),
        ..held_call("c3", "billing")
    };
    pbx.say(AdapterMessage::CallOffered(call)).await;
    let Order::Offer { agent, .. } = pbx.order().await else { panic!("it rings") };
    assert_eq!((agent.as_str(), awaits(2)), ("ben", None));
}

#[tokio::test(start_paused = true)]
async fn who_chats_is_rung_for_a_telephone_call_and_counts_as_available() {
    let (running, mut pbx) = running().await;
    let chat =
        OfferedCall { channel: Channel::Chat, waited: Span(0), ..held_call("chat", "nurse") };
    pbx.say(AdapterMessage::CallOffered(chat)).await;
    let Order::Offer { agent, channel, offer, .. } = pbx.order().await else { panic!("it rings") };
    assert_eq!((agent.as_str(), channel), ("ana", Channel::Chat));
    pbx.result(offer, OfferResult::Accepted).await;
    assert!(matches!(pbx.order().await, Order::Connect { .. }));
    let slots = running.agent("ana").slots;
    let shown: Vec<_> = slots.iter().map(|slot| (slot.channel, slot.state)).collect();
    let expected = [
        (Channel::Voice, SlotWord::Free),
        (Channel::Chat, SlotWord::Connecting),
        (Channel::Chat, SlotWord::Free),
    ];
    assert_eq!(shown, expected);
    assert_eq!(running.queue("nurse").agents.available, 1);

    pbx.offer("call", "nurse").await;
    pbx.rings().await;
    assert_eq!(running.queue("nurse").agents.available, 0, "who talks is offered nothing else");
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_for_whom_he_last_talked_with_unless_he_shares_his_number() {
    let mut plan = RoutingPlan::clone(&plan());
    plan.queues[0].wrap_up = Span(0);
    plan.queues[0].affinity = Affinity { window: Span::from_secs(60), wait: Span::from_secs(20) };
    plan.shared_callers = vec![Pattern("anonymous".to_owned())];
    let running = run_by(Arc::new(plan), MemoryLog::new(), Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    let from = |call_id: &str, caller: &str| {
        AdapterMessage::CallOffered(OfferedCall {
            caller: caller.to_owned(),
            waited: Span(0),
            ..held_call(call_id, "billing")
        })
    };
    running.ready("ana").await;
    for (call_id, caller) in [("c1", "+15550142"), ("c2", "anonymous")] {
        pbx.say(from(call_id, caller)).await;
        let offer = pbx.rings().await;
        pbx.result(offer, OfferResult::Accepted).await;
        assert!(matches!(pbx.order().await, Order::Connect { .. }));
        pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
        if call_id == "c1" {
            pbx.say(ended(call_id)).await;
        }
    }
    for (call_id, caller) in [("c3", "anonymous"), ("c4", "+15550142")] {
        pbx.say(from(call_id, caller)).await;
    }
    let number = pbx.number;
    pbx.acknowledged(number).await;
    let awaited = |call_id: &str| {
        let row = running.calls().into_iter().find(|row| &*row.call.call_id == call_id);
        row.expect("it waits").awaits.map(|(agent, _)| agent.to_string())
    };
    assert_eq!((awaited("c3"), awaited("c4")), (None, Some("ana".to_owned())));
}
