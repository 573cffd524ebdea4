//! A day as an operator describes it: calls that come, people who work, and the plan of his own
//! configuration, played many times.

mod arrivals;
mod figures;
mod file;
mod play;
mod read;
mod roster;
mod served;
mod staff;
mod tally;
mod teams;
#[cfg(test)]
mod tests;
mod values;

pub use figures::{Figures, Levels, Occupancy, Outcome, QueueOutcome, TeamOutcome};
pub use file::ScenarioError;
pub use staff::{Heads, Missed, Staffing};
pub use teams::{Team, teams};

use crate::distribution::Distribution;
use crate::replications::replicate;
use crate::target::ServiceTarget;
use crate::world::{Counted, Refused, World};
use acd_core::{CALLS_MAX, CallEntry, PlanDefect, QueueId, RoutingPlan, Span};
use arrivals::Arrivals;
use play::{Play, START};
use roster::Roster;
use std::sync::Arc;
use tally::Day;

/// A scenario that goes with a plan.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called; may be empty.
    pub title: String,
    /// How many days are played.
    pub replications: u64,
    /// Where chance begins.
    pub seed: u64,
    /// What surprises in it without being wrong, in sentences.
    pub remarks: Vec<String>,
    plan: Arc<RoutingPlan>,
    /// Seconds since midnight.
    from: f64,
    to: f64,
    interval: Span,
    /// Seconds.
    warm_up: f64,
    streams: Vec<Stream>,
    roster: Roster,
    behaviour: Behaviour,
    /// What is measured by in the place of each queue's own target.
    target: Option<ServiceTarget>,
}

/// Calls of one kind.
#[derive(Clone, Debug)]
struct Stream {
    name: String,
    /// How each of them enters.
    entry: CallEntry,
    arrivals: Arrivals,
    /// How many come in a day on average, warm-up apart.
    calls: f64,
    talk: Distribution,
    /// None where agents take all the time that the queue gives.
    wrap_up: Option<Distribution>,
    /// None where nobody hangs up.
    patience: Option<Distribution>,
}

/// How agents behave.
#[derive(Clone, Debug)]
struct Behaviour {
    answer: Distribution,
    /// The share of offers that are let ring.
    misses: f64,
    back_after: Span,
}

/// The most calls of all days together: the waits of all are kept.
const CALLS_PLAYED_MAX: f64 = 200e6;

/// Why a day cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The plan has a defect.
    #[error(transparent)]
    Plan(#[from] PlanDefect),
    /// What people did cannot be.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// One day tells nothing of how sure its figures are, so that no search can go by them.
    #[error("staff needs 2 replications at least, the scenario has {0}; 50 is a good number")]
    TooFewDays(u64),
    /// No agents of the configuration can be added who would take some of the calls; a sentence for each
    /// stream of such calls.
    #[error("{}", .0.join("\n"))]
    Nobody(Vec<String>),
    /// So many replications of days with so many calls, those of the warm-up among them.
    #[error(
        "{0} replications of a day with {1} calls, its warm-up included, are more than \
         {CALLS_PLAYED_MAX} calls in all: play fewer days"
    )]
    TooManyCalls(u64, f64),
    /// The Router can hold no more calls.
    #[error(
        "more than {CALLS_MAX} callers wait at once: nobody answers them and no rule ends their wait"
    )]
    TooManyWait,
}

impl Scenario {
    /// The plan that it goes with.
    #[must_use]
    pub fn plan(&self) -> &Arc<RoutingPlan> {
        &self.plan
    }

    /// When each interval begins and ends, in seconds since midnight.
    #[must_use]
    pub fn bounds(&self) -> Vec<(f64, f64)> {
        let begins = |index: usize| self.from + index as f64 * self.interval_seconds();
        let bounds = |index| (begins(index), begins(index + 1).min(self.to));
        (0..self.intervals()).map(bounds).collect()
    }

    /// The share of calls that a queue wants answered in time.
    fn wanted(&self, queue: QueueId) -> f64 {
        let own = self.plan.queues[queue.index()].service_level.answered_percent;
        self.target.map_or(f64::from(own) / 100.0, |target| target.share)
    }

    /// Within what time a call of a queue is answered in time.
    fn within(&self, queue: QueueId) -> Span {
        let own = self.plan.queues[queue.index()].service_level.within;
        self.target.map_or(own, |target| Span(target.within.as_micros() as u64))
    }

    fn intervals(&self) -> usize {
        read::parts(self.to - self.from, self.interval)
    }

    /// How many calls come in a day on average, those of the warm-up among them.
    fn calls_a_day(&self) -> f64 {
        let end = self.warm_up + self.to - self.from;
        self.streams.iter().map(|stream| stream.arrivals.expected(0.0, end)).sum()
    }

    fn interval_seconds(&self) -> f64 {
        self.interval.0 as f64 / 1e6
    }

    /// Plays the days on so many threads; after each, `done` hears how many there have been.
    ///
    /// # Errors
    /// The plan has a defect that no configuration has, what people did cannot be, or there are more
    /// calls than can be played.
    pub fn run(&self, threads: usize, done: impl Fn(u64) + Sync) -> Result<Outcome, PlayError> {
        let teams = teams(&self.plan);
        let days = self.days(&teams, self.replications, self.seed, threads, done)?;
        Ok(Outcome::of(self, &teams, &days))
    }

    fn days(
        &self,
        teams: &[Team],
        replications: u64,
        seed: u64,
        threads: usize,
        done: impl Fn(u64) + Sync,
    ) -> Result<Vec<(Day, Counted)>, PlayError> {
        let calls = self.calls_a_day();
        if replications as f64 * calls > CALLS_PLAYED_MAX {
            return Err(PlayError::TooManyCalls(replications, calls.round()));
        }
        let mut team_of = vec![0; self.plan.agents.len()];
        for (team, of) in teams.iter().enumerate() {
            of.agents.iter().for_each(|agent| team_of[agent.index()] = team);
        }
        let day = |replication| -> Result<(Day, Counted), PlayError> {
            let play = Play::new(self, &self.roster, &team_of, seed, replication);
            let mut world = World::new(Arc::clone(&self.plan), START, play)?;
            if let Err(refused) = world.run() {
                let is_full = world.surroundings.tally.calls() >= CALLS_MAX as usize;
                return Err(if is_full { PlayError::TooManyWait } else { refused.into() });
            }
            let (now, counted) = (world.router().now(), world.counted());
            Ok((world.surroundings.tally.finish(now), counted))
        };
        replicate(replications, threads, day, done)
    }
}
