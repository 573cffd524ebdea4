//! How the Router refuses a command, and why.

use crate::barriers::Barrier;
use crate::explain::Hold;
use crate::ids::{AgentId, QueueId, Timestamp};
use crate::plan::LEVEL_MAX;
use crate::skills::SKILLS_FOR_NOW_MAX;
use std::fmt;

/// A command that cannot be: nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// `now` is earlier than the Router's clock.
    TimeWentBack {
        /// Where the Router's clock stands.
        at: Timestamp,
    },
    /// `now` is later than `Timestamp::LATEST`.
    TimeTooLate,
    /// A deadline is due at or before `now`: `AdvanceTime` first.
    DeadlineDue {
        /// The earliest.
        at: Timestamp,
    },
    /// No such call, or it has ended.
    UnknownCall,
    /// The handle's slot holds a call, or held a later one.
    CallExists,
    /// More calls than the Router holds.
    TooManyCalls,
    /// The plan has no such queue.
    UnknownQueue,
    /// The plan has no such route, or none that asks for this besides.
    UnknownRoute,
    /// The plan has no such agent.
    UnknownAgent,
    /// The plan has no such reason.
    UnknownReason,
    /// The plan has no such skill.
    UnknownSkill,
    /// Levels are 1..=10.
    NoSuchLevel,
    /// A hard skill is given, or at a higher level, by the plan alone.
    SkillIsHard,
    /// More of an agent's skills than `SKILLS_FOR_NOW_MAX` would not be as planned.
    TooManySkillsForNow,
    /// The adapter has never been up.
    UnknownAdapter,
    /// The adapter has no session.
    AdapterNotUp,
    /// The adapter has a session already.
    AdapterIsUp,
    /// More adapters than the Router counts.
    TooManyAdapters,
    /// A message number at or below one that was heard before.
    NumberWentBack {
        /// The highest heard.
        heard: u64,
    },
    /// The offer is not out any more, or never was.
    OfferNotOut,
    /// The call is in another state than this needs.
    WrongCallState {
        /// What it needs.
        needs: &'static str,
        /// What it is.
        is: &'static str,
    },
    /// The call stands in that queue already.
    AlreadyInQueue,
    /// The call has moved as often as a call may.
    TooManyMoves,
    /// The agent is logged out.
    AgentLoggedOut,
    /// The agent is logged in already.
    AgentLoggedIn,
    /// The agent has no call in wrap-up, or not this one.
    NotInWrapUp,
    /// The agent has several calls in wrap-up, and says of none which he means.
    SeveralInWrapUp,
    /// The queue has no such disposition.
    UnknownDisposition {
        /// The queue through which the call was answered.
        queue: QueueId,
    },
    /// The agent's wrap-up lasts as long as its queue lets it already.
    WrapUpAtMost,
    /// The call began to wait later than now.
    SinceAhead,
    /// What a queue is to be until then is over already.
    UntilNotAhead,
    /// Something keeps everybody from the call.
    CallHeldBack {
        /// What.
        by: Hold,
    },
    /// Something keeps the agent from the call: the first thing in the first of its queues.
    AgentBarred {
        /// What.
        by: Barrier,
    },
    /// The agent is not ready, or has no free slot.
    AgentNotAvailable,
    /// The agent lacks what the call requires.
    AgentNotQualified,
    /// The domain is not recovering.
    NotRecovering,
    /// The new plan is defective.
    PlanDefective,
    /// The new plan, with what calls ask for besides by routes of before, has too many demands.
    TooManyDemands,
    /// The new plan lacks a queue that calls stand in or were answered through.
    QueueInUse {
        /// Its handle under the present plan.
        queue: QueueId,
    },
    /// The new plan lacks an agent, or a slot of his, that a call is in.
    AgentInUse {
        /// His handle under the present plan.
        agent: AgentId,
    },
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeWentBack { at } => write!(f, "time went back from {} us", at.0),
            Self::TimeTooLate => f.write_str("time is too far in the future"),
            Self::DeadlineDue { at } => write!(f, "a deadline of {} us is due first", at.0),
            Self::UnknownCall => f.write_str("no such call, or it has ended"),
            Self::CallExists => f.write_str("the call exists already"),
            Self::TooManyCalls => f.write_str("too many calls"),
            Self::UnknownQueue => f.write_str("no such queue"),
            Self::UnknownRoute => f.write_str("no such route"),
            Self::UnknownAgent => f.write_str("no such agent"),
            Self::UnknownReason => f.write_str("no such reason"),
            Self::UnknownSkill => f.write_str("no such skill"),
            Self::NoSuchLevel => write!(f, "levels are 1 to {LEVEL_MAX}"),
            Self::SkillIsHard => f.write_str(
                "the skill is hard: only the configuration gives it, or a higher level of it",
            ),
            Self::TooManySkillsForNow => write!(
                f,
                "{SKILLS_FOR_NOW_MAX} of the agent's skills are not as planned, the most that may be"
            ),
            Self::UnknownAdapter => f.write_str("no such adapter"),
            Self::AdapterNotUp => f.write_str("the adapter has no session"),
            Self::AdapterIsUp => f.write_str("the adapter has a session already"),
            Self::TooManyAdapters => f.write_str("too many adapters"),
            Self::NumberWentBack { heard } => {
                write!(f, "message numbers go up: {heard} was heard before")
            }
            Self::OfferNotOut => f.write_str("the offer is not out any more"),
            Self::WrongCallState { needs, is } => {
                write!(f, "the call must be {needs} for this, it is {is}")
            }
            Self::AlreadyInQueue => f.write_str("the call waits in that queue already"),
            Self::TooManyMoves => f.write_str("the call has moved 16 times, the most it may"),
            Self::AgentLoggedOut => f.write_str("the agent is logged out"),
            Self::AgentLoggedIn => f.write_str("the agent is logged in already"),
            Self::NotInWrapUp => f.write_str("the agent has no call in wrap-up"),
            Self::SeveralInWrapUp => {
                f.write_str("the agent has several calls in wrap-up: a disposition is of one")
            }
            Self::UnknownDisposition { queue } => {
                write!(f, "queue {} has no such disposition", queue.0)
            }
            Self::WrapUpAtMost => {
                f.write_str("the agent's wrap-up is as long as it may be already")
            }
            Self::SinceAhead => f.write_str("the call began to wait later than now"),
            Self::UntilNotAhead => f.write_str("the end must be later than now"),
            Self::CallHeldBack { by } => by.fmt(f),
            Self::AgentBarred { by } => by.fmt(f),
            Self::AgentNotAvailable => f.write_str("the agent is not ready or has no free slot"),
            Self::AgentNotQualified => f.write_str("the agent lacks what the call requires"),
            Self::NotRecovering => f.write_str("the domain is not recovering"),
            Self::PlanDefective => f.write_str("the new plan is defective"),
            Self::TooManyDemands => f.write_str(
                "the new plan asks for too much, with what calls ask for by routes of before",
            ),
            Self::QueueInUse { queue } => {
                write!(f, "the new plan lacks queue {}, which calls are in", queue.0)
            }
            Self::AgentInUse { agent } => {
                write!(f, "the new plan lacks agent {}, or a slot of his, with a call", agent.0)
            }
        }
    }
}

impl std::error::Error for Rejection {}
