//! The status of the daemon, as it stands on the wire.

use crate::about::About;
use crate::convert::time::{duration, position, timestamp};
use crate::kept::JournalGauge;
use acd_engine::{AdapterStatus, Health, Latency, Status};
use acd_journal::LogStatistics;
use acd_proto::v1;

/// The word for a health.
pub(crate) fn health_word(health: Health) -> &'static str {
    match health {
        Health::Serving => "serving",
        Health::Recovering => "recovering",
        Health::Degraded => "degraded",
        Health::Draining => "draining",
    }
}

/// The answer to `GetStatus`.
pub(crate) fn get_status(status: Status, about: &About) -> v1::GetStatusResponse {
    v1::GetStatusResponse {
        version: About::VERSION.to_owned(),
        domain: status.domain,
        position: Some(position(status.position)),
        now: Some(timestamp(status.now)),
        uptime: Some(duration(about.uptime())),
        clock_scale: f64::from(status.clock_scale),
        health: health_word(status.health).to_owned(),
        health_reason: status.health_reason,
        adapters: status.adapters.into_iter().map(adapter).collect(),
        calls: status.calls,
        calls_waiting: status.calls_waiting,
        agents_logged_in: status.agents_logged_in,
        subscribers: status.subscribers,
        commands: status.commands,
        rejected: status.rejected,
        decision: Some(latency(status.decision)),
        mailbox: Some(latency(status.mailbox)),
        config: about.config.to_string(),
        undurable: status.undurable,
        mailbox_capacity: status.mailbox_capacity,
        journal: about.journal.as_ref().map(journal),
    }
}

fn journal(gauge: &JournalGauge) -> v1::JournalStatus {
    let LogStatistics { syncs, sync_p50_us, sync_p99_us, sync_max_us, failures, bytes } =
        gauge.statistics();
    let folder = gauge.folder.to_string();
    v1::JournalStatus { folder, syncs, sync_p50_us, sync_p99_us, sync_max_us, failures, bytes }
}

fn adapter(status: AdapterStatus) -> v1::AdapterStatus {
    v1::AdapterStatus {
        adapter: status.adapter,
        connected: status.connected,
        calls: status.calls,
        orders_unacknowledged: status.orders_unacknowledged,
        software: status.software,
    }
}

fn latency(latency: Latency) -> v1::Latency {
    v1::Latency {
        count: latency.count,
        p50_us: latency.p50_us,
        p99_us: latency.p99_us,
        p999_us: latency.p999_us,
        max_us: latency.max_us,
    }
}
