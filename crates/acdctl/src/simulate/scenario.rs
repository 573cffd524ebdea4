//! Answers `simulate --config --scenario`: what comes of an operator's own configuration on a day that
//! he describes.

use super::cli::SimulateArguments;
use super::{page, progress_bar, text};
use crate::check;
use crate::failure::Failure;
use crate::output::{Output, note};
use acd_sim::scenario::{Outcome, PlayError, Scenario};
use serde::Serialize;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// What was played, and what came of it.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub(super) title: String,
    pub(super) config: String,
    pub(super) scenario: String,
    pub(super) replications: u64,
    pub(super) seed: u64,
    pub(super) remarks: Vec<String>,
    #[serde(flatten)]
    pub(super) outcome: Outcome,
}

pub(super) fn scenario(
    config: &Path,
    file: &Path,
    arguments: &SimulateArguments,
    output: Output,
) -> Result<(), Failure> {
    let mut scenario = read(config, file, output)?;
    scenario.replications = arguments.replications.unwrap_or(scenario.replications);
    scenario.seed = arguments.seed.unwrap_or(scenario.seed);
    let bar = progress_bar(scenario.replications, output);
    bar.set_message("days");
    let outcome = scenario.run(arguments.threads(), |done| bar.set_position(done));
    bar.finish_and_clear();
    let outcome = outcome.map_err(|error| not_played(file, &error))?;
    let answer = Answer {
        title: scenario.title.clone(),
        config: config.display().to_string(),
        scenario: file.display().to_string(),
        replications: scenario.replications,
        seed: scenario.seed,
        remarks: scenario.remarks.clone(),
        outcome,
    };
    if let Some(html) = &arguments.html {
        write_page(html, &page::page(&answer).html())?;
    }
    output.answer(&answer, text::text)
}

/// Reads a configuration and a scenario for it.
pub(super) fn read(config: &Path, file: &Path, output: Output) -> Result<Scenario, Failure> {
    let config = acd_config::load(config).map_err(|error| check::broken(error, output))?;
    let name = file.display();
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::Wrong(format!("cannot read {name}: {error}")))?;
    Scenario::read(&text, &Arc::new(config.plan))
        .map_err(|error| Failure::Wrong(format!("{name}: {error}")))
}

/// Why a scenario was not played: something in its file, or something on the way.
pub(super) fn not_played(file: &Path, error: &PlayError) -> Failure {
    match error {
        PlayError::TooFewDays(_)
        | PlayError::Nobody(_)
        | PlayError::TooManyCalls(..)
        | PlayError::TooManyWait => Failure::Wrong(format!("{}: {error}", file.display())),
        PlayError::Plan(_) | PlayError::Refused(_) => Failure::Refused(error.to_string()),
    }
}

fn write_page(file: &Path, html: &str) -> Result<(), Failure> {
    let name = file.display();
    fs::write(file, html)
        .map_err(|error| Failure::Refused(format!("cannot write {name}: {error}")))?;
    note(&format!("the report is in {name}"));
    Ok(())
}
