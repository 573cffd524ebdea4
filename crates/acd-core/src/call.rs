//! What the Router knows of a call: its state, its places, who holds it, whom it skips.

use crate::command::CallEntry;
use crate::deadlines::Ticket;
use crate::ids::{
    AdapterId, AgentId, CallHandle, CallerKey, DemandId, ExtraId, OfferNumber, Priority, QueueId,
    Span, Timestamp,
};
use crate::in_line::Stand;
use crate::pace::Foreseen;
use crate::plan::{Channel, Order};
use crate::slab::{NONE, make_room};
use std::cmp::Ordering;

/// The most calls that may live at once; a handle's slot is below it.
pub const CALLS_MAX: u32 = 1 << 20;
/// The most queues that a call may stand in at once.
pub const PLACES_MAX: usize = 8;
/// The most moves from queue to queue in a call's life.
pub const MOVES_MAX: u8 = 16;
/// The most agents that a call skips at once; one more ends the earliest exclusion.
pub const EXCLUSIONS_MAX: usize = 16;

/// Where waiting calls stand to each other: less is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallKey {
    /// Tier and score in one number: a tree of calls is walked by it.
    pub(crate) standing: u64,
    /// Earlier arrivals first.
    pub(crate) arrival: u64,
}

impl Ord for CallKey {
    // Both parts at once: trees of calls are walked by it, and which way is not to be guessed.
    fn cmp(&self, other: &Self) -> Ordering {
        let both = |key: &Self| u128::from(key.standing) << 64 | u128::from(key.arrival);
        both(self).cmp(&both(other))
    }
}

impl PartialOrd for CallKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A score takes so many bits of a standing, ...
const SCORE_BITS: u32 = 59;
/// ... and counts from so far before the epoch, since credit may put it before that.
const SCORE_BIAS: i64 = 1 << (SCORE_BITS - 1);
const _: () = assert!(
    Timestamp::LATEST.0 + 2 * Span::LONGEST.0 < 1 << (SCORE_BITS - 1),
    "whatever a call counts as waiting since, or is due at, has its standing"
);

impl CallKey {
    /// `tier` is the coarse rank, at most 19: emergencies, then whatever the order puts before age.
    /// `score` is the instant since which the call counts as waiting, in microseconds, credit
    /// included.
    fn new(tier: u8, score: i64, arrival: u64) -> Self {
        let score = score.clamp(-SCORE_BIAS, SCORE_BIAS - 1) + SCORE_BIAS;
        Self { standing: u64::from(tier) << SCORE_BITS | score as u64, arrival }
    }

    pub(crate) const fn tier(self) -> u8 {
        (self.standing >> SCORE_BITS) as u8
    }

    /// Whether the call comes before all others, whoever takes it.
    pub(crate) const fn is_emergency(self) -> bool {
        self.tier() < 2
    }

    /// The part of the tier that is not about a lost leg: less is more urgent.
    pub(crate) const fn urgency(self) -> u8 {
        self.tier() / 2
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallState {
    Waiting,
    Offering,
    Connecting,
    Connected,
    Held,
}

impl CallState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offering => "offering",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Held => "held",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) handle: CallHandle,
    pub(crate) adapter: AdapterId,
    pub(crate) channel: Channel,
    pub(crate) arrival: u64,
    pub(crate) priority: Priority,
    /// What it asks for besides what its queues do.
    pub(crate) extra: Option<ExtraId>,
    pub(crate) state: CallState,
    /// Since when it is in that state.
    pub(crate) stage_since: Timestamp,
    /// When it began to wait for the first time.
    pub(crate) arrived_at: Timestamp,
    /// Its age is the time since this instant, while it waits, rings or connects.
    pub(crate) age_from: Timestamp,
    /// Its age while it is connected.
    pub(crate) age_kept: Span,
    /// The shortest time within which one of its queues promises an answer; where the order looks at
    /// it.
    pub(crate) target: Span,
    /// It lost its agent's leg: first of its priority until connected.
    pub(crate) first: bool,
    /// Who calls, if that is known.
    pub(crate) caller: Option<CallerKey>,
    /// The agent whom it waits for, and nobody else may take it.
    pub(crate) awaits: Option<Awaits>,
    pub(crate) moves: u8,
    /// It counts among those who wait.
    pub(crate) counted: bool,
    /// Counts the places it has ever taken.
    pub(crate) joins: u16,
    /// Its places in the order it joined them, a chain in `Router::places`.
    pub(crate) places: u32,
    /// Whom it skips, a chain in `Router::exclusions`.
    pub(crate) exclusions: u32,
    /// The agents whom it is offered to, or who has it, a chain in `Router::hands`; empty only in
    /// `Waiting`, and longer than one only in `Offering`.
    pub(crate) hands: u32,
    /// The queues that it both entered and left at `left_at`, the latest first, a chain in
    /// `Router::left`.
    pub(crate) left_at: Timestamp,
    pub(crate) left: u32,
}

/// Whom a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Awaits {
    pub(crate) agent: AgentId,
    pub(crate) until: Timestamp,
    /// Of the end.
    pub(crate) ticket: Ticket,
}

/// An agent's hold on a call, from offer to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hand {
    /// The call's slot.
    pub(crate) call: u32,
    pub(crate) offer: OfferNumber,
    pub(crate) agent: AgentId,
    pub(crate) slot: u8,
    pub(crate) queue: QueueId,
    pub(crate) rung_by: AdapterId,
    /// When the offer rings out or the bridge must stand.
    pub(crate) until: Timestamp,
    /// Of that.
    pub(crate) ticket: Ticket,
    /// Neighbours among the live offers that the same adapter rings.
    pub(crate) previous: u32,
    pub(crate) next: u32,
    /// The next one of the same call.
    pub(crate) sibling: u32,
}

#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) slot: u32,
    pub(crate) queue: QueueId,
    /// What the queue, or a rule of it, makes the call ask for.
    pub(crate) base: DemandId,
    /// The same with the call's extra.
    pub(crate) demand: DemandId,
    /// Where it stands under its call's key, while the call is `Waiting`; else `NONE`.
    pub(crate) line: u32,
    /// Since when it counts as being there: earlier than `taken` for a call heard of late.
    pub(crate) entered: Timestamp,
    pub(crate) taken: Timestamp,
    /// The call has stood in line there, and not only passed through it.
    pub(crate) stood: bool,
    /// For how long it would wait, as was said when it took the place; none if nobody worked there.
    pub(crate) foreseen: Option<Foreseen>,
    /// Which of its call's places it is, over all that the call ever took.
    pub(crate) joined: u16,
    /// Rules of the queue that have fired, a bit each.
    pub(crate) fired: u64,
    /// When those fire again that repeat, a chain in `Router::repeats`.
    pub(crate) repeats: u32,
    /// The latch whose rule lets the call wait here while it is set.
    pub(crate) by: Option<u32>,
    /// It counts among those who wait.
    pub(crate) counted: bool,
    /// Of the next rule.
    pub(crate) ticket: Ticket,
    /// Of its line, while it stands in one: how many of the queue's delays it has waited.
    pub(crate) stage: u8,
    /// Of the next stage.
    pub(crate) stage_ticket: Ticket,
    pub(crate) next: u32,
}

/// When a rule that has acted on a call acts on it again.
#[derive(Debug)]
pub(crate) struct Repeat {
    pub(crate) rule: u16,
    pub(crate) again_at: Timestamp,
    pub(crate) next: u32,
}

/// A queue that a call has left in the instant in which it entered it.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) queue: QueueId,
    pub(crate) next: u32,
}

#[derive(Debug)]
pub(crate) struct Exclusion {
    pub(crate) agent: AgentId,
    pub(crate) until: Timestamp,
    pub(crate) ticket: Ticket,
    pub(crate) next: u32,
}

impl Call {
    pub(crate) fn new(
        handle: CallHandle,
        adapter: AdapterId,
        arrival: u64,
        entry: &CallEntry,
    ) -> Self {
        let CallEntry { priority, since, channel, caller, extra, .. } = *entry;
        Self {
            handle,
            adapter,
            channel,
            arrival,
            priority,
            extra,
            state: CallState::Waiting,
            stage_since: since,
            arrived_at: since,
            age_from: since,
            age_kept: Span(0),
            target: Span(0),
            first: false,
            caller,
            awaits: None,
            moves: 0,
            counted: false,
            joins: 0,
            places: NONE,
            exclusions: NONE,
            hands: NONE,
            left_at: Timestamp(0),
            left: NONE,
        }
    }

    pub(crate) fn enter(&mut self, state: CallState, now: Timestamp) {
        self.state = state;
        self.stage_since = now;
    }

    /// All waiting since arrival, without talk time.
    pub(crate) fn age(&self, now: Timestamp) -> Span {
        match self.state {
            CallState::Waiting | CallState::Offering | CallState::Connecting => {
                now.since(self.age_from)
            }
            CallState::Connected | CallState::Held => self.age_kept,
        }
    }

    pub(crate) fn stand(&self) -> Stand {
        Stand { priority: self.priority, since: self.age_from, first: self.first }
    }

    pub(crate) fn key(&self, order: Order) -> CallKey {
        let since = self.age_from.0 as i64;
        let second = u8::from(!self.first);
        let by_priority = 2 * (9 - self.priority.get()) + second;
        let by_age = 2 * u8::from(self.priority != Priority::EMERGENCY) + second;
        let (tier, score) = match order {
            Order::Strict => (by_priority, since),
            Order::Credit { per_step } => {
                let steps = i64::from(self.priority.get()) - 5;
                let credit = i64::try_from(per_step.0).unwrap_or(i64::MAX).saturating_mul(steps);
                (by_age, since.saturating_sub(credit))
            }
            Order::Oldest => (by_age, since),
            Order::Deadline => (by_priority, (self.age_from + self.target).0 as i64),
        };
        CallKey::new(tier, score, self.arrival)
    }
}

/// Calls by slot.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(crate) slots: Vec<CallSlot>,
    pub(crate) live: u32,
}

#[derive(Debug, Default)]
pub(crate) struct CallSlot {
    /// Of the latest call that lived here.
    pub(crate) generation: u32,
    pub(crate) call: Option<Call>,
}

impl Calls {
    pub(crate) fn find(&self, handle: CallHandle) -> Option<&Call> {
        let slot = self.slots.get(handle.slot as usize)?;
        slot.call.as_ref().filter(|call| call.handle == handle)
    }

    /// Whether a call with this handle may arrive.
    pub(crate) fn is_new(&self, handle: CallHandle) -> bool {
        match self.slots.get(handle.slot as usize) {
            Some(slot) => slot.call.is_none() && handle.generation > slot.generation,
            None => handle.generation > 0,
        }
    }

    pub(crate) fn insert(&mut self, call: Call) {
        let CallHandle { slot, generation } = call.handle;
        self.reserve(slot, generation);
        self.slots[slot as usize].call = Some(call);
        self.live += 1;
    }

    /// Notes which calls have lived in a slot that is empty now.
    pub(crate) fn reserve(&mut self, slot: u32, generation: u32) {
        let index = slot as usize;
        if index >= self.slots.len() {
            let more = index + 1 - self.slots.len();
            make_room(&mut self.slots, more);
            self.slots.resize_with(index + 1, CallSlot::default);
        }
        self.slots[index].generation = generation;
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        self.slots[slot as usize].call = None;
        self.live -= 1;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Call> {
        self.slots.iter().filter_map(|slot| slot.call.as_ref())
    }
}

impl std::ops::Index<u32> for Calls {
    type Output = Call;

    #[inline]
    fn index(&self, slot: u32) -> &Call {
        self.slots[slot as usize].call.as_ref().expect("whoever holds a slot knows its call lives")
    }
}

impl std::ops::IndexMut<u32> for Calls {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Call {
        self.slots[slot as usize].call.as_mut().expect("whoever holds a slot knows its call lives")
    }
}
