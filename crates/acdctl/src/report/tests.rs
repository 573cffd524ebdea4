//! A report for tests: half a day of two queues and three agents.

use super::ask::interval;
use super::fairness::Fairness;
use super::row::{AgentRow, QueueRow, Target};
use super::{Report, Shows};
use crate::range::{Edge, Every, Range, RangeArguments};
use crate::times;
use acd_proto::v1;
use jiff::Timestamp;
use jiff::tz::TimeZone;

fn range() -> Range {
    let (from, to, timezone) = (None, None, Some(TimeZone::UTC));
    let noon = "2026-03-10T12:00:00Z".parse().expect("an instant");
    RangeArguments { from, to, timezone }.at(noon, &Edge::DaysAgo(0)).expect("a range")
}

fn length(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

fn figures(entered: u64, answered: u64, in_time: u64) -> v1::QueueFigures {
    let level = in_time as f64 * 100.0 / entered as f64;
    v1::QueueFigures {
        entered,
        answered,
        answered_in_time: in_time,
        abandoned: entered - answered,
        service_level: Some(v1::ServiceLevels {
            abandons_met: Some(level),
            abandons_missed: Some(level),
            abandons_ignored: Some(level),
            abandons_met_without_short: Some(level),
            abandons_missed_without_short: Some(level),
            abandons_ignored_without_short: Some(level),
        }),
        abandonment_percent: Some((entered - answered) as f64 * 100.0 / entered as f64),
        wait_sum: length(answered as i64 * 24),
        wait_mean: length(24),
        wait_p50: length(12),
        wait_p90: length(61),
        wait_p99: length(119),
        wait_max: length(125),
        handled: answered,
        talk_sum: length(answered as i64 * 170),
        handle_mean: length(185),
        transferred: 3,
        contacts: 20,
        unresolved_1_day: 1,
        unresolved_3_days: 2,
        unresolved_7_days: 3,
        estimates: 18,
        estimate_error_mean: length(9),
        estimate_bias_mean: length(-4),
        ..v1::QueueFigures::default()
    }
}

fn queue(queue: &str, time: (Timestamp, Timestamp), figures: v1::QueueFigures) -> QueueRow {
    let at = |at| Some(times::of_timestamp(at));
    let (start, end) = (at(time.0), at(time.1));
    let row = v1::QueueInterval { start, end, queue: queue.to_owned(), figures: Some(figures) };
    let target = Target { share: 0.8, seconds: 20.0 };
    QueueRow::new(row, (queue != "gone").then_some(target), &range())
}

fn agent(agent: &str, time: (Timestamp, Timestamp), hours: i64, offers: u64) -> AgentRow {
    let at = |at| Some(times::of_timestamp(at));
    let lunch = v1::ReasonTime { reason: "lunch".to_owned(), time: length(1_800) };
    let figures = v1::AgentFigures {
        staffed: length(hours * 3_600 + 1_800),
        working: length(hours * 3_600),
        busy: length(hours * 2_400),
        occupancy_percent: Some(66.7),
        offers,
        accepted: offers - 2,
        declined: 1,
        no_answer: 1,
        connected: offers - 2,
        handled: offers - 2,
        handle_mean: length(185),
        not_ready: vec![lunch],
        ..v1::AgentFigures::default()
    };
    let agent = agent.to_owned();
    let (start, end) = (at(time.0), at(time.1));
    AgentRow::new(v1::AgentInterval { start, end, agent, figures: Some(figures) }, &range())
}

/// With intervals from nine and from ten o'clock on, if it has intervals.
pub(super) fn report(every: Every) -> Report {
    let range = range();
    let whole = (range.from, range.to);
    let hour = |hour: i64| {
        let at = |seconds: i64| range.from + jiff::SignedDuration::from_secs(seconds);
        let begin = at(hour * 3_600);
        match every {
            Every::Whole | Every::Day => whole,
            Every::Part(part) => (begin, begin + part),
        }
    };
    let has_parts = matches!(every, Every::Part(_));
    let intervals = |mut rows: Vec<QueueRow>| {
        rows.truncate(if has_parts { rows.len() } else { 0 });
        rows
    };
    let agents =
        vec![agent("ana", whole, 8, 60), agent("bo", whole, 4, 36), agent("cy", whole, 6, 40)];
    Report {
        from: range.rfc_3339(range.from),
        to: range.rfc_3339(range.to),
        timezone: "UTC".to_owned(),
        known_until: range.rfc_3339(range.to),
        known_until_at: range.to,
        durable: true,
        interval: interval(every),
        queues: vec![
            queue("billing", whole, figures(60, 54, 39)),
            queue("front-desk", whole, figures(200, 196, 180)),
            queue("gone", whole, figures(3, 3, 2)),
        ],
        queue_intervals: intervals(vec![
            queue("billing", hour(9), figures(40, 36, 26)),
            queue("front-desk", hour(9), figures(200, 196, 180)),
            queue("gone", hour(9), figures(3, 3, 2)),
            queue("billing", hour(10), figures(20, 18, 13)),
        ]),
        fairness: Fairness::of(&agents),
        agent_intervals: if has_parts { vec![agent("ana", hour(9), 1, 8)] } else { Vec::new() },
        agents,
        insights: None,
        range,
        every,
        domain: "main".to_owned(),
        shows: Shows { queues: true, agents: true },
    }
}
