//! Adapters' streams: what comes up goes to the engine, what the engine says goes down.

mod unread;

use crate::convert::message::{self, malformed};
use crate::convert::order::adapter_order;
use crate::convert::refusal::status;
use crate::convert::time::{duration, position, timestamp};
use crate::grpc::domain_named;
use crate::grpc::manual::{self, Manual};
use acd_engine::{Domain, Refusal, RefusalKind, SessionSender, code};
use acd_proto::v1::adapter_service_server::AdapterService;
use acd_proto::v1::{self, adapter_order::Body};
use futures_util::stream;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_stream::Stream;
use tonic::{Code, Request, Response, Status, Streaming};
use unread::Unread;

/// The largest message of an adapter, in bytes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// How often an adapter should say something, in real time.
pub(crate) const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);
/// An adapter that says nothing for so long is gone.
const SILENCE_MAX: Duration = HEARTBEAT_EVERY.saturating_mul(3);

/// How long the orders of a session that is over are kept for an adapter that does not read them;
/// if it resumes, they come again.
const UNREAD_FOR: Duration = Duration::from_secs(5);
/// The most streams at once, on all connections, whose Hello has not been answered.
const OPENING_MAX: usize = 4_096;

/// The service of those who connect a PBX.
#[derive(Clone, Debug)]
pub(crate) struct AdapterDesk {
    domain: Domain,
    manual: Manual,
    opening: Arc<Semaphore>,
}

impl AdapterDesk {
    /// A desk that serves `domain`, and holds the calls that come without a PBX.
    pub(crate) fn new(domain: Domain, manual: Manual) -> Self {
        Self { domain, manual, opening: Arc::new(Semaphore::new(OPENING_MAX)) }
    }
}

type OrderStream = Pin<Box<dyn Stream<Item = Result<v1::AdapterOrder, Status>> + Send>>;

#[tonic::async_trait]
impl AdapterService for AdapterDesk {
    type SessionStream = OrderStream;

    async fn session(
        &self,
        request: Request<Streaming<v1::AdapterMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let place = Arc::clone(&self.opening).try_acquire_owned().map_err(|_| crowded())?;
        // Answered before the Hello has come: some clients send nothing until then.
        let opening = Stage::Opening(self.domain.clone(), Box::new(request.into_inner()), place);
        Ok(Response::new(Box::pin(stream::unfold(opening, Stage::step))))
    }

    async fn offer_call(
        &self,
        request: Request<v1::OfferCallRequest>,
    ) -> Result<Response<v1::OfferCallResponse>, Status> {
        let v1::OfferCallRequest { domain, call } = request.into_inner();
        domain_named(&domain)?;
        let call = call.ok_or_else(|| status(&malformed("call is required", "call")))?;
        let call_id = call.call_id.clone();
        let reached = self.manual.offer_call(call).await.map_err(|refusal| status(&refusal))?;
        Ok(Response::new(v1::OfferCallResponse {
            position: Some(position(reached)),
            call: Some(v1::CallRef { adapter: manual::ADAPTER.to_owned(), call_id }),
        }))
    }

    async fn hang_up(
        &self,
        request: Request<v1::HangUpRequest>,
    ) -> Result<Response<v1::HangUpResponse>, Status> {
        let v1::HangUpRequest { domain, call_id } = request.into_inner();
        domain_named(&domain)?;
        let reached = self.manual.hang_up(call_id).await.map_err(|refusal| status(&refusal))?;
        Ok(Response::new(v1::HangUpResponse { position: Some(position(reached)) }))
    }

    async fn list_positions(
        &self,
        request: Request<v1::ListPositionsRequest>,
    ) -> Result<Response<v1::ListPositionsResponse>, Status> {
        let v1::ListPositionsRequest { domain, adapter } = request.into_inner();
        domain_named(&domain)?;
        let view = self.domain.view();
        let calls = view.positions(&adapter).into_iter().map(|row| v1::CallPosition {
            call_id: row.call.call_id.to_string(),
            queue: row.queue.to_string(),
            position: row.position,
        });
        let calls = calls.collect();
        Ok(Response::new(v1::ListPositionsResponse {
            position: Some(position(view.position())),
            calls,
        }))
    }
}

/// How far a stream has come; each step sends one message down.
enum Stage {
    /// Nothing was said yet.
    Opening(Domain, Box<Streaming<v1::AdapterMessage>>, OwnedSemaphorePermit),
    /// The session is open.
    Open(Orders, Reader),
    /// The adapter says no more; it is told that what it said, up to this number, is durable.
    Closing(Orders, Reader, u64),
    /// The status has been sent.
    Over,
}

impl Stage {
    async fn step(mut self) -> Option<(Result<v1::AdapterOrder, Status>, Self)> {
        loop {
            self = match self {
                Self::Opening(domain, up, _place) => {
                    return Some(match open(&domain, *up).await {
                        Ok((welcome, orders, reader)) => (Ok(welcome), Self::Open(orders, reader)),
                        Err(status) => (Err(status), Self::Over),
                    });
                }
                Self::Open(mut orders, mut reader) => tokio::select! {
                    biased;
                    Some(order) = orders.next() => {
                        let lives = order.is_ok();
                        let next = if lives { Self::Open(orders, reader) } else { Self::Over };
                        return Some((order, next));
                    }
                    ended = &mut reader.ended => match ended.unwrap_or_else(|_| Err(failed())) {
                        Ok(last) => Self::Closing(orders, reader, last),
                        Err(status) => return Some((Err(status), Self::Over)),
                    },
                },
                Self::Closing(orders, _, last) if orders.acknowledged >= last => return None,
                Self::Closing(mut orders, reader, last) => {
                    let order = orders.next().await.unwrap_or_else(|| Err(unheard()));
                    let lives = order.is_ok();
                    let next = if lives { Self::Closing(orders, reader, last) } else { Self::Over };
                    return Some((order, next));
                }
                Self::Over => return None,
            };
        }
    }
}

/// What goes down, and how much of what came up has been acknowledged with it.
struct Orders {
    unread: Unread,
    acknowledged: u64,
}

impl Orders {
    /// The next message, or the status with which the stream ends; none if the session is gone. May
    /// be dropped and called again.
    async fn next(&mut self) -> Option<Result<v1::AdapterOrder, Status>> {
        let next = self.unread.next().await?;
        self.acknowledged = next.ack;
        Some(adapter_order(next))
    }
}

async fn open(
    domain: &Domain,
    mut up: Streaming<v1::AdapterMessage>,
) -> Result<(v1::AdapterOrder, Orders, Reader), Status> {
    let first = match timeout(SILENCE_MAX, up.message()).await {
        Ok(first) => first.map_err(unreadable)?,
        Err(_) => return Err(silent()),
    };
    let first = first.ok_or_else(|| Status::invalid_argument("the first message must be Hello"))?;
    let (name, hello) = message::hello(first).map_err(|refusal| status(&refusal))?;
    domain_named(&name)?;
    if hello.adapter == manual::ADAPTER {
        return Err(status(&malformed(
            "`manual` is acdd's own adapter: choose another",
            "adapter",
        )));
    }
    let adapter = hello.adapter.clone();
    let session = domain.open_session(hello).await.map_err(|refusal| status(&refusal))?;
    let opened = session.welcome;
    let welcome = v1::AdapterOrder {
        epoch: opened.epoch,
        number: 0,
        ack: opened.received,
        body: Some(Body::Welcome(v1::Welcome {
            resumed: opened.resumed,
            resync: opened.resync,
            received: opened.received,
            heartbeat_every: Some(duration(HEARTBEAT_EVERY)),
            now: Some(timestamp(opened.now)),
            clock_scale: f64::from(domain.clock().scale()),
        })),
    };
    let (sender, receiver) = session.split();
    let unread = Unread::new(receiver);
    let reader = Reader::start(adapter, up, sender, unread.clone());
    Ok((welcome, Orders { unread, acknowledged: opened.received }, reader))
}

/// The task that takes what comes up; ended when dropped.
///
/// It also ends the session and frees what is left of it: an adapter that reads nothing stops the
/// way down, so that nothing on that way would notice.
struct Reader {
    /// How the stream upwards ended: with the number of the last message, 0 if there was none.
    ended: oneshot::Receiver<Result<u64, Status>>,
    task: JoinHandle<()>,
}

impl Reader {
    fn start(
        adapter: String,
        up: Streaming<v1::AdapterMessage>,
        session: SessionSender,
        unread: Unread,
    ) -> Self {
        let (tell, ended) = oneshot::channel();
        let task = tokio::spawn(async move {
            let ended = tokio::select! {
                ended = read(up, &session) => ended,
                reason = session.closed() => Err(status(&reason.refusal())),
            };
            let broken = ended.is_err();
            if let Err(status) = &ended {
                let (code, reason) = (status.code(), status.message());
                tracing::warn!(adapter, ?code, reason, "an adapter's stream has ended");
            }
            // Before the session ends, so that the way down says why.
            let _nobody_listens = tell.send(ended);
            if !broken {
                // Time for it to hear that what it said is durable.
                let _closed_meanwhile = timeout(SILENCE_MAX, session.closed()).await.is_ok();
            }
            drop(session);
            sleep(UNREAD_FOR).await;
            unread.free();
        });
        Self { ended, task }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn crowded() -> Status {
    let message = format!("{OPENING_MAX} streams wait for their Hello; try again in a moment");
    status(&Refusal::new(RefusalKind::ResourceExhausted, code::OVERLOADED, message))
}

fn unheard() -> Status {
    Status::deadline_exceeded("what was said last did not become durable in time")
}

fn failed() -> Status {
    Status::internal("the task that reads the stream has failed")
}

/// Hands over what comes up until the adapter closes the stream; says its last number.
async fn read(
    mut up: Streaming<v1::AdapterMessage>,
    session: &SessionSender,
) -> Result<u64, Status> {
    let (mut heard, mut last) = (Instant::now(), 0);
    // One timer that looks now and then costs less than one that is set anew by each message.
    let mut look = interval(HEARTBEAT_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let next = tokio::select! {
            biased;
            next = up.message() => next.map_err(unreadable)?,
            _ = look.tick() => {
                if heard.elapsed() > SILENCE_MAX {
                    return Err(silent());
                }
                continue;
            }
        };
        let Some(next) = next else { return Ok(last) };
        heard = Instant::now();
        let (number, ack) = (next.number, next.ack);
        let sent = session.send(number, ack, message::message(next)).await;
        sent.map_err(|refusal| status(&refusal))?;
        last = last.max(number);
    }
}

/// A message that is too large, or no message at all, cannot be told apart from what follows.
fn unreadable(error: Status) -> Status {
    match error.code() {
        Code::OutOfRange => status(&Refusal::new(
            RefusalKind::InvalidArgument,
            code::TOO_LARGE,
            format!("a message is larger than {MESSAGE_BYTES_MAX} bytes"),
        )),
        Code::Internal => status(&Refusal::new(
            RefusalKind::InvalidArgument,
            code::MALFORMED,
            "a message is not an acd.v1.AdapterMessage",
        )),
        _ => error,
    }
}

fn silent() -> Status {
    Status::deadline_exceeded(format!(
        "the adapter has said nothing for {} s; it should send a Heartbeat every {} s",
        SILENCE_MAX.as_secs(),
        HEARTBEAT_EVERY.as_secs()
    ))
}
