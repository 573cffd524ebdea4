//! One session with a daemon, as its user sees it: send reports, receive orders.

use crate::drive;
use crate::endpoint::{AddressError, KeepAlive, code_word, root_of};
use crate::link::{Asked, Link};
use crate::numbering::SendId;
use crate::report::{OfferKey, Report};
use crate::resync::{Resync, ResyncIds};
use acd_proto::v1;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tonic::Status;

/// How many reports may wait for their acknowledgement before `send` has to wait too.
pub const UNACKNOWLEDGED_MAX: usize = 65_536;
/// The largest report, in bytes on the wire; the daemon ends a stream that carries a larger one.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Whom to connect to, and as whom.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// `http://127.0.0.1:7170`; several when one of them takes over if another is gone. They are
    /// tried in turn, beginning with the one that was there last.
    pub servers: Vec<String>,
    /// The tenant or site; empty means `main`.
    pub domain: String,
    /// The adapter's name, as endpoints use it.
    pub adapter: String,
    /// Name and version of the software, for the daemon's logs.
    pub software: String,
    /// Stands for this process; not 0, and another one for every process.
    pub incarnation: u64,
    /// Whether and how a broken stream is opened again.
    pub reconnect: Reconnect,
    /// How a connection that is only half open is noticed.
    pub keep_alive: KeepAlive,
}

impl SessionOptions {
    /// An adapter in the domain `main`, with a random incarnation, that reconnects.
    pub fn new(server: impl Into<String>, adapter: impl Into<String>) -> Self {
        Self {
            servers: vec![server.into()],
            domain: String::new(),
            adapter: adapter.into(),
            software: concat!("acd-adapter ", env!("CARGO_PKG_VERSION")).to_owned(),
            incarnation: rand::random_range(1..=u64::MAX),
            reconnect: Reconnect::default(),
            keep_alive: KeepAlive::default(),
        }
    }
}

/// What happens when the stream breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// The session is over.
    Never,
    /// It is opened again, after a delay that is drawn evenly from nothing up to a length that
    /// doubles with every failure, so that adapters that lose one daemon at once don't come back
    /// in one instant.
    WithBackoff {
        /// The longest before the first attempt.
        first: Duration,
        /// The longest before any attempt.
        most: Duration,
    },
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::WithBackoff { first: Duration::from_millis(100), most: Duration::from_secs(5) }
    }
}

/// Why no session came about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address cannot be one.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Nothing answers there.
    #[error("no daemon at {server}: {}", root_of(.source))]
    Unreachable {
        /// Where.
        server: String,
        /// How it failed.
        source: tonic::transport::Error,
    },
    /// The daemon ended the stream.
    #[error("{}", refusal(.0))]
    Refused(Box<tonic::Status>),
    /// The daemon broke the protocol.
    #[error("the daemon broke the protocol: {0}")]
    Protocol(String),
    /// The daemon and this process remember different pasts: it has lost what it had
    /// acknowledged, or another process bears the same incarnation. Trying again cannot help.
    #[error("{0}")]
    Irreconcilable(String),
}

fn refusal(status: &tonic::Status) -> String {
    let (code, message) = (status.code(), status.message());
    let word = code_word(code);
    match code {
        // The HTTP port of acdd says so too.
        tonic::Code::Unimplemented => {
            format!("what answers there is no acdd, or not at its gRPC port: {message} ({word})")
        }
        _ => format!("the daemon refused: {message} ({word})"),
    }
}

/// Why a report was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The session is over for good.
    #[error("the session is over")]
    Closed,
    /// The report is larger than the daemon reads.
    #[error("the report is {bytes} bytes long, at most {MESSAGE_BYTES_MAX} are allowed")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Only a resync: it is done already, or has never been asked for.
    #[error("one resync is taken after each Connected that is not resumed")]
    NoResyncDue,
}

/// What a session tells its user, in the order in which it happened.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionEvent {
    /// The stream is open. What was sent before and is not durable is being sent again.
    ///
    /// When it is not `resumed`, the daemon or this process is new to the other: orders of before
    /// are void, and `SessionSender::resync` is to say what the PBX holds, be it nothing: until
    /// then, or until the daemon's `recovery_grace` is over, nothing of it is offered.
    Connected {
        /// The domain's epoch.
        epoch: u64,
        /// The session goes on by number; nothing was lost.
        resumed: bool,
        /// How many domain seconds pass in one second.
        clock_scale: f64,
    },
    /// Ring an agent; but if `offer.adopted`, the PBX has a leg for this call and agent, which it
    /// named in its resync: that one goes on under this key, and nothing else is to be rung.
    Offer {
        /// Names the leg that is made for it.
        key: OfferKey,
        /// Whom, for which call.
        offer: v1::Offer,
    },
    /// Stop ringing, or give up connecting; the offer is over.
    Revoke {
        /// Which.
        key: OfferKey,
        /// Why.
        revoke: v1::Revoke,
    },
    /// Bridge caller and agent, and report it.
    Connect {
        /// The offer that was accepted.
        key: OfferKey,
        /// Which call, with whom.
        connect: v1::Connect,
    },
    /// The call leaves acdd.
    End(v1::End),
    /// The call leaves acdd for a number outside.
    Transfer(v1::Transfer),
    /// The waiting caller is to hear something; nothing else waits for it.
    Play(v1::Play),
    /// The waiting caller is to be asked whether he wants to be called back.
    OfferCallback(v1::OfferCallback),
    /// Whoever is on call is to be tried for the waiting caller. It may be told again: a ladder that runs
    /// for the call already goes on.
    Ladder(v1::Ladder),
    /// A report was not applied; nothing has changed. After a broken connection it may come later
    /// than the `Acknowledged` that covers its report.
    Rejected {
        /// What `send` returned for it.
        id: SendId,
        /// Stable and machine readable: `unknown_queue`, `offer_over`, ...
        code: String,
        /// What was wrong and what would be right.
        message: String,
        /// The field at fault, or empty.
        field: String,
    },
    /// A resync has been taken in, and what it led to is durable. A leg that rings or waits for
    /// `Connect`, and for which no adopted offer has come since, is void: hang it up.
    Resynced {
        /// Calls that the daemon knew and the resync named.
        known: u32,
        /// Calls that it did not know and has taken over.
        adopted: u32,
        /// Calls that the resync did not name, and that are over.
        vanished: u32,
    },
    /// All reports up to this one are durable, or were refused.
    Acknowledged {
        /// The latest of them.
        up_to: SendId,
    },
    /// The stream broke. When not `retrying`, this is the last event.
    Disconnected {
        /// Why.
        reason: String,
        /// It is being opened again.
        retrying: bool,
    },
}

/// Opens sessions.
#[derive(Debug)]
pub struct AdapterSession;

impl AdapterSession {
    /// Connects, says Hello and awaits Welcome. The first event is `Connected`.
    ///
    /// # Errors
    /// When the daemon cannot be reached or refuses; later failures are events.
    pub async fn connect(
        options: SessionOptions,
    ) -> Result<(SessionSender, SessionEvents), ConnectError> {
        let (queue, queued) = mpsc::unbounded_channel();
        let link = Arc::new(Link::new(options.domain.clone(), options.adapter.clone()));
        drive::start(options, Arc::clone(&link), queue).await?;
        Ok((SessionSender { link: Arc::clone(&link) }, SessionEvents { link, queued }))
    }
}

/// Sends reports. Cheap to clone; what one task sends arrives in the order of sending.
#[derive(Clone, Debug)]
pub struct SessionSender {
    link: Arc<Link>,
}

impl SessionSender {
    /// Sends a report, exactly once in effect, over as many streams as it takes.
    ///
    /// Returns as soon as the report is in line; waits while `UNACKNOWLEDGED_MAX` of them are. A
    /// report about an offer of a former epoch is rejected with `offer_over`.
    ///
    /// # Errors
    /// When the report can never arrive.
    pub async fn send(&self, report: Report) -> Result<SendId, SendError> {
        self.link.send(report).await
    }

    /// Says what the PBX holds, once after each `Connected` that is not `resumed`. Answered by
    /// `Resynced`, and before it by what becomes of the legs.
    ///
    /// It stands in line as one: reports that other tasks send meanwhile come after it, those sent
    /// before it come before it. So take stock and call this without sending in between, or a call
    /// that ended meanwhile is named. A resync may be longer than `UNACKNOWLEDGED_MAX`; this then
    /// waits until the daemon has taken in the beginning.
    ///
    /// A stream that breaks and is resumed changes nothing. If the daemon starts anew before all is
    /// durable, this resync counts for nothing, whatever part was heard, and the new `Connected`
    /// asks for another one. Dropped before it is ready, it may be called again.
    ///
    /// Returns `None` when the daemon has started anew before all of it was in line: the event
    /// `Connected` that says so is still to come, or has been returned meanwhile.
    ///
    /// # Errors
    /// When it can never arrive, and when none is due; nothing of it has been sent if it is too
    /// large.
    pub async fn resync(&self, resync: Resync) -> Result<Option<ResyncIds>, SendError> {
        self.link.resync(resync).await
    }

    /// Where this adapter's waiting calls stand in their queues, from 1, by `call_id`: to tell
    /// callers. Of several queues, the one in which a call is nearest to the front. It is asked beside
    /// the session, so that no report waits for it.
    ///
    /// # Errors
    /// `UNAVAILABLE` while there is no connection, and whatever the daemon refuses with.
    pub async fn positions(&self) -> Result<HashMap<String, u64>, tonic::Status> {
        let mut client = self.link.client().ok_or_else(|| Status::unavailable("no connection"))?;
        let (domain, adapter) = (self.link.domain().to_owned(), self.adapter().to_owned());
        let listed = client.list_positions(v1::ListPositionsRequest { domain, adapter }).await?;
        let mut positions = HashMap::new();
        for v1::CallPosition { call_id, position, .. } in listed.into_inner().calls {
            let best = positions.entry(call_id).or_insert(position);
            *best = position.min(*best);
        }
        Ok(positions)
    }

    /// The adapter's name.
    pub fn adapter(&self) -> &str {
        self.link.adapter()
    }

    /// How many domain seconds pass in one second, as the latest Welcome said.
    pub fn clock_scale(&self) -> f64 {
        self.link.clock_scale()
    }

    /// Ends the session once everything sent before has been acknowledged.
    pub async fn close(&self) {
        self.link.close();
        self.link.ended().await;
    }
}

/// What a session tells its user. Dropping it ends the session.
///
/// An order is acknowledged when `recv` has returned it.
#[derive(Debug)]
pub struct SessionEvents {
    link: Arc<Link>,
    queued: mpsc::UnboundedReceiver<Queued>,
}

/// An event on its way to the user.
///
/// The line is as long as the daemon lets it grow: it keeps 65,536 orders unacknowledged at most,
/// and what is not an order comes at most once for each report.
#[derive(Debug)]
pub(crate) enum Queued {
    /// To be acknowledged once taken.
    Order { generation: u64, number: u64, event: SessionEvent },
    /// The stream is open; a resync that it asks for is due once the user knows.
    Connected { asked: Option<Asked>, event: SessionEvent },
    /// Everything else.
    Notice(SessionEvent),
}

impl SessionEvents {
    /// The next event; `None` when the session is over. Cancel safe.
    ///
    /// Orders that were still in line when the daemon started anew are left out.
    pub async fn recv(&mut self) -> Option<SessionEvent> {
        loop {
            match self.queued.recv().await? {
                Queued::Notice(event) => return Some(event),
                Queued::Connected { asked, event } => {
                    if let Some(asked) = asked {
                        self.link.ask(asked);
                    }
                    return Some(event);
                }
                Queued::Order { generation, number, event } => {
                    if self.link.take(generation, number) {
                        return Some(event);
                    }
                }
            }
        }
    }
}
