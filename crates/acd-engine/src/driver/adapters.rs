//! Adapters' sessions: opening, resuming, taking over, ending, and what they report.

use super::engine::{By, Engine};
use super::numbering::{Adapter, WITH_THE_ROUND};
use crate::directory::LiveOffer;
use crate::log::Minted;
use crate::mail::SessionId;
use crate::order::{Attributes, CloseReason, DownBody};
use crate::refusal::{Refusal, RefusalKind, code};
use crate::session::{AdapterMessage, DriverEnds, Hello, Welcome};
use crate::view::CallCard;
use acd_core::{AdapterId, CallHandle, Command, OfferNumber, Priority, Timestamp};
use std::sync::Arc;
use tokio::sync::oneshot;
use tracing::{info, warn};

impl Engine {
    pub(super) fn adapter(&mut self, id: AdapterId) -> Option<&mut Adapter> {
        self.adapters.get_mut(id.index())?.as_mut()
    }

    /// Opens a session, and ends the one that the adapter has.
    pub(super) fn open(
        &mut self,
        now: Timestamp,
        hello: Hello,
        ends: DriverEnds,
        answer: oneshot::Sender<Result<Welcome, Refusal>>,
    ) {
        if ends.orders.is_closed() {
            return; // The stream is gone before it was taken up.
        }
        let opened = self.try_open(now, hello, ends);
        self.refused += u64::from(opened.is_err());
        // Whoever asked may have gone; the session then departs like any other.
        let _gone = answer.send(opened).is_err();
    }

    fn try_open(
        &mut self,
        now: Timestamp,
        hello: Hello,
        ends: DriverEnds,
    ) -> Result<Welcome, Refusal> {
        if hello.epoch > self.epoch {
            let message = format!(
                "the adapter has seen epoch {}, this domain is at {}: is another daemon serving it?",
                hello.epoch, self.epoch
            );
            let kind = RefusalKind::FailedPrecondition;
            return Err(Refusal::new(kind, code::EPOCH_BEHIND, message).at("epoch"));
        }
        let id = self.known_adapter(&hello)?;
        let epoch = self.epoch;
        let Some(adapter) = self.adapter(id) else { return Err(Refusal::stopping()) };
        let resumed = adapter.incarnation == hello.incarnation;
        if resumed {
            // A process that has not seen this epoch's Welcome has taken in none of its orders.
            let ack = if hello.epoch == epoch { hello.ack } else { 0 };
            adapter.acknowledged(ack).map_err(|reason| reason.refusal())?;
        }
        let session = ends.id;
        self.let_take_over(now, id, resumed);
        self.raise(now, id, (!resumed).then_some(hello.incarnation))?;
        self.sessions.insert(session, id);
        let Some(adapter) = self.adapter(id) else { return Err(Refusal::stopping()) };
        adapter.attach(ends);
        let welcome = Welcome { resumed, received: adapter.received, epoch, now };
        info!(adapter = %adapter.name, resumed, received = welcome.received, "session open");
        Ok(welcome)
    }

    fn known_adapter(&mut self, hello: &Hello) -> Result<AdapterId, Refusal> {
        let id = self.directory.adapter(&hello.adapter)?;
        let name: Arc<str> = Arc::from(&*hello.adapter);
        let gauge = self.gauges.adapter(&name, &hello.software);
        if self.adapters.len() <= id.index() {
            self.adapters.resize_with(id.index() + 1, || None);
        }
        self.adapters[id.index()].get_or_insert_with(|| Adapter::new(id, name, gauge));
        Ok(id)
    }

    /// Ends the session that the adapter has, if it has one. To the Router a stream that the same
    /// process replaces is one and the same session.
    fn let_take_over(&mut self, now: Timestamp, id: AdapterId, resumed: bool) {
        let Some(adapter) = self.adapter(id) else { return };
        if adapter.is_live() {
            info!(adapter = %adapter.name, "session taken over");
            adapter.close(CloseReason::TakenOver);
            self.sessions.retain(|_, other| *other != id);
        }
        if !resumed {
            self.lower(now, id);
        }
    }

    /// Tells the Router that the adapter is there, with this process if its numbering begins.
    fn raise(&mut self, now: Timestamp, id: AdapterId, begins: Option<u64>) -> Result<(), Refusal> {
        let Some(adapter) = self.adapter(id) else { return Ok(()) };
        if let Some(incarnation) = begins {
            adapter.begin_again(incarnation);
        }
        if adapter.up {
            return Ok(());
        }
        // Before the command: its events may hold orders already.
        adapter.up = true;
        let (by, run) = (adapter.by(), adapter.run());
        let minted = Minted::Adapter(Arc::clone(&adapter.name));
        let command = Command::AdapterUp { adapter: id, incarnation: run };
        let applied = self.apply(now, &by, command, Some(minted));
        if applied.is_err()
            && let Some(adapter) = self.adapter(id)
        {
            adapter.up = false;
            adapter.begin_again(0);
        }
        Ok(applied?)
    }

    /// Tells the Router that the adapter is gone, after all that was heard of it.
    fn lower(&mut self, now: Timestamp, id: AdapterId) {
        self.write_heard(now, id);
        let Some(adapter) = self.adapter(id) else { return };
        if !std::mem::take(&mut adapter.up) {
            return;
        }
        let by = adapter.by();
        if let Err(rejection) = self.apply(now, &by, Command::AdapterDown { adapter: id }, None) {
            warn!(%rejection, "the router does not know of an adapter that was up");
        }
    }

    /// Puts into the log how far the adapter has been heard.
    fn write_heard(&mut self, now: Timestamp, id: AdapterId) {
        let Some(adapter) = self.adapter(id) else { return };
        if adapter.received == adapter.written {
            return;
        }
        let (by, number) = (adapter.by(), adapter.received);
        if let Err(rejection) =
            self.apply(now, &by, Command::AdapterHeard { adapter: id, number }, None)
        {
            warn!(%rejection, number, "the router does not take what was heard");
        }
        let sequence = self.sequence;
        if let Some(adapter) = self.adapter(id) {
            adapter.written_as(sequence);
        }
    }

    /// What an adapter needs when a round ends.
    pub(super) fn settle_adapter(&mut self, now: Timestamp, id: AdapterId) {
        self.write_heard(now, id);
        let Some(adapter) = self.adapter(id) else { return };
        if adapter.overflowed {
            warn!(adapter = %adapter.name, "too many orders unacknowledged, session ended");
            adapter.restarts += 1;
            self.end_session(now, id, CloseReason::TooManyUnacknowledged);
            if let Some(adapter) = self.adapter(id) {
                adapter.begin_again(0);
            }
        }
    }

    /// Ends the session from this side.
    fn end_session(&mut self, now: Timestamp, id: AdapterId, reason: CloseReason) {
        if let Some(adapter) = self.adapter(id) {
            adapter.close(reason);
        }
        self.sessions.retain(|_, other| *other != id);
        self.lower(now, id);
    }

    /// The stream is gone; what it brought before that is applied first.
    pub(super) fn departed(&mut self, now: Timestamp, session: SessionId, sent: u64) {
        let Some(id) = self.sessions.get(&session).copied() else { return };
        if let Some(adapter) = self.adapter(id) {
            adapter.departs_after(sent);
        }
        self.end_if_departed(now, session, id);
    }

    fn end_if_departed(&mut self, now: Timestamp, session: SessionId, id: AdapterId) {
        let Some(adapter) = self.adapter(id) else { return };
        if adapter.has_departed() {
            info!(adapter = %adapter.name, received = adapter.received, "session gone");
            adapter.detach();
            self.sessions.remove(&session);
            self.lower(now, id);
        }
    }

    /// Acts on one message of a session.
    pub(super) fn message(
        &mut self,
        now: Timestamp,
        session: SessionId,
        number: u64,
        ack: u64,
        message: AdapterMessage,
    ) {
        // A session that is over brings nothing any more; what it said will be said again.
        let Some(id) = self.sessions.get(&session).copied() else { return };
        let Some(adapter) = self.adapter(id) else { return };
        adapter.taken();
        let new = adapter.acknowledged(ack).and_then(|()| match number {
            0 => Ok(false),
            _ => adapter.receive(number),
        });
        match new {
            Err(reason) => {
                warn!(adapter = %adapter.name, ?reason, "session ended");
                self.refused += 1;
                self.end_session(now, id, reason);
                return;
            }
            Ok(true) => {
                let by = adapter.by();
                if let Err(refusal) = self.report(now, id, &by, message) {
                    self.reject(id, number, refusal);
                }
            }
            Ok(false) => {}
        }
        self.end_if_departed(now, session, id);
    }

    fn reject(&mut self, id: AdapterId, number: u64, refusal: Refusal) {
        self.refused += 1;
        let Refusal { kind: _, code, message, field } = refusal;
        if let Some(adapter) = self.adapter(id) {
            adapter.push(WITH_THE_ROUND, DownBody::Rejected { number, code, message, field });
        }
    }

    fn report(
        &mut self,
        now: Timestamp,
        id: AdapterId,
        by: &By,
        message: AdapterMessage,
    ) -> Result<(), Refusal> {
        let command = match message {
            AdapterMessage::CallOffered { call_id, queue, priority, attributes } => {
                return self.call_offered(
                    now,
                    id,
                    by,
                    (call_id, queue, priority, attributes.into()),
                );
            }
            AdapterMessage::CallEnded { call_id } => {
                Command::CallEnded { call: self.directory.find(id, &call_id)? }
            }
            AdapterMessage::AgentLegLost { call_id } => {
                Command::AgentLegLost { call: self.directory.find(id, &call_id)? }
            }
            AdapterMessage::CallHeld { call_id } => {
                Command::CallHeld { call: self.directory.find(id, &call_id)? }
            }
            AdapterMessage::CallRetrieved { call_id } => {
                Command::CallRetrieved { call: self.directory.find(id, &call_id)? }
            }
            AdapterMessage::OfferResult { offer, result } => {
                let LiveOffer { call, accepted, rung_by, .. } = self.offer_of(id, offer)?;
                if rung_by != id {
                    let message = format!("offer {offer} rings at another adapter");
                    let kind = RefusalKind::NotFound;
                    return Err(Refusal::new(kind, code::UNKNOWN_OFFER, message).at("offer_number"));
                }
                if accepted {
                    let message = format!("offer {offer} is over: it was accepted");
                    let kind = RefusalKind::FailedPrecondition;
                    return Err(Refusal::new(kind, code::OFFER_OVER, message).at("offer_number"));
                }
                Command::OfferResult { call, offer: OfferNumber(offer), result }
            }
            AdapterMessage::CallBridged { offer } => {
                let call = self.offer_of(id, offer)?.call;
                Command::CallBridged { call, offer: OfferNumber(offer) }
            }
            AdapterMessage::ConnectFailed { offer } => {
                let call = self.offer_of(id, offer)?.call;
                Command::ConnectFailed { call, offer: OfferNumber(offer) }
            }
            AdapterMessage::WrapUpDone { agent } => {
                Command::AgentEndWrapUp { agent: self.agent(&agent)? }
            }
            AdapterMessage::Malformed { code, message, field } => {
                return Err(Refusal::new(RefusalKind::InvalidArgument, code, message).at(field));
            }
            AdapterMessage::AckOnly => return Ok(()),
        };
        Ok(self.apply(now, by, command, None)?)
    }

    fn call_offered(
        &mut self,
        now: Timestamp,
        id: AdapterId,
        by: &By,
        (call_id, queue, priority, attributes): (String, String, Priority, Attributes),
    ) -> Result<(), Refusal> {
        let queue = self.queue(&queue)?;
        let Some(adapter) = self.directory.adapter_name(id).cloned() else {
            return Err(Refusal::stopping());
        };
        let card = Arc::new(CallCard { adapter, call_id: Arc::from(call_id), attributes });
        let call: CallHandle = self.directory.mint(id, &card, priority)?;
        let command = Command::CallOffered { call, adapter: id, queue, priority };
        let applied = self.apply(now, by, command, Some(Minted::Call(card)));
        if applied.is_err() {
            self.directory.unmint(call);
        }
        Ok(applied?)
    }

    /// An offer that this adapter rings for, or whose caller it holds.
    fn offer_of(&self, adapter: AdapterId, offer: u64) -> Result<LiveOffer, Refusal> {
        let live = self.directory.offer(offer)?;
        let holds = self.directory.call(live.call).is_some_and(|call| call.adapter == adapter);
        if live.rung_by == adapter || holds {
            return Ok(live);
        }
        let message = format!("offer {offer} is none of this adapter's");
        Err(Refusal::new(RefusalKind::NotFound, code::UNKNOWN_OFFER, message).at("offer_number"))
    }
}
