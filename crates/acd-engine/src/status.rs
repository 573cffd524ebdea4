//! How the engine is: what it counts, which adapters it knows, whether it is well.

#![expect(clippy::disallowed_types, reason = "for readers, and for what changes rarely")]

use crate::latency::Latency;
use crate::request::Position;
use acd_core::Timestamp;
use dashmap::DashMap;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How the domain is.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// Its name.
    pub domain: String,
    /// The last event that readers can see.
    pub position: Position,
    /// The domain's time.
    pub now: Timestamp,
    /// How many domain seconds pass in one second.
    pub clock_scale: u32,
    /// Whether it serves.
    pub health: Health,
    /// Why it is not `Serving`, else empty.
    pub health_reason: String,
    /// Every adapter that has ever had a session, by name.
    pub adapters: Vec<AdapterStatus>,
    /// Live calls in every state.
    pub calls: u64,
    /// Of those, waiting or being offered.
    pub calls_waiting: u64,
    /// Agents at work.
    pub agents_logged_in: u64,
    /// Subscribers and agents' watches.
    pub subscribers: u64,
    /// Commands applied in this epoch.
    pub commands: u64,
    /// Commands and requests refused in this epoch.
    pub rejected: u64,
    /// From the moment a message is taken up to the moment its outcome is decided.
    pub decision: Latency,
    /// From the moment a message enters the mailbox to the moment it is taken up.
    pub mailbox: Latency,
    /// Commands that are not durable yet.
    pub undurable: u64,
    /// How many messages the mailbox holds.
    pub mailbox_capacity: u64,
}

/// Whether the domain serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It does.
    #[default]
    Serving,
    /// It waits for its adapters to come back; nothing is offered before.
    Recovering,
    /// The log cannot be written: what waits for it is held back.
    Degraded,
    /// It is stopping, or has stopped.
    Draining,
}

/// One adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterStatus {
    /// Its name.
    pub adapter: String,
    /// Whether it has a session.
    pub connected: bool,
    /// Calls that it holds.
    pub calls: u64,
    /// Orders sent and not acknowledged.
    pub orders_unacknowledged: u64,
    /// Name and version of its software.
    pub software: String,
}

/// What the driver counts, written by it alone.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) commands: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) undurable: AtomicU64,
    wellness: Mutex<Wellness>,
    /// Adapter name -> what is known of its session. Never held across an await.
    adapters: DashMap<Arc<str>, Arc<AdapterGauge>>,
}

const STOPPING: &str = "the domain is stopping";
const FAILING: &str = "the log cannot be written";
/// Why a domain is muted for good.
pub(crate) const FENCED: &str = "another daemon writes this domain's log now";

#[derive(Debug, Default)]
struct Wellness {
    fault: Option<Fault>,
    stopping: bool,
    /// For whom the domain waits, as long as it does.
    recovering: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Failing(String),
    Fenced,
}

impl Fault {
    fn reason(&self) -> &str {
        match self {
            Self::Failing(reason) => reason,
            Self::Fenced => FENCED,
        }
    }
}

/// What the driver tells of one adapter.
#[derive(Debug, Default)]
pub(crate) struct AdapterGauge {
    pub(crate) connected: AtomicBool,
    pub(crate) calls: AtomicU64,
    pub(crate) unacknowledged: AtomicU64,
    software: Mutex<String>,
}

impl Gauges {
    pub(crate) fn health(&self) -> (Health, String) {
        match &*self.wellness.lock() {
            Wellness { fault: Some(fault), .. } => (Health::Degraded, fault.reason().to_owned()),
            Wellness { stopping: true, .. } => (Health::Draining, STOPPING.to_owned()),
            Wellness { recovering: Some(reason), .. } => (Health::Recovering, reason.clone()),
            Wellness { .. } => (Health::Serving, String::new()),
        }
    }

    /// Another writer took over the log; that does not heal.
    pub(crate) fn fenced(&self) {
        self.wellness.lock().fault = Some(Fault::Fenced);
    }

    pub(crate) fn is_fenced(&self) -> bool {
        self.wellness.lock().fault == Some(Fault::Fenced)
    }

    /// The log cannot be written, or does not answer.
    pub(crate) fn log_fails(&self, reason: &str) {
        self.wellness.lock().fault = Some(Fault::Failing(format!("{FAILING}: {reason}")));
    }

    /// The log works again.
    pub(crate) fn log_works(&self) {
        let fault = &mut self.wellness.lock().fault;
        fault.take_if(|fault| matches!(fault, Fault::Failing(_)));
    }

    /// Time waits for these adapters.
    pub(crate) fn recovering(&self, awaited: &[&str]) {
        let reason = format!("waiting for what adapters hold: {}", awaited.join(", "));
        self.wellness.lock().recovering = Some(reason);
    }

    /// Time goes on.
    pub(crate) fn recovered(&self) {
        self.wellness.lock().recovering = None;
    }

    pub(crate) fn stopping(&self) {
        self.wellness.lock().stopping = true;
    }

    /// The gauge of an adapter whose session opens.
    pub(crate) fn adapter(&self, name: &Arc<str>, software: &str) -> Arc<AdapterGauge> {
        let gauge = Arc::clone(self.adapters.entry(Arc::clone(name)).or_default().value());
        software.clone_into(&mut gauge.software.lock());
        gauge
    }

    pub(crate) fn adapters(&self) -> Vec<AdapterStatus> {
        let mut all: Vec<AdapterStatus> = self
            .adapters
            .iter()
            .map(|entry| AdapterStatus {
                adapter: entry.key().to_string(),
                connected: entry.connected.load(Ordering::Relaxed),
                calls: entry.calls.load(Ordering::Relaxed),
                orders_unacknowledged: entry.unacknowledged.load(Ordering::Relaxed),
                software: entry.software.lock().clone(),
            })
            .collect();
        all.sort_by(|a, b| a.adapter.cmp(&b.adapter));
        all
    }
}
