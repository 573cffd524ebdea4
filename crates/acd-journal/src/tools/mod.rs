//! What an operator can ask of a data folder, with or without a daemon on it.

mod dump;
mod history;
pub mod insights;
mod meter;
mod repair;
mod replay;
#[cfg(test)]
mod tests;
mod verify;
mod words;

pub use dump::{Dumped, Shown, batches, dump};
pub use history::{CallHistory, History, HistoryEnd, PresenceAsked, QueueClosed, history};
pub use meter::Progress;
pub use repair::{Cut, CutFile, Repair, RepairError, Repaired};
pub use replay::{Replayed, replay};
pub use verify::{Damage, SegmentFile, SnapshotFile, Verified, verify};
pub use words::{Names, Told, Value};

use crate::disk::RealDisk;
use crate::file_log::DataFolder;
use crate::journal::{OpenError, Torn, begins_by};
use crate::reader::{End, ReadError, Reader};
use crate::record::Tail;
use crate::snapshots::Snapshots;
use acd_core::{LOGIC_VERSION, Timestamp};
use std::io;

/// The segments of a folder that must be there already.
fn existing(folder: &DataFolder) -> Result<RealDisk, OpenError> {
    let path = folder.segments();
    if !path.is_dir() {
        return Err(OpenError::NoJournal { path: folder.path().display().to_string() });
    }
    Ok(RealDisk::of(&path))
}

/// The snapshots of a folder, as a start would find them.
struct Found {
    store: Snapshots<RealDisk>,
    /// Those that can be read, by sequence.
    usable: Vec<Usable>,
    /// The sequences of those that cannot, and why.
    damaged: Vec<(u64, String)>,
}

/// A snapshot that can be read.
#[derive(Clone, Copy)]
struct Usable {
    tail: Tail,
    /// Of the events until then.
    digest: u64,
    /// The time of its state.
    at: Timestamp,
}

impl Usable {
    /// Its last sequence.
    fn sequence(&self) -> u64 {
        self.tail.next_sequence - 1
    }
}

impl Found {
    /// Reads all snapshots, one after the other.
    fn of(folder: &DataFolder) -> Result<Self, OpenError> {
        let store = Snapshots::of(RealDisk::of(&folder.snapshots()));
        let mut found = Self { store, usable: Vec::new(), damaged: Vec::new() };
        for sequence in found.all(folder)? {
            match found.store.read(sequence) {
                Ok(replica) if replica.tail().next_sequence - 1 == sequence => {
                    let (tail, digest) = (replica.tail(), replica.digest().value());
                    found.usable.push(Usable { tail, digest, at: replica.router().now() });
                }
                Ok(_) => found.damaged.push((sequence, "its name is another's".to_owned())),
                // The daemon that runs has removed it: it was too old.
                Err(_) if found.store.length(sequence).is_err_and(|error| is_gone(&error)) => {}
                Err(why) => found.damaged.push((sequence, why)),
            }
        }
        Ok(found)
    }

    /// The sequences of all snapshots, whether they can be read or not.
    fn all(&self, folder: &DataFolder) -> Result<Vec<u64>, OpenError> {
        match self.store.list() {
            Ok(all) => Ok(all),
            // A crash came before the first one.
            Err(error) if is_gone(&error) => Ok(Vec::new()),
            Err(error) => Err(OpenError::Folder {
                path: folder.snapshots().display().to_string(),
                what: format!("cannot be read: {error}"),
            }),
        }
    }

    /// Where a start begins to fold.
    fn newest(&self) -> Tail {
        self.usable.last().map(|snapshot| snapshot.tail).unwrap_or_default()
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// Whether a start that begins after the snapshot with this tail can read all that it needs.
fn start_can_read(disk: &RealDisk, snapshot: Tail) -> Result<(), OpenError> {
    let (wanted, base) = (snapshot.batch + 1, snapshot.next_sequence - 1);
    let mut reader = Reader::open(disk.clone(), wanted)?;
    begins_by(&reader, wanted, base)?;
    while let Ok(batch) = reader.next().map_err(|error| error.sound_up_to(base))? {
        let foreign = reader.logic_version().filter(|found| *found != LOGIC_VERSION);
        if let Some(found) = foreign.filter(|_| batch.number >= wanted) {
            return Err(OpenError::OtherLogic { path: reader.path(), found });
        }
    }
    Ok(())
}

/// What damage means: nothing for a start that begins with a later snapshot.
fn seen_from_a_start(disk: &RealDisk, snapshot: Tail, error: ReadError) -> OpenError {
    match (start_can_read(disk, snapshot), error) {
        (Ok(()), ReadError::Damaged { path, offset, what, last_sound }) => OpenError::Past {
            path,
            what: format!("damaged at byte {offset}: {what}"),
            last_sound,
            snapshot: snapshot.next_sequence - 1,
        },
        (Err(for_a_start), ReadError::Damaged { .. }) => for_a_start,
        (_, error) => unreadable(error),
    }
}

/// A file that cannot be read: it may have gone.
fn unreadable(error: ReadError) -> OpenError {
    match error {
        ReadError::Io { path, error } if is_gone(&error) => OpenError::Folder {
            path,
            what: "it went while it was read: a daemon removes history that is too old. Ask again"
                .to_owned(),
        },
        error => error.into(),
    }
}

/// Where reading can go on behind damage: at the next file that begins with a later batch.
fn behind_damage(
    disk: &RealDisk,
    reader: &Reader<RealDisk>,
) -> Result<Option<Reader<RealDisk>>, ReadError> {
    let batch = reader.next_batch();
    let mut firsts = reader.segments().iter().map(|segment| segment.header.first_batch);
    let first = firsts.find(|first| *first > batch);
    first.map(|first| Reader::open(disk.clone(), first)).transpose()
}

fn torn_of(reader: &Reader<RealDisk>, end: &End) -> Option<Torn> {
    let name = end.file.filter(|_| end.torn > 0)?;
    Some(Torn { path: reader.path_of(name), offset: end.offset, bytes: end.torn })
}
