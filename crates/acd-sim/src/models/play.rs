//! One replication of a model: when its calls come, how long they talk, who is on duty, and what is
//! counted.

use super::file::Experiment;
use super::model::{Group, Model};
use super::plan::Routed;
use super::tally::Tally;
use crate::chance::{Random, Stream, luck, stream};
use crate::distribution::span;
use crate::surroundings::{Call, NewCall, Surroundings};
use acd_core::{
    AgentId, CallEntry, Command, Outcome, Priority, QueueId, SlotState, Span, Timestamp,
};
use rand_distr::{Distribution as _, Exp1, Gamma};
use std::collections::BTreeSet;

/// When every run begins; a call may have begun to wait before that.
pub(super) const START: Timestamp = Timestamp(Span::LONGEST.0);

/// So many calls come at least before any counts, however short a run is, if the model wants as many.
const WARM_UP_LEAST: u64 = 1_000;

/// What surrounds the Router in one replication.
pub(super) struct Play<'m> {
    model: &'m Model,
    entries: &'m [(QueueId, Priority)],
    /// By agent.
    group_of: &'m [u16],
    kinds: Vec<Coming>,
    teams: Vec<Team>,
    /// None before the first begins.
    period: Option<usize>,
    /// By agent.
    states: Vec<SlotState>,
    /// How many calls have come.
    come: u64,
    /// How many of those that count are not over yet.
    open: u64,
    horizon: Horizon,
    /// What has been counted.
    pub(super) tally: Tally<'m>,
}

/// The calls of one kind.
struct Coming {
    random: Random,
    next: Option<Timestamp>,
    /// By which all rates of this day are multiplied.
    busyness: f64,
}

/// The agents of a group.
struct Team {
    wanted: u32,
    present: u32,
    /// Those who are there and do nothing, and those who are away.
    idle: BTreeSet<AgentId>,
    away: BTreeSet<AgentId>,
}

/// Until when a run goes on.
enum Horizon {
    /// Those from `warm_up` on count, `calls` of them; then until all of them are over.
    Calls { warm_up: u64, calls: u64 },
    /// Calls come until then; those that are there are served to the end, or are left where they are.
    Day { end: Timestamp, drains: bool, is_over: bool },
}

impl<'m> Play<'m> {
    pub(super) fn new(
        model: &'m Model,
        routed: &'m Routed,
        effort: f64,
        seed: u64,
        replication: u64,
    ) -> Self {
        let mut day = stream(seed, replication, Stream::Day);
        let busyness = model.busyness_alpha.map_or(1.0, |alpha| {
            Gamma::new(alpha, alpha.recip()).map_or(1.0, |gamma| gamma.sample(&mut day))
        });
        let horizon = match model.experiment {
            Experiment::SteadyState { calls_per_replication, warmup_calls, .. } => Horizon::Calls {
                warm_up: times(warmup_calls, effort.min(1.0)).max(WARM_UP_LEAST.min(warmup_calls)),
                calls: times(calls_per_replication, effort).max(1),
            },
            Experiment::FiniteHorizon { horizon, drain, .. } => Horizon::Day {
                end: START + span(horizon * model.unit_us),
                drains: drain,
                is_over: false,
            },
        };
        let kinds = (0..model.kinds.len() as u32).map(|kind| {
            let random = stream(seed, replication, Stream::Calls(kind));
            Coming { random, next: None, busyness }
        });
        let teams = (0..).zip(&model.groups).map(|(group, _)| {
            let members = (0..).map(AgentId).zip(&routed.groups);
            let away = members.filter(|(_, of)| **of == group).map(|(agent, _)| agent).collect();
            Team { wanted: 0, present: 0, idle: BTreeSet::new(), away }
        });
        let mut play = Self {
            model,
            entries: &routed.entries,
            group_of: &routed.groups,
            kinds: kinds.collect(),
            teams: teams.collect(),
            period: None,
            states: vec![SlotState::Free; routed.groups.len()],
            come: 0,
            open: 0,
            horizon,
            tally: Tally::new(model, START),
        };
        for kind in 0..play.kinds.len() {
            play.kinds[kind].next = play.next_of(kind, START);
        }
        play
    }

    /// When the next call of a kind comes after `from`: the Poisson process of a rate that changes with
    /// the period.
    fn next_of(&mut self, kind: usize, from: Timestamp) -> Option<Timestamp> {
        let coming = &mut self.kinds[kind];
        let mut to_pass: f64 = Exp1.sample(&mut coming.random);
        let mut at = from.since(START).0 as f64;
        let mut period = self.model.period_of(from.since(START));
        loop {
            let rate = self.model.kinds[kind].rates[period] * coming.busyness;
            let length = self.model.period.filter(|_| period + 1 < self.model.periods);
            let end = length.map(|length| (period as f64 + 1.0) * length.0 as f64);
            match end {
                Some(end) if to_pass > rate * (end - at) => {
                    to_pass -= rate * (end - at);
                    at = end;
                    period += 1;
                }
                _ if rate > 0.0 => return self.within_day(START + span_of(at + to_pass / rate)),
                _ => return None,
            }
        }
    }

    fn within_day(&self, at: Timestamp) -> Option<Timestamp> {
        match self.horizon {
            Horizon::Day { end, .. } if at >= end => None,
            Horizon::Day { .. } | Horizon::Calls { .. } => Some(at),
        }
    }

    fn team(&mut self, agent: AgentId) -> (usize, &mut Team) {
        let group = usize::from(self.group_of[agent.index()]);
        (group, &mut self.teams[group])
    }

    /// As many come, or go, as the period wants: of those who go first whoever has nothing to do, then
    /// whoever is done first.
    fn staff(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        let period = self.model.period_of(now.since(START));
        for (index, (team, group)) in self.teams.iter_mut().zip(&self.model.groups).enumerate() {
            team.wanted = group.counts[period];
            while team.present < team.wanted
                && let Some(agent) = team.away.pop_first()
            {
                commands.extend([Command::AgentLogIn { agent }, Command::AgentReady { agent }]);
                team.idle.insert(agent);
                team.present += 1;
            }
            while team.present > team.wanted
                && let Some(agent) = team.idle.pop_first()
            {
                commands.push(Command::AgentLogOut { agent });
                team.away.insert(agent);
                team.present -= 1;
            }
            self.tally.on_duty[index].set(now, i64::from(team.present));
        }
    }

    fn group_of(&self, agent: AgentId) -> (usize, &'m Group) {
        let group = usize::from(self.group_of[agent.index()]);
        (group, &self.model.groups[group])
    }
}

fn times(calls: u64, effort: f64) -> u64 {
    (calls as f64 * effort) as u64
}

fn span_of(us: f64) -> Span {
    Span(us.round() as u64)
}

impl Surroundings for Play<'_> {
    fn next_call(&mut self) -> Option<NewCall> {
        let times = self
            .kinds
            .iter()
            .enumerate()
            .filter_map(|(kind, coming)| coming.next.map(|at| (at, kind)));
        let (at, kind) = times.min()?;
        let luck = luck(&mut self.kinds[kind].random);
        self.kinds[kind].next = self.next_of(kind, at);
        let (queue, priority) = self.entries[kind];
        let period = self.model.period_of(at.since(START));
        let patience = self.model.kinds[kind].patience.as_ref();
        let patience = patience.map(|by_period| by_period[period].draw(&mut luck.random(0)));
        let entry = CallEntry::new(queue, priority, at);
        Some(NewCall { at, entry, kind: kind as u32, patience, luck })
    }

    fn next_change(&self) -> Option<Timestamp> {
        let Some(period) = self.period else {
            return Some(START);
        };
        let end = match self.horizon {
            Horizon::Day { end, is_over: false, .. } => Some(end),
            Horizon::Day { .. } | Horizon::Calls { .. } => None,
        };
        let next_period = self.model.period.and_then(|length| {
            let next = period + 1;
            (next < self.model.periods).then(|| START + Span(length.0 * next as u64))
        });
        [next_period, end].into_iter().flatten().min()
    }

    fn change(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        if self.period.is_none() && matches!(self.horizon, Horizon::Day { .. }) {
            self.tally.open(now);
        }
        self.period = Some(self.model.period_of(now.since(START)));
        self.staff(now, commands);
        if let Horizon::Day { end, is_over, .. } = &mut self.horizon
            && *end == now
        {
            *is_over = true;
            self.tally.stop(now);
        }
    }

    fn talk(&mut self, call: &Call, agent: AgentId) -> Span {
        let kind = call.kind as usize;
        let (_, group) = self.group_of(agent);
        let own = group.skills[kind].as_ref().and_then(|skill| skill.service.as_ref());
        let period = self.model.period_of(call.arrived.since(START));
        let service = own.or(self.model.kinds[kind].service.as_ref());
        service.map_or(Span(0), |by_period| by_period[period].draw(&mut call.luck.random(1)))
    }

    fn notes(&mut self, call: &Call, agent: AgentId) -> Span {
        let (_, group) = self.group_of(agent);
        group.notes.as_ref().map_or(Span(0), |notes| notes.draw(&mut call.luck.random(2)))
    }

    fn goes_home(&mut self, agent: AgentId) -> bool {
        let (_, group) = self.group_of(agent);
        let is_done = match self.states[agent.index()] {
            SlotState::Talking { .. } => group.notes.is_none(),
            SlotState::WrapUp { .. } => true,
            _ => false,
        };
        let (_, team) = self.team(agent);
        let goes = is_done && team.present > team.wanted;
        if goes {
            team.present -= 1;
            team.away.insert(agent);
        }
        goes
    }

    fn arrived(&mut self, now: Timestamp, call: &Call) {
        if let Horizon::Calls { warm_up, calls } = self.horizon {
            if self.come == warm_up {
                self.tally.open(now);
            } else if self.come == warm_up + calls {
                self.tally.close(now);
            }
        }
        self.come += 1;
        if self.tally.counts(call) {
            self.open += 1;
        }
        self.tally.came(now, call);
    }

    fn answered(&mut self, now: Timestamp, call: &Call, agent: AgentId, _: QueueId) {
        let (group, of) = self.group_of(agent);
        let level = of.skills[call.kind as usize].as_ref().map_or(1, |skill| skill.level);
        self.tally.served(now, call, group, level);
    }

    fn ended(&mut self, now: Timestamp, call: &Call, outcome: Outcome) {
        if self.tally.counts(call) {
            self.open -= 1;
        }
        match outcome {
            Outcome::Abandoned | Outcome::ShortAbandoned => self.tally.abandoned(now, call),
            Outcome::Rejected | Outcome::Overflowed => self.tally.blocked(now, call),
            Outcome::Handled | Outcome::Vanished | Outcome::Transferred => self.tally.left(),
        }
    }

    fn slot_changed(&mut self, now: Timestamp, agent: AgentId, _: u8, state: SlotState) {
        let before = std::mem::replace(&mut self.states[agent.index()], state);
        let (was_busy, is_busy) = (before != SlotState::Free, state != SlotState::Free);
        let (group, team) = self.team(agent);
        let has_left = team.away.contains(&agent);
        match (was_busy, is_busy) {
            (false, true) => {
                team.idle.remove(&agent);
                self.tally.busy[group].add(now, 1);
            }
            (true, false) => {
                if !has_left {
                    team.idle.insert(agent);
                }
                let present = team.present;
                self.tally.busy[group].add(now, -1);
                self.tally.on_duty[group].set(now, i64::from(present));
            }
            _ => {}
        }
    }

    fn is_over(&self) -> bool {
        match self.horizon {
            Horizon::Calls { warm_up, calls } => self.come > warm_up + calls && self.open == 0,
            Horizon::Day { is_over, drains, .. } => is_over && (!drains || self.tally.live == 0),
        }
    }
}
