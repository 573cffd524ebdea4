//! Pools of agents who are alike to every line.
//!
//! A pool holds the available agents of one kind: same endpoint adapter, same demands met, same
//! levels where a queue looks at levels. An agent who comes or goes touches one pool; a call that
//! picks compares the first of each pool that meets its demand. So the work grows with the kinds
//! of agents, not with agents.

use crate::agent::{Agent, AgentKey};
use crate::bits::Bits;
use crate::ids::{AdapterId, DemandId};
use crate::lines::Demand;
use crate::ordered::{Arena, OrderedSet};
use crate::plan::{Criterion, RoutingPlan};
use std::collections::BTreeMap;

#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) adapter: Option<AdapterId>,
    /// The lines that its agents may serve.
    pub(crate) lines: Bits,
    /// The sum of its agents' levels, for demands of queues that look at it; sorted by demand.
    levels: Box<[(DemandId, u16)]>,
    pub(crate) set: OrderedSet,
}

#[derive(Debug)]
pub(crate) struct Pools {
    pub(crate) pools: Vec<Pool>,
    pub(crate) arena: Arena<AgentKey>,
    /// Pools in which somebody is available and whose adapter, if they have one, is open.
    pub(crate) available: Bits,
    /// By demand: the pools that meet it.
    pub(crate) by_demand: Vec<Bits>,
}

impl Pools {
    /// Sorts the agents of a plan into pools.
    pub(crate) fn new(plan: &RoutingPlan, demands: &[Demand]) -> (Self, Vec<Agent>) {
        let looks_at_level = |demand: &Demand| {
            plan.queues[demand.queue.index()].select.contains(&Criterion::HighestLevel)
        };
        let mut kinds = BTreeMap::new();
        let mut pools = Vec::new();
        let mut agents = Vec::with_capacity(plan.agents.len());
        let mut by_demand = vec![Bits::default(); demands.len()];
        for planned in &plan.agents {
            let adapter = planned.voice.as_ref().map(|endpoint| endpoint.adapter);
            let met: Vec<(DemandId, Option<u16>)> = (0..)
                .map(DemandId)
                .zip(demands)
                .filter_map(|(id, demand)| {
                    let level = demand.requirement.level_of(&planned.skills)?;
                    Some((id, looks_at_level(demand).then_some(level as u16)))
                })
                .collect();
            let pool = *kinds.entry((adapter, met)).or_insert_with_key(|(_, met)| {
                let pool = pools.len();
                for (demand, _) in met {
                    by_demand[demand.index()].set(pool, true);
                }
                let levels = met.iter().filter_map(|(demand, level)| Some((*demand, (*level)?)));
                pools.push(Pool {
                    adapter,
                    lines: Bits::default(),
                    levels: levels.collect(),
                    set: OrderedSet::EMPTY,
                });
                pool as u32
            });
            agents.push(Agent::new(planned, pool));
        }
        let arena = Arena::new();
        (Self { pools, arena, available: Bits::default(), by_demand }, agents)
    }

    /// The sum of levels over what a demand asks for; 0 where its queue does not look at it.
    pub(crate) fn level(&self, pool: usize, demand: DemandId) -> u16 {
        let levels = &self.pools[pool].levels;
        let found = levels.binary_search_by_key(&demand, |(demand, _)| *demand);
        found.map_or(0, |at| levels[at].1)
    }

    /// Lets the pools that meet a demand serve a new line of it.
    pub(crate) fn serve(&mut self, demand: DemandId, line: u32) {
        for pool in self.by_demand[demand.index()].iter() {
            self.pools[pool].lines.set(line as usize, true);
        }
    }

    pub(crate) fn insert(&mut self, pool: u32, key: AgentKey, open: bool) {
        self.arena.insert(&mut self.pools[pool as usize].set, key, key.agent.0);
        self.available.set(pool as usize, open);
    }

    pub(crate) fn remove(&mut self, pool: u32, key: AgentKey) {
        let set = &mut self.pools[pool as usize].set;
        let was_in = self.arena.remove(set, key);
        debug_assert!(was_in, "a listed agent stands in his pool");
        if set.is_empty() {
            self.available.set(pool as usize, false);
        }
    }

    /// Opens or closes the pools of these adapters' devices.
    pub(crate) fn set_open(&mut self, adapters: &Bits, open: bool) {
        for (index, pool) in self.pools.iter().enumerate() {
            if pool.adapter.is_some_and(|adapter| adapters.has(adapter.index())) {
                self.available.set(index, open && !pool.set.is_empty());
            }
        }
    }
}
