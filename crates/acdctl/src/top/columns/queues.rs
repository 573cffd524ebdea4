//! The columns of queues.

use super::super::figures::{Grade, grade, recent, target, troubles};
use super::super::picture::QueueSeen;
use super::super::table::{Key, Table, Tone};
use super::super::words::{age, length, nothing, percent, span};
use super::{count, number, seconds, seconds_since, words};
use crate::times::Instant;

/// How many letters the bar of a service level takes.
const BAR: usize = 6;

/// Queues, those in trouble first.
pub(in super::super) const QUEUES: Table<QueueSeen> = Table {
    none: "No queue matches.",
    columns: &[
        words::<QueueSeen>(
            "Queue",
            (15, 26),
            0,
            |row, now| {
                let sign = grade(row, now).map_or(" ", Grade::sign);
                let closed = if row.queue.closed { " (closed)" } else { "" };
                format!("{sign} {}{closed}", row.queue.queue)
            },
            Some(|row, _| Key::Text(row.queue.queue.clone())),
        )
        .in_tone(|row, now| grade(row, now).into()),
        number::<QueueSeen>(
            "Waiting",
            7,
            0,
            |row, _| row.queue.waiting.to_string(),
            |row, _| count(row.queue.waiting),
        )
        .in_tone(|row, _| if row.queue.waiting > 0 { Tone::Strong } else { Tone::Soft }),
        number::<QueueSeen>(
            "Longest",
            8,
            1,
            |row, now| age(row.queue.oldest_since.as_ref(), now),
            |row, now| seconds_since(row.queue.oldest_since.as_ref(), now),
        ),
        number::<QueueSeen>(
            "Est. wait",
            9,
            5,
            |row, _| span(row.queue.estimated_wait.as_ref()),
            |row, _| seconds(row.queue.estimated_wait.as_ref()),
        ),
        number::<QueueSeen>(
            "In time",
            11,
            2,
            |row, _| level_bar(row),
            |row, _| Key::Number(recent(row).service_level.unwrap_or(101.0)),
        )
        .in_tone(level_tone),
        words::<QueueSeen>("Target", (10, 14), 10, |row, _| target(&row.queue), None)
            .in_tone(|_, _| Tone::Soft),
        number::<QueueSeen>(
            "Gave up",
            7,
            3,
            |row, _| percent(recent(row).abandonment),
            |row, _| Key::Number(recent(row).abandonment.unwrap_or(-1.0)),
        ),
        number::<QueueSeen>(
            "Avail",
            5,
            4,
            |row, _| row.queue.agents_available.to_string(),
            |row, _| count(row.queue.agents_available),
        ),
        number::<QueueSeen>(
            "Work",
            4,
            6,
            |row, _| row.queue.agents_working.to_string(),
            |row, _| count(row.queue.agents_working),
        ),
        number::<QueueSeen>(
            "Staff",
            5,
            7,
            |row, _| row.queue.agents_staffed.to_string(),
            |row, _| count(row.queue.agents_staffed),
        ),
        number::<QueueSeen>(
            "Talking",
            7,
            11,
            |row, _| row.queue.connected.to_string(),
            |row, _| count(row.queue.connected),
        ),
        number::<QueueSeen>(
            "Answered",
            8,
            8,
            |row, _| recent(row).answered.to_string(),
            |row, _| count(recent(row).answered),
        ),
        number::<QueueSeen>(
            "ASA",
            7,
            9,
            |row, _| recent(row).mean_wait.map_or_else(nothing, length),
            |row, _| Key::Number(recent(row).mean_wait.map_or(-1.0, |it| it.as_secs_f64())),
        ),
        words::<QueueSeen>("Trouble", (24, 70), 12, trouble_text, None)
            .in_tone(|row, now| grade(row, now).map_or(Tone::Soft, |grade| Some(grade).into())),
    ],
    key: |row| row.queue.queue.clone(),
    words: |row| row.queue.queue.clone(),
    order: |row, now| {
        Key::Number(match grade(row, now) {
            Some(Grade::Alarm) => 0.0,
            Some(Grade::Notice) => 1.0,
            None => 2.0,
        })
    },
    grade,
};

/// `████│·  83%`: how much was in time, with a mark at the target.
fn level_bar(row: &QueueSeen) -> String {
    let Some(level) = recent(row).service_level else { return nothing() };
    let filled = (level / 100.0 * BAR as f64).round() as usize;
    let wanted = row.queue.service_level_percent as usize * BAR / 100;
    let letter = |place| {
        if place == wanted.min(BAR - 1) {
            '│'
        } else if place < filled {
            '█'
        } else {
            '·'
        }
    };
    let bar: String = (0..BAR).map(letter).collect();
    format!("{bar} {:>4}", percent(Some(level)))
}

fn level_tone(row: &QueueSeen, _: &Instant) -> Tone {
    let wanted = f64::from(row.queue.service_level_percent);
    match recent(row).service_level {
        Some(level) if level >= wanted => Tone::Good,
        Some(_) => Tone::Notice,
        None => Tone::Soft,
    }
}

fn trouble_text(row: &QueueSeen, now: &Instant) -> String {
    let found: Vec<String> = troubles(row, now).into_iter().map(|it| it.text).collect();
    if !found.is_empty() {
        found.join(" · ")
    } else if row.queue.closed {
        "Closed to new calls".to_owned()
    } else if row.queue.active_rules.is_empty() {
        String::new()
    } else {
        format!("Rule in force: {}", row.queue.active_rules.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acd_proto::v1;

    #[test]
    fn a_bar_shows_how_much_was_in_time_and_where_the_target_is() {
        let seen = |in_time, over| {
            let queue = v1::Queue {
                answered: over,
                answered_in_time: in_time,
                service_level_percent: 80,
                ..v1::Queue::default()
            };
            level_bar(&QueueSeen { queue, statistics: None })
        };
        assert_eq!(seen(0, 0), "–");
        assert_eq!(seen(0, 4), "····│·   0%");
        assert_eq!(seen(2, 4), "███·│·  50%");
        assert_eq!(seen(4, 4), "████│█ 100%");
    }
}
