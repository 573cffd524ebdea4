//! What a configuration file may say about channels, and which of them an agent may mix.

use crate::notes::{Key, Notes};
use crate::read::{List, Node, Read, choice, section};
use crate::values::Flag;
use acd_core::Channel;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::collections::BTreeSet;
use toml::de::DeValue;

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

/// One channel or several, each once.
#[derive(Clone, Debug)]
pub(crate) struct CallChannels(pub(crate) BTreeSet<Channel>);

impl Read for CallChannels {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let DeValue::Array(_) = node.get_ref() else {
            let one = CallChannel::read(node, key, notes)?;
            return Some(Self(BTreeSet::from([one.meant()])));
        };
        let found = List::<CallChannel>::read(node, key, notes)?;
        if found.list.is_empty() {
            let expected = "at least one channel, such as \"chat\"";
            notes.add(key, &node.span(), "this is empty", expected);
        }
        let mut channels = BTreeSet::new();
        for (index, channel) in found.list.iter().enumerate() {
            let Some(channel) = channel else { continue };
            if !channels.insert(channel.value.meant()) {
                let message = "this channel is listed twice";
                notes.add(&key.item(index), &channel.span, message, "each channel once");
            }
        }
        Some(Self(channels))
    }
}

impl JsonSchema for CallChannels {
    fn schema_name() -> Cow<'static, str> {
        "CallChannels".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<CallChannel>();
        let several =
            json_schema!({ "type": "array", "items": one, "minItems": 1, "uniqueItems": true });
        json_schema!({ "anyOf": [one, several] })
    }
}
