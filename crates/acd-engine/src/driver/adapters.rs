//! Adapters' sessions: opening, resuming, taking over, ending, and what they report.

use super::engine::Engine;
use super::numbering::{Adapter, WITH_THE_ROUND};
use super::resync::Resync;
use crate::mail::SessionId;
use crate::order::{CloseReason, DownBody};
use crate::refusal::{Refusal, RefusalKind, code};
use crate::session::{AdapterMessage, DriverEnds, Hello, ResyncPart, Welcome};
use acd_core::{AdapterId, Command, Timestamp};
use acd_journal::Minted;
use std::sync::Arc;
use tokio::sync::oneshot;
use tracing::{info, warn};

/// What an epoch is multiplied by to number its resyncs. It is a time in milliseconds, so that no
/// two are the same, and that a number stays below 2^53: some languages have no others.
const RESYNCS_PER_EPOCH: u64 = 1_000;

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
        let same = adapter.incarnation == hello.incarnation;
        let resumed = same && adapter.knows_its_welcome && hello.epoch == epoch;
        if resumed {
            adapter.acknowledged(hello.ack).map_err(|reason| reason.refusal())?;
        }
        let session = ends.id;
        self.let_take_over(now, id, resumed);
        if !resumed {
            self.begin_again(id, (!same).then_some(hello.incarnation));
        }
        self.raise(now, id)?;
        self.sessions.insert(session, id);
        let Some(adapter) = self.adapter(id) else { return Err(Refusal::stopping()) };
        adapter.attach(ends);
        let received = adapter.durable;
        // One that is under way goes on with the session.
        let due = adapter.resync.as_ref().filter(|_| !resumed);
        let resync = due.map_or(0, Resync::number);
        let welcome = Welcome { resumed, resync, received, epoch, now };
        info!(adapter = %adapter.name, resumed, received, "session open");
        Ok(welcome)
    }

    /// Orders begin again, and all numbers with a process that is new.
    fn begin_again(&mut self, id: AdapterId, new_process: Option<u64>) {
        let last_offer = self.directory.last_offer();
        self.resyncs += 1;
        let number = self.epoch.saturating_mul(RESYNCS_PER_EPOCH).saturating_add(self.resyncs);
        let Some(adapter) = self.adapter(id) else { return };
        match new_process {
            Some(incarnation) => adapter.begin(incarnation),
            None => adapter.begin_orders(),
        }
        adapter.resync = Some(Resync::new(number, last_offer));
        adapter.asked = number;
        adapter.awaits_resync = true;
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

    /// Tells the Router that the adapter is there.
    fn raise(&mut self, now: Timestamp, id: AdapterId) -> Result<(), Refusal> {
        let Some(adapter) = self.adapter(id) else { return Ok(()) };
        if adapter.up {
            return Ok(());
        }
        // Before the command: its events may hold orders already.
        adapter.up = true;
        let (by, incarnation, resync) = (adapter.by(), adapter.incarnation, adapter.awaits_resync);
        let minted = Minted::Adapter(Arc::clone(&adapter.name));
        let command = Command::AdapterUp { adapter: id, incarnation, resync };
        let applied = self.apply(now, &by, command, Some(minted));
        if applied.is_err()
            && let Some(adapter) = self.adapter(id)
        {
            adapter.up = false;
            adapter.begin(0);
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
    pub(super) fn write_heard(&mut self, now: Timestamp, id: AdapterId) {
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

    /// Ends a session that has left too many orders unacknowledged.
    pub(super) fn end_if_overflowed(&mut self, now: Timestamp, id: AdapterId) {
        let Some(adapter) = self.adapter(id) else { return };
        if adapter.overflowed {
            warn!(adapter = %adapter.name, "too many orders unacknowledged, session ended");
            self.end_session(now, id, CloseReason::TooManyUnacknowledged);
            if let Some(adapter) = self.adapter(id) {
                adapter.begin_orders();
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
        if matches!(message, AdapterMessage::Resync { part: ResyncPart::Done, .. }) {
            // However many calls it lets go, it parts no message before it from the note that it was
            // heard. It needs no such note itself: a new epoch asks for another resync.
            self.end_unit(now);
        }
        let Some(adapter) = self.adapter(id) else { return };
        adapter.taken();
        adapter.knows_its_welcome = true;
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
                self.has_heard(id);
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
}
