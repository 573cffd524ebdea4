//! One row of a report: the figures of a queue, or of an agent, over some time. Its fields are the columns
//! of docs/reports.md.

use crate::range::Range;
use crate::rows::thousandths;
use crate::times;
use acd_proto::v1;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a queue promises.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// So much of the calls answered in time, 0 to 1.
    pub(super) share: f64,
    pub(super) seconds: f64,
}

/// A queue's figures of the stays that began in some time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct QueueRow {
    pub(super) start: String,
    pub(super) end: String,
    pub(super) queue: String,
    pub(super) entered: u64,
    pub(super) answered: u64,
    pub(super) answered_in_time: u64,
    pub(super) answered_elsewhere: u64,
    pub(super) abandoned: u64,
    pub(super) abandoned_in_time: u64,
    pub(super) short_abandoned: u64,
    pub(super) short_abandoned_in_time: u64,
    pub(super) overflowed: u64,
    pub(super) rejected: u64,
    pub(super) moved: u64,
    pub(super) withdrawn: u64,
    pub(super) vanished: u64,
    pub(super) target: Option<f64>,
    pub(super) target_within_seconds: Option<f64>,
    pub(super) target_kept: Option<bool>,
    pub(super) service_level: Option<f64>,
    pub(super) service_level_abandons_met: Option<f64>,
    pub(super) service_level_abandons_missed: Option<f64>,
    pub(super) service_level_abandons_ignored: Option<f64>,
    pub(super) service_level_abandons_met_without_short: Option<f64>,
    pub(super) service_level_abandons_missed_without_short: Option<f64>,
    pub(super) service_level_abandons_ignored_without_short: Option<f64>,
    pub(super) abandonment: Option<f64>,
    pub(super) wait_sum_seconds: f64,
    pub(super) asa_seconds: Option<f64>,
    pub(super) wait_p50_seconds: Option<f64>,
    pub(super) wait_p90_seconds: Option<f64>,
    pub(super) wait_p99_seconds: Option<f64>,
    pub(super) wait_max_seconds: Option<f64>,
    pub(super) handled: u64,
    pub(super) talk_seconds: f64,
    pub(super) hold_seconds: f64,
    pub(super) wrap_up_seconds: f64,
    pub(super) aht_seconds: Option<f64>,
    pub(super) transferred: u64,
    pub(super) contacts: u64,
    pub(super) resolved_1_day: Option<f64>,
    pub(super) resolved_3_days: Option<f64>,
    pub(super) resolved_7_days: Option<f64>,
    pub(super) estimates: u64,
    pub(super) estimate_error_seconds: Option<f64>,
    pub(super) estimate_bias_seconds: Option<f64>,
    /// The same as `start` and `end`.
    #[serde(skip)]
    pub(super) time: (Timestamp, Timestamp),
}

/// An agent's figures of some time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct AgentLine {
    pub(super) start: String,
    pub(super) end: String,
    pub(super) agent: String,
    pub(super) staffed_seconds: f64,
    pub(super) working_seconds: f64,
    pub(super) not_ready_seconds: f64,
    pub(super) reserved_seconds: f64,
    pub(super) connecting_seconds: f64,
    pub(super) talk_seconds: f64,
    pub(super) hold_seconds: f64,
    pub(super) wrap_up_seconds: f64,
    pub(super) busy_seconds: f64,
    pub(super) occupancy: Option<f64>,
    pub(super) slot_occupancy: Option<f64>,
    pub(super) offers: u64,
    pub(super) accepted: u64,
    pub(super) declined: u64,
    pub(super) no_answer: u64,
    pub(super) revoked: u64,
    pub(super) failed: u64,
    pub(super) offers_per_working_hour: Option<f64>,
    pub(super) connected: u64,
    pub(super) handled: u64,
    pub(super) transferred: u64,
    pub(super) aht_seconds: Option<f64>,
    #[serde(skip)]
    pub(super) time: (Timestamp, Timestamp),
}

/// The same, and why he took no calls for how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct AgentRow {
    #[serde(flatten)]
    pub(super) line: AgentLine,
    pub(super) not_ready_by_reason: BTreeMap<String, f64>,
}

/// What an agent who gave no reason is under.
pub(super) const NO_REASON: &str = "no reason";

impl QueueRow {
    pub(super) fn new(row: v1::QueueInterval, target: Option<Target>, range: &Range) -> Self {
        let time = (instant(row.start), instant(row.end));
        let it = row.figures.unwrap_or_default();
        let levels = it.service_level.unwrap_or_default();
        let level = share(levels.abandons_missed_without_short);
        let resolved = |unresolved: u64| {
            (it.contacts > 0).then(|| thousandths(1.0 - unresolved as f64 / it.contacts as f64))
        };
        Self {
            start: range.rfc_3339(time.0),
            end: range.rfc_3339(time.1),
            queue: row.queue,
            entered: it.entered,
            answered: it.answered,
            answered_in_time: it.answered_in_time,
            answered_elsewhere: it.answered_elsewhere,
            abandoned: it.abandoned,
            abandoned_in_time: it.abandoned_in_time,
            short_abandoned: it.short_abandoned,
            short_abandoned_in_time: it.short_abandoned_in_time,
            overflowed: it.overflowed,
            rejected: it.rejected,
            moved: it.moved,
            withdrawn: it.withdrawn,
            vanished: it.vanished,
            target: target.map(|target| target.share),
            target_within_seconds: target.map(|target| target.seconds),
            // By the share itself: a rounded one may keep what the other misses.
            target_kept: levels
                .abandons_missed_without_short
                .zip(target)
                .map(|(level, target)| level >= target.share * 100.0),
            service_level: level,
            service_level_abandons_met: share(levels.abandons_met),
            service_level_abandons_missed: share(levels.abandons_missed),
            service_level_abandons_ignored: share(levels.abandons_ignored),
            service_level_abandons_met_without_short: share(levels.abandons_met_without_short),
            service_level_abandons_missed_without_short: level,
            service_level_abandons_ignored_without_short: share(
                levels.abandons_ignored_without_short,
            ),
            abandonment: share(it.abandonment_percent),
            wait_sum_seconds: seconds(it.wait_sum.as_ref()),
            asa_seconds: some(it.wait_mean.as_ref()),
            wait_p50_seconds: some(it.wait_p50.as_ref()),
            wait_p90_seconds: some(it.wait_p90.as_ref()),
            wait_p99_seconds: some(it.wait_p99.as_ref()),
            wait_max_seconds: some(it.wait_max.as_ref()),
            handled: it.handled,
            talk_seconds: seconds(it.talk_sum.as_ref()),
            hold_seconds: seconds(it.hold_sum.as_ref()),
            wrap_up_seconds: seconds(it.wrap_up_sum.as_ref()),
            aht_seconds: some(it.handle_mean.as_ref()),
            transferred: it.transferred,
            contacts: it.contacts,
            resolved_1_day: resolved(it.unresolved_1_day),
            resolved_3_days: resolved(it.unresolved_3_days),
            resolved_7_days: resolved(it.unresolved_7_days),
            estimates: it.estimates,
            estimate_error_seconds: some(it.estimate_error_mean.as_ref()),
            estimate_bias_seconds: it.estimate_bias_mean.as_ref().map(signed),
            time,
        }
    }
}

impl AgentRow {
    pub(super) fn new(row: v1::AgentInterval, range: &Range) -> Self {
        let time = (instant(row.start), instant(row.end));
        let it = row.figures.unwrap_or_default();
        let reasons = it.not_ready.iter().map(|reason| {
            let name = if reason.reason.is_empty() { NO_REASON } else { &reason.reason };
            (name.to_owned(), seconds(reason.time.as_ref()))
        });
        let not_ready_by_reason: BTreeMap<String, f64> = reasons.collect();
        let working_seconds = seconds(it.working.as_ref());
        let hourly = it.offers as f64 * 3_600.0 / working_seconds;
        let line = AgentLine {
            start: range.rfc_3339(time.0),
            end: range.rfc_3339(time.1),
            agent: row.agent,
            staffed_seconds: seconds(it.staffed.as_ref()),
            working_seconds,
            not_ready_seconds: thousandths(not_ready_by_reason.values().sum()),
            reserved_seconds: seconds(it.reserved.as_ref()),
            connecting_seconds: seconds(it.connecting.as_ref()),
            talk_seconds: seconds(it.talk.as_ref()),
            hold_seconds: seconds(it.hold.as_ref()),
            wrap_up_seconds: seconds(it.wrap_up.as_ref()),
            busy_seconds: seconds(it.busy.as_ref()),
            occupancy: share(it.occupancy_percent),
            slot_occupancy: share(it.slot_occupancy_percent),
            offers: it.offers,
            accepted: it.accepted,
            declined: it.declined,
            no_answer: it.no_answer,
            revoked: it.revoked,
            failed: it.failed,
            offers_per_working_hour: (working_seconds > 0.0).then(|| thousandths(hourly)),
            connected: it.connected,
            handled: it.handled,
            transferred: it.transferred,
            aht_seconds: some(it.handle_mean.as_ref()),
            time,
        };
        Self { line, not_ready_by_reason }
    }
}

impl AgentLine {
    /// Offers that he declined or let ring.
    pub(super) fn missed(&self) -> u64 {
        self.declined + self.no_answer
    }
}

/// An instant of the wire; the beginning of 1970 for none.
fn instant(at: Option<times::Instant>) -> Timestamp {
    times::timestamp(at).unwrap_or_default()
}

fn seconds(length: Option<&prost_types::Duration>) -> f64 {
    times::seconds(times::length(length))
}

fn some(length: Option<&prost_types::Duration>) -> Option<f64> {
    length.map(|length| seconds(Some(length)))
}

fn signed(length: &prost_types::Duration) -> f64 {
    thousandths(length.seconds as f64 + f64::from(length.nanos) / 1e9)
}

/// A share of 0 to 1 of percent.
fn share(percent: Option<f64>) -> Option<f64> {
    percent.map(|percent| (percent * 100.0).round() / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::range::{Edge, RangeArguments};
    use jiff::tz::TimeZone;

    fn range() -> Range {
        let (from, to, timezone) = (None, None, Some(TimeZone::UTC));
        let noon = "2026-03-10T12:00:00Z".parse().expect("an instant");
        RangeArguments { from, to, timezone }.at(noon, &Edge::DaysAgo(0)).expect("a range")
    }

    fn of(figures: v1::QueueFigures, target: Option<Target>) -> QueueRow {
        let row = v1::QueueInterval {
            start: Some(times::Instant { seconds: 1_773_133_200, nanos: 0 }),
            end: Some(times::Instant { seconds: 1_773_134_100, nanos: 0 }),
            queue: "billing".to_owned(),
            figures: Some(figures),
        };
        QueueRow::new(row, target, &range())
    }

    #[test]
    fn a_target_is_kept_by_the_share_itself_and_not_by_a_rounded_one() {
        let at = |percent| {
            let levels = v1::ServiceLevels {
                abandons_missed_without_short: Some(percent),
                ..v1::ServiceLevels::default()
            };
            let figures =
                v1::QueueFigures { service_level: Some(levels), ..v1::QueueFigures::default() };
            of(figures, Some(Target { share: 0.8, seconds: 20.0 }))
        };
        assert_eq!((at(79.9999).service_level, at(79.9999).target_kept), (Some(0.8), Some(false)));
        assert_eq!(at(80.0).target_kept, Some(true));
        assert_eq!(of(v1::QueueFigures::default(), None).target_kept, None);
    }

    #[test]
    fn what_has_nothing_to_be_measured_by_is_none() {
        let row = of(v1::QueueFigures { entered: 1, ..v1::QueueFigures::default() }, None);
        assert_eq!((row.start.as_str(), row.entered), ("2026-03-10T09:00:00+00:00", 1));
        assert_eq!((row.service_level, row.asa_seconds, row.resolved_1_day), (None, None, None));
        let figures =
            v1::QueueFigures { contacts: 4, unresolved_1_day: 1, ..v1::QueueFigures::default() };
        assert_eq!(of(figures, None).resolved_1_day, Some(0.75));
    }

    #[test]
    fn time_without_a_reason_has_a_name_too() {
        let length = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
        let reason =
            |reason: &str, time| v1::ReasonTime { reason: reason.to_owned(), time: length(time) };
        let figures = v1::AgentFigures {
            not_ready: vec![reason("", 60), reason("lunch", 1_800)],
            working: length(3_600),
            offers: 12,
            ..v1::AgentFigures::default()
        };
        let row = v1::AgentInterval { figures: Some(figures), ..v1::AgentInterval::default() };
        let row = AgentRow::new(row, &range());
        assert_eq!(row.not_ready_by_reason[NO_REASON], 60.0);
        assert_eq!(row.line.not_ready_seconds, 1_860.0);
        assert_eq!(row.line.offers_per_working_hour, Some(12.0));
    }
}
