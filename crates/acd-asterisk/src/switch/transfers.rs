//! Agents who hand a caller on: blindly to an extension, or to somebody they have talked to.
//!
//! Asterisk joins bridges by a Local channel: one end takes the place of the channel that hands on,
//! the other runs the dialplan, or stands in the other bridge. Which of the two is heard of first
//! is chance, so the first one waits for a moment.

use super::calls::{Asked, Call, Stage};
use super::legs::TALK_PREFIX;
use super::memory::{CALL_VARIABLE, LEFT};
use super::{Output, Subject, Switch, Timer};
use crate::ari::{ChannelInfo, Method, Request};
use acd_adapter::{HandedOnTo, Report};
use std::time::Duration;

/// How long one end of a Local channel, or a caller whom somebody has sent into the dialplan, may
/// be heard of before the other.
const SETTLES_WITHIN: Duration = Duration::from_millis(200);

/// Takes an agent's place beside the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StandIn {
    channel: String,
    /// The agent's leg: the bridge has its name.
    leg: String,
}

/// One of two in a bridge of ours of whom none is acdd's.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    other: String,
    /// The bridge has its name.
    leg: String,
}

/// What is known of a transfer before its other half is.
#[derive(Clone, Debug)]
pub(super) enum Half {
    /// An agent has handed on this caller.
    HandedOn { caller: String },
    /// This channel is the caller of a call now, instead of the one who was.
    TookPlace { channel: String },
    /// A Local channel that asks for a queue.
    Asks { channel: Box<ChannelInfo>, asked: Asked },
}

/// The name that both ends of a Local channel have in common.
fn local(name: &str) -> Option<&str> {
    let pair = name.strip_suffix(";1").or_else(|| name.strip_suffix(";2"))?;
    pair.starts_with("Local/").then_some(pair)
}

impl Switch {
    /// Asterisk has put a channel where one of ours was.
    pub(super) fn replaced(&mut self, channel: &ChannelInfo, replaced: &str) {
        let pair = local(&channel.name).unwrap_or(&channel.id).to_owned();
        if self.legs.contains_key(replaced) {
            self.handed_on_by_agent(replaced, &channel.id, pair);
        } else if self.calls.contains_key(replaced) {
            self.takes_place(replaced, &channel.id);
            match self.halves.remove(&pair) {
                Some(Half::HandedOn { caller }) => self.joined(&caller, &channel.id),
                _ => self.wait_for_other(pair, Half::TookPlace { channel: channel.id.clone() }),
            }
        } else if let Some(Outside { other, leg }) = self.outside.remove(replaced) {
            self.pair_outside(&channel.id, &other, &leg);
        }
    }

    fn handed_on_by_agent(&mut self, leg: &str, stand_in: &str, pair: String) {
        let Some(caller) = self.remove_leg(leg).map(|leg| leg.call) else { return };
        let Some(call) = self.calls.get_mut(&caller) else { return };
        let (channel, leg) = (stand_in.to_owned(), leg.to_owned());
        call.stage = Stage::HandedOn { stand_in: Some(StandIn { channel, leg }) };
        match self.halves.remove(&pair) {
            Some(Half::Asks { asked, .. }) => self.came_back(&caller, asked),
            Some(Half::TookPlace { channel }) => self.joined(&caller, &channel),
            _ => self.wait_for_other(pair, Half::HandedOn { caller }),
        }
    }

    pub(super) fn is_handed_on(&self, caller: &str) -> bool {
        let call = self.calls.get(caller);
        call.is_some_and(|call| matches!(call.stage, Stage::HandedOn { .. }))
    }

    /// Somebody has sent a caller who talks into the dialplan: if that leads into a queue, he comes
    /// back at once; if not, he has left.
    pub(super) fn handed_on(&mut self, caller: &str) {
        if let Some(call) = self.calls.get_mut(caller) {
            call.stage = Stage::HandedOn { stand_in: None };
            self.wait_for_other(caller.to_owned(), Half::HandedOn { caller: caller.to_owned() });
        }
    }

    fn wait_for_other(&mut self, pair: String, half: Half) {
        self.timers.insert((self.now.instant + SETTLES_WITHIN, Timer::Half(pair.clone())));
        self.halves.insert(pair, half);
    }

    /// What may be the other end of a transfer asks for a queue. True if it is, or may be.
    pub(super) fn is_of_transfer(&mut self, channel: &ChannelInfo, asked: &Asked) -> bool {
        let Some(pair) = local(&channel.name).map(str::to_owned) else { return false };
        let asked = asked.clone();
        match self.halves.remove(&pair) {
            Some(Half::HandedOn { caller }) => self.came_back(&caller, asked),
            _ => self.wait_for_other(pair, Half::Asks { channel: channel.clone().into(), asked }),
        }
        true
    }

    /// There is no other half.
    pub(super) fn transfer_settles(&mut self, pair: &str) {
        match self.halves.remove(pair) {
            Some(Half::HandedOn { caller }) => self.left_by_transfer(&caller),
            Some(Half::Asks { channel, asked }) => self.call_begins(&channel, asked),
            Some(Half::TookPlace { .. }) | None => {}
        }
    }

    /// A channel is gone that may be half a transfer.
    pub(super) fn half_gone(&mut self, channel: &str) {
        self.halves.retain(|_, half| match half {
            Half::HandedOn { .. } => true,
            Half::TookPlace { channel: half } => half != channel,
            Half::Asks { channel: half, .. } => half.id != channel,
        });
    }

    /// A caller who talked has come into a queue.
    pub(super) fn came_back(&mut self, caller: &str, asked: Asked) {
        let Some(call) = self.calls.get_mut(caller) else { return };
        let to = asked.handed_on_to();
        call.memory.call.is_handed_on(&to);
        let call_id = call.memory.call.call_id.clone();
        let stage = std::mem::replace(&mut call.stage, Stage::Waiting);
        for leg in std::mem::take(&mut call.legs) {
            self.drop_leg(&leg);
        }
        self.tell_transferred(call_id, caller, to);
        self.waits_again(caller);
        self.dismiss(&stage);
    }

    /// An agent connects a caller with whom he has talked, or waited for, in a call of its own: that
    /// call goes on with the caller in the agent's place, and the caller's own call is over.
    fn joined(&mut self, caller: &str, consultation: &str) {
        let Some(Call { memory, caller_id, stage, .. }) = self.calls.remove(caller) else { return };
        self.tell_transferred(memory.call.call_id, caller, HandedOnTo::Outside);
        self.takes_place(consultation, caller);
        if let Some(call) = self.calls.get_mut(caller) {
            (call.caller_id, call.memory.dialled) = (caller_id, memory.dialled);
            let memory = call.memory.clone();
            match call.stage.clone() {
                Stage::With { leg } => {
                    let uri = format!("bridges/{TALK_PREFIX}{leg}/addChannel");
                    self.ask(Request::new(Method::Post, uri).with("channel", caller));
                }
                Stage::Waiting => self.hold_music(caller),
                Stage::HandedOn { .. } => {}
            }
            self.remember(caller, &memory);
        }
        self.hang_up(consultation);
        self.dismiss(&stage);
    }

    /// A call has another caller.
    fn takes_place(&mut self, before: &str, now: &str) {
        self.be_quiet(before);
        let Some(mut call) = self.calls.remove(before) else { return };
        for leg in &call.legs {
            if let Some(leg) = self.legs.get_mut(leg) {
                now.clone_into(&mut leg.call);
            }
        }
        call.memory.dialled = None;
        let memory = call.memory.clone();
        self.calls.insert(now.to_owned(), call);
        self.remember(now, &memory);
        self.announce_later(now, self.settings.announcements.every);
    }

    /// The caller talks to somebody outside acdd.
    fn left_by_transfer(&mut self, caller: &str) {
        let Some(call) = self.forget_call(caller) else { return };
        self.tell_transferred(call.memory.call.call_id, caller, HandedOnTo::Outside);
        if let Stage::HandedOn { stand_in: Some(StandIn { channel, leg }) } = call.stage {
            self.hang_up(&leg);
            self.set_variable(caller, CALL_VARIABLE, LEFT.to_owned());
            self.pair_outside(caller, &channel, &leg);
        }
    }

    /// These two go on in the bridge of an agent's leg without him and acdd.
    pub(super) fn pair_outside(&mut self, one: &str, other: &str, leg: &str) {
        for (one, other) in [(one, other), (other, one)] {
            let pair = Outside { other: other.to_owned(), leg: leg.to_owned() };
            self.outside.insert(one.to_owned(), pair);
        }
    }

    /// One of such a pair is gone: so is the other.
    pub(super) fn outside_gone(&mut self, channel: &str) {
        if let Some(Outside { other, leg }) = self.outside.remove(channel) {
            self.outside.remove(&other);
            self.hang_up(&other);
            self.take_down_bridge(&leg);
        }
    }

    /// Neither the agent who has handed on nor whoever stands for him is needed any more.
    fn dismiss(&mut self, stage: &Stage) {
        if let Stage::HandedOn { stand_in: Some(StandIn { channel, leg }) } = stage {
            self.hang_up(channel);
            self.hang_up(leg);
            self.take_down_bridge(leg);
        }
    }

    fn tell_transferred(&mut self, call_id: String, caller: &str, to: HandedOnTo) {
        let channel = caller.to_owned();
        let subject = Subject::Transferred { call_id: call_id.clone(), channel };
        self.outputs.push(Output::Tell(subject, Report::CallTransferred { call_id, to }));
    }

    /// acdd does not know the conversation, or not the queue: for it the call is over.
    pub(super) fn transfer_refused(&mut self, call_id: String, channel: &str, why: &str) {
        self.give_back(channel, why);
        self.tell(Report::CallEnded { call_id });
    }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn the_ends_of_a_local_channel_are_a_pair() {
        assert_eq!(local("Local/nurse@agents-0000002a;1"), local("Local/nurse@agents-0000002a;2"));
        assert_eq!(local("Local/nurse@agents-0000002a;1"), Some("Local/nurse@agents-0000002a"));
        assert_eq!(local("PJSIP/ana-0000002a"), None);
        assert_eq!(local("PJSIP/ana;1"), None);
    }
}
