//! The books of an outsider: what commands and events tell of calls, agents and adapters, and what
//! follows from that by the contract. Nothing here looks into the Router.

use crate::kept::keeps;
use acd_core::{
    AdapterId, AgentId, AgentPlan, CallEntry, CallHandle, Channel, Command, Criterion, Demand,
    DemandId, DeviceState, Event, HeartbeatState, OfferEnd, OfferNumber, Order, Phase, Presence,
    Priority, QueueId, Requirement, ReturnCause, RoutingPlan, Service, SkillId, SlotState, Span,
    Timestamp,
};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) struct Books {
    pub(crate) plan: Arc<RoutingPlan>,
    /// Only to read what events name.
    demands: Vec<Demand>,
    pub(crate) now: Timestamp,
    pub(crate) phase: Phase,
    /// More falls due in this instant, before anything else happens.
    pub(crate) is_owed: bool,
    pub(crate) adapters: BTreeMap<AdapterId, Adapter>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) calls: BTreeMap<CallHandle, Call>,
    /// How many offers there were.
    pub(crate) offers: u64,
    pub(crate) arrived: u64,
    pub(crate) ended: u64,
    /// What the present command offers.
    pub(crate) entry: Option<CallEntry>,
}

#[derive(Clone, Default)]
pub(crate) struct Adapter {
    pub(crate) up: bool,
    /// It has until then to say what it holds.
    pub(crate) awaited_until: Option<Timestamp>,
}

#[derive(Clone)]
pub(crate) struct Agent {
    pub(crate) presence: Presence,
    pub(crate) pending: Option<Presence>,
    pub(crate) device: DeviceState,
    pub(crate) heartbeat: HeartbeatState,
    pub(crate) slots: Vec<SlotState>,
    /// When each slot became what it is.
    pub(crate) slots_since: Vec<Timestamp>,
    /// Unanswered offers in a row.
    pub(crate) missed: u32,
    presence_since: Option<Timestamp>,
    /// By channel of which he takes calls.
    pub(crate) idle_since: BTreeMap<Channel, Timestamp>,
    pub(crate) last_offer: OfferNumber,
    /// Since he logged in.
    connected: u32,
    busy: Span,
    busy_since: Option<Timestamp>,
    ready: Span,
    ready_since: Option<Timestamp>,
    /// Busy and ready as they stood when he became available.
    occupation: (u64, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Waiting,
    Offering,
    Connecting,
    Connected,
    Held,
}

#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) adapter: AdapterId,
    pub(crate) arrival: u64,
    /// Whose slots it takes.
    pub(crate) channel: Channel,
    /// Whether it came asking for more than its queue does.
    pub(crate) asks_besides: bool,
    /// For whom it waits, and until when.
    pub(crate) awaits: Option<(AgentId, Timestamp)>,
    pub(crate) priority: Priority,
    pub(crate) stage: Stage,
    /// Its age counts from here while it is not connected.
    pub(crate) age_from: Timestamp,
    /// Its age while it is.
    pub(crate) age_kept: Span,
    /// It has lost its agent's leg, and not been connected since.
    pub(crate) first: bool,
    /// In the order in which it joined them.
    pub(crate) places: Vec<Place>,
    /// Agents whom it skips, and until when.
    pub(crate) skips: BTreeMap<AgentId, Timestamp>,
    /// Its offers that are out, or whoever has it.
    pub(crate) hands: Vec<Hand>,
    /// When it came, or last came back from a conversation.
    pub(crate) waits_since: Timestamp,
}

#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) queue: QueueId,
    pub(crate) requirement: Requirement,
    /// Since when it counts as being there.
    pub(crate) entered: Timestamp,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Hand {
    pub(crate) offer: OfferNumber,
    pub(crate) agent: AgentId,
    pub(crate) queue: QueueId,
    /// When the offer rings out, or the bridge must stand.
    pub(crate) until: Timestamp,
}

/// Less is served first.
pub(crate) type Key = (bool, u8, bool, i128, u64);

impl Books {
    pub(crate) fn new(plan: Arc<RoutingPlan>) -> Self {
        Self {
            demands: Vec::new(),
            now: Timestamp(0),
            phase: Phase::Normal,
            is_owed: false,
            adapters: BTreeMap::new(),
            agents: plan.agents.iter().map(Agent::new).collect(),
            calls: BTreeMap::new(),
            offers: 0,
            arrived: 0,
            ended: 0,
            entry: None,
            plan,
        }
    }

    /// A command has been accepted; its events follow.
    pub(crate) fn take_command(&mut self, now: Timestamp, command: &Command, demands: &[Demand]) {
        (self.now, self.entry) = (now, None);
        if self.demands.len() != demands.len() || matches!(command, Command::PlanChanged { .. }) {
            self.demands = demands.to_vec();
        }
        match command {
            Command::EpochBegan => self.phase = Phase::Recovering,
            Command::RecoveryOver => self.phase = Phase::CatchingUp,
            Command::PlanChanged { plan } => self.plan_changes(plan),
            Command::CallOffered { entry, .. } => self.entry = Some(*entry),
            Command::AdapterUp { adapter, resync, .. } => {
                let until = now + self.plan.recovery_grace;
                let known = self.adapters.entry(*adapter).or_default();
                known.awaited_until = resync.then_some(until);
            }
            _ => {}
        }
    }

    pub(crate) fn take_in(&mut self, event: &Event) {
        match event {
            Event::RecoveryOver => self.phase = Phase::Normal,
            Event::AdapterUp { adapter } => {
                self.adapters.entry(*adapter).or_default().up = true;
            }
            Event::AdapterSynced { adapter } => {
                self.adapters.entry(*adapter).or_default().awaited_until = None;
            }
            Event::AdapterDown { adapter } => {
                self.adapters.insert(*adapter, Adapter::default());
            }
            _ => {}
        }
        self.take_in_of_agents(event);
        self.take_in_of_calls(event);
    }

    fn take_in_of_agents(&mut self, event: &Event) {
        let now = self.now;
        match event {
            Event::PresenceChanged { agent, presence, pending } => {
                let known = &mut self.agents[agent.index()];
                known.pending = *pending;
                known.presence_becomes(*presence, now);
            }
            Event::DeviceChanged { agent, device } => {
                let known = &mut self.agents[agent.index()];
                known.device = *device;
                known.becomes_available(now);
            }
            Event::HeartbeatChanged { agent, heartbeat } => {
                let known = &mut self.agents[agent.index()];
                known.heartbeat = *heartbeat;
                known.becomes_available(now);
            }
            Event::SlotChanged { agent, slot, state } => {
                let channel = self.plan.agents[agent.index()].slots().nth(usize::from(*slot));
                keeps!(2, channel.is_some(), "{agent:?} has no slot {slot}");
                let channel = channel.expect("just looked at");
                self.agents[agent.index()].slot_becomes(usize::from(*slot), channel, *state, now);
            }
            Event::WrapUpExtended { agent, slot, until: later } => {
                let state = &mut self.agents[agent.index()].slots[usize::from(*slot)];
                if let SlotState::WrapUp { until, .. } = state {
                    *until = *later;
                }
            }
            Event::OfferIssued { agent, offer, .. } => {
                self.offers += 1;
                self.agents[agent.index()].last_offer = *offer;
            }
            Event::OfferEnded { agent, end: OfferEnd::Declined | OfferEnd::NoAnswer, .. } => {
                self.agents[agent.index()].missed += 1;
            }
            Event::CallConnected { agent, .. } => {
                let known = &mut self.agents[agent.index()];
                (known.missed, known.connected) = (0, known.connected + 1);
            }
            _ => {}
        }
    }

    fn take_in_of_calls(&mut self, event: &Event) {
        let (now, exclude_for) = (self.now, self.plan.exclude_for);
        match event {
            Event::CallArrived { call, adapter, channel, arrival, priority, since, .. } => {
                let known = Call {
                    adapter: *adapter,
                    arrival: *arrival,
                    channel: channel.of_slots(),
                    asks_besides: self.entry.is_some_and(|entry| entry.extra.is_some()),
                    awaits: None,
                    priority: *priority,
                    stage: Stage::Waiting,
                    age_from: *since,
                    age_kept: Span(0),
                    first: false,
                    places: Vec::new(),
                    skips: BTreeMap::new(),
                    hands: Vec::new(),
                    waits_since: now,
                };
                self.arrived += 1;
                let before = self.calls.insert(*call, known);
                keeps!(1, before.is_none(), "{call:?} arrives though it lives");
            }
            Event::CallEnded { call, .. } => {
                self.ended += 1;
                let before = self.calls.remove(call);
                keeps!(1, before.is_some(), "{call:?} ends though it does not live");
            }
            Event::AgentAwaited { call, agent, until } => {
                self.call(*call).awaits = Some((*agent, *until));
            }
            Event::AgentAwaitedNoMore { call } => self.call(*call).awaits = None,
            Event::PlaceEntered { call, queue, demand, since } => {
                let requirement = self.demands[demand.index()].requirement.clone();
                let place = Place { queue: *queue, requirement, entered: *since };
                self.call(*call).places.push(place);
            }
            Event::PlaceLeft { call, queue, .. } => {
                self.call(*call).places.retain(|place| place.queue != *queue);
            }
            Event::RequirementChanged { call, queue, demand } => {
                let requirement = self.demands[demand.index()].requirement.clone();
                let places = self.call(*call).places.iter_mut();
                places
                    .filter(|place| place.queue == *queue)
                    .for_each(|place| place.requirement.clone_from(&requirement));
            }
            Event::PriorityChanged { call, priority } => self.call(*call).priority = *priority,
            Event::OfferIssued { call, offer, agent, queue, ring_until, .. } => {
                let (offer, agent, queue, until) = (*offer, *agent, *queue, *ring_until);
                let known = self.call(*call);
                known.stage = Stage::Offering;
                known.hands.push(Hand { offer, agent, queue, until });
            }
            Event::OfferEnded { call, offer, agent, end, .. } => {
                let known = self.call(*call);
                if *end != OfferEnd::Accepted {
                    known.hands.retain(|hand| hand.offer != *offer);
                }
                match end {
                    OfferEnd::Declined | OfferEnd::NoAnswer | OfferEnd::Failed => {
                        known.skip(*agent, now, exclude_for);
                    }
                    OfferEnd::Accepted | OfferEnd::Revoked(_) => {}
                }
            }
            Event::ConnectFailed { call, agent, .. } => {
                self.call(*call).skip(*agent, now, exclude_for);
            }
            Event::CallConnecting { call, until, .. } => {
                let known = self.call(*call);
                known.stage = Stage::Connecting;
                known.hands.iter_mut().for_each(|hand| hand.until = *until);
            }
            Event::CallConnected { call, .. } => {
                let known = self.call(*call);
                (known.stage, known.first, known.awaits) = (Stage::Connected, false, None);
                known.age_kept = now.since(known.age_from);
            }
            Event::CallHeld { call } => self.call(*call).stage = Stage::Held,
            Event::CallRetrieved { call } => self.call(*call).stage = Stage::Connected,
            Event::CallReturned { call, cause } => {
                let known = self.call(*call);
                let hands = std::mem::take(&mut known.hands);
                known.stage = Stage::Waiting;
                let from_conversation = match cause {
                    ReturnCause::AgentLegLost | ReturnCause::Transferred => true,
                    ReturnCause::OfferEnded | ReturnCause::ConnectFailed => false,
                };
                if from_conversation {
                    known.first = *cause == ReturnCause::AgentLegLost || known.first;
                    (known.age_from, known.waits_since) = (now - known.age_kept, now);
                    hands.iter().for_each(|hand| known.skip(hand.agent, now, exclude_for));
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, call: CallHandle) -> &mut Call {
        let known = self.calls.get_mut(&call);
        keeps!(1, known.is_some(), "events tell of {call:?}, which does not live");
        known.expect("just looked at")
    }
}

/// What follows from what is known.
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
        let has = |(skill, least): &(SkillId, u8)| {
            planned.skills.iter().any(|(held, level)| held == skill && level >= least)
        };
        let any_of = asked.any_of.is_empty() || asked.any_of.iter().any(|one| one.iter().all(has));
        !barred && asked.skills.iter().all(has) && any_of
    }

    /// The sum of an agent's levels over what is asked for, with the best alternative that he meets.
    fn level(&self, agent: AgentId, asked: &Requirement) -> u32 {
        let held = &self.plan.agents[agent.index()].skills;
        let level = |(skill, least): &(SkillId, u8)| {
            let of_skill = held.iter().find(|(it, level)| it == skill && level >= least);
            of_skill.map(|(_, level)| (*skill, u32::from(*level)))
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

    /// The same handles under another plan: whatever is of the same name goes on.
    fn plan_changes(&mut self, plan: &Arc<RoutingPlan>) {
        let old = std::mem::replace(&mut self.plan, Arc::clone(plan));
        let queue = |it: QueueId| {
            let name = &old.queues[it.index()].name;
            let found = plan.queues.iter().position(|queue| queue.name == *name);
            found.map(|at| QueueId(at as u16))
        };
        let agent = |it: AgentId| {
            let id = &old.agents[it.index()].id;
            let found = plan.agents.iter().position(|agent| agent.id == *id);
            found.map(|at| AgentId(at as u32))
        };
        let skill = |(it, level): &(SkillId, u8)| {
            let name = &old.skills[it.index()];
            let found = plan.skills.iter().position(|skill| skill == name);
            found.map(|at| (SkillId(at as u16), *level))
        };
        let all = |asked: &Vec<(SkillId, u8)>| {
            let mut asked: Vec<_> = asked.iter().filter_map(skill).collect();
            asked.sort_unstable();
            asked
        };
        for call in self.calls.values_mut() {
            for place in &mut call.places {
                let kept = queue(place.queue);
                keeps!(1, kept.is_some(), "a queue with calls in it is gone");
                place.queue = kept.expect("just looked at");
                // If a skill of it is gone, an event says what is asked for instead.
                let Requirement { skills, any_of } = &place.requirement;
                let any_of = any_of.iter().map(all).collect();
                place.requirement = Requirement { skills: all(skills), any_of };
            }
            let skips = std::mem::take(&mut call.skips).into_iter();
            call.skips = skips.filter_map(|(it, until)| Some((agent(it)?, until))).collect();
            if let Some((awaited, until)) = call.awaits {
                // If he is gone, an event says so.
                call.awaits = Some((agent(awaited).unwrap_or(awaited), until));
            }
            for hand in &mut call.hands {
                let kept = (agent(hand.agent), queue(hand.queue));
                keeps!(1, kept.0.is_some() && kept.1.is_some(), "what a call is in is gone");
                (hand.agent, hand.queue) = (kept.0.expect("so"), kept.1.expect("so"));
            }
        }
        let before = std::mem::take(&mut self.agents);
        self.agents = plan.agents.iter().map(Agent::new).collect();
        for (at, mut known) in (0..).map(AgentId).zip(before) {
            let Some(to) = agent(at) else { continue };
            let mut shape = Agent::new(&plan.agents[to.index()]);
            let before: Vec<Channel> = old.agents[at.index()].slots().collect();
            let after: Vec<Channel> = plan.agents[to.index()].slots().collect();
            for (channel, since) in &mut shape.idle_since {
                let same = known.idle_since.get(channel).copied();
                *since = same.or(known.presence_since).unwrap_or_default();
            }
            let mut lost = false;
            for (index, channel) in before.iter().enumerate() {
                let nth = before[..index].iter().filter(|it| *it == channel).count();
                let same = (0..after.len()).filter(|slot| after[*slot] == *channel);
                let same = same.skip(nth).min();
                let mut state = known.slots[index];
                // Wrap-up in a slot that is gone, or after a queue that is gone, ends by it.
                let mut rests = same.is_none() && state != SlotState::Free;
                lost |= rests;
                if let SlotState::WrapUp { queue: of, .. } = &mut state {
                    match queue(*of) {
                        Some(kept) => *of = kept,
                        None => rests = true,
                    }
                }
                if let Some(since) = shape.idle_since.get_mut(channel).filter(|_| rests) {
                    *since = self.now;
                }
                if let Some(slot) = same {
                    (shape.slots[slot], shape.slots_since[slot]) =
                        (state, known.slots_since[index]);
                }
            }
            (known.slots, known.slots_since) = (shape.slots, shape.slots_since);
            known.idle_since = shape.idle_since;
            known.count_busy(self.now);
            if lost {
                known.becomes_available(self.now);
            }
            self.agents[to.index()] = known;
        }
    }
}

impl Call {
    /// For a while the call is not offered to him.
    fn skip(&mut self, agent: AgentId, now: Timestamp, exclude_for: Span) {
        self.skips.insert(agent, now + exclude_for);
    }

    pub(crate) fn place(&self, queue: QueueId) -> Option<&Place> {
        self.places.iter().find(|place| place.queue == queue)
    }
}

impl Agent {
    fn new(planned: &AgentPlan) -> Self {
        let slots = planned.slots().count();
        Self {
            presence: Presence::LoggedOut,
            pending: None,
            device: DeviceState::Up,
            heartbeat: HeartbeatState::None,
            slots: vec![SlotState::Free; slots],
            slots_since: vec![Timestamp(0); slots],
            missed: 0,
            idle_since: planned.slots().map(|channel| (channel, Timestamp(0))).collect(),
            presence_since: None,
            last_offer: OfferNumber(0),
            connected: 0,
            busy: Span(0),
            busy_since: None,
            ready: Span(0),
            ready_since: None,
            occupation: (0, 0),
        }
    }

    fn presence_becomes(&mut self, presence: Presence, now: Timestamp) {
        let before = std::mem::replace(&mut self.presence, presence);
        if before != presence {
            self.presence_since = Some(now);
        }
        if before == Presence::LoggedOut && presence != Presence::LoggedOut {
            (self.busy, self.ready, self.connected) = (Span(0), Span(0), 0);
            self.busy_since = self.busy_since.map(|_| now);
        }
        if presence != Presence::Ready
            && let Some(since) = self.ready_since.take()
        {
            self.ready = self.ready + now.since(since);
        }
        if presence == Presence::Ready && before != Presence::Ready {
            (self.missed, self.ready_since) = (0, Some(now));
            self.idle_since.values_mut().for_each(|since| *since = now);
        }
        self.becomes_available(now);
    }

    fn slot_becomes(&mut self, slot: usize, channel: Channel, state: SlotState, now: Timestamp) {
        let before = std::mem::replace(&mut self.slots[slot], state);
        self.slots_since[slot] = now;
        self.count_busy(now);
        if state == SlotState::Free {
            match before {
                SlotState::Talking { .. } | SlotState::Held { .. } | SlotState::WrapUp { .. } => {
                    self.idle_since.insert(channel, now);
                }
                SlotState::Free | SlotState::Reserved { .. } | SlotState::Connecting { .. } => {}
            }
            self.becomes_available(now);
        }
    }

    fn count_busy(&mut self, now: Timestamp) {
        let is_busy = self.slots.iter().any(|slot| *slot != SlotState::Free);
        if is_busy {
            self.busy_since.get_or_insert(now);
        } else if let Some(since) = self.busy_since.take() {
            self.busy = self.busy + now.since(since);
        }
    }

    /// What he has done up to now is what criteria look at from now on.
    fn becomes_available(&mut self, now: Timestamp) {
        let until_now = |since: Option<Timestamp>| since.map_or(0, |since| now.since(since).0);
        let busy = self.busy.0 + until_now(self.busy_since);
        self.occupation = (busy, self.ready.0 + until_now(self.ready_since));
    }
}
