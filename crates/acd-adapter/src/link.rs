//! What a session's user and its streams share: the numbers, and what is still to be written.

use crate::numbering::{Breach, Numbering, SendId, Verdict};
use crate::report::{Message, Report};
use crate::resync::{Resync, ResyncIds};
use crate::session::{MESSAGE_BYTES_MAX, SendError, UNACKNOWLEDGED_MAX};
use acd_proto::v1::{self, adapter_message::Body, adapter_service_client::AdapterServiceClient};
use parking_lot::{Mutex, MutexGuard};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::sync::{self, Notify, Semaphore, SemaphorePermit, watch};
use tokio_stream::Stream;
use tonic::transport::Channel;

/// So many orders may be taken before that is told at once.
const ACKNOWLEDGE_EVERY: u64 = 1_024;
/// What is written later than this after it was sent, in real time, says how long it was kept.
const LATE_AFTER: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Link {
    domain: String,
    adapter: String,
    state: Mutex<State>,
    /// Whose turn it is to send: nothing comes between the parts of a resync.
    turn: sync::Mutex<()>,
    /// One permit for each report that may still be sent.
    room: Semaphore,
    /// The driver should look at the state.
    attention: Notify,
    ended: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    numbering: Numbering<Kept>,
    /// The latest Welcome that asks for a resync, and that the user has seen.
    asked: Option<Asked>,
    /// Which stream is the present one; earlier ones write nothing more.
    stream: u64,
    /// The present stream has been welcomed.
    open: bool,
    writer: Option<Waker>,
    heartbeat_due: bool,
    /// The acknowledgement that was written last.
    told: u64,
    written_at: Instant,
    clock_scale: f64,
    closing: bool,
    /// Over the connection of the present stream.
    client: Option<AdapterServiceClient<Channel>>,
}

/// A Welcome that asks for a resync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Of its numbers.
    pub(crate) generation: u64,
    /// What it calls the resync.
    pub(crate) resync: u64,
}

/// A message, and when the user sent it.
#[derive(Debug)]
struct Kept {
    since: Instant,
    message: Message,
}

impl Link {
    pub(crate) fn new(domain: String, adapter: String) -> Self {
        Self {
            domain,
            adapter,
            state: Mutex::new(State {
                numbering: Numbering::default(),
                asked: None,
                stream: 0,
                open: false,
                writer: None,
                heartbeat_due: false,
                told: 0,
                written_at: Instant::now(),
                clock_scale: 1.0,
                closing: false,
                client: None,
            }),
            turn: sync::Mutex::new(()),
            room: Semaphore::new(UNACKNOWLEDGED_MAX),
            attention: Notify::new(),
            ended: watch::Sender::new(false),
        }
    }

    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }

    pub(crate) fn adapter(&self) -> &str {
        &self.adapter
    }

    /// Over the connection of the present stream; `None` if that is not open.
    pub(crate) fn client(&self) -> Option<AdapterServiceClient<Channel>> {
        let state = self.state.lock();
        state.client.clone().filter(|_| state.open)
    }

    pub(crate) async fn send(&self, report: Report) -> Result<SendId, SendError> {
        let since = Instant::now();
        let message = Message::Report(report);
        check_size(&message)?;
        let _turn = self.turn.lock().await;
        let room = self.room().await?;
        let mut state = self.open_state()?;
        Ok(state.push(room, Kept { since, message }))
    }

    async fn room(&self) -> Result<SemaphorePermit<'_>, SendError> {
        self.room.acquire().await.map_err(|_| SendError::Closed)
    }

    fn open_state(&self) -> Result<MutexGuard<'_, State>, SendError> {
        let state = self.state.lock();
        if state.closing { Err(SendError::Closed) } else { Ok(state) }
    }

    /// `None` if the daemon has started anew since the user saw that a resync is due.
    pub(crate) async fn resync(&self, resync: Resync) -> Result<Option<ResyncIds>, SendError> {
        let since = Instant::now();
        let (calls, legs) = (resync.calls.len(), resync.legs.len());
        let _turn = self.turn.lock().await;
        let asked = self.open_state()?.asked.ok_or(SendError::NoResyncDue)?;
        let Asked { generation, resync: number } = asked;
        let parts: Vec<_> = (resync.calls.into_iter().map(|call| Message::HeldCall(call, number)))
            .chain(resync.legs.into_iter().map(|leg| Message::HeldLeg(leg, number)))
            .chain([Message::ResyncDone(number)])
            .collect();
        parts.iter().try_for_each(check_size)?;
        let mut first = None;
        for message in parts {
            let room = self.room().await?;
            let mut state = self.open_state()?;
            if state.numbering.generation() != generation {
                return Ok(None);
            }
            if matches!(message, Message::ResyncDone(_)) && state.asked == Some(asked) {
                state.asked = None;
            }
            let id = state.push(room, Kept { since, message });
            first.get_or_insert(id);
        }
        Ok(first.map(|first| ResyncIds { first, calls, legs }))
    }

    /// The user has seen a Welcome that asks for a resync.
    pub(crate) fn ask(&self, asked: Asked) {
        self.state.lock().asked = Some(asked);
    }

    /// The user takes an order; `false` if it is of the time before numbering began anew.
    pub(crate) fn take(&self, generation: u64, number: u64) -> bool {
        let mut state = self.state.lock();
        if state.numbering.generation() != generation {
            return false;
        }
        state.numbering.take(generation, number);
        if state.untold() >= ACKNOWLEDGE_EVERY {
            state.heartbeat_due = true;
            state.wake_writer();
        }
        true
    }

    pub(crate) fn clock_scale(&self) -> f64 {
        self.state.lock().clock_scale
    }

    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closing = true;
        state.wake_writer();
        drop(state);
        self.attention.notify_one();
    }

    /// Returns when the session is over.
    pub(crate) async fn ended(&self) {
        // The sender lives in self, so this waits for nothing but the value.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// The session is over for good.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock();
        state.closing = true;
        state.stream += 1;
        state.wake_writer();
        drop(state);
        self.room.close();
        self.ended.send_replace(true);
    }

    pub(crate) async fn attention(&self) {
        self.attention.notified().await;
    }

    /// Whether the user wants to end and nothing is left to wait for.
    pub(crate) fn is_finished(&self) -> bool {
        let state = self.state.lock();
        state.closing && state.numbering.outstanding() == 0
    }

    /// The highest epoch seen and the latest order taken in it, for Hello.
    pub(crate) fn position(&self) -> (u64, u64) {
        self.state.lock().numbering.position()
    }

    /// A new stream that begins with `hello`; it writes nothing more until it is welcomed.
    pub(crate) fn outgoing(
        self: &Arc<Self>,
        hello: v1::Hello,
        client: AdapterServiceClient<Channel>,
    ) -> Outgoing {
        let mut state = self.state.lock();
        state.client = Some(client);
        state.stream += 1;
        state.open = false;
        state.wake_writer();
        let stream = state.stream;
        drop(state);
        let hello = v1::AdapterMessage { number: 0, ack: 0, body: Some(Body::Hello(hello)) };
        Outgoing { link: Arc::clone(self), stream, hello: Some(hello) }
    }

    /// The present stream is welcomed: its generation, and the latest message that this frees.
    pub(crate) fn welcome(
        &self,
        epoch: u64,
        welcome: &v1::Welcome,
    ) -> Result<(u64, Option<SendId>), Breach> {
        let mut state = self.state.lock();
        let freed = state.numbering.welcome(epoch, welcome.resumed, welcome.received)?;
        state.open = true;
        state.told = state.numbering.position().1;
        state.written_at = Instant::now();
        state.clock_scale = welcome.clock_scale;
        state.wake_writer();
        let generation = state.numbering.generation();
        drop(state);
        let Some((freed, id)) = freed else {
            return Ok((generation, None));
        };
        self.room.add_permits(freed);
        Ok((generation, Some(id)))
    }

    /// An order has come in: whether it counts, and in which generation.
    pub(crate) fn order(&self, epoch: u64, number: u64) -> Result<(Verdict, u64), Breach> {
        let mut state = self.state.lock();
        let verdict = state.numbering.order(epoch, number)?;
        Ok((verdict, state.numbering.generation()))
    }

    /// The message of this number, if the user knows it.
    pub(crate) fn id_of(&self, number: u64) -> Option<SendId> {
        let state = self.state.lock();
        state.numbering.id_of(number)
    }

    /// The daemon has everything up to `number`: the latest report that this is news of.
    pub(crate) fn acknowledge(&self, epoch: u64, number: u64) -> Result<Option<SendId>, Breach> {
        let mut state = self.state.lock();
        let Some((freed, id)) = state.numbering.acknowledge(epoch, number)? else {
            return Ok(None);
        };
        if state.closing {
            state.wake_writer();
        }
        drop(state);
        self.room.add_permits(freed);
        Ok(Some(id))
    }

    /// When something was last written.
    pub(crate) fn written_at(&self) -> Instant {
        self.state.lock().written_at
    }

    pub(crate) fn heartbeat(&self) {
        let mut state = self.state.lock();
        state.heartbeat_due = true;
        state.wake_writer();
    }

    /// Tells the daemon what has been taken, unless it has been told. Returns whether there is more
    /// to take, and so to tell.
    pub(crate) fn acknowledge_orders(&self) -> bool {
        let mut state = self.state.lock();
        if state.untold() > 0 {
            state.heartbeat_due = true;
            state.wake_writer();
        }
        state.numbering.has_untaken()
    }
}

fn check_size(message: &Message) -> Result<(), SendError> {
    let bytes = message.bytes_max();
    if bytes > MESSAGE_BYTES_MAX { Err(SendError::TooLarge { bytes }) } else { Ok(()) }
}

impl Kept {
    /// How long it has been kept, in domain time; nothing if it was written at once.
    fn kept(&self, clock_scale: f64) -> Duration {
        let kept = self.since.elapsed();
        if kept < LATE_AFTER {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(kept.as_secs_f64() * clock_scale).unwrap_or(Duration::MAX)
    }
}

impl State {
    fn push(&mut self, room: SemaphorePermit<'_>, kept: Kept) -> SendId {
        room.forget();
        let id = self.numbering.push(kept);
        self.wake_writer();
        id
    }

    fn wake_writer(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }

    fn untold(&self) -> u64 {
        self.numbering.position().1.saturating_sub(self.told)
    }
}

/// What goes up one stream. The transport draws from it as fast as the daemon reads: that is the
/// back-pressure.
#[derive(Debug)]
pub(crate) struct Outgoing {
    link: Arc<Link>,
    stream: u64,
    hello: Option<v1::AdapterMessage>,
}

impl Stream for Outgoing {
    type Item = v1::AdapterMessage;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(hello) = self.hello.take() {
            return Poll::Ready(Some(hello));
        }
        let mut state = self.link.state.lock();
        if state.stream != self.stream {
            return Poll::Ready(None);
        }
        if state.open {
            let (_, ack) = state.numbering.position();
            let scale = state.clock_scale;
            let next = state.numbering.next_to_write();
            let next = next.map(|(number, kept)| (number, kept.message.body(kept.kept(scale))));
            let next = match next {
                Some(next) => Some(next),
                None if state.heartbeat_due => Some((0, Body::Heartbeat(v1::Heartbeat {}))),
                None if state.closing && state.numbering.outstanding() == 0 => {
                    return Poll::Ready(None);
                }
                None => None,
            };
            if let Some((number, body)) = next {
                state.heartbeat_due = false;
                state.told = ack;
                state.written_at = Instant::now();
                return Poll::Ready(Some(v1::AdapterMessage { number, ack, body: Some(body) }));
            }
        }
        state.writer = Some(context.waker().clone());
        Poll::Pending
    }
}
