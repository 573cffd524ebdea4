//! How the engine says no: a kind that maps to a status, a stable code, and words.

use acd_core::Rejection;
use std::fmt;

/// What sort of no it is; each is the status of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// What was named does not exist.
    NotFound,
    /// What was to be made exists.
    AlreadyExists,
    /// The state of what was named does not allow it.
    FailedPrecondition,
    /// The request itself is wrong.
    InvalidArgument,
    /// A bound is reached.
    ResourceExhausted,
    /// The domain does not serve now.
    Unavailable,
    /// Somebody else took over.
    Aborted,
}

/// A request or message that was not applied: nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The sort.
    pub kind: RefusalKind,
    /// Stable and machine readable, as `Rejected.code` lists them.
    pub code: &'static str,
    /// What was wrong and what would be right. Holds no caller data.
    pub message: String,
    /// The field at fault, or empty.
    pub field: &'static str,
}

/// The stable codes of refusals.
pub mod code {
    /// A field cannot be read.
    pub const MALFORMED: &str = "malformed";
    /// A field is longer, or has more parts, than it may.
    pub const TOO_LARGE: &str = "too_large";
    /// The configuration has no such queue.
    pub const UNKNOWN_QUEUE: &str = "unknown_queue";
    /// The adapter names no queue, and the configuration has no routes.
    pub const NO_ROUTES: &str = "no_routes";
    /// A live call has this id.
    pub const CALL_EXISTS: &str = "call_exists";
    /// No live call has this id.
    pub const UNKNOWN_CALL: &str = "unknown_call";
    /// No such offer was ever made, or not to this one.
    pub const UNKNOWN_OFFER: &str = "unknown_offer";
    /// The offer has ended.
    pub const OFFER_OVER: &str = "offer_over";
    /// The call's or the agent's state does not allow it.
    pub const WRONG_STATE: &str = "wrong_state";
    /// The configuration has no such agent.
    pub const UNKNOWN_AGENT: &str = "unknown_agent";
    /// Several agents share the address, and none or more than one of them is logged in.
    pub const AMBIGUOUS_AGENT: &str = "ambiguous_agent";
    /// The configuration has no such reason for being not ready.
    pub const UNKNOWN_REASON: &str = "unknown_reason";
    /// The queue of the call has no such disposition.
    pub const UNKNOWN_DISPOSITION: &str = "unknown_disposition";
    /// The configuration has no such skill.
    pub const UNKNOWN_SKILL: &str = "unknown_skill";
    /// Only the configuration gives a hard skill, or a higher level of it.
    pub const SKILL_IS_HARD: &str = "skill_is_hard";
    /// As many of an agent's skills are not as configured as may be.
    pub const TOO_MANY_SKILLS: &str = "too_many_skills";
    /// As many live calls as there may be.
    pub const TOO_MANY_CALLS: &str = "too_many_calls";
    /// As many adapters as there may be.
    pub const TOO_MANY_ADAPTERS: &str = "too_many_adapters";
    /// As many subscribers as there may be.
    pub const TOO_MANY_SUBSCRIBERS: &str = "too_many_subscribers";
    /// Too many orders that the adapter has not acknowledged.
    pub const TOO_MANY_UNACKNOWLEDGED: &str = "too_many_unacknowledged";
    /// An answer would have too many rows.
    pub const TOO_MANY_ROWS: &str = "too_many_rows";
    /// The figures of the past cannot be read now.
    pub const FIGURES_UNREADABLE: &str = "figures_unreadable";
    /// The mailbox is full.
    pub const OVERLOADED: &str = "overloaded";
    /// Message numbers must follow each other.
    pub const BAD_NUMBER: &str = "bad_number";
    /// The adapter has seen a later epoch than this one.
    pub const EPOCH_BEHIND: &str = "epoch_behind";
    /// Another session of the adapter took over.
    pub const TAKEN_OVER: &str = "taken_over";
    /// The domain is stopping or has stopped.
    pub const STOPPING: &str = "stopping";
    /// Another writer took over the domain's log.
    pub const FENCED: &str = "fenced";
}

impl Refusal {
    /// A refusal without a field.
    pub fn new(kind: RefusalKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), field: "" }
    }

    /// The same, with the field at fault.
    #[must_use]
    pub fn at(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    pub(crate) fn overloaded() -> Self {
        let message = "too many requests are waiting: try again in a moment";
        Self::new(RefusalKind::ResourceExhausted, code::OVERLOADED, message)
    }

    pub(crate) fn stopping() -> Self {
        Self::new(RefusalKind::Unavailable, code::STOPPING, "the domain is stopping")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.field.is_empty() { Ok(()) } else { write!(f, " (field `{}`)", self.field) }
    }
}

impl std::error::Error for Refusal {}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        let (kind, code) = match rejection {
            Rejection::UntilNotAhead | Rejection::NoSuchLevel => {
                (RefusalKind::InvalidArgument, code::MALFORMED)
            }
            Rejection::UnknownSkill => (RefusalKind::NotFound, code::UNKNOWN_SKILL),
            Rejection::SkillIsHard => (RefusalKind::FailedPrecondition, code::SKILL_IS_HARD),
            Rejection::TooManySkillsForNow => {
                (RefusalKind::ResourceExhausted, code::TOO_MANY_SKILLS)
            }
            Rejection::UnknownCall => (RefusalKind::NotFound, code::UNKNOWN_CALL),
            Rejection::CallExists => (RefusalKind::AlreadyExists, code::CALL_EXISTS),
            Rejection::UnknownQueue => (RefusalKind::NotFound, code::UNKNOWN_QUEUE),
            Rejection::UnknownAgent => (RefusalKind::NotFound, code::UNKNOWN_AGENT),
            Rejection::UnknownReason => (RefusalKind::InvalidArgument, code::UNKNOWN_REASON),
            Rejection::UnknownDisposition { .. } => {
                (RefusalKind::InvalidArgument, code::UNKNOWN_DISPOSITION)
            }
            Rejection::TooManyAdapters => (RefusalKind::ResourceExhausted, code::TOO_MANY_ADAPTERS),
            Rejection::TooManyCalls => (RefusalKind::ResourceExhausted, code::TOO_MANY_CALLS),
            Rejection::OfferNotOut => (RefusalKind::FailedPrecondition, code::OFFER_OVER),
            Rejection::UnknownAdapter
            | Rejection::AdapterNotUp
            | Rejection::AdapterIsUp
            | Rejection::NumberWentBack { .. }
            | Rejection::TimeWentBack { .. }
            | Rejection::TimeTooLate
            | Rejection::DeadlineDue { .. }
            | Rejection::WrongCallState { .. }
            | Rejection::AlreadyInQueue
            | Rejection::TooManyMoves
            | Rejection::SinceAhead
            | Rejection::CallHeldBack { .. }
            | Rejection::AgentBarred { .. }
            | Rejection::AgentNotAvailable
            | Rejection::AgentNotQualified
            | Rejection::NotRecovering
            | Rejection::PlanDefective
            | Rejection::QueueInUse { .. }
            | Rejection::AgentInUse { .. }
            | Rejection::TooManyDemands
            | Rejection::UnknownRoute
            | Rejection::AgentLoggedOut
            | Rejection::AgentLoggedIn
            | Rejection::NotInWrapUp
            | Rejection::SeveralInWrapUp
            | Rejection::WrapUpAtMost => (RefusalKind::FailedPrecondition, code::WRONG_STATE),
        };
        let field = match rejection {
            Rejection::UntilNotAhead => "until",
            Rejection::NoSuchLevel => "level",
            Rejection::UnknownSkill | Rejection::SkillIsHard => "skill",
            Rejection::AgentBarred { .. } => "agent",
            _ => "",
        };
        Self::new(kind, code, rejection.to_string()).at(field)
    }
}
