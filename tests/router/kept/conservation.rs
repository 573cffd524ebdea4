//! Promise 1: a call is in exactly one state; every call offered ends exactly once with one outcome.

use super::{Watch, keeps};
use crate::books::{Books, Call, Hand, Stage};
use acd_core::{
    AgentId, CallHandle, Command, DispositionId, Event, OfferEnd, Outcome, PLACES_MAX, QueueId,
    ReturnCause, RevokeCause, SlotState, Timestamp,
};
use std::collections::BTreeSet;

#[derive(Default)]
pub(crate) struct Conservation {
    command: Option<Command>,
    /// Of the present command: calls that came, ...
    arrived: usize,
    /// ... whose offer or bridge has ended, and which wait again or end before it is over, ...
    let_go: BTreeSet<CallHandle>,
    /// ... that were accepted, and are bridged or to be bridged before it is over, ...
    accepted: BTreeSet<CallHandle>,
    /// ... and on which a rule has acted.
    ruled: BTreeSet<CallHandle>,
    /// Whose notes on which call are done, and whose slot is free before it is over.
    noted: Vec<(AgentId, CallHandle)>,
}

impl Watch for Conservation {
    fn before(&mut self, _: &Books, _: Timestamp, command: &Command) {
        *self = Self { command: Some(command.clone()), ..Self::default() };
    }

    fn sees(&mut self, books: &Books, event: &Event) {
        let is = |call: &CallHandle, stages: &[Stage]| {
            let stage = books.calls.get(call).map(|known| known.stage);
            let may = stage.is_some_and(|stage| stages.contains(&stage));
            keeps!(1, may, "{event:?} of a call that is {stage:?}");
        };
        match event {
            Event::CallArrived { call, .. } => {
                let asked = matches!(&self.command,
                    Some(Command::CallOffered { call: offered, .. }) if offered == call);
                keeps!(1, asked, "{call:?} arrives, and nobody has offered it");
                self.arrived += 1;
            }
            Event::PlaceEntered { call, queue, .. } => {
                let known = books.calls.get(call);
                let free = known.is_some_and(|it| it.place(*queue).is_none());
                let room = known.is_some_and(|it| it.places.len() < PLACES_MAX);
                keeps!(1, free && room, "{call:?} has a place in {queue:?}, or too many");
            }
            Event::PlaceLeft { call, queue, .. } => {
                let there = books.calls.get(call).is_some_and(|it| it.place(*queue).is_some());
                keeps!(1, there, "{call:?} leaves {queue:?}, in which it does not stand");
            }
            // Several at once, where its queue offers so.
            Event::OfferIssued { call, .. } => is(call, &[Stage::Waiting, Stage::Offering]),
            Event::OfferRinging { call, .. } => is(call, &[Stage::Offering]),
            Event::OfferEnded { call, offer, agent, end, .. } => {
                is(call, &[Stage::Offering]);
                let hands = &books.calls[call].hands;
                let same = hands.iter().any(|hand| hand.offer == *offer && hand.agent == *agent);
                keeps!(1, same, "{event:?} of another offer than is out");
                let elsewhere = *end == OfferEnd::Revoked(RevokeCause::AnsweredElsewhere);
                let is_accepted = self.accepted.contains(call);
                keeps!(1, elsewhere == is_accepted, "{event:?}, accepted: {is_accepted}");
                if *end == OfferEnd::Accepted {
                    self.accepted.insert(*call);
                } else if hands.len() == 1 {
                    keeps!(1, self.let_go.insert(*call), "{call:?} is let go twice");
                }
            }
            Event::CallConnecting { call, .. } => {
                keeps!(1, self.accepted.remove(call), "{call:?} is bridged without an accept");
            }
            Event::CallConnected { call, .. } => {
                let found_talking = self.accepted.remove(call);
                let stage = if found_talking { Stage::Offering } else { Stage::Connecting };
                is(call, &[stage]);
            }
            Event::ConnectFailed { call, .. } => {
                is(call, &[Stage::Connecting]);
                self.let_go.insert(*call);
            }
            Event::CallHeld { call } => is(call, &[Stage::Connected]),
            Event::CallRetrieved { call } => is(call, &[Stage::Held]),
            Event::CallReturned { call, cause } => match cause {
                ReturnCause::OfferEnded | ReturnCause::ConnectFailed => {
                    keeps!(1, self.let_go.remove(call), "{call:?} waits again, let go by nobody");
                }
                ReturnCause::AgentLegLost | ReturnCause::Transferred => {
                    is(call, &[Stage::Connected, Stage::Held]);
                }
            },
            Event::RuleFired { call, .. } => {
                self.ruled.insert(*call);
            }
            Event::WrapUpEnded { agent, call, queue, disposition } => {
                self.notes_are_done(books, *agent, *call, (*queue, *disposition));
            }
            Event::SlotChanged { agent, slot, state: SlotState::Free } => {
                let before = books.agents[agent.index()].slots[usize::from(*slot)];
                if let SlotState::WrapUp { call, .. } = before {
                    let said = self.noted.iter().position(|it| *it == (*agent, call));
                    keeps!(
                        1,
                        said.is_some(),
                        "{agent:?} is done with {call:?}, nobody has said so"
                    );
                    said.map(|at| self.noted.remove(at));
                }
            }
            Event::CallEnded { call, outcome, .. } => {
                self.let_go.remove(call);
                self.ends_as_it_may(books, *call, *outcome);
            }
            _ => {}
        }
    }

    fn after(&mut self, books: &Books, command: &Command) {
        let offered = usize::from(matches!(command, Command::CallOffered { .. }));
        keeps!(1, self.arrived == offered, "{offered} calls offered, {} arrived", self.arrived);
        let lost = self.let_go.iter().chain(&self.accepted).next();
        keeps!(1, lost.is_none(), "{lost:?} is in nobody's hands and does not wait");
        // In a slot that a new plan has no more nothing becomes free.
        let over = self.noted.is_empty() || matches!(command, Command::PlanChanged { .. });
        keeps!(1, over, "notes on {:?} are done, and go on", self.noted);
        let live = books.calls.len() as u64;
        keeps!(1, books.arrived == books.ended + live, "calls are lost or doubled");
        for (call, known) in &books.calls {
            let talks = matches!(known.stage, Stage::Connected | Stage::Held);
            let stands = !known.places.is_empty();
            keeps!(
                1,
                stands != talks,
                "{call:?} is {:?}: stands in a queue: {stands}",
                known.stage
            );
            let waits = known.stage == Stage::Waiting;
            let free = known.hands.is_empty();
            keeps!(1, free == waits, "{call:?} is {:?} in a hand", known.stage);
        }
        Self::slots_hold_what_calls_say(books);
    }
}

impl Conservation {
    /// They were being taken, and what is said of the call is what its agent has said.
    fn notes_are_done(
        &mut self,
        books: &Books,
        agent: AgentId,
        call: CallHandle,
        (queue, disposition): (Option<QueueId>, Option<DispositionId>),
    ) {
        self.noted.push((agent, call));
        let said = match &self.command {
            Some(Command::AgentEndWrapUp { agent: it, call: named, disposition }) => {
                let meant = *it == agent && named.is_none_or(|named| named == call);
                keeps!(1, meant, "{it:?} is done with {named:?}, and not {agent:?} with {call:?}");
                *disposition
            }
            _ => None,
        };
        keeps!(1, said == disposition, "{call:?} came out as {disposition:?}, said is {said:?}");
        let known = queue.map(|queue| &books.plan.queues[queue.index()].dispositions);
        let may = disposition.is_none_or(|it| known.is_some_and(|known| known.contains(&it)));
        keeps!(1, may, "{call:?} came out as {disposition:?}, which {queue:?} does not know");
        if !matches!(self.command, Some(Command::PlanChanged { .. })) {
            let mut slots = books.agents[agent.index()].slots.iter();
            let in_wrap_up = slots.any(|slot| match slot {
                SlotState::WrapUp { call: it, queue: of, .. } => *it == call && Some(*of) == queue,
                _ => false,
            });
            keeps!(1, in_wrap_up, "{agent:?} takes no notes on {call:?} of {queue:?}");
        }
    }

    /// Each hand in which a call is is a slot of an agent, and no call is in another.
    fn slots_hold_what_calls_say(books: &Books) {
        let mut held = 0;
        for (agent, known) in books.agents.iter().enumerate() {
            for state in &known.slots {
                let (call, stage) = match state {
                    SlotState::Free | SlotState::WrapUp { .. } => continue,
                    SlotState::Reserved { call, .. } => (call, Stage::Offering),
                    SlotState::Connecting { call } => (call, Stage::Connecting),
                    SlotState::Talking { call } => (call, Stage::Connected),
                    SlotState::Held { call } => (call, Stage::Held),
                };
                let lives = books.calls.get(call);
                let of_this = |hand: &&Hand| match state {
                    SlotState::Reserved { offer, .. } => hand.offer == *offer,
                    _ => true,
                };
                let is_his = |known: &Call| {
                    let mut hands = known.hands.iter().filter(of_this);
                    known.stage == stage && hands.any(|hand| hand.agent.index() == agent)
                };
                let agrees = lives.is_some_and(is_his);
                keeps!(1, agrees, "agent {agent} holds {state:?}, the call is elsewhere");
                held += 1;
            }
        }
        let in_hand: usize = books.calls.values().map(|known| known.hands.len()).sum();
        keeps!(1, in_hand == held, "{in_hand} calls in hand, {held} in slots");
    }

    fn ends_as_it_may(&self, books: &Books, call: CallHandle, outcome: Outcome) {
        let Some(known) = books.calls.get(&call) else {
            return keeps!(1, false, "{call:?} ends though it does not live");
        };
        let talks = matches!(known.stage, Stage::Connected | Stage::Held);
        let ruled = self.ruled.contains(&call);
        let age = books.now.since(known.age_from);
        let is_short = !known.first && age < books.plan.short_abandon;
        let of_this = |of: &CallHandle| *of == call;
        let may = match &self.command {
            Some(Command::CallEnded { call: it }) if of_this(it) => match outcome {
                Outcome::Handled => talks,
                Outcome::ShortAbandoned => !talks && is_short,
                Outcome::Abandoned => !talks && !is_short,
                _ => false,
            },
            Some(Command::EndCall { call: it, .. }) if of_this(it) => {
                outcome == if talks { Outcome::Handled } else { Outcome::Overflowed }
            }
            Some(Command::CallVanished { call: it }) if of_this(it) => outcome == Outcome::Vanished,
            Some(Command::CallTransferred { call: it, queue: None }) if of_this(it) => {
                talks && outcome == Outcome::Transferred
            }
            Some(Command::CallOffered { call: it, .. }) if of_this(it) => {
                ruled && matches!(outcome, Outcome::Rejected | Outcome::Overflowed)
            }
            _ => ruled && outcome == Outcome::Overflowed,
        };
        keeps!(1, may, "{call:?} ends as {outcome:?} by {:?}", self.command);
    }
}
