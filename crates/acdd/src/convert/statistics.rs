//! Figures as they are on the wire.

use crate::convert::time::{span, timestamp};
use acd_core::Span;
use acd_engine::{AgentStatisticsRow, QueueStatisticsRow};
use acd_proto::v1;
use acd_statistics::{AgentFigures, QueueCounts, QueueSummary, ServiceLevels};

/// A queue's figures of late and today.
pub(crate) fn queue(row: &QueueStatisticsRow) -> v1::QueueStatistics {
    let now = &row.figures;
    v1::QueueStatistics {
        queue: row.queue.to_string(),
        last_5_minutes: Some(queue_figures(&now.last_5_minutes)),
        last_30_minutes: Some(queue_figures(&now.last_30_minutes)),
        today: Some(queue_figures(&now.today)),
        today_since: Some(timestamp(now.today_since)),
    }
}

/// An agent's figures of today.
pub(crate) fn agent(row: &AgentStatisticsRow) -> v1::AgentStatistics {
    v1::AgentStatistics {
        agent: row.agent.to_string(),
        today: Some(agent_figures(&row.today)),
        today_since: Some(timestamp(row.today_since)),
    }
}

/// Figures of some stays.
pub(crate) fn queue_figures(figures: &QueueSummary) -> v1::QueueFigures {
    let QueueSummary { counts, wait_p50, wait_p90, wait_p99, wait_max } = *figures;
    let sum = |us: u64| Some(span(Span(us)));
    v1::QueueFigures {
        entered: counts.entered,
        answered: counts.answered,
        answered_in_time: counts.answered_in_time,
        answered_elsewhere: counts.answered_elsewhere,
        abandoned: counts.abandoned,
        abandoned_in_time: counts.abandoned_in_time,
        short_abandoned: counts.short_abandoned,
        short_abandoned_in_time: counts.short_abandoned_in_time,
        overflowed: counts.overflowed,
        rejected: counts.rejected,
        moved: counts.moved,
        withdrawn: counts.withdrawn,
        vanished: counts.vanished,
        service_level: Some(service_levels(&counts)),
        abandonment_percent: counts.abandonment(),
        wait_sum: sum(counts.wait_us),
        wait_mean: counts.wait_mean().map(span),
        wait_p50: wait_p50.map(span),
        wait_p90: wait_p90.map(span),
        wait_p99: wait_p99.map(span),
        wait_max: wait_max.map(span),
        handled: counts.handled,
        talk_sum: sum(counts.talk_us),
        hold_sum: sum(counts.hold_us),
        wrap_up_sum: sum(counts.wrap_up_us),
        handle_mean: counts.handle_mean().map(span),
        transferred: counts.transferred,
        contacts: counts.contacts,
        unresolved_1_day: counts.unresolved_1_day,
        unresolved_3_days: counts.unresolved_3_days,
        unresolved_7_days: counts.unresolved_7_days,
        estimates: counts.estimates,
        estimate_error_mean: counts.estimate_error_mean().map(span),
        estimate_bias_mean: counts.estimate_bias_mean_us().map(signed),
    }
}

fn service_levels(counts: &QueueCounts) -> v1::ServiceLevels {
    let ServiceLevels {
        abandons_met,
        abandons_missed,
        abandons_ignored,
        abandons_met_without_short,
        abandons_missed_without_short,
        abandons_ignored_without_short,
    } = counts.service_levels();
    v1::ServiceLevels {
        abandons_met,
        abandons_missed,
        abandons_ignored,
        abandons_met_without_short,
        abandons_missed_without_short,
        abandons_ignored_without_short,
    }
}

/// A length that may be below nought.
fn signed(us: i64) -> prost_types::Duration {
    let nanos = (us % 1_000_000) * 1_000;
    prost_types::Duration { seconds: us / 1_000_000, nanos: nanos as i32 }
}

/// Figures of some time of an agent.
pub(crate) fn agent_figures(figures: &AgentFigures) -> v1::AgentFigures {
    let AgentFigures { counts, not_ready_us } = figures;
    let sum = |us: u64| Some(span(Span(us)));
    let not_ready = not_ready_us
        .iter()
        .map(|(reason, us)| v1::ReasonTime { reason: reason.clone(), time: sum(*us) });
    v1::AgentFigures {
        staffed: sum(counts.staffed_us),
        working: sum(counts.working_us),
        reserved: sum(counts.reserved_us),
        connecting: sum(counts.connecting_us),
        talk: sum(counts.talk_us),
        hold: sum(counts.hold_us),
        wrap_up: sum(counts.wrap_up_us),
        busy: sum(counts.busy_us),
        occupancy_percent: counts.occupancy(),
        slot_occupancy_percent: counts.slot_occupancy(),
        offers: counts.offers,
        accepted: counts.accepted,
        declined: counts.declined,
        no_answer: counts.no_answer,
        revoked: counts.revoked,
        failed: counts.failed,
        connected: counts.connected,
        handle_mean: counts.handle_mean().map(span),
        handled: counts.handled,
        transferred: counts.transferred,
        not_ready: not_ready.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_below_nought_is_below_nought_in_both_parts() {
        let of = |us| {
            let found = signed(us);
            (found.seconds, found.nanos)
        };
        assert_eq!(of(-1_500_000), (-1, -500_000_000));
        assert_eq!(of(2_000_001), (2, 1_000));
    }
}
