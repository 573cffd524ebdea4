//! A log that misbehaves, by a seed: for tests of those who write logs.

use crate::{Appended, Batch, CommandLog, LogError, Tail};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What goes wrong, and how often, in thousandths of appends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Decides what happens when; the same seed gives the same faults.
    pub seed: u64,
    /// `Unknown`, though it was stored.
    pub unknown_stored: u16,
    /// `Unknown`, and it was not stored.
    pub unknown_lost: u16,
    /// Stored only after a delay.
    pub late: u16,
    /// Stored at once, but reported after a delay.
    pub slow: u16,
    /// `Fenced`, whatever the log holds.
    pub fenced: u16,
    /// Reads of the tail that fail, in thousandths.
    pub tail_fails: u16,
    /// How long a delay is.
    pub delay: Duration,
}

/// Wraps any log.
#[derive(Debug)]
pub struct FaultyLog<L> {
    inner: L,
    faults: Faults,
    state: Mutex<u64>,
    held: watch::Sender<bool>,
}

/// Holds appends back until it is told to let go.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    /// From now on nothing becomes durable.
    pub fn hold(&self) {
        self.0.send_replace(true);
    }

    /// What was held back, and all that follows, becomes durable.
    pub fn let_go(&self) {
        self.0.send_replace(false);
    }
}

enum Fault {
    None,
    UnknownStored,
    UnknownLost,
    Late,
    Slow,
    Fenced,
}

impl<L: CommandLog> FaultyLog<L> {
    /// `inner`, with faults.
    pub fn new(inner: L, faults: Faults) -> Self {
        Self { inner, faults, state: Mutex::new(faults.seed), held: watch::Sender::new(false) }
    }

    /// The gate that all appends pass.
    pub fn gate(&self) -> Gate {
        Gate(self.held.clone())
    }

    /// 0..1000, evenly (splitmix64).
    fn draw(&self) -> u16 {
        let mut state = self.state.lock();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % 1_000) as u16
    }

    fn next_fault(&self) -> Fault {
        let mut drawn = self.draw();
        let Faults { unknown_stored, unknown_lost, late, slow, fenced, .. } = self.faults;
        for (share, fault) in [
            (unknown_stored, Fault::UnknownStored),
            (unknown_lost, Fault::UnknownLost),
            (late, Fault::Late),
            (slow, Fault::Slow),
            (fenced, Fault::Fenced),
        ] {
            if drawn < share {
                return fault;
            }
            drawn -= share;
        }
        Fault::None
    }
}

impl<L: CommandLog> CommandLog for FaultyLog<L> {
    async fn append(&self, batch: Arc<Batch>, expect: Tail) -> Appended {
        let mut held = self.held.subscribe();
        // It cannot fail: the sender lives in `self`.
        let _open = held.wait_for(|held| !held).await.is_ok();
        match self.next_fault() {
            Fault::None => self.inner.append(batch, expect).await,
            Fault::UnknownStored => {
                self.inner.append(batch, expect).await;
                Appended::Unknown
            }
            Fault::UnknownLost => Appended::Unknown,
            Fault::Late => {
                tokio::time::sleep(self.faults.delay).await;
                self.inner.append(batch, expect).await
            }
            Fault::Slow => {
                let appended = self.inner.append(batch, expect).await;
                tokio::time::sleep(self.faults.delay).await;
                appended
            }
            Fault::Fenced => Appended::Fenced,
        }
    }

    async fn read(&self, from: u64) -> Result<Vec<Arc<Batch>>, LogError> {
        self.inner.read(from).await
    }

    async fn truncate(&self, to: u64) -> Result<(), LogError> {
        self.inner.truncate(to).await
    }

    async fn tail(&self) -> Result<Tail, LogError> {
        if self.draw() < self.faults.tail_fails {
            return Err(LogError("the tail cannot be read just now".to_owned()));
        }
        self.inner.tail().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryLog;
    use crate::contract::check_contract;

    #[tokio::test(start_paused = true)]
    async fn with_all_that_a_log_may_do_it_still_keeps_the_contract() {
        for seed in 0..50 {
            let faults = Faults {
                seed,
                unknown_stored: 150,
                unknown_lost: 150,
                late: 100,
                slow: 100,
                tail_fails: 200,
                delay: Duration::from_millis(20),
                ..Faults::default()
            };
            check_contract(|| FaultyLog::new(MemoryLog::new(), faults)).await;
        }
    }

    #[tokio::test]
    #[should_panic(expected = "went on where the log ended, and was fenced")]
    async fn the_contract_notices_a_log_that_fences_its_only_writer() {
        let faults = Faults { fenced: 1_000, ..Faults::default() };
        check_contract(|| FaultyLog::new(MemoryLog::new(), faults)).await;
    }
}
