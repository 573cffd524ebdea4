//! Overflow rules: what each looks at, and when it falls due.

use crate::call::{Call, CallState, Place, Repeat};
use crate::deadlines::{Deadline, Lane, Ticket};
use crate::event::Event;
use crate::ids::{CallHandle, DemandId, Priority, QueueId, Span, Timestamp};
use crate::lines::Lines;
use crate::plan::{Action, Admission, Channel, RULES_MAX, RoutingPlan, Rule};
use crate::recovery::Phase;
use crate::router::Router;
use crate::slab::NONE;

const _: () = assert!(RULES_MAX <= 64, "rules that have fired are kept in 64 bits");

/// What is looked at of a queue's rules, as in the file.
#[derive(Debug)]
pub(crate) struct RuleTable {
    pub(crate) rules: Box<[RuleFacts]>,
    /// Those that look at the wait alone and act once, soonest first: the first that has not fired
    /// is the next.
    plain: Box<[(Span, u16)]>,
    /// All others but those of entry, in the order of the file.
    others: Box<[u16]>,
    /// Some rule looks at the priority, or acts in the order of keys.
    looks_at_key: bool,
    /// Some rule is looked at on entry.
    has_admission: bool,
}

#[derive(Debug)]
pub(crate) struct RuleFacts {
    pub(crate) waited: Span,
    age: Span,
    priority: Priority,
    channels: ChannelSet,
    pub(crate) admission: Option<Admission>,
    pub(crate) latch: Option<u32>,
    pub(crate) repeat_every: Option<Span>,
    /// What the call asks for afterwards, its extra left out, when the rule says so.
    pub(crate) base: Option<DemandId>,
}

/// Channels, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ChannelSet(u8);

impl ChannelSet {
    const ANY: Self = Self(u8::MAX);

    /// Any if none is named.
    fn of(channels: &[Channel]) -> Self {
        match channels.iter().fold(0, |all, channel| all | 1 << *channel as u8) {
            0 => Self::ANY,
            named => Self(named),
        }
    }

    fn has(self, channel: Channel) -> bool {
        self.0 & 1 << channel as u8 != 0
    }
}

impl RuleTable {
    pub(crate) fn of(plan: &RoutingPlan, lines: &Lines) -> Vec<Self> {
        let demands = lines.bases_by_meaning();
        let mut latches = 0..;
        let mut tables = Vec::with_capacity(plan.queues.len());
        for (queue, planned) in plan.queues_with_ids() {
            let facts = |rule: &Rule| RuleFacts {
                waited: rule.when.waited,
                age: rule.when.age,
                priority: rule.when.priority_at_least.unwrap_or(Priority::LOWEST),
                channels: ChannelSet::of(&rule.when.channels),
                admission: rule.when.admission,
                latch: rule.when.latch.as_ref().and_then(|_| latches.next()),
                repeat_every: rule.repeat_every,
                base: rule.then.iter().find_map(|action| match action {
                    Action::Require(requirement) => demands.get(&(queue, requirement)).copied(),
                    Action::RaisePriority(_)
                    | Action::Drop(_)
                    | Action::AddQueue { .. }
                    | Action::MoveTo(_)
                    | Action::End(_)
                    | Action::TransferTo(_)
                    | Action::Play(_)
                    | Action::OfferCallback
                    | Action::Ladder(_) => None,
                }),
            };
            let rules: Box<[RuleFacts]> = planned.rules.iter().map(facts).collect();
            let later = (0..).zip(&rules).filter(|(_, rule)| rule.admission.is_none());
            let (plain, others): (Vec<_>, Vec<_>) = later.partition(|(_, rule)| rule.is_plain());
            let mut plain: Vec<_> = plain.iter().map(|(at, rule)| (rule.waited, *at)).collect();
            plain.sort_unstable();
            tables.push(Self {
                plain: plain.into(),
                others: others.iter().map(|(at, _)| *at).collect(),
                looks_at_key: rules
                    .iter()
                    .any(|rule| rule.priority > Priority::LOWEST || rule.latch.is_some()),
                has_admission: rules.iter().any(|rule| rule.admission.is_some()),
                rules,
            });
        }
        tables
    }

    /// Whether these can be all of the rules that have fired.
    pub(crate) fn has(&self, fired: u64) -> bool {
        fired.checked_shr(self.rules.len() as u32).unwrap_or(0) == 0
    }
}

impl RuleFacts {
    /// Whether nothing but the wait in its queue decides when it acts, and it acts once.
    fn is_plain(&self) -> bool {
        self.age == Span(0)
            && self.priority == Priority::LOWEST
            && self.channels == ChannelSet::ANY
            && self.latch.is_none()
            && self.repeat_every.is_none()
    }

    /// Whether it acts on such a call, whatever else it looks at.
    pub(crate) fn is_for(&self, call: &Call) -> bool {
        call.priority >= self.priority && self.channels.has(call.channel)
    }

    /// Whether it may fall due for a call that only waits on.
    pub(crate) fn looks_at_time(&self) -> bool {
        self.waited.max(self.age) > Span(0) || self.repeat_every.is_some()
    }
}

impl Router {
    /// When a rule falls due for a place; `None` if what else it looks at does not hold.
    pub(crate) fn due_at(&self, place: u32, rule: u16) -> Option<Timestamp> {
        let Place { slot, queue, entered, fired, .. } = self.places[place];
        let call = &self.calls[slot];
        let facts = &self.rules[queue.index()].rules[usize::from(rule)];
        let lets = |latch| self.latches.lets(latch, self.key_in_line(place));
        if facts.admission.is_some() || !facts.is_for(call) || !facts.latch.is_none_or(lets) {
            return None;
        }
        let due = (entered + facts.waited).max(call.age_from + facts.age);
        if fired & (1 << rule) == 0 {
            return Some(due);
        }
        let repeat = self.repeats_of(place).find(|repeat| repeat.rule == rule)?;
        Some(due.max(repeat.again_at))
    }

    pub(crate) fn repeats_of(&self, place: u32) -> impl Iterator<Item = &Repeat> {
        let mut at = self.places[place].repeats;
        std::iter::from_fn(move || {
            let repeat = (at != NONE).then(|| &self.repeats[at])?;
            at = repeat.next;
            Some(repeat)
        })
    }

    pub(crate) fn has_fired(&mut self, place: u32, rule: u16) {
        let at = &mut self.places[place];
        at.fired |= 1 << rule;
        let facts = &self.rules[at.queue.index()].rules[usize::from(rule)];
        let Some(every) = facts.repeat_every else { return };
        let again_at = self.now + every;
        let mut found = at.repeats;
        while found != NONE && self.repeats[found].rule != rule {
            found = self.repeats[found].next;
        }
        if found == NONE {
            let next = self.places[place].repeats;
            self.places[place].repeats = self.repeats.insert(Repeat { rule, again_at, next });
        } else {
            self.repeats[found].again_at = again_at;
        }
    }

    /// Nothing is repeated for a place that is given up.
    pub(crate) fn forget_repeats(&mut self, place: u32) {
        let mut at = std::mem::replace(&mut self.places[place].repeats, NONE);
        while at != NONE {
            at = self.repeats.remove(at).next;
        }
    }

    /// When the first of a place's rules falls due, and the lane of that.
    pub(crate) fn next_rule(&self, place: u32) -> Option<(Timestamp, Lane)> {
        let Place { slot, queue, entered, fired, .. } = self.places[place];
        let RuleTable { plain, others, .. } = &self.rules[queue.index()];
        let next = plain.iter().find(|(_, rule)| fired & (1 << rule) == 0);
        let next = next.map(|(waited, rule)| {
            ((entered + *waited).max(self.calls[slot].age_from), Lane::rule(queue, *rule))
        });
        if others.is_empty() {
            return next;
        }
        let others = others.iter().filter_map(|rule| self.due_at(place, *rule));
        next.into_iter().chain(others.map(|due| (due, Lane::NONE))).min_by_key(|(due, _)| *due)
    }

    /// Those of a place's rules that are due, a bit each.
    fn rules_due(&self, place: u32) -> u64 {
        let Place { slot, queue, entered, fired, .. } = self.places[place];
        let RuleTable { plain, others, .. } = &self.rules[queue.index()];
        let is_due = |due: Timestamp| due <= self.now;
        let age_from = self.calls[slot].age_from;
        let plain =
            plain.iter().take_while(|(waited, _)| is_due((entered + *waited).max(age_from)));
        let plain = plain.fold(0, |due, (_, rule)| due | 1 << rule);
        let others = others.iter().filter(|rule| self.due_at(place, **rule).is_some_and(is_due));
        others.fold(plain & !fired, |due, rule| due | 1 << rule)
    }

    /// Sets the deadline of a place's next rule; none while the call is in somebody's hands: what is
    /// due then acts when it waits again.
    pub(crate) fn set_rule_deadline(&mut self, place: u32) {
        self.deadlines.cancel(&mut self.places[place].ticket);
        let Place { slot, queue, .. } = self.places[place];
        let call = &self.calls[slot];
        if call.state != CallState::Waiting {
            return;
        }
        let Some((due, lane)) = self.next_rule(place) else { return };
        let deadline = Deadline::Rule { arrival: call.arrival, queue, slot };
        self.places[place].ticket = self.deadlines.set_in(lane, due, deadline);
    }

    /// Rules that look at the key may fall due, or no more.
    pub(crate) fn key_has_changed(&mut self, slot: u32) {
        let mut place = self.calls[slot].places;
        while place != NONE {
            if self.rules[self.places[place].queue.index()].looks_at_key {
                self.set_rule_deadline(place);
            }
            place = self.places[place].next;
        }
    }

    /// Lets the rules act that look at who enters.
    pub(crate) fn admit(&mut self, place: u32, events: &mut Vec<Event>) {
        let Place { slot, queue, entered, .. } = self.places[place];
        // Who is found waiting after a restart has entered before.
        let is_found = self.phase == Phase::Recovering && entered < self.now;
        if !self.rules[queue.index()].has_admission || is_found {
            return;
        }
        let stay = self.stay_at(place);
        for rule in 0..self.rules[queue.index()].rules.len() as u16 {
            let facts = &self.rules[queue.index()].rules[usize::from(rule)];
            let Some(admission) = facts.admission else { continue };
            if facts.is_for(&self.calls[slot]) && self.stands_so(admission, slot) {
                self.has_fired(place, rule);
                self.rule_acts(stay, rule, events);
                if !self.is_in(stay) {
                    return;
                }
            }
        }
    }

    /// Whether all holds that is looked at as the call enters.
    fn stands_so(&self, admission: Admission, slot: u32) -> bool {
        let Admission { of, closed, calls_in_system } = admission;
        let is_closed = || of.is_some_and(|queue| self.closings[queue.index()].closed);
        let is_full = |most| self.others_in_system(of, slot) >= most;
        (!closed || is_closed()) && calls_in_system.is_none_or(is_full)
    }

    /// Calls in the system of a queue, or of the domain, besides one that waits.
    fn others_in_system(&self, of: Option<QueueId>, slot: u32) -> u32 {
        let Some(queue) = of else { return self.calls.live - 1 };
        let itself = u32::from(self.place_in(slot, queue).is_some());
        self.gauges.all[queue.index()].in_system - itself
    }

    /// The place of a call in a queue, if it waits there.
    pub(crate) fn waiting_place(&self, call: CallHandle, queue: QueueId) -> Option<u32> {
        self.calls.find(call).filter(|call| call.state == CallState::Waiting)?;
        self.place_in(call.slot, queue)
    }

    /// Lets one rule act on a call that waits in its queue, if it is due; whether it did.
    pub(crate) fn rule_acts_if_due(
        &mut self,
        call: CallHandle,
        queue: QueueId,
        rule: u16,
        events: &mut Vec<Event>,
    ) -> bool {
        let Some(place) = self.waiting_place(call, queue) else { return false };
        let stay = self.stay_at(place);
        let is_due = self.due_at(place, rule).is_some_and(|due| due <= self.now);
        if is_due {
            self.has_fired(place, rule);
            self.rule_acts(stay, rule, events);
        }
        if self.is_in(stay) {
            self.set_rule_deadline(place);
        }
        is_due
    }

    /// Whether it is: what the deadline was set for may hold no more, and then it is another rule's
    /// turn, at its own time.
    pub(crate) fn rule_is_due(
        &mut self,
        slot: u32,
        queue: QueueId,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) -> bool {
        let Some(place) = self.place_in(slot, queue) else { return false };
        self.places[place].ticket = Ticket::NONE;
        let is_due = self.next_rule(place).is_some_and(|(due, _)| due == at);
        if is_due {
            self.rules_act(self.calls[slot].handle, queue, events);
        } else {
            self.set_rule_deadline(place);
        }
        is_due
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
        let stay = self.stay_at(place);
        let mut due = self.rules_due(place);
        let mut fires = due;
        while fires != 0 {
            self.has_fired(place, fires.trailing_zeros() as u16);
            fires &= fires - 1;
        }
        while due != 0 {
            let rule = due.trailing_zeros() as u16;
            due &= due - 1;
            self.rule_acts(stay, rule, events);
            if !self.is_in(stay) {
                return;
            }
        }
        if !self.places[place].ticket.is_set() {
            self.set_rule_deadline(place);
        }
    }
}
