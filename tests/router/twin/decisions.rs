//! Why the twin makes an offer: all who came into question, sorted, and the first two of them.

use super::{Call, Place, Reverse, Twin};
use acd_core::{
    AgentId, AgentStanding, CallStanding, Criterion, Decision, How, Order, Pick, PickedBy,
    Priority, Span, Take, TookBy,
};

/// A call for an agent: emergencies, then rank, then the key, then the place that it joined first.
pub(super) type Candidate = (bool, Reverse<u8>, super::Key, u32, usize);

/// What the twin knows of why an offer was made.
#[derive(Clone)]
pub(crate) struct Known {
    /// But for how many kinds of agents there are, which only the Router knows.
    decision: Decision,
    /// How many agents could have been picked if the call skipped nobody.
    free_at_most: u32,
}

impl Known {
    pub(super) fn new(decision: Decision, free_at_most: u32) -> Self {
        Self { decision, free_at_most }
    }

    /// The Router says the same; whom it calls free it may not have asked one by one.
    pub(crate) fn check(&self, said: &Decision) {
        let mut expected = self.decision;
        if let (How::CallPicked(known), How::CallPicked(said)) = (&mut expected.how, said.how) {
            assert!((known.free..=self.free_at_most).contains(&said.free), "{said:?}, {known:?}");
            assert!((1..=said.free).contains(&said.kinds), "{said:?}");
            (known.free, known.kinds) = (said.free, said.kinds);
        }
        assert_eq!(*said, expected);
    }
}

impl Twin {
    /// Why the offers of the last command were made.
    pub(crate) fn decisions(&self) -> &[Known] {
        &self.decisions
    }

    /// `agents` are all whom the call may pick, the best first.
    pub(super) fn pick(
        &self,
        call: &Call,
        place: &Place,
        agents: &[AgentId],
        (nth, at_once): (u8, u8),
        point: u64,
    ) -> Pick {
        let standing = |agent: &AgentId| self.agent_standing(call, place, *agent);
        let missed = |agent: AgentId| self.agents[agent.index()].missed > 0;
        let select = &self.plan.queues[place.queue.index()].select;
        let decided_by = match agents {
            _ if call.awaits.is_some() => PickedBy::Awaited,
            [a, b, ..] if missed(*a) != missed(*b) => PickedBy::MissedOffers,
            [a, b, ..] => {
                let all = select.iter().chain(&[Criterion::LongestIdle, Criterion::Listed]);
                let mut differing =
                    all.filter(|it| self.by_criterion(**it, call, place, point, *a, *b).is_ne());
                PickedBy::Criterion(*differing.next().expect("no two are one"))
            }
            _ => PickedBy::OnlyOne,
        };
        Pick {
            kinds: 0,
            free: agents.len() as u32,
            nth,
            at_once,
            winner: standing(&agents[0]),
            runner_up: agents.get(1).map(standing),
            decided_by,
        }
    }

    fn agent_standing(&self, call: &Call, place: &Place, agent: AgentId) -> AgentStanding {
        let known = &self.agents[agent.index()];
        let select = &self.plan.queues[place.queue.index()].select;
        let looks_at_level =
            select.contains(&Criterion::HighestLevel) || select.contains(&Criterion::LowestLevel);
        AgentStanding {
            agent,
            missed: known.missed,
            idle_since: known.idle_since[&call.channel.of_slots()],
            level: if looks_at_level { self.level(agent, call, place) as u16 } else { 0 },
            rank: self.service(agent, place.queue).rank,
            busy: Span(known.occupation.0),
            ready: Span(known.occupation.1),
            connected: known.connected,
            last_offer: known.last_offer,
        }
    }

    /// `calls` are all that the agent may take, the best first.
    pub(super) fn take(&self, agent: AgentId, calls: &[Candidate]) -> Take {
        let standing = |(.., joined, call): &Candidate| {
            let call = &self.calls[*call];
            let place = call.places.iter().find(|place| place.joined == *joined).expect("there");
            self.call_standing(agent, call, place)
        };
        let (winner, runner_up) = (standing(&calls[0]), calls.get(1).map(standing));
        let decided_by = runner_up.map_or(TookBy::OnlyOne, |other| self.took_by(&winner, &other));
        Take { winner, runner_up, decided_by }
    }

    fn call_standing(&self, agent: AgentId, call: &Call, place: &Place) -> CallStanding {
        let within = |place: &Place| self.plan.queues[place.queue.index()].service_level.within;
        let soonest = call.places.iter().map(within).min().expect("it stands somewhere");
        let by_deadline = self.plan.order == Order::Deadline;
        CallStanding {
            call: call.handle,
            queue: place.queue,
            rank: self.service(agent, place.queue).rank,
            priority: call.priority,
            lost_leg: call.first,
            age_from: call.age_from,
            due: by_deadline.then(|| call.age_from + soonest),
            arrival: call.arrival,
            awaits_him: call.awaits.is_some(),
        }
    }

    fn took_by(&self, one: &CallStanding, other: &CallStanding) -> TookBy {
        let is_emergency = |it: &CallStanding| it.priority == Priority::EMERGENCY;
        let by_priority = matches!(self.plan.order, Order::Strict | Order::Deadline);
        let (by_time, score): (TookBy, fn(&Self, &CallStanding) -> i128) = match self.plan.order {
            Order::Strict | Order::Oldest => (TookBy::Age, |_, it| i128::from(it.age_from.0)),
            Order::Credit { .. } => (TookBy::Credit, |twin, it| {
                let Order::Credit { per_step } = twin.plan.order else { unreachable!() };
                let steps = i128::from(it.priority.get()) - 5;
                i128::from(it.age_from.0) - i128::from(per_step.0) * steps
            }),
            Order::Deadline => (TookBy::Deadline, |_, it| i128::from(it.due.expect("it is").0)),
        };
        match (one, other) {
            _ if is_emergency(one) != is_emergency(other) => TookBy::Emergency,
            _ if one.rank != other.rank => TookBy::Rank,
            _ if by_priority && one.priority != other.priority => TookBy::Priority,
            _ if one.lost_leg != other.lost_leg => TookBy::LostLeg,
            _ if score(self, one) != score(self, other) => by_time,
            _ if one.arrival != other.arrival => TookBy::Arrival,
            _ => TookBy::JoinedFirst,
        }
    }
}
