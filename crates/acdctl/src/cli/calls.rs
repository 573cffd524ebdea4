//! What the command line may say of calls.

use super::{CallName, Channel, NumbersArguments, Person, Treatment, key_and_value, priority};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum CallCommand {
    /// Offers a call without a PBX: the built-in adapter `manual` holds it.
    #[command(after_help = "Examples:\n  acdctl call offer --id c1 --queue billing\n  \
        acdctl call offer --id c2 --queue nurse-line --priority 9 --attribute crm=token-7\n  \
        acdctl call offer --id c3 --dialed +15550142 --caller +15550199")]
    Offer(OfferArguments),

    /// Ends a call: of the adapter `manual`, the caller hangs up; of another, you end it.
    #[command(after_help = "Examples:\n  acdctl call end --id c1\n  \
        acdctl call end --id 1700000000.42 --adapter asterisk-a --treatment voicemail")]
    End(EndArguments),

    /// Moves a waiting call to another queue.
    #[command(after_help = "Examples:\n  acdctl call move --id c1 --to front-desk\n  \
        acdctl call move --id 1700000000.42 --adapter asterisk-a --to billing --reason 'wrong menu'")]
    Move(MoveArguments),

    /// Sets a waiting call's priority, up or down.
    #[command(after_help = "Examples:\n  acdctl call priority --id c1 --priority 8\n  \
        acdctl call priority --id c1 --priority 9 --reason 'waited through a transfer'")]
    Priority(PriorityArguments),

    /// Gives a call that waits, or is offered to others, to one agent, whosever turn it is.
    ///
    /// He must be ready with a free slot, and have what it asks for; what is in the way is said.
    #[command(after_help = "Examples:\n  acdctl call give --id c1 --to ana\n  \
        acdctl call give --id 1700000000.42 --adapter asterisk-a --to ana --reason 'knows the case'")]
    Give(GiveArguments),
}

#[derive(Args, Debug)]
pub(crate) struct OfferArguments {
    /// Its id, unique among live calls of the adapter `manual`; never a telephone number.
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    /// The queue that it enters; without one, the routes of the configuration decide.
    #[arg(long, value_name = "QUEUE", default_value = "", hide_default_value = true)]
    pub(crate) queue: String,
    #[command(flatten)]
    pub(crate) numbers: NumbersArguments,
    /// 0..9: 5 is normal, 9 an emergency.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = priority)]
    pub(crate) priority: Option<u32>,
    /// Carried to the agent with the offer; may be given again. No health data.
    #[arg(long = "attribute", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) attributes: Vec<(String, String)>,
    /// By which means the caller is in touch.
    #[arg(long, value_enum, default_value_t = Channel::Voice)]
    pub(crate) channel: Channel,
    /// The agent for whom it is: it waits for him a while, if he works and may take it.
    #[arg(long, value_name = "AGENT")]
    pub(crate) preferred: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct EndArguments {
    #[command(flatten)]
    pub(crate) call: CallName,
    /// What the caller gets; without it he hears the line drop.
    #[arg(long, value_enum, value_name = "TREATMENT")]
    pub(crate) treatment: Option<Treatment>,
    #[command(flatten)]
    pub(crate) person: Person,
}

#[derive(Args, Debug)]
pub(crate) struct MoveArguments {
    #[command(flatten)]
    pub(crate) call: CallName,
    /// The queue that it goes to.
    #[arg(long, value_name = "QUEUE")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) person: Person,
}

#[derive(Args, Debug)]
pub(crate) struct GiveArguments {
    #[command(flatten)]
    pub(crate) call: CallName,
    /// The agent who is offered it.
    #[arg(long, value_name = "AGENT")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) person: Person,
}

#[derive(Args, Debug)]
pub(crate) struct PriorityArguments {
    #[command(flatten)]
    pub(crate) call: CallName,
    /// 0..9: 5 is normal, 9 an emergency.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = priority)]
    pub(crate) priority: u32,
    #[command(flatten)]
    pub(crate) person: Person,
}
