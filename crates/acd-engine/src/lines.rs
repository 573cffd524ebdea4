//! How deep each line is, for readers who must not wait.

use acd_core::{DemandId, SkillQueue, Timestamp};
use std::array;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The depth of every line, one per demand; written by the driver alone, read without waiting.
///
/// Each number is exact by itself. Two numbers read one after the other may lie on two sides of a
/// change; [`crate::View`] has rows that belong together.
#[derive(Debug)]
pub struct LineDepths {
    lines: Box<[Line]>,
}

#[derive(Debug, Default)]
struct Line {
    depth: AtomicU32,
    by_priority: [AtomicU32; 10],
    /// 0 when the line is empty.
    head_since: AtomicU64,
}

impl LineDepths {
    pub(crate) fn new(demands: usize) -> Self {
        Self { lines: (0..demands).map(|_| Line::default()).collect() }
    }

    /// Only the driver may call it.
    pub(crate) fn set(&self, demand: DemandId, line: &SkillQueue) {
        let Some(to) = self.lines.get(demand.index()) else { return };
        to.depth.store(line.depth, Ordering::Relaxed);
        for (to, depth) in to.by_priority.iter().zip(line.depth_by_priority) {
            to.store(depth, Ordering::Relaxed);
        }
        let Timestamp(head) = line.head_since.unwrap_or_default();
        to.head_since.store(head, Ordering::Relaxed);
    }

    /// How many demands there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no demand at all.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Calls that wait in the line and are not being offered.
    pub fn depth(&self, demand: DemandId) -> u32 {
        self.lines.get(demand.index()).map_or(0, |line| line.depth.load(Ordering::Relaxed))
    }

    /// The same by priority, 0..=9.
    pub fn depth_by_priority(&self, demand: DemandId) -> [u32; 10] {
        let line = self.lines.get(demand.index());
        array::from_fn(|priority| {
            line.map_or(0, |line| line.by_priority[priority].load(Ordering::Relaxed))
        })
    }

    /// Since when the first of the line has been waiting; `None` when the line is empty.
    pub fn head_since(&self, demand: DemandId) -> Option<Timestamp> {
        let head = self.lines.get(demand.index())?.head_since.load(Ordering::Relaxed);
        (head > 0).then_some(Timestamp(head))
    }
}
