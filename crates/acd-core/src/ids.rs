//! Handles and measures. The Router never sees a string: names become handles at the edge.

use std::fmt;
use std::ops::{Add, Sub};

/// An instant: microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

/// A length of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Timestamp {
    /// The latest instant that the Router works with, some 4,500 years from the epoch: what calls are
    /// compared by has that many bits for it, and no deadline saturates.
    pub const LATEST: Self = Self(1 << 57);

    /// The time from `earlier` to this instant; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The number of the half minute of UTC that the instant is in, counted from the epoch.
    pub const fn half_minute(self) -> u64 {
        self.0 / Span::HALF_MINUTE.0
    }

    /// When the half minute of a number begins.
    pub const fn of_half_minute(number: u64) -> Self {
        Self(number.saturating_mul(Span::HALF_MINUTE.0))
    }
}

impl Span {
    /// The longest that a plan may ask for, 31 days.
    pub const LONGEST: Self = Self::from_secs(31 * 24 * 60 * 60);

    /// What has happened of late is counted by half minutes.
    pub const HALF_MINUTE: Self = Self::from_secs(30);

    /// A span of whole seconds, saturating.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// A span of whole milliseconds, saturating.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds.saturating_mul(1_000))
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;

    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// Priority of a call, 0..=9: 5 is normal, 9 an emergency. Higher is more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u8);

impl Priority {
    /// The lowest priority.
    pub const LOWEST: Self = Self(0);
    /// What a call has unless told otherwise.
    pub const NORMAL: Self = Self(5);
    /// The highest that a rule may raise a call to.
    pub const HIGHEST_BY_RULE: Self = Self(8);
    /// Before all others; set only at entry, by the adapter or by a supervisor.
    pub const EMERGENCY: Self = Self(9);

    /// `value` as a priority, or `None` when it is above 9.
    pub const fn new(value: u8) -> Option<Self> {
        if value <= 9 { Some(Self(value)) } else { None }
    }

    /// The number, 0..=9.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::NORMAL
    }
}

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The handle as an index into its table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

handle!(
    /// A skill: its index in `RoutingPlan::skills`.
    SkillId(u16)
);
handle!(
    /// A queue: its index in `RoutingPlan::queues`.
    QueueId(u16)
);
handle!(
    /// An agent: its index in `RoutingPlan::agents`.
    AgentId(u32)
);
handle!(
    /// A reason for being not ready: its index in `RoutingPlan::reasons`.
    ReasonId(u16)
);
handle!(
    /// How a conversation came out, as its agent says: its index in `RoutingPlan::dispositions`.
    DispositionId(u16)
);
handle!(
    /// A telephone number outside acdd: its index in `RoutingPlan::numbers`.
    NumberId(u16)
);
handle!(
    /// An announcement: its index in `RoutingPlan::announcements`.
    AnnouncementId(u16)
);
handle!(
    /// An on-call ladder: its index in `RoutingPlan::ladders`.
    LadderId(u16)
);
handle!(
    /// What a route asks for besides: its index in `RoutingPlan::extras`.
    ExtraId(u16)
);
handle!(
    /// A route: its index in `RoutingPlan::routes`.
    RouteId(u16)
);
handle!(
    /// An adapter. The first ones are those of `RoutingPlan::adapters`; the edge counts on from there.
    AdapterId(u16)
);
handle!(
    /// A demand, (queue, requirement): its index in `Router::demands`.
    DemandId(u32)
);

/// A call: the slot it lives in, and which tenant of that slot it is.
///
/// Minted by the edge, which alone knows the call's name; a slot may be used again once its call
/// has ended, with a higher generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallHandle {
    /// Index into the slab of calls.
    pub slot: u32,
    /// Counts the calls that have lived in the slot.
    pub generation: u32,
}

/// A caller: a keyed hash that the edge has made of who he says he is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallerKey(pub u64);

/// An offer, counted from 1 in its domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferNumber(pub u64);

impl fmt::Display for OfferNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
