//! What readers see: one row for each queue, skill queue, agent and call, and one for each event.

use super::story::Step;
use crate::names::{Asked, Dispositions, SkillLevels};
use crate::request::Position;
use acd_core::{
    Channel, DeviceState, HeartbeatState, Outcome, Presence, Priority, Service, ServiceLevel, Span,
    Timestamp,
};
use acd_journal::{CallCard, Origin};
use acd_statistics::{AgentFigures, QueueNow};
use std::borrow::Cow;
use std::sync::Arc;

/// One queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRow {
    /// Its name.
    pub queue: Arc<str>,
    /// Calls in it that wait or are being offered.
    pub waiting: u64,
    /// Of those, the ones being offered.
    pub offering: u64,
    /// Calls connected through it now.
    pub connected: u64,
    /// When the longest waiting of `waiting` entered it.
    pub oldest_since: Option<Timestamp>,
    /// Who could serve its own requirement.
    pub agents: Staffing,
    /// Agents of the plan who meet its requirement, at work or not.
    pub agents_qualified: u64,
    /// Stays in it that began today: since midnight in its time zone, as all that follows.
    pub entered: u64,
    /// Of those, answered through it.
    pub answered: u64,
    /// Given up by the caller, short ones included.
    pub abandoned: u64,
    /// Sent out of acdd by a rule or a supervisor.
    pub overflowed: u64,
    /// Ended by a rule on entry, as they arrived.
    pub rejected: u64,
    /// It is closed to new calls.
    pub closed: bool,
    /// When it opens, or closes, by itself.
    pub closed_until: Option<Timestamp>,
    /// The person who closed or opened it last, or empty.
    pub closed_by: Arc<str>,
    /// The reason that he gave, or empty.
    pub closed_reason: Arc<str>,
    /// The rules of which what they look at of a queue holds, in the order of the configuration.
    pub active_rules: Vec<Arc<str>>,
    /// Of `answered`, those within the service level's time.
    pub answered_in_time: u64,
    /// Sum of the waits of `answered`, entry to connected.
    pub answered_wait: Span,
    /// The promise that it is measured by.
    pub service_level: ServiceLevel,
    /// How long a call of normal priority would wait that joined its end now, until it is answered; none
    /// where nobody works.
    pub estimated_wait: Option<Span>,
}

/// Agents who meet a requirement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Staffing {
    /// Logged in, in whatever state.
    pub staffed: u64,
    /// Of those, the ones who are not in `not ready`.
    pub working: u64,
    /// Of those, the ones with a free slot, nothing pending, and a device that can be rung.
    pub available: u64,
}

/// The calls of one queue that ask for the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillQueueRow {
    /// The queue.
    pub queue: Arc<str>,
    /// What they ask for.
    pub require: Asked,
    /// Calls that wait and are not being offered.
    pub depth: u64,
    /// The same by priority.
    pub depth_by_priority: [u32; 10],
    /// Since when the first of the line has been waiting.
    pub head_since: Option<Timestamp>,
    /// Who could serve them.
    pub agents: Staffing,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRow {
    /// The id that he logs in with.
    pub agent: Arc<str>,
    /// The name that people see.
    pub name: Arc<str>,
    /// Whether he takes calls.
    pub presence: Presence,
    /// Why he is not ready, or empty.
    pub reason: Arc<str>,
    /// Since when the presence has been so; `None` before the first log-in.
    pub presence_since: Option<Timestamp>,
    /// What it will be once he has no call, or once his device or desktop is back.
    pub pending: Option<Presence>,
    /// The reason that comes with `pending`, or empty.
    pub pending_reason: Arc<str>,
    /// How his device is.
    pub device: DeviceState,
    /// Whether his desktop is heard.
    pub heartbeat: HeartbeatState,
    /// His slots, in the order of the channels.
    pub slots: Vec<SlotRow>,
    /// What he can do now.
    pub skills: SkillLevels,
    /// What of that is not as configured, by name.
    pub skills_for_now: Vec<SkillForNowRow>,
    /// The queues that he serves in a way of his own, in the order of the configuration.
    pub queues: Arc<[(Arc<str>, Service)]>,
    /// He serves these and no others.
    pub only: bool,
    /// The most demanding slot if one is not free, else the presence, as one word.
    pub state: &'static str,
    /// Since when `state` has been so; `None` before the first change.
    pub state_since: Option<Timestamp>,
}

/// A skill of an agent that is not as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillForNowRow {
    /// Which.
    pub skill: Arc<str>,
    /// The level that he has; none if it was taken.
    pub level: Option<u8>,
    /// When it is as configured again by itself; none if it stays so.
    pub until: Option<Timestamp>,
}

impl AgentRow {
    /// All words that `state` may be.
    pub const STATES: [&'static str; 8] = [
        "logged_out",
        "not_ready",
        "ready",
        "wrap_up",
        "reserved",
        "connecting",
        "held",
        "talking",
    ];
}

/// One slot of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotRow {
    /// Of which channel's calls it is.
    pub channel: Channel,
    /// What it is doing.
    pub state: SlotWord,
    /// The call in it, or that notes are taken on; none when free.
    pub call: Option<Arc<CallCard>>,
    /// The offer when reserved, else 0.
    pub offer: u64,
    /// Since when; `None` before the first change.
    pub since: Option<Timestamp>,
    /// When wrap-up ends by itself.
    pub until: Option<Timestamp>,
    /// In wrap-up, the queue through which the call was answered.
    pub queue: Option<Arc<str>>,
    /// In wrap-up, what may be said of how it came out.
    pub dispositions: Dispositions,
}

/// What a slot is doing, from the least to the most demanding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotWord {
    /// Nothing.
    #[default]
    Free,
    /// Notes after a call.
    WrapUp,
    /// An offer is out.
    Reserved,
    /// Accepted, not bridged yet.
    Connecting,
    /// The caller is on hold.
    Held,
    /// In conversation.
    Talking,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    /// Its name.
    pub call: Arc<CallCard>,
    /// Counted from 1 in the domain.
    pub arrival: u64,
    /// Where it stands in its life.
    pub state: CallState,
    /// By which means the caller is in touch.
    pub channel: Channel,
    /// The present one.
    pub priority: Priority,
    /// When it arrived.
    pub arrived_at: Timestamp,
    /// The queues that it stands in, in the order it joined them.
    pub places: Vec<PlaceRow>,
    /// The agent whom it waits for, and until when; nobody else may take it.
    pub awaits: Option<(Arc<str>, Timestamp)>,
    /// The agent whom it is offered to, or who has it.
    pub agent: Option<Arc<str>>,
    /// Others whom it is offered to at the same time.
    pub also_offered_to: Vec<Arc<str>>,
    /// The offer that is out or led to the conversation, else 0; the first of several.
    pub offer: u64,
    /// When that offer ends unanswered; only while it is out.
    pub ring_until: Option<Timestamp>,
    /// When the state was entered.
    pub state_since: Timestamp,
    /// The queue through which it was offered or answered.
    pub via_queue: Option<Arc<str>>,
    /// Once it has ended.
    pub outcome: Option<Outcome>,
}

/// Where a call stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallState {
    /// Waiting for an agent.
    Waiting,
    /// An agent's device is asked to ring.
    Offering,
    /// Accepted, not bridged yet.
    Connecting,
    /// Caller and agent talk.
    Connected,
    /// The caller is on hold.
    Held,
    /// Over; the row is gone after this.
    Ended,
}

/// A call's stand in one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceRow {
    /// Which.
    pub queue: Arc<str>,
    /// When the call entered it.
    pub since: Timestamp,
    /// What the call asks for there.
    pub require: Asked,
}

/// An offer that is out to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferRow {
    /// Its number.
    pub offer: u64,
    /// The call.
    pub call: Arc<CallCard>,
    /// The queue through which.
    pub queue: Arc<str>,
    /// The call's priority.
    pub priority: Priority,
    /// When it ends unanswered.
    pub ring_until: Timestamp,
}

/// A queue's figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStatisticsRow {
    /// Its name.
    pub queue: Arc<str>,
    /// Of late and today.
    pub figures: QueueNow,
}

/// An agent's figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStatisticsRow {
    /// His id.
    pub agent: Arc<str>,
    /// Since midnight, up to the latest half minute that is over, or his latest change.
    pub today: AgentFigures,
    /// That midnight.
    pub today_since: Timestamp,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Which.
    pub position: Position,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub origin: Arc<Origin>,
    /// What happened, a stable word.
    pub kind: &'static str,
    /// The call concerned.
    pub call: Option<Arc<CallCard>>,
    /// The agent concerned.
    pub agent: Option<Arc<str>>,
    /// The queue concerned.
    pub queue: Option<Arc<str>>,
    /// The offer concerned, or 0.
    pub offer: u64,
    /// How or why, a stable word, where `kind` leaves it open; else empty.
    pub detail: Cow<'static, str>,
    /// What `detail` leaves open: why an agent is, or is to be, not ready; else empty.
    pub reason: Arc<str>,
    /// Of an event about a call: whom that concerned just before it.
    pub concerned: Option<Arc<Concerned>>,
}

/// The queues and agents that a call concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concerned {
    /// Those that it stands in, or is offered or was answered through.
    pub queues: Vec<Arc<str>>,
    /// Those whom it is offered to or waits for, or who has it.
    pub agents: Vec<Arc<str>>,
}

/// What changed after one position up to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// It applies to the state at this position only.
    pub after: Position,
    /// The state is then at this one.
    pub position: Position,
    /// Domain time of the last event.
    pub at: Timestamp,
    /// Rows that changed.
    pub queues: Vec<QueueRow>,
    /// Rows that changed.
    pub skill_queues: Vec<SkillQueueRow>,
    /// Rows that changed.
    pub agents: Vec<AgentRow>,
    /// Rows that changed; those in state `Ended` are gone.
    pub calls: Vec<CallRow>,
    /// What happened, in order.
    pub events: Vec<EventRow>,
    /// Why offers were made, and calls moved by a rule, in order.
    pub decisions: Vec<Step>,
    /// Figures that changed.
    pub queue_statistics: Vec<QueueStatisticsRow>,
    /// Figures that changed.
    pub agent_statistics: Vec<AgentStatisticsRow>,
}

impl Delta {
    /// How many events and rows it holds: what it costs to keep it.
    pub(crate) fn weight(&self) -> usize {
        let happened = self.events.len() + self.decisions.len();
        let rows =
            self.queues.len() + self.skill_queues.len() + self.agents.len() + self.calls.len();
        happened + rows + self.queue_statistics.len() + self.agent_statistics.len()
    }
}

impl CallRow {
    /// Whom it concerns as it is now.
    pub fn concerns(&self) -> Concerned {
        let places = self.places.iter().map(|place| &place.queue);
        let awaited = self.awaits.iter().map(|(agent, _)| agent);
        let agents = self.agent.iter().chain(&self.also_offered_to).chain(awaited);
        Concerned {
            queues: places.chain(&self.via_queue).cloned().collect(),
            agents: agents.cloned().collect(),
        }
    }
}
