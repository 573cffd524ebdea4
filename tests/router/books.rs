//! The books of an outsider: what commands and events tell of calls, agents and adapters, and what
//! follows from that by the contract. Nothing here looks into the Router.

mod agents;
mod follows;
mod new_plan;

pub(crate) use agents::Agent;

use crate::kept::keeps;
use acd_core::{
    AdapterId, AgentId, CallEntry, CallHandle, Channel, Command, Demand, Event, OfferEnd,
    OfferNumber, Phase, Priority, QueueId, Requirement, ReturnCause, RoutingPlan, SlotState, Span,
    Timestamp,
};
use std::collections::BTreeMap;
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
    /// Queues that were closed or opened, and until when.
    pub(crate) closings: BTreeMap<QueueId, (bool, Option<Timestamp>)>,
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
    /// By which means it came, ...
    pub(crate) means: Channel,
    /// ... and whose slots it takes.
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
            closings: BTreeMap::new(),
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
            Event::QueueClosed { queue, closed, until } => {
                self.closings.insert(*queue, (*closed, *until));
            }
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
            Event::SkillChanged { agent, skill, level, for_now, until } => {
                let skills = &mut self.agents[agent.index()].skills;
                match for_now {
                    true => skills.insert(*skill, (*level, *until)),
                    false => skills.remove(skill),
                };
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
                    means: *channel,
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
            Event::PlaceEntered { call, queue, demand, since, .. } => {
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

impl Call {
    /// For a while the call is not offered to him.
    fn skip(&mut self, agent: AgentId, now: Timestamp, exclude_for: Span) {
        self.skips.insert(agent, now + exclude_for);
    }

    pub(crate) fn place(&self, queue: QueueId) -> Option<&Place> {
        self.places.iter().find(|place| place.queue == queue)
    }
}
