//! Adapters coming and going: what may be offered, and what they have been heard to say.

use crate::bits::Bits;
use crate::deadlines::{Deadline, Ticket};
use crate::event::{Event, OfferEnd, RevokeCause};
use crate::ids::{AdapterId, OfferNumber, Timestamp};
use crate::offers::Told;
use crate::recovery::Phase;
use crate::rejection::Rejection;
use crate::router::Router;
use crate::slab::NONE;

/// The most adapters that a domain has in its life.
pub const ADAPTERS_MAX: usize = 1_024;

#[derive(Clone, Debug)]
pub(crate) struct Adapter {
    pub(crate) up: bool,
    /// Of its latest session; 0 before the first.
    pub(crate) incarnation: u64,
    /// The highest message number heard from that incarnation.
    pub(crate) heard: u64,
    /// Offers up to this one were rung by earlier processes; the present one has not said yet
    /// which of them it rings.
    pub(crate) forgets: OfferNumber,
    /// It has not said yet what it holds; it has until then.
    pub(crate) awaited_until: Option<Timestamp>,
    /// Of that.
    pub(crate) ticket: Ticket,
    /// The live offers that it rings, oldest first: a chain in `Router::hands`.
    pub(crate) first_offer: u32,
    pub(crate) last_offer: u32,
}

impl Adapter {
    pub(crate) const UNKNOWN: Self = Self {
        up: false,
        incarnation: 0,
        heard: 0,
        forgets: OfferNumber(0),
        awaited_until: None,
        ticket: Ticket::NONE,
        first_offer: NONE,
        last_offer: NONE,
    };
}

impl Router {
    pub(crate) fn is_up(&self, adapter: AdapterId) -> bool {
        self.adapters.get(adapter.index()).is_some_and(|adapter| adapter.up)
    }

    /// Whether calls of the adapter may be offered, and its devices rung.
    pub(crate) fn is_open(&self, adapter: AdapterId) -> bool {
        self.phase == Phase::Normal && self.is_ready(adapter)
    }

    /// Whether it is open as soon as the domain is not recovering.
    pub(crate) fn is_ready(&self, adapter: AdapterId) -> bool {
        let known = self.adapters.get(adapter.index());
        known.is_some_and(|adapter| adapter.up && adapter.awaited_until.is_none())
    }

    pub(crate) fn adapter_up(
        &mut self,
        adapter: AdapterId,
        incarnation: u64,
        resync: bool,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        if adapter.index() >= ADAPTERS_MAX {
            return Err(Rejection::TooManyAdapters);
        }
        if self.is_up(adapter) {
            return Err(Rejection::AdapterIsUp);
        }
        if adapter.index() >= self.adapters.len() {
            self.adapters.resize(adapter.index() + 1, Adapter::UNKNOWN);
        }
        let known = &mut self.adapters[adapter.index()];
        if known.incarnation != incarnation {
            known.incarnation = incarnation;
            known.heard = 0;
            known.forgets = OfferNumber(self.offers);
        }
        if resync {
            let until = self.now + self.plan.recovery_grace;
            known.up = true;
            known.awaited_until = Some(until);
            known.ticket = self.deadlines.set(until, Deadline::GraceEnds { adapter });
            events.push(Event::AdapterUp { adapter });
            return Ok(());
        }
        self.take_back_forgotten_offers(adapter, Told::ByAdapter, events);
        self.settle(events);
        self.adapters[adapter.index()].up = true;
        events.push(Event::AdapterUp { adapter });
        self.open_if_ready(adapter, events);
        Ok(())
    }

    /// It has told of the offers that it does not ring, one by one; those that are left it rings.
    pub(crate) fn adapter_synced(
        &mut self,
        adapter: AdapterId,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        if !self.is_up(adapter) {
            return Err(Rejection::AdapterNotUp);
        }
        // One that took longer than its grace has been opened already.
        if self.adapters[adapter.index()].awaited_until.is_some() {
            self.adapters[adapter.index()].forgets = OfferNumber(0);
            self.await_no_more(adapter, events);
        }
        Ok(())
    }

    /// It may ring for some of what it was asked before: it is told to let go of all of that.
    pub(crate) fn grace_ran_out(&mut self, adapter: AdapterId, events: &mut Vec<Event>) {
        self.adapters[adapter.index()].ticket = Ticket::NONE;
        self.take_back_forgotten_offers(adapter, Told::ByOthers, events);
        self.settle(events);
        self.await_no_more(adapter, events);
    }

    fn await_no_more(&mut self, adapter: AdapterId, events: &mut Vec<Event>) {
        let known = &mut self.adapters[adapter.index()];
        known.awaited_until = None;
        self.deadlines.cancel(&mut known.ticket);
        events.push(Event::AdapterSynced { adapter });
        self.open_if_ready(adapter, events);
    }

    fn open_if_ready(&mut self, adapter: AdapterId, events: &mut Vec<Event>) {
        if self.is_open(adapter) {
            self.open(&Bits::of(adapter.index()), events);
        }
    }

    pub(crate) fn adapter_down(
        &mut self,
        adapter: AdapterId,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        if !self.is_up(adapter) {
            return Err(Rejection::AdapterNotUp);
        }
        self.lines.set_open(adapter, false);
        self.pools.set_open(&Bits::of(adapter.index()), false);
        self.lose_session(adapter, events);
        Ok(())
    }

    pub(crate) fn lose_session(&mut self, adapter: AdapterId, events: &mut Vec<Event>) {
        let known = &mut self.adapters[adapter.index()];
        known.up = false;
        known.awaited_until = None;
        self.deadlines.cancel(&mut known.ticket);
        events.push(Event::AdapterDown { adapter });
    }

    pub(crate) fn adapter_heard(
        &mut self,
        adapter: AdapterId,
        number: u64,
    ) -> Result<(), Rejection> {
        let known = self.adapters.get_mut(adapter.index()).ok_or(Rejection::UnknownAdapter)?;
        if number <= known.heard {
            return Err(Rejection::NumberWentBack { heard: known.heard });
        }
        known.heard = number;
        Ok(())
    }

    /// A new process knows nothing of what the old one rang.
    fn take_back_forgotten_offers(
        &mut self,
        adapter: AdapterId,
        told: Told,
        events: &mut Vec<Event>,
    ) {
        let forgets = std::mem::take(&mut self.adapters[adapter.index()].forgets);
        loop {
            let hand = self.adapters[adapter.index()].first_offer;
            if hand == NONE || self.hands[hand].offer > forgets {
                break;
            }
            let end = OfferEnd::Revoked(RevokeCause::AdapterRestarted);
            self.end_offer(hand, end, told, events);
        }
    }
}
