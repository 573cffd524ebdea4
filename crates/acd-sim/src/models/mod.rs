//! Queueing models with known answers: each is run as a plan and a workload through the Router, and what
//! comes out is compared with what theory says.

mod file;
mod measures;
mod model;
mod plan;
mod play;
mod tally;

use crate::replications::{Estimate, ratio, replicate};
use crate::world::World;
use file::{Case, Expected, Experiment};
use model::Model;
use plan::Routed;
use play::Play;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Models, in the order of their file.
pub struct Models {
    cases: Vec<Known>,
    problems: Vec<WrongModel>,
}

/// One model, and what is known of it.
pub struct Known {
    id: String,
    title: String,
    model: Model,
    routed: Routed,
    expected: BTreeMap<String, Expected>,
}

/// A model that cannot be run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("model {id}: {problem}")]
pub struct WrongModel {
    /// Which.
    pub id: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// By how much longer than its experiment says; 1.0 is as it says.
    pub effort: f64,
    /// Where chance begins.
    pub seed: u64,
    /// On how many threads.
    pub threads: usize,
}

/// What came out of a run.
#[derive(Clone, Debug)]
pub struct Measured {
    /// By name, as the file calls them.
    pub measures: BTreeMap<String, Estimate>,
    /// Calls that came, those of warm-ups too.
    pub calls: u64,
    /// Commands that the Router was given.
    pub commands: u64,
}

/// A measure beside what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// What it should be.
    pub expected: f64,
    /// What it is; none if the model has no such measure.
    pub got: Option<Estimate>,
    /// How far apart they may be, for a run of this length.
    pub tolerance: f64,
}

impl Compared {
    /// Whether they are near enough.
    pub fn is_within(&self) -> bool {
        self.got.is_some_and(|got| (got.value - self.expected).abs() <= self.tolerance)
    }
}

impl Models {
    /// Reads a file of models. One that is wrong does not keep the others from being run.
    ///
    /// # Errors
    /// It is no file of models.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        let file: file::File = serde_json::from_str(text)?;
        let mut models = Self { cases: Vec::new(), problems: Vec::new() };
        for case in file.cases {
            match Known::read(case) {
                Ok(known) => models.cases.push(known),
                Err(wrong) => models.problems.push(wrong),
            }
        }
        Ok(models)
    }

    /// Those that cannot be run.
    pub fn problems(&self) -> &[WrongModel] {
        &self.problems
    }

    /// All that can be run.
    pub fn iter(&self) -> impl Iterator<Item = &Known> {
        self.cases.iter()
    }

    /// The one of that name.
    pub fn find(&self, id: &str) -> Option<&Known> {
        self.cases.iter().find(|case| case.id == id)
    }
}

impl Known {
    fn read(value: serde_json::Value) -> Result<Self, WrongModel> {
        let id = value.get("id").and_then(serde_json::Value::as_str).unwrap_or("without id");
        let id = id.to_owned();
        let wrong = |problem: String| WrongModel { id: id.clone(), problem };
        let case: Case = serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
        for (name, of) in &case.expected {
            let half = of.published_hw95.unwrap_or(0.0);
            for (key, off) in [("tol_abs", of.tol_abs), ("published_hw95", half)] {
                if off < 0.0 {
                    return Err(wrong(format!("{name}: {key} is {off}, must be at least 0")));
                }
            }
        }
        let model = Model::of(&case.system, case.experiment).map_err(wrong)?;
        let routed = plan::routed(&model).map_err(wrong)?;
        routed.plan.check().map_err(|defect| wrong(defect.to_string()))?;
        Ok(Self { id: case.id, title: case.title, model, routed, expected: case.expected })
    }

    /// Its name in the file.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is, for people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// How many replications a run has.
    pub fn replications(&self, run: Run) -> u64 {
        match self.model.experiment {
            Experiment::SteadyState { replications, .. } => replications,
            Experiment::FiniteHorizon { replications, .. } => {
                ((replications as f64 * run.effort) as u64).max(2)
            }
        }
    }

    /// Runs it; `done` hears how many replications are finished.
    ///
    /// # Errors
    /// The Router refused what the model did.
    pub fn run(&self, run: Run, done: impl Fn(u64) + Sync) -> Result<Measured, WrongModel> {
        let plan = Arc::new(self.routed.plan.clone());
        let one = |replication| {
            let play = Play::new(&self.model, &self.routed, run.effort, run.seed, replication);
            let world = World::new(Arc::clone(&plan), play::START, play);
            let mut world = world.map_err(|defect| defect.to_string())?;
            world.run().map_err(|refused| refused.to_string())?;
            let now = world.router().now();
            world.surroundings.tally.close(now);
            let shares = measures::measures(&self.model, &world.surroundings.tally);
            Ok((shares, world.counted()))
        };
        let replications = replicate(self.replications(run), run.threads, one, done)
            .map_err(|problem| WrongModel { id: self.id.clone(), problem })?;
        let mut sums: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        let (mut calls, mut commands) = (0, 0);
        for (shares, counted) in replications {
            calls += counted.calls;
            commands += counted.commands;
            for (name, share) in shares {
                sums.entry(name).or_default().push(share);
            }
        }
        let measures = sums.into_iter().filter_map(|(name, sums)| Some((name, ratio(&sums)?)));
        Ok(Measured { measures: measures.collect(), calls, commands })
    }

    /// What is known of it beside what a run gave.
    pub fn compare(&self, measured: &Measured, run: Run) -> BTreeMap<String, Compared> {
        let compare = |(name, expected): (&String, &Expected)| {
            let compared = Compared {
                expected: expected.value,
                got: measured.measures.get(name).copied(),
                tolerance: tolerance(*expected, run.effort),
            };
            (name.clone(), compared)
        };
        self.expected.iter().map(compare).collect()
    }
}

/// The file's tolerance is for a run as long as its experiment says. What chance adds shrinks with the
/// root of the length; what the reference itself may be off does not.
fn tolerance(of: Expected, effort: f64) -> f64 {
    // Tolerances are 4.5 standard errors, half widths of 95 % are 1.96.
    let of_reference = of.published_hw95.map_or(0.0, |half| half / 1.96 * 4.5);
    let of_chance = (of.tol_abs.powi(2) - of_reference.powi(2)).max(0.0);
    (of_chance / effort + of_reference.powi(2)).sqrt()
}
