//! Answers `status`.

use crate::daemon::{Daemon, request};
use crate::failure::Failure;
use crate::output::Output;
use crate::times::{date_and_time, human, human_us, length, rfc_3339, seconds};
use acd_proto::v1;
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, Serialize)]
struct StatusRow {
    version: String,
    server: String,
    domain: String,
    health: String,
    health_reason: Option<String>,
    epoch: u64,
    number: u64,
    now: Option<String>,
    uptime_seconds: f64,
    clock_scale: f64,
    config: String,
    calls: u64,
    calls_waiting: u64,
    agents_logged_in: u64,
    subscribers: u64,
    commands: u64,
    rejected: u64,
    undurable: u64,
    mailbox_capacity: u64,
    decision: LatencyRow,
    mailbox: LatencyRow,
    /// None when state is kept in memory only.
    journal: Option<JournalRow>,
    adapters: Vec<AdapterRow>,
}

/// The journal since the daemon started.
#[derive(Debug, Serialize)]
struct JournalRow {
    folder: String,
    syncs: u64,
    sync_p50_us: u64,
    sync_p99_us: u64,
    sync_max_us: u64,
    failures: u64,
    bytes: u64,
}

/// A distribution of latencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct LatencyRow {
    pub(crate) count: u64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    pub(crate) max_us: f64,
}

#[derive(Debug, Serialize)]
struct AdapterRow {
    adapter: String,
    connected: bool,
    calls: u64,
    orders_unacknowledged: u64,
    software: String,
}

/// How the daemon is, as it says itself.
pub(crate) async fn ask(daemon: &Daemon) -> Result<v1::GetStatusResponse, Failure> {
    let message = v1::GetStatusRequest { domain: daemon.domain.clone() };
    daemon.answer(daemon.admin().get_status(request(message)).await)
}

pub(crate) async fn status(daemon: &Daemon, output: Output) -> Result<(), Failure> {
    let status = ask(daemon).await?;
    let now = status.now.unwrap_or_default();
    let row = StatusRow::new(status, daemon.server.clone());
    output.answer(&row, |row| text(row, &date_and_time(&now)))
}

impl From<v1::Latency> for LatencyRow {
    fn from(latency: v1::Latency) -> Self {
        let v1::Latency { count, p50_us, p99_us, p999_us, max_us } = latency;
        Self { count, p50_us, p99_us, p999_us, max_us }
    }
}

impl StatusRow {
    fn new(status: v1::GetStatusResponse, server: String) -> Self {
        let position = status.position.unwrap_or_default();
        let adapter = |adapter: v1::AdapterStatus| AdapterRow {
            adapter: adapter.adapter,
            connected: adapter.connected,
            calls: adapter.calls,
            orders_unacknowledged: adapter.orders_unacknowledged,
            software: adapter.software,
        };
        Self {
            server,
            health_reason: (!status.health_reason.is_empty()).then_some(status.health_reason),
            epoch: position.epoch,
            number: position.number,
            now: status.now.as_ref().and_then(rfc_3339),
            uptime_seconds: seconds(length(status.uptime.as_ref())),
            decision: status.decision.unwrap_or_default().into(),
            mailbox: status.mailbox.unwrap_or_default().into(),
            adapters: status.adapters.into_iter().map(adapter).collect(),
            version: status.version,
            domain: status.domain,
            health: status.health,
            clock_scale: status.clock_scale,
            config: status.config,
            calls: status.calls,
            calls_waiting: status.calls_waiting,
            agents_logged_in: status.agents_logged_in,
            subscribers: status.subscribers,
            commands: status.commands,
            rejected: status.rejected,
            undurable: status.undurable,
            mailbox_capacity: status.mailbox_capacity,
            journal: status.journal.map(JournalRow::from),
        }
    }
}

impl From<v1::JournalStatus> for JournalRow {
    fn from(journal: v1::JournalStatus) -> Self {
        let v1::JournalStatus {
            folder,
            syncs,
            sync_p50_us,
            sync_p99_us,
            sync_max_us,
            failures,
            bytes,
        } = journal;
        Self { folder, syncs, sync_p50_us, sync_p99_us, sync_max_us, failures, bytes }
    }
}

impl JournalRow {
    fn text(&self) -> String {
        let us = |us: u64| human_us(us as f64);
        let failures = match self.failures {
            0 => String::new(),
            some => format!(", {some} attempts failed"),
        };
        format!(
            "{}, {} syncs of p50 {}, p99 {}, max {}{failures}",
            self.folder,
            self.syncs,
            us(self.sync_p50_us),
            us(self.sync_p99_us),
            us(self.sync_max_us),
        )
    }
}

fn text(row: &StatusRow, now: &str) -> String {
    let health = match &row.health_reason {
        Some(reason) => format!("{}: {reason}", row.health),
        None => row.health.clone(),
    };
    let clock = if row.clock_scale == 1.0 {
        now.to_owned()
    } else {
        format!("{now}, {} times as fast as real time", row.clock_scale)
    };
    let up = human(Duration::try_from_secs_f64(row.uptime_seconds).unwrap_or_default());
    let mut lines = vec![
        format!("acdd {} at {}, domain {}", row.version, row.server, row.domain),
        format!("health       {health}, up {up}"),
        format!("clock        {clock}"),
        format!("config       {}", row.config),
        format!("calls        {}, of which {} wait", row.calls, row.calls_waiting),
        format!("agents       {} logged in", row.agents_logged_in),
        format!(
            "position     epoch {}, event {}; {} not durable yet",
            row.epoch, row.number, row.undurable
        ),
        format!("commands     {} applied, {} refused", row.commands, row.rejected),
        format!("decision     {}", latency_text(&row.decision)),
        format!("mailbox      {}, holds {}", latency_text(&row.mailbox), row.mailbox_capacity),
        format!(
            "journal      {}",
            row.journal
                .as_ref()
                .map_or_else(|| "none: state is in memory".to_owned(), JournalRow::text)
        ),
        format!("subscribers  {}", row.subscribers),
    ];
    if row.adapters.is_empty() {
        lines.push("adapters     none".to_owned());
    }
    for (index, adapter) in row.adapters.iter().enumerate() {
        let head = if index == 0 { "adapters   " } else { "           " };
        let state = if adapter.connected { "connected" } else { "not connected" };
        lines.push(format!(
            "{head}  {}: {state}, {} calls, {} orders not acknowledged, {}",
            adapter.adapter,
            adapter.calls,
            adapter.orders_unacknowledged,
            if adapter.software.is_empty() { "unnamed software" } else { &adapter.software },
        ));
    }
    lines.join("\n")
}

/// `p50 0.4 us, p99 1.2 us, p99.9 3 us, max 40 us of 1234`.
pub(crate) fn latency_text(latency: &LatencyRow) -> String {
    if latency.count == 0 {
        return "nothing measured yet".to_owned();
    }
    format!(
        "p50 {}, p99 {}, p99.9 {}, max {} of {}",
        human_us(latency.p50_us),
        human_us(latency.p99_us),
        human_us(latency.p999_us),
        human_us(latency.max_us),
        latency.count,
    )
}
