//! What the Router knows of an agent, and pools of agents who are alike to every line.
//!
//! A pool holds the available agents of one kind: same endpoint adapter, same demands met, same
//! levels where a queue looks at levels. An agent who comes or goes touches one pool; a call that
//! picks compares the first of each pool that meets its demand. So the work grows with the kinds
//! of agents, not with agents.

use crate::bits::Bits;
use crate::deadlines::Ticket;
use crate::event::{Presence, SlotState};
use crate::ids::{AdapterId, AgentId, DemandId, Timestamp};
use crate::lines::Demand;
use crate::ordered::{Arena, OrderedSet};
use crate::plan::{AgentPlan, Criterion, RoutingPlan};
use std::collections::BTreeMap;

/// Where agents of one pool stand to each other: less is offered first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AgentKey {
    /// He left his last offer unanswered.
    pub(crate) missed: bool,
    pub(crate) idle_since: Timestamp,
    pub(crate) agent: AgentId,
}

#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) presence: Presence,
    pub(crate) pending: Option<Presence>,
    /// Offers left unanswered in a row.
    pub(crate) missed: u32,
    pub(crate) idle_since: Timestamp,
    pub(crate) slots: Box<[Slot]>,
    pub(crate) pool: u32,
    /// The adapter that rings him; without one, the call's own.
    pub(crate) adapter: Option<AdapterId>,
    /// The key under which he stands in his pool, while available.
    pub(crate) listed: Option<AgentKey>,
}

#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) state: SlotState,
    /// Of the end of wrap-up.
    pub(crate) ticket: Ticket,
}

impl Agent {
    fn new(planned: &AgentPlan, pool: u32) -> Self {
        let slot = Slot { state: SlotState::Free, ticket: Ticket::NONE };
        Self {
            presence: Presence::LoggedOut,
            pending: None,
            missed: 0,
            idle_since: Timestamp(0),
            slots: vec![slot; usize::from(planned.capacity)].into(),
            pool,
            adapter: planned.voice.as_ref().map(|endpoint| endpoint.adapter),
            listed: None,
        }
    }

    pub(crate) fn free_slot(&self) -> Option<u8> {
        let free = self.slots.iter().position(|slot| slot.state == SlotState::Free)?;
        Some(free as u8)
    }

    /// Ready, nothing else asked for, and a slot free.
    pub(crate) fn is_available(&self) -> bool {
        self.presence == Presence::Ready && self.pending.is_none() && self.free_slot().is_some()
    }

    /// A call is in his hands, from accept to the end of wrap-up.
    pub(crate) fn is_busy(&self) -> bool {
        self.slots.iter().any(|slot| match slot.state {
            SlotState::Free | SlotState::Reserved { .. } => false,
            SlotState::Connecting { .. }
            | SlotState::Talking { .. }
            | SlotState::Held { .. }
            | SlotState::WrapUp { .. } => true,
        })
    }

    pub(crate) fn key(&self, agent: AgentId) -> AgentKey {
        AgentKey { missed: self.missed > 0, idle_since: self.idle_since, agent }
    }
}

#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) adapter: Option<AdapterId>,
    /// The lines that its agents may serve.
    pub(crate) lines: Bits,
    /// By demand: the sum of levels, 0 where the queue does not look at it.
    levels: Box<[u16]>,
    pub(crate) set: OrderedSet,
}

#[derive(Debug)]
pub(crate) struct Pools {
    pub(crate) pools: Vec<Pool>,
    pub(crate) arena: Arena<AgentKey>,
    /// Pools in which somebody is available and whose adapter, if they have one, is up.
    pub(crate) available: Bits,
    /// By demand: the pools that meet it.
    pub(crate) by_demand: Vec<Bits>,
}

impl Pools {
    /// Sorts the agents of a plan into pools.
    pub(crate) fn new(plan: &RoutingPlan, demands: &[Demand]) -> (Self, Vec<Agent>) {
        let by_level: Vec<bool> = demands
            .iter()
            .map(|demand| {
                plan.queues[demand.queue.index()].select.contains(&Criterion::HighestLevel)
            })
            .collect();
        let mut kinds = BTreeMap::new();
        let mut pools = Vec::new();
        let mut agents = Vec::with_capacity(plan.agents.len());
        let mut by_demand = vec![Bits::default(); demands.len()];
        for planned in &plan.agents {
            let adapter = planned.voice.as_ref().map(|endpoint| endpoint.adapter);
            let met: Vec<Option<u32>> = demands
                .iter()
                .zip(&by_level)
                .map(|(demand, by_level)| {
                    let level = demand.requirement.level_of(&planned.skills)?;
                    Some(if *by_level { level } else { 0 })
                })
                .collect();
            let levels: Box<[u16]> = met.iter().map(|level| level.unwrap_or(0) as u16).collect();
            let pool = *kinds.entry((adapter, met)).or_insert_with_key(|(_, met)| {
                let pool = pools.len();
                for (demand, _) in met.iter().enumerate().filter(|(_, level)| level.is_some()) {
                    by_demand[demand].set(pool, true);
                }
                let set = OrderedSet::EMPTY;
                pools.push(Pool { adapter, lines: Bits::default(), levels, set });
                pool as u32
            });
            agents.push(Agent::new(planned, pool));
        }
        let arena = Arena::new();
        (Self { pools, arena, available: Bits::default(), by_demand }, agents)
    }

    pub(crate) fn level(&self, pool: usize, demand: DemandId) -> u16 {
        self.pools[pool].levels[demand.index()]
    }

    /// Lets the pools that meet a demand serve a new line of it.
    pub(crate) fn serve(&mut self, demand: DemandId, line: u32) {
        for pool in self.by_demand[demand.index()].iter() {
            self.pools[pool].lines.set(line as usize, true);
        }
    }

    pub(crate) fn insert(&mut self, pool: u32, key: AgentKey, up: bool) {
        self.arena.insert(&mut self.pools[pool as usize].set, key, key.agent.0);
        self.available.set(pool as usize, up);
    }

    pub(crate) fn remove(&mut self, pool: u32, key: AgentKey) {
        let set = &mut self.pools[pool as usize].set;
        let was_in = self.arena.remove(set, key);
        debug_assert!(was_in, "a listed agent stands in his pool");
        if set.is_empty() {
            self.available.set(pool as usize, false);
        }
    }

    /// Opens or closes the pools of an adapter's devices.
    pub(crate) fn set_up(&mut self, adapter: AdapterId, up: bool) {
        for (index, pool) in self.pools.iter().enumerate() {
            if pool.adapter == Some(adapter) {
                self.available.set(index, up && !pool.set.is_empty());
            }
        }
    }
}
