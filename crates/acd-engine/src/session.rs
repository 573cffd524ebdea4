//! An adapter's session as the edge holds it: what comes up, and the two halves of the stream.

use crate::bounds;
use crate::mail::{Control, Mail, Post, SessionId};
use crate::order::{CloseReason, Down, DownBody};
use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::CallRef;
use acd_core::{Channel, DeviceState, OfferResult, Priority, Span, Timestamp};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Sleep, sleep_until};

/// While more is heard than is acknowledged, acknowledgements that come with no order leave no closer
/// together than this: each costs as much as an order. One of all that was heard leaves at once, since
/// the adapter may wait for it.
pub(crate) const ACKS_APART: Duration = Duration::from_millis(5);

/// Opens a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The adapter's name.
    pub adapter: String,
    /// Its process: random, not 0.
    pub incarnation: u64,
    /// The highest epoch that it has seen; 0 at first.
    pub epoch: u64,
    /// The number of the latest order taken in within that epoch.
    pub ack: u64,
    /// Name and version of the software.
    pub software: String,
}

/// The session is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The session goes on by number; else orders count from 1 again, and the adapter is asked to
    /// say what it holds.
    pub resumed: bool,
    /// Names the resync that is due; 0 if none is.
    pub resync: u64,
    /// The number of the latest message of this process that is applied and durable.
    pub received: u64,
    /// The epoch of the domain.
    pub epoch: u64,
    /// The domain's time.
    pub now: Timestamp,
}

/// What happens in the PBX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdapterMessage {
    /// A call wants an agent.
    CallOffered(OfferedCall),
    /// What the PBX holds.
    Resync {
        /// From the welcome that asked for it; what another one asked for is passed over.
        resync: u64,
        /// One thing that it holds, or that this is all.
        part: ResyncPart,
    },
    /// The call is over in the PBX.
    CallEnded {
        /// Which.
        call_id: String,
    },
    /// How an offer goes.
    OfferResult {
        /// Its number.
        offer: u64,
        /// The epoch of the order that named it; 0 is the present one.
        epoch: u64,
        /// How.
        result: OfferResult,
    },
    /// Caller and agent hear each other.
    CallBridged {
        /// Through which offer.
        offer: u64,
        /// The epoch of the order that named it; 0 is the present one.
        epoch: u64,
    },
    /// The bridge could not be made.
    ConnectFailed {
        /// Through which offer.
        offer: u64,
        /// The epoch of the order that named it; 0 is the present one.
        epoch: u64,
    },
    /// The agent's leg died while the caller is still there.
    AgentLegLost {
        /// Which.
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
    /// The agent handed the caller on.
    CallTransferred {
        /// Which call.
        call_id: String,
        /// Into this queue; if empty, as `dialed` says.
        queue: String,
        /// Into the queue that the routes have for this number; without one, out of acdd.
        dialed: Option<String>,
    },
    /// An agent ended wrap-up at the phone.
    WrapUpDone {
        /// Who.
        agent: AgentMeant,
        /// After which call; without one, all that he has in wrap-up.
        call: Option<CallRef>,
        /// How it came out, one of its queue's dispositions; it is said of one call.
        disposition: Option<String>,
    },
    /// An agent logged in or out, or paused, at the phone.
    AgentPresence {
        /// Who.
        agent: AgentMeant,
        /// What he asks for.
        presence: AskedPresence,
    },
    /// How a device is.
    DeviceChanged {
        /// Which, as in endpoints.
        address: String,
        /// How it is now.
        device: DeviceState,
    },
    /// The edge could not read the message: it is rejected with these words, its number counts.
    Malformed {
        /// As in [`Refusal`].
        code: &'static str,
        /// As in [`Refusal`].
        message: String,
        /// As in [`Refusal`].
        field: &'static str,
    },
    /// Nothing happened, only `ack` counts; it has no number.
    AckOnly,
}

/// How an adapter names an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentMeant {
    /// By his id.
    Id(String),
    /// By the address of his endpoint at this adapter.
    At(String),
}

/// What an agent asks for at the phone; he is logged in for it if need be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedPresence {
    /// To take calls.
    Ready,
    /// To take none, for this reason if one is given.
    NotReady(Option<String>),
    /// To go home.
    LoggedOut,
}

/// A call as its adapter describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedCall {
    /// The adapter's id of the call.
    pub call_id: String,
    /// The queue that it enters, in a resync if it is not known; if empty, the routes decide.
    pub queue: String,
    /// Its priority then; without one, what its route says, else the normal one.
    pub priority: Option<Priority>,
    /// The number that was dialled, or empty.
    pub dialed: String,
    /// The number of the caller, or empty.
    pub caller: String,
    /// Carried to the agent; looked at by routes alone.
    pub attributes: Vec<(String, String)>,
    /// How long the caller has been waiting already, without talk time.
    pub waited: Span,
    /// By which means he is in touch.
    pub channel: Channel,
    /// The id of the agent whom the call is for, or empty.
    pub preferred_agent: String,
}

/// A part of what a PBX holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResyncPart {
    /// A caller.
    Call(OfferedCall),
    /// A leg to an agent.
    Leg {
        /// For which call.
        call: CallRef,
        /// Of whom.
        agent: String,
        /// How far it is.
        state: LegState,
    },
    /// This is all: what was not named does not exist in the PBX.
    Done,
}

/// How far a leg to an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegState {
    /// The device rings.
    Ringing,
    /// He has answered and is not bridged yet.
    Answered,
    /// He talks with the caller.
    Talking,
    /// He has put the caller on hold.
    Held,
}

/// An open session. Dropping it, or either half of it, says that the stream broke.
#[derive(Debug)]
pub struct Session {
    /// What the adapter is to be told first.
    pub welcome: Welcome,
    receiver: SessionReceiver,
    sender: SessionSender,
}

/// The half that takes what comes up.
#[derive(Debug)]
pub struct SessionSender {
    post: Post,
    closing: watch::Receiver<Option<CloseReason>>,
    presence: Arc<StreamPresence>,
    _departure: Departure,
}

/// The half that hands out what goes down.
#[derive(Debug)]
pub struct SessionReceiver {
    epoch: u64,
    orders: mpsc::UnboundedReceiver<Numbered>,
    acks: watch::Receiver<u64>,
    acks_end: bool,
    /// The highest acknowledgement handed out.
    told: u64,
    /// Until the next one of a part may leave by itself; none once that has been waited for.
    acks_rest: Option<Pin<Box<Sleep>>>,
    departure: Departure,
}

/// A message down on its way from the driver.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    pub(crate) number: u64,
    /// Up to where the adapter's messages were durable when it left.
    pub(crate) ack: u64,
    pub(crate) body: DownBody,
}

/// The driver's ends of a session.
#[derive(Debug)]
pub(crate) struct DriverEnds {
    pub(crate) id: SessionId,
    /// Bounded by `UNACKNOWLEDGED_MAX`: the driver ends the session before it holds more.
    pub(crate) orders: mpsc::UnboundedSender<Numbered>,
    pub(crate) acks: watch::Sender<u64>,
    pub(crate) closing: watch::Sender<Option<CloseReason>>,
}

/// The edge's ends, not welcomed yet.
#[derive(Debug)]
pub(crate) struct EdgeEnds {
    receiver: SessionReceiver,
    sender: SessionSender,
}

/// What both halves know of the stream.
#[derive(Debug)]
struct StreamPresence {
    id: SessionId,
    /// Messages that have entered the mailbox.
    sent: AtomicU64,
    /// The highest number among them, or of one that is about to.
    heard: AtomicU64,
    departed: AtomicBool,
}

/// Tells the driver, once, that the stream is gone.
#[derive(Debug)]
struct Departure {
    post: Post,
    presence: Arc<StreamPresence>,
}

impl Drop for Departure {
    fn drop(&mut self) {
        if !self.presence.departed.swap(true, Ordering::AcqRel) {
            let sent = self.presence.sent.load(Ordering::Acquire);
            self.post.control(Control::Departed { session: self.presence.id, sent });
        }
    }
}

/// The ends of a new session.
pub(crate) fn session_ends(id: SessionId, epoch: u64, post: &Post) -> (EdgeEnds, DriverEnds) {
    let (orders_in, orders_out) = mpsc::unbounded_channel();
    let (acks_in, acks_out) = watch::channel(0);
    let (closing_in, closing_out) = watch::channel(None);
    let presence = Arc::new(StreamPresence {
        id,
        sent: AtomicU64::new(0),
        heard: AtomicU64::new(0),
        departed: AtomicBool::new(false),
    });
    let departure = || Departure { post: post.clone(), presence: Arc::clone(&presence) };
    let receiver = SessionReceiver {
        epoch,
        orders: orders_out,
        acks: acks_out,
        acks_end: false,
        told: 0,
        acks_rest: None,
        departure: departure(),
    };
    let sender = SessionSender {
        post: post.clone(),
        closing: closing_out,
        _departure: departure(),
        presence,
    };
    let driver = DriverEnds { id, orders: orders_in, acks: acks_in, closing: closing_in };
    (EdgeEnds { receiver, sender }, driver)
}

impl EdgeEnds {
    pub(crate) fn welcomed(mut self, welcome: Welcome) -> Session {
        self.receiver.told = welcome.received;
        Session { welcome, receiver: self.receiver, sender: self.sender }
    }
}

impl Session {
    /// As [`SessionSender::send`].
    ///
    /// # Errors
    /// As there.
    pub async fn send(
        &self,
        number: u64,
        ack: u64,
        message: AdapterMessage,
    ) -> Result<(), Refusal> {
        self.sender.send(number, ack, message).await
    }

    /// As [`SessionReceiver::next`].
    pub async fn next(&mut self) -> Option<Down> {
        self.receiver.next().await
    }

    /// The two halves, for two tasks.
    pub fn split(self) -> (SessionSender, SessionReceiver) {
        (self.sender, self.receiver)
    }
}

impl SessionSender {
    /// Hands a message to the driver; waits while the mailbox is full, which is how back-pressure
    /// reaches the adapter. What is wrong with the message itself is answered by `Rejected`.
    ///
    /// # Errors
    /// The session is over, or the number does not fit the message: 0 goes with
    /// [`AdapterMessage::AckOnly`] and with nothing else. The stream must end.
    pub async fn send(
        &self,
        number: u64,
        ack: u64,
        message: AdapterMessage,
    ) -> Result<(), Refusal> {
        if (number == 0) != (message == AdapterMessage::AckOnly) {
            let message = "numbers start at 1; a heartbeat, and nothing else, has number 0";
            return Err(
                Refusal::new(RefusalKind::InvalidArgument, code::BAD_NUMBER, message).at("number")
            );
        }
        if let Some(reason) = self.close_reason() {
            return Err(reason.refusal());
        }
        let message = match bounds::check_message(&message) {
            Ok(()) => message,
            Err(Refusal { code, message, field, .. }) => {
                AdapterMessage::Malformed { code, message, field }
            }
        };
        self.presence.heard.fetch_max(number, Ordering::AcqRel);
        let mail = Mail::Message { session: self.presence.id, number, ack, message };
        let sent = self.post.send(mail).await;
        if sent.is_err() {
            return Err(self.close_reason().unwrap_or(CloseReason::Stopping).refusal());
        }
        self.presence.sent.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Why the session is over, if it is.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.closing.borrow().clone()
    }

    /// Waits until the session is over, whatever ends it; for a task that waits on the adapter.
    pub async fn closed(&self) -> CloseReason {
        let mut closing = self.closing.clone();
        match closing.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or(CloseReason::Stopping),
            Err(_) => CloseReason::Stopping,
        }
    }
}

impl SessionReceiver {
    /// The next message for the adapter; after `Closed` there is none. Acknowledgements that
    /// nobody has asked for yet are merged into one. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Down> {
        loop {
            tokio::select! {
                biased;
                order = self.orders.recv() => {
                    let Numbered { number, ack, body } = order?;
                    return Some(self.down(number, ack, body));
                }
                () = rested(&mut self.acks_rest), if self.acks_rest.is_some() => {
                    self.acks_rest = None;
                    let ack = *self.acks.borrow();
                    if ack > self.told {
                        return Some(self.acknowledges(ack));
                    }
                }
                changed = self.acks.changed(), if !self.acks_end => {
                    self.acks_end = changed.is_err();
                    let ack = *self.acks.borrow_and_update();
                    let is_all = ack >= self.departure.presence.heard.load(Ordering::Acquire);
                    if ack > self.told && (is_all || self.acks_rest.is_none()) {
                        return Some(self.acknowledges(ack));
                    }
                }
            }
        }
    }

    fn acknowledges(&mut self, ack: u64) -> Down {
        let until = Instant::now() + ACKS_APART;
        match &mut self.acks_rest {
            Some(rest) => rest.as_mut().reset(until),
            None => self.acks_rest = Some(Box::pin(sleep_until(until))),
        }
        self.down(0, ack, DownBody::Acknowledged)
    }

    fn down(&mut self, number: u64, ack: u64, body: DownBody) -> Down {
        self.told = self.told.max(ack);
        Down { epoch: self.epoch, number, ack: self.told, body }
    }
}

/// Waits until a rest is over.
async fn rested(rest: &mut Option<Pin<Box<Sleep>>>) {
    if let Some(rest) = rest {
        rest.await;
    }
}
