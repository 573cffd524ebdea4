//! The command line.

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  acd-asterisk --print-config > acd-asterisk.toml    the settings, with comments
  acd-asterisk check acd-asterisk.toml               are they right?
  acd-asterisk --config acd-asterisk.toml            run

In the dialplan, instead of Queue(billing):
  same => n,Stasis(acd,call,billing)

Exit codes: 0 stopped as told, 1 cannot go on, 2 a mistake in the command line or the settings.";

/// Connects an Asterisk to acdd.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The settings.
    #[arg(
        long,
        value_name = "FILE",
        env = "ACD_ASTERISK_CONFIG",
        default_value = "acd-asterisk.toml"
    )]
    pub(crate) config: PathBuf,
    /// Writes commented settings to standard output.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// How much is logged: error, warn, info, debug, or by module as in `info,acd_adapter=debug`.
    #[arg(long, value_name = "FILTER", env = "ACD_ASTERISK_LOG", default_value = "info")]
    pub(crate) log: String,
    #[command(subcommand)]
    pub(crate) instead: Option<Instead>,
}

/// What can be done instead of running.
#[derive(Debug, Subcommand)]
pub(crate) enum Instead {
    /// Checks settings.
    Check {
        /// The settings.
        file: PathBuf,
    },
    /// Writes a completion script to standard output.
    Completions {
        /// For which shell.
        shell: Shell,
    },
}
