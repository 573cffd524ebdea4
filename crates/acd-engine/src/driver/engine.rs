//! Everything between taking a message up and letting its effects out; nothing here waits.

use super::Left;
use super::estimates::Estimates;
use super::fold::Cause;
use super::heartbeats::Heartbeats;
use super::numbering::{Adapter, Gate};
use super::recovery::Recovery;
use crate::callers::CallerSecret;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::latency::Stopwatch;
use crate::lines::LineDepths;
use crate::mail::{Answer, Control, Mail, Posted, SessionId};
use crate::names::Names;
use crate::order::CloseReason;
use crate::publisher::Parcel;
use crate::refusal::Refusal;
use crate::request::Position;
use crate::status::Gauges;
use acd_core::{
    AdapterId, Command, Event, EventDigest, OfferNumber, QueueId, Rejection, Router, Span,
    Timestamp,
};
use acd_journal::{Entry, Minted, Origin, Tail};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::Instant;
use tracing::error;

/// The most commands of one batch: what has piled up while a disk was full must still fit into
/// records that a log can read.
pub(crate) const BATCH_ENTRIES_MAX: usize = 16_384;
/// A unit that has so many commands ends with the message that is being taken up.
const UNIT_ENTRIES_MAX: usize = 4_096;
/// Refused requests wait too, as what they were refused for may be undone by a crash; with more
/// than so many, requests are refused at once.
const ANSWERS_MAX: usize = 65_536;
/// Room for so many commands is kept from one batch to the next.
const ENTRIES_ROOM_KEPT: usize = 1_024;

/// What an engine is made of.
pub(crate) struct EngineParts {
    pub(crate) router: Router,
    pub(crate) directory: Directory,
    /// Where the log ends that the Router was made from.
    pub(crate) tail: Tail,
    /// Of all events so far.
    pub(crate) digest: EventDigest,
    pub(crate) clock: Clock,
    pub(crate) epoch: u64,
    pub(crate) names: Arc<Names>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) stopwatch: Stopwatch,
    /// How long a desktop that was heard may be silent.
    pub(crate) heartbeat_within: Span,
    /// Each message goes into the log by itself.
    pub(crate) each_message_by_itself: bool,
    /// Rather than to go on with what is not durable.
    pub(crate) stops_when_log_fails: bool,
    pub(crate) caller_secret: CallerSecret,
}

/// Who causes a command.
#[derive(Clone, Debug)]
pub(super) struct By {
    pub(super) origin: Arc<Origin>,
    /// The adapter, if it is one.
    pub(super) adapter: Option<AdapterId>,
}

/// The driver's state.
pub(crate) struct Engine {
    pub(super) estimates: Estimates,
    pub(super) router: Router,
    digest: EventDigest,
    /// As long as the domain waits for its adapters.
    pub(super) recovery: Option<Recovery>,
    pub(super) clock: Clock,
    pub(super) epoch: u64,
    pub(super) names: Arc<Names>,
    pub(super) caller_secret: CallerSecret,
    pub(super) gauges: Arc<Gauges>,
    depths: Arc<LineDepths>,
    stopwatch: Stopwatch,
    pub(super) directory: Directory,
    /// By handle; none for an adapter of the plan that has not had a session yet.
    pub(super) adapters: Vec<Option<Adapter>>,
    pub(super) sessions: HashMap<SessionId, AdapterId>,
    pub(super) heartbeats: Heartbeats,
    /// The last half minute that has begun; none before the epoch is open.
    pub(super) half_minute: Option<u64>,
    /// How many resyncs have been asked for.
    pub(super) resyncs: u64,
    /// An offer that an adapter turned out to have bridged, though it was not known as accepted.
    pub(super) bridged_already: Option<OfferNumber>,
    pub(super) by_time: By,
    pub(super) by_plan: By,
    /// Commands applied, and commands and requests refused.
    applied: u64,
    pub(super) refused: u64,
    /// The sequence of the last command applied.
    pub(super) sequence: u64,
    /// Everything up to this sequence is durable.
    durable: u64,
    /// The log fails, and routing goes on: see [`Gate::lets_connect`].
    pub(super) log_fails: bool,
    pub(super) stops_when_log_fails: bool,
    /// The number of the last event.
    pub(super) number: u64,
    /// Commands applied that no batch has taken yet.
    entries: VecDeque<Entry>,
    /// Beside them the digest after each, as a batch may end there.
    digests: VecDeque<u64>,
    /// How many of them, from the front, are a unit: what an adapter said, and that it was heard,
    /// are durable together or not at all. Those that are in none yet are the open unit.
    units: VecDeque<usize>,
    open_unit: usize,
    /// Adapters of which messages were taken up since the last unit ended.
    heard: Vec<AdapterId>,
    each_message_by_itself: bool,
    pub(super) parcel: Parcel,
    /// (sequence that must be durable first, whom to tell, what).
    answers: VecDeque<(u64, Answer, Result<Position, Refusal>)>,
    /// With so many answers it is looked who still waits for one.
    answers_looked_at: usize,
    events: Vec<Event>,
}

impl Engine {
    pub(crate) fn new(parts: EngineParts) -> Self {
        let EngineParts { router, directory, tail, digest, clock, epoch, names, .. } = parts;
        let EngineParts { gauges, stopwatch, heartbeat_within, .. } = parts;
        let EngineParts { each_message_by_itself, stops_when_log_fails, .. } = parts;
        let by = |origin| By { origin: Arc::new(origin), adapter: None };
        let sequence = tail.next_sequence - 1;
        Self {
            estimates: Estimates::default(),
            directory,
            router,
            digest,
            recovery: None,
            clock,
            epoch,
            names,
            gauges,
            depths: Arc::new(LineDepths::new(0)),
            stopwatch,
            adapters: Vec::new(),
            sessions: HashMap::new(),
            heartbeats: Heartbeats::new(heartbeat_within),
            half_minute: None,
            resyncs: 0,
            bridged_already: None,
            by_time: by(Origin::Time),
            by_plan: by(Origin::Plan),
            applied: 0,
            refused: 0,
            sequence,
            durable: sequence,
            log_fails: false,
            stops_when_log_fails,
            number: 0,
            entries: VecDeque::new(),
            digests: VecDeque::new(),
            units: VecDeque::new(),
            open_unit: 0,
            heard: Vec::new(),
            caller_secret: parts.caller_secret,
            each_message_by_itself,
            parcel: Parcel::default(),
            answers: VecDeque::new(),
            answers_looked_at: ENTRIES_ROOM_KEPT,
            events: Vec::new(),
        }
    }

    /// Acts on one message, as of the moment it is taken up, and returns the moment after.
    pub(super) fn take_up(&mut self, posted: Posted, taken: Instant) -> Instant {
        let now = self.advance(taken);
        // What only acknowledges, or asks, brings no decision.
        let decides =
            !matches!(posted.mail, Mail::Message { number: 0, .. } | Mail::Explain { .. });
        match posted.mail {
            Mail::Request { request, person, answer } if self.has_room_for_answers() => {
                let result = self.request(now, request, person);
                self.refused += u64::from(result.is_err());
                self.answers.push_back((self.sequence, answer, result));
            }
            Mail::Request { answer, .. } => {
                self.refused += 1;
                let _gone = answer.send(Err(Refusal::overloaded())).is_err();
            }
            Mail::Explain { call, agent, answer } => self.explain(now, call, agent, answer),
            Mail::Open { hello, ends, answer } => self.open(now, hello, ends, answer),
            Mail::Message { session, number, ack, message } => {
                self.message(now, session, number, ack, message);
            }
        }
        if self.each_message_by_itself || self.open_unit >= UNIT_ENTRIES_MAX {
            self.end_unit(now);
        }
        let done = Instant::now();
        if decides {
            self.stopwatch.measured(taken.duration_since(posted.at), done.duration_since(taken));
        }
        done
    }

    pub(super) fn control(&mut self, control: Control) {
        let now = self.advance(Instant::now());
        match control {
            Control::Departed { session, sent } => self.departed(now, session, sent),
        }
    }

    /// Lets the domain's time pass up to `instant`; returns it. It never goes back.
    pub(super) fn advance(&mut self, instant: Instant) -> Timestamp {
        let now = self.clock.at(instant).max(self.router.now());
        let recovered = self.recovery.as_ref().is_some_and(|recovery| recovery.is_over(now));
        if recovered || self.next_deadline().is_some_and(|due| due <= now) {
            // However much fires, it parts no message from the note that it was heard.
            self.end_unit(now);
            self.end_recovery_if_due(now);
            self.fire_what_is_due(now);
        }
        now
    }

    /// Whether one more request may wait for its answer; forgets those that nobody waits for.
    fn has_room_for_answers(&mut self) -> bool {
        if self.answers.len() >= self.answers_looked_at {
            self.answers.retain(|(_, answer, _)| !answer.is_closed());
            self.answers_looked_at = (2 * self.answers.len()).max(ENTRIES_ROOM_KEPT);
        }
        self.answers.len() < ANSWERS_MAX
    }

    pub(super) fn fire_what_is_due(&mut self, now: Timestamp) {
        self.tell_if_half_minute_is_over(now);
        while let Some(due) = self.router.next_deadline().filter(|due| *due <= now) {
            // At the very instant that it is due, however late the driver comes to it.
            let at = due.max(self.router.now());
            let by_time = self.by_time.clone();
            if let Err(rejection) = self.apply(at, &by_time, Command::AdvanceTime, None) {
                error!(%rejection, "the router refuses to let time pass");
                return;
            }
        }
    }

    /// Gives a command to the Router. If it is applied it goes into the log, and its events into
    /// orders and records.
    pub(super) fn apply(
        &mut self,
        now: Timestamp,
        by: &By,
        command: Command,
        minted: Option<Minted>,
    ) -> Result<(), Rejection> {
        // An epoch begins before what fell due while nobody was there: that waits for the adapters.
        if !matches!(command, Command::AdvanceTime | Command::EpochBegan) {
            self.fire_what_is_due(now);
        }
        let mut events = std::mem::take(&mut self.events);
        let applied = self.router.apply(now, command.clone(), &mut events);
        if applied.is_ok() {
            self.sequence += 1;
            self.applied += 1;
            let sequence = self.sequence;
            events.iter().for_each(|event| self.digest.take_in(event));
            self.fold(&Cause { sequence, at: now, by, minted: &minted }, &events);
            let origin = Arc::clone(&by.origin);
            self.entries.push_back(Entry { sequence, at: now, origin, command, minted });
            self.digests.push_back(self.digest.value());
            self.open_unit += 1;
        }
        events.clear();
        self.events = events;
        applied
    }

    /// A message of an adapter has been taken up.
    pub(super) fn has_heard(&mut self, adapter: AdapterId) {
        if self.heard.last() != Some(&adapter) {
            self.heard.push(adapter);
        }
    }

    /// What was applied since the last unit is one, together with how far adapters were heard.
    pub(super) fn end_unit(&mut self, now: Timestamp) {
        for adapter in std::mem::take(&mut self.heard) {
            self.write_heard(now, adapter);
        }
        let mut open = std::mem::take(&mut self.open_unit);
        while open > 0 {
            // Only what time brings, or the end of a resync, is larger; it needs no unit.
            let unit = open.min(BATCH_ENTRIES_MAX);
            self.units.push_back(unit);
            open -= unit;
        }
    }

    /// Ends a round: the log is told what was heard, readers which lines changed, and what may
    /// leave at once leaves.
    pub(super) fn end_round(&mut self, left: Left) {
        let now = self.advance(Instant::now());
        self.miss_heartbeats(now, left);
        let now = self.router.now();
        for index in 0..self.adapters.len() {
            self.end_if_overflowed(now, AdapterId(index as u16));
        }
        self.end_unit(now);
        let Self { router, depths, parcel, .. } = self;
        let before = parcel.lines.len();
        router.take_changed_lines(&mut |demand, line| {
            depths.set(demand, &line);
            parcel.lines.push((demand, line));
        });
        let changed = parcel.lines[before..].iter();
        let queues: Vec<QueueId> =
            changed.map(|(demand, _)| router.demands()[demand.index()].queue).collect();
        self.tell_estimates(now, &queues);
        self.release();
        self.gauges.commands.store(self.applied, Ordering::Relaxed);
        self.gauges.rejected.store(self.refused, Ordering::Relaxed);
        self.stopwatch.hand_over();
    }

    /// The depth of every line, from now on.
    pub(crate) fn depths(&mut self) -> Arc<LineDepths> {
        self.depths = Arc::new(LineDepths::new(self.router.demands().len()));
        Arc::clone(&self.depths)
    }

    /// Everything up to `sequence` is durable.
    pub(super) fn durable_up_to(&mut self, sequence: u64) {
        self.durable = self.durable.max(sequence);
        self.log_fails = false;
        self.release();
    }

    /// The log fails, and routing goes on.
    pub(super) fn log_fails(&mut self) {
        self.log_fails = true;
        self.release();
    }

    fn release(&mut self) {
        let gate = Gate { durable: self.durable, lets_connect: self.log_fails };
        for adapter in self.adapters.iter_mut().flatten() {
            adapter.release(gate);
        }
        while self.answers.front().is_some_and(|(needs, ..)| *needs <= self.durable) {
            let Some((_, answer, result)) = self.answers.pop_front() else { break };
            self.parcel.answers.push((answer, result));
        }
        self.gauges.undurable.store(self.undurable(), Ordering::Relaxed);
    }

    /// Commands that are not durable yet.
    pub(super) fn undurable(&self) -> u64 {
        self.sequence - self.durable
    }

    /// The position of the last event.
    pub(super) fn position(&self) -> Position {
        Position { epoch: self.epoch, number: self.number }
    }

    /// When there is something to do though nobody asks for it.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        let recovery = self.recovery.as_ref().map(|recovery| recovery.until);
        let due = [self.router.next_deadline(), self.heartbeats.next_due()];
        due.into_iter().chain([recovery, self.half_minute_ends()]).flatten().min()
    }

    /// Whether there are commands that no batch has taken yet.
    pub(super) fn has_entries(&self) -> bool {
        !self.units.is_empty()
    }

    /// The next commands that no batch has taken yet, and the digest of all events up to them.
    pub(super) fn take_entries(&mut self) -> Option<(Vec<Entry>, u64)> {
        let most = if self.each_message_by_itself { 1 } else { BATCH_ENTRIES_MAX };
        let mut count = self.units.pop_front()?;
        while let Some(unit) = self.units.pop_front_if(|unit| count + *unit <= most) {
            count += unit;
        }
        let digest = self.digests.drain(..count).next_back()?;
        if count < self.entries.len() {
            return Some((self.entries.drain(..count).collect(), digest));
        }
        self.digests.shrink_to(ENTRIES_ROOM_KEPT);
        let room = VecDeque::with_capacity(self.entries.capacity().min(ENTRIES_ROOM_KEPT));
        Some((std::mem::replace(&mut self.entries, room).into(), digest))
    }

    /// Ends every session with a last word.
    pub(super) fn close_all(&mut self, reason: &CloseReason) {
        for adapter in self.adapters.iter_mut().flatten() {
            adapter.close(reason.clone());
        }
        self.sessions.clear();
    }

    /// Nothing that waits for the log may leave any more.
    pub(super) fn mute(&mut self, reason: &CloseReason) {
        for adapter in self.adapters.iter_mut().flatten() {
            adapter.mute();
        }
        self.parcel = Parcel::default();
        for (_, answer, _) in self.answers.drain(..) {
            let _gone = answer.send(Err(reason.refusal())).is_err();
        }
        self.close_all(reason);
    }
}
