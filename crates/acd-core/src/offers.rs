//! Offers, from issue to their end, and the bridge that follows an accept.

use crate::call::{Call, CallState, EXCLUSIONS_MAX, Exclusion, Hand, Place};
use crate::command::OfferResult;
use crate::deadlines::{Deadline, Lane, Ticket};
use crate::decision::{Decision, How};
use crate::event::{
    Event, LeftCause, NotReadyReason, OfferEnd, Presence, ReturnCause, RevokeCause, SlotState,
};
use crate::ids::{AdapterId, AgentId, CallHandle, OfferNumber};
use crate::plan::MissedOffers;
use crate::rejection::Rejection;
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
    pub(crate) fn issue_offer(
        &mut self,
        place: u32,
        agent: AgentId,
        how: How,
        events: &mut Vec<Event>,
    ) {
        let slot = self.places[place].slot;
        let Call { channel, adapter, .. } = self.calls[slot];
        let desk = self.agents[agent.index()].desk(channel);
        let rung_by = desk.and_then(|desk| desk.adapter).unwrap_or(adapter);
        let hand = self.put_in_hand(place, agent, rung_by, how, events);
        self.let_ring(hand, events);
    }

    /// Numbers an offer of the call for one of its places; it does not ring yet.
    pub(crate) fn put_in_hand(
        &mut self,
        place: u32,
        agent: AgentId,
        rung_by: AdapterId,
        how: How,
        events: &mut Vec<Event>,
    ) -> u32 {
        let Place { slot, queue, demand, .. } = self.places[place];
        self.leave_lines(slot);
        self.rules_rest(slot);
        self.offers += 1;
        let offer = OfferNumber(self.offers);
        let until = self.now + self.plan.queues[queue.index()].ring;
        let taker = &mut self.agents[agent.index()];
        taker.last_offer = offer;
        let agent_slot = taker.desk(self.calls[slot].channel).and_then(|it| taker.free_slot(it));
        let hand = self.hands.insert(Hand {
            call: slot,
            offer,
            agent,
            slot: agent_slot.expect("who is given a call has a free slot"),
            queue,
            rung_by,
            until,
            ticket: Ticket::NONE,
            previous: NONE,
            next: NONE,
            sibling: NONE,
        });
        self.join_hands(slot, hand);
        let call = self.calls[slot].handle;
        let (adopted, picked) = (matches!(how, How::Adopted), matches!(how, How::Picked));
        self.decisions.push(Decision { call, offer, agent, queue, demand, how });
        events.push(Event::OfferIssued {
            call,
            offer,
            agent,
            queue,
            rung_by,
            ring_until: until,
            adopted,
            picked,
        });
        hand
    }

    /// Appends to the chain of those who have, or are offered, a call.
    pub(crate) fn join_hands(&mut self, slot: u32, hand: u32) {
        match self.hands_of(slot).last() {
            None => self.calls[slot].hands = hand,
            Some(last) => self.hands[last].sibling = hand,
        }
    }

    /// The offer in hand is out, until it rings out.
    pub(crate) fn let_ring(&mut self, hand: u32, events: &mut Vec<Event>) {
        let Hand { call: slot, offer, agent, slot: agent_slot, queue, until, .. } =
            self.hands[hand];
        let deadline = Deadline::RingEnds { offer, slot };
        self.hands[hand].ticket = self.deadlines.set_in(Lane::rings(queue), until, deadline);
        if self.calls[slot].state != CallState::Offering {
            self.calls[slot].enter(CallState::Offering, self.now);
        }
        self.link_offer(hand);
        let call = self.calls[slot].handle;
        self.set_slot(agent, agent_slot, SlotState::Reserved { call, offer }, events);
    }

    /// Appends an offer to the chain of those that its adapter rings.
    pub(crate) fn link_offer(&mut self, hand: u32) {
        let adapter = &mut self.adapters[self.hands[hand].rung_by.index()];
        let last = std::mem::replace(&mut adapter.last_offer, hand);
        if last == NONE {
            adapter.first_offer = hand;
        } else {
            self.hands[last].next = hand;
        }
        self.hands[hand].previous = last;
    }

    fn unlink_offer(&mut self, hand: u32) {
        let Hand { previous, next, rung_by, .. } = self.hands[hand];
        let adapter = &mut self.adapters[rung_by.index()];
        if previous == NONE {
            adapter.first_offer = next;
        } else {
            self.hands[previous].next = next;
        }
        if next == NONE {
            adapter.last_offer = previous;
        } else {
            self.hands[next].previous = previous;
        }
    }

    /// Those whom the call is offered to, or who has it, in the order of the offers.
    pub(crate) fn hands_of(&self, slot: u32) -> impl Iterator<Item = u32> {
        let mut at = self.calls[slot].hands;
        std::iter::from_fn(move || {
            let hand = (at != NONE).then_some(at)?;
            at = self.hands[hand].sibling;
            Some(hand)
        })
    }

    /// The hold of the one agent who has the call; the first of those whom it is offered to.
    pub(crate) fn hand(&self, slot: u32) -> Hand {
        self.hands[self.calls[slot].hands]
    }

    /// The call is out of an agent's hands.
    pub(crate) fn let_go(&mut self, hand: u32) -> Hand {
        let slot = self.hands[hand].call;
        let before = self.hands_of(slot).take_while(|at| *at != hand).last();
        let mut gone = self.hands.remove(hand);
        self.deadlines.cancel(&mut gone.ticket);
        match before {
            None => self.calls[slot].hands = gone.sibling,
            Some(before) => self.hands[before].sibling = gone.sibling,
        }
        gone
    }

    pub(crate) fn offer_result(
        &mut self,
        call: CallHandle,
        offer: OfferNumber,
        result: OfferResult,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let hand = self.in_hand(call, offer, CallState::Offering)?;
        match result {
            OfferResult::Ringing => events.push(Event::OfferRinging { call, offer }),
            OfferResult::Accepted => self.accept(hand, Told::ByAdapter, events),
            OfferResult::Declined => {
                self.end_offer(hand, OfferEnd::Declined, Told::ByAdapter, events);
            }
            OfferResult::NoAnswer => {
                self.end_offer(hand, OfferEnd::NoAnswer, Told::ByAdapter, events);
            }
            OfferResult::Failed => self.end_offer(hand, OfferEnd::Failed, Told::ByAdapter, events),
        }
        Ok(())
    }

    pub(crate) fn agent_accept(
        &mut self,
        agent: AgentId,
        offer: OfferNumber,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let hand = self.offered_to(agent, offer)?;
        self.accept(hand, Told::ByOthers, events);
        Ok(())
    }

    pub(crate) fn agent_decline(
        &mut self,
        agent: AgentId,
        offer: OfferNumber,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let hand = self.offered_to(agent, offer)?;
        self.end_offer(hand, OfferEnd::Declined, Told::ByOthers, events);
        Ok(())
    }

    /// The hold on a call by this offer, if the call is in this state.
    pub(crate) fn in_hand(
        &self,
        call: CallHandle,
        offer: OfferNumber,
        state: CallState,
    ) -> Result<u32, Rejection> {
        let found = self.live(call)?;
        let hand = self.hand_by(call.slot, offer).ok_or(Rejection::OfferNotOut)?;
        if found.state != state {
            let (needs, is) = (state.name(), found.state.name());
            return Err(Rejection::WrongCallState { needs, is });
        }
        Ok(hand)
    }

    pub(crate) fn hand_by(&self, slot: u32, offer: OfferNumber) -> Option<u32> {
        self.hands_of(slot).find(|hand| self.hands[*hand].offer == offer)
    }

    /// The hold that an agent has by an offer that is out to him.
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
        reserved.and_then(|slot| self.hand_by(slot, offer)).ok_or(Rejection::OfferNotOut)
    }

    /// The agent has the call; others whom it was offered to at the same time do not get it.
    fn accept(&mut self, hand: u32, told: Told, events: &mut Vec<Event>) {
        let Hand { call: slot, offer, agent, slot: agent_slot, queue, rung_by, .. } =
            self.hands[hand];
        self.unlink_offer(hand);
        let until = self.now + self.plan.connect_within;
        let call = self.calls[slot].handle;
        events.push(Event::OfferEnded {
            call,
            offer,
            agent,
            queue,
            rung_by,
            end: OfferEnd::Accepted,
            adapter_knows: told == Told::ByAdapter,
        });
        let another = |router: &Self| router.hands_of(slot).find(|other| *other != hand);
        while let Some(other) = another(self) {
            let end = OfferEnd::Revoked(RevokeCause::AnsweredElsewhere);
            self.close_offer(other, end, Told::ByOthers, events);
        }
        let arrival = self.calls[slot].arrival;
        let mut rings = std::mem::replace(&mut self.hands[hand].ticket, Ticket::NONE);
        self.deadlines.cancel(&mut rings);
        let deadline = Deadline::ConnectEnds { arrival, slot };
        let ticket = self.deadlines.set_in(Lane::CONNECTS, until, deadline);
        (self.hands[hand].until, self.hands[hand].ticket) = (until, ticket);
        self.calls[slot].enter(CallState::Connecting, self.now);
        self.count_call(slot, false);
        events.push(Event::CallConnecting { call, offer, agent, rung_by, until });
        self.set_slot(agent, agent_slot, SlotState::Connecting { call }, events);
    }

    /// Ends an offer that was not accepted: the agent's slot is free, the call waits again unless it
    /// is out to others.
    pub(crate) fn end_offer(
        &mut self,
        hand: u32,
        end: OfferEnd,
        told: Told,
        events: &mut Vec<Event>,
    ) {
        let slot = self.hands[hand].call;
        self.close_offer(hand, end, told, events);
        if self.calls[slot].hands == NONE {
            self.wait_again(slot, ReturnCause::OfferEnded, events);
        }
    }

    /// Ends all offers of a call; what becomes of it is the caller's business.
    pub(crate) fn close_offers(&mut self, slot: u32, cause: RevokeCause, events: &mut Vec<Event>) {
        while self.calls[slot].hands != NONE {
            let end = OfferEnd::Revoked(cause);
            self.close_offer(self.calls[slot].hands, end, Told::ByOthers, events);
        }
    }

    /// The agent's side of the end of an offer.
    fn close_offer(&mut self, hand: u32, end: OfferEnd, told: Told, events: &mut Vec<Event>) {
        self.unlink_offer(hand);
        let gone = self.let_go(hand);
        let Hand { call: slot, offer, agent, queue, rung_by, slot: agent_slot, .. } = gone;
        let call = self.calls[slot].handle;
        let adapter_knows = told == Told::ByAdapter;
        events.push(Event::OfferEnded { call, offer, agent, queue, rung_by, end, adapter_knows });
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

    pub(crate) fn offer_rang_out(
        &mut self,
        slot: u32,
        offer: OfferNumber,
        events: &mut Vec<Event>,
    ) {
        let Some(hand) = self.hand_by(slot, offer) else { return };
        self.hands[hand].ticket = Ticket::NONE;
        // An adapter that is gone may not have rung at all: no miss of the agent's.
        let end = match self.is_up(self.hands[hand].rung_by) {
            true => OfferEnd::NoAnswer,
            false => OfferEnd::Failed,
        };
        self.end_offer(hand, end, Told::ByOthers, events);
    }

    pub(crate) fn call_bridged(
        &mut self,
        call: CallHandle,
        offer: OfferNumber,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let hand = self.in_hand(call, offer, CallState::Connecting)?;
        self.deadlines.cancel(&mut self.hands[hand].ticket);
        self.connect(call.slot, events);
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
        events.push(Event::CallConnected { call, agent, queue });
        self.counts_as_answered(slot, queue);
        self.leave_all_queues(slot, LeftCause::Connected, events);
        self.set_slot(agent, agent_slot, SlotState::Talking { call }, events);
        // Who is available for one more stands by what was counted just now.
        if self.agents[agent.index()].is_listed() {
            self.relist(agent);
        }
    }

    pub(crate) fn connect_failed(
        &mut self,
        call: CallHandle,
        offer: OfferNumber,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.in_hand(call, offer, CallState::Connecting)?;
        self.give_up_connecting(call.slot, Told::ByAdapter, events);
        Ok(())
    }

    pub(crate) fn connect_ran_out(&mut self, slot: u32, events: &mut Vec<Event>) {
        self.hands[self.calls[slot].hands].ticket = Ticket::NONE;
        self.give_up_connecting(slot, Told::ByOthers, events);
    }

    /// A miss for the exclusion, not for the policy on missed offers; no wrap-up, idle not reset.
    fn give_up_connecting(&mut self, slot: u32, told: Told, events: &mut Vec<Event>) {
        let gone = self.let_go(self.calls[slot].hands);
        let Hand { offer, agent, rung_by, slot: agent_slot, .. } = gone;
        let call = self.calls[slot].handle;
        let adapter_knows = told == Told::ByAdapter;
        events.push(Event::ConnectFailed { call, offer, agent, rung_by, adapter_knows });
        self.did_not_take(slot, agent, events);
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
        let ticket = self.deadlines.set_in(Lane::EXCLUSIONS, until, deadline);
        let next = self.calls[slot].exclusions;
        let index = self.exclusions.insert(Exclusion { agent, until, ticket, next });
        self.agents[agent.index()].skipped_by += 1;
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
                self.agents[ended.agent.index()].skipped_by -= 1;
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
