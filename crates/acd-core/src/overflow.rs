//! Overflow rules: when each falls due, and what it does to a waiting call.

use crate::call::{CallState, MOVES_MAX};
use crate::deadlines::{Deadline, Ticket};
use crate::event::{Event, LeftCause, Outcome};
use crate::ids::{CallHandle, DemandId, QueueId, Span};
use crate::lines::Lines;
use crate::plan::{Action, QueuePlan, RULES_MAX, RoutingPlan, Rule};
use crate::recovery::Phase;
use crate::router::Router;
use crate::slab::NONE;

const _: () = assert!(RULES_MAX <= 64, "the rules that are due at once are kept in 64 bits");

/// A queue's rules in the order they fall due: by wait, then as in the file.
#[derive(Debug)]
pub(crate) struct RuleTable {
    pub(crate) due: Box<[DueRule]>,
}

#[derive(Debug)]
pub(crate) struct DueRule {
    waited: Span,
    /// The rule's index in the file.
    pub(crate) rule: u16,
    /// What the call asks for afterwards, when the rule says so.
    pub(crate) demand: Option<DemandId>,
}

impl RuleTable {
    pub(crate) fn of(plan: &RoutingPlan, lines: &Lines) -> Vec<Self> {
        let demands = lines.by_meaning();
        let table = |(queue, planned): (QueueId, &QueuePlan)| {
            let due = |(index, rule): (usize, &Rule)| DueRule {
                waited: rule.waited,
                rule: index as u16,
                demand: rule.then.iter().find_map(|action| match action {
                    Action::Require(requirement) => demands.get(&(queue, requirement)).copied(),
                    Action::RaisePriority(_)
                    | Action::AddQueue(_)
                    | Action::MoveTo(_)
                    | Action::End(_)
                    | Action::TransferTo(_)
                    | Action::Play(_) => None,
                }),
            };
            let mut due: Box<[DueRule]> = planned.rules.iter().enumerate().map(due).collect();
            due.sort_by_key(|due| due.waited);
            Self { due }
        };
        plan.queues_with_ids().map(table).collect()
    }

    /// Whether so many of the rules can have fired.
    pub(crate) fn has(&self, fired: u16) -> bool {
        usize::from(fired) <= self.due.len()
    }
}

impl Router {
    /// Sets the deadline of a place's next rule; none while the call is in somebody's hands: what is
    /// due then acts when it waits again.
    pub(crate) fn set_rule_deadline(&mut self, place: u32) {
        self.deadlines.cancel(&mut self.places[place].ticket);
        let at = &self.places[place];
        let Some(due) = self.rules[at.queue.index()].due.get(usize::from(at.rules_fired)) else {
            return;
        };
        let call = &self.calls[at.slot];
        if call.state != CallState::Waiting {
            return;
        }
        let due = at.entered + due.waited;
        let deadline = Deadline::Rule { arrival: call.arrival, queue: at.queue, slot: at.slot };
        self.places[place].ticket = self.deadlines.set(due, deadline);
    }

    pub(crate) fn rule_is_due(&mut self, slot: u32, queue: QueueId, events: &mut Vec<Event>) {
        let Some(place) = self.place_in(slot, queue) else {
            return;
        };
        self.places[place].ticket = Ticket::NONE;
        self.rules_act(self.calls[slot].handle, queue, events);
    }

    /// The call is taken in hand: its rules have no deadline until it waits again.
    pub(crate) fn rules_rest(&mut self, slot: u32) {
        let mut place = self.calls[slot].places;
        while place != NONE {
            self.deadlines.cancel(&mut self.places[place].ticket);
            place = self.places[place].next;
        }
    }

    /// What fell due while an offer was out, in order of place and file. Rules of a queue that the
    /// call enters by one of these act after the match, as on every entry.
    pub(crate) fn rules_act_after_return(&mut self, call: CallHandle, events: &mut Vec<Event>) {
        if self.phase == Phase::Recovering {
            self.rules_wait_for_recovery(call.slot);
            return;
        }
        let entered_since = self.calls[call.slot].joins;
        let mut after = None;
        while let Some(found) = self.calls.find(call) {
            let next = self
                .places_of(found.handle.slot)
                .find(|place| after.is_none_or(|after| self.places[*place].joined > after));
            let next = next.filter(|place| self.places[*place].joined < entered_since);
            let Some(place) = next else { return };
            after = Some(self.places[place].joined);
            self.rules_act(call, self.places[place].queue, events);
        }
    }

    /// No rule acts while the domain recovers: what is due then has its deadline in the past.
    fn rules_wait_for_recovery(&mut self, slot: u32) {
        let mut place = self.calls[slot].places;
        while place != NONE {
            if !self.places[place].ticket.is_set() {
                self.set_rule_deadline(place);
            }
            place = self.places[place].next;
        }
    }

    /// Lets the rules of one place that are due act, in file order, until the call has gone.
    fn rules_act(&mut self, call: CallHandle, queue: QueueId, events: &mut Vec<Event>) {
        let Some(place) = self.place_in(call.slot, queue) else {
            return;
        };
        let waited = self.now.since(self.places[place].entered);
        let rules_fired = usize::from(self.places[place].rules_fired);
        let mut due = 0_u64;
        let mut fired = rules_fired;
        for rule in self.rules[queue.index()].due[rules_fired..].iter() {
            if rule.waited > waited {
                break;
            }
            due |= 1 << rule.rule;
            fired += 1;
        }
        self.places[place].rules_fired = fired as u16;
        while due != 0 {
            let rule = due.trailing_zeros() as u16;
            due &= due - 1;
            self.rule_acts(call, place, queue, rule, events);
            if !self.stands_at(call, place, queue) {
                return;
            }
        }
        if !self.places[place].ticket.is_set() {
            self.set_rule_deadline(place);
        }
    }

    fn stands_at(&self, call: CallHandle, place: u32, queue: QueueId) -> bool {
        self.calls.find(call).is_some() && self.place_in(call.slot, queue) == Some(place)
    }

    fn rule_acts(
        &mut self,
        call: CallHandle,
        place: u32,
        queue: QueueId,
        rule: u16,
        events: &mut Vec<Event>,
    ) {
        let fired_at = events.len();
        events.push(Event::RuleFired { call, queue, rule, without_effect: true });
        let actions = self.plan.queues[queue.index()].rules[usize::from(rule)].then.len();
        let mut any_effect = false;
        for index in 0..actions {
            if !self.stands_at(call, place, queue) {
                break;
            }
            any_effect |= self.action_acts(call, place, queue, rule, index, events);
        }
        if let Some(Event::RuleFired { without_effect, .. }) = events.get_mut(fired_at) {
            *without_effect = !any_effect;
        }
    }

    /// One action of a rule; whether it changed anything.
    fn action_acts(
        &mut self,
        call: CallHandle,
        place: u32,
        queue: QueueId,
        rule: u16,
        index: usize,
        events: &mut Vec<Event>,
    ) -> bool {
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
                let table = &self.rules[queue.index()].due;
                let demand = table.iter().find(|due| due.rule == rule).and_then(|due| due.demand);
                let Some(demand) = demand.filter(|it| *it != self.places[place].demand) else {
                    return false;
                };
                self.change_demand(place, demand, events);
                true
            }
            Action::AddQueue(to) => {
                let to = *to;
                let enters = self.may_enter(slot, to);
                if enters {
                    self.enter_queue(slot, to, events);
                }
                enters
            }
            Action::MoveTo(to) => self.rule_moves(call, place, queue, *to, events),
            Action::End(treatment) => {
                self.end_call(slot, Outcome::Overflowed, Some(*treatment), events);
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
        }
    }

    fn rule_moves(
        &mut self,
        call: CallHandle,
        place: u32,
        queue: QueueId,
        to: QueueId,
        events: &mut Vec<Event>,
    ) -> bool {
        let slot = call.slot;
        if self.calls[slot].moves >= MOVES_MAX {
            self.terminal_rule_acts(call, place, queue, events);
            return true;
        }
        let stands_there = self.place_in(slot, to).is_some();
        let left_now = self.calls[slot].left_at == self.now && self.calls[slot].left.contains(&to);
        if !stands_there && left_now {
            return false;
        }
        self.calls[slot].moves += 1;
        self.leave_queue(place, LeftCause::Moved, events);
        if !stands_there {
            self.enter_queue(slot, to, events);
        }
        true
    }

    /// The last rule stands in for a move too many: it ends the call, so that every wait is bounded.
    fn terminal_rule_acts(
        &mut self,
        call: CallHandle,
        place: u32,
        queue: QueueId,
        events: &mut Vec<Event>,
    ) {
        let rules = self.plan.queues[queue.index()].rules.len();
        self.rule_acts(call, place, queue, (rules - 1) as u16, events);
    }
}
