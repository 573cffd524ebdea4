//! A queue's figures: of late, today, and by quarter of an hour.

use crate::day::Day;
use crate::figures::{QueueCounts, QueueFigures, QueueSummary};
use crate::history::{Interval, take_before};
use crate::recent::Recent;
use acd_core::{Span, Timestamp};
use std::collections::BTreeMap;

/// What readers see of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueNow {
    /// What happened in the present half minute and the nine before it.
    pub last_5_minutes: QueueSummary,
    /// What happened in the present half minute and the 59 before it.
    pub last_30_minutes: QueueSummary,
    /// Of the stays that began since midnight in the queue's time zone.
    pub today: QueueSummary,
    /// That midnight.
    pub today_since: Timestamp,
}

/// Bounds of waits by which answered stays are counted for machines that draw their own quantiles.
pub const WAIT_BOUNDS: [Span; 11] = [
    Span::from_secs(1),
    Span::from_secs(5),
    Span::from_secs(10),
    Span::from_secs(20),
    Span::from_secs(30),
    Span::from_secs(60),
    Span::from_secs(120),
    Span::from_secs(300),
    Span::from_secs(600),
    Span::from_secs(1_200),
    Span::from_secs(3_600),
];

/// Of all stays, since the figures were made or read, or begun anew: it only ever grows, and is not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many, and how long all together.
    pub counts: QueueCounts,
    /// Of the answered: those that waited no longer than each of `WAIT_BOUNDS`.
    pub waited_up_to: [u64; WAIT_BOUNDS.len()],
}

impl Totals {
    fn count(&mut self, more: &QueueFigures) {
        self.counts.add(&more.counts);
        // One stay at a time, so that the longest is the only one.
        if more.counts.answered == 1 {
            let wait = Span(more.wait_max_us);
            for (count, bound) in self.waited_up_to.iter_mut().zip(WAIT_BOUNDS) {
                *count += u64::from(wait <= bound);
            }
        }
    }
}

/// All that is kept of one queue.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) history: BTreeMap<Interval, QueueFigures>,
    pub(crate) recent: Recent,
    today: QueueFigures,
    day: Day,
    pub(crate) totals: Totals,
}

impl Queue {
    pub(crate) fn new(name: &str, zone: &str, at: Timestamp) -> Self {
        Self::of(name.to_owned(), BTreeMap::new(), Recent::default(), Day::of(zone, at))
    }

    /// One of which this was kept.
    pub(crate) fn of(
        name: String,
        history: BTreeMap<Interval, QueueFigures>,
        recent: Recent,
        day: Day,
    ) -> Self {
        let today = QueueFigures::default();
        let mut queue = Self { name, history, recent, today, day, totals: Totals::default() };
        queue.sum_up_today();
        queue
    }

    /// Counts its days by this zone.
    pub(crate) fn counts_by(&mut self, zone: &str, at: Timestamp) {
        self.day = Day::of(zone, at);
        self.sum_up_today();
    }

    /// Something happened in this half minute to a stay that began in `interval`.
    pub(crate) fn count(&mut self, half_minute: u64, interval: Interval, more: &QueueFigures) {
        self.recent.count(half_minute, more);
        self.amend(interval, more);
    }

    /// The same, of which nothing is told as having happened now.
    pub(crate) fn amend(&mut self, interval: Interval, more: &QueueFigures) {
        self.totals.count(more);
        self.history.entry(interval).or_default().merge(more);
        if interval.start() >= self.day.since {
            self.today.merge(more);
        }
    }

    /// Time has passed: windows move on, and perhaps a day is over. Tells whether that changed anything.
    pub(crate) fn pass(&mut self, half_minute: u64, at: Timestamp) -> bool {
        let has_moved = self.recent.pass(half_minute);
        let has_turned = self.day.pass(at);
        if has_turned {
            self.sum_up_today();
        }
        has_moved || has_turned
    }

    pub(crate) fn settle(&mut self, before: Interval) -> BTreeMap<Interval, QueueFigures> {
        take_before(&mut self.history, before)
    }

    fn sum_up_today(&mut self) {
        self.today = QueueFigures::default();
        for (_, figures) in self.history.range(Interval::of(self.day.since)..) {
            self.today.merge(figures);
        }
    }

    /// How many stays of today, and how long all together.
    pub(crate) fn counts_of_today(&self) -> &QueueCounts {
        &self.today.counts
    }

    pub(crate) fn now(&self) -> QueueNow {
        QueueNow {
            last_5_minutes: self.recent.last_5_minutes().summary(),
            last_30_minutes: self.recent.last_30_minutes().summary(),
            today: self.today.summary(),
            today_since: self.day.since,
        }
    }
}
