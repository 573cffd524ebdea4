//! The books under another plan: whatever is of the same name goes on.

use super::{Agent, Books};
use crate::kept::keeps;
use acd_core::{AgentId, Channel, QueueId, Requirement, RoutingPlan, SkillId, SlotState};
use std::sync::Arc;

impl Books {
    /// The same handles under another plan: whatever is of the same name goes on.
    pub(super) fn plan_changes(&mut self, plan: &Arc<RoutingPlan>) {
        let old = std::mem::replace(&mut self.plan, Arc::clone(plan));
        let queue = |it: QueueId| {
            let name = &old.queues[it.index()].name;
            let found = plan.queues.iter().position(|queue| queue.name == *name);
            found.map(|at| QueueId(at as u16))
        };
        let agent = |it: AgentId| {
            let id = &old.agents[it.index()].id;
            let found = plan.agents.iter().position(|agent| agent.id == *id);
            found.map(|at| AgentId(at as u32))
        };
        let skill = |(it, level): &(SkillId, u8)| {
            let name = &old.skills[it.index()];
            let found = plan.skills.iter().position(|skill| skill == name);
            found.map(|at| (SkillId(at as u16), *level))
        };
        let all = |asked: &Vec<(SkillId, u8)>| {
            let mut asked: Vec<_> = asked.iter().filter_map(skill).collect();
            asked.sort_unstable();
            asked
        };
        let closings = std::mem::take(&mut self.closings).into_iter();
        self.closings = closings.filter_map(|(it, how)| Some((queue(it)?, how))).collect();
        for call in self.calls.values_mut() {
            for place in &mut call.places {
                let kept = queue(place.queue);
                keeps!(1, kept.is_some(), "a queue with calls in it is gone");
                place.queue = kept.expect("just looked at");
                // If a skill of it is gone, an event says what is asked for instead.
                let Requirement { skills, any_of } = &place.requirement;
                let any_of = any_of.iter().map(all).collect();
                place.requirement = Requirement { skills: all(skills), any_of };
            }
            let skips = std::mem::take(&mut call.skips).into_iter();
            call.skips = skips.filter_map(|(it, until)| Some((agent(it)?, until))).collect();
            if let Some((awaited, until)) = call.awaits {
                // If he is gone, an event says so.
                call.awaits = Some((agent(awaited).unwrap_or(awaited), until));
            }
            for hand in &mut call.hands {
                let kept = (agent(hand.agent), queue(hand.queue));
                keeps!(1, kept.0.is_some() && kept.1.is_some(), "what a call is in is gone");
                (hand.agent, hand.queue) = (kept.0.expect("so"), kept.1.expect("so"));
            }
        }
        let before = std::mem::take(&mut self.agents);
        self.agents = plan.agents.iter().map(Agent::new).collect();
        for (at, mut known) in (0..).map(AgentId).zip(before) {
            let Some(to) = agent(at) else { continue };
            let mut shape = Agent::new(&plan.agents[to.index()]);
            let before: Vec<Channel> = old.agents[at.index()].slots().collect();
            let after: Vec<Channel> = plan.agents[to.index()].slots().collect();
            for (channel, since) in &mut shape.idle_since {
                let same = known.idle_since.get(channel).copied();
                *since = same.or(known.presence_since).unwrap_or_default();
            }
            let mut lost = false;
            for (index, channel) in before.iter().enumerate() {
                let nth = before[..index].iter().filter(|it| *it == channel).count();
                let same = (0..after.len()).filter(|slot| after[*slot] == *channel);
                let same = same.skip(nth).min();
                let mut state = known.slots[index];
                // Wrap-up in a slot that is gone, or after a queue that is gone, ends by it.
                let mut rests = same.is_none() && state != SlotState::Free;
                lost |= rests;
                if let SlotState::WrapUp { queue: of, .. } = &mut state {
                    match queue(*of) {
                        Some(kept) => *of = kept,
                        None => rests = true,
                    }
                }
                if let Some(since) = shape.idle_since.get_mut(channel).filter(|_| rests) {
                    *since = self.now;
                }
                if let Some(slot) = same {
                    (shape.slots[slot], shape.slots_since[slot]) =
                        (state, known.slots_since[index]);
                }
            }
            (known.slots, known.slots_since) = (shape.slots, shape.slots_since);
            known.idle_since = shape.idle_since;
            known.count_busy(self.now);
            if lost {
                known.becomes_available(self.now);
            }
            // Those that go on are told of.
            known.skills.clear();
            self.agents[to.index()] = known;
        }
    }
}
