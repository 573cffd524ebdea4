//! Why calls leave queues, offers end, calls wait again, and how calls end.

/// Why a call left a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftCause {
    /// It moved to another queue.
    Moved,
    /// It was answered, through this queue or another.
    Connected,
    /// It ended.
    Ended,
    /// What had let it wait here too is over.
    Withdrawn,
}

/// How an offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferEnd {
    /// The agent took it.
    Accepted,
    /// The agent refused it.
    Declined,
    /// It rang out.
    NoAnswer,
    /// acdd took it back.
    Revoked(RevokeCause),
    /// The device could not be rung.
    Failed,
}

/// Why acdd took an offer back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeCause {
    /// The call ended.
    CallEnded,
    /// The agent went not ready or logged out.
    AgentUnavailable,
    /// A supervisor moved the call.
    CallMoved,
    /// A person gave the call to another agent.
    Picked,
    /// The adapter's process is a new one and knows nothing of it.
    AdapterRestarted,
    /// Another agent whom it was offered to at the same time took it.
    AnsweredElsewhere,
}

/// Why a call waits again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnCause {
    /// Its offer ended without a conversation.
    OfferEnded,
    /// The bridge failed.
    ConnectFailed,
    /// The agent's leg died.
    AgentLegLost,
    /// Its agent handed it on, into a queue.
    Transferred,
}

/// How a call ended, exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It was connected with an agent.
    Handled,
    /// The caller hung up before that.
    Abandoned,
    /// The same, at an age below `short_abandon`.
    ShortAbandoned,
    /// A rule or a supervisor sent it out of acdd.
    Overflowed,
    /// The PBX does not have it any more, and nobody saw it end.
    Vanished,
    /// Its agent handed the caller on to somebody outside acdd.
    Transferred,
    /// A rule on entry ended it as it arrived.
    Rejected,
}
