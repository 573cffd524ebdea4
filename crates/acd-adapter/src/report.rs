//! What an adapter may report, and how it stands on the wire.

use acd_proto::v1::{self, adapter_message::Body};
use std::collections::HashMap;

pub use acd_proto::v1::offer_result::Result as OfferOutcome;

/// One offer, once and for ever: offers are counted within an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferKey {
    /// The epoch of the order.
    pub epoch: u64,
    /// Its `offer_number`.
    pub number: u64,
}

/// What happens in the PBX. `proto/acd/v1/adapter.proto` has the bounds of every field.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// A call wants an agent.
    CallOffered {
        /// Unique among the adapter's live calls; an id of the PBX, never a telephone number.
        call_id: String,
        /// The queue that it enters.
        queue: String,
        /// 0..=9; `None` is the normal 5.
        priority: Option<u32>,
        /// Carried to the agent with the offer.
        attributes: HashMap<String, String>,
    },
    /// The call is over, whoever hung up.
    CallEnded {
        /// Which.
        call_id: String,
    },
    /// How an offer goes.
    OfferResult {
        /// Which.
        offer: OfferKey,
        /// How.
        outcome: OfferOutcome,
    },
    /// Caller and agent hear each other.
    CallBridged {
        /// The offer, from the order to connect.
        offer: OfferKey,
    },
    /// The bridge could not be made; the caller is still there.
    ConnectFailed {
        /// The offer, from the order to connect.
        offer: OfferKey,
    },
    /// The agent's leg died while the caller is still there.
    AgentLegLost {
        /// Which call.
        call_id: String,
    },
    /// The agent put the caller on hold.
    CallHeld {
        /// Which.
        call_id: String,
    },
    /// The agent took the caller back.
    CallRetrieved {
        /// Which.
        call_id: String,
    },
    /// An agent ended wrap-up at the phone.
    WrapUpDone {
        /// His id.
        agent: String,
    },
}

impl Report {
    /// The offer that it speaks of; without its epoch the report means nothing.
    pub(crate) fn offer(&self) -> Option<OfferKey> {
        match self {
            Self::OfferResult { offer, .. }
            | Self::CallBridged { offer }
            | Self::ConnectFailed { offer } => Some(*offer),
            Self::CallOffered { .. }
            | Self::CallEnded { .. }
            | Self::AgentLegLost { .. }
            | Self::CallHeld { .. }
            | Self::CallRetrieved { .. }
            | Self::WrapUpDone { .. } => None,
        }
    }

    pub(crate) fn body(&self) -> Body {
        match self.clone() {
            Self::CallOffered { call_id, queue, priority, attributes } => {
                Body::CallOffered(v1::CallOffered { call_id, queue, priority, attributes })
            }
            Self::CallEnded { call_id } => Body::CallEnded(v1::CallEnded { call_id }),
            Self::OfferResult { offer, outcome } => Body::OfferResult(v1::OfferResult {
                offer_number: offer.number,
                result: outcome.into(),
            }),
            Self::CallBridged { offer } => {
                Body::CallBridged(v1::CallBridged { offer_number: offer.number })
            }
            Self::ConnectFailed { offer } => {
                Body::ConnectFailed(v1::ConnectFailed { offer_number: offer.number })
            }
            Self::AgentLegLost { call_id } => Body::AgentLegLost(v1::AgentLegLost { call_id }),
            Self::CallHeld { call_id } => Body::CallHeld(v1::CallHeld { call_id }),
            Self::CallRetrieved { call_id } => Body::CallRetrieved(v1::CallRetrieved { call_id }),
            Self::WrapUpDone { agent } => Body::WrapUpDone(v1::WrapUpDone { agent }),
        }
    }
}
