//! Takes what the driver decided to those who read: folds it into the view, hands out deltas, and
//! only then answers the people who asked for it.

use crate::mail::{Answer, Explaining};
use crate::refusal::Refusal;
use crate::request::{CallRef, Position};
use crate::subscription::Feed;
use crate::view::View;
use acd_core::{Decision, DemandId, Event, Explanation, QueueId, SkillQueue, Span, Timestamp};
use acd_journal::{CallCard, Origin};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// How many parcels may be on their way before the driver keeps the next one open.
pub(crate) const PARCELS_UNDERWAY_MAX: usize = 8;
/// How many events one delta holds, so that readers get at the view in between.
const EVENTS_PER_DELTA_MAX: usize = 4_096;

/// One event with what is needed to tell it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Counts the events of the epoch.
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) origin: Arc<Origin>,
    pub(crate) event: Event,
    pub(crate) named: Named,
    /// Of an offer: why it was made.
    pub(crate) decision: Option<Box<Decision>>,
}

/// What a person wants explained, and what the driver has found of it.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) call: CallRef,
    pub(crate) at: Timestamp,
    /// The last event before it was asked: what was found is so then, and perhaps not later.
    pub(crate) after: u64,
    pub(crate) found: Result<Explanation, Refusal>,
    pub(crate) answer: Explaining,
}

/// A name that the event makes known or uses, and that the plan does not hold.
#[derive(Clone, Debug)]
pub(crate) enum Named {
    Nothing,
    Call(Arc<CallCard>),
    Adapter(Arc<str>),
    /// What agents are told.
    Message(Arc<str>),
}

/// What the driver hands over at once.
#[derive(Debug, Default)]
pub(crate) struct Parcel {
    pub(crate) records: Vec<Record>,
    /// Lines that changed, as they are after the last record; a later one of the same line counts.
    pub(crate) lines: Vec<(DemandId, SkillQueue)>,
    /// How long a call would wait, where that has changed, as it is after the last record; a later one of the
    /// same queue counts.
    pub(crate) estimates: Vec<(QueueId, Option<Span>)>,
    /// To be given once the records are published.
    pub(crate) answers: Vec<(Answer, Result<Position, Refusal>)>,
    /// In the order in which they were asked.
    pub(crate) questions: Vec<Question>,
}

impl Parcel {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.lines.is_empty()
            && self.estimates.is_empty()
            && self.answers.is_empty()
            && self.questions.is_empty()
    }

    /// Whether somebody waits for it to be published.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.answers.is_empty() || !self.questions.is_empty()
    }
}

/// What the driver says of the state after some records.
#[derive(Default)]
struct AfterThem<'a> {
    lines: &'a [(DemandId, SkillQueue)],
    estimates: &'a [(QueueId, Option<Span>)],
}

impl AfterThem<'_> {
    fn set(&self, view: &mut View) {
        view.set_lines(self.lines);
        view.set_estimates(self.estimates);
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
                whole.questions.extend(parcel.questions);
                whole.records.extend(parcel.records);
                whole.lines.extend(parcel.lines);
                whole.estimates.extend(parcel.estimates);
                whole.answers.extend(parcel.answers);
            }
            self.publish(whole);
        }
        self.feed.end();
    }

    fn publish(&self, mut parcel: Parcel) {
        for Question { call, at, after, found, answer } in parcel.questions {
            let asked_at = parcel.records.partition_point(|record| record.number <= after);
            let later = parcel.records.split_off(asked_at);
            self.publish_records(&parcel.records, &AfterThem::default());
            parcel.records = later;
            let explained = self.feed.view().explained(&call, at, found);
            // Whoever asked may have gone.
            let _gone = answer.send(explained).is_err();
        }
        let after_them = AfterThem { lines: &parcel.lines, estimates: &parcel.estimates };
        self.publish_records(&parcel.records, &after_them);
        for (answer, result) in parcel.answers {
            let _gone = answer.send(result).is_err();
        }
    }

    fn publish_records(&self, records: &[Record], after_them: &AfterThem<'_>) {
        let mut chunks = records.chunks(EVENTS_PER_DELTA_MAX).peekable();
        if chunks.peek().is_none() {
            after_them.set(&mut self.feed.view_to_write());
        }
        while let Some(records) = chunks.next() {
            let (delta, agents) = {
                let mut view = self.feed.view_to_write();
                view.fold(records);
                if chunks.peek().is_none() {
                    after_them.set(&mut view);
                }
                view.take_delta()
            };
            self.feed.publish(delta, &agents);
        }
    }
}
