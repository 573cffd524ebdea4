//! How listeners are woken: a few at a time, so that a thousand who are told at once do not stand in the
//! way of an offer, nor all of their bytes in one queue.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// So many who came one after the other, and probably on one connection, share a bell.
const LISTENERS_PER_BELL: usize = 16;
const BELLS: usize = 64;
/// The longest time between the first bell and the last.
const ROUND_MAX: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct Bells {
    bells: Vec<watch::Sender<()>>,
    given: AtomicUsize,
}

impl Bells {
    pub(super) fn new() -> Self {
        let bells = (0..BELLS).map(|_| watch::Sender::new(())).collect();
        Self { bells, given: AtomicUsize::new(0) }
    }

    /// The bell of one more listener.
    pub(super) fn one(&self) -> watch::Receiver<()> {
        let given = self.given.fetch_add(1, Ordering::Relaxed);
        self.bells[given / LISTENERS_PER_BELL % BELLS].subscribe()
    }

    /// Rings them all at once.
    pub(super) fn ring(&self) {
        self.bells.iter().for_each(|bell| bell.send_replace(()));
    }

    /// Rings one after the other, all of them within half of `every`.
    pub(super) async fn ring_around(&self, every: Duration) {
        let began = Instant::now();
        let heard = || self.bells.iter().filter(|bell| !bell.is_closed());
        let apart = (every / 2).min(ROUND_MAX) / (heard().count().max(1) as u32);
        for (at, bell) in (0..).zip(heard()) {
            if at > 0 && !apart.is_zero() {
                sleep_until(began + apart * at).await;
            }
            bell.send_replace(());
        }
    }
}
