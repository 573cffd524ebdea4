//! What an adapter turns out to hold, or not to hold: offers found ringing, conversations found,
//! offers and calls that are gone.

use crate::call::CallState;
use crate::decision::How;
use crate::event::{Event, OfferEnd, Outcome, Presence, RevokeCause};
use crate::ids::{AdapterId, AgentId, CallHandle, OfferNumber};
use crate::lines::Demand;
use crate::offers::Told;
use crate::rejection::Rejection;
use crate::router::Router;

impl Router {
    /// The adapter does not ring: as if the offer had never been, for the agent and for the call.
    pub(crate) fn offer_lost(
        &mut self,
        call: CallHandle,
        offer: OfferNumber,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let hand = self.in_hand(call, offer, CallState::Offering)?;
        let end = OfferEnd::Revoked(RevokeCause::AdapterRestarted);
        self.end_offer(hand, end, Told::ByAdapter, events);
        Ok(())
    }

    pub(crate) fn call_vanished(
        &mut self,
        call: CallHandle,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let slot = self.live(call)?.handle.slot;
        self.end_call(slot, Outcome::Vanished, None, events);
        Ok(())
    }

    /// An offer that rings is one like those that the Router makes, under a new number. A
    /// conversation is a fact: whoever talks, talks, ready and skilled or not.
    pub(crate) fn offer_adopted(
        &mut self,
        call: CallHandle,
        agent: AgentId,
        rung_by: AdapterId,
        talking: bool,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let state = self.live(call)?.state;
        if self.adapters.get(rung_by.index()).is_none() {
            return Err(Rejection::UnknownAdapter);
        }
        let found = self.known_agent(agent)?;
        let desk = found.desk(self.live(call)?.channel);
        let is_at_work = desk.is_some_and(|desk| match talking {
            true => found.wanted != Presence::LoggedOut && found.free_slot(desk).is_some(),
            false => found.is_available_at(desk, &self.plan.channels),
        });
        if state != CallState::Waiting {
            let needs = CallState::Waiting.name();
            return Err(Rejection::WrongCallState { needs, is: state.name() });
        }
        if !is_at_work {
            return Err(Rejection::AgentNotAvailable);
        }
        let slot = call.slot;
        let met = self.places_of(slot).find(|place| self.meets_demand(agent, *place));
        let any = self.places_of(slot).next().filter(|_| talking);
        let place = met.or(any).ok_or(Rejection::AgentNotQualified)?;
        let hand = self.put_in_hand(place, agent, rung_by, How::Adopted, events);
        if talking {
            self.find_in_conversation(slot, events);
        } else {
            self.let_ring(hand, events);
        }
        Ok(())
    }

    fn meets_demand(&self, agent: AgentId, place: u32) -> bool {
        let Demand { queue, requirement } = &self.lines.demands[self.places[place].demand.index()];
        self.level_for(agent, *queue, requirement).is_some()
    }

    /// The offer in hand was accepted before anybody looked.
    fn find_in_conversation(&mut self, slot: u32, events: &mut Vec<Event>) {
        let hand = self.hand(slot);
        events.push(Event::OfferEnded {
            call: self.calls[slot].handle,
            offer: hand.offer,
            agent: hand.agent,
            queue: hand.queue,
            rung_by: hand.rung_by,
            end: OfferEnd::Accepted,
            adapter_knows: true,
        });
        self.connect(slot, events);
    }
}
