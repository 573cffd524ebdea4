//! A disk that forgets, in a machine that fails: what was not synced may be gone, torn or garbage
//! after a loss of power, each write and each change of a name independently of all others.

use crate::content::{Change, Content};
use crate::dice::Dice;
use acd_journal::{Disk, DiskFile};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

/// The folder of the journal's files.
pub(crate) const SEGMENTS: usize = 0;
/// The folder of the snapshots.
pub(crate) const SNAPSHOTS: usize = 1;
const FOLDERS: [&str; 2] = ["segments", "snapshots"];

/// How a life ends that does not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The process is gone; what it wrote is still there for the next one, synced or not.
    Kill,
    /// The machine is gone: only what was synced is certain.
    Power,
}

/// What fails, in thousandths of the operations of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) write: u16,
    pub(crate) sync: u16,
    /// Creating, renaming, removing and cutting files, and syncing a folder.
    pub(crate) names: u16,
    /// So many bytes more, and the disk is full.
    pub(crate) room: Option<usize>,
}

/// Deliberate breaks: what a journal would do that does not care for one of the rules.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lies {
    /// Syncing a file does nothing.
    pub(crate) no_file_sync: bool,
    /// Syncing a folder does nothing.
    pub(crate) no_folder_sync: bool,
    /// A snapshot is synced only after it got its name.
    pub(crate) snapshots_renamed_before_synced: bool,
    /// A sync that failed is asked for again.
    pub(crate) sync_asked_again: bool,
}

/// What has happened, so that a test can prove that it met what it is for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Met {
    pub(crate) kills: u64,
    pub(crate) power_losses: u64,
    pub(crate) writes_dropped: u64,
    pub(crate) writes_torn: u64,
    pub(crate) writes_garbled: u64,
    pub(crate) names_undone: u64,
    pub(crate) files_gone: u64,
    pub(crate) failed_writes: u64,
    pub(crate) failed_syncs: u64,
    pub(crate) lost_by_failed_sync: u64,
    pub(crate) failed_names: u64,
    pub(crate) full: u64,
    /// Syncs of a file of which a sync had failed before, in the same life.
    pub(crate) syncs_after_failure: u64,
}

/// A computer with two folders. All clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Machine(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    dice: Dice,
    life: u64,
    down: Option<Crash>,
    operations: u64,
    crash_at: Option<(u64, Crash)>,
    faults: Faults,
    lies: Lies,
    folders: [Folder; 2],
    files: Vec<Content>,
    met: Met,
}

/// Names, and which file each means.
#[derive(Debug, Default)]
struct Folder {
    durable: BTreeMap<String, usize>,
    visible: BTreeMap<String, usize>,
    pending: Vec<Naming>,
    /// Files that a lying disk has yet to sync.
    owed: Vec<usize>,
}

#[derive(Clone, Debug)]
enum Naming {
    Link(String, usize),
    Unlink(String),
    Rename(String, String, usize),
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Link(name, file) => {
                names.insert(name.clone(), *file);
            }
            Self::Unlink(name) => {
                names.remove(name);
            }
            Self::Rename(from, to, file) => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
        }
    }
}

/// What an operation meets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Works,
    Fails,
    /// The crash comes while it is under way.
    IsCutShort,
}

impl Machine {
    pub(crate) fn new(seed: u64, lies: Lies) -> Self {
        Self(Arc::new(Mutex::new(State {
            dice: Dice::new(seed),
            life: 0,
            down: None,
            operations: 0,
            crash_at: None,
            faults: Faults::default(),
            lies,
            folders: Default::default(),
            files: Vec::new(),
            met: Met::default(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics while he holds it")
    }

    /// One of the folders, for the process that runs now.
    pub(crate) fn disk(&self, folder: usize) -> SimulatedDisk {
        SimulatedDisk { machine: self.clone(), folder, life: self.state().life }
    }

    /// The crash comes during the operation of this number from now on, if there are so many.
    pub(crate) fn crash_in(&self, operations: u64, crash: Crash) {
        let mut state = self.state();
        state.crash_at = Some((state.operations + operations, crash));
    }

    pub(crate) fn crash_now(&self, crash: Crash) {
        let mut state = self.state();
        state.down = state.down.or(Some(crash));
    }

    pub(crate) fn is_down(&self) -> bool {
        self.state().down.is_some()
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    pub(crate) fn met(&self) -> Met {
        self.state().met
    }

    /// What the crash leaves is what the next process finds.
    pub(crate) fn start_again(&self) {
        let mut state = self.state();
        let crash = state.down.take().unwrap_or(Crash::Kill);
        state.life += 1;
        state.crash_at = None;
        state.faults = Faults::default();
        match crash {
            Crash::Kill => state.met.kills += 1,
            Crash::Power => state.lose_power(),
        }
        let State { files, .. } = &mut *state;
        files.iter_mut().for_each(Content::forget_failure);
    }

    /// The names in a folder, as a process sees them.
    pub(crate) fn names(&self, folder: usize) -> Vec<String> {
        self.state().folders[folder].visible.keys().cloned().collect()
    }

    /// The bytes of a file, as a process sees them.
    pub(crate) fn bytes(&self, folder: usize, name: &str) -> Vec<u8> {
        let state = self.state();
        let file = state.folders[folder].visible.get(name);
        file.map(|file| state.files[*file].seen().to_vec()).unwrap_or_default()
    }

    /// The disk itself changes what a file holds.
    pub(crate) fn rot(&self, folder: usize, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let Some(file) = state.folders[folder].visible.get(name).copied() else {
            panic!("{name} is not there");
        };
        state.files[file].rot(change);
    }

    /// Somebody takes a file away.
    pub(crate) fn lose(&self, folder: usize, name: &str) {
        let mut state = self.state();
        let folder = &mut state.folders[folder];
        folder.durable.remove(name);
        folder.visible.remove(name).expect("it was there");
    }

    /// Somebody puts a file there.
    pub(crate) fn put(&self, folder: usize, name: &str, bytes: &[u8]) {
        let mut state = self.state();
        let file = state.files.len();
        let mut content = Content::default();
        content.rot(|empty| empty.extend_from_slice(bytes));
        state.files.push(content);
        state.folders[folder].durable.insert(name.to_owned(), file);
        state.folders[folder].visible.insert(name.to_owned(), file);
    }
}

impl State {
    fn lose_power(&mut self) {
        let Self { dice, folders, files, met, .. } = self;
        met.power_losses += 1;
        files.iter_mut().for_each(|file| file.lose_power(dice, met));
        for folder in folders {
            for naming in std::mem::take(&mut folder.pending) {
                if dice.coin() {
                    naming.apply(&mut folder.durable);
                } else {
                    met.names_undone += 1;
                }
            }
            let gone = folder.visible.keys().filter(|name| !folder.durable.contains_key(*name));
            met.files_gone += gone.count() as u64;
            folder.visible = folder.durable.clone();
            folder.owed.clear();
        }
    }

    /// Begins an operation of a process of `life`; `fails` in so many of 1,000 cases.
    fn begin(&mut self, life: u64, fails: u16) -> io::Result<Fate> {
        if self.down.is_some() || self.life != life {
            return Err(off());
        }
        self.operations += 1;
        if let Some((at, crash)) = self.crash_at
            && at == self.operations
        {
            self.down = Some(crash);
            return Ok(Fate::IsCutShort);
        }
        Ok(if self.dice.chance(fails) { Fate::Fails } else { Fate::Works })
    }

    /// Changes names, or not: what failed may have happened all the same.
    fn name(&mut self, folder: usize, life: u64, naming: Naming) -> io::Result<()> {
        let fate = self.begin(life, self.faults.names)?;
        if fate == Fate::Works || self.dice.coin() {
            let folder = &mut self.folders[folder];
            naming.apply(&mut folder.visible);
            folder.pending.push(naming);
        }
        match fate {
            Fate::Works => Ok(()),
            Fate::IsCutShort => Err(off()),
            Fate::Fails => {
                self.met.failed_names += 1;
                Err(io::Error::other("the name cannot be changed"))
            }
        }
    }

    fn file(&self, folder: usize, name: &str) -> io::Result<usize> {
        let file = self.folders[folder].visible.get(name).copied();
        file.ok_or_else(|| io::Error::new(ErrorKind::NotFound, format!("{name}: no such file")))
    }

    fn write(&mut self, life: u64, file: usize, bytes: &[u8]) -> io::Result<()> {
        let fate = self.begin(life, self.faults.write)?;
        let room = self.faults.room.unwrap_or(usize::MAX);
        let most = if fate == Fate::Works { bytes.len() } else { self.dice.below(bytes.len() + 1) };
        let written = most.min(room);
        self.faults.room = self.faults.room.map(|room| room - written);
        let at = self.files[file].seen().len();
        self.files[file].change(Change::Write { at, bytes: bytes[..written].to_vec() });
        match fate {
            Fate::IsCutShort => Err(off()),
            Fate::Works if written == bytes.len() => Ok(()),
            Fate::Works => {
                self.met.full += 1;
                Err(ErrorKind::StorageFull.into())
            }
            Fate::Fails => {
                self.met.failed_writes += 1;
                Err(io::Error::other("the disk does not take it"))
            }
        }
    }

    fn sync_file(&mut self, life: u64, file: usize) -> io::Result<()> {
        let fate = self.begin(life, self.faults.sync)?;
        let Self { dice, files, met, .. } = self;
        let content = &mut files[file];
        met.syncs_after_failure += u64::from(content.has_failed());
        if self.lies.no_file_sync && fate != Fate::IsCutShort {
            return Ok(());
        }
        match fate {
            Fate::Works => {
                content.sync();
                Ok(())
            }
            Fate::IsCutShort => {
                if dice.coin() {
                    content.sync();
                }
                Err(off())
            }
            Fate::Fails => {
                content.fail_to_sync(dice, met);
                Err(io::Error::other("the disk does not say what it holds"))
            }
        }
    }

    fn sync_folder(&mut self, folder: usize, life: u64) -> io::Result<()> {
        let fate = self.begin(life, self.faults.names)?;
        if self.lies.no_folder_sync && fate != Fate::IsCutShort {
            return Ok(());
        }
        let Self { dice, folders, met, .. } = self;
        let Folder { durable, pending, .. } = &mut folders[folder];
        // One that fails may have come to a part of it.
        let mut done = |naming: &Naming| {
            let done = fate == Fate::Works || dice.coin();
            if done {
                naming.apply(durable);
            }
            !done
        };
        pending.retain(|naming| done(naming));
        match fate {
            Fate::Works => Ok(()),
            Fate::IsCutShort => Err(off()),
            Fate::Fails => {
                met.failed_names += 1;
                Err(io::Error::other("the folder does not say what it holds"))
            }
        }
    }
}

fn off() -> io::Error {
    io::Error::other("nobody is there any more")
}

/// A folder of a simulated machine, for a process as long as it lives.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedDisk {
    machine: Machine,
    folder: usize,
    life: u64,
}

/// A file that a process of a simulated machine writes.
#[derive(Debug)]
pub(crate) struct SimulatedFile {
    disk: SimulatedDisk,
    file: usize,
}

impl Disk for SimulatedDisk {
    type File = SimulatedFile;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.machine.names(self.folder))
    }

    fn create(&self, name: &str) -> io::Result<SimulatedFile> {
        let mut state = self.machine.state();
        let opened = |file| SimulatedFile { disk: self.clone(), file };
        if state.faults.room == Some(0) && state.dice.coin() {
            state.met.full += 1;
            return Err(ErrorKind::StorageFull.into());
        }
        if let Ok(file) = state.file(self.folder, name) {
            state.begin(self.life, 0)?;
            state.files[file].begin_anew();
            return Ok(opened(file));
        }
        let file = state.files.len();
        state.files.push(Content::default());
        state.name(self.folder, self.life, Naming::Link(name.to_owned(), file))?;
        Ok(opened(file))
    }

    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let state = self.machine.state();
        let seen = state.files[state.file(self.folder, name)?].seen();
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(seen.len());
        Ok(seen[from..].iter().take(most).copied().collect())
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        let state = self.machine.state();
        Ok(state.files[state.file(self.folder, name)?].seen().len() as u64)
    }

    fn trim(&self, name: &str, length: u64) -> io::Result<()> {
        let mut state = self.machine.state();
        let file = state.file(self.folder, name)?;
        let fails = state.faults.names;
        let fate = state.begin(self.life, fails)?;
        if fate == Fate::Works || state.dice.coin() {
            state.files[file].change(Change::Cut { length: length as usize });
        }
        match fate {
            Fate::Works => Ok(()),
            Fate::IsCutShort => Err(off()),
            Fate::Fails => {
                state.met.failed_names += 1;
                Err(io::Error::other("the file cannot be cut"))
            }
        }
    }

    fn sync_file(&self, name: &str) -> io::Result<()> {
        let mut state = self.machine.state();
        let file = state.file(self.folder, name)?;
        state.sync_file(self.life, file)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.machine.state();
        let file = state.file(self.folder, from)?;
        let naming = Naming::Rename(from.to_owned(), to.to_owned(), file);
        state.name(self.folder, self.life, naming)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.machine.state();
        state.file(self.folder, name)?;
        state.name(self.folder, self.life, Naming::Unlink(name.to_owned()))
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.machine.state();
        state.sync_folder(self.folder, self.life)?;
        for file in std::mem::take(&mut state.folders[self.folder].owed) {
            state.sync_file(self.life, file)?;
        }
        Ok(())
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", FOLDERS[self.folder])
    }
}

impl DiskFile for SimulatedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.machine.state().write(self.disk.life, self.file, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let SimulatedDisk { machine, folder, life } = &self.disk;
        let mut state = machine.state();
        if state.lies.snapshots_renamed_before_synced && *folder == SNAPSHOTS {
            state.folders[*folder].owed.push(self.file);
            return Ok(());
        }
        let synced = state.sync_file(*life, self.file);
        if synced.is_err() && state.lies.sync_asked_again {
            return state.sync_file(*life, self.file);
        }
        synced
    }
}
