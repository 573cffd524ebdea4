//! What a configuration file may say about channels, and which of them an agent may mix.

use crate::read::{List, choice, section};
use crate::values::Flag;
use acd_core::Channel;

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

choice! {
    /// By which means a caller is in touch.
    CallChannel {
        /// A telephone call.
        "voice" => Voice,
        /// A conversation in writing.
        "chat" => Chat,
        /// Messages that may be answered later.
        "text" => Text,
        /// A caller who wants to be called.
        "callback" => Callback,
        /// Work without a caller.
        "task" => Task,
    }
}

impl CallChannel {
    pub(crate) const fn meant(self) -> Channel {
        match self {
            Self::Voice => Channel::Voice,
            Self::Chat => Channel::Chat,
            Self::Text => Channel::Text,
            Self::Callback => Channel::Callback,
            Self::Task => Channel::Task,
        }
    }
}
