//! Agents' presence and slots: who is available, and what is pending while a call is in hand.

use crate::agent::{Agent, Slot};
use crate::command::ForcedPresence;
use crate::deadlines::{Deadline, Lane, Ticket};
use crate::event::{
    DeviceState, Event, HeartbeatState, NotReadyReason, OfferEnd, Presence, RevokeCause, SlotState,
};
use crate::ids::{AgentId, CallHandle, DispositionId, QueueId, ReasonId, Span};
use crate::offers::Told;
use crate::rejection::Rejection;
use crate::router::Router;
use crate::selection::Measures;

impl Router {
    pub(crate) fn agent_log_in(
        &mut self,
        agent: AgentId,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let found = self.known_agent(agent)?;
        match (found.wanted, found.asked) {
            (Presence::LoggedOut, _) => {
                self.enter_presence(agent, Presence::NotReady(NotReadyReason::Unstated), events);
                Ok(())
            }
            (_, Some(Presence::LoggedOut)) => {
                self.withdraw_pending(agent, events);
                Ok(())
            }
            (_, _) => Err(Rejection::AgentLoggedIn),
        }
    }

    pub(crate) fn agent_log_out(
        &mut self,
        agent: AgentId,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.logged_in(agent)?;
        self.ask_presence(agent, Presence::LoggedOut, events);
        Ok(())
    }

    pub(crate) fn agent_ready(
        &mut self,
        agent: AgentId,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.logged_in(agent)?;
        self.ask_presence(agent, Presence::Ready, events);
        Ok(())
    }

    pub(crate) fn agent_not_ready(
        &mut self,
        agent: AgentId,
        reason: Option<ReasonId>,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.logged_in(agent)?;
        if reason.is_some_and(|reason| reason.index() >= self.plan.reasons.len()) {
            return Err(Rejection::UnknownReason);
        }
        let reason = reason.map_or(NotReadyReason::Unstated, NotReadyReason::Named);
        self.ask_presence(agent, Presence::NotReady(reason), events);
        Ok(())
    }

    /// A supervisor's `not_ready` is a state of the system: never pending. The others wait for the
    /// end of a call as the agent's own would.
    pub(crate) fn force_presence(
        &mut self,
        agent: AgentId,
        presence: ForcedPresence,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let is_logged_out = self.known_agent(agent)?.wanted == Presence::LoggedOut;
        match presence {
            ForcedPresence::Ready => self.ask_presence(agent, Presence::Ready, events),
            ForcedPresence::NotReady => {
                self.enter_presence(agent, Presence::NotReady(NotReadyReason::Forced), events);
            }
            ForcedPresence::LoggedOut if is_logged_out => return Err(Rejection::AgentLoggedOut),
            ForcedPresence::LoggedOut => self.ask_presence(agent, Presence::LoggedOut, events),
        }
        Ok(())
    }

    /// A call that he has had twice may be in two of his slots: it ends in both.
    pub(crate) fn agent_end_wrap_up(
        &mut self,
        agent: AgentId,
        call: Option<CallHandle>,
        disposition: Option<DispositionId>,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let meant = |at: &Slot| {
            let found = at.state.in_wrap_up();
            found.filter(|(of, _)| call.is_none_or(|call| call == *of))
        };
        let slots = &self.known_agent(agent)?.slots;
        let mut found = slots.iter().filter_map(meant);
        let (first, queue) = found.next().ok_or(Rejection::NotInWrapUp)?;
        if let Some(disposition) = disposition {
            if found.clone().any(|(of, _)| of != first) {
                return Err(Rejection::SeveralInWrapUp);
            }
            let offers = |queue: &QueueId| {
                self.plan.queues[queue.index()].dispositions.contains(&disposition)
            };
            let mut queues = std::iter::once(queue).chain(found.map(|(_, queue)| queue));
            if let Some(queue) = queues.find(|queue| !offers(queue)) {
                return Err(Rejection::UnknownDisposition { queue });
            }
        }
        for slot in 0..slots.len() as u8 {
            if meant(&self.agents[agent.index()].slots[usize::from(slot)]).is_some() {
                self.end_wrap_up(agent, slot, disposition, events);
            }
        }
        Ok(())
    }

    pub(crate) fn agent_extend_wrap_up(
        &mut self,
        agent: AgentId,
        by: Span,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let mut refusal = Rejection::NotInWrapUp;
        let mut extended = 0;
        for slot in 0..self.known_agent(agent)?.slots.len() as u8 {
            let at = &mut self.agents[agent.index()].slots[usize::from(slot)];
            let (SlotState::WrapUp { until, queue, .. }, Some(since)) = (&mut at.state, at.since)
            else {
                continue;
            };
            let latest = since + self.plan.queues[queue.index()].wrap_up_at_most;
            let longer = (*until + by).min(latest);
            if longer <= *until {
                refusal = Rejection::WrapUpAtMost;
                continue;
            }
            *until = longer;
            self.deadlines.cancel(&mut at.ticket);
            at.ticket = self.deadlines.set(longer, Deadline::WrapUpEnds { agent, slot });
            events.push(Event::WrapUpExtended { agent, slot, until: longer });
            extended += 1;
        }
        if extended == 0 { Err(refusal) } else { Ok(()) }
    }

    fn logged_in(&self, agent: AgentId) -> Result<(), Rejection> {
        match self.known_agent(agent)?.wanted {
            Presence::LoggedOut => Err(Rejection::AgentLoggedOut),
            Presence::NotReady(_) | Presence::Ready => Ok(()),
        }
    }

    /// What a person asks for: at once, or pending while a call is in the agent's hands. Offers
    /// that are out are taken back in either case.
    fn ask_presence(&mut self, agent: AgentId, wanted: Presence, events: &mut Vec<Event>) {
        let found = &mut self.agents[agent.index()];
        if wanted == found.wanted {
            self.withdraw_pending(agent, events);
        } else if found.is_busy() {
            if found.asked != Some(wanted) {
                found.asked = Some(wanted);
                self.relist(agent);
                self.tell_presence(agent, events);
            }
            self.revoke_offers(agent, events);
        } else {
            self.enter_presence(agent, wanted, events);
        }
    }

    fn withdraw_pending(&mut self, agent: AgentId, events: &mut Vec<Event>) {
        if self.agents[agent.index()].asked.take().is_some() {
            self.tell_presence(agent, events);
            self.is_made_available(agent);
        }
    }

    /// Whoever is available now may take a call, if he was not before.
    fn is_made_available(&mut self, agent: AgentId) {
        self.agents[agent.index()].becomes_available(self.now);
        self.relist(agent);
        self.freed.push(agent);
    }

    pub(crate) fn enter_presence(
        &mut self,
        agent: AgentId,
        wanted: Presence,
        events: &mut Vec<Event>,
    ) {
        let found = &mut self.agents[agent.index()];
        let before = found.presence();
        if wanted == Presence::LoggedOut && found.heartbeat != HeartbeatState::None {
            // He may come back without a desktop.
            found.heartbeat = HeartbeatState::None;
            events.push(Event::HeartbeatChanged { agent, heartbeat: HeartbeatState::None });
        }
        (found.wanted, found.asked) = (wanted, None);
        self.presence_has_changed(agent, before, events);
    }

    /// A device that goes out of service makes its agent not ready, also while he talks; once it is
    /// back he is what he was. One that is in a call of its own blocks voice and nothing else.
    pub(crate) fn device_changed(
        &mut self,
        agent: AgentId,
        device: DeviceState,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let found = self.known_agent(agent)?;
        if found.device == device {
            return Ok(());
        }
        events.push(Event::DeviceChanged { agent, device });
        self.change_reach(agent, events, |found| found.device = device);
        Ok(())
    }

    /// A desktop that falls silent makes its agent not ready, also while he talks; once it is heard
    /// again he is what he was. One that was never heard is not missed, nor one of an agent who is
    /// not at work.
    pub(crate) fn heartbeat_changed(
        &mut self,
        agent: AgentId,
        heartbeat: HeartbeatState,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let found = self.known_agent(agent)?;
        let is_lost = heartbeat == HeartbeatState::Lost;
        if is_lost && found.heartbeat != HeartbeatState::Kept {
            return Ok(());
        }
        let at_home = found.wanted == Presence::LoggedOut;
        let heartbeat = if is_lost && at_home { HeartbeatState::None } else { heartbeat };
        if found.heartbeat == heartbeat {
            return Ok(());
        }
        events.push(Event::HeartbeatChanged { agent, heartbeat });
        self.change_reach(agent, events, |found| found.heartbeat = heartbeat);
        Ok(())
    }

    /// His device or his desktop is another; his presence may be.
    fn change_reach(
        &mut self,
        agent: AgentId,
        events: &mut Vec<Event>,
        change: impl FnOnce(&mut Agent),
    ) {
        let found = &mut self.agents[agent.index()];
        let before = found.presence();
        change(found);
        if found.presence() == before {
            self.is_made_available(agent);
        } else {
            self.presence_has_changed(agent, before, events);
        }
    }

    fn presence_has_changed(&mut self, agent: AgentId, before: Presence, events: &mut Vec<Event>) {
        let found = &mut self.agents[agent.index()];
        let presence = found.presence();
        found.presence_changed(before, self.now);
        self.tell_presence(agent, events);
        if presence == Presence::Ready {
            self.is_made_available(agent);
        } else {
            self.relist(agent);
            self.revoke_offers(agent, events);
            self.nobody_awaits(agent, events);
        }
    }

    fn tell_presence(&self, agent: AgentId, events: &mut Vec<Event>) {
        let found = &self.agents[agent.index()];
        let (presence, pending) = (found.presence(), found.pending());
        events.push(Event::PresenceChanged { agent, presence, pending });
    }

    fn revoke_offers(&mut self, agent: AgentId, events: &mut Vec<Event>) {
        for slot in 0..self.agents[agent.index()].slots.len() {
            if let SlotState::Reserved { call, offer } =
                self.agents[agent.index()].slots[slot].state
                && let Some(hand) = self.hand_by(call.slot, offer)
            {
                let end = OfferEnd::Revoked(RevokeCause::AgentUnavailable);
                self.end_offer(hand, end, Told::ByOthers, events);
            }
        }
    }

    /// Where his slot is free no more, he stands elsewhere among those who are available. Where it is
    /// free again, `slot_was_freed` must follow.
    pub(crate) fn set_slot(
        &mut self,
        agent: AgentId,
        slot: u8,
        state: SlotState,
        events: &mut Vec<Event>,
    ) {
        let known = &mut self.agents[agent.index()];
        let at = &mut known.slots[usize::from(slot)];
        let before = std::mem::replace(&mut at.state, state);
        at.since = Some(self.now);
        self.deadlines.cancel(&mut at.ticket);
        events.push(Event::SlotChanged { agent, slot, state });
        if before.is_free() != state.is_free() {
            known.count_busy(self.now);
        }
        if before.is_free() {
            self.relist(agent);
        } else if state.in_wrap_up().is_some() {
            self.count_agent(agent);
        }
    }

    pub(crate) fn free_slot(&mut self, agent: AgentId, slot: u8, events: &mut Vec<Event>) {
        self.set_slot(agent, slot, SlotState::Free, events);
        self.slot_was_freed(agent, events);
    }

    /// What waited for a free slot: the pending presence, else a call.
    pub(crate) fn slot_was_freed(&mut self, agent: AgentId, events: &mut Vec<Event>) {
        let found = &self.agents[agent.index()];
        match found.asked {
            Some(asked) if !found.is_busy() => self.enter_presence(agent, asked, events),
            None if found.is_available(&self.plan.channels) => self.is_made_available(agent),
            Some(_) | None => self.count_agent(agent),
        }
    }

    pub(crate) fn start_wrap_up(
        &mut self,
        agent: AgentId,
        slot: u8,
        (call, queue): (CallHandle, QueueId),
        events: &mut Vec<Event>,
    ) {
        let wrap_up = self.plan.queues[queue.index()].wrap_up;
        if wrap_up == Span(0) {
            self.is_idle_from_now(agent, slot, events);
            return;
        }
        let until = self.now + wrap_up;
        self.set_slot(agent, slot, SlotState::WrapUp { until, call, queue }, events);
        let deadline = Deadline::WrapUpEnds { agent, slot };
        let ticket = self.deadlines.set_in(Lane::wrap_ups(queue), until, deadline);
        self.agents[agent.index()].slots[usize::from(slot)].ticket = ticket;
    }

    pub(crate) fn wrap_up_ran_out(&mut self, agent: AgentId, slot: u8, events: &mut Vec<Event>) {
        self.agents[agent.index()].slots[usize::from(slot)].ticket = Ticket::NONE;
        self.end_wrap_up(agent, slot, None, events);
    }

    fn end_wrap_up(
        &mut self,
        agent: AgentId,
        slot: u8,
        disposition: Option<DispositionId>,
        events: &mut Vec<Event>,
    ) {
        let state = self.agents[agent.index()].slots[usize::from(slot)].state;
        if let Some((call, queue)) = state.in_wrap_up() {
            let queue = Some(queue);
            events.push(Event::WrapUpEnded { agent, call, queue, disposition });
        }
        self.is_idle_from_now(agent, slot, events);
    }

    fn is_idle_from_now(&mut self, agent: AgentId, slot: u8, events: &mut Vec<Event>) {
        if let Some(desk) = self.agents[agent.index()].desk_of_mut(slot) {
            desk.idle_since = self.now;
        }
        self.free_slot(agent, slot, events);
    }

    /// Puts an agent where his state says he stands: in the pools of his desks, or out of them.
    pub(crate) fn relist(&mut self, agent: AgentId) {
        self.count_agent(agent);
        for desk in 0..self.agents[agent.index()].desks.len() {
            self.relist_at(agent, desk);
        }
    }

    fn relist_at(&mut self, agent: AgentId, desk: usize) {
        let known = &self.agents[agent.index()];
        let at = &known.desks[desk];
        let is_available = known.is_available_at(at, &self.plan.channels);
        if !is_available && at.listed.is_none() {
            return;
        }
        let (pool, listed) = (at.pool, at.listed);
        let wanted = is_available.then(|| known.key(agent, at));
        let has_others = self.pools.has_other_orders(pool);
        if listed == wanted && !has_others {
            return;
        }
        let (mut measured, mut measures) = (Measures::default(), Measures::default());
        if has_others {
            (measured, measures) = (at.measured(), known.measures(agent, self.plan.seed));
            if listed == wanted && measured == measures {
                return;
            }
        }
        let open = at.adapter.is_none_or(|adapter| self.is_open(adapter));
        if let Some(key) = listed {
            self.pools.remove(pool, key, measured);
        }
        if let Some(key) = wanted {
            self.pools.insert(pool, key, measures, open);
            if listed.is_none() {
                self.spared.extend(self.pools.pools[pool as usize].kept_free_for.iter());
            }
        }
        let desk = &mut self.agents[agent.index()].desks[desk];
        desk.listed = wanted;
        if has_others {
            desk.measure(measures);
        }
    }
}
