//! What a session's user and its streams share: the numbers, and what is still to be written.

use crate::numbering::{Breach, Numbering, SendId, Verdict};
use crate::report::Report;
use crate::session::{MESSAGE_BYTES_MAX, SendError, UNACKNOWLEDGED_MAX};
use acd_proto::v1::{self, adapter_message::Body};
use parking_lot::Mutex;
use prost::Message;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_stream::Stream;

/// So many orders may be taken before that is told at once.
const ACKNOWLEDGE_EVERY: u64 = 1_024;

#[derive(Debug)]
pub(crate) struct Link {
    adapter: String,
    state: Mutex<State>,
    /// One permit for each report that may still be sent.
    room: Semaphore,
    /// The driver should look at the state.
    attention: Notify,
    ended: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    numbering: Numbering<Report>,
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
}

impl Link {
    pub(crate) fn new(adapter: String) -> Self {
        Self {
            adapter,
            state: Mutex::new(State {
                numbering: Numbering::default(),
                stream: 0,
                open: false,
                writer: None,
                heartbeat_due: false,
                told: 0,
                written_at: Instant::now(),
                clock_scale: 1.0,
                closing: false,
            }),
            room: Semaphore::new(UNACKNOWLEDGED_MAX),
            attention: Notify::new(),
            ended: watch::Sender::new(false),
        }
    }

    pub(crate) fn adapter(&self) -> &str {
        &self.adapter
    }

    pub(crate) async fn send(&self, report: Report) -> Result<SendId, SendError> {
        let bytes =
            v1::AdapterMessage { number: u64::MAX, ack: u64::MAX, body: Some(report.body()) }
                .encoded_len();
        if bytes > MESSAGE_BYTES_MAX {
            return Err(SendError::TooLarge { bytes });
        }
        let room = self.room.acquire().await.map_err(|_| SendError::Closed)?;
        let mut state = self.state.lock();
        if state.closing {
            return Err(SendError::Closed);
        }
        let (epoch, _) = state.numbering.position();
        if report.offer().is_some_and(|offer| offer.epoch != epoch) {
            return Err(SendError::FormerEpoch);
        }
        room.forget();
        let id = state.numbering.push(report);
        state.wake_writer();
        Ok(id)
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
    pub(crate) fn outgoing(self: &Arc<Self>, hello: v1::Hello) -> Outgoing {
        let mut state = self.state.lock();
        state.stream += 1;
        state.open = false;
        state.wake_writer();
        let stream = state.stream;
        drop(state);
        let hello = v1::AdapterMessage { number: 0, ack: 0, body: Some(Body::Hello(hello)) };
        Outgoing { link: Arc::clone(self), stream, hello: Some(hello) }
    }

    /// The present stream is welcomed. Returns the reports that have lapsed.
    pub(crate) fn welcome(&self, epoch: u64, welcome: &v1::Welcome) -> Result<Vec<SendId>, Breach> {
        let mut state = self.state.lock();
        let lapses = |report: &Report| report.offer().is_some_and(|offer| offer.epoch != epoch);
        let lapsed = state.numbering.welcome(epoch, welcome.resumed, welcome.received, lapses)?;
        state.open = true;
        state.told = state.numbering.position().1;
        state.written_at = Instant::now();
        state.clock_scale = welcome.clock_scale;
        state.wake_writer();
        drop(state);
        self.room.add_permits(lapsed.len());
        Ok(lapsed)
    }

    /// An order has come in: whether it counts, and in which generation.
    pub(crate) fn order(&self, epoch: u64, number: u64) -> Result<(Verdict, u64), Breach> {
        let mut state = self.state.lock();
        let verdict = state.numbering.order(epoch, number)?;
        Ok((verdict, state.numbering.generation()))
    }

    pub(crate) fn id_of(&self, number: u64) -> Option<SendId> {
        self.state.lock().numbering.id_of(number)
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

impl State {
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
            let next = state.numbering.next_to_write();
            let next = next.map(|(number, report)| (number, report.body()));
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
