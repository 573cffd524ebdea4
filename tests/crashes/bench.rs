//! A journal on a simulated disk, to be treated badly by hand.

use crate::dice::Dice;
use crate::disk::{Crash, Lies, Machine, SEGMENTS, SNAPSHOTS, SimulatedDisk};
use crate::domain::{Domain, Moment};
use acd_core::Span;
use acd_journal::{
    Appended, Batch, CommandLog, FileLog, Follower, FollowerSettings, OpenError, Recovered, Tail,
    WriteSettings, recover_on,
};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// The bytes of a segment's header.
pub(crate) const HEADER_BYTES: usize = 36;
/// The bytes of a record before its batch: its length and its checksum.
pub(crate) const FRAME_BYTES: usize = 8;

/// A machine, the process that writes on it, and what it has written.
pub(crate) struct Bench {
    pub(crate) machine: Machine,
    runtime: Runtime,
    settings: WriteSettings,
    dice: Dice,
    domain: Domain,
    pub(crate) log: FileLog,
    /// After the beginning and after each batch.
    pub(crate) moments: Vec<Moment>,
    pub(crate) batches: Vec<Arc<Batch>>,
}

impl Bench {
    /// An empty journal of one file.
    pub(crate) fn new(seed: u64) -> Self {
        Self::with(seed, WriteSettings::default())
    }

    /// An empty journal in which each batch has a file of its own.
    pub(crate) fn of_many_files(seed: u64) -> Self {
        Self::with(seed, WriteSettings { segment_bytes: 1, sync: true })
    }

    pub(crate) fn with(seed: u64, settings: WriteSettings) -> Self {
        let machine = Machine::new(seed, Lies::default());
        let mut dice = Dice::new(seed);
        let beginning = Moment::beginning();
        let Recovered { log, replica, .. } = open(&machine, settings).expect("nothing is there");
        let names = Domain::names_of(&beginning);
        let mut domain = Domain::go_on(replica.into_parts(), names, 1);
        domain.open_epoch(&mut dice);
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let (moments, batches) = (vec![beginning], Vec::new());
        Self { machine, runtime, settings, dice, domain, log, moments, batches }
    }

    /// The next batch, which must be stored.
    pub(crate) fn store(&mut self) -> Tail {
        let batch = self.next_batch();
        assert_eq!(self.append(&batch), Appended::Stored);
        Tail::after(&batch)
    }

    pub(crate) fn store_many(&mut self, many: usize) -> Tail {
        (0..many).fold(Tail::default(), |_, _| self.store())
    }

    /// Makes the next batch.
    pub(crate) fn next_batch(&mut self) -> Arc<Batch> {
        loop {
            self.domain.step(&mut self.dice);
            if let Some((batch, moment)) = self.domain.take_batch() {
                self.moments.push(moment);
                self.batches.push(Arc::clone(&batch));
                return batch;
            }
        }
    }

    pub(crate) fn append(&self, batch: &Arc<Batch>) -> Appended {
        let expect = self.runtime.block_on(self.log.tail()).expect("it knows");
        self.runtime.block_on(self.log.append(Arc::clone(batch), expect))
    }

    /// All batches that the log gives from a sequence on.
    pub(crate) fn read(&self, from: u64) -> Vec<Arc<Batch>> {
        self.runtime.block_on(self.log.read(from)).expect("it can be read")
    }

    pub(crate) fn follower(&self, retention: Span) -> Follower<SimulatedDisk> {
        let settings = FollowerSettings { snapshot_every: 1, retention };
        let [segments, snapshots] = disks(&self.machine);
        Follower::new(segments, snapshots, settings).expect("the folder can be read")
    }

    /// Writes a snapshot of all that is stored.
    pub(crate) fn snapshot(&self, retention: Span) {
        let tail = *self.log.watch_tail().borrow();
        self.follower(retention).snapshot(tail).expect("a snapshot");
    }

    /// What a new process finds.
    pub(crate) fn recover(&self) -> Result<Recovered, OpenError> {
        self.machine.start_again();
        open(&self.machine, self.settings)
    }

    /// The process crashes; the next one goes on where the journal ends.
    pub(crate) fn crash_and_go_on(&mut self, crash: Crash) {
        self.machine.crash_now(crash);
        let Recovered { log, replica, .. } = self.recover().expect("a crash does no harm");
        let number = replica.tail().batch as usize;
        self.moments.truncate(number + 1);
        self.batches.truncate(number);
        assert!(self.moments[number].is(&replica), "a moment that there was");
        let names = Domain::names_of(&self.moments[number]);
        let epoch = replica.tail().epoch + 1;
        self.domain = Domain::go_on(replica.into_parts(), names, epoch);
        self.domain.open_epoch(&mut self.dice);
        self.log = log;
    }

    /// After a loss of power all is there, and nothing else.
    pub(crate) fn all_is_there(&self) -> Recovered {
        self.machine.crash_now(Crash::Power);
        let recovered = self.recover().expect("what was acknowledged can be read");
        let last = self.moments.last().expect("there is a beginning");
        assert!(last.is(&recovered.replica), "{:?} and {last:?}", recovered.replica.tail());
        recovered
    }

    /// The names of the segments.
    pub(crate) fn segments(&self) -> Vec<String> {
        let names = self.machine.names(SEGMENTS);
        names.into_iter().filter(|name| name.ends_with(".segment")).collect()
    }

    /// Where each record of a segment begins.
    pub(crate) fn records(&self, segment: &str) -> Vec<usize> {
        let bytes = self.machine.bytes(SEGMENTS, segment);
        let mut at = HEADER_BYTES;
        let mut records = Vec::new();
        while at < bytes.len() {
            records.push(at);
            let length: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
            at += FRAME_BYTES + u32::from_le_bytes(length) as usize;
        }
        records
    }

    /// Flips a bit of a byte of a segment.
    pub(crate) fn flip(&self, segment: &str, at: usize) {
        self.machine.rot(SEGMENTS, segment, |bytes| bytes[at] ^= 4);
    }

    /// The last sequence after so many batches.
    pub(crate) fn sequence_after(&self, batches: usize) -> u64 {
        self.moments[batches].tail.next_sequence - 1
    }
}

pub(crate) fn disks(machine: &Machine) -> [SimulatedDisk; 2] {
    [SEGMENTS, SNAPSHOTS].map(|folder| machine.disk(folder))
}

pub(crate) fn open(machine: &Machine, settings: WriteSettings) -> Result<Recovered, OpenError> {
    let [segments, snapshots] = disks(machine);
    recover_on(segments, snapshots, settings)
}
