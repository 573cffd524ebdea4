//! Reads every record and every snapshot, and says what is there.

use super::meter::{Meter, Progress};
use super::{Found, Usable, behind_damage, existing, is_gone, start_can_read, torn_of, unreadable};
use crate::disk::{Disk, RealDisk};
use crate::file_log::DataFolder;
use crate::journal::{OpenError, Torn};
use crate::reader::{self, ReadError, Reader};
use crate::record::{Batch, Tail};
use crate::segment::Name;
use acd_core::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// What a data folder holds.
#[derive(Debug)]
pub struct Verified {
    /// The files of the journal, in their order.
    pub segments: Vec<SegmentFile>,
    /// The snapshots, the newest last.
    pub snapshots: Vec<SnapshotFile>,
    /// The first sequence that is kept; the next one to come if no command is.
    pub first_sequence: u64,
    /// The last one that can be read; 0 before the first command.
    pub last_sequence: u64,
    /// Its epoch; 0 before the first.
    pub epoch: u64,
    /// Batches that were read.
    pub batches: u64,
    /// A torn end; the next start cuts it off. A daemon that runs may be about to finish it.
    pub torn: Option<Torn>,
    /// The last sequence of the snapshot that a start would begin with, 0 for none; or why it would
    /// be refused, and what to do.
    pub start: Result<u64, OpenError>,
}

/// A file of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentFile {
    /// Where it is.
    pub path: String,
    /// Its name.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Batches of it that count: when a later file begins with a number, an earlier one does not
    /// count from there on.
    pub batches: u64,
    /// The first and the last sequence of them; none if they hold no command.
    pub sequences: Option<(u64, u64)>,
    /// When the first and the last of these commands were applied.
    pub times: Option<(Timestamp, Timestamp)>,
    /// What of it cannot be read, and matters.
    pub damage: Option<Damage>,
}

/// A part of a file that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The byte of the file where it begins.
    pub offset: u64,
    /// In which way.
    pub what: String,
    /// The sequence of the last command before it.
    pub last_sound: u64,
}

/// A file with a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Where it is.
    pub path: String,
    /// Its name.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// The last sequence in it, by its name.
    pub sequence: u64,
    /// The time of its state; none if it cannot be read.
    pub at: Option<Timestamp>,
    /// Why it cannot be used, or is not of this journal.
    pub damage: Option<String>,
}

impl Verified {
    /// Whether all that is kept can be read and belongs together.
    pub fn is_whole(&self) -> bool {
        self.segments.iter().all(|segment| segment.damage.is_none())
            && self.snapshots.iter().all(|snapshot| snapshot.damage.is_none())
    }
}

/// Reads every record and every snapshot of a data folder. Behind damage it goes on with the next
/// file.
///
/// # Errors
/// The folder cannot be read. Damage is none: it is told.
pub fn verify(
    folder: &DataFolder,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verified, OpenError> {
    let disk = existing(folder)?;
    // Before the records: those that a snapshot has are there once it is.
    let found = Found::of(folder)?;
    let mut reader = Reader::open(disk.clone(), 0)?;
    let meter = Meter::of(&disk, &reader)?;
    let mut walk = Walk::before(&found);
    walk.batches.tail.next_sequence = reader.next_sequence();
    let first_sequence = reader.next_sequence();
    let first = reader.segments().first().map(|segment| segment.header.first_batch);
    walk.lost(&reader, (0, first.unwrap_or(0)), 0);
    let torn = loop {
        match reader.next() {
            Ok(Ok(batch)) => {
                walk.take_in(&batch, &reader);
                progress(meter.at(walk.batches.tail.next_sequence - 1, &reader));
            }
            Ok(Err(end)) => break torn_of(&reader, &end),
            Err(ReadError::Damaged { path, offset, what, last_sound }) => {
                walk.damaged(path, Damage { offset, what, last_sound });
                let behind = behind_damage(&disk, &reader)?;
                let goes_on = behind.as_ref().map_or(u64::MAX, Reader::next_batch);
                walk.lost(&reader, (reader.next_batch(), goes_on), last_sound);
                match behind {
                    Some(behind) => reader = behind,
                    None => break None,
                }
            }
            Err(error) => return Err(unreadable(error)),
        }
    };
    let newest = found.newest();
    let start = start_can_read(&disk, newest).map(|()| newest.next_sequence - 1);
    let Walk { segments, batches, snapshots } = walk;
    let tail = if batches.tail.batch < newest.batch { newest } else { batches.tail };
    Ok(Verified {
        segments: with_lengths(&disk, segments)?,
        snapshots: snapshot_files(&found, snapshots.finish(batches.tail)),
        first_sequence: if first.is_some() { first_sequence } else { tail.next_sequence },
        last_sequence: tail.next_sequence - 1,
        epoch: tail.epoch,
        batches: batches.count,
        torn,
        start,
    })
}

/// What has been read.
struct Walk {
    segments: BTreeMap<String, SegmentFile>,
    batches: Batches,
    snapshots: Belonging,
}

#[derive(Default)]
struct Batches {
    count: u64,
    tail: Tail,
}

impl Walk {
    fn before(found: &Found) -> Self {
        let snapshots = Belonging::of(&found.usable);
        Self { segments: BTreeMap::new(), batches: Batches::default(), snapshots }
    }

    fn take_in(&mut self, batch: &Batch, reader: &Reader<RealDisk>) {
        // A daemon that comes back writes its last batch once more.
        if batch.number <= self.batches.tail.batch {
            return;
        }
        self.batches.count += 1;
        self.batches.tail = Tail::after(batch);
        self.snapshots.compare(batch);
        let segment = self.segments.entry(reader.path()).or_default();
        segment.batches += 1;
        let ends = batch.entries.first().zip(batch.entries.last());
        let Some((first, last)) = ends else { return };
        let begins = segment.sequences.map_or(first.sequence, |(first, _)| first);
        segment.sequences = Some((begins, last.sequence));
        let from = segment.times.map_or(first.at, |(from, _)| from);
        segment.times = Some((from, last.at));
    }

    /// Whole files whose header cannot be read, which begin with a batch of this range.
    fn lost(&mut self, reader: &Reader<RealDisk>, (from, to): (u64, u64), last_sound: u64) {
        for (path, what) in reader.broken_between(from, to) {
            self.damaged(path, Damage { offset: 0, what, last_sound });
        }
    }

    fn damaged(&mut self, path: String, damage: Damage) {
        self.snapshots.misses_some = true;
        self.segments.entry(path).or_default().damage = Some(damage);
    }
}

/// Whether snapshots stand where the journal has batches, and follow from the same events.
struct Belonging {
    to_come: VecDeque<Usable>,
    foreign: Vec<(u64, String)>,
    /// Not every batch has been read.
    misses_some: bool,
}

impl Belonging {
    fn of(usable: &[Usable]) -> Self {
        let mut to_come = usable.to_vec();
        to_come.sort_by_key(|snapshot| snapshot.tail.batch);
        Self { to_come: to_come.into(), foreign: Vec::new(), misses_some: false }
    }

    fn compare(&mut self, batch: &Batch) {
        while let Some(next) = self.to_come.front().filter(|next| next.tail.batch <= batch.number) {
            let is_next = next.tail.batch + 1 == batch.number;
            let why = if is_next && !next.tail.is_continued_by(batch) {
                Some(format!("batch {}, which comes next, does not follow it", batch.number))
            } else if next.tail.batch < batch.number {
                // What it stands for is no longer kept, or cannot be read.
                None
            } else if next.tail != Tail::after(batch) {
                Some(format!("batch {} of the journal ends with another sequence", batch.number))
            } else if next.digest != batch.digest {
                Some(format!(
                    "its digest of the events is {:016x}, the journal has {:016x}",
                    next.digest, batch.digest
                ))
            } else {
                None
            };
            self.foreign.extend(why.map(|why| (next.sequence(), why)));
            self.to_come.pop_front();
        }
    }

    /// The sequences of those that are not of this journal, and why.
    fn finish(mut self, tail: Tail) -> Vec<(u64, String)> {
        // If no batch has been read, no file is left, and a snapshot is all there is.
        if !self.misses_some && tail.batch > 0 {
            let last = tail.next_sequence - 1;
            let ahead = |next: &Usable| {
                (next.sequence(), format!("the journal ends before it, with sequence {last}"))
            };
            self.foreign.extend(self.to_come.iter().map(ahead));
        }
        self.foreign
    }
}

/// All files that are called like segments, with what was read of each.
fn with_lengths(
    disk: &RealDisk,
    mut read: BTreeMap<String, SegmentFile>,
) -> Result<Vec<SegmentFile>, ReadError> {
    let mut files = Vec::new();
    for file in reader::io_at(disk, "", disk.list())? {
        if Name::of(&file).is_none() {
            continue;
        }
        let path = disk.path(&file);
        let bytes = match disk.length(&file) {
            // Removed meanwhile by the daemon that runs.
            Err(error) if is_gone(&error) => continue,
            bytes => reader::io_at(disk, &file, bytes)?,
        };
        let read = read.remove(&path).unwrap_or_default();
        files.push(SegmentFile { path, file, bytes, ..read });
    }
    Ok(files)
}

fn snapshot_files(found: &Found, mut foreign: Vec<(u64, String)>) -> Vec<SnapshotFile> {
    let file = |sequence: u64, at: Option<Timestamp>, damage: Option<String>| SnapshotFile {
        path: found.store.path(sequence),
        file: crate::snapshots::file(sequence),
        bytes: found.store.length(sequence).unwrap_or(0),
        sequence,
        at,
        damage,
    };
    let damaged = found.damaged.iter().map(|(at, why)| file(*at, None, Some(why.clone())));
    let mut files: Vec<SnapshotFile> = damaged.collect();
    for snapshot in &found.usable {
        let sequence = snapshot.sequence();
        let at = foreign.iter().position(|(foreign, _)| *foreign == sequence);
        let damage = at.map(|at| format!("not of this journal: {}", foreign.swap_remove(at).1));
        files.push(file(sequence, Some(snapshot.at), damage));
    }
    files.sort_by_key(|file| file.sequence);
    files
}
