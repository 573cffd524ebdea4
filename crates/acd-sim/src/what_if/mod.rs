//! What if: recorded callers and people under two configurations, and what differs.
//!
//! Arrivals, talks, hang-ups and working hours are as recorded; everything that the configuration
//! decides is decided anew. What the record does not show (how long an answered caller would have waited,
//! how long one who hung up would have talked) is drawn, in each replication anew, and is the same under
//! both configurations: a difference between them is never chance alone.

mod changes;
mod draws;
mod fates;
mod logged;
mod patience;
mod play;
mod recording;
mod staging;
mod tally;

/// What a recording measures time in, for those who make one.
pub use acd_core::{Span, Timestamp};
pub use changes::{ChangedCall, Turn};
pub use draws::PatienceOf;
pub use fates::End;
pub use logged::Reading;
pub use patience::{Patience, Waited};
pub use play::Work;
pub use recording::{
    AtWork, Closing, Door, PresenceChange, RecordedCall, RecordedDay, RecordedEnd, Recording,
};
pub use staging::{CannotPlay, Config};
pub use tally::{Measure, Row};

use crate::replications::{Estimate, ratio, replicate};
use changes::Change;
use draws::Estimates;
use staging::{Casting, Stage};
use tally::{Ledger, Tally, WAIT_STEP_S};

/// A recording and two configurations, ready to be played.
pub struct WhatIf<'r> {
    recording: &'r Recording,
    configs: [Config; 2],
    stages: [Stage; 2],
    estimates: Estimates,
    ledger: Ledger,
}

/// How often, and from which chance on.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How many replications.
    pub replications: u64,
    /// Where chance begins.
    pub seed: u64,
    /// On how many threads.
    pub threads: usize,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Compared {
    /// All calls, then each group, priority and day.
    pub rows: Vec<RowCompared>,
    /// The calls whose fate changes in some replication, most often first.
    pub changed: Vec<ChangedCall>,
    /// How many calls change in a replication.
    pub changed_in_one: Estimate,
    /// Calls of one replication that had to draw from beyond the longest patience seen.
    pub beyond: f64,
    /// Under each configuration: the work of each of its agents in one replication.
    pub work: [Vec<WorkOfAgent>; 2],
    /// The curves of each configuration.
    pub curves: [Curves; 2],
    /// Those of the record.
    pub recorded_curves: Curves,
    /// Calls that came in all replications, under both configurations.
    pub calls_played: u64,
}

/// One row of figures.
#[derive(Clone, Debug, PartialEq)]
pub struct RowCompared {
    /// Which calls.
    pub row: Row,
    /// In the order of [`Measure::ALL`].
    pub figures: Vec<Figure>,
}

/// One measure of a row; what is none could not be measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// What.
    pub measure: Measure,
    /// As it was on the day.
    pub recorded: Option<f64>,
    /// Under each configuration.
    pub played: [Option<Estimate>; 2],
    /// The second less the first, from pairs that met the same callers.
    pub difference: Option<Estimate>,
}

impl Figure {
    /// Whether the interval of the difference excludes that there is none.
    pub fn differs(&self) -> bool {
        self.difference.is_some_and(|it| it.value.abs() > it.half_width)
    }
}

/// What an agent did, averaged over replications.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkOfAgent {
    /// Who.
    pub agent: String,
    /// Seconds that he was ready or had a call in hand.
    pub on_duty_s: f64,
    /// Seconds of that in which he was rung, talked or took notes.
    pub busy_s: f64,
    /// Calls that he answered.
    pub answered: f64,
}

/// Curves, averaged over replications.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// Callers who wait, by quarter of an hour of the day, averaged over days.
    pub waiting: Vec<f64>,
    /// Of all calls, the share answered within 0, 5, 10, … seconds.
    pub answered_within: Vec<f64>,
}

impl Curves {
    /// Seconds from one point of `answered_within` to the next.
    pub const STEP_S: u64 = WAIT_STEP_S;
}

/// One replication.
struct Replication {
    measures: [Vec<[Option<f64>; Measure::ALL.len()]>; 2],
    tallies: [Tally; 2],
    changes: Vec<Change>,
    beyond: u64,
    calls: u64,
}

impl<'r> WhatIf<'r> {
    /// Casts and routes a recording under two configurations; `maps` are queues of the record, or types,
    /// by other names.
    ///
    /// # Errors
    /// A configuration lacks what the record needs, or a map is of a name that the record does not have.
    pub fn new(
        recording: &'r Recording,
        configs: [Config; 2],
        maps: &[(String, String)],
    ) -> Result<Self, CannotPlay> {
        staging::check_maps(recording, maps)?;
        let casting = Casting::of(recording, [&configs[0].plan, &configs[1].plan]);
        let stages = [
            Stage::of(recording, &configs[0], &casting, 0, maps)?,
            Stage::of(recording, &configs[1], &casting, 1, maps)?,
        ];
        let (plan, first) = (&configs[0].plan, &stages[0]);
        let ledger = Ledger::of(recording, plan.short_abandon, |day, call| {
            let entry = &first.entries[day][call];
            (entry.priority.get(), plan.queues[entry.queue.index()].service_level.within)
        });
        let estimates = Estimates::of(recording);
        Ok(Self { recording, configs, stages, estimates, ledger })
    }

    /// What is known of the patience of each group.
    pub fn patience(&self) -> Vec<PatienceOf> {
        self.estimates.told(self.recording)
    }

    /// What a reader should know of who plays whom, and of what had to be pooled.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (stage, config) in self.stages.iter().zip(&self.configs) {
            if !stage.missing.is_empty() {
                let (count, names) = (stage.missing.len(), stage.missing.join(", "));
                let name = &config.name;
                notes.push(format!("{name}: nobody plays {names} of the record ({count} in all)"));
            }
            if !stage.besides.is_empty() {
                let id = |agent: &acd_core::AgentId| stage.plan.agents[agent.index()].id.as_str();
                let names: Vec<&str> = stage.besides.iter().map(id).collect();
                notes.push(format!(
                    "{}: at work besides those of the record, from the first who comes each day to the \
                     last who goes: {}",
                    config.name,
                    names.join(", ")
                ));
            }
        }
        let pooled = self.estimates.pooled_talks();
        if !pooled.is_empty() {
            notes.push(format!(
                "too few calls were answered to draw talks from for {}: drawn from those of all",
                pooled.join(", ")
            ));
        }
        notes
    }

    /// Plays it all; `done` hears how many replications are finished.
    ///
    /// # Errors
    /// The Router refused what the record says.
    pub fn run(&self, terms: Terms, done: impl Fn(u64) + Sync) -> Result<Compared, String> {
        let one = |replication| self.replication(terms.seed, replication);
        let all = replicate(terms.replications, terms.threads, one, done)?;
        Ok(self.compared(all))
    }

    fn replication(&self, seed: u64, replication: u64) -> Result<Replication, String> {
        let rows = self.ledger.rows.len();
        let mut tallies =
            [0, 1].map(|side: usize| Tally::new(rows, self.stages[side].plan.agents.len()));
        let (mut changes, mut beyond, mut calls) = (Vec::new(), 0, 0);
        for (number, day) in self.recording.days.iter().enumerate() {
            let (callers, drawn_beyond) =
                self.estimates.draw(day, number as u32, (seed, replication));
            beyond += drawn_beyond;
            let play = |side: usize| {
                let played = play::play(day, &self.stages[side], number, &callers);
                let at = || format!("{}, {}", self.configs[side].name, day.name);
                played.map_err(|problem| format!("{}: {problem}", at()))
            };
            let played = [play(0)?, play(1)?];
            for (tally, played) in tallies.iter_mut().zip(&played) {
                tally.add_day(&self.ledger, number, day.midnight, played);
                calls += played.counted.calls;
            }
            changes.extend(changes::changes(number as u32, &played[0].fates, &played[1].fates));
        }
        let [one, other] = &mut tallies;
        let measures = [one.measures(), other.measures()];
        Ok(Replication { measures, tallies, changes, beyond, calls })
    }

    fn compared(&self, all: Vec<Replication>) -> Compared {
        let count = all.len() as f64;
        let mut recorded = self.ledger.recorded(self.recording);
        let recorded_measures = recorded.measures();
        let rows = self.ledger.rows.iter().enumerate().map(|(at, row)| {
            let figure = |(index, measure): (usize, &Measure)| {
                let value = |side: usize| {
                    let all = all.iter();
                    mean(all.map(|it| it.measures[side][at][index]).collect())
                };
                let pairs = all.iter().map(|it| {
                    let [one, other] = [0, 1].map(|side| it.measures[side][at][index]);
                    Some(other? - one?)
                });
                Figure {
                    measure: *measure,
                    recorded: recorded_measures[at][index],
                    played: [value(0), value(1)],
                    difference: mean(pairs.collect()),
                }
            };
            let figures = Measure::ALL.iter().enumerate().map(figure).collect();
            RowCompared { row: row.clone(), figures }
        });
        let rows = rows.collect();
        let changed_in_one = all.iter().map(|it| Some(it.changes.len() as f64)).collect();
        let curves = [0, 1].map(|side: usize| self.curves(all.iter().map(|it| &it.tallies[side])));
        let work = [0, 1].map(|side: usize| self.work(side, &all));
        Compared {
            rows,
            changed_in_one: mean(changed_in_one)
                .unwrap_or(Estimate { value: 0.0, half_width: 0.0 }),
            beyond: all.iter().map(|it| it.beyond as f64).sum::<f64>() / count,
            work,
            curves,
            recorded_curves: self.curves(std::iter::once(&recorded)),
            calls_played: all.iter().map(|it| it.calls).sum(),
            changed: changes::gathered(all.into_iter().map(|it| it.changes)),
        }
    }

    fn curves<'t>(&self, of: impl Iterator<Item = &'t Tally>) -> Curves {
        let mut waiting = vec![0.0; tally::DAY_SLOTS];
        let mut answered = vec![0.0; tally::WAIT_STEPS];
        let mut count = 0.0;
        for tally in of {
            count += 1.0;
            add(&mut waiting, &tally.waiting);
            add(&mut answered, &tally.answered_after);
        }
        let (days, calls) = (self.recording.days.len() as f64, self.recording.calls() as f64);
        let mut within = 0.0;
        let up_to = |more: f64| {
            within += more;
            within / (count * calls)
        };
        Curves {
            waiting: waiting.into_iter().map(|sum| sum / (count * days)).collect(),
            answered_within: answered.into_iter().map(up_to).collect(),
        }
    }

    fn work(&self, side: usize, all: &[Replication]) -> Vec<WorkOfAgent> {
        let count = all.len() as f64;
        let agents = self.stages[side].plan.agents.iter().enumerate();
        let one = |(at, agent): (usize, &acd_core::AgentPlan)| {
            let mean = |of: fn(&Work) -> f64| {
                all.iter().map(|it| of(&it.tallies[side].work[at])).sum::<f64>() / count
            };
            WorkOfAgent {
                agent: agent.id.clone(),
                on_duty_s: mean(|work| work.on_duty.0 as f64 / 1e6),
                busy_s: mean(|work| work.busy.0 as f64 / 1e6),
                answered: mean(|work| work.answered as f64),
            }
        };
        agents.map(one).filter(|work| work.on_duty_s > 0.0).collect()
    }
}

fn add(sum: &mut [f64], more: &[f64]) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}

/// The mean over the replications in which there is a value; none if there is none in any.
fn mean(values: Vec<Option<f64>>) -> Option<Estimate> {
    let values: Vec<(f64, f64)> = values.into_iter().flatten().map(|it| (it, 1.0)).collect();
    ratio(&values)
}

#[cfg(test)]
mod tests;
