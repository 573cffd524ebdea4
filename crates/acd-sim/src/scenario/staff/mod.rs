//! How many agents of each team an interval needs: a search over the simulator that begins with
//! Erlang's figures.
//!
//! A heuristic, not an optimum. First every queue's calls are given to the most specialised team that
//! may take them, in the number that Erlang A, or C where nobody hangs up, asks for. Then, round by
//! round, the day is played: where a queue misses its target in an interval, the busiest team that
//! may serve it gets more agents there. When all targets hold, with 95 % confidence, agents are taken away again, one by
//! one, where the targets still hold without them. At the end the days are played once more with
//! other chance: what is reported is not what the search has picked its numbers by. Where that misses
//! a target, one agent is put back, and the days are played with other chance again, a few times.

mod heads;
mod start;

pub use heads::Heads;

use super::figures::{Outcome, QueueOutcome};
use super::{PlayError, Scenario, Team, teams};
use crate::replications::Estimate;
use crate::target::ServiceTarget;
use acd_core::{Channel, QueueId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// So often the days are played at most, to add agents and to take them away.
const ADDING_MAX: u64 = 40;
const TAKING_MAX: u64 = 160;
/// So often at most agents are put back after a check with other chance.
const PUT_BACK_MAX: u64 = 5;
/// In all: agents are added twice; taking away begins with a play, and the last check is reported.
const PLAYS_MAX: u64 = 2 * ADDING_MAX + TAKING_MAX + 2 + PUT_BACK_MAX;
/// So many agents a team may have at a time, beside three times what Erlang asks for.
const SPARE: u32 = 12;

/// What a search has found.
#[derive(Clone, Debug, Serialize)]
pub struct Staffing {
    /// The teams, by their names.
    pub teams: Vec<String>,
    /// By interval and team: how many agents.
    pub agents: Heads,
    /// The same as Erlang's figures had it, where the search began.
    pub erlang: Heads,
    /// Hours of work in all.
    pub hours: f64,
    /// Where the target does not hold: by more than chance explains.
    pub missed: Vec<Missed>,
    /// Queues that rules bring calls to and nobody of the configuration may serve.
    pub nobody: Vec<String>,
    /// How many days were played to find it.
    pub days_played: u64,
    /// What it comes to, played with other chance than the search.
    pub outcome: Outcome,
}

/// A queue and an interval in which the target is not reached.
#[derive(Clone, Debug, Serialize)]
pub struct Missed {
    /// The queue.
    pub queue: String,
    /// When the interval begins, in seconds since midnight; in JSON a time of day.
    #[serde(serialize_with = "crate::scenario::figures::as_clock")]
    pub from: f64,
    /// The share that is wanted.
    pub wanted: f64,
    /// What there is: [`Figures::served_in_time`](super::Figures::served_in_time).
    pub level: Estimate,
}

/// A queue that is to meet its target, and who may help it.
struct Wanted {
    name: String,
    share: f64,
    /// Indices of teams.
    teams: Vec<usize>,
}

impl Scenario {
    /// Searches for the agents that each interval needs for every queue with calls to answer as many
    /// in time as `target` says, or its own service level does. After each of at most so many
    /// plays, `done` hears how many there have been and how many there will be at most.
    ///
    /// # Errors
    /// As [`run`](Self::run); or there are fewer than two replications, or calls that no agent of the
    /// configuration may take as they come.
    pub fn staff(
        &self,
        target: Option<ServiceTarget>,
        threads: usize,
        done: impl Fn(u64, u64),
    ) -> Result<Staffing, PlayError> {
        if self.replications < 2 {
            return Err(PlayError::TooFewDays(self.replications));
        }
        let unserved = self.unserved();
        if !unserved.is_empty() {
            return Err(PlayError::Nobody(unserved));
        }
        let scenario = Self { target, ..self.clone() };
        let teams = teams(&scenario.plan);
        let erlang = start::heads(&scenario, &teams);
        let most = erlang.most().into_iter().map(|most| most * 3 + SPARE).collect();
        let mut search = Search {
            scenario: &scenario,
            teams: &teams,
            threads,
            heads: erlang.clone(),
            most,
            plays: 0,
            done: &done,
        };
        search.add(ADDING_MAX)?;
        search.take_away()?;
        search.add(search.plays + ADDING_MAX)?;
        let outcome = search.check()?;
        let (heads, played) = (search.heads, search.plays);
        let names: Vec<String> = teams.iter().map(|team| team.name.clone()).collect();
        Ok(Staffing {
            teams: names,
            hours: heads.agents().map(f64::from).sum::<f64>() * scenario.interval_seconds()
                / 3_600.0
                - scenario.cut_off(&heads),
            missed: missed(&scenario, &teams, &outcome),
            nobody: nobody(&scenario, &teams, &outcome),
            days_played: played * scenario.replications,
            agents: heads,
            erlang,
            outcome,
        })
    }

    /// The hours by which the last interval is shorter than the others, of all who work in it.
    fn cut_off(&self, heads: &Heads) -> f64 {
        let whole = self.intervals() as f64 * self.interval_seconds();
        let missing = whole - (self.to - self.from);
        let last = heads.0.last().into_iter().flatten().map(|heads| f64::from(*heads));
        last.sum::<f64>() * missing / 3_600.0
    }

    /// Whether agents of a team are offered the calls of a queue that ask for nothing more.
    fn may_serve(&self, team: &Team, queue: QueueId) -> bool {
        let agent = &self.plan.agents[team.agents[0].index()];
        let of_queue = self.streams.iter().filter(|stream| stream.entry.queue == queue);
        let mut channels = of_queue.map(|stream| stream.entry.channel).peekable();
        let has_desk = match channels.peek() {
            None => agent.desk(Channel::Voice).is_some(),
            Some(_) => channels.any(|channel| agent.desk(channel).is_some()),
        };
        has_desk && agent.level_for(queue, &self.plan.queues[queue.index()].require).is_some()
    }
}

/// The queues that calls come to, in the order of an outcome.
fn wanted(scenario: &Scenario, teams: &[Team], outcome: &Outcome) -> Vec<Wanted> {
    let one = |queue: &QueueOutcome| {
        let ids = scenario.plan.queues_with_ids();
        let id = ids.into_iter().find(|(_, it)| it.name == queue.queue).map(|(id, _)| id);
        let id = id.unwrap_or_default();
        let may = |at: &usize| scenario.may_serve(&teams[*at], id);
        Wanted {
            name: queue.queue.clone(),
            share: scenario.wanted(id),
            teams: (0..teams.len()).filter(may).collect(),
        }
    };
    outcome.queues.iter().map(one).collect()
}

fn nobody(scenario: &Scenario, teams: &[Team], outcome: &Outcome) -> Vec<String> {
    let wanted = wanted(scenario, teams, outcome);
    wanted.into_iter().filter(|wanted| wanted.teams.is_empty()).map(|wanted| wanted.name).collect()
}

fn missed(scenario: &Scenario, teams: &[Team], outcome: &Outcome) -> Vec<Missed> {
    let mut missed = Vec::new();
    for (queue, wanted) in outcome.queues.iter().zip(wanted(scenario, teams, outcome)) {
        for ((from, _), figures) in outcome.intervals.iter().zip(&queue.by_interval) {
            let level = figures.served_in_time;
            if let Some(level) = level.filter(|of| of.value + of.half_width < wanted.share) {
                let (queue, from, wanted) = (queue.queue.clone(), *from, wanted.share);
                missed.push(Missed { queue, from, wanted, level });
            }
        }
    }
    missed
}

/// By interval: the queues that miss their target, and by how much.
type Short = Vec<BTreeMap<String, f64>>;

struct Search<'s> {
    scenario: &'s Scenario,
    teams: &'s [Team],
    threads: usize,
    heads: Heads,
    /// By team.
    most: Vec<u32>,
    plays: u64,
    done: &'s dyn Fn(u64, u64),
}

impl Search<'_> {
    fn play(&mut self, heads: &Heads) -> Result<Outcome, PlayError> {
        self.play_with(heads, self.scenario.seed)
    }

    fn play_with(&mut self, heads: &Heads, seed: u64) -> Result<Outcome, PlayError> {
        let staffed = heads.staffed(self.scenario, self.teams);
        let outcome = staffed.outcome(self.teams, seed, self.threads)?;
        self.plays += 1;
        (self.done)(self.plays, PLAYS_MAX);
        Ok(outcome)
    }

    /// The queues of which it is not sure that they reach their target: a target holds when even the
    /// lower end of the confidence interval reaches it.
    fn short(&self, outcome: &Outcome) -> Short {
        let wanted = wanted(self.scenario, self.teams, outcome);
        let of = |interval: usize| {
            let each = outcome.queues.iter().zip(&wanted);
            let short = each.filter_map(|(queue, wanted)| {
                let level = queue.by_interval[interval].served_in_time?;
                let short = wanted.share - (level.value - level.half_width);
                (short > 0.0).then(|| (queue.queue.clone(), short))
            });
            short.collect()
        };
        (0..outcome.intervals.len()).map(of).collect()
    }

    /// Adds agents until all targets hold, nobody can be added, or the days have been played so often.
    fn add(&mut self, plays_at_most: u64) -> Result<(), PlayError> {
        while self.plays < plays_at_most {
            let outcome = self.play(&self.heads.clone())?;
            let wanted = wanted(self.scenario, self.teams, &outcome);
            let mut changed = false;
            for (interval, queues) in self.short(&outcome).iter().enumerate() {
                let mut helped = vec![false; self.teams.len()];
                for wanted in &wanted {
                    let Some(short) = queues.get(&wanted.name) else { continue };
                    let Some(team) = self.busiest(&outcome, interval, wanted) else { continue };
                    if std::mem::replace(&mut helped[team], true) {
                        continue;
                    }
                    let heads = &mut self.heads.0[interval][team];
                    let more = (short * f64::from(*heads) / 2.0).round().max(1.0) as u32;
                    *heads = heads.saturating_add(more).min(self.most[team]);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        Ok(())
    }

    /// Of the teams that may help and may have more agents: the one whose agents have least time left.
    fn busiest(&self, outcome: &Outcome, interval: usize, wanted: &Wanted) -> Option<usize> {
        let busy = |team: usize| {
            let of = outcome.teams[team].by_interval[interval].occupancy;
            of.map_or(0.0, |occupancy| occupancy.value)
        };
        let room = |team: &&usize| self.heads.0[interval][**team] < self.most[**team];
        // Of equally busy ones the first.
        let teams = wanted.teams.iter().filter(room).rev();
        teams.copied().max_by(|a, b| busy(*a).total_cmp(&busy(*b)))
    }

    /// Takes agents away, one of a team in every other interval at a time: what is short there or
    /// in the interval after it was not, before, needs him.
    fn take_away(&mut self) -> Result<(), PlayError> {
        let outcome = self.play(&self.heads.clone())?;
        let before = self.short(&outcome);
        let (intervals, teams) = (self.heads.0.len(), self.teams.len());
        let mut needed = vec![vec![false; teams]; intervals];
        let end = self.plays + TAKING_MAX;
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for (team, parity) in (0..teams).flat_map(|team| [(team, 0), (team, 1)]) {
                let may = |at: &usize| {
                    at % 2 == parity && self.heads.0[*at][team] > 0 && !needed[*at][team]
                };
                let tried: Vec<usize> = (0..intervals).filter(may).collect();
                if tried.is_empty() || self.plays >= end {
                    continue;
                }
                let mut fewer = self.heads.clone();
                tried.iter().for_each(|at| fewer.0[*at][team] -= 1);
                let outcome = self.play(&fewer)?;
                let after = self.short(&outcome);
                for at in tried {
                    let spoiled = (at..=at + 1).filter(|at| *at < intervals).any(|at| {
                        let worse = |(queue, short): (&String, &f64)| {
                            before[at].get(queue).is_none_or(|before| short > before)
                        };
                        after[at].iter().any(worse)
                    });
                    if spoiled {
                        needed[at][team] = true;
                    } else {
                        self.heads.0[at][team] -= 1;
                        changed = true;
                    }
                }
            }
        }
        Ok(())
    }
    /// What it comes to with chance that the search has not seen. Where that misses a target, one agent
    /// of a team that may help is put back there; each check has other chance than those before it.
    fn check(&mut self) -> Result<Outcome, PlayError> {
        for round in 1..=PUT_BACK_MAX {
            let outcome = self.play_with(&self.heads.clone(), self.seed_of_check(round))?;
            if !self.put_back(&outcome) {
                return Ok(outcome);
            }
        }
        self.play_with(&self.heads.clone(), self.seed_of_check(PUT_BACK_MAX + 1))
    }

    fn seed_of_check(&self, round: u64) -> u64 {
        self.scenario.seed.wrapping_add(round)
    }

    /// Whether anybody could be put back.
    fn put_back(&mut self, outcome: &Outcome) -> bool {
        let wanted = wanted(self.scenario, self.teams, outcome);
        let mut helped = BTreeSet::new();
        for missed in missed(self.scenario, self.teams, outcome) {
            let interval = outcome.intervals.iter().position(|(from, _)| *from == missed.from);
            let of_queue = wanted.iter().find(|wanted| wanted.name == missed.queue);
            let (Some(interval), Some(wanted)) = (interval, of_queue) else { continue };
            let Some(team) = self.busiest(outcome, interval, wanted) else { continue };
            // Whom one queue gets helps the others, too.
            if helped.insert((interval, team)) {
                self.heads.0[interval][team] += 1;
            }
        }
        !helped.is_empty()
    }
}
