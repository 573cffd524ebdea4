//! What the command line may say to queues, and to all agents.

use super::Person;
use crate::times::{Instant, parse_instant, parse_length};
use clap::{Args, Subcommand};
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// Takes calls again.
    #[command(after_help = "Examples:\n  acdctl queue open billing\n  \
        acdctl queue open billing --for 2h --reason 'late shift'")]
    Open(QueueArguments),

    /// Closes it: its rules with `closed` act on calls that come; those that wait are served on,
    /// unless the configuration says `at_closing = "apply_rules"`.
    #[command(after_help = "Examples:\n  acdctl queue close billing --reason 'fire alarm'\n  \
        acdctl queue close billing --for 45m --reason 'staff meeting'\n  \
        acdctl queue close billing --until 2026-12-27T08:00:00+01:00")]
    Close(QueueArguments),
}

#[derive(Args, Debug)]
pub(crate) struct QueueArguments {
    /// The queue's name.
    pub(crate) queue: String,
    /// When it turns again by itself, such as 2026-12-27T08:00:00+01:00; without an end it stays so.
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub(crate) until: Option<Instant>,
    /// After which time it turns again by itself, such as 45m or 2h.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_length, conflicts_with = "until")]
    pub(crate) lasting: Option<Duration>,
    #[command(flatten)]
    pub(crate) person: Person,
}

#[derive(Args, Debug)]
pub(crate) struct MessageArguments {
    /// What they are told, at most 512 bytes. No health data, no caller data.
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) to: RecipientArguments,
    #[command(flatten)]
    pub(crate) person: Person,
}

/// Whom a message is for.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct RecipientArguments {
    /// One agent, who must be logged in.
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// All who may serve this queue.
    #[arg(long, value_name = "QUEUE")]
    pub(crate) queue: Option<String>,
    /// All.
    #[arg(long)]
    pub(crate) everybody: bool,
}
