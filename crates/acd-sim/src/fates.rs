//! What became of each call of a run: the record that reports and comparisons are folded from.

use crate::surroundings::Call;
use acd_core::{AgentId, CallHandle, Event, Outcome, QueueId, Span, Timestamp};

/// What became of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// What the surroundings know it by.
    pub kind: u32,
    /// When it came.
    pub arrived: Timestamp,
    /// How long it waited, ringing included; until the end of the run if it still did.
    pub waited: Span,
    /// The queue through which it was answered; else the one that it entered last.
    pub queue: QueueId,
    /// How its wait ended.
    pub end: WaitEnd,
}

/// How a call's wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitEnd {
    /// An agent answered.
    Answered {
        /// Who.
        agent: AgentId,
        /// How long they talked; until the end of the run if they still did.
        talk: Span,
    },
    /// The caller hung up.
    Abandoned,
    /// It was turned away, or sent on, by a rule.
    SentAway(Outcome),
    /// It did not until the run was over.
    Waiting,
}

/// The calls of a run, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Fates {
    all: Vec<Fate>,
    /// By slot of a handle: the call that lives there, as an index.
    live: Vec<Option<usize>>,
}

impl Fates {
    /// To be told of each event, before anything else.
    pub fn happened(&mut self, event: &Event) {
        if let Event::PlaceEntered { call, queue, .. } = event
            && let Some(fate) = self.of(*call)
            && fate.end == WaitEnd::Waiting
        {
            fate.queue = *queue;
        }
    }

    /// To be told when a call has come.
    pub fn arrived(&mut self, now: Timestamp, call: &Call, queue: QueueId) {
        let slot = call.handle.slot as usize;
        if self.live.len() <= slot {
            self.live.resize(slot + 1, None);
        }
        self.live[slot] = Some(self.all.len());
        let (kind, waited, end) = (call.kind, Span(0), WaitEnd::Waiting);
        self.all.push(Fate { kind, arrived: now, waited, queue, end });
    }

    /// To be told when an agent answers.
    pub fn answered(&mut self, now: Timestamp, call: &Call, agent: AgentId, queue: QueueId) {
        if let Some(fate) = self.of(call.handle) {
            fate.waited = now.since(fate.arrived);
            fate.queue = queue;
            fate.end = WaitEnd::Answered { agent, talk: Span(0) };
        }
    }

    /// To be told when a call is over.
    pub fn ended(&mut self, now: Timestamp, call: &Call, outcome: Outcome) {
        let Some(fate) = self.of(call.handle) else { return };
        match &mut fate.end {
            WaitEnd::Answered { talk, .. } => *talk = now.since(fate.arrived + fate.waited),
            end => {
                fate.waited = now.since(fate.arrived);
                *end = match outcome {
                    Outcome::Abandoned | Outcome::ShortAbandoned => WaitEnd::Abandoned,
                    other => WaitEnd::SentAway(other),
                };
            }
        }
        self.live[call.handle.slot as usize] = None;
    }

    /// All of them, when the run is over.
    pub fn finish(mut self, now: Timestamp) -> Vec<Fate> {
        for index in self.live.iter().flatten() {
            let fate = &mut self.all[*index];
            match &mut fate.end {
                WaitEnd::Answered { talk, .. } => *talk = now.since(fate.arrived + fate.waited),
                _ => fate.waited = now.since(fate.arrived),
            }
        }
        self.all
    }

    fn of(&mut self, call: CallHandle) -> Option<&mut Fate> {
        let index = (*self.live.get(call.slot as usize)?)?;
        Some(&mut self.all[index])
    }
}
