//! What the adapter does when something happens: a state machine without sockets and clocks.
//!
//! Asterisk's events, acdd's orders and the answers to requests go in; requests to Asterisk and
//! reports to acdd come out, to be carried out in their order. Rooms: callers (`calls`), agents'
//! legs (`legs`), what callers are told (`announcements`), how they are handed on (`transfers`),
//! agents' telephones (`devices`) and what is dialled there (`features`), and what is found after a
//! connection was lost (`stock`).

mod announcements;
mod calls;
mod devices;
mod features;
mod legs;
mod memory;
mod stock;
#[cfg(test)]
mod tests;
mod transfers;

pub(crate) use stock::{Found, FoundChannel};

use crate::ari::{Event, Method, Request, Response};
use crate::settings::Settings;
use acd_adapter::{OfferKey, Report, Resync, ResyncIds, ResyncPart, SendId, SessionEvent};
use acd_proto::v1;
use calls::{Call, Departure};
use devices::Device;
use legs::Leg;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime};
use transfers::{Half, Outside};

/// What time it is, on the clock that never goes back and on the one that outlives the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) instant: Instant,
    pub(crate) wall: SystemTime,
}

impl Now {
    pub(crate) fn read() -> Self {
        Self { instant: Instant::now(), wall: SystemTime::now() }
    }
}

/// Something to be carried out.
#[derive(Debug)]
pub(crate) enum Output {
    /// Ask Asterisk; the answer is wanted for this.
    Ask(Purpose, Request),
    /// Tell acdd; a refusal is wanted for this.
    Tell(Subject, Report),
    /// Say what Asterisk holds.
    Resync(Resync, Vec<Subject>),
    /// Ask acdd where our callers stand; the answer goes to `on_positions`.
    AskPositions,
}

/// Why Asterisk was asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Purpose {
    /// Nothing follows from the answer; what is gone already is no failure.
    Nothing,
    /// To ring an agent, by his leg's channel.
    Ring(String),
    /// To let caller and agent talk, by the leg's channel.
    Bridge(String),
    /// To have a caller told something, by the playback.
    Play(String),
    /// To see how a device is that could not be rung.
    LookAt,
}

/// What a report speaks of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Subject {
    /// What nobody misses if it is refused.
    Nothing,
    /// A call that was offered, by its channel.
    Call(String),
    /// A call that an agent handed on.
    Transferred { call_id: String, channel: String },
    /// A feature code, by the channel that dialled it.
    Feature(String),
}

/// The whole state of the adapter.
pub(crate) struct Switch {
    settings: Settings,
    /// As what is being taken in happened.
    now: Now,
    /// By the caller's channel.
    calls: HashMap<String, Call>,
    /// By the leg's channel.
    legs: HashMap<String, Leg>,
    leg_of_offer: HashMap<OfferKey, String>,
    /// By name: `PJSIP/201`.
    devices: HashMap<String, Device>,
    /// Channels that have dialled a feature code and wait for what comes of it.
    features: HashSet<String>,
    /// Transfers that are half known, by what their halves have in common.
    halves: HashMap<String, Half>,
    /// Callers whom agents have handed on to somebody outside acdd, and whoever stands for that one
    /// in our bridge: each by its channel.
    outside: HashMap<String, Outside>,
    /// Callers who leave as soon as they have heard what is being played, by the playback.
    leaving: HashMap<String, (String, Departure)>,
    /// What is over and is still to be taken down, after whatever is urgent.
    leftovers: Vec<Request>,
    /// What is to be looked at when; what has changed since is left alone then.
    timers: BTreeSet<(Instant, Timer)>,
    /// What the reports that are not acknowledged speak of, where that matters.
    subjects: BTreeMap<SendId, Subject>,
    /// The resync that is under way, and its calls in order.
    resync: Option<(ResyncIds, Vec<Subject>)>,
    acdd: Acdd,
    /// Callers who are to be told where they stand.
    want_positions: BTreeSet<String>,
    outputs: Vec<Output>,
    /// Since the process began, for names of playbacks.
    playbacks: u64,
}

/// What a time is kept for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// acdd may have been away for too long.
    Away,
    /// A caller is to be told where he stands.
    Announce(String),
    /// What a device is in is no leg of ours any more.
    Device(String),
    /// acdd has not answered a feature code.
    Feature(String),
    /// A transfer has no other half.
    Half(String),
    /// A caller who waits is to hear music.
    Settle(String),
    /// Leftovers are to be taken down.
    TidyUp,
}

/// How it stands with acdd.
enum Acdd {
    Connected,
    Away { since: Instant },
}

impl Switch {
    pub(crate) fn new(settings: Settings, now: Now) -> Self {
        let mut switch = Self {
            settings,
            now,
            calls: HashMap::new(),
            legs: HashMap::new(),
            leg_of_offer: HashMap::new(),
            devices: HashMap::new(),
            features: HashSet::new(),
            halves: HashMap::new(),
            outside: HashMap::new(),
            leaving: HashMap::new(),
            leftovers: Vec::new(),
            timers: BTreeSet::new(),
            subjects: BTreeMap::new(),
            resync: None,
            acdd: Acdd::Away { since: now.instant },
            want_positions: BTreeSet::new(),
            outputs: Vec::new(),
            playbacks: 0,
        };
        switch.acdd_went_away();
        switch
    }

    /// What is to be carried out, in order.
    pub(crate) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// Callers who wait or talk, and agents' legs.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.calls.len(), self.legs.len())
    }

    /// Asterisk says something.
    pub(crate) fn on_event(&mut self, now: Now, event: Event) {
        self.now = now;
        match event {
            Event::StasisStart { channel, replace_channel: Some(replaced), .. } => {
                self.replaced(&channel, &replaced.id);
            }
            Event::StasisStart { args, channel, replace_channel: None } => {
                self.channel_came(&args, &channel);
            }
            Event::StasisEnd { channel } => self.channel_left(&channel.id, None),
            Event::ChannelDestroyed { cause, channel } => {
                self.channel_left(&channel.id, Some(cause));
            }
            Event::ChannelHangupRequest { cause, soft, channel } => {
                self.channel_hangs_up(&channel.id, cause, soft);
            }
            Event::ChannelStateChange { channel } => self.channel_changed(&channel),
            Event::ChannelHold { channel } => self.held(&channel.id, true),
            Event::ChannelUnhold { channel } => self.held(&channel.id, false),
            Event::DeviceStateChanged { device_state } => self.device_changed(&device_state),
            Event::PlaybackFinished { playback } => self.playback_over(&playback.id),
            Event::ApplicationReplaced | Event::Echo | Event::Other => {}
        }
    }

    /// Asterisk answers.
    pub(crate) fn on_response(&mut self, now: Now, purpose: &Purpose, response: &Response) {
        self.now = now;
        match purpose {
            Purpose::Nothing => {
                if !response.is_success() && response.status != 404 {
                    let (status, why) = (response.status, response.why());
                    tracing::debug!(status, why, "Asterisk refused");
                }
            }
            Purpose::Ring(leg) => {
                // 409: it was asked for before, and rings.
                if !response.is_success() && response.status != 409 {
                    self.cannot_ring(leg, response);
                }
            }
            Purpose::Bridge(leg) => {
                if !response.is_success() {
                    let (status, why) = (response.status, response.why());
                    tracing::warn!(leg, status, why, "Asterisk cannot connect a caller");
                }
                self.bridged(leg, response.is_success());
            }
            Purpose::LookAt => {
                if let Ok(device) = serde_json::from_value(response.body.clone()) {
                    self.device_changed(&device);
                }
            }
            Purpose::Play(playback) => {
                if !response.is_success() {
                    self.playback_over(playback);
                }
            }
        }
    }

    /// acdd says something.
    pub(crate) fn on_order(&mut self, now: Now, event: SessionEvent) {
        self.now = now;
        match event {
            SessionEvent::Connected { resumed, .. } => {
                self.acdd = Acdd::Connected;
                if !resumed {
                    self.tell_of_all_devices();
                    self.say_what_is_held();
                }
            }
            SessionEvent::Offer { key, offer } => self.offered(key, offer),
            SessionEvent::Revoke { key, .. } => self.revoked(key),
            SessionEvent::Connect { key, .. } => self.connect(key),
            SessionEvent::End(v1::End { call: Some(call), treatment, .. }) => {
                let treatment = v1::Treatment::try_from(treatment).unwrap_or_default();
                self.sent_away(&call.call_id, Departure::End(treatment));
            }
            SessionEvent::Transfer(v1::Transfer { call: Some(call), number, .. }) => {
                self.sent_away(&call.call_id, Departure::Number(number));
            }
            SessionEvent::Play(v1::Play { call: Some(call), announcement, .. }) => {
                self.told_to_play(&call.call_id, &announcement);
            }
            SessionEvent::OfferCallback(v1::OfferCallback { rule, .. }) => {
                tracing::warn!(
                    rule,
                    "acd-asterisk cannot ask callers whether they want to be called back: the caller waits on"
                );
            }
            SessionEvent::Ladder(v1::Ladder { ladder, .. }) => {
                tracing::error!(
                    ladder,
                    "acd-asterisk runs no on-call ladders: nobody is tried, the caller waits on; let the rule \
                     use transfer_to"
                );
            }
            // Without a call they mean nobody.
            SessionEvent::End(_) | SessionEvent::Transfer(_) | SessionEvent::Play(_) => {}
            SessionEvent::Rejected { id, code, message, .. } => {
                self.rejected(id, &code, &message);
            }
            SessionEvent::Resynced { .. } => self.resynced(),
            SessionEvent::Acknowledged { up_to } => self.acknowledged(up_to),
            SessionEvent::Disconnected { .. } => {
                if matches!(self.acdd, Acdd::Connected) {
                    self.acdd_went_away();
                }
            }
        }
    }

    /// A report has been put into the line.
    pub(crate) fn on_told(&mut self, id: SendId, subject: Subject) {
        if subject != Subject::Nothing {
            self.subjects.insert(id, subject);
        }
    }

    /// A resync has been put into the line, with what its calls speak of.
    pub(crate) fn on_resync_told(&mut self, ids: ResyncIds, subjects: Vec<Subject>) {
        self.resync = Some((ids, subjects));
    }

    fn acknowledged(&mut self, up_to: SendId) {
        let later = self.subjects.split_off(&up_to);
        let mut done = std::mem::replace(&mut self.subjects, later);
        done.extend(self.subjects.remove_entry(&up_to));
        for (id, subject) in done {
            match subject {
                Subject::Call(channel) => self.is_known(&channel, Some(id)),
                Subject::Feature(channel) => self.feature_answered(&channel, "ok"),
                Subject::Nothing | Subject::Transferred { .. } => {}
            }
        }
    }

    fn rejected(&mut self, id: SendId, code: &str, message: &str) {
        let of_resync = self.resync.as_ref().and_then(|(ids, calls)| match ids.part(id)? {
            ResyncPart::Call(index) => calls.get(index).cloned(),
            ResyncPart::Leg(_) | ResyncPart::Done => None,
        });
        let late = || {
            let mut calls = self.calls.iter();
            let call = calls.find(|(_, call)| call.known_by == Some(id));
            call.map(|(channel, _)| Subject::Call(channel.clone()))
        };
        let subject = self.subjects.remove(&id).or(of_resync).or_else(late);
        let subject = subject.unwrap_or(Subject::Nothing);
        self.on_refused(&subject, code, message);
    }

    /// acdd will not have a report.
    pub(crate) fn on_refused(&mut self, subject: &Subject, code: &str, message: &str) {
        match subject {
            Subject::Nothing => tracing::debug!(code, message, "acdd refused a report"),
            Subject::Call(channel) => {
                tracing::warn!(call = channel, code, message, "acdd does not take the call");
                self.give_back(channel, code);
            }
            Subject::Transferred { call_id, channel } => {
                tracing::debug!(call_id, code, message, "acdd does not take the transfer");
                self.transfer_refused(call_id.clone(), channel, code);
            }
            Subject::Feature(channel) => {
                tracing::info!(code, message, "acdd refuses what an agent has dialled");
                self.feature_answered(channel, code);
            }
        }
    }

    /// The session is over; the next one begins with a resync.
    pub(crate) fn on_session_over(&mut self, now: Now) {
        self.now = now;
        if matches!(self.acdd, Acdd::Connected) {
            self.acdd_went_away();
        }
        // The next one counts its reports anew.
        self.subjects.clear();
        self.resync = None;
        self.calls.values_mut().for_each(|call| call.known_by = None);
    }

    /// When `on_time` has something to do.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Time has passed.
    pub(crate) fn on_time(&mut self, now: Now) {
        self.now = now;
        while self.timers.first().is_some_and(|(at, _)| *at <= now.instant) {
            let Some((at, timer)) = self.timers.pop_first() else { return };
            match timer {
                Timer::Away => self.give_back_the_unknown(),
                Timer::Announce(channel) => self.announce(at, &channel),
                Timer::Device(device) => self.tell_of_device(&device),
                Timer::Feature(channel) => self.feature_answered(&channel, "unavailable"),
                Timer::Half(pair) => self.transfer_settles(&pair),
                Timer::Settle(channel) => self.settle(&channel),
                Timer::TidyUp => {
                    let leftovers = std::mem::take(&mut self.leftovers);
                    leftovers.into_iter().for_each(|request| self.ask(request));
                }
            }
        }
    }

    fn acdd_went_away(&mut self) {
        self.acdd = Acdd::Away { since: self.now.instant };
        self.timers.insert((self.now.instant + self.settings.away_after, Timer::Away));
    }

    /// Whether acdd has been away for longer than callers are kept for it.
    fn acdd_is_away(&self) -> bool {
        match self.acdd {
            Acdd::Connected => false,
            Acdd::Away { since } => {
                self.now.instant.saturating_duration_since(since) >= self.settings.away_after
            }
        }
    }

    fn ask(&mut self, request: Request) {
        self.outputs.push(Output::Ask(Purpose::Nothing, request));
    }

    fn ask_for(&mut self, purpose: Purpose, request: Request) {
        self.outputs.push(Output::Ask(purpose, request));
    }

    fn tell(&mut self, report: Report) {
        self.outputs.push(Output::Tell(Subject::Nothing, report));
    }

    fn hang_up(&mut self, channel: &str) {
        self.ask(end_of(channel));
    }

    /// Asks for something that nobody waits for. Asterisk carries out one request after another, and
    /// the next offer is to come first.
    fn ask_soon(&mut self, request: Request) {
        self.leftovers.push(request);
        self.timers.insert((self.now.instant + SOON, Timer::TidyUp));
    }

    fn set_variable(&mut self, channel: &str, variable: &str, value: String) {
        let uri = format!("channels/{channel}/variable");
        self.ask(Request::new(Method::Post, uri).with("variable", variable).with("value", value));
    }

    /// Lets the dialplan go on with a channel, and tells it why.
    fn give_to_dialplan(&mut self, channel: &str, result: &str) {
        self.set_variable(channel, RESULT_VARIABLE, result.to_owned());
        self.ask(Request::new(Method::Post, format!("channels/{channel}/continue")));
    }
}

/// The request that hangs a channel up.
fn end_of(channel: &str) -> Request {
    Request::new(Method::Delete, format!("channels/{channel}"))
}

/// How long what is not urgent stays undone: longer than acdd takes to offer a call to an agent who
/// is free, and too short to be heard.
const SOON: Duration = Duration::from_millis(5);
/// Tells the dialplan why it has a channel back.
const RESULT_VARIABLE: &str = "ACD_RESULT";
