//! Where commands become durable. A log is a chain of batches with one writer at a time.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
#[cfg(any(test, feature = "contract"))]
pub mod faulty;
pub mod memory;

pub use memory::MemoryLog;

use crate::view::{CallCard, Origin};
use acd_core::{Command, Timestamp};
use std::future::Future;
use std::sync::Arc;
use thiserror::Error;

/// One command that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts the commands of the domain, from 1, over all epochs.
    pub sequence: u64,
    /// When it was applied.
    pub at: Timestamp,
    /// By whom.
    pub origin: Arc<Origin>,
    /// What.
    pub command: Command,
    /// The name behind a handle that it uses for the first time.
    pub minted: Option<Minted>,
}

/// A name that got a handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Minted {
    /// The call of a `CallOffered`.
    Call(Arc<CallCard>),
    /// The adapter of an `AdapterUp`.
    Adapter(Arc<str>),
}

/// One record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The epoch of its writer.
    pub epoch: u64,
    /// Counts the batches of the log, from 1.
    pub number: u64,
    /// The sequence of the first entry, or of the next one if there is none.
    pub first_sequence: u64,
    /// In order, without gaps. None in the first batch of an epoch, which only opens it.
    pub entries: Vec<Entry>,
}

impl Batch {
    /// Whether it holds the sequence `at`, or stands at it or after.
    pub fn reaches(&self, at: u64) -> bool {
        self.first_sequence >= at || Tail::after(self).next_sequence > at
    }
}

/// Where a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The epoch of the last batch; 0 before the first.
    pub epoch: u64,
    /// The number of the last batch; 0 before the first.
    pub batch: u64,
    /// The sequence of the next entry.
    pub next_sequence: u64,
}

impl Default for Tail {
    fn default() -> Self {
        Self { epoch: 0, batch: 0, next_sequence: 1 }
    }
}

impl Tail {
    /// The tail once `batch` is stored.
    pub fn after(batch: &Batch) -> Self {
        Self {
            epoch: batch.epoch,
            batch: batch.number,
            next_sequence: batch.first_sequence + batch.entries.len() as u64,
        }
    }

    /// Whether `batch` goes on where this tail ends.
    pub fn is_continued_by(&self, batch: &Batch) -> bool {
        batch.number == self.batch + 1
            && batch.first_sequence == self.next_sequence
            && batch.epoch >= self.epoch
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is durable.
    Stored,
    /// The log does not end where the writer expected: somebody else writes it. Nothing changed.
    Fenced,
    /// It may be stored now, later or never; `tail` tells. Appending it again, with the same
    /// expectation, is safe.
    Unknown,
}

/// A log could not answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct LogError(pub String);

/// A durable chain of batches.
///
/// `contract::check_contract` (feature `contract`) is what each implementation must pass.
pub trait CommandLog: Send + Sync + 'static {
    /// Adds `batch` if the log ends at `expect`. One append at a time.
    fn append(&self, batch: Arc<Batch>, expect: Tail) -> impl Future<Output = Appended> + Send;

    /// The batch that holds `from` and all after it, in order; empty ones that stand at `from` too.
    ///
    /// # Errors
    /// The log does not answer, or no longer keeps what `from` was in.
    fn read(&self, from: u64) -> impl Future<Output = Result<Vec<Arc<Batch>>, LogError>> + Send;

    /// Forgets whole batches that stand wholly before the sequence `to`.
    ///
    /// # Errors
    /// The log does not answer.
    fn truncate(&self, to: u64) -> impl Future<Output = Result<(), LogError>> + Send;

    /// Where the log ends.
    ///
    /// # Errors
    /// The log does not answer.
    fn tail(&self) -> impl Future<Output = Result<Tail, LogError>> + Send;
}
