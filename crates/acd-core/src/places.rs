//! Where calls stand: their places in queues, and in the lines there while they wait.

use crate::bits::Bits;
use crate::call::{Call, CallKey, CallState, Left, PLACES_MAX, Place};
use crate::deadlines::{Deadline, Lane, Ticket};
use crate::event::{Event, LeftCause};
use crate::ids::{DemandId, Priority, QueueId, Span, Timestamp};
use crate::lines::{Class, LineKind};
use crate::plan::{KeepFree, Order, QueuePlan};
use crate::router::Router;
use crate::slab::NONE;

impl Router {
    pub(crate) fn enter_queue(&mut self, slot: u32, queue: QueueId, events: &mut Vec<Event>) {
        self.take_place(slot, queue, self.now, events);
    }

    /// Takes a place at the end of the call's chain, and a stand in its line if the call waits.
    pub(crate) fn take_place(
        &mut self,
        slot: u32,
        queue: QueueId,
        since: Timestamp,
        events: &mut Vec<Event>,
    ) {
        let base = DemandId(u32::from(queue.0));
        let foreseen = self.foresee(slot, queue);
        let call = &mut self.calls[slot];
        let demand = self.lines.demand(base, call.extra);
        let joined = call.joins;
        call.joins = call.joins.saturating_add(1);
        let (call, state) = (call.handle, call.state);
        let place = self.places.insert(Place {
            slot,
            queue,
            base,
            demand,
            line: NONE,
            entered: since,
            taken: self.now,
            stood: false,
            foreseen,
            joined,
            fired: 0,
            repeats: NONE,
            by: None,
            counted: false,
            ticket: Ticket::NONE,
            stage: 0,
            stage_ticket: Ticket::NONE,
            next: NONE,
        });
        match self.places_of(slot).last() {
            None => self.calls[slot].places = place,
            Some(last) => self.places[last].next = place,
        }
        let estimate = foreseen.map(|foreseen| foreseen.wait);
        events.push(Event::PlaceEntered { call, queue, demand, since, estimate });
        self.gauges.of_mut(queue).in_system += 1;
        self.count_place(place, self.calls[slot].counted);
        self.set_target(slot);
        if state == CallState::Waiting {
            self.stand_in_line(place);
            self.eligible.push(call);
        }
        self.set_rule_deadline(place);
        self.admit(place, events);
    }

    /// Under the order `deadline` a call's places make its key.
    pub(crate) fn set_target(&mut self, slot: u32) {
        if self.plan.order != Order::Deadline {
            return;
        }
        let within =
            |place| self.plan.queues[self.places[place].queue.index()].service_level.within;
        let Some(target) = self.places_of(slot).map(within).min() else { return };
        if target == self.calls[slot].target {
            return;
        }
        let places: Vec<u32> = self.places_of(slot).collect();
        let listed: Vec<u32> =
            places.into_iter().filter(|place| self.places[*place].line != NONE).collect();
        listed.iter().for_each(|place| self.leave_line(*place));
        self.calls[slot].target = target;
        listed.iter().for_each(|place| self.stand_in_line(*place));
        if !listed.is_empty() {
            self.key_has_changed(slot);
        }
    }

    fn line_of(&mut self, demand: DemandId, kind: LineKind) -> u32 {
        self.lines.find(demand, kind).unwrap_or_else(|| {
            let served_by = match kind.class {
                Class::Anybody | Class::Sparing => {
                    self.pools.that_serve(demand, kind.stage, kind.channel)
                }
                // Each call of it is for one agent, who looks for it among those that wait for him.
                Class::Awaiting => Bits::default(),
            };
            let line = self.lines.create(demand, kind, served_by);
            self.pools.serve(&self.lines.lines[line as usize].served_by, line);
            line
        })
    }

    /// The call's places in the order it joined them.
    pub(crate) fn places_of(&self, slot: u32) -> impl Iterator<Item = u32> {
        let mut at = self.calls[slot].places;
        std::iter::from_fn(move || {
            let place = (at != NONE).then_some(at)?;
            at = self.places[place].next;
            Some(place)
        })
    }

    pub(crate) fn place_in(&self, slot: u32, queue: QueueId) -> Option<u32> {
        self.places_of(slot).find(|place| self.places[*place].queue == queue)
    }

    /// Whether the call may take one more place, in this queue, in this instant.
    pub(crate) fn may_enter(&self, slot: u32, queue: QueueId) -> bool {
        !self.has_left_now(slot, queue)
            && self.place_in(slot, queue).is_none()
            && self.places_of(slot).count() < PLACES_MAX
    }

    pub(crate) fn stand_in_line(&mut self, place: u32) {
        self.places[place].stage = self.stage_by_now(place);
        self.stand_at_stage(place);
    }

    /// The stage that the wait in the queue has led to; for an emergency there is no delay.
    pub(crate) fn stage_by_now(&self, place: u32) -> u8 {
        let Place { slot, queue, entered, .. } = self.places[place];
        let waited = match self.calls[slot].priority {
            Priority::EMERGENCY => Span::LONGEST,
            _ => self.now.since(entered),
        };
        self.lines.stage_after(queue, waited)
    }

    /// Who may take the call in a queue, of those that serve it there.
    pub(crate) fn class_in(&self, call: &Call, queue: QueueId) -> Class {
        let spares = |keep: KeepFree| call.priority < keep.for_priority;
        match (call.awaits, self.plan.queues[queue.index()].keep_free) {
            (Some(_), _) => Class::Awaiting,
            (None, Some(keep)) if spares(keep) => Class::Sparing,
            (None, Some(_) | None) => Class::Anybody,
        }
    }

    /// In the line of its kind, until the next stage begins.
    pub(crate) fn stand_at_stage(&mut self, place: u32) {
        let Place { slot, queue, demand, entered, stage, .. } = self.places[place];
        let call = &self.calls[slot];
        let (key, priority, adapter) = (call.key(self.plan.order), call.priority, call.adapter);
        let (arrival, channel) = (call.arrival, call.channel.of_slots());
        let class = self.class_in(call, queue);
        let line = self.line_of(demand, LineKind { adapter, channel, stage, class });
        let open = self.is_open(adapter);
        self.lines.insert(line, key, priority, place, open);
        let next = self.lines.wait_for_next(queue, stage);
        self.stands(slot, queue);
        let at = &mut self.places[place];
        at.line = line;
        if let Some(delay) = next {
            let deadline = Deadline::DelayEnds { arrival, queue, slot };
            let lane = Lane::delay(queue, stage);
            at.stage_ticket = self.deadlines.set_in(lane, entered + delay, deadline);
        }
        if class == Class::Awaiting {
            self.stand_before_awaited(place, key);
        }
    }

    pub(crate) fn leave_line(&mut self, place: u32) {
        let at = &mut self.places[place];
        self.deadlines.cancel(&mut at.stage_ticket);
        let line = std::mem::replace(&mut at.line, NONE);
        if line != NONE {
            at.stage = 0;
            let call = &self.calls[at.slot];
            let key = call.key(self.plan.order);
            self.lines.remove(line, key, call.priority);
            if self.lines.lines[line as usize].kind.class == Class::Awaiting {
                self.leave_awaited(place, key);
            }
            self.stands_no_more(place);
        }
    }

    /// The key under which it stands in its line, if it does.
    pub(crate) fn key_in_line(&self, place: u32) -> Option<CallKey> {
        let Place { slot, line, .. } = self.places[place];
        (line != NONE).then(|| self.calls[slot].key(self.plan.order))
    }

    /// Agents who take calls of the queue only after this wait may take this one now.
    pub(crate) fn delay_ran_out(&mut self, slot: u32, queue: QueueId) {
        let Some(place) = self.place_in(slot, queue) else { return };
        self.places[place].stage_ticket = Ticket::NONE;
        self.leave_line(place);
        self.stand_in_line(place);
        self.eligible.push(self.calls[slot].handle);
    }

    /// Takes the call out of all its lines; it keeps its places.
    pub(crate) fn leave_lines(&mut self, slot: u32) {
        let mut place = self.calls[slot].places;
        while place != NONE {
            self.leave_line(place);
            place = self.places[place].next;
        }
    }

    pub(crate) fn stand_in_lines(&mut self, slot: u32) {
        let mut place = self.calls[slot].places;
        while place != NONE {
            self.stand_in_line(place);
            place = self.places[place].next;
        }
    }

    /// The queue, or a rule of it, or the call besides asks for something else than before.
    pub(crate) fn ask_anew(&mut self, place: u32, events: &mut Vec<Event>) {
        let Place { slot, queue, base, demand: before, .. } = self.places[place];
        let demand = self.lines.demand(base, self.calls[slot].extra);
        if demand == before {
            return;
        }
        self.leave_line(place);
        self.places[place].demand = demand;
        let call = self.calls[slot].handle;
        events.push(Event::RequirementChanged { call, queue, demand });
        if self.calls[slot].state == CallState::Waiting {
            self.stand_in_line(place);
            self.eligible.push(call);
        }
    }

    pub(crate) fn change_priority(
        &mut self,
        slot: u32,
        priority: Priority,
        events: &mut Vec<Event>,
    ) {
        self.leave_lines(slot);
        let call = &mut self.calls[slot];
        let is_raised = priority > call.priority;
        call.priority = priority;
        let call = call.handle;
        events.push(Event::PriorityChanged { call, priority });
        if priority == Priority::EMERGENCY {
            self.give_up_awaiting(slot, events);
        }
        if self.calls[slot].state == CallState::Waiting {
            self.stand_in_lines(slot);
            // No delay holds an emergency back, and no reserve what is urgent enough.
            let is_spared = |place| {
                let queue: &QueuePlan = &self.plan.queues[self.places[place].queue.index()];
                queue.keep_free.is_some()
            };
            if priority == Priority::EMERGENCY || is_raised && self.places_of(slot).any(is_spared) {
                self.eligible.push(call);
            }
            self.key_has_changed(slot);
        }
    }

    pub(crate) fn leave_queue(&mut self, place: u32, cause: LeftCause, events: &mut Vec<Event>) {
        self.leave_line(place);
        self.count_place(place, false);
        self.place_helps_no_more(place);
        self.forget_repeats(place);
        let Place { slot, queue, next, taken, .. } = self.places[place];
        self.gauges.of_mut(queue).in_system -= 1;
        let before = self.places_of(slot).take_while(|at| *at != place).last();
        match before {
            None => self.calls[slot].places = next,
            Some(before) => self.places[before].next = next,
        }
        let mut left = self.places.remove(place);
        self.leaves_line_for_good(&left);
        self.deadlines.cancel(&mut left.ticket);
        if taken == self.now {
            self.note_left(slot, queue);
        }
        events.push(Event::PlaceLeft { call: self.calls[slot].handle, queue, cause });
        self.set_target(slot);
    }

    fn note_left(&mut self, slot: u32, queue: QueueId) {
        if self.calls[slot].left_at != self.now {
            self.calls[slot].left_at = self.now;
            self.forget_left(slot);
        }
        let next = self.calls[slot].left;
        self.calls[slot].left = self.left.insert(Left { queue, next });
    }

    pub(crate) fn forget_left(&mut self, slot: u32) {
        let mut at = std::mem::replace(&mut self.calls[slot].left, NONE);
        while at != NONE {
            at = self.left.remove(at).next;
        }
    }

    /// Whether the call has both entered and left the queue in this instant.
    pub(crate) fn has_left_now(&self, slot: u32, queue: QueueId) -> bool {
        self.calls[slot].left_at == self.now && self.left_of(slot).any(|left| left == queue)
    }

    /// The queues that the call has entered and left in one instant, the latest first.
    pub(crate) fn left_of(&self, slot: u32) -> impl Iterator<Item = QueueId> {
        let mut at = self.calls[slot].left;
        std::iter::from_fn(move || {
            let left = (at != NONE).then(|| &self.left[at])?;
            at = left.next;
            Some(left.queue)
        })
    }

    pub(crate) fn leave_all_queues(
        &mut self,
        slot: u32,
        cause: LeftCause,
        events: &mut Vec<Event>,
    ) {
        while self.calls[slot].places != NONE {
            self.leave_queue(self.calls[slot].places, cause, events);
        }
    }
}
