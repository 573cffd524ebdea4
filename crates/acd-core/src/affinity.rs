//! Calls that wait for one agent: the one they name, or who last talked with their caller.
//!
//! Until the wait is over such a call is that agent's alone. It stands in its lines, where nobody
//! looks for it, and before him, in the order in which he would take it.

use crate::call::{Awaits, CallKey, CallState};
use crate::command::CallEntry;
use crate::deadlines::{Deadline, Ticket};
use crate::event::{Event, Presence};
use crate::ids::{AgentId, CallHandle, CallerKey, DemandId, Priority, Span, Timestamp};
use crate::plan::{RANK_MAX, RoutingPlan};
use crate::router::Router;
use crate::slab::NONE;
use std::collections::{BTreeMap, BTreeSet};

/// The most callers of whom it is remembered who last talked with them; one more makes the one of
/// the longest ago forgotten.
pub const CALLERS_MAX: usize = 1 << 20;

/// Where a place stands before the agent whom its call waits for: less is taken first.
pub(crate) type AwaitedKey = (u8, CallKey, u16);

/// The calls that wait for one agent.
#[derive(Debug, Default)]
pub(crate) struct Awaited {
    /// In whatever state, by arrival.
    calls: BTreeSet<(u64, CallHandle)>,
    /// The places of those that stand in lines.
    pub(crate) places: BTreeMap<AwaitedKey, u32>,
}

/// Who last talked with which caller.
#[derive(Debug)]
pub(crate) struct Callers {
    /// For how long it matters to some queue; zero if to none.
    window: Span,
    last: BTreeMap<CallerKey, (Timestamp, AgentId)>,
    by_time: BTreeSet<(Timestamp, CallerKey)>,
}

impl Callers {
    pub(crate) fn new(plan: &RoutingPlan) -> Self {
        let window = plan.queues.iter().map(|queue| queue.affinity.window).max();
        let (window, last) = (window.unwrap_or_default(), BTreeMap::new());
        Self { window, last, by_time: BTreeSet::new() }
    }

    pub(crate) fn note(&mut self, caller: CallerKey, at: Timestamp, agent: AgentId) {
        if self.window == Span(0) {
            return;
        }
        if let Some((before, _)) = self.last.insert(caller, (at, agent)) {
            self.by_time.remove(&(before, caller));
        }
        self.by_time.insert((at, caller));
        // Nobody asks any more for those of long ago.
        while let Some((at_last, caller)) = self.by_time.first().copied() {
            if at.since(at_last) <= self.window && self.last.len() <= CALLERS_MAX {
                return;
            }
            self.by_time.pop_first();
            self.last.remove(&caller);
        }
    }

    fn last(&self, caller: CallerKey) -> Option<(Timestamp, AgentId)> {
        self.last.get(&caller).copied()
    }

    /// From the longest ago on.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (CallerKey, Timestamp, AgentId)> + '_ {
        self.by_time.iter().filter_map(|(at, caller)| Some((*caller, *at, self.last(*caller)?.1)))
    }

    pub(crate) fn len(&self) -> usize {
        self.last.len()
    }
}

impl Router {
    /// On arrival: whether the call waits for somebody.
    pub(crate) fn judge_affinity(&mut self, entry: &CallEntry, slot: u32, events: &mut Vec<Event>) {
        let affinity = self.plan.queues[entry.queue.index()].affinity;
        let until = entry.since + affinity.wait;
        if entry.priority == Priority::EMERGENCY || until <= self.now {
            return;
        }
        let last = entry.caller.and_then(|caller| self.callers.last(caller));
        let remembered = last.filter(|(at, _)| self.now.since(*at) <= affinity.window);
        let last = remembered.filter(|_| affinity.window > Span(0)).map(|(_, agent)| agent);
        let asked = self.lines.demand(DemandId(u32::from(entry.queue.0)), entry.extra);
        let may_come = |agent: &AgentId| {
            let known = &self.agents[agent.index()];
            let demand = &self.lines.demands[asked.index()];
            known.presence() == Presence::Ready
                && known.desk(entry.channel).is_some()
                && self.level_for(*agent, demand.queue, &demand.requirement).is_some()
        };
        let Some(agent) = entry.preferred.into_iter().chain(last).find(may_come) else { return };
        let call = self.calls[slot].handle;
        events.push(Event::AgentAwaited { call, agent, until });
        self.calls[slot].awaits = Some(Awaits { agent, until, ticket: Ticket::NONE });
        self.set_awaited(slot);
    }

    /// Sets what follows from the agent whom a call waits for.
    pub(crate) fn set_awaited(&mut self, slot: u32) {
        let call = &mut self.calls[slot];
        let Some(awaits) = &mut call.awaits else { return };
        let deadline = Deadline::AffinityEnds { arrival: call.arrival, slot };
        awaits.ticket = self.deadlines.set(awaits.until, deadline);
        let awaited = self.awaited.entry(awaits.agent).or_default();
        awaited.calls.insert((call.arrival, call.handle));
    }

    /// From now on it is anybody's.
    pub(crate) fn give_up_awaiting(&mut self, slot: u32, events: &mut Vec<Event>) {
        if self.calls[slot].awaits.is_none() {
            return;
        }
        let waits = self.calls[slot].state == CallState::Waiting;
        let listed: Vec<u32> =
            self.places_of(slot).filter(|place| self.places[*place].line != NONE).collect();
        listed.iter().for_each(|place| self.leave_line(*place));
        self.forget_awaited(slot);
        let call = self.calls[slot].handle;
        events.push(Event::AgentAwaitedNoMore { call });
        listed.iter().for_each(|place| self.stand_in_line(*place));
        if waits {
            self.eligible.push(call);
        }
    }

    /// The call is over, or with an agent.
    pub(crate) fn forget_awaited(&mut self, slot: u32) {
        let call = &mut self.calls[slot];
        let Some(mut awaits) = call.awaits.take() else { return };
        self.deadlines.cancel(&mut awaits.ticket);
        let Some(awaited) = self.awaited.get_mut(&awaits.agent) else { return };
        awaited.calls.remove(&(call.arrival, call.handle));
        if awaited.calls.is_empty() {
            self.awaited.remove(&awaits.agent);
        }
    }

    pub(crate) fn affinity_ran_out(&mut self, slot: u32, events: &mut Vec<Event>) {
        if let Some(awaits) = &mut self.calls[slot].awaits {
            awaits.ticket = Ticket::NONE;
        }
        self.give_up_awaiting(slot, events);
    }

    /// He has stopped working: nobody waits for him.
    pub(crate) fn nobody_awaits(&mut self, agent: AgentId, events: &mut Vec<Event>) {
        let calls = self.awaited.get(&agent).map(|awaited| awaited.calls.clone());
        for (_, call) in calls.into_iter().flatten() {
            self.give_up_awaiting(call.slot, events);
        }
    }

    /// He did not take the call: it waits for him no longer.
    pub(crate) fn awaited_did_not_come(
        &mut self,
        slot: u32,
        agent: AgentId,
        events: &mut Vec<Event>,
    ) {
        if self.calls[slot].awaits.is_some_and(|awaits| awaits.agent == agent) {
            self.give_up_awaiting(slot, events);
        }
    }

    pub(crate) fn stand_before_awaited(&mut self, place: u32, key: CallKey) {
        if let Some((agent, at)) = self.before_awaited(place, key)
            && let Some(awaited) = self.awaited.get_mut(&agent)
        {
            awaited.places.insert(at, place);
        }
    }

    pub(crate) fn leave_awaited(&mut self, place: u32, key: CallKey) {
        if let Some((agent, at)) = self.before_awaited(place, key)
            && let Some(awaited) = self.awaited.get_mut(&agent)
        {
            awaited.places.remove(&at);
        }
    }

    fn before_awaited(&self, place: u32, key: CallKey) -> Option<(AgentId, AwaitedKey)> {
        let at = &self.places[place];
        let agent = self.calls[at.slot].awaits?.agent;
        // As planned: what he meets, and so the ranks of his pool, may change while the call stands there.
        let rank = self.plan.agents[agent.index()].service(at.queue).unwrap_or_default().rank;
        Some((agent, (RANK_MAX - rank, key, at.joined)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Affinity, QueuePlan, Requirement};

    fn callers(windows: &[u64]) -> Callers {
        let queue = |window: &u64| {
            let affinity = Affinity { window: Span(*window), wait: Span(1) };
            QueuePlan { affinity, ..QueuePlan::new("q", Requirement::default(), Vec::new()) }
        };
        let queues = windows.iter().map(queue).collect();
        Callers::new(&RoutingPlan { queues, ..RoutingPlan::default() })
    }

    /// A caller is remembered for as long as some queue asks, and takes no room longer.
    #[test]
    fn callers_of_long_ago_are_forgotten() {
        let mut known = callers(&[40, 100, 0]);
        let mut note = |caller, at, agent| {
            known.note(CallerKey(caller), Timestamp(at), AgentId(agent));
            known.iter().map(|(caller, at, agent)| (caller.0, at.0, agent.0)).collect::<Vec<_>>()
        };
        assert_eq!(note(1, 1_000, 7), [(1, 1_000, 7)]);
        assert_eq!(note(2, 1_050, 7), [(1, 1_000, 7), (2, 1_050, 7)]);
        assert_eq!(note(1, 1_060, 8), [(2, 1_050, 7), (1, 1_060, 8)], "who was last");
        assert_eq!(note(3, 1_150, 9), [(2, 1_050, 7), (1, 1_060, 8), (3, 1_150, 9)]);
        assert_eq!(note(3, 1_160, 9), [(1, 1_060, 8), (3, 1_160, 9)]);
        assert_eq!(known.len(), 2);
    }

    #[test]
    fn where_no_queue_asks_nobody_is_remembered() {
        let mut known = callers(&[0]);
        known.note(CallerKey(1), Timestamp(0), AgentId(0));
        assert_eq!((known.len(), known.iter().count()), (0, 0));
    }
}
