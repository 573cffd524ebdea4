//! Another plan under the figures: what goes on by its name, and what agents do under it.

use crate::agents::{Doing, Shift};
use crate::day::Day;
use crate::rows::Changed;
use crate::statistics::Statistics;
use acd_core::{AgentFacts, Router, SlotFacts, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Statistics {
    /// Lets go of queues and agents that the plan does not have and of which nothing is kept; the others move
    /// up. Only before their places are found.
    pub(crate) fn let_go(&mut self) {
        let plan = Arc::clone(&self.plan);
        let names: BTreeSet<&str> = plan.queues.iter().map(|queue| &*queue.name).collect();
        let ids: BTreeSet<&str> = plan.agents.iter().map(|agent| &*agent.id).collect();
        let queues = self.queues.iter();
        let mut queues: Vec<bool> =
            queues.map(|it| names.contains(&*it.name) || !it.history.is_empty()).collect();
        let agents = self.agents.iter();
        let mut agents: Vec<bool> =
            agents.map(|it| ids.contains(&*it.id) || !it.history.is_empty()).collect();
        if queues.iter().chain(&agents).all(|is_kept| *is_kept) {
            return;
        }
        let keep = |kept: &mut Vec<bool>, row: u32| {
            kept.get_mut(row as usize).into_iter().for_each(|is_kept| *is_kept = true);
        };
        self.each_row(|queue| keep(&mut queues, *queue), |agent| keep(&mut agents, *agent));
        let (queues_go, agents_go) = (moved_up(&queues), moved_up(&agents));
        let go = |to: &[u32], row: &mut u32| *row = to.get(*row as usize).copied().unwrap_or(*row);
        self.each_row(|queue| go(&queues_go, queue), |agent| go(&agents_go, agent));
        let (mut queues, mut agents) = (queues.into_iter(), agents.into_iter());
        self.queues.retain(|_| queues.next().unwrap_or(true));
        self.agents.retain(|_| agents.next().unwrap_or(true));
        self.changed = Changed::default();
        (0..self.queues.len() as u32).for_each(|row| self.changed.queues.note(row));
        (0..self.agents.len() as u32).for_each(|row| self.changed.agents.note(row));
    }

    /// All that speaks of a queue, or of an agent, by its row.
    fn each_row(&mut self, mut queue: impl FnMut(&mut u32), mut agent: impl FnMut(&mut u32)) {
        for call in self.calls.values_mut() {
            let stays = call.stays.iter_mut().chain(&mut call.ending);
            stays.for_each(|stay| queue(&mut stay.queue));
            if let Some(talk) = &mut call.talk {
                queue(&mut talk.queue);
                agent(&mut talk.agent);
            }
        }
        for doing in self.agents.iter_mut().flat_map(|agent| &mut agent.slots) {
            if let Doing::WrapUp { queue: of, .. } = doing {
                queue(of);
            }
        }
        self.contacts.each_queue(queue);
    }

    /// Ops decided anew, and the Router goes on under its plan: to be told before the events of that.
    pub fn plan_changed(&mut self, at: Timestamp, router: &Router) {
        self.pass(at);
        self.plan = Arc::clone(router.plan());
        self.find_rows();
        let day = Day::of(&self.plan.time_zone, self.at);
        for row in 0..self.agents.len() as u32 {
            if self.agent_rows.id(row).is_none() {
                // Who is gone has nothing in hand any more.
                self.agent_goes_on(row, Shift::Out, Vec::new(), &day);
            }
        }
        for AgentFacts { agent, presence, slots, .. } in router.agents() {
            let Some(row) = self.agent_rows.row(agent.index()) else { continue };
            let shift = self.shift(presence);
            let at = self.at;
            let doing = slots
                .iter()
                .map(|SlotFacts { state, since }| self.doing(*state, since.unwrap_or(at)));
            let doing = doing.collect();
            self.agent_goes_on(row, shift, doing, &day);
        }
    }

    /// Notes that he took go on in the slot where they are now, counted as before; others are over.
    fn agent_goes_on(&mut self, row: u32, shift: Shift, mut slots: Vec<Doing>, day: &Day) {
        let at = self.at;
        let Some(agent) = self.agents.get_mut(row as usize) else { return };
        let mut notes = Vec::new();
        for did in agent.goes_on(at, shift, day.clone()) {
            let Doing::WrapUp { queue, .. } = did else { continue };
            let is_same = |it: &&mut Doing| {
                matches!(it, Doing::WrapUp { queue: of, .. } if *of == queue)
                    && !notes.contains(*it)
            };
            match slots.iter_mut().find(is_same) {
                Some(slot) => {
                    *slot = did;
                    notes.push(did);
                }
                None => self.done_with(did),
            }
        }
        if let Some(agent) = self.agents.get_mut(row as usize) {
            agent.slots = slots;
        }
    }
}

/// Where each row stands once those that are not kept are gone.
fn moved_up(kept: &[bool]) -> Vec<u32> {
    let mut next = 0;
    let rows = kept.iter().map(|is_kept| {
        let row = next;
        next += u32::from(*is_kept);
        row
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{HistoryWanted, Interval};
    use acd_core::{
        AdapterId, AgentId, AgentPlan, CallHandle, Channel, Event, Outcome, Priority, QueueId,
        QueuePlan, Requirement, RoutingPlan,
    };

    const CALL: CallHandle = CallHandle { slot: 0, generation: 1 };

    fn plan(queues: &[&str], agents: &[&str]) -> Arc<RoutingPlan> {
        let require = Requirement { skills: Vec::new(), any_of: Vec::new() };
        let queue = |name: &&str| QueuePlan::new(name, require.clone(), Vec::new());
        let agent = |id: &&str| AgentPlan::new(id, Vec::new());
        Arc::new(RoutingPlan {
            queues: queues.iter().map(queue).collect(),
            agents: agents.iter().map(agent).collect(),
            ..RoutingPlan::default()
        })
    }

    fn days(days: u64) -> Timestamp {
        Timestamp(days * 24 * 3_600_000_000)
    }

    #[test]
    fn who_is_not_in_the_plan_goes_once_nothing_speaks_of_him_and_the_others_move_up() {
        let before = plan(&["gone", "spoken of", "stays"], &["zoe", "ana"]);
        let mut statistics = Statistics::new(&before);
        let arrived = Event::CallArrived {
            call: CALL,
            adapter: AdapterId(0),
            channel: Channel::Voice,
            arrival: 1,
            priority: Priority::NORMAL,
            since: days(1),
            route: None,
            caller: None,
        };
        statistics.fold(days(1), &arrived);
        let (agent, queue) = (AgentId(1), QueueId(1));
        statistics.fold(days(1), &Event::CallConnected { call: CALL, agent, queue });
        let now = plan(&["stays"], &["ana"]);
        let mut statistics = Statistics::decode(&statistics.encode(), &now).expect("sound");
        let names = |statistics: &Statistics| -> Vec<String> {
            let queues = statistics.queues.iter().map(|it| it.name.clone());
            queues.chain(statistics.agents.iter().map(|it| it.id.clone())).collect()
        };
        assert_eq!(names(&statistics), ["spoken of", "stays", "ana"]);
        let ended = Event::CallEnded { call: CALL, outcome: Outcome::Handled, treatment: None };
        statistics.fold(days(1), &ended);
        let rows = statistics.history(&HistoryWanted::all(Interval(0)..Interval(u32::MAX)));
        let of = &rows.queues[0];
        assert_eq!((&*of.queue, of.figures.counts.handled), ("spoken of", 1));
        assert_eq!((&*rows.agents[0].agent, rows.agents[0].figures.counts.handled), ("ana", 1));

        let again = |at: u64, statistics: &mut Statistics| {
            statistics.fold(days(at), &Event::HalfMinutePassed);
            Statistics::decode(&statistics.encode(), &now).expect("sound")
        };
        let mut statistics = again(9, &mut statistics);
        assert_eq!(names(&statistics), ["spoken of", "stays", "ana"], "its day is not final");
        let statistics = again(10, &mut statistics);
        assert_eq!(names(&statistics), ["stays", "ana"]);
    }
}
