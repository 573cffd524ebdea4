//! A call's life outside of offers: arriving, returning, ending.

use crate::call::{CALLS_MAX, Call, CallState, Hand, MOVES_MAX};
use crate::command::CallEntry;
use crate::event::{Event, LeftCause, Outcome, ReturnCause, RevokeCause, SlotState};
use crate::ids::{AdapterId, CallHandle, Priority, QueueId};
use crate::plan::Treatment;
use crate::rejection::Rejection;
use crate::router::Router;
use crate::slab::NONE;

impl Router {
    pub(crate) fn call_offered(
        &mut self,
        call: CallHandle,
        adapter: AdapterId,
        entry: CallEntry,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let CallEntry { queue, priority, since, channel, extra, route, .. } = entry;
        if !self.is_up(adapter) {
            return Err(Rejection::AdapterNotUp);
        }
        self.known_queue(queue)?;
        let knows_route = route.is_none_or(|route| route.index() < self.plan.routes.len());
        if !knows_route || extra.is_some_and(|extra| extra.index() >= self.plan.extras.len()) {
            return Err(Rejection::UnknownRoute);
        }
        if call.slot >= CALLS_MAX {
            return Err(Rejection::TooManyCalls);
        }
        if !self.calls.is_new(call) {
            return Err(Rejection::CallExists);
        }
        if since > self.now {
            return Err(Rejection::SinceAhead);
        }
        if let Some(preferred) = entry.preferred {
            self.known_agent(preferred)?;
        }
        self.arrivals += 1;
        let arrival = self.arrivals;
        self.calls.insert(Call::new(call, adapter, arrival, &entry));
        let arrived = Event::CallArrived {
            call,
            adapter,
            channel,
            arrival,
            priority,
            since,
            route,
            caller: entry.caller,
        };
        events.push(arrived);
        self.count_call(call.slot, true);
        self.judge_affinity(&entry, call.slot, events);
        self.arriving = Some(call);
        self.take_place(call.slot, queue, since, events);
        self.arriving = None;
        Ok(())
    }

    /// Back to waiting with its age and its places; what fell due meanwhile acts first.
    pub(crate) fn wait_again(&mut self, slot: u32, cause: ReturnCause, events: &mut Vec<Event>) {
        self.calls[slot].enter(CallState::Waiting, self.now);
        self.count_call(slot, true);
        let call = self.calls[slot].handle;
        events.push(Event::CallReturned { call, cause });
        self.stand_in_lines(slot);
        self.rules_act_after_return(call, events);
        self.eligible.push(call);
    }

    pub(crate) fn call_ended(
        &mut self,
        call: CallHandle,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let found = self.live(call)?;
        let outcome = match found.state {
            CallState::Waiting | CallState::Offering | CallState::Connecting => {
                // One that lost its agent has been connected: never short.
                match !found.first && found.age(self.now) < self.plan.short_abandon {
                    true => Outcome::ShortAbandoned,
                    false => Outcome::Abandoned,
                }
            }
            CallState::Connected | CallState::Held => Outcome::Handled,
        };
        self.end_call(call.slot, outcome, None, events);
        Ok(())
    }

    pub(crate) fn end_by_person(
        &mut self,
        call: CallHandle,
        treatment: Treatment,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let outcome = match self.live(call)?.state {
            CallState::Waiting | CallState::Offering | CallState::Connecting => Outcome::Overflowed,
            CallState::Connected | CallState::Held => Outcome::Handled,
        };
        self.end_call(call.slot, outcome, Some(treatment), events);
        Ok(())
    }

    pub(crate) fn end_call(
        &mut self,
        slot: u32,
        outcome: Outcome,
        treatment: Option<Treatment>,
        events: &mut Vec<Event>,
    ) {
        let call = self.calls[slot].handle;
        match self.calls[slot].state {
            CallState::Waiting => {}
            CallState::Offering => self.close_offers(slot, RevokeCause::CallEnded, events),
            CallState::Connecting => {
                let hand = self.let_go(self.calls[slot].hands);
                self.free_slot(hand.agent, hand.slot, events);
            }
            CallState::Connected | CallState::Held => {
                let hand = self.let_go(self.calls[slot].hands);
                self.gauges.of_mut(hand.queue).in_system -= 1;
                self.start_wrap_up(hand.agent, hand.slot, (call, hand.queue), events);
            }
        }
        self.count_call(slot, false);
        self.counts_as_abandoned(slot, outcome);
        self.leave_all_queues(slot, LeftCause::Ended, events);
        while self.calls[slot].exclusions != NONE {
            self.end_exclusion(slot, |_| true);
        }
        self.forget_awaited(slot);
        self.forget_left(slot);
        self.calls.remove(slot);
        events.push(Event::CallEnded { call, outcome, treatment });
    }

    /// The caller begins a new stay where he was answered, first of his priority.
    pub(crate) fn agent_leg_lost(
        &mut self,
        call: CallHandle,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.in_conversation(call)?;
        let hand = self.leave_agent(call, ReturnCause::AgentLegLost, events);
        self.calls[call.slot].first = true;
        self.enter_queue(call.slot, hand.queue, events);
        Ok(())
    }

    /// The agent handed the caller on: a fact, so never refused for the number of moves. It counts
    /// as one nevertheless, that every wait be bounded.
    pub(crate) fn call_transferred(
        &mut self,
        call: CallHandle,
        queue: Option<QueueId>,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.in_conversation(call)?;
        let Some(queue) = queue else {
            self.end_call(call.slot, Outcome::Transferred, None, events);
            return Ok(());
        };
        self.known_queue(queue)?;
        self.leave_agent(call, ReturnCause::Transferred, events);
        let moves = &mut self.calls[call.slot].moves;
        *moves = moves.saturating_add(1).min(MOVES_MAX);
        self.enter_queue(call.slot, queue, events);
        Ok(())
    }

    /// The conversation is over and the caller waits again: his agent takes his notes and is skipped
    /// for a while.
    fn leave_agent(
        &mut self,
        call: CallHandle,
        cause: ReturnCause,
        events: &mut Vec<Event>,
    ) -> Hand {
        let hand = self.let_go(self.calls[call.slot].hands);
        self.gauges.of_mut(hand.queue).in_system -= 1;
        self.start_wrap_up(hand.agent, hand.slot, (call, hand.queue), events);
        self.exclude(call.slot, hand.agent);
        let left = &mut self.calls[call.slot];
        left.age_from = self.now - left.age_kept;
        left.enter(CallState::Waiting, self.now);
        self.count_call(call.slot, true);
        events.push(Event::CallReturned { call, cause });
        hand
    }

    fn in_conversation(&self, call: CallHandle) -> Result<(), Rejection> {
        match self.live(call)?.state {
            CallState::Connected | CallState::Held => Ok(()),
            state @ (CallState::Waiting | CallState::Offering | CallState::Connecting) => {
                Err(Rejection::WrongCallState { needs: "connected", is: state.name() })
            }
        }
    }

    pub(crate) fn call_held(
        &mut self,
        call: CallHandle,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.change_state(call, CallState::Connected, CallState::Held)?;
        events.push(Event::CallHeld { call });
        let hand = self.hand(call.slot);
        self.set_slot(hand.agent, hand.slot, SlotState::Held { call }, events);
        Ok(())
    }

    pub(crate) fn call_retrieved(
        &mut self,
        call: CallHandle,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.change_state(call, CallState::Held, CallState::Connected)?;
        events.push(Event::CallRetrieved { call });
        let hand = self.hand(call.slot);
        self.set_slot(hand.agent, hand.slot, SlotState::Talking { call }, events);
        Ok(())
    }

    fn change_state(
        &mut self,
        call: CallHandle,
        from: CallState,
        to: CallState,
    ) -> Result<(), Rejection> {
        let state = self.live(call)?.state;
        if state != from {
            return Err(Rejection::WrongCallState { needs: from.name(), is: state.name() });
        }
        self.calls[call.slot].enter(to, self.now);
        Ok(())
    }

    pub(crate) fn move_call(
        &mut self,
        call: CallHandle,
        queue: QueueId,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.known_queue(queue)?;
        let found = self.live(call)?;
        if !matches!(found.state, CallState::Waiting | CallState::Offering) {
            let is = found.state.name();
            return Err(Rejection::WrongCallState { needs: "waiting or offering", is });
        }
        let slot = call.slot;
        let stands_there = self.place_in(slot, queue);
        let stands_elsewhere = self.places_of(slot).any(|place| Some(place) != stands_there);
        let left_now = self.has_left_now(slot, queue);
        if left_now || !stands_elsewhere {
            return Err(Rejection::AlreadyInQueue);
        }
        if found.moves >= MOVES_MAX {
            return Err(Rejection::TooManyMoves);
        }
        self.calls[slot].moves += 1;
        stands_there.into_iter().for_each(|place| self.place_helps_no_more(place));
        let was_offered = self.calls[slot].state == CallState::Offering;
        if was_offered {
            self.close_offers(slot, RevokeCause::CallMoved, events);
            self.calls[slot].enter(CallState::Waiting, self.now);
            let cause = ReturnCause::OfferEnded;
            events.push(Event::CallReturned { call, cause });
            self.stand_in_lines(slot);
        }
        let others: Vec<u32> =
            self.places_of(slot).filter(|place| Some(*place) != stands_there).collect();
        for place in others {
            self.leave_queue(place, LeftCause::Moved, events);
        }
        if stands_there.is_none() {
            self.enter_queue(slot, queue, events);
        } else if was_offered {
            self.rules_act_after_return(call, events);
        }
        self.eligible.push(call);
        Ok(())
    }

    pub(crate) fn set_priority(
        &mut self,
        call: CallHandle,
        priority: Priority,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let found = self.live(call)?;
        if matches!(found.state, CallState::Connected | CallState::Held) {
            let is = found.state.name();
            return Err(Rejection::WrongCallState { needs: "not yet connected", is });
        }
        if found.priority != priority {
            self.change_priority(call.slot, priority, events);
        }
        Ok(())
    }
}
