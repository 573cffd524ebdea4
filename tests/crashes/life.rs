//! A journal through crash after crash: what was acknowledged is there, and what is there has been.

use crate::dice::Dice;
use crate::disk::{Crash, Faults, Lies, Machine, SEGMENTS, SNAPSHOTS, SimulatedDisk};
use crate::domain::{Domain, Moment};
use acd_core::Span;
use acd_journal::{
    Appended, Batch, CommandLog, FileLog, Follower, FollowerSettings, OpenError, ReadError,
    Recovered, RecoveryReport, Tail, WriteSettings, recover_on,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The most processes of one seed.
const PROCESSES_MAX: usize = 6;
/// The most steps of the domain that one process takes.
const STEPS_MAX: usize = 14;
/// After so many attempts to store a batch the disk works again.
const FAILING_MAX: usize = 5;
/// The most starts in a row that fail.
const FAILED_STARTS_MAX: usize = 4;
/// So small that a life has several files.
const SEGMENT_BYTES: u64 = 1_500;

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// Whether batches are synced.
    pub(crate) sync: bool,
    /// How the disk breaks the rules.
    pub(crate) lies: Lies,
    /// In how many of 1,000 cases the disk may fail while a batch is stored, beside the crashes.
    pub(crate) faults: u16,
}

impl Default for Setup {
    fn default() -> Self {
        Self { sync: true, lies: Lies::default(), faults: 500 }
    }
}

/// What the processes of some seeds went through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lived {
    pub(crate) processes: u64,
    pub(crate) commands: u64,
    pub(crate) acknowledged: u64,
    pub(crate) crashed_starts: u64,
    pub(crate) failed_starts: u64,
    pub(crate) crashed_snapshots: u64,
    pub(crate) torn_ends: u64,
    pub(crate) kept_unacknowledged: u64,
    pub(crate) dropped_unacknowledged: u64,
    pub(crate) snapshots_written: u64,
    pub(crate) snapshots_used: u64,
    pub(crate) snapshots_skipped: u64,
    pub(crate) segments_forgotten: u64,
    pub(crate) appended_again: u64,
    pub(crate) room_again: u64,
    pub(crate) clean_stops: u64,
}

/// One life of a journal, over several processes.
pub(crate) struct Life<'a> {
    setup: Setup,
    runtime: &'a Runtime,
    pub(crate) machine: Machine,
    dice: Dice,
    /// The last moment that was acknowledged, and all later ones that there may be.
    moments: Vec<Moment>,
    acknowledged: u64,
    epoch: u64,
    rotten: BTreeSet<String>,
    retention: Span,
    pub(crate) lived: Lived,
}

/// The process goes on, or it has crashed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alive {
    Yes,
    No,
}

/// Something that was promised is not kept.
type Broken = String;

impl<'a> Life<'a> {
    pub(crate) fn new(seed: u64, setup: Setup, runtime: &'a Runtime) -> Self {
        let mut dice = Dice::new(seed);
        Self {
            setup,
            runtime,
            machine: Machine::new(dice.draw(), setup.lies),
            moments: vec![Moment::beginning()],
            acknowledged: 0,
            epoch: 0,
            rotten: BTreeSet::new(),
            retention: Span::from_secs([0, 30, 3_600][dice.below(3)]),
            lived: Lived::default(),
            dice,
        }
    }

    /// Lives it to its end.
    ///
    /// # Errors
    /// What was promised and is not kept.
    pub(crate) fn run(&mut self) -> Result<(), Broken> {
        for _ in 0..2 + self.dice.below(PROCESSES_MAX - 1) {
            let recovered = self.start(true)?;
            if self.process(recovered)? == Alive::Yes && !self.stop_clean()? {
                let crash = self.some_crash();
                self.machine.crash_now(crash);
            }
            self.end_process();
        }
        // Whatever has happened, it is all there, and it goes on.
        for _ in 0..2 {
            let Recovered { log, replica, .. } = self.start(false)?;
            let mut domain = self.domain(replica);
            domain.open_epoch(&mut self.dice);
            if self.store(&log, &mut domain)? == Alive::No {
                return Err("a crash came that nobody had planned".to_owned());
            }
            self.machine.crash_now(Crash::Power);
            self.end_process();
        }
        if self.machine.met().syncs_after_failure > 0 {
            return Err("a file was synced again after a sync of it had failed".to_owned());
        }
        Ok(())
    }

    fn some_crash(&mut self) -> Crash {
        if self.dice.chance(650) { Crash::Power } else { Crash::Kill }
    }

    fn some_faults(&mut self) -> Faults {
        if !self.dice.chance(self.setup.faults) {
            return Faults::default();
        }
        let room = self.dice.chance(300).then(|| self.dice.below(3_000));
        let mut rate = || if self.dice.coin() { 0 } else { self.dice.below(200) as u16 };
        Faults { write: rate(), sync: rate(), names: rate(), room }
    }

    /// What is there is read until that comes to an end.
    fn start(&mut self, troubled: bool) -> Result<Recovered, Broken> {
        for failed in 0.. {
            self.lived.processes += 1;
            let troubled = troubled && failed < FAILED_STARTS_MAX;
            if troubled && self.dice.chance(200) {
                let (at, crash) = (1 + self.dice.below(8), self.some_crash());
                self.machine.crash_in(at as u64, crash);
            }
            let faulty = troubled && self.dice.chance(100);
            if faulty {
                let faults = self.some_faults();
                self.machine.set_faults(faults);
            }
            let disks = [SEGMENTS, SNAPSHOTS].map(|folder| self.machine.disk(folder));
            let [segments, snapshots] = disks;
            let settings = WriteSettings { segment_bytes: SEGMENT_BYTES, sync: self.setup.sync };
            match recover_on(segments, snapshots, settings) {
                Ok(recovered) => {
                    self.check(&recovered)?;
                    return Ok(recovered);
                }
                Err(error) => self.may_fail(&error, faulty)?,
            }
            if self.machine.is_down() {
                self.lived.crashed_starts += 1;
            } else {
                self.lived.failed_starts += 1;
            }
            self.machine.start_again();
        }
        Err("it never starts".to_owned())
    }

    /// A crash, or a disk that fails, explains an error; neither ever explains damage.
    fn may_fail(&self, error: &OpenError, faulty: bool) -> Result<(), Broken> {
        let fails =
            matches!(error, OpenError::Read(ReadError::Io { .. }) | OpenError::Folder { .. });
        if fails && (faulty || self.machine.is_down()) {
            return Ok(());
        }
        Err(format!("a mere crash or failure of the disk is taken for more: {error}"))
    }

    /// What was read is a moment that the domain has had, and not before the last acknowledged one.
    fn check(&mut self, recovered: &Recovered) -> Result<(), Broken> {
        let Recovered { replica, report, .. } = recovered;
        let RecoveryReport { snapshot, skipped, torn, .. } = report;
        self.lived.torn_ends += u64::from(torn.is_some());
        self.lived.snapshots_used += u64::from(*snapshot > 0);
        self.lived.snapshots_skipped += skipped.len() as u64;
        if let Some(damaged) = skipped.iter().find(|it| !self.rotten.contains(&it.path)) {
            return Err(format!(
                "a crash has damaged the snapshot {}: {}",
                damaged.path, damaged.why
            ));
        }
        let Some(moment) = self.moments.iter().find(|moment| moment.is(replica)) else {
            let (found, acknowledged) = (replica.tail(), self.acknowledged);
            return Err(format!(
                "batch {acknowledged} was acknowledged, and what is there is {found:?}, which is \
                 lost or has never been"
            ));
        };
        let ahead = moment.tail.batch > self.acknowledged;
        let latest = self.moments.iter().map(|moment| moment.tail.batch).max();
        self.lived.kept_unacknowledged += u64::from(ahead);
        self.lived.dropped_unacknowledged += u64::from(latest > Some(moment.tail.batch));
        Ok(())
    }

    fn domain(&mut self, replica: acd_journal::Replica) -> Domain {
        self.epoch += 1;
        let moment = self.moments.iter().find(|moment| moment.is(&replica));
        let names = moment.map(Domain::names_of).expect("it was checked");
        Domain::go_on(replica.into_parts(), names, self.epoch)
    }

    /// A process works until it has done its part or has crashed.
    fn process(&mut self, recovered: Recovered) -> Result<Alive, Broken> {
        let Recovered { log, replica, .. } = recovered;
        let mut domain = self.domain(replica);
        let settings = FollowerSettings { snapshot_every: 1, retention: self.retention };
        let [segments, snapshots] = [SEGMENTS, SNAPSHOTS].map(|folder| self.machine.disk(folder));
        let follower = Follower::new(segments, snapshots, settings);
        let mut follower = follower.map_err(|error| format!("no follower: {error}"))?;
        if self.dice.chance(800) {
            let (at, crash) = (1 + self.dice.below(60), self.some_crash());
            self.machine.crash_in(at as u64, crash);
        }
        domain.open_epoch(&mut self.dice);
        if self.store(&log, &mut domain)? == Alive::No {
            return Ok(Alive::No);
        }
        for _ in 0..self.dice.below(STEPS_MAX) {
            domain.step(&mut self.dice);
            if self.dice.chance(600) && self.store(&log, &mut domain)? == Alive::No {
                return Ok(Alive::No);
            }
            if self.dice.chance(120) && self.snapshot(&mut follower, &log)? == Alive::No {
                return Ok(Alive::No);
            }
        }
        self.store(&log, &mut domain)
    }

    /// Stores what was applied, again and again until it is stored or a crash comes.
    fn store(&mut self, log: &FileLog, domain: &mut Domain) -> Result<Alive, Broken> {
        let expect = self.tail_of(log);
        let Some((batch, moment)) = domain.take_batch() else { return Ok(Alive::Yes) };
        self.moments.push(moment.clone());
        let faults = self.some_faults();
        self.machine.set_faults(faults);
        for attempt in 0.. {
            if attempt == FAILING_MAX {
                self.machine.set_faults(Faults::default());
            }
            match self.append(log, &batch, expect) {
                Appended::Stored => {
                    self.lived.acknowledged += 1;
                    self.lived.commands += batch.entries.len() as u64;
                    self.lived.appended_again += u64::from(attempt > 0);
                    self.lived.room_again += u64::from(attempt > 0 && faults.room.is_some());
                    self.acknowledged = batch.number;
                    self.moments = vec![moment];
                    self.machine.set_faults(Faults::default());
                    return Ok(Alive::Yes);
                }
                Appended::Failed(_) if self.machine.is_down() => return Ok(Alive::No),
                Appended::Failed(error) if attempt >= FAILING_MAX => {
                    return Err(format!("the disk works again, and the journal does not: {error}"));
                }
                Appended::Failed(_) => {}
                other => return Err(format!("the only writer is told {other:?}")),
            }
        }
        Ok(Alive::No)
    }

    fn append(&self, log: &FileLog, batch: &Arc<Batch>, expect: Tail) -> Appended {
        self.runtime.block_on(log.append(Arc::clone(batch), expect))
    }

    fn tail_of(&self, log: &FileLog) -> Tail {
        self.runtime.block_on(log.tail()).expect("it always knows")
    }

    fn snapshot(
        &mut self,
        follower: &mut Follower<SimulatedDisk>,
        log: &FileLog,
    ) -> Result<Alive, Broken> {
        let faults = if self.dice.chance(200) { self.some_faults() } else { Faults::default() };
        self.machine.set_faults(faults);
        let before = self.machine.names(SEGMENTS).len();
        let tail = *log.watch_tail().borrow();
        let written = follower.snapshot(tail);
        self.machine.set_faults(Faults::default());
        let after = self.machine.names(SEGMENTS).len();
        self.lived.segments_forgotten += before.saturating_sub(after) as u64;
        match written {
            Ok(()) => self.lived.snapshots_written += 1,
            Err(error) => self.may_fail(&error, true)?,
        }
        if self.machine.is_down() {
            self.lived.crashed_snapshots += 1;
            return Ok(Alive::No);
        }
        Ok(Alive::Yes)
    }

    /// Stops as SIGTERM does, now and then: a snapshot, and nothing after it.
    fn stop_clean(&mut self) -> Result<bool, Broken> {
        if self.machine.is_down() || !self.dice.chance(300) {
            return Ok(false);
        }
        let [segments, snapshots] = [SEGMENTS, SNAPSHOTS].map(|folder| self.machine.disk(folder));
        let settings = FollowerSettings { snapshot_every: 1, retention: self.retention };
        let mut follower = Follower::new(segments, snapshots, settings)
            .map_err(|error| format!("no follower: {error}"))?;
        let Some(tail) = self.moments.first().map(|moment| moment.tail) else { return Ok(false) };
        if let Err(error) = follower.snapshot(tail) {
            self.may_fail(&error, false)?;
        }
        self.lived.clean_stops += u64::from(!self.machine.is_down());
        self.machine.crash_now(Crash::Kill);
        Ok(true)
    }

    fn end_process(&mut self) {
        self.machine.start_again();
        if self.dice.chance(100) {
            self.let_newest_snapshot_rot();
        }
    }

    /// One at a time, so that there always is a sound one with all that comes after it.
    fn let_newest_snapshot_rot(&mut self) {
        let names = self.machine.names(SNAPSHOTS);
        let snapshots: Vec<&String> =
            names.iter().filter(|name| name.ends_with(".snapshot")).collect();
        let path = |name: &str| format!("snapshots/{name}");
        let [.., newest] = &snapshots[..] else { return };
        if snapshots.iter().any(|name| self.rotten.contains(&path(name))) {
            return;
        }
        let at = self.dice.draw() as usize;
        let bit = 1 << self.dice.below(8);
        self.machine.rot(SNAPSHOTS, newest, |bytes| {
            let at = at % bytes.len();
            bytes[at] ^= bit;
        });
        self.rotten.insert(path(newest));
    }
}
