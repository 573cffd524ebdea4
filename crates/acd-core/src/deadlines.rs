//! What happens by the passing of time: two indexed four-way heaps of deadlines.
//!
//! Deadlines fire in (instant, kind, id) order; the variants below stand in the order of kinds, and
//! their first fields are the ids. Setting a deadline later than all others costs one comparison.
//! What all who wait have, and mostly for long, is kept apart from the rest: an offer is among the
//! first to fall due and seldom does, and need not go through all that wait for that.

use crate::ids::{AdapterId, AgentId, OfferNumber, QueueId, Timestamp};
use crate::slab::make_room;

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
    /// What a latch looks at may be another, though nothing happens. In the same way.
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

    /// Whether every call that waits may have one.
    const fn is_of_waits(self) -> bool {
        matches!(self, Self::Rule { .. } | Self::DelayEnds { .. })
    }
}

/// Takes a deadline back: its number in its heap, and in the lowest bit which heap that is.
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
    of_waits: Heap,
    others: Heap,
}

#[derive(Debug, Default)]
struct Heap {
    entries: Vec<Entry>,
    /// By number: the place in the heap, or whatever it was last.
    places: Vec<u32>,
    /// Numbers to be used again.
    free: Vec<u32>,
}

type Entry = (Timestamp, Deadline, u32);

impl Deadlines {
    pub(crate) fn set(&mut self, at: Timestamp, deadline: Deadline) -> Ticket {
        match deadline.is_of_waits() {
            true => Ticket(self.of_waits.insert(at, deadline) << 1 | 1),
            false => Ticket(self.others.insert(at, deadline) << 1),
        }
    }

    /// Takes a deadline back, if it is set, and marks the ticket as used up.
    pub(crate) fn cancel(&mut self, ticket: &mut Ticket) {
        if ticket.is_set() {
            let heap = if ticket.0 & 1 == 1 { &mut self.of_waits } else { &mut self.others };
            heap.take(heap.places[(ticket.0 >> 1) as usize] as usize);
            *ticket = Ticket::NONE;
        }
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        let firsts = self.of_waits.entries.first().into_iter().chain(self.others.entries.first());
        firsts.map(|(at, _, _)| *at).min()
    }

    /// Takes out the first deadline that is due at or before `now`. Its holder must drop the
    /// ticket.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, Deadline)> {
        let Self { of_waits, others } = self;
        let heap = match (of_waits.entries.first(), others.entries.first()) {
            (Some(wait), Some(other)) if before(wait, other) => of_waits,
            (Some(_), None) => of_waits,
            (_, _) => others,
        };
        let (at, deadline, _) = *heap.entries.first()?;
        if at > now {
            return None;
        }
        heap.take(0);
        Some((at, deadline))
    }

    /// All deadlines that are set, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Timestamp, Deadline)> + '_ {
        let all = self.of_waits.entries.iter().chain(&self.others.entries);
        all.map(|(at, deadline, _)| (*at, *deadline))
    }
}

impl Heap {
    /// Its number.
    fn insert(&mut self, at: Timestamp, deadline: Deadline) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            make_room(&mut self.places, 1);
            self.places.push(0);
            (self.places.len() - 1) as u32
        });
        make_room(&mut self.entries, 1);
        self.entries.push((at, deadline, number));
        self.rise(self.entries.len() - 1);
        number
    }

    fn take(&mut self, place: usize) {
        let (_, _, number) = self.entries.swap_remove(place);
        make_room(&mut self.free, 1);
        self.free.push(number);
        if place < self.entries.len() && self.rise(place) == place {
            self.sink(place);
        }
    }

    fn rise(&mut self, mut place: usize) -> usize {
        let entry = self.entries[place];
        while place > 0 {
            let parent = (place - 1) / WAYS;
            if before(&self.entries[parent], &entry) {
                break;
            }
            self.put(place, self.entries[parent]);
            place = parent;
        }
        self.put(place, entry);
        place
    }

    fn sink(&mut self, mut place: usize) {
        let entry = self.entries[place];
        loop {
            let first = place * WAYS + 1;
            let last = (first + WAYS).min(self.entries.len());
            let Some(least) = (first..last).reduce(|least, child| {
                if before(&self.entries[child], &self.entries[least]) { child } else { least }
            }) else {
                break;
            };
            if before(&entry, &self.entries[least]) {
                break;
            }
            self.put(place, self.entries[least]);
            place = least;
        }
        self.put(place, entry);
    }

    fn put(&mut self, place: usize, entry: Entry) {
        self.places[entry.2 as usize] = place as u32;
        self.entries[place] = entry;
    }
}

/// By instant, kind and id; the number plays no part.
fn before(a: &Entry, b: &Entry) -> bool {
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
                let rule = Deadline::Rule { arrival: number as u64, queue: QueueId(0), slot: 0 };
                let ring = Deadline::RingEnds { offer, slot: 0 };
                let deadline = if number % 3 == 0 { rule } else { ring };
                tickets.push((Timestamp(at), deadline, deadlines.set(Timestamp(at), deadline)));
                expected.insert((Timestamp(at), deadline), deadline);
                if cancel {
                    let (at, deadline, mut ticket) = tickets.swap_remove(number % tickets.len());
                    deadlines.cancel(&mut ticket);
                    deadlines.cancel(&mut ticket);
                    expected.remove(&(at, deadline));
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
