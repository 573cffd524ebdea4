//! A Router under a virtual clock: carries out what it orders, and tells it what people do.
//!
//! Nothing here decides who gets which call. Each call goes through the same commands as in a contact
//! center: it is offered, its offer is accepted and bridged, it ends, and its agent takes notes.

use crate::agenda::Agenda;
use crate::surroundings::{Call, NewCall, Reaction, Surroundings};
use acd_core::{
    AdapterId, AgentId, CallHandle, Command, Event, OfferNumber, PlanDefect, Rejection, Router,
    RoutingPlan, SlotState, Span, Timestamp,
};
use std::sync::Arc;

/// The adapter of all callers.
const ADAPTER: AdapterId = AdapterId(0);

/// A Router and what surrounds it.
pub struct World<S> {
    /// What surrounds it.
    pub surroundings: S,
    router: Router,
    agenda: Agenda<Plan>,
    coming: Option<NewCall>,
    calls: Vec<Seat>,
    free: Vec<u32>,
    /// What is done in this instant, in order; used from `done` on.
    at_once: Vec<Command>,
    events: Vec<Event>,
    counted: Counted,
}

/// How much a run has been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Calls that have come.
    pub calls: u64,
    /// Commands that the Router was given, those that only tell the time among them.
    pub commands: u64,
}

/// Why a run cannot go on: the surroundings did what cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the Router refused {command:?}: {rejection}")]
pub struct Refused {
    command: Command,
    rejection: Rejection,
}

/// What somebody will do.
#[derive(Clone, Copy, Debug)]
enum Plan {
    GiveUp(CallHandle),
    Accept { agent: AgentId, offer: OfferNumber },
    HangUp { call: CallHandle, agent: AgentId },
    EndNotes { agent: AgentId, call: CallHandle },
}

/// Where a call's record is kept: the slot of its handle.
struct Seat {
    generation: u32,
    call: Option<Call>,
}

impl<S: Surroundings> World<S> {
    /// One in which the adapters are up, nobody is at work, and no call has come.
    ///
    /// # Errors
    /// The plan's first defect.
    pub fn new(
        plan: Arc<RoutingPlan>,
        start: Timestamp,
        mut surroundings: S,
    ) -> Result<Self, PlanDefect> {
        let adapters = plan.adapters.len().max(1) as u16;
        let mut router = Router::new(plan)?;
        let mut events = Vec::new();
        for adapter in (0..adapters).map(AdapterId) {
            let up = Command::AdapterUp { adapter, incarnation: 1, resync: false };
            router.apply(start, up, &mut events).expect("an adapter comes up once");
        }
        events.clear();
        let coming = surroundings.next_call();
        Ok(Self {
            surroundings,
            router,
            agenda: Agenda::default(),
            coming,
            calls: Vec::new(),
            free: Vec::new(),
            at_once: Vec::new(),
            events,
            counted: Counted::default(),
        })
    }

    /// Goes on until the surroundings say that it is over, or nothing is left to happen.
    ///
    /// # Errors
    /// The surroundings did what cannot be.
    pub fn run(&mut self) -> Result<(), Refused> {
        while !self.surroundings.is_over() && self.step()? {}
        Ok(())
    }

    /// How much it has been until now.
    pub fn counted(&self) -> Counted {
        self.counted
    }

    /// The Router, to look at.
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// What comes next. Of what comes at one instant, first what is due in the Router, then who
    /// comes to work and goes, then what people do, then new calls.
    fn step(&mut self) -> Result<bool, Refused> {
        let change = self.surroundings.next_change();
        let doing = self.agenda.next();
        let coming = self.coming.as_ref().map(|call| call.at);
        let people = [change, doing, coming].into_iter().flatten().min();
        let due = self.router.next_deadline();
        if due.is_some() && people.is_none() && self.router.live_calls() == 0 {
            return Ok(false);
        }
        let Some(now) = people.into_iter().chain(due).min() else {
            return Ok(false);
        };
        if due.is_some_and(|due| due <= now) {
            self.give(now, Command::AdvanceTime)?;
        } else if change == Some(now) {
            let mut commands = std::mem::take(&mut self.at_once);
            self.surroundings.change(now, &mut commands);
            self.at_once = commands;
        } else if doing == Some(now) {
            self.act();
        } else {
            self.call_comes(now)?;
        }
        self.do_what_is_at_once(now)?;
        Ok(true)
    }

    /// Gives the Router what is to be done now, and what follows from that, in order.
    fn do_what_is_at_once(&mut self, now: Timestamp) -> Result<(), Refused> {
        let mut done = 0;
        while done < self.at_once.len() {
            let command = std::mem::replace(&mut self.at_once[done], Command::AdvanceTime);
            done += 1;
            while self.router.next_deadline().is_some_and(|due| due <= now) {
                self.give(now, Command::AdvanceTime)?;
            }
            self.give(now, command)?;
        }
        self.at_once.clear();
        Ok(())
    }

    fn give(&mut self, now: Timestamp, command: Command) -> Result<(), Refused> {
        self.counted.commands += 1;
        let given = command.clone();
        let mut events = std::mem::take(&mut self.events);
        if let Err(rejection) = self.router.apply(now, command, &mut events)
            && !is_late(&given, rejection)
        {
            return Err(Refused { command: given, rejection });
        }
        for event in &events {
            self.follow(self.router.now(), event);
        }
        events.clear();
        self.events = events;
        Ok(())
    }

    fn call_comes(&mut self, now: Timestamp) -> Result<(), Refused> {
        let Some(coming) = self.coming.take() else {
            return Ok(());
        };
        self.coming = self.surroundings.next_call();
        let slot = self.free.pop().unwrap_or_else(|| {
            self.calls.push(Seat { generation: 0, call: None });
            self.calls.len() as u32 - 1
        });
        let seat = &mut self.calls[slot as usize];
        seat.generation += 1;
        let handle = CallHandle { slot, generation: seat.generation };
        let call = Call { handle, kind: coming.kind, arrived: now, luck: coming.luck, agent: None };
        seat.call = Some(call);
        self.counted.calls += 1;
        self.surroundings.arrived(now, &call);
        if let Some(patience) = coming.patience {
            self.agenda.add(now + patience, Plan::GiveUp(handle));
        }
        let mut entry = coming.entry;
        entry.since = now;
        self.give(now, Command::CallOffered { call: handle, adapter: ADAPTER, entry })
    }

    /// Somebody does what he was going to do, if it still can be.
    fn act(&mut self) {
        match self.agenda.take() {
            Some(Plan::GiveUp(call)) if self.talks_with(call) == Some(None) => {
                self.at_once.push(Command::CallEnded { call });
            }
            Some(Plan::HangUp { call, agent }) if self.talks_with(call) == Some(Some(agent)) => {
                self.send_home(agent);
                self.at_once.push(Command::CallEnded { call });
            }
            None | Some(Plan::GiveUp(_) | Plan::HangUp { .. }) => {}
            Some(Plan::Accept { agent, offer }) => {
                self.at_once.push(Command::AgentAccept { agent, offer });
            }
            Some(Plan::EndNotes { agent, call }) => {
                self.send_home(agent);
                let end = Command::AgentEndWrapUp { agent, call: Some(call), disposition: None };
                self.at_once.push(end);
            }
        }
    }

    /// With whom the caller talks, if with anybody; none if the call is over.
    fn talks_with(&self, call: CallHandle) -> Option<Option<AgentId>> {
        self.call(call).map(|call| call.agent)
    }

    fn send_home(&mut self, agent: AgentId) {
        if self.surroundings.goes_home(agent) {
            self.at_once.push(Command::AgentLogOut { agent });
        }
    }

    fn call(&self, handle: CallHandle) -> Option<&Call> {
        let seat = self.calls.get(handle.slot as usize)?;
        seat.call.as_ref().filter(|call| call.handle == handle)
    }

    /// Carries out what the Router has decided.
    fn follow(&mut self, now: Timestamp, event: &Event) {
        self.surroundings.happened(now, event);
        match event {
            Event::OfferIssued { call, offer, agent, .. } => {
                self.rings(now, *call, *offer, *agent);
            }
            Event::CallConnecting { call, offer, .. } => {
                self.at_once.push(Command::CallBridged { call: *call, offer: *offer });
            }
            Event::CallConnected { call, agent, queue } => {
                let Some(record) = self.calls[call.slot as usize].call.as_mut() else { return };
                record.agent = Some(*agent);
                let record = *record;
                self.surroundings.answered(now, &record, *agent, *queue);
                let talk = self.surroundings.talk(&record, *agent);
                self.agenda.add(now + talk, Plan::HangUp { call: *call, agent: *agent });
            }
            Event::SlotChanged { agent, slot, state } => {
                self.surroundings.slot_changed(now, *agent, *slot, *state);
                if let SlotState::WrapUp { call, until, .. } = state {
                    self.takes_notes(now, *agent, *call, *until);
                }
            }
            Event::CallEnded { call, outcome, .. } => {
                let seat = &mut self.calls[call.slot as usize];
                if let Some(record) = seat.call.take() {
                    self.surroundings.ended(now, &record, *outcome);
                    self.free.push(call.slot);
                }
            }
            _ => {}
        }
    }

    fn rings(&mut self, now: Timestamp, call: CallHandle, offer: OfferNumber, agent: AgentId) {
        let Some(record) = self.call(call).copied() else { return };
        match self.surroundings.reaction(&record, agent) {
            Reaction::LetsRing => {}
            Reaction::Accepts(Span(0)) => self.at_once.push(Command::AgentAccept { agent, offer }),
            Reaction::Accepts(after) => self.agenda.add(now + after, Plan::Accept { agent, offer }),
        }
    }

    fn takes_notes(&mut self, now: Timestamp, agent: AgentId, call: CallHandle, until: Timestamp) {
        let Some(record) = self.call(call).copied() else { return };
        let end = now + self.surroundings.notes(&record, agent);
        if end > until {
            self.at_once.push(Command::AgentExtendWrapUp { agent, by: end.since(until) });
        }
        self.agenda.add(end, Plan::EndNotes { agent, call });
    }
}

/// Whether a person did what was possible a moment ago: when several are rung at once, all but the first
/// answer a telephone that rings no more, and who takes long over his notes finds that the queue lets him
/// no longer.
fn is_late(command: &Command, rejection: Rejection) -> bool {
    match command {
        Command::AgentAccept { .. } => rejection == Rejection::OfferNotOut,
        Command::AgentEndWrapUp { .. } => rejection == Rejection::NotInWrapUp,
        Command::AgentExtendWrapUp { .. } => rejection == Rejection::WrapUpAtMost,
        _ => false,
    }
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
