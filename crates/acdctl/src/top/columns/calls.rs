//! The columns of calls.

use super::super::figures::Grade;
use super::super::table::{Key, Table, Tone};
use super::super::words::{age, call_state};
use super::{number, seconds_since, words};
use crate::times::Instant;
use acd_proto::v1;

/// The most urgent priority, and the usual one.
const EMERGENCY: u32 = 9;
const NORMAL: u32 = 5;

/// Live calls, the oldest first.
pub(in super::super) const CALLS: Table<v1::Call> = Table {
    none: "No call matches, or nobody calls.",
    columns: &[
        words::<v1::Call>(
            "Call",
            (14, 30),
            0,
            |row, _| id_of(row).to_owned(),
            Some(|row, _| Key::Text(id_of(row).to_owned())),
        ),
        words::<v1::Call>(
            "State",
            (12, 12),
            0,
            |row, _| {
                let (_, sign, word) = call_state(row.state());
                format!("{sign} {word}")
            },
            Some(|row, _| Key::Number(f64::from(call_state(row.state()).0))),
        )
        .in_tone(|row, _| match row.state() {
            v1::CallState::Waiting => Tone::Strong,
            _ => Tone::Plain,
        }),
        number::<v1::Call>(
            "For",
            8,
            3,
            |row, now| age(row.state_since.as_ref(), now),
            |row, now| seconds_since(row.state_since.as_ref(), now),
        ),
        number::<v1::Call>(
            "Age",
            8,
            0,
            |row, now| age(row.arrived_at.as_ref(), now),
            |row, now| seconds_since(row.arrived_at.as_ref(), now),
        ),
        words::<v1::Call>(
            "Queue",
            (12, 30),
            1,
            |row, _| queues_of(row),
            Some(|row, _| Key::Text(queues_of(row))),
        ),
        number::<v1::Call>(
            "Priority",
            8,
            2,
            |row, _| match row.priority {
                EMERGENCY => format!("▲ {EMERGENCY}"),
                priority => priority.to_string(),
            },
            |row, _| Key::Number(f64::from(row.priority)),
        )
        .in_tone(|row, _| match row.priority {
            EMERGENCY => Tone::Alarm,
            priority if priority > NORMAL => Tone::Strong,
            _ => Tone::Soft,
        }),
        words::<v1::Call>(
            "Agent",
            (10, 24),
            4,
            |row, _| whose(row),
            Some(|row, _| Key::Text(whose(row))),
        ),
        words::<v1::Call>(
            "Channel",
            (8, 8),
            5,
            |row, _| crate::channel::word(row.channel()).to_owned(),
            Some(|row, _| Key::Text(crate::channel::word(row.channel()).to_owned())),
        )
        .in_tone(|_, _| Tone::Soft),
        words::<v1::Call>(
            "Adapter",
            (10, 18),
            6,
            |row, _| adapter_of(row).to_owned(),
            Some(|row, _| Key::Text(adapter_of(row).to_owned())),
        )
        .in_tone(|_, _| Tone::Soft),
    ],
    key: |row| call_key(row.call.as_ref()),
    words: |row| {
        let (_, _, state) = call_state(row.state());
        let channel = crate::channel::word(row.channel());
        let (id, adapter, queues) = (id_of(row), adapter_of(row), queues_of(row));
        format!("{id} {adapter} {state} {queues} {} {channel}", row.agent)
    },
    order: |row, _| instant(row.arrived_at.as_ref()),
    grade: |row, _| {
        let urgent = row.priority == EMERGENCY && row.state() == v1::CallState::Waiting;
        urgent.then_some(Grade::Alarm)
    },
};

/// What tells one call from all others.
pub(in super::super) fn call_key(call: Option<&v1::CallRef>) -> String {
    call.map(|call| format!("{}\n{}", call.adapter, call.call_id)).unwrap_or_default()
}

fn id_of(call: &v1::Call) -> &str {
    call.call.as_ref().map_or("", |call| &call.call_id)
}

fn adapter_of(call: &v1::Call) -> &str {
    call.call.as_ref().map_or("", |call| &call.adapter)
}

/// The queues that a call stands in, or the one that it came through.
fn queues_of(call: &v1::Call) -> String {
    if call.places.is_empty() {
        return call.via_queue.clone();
    }
    call.places.iter().map(|place| place.queue.as_str()).collect::<Vec<_>>().join(", ")
}

/// Whether a call stands in a queue, or came through it.
pub(in super::super) fn is_of(call: &v1::Call, queue: &str) -> bool {
    call.via_queue == queue || call.places.iter().any(|place| place.queue == queue)
}

/// Who has it, or in brackets for whom it waits.
fn whose(call: &v1::Call) -> String {
    if !call.agent.is_empty() {
        let all = std::iter::once(&call.agent).chain(&call.also_offered_to);
        all.map(String::as_str).collect::<Vec<_>>().join(", ")
    } else if call.awaits_agent.is_empty() {
        String::new()
    } else {
        format!("({})", call.awaits_agent)
    }
}

fn instant(at: Option<&Instant>) -> Key {
    Key::Number(at.map_or(f64::INFINITY, |at| at.seconds as f64 + f64::from(at.nanos) / 1e9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_not_with_an_agent_may_wait_for_one() {
        let call = |agent: &str, awaits: &str| v1::Call {
            agent: agent.to_owned(),
            awaits_agent: awaits.to_owned(),
            ..v1::Call::default()
        };
        assert_eq!(whose(&call("ana", "")), "ana");
        assert_eq!(whose(&call("", "ben")), "(ben)");
        assert_eq!(whose(&call("", "")), "");
    }
}
