//! One adapter's session as the driver keeps it: numbers in both directions, what waits for the
//! log, and what is kept until the adapter has acknowledged it.
//!
//! What is said of one call, and to one agent's device, leaves in the order in which it was decided.
//! An offer or a revoke, which need not wait for the log, goes past connects of other calls and
//! other agents that wait for it, and past nothing else. While the log fails, it goes past all that
//! must wait.

use super::engine::By;
use super::resync::Resync;
use crate::bounds::UNACKNOWLEDGED_MAX;
use crate::order::{CloseReason, DownBody, Order};
use crate::session::{DriverEnds, Numbered};
use crate::status::AdapterGauge;
use acd_core::{AdapterId, OfferNumber};
use acd_journal::Origin;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Leaves as soon as it is decided.
pub(super) const AT_ONCE: u64 = 0;
/// Leaves with what the round wrote last for this adapter; not known before the round ends.
pub(super) const WITH_THE_ROUND: u64 = u64::MAX;

/// An offer looks through so many connects for one that it may not pass; behind more it waits.
const PASSED_MAX: usize = 256;

/// Up to where the log is durable, and what else may leave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    pub(super) durable: u64,
    /// The log fails and routing goes on: callers are still connected with agents.
    pub(super) lets_connect: bool,
}

/// Everything that the driver knows of one adapter.
#[derive(Debug)]
pub(super) struct Adapter {
    id: AdapterId,
    pub(super) name: Arc<str>,
    origin: Arc<Origin>,
    gauge: Arc<AdapterGauge>,
    /// Its process; 0 before the first.
    pub(super) incarnation: u64,
    /// It has said something since its orders began to count from 1, so that it knows of that: it
    /// may resume by number.
    pub(super) knows_its_welcome: bool,
    /// What it has said that it holds, from a welcome that is not a resumption until it is done.
    pub(super) resync: Option<Resync>,
    /// The number of the latest resync that it was asked for.
    pub(super) asked: u64,
    /// Nothing of it is offered until the resync is done, or its time is over.
    pub(super) awaits_resync: bool,
    /// The Router takes it for connected.
    pub(super) up: bool,
    /// The highest number applied or refused.
    pub(super) received: u64,
    /// The highest number that the log has been told.
    pub(super) written: u64,
    /// (sequence, number): once the sequence is durable, so are all messages up to the number.
    unacknowledged_up: VecDeque<(u64, u64)>,
    /// The highest number that is durable.
    pub(super) durable: u64,
    /// The number of the latest order.
    sent: u64,
    unacknowledged: VecDeque<Numbered>,
    /// What leaves next, before all that is held.
    ahead: Vec<DownBody>,
    held: VecDeque<Held>,
    /// So many of `held`, from the back, may be of the present round.
    fresh: usize,
    /// So many of `held`, from the front, wait for the log even while it fails.
    must_wait: usize,
    /// More orders than may be kept: the session must end.
    pub(super) overflowed: bool,
    live: Option<Live>,
}

/// An order with the sequence that must be durable before it leaves.
#[derive(Debug)]
struct Held {
    needs: u64,
    body: DownBody,
}

/// The stream that is open.
#[derive(Debug)]
struct Live {
    ends: DriverEnds,
    /// Messages of it that were taken from the mailbox.
    taken: u64,
    /// How many there are, once the stream is gone.
    last: Option<u64>,
}

impl Adapter {
    pub(super) fn new(id: AdapterId, name: Arc<str>, gauge: Arc<AdapterGauge>) -> Self {
        Self {
            id,
            origin: Arc::new(Origin::Adapter(Arc::clone(&name))),
            name,
            gauge,
            incarnation: 0,
            knows_its_welcome: false,
            resync: None,
            asked: 0,
            awaits_resync: false,
            up: false,
            received: 0,
            written: 0,
            unacknowledged_up: VecDeque::new(),
            durable: 0,
            sent: 0,
            unacknowledged: VecDeque::new(),
            ahead: Vec::new(),
            held: VecDeque::new(),
            fresh: 0,
            must_wait: 0,
            overflowed: false,
            live: None,
        }
    }

    pub(super) fn by(&self) -> By {
        By { origin: Arc::clone(&self.origin), adapter: Some(self.id) }
    }

    pub(super) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// The numbers of a process that has spoken before, all durable.
    pub(super) fn goes_on(&mut self, incarnation: u64, heard: u64) {
        self.incarnation = incarnation;
        (self.received, self.written, self.durable) = (heard, heard, heard);
    }

    /// A process that speaks for the first time.
    pub(super) fn begin(&mut self, incarnation: u64) {
        self.goes_on(incarnation, 0);
        self.unacknowledged_up.clear();
        self.begin_orders();
    }

    /// Orders count from 1 again; what was kept is void, and the adapter is asked what it holds.
    pub(super) fn begin_orders(&mut self) {
        self.knows_its_welcome = false;
        (self.resync, self.awaits_resync) = (None, false);
        self.sent = 0;
        self.unacknowledged.clear();
        self.ahead.clear();
        self.held.clear();
        (self.fresh, self.must_wait) = (0, 0);
        self.overflowed = false;
        self.show();
    }

    /// A stream is open: it first gets again whatever is not acknowledged.
    pub(super) fn attach(&mut self, ends: DriverEnds) {
        for order in &self.unacknowledged {
            // A receiver that is gone has said so already, and departs.
            let _departing = ends.orders.send(order.clone()).is_err();
        }
        self.live = Some(Live { ends, taken: 0, last: None });
        self.show();
    }

    /// Ends the stream with a last word, if it is open.
    pub(super) fn close(&mut self, reason: CloseReason) {
        if let Some(Live { ends, .. }) = self.live.take() {
            ends.closing.send_replace(Some(reason.clone()));
            let last = Numbered { number: 0, ack: self.durable, body: DownBody::Closed(reason) };
            let _departing = ends.orders.send(last).is_err();
        }
        self.show();
    }

    /// The stream is gone, without a word.
    pub(super) fn detach(&mut self) {
        self.live = None;
        self.show();
    }

    /// Counts a message taken from the mailbox.
    pub(super) fn taken(&mut self) {
        if let Some(live) = &mut self.live {
            live.taken += 1;
        }
    }

    /// The stream is gone once `last` messages of it have been taken.
    pub(super) fn departs_after(&mut self, last: u64) {
        if let Some(live) = &mut self.live {
            live.last = Some(last);
        }
    }

    /// The stream is gone and all that it brought has been taken.
    pub(super) fn has_departed(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.last.is_some_and(|last| live.taken >= last))
    }

    /// The adapter has taken in all orders up to `number`.
    pub(super) fn acknowledged(&mut self, number: u64) -> Result<(), CloseReason> {
        if number > self.sent {
            return Err(CloseReason::AckAhead { latest: self.sent, found: number });
        }
        while self.unacknowledged.front().is_some_and(|order| order.number <= number) {
            self.unacknowledged.pop_front();
        }
        self.show();
        Ok(())
    }

    /// Whether message `number` is new; `Err` when one before it is missing.
    pub(super) fn receive(&mut self, number: u64) -> Result<bool, CloseReason> {
        // A duplicate; the welcome has acknowledged it, or its turn comes when it is durable.
        if number <= self.received {
            return Ok(false);
        }
        let expected = self.received + 1;
        if number != expected {
            return Err(CloseReason::Gap { expected, found: number });
        }
        self.received = number;
        Ok(true)
    }

    /// Whether an order makes sense to it: until it has named the leg of an offer of before, which is
    /// then told anew, it would look like one to be hung up.
    pub(super) fn understands(&self, order: &Order) -> bool {
        let (Some(resync), Order::Connect { offer, .. } | Order::Revoke { offer, .. }) =
            (&self.resync, order)
        else {
            return true;
        };
        resync.knows(OfferNumber(*offer))
    }

    /// Something for the adapter; it leaves once `needs` is durable, and after all before it that
    /// it may not pass.
    pub(super) fn push(&mut self, needs: u64, body: DownBody) {
        let kept = self.ahead.len() + self.held.len() + self.unacknowledged.len();
        if kept >= UNACKNOWLEDGED_MAX {
            self.overflowed = true;
        } else if needs == AT_ONCE && self.may_pass_what_is_held(&body) {
            self.ahead.push(body);
        } else {
            self.held.push_back(Held { needs, body });
            self.fresh += 1;
        }
    }

    fn may_pass_what_is_held(&self, body: &DownBody) -> bool {
        let (call, agent) = match body {
            DownBody::Order(Order::Offer { call, agent, .. }) => (call, Some(agent)),
            DownBody::Order(
                Order::Revoke { call, .. }
                | Order::Play { call, .. }
                | Order::OfferCallback { call, .. },
            ) => (call, None),
            _ => return self.held.is_empty(),
        };
        let of_another = |held: &Held| match &held.body {
            DownBody::Order(Order::Connect { call: other, agent: busy, .. }) => {
                other != call && Some(busy) != agent
            }
            _ => false,
        };
        self.held.len() <= PASSED_MAX && self.held.iter().all(of_another)
    }

    /// The log will know of all messages up to now once `sequence` is durable.
    pub(super) fn written_as(&mut self, sequence: u64) {
        self.written = self.received;
        self.unacknowledged_up.push_back((sequence, self.received));
        let fresh = self.held.iter_mut().rev().take(std::mem::take(&mut self.fresh));
        let of_this_round = fresh.filter(|held| held.needs == WITH_THE_ROUND);
        of_this_round.for_each(|held| held.needs = sequence);
    }

    /// Sends what may leave now. The last of it carries the acknowledgement, so that none overtakes
    /// the rejection of a message that it covers.
    pub(super) fn release(&mut self, gate: Gate) {
        let before = self.durable;
        while let Some((sequence, number)) = self.unacknowledged_up.front().copied()
            && sequence <= gate.durable
        {
            self.unacknowledged_up.pop_front();
            self.durable = number;
        }
        let may_leave = |held: &Held| held.needs <= gate.durable;
        let mut ahead = std::mem::take(&mut self.ahead);
        let last = ahead.pop();
        ahead.drain(..).for_each(|body| self.send(body, before));
        // The room is kept for the next round.
        self.ahead = ahead;
        if let Some(body) = last {
            let ack = if self.held.front().is_some_and(may_leave) { before } else { self.durable };
            self.send(body, ack);
        }
        while self.held.front().is_some_and(may_leave) {
            let Some(Held { body, .. }) = self.held.pop_front() else { break };
            self.must_wait = self.must_wait.saturating_sub(1);
            let ack = if self.held.front().is_some_and(may_leave) { before } else { self.durable };
            self.send(body, ack);
        }
        if gate.lets_connect {
            self.release_what_need_not_wait();
        }
        if let Some(live) = &self.live
            && self.durable != before
        {
            live.ends.acks.send_replace(self.durable);
        }
    }

    /// Offers, revokes and connects go past what waits for the log.
    fn release_what_need_not_wait(&mut self) {
        let unseen = self.held.split_off(self.must_wait.min(self.held.len()));
        for held in unseen {
            let connects = matches!(held.body, DownBody::Order(Order::Connect { .. }));
            if connects || held.needs == AT_ONCE {
                self.send(held.body, self.durable);
            } else {
                self.held.push_back(held);
            }
        }
        self.must_wait = self.held.len();
    }

    fn send(&mut self, body: DownBody, ack: u64) {
        self.sent += 1;
        let order = Numbered { number: self.sent, ack, body };
        if let Some(live) = &self.live {
            let _departing = live.ends.orders.send(order.clone()).is_err();
        }
        self.unacknowledged.push_back(order);
        self.show();
    }

    /// Nothing that is held back may ever leave.
    pub(super) fn mute(&mut self) {
        self.ahead.clear();
        self.held.clear();
        (self.fresh, self.must_wait) = (0, 0);
        self.unacknowledged_up.clear();
    }

    /// It held so many calls before this epoch.
    pub(super) fn held_calls(&self, calls: usize) {
        self.gauge.calls.store(calls as u64, Ordering::Relaxed);
    }

    pub(super) fn holds_call(&self) {
        self.gauge.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lost_call(&self) {
        self.gauge.calls.fetch_sub(1, Ordering::Relaxed);
    }

    fn show(&self) {
        self.gauge.connected.store(self.live.is_some(), Ordering::Relaxed);
        let unacknowledged = self.unacknowledged.len() as u64;
        self.gauge.unacknowledged.store(unacknowledged, Ordering::Relaxed);
    }
}
