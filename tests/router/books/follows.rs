//! What follows from what the books know: who may take which call, and who comes first.

use super::{Agent, Books, Call, Key, Place};
use acd_core::{
    AdapterId, AgentId, Channel, Criterion, Demand, DemandId, DeviceState, HeartbeatState, Order,
    Phase, Presence, Priority, QueueId, Requirement, Service, SkillId, SlotState, Timestamp,
};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

impl Books {
    /// Whether what the adapter holds and rings may be offered.
    pub(crate) fn is_open(&self, adapter: AdapterId) -> bool {
        let known = self.adapters.get(&adapter);
        self.phase == Phase::Normal && known.is_some_and(|it| it.up && it.awaited_until.is_none())
    }

    /// Whether the agent may be offered calls of a channel, what rings him being there.
    pub(crate) fn is_reachable(&self, agent: AgentId, channel: Channel) -> bool {
        let desks = &self.plan.agents[agent.index()].desks;
        let Some(desk) = desks.iter().find(|desk| desk.channel == channel) else { return false };
        let device = desk.endpoint.as_ref();
        device.is_none_or(|device| self.is_open(device.adapter))
            && self.is_available(agent, channel)
    }

    /// Whether the agent may be offered the call at all.
    pub(crate) fn may_be_rung(&self, agent: AgentId, call: &Call) -> bool {
        self.is_open(call.adapter) && self.is_reachable(agent, call.channel)
    }

    /// Ready, nothing else asked for, a device and a desktop that are there, a slot free for the
    /// channel, and nothing in hand that bars it.
    pub(crate) fn is_available(&self, agent: AgentId, channel: Channel) -> bool {
        let known = &self.agents[agent.index()];
        let may_ring = match known.device {
            DeviceState::Up => true,
            DeviceState::Busy => channel != Channel::Voice,
            DeviceState::Down => false,
        };
        let slots = || self.plan.agents[agent.index()].slots().zip(&known.slots);
        let in_hand = slots().filter(|(_, state)| **state != SlotState::Free);
        let how = |channel| self.plan.channels.of(channel);
        let bars = |held: Channel| {
            let may_interrupt = how(held).interruptible_by.contains(&channel);
            held != channel && (how(held).exclusive || how(channel).exclusive && !may_interrupt)
        };
        known.presence == Presence::Ready
            && known.pending.is_none()
            && may_ring
            && known.heartbeat != HeartbeatState::Lost
            && slots().any(|(of, state)| of == channel && *state == SlotState::Free)
            && !in_hand.map(|(of, _)| of).any(bars)
    }

    /// Since when he has been idle, of the channels for which he is available.
    pub(crate) fn longest_idle(&self, agent: AgentId) -> Option<Timestamp> {
        let idle = self.agents[agent.index()].idle_since.iter();
        idle.filter(|(channel, _)| self.is_available(agent, **channel)).map(|(_, at)| *at).min()
    }

    /// Enough agents are free for the queue beyond those whom it keeps for calls that are more
    /// urgent.
    fn spares(&self, call: &Call, place: &Place) -> bool {
        let queue = &self.plan.queues[place.queue.index()];
        let Some(keep) = queue.keep_free.filter(|keep| call.priority < keep.for_priority) else {
            return true;
        };
        let agents = (0..self.agents.len() as u32).map(AgentId);
        let able = |agent: &AgentId| {
            self.is_reachable(*agent, call.channel)
                && self.meets(*agent, place.queue, &queue.require)
        };
        agents.filter(able).count() > keep.agents as usize
    }

    /// Whether the agent may be offered the call through this place at `now`, a waiting call being
    /// given: qualified and served, no delay and no exclusion.
    pub(crate) fn may_take(
        &self,
        agent: AgentId,
        call: &Call,
        place: &Place,
        now: Timestamp,
    ) -> bool {
        self.may_be_rung(agent, call)
            && call.awaits.is_none_or(|(awaited, _)| awaited == agent)
            && call.hands.iter().all(|hand| hand.agent != agent)
            && self.spares(call, place)
            && self.meets(agent, place.queue, &place.requirement)
            && self.has_waited(agent, call, place, now)
            && call.skips.get(&agent).is_none_or(|until| *until <= now)
    }

    /// The delay that the agent has for the queue is over, or does not count.
    pub(crate) fn has_waited(
        &self,
        agent: AgentId,
        call: &Call,
        place: &Place,
        now: Timestamp,
    ) -> bool {
        let delay = self.service(agent, place.queue).delay;
        call.priority == Priority::EMERGENCY || place.entered + delay <= now
    }

    pub(crate) fn service(&self, agent: AgentId, queue: QueueId) -> Service {
        let profile = &self.plan.agents[agent.index()].queues;
        let named = profile.iter().find(|(it, _)| *it == queue);
        named.map(|(_, service)| *service).unwrap_or_default()
    }

    pub(crate) fn meets(&self, agent: AgentId, queue: QueueId, asked: &Requirement) -> bool {
        let planned = &self.plan.agents[agent.index()];
        let barred = planned.only && planned.queues.iter().all(|(it, _)| *it != queue);
        !barred && self.has_skills(agent, asked)
    }

    /// An agent's skills: those that the plan gives him, but for what was said of some.
    fn held(&self, agent: AgentId) -> BTreeMap<SkillId, u8> {
        let planned = self.plan.agents[agent.index()].skills.iter().copied();
        let mut held: BTreeMap<SkillId, u8> = planned.collect();
        for (skill, (level, _)) in &self.agents[agent.index()].skills {
            match level {
                Some(level) => held.insert(*skill, *level),
                None => held.remove(skill),
            };
        }
        held
    }

    /// Whether an agent has what is asked for, whatever queues he serves.
    pub(crate) fn has_skills(&self, agent: AgentId, asked: &Requirement) -> bool {
        let held = self.held(agent);
        let has =
            |(skill, least): &(SkillId, u8)| held.get(skill).is_some_and(|level| level >= least);
        let any_of = asked.any_of.is_empty() || asked.any_of.iter().any(|one| one.iter().all(has));
        asked.skills.iter().all(has) && any_of
    }

    /// The sum of an agent's levels over what is asked for, with the best alternative that he meets.
    fn level(&self, agent: AgentId, asked: &Requirement) -> u32 {
        let held = self.held(agent);
        let level = |(skill, least): &(SkillId, u8)| {
            let of_skill = held.get(skill).filter(|level| *level >= least);
            of_skill.map(|level| (*skill, u32::from(*level)))
        };
        // Each skill counts once.
        let sum = |one: &[(SkillId, u8)]| {
            let levels: Option<BTreeSet<_>> = asked.skills.iter().chain(one).map(level).collect();
            levels.map(|levels| levels.iter().map(|(_, level)| level).sum())
        };
        let best = asked.any_of.iter().filter_map(|one| sum(one)).max();
        best.or_else(|| sum(&[])).unwrap_or(0)
    }

    /// What an event names that says what a call asks for.
    pub(crate) fn demand(&self, demand: DemandId) -> &Demand {
        &self.demands[demand.index()]
    }

    pub(crate) fn key(&self, call: &Call) -> Key {
        let since = i128::from(call.age_from.0);
        let priority = call.priority.get();
        let (urgency, since) = match self.plan.order {
            Order::Strict => (9 - priority, since),
            Order::Oldest => (0, since),
            Order::Credit { per_step } => {
                (0, since - i128::from(per_step.0) * (i128::from(priority) - 5))
            }
            Order::Deadline => {
                let queues = call.places.iter().map(|place| place.queue.index());
                let targets = queues.map(|it| self.plan.queues[it].service_level.within.0);
                (9 - priority, since + i128::from(targets.min().unwrap_or(0)))
            }
        };
        (priority != 9, urgency, !call.first, since, call.arrival)
    }

    /// How two agents stand to each other for a call's place: `Less` if `a` is to be offered it; in
    /// the end by idle time. Nothing if chance decides.
    pub(crate) fn standing(
        &self,
        call: &Call,
        place: &Place,
        a: AgentId,
        b: AgentId,
    ) -> Option<Ordering> {
        let idle = |agent: AgentId| (self.agents[agent.index()].idle_since[&call.channel], agent);
        self.by_select(call, place, a, b).map(|decided| decided.then(idle(a).cmp(&idle(b))))
    }

    /// Whether nothing but idle time is between them.
    pub(crate) fn is_alike(&self, call: &Call, place: &Place, a: AgentId, b: AgentId) -> bool {
        self.by_select(call, place, a, b) == Some(Ordering::Equal)
    }

    /// Whoever has left offers unanswered comes last; then the first criterion that differs decides.
    fn by_select(&self, call: &Call, place: &Place, a: AgentId, b: AgentId) -> Option<Ordering> {
        let misses = |agent: AgentId| self.agents[agent.index()].missed > 0;
        let mut decided = misses(a).cmp(&misses(b));
        for criterion in &self.plan.queues[place.queue.index()].select {
            if decided.is_ne() {
                break;
            }
            decided = self.by(*criterion, call, place, a, b)?;
        }
        Some(decided)
    }

    /// By one criterion; nothing if chance decides.
    pub(crate) fn by(
        &self,
        criterion: Criterion,
        call: &Call,
        place: &Place,
        a: AgentId,
        b: AgentId,
    ) -> Option<Ordering> {
        let [one, other] = [a, b].map(|agent| &self.agents[agent.index()]);
        let level = |agent| self.level(agent, &place.requirement);
        let rank = |agent| self.service(agent, place.queue).rank;
        match criterion {
            Criterion::LongestIdle => {
                let idle = |agent: &Agent| agent.idle_since[&call.channel];
                Some(idle(one).cmp(&idle(other)))
            }
            Criterion::HighestLevel => Some(level(b).cmp(&level(a))),
            Criterion::LowestLevel => Some(level(a).cmp(&level(b))),
            Criterion::Rank => Some(rank(b).cmp(&rank(a))),
            Criterion::LeastOccupied => {
                let product = |(busy, _): (u64, u64), (_, ready): (u64, u64)| {
                    u128::from(busy) * u128::from(ready.max(1))
                };
                let (ours, theirs) = (one.occupation, other.occupation);
                Some(product(ours, theirs).cmp(&product(theirs, ours)))
            }
            Criterion::FewestCalls => Some(one.connected.cmp(&other.connected)),
            Criterion::RoundRobin => Some(one.last_offer.cmp(&other.last_offer)),
            Criterion::Listed => Some(a.cmp(&b)),
            Criterion::Random => None,
        }
    }
}
