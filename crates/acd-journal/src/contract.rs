//! What every log promises, as a suite: it panics at the first promise that is broken.

use crate::{Appended, Batch, CommandLog, Entry, Origin, Tail};
use acd_core::{Command, Timestamp};
use std::sync::Arc;

/// How often a log may leave it open whether it stored a batch before the suite gives up on it.
const PATIENCE: usize = 100;

/// Checks all promises, each on a fresh, empty log of `make`. Logs that answer `Unknown` now and
/// then pass if reading back settles it.
///
/// # Panics
/// A promise is broken; the message says which.
pub async fn check_contract<L: CommandLog>(make: impl Fn() -> L) {
    a_new_log_is_empty(&make()).await;
    what_was_stored_is_read_back(&make()).await;
    a_writer_who_is_behind_is_fenced(&make()).await;
    an_earlier_epoch_is_fenced(&make()).await;
    appending_again_stores_once(&make()).await;
    truncating_forgets_whole_batches(&make()).await;
}

/// A batch of `entries` commands that goes on at `tail`, in `epoch`.
pub fn batch_of(tail: Tail, epoch: u64, entries: usize) -> Arc<Batch> {
    let origin = Arc::new(Origin::Time);
    let entry = |sequence| Entry {
        sequence,
        at: Timestamp(sequence),
        origin: Arc::clone(&origin),
        command: Command::AdvanceTime,
        minted: None,
    };
    let first = tail.next_sequence;
    let entries = (first..first + entries as u64).map(entry).collect();
    Arc::new(Batch { epoch, number: tail.batch + 1, first_sequence: first, entries, digest: 0 })
}

async fn a_new_log_is_empty<L: CommandLog>(log: &L) {
    assert_eq!(tail_of(log).await, Tail::default(), "a new log has a tail");
    assert!(read(log, 1).await.is_empty(), "a new log holds something");
}

async fn what_was_stored_is_read_back<L: CommandLog>(log: &L) {
    let mut tail = Tail::default();
    let mut stored = Vec::new();
    for entries in [0, 1, 7, 0, 300] {
        let batch = batch_of(tail, 1, entries);
        must_store(log, &batch, tail).await;
        tail = Tail::after(&batch);
        assert_eq!(tail_of(log).await, tail, "the tail is not that of the last batch stored");
        stored.push(batch);
    }
    assert_eq!(read(log, 1).await, stored, "what was read is not what was stored");
    assert_eq!(read(log, 2).await, stored[2..], "reading from the middle");
    assert_eq!(read(log, 5).await, stored[2..], "a sequence inside a batch brings the whole batch");
    assert_eq!(read(log, 309).await, [], "reading at the end brings nothing");
}

async fn a_writer_who_is_behind_is_fenced<L: CommandLog>(log: &L) {
    let first = batch_of(Tail::default(), 1, 2);
    must_store(log, &first, Tail::default()).await;
    let tail = Tail::after(&first);
    let theirs = batch_of(tail, 2, 3);
    must_store(log, &theirs, tail).await;
    let mine = batch_of(tail, 1, 1);
    let settled = settle(log, &mine, tail).await;
    assert_eq!(settled, Appended::Fenced, "two writers went on from one tail");
    assert_eq!(read(log, 1).await, [first, theirs], "a fenced append changed the log");
}

async fn an_earlier_epoch_is_fenced<L: CommandLog>(log: &L) {
    let first = batch_of(Tail::default(), 5, 1);
    must_store(log, &first, Tail::default()).await;
    let tail = Tail::after(&first);
    let settled = settle(log, &batch_of(tail, 4, 1), tail).await;
    assert_eq!(settled, Appended::Fenced, "a writer of an earlier epoch went on");
    assert_eq!(tail_of(log).await, tail, "a fenced append changed the log");
}

async fn appending_again_stores_once<L: CommandLog>(log: &L) {
    let batch = batch_of(Tail::default(), 1, 4);
    must_store(log, &batch, Tail::default()).await;
    let again = log.append(Arc::clone(&batch), Tail::default()).await;
    assert_ne!(again, Appended::Stored, "a batch was stored twice");
    assert_eq!(read(log, 1).await, [batch], "appending again changed the log");
}

async fn truncating_forgets_whole_batches<L: CommandLog>(log: &L) {
    let mut tail = Tail::default();
    let mut stored = Vec::new();
    for _ in 0..3 {
        let batch = batch_of(tail, 1, 10);
        must_store(log, &batch, tail).await;
        tail = Tail::after(&batch);
        stored.push(batch);
    }
    log.truncate(15).await.expect("truncating works");
    assert_eq!(read(log, 15).await, stored[1..], "a batch went that holds what must stay");
    // A log may keep more than it has to; what it does not keep it must not pretend to know.
    if let Ok(kept) = log.read(1).await {
        assert_eq!(kept, stored, "what was forgotten is read as if it had never been");
    }
    assert_eq!(tail_of(log).await, tail, "truncating moved the tail");
    let next = batch_of(tail, 1, 1);
    must_store(log, &next, tail).await;
    assert_eq!(read(log, 31).await, [next], "a truncated log does not go on");
}

async fn must_store<L: CommandLog>(log: &L, batch: &Arc<Batch>, expect: Tail) {
    let settled = settle(log, batch, expect).await;
    assert_eq!(settled, Appended::Stored, "a batch went on where the log ended, and was fenced");
}

/// Appends, again if need be; reads back whatever the log leaves open.
async fn settle<L: CommandLog>(log: &L, batch: &Arc<Batch>, expect: Tail) -> Appended {
    for _ in 0..PATIENCE {
        match log.append(Arc::clone(batch), expect).await {
            Appended::Unknown => {}
            Appended::Failed(_) => continue,
            settled @ (Appended::Stored | Appended::Fenced) => return settled,
        }
        let tail = tail_of(log).await;
        if tail == Tail::after(batch) {
            return Appended::Stored;
        }
        if tail != expect {
            return Appended::Fenced;
        }
    }
    panic!("the log never says what became of a batch");
}

async fn tail_of<L: CommandLog>(log: &L) -> Tail {
    for _ in 0..PATIENCE {
        if let Ok(tail) = log.tail().await {
            return tail;
        }
    }
    panic!("the log never says where it ends");
}

/// All from a sequence on, in as many steps as the log takes.
async fn read<L: CommandLog>(log: &L, from: u64) -> Vec<Arc<Batch>> {
    let mut all: Vec<Arc<Batch>> = Vec::new();
    loop {
        let next = all.last().map_or(from, |last| Tail::after(last).next_sequence);
        let more = log.read(next).await.expect("what was not truncated can be read");
        let known = all.last().map_or(0, |last| last.number);
        let new = more.into_iter().filter(|batch| batch.number > known);
        let before = all.len();
        all.extend(new);
        if all.len() == before {
            return all;
        }
    }
}
