//! How times, shares, states and events are written, in the words and signs of the wallboard's pages.

use crate::times::{Instant, elapsed, time_of_day as to_the_millisecond};
use acd_proto::v1;
use std::time::Duration;

/// What stands where there is nothing to say.
pub(super) const NOTHING: &str = "–";

/// The states of agents, most demanding first: as the wire says them, in words, as a sign.
pub(super) const AGENT_STATES: [(&str, &str, &str); 8] = [
    ("talking", "talking", "●"),
    ("held", "on hold", "◍"),
    ("connecting", "connecting", "◐"),
    ("reserved", "ringing", "◌"),
    ("wrap_up", "wrap-up", "✎"),
    ("ready", "ready", "○"),
    ("not_ready", "not ready", "◇"),
    ("logged_out", "logged out", "·"),
];

/// What only says what another event says too.
const BESIDE: [&str; 4] = ["slot_changed", "offer_ringing", "place_left", "call_connecting"];

/// `0:07`, `12:41`, `1:02:33`, `2d 04h`.
pub(super) fn length(length: Duration) -> String {
    let whole = length.as_secs();
    let (days, hours, minutes, seconds) =
        (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60);
    if days > 0 {
        format!("{days}d {hours:02}h")
    } else if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A length of the wire, or nothing.
pub(super) fn span(span: Option<&prost_types::Duration>) -> String {
    span.map_or_else(nothing, |span| length(crate::times::length(Some(span))))
}

/// How long ago an instant was, or nothing.
pub(super) fn age(since: Option<&Instant>, now: &Instant) -> String {
    since.and_then(|since| elapsed(since, now)).map_or_else(nothing, length)
}

/// The same as people say it: `20s`, `1m 30s`, `2h`.
pub(super) fn said(length: Duration) -> String {
    let whole = length.as_secs();
    let parts = [(whole / 3_600, "h"), (whole / 60 % 60, "m"), (whole % 60, "s")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(many, _)| *many > 0)
        .map(|(many, unit)| format!("{many}{unit}"))
        .collect();
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// `83%`, or nothing.
pub(super) fn percent(percent: Option<f64>) -> String {
    percent.map_or_else(nothing, |percent| format!("{}%", percent.round()))
}

pub(super) fn nothing() -> String {
    NOTHING.to_owned()
}

/// The time of day here, to the second.
pub(super) fn time_of_day(at: &Instant) -> String {
    to_the_millisecond(at).chars().take_while(|it| *it != '.').collect()
}

/// Where a state of agents stands among all, and what stands for it.
pub(super) fn agent_state(state: &str) -> (usize, &'static str) {
    let place = AGENT_STATES.iter().position(|(name, ..)| *name == state);
    place.map_or((AGENT_STATES.len(), "?"), |place| (place, AGENT_STATES[place].2))
}

/// `talking`, `not ready: lunch`, `ready (device busy)`.
pub(super) fn state_words(agent: &v1::Agent) -> String {
    let known = AGENT_STATES.iter().find(|(name, ..)| *name == agent.state);
    let words = known.map_or_else(|| spaced(&agent.state), |(_, words, _)| (*words).to_owned());
    if agent.state == "not_ready" && !agent.reason.is_empty() {
        format!("{words}: {}", spaced(&agent.reason))
    } else if agent.state == "ready" && agent.device() == v1::DeviceState::Busy {
        format!("{words} (device busy)")
    } else {
        words
    }
}

/// What comes after the call that he has, if he has asked for something.
pub(super) fn next_words(agent: &v1::Agent) -> String {
    let pending = match agent.pending() {
        v1::Presence::Unspecified => return String::new(),
        pending => spaced(crate::rows::presence(pending)),
    };
    format!("{pending} {}", spaced(&agent.pending_reason)).trim_end().to_owned()
}

/// Where a state of calls stands among all, the sign and the word for it.
pub(super) const fn call_state(state: v1::CallState) -> (u8, &'static str, &'static str) {
    match state {
        v1::CallState::Waiting => (0, "◷", "waiting"),
        v1::CallState::Offering => (1, "◌", "offering"),
        v1::CallState::Connecting => (2, "◐", "connecting"),
        v1::CallState::Connected => (3, "●", "connected"),
        v1::CallState::Held => (4, "◍", "held"),
        v1::CallState::Ended => (5, "·", "ended"),
        v1::CallState::Unspecified => (6, "?", "unknown"),
    }
}

/// What happened, in a few words.
pub(super) fn event_words(event: &v1::Event) -> String {
    let more: Vec<String> = [&event.detail, &event.reason]
        .into_iter()
        .filter(|it| !it.is_empty())
        .map(|it| spaced(it))
        .collect();
    let words = spaced(&event.kind);
    if more.is_empty() { words } else { format!("{words}: {}", more.join(", ")) }
}

/// Who caused an event, and why, where he said so.
pub(super) fn origin_words(event: &v1::Event) -> String {
    let Some(origin) = &event.origin else { return String::new() };
    match origin.kind() {
        v1::origin::Kind::Person if !origin.reason.is_empty() => {
            format!("{}: {}", origin.name, origin.reason)
        }
        v1::origin::Kind::Person | v1::origin::Kind::Adapter => origin.name.clone(),
        v1::origin::Kind::Time => "time".to_owned(),
        v1::origin::Kind::Plan => "plan".to_owned(),
        v1::origin::Kind::Unspecified => String::new(),
    }
}

/// Another event says the same, so that it is not listed.
pub(super) fn is_beside(event: &v1::Event) -> bool {
    BESIDE.contains(&event.kind.as_str())
}

pub(super) fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_on_the_wallboard() {
        let length = |seconds| length(Duration::from_secs(seconds));
        assert_eq!(length(7), "0:07");
        assert_eq!(length(12 * 60 + 41), "12:41");
        assert_eq!(length(3_600 + 2 * 60 + 33), "1:02:33");
        assert_eq!(length(2 * 86_400 + 4 * 3_600), "2d 04h");
        let said = |seconds| said(Duration::from_secs(seconds));
        assert_eq!((said(0), said(20), said(90)), ("0s".into(), "20s".into(), "1m 30s".into()));
        assert_eq!(said(7_200), "2h");
    }

    #[test]
    fn an_agents_state_names_the_reason_that_explains_it() {
        let agent = |state: &str, reason: &str| v1::Agent {
            state: state.to_owned(),
            reason: reason.to_owned(),
            ..v1::Agent::default()
        };
        assert_eq!(state_words(&agent("not_ready", "missed_offers")), "not ready: missed offers");
        assert_eq!(state_words(&agent("held", "")), "on hold");
        let busy = v1::Agent { device: v1::DeviceState::Busy.into(), ..agent("ready", "") };
        assert_eq!(state_words(&busy), "ready (device busy)");
        let leaves = v1::Agent {
            pending: v1::Presence::NotReady.into(),
            pending_reason: "lunch".to_owned(),
            ..agent("talking", "")
        };
        assert_eq!(next_words(&leaves), "not ready lunch");
    }

    #[test]
    fn an_event_says_what_how_and_who() {
        let event = v1::Event {
            kind: "presence_changed".to_owned(),
            detail: "not_ready".to_owned(),
            reason: "forced".to_owned(),
            origin: Some(v1::Origin {
                kind: v1::origin::Kind::Person.into(),
                name: "wim".to_owned(),
                reason: "fire drill".to_owned(),
            }),
            ..v1::Event::default()
        };
        assert_eq!(event_words(&event), "presence changed: not ready, forced");
        assert_eq!(origin_words(&event), "wim: fire drill");
    }
}
