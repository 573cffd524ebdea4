//! How the engine is: what it counts, which adapters it knows, whether it is well.

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
    /// Every adapter that has had a session in this epoch, by name.
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
    health: Mutex<(Health, String)>,
    /// Adapter name -> what is known of its session. Never held across an await.
    adapters: DashMap<Arc<str>, Arc<AdapterGauge>>,
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
        self.health.lock().clone()
    }

    pub(crate) fn set_health(&self, health: Health, reason: impl Into<String>) {
        *self.health.lock() = (health, reason.into());
    }

    /// The domain is stopping; a fault that was there before stays the reason.
    pub(crate) fn drain(&self) {
        let mut health = self.health.lock();
        if health.0 == Health::Serving {
            *health = (Health::Draining, "the domain is stopping".to_owned());
        }
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
