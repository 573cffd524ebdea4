//! Why a call is where it is: what is told of it while it lives, and after.

use super::*;
use acd_core::{AgentId, How, PickedBy, TookBy};
use acd_journal::MemoryLog;

impl Running {
    async fn explain(&self, id: &str, agent: Option<&str>) -> Result<Explained, Refusal> {
        self.domain.explain(call("pbx", id), agent.map(str::to_owned)).await
    }
}

fn kinds(story: &Story) -> Vec<&'static str> {
    story.steps.iter().map(|step| step.event.kind).collect()
}

#[tokio::test(start_paused = true)]
async fn an_offer_is_told_with_what_decided_it() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    running.ready("ben").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.rings().await;
    let explained = running.explain("c1", None).await.expect("it lives");
    assert_eq!(kinds(&explained.story), ["call_arrived", "place_entered", "offer_issued"]);
    let decision = explained.story.steps[2].decision.as_ref().expect("an offer has a reason");
    let How::CallPicked(pick) = decision.how else { panic!("{decision:?}") };
    assert_eq!((pick.winner.agent, pick.free), (AgentId(0), 2));
    assert_eq!(decision.other_agent.as_deref(), Some("ben"));
    // Both became ready in the same microsecond of a clock that stands still, or ana earlier.
    assert!(matches!(pick.decided_by, PickedBy::Criterion(_)), "{pick:?}");
    let now = explained.now.expect("it lives");
    assert_eq!(now.call.state, CallState::Offering);
}

#[tokio::test(start_paused = true)]
async fn an_agent_who_frees_up_took_the_older_call() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.say(AdapterMessage::CallOffered(held_call("old", "billing"))).await;
    pbx.offer("new", "billing").await;
    running.ready("ben").await;
    pbx.rings().await;
    let explained = running.explain("old", None).await.expect("it lives");
    let last = explained.story.steps.last().expect("something happened");
    let decision = last.decision.as_ref().expect("it was offered");
    let How::AgentTook(take) = decision.how else { panic!("{decision:?}") };
    assert_eq!(take.decided_by, TookBy::Age);
    let (other, queue) = decision.other_call.clone().expect("another waits");
    assert_eq!((&*other.call_id, &*queue), ("new", "billing"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_is_told_whom_it_waits_for_and_what_comes_next() {
    let running = run_on(MemoryLog::new());
    running.ready("cleo").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(1).await;
    let explained = running.explain("c1", Some("cleo")).await.expect("it lives");
    let now = explained.now.expect("it lives");
    let place = &now.places[0];
    let barred: Vec<_> = place.barred.iter().map(|it| (it.kind, &*it.skill, it.agents)).collect();
    assert_eq!(barred, [("lacks_skill", "billing", 1), ("logged_out", "", 2)]);
    let asked: Vec<_> = place.asked.iter().map(|it| (it.kind, it.needs, it.has)).collect();
    assert_eq!(asked, [("lacks_skill", 3, 1)]);
    let next = place.next_rule.as_ref().expect("it widens");
    assert_eq!((&*next.name, next.at), ("widen", place.since + Span::from_secs(60)));
    assert_eq!(next.does, [("require", "billing 1".to_owned())]);
    assert_eq!((place.ahead, place.free, now.hold), (0, 0, None));

    // Nothing happens meanwhile, and it waits on.
    tokio::time::sleep(Duration::from_secs(7)).await;
    let later = running.explain("c1", None).await.expect("it lives").now.expect("it lives");
    assert!(later.age >= now.age + Span::from_secs(7), "{:?}, {:?}", now.age, later.age);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_has_ended_is_remembered_and_one_that_never_was_is_not() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.say(ended("c1")).await;
    pbx.acknowledged(2).await;
    let explained = running.explain("c1", None).await.expect("it is remembered");
    assert_eq!(explained.now, None);
    assert_eq!(
        kinds(&explained.story),
        ["call_arrived", "place_entered", "place_left", "call_ended"]
    );
    let refusal = running.explain("c2", None).await.expect_err("it never was");
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::NotFound, code::UNKNOWN_CALL));
    let refusal = running.explain("c1", Some("zoe")).await.expect_err("nobody of that name");
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::NotFound, code::UNKNOWN_AGENT));
    let refusal = running.explain("", None).await.expect_err("it names no call");
    assert_eq!(refusal.kind, RefusalKind::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn of_a_long_story_the_first_step_and_the_latest_are_kept() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.acknowledged(1).await;
    for raised in 0..STEPS_MAX {
        let priority = Priority::new((raised % 2) as u8).expect("it is one");
        let set = Request::SetPriority { call: call("pbx", "c1"), priority };
        running.ask(set).await.expect("it waits");
    }
    let story = running.explain("c1", None).await.expect("it lives").story;
    assert_eq!((story.steps.len(), story.left_out), (STEPS_MAX, 2));
    assert_eq!(story.steps[0].event.kind, "call_arrived");
    assert_eq!(story.steps[1].event.kind, "priority_changed");
}
