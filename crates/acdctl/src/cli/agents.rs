//! What the command line may say for agents, and of their presence.

use super::{CallName, Person, SkillArguments};
use crate::times::parse_length;
use clap::{Args, Subcommand, ValueEnum};
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Starts work; not ready yet, unless --ready.
    #[command(after_help = "Examples:\n  acdctl agent login ana\n  acdctl agent login ana --ready")]
    Login {
        /// The agent's id.
        agent: String,
        /// Take calls at once.
        #[arg(long)]
        ready: bool,
    },

    /// Ends work; with a call in hand, once that is over.
    #[command(after_help = "Examples:\n  acdctl agent logout ana")]
    Logout {
        /// The agent's id.
        agent: String,
    },

    /// Takes calls.
    #[command(after_help = "Examples:\n  acdctl agent ready ana")]
    Ready {
        /// The agent's id.
        agent: String,
    },

    /// Takes no calls; with a call in hand, once that is over.
    #[command(after_help = "Examples:\n  acdctl agent not-ready ana\n  \
        acdctl agent not-ready ana --reason lunch")]
    NotReady {
        /// The agent's id.
        agent: String,
        /// One of the configured reasons.
        #[arg(long, value_name = "REASON", default_value = "", hide_default_value = true)]
        reason: String,
    },

    /// Takes the call that is offered.
    #[command(after_help = "Examples:\n  acdctl agent accept ana\n  \
        acdctl agent accept ana --offer 17")]
    Accept(AgentOfferArguments),

    /// Does not take the call that is offered; it goes to the next.
    #[command(after_help = "Examples:\n  acdctl agent decline ana")]
    Decline(AgentOfferArguments),

    /// Takes a call that waits, or is offered to others, whosever turn it is; it is offered to him at once.
    #[command(after_help = "Examples:\n  acdctl agent take ana --id c1\n  \
        acdctl agent take ana --id 1700000000.42 --adapter asterisk-a")]
    Take {
        /// The agent's id.
        agent: String,
        #[command(flatten)]
        call: CallName,
    },

    /// Ends wrap-up before its time.
    #[command(after_help = "Examples:\n  acdctl agent end-wrap-up ana\n  \
        acdctl agent end-wrap-up ana --disposition resolved\n  \
        acdctl agent end-wrap-up ana --call c7 --adapter webchat --disposition follow-up")]
    EndWrapUp {
        /// The agent's id.
        agent: String,
        /// How the conversation came out, one of the dispositions of its queue.
        #[arg(long, value_name = "NAME")]
        disposition: Option<String>,
        /// After this call; without it after all, but with a disposition there must be one alone.
        #[arg(long, value_name = "ID")]
        call: Option<String>,
        /// The adapter of the call.
        #[arg(long, value_name = "ADAPTER", default_value = "manual", requires = "call")]
        adapter: String,
    },

    /// Sends a heartbeat, as the agent's desktop does; from then on it must again and again.
    #[command(after_help = "Examples:\n  acdctl agent heartbeat ana\n  \
        while true; do acdctl agent heartbeat ana; sleep 10; done")]
    Heartbeat {
        /// The agent's id.
        agent: String,
    },

    /// Makes wrap-up longer, as far as the queue lets it (`wrap_up_at_most`).
    #[command(after_help = "Examples:\n  acdctl agent extend-wrap-up ana --by 30s")]
    ExtendWrapUp {
        /// The agent's id.
        agent: String,
        /// By how much, such as 30s or 2m.
        #[arg(long, value_name = "TIME", value_parser = parse_length)]
        by: Duration,
    },

    /// Gives an agent a skill for now, or takes it from him, as a supervisor; recorded with who did it and why.
    #[command(after_help = "Examples:\n  acdctl agent skill ana spanish 5 --for 2h\n  \
        acdctl agent skill ben billing none --actor wim --reason 'in training'\n  \
        acdctl agent skill ben billing as-configured")]
    Skill(SkillArguments),

    /// Sets an agent's presence as a supervisor; recorded with who did it and why.
    #[command(after_help = "Examples:\n  acdctl agent force ana not-ready\n  \
        acdctl agent force ana logged-out --actor wim --reason 'left without logging out'")]
    Force(ForceArguments),
}

#[derive(Args, Debug)]
pub(crate) struct ForceArguments {
    /// The agent's id.
    pub(crate) agent: String,
    /// What he is to be.
    #[arg(value_enum, value_name = "PRESENCE")]
    pub(crate) presence: ForcedPresence,
    #[command(flatten)]
    pub(crate) person: Person,
}

/// What a supervisor can make of an agent's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ForcedPresence {
    /// Takes calls; with a call in hand, once that is over.
    Ready,
    /// Takes no calls, at once; what he is offered goes to the next.
    NotReady,
    /// Has ended work; with a call in hand, once that is over.
    LoggedOut,
}

#[derive(Args, Debug)]
pub(crate) struct AgentOfferArguments {
    /// The agent's id.
    pub(crate) agent: String,
    /// The offer's number; needed only when several are out to the agent.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) offer: u64,
}
