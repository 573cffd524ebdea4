//! Channels and desks: which an agent may mix, and where he takes calls of each.

use super::Compiler;
use crate::model::{Agent, ChannelName, ChannelRules, File};
use crate::notes::Key;
use crate::read::At;
use crate::values::Device;
use acd_core::{AdapterId, Channel, ChannelPlan, Channels, DeskPlan, Endpoint};

impl Compiler<'_> {
    pub(super) fn channels(&mut self, file: &File) -> Channels {
        let defaults = Channels::default();
        let said = &file.channels.value;
        let whole = Key::WHOLE;
        let key = whole.name("channels");
        Channels {
            voice: self.channel(&key, "voice", &said.voice, defaults.voice),
            chat: self.channel(&key, "chat", &said.chat, defaults.chat),
            text: self.channel(&key, "text", &said.text, defaults.text),
            task: self.channel(&key, "task", &said.task, defaults.task),
        }
    }

    fn channel(
        &mut self,
        key: &Key<'_>,
        name: &str,
        said: &At<ChannelRules>,
        default: ChannelPlan,
    ) -> ChannelPlan {
        let ChannelRules { exclusive, interruptible_by } = &said.value;
        let exclusive = exclusive.get().map_or(default.exclusive, |flag| flag.value.0);
        let Some(by) = interruptible_by.get() else {
            return ChannelPlan { exclusive, ..default };
        };
        let key = key.name(name);
        let key = key.name("interruptible_by");
        let mut channels = Vec::new();
        for (index, one) in by.value.list.iter().enumerate() {
            let Some(one) = one else { continue };
            let channel = channel(one.value);
            if channels.contains(&channel) {
                let message = "this channel is listed twice";
                self.notes.add(&key.item(index), &one.span, message, "each channel once");
            }
            channels.push(channel);
        }
        channels.sort_unstable();
        channels.dedup();
        ChannelPlan { exclusive, interruptible_by: channels }
    }

    pub(super) fn desks(&mut self, key: &Key<'_>, agent: &Agent) -> Vec<DeskPlan> {
        let (capacity, endpoints) = (&agent.capacity.value, &agent.endpoints.value);
        let said = [
            (Channel::Voice, "voice", &capacity.voice, endpoints.voice.get()),
            (Channel::Chat, "chat", &capacity.chat, endpoints.chat.get()),
            (Channel::Text, "text", &capacity.text, endpoints.text.get()),
            (Channel::Task, "task", &capacity.task, endpoints.task.get()),
        ];
        let of_endpoints = key.name("endpoints");
        let mut desks = Vec::new();
        for (channel, name, capacity, device) in said {
            let key = of_endpoints.name(name);
            let endpoint = device.and_then(|device| self.endpoint(&key, device));
            if capacity.value.0 > 0 {
                desks.push(DeskPlan { channel, capacity: capacity.value.0, endpoint });
            } else if let Some(device) = device.filter(|_| capacity.sound) {
                let message = format!("the agent takes no calls of `{name}`");
                let expected = format!("capacity = {{ {name} = 1 }}, or no endpoint for it");
                self.notes.add(&key, &device.span, message, expected);
            }
        }
        if desks.is_empty() && agent.capacity.sound {
            let message = "the agent would take no calls at all";
            let expected = "a capacity above 0 for some channel, such as { voice = 1 }";
            self.notes.add(&key.name("capacity"), &agent.capacity.span, message, expected);
        }
        desks
    }

    fn endpoint(&mut self, key: &Key<'_>, device: &At<Device>) -> Option<Endpoint> {
        let Device { adapter, address } = &device.value;
        let adapter = self.adapters.find(adapter, key, &device.span, self.notes)?;
        Some(Endpoint { adapter: AdapterId(adapter), address: address.clone() })
    }
}

const fn channel(name: ChannelName) -> Channel {
    match name {
        ChannelName::Voice => Channel::Voice,
        ChannelName::Chat => Channel::Chat,
        ChannelName::Text => Channel::Text,
        ChannelName::Task => Channel::Task,
    }
}
