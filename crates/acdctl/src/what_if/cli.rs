//! What the command line of `whatif` may say.

use clap::{ArgGroup, Args};
use jiff::civil::Date;
use std::path::PathBuf;

pub(crate) const EXAMPLES: &str = "\
Examples:
  acdctl whatif --trace calls.csv --config now.toml --config new.toml
  acdctl whatif --trace calls.csv --day 2026-03-10 --map PS=billing --config now.toml --config new.toml
  acdctl whatif --journal /var/lib/acdd/journal --config now.toml --config new.toml --html report.html
  acdctl whatif --trace calls.csv --config now.toml --config new.toml --json | jq '.rows[0].measures'

The first configuration is what the second is compared with. Beside it stands how the day really was.

Exit codes: 0 done; 1 it could not be played; 2 wrong usage, input or configuration. docs/what-if.md
says what is recorded, what is drawn, and what the intervals mean.";

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("record").required(true).args(["trace", "journal"]))]
pub(crate) struct WhatIfArguments {
    /// A call log in CSV, with the columns that `trace play` reads.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// The folder of a daemon's journal.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,

    /// A configuration; given twice: the one to compare with, then the other.
    #[arg(long = "config", value_name = "FILE", required = true)]
    pub(crate) configs: Vec<PathBuf>,

    /// Only this day, YYYY-MM-DD; may be given again [default: every day that is recorded].
    #[arg(long = "day", value_name = "DAY", value_parser = day)]
    pub(crate) days: Vec<Date>,

    /// The queue that calls of a type, or of a queue of the record, enter; may be given again [default:
    /// the queue of the same name].
    #[arg(long = "map", value_name = "NAME=QUEUE", value_parser = crate::cli::key_and_value)]
    pub(crate) maps: Vec<(String, String)>,

    /// The priority of calls that a call log calls high.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 6,
        conflicts_with = "journal",
        value_parser = clap::value_parser!(u8).range(0..=9)
    )]
    pub(crate) high_priority: u8,

    /// Takes the people of a call log for ready from their first call of a day to the end of their last,
    /// also while callers waited for them.
    #[arg(long, conflicts_with = "journal")]
    pub(crate) no_breaks: bool,

    /// How often what is not recorded is drawn anew.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub(crate) replications: u32,

    /// Where chance begins: the same seed gives the same figures.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// On how many threads [default: one for each core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,

    /// Lists so many of the calls whose fate changes.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) calls: usize,

    /// Writes a report with pictures, one file that needs no network.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "expected a day as YYYY-MM-DD".to_owned())
}
