//! Queues that supervisors have closed to new calls, or opened, for good or until an instant.

use crate::deadlines::{Deadline, Ticket};
use crate::event::Event;
use crate::ids::{QueueId, Timestamp};
use crate::plan::Admission;
use crate::recovery::Phase;
use crate::rejection::Rejection;
use crate::router::Router;

/// Whether a queue takes new calls, as far as its rules look at that.
#[derive(Clone, Debug)]
pub(crate) struct Closing {
    pub(crate) closed: bool,
    /// When it turns by itself; none if it does not.
    pub(crate) until: Option<Timestamp>,
    /// Of that.
    pub(crate) ticket: Ticket,
}

impl Closing {
    pub(crate) const OPEN: Self = Self { closed: false, until: None, ticket: Ticket::NONE };
}

impl Router {
    /// What was said before does not count any more.
    pub(crate) fn set_closed(
        &mut self,
        queue: QueueId,
        closed: bool,
        until: Option<Timestamp>,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        self.known_queue(queue)?;
        if until.is_some_and(|until| until <= self.now) {
            return Err(Rejection::UntilNotAhead);
        }
        if until > Some(Timestamp::LATEST) {
            return Err(Rejection::TimeTooLate);
        }
        let known = &mut self.closings[queue.index()];
        if (known.closed, known.until) != (closed, until) {
            self.deadlines.cancel(&mut known.ticket);
            self.queue_turns(queue, closed, until, events);
        }
        Ok(())
    }

    /// The queue has been as a supervisor wanted it for as long as he wanted.
    pub(crate) fn closing_ran_out(&mut self, queue: QueueId, events: &mut Vec<Event>) {
        let known = &mut self.closings[queue.index()];
        known.ticket = Ticket::NONE;
        let closed = !known.closed;
        self.queue_turns(queue, closed, None, events);
    }

    /// Calls that wait in a queue that closes are served on, unless its rules are to act on them too.
    fn queue_turns(
        &mut self,
        queue: QueueId,
        closed: bool,
        until: Option<Timestamp>,
        events: &mut Vec<Event>,
    ) {
        let known = &mut self.closings[queue.index()];
        let was_closed = std::mem::replace(&mut known.closed, closed);
        known.until = until;
        self.set_closing_deadline(queue);
        events.push(Event::QueueClosed { queue, closed, until });
        let ends_waits = self.plan.queues[queue.index()].closing_ends_waits;
        if closed && !was_closed && ends_waits && self.phase != Phase::Recovering {
            self.closing_ends_waits(queue, events);
        }
    }

    pub(crate) fn set_closing_deadline(&mut self, queue: QueueId) {
        let known = &mut self.closings[queue.index()];
        let set = |until| self.deadlines.set(until, Deadline::QueueTurns { queue });
        known.ticket = known.until.map_or(Ticket::NONE, set);
    }

    fn closing_ends_waits(&mut self, queue: QueueId, events: &mut Vec<Event>) {
        for call in self.waiting_in(queue) {
            for rule in 0..self.rules[queue.index()].rules.len() as u16 {
                let facts = &self.rules[queue.index()].rules[usize::from(rule)];
                let on_closing = Admission { of: Some(queue), closed: true, calls_in_system: None };
                let Some(place) = self.waiting_place(call, queue) else { break };
                let fired = self.places[place].fired & (1 << rule) != 0;
                let is_for = facts.is_for(&self.calls[call.slot]);
                if facts.admission == Some(on_closing) && is_for && !fired {
                    self.has_fired(place, rule);
                    self.rule_acts(self.stay_at(place), rule, events);
                }
            }
        }
    }
}
