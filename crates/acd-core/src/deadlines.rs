//! What happens by the passing of time: lanes of deadlines, and a four-way heap of their first ones.
//!
//! Deadlines fire in (instant, kind, id) order; the variants below stand in the order of kinds, and
//! their first fields are the ids. Most are a fixed time after the present, the same for all of their
//! kind, so that each falls due after the former one: these stand in a lane, where coming and going
//! costs no search, and only the first of it in the heap. Whatever is out of order stands there by
//! itself.

use crate::ids::{AdapterId, AgentId, OfferNumber, QueueId, SkillId, Timestamp};
use crate::plan::{DELAYS_MAX, RULES_MAX};
use crate::slab::{NONE, make_room};

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
    /// A queue closes, or opens again, as a supervisor has said.
    QueueTurns { queue: QueueId },
    /// A skill that an agent was given, or that was taken from him, is as planned again.
    SkillTurns { agent: AgentId, skill: SkillId },
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
                | Self::SkillTurns { .. }
        )
    }
}

/// Takes a deadline back: its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u32);

impl Ticket {
    pub(crate) const NONE: Self = Self(NONE);

    pub(crate) fn is_set(self) -> bool {
        self != Self::NONE
    }
}

/// Deadlines that are mostly set in the order in which they fall due, since each is as long after
/// the present as the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lane(u32);

impl Lane {
    /// For what is in no order.
    pub(crate) const NONE: Self = Self(NONE);
    pub(crate) const CONNECTS: Self = Self(0);
    pub(crate) const EXCLUSIONS: Self = Self(1);
    const FIRST_OF_QUEUES: u32 = 2;
    const OF_A_QUEUE: u32 = 2 + (RULES_MAX + DELAYS_MAX) as u32;

    pub(crate) fn rings(queue: QueueId) -> Self {
        Self::of(queue, 0)
    }

    pub(crate) fn wrap_ups(queue: QueueId) -> Self {
        Self::of(queue, 1)
    }

    pub(crate) fn rule(queue: QueueId, rule: u16) -> Self {
        Self::of(queue, 2 + u32::from(rule))
    }

    pub(crate) fn delay(queue: QueueId, stage: u8) -> Self {
        Self::of(queue, 2 + RULES_MAX as u32 + u32::from(stage))
    }

    fn of(queue: QueueId, nth: u32) -> Self {
        Self(Self::FIRST_OF_QUEUES + u32::from(queue.0) * Self::OF_A_QUEUE + nth)
    }
}

const WAYS: usize = 4;
/// The place of what does not stand in the heap.
const IN_LANE: u32 = NONE;

#[derive(Debug)]
pub(crate) struct Deadlines {
    /// A heap of the first of each lane, and of whatever is in none: instant and number. What is
    /// compared stands close together, so that a step down the heap reads little.
    heap: Vec<(Timestamp, u32)>,
    /// By number.
    held: Vec<Held>,
    /// A number to be used again, the first of a chain.
    free: u32,
    /// By lane: the number of the last.
    lasts: Vec<u32>,
}

#[derive(Debug)]
struct Held {
    deadline: Deadline,
    at: Timestamp,
    /// In the heap.
    place: u32,
    lane: u32,
    /// Of its lane.
    previous: u32,
    /// Of its lane; of a number that is free, the next one in the chain.
    next: u32,
}

impl Deadlines {
    /// None is set.
    pub(crate) const EMPTY: Self =
        Self { heap: Vec::new(), held: Vec::new(), free: NONE, lasts: Vec::new() };

    /// Sets one that stands in no lane.
    pub(crate) fn set(&mut self, at: Timestamp, deadline: Deadline) -> Ticket {
        self.set_in(Lane::NONE, at, deadline)
    }

    /// Sets one that probably falls due after all others of its lane; it need not.
    pub(crate) fn set_in(&mut self, lane: Lane, at: Timestamp, deadline: Deadline) -> Ticket {
        let mut held =
            Held { deadline, at, place: IN_LANE, lane: NONE, previous: NONE, next: NONE };
        if lane != Lane::NONE {
            let last = self.last_of(lane);
            let is_later = |last: &Held| (last.at, &last.deadline) < (at, &deadline);
            if last == NONE || is_later(&self.held[last as usize]) {
                (held.lane, held.previous) = (lane.0, last);
            }
        }
        let Held { lane, previous, .. } = held;
        let number = self.hold(held);
        if lane != NONE {
            self.lasts[lane as usize] = number;
        }
        if previous == NONE {
            make_room(&mut self.heap, 1);
            self.heap.push((at, number));
            self.rise(self.heap.len() - 1);
        } else {
            self.held[previous as usize].next = number;
        }
        Ticket(number)
    }

    /// Takes a deadline back, if it is set, and marks the ticket as used up.
    pub(crate) fn cancel(&mut self, ticket: &mut Ticket) {
        if ticket.is_set() {
            self.take(ticket.0);
            *ticket = Ticket::NONE;
        }
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.heap.first().map(|(at, _)| *at)
    }

    /// Takes out the first deadline that is due at or before `now`. Its holder must drop the
    /// ticket.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, Deadline)> {
        let (at, number) = *self.heap.first().filter(|(at, _)| *at <= now)?;
        let deadline = self.held[number as usize].deadline;
        self.take(number);
        Some((at, deadline))
    }

    /// All deadlines that are set, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Timestamp, Deadline)> + '_ {
        let of_lane = |(_, first): &(Timestamp, u32)| {
            std::iter::successors(Some(*first), |number| {
                Some(self.held[*number as usize].next).filter(|next| *next != NONE)
            })
        };
        let held = self.heap.iter().flat_map(of_lane).map(|number| &self.held[number as usize]);
        held.map(|held| (held.at, held.deadline))
    }

    fn last_of(&mut self, lane: Lane) -> u32 {
        let lane = lane.0 as usize;
        if lane >= self.lasts.len() {
            self.lasts.resize(lane + 1, NONE);
        }
        self.lasts[lane]
    }

    /// Gives it a number.
    fn hold(&mut self, held: Held) -> u32 {
        let number = self.free;
        if number == NONE {
            make_room(&mut self.held, 1);
            self.held.push(held);
            return (self.held.len() - 1) as u32;
        }
        self.free = self.held[number as usize].next;
        self.held[number as usize] = held;
        number
    }

    fn take(&mut self, number: u32) {
        let Held { place, lane, previous, next, .. } = self.held[number as usize];
        (self.held[number as usize].next, self.free) = (self.free, number);
        if next != NONE {
            self.held[next as usize].previous = previous;
        } else if lane != NONE {
            self.lasts[lane as usize] = previous;
        }
        if previous != NONE {
            self.held[previous as usize].next = next;
        } else if next != NONE {
            self.heap[place as usize] = (self.held[next as usize].at, next);
            self.sink(place as usize);
        } else {
            self.heap.swap_remove(place as usize);
            let place = place as usize;
            if place < self.heap.len() && self.rise(place) == place {
                self.sink(place);
            }
        }
    }

    fn rise(&mut self, mut place: usize) -> usize {
        let entry = self.heap[place];
        while place > 0 {
            let parent = (place - 1) / WAYS;
            if self.comes_before(self.heap[parent], entry) {
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
            let children = first..(first + WAYS).min(self.heap.len());
            let one_of = |child: usize| (self.heap[child], child);
            let earlier = |least: ((Timestamp, u32), usize), child: ((Timestamp, u32), usize)| {
                let is_less = self.comes_before(child.0, least.0);
                // Which of them it is cannot be guessed: both are at hand, and one is selected.
                std::hint::select_unpredictable(is_less, child, least)
            };
            let Some((least, child)) = children.map(one_of).reduce(earlier) else { break };
            if self.comes_before(entry, least) {
                break;
            }
            self.put(place, least);
            place = child;
        }
        self.put(place, entry);
    }

    fn put(&mut self, place: usize, entry: (Timestamp, u32)) {
        self.held[entry.1 as usize].place = place as u32;
        self.heap[place] = entry;
    }

    /// By instant, kind and id; the number plays no part.
    fn comes_before(&self, (at, one): (Timestamp, u32), (later, other): (Timestamp, u32)) -> bool {
        let deadline = |number: u32| &self.held[number as usize].deadline;
        at < later || at == later && deadline(one) < deadline(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Whatever is set and cancelled while time passes, what is left fires in order.
        #[test]
        fn fires_in_order(
            steps in proptest::collection::vec((0_u64..50, any::<bool>(), any::<bool>()), 0..300),
        ) {
            let (mut deadlines, mut now) = (Deadlines::EMPTY, 0);
            let (mut expected, mut tickets) = (BTreeSet::new(), Vec::new());
            for (number, (ahead, cancels, passes)) in steps.into_iter().enumerate() {
                let offer = OfferNumber(number as u64);
                let rule = Deadline::Rule { arrival: number as u64, queue: QueueId(0), slot: 0 };
                let ring = Deadline::RingEnds { offer, slot: 0 };
                let deadline = if number % 3 == 0 { rule } else { ring };
                // In a lane they mostly come in order.
                let lane = [Lane::NONE, Lane::rings(QueueId(0)), Lane::CONNECTS][number % 5 % 3];
                let in_order = lane != Lane::NONE && number % 7 > 0;
                let at = Timestamp(now + if in_order { 30 } else { ahead });
                tickets.push((at, deadline, deadlines.set_in(lane, at, deadline)));
                expected.insert((at, deadline));
                if cancels && !tickets.is_empty() {
                    let (at, deadline, mut ticket) = tickets.swap_remove(number % tickets.len());
                    deadlines.cancel(&mut ticket);
                    deadlines.cancel(&mut ticket);
                    expected.remove(&(at, deadline));
                }
                now += if passes { ahead / 8 } else { 0 };
                while let Some(fired) = deadlines.pop_due(Timestamp(now)) {
                    prop_assert_eq!(expected.pop_first(), Some(fired));
                }
                tickets.retain(|(at, ..)| *at > Timestamp(now));
                prop_assert_eq!(deadlines.next(), expected.first().map(|(at, _)| *at));
                let all: BTreeSet<_> = deadlines.iter().collect();
                prop_assert_eq!((&all, deadlines.iter().count()), (&expected, expected.len()));
            }
        }
    }
    /// Two kinds in one lane would come out of order, and each of them cost a search.
    #[test]
    fn each_kind_of_each_queue_has_a_lane_of_its_own() {
        let mut lanes = vec![Lane::CONNECTS, Lane::EXCLUSIONS];
        for queue in [0, 1, 2].map(QueueId) {
            lanes.extend([Lane::rings(queue), Lane::wrap_ups(queue)]);
            lanes.extend((0..RULES_MAX as u16).map(|rule| Lane::rule(queue, rule)));
            lanes.extend((0..DELAYS_MAX as u8).map(|stage| Lane::delay(queue, stage)));
        }
        lanes.sort_unstable_by_key(|lane| lane.0);
        // Without a gap: each lane costs room, whether anything stands there or not.
        assert!(lanes.iter().map(|lane| lane.0).eq(0..lanes.len() as u32));
    }

    /// What is set in order stands behind the first, outside the heap, so that to set and to take it
    /// back costs no search; once the first has gone, the next stands there.
    #[test]
    fn only_the_first_of_a_lane_stands_in_the_heap() {
        let mut deadlines = Deadlines::EMPTY;
        let ring = |offer: u64| Deadline::RingEnds { offer: OfferNumber(offer), slot: 0 };
        let lane = Lane::rings(QueueId(0));
        let mut tickets: Vec<Ticket> =
            (0..10).map(|at| deadlines.set_in(lane, Timestamp(at), ring(at))).collect();
        assert_eq!(deadlines.heap.len(), 1);
        // One that falls due too early for its place stands by itself.
        deadlines.set_in(lane, Timestamp(3), ring(20));
        assert_eq!(deadlines.heap.len(), 2);
        for at in [0, 5, 9] {
            deadlines.cancel(&mut tickets[at]);
        }
        assert_eq!(deadlines.heap.len(), 2);
        deadlines.set_in(lane, Timestamp(9), ring(30));
        assert_eq!(deadlines.heap.len(), 2, "behind the last that is left");
        let mut fired = Vec::new();
        while let Some((at, deadline)) = deadlines.pop_due(Timestamp(100)) {
            fired.push((at.0, deadline));
        }
        let kept = [1, 2, 3].map(|at| (at, ring(at))).into_iter().chain([(3, ring(20))]);
        let kept = kept.chain([4, 6, 7, 8].map(|at| (at, ring(at)))).chain([(9, ring(30))]);
        assert_eq!(fired, kept.collect::<Vec<_>>());
    }
}
