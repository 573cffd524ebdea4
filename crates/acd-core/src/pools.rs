//! Pools of agents who are alike to every line.
//!
//! A pool holds the agents who are available at desks of one kind: same channel, same endpoint
//! adapter, same demands met, with the same delays, ranks, and levels where a queue looks at levels.
//! An agent who comes or goes touches one pool; a call that picks compares the first of each pool
//! that meets its demand. So the work grows with the kinds of agents, not with agents. An agent whose
//! skills are not as planned for now is in a pool of his own.

use crate::agent::{Agent, AgentKey};
use crate::bits::Bits;
use crate::gauges::Gauges;
use crate::ids::{AdapterId, AgentId, DemandId, QueueId, SkillId};
use crate::lines::{Class, Lines};
use crate::ordered::{Arena, OrderedSet};
use crate::plan::{AgentPlan, Channel, Criterion, RoutingPlan, Service};
use crate::selection::{Measures, RankedKey, Ranking};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Pool {
    channel: Channel,
    pub(crate) adapter: Option<AdapterId>,
    /// The lines that its agents may serve.
    pub(crate) lines: Bits,
    /// The sum of its agents' levels, for demands of queues that look at it; sorted by demand.
    levels: Box<[(DemandId, u16)]>,
    /// Where its agents' rank is not the usual one; sorted by queue.
    ranks: Box<[(QueueId, u8)]>,
    /// The queues that keep some of their agents free and whose these are.
    pub(crate) kept_free_for: Box<[QueueId]>,
    /// Some of its agents have other desks.
    pub(crate) is_mixed: bool,
    /// Its available agents, the longest idle first, ...
    pub(crate) by_idle: OrderedSet<AgentKey>,
    /// ... and in each other order that a queue which they serve asks for.
    pub(crate) others: Box<[(Ranking, OrderedSet<RankedKey>)]>,
}

/// The agents whose first desk is in a pool, counted; apart from it, since an estimate looks at that of
/// many pools.
#[derive(Debug)]
pub(crate) struct Census {
    /// How many are ready.
    pub(crate) working: u32,
    /// How many of those are at their notes, and ready afterwards.
    pub(crate) at_notes: u32,
    /// The queues and the domain whose agents a latch counts and whose these are.
    pub(crate) watched: Box<[u16]>,
}

#[derive(Debug)]
pub(crate) struct Pools {
    pub(crate) pools: Vec<Pool>,
    /// By pool.
    pub(crate) census: Vec<Census>,
    pub(crate) arena: Arena<AgentKey>,
    pub(crate) ranked: Arena<RankedKey>,
    /// Pools in which somebody is available and whose adapter, if they have one, is open.
    pub(crate) available: Bits,
    /// The same, open or not.
    pub(crate) manned: Bits,
    /// Pools of whose agents somebody is ready.
    pub(crate) working: Bits,
    /// Those of whom somebody is at his notes.
    pub(crate) resting: Bits,
    /// By demand, then stage: who may take such calls on some channel.
    by_stage: Vec<Vec<Bits>>,
    /// By queue.
    rankings: Vec<Ranking>,
    /// Those in which nobody is, to be used again.
    unused: Vec<u32>,
}

/// What an agent is to one demand.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Met {
    pub(crate) demand: DemandId,
    pub(crate) stage: u8,
    rank: u8,
    /// Where its queue looks at it.
    level: Option<u16>,
}

impl Pools {
    /// Sorts the agents of a plan into pools.
    pub(crate) fn new(plan: &RoutingPlan, lines: &Lines, gauges: &Gauges) -> (Self, Vec<Agent>) {
        let rankings: Vec<Ranking> =
            plan.queues.iter().map(|queue| Ranking::of(&queue.select)).collect();
        let mut kinds = BTreeMap::new();
        let (mut pools, mut census): (Vec<Pool>, Vec<Census>) = (Vec::new(), Vec::new());
        let mut agents = Vec::with_capacity(plan.agents.len());
        let stages = |(demand, _)| vec![Bits::default(); lines.stages_of(demand)];
        let mut by_stage: Vec<Vec<Bits>> = lines.demands_with_ids().map(stages).collect();
        for planned in &plan.agents {
            let met: Arc<[Met]> = met(plan, lines, planned, &planned.skills).collect();
            let of_desks: Vec<u32> = planned
                .desks
                .iter()
                .map(|desk| {
                    let adapter = desk.endpoint.as_ref().map(|endpoint| endpoint.adapter);
                    let kind = (desk.channel, adapter, Arc::clone(&met));
                    *kinds.entry(kind).or_insert_with(|| {
                        let pool = pools.len();
                        lets_serve(&mut by_stage, &met, pool);
                        let kind = (desk.channel, adapter);
                        pools.push(Pool::of(kind, &met, plan, lines, &rankings));
                        census.push(Census::of(&met, gauges, &rankings));
                        pool as u32
                    })
                })
                .collect();
            let is_mixed = of_desks.len() > 1;
            for pool in &of_desks {
                pools[*pool as usize].is_mixed |= is_mixed;
            }
            agents.push(Agent::new(planned, of_desks));
        }
        let pools = Self {
            pools,
            census,
            arena: Arena::new(),
            ranked: Arena::new(),
            available: Bits::default(),
            manned: Bits::default(),
            working: Bits::default(),
            resting: Bits::default(),
            by_stage,
            rankings,
            unused: Vec::new(),
        };
        (pools, agents)
    }

    /// A pool of one agent alone, who meets this, and is like those of another pool otherwise.
    pub(crate) fn own(
        &mut self,
        like: u32,
        met: &[Met],
        plan: &RoutingPlan,
        lines: &mut Lines,
        gauges: &Gauges,
    ) -> u32 {
        let Pool { channel, adapter, is_mixed, .. } = self.pools[like as usize];
        let made = Pool::of((channel, adapter), met, plan, lines, &self.rankings);
        let mut made = Pool { is_mixed, ..made };
        let pool = self.unused.pop().unwrap_or(self.pools.len() as u32);
        lets_serve(&mut self.by_stage, met, pool as usize);
        for (line, at) in (0..).zip(&mut lines.lines) {
            if at.kind.channel == channel
                && at.kind.class != Class::Awaiting
                && self.by_stage[at.demand.index()][usize::from(at.kind.stage)].has(pool as usize)
            {
                at.served_by.set(pool as usize, true);
                made.lines.set(line, true);
            }
        }
        let census = Census::of(met, gauges, &self.rankings);
        match self.pools.get_mut(pool as usize) {
            Some(unused) => (*unused, self.census[pool as usize]) = (made, census),
            None => {
                self.pools.push(made);
                self.census.push(census);
            }
        }
        pool
    }

    /// The pool had one agent alone, and has nobody now.
    pub(crate) fn release(&mut self, pool: u32, lines: &mut Lines) {
        let of_demands = self.by_stage.iter_mut().flatten();
        of_demands.for_each(|bits| bits.set(pool as usize, false));
        for line in std::mem::take(&mut self.pools[pool as usize].lines).iter() {
            lines.lines[line].served_by.set(pool as usize, false);
        }
        self.unused.push(pool);
    }

    /// How many pools somebody is planned to be in, or is by his skills for now.
    pub(crate) fn in_use(&self) -> usize {
        self.pools.len() - self.unused.len()
    }

    /// The pools that may take such calls.
    pub(crate) fn that_serve(&self, demand: DemandId, stage: u8, channel: Channel) -> Bits {
        let mut found = Bits::default();
        let any = self.by_stage[demand.index()][usize::from(stage)].iter();
        let of_channel = any.filter(|pool| self.pools[*pool].channel == channel);
        of_channel.for_each(|pool| found.set(pool, true));
        found
    }

    /// Whether the agents of a pool may take calls of a demand at a stage.
    pub(crate) fn serves(&self, pool: u32, demand: DemandId, stage: u8) -> bool {
        self.by_stage[demand.index()][usize::from(stage)].has(pool as usize)
    }

    /// Whether the agents of a pool meet a queue's own requirement.
    pub(crate) fn meets(&self, pool: u32, queue: QueueId) -> bool {
        // The first demands are the queues' own; at the last stage all delays are over.
        self.by_stage[queue.index()].last().is_some_and(|serving| serving.has(pool as usize))
    }

    /// Whether somebody is ready who meets a queue's own requirement.
    pub(crate) fn somebody_works(&self, queue: QueueId) -> bool {
        self.by_stage[queue.index()].last().is_some_and(|serving| serving.meets(&self.working))
    }

    /// Whether somebody is available who meets a queue's own requirement, on whatever channel.
    pub(crate) fn somebody_is_free(&self, queue: QueueId) -> bool {
        self.by_stage[queue.index()].last().is_some_and(|serving| serving.meets(&self.manned))
    }

    /// How many are at their notes, and ready afterwards, who meet a queue's own requirement.
    pub(crate) fn at_notes(&self, queue: QueueId) -> u32 {
        let serving = self.by_stage[queue.index()].last();
        let resting = serving.into_iter().flat_map(|serving| serving.both(&self.resting));
        resting.map(|pool| self.census[pool].at_notes).sum()
    }

    /// One of a pool's agents counted as so many who are ready, and as so many who are at their notes,
    /// and does as so many now.
    pub(crate) fn count(&mut self, pool: u32, ready: (u32, u32), notes: (u32, u32)) {
        let counted = &mut self.census[pool as usize];
        counted.working = counted.working + ready.1 - ready.0;
        counted.at_notes = counted.at_notes + notes.1 - notes.0;
        let (works, rests) = (counted.working > 0, counted.at_notes > 0);
        self.working.set(pool as usize, works);
        self.resting.set(pool as usize, rests);
    }

    /// Whether more agents are available at desks of a channel who meet a queue's own requirement.
    pub(crate) fn has_more_than(&self, agents: u32, queue: QueueId, channel: Channel) -> bool {
        // The first demands are the queues' own; at the last stage all delays are over.
        let serving = self.by_stage[queue.index()].last();
        let available = serving.into_iter().flat_map(|serving| serving.both(&self.available));
        let mut left = u64::from(agents);
        for pool in available.map(|pool| &self.pools[pool]) {
            let found = if pool.channel == channel { u64::from(pool.by_idle.len()) } else { 0 };
            if found > left {
                return true;
            }
            left -= found;
        }
        false
    }

    /// The rank that a queue has for the agents of a pool.
    pub(crate) fn rank(&self, pool: u32, queue: QueueId) -> u8 {
        let ranks = &self.pools[pool as usize].ranks;
        if ranks.is_empty() {
            return Service::default().rank;
        }
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
    pub(crate) fn serve(&mut self, served_by: &Bits, line: u32) {
        for pool in served_by.iter() {
            self.pools[pool].lines.set(line as usize, true);
        }
    }

    pub(crate) fn has_other_orders(&self, pool: u32) -> bool {
        !self.pools[pool as usize].others.is_empty()
    }

    pub(crate) fn insert(&mut self, pool: u32, key: AgentKey, measures: Measures, open: bool) {
        let into = &mut self.pools[pool as usize];
        self.arena.insert(&mut into.by_idle, key, key.agent.0);
        for (ranking, set) in &mut into.others {
            let ranked = RankedKey { ranking: *ranking, key, measures };
            self.ranked.insert(set, ranked, key.agent.0);
        }
        self.available.set(pool as usize, open);
        self.manned.set(pool as usize, true);
    }

    pub(crate) fn remove(&mut self, pool: u32, key: AgentKey, measures: Measures) {
        let from = &mut self.pools[pool as usize];
        let was_in = self.arena.remove(&mut from.by_idle, key);
        debug_assert!(was_in, "a listed agent stands in his pool");
        for (ranking, set) in &mut from.others {
            let ranked = RankedKey { ranking: *ranking, key, measures };
            let was_in = self.ranked.remove(set, ranked);
            debug_assert!(was_in, "in each of its orders");
        }
        if from.by_idle.is_empty() {
            self.available.set(pool as usize, false);
            self.manned.set(pool as usize, false);
        }
    }

    /// Opens or closes the pools of these adapters' devices.
    pub(crate) fn set_open(&mut self, adapters: &Bits, open: bool) {
        for (index, pool) in self.pools.iter().enumerate() {
            if pool.adapter.is_some_and(|adapter| adapters.has(adapter.index())) {
                self.available.set(index, open && !pool.by_idle.is_empty());
            }
        }
    }

    /// The order in which a queue's calls look at agents who are alike to it otherwise.
    pub(crate) fn ranking(&self, queue: QueueId) -> Ranking {
        self.rankings[queue.index()]
    }

    /// The first agent of a pool in an order whom `skips` lets pass; `point` is what the call has
    /// drawn.
    pub(crate) fn first(
        &self,
        pool: usize,
        ranking: Ranking,
        point: u64,
        skips: impl Fn(AgentId) -> bool,
    ) -> Option<AgentKey> {
        let pool = &self.pools[pool];
        if ranking.is_by_idle() {
            let mut head = pool.by_idle.first();
            while let Some((key, _)) = head.filter(|(key, _)| skips(key.agent)) {
                head = self.arena.after(&pool.by_idle, key);
            }
            return head.map(|(key, _)| key);
        }
        let (_, set) = pool.others.iter().find(|(order, _)| *order == ranking)?;
        let ranked = &self.ranked;
        let first_of = |mut at: Option<(RankedKey, u32)>, within: &dyn Fn(&RankedKey) -> bool| {
            while let Some((key, _)) = at.filter(|(key, _)| within(key)) {
                if !skips(key.key.agent) {
                    return Some(key.key);
                }
                at = ranked.after(set, key);
            }
            None
        };
        let mut head = set.first();
        if !ranking.draws() {
            return first_of(head, &|_| true);
        }
        // Among those who are alike up to the draw, once around the circle from the point on.
        while let Some((first, _)) = head {
            let alike = |key: &RankedKey| key.is_alike_before_draw(&first);
            let from = first.on_circle(point);
            let found = first_of(ranked.at_or_after(set, from), &alike)
                .or_else(|| first_of(head, &|key| *key < from));
            if found.is_some() {
                return found;
            }
            // All of them are skipped, so they are few.
            while let Some((key, _)) = head.filter(|(key, _)| alike(key)) {
                head = ranked.after(set, key);
            }
        }
        None
    }
}

/// What an agent with these skills meets, in the order of demands.
pub(crate) fn met<'a>(
    plan: &'a RoutingPlan,
    lines: &'a Lines,
    planned: &'a AgentPlan,
    skills: &'a [(SkillId, u8)],
) -> impl Iterator<Item = Met> + 'a {
    let looks_at_level = |queue: QueueId| {
        let by_level = [Criterion::HighestLevel, Criterion::LowestLevel];
        let select = &plan.queues[queue.index()].select;
        select.iter().any(|criterion| by_level.contains(criterion))
    };
    lines.demands_with_ids().filter_map(move |(demand, asked)| {
        let Service { rank, delay } = planned.service(asked.queue)?;
        let level = asked.requirement.level_of(skills)?;
        let stage = lines.stage_after(asked.queue, delay);
        let level = looks_at_level(asked.queue).then_some(level as u16);
        Some(Met { demand, stage, rank, level })
    })
}

fn lets_serve(by_stage: &mut [Vec<Bits>], met: &[Met], pool: usize) {
    for Met { demand, stage, .. } in met {
        let from = &mut by_stage[demand.index()][usize::from(*stage)..];
        from.iter_mut().for_each(|bits| bits.set(pool, true));
    }
}

/// Whether this is to meet a queue's own requirement: those are the first demands.
fn serves(met: &[Met], queue: QueueId) -> bool {
    let own = DemandId(u32::from(queue.0));
    met.binary_search_by_key(&own, |met| met.demand).is_ok()
}

impl Census {
    fn of(met: &[Met], gauges: &Gauges, rankings: &[Ranking]) -> Self {
        let watching = gauges.watching_agents();
        // The domain has all agents.
        let watched =
            watching.filter(|of| usize::from(*of) == rankings.len() || serves(met, QueueId(*of)));
        Self { working: 0, at_notes: 0, watched: watched.collect() }
    }
}

impl Pool {
    fn of(
        (channel, adapter): (Channel, Option<AdapterId>),
        met: &[Met],
        plan: &RoutingPlan,
        lines: &Lines,
        rankings: &[Ranking],
    ) -> Self {
        let queue = |met: &Met| lines.demands[met.demand.index()].queue;
        let usual = Service::default().rank;
        let mut ranks: Vec<(QueueId, u8)> =
            met.iter().filter(|met| met.rank != usual).map(|met| (queue(met), met.rank)).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let mut others: BTreeSet<Ranking> =
            met.iter().map(|met| rankings[queue(met).index()]).collect();
        others.remove(&Ranking::default());
        let keeping = plan.queues_with_ids().filter(|(_, queue)| queue.keep_free.is_some());
        Self {
            channel,
            adapter,
            lines: Bits::default(),
            levels: met.iter().filter_map(|met| Some((met.demand, met.level?))).collect(),
            ranks: ranks.into(),
            kept_free_for: keeping.map(|(queue, _)| queue).filter(|it| serves(met, *it)).collect(),
            is_mixed: false,
            by_idle: OrderedSet::EMPTY,
            others: others.into_iter().map(|order| (order, OrderedSet::EMPTY)).collect(),
        }
    }
}
