//! What is counted of a time, by names: plans come and go meanwhile.

use super::Evidence;
use acd_core::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// All that findings are made from.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
    pub(super) queues: BTreeMap<String, QueueSums>,
    pub(super) agents: BTreeMap<String, AgentSums>,
    /// By queue and what its calls ask for there.
    pub(super) lines: BTreeMap<(String, String), LineSums>,
    /// By queue and name.
    pub(super) rules: BTreeMap<(String, String), RuleSums>,
    /// By the queue of the answer and where the calls went; out of acdd without one.
    pub(super) handed_on: BTreeMap<(String, Option<String>), HandedOn>,
    /// Who was logged in.
    pub(super) staff: BTreeSet<String>,
}

/// Of a queue.
#[derive(Debug, Default)]
pub(super) struct QueueSums {
    /// Stays that began.
    pub(super) entered: u64,
    /// Stays that ended with an answer, through this queue or another, or were given up after more than
    /// an instant.
    pub(super) over: u64,
    /// Of those, answered within the target.
    pub(super) in_time: u64,
    /// The target: so many percent.
    pub(super) promised: u64,
    /// Conversations that began through it.
    pub(super) answered: u64,
    pub(super) given_up: u64,
    /// Stays that went beyond the target.
    pub(super) late: u64,
    pub(super) offers: u64,
    pub(super) rung_out: Evidence,
    pub(super) ring: Span,
    /// How long answered offers rang.
    pub(super) answered_after: Vec<Span>,
    /// Late stays beside somebody who sat not ready.
    pub(super) beside: Evidence,
    /// How long late stays waited, and how much of that somebody sat beside, in microseconds.
    pub(super) waited_us: u64,
    pub(super) beside_us: u64,
    /// By agent and reason.
    pub(super) who_us: BTreeMap<(String, String), u64>,
}

impl QueueSums {
    /// It answered less in time than it promises.
    pub(super) fn missed_its_target(&self) -> bool {
        self.in_time * 100 < self.promised * self.over
    }
}

/// Of an agent.
#[derive(Debug, Default)]
pub(super) struct AgentSums {
    pub(super) offers: u64,
    pub(super) declined: u64,
    pub(super) missed: Evidence,
    pub(super) row: u64,
    pub(super) longest_row: u64,
}

/// Of the calls of a queue that ask for the same.
#[derive(Debug, Default)]
pub(super) struct LineSums {
    /// What fewest have of what they ask for.
    pub(super) skill: String,
    pub(super) over: u64,
    pub(super) in_time: u64,
    pub(super) promised: u64,
    pub(super) late: Evidence,
    /// How long late stays waited, and that times the holders who were ready, in microseconds.
    pub(super) waited_us: u64,
    pub(super) working_us: u64,
    pub(super) longest: u64,
    /// Who came and has it.
    pub(super) holders: BTreeSet<String>,
}

/// Of a rule.
#[derive(Debug, Default)]
pub(super) struct RuleSums {
    pub(super) acted: u64,
    pub(super) gave_up_before: Evidence,
    /// When it acts, if it looks at nothing but the time in the queue.
    pub(super) waited: Span,
    /// It is for calls that wait, and does not end all waits.
    pub(super) is_for_exceptions: bool,
}

/// Calls that were handed on soon.
#[derive(Debug, Default)]
pub(super) struct HandedOn {
    pub(super) calls: Evidence,
    pub(super) routes: BTreeMap<usize, u64>,
}
