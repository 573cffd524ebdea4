//! What an adapter reports: names to handles, then one command.

use super::engine::{By, Engine};
use crate::directory::{LegStage, LiveOffer};
use crate::refusal::{Refusal, RefusalKind, code};
use crate::session::{AdapterMessage, AgentMeant, AskedPresence, OfferedCall};
use acd_core::{
    AdapterId, AgentId, Arriving, CallEntry, CallHandle, Command, OfferNumber, OfferResult,
    Presence, QueueId, Route, RouteId, Timestamp,
};
use acd_journal::{CallCard, Minted};
use std::sync::Arc;

impl Engine {
    pub(super) fn report(
        &mut self,
        now: Timestamp,
        id: AdapterId,
        by: &By,
        message: AdapterMessage,
    ) -> Result<(), Refusal> {
        let command = match message {
            AdapterMessage::CallOffered(offered) => {
                return self.call_offered(now, id, by, offered);
            }
            AdapterMessage::Resync { resync, part } => {
                return self.resync(now, id, by, resync, part);
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
            AdapterMessage::OfferResult { offer, epoch, result } => {
                self.offer_result(id, offer, epoch, result)?
            }
            AdapterMessage::CallBridged { offer, epoch } => {
                match self.offer_of(id, offer, epoch)? {
                    // The other adapter has said so, or this one before its resync.
                    LiveOffer { stage: LegStage::Bridged, .. } => return Ok(()),
                    LiveOffer { call, offer, .. } => Command::CallBridged { call, offer },
                }
            }
            AdapterMessage::ConnectFailed { offer, epoch } => {
                match self.offer_of(id, offer, epoch)? {
                    LiveOffer { call, stage: LegStage::Bridged, .. } => {
                        Command::AgentLegLost { call }
                    }
                    LiveOffer { call, offer, .. } => Command::ConnectFailed { call, offer },
                }
            }
            AdapterMessage::CallTransferred { call_id, queue, dialed } => {
                let call = self.directory.find(id, &call_id)?;
                let queue = match (&*queue, dialed) {
                    ("", None) => None,
                    ("", Some(dialed)) => Some(self.queue_of_transfer(call, &dialed)?),
                    (queue, _) => Some(self.queue(queue)?),
                };
                Command::CallTransferred { call, queue }
            }
            AdapterMessage::WrapUpDone { agent, call, disposition } => {
                let agent = self.agent_meant(id, &agent)?;
                self.wrap_up_over(agent, call.as_ref(), disposition.as_deref())?
            }
            AdapterMessage::AgentPresence { agent, presence } => {
                return self.presence_asked(now, id, by, &agent, presence);
            }
            AdapterMessage::DeviceChanged { address, device } => {
                for agent in self.agents_at(id, &address)? {
                    self.apply(now, by, Command::DeviceChanged { agent, device }, None)?;
                }
                return Ok(());
            }
            AdapterMessage::Malformed { code, message, field } => {
                return Err(Refusal::new(RefusalKind::InvalidArgument, code, message).at(field));
            }
            AdapterMessage::AckOnly => return Ok(()),
        };
        Ok(self.apply(now, by, command, None)?)
    }

    pub(super) fn call_offered(
        &mut self,
        now: Timestamp,
        id: AdapterId,
        by: &By,
        offered: OfferedCall,
    ) -> Result<(), Refusal> {
        let entry = self.entry_of(now, &offered)?;
        let Some(adapter) = self.directory.adapter_name(id).cloned() else {
            return Err(Refusal::stopping());
        };
        let OfferedCall { call_id, dialed, caller, attributes, .. } = offered;
        let [call_id, dialed, caller] = [call_id, dialed, caller].map(Arc::from);
        let attributes = attributes.into();
        let card = Arc::new(CallCard { adapter, call_id, dialed, caller, attributes });
        let call: CallHandle = self.directory.mint(id, &card, entry.priority, entry.channel)?;
        let command = Command::CallOffered { call, adapter: id, entry };
        let applied = self.apply(now, by, command, Some(Minted::Call(card)));
        if applied.is_err() {
            self.directory.unmint(call);
        } else if let Some(resync) = self.adapter(id).and_then(|adapter| adapter.resync.as_mut()) {
            resync.holds(call);
        }
        Ok(applied?)
    }

    /// Where a call begins to wait, and how: as its adapter says, and what that leaves open as the
    /// first of the routes says that it matches.
    fn entry_of(&self, now: Timestamp, offered: &OfferedCall) -> Result<CallEntry, Refusal> {
        let OfferedCall { queue, priority, dialed, caller, attributes, waited, channel, .. } =
            offered;
        let channel = channel.word();
        let since = now - *waited;
        let mut by_route = None;
        let entry = if queue.is_empty() {
            let (route, taken) = self.route_of(Arriving { dialed, caller, channel, attributes })?;
            let priority = priority.or(taken.priority).unwrap_or_default();
            by_route = taken.preferred;
            CallEntry::new(taken.queue, priority, since).asking(taken.extra).by_route(route)
        } else {
            CallEntry::new(self.queue(queue)?, priority.unwrap_or_default(), since)
        };
        // One who is not known must not cost the call.
        let preferred = self.names.agent_id(&offered.preferred_agent).or(by_route);
        let is_told_apart = !self.router.plan().is_shared(caller);
        let caller = is_told_apart.then(|| self.caller_secret.key_of(caller));
        Ok(CallEntry { channel: offered.channel, preferred, caller, ..entry })
    }

    /// Where a caller waits whom an agent has handed on to this number. What else his route said as he
    /// came stays.
    fn queue_of_transfer(&self, call: CallHandle, dialed: &str) -> Result<QueueId, Refusal> {
        let known = self.directory.call(call);
        let channel = known.map(|known| known.channel).unwrap_or_default().word();
        let card = known.map(|known| &known.card);
        let caller = card.map_or("", |card| &*card.caller);
        let attributes = card.map_or(&[][..], |card| &*card.attributes);
        Ok(self.route_of(Arriving { dialed, caller, channel, attributes })?.1.queue)
    }

    fn route_of(&self, call: Arriving<'_>) -> Result<(RouteId, &Route), Refusal> {
        self.router.plan().route_of(call).ok_or_else(|| {
            let message = "no queue is named, and the configuration has no routes: name a queue, or \
                           add [[routes]] with a last one that takes every call";
            let kind = RefusalKind::FailedPrecondition;
            Refusal::new(kind, code::NO_ROUTES, message).at("queue")
        })
    }

    /// What an agent asks for at the phone. What is refused changes nothing: once he is logged in,
    /// the rest is never refused.
    fn presence_asked(
        &mut self,
        now: Timestamp,
        id: AdapterId,
        by: &By,
        agent: &AgentMeant,
        presence: AskedPresence,
    ) -> Result<(), Refusal> {
        let agent = self.agent_meant(id, agent)?;
        let (command, works) = match presence {
            AskedPresence::Ready => (Command::AgentReady { agent }, true),
            AskedPresence::NotReady(reason) => {
                let reason = reason.map(|reason| self.reason(&reason)).transpose()?;
                (Command::AgentNotReady { agent, reason }, true)
            }
            AskedPresence::LoggedOut => (Command::AgentLogOut { agent }, false),
        };
        if works && !self.is_logged_in(agent) {
            self.apply(now, by, Command::AgentLogIn { agent }, None)?;
        }
        Ok(self.apply(now, by, command, None)?)
    }

    fn is_logged_in(&self, agent: AgentId) -> bool {
        self.router.agent(agent).is_some_and(|facts| facts.presence != Presence::LoggedOut)
    }

    fn agent_meant(&self, adapter: AdapterId, agent: &AgentMeant) -> Result<AgentId, Refusal> {
        let address = match agent {
            AgentMeant::Id(id) => return self.agent(id),
            AgentMeant::At(address) => address,
        };
        let sharing = self.agents_at(adapter, address)?;
        let mut at_work = sharing.iter().filter(|agent| self.is_logged_in(**agent));
        match (&*sharing, at_work.next(), at_work.next()) {
            ([only], _, _) | (_, Some(only), None) => Ok(*only),
            (_, _, _) => {
                let message = "several agents share this address: name the agent instead";
                let kind = RefusalKind::FailedPrecondition;
                Err(Refusal::new(kind, code::AMBIGUOUS_AGENT, message).at("address"))
            }
        }
    }

    fn agents_at(&self, adapter: AdapterId, address: &str) -> Result<Vec<AgentId>, Refusal> {
        match self.names.agents_at(adapter, address) {
            [] => {
                let message = "no agent of the configuration has this address at this adapter";
                let kind = RefusalKind::NotFound;
                Err(Refusal::new(kind, code::UNKNOWN_AGENT, message).at("address"))
            }
            agents => Ok(agents.to_vec()),
        }
    }

    fn offer_result(
        &self,
        id: AdapterId,
        offer: u64,
        epoch: u64,
        result: OfferResult,
    ) -> Result<Command, Refusal> {
        let LiveOffer { call, stage, rung_by, .. } = self.offer_of(id, offer, epoch)?;
        let refused =
            |kind, code, message| Err(Refusal::new(kind, code, message).at("offer_number"));
        if rung_by != id {
            let message = format!("offer {offer} rings at another adapter");
            return refused(RefusalKind::NotFound, code::UNKNOWN_OFFER, message);
        }
        if stage != LegStage::Out {
            let message = format!("offer {offer} is over: it was accepted");
            return refused(RefusalKind::FailedPrecondition, code::OFFER_OVER, message);
        }
        Ok(Command::OfferResult { call, offer: OfferNumber(offer), result })
    }

    /// An offer that this adapter rings for, or whose caller it holds.
    fn offer_of(&self, adapter: AdapterId, offer: u64, epoch: u64) -> Result<LiveOffer, Refusal> {
        if epoch != 0 && epoch != self.epoch {
            let message = format!(
                "offer {offer} is of epoch {epoch}: the resync has settled what became of it"
            );
            let kind = RefusalKind::FailedPrecondition;
            return Err(Refusal::new(kind, code::OFFER_OVER, message).at("offer_epoch"));
        }
        let live = self.directory.offer(offer)?;
        let holds = self.directory.call(live.call).is_some_and(|call| call.adapter == adapter);
        if live.rung_by == adapter || holds {
            return Ok(live);
        }
        let message = format!("offer {offer} is none of this adapter's");
        Err(Refusal::new(RefusalKind::NotFound, code::UNKNOWN_OFFER, message).at("offer_number"))
    }
}
