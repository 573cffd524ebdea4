//! What the command line may say.

mod agents;
mod calls;
mod step_in;
mod watching;

use crate::conform::{self, ConformArguments};
use crate::erlang::{self, ErlangArguments};
use crate::estimates::{self, EstimatesArguments};
use crate::explain::{self, ExplainArguments};
use crate::insights::cli as insights;
use crate::report::cli as report;
use crate::simulate::{cli as simulate, staff};
use crate::top::{self, TopArguments};
use crate::what_if::cli as what_if;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

pub(crate) use self::agents::{AgentCommand, AgentOfferArguments, ForceArguments, ForcedPresence};
pub(crate) use self::calls::{
    CallCommand, EndArguments, GiveArguments, MoveArguments, OfferArguments, PriorityArguments,
};
pub(crate) use self::step_in::{
    LastingArguments, MessageArguments, QueueArguments, QueueCommand, SkillArguments, WantedSkill,
};
pub(crate) use self::watching::{CallsArguments, WatchArguments};
pub(crate) use crate::channel::Channel;
pub(crate) use crate::insights::cli::InsightsArguments;
pub(crate) use crate::journal::cli::JournalCommand;
pub(crate) use crate::report::cli::ReportArguments;
pub(crate) use crate::routes::{NumbersArguments, RoutesArguments};
pub(crate) use crate::simulate::cli::SimulateArguments;
pub(crate) use crate::simulate::staff::StaffArguments;
pub(crate) use crate::trace::cli::TraceCommand;
pub(crate) use crate::what_if::cli::WhatIfArguments;

const EXAMPLES: &str = "\
Examples:
  acdctl status                                    how the daemon is
  acdctl call offer --id c1 --queue billing        a call without a PBX
  acdctl agent login ana --ready                   somebody to take it
  acdctl agent accept ana                          and to answer it
  acdctl calls                                     who waits, oldest first
  acdctl watch --calls --events                    what happens, as it happens
  acdctl top                                       the wallboard, in this terminal
  acdctl report --from yesterday --to yesterday    how it went: waits, service levels, work
  acdctl queues --json | jq '.[] | {queue, waiting}'
  acdctl check acdd.toml                           is this configuration right?
  acdctl simulate --config acdd.toml --scenario day.toml    how would that day go?
  acdctl journal verify /var/lib/acdd/journal      is this journal whole?

Exit codes: 0 done; 1 the daemon refused, or something failed; 2 wrong usage, input or
configuration; 3 no daemon answers. docs/acdctl.md lists the JSON fields.";

/// The daemon's gRPC address, unless told otherwise.
pub(crate) const SERVER: &str = "http://127.0.0.1:7170";
/// The most urgent priority.
const PRIORITY_MAX: u32 = 9;

/// The operator's client of acdd.
#[derive(Debug, Parser)]
#[command(name = "acdctl", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// What the command line says; ends the process when it is wrong.
    pub(crate) fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut arguments = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        // A variable that is set to nothing is how a shell unsets it for one command.
        let by_variable = matches.value_source("server") == Some(ValueSource::EnvVariable);
        if by_variable && arguments.common.server.is_empty() {
            SERVER.clone_into(&mut arguments.common.server);
        }
        arguments
    }
}

/// What every command understands.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// The daemon's gRPC address.
    #[arg(
        long,
        global = true,
        env = "ACDD_SERVER",
        default_value = SERVER,
        value_name = "URL",
        help_heading = "Global options"
    )]
    pub(crate) server: String,

    /// The tenant or site.
    #[arg(
        long,
        global = true,
        default_value = "main",
        value_name = "NAME",
        help_heading = "Global options"
    )]
    pub(crate) domain: String,

    /// Answer in JSON, with the stable field names of docs/acdctl.md.
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// How the daemon is: clock, calls, adapters, latencies.
    #[command(after_help = "Examples:\n  acdctl status\n  acdctl status --json | jq .decision")]
    Status,

    /// All queues: who waits, who could answer, how it went since the start.
    #[command(after_help = "Examples:\n  acdctl queues\n  \
        acdctl queues --json | jq '.[] | select(.waiting > 0)'")]
    Queues,

    /// All skill queues: the calls of one queue that ask for the same skills.
    #[command(after_help = "Examples:\n  acdctl skills\n  \
        acdctl skills --json | jq 'map({queue, require, depth})'")]
    Skills,

    /// All agents: what they do now, and since when.
    #[command(after_help = "Examples:\n  acdctl agents\n  \
        acdctl agents --json | jq -r '.[] | select(.state == \"ready\").agent'")]
    Agents,

    /// Live calls, oldest first.
    #[command(
        after_help = "Examples:\n  acdctl calls\n  acdctl calls --queue billing --limit 10\n  \
        acdctl calls --json | jq -r '.[].call_id'"
    )]
    Calls(CallsArguments),

    /// Why a call is where it is, and what would have to be otherwise for an agent to take it.
    #[command(after_help = explain::EXAMPLES)]
    Explain(ExplainArguments),

    /// Figures of queues and agents over some time: calls, waits, service levels, work, fairness.
    ///
    /// As a table; as CSV, JSON, or a page with plots. Only what is durable is counted. Without --from it is
    /// of today.
    #[command(after_help = report::EXAMPLES)]
    Report(Box<ReportArguments>),

    /// What happens, as it happens, until Ctrl-C.
    ///
    /// Without a choice, events are shown. After a lost connection it goes on where it was.
    #[command(after_help = "Examples:\n  acdctl watch\n  acdctl watch --queues --agents\n  \
        acdctl watch --decisions --queue billing\n  \
        acdctl watch --events --json | jq -c '.events[]'")]
    Watch(WatchArguments),

    /// The wallboard in a terminal: queues, agents, calls and events, as they are now.
    ///
    /// Tab or 1 to 4 choose the view, s sorts it, / filters it, enter opens a row; ? lists the keys, q quits.
    /// After a lost connection it says how old it is, and goes on by itself.
    #[command(after_help = top::EXAMPLES)]
    Top(TopArguments),

    /// Offers, ends and changes calls.
    #[command(
        subcommand,
        after_help = "Examples:\n  acdctl call offer --id c1 --queue billing\n  \
            acdctl call priority --id c1 --priority 8\n  acdctl call end --id c1"
    )]
    Call(CallCommand),

    /// Closes a queue to new calls, and opens it again.
    #[command(
        subcommand,
        after_help = "Examples:\n  acdctl queue close billing --reason 'fire alarm'\n  \
            acdctl queue open billing"
    )]
    Queue(QueueCommand),

    /// Tells agents something: one, all who serve a queue, or all; those who are logged in get it.
    #[command(
        after_help = "Examples:\n  acdctl message --agent ana 'your sister is at the desk'\n  \
        acdctl message --queue billing 'invoices went out twice: say sorry, credit follows'\n  \
        acdctl message --everybody 'fire drill at 15:00'"
    )]
    Message(MessageArguments),

    /// Acts for an agent: log in, ready, accept, wrap up; or steps in as a supervisor.
    #[command(
        subcommand,
        after_help = "Examples:\n  acdctl agent login ana --ready\n  acdctl agent accept ana\n  \
            acdctl agent not-ready ana --reason lunch"
    )]
    Agent(AgentCommand),

    /// Checks a configuration file, without a daemon.
    #[command(after_help = "Examples:\n  acdctl check acdd.toml\n  \
        acdctl check acdd.toml --json | jq '.problems[].message'\n\n\
        Exit codes: 0 it is right; 2 it has problems, or cannot be read.")]
    Check {
        /// The file.
        file: PathBuf,
    },

    /// Shows the routes of a configuration file, without a daemon; and which one a call would take.
    ///
    /// With --dialed, --caller or --attribute it says which route such a call takes, and why not those
    /// before it.
    #[command(after_help = "Examples:\n  acdctl routes acdd.toml\n  \
        acdctl routes acdd.toml --dialed +15550142 --attribute reason=appointment\n\n\
        Exit codes: 0 there is an answer; 2 the file has problems, or cannot be read.")]
    Routes(RoutesArguments),

    /// How so many agents would stand, or how many it takes, by the formulas of the books; without a
    /// daemon.
    ///
    /// Erlang C; Erlang A with --patience; Erlang B with --no-waiting. They know one queue that looks at
    /// no skills, and calls that come at random at one rate.
    #[command(after_help = erlang::EXAMPLES)]
    Erlang(ErlangArguments),

    /// Reads, proves and repairs a journal in its folder, without a daemon.
    ///
    /// All but `repair` read the journal of a daemon that runs, too, and do not disturb it.
    #[command(
        subcommand,
        after_help = "Examples:\n  acdctl journal verify /var/lib/acdd/journal\n  \
            acdctl journal dump /var/lib/acdd/journal --from 120000 --to 120050\n  \
            acdctl journal replay /var/lib/acdd/journal\n  \
            acdctl journal repair /var/lib/acdd/journal --keep-until 119876"
    )]
    Journal(JournalCommand),

    /// Runs the Router under a virtual clock, without a daemon.
    ///
    /// Calls come and people talk by chance; who gets which call is decided as the daemon would.
    #[command(after_help = simulate::EXAMPLES)]
    Simulate(Box<SimulateArguments>),

    /// Finds how many agents with which skills each interval of a day needs, without a daemon.
    #[command(after_help = staff::EXAMPLES)]
    Staff(StaffArguments),

    /// Plays recorded calls under two configurations, without a daemon, and says what differs.
    ///
    /// Callers come, talk and hang up as they did, and people are at work as they were; who gets which
    /// call is decided anew, once by each configuration.
    #[command(after_help = what_if::EXAMPLES)]
    Whatif(WhatIfArguments),

    /// What went wrong in routing, by a journal in its folder: with counts, calls to look at, and which
    /// rule, requirement, skill or agent to look at; without a daemon.
    ///
    /// It reads the journal of a daemon that runs, too, and does not disturb it. Without --from it looks at all
    /// that is kept.
    #[command(after_help = insights::EXAMPLES)]
    Insights(InsightsArguments),

    /// Plays real call logs against the daemon.
    #[command(subcommand, after_help = "Examples:\n  acdctl trace play calls.csv")]
    Trace(TraceCommand),

    /// How often acdd would have picked the call that another ACD picked, by its call log; without a
    /// daemon.
    #[command(after_help = conform::EXAMPLES)]
    Conform(ConformArguments),

    /// Says how good the estimated wait is on another ACD's call log: what acdd would have told each caller, and how
    /// long he waited.
    #[command(after_help = estimates::EXAMPLES)]
    Estimates(EstimatesArguments),

    /// Prints a script that completes commands in a shell.
    #[command(after_help = "Examples:\n  \
        acdctl completions bash > /etc/bash_completion.d/acdctl\n  \
        acdctl completions fish > ~/.config/fish/completions/acdctl.fish")]
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

/// Names a live call.
#[derive(Args, Debug)]
pub(crate) struct CallName {
    /// Its id.
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    /// The adapter that holds it.
    #[arg(long, value_name = "NAME", default_value = "manual")]
    pub(crate) adapter: String,
}

/// Who steps in; recorded with what it did.
#[derive(Args, Debug)]
pub(crate) struct Person {
    /// Who you are.
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator", hide_env = true)]
    pub(crate) actor: String,
    /// Why, in your own words. No health data, no caller data.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) reason: String,
}

/// What the adapter does with a caller whom you send away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Treatment {
    /// A busy tone.
    Busy,
    /// A mailbox.
    Voicemail,
    /// A recorded message, then hang up.
    Message,
    /// Hang up without more.
    HangUp,
}

fn priority(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(priority) if priority <= PRIORITY_MAX => Ok(priority),
        _ => Err("expected 0..9; 5 is normal, 9 an emergency".to_owned()),
    }
}

pub(crate) fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, such as crm=token-7".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_help_of_every_command_has_examples() {
        fn look(command: &clap::Command) {
            let name = command.get_name();
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:\n  acd"), "{name}: {help}");
            command.get_subcommands().for_each(look);
        }
        look(&Arguments::command());
    }
}
