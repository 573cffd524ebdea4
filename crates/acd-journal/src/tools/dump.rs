//! Shows what a journal holds, command by command, with the names of then.

use super::words::Names;
use super::{Found, existing, seen_from_a_start, torn_of};
use crate::file_log::DataFolder;
use crate::journal::{OpenError, Torn};
use crate::reader::Reader;
use crate::record::{Batch, Entry, Tail};
use std::ops::ControlFlow;

/// One thing of a journal that is shown.
#[derive(Debug)]
pub enum Shown<'a> {
    /// A batch begins: those of its commands that were asked for come next.
    Batch(&'a Batch),
    /// A command, and what tells it in words.
    Command(&'a Entry, &'a Names),
}

/// What there was to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dumped {
    /// The first sequence that is kept.
    pub first_sequence: u64,
    /// The last one that was read, or the one before the place where reading began.
    pub last_sequence: u64,
    /// A torn end that was come to.
    pub torn: Option<Torn>,
}

/// Shows the commands from the sequence `from` to `to`, both included, and the batches that they
/// stand in, in order, until `show` breaks.
///
/// # Errors
/// The journal cannot be read, or is damaged before the last of them.
pub fn dump(
    folder: &DataFolder,
    (from, to): (u64, u64),
    show: &mut dyn FnMut(Shown<'_>) -> ControlFlow<()>,
) -> Result<Dumped, OpenError> {
    let first_sequence = Reader::open(existing(folder)?, 0)?.next_sequence();
    let mut names = Names::as_of(folder, from.max(first_sequence));
    batches(folder, (from, to), &mut |batch| show_batch(batch, (from, to), &mut names, show))
}

/// Shows the batches that commands from the sequence `from` to `to`, both included, stand in, in
/// order, until `show` breaks.
///
/// # Errors
/// As `dump`.
pub fn batches(
    folder: &DataFolder,
    (from, to): (u64, u64),
    show: &mut dyn FnMut(&Batch) -> ControlFlow<()>,
) -> Result<Dumped, OpenError> {
    let disk = existing(folder)?;
    let first_sequence = Reader::open(disk.clone(), 0)?.next_sequence();
    let mut reader = Reader::open_at_sequence(disk, from)?;
    let mut dumped =
        Dumped { first_sequence, last_sequence: reader.next_sequence() - 1, torn: None };
    let mut last_batch = 0;
    loop {
        let batch = match reader.next() {
            Ok(Ok(batch)) => batch,
            Ok(Err(end)) => {
                dumped.torn = torn_of(&reader, &end);
                return Ok(dumped);
            }
            Err(error) => {
                let disk = existing(folder)?;
                return Err(seen_from_a_start(&disk, Found::of(folder)?.newest(), error));
            }
        };
        if batch.first_sequence > to {
            return Ok(dumped);
        }
        // A daemon that comes back writes its last batch once more.
        if batch.number <= last_batch {
            continue;
        }
        last_batch = batch.number;
        dumped.last_sequence = Tail::after(&batch).next_sequence - 1;
        if batch.reaches(from) && show(&batch).is_break() {
            return Ok(dumped);
        }
    }
}

fn show_batch(
    batch: &Batch,
    (from, to): (u64, u64),
    names: &mut Names,
    show: &mut dyn FnMut(Shown<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    show(Shown::Batch(batch))?;
    for entry in batch.entries.iter().filter(|entry| (from..=to).contains(&entry.sequence)) {
        names.meet(entry);
        show(Shown::Command(entry, names))?;
    }
    ControlFlow::Continue(())
}
