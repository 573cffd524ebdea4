//! What an adapter may report, and how it stands on the wire.

use crate::resync::{Channel, HeldCall, HeldLeg};
use acd_proto::v1::{self, adapter_message::Body};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;

pub use acd_proto::v1::DeviceState;
pub use acd_proto::v1::offer_result::Result as OfferOutcome;

/// The longest wait that the protocol knows.
const WAITED_MAX: Duration = Duration::from_secs(7 * 24 * 3_600);

/// What a wait adds to a message, and to the lengths within it.
const WAITED_BYTES_MAX: usize = 16;

/// What it adds to a call to be named in a resync, its wait twice over and which resync it is: what
/// could be offered can be named.
const RESYNC_BYTES_MAX: usize = 2 * WAITED_BYTES_MAX + 8 + 11;

/// One offer, once and for ever: offers are counted within an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferKey {
    /// The epoch of the order.
    pub epoch: u64,
    /// Its `offer_number`.
    pub number: u64,
}

/// Where an agent has handed a caller on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandedOnTo {
    /// He has left acdd.
    Outside,
    /// He waits again, in this queue.
    Queue(String),
    /// He waits again, in the queue that the daemon's routes have for this number.
    Number(String),
}

/// The telephone numbers of a call, as the PBX has them; each is empty if it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// The number that was dialled.
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    pub dialed: String,
    /// The number of the caller.
    #[serde(rename = "c", default, skip_serializing_if = "String::is_empty")]
    pub caller: String,
}

impl Numbers {
    /// Neither is known.
    pub fn are_unknown(&self) -> bool {
        self.dialed.is_empty() && self.caller.is_empty()
    }
}

/// What happens in the PBX. `proto/acd/v1/adapter.proto` has the bounds of every field.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// A call wants an agent.
    CallOffered {
        /// Unique among the adapter's live calls; an id of the PBX, never a telephone number.
        call_id: String,
        /// The queue that it enters; if empty, the daemon's routes decide.
        queue: String,
        /// What its routes look at.
        numbers: Numbers,
        /// 0..=9; `None` is what its route says, else the normal 5.
        priority: Option<u32>,
        /// Carried to the agent with the offer.
        attributes: HashMap<String, String>,
        /// By which means the caller is in touch; unspecified is by voice.
        channel: Channel,
        /// The id of an agent for whom it waits a while, if he works and may take it.
        preferred_agent: Option<String>,
        /// How long the caller has been waiting already, in domain time; at most 7 days count.
        /// What a report is kept here, because there is no connection, comes on top by itself.
        waited: Option<Duration>,
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
    /// The agent has handed the caller on.
    CallTransferred {
        /// Which call.
        call_id: String,
        /// Where he is now.
        to: HandedOnTo,
    },
    /// An agent ended wrap-up at the phone.
    WrapUpDone {
        /// Who.
        agent: AgentMeant,
        /// After which call; without one, all that he has in wrap-up.
        call: Option<v1::CallRef>,
        /// How the conversation came out, one of its queue's dispositions; it is said of one call.
        disposition: Option<String>,
    },
    /// An agent logged in or out, or paused, at the phone.
    AgentPresence {
        /// Who.
        agent: AgentMeant,
        /// What he asks for.
        presence: AskedPresence,
    },
    /// How a device is: to be told of each device before a resync is sent, and whenever it changes.
    DeviceChanged {
        /// Which, as in endpoints.
        address: String,
        /// How it is now.
        state: DeviceState,
    },
}

/// How an agent is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentMeant {
    /// By his id.
    Id(String),
    /// By the address of his endpoint at this adapter.
    At(String),
}

impl AgentMeant {
    /// As (agent, address).
    fn fields(self) -> (String, String) {
        match self {
            Self::Id(agent) => (agent, String::new()),
            Self::At(address) => (String::new(), address),
        }
    }
}

/// What an agent asks for at the phone; he is logged in for it if need be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedPresence {
    /// To take calls.
    Ready,
    /// To take none, for this reason of the configuration if one is given.
    NotReady(Option<String>),
    /// To go home.
    LoggedOut,
}

impl Report {
    fn body(&self, kept: Duration) -> Body {
        match self.clone() {
            Self::CallOffered {
                call_id,
                queue,
                numbers,
                priority,
                attributes,
                channel,
                preferred_agent,
                waited,
            } => {
                let Numbers { dialed, caller } = numbers;
                let waited = on_the_wire(waited.unwrap_or_default().saturating_add(kept));
                Body::CallOffered(v1::CallOffered {
                    call_id,
                    queue,
                    priority,
                    attributes,
                    waited,
                    dialed,
                    caller,
                    channel: channel.into(),
                    preferred_agent: preferred_agent.unwrap_or_default(),
                })
            }
            Self::CallEnded { call_id } => Body::CallEnded(v1::CallEnded { call_id }),
            Self::OfferResult { offer, outcome } => Body::OfferResult(v1::OfferResult {
                offer_number: offer.number,
                result: outcome.into(),
                offer_epoch: offer.epoch,
            }),
            Self::CallBridged { offer } => Body::CallBridged(v1::CallBridged {
                offer_number: offer.number,
                offer_epoch: offer.epoch,
            }),
            Self::ConnectFailed { offer } => Body::ConnectFailed(v1::ConnectFailed {
                offer_number: offer.number,
                offer_epoch: offer.epoch,
            }),
            Self::AgentLegLost { call_id } => Body::AgentLegLost(v1::AgentLegLost { call_id }),
            Self::CallHeld { call_id } => Body::CallHeld(v1::CallHeld { call_id }),
            Self::CallRetrieved { call_id } => Body::CallRetrieved(v1::CallRetrieved { call_id }),
            Self::CallTransferred { call_id, to } => {
                let (queue, dialed) = match to {
                    HandedOnTo::Outside => (String::new(), None),
                    HandedOnTo::Queue(queue) => (queue, None),
                    HandedOnTo::Number(number) => (String::new(), Some(number)),
                };
                Body::CallTransferred(v1::CallTransferred { call_id, queue, dialed })
            }
            Self::WrapUpDone { agent, call, disposition } => {
                let (agent, address) = agent.fields();
                let disposition = disposition.unwrap_or_default();
                Body::WrapUpDone(v1::WrapUpDone { agent, address, call, disposition })
            }
            Self::AgentPresence { agent, presence } => {
                let (agent, address) = agent.fields();
                let (presence, reason) = match presence {
                    AskedPresence::Ready => (v1::Presence::Ready, None),
                    AskedPresence::NotReady(reason) => (v1::Presence::NotReady, reason),
                    AskedPresence::LoggedOut => (v1::Presence::LoggedOut, None),
                };
                Body::AgentPresence(v1::AgentPresence {
                    agent,
                    address,
                    presence: presence.into(),
                    reason: reason.unwrap_or_default(),
                })
            }
            Self::DeviceChanged { address, state } => {
                Body::DeviceChanged(v1::DeviceChanged { address, state: state.into() })
            }
        }
    }
}

/// One numbered message.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// What happens.
    Report(Report),
    /// A caller who is held; which resync he is named in.
    HeldCall(HeldCall, u64),
    /// A leg that is held.
    HeldLeg(HeldLeg, u64),
    /// The end of a resync.
    ResyncDone(u64),
}

impl Message {
    /// As it stands on the wire when it has been kept for so long, in domain time.
    pub(crate) fn body(&self, kept: Duration) -> Body {
        match self {
            Self::Report(report) => report.body(kept),
            Self::HeldCall(held, resync) => {
                let (call, resync) = (Some(held.call(kept)), *resync);
                Body::ResyncCall(v1::ResyncCall { call, resync })
            }
            Self::HeldLeg(held, resync) => Body::ResyncLeg(held.leg(*resync)),
            Self::ResyncDone(resync) => Body::ResyncDone(v1::ResyncDone { resync: *resync }),
        }
    }

    /// At most so long on the wire, whenever it is sent.
    pub(crate) fn bytes_max(&self) -> usize {
        let body = Some(self.body(Duration::ZERO));
        let bytes = v1::AdapterMessage { number: u64::MAX, ack: u64::MAX, body }.encoded_len();
        match self {
            Self::Report(Report::CallOffered { .. }) => bytes + RESYNC_BYTES_MAX,
            Self::HeldCall(..) => bytes + WAITED_BYTES_MAX,
            Self::Report(_) | Self::HeldLeg(..) | Self::ResyncDone(_) => bytes,
        }
    }
}

/// A wait as the protocol has it: none is left out, and none is longer than allowed.
pub(crate) fn on_the_wire(waited: Duration) -> Option<prost_types::Duration> {
    // What is at most 7 days always fits.
    let waited = prost_types::Duration::try_from(waited.min(WAITED_MAX)).unwrap_or_default();
    (waited != prost_types::Duration::default()).then_some(waited)
}
