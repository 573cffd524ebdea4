//! What is known of this process rather than of the domain.

use crate::kept::JournalGauge;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The running daemon.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// Where the configuration came from: a path, or `built-in`.
    pub(crate) config: Arc<str>,
    /// What keeps the state, if anything does.
    pub(crate) journal: Option<JournalGauge>,
    started: Instant,
}

impl About {
    /// A daemon that starts now.
    pub(crate) fn start(config: &str, journal: Option<JournalGauge>) -> Self {
        Self { config: Arc::from(config), journal, started: Instant::now() }
    }

    /// The version of the program.
    pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// Real time since it started.
    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}
