//! What callers hear besides music: where they stand, and what rules want them to hear.
//!
//! It never keeps an agent waiting: it stops as soon as somebody picks up.

use super::calls::Stage;
use super::{Output, Purpose, Switch, Timer};
use crate::ari::{Method, Request};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Something that is being played to a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Playback {
    pub(super) id: String,
    /// A rule of acdd wants it, so that he must hear it all.
    pub(super) by_rule: bool,
}

impl Switch {
    /// Sets the time of the caller's next announcement, if there are any.
    pub(super) fn announce_later(&mut self, channel: &str, after: Option<Duration>) {
        let Some(call) = self.calls.get_mut(channel) else { return };
        call.announce_at = after.map(|after| self.now.instant + after);
        if let Some(at) = call.announce_at {
            self.timers.insert((at, Timer::Announce(channel.to_owned())));
        }
    }

    /// A caller is to be told where he stands, unless somebody is being rung for him.
    pub(super) fn announce(&mut self, due: Instant, channel: &str) {
        let Some(call) = self.calls.get(channel) else { return };
        if call.announce_at != Some(due) || call.stage != Stage::Waiting {
            return;
        }
        if call.legs.is_empty() && call.playback.is_none() {
            if self.want_positions.is_empty() {
                self.outputs.push(Output::AskPositions);
            }
            self.want_positions.insert(channel.to_owned());
        }
        self.announce_later(channel, self.settings.announcements.every);
    }

    /// acdd says where our callers stand, from 1, by call; nothing if it could not be asked.
    pub(crate) fn on_positions(&mut self, positions: &HashMap<String, u64>) {
        for channel in std::mem::take(&mut self.want_positions) {
            let Some(call) = self.calls.get(&channel) else { continue };
            if call.stage != Stage::Waiting || !call.legs.is_empty() || call.playback.is_some() {
                continue;
            }
            let Some(position) = positions.get(&call.memory.call.call_id) else { continue };
            let media = self.settings.announcements.media(*position);
            self.play(&channel, media, false);
        }
    }

    /// A rule wants a caller to hear something, instead of what he is being told.
    pub(super) fn told_to_play(&mut self, call_id: &str, announcement: &str) {
        let Some(channel) = self.channel_of_call(call_id) else { return };
        if self.calls.get(&channel).is_some_and(|call| call.stage == Stage::Waiting) {
            self.be_quiet(&channel);
            let media = self.settings.sound(announcement);
            self.play(&channel, media, true);
        }
    }

    fn play(&mut self, channel: &str, media: String, by_rule: bool) {
        let Some(call) = self.calls.get_mut(channel) else { return };
        self.playbacks += 1;
        let id = format!("acd-{}-{channel}", self.playbacks);
        call.playback = Some(Playback { id: id.clone(), by_rule });
        let request = Request::new(Method::Post, format!("channels/{channel}/play/{id}"));
        self.ask_for(Purpose::Play(id), request.with("media", media));
    }

    /// A caller has heard what he was told.
    pub(super) fn playback_over(&mut self, playback: &str) {
        if let Some((channel, departure)) = self.leaving.remove(playback) {
            return self.depart(&channel, departure);
        }
        // `acd-NUMBER-CHANNEL`
        let Some(channel) = playback.splitn(3, '-').nth(2) else { return };
        if let Some(call) = self.calls.get_mut(channel) {
            call.playback.take_if(|playing| playing.id == playback);
        }
    }

    /// Ends what a caller is being told.
    pub(super) fn be_quiet(&mut self, channel: &str) {
        let Some(call) = self.calls.get_mut(channel) else { return };
        if let Some(playback) = call.playback.take() {
            self.ask(Request::new(Method::Delete, format!("playbacks/{}", playback.id)));
        }
    }
}
