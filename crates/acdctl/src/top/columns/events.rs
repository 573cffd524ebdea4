//! The columns of events.

use super::super::table::{Key, Table, Tone};
use super::super::words::{event_words, nothing, origin_words, time_of_day};
use super::words;
use acd_proto::v1;

/// What somebody may want to look at.
const WORTH_A_LOOK: [&str; 8] = [
    "connect_failed",
    "adapter_down",
    "rule_without_effect",
    "queue_closed",
    "skill_for_now",
    "agents_messaged",
    "events_missed",
    "rule_active",
];

/// Events, the latest first.
pub(in super::super) const EVENTS: Table<v1::Event> = Table {
    none: "Nothing has happened since this was opened, or nothing matches.",
    columns: &[
        words::<v1::Event>(
            "At",
            (8, 8),
            0,
            |row, _| row.at.as_ref().map_or_else(nothing, time_of_day),
            None,
        )
        .in_tone(|_, _| Tone::Soft),
        words::<v1::Event>("What happened", (26, 46), 0, |row, _| event_words(row), None).in_tone(
            |row, _| {
                let person =
                    row.origin.as_ref().is_some_and(|it| it.kind() == v1::origin::Kind::Person);
                if person || WORTH_A_LOOK.contains(&row.kind.as_str()) {
                    Tone::Strong
                } else {
                    Tone::Plain
                }
            },
        ),
        words::<v1::Event>(
            "Call",
            (12, 24),
            1,
            |row, _| row.call.as_ref().map(|call| call.call_id.clone()).unwrap_or_default(),
            None,
        ),
        words::<v1::Event>("Agent", (9, 18), 2, |row, _| row.agent.clone(), None),
        words::<v1::Event>("Queue", (10, 24), 3, |row, _| row.queue.clone(), None),
        words::<v1::Event>("By", (8, 40), 4, |row, _| origin_words(row), None)
            .in_tone(|_, _| Tone::Soft),
    ],
    key: event_key,
    words: |row| {
        let call = row.call.as_ref().map_or("", |call| &call.call_id);
        let (what, by) = (event_words(row), origin_words(row));
        format!("{what} {call} {} {} {by}", row.agent, row.queue)
    },
    order: |_, _| Key::Number(0.0),
    grade: |_, _| None,
};

/// What tells one event from all others.
pub(in super::super) fn event_key(event: &v1::Event) -> String {
    let position = event.position.unwrap_or_default();
    format!("{}-{} {}", position.epoch, position.number, event.kind)
}
