//! Which columns the tables have, how rows stand unless they are sorted, and where the filter looks.

mod agents;
mod calls;
mod events;
mod queues;

pub(super) use agents::{AGENTS, name_of, skills_of};
pub(super) use calls::{CALLS, call_key, is_of};
pub(super) use events::{EVENTS, event_key};
pub(super) use queues::QUEUES;

use super::table::{Column, Key, Tone};
use crate::times::{Instant, elapsed};

fn seconds_since(since: Option<&Instant>, now: &Instant) -> Key {
    let passed = since.and_then(|since| elapsed(since, now));
    Key::Number(passed.map_or(-1.0, |passed| passed.as_secs_f64()))
}

fn seconds(length: Option<&prost_types::Duration>) -> Key {
    Key::Number(length.map_or(-1.0, |it| crate::times::length(Some(it)).as_secs_f64()))
}

fn count(count: u64) -> Key {
    Key::Number(count as f64)
}

/// A column of numbers.
const fn number<R>(
    title: &'static str,
    width: u16,
    rank: u8,
    text: fn(&R, &Instant) -> String,
    by: fn(&R, &Instant) -> Key,
) -> Column<R> {
    let tone: fn(&R, &Instant) -> Tone = |_, _| Tone::Plain;
    Column { title, width: (width, width), rank, number: true, text, tone, by: Some(by) }
}

/// A column of words.
const fn words<R>(
    title: &'static str,
    width: (u16, u16),
    rank: u8,
    text: fn(&R, &Instant) -> String,
    by: Option<fn(&R, &Instant) -> Key>,
) -> Column<R> {
    Column { title, width, rank, number: false, text, tone: |_, _| Tone::Plain, by }
}

impl<R> Column<R> {
    const fn in_tone(self, tone: fn(&R, &Instant) -> Tone) -> Self {
        // Not `..self`: what is moved out of in a constant may not have to be dropped.
        let Self { title, width, rank, number, text, by, tone: _ } = self;
        Self { title, width, rank, number, text, tone, by }
    }
}
