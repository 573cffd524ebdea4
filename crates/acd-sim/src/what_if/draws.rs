//! What the record does not show of a caller, drawn: the patience of who was answered, the talk of who
//! hung up.
//!
//! Drawn once for each replication, before anything is played: all configurations meet the same callers.

use super::patience::{Patience, Waited};
use super::recording::{RecordedCall, RecordedDay, RecordedEnd, Recording};
use crate::chance::{Luck, Random, Stream, luck, stream};
use crate::distribution::{Distribution, span};
use acd_core::Span;
use std::collections::HashMap;

/// So many callers of a group must have hung up for it to have an estimate of its own.
const HANG_UPS_MIN: usize = 30;
/// So many of its calls must have been answered for it to have talks of its own.
const TALKS_MIN: usize = 30;

/// What each draw of a caller is for.
const PATIENCE: u8 = 0;
const TALK: u8 = 1;
const RING: u8 = 2;
const PAUSE: u8 = 3;

/// What one caller is like in one replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Caller {
    /// None if he never hangs up.
    pub(super) patience: Option<Span>,
    pub(super) talk: Span,
    /// What his agent needs after the talk, wrap-up included.
    pub(super) pause: Span,
    /// None for as long as the queue gives.
    pub(super) notes: Option<Span>,
    pub(super) ring: Span,
    pub(super) luck: Luck,
}

/// What is drawn from.
pub(super) struct Estimates {
    /// By group.
    groups: HashMap<String, Group>,
    pooled: Option<Patience>,
    rings: Option<Distribution>,
    /// Those that show.
    pauses: Option<Distribution>,
}

struct Group {
    calls: usize,
    answered: usize,
    /// None where too few hung up: then the pooled one serves.
    patience: Option<Patience>,
    talks: Option<Distribution>,
    talks_are_pooled: bool,
}

/// What is said of the patience of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct PatienceOf {
    /// The group.
    pub group: String,
    /// How many of its callers hung up.
    pub hung_up: usize,
    /// How many had more patience than they needed.
    pub censored: usize,
    /// Too few hung up: the estimate from all groups together serves.
    pub is_pooled: bool,
    /// By when half of all have hung up, in seconds; none if the estimate ends before, or if there is
    /// none.
    pub median_s: Option<f64>,
    /// The longest patience that was seen, in seconds, and the share of callers who have more; none if
    /// nobody hung up anywhere: then nobody does.
    pub last_s: Option<(f64, f64)>,
}

impl Estimates {
    pub(super) fn of(recording: &Recording) -> Self {
        let calls = || recording.days.iter().flat_map(|day| &day.calls);
        let pooled = Patience::estimate(&waits(calls()));
        let all_talks = talks(calls());
        let mut by_group: HashMap<&str, Vec<&RecordedCall>> = HashMap::new();
        for call in calls() {
            by_group.entry(&call.group).or_default().push(call);
        }
        let groups = by_group.into_iter().map(|(name, calls)| {
            let own = Patience::estimate(&waits(calls.iter().copied()));
            let own = own.filter(|own| own.hung_up() >= HANG_UPS_MIN);
            let own_talks = talks(calls.iter().copied());
            let answered = own_talks.len();
            let talks_are_pooled = answered < TALKS_MIN;
            let talks = if talks_are_pooled { all_talks.clone() } else { own_talks };
            let talks = Distribution::empirical(talks).ok();
            let count = calls.len();
            (
                name.to_owned(),
                Group { calls: count, answered, patience: own, talks, talks_are_pooled },
            )
        });
        let rings = calls().filter(|call| is_answered(call)).map(|call| call.ring.0 as f64);
        let rings = Distribution::empirical(rings).ok();
        let pauses = Distribution::empirical(calls().filter_map(pause)).ok();
        Self { groups: groups.collect(), pooled, rings, pauses }
    }

    /// What is said of the patience of each group, in the order of their names.
    pub(super) fn told(&self, recording: &Recording) -> Vec<PatienceOf> {
        let told = |group: &str| {
            let of = &self.groups[group];
            let used = of.patience.as_ref().or(self.pooled.as_ref());
            let own = waits(
                recording.days.iter().flat_map(|day| &day.calls).filter(|call| call.group == group),
            );
            let hung_up = own.iter().filter(|one| one.hung_up).count();
            PatienceOf {
                group: group.to_owned(),
                hung_up,
                censored: own.len() - hung_up,
                is_pooled: of.patience.is_none(),
                median_s: used.and_then(Patience::median_us).map(|us| us / 1e6),
                last_s: used.map(Patience::last).map(|(us, more)| (us / 1e6, more)),
            }
        };
        recording.groups().into_iter().map(told).collect()
    }

    /// The groups that draw talks from all groups together, since too few of theirs were answered.
    pub(super) fn pooled_talks(&self) -> Vec<String> {
        let pooled = self.groups.iter().filter(|(_, of)| {
            // Who was answered keeps his own: a group without hang-ups draws none.
            of.talks_are_pooled && of.answered < of.calls
        });
        let mut names: Vec<String> = pooled.map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    }

    /// The callers of a day, and for how many of them the estimate of patience said nothing.
    pub(super) fn draw(
        &self,
        day: &RecordedDay,
        number: u32,
        terms: (u64, u64),
    ) -> (Vec<Caller>, u64) {
        let (seed, replication) = terms;
        let mut random = stream(seed, replication, Stream::Calls(number));
        let mut beyond = 0;
        let one = |call: &RecordedCall| self.caller(call, luck(&mut random), &mut beyond);
        (day.calls.iter().map(one).collect(), beyond)
    }

    fn caller(&self, call: &RecordedCall, luck: Luck, beyond: &mut u64) -> Caller {
        let group = &self.groups[&call.group];
        let draw = |from: &Option<Distribution>, purpose: u8| {
            let random: &mut Random = &mut luck.random(purpose);
            from.as_ref().map_or(Span(0), |from| from.draw(random))
        };
        let patience = if call.end == RecordedEnd::Abandoned {
            Some(call.wait)
        } else {
            group.patience.as_ref().or(self.pooled.as_ref()).map(|patience| {
                let drawn = patience.draw(call.wait.0 as f64, &mut luck.random(PATIENCE));
                *beyond += u64::from(drawn.is_beyond);
                span(drawn.us)
            })
        };
        let (mut talk, mut notes, mut pause, mut ring) = (None, None, None, None);
        if let RecordedEnd::Answered { talk: talked, notes: noted, pause: paused } = call.end {
            (talk, notes, pause, ring) = (talked, noted, paused, Some(call.ring));
        }
        let talk = talk.unwrap_or_else(|| draw(&group.talks, TALK));
        let pause = pause.unwrap_or_else(|| draw(&self.pauses, PAUSE));
        let ring = ring.unwrap_or_else(|| draw(&self.rings, RING));
        Caller { patience, talk, notes, pause, ring, luck }
    }
}

/// Microseconds, if it shows.
fn pause(call: &RecordedCall) -> Option<f64> {
    match call.end {
        RecordedEnd::Answered { pause, .. } => pause.map(|pause| pause.0 as f64),
        RecordedEnd::Abandoned | RecordedEnd::SentAway | RecordedEnd::Unknown => None,
    }
}

fn is_answered(call: &RecordedCall) -> bool {
    matches!(call.end, RecordedEnd::Answered { .. })
}

fn waits<'c>(of: impl Iterator<Item = &'c RecordedCall>) -> Vec<Waited> {
    of.map(|call| {
        let hung_up = call.end == RecordedEnd::Abandoned;
        Waited { us: call.wait.0 as f64, hung_up }
    })
    .collect()
}

/// Microseconds.
fn talks<'c>(of: impl Iterator<Item = &'c RecordedCall>) -> Vec<f64> {
    of.filter_map(|call| match call.end {
        RecordedEnd::Answered { talk, .. } => talk.map(|talk| talk.0 as f64),
        RecordedEnd::Abandoned | RecordedEnd::SentAway | RecordedEnd::Unknown => None,
    })
    .collect()
}
