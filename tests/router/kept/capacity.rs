//! Promise 2: no agent holds more than his capacity; one offer of a call at a time; an offer goes
//! only to an agent who meets the requirement as it stands then, and is revoked if he no longer does.

use super::{Watch, keeps};
use crate::books::{Books, Stage};
use acd_core::{
    Action, AgentId, CallHandle, Command, Event, Presence, QueueId, SlotState, Timestamp,
};

#[derive(Default)]
pub(crate) struct Capacity {
    /// Rules that have acted in the present command.
    fired: Vec<(CallHandle, QueueId, u16)>,
    /// It may say anew what calls ask for.
    plan_changes: bool,
}

impl Watch for Capacity {
    fn before(&mut self, _: &Books, _: Timestamp, command: &Command) {
        self.fired.clear();
        self.plan_changes = matches!(command, Command::PlanChanged { .. });
    }

    fn sees(&mut self, books: &Books, event: &Event) {
        match event {
            Event::RuleFired { call, queue, rule, .. } => {
                self.fired.push((*call, *queue, *rule));
            }
            Event::RequirementChanged { call, queue, demand } if !self.plan_changes => {
                let asked = books.demand(*demand);
                let says_so = self.fired.iter().any(|fired| {
                    let rules = &books.plan.queues[queue.index()].rules;
                    let asks = |action: &Action| {
                        matches!(action, Action::Require(it) if *it == asked.requirement)
                    };
                    (fired.0, fired.1) == (*call, *queue)
                        && rules[usize::from(fired.2)].then.iter().any(asks)
                });
                let here = asked.queue == *queue;
                keeps!(2, says_so && here, "{call:?} asks for {asked:?}, and no rule says so");
            }
            Event::OfferIssued { call, agent, queue, adopted, .. } => {
                Self::may_be_offered(books, *call, *agent, *queue, *adopted);
            }
            Event::SlotChanged { agent, slot, state } => {
                let before = books.agents[agent.index()].slots.get(usize::from(*slot));
                keeps!(2, before.is_some(), "{agent:?} has no slot {slot}");
                let may = before.is_some_and(|before| may_follow(*before, *state));
                keeps!(2, may, "slot {slot} of {agent:?} is {before:?}, then {state:?}");
            }
            _ => {}
        }
    }

    fn after(&mut self, books: &Books, _: &Command) {
        for (agent, planned) in books.plan.agents_with_ids() {
            let held = holds(books, agent);
            let most = usize::from(planned.capacity);
            keeps!(2, held <= most, "{agent:?} holds {held} calls, at most {most}");
        }
        for (call, known) in &books.calls {
            let Some(hand) = known.hand.filter(|_| known.stage == Stage::Offering) else {
                continue;
            };
            let (agent, queue) = (hand.agent, hand.queue);
            let place = known.place(queue);
            let meets = place.is_some_and(|it| books.meets(agent, queue, &it.requirement));
            keeps!(2, meets, "{call:?} rings {agent:?}, who does not meet what it asks for");
            let at_work = &books.agents[agent.index()];
            let ready = at_work.presence == Presence::Ready && at_work.pending.is_none();
            keeps!(2, ready, "{call:?} rings {agent:?}, who wants no calls");
        }
    }
}

impl Capacity {
    fn may_be_offered(
        books: &Books,
        call: CallHandle,
        agent: AgentId,
        queue: QueueId,
        adopted: bool,
    ) {
        let known = &books.calls[&call];
        keeps!(2, known.hand.is_none(), "{call:?} is offered twice at once");
        let capacity = usize::from(books.plan.agents[agent.index()].capacity);
        let held = holds(books, agent);
        keeps!(2, held < capacity, "{agent:?} holds {held} calls, and is offered one more");
        let place = known.place(queue);
        keeps!(2, place.is_some(), "{call:?} is offered through a queue it does not stand in");
        if adopted {
            return;
        }
        let meets = place.is_some_and(|it| books.meets(agent, queue, &it.requirement));
        keeps!(2, meets, "{call:?} is offered to {agent:?}, who does not meet what it asks for");
        let available = books.may_be_rung(agent, known.adapter);
        keeps!(2, available, "{call:?} is offered to {agent:?}, who cannot take it");
    }
}

/// Calls in an agent's hands.
fn holds(books: &Books, agent: AgentId) -> usize {
    let hands = books.calls.values().filter_map(|known| known.hand);
    hands.filter(|hand| hand.agent == agent).count()
}

fn may_follow(before: SlotState, after: SlotState) -> bool {
    let is_free = before == SlotState::Free;
    match after {
        SlotState::Free => !is_free,
        SlotState::Reserved { .. } => is_free,
        SlotState::Connecting { call } => {
            matches!(before, SlotState::Reserved { call: it, .. } if it == call)
        }
        // A conversation that was found begins where nothing was.
        SlotState::Talking { call } => match before {
            SlotState::Connecting { call: it } | SlotState::Held { call: it } => it == call,
            _ => is_free,
        },
        SlotState::Held { call } => {
            matches!(before, SlotState::Talking { call: it } if it == call)
        }
        SlotState::WrapUp { .. } => {
            matches!(before, SlotState::Talking { .. } | SlotState::Held { .. })
        }
    }
}
