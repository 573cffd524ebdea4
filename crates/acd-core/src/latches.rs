//! Latches: what rules look at of a queue or the domain, set and cleared once for all of its calls.
//!
//! After each match those whose measures have changed are evaluated, all of them before any rule
//! acts. A rule whose latch sets acts on the calls that wait, in key order, slice by slice, so that
//! others are heard in between; while it is set, on those that come, as their rules fall due.

use crate::call::CallKey;
use crate::deadlines::{Deadline, Ticket};
use crate::event::{Event, LeftCause};
use crate::explain::Measured;
use crate::ids::{CallHandle, QueueId, Span, Timestamp};
use crate::plan::{Bound, Gauge, Latch, RoutingPlan};
use crate::recovery::Phase;
use crate::router::Router;
use std::collections::BTreeSet;

/// How many calls a rule whose latch sets acts on at once, ...
const SLICE: usize = 256;
/// ... and how much later on the next.
const BETWEEN_SLICES: Span = Span::from_millis(1);

/// All latches of a plan, by queue, then as in the file.
#[derive(Debug)]
pub(crate) struct Latches {
    pub(crate) all: Vec<LatchState>,
    /// Those to be evaluated.
    dirty: BTreeSet<u32>,
}

#[derive(Debug)]
pub(crate) struct LatchState {
    pub(crate) queue: QueueId,
    pub(crate) rule: u16,
    /// A queue's number, or the number of queues for the domain.
    of: u16,
    /// It looks at what has happened of late.
    looks_back: bool,
    pub(crate) is_set: bool,
    /// Its rule is acting on those that waited as it set, and has come so far.
    pub(crate) sweep: Option<Sweep>,
    /// Of the next slice.
    pub(crate) sweep_ticket: Ticket,
    /// Of the instant at which what it looks at may be another, though nothing happens ...
    due: Ticket,
    /// ... and that instant, while there is a ticket.
    due_at: Timestamp,
    /// Places that calls have only while it is set, by arrival.
    pub(crate) helped: BTreeSet<(u64, u32, QueueId)>,
}

/// How far a rule has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sweep {
    /// The last call that it has acted on.
    pub(crate) after: Option<CallKey>,
    pub(crate) goes_on_at: Timestamp,
}

impl LatchState {
    /// How many deadlines it has set.
    pub(crate) fn deadlines(&self) -> usize {
        usize::from(self.due.is_set()) + usize::from(self.sweep_ticket.is_set())
    }
}

impl Latches {
    pub(crate) fn new(plan: &RoutingPlan) -> Self {
        let mut all = Vec::new();
        for (queue, planned) in plan.queues_with_ids() {
            for (rule, it) in (0..).zip(&planned.rules) {
                let Some(latch) = &it.when.latch else { continue };
                all.push(LatchState {
                    queue,
                    rule,
                    of: latch.of.map_or(plan.queues.len() as u16, |queue| queue.0),
                    looks_back: latch.gauges().any(Gauge::looks_back),
                    is_set: false,
                    sweep: None,
                    sweep_ticket: Ticket::NONE,
                    due: Ticket::NONE,
                    due_at: Timestamp(0),
                    helped: BTreeSet::new(),
                });
            }
        }
        let dirty = (0..all.len() as u32).collect();
        Self { all, dirty }
    }

    pub(crate) fn look_at_all(&mut self, latches: &[u32]) {
        self.dirty.extend(latches);
    }

    pub(crate) fn look_at_each(&mut self) {
        self.dirty.extend(0..self.all.len() as u32);
    }

    pub(crate) fn is_any_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Whether a rule may act on a call of this key for all that its latch says.
    pub(crate) fn lets(&self, latch: u32, key: Option<CallKey>) -> bool {
        let LatchState { is_set, sweep, .. } = &self.all[latch as usize];
        let passed = |sweep: &Sweep| key.is_some_and(|key| Some(key) <= sweep.after);
        *is_set && sweep.as_ref().is_none_or(passed)
    }
}

impl Router {
    fn latch(&self, latch: u32) -> &Latch {
        let LatchState { queue, rule, .. } = self.latches.all[latch as usize];
        let rule = &self.plan.queues[queue.index()].rules[usize::from(rule)];
        rule.when.latch.as_ref().expect("who has a latch has one in the plan")
    }

    /// Evaluates what has changed, then lets the rules act; whether anything was done.
    #[inline(never)]
    pub(crate) fn latches_act(&mut self, events: &mut Vec<Event>) -> bool {
        let mut changed = Vec::new();
        for latch in std::mem::take(&mut self.latches.dirty) {
            if self.latches.all[latch as usize].sweep.is_some() {
                self.latches.dirty.insert(latch);
                self.await_change(latch);
            } else if self.evaluate(latch, events) {
                changed.push(latch);
            }
        }
        let mut acted = false;
        for latch in changed {
            acted |= match self.latches.all[latch as usize].is_set {
                true => self.sweep(latch, events),
                false => self.is_cleared(latch, events),
            };
        }
        acted
    }

    /// What its rule has not done yet it does not do any more.
    fn is_cleared(&mut self, latch: u32, events: &mut Vec<Event>) -> bool {
        let LatchState { queue, rule, .. } = self.latches.all[latch as usize];
        if self.rules[queue.index()].rules[usize::from(rule)].looks_at_time() {
            for call in self.waiting_in(queue) {
                let place = self.place_in(call.slot, queue);
                place.into_iter().for_each(|place| self.set_rule_deadline(place));
            }
        }
        self.withdraw(latch, events)
    }

    /// Whether the latch has changed.
    fn evaluate(&mut self, latch: u32, events: &mut Vec<Event>) -> bool {
        let LatchState { queue, rule, of, looks_back, is_set, .. } =
            self.latches.all[latch as usize];
        let now = self.now;
        if looks_back {
            self.windows[usize::from(of)].pass(now);
        }
        let planned = self.latch(latch);
        let holds = |bound: &Bound| {
            let value = self.gauges.value(of, bound.gauge, &self.windows[usize::from(of)], now);
            if bound.at_least { value >= bound.value } else { value <= bound.value }
        };
        // Evaluated once more with the same measures, it stays as it is.
        let sets = planned.set.iter().all(&holds);
        let clears = match planned.clear.is_empty() {
            true => !sets,
            false => planned.clear.iter().all(&holds),
        };
        let changes = if is_set { clears } else { sets && !clears };
        let set = is_set != changes;
        self.latches.all[latch as usize].is_set = set;
        self.await_change(latch);
        if changes {
            let state = &mut self.latches.all[latch as usize];
            state.sweep = set.then_some(Sweep { after: None, goes_on_at: now });
            events.push(Event::LatchChanged { queue, rule, set });
        }
        changes
    }

    /// What a latch looks at for it to set, and how that is.
    pub(crate) fn looked_at(&self, now: Timestamp, latch: u32) -> Vec<Measured> {
        let of = self.latches.all[latch as usize].of;
        let mut window = self.windows[usize::from(of)].clone();
        window.pass(now);
        let value = |gauge| self.gauges.value(of, gauge, &window, now);
        let measured = |bound: &Bound| {
            let now = Some(value(bound.gauge)).filter(|value| *value < u64::MAX);
            Measured { bound: *bound, now }
        };
        self.latch(latch).set.iter().map(measured).collect()
    }

    /// Sets the deadline at which the latch may change though nothing happens: the longest wait will be
    /// long enough, or a half minute is over.
    fn await_change(&mut self, latch: u32) {
        let LatchState { of, looks_back, is_set, .. } = self.latches.all[latch as usize];
        let long_enough = if is_set { None } else { self.long_enough_at(latch, of) };
        let turns_at = match looks_back {
            true => {
                self.windows[usize::from(of)].pass(self.now);
                self.windows[usize::from(of)].turns_at()
            }
            false => None,
        };
        let due = long_enough.into_iter().chain(turns_at).min();
        let state = &mut self.latches.all[latch as usize];
        if due == state.due.is_set().then_some(state.due_at) {
            return;
        }
        self.deadlines.cancel(&mut state.due);
        if let Some(due) = due {
            state.due = self.deadlines.set(due, Deadline::LatchDue { latch });
            state.due_at = due;
        }
    }

    /// When the longest wait will be long enough for the latch to set, if it is not yet.
    fn long_enough_at(&self, latch: u32, of: u16) -> Option<Timestamp> {
        let bounds = self.latch(latch).set.iter();
        let waits = bounds.filter(|it| it.gauge == Gauge::LongestWait && it.at_least);
        let wait = waits.map(|bound| Span(bound.value)).max()?;
        let due = self.gauges.longest_since(of)? + wait;
        (due > self.now).then_some(due)
    }

    /// While the domain recovers nothing is evaluated.
    pub(crate) fn latches_rest(&mut self) {
        for state in &mut self.latches.all {
            self.deadlines.cancel(&mut state.due);
        }
    }

    /// Makes the deadlines again, and what follows from places.
    pub(crate) fn rebuild_latches(&mut self) {
        self.latches.look_at_each();
        for latch in 0..self.latches.all.len() as u32 {
            if self.phase == Phase::Normal {
                self.await_change(latch);
            }
            let state = &mut self.latches.all[latch as usize];
            if let Some(Sweep { after: Some(_), goes_on_at }) = state.sweep {
                let deadline = Deadline::SweepGoesOn { latch };
                state.sweep_ticket = self.deadlines.set(goes_on_at, deadline);
            }
        }
        let waits = self.calls.iter().flat_map(|call| {
            let slot = call.handle.slot;
            self.places_of(slot).map(move |place| (call.arrival, slot, place))
        });
        let helped: Vec<_> = waits
            .filter_map(|(arrival, slot, place)| {
                let at = &self.places[place];
                Some((at.by?, (arrival, slot, at.queue)))
            })
            .collect();
        for (latch, entry) in helped {
            self.latches.all[latch as usize].helped.insert(entry);
        }
    }

    /// What it looks at may be another now.
    pub(crate) fn latch_is_due(&mut self, latch: u32) {
        self.latches.all[latch as usize].due = Ticket::NONE;
        self.latches.dirty.insert(latch);
    }

    pub(crate) fn sweep_goes_on(&mut self, latch: u32, events: &mut Vec<Event>) {
        self.latches.all[latch as usize].sweep_ticket = Ticket::NONE;
        self.sweep(latch, events);
    }

    /// Lets the latch's rule act on the next slice; whether it did.
    fn sweep(&mut self, latch: u32, events: &mut Vec<Event>) -> bool {
        let LatchState { queue, rule, sweep, .. } = self.latches.all[latch as usize];
        let after = sweep.and_then(|sweep| sweep.after);
        let slice = self.waiting_after(queue, after, SLICE);
        let last = slice.last().map(|(key, _)| *key).filter(|_| slice.len() == SLICE);
        let goes_on_at = self.now + BETWEEN_SLICES;
        let state = &mut self.latches.all[latch as usize];
        state.sweep = last.map(|key| Sweep { after: Some(key), goes_on_at });
        if last.is_some() {
            let deadline = Deadline::SweepGoesOn { latch };
            state.sweep_ticket = self.deadlines.set(goes_on_at, deadline);
        }
        let mut acted = false;
        for (_, call) in slice {
            acted |= self.rule_acts_if_due(call, queue, rule, events);
        }
        acted
    }

    /// The calls that wait in a queue, in key order.
    pub(crate) fn waiting_in(&self, queue: QueueId) -> Vec<CallHandle> {
        self.waiting_after(queue, None, usize::MAX).into_iter().map(|(_, call)| call).collect()
    }

    /// The first calls that wait in a queue behind one, at most so many.
    fn waiting_after(
        &self,
        queue: QueueId,
        after: Option<CallKey>,
        most: usize,
    ) -> Vec<(CallKey, CallHandle)> {
        let lines = &self.lines;
        let next = |line: u32, after: Option<CallKey>| {
            let set = &lines.lines[line as usize].set;
            match after {
                None => set.first(),
                Some(after) => lines.arena.after(set, after),
            }
        };
        let mut heads: BTreeSet<(CallKey, u32, u32)> = lines
            .of_queue(queue)
            .filter_map(|line| next(line, after).map(|(key, place)| (key, line, place)))
            .collect();
        let mut slice = Vec::new();
        while let Some((key, line, place)) = heads.pop_first() {
            slice.push((key, self.calls[self.places[place].slot].handle));
            if slice.len() == most {
                break;
            }
            heads.extend(next(line, Some(key)).map(|(key, place)| (key, line, place)));
        }
        slice
    }

    /// Takes back the places that calls have only while the latch is set; whether there were some.
    /// Who is being offered through such a place keeps it, and so does who stands nowhere else.
    fn withdraw(&mut self, latch: u32, events: &mut Vec<Event>) -> bool {
        let mut acted = false;
        for (_, slot, queue) in std::mem::take(&mut self.latches.all[latch as usize].helped) {
            let Some(place) = self.place_in(slot, queue) else { continue };
            self.places[place].by = None;
            let in_hand = self.hands_of(slot).any(|hand| self.hands[hand].queue == queue);
            if !in_hand && self.places_of(slot).nth(1).is_some() {
                self.leave_queue(place, LeftCause::Withdrawn, events);
                acted = true;
            }
        }
        acted
    }

    /// A call waits in a queue only while a latch is set.
    pub(crate) fn place_is_help(&mut self, place: u32, latch: u32) {
        let at = &mut self.places[place];
        at.by = Some(latch);
        let entry = (self.calls[at.slot].arrival, at.slot, at.queue);
        self.latches.all[latch as usize].helped.insert(entry);
    }

    /// The place is given up.
    pub(crate) fn place_helps_no_more(&mut self, place: u32) {
        let at = &mut self.places[place];
        if let Some(latch) = at.by.take() {
            let entry = (self.calls[at.slot].arrival, at.slot, at.queue);
            self.latches.all[latch as usize].helped.remove(&entry);
        }
    }
}
