//! The sliding windows: what happened in the latest 5 and 30 minutes, in half minutes.

use crate::figures::QueueFigures;
use acd_core::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The grid on which windows move on.
const HALF_MINUTE: Span = Span::from_secs(30);
/// The present half minute and the nine before it.
const FIVE_MINUTES: u64 = 10;
/// The present half minute and the 59 before it.
const THIRTY_MINUTES: u64 = 60;

/// The number of the half minute that an instant is in.
pub(crate) fn half_minute(at: Timestamp) -> u64 {
    at.0 / HALF_MINUTE.0
}

/// What happened of late, by half minutes; only those in which something did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "VecDeque<(u64, QueueFigures)>", into = "VecDeque<(u64, QueueFigures)>")]
pub(crate) struct Recent {
    slots: VecDeque<(u64, QueueFigures)>,
    /// So many of the first slots are older than five minutes.
    old: usize,
    in_5: QueueFigures,
    in_30: QueueFigures,
}

impl Recent {
    /// Adds to the present half minute, which is not before any that was counted in.
    pub(crate) fn count(&mut self, half_minute: u64, more: &QueueFigures) {
        self.in_5.merge(more);
        self.in_30.merge(more);
        match self.slots.back_mut() {
            Some((at, slot)) if *at == half_minute => slot.merge(more),
            Some(_) | None => self.slots.push_back((half_minute, more.clone())),
        }
    }

    /// Lets go of what is too old in this half minute; tells whether there was something.
    pub(crate) fn pass(&mut self, half_minute: u64) -> bool {
        let mut has_changed = false;
        while let Some((at, slot)) = self.slots.get(self.old)
            && at + FIVE_MINUTES <= half_minute
        {
            self.in_5.take(slot);
            self.old += 1;
            has_changed = true;
        }
        while let Some((at, slot)) = self.slots.front()
            && at + THIRTY_MINUTES <= half_minute
        {
            self.in_30.take(slot);
            self.slots.pop_front();
            self.old -= 1;
            has_changed = true;
        }
        has_changed
    }

    pub(crate) fn last_5_minutes(&self) -> QueueFigures {
        with_longest(&self.in_5, self.slots.iter().skip(self.old))
    }

    pub(crate) fn last_30_minutes(&self) -> QueueFigures {
        with_longest(&self.in_30, self.slots.iter())
    }
}

/// The longest wait cannot be taken back, so it is looked for.
fn with_longest<'a>(
    sum: &QueueFigures,
    slots: impl Iterator<Item = &'a (u64, QueueFigures)>,
) -> QueueFigures {
    let wait_max_us = slots.map(|(_, slot)| slot.wait_max_us).max().unwrap_or(0);
    QueueFigures { wait_max_us, ..sum.clone() }
}

impl From<VecDeque<(u64, QueueFigures)>> for Recent {
    fn from(slots: VecDeque<(u64, QueueFigures)>) -> Self {
        let mut recent = Self::default();
        for (at, slot) in slots {
            recent.count(at, &slot);
        }
        if let Some((last, _)) = recent.slots.back() {
            recent.pass(*last);
        }
        recent
    }
}

impl From<Recent> for VecDeque<(u64, QueueFigures)> {
    fn from(recent: Recent) -> Self {
        recent.slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::QueueCounts;

    fn answered(seconds: u64) -> QueueFigures {
        let wait = Span::from_secs(seconds);
        QueueCounts::answered_after(wait, true).with_wait(wait)
    }

    #[test]
    fn what_happened_leaves_the_one_window_after_five_minutes_and_the_other_after_thirty() {
        let mut recent = Recent::default();
        recent.count(100, &answered(40));
        recent.count(105, &answered(10));
        recent.pass(109);
        assert_eq!(recent.last_5_minutes().counts.answered, 2);
        assert!(recent.pass(110), "the first is five minutes old");
        assert!(!recent.pass(110));
        let five = recent.last_5_minutes();
        assert_eq!((five.counts.answered, five.wait_max_us), (1, 10_000_000));
        let thirty = recent.last_30_minutes();
        assert_eq!((thirty.counts.answered, thirty.wait_max_us), (2, 40_000_000));
        recent.pass(160);
        assert_eq!(recent.last_30_minutes().counts.answered, 1);
        recent.pass(1_000);
        assert_eq!(recent.last_30_minutes(), QueueFigures::default());
    }

    #[test]
    fn kept_in_a_list_it_is_the_same_once_time_has_passed() {
        let mut recent = Recent::default();
        recent.count(1, &answered(1));
        recent.count(20, &answered(2));
        recent.pass(20);
        let mut again = Recent::from(VecDeque::from(recent.clone()));
        again.pass(20);
        assert_eq!(again.last_5_minutes(), recent.last_5_minutes());
        assert_eq!(again.last_30_minutes(), recent.last_30_minutes());
    }
}
