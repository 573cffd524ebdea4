//! Reads every record and every snapshot, and says what is there.

use super::{Found, existing, seen_from_a_start, torn_of};
use crate::disk::Disk;
use crate::file_log::DataFolder;
use crate::journal::{OpenError, Torn, begins_by};
use crate::reader::{self, Reader, Segment};
use crate::record::Tail;
use crate::snapshots::Skipped;

/// What a data folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Files of the journal.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The first sequence that is kept; the next one to come if no command is.
    pub first_sequence: u64,
    /// The last one; 0 before the first command.
    pub last_sequence: u64,
    /// The last epoch; 0 before the first.
    pub epoch: u64,
    /// Batches that were read.
    pub batches: u64,
    /// Snapshots that can be used, by their last sequence, the newest last.
    pub snapshots: Vec<u64>,
    /// Those that cannot.
    pub damaged_snapshots: Vec<Skipped>,
    /// A torn end; the next start cuts it off.
    pub torn: Option<Torn>,
}

/// Reads every record and every snapshot of a data folder.
///
/// # Errors
/// The journal cannot be read, is damaged, or lacks what a start would need.
pub fn verify(folder: &DataFolder) -> Result<Verified, OpenError> {
    let disk = existing(folder)?;
    let found = Found::of(folder)?;
    let newest = found.newest();
    let mut reader = Reader::open(disk.clone(), 0)?;
    begins_by(&reader, newest.batch + 1, newest.next_sequence - 1)?;
    let first = reader.segments().first().map(|segment| segment.header.first_sequence);
    let (mut batches, mut tail) = (0, Tail::default());
    let end = loop {
        match reader.next() {
            Ok(Ok(batch)) => {
                batches += 1;
                tail = Tail::after(&batch);
            }
            Ok(Err(end)) => break end,
            Err(error) => return Err(seen_from_a_start(&disk, newest, error)),
        }
    };
    let mut bytes = 0;
    for Segment { name, .. } in reader.segments() {
        bytes += reader::io_at(&disk, &name.file(), disk.length(&name.file()))?;
    }
    if tail.batch < newest.batch {
        tail = newest;
    }
    Ok(Verified {
        segments: reader.segments().len() as u64,
        bytes,
        first_sequence: first.unwrap_or(tail.next_sequence),
        last_sequence: tail.next_sequence - 1,
        epoch: tail.epoch,
        batches,
        snapshots: found.usable.iter().map(|tail| tail.next_sequence - 1).collect(),
        damaged_snapshots: found.damaged,
        torn: torn_of(&reader, &end),
    })
}
