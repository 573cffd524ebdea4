//! Plays one recorded day under one configuration: callers and agents of the record around the Router.

use super::draws::Caller;
use super::fates::{Fate, Fates};
use super::recording::{AtWork, RecordedDay};
use super::staging::{Change, Stage};
use crate::surroundings::{Call, NewCall, Reaction, Surroundings};
use crate::world::{Counted, World};
use acd_core::{AgentId, Command, Event, Outcome, Presence, QueueId, SlotState, Span, Timestamp};
use std::sync::Arc;

/// What came of a day.
pub(super) struct Played {
    /// In the order in which the calls came.
    pub(super) fates: Vec<Fate>,
    /// By agent.
    pub(super) work: Vec<Work>,
    pub(super) counted: Counted,
}

/// What an agent did of his day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How long he was ready, or had a call in hand.
    pub on_duty: Span,
    /// How long he was rung, talked or took notes.
    pub busy: Span,
    /// How many calls he answered.
    pub answered: u64,
}

/// Plays it.
pub(super) fn play(
    day: &RecordedDay,
    stage: &Stage,
    number: usize,
    callers: &[Caller],
) -> Result<Played, String> {
    let changes = &stage.changes[number];
    let times = day.calls.first().map(|call| call.at).into_iter();
    let start = times.chain(changes.first().map(|(at, _)| *at)).min().unwrap_or(day.midnight);
    let play = Play {
        day,
        stage,
        number,
        callers,
        next_call: 0,
        next_change: 0,
        released: None,
        stays: Vec::new(),
        ring_at_most: Span(0),
        notes_at_most: Span(0),
        answered_in: QueueId(0),
        fates: Fates::default(),
        waiting: 0,
        desks: vec![Desk { since: start, ..Desk::default() }; stage.plan.agents.len()],
    };
    let world = World::new(Arc::clone(&stage.plan), start, play);
    let mut world = world.map_err(|defect| defect.to_string())?;
    world.run().map_err(|refused| refused.to_string())?;
    let (now, counted) = (world.router().now(), world.counted());
    let Play { fates, mut desks, .. } = world.surroundings;
    desks.iter_mut().for_each(|desk| desk.pass(now));
    let work = desks.into_iter().map(|desk| desk.work).collect();
    Ok(Played { fates: fates.finish(now), work, counted })
}

struct Play<'d> {
    day: &'d RecordedDay,
    stage: &'d Stage,
    /// The day's.
    number: usize,
    callers: &'d [Caller],
    next_call: usize,
    next_change: usize,
    /// When those who stayed for the last callers may go.
    released: Option<Timestamp>,
    stays: Vec<AgentId>,
    /// How long the latest offer rings before it is taken back, and the latest wrap-up lasts by itself.
    ring_at_most: Span,
    notes_at_most: Span,
    /// The queue that the latest call was answered in.
    answered_in: QueueId,
    fates: Fates,
    waiting: u32,
    /// By agent.
    desks: Vec<Desk>,
}

/// What an agent does.
#[derive(Clone, Copy, Debug)]
struct Desk {
    presence: Presence,
    /// His slots that are not free, a bit each.
    busy: u64,
    since: Timestamp,
    work: Work,
}

impl Default for Desk {
    fn default() -> Self {
        Self { presence: Presence::LoggedOut, busy: 0, since: Timestamp(0), work: Work::default() }
    }
}

impl Desk {
    /// Time goes on until now.
    fn pass(&mut self, now: Timestamp) {
        let passed = now.since(self.since);
        self.since = now;
        if self.busy > 0 {
            self.work.busy = self.work.busy + passed;
        }
        if self.busy > 0 || self.presence == Presence::Ready {
            self.work.on_duty = self.work.on_duty + passed;
        }
    }
}

impl Play<'_> {
    fn is_last_at_work(&self, agent: AgentId) -> bool {
        let others = (0..).map(AgentId).zip(&self.desks).filter(|(other, _)| *other != agent);
        let mut others = others.filter(|(other, _)| !self.stays.contains(other));
        !others.any(|(_, desk)| desk.presence != Presence::LoggedOut)
    }

    fn presence(&mut self, agent: AgentId, to: AtWork, commands: &mut Vec<Command>) {
        let is_here = self.desks[agent.index()].presence != Presence::LoggedOut;
        match to {
            AtWork::Gone if !is_here => {}
            AtWork::Gone => {
                if self.day.last_one_stays && self.waiting > 0 && self.is_last_at_work(agent) {
                    self.stays.push(agent);
                } else {
                    commands.push(Command::AgentLogOut { agent });
                }
            }
            AtWork::NotReady | AtWork::Ready => {
                self.stays.retain(|stays| *stays != agent);
                if !is_here {
                    commands.push(Command::AgentLogIn { agent });
                }
                match to {
                    AtWork::Ready => commands.push(Command::AgentReady { agent }),
                    _ if is_here => commands.push(Command::AgentNotReady { agent, reason: None }),
                    _ => {}
                }
            }
        }
    }

    /// One caller waits no more.
    fn waits_no_more(&mut self, now: Timestamp) {
        self.waiting -= 1;
        if self.waiting == 0 && !self.stays.is_empty() {
            self.released = Some(now);
        }
    }
}

impl Surroundings for Play<'_> {
    fn next_call(&mut self) -> Option<NewCall> {
        let number = self.next_call;
        let call = self.day.calls.get(number)?;
        self.next_call += 1;
        let Caller { patience, luck, .. } = self.callers[number];
        let entry = self.stage.entries[self.number][number];
        Some(NewCall { at: call.at, entry, kind: number as u32, patience, luck })
    }

    fn next_change(&self) -> Option<Timestamp> {
        let next = self.stage.changes[self.number].get(self.next_change).map(|(at, _)| *at);
        self.released.into_iter().chain(next).min()
    }

    fn change(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        if self.released.take().is_some() && self.waiting == 0 {
            let go = self.stays.drain(..).map(|agent| Command::AgentLogOut { agent });
            commands.extend(go);
        }
        let changes = &self.stage.changes[self.number];
        let mut changed = Vec::new();
        while let Some((at, change)) = changes.get(self.next_change)
            && *at == now
        {
            self.next_change += 1;
            match *change {
                Change::Closed(queue, closed) => {
                    commands.push(Command::SetClosed { queue, closed, until: None })
                }
                Change::Presence(agent, to) => {
                    // Of several in one instant the last one counts.
                    changed.retain(|(other, _)| *other != agent);
                    changed.push((agent, to));
                }
            }
        }
        for (agent, to) in changed {
            self.presence(agent, to, commands);
        }
    }

    fn reaction(&mut self, call: &Call, _: AgentId) -> Reaction {
        // Who took long to answer answers before this queue has it ring elsewhere.
        let at_most = Span(self.ring_at_most.0.saturating_sub(1));
        Reaction::Accepts(self.callers[call.kind as usize].ring.min(at_most))
    }

    fn talk(&mut self, call: &Call, _: AgentId) -> Span {
        let caller = &self.callers[call.kind as usize];
        // What an agent needs after a talk contains the wrap-up, which the Router adds by itself.
        let wrap_up = self.stage.plan.queues[self.answered_in.index()].wrap_up;
        caller.talk + Span(caller.pause.0.saturating_sub(wrap_up.0))
    }

    fn notes(&mut self, call: &Call, _: AgentId) -> Span {
        self.callers[call.kind as usize].notes.unwrap_or(self.notes_at_most)
    }

    fn arrived(&mut self, now: Timestamp, call: &Call) {
        self.waiting += 1;
        self.fates.arrived(now, call);
    }

    fn answered(&mut self, now: Timestamp, call: &Call, agent: AgentId, queue: QueueId) {
        self.desks[agent.index()].work.answered += 1;
        // Right after this the call's talk is asked for.
        self.answered_in = queue;
        self.fates.answered(now, call);
        self.waits_no_more(now);
    }

    fn ended(&mut self, now: Timestamp, call: &Call, outcome: Outcome) {
        if call.agent.is_none() {
            self.waits_no_more(now);
        }
        self.fates.ended(now, call, outcome);
    }

    fn happened(&mut self, now: Timestamp, event: &Event) {
        match event {
            Event::OfferIssued { ring_until, .. } => self.ring_at_most = ring_until.since(now),
            Event::SlotChanged { agent, slot, state } => {
                if let SlotState::WrapUp { until, .. } = state {
                    self.notes_at_most = until.since(now);
                }
                let desk = &mut self.desks[agent.index()];
                desk.pass(now);
                let bit = 1 << slot;
                desk.busy =
                    if *state == SlotState::Free { desk.busy & !bit } else { desk.busy | bit };
            }
            Event::PresenceChanged { agent, presence, .. } => {
                let desk = &mut self.desks[agent.index()];
                desk.pass(now);
                desk.presence = *presence;
            }
            _ => {}
        }
    }
}
