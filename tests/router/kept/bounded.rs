//! Promise 6, bounded: no call waits longer than the config lets it.
//!
//! A stay in a queue ends when the queue's last rule falls due, or when the offer fails that is out
//! then. A call has at most 17 stays that count, since it moves at most 16 times; what it waits in
//! other queues beside them ends with them. While the domain recovers nothing falls due.

use super::{Watch, keeps};
use crate::books::{Books, Stage};
use acd_core::{CallHandle, Command, MOVES_MAX, Phase, RoutingPlan, Span, Timestamp};
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct Bounded {
    /// The longest that any plan so far has let a call wait.
    most: Span,
    /// How long nothing has fallen due, in all.
    rested: Span,
    /// By waiting call: since when, and what `rested` was then.
    waits: BTreeMap<CallHandle, (Timestamp, Span)>,
}

/// The longest that a call can wait under a plan.
pub(crate) fn longest_wait(plan: &RoutingPlan) -> Span {
    let last = |queue| last_rule_after(plan, queue);
    let stays = (0..plan.queues.len()).filter_map(last).max().unwrap_or_default();
    let rings = plan.queues.iter().map(|queue| queue.ring).max().unwrap_or_default();
    let stay = stays + rings + plan.connect_within;
    Span(stay.0 * (u64::from(MOVES_MAX) + 1))
}

fn last_rule_after(plan: &RoutingPlan, queue: usize) -> Option<Span> {
    plan.queues[queue].rules.last().map(|rule| rule.when.waited)
}

impl Watch for Bounded {
    fn before(&mut self, books: &Books, now: Timestamp, command: &Command) {
        let late = *command == Command::EpochBegan;
        if late || books.phase != Phase::Normal {
            self.rested = self.rested + now.since(books.now);
        }
    }

    fn after(&mut self, books: &Books, _: &Command) {
        self.most = self.most.max(longest_wait(&books.plan));
        let waits = |stage| matches!(stage, Stage::Waiting | Stage::Offering | Stage::Connecting);
        self.waits.retain(|call, (since, _)| {
            let known = books.calls.get(call);
            known.is_some_and(|it| waits(it.stage) && it.waits_since == *since)
        });
        for (call, known) in books.calls.iter().filter(|(_, known)| waits(known.stage)) {
            let begin = (known.waits_since, self.rested);
            let (since, rested) = *self.waits.entry(*call).or_insert(begin);
            if books.phase != Phase::Normal || books.is_owed {
                continue;
            }
            let waited = Span(books.now.since(since).0 - (self.rested.0 - rested.0));
            let most = self.most;
            keeps!(6, waited <= most, "{call:?} has waited {waited:?}, at most {most:?}");
            for place in known.places.iter().filter(|_| known.stage == Stage::Waiting) {
                let last = last_rule_after(&books.plan, place.queue.index());
                let over = last.is_some_and(|last| place.entered + last <= books.now);
                keeps!(6, !over, "{call:?} waits in {:?} beyond its last rule", place.queue);
            }
            let until = known.hands.iter().map(|hand| hand.until).min();
            let over = until.is_some_and(|until| until <= books.now);
            keeps!(6, !over, "{call:?} is {:?} without end", known.stage);
        }
    }
}
