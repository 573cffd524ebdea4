//! What a log holds: commands with their causes and names, in batches.

use acd_core::{Command, Timestamp};
use std::sync::Arc;

/// Key and value pairs that travel with a call; looked at by routes alone.
pub type Attributes = Arc<[(String, String)]>;

/// A call's name and what travels with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallCard {
    /// The adapter that holds the caller.
    pub adapter: Arc<str>,
    /// The id that this adapter chose.
    pub call_id: Arc<str>,
    /// The number that was dialled, or empty.
    pub dialed: Arc<str>,
    /// The number of the caller, or empty.
    pub caller: Arc<str>,
    /// As the adapter gave them.
    pub attributes: Attributes,
}

/// Who caused something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A message of this adapter.
    Adapter(Arc<str>),
    /// An agent or a supervisor.
    Person {
        /// Who.
        name: Arc<str>,
        /// Why, or empty.
        reason: Arc<str>,
    },
    /// A deadline passed.
    Time,
    /// A start of the domain, or a change of configuration.
    Plan,
}

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
    /// The name behind a handle that it uses for the first time, or what it says to people.
    pub minted: Option<Minted>,
}

/// What a command comes with that the Router does not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Minted {
    /// The call of a `CallOffered`.
    Call(Arc<CallCard>),
    /// The adapter of an `AdapterUp`.
    Adapter(Arc<str>),
    /// What a `MessageAgents` says.
    Message(Arc<str>),
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
    /// In order, without gaps. The first batch of an epoch opens it.
    pub entries: Vec<Entry>,
    /// Of all events of the domain up to the last entry: see [`acd_core::EventDigest`].
    pub digest: u64,
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
