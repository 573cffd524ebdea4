//! A call as far as figures go: where it stands since when, and how long it has been talked to.

use crate::history::Interval;
use acd_core::{CallerKey, LeftCause, Outcome, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// A live call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    /// Counted from 1 in the domain.
    pub(crate) arrival: u64,
    generation: u32,
    caller: Option<u64>,
    /// Where it stands.
    pub(crate) stays: Vec<Stay>,
    /// Stays that have ended with the call, of which it is not known yet how.
    pub(crate) ending: Vec<Stay>,
    pub(crate) talk: Option<Talk>,
}

/// A call's stand in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stay {
    pub(crate) queue: u32,
    since_us: u64,
    /// How long it would wait, as was said at entry.
    pub(crate) estimate_us: Option<u64>,
    /// It was not offered to anybody at the instant at which it came.
    pub(crate) has_waited: bool,
}

impl Stay {
    pub(crate) fn new(queue: u32, since: Timestamp, estimate: Option<Span>) -> Self {
        let estimate_us = estimate.map(|estimate| estimate.0);
        Self { queue, since_us: since.0, estimate_us, has_waited: false }
    }

    /// For how long it has lasted.
    pub(crate) fn lasts(&self, at: Timestamp) -> Span {
        at.since(Timestamp(self.since_us))
    }

    /// In which it began.
    pub(crate) fn interval(&self) -> Interval {
        Interval::of(Timestamp(self.since_us))
    }
}

/// A conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Talk {
    /// Through which it was answered, ...
    pub(crate) queue: u32,
    /// ... by a stay that began in this interval.
    pub(crate) interval: Interval,
    /// By whom.
    pub(crate) agent: u32,
    pub(crate) talk_us: u64,
    pub(crate) hold_us: u64,
    is_held: bool,
    counted_us: u64,
}

impl Talk {
    pub(crate) fn new(stay: &Stay, agent: u32, at: Timestamp) -> Self {
        let (queue, interval) = (stay.queue, stay.interval());
        let (talk_us, hold_us, is_held, counted_us) = (0, 0, false, at.0);
        Self { queue, interval, agent, talk_us, hold_us, is_held, counted_us }
    }

    /// Counts up to now; from now on the caller is on hold, or is not.
    pub(crate) fn goes_on(&mut self, at: Timestamp, is_held: bool) {
        let us = at.since(Timestamp(self.counted_us)).0;
        *(if self.is_held { &mut self.hold_us } else { &mut self.talk_us }) += us;
        (self.is_held, self.counted_us) = (is_held, at.0);
    }
}

impl Call {
    pub(crate) fn new(arrival: u64, generation: u32, caller: Option<CallerKey>) -> Self {
        let caller = caller.map(|caller| caller.0);
        Self { arrival, generation, caller, stays: Vec::new(), ending: Vec::new(), talk: None }
    }

    pub(crate) fn is(&self, generation: u32) -> bool {
        self.generation == generation
    }

    pub(crate) fn caller(&self) -> Option<CallerKey> {
        self.caller.map(CallerKey)
    }

    /// It leaves a queue; none if it was not there.
    pub(crate) fn leaves(&mut self, queue: u32, cause: LeftCause) -> Option<Stay> {
        let at = self.stays.iter().position(|stay| stay.queue == queue)?;
        let stay = self.stays.remove(at);
        if cause == LeftCause::Ended {
            self.ending.push(stay);
        }
        Some(stay)
    }

    /// What an offer says of its stays: who is not offered as he comes has to wait.
    pub(crate) fn is_offered(&mut self, at: Timestamp) {
        for stay in &mut self.stays {
            stay.has_waited |= stay.lasts(at) > Span(0);
        }
    }
}

/// Whether a call that ended so was handed on.
pub(crate) fn is_handed_on(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Transferred => true,
        Outcome::Handled
        | Outcome::Abandoned
        | Outcome::ShortAbandoned
        | Outcome::Overflowed
        | Outcome::Vanished
        | Outcome::Rejected => false,
    }
}
