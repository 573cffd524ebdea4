//! What `/status` says, as JSON.

use crate::about::About;
use crate::convert::status::health_word;
use crate::kept::JournalGauge;
use acd_engine::{Latency, Status};
use acd_journal::LogStatistics;
use serde::Serialize;

/// The same as `GetStatus` answers.
#[derive(Debug, Serialize)]
pub(crate) struct StatusPage {
    version: &'static str,
    domain: String,
    epoch: u64,
    number: u64,
    now_us: u64,
    uptime_seconds: f64,
    clock_scale: u32,
    health: &'static str,
    health_reason: String,
    adapters: Vec<AdapterLine>,
    calls: u64,
    calls_waiting: u64,
    agents_logged_in: u64,
    subscribers: u64,
    commands: u64,
    rejected: u64,
    decision: LatencyLine,
    mailbox: LatencyLine,
    config: String,
    undurable: u64,
    mailbox_capacity: u64,
    /// `null` when state is kept in memory only.
    journal: Option<JournalLine>,
}

#[derive(Debug, Serialize)]
struct JournalLine {
    folder: String,
    syncs: u64,
    sync_p50_us: u64,
    sync_p99_us: u64,
    sync_max_us: u64,
    failures: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct AdapterLine {
    adapter: String,
    connected: bool,
    calls: u64,
    orders_unacknowledged: u64,
    software: String,
}

#[derive(Debug, Serialize)]
struct LatencyLine {
    count: u64,
    p50_us: f64,
    p99_us: f64,
    p999_us: f64,
    max_us: f64,
}

impl From<Latency> for LatencyLine {
    fn from(latency: Latency) -> Self {
        let Latency { count, p50_us, p99_us, p999_us, max_us } = latency;
        Self { count, p50_us, p99_us, p999_us, max_us }
    }
}

/// How the daemon is.
pub(crate) fn status(status: Status, about: &About) -> StatusPage {
    let adapters = status.adapters.into_iter().map(|adapter| AdapterLine {
        adapter: adapter.adapter,
        connected: adapter.connected,
        calls: adapter.calls,
        orders_unacknowledged: adapter.orders_unacknowledged,
        software: adapter.software,
    });
    StatusPage {
        version: About::VERSION,
        domain: status.domain,
        epoch: status.position.epoch,
        number: status.position.number,
        now_us: status.now.0,
        uptime_seconds: about.uptime().as_secs_f64(),
        clock_scale: status.clock_scale,
        health: health_word(status.health),
        health_reason: status.health_reason,
        adapters: adapters.collect(),
        calls: status.calls,
        calls_waiting: status.calls_waiting,
        agents_logged_in: status.agents_logged_in,
        subscribers: status.subscribers,
        commands: status.commands,
        rejected: status.rejected,
        decision: status.decision.into(),
        mailbox: status.mailbox.into(),
        config: about.config.to_string(),
        undurable: status.undurable,
        mailbox_capacity: status.mailbox_capacity,
        journal: about.journal.as_ref().map(journal),
    }
}

fn journal(gauge: &JournalGauge) -> JournalLine {
    let LogStatistics { syncs, sync_p50_us, sync_p99_us, sync_max_us, failures, bytes } =
        gauge.statistics();
    let folder = gauge.folder.to_string();
    JournalLine { folder, syncs, sync_p50_us, sync_p99_us, sync_max_us, failures, bytes }
}
