//! What the command line of `report` may say.

use crate::range::{Every, RangeArguments, every};
use clap::Args;
use std::path::PathBuf;

pub(crate) const EXAMPLES: &str = "\
Examples:
  acdctl report                                            today, until now
  acdctl report --from yesterday --to yesterday --queues
  acdctl report --from '7d ago' --interval 1d --queue billing --csv > billing.csv
  acdctl report --from 2026-03-01 --to 2026-03-31 --html march.html
  acdctl report --html today.html --journal /var/lib/acdd/journal
  acdctl report --json | jq '.queues[] | select(.target_kept == false).queue'

docs/reports.md says what the figures mean, and lists the columns.";

#[derive(Args, Debug)]
pub(crate) struct ReportArguments {
    #[command(flatten)]
    pub(crate) range: RangeArguments,

    /// A row for each so long: 15m, 30m, 1h, 4h, 1d; none for totals alone [default: none; for the curves
    /// of a page what suits the range].
    #[arg(long, value_name = "TIME", value_parser = every)]
    pub(crate) interval: Option<Every>,

    /// Only this queue; may be given again.
    #[arg(long = "queue", value_name = "QUEUE")]
    pub(crate) queue_names: Vec<String>,

    /// Only this agent; may be given again.
    #[arg(long = "agent", value_name = "AGENT")]
    pub(crate) agent_ids: Vec<String>,

    /// Only queues.
    #[arg(long, conflicts_with_all = ["agents", "agent_ids"])]
    pub(crate) queues: bool,

    /// Only agents.
    #[arg(long, conflicts_with = "queue_names")]
    pub(crate) agents: bool,

    /// Answers in comma-separated values: a row for each queue and interval, or with --agents for each
    /// agent and interval.
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,

    /// Writes a page with plots, one file that needs no network.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Adds what stands out, as `insights` tells it, by the daemon's journal in this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "csv")]
    pub(crate) journal: Option<PathBuf>,
}
