//! What must hold between any two commands, checked the slow way; for tests and soaks.

use crate::adapters::Adapter;
use crate::agent::Agent;
use crate::bits::Bits;
use crate::call::{Call, CallState, Hand, Place};
use crate::deadlines::Deadline;
use crate::event::{Presence, SlotState};
use crate::ids::{AgentId, OfferNumber, Priority, QueueId};
use crate::in_line::InLine;
use crate::latches::LatchState;
use crate::lines::{Class, Line, LineKind};
use crate::plan::KeepFree;
use crate::pools::met;
use crate::recovery::Phase;
use crate::router::Router;
use crate::selection::RankedKey;
use crate::slab::NONE;
use crate::window::Window;
use std::collections::{BTreeMap, BTreeSet};

impl Router {
    /// Checks every index against the state it is made from, and that nobody waits beside an agent
    /// who may take the call. Costs calls × agents.
    ///
    /// # Panics
    /// When anything is off.
    pub fn check_invariants(&self) {
        let is_settled =
            self.freed.is_empty() && self.eligible.is_empty() && self.spared.is_empty();
        assert!(is_settled, "nothing is left to settle");
        for call in self.calls.iter() {
            self.check_call(call);
        }
        for (index, agent) in self.agents.iter().enumerate() {
            self.check_agent(AgentId(index as u32));
            for desk in agent.desks.iter() {
                let is_available = agent.is_available_at(desk, &self.plan.channels);
                assert_eq!(desk.listed.is_some(), is_available, "agent {index} is listed");
            }
        }
        for adapter in &self.adapters {
            self.check_adapter(adapter);
        }
        self.check_lines();
        self.check_skills();
        self.check_systems();
        self.check_windows();
        self.check_deadlines();
        let places: usize =
            self.calls.iter().map(|call| self.places_of(call.handle.slot).count()).sum();
        assert_eq!(self.places.used(), places, "no place is left behind");
        let held: usize =
            self.calls.iter().map(|call| self.hands_of(call.handle.slot).count()).sum();
        assert_eq!(self.hands.used(), held, "no hold is left behind");
        let mut skipped_by = vec![0; self.agents.len()];
        let exclusions = self.calls.iter().flat_map(|call| self.exclusions_of(call.handle.slot));
        exclusions.for_each(|exclusion| skipped_by[exclusion.agent.index()] += 1);
        let excluded: u32 = skipped_by.iter().sum();
        assert_eq!(self.exclusions.used(), excluded as usize, "no exclusion is left behind");
        let counted = self.agents.iter().map(|agent| agent.skipped_by);
        assert!(counted.eq(skipped_by), "whom calls skip is counted");
        let every = self.calls.iter().flat_map(|call| self.places_of(call.handle.slot));
        let repeated: usize = every.map(|place| self.repeats_of(place).count()).sum();
        assert_eq!(self.repeats.used(), repeated, "no repeat is left behind");
        let left: usize =
            self.calls.iter().map(|call| self.left_of(call.handle.slot).count()).sum();
        assert_eq!(self.left.used(), left, "nothing that was left is left behind");
        for call in self.calls.iter().filter(|call| call.state == CallState::Waiting) {
            self.check_nobody_could_take(call);
        }
    }

    /// Who enters is told how many others there are, by counts that each change brings up to date.
    fn check_systems(&self) {
        assert_eq!(self.calls.live as usize, self.calls.iter().count(), "live calls are counted");
        let mut expected = vec![0; self.plan.queues.len()];
        for call in self.calls.iter() {
            let slot = call.handle.slot;
            let stands = self.places_of(slot).map(|place| self.places[place].queue);
            let connected = match call.state {
                CallState::Waiting | CallState::Offering | CallState::Connecting => None,
                CallState::Connected | CallState::Held => Some(self.hand(slot).queue),
            };
            stands.chain(connected).for_each(|queue| expected[queue.index()] += 1);
        }
        let counted = self.gauges.all.iter().map(|measured| measured.in_system);
        assert!(counted.take(expected.len()).eq(expected), "who is in a queue's system is counted");
    }

    fn check_call(&self, call: &Call) {
        let slot = call.handle.slot;
        let waits = call.state == CallState::Waiting;
        let hands: Vec<&Hand> = self.hands_of(slot).map(|hand| &self.hands[hand]).collect();
        assert_eq!(hands.is_empty(), waits, "somebody has a call unless it waits");
        assert!(hands.len() < 2 || call.state == CallState::Offering, "one has it");
        assert!(hands.windows(2).all(|pair| pair[0].offer < pair[1].offer), "in order");
        let places: Vec<_> = self.places_of(slot).map(|place| &self.places[place]).collect();
        let connected = matches!(call.state, CallState::Connected | CallState::Held);
        assert_eq!(places.is_empty(), connected, "a call stands in a queue until connected");
        assert!(places.windows(2).all(|pair| pair[0].joined < pair[1].joined), "in order");
        let mut queues: Vec<QueueId> = places.iter().map(|place| place.queue).collect();
        queues.sort_unstable();
        queues.dedup();
        assert_eq!(queues.len(), places.len(), "one place a queue");
        for place in &places {
            let demand = self.lines.demand(place.base, call.extra);
            assert_eq!(place.demand, demand, "a call asks for what its queue and itself do");
            assert_eq!(place.line != NONE, waits, "a call stands in its lines while it waits");
            if place.line != NONE {
                let line = &self.lines.lines[place.line as usize];
                let (adapter, channel) = (call.adapter, call.channel.of_slots());
                let class = self.class_in(call, place.queue);
                let kind = LineKind { adapter, channel, stage: place.stage, class };
                assert_eq!((line.demand, line.kind), (place.demand, kind), "its own line");
            }
        }
        let before_him = self.awaited.values().flat_map(|awaited| awaited.places.values());
        let before_him = before_him.filter(|place| self.places[**place].slot == slot).count();
        let expected = if call.awaits.is_some() && waits { places.len() } else { 0 };
        assert_eq!(before_him, expected, "a call stands before the one whom it awaits");
        for hand in hands {
            let state = &self.agents[hand.agent.index()].slots[usize::from(hand.slot)].state;
            let expected = match call.state {
                CallState::Waiting => unreachable!("checked above"),
                CallState::Offering => SlotState::Reserved { call: call.handle, offer: hand.offer },
                CallState::Connecting => SlotState::Connecting { call: call.handle },
                CallState::Connected => SlotState::Talking { call: call.handle },
                CallState::Held => SlotState::Held { call: call.handle },
            };
            assert_eq!(*state, expected, "agent and call agree");
        }
    }

    fn check_agent(&self, id: AgentId) {
        let agent = &self.agents[id.index()];
        for slot in agent.slots.iter() {
            match slot.state {
                SlotState::Free | SlotState::WrapUp { .. } => {}
                SlotState::Reserved { call, .. }
                | SlotState::Connecting { call }
                | SlotState::Talking { call }
                | SlotState::Held { call } => {
                    assert!(self.calls.find(call).is_some(), "who is in hand lives");
                    let mut hands = self.hands_of(call.slot).map(|hand| &self.hands[hand]);
                    assert!(hands.any(|hand| hand.agent == id), "call and agent agree");
                }
            }
        }
        for desk in agent.desks.iter() {
            let Some(key) = desk.listed else { continue };
            assert_eq!(key, agent.key(id, desk), "the key is the present one");
            let pool = &self.pools.pools[desk.pool as usize];
            let found = self.pools.arena.iter(&pool.by_idle).any(|(listed, _)| listed == key);
            assert!(found, "a listed agent stands in his pool");
            let measures = agent.measures(id, self.plan.seed);
            for (ranking, set) in &pool.others {
                let ranked = RankedKey { ranking: *ranking, key, measures };
                let found = self.pools.ranked.iter(set).any(|(listed, _)| listed == ranked);
                assert!(found, "in each of its orders, by what is now");
            }
        }
    }

    fn check_adapter(&self, adapter: &Adapter) {
        let awaited = adapter.awaited_until.is_some();
        assert!(adapter.up || !awaited, "only who has a session can say what he holds");
        assert_eq!(adapter.ticket.is_set(), awaited, "he has a time to say it");
        let (mut at, mut last) = (adapter.first_offer, OfferNumber(0));
        while at != NONE {
            let hand = &self.hands[at];
            let state = self.calls[hand.call].state;
            assert_eq!(state, CallState::Offering, "an adapter rings what is out");
            assert!(hand.offer > last, "oldest first");
            (at, last) = (hand.next, hand.offer);
        }
    }

    fn check_lines(&self) {
        let mut listed = 0;
        for (index, line) in self.lines.lines.iter().enumerate() {
            let keys: Vec<_> = self.lines.arena.iter(&line.set).collect();
            assert_eq!(keys.len(), line.set.len() as usize, "a line counts its calls");
            assert!(keys.windows(2).all(|pair| pair[0].0 < pair[1].0), "a line is in order");
            for (key, place) in &keys {
                assert_eq!(self.key_in_line(*place), Some(*key), "the key is the present one");
                assert_eq!(self.places[*place].line as usize, index, "in the line it names");
            }
            let head = self.lines.heads[index];
            let of_line = (line.queue, line.kind.class == Class::Sparing);
            assert_eq!((head.queue, head.is_sparing), of_line, "a head is of its line");
            let first = (head.place != NONE).then_some((head.key, head.place));
            assert_eq!(first.as_ref(), keys.first(), "and of its first call");
            listed += keys.len();
            let open = !keys.is_empty() && self.is_open(line.kind.adapter);
            assert_eq!(self.lines.open.has(index), open, "a line is open while it can be served");
        }
        let waiting = self.calls.iter().filter(|call| call.state == CallState::Waiting);
        let expected: usize = waiting.map(|call| self.places_of(call.handle.slot).count()).sum();
        assert_eq!(listed, expected, "every place of a waiting call stands in a line");
        for (index, pool) in self.pools.pools.iter().enumerate() {
            for (key, _) in self.pools.arena.iter(&pool.by_idle) {
                let mut desks = self.agents[key.agent.index()].desks.iter();
                let stands = desks.any(|it| it.pool as usize == index && it.listed == Some(key));
                assert!(stands, "a pool is current");
            }
            for (_, set) in &pool.others {
                assert_eq!(set.len(), pool.by_idle.len(), "each order has all of them");
            }
            let open = pool.adapter.is_none_or(|adapter| self.is_open(adapter));
            let expected = open && !pool.by_idle.is_empty();
            assert_eq!(self.pools.available.has(index), expected, "pool is open");
            assert_eq!(self.pools.manned.has(index), !pool.by_idle.is_empty(), "somebody is free");
            let first =
                |agent: &&Agent| agent.desks.first().is_some_and(|it| it.pool as usize == index);
            let works = |agent: &&Agent| agent.presence() == Presence::Ready;
            let expected = self.agents.iter().filter(first).filter(works).count();
            assert_eq!(
                self.pools.census[index].working as usize, expected,
                "those who work are counted"
            );
            assert_eq!(self.pools.working.has(index), expected > 0, "somebody works");
        }
    }

    /// Whoever has skills that are not as planned stands in pools of his own, and each pool serves what
    /// its agents meet.
    fn check_skills(&self) {
        let (mut planned_pools, mut own) = (BTreeSet::new(), BTreeSet::new());
        for (id, agent) in (0..).map(AgentId).zip(&self.agents) {
            let planned = &self.plan.agents[id.index()];
            let met: BTreeMap<_, _> = met(&self.plan, &self.lines, planned, self.skills_of(id))
                .map(|met| (met.demand, met.stage))
                .collect();
            for desk in agent.desks.iter() {
                planned_pools.insert(desk.planned_pool);
                let is_own = desk.pool != desk.planned_pool;
                assert_eq!(is_own, agent.skills.is_some(), "a pool of his own by his skills");
                assert!(!is_own || own.insert(desk.pool), "nobody else is in it");
                for (demand, _) in self.lines.demands_with_ids() {
                    for stage in 0..self.lines.stages_of(demand) as u8 {
                        let serves = met.get(&demand).is_some_and(|from| *from <= stage);
                        let by_pool = self.pools.serves(desk.pool, demand, stage);
                        assert_eq!(by_pool, serves, "{id:?} serves {demand:?} at {stage}");
                    }
                }
            }
        }
        let in_use = planned_pools.len() + own.len();
        assert_eq!(self.pools.in_use(), in_use, "a pool that nobody is in is used again");
        for line in &self.lines.lines {
            let Line { demand, kind, .. } = *line;
            let expected = match kind.class {
                Class::Awaiting => Bits::default(),
                Class::Anybody | Class::Sparing => {
                    self.pools.that_serve(demand, kind.stage, kind.channel)
                }
            };
            let index = self.lines.find(demand, kind).expect("it is there") as usize;
            assert!(line.served_by.iter().eq(expected.iter()), "a line is served by them");
            let of_pools =
                (0..self.pools.pools.len()).filter(|pool| self.pools.pools[*pool].lines.has(index));
            assert!(of_pools.eq(expected.iter()), "and they know of it");
        }
    }

    fn check_windows(&self) {
        let mut in_line = vec![InLine::NOBODY; self.windows.len()];
        for place in self.lines.lines.iter().flat_map(|line| self.lines.arena.iter(&line.set)) {
            let Place { slot, queue, .. } = self.places[place.1];
            in_line[queue.index()].join(self.calls[slot].stand());
        }
        for (window, in_line) in self.windows.iter().zip(in_line) {
            assert_eq!(window.in_line, in_line, "a queue counts those who stand in line");
            assert_eq!(
                window.since.is_some(),
                in_line.calls() > 0,
                "and knows since when somebody does"
            );
            let kept = window.kept(self.now);
            let again =
                Window::of_kept(&kept, window.pace, window.since, self.now).expect("it is sound");
            let mut passed = window.clone();
            passed.pass(self.now);
            assert_eq!(passed.total(), again.total(), "a window adds up");
        }
    }

    fn check_deadlines(&self) {
        let mut rules = BTreeMap::new();
        for (at, deadline) in self.deadlines.iter() {
            if let Deadline::Rule { arrival, queue, .. } = deadline {
                rules.insert((arrival, queue), at);
            }
        }
        for call in self.calls.iter() {
            for at in self.places_of(call.handle.slot) {
                let place = &self.places[at];
                let awaited = rules.get(&(call.arrival, place.queue)).copied();
                let rules = 0..self.rules[place.queue.index()].rules.len() as u16;
                let next = rules.filter_map(|rule| self.due_at(at, rule)).min();
                let first = self.next_rule(at).map(|(due, _)| due);
                assert_eq!(next, first, "the next rule is the first of all");
                let expected = next.filter(|_| call.state == CallState::Waiting);
                // What it was set for may have been undone in the instant in which it was due.
                let is_void = awaited.is_some_and(|at| {
                    at <= self.now && expected.is_none_or(|expected| at < expected)
                });
                let holds = awaited == expected || is_void;
                assert!(holds, "a rule is awaited while its call waits: {awaited:?}, {expected:?}");
                assert_eq!(place.ticket.is_set(), awaited.is_some());
            }
        }
        // An advance that did what fits a slice stands still at the instant that it has reached.
        // What a rule looks at may come about later than it has fallen due.
        let is_rule = |deadline: &Deadline| matches!(deadline, Deadline::Rule { .. });
        let others = self.deadlines.iter().filter(|(_, deadline)| !is_rule(deadline));
        let overdue: Vec<_> = others.filter(|(at, _)| *at < self.now).collect();
        let may_be = self.phase != Phase::Normal || overdue.is_empty();
        assert!(may_be, "time waits for what is due: {overdue:?} at {:?}", self.now);
        let tickets = self.calls.iter().map(|call| {
            let slot = call.handle.slot;
            self.hands_of(slot).filter(|hand| self.hands[*hand].ticket.is_set()).count()
                + usize::from(call.awaits.is_some())
                + self.places_of(slot).filter(|place| self.places[*place].ticket.is_set()).count()
                + self
                    .places_of(slot)
                    .filter(|place| self.places[*place].stage_ticket.is_set())
                    .count()
                + self.exclusions_of(slot).filter(|exclusion| exclusion.ticket.is_set()).count()
        });
        let latches = self.latches.all.iter().map(LatchState::deadlines);
        let slots = self.agents.iter().flat_map(|agent| agent.slots.iter());
        let adapters = self.adapters.iter().filter(|adapter| adapter.ticket.is_set());
        let turning = self.closings.iter().filter(|closing| closing.ticket.is_set());
        let skills = self.agents.iter().filter_map(|agent| agent.skills.as_ref());
        let skills = skills.flat_map(|skills| &skills.changed);
        assert!(self.closings.iter().all(|it| it.ticket.is_set() == it.until.is_some()));
        let expected = tickets.sum::<usize>()
            + turning.count()
            + skills.filter(|skill| skill.ticket.is_set()).count()
            + slots.filter(|slot| slot.ticket.is_set()).count()
            + adapters.count()
            + latches.sum::<usize>();
        assert_eq!(self.deadlines.iter().count(), expected, "a deadline for each ticket");
    }

    /// Promise 3, work-conserving, from the definitions alone; while the domain recovers, and until
    /// an adapter has said what it holds, nothing of it is offered.
    fn check_nobody_could_take(&self, call: &Call) {
        if !self.is_open(call.adapter) {
            return;
        }
        for place in self.places_of(call.handle.slot).map(|place| &self.places[place]) {
            let requirement = &self.lines.demands[place.demand.index()].requirement;
            let waited = self.now.since(place.entered);
            let urgent = call.priority == Priority::EMERGENCY;
            let reaches = |agent: AgentId| {
                let agent = &self.agents[agent.index()];
                agent.desk(call.channel).is_some_and(|desk| {
                    agent.is_available_at(desk, &self.plan.channels)
                        && desk.adapter.is_none_or(|adapter| self.is_open(adapter))
                })
            };
            let own = &self.plan.queues[place.queue.index()];
            let agents = (0..self.agents.len() as u32).map(AgentId);
            let able = agents.filter(|id| {
                reaches(*id) && self.level_for(*id, place.queue, &own.require).is_some()
            });
            let able = able.count();
            let is_kept =
                |keep: KeepFree| call.priority < keep.for_priority && able <= keep.agents as usize;
            if own.keep_free.is_some_and(is_kept) {
                continue;
            }
            for (id, planned) in self.plan.agents_with_ids() {
                let may_take = reaches(id)
                    && call.awaits.is_none_or(|awaits| awaits.agent == id)
                    && self.level_for(id, place.queue, requirement).is_some()
                    && planned
                        .service(place.queue)
                        .is_some_and(|service| urgent || service.delay <= waited)
                    && !self.skips(call.handle.slot, id);
                assert!(!may_take, "call {:?} waits beside agent {id:?}", call.handle);
            }
        }
    }
}
