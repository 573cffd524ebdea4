//! A domain comes back: nothing falls due and nothing is offered until it is known what the
//! adapters hold; then they open, all at once.

use crate::bits::Bits;
use crate::event::Event;
use crate::ids::{AdapterId, AgentId};
use crate::rejection::Rejection;
use crate::router::Router;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// How far a domain has come since its epoch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Adapters come back and say what they hold: nothing falls due, nothing is offered.
    Recovering,
    /// What is overdue falls due, nothing is offered.
    CatchingUp,
    /// Everything takes its course.
    Normal,
}

impl Router {
    /// How far the domain has come since its epoch began.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether nothing is offered yet since the epoch began.
    pub fn is_recovering(&self) -> bool {
        self.phase != Phase::Normal
    }

    pub(crate) fn epoch_began(&mut self, events: &mut Vec<Event>) -> Result<(), Rejection> {
        self.phase = Phase::Recovering;
        self.latches_rest();
        let (mut all, known) = (Bits::default(), self.adapters.len());
        for adapter in (0..known).map(|index| AdapterId(index as u16)) {
            all.set(adapter.index(), true);
            self.lines.set_open(adapter, false);
            if self.is_up(adapter) {
                self.lose_session(adapter, events);
            }
        }
        self.pools.set_open(&all, false);
        Ok(())
    }

    pub(crate) fn recovery_over(&mut self, events: &mut Vec<Event>) -> Result<(), Rejection> {
        if self.phase != Phase::Recovering {
            return Err(Rejection::NotRecovering);
        }
        self.phase = Phase::CatchingUp;
        if self.next_deadline().is_none_or(|at| at > self.now) {
            self.end_recovery_when_caught_up(events);
        }
        Ok(())
    }

    /// To be called when nothing is due any more.
    pub(crate) fn end_recovery_when_caught_up(&mut self, events: &mut Vec<Event>) {
        if self.phase != Phase::CatchingUp {
            return;
        }
        self.phase = Phase::Normal;
        self.latches.look_at_each();
        events.push(Event::RecoveryOver);
        let mut ready = Bits::default();
        for adapter in (0..self.adapters.len()).map(|index| AdapterId(index as u16)) {
            ready.set(adapter.index(), self.is_ready(adapter));
        }
        self.open(&ready, events);
    }

    /// Lets what these adapters hold and ring be matched.
    pub(crate) fn open(&mut self, adapters: &Bits, events: &mut Vec<Event>) {
        for adapter in adapters.iter() {
            self.lines.set_open(AdapterId(adapter as u16), true);
        }
        self.pools.set_open(adapters, true);
        let keeping = self.plan.queues_with_ids().filter(|(_, queue)| queue.keep_free.is_some());
        self.spared.extend(keeping.map(|(queue, _)| queue));
        self.agents_of_adapters_take(adapters, events);
        self.agents_take(events);
        let adapters = adapters.iter().map(|adapter| AdapterId(adapter as u16));
        let lines = adapters.flat_map(|adapter| self.lines.of_adapter(adapter));
        let mut heads = self.heads_of(lines);
        self.heads_pick(&mut heads, None, events);
    }

    /// Lets the agents whose devices these adapters ring take calls, longest idle first, each his
    /// best, one a round. Costs as much as there are pools, and offers made; agents who take calls of
    /// several channels, and those for whom calls wait, are looked at one by one.
    fn agents_of_adapters_take(&mut self, adapters: &Bits, events: &mut Vec<Event>) {
        let is_of = |adapter: Option<AdapterId>| adapter.is_some_and(|it| adapters.has(it.index()));
        let mut heads = BinaryHeap::new();
        let mut each = BTreeSet::new();
        for (index, pool) in self.pools.pools.iter().enumerate().filter(|(_, it)| is_of(it.adapter))
        {
            if pool.is_mixed {
                each.extend(self.pools.arena.iter(&pool.by_idle).map(|(key, _)| key.agent));
            } else {
                let first = pool.by_idle.first();
                heads.extend(first.map(|(key, _)| Reverse((key, Some(index)))));
            }
        }
        let has_desk = |agent: &&AgentId| {
            let mut desks = self.agents[agent.index()].desks.iter();
            desks.any(|desk| desk.listed.is_some() && is_of(desk.adapter))
        };
        each.extend(self.awaited.keys().filter(has_desk));
        let keys = each.iter().filter_map(|agent| self.agents[agent.index()].longest_idle());
        heads.extend(keys.map(|key| Reverse((key, None))));
        while let Some(Reverse((key, pool))) = heads.pop() {
            if let Some(pool) = pool {
                let set = &self.pools.pools[pool].by_idle;
                if !self.pools.pools[pool].lines.meets(&self.lines.open) {
                    continue;
                }
                let next = self.pools.arena.after(set, key);
                heads.extend(next.map(|(key, _)| Reverse((key, Some(pool)))));
                if each.contains(&key.agent) {
                    continue;
                }
            }
            if self.take_best_call(key.agent, events) {
                self.freed.push(key.agent);
            }
        }
    }
}
