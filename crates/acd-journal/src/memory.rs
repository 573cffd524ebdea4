//! A log that lasts as long as the process, and keeps its newest batches.

use crate::{Appended, Batch, CommandLog, LogError, Tail};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::future::{Future, ready};
use std::sync::Arc;

/// How many entries the window holds before its oldest batches are forgotten.
pub const ENTRIES_KEPT: usize = 16_384;
/// How many batches, at most.
pub const BATCHES_KEPT: usize = 16_384;

/// Durable as memory is. Nothing reads further back than its window.
#[derive(Debug, Default)]
pub struct MemoryLog {
    kept: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    tail: Tail,
    batches: VecDeque<Arc<Batch>>,
    entries: usize,
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Window {
    fn append(&mut self, batch: Arc<Batch>, expect: Tail) -> Appended {
        if self.tail != expect || !self.tail.is_continued_by(&batch) {
            return Appended::Fenced;
        }
        self.tail = Tail::after(&batch);
        self.entries += batch.entries.len();
        self.batches.push_back(batch);
        while self.batches.len() > BATCHES_KEPT
            || (self.entries > ENTRIES_KEPT && self.batches.len() > 1)
        {
            self.forget_oldest();
        }
        Appended::Stored
    }

    fn read(&self, from: u64) -> Result<Vec<Arc<Batch>>, LogError> {
        let first_kept = self.batches.front().map_or(self.tail.next_sequence, |b| b.first_sequence);
        if from < first_kept {
            let message = format!("sequence {from} is no longer kept, the first is {first_kept}");
            return Err(LogError(message));
        }
        Ok(self.batches.iter().filter(|batch| batch.reaches(from)).cloned().collect())
    }

    fn truncate(&mut self, to: u64) {
        while self.batches.front().is_some_and(|batch| !batch.reaches(to)) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(batch) = self.batches.pop_front() {
            self.entries -= batch.entries.len();
        }
    }
}

impl CommandLog for MemoryLog {
    fn append(&self, batch: Arc<Batch>, expect: Tail) -> impl Future<Output = Appended> + Send {
        ready(self.kept.lock().append(batch, expect))
    }

    fn read(&self, from: u64) -> impl Future<Output = Result<Vec<Arc<Batch>>, LogError>> + Send {
        ready(self.kept.lock().read(from))
    }

    fn truncate(&self, to: u64) -> impl Future<Output = Result<(), LogError>> + Send {
        self.kept.lock().truncate(to);
        ready(Ok(()))
    }

    fn tail(&self) -> impl Future<Output = Result<Tail, LogError>> + Send {
        ready(Ok(self.kept.lock().tail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{batch_of, check_contract};

    #[tokio::test]
    async fn it_keeps_the_contract() {
        check_contract(MemoryLog::new).await;
    }

    #[tokio::test]
    async fn old_batches_make_room_for_new_ones() {
        let log = MemoryLog::new();
        let mut tail = Tail::default();
        for _ in 0..3 {
            let batch = batch_of(tail, 1, ENTRIES_KEPT / 2);
            assert_eq!(log.append(Arc::clone(&batch), tail).await, Appended::Stored);
            tail = Tail::after(&batch);
        }
        assert!(log.read(1).await.is_err(), "the first batch had to go");
        let second = ENTRIES_KEPT as u64 / 2 + 1;
        assert_eq!(log.read(second).await.expect("kept").len(), 2);
    }
}
