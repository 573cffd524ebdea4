//! One day of a scenario: what callers and agents do, told to the Router in the order of the clock.

use super::Scenario;
use super::roster::{Duty, Roster};
use super::tally::{Tally, span};
use crate::chance::{Random, Stream, luck, stream};
use crate::surroundings::{Call, NewCall, Reaction, Surroundings};
use acd_core::{AgentId, Command, Event, NotReadyReason, Presence, SlotState, Span, Timestamp};
use rand::RngExt as _;
use std::collections::BTreeSet;

/// When every day begins; what came before it must have an instant, too.
pub(super) const START: Timestamp = Timestamp(Span::LONGEST.0);

/// What surrounds the Router on one day.
pub(super) struct Play<'s> {
    scenario: &'s Scenario,
    roster: &'s Roster,
    /// When shifts change, as time of day, the next one last.
    shifts: Vec<f64>,
    duties: Vec<Duty>,
    /// By agent: what he is, and will be once he has no call.
    presences: Vec<(Presence, Option<Presence>)>,
    /// Who comes back after he has missed calls, and when.
    back: BTreeSet<(Timestamp, AgentId)>,
    coming: Vec<Coming>,
    /// By slot of a call: which call it was, and how often it has been offered.
    offered: Vec<(u32, u8)>,
    /// How long the notes that begin now last by themselves.
    notes_last: Span,
    pub(super) tally: Tally<'s>,
}

/// The number of chance of a stream of calls: that of its name, so that it meets the same callers
/// whatever other streams there are (FNV-1a, 32 bits; Fowler, Noll and Vo 1991).
pub(super) fn number(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The calls of one stream.
struct Coming {
    random: Random,
    next: Option<Timestamp>,
}

impl<'s> Play<'s> {
    /// `team_of` is by agent.
    pub(super) fn new(
        scenario: &'s Scenario,
        roster: &'s Roster,
        team_of: &[usize],
        seed: u64,
        replication: u64,
    ) -> Self {
        let mut shifts = roster.times();
        shifts.retain(|time| *time > scenario.from && *time < scenario.to);
        shifts.push(scenario.from - scenario.warm_up);
        shifts.sort_by(|a, b| b.total_cmp(a));
        let agents = scenario.plan.agents.len();
        let coming = scenario.streams.iter().map(|of| {
            let mut random = stream(seed, replication, Stream::Calls(number(&of.name)));
            let next = of.arrivals.next(&mut random, Span(0)).map(|after| START + after);
            Coming { random, next }
        });
        Self {
            scenario,
            roster,
            shifts,
            duties: vec![Duty::Off; agents],
            presences: vec![(Presence::LoggedOut, None); agents],
            back: BTreeSet::new(),
            coming: coming.collect(),
            offered: Vec::new(),
            notes_last: Span(0),
            tally: Tally::new(scenario, team_of, START),
        }
    }

    fn instant(&self, time: f64) -> Timestamp {
        START + span(time - self.scenario.from + self.scenario.warm_up)
    }

    /// Everybody does what his shift says from now on. Before the day opens that is what it says then.
    fn change_shifts(&mut self, time: f64, commands: &mut Vec<Command>) {
        let duties: Vec<Duty> = self.roster.at(time.max(self.scenario.from)).collect();
        for (agent, duty) in (0..).map(AgentId).zip(duties) {
            let before = std::mem::replace(&mut self.duties[agent.index()], duty);
            if before == duty {
                continue;
            }
            let (presence, pending) = self.presences[agent.index()];
            let goes = pending.unwrap_or(presence) == Presence::LoggedOut;
            if goes && duty != Duty::Off {
                commands.push(Command::AgentLogIn { agent });
            }
            match duty {
                Duty::Work => commands.push(Command::AgentReady { agent }),
                Duty::Break => commands.push(Command::AgentNotReady { agent, reason: None }),
                Duty::Off if presence == Presence::LoggedOut => {}
                Duty::Off => commands.push(Command::AgentLogOut { agent }),
            }
        }
    }
}

impl Surroundings for Play<'_> {
    fn next_call(&mut self) -> Option<NewCall> {
        let next = self.coming.iter().enumerate();
        let (at, kind) = next.filter_map(|(kind, of)| of.next.map(|at| (at, kind))).min()?;
        let of = &self.scenario.streams[kind];
        let coming = &mut self.coming[kind];
        let luck = luck(&mut coming.random);
        let after = of.arrivals.next(&mut coming.random, at.since(START));
        coming.next = after.map(|after| START + after);
        let patience = of.patience.as_ref().map(|patience| patience.draw(&mut luck.random(0)));
        Some(NewCall { at, entry: of.entry, kind: kind as u32, patience, luck })
    }

    fn next_change(&self) -> Option<Timestamp> {
        let shift = self.shifts.last().map(|time| self.instant(*time));
        let back = self.back.first().map(|(at, _)| *at);
        shift.into_iter().chain(back).min()
    }

    fn change(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        while let Some(time) = self.shifts.last().copied()
            && self.instant(time) <= now
        {
            self.shifts.pop();
            self.change_shifts(time, commands);
        }
        while let Some((at, agent)) = self.back.first().copied()
            && at <= now
        {
            self.back.pop_first();
            let missed = Presence::NotReady(NotReadyReason::MissedOffers);
            let works = self.duties[agent.index()] == Duty::Work;
            if works && self.presences[agent.index()] == (missed, None) {
                commands.push(Command::AgentReady { agent });
            }
        }
    }

    fn reaction(&mut self, call: &Call, _: AgentId) -> Reaction {
        let slot = call.handle.slot as usize;
        if self.offered.len() <= slot {
            self.offered.resize(slot + 1, (0, 0));
        }
        let (generation, times) = &mut self.offered[slot];
        *times = if *generation == call.handle.generation { times.wrapping_add(1) } else { 0 };
        *generation = call.handle.generation;
        // Its own chance for each offer, so that more agents meet the same callers.
        let mut random = call.luck.random(times.saturating_add(3));
        let behaviour = &self.scenario.behaviour;
        if random.random::<f64>() < behaviour.misses {
            return Reaction::LetsRing;
        }
        Reaction::Accepts(behaviour.answer.draw(&mut random))
    }

    fn talk(&mut self, call: &Call, _: AgentId) -> Span {
        self.scenario.streams[call.kind as usize].talk.draw(&mut call.luck.random(1))
    }

    fn notes(&mut self, call: &Call, _: AgentId) -> Span {
        let wrap_up = self.scenario.streams[call.kind as usize].wrap_up.as_ref();
        wrap_up.map_or(self.notes_last, |wrap_up| wrap_up.draw(&mut call.luck.random(2)))
    }

    fn arrived(&mut self, now: Timestamp, call: &Call) {
        self.tally.arrived(now, call.handle);
    }

    fn slot_changed(&mut self, now: Timestamp, agent: AgentId, slot: u8, state: SlotState) {
        if let SlotState::WrapUp { until, .. } = state {
            self.notes_last = until.since(now);
        }
        self.tally.slot_changed(now, agent, slot, state);
    }

    fn happened(&mut self, now: Timestamp, event: &Event) {
        if let Event::PresenceChanged { agent, presence, pending } = event {
            self.presences[agent.index()] = (*presence, *pending);
            if *presence == Presence::NotReady(NotReadyReason::MissedOffers) {
                self.back.insert((now + self.scenario.behaviour.back_after, *agent));
            }
        }
        self.tally.happened(now, event);
    }
}
