//! Agents' legs: rung for an offer, bridged on `Connect`, and gone in one of many ways.

use super::calls::Stage;
use super::memory::{Kept as _, LEG_VARIABLE, LegMemory};
use super::{Purpose, Subject, Switch, end_of};
use crate::ari::{ChannelInfo, Method, Request, Response, escaped};
use acd_adapter::{LegState, OfferKey, OfferOutcome, Report};
use acd_proto::v1;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// acdd owns the ring deadline; Asterisk's own is only for the time when acdd is away.
const RING_LONGER: Duration = Duration::from_secs(15);
/// What legs' channels are named by.
pub(super) const LEG_PREFIX: &str = "acd-";
/// What bridges of conversations are named by.
pub(super) const TALK_PREFIX: &str = "acd-talk-";

/// Causes of hang-up as ITU-T Q.850 numbers them, where they say how an offer went.
mod cause {
    pub(super) const USER_BUSY: u32 = 17;
    pub(super) const NO_USER_RESPONSE: u32 = 18;
    pub(super) const NO_ANSWER: u32 = 19;
    pub(super) const CALL_REJECTED: u32 = 21;
}

/// A channel to an agent's device.
pub(super) struct Leg {
    pub(super) key: OfferKey,
    /// The caller's channel.
    pub(super) call: String,
    /// The call's id.
    pub(super) call_id: String,
    pub(super) agent: String,
    /// As `devices` knows it.
    device: String,
    pub(super) state: LegState,
    /// `Connect` has come.
    pub(super) connect: bool,
    /// acdd knows of it since the last resync began.
    pub(super) confirmed: bool,
    /// Its other end has asked to hang up: softly if it was not the agent.
    ending: Option<(u32, bool)>,
}

impl Leg {
    pub(super) fn new(
        key: OfferKey,
        call: String,
        call_id: String,
        agent: String,
        device: String,
    ) -> Self {
        Self {
            key,
            call,
            call_id,
            agent,
            device,
            state: LegState::Ringing,
            connect: false,
            confirmed: true,
            ending: None,
        }
    }

    fn memory(&self) -> LegMemory {
        let (agent, call_id) = (self.agent.clone(), self.call_id.clone());
        LegMemory { agent, call_id, held: self.state == LegState::Held }
    }

    fn is_answered(&self) -> bool {
        self.state != LegState::Ringing
    }

    fn talks(&self) -> bool {
        matches!(self.state, LegState::Talking | LegState::Held)
    }
}

/// The channel of an offer's leg: asked for twice, it is made once.
pub(super) fn leg_channel(key: OfferKey) -> String {
    format!("{LEG_PREFIX}{}-{}", key.epoch, key.number)
}

impl Switch {
    /// acdd wants an agent rung.
    pub(super) fn offered(&mut self, key: OfferKey, offer: v1::Offer) {
        let v1::Offer { call, agent, address, ring, adopted, attributes, .. } = offer;
        let call = call.unwrap_or_default();
        if adopted {
            return self.adopt(key, &call.call_id, &agent);
        }
        let channel =
            self.channel_of_call(&call.call_id).filter(|_| call.adapter == self.settings.adapter);
        let Some(caller) = channel else {
            // A caller of another PBX, or one who has just hung up: that is told already.
            return self.tell(result(key, OfferOutcome::Failed));
        };
        let leg = leg_channel(key);
        let device = self.settings.device(&address);
        let record = Leg::new(key, caller.clone(), call.call_id, agent, device.clone());
        let ring = ring.and_then(|ring| Duration::try_from(ring).ok()).unwrap_or_default();
        let mut variables = self.headers(&device, &attributes);
        variables.insert(LEG_VARIABLE.to_owned(), record.memory().to_variable());
        let Some(call_record) = self.calls.get(&caller) else { return };
        let request = Request::new(Method::Post, "channels")
            .with("endpoint", device)
            .with("app", self.settings.login.app.clone())
            .with("appArgs", "leg")
            .with("channelId", leg.clone())
            .with("callerId", call_record.caller_id.clone())
            .with("timeout", (ring + RING_LONGER).as_secs().to_string())
            .with("originator", caller)
            .body(json!({ "variables": variables }));
        self.add_leg(leg.clone(), record);
        self.ask_for(Purpose::Ring(leg), request);
    }

    /// What a telephone is told of a call, as variables of the channel that rings it.
    fn headers(
        &self,
        device: &str,
        attributes: &HashMap<String, String>,
    ) -> BTreeMap<String, String> {
        let known = |(header, attribute): (&String, &String)| {
            // Nothing in a value may end the header.
            let value: String =
                attributes.get(attribute)?.chars().filter(|it| !it.is_control()).collect();
            Some((format!("PJSIP_HEADER(add,{header})"), value))
        };
        let headers = self.settings.headers.iter().filter(|_| device.starts_with("PJSIP/"));
        headers.filter_map(known).collect()
    }

    pub(super) fn add_leg(&mut self, channel: String, leg: Leg) {
        self.device_has_leg(&leg.device);
        self.leg_of_offer.insert(leg.key, channel.clone());
        if let Some(call) = self.calls.get_mut(&leg.call) {
            call.legs.push(channel.clone());
        }
        self.legs.insert(channel, leg);
    }

    /// acdd goes on with a leg that was named in a resync.
    fn adopt(&mut self, key: OfferKey, call_id: &str, agent: &str) {
        let mut legs = self.legs.iter_mut();
        let found = legs.find(|(_, leg)| leg.call_id == call_id && leg.agent == agent);
        let Some((channel, leg)) = found else {
            return self.tell(result(key, OfferOutcome::Failed));
        };
        self.leg_of_offer.remove(&leg.key);
        (leg.key, leg.confirmed) = (key, true);
        self.leg_of_offer.insert(key, channel.clone());
    }

    /// All that acdd goes on with is adopted: other legs that do not talk are void.
    pub(super) fn resynced(&mut self) {
        for subject in self.resync.take().into_iter().flat_map(|(_, calls)| calls) {
            if let Subject::Call(channel) = subject {
                self.is_known(&channel, None);
            }
        }
        let void = |leg: &Leg| !leg.confirmed && !leg.talks();
        let legs = self.legs.iter().filter(|(_, leg)| void(leg));
        for channel in legs.map(|(channel, _)| channel.clone()).collect::<Vec<_>>() {
            self.drop_leg(&channel);
        }
    }

    /// The device could not be asked to ring. Asterisk may not have it at all, and then it says
    /// nothing of it by itself.
    pub(super) fn cannot_ring(&mut self, channel: &str, response: &Response) {
        let Some(leg) = self.remove_leg(channel) else { return };
        let Leg { key, agent, device, .. } = leg;
        let (status, why) = (response.status, response.why());
        tracing::warn!(agent, device, status, why, "Asterisk cannot ring a telephone");
        self.tell(result(key, OfferOutcome::Failed));
        let uri = format!("deviceStates/{}", escaped(&device));
        self.ask_for(Purpose::LookAt, Request::new(Method::Get, uri));
    }

    pub(super) fn channel_changed(&mut self, channel: &ChannelInfo) {
        if channel.state != "Ringing" {
            return;
        }
        if let Some(leg) = self.legs.get(&channel.id).filter(|leg| !leg.is_answered()) {
            let report = result(leg.key, OfferOutcome::Ringing);
            self.tell(report);
        }
    }

    /// An agent has picked up.
    pub(super) fn leg_answered(&mut self, channel: &str) {
        let Some(leg) = self.legs.get_mut(channel) else {
            // Taken back while he picked up.
            return self.hang_up(channel);
        };
        if leg.is_answered() {
            return;
        }
        leg.state = LegState::Answered;
        let (key, caller) = (leg.key, leg.call.clone());
        self.be_quiet(&caller);
        if self.legs.get(channel).is_some_and(|leg| leg.connect) {
            self.connect(key);
        } else {
            self.tell(result(key, OfferOutcome::Accepted));
        }
    }

    /// Caller and agent are to hear each other.
    pub(super) fn connect(&mut self, key: OfferKey) {
        let Some(channel) = self.leg_of_offer.get(&key).cloned() else {
            return self.tell(Report::ConnectFailed { offer: key });
        };
        let Some(leg) = self.legs.get_mut(&channel) else { return };
        leg.connect = true;
        if !leg.is_answered() {
            // Accepted at a desktop: the telephone is still to be picked up.
            return;
        }
        let caller = leg.call.clone();
        let Some(call) = self.calls.get_mut(&caller) else { return };
        call.stage = Stage::With { leg: channel.clone() };
        call.memory.call.talks(self.now.wall);
        let memory = call.memory.clone();
        self.be_quiet(&caller);
        self.answer(&caller);
        let bridge = format!("bridges/{TALK_PREFIX}{channel}");
        self.ask(Request::new(Method::Post, bridge.clone()).with("type", "mixing"));
        let both = format!("{channel},{caller}");
        let join = Request::new(Method::Post, bridge + "/addChannel").with("channel", both);
        self.ask_for(Purpose::Bridge(channel), join);
        self.remember(&caller, &memory);
    }

    /// Whether they do.
    pub(super) fn bridged(&mut self, channel: &str, success: bool) {
        let Some(leg) = self.legs.get_mut(channel) else { return };
        let (key, caller) = (leg.key, leg.call.clone());
        if success {
            leg.state = LegState::Talking;
            return self.tell(Report::CallBridged { offer: key });
        }
        self.drop_leg(channel);
        self.tell(Report::ConnectFailed { offer: key });
        self.waits_again(&caller);
    }

    /// The offer is over.
    pub(super) fn revoked(&mut self, key: OfferKey) {
        let Some(channel) = self.leg_of_offer.get(&key).cloned() else { return };
        let Some(leg) = self.drop_leg(&channel) else { return };
        let with = |stage: &Stage| matches!(stage, Stage::With { leg } if *leg == channel);
        if self.calls.get(&leg.call).is_some_and(|call| with(&call.stage)) {
            self.waits_again(&leg.call);
        }
    }

    /// The agent puts the caller on hold, or takes him back.
    pub(super) fn held(&mut self, channel: &str, held: bool) {
        let Some(leg) = self.legs.get_mut(channel).filter(|leg| leg.talks()) else { return };
        let state = if held { LegState::Held } else { LegState::Talking };
        if std::mem::replace(&mut leg.state, state) == state {
            return;
        }
        let call_id = leg.call_id.clone();
        let memory = leg.memory();
        self.set_variable(channel, LEG_VARIABLE, memory.to_variable());
        self.tell(if held {
            Report::CallHeld { call_id }
        } else {
            Report::CallRetrieved { call_id }
        });
    }

    /// Somebody at the other end of a channel, or Asterisk itself, ends it.
    pub(super) fn channel_hangs_up(&mut self, channel: &str, cause: u32, soft: bool) {
        tracing::debug!(channel, cause, soft, "a channel hangs up");
        if let Some(leg) = self.legs.get_mut(channel) {
            leg.ending = Some((cause, soft));
            if leg.talks() {
                self.leg_gone(channel, cause);
            }
        } else {
            self.caller_gone(channel);
        }
    }

    /// A channel is no longer in the application, or no longer at all.
    pub(super) fn channel_left(&mut self, channel: &str, cause: Option<u32>) {
        if self.features.remove(channel) {
            return;
        }
        self.half_gone(channel);
        self.outside_gone(channel);
        if let Some(leg) = self.legs.get(channel) {
            // StasisEnd of a leg that is not answered does not happen; its cause comes by itself.
            let cause = cause.or(leg.ending.map(|(cause, _)| cause)).unwrap_or_default();
            self.leg_gone(channel, cause);
        } else {
            self.caller_left(channel, cause.is_some());
        }
    }

    /// A leg is no more, and nobody here wanted that.
    fn leg_gone(&mut self, channel: &str, cause: u32) {
        let Some(leg) = self.remove_leg(channel) else { return };
        let Leg { key, call: caller, call_id, state, ending, .. } = leg;
        match state {
            LegState::Ringing | LegState::Unspecified => {
                let report = match cause {
                    cause::USER_BUSY | cause::CALL_REJECTED => OfferOutcome::Declined,
                    cause::NO_ANSWER | cause::NO_USER_RESPONSE => OfferOutcome::NoAnswer,
                    _ => OfferOutcome::Failed,
                };
                self.tell(result(key, report));
            }
            LegState::Answered => {
                self.tell(Report::ConnectFailed { offer: key });
                if self.calls.get(&caller).is_some_and(|call| call.stage != Stage::Waiting) {
                    self.waits_again(&caller);
                }
            }
            LegState::Talking | LegState::Held => {
                self.take_down_bridge(channel);
                // An agent who hangs up ends the call; a telephone that dies does not: Asterisk
                // ends that one itself, softly. A BYE has no cause here.
                if matches!(ending, Some((_, false))) {
                    self.agent_hung_up(&caller);
                } else {
                    self.tell(Report::AgentLegLost { call_id });
                    self.waits_again(&caller);
                }
            }
        }
    }

    fn agent_hung_up(&mut self, caller: &str) {
        let Some(call) = self.forget_call(caller) else { return };
        self.tell(Report::CallEnded { call_id: call.memory.call.call_id });
        if self.settings.after_agent_continue {
            self.give_to_dialplan(caller, "handled");
        } else {
            self.ask_soon(end_of(caller));
        }
    }

    /// Hangs a leg up and forgets it.
    pub(super) fn drop_leg(&mut self, channel: &str) -> Option<Leg> {
        let leg = self.remove_leg(channel)?;
        self.hang_up(channel);
        if leg.is_answered() {
            self.take_down_bridge(channel);
        }
        Some(leg)
    }

    pub(super) fn remove_leg(&mut self, channel: &str) -> Option<Leg> {
        let leg = self.legs.remove(channel)?;
        self.leg_of_offer.remove(&leg.key);
        if let Some(call) = self.calls.get_mut(&leg.call) {
            call.legs.retain(|its| its != channel);
        }
        self.device_lost_leg(&leg.device);
        Some(leg)
    }

    pub(super) fn take_down_bridge(&mut self, leg: &str) {
        self.ask_soon(Request::new(Method::Delete, format!("bridges/{TALK_PREFIX}{leg}")));
    }
}

fn result(offer: OfferKey, outcome: OfferOutcome) -> Report {
    Report::OfferResult { offer, outcome }
}
