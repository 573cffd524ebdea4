//! What rules do to calls that wait.

use crate::call::{MOVES_MAX, Place};
use crate::event::{Event, LeftCause, Outcome};
use crate::ids::{CallHandle, QueueId};
use crate::plan::Action;
use crate::router::Router;

/// A call's stay in a queue.
#[derive(Clone, Copy)]
pub(crate) struct Stay {
    call: CallHandle,
    place: u32,
    queue: QueueId,
    joined: u16,
}

impl Router {
    /// Whether the call is still in this stay; another one may have the same place.
    pub(crate) fn is_in(&self, stay: Stay) -> bool {
        let Stay { call, place, queue, joined } = stay;
        self.calls.find(call).is_some()
            && self.place_in(call.slot, queue) == Some(place)
            && self.places[place].joined == joined
    }

    pub(crate) fn stay_at(&self, place: u32) -> Stay {
        let Place { slot, queue, joined, .. } = self.places[place];
        Stay { call: self.calls[slot].handle, place, queue, joined }
    }

    pub(crate) fn rule_acts(&mut self, stay: Stay, rule: u16, events: &mut Vec<Event>) {
        let Stay { call, queue, .. } = stay;
        let fired_at = events.len();
        events.push(Event::RuleFired { call, queue, rule, without_effect: true });
        let actions = self.plan.queues[queue.index()].rules[usize::from(rule)].then.len();
        let mut any_effect = false;
        for index in 0..actions {
            if !self.is_in(stay) {
                break;
            }
            any_effect |= self.action_acts(stay, rule, index, events);
        }
        if let Some(Event::RuleFired { without_effect, .. }) = events.get_mut(fired_at) {
            *without_effect = !any_effect;
        }
    }

    /// One action of a rule; whether it changed anything.
    fn action_acts(
        &mut self,
        stay: Stay,
        rule: u16,
        index: usize,
        events: &mut Vec<Event>,
    ) -> bool {
        let Stay { call, place, queue, .. } = stay;
        let slot = call.slot;
        match &self.plan.queues[queue.index()].rules[usize::from(rule)].then[index] {
            Action::RaisePriority(priority) => {
                let priority = *priority;
                let raises = priority > self.calls[slot].priority;
                if raises {
                    self.change_priority(slot, priority, events);
                }
                raises
            }
            Action::Require(_) => {
                let base = self.rules[queue.index()].rules[usize::from(rule)].base;
                let Some(base) = base.filter(|it| *it != self.places[place].base) else {
                    return false;
                };
                self.places[place].base = base;
                self.ask_anew(place, events);
                true
            }
            Action::Drop(skills) => {
                let before = self.calls[slot].extra;
                let left = before.and_then(|extra| self.extras.without(extra, skills, &self.plan));
                if left == before {
                    return false;
                }
                self.calls[slot].extra = left;
                for place in self.places_of(slot).collect::<Vec<_>>() {
                    self.ask_anew(place, events);
                }
                true
            }
            Action::AddQueue { to, while_active } => {
                let (to, while_active) = (*to, *while_active);
                let enters = self.may_enter(slot, to);
                if enters {
                    self.enter_queue(slot, to, events);
                }
                let latch = self.rules[queue.index()].rules[usize::from(rule)].latch;
                if let Some(latch) = latch.filter(|_| enters && while_active)
                    && let Some(place) = self.waiting_place(call, to)
                {
                    self.place_is_help(place, latch);
                }
                enters
            }
            Action::MoveTo(to) => self.rule_moves(stay, *to, events),
            Action::End(treatment) => {
                let treatment = *treatment;
                let facts = &self.rules[queue.index()].rules[usize::from(rule)];
                let outcome = match facts.admission.is_some() && self.arriving == Some(call) {
                    true => Outcome::Rejected,
                    false => Outcome::Overflowed,
                };
                self.end_call(slot, outcome, Some(treatment), events);
                true
            }
            Action::TransferTo(number) => {
                events.push(Event::TransferOrdered { call, number: *number });
                self.end_call(slot, Outcome::Overflowed, None, events);
                true
            }
            Action::Play(announcement) => {
                events.push(Event::PlayOrdered { call, announcement: *announcement });
                true
            }
            Action::OfferCallback => {
                events.push(Event::CallbackOfferOrdered { call });
                true
            }
            Action::Ladder(ladder) => {
                events.push(Event::LadderOrdered { call, ladder: *ladder });
                true
            }
        }
    }

    fn rule_moves(&mut self, stay: Stay, to: QueueId, events: &mut Vec<Event>) -> bool {
        let slot = stay.call.slot;
        if self.calls[slot].moves >= MOVES_MAX {
            // The last rule stands in for a move too many: it ends the call, so that every wait is
            // bounded.
            let rules = self.plan.queues[stay.queue.index()].rules.len();
            self.rule_acts(stay, (rules - 1) as u16, events);
            return true;
        }
        let place_there = self.place_in(slot, to);
        let stands_there = place_there.is_some();
        if !stands_there && self.has_left_now(slot, to) {
            return false;
        }
        self.calls[slot].moves += 1;
        // Where it was for a while it is for good now: else its stays might end without a move.
        place_there.into_iter().for_each(|place| self.place_helps_no_more(place));
        self.leave_queue(stay.place, LeftCause::Moved, events);
        if !stands_there {
            self.enter_queue(slot, to, events);
        }
        true
    }
}
