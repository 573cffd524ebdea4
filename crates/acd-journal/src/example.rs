//! A small clinic's journal, in real files, for tests of whoever reads journals.

use crate::disk::RealDisk;
use crate::file_log::DataFolder;
use crate::follower::{Follower, FollowerSettings};
use crate::journal::{Journal, OpenError, WriteSettings};
use crate::record::{Batch, CallCard, Entry, Minted, Origin, Tail};
use crate::replica::Parts;
use crate::segment::{HEADER_BYTES, Header};
use crate::snapshots::Snapshots;
use acd_core::{
    Action, AdapterId, AgentId, AgentPlan, CallEntry, CallHandle, Command, LOGIC_VERSION, Priority,
    QueueId, QueuePlan, Requirement, RoutingPlan, Rule, Span, Timestamp, Treatment,
};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// When the first batch is written: 2026-03-11T10:15:00Z.
const BEGINS: Timestamp = Timestamp(1_773_224_100_000_000);
/// Between two batches.
const STEP: Span = Span::from_secs(1);

/// Writes a journal as a daemon does: each call of a method is one batch, a second after the last.
#[derive(Debug)]
pub struct Scribe {
    folder: DataFolder,
    journal: Journal<RealDisk>,
    parts: Parts,
    now: Timestamp,
    found: u64,
}

impl Scribe {
    /// A daemon starts on a folder: an epoch begins. Queue `billing`, agent `ana`, adapter `pbx`.
    ///
    /// # Errors
    /// The folder cannot be read or written, or what it holds cannot be folded.
    pub fn starts(folder: &DataFolder, segment_bytes: u64) -> Result<Self, OpenError> {
        let in_folder = |error: std::io::Error| OpenError::Folder {
            path: folder.path().display().to_string(),
            what: error.to_string(),
        };
        let disk = RealDisk::open(&folder.segments()).map_err(in_folder)?;
        let snapshots = Snapshots::of(RealDisk::open(&folder.snapshots()).map_err(in_folder)?);
        let (mut replica, _) = snapshots.newest(None).map_err(in_folder)?;
        let settings = WriteSettings { segment_bytes, sync: true };
        let (journal, _) = Journal::open(disk, settings, &mut replica)?;
        let parts = replica.into_parts();
        let now = parts.router.now().max(BEGINS);
        let found = parts.tail.next_sequence - 1;
        let mut scribe = Self { folder: folder.clone(), journal, parts, now, found };
        scribe.begin();
        Ok(scribe)
    }

    fn begin(&mut self) {
        let (plan, adapter) = (Arc::new(plan()), AdapterId(0));
        let mut entries = vec![(Origin::Plan, Command::EpochBegan, None)];
        if **self.parts.router.plan() != *plan {
            entries.push((Origin::Plan, Command::PlanChanged { plan }, None));
        }
        let up = Command::AdapterUp { adapter, incarnation: 7, resync: false };
        let name = Minted::Adapter(Arc::from("pbx"));
        entries.push((Origin::Adapter(Arc::from("pbx")), up, Some(name)));
        entries.push((Origin::Plan, Command::RecoveryOver, None));
        self.parts.tail.epoch += 1;
        self.write(entries);
    }

    /// A call arrives in `billing`, with the attribute `crm`.
    pub fn call(&mut self, id: &str, crm: &str) -> CallHandle {
        let slot = self.parts.router.call_slots().count() as u32;
        let (call, since) = (CallHandle { slot, generation: 1 }, self.now + STEP);
        let card = CallCard {
            adapter: Arc::from("pbx"),
            call_id: Arc::from(id),
            dialed: Arc::from("+15550100"),
            caller: Arc::from("+15550199"),
            attributes: Arc::from([("crm".to_owned(), crm.to_owned())]),
        };
        let entry = CallEntry::new(QueueId(0), Priority::NORMAL, since);
        let offered = Command::CallOffered { call, adapter: AdapterId(0), entry };
        let by = Origin::Adapter(Arc::from("pbx"));
        self.write(vec![(by, offered, Some(Minted::Call(Arc::new(card))))]);
        call
    }

    /// The caller hangs up; the adapter's number is written in the same batch.
    pub fn hang_up(&mut self, call: CallHandle) {
        let by = || Origin::Adapter(Arc::from("pbx"));
        let number = self.parts.tail.next_sequence;
        let heard = Command::AdapterHeard { adapter: AdapterId(0), number };
        self.write(vec![(by(), Command::CallEnded { call }, None), (by(), heard, None)]);
    }

    /// A supervisor raises a call's priority and says why.
    pub fn raise(&mut self, call: CallHandle, reason: &str) {
        let by = Origin::Person { name: Arc::from("sue"), reason: Arc::from(reason) };
        let priority = Priority::HIGHEST_BY_RULE;
        self.write(vec![(by, Command::SetPriority { call, priority }, None)]);
    }

    /// Agent `ana` starts work and gives herself a break, in one batch.
    pub fn ana_takes_a_break(&mut self) {
        let by = || Origin::Person { name: Arc::from("ana"), reason: Arc::from("") };
        let (agent, reason) = (AgentId(0), Some(acd_core::ReasonId(0)));
        let log_in = (by(), Command::AgentLogIn { agent }, None);
        self.write(vec![log_in, (by(), Command::AgentNotReady { agent, reason }, None)]);
    }

    /// Nothing happens for so long.
    pub fn pass(&mut self, time: Span) {
        self.now = self.now + time;
    }

    /// The last sequence that it found when it started.
    pub fn found(&self) -> u64 {
        self.found
    }

    /// The digest of all events so far.
    pub fn digest(&self) -> u64 {
        self.parts.digest.value()
    }

    /// Where the journal ends.
    pub fn tail(&self) -> Tail {
        self.parts.tail
    }

    /// Writes a snapshot of all so far, and removes history older than `retention`.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn snapshot(&self, retention: Span) -> Result<(), OpenError> {
        self.follower(retention)?.snapshot(self.parts.tail)
    }

    /// Somebody who follows it, and removes history older than `retention`.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn follower(&self, retention: Span) -> Result<Follower<RealDisk>, OpenError> {
        let disk = RealDisk::of(&self.folder.segments());
        let snapshots = RealDisk::of(&self.folder.snapshots());
        let settings = FollowerSettings { snapshot_every: 1, retention };
        let follower = Follower::new(disk, snapshots, settings);
        follower.map_err(|error| OpenError::Folder {
            path: self.folder.path().display().to_string(),
            what: error.to_string(),
        })
    }

    /// Applies and writes one batch.
    ///
    /// # Panics
    /// The Router refuses a command, or the disk fails: then the example is wrong.
    fn write(&mut self, commands: Vec<(Origin, Command, Option<Minted>)>) {
        self.now = self.now + STEP;
        let mut entries = Vec::new();
        while let Some(due) = self.parts.router.next_deadline().filter(|due| *due <= self.now) {
            let at = due.max(self.parts.router.now());
            entries.push(self.apply(at, Origin::Time, Command::AdvanceTime, None));
        }
        for (origin, command, minted) in commands {
            entries.push(self.apply(self.now, origin, command, minted));
        }
        let Tail { epoch, batch, .. } = self.parts.tail;
        let first_sequence = entries.first().map_or(1, |entry| entry.sequence);
        let digest = self.parts.digest.value();
        let batch = Batch { epoch, number: batch + 1, first_sequence, entries, digest };
        self.parts.tail = Tail::after(&batch);
        self.journal.append(&batch).expect("a disk that can be written");
    }

    fn apply(
        &mut self,
        at: Timestamp,
        origin: Origin,
        command: Command,
        minted: Option<Minted>,
    ) -> Entry {
        let mut events = Vec::new();
        let applied = self.parts.router.apply(at, command.clone(), &mut events);
        applied.expect("a command that the Router takes");
        events.iter().for_each(|event| self.parts.digest.take_in(event));
        let sequence = self.parts.tail.next_sequence;
        self.parts.tail.next_sequence += 1;
        Entry { sequence, at, origin: Arc::new(origin), command, minted }
    }
}

fn plan() -> RoutingPlan {
    let give_up =
        Rule::after(Span::from_secs(60), "give-up", vec![Action::End(Treatment::Voicemail)]);
    let billing = QueuePlan::new("billing", Requirement::default(), vec![give_up]);
    RoutingPlan {
        reasons: vec!["break".to_owned()],
        queues: vec![QueuePlan { wrap_up: Span::from_secs(30), ..billing }],
        agents: vec![AgentPlan::new("ana", Vec::new())],
        ..RoutingPlan::default()
    }
}

/// Makes a segment one that another version of the logic has written.
///
/// # Panics
/// It cannot be read or written, or is no segment.
pub fn make_of_another_logic(segment: &Path) {
    let mut bytes = fs::read(segment).expect("a segment");
    let header = Header::decode(&bytes).expect("a header");
    let header = Header { logic_version: LOGIC_VERSION + 1, ..header };
    bytes[..HEADER_BYTES].copy_from_slice(&header.encode());
    fs::write(segment, bytes).expect("a segment that can be written");
}

/// Flips one bit of a file.
///
/// # Panics
/// There is no such byte.
pub fn flip(file: &Path, at: u64) {
    let mut bytes = fs::read(file).expect("a file");
    bytes[at as usize] ^= 0x10;
    fs::write(file, bytes).expect("a file that can be written");
}

/// The files of a folder, by name.
///
/// # Panics
/// It cannot be read.
pub fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}
