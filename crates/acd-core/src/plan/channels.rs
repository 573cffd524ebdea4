//! Channels: by which means calls reach people, and which of them an agent may hold side by side.

/// By which means a caller and an agent are in touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// A telephone call.
    #[default]
    Voice,
    /// A conversation in writing, with somebody who waits for each answer.
    Chat,
    /// Messages that may be answered later.
    Text,
    /// A caller who wants to be called; it takes a slot for voice.
    Callback,
    /// Work without a caller.
    Task,
}

impl Channel {
    /// Every one that there is.
    pub const ALL: [Self; 5] = [Self::Voice, Self::Chat, Self::Text, Self::Callback, Self::Task];

    /// Its name in configurations and on screens.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Chat => "chat",
            Self::Text => "text",
            Self::Callback => "callback",
            Self::Task => "task",
        }
    }

    /// The channel whose slots its calls take.
    pub const fn of_slots(self) -> Self {
        match self {
            Self::Voice | Self::Callback => Self::Voice,
            Self::Chat => Self::Chat,
            Self::Text => Self::Text,
            Self::Task => Self::Task,
        }
    }
}

/// How a channel gets on with the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelPlan {
    /// While an agent holds a call of it, he is offered none of another.
    pub exclusive: bool,
    /// The exclusive channels whose calls he is offered while he holds one of this; sorted, each once.
    pub interruptible_by: Vec<Channel>,
}

/// The channels that have slots of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels {
    /// Telephone calls and callbacks.
    pub voice: ChannelPlan,
    /// Chats.
    pub chat: ChannelPlan,
    /// Messages.
    pub text: ChannelPlan,
    /// Tasks.
    pub task: ChannelPlan,
}

impl Default for Channels {
    /// Who talks is offered nothing else; everything else may be interrupted by a telephone call.
    fn default() -> Self {
        let written = ChannelPlan { exclusive: false, interruptible_by: vec![Channel::Voice] };
        Self {
            voice: ChannelPlan { exclusive: true, interruptible_by: Vec::new() },
            chat: written.clone(),
            text: written.clone(),
            task: written,
        }
    }
}

impl Channels {
    /// How the channel gets on whose slots a call takes.
    pub const fn of(&self, channel: Channel) -> &ChannelPlan {
        match channel {
            Channel::Voice | Channel::Callback => &self.voice,
            Channel::Chat => &self.chat,
            Channel::Text => &self.text,
            Channel::Task => &self.task,
        }
    }

    /// Whether an agent who holds a call in a slot for `held` may be offered one for a slot of
    /// `offered`.
    pub fn allow(&self, offered: Channel, held: Channel) -> bool {
        let (offered, held) = (offered.of_slots(), held.of_slots());
        offered == held
            || !self.of(held).exclusive
                && (!self.of(offered).exclusive
                    || self.of(held).interruptible_by.contains(&offered))
    }
}
