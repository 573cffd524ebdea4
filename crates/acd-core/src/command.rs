//! Everything that can happen to the Router, and how it refuses.

use crate::ids::{
    AdapterId, AgentId, CallHandle, OfferNumber, Priority, QueueId, ReasonId, Timestamp,
};
use crate::plan::Treatment;
use std::fmt;

/// One thing that happened, or that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Fires what is due at or before `now`, at most a slice of it: the driver repeats while
    /// `next_deadline() <= now`.
    AdvanceTime,

    /// An adapter's session is open: its calls may be offered, its devices rung.
    AdapterUp {
        /// Who.
        adapter: AdapterId,
        /// The adapter's process, a random number; a new one knows nothing of earlier offers.
        incarnation: u64,
    },
    /// An adapter's session is gone: its calls wait on, nothing of it is offered.
    AdapterDown {
        /// Who.
        adapter: AdapterId,
    },
    /// All messages of the adapter's incarnation up to `number` have been applied or refused.
    AdapterHeard {
        /// Who.
        adapter: AdapterId,
        /// The number of the latest.
        number: u64,
    },

    /// A call arrives.
    CallOffered {
        /// Its handle, minted by the edge.
        call: CallHandle,
        /// Who holds the caller's leg.
        adapter: AdapterId,
        /// The queue it enters.
        queue: QueueId,
        /// Its priority at entry.
        priority: Priority,
    },
    /// The PBX reports that the call is over, by whichever side.
    CallEnded {
        /// Which.
        call: CallHandle,
    },
    /// The adapter reports how an offer goes.
    OfferResult {
        /// The call that was offered.
        call: CallHandle,
        /// Which offer.
        offer: OfferNumber,
        /// How it goes.
        result: OfferResult,
    },
    /// Caller and agent hear each other.
    CallBridged {
        /// Which.
        call: CallHandle,
        /// The offer that led to it.
        offer: OfferNumber,
    },
    /// The adapter could not bridge.
    ConnectFailed {
        /// Which.
        call: CallHandle,
        /// The offer that led to it.
        offer: OfferNumber,
    },
    /// The agent's leg died, the caller is still there.
    AgentLegLost {
        /// Which.
        call: CallHandle,
    },
    /// The agent put the caller on hold.
    CallHeld {
        /// Which.
        call: CallHandle,
    },
    /// The agent took the caller back from hold.
    CallRetrieved {
        /// Which.
        call: CallHandle,
    },

    /// The agent starts work; he is not ready until he says so.
    AgentLogIn {
        /// Who.
        agent: AgentId,
    },
    /// The agent goes home.
    AgentLogOut {
        /// Who.
        agent: AgentId,
    },
    /// The agent wants calls.
    AgentReady {
        /// Who.
        agent: AgentId,
    },
    /// The agent wants no calls.
    AgentNotReady {
        /// Who.
        agent: AgentId,
        /// Why, if he said so.
        reason: Option<ReasonId>,
    },
    /// The agent takes the call that he is offered.
    AgentAccept {
        /// Who.
        agent: AgentId,
        /// Which offer.
        offer: OfferNumber,
    },
    /// The agent does not take the call that he is offered.
    AgentDecline {
        /// Who.
        agent: AgentId,
        /// Which offer.
        offer: OfferNumber,
    },
    /// The agent has finished his notes on all calls in wrap-up.
    AgentEndWrapUp {
        /// Who.
        agent: AgentId,
    },

    /// A supervisor moves a waiting call to another queue.
    MoveCall {
        /// Which.
        call: CallHandle,
        /// Where to.
        queue: QueueId,
    },
    /// A supervisor sets a waiting call's priority, up or down.
    SetPriority {
        /// Which.
        call: CallHandle,
        /// The new one.
        priority: Priority,
    },
    /// A supervisor ends a call.
    EndCall {
        /// Which.
        call: CallHandle,
        /// What the caller gets.
        treatment: Treatment,
    },
    /// A supervisor sets an agent's presence, at once where no call is in his hands.
    ForcePresence {
        /// Who.
        agent: AgentId,
        /// To what.
        presence: ForcedPresence,
    },
}

/// How an offer goes, as its adapter sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferResult {
    /// The device rings.
    Ringing,
    /// The agent answered.
    Accepted,
    /// The agent refused.
    Declined,
    /// Nobody answered.
    NoAnswer,
    /// The device could not be reached.
    Failed,
}

/// What a supervisor may force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForcedPresence {
    /// Logged in and taking calls.
    Ready,
    /// Logged in, taking none.
    NotReady,
    /// Gone.
    LoggedOut,
}

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
    /// The plan has no such agent.
    UnknownAgent,
    /// The plan has no such reason.
    UnknownReason,
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
    /// The agent has no call in wrap-up.
    NotInWrapUp,
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
            Self::UnknownAgent => f.write_str("no such agent"),
            Self::UnknownReason => f.write_str("no such reason"),
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
        }
    }
}

impl std::error::Error for Rejection {}
