//! What a call's stays in queues become under another plan.

use super::Moved;
use crate::call::{Call, Place, Repeat};
use crate::deadlines::Ticket;
use crate::event::Event;
use crate::ids::{DemandId, QueueId};
use crate::lines::Demand;
use crate::overflow::RuleTable;
use crate::plan::{Requirement, RoutingPlan};
use crate::slab::{NONE, Slab};
use std::collections::BTreeMap;

/// What a stay in a queue becomes under the new plan.
#[derive(Clone, Copy)]
pub(super) struct Stay {
    demand: DemandId,
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
    pub(super) new_demands: BTreeMap<(QueueId, &'a Requirement), DemandId>,
    pub(super) new_rules: &'a [RuleTable],
    pub(super) moved: &'a Moved,
    /// By latch of the old plan: the one of the same rule.
    pub(super) latches: BTreeMap<u32, u32>,
    pub(super) known: BTreeMap<(DemandId, u64), Stay>,
}

impl Stays<'_> {
    /// Brings a call's places under the new plan.
    pub(super) fn go_on(
        &mut self,
        call: &Call,
        places: &mut Slab<Place>,
        repeats: &mut Slab<Repeat>,
        events: &mut Vec<Event>,
    ) {
        let mut at = call.places;
        while at != NONE {
            let place = &mut places[at];
            if let Some(queue) = self.moved.queue(place.queue) {
                let Stay { demand, asks_anew, fired } = self.of(place, queue);
                self.repeats_go_on(place, queue, repeats);
                (place.queue, place.demand, place.fired) = (queue, demand, fired);
                place.by = place.by.and_then(|latch| self.latches.get(&latch).copied());
                if asks_anew {
                    events.push(Event::RequirementChanged { call: call.handle, queue, demand });
                }
            }
            (place.ticket, place.stage_ticket, place.line) = (Ticket::NONE, Ticket::NONE, NONE);
            place.counted = false;
            at = place.next;
        }
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
        let key = (place.demand, place.fired);
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

        let asked = self.moved.requirement(&self.old_demands[place.demand.index()].requirement);
        let same = asked.and_then(|asked| self.new_demands.get(&(to, &asked)).copied());
        // Of the rules that have asked for something, the one that falls due last.
        let by_rule = || {
            let asks = fired.iter().filter_map(|old| {
                let demand = self.new_rules[to.index()].rules[same_rule(*old)?].demand?;
                Some((self.old_rules[queue].rules[*old].waited, *old, demand))
            });
            asks.max().map(|(_, _, demand)| demand)
        };
        let own = DemandId(u32::from(to.0));
        Stay {
            demand: same.or_else(by_rule).unwrap_or(own),
            asks_anew: same.is_none(),
            fired: fired.iter().filter_map(|old| same_rule(*old)).fold(0, |all, it| all | 1 << it),
        }
    }
}
