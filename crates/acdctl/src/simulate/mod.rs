//! Runs the Router under a virtual clock: `simulate`, `staff`.

pub(crate) mod cli;
mod models;
mod page;
mod scenario;
pub(crate) mod staff;
mod text;

pub(crate) use cli::SimulateArguments;

use crate::failure::Failure;
use crate::output::Output;
use indicatif::{ProgressBar, ProgressStyle};

pub(crate) fn simulate(arguments: &SimulateArguments, output: Output) -> Result<(), Failure> {
    match (&arguments.models, &arguments.config, &arguments.scenario) {
        (Some(file), _, _) => models::models(file, arguments, output),
        (None, Some(config), Some(file)) => scenario::scenario(config, file, arguments, output),
        // The command line asks for one or the other.
        (None, _, _) => Err(Failure::Wrong("name --config and --scenario, or --models".to_owned())),
    }
}

/// Counts up to `steps` on standard error; not at all when a program reads the answer.
fn progress_bar(steps: u64, output: Output) -> ProgressBar {
    if output.json {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(steps).with_style(style)
}
