//! A domain comes back: nothing falls due and nothing is offered until it is known what the
//! adapters hold; then they open, all at once.

use crate::agent::AgentKey;
use crate::bits::Bits;
use crate::call::{CallKey, CallState};
use crate::command::Rejection;
use crate::event::Event;
use crate::ids::AdapterId;
use crate::router::Router;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
        self.agents_of_adapters_take(adapters, events);
        self.calls_of_adapters_pick(adapters, events);
    }

    /// Lets the agents whose devices these adapters ring take calls, longest idle first, each his
    /// best, one a round. Costs as much as there are pools, and offers made.
    fn agents_of_adapters_take(&mut self, adapters: &Bits, events: &mut Vec<Event>) {
        let mut heads = BinaryHeap::new();
        for (index, pool) in self.pools.pools.iter().enumerate() {
            if pool.adapter.is_some_and(|adapter| adapters.has(adapter.index())) {
                let first = self.pools.arena.first(pool.by_idle);
                heads.extend(first.map(|(key, _)| Reverse((key, index))));
            }
        }
        while let Some(Reverse((key, index))) = heads.pop() {
            let AgentKey { agent, .. } = key;
            if !self.pools.pools[index].lines.meets(&self.lines.open) {
                continue;
            }
            let next = self.pools.arena.after(self.pools.pools[index].by_idle, key);
            heads.extend(next.map(|(key, _)| Reverse((key, index))));
            if self.take_best_call(agent, events) {
                self.freed.push(agent);
            }
        }
    }

    /// Lets the adapters' waiting calls pick agents, in key order. Costs as much as the adapters
    /// have lines, and offers made.
    fn calls_of_adapters_pick(&mut self, adapters: &Bits, events: &mut Vec<Event>) {
        self.agents_take(events);
        let mut heads: BinaryHeap<Reverse<(CallKey, u32, u32)>> = BinaryHeap::new();
        let adapters = adapters.iter().map(|adapter| AdapterId(adapter as u16));
        for line in adapters.flat_map(|adapter| self.lines.of_adapter(adapter)) {
            let first = self.lines.arena.first(self.lines.lines[line as usize].set);
            heads.extend(first.map(|(key, place)| Reverse((key, line, place))));
        }
        while let Some(Reverse((key, line, place))) = heads.pop() {
            let at = &self.lines.lines[line as usize];
            if !self.pools.that_serve(at.position).meets(&self.pools.available) {
                continue;
            }
            let next = self.lines.arena.after(at.set, key);
            heads.extend(next.map(|(key, place)| Reverse((key, line, place))));
            let slot = self.places[place].slot;
            let stands_there = self.key_in_line(place) == Some(key);
            if stands_there && self.calls[slot].state == CallState::Waiting {
                self.pick_agent(slot, events);
            }
        }
    }
}
