//! What the command line of `calls` and `watch` may say.

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct CallsArguments {
    /// Only calls that wait in this queue or were answered through it.
    #[arg(long, value_name = "QUEUE")]
    pub(crate) queue: Option<String>,
    /// At most so many.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub(crate) limit: u32,
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct WatchArguments {
    /// Rows of queues that change.
    #[arg(long)]
    pub(crate) queues: bool,
    /// Rows of skill queues that change.
    #[arg(long)]
    pub(crate) skills: bool,
    /// Rows of agents that change.
    #[arg(long)]
    pub(crate) agents: bool,
    /// Rows of calls that change.
    #[arg(long)]
    pub(crate) calls: bool,
    /// Every event, in order.
    #[arg(long)]
    pub(crate) events: bool,
    /// Why each offer was made, and which rule moved a call.
    #[arg(long)]
    pub(crate) decisions: bool,
    /// Only this queue, and calls, events and decisions that concern it; may be given again.
    #[arg(long = "queue", value_name = "QUEUE")]
    pub(crate) only_queues: Vec<String>,
    /// Only this agent, and calls, events and decisions that concern him; may be given again.
    #[arg(long = "agent", value_name = "AGENT")]
    pub(crate) only_agents: Vec<String>,
}
