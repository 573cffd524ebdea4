//! What the Router does not decide: when calls come, how agents react, how long people talk, and who
//! looks on.

use crate::chance::Luck;
use acd_core::{
    AgentId, CallEntry, CallHandle, Command, Event, Outcome, QueueId, SlotState, Span, Timestamp,
};

/// A call that is about to come.
#[derive(Clone, Copy, Debug)]
pub struct NewCall {
    /// When; `entry.since` is set to it.
    pub at: Timestamp,
    /// How it enters.
    pub entry: CallEntry,
    /// What the surroundings know it by: a kind of call, or the row of a log.
    pub kind: u32,
    /// How long its caller waits before he hangs up; none if he never does.
    pub patience: Option<Span>,
    /// What its caller draws.
    pub luck: Luck,
}

/// A call that is there.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Its handle.
    pub handle: CallHandle,
    /// What the surroundings know it by.
    pub kind: u32,
    /// When it came.
    pub arrived: Timestamp,
    /// What its caller draws.
    pub luck: Luck,
    /// Who talks with the caller, or did last.
    pub agent: Option<AgentId>,
}

/// What an agent does about an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// He accepts, so long after it began to ring.
    Accepts(Span),
    /// He lets it ring.
    LetsRing,
}

/// People: callers, agents, and whoever sends agents home; and what is noted of a run.
///
/// All that a [`World`](crate::World) asks for is asked for in the order of its clock.
pub trait Surroundings {
    /// The next call; none if no more come. Never earlier than the one before.
    fn next_call(&mut self) -> Option<NewCall>;

    /// When agents come or go, or queues open or close next.
    fn next_change(&self) -> Option<Timestamp> {
        None
    }

    /// What happens at that instant: commands as people give them. The next change is later.
    fn change(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        let _ = (now, commands);
    }

    /// What an agent does about the offer of a call.
    fn reaction(&mut self, call: &Call, agent: AgentId) -> Reaction {
        let _ = (call, agent);
        Reaction::Accepts(Span(0))
    }

    /// How long they talk.
    fn talk(&mut self, call: &Call, agent: AgentId) -> Span;

    /// How long the agent takes notes afterwards, where the queue gives time for them.
    fn notes(&mut self, call: &Call, agent: AgentId) -> Span;

    /// Whether an agent goes home as soon as what he has begun is done. Asked right before his talk,
    /// or his notes, end.
    fn goes_home(&mut self, agent: AgentId) -> bool {
        let _ = agent;
        false
    }

    /// A call has come; it may be over a moment later.
    fn arrived(&mut self, now: Timestamp, call: &Call) {
        let _ = (now, call);
    }

    /// An agent and a caller hear each other.
    fn answered(&mut self, now: Timestamp, call: &Call, agent: AgentId, queue: QueueId) {
        let _ = (now, call, agent, queue);
    }

    /// A call is over. That of a caller who was let wait until now, of one who was talked with, and
    /// of one who was sent away look alike but for the outcome and its agent.
    fn ended(&mut self, now: Timestamp, call: &Call, outcome: Outcome) {
        let _ = (now, call, outcome);
    }

    /// What an agent does with a slot has changed.
    fn slot_changed(&mut self, now: Timestamp, agent: AgentId, slot: u8, state: SlotState) {
        let _ = (now, agent, slot, state);
    }

    /// Anything has changed: each event, before what else is told of it.
    fn happened(&mut self, now: Timestamp, event: &Event) {
        let _ = (now, event);
    }

    /// Whether the run is over before nothing happens any more.
    fn is_over(&self) -> bool {
        false
    }
}
