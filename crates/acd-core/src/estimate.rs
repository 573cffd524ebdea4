//! How long a call would wait: an estimate from how a queue has moved of late.
//!
//! While callers stand in line, agents free up for them at some rate, and how often they have done so
//! says how long the next ones will take: the queue-length estimator (R. Ibrahim and W. Whitt,
//! "Real-time delay estimation based on delay history", Manufacturing & Service Operations
//! Management 11, 2009, and "Real-time delay estimation in overloaded multiserver queues with
//! abandonments", Management Science 55, 2009). Two things are added. It is the middle of what may be,
//! not the mean (J. Chen and H. Rubin, "Bounds for the difference between median and mean of gamma and
//! Poisson distributions", Statistics & Probability Letters 4, 1986). And it learns: by priority it is
//! corrected by a small part with each call for which it was too long or too short, so that in the end
//! it is too long as often as too short, whatever else goes on (H. Robbins and S. Monro, "A stochastic
//! approximation method", Annals of Mathematical Statistics 22, 1951).

use crate::ids::{Priority, Span, Timestamp};
use crate::in_line::InLine;
use crate::pace::{Pace, UNIT};

/// What an estimate is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outlook<'a> {
    /// Calls that stand in line, not being offered, and come first.
    pub(crate) ahead: u32,
    /// Some agent who may serve the queue is ready, ...
    pub(crate) works: bool,
    /// ... and some such is available.
    pub(crate) is_free: bool,
    /// How many are at their notes, and to be ready afterwards.
    pub(crate) notes: u32,
    /// How the queue moves.
    pub(crate) pace: &'a Pace,
    /// How many half minutes have ended with somebody in line, besides.
    pub(crate) halves: u64,
    /// Who stands in line.
    pub(crate) line: &'a InLine,
    /// When the present half minute began.
    pub(crate) over: Timestamp,
    /// Of the call.
    pub(crate) priority: Priority,
}

impl Outlook<'_> {
    /// How long the call would wait until it is answered. None if nobody works there: then nothing can
    /// be said.
    pub(crate) fn wait(&self) -> Option<Span> {
        let Self { ahead, works, is_free, notes, pace, halves, line, over, priority } = *self;
        if !works {
            return None;
        }
        if is_free && ahead == 0 {
            return Some(Span(0));
        }
        if !pace.is_known() {
            // All that is known is for how long callers have waited in vain: those who still do have
            // as much before them as behind them.
            let in_vain = pace.in_vain();
            let at_least = if ahead > 0 { line.age(over).0.saturating_mul(2) } else { 0 };
            return Some(in_vain.max(Span(at_least)));
        }
        let wait = u128::from(pace.wait(ahead, notes, halves).0);
        let corrected = wait * u128::from(pace.correction(priority)) / u128::from(UNIT);
        Some(Span(u64::try_from(corrected).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests;
