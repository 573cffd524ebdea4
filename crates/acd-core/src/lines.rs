//! Lines of waiting calls: one per demand, (queue, requirement), and adapter.
//!
//! A line per adapter, so that the loss of an adapter closes its lines by a bit each, whatever
//! waits in them.

use crate::bits::Bits;
use crate::call::CallKey;
use crate::ids::{AdapterId, DemandId, Priority, QueueId, Timestamp};
use crate::ordered::{Arena, OrderedSet};
use crate::plan::{Action, Requirement, RoutingPlan};
use crate::slab::NONE;
use std::collections::{BTreeMap, BTreeSet};

/// What a call may ask for in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Where.
    pub queue: QueueId,
    /// What.
    pub requirement: Requirement,
}

/// One line of waiting calls, as a reader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkillQueue {
    /// Calls that wait in it and are not being offered.
    pub depth: u32,
    /// The same by priority.
    pub depth_by_priority: [u32; 10],
    /// Since when the first of the line has been waiting, talk time left out.
    pub head_since: Option<Timestamp>,
}

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) demand: DemandId,
    pub(crate) adapter: AdapterId,
    pub(crate) set: OrderedSet,
    depth_by_priority: [u32; 10],
}

#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) demands: Vec<Demand>,
    pub(crate) lines: Vec<Line>,
    pub(crate) arena: Arena<CallKey>,
    /// Lines that somebody waits in and whose adapter is open.
    pub(crate) open: Bits,
    /// By adapter, then demand: its line, or `NONE`.
    index: Vec<Vec<u32>>,
    changed: Vec<DemandId>,
    is_changed: Bits,
}

impl Lines {
    pub(crate) fn new(plan: &RoutingPlan) -> Self {
        Self {
            demands: demands_of(plan),
            lines: Vec::new(),
            arena: Arena::new(),
            open: Bits::default(),
            index: Vec::new(),
            changed: Vec::new(),
            is_changed: Bits::default(),
        }
    }

    /// All demands with their handles, to be looked up by what they say.
    pub(crate) fn by_meaning(&self) -> BTreeMap<(QueueId, &Requirement), DemandId> {
        let demands = self.demands.iter().zip((0..).map(DemandId));
        demands.map(|(demand, id)| ((demand.queue, &demand.requirement), id)).collect()
    }

    pub(crate) fn find(&self, demand: DemandId, adapter: AdapterId) -> Option<u32> {
        let line = *self.index.get(adapter.index())?.get(demand.index())?;
        (line != NONE).then_some(line)
    }

    pub(crate) fn create(&mut self, demand: DemandId, adapter: AdapterId) -> u32 {
        let line = self.lines.len() as u32;
        let set = OrderedSet::EMPTY;
        self.lines.push(Line { demand, adapter, set, depth_by_priority: [0; 10] });
        if adapter.index() >= self.index.len() {
            self.index.resize_with(adapter.index() + 1, Vec::new);
        }
        let of_adapter = &mut self.index[adapter.index()];
        of_adapter.resize(self.demands.len(), NONE);
        of_adapter[demand.index()] = line;
        line
    }

    pub(crate) fn insert(
        &mut self,
        line: u32,
        key: CallKey,
        priority: Priority,
        place: u32,
        open: bool,
    ) {
        let at = &mut self.lines[line as usize];
        self.arena.insert(&mut at.set, key, place);
        at.depth_by_priority[usize::from(priority.get())] += 1;
        self.open.set(line as usize, open);
        self.note_change(line);
    }

    pub(crate) fn remove(&mut self, line: u32, key: CallKey, priority: Priority) {
        let at = &mut self.lines[line as usize];
        let was_in = self.arena.remove(&mut at.set, key);
        debug_assert!(was_in, "a listed place stands in its line");
        at.depth_by_priority[usize::from(priority.get())] -= 1;
        if at.set.is_empty() {
            self.open.set(line as usize, false);
        }
        self.note_change(line);
    }

    /// Opens or closes the lines of an adapter.
    pub(crate) fn set_open(&mut self, adapter: AdapterId, open: bool) {
        for &line in self.index.get(adapter.index()).into_iter().flatten() {
            if line != NONE {
                let waiting = !self.lines[line as usize].set.is_empty();
                self.open.set(line as usize, open && waiting);
            }
        }
    }

    pub(crate) fn of_adapter(&self, adapter: AdapterId) -> impl Iterator<Item = u32> + '_ {
        let lines = self.index.get(adapter.index()).into_iter().flatten();
        lines.copied().filter(|line| *line != NONE)
    }

    /// One demand's line over all adapters, and the place of the first in it.
    pub(crate) fn skill_queue(&self, demand: DemandId) -> (SkillQueue, Option<u32>) {
        let mut found = SkillQueue::default();
        let mut head: Option<(CallKey, u32)> = None;
        for of_adapter in &self.index {
            let Some(line) = of_adapter.get(demand.index()).filter(|line| **line != NONE) else {
                continue;
            };
            let line = &self.lines[*line as usize];
            found.depth += line.set.len();
            for (sum, depth) in found.depth_by_priority.iter_mut().zip(line.depth_by_priority) {
                *sum += depth;
            }
            head = head.into_iter().chain(self.arena.first(line.set)).min();
        }
        (found, head.map(|(_, place)| place))
    }

    /// One of the demands whose line has changed since it was last asked for.
    pub(crate) fn pop_changed(&mut self) -> Option<DemandId> {
        let demand = self.changed.pop()?;
        self.is_changed.set(demand.index(), false);
        Some(demand)
    }

    fn note_change(&mut self, line: u32) {
        let demand = self.lines[line as usize].demand;
        if !self.is_changed.has(demand.index()) {
            self.is_changed.set(demand.index(), true);
            self.changed.push(demand);
        }
    }
}

/// All that the plan can make a call ask for; first each queue's own, in their order.
fn demands_of(plan: &RoutingPlan) -> Vec<Demand> {
    let mut demands: Vec<Demand> = plan
        .queues_with_ids()
        .map(|(queue, planned)| Demand { queue, requirement: planned.require.clone() })
        .collect();
    for (queue, planned) in plan.queues_with_ids() {
        let mut seen = BTreeSet::from([&planned.require]);
        for action in planned.rules.iter().flat_map(|rule| &rule.then) {
            if let Action::Require(requirement) = action
                && seen.insert(requirement)
            {
                demands.push(Demand { queue, requirement: requirement.clone() });
            }
        }
    }
    demands
}
