//! Who gets which call, once something has made a pair possible.
//!
//! Agents first: those whom the command made available each take their best call, longest idle
//! first, one each per round. Then the calls that it made eligible pick their agents, in key order.

use crate::call::{CallKey, CallState, Place};
use crate::chance::draw;
use crate::event::Event;
use crate::ids::{AgentId, CallHandle};
use crate::plan::RANK_MAX;
use crate::recovery::Phase;
use crate::router::Router;
use crate::selection::{Candidate, compare};
use crate::slab::NONE;

impl Router {
    /// Matches, then lets the rules act whose latches have changed, until nothing more follows.
    pub(crate) fn settle(&mut self, events: &mut Vec<Event>) {
        loop {
            self.agents_take(events);
            self.calls_pick(events);
            let is_news = self.phase == Phase::Normal && self.latches.is_any_dirty();
            if !is_news || !self.latches_act(events) {
                return;
            }
        }
    }

    /// Rounds, until nobody takes a call.
    pub(crate) fn agents_take(&mut self, events: &mut Vec<Event>) {
        if self.freed.is_empty() {
            return;
        }
        let mut freed = std::mem::take(&mut self.freed);
        while !freed.is_empty() {
            freed.sort_unstable_by_key(|agent| self.agents[agent.index()].key(*agent));
            freed.dedup();
            freed.retain(|agent| self.take_best_call(*agent, events));
        }
        self.freed = freed;
    }

    fn calls_pick(&mut self, events: &mut Vec<Event>) {
        if self.eligible.is_empty() {
            return;
        }
        let mut eligible = std::mem::take(&mut self.eligible);
        let key = |router: &Self, call: &CallHandle| {
            router.calls.find(*call).map(|call| call.key(router.plan.order))
        };
        eligible.sort_unstable_by_key(|call| key(self, call));
        eligible.dedup();
        for call in eligible.drain(..) {
            if self.calls.find(call).is_some_and(|call| call.state == CallState::Waiting) {
                self.pick_agent(call.slot, events);
            }
        }
        self.eligible = eligible;
    }

    /// Offers an agent, if he is available, the call with the best key that he may take.
    pub(crate) fn take_best_call(&mut self, agent: AgentId, events: &mut Vec<Event>) -> bool {
        let Some(place) = self.best_call_for(agent) else {
            return false;
        };
        self.issue_offer(place, agent, events);
        true
    }

    fn best_call_for(&self, agent: AgentId) -> Option<u32> {
        let Self { lines, pools, places, .. } = self;
        let taker = &self.agents[agent.index()];
        if taker.listed.is_none() || taker.adapter.is_some_and(|adapter| !self.is_open(adapter)) {
            return None;
        }
        // Emergencies, then the rank that his queues have for him. The same call may head two lines:
        // then the place it joined first.
        let mut best: Option<((bool, u8, CallKey), u32)> = None;
        for line in pools.pools[taker.pool as usize].lines.both(&lines.open) {
            let set = lines.lines[line].set;
            let last = RANK_MAX - pools.rank(taker.pool, lines.lines[line].queue);
            let mut head = lines.arena.first(set);
            while let Some((key, place)) = head {
                let standing = (!key.is_emergency(), last, key);
                let is_behind = |(best, at): ((bool, u8, CallKey), u32)| {
                    best < standing || best == standing && places[at].joined < places[place].joined
                };
                if best.is_some_and(is_behind) {
                    break;
                }
                if !self.skips(places[place].slot, agent) {
                    best = Some((standing, place));
                    break;
                }
                head = lines.arena.after(set, key);
            }
        }
        best.map(|(_, place)| place)
    }

    /// Offers a waiting call to the best agent for it: queue by queue in the order it joined them.
    pub(crate) fn pick_agent(&mut self, slot: u32, events: &mut Vec<Event>) {
        if !self.is_open(self.calls[slot].adapter) {
            return;
        }
        let mut place = self.calls[slot].places;
        while place != NONE {
            if let Some(agent) = self.best_agent_for(slot, place) {
                self.issue_offer(place, agent, events);
                return;
            }
            place = self.places[place].next;
        }
    }

    fn best_agent_for(&self, slot: u32, place: u32) -> Option<AgentId> {
        let pools = &self.pools;
        let Place { queue, demand, line, .. } = self.places[place];
        let select = &self.plan.queues[queue.index()].select;
        let ranking = pools.ranking(queue);
        let point = match ranking.draws() {
            true => draw(self.plan.seed, self.calls[slot].arrival, self.offers + 1),
            false => 0,
        };
        let mut best: Option<Candidate> = None;
        let position = self.lines.lines[line as usize].position;
        for pool in pools.that_serve(position).both(&pools.available) {
            let skips = |agent| self.skips(slot, agent);
            let Some(key) = pools.first(pool, ranking, point, skips) else { continue };
            let (level, rank) = (pools.level(pool, demand), pools.rank(pool as u32, queue));
            let candidate = Candidate { key, level, rank };
            let is_better = |best| compare(select, point, &self.agents, &candidate, &best).is_lt();
            if best.is_none_or(is_better) {
                best = Some(candidate);
            }
        }
        best.map(|candidate| candidate.key.agent)
    }

    /// Whether the call is not offered to this agent now.
    pub(crate) fn skips(&self, slot: u32, agent: AgentId) -> bool {
        let mut at = self.calls[slot].exclusions;
        while at != NONE {
            let exclusion = &self.exclusions[at];
            if exclusion.agent == agent && exclusion.until > self.now {
                return true;
            }
            at = exclusion.next;
        }
        false
    }
}
