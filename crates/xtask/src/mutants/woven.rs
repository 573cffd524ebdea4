//! Which change holds in this process: a copy of the core asks it at the place of each. No part of the core itself.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// It has not been read yet.
const UNKNOWN: u32 = u32::MAX;
/// None holds, and it is noted which are asked for.
const NOTING: u32 = u32::MAX - 1;

static CHOSEN: AtomicU32 = AtomicU32::new(UNKNOWN);
/// Where it is noted, a number a line.
static NOTES: LazyLock<Option<String>> = LazyLock::new(|| env::var("ACDD_NOTE").ok());
static NOTED: [AtomicBool; 1 << 13] = [const { AtomicBool::new(false) }; 1 << 13];

/// Whether the change of this number holds.
#[inline(always)]
pub(crate) fn on(change: u32) -> bool {
    let chosen = CHOSEN.load(Relaxed);
    if chosen < NOTING { chosen == change } else { asked(change) }
}

#[cold]
#[inline(never)]
fn asked(change: u32) -> bool {
    if CHOSEN.load(Relaxed) == UNKNOWN {
        let chosen = env::var("ACDD_CHANGE").ok().and_then(|it| it.parse().ok());
        CHOSEN.store(chosen.unwrap_or(NOTING), Relaxed);
        return on(change);
    }
    if let (false, Some(path)) = (NOTED[change as usize].swap(true, Relaxed), &*NOTES) {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(file, "{change}").unwrap();
    }
    false
}

/// An iterator, or another that a change puts in its place.
pub(crate) enum Either<I: Iterator> {
    AsItIs(I),
    Instead(std::vec::IntoIter<I::Item>),
}

impl<I: Iterator> Either<I> {
    pub(crate) fn instead(others: impl Iterator<Item = I::Item>) -> Self {
        Either::Instead(others.collect::<Vec<_>>().into_iter())
    }
}

impl<I: Iterator> Iterator for Either<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        match self {
            Either::AsItIs(all) => all.next(),
            Either::Instead(others) => others.next(),
        }
    }
}

impl<I: DoubleEndedIterator> DoubleEndedIterator for Either<I> {
    fn next_back(&mut self) -> Option<I::Item> {
        match self {
            Either::AsItIs(all) => all.next_back(),
            Either::Instead(others) => others.next_back(),
        }
    }
}
