//! Requests of agents and supervisors, and how they are refused.

use super::*;
use acd_core::{ForcedPresence, Outcome, Presence};
use acd_journal::MemoryLog;

fn kind_and_code(refused: Result<Position, Refusal>) -> (RefusalKind, &'static str) {
    let refusal = refused.expect_err("it cannot be");
    (refusal.kind, refusal.code)
}

#[tokio::test(start_paused = true)]
async fn an_answer_means_that_readers_see_it() {
    let running = run_on(MemoryLog::new());
    let position = running
        .ask(Request::LogIn { agent: "ana".to_owned(), ready: true })
        .await
        .expect("she may log in");
    assert_eq!((position.epoch, position.number), (1, 2), "logged in, then ready");
    assert!(running.domain.view().position() >= position);
    assert_eq!(running.agent("ana").presence, Presence::Ready);
}

#[tokio::test(start_paused = true)]
async fn refusals_say_what_is_wrong() {
    let running = run_on(MemoryLog::new());
    let ana = || "ana".to_owned();
    let nobody = running.ask(Request::LogOut { agent: "zoe".to_owned() }).await;
    assert_eq!(kind_and_code(nobody), (RefusalKind::NotFound, code::UNKNOWN_AGENT));
    let out = running.ask(Request::Ready { agent: ana() }).await;
    assert_eq!(kind_and_code(out), (RefusalKind::FailedPrecondition, code::WRONG_STATE));
    running.ready("ana").await;
    let reason = Some("dinner".to_owned());
    let refusal = running.ask(Request::NotReady { agent: ana(), reason }).await;
    let refusal = refusal.expect_err("no such reason");
    assert_eq!((refusal.kind, refusal.field), (RefusalKind::InvalidArgument, "reason"));
    assert!(refusal.message.contains("`lunch`"), "it says what would be right");
    let none = running.accept("ana", None).await;
    assert_eq!(kind_and_code(none), (RefusalKind::FailedPrecondition, code::WRONG_STATE));
    let never = running.accept("ana", Some(4)).await;
    assert_eq!(kind_and_code(never), (RefusalKind::NotFound, code::UNKNOWN_OFFER));
    let end = Request::EndCall { call: call("pbx", "c1"), treatment: Treatment::Busy };
    let unknown = running.ask(end).await;
    assert_eq!(kind_and_code(unknown), (RefusalKind::NotFound, code::UNKNOWN_CALL));
    let long = running.ask(Request::LogOut { agent: "x".repeat(129) }).await;
    assert_eq!(kind_and_code(long), (RefusalKind::InvalidArgument, code::TOO_LARGE));
    let nameless = running.domain.request(Request::LogOut { agent: ana() }, Person::default());
    assert_eq!(kind_and_code(nameless.await), (RefusalKind::InvalidArgument, code::MALFORMED));
}

#[tokio::test(start_paused = true)]
async fn accepting_a_revoked_offer_tells_what_became_of_it() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    running.ready("ben").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "nurse").await;
    let offer = pbx.rings().await;
    let not_his = running.accept("ben", Some(offer)).await;
    assert_eq!(kind_and_code(not_his), (RefusalKind::FailedPrecondition, code::WRONG_STATE));
    pbx.say(ended("c1")).await;
    until(|| running.calls().is_empty()).await;
    let refusal = running.accept("ana", Some(offer)).await.expect_err("the caller is gone");
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::FailedPrecondition, code::OFFER_OVER));
    assert!(refusal.message.starts_with("offer 1 is over: revoked, the caller hung up"));
}

#[tokio::test(start_paused = true)]
async fn a_call_is_answered_at_the_desktop() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut watch = running.domain.watch_agent("ana").expect("she is configured");
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    assert!(watch.changed().await);
    let offer = running.offer_to("ana").expect("the row shows it");
    assert_eq!((offer.offer, &*offer.call.call_id, &*offer.queue), (1, "c1", "billing"));
    assert_eq!(offer.call.attributes[0].1, "token");
    running.accept("ana", None).await.expect("the only one");
    pbx.rings().await;
    assert!(matches!(pbx.order().await, Order::Connect { offer: 1, .. }));
    let twice = running.accept("ana", Some(1)).await;
    assert_eq!(kind_and_code(twice), (RefusalKind::FailedPrecondition, code::OFFER_OVER));
    pbx.say(AdapterMessage::CallBridged { offer: 1, epoch: 0 }).await;
    until(|| running.agent("ana").state == "talking").await;
    pbx.say(AdapterMessage::CallHeld { call_id: "c1".to_owned() }).await;
    until(|| running.agent("ana").state == "held").await;
    pbx.say(AdapterMessage::CallRetrieved { call_id: "c1".to_owned() }).await;
    pbx.say(ended("c1")).await;
    until(|| running.agent("ana").state == "wrap_up").await;
    pbx.say(AdapterMessage::WrapUpDone {
        agent: AgentMeant::Id("ana".to_owned()),
        call: None,
        disposition: None,
    })
    .await;
    until(|| running.agent("ana").state == "ready").await;
}

#[tokio::test(start_paused = true)]
async fn supervisors_step_in() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(2).await;
    let c1 = || call("pbx", "c1");
    running
        .ask(Request::MoveCall { call: c1(), queue: "nurse".to_owned() })
        .await
        .expect("it waits");
    assert_eq!(&*running.calls()[0].places[0].queue, "nurse");
    let again = running.ask(Request::MoveCall { call: c1(), queue: "nurse".to_owned() }).await;
    assert_eq!(kind_and_code(again), (RefusalKind::FailedPrecondition, code::WRONG_STATE));
    let priority = Priority::EMERGENCY;
    running.ask(Request::SetPriority { call: c1(), priority }).await.expect("it waits");
    assert_eq!(running.calls()[0].priority, priority);
    let presence = ForcedPresence::Ready;
    running
        .ask(Request::ForcePresence { agent: "cleo".to_owned(), presence })
        .await
        .expect("he may be made ready");
    let Order::Offer { priority: shown, .. } = pbx.order().await else {
        panic!("cleo serves nurse");
    };
    assert_eq!(shown, priority);
    running
        .ask(Request::EndCall { call: c1(), treatment: Treatment::HangUp })
        .await
        .expect("it lives");
    let mut rest = [pbx.order().await, pbx.order().await];
    rest.sort_by_key(|order| matches!(order, Order::End { .. }));
    assert!(matches!(rest[0], Order::Revoke { reason: RevokeReason::CallEnded, .. }));
    let end = Order::End { call: c1(), treatment: Treatment::HangUp, rule: String::new() };
    assert_eq!(rest[1], end);
    assert_eq!(running.queue("nurse").overflowed, 1);
}

#[tokio::test(start_paused = true)]
async fn ending_a_call_that_is_being_bridged_stops_both_legs() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut updates = running.domain.subscribe(None).expect("there is room");
    assert!(matches!(updates.next().await, Some(Update::Snapshot(_))));
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    let offer = pbx.rings().await;
    pbx.result(offer, OfferResult::Accepted).await;
    assert!(matches!(pbx.order().await, Order::Connect { .. }));
    running
        .ask(Request::EndCall { call: call("pbx", "c1"), treatment: Treatment::Busy })
        .await
        .expect("it lives");
    let revoked = pbx.order().await;
    assert!(matches!(revoked, Order::Revoke { reason: RevokeReason::CallEnded, .. }));
    assert!(matches!(pbx.order().await, Order::End { .. }));
    let gone = loop {
        if let Some(Update::Delta(delta)) = updates.next().await
            && let Some(row) = delta.calls.iter().find(|row| row.state == CallState::Ended)
        {
            break row.clone();
        }
    };
    assert_eq!(gone.outcome, Some(Outcome::Overflowed));
}

#[tokio::test(start_paused = true)]
async fn a_full_mailbox_refuses_people_at_once() {
    let settings = Settings { mailbox_capacity: 1, ..Settings::default() };
    let (domain, _driver, _publisher) =
        start(&plan(), clock(), (MemoryLog::new(), Replica::empty()), settings)
            .expect("the plan is sound");
    let ask = || {
        let person = Person { name: "pat".to_owned(), reason: String::new() };
        domain.request(Request::LogOut { agent: "ana".to_owned() }, person)
    };
    let mut first = Box::pin(ask());
    assert!(timeout(Duration::from_millis(1), &mut first).await.is_err(), "nobody drives");
    assert_eq!(kind_and_code(ask().await), (RefusalKind::ResourceExhausted, code::OVERLOADED));
}
