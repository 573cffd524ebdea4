//! What happens by the passing of time: an indexed four-way heap of deadlines.
//!
//! Deadlines fire in (instant, kind, id) order; the variants below stand in the order of kinds, and
//! their first fields are the ids. Setting a deadline later than all others costs one comparison.

use crate::ids::{AdapterId, AgentId, OfferNumber, QueueId, Timestamp};

/// What falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deadline {
    /// An agent may be offered a call again that he did not take. First, and without a match of its
    /// own: what ends at an instant has ended for all that happens at it.
    ExclusionEnds { arrival: u64, agent: AgentId, slot: u32 },
    /// A call has waited long enough for agents who take calls of a queue only later. In the same
    /// way.
    DelayEnds { arrival: u64, queue: QueueId, slot: u32 },
    /// A call has waited long enough for one agent, and is anybody's. In the same way.
    AffinityEnds { arrival: u64, slot: u32 },
    /// The longest wait that a latch looks at may be long enough. In the same way.
    LatchDue { latch: u32 },
    /// A rule acts on more of the calls that waited as its latch set.
    SweepGoesOn { latch: u32 },
    /// The next rule of a call's stay in a queue. Before the others, so that rules act before the
    /// match of their instant.
    Rule { arrival: u64, queue: QueueId, slot: u32 },
    /// The adapter has not bridged in time.
    ConnectEnds { arrival: u64, slot: u32 },
    /// An offer rang out.
    RingEnds { offer: OfferNumber, slot: u32 },
    /// Wrap-up is over.
    WrapUpEnds { agent: AgentId, slot: u8 },
    /// An adapter has had its time to say what it holds.
    GraceEnds { adapter: AdapterId },
}

impl Deadline {
    /// Whether what follows from it is matched with whatever else falls due at its instant.
    pub(crate) const fn only_lets(self) -> bool {
        matches!(
            self,
            Self::ExclusionEnds { .. }
                | Self::DelayEnds { .. }
                | Self::AffinityEnds { .. }
                | Self::LatchDue { .. }
        )
    }
}

/// Takes a deadline back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u32);

impl Ticket {
    pub(crate) const NONE: Self = Self(u32::MAX);

    pub(crate) fn is_set(self) -> bool {
        self != Self::NONE
    }
}

const WAYS: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    heap: Vec<(Timestamp, Deadline, u32)>,
    /// By ticket: the place in the heap, or the next free ticket.
    tickets: Vec<u32>,
    free: Vec<u32>,
}

impl Deadlines {
    pub(crate) fn set(&mut self, at: Timestamp, deadline: Deadline) -> Ticket {
        let ticket = self.free.pop().unwrap_or_else(|| {
            self.tickets.push(0);
            (self.tickets.len() - 1) as u32
        });
        self.heap.push((at, deadline, ticket));
        self.rise(self.heap.len() - 1);
        Ticket(ticket)
    }

    /// Takes a deadline back, if it is set, and marks the ticket as used up.
    pub(crate) fn cancel(&mut self, ticket: &mut Ticket) {
        if ticket.is_set() {
            let place = self.tickets[ticket.0 as usize] as usize;
            self.take(place);
            *ticket = Ticket::NONE;
        }
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.heap.first().map(|(at, _, _)| *at)
    }

    /// Takes out the first deadline that is due at or before `now`. Its holder must drop the
    /// ticket.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, Deadline)> {
        let (at, deadline, _) = *self.heap.first()?;
        if at > now {
            return None;
        }
        self.take(0);
        Some((at, deadline))
    }

    /// All deadlines that are set, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Timestamp, Deadline)> + '_ {
        self.heap.iter().map(|(at, deadline, _)| (*at, *deadline))
    }

    fn take(&mut self, place: usize) {
        let (_, _, ticket) = self.heap.swap_remove(place);
        self.free.push(ticket);
        if place < self.heap.len() {
            let settled = self.rise(place);
            self.sink(settled);
        }
    }

    fn rise(&mut self, mut place: usize) -> usize {
        let entry = self.heap[place];
        while place > 0 {
            let parent = (place - 1) / WAYS;
            if before(&self.heap[parent], &entry) {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, entry);
        place
    }

    fn sink(&mut self, mut place: usize) {
        let entry = self.heap[place];
        loop {
            let first = place * WAYS + 1;
            let last = (first + WAYS).min(self.heap.len());
            let Some(least) = (first..last).reduce(|least, child| {
                if before(&self.heap[child], &self.heap[least]) { child } else { least }
            }) else {
                break;
            };
            if before(&entry, &self.heap[least]) {
                break;
            }
            self.put(place, self.heap[least]);
            place = least;
        }
        self.put(place, entry);
    }

    fn put(&mut self, place: usize, entry: (Timestamp, Deadline, u32)) {
        self.tickets[entry.2 as usize] = place as u32;
        self.heap[place] = entry;
    }
}

/// By instant, kind and id; the ticket plays no part.
fn before(a: &(Timestamp, Deadline, u32), b: &(Timestamp, Deadline, u32)) -> bool {
    (a.0, &a.1) < (b.0, &b.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Whatever is set and cancelled, what is left fires in order.
        #[test]
        fn fires_in_order(steps in proptest::collection::vec((0_u64..50, any::<bool>()), 0..300)) {
            let mut deadlines = Deadlines::default();
            let mut expected = BTreeMap::new();
            let mut tickets = Vec::new();
            for (number, (at, cancel)) in steps.into_iter().enumerate() {
                let offer = OfferNumber(number as u64);
                let deadline = Deadline::RingEnds { offer, slot: 0 };
                tickets.push((Timestamp(at), offer, deadlines.set(Timestamp(at), deadline)));
                expected.insert((Timestamp(at), offer), deadline);
                if cancel {
                    let (at, offer, mut ticket) = tickets.swap_remove(number % tickets.len());
                    deadlines.cancel(&mut ticket);
                    deadlines.cancel(&mut ticket);
                    expected.remove(&(at, offer));
                }
                prop_assert_eq!(deadlines.next(), expected.keys().next().map(|(at, _)| *at));
            }
            let mut fired = Vec::new();
            while let Some((at, deadline)) = deadlines.pop_due(Timestamp(100)) {
                fired.push((at, deadline));
            }
            let wanted: Vec<_> = expected.into_iter().map(|((at, _), deadline)| (at, deadline)).collect();
            prop_assert_eq!(fired, wanted);
        }
    }
}
