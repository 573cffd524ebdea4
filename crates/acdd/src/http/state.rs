//! What the page and `/status` say, as JSON.

use crate::about::About;
use crate::convert::status::health_word;
use crate::kept::JournalGauge;
use acd_core::{Span, Timestamp};
use acd_engine::{AgentRow, CallRow, CallState, Domain, Latency, QueueRow, Status};
use acd_journal::LogStatistics;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many agents the page lists; the counts are of all.
const AGENTS_LISTED_MAX: usize = 200;
/// How many calls the page lists; the count is of all.
const CALLS_LISTED_MAX: usize = 50;
/// The state of agents who are not at work: counted, not listed.
const LOGGED_OUT: &str = "logged_out";

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

/// The domain at a glance.
#[derive(Debug, Serialize)]
pub(crate) struct Glance {
    version: String,
    domain: String,
    epoch: u64,
    number: u64,
    clock_scale: u32,
    health: &'static str,
    health_reason: String,
    queues: Vec<QueueLine>,
    agents_by_state: BTreeMap<&'static str, u64>,
    agents_logged_in: u64,
    agents: Vec<AgentLine>,
    calls_total: u64,
    calls: Vec<CallLine>,
}

#[derive(Debug, Serialize)]
struct QueueLine {
    queue: String,
    waiting: u64,
    oldest_wait_seconds: Option<u64>,
    connected: u64,
    agents_available: u64,
    agents_working: u64,
    agents_staffed: u64,
    answered: u64,
    abandoned: u64,
    overflowed: u64,
    answered_in_time: u64,
    service_level_percent: u8,
    service_level_within_seconds: u64,
}

#[derive(Debug, Serialize)]
struct AgentLine {
    agent: String,
    name: String,
    state: &'static str,
    reason: String,
    for_seconds: Option<u64>,
}

#[derive(Debug, Serialize)]
struct CallLine {
    adapter: String,
    call_id: String,
    state: &'static str,
    queue: String,
    agent: String,
    priority: u8,
    for_seconds: u64,
}

/// What the page shows now.
pub(crate) fn glance(domain: &Domain) -> Glance {
    let status = domain.status();
    let now = status.now;
    let view = domain.view();
    let mut agents_by_state = BTreeMap::new();
    for agent in view.agents() {
        *agents_by_state.entry(agent.state).or_insert(0) += 1;
    }
    let at_work = view.agents().iter().filter(|agent| agent.state != LOGGED_OUT);
    Glance {
        version: format!("acdd {}", About::VERSION),
        domain: status.domain,
        epoch: view.position().epoch,
        number: view.position().number,
        clock_scale: status.clock_scale,
        health: health_word(status.health),
        health_reason: status.health_reason,
        queues: view.queues().iter().map(|row| queue(row, now)).collect(),
        agents_by_state,
        agents_logged_in: view.agents_logged_in(),
        agents: at_work.take(AGENTS_LISTED_MAX).map(|row| agent(row, now)).collect(),
        calls_total: view.calls_live(),
        calls: view.calls().take(CALLS_LISTED_MAX).map(|row| call(row, now)).collect(),
    }
}

fn queue(row: &QueueRow, now: Timestamp) -> QueueLine {
    QueueLine {
        queue: row.queue.to_string(),
        waiting: row.waiting,
        oldest_wait_seconds: row.oldest_since.map(|since| seconds(now.since(since))),
        connected: row.connected,
        agents_available: row.agents.available,
        agents_working: row.agents.working,
        agents_staffed: row.agents.staffed,
        answered: row.answered,
        abandoned: row.abandoned,
        overflowed: row.overflowed,
        answered_in_time: row.answered_in_time,
        service_level_percent: row.service_level.answered_percent,
        service_level_within_seconds: seconds(row.service_level.within),
    }
}

fn agent(row: &AgentRow, now: Timestamp) -> AgentLine {
    AgentLine {
        agent: row.agent.to_string(),
        name: row.name.to_string(),
        state: row.state,
        reason: row.reason.to_string(),
        for_seconds: row.state_since.map(|since| seconds(now.since(since))),
    }
}

fn call(row: &CallRow, now: Timestamp) -> CallLine {
    let place = row.places.first().map(|place| &place.queue);
    CallLine {
        adapter: row.call.adapter.to_string(),
        call_id: row.call.call_id.to_string(),
        state: match row.state {
            CallState::Waiting => "waiting",
            CallState::Offering => "offering",
            CallState::Connecting => "connecting",
            CallState::Connected => "connected",
            CallState::Held => "held",
            CallState::Ended => "ended",
        },
        queue: row.via_queue.as_ref().or(place).map(ToString::to_string).unwrap_or_default(),
        agent: row.agent.as_deref().unwrap_or_default().to_owned(),
        priority: row.priority.get(),
        for_seconds: seconds(now.since(row.state_since)),
    }
}

fn seconds(span: Span) -> u64 {
    span.0 / Span::from_secs(1).0
}
