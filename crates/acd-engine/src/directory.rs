//! Which handle stands for which name: adapters, calls, offers. The driver alone writes it, so an
//! id that comes back right after its call ended is a new call, never the old one.

use crate::bounds::{ADAPTERS_MAX, CALLS_MAX, ENDED_OFFERS_KEPT};
use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::CallRef;
use acd_core::{
    AdapterId, AgentId, CallFacts, CallHandle, CallStage, Channel, Event, HandFacts, OfferEnd,
    OfferNumber, Priority, RevokeCause, Router, RoutingPlan,
};
use acd_journal::{CallCard, Cast, Farewell, Ladders, Notes, SentAway};
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
    notes: Notes,
    ladders: Ladders,
    sent_away: SentAway,
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
    pub(crate) channel: Channel,
    /// The offer that was accepted, until the agent is out of the call.
    leg: Option<OfferNumber>,
}

/// An offer from its issue until the conversation that it led to is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LiveOffer {
    pub(crate) offer: OfferNumber,
    pub(crate) call: CallHandle,
    pub(crate) agent: AgentId,
    pub(crate) rung_by: AdapterId,
    pub(crate) stage: LegStage,
}

/// How far the agent's leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegStage {
    /// He is asked.
    Out,
    /// He has accepted, the bridge is being made.
    Accepted,
    /// He talks with the caller.
    Bridged,
}

/// How the newest of the ended offers ended.
#[derive(Debug, Default)]
struct EndedOffers {
    how: HashMap<u64, OfferEnd>,
    order: VecDeque<u64>,
    highest: u64,
}

impl Directory {
    /// The names of what a Router holds.
    pub(crate) fn of(router: &Router, cast: &Cast) -> Self {
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
            notes: cast.notes().clone(),
            ladders: cast.ladders().clone(),
            sent_away: cast.sent_away().clone(),
        };
        for name in cast.adapters() {
            directory.add_adapter(Arc::clone(name));
        }
        for (slot, generation, live) in router.call_slots() {
            directory.slots.push(Slot { generation, call: None });
            // As after the end of the slot's latest call.
            if !live && let Some(next) = generation.checked_add(1) {
                directory.slots[slot as usize].generation = next;
                directory.free.push(slot);
            }
        }
        for facts in router.calls() {
            if let Some(card) = cast.card(facts.call) {
                directory.restore(&facts, card);
            }
        }
        directory
    }

    fn restore(&mut self, facts: &CallFacts, card: &Arc<CallCard>) {
        let CallFacts { call, adapter, channel, priority, stage, .. } = *facts;
        let leg = match stage {
            CallStage::Waiting | CallStage::Offering => None,
            CallStage::Connecting | CallStage::Connected | CallStage::Held => facts.hands.first(),
        };
        let leg = leg.map(|hand| hand.offer);
        let known = KnownCall { card: Arc::clone(card), adapter, priority, channel, leg };
        self.slots[call.slot as usize].call = Some(known);
        self.calls[adapter.index()].insert(Arc::clone(&card.call_id), call);
        self.live += 1;
        for HandFacts { offer, agent, rung_by, .. } in facts.hands.iter().copied() {
            let stage = match stage {
                CallStage::Waiting | CallStage::Offering => LegStage::Out,
                CallStage::Connecting => LegStage::Accepted,
                CallStage::Connected | CallStage::Held => LegStage::Bridged,
            };
            self.offer_issued(LiveOffer { offer, call, agent, rung_by, stage });
        }
    }

    fn add_adapter(&mut self, name: Arc<str>) -> AdapterId {
        let id = AdapterId(self.adapter_names.len() as u16);
        self.adapter_names.push(Arc::clone(&name));
        self.adapter_ids.insert(name, id);
        self.calls.push(HashMap::new());
        id
    }

    /// The adapters' names by handle.
    pub(crate) fn adapter_names(&self) -> &[Arc<str>] {
        &self.adapter_names
    }

    /// The Router has another plan: agents have other handles, and there may be new adapters, after
    /// those that are known already.
    pub(crate) fn follow_plan(&mut self, router: &Router) {
        for name in router.plan().adapters.iter().skip(self.adapter_names.len()) {
            self.add_adapter(Arc::from(&**name));
        }
        self.notes.keep_those_of(router);
        self.offers_to.clear();
        let mut live: Vec<LiveOffer> = self.offers.drain().map(|(_, live)| live).collect();
        live.sort_unstable_by_key(|live| live.offer);
        for live in live {
            let facts = router.call(live.call);
            let hand = facts.as_ref().and_then(|facts| facts.hand_by(live.offer));
            let agent = hand.map_or(live.agent, |hand| hand.agent);
            self.offer_issued(LiveOffer { agent, ..live });
        }
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
        channel: Channel,
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
        calls.insert(Arc::clone(&card.call_id), handle);
        let (card, leg) = (Arc::clone(card), None);
        self.sent_away.forget(adapter, &card.call_id);
        entry.call = Some(KnownCall { card, adapter, priority, channel, leg });
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

    /// The name of a call that lives, or that an agent takes notes on.
    pub(crate) fn name_of(&self, call: CallHandle) -> Option<&Arc<CallCard>> {
        self.call(call).map(|known| &known.card).or_else(|| self.notes.card(call))
    }

    /// An agent begins, or ends, to take notes on a call.
    pub(crate) fn notes_follow(&mut self, event: &Event) {
        let Self { slots, notes, .. } = self;
        notes.follow(event, |call| {
            let slot = slots.get(call.slot as usize)?;
            let known = slot.call.as_ref().filter(|_| slot.generation == call.generation);
            known.map(|known| &known.card)
        });
    }

    /// A ladder begins, or its call is taken or over, by an event under this plan.
    pub(crate) fn ladders_follow(&mut self, event: &Event, plan: &RoutingPlan) {
        self.ladders.follow(event, plan);
    }

    /// The ladders that are being tried for a call, as far as acdd knows.
    pub(crate) fn ladders_of(&self, call: CallHandle) -> &[Arc<str>] {
        self.ladders.of(call)
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

    pub(crate) fn offer_issued(&mut self, out: LiveOffer) {
        let LiveOffer { offer: OfferNumber(offer), agent, .. } = out;
        self.offers.insert(offer, out);
        if out.stage == LegStage::Out {
            self.offers_to.entry(agent).or_default().push(offer);
        }
        self.ended.highest = self.ended.highest.max(offer);
    }

    /// An accepted offer stays known as the agent's leg.
    pub(crate) fn offer_ended(&mut self, offer: OfferNumber, end: OfferEnd) {
        let Some(live) = self.offers.get_mut(&offer.0) else { return };
        live.stage = LegStage::Accepted;
        let LiveOffer { agent, call, .. } = *live;
        if let Some(offers) = self.offers_to.get_mut(&agent) {
            offers.retain(|other| *other != offer.0);
        }
        if end != OfferEnd::Accepted {
            self.offers.remove(&offer.0);
            self.ended.remember(offer.0, end);
        } else if let Some(call) = self.call_mut(call) {
            call.leg = Some(offer);
        }
    }

    /// Caller and agent talk.
    pub(crate) fn bridged(&mut self, call: CallHandle) {
        let leg = self.call(call).and_then(|call| call.leg);
        if let Some(live) = leg.and_then(|offer| self.offers.get_mut(&offer.0)) {
            live.stage = LegStage::Bridged;
        }
    }

    /// The agent is out of the call.
    pub(crate) fn leg_over(&mut self, call: CallHandle) -> Option<LiveOffer> {
        let offer = self.call_mut(call)?.leg.take()?;
        self.ended.remember(offer.0, OfferEnd::Accepted);
        self.offers.remove(&offer.0)
    }

    /// The domain itself ends the call.
    pub(crate) fn sent_away(&mut self, call: CallHandle, farewell: Farewell) {
        if let Some(KnownCall { card, adapter, .. }) = self.call(call) {
            let (adapter, call_id) = (*adapter, Arc::clone(&card.call_id));
            self.sent_away.note(adapter, call_id, farewell);
        }
    }

    /// How the domain ended the latest call of this id, if it did so lately.
    pub(crate) fn was_sent_away(&self, adapter: AdapterId, call_id: &str) -> Option<Farewell> {
        self.sent_away.find(adapter, call_id).cloned()
    }

    /// The number of the latest offer.
    pub(crate) fn last_offer(&self) -> OfferNumber {
        OfferNumber(self.ended.highest)
    }

    /// An offer that is out, or has led to a conversation that goes on.
    pub(crate) fn leg_or_offer(&self, offer: OfferNumber) -> Option<LiveOffer> {
        self.offers.get(&offer.0).copied()
    }

    /// What rings, or talks, at an adapter, in the order of issue. Costs as much as there are
    /// offers.
    pub(crate) fn legs_at(&self, adapter: AdapterId) -> Vec<LiveOffer> {
        let at = |live: &&LiveOffer| live.rung_by == adapter;
        let mut legs: Vec<LiveOffer> = self.offers.values().filter(at).copied().collect();
        legs.sort_unstable_by_key(|live| live.offer);
        legs
    }

    /// The calls that an adapter holds, in the order of their handles.
    pub(crate) fn calls_of(&self, adapter: AdapterId) -> Vec<CallHandle> {
        let calls = self.calls.get(adapter.index()).into_iter().flat_map(HashMap::values);
        let mut calls: Vec<CallHandle> = calls.copied().collect();
        calls.sort_unstable();
        calls
    }

    /// Whether an adapter holds a call, or rings or has rung an agent who has one.
    pub(crate) fn concerns(&self, adapter: AdapterId) -> bool {
        let calls = self.calls.get(adapter.index()).is_some_and(|calls| !calls.is_empty());
        calls || self.offers.values().any(|live| live.rung_by == adapter)
    }

    /// An offer that is out, or has led to a leg that is there; or how it ended.
    pub(crate) fn offer(&self, offer: u64) -> Result<LiveOffer, Refusal> {
        if let Some(live) = self.offers.get(&offer) {
            return Ok(*live);
        }
        let message = match self.ended.how.get(&offer).copied() {
            Some(end) => format!("offer {offer} is over: {}", in_words(end)),
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
        OfferEnd::Revoked(RevokeCause::AnsweredElsewhere) => {
            "revoked, another agent whom it was offered to as well has taken it"
        }
        OfferEnd::Revoked(RevokeCause::CallMoved) => "revoked, a supervisor moved the call",
        OfferEnd::Revoked(RevokeCause::Picked) => "revoked, the call was given to another agent",
        OfferEnd::Revoked(RevokeCause::AdapterRestarted) => "revoked, the adapter restarted",
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
