//! What comes from desk telephones, by way of their adapter: devices, feature codes, transfers; and
//! what callers are made to hear, or where they are sent.

use super::*;
use acd_core::{AnnouncementId, DeviceState, Endpoint, NumberId, Presence};
use acd_journal::MemoryLog;

fn at(address: &str) -> AgentMeant {
    AgentMeant::At(address.to_owned())
}

fn asks(address: &str, presence: AskedPresence) -> AdapterMessage {
    AdapterMessage::AgentPresence { agent: at(address), presence }
}

fn device(address: &str, device: DeviceState) -> AdapterMessage {
    AdapterMessage::DeviceChanged { address: address.to_owned(), device }
}

fn transferred(call_id: &str, queue: &str) -> AdapterMessage {
    let (call_id, queue, dialed) = (call_id.to_owned(), queue.to_owned(), None);
    AdapterMessage::CallTransferred { call_id, queue, dialed }
}

/// ana and ben share a telephone of the adapter `pbx`; after 5 s billing says something, after 60 s
/// it sends its calls to a number.
fn shared_telephone() -> Arc<RoutingPlan> {
    let mut plan = RoutingPlan::clone(&plan());
    plan.adapters = vec!["pbx".to_owned()];
    for agent in &mut plan.agents[..2] {
        let (adapter, address) = (acd_core::AdapterId(0), "PJSIP/7".to_owned());
        agent.desks[0].endpoint = Some(Endpoint { adapter, address });
    }
    plan.numbers = vec!["+15550100".to_owned()];
    plan.announcements = vec!["please-hold".to_owned()];
    plan.queues[0].rules = vec![
        rule("say", 5, Action::Play(AnnouncementId(0))),
        rule("doctor", 60, Action::TransferTo(NumberId(0))),
    ];
    Arc::new(plan)
}

#[tokio::test(start_paused = true)]
async fn agents_log_in_pause_and_go_home_at_the_telephone() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    let is = |state: &'static str| until_it_is(&running, state);
    // Without an endpoint an agent is where his id is.
    pbx.say(asks("ana", AskedPresence::Ready)).await;
    is("ready").await;
    pbx.say(asks("ana", AskedPresence::NotReady(Some("lunch".to_owned())))).await;
    is("not_ready").await;
    assert_eq!(&*running.agent("ana").reason, "lunch");
    pbx.say(asks("ana", AskedPresence::LoggedOut)).await;
    is("logged_out").await;
    pbx.say(asks("ana", AskedPresence::NotReady(None))).await;
    is("not_ready").await;

    pbx.say(asks("ana", AskedPresence::NotReady(Some("dinner".to_owned())))).await;
    let (_, reason, field) = pbx.rejected().await;
    assert_eq!((reason, field), (code::UNKNOWN_REASON, "reason"));
    pbx.say(asks("zoe", AskedPresence::Ready)).await;
    let (_, unknown, field) = pbx.rejected().await;
    assert_eq!((unknown, field), (code::UNKNOWN_AGENT, "address"));
}

async fn until_it_is(running: &Running, state: &'static str) {
    until(|| running.agent("ana").state == state).await;
}

#[tokio::test(start_paused = true)]
async fn who_shares_a_telephone_is_meant_while_he_alone_is_at_work() {
    let running = run_by(shared_telephone(), MemoryLog::new(), Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.say(asks("PJSIP/7", AskedPresence::Ready)).await;
    let (_, ambiguous, field) = pbx.rejected().await;
    assert_eq!((ambiguous, field), (code::AMBIGUOUS_AGENT, "address"));
    running.ready("ana").await;
    pbx.say(asks("PJSIP/7", AskedPresence::NotReady(None))).await;
    until_it_is(&running, "not_ready").await;
    // The device is everybody's.
    pbx.say(device("PJSIP/7", DeviceState::Down)).await;
    until(|| running.agent("ben").device == DeviceState::Down).await;
    let ana = running.agent("ana");
    assert_eq!((&*ana.reason, ana.device), ("device_out_of_service", DeviceState::Down));
    // That of another adapter, of the same name, is another one.
    let mut other = running.connect("other", 8).await;
    other.say(device("PJSIP/7", DeviceState::Up)).await;
    assert_eq!(other.rejected().await.1, code::UNKNOWN_AGENT);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_gone_or_busy_is_not_rung() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    pbx.say(device("ana", DeviceState::Down)).await;
    assert!(matches!(pbx.order().await, Order::Revoke { offer: revoked, .. } if revoked == offer));
    let ana = running.agent("ana");
    let queue = running.queue("billing");
    assert_eq!((ana.state, ana.pending), ("not_ready", Some(Presence::Ready)));
    assert_eq!((queue.agents.staffed, queue.agents.working), (1, 0));
    pbx.say(device("ana", DeviceState::Busy)).await;
    until(|| running.agent("ana").device == DeviceState::Busy).await;
    let queue = running.queue("billing");
    assert_eq!((running.agent("ana").state, queue.agents.available), ("ready", 0));
    pbx.say(device("ana", DeviceState::Up)).await;
    pbx.rings().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_handed_on_waits_elsewhere_or_is_over() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    running.ready("cleo").await;
    let mut pbx = running.connect("pbx", 7).await;
    for (call, queue) in [("c1", "nurse"), ("c2", "")] {
        pbx.offer(call, "billing").await;
        let offer = pbx.rings().await;
        pbx.result(offer, OfferResult::Accepted).await;
        assert!(matches!(pbx.order().await, Order::Connect { .. }));
        pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
        pbx.say(transferred(call, queue)).await;
        if !queue.is_empty() {
            assert!(matches!(pbx.order().await, Order::Offer { agent, .. } if agent == "cleo"));
        }
        pbx.say(AdapterMessage::WrapUpDone { agent: at("ana"), call: None, disposition: None })
            .await;
    }
    until(|| running.agent("ana").state == "ready").await;
    let calls = running.calls();
    assert_eq!(calls.iter().map(|row| &*row.call.call_id).collect::<Vec<_>>(), ["c1"]);
    pbx.say(transferred("c2", "")).await;
    assert_eq!(pbx.rejected().await.1, code::UNKNOWN_CALL);
    pbx.say(transferred("c1", "nurs")).await;
    let (_, unknown, field) = pbx.rejected().await;
    assert_eq!((unknown, field), (code::UNKNOWN_QUEUE, "queue"));
    pbx.say(transferred("c1", "")).await;
    assert_eq!(pbx.rejected().await.1, code::WRONG_STATE, "nobody talks to him");
}

#[tokio::test(start_paused = true)]
async fn rules_have_callers_hear_something_and_send_them_to_a_number() {
    let log = Arc::new(MemoryLog::new());
    let running = run_by(shared_telephone(), Shared(Arc::clone(&log)), Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    let play = Order::Play {
        call: call("pbx", "c1"),
        announcement: "please-hold".to_owned(),
        rule: "billing/say".to_owned(),
    };
    assert_eq!(pbx.order().await, play);
    let transfer = |rule: &str| Order::Transfer {
        call: call("pbx", "c1"),
        number: "+15550100".to_owned(),
        rule: rule.to_owned(),
    };
    assert_eq!(pbx.order().await, transfer("billing/doctor"));
    until(|| running.calls().is_empty()).await;
    assert_eq!(running.queue("billing").overflowed, 1);

    // A process that has not heard of it is told again, before and after acdd itself is new.
    let mut anew = running.open(hello("pbx", 8, 0, 0)).await;
    anew.holds(held("c1", "billing")).await;
    anew.holds(ResyncPart::Done).await;
    assert_eq!(anew.order().await, transfer(""));
    running.domain.stop().await;
    let recovered = recovered(&*log).await;
    let epoch_2 = Settings { epoch: 2, ..Settings::default() };
    let again = run_from(shared_telephone(), Shared(log), recovered, epoch_2);
    let mut anew = again.open(hello("pbx", 9, 0, 0)).await;
    anew.holds(held("c1", "billing")).await;
    anew.holds(ResyncPart::Done).await;
    assert_eq!(anew.order().await, transfer(""));
}
