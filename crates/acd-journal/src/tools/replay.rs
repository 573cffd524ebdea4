//! Folds all that is kept once more, and proves that nothing was decided differently.

use super::meter::{Meter, Progress};
use super::{Found, existing, seen_from_a_start};
use crate::disk::RealDisk;
use crate::file_log::DataFolder;
use crate::journal::{OpenError, begins_by};
use crate::reader::Reader;
use crate::record::{Batch, Tail};
use crate::replica::Replica;
use crate::snapshots::{Snapshots, encode_cast};
use acd_core::{Event, LOGIC_VERSION, Router};
use std::collections::VecDeque;

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The last sequence of the snapshot that it began with; 0 for the very beginning.
    pub base: u64,
    /// Batches folded, each with the digest that it was recorded with.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// Events that followed.
    pub events: u64,
    /// The snapshots that were come by, by their last sequence: each holds just the state that the
    /// commands lead to.
    pub snapshots: Vec<u64>,
    /// The last sequence.
    pub last_sequence: u64,
    /// The last epoch.
    pub epoch: u64,
    /// The digest of all events.
    pub digest: u64,
    /// The digest of the state.
    pub state: u64,
    /// Live calls at the end.
    pub calls: u32,
}

/// Folds all that is kept once more, and proves that each batch decides as it did, and that each
/// snapshot on the way is the state that the commands lead to.
///
/// It begins at the very beginning; or, if that is no longer kept or was written by another version
/// of the logic, with the oldest snapshot after which all is there and of this version.
///
/// # Errors
/// The journal cannot be read, is damaged, was written by another version of the logic and no
/// snapshot covers that, or what was decided or kept differs.
pub fn replay(
    folder: &DataFolder,
    progress: &mut dyn FnMut(Progress),
) -> Result<Replayed, OpenError> {
    let (mut fold, found) = Refold::open(folder)?;
    let mut checks = Checks::after(fold.base, found);
    let (mut batches, mut commands, mut events) = (0, 0, 0);
    let mut count =
        |_: &Router, _: &Batch, _: u64, happened: &[Event]| events += happened.len() as u64;
    while let Some(batch) = fold.next(&mut count)? {
        batches += 1;
        commands += batch.entries.len() as u64;
        checks.compare(&fold.replica)?;
        progress(fold.progress());
    }
    let Refold { base, replica, .. } = fold;
    let tail = replica.tail();
    Ok(Replayed {
        base,
        batches,
        commands,
        events,
        snapshots: checks.finish(tail)?,
        last_sequence: tail.next_sequence - 1,
        epoch: tail.epoch,
        digest: replica.digest().value(),
        state: replica.router().digest(),
        calls: replica.router().live_calls(),
    })
}

/// Who is told, after each command, how the Router stands, in which batch it was, its sequence, and what it led
/// to.
pub(super) type See<'s> = dyn FnMut(&Router, &Batch, u64, &[Event]) + 's;

/// All that is kept, folded once more batch by batch.
pub(super) struct Refold {
    /// What has been folded.
    pub(super) replica: Replica,
    /// The last sequence of the snapshot that it began with; 0 for the very beginning.
    base: u64,
    disk: RealDisk,
    newest: Tail,
    reader: Reader<RealDisk>,
    meter: Meter,
}

impl Refold {
    /// Before the first batch; and the snapshots that there are.
    pub(super) fn open(folder: &DataFolder) -> Result<(Self, Found), OpenError> {
        let disk = existing(folder)?;
        let found = Found::of(folder)?;
        let newest = found.newest();
        let replica = base_for(&disk, &found)?;
        let (base, wanted) = (replica.tail().next_sequence - 1, replica.tail().batch + 1);
        let reader = Reader::open(disk.clone(), wanted)?;
        let meter = Meter::of(&disk, &reader)?;
        begins_by(&reader, wanted, base)?;
        Ok((Self { replica, base, disk, newest, reader, meter }, found))
    }

    /// Folds the next batch, and tells after each of its commands, by sequence, what it led to; none at
    /// the end.
    pub(super) fn next(&mut self, see: &mut See<'_>) -> Result<Option<Batch>, OpenError> {
        loop {
            let batch = match self.reader.next() {
                Ok(Ok(batch)) => batch,
                Ok(Err(_)) => return Ok(None),
                Err(error) => return Err(seen_from_a_start(&self.disk, self.newest, error)),
            };
            if batch.number <= self.replica.tail().batch {
                continue;
            }
            let version = self.reader.logic_version();
            if let Some(found) = version.filter(|found| *found != LOGIC_VERSION) {
                return Err(OpenError::OtherLogic { path: self.reader.path(), found });
            }
            let mut see = |router: &Router, sequence: u64, events: &[Event]| {
                see(router, &batch, sequence, events);
            };
            fold_one(&mut self.replica, &batch, (&self.reader, self.newest), &mut see)?;
            return Ok(Some(batch));
        }
    }

    /// How far it has come.
    pub(super) fn progress(&self) -> Progress {
        self.meter.at(self.replica.tail().next_sequence - 1, &self.reader)
    }
}

/// Takes in the next batch of a reader, and says where it stood if it cannot.
fn fold_one(
    replica: &mut Replica,
    batch: &Batch,
    (reader, newest): (&Reader<RealDisk>, Tail),
    see: &mut dyn FnMut(&Router, u64, &[Event]),
) -> Result<(), OpenError> {
    let last_sound = replica.tail().next_sequence - 1;
    replica.fold_and_see(batch, see).map_err(|error| {
        let (path, snapshot) = (reader.path(), newest.next_sequence - 1);
        if last_sound < snapshot {
            OpenError::Past { path, what: error.to_string(), last_sound, snapshot }
        } else {
            OpenError::Fold { path, error, last_sound }
        }
    })
}

/// The state to begin with.
fn base_for(disk: &RealDisk, found: &Found) -> Result<Replica, OpenError> {
    let reader = Reader::open(disk.clone(), 0)?;
    let segments = reader.segments();
    let foreign =
        segments.iter().rposition(|segment| segment.header.logic_version != LOGIC_VERSION);
    let first = foreign.map_or(0, |foreign| foreign + 1);
    // After the last file of another version; if that is the last of all, only the newest snapshot
    // can stand there.
    let wanted = segments.get(first).map(|segment| segment.header.first_batch);
    if wanted == Some(1) {
        return Ok(Replica::empty());
    }
    let will_do = |tail: &Tail| wanted.is_some_and(|wanted| tail.batch + 1 >= wanted);
    let mut tails = found.usable.iter().map(|snapshot| snapshot.tail);
    let tail = tails.find(will_do).unwrap_or(found.newest());
    match tail.next_sequence - 1 {
        0 => Ok(Replica::empty()),
        sequence => found
            .store
            .read(sequence)
            .map_err(|what| OpenError::Folder { path: found.store.path(sequence), what }),
    }
}

/// The snapshots that a replay has yet to come by.
struct Checks {
    store: Snapshots<RealDisk>,
    to_come: VecDeque<Tail>,
    equal: Vec<u64>,
}

impl Checks {
    fn after(base: u64, found: Found) -> Self {
        let Found { store, usable, .. } = found;
        let later = usable.into_iter().filter(|snapshot| snapshot.sequence() > base);
        let to_come = later.map(|snapshot| snapshot.tail).collect();
        Self { store, to_come, equal: Vec::new() }
    }

    /// Compares with the snapshots that stand where the replica does.
    fn compare(&mut self, replica: &Replica) -> Result<(), OpenError> {
        while let Some(next) = self.to_come.front().copied() {
            if next.batch > replica.tail().batch {
                return Ok(());
            }
            self.to_come.pop_front();
            let sequence = next.next_sequence - 1;
            let path = self.store.path(sequence);
            let differs = |what| OpenError::OtherState { path: path.clone(), sequence, what };
            if next != replica.tail() {
                return Err(differs(format!(
                    "it ends with epoch {}, batch {}, which ends with another sequence or epoch",
                    next.epoch, next.batch
                )));
            }
            // A daemon that runs may have removed it since: it was usable a moment ago.
            let Ok(snapshot) = self.store.read(sequence) else { continue };
            difference(&snapshot, replica).map_or(Ok(()), |what| Err(differs(what)))?;
            self.equal.push(sequence);
        }
        Ok(())
    }

    /// The snapshots that were found equal; none may be left.
    fn finish(self, tail: Tail) -> Result<Vec<u64>, OpenError> {
        let Some(ahead) = self.to_come.front() else { return Ok(self.equal) };
        let sequence = ahead.next_sequence - 1;
        Err(OpenError::OtherState {
            path: self.store.path(sequence),
            sequence,
            what: format!("the journal ends with sequence {}", tail.next_sequence - 1),
        })
    }
}

/// In words, what of a snapshot is not as the replica has it.
fn difference(snapshot: &Replica, replica: &Replica) -> Option<String> {
    let (events, state) = (snapshot.digest().value(), snapshot.router().digest());
    let (events_now, state_now) = (replica.digest().value(), replica.router().digest());
    if events != events_now {
        return Some(format!("its digest of the events is {events:016x}, not {events_now:016x}"));
    }
    if state != state_now {
        return Some(format!("its digest of the state is {state:016x}, not {state_now:016x}"));
    }
    let names = |replica: &Replica| {
        let mut bytes = Vec::new();
        encode_cast(replica.cast(), &mut bytes);
        bytes
    };
    (names(snapshot) != names(replica)).then(|| "its names of calls or adapters differ".to_owned())
}
