//! What an agent says at the end of wrap-up of how a call came out.

use super::recovery::epoch;
use super::*;
use acd_journal::MemoryLog;

impl Running {
    async fn done(
        &self,
        agent: &str,
        call: Option<CallRef>,
        disposition: Option<&str>,
    ) -> Result<Position, Refusal> {
        let (agent, disposition) = (agent.to_owned(), disposition.map(str::to_owned));
        self.ask(Request::EndWrapUp { agent, call, disposition }).await
    }

    /// The ids of the calls that he takes notes on.
    fn notes(&self, agent: &str) -> Vec<String> {
        let slots = self.agent(agent).slots.into_iter();
        let notes = slots.filter(|slot| slot.state == SlotWord::WrapUp);
        notes.map(|slot| slot.call.expect("it has a name").call_id.to_string()).collect()
    }
}

impl Pbx {
    /// A call from its offer to the end of the conversation.
    async fn talks(&mut self, call_id: &str, queue: &str) {
        self.offer(call_id, queue).await;
        let offer = self.rings().await;
        self.result(offer, OfferResult::Accepted).await;
        assert!(matches!(self.order().await, Order::Connect { .. }));
        self.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
        self.say(ended(call_id)).await;
        let last = self.number;
        self.acknowledged(last).await;
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_told_with_the_call_and_its_queue() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.talks("c1", "billing").await;
    let row = running.agent("ana").slots[0].clone();
    assert_eq!(row.call.as_deref().map(|card| &*card.call_id), Some("c1"), "it is over");
    assert_eq!(row.queue.as_deref(), Some("billing"));
    assert_eq!(row.dispositions.join(" "), "resolved follow-up");
    let mut updates = running.domain.subscribe(None).expect("there is room");
    assert!(matches!(updates.next().await, Some(Update::Snapshot(_))));
    running.done("ana", None, Some("follow-up")).await.expect("one of billing's");
    let Some(Update::Delta(delta)) = updates.next().await else { panic!("something changed") };
    let told = &delta.events[0];
    let words = (told.kind, &*told.detail, told.agent.as_deref(), told.queue.as_deref());
    assert_eq!(words, ("wrap_up_ended", "follow-up", Some("ana"), Some("billing")));
    assert_eq!(told.call.as_deref().map(|card| &*card.call_id), Some("c1"));
    let explained = running.domain.explain(call("pbx", "c1"), None).await.expect("kept");
    let last = &explained.story.steps.last().expect("something happened").event;
    assert_eq!((last.kind, &*last.detail), ("wrap_up_ended", "follow-up"), "after its end");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_said_is_refused_with_what_can() {
    let running = run_on(MemoryLog::new());
    running.ready("cleo").await;
    let mut pbx = running.connect("pbx", 7).await;
    let refused = running.done("cleo", None, Some("spam")).await.expect_err("no wrap-up");
    assert_eq!((refused.code, refused.field), (code::WRONG_STATE, ""));
    pbx.talks("c1", "nurse").await;
    let refused = running.done("cleo", None, Some("resolved")).await.expect_err("billing's");
    let what = (refused.kind, refused.code, refused.field);
    let expected = (RefusalKind::InvalidArgument, code::UNKNOWN_DISPOSITION, "disposition");
    assert_eq!(what, expected);
    assert!(refused.message.ends_with("queue `nurse`: one of `spam`"), "{}", refused.message);
    let other = running.done("cleo", Some(call("pbx", "c2")), None).await.expect_err("c1");
    assert_eq!((other.code, other.field), (code::WRONG_STATE, "call"));
    pbx.talks("c2", "nurse").await;
    let several = running.done("cleo", None, Some("spam")).await.expect_err("of which?");
    assert_eq!((several.code, several.field), (code::WRONG_STATE, "call"));
    assert_eq!(running.notes("cleo"), ["c1", "c2"], "nothing has changed");
    running.done("cleo", Some(call("pbx", "c2")), Some("spam")).await.expect("hers");
    assert_eq!(running.notes("cleo"), ["c1"]);
    let id = AgentMeant::Id("cleo".to_owned());
    let says = |disposition: &str| AdapterMessage::WrapUpDone {
        agent: id.clone(),
        call: Some(call("pbx", "c1")),
        disposition: Some(disposition.to_owned()),
    };
    pbx.say(says("lost")).await;
    let number = pbx.number;
    assert_eq!(pbx.rejected().await, (number, code::UNKNOWN_DISPOSITION, "disposition"));
    pbx.say(says("spam")).await;
    until(|| running.notes("cleo").is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn of_several_calls_of_one_id_the_older_one_is_meant() {
    let running = run_on(MemoryLog::new());
    running.ready("cleo").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.talks("c1", "nurse").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    pbx.talks("c1", "nurse").await;
    assert_eq!(running.notes("cleo"), ["c1", "c1"]);
    running.done("cleo", Some(call("pbx", "c1")), Some("spam")).await.expect("the first");
    let slots = running.agent("cleo").slots;
    assert_eq!([slots[0].state, slots[1].state], [SlotWord::Free, SlotWord::WrapUp]);
    running.done("cleo", Some(call("pbx", "c1")), None).await.expect("the second");
    assert!(running.notes("cleo").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_restart_knows_the_call_that_is_over() {
    let log = Arc::new(MemoryLog::new());
    let first = run_on(Shared(Arc::clone(&log)));
    first.ready("cleo").await;
    let mut pbx = first.connect("pbx", 7).await;
    pbx.talks("c1", "nurse").await;
    first.ready("ana").await;
    pbx.talks("c2", "billing").await;
    first.domain.stop().await;

    let found = recovered(&*log).await;
    // An agent who is gone takes his notes along.
    let mut without_ana = RoutingPlan::clone(&plan());
    without_ana.agents.remove(0);
    let next = run_from(Arc::new(without_ana), Shared(Arc::clone(&log)), found, epoch(2));
    assert_eq!(next.notes("cleo"), ["c1"]);
    let wrong = next.done("cleo", Some(call("pbx", "c1")), Some("lost")).await;
    assert_eq!(wrong.expect_err("no such one").code, code::UNKNOWN_DISPOSITION);
    next.done("cleo", Some(call("pbx", "c1")), Some("spam")).await.expect("hers");
    next.domain.stop().await;
    let cast = recovered(&*log).await.into_parts().cast;
    assert_eq!(*cast.notes(), acd_journal::Notes::default(), "nothing is kept for nobody");
}
