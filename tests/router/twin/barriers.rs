//! What keeps an agent from a call, in the twin's plain words, beside what the Router explains.

use super::{Call, LatchOfRule, Place, State, Twin, is_for};
use acd_core::{
    AgentId, Barrier, BarrierKind, Bound, Channel, DeviceState, HeartbeatState, Hold, Phase,
    Presence, Priority, Router, Rule, SlotState, Timestamp, When,
};
use std::collections::BTreeMap;

impl Twin {
    /// What the Router explains of every call is so, about whomever it is asked; and exactly those
    /// whom nothing keeps from a call would be given it.
    pub(crate) fn check_explanations(&self, router: &Router) {
        for call in self.calls.iter().filter(|call| call.state != State::Ended) {
            for agent in (0..self.agents.len() as u32).map(AgentId) {
                self.check_explanation(router, call, agent);
            }
        }
    }

    fn check_explanation(&self, router: &Router, call: &Call, agent: AgentId) {
        let explained = router.explain(self.now, call.handle, Some(agent)).expect("it lives");
        assert_eq!(Some(&explained.call), router.call(call.handle).as_ref());
        assert_eq!(explained.hold, self.hold_on(call));
        assert_eq!(explained.places.len(), call.places.len());
        for (place, said) in call.places.iter().zip(&explained.places) {
            let demand = self.demand_of(call, place);
            assert_eq!((said.place.queue, said.place.demand), (place.queue, demand));
            let known = self.barriers(agent, call, place);
            assert_eq!(said.asked, known, "{agent:?} and {:?}", call.handle);
            let would_be_given = explained.hold.is_none() && known.is_empty();
            assert_eq!(would_be_given, self.may_be_given(agent, call, place) && !has(call, agent));
            assert!(!would_be_given || call.state != State::Waiting, "nobody waits beside him");
            self.check_counts(call, place, said);
        }
    }

    fn check_counts(&self, call: &Call, place: &Place, said: &acd_core::PlaceExplanation) {
        let mut free = 0;
        let mut counts: BTreeMap<BarrierKind, (u32, Option<Timestamp>)> = BTreeMap::new();
        for agent in (0..self.agents.len() as u32).map(AgentId) {
            let Some(first) = self.barriers(agent, call, place).first().copied() else {
                free += 1;
                continue;
            };
            let (agents, soonest) = counts.entry(first.kind()).or_default();
            *agents += 1;
            *soonest = soonest.iter().copied().chain(ends_at(first)).min();
        }
        assert_eq!(said.free, free);
        let barred = said.barred.iter().map(|it| (it.by, (it.agents, it.soonest)));
        assert!(barred.eq(counts), "{:?}", said.barred);

        let stands = |it: &&Call| {
            it.state == State::Waiting && it.places.iter().any(|at| at.queue == place.queue)
        };
        let waiting = self.calls.iter().filter(stands);
        let ahead = waiting.filter(|other| self.key(other) < self.key(call)).count();
        assert_eq!(said.ahead, ahead as u32);

        if call.state == State::Waiting {
            let next = self.rules_to_come(call, place).into_iter().min();
            assert_eq!(said.next_rule, next.map(|(due, rule)| (rule as u16, due)));
        }

        let awaiting: Vec<(u16, Vec<Option<u64>>)> = said
            .awaiting
            .iter()
            .map(|it| (it.rule, it.measured.iter().map(|measured| measured.now).collect()))
            .collect();
        assert_eq!(awaiting, self.awaiting(call, place));

        let keep = self.plan.queues[place.queue.index()].keep_free;
        let reserve = said.reserve.map(|it| (it.keeps, it.for_priority, it.available));
        let known = keep.map(|it| (it.agents, it.for_priority, self.able(call, place)));
        assert_eq!(reserve, known);
    }

    /// Rules that would act if what they look at of a queue came about, and how that is.
    fn awaiting(&self, call: &Call, place: &Place) -> Vec<(u16, Vec<Option<u64>>)> {
        let rules = self.plan.queues[place.queue.index()].rules.iter().enumerate();
        let awaits = |(index, rule): (usize, &Rule)| {
            let When { priority_at_least, latch, .. } = &rule.when;
            let urgent = priority_at_least.is_none_or(|least| call.priority >= least);
            let is_set =
                |it: &LatchOfRule| it.queue == place.queue && it.rule == index && it.is_set;
            let is_active = self.latches.iter().any(is_set);
            let may = urgent && is_for(&rule.when, call.channel) && !place.fired.contains(&index);
            let latch = latch.as_ref().filter(|_| may && !is_active)?;
            let known = |bound: &Bound| {
                Some(self.measure(latch.of, bound.gauge)).filter(|value| *value != u64::MAX)
            };
            Some((index as u16, latch.set.iter().map(known).collect()))
        };
        rules.filter_map(awaits).collect()
    }

    pub(super) fn may_be_offered_at_all(&self, call: &Call) -> bool {
        self.hold_on(call).is_none()
    }

    /// Whether a person may give him the call: whose turn it is does not matter.
    pub(super) fn may_be_picked(&self, agent: AgentId, call: &Call, place: &Place) -> bool {
        let is_about_turns = |barrier: &Barrier| {
            matches!(
                barrier,
                Barrier::NotHisQueue
                    | Barrier::Delayed { .. }
                    | Barrier::Excluded { .. }
                    | Barrier::AwaitsAnother { .. }
                    | Barrier::KeptFree
            )
        };
        self.barriers(agent, call, place).iter().all(is_about_turns)
    }

    fn hold_on(&self, call: &Call) -> Option<Hold> {
        let adapter = &self.adapters[call.adapter.index()];
        match (self.phase, adapter.up, adapter.awaited_until) {
            (Phase::Recovering | Phase::CatchingUp, ..) => Some(Hold::DomainRecovers),
            (Phase::Normal, false, _) => Some(Hold::AdapterAway),
            (Phase::Normal, true, Some(until)) => Some(Hold::AdapterAwaited { until }),
            (Phase::Normal, true, None) => None,
        }
    }

    /// As `could_serve`, whether or not the domain recovers.
    fn able(&self, call: &Call, place: &Place) -> u32 {
        let own = &self.plan.queues[place.queue.index()].require;
        let open = |agent: AgentId| {
            self.device(agent, call.channel).is_none_or(|device| {
                let adapter = self.adapters.get(device.adapter.index());
                adapter.is_some_and(|it| it.up && it.awaited_until.is_none())
            })
        };
        let agents = (0..self.agents.len() as u32).map(AgentId);
        let able = agents.filter(|agent| {
            self.is_available(*agent, call.channel)
                && open(*agent)
                && self.serves(*agent, place.queue, &[own])
        });
        able.count() as u32
    }

    fn barriers(&self, agent: AgentId, call: &Call, place: &Place) -> Vec<Barrier> {
        let mut all = Vec::new();
        if has(call, agent) {
            all.push(Barrier::HasIt);
        }
        self.barriers_of_profile(agent, call, place, &mut all);
        self.barriers_of_presence(agent, call.channel.of_slots(), &mut all);
        self.barriers_of_hands(agent, call.channel.of_slots(), &mut all);
        if let Some(device) = self.device(agent, call.channel) {
            let adapter = device.adapter;
            match self.adapters.get(adapter.index()) {
                Some(known) if known.up => all.extend(
                    known
                        .awaited_until
                        .map(|until| Barrier::DeviceAdapterAwaited { adapter, until }),
                ),
                _ => all.push(Barrier::DeviceAdapterAway { adapter }),
            }
        }
        let until = place.entered + self.service(agent, place.queue).delay;
        let is_emergency = call.priority == Priority::EMERGENCY;
        if self.now < until && !is_emergency && !all.contains(&Barrier::NotHisQueue) {
            all.push(Barrier::Delayed { until });
        }
        for (_, until) in call.skips.iter().filter(|it| it.0 == agent && it.1 > self.now) {
            all.push(Barrier::Excluded { until: *until });
        }
        if let Some((awaited, until)) = call.awaits.filter(|it| it.0 != agent) {
            all.push(Barrier::AwaitsAnother { agent: awaited, until });
        }
        let kept = self.spares(call, place).map(|kept| kept as u32);
        if kept.is_some_and(|kept| self.able(call, place) <= kept) {
            all.push(Barrier::KeptFree);
        }
        all
    }

    fn barriers_of_profile(
        &self,
        agent: AgentId,
        call: &Call,
        place: &Place,
        all: &mut Vec<Barrier>,
    ) {
        let planned = &self.plan.agents[agent.index()];
        let asked = &self.demands[self.demand_of(call, place).index()].requirement;
        let (channel, queue) = (call.channel, place.queue);
        if !planned.slots().any(|it| it == channel.of_slots()) {
            all.push(Barrier::TakesNoSuchCalls { channel });
        }
        if planned.only && !planned.queues.iter().any(|(it, _)| *it == queue) {
            all.push(Barrier::NotHisQueue);
        }
        let held = self.held(agent);
        let has = |skill| held.iter().find(|(it, _)| *it == skill).map(|it| it.1);
        for (skill, needs) in asked.skills.iter().copied() {
            let has = has(skill);
            if has < Some(needs) {
                all.push(Barrier::LacksSkill { skill, needs, has });
            }
        }
        if asked.any_of.iter().any(|one| self.has(agent, one)) {
            return;
        }
        for (alternative, one) in (0..).zip(&asked.any_of) {
            for (skill, needs) in one.iter().copied() {
                let has = has(skill);
                if has < Some(needs) {
                    all.push(Barrier::LacksAlternative { alternative, skill, needs, has });
                }
            }
        }
    }

    fn barriers_of_presence(&self, agent: AgentId, channel: Channel, all: &mut Vec<Barrier>) {
        let known = &self.agents[agent.index()];
        match known.wanted {
            Presence::LoggedOut => all.push(Barrier::LoggedOut),
            Presence::NotReady(reason) => all.push(Barrier::NotReady { reason }),
            Presence::Ready => {}
        }
        if let Some(presence) = known.asked {
            all.push(Barrier::PresencePending { presence });
        }
        if known.device == DeviceState::Down {
            all.push(Barrier::DeviceOut);
        }
        if known.device == DeviceState::Busy && channel == Channel::Voice {
            all.push(Barrier::DeviceBusy);
        }
        if known.heartbeat == HeartbeatState::Lost {
            all.push(Barrier::DesktopSilent);
        }
    }

    fn barriers_of_hands(&self, agent: AgentId, channel: Channel, all: &mut Vec<Barrier>) {
        let planned = &self.plan.agents[agent.index()];
        let slots: Vec<(Channel, SlotState)> =
            planned.slots().zip(self.agents[agent.index()].slots.iter().copied()).collect();
        let ours: Vec<SlotState> =
            slots.iter().filter(|it| it.0 == channel).map(|it| it.1).collect();
        if ours.is_empty() {
            return;
        }
        if !ours.contains(&SlotState::Free) {
            let until = |state: &SlotState| match state {
                SlotState::WrapUp { until, .. } => *until,
                _ => Timestamp(0),
            };
            let doing = ours.iter().min_by_key(|it| (demanding(it), until(it))).expect("some");
            all.push(Barrier::NoFreeSlot { slots: ours.len() as u8, doing: *doing });
        }
        let how = |channel| self.plan.channels.of(channel);
        let bars = |held: Channel| {
            held != channel
                && (how(held).exclusive
                    || how(channel).exclusive && !how(held).interruptible_by.contains(&channel))
        };
        let mut others = slots.iter().filter(|it| it.1 != SlotState::Free && bars(it.0));
        all.extend(others.next().map(|(by, _)| Barrier::ChannelBarred { by: *by }));
    }
}

fn has(call: &Call, agent: AgentId) -> bool {
    call.hands.iter().any(|hand| hand.agent == agent)
}

/// The most demanding first.
fn demanding(state: &SlotState) -> u8 {
    match state {
        SlotState::Talking { .. } => 0,
        SlotState::Held { .. } => 1,
        SlotState::Connecting { .. } => 2,
        SlotState::Reserved { .. } => 3,
        SlotState::WrapUp { .. } => 4,
        SlotState::Free => unreachable!("none is free"),
    }
}

/// When it ends by itself.
fn ends_at(barrier: Barrier) -> Option<Timestamp> {
    match barrier {
        Barrier::Delayed { until }
        | Barrier::Excluded { until }
        | Barrier::AwaitsAnother { until, .. }
        | Barrier::DeviceAdapterAwaited { until, .. }
        | Barrier::NoFreeSlot { doing: SlotState::WrapUp { until, .. }, .. } => Some(until),
        _ => None,
    }
}
