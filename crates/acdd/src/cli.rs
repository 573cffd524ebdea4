//! What the command line may say.

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// The fastest that the domain's clock may run.
pub(crate) const CLOCK_SCALE_MAX: u32 = 10_000;

const EXAMPLES: &str = "\
Examples:
  acdd --demo                        everything alive at once: simulated callers and agents
  acdd                               the built-in configuration on 127.0.0.1:7170
  acdd --print-config > acdd.toml    a commented configuration to start from
  acdd --config acdd.toml            your own; `acdctl check acdd.toml` checks it beforehand
  acdd --journal /var/lib/acdd/journal --log-format json
  acdd --listen 127.0.0.1:0 --http 127.0.0.1:0 --clock-scale 60

Once it serves, one line on standard output says where, and is all that goes there:
  acdd ready grpc=127.0.0.1:7170 http=127.0.0.1:7180
Logs go to standard error.

Exit codes: 0 stopped as asked; 1 could not start or go on; 2 the command line or the
configuration is wrong.";

/// Routes calls to agents in real time: PBX adapters, agents and supervisors speak gRPC to it.
///
/// Flags override the configuration file, the file overrides the defaults.
#[derive(Debug, Parser)]
#[command(name = "acdd", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    /// The configuration; without it, the built-in one (see --print-config).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where gRPC is served; loopback only, port 0 picks a free one [default: 127.0.0.1:7170].
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,

    /// Where the wallboard, the agent page, health and status are served; loopback only [default: 127.0.0.1:7180].
    #[arg(long, value_name = "ADDR")]
    pub(crate) http: Option<String>,

    /// The folder that keeps what happened, so that a restart goes on with the same calls, ages and
    /// agents; made if it is not there.
    ///
    /// Without it, and without `path` under `[journal]`, state is kept in memory only.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,

    /// How many seconds of domain time pass in one real second, to try things out.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(CLOCK_SCALE_MAX)),
    )]
    pub(crate) clock_scale: u32,

    /// Play an adapter, callers and agents against the daemon over its own gRPC port.
    #[arg(long)]
    pub(crate) demo: bool,

    /// What to log: error, warn, info, debug, trace, or a filter such as `info,acd_engine=debug`
    /// [default: info].
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log: Option<String>,

    /// How to log [default: text].
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) log_format: Option<LogFormat>,

    /// Print the built-in configuration, commented, and exit.
    #[arg(long)]
    pub(crate) print_config: bool,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub(crate) instead: Option<Instead>,
}

/// What acdd can do other than serve.
#[derive(Debug, Subcommand)]
pub(crate) enum Instead {
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_clock_runs_at_most_ten_thousand_times_as_fast() {
        assert!(Arguments::try_parse_from(["acdd", "--clock-scale", "10000"]).is_ok());
        assert!(Arguments::try_parse_from(["acdd", "--clock-scale", "10001"]).is_err());
        assert!(Arguments::try_parse_from(["acdd", "--clock-scale", "0"]).is_err());
    }
}
