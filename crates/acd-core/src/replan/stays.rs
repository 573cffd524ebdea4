//! What a call's stays in queues become under another plan.

use super::Moved;
use crate::call::{Call, Place, Repeat};
use crate::deadlines::Ticket;
use crate::event::Event;
use crate::extras::Extras;
use crate::ids::{DemandId, ExtraId, QueueId};
use crate::lines::{Demand, Lines};
use crate::overflow::RuleTable;
use crate::plan::{Requirement, RoutingPlan};
use crate::slab::{NONE, Slab};
use std::collections::BTreeMap;

/// What a stay in a queue becomes under the new plan.
#[derive(Clone, Copy)]
pub(super) struct Stay {
    base: DemandId,
    /// It asks for something else than before.
    asks_anew: bool,
    fired: u64,
}

/// Finds out what stays become. Many stays stand at the same point, so each answer is kept.
pub(super) struct Stays<'a> {
    pub(super) old: &'a RoutingPlan,
    pub(super) old_demands: &'a [Demand],
    pub(super) old_rules: &'a [RuleTable],
    pub(super) new: &'a RoutingPlan,
    pub(super) new_bases: BTreeMap<(QueueId, &'a Requirement), DemandId>,
    pub(super) new_lines: &'a Lines,
    pub(super) new_rules: &'a [RuleTable],
    pub(super) moved: &'a Moved,
    /// By latch of the old plan: the one of the same rule.
    pub(super) latches: BTreeMap<u32, u32>,
    pub(super) known: BTreeMap<(DemandId, u64), Stay>,
    pub(super) old_extras: &'a Extras,
    pub(super) new_extras: &'a Extras,
    /// By extra of the old plan: the new one, and whether it asks for something else.
    pub(super) known_extras: BTreeMap<ExtraId, (Option<ExtraId>, bool)>,
}

impl Stays<'_> {
    /// Brings a call's extra and its places under the new plan.
    pub(super) fn go_on(
        &mut self,
        call: &mut Call,
        places: &mut Slab<Place>,
        repeats: &mut Slab<Repeat>,
        events: &mut Vec<Event>,
    ) {
        let (extra, is_other) = call.extra.map_or((None, false), |extra| self.extra(extra));
        call.extra = extra;
        let mut at = call.places;
        while at != NONE {
            let place = &mut places[at];
            if let Some(queue) = self.moved.queue(place.queue) {
                let Stay { base, asks_anew, fired } = self.of(place, queue);
                self.repeats_go_on(place, queue, repeats);
                let demand = self.new_lines.demand(base, extra);
                (place.queue, place.base, place.demand) = (queue, base, demand);
                place.fired = fired;
                place.by = place.by.and_then(|latch| self.latches.get(&latch).copied());
                if asks_anew || is_other {
                    events.push(Event::RequirementChanged { call: call.handle, queue, demand });
                }
            }
            (place.ticket, place.stage_ticket, place.line) = (Ticket::NONE, Ticket::NONE, NONE);
            place.counted = false;
            at = place.next;
        }
    }

    /// What a call asks for besides, and whether that is something else than before.
    fn extra(&mut self, old: ExtraId) -> (Option<ExtraId>, bool) {
        *self.known_extras.entry(old).or_insert_with(|| {
            let before = &self.old_extras.all()[old.index()];
            let extra = self.moved.extra(before);
            (self.new_extras.find(&extra), self.moved.requirement(before) != Some(extra))
        })
    }

    /// What repeats goes on under the rule of the same name, if that repeats.
    fn repeats_go_on(&self, place: &mut Place, to: QueueId, repeats: &mut Slab<Repeat>) {
        let old_rules = &self.old.queues[place.queue.index()].rules;
        let new_rules = &self.new.queues[to.index()].rules;
        let mut at = std::mem::replace(&mut place.repeats, NONE);
        while at != NONE {
            let next = repeats[at].next;
            let name = &old_rules[usize::from(repeats[at].rule)].name;
            let same =
                new_rules.iter().position(|it| it.name == *name && it.repeat_every.is_some());
            match same {
                None => drop(repeats.remove(at)),
                Some(rule) => {
                    (repeats[at].rule, repeats[at].next) = (rule as u16, place.repeats);
                    place.repeats = at;
                }
            }
            at = next;
        }
    }

    /// `to` is the new handle of the place's queue.
    fn of(&mut self, place: &Place, to: QueueId) -> Stay {
        let key = (place.base, place.fired);
        if let Some(stay) = self.known.get(&key) {
            return *stay;
        }
        let stay = self.find(place, to);
        self.known.insert(key, stay);
        stay
    }

    fn find(&self, place: &Place, to: QueueId) -> Stay {
        let queue = place.queue.index();
        let old_rules = &self.old.queues[queue].rules;
        let has_fired = |rule: &usize| place.fired & (1 << *rule) != 0;
        let fired: Vec<usize> = (0..old_rules.len()).filter(has_fired).collect();
        let new_rules = &self.new.queues[to.index()].rules;
        let same_rule = |old: usize| new_rules.iter().position(|it| it.name == old_rules[old].name);

        let asked = self.moved.requirement(&self.old_demands[place.base.index()].requirement);
        let same = asked.and_then(|asked| self.new_bases.get(&(to, &asked)).copied());
        // Of the rules that have asked for something, the one that falls due last.
        let by_rule = || {
            let asks = fired.iter().filter_map(|old| {
                let base = self.new_rules[to.index()].rules[same_rule(*old)?].base?;
                Some((self.old_rules[queue].rules[*old].waited, *old, base))
            });
            asks.max().map(|(_, _, base)| base)
        };
        let own = DemandId(u32::from(to.0));
        Stay {
            base: same.or_else(by_rule).unwrap_or(own),
            asks_anew: same.is_none(),
            fired: fired.iter().filter_map(|old| same_rule(*old)).fold(0, |all, it| all | 1 << it),
        }
    }
}
