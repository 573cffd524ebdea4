//! Makes batches durable, one at a time, and finds out what became of those left open.

use crate::status::Gauges;
use acd_journal::{Appended, Batch, CommandLog, Entry, LogError, Tail};
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{info, warn};

/// How long to wait before a log that failed is asked again; doubled each time, up to ...
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// ... this.
const ASK_AGAIN_AFTER_MAX: Duration = Duration::from_secs(2);

/// A log that has taken so long over a batch hangs: callers are not kept waiting for it.
const HANGS_AFTER: Duration = Duration::from_secs(1);

/// While the log takes its time, batches begin no closer together than this: a sync costs as much
/// CPU as many calls do, and those of a busy moment may share one.
const BATCHES_APART: Duration = Duration::from_millis(1);

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is durable, and the log ends here.
    Stored(Tail),
    /// Somebody else writes this log.
    Fenced,
    /// Not known, or not stored; it is tried again after a while.
    Failing(LogError),
    /// The log does not answer; it is waited for all the same.
    Hanging,
}

/// What one attempt to store a batch came to.
enum Attempt {
    Stored,
    Fenced,
    Failed {
        error: LogError,
        /// It may be stored all the same.
        left_open: bool,
    },
}

type Append = Pin<Box<dyn Future<Output = Attempt> + Send>>;

/// The only one who appends.
pub(super) struct Writer<L> {
    log: Arc<L>,
    epoch: u64,
    tail: Tail,
    gauges: Arc<Gauges>,
    in_flight: Option<(Arc<Batch>, Append)>,
    /// When the batch in flight takes too long; none if that has been told, or is no news.
    hangs_at: Option<Instant>,
    /// It takes too long.
    hangs: bool,
    /// The last batch was not stored by the time it was asked for.
    takes_time: bool,
    /// The pause after the last attempt, while they fail.
    pause: Option<Duration>,
    /// Until when the log is left alone, so that the next batch grows.
    rests_until: Instant,
}

impl<L: CommandLog> Writer<L> {
    /// A writer that goes on at `tail`.
    pub(super) fn new(log: L, epoch: u64, tail: Tail, gauges: Arc<Gauges>) -> Self {
        Self {
            log: Arc::new(log),
            epoch,
            tail,
            gauges,
            in_flight: None,
            hangs_at: None,
            hangs: false,
            takes_time: false,
            pause: None,
            rests_until: Instant::now(),
        }
    }

    /// Whether the log ends where it is expected to, and in an earlier epoch.
    pub(super) async fn may_begin(&mut self) -> bool {
        loop {
            match self.log.tail().await {
                Ok(found) if found == self.tail && found.epoch < self.epoch => {
                    self.works();
                    return true;
                }
                Ok(found) => {
                    warn!(found = found.epoch, epoch = self.epoch, "the log has another writer");
                    return false;
                }
                Err(error) => sleep(self.fails(&error)).await,
            }
        }
    }

    pub(super) fn is_writing(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Whether the next batch may begin.
    pub(super) fn may_append(&self) -> bool {
        !self.is_writing() && (!self.takes_time || self.rests_until <= Instant::now())
    }

    /// Lets the next batch grow for a moment: the last one took all that there was.
    pub(super) fn rest(&mut self) {
        self.rests_until = Instant::now() + BATCHES_APART;
    }

    /// When the next batch may begin, if none is in flight.
    pub(super) fn rests_until(&self) -> Instant {
        self.rests_until
    }

    /// Whether the log takes its time for a batch, as a disk does and memory does not.
    pub(super) fn takes_time(&self) -> bool {
        self.takes_time
    }

    /// Starts to write the next batch; nothing may be in flight.
    pub(super) fn append(&mut self, entries: Vec<Entry>, digest: u64) {
        debug_assert!(self.in_flight.is_none(), "one append in flight");
        let (number, first_sequence) = (self.tail.batch + 1, self.tail.next_sequence);
        let batch = Batch { epoch: self.epoch, number, first_sequence, entries, digest };
        self.attempt(Arc::new(batch), None, false);
    }

    fn attempt(&mut self, batch: Arc<Batch>, pause: Option<Duration>, left_open: bool) {
        let (log, expect) = (Arc::clone(&self.log), self.tail);
        self.hangs_at = pause.is_none().then(|| Instant::now() + HANGS_AFTER);
        let store = store(log, Arc::clone(&batch), expect, pause, left_open);
        self.in_flight = Some((batch, Box::pin(store)));
    }

    /// What became of the batch in flight, if that is known without waiting.
    pub(super) async fn written_already(&mut self) -> Option<Written> {
        let (_, append) = self.in_flight.as_mut()?;
        let attempt = poll_fn(|context| match append.as_mut().poll(context) {
            Poll::Ready(attempt) => Poll::Ready(Some(attempt)),
            Poll::Pending => Poll::Ready(None),
        })
        .await;
        let Some(attempt) = attempt else {
            self.takes_time = true;
            let hangs = self.hangs_at.is_some_and(|at| at <= Instant::now());
            return hangs.then(|| self.begins_to_hang());
        };
        Some(self.settled(attempt))
    }

    /// Waits for what becomes of the batch in flight; for ever if there is none. May be dropped
    /// and called again.
    pub(super) async fn written(&mut self) -> Written {
        let Some((_, append)) = self.in_flight.as_mut() else { return pending().await };
        let hangs = async {
            match self.hangs_at {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        let attempt = tokio::select! {
            biased;
            attempt = append => Some(attempt),
            () = hangs => None,
        };
        match attempt {
            Some(attempt) => self.settled(attempt),
            None => self.begins_to_hang(),
        }
    }

    fn begins_to_hang(&mut self) -> Written {
        (self.hangs_at, self.hangs) = (None, true);
        let reason = format!("it has not answered for {} s", HANGS_AFTER.as_secs());
        warn!("the log hangs: {reason}");
        self.gauges.log_fails(&reason);
        Written::Hanging
    }

    fn settled(&mut self, attempt: Attempt) -> Written {
        let Some((batch, _)) = self.in_flight.take() else { return Written::Fenced };
        match attempt {
            Attempt::Stored => {
                self.works();
                self.tail = Tail::after(&batch);
                Written::Stored(self.tail)
            }
            Attempt::Fenced => Written::Fenced,
            Attempt::Failed { error, left_open } => {
                let pause = self.fails(&error);
                self.attempt(batch, Some(pause), left_open);
                Written::Failing(error)
            }
        }
    }

    /// Says that the log fails; returns how long to leave it alone.
    fn fails(&mut self, error: &LogError) -> Duration {
        if self.pause.is_none() {
            warn!(%error, "the log cannot be written; it is tried again until it can");
        }
        self.gauges.log_fails(&error.to_string());
        let pause = self.pause.map_or(ASK_AGAIN_AFTER, |last| (last * 2).min(ASK_AGAIN_AFTER_MAX));
        self.pause = Some(pause);
        pause
    }

    fn works(&mut self) {
        if self.pause.take().is_some() | std::mem::take(&mut self.hangs) {
            info!("the log can be written again");
            self.gauges.log_works();
        }
    }
}

/// Tries once to store a batch, after a pause. One of which it was not known what became of it may
/// still arrive late: appending it again is safe, as each append names the tail that it expects.
async fn store<L: CommandLog>(
    log: Arc<L>,
    batch: Arc<Batch>,
    expect: Tail,
    pause: Option<Duration>,
    mut left_open: bool,
) -> Attempt {
    if let Some(pause) = pause {
        sleep(pause).await;
    }
    if !left_open {
        match log.append(Arc::clone(&batch), expect).await {
            Appended::Stored => return Attempt::Stored,
            Appended::Fenced => return Attempt::Fenced,
            Appended::Failed(error) => return Attempt::Failed { error, left_open },
            Appended::Unknown => left_open = true,
        }
    }
    match log.tail().await {
        Ok(tail) if tail == Tail::after(&batch) => Attempt::Stored,
        Ok(tail) if tail != expect => Attempt::Fenced,
        Ok(_) => match log.append(batch, expect).await {
            Appended::Stored => Attempt::Stored,
            // It may have arrived just now, late; or another writer has come.
            Appended::Fenced => Attempt::Failed { error: unsettled(), left_open },
            Appended::Unknown => Attempt::Failed { error: unsettled(), left_open },
            Appended::Failed(error) => Attempt::Failed { error, left_open },
        },
        Err(error) => Attempt::Failed { error, left_open },
    }
}

fn unsettled() -> LogError {
    LogError("it does not say whether it has stored a batch".to_owned())
}
