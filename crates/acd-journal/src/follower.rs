//! Follows a journal behind its writer: folds what is durable, proves that it decides the same, and
//! writes snapshots, so that nobody who routes ever pauses for one.

use crate::disk::{Disk, RealDisk};
use crate::figures::PastDays;
use crate::file_log::{DataFolder, FileLog};
use crate::journal::OpenError;
use crate::reader::Reader;
use crate::record::Tail;
use crate::replica::Replica;
use crate::retention;
use crate::snapshots::Snapshots;
use acd_core::Span;
use acd_statistics::{History, HistoryWanted};
use crossbeam_channel::{Receiver, Sender};
use std::io;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use tracing::{error, info, warn};

/// How often the follower looks whether there is enough for a snapshot.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A snapshot is written at least this often, if there is anything new.
const SNAPSHOT_WITHIN: Duration = Duration::from_secs(900);

/// After a snapshot that could not be written, the next one is tried so much later.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// So many questions for figures may wait at once.
const QUESTIONS_MAX: usize = 64;

/// When snapshots are written, and how long history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowerSettings {
    /// After so many commands.
    pub snapshot_every: u64,
    /// Older history goes.
    pub retention: Span,
}

/// A follower of the journal on a disk, moved by hand.
#[derive(Debug)]
pub struct Follower<D: Disk> {
    disk: D,
    snapshots: Snapshots<D>,
    past: PastDays<D>,
    settings: FollowerSettings,
    state: Option<(Replica, Reader<D>)>,
    /// The last sequence of the newest snapshot.
    written: u64,
}

impl<D: Disk> Follower<D> {
    /// A follower that begins at the newest snapshot.
    ///
    /// # Errors
    /// The folder of the snapshots cannot be read.
    pub fn new(disk: D, snapshots: D, settings: FollowerSettings) -> io::Result<Self> {
        let past = PastDays::of(snapshots.clone());
        let snapshots = Snapshots::of(snapshots);
        let written = snapshots.list()?.last().copied().unwrap_or(0);
        Ok(Self { disk, snapshots, past, settings, state: None, written })
    }

    /// How many commands there are up to `tail` that no snapshot has.
    pub fn behind(&self, tail: Tail) -> u64 {
        (tail.next_sequence - 1).saturating_sub(self.written)
    }

    /// Folds all up to `tail`, which must be durable, and writes a snapshot; then removes what is
    /// older than it need be.
    ///
    /// # Errors
    /// The journal does not lead to the state that it says, or the disk fails.
    pub fn snapshot(&mut self, tail: Tail) -> Result<(), OpenError> {
        self.follow(tail)?;
        let path = self.disk.path("");
        let failed = |what: &str, error: io::Error| {
            let what = format!("cannot {what}: {error}");
            OpenError::Folder { path: path.clone(), what }
        };
        // The fold is good for the next snapshot, whatever becomes of this one.
        let Some((replica, _)) = &self.state else { return Ok(()) };
        let sequence = replica.tail().next_sequence - 1;
        if sequence > self.written {
            let written = self.snapshots.write(replica);
            written.map_err(|error| failed("write a snapshot", error))?;
            self.written = sequence;
        }
        let now = replica.router().now();
        let forgotten = self.past.forget(now, self.settings.retention);
        forgotten.map_err(|error| failed("remove old figures", error))?;
        retention::apply(&self.disk, &self.snapshots, now, self.settings.retention)
    }

    /// Folds all up to `tail`, which must be durable, and keeps the figures that are final.
    fn follow(&mut self, tail: Tail) -> Result<(), OpenError> {
        let failed = |path: String, what: &str, error: io::Error| OpenError::Folder {
            path,
            what: format!("cannot {what}: {error}"),
        };
        // A fold that fails is of no use: the next one begins at the newest snapshot.
        let (mut replica, mut reader) = match self.state.take() {
            Some(state) => state,
            None => {
                let found = self.snapshots.newest(None);
                let (replica, _) = found
                    .map_err(|error| failed(self.disk.path(""), "read the snapshots", error))?;
                let reader = Reader::open(self.disk.clone(), replica.tail().batch + 1)?;
                (replica, reader)
            }
        };
        while replica.tail().batch < tail.batch {
            let Ok(batch) = reader.next()? else { break };
            if batch.number <= replica.tail().batch {
                continue;
            }
            let last_sound = replica.tail().next_sequence - 1;
            replica.fold(&batch).map_err(|error| {
                let path = reader.path();
                OpenError::Fold { path, error, last_sound }
            })?;
        }
        // Before any snapshot that has them no more.
        let kept = self.past.keep(&replica.take_settled());
        kept.map_err(|error| failed(self.disk.path(""), "keep the figures of a day", error))?;
        self.state = Some((replica, reader));
        Ok(())
    }

    /// The figures by quarter of an hour that are wanted, as far as they are durable at `tail`.
    ///
    /// # Errors
    /// As `snapshot`; or what was kept of past days cannot be read.
    pub fn history(&mut self, tail: Tail, wanted: &HistoryWanted) -> Result<History, OpenError> {
        self.follow(tail)?;
        let kept = self.past.read(wanted).map_err(|error| OpenError::Folder {
            path: self.disk.path(""),
            what: format!("the figures of past days cannot be read: {error}"),
        });
        let mut rows = kept?;
        if let Some((replica, _)) = &self.state {
            rows.append(replica.statistics().history(wanted));
        }
        Ok(rows)
    }
}

/// Somebody wants figures.
#[derive(Debug)]
struct Asked {
    wanted: HistoryWanted,
    answer: oneshot::Sender<Result<History, OpenError>>,
}

/// Where a follower's thread is asked for figures. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FiguresDesk {
    asked: Sender<Asked>,
    tail: watch::Receiver<Tail>,
}

impl FiguresDesk {
    /// The figures by quarter of an hour that are wanted, as far as they are durable now. None if the thread
    /// has ended, or too many ask. Waits for the log's first append: before, nothing is known to be durable.
    ///
    /// # Errors
    /// They cannot be read, or the journal does not lead to them.
    pub async fn history(&self, wanted: HistoryWanted) -> Option<Result<History, OpenError>> {
        let mut tail = self.tail.clone();
        tail.wait_for(|tail| *tail != Tail::default()).await.ok()?;
        let (answer, answered) = oneshot::channel();
        self.asked.try_send(Asked { wanted, answer }).ok()?;
        answered.await.ok()
    }
}

/// A follower on a thread of its own.
#[derive(Debug)]
pub struct FollowerThread {
    stop: Sender<()>,
    asked: Sender<Asked>,
    tail: watch::Receiver<Tail>,
    thread: JoinHandle<()>,
}

impl FollowerThread {
    /// Follows the log of a data folder.
    ///
    /// # Errors
    /// The folder cannot be read, or there is no thread.
    pub fn start(
        folder: &DataFolder,
        log: &FileLog,
        settings: FollowerSettings,
    ) -> io::Result<Self> {
        let disk = RealDisk::of(&folder.segments());
        let snapshots = RealDisk::of(&folder.snapshots());
        let mut follower = Follower::new(disk, snapshots, settings)?;
        let tail = log.watch_tail();
        let told = tail.clone();
        let (stop, stopped) = crossbeam_channel::bounded(1);
        let (asked, questions) = crossbeam_channel::bounded(QUESTIONS_MAX);
        let work = move || follow(&mut follower, &|| *tail.borrow(), &stopped, &questions);
        let thread = thread::Builder::new().name("acdd-snapshots".to_owned()).spawn(work)?;
        Ok(Self { stop, asked, tail: told, thread })
    }

    /// Where it is asked for figures.
    pub fn desk(&self) -> FiguresDesk {
        FiguresDesk { asked: self.asked.clone(), tail: self.tail.clone() }
    }

    /// Writes a last snapshot and ends. Blocks until then.
    pub fn finish(self) {
        // It may have ended by itself, and has said why.
        let _ended = self.stop.send(()).is_err();
        if self.thread.join().is_err() {
            error!("the thread that writes snapshots has failed");
        }
    }
}

fn follow<D: Disk>(
    follower: &mut Follower<D>,
    tail: &dyn Fn() -> Tail,
    stopped: &Receiver<()>,
    questions: &Receiver<Asked>,
) {
    yield_to_others();
    let mut last = Instant::now();
    let mut failed: Option<Instant> = None;
    let mut look = Instant::now() + LOOK_EVERY;
    loop {
        let stops = crossbeam_channel::select! {
            recv(stopped) -> _ => true,
            recv(questions) -> asked => {
                if let Ok(Asked { wanted, answer }) = asked {
                    // Whoever asked may have gone.
                    let _gone = answer.send(follower.history(tail(), &wanted)).is_err();
                }
                false
            }
            default(look.saturating_duration_since(Instant::now())) => false,
        };
        if !stops && Instant::now() < look {
            continue;
        }
        look = Instant::now() + LOOK_EVERY;
        let at = tail();
        let behind = follower.behind(at);
        let due = behind >= follower.settings.snapshot_every
            || (behind > 0 && (stops || last.elapsed() >= SNAPSHOT_WITHIN));
        // A full disk is not to be filled again and again.
        let pauses = failed.is_some_and(|failed| failed.elapsed() < AGAIN_AFTER);
        if due && (stops || !pauses) {
            let began = Instant::now();
            failed = None;
            match follower.snapshot(at) {
                Ok(()) => {
                    let ms = began.elapsed().as_millis();
                    info!(sequence = follower.written, commands = behind, ms, "snapshot written");
                }
                Err(error) => {
                    warn!(%error, "no snapshot could be written");
                    failed = Some(Instant::now());
                }
            }
            last = Instant::now();
        }
        if stops {
            return;
        }
    }
}

/// Lets every other thread of the process go first, where the system can tell threads apart.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    {
        const LEAST_URGENT: i32 = 19;
        // Without it snapshots are as urgent as all else: slower for others, not wrong.
        let _as_it_was = rustix::process::nice(LEAST_URGENT).is_err();
    }
}
