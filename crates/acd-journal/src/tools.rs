//! What an operator can ask of a data folder, with or without a daemon on it.

use crate::disk::{Disk, DiskFile, RealDisk};
use crate::file_log::DataFolder;
use crate::journal::{OpenError, Torn};
use crate::reader::{self, End, ReadError, Reader, Segment};
use crate::record::{Batch, Tail};
use crate::replica::Replica;
use crate::segment;
use crate::snapshots::{Skipped, Snapshots};
use acd_core::Event;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a data folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Files of the journal.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The first sequence that is kept.
    pub first_sequence: u64,
    /// The last one.
    pub last_sequence: u64,
    /// The last epoch.
    pub epoch: u64,
    /// Batches that were read.
    pub batches: u64,
    /// Snapshots that can be used, by their last sequence.
    pub snapshots: Vec<u64>,
    /// Those that cannot.
    pub damaged_snapshots: Vec<Skipped>,
    /// A torn end; the next start cuts it off.
    pub torn: Option<Torn>,
}

/// Reads every record and every snapshot of a data folder.
///
/// # Errors
/// The journal cannot be read, or is damaged.
pub fn verify(folder: &DataFolder) -> Result<Verified, OpenError> {
    let disk = existing(folder)?;
    let mut reader = Reader::open(disk.clone(), 0)?;
    let first_sequence = reader.next_sequence();
    let (mut batches, mut tail) = (0, Tail::default());
    let end = loop {
        match reader.next()? {
            Ok(batch) => {
                batches += 1;
                tail = Tail::after(&batch);
            }
            Err(end) => break end,
        }
    };
    let mut bytes = 0;
    for Segment { name, .. } in reader.segments() {
        bytes += reader::io_at(&disk, &name.file(), disk.length(&name.file()))?;
    }
    let segments = reader.segments().len() as u64;
    let (mut snapshots, mut damaged_snapshots) = (Vec::new(), Vec::new());
    let store = Snapshots::of(RealDisk::of(&folder.snapshots()));
    for sequence in store.list().unwrap_or_default() {
        match store.read(sequence) {
            Ok(_) => snapshots.push(sequence),
            Err(why) => {
                damaged_snapshots.push(Skipped { path: sequence.to_string(), why });
            }
        }
    }
    Ok(Verified {
        segments,
        bytes,
        first_sequence,
        last_sequence: tail.next_sequence - 1,
        epoch: tail.epoch,
        batches,
        snapshots,
        damaged_snapshots,
        torn: torn_of(&disk, &end),
    })
}

fn torn_of(disk: &RealDisk, end: &End) -> Option<Torn> {
    let name = end.file.filter(|_| end.torn > 0)?;
    Some(Torn { path: disk.path(&name.file()), offset: end.offset, bytes: end.torn })
}

/// Shows the batches that hold sequences from `from` to `to`, in order, until `show` says `false`.
///
/// # Errors
/// The journal cannot be read, or is damaged before that.
pub fn dump(
    folder: &DataFolder,
    (from, to): (u64, u64),
    show: &mut dyn FnMut(&Batch) -> bool,
) -> Result<(), OpenError> {
    let mut reader = Reader::open_at_sequence(existing(folder)?, from)?;
    while let Ok(batch) = reader.next()? {
        if batch.first_sequence > to {
            break;
        }
        if batch.reaches(from) && !show(&batch) {
            break;
        }
    }
    Ok(())
}

/// What a replay came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The last sequence of the snapshot that it began with; 0 for the very beginning.
    pub base: u64,
    /// Batches folded, each with the digest that it was recorded with.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// Events that followed.
    pub events: u64,
    /// The last sequence.
    pub last_sequence: u64,
    /// The digest of all events.
    pub digest: u64,
    /// The digest of the state.
    pub state: u64,
    /// Live calls at the end.
    pub calls: u32,
}

/// Folds all that is kept once more, from the oldest snapshot that it can be folded from, and proves
/// that each batch decides as it did. `progress` is told each batch's last sequence.
///
/// # Errors
/// The journal cannot be read, is damaged, or decides differently.
pub fn replay(folder: &DataFolder, progress: &mut dyn FnMut(u64)) -> Result<Replayed, OpenError> {
    let disk = existing(folder)?;
    let first = Reader::open(disk.clone(), 0)?.next_sequence();
    let mut replica = base_for(folder, first)?;
    let base = replica.tail().next_sequence - 1;
    let mut reader = Reader::open(disk.clone(), replica.tail().batch + 1)?;
    let (mut batches, mut commands, mut events) = (0, 0, 0);
    while let Ok(batch) = reader.next()? {
        if batch.number <= replica.tail().batch {
            continue;
        }
        let last_sound = replica.tail().next_sequence - 1;
        let mut count = |_: u64, happened: &[Event]| events += happened.len() as u64;
        replica.fold_and_see(&batch, &mut count).map_err(|error| {
            let path = reader.path();
            OpenError::Fold { path, error, last_sound }
        })?;
        batches += 1;
        commands += batch.entries.len() as u64;
        progress(replica.tail().next_sequence - 1);
    }
    Ok(Replayed {
        base,
        batches,
        commands,
        events,
        last_sequence: replica.tail().next_sequence - 1,
        digest: replica.digest().value(),
        state: replica.router().digest(),
        calls: replica.router().live_calls(),
    })
}

/// The state from which the sequence `first` can be folded: the oldest snapshot that will do.
fn base_for(folder: &DataFolder, first: u64) -> Result<Replica, OpenError> {
    if first == 1 {
        return Ok(Replica::empty());
    }
    let store = Snapshots::of(RealDisk::of(&folder.snapshots()));
    let all = store.list().unwrap_or_default();
    let usable = all.into_iter().filter(|at| at + 1 >= first);
    usable.filter_map(|at| store.read(at).ok()).next().ok_or_else(|| OpenError::Folder {
        path: folder.snapshots().display().to_string(),
        what: format!("there is no snapshot from which sequence {first} can be folded"),
    })
}

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The last sequence that is left.
    pub last_sequence: u64,
    /// Where what was cut off is kept; none if there was nothing to cut.
    pub kept_in: Option<PathBuf>,
    /// Files that were moved there, whole or their end.
    pub files: Vec<String>,
}

/// Cuts off all that comes after a sequence, and keeps it in a folder beside.
///
/// # Errors
/// A daemon uses the folder, the journal is damaged before that sequence, a batch that cannot be
/// divided reaches over it, or the disk fails.
pub fn repair(folder: &DataFolder, keep_until: u64) -> Result<Repaired, OpenError> {
    let disk = existing(folder)?;
    let _lock = folder.lock()?;
    let mut reader = Reader::open(disk.clone(), 0)?;
    let mut last_sequence = reader.next_sequence() - 1;
    if keep_until < last_sequence {
        return Err(wrong(
            folder,
            format!("the journal begins after sequence {last_sequence}: nothing would be left"),
        ));
    }
    // The place after the last batch that stays; a file that follows it goes as a whole.
    let mut cut_at: Option<(segment::Name, u64)> = None;
    loop {
        let place = reader.place();
        match reader.next() {
            Ok(Ok(batch)) if Tail::after(&batch).next_sequence <= keep_until + 1 => {
                last_sequence = Tail::after(&batch).next_sequence - 1;
                cut_at = reader.place();
            }
            Ok(Ok(_)) => break,
            Ok(Err(_)) => {
                cut_at = place.or(cut_at);
                break;
            }
            Err(error) => {
                if last_sequence < keep_until {
                    return Err(error.into());
                }
                break;
            }
        }
    }
    let cuts = Cuts::new(folder);
    let mut files = Vec::new();
    for (name, file) in all_segments(&disk)? {
        let keep = match cut_at {
            Some((last, offset)) if name == last => offset,
            Some((last, _)) if name < last => continue,
            _ => 0,
        };
        let length = reader::io_at(&disk, &file, disk.length(&file))?;
        if length > keep {
            cuts.take(&disk, &file, keep).map_err(|error| wrong(folder, error.to_string()))?;
            files.push(file);
        }
    }
    let store = Snapshots::of(RealDisk::of(&folder.snapshots()));
    for sequence in store.list().unwrap_or_default().into_iter().filter(|at| *at > last_sequence) {
        let file = format!("{sequence:020}.snapshot");
        let snapshots = RealDisk::of(&folder.snapshots());
        cuts.take(&snapshots, &file, 0).map_err(|error| wrong(folder, error.to_string()))?;
        files.push(file);
    }
    let kept_in = (!files.is_empty()).then_some(cuts.folder);
    Ok(Repaired { last_sequence, kept_in, files })
}

/// Every file that is called like a segment, readable or not.
fn all_segments(disk: &RealDisk) -> Result<Vec<(segment::Name, String)>, ReadError> {
    let files = reader::io_at(disk, "", disk.list())?;
    let mut named: Vec<(segment::Name, String)> =
        files.into_iter().filter_map(|file| Some((segment::Name::of(&file)?, file))).collect();
    named.sort_unstable();
    Ok(named)
}

/// Where what is cut off goes.
struct Cuts {
    folder: PathBuf,
}

impl Cuts {
    fn new(folder: &DataFolder) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self { folder: folder.beside(&format!("cut-{now}")) }
    }

    /// Copies what a file holds after `keep` bytes, and only then takes it out of the file.
    fn take(&self, disk: &RealDisk, file: &str, keep: u64) -> io::Result<()> {
        let cut = RealDisk::open(&self.folder)?;
        let length = disk.length(file)?;
        let rest = usize::try_from(length - keep).map_err(io::Error::other)?;
        let mut copy = cut.create(file)?;
        copy.write(&disk.read(file, keep, rest)?)?;
        copy.sync()?;
        cut.sync()?;
        if keep == 0 {
            disk.remove(file)?;
            return disk.sync();
        }
        disk.cut(file, keep)
    }
}

fn existing(folder: &DataFolder) -> Result<RealDisk, OpenError> {
    let path = folder.segments();
    if !Path::is_dir(&path) {
        return Err(wrong(folder, "there is no journal in it".to_owned()));
    }
    Ok(RealDisk::of(&path))
}

fn wrong(folder: &DataFolder, what: String) -> OpenError {
    OpenError::Folder { path: folder.beside("").display().to_string(), what }
}
