//! What there is, told by events alone: a fold, to be compared with the Router's facts.

use acd_core::{
    AdapterId, AgentFacts, CallFacts, CallHandle, CallStage, DemandId, DeviceState, Event,
    HandFacts, HeartbeatState, OfferEnd, PlaceFacts, Presence, QueueId, Router, RoutingPlan,
    SkillFacts, SkillQueue, SlotFacts, SlotState, Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Told {
    calls: BTreeMap<CallHandle, CallFacts>,
    agents: Vec<AgentFacts>,
    closings: BTreeMap<QueueId, (bool, Option<Timestamp>)>,
    active: BTreeSet<(QueueId, u16)>,
    up: BTreeSet<AdapterId>,
    /// As they were when the Router last said that they had changed.
    lines: BTreeMap<DemandId, SkillQueue>,
}

impl Told {
    pub(crate) fn new(plan: &RoutingPlan) -> Self {
        let agents = plan.agents_with_ids().map(|(agent, planned)| AgentFacts {
            agent,
            presence: Presence::LoggedOut,
            presence_since: None,
            pending: None,
            device: DeviceState::Up,
            heartbeat: HeartbeatState::None,
            slots: planned
                .slots()
                .map(|_| SlotFacts { state: SlotState::Free, since: None })
                .collect(),
            skills: Vec::new(),
        });
        Self {
            calls: BTreeMap::new(),
            agents: agents.collect(),
            closings: BTreeMap::new(),
            active: BTreeSet::new(),
            up: BTreeSet::new(),
            lines: BTreeMap::new(),
        }
    }

    /// All of them happened at `now`.
    pub(crate) fn take_in(&mut self, now: Timestamp, events: &[Event]) {
        for event in events {
            self.take_in_of_agents(now, event);
            self.take_in_of_calls(now, event);
            self.take_in_of_the_domain(event);
        }
    }

    fn take_in_of_the_domain(&mut self, event: &Event) {
        match event {
            Event::QueueClosed { queue, closed: false, until: None } => {
                self.closings.remove(queue);
            }
            Event::QueueClosed { queue, closed, until } => {
                self.closings.insert(*queue, (*closed, *until));
            }
            Event::LatchChanged { queue, rule, set } => {
                hold(&mut self.active, (*queue, *rule), *set);
            }
            Event::AdapterUp { adapter } => hold(&mut self.up, *adapter, true),
            Event::AdapterDown { adapter } => hold(&mut self.up, *adapter, false),
            _ => {}
        }
    }

    fn take_in_of_agents(&mut self, now: Timestamp, event: &Event) {
        match event {
            Event::PresenceChanged { agent, presence, pending } => {
                let told = &mut self.agents[agent.index()];
                if *presence != told.presence {
                    told.presence_since = Some(now);
                }
                (told.presence, told.pending) = (*presence, *pending);
            }
            Event::DeviceChanged { agent, device } => {
                self.agents[agent.index()].device = *device;
            }
            Event::HeartbeatChanged { agent, heartbeat } => {
                self.agents[agent.index()].heartbeat = *heartbeat;
            }
            Event::SlotChanged { agent, slot, state } => {
                let told = &mut self.agents[agent.index()].slots[usize::from(*slot)];
                *told = SlotFacts { state: *state, since: Some(now) };
                // The offer names no slot; what follows it does.
                if let Some(call) = call_in(*state) {
                    let mut hands = self.call(call).hands.iter_mut();
                    hands.find(|hand| hand.agent == *agent).expect("his").slot = *slot;
                }
            }
            Event::SkillChanged { agent, skill, level, for_now, until } => {
                let told = &mut self.agents[agent.index()].skills;
                told.retain(|it| it.skill != *skill);
                if *for_now {
                    told.push(SkillFacts { skill: *skill, level: *level, until: *until });
                    told.sort_by_key(|it| it.skill);
                }
            }
            Event::WrapUpExtended { agent, slot, until } => {
                let told = &mut self.agents[agent.index()].slots[usize::from(*slot)];
                if let SlotState::WrapUp { until: ends, .. } = &mut told.state {
                    *ends = *until;
                }
            }
            _ => {}
        }
    }

    fn take_in_of_calls(&mut self, now: Timestamp, event: &Event) {
        match event {
            Event::CallArrived { call, adapter, channel, arrival, priority, since, .. } => {
                let told = CallFacts {
                    call: *call,
                    adapter: *adapter,
                    channel: *channel,
                    arrival: *arrival,
                    priority: *priority,
                    stage: CallStage::Waiting,
                    arrived_at: *since,
                    stage_since: *since,
                    awaits: None,
                    places: Vec::new(),
                    hands: Vec::new(),
                };
                self.calls.insert(*call, told);
            }
            Event::AgentAwaited { call, agent, until } => {
                self.call(*call).awaits = Some((*agent, *until));
            }
            Event::AgentAwaitedNoMore { call } => self.call(*call).awaits = None,
            Event::PlaceEntered { call, queue, demand, since, .. } => {
                let place = PlaceFacts { queue: *queue, demand: *demand, since: *since };
                self.call(*call).places.push(place);
            }
            Event::PlaceLeft { call, queue, .. } => {
                self.call(*call).places.retain(|place| place.queue != *queue);
            }
            Event::RequirementChanged { call, queue, demand } => {
                let mut places = self.call(*call).places.iter_mut();
                places.find(|place| place.queue == *queue).unwrap().demand = *demand;
            }
            Event::PriorityChanged { call, priority } => self.call(*call).priority = *priority,
            Event::OfferIssued { call, offer, agent, queue, rung_by, ring_until, .. } => {
                let slot = u8::MAX;
                let (offer, agent, queue) = (*offer, *agent, *queue);
                let (rung_by, until) = (*rung_by, *ring_until);
                let hand = HandFacts { offer, agent, slot, queue, rung_by, until };
                self.call(*call).hands.push(hand);
                if self.call(*call).stage != CallStage::Offering {
                    self.enter(*call, CallStage::Offering, now);
                }
            }
            Event::OfferEnded { call, offer, end, .. } if *end != OfferEnd::Accepted => {
                self.call(*call).hands.retain(|hand| hand.offer != *offer);
            }
            Event::CallConnecting { call, until, .. } => {
                self.hand(*call).until = *until;
                self.enter(*call, CallStage::Connecting, now);
            }
            Event::CallConnected { call, .. } => {
                self.call(*call).awaits = None;
                self.enter(*call, CallStage::Connected, now);
            }
            Event::CallRetrieved { call } => {
                self.enter(*call, CallStage::Connected, now);
            }
            Event::CallHeld { call } => self.enter(*call, CallStage::Held, now),
            Event::CallReturned { call, .. } => {
                self.call(*call).hands.clear();
                self.enter(*call, CallStage::Waiting, now);
            }
            Event::CallEnded { call, .. } => {
                self.calls.remove(call);
            }
            _ => {}
        }
    }

    fn call(&mut self, call: CallHandle) -> &mut CallFacts {
        self.calls.get_mut(&call).expect("events tell of calls that live")
    }

    fn hand(&mut self, call: CallHandle) -> &mut HandFacts {
        self.call(call).hands.first_mut().expect("who has a call was offered it")
    }

    fn enter(&mut self, call: CallHandle, stage: CallStage, now: Timestamp) {
        let told = self.call(call);
        (told.stage, told.stage_since) = (stage, now);
    }

    pub(crate) fn check(&mut self, router: &mut Router) {
        router.take_changed_lines(&mut |demand, line| {
            self.lines.insert(demand, line);
        });
        self.check_lines(router);
        let mut calls: Vec<CallFacts> = router.calls().collect();
        calls.sort_unstable_by_key(|call| call.call);
        assert!(calls.iter().eq(self.calls.values()), "{calls:#?} and {:#?}", self.calls);
        assert!(calls.iter().all(|call| router.call(call.call).as_ref() == Some(call)));
        assert_eq!(router.live_calls() as usize, calls.len());
        let mut hands = calls.iter().flat_map(|call| call.hands.iter().map(move |it| (call, it)));
        assert!(hands.all(|(call, hand)| call.hand_by(hand.offer) == Some(hand)));
        assert_eq!(router.agents().count(), self.agents.len());
        for (told, facts) in self.agents.iter().zip(router.agents()) {
            assert_eq!(*told, facts);
            assert_eq!(router.agent(facts.agent), Some(facts));
        }
        let closings = router.closings().map(|it| (it.queue, (it.closed, it.until)));
        assert_eq!(closings.collect::<BTreeMap<_, _>>(), self.closings);
        assert_eq!(router.active_rules().collect::<BTreeSet<_>>(), self.active);
        let up = router.adapters().filter(|it| it.up).map(|it| it.adapter);
        assert!(up.eq(self.up.iter().copied()));
        let lives = |(slot, generation, lives): (u32, u32, bool)| {
            lives.then_some(CallHandle { slot, generation })
        };
        let living: Vec<CallHandle> = router.call_slots().filter_map(lives).collect();
        assert!(living.iter().eq(self.calls.keys()), "slots are told of in their order");
    }

    /// Each line holds the calls that wait by its demand, and none changes unheard.
    fn check_lines(&self, router: &Router) {
        let mut waiting: BTreeMap<DemandId, [u32; 10]> = BTreeMap::new();
        for call in self.calls.values().filter(|call| call.stage == CallStage::Waiting) {
            for place in &call.places {
                let depths = waiting.entry(place.demand).or_default();
                depths[usize::from(call.priority.get())] += 1;
            }
        }
        for demand in (0..router.demands().len() as u32).map(DemandId) {
            let line = router.skill_queue(demand);
            assert_eq!(self.lines.get(&demand).cloned().unwrap_or_default(), line, "{demand:?}");
            let depths = waiting.get(&demand).copied().unwrap_or_default();
            assert_eq!((line.depth_by_priority, line.depth), (depths, depths.iter().sum()));
            assert_eq!(line.head_since.is_some(), line.depth > 0);
        }
    }
}

/// Has it in the set, or not.
fn hold<T: Ord>(set: &mut BTreeSet<T>, one: T, is_in: bool) {
    if is_in {
        set.insert(one);
    } else {
        set.remove(&one);
    }
}

fn call_in(state: SlotState) -> Option<CallHandle> {
    match state {
        SlotState::Free | SlotState::WrapUp { .. } => None,
        SlotState::Reserved { call, .. }
        | SlotState::Connecting { call }
        | SlotState::Talking { call }
        | SlotState::Held { call } => Some(call),
    }
}
