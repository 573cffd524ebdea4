//! Taking stock: what Asterisk holds after a connection to it was lost, and what acdd is told then.

use super::calls::Stage;
use super::legs::{LEG_PREFIX, Leg, TALK_PREFIX};
use super::memory::Memory;
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
    /// The value of `CALL_VARIABLE`, for callers.
    pub(crate) memory: Option<String>,
    /// A leg whose agent has put the caller on hold.
    pub(crate) held: bool,
}

/// What part a channel plays, as the application's arguments say.
enum Part<'a> {
    Call(Vec<String>),
    Leg { agent: &'a str, caller: &'a str, call_id: &'a str },
}

impl FoundChannel {
    /// Whether it is a caller's, as the dialplan sent him in.
    pub(crate) fn is_caller(info: &ChannelInfo, app: &str) -> bool {
        matches!(part(info, app), Some(Part::Call(_)))
    }

    /// Whether it is an agent's leg.
    pub(crate) fn is_leg(info: &ChannelInfo, app: &str) -> bool {
        matches!(part(info, app), Some(Part::Leg { .. }))
    }
}

fn part<'a>(info: &'a ChannelInfo, app: &str) -> Option<Part<'a>> {
    if info.dialplan.app_name != "Stasis" {
        return None;
    }
    let args = info.dialplan.app_data.strip_prefix(app)?.strip_prefix(',')?;
    if let Some(asked) = args.strip_prefix("call,") {
        return Some(Part::Call(asked.split(',').map(str::to_owned).collect()));
    }
    let mut leg = args.strip_prefix("leg,")?.splitn(3, ',');
    Some(Part::Leg { agent: leg.next()?, caller: leg.next()?, call_id: leg.next()? })
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
            let leg = bridge.id.strip_prefix(TALK_PREFIX);
            if leg.is_some_and(|leg| !self.legs.contains_key(leg)) {
                self.ask(Request::new(Method::Delete, format!("bridges/{}", bridge.id)));
            }
        }
    }

    fn forget_what_is_gone(&mut self, found: &[FoundChannel]) {
        let (mut there, mut elsewhere) = (HashSet::new(), HashSet::new());
        for FoundChannel { info, .. } in found {
            let ours = part(info, &self.settings.login.app).is_some();
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
        let FoundChannel { info, memory, .. } = channel;
        let app = self.settings.login.app.clone();
        let Some(Part::Call(asked)) = part(info, &app) else { return };
        if self.calls.contains_key(&info.id) {
            return;
        }
        match memory.as_deref().and_then(Memory::from_variable) {
            Some(mut memory) => {
                // He may have been handed on to another.
                memory.queue = asked.into_iter().next().unwrap_or_default();
                // Known to a former process: named in the resync that begins this one.
                self.add_call(info, memory, Stage::Waiting);
            }
            None => {
                let args: Vec<String> = std::iter::once("call".to_owned()).chain(asked).collect();
                self.channel_came(&args, info);
            }
        }
    }

    fn find_leg(&mut self, channel: &FoundChannel, bridge_of: &HashMap<&str, &str>) {
        let info = &channel.info;
        let app = self.settings.login.app.clone();
        let Some(Part::Leg { agent, caller, call_id }) = part(info, &app) else { return };
        let together = match (bridge_of.get(info.id.as_str()), bridge_of.get(caller)) {
            (Some(leg), Some(caller)) => leg == caller,
            _ => false,
        };
        let state = match (together, info.state.as_str()) {
            (true, _) if channel.held => LegState::Held,
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
        let Some(key) = offer_of(&info.id).filter(|_| self.calls.contains_key(caller)) else {
            return self.hang_up(&info.id);
        };
        let device = info.device().to_owned();
        let (caller, call_id, agent) = (caller.to_owned(), call_id.to_owned(), agent.to_owned());
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
            (std::cmp::Reverse(call.memory.waited(wall)), (*channel).clone())
        });
        let subjects = calls.iter().map(|(channel, _)| Subject::Call((*channel).clone())).collect();
        let calls = calls.into_iter().map(|(_, call)| HeldCall {
            call_id: call.memory.call_id.clone(),
            queue: call.memory.queue.clone(),
            priority: call.memory.priority,
            attributes: call.memory.attributes.clone(),
            waited: call.memory.waited(wall),
            talks: call.stage != Stage::Waiting,
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
