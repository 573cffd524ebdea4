//! Writes batches to the files of a journal, each durable before the next.

use crate::codec;
use crate::disk::{Disk, DiskFile};
use crate::reader::{End, ReadError, Reader, Segment, io_at, repair_command};
use crate::record::{Batch, Tail};
use crate::replica::{FoldError, Replica};
use crate::segment::{FRAME_BYTES, HEADER_BYTES, Header, Name, frame};
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
    /// The folder is used by another process, or cannot be.
    #[error("{path}: {what}")]
    Folder {
        /// Which folder.
        path: String,
        /// Why it cannot be used.
        what: String,
    },
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
    last_name: Option<Name>,
    record: Vec<u8>,
    synced: Option<Duration>,
    written: u64,
}

#[derive(Debug)]
struct Current<F> {
    name: Name,
    file: F,
    /// The file before it.
    before: Option<Name>,
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
        let (folded, end, unfinished) = fold_all(&disk, replica)?;
        let mut folded = folded;
        if let Some(name) = unfinished {
            let file = name.file();
            io_at(&disk, &file, disk.remove(&file).and_then(|()| disk.sync()))?;
        }
        if let End { file: Some(name), offset, torn } = end
            && torn > 0
        {
            let file = name.file();
            keep_torn(&disk, &file, offset, torn);
            io_at(&disk, &file, disk.cut(&file, offset))?;
            folded.torn = Some(Torn { path: disk.path(&file), offset, bytes: torn });
        }
        let journal = Self {
            disk,
            settings,
            tail: replica.tail(),
            // A new file for each start: nothing is ever added to what another process wrote.
            current: None,
            last_name: end.file.max(unfinished),
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

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        self.record.clear();
        self.record.resize(FRAME_BYTES, 0);
        codec::encode(batch, &mut self.record);
        frame(&mut self.record);
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

    /// The next file: it is there, durably, before a record goes into it.
    fn begin_file(&mut self, batch: &Batch) -> io::Result<()> {
        self.current = None;
        let name = match self.last_name {
            Some(last) if last.first_batch >= batch.number => {
                Name { first_batch: batch.number, attempt: last.attempt + 1 }
            }
            _ => Name { first_batch: batch.number, attempt: 0 },
        };
        let header = Header::new(batch.number, batch.first_sequence).encode();
        let before = self.last_name.replace(name);
        let file = self.disk.create(&name.file())?;
        let current = self.current.insert(Current { name, file, before, length: 0 });
        current.file.write(&header)?;
        if self.settings.sync {
            current.file.sync()?;
            self.disk.sync()?;
        }
        current.length = header.len() as u64;
        Ok(())
    }

    /// What a failed write or sync has left in a file is not known: it is cut back if that can be
    /// done, and nothing more goes into it.
    fn give_up_file(&mut self) {
        let Some(Current { name, length, file, before }) = self.current.take() else { return };
        drop(file);
        // One without a record is of no use: a disk that stays full must not fill up with them.
        if length <= HEADER_BYTES as u64 && self.disk.remove(&name.file()).is_ok() {
            self.last_name = before;
            return;
        }
        // What cannot be cut is passed over by whoever reads: the next file begins with its number.
        let _cut = self.disk.cut(&name.file(), length).is_err();
    }
}

/// Folds all that follows a replica. Where the journal ends, and a file that was never begun.
pub(crate) fn fold_all<D: Disk>(
    disk: &D,
    replica: &mut Replica,
) -> Result<(Folded, End, Option<Name>), OpenError> {
    let wanted = replica.tail().batch + 1;
    let base = replica.tail().next_sequence - 1;
    let mut reader = Reader::open(disk.clone(), wanted)?;
    let mut folded = Folded::default();
    begins_by(&reader, wanted, base)?;
    loop {
        let batch = match reader.next().map_err(|error| error.sound_up_to(base))? {
            Ok(batch) => batch,
            Err(end) => return Ok((folded, end, reader.unfinished())),
        };
        if batch.number < wanted {
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
