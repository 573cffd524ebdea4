//! What people will do, by when; of what is due at one instant, what was planned first comes first.

use acd_core::Timestamp;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Plans in the order in which they fall due.
pub(crate) struct Agenda<P> {
    planned: BinaryHeap<Reverse<Planned<P>>>,
    added: u64,
}

struct Planned<P> {
    at: Timestamp,
    number: u64,
    plan: P,
}

impl<P> Default for Agenda<P> {
    fn default() -> Self {
        Self { planned: BinaryHeap::new(), added: 0 }
    }
}

impl<P> Agenda<P> {
    /// `plan` falls due at `at`.
    pub(crate) fn add(&mut self, at: Timestamp, plan: P) {
        self.added += 1;
        self.planned.push(Reverse(Planned { at, number: self.added, plan }));
    }

    /// When the first falls due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.planned.peek().map(|Reverse(first)| first.at)
    }

    /// The first.
    pub(crate) fn take(&mut self) -> Option<P> {
        self.planned.pop().map(|Reverse(first)| first.plan)
    }
}

impl<P> Planned<P> {
    fn key(&self) -> (Timestamp, u64) {
        (self.at, self.number)
    }
}

impl<P> PartialEq for Planned<P> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<P> Eq for Planned<P> {}

impl<P> PartialOrd for Planned<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P> Ord for Planned<P> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_by_time_then_by_when_it_was_planned() {
        let mut agenda = Agenda::default();
        for (at, plan) in [(3, 'd'), (1, 'a'), (2, 'b'), (2, 'c')] {
            agenda.add(Timestamp(at), plan);
        }
        assert_eq!(agenda.next(), Some(Timestamp(1)));
        let taken: String = std::iter::from_fn(|| agenda.take()).collect();
        assert_eq!(taken, "abcd");
    }
}
