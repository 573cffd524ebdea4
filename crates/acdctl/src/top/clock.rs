//! The domain's clock, carried on between the times that it is told; it stands still while nothing is
//! heard, so that nothing that is shown then looks fresh.

use crate::times::Instant;
use std::time::{Duration, Instant as Real};

/// As little as this is the network's mood, and no reason to set the clock.
const JITTER: Duration = Duration::from_millis(150);
const NS_PER_SECOND: i128 = 1_000_000_000;

/// Runs as fast as the domain's.
#[derive(Debug)]
pub(super) struct DomainClock {
    /// Nanoseconds since 1970, by the domain, when it was read.
    at: i128,
    read: Real,
    scale: f64,
    runs: bool,
}

impl DomainClock {
    pub(super) fn new(now: Real) -> Self {
        Self { at: 0, read: now, scale: 1.0, runs: false }
    }

    /// It was told at `now` that it is `told` there, and how fast the time goes by.
    pub(super) fn hear(&mut self, told: &Instant, scale: f64, now: Real) {
        let scale = if scale.is_finite() && scale > 0.0 { scale } else { 1.0 };
        let told = i128::from(told.seconds) * NS_PER_SECOND + i128::from(told.nanos);
        let off = (told - self.ns(now)).unsigned_abs();
        #[expect(clippy::float_cmp, reason = "the same number comes again, or another")]
        let otherwise = scale != self.scale;
        if !self.runs || otherwise || off as f64 > JITTER.as_nanos() as f64 * scale {
            (self.at, self.read) = (told, now);
        }
        (self.scale, self.runs) = (scale, true);
    }

    /// Nothing is heard any more.
    pub(super) fn stop(&mut self, now: Real) {
        self.at = self.ns(now);
        self.runs = false;
    }

    /// How many of its seconds pass in one.
    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// What it shows.
    pub(super) fn now(&self, now: Real) -> Instant {
        let ns = self.ns(now);
        let seconds = i64::try_from(ns.div_euclid(NS_PER_SECOND)).unwrap_or(i64::MAX);
        let nanos = i32::try_from(ns.rem_euclid(NS_PER_SECOND)).unwrap_or_default();
        Instant { seconds, nanos }
    }

    fn ns(&self, now: Real) -> i128 {
        if !self.runs {
            return self.at;
        }
        let passed = now.saturating_duration_since(self.read).as_secs_f64() * self.scale;
        self.at.saturating_add((passed * NS_PER_SECOND as f64) as i128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64, nanos: i32) -> Instant {
        Instant { seconds, nanos }
    }

    #[test]
    fn it_goes_on_as_fast_as_the_domain_and_stands_still_in_silence() {
        let start = Real::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut clock = DomainClock::new(start);
        assert_eq!(clock.now(after(500)), at(0, 0));
        clock.hear(&at(1_000, 0), 10.0, start);
        assert_eq!(clock.now(after(2_500)), at(1_025, 0));
        clock.stop(after(2_500));
        assert_eq!(clock.now(after(60_000)), at(1_025, 0));
        clock.hear(&at(2_000, 0), 10.0, after(60_000));
        assert_eq!(clock.now(after(61_000)), at(2_010, 0));
    }

    #[test]
    fn the_networks_mood_does_not_set_it() {
        let start = Real::now();
        let mut clock = DomainClock::new(start);
        clock.hear(&at(1_000, 0), 1.0, start);
        let later = start + Duration::from_secs(1);
        clock.hear(&at(1_000, 900_000_000), 1.0, later);
        assert_eq!(clock.now(later), at(1_001, 0));
        clock.hear(&at(1_005, 0), 1.0, later);
        assert_eq!(clock.now(later), at(1_005, 0));
    }

    #[test]
    fn no_scale_makes_it_run_backwards_or_stop() {
        let start = Real::now();
        for scale in [0.0, -3.0, f64::NAN, f64::INFINITY] {
            let mut clock = DomainClock::new(start);
            clock.hear(&at(1_000, 0), scale, start);
            assert_eq!(clock.now(start + Duration::from_secs(1)), at(1_001, 0));
        }
    }
}
