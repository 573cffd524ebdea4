//! Cuts off the end of a journal: first what would go is shown, then it is kept in a folder beside.
//!
//! What is left is always a state that a start can begin with: the end of a batch, a snapshot, or
//! nothing at all.

use super::{Found, Usable, behind_damage, existing};
use crate::disk::{Disk, RealDisk};
use crate::file_log::{DataFolder, FolderLock};
use crate::journal::OpenError;
use crate::reader::{self, ReadError, Reader};
use crate::record::Tail;
use crate::segment::Name;
use crate::snapshots;
use acd_core::Timestamp;
use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// How often the same cut can be kept beside itself.
const CUTS_MAX: u32 = 1_000;

/// Why a journal is not cut.
#[derive(Debug, Error)]
pub enum RepairError {
    /// The folder cannot be read, or is used by a daemon.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// No state can be kept that ends with this sequence; the message says which one can.
    #[error("sequence {keep_until} cannot be the last one that is kept: {why}")]
    Choice {
        /// What was asked for.
        keep_until: u64,
        /// Why not, and what is possible.
        why: String,
    },
    /// The disk fails; what was not yet moved is still in its place, and the same repair may be
    /// tried again.
    #[error("{path}: {error}; repair again once the disk works")]
    Disk {
        /// Which file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}

impl From<ReadError> for RepairError {
    fn from(error: ReadError) -> Self {
        Self::Open(error.into())
    }
}

/// What a repair takes out of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The last sequence that is left; 0 for none.
    pub last_sequence: u64,
    /// Commands after it that can be read, and are lost to acdd.
    pub commands: u64,
    /// The last sequence among them; `last_sequence` if there are none.
    pub last_cut: u64,
    /// When the first of them was applied.
    pub from: Option<Timestamp>,
    /// When the last of them was applied.
    pub to: Option<Timestamp>,
    /// Some of what goes cannot be read, and is not counted.
    pub unreadable: bool,
    /// No file stays: a start begins with the snapshot of `last_sequence`, or with nothing.
    pub history_goes: bool,
    /// The files that go, whole or their end, in their order.
    pub files: Vec<CutFile>,
    /// The snapshots that go, by their last sequence: they hold what comes after.
    pub snapshots: Vec<u64>,
}

/// A file of which a part is cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutFile {
    /// Its name.
    pub file: String,
    /// The first byte that goes; 0 if the whole file does.
    pub offset: u64,
    /// How many bytes go.
    pub bytes: u64,
}

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// What was cut off.
    pub cut: Cut,
    /// Where it is kept; none if there was nothing to cut.
    pub kept_in: Option<PathBuf>,
}

/// A repair that is ready to be carried out. It keeps daemons off the folder as long as it lives.
#[derive(Debug)]
pub struct Repair {
    folder: DataFolder,
    disk: RealDisk,
    cut: Cut,
    _lock: FolderLock,
}

/// The file that is the last one then, and its length; no file if there is none.
type Stays = Option<(Name, u64)>;

impl Repair {
    /// Finds out what would go if `keep_until` were the last sequence. Nothing is changed yet.
    ///
    /// A batch is never divided: `keep_until` must be the last sequence of one. It may also be that
    /// of a snapshot that the records do not lead to, as they are damaged before; or 0 for nothing.
    ///
    /// # Errors
    /// A daemon uses the folder, the folder cannot be read, or no state ends with this sequence.
    pub fn plan(folder: &DataFolder, keep_until: u64) -> Result<Self, RepairError> {
        let disk = existing(folder)?;
        let lock = folder.lock()?;
        let found = Found::of(folder)?;
        let stays = what_stays(&disk, &found, keep_until)?;
        let files = files_to_cut(&disk, stays)?;
        let mut cut = Cut {
            last_sequence: keep_until,
            commands: 0,
            last_cut: keep_until,
            from: None,
            to: None,
            unreadable: false,
            history_goes: stays.is_none() && !files.is_empty(),
            files,
            snapshots: found.all(folder)?.into_iter().filter(|at| *at > keep_until).collect(),
        };
        count(&disk, keep_until, &mut cut)?;
        Ok(Self { folder: folder.clone(), disk, cut, _lock: lock })
    }

    /// What would go.
    pub fn cut(&self) -> &Cut {
        &self.cut
    }

    /// Whether nothing would.
    pub fn is_done(&self) -> bool {
        self.cut.files.is_empty() && self.cut.snapshots.is_empty()
    }

    /// Does it. The newest goes first: wherever it is interrupted, what is left is no other state
    /// than before, and the same repair can be done again.
    ///
    /// # Errors
    /// The disk fails.
    pub fn carry_out(self) -> Result<Repaired, RepairError> {
        if self.is_done() {
            return Ok(Repaired { cut: self.cut, kept_in: None });
        }
        let kept_in = self.new_folder()?;
        let snapshots = self.folder.snapshots();
        for sequence in self.cut.snapshots.iter().rev() {
            move_whole(&snapshots, &kept_in, &snapshots::file(*sequence))?;
        }
        let segments = self.folder.segments();
        for CutFile { file, offset, .. } in self.cut.files.iter().rev() {
            match offset {
                0 => move_whole(&segments, &kept_in, file)?,
                offset => {
                    copy_end(&segments.join(file), &kept_in, file, *offset)?;
                    let cut = self.disk.cut(file, *offset);
                    cut.map_err(at(&segments.join(file)))?;
                }
            }
        }
        Ok(Repaired { cut: self.cut, kept_in: Some(kept_in) })
    }

    /// A folder that nothing was kept in before.
    fn new_folder(&self) -> Result<PathBuf, RepairError> {
        let name = format!("cut-after-{}", self.cut.last_sequence);
        for again in 1..=CUTS_MAX {
            let name = if again == 1 { name.clone() } else { format!("{name}-{again}") };
            let path = self.folder.path().join(name);
            match fs::create_dir(&path) {
                Ok(()) => {
                    sync(self.folder.path())?;
                    return Ok(path);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(at(&path)(error)),
            }
        }
        let error = io::Error::other(format!("there are {CUTS_MAX} of it: remove some"));
        Err(at(&self.folder.path().join(name))(error))
    }
}

/// What stays if `keep_until` is to be the last sequence.
fn what_stays(disk: &RealDisk, found: &Found, keep_until: u64) -> Result<Stays, RepairError> {
    if keep_until == 0 {
        return Ok(None);
    }
    // A start on what is left begins there.
    let base = found.usable.iter().rev().find(|snapshot| snapshot.sequence() <= keep_until);
    let base = base.map(|snapshot| snapshot.tail).unwrap_or_default();
    let is_snapshot = base.next_sequence - 1 == keep_until;
    let why = match walk(disk, base, keep_until)? {
        Walked::There(place) => return Ok(place),
        // The records do not lead there, but the state is known.
        _ if is_snapshot => return Ok(None),
        Walked::Later => later_than_it(found, &Reader::open(disk.clone(), 0)?),
        Walked::Inside { before, last } => format!(
            "it is inside a batch, which counts as a whole or not at all: choose {before}, the \
             sequence before the batch, or {last}, the last one in it"
        ),
        Walked::Ended { last } => {
            format!("the journal ends with sequence {last}: choose {last} at most")
        }
        Walked::Damaged { last } => {
            format!("the journal is damaged after sequence {last}: choose {last} at most")
        }
    };
    Err(RepairError::Choice { keep_until, why })
}

/// In words, what can be chosen where no state is known that the oldest file goes on from.
fn later_than_it(found: &Found, reader: &Reader<RealDisk>) -> String {
    let oldest = reader.segments().first().map_or(1, |segment| segment.header.first_batch);
    let least = found.usable.iter().find(|snapshot| snapshot.tail.batch + 1 >= oldest);
    match least.map(Usable::sequence) {
        Some(least) => format!(
            "a start needs a snapshot to begin with, and the oldest that will do is that of \
             sequence {least}: choose {least} or more, or 0 to begin anew with nothing"
        ),
        None => {
            "no snapshot is left that a start could begin with: bring one back from a copy, or \
                 choose 0 to begin anew with nothing"
                .to_owned()
        }
    }
}

/// How a walk towards a sequence ended.
enum Walked {
    /// At a batch that ends with it: the file, and how much of it there is then.
    There(Stays),
    /// The oldest file begins later than where the walk has to.
    Later,
    /// In a batch that does not end there.
    Inside { before: u64, last: u64 },
    /// At the end of the journal.
    Ended { last: u64 },
    /// At damage.
    Damaged { last: u64 },
}

/// Reads from the state with the tail `base` on, to the last batch that ends with `keep_until`.
fn walk(disk: &RealDisk, base: Tail, keep_until: u64) -> Result<Walked, ReadError> {
    let reader = Reader::open(disk.clone(), base.batch)?;
    if reader.segments().first().is_some_and(|first| first.header.first_batch > base.batch + 1) {
        return Ok(Walked::Later);
    }
    let walked = walk_on(reader, base, keep_until)?;
    // The batch that the state ends with may be damaged: a start has no need of it.
    match walked {
        Walked::Damaged { last } if last == base.next_sequence - 1 => {
            walk_on(Reader::open(disk.clone(), base.batch + 1)?, base, keep_until)
        }
        walked => Ok(walked),
    }
}

fn walk_on(mut reader: Reader<RealDisk>, base: Tail, keep_until: u64) -> Result<Walked, ReadError> {
    let mut last = base.next_sequence - 1;
    // Where the latest batch ends that stays.
    let mut place = None;
    loop {
        match reader.next() {
            Ok(Ok(batch)) if batch.number < base.batch => {}
            Ok(Ok(batch)) => {
                let (before, ends) = (last, Tail::after(&batch).next_sequence - 1);
                if ends > keep_until && before == keep_until {
                    return Ok(Walked::There(place));
                }
                if ends > keep_until {
                    return Ok(Walked::Inside { before, last: ends });
                }
                (last, place) = (ends, reader.place());
            }
            Ok(Err(_)) if last == keep_until => return Ok(Walked::There(place)),
            Ok(Err(_)) => return Ok(Walked::Ended { last }),
            // What follows goes, so it need not be read.
            Err(ReadError::Damaged { .. }) if last == keep_until && place.is_some() => {
                return Ok(Walked::There(place));
            }
            Err(ReadError::Damaged { .. }) => return Ok(Walked::Damaged { last }),
            Err(error) => return Err(error),
        }
    }
}

/// The files that go, or of which the end does, readable or not.
fn files_to_cut(disk: &RealDisk, stays: Stays) -> Result<Vec<CutFile>, ReadError> {
    let names = reader::io_at(disk, "", disk.list())?;
    let mut files = Vec::new();
    for file in names {
        let Some(name) = Name::of(&file) else { continue };
        let offset = match stays {
            Some((last, _)) if name < last => continue,
            Some((last, length)) if name == last => length,
            _ => 0,
        };
        let length = reader::io_at(disk, &file, disk.length(&file))?;
        if length > offset || offset == 0 {
            files.push(CutFile { file, offset, bytes: length.saturating_sub(offset) });
        }
    }
    Ok(files)
}

/// Counts the commands after `keep_until`, over all damage that can be passed over.
fn count(disk: &RealDisk, keep_until: u64, cut: &mut Cut) -> Result<(), ReadError> {
    let mut reader = Reader::open_at_sequence(disk.clone(), keep_until + 1)?;
    loop {
        match reader.next() {
            Ok(Ok(batch)) => {
                for entry in batch.entries.iter().filter(|entry| entry.sequence > keep_until) {
                    cut.commands += 1;
                    cut.last_cut = cut.last_cut.max(entry.sequence);
                    cut.from = cut.from.or(Some(entry.at));
                    cut.to = Some(entry.at);
                }
            }
            Ok(Err(end)) => {
                cut.unreadable |= end.torn > 0;
                return Ok(());
            }
            Err(ReadError::Damaged { .. }) => {
                cut.unreadable = true;
                match behind_damage(disk, &reader)? {
                    Some(behind) => reader = behind,
                    None => return Ok(()),
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// Moves a file, so that it is in one of the two folders at every moment.
fn move_whole(from: &Path, to: &Path, file: &str) -> Result<(), RepairError> {
    fs::rename(from.join(file), to.join(file)).map_err(at(&from.join(file)))?;
    sync(to)?;
    sync(from)
}

/// Copies what a file holds from `offset` on; the copy says so in its name.
fn copy_end(from: &Path, to: &Path, file: &str, offset: u64) -> Result<(), RepairError> {
    let copy_to = to.join(format!("{file}.from-{offset}"));
    let copied = File::open(from).and_then(|mut whole| {
        whole.seek(SeekFrom::Start(offset))?;
        let mut copy = File::create(&copy_to)?;
        io::copy(&mut whole, &mut copy)?;
        copy.sync_all()
    });
    copied.map_err(at(&copy_to))?;
    sync(to)
}

fn sync(folder: &Path) -> Result<(), RepairError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> RepairError {
    let path = path.display().to_string();
    move |error| RepairError::Disk { path, error }
}
