//! The one source of time: what the domain takes for now.

use acd_core::{Span, Timestamp};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Domain time: read from the wall clock once, driven by the monotonic clock from then on, so that
/// a step of the wall clock fires nothing early and nothing twice.
#[derive(Clone, Debug)]
pub struct Clock {
    anchor: Timestamp,
    started: Instant,
    scale: u32,
}

impl Clock {
    /// A clock that starts at the wall clock's time and runs `scale` times as fast; 0 counts as 1.
    #[expect(clippy::disallowed_methods, reason = "the one look at the wall clock")]
    pub fn start(scale: u32) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::start_at(Timestamp(u64::try_from(wall.as_micros()).unwrap_or(u64::MAX)), scale)
    }

    /// A clock that reads `anchor` now and runs `scale` times as fast; 0 counts as 1.
    pub(crate) fn start_at(anchor: Timestamp, scale: u32) -> Self {
        Self { anchor, started: Instant::now(), scale: scale.max(1) }
    }

    /// The same clock, set forward if need be: a domain that comes back goes on no earlier than it
    /// ended, even if the wall clock was set back meanwhile.
    #[must_use]
    pub fn not_before(mut self, at: Timestamp) -> Self {
        let behind = at.since(self.now());
        self.anchor = self.anchor + behind;
        self
    }

    /// The domain's time now; never lower than what was read before.
    pub fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    /// The domain's time at an instant of the monotonic clock.
    pub(crate) fn at(&self, instant: Instant) -> Timestamp {
        self.anchor + self.span_of(instant.saturating_duration_since(self.started))
    }

    /// How much domain time passes in a length of real time.
    pub(crate) fn span_of(&self, real: Duration) -> Span {
        let scaled = real.as_micros().saturating_mul(u128::from(self.scale));
        Span(u64::try_from(scaled).unwrap_or(u64::MAX))
    }

    /// How long to sleep, in real time, until the domain's clock reads `at` or a little later.
    pub fn real_until(&self, at: Timestamp) -> Duration {
        let Span(ahead) = at.since(self.now());
        Duration::from_micros(ahead.div_ceil(u64::from(self.scale)))
    }

    /// How many domain seconds pass in one second.
    pub fn scale(&self) -> u32 {
        self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_runs_scale_times_as_fast_as_real_time() {
        let clock = Clock::start(600);
        let began = clock.now();
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!(clock.now().since(began), Span::from_secs(60));
        assert_eq!(clock.real_until(began + Span::from_secs(120)), Duration::from_millis(100));
        assert_eq!(clock.real_until(began), Duration::ZERO, "what is past is due now");
    }

    #[tokio::test(start_paused = true)]
    async fn sleeping_until_an_instant_never_ends_before_it() {
        let clock = Clock::start(7);
        for microseconds in [1, 6, 7, 8, 999, 1_000_001] {
            let at = clock.now() + Span(microseconds);
            tokio::time::advance(clock.real_until(at)).await;
            assert!(clock.now() >= at);
        }
    }
}
