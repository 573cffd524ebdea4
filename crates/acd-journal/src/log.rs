//! What a log promises: a durable chain of batches with one writer at a time.

use crate::record::{Batch, Tail};
use std::future::Future;
use std::sync::Arc;
use thiserror::Error;

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is durable.
    Stored,
    /// The log does not end where the writer expected: somebody else writes it. Nothing changed.
    Fenced,
    /// It may be stored now, later or never; `tail` tells. Appending it again, with the same
    /// expectation, is safe.
    Unknown,
    /// It is not stored, and may be appended again, with the same expectation.
    Failed(LogError),
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

    /// The batch that holds `from` and those after it, in order; empty ones that stand at `from`
    /// too. Perhaps not all: but at least one, if there is one.
    ///
    /// # Errors
    /// The log does not answer, or no longer keeps what `from` was in.
    fn read(&self, from: u64) -> impl Future<Output = Result<Vec<Arc<Batch>>, LogError>> + Send;

    /// Forgets whole batches that stand wholly before the sequence `to`, or as many of them as is
    /// easy.
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
