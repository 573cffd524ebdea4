//! What Asterisk says: the few of its events that a call goes through, and the resources in them.

use serde::Deserialize;

/// The events that the adapter asks for; others, such as one for each variable set, stay away. The
/// filter holds back answers to requests too, if they are not named.
pub(crate) const FILTER: &[&str] = &[
    "RESTResponse",
    "StasisStart",
    "StasisEnd",
    "ChannelStateChange",
    "ChannelDestroyed",
    "ChannelHangupRequest",
    "ChannelHold",
    "ChannelUnhold",
    "DeviceStateChanged",
    "PlaybackFinished",
    "ApplicationReplaced",
    "ChannelUserevent",
];

/// One event.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum Event {
    /// A channel is in the application's hands.
    StasisStart {
        #[serde(default)]
        args: Vec<String>,
        channel: ChannelInfo,
        /// The channel in whose place it is: Asterisk has moved that one elsewhere.
        replace_channel: Option<Box<ChannelInfo>>,
    },
    /// A channel has left the application, in whatever way.
    StasisEnd {
        channel: ChannelInfo,
    },
    ChannelStateChange {
        channel: ChannelInfo,
    },
    /// A channel is gone; the only end that one has which was never answered.
    ChannelDestroyed {
        #[serde(default)]
        cause: u32,
        channel: ChannelInfo,
    },
    ChannelHangupRequest {
        #[serde(default)]
        cause: u32,
        /// Nobody at the other end hung up: Asterisk or an operator did.
        #[serde(default)]
        soft: bool,
        channel: ChannelInfo,
    },
    ChannelHold {
        channel: ChannelInfo,
    },
    ChannelUnhold {
        channel: ChannelInfo,
    },
    DeviceStateChanged {
        device_state: DeviceInfo,
    },
    PlaybackFinished {
        playback: PlaybackInfo,
    },
    /// Another program has taken the application's name.
    ApplicationReplaced,
    /// What the adapter says to itself, to see whether events reach it.
    #[serde(rename = "ChannelUserevent")]
    Echo,
    /// What a later Asterisk may say besides.
    #[serde(other)]
    Other,
}

/// A channel, as far as it matters here.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ChannelInfo {
    pub(crate) id: String,
    /// `PJSIP/201-0000002a`.
    #[serde(default)]
    pub(crate) name: String,
    /// `Down`, `Ring`, `Ringing`, `Up`, ...
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) caller: Party,
    #[serde(default)]
    pub(crate) dialplan: Dialplan,
}

impl ChannelInfo {
    /// The device that it belongs to: `PJSIP/201`.
    pub(crate) fn device(&self) -> &str {
        self.name.rsplit_once('-').map_or(self.name.as_str(), |(device, _)| device)
    }

    /// Where in the dialplan it is: `2000@from-outside`.
    pub(crate) fn place(&self) -> String {
        format!("{}@{}", self.dialplan.exten, self.dialplan.context)
    }
}

/// Who a channel says that it is.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Party {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) number: String,
}

/// Where in the dialplan a channel stands.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Dialplan {
    #[serde(default)]
    pub(crate) context: String,
    #[serde(default)]
    pub(crate) exten: String,
    #[serde(default)]
    pub(crate) app_name: String,
    /// `acd,call,billing` of `Stasis(acd,call,billing)`.
    #[serde(default)]
    pub(crate) app_data: String,
}

/// A bridge.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct BridgeInfo {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) channels: Vec<String>,
}

/// A device and how it is.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct DeviceInfo {
    pub(crate) name: String,
    /// `NOT_INUSE`, `INUSE`, `UNAVAILABLE`, ...
    pub(crate) state: String,
}

/// A device that Asterisk is configured for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct EndpointInfo {
    pub(crate) technology: String,
    pub(crate) resource: String,
}

/// Something that is being played.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct PlaybackInfo {
    pub(crate) id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_passed_over() {
        let event: Event =
            serde_json::from_str(r#"{"type": "MoonPhase", "phase": 3}"#).expect("any");
        assert!(matches!(event, Event::Other));
    }

    #[test]
    fn a_channel_names_its_device() {
        let channel = ChannelInfo { name: "PJSIP/ana-2-0000002a".to_owned(), ..Default::default() };
        assert_eq!(channel.device(), "PJSIP/ana-2");
    }
}
