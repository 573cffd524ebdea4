//! Offers, from issue to their end, and the bridge that follows an accept.

use crate::call::{Call, CallState, EXCLUSIONS_MAX, Exclusion, Hand, Place};
use crate::command::{OfferResult, Rejection};
use crate::deadlines::{Deadline, Ticket};
use crate::event::{Event, LeftCause, NotReadyReason, OfferEnd, Presence, ReturnCause, SlotState};
use crate::ids::{AdapterId, AgentId, CallHandle, OfferNumber};
use crate::plan::MissedOffers;
use crate::router::Router;
use crate::slab::NONE;

/// Who knows already how an offer or a bridge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The adapter reported it.
    ByAdapter,
    /// acdd or a person decided it: the adapter has to be told.
    ByOthers,
}

impl Router {
    pub(crate) fn issue_offer(&mut self, place: u32, agent: AgentId, events: &mut Vec<Event>) {
        let slot = self.places[place].slot;
        let Call { channel, adapter, .. } = self.calls[slot];
        let desk = self.agents[agent.index()].desk(channel);
        let rung_by = desk.and_then(|desk| desk.adapter).unwrap_or(adapter);
        self.put_in_hand(place, agent, rung_by, false, events);
        self.let_ring(slot, events);
    }

    /// Numbers an offer of the call for one of its places; it does not ring yet.
    pub(crate) fn put_in_hand(
        &mut self,
        place: u32,
        agent: AgentId,
        rung_by: AdapterId,
        adopted: bool,
        events: &mut Vec<Event>,
    ) {
        let Place { slot, queue, .. } = self.places[place];
        self.leave_lines(slot);
        self.rules_rest(slot);
        self.offers += 1;
        let offer = OfferNumber(self.offers);
        let until = self.now + self.plan.queues[queue.index()].ring;
        let taker = &mut self.agents[agent.index()];
        taker.last_offer = offer;
        let agent_slot = taker.desk(self.calls[slot].channel).and_then(|it| taker.free_slot(it));
        self.calls[slot].hand = Some(Hand {
            offer,
            agent,
            slot: agent_slot.expect("who is given a call has a free slot"),
            queue,
            rung_by,
            until,
            previous: NONE,
            next: NONE,
        });
        let call = self.calls[slot].handle;
        let ring_until = until;
        events.push(Event::OfferIssued { call, offer, agent, queue, rung_by, ring_until, adopted });
    }

    /// The offer in hand is out, until it rings out.
    pub(crate) fn let_ring(&mut self, slot: u32, events: &mut Vec<Event>) {
        let Hand { offer, agent, slot: agent_slot, until, .. } = self.hand(slot);
        self.calls[slot].ticket = self.deadlines.set(until, Deadline::RingEnds { offer, slot });
        self.calls[slot].enter(CallState::Offering, self.now);
        self.link_offer(slot);
        let call = self.calls[slot].handle;
        self.set_slot(agent, agent_slot, SlotState::Reserved { call, offer }, events);
    }

    /// Appends an offer to the chain of those that its adapter rings.
    pub(crate) fn link_offer(&mut self, slot: u32) {
        let rung_by = self.hand(slot).rung_by.index();
        let adapter = &mut self.adapters[rung_by];
        let last = std::mem::replace(&mut adapter.last_offer, slot);
        if last == NONE {
            adapter.first_offer = slot;
        } else {
            self.calls[last].hand.iter_mut().for_each(|hand| hand.next = slot);
        }
        self.calls[slot].hand.iter_mut().for_each(|hand| hand.previous = last);
    }

    fn unlink_offer(&mut self, slot: u32) {
        let Hand { previous, next, rung_by, .. } = self.hand(slot);
        let adapter = &mut self.adapters[rung_by.index()];
        if previous == NONE {
            adapter.first_offer = next;
        }
        if next == NONE {
            adapter.last_offer = previous;
        }
        if previous != NONE {
            self.calls[previous].hand.iter_mut().for_each(|hand| hand.next = next);
        }
        if next != NONE {
            self.calls[next].hand.iter_mut().for_each(|hand| hand.previous = previous);
        }
    }

    /// The hold that an agent has on a call in any state but `Waiting`.
    pub(crate) fn hand(&self, slot: u32) -> Hand {
        self.calls[slot].hand.expect("a call that does not wait is in somebody's hands")
    }

    pub(crate) fn offer_result(
        &mut self,
        call: CallHandle,
        offer: OfferNumber,
        result: OfferResult,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let slot = self.in_hand(call, offer, CallState::Offering)?;
        match result {
            OfferResult::Ringing => events.push(Event::OfferRinging { call, offer }),
            OfferResult::Accepted => self.accept(slot, Told::ByAdapter, events),
            OfferResult::Declined => {
                self.end_offer(slot, OfferEnd::Declined, Told::ByAdapter, events);
            }
            OfferResult::NoAnswer => {
                self.end_offer(slot, OfferEnd::NoAnswer, Told::ByAdapter, events);
            }
            OfferResult::Failed => self.end_offer(slot, OfferEnd::Failed, Told::ByAdapter, events),
        }
        Ok(())
    }

    pub(crate) fn agent_accept(
        &mut self,
        agent: AgentId,
        offer: OfferNumber,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let slot = self.offered_to(agent, offer)?;
        self.accept(slot, Told::ByOthers, events);
        Ok(())
    }

    pub(crate) fn agent_decline(
        &mut self,
        agent: AgentId,
        offer: OfferNumber,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let slot = self.offered_to(agent, offer)?;
        self.end_offer(slot, OfferEnd::Declined, Told::ByOthers, events);
        Ok(())
    }

    /// The slot of the call that is in this state by this offer.
    pub(crate) fn in_hand(
        &self,
        call: CallHandle,
        offer: OfferNumber,
        state: CallState,
    ) -> Result<u32, Rejection> {
        let found = self.live(call)?;
        if found.hand.is_none_or(|hand| hand.offer != offer) {
            return Err(Rejection::OfferNotOut);
        }
        if found.state != state {
            let (needs, is) = (state.name(), found.state.name());
            return Err(Rejection::WrongCallState { needs, is });
        }
        Ok(call.slot)
    }

    /// The slot of the call that is offered to an agent.
    fn offered_to(&self, agent: AgentId, offer: OfferNumber) -> Result<u32, Rejection> {
        let reserved = self.known_agent(agent)?.slots.iter().find_map(|slot| match slot.state {
            SlotState::Reserved { call, offer: reserved } if reserved == offer => Some(call.slot),
            SlotState::Reserved { .. }
            | SlotState::Free
            | SlotState::Connecting { .. }
            | SlotState::Talking { .. }
            | SlotState::Held { .. }
            | SlotState::WrapUp { .. } => None,
        });
        reserved.ok_or(Rejection::OfferNotOut)
    }

    fn accept(&mut self, slot: u32, told: Told, events: &mut Vec<Event>) {
        let hand = self.hand(slot);
        self.unlink_offer(slot);
        let until = self.now + self.plan.connect_within;
        let arrival = self.calls[slot].arrival;
        self.deadlines.cancel(&mut self.calls[slot].ticket);
        let ticket = self.deadlines.set(until, Deadline::ConnectEnds { arrival, slot });
        let call = &mut self.calls[slot];
        call.ticket = ticket;
        call.enter(CallState::Connecting, self.now);
        call.hand = Some(Hand { until, ..hand });
        let call = call.handle;
        self.count_call(slot, false);
        let Hand { offer, agent, queue, rung_by, .. } = hand;
        events.push(Event::OfferEnded {
            call,
            offer,
            agent,
            queue,
            rung_by,
            end: OfferEnd::Accepted,
            adapter_knows: told == Told::ByAdapter,
        });
        events.push(Event::CallConnecting { call, offer, agent, rung_by, until });
        self.set_slot(agent, hand.slot, SlotState::Connecting { call }, events);
    }

    /// Ends an offer that was not accepted: the agent's slot is free, the call waits again.
    pub(crate) fn end_offer(
        &mut self,
        slot: u32,
        end: OfferEnd,
        told: Told,
        events: &mut Vec<Event>,
    ) {
        self.close_offer(slot, end, told, events);
        self.wait_again(slot, ReturnCause::OfferEnded, events);
    }

    /// The agent's side of the end of an offer; what becomes of the call is the caller's business.
    pub(crate) fn close_offer(
        &mut self,
        slot: u32,
        end: OfferEnd,
        told: Told,
        events: &mut Vec<Event>,
    ) {
        let Hand { offer, agent, queue, rung_by, slot: agent_slot, .. } = self.hand(slot);
        self.unlink_offer(slot);
        self.deadlines.cancel(&mut self.calls[slot].ticket);
        let call = self.calls[slot].handle;
        let adapter_knows = told == Told::ByAdapter;
        events.push(Event::OfferEnded { call, offer, agent, queue, rung_by, end, adapter_knows });
        self.calls[slot].hand = None;
        self.set_slot(agent, agent_slot, SlotState::Free, events);
        match end {
            OfferEnd::Declined | OfferEnd::NoAnswer => {
                self.did_not_take(slot, agent, events);
                self.count_miss(agent, events);
            }
            OfferEnd::Failed => self.did_not_take(slot, agent, events),
            OfferEnd::Accepted | OfferEnd::Revoked(_) => {}
        }
        self.slot_was_freed(agent, events);
    }

    fn count_miss(&mut self, agent: AgentId, events: &mut Vec<Event>) {
        let missed = &mut self.agents[agent.index()].missed;
        *missed = missed.saturating_add(1);
        let limit = match self.plan.missed_offers {
            MissedOffers::StayReady => u32::MAX,
            MissedOffers::NotReadyAfter(limit) => limit,
        };
        let too_many = *missed >= limit;
        self.relist(agent);
        if too_many && self.agents[agent.index()].wanted == Presence::Ready {
            self.enter_presence(agent, Presence::NotReady(NotReadyReason::MissedOffers), events);
        }
    }

    pub(crate) fn offer_rang_out(&mut self, slot: u32, events: &mut Vec<Event>) {
        self.calls[slot].ticket = Ticket::NONE;
        // An adapter that is gone may not have rung at all: no miss of the agent's.
        let end = match self.is_up(self.hand(slot).rung_by) {
            true => OfferEnd::NoAnswer,
            false => OfferEnd::Failed,
        };
        self.end_offer(slot, end, Told::ByOthers, events);
    }

    pub(crate) fn call_bridged(
        &mut self,
        call: CallHandle,
        offer: OfferNumber,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let slot = self.in_hand(call, offer, CallState::Connecting)?;
        self.deadlines.cancel(&mut self.calls[slot].ticket);
        self.connect(slot, events);
        Ok(())
    }

    /// Caller and agent hear each other from now on.
    pub(crate) fn connect(&mut self, slot: u32, events: &mut Vec<Event>) {
        let Hand { agent, queue, slot: agent_slot, .. } = self.hand(slot);
        let age = self.calls[slot].age(self.now);
        self.count_call(slot, false);
        self.gauges.of_mut(queue).in_system += 1;
        let known = &mut self.calls[slot];
        known.enter(CallState::Connected, self.now);
        known.age_kept = age;
        known.first = false;
        let (call, caller) = (known.handle, known.caller);
        self.forget_awaited(slot);
        if let Some(caller) = caller {
            self.callers.note(caller, self.now, agent);
        }
        let talker = &mut self.agents[agent.index()];
        talker.missed = 0;
        talker.shift.connected = talker.shift.connected.saturating_add(1);
        self.relist(agent);
        events.push(Event::CallConnected { call, agent, queue });
        self.leave_all_queues(slot, LeftCause::Connected, events);
        self.set_slot(agent, agent_slot, SlotState::Talking { call }, events);
    }

    pub(crate) fn connect_failed(
        &mut self,
        call: CallHandle,
        offer: OfferNumber,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let slot = self.in_hand(call, offer, CallState::Connecting)?;
        self.deadlines.cancel(&mut self.calls[slot].ticket);
        self.give_up_connecting(slot, Told::ByAdapter, events);
        Ok(())
    }

    pub(crate) fn connect_ran_out(&mut self, slot: u32, events: &mut Vec<Event>) {
        self.calls[slot].ticket = Ticket::NONE;
        self.give_up_connecting(slot, Told::ByOthers, events);
    }

    /// A miss for the exclusion, not for the policy on missed offers; no wrap-up, idle not reset.
    fn give_up_connecting(&mut self, slot: u32, told: Told, events: &mut Vec<Event>) {
        let Hand { offer, agent, rung_by, slot: agent_slot, .. } = self.hand(slot);
        let call = self.calls[slot].handle;
        let adapter_knows = told == Told::ByAdapter;
        events.push(Event::ConnectFailed { call, offer, agent, rung_by, adapter_knows });
        self.did_not_take(slot, agent, events);
        self.calls[slot].hand = None;
        self.free_slot(agent, agent_slot, events);
        self.wait_again(slot, ReturnCause::ConnectFailed, events);
    }

    /// He is skipped for a while, and the call waits for him no longer.
    fn did_not_take(&mut self, slot: u32, agent: AgentId, events: &mut Vec<Event>) {
        self.exclude(slot, agent);
        self.awaited_did_not_come(slot, agent, events);
    }

    /// Lets a call skip an agent for a while.
    pub(crate) fn exclude(&mut self, slot: u32, agent: AgentId) {
        let until = self.now + self.plan.exclude_for;
        if until == self.now {
            return;
        }
        self.end_exclusion(slot, |exclusion| exclusion.agent == agent);
        if self.exclusions_of(slot).count() >= EXCLUSIONS_MAX {
            let earliest = self.exclusions_of(slot).map(|exclusion| exclusion.until).min();
            self.end_exclusion(slot, |exclusion| Some(exclusion.until) == earliest);
        }
        let arrival = self.calls[slot].arrival;
        let deadline = Deadline::ExclusionEnds { arrival, agent, slot };
        let ticket = self.deadlines.set(until, deadline);
        let next = self.calls[slot].exclusions;
        let index = self.exclusions.insert(Exclusion { agent, until, ticket, next });
        self.calls[slot].exclusions = index;
    }

    pub(crate) fn exclusions_of(&self, slot: u32) -> impl Iterator<Item = &Exclusion> {
        let mut at = self.calls[slot].exclusions;
        std::iter::from_fn(move || {
            let exclusion = (at != NONE).then(|| &self.exclusions[at])?;
            at = exclusion.next;
            Some(exclusion)
        })
    }

    /// Ends the first of a call's exclusions that `which` says yes to.
    pub(crate) fn end_exclusion(&mut self, slot: u32, which: impl Fn(&Exclusion) -> bool) {
        let mut before = NONE;
        let mut at = self.calls[slot].exclusions;
        while at != NONE {
            let next = self.exclusions[at].next;
            if which(&self.exclusions[at]) {
                let mut ended = self.exclusions.remove(at);
                self.deadlines.cancel(&mut ended.ticket);
                if before == NONE {
                    self.calls[slot].exclusions = next;
                } else {
                    self.exclusions[before].next = next;
                }
                return;
            }
            before = at;
            at = next;
        }
    }

    pub(crate) fn exclusion_ran_out(&mut self, slot: u32, agent: AgentId) {
        let mut at = self.calls[slot].exclusions;
        while at != NONE {
            if self.exclusions[at].agent == agent {
                self.exclusions[at].ticket = Ticket::NONE;
            }
            at = self.exclusions[at].next;
        }
        self.end_exclusion(slot, |exclusion| exclusion.agent == agent);
        if self.calls[slot].state == CallState::Waiting {
            self.eligible.push(self.calls[slot].handle);
        }
    }
}
