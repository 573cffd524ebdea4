//! What an adapter reports: names to handles, then one command.

use super::engine::{By, Engine};
use crate::directory::{LegStage, LiveOffer};
use crate::refusal::{Refusal, RefusalKind, code};
use crate::session::{AdapterMessage, OfferedCall};
use acd_core::{AdapterId, CallHandle, Command, OfferNumber, OfferResult, Timestamp};
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

    pub(super) fn call_offered(
        &mut self,
        now: Timestamp,
        id: AdapterId,
        by: &By,
        offered: OfferedCall,
    ) -> Result<(), Refusal> {
        let OfferedCall { call_id, queue, priority, attributes, waited } = offered;
        let attributes = attributes.into();
        let queue = self.queue(&queue)?;
        let Some(adapter) = self.directory.adapter_name(id).cloned() else {
            return Err(Refusal::stopping());
        };
        let card = Arc::new(CallCard { adapter, call_id: Arc::from(call_id), attributes });
        let call: CallHandle = self.directory.mint(id, &card, priority)?;
        let since = now - waited;
        let command = Command::CallOffered { call, adapter: id, queue, priority, since };
        let applied = self.apply(now, by, command, Some(Minted::Call(card)));
        if applied.is_err() {
            self.directory.unmint(call);
        } else if let Some(resync) = self.adapter(id).and_then(|adapter| adapter.resync.as_mut()) {
            resync.holds(call);
        }
        Ok(applied?)
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
