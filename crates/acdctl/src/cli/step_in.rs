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
    #[command(flatten)]
    pub(crate) end: LastingArguments,
    #[command(flatten)]
    pub(crate) person: Person,
}

/// When what a supervisor says is over.
#[derive(Args, Debug)]
pub(crate) struct LastingArguments {
    /// When that is over by itself, such as 2026-12-27T08:00:00+01:00; without an end it stays so.
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub(crate) until: Option<Instant>,
    /// After which time that is over by itself, such as 45m or 2h.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_length, conflicts_with = "until")]
    pub(crate) lasting: Option<Duration>,
}

#[derive(Args, Debug)]
pub(crate) struct SkillArguments {
    /// The agent's id.
    pub(crate) agent: String,
    /// The skill's name.
    pub(crate) skill: String,
    /// The level that he is to have, 1 to 10; none to take it from him, or as-configured.
    #[arg(value_name = "LEVEL", value_parser = parse_wanted)]
    pub(crate) wanted: WantedSkill,
    #[command(flatten)]
    pub(crate) end: LastingArguments,
    #[command(flatten)]
    pub(crate) person: Person,
}

/// What an agent is to have of a skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WantedSkill {
    Level(u8),
    Without,
    AsConfigured,
}

fn parse_wanted(word: &str) -> Result<WantedSkill, String> {
    match (word, word.parse()) {
        ("none", _) => Ok(WantedSkill::Without),
        ("as-configured", _) => Ok(WantedSkill::AsConfigured),
        (_, Ok(level @ 1..=10)) => Ok(WantedSkill::Level(level)),
        (_, _) => Err("a level is 1 to 10, or `none`, or `as-configured`".to_owned()),
    }
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
