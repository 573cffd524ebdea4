//! Adapters coming and going: what may be offered, and what they have been heard to say.

use crate::agent::AgentKey;
use crate::call::{CallKey, CallState};
use crate::command::Rejection;
use crate::event::{Event, OfferEnd, RevokeCause};
use crate::ids::AdapterId;
use crate::offers::Told;
use crate::router::Router;
use crate::slab::NONE;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The most adapters that a domain has in its life.
pub const ADAPTERS_MAX: usize = 1_024;

#[derive(Clone, Debug)]
pub(crate) struct Adapter {
    pub(crate) up: bool,
    /// Of its latest session; 0 before the first.
    pub(crate) incarnation: u64,
    /// The highest message number heard from that incarnation.
    pub(crate) heard: u64,
    /// The live offers that it rings, oldest first: a chain through `Hand`, by call slot.
    pub(crate) first_offer: u32,
    pub(crate) last_offer: u32,
}

impl Adapter {
    pub(crate) const UNKNOWN: Self =
        Self { up: false, incarnation: 0, heard: 0, first_offer: NONE, last_offer: NONE };
}

impl Router {
    /// The latest incarnation of an adapter and the highest message number heard from it.
    pub fn heard_from(&self, adapter: AdapterId) -> Option<(u64, u64)> {
        let adapter = self.adapters.get(adapter.index())?;
        (adapter.incarnation != 0).then_some((adapter.incarnation, adapter.heard))
    }

    pub(crate) fn is_up(&self, adapter: AdapterId) -> bool {
        self.adapters.get(adapter.index()).is_some_and(|adapter| adapter.up)
    }

    pub(crate) fn adapter_up(
        &mut self,
        adapter: AdapterId,
        incarnation: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        if adapter.index() >= ADAPTERS_MAX {
            return Err(Rejection::TooManyAdapters);
        }
        if self.is_up(adapter) {
            return Err(Rejection::AdapterIsUp);
        }
        if adapter.index() >= self.adapters.len() {
            self.adapters.resize(adapter.index() + 1, Adapter::UNKNOWN);
        }
        if self.adapters[adapter.index()].incarnation != incarnation {
            self.take_back_forgotten_offers(adapter, events);
            let known = &mut self.adapters[adapter.index()];
            known.incarnation = incarnation;
            known.heard = 0;
        }
        self.adapters[adapter.index()].up = true;
        events.push(Event::AdapterUp { adapter });
        self.lines.set_up(adapter, true);
        self.pools.set_up(adapter, true);
        self.agents_of_adapter_take(adapter, events);
        self.calls_of_adapter_pick(adapter, events);
        Ok(())
    }

    pub(crate) fn adapter_down(
        &mut self,
        adapter: AdapterId,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        if !self.is_up(adapter) {
            return Err(Rejection::AdapterNotUp);
        }
        self.adapters[adapter.index()].up = false;
        self.lines.set_up(adapter, false);
        self.pools.set_up(adapter, false);
        events.push(Event::AdapterDown { adapter });
        Ok(())
    }

    pub(crate) fn adapter_heard(
        &mut self,
        adapter: AdapterId,
        number: u64,
    ) -> Result<(), Rejection> {
        let known = self.adapters.get_mut(adapter.index()).ok_or(Rejection::UnknownAdapter)?;
        if number <= known.heard {
            return Err(Rejection::NumberWentBack { heard: known.heard });
        }
        known.heard = number;
        Ok(())
    }

    /// A new process knows nothing of what the old one rang.
    fn take_back_forgotten_offers(&mut self, adapter: AdapterId, events: &mut Vec<Event>) {
        loop {
            let slot = self.adapters[adapter.index()].first_offer;
            if slot == NONE {
                break;
            }
            let end = OfferEnd::Revoked(RevokeCause::AdapterRestarted);
            self.end_offer(slot, end, Told::ByAdapter, events);
        }
        self.settle(events);
    }

    /// Lets the agents whose devices the adapter rings take calls, longest idle first, each his
    /// best, one a round. Costs as much as there are pools, and offers made.
    fn agents_of_adapter_take(&mut self, adapter: AdapterId, events: &mut Vec<Event>) {
        let mut heads = BinaryHeap::new();
        for (index, pool) in self.pools.pools.iter().enumerate() {
            if pool.adapter == Some(adapter) {
                let first = self.pools.arena.first(pool.set);
                heads.extend(first.map(|(key, _)| Reverse((key, index))));
            }
        }
        while let Some(Reverse((key, index))) = heads.pop() {
            let AgentKey { agent, .. } = key;
            if !self.pools.pools[index].lines.meets(&self.lines.open) {
                continue;
            }
            let next = self.pools.arena.after(self.pools.pools[index].set, key);
            heads.extend(next.map(|(key, _)| Reverse((key, index))));
            if self.take_best_call(agent, events) {
                self.freed.push(agent);
            }
        }
    }

    /// Lets the adapter's waiting calls pick agents, in key order. Costs as much as the adapter has
    /// lines, and offers made.
    fn calls_of_adapter_pick(&mut self, adapter: AdapterId, events: &mut Vec<Event>) {
        self.agents_take(events);
        let mut heads: BinaryHeap<Reverse<(CallKey, u32, u32)>> = BinaryHeap::new();
        for line in self.lines.of_adapter(adapter) {
            let first = self.lines.arena.first(self.lines.lines[line as usize].set);
            heads.extend(first.map(|(key, place)| Reverse((key, line, place))));
        }
        while let Some(Reverse((key, line, place))) = heads.pop() {
            let at = &self.lines.lines[line as usize];
            if !self.pools.by_demand[at.demand.index()].meets(&self.pools.available) {
                continue;
            }
            let next = self.lines.arena.after(at.set, key);
            heads.extend(next.map(|(key, place)| Reverse((key, line, place))));
            let slot = self.places_slot_if_listed(place, key);
            if let Some(slot) = slot.filter(|slot| self.calls[*slot].state == CallState::Waiting) {
                self.pick_agent(slot, events);
            }
        }
    }

    /// The call of a place, if the place still stands in its line under this key.
    fn places_slot_if_listed(&self, place: u32, key: CallKey) -> Option<u32> {
        let place = &self.places[place];
        (place.listed == Some(key)).then_some(place.slot)
    }
}
