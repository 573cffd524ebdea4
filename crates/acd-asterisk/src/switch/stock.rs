//! Taking stock: what Asterisk holds after a connection to it was lost, and what acdd is told then.

use super::calls::{Asked, Stage};
use super::legs::{LEG_PREFIX, Leg, TALK_PREFIX};
use super::memory::{CALL_VARIABLE, Kept as _, LEFT, LEG_VARIABLE, LegMemory, Memory};
use super::{Now, Output, Subject, Switch};
use crate::ari::{BridgeInfo, ChannelInfo, DeviceInfo, Method, Request};
use acd_adapter::{HeldCall, HeldLeg, LegState, OfferKey, Resync};
use acd_proto::v1::CallRef;
use std::collections::{HashMap, HashSet};

/// What there is in Asterisk.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) channels: Vec<FoundChannel>,
    pub(crate) bridges: Vec<BridgeInfo>,
    pub(crate) devices: Vec<DeviceInfo>,
}

/// A channel, with what the adapter has kept on it.
#[derive(Debug)]
pub(crate) struct FoundChannel {
    pub(crate) info: ChannelInfo,
    /// The value of its `variable`.
    pub(crate) memory: Option<String>,
}

impl FoundChannel {
    /// Which variable of a channel holds what is kept of it; `None` if the channel is not ours.
    pub(crate) fn variable(info: &ChannelInfo, app: &str) -> Option<&'static str> {
        if offer_of(&info.id).is_some() {
            // A leg that rings is in no application, but in what Asterisk calls others by.
            let rings = info.dialplan.app_name == "AppDial2";
            return (rings || arguments(info, app).is_some()).then_some(LEG_VARIABLE);
        }
        arguments(info, app).map(|_| CALL_VARIABLE)
    }
}

/// With which arguments a channel is in the application; `None` if it is not there.
fn arguments(info: &ChannelInfo, app: &str) -> Option<Vec<String>> {
    let here = info.dialplan.app_name == "Stasis";
    let mut words = info.dialplan.app_data.split(',').filter(|_| here);
    words.next().filter(|name| *name == app)?;
    Some(words.map(str::to_owned).collect())
}

/// The offer that a leg's channel is named by.
fn offer_of(channel: &str) -> Option<OfferKey> {
    let (epoch, number) = channel.strip_prefix(LEG_PREFIX)?.split_once('-')?;
    Some(OfferKey { epoch: epoch.parse().ok()?, number: number.parse().ok()? })
}

impl Switch {
    /// Makes the adapter's picture what Asterisk holds, when events may have been missed.
    ///
    /// At the start acdd is not told yet: the resync will name it all.
    pub(crate) fn on_found(&mut self, now: Now, found: Found) {
        self.now = now;
        self.find_outside(&found.bridges);
        self.forget_what_is_gone(&found.channels);
        let bridge_of: HashMap<&str, &str> = found
            .bridges
            .iter()
            .flat_map(|bridge| bridge.channels.iter().map(|it| (it.as_str(), bridge.id.as_str())))
            .collect();
        for channel in &found.channels {
            self.find_caller(channel);
        }
        for channel in &found.channels {
            self.find_leg(channel, &bridge_of);
        }
        self.find_music(&bridge_of);
        for device in &found.devices {
            self.device_changed(device);
        }
        for bridge in &found.bridges {
            let Some(leg) = bridge.id.strip_prefix(TALK_PREFIX) else { continue };
            let outside = bridge.channels.iter().any(|it| self.outside.contains_key(it));
            if !outside && !self.legs.contains_key(leg) {
                self.ask(Request::new(Method::Delete, format!("bridges/{}", bridge.id)));
            }
        }
    }

    /// Two who are in a bridge of ours without the agent: he has handed on the caller.
    fn find_outside(&mut self, bridges: &[BridgeInfo]) {
        self.outside.clear();
        for BridgeInfo { id, channels } in bridges {
            let Some(leg) = id.strip_prefix(TALK_PREFIX) else { continue };
            let [one, other, ..] = &channels[..] else { continue };
            if channels.iter().any(|channel| channel == leg || self.is_handed_on(channel)) {
                continue;
            }
            self.drop_leg(leg);
            for channel in channels {
                // The resync that follows says by itself that acdd has it no more.
                self.forget_call(channel);
            }
            self.pair_outside(one, other, leg);
        }
    }

    fn forget_what_is_gone(&mut self, found: &[FoundChannel]) {
        let (mut there, mut elsewhere) = (HashSet::new(), HashSet::new());
        for FoundChannel { info, .. } in found {
            let ours = FoundChannel::variable(info, &self.settings.login.app).is_some();
            (if ours { &mut there } else { &mut elsewhere }).insert(info.id.as_str());
        }
        // What they leave after is heard no more.
        self.leaving.clear();
        let gone = |channel: &&String| !there.contains(channel.as_str());
        let callers: Vec<String> = self.calls.keys().filter(gone).cloned().collect();
        for caller in callers {
            self.caller_left(&caller, !elsewhere.contains(caller.as_str()));
        }
        let legs: Vec<String> = self.legs.keys().filter(gone).cloned().collect();
        for leg in legs {
            self.channel_left(&leg, None);
        }
    }

    fn find_caller(&mut self, channel: &FoundChannel) {
        let FoundChannel { info, memory } = channel;
        let app = &self.settings.login.app;
        let Some(arguments) = arguments(info, app).filter(|_| offer_of(&info.id).is_none()) else {
            return;
        };
        if self.calls.contains_key(&info.id) || self.outside.contains_key(&info.id) {
            return;
        }
        match memory.as_deref().map(|text| (text, Memory::from_variable(text))) {
            Some((_, Some(mut memory))) => {
                // Somebody may have sent him into another queue.
                let asked = Asked::read(arguments.get(1..).unwrap_or_default(), info).ok();
                if let (Some(asked), Some(dialled)) = (asked, &mut memory.dialled)
                    && *dialled != asked.queue
                {
                    memory.call.is_handed_on(&asked.handed_on_to());
                    *dialled = asked.queue;
                }
                // Known to a former process: named in the resync that begins this one.
                self.add_call(info, memory, Stage::Waiting);
                self.is_known(&info.id, None);
            }
            // Whom he talked to is gone.
            Some((LEFT, None)) => self.hang_up(&info.id),
            _ => match arguments.first().map(String::as_str) {
                Some("call") => self.channel_came(&arguments, info),
                Some("agent") if !self.features.contains(&info.id) => {
                    self.give_to_dialplan(&info.id, "unavailable");
                }
                _ => {}
            },
        }
    }

    fn find_leg(&mut self, channel: &FoundChannel, bridge_of: &HashMap<&str, &str>) {
        let info = &channel.info;
        let app = &self.settings.login.app;
        if FoundChannel::variable(info, app) != Some(LEG_VARIABLE) {
            return;
        }
        let Some(key) = offer_of(&info.id) else { return };
        let memory = channel.memory.as_deref().and_then(LegMemory::from_variable);
        let known =
            memory.and_then(|memory| Some((self.channel_of_call(&memory.call_id)?, memory)));
        let Some((caller, LegMemory { agent, call_id, held })) = known else {
            return self.hang_up(&info.id);
        };
        let together = match (bridge_of.get(info.id.as_str()), bridge_of.get(caller.as_str())) {
            (Some(leg), Some(caller)) => leg == caller,
            _ => false,
        };
        let state = match (together, info.state.as_str()) {
            (true, _) if held => LegState::Held,
            (true, _) => LegState::Talking,
            (false, "Up") => LegState::Answered,
            (false, _) => LegState::Ringing,
        };
        if let Some(leg) = self.legs.get(&info.id) {
            match (leg.state, state) {
                (LegState::Ringing, LegState::Answered) => self.leg_answered(&info.id),
                // Whether they were bridged was not heard any more.
                (LegState::Answered, _) if leg.connect => self.bridged(&info.id, together),
                _ => {}
            }
            return;
        }
        let device = info.device().to_owned();
        let mut leg = Leg::new(key, caller.clone(), call_id, agent, device);
        (leg.state, leg.confirmed) = (state, false);
        self.add_leg(info.id.clone(), leg);
        if let Some(call) = self.calls.get_mut(&caller).filter(|_| together) {
            call.stage = Stage::With { leg: info.id.clone() };
        }
    }

    /// Whoever waits hears music: one whose agent is gone does not yet.
    fn find_music(&mut self, bridge_of: &HashMap<&str, &str>) {
        let hold = self.settings.hold_bridge();
        let silent = |(channel, call): &(&String, &super::calls::Call)| {
            call.stage == Stage::Waiting && bridge_of.get(channel.as_str()) != Some(&&*hold)
        };
        let silent: Vec<String> =
            self.calls.iter().filter(silent).map(|(channel, _)| channel.clone()).collect();
        for channel in silent {
            self.waits_again(&channel);
        }
    }

    /// The daemon or this process is new to the other.
    pub(super) fn say_what_is_held(&mut self) {
        let wall = self.now.wall;
        let mut calls: Vec<_> = self.calls.iter().collect();
        calls.sort_by_cached_key(|(channel, call)| {
            (std::cmp::Reverse(call.memory.call.waited(wall)), (*channel).clone())
        });
        let subjects = calls.iter().map(|(channel, _)| Subject::Call((*channel).clone())).collect();
        let calls = calls.into_iter().map(|(_, call)| HeldCall {
            talks: call.stage != Stage::Waiting,
            ..call.memory.call.held(wall)
        });
        let calls = calls.collect();
        let adapter = &self.settings.adapter;
        let mut legs: Vec<_> = self.legs.values_mut().collect();
        legs.sort_unstable_by_key(|leg| leg.key);
        let legs = legs.into_iter().map(|leg| {
            leg.confirmed = false;
            HeldLeg {
                call: CallRef { adapter: adapter.clone(), call_id: leg.call_id.clone() },
                agent: leg.agent.clone(),
                state: leg.state,
            }
        });
        let legs = legs.collect();
        self.outputs.push(Output::Resync(Resync { calls, legs }, subjects));
    }
}
