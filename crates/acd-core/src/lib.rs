//! The Router: which agent gets which call, and when. Pure: no clock, no I/O, no lock, no chance.

#![cfg_attr(not(test), deny(clippy::disallowed_types, clippy::disallowed_methods))]
#![deny(clippy::float_arithmetic, clippy::wildcard_enum_match_arm)]

mod actions;
mod adapters;
mod adoption;
mod affinity;
mod agent;
mod barriers;
mod bits;
mod call;
mod calls;
mod chance;
mod choose;
mod closings;
mod command;
mod deadlines;
mod decision;
mod digest;
mod estimate;
mod event;
mod explain;
mod extras;
mod facts;
mod few;
mod gauges;
mod ids;
mod in_line;
mod invariants;
mod latches;
mod lines;
mod matching;
mod messages;
mod offers;
mod ordered;
mod overflow;
mod pace;
mod persist;
mod picks;
mod places;
mod plan;
mod pools;
mod presence;
mod recovery;
mod rejection;
mod replan;
mod router;
mod selection;
mod skills;
mod slab;
mod snapshot;
mod window;
mod wire;

pub use adapters::ADAPTERS_MAX;
pub use affinity::CALLERS_MAX;
pub use barriers::{Barrier, BarrierKind};
pub use call::{CALLS_MAX, EXCLUSIONS_MAX, MOVES_MAX, PLACES_MAX};

pub use chance::draw;
pub use command::{CallEntry, Command, ForcedPresence, MessageTo, OfferResult};
pub use decision::{AgentStanding, CallStanding, Decision, How, Pick, PickedBy, Take, TookBy};
pub use digest::{EventDigest, LOGIC_VERSION};
pub use event::{
    DeviceState, Event, HeartbeatState, LeftCause, NotReadyReason, OfferEnd, Outcome, Presence,
    ReturnCause, RevokeCause, SlotState,
};
pub use explain::{
    AwaitingRule, BarredAgents, Explanation, Hold, Measured, PlaceExplanation, Reserve,
};
pub use facts::{
    AdapterFacts, AgentFacts, CallFacts, CallStage, ClosingFacts, HandFacts, PlaceFacts,
    SkillFacts, SlotFacts,
};
pub use ids::{
    AdapterId, AgentId, AnnouncementId, CallHandle, CallerKey, DemandId, DispositionId, ExtraId,
    LadderId, NumberId, OfferNumber, Priority, QueueId, ReasonId, RouteId, SkillId, Span,
    Timestamp,
};
pub use lines::{Demand, SkillQueue};
pub use persist::RestoreError;
pub use plan::{
    AGENTS_MAX, ALTERNATIVES_MAX, Action, Admission, Affinity, AgentPlan, Arriving, BOUNDS_MAX,
    BROADCAST_MAX, Bound, CAPACITY_MAX, Channel, ChannelPlan, Channels, Criterion, DELAYS_MAX,
    DEMANDS_MAX, DISPOSITIONS_MAX, DeskPlan, EXTRAS_MAX, Endpoint, Gauge, KeepFree, LEVEL_MAX,
    Latch, Match, MissedOffers, Order, PATTERN_BYTES_MAX, PATTERNS_MAX, Pattern, PlanDefect,
    QUEUES_MAX, QueuePlan, RANK_MAX, ROUTES_MAX, RULES_MAX, Requirement, Route, RoutingPlan, Rule,
    SKILLS_MAX, Said, Service, ServiceLevel, Treatment, When,
};
pub use recovery::Phase;
pub use rejection::Rejection;
pub use router::{DEADLINES_PER_ADVANCE, Router};
pub use skills::{SKILLS_FOR_NOW_MAX, SkillForNow};
