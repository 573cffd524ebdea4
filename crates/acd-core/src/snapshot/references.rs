//! Whether a Router that was read from a snapshot can be: what later steps rely on.

use crate::adapters::{ADAPTERS_MAX, Adapter};
use crate::agent::Desk;
use crate::call::{Call, CallState, Hand, PLACES_MAX, Place};
use crate::closings::Closing;
use crate::event::SlotState;
use crate::ids::{AdapterId, AgentId, CallHandle, QueueId, Timestamp};
use crate::persist::{RestoreError, Restored};
use crate::plan::{BROADCAST_MAX, LEVEL_MAX};
use crate::router::Router;
use crate::skills::{Changed, SKILLS_FOR_NOW_MAX, SkillsForNow};
use std::collections::BTreeSet;

impl Router {
    /// Every index that later steps rely on, checked once.
    pub(super) fn check_references(&self) -> Restored<()> {
        let sound = |condition: bool, what| match condition {
            true => Ok(()),
            false => Err(RestoreError::Damaged(what)),
        };
        let adapter = |adapter: AdapterId| adapter.index() < self.adapters.len();
        let queue = |queue: QueueId| queue.index() < self.plan.queues.len();
        sound(self.now <= Timestamp::LATEST, "time")?;
        let late = |closing: &Closing| closing.until > Some(Timestamp::LATEST);
        sound(!self.closings.iter().any(late), "until when a queue is closed")?;
        sound(self.adapters.len() <= ADAPTERS_MAX, "number of adapters")?;
        let awaited = |adapter: &Adapter| adapter.up || adapter.awaited_until.is_none();
        sound(self.adapters.iter().all(awaited), "awaited adapter")?;
        let mut arrivals = BTreeSet::new();
        for call in self.calls.iter() {
            sound(adapter(call.adapter), "adapter of a call")?;
            let is_new = call.arrival <= self.arrivals && arrivals.insert(call.arrival);
            sound(is_new, "arrival of a call")?;
            let places = self.places_of(call.handle.slot).map(|place| &self.places[place]);
            let places: Vec<&Place> = places.collect();
            let queues: BTreeSet<QueueId> = places.iter().map(|place| place.queue).collect();
            let fits = places.len() <= PLACES_MAX
                && places.len() == queues.len()
                && places.is_sorted_by(|a, b| a.joined <= b.joined);
            sound(fits, "places of a call")?;
            let extra = call.extra.is_none_or(|extra| extra.index() < self.extras.all().len());
            sound(extra, "extra requirement of a call")?;
            let agent = |agent: AgentId| agent.index() < self.agents.len();
            sound(call.awaits.is_none_or(|it| agent(it.agent)), "agent whom a call awaits")?;
            let hands = self.hands_of(call.handle.slot).map(|hand| &self.hands[hand]);
            let hands: Vec<&Hand> = hands.collect();
            let count = hands.len();
            let fits = hands.is_sorted_by(|a, b| a.offer < b.offer)
                && match call.state {
                    CallState::Waiting => count == 0,
                    CallState::Offering => (1..=usize::from(BROADCAST_MAX)).contains(&count),
                    CallState::Connecting | CallState::Connected | CallState::Held => count == 1,
                };
            sound(fits, "hands of a call")?;
            for hand in hands {
                sound(adapter(hand.rung_by) && queue(hand.queue), "hand of a call")?;
                let agent = self.agents.get(hand.agent.index());
                let slot = agent.and_then(|agent| agent.slots.get(usize::from(hand.slot)));
                sound(slot.is_some_and(|slot| slot.state == state_of(call, hand)), "slot")?;
                let desk = agent.and_then(|agent| agent.desk(call.channel));
                let at_desk = |desk: &Desk| desk.slots().contains(&usize::from(hand.slot));
                sound(desk.is_some_and(at_desk), "desk of a call")?;
            }
            for place in self.places_of(call.handle.slot).map(|place| &self.places[place]) {
                let base = self.lines.demands.get(place.base.index());
                let fits = base.is_some_and(|base| base.queue == place.queue)
                    && self.lines.is_base(place.base);
                sound(queue(place.queue) && fits, "place of a call")?;
                sound(self.rules[place.queue.index()].has(place.fired), "rules of a place")?;
                let latch = |by: u32| (by as usize) < self.latches.all.len();
                sound(place.by.is_none_or(latch), "latch of a place")?;
                let stages = self.lines.stages_of(place.base);
                sound(usize::from(place.stage) < stages, "stage of a place")?;
            }
            for place in self.places_of(call.handle.slot) {
                let rules = self.plan.queues[self.places[place].queue.index()].rules.len();
                let mut repeats = self.repeats_of(place);
                sound(repeats.all(|it| usize::from(it.rule) < rules), "repeated rule")?;
            }
            let mut exclusions = self.exclusions_of(call.handle.slot);
            sound(exclusions.all(|it| it.agent.index() < self.agents.len()), "exclusion")?;
        }
        let mut stands = vec![false; self.windows.len()];
        for call in self.calls.iter().filter(|call| call.state == CallState::Waiting) {
            for place in self.places_of(call.handle.slot) {
                stands[self.places[place].queue.index()] = true;
            }
        }
        let mut windows = stands.iter().zip(&self.windows);
        sound(
            windows.all(|(stands, window)| *stands == window.since.is_some()),
            "line of a queue",
        )?;
        let mut agents = self.callers.iter().map(|(_, _, agent)| agent);
        sound(agents.all(|agent| agent.index() < self.agents.len()), "agent of a caller")?;
        for (id, agent) in (0..).map(AgentId).zip(&self.agents) {
            for slot in agent.slots.iter() {
                sound(self.slot_is_sound(&slot.state), "slot of an agent")?;
            }
            let skills = agent.skills.as_ref();
            sound(skills.is_none_or(|it| self.skills_are_sound(id, it)), "skills of an agent")?;
        }
        Ok(())
    }

    fn skills_are_sound(&self, agent: AgentId, skills: &SkillsForNow) -> bool {
        let is_sound = |it: &Changed| {
            it.skill.index() < self.plan.skills.len()
                && it.level.is_none_or(|level| (1..=LEVEL_MAX).contains(&level))
                && it.until <= Some(Timestamp::LATEST)
                && self.may_have_for_now(agent, it.skill, it.level)
        };
        skills.changed.len() <= SKILLS_FOR_NOW_MAX
            && skills.changed.iter().all(is_sound)
            && skills.changed.is_sorted_by(|a, b| a.skill < b.skill)
    }

    fn slot_is_sound(&self, state: &SlotState) -> bool {
        let holds = |call: CallHandle| {
            self.calls.find(call).is_some_and(|call| {
                let mut hands = self.hands_of(call.handle.slot).map(|hand| &self.hands[hand]);
                hands.any(|hand| state_of(call, hand) == *state)
            })
        };
        match *state {
            SlotState::Free => true,
            SlotState::WrapUp { call, queue, .. } => {
                let of_slot = self.calls.slots.get(call.slot as usize);
                let has_lived = of_slot.is_some_and(|it| call.generation <= it.generation);
                has_lived && queue.index() < self.plan.queues.len()
            }
            SlotState::Reserved { call, .. }
            | SlotState::Connecting { call }
            | SlotState::Talking { call }
            | SlotState::Held { call } => holds(call),
        }
    }
}

/// What the agent's slot must say when he holds the call like this.
fn state_of(call: &Call, hand: &Hand) -> SlotState {
    match call.state {
        CallState::Waiting => SlotState::Free,
        CallState::Offering => SlotState::Reserved { call: call.handle, offer: hand.offer },
        CallState::Connecting => SlotState::Connecting { call: call.handle },
        CallState::Connected => SlotState::Talking { call: call.handle },
        CallState::Held => SlotState::Held { call: call.handle },
    }
}
