//! What the command line of `insights` may say.

use crate::range::RangeArguments;
use clap::Args;
use std::path::PathBuf;

pub(crate) const EXAMPLES: &str = "\
Examples:
  acdctl insights --journal /var/lib/acdd/journal --from yesterday --to yesterday
  acdctl insights --journal /var/lib/acdd/journal --from '7d ago' --json | jq '.findings[].says'
  acdctl report --html today.html --journal /var/lib/acdd/journal    the same as part of a page

Exit codes: 0 done, whether something was found or not; 1 the journal cannot be read; 2 wrong usage.
docs/reports.md says when each kind is told.";

#[derive(Args, Debug)]
pub(crate) struct InsightsArguments {
    /// The folder of a daemon's journal; the daemon may run on.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: PathBuf,

    #[command(flatten)]
    pub(crate) range: RangeArguments,
}
