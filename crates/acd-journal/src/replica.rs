//! The fold: a domain made again from its log, checked batch by batch.

use crate::cast::Cast;
use crate::record::{Batch, Tail};
use acd_core::{Command, Event, EventDigest, Rejection, Router, RoutingPlan};
use acd_statistics::{History, Statistics};
use std::sync::Arc;
use thiserror::Error;

/// The state of a domain as of some batch of its log.
#[derive(Debug)]
pub struct Replica {
    parts: Parts,
    events: Vec<Event>,
}

/// What a [`Replica`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The state itself.
    pub router: Router,
    /// Who is meant by its handles.
    pub cast: Cast,
    /// Where the log goes on.
    pub tail: Tail,
    /// Of all events so far.
    pub digest: EventDigest,
    /// What they come to, in figures.
    pub statistics: Statistics,
}

/// Why a batch cannot follow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FoldError {
    /// It is not the next one.
    #[error("batch {found} of epoch {epoch} came where batch {expected} had to")]
    OutOfPlace {
        /// The number that had to come.
        expected: u64,
        /// The number that came.
        found: u64,
        /// Its epoch.
        epoch: u64,
    },
    /// The Router refuses what it took before.
    #[error("command {sequence} of batch {batch} is refused: {rejection}")]
    Refused {
        /// Which command.
        sequence: u64,
        /// In which batch.
        batch: u64,
        /// Why.
        rejection: Rejection,
    },
    /// The events are not those of then.
    #[error(
        "batch {batch}, commands {first} to {sequence}, does not decide as it did: digest \
         {found:016x}, recorded {recorded:016x}"
    )]
    DecidesDifferently {
        /// Which batch.
        batch: u64,
        /// Its first command.
        first: u64,
        /// Its last command.
        sequence: u64,
        /// What the log says.
        recorded: u64,
        /// What came out now.
        found: u64,
    },
}

impl Default for Replica {
    fn default() -> Self {
        Self::empty()
    }
}

impl Replica {
    /// A domain before its first batch.
    pub fn empty() -> Self {
        let router = Router::new(Arc::new(RoutingPlan::default()));
        let router = router.expect("a plan of nothing has no defect");
        Self::of(Parts {
            statistics: Statistics::new(router.plan()),
            router,
            cast: Cast::default(),
            tail: Tail::default(),
            digest: EventDigest::default(),
        })
    }

    /// A domain as a snapshot describes it.
    pub(crate) fn of(parts: Parts) -> Self {
        Self { parts, events: Vec::new() }
    }

    /// Where the log goes on.
    pub fn tail(&self) -> Tail {
        self.parts.tail
    }

    /// The state.
    pub fn router(&self) -> &Router {
        &self.parts.router
    }

    /// Who is meant by its handles.
    pub fn cast(&self) -> &Cast {
        &self.parts.cast
    }

    /// Of all events so far.
    pub fn digest(&self) -> EventDigest {
        self.parts.digest
    }

    /// What the events so far come to, in figures.
    pub fn statistics(&self) -> &Statistics {
        &self.parts.statistics
    }

    /// History of the figures that have become final; they are not kept here any more.
    pub(crate) fn take_settled(&mut self) -> History {
        self.parts.statistics.take_settled()
    }

    /// To go on with it.
    pub fn into_parts(self) -> Parts {
        self.parts
    }

    /// Takes in the next batch.
    ///
    /// # Errors
    /// It is not the next one, or what follows from it is not what followed then. The replica is
    /// of no use afterwards.
    pub fn fold(&mut self, batch: &Batch) -> Result<(), FoldError> {
        self.fold_and_see(batch, &mut |_, _, _| {})
    }

    /// The same, and shows after each command the Router, the sequence, and the events that it caused.
    ///
    /// # Errors
    /// As `fold`.
    pub fn fold_and_see(
        &mut self,
        batch: &Batch,
        see: &mut dyn FnMut(&Router, u64, &[Event]),
    ) -> Result<(), FoldError> {
        let Self { parts: Parts { router, cast, tail, digest, statistics }, events } = self;
        if !tail.is_continued_by(batch) {
            let (expected, found, epoch) = (tail.batch + 1, batch.number, batch.epoch);
            return Err(FoldError::OutOfPlace { expected, found, epoch });
        }
        for entry in &batch.entries {
            events.clear();
            router.apply(entry.at, entry.command.clone(), events).map_err(|rejection| {
                let (sequence, batch) = (entry.sequence, batch.number);
                FoldError::Refused { sequence, batch, rejection }
            })?;
            // Only what the Router has found to be in bounds.
            cast.meet(&entry.command, entry.minted.as_ref());
            cast.part(entry, events, router);
            if let Command::PlanChanged { .. } = entry.command {
                statistics.plan_changed(entry.at, router);
            }
            for event in events.iter() {
                digest.take_in(event);
                statistics.fold(entry.at, event);
            }
            see(router, entry.sequence, events);
        }
        *tail = Tail::after(batch);
        if digest.value() != batch.digest {
            return Err(FoldError::DecidesDifferently {
                batch: batch.number,
                first: batch.first_sequence,
                sequence: tail.next_sequence - 1,
                recorded: batch.digest,
                found: digest.value(),
            });
        }
        Ok(())
    }
}
