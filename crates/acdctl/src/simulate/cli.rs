//! What the command line of `simulate` may say: either models, or a configuration and a scenario.

use clap::{ArgGroup, Args};
use std::path::PathBuf;

pub(crate) const EXAMPLES: &str = "\
Examples:
  acdctl simulate --config acdd.toml --scenario tuesday.toml
  acdctl simulate --config acdd.toml --scenario tuesday.toml --html tuesday.html
  acdctl simulate --config acdd.toml --scenario tuesday.toml --json | jq '.queues[].day.offered'
  acdctl simulate --models models.json              all models, beside what is known of them
  acdctl simulate --models models.json --case mm1 --effort 0.1
  acdctl simulate --models models.json --json | jq '.cases[0].measures'

docs/simulation.md explains the scenario.

Exit codes: 0 done, and every measure of a model is where it should be; 1 one is not; 2 wrong input.";

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("played").required(true).args(["scenario", "models"]))]
pub(crate) struct SimulateArguments {
    /// The configuration whose queues, rules, routes and agents are played.
    #[arg(long, value_name = "FILE", requires = "scenario")]
    pub(crate) config: Option<PathBuf>,

    /// The day that is played: which calls come, who works when.
    #[arg(long, value_name = "FILE", requires = "config")]
    pub(crate) scenario: Option<PathBuf>,

    /// Writes the report as a page, too.
    #[arg(long, value_name = "FILE", requires = "scenario", conflicts_with = "models")]
    pub(crate) html: Option<PathBuf>,

    /// How many days are played [default: as the scenario says].
    #[arg(long, value_name = "N", requires = "scenario", conflicts_with = "models",
        value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) replications: Option<u64>,

    /// A file of queueing models with known answers.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "scenario"])]
    pub(crate) models: Option<PathBuf>,

    /// Only the model of this name; may be given again.
    #[arg(long = "case", value_name = "ID", requires = "models", conflicts_with = "scenario")]
    pub(crate) cases: Vec<String>,

    /// How long it runs, as a multiple of what the file of models says [default: 1].
    #[arg(long, value_name = "N", value_parser = effort, requires = "models",
        conflicts_with = "scenario")]
    pub(crate) effort: Option<f64>,

    /// Where chance begins: the same seed gives the same figures [default: as the scenario says, or 1].
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// On how many threads [default: one for each core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

impl SimulateArguments {
    pub(crate) fn threads(&self) -> usize {
        self.threads.map_or_else(acd_sim::cores, usize::from)
    }
}

/// A run a ten-thousandth as long says nothing, and one ten thousand times as long never ends.
fn effort(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(effort) if (1e-4..=1e4).contains(&effort) => Ok(effort),
        _ => Err("expected a number from 0.0001 to 10000, such as 0.1".to_owned()),
    }
}
