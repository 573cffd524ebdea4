//! Writes batches to the files of a journal, each durable before the next.

use crate::codec;
use crate::disk::{self, Disk, DiskFile};
use crate::reader::{End, ReadError, Reader, Segment, io_at, repair_command};
use crate::record::{Batch, Tail};
use crate::replica::{FoldError, Replica};
use crate::segment::{FRAME_BYTES, HEADER_BYTES, Header, Name, RECORD_BYTES_MAX, frame};
use acd_core::LOGIC_VERSION;
use std::io;
use std::time::{Duration, Instant};
use thiserror::Error;

/// The most torn bytes that are kept beside a file that they were cut from.
const TORN_KEPT_MAX: u64 = 64 << 20;

/// How batches are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteSettings {
    /// A file that has grown to this is followed by another one.
    pub segment_bytes: u64,
    /// Whether each batch is made durable; without it, the system decides when.
    pub sync: bool,
}

impl Default for WriteSettings {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, sync: true }
    }
}

/// Why a journal cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What it holds does not lead to a state.
    #[error(
        "{path}: {error}; what is before it is sound up to sequence {last_sound}: `{}` cuts off \
         what follows",
        repair_command(.path, *.last_sound)
    )]
    Fold {
        /// Which file.
        path: String,
        /// Why.
        error: FoldError,
        /// The last sequence before it.
        last_sound: u64,
    },
    /// It was written by a program that may decide otherwise.
    #[error(
        "{path}: written by logic version {found}, this program has {LOGIC_VERSION}, and no snapshot \
         covers it: start the version of acdd that wrote it once more, stop it with SIGTERM, which \
         leaves a snapshot, and start this one again"
    )]
    OtherLogic {
        /// Which file.
        path: String,
        /// Its version.
        found: u32,
    },
    /// Batches are missing between the snapshot and the oldest file.
    #[error(
        "{path}: begins with batch {found}, but nothing is there from batch {wanted} on. If no copy \
         of what is missing can be found, `{}` goes on from {} and leaves out all that came after",
        repair_command(.path, *.last_sound),
        state_of(*.last_sound)
    )]
    Gap {
        /// The file.
        path: String,
        /// The batch that has to come next.
        wanted: u64,
        /// The one that it begins with.
        found: u64,
        /// The last sequence of the snapshot; 0 if there is none.
        last_sound: u64,
    },
    /// History is damaged that a start has no need of.
    #[error(
        "{path}: {what}. A start has no need of it, as it begins with the snapshot of sequence \
         {snapshot}: only `dump` and `replay` of what is before are concerned. Bring the file back \
         from a copy, or leave it: it goes when its time of retention is over"
    )]
    Past {
        /// Which file.
        path: String,
        /// In which way, and where.
        what: String,
        /// The last sequence before it.
        last_sound: u64,
        /// The last sequence of the newest snapshot.
        snapshot: u64,
    },
    /// A snapshot is not the state that the commands lead to.
    #[error(
        "{path}: this snapshot is not what the commands up to sequence {sequence} lead to: {what}. \
         Stop acdd, move the snapshot out of its folder, and start acdd again: it begins with the \
         snapshot before it and folds the commands after that"
    )]
    OtherState {
        /// Which snapshot.
        path: String,
        /// Its last sequence.
        sequence: u64,
        /// What differs.
        what: String,
    },
    /// There is no journal in the folder.
    #[error("{path}: there is no journal in this folder; `acdd --journal FOLDER` makes one")]
    NoJournal {
        /// Which folder.
        path: String,
    },
    /// Another process has the folder.
    #[error("{path}: another acdd uses this folder; stop it, or choose another folder")]
    InUse {
        /// Which folder.
        path: String,
    },
    /// The folder cannot be used.
    #[error("{path}: {what}")]
    Folder {
        /// Which folder.
        path: String,
        /// Why it cannot be used.
        what: String,
    },
}

impl OpenError {
    /// The last sequence that is known to be sound, where it matters which.
    pub fn last_sound(&self) -> Option<u64> {
        match self {
            Self::Read(ReadError::Damaged { last_sound, .. })
            | Self::Fold { last_sound, .. }
            | Self::Gap { last_sound, .. }
            | Self::Past { last_sound, .. } => Some(*last_sound),
            Self::OtherState { .. }
            | Self::Read(ReadError::Io { .. })
            | Self::OtherLogic { .. }
            | Self::NoJournal { .. }
            | Self::InUse { .. }
            | Self::Folder { .. } => None,
        }
    }
}

/// In words, the state as of a snapshot.
fn state_of(sequence: u64) -> String {
    match sequence {
        0 => "nothing".to_owned(),
        _ => format!("the snapshot of sequence {sequence}"),
    }
}

/// A part of the journal's end that was cut off because a crash had left it torn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// From which file.
    pub path: String,
    /// At which byte.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// How much was read to get there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Batches that were folded.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// What was cut off.
    pub torn: Option<Torn>,
}

/// The writer of a journal.
#[derive(Debug)]
pub struct Journal<D: Disk> {
    disk: D,
    settings: WriteSettings,
    tail: Tail,
    /// None before the first batch, and once a file has been given up.
    current: Option<Current<D::File>>,
    /// The last batch that was read, until it is durable: whether its writer came to sync it is not
    /// known, and asking the system for it may give what only its memory holds.
    unproven: Option<Batch>,
    record: Vec<u8>,
    synced: Option<Duration>,
    written: u64,
}

#[derive(Debug)]
struct Current<F> {
    name: Name,
    file: F,
    /// How much of it is sound.
    length: u64,
}

impl<D: Disk> Journal<D> {
    /// Folds what the journal holds after `replica`, cuts off a torn end, and goes on there.
    ///
    /// # Errors
    /// It cannot be read, is damaged, or was written by another logic.
    pub fn open(
        disk: D,
        settings: WriteSettings,
        replica: &mut Replica,
    ) -> Result<(Self, Folded), OpenError> {
        let Read { mut folded, end, last, files, unfinished } = fold_all(&disk, replica)?;
        // What was never finished is passed over by whoever reads, so it may stay.
        let _left = disk::remove_unfinished(&disk).is_err();
        let _left = unfinished.is_some_and(|name| disk.remove(&name.file()).is_err());
        if let End { file: Some(name), offset, torn } = end
            && torn > 0
        {
            let file = name.file();
            keep_torn(&disk, &file, offset, torn);
            io_at(&disk, &file, disk.cut(&file, offset))?;
            folded.torn = Some(Torn { path: disk.path(&file), offset, bytes: torn });
        }
        if settings.sync {
            sync_files(&disk, &files)?;
        }
        let journal = Self {
            disk,
            settings,
            tail: replica.tail(),
            // A new file for each start: nothing is ever added to what another process wrote.
            current: None,
            unproven: last.filter(|_| settings.sync),
            record: Vec::new(),
            synced: None,
            written: 0,
        };
        Ok((journal, folded))
    }

    /// Where the journal ends.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// How long the last sync took, since this was asked last.
    pub fn take_sync_time(&mut self) -> Option<Duration> {
        self.synced.take()
    }

    /// How many bytes were written, since this was asked last.
    pub fn take_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.written)
    }

    /// Adds a batch, which must go on where the journal ends, and makes it durable.
    ///
    /// # Errors
    /// It is not durable. The file is given up: adding the same batch again begins another one.
    pub fn append(&mut self, batch: &Batch) -> io::Result<()> {
        debug_assert!(self.tail.is_continued_by(batch), "whoever appends has looked at the tail");
        let result = self.write(batch);
        match result {
            Ok(()) => self.tail = Tail::after(batch),
            Err(_) => self.give_up_file(),
        }
        result
    }

    /// Whether all up to the tail is known to be durable.
    pub(crate) fn is_proven(&self) -> bool {
        self.unproven.is_none()
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        encode_record(batch, &mut self.record)?;
        self.prove_end()?;
        if self.current.as_ref().is_none_or(|now| now.length >= self.settings.segment_bytes) {
            self.begin_file(batch)?;
        }
        let Some(current) = &mut self.current else {
            return Err(io::Error::other("no file to write to"));
        };
        current.file.write(&self.record)?;
        if self.settings.sync {
            let began = Instant::now();
            current.file.sync()?;
            self.synced = Some(began.elapsed());
        }
        current.length += self.record.len() as u64;
        self.written += self.record.len() as u64;
        Ok(())
    }

    /// Writes the last batch that was read once more, into a file of its own, before anything is
    /// built on it. That file is there whole or not at all: a torn one would hide a sound record.
    fn prove_end(&mut self) -> io::Result<()> {
        let Some(batch) = &self.unproven else { return Ok(()) };
        let mut record = Vec::new();
        encode_record(batch, &mut record)?;
        let mut bytes = Header::new(batch.number, batch.first_sequence).encode();
        bytes.extend_from_slice(&record);
        let name = self.free_name(batch.number)?;
        disk::write_whole(&self.disk, &name.file(), &bytes)?;
        self.written += bytes.len() as u64;
        self.unproven = None;
        Ok(())
    }

    /// The next file: it is there, durably, before a record goes into it.
    fn begin_file(&mut self, batch: &Batch) -> io::Result<()> {
        self.current = None;
        let name = self.free_name(batch.number)?;
        let header = Header::new(batch.number, batch.first_sequence).encode();
        let file = self.disk.create(&name.file())?;
        let current = self.current.insert(Current { name, file, length: 0 });
        current.file.write(&header)?;
        if self.settings.sync {
            current.file.sync()?;
            self.disk.sync()?;
        }
        current.length = header.len() as u64;
        Ok(())
    }

    /// A name that comes after those of all files that begin with the same batch.
    fn free_name(&self, first_batch: u64) -> io::Result<Name> {
        let files = self.disk.list()?;
        let names = files.iter().filter_map(|file| Name::of(file));
        match names.filter(|name| name.first_batch == first_batch).max() {
            None => Ok(Name { first_batch, attempt: 0 }),
            Some(last) => last.after().ok_or_else(|| io::Error::other("no name is left")),
        }
    }

    /// What a failed write or sync has left in a file is not known: nothing more goes into it, and it
    /// is never synced again, as that would not tell either.
    fn give_up_file(&mut self) {
        let Some(Current { name, length, file }) = self.current.take() else { return };
        drop(file);
        // One without a record is of no use: a disk that stays full must not fill up with them.
        if length <= HEADER_BYTES as u64 && self.disk.remove(&name.file()).is_ok() {
            return;
        }
        // For the room. What cannot be cut off is passed over by whoever reads: the next file begins
        // with its number.
        let _left = self.disk.trim(&name.file(), length).is_err();
    }
}

/// Makes a record of a batch.
fn encode_record(batch: &Batch, record: &mut Vec<u8>) -> io::Result<()> {
    record.clear();
    record.resize(FRAME_BYTES, 0);
    codec::encode(batch, record);
    // Nobody could read it.
    if record.len() - FRAME_BYTES > RECORD_BYTES_MAX {
        let bytes = record.len();
        return Err(io::Error::other(format!(
            "batch {} has {bytes} bytes, at most {RECORD_BYTES_MAX}",
            batch.number
        )));
    }
    frame(record);
    Ok(())
}

/// Makes durable what an earlier process may have left unsynced.
fn sync_files(disk: &impl Disk, files: &[Name]) -> Result<(), ReadError> {
    for name in files {
        io_at(disk, &name.file(), disk.sync_file(&name.file()))?;
    }
    io_at(disk, "", disk.sync())
}

/// What was found after a replica.
pub(crate) struct Read {
    pub(crate) folded: Folded,
    pub(crate) end: End,
    /// The last batch that was folded.
    pub(crate) last: Option<Batch>,
    /// The files that it was read from; none if nothing was folded.
    pub(crate) files: Vec<Name>,
    /// A last file whose header was never finished.
    pub(crate) unfinished: Option<Name>,
}

/// Folds all that follows a replica.
pub(crate) fn fold_all<D: Disk>(disk: &D, replica: &mut Replica) -> Result<Read, OpenError> {
    let base = replica.tail().next_sequence - 1;
    let wanted = replica.tail().batch + 1;
    let mut reader = Reader::open(disk.clone(), wanted)?;
    let mut folded = Folded::default();
    begins_by(&reader, wanted, base)?;
    let begins = reader.place().map(|(name, _)| name);
    let mut last = None;
    loop {
        let batch = match reader.next().map_err(|error| error.sound_up_to(base))? {
            Ok(batch) => batch,
            Err(end) => {
                let read = reader.segments().iter().map(|segment| segment.name);
                let read = read.filter(|name| Some(*name) >= begins && last.is_some());
                let files = read.collect();
                let unfinished = reader.unfinished();
                return Ok(Read { folded, end, last, files, unfinished });
            }
        };
        if batch.number <= replica.tail().batch {
            continue;
        }
        if let Some(found) = reader.logic_version().filter(|found| *found != LOGIC_VERSION) {
            let path = reader.path();
            return Err(OpenError::OtherLogic { path, found });
        }
        let last_sound = replica.tail().next_sequence - 1;
        replica.fold(&batch).map_err(|error| {
            let path = reader.path();
            OpenError::Fold { path, error, last_sound }
        })?;
        folded.batches += 1;
        folded.commands += batch.entries.len() as u64;
        last = Some(batch);
    }
}

/// Whether the files of a journal begin with the batch `wanted` or before it, as they must if the
/// state is known up to the sequence `base`.
pub(crate) fn begins_by<D: Disk>(
    reader: &Reader<D>,
    wanted: u64,
    base: u64,
) -> Result<(), OpenError> {
    let Some(Segment { name, header }) = reader.segments().first() else { return Ok(()) };
    if header.first_batch <= wanted {
        return Ok(());
    }
    if let Some(damage) = reader.broken_at_first() {
        return Err(damage.sound_up_to(base).into());
    }
    let (path, found) = (reader.path_of(*name), header.first_batch);
    Err(OpenError::Gap { path, wanted, found, last_sound: base })
}

/// Keeps what is cut off, for whoever wants to know; it may fail.
fn keep_torn(disk: &impl Disk, file: &str, offset: u64, torn: u64) {
    if torn > TORN_KEPT_MAX {
        return;
    }
    let kept = disk.read(file, offset, torn as usize).and_then(|bytes| {
        let mut beside = disk.create(&format!("{file}.torn"))?;
        beside.write(&bytes)
    });
    let _lost = kept.is_err();
}
