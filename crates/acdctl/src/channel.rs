//! By which means callers are in touch: as an operator says it, and as it is shown.

use acd_proto::v1;
use clap::ValueEnum;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Channel {
    /// A telephone call.
    Voice,
    /// A conversation in writing.
    Chat,
    /// Messages that may be answered later.
    Text,
    /// A caller who wants to be called.
    Callback,
    /// Work without a caller.
    Task,
}

impl Channel {
    pub(crate) const fn on_the_wire(self) -> v1::Channel {
        match self {
            Self::Voice => v1::Channel::Voice,
            Self::Chat => v1::Channel::Chat,
            Self::Text => v1::Channel::Text,
            Self::Callback => v1::Channel::Callback,
            Self::Task => v1::Channel::Task,
        }
    }
}

/// As it is shown.
pub(crate) const fn word(channel: v1::Channel) -> &'static str {
    match channel {
        v1::Channel::Unspecified => "unknown",
        v1::Channel::Voice => "voice",
        v1::Channel::Chat => "chat",
        v1::Channel::Text => "text",
        v1::Channel::Callback => "callback",
        v1::Channel::Task => "task",
    }
}
