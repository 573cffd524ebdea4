//! What goes down to an adapter: orders, answers and the end of the session.

use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::CallRef;
use acd_core::{Channel, Priority, Span, Timestamp, Treatment};
use acd_journal::{Attributes, Farewell};

/// One message to an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// The epoch of the domain.
    pub epoch: u64,
    /// From 1, without gaps, for orders and rejections; else 0.
    pub number: u64,
    /// The number of the latest message of the adapter that is durable.
    pub ack: u64,
    /// What it says.
    pub body: DownBody,
}

/// What a message to an adapter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DownBody {
    /// Carries only `ack`.
    Acknowledged,
    /// The PBX must do something.
    Order(Order),
    /// A message was not applied.
    Rejected {
        /// The number of that message.
        number: u64,
        /// As in [`Refusal`].
        code: &'static str,
        /// As in [`Refusal`].
        message: String,
        /// As in [`Refusal`].
        field: &'static str,
    },
    /// What the adapter holds has been taken in.
    Resynced {
        /// Calls that the domain knew and the adapter named.
        known: u32,
        /// Calls that it did not know.
        adopted: u32,
        /// Calls that the adapter did not name.
        vanished: u32,
    },
    /// The session is over; nothing follows.
    Closed(CloseReason),
}

/// What the PBX must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Ring this agent for this call.
    Offer {
        /// The offer's number.
        offer: u64,
        /// The call.
        call: CallRef,
        /// The agent's id.
        agent: String,
        /// What to ring.
        address: String,
        /// The queue through which.
        queue: String,
        /// The call's priority.
        priority: Priority,
        /// When acdd ends the offer by itself.
        ring_until: Timestamp,
        /// The same as a length from the issue.
        ring: Span,
        /// As the call's adapter gave them.
        attributes: Attributes,
        /// The adapter rings already, as it said in its resync.
        adopted: bool,
        /// By which means the caller is in touch.
        channel: Channel,
    },
    /// Stop ringing.
    Revoke {
        /// Which offer.
        offer: u64,
        /// Why.
        reason: RevokeReason,
        /// Of which call.
        call: CallRef,
    },
    /// Bridge caller and agent.
    Connect {
        /// Through which offer.
        offer: u64,
        /// The call.
        call: CallRef,
        /// The agent's id.
        agent: String,
        /// When acdd takes it for failed.
        until: Timestamp,
    },
    /// The call leaves acdd.
    End {
        /// The call.
        call: CallRef,
        /// What the caller gets.
        treatment: Treatment,
        /// `queue/rule`, or empty when a person ended it.
        rule: String,
    },
    /// The call leaves acdd for a number outside.
    Transfer {
        /// The call.
        call: CallRef,
        /// The number.
        number: String,
        /// `queue/rule`.
        rule: String,
    },
    /// The waiting caller hears something.
    Play {
        /// The call.
        call: CallRef,
        /// The announcement's name.
        announcement: String,
        /// `queue/rule`.
        rule: String,
    },
    /// The waiting caller is asked whether he wants to be called back.
    OfferCallback {
        /// The call.
        call: CallRef,
        /// `queue/rule`.
        rule: String,
    },
    /// Whoever is on call is tried for the caller, who waits on.
    Ladder {
        /// The call.
        call: CallRef,
        /// The ladder's name.
        ladder: String,
        /// `queue/rule`; empty when the adapter is told again.
        rule: String,
    },
}

impl Order {
    /// Try this ladder for a caller who waits.
    pub(crate) fn ladder(call: CallRef, ladder: &str, rule: String) -> Self {
        Self::Ladder { call, ladder: ladder.to_owned(), rule }
    }

    /// What the PBX must do with a caller who leaves acdd.
    pub(crate) fn farewell(call: CallRef, farewell: Farewell, rule: String) -> Self {
        match farewell {
            Farewell::End(treatment) => Self::End { call, treatment, rule },
            Farewell::Transfer(number) => Self::Transfer { call, number: number.to_string(), rule },
        }
    }
}

/// Why an offer is over that the adapter still rings for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeReason {
    /// The call ended.
    CallEnded,
    /// The agent went not ready or logged out.
    AgentUnavailable,
    /// The ring deadline passed.
    NoAnswer,
    /// The agent refused on another way than this adapter.
    Declined,
    /// A supervisor moved the call.
    CallMoved,
    /// A person gave the call to another agent.
    Picked,
    /// The device could not be reached, or the adapter restarted.
    Failed,
    /// The bridge took too long.
    ConnectTimeout,
    /// Another agent whom it was offered to at the same time took it.
    AnsweredElsewhere,
}

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Another session of this adapter took over.
    TakenOver,
    /// The domain is stopping.
    Stopping,
    /// Another writer took over the domain's log.
    Fenced,
    /// The adapter left too many orders unacknowledged.
    TooManyUnacknowledged,
    /// A message number did not follow the one before it.
    Gap {
        /// The number that had to come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The adapter acknowledged an order that it was never sent.
    AckAhead {
        /// The number of the latest order.
        latest: u64,
        /// The number acknowledged.
        found: u64,
    },
}

impl CloseReason {
    /// The same as a refusal, which has a status and words.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::TakenOver => Refusal::new(
                RefusalKind::Aborted,
                code::TAKEN_OVER,
                "another session of this adapter took over",
            ),
            Self::Stopping => Refusal::stopping(),
            Self::Fenced => {
                Refusal::new(RefusalKind::Unavailable, code::FENCED, crate::status::FENCED)
            }
            Self::TooManyUnacknowledged => Refusal::new(
                RefusalKind::ResourceExhausted,
                code::TOO_MANY_UNACKNOWLEDGED,
                format!(
                    "{} orders are not acknowledged: acknowledge orders as they are taken in",
                    crate::bounds::UNACKNOWLEDGED_MAX
                ),
            ),
            Self::Gap { expected, found } => Refusal::new(
                RefusalKind::InvalidArgument,
                code::BAD_NUMBER,
                format!("message {found} came where {expected} had to: numbers leave no gap"),
            )
            .at("number"),
            Self::AckAhead { latest, found } => Refusal::new(
                RefusalKind::InvalidArgument,
                code::BAD_NUMBER,
                format!("order {found} was acknowledged, the latest one sent is {latest}"),
            )
            .at("ack"),
        }
    }
}
