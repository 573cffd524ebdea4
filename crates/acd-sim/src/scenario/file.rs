//! What the file of a scenario may say; keys that are not here are refused.

use super::values::{Clock, Lasts, Length, Names, Rate, Share};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) title: String,
    pub(super) from: Spanned<Clock>,
    pub(super) to: Spanned<Clock>,
    #[serde(default = "half_an_hour")]
    pub(super) interval: Spanned<Length>,
    pub(super) warm_up: Option<Spanned<Length>>,
    #[serde(default = "fifty")]
    pub(super) replications: Spanned<u64>,
    #[serde(default = "one")]
    pub(super) seed: u64,
    pub(super) calls: Spanned<BTreeMap<String, Spanned<Stream>>>,
    #[serde(default)]
    pub(super) shifts: Vec<Shift>,
    #[serde(default)]
    pub(super) agents: Behaviour,
}

/// A stream of calls of one kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stream {
    pub(super) queue: Option<Spanned<String>>,
    pub(super) priority: Option<Spanned<u8>>,
    pub(super) dialed: Option<String>,
    pub(super) caller: Option<String>,
    pub(super) channel: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) per_hour: Option<Spanned<Rate>>,
    pub(super) per_interval: Option<Spanned<Vec<f64>>>,
    pub(super) talk: Lasts,
    pub(super) wrap_up: Option<Lasts>,
    pub(super) patience: Option<Lasts>,
}

/// When some agents work.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shift {
    pub(super) agents: Spanned<Names>,
    pub(super) from: Spanned<Clock>,
    pub(super) to: Spanned<Clock>,
    #[serde(default)]
    pub(super) breaks: Vec<Spanned<Break>>,
}

/// When they take no calls meanwhile.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Break {
    pub(super) from: Clock,
    pub(super) to: Clock,
}

/// How agents behave.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Behaviour {
    pub(super) answer: Option<Lasts>,
    #[serde(default)]
    pub(super) misses: Share,
    pub(super) back_after: Option<Length>,
}

fn half_an_hour() -> Spanned<Length> {
    Spanned::new(0..0, Length(std::time::Duration::from_secs(1_800)))
}

fn fifty() -> Spanned<u64> {
    Spanned::new(0..0, 50)
}

fn one() -> u64 {
    1
}

/// What is wrong with a scenario, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// It is no scenario as it stands: a key, a type, a value. The text points at the line.
    #[error("{0}")]
    Unreadable(String),
    /// It can be read, and cannot be.
    #[error("line {line}: {key}: {message}")]
    Wrong {
        /// Counted from 1.
        line: usize,
        /// The dotted key.
        key: String,
        /// What is wrong, and what would be right.
        message: String,
    },
}

/// The text of a file, to point into.
#[derive(Clone, Copy)]
pub(super) struct Source<'t>(pub(super) &'t str);

impl Source<'_> {
    pub(super) fn read(self) -> Result<File, ScenarioError> {
        let text = self.0;
        toml::from_str(text)
            .map_err(|error| ScenarioError::Unreadable(error.to_string().trim_end().to_owned()))
    }

    pub(super) fn wrong(
        self,
        at: Range<usize>,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> ScenarioError {
        let before = self.0.get(..at.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ScenarioError::Wrong { line, key: key.into(), message: message.into() }
    }
}
