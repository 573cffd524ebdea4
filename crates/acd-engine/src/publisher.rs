//! Takes what the driver decided to those who read: folds it into the view, hands out deltas, and
//! only then answers the people who asked for it.

use crate::mail::Answer;
use crate::refusal::Refusal;
use crate::request::Position;
use crate::subscription::Feed;
use acd_core::{DemandId, Event, SkillQueue, Timestamp};
use acd_journal::{CallCard, Origin};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// How many parcels may be on their way before the driver keeps the next one open.
pub(crate) const PARCELS_UNDERWAY_MAX: usize = 64;
/// How many events one delta holds, so that readers get at the view in between.
const EVENTS_PER_DELTA_MAX: usize = 4_096;

/// One event with what is needed to tell it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Counts the events of the epoch.
    pub(crate) number: u64,
    /// The command that caused it.
    pub(crate) sequence: u64,
    pub(crate) at: Timestamp,
    pub(crate) origin: Arc<Origin>,
    pub(crate) event: Event,
    pub(crate) named: Named,
}

/// A name that the event makes known or uses, and that the plan does not hold.
#[derive(Clone, Debug)]
pub(crate) enum Named {
    Nothing,
    Call(Arc<CallCard>),
    Adapter(Arc<str>),
}

/// What the driver hands over at once.
#[derive(Debug, Default)]
pub(crate) struct Parcel {
    pub(crate) records: Vec<Record>,
    /// Lines that changed, as they are after the last record; a later one of the same line counts.
    pub(crate) lines: Vec<(DemandId, SkillQueue)>,
    /// To be given once the records are published.
    pub(crate) answers: Vec<(Answer, Result<Position, Refusal>)>,
}

impl Parcel {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.lines.is_empty() && self.answers.is_empty()
    }
}

/// The cold task of a domain.
#[derive(Debug)]
pub struct Publisher {
    parcels: mpsc::Receiver<Parcel>,
    feed: Arc<Feed>,
    _life: watch::Sender<()>,
}

impl Publisher {
    pub(crate) fn new(
        parcels: mpsc::Receiver<Parcel>,
        feed: Arc<Feed>,
        life: watch::Sender<()>,
    ) -> Self {
        Self { parcels, feed, _life: life }
    }

    /// Publishes until the driver has ended and all that it decided is told.
    pub async fn run(mut self) {
        let mut taken = Vec::with_capacity(PARCELS_UNDERWAY_MAX);
        while self.parcels.recv_many(&mut taken, PARCELS_UNDERWAY_MAX).await > 0 {
            let mut whole = Parcel::default();
            for parcel in taken.drain(..) {
                whole.records.extend(parcel.records);
                whole.lines.extend(parcel.lines);
                whole.answers.extend(parcel.answers);
            }
            self.publish(whole);
        }
        self.feed.end();
    }

    fn publish(&self, parcel: Parcel) {
        let mut chunks = parcel.records.chunks(EVENTS_PER_DELTA_MAX).peekable();
        if chunks.peek().is_none() {
            self.feed.view_to_write().set_lines(&parcel.lines);
        }
        while let Some(records) = chunks.next() {
            let lines = if chunks.peek().is_none() { &parcel.lines[..] } else { &[] };
            let (delta, agents) = {
                let mut view = self.feed.view_to_write();
                view.fold(records);
                view.set_lines(lines);
                view.take_delta()
            };
            self.feed.publish(delta, &agents);
        }
        for (answer, result) in parcel.answers {
            // Whoever asked may have gone.
            let _gone = answer.send(result).is_err();
        }
    }
}
