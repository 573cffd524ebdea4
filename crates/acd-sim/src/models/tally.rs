//! What is counted in one replication of a model.

use super::model::Model;
use crate::distribution::span;
use crate::surroundings::Call;
use acd_core::{LEVEL_MAX, Span, Timestamp};

/// All that is counted, of the calls that come within a window of time, and over that window.
pub(super) struct Tally<'m> {
    model: &'m Model,
    start: Timestamp,
    /// When the window begins and ends, if it has.
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// When no more calls come, if that has been.
    stop: Option<Timestamp>,
    /// By kind, and within that by period of arrival.
    counts: Vec<Counts>,
    thresholds: Vec<Span>,
    /// By group: how many agents do something.
    pub(super) busy: Vec<Level>,
    /// By group: how many are on duty, those who only finish what they have begun among them.
    pub(super) on_duty: Vec<Level>,
    /// By kind: how many wait.
    pub(super) waiting: Vec<Level>,
    /// Calls that are not over.
    pub(super) live: u64,
}

/// What became of the calls of one kind that came in one period.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) came: u64,
    pub(super) blocked: u64,
    pub(super) abandoned: u64,
    pub(super) served: u64,
    /// Served or abandoned after a wait of whatever length.
    pub(super) waited: u64,
    /// Microseconds.
    pub(super) wait_served: f64,
    pub(super) wait_abandoned: f64,
    /// By threshold: served before it.
    pub(super) served_within: Vec<u64>,
    /// By threshold: abandoned, but not before it.
    pub(super) abandoned_after: Vec<u64>,
    /// By group.
    pub(super) served_by: Vec<u64>,
    /// By level of the agent, the best is 1; the first is not used.
    pub(super) served_at: [u64; LEVEL_MAX as usize + 1],
}

/// A number that changes in steps, and the area below it within the window, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    value: i64,
    since: Timestamp,
    area: f64,
    /// The same when no more calls came.
    area_of_day: Option<f64>,
    is_closed: bool,
}

impl Level {
    pub(super) fn set(&mut self, now: Timestamp, value: i64) {
        if !self.is_closed {
            self.area += self.value as f64 * now.since(self.since).0 as f64;
            self.since = now;
        }
        self.value = value;
    }

    pub(super) fn add(&mut self, now: Timestamp, more: i64) {
        self.set(now, self.value + more);
    }

    /// The area over the window.
    pub(super) fn area(&self) -> f64 {
        self.area
    }

    /// The area until no more calls came.
    pub(super) fn area_of_day(&self) -> f64 {
        self.area_of_day.unwrap_or(self.area)
    }
}

impl<'m> Tally<'m> {
    /// Of a run that begins at `start`; its window opens with [`Tally::open`].
    pub(super) fn new(model: &'m Model, start: Timestamp) -> Self {
        let level = Level { since: start, ..Level::default() };
        let none = Counts {
            served_within: vec![0; model.thresholds.len()],
            abandoned_after: vec![0; model.thresholds.len()],
            served_by: vec![0; model.groups.len()],
            ..Counts::default()
        };
        Self {
            model,
            start,
            from: None,
            to: None,
            stop: None,
            counts: vec![none; model.kinds.len() * model.periods],
            thresholds: model.thresholds.iter().map(|t| span(t * model.unit_us)).collect(),
            busy: vec![level; model.groups.len()],
            on_duty: vec![level; model.groups.len()],
            waiting: vec![level; model.kinds.len()],
            live: 0,
        }
    }

    fn levels(&mut self) -> impl Iterator<Item = &mut Level> {
        self.busy.iter_mut().chain(&mut self.on_duty).chain(&mut self.waiting)
    }

    /// From now on calls count that come.
    pub(super) fn open(&mut self, now: Timestamp) {
        self.from = Some(now);
        for level in self.levels() {
            level.add(now, 0);
            level.area = 0.0;
        }
    }

    /// No more calls come.
    pub(super) fn stop(&mut self, now: Timestamp) {
        self.stop = Some(now);
        for level in self.levels() {
            level.add(now, 0);
            level.area_of_day = Some(level.area);
        }
    }

    /// From now on calls do not count that come.
    pub(super) fn close(&mut self, now: Timestamp) {
        if self.to.is_none() {
            self.to = Some(now);
            for level in self.levels() {
                level.add(now, 0);
                level.is_closed = true;
            }
        }
    }

    /// How long the window was open, in microseconds.
    pub(super) fn length_us(&self) -> f64 {
        let (from, to) = (self.from.unwrap_or_default(), self.to.unwrap_or_default());
        to.since(from).0 as f64
    }

    /// Whether a call counts.
    pub(super) fn counts(&self, call: &Call) -> bool {
        self.from.is_some_and(|from| call.arrived >= from)
            && self.to.is_none_or(|to| call.arrived < to)
    }

    /// What became of the calls of a kind that came in a period.
    pub(super) fn of(&self, kind: usize, period: usize) -> &Counts {
        &self.counts[kind * self.model.periods + period]
    }

    fn of_call(&mut self, call: &Call) -> Option<&mut Counts> {
        if !self.counts(call) {
            return None;
        }
        let period = self.model.period_of(call.arrived.since(self.start));
        Some(&mut self.counts[call.kind as usize * self.model.periods + period])
    }

    pub(super) fn came(&mut self, now: Timestamp, call: &Call) {
        self.live += 1;
        self.waiting[call.kind as usize].add(now, 1);
        if let Some(counts) = self.of_call(call) {
            counts.came += 1;
        }
    }

    pub(super) fn served(&mut self, now: Timestamp, call: &Call, group: usize, level: u8) {
        self.waiting[call.kind as usize].add(now, -1);
        let wait = now.since(call.arrived);
        let thresholds = std::mem::take(&mut self.thresholds);
        if let Some(counts) = self.of_call(call) {
            counts.served += 1;
            counts.waited += u64::from(wait > Span(0));
            counts.wait_served += wait.0 as f64;
            counts.served_by[group] += 1;
            counts.served_at[usize::from(level)] += 1;
            for (within, threshold) in counts.served_within.iter_mut().zip(&thresholds) {
                *within += u64::from(wait < *threshold);
            }
        }
        self.thresholds = thresholds;
    }

    pub(super) fn abandoned(&mut self, now: Timestamp, call: &Call) {
        self.live -= 1;
        self.waiting[call.kind as usize].add(now, -1);
        let wait = now.since(call.arrived);
        let thresholds = std::mem::take(&mut self.thresholds);
        if let Some(counts) = self.of_call(call) {
            counts.abandoned += 1;
            counts.waited += 1;
            counts.wait_abandoned += wait.0 as f64;
            for (after, threshold) in counts.abandoned_after.iter_mut().zip(&thresholds) {
                *after += u64::from(wait >= *threshold);
            }
        }
        self.thresholds = thresholds;
    }

    pub(super) fn blocked(&mut self, now: Timestamp, call: &Call) {
        self.live -= 1;
        self.waiting[call.kind as usize].add(now, -1);
        if let Some(counts) = self.of_call(call) {
            counts.blocked += 1;
        }
    }

    pub(super) fn left(&mut self) {
        self.live -= 1;
    }
}

impl Counts {
    /// Of all kinds and periods that are given.
    pub(super) fn sum<'c>(of: impl Iterator<Item = &'c Self>) -> Self {
        let mut sum = Self::default();
        for one in of {
            sum.came += one.came;
            sum.blocked += one.blocked;
            sum.abandoned += one.abandoned;
            sum.served += one.served;
            sum.waited += one.waited;
            sum.wait_served += one.wait_served;
            sum.wait_abandoned += one.wait_abandoned;
            add(&mut sum.served_within, &one.served_within);
            add(&mut sum.abandoned_after, &one.abandoned_after);
            add(&mut sum.served_by, &one.served_by);
            for (all, one) in sum.served_at.iter_mut().zip(one.served_at) {
                *all += one;
            }
        }
        sum
    }

    /// Those who were let in.
    pub(super) fn entered(&self) -> u64 {
        self.came - self.blocked
    }
}

fn add(sum: &mut Vec<u64>, more: &[u64]) {
    sum.resize(more.len().max(sum.len()), 0);
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}
