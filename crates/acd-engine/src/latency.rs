//! How fast the engine itself is, measured without getting in its own way.

#![expect(
    clippy::disallowed_types,
    reason = "a reader and the driver share it; the driver only tries"
)]

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// Everything above counts as this much.
const NANOSECONDS_MAX: u64 = 60_000_000_000;
/// Significant digits of a quantile.
const DIGITS: u8 = 3;
/// How many samples may wait for a reader to let go before the driver waits for him.
const SAMPLES_PENDING_MAX: usize = 65_536;

/// A distribution of latencies, in microseconds of real time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// Half are below.
    pub p50_us: f64,
    /// 99 of 100 are below.
    pub p99_us: f64,
    /// 999 of 1,000 are below.
    pub p999_us: f64,
    /// The highest.
    pub max_us: f64,
}

/// Both distributions, as readers see them.
#[derive(Debug)]
pub(crate) struct Latencies {
    mailbox: Histogram<u64>,
    decision: Histogram<u64>,
}

impl Latencies {
    pub(crate) fn shared() -> Arc<Mutex<Self>> {
        let empty = || {
            Histogram::new_with_bounds(1, NANOSECONDS_MAX, DIGITS)
                .expect("1 is at least 1, the highest at least twice that, 3 digits at most 5")
        };
        Arc::new(Mutex::new(Self { mailbox: empty(), decision: empty() }))
    }

    pub(crate) fn mailbox(&self) -> Latency {
        summary(&self.mailbox)
    }

    pub(crate) fn decision(&self) -> Latency {
        summary(&self.decision)
    }
}

fn summary(histogram: &Histogram<u64>) -> Latency {
    let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
    if histogram.is_empty() {
        return Latency::default();
    }
    Latency {
        count: histogram.len(),
        p50_us: at(0.5),
        p99_us: at(0.99),
        p999_us: at(0.999),
        max_us: histogram.max() as f64 / 1_000.0,
    }
}

/// The driver's end: samples are put down one by one and handed over once a round. A reader who
/// holds the lock at that moment is not waited for, the samples go over with the next round.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    pending: Vec<(Duration, Duration)>,
    shared: Arc<Mutex<Latencies>>,
}

impl Stopwatch {
    pub(crate) fn new(shared: Arc<Mutex<Latencies>>) -> Self {
        Self { pending: Vec::new(), shared }
    }

    pub(crate) fn measured(&mut self, mailbox: Duration, decision: Duration) {
        self.pending.push((mailbox, decision));
    }

    /// Whether there is nothing left to hand over.
    pub(crate) fn hand_over(&mut self) -> bool {
        if self.pending.is_empty() {
            return true;
        }
        let reader_first = self.pending.len() < SAMPLES_PENDING_MAX;
        let shared = if reader_first { self.shared.try_lock() } else { Some(self.shared.lock()) };
        let Some(mut shared) = shared else { return false };
        let nanoseconds = |span: Duration| {
            u64::try_from(span.as_nanos()).unwrap_or(u64::MAX).clamp(1, NANOSECONDS_MAX)
        };
        for (mailbox, decision) in self.pending.drain(..) {
            shared.mailbox.saturating_record(nanoseconds(mailbox));
            shared.decision.saturating_record(nanoseconds(decision));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_arrive_once_the_reader_lets_go() {
        let shared = Latencies::shared();
        let mut stopwatch = Stopwatch::new(Arc::clone(&shared));
        stopwatch.measured(Duration::from_micros(10), Duration::from_micros(2));
        {
            let reading = shared.lock();
            assert!(!stopwatch.hand_over());
            assert_eq!(reading.decision(), Latency::default());
        }
        stopwatch.measured(Duration::from_secs(3_600), Duration::ZERO);
        assert!(stopwatch.hand_over());
        let read = shared.lock();
        assert_eq!((read.mailbox().count, read.decision().count), (2, 2));
        assert!((read.mailbox().p50_us - 10.0).abs() < 0.1);
        assert!(read.mailbox().max_us >= 59_000_000.0, "beyond the bound counts as the bound");
    }
}
