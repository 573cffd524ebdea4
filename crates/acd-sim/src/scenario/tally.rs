//! What is counted of one day: each stay of a call in a queue, each call as a whole, and what agents do
//! of their time.

use super::Scenario;
use acd_core::{
    AgentId, CallHandle, Event, LeftCause, Outcome, Presence, QueueId, SlotState, Span, Timestamp,
};
use std::collections::HashMap;

/// What became of the calls that came to a queue, or to all of them, in one interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) offered: u64,
    pub(super) answered: u64,
    /// Answered through another queue in which they waited too.
    pub(super) answered_elsewhere: u64,
    /// Hung up, but not at once.
    pub(super) abandoned: u64,
    pub(super) short_abandoned: u64,
    /// Sent out of acdd by a rule.
    pub(super) overflowed: u64,
    /// Turned away as they came.
    pub(super) rejected: u64,
    /// Sent to another queue, or taken back from this one.
    pub(super) moved: u64,
    /// Moved, or answered elsewhere, after the target had passed.
    pub(super) gone_late: u64,
    /// Within the target.
    pub(super) answered_within: u64,
    pub(super) abandoned_within: u64,
    pub(super) short_within: u64,
    /// Seconds, of those who were answered.
    pub(super) waits: Vec<f32>,
    /// Seconds, of all.
    pub(super) longest: f32,
    /// Seconds of talk and notes, of so many calls.
    pub(super) handling: f64,
    pub(super) handled: u64,
}

/// What agents do of their time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Time {
    /// Ready, or with a call in hand.
    pub(super) working: u64,
    /// Rung, talking, or taking notes.
    pub(super) busy: u64,
}

/// All of one day, by interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Day {
    /// By queue.
    pub(super) queues: Vec<Vec<Counts>>,
    pub(super) all: Vec<Counts>,
    /// By team.
    pub(super) teams: Vec<Vec<Time>>,
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.answered += other.answered;
        self.answered_elsewhere += other.answered_elsewhere;
        self.abandoned += other.abandoned;
        self.short_abandoned += other.short_abandoned;
        self.overflowed += other.overflowed;
        self.rejected += other.rejected;
        self.moved += other.moved;
        self.gone_late += other.gone_late;
        self.answered_within += other.answered_within;
        self.abandoned_within += other.abandoned_within;
        self.short_within += other.short_within;
        self.waits.extend_from_slice(&other.waits);
        self.longest = self.longest.max(other.longest);
        self.handling += other.handling;
        self.handled += other.handled;
    }

    fn ended(&mut self, how: End, wait: Span, target: Span) {
        let within = u64::from(wait <= target);
        self.longest = self.longest.max(seconds(wait));
        match how {
            End::Answered => {
                self.answered += 1;
                self.answered_within += within;
                self.waits.push(seconds(wait));
            }
            End::Elsewhere => {
                self.answered_elsewhere += 1;
                self.gone_late += 1 - within;
            }
            End::Moved => {
                self.moved += 1;
                self.gone_late += 1 - within;
            }
            End::Of(Outcome::Abandoned) => {
                self.abandoned += 1;
                self.abandoned_within += within;
            }
            End::Of(Outcome::ShortAbandoned) => {
                self.short_abandoned += 1;
                self.short_within += within;
            }
            End::Of(Outcome::Rejected) => self.rejected += 1,
            End::Of(Outcome::Overflowed | Outcome::Vanished | Outcome::Transferred) => {
                self.overflowed += 1;
            }
            // Who talked has been counted as answered.
            End::Of(Outcome::Handled) => {}
        }
    }
}

#[derive(Clone, Copy)]
enum End {
    Answered,
    Elsewhere,
    Moved,
    Of(Outcome),
}

fn seconds(span: Span) -> f32 {
    span.0 as f32 / 1e6
}

/// A call that is not over.
struct Live {
    arrived: Timestamp,
    /// The queue that it came to first.
    first: Option<QueueId>,
    answered: bool,
    /// Where it waits, and since when.
    stays: Vec<(QueueId, Timestamp)>,
}

/// Where what a call comes to is counted: its queue and interval there, and its own interval.
#[derive(Clone, Copy)]
struct Place {
    queue: (usize, Option<usize>),
    whole: Option<usize>,
}

/// One agent.
#[derive(Clone, Default)]
struct Desk {
    team: usize,
    is_ready: bool,
    /// By slot: the call in it, and since when they talk.
    slots: Vec<(SlotState, Option<(CallHandle, Timestamp)>)>,
    since: Timestamp,
}

/// Counts what happens.
pub(super) struct Tally<'s> {
    scenario: &'s Scenario,
    opening: Timestamp,
    closing: Timestamp,
    live: HashMap<CallHandle, Live>,
    talked: HashMap<CallHandle, Place>,
    desks: Vec<Desk>,
    pub(super) day: Day,
}

impl<'s> Tally<'s> {
    /// `team_of` is by agent.
    pub(super) fn new(scenario: &'s Scenario, team_of: &[usize], start: Timestamp) -> Self {
        let opening = start + span(scenario.warm_up);
        let closing = opening + span(scenario.to - scenario.from);
        let intervals = scenario.intervals();
        let teams = team_of.iter().max().map_or(0, |last| last + 1);
        let desk = |team: &usize| Desk { team: *team, since: start, ..Desk::default() };
        let day = Day {
            queues: vec![vec![Counts::default(); intervals]; scenario.plan.queues.len()],
            all: vec![Counts::default(); intervals],
            teams: vec![vec![Time::default(); intervals]; teams],
        };
        let (live, talked) = (HashMap::new(), HashMap::new());
        let desks = team_of.iter().map(desk).collect();
        Self { scenario, opening, closing, live, talked, desks, day }
    }

    /// The interval of an instant; none before the day opens, the last one after it has closed.
    fn interval(&self, at: Timestamp) -> Option<usize> {
        let since = (at >= self.opening).then(|| at.since(self.opening).0)?;
        Some(((since / self.scenario.interval.0) as usize).min(self.day.all.len() - 1))
    }

    pub(super) fn arrived(&mut self, now: Timestamp, call: CallHandle) {
        let live = Live { arrived: now, first: None, answered: false, stays: Vec::new() };
        self.live.insert(call, live);
        if let Some(interval) = self.interval(now) {
            self.day.all[interval].offered += 1;
        }
    }

    pub(super) fn happened(&mut self, now: Timestamp, event: &Event) {
        match event {
            Event::PlaceEntered { call, queue, .. } => {
                let Some(live) = self.live.get_mut(call) else { return };
                live.first = live.first.or(Some(*queue));
                live.stays.push((*queue, now));
                if let Some(interval) = self.interval(now) {
                    self.day.queues[queue.index()][interval].offered += 1;
                }
            }
            Event::PlaceLeft {
                call,
                queue,
                cause: LeftCause::Moved | LeftCause::Withdrawn,
                ..
            } => {
                let Some(live) = self.live.get_mut(call) else { return };
                let Some(at) = live.stays.iter().position(|(of, _)| of == queue) else { return };
                let stay = live.stays.remove(at);
                self.stay_ended(now, stay, End::Moved);
            }
            Event::CallConnected { call, queue, .. } => self.connected(now, *call, *queue),
            Event::CallEnded { call, outcome, .. } => {
                let Some(live) = self.live.remove(call) else { return };
                for stay in &live.stays {
                    self.stay_ended(now, *stay, End::Of(*outcome));
                }
                if !live.answered {
                    self.call_ended(now, &live, End::Of(*outcome));
                }
            }
            Event::PresenceChanged { agent, presence, .. } => {
                self.spend(now, *agent);
                self.desks[agent.index()].is_ready = *presence == Presence::Ready;
            }
            _ => {}
        }
    }

    fn connected(&mut self, now: Timestamp, call: CallHandle, queue: QueueId) {
        let Some(mut live) = self.live.remove(&call) else { return };
        let mut entered = live.arrived;
        for (of, since) in live.stays.drain(..).collect::<Vec<_>>() {
            let end = if of == queue { End::Answered } else { End::Elsewhere };
            if of == queue {
                entered = since;
            }
            self.stay_ended(now, (of, since), end);
        }
        self.call_ended(now, &live, End::Answered);
        live.answered = true;
        let place = Place {
            queue: (queue.index(), self.interval(entered)),
            whole: self.interval(live.arrived),
        };
        self.talked.insert(call, place);
        self.live.insert(call, live);
    }

    fn stay_ended(&mut self, now: Timestamp, (queue, entered): (QueueId, Timestamp), how: End) {
        let target = self.scenario.within(queue);
        if let Some(interval) = self.interval(entered) {
            self.day.queues[queue.index()][interval].ended(how, now.since(entered), target);
        }
    }

    fn call_ended(&mut self, now: Timestamp, live: &Live, how: End) {
        let target = live.first.map_or(Span(0), |queue| self.scenario.within(queue));
        if let Some(interval) = self.interval(live.arrived) {
            self.day.all[interval].ended(how, now.since(live.arrived), target);
        }
    }

    pub(super) fn slot_changed(
        &mut self,
        now: Timestamp,
        agent: AgentId,
        slot: u8,
        state: SlotState,
    ) {
        self.spend(now, agent);
        let slots = &mut self.desks[agent.index()].slots;
        let slot = usize::from(slot);
        if slots.len() <= slot {
            slots.resize(slot + 1, (SlotState::Free, None));
        }
        slots[slot].0 = state;
        match state {
            SlotState::Talking { call } => slots[slot].1 = Some((call, now)),
            SlotState::Free => {
                if let Some((call, since)) = slots[slot].1.take() {
                    self.handled(call, now.since(since));
                }
            }
            SlotState::Reserved { .. }
            | SlotState::Connecting { .. }
            | SlotState::Held { .. }
            | SlotState::WrapUp { .. } => {}
        }
    }

    fn handled(&mut self, call: CallHandle, took: Span) {
        let Some(place) = self.talked.remove(&call) else { return };
        let (queue, interval) = place.queue;
        let of_queue = interval.map(|interval| &mut self.day.queues[queue][interval]);
        let whole = place.whole.map(|interval| &mut self.day.all[interval]);
        for counts in of_queue.into_iter().chain(whole) {
            counts.handling += took.0 as f64 / 1e6;
            counts.handled += 1;
        }
    }

    /// Counts what an agent did since the last time, interval by interval.
    fn spend(&mut self, now: Timestamp, agent: AgentId) {
        let desk = &mut self.desks[agent.index()];
        let since = std::mem::replace(&mut desk.since, now);
        let busy = desk.slots.iter().any(|(state, _)| *state != SlotState::Free);
        let working = desk.is_ready || busy;
        let team = desk.team;
        let (mut from, to) = (since.max(self.opening), now.min(self.closing));
        while working && from < to {
            let Some(interval) = self.interval(from) else { return };
            let ends = self.opening + Span(self.scenario.interval.0 * (interval as u64 + 1));
            let until = if interval + 1 == self.day.all.len() { to } else { to.min(ends) };
            let spent = until.since(from).0;
            let time = &mut self.day.teams[team][interval];
            time.working += spent;
            time.busy += if busy { spent } else { 0 };
            from = until;
        }
    }

    /// How many calls are not over.
    pub(super) fn calls(&self) -> usize {
        self.live.len()
    }

    /// The day, when it is over.
    pub(super) fn finish(mut self, now: Timestamp) -> Day {
        for agent in 0..self.desks.len() {
            self.spend(now, AgentId(agent as u32));
        }
        self.day
    }
}

/// A span of seconds.
pub(super) fn span(seconds: f64) -> Span {
    crate::distribution::span(seconds * 1e6)
}
