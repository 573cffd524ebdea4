//! Decides when something is due in the simulation: the domain's time, kept to the microsecond.
//!
//! At a clock scale of 600 one millisecond is 0.6 domain seconds, so a timer that ticks in
//! milliseconds would blur every wait. One thread of its own sleeps to absolute instants instead.

use parking_lot::{Condvar, Mutex};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The farthest that an alarm may lie ahead, in real time; what is later rings then.
const AHEAD_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

/// Domain time since the start of the simulation. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct SimulatedClock {
    shared: Arc<Owner>,
    started: Instant,
    scale: f64,
}

impl SimulatedClock {
    /// A clock that starts now, at zero, and passes `scale` domain seconds in one second; for the
    /// scale of a daemon see `SessionSender::clock_scale`.
    ///
    /// # Errors
    /// When the system has no thread for it.
    ///
    /// # Panics
    /// Unless `scale` is above 0 and finite.
    pub fn start(scale: f64) -> std::io::Result<Self> {
        assert!(scale.is_finite() && scale > 0.0, "a clock scale is above 0, this is {scale}");
        let alarms = Arc::new(Alarms::default());
        let sleeper = Arc::clone(&alarms);
        std::thread::Builder::new()
            .name("simulated-clock".to_owned())
            .spawn(move || sleeper.run())?;
        Ok(Self { shared: Arc::new(Owner(alarms)), started: Instant::now(), scale })
    }

    /// Domain time since the start.
    pub fn now(&self) -> Duration {
        scaled(self.started.elapsed(), self.scale)
    }

    /// How many domain seconds pass in one second.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Returns at this domain time, at once if it has passed.
    pub async fn sleep_until(&self, at: Duration) {
        let (rings, rang) = oneshot::channel();
        self.at(at, move || {
            // A sleeper that was dropped does not miss it.
            let _ = rings.send(());
        });
        // The clock cannot end while `self` is borrowed, so it rings.
        let _ = rang.await;
    }

    /// Returns after this much domain time.
    pub async fn sleep(&self, length: Duration) {
        self.sleep_until(self.now().saturating_add(length)).await;
    }

    /// Calls `ring` on the clock's thread at this domain time; it must not block. What is due at
    /// the same time rings in the order of asking. Nothing rings after the last clone is gone.
    pub(crate) fn at(&self, at: Duration, ring: impl FnOnce() + Send + 'static) {
        let ahead = scaled(at, 1.0 / self.scale).min(AHEAD_MAX);
        self.shared.0.add(self.started + ahead, Box::new(ring));
    }
}

fn scaled(length: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(length.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

/// Ends the thread when the last clock is gone.
#[derive(Debug)]
struct Owner(Arc<Alarms>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.line.lock().stopped = true;
        self.0.changed.notify_one();
    }
}

#[derive(Debug, Default)]
struct Alarms {
    line: Mutex<Line>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Line {
    alarms: BinaryHeap<Alarm>,
    asked: u64,
    stopped: bool,
}

struct Alarm {
    at: Instant,
    asked: u64,
    ring: Box<dyn FnOnce() + Send>,
}

impl Alarms {
    fn add(&self, at: Instant, ring: Box<dyn FnOnce() + Send>) {
        let mut line = self.line.lock();
        let is_first = line.alarms.peek().is_none_or(|first| at < first.at);
        let asked = line.asked;
        line.asked += 1;
        line.alarms.push(Alarm { at, asked, ring });
        drop(line);
        if is_first {
            self.changed.notify_one();
        }
    }

    fn run(&self) {
        let mut line = self.line.lock();
        while !line.stopped {
            let Some(at) = line.alarms.peek().map(|first| first.at) else {
                self.changed.wait(&mut line);
                continue;
            };
            if at > Instant::now() {
                self.changed.wait_until(&mut line, at);
                continue;
            }
            if let Some(due) = line.alarms.pop() {
                parking_lot::MutexGuard::unlocked(&mut line, due.ring);
            }
        }
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("at", &self.at).finish_non_exhaustive()
    }
}

// The greatest of the heap is the one that is due first.
impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.asked).cmp(&(self.at, self.asked))
    }
}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Alarm {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn alarms_ring_by_time_and_those_of_one_instant_in_the_order_of_asking() {
        let clock = SimulatedClock::start(1_000.0).expect("a thread");
        let (rang, heard) = mpsc::channel();
        for (name, at) in [("c", 40), ("a", 10), ("b", 20), ("d", 40), ("e", 40)] {
            let rang = rang.clone();
            clock.at(Duration::from_secs(at), move || rang.send(name).expect("it is heard"));
        }
        let order: Vec<_> = heard.iter().take(5).collect();
        assert_eq!(order, ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn no_alarm_rings_early_and_a_past_one_rings_at_once() {
        let clock = SimulatedClock::start(500.0).expect("a thread");
        let (rang, heard) = mpsc::channel();
        for at in [0, 5, 25].map(Duration::from_secs) {
            let (rang, clock_then) = (rang.clone(), clock.clone());
            clock.at(at, move || rang.send((at, clock_then.now())).expect("it is heard"));
        }
        for (at, now) in heard.iter().take(3) {
            assert!(now >= at, "due at {at:?}, rang at {now:?}");
        }
    }

    #[test]
    fn nothing_rings_after_the_clock_is_gone() {
        let clock = SimulatedClock::start(1.0).expect("a thread");
        let (rang, heard) = mpsc::channel::<()>();
        clock.at(Duration::from_secs(3_600), move || rang.send(()).expect("it is heard"));
        drop(clock);
        // The thread ends and drops the alarm, and with it the only sender.
        assert_eq!(heard.recv(), Err(mpsc::RecvError));
    }

    #[test]
    fn the_farthest_time_is_a_time() {
        let clock = SimulatedClock::start(1e-9).expect("a thread");
        clock.at(Duration::MAX, || ());
        assert!(clock.now() < Duration::from_secs(1));
    }
}
