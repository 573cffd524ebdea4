//! What the adapter knows of a call, kept on its channel: it outlives the adapter.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The channel variable that holds it.
pub(crate) const CALL_VARIABLE: &str = "ACD_CALL";

/// Its value when the caller talks to somebody outside acdd, in a bridge of ours.
pub(super) const LEFT: &str = "left";

/// What acdd must be told of a call if it has forgotten it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// The id that acdd knows it by.
    #[serde(rename = "id")]
    pub(super) call_id: String,
    #[serde(rename = "q")]
    pub(super) queue: String,
    /// The queue that the dialplan named when this channel came in; none if somebody else's did.
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    pub(super) dialled: String,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    pub(super) priority: Option<u32>,
    #[serde(rename = "a", default, skip_serializing_if = "HashMap::is_empty")]
    pub(super) attributes: HashMap<String, String>,
    /// How long the caller had waited when the present wait began, in milliseconds.
    #[serde(rename = "w", default)]
    waited_ms: u64,
    /// When the present wait began, in milliseconds of Unix time; none while he talks.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    since_ms: Option<u64>,
}

fn unix_ms(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Memory {
    /// A caller who begins to wait.
    pub(super) fn new(
        call_id: String,
        queue: String,
        priority: Option<u32>,
        attributes: HashMap<String, String>,
        now: SystemTime,
    ) -> Self {
        let since_ms = Some(unix_ms(now));
        let dialled = queue.clone();
        Self { call_id, queue, dialled, priority, attributes, waited_ms: 0, since_ms }
    }

    /// How long he has waited in all, without talk time. A wall clock that was set back counts as
    /// no time.
    pub(super) fn waited(&self, now: SystemTime) -> Duration {
        let present = self.since_ms.map_or(0, |since| unix_ms(now).saturating_sub(since));
        Duration::from_millis(self.waited_ms.saturating_add(present))
    }

    /// He is being talked to.
    pub(super) fn talks(&mut self, now: SystemTime) {
        self.waited_ms = u64::try_from(self.waited(now).as_millis()).unwrap_or(u64::MAX);
        self.since_ms = None;
    }

    /// He waits again.
    pub(super) fn waits(&mut self, now: SystemTime) {
        if self.since_ms.is_none() {
            self.since_ms = Some(unix_ms(now));
        }
    }

    /// As the channel keeps it.
    pub(super) fn to_variable(&self) -> String {
        // Strings and numbers always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What a channel has kept.
    pub(super) fn from_variable(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// The channel variable that holds what acdd must be told of a leg: while it rings there is nothing
/// else to know it by.
pub(crate) const LEG_VARIABLE: &str = "ACD_LEG";

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

impl LegMemory {
    /// As the channel keeps it.
    pub(super) fn to_variable(&self) -> String {
        // Strings and flags always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What a channel has kept.
    pub(super) fn from_variable(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_goes_on_over_a_restart_and_stands_still_in_a_conversation() {
        let at = |secs: u64| UNIX_EPOCH + Duration::from_secs(1_000_000 + secs);
        let mut memory = Memory::new("1.7".into(), "billing".into(), Some(7), [].into(), at(0));
        memory = Memory::from_variable(&memory.to_variable()).expect("its own words");
        assert_eq!(memory.waited(at(20)), Duration::from_secs(20));
        memory.talks(at(30));
        memory = Memory::from_variable(&memory.to_variable()).expect("its own words");
        assert_eq!(memory.waited(at(100)), Duration::from_secs(30));
        memory.waits(at(100));
        memory.waits(at(110));
        assert_eq!(memory.waited(at(115)), Duration::from_secs(45));
    }

    #[test]
    fn a_clock_that_was_set_back_takes_no_wait_away() {
        let at = |secs: u64| UNIX_EPOCH + Duration::from_secs(secs);
        let mut memory = Memory::new("1.7".into(), "billing".into(), None, [].into(), at(500));
        assert_eq!(memory.waited(at(100)), Duration::ZERO);
        memory.talks(at(100));
        assert_eq!(memory.waited(at(0)), Duration::ZERO);
    }

    #[test]
    fn what_others_wrote_is_nothing() {
        for text in ["", "{}", "7", "{\"id\":7}"] {
            assert_eq!(Memory::from_variable(text), None, "{text}");
        }
    }
}
