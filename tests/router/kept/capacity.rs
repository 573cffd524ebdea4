//! Promise 2: no agent holds more than his capacity; no more offers of a call at a time than its queue
//! allows, and one alone is accepted; an offer goes
//! only to an agent who meets the requirement as it stands then, and is revoked if he no longer does.

use super::{Watch, keeps};
use crate::books::{Books, Stage};
use acd_core::{
    Action, AgentId, CallHandle, Channel, Command, Event, Presence, QueueId, SlotState, Timestamp,
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
                    let rules = &books.plan.queues[fired.1.index()].rules;
                    let besides = books.calls[call].asks_besides;
                    let asks = |action: &Action| match action {
                        Action::Require(it) => besides || *it == asked.requirement,
                        Action::Drop(_) => besides,
                        _ => false,
                    };
                    fired.0 == *call
                        && (besides || fired.1 == *queue)
                        && rules[usize::from(fired.2)].then.iter().any(asks)
                });
                let here = asked.queue == *queue;
                keeps!(2, says_so && here, "{call:?} asks for {asked:?}, and no rule says so");
            }
            Event::PlaceEntered { call, queue, demand, .. } => {
                let asked = books.demand(*demand);
                let own = &books.plan.queues[queue.index()].require;
                let besides = books.calls[call].asks_besides;
                let as_planned = asked.queue == *queue && (besides || asked.requirement == *own);
                keeps!(2, as_planned, "{call:?} asks for {asked:?}, and its queue for {own:?}");
            }
            Event::OfferIssued { call, agent, queue, adopted, picked, .. } => {
                Self::may_be_offered(books, *call, *agent, *queue, *adopted, *picked);
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
            for desk in &planned.desks {
                let held = holds(books, agent, desk.channel);
                let most = usize::from(desk.capacity);
                keeps!(2, held <= most, "{agent:?} holds {held} calls, at most {most}");
            }
        }
        for (call, known) in &books.calls {
            let one = known.hands.len() <= 1 || known.stage == Stage::Offering;
            keeps!(2, one, "{call:?} is with several agents");
            for hand in known.hands.iter().filter(|_| known.stage == Stage::Offering) {
                let (agent, queue) = (hand.agent, hand.queue);
                let place = known.place(queue);
                let meets = place.is_some_and(|it| books.has_skills(agent, &it.requirement));
                keeps!(2, meets, "{call:?} rings {agent:?}, who does not meet what it asks for");
                let at_work = &books.agents[agent.index()];
                let ready = at_work.presence == Presence::Ready && at_work.pending.is_none();
                keeps!(2, ready, "{call:?} rings {agent:?}, who wants no calls");
            }
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
        picked: bool,
    ) {
        let known = &books.calls[&call];
        let at_once = match known.awaits {
            Some(_) => 1,
            None => usize::from(books.plan.queues[queue.index()].broadcast),
        };
        let others = known.hands.iter().all(|it| it.queue == queue && it.agent != agent);
        let may = others && known.hands.len() < at_once;
        keeps!(2, may, "{call:?} is offered too often at once: {:?}", known.hands);
        let desks = &books.plan.agents[agent.index()].desks;
        let desk = desks.iter().find(|desk| desk.channel == known.channel);
        let capacity = desk.map_or(0, |desk| usize::from(desk.capacity));
        let held = holds(books, agent, known.channel);
        keeps!(2, held < capacity, "{agent:?} holds {held} calls, and is offered one more");
        let place = known.place(queue);
        keeps!(2, place.is_some(), "{call:?} is offered through a queue it does not stand in");
        if adopted {
            return;
        }
        let meets = place.is_some_and(|it| match picked {
            true => books.has_skills(agent, &it.requirement),
            false => books.meets(agent, queue, &it.requirement),
        });
        keeps!(2, meets, "{call:?} is offered to {agent:?}, who does not meet what it asks for");
        let available = books.may_be_rung(agent, known);
        keeps!(2, available, "{call:?} is offered to {agent:?}, who cannot take it");
    }
}

/// Calls of a channel in an agent's hands.
fn holds(books: &Books, agent: AgentId, channel: Channel) -> usize {
    let calls = books.calls.values().filter(|known| known.channel == channel);
    let hands = calls.flat_map(|known| &known.hands);
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
        SlotState::WrapUp { call, .. } => match before {
            SlotState::Talking { call: it } | SlotState::Held { call: it } => it == call,
            _ => false,
        },
    }
}
