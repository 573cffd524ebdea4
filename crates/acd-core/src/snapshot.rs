//! Snapshot, restore and digest of a whole Router.
//!
//! Only what cannot be made again is written; lines, pools and deadlines are rebuilt. A snapshot is
//! read by the logic that wrote it, under the same plan.

mod references;

use crate::adapters::Adapter;
use crate::agent::{Agent, Shift};
use crate::call::{Awaits, Call, CallKey, CallState, Exclusion, Hand, Left, Place, Repeat};
use crate::closings::Closing;
use crate::deadlines::{Deadline, Ticket};
use crate::event::{DeviceState, HeartbeatState, NotReadyReason, Presence, SlotState};
use crate::ids::{AdapterId, AgentId, CallHandle, DemandId, OfferNumber, QueueId, Span};
use crate::latches::Sweep;
use crate::pace::{Foreseen, Pace};
use crate::persist::{Persist, RestoreError, Restored, Sink, Source, persist_enum, persist_struct};
use crate::plan::{Requirement, RoutingPlan};
use crate::recovery::Phase;
use crate::router::Router;
use crate::selection::Occupation;
use crate::skills::{Changed, SkillsForNow};
use crate::slab::NONE;
use crate::window::{Tally, Window};
use std::sync::Arc;

/// First bytes of every snapshot: a name and the version of the format. `LOGIC_VERSION` is apart.
const MAGIC: [u8; 8] = *b"acdcore\x0a";

/// FNV-1a, 64 bits (Fowler, Noll, Vo).
struct Fnv(u64);

impl Sink for Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
}

persist_struct!(CallHandle { slot, generation });
persist_struct!(Adapter { up, incarnation, heard, forgets, awaited_until }
    rebuilt { ticket: Ticket::NONE, first_offer: NONE, last_offer: NONE });
persist_enum!(Phase { 0 = Recovering, 1 = CatchingUp, 2 = Normal });
persist_struct!(Hand { offer, agent, slot, queue, rung_by, until }
    rebuilt { call: 0, ticket: Ticket::NONE, previous: NONE, next: NONE, sibling: NONE });
persist_struct!(Call {
    handle, adapter, channel, arrival, priority, extra, state, stage_since, arrived_at, age_from,
    age_kept, first, caller, awaits, moves, joins, left_at,
} rebuilt {
    counted: false, target: Span(0), hands: NONE, places: NONE, exclusions: NONE, left: NONE
});
persist_struct!(Changed { skill, level, until } rebuilt { ticket: Ticket::NONE });
persist_struct!(Closing { closed, until } rebuilt { ticket: Ticket::NONE });
persist_struct!(Awaits { agent, until } rebuilt { ticket: Ticket::NONE });
persist_struct!(Shift { busy, busy_since, ready, connected, occupation });
persist_struct!(Occupation { busy, ready });
persist_struct!(Foreseen { wait, notes, priority });
persist_struct!(Pace { stood, gap, halves, taken, left, waited, notes, corrections });
persist_struct!(Place { queue, base, entered, taken, stood, foreseen, joined, fired, by, stage }
rebuilt {
    slot: 0, demand: DemandId(0), line: NONE, ticket: Ticket::NONE, stage_ticket: Ticket::NONE,
    repeats: NONE, counted: false, next: NONE
});
persist_struct!(Repeat { rule, again_at } rebuilt { next: NONE });
persist_struct!(CallKey { standing, arrival });
persist_struct!(Tally { answered, in_time, abandoned });
persist_struct!(Sweep { after, goes_on_at });
persist_struct!(Exclusion { agent, until } rebuilt { ticket: Ticket::NONE, next: NONE });
persist_enum!(CallState { 0 = Waiting, 1 = Offering, 2 = Connecting, 3 = Connected, 4 = Held });
persist_enum!(Presence { 0 = LoggedOut, 1 = NotReady(reason), 2 = Ready });
persist_enum!(NotReadyReason {
    0 = Unstated, 1 = Named(reason), 2 = MissedOffers, 3 = Forced, 4 = DeviceOutOfService,
    5 = HeartbeatLost,
});
persist_enum!(DeviceState { 0 = Up, 1 = Busy, 2 = Down });
persist_enum!(HeartbeatState { 0 = None, 1 = Kept, 2 = Lost });
persist_enum!(SlotState {
    0 = Free,
    1 = Reserved { call, offer },
    2 = Connecting { call },
    3 = Talking { call },
    4 = Held { call },
    5 = WrapUp { until, call, queue },
});

impl Router {
    /// The state, in bytes that `restore` takes under the same plan.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.walk(&mut bytes);
        bytes
    }

    /// A hash of the whole state: equal states, equal digests.
    pub fn digest(&self) -> u64 {
        let mut hash = Fnv(0xCBF2_9CE4_8422_2325);
        self.walk(&mut hash);
        hash.0
    }

    fn walk(&self, sink: &mut impl Sink) {
        sink.bytes(&MAGIC);
        self.kept_extras.write(sink);
        self.now.write(sink);
        self.phase.write(sink);
        self.arrivals.write(sink);
        self.offers.write(sink);
        self.adapters.write(sink);
        (self.agents.len() as u32).write(sink);
        for agent in &self.agents {
            agent.wanted.write(sink);
            agent.presence_since.write(sink);
            agent.asked.write(sink);
            agent.device.write(sink);
            agent.heartbeat.write(sink);
            agent.missed.write(sink);
            agent.shift.write(sink);
            agent.last_offer.write(sink);
            let changed = agent.skills.as_ref().map_or(&[][..], |skills| &skills.changed);
            (changed.len() as u32).write(sink);
            changed.iter().for_each(|changed| changed.write(sink));
            agent.desks.iter().for_each(|desk| desk.idle_since.write(sink));
            for slot in agent.slots.iter() {
                slot.state.write(sink);
                slot.since.write(sink);
            }
        }
        self.closings.write(sink);
        self.messages.write(sink);
        (self.latches.all.len() as u32).write(sink);
        for latch in &self.latches.all {
            latch.is_set.write(sink);
            latch.sweep.write(sink);
        }
        for window in &self.windows {
            window.kept(self.now).write(sink);
            window.pace.write(sink);
            window.since.write(sink);
        }
        (self.callers.len() as u32).write(sink);
        for (caller, at, agent) in self.callers.iter() {
            caller.write(sink);
            at.write(sink);
            agent.write(sink);
        }
        (self.calls.slots.len() as u32).write(sink);
        for slot in &self.calls.slots {
            slot.generation.write(sink);
            slot.call.write(sink);
            if let Some(call) = &slot.call {
                self.walk_chains(call.handle.slot, sink);
            }
        }
    }

    fn walk_chains(&self, slot: u32, sink: &mut impl Sink) {
        let mut left: Vec<QueueId> = self.left_of(slot).collect();
        left.reverse();
        left.write(sink);
        (self.hands_of(slot).count() as u32).write(sink);
        self.hands_of(slot).for_each(|hand| self.hands[hand].write(sink));
        (self.places_of(slot).count() as u32).write(sink);
        for place in self.places_of(slot) {
            self.places[place].write(sink);
            // The order of a chain says nothing.
            let mut repeats: Vec<&Repeat> = self.repeats_of(place).collect();
            repeats.sort_unstable_by_key(|repeat| repeat.rule);
            (repeats.len() as u32).write(sink);
            repeats.into_iter().for_each(|repeat| repeat.write(sink));
        }
        (self.exclusions_of(slot).count() as u32).write(sink);
        self.exclusions_of(slot).for_each(|exclusion| exclusion.write(sink));
    }

    /// The Router that made a snapshot, under the same plan.
    ///
    /// # Errors
    /// What is wrong with the plan or the bytes; no damage makes it panic.
    pub fn restore(plan: Arc<RoutingPlan>, bytes: &[u8]) -> Result<Self, RestoreError> {
        plan.check().map_err(RestoreError::Plan)?;
        let mut source = Source { bytes };
        if source.take(MAGIC.len()) != Ok(&MAGIC[..]) {
            return Err(RestoreError::NotASnapshot);
        }
        let source = &mut source;
        let kept_extras: Vec<Requirement> = Persist::read(source)?;
        let damaged = |_| RestoreError::Damaged("extra requirement");
        for extra in &kept_extras {
            plan.check_extra("a call", extra).map_err(damaged)?;
        }
        let mut router = Self::with_kept_extras(plan, kept_extras).map_err(damaged)?;
        router.now = Persist::read(source)?;
        router.phase = Persist::read(source)?;
        router.arrivals = Persist::read(source)?;
        router.offers = Persist::read(source)?;
        router.adapters = Persist::read(source)?;
        if u32::read(source)? as usize != router.agents.len() {
            return Err(RestoreError::Damaged("number of agents"));
        }
        for agent in &mut router.agents {
            read_agent(agent, source)?;
        }
        let queues = router.closings.len();
        router.closings = Persist::read(source)?;
        if router.closings.len() != queues {
            return Err(RestoreError::Damaged("number of queues"));
        }
        router.messages = Persist::read(source)?;
        if u32::read(source)? as usize != router.latches.all.len() {
            return Err(RestoreError::Damaged("number of latches"));
        }
        for latch in &mut router.latches.all {
            latch.is_set = Persist::read(source)?;
            latch.sweep = Persist::read(source)?;
        }
        for window in &mut router.windows {
            let kept: Vec<(u64, Tally)> = Persist::read(source)?;
            let (pace, since) = (Persist::read(source)?, Persist::read(source)?);
            let read = Window::of_kept(&kept, pace, since, router.now);
            *window = read.ok_or(RestoreError::Damaged("what happened of late"))?;
        }
        for _ in 0..u32::read(source)? {
            let (caller, at) = (Persist::read(source)?, Persist::read(source)?);
            router.callers.note(caller, at, Persist::read(source)?);
        }
        for slot in 0..u32::read(source)? {
            router.read_call(slot, source)?;
        }
        if !source.bytes.is_empty() {
            return Err(RestoreError::WrongLength);
        }
        router.check_references()?;
        router.rebuild();
        // Whoever could take a call has been looked for before.
        router.spared.clear();
        Ok(router)
    }

    fn read_call(&mut self, slot: u32, source: &mut Source<'_>) -> Restored<()> {
        let generation = u32::read(source)?;
        let call: Option<Call> = Persist::read(source)?;
        let Some(call) = call else {
            self.calls.reserve(slot, generation);
            return Ok(());
        };
        if call.handle != (CallHandle { slot, generation }) {
            return Err(RestoreError::Damaged("call handle"));
        }
        self.calls.insert(call);
        for _ in 0..u32::read(source)? {
            let (queue, next) = (Persist::read(source)?, self.calls[slot].left);
            self.calls[slot].left = self.left.insert(Left { queue, next });
        }
        for _ in 0..u32::read(source)? {
            let hand = self.hands.insert(Hand { call: slot, ..Persist::read(source)? });
            self.join_hands(slot, hand);
        }
        let mut last = NONE;
        for _ in 0..u32::read(source)? {
            let mut place = Place { slot, ..Persist::read(source)? };
            for _ in 0..u32::read(source)? {
                let repeat = Repeat { next: place.repeats, ..Persist::read(source)? };
                place.repeats = self.repeats.insert(repeat);
            }
            let index = self.places.insert(place);
            match last {
                NONE => self.calls[slot].places = index,
                _ => self.places[last].next = index,
            }
            last = index;
        }
        let mut last = NONE;
        for _ in 0..u32::read(source)? {
            let index = self.exclusions.insert(Persist::read(source)?);
            match last {
                NONE => self.calls[slot].exclusions = index,
                _ => self.exclusions[last].next = index,
            }
            last = index;
        }
        Ok(())
    }

    /// Makes again what a snapshot leaves out.
    pub(crate) fn rebuild(&mut self) {
        for (adapter, known) in (0..).map(AdapterId).zip(&mut self.adapters) {
            let deadline = Deadline::GraceEnds { adapter };
            let until = known.awaited_until;
            known.ticket = until.map_or(Ticket::NONE, |at| self.deadlines.set(at, deadline));
        }
        for queue in (0..self.closings.len() as u16).map(QueueId) {
            self.set_closing_deadline(queue);
        }
        for agent in 0..self.agents.len() as u32 {
            let agent = AgentId(agent);
            for slot in 0..self.agents[agent.index()].slots.len() {
                let at = &mut self.agents[agent.index()].slots[slot];
                if let SlotState::WrapUp { until, .. } = at.state {
                    let deadline = Deadline::WrapUpEnds { agent, slot: slot as u8 };
                    at.ticket = self.deadlines.set(until, deadline);
                }
            }
            self.set_skill_deadlines(agent);
            match self.agents[agent.index()].skills.is_some() {
                true => self.place_by_skills(agent),
                false => self.relist(agent),
            }
        }
        let slots: Vec<u32> = self.calls.iter().map(|call| call.handle.slot).collect();
        for slot in &slots {
            self.rebuild_call(*slot);
        }
        self.rebuild_latches();
        let offered = slots.iter().filter(|slot| self.calls[**slot].state == CallState::Offering);
        let offered = offered.flat_map(|slot| self.hands_of(*slot));
        let mut offered: Vec<(OfferNumber, u32)> =
            offered.map(|hand| (self.hands[hand].offer, hand)).collect();
        offered.sort_unstable();
        for (_, hand) in offered {
            self.link_offer(hand);
        }
    }

    fn rebuild_call(&mut self, slot: u32) {
        let Call { state, arrival, extra, .. } = self.calls[slot];
        for hand in self.hands_of(slot).collect::<Vec<_>>() {
            let Hand { offer, until, .. } = self.hands[hand];
            let deadline = match state {
                CallState::Offering => Some(Deadline::RingEnds { offer, slot }),
                CallState::Connecting => Some(Deadline::ConnectEnds { arrival, slot }),
                CallState::Waiting | CallState::Connected | CallState::Held => None,
            };
            if let Some(deadline) = deadline {
                self.hands[hand].ticket = self.deadlines.set(until, deadline);
            }
        }
        self.set_target(slot);
        self.set_awaited(slot);
        self.count_call(slot, Self::is_counted(state));
        if self.calls[slot].places == NONE {
            for hand in self.hands_of(slot).map(|hand| self.hands[hand].queue).collect::<Vec<_>>() {
                self.gauges.of_mut(hand).in_system += 1;
            }
        }
        let places: Vec<u32> = self.places_of(slot).collect();
        for place in places {
            self.gauges.of_mut(self.places[place].queue).in_system += 1;
            self.places[place].demand = self.lines.demand(self.places[place].base, extra);
            if state == CallState::Waiting {
                self.stand_at_stage(place);
            }
            self.set_rule_deadline(place);
        }
        let mut at = self.calls[slot].exclusions;
        while at != NONE {
            let Exclusion { agent, until, next, .. } = self.exclusions[at];
            let deadline = Deadline::ExclusionEnds { arrival, agent, slot };
            self.exclusions[at].ticket = self.deadlines.set(until, deadline);
            self.agents[agent.index()].skipped_by += 1;
            at = next;
        }
    }
}

fn read_agent(agent: &mut Agent, source: &mut Source<'_>) -> Restored<()> {
    agent.wanted = Persist::read(source)?;
    agent.presence_since = Persist::read(source)?;
    agent.asked = Persist::read(source)?;
    agent.device = Persist::read(source)?;
    agent.heartbeat = Persist::read(source)?;
    agent.missed = Persist::read(source)?;
    agent.shift = Persist::read(source)?;
    agent.last_offer = Persist::read(source)?;
    let changed: Vec<Changed> = Persist::read(source)?;
    if !changed.is_empty() {
        agent.skills = Some(Box::new(SkillsForNow::of(changed)));
    }
    for desk in agent.desks.iter_mut() {
        desk.idle_since = Persist::read(source)?;
    }
    for slot in agent.slots.iter_mut() {
        slot.state = Persist::read(source)?;
        slot.since = Persist::read(source)?;
    }
    Ok(())
}
