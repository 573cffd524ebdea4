//! What an adapter says that it holds, against what the domain believes: calls and legs that are
//! found are taken over, those that are missing are let go.

use super::engine::{By, Engine};
use super::numbering::{AT_ONCE, WITH_THE_ROUND};
use crate::directory::{LegStage, LiveOffer};
use crate::order::{DownBody, Order};
use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::CallRef;
use crate::session::{LegState, OfferedCall, ResyncPart};
use acd_core::{
    AdapterId, AgentId, CallHandle, CallStage, Command, OfferNumber, OfferResult, Timestamp,
};
use std::collections::HashSet;
use tracing::info;

/// A resync that is going on.
#[derive(Debug, Default)]
pub(super) struct Resync {
    /// As the welcome named it.
    number: u64,
    /// Calls that the adapter is known to hold.
    calls: HashSet<CallHandle>,
    /// Offers whose leg it is known to have.
    legs: HashSet<OfferNumber>,
    /// Offers of other adapters' legs to the agents of calls that it has named.
    elsewhere: HashSet<OfferNumber>,
    /// Offers to ring that have ended since it was asked: its leg for one of them is void.
    over: HashSet<(CallHandle, AgentId)>,
    /// Offers up to this one may be missing from what it says; later ones it may not know yet.
    last_offer: OfferNumber,
    known: u32,
    adopted: u32,
}

impl Resync {
    /// A resync of what was offered up to `last_offer`.
    pub(super) fn new(number: u64, last_offer: OfferNumber) -> Self {
        Self { number, last_offer, ..Self::default() }
    }

    /// As the welcome named it.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether an order about an offer would be understood: one of before is named anew, or void.
    pub(super) fn knows(&self, offer: OfferNumber) -> bool {
        offer > self.last_offer || self.legs.contains(&offer) || self.elsewhere.contains(&offer)
    }

    /// An offer has ended.
    pub(super) fn ended(&mut self, offer: OfferNumber, call: CallHandle, agent: AgentId) {
        if !self.knows(offer) {
            self.over.insert((call, agent));
        }
    }

    /// The adapter offered a call beside it.
    pub(super) fn holds(&mut self, call: CallHandle) {
        self.calls.insert(call);
    }
}

impl Engine {
    /// A part of what the PBX holds. What a welcome of before asked for, and was sent again because
    /// its stream broke, says nothing any more.
    pub(super) fn resync(
        &mut self,
        now: Timestamp,
        id: AdapterId,
        by: &By,
        number: u64,
        part: ResyncPart,
    ) -> Result<(), Refusal> {
        if self.adapter(id).is_some_and(|adapter| adapter.asked != number) {
            return Ok(());
        }
        self.resync_of(id)?;
        match part {
            ResyncPart::Call(held) => self.resync_call(now, id, by, held),
            ResyncPart::Leg { call, agent, state } => {
                self.resync_leg(now, id, by, (call, agent, state))
            }
            ResyncPart::Done => self.resync_done(now, id, by),
        }
    }

    fn resync_of(&mut self, id: AdapterId) -> Result<&mut Resync, Refusal> {
        let resync = self.adapter(id).and_then(|adapter| adapter.resync.as_mut());
        resync.ok_or_else(|| {
            let message = "this resync is done: the next is due after a Welcome that names one";
            Refusal::new(RefusalKind::FailedPrecondition, code::WRONG_STATE, message)
        })
    }

    /// The PBX holds a caller.
    fn resync_call(
        &mut self,
        now: Timestamp,
        id: AdapterId,
        by: &By,
        held: OfferedCall,
    ) -> Result<(), Refusal> {
        if let Ok(call) = self.directory.find(id, &held.call_id) {
            let resync = self.resync_of(id)?;
            resync.known += u32::from(resync.calls.insert(call));
            return self.rung_elsewhere(id, call);
        }
        if let Some(farewell) = self.directory.was_sent_away(id, &held.call_id) {
            // The order to do so was lost, or is being carried out.
            let adapter = self.directory.adapter_name(id).map(ToString::to_string);
            let call = CallRef { adapter: adapter.unwrap_or_default(), call_id: held.call_id };
            // What led to it may not be durable yet.
            let order = Order::farewell(call, farewell, String::new());
            self.order(id, WITH_THE_ROUND, order);
            return Ok(());
        }
        self.call_offered(now, id, by, held)?;
        self.resync_of(id)?.adopted += 1;
        Ok(())
    }

    /// The adapter may not have heard of what was to be tried for callers, or its process is another.
    /// Once all is said: who talks by now is not to be tried for.
    fn ladders_again(&mut self, id: AdapterId, calls: &HashSet<CallHandle>) {
        let waits = |call: &CallHandle| {
            let stage = self.router.call(*call).map(|facts| facts.stage);
            matches!(stage, Some(CallStage::Waiting | CallStage::Offering))
        };
        let mut waiting: Vec<CallHandle> = calls.iter().copied().filter(waits).collect();
        waiting.sort_unstable();
        for call in waiting {
            // What led to it may not be durable yet.
            self.ladders_of(call).for_each(|order| self.order(id, WITH_THE_ROUND, order));
        }
    }

    /// Another adapter may have the leg to the agent whom the caller of this one is to be bridged with.
    fn rung_elsewhere(&mut self, id: AdapterId, call: CallHandle) -> Result<(), Refusal> {
        let hands = self.router.call(call).map(|facts| facts.hands).unwrap_or_default();
        for hand in hands.into_iter().filter(|hand| hand.rung_by != id) {
            self.resync_of(id)?.elsewhere.insert(hand.offer);
            if let Some(live) = self.directory.leg_or_offer(hand.offer)
                && live.stage == LegStage::Accepted
            {
                self.connect_again(id, live, hand.until);
            }
        }
        Ok(())
    }

    /// The PBX has a leg to an agent.
    fn resync_leg(
        &mut self,
        now: Timestamp,
        id: AdapterId,
        by: &By,
        (call, agent, state): (CallRef, String, LegState),
    ) -> Result<(), Refusal> {
        let talking = matches!(state, LegState::Talking | LegState::Held);
        let (call, agent) = match (self.directory.find_ref(&call), self.agent(&agent)) {
            (Ok(call), Ok(agent)) => (call, agent),
            (Ok(call), Err(_)) if talking => return self.let_go(now, by, call),
            (_, Err(unknown)) => return Err(unknown),
            // Without its call a leg is void; the end of the resync says so.
            (Err(_), Ok(_)) => return Ok(()),
        };
        let hands = self.router.call(call).map(|facts| facts.hands).unwrap_or_default();
        let his = hands.iter().any(|hand| hand.agent == agent);
        let live = match self.leg_to(call, agent, id) {
            Some(live) => live,
            // Another adapter's leg to him; or one that rings beside the one that counts.
            None if his || !hands.is_empty() && !talking => return Ok(()),
            // He declined, or it rang out, while the adapter was taking stock.
            None if !talking && self.resync_of(id)?.over.contains(&(call, agent)) => return Ok(()),
            None => {
                let adopt = Command::OfferAdopted { call, agent, rung_by: id, talking };
                match (self.apply(now, by, adopt, None), self.leg_to(call, agent, id)) {
                    (Ok(()), Some(live)) => live,
                    _ if talking => return self.let_go(now, by, call),
                    _ => return Ok(()),
                }
            }
        };
        if (live.stage, state) == (LegStage::Bridged, LegState::Ringing) {
            // It is not the leg that he talks on.
            return Ok(());
        }
        self.resync_of(id)?.legs.insert(live.offer);
        self.go_on_with(now, id, by, live, state)
    }

    /// They talk, and the domain cannot have it so: it never tears them apart.
    fn let_go(&mut self, now: Timestamp, by: &By, call: CallHandle) -> Result<(), Refusal> {
        Ok(self.apply(now, by, Command::CallVanished { call }, None)?)
    }

    /// Brings what the domain knows of a leg to where the PBX is with it.
    fn go_on_with(
        &mut self,
        now: Timestamp,
        id: AdapterId,
        by: &By,
        live: LiveOffer,
        state: LegState,
    ) -> Result<(), Refusal> {
        let LiveOffer { call, offer, stage, .. } = live;
        let accepted = Command::OfferResult { call, offer, result: OfferResult::Accepted };
        let bridged = Command::CallBridged { call, offer };
        let facts = self.router.call(call);
        let hand = facts.as_ref().and_then(|facts| facts.hand_by(offer));
        let until = hand.map_or(now, |hand| hand.until);
        match (stage, state) {
            (LegStage::Out, LegState::Ringing) => self.offer_again(now, id, live),
            (LegStage::Out, LegState::Answered) => {
                self.offer_again(now, id, live);
                self.apply(now, by, accepted, None)?;
            }
            (LegStage::Out, LegState::Talking | LegState::Held) => {
                // They are connected: nobody is to connect them.
                self.bridged_already = Some(offer);
                self.apply(now, by, accepted, None)?;
                self.apply(now, by, bridged, None)?;
            }
            (LegStage::Accepted, LegState::Ringing | LegState::Answered) => {
                self.offer_again(now, id, live);
                self.connect_again(id, live, until);
            }
            (LegStage::Accepted, LegState::Talking | LegState::Held) => {
                self.apply(now, by, bridged, None)?;
            }
            // It was bridged, and is not any more, or not at this end.
            (LegStage::Bridged, LegState::Answered) => {
                self.offer_again(now, id, live);
                self.connect_again(id, live, now + self.router.plan().connect_within);
            }
            (LegStage::Bridged, LegState::Ringing | LegState::Talking | LegState::Held) => {}
        }
        let on_hold = match state {
            LegState::Held => Command::CallHeld { call },
            LegState::Talking => Command::CallRetrieved { call },
            LegState::Ringing | LegState::Answered => return Ok(()),
        };
        // It may be so already.
        let _as_it_is = self.apply(now, by, on_hold, None).is_err();
        Ok(())
    }

    /// The offer through which this adapter rings, or has rung, this agent for this call.
    fn leg_to(&self, call: CallHandle, agent: AgentId, at: AdapterId) -> Option<LiveOffer> {
        let facts = self.router.call(call)?;
        let mut hands = facts.hands.iter();
        let hand = hands.find(|hand| hand.agent == agent && hand.rung_by == at)?;
        self.directory.leg_or_offer(hand.offer)
    }

    fn offer_again(&mut self, now: Timestamp, id: AdapterId, live: LiveOffer) {
        let LiveOffer { call, offer, agent, .. } = live;
        let facts = self.router.call(call);
        let Some(hand) = facts.as_ref().and_then(|facts| facts.hand_by(offer)) else { return };
        let ring = (now, hand.until);
        let order = self.offer(call, offer, agent, hand.queue, ring, true);
        self.order(id, AT_ONCE, order);
    }

    fn connect_again(&mut self, id: AdapterId, live: LiveOffer, until: Timestamp) {
        let LiveOffer { call, offer, agent, .. } = live;
        let order = self.connect(call, offer, agent, until);
        self.order(id, WITH_THE_ROUND, order);
    }

    /// All is said: what was not named is gone.
    fn resync_done(&mut self, now: Timestamp, id: AdapterId, by: &By) -> Result<(), Refusal> {
        let Some(resync) = self.adapter(id).and_then(|adapter| adapter.resync.take()) else {
            return Ok(());
        };
        let mut vanished = 0;
        for call in self.directory.calls_of(id) {
            if !resync.calls.contains(&call) {
                self.apply(now, by, Command::CallVanished { call }, None)?;
                vanished += 1;
            }
        }
        for live in self.directory.legs_at(id) {
            let LiveOffer { call, offer, stage, .. } = live;
            if offer > resync.last_offer || resync.legs.contains(&offer) {
                continue;
            }
            let lost = match stage {
                LegStage::Out => Command::OfferLost { call, offer },
                LegStage::Accepted => Command::ConnectFailed { call, offer },
                LegStage::Bridged => Command::AgentLegLost { call },
            };
            self.apply(now, by, lost, None)?;
        }
        let Resync { known, adopted, calls, .. } = resync;
        self.ladders_again(id, &calls);
        // First: what follows is offered anew.
        if let Some(adapter) = self.adapter(id) {
            info!(adapter = %adapter.name, known, adopted, vanished, "resynced");
            adapter.push(WITH_THE_ROUND, DownBody::Resynced { known, adopted, vanished });
        }
        self.apply(now, by, Command::AdapterSynced { adapter: id }, None)?;
        self.recovery_goes_on_without(id);
        Ok(())
    }
}
