//! The log in files: a thread of its own writes and syncs, whoever appends only waits for it.

use crate::disk::{Disk, RealDisk, make_folder};
use crate::journal::{Journal, OpenError, Torn, WriteSettings};
use crate::log::{Appended, CommandLog, LogError};
use crate::reader::{ReadError, Reader};
use crate::record::{Batch, Tail};
use crate::replica::Replica;
use crate::snapshots::{Skipped, Snapshots};
use crossbeam_channel::{Receiver, Sender};
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// How many entries one `read` returns, about.
pub const READ_ENTRIES_MAX: usize = 65_536;
/// The longest sync that is told apart.
const SYNC_US_MAX: u64 = 60_000_000;
/// The file whose lock says that a process writes the folder.
const LOCK_FILE: &str = "lock";

/// A data folder: where its parts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFolder {
    path: PathBuf,
}

/// Keeps a data folder to one process as long as it lives.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl DataFolder {
    /// The data folder at a path.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the segments are.
    pub fn segments(&self) -> PathBuf {
        self.path.join("segments")
    }

    /// Where the snapshots are, and the figures of past days.
    pub fn snapshots(&self) -> PathBuf {
        self.path.join("snapshots")
    }

    /// Takes the folder for this process; makes it if it is not there.
    ///
    /// # Errors
    /// Another process has it, or it cannot be written.
    pub fn lock(&self) -> Result<FolderLock, OpenError> {
        let wrong =
            |what: String| OpenError::Folder { path: self.path.display().to_string(), what };
        make_folder(&self.path).map_err(|error| wrong(format!("cannot make it: {error}")))?;
        let path = self.path.join(LOCK_FILE);
        let file = File::options().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(|error| wrong(format!("cannot write: {error}")))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(OpenError::InUse { path: self.path.display().to_string() })
            }
            Err(TryLockError::Error(error)) => Err(wrong(format!("cannot lock: {error}"))),
        }
    }
}

/// What a start found, and how long it took to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryReport {
    /// The last sequence of the snapshot that was used; 0 if there was none.
    pub snapshot: u64,
    /// How long that took.
    pub snapshot_took: Duration,
    /// Snapshots that could not be used.
    pub skipped: Vec<Skipped>,
    /// Batches folded on top.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// How long that took.
    pub fold_took: Duration,
    /// What was cut off.
    pub torn: Option<Torn>,
}

/// A domain as its data folder has it.
#[derive(Debug)]
pub struct Recovered {
    /// To go on writing.
    pub log: FileLog,
    /// The state.
    pub replica: Replica,
    /// How it was found.
    pub report: RecoveryReport,
}

/// Reads a data folder and opens its journal for writing; made if it is not there.
///
/// # Errors
/// Another process uses it, it cannot be read, or it is damaged.
pub fn recover(folder: &DataFolder, settings: WriteSettings) -> Result<Recovered, OpenError> {
    let lock = folder.lock()?;
    let journal = open_disk(&folder.segments())?;
    let snapshots = open_disk(&folder.snapshots())?;
    let recovered = recover_on(journal, snapshots, settings)?;
    recovered.log.shared.lock.lock().replace(lock);
    Ok(recovered)
}

/// The same on any disks.
///
/// # Errors
/// As there.
pub fn recover_on<D: Disk + Sync>(
    disk: D,
    snapshots: D,
    settings: WriteSettings,
) -> Result<Recovered, OpenError> {
    let began = std::time::Instant::now();
    let snapshots = Snapshots::of(snapshots);
    let unreadable = |error: std::io::Error| OpenError::Folder {
        path: disk.path(""),
        what: format!("cannot be read: {error}"),
    };
    snapshots.clean().map_err(unreadable)?;
    let (mut replica, skipped) = snapshots.newest(None).map_err(unreadable)?;
    let snapshot = replica.tail().next_sequence - 1;
    let snapshot_took = began.elapsed();
    let began = std::time::Instant::now();
    let (journal, folded) = Journal::open(disk.clone(), settings, &mut replica)?;
    let report = RecoveryReport {
        snapshot,
        snapshot_took,
        skipped,
        batches: folded.batches,
        commands: folded.commands,
        fold_took: began.elapsed(),
        torn: folded.torn,
    };
    let log = FileLog::start(disk, journal).map_err(|error| OpenError::Folder {
        path: "the journal's thread".to_owned(),
        what: error.to_string(),
    })?;
    Ok(Recovered { log, replica, report })
}

fn open_disk(path: &Path) -> Result<RealDisk, OpenError> {
    RealDisk::open(path).map_err(|error| OpenError::Folder {
        path: path.display().to_string(),
        what: format!("cannot be made: {error}"),
    })
}

/// What the thread is to do.
enum Job {
    Append { batch: Arc<Batch>, expect: Tail, answer: oneshot::Sender<Appended> },
}

/// How the log does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogStatistics {
    /// Syncs so far.
    pub syncs: u64,
    /// How long half of them took at most, in microseconds.
    pub sync_p50_us: u64,
    /// How long 99 of 100 took at most.
    pub sync_p99_us: u64,
    /// How long the longest took.
    pub sync_max_us: u64,
    /// Batches that could not be written.
    pub failures: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// The log in files. Cheap to clone; all clones are the same log.
#[derive(Clone, Debug)]
pub struct FileLog {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    tail: Mutex<Tail>,
    /// The same once it is known to be durable.
    durable: watch::Sender<Tail>,
    syncs: Mutex<Histogram<u64>>,
    counts: Mutex<(u64, u64)>,
    read: Box<dyn ReadFrom>,
    lock: Mutex<Option<FolderLock>>,
}

/// Reads from whatever disk it is.
trait ReadFrom: Send + Sync + std::fmt::Debug {
    fn read(&self, from: u64, tail: Tail) -> Result<Vec<Arc<Batch>>, LogError>;
    fn truncate(&self, to: u64) -> Result<(), LogError>;
}

#[derive(Debug)]
struct OnDisk<D>(D);

impl FileLog {
    fn start<D: Disk + Sync>(disk: D, journal: Journal<D>) -> std::io::Result<Self> {
        let (jobs, todo) = crossbeam_channel::bounded(1);
        let shared = Arc::new(Shared {
            tail: Mutex::new(journal.tail()),
            durable: watch::Sender::new(if journal.is_proven() {
                journal.tail()
            } else {
                Tail::default()
            }),
            syncs: Mutex::new(
                Histogram::new_with_bounds(1, SYNC_US_MAX, 2).map_err(std::io::Error::other)?,
            ),
            counts: Mutex::new((0, 0)),
            read: Box::new(OnDisk(disk)),
            lock: Mutex::new(None),
        });
        let work = {
            let shared = Arc::clone(&shared);
            move || write_on(journal, &todo, &shared)
        };
        thread::Builder::new().name("acdd-journal".to_owned()).spawn(work)?;
        Ok(Self { jobs, shared })
    }

    /// Where the log ends durably, and whenever that changes. After a crash nothing is known to be
    /// durable until the first append.
    pub fn watch_tail(&self) -> watch::Receiver<Tail> {
        self.shared.durable.subscribe()
    }

    /// How it does.
    pub fn statistics(&self) -> LogStatistics {
        let syncs = self.shared.syncs.lock();
        let (failures, bytes) = *self.shared.counts.lock();
        LogStatistics {
            syncs: syncs.len(),
            sync_p50_us: syncs.value_at_quantile(0.5),
            sync_p99_us: syncs.value_at_quantile(0.99),
            sync_max_us: syncs.max(),
            failures,
            bytes,
        }
    }
}

/// The thread: one batch after the other, until nobody can ask any more.
fn write_on<D: Disk>(mut journal: Journal<D>, todo: &Receiver<Job>, shared: &Shared) {
    for Job::Append { batch, expect, answer } in todo {
        let tail = journal.tail();
        let appended = if tail != expect || !tail.is_continued_by(&batch) {
            Appended::Fenced
        } else {
            match journal.append(&batch) {
                Ok(()) => {
                    *shared.tail.lock() = journal.tail();
                    shared.durable.send_replace(journal.tail());
                    Appended::Stored
                }
                Err(error) => {
                    shared.counts.lock().0 += 1;
                    Appended::Failed(LogError(error.to_string()))
                }
            }
        };
        if let Some(took) = journal.take_sync_time() {
            let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            shared.syncs.lock().saturating_record(us.clamp(1, SYNC_US_MAX));
        }
        shared.counts.lock().1 += journal.take_bytes();
        // Whoever asked may have stopped waiting; it will ask where the log ends.
        let _gone = answer.send(appended).is_err();
    }
}

impl CommandLog for FileLog {
    async fn append(&self, batch: Arc<Batch>, expect: Tail) -> Appended {
        let (answer, answered) = oneshot::channel();
        // One append at a time: there is room, unless one was given up while it was under way.
        if self.jobs.try_send(Job::Append { batch, expect, answer }).is_err() {
            return Appended::Failed(LogError("the journal is busy, or has ended".to_owned()));
        }
        answered.await.unwrap_or(Appended::Unknown)
    }

    async fn read(&self, from: u64) -> Result<Vec<Arc<Batch>>, LogError> {
        self.shared.read.read(from, *self.shared.tail.lock())
    }

    async fn truncate(&self, to: u64) -> Result<(), LogError> {
        self.shared.read.truncate(to)
    }

    async fn tail(&self) -> Result<Tail, LogError> {
        Ok(*self.shared.tail.lock())
    }
}

impl<D: Disk + Sync> ReadFrom for OnDisk<D> {
    fn read(&self, from: u64, tail: Tail) -> Result<Vec<Arc<Batch>>, LogError> {
        let in_words = |error: ReadError| LogError(error.to_string());
        let mut reader = Reader::open_at_sequence(self.0.clone(), from).map_err(in_words)?;
        let first = reader.next_sequence();
        if from < first {
            return Err(LogError(format!(
                "sequence {from} is no longer kept, the first is {first}"
            )));
        }
        let (mut batches, mut entries) = (Vec::new(), 0);
        while reader.next_batch() <= tail.batch && entries < READ_ENTRIES_MAX {
            let Ok(batch) = reader.next().map_err(in_words)? else { break };
            if batch.reaches(from) {
                entries += batch.entries.len();
                batches.push(Arc::new(batch));
            }
        }
        Ok(batches)
    }

    fn truncate(&self, to: u64) -> Result<(), LogError> {
        crate::retention::forget_before(&self.0, to).map_err(|error| LogError(error.to_string()))
    }
}

#[cfg(test)]
#[path = "file_log_tests.rs"]
mod tests;
