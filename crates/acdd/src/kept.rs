//! What a start finds, and what a stop leaves: the journal on the disk, or nothing but memory.

use crate::failure::Failure;
use acd_config::{Journal, Sync};
use acd_core::Span;
use acd_engine::CallerSecret;
use acd_journal::{
    Appended, Batch, CommandLog, DataFolder, FileLog, FollowerSettings, FollowerThread, LogError,
    LogStatistics, MemoryLog, Recovered, RecoveryReport, Replica, Tail, WriteSettings, recover,
};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

/// The log of this run.
#[derive(Debug)]
pub(crate) enum Kept {
    /// As long as the process lives.
    InMemory(MemoryLog),
    /// For the next start.
    OnDisk(FileLog),
}

/// What goes on beside the driver.
#[derive(Debug)]
pub(crate) struct Keeper {
    folder: DataFolder,
    log: FileLog,
    settings: FollowerSettings,
}

/// What the status tells of the journal.
#[derive(Clone, Debug)]
pub(crate) struct JournalGauge {
    /// The folder.
    pub(crate) folder: Arc<str>,
    log: FileLog,
}

impl JournalGauge {
    /// How the journal does.
    pub(crate) fn statistics(&self) -> LogStatistics {
        self.log.statistics()
    }
}

/// Opens what is kept, and reads the state that it holds.
///
/// # Errors
/// The folder cannot be used, or what it holds cannot be read.
pub(crate) fn open(journal: &Journal) -> Result<(Kept, Replica, Option<Keeper>), Failure> {
    let Some(path) = &journal.path else {
        return Ok((Kept::InMemory(MemoryLog::new()), Replica::empty(), None));
    };
    let folder = DataFolder::at(path);
    let settings =
        WriteSettings { segment_bytes: journal.segment_bytes, sync: journal.sync != Sync::Off };
    let Recovered { log, replica, report } = recover(&folder, settings)
        .map_err(|error| Failure::InTheWay(format!("journal: {error}")))?;
    tell(path, &replica, &report);
    let retention = u64::try_from(journal.retention.as_micros()).unwrap_or(u64::MAX);
    let settings =
        FollowerSettings { snapshot_every: journal.snapshot_every, retention: Span(retention) };
    let keeper = Keeper { folder, log: log.clone(), settings };
    Ok((Kept::OnDisk(log), replica, Some(keeper)))
}

/// The secret by which callers are known again: beside the journal, as old as it; without a journal,
/// a new one.
///
/// # Errors
/// It cannot be read, or not be written.
pub(crate) fn caller_secret(journal: &Journal) -> Result<CallerSecret, Failure> {
    let Some(path) = &journal.path else {
        return Ok(CallerSecret(rand::random()));
    };
    let path = path.join("callers.key");
    let in_the_way = |what: &str, error: &dyn std::fmt::Display| {
        Failure::InTheWay(format!("{}: {what}: {error}", path.display()))
    };
    match std::fs::read(&path) {
        Ok(bytes) => {
            let secret: Result<[u8; 16], _> = bytes.as_slice().try_into();
            let hint = "16 bytes are expected; without the file, callers are not known again";
            secret.map(CallerSecret).map_err(|_| in_the_way("this is no key", &hint))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let secret: [u8; 16] = rand::random();
            let mut options = std::fs::OpenOptions::new();
            let file = options.write(true).create_new(true).mode(0o600).open(&path);
            file.and_then(|mut file| file.write_all(&secret).and_then(|()| file.sync_all()))
                .map_err(|error| in_the_way("the key cannot be kept", &error))?;
            Ok(CallerSecret(secret))
        }
        Err(error) => Err(in_the_way("the key cannot be read", &error)),
    }
}

fn tell(path: &Path, replica: &Replica, report: &RecoveryReport) {
    for skipped in &report.skipped {
        tracing::warn!(snapshot = %skipped.path, why = %skipped.why, "a snapshot cannot be used");
    }
    if let Some(torn) = &report.torn {
        tracing::warn!(
            file = %torn.path,
            offset = torn.offset,
            bytes = torn.bytes,
            "the last record was torn and has been cut off; nobody was told that it counts"
        );
    }
    tracing::info!(
        journal = %path.display(),
        sequence = replica.tail().next_sequence - 1,
        calls = replica.router().live_calls(),
        snapshot = report.snapshot,
        snapshot_ms = report.snapshot_took.as_millis(),
        commands = report.commands,
        fold_ms = report.fold_took.as_millis(),
        "state read"
    );
}

impl Keeper {
    /// What the status tells.
    pub(crate) fn gauge(&self) -> JournalGauge {
        let folder = Arc::from(self.folder.path().display().to_string());
        JournalGauge { folder, log: self.log.clone() }
    }

    /// Begins to write snapshots.
    ///
    /// # Errors
    /// The folder cannot be read, or the system has no thread for it.
    pub(crate) fn start(&self) -> Result<FollowerThread, Failure> {
        FollowerThread::start(&self.folder, &self.log, self.settings)
            .map_err(|error| Failure::InTheWay(format!("journal: {error}")))
    }
}

impl CommandLog for Kept {
    async fn append(&self, batch: Arc<Batch>, expect: Tail) -> Appended {
        match self {
            Self::InMemory(log) => log.append(batch, expect).await,
            Self::OnDisk(log) => log.append(batch, expect).await,
        }
    }

    async fn read(&self, from: u64) -> Result<Vec<Arc<Batch>>, LogError> {
        match self {
            Self::InMemory(log) => log.read(from).await,
            Self::OnDisk(log) => log.read(from).await,
        }
    }

    async fn truncate(&self, to: u64) -> Result<(), LogError> {
        match self {
            Self::InMemory(log) => log.truncate(to).await,
            Self::OnDisk(log) => log.truncate(to).await,
        }
    }

    async fn tail(&self) -> Result<Tail, LogError> {
        match self {
            Self::InMemory(log) => log.tail().await,
            Self::OnDisk(log) => log.tail().await,
        }
    }
}
