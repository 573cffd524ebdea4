//! What an operator can ask of a data folder, with or without a daemon on it.

mod dump;
mod repair;
mod replay;
#[cfg(test)]
mod tests;
mod verify;
mod words;

pub use dump::{Dumped, Shown, dump};
pub use repair::{Cut, CutFile, Repair, RepairError, Repaired};
pub use replay::{Progress, Replayed, replay};
pub use verify::{Verified, verify};
pub use words::{Told, Value};

use crate::disk::RealDisk;
use crate::file_log::DataFolder;
use crate::journal::{OpenError, Torn, begins_by};
use crate::reader::{End, ReadError, Reader};
use crate::record::Tail;
use crate::snapshots::{Skipped, Snapshots};
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
    /// The tails of those that can be read, by sequence.
    usable: Vec<Tail>,
    damaged: Vec<Skipped>,
}

impl Found {
    fn of(folder: &DataFolder) -> Result<Self, OpenError> {
        let store = Snapshots::of(RealDisk::of(&folder.snapshots()));
        let mut found = Self { store, usable: Vec::new(), damaged: Vec::new() };
        for sequence in found.all(folder)? {
            match found.store.read(sequence) {
                Ok(replica) => found.usable.push(replica.tail()),
                Err(why) => {
                    found.damaged.push(Skipped { path: found.store.path(sequence), why });
                }
            }
        }
        Ok(found)
    }

    /// The sequences of all snapshots, whether they can be read or not.
    fn all(&self, folder: &DataFolder) -> Result<Vec<u64>, OpenError> {
        match self.store.list() {
            Ok(all) => Ok(all),
            // A crash came before the first one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(OpenError::Folder {
                path: folder.snapshots().display().to_string(),
                what: format!("cannot be read: {error}"),
            }),
        }
    }

    /// Where a start begins to fold.
    fn newest(&self) -> Tail {
        self.usable.last().copied().unwrap_or_default()
    }
}

/// Whether a start that begins after the snapshot with this tail can read all that it needs.
fn start_can_read(disk: &RealDisk, snapshot: Tail) -> Result<(), OpenError> {
    let (wanted, base) = (snapshot.batch + 1, snapshot.next_sequence - 1);
    let mut reader = Reader::open(disk.clone(), wanted)?;
    begins_by(&reader, wanted, base)?;
    while reader.next().map_err(|error| error.sound_up_to(base))?.is_ok() {}
    Ok(())
}

/// What damage means: nothing for a start that begins with a later snapshot.
fn seen_from_a_start(disk: &RealDisk, snapshot: Tail, error: ReadError) -> OpenError {
    match (start_can_read(disk, snapshot), error) {
        (Ok(()), ReadError::Damaged { path, offset, what, .. }) => OpenError::Past {
            path,
            what: format!("damaged at byte {offset}: {what}"),
            snapshot: snapshot.next_sequence - 1,
        },
        (Err(for_a_start), ReadError::Damaged { .. }) => for_a_start,
        (_, error) => error.into(),
    }
}

fn torn_of(reader: &Reader<RealDisk>, end: &End) -> Option<Torn> {
    let name = end.file.filter(|_| end.torn > 0)?;
    Some(Torn { path: reader.path_of(name), offset: end.offset, bytes: end.torn })
}
