//! What became of each call of a day that is played: what figures and comparisons are folded from.

use crate::surroundings::Call;
use acd_core::{CallHandle, Outcome, Span, Timestamp};

/// What became of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fate {
    /// When it came.
    pub(super) arrived: Timestamp,
    /// How long it waited, ringing included; until the end of the day if it still did.
    pub(super) waited: Span,
    /// How its wait ended.
    pub(super) end: End,
}

/// How a call's wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// An agent answered.
    Answered,
    /// The caller hung up.
    Abandoned,
    /// A rule turned it away or sent it on.
    SentAway,
    /// It still waited when the day was over.
    Waiting,
}

/// The calls of a day, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Fates {
    all: Vec<Fate>,
    /// By slot of a handle: the call that waits there, as an index.
    waiting: Vec<Option<usize>>,
}

impl Fates {
    pub(super) fn arrived(&mut self, now: Timestamp, call: &Call) {
        let slot = call.handle.slot as usize;
        if self.waiting.len() <= slot {
            self.waiting.resize(slot + 1, None);
        }
        self.waiting[slot] = Some(self.all.len());
        self.all.push(Fate { arrived: now, waited: Span(0), end: End::Waiting });
    }

    pub(super) fn answered(&mut self, now: Timestamp, call: &Call) {
        self.waits_no_more(now, call.handle, End::Answered);
    }

    /// Says nothing of a call that was answered before.
    pub(super) fn ended(&mut self, now: Timestamp, call: &Call, outcome: Outcome) {
        let end = match outcome {
            Outcome::Abandoned | Outcome::ShortAbandoned => End::Abandoned,
            Outcome::Handled
            | Outcome::Overflowed
            | Outcome::Vanished
            | Outcome::Transferred
            | Outcome::Rejected => End::SentAway,
        };
        self.waits_no_more(now, call.handle, end);
    }

    /// All of them, when the day is over.
    pub(super) fn finish(mut self, now: Timestamp) -> Vec<Fate> {
        for index in self.waiting.iter().flatten() {
            let fate = &mut self.all[*index];
            fate.waited = now.since(fate.arrived);
        }
        self.all
    }

    fn waits_no_more(&mut self, now: Timestamp, call: CallHandle, end: End) {
        let Some(index) = self.waiting.get_mut(call.slot as usize).and_then(Option::take) else {
            return;
        };
        let fate = &mut self.all[index];
        fate.waited = now.since(fate.arrived);
        fate.end = end;
    }
}
