//! Where commands become durable, and how a domain is made again from them.
//!
//! A log is a chain of batches with one writer at a time. What it holds, folded from the first
//! batch or from a snapshot on, is the state of the domain.

mod cast;
mod closings;
mod codec;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod disk;
#[cfg(any(test, feature = "contract"))]
pub mod example;
#[cfg(any(test, feature = "contract"))]
pub mod faulty;
mod figures;
mod file_log;
mod follower;
mod journal;
mod ladders;
mod log;
pub mod memory;
mod notes;
mod reader;
mod record;
mod replica;
mod retention;
mod segment;
mod snapshots;
/// What an operator can ask of a data folder.
pub mod tools;

pub use cast::{Cast, Farewell, SENT_AWAY_MAX, SentAway};
pub use closings::{ClosedBy, Closings};
pub use disk::{Disk, DiskFile, RealDisk};
pub use figures::PastDays;
pub use file_log::{
    DataFolder, FileLog, FolderLock, LogStatistics, READ_ENTRIES_MAX, Recovered, RecoveryReport,
    recover, recover_on,
};
pub use follower::{FiguresDesk, Follower, FollowerSettings, FollowerThread};
pub use journal::{Folded, Journal, OpenError, Torn, WriteSettings};
pub use ladders::Ladders;
pub use log::{Appended, CommandLog, LogError};
pub use memory::MemoryLog;
pub use notes::Notes;
pub use reader::ReadError;
pub use record::{Attributes, Batch, CallCard, Entry, Minted, Origin, Tail};
pub use replica::{FoldError, Parts, Replica};
pub use snapshots::{Skipped, Snapshots};
