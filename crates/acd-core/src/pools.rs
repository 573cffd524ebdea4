//! Pools of agents who are alike to every line.
//!
//! A pool holds the available agents of one kind: same endpoint adapter, same demands met, with the
//! same delays, ranks, and levels where a queue looks at levels. An agent who comes or goes touches
//! one pool; a call that picks compares the first of each pool that meets its demand. So the work
//! grows with the kinds of agents, not with agents.

use crate::agent::{Agent, AgentKey, Standing};
use crate::bits::Bits;
use crate::ids::{AdapterId, AgentId, DemandId, QueueId};
use crate::lines::{LineKind, Lines};
use crate::ordered::{Arena, OrderedSet};
use crate::plan::{Criterion, RoutingPlan, Service};
use crate::selection::Ranking;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) adapter: Option<AdapterId>,
    /// The lines that its agents may serve.
    pub(crate) lines: Bits,
    /// The sum of its agents' levels, for demands of queues that look at it; sorted by demand.
    levels: Box<[(DemandId, u16)]>,
    /// Where its agents' rank is not the usual one; sorted by queue.
    ranks: Box<[(QueueId, u8)]>,
    /// Its available agents, once in each order that a queue which they serve asks for, and first
    /// the longest idle first.
    pub(crate) sets: Box<[(Ranking, OrderedSet)]>,
}

#[derive(Debug)]
pub(crate) struct Pools {
    pub(crate) pools: Vec<Pool>,
    pub(crate) arena: Arena<AgentKey>,
    /// Pools in which somebody is available and whose adapter, if they have one, is open.
    pub(crate) available: Bits,
    /// By demand, then by how many of its queue's delays a call has waited: who may take it.
    by_demand: Vec<Box<[Bits]>>,
    /// By queue.
    rankings: Vec<Ranking>,
}

/// What an agent is to one demand.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Met {
    demand: DemandId,
    stage: u8,
    rank: u8,
    /// Where its queue looks at it.
    level: Option<u16>,
}

impl Pools {
    /// Sorts the agents of a plan into pools.
    pub(crate) fn new(plan: &RoutingPlan, lines: &Lines) -> (Self, Vec<Agent>) {
        let looks_at_level = |queue: QueueId| {
            let by_level = [Criterion::HighestLevel, Criterion::LowestLevel];
            let select = &plan.queues[queue.index()].select;
            select.iter().any(|criterion| by_level.contains(criterion))
        };
        let rankings: Vec<Ranking> =
            plan.queues.iter().map(|queue| Ranking::of(&queue.select)).collect();
        let mut kinds = BTreeMap::new();
        let mut pools = Vec::new();
        let mut agents = Vec::with_capacity(plan.agents.len());
        let stages = |demand: DemandId| lines.stages_of(demand);
        let mut by_demand: Vec<Box<[Bits]>> = (0..lines.demands.len() as u32)
            .map(|demand| vec![Bits::default(); stages(DemandId(demand))].into())
            .collect();
        for planned in &plan.agents {
            let adapter = planned.voice.as_ref().map(|endpoint| endpoint.adapter);
            let met = |(demand, asked): (DemandId, &crate::lines::Demand)| {
                let level = planned.level_for(asked.queue, &asked.requirement)?;
                let Service { rank, delay } = planned.service(asked.queue)?;
                let stage = lines.stage_after(asked.queue, delay);
                let level = looks_at_level(asked.queue).then_some(level as u16);
                Some(Met { demand, stage, rank, level })
            };
            let met: Vec<Met> = lines.demands_with_ids().filter_map(met).collect();
            let pool = *kinds.entry((adapter, met)).or_insert_with_key(|(_, met)| {
                let pool = pools.len();
                for Met { demand, stage, .. } in met {
                    for bits in &mut by_demand[demand.index()][usize::from(*stage)..] {
                        bits.set(pool, true);
                    }
                }
                pools.push(Pool::of(adapter, met, lines, &rankings));
                pool as u32
            });
            agents.push(Agent::new(planned, pool));
        }
        let arena = Arena::new();
        (Self { pools, arena, available: Bits::default(), by_demand, rankings }, agents)
    }

    /// Whether a pool may take calls of a demand, be it after a delay.
    pub(crate) fn meets(&self, pool: u32, demand: DemandId) -> bool {
        let by_stage = &self.by_demand[demand.index()];
        by_stage.last().is_some_and(|all| all.has(pool as usize))
    }

    /// The pools that may take a call which stands in such a line.
    pub(crate) fn that_serve(&self, kind: LineKind) -> &Bits {
        &self.by_demand[kind.demand.index()][usize::from(kind.stage)]
    }

    /// The rank that a queue has for the agents of a pool.
    pub(crate) fn rank(&self, pool: u32, queue: QueueId) -> u8 {
        let ranks = &self.pools[pool as usize].ranks;
        let found = ranks.binary_search_by_key(&queue, |(queue, _)| *queue);
        found.map_or_else(|_| Service::default().rank, |at| ranks[at].1)
    }

    /// The sum of levels over what a demand asks for; 0 where its queue does not look at it.
    pub(crate) fn level(&self, pool: usize, demand: DemandId) -> u16 {
        let levels = &self.pools[pool].levels;
        let found = levels.binary_search_by_key(&demand, |(demand, _)| *demand);
        found.map_or(0, |at| levels[at].1)
    }

    /// Lets those who may take its calls serve a new line.
    pub(crate) fn serve(&mut self, kind: LineKind, line: u32) {
        let Self { pools, by_demand, .. } = self;
        for pool in by_demand[kind.demand.index()][usize::from(kind.stage)].iter() {
            pools[pool].lines.set(line as usize, true);
        }
    }

    pub(crate) fn insert(&mut self, pool: u32, standing: Standing, open: bool) {
        for (ranking, set) in &mut self.pools[pool as usize].sets {
            self.arena.insert(set, standing.under(*ranking), standing.agent.0);
        }
        let somebody = self.pools[pool as usize].is_anybody_there();
        self.available.set(pool as usize, open && somebody);
    }

    pub(crate) fn remove(&mut self, pool: u32, standing: Standing) {
        for (ranking, set) in &mut self.pools[pool as usize].sets {
            let was_in = self.arena.remove(set, standing.under(*ranking));
            debug_assert!(was_in, "a listed agent stands in his pool");
        }
        if !self.pools[pool as usize].is_anybody_there() {
            self.available.set(pool as usize, false);
        }
    }

    /// Opens or closes the pools of these adapters' devices.
    pub(crate) fn set_open(&mut self, adapters: &Bits, open: bool) {
        for (index, pool) in self.pools.iter().enumerate() {
            if pool.adapter.is_some_and(|adapter| adapters.has(adapter.index())) {
                self.available.set(index, open && pool.is_anybody_there());
            }
        }
    }

    /// The first agent of a pool in the order of a queue whom `skips` lets pass; `point` is what the
    /// call has drawn.
    pub(crate) fn first(
        &self,
        pool: usize,
        queue: QueueId,
        point: u64,
        skips: impl Fn(AgentId) -> bool,
    ) -> Option<AgentKey> {
        let ranking = self.rankings[queue.index()];
        let set = self.pools[pool].in_order(ranking)?;
        let arena = &self.arena;
        let first_of = |mut at: Option<(AgentKey, u32)>, within: &dyn Fn(&AgentKey) -> bool| {
            while let Some((key, _)) = at.filter(|(key, _)| within(key)) {
                if !skips(key.agent) {
                    return Some(key);
                }
                at = arena.after(set, key);
            }
            None
        };
        let mut head = arena.first(set);
        if !ranking.draws() {
            return first_of(head, &|_| true);
        }
        // Among those who are alike up to the draw, once around the circle from the point on.
        while let Some((first, _)) = head {
            let alike = |key: &AgentKey| ranking.same_before_draw(key, &first);
            let from = ranking.on_circle(&first, point);
            let found = first_of(arena.at_or_after(set, from), &alike)
                .or_else(|| first_of(head, &|key| *key < from));
            if found.is_some() {
                return found;
            }
            // All of them are skipped, so they are few.
            while let Some((key, _)) = head.filter(|(key, _)| alike(key)) {
                head = arena.after(set, key);
            }
        }
        None
    }
}

impl Pool {
    fn of(adapter: Option<AdapterId>, met: &[Met], lines: &Lines, rankings: &[Ranking]) -> Self {
        let queue = |met: &Met| lines.demands[met.demand.index()].queue;
        let usual = Service::default().rank;
        let mut ranks: Vec<(QueueId, u8)> =
            met.iter().filter(|met| met.rank != usual).map(|met| (queue(met), met.rank)).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let mut orders: BTreeSet<Ranking> =
            met.iter().map(|met| rankings[queue(met).index()]).collect();
        orders.insert(Ranking::default());
        Self {
            adapter,
            lines: Bits::default(),
            levels: met.iter().filter_map(|met| Some((met.demand, met.level?))).collect(),
            ranks: ranks.into(),
            sets: orders.into_iter().map(|order| (order, OrderedSet::EMPTY)).collect(),
        }
    }

    /// Its available agents in one of the orders that it keeps.
    fn in_order(&self, ranking: Ranking) -> Option<OrderedSet> {
        self.sets.iter().find(|(order, _)| *order == ranking).map(|(_, set)| *set)
    }

    /// The longest idle first.
    pub(crate) fn by_idle(&self) -> OrderedSet {
        self.sets[0].1
    }

    pub(crate) fn is_anybody_there(&self) -> bool {
        !self.by_idle().is_empty()
    }
}
