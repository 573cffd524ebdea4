//! Lines of waiting calls: one per demand, (queue, requirement), adapter, channel, stage, and class.
//!
//! Whoever may take the first call of a line may take each of them. So a line is of one adapter, and
//! the loss of an adapter closes its lines by a bit each, whatever waits in them; of one stage, the
//! number of the queue's delays that its calls have waited, for an agent who takes calls only after
//! a delay; and of one class: what leaves the last agents to others, and what waits for one of them,
//! stands apart.

use crate::bits::Bits;
use crate::call::CallKey;
use crate::extras::Extras;
use crate::ids::{AdapterId, DemandId, ExtraId, Priority, QueueId, Span, Timestamp};
use crate::ordered::{Arena, OrderedSet};
use crate::plan::{Action, Channel, DEMANDS_MAX, PlanDefect, Requirement, RoutingPlan, bound};
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

/// The calls that wait by one demand, as a reader sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkillQueue {
    /// Calls that wait in it and are not being offered.
    pub depth: u32,
    /// The same by priority.
    pub depth_by_priority: [u32; 10],
    /// Since when the first of the line has been waiting, talk time left out.
    pub head_since: Option<Timestamp>,
}

/// What tells the lines of one demand apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineKind {
    pub(crate) adapter: AdapterId,
    /// One that has slots of its own.
    pub(crate) channel: Channel,
    pub(crate) stage: u8,
    pub(crate) class: Class,
}

/// Who of those that serve a line may take its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// All of them.
    Anybody,
    /// All of them while more are available than the queue keeps free.
    Sparing,
    /// The one whom each call waits for.
    Awaiting,
}

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) demand: DemandId,
    /// Of the demand.
    pub(crate) queue: QueueId,
    pub(crate) kind: LineKind,
    /// The pools whose agents may take its calls.
    pub(crate) served_by: Bits,
    pub(crate) set: OrderedSet<CallKey>,
}

/// What an agent who frees up looks at in a line; it stands close to that of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Of the first call, if there is one.
    pub(crate) key: CallKey,
    /// Its place, or `NONE`.
    pub(crate) place: u32,
    pub(crate) queue: QueueId,
    /// Its class is `Sparing`.
    pub(crate) is_sparing: bool,
}

/// The lines of one demand.
#[derive(Clone, Debug, Default)]
struct OfDemand {
    /// Sorted.
    lines: Vec<(LineKind, u32)>,
    /// In all of them.
    depth_by_priority: [u32; 10],
}

#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) demands: Vec<Demand>,
    /// How many of them are what queues and their rules ask for; the others have an extra besides.
    bases: usize,
    extras: usize,
    /// By base, then extra: both together.
    with_extra: Vec<DemandId>,
    pub(crate) lines: Vec<Line>,
    /// By line.
    pub(crate) heads: Vec<Head>,
    pub(crate) arena: Arena<CallKey>,
    /// Lines that somebody waits in and whose adapter is open.
    pub(crate) open: Bits,
    /// By queue: the delays that agents have for it, shortest first.
    delays: Vec<Vec<Span>>,
    by_demand: Vec<OfDemand>,
    by_adapter: Vec<Vec<u32>>,
    by_queue: Vec<Vec<u32>>,
    changed: Vec<DemandId>,
    is_changed: Bits,
}

impl Lines {
    /// # Errors
    /// There are too many demands.
    pub(crate) fn new(plan: &RoutingPlan, extras: &Extras) -> Result<Self, PlanDefect> {
        let mut demands = bases_of(plan);
        let bases = demands.len();
        check_count(bases, extras)?;
        let with_extra = with_extras(&mut demands, extras);
        Ok(Self {
            bases,
            extras: extras.all().len(),
            with_extra,
            lines: Vec::new(),
            heads: Vec::new(),
            arena: Arena::new(),
            open: Bits::default(),
            delays: plan.delays(),
            by_demand: vec![OfDemand::default(); demands.len()],
            by_adapter: Vec::new(),
            by_queue: vec![Vec::new(); plan.queues.len()],
            demands,
            changed: Vec::new(),
            is_changed: Bits::default(),
        })
    }

    /// # Errors
    /// There would be too many demands.
    pub(crate) fn check(plan: &RoutingPlan, extras: &Extras) -> Result<(), PlanDefect> {
        check_count(bases_of(plan).len(), extras)
    }

    /// What queues and rules ask for, with its handles, to be looked up by what it says.
    pub(crate) fn bases_by_meaning(&self) -> BTreeMap<(QueueId, &Requirement), DemandId> {
        let bases = self.demands[..self.bases].iter().zip((0..).map(DemandId));
        bases.map(|(demand, id)| ((demand.queue, &demand.requirement), id)).collect()
    }

    /// What a call asks for by what its queue, or a rule there, does and by its extra.
    pub(crate) fn demand(&self, base: DemandId, extra: Option<ExtraId>) -> DemandId {
        extra.map_or(base, |extra| self.with_extra[base.index() * self.extras + extra.index()])
    }

    /// Whether this is what a queue, or a rule there, asks for.
    pub(crate) fn is_base(&self, demand: DemandId) -> bool {
        demand.index() < self.bases
    }

    pub(crate) fn demands_with_ids(&self) -> impl Iterator<Item = (DemandId, &Demand)> {
        (0..).map(DemandId).zip(&self.demands)
    }

    /// How many stages a call of this demand goes through, at least 1.
    pub(crate) fn stages_of(&self, demand: DemandId) -> usize {
        self.delays[self.demands[demand.index()].queue.index()].len() + 1
    }

    /// The stage of a call that has waited for so long in a queue.
    pub(crate) fn stage_after(&self, queue: QueueId, waited: Span) -> u8 {
        self.delays[queue.index()].partition_point(|delay| *delay <= waited) as u8
    }

    /// How long a call must have waited for the stage after this one; `None` if this is the last.
    pub(crate) fn wait_for_next(&self, queue: QueueId, stage: u8) -> Option<Span> {
        self.delays[queue.index()].get(usize::from(stage)).copied()
    }

    /// The line of a demand and kind, if some call has ever stood in it.
    pub(crate) fn find(&self, demand: DemandId, kind: LineKind) -> Option<u32> {
        let lines = &self.by_demand[demand.index()].lines;
        let found = lines.binary_search_by_key(&kind, |(kind, _)| *kind).ok()?;
        Some(lines[found].1)
    }

    pub(crate) fn create(&mut self, demand: DemandId, kind: LineKind, served_by: Bits) -> u32 {
        let line = self.lines.len() as u32;
        let queue = self.demands[demand.index()].queue;
        self.lines.push(Line { demand, queue, kind, served_by, set: OrderedSet::EMPTY });
        let key = CallKey { standing: 0, arrival: 0 };
        let is_sparing = kind.class == Class::Sparing;
        self.heads.push(Head { key, place: NONE, queue, is_sparing });
        let of_demand = &mut self.by_demand[demand.index()].lines;
        let at = of_demand.partition_point(|(other, _)| *other < kind);
        of_demand.insert(at, (kind, line));
        let adapter = kind.adapter.index();
        if adapter >= self.by_adapter.len() {
            self.by_adapter.resize_with(adapter + 1, Vec::new);
        }
        self.by_adapter[adapter].push(line);
        self.by_queue[queue.index()].push(line);
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
        self.by_demand[at.demand.index()].depth_by_priority[usize::from(priority.get())] += 1;
        self.open.set(line as usize, open);
        self.line_has_changed(line);
    }

    pub(crate) fn remove(&mut self, line: u32, key: CallKey, priority: Priority) {
        let at = &mut self.lines[line as usize];
        let was_in = self.arena.remove(&mut at.set, key);
        debug_assert!(was_in, "a listed place stands in its line");
        self.by_demand[at.demand.index()].depth_by_priority[usize::from(priority.get())] -= 1;
        if at.set.is_empty() {
            self.open.set(line as usize, false);
        }
        self.line_has_changed(line);
    }

    /// Opens or closes the lines of an adapter.
    pub(crate) fn set_open(&mut self, adapter: AdapterId, open: bool) {
        for &line in self.by_adapter.get(adapter.index()).into_iter().flatten() {
            let waiting = !self.lines[line as usize].set.is_empty();
            self.open.set(line as usize, open && waiting);
        }
    }

    pub(crate) fn of_adapter(&self, adapter: AdapterId) -> impl Iterator<Item = u32> + '_ {
        self.by_adapter.get(adapter.index()).into_iter().flatten().copied()
    }

    pub(crate) fn of_queue(&self, queue: QueueId) -> impl Iterator<Item = u32> + '_ {
        self.by_queue[queue.index()].iter().copied()
    }

    /// All lines of one demand as one, and the place of the first in them.
    pub(crate) fn skill_queue(&self, demand: DemandId) -> (SkillQueue, Option<u32>) {
        let OfDemand { lines, depth_by_priority } = &self.by_demand[demand.index()];
        let heads = lines.iter().map(|(_, line)| &self.heads[*line as usize]);
        let first = heads.filter(|head| head.place != NONE).min_by_key(|head| head.key);
        let (depth, head_since) = (depth_by_priority.iter().sum(), None);
        let found = SkillQueue { depth, depth_by_priority: *depth_by_priority, head_since };
        (found, first.map(|head| head.place))
    }

    /// One of the demands whose line has changed since it was last asked for.
    pub(crate) fn pop_changed(&mut self) -> Option<DemandId> {
        let demand = self.changed.pop()?;
        self.is_changed.set(demand.index(), false);
        Some(demand)
    }

    fn line_has_changed(&mut self, line: u32) {
        let Line { demand, ref set, .. } = self.lines[line as usize];
        let head = &mut self.heads[line as usize];
        match set.first() {
            Some((key, place)) => (head.key, head.place) = (key, place),
            None => head.place = NONE,
        }
        if !self.is_changed.has(demand.index()) {
            self.is_changed.set(demand.index(), true);
            self.changed.push(demand);
        }
    }
}

fn check_count(bases: usize, extras: &Extras) -> Result<(), PlanDefect> {
    let most = bases * (1 + extras.all().len());
    bound("requirements of queues and rules, alone and with each extra one", most, DEMANDS_MAX)
}

/// All that queues and their rules can make a call ask for; first each queue's own, in their order.
fn bases_of(plan: &RoutingPlan) -> Vec<Demand> {
    let mut bases: Vec<Demand> = plan
        .queues_with_ids()
        .map(|(queue, planned)| Demand { queue, requirement: planned.require.clone() })
        .collect();
    for (queue, planned) in plan.queues_with_ids() {
        let mut seen = BTreeSet::from([&planned.require]);
        for action in planned.rules.iter().flat_map(|rule| &rule.then) {
            if let Action::Require(requirement) = action
                && seen.insert(requirement)
            {
                bases.push(Demand { queue, requirement: requirement.clone() });
            }
        }
    }
    bases
}

/// Adds what each of them becomes with each extra, unless it is there already. Gives the handles, by
/// base, then extra.
fn with_extras(demands: &mut Vec<Demand>, extras: &Extras) -> Vec<DemandId> {
    let bases = demands.len();
    let mut known: BTreeMap<(QueueId, Requirement), DemandId> = BTreeMap::new();
    if !extras.all().is_empty() {
        let named = demands.iter().zip((0..).map(DemandId));
        known.extend(named.map(|(it, id)| ((it.queue, it.requirement.clone()), id)));
    }
    let mut with_extra = Vec::with_capacity(bases * extras.all().len());
    for base in 0..bases {
        let queue = demands[base].queue;
        for extra in extras.all() {
            let requirement = demands[base].requirement.and(extra);
            let id =
                *known.entry((queue, requirement)).or_insert_with_key(|(queue, requirement)| {
                    let requirement = requirement.clone();
                    demands.push(Demand { queue: *queue, requirement });
                    DemandId((demands.len() - 1) as u32)
                });
            with_extra.push(id);
        }
    }
    with_extra
}
