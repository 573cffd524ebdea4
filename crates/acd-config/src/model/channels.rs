//! What a configuration file may say about channels, and which of them an agent may mix.

use crate::read::{List, choice, section};
use crate::values::Flag;

section! {
    /// How the channels get on with each other.
    Channels {
        /// Telephone calls and callbacks.
        default voice: ChannelRules = "{ exclusive = true }",
        /// Chats.
        default chat: ChannelRules = "{ interruptible_by = ['voice'] }",
        /// Messages, to be answered some time.
        default text: ChannelRules = "{ interruptible_by = ['voice'] }",
        /// Work without a caller.
        default task: ChannelRules = "{ interruptible_by = ['voice'] }",
    }
}

section! {
    /// How a channel gets on with the others. What is not said is as by default.
    ChannelRules {
        /// Whether an agent who holds a call of this channel is offered none of another.
        optional exclusive: Flag,
        /// The exclusive channels whose calls an agent is offered while he holds one of this.
        optional interruptible_by: List<ChannelName>,
    }
}

choice! {
    /// A channel that has slots of its own.
    ChannelName {
        /// Telephone calls and callbacks.
        "voice" => Voice,
        /// Chats.
        "chat" => Chat,
        /// Messages.
        "text" => Text,
        /// Work without a caller.
        "task" => Task,
    }
}
