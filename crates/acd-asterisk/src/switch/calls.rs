//! Callers: from the dialplan into a queue, and out again.

use super::announcements::Playback;
use super::memory::{CALL_VARIABLE, Kept as _, Memory};
use super::transfers::StandIn;
use super::{Output, SOON, Subject, Switch, Timer};
use crate::ari::{ChannelInfo, Method, Request};
use acd_adapter::{HandedOnTo, LiveCall, Numbers, Report, SendId};
use acd_proto::v1::Treatment;
use std::collections::HashMap;
use std::time::Instant;

/// The longest number that acdd takes, in bytes.
const NUMBER_BYTES_MAX: usize = 128;

/// A caller whom Asterisk holds for acdd.
pub(super) struct Call {
    pub(super) memory: Memory,
    /// As agents' phones show him.
    pub(super) caller_id: String,
    /// His carrier has been told that somebody is there.
    pub(super) answered: bool,
    pub(super) stage: Stage,
    /// acdd has his call, or had it.
    pub(super) known: bool,
    /// The report by which it was made known: after a broken connection a refusal may come late.
    pub(super) known_by: Option<SendId>,
    /// The channels of the legs that are made for him.
    pub(super) legs: Vec<String>,
    /// What he is being told.
    pub(super) playback: Option<Playback>,
    /// When he is told something next.
    pub(super) announce_at: Option<Instant>,
}

/// Where a caller is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// He hears music.
    Waiting,
    /// He is being bridged to this leg, or talks to it.
    With { leg: String },
    /// He has been handed on; whether into a queue shows soon.
    HandedOn { stand_in: Option<StandIn> },
}

/// How a caller leaves whom acdd has let go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Departure {
    End(Treatment),
    /// To a number of the dialplan.
    Number(String),
}

/// What the dialplan asks for: `Stasis(acd,call[,QUEUE][,priority=P][,dialed=NUMBER]
/// [,caller=NUMBER][,name=value]...)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Empty if acdd's routes are to decide.
    pub(super) queue: String,
    /// What they look at.
    pub(super) numbers: Numbers,
    pub(super) priority: Option<u32>,
    pub(super) attributes: HashMap<String, String>,
}

impl Asked {
    /// What stands after `call`, and what the channel knows of numbers.
    ///
    /// # Errors
    /// What is wrong, for the log.
    pub(super) fn read(args: &[String], channel: &ChannelInfo) -> Result<Self, String> {
        // Whatever has a `=` is an option: the name of a queue has none.
        let (queue, options) = match args.split_first() {
            Some((queue, options)) if !queue.contains('=') => (queue.clone(), options),
            Some(_) | None => (String::new(), args),
        };
        let numbers = Numbers {
            dialed: fitting(&channel.dialplan.exten),
            caller: fitting(&channel.caller.number),
        };
        let mut asked = Self { queue, numbers, priority: None, attributes: HashMap::new() };
        for (place, option) in options.iter().enumerate().filter(|(_, option)| !option.is_empty()) {
            let Some((name, value)) = option.split_once('=') else {
                return Err(format!("option {} is not name=value", place + 1));
            };
            match (name, value.parse()) {
                ("priority", Ok(priority @ 0..=9)) => asked.priority = Some(priority),
                ("priority", _) => return Err("priority is not 0 to 9".to_owned()),
                ("dialed", _) => asked.numbers.dialed = fitting(value),
                ("caller", _) => asked.numbers.caller = fitting(value),
                _ => drop(asked.attributes.insert(name.to_owned(), value.to_owned())),
            }
        }
        Ok(asked)
    }

    /// Where a caller is whom an agent has handed on to such a line.
    pub(super) fn handed_on_to(&self) -> HandedOnTo {
        match self.queue.is_empty() {
            true => HandedOnTo::Number(self.numbers.dialed.clone()),
            false => HandedOnTo::Queue(self.queue.clone()),
        }
    }
}

/// A number as acdd takes it. What is none, though somebody far away has sent it as one, must not
/// cost him his call: then it is not known.
fn fitting(number: &str) -> String {
    let fits = number.len() <= NUMBER_BYTES_MAX && !number.chars().any(char::is_control);
    if fits { number.to_owned() } else { String::new() }
}

impl Switch {
    /// A channel has come into the application.
    pub(super) fn channel_came(&mut self, args: &[String], channel: &ChannelInfo) {
        match args.split_first().map(|(kind, rest)| (kind.as_str(), rest)) {
            Some(("call", asked)) => match Asked::read(asked, channel) {
                Ok(asked) => self.call_came(channel, asked),
                Err(wrong) => {
                    let at = channel.place();
                    tracing::warn!(%at, wrong, "the dialplan's Stasis(..., call, ...) cannot be read");
                    self.give_to_dialplan(&channel.id, "malformed");
                }
            },
            Some(("leg", _)) => self.leg_answered(&channel.id),
            Some(("agent", asked)) => self.feature_code(channel, asked),
            _ if self.calls.contains_key(&channel.id) || self.legs.contains_key(&channel.id) => {}
            _ => {
                let at = channel.place();
                tracing::warn!(%at, "the dialplan's Stasis() has neither `call` nor `agent`");
                self.give_to_dialplan(&channel.id, "malformed");
            }
        }
    }

    fn call_came(&mut self, channel: &ChannelInfo, asked: Asked) {
        if let Some(call) = self.calls.get_mut(&channel.id) {
            if call.stage != Stage::Waiting {
                call.memory.dialled = Some(asked.queue.clone());
                self.halves.remove(&channel.id);
                self.came_back(&channel.id, asked);
            }
        } else if !self.is_of_transfer(channel, &asked) {
            self.call_begins(channel, asked);
        }
    }

    pub(super) fn call_begins(&mut self, channel: &ChannelInfo, asked: Asked) {
        if self.acdd_is_away() {
            tracing::warn!("acdd is away: a call goes on in the dialplan");
            return self.give_to_dialplan(&channel.id, "unavailable");
        }
        let Asked { queue, numbers, priority, attributes } = asked;
        let dialled = Some(queue.clone());
        let call = LiveCall::new(&channel.id, queue, priority, attributes, self.now.wall);
        let memory = Memory { call: call.with_numbers(numbers), dialled };
        let LiveCall { call_id, queue, numbers, priority, attributes, .. } = memory.call.clone();
        let report =
            Report::CallOffered { call_id, queue, numbers, priority, attributes, waited: None };
        self.add_call(channel, memory, Stage::Waiting);
        if self.settings.answer {
            self.answer(&channel.id);
        }
        self.outputs.push(Output::Tell(Subject::Call(channel.id.clone()), report));
        self.settle_soon(&channel.id);
    }

    pub(super) fn add_call(&mut self, channel: &ChannelInfo, memory: Memory, stage: Stage) {
        let call = Call {
            memory,
            caller_id: shown(channel),
            answered: channel.state == "Up",
            stage,
            known: false,
            known_by: None,
            legs: Vec::new(),
            playback: None,
            announce_at: None,
        };
        self.calls.insert(channel.id.clone(), call);
        self.announce_later(&channel.id, self.settings.announcements.first);
    }

    /// A caller waits, and if an agent is free the offer is to be asked for before all that waiting
    /// takes.
    fn settle_soon(&mut self, channel: &str) {
        let timer = Timer::Settle(channel.to_owned());
        self.timers.insert((self.now.instant + SOON, timer));
    }

    /// Answers a caller who is not answered yet.
    pub(super) fn answer(&mut self, channel: &str) {
        let Some(call) = self.calls.get_mut(channel).filter(|call| !call.answered) else { return };
        call.answered = true;
        self.ask(Request::new(Method::Post, format!("channels/{channel}/answer")));
    }

    /// Lets a caller who still waits hear something, and keeps what is known of him.
    pub(super) fn settle(&mut self, channel: &str) {
        let waits = |call: &&Call| call.stage == Stage::Waiting;
        let Some(call) = self.calls.get(channel).filter(waits) else { return };
        let (memory, answered) = (call.memory.clone(), call.answered);
        if answered {
            self.hold_music(channel);
        } else {
            self.ask(Request::new(Method::Post, format!("channels/{channel}/ring")));
        }
        self.remember(channel, &memory);
    }

    /// Puts a caller where the music is.
    pub(super) fn hold_music(&mut self, channel: &str) {
        if let Some(music) = self.settings.music.clone() {
            self.set_variable(channel, "CHANNEL(musicclass)", music);
        }
        let uri = format!("bridges/{}/addChannel", self.settings.hold_bridge());
        self.ask(
            Request::new(Method::Post, uri)
                .with("channel", channel)
                .with("role", "holding_participant"),
        );
    }

    pub(super) fn remember(&mut self, channel: &str, memory: &Memory) {
        self.set_variable(channel, CALL_VARIABLE, memory.to_variable());
    }

    /// He waits again: what he was connected to is gone.
    pub(super) fn waits_again(&mut self, channel: &str) {
        let Some(call) = self.calls.get_mut(channel) else { return };
        call.stage = Stage::Waiting;
        call.memory.call.waits(self.now.wall);
        self.announce_later(channel, self.settings.announcements.every);
        self.settle_soon(channel);
    }

    /// Forgets a call; its legs are hung up, and its bridge is taken down.
    pub(super) fn forget_call(&mut self, channel: &str) -> Option<Call> {
        let call = self.calls.remove(channel)?;
        for leg in &call.legs {
            self.drop_leg(leg);
        }
        Some(call)
    }

    /// The caller has hung up.
    pub(super) fn caller_gone(&mut self, channel: &str) {
        if let Some(call) = self.forget_call(channel) {
            self.tell(Report::CallEnded { call_id: call.memory.call.call_id });
        }
    }

    /// A caller is no longer in the application, or gone without having hung up.
    pub(super) fn caller_left(&mut self, channel: &str, gone: bool) {
        match self.calls.get(channel).map(|call| &call.stage) {
            // Somebody has sent him elsewhere.
            Some(Stage::With { .. }) if !gone => self.handed_on(channel),
            Some(Stage::HandedOn { .. }) if !gone => {}
            _ => self.caller_gone(channel),
        }
    }

    /// acdd has this call.
    pub(super) fn is_known(&mut self, channel: &str, by: Option<SendId>) {
        if let Some(call) = self.calls.get_mut(channel) {
            if !call.known {
                tracing::debug!(channel, "acdd has the call");
            }
            call.known = true;
            call.known_by = by.or(call.known_by);
        }
    }

    /// Callers whom acdd has never had are not kept for it any longer: their age is worth nothing
    /// yet, and music without end is worse than what the dialplan has for them.
    pub(super) fn give_back_the_unknown(&mut self) {
        if !self.acdd_is_away() {
            return;
        }
        let unknown = |call: &Call| !call.known && call.stage == Stage::Waiting;
        let callers = self.calls.iter().filter(|(_, call)| unknown(call));
        let mut callers: Vec<String> = callers.map(|(channel, _)| channel.clone()).collect();
        callers.sort_unstable();
        if !callers.is_empty() {
            tracing::warn!(calls = callers.len(), "acdd is away: calls go on in the dialplan");
        }
        for channel in callers {
            // It may have heard of him after all, in its last moment.
            self.caller_gone(&channel);
            self.give_to_dialplan(&channel, "unavailable");
        }
    }

    /// acdd will not have the call: the dialplan goes on with it, but a conversation is never torn
    /// apart.
    pub(super) fn give_back(&mut self, channel: &str, why: &str) {
        if self.calls.get(channel).is_some_and(|call| call.stage != Stage::Waiting) {
            return;
        }
        if self.forget_call(channel).is_some() {
            self.give_to_dialplan(channel, why);
        }
    }

    /// acdd has let go of the call. What a rule has him told is played to its end before.
    pub(super) fn sent_away(&mut self, call_id: &str, departure: Departure) {
        let Some(channel) = self.channel_of_call(call_id) else { return };
        let Some(call) = self.forget_call(&channel) else { return };
        match call.playback {
            Some(playback) if playback.by_rule => {
                self.leaving.insert(playback.id, (channel, departure));
            }
            _ => self.depart(&channel, departure),
        }
    }

    pub(super) fn depart(&mut self, channel: &str, departure: Departure) {
        match departure {
            Departure::End(Treatment::HangUp | Treatment::Unspecified) => self.hang_up(channel),
            Departure::End(Treatment::Busy) => self.treat(channel, "busy"),
            Departure::End(Treatment::Voicemail) => self.treat(channel, "voicemail"),
            Departure::End(Treatment::Message) => self.treat(channel, "message"),
            Departure::Number(number) => {
                let context = self.settings.transfer_context.clone();
                self.continue_at(channel, &context, &number);
            }
        }
    }

    /// Sends a caller to where the dialplan has this treatment, or on from `Stasis()`.
    fn treat(&mut self, channel: &str, treatment: &str) {
        let Some(place) = self.settings.treatments.get(treatment).cloned() else {
            return self.give_to_dialplan(channel, treatment);
        };
        self.set_variable(channel, super::RESULT_VARIABLE, treatment.to_owned());
        self.continue_at(channel, &place.context, &place.extension);
    }

    fn continue_at(&mut self, channel: &str, context: &str, extension: &str) {
        let request = Request::new(Method::Post, format!("channels/{channel}/continue"));
        self.ask(
            request.with("context", context).with("extension", extension).with("priority", "1"),
        );
    }

    pub(super) fn channel_of_call(&self, call_id: &str) -> Option<String> {
        // Nearly always the call's id is its channel's; after a transfer it may be another's.
        if self.calls.get(call_id).is_some_and(|call| call.memory.call.call_id == call_id) {
            return Some(call_id.to_owned());
        }
        let mut calls = self.calls.iter();
        calls
            .find(|(_, call)| call.memory.call.call_id == call_id)
            .map(|(channel, _)| channel.clone())
    }
}

/// Name and number in the form that Asterisk takes for a caller id.
fn shown(channel: &ChannelInfo) -> String {
    let name = channel.caller.name.replace(['"', '<', '>'], "");
    if name.is_empty() {
        return channel.caller.number.clone();
    }
    format!("\"{name}\" <{}>", channel.caller.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Asked, String> {
        let mut channel = ChannelInfo::default();
        channel.dialplan.exten = "2000".to_owned();
        channel.caller.number = "+15550199".to_owned();
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        Asked::read(&args, &channel)
    }

    #[test]
    fn a_dialplan_line_names_queue_priority_and_attributes() {
        let asked = read(&["billing", "priority=8", "crm=token=7", ""]).expect("it is right");
        assert_eq!((asked.queue.as_str(), asked.priority), ("billing", Some(8)));
        assert_eq!(asked.attributes, [("crm".to_owned(), "token=7".to_owned())].into());
        assert_eq!(asked.handed_on_to(), HandedOnTo::Queue("billing".to_owned()));
    }

    #[test]
    fn a_dialplan_line_may_leave_the_queue_to_routes() {
        for args in [&[][..], &[""], &["", "crm=7"], &["crm=7", "priority=8"]] {
            let asked = read(args).expect("it is right");
            assert_eq!(asked.queue, "", "{args:?}");
            assert_eq!(asked.attributes.len(), usize::from(args.len() == 2), "{args:?}");
            assert_eq!(asked.handed_on_to(), HandedOnTo::Number("2000".to_owned()), "{args:?}");
        }
    }

    #[test]
    fn numbers_are_those_of_the_channel_unless_the_dialplan_names_others() {
        let numbers = |args: &[&str]| read(args).expect("it is right").numbers;
        let found = numbers(&["billing"]);
        assert_eq!((&*found.dialed, &*found.caller), ("2000", "+15550199"));
        let found = numbers(&["", "dialed=+15550100", "caller="]);
        assert_eq!((&*found.dialed, &*found.caller), ("+15550100", ""));
        let found = numbers(&[&format!("dialed={}", "1".repeat(129)), "caller=1\r"]);
        assert!(found.are_unknown(), "what acdd would not take");
    }

    #[test]
    fn what_is_wrong_is_named_without_its_content() {
        assert_eq!(read(&["billing", "5551234"]), Err("option 1 is not name=value".to_owned()));
        assert_eq!(read(&["billing", "priority=10"]), Err("priority is not 0 to 9".to_owned()));
        assert_eq!(read(&["priority=10"]), Err("priority is not 0 to 9".to_owned()));
    }
}
