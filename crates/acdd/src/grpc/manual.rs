//! The built-in adapter `manual`: holds calls without a PBX, so that anybody can try things out.

use crate::convert::message::offered_call;
use acd_core::Span;
use acd_engine::{
    AdapterMessage, CallRef, CallRow, CallState, Domain, DownBody, EventRow, Hello, LegState,
    OfferedCall, Order, Position, Refusal, RefusalKind, ResyncPart, Session, Subscription, Update,
    code,
};
use acd_proto::v1;
use std::collections::VecDeque;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// Its name; no other adapter may have it.
pub(crate) const ADAPTER: &str = "manual";
/// How many requests may wait for its session.
const REQUESTS_WAITING: usize = 256;

/// The handle with which calls are made and ended.
#[derive(Clone, Debug)]
pub(crate) struct Manual {
    domain: Domain,
    /// Looks out for what readers can see.
    cold: Handle,
    requests: mpsc::Sender<Task>,
}

/// What the session is to say, and who wants to know how it went.
#[derive(Debug)]
struct Task {
    message: AdapterMessage,
    durable: oneshot::Sender<Result<(), Refusal>>,
}

impl Manual {
    /// Starts the adapter as a task of this runtime; it ends with the domain.
    pub(crate) fn start(domain: Domain, cold: Handle) -> Self {
        let (requests, tasks) = mpsc::channel(REQUESTS_WAITING);
        tokio::spawn({
            let domain = domain.clone();
            async move {
                if let Err(refusal) = run(domain, tasks).await {
                    tracing::debug!(%refusal, "the adapter `manual` has ended");
                }
            }
        });
        Self { domain, cold, requests }
    }

    /// Offers a call; returns when it is durable and can be seen.
    ///
    /// # Errors
    /// The refusal; there is no call then.
    pub(crate) async fn offer_call(&self, call: v1::CallOffered) -> Result<Position, Refusal> {
        let call_id = call.call_id.clone();
        let message = AdapterMessage::CallOffered(offered_call(call)?);
        self.on_cold(message, "call_arrived", call_id).await
    }

    /// Ends a call; returns when that is durable and can be seen.
    ///
    /// # Errors
    /// There is no such call.
    pub(crate) async fn hang_up(&self, call_id: String) -> Result<Position, Refusal> {
        let message = AdapterMessage::CallEnded { call_id: call_id.clone() };
        self.on_cold(message, "call_ended", call_id).await
    }

    async fn on_cold(
        &self,
        message: AdapterMessage,
        event: &'static str,
        call_id: String,
    ) -> Result<Position, Refusal> {
        let manual = self.clone();
        let said = self.cold.spawn(async move { manual.say(message, event, call_id).await });
        said.await.unwrap_or_else(|_| Err(stopping()))
    }

    async fn say(
        &self,
        message: AdapterMessage,
        event: &str,
        call_id: String,
    ) -> Result<Position, Refusal> {
        let call = CallRef { adapter: ADAPTER.to_owned(), call_id };
        let mut seen = self.domain.subscribe(None)?;
        // The snapshot: whatever happens from here on will be seen.
        seen.next().await;
        let (durable, answered) = oneshot::channel();
        self.requests.send(Task { message, durable }).await.map_err(|_| stopping())?;
        answered.await.unwrap_or_else(|_| Err(stopping()))?;
        until_seen(seen, event, &call).await
    }
}

/// The position at which readers see the event.
async fn until_seen(
    mut seen: Subscription,
    event: &str,
    call: &CallRef,
) -> Result<Position, Refusal> {
    loop {
        match seen.next().await {
            Some(Update::Delta(delta)) => {
                let is_it = |row: &EventRow| {
                    row.kind == event && row.call.as_ref().is_some_and(|card| *call == **card)
                };
                if delta.events.iter().any(is_it) {
                    return Ok(delta.position);
                }
            }
            // Far behind: it has happened since.
            Some(Update::Snapshot(position)) => return Ok(position),
            None => return Err(stopping()),
        }
    }
}

/// The adapter's process: one session for as long as the domain lives.
async fn run(domain: Domain, mut tasks: mpsc::Receiver<Task>) -> Result<(), Refusal> {
    let hello = Hello {
        adapter: ADAPTER.to_owned(),
        incarnation: rand::random_range(1..=u64::MAX),
        software: format!("acdd {}, built in", env!("CARGO_PKG_VERSION")),
        ..Hello::default()
    };
    let session = domain.open_session(hello).await?;
    let mut desk = Desk { session, said: 0, taken: 0, waiting: VecDeque::new() };
    desk.resync(&domain).await?;
    loop {
        tokio::select! {
            task = tasks.recv() => {
                let Some(Task { message, durable }) = task else { return Ok(()) };
                let number = desk.say(message).await?;
                desk.waiting.push_back((number, durable));
            }
            down = desk.session.next() => {
                let Some(down) = down else { return Ok(()) };
                desk.taken = desk.taken.max(down.number);
                desk.hear(down.body).await?;
                desk.settle(down.ack);
            }
        }
    }
}

struct Desk {
    session: Session,
    /// The number of the latest message.
    said: u64,
    /// The number of the latest order.
    taken: u64,
    /// Who waits for which message to be durable.
    waiting: VecDeque<(u64, oneshot::Sender<Result<(), Refusal>>)>,
}

impl Desk {
    /// Its calls live in the domain alone: what is there is what it holds.
    async fn resync(&mut self, domain: &Domain) -> Result<(), Refusal> {
        let mut held = Vec::new();
        for row in domain.view().calls().filter(|row| *row.call.adapter == *ADAPTER) {
            held.extend(call_as_held(row));
            held.extend(leg_as_held(row));
        }
        let resync = self.session.welcome.resync;
        for part in held.into_iter().chain([ResyncPart::Done]) {
            self.say(AdapterMessage::Resync { resync, part }).await?;
        }
        Ok(())
    }

    async fn say(&mut self, message: AdapterMessage) -> Result<u64, Refusal> {
        self.said += 1;
        self.session.send(self.said, self.taken, message).await?;
        Ok(self.said)
    }

    /// Nothing rings; as soon as the agent accepts, the two are connected.
    async fn hear(&mut self, body: DownBody) -> Result<(), Refusal> {
        match body {
            DownBody::Order(Order::Connect { offer, .. }) => {
                self.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await?;
            }
            DownBody::Order(
                Order::Offer { .. }
                | Order::Revoke { .. }
                | Order::End { .. }
                | Order::Transfer { .. }
                | Order::Play { .. },
            ) => {
                self.session.send(0, self.taken, AdapterMessage::AckOnly).await?;
            }
            DownBody::Order(Order::OfferCallback { .. }) => self.cannot("offer_callback").await?,
            DownBody::Order(Order::Ladder { .. }) => self.cannot("ladder").await?,
            DownBody::Rejected { number, code, message, field } => {
                self.session.send(0, self.taken, AdapterMessage::AckOnly).await?;
                let refusal = Refusal { kind: kind_of(code), code, message, field };
                self.answer(number, Err(refusal));
            }
            DownBody::Resynced { .. } => {
                self.session.send(0, self.taken, AdapterMessage::AckOnly).await?;
            }
            DownBody::Acknowledged => {}
            DownBody::Closed(reason) => return Err(reason.refusal()),
        }
        Ok(())
    }

    /// Has heard an order that takes a telephone.
    async fn cannot(&mut self, order: &str) -> Result<(), Refusal> {
        tracing::info!(order, "not carried out: calls that were offered by hand have no telephone");
        self.session.send(0, self.taken, AdapterMessage::AckOnly).await
    }

    fn answer(&mut self, number: u64, answer: Result<(), Refusal>) {
        let Some(at) = self.waiting.iter().position(|(waiting, _)| *waiting == number) else {
            return;
        };
        if let Some((_, durable)) = self.waiting.remove(at) {
            // Whoever asked may have gone.
            let _gone = durable.send(answer).is_err();
        }
    }

    fn settle(&mut self, ack: u64) {
        while self.waiting.front().is_some_and(|(number, _)| *number <= ack) {
            if let Some((_, durable)) = self.waiting.pop_front() {
                let _gone = durable.send(Ok(())).is_err();
            }
        }
    }
}

fn call_as_held(row: &CallRow) -> Option<ResyncPart> {
    let queue = row.places.first().map(|place| &place.queue).or(row.via_queue.as_ref())?;
    Some(ResyncPart::Call(OfferedCall {
        call_id: row.call.call_id.to_string(),
        queue: queue.to_string(),
        priority: Some(row.priority),
        dialed: row.call.dialed.to_string(),
        caller: row.call.caller.to_string(),
        attributes: row.call.attributes.to_vec(),
        waited: Span(0),
        channel: row.channel,
        preferred_agent: String::new(),
    }))
}

fn leg_as_held(row: &CallRow) -> Option<ResyncPart> {
    let state = match row.state {
        CallState::Waiting | CallState::Ended => return None,
        CallState::Offering => LegState::Ringing,
        CallState::Connecting => LegState::Answered,
        CallState::Connected => LegState::Talking,
        CallState::Held => LegState::Held,
    };
    let call = CallRef::from(&*row.call);
    Some(ResyncPart::Leg { call, agent: row.agent.as_ref()?.to_string(), state })
}

fn stopping() -> Refusal {
    Refusal::new(RefusalKind::Unavailable, code::STOPPING, "the daemon is stopping")
}

/// The status that AdapterService promises for the rejections that a manual call can meet.
fn kind_of(rejected: &str) -> RefusalKind {
    match rejected {
        code::UNKNOWN_QUEUE | code::UNKNOWN_CALL => RefusalKind::NotFound,
        code::CALL_EXISTS => RefusalKind::AlreadyExists,
        code::TOO_MANY_CALLS => RefusalKind::ResourceExhausted,
        code::MALFORMED | code::TOO_LARGE => RefusalKind::InvalidArgument,
        _ => RefusalKind::FailedPrecondition,
    }
}
