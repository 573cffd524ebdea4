//! What follows from each event: entries in the directory, orders to adapters, records for readers.

use super::engine::{By, Engine};
use super::numbering::AT_ONCE;
use crate::directory::{LegStage, LiveOffer};
use crate::order::{DownBody, Order, RevokeReason};
use crate::publisher::{Named, Record};
use crate::request::CallRef;
use acd_core::{
    AdapterId, AgentId, CallHandle, Decision, Event, OfferEnd, OfferNumber, QueueId, RevokeCause,
    Timestamp,
};
use acd_journal::{Farewell, Minted};
use std::sync::Arc;

/// The command that caused the events.
pub(super) struct Cause<'a> {
    pub(super) sequence: u64,
    pub(super) at: Timestamp,
    pub(super) by: &'a By,
    pub(super) minted: &'a Option<Minted>,
}

/// A rule that fired for a call.
type Fired = (CallHandle, QueueId, u16);

impl Engine {
    pub(super) fn fold(&mut self, cause: &Cause<'_>, events: &[Event]) {
        let mut fired = None;
        let mut offers = 0;
        for event in events {
            let is_offer = matches!(event, Event::OfferIssued { .. });
            // There is one for each offer, in their order.
            let decision = is_offer.then(|| self.router.decisions().get(offers)).flatten();
            let decision = decision.map(|decision| Box::new(*decision));
            offers += usize::from(is_offer);
            self.record(cause, event, decision);
            self.follow(cause, event, &mut fired);
        }
        // Only now: events after the end of a call may still name it.
        for event in events {
            if let Event::CallEnded { call, .. } = event {
                self.directory.free(*call);
            }
        }
    }

    fn record(&mut self, cause: &Cause<'_>, event: &Event, decision: Option<Box<Decision>>) {
        let named = match (event, cause.minted) {
            (Event::CallArrived { .. }, Some(Minted::Call(card))) => Named::Call(Arc::clone(card)),
            (Event::AgentsMessaged { .. }, Some(Minted::Message(says))) => {
                Named::Message(Arc::clone(says))
            }
            (Event::WrapUpEnded { call, .. }, _) => {
                let card = self.directory.name_of(*call);
                card.map_or(Named::Nothing, |card| Named::Call(Arc::clone(card)))
            }
            (
                Event::AdapterUp { adapter }
                | Event::AdapterSynced { adapter }
                | Event::AdapterDown { adapter },
                _,
            ) => {
                let name = self.directory.adapter_name(*adapter);
                name.map_or(Named::Nothing, |name| Named::Adapter(Arc::clone(name)))
            }
            _ => Named::Nothing,
        };
        self.number += 1;
        self.parcel.records.push(Record {
            number: self.number,
            at: cause.at,
            origin: Arc::clone(&cause.by.origin),
            event: event.clone(),
            named,
            decision,
        });
    }

    fn follow(&mut self, cause: &Cause<'_>, event: &Event, fired: &mut Option<Fired>) {
        match *event {
            Event::CallArrived { adapter, .. } => {
                if let Some(adapter) = self.adapter(adapter) {
                    adapter.holds_call();
                }
            }
            Event::PriorityChanged { call, priority } => {
                if let Some(call) = self.directory.call_mut(call) {
                    call.priority = priority;
                }
            }
            Event::RuleFired { call, queue, rule, .. } => *fired = Some((call, queue, rule)),
            Event::OfferIssued {
                call, offer, agent, queue, rung_by, ring_until, adopted, ..
            } => {
                let stage = LegStage::Out;
                self.directory.offer_issued(LiveOffer { offer, call, agent, rung_by, stage });
                // What was found ringing is confirmed as part of the resync.
                if !adopted {
                    let ring = (cause.at, ring_until);
                    let order = self.offer(call, offer, agent, queue, ring, adopted);
                    self.order(rung_by, AT_ONCE, order);
                }
            }
            Event::OfferEnded { call, offer, agent, rung_by, end, adapter_knows, .. } => {
                self.directory.offer_ended(offer, end);
                if end != OfferEnd::Accepted
                    && let Some(adapter) = self.adapter(rung_by)
                    && let Some(resync) = &mut adapter.resync
                {
                    resync.ended(offer, call, agent);
                }
                if let (Some(reason), false) = (revoke_reason(end), adapter_knows) {
                    self.revoke(rung_by, offer, reason, call);
                }
            }
            Event::CallConnecting { offer, .. } if self.bridged_already == Some(offer) => {}
            Event::CallConnecting { call, offer, agent, rung_by, until } => {
                for adapter in self.who_bridges(call, rung_by) {
                    let order = self.connect(call, offer, agent, until);
                    self.order(adapter, cause.sequence, order);
                }
            }
            Event::CallConnected { call, .. } => {
                self.directory.bridged(call);
                self.directory.ladders_follow(event, &self.names.plan);
            }
            Event::ConnectFailed { call, offer, rung_by, .. } => {
                self.bridge_failed(cause, call, offer, rung_by);
                // With the order to connect they were over.
                self.ladders_of(call)
                    .for_each(|order| self.order_holder(call, cause.sequence, order));
            }
            Event::CallReturned { call, .. } => {
                self.directory.leg_over(call);
            }
            Event::AdapterSynced { adapter } => {
                if let Some(adapter) = self.adapter(adapter) {
                    adapter.awaits_resync = false;
                }
            }
            Event::PlayOrdered { call, announcement } => {
                let announcement = self.names.plan.announcements.get(announcement.index());
                let announcement = announcement.cloned().unwrap_or_default();
                let (call_ref, rule) = (self.call_ref(call), self.fired_for(call, *fired));
                self.order_holder(
                    call,
                    AT_ONCE,
                    Order::Play { call: call_ref, announcement, rule },
                );
            }
            Event::CallbackOfferOrdered { call } => {
                let (call_ref, rule) = (self.call_ref(call), self.fired_for(call, *fired));
                self.order_holder(call, AT_ONCE, Order::OfferCallback { call: call_ref, rule });
            }
            Event::LadderOrdered { call, ladder } => {
                self.directory.ladders_follow(event, &self.names.plan);
                let ladder = self.names.plan.ladders.get(ladder.index());
                let ladder = ladder.map_or("", |name| name);
                let rule = self.fired_for(call, *fired);
                let order = Order::ladder(self.call_ref(call), ladder, rule);
                self.order_holder(call, cause.sequence, order);
            }
            Event::TransferOrdered { call, .. } => self.send_away(cause, call, event, *fired),
            Event::CallEnded { call, .. } => {
                self.call_ended(cause, call);
                self.directory.ladders_follow(event, &self.names.plan);
                self.send_away(cause, call, event, *fired);
                if let Some(holder) = self.directory.call(call).map(|call| call.adapter)
                    && let Some(adapter) = self.adapter(holder)
                {
                    adapter.lost_call();
                }
            }
            Event::SlotChanged { .. } | Event::WrapUpEnded { .. } => {
                self.directory.notes_follow(event);
            }
            Event::QueueClosed { .. }
            | Event::AgentsMessaged { .. }
            | Event::SkillChanged { .. }
            | Event::LatchChanged { .. }
            | Event::RecoveryOver
            | Event::HalfMinutePassed
            | Event::AdapterUp { .. }
            | Event::AdapterDown { .. }
            | Event::AgentAwaited { .. }
            | Event::AgentAwaitedNoMore { .. }
            | Event::PlaceEntered { .. }
            | Event::PlaceLeft { .. }
            | Event::RequirementChanged { .. }
            | Event::OfferRinging { .. }
            | Event::CallHeld { .. }
            | Event::CallRetrieved { .. }
            | Event::PresenceChanged { .. }
            | Event::DeviceChanged { .. }
            | Event::HeartbeatChanged { .. }
            | Event::WrapUpExtended { .. } => {}
        }
    }

    /// The orders to try the ladders of a call again.
    pub(super) fn ladders_of(&self, call: CallHandle) -> impl Iterator<Item = Order> + use<> {
        let of = self.call_ref(call);
        let ladders = self.directory.ladders_of(call).to_vec();
        ladders.into_iter().map(move |ladder| Order::ladder(of.clone(), &ladder, String::new()))
    }

    /// A bridge that will not be made: whoever tries and did not report it itself must stop.
    fn bridge_failed(
        &mut self,
        cause: &Cause<'_>,
        call: CallHandle,
        offer: OfferNumber,
        rung_by: AdapterId,
    ) {
        self.directory.leg_over(call);
        let reason = match cause.by.adapter {
            Some(_) => RevokeReason::Failed,
            None => RevokeReason::ConnectTimeout,
        };
        for adapter in self.who_bridges(call, rung_by) {
            if cause.by.adapter != Some(adapter) {
                self.revoke(adapter, offer, reason, call);
            }
        }
    }

    /// The agent's leg of a bridge in the making: who reported the end of the call knows.
    fn call_ended(&mut self, cause: &Cause<'_>, call: CallHandle) {
        if let Some(LiveOffer { offer, rung_by, stage, .. }) = self.directory.leg_over(call)
            && stage != LegStage::Bridged
            && cause.by.adapter != Some(rung_by)
        {
            self.revoke(rung_by, offer, RevokeReason::CallEnded, call);
        }
    }

    /// Tells the adapter what to do with the caller, if the event says so; it is remembered, as the
    /// adapter may not hear of it.
    fn send_away(
        &mut self,
        cause: &Cause<'_>,
        call: CallHandle,
        event: &Event,
        fired: Option<Fired>,
    ) {
        let Some((_, Some(farewell))) = Farewell::in_event(event, &self.names.plan) else { return };
        let Some(holder) = self.directory.call(call).map(|call| call.adapter) else { return };
        self.directory.sent_away(call, farewell.clone());
        let (call_ref, rule) = (self.call_ref(call), self.fired_for(call, fired));
        self.order(holder, cause.sequence, Order::farewell(call_ref, farewell, rule));
    }

    /// `queue/rule` of the rule that acts on the call; empty if none does.
    fn fired_for(&self, call: CallHandle, fired: Option<Fired>) -> String {
        match fired {
            Some((of, queue, rule)) if of == call => self.names.rule(queue, rule),
            Some(_) | None => String::new(),
        }
    }

    /// The adapter that rang the agent, and the one that holds the caller.
    pub(super) fn who_bridges(
        &self,
        call: CallHandle,
        rung_by: AdapterId,
    ) -> impl Iterator<Item = AdapterId> + use<> {
        let holder = self.directory.call(call).map(|call| call.adapter);
        std::iter::once(rung_by).chain(holder.filter(|holder| *holder != rung_by))
    }

    pub(super) fn offer(
        &self,
        call: CallHandle,
        offer: OfferNumber,
        agent: AgentId,
        queue: QueueId,
        (at, ring_until): (Timestamp, Timestamp),
        adopted: bool,
    ) -> Order {
        let agent_id = self.names.agent(agent).to_string();
        let plan = self.names.plan.agents.get(agent.index());
        let known = self.directory.call(call);
        let channel = known.map(|call| call.channel).unwrap_or_default();
        let endpoint = plan.and_then(|plan| plan.desk(channel)?.endpoint.as_ref());
        Order::Offer {
            offer: offer.0,
            call: self.call_ref(call),
            address: endpoint.map_or_else(|| agent_id.clone(), |endpoint| endpoint.address.clone()),
            agent: agent_id,
            queue: self.names.queue(queue).to_string(),
            priority: known.map(|call| call.priority).unwrap_or_default(),
            ring_until,
            ring: ring_until.since(at),
            attributes: known
                .map_or_else(|| Arc::from([]), |call| Arc::clone(&call.card.attributes)),
            adopted,
            channel,
        }
    }

    pub(super) fn connect(
        &self,
        call: CallHandle,
        offer: OfferNumber,
        agent: AgentId,
        until: Timestamp,
    ) -> Order {
        let agent = self.names.agent(agent).to_string();
        Order::Connect { offer: offer.0, call: self.call_ref(call), agent, until }
    }

    fn revoke(
        &mut self,
        adapter: AdapterId,
        offer: OfferNumber,
        reason: RevokeReason,
        call: CallHandle,
    ) {
        let call = self.call_ref(call);
        self.order(adapter, AT_ONCE, Order::Revoke { offer: offer.0, reason, call });
    }

    /// For the adapter that holds the caller.
    fn order_holder(&mut self, call: CallHandle, needs: u64, order: Order) {
        if let Some(holder) = self.directory.call(call).map(|call| call.adapter) {
            self.order(holder, needs, order);
        }
    }

    pub(super) fn order(&mut self, adapter: AdapterId, needs: u64, order: Order) {
        if let Some(adapter) = self.adapter(adapter)
            && adapter.understands(&order)
        {
            adapter.push(needs, DownBody::Order(order));
        }
    }

    fn call_ref(&self, call: CallHandle) -> CallRef {
        self.directory.call(call).map(|call| CallRef::from(&*call.card)).unwrap_or_default()
    }
}

/// What an adapter that still rings is told; nothing when it goes on to bridge.
fn revoke_reason(end: OfferEnd) -> Option<RevokeReason> {
    match end {
        OfferEnd::Accepted => None,
        OfferEnd::Declined => Some(RevokeReason::Declined),
        OfferEnd::NoAnswer => Some(RevokeReason::NoAnswer),
        OfferEnd::Failed => Some(RevokeReason::Failed),
        OfferEnd::Revoked(RevokeCause::CallEnded) => Some(RevokeReason::CallEnded),
        OfferEnd::Revoked(RevokeCause::AgentUnavailable) => Some(RevokeReason::AgentUnavailable),
        OfferEnd::Revoked(RevokeCause::AnsweredElsewhere) => Some(RevokeReason::AnsweredElsewhere),
        OfferEnd::Revoked(RevokeCause::CallMoved) => Some(RevokeReason::CallMoved),
        OfferEnd::Revoked(RevokeCause::Picked) => Some(RevokeReason::Picked),
        OfferEnd::Revoked(RevokeCause::AdapterRestarted) => Some(RevokeReason::Failed),
    }
}
