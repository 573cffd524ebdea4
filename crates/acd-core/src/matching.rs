//! Who gets which call, once something has made a pair possible.
//!
//! Agents first: those whom the command made available each take their best call, longest idle
//! first, one each per round. Then the calls that it made eligible pick their agents, in key order.

use crate::affinity::AwaitedKey;
use crate::agent::Desk;
use crate::call::{CallKey, CallState, Place};
use crate::chance::draw;
use crate::decision::{FirstTwo, How, Pick, PickedBy, Standing, Take};
use crate::event::Event;
use crate::ids::{AgentId, CallHandle, QueueId};
use crate::lines::{Class, Head, Line};
use crate::plan::{Channel, RANK_MAX};
use crate::recovery::Phase;
use crate::router::Router;
use crate::selection::{Candidate, Measures, compare, what_decided};
use crate::slab::NONE;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Which of the calls that an agent may take are looked at.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    /// All, since none of them skips him; the calls themselves need not be read.
    All,
    /// Those that do not skip him.
    ByCall,
}

/// The first calls of some lines that have not picked yet, with line and place.
pub(crate) type Heads = BinaryHeap<Reverse<(CallKey, u32, u32)>>;

impl Router {
    /// Matches, then lets the rules act whose latches have changed, until nothing more follows. Most
    /// commands leave nothing to match: what does it stands apart, so that they do not pay for it.
    pub(crate) fn settle(&mut self, events: &mut Vec<Event>) {
        loop {
            if !self.freed.is_empty() {
                self.agents_take(events);
            }
            if !self.eligible.is_empty() || !self.spared.is_empty() {
                self.calls_pick(events);
            }
            let is_news = self.phase == Phase::Normal && self.latches.is_any_dirty();
            if !is_news || !self.latches_act(events) {
                return;
            }
        }
    }

    /// Rounds, until nobody takes a call.
    #[inline(never)]
    pub(crate) fn agents_take(&mut self, events: &mut Vec<Event>) {
        let mut freed = std::mem::take(&mut self.freed);
        while !freed.is_empty() {
            if freed.len() > 1 {
                let key = |agent: &AgentId| (self.agents[agent.index()].longest_idle(), *agent);
                freed.sort_unstable_by_key(key);
                freed.dedup();
            }
            freed.retain(|agent| {
                self.take_best_call(*agent, events) && self.agents[agent.index()].is_listed()
            });
        }
        self.freed = freed;
    }

    #[inline(never)]
    fn calls_pick(&mut self, events: &mut Vec<Event>) {
        let mut eligible = std::mem::take(&mut self.eligible);
        let key = |router: &Self, call: &CallHandle| {
            router.calls.find(*call).map(|call| call.key(router.plan.order))
        };
        eligible.sort_unstable_by_key(|call| key(self, call));
        eligible.dedup();
        let mut heads = self.heads_of_spared();
        for call in eligible.drain(..) {
            if !heads.is_empty() {
                let Some(key) = key(self, &call) else { continue };
                self.heads_pick(&mut heads, Some(key), events);
            }
            if self.calls.find(call).is_some_and(|call| call.state == CallState::Waiting) {
                self.pick_agent(call.slot, events);
            }
        }
        self.heads_pick(&mut heads, None, events);
        self.eligible = eligible;
    }

    /// The first of each line that may be held back no more.
    fn heads_of_spared(&mut self) -> Heads {
        if self.spared.is_empty() {
            return Heads::new();
        }
        let mut spared = std::mem::take(&mut self.spared);
        spared.sort_unstable();
        spared.dedup();
        let lines = spared.iter().flat_map(|queue| self.lines.of_queue(*queue));
        let heads = self.heads_of(lines.filter(|line| self.is_held_back(*line)));
        spared.clear();
        self.spared = spared;
        heads
    }

    /// Whether a reserve may hold calls of a line back.
    fn is_held_back(&self, line: u32) -> bool {
        match self.lines.lines[line as usize].kind.class {
            Class::Sparing | Class::Awaiting => true,
            Class::Anybody => false,
        }
    }

    /// The first of each of these lines.
    pub(crate) fn heads_of(&self, lines: impl Iterator<Item = u32>) -> Heads {
        let head = |line: u32| {
            let (key, place) = self.lines.lines[line as usize].set.first()?;
            Some(Reverse((key, line, place)))
        };
        lines.filter_map(head).collect()
    }

    /// Lets the calls of lines pick agents, in key order, those that come before `until`; a line that
    /// nobody could serve any more is left. Costs as much as there are lines, and offers made; calls
    /// that wait for one agent are looked at one by one.
    pub(crate) fn heads_pick(
        &mut self,
        heads: &mut Heads,
        until: Option<CallKey>,
        events: &mut Vec<Event>,
    ) {
        while let Some(Reverse((key, line, place))) = heads.peek().copied()
            && until.is_none_or(|until| key < until)
        {
            heads.pop();
            if !self.may_be_served(line) {
                continue;
            }
            let next = self.lines.arena.after(&self.lines.lines[line as usize].set, key);
            heads.extend(next.map(|(key, place)| Reverse((key, line, place))));
            // The place may have been given up, and another one have its number.
            let Some(slot) = self.places.get(place).map(|at| at.slot) else { continue };
            if self.key_in_line(place) == Some(key) && self.calls[slot].state == CallState::Waiting
            {
                self.pick_agent(slot, events);
            }
        }
    }

    /// Whether somebody might take calls of a line now.
    fn may_be_served(&self, line: u32) -> bool {
        let Line { kind, served_by, queue, .. } = &self.lines.lines[line as usize];
        match kind.class {
            Class::Anybody => served_by.meets(&self.pools.available),
            Class::Sparing => {
                self.leaves_enough(*queue, kind.channel) && served_by.meets(&self.pools.available)
            }
            Class::Awaiting => true,
        }
    }

    /// Whether a call may be taken without touching those whom its queue keeps free.
    fn leaves_enough(&self, queue: QueueId, channel: Channel) -> bool {
        let keep = self.plan.queues[queue.index()].keep_free;
        keep.is_none_or(|keep| self.pools.has_more_than(keep.agents, queue, channel))
    }

    /// Offers an agent, if he is available, the call with the best key that he may take.
    pub(crate) fn take_best_call(&mut self, agent: AgentId, events: &mut Vec<Event>) -> bool {
        let Some((place, take)) = self.best_call_for(agent) else {
            return false;
        };
        self.issue_offer(place, agent, How::AgentTook(take), events);
        true
    }

    fn best_call_for(&self, agent: AgentId) -> Option<(u32, Take)> {
        self.best_call_at(agent, None)
    }

    /// The call that the agent takes; if a desk is asked about, the call that he would take if he were
    /// available there.
    pub(crate) fn best_call_at(&self, agent: AgentId, asked: Option<&Desk>) -> Option<(u32, Take)> {
        // Few agents are skipped by any call, and which calls do it is seen only by reading them.
        let wanted = match self.agents[agent.index()].skipped_by {
            0 => Wanted::All,
            _ => Wanted::ByCall,
        };
        let found = self.first_places(agent, asked, wanted);
        let winner = found.first?;
        Some((winner.1, self.take(winner, found.second)))
    }

    /// Where the agent would take a call, and where if that one were not there, of the places that
    /// are wanted.
    fn first_places(
        &self,
        agent: AgentId,
        asked: Option<&Desk>,
        wanted: Wanted,
    ) -> FirstTwo<(Standing, u32)> {
        let desks = asked.map_or(&*self.agents[agent.index()].desks, std::slice::from_ref);
        let may_take =
            |desk: &&Desk| (asked.is_some() || desk.listed.is_some()) && self.is_within_reach(desk);
        let mut found = FirstTwo::NONE;
        for desk in desks.iter().filter(may_take) {
            self.look_in_lines(agent, desk, wanted, &mut found);
            if !self.awaited.is_empty() {
                self.look_at_awaiting(agent, desk, wanted, &mut found);
            }
        }
        // Only in the line of the first may a second stand behind a first.
        if let Some((first, place)) = found.first {
            let line = self.places[place].line;
            if self.lines.lines[line as usize].kind.class != Class::Awaiting {
                let behind = self.next_wanted(agent, line, wanted, first, &found);
                found.second = behind.or(found.second);
            }
        }
        found
    }

    fn is_wanted(&self, wanted: Wanted, agent: AgentId, place: u32) -> bool {
        match wanted {
            Wanted::All => true,
            Wanted::ByCall => !self.skips(self.places[place].slot, agent),
        }
    }

    /// At the first of each line that he may take.
    fn look_in_lines(
        &self,
        agent: AgentId,
        desk: &Desk,
        wanted: Wanted,
        found: &mut FirstTwo<(Standing, u32)>,
    ) {
        let Self { lines, pools, .. } = self;
        for line in pools.pools[desk.pool as usize].lines.both(&lines.open) {
            let Head { key, place, queue, is_sparing } = lines.heads[line];
            let one = (Standing::new(pools.rank(desk.pool, queue), key), place);
            if !self.comes_before_second(&one, found)
                || is_sparing && !self.leaves_enough_with(desk, queue)
            {
                continue;
            }
            let one = match self.is_wanted(wanted, agent, place) {
                true => Some(one),
                false => self.next_wanted(agent, line as u32, wanted, one.0, found),
            };
            if let Some(one) = one {
                found.look_at(one, |a, b| self.comes_before(a, b));
            }
        }
    }

    /// The first one behind another in its line that is wanted, if it comes before the second found.
    fn next_wanted(
        &self,
        agent: AgentId,
        line: u32,
        wanted: Wanted,
        mut before: Standing,
        found: &FirstTwo<(Standing, u32)>,
    ) -> Option<(Standing, u32)> {
        let set = &self.lines.lines[line as usize].set;
        while let Some((key, place)) = self.lines.arena.after(set, before.key) {
            let one = (Standing::new(before.rank(), key), place);
            if !self.comes_before_second(&one, found) {
                return None;
            }
            if self.is_wanted(wanted, agent, place) {
                return Some(one);
            }
            before = one.0;
        }
        None
    }

    /// At the first two of the calls that wait for him alone.
    // Few agents come here.
    #[inline(never)]
    fn look_at_awaiting(
        &self,
        agent: AgentId,
        desk: &Desk,
        wanted: Wanted,
        found: &mut FirstTwo<(Standing, u32)>,
    ) {
        let Some(awaited) = self.awaited.get(&agent) else { return };
        let mine = |(_, place): &(&AwaitedKey, &u32)| {
            self.is_wanted(wanted, agent, **place)
                && self.lines.lines[self.places[**place].line as usize].kind.channel == desk.channel
                && self.may_take_awaiting(agent, desk, **place)
        };
        for ((last, key, _), place) in awaited.places.iter().filter(mine).take(2) {
            let one = (Standing::new(RANK_MAX - last, *key), *place);
            found.look_at(one, |a, b| self.comes_before(a, b));
        }
    }

    /// The same call may stand in two places: then the one it joined first. Places are read for that
    /// alone.
    fn comes_before(&self, (one, at): &(Standing, u32), (other, there): &(Standing, u32)) -> bool {
        one < other || one == other && self.places[*at].joined < self.places[*there].joined
    }

    fn comes_before_second(
        &self,
        one: &(Standing, u32),
        found: &FirstTwo<(Standing, u32)>,
    ) -> bool {
        found.second.as_ref().is_none_or(|second| self.comes_before(one, second))
    }

    /// Whether the agent whom a call waits for may take it in one of its places, once he is available
    /// at the desk.
    fn may_take_awaiting(&self, agent: AgentId, desk: &Desk, place: u32) -> bool {
        let Place { slot, queue, demand, stage, .. } = self.places[place];
        let call = &self.calls[slot];
        let keep = self.plan.queues[queue.index()].keep_free;
        let is_urgent = keep.is_none_or(|keep| call.priority >= keep.for_priority);
        self.is_within_reach(desk)
            && self.is_open(call.adapter)
            && self.pools.serves(desk.pool, demand, stage)
            && (is_urgent || self.leaves_enough_with(desk, queue))
            && !self.skips(slot, agent)
    }

    /// Offers a waiting call to the best agent for it: queue by queue in the order it joined them.
    pub(crate) fn pick_agent(&mut self, slot: u32, events: &mut Vec<Event>) {
        if !self.is_open(self.calls[slot].adapter) {
            return;
        }
        let mut place = self.calls[slot].places;
        while place != NONE {
            let Place { queue, line, .. } = self.places[place];
            let at_once = match self.calls[slot].awaits {
                Some(_) => 1,
                None => self.plan.queues[queue.index()].broadcast,
            };
            for nth in 1..=at_once {
                let pick = self.may_be_served(line).then(|| self.best_agent_for(slot, place, line));
                let Some(pick) = pick.flatten() else { break };
                let how = How::CallPicked(Pick { nth, at_once, ..pick });
                self.issue_offer(place, pick.winner.agent, how, events);
            }
            if self.calls[slot].state != CallState::Waiting {
                return;
            }
            place = self.places[place].next;
        }
    }

    /// `line` is where the place stands, or stood until it was offered to the first of several.
    // Few calls come here: most find nobody available.
    #[inline(never)]
    fn best_agent_for(&self, slot: u32, place: u32, line: u32) -> Option<Pick> {
        let pools = &self.pools;
        let Place { queue, demand, .. } = self.places[place];
        let candidate = |pool: usize, key| {
            let (level, rank) = (pools.level(pool, demand), pools.rank(pool as u32, queue));
            Candidate { pool, key, level, rank }
        };
        let picked = |winner: &Candidate, runner_up: Option<&Candidate>, decided_by| Pick {
            kinds: 1,
            free: 1,
            nth: 1,
            at_once: 1,
            winner: self.agent_standing(winner),
            runner_up: runner_up.map(|it| self.agent_standing(it)),
            decided_by,
        };
        if let Some(awaits) = self.calls[slot].awaits {
            let desk = self.agents[awaits.agent.index()].desk(self.calls[slot].channel)?;
            let key = desk.listed.filter(|_| self.may_take_awaiting(awaits.agent, desk, place))?;
            return Some(picked(&candidate(desk.pool as usize, key), None, PickedBy::Awaited));
        }
        let Line { kind, served_by, .. } = &self.lines.lines[line as usize];
        let select = &self.plan.queues[queue.index()].select;
        let ranking = pools.ranking(queue);
        let point = match ranking.draws() {
            true => draw(self.plan.seed, self.calls[slot].arrival, self.offers + 1),
            false => 0,
        };
        let own = |candidate: &Candidate| self.measured(candidate.key.agent, kind.channel);
        let comes_before = |a: &Candidate, b: &Candidate| compare(select, point, own, a, b).is_lt();
        let skips = |agent| self.skips(slot, agent);
        let mut found = FirstTwo::NONE;
        let (mut kinds, mut free) = (0, 0);
        for pool in served_by.both(&pools.available) {
            let Some(key) = pools.first(pool, ranking, point, skips) else { continue };
            found.look_at(candidate(pool, key), comes_before);
            (kinds, free) = (kinds + 1, free + pools.pools[pool].by_idle.len());
        }
        let winner = found.first?;
        let skips = |agent| agent == winner.key.agent || self.skips(slot, agent);
        if let Some(key) = pools.first(winner.pool, ranking, point, skips) {
            found.look_at(candidate(winner.pool, key), comes_before);
        }
        let runner_up = found.second.as_ref();
        let decided_by =
            runner_up.map_or(PickedBy::OnlyOne, |it| what_decided(select, point, own, &winner, it));
        Some(Pick { kinds, free, ..picked(&winner, runner_up, decided_by) })
    }

    /// What he stands by at his desk for a channel.
    fn measured(&self, agent: AgentId, channel: Channel) -> Measures {
        let desk = self.agents[agent.index()].desk(channel);
        desk.map_or_else(Measures::default, Desk::measured)
    }

    /// Whether the call is not offered to this agent now.
    pub(crate) fn skips(&self, slot: u32, agent: AgentId) -> bool {
        if self.hands_of(slot).any(|hand| self.hands[hand].agent == agent) {
            return true;
        }
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
