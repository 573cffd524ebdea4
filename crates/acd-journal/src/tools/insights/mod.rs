//! What went wrong in routing, by what a journal tells: counts, calls to look at, and what they say about
//! queues, rules, agents and skills.

mod era;
mod integral;
mod judge;
mod sums;
#[cfg(test)]
mod tests;
mod watch;

use super::meter::Progress;
use super::replay::Refold;
use crate::file_log::DataFolder;
use crate::journal::OpenError;
use crate::record::{Batch, CallCard};
use acd_core::{Event, Router};
pub use acd_core::{Span, Timestamp};
use std::sync::Arc;
use watch::Watch;

/// A conversation that is handed on so soon was hardly one.
pub const HANDED_ON_WITHIN: Span = Span::from_secs(30);
/// Less of anything is chance.
pub const CALLS_AT_LEAST: u64 = 5;
/// A share of a queue's calls, in percent, from which on something is told of them.
pub const PERCENT_AT_LEAST: u64 = 5;
/// So many offers missed in a row are told of.
pub const MISSED_IN_A_ROW: u64 = 3;
/// So many percent of an agent's offers missed are told of.
pub const MISSED_PERCENT: u64 = 20;
/// A queue rings too briefly if so many percent of its offers ring out, ...
pub const RUNG_OUT_PERCENT: u64 = 10;
/// ... and nine of ten that are answered take more than so many percent of the ring time.
pub const ANSWERED_LATE_IN_RING_PERCENT: u64 = 80;
/// For so long somebody must have sat not ready beside a call that waited.
pub const SAT_AT_LEAST: Span = Span::from_secs(10);
/// Two or fewer at work while calls wait are few, ...
pub const FEW_WORKING: u64 = 2;
/// ... and so are so many percent of all who came.
pub const FEW_PERCENT: u64 = 5;
/// Who hangs up so shortly before a rule acts did not wait for it.
pub const SHORTLY_BEFORE: Span = Span::from_secs(10);
/// A rule that acts on so many percent of all calls is no exception.
pub const ALWAYS_PERCENT: u64 = 90;
/// So many calls are named for each finding.
pub const EXAMPLES_MAX: usize = 5;
/// So many findings of one kind are told, those with most calls.
pub const FINDINGS_MAX: usize = 20;

/// What was found, and in what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Insights {
    /// When the first of what was looked at happened; none if nothing was.
    pub from: Option<Timestamp>,
    /// When the last did.
    pub to: Option<Timestamp>,
    /// Stays in queues that began then.
    pub stays: u64,
    /// Agents who were logged in then.
    pub agents: u64,
    /// By kind, those with the most calls first.
    pub findings: Vec<Finding>,
    /// Findings beyond [`FINDINGS_MAX`] of their kind.
    pub left_out: u64,
}

/// One thing that is worth a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What, and where.
    pub kind: FindingKind,
    /// How many calls show it.
    pub calls: u64,
    /// Of how many.
    pub of: u64,
    /// Some of them.
    pub examples: Vec<CallName>,
}

/// A call that shows something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallName {
    /// Who held it.
    pub adapter: String,
    /// Its id there.
    pub call_id: String,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq)]
pub enum FindingKind {
    /// Calls of a queue were handed on within [`HANDED_ON_WITHIN`] of the answer; of all answered through it.
    HandedOn {
        /// Through which they were answered.
        queue: String,
        /// Where to; none for out of acdd.
        to: Option<String>,
        /// The routes by which they came, by their numbers, and how many by each.
        routes: Vec<(usize, u64)>,
    },
    /// An agent left offers unanswered; of all made to him.
    Missed {
        /// Who.
        agent: String,
        /// Declined.
        declined: u64,
        /// The most in a row.
        in_a_row: u64,
    },
    /// Offers of a queue rang out, and those who answer take nearly as long; of all its offers.
    RungOut {
        /// Which.
        queue: String,
        /// For how long it rings.
        ring: Span,
        /// Nine of ten answered offers were answered so soon.
        answered_p90: Span,
    },
    /// Calls waited beyond the queue's target while somebody who may take them was not ready; of all that
    /// waited so long.
    SatNotReady {
        /// Which.
        queue: String,
        /// How long those calls waited in all; of that, how long somebody sat so.
        waited: Span,
        /// Beside somebody.
        beside: Span,
        /// Who, by which reason, and for how much waiting: a minute beside two calls is two.
        who: Vec<Sat>,
    },
    /// Calls waited beyond the queue's target for what few can do; of all answered or given up that asked
    /// for it.
    FewHolders(FewHolders),
    /// Callers hung up less than [`SHORTLY_BEFORE`] before a rule would have acted; of all given up there.
    GaveUpBefore {
        /// Where.
        queue: String,
        /// The rule's name.
        rule: String,
        /// When it acts.
        waited: Span,
    },
    /// A rule never acted, although calls waited beyond the target; of all that entered.
    NeverActed {
        /// Where.
        queue: String,
        /// The rule's name.
        rule: String,
    },
    /// A rule that is meant for exceptions acted on nearly all; of all that entered.
    AlwaysActed {
        /// Where.
        queue: String,
        /// The rule's name.
        rule: String,
    },
}

/// Calls waited for what few can do.
#[derive(Clone, Debug, PartialEq)]
pub struct FewHolders {
    /// Where.
    pub queue: String,
    /// What they asked for, as people write it.
    pub asked: String,
    /// What fewest have of that.
    pub skill: String,
    /// Who came and has all of it.
    pub holders: Vec<String>,
    /// How many came in all.
    pub staff: u64,
    /// How many holders were ready on average while those calls waited.
    pub working: f64,
    /// The most calls that waited at once.
    pub longest_line: u64,
}

/// An agent who sat not ready while calls waited that he may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sat {
    /// Who.
    pub agent: String,
    /// Why, as he or acdd said it.
    pub reason: String,
    /// How much waiting of late calls passed meanwhile.
    pub beside: Span,
}

impl CallName {
    fn of(card: &CallCard) -> Self {
        Self { adapter: card.adapter.to_string(), call_id: card.call_id.to_string() }
    }
}

/// Looks at what happened from `from` on, before `to`, in all that is kept and that this version of the logic
/// can fold.
///
/// # Errors
/// As of [`replay`](super::replay).
pub fn insights(
    folder: &DataFolder,
    (from, to): (Timestamp, Timestamp),
    progress: &mut dyn FnMut(Progress),
) -> Result<Insights, OpenError> {
    let (mut fold, _) = Refold::open(folder)?;
    let mut watch = Watch::after(&fold.replica, (from, to));
    let mut see = |router: &Router, batch: &Batch, sequence: u64, events: &[Event]| {
        let entry = &batch.entries[(sequence - batch.first_sequence) as usize];
        watch.hear(router, entry, events);
    };
    while fold.next(&mut see)?.is_some() {
        progress(fold.progress());
    }
    Ok(judge::judged(&watch.end(fold.replica.router().now())))
}

/// Calls that show something.
#[derive(Clone, Debug, Default)]
struct Evidence {
    calls: u64,
    examples: Vec<CallName>,
}

impl Evidence {
    fn add(&mut self, card: &Arc<CallCard>) {
        self.calls += 1;
        if self.examples.len() < EXAMPLES_MAX {
            let name = CallName::of(card);
            // Of an agent's offers several may be of one call.
            if !self.examples.contains(&name) {
                self.examples.push(name);
            }
        }
    }

    fn merge(&mut self, more: Self) {
        self.calls += more.calls;
        let room = EXAMPLES_MAX - self.examples.len();
        self.examples.extend(more.examples.into_iter().take(room));
    }
}
