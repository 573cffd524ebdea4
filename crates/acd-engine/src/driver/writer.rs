//! Makes batches durable, one at a time, and finds out what became of those left open.

use crate::log::{Appended, Batch, CommandLog, Entry, Tail};
use crate::status::Gauges;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tracing::{info, warn};

/// How long to wait before a log that did not answer is asked again; doubled each time, up to ...
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// ... this.
const ASK_AGAIN_AFTER_MAX: Duration = Duration::from_secs(2);

/// What became of a batch, in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is durable, and the log ends here.
    Stored(Tail),
    /// Somebody else writes this log.
    Fenced,
}

type Append = Pin<Box<dyn Future<Output = Written> + Send>>;

/// The only one who appends.
pub(super) struct Writer<L> {
    log: Arc<L>,
    epoch: u64,
    tail: Tail,
    gauges: Arc<Gauges>,
    in_flight: Option<Append>,
}

impl<L: CommandLog> Writer<L> {
    pub(super) fn new(log: L, epoch: u64, gauges: Arc<Gauges>) -> Self {
        Self { log: Arc::new(log), epoch, tail: Tail::default(), gauges, in_flight: None }
    }

    /// Opens the epoch with a batch of its own. The tail that it then has, or `None` when the log
    /// belongs to an epoch as high as this one.
    pub(super) async fn begin(&mut self) -> Option<Tail> {
        self.tail = tail_of(&*self.log, &self.gauges).await;
        if self.tail.epoch >= self.epoch {
            warn!(found = self.tail.epoch, epoch = self.epoch, "the log is at this epoch or later");
            return None;
        }
        self.append(self.tail.next_sequence, Vec::new());
        match self.written().await {
            Written::Stored(tail) => Some(tail),
            Written::Fenced => None,
        }
    }

    pub(super) fn is_writing(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Starts to write the next batch; nothing may be in flight.
    pub(super) fn append(&mut self, first_sequence: u64, entries: Vec<Entry>) {
        debug_assert!(self.in_flight.is_none(), "one append in flight");
        let (epoch, number) = (self.epoch, self.tail.batch + 1);
        let batch = Arc::new(Batch { epoch, number, first_sequence, entries });
        let (log, gauges) = (Arc::clone(&self.log), Arc::clone(&self.gauges));
        self.in_flight = Some(Box::pin(store(log, batch, self.tail, gauges)));
    }

    /// What became of the batch in flight, if that is known without waiting.
    pub(super) async fn written_already(&mut self) -> Option<Written> {
        let append = self.in_flight.as_mut()?;
        let written = poll_fn(|context| match append.as_mut().poll(context) {
            Poll::Ready(written) => Poll::Ready(Some(written)),
            Poll::Pending => Poll::Ready(None),
        })
        .await?;
        Some(self.settled(written))
    }

    /// Waits for what becomes of the batch in flight; for ever if there is none. May be dropped
    /// and called again.
    pub(super) async fn written(&mut self) -> Written {
        let Some(append) = self.in_flight.as_mut() else { return pending().await };
        let written = append.await;
        self.settled(written)
    }

    fn settled(&mut self, written: Written) -> Written {
        self.in_flight = None;
        if let Written::Stored(tail) = written {
            self.tail = tail;
        }
        written
    }
}

/// Appends until it is known what became of the batch. A batch of which that was not known may
/// still arrive late: appending it again is safe, as each append names the tail that it expects.
async fn store<L: CommandLog>(
    log: Arc<L>,
    batch: Arc<Batch>,
    expect: Tail,
    gauges: Arc<Gauges>,
) -> Written {
    let stored = Tail::after(&batch);
    let mut left_open = false;
    loop {
        match log.append(Arc::clone(&batch), expect).await {
            Appended::Stored => return Written::Stored(stored),
            Appended::Fenced if !left_open => return Written::Fenced,
            Appended::Fenced | Appended::Unknown => {}
        }
        left_open = true;
        let tail = tail_of(&*log, &gauges).await;
        if tail == stored {
            return Written::Stored(stored);
        }
        if tail != expect {
            return Written::Fenced;
        }
    }
}

/// Asks until the log answers; the domain's health says so meanwhile.
async fn tail_of<L: CommandLog>(log: &L, gauges: &Gauges) -> Tail {
    let mut wait = ASK_AGAIN_AFTER;
    let mut silent = false;
    loop {
        match log.tail().await {
            Ok(tail) => {
                if silent {
                    info!("the log answers again");
                    gauges.log_answers();
                }
                return tail;
            }
            Err(error) => {
                if !silent {
                    warn!(%error, "the log does not answer");
                }
                silent = true;
                gauges.log_is_silent(&error.to_string());
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(ASK_AGAIN_AFTER_MAX);
            }
        }
    }
}
