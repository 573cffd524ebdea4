//! A call log as a recording: what it says, and what has to be gathered from it.
//!
//! A log knows calls and who took them, not who was at work. Somebody was at work from his first call of
//! a day to the end of his last. While he talked with nobody and callers waited whom he serves, he took no
//! calls: for a moment after a talk he was still at his notes, for longer he was away.

use super::recording::{
    AtWork, Door, PresenceChange, RecordedCall, RecordedDay, RecordedEnd, Recording,
};
use crate::call_log::{CallLog, Day, Outcome, Row};
use acd_core::{Channel, Priority, Span, Timestamp};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// What a log leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The priority of calls that the log calls high, 0..=9; the others are normal.
    pub high_priority: u8,
    /// Whether agents who let callers wait count as away, or as ready all day.
    pub breaks: bool,
}

/// Who lets callers wait after a talk for longer than this is away.
const PAUSE_MAX: Span = Span::from_secs(120);
/// A wait this short says nothing of who was there: an offer takes as long.
const WAIT_COUNTS: Span = Span::from_secs(5);
/// The seconds of a day.
const DAY_S: u64 = 86_400;

/// A stretch of time.
type Stretch = (Timestamp, Timestamp);

/// A talk, and the row of the log that tells of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Talk {
    from: Timestamp,
    until: Timestamp,
    row: usize,
}

impl Recording {
    /// The days of a log, those for which `is_wanted` holds.
    pub fn of_log(log: &CallLog, is_wanted: impl Fn(&Day) -> bool, reading: Reading) -> Self {
        let serves = serves(log);
        let wanted: Vec<&Day> = log.days().iter().filter(|day| is_wanted(day)).collect();
        let left = |day: &&Day| day.rows.iter().filter(|row| left_before(row)).count();
        let left: usize = wanted.iter().map(left).sum();
        let mut days: Vec<RecordedDay> =
            wanted.into_iter().map(|day| recorded(day, reading, &serves)).collect();
        days.sort_by_key(|day| day.midnight);
        days.retain(|day| !day.calls.is_empty());
        let mut notes = Vec::new();
        if left > 0 {
            notes.push(format!("left out: {left} calls that ended before they asked for an agent"));
        }
        notes.push(match reading.breaks {
            true => "people are at work from their first call of a day to the end of their last. While they \
                     talked with nobody and callers waited whom they serve, they were at their notes (up to \
                     2 minutes after a talk; where nobody waited this does not show, and is drawn) or away"
                .to_owned(),
            false => "people are at work, and ready, from their first call of a day to the end of their \
                      last"
                .to_owned(),
        });
        Self { days, notes }
    }
}

fn left_before(row: &Row) -> bool {
    row.outcome == Outcome::LeftInIvr
}

/// The types that each agent took calls of, anywhere in the log.
fn serves(log: &CallLog) -> HashMap<&str, HashSet<&str>> {
    let mut serves: HashMap<&str, HashSet<&str>> = HashMap::new();
    for row in log.days().iter().flat_map(|day| &day.rows) {
        if let Some(agent) = row.agent.as_deref().filter(|_| row.outcome == Outcome::Served) {
            serves.entry(agent).or_default().insert(&row.kind);
        }
    }
    serves
}

fn recorded(day: &Day, reading: Reading, serves: &HashMap<&str, HashSet<&str>>) -> RecordedDay {
    let midnight = midnight(day);
    // A log may count from some midnight long ago.
    let first = day.rows.iter().map(|row| row.offered.as_secs()).min().unwrap_or_default();
    let origin = Duration::from_secs(first - first % DAY_S);
    let at = |since: Duration| midnight + span(since.saturating_sub(origin));
    let People { presence, pauses } = people(day, at, reading, serves);
    let asked = day.rows.iter().enumerate().filter(|(_, row)| !left_before(row));
    let mut calls: Vec<RecordedCall> = asked
        .map(|(number, row)| {
            let unseen = (!reading.breaks).then_some(Span(0));
            call(row, at(row.offered), pauses.get(&number).copied().or(unseen), reading)
        })
        .collect();
    calls.sort_by_key(|call| call.at);
    let name = day.day.to_string();
    RecordedDay { name, midnight, calls, presence, closings: Vec::new(), last_one_stays: true }
}

/// Midnight of a log's day, taken for UTC: a log knows no time zone.
fn midnight(day: &Day) -> Timestamp {
    let midnight = TimeZone::UTC
        .to_timestamp(day.day.to_datetime(Time::midnight()))
        .map(|it| it.as_microsecond());
    // What is earlier than a month after the epoch leaves no room for calls that waited before.
    let us = midnight.ok().and_then(|us| u64::try_from(us).ok()).unwrap_or_default();
    Timestamp(us.max(Span::LONGEST.0))
}

fn span(length: Duration) -> Span {
    Span(u64::try_from(length.as_micros()).unwrap_or(u64::MAX))
}

fn call(row: &Row, at: Timestamp, pause: Option<Span>, reading: Reading) -> RecordedCall {
    RecordedCall {
        id: row.call.clone(),
        at,
        door: Door::Queue(row.kind.clone()),
        group: row.kind.clone(),
        channel: Channel::Voice,
        priority: Priority::new(reading.high_priority).filter(|_| row.high_priority),
        preferred: None,
        caller: None,
        wait: span(row.wait),
        ring: Span(0),
        end: match row.outcome {
            Outcome::Served => {
                RecordedEnd::Answered { talk: Some(span(row.service)), notes: None, pause }
            }
            Outcome::Abandoned | Outcome::LeftInIvr => RecordedEnd::Abandoned,
        },
    }
}

/// Who was there when, in order, and by row: how long its agent let others wait afterwards.
struct People {
    presence: Vec<PresenceChange>,
    pauses: HashMap<usize, Span>,
}

fn people(
    day: &Day,
    at: impl Fn(Duration) -> Timestamp,
    reading: Reading,
    serves: &HashMap<&str, HashSet<&str>>,
) -> People {
    let mut talks: Vec<(&str, Vec<Talk>)> = Vec::new();
    let mut waits: HashMap<&str, Vec<Stretch>> = HashMap::new();
    for (number, row) in day.rows.iter().enumerate().filter(|(_, row)| !left_before(row)) {
        let (from, until) = (at(row.offered), at(row.offered + row.wait));
        if span(row.wait) > WAIT_COUNTS {
            waits.entry(&row.kind).or_default().push((from, until));
        }
        let Some(agent) = row.agent.as_deref().filter(|_| row.outcome == Outcome::Served) else {
            continue;
        };
        let talk = Talk { from: until, until: until + span(row.service), row: number };
        match talks.iter_mut().find(|(name, _)| *name == agent) {
            Some((_, talks)) => talks.push(talk),
            None => talks.push((agent, vec![talk])),
        }
    }
    let mut people = People { presence: Vec::new(), pauses: HashMap::new() };
    for (agent, mut talks) in talks {
        talks.sort_unstable();
        let kinds = serves.get(agent).into_iter().flatten().filter(|_| reading.breaks);
        let waiting = kinds.filter_map(|kind| waits.get(kind)).flatten().copied();
        people.add(agent, &talks, &merged(waiting.collect()));
    }
    people.presence.sort_by_key(|change| change.at);
    people
}

impl People {
    /// The day of one agent; both in order.
    fn add(&mut self, agent: &str, talks: &[Talk], waiting: &[Stretch]) {
        let mut add = |at, to| {
            self.presence.push(PresenceChange { at, agent: agent.to_owned(), to });
        };
        let Some(first) = talks.first() else { return };
        add(first.from, AtWork::Ready);
        let (mut latest, mut ready) = (*first, first.from);
        for talk in talks {
            let gap = (latest.until, talk.from);
            if let Some((from, until)) = let_wait(gap, waiting) {
                if (from, until) == gap && until.since(from) <= PAUSE_MAX {
                    self.pauses.insert(latest.row, until.since(from));
                } else {
                    add(from, AtWork::NotReady);
                    add(until, AtWork::Ready);
                    ready = until;
                }
            } else if talk.row != latest.row && took_at_once(gap, waiting) {
                self.pauses.insert(latest.row, Span(0));
            }
            if talk.until > latest.until {
                latest = *talk;
            }
        }
        // Whose last talk took no time is there for it all the same: of one instant the last change counts.
        add(latest.until.max(ready + Span(1)), AtWork::Gone);
    }
}

/// Stretches in order, those that touch as one.
fn merged(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_unstable();
    let mut merged: Vec<Stretch> = Vec::new();
    for (from, until) in stretches {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => merged.push((from, until)),
        }
    }
    merged
}

/// Whether a talk followed the one before without a gap, while somebody had waited for it.
fn took_at_once((from, until): Stretch, waiting: &[Stretch]) -> bool {
    from == until && waiting.iter().any(|wait| wait.0 < from && from <= wait.1)
}

/// The part of a gap between two talks from when the first caller waited to when the last one did.
fn let_wait((from, until): Stretch, waiting: &[Stretch]) -> Option<Stretch> {
    let begins = waiting.partition_point(|wait| wait.1 <= from);
    let ends = waiting.partition_point(|wait| wait.0 < until);
    let within = waiting.get(begins..ends)?;
    let stretch = (within.first()?.0.max(from), within.last()?.1.min(until));
    (stretch.0 < stretch.1).then_some(stretch)
}
