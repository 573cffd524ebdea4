//! Which handle stands for which name: adapters, calls, offers. The driver alone writes it, so an
//! id that comes back right after its call ended is a new call, never the old one.

use crate::bounds::{ADAPTERS_MAX, CALLS_MAX, ENDED_OFFERS_KEPT};
use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::CallRef;
use crate::view::CallCard;
use acd_core::{AdapterId, AgentId, CallHandle, OfferEnd, OfferNumber, Priority, RevokeCause};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Of the first call in a slot; the Router takes 0 for a handle of nothing.
const FIRST_GENERATION: u32 = 1;

/// Names behind handles, and handles behind names.
#[derive(Debug)]
pub(crate) struct Directory {
    adapter_ids: HashMap<Arc<str>, AdapterId>,
    adapter_names: Vec<Arc<str>>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    live: usize,
    /// Per adapter, call id -> handle.
    calls: Vec<HashMap<Arc<str>, CallHandle>>,
    offers: HashMap<u64, LiveOffer>,
    offers_to: HashMap<AgentId, Vec<u64>>,
    ended: EndedOffers,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    call: Option<KnownCall>,
}

/// A live call.
#[derive(Clone, Debug)]
pub(crate) struct KnownCall {
    pub(crate) card: Arc<CallCard>,
    pub(crate) adapter: AdapterId,
    pub(crate) priority: Priority,
    /// The offer that was accepted, until caller and agent talk.
    pub(crate) connecting: Option<Connecting>,
}

/// A bridge that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Connecting {
    pub(crate) offer: OfferNumber,
    pub(crate) rung_by: AdapterId,
}

/// An offer that is out, or was accepted and is not bridged yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LiveOffer {
    pub(crate) call: CallHandle,
    pub(crate) agent: AgentId,
    pub(crate) rung_by: AdapterId,
    pub(crate) accepted: bool,
}

/// How the newest of the ended offers ended.
#[derive(Debug, Default)]
struct EndedOffers {
    how: HashMap<u64, OfferEnd>,
    order: VecDeque<u64>,
    highest: u64,
}

impl Directory {
    /// A directory that knows the plan's adapters, in its order.
    pub(crate) fn new(adapters: &[String]) -> Self {
        let mut directory = Self {
            adapter_ids: HashMap::new(),
            adapter_names: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            live: 0,
            calls: Vec::new(),
            offers: HashMap::new(),
            offers_to: HashMap::new(),
            ended: EndedOffers::default(),
        };
        for name in adapters {
            directory.add_adapter(Arc::from(&**name));
        }
        directory
    }

    fn add_adapter(&mut self, name: Arc<str>) -> AdapterId {
        let id = AdapterId(self.adapter_names.len() as u16);
        self.adapter_names.push(Arc::clone(&name));
        self.adapter_ids.insert(name, id);
        self.calls.push(HashMap::new());
        id
    }

    /// The adapter of this name; one that is unknown gets the next handle.
    pub(crate) fn adapter(&mut self, name: &str) -> Result<AdapterId, Refusal> {
        if let Some(id) = self.adapter_ids.get(name) {
            return Ok(*id);
        }
        if self.adapter_names.len() >= ADAPTERS_MAX {
            let message = format!("{ADAPTERS_MAX} adapters are known, the most there may be");
            let kind = RefusalKind::ResourceExhausted;
            return Err(Refusal::new(kind, code::TOO_MANY_ADAPTERS, message));
        }
        Ok(self.add_adapter(Arc::from(name)))
    }

    pub(crate) fn adapter_name(&self, id: AdapterId) -> Option<&Arc<str>> {
        self.adapter_names.get(id.index())
    }

    /// A handle for a call that is new.
    pub(crate) fn mint(
        &mut self,
        adapter: AdapterId,
        card: &Arc<CallCard>,
        priority: Priority,
    ) -> Result<CallHandle, Refusal> {
        let calls = &mut self.calls[adapter.index()];
        if calls.contains_key(&card.call_id) {
            let message = "a live call of this adapter has this id: end it first, or use another";
            let kind = RefusalKind::AlreadyExists;
            return Err(Refusal::new(kind, code::CALL_EXISTS, message).at("call_id"));
        }
        if self.live >= CALLS_MAX {
            let message = format!("{CALLS_MAX} calls are live, the most there may be");
            let kind = RefusalKind::ResourceExhausted;
            return Err(Refusal::new(kind, code::TOO_MANY_CALLS, message));
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: FIRST_GENERATION, call: None });
            (self.slots.len() - 1) as u32
        });
        let entry = &mut self.slots[slot as usize];
        let handle = CallHandle { slot, generation: entry.generation };
        let card = Arc::clone(card);
        calls.insert(Arc::clone(&card.call_id), handle);
        entry.call = Some(KnownCall { card, adapter, priority, connecting: None });
        self.live += 1;
        Ok(handle)
    }

    /// Takes back a handle that the Router has not seen.
    pub(crate) fn unmint(&mut self, handle: CallHandle) {
        if self.take(handle).is_some() {
            self.free.push(handle.slot);
        }
    }

    /// The call has ended: its slot is free for another generation.
    pub(crate) fn free(&mut self, handle: CallHandle) {
        if self.take(handle).is_none() {
            return;
        }
        // A slot that has used up its generations is never used again.
        let slot = &mut self.slots[handle.slot as usize];
        if let Some(generation) = slot.generation.checked_add(1) {
            slot.generation = generation;
            self.free.push(handle.slot);
        }
    }

    fn take(&mut self, handle: CallHandle) -> Option<KnownCall> {
        self.call(handle)?;
        let call = self.slots[handle.slot as usize].call.take()?;
        self.calls[call.adapter.index()].remove(&call.card.call_id);
        self.live -= 1;
        Some(call)
    }

    pub(crate) fn call(&self, handle: CallHandle) -> Option<&KnownCall> {
        let slot = self.slots.get(handle.slot as usize)?;
        slot.call.as_ref().filter(|_| slot.generation == handle.generation)
    }

    pub(crate) fn call_mut(&mut self, handle: CallHandle) -> Option<&mut KnownCall> {
        let slot = self.slots.get_mut(handle.slot as usize)?;
        let same = slot.generation == handle.generation;
        slot.call.as_mut().filter(|_| same)
    }

    /// The live call that an adapter calls so.
    pub(crate) fn find(&self, adapter: AdapterId, call_id: &str) -> Result<CallHandle, Refusal> {
        let calls = self.calls.get(adapter.index());
        calls.and_then(|calls| calls.get(call_id)).copied().ok_or_else(|| {
            let message = "no live call of this adapter has this id";
            Refusal::new(RefusalKind::NotFound, code::UNKNOWN_CALL, message).at("call_id")
        })
    }

    /// The live call that a person names.
    pub(crate) fn find_ref(&self, call: &CallRef) -> Result<CallHandle, Refusal> {
        match self.adapter_ids.get(&*call.adapter) {
            Some(adapter) => self.find(*adapter, &call.call_id),
            None => {
                let message = format!("no adapter `{}` has been seen", call.adapter);
                Err(Refusal::new(RefusalKind::NotFound, code::UNKNOWN_CALL, message)
                    .at("call.adapter"))
            }
        }
    }

    pub(crate) fn offer_issued(&mut self, offer: OfferNumber, out: LiveOffer) {
        self.offers.insert(offer.0, out);
        self.offers_to.entry(out.agent).or_default().push(offer.0);
        self.ended.highest = self.ended.highest.max(offer.0);
    }

    /// An accepted offer stays known until its bridge is made or fails.
    pub(crate) fn offer_ended(&mut self, offer: OfferNumber, end: OfferEnd) {
        if let Some(out) = self.offers.get_mut(&offer.0) {
            let agent = out.agent;
            out.accepted = true;
            if let Some(offers) = self.offers_to.get_mut(&agent) {
                offers.retain(|other| *other != offer.0);
            }
        }
        if end != OfferEnd::Accepted {
            self.offers.remove(&offer.0);
            self.ended.remember(offer.0, end);
        }
    }

    pub(crate) fn connecting(&mut self, call: CallHandle, connecting: Connecting) {
        if let Some(call) = self.call_mut(call) {
            call.connecting = Some(connecting);
        }
    }

    /// The bridge is made, or will never be: its offer is over.
    pub(crate) fn connecting_over(&mut self, call: CallHandle) -> Option<Connecting> {
        let connecting = self.call_mut(call)?.connecting.take()?;
        self.offers.remove(&connecting.offer.0);
        self.ended.remember(connecting.offer.0, OfferEnd::Accepted);
        Some(connecting)
    }

    /// An offer that is out or accepted, or how it ended.
    pub(crate) fn offer(&self, offer: u64) -> Result<LiveOffer, Refusal> {
        if let Some(live) = self.offers.get(&offer) {
            return Ok(*live);
        }
        let message = match self.ended.how.get(&offer) {
            Some(end) => format!("offer {offer} is over: {}", in_words(*end)),
            None if (1..=self.ended.highest).contains(&offer) => {
                format!("offer {offer} is over, long since")
            }
            None => {
                let message = format!("no offer {offer} was ever made");
                return Err(Refusal::new(RefusalKind::NotFound, code::UNKNOWN_OFFER, message)
                    .at("offer_number"));
            }
        };
        let kind = RefusalKind::FailedPrecondition;
        Err(Refusal::new(kind, code::OFFER_OVER, message).at("offer_number"))
    }

    /// The only offer that is out to an agent.
    pub(crate) fn only_offer_to(&self, agent: AgentId) -> Result<u64, Refusal> {
        let message = match self.offers_to.get(&agent).map_or(&[][..], |offers| offers) {
            [offer] => return Ok(*offer),
            [] => "no offer is out to this agent".to_owned(),
            several => format!("{} offers are out to this agent: name one", several.len()),
        };
        let kind = RefusalKind::FailedPrecondition;
        Err(Refusal::new(kind, code::WRONG_STATE, message).at("offer_number"))
    }
}

impl EndedOffers {
    fn remember(&mut self, offer: u64, end: OfferEnd) {
        self.how.insert(offer, end);
        self.order.push_back(offer);
        if self.order.len() > ENDED_OFFERS_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.how.remove(&oldest);
        }
    }
}

fn in_words(end: OfferEnd) -> &'static str {
    match end {
        OfferEnd::Accepted => "it was accepted",
        OfferEnd::Declined => "it was declined",
        OfferEnd::NoAnswer => "it rang out",
        OfferEnd::Failed => "the device could not be rung",
        OfferEnd::Revoked(RevokeCause::CallEnded) => "revoked, the caller hung up or was sent away",
        OfferEnd::Revoked(RevokeCause::AgentUnavailable) => {
            "revoked, the agent went not ready or logged out"
        }
        OfferEnd::Revoked(RevokeCause::CallMoved) => "revoked, a supervisor moved the call",
        OfferEnd::Revoked(RevokeCause::AdapterRestarted) => "revoked, the adapter restarted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(call_id: &str) -> Arc<CallCard> {
        let attributes = Arc::from([]);
        Arc::new(CallCard { adapter: Arc::from("a"), call_id: Arc::from(call_id), attributes })
    }

    fn known() -> (Directory, AdapterId) {
        let mut directory = Directory::new(&["x".to_owned(), "y".to_owned()]);
        let id = directory.adapter("a").expect("there is room");
        assert_eq!(id, AdapterId(2), "the plan's adapters come first");
        (directory, id)
    }

    #[test]
    fn an_id_that_comes_back_is_a_new_call() {
        let (mut directory, a) = known();
        let first = directory.mint(a, &card("1"), Priority::NORMAL).expect("new");
        let again = directory.mint(a, &card("1"), Priority::NORMAL).expect_err("it lives");
        assert_eq!((again.kind, again.code), (RefusalKind::AlreadyExists, code::CALL_EXISTS));
        directory.free(first);
        assert!(directory.find(a, "1").is_err());
        let second = directory.mint(a, &card("1"), Priority::NORMAL).expect("the first has ended");
        assert_eq!((second.slot, second.generation), (first.slot, first.generation + 1));
        assert_eq!(directory.find(a, "1").expect("it lives"), second);
        assert!(directory.call(first).is_none());
        directory.free(first);
        assert!(directory.call(second).is_some(), "freeing the old one again changes nothing");
    }

    #[test]
    fn a_handle_taken_back_is_as_if_never_minted() {
        let (mut directory, a) = known();
        let handle = directory.mint(a, &card("1"), Priority::NORMAL).expect("new");
        directory.unmint(handle);
        assert_eq!(directory.mint(a, &card("2"), Priority::NORMAL).expect("new"), handle);
    }

    #[test]
    fn two_adapters_may_use_one_id() {
        let (mut directory, a) = known();
        let b = directory.adapter("b").expect("there is room");
        let of_a = directory.mint(a, &card("1"), Priority::NORMAL).expect("new");
        let of_b = directory.mint(b, &card("1"), Priority::NORMAL).expect("new to b");
        assert_ne!(of_a, of_b);
        let call = CallRef { adapter: "b".to_owned(), call_id: "1".to_owned() };
        assert_eq!(directory.find_ref(&call).expect("it lives"), of_b);
    }

    #[test]
    fn adapters_are_bounded() {
        let (mut directory, _) = known();
        for number in 3..ADAPTERS_MAX {
            assert!(directory.adapter(&format!("n{number}")).is_ok());
        }
        let refused = directory.adapter("one-more").expect_err("full");
        assert_eq!(refused.code, code::TOO_MANY_ADAPTERS);
        assert!(directory.adapter("a").is_ok(), "those known are found");
    }

    #[test]
    fn an_offer_that_is_over_says_how_it_ended() {
        let (mut directory, a) = known();
        let call = directory.mint(a, &card("1"), Priority::NORMAL).expect("new");
        let agent = AgentId(4);
        let out = LiveOffer { call, agent, rung_by: a, accepted: false };
        assert_eq!(directory.only_offer_to(agent).expect_err("none").code, code::WRONG_STATE);
        for number in 1..=2 {
            directory.offer_issued(OfferNumber(number), out);
        }
        assert!(directory.only_offer_to(agent).expect_err("two").message.contains("2 offers"));
        directory.offer_ended(OfferNumber(1), OfferEnd::Revoked(RevokeCause::CallEnded));
        assert_eq!(directory.only_offer_to(agent).expect("one"), 2);
        let over = directory.offer(1).expect_err("over");
        assert_eq!(over.code, code::OFFER_OVER);
        assert!(over.message.starts_with("offer 1 is over: revoked, the caller hung up"));
        assert_eq!(directory.offer(3).expect_err("never").code, code::UNKNOWN_OFFER);
        assert_eq!(directory.offer(0).expect_err("never").code, code::UNKNOWN_OFFER);
    }

    #[test]
    fn an_accepted_offer_is_known_until_the_bridge() {
        let (mut directory, a) = known();
        let call = directory.mint(a, &card("1"), Priority::NORMAL).expect("new");
        let offer = OfferNumber(1);
        let out = LiveOffer { call, agent: AgentId(0), rung_by: a, accepted: false };
        directory.offer_issued(offer, out);
        directory.offer_ended(offer, OfferEnd::Accepted);
        directory.connecting(call, Connecting { offer, rung_by: a });
        assert!(directory.offer(1).expect("not bridged yet").accepted);
        assert!(directory.only_offer_to(AgentId(0)).is_err(), "it is out no more");
        assert_eq!(directory.connecting_over(call).expect("it was").offer, offer);
        assert_eq!(directory.connecting_over(call), None);
        let over = directory.offer(1).expect_err("over");
        assert_eq!(over.message, "offer 1 is over: it was accepted");
    }

    #[test]
    fn only_the_newest_ended_offers_are_remembered_in_detail() {
        let mut ended = EndedOffers::default();
        for offer in 1..=ENDED_OFFERS_KEPT as u64 + 1 {
            ended.remember(offer, OfferEnd::NoAnswer);
        }
        assert_eq!(ended.how.len(), ENDED_OFFERS_KEPT);
        assert!(!ended.how.contains_key(&1));
    }
}
