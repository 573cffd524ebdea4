//! How a call chooses among agents: the criteria of a queue, in order.
//!
//! An agent with unanswered offers in a row comes after those without, whatever the criteria; ties
//! end at longest idle, then agent id.

use crate::agent::AgentKey;
use crate::plan::Criterion;
use std::cmp::Ordering;

/// An agent who could take the call, and what the criteria look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) key: AgentKey,
    /// The sum of his levels over the skills required.
    pub(crate) level: u16,
}

/// `Less` when `a` is to be offered the call before `b`.
pub(crate) fn compare(select: &[Criterion], a: &Candidate, b: &Candidate) -> Ordering {
    let by_criterion = |criterion: &Criterion| match criterion {
        Criterion::LongestIdle => a.key.idle_since.cmp(&b.key.idle_since),
        Criterion::HighestLevel => b.level.cmp(&a.level),
    };
    let missed = a.key.missed.cmp(&b.key.missed);
    select.iter().map(by_criterion).fold(missed, Ordering::then).then(a.key.cmp(&b.key))
}
