//! The history: figures by quarter of an hour, and what of them is final.

use crate::agents::AgentFigures;
use crate::figures::QueueFigures;
use acd_core::{Span, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

const LENGTH: Span = Span::from_secs(15 * 60);
const DAY: u64 = 24 * 60 * 60 * 1_000_000;

/// A quarter of an hour, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Interval(pub u32);

impl Interval {
    /// How long each is.
    pub const LENGTH: Span = LENGTH;

    /// The one that an instant is in.
    pub fn of(at: Timestamp) -> Self {
        Self(u32::try_from(at.0 / LENGTH.0).unwrap_or(u32::MAX))
    }

    /// When it begins.
    pub fn start(self) -> Timestamp {
        Timestamp(u64::from(self.0) * LENGTH.0)
    }

    /// When it is over.
    pub fn end(self) -> Timestamp {
        self.start() + LENGTH
    }

    /// The day that it lies in, in UTC: how many days after the Unix epoch.
    pub fn day(self) -> u32 {
        (self.start().0 / DAY) as u32
    }

    /// The first one of such a day.
    pub fn first_of(day: u32) -> Self {
        Self::of(Timestamp(u64::from(day) * DAY))
    }

    /// The first one of the day, in UTC, that lies so many days before an instant's.
    pub(crate) fn days_before(at: Timestamp, days: u64) -> Self {
        let day = (at.0 / DAY).saturating_sub(days);
        Self::of(Timestamp(day.saturating_mul(DAY)))
    }
}

/// A queue's figures of the stays that began in one quarter of an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRow {
    /// Which quarter of an hour.
    pub interval: Interval,
    /// Its name.
    pub queue: String,
    /// What became of them.
    pub figures: QueueFigures,
}

/// An agent's figures in one quarter of an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRow {
    /// Which.
    pub interval: Interval,
    /// His id.
    pub agent: String,
    /// What he did in it.
    pub figures: AgentFigures,
}

/// Whose rows somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All there are.
    Everyones,
    /// Of those who are named.
    Of(BTreeSet<String>),
    /// None.
    Nobodys,
}

impl Whose {
    /// Whether the rows of this one are wanted.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Everyones => true,
            Self::Of(names) => names.contains(name),
            Self::Nobodys => false,
        }
    }
}

/// Which rows of the past somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryWanted {
    /// Of these intervals.
    pub range: Range<Interval>,
    /// Of which queues.
    pub queues: Whose,
    /// Of which agents.
    pub agents: Whose,
}

impl HistoryWanted {
    /// All rows of some intervals.
    pub fn all(range: Range<Interval>) -> Self {
        Self { range, queues: Whose::Everyones, agents: Whose::Everyones }
    }
}

/// History of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// By interval, then in the order of the queues.
    pub queues: Vec<QueueRow>,
    /// By interval, then in the order of the agents.
    pub agents: Vec<AgentRow>,
}

impl History {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.queues.is_empty() && self.agents.is_empty()
    }

    /// Those of another as well.
    pub fn append(&mut self, mut more: Self) {
        self.queues.append(&mut more.queues);
        self.agents.append(&mut more.agents);
    }
}

impl History {
    /// The same by so many intervals each, counted from `from`; each row is that of its first interval. By
    /// interval, then in the order in which they came.
    #[must_use]
    pub fn by(self, from: Interval, each: u32) -> Self {
        Self { queues: by(self.queues, from, each), agents: by(self.agents, from, each) }
    }
}

fn by<Row: Line>(rows: Vec<Row>, from: Interval, each: u32) -> Vec<Row> {
    let mut places = BTreeMap::new();
    let mut merged: Vec<Row> = Vec::new();
    for row in rows {
        let passed = row.interval().0.saturating_sub(from.0);
        let first = Interval(from.0 + passed - passed % each.max(1));
        let key = (first, row.name().to_owned());
        match places.get(&key).and_then(|place: &usize| merged.get_mut(*place)) {
            Some(known) => known.merge(&row),
            None => {
                places.insert(key, merged.len());
                merged.push(row.of(first));
            }
        }
    }
    merged.sort_by_key(Line::interval);
    merged
}

/// A row that can be written into a file of its day, as a line.
pub trait Line: Serialize + DeserializeOwned {
    /// Of which quarter of an hour it is.
    fn interval(&self) -> Interval;

    /// Whose.
    fn name(&self) -> &str;

    /// The same as that of another quarter of an hour.
    #[must_use]
    fn of(self, interval: Interval) -> Self;

    /// The figures of another as well.
    fn merge(&mut self, more: &Self);

    /// The row as a line of text, without its end.
    fn to_line(&self) -> String {
        serde_json::to_string(self).expect("numbers and names have a written form")
    }

    /// A row from its line.
    ///
    /// # Errors
    /// The line says something else; in words.
    fn of_line(line: &str) -> Result<Self, String> {
        serde_json::from_str(line).map_err(|error| error.to_string())
    }
}

impl Line for QueueRow {
    fn interval(&self) -> Interval {
        self.interval
    }

    fn name(&self) -> &str {
        &self.queue
    }

    fn of(self, interval: Interval) -> Self {
        Self { interval, ..self }
    }

    fn merge(&mut self, more: &Self) {
        self.figures.merge(&more.figures);
    }
}

impl Line for AgentRow {
    fn interval(&self) -> Interval {
        self.interval
    }

    fn name(&self) -> &str {
        &self.agent
    }

    fn of(self, interval: Interval) -> Self {
        Self { interval, ..self }
    }

    fn merge(&mut self, more: &Self) {
        self.figures.merge(&more.figures);
    }
}

/// What began before `first` is taken out, and is final.
pub(crate) fn take_before<Figures>(
    kept: &mut BTreeMap<Interval, Figures>,
    first: Interval,
) -> BTreeMap<Interval, Figures> {
    let later = kept.split_off(&first);
    std::mem::replace(kept, later)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_begins_with_its_first_microsecond() {
        let third = Interval(2);
        assert_eq!(third.start(), Timestamp(1_800_000_000));
        assert_eq!((Interval::of(third.start()), Interval::of(third.end())), (third, Interval(3)));
        assert_eq!(Interval::of(Timestamp(third.end().0 - 1)), third);
        assert!(Interval::of(Timestamp(u64::MAX)) > third, "no instant is too far");
    }

    #[test]
    fn days_are_those_of_utc() {
        let noon = Timestamp(10 * DAY + DAY / 2);
        assert_eq!(Interval::days_before(noon, 0).start(), Timestamp(10 * DAY));
        assert_eq!(Interval::days_before(noon, 8).start(), Timestamp(2 * DAY));
        assert_eq!(Interval::days_before(noon, 11).start(), Timestamp(0));
    }
}
