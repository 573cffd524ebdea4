//! What the page has to write of rows that a watch has told, from what docs/wallboard.md says of it.

use super::record::Folded;
use acd_proto::v1 as acd;
use std::collections::BTreeMap;

/// As the page writes how long ago it was.
fn age(since: Option<prost_types::Timestamp>, now: f64) -> String {
    let Some(since) = since else { return "–".to_owned() };
    let since_ms = since.seconds * 1_000 + i64::from(since.nanos / 1_000_000);
    written((now - since_ms as f64).max(0.0))
}

/// As the page writes a length of time.
fn length(length: Option<prost_types::Duration>) -> String {
    let Some(length) = length else { return "–".to_owned() };
    let seconds = length.seconds as f64 + f64::from(length.nanos) / 1e9;
    written((seconds * 1_000.0).round())
}

/// A share that misses its limit does not read as if it met it.
fn missing(share: f64, limit: f64) -> String {
    if (share.round() - limit).abs() > f64::EPSILON {
        return percent(Some(share));
    }
    let tenths = 10.0 * share;
    let away = if share < limit { tenths.floor() } else { tenths.ceil() };
    format!("{:.1}%", away / 10.0)
}

fn percent(percent: Option<f64>) -> String {
    percent.map_or_else(|| "–".to_owned(), |percent| format!("{}%", percent.round()))
}

fn written(ms: f64) -> String {
    let seconds = (ms / 1_000.0).floor() as u64;
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (0, hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
        (days, hours, ..) => format!("{days}d {hours:02}h"),
    }
}

/// The cells of one row, by column.
pub(super) type Cells = BTreeMap<&'static str, String>;

pub(super) fn of_queue(row: &acd::Queue, statistics: &acd::QueueStatistics, now: f64) -> Cells {
    let lately = statistics.last_30_minutes.unwrap_or_default();
    let level = lately.service_level.unwrap_or_default().abandons_missed_without_short;
    Cells::from([
        ("service_level", percent(level)),
        ("abandoned", percent(lately.abandonment_percent)),
        ("estimated", length(row.estimated_wait)),
        ("waiting", row.waiting.to_string()),
        ("longest", age(row.oldest_since, now)),
        ("available", row.agents_available.to_string()),
        ("working", row.agents_working.to_string()),
        ("staffed", row.agents_staffed.to_string()),
    ])
}

pub(super) fn of_agent(row: &acd::Agent, statistics: &acd::AgentStatistics, now: f64) -> Cells {
    let today = statistics.today.clone().unwrap_or_default();
    let busy = row.slots.iter().filter(|slot| slot.state() != acd::SlotState::Free);
    let calls: Vec<&str> =
        busy.filter_map(|slot| slot.call.as_ref()).map(|call| call.call_id.as_str()).collect();
    Cells::from([
        ("agent", row.name.clone()),
        ("for", age(row.state_since, now)),
        ("call", calls.join(", ")),
        ("connected", today.connected.to_string()),
        ("handle", length(today.handle_mean)),
        ("occupancy", percent(today.occupancy_percent)),
    ])
}

pub(super) fn of_call(row: &acd::Call, now: f64) -> Cells {
    let places: Vec<&str> = row.places.iter().map(|place| place.queue.as_str()).collect();
    let queue = if places.is_empty() { row.via_queue.clone() } else { places.join(", ") };
    Cells::from([
        ("call", row.call.clone().expect("a name").call_id),
        ("for", age(row.state_since, now)),
        ("age", age(row.arrived_at, now)),
        ("queue", queue),
        ("agent", row.agent.clone()),
    ])
}

/// What misses its target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trouble {
    pub(super) is_alarm: bool,
    pub(super) text: String,
}

impl Trouble {
    /// With the sign that it has everywhere.
    pub(super) fn marked(&self) -> String {
        format!("{} {}", if self.is_alarm { "▲" } else { "△" }, self.text)
    }
}

/// The table of targets in docs/wallboard.md; alarms first.
pub(super) fn troubles(
    row: &acd::Queue,
    statistics: &acd::QueueStatistics,
    now: f64,
) -> Vec<Trouble> {
    let lately = statistics.last_30_minutes.unwrap_or_default();
    let (calls, target) =
        (lately.answered + lately.abandoned, f64::from(row.service_level_percent));
    let mut found = Vec::new();
    let mut add = |is_alarm, text| found.push(Trouble { is_alarm, text });
    if row.waiting > 0 && row.agents_working == 0 {
        let wait = if row.waiting == 1 { "waits" } else { "wait" };
        add(true, format!("Nobody at work, {} {wait}", row.waiting));
    }
    let within = row.service_level_within.map_or(0.0, |within| within.seconds as f64 * 1_000.0);
    let waited = row.oldest_since.map_or(0.0, |since| {
        now - (since.seconds * 1_000 + i64::from(since.nanos / 1_000_000)) as f64
    });
    if within > 0.0 && waited > within {
        let is_alarm = waited > 3.0 * within;
        let over = if is_alarm { 3.0 * within } else { within };
        add(is_alarm, format!("Longest wait over {}", said(over)));
    }
    let level = lately.service_level.unwrap_or_default().abandons_missed_without_short;
    if let Some(level) = level.filter(|level| calls >= 10 && *level < target) {
        let text = format!("{} in time, target {target}%", missing(level, target));
        add(level < target - 10.0, text);
    }
    if let Some(gave_up) = lately.abandonment_percent.filter(|it| calls >= 20 && *it > 5.0) {
        add(true, format!("{} gave up, at most 5%", missing(gave_up, 5.0)));
    }
    found.sort_by_key(|trouble| !trouble.is_alarm);
    found
}

/// `1m 30s`.
fn said(ms: f64) -> String {
    let seconds = (ms / 1_000.0).round() as u64;
    let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let parts =
        parts.iter().filter(|(many, _)| *many > 0).map(|(many, unit)| format!("{many}{unit}"));
    parts.collect::<Vec<_>>().join(" ")
}

/// The line above the tiles: all queues together.
pub(super) fn of_all(folded: &Folded, now: f64) -> Cells {
    let lately = folded.queue_statistics.values().map(|it| it.last_30_minutes.unwrap_or_default());
    let (answered, in_time, abandoned) = lately.fold((0, 0, 0), |sum, it| {
        (sum.0 + it.answered, sum.1 + it.answered_in_time, sum.2 + it.abandoned)
    });
    let level = 100.0 * in_time as f64 / (answered + abandoned) as f64;
    let waiting: u64 = folded.queues.values().map(|queue| queue.waiting).sum();
    let oldest = folded.queues.values().filter_map(|queue| queue.oldest_since);
    let oldest = oldest.min_by_key(|since| (since.seconds, since.nanos));
    let talks = |call: &&acd::Call| {
        matches!(call.state(), acd::CallState::Connected | acd::CallState::Held)
    };
    let are = |state: &str| folded.agents.values().filter(|agent| agent.state == state).count();
    let here = folded.agents.len() - are("logged_out");
    Cells::from([
        ("waiting", waiting.to_string()),
        ("longest", age(oldest, now)),
        ("service_level", percent((answered + abandoned > 0).then_some(level))),
        ("service_level_more", format!("{answered} answered, {abandoned} gave up")),
        ("connected", folded.calls.values().filter(talks).count().to_string()),
        ("available", are("ready").to_string()),
        ("available_more", format!("of {here} logged in")),
    ])
}

/// The table of figures of one queue, line by line.
pub(super) fn figures(statistics: &acd::QueueStatistics) -> Vec<Vec<String>> {
    let line = |title: &str, figures: Option<acd::QueueFigures>| {
        let figures = figures.unwrap_or_default();
        let level = figures.service_level.unwrap_or_default().abandons_missed_without_short;
        vec![
            title.to_owned(),
            figures.entered.to_string(),
            figures.answered.to_string(),
            figures.abandoned.to_string(),
            percent(level),
            length(figures.wait_mean),
            length(figures.wait_p90),
            length(figures.handle_mean),
        ]
    };
    vec![
        line("5 minutes", statistics.last_5_minutes),
        line("30 minutes", statistics.last_30_minutes),
        line("Today", statistics.today),
    ]
}

/// An agent's day.
pub(super) fn day(statistics: &acd::AgentStatistics) -> Cells {
    let today = statistics.today.clone().unwrap_or_default();
    Cells::from([
        ("Logged in", length(today.staffed)),
        ("Calls", today.connected.to_string()),
        ("Mean handling", length(today.handle_mean)),
        ("Occupied", percent(today.occupancy_percent)),
        ("Offers", today.offers.to_string()),
        ("Declined", today.declined.to_string()),
        ("Not answered", today.no_answer.to_string()),
    ])
}
