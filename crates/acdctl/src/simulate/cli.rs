//! What the command line of `simulate` may say.

use clap::Args;
use std::path::PathBuf;

pub(crate) const EXAMPLES: &str = "\
Examples:
  acdctl simulate --models models.json              all models, beside what is known of them
  acdctl simulate --models models.json --case mm1 --case erlc14
  acdctl simulate --models models.json --effort 0.1 a tenth as long, and less exact
  acdctl simulate --models models.json --json | jq '.cases[0].measures'

Exit codes: 0 done, and every measure is where it should be; 1 one is not; 2 wrong input.";

#[derive(Args, Debug)]
pub(crate) struct SimulateArguments {
    /// A file of queueing models with known answers.
    #[arg(long, value_name = "FILE")]
    pub(crate) models: PathBuf,

    /// Only the model of this name; may be given again.
    #[arg(long = "case", value_name = "ID")]
    pub(crate) cases: Vec<String>,

    /// How long it runs, as a multiple of what the file says.
    #[arg(long, value_name = "N", default_value = "1.0", value_parser = effort)]
    pub(crate) effort: f64,

    /// Where chance begins: the same seed gives the same figures.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,

    /// On how many threads [default: one for each core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

/// A run a ten-thousandth as long says nothing, and one ten thousand times as long never ends.
fn effort(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(effort) if (1e-4..=1e4).contains(&effort) => Ok(effort),
        _ => Err("expected a number from 0.0001 to 10000, such as 0.1".to_owned()),
    }
}
