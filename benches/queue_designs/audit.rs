//! What was decided, and whether it was right: each claim beside all that waited at its instant.

use crate::world::{Center, Key, LINES};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// One thing that was done, at an instant of the common clock.
#[derive(Clone, Copy)]
enum Done {
    /// The call is in its line, for all to see.
    Waits { line: u16, key: Key },
    /// Its own matcher took it out of its line again.
    Withdrawn { line: u16, key: Key },
    /// An agent of this kind has the call; the instant is the one just before it was claimed.
    Taken { line: u16, key: Key, kind: u16 },
}

/// The notes of one thread. It keeps none where only speed is measured.
#[derive(Default)]
pub(crate) struct Log {
    clock: Option<&'static AtomicU64>,
    done: Vec<(u64, Done)>,
}

impl Log {
    pub(crate) fn by(clock: &'static AtomicU64) -> Self {
        Self { clock: Some(clock), done: Vec::new() }
    }

    /// The present instant, different from all others.
    pub(crate) fn instant(&self) -> u64 {
        self.clock.map_or(0, |clock| clock.fetch_add(1, Ordering::SeqCst))
    }

    fn note(&mut self, at: u64, done: Done) {
        if self.clock.is_some() {
            self.done.push((at, done));
        }
    }

    pub(crate) fn waits(&mut self, line: u16, key: Key) {
        self.note(self.instant(), Done::Waits { line, key });
    }

    pub(crate) fn withdrawn(&mut self, line: u16, key: Key) {
        self.note(self.instant(), Done::Withdrawn { line, key });
    }

    pub(crate) fn taken(&mut self, at: u64, line: u16, key: Key, kind: usize) {
        self.note(at, Done::Taken { line, key, kind: kind as u16 });
    }
}

/// Claims, and those of them at whose instant a better call waited that the agent could have taken.
pub(crate) fn inversions(center: &Center, logs: Vec<Log>) -> (u64, u64) {
    let mut done: Vec<(u64, Done)> = logs.into_iter().flat_map(|log| log.done).collect();
    done.sort_unstable_by_key(|(at, _)| *at);
    // A call may be claimed before the note that it waits: it never waited then.
    let mut gone = BTreeMap::new();
    for (at, done) in &done {
        if let Done::Taken { key, .. } = done {
            gone.insert(*key, *at);
        }
    }
    let mut waiting = vec![BTreeSet::new(); LINES];
    let (mut claims, mut inverted) = (0, 0);
    for (at, done) in done {
        match done {
            Done::Waits { line, key } => {
                if gone.get(&key).is_none_or(|gone| *gone > at) {
                    waiting[usize::from(line)].insert(key);
                }
            }
            Done::Withdrawn { line, key } => {
                waiting[usize::from(line)].remove(&key);
            }
            Done::Taken { line, key, kind } => {
                claims += 1;
                let lines = &center.lines_of[usize::from(kind)];
                let best = lines.iter().filter_map(|line| waiting[usize::from(*line)].first());
                inverted += u64::from(best.min().is_some_and(|best| *best < key));
                waiting[usize::from(line)].remove(&key);
            }
        }
    }
    (claims, inverted)
}
