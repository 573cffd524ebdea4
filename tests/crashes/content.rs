//! One file of a simulated disk: what is on the disk for certain, what is seen, and what lies
//! between the two.

use crate::dice::Dice;
use crate::disk::Met;

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Content {
    durable: Vec<u8>,
    seen: Vec<u8>,
    /// What has happened since, in order, that no sync has made durable.
    pending: Vec<Change>,
    sync_failed: bool,
}

impl Content {
    pub(crate) fn seen(&self) -> &[u8] {
        &self.seen
    }

    pub(crate) fn change(&mut self, change: Change) {
        apply(&mut self.seen, &change);
        self.pending.push(change);
    }

    /// As who opens a file anew does that is there already.
    pub(crate) fn begin_anew(&mut self) {
        self.change(Change::Cut { length: 0 });
        self.sync_failed = false;
    }

    /// Writes out what waits. What a failed sync has lost does not wait any more.
    pub(crate) fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            apply(&mut self.durable, &change);
        }
    }

    /// As systems do: each part is on the disk now, or waits on, or is lost without a trace, though
    /// whoever reads still sees it.
    pub(crate) fn fail_to_sync(&mut self, dice: &mut Dice, met: &mut Met) {
        self.sync_failed = true;
        met.failed_syncs += 1;
        for change in std::mem::take(&mut self.pending) {
            match dice.below(3) {
                0 => apply(&mut self.durable, &change),
                1 => self.pending.push(change),
                _ => met.lost_by_failed_sync += 1,
            }
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.sync_failed
    }

    /// The next process does not know of it.
    pub(crate) fn forget_failure(&mut self) {
        self.sync_failed = false;
    }

    pub(crate) fn rot(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.seen);
        self.durable.clone_from(&self.seen);
        self.pending.clear();
    }

    /// Each change that was not synced has happened, or not, or in part, or something else has.
    pub(crate) fn lose_power(&mut self, dice: &mut Dice, met: &mut Met) {
        for change in std::mem::take(&mut self.pending) {
            match &change {
                Change::Cut { .. } if dice.coin() => apply(&mut self.durable, &change),
                Change::Cut { .. } => {}
                Change::Write { at, bytes } => self.half_write(*at, bytes, dice, met),
            }
        }
        self.seen.clone_from(&self.durable);
    }

    fn half_write(&mut self, at: usize, bytes: &[u8], dice: &mut Dice, met: &mut Met) {
        let mut left = bytes.to_vec();
        match dice.below(6) {
            0 | 1 => {}
            2 => {
                met.writes_dropped += 1;
                left.clear();
            }
            3 => {
                met.writes_torn += 1;
                left.truncate(dice.below(bytes.len()));
            }
            4 => {
                met.writes_garbled += 1;
                let from = dice.below(bytes.len());
                left[from..].fill(0);
            }
            _ => {
                met.writes_garbled += 1;
                let from = dice.below(bytes.len());
                self.garble(&mut left[from..], dice);
            }
        }
        apply(&mut self.durable, &Change::Write { at, bytes: left });
        // The length may be written, and the bytes not.
        if dice.coin() {
            let length = self.durable.len().max(at + bytes.len());
            self.durable.resize(length, 0);
        }
    }

    /// Noise, or what the disk held there before: other parts of the same journal.
    fn garble(&self, bytes: &mut [u8], dice: &mut Dice) {
        let old = dice.coin().then(|| dice.below(self.durable.len()));
        for (index, byte) in bytes.iter_mut().enumerate() {
            let stale = old.and_then(|from| self.durable.get(from + index));
            *byte = stale.copied().unwrap_or_else(|| dice.draw() as u8);
        }
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Cut { length } => bytes.truncate(*length),
        Change::Write { bytes: written, .. } if written.is_empty() => {}
        Change::Write { at, bytes: written } => {
            bytes.resize(bytes.len().max(at + written.len()), 0);
            bytes[*at..at + written.len()].copy_from_slice(written);
        }
    }
}
