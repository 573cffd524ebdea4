//! Drives a Router for a domain: everything goes in through one mailbox, is written to a log, and
//! comes out as orders to adapters, answers to people and rows for readers.
//!
//! ```text
//! sessions ─┐                     ┌→ log (durable)        ┌→ adapters' sessions
//! people   ─┼→ mailbox → driver ──┼→ Router::apply ───────┼→ answers
//! time     ─┘                     └→ outbox (two marks) ──┴→ publisher → view, deltas
//! ```
//!
//! The engine knows neither gRPC nor configuration files.

mod bounds;
mod callers;
mod clock;
mod directory;
mod domain;
mod driver;
mod hub;
mod latency;
mod lines;
mod mail;
mod mailbox;
mod names;
mod order;
mod publisher;
mod refusal;
mod request;
mod session;
mod status;
mod subscription;
mod view;

#[cfg(test)]
mod tests;

pub use acd_journal::{Attributes, CallCard, Origin};
pub use acd_statistics::{History, HistoryWanted, Interval, Whose};
pub use bounds::{
    ADAPTER_NAME_BYTES_MAX, ADAPTERS_MAX, AGENT_WATCHES_MAX, ATTRIBUTE_KEY_BYTES_MAX,
    ATTRIBUTE_VALUE_BYTES_MAX, ATTRIBUTES_MAX, CALLS_MAX, ENDED_OFFERS_KEPT, HUB_BYTES_KEPT,
    HUB_EVERY_MAX, HUB_MESSAGES_KEPT, HUBS_MAX, ID_BYTES_MAX, MESSAGE_BYTES_MAX, REASON_BYTES_MAX,
    SOFTWARE_BYTES_MAX, SUBSCRIBERS_MAX, TELEPHONE_NUMBER_BYTES_MAX, UNACKNOWLEDGED_MAX,
    WAITED_MAX,
};
pub use callers::CallerSecret;
pub use clock::Clock;
pub use domain::{Domain, Settings, StartError, start};
pub use driver::{Driver, Ended};
pub use hub::{Encode, Hubs, Listener, Message, Wanted};
pub use latency::Latency;
pub use lines::LineDepths;
pub use names::{Asked, Dispositions, SkillLevels};
pub use order::{CloseReason, Down, DownBody, Order, RevokeReason};
pub use publisher::Publisher;
pub use refusal::{Refusal, RefusalKind, code};
pub use request::{CallRef, Person, Position, Recipients, Request, Until};
pub use session::{
    AdapterMessage, AgentMeant, AskedPresence, Hello, LegState, OfferedCall, ResyncPart, Session,
    SessionReceiver, SessionSender, Welcome,
};
pub use status::{AdapterStatus, Health, Status};
pub use subscription::{AgentWatch, Subscription, Update};
pub use view::{
    AgentRow, AgentStatisticsRow, AwaitingRow, BarrierRow, CallRow, CallState, Concerned,
    DecisionRow, Delta, ENDED_CALLS_KEPT, EventRow, Explained, MESSAGES_KEPT, Measure, MeasureRow,
    MessageRow, NextRule, OfferRow, PlaceRow, PlaceStanding, PositionRow, QueueRow,
    QueueStatisticsRow, STEPS_MAX, Selection, Shown, SkillForNowRow, SkillQueueRow, SlotRow,
    SlotWord, Staffing, Standing, Step, Story, View, Views,
};
