//! What the adapter knows of calls and legs, kept on their channels: it outlives the adapter.

use acd_adapter::LiveCall;
use serde::{Deserialize, Serialize};

/// The channel variable that holds a caller's `Memory`.
pub(crate) const CALL_VARIABLE: &str = "ACD_CALL";
/// Its value when the caller talks to somebody outside acdd, in a bridge of ours.
pub(super) const LEFT: &str = "left";
/// The channel variable that holds a leg's `LegMemory`: while it rings there is nothing else to know
/// it by.
pub(crate) const LEG_VARIABLE: &str = "ACD_LEG";

/// What acdd must be told of a call if it has forgotten it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    #[serde(flatten)]
    pub(super) call: LiveCall,
    /// The queue that the dialplan named when this channel came in, empty if it left that to routes;
    /// none if somebody else's came in.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(super) dialled: Option<String>,
}

/// Whom a leg connects with whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LegMemory {
    pub(super) agent: String,
    #[serde(rename = "id")]
    pub(super) call_id: String,
    /// The agent has put the caller on hold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) held: bool,
}

/// What is kept as a channel's variable.
pub(super) trait Kept: Serialize + for<'a> Deserialize<'a> {
    /// As the channel keeps it.
    fn to_variable(&self) -> String {
        // Strings, numbers and flags always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What a channel has kept.
    fn from_variable(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl Kept for Memory {}
impl Kept for LegMemory {}

#[cfg(test)]
mod tests {
    use super::*;
    use acd_adapter::Numbers;
    use std::time::SystemTime;

    #[test]
    fn what_a_channel_has_kept_is_what_was_known() {
        let attributes = [("crm".to_owned(), "a \"token\", 7".to_owned())].into();
        let call = LiveCall::new("1.7", "billing", Some(7), attributes, SystemTime::now());
        let numbers = Numbers { dialed: "2000".to_owned(), caller: "+15550199".to_owned() };
        let call = call.with_numbers(numbers);
        let memory = Memory { call, dialled: Some("billing".to_owned()) };
        assert_eq!(Memory::from_variable(&memory.to_variable()), Some(memory));
        let leg = LegMemory { agent: "ana".to_owned(), call_id: "1.7".to_owned(), held: true };
        assert_eq!(LegMemory::from_variable(&leg.to_variable()), Some(leg));
    }

    #[test]
    fn what_others_wrote_is_nothing() {
        for text in ["", "{}", "7", "{\"id\":7}", LEFT] {
            assert_eq!(Memory::from_variable(text), None, "{text}");
        }
    }
}
