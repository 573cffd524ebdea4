//! A new plan under a living Router: what goes on, under which handle, and when it is refused.
//!
//! Queues, skills, reasons and rules are the same if their names are, agents if their ids are;
//! adapters keep their handles. The events of a change speak of the new plan: whoever keeps handles
//! of queues, demands, agents or reasons makes his tables anew before he takes them in.

mod moved;
mod stays;

use crate::agent::{Agent, Slot};
use crate::call::{Awaits, CallState, Hand};
use crate::closings::Closing;
use crate::deadlines::Ticket;
use crate::event::{
    DeviceState, Event, NotReadyReason, OfferEnd, Presence, RevokeCause, SlotState,
};
use crate::extras::Extras;
use crate::ids::{AgentId, ExtraId, OfferNumber, QueueId};
use crate::in_line::InLine;
use crate::latches::{LatchState, Latches};
use crate::offers::Told;
use crate::plan::{PlanDefect, Requirement, RoutingPlan};
use crate::rejection::Rejection;
use crate::router::Router;
use crate::skills::{Changed, SkillsForNow};
use crate::slab::NONE;
use crate::window::Window;
use moved::Moved;
use stays::Stays;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Router {
    /// Goes on under another plan. Costs as much as there is state: everything is looked at, every
    /// index is made anew, and every agent and call is matched, since any pair may have become
    /// possible.
    ///
    /// Offers, bridges and conversations stay in the agent's slot that they are in, deadlines where
    /// they were set. Wrap-up after a queue that is gone, or in a slot that is gone, ends now, as
    /// if the agent had ended it. What an agent who is gone was, or took notes on, is gone with him.
    /// What a call asks for besides stays, whatever routes there are now; but for skills that are
    /// gone. Rules that are overdue act after the match, as on entry.
    ///
    /// # Errors
    /// When the plan is defective or gives an adapter's handle to another one, or lacks what a call
    /// is in; the state and `events` are then unchanged.
    pub(crate) fn plan_changed(
        &mut self,
        plan: &Arc<RoutingPlan>,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        if self.plan.adapters.iter().zip(&plan.adapters).any(|(old, new)| old != new) {
            return Err(Rejection::PlanDefective);
        }
        plan.check().map_err(|_| Rejection::PlanDefective)?;
        let moved = Moved::between(&self.plan, plan);
        self.check_in_use(&moved)?;
        let next = self
            .extras_to_keep(plan, &moved)
            .and_then(|kept| Self::with_kept_extras(Arc::clone(plan), kept))
            .map_err(|_| Rejection::TooManyDemands)?;
        let old = std::mem::replace(self, next);
        let rested = self.take_over(old, &moved, events);
        self.stages_begin_anew();
        self.rebuild();
        for agent in rested {
            self.slot_was_freed(agent, events);
        }
        self.revoke_unqualified(events);
        self.match_all();
        Ok(())
    }

    /// Whether all that calls are in goes on.
    fn check_in_use(&self, moved: &Moved) -> Result<(), Rejection> {
        let queue = |queue| match moved.queue(queue) {
            Some(_) => Ok(()),
            None => Err(Rejection::QueueInUse { queue }),
        };
        for call in self.calls.iter() {
            for place in self.places_of(call.handle.slot) {
                queue(self.places[place].queue)?;
            }
            for hand in self.hands_of(call.handle.slot).map(|hand| &self.hands[hand]) {
                queue(hand.queue)?;
                if moved.slot_number(hand.agent, hand.slot).is_none() {
                    return Err(Rejection::AgentInUse { agent: hand.agent });
                }
            }
        }
        Ok(())
    }

    /// What live calls ask for besides, and the new plan does not know of.
    fn extras_to_keep(
        &self,
        plan: &RoutingPlan,
        moved: &Moved,
    ) -> Result<Vec<Requirement>, PlanDefect> {
        let planned = Extras::of(plan, &[])?;
        let asked: BTreeSet<ExtraId> = self.calls.iter().filter_map(|call| call.extra).collect();
        let mut kept: Vec<Requirement> = Vec::new();
        for extra in asked {
            let extra = moved.extra(&self.extras.all()[extra.index()]);
            if !extra.is_nothing() && planned.find(&extra).is_none() && !kept.contains(&extra) {
                kept.push(extra);
            }
        }
        Ok(kept)
    }

    /// Fills a Router that is as new with the state of its predecessor, indices left out. Gives the
    /// agents whose wrap-up has ended by it.
    fn take_over(&mut self, old: Self, moved: &Moved, events: &mut Vec<Event>) -> Vec<AgentId> {
        // Named one by one, so that no part of the state is forgotten.
        let Self {
            plan,
            phase,
            now,
            arrivals,
            offers,
            adapters,
            agents,
            mut calls,
            mut hands,
            mut places,
            mut exclusions,
            mut repeats,
            mut left,
            closings,
            messages,
            latches,
            windows,
            callers,
            kept_extras: _,
            rules,
            extras,
            lines,
            pools: _,
            deadlines: _,
            gauges: _,
            awaited: _,
            arriving: _,
            freed: _,
            eligible: _,
            spared: _,
            decisions: _,
        } = old;
        (self.phase, self.now) = (phase, now);
        (self.arrivals, self.offers) = (arrivals, offers);
        self.adapters = adapters;
        for adapter in &mut self.adapters {
            adapter.ticket = Ticket::NONE;
            (adapter.first_offer, adapter.last_offer) = (NONE, NONE);
        }
        let mut rested = Vec::new();
        for (index, agent) in agents.into_iter().enumerate() {
            let from = AgentId(index as u32);
            let Some(to) = moved.agent(from) else { continue };
            if self.take_over_agent(from, to, agent, moved, events) {
                rested.push(to);
            }
            if plan.agents[index].telephone() != self.plan.agents[to.index()].telephone() {
                self.agent_gets_another_device(to, events);
            }
        }
        self.messages = messages;
        for (queue, closing) in (0..).map(QueueId).zip(closings) {
            if let Some(queue) = moved.queue(queue) {
                self.closings[queue.index()] = Closing { ticket: Ticket::NONE, ..closing };
            }
        }
        self.take_over_windows(windows, moved);
        for (caller, at, agent) in callers.iter() {
            if let Some(agent) = moved.agent(agent) {
                self.callers.note(caller, at, agent);
            }
        }
        let latches = self.take_over_latches(&plan, &latches, moved);
        let mut stays = Stays {
            old: &plan,
            old_demands: &lines.demands,
            old_rules: &rules,
            new: &self.plan,
            new_bases: self.lines.bases_by_meaning(),
            new_lines: &self.lines,
            new_rules: &self.rules,
            moved,
            latches,
            known: BTreeMap::new(),
            old_extras: &extras,
            new_extras: &self.extras,
            known_extras: BTreeMap::new(),
        };
        for call in calls.slots.iter_mut().filter_map(|slot| slot.call.as_mut()) {
            call.counted = false;
            moved.left(&mut call.left, &mut left);
            moved.hands(call.hands, &mut hands);
            if let Some(awaits) = call.awaits.take() {
                let ticket = Ticket::NONE;
                let to = moved.agent(awaits.agent);
                call.awaits = to.map(|agent| Awaits { agent, ticket, ..awaits });
                if to.is_none() {
                    events.push(Event::AgentAwaitedNoMore { call: call.handle });
                }
            }
            stays.go_on(call, &mut places, &mut repeats, events);
            moved.exclusions(&mut call.exclusions, &mut exclusions);
        }
        (self.calls, self.hands) = (calls, hands);
        (self.places, self.exclusions) = (places, exclusions);
        (self.repeats, self.left) = (repeats, left);
        rested
    }

    /// What has happened of late in a queue goes on with it; who stands in line is counted anew.
    fn take_over_windows(&mut self, old: Vec<Window>, moved: &Moved) {
        let (queues, domain) = (old.len() - 1, self.windows.len() - 1);
        for (index, window) in old.into_iter().enumerate() {
            let to = match index == queues {
                true => Some(domain),
                false => moved.queue(QueueId(index as u16)).map(QueueId::index),
            };
            if let Some(to) = to {
                self.windows[to] = window;
                self.windows[to].in_line = InLine::NOBODY;
            }
        }
    }

    /// A latch is that of the rule of the same name in the queue of the same name. Gives the new
    /// numbers of the old ones.
    fn take_over_latches(
        &mut self,
        plan: &RoutingPlan,
        old: &Latches,
        moved: &Moved,
    ) -> BTreeMap<u32, u32> {
        let name = |plan: &RoutingPlan, of: &LatchState| {
            plan.queues[of.queue.index()].rules[usize::from(of.rule)].name.clone()
        };
        let new: BTreeMap<(QueueId, String), u32> = (0..)
            .zip(&self.latches.all)
            .map(|(latch, it)| ((it.queue, name(&self.plan, it)), latch))
            .collect();
        let mut same = BTreeMap::new();
        for (latch, it) in (0..).zip(&old.all) {
            let Some(queue) = moved.queue(it.queue) else { continue };
            let Some(to) = new.get(&(queue, name(plan, it))) else { continue };
            let state = &mut self.latches.all[*to as usize];
            (state.is_set, state.sweep) = (it.is_set, it.sweep);
            same.insert(latch, *to);
        }
        same
    }

    /// Whether wrap-up has ended by it, because its queue or its slot is gone.
    fn take_over_agent(
        &mut self,
        old: AgentId,
        agent: AgentId,
        from: Agent,
        moved: &Moved,
        events: &mut Vec<Event>,
    ) -> bool {
        let Agent {
            wanted,
            asked,
            presence_since,
            device,
            heartbeat,
            missed,
            shift,
            last_offer,
            desks,
            slots,
            skills,
            counted: _,
            skipped_by: _,
        } = from;
        let to = &mut self.agents[agent.index()];
        to.wanted = moved.presence(wanted);
        to.asked = asked.map(|asked| moved.presence(asked));
        (to.device, to.heartbeat) = (device, heartbeat);
        (to.presence_since, to.missed) = (presence_since, missed);
        for desk in to.desks.iter_mut() {
            let same = desks.iter().find(|it| it.channel == desk.channel).map(|it| it.idle_since);
            desk.idle_since = same.or(presence_since).unwrap_or_default();
        }
        (to.shift, to.last_offer) = (shift, last_offer);
        if let Some(skills) = skills {
            self.skills_go_on(agent, *skills, moved, events);
        }
        let to = &mut self.agents[agent.index()];
        let loses_reason = |presence| {
            presence != Presence::NotReady(NotReadyReason::Unstated)
                && moved.presence(presence) == Presence::NotReady(NotReadyReason::Unstated)
        };
        if loses_reason(wanted) || asked.is_some_and(loses_reason) {
            let (presence, pending) = (to.presence(), to.pending());
            events.push(Event::PresenceChanged { agent, presence, pending });
        }
        let mut rested = false;
        for (index, &Slot { state, since, ticket: _ }) in (0..).zip(slots.iter()) {
            let number = moved.slot_number(old, index);
            let in_new_plan = moved.slot(state).filter(|_| number.is_some());
            let has_rested = in_new_plan.is_none() && state != SlotState::Free;
            rested |= has_rested;
            if has_rested {
                let channel = moved.old.agents[old.index()].slots().nth(usize::from(index));
                let desk = to.desks.iter_mut().find(|desk| Some(desk.channel) == channel);
                desk.into_iter().for_each(|desk| desk.idle_since = self.now);
            }
            if let Some((call, queue)) = state.in_wrap_up().filter(|_| has_rested) {
                let queue = moved.queue(queue);
                events.push(Event::WrapUpEnded { agent, call, queue, disposition: None });
            }
            let Some(slot) = number else { continue };
            let kept = &mut to.slots[usize::from(slot)];
            (kept.state, kept.since) = (in_new_plan.unwrap_or(SlotState::Free), since);
            if in_new_plan.is_none() {
                kept.since = Some(self.now);
                events.push(Event::SlotChanged { agent, slot, state: SlotState::Free });
            }
        }
        to.count_busy(self.now);
        rested
    }

    /// What the new plan does not let a supervisor set is as planned.
    fn skills_go_on(
        &mut self,
        agent: AgentId,
        skills: SkillsForNow,
        moved: &Moved,
        events: &mut Vec<Event>,
    ) {
        let mut kept = Vec::new();
        for Changed { skill, level, until, .. } in skills.changed {
            let Some(skill) = moved.skill(skill) else { continue };
            if self.may_have_for_now(agent, skill, level) {
                events.push(Event::SkillChanged { agent, skill, level, for_now: true, until });
                kept.push(Changed { skill, level, until, ticket: Ticket::NONE });
            }
        }
        kept.sort_unstable_by_key(|changed| changed.skill);
        let skills = (!kept.is_empty()).then(|| SkillsForNow::of(kept));
        self.agents[agent.index()].skills = skills.map(Box::new);
    }

    /// Nobody has spoken of it.
    fn agent_gets_another_device(&mut self, agent: AgentId, events: &mut Vec<Event>) {
        let (device, to) = (DeviceState::Up, &mut self.agents[agent.index()]);
        if to.device == device {
            return;
        }
        let before = to.presence();
        to.device = device;
        events.push(Event::DeviceChanged { agent, device });
        let (presence, pending) = (to.presence(), to.pending());
        to.presence_changed(before, self.now);
        to.becomes_available(self.now);
        if presence != before {
            events.push(Event::PresenceChanged { agent, presence, pending });
        }
    }

    /// Agents' delays may be others now.
    fn stages_begin_anew(&mut self) {
        let waiting = self.calls.iter().filter(|call| call.state == CallState::Waiting);
        for slot in waiting.map(|call| call.handle.slot).collect::<Vec<_>>() {
            for place in self.places_of(slot).collect::<Vec<_>>() {
                self.places[place].stage = self.stage_by_now(place);
            }
        }
    }

    /// An offer is for an agent who meets what the call asks for as it stands now.
    fn revoke_unqualified(&mut self, events: &mut Vec<Event>) {
        let offered = self.calls.iter().filter(|call| call.state == CallState::Offering);
        let hands = offered.flat_map(|call| self.hands_of(call.handle.slot));
        let unqualified = hands.map(|hand| self.hands[hand]).filter(|it| !self.is_qualified(*it));
        let mut unqualified: Vec<(OfferNumber, u32)> =
            unqualified.map(|hand| (hand.offer, hand.call)).collect();
        unqualified.sort_unstable();
        for (offer, slot) in unqualified {
            // The end of an offer before it may have ended this call by a rule, or revoked it.
            let lives = self.calls.slots[slot as usize].call.is_some();
            let hand = if lives { self.hand_by(slot, offer) } else { None };
            if let Some(hand) = hand.filter(|_| self.calls[slot].state == CallState::Offering) {
                let end = OfferEnd::Revoked(RevokeCause::AgentUnavailable);
                self.end_offer(hand, end, Told::ByOthers, events);
            }
        }
    }

    pub(crate) fn is_qualified(&self, hand: Hand) -> bool {
        self.place_in(hand.call, hand.queue).is_some_and(|place| {
            let demand = &self.lines.demands[self.places[place].demand.index()];
            // Which queues he serves is looked at as he is offered a call, and a person need not.
            demand.requirement.level_of(self.skills_of(hand.agent)).is_some()
        })
    }

    /// Lets everybody who is available, and every call that waits, look for each other.
    fn match_all(&mut self) {
        let agents = self.agents.iter().zip((0..).map(AgentId));
        let available =
            agents.filter(|(agent, _)| agent.is_available(&self.plan.channels)).map(|(_, id)| id);
        self.freed.extend(available);
        let waiting = self.calls.iter().filter(|call| call.state == CallState::Waiting);
        self.eligible.extend(waiting.map(|call| call.handle));
    }
}
