//! The file itself: its tables, and what each value has to look like. A mistake is reported by the
//! reader with its line, what was found and what would be right.

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, de};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) acdd: Acdd,
    pub(super) asterisk: Asterisk,
    #[serde(default)]
    pub(super) calls: Calls,
    #[serde(default)]
    pub(super) agents: Agents,
    #[serde(default)]
    pub(super) announcements: Announcements,
    #[serde(default)]
    pub(super) sounds: BTreeMap<String, Vec<Checked<Media>>>,
    #[serde(default)]
    pub(super) headers: BTreeMap<Checked<Header>, String>,
    #[serde(default)]
    pub(super) treatments: Treatments,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acdd {
    pub(super) servers: Spanned<Vec<Checked<Server>>>,
    #[serde(default)]
    pub(super) domain: String,
    pub(super) adapter: Checked<Adapter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asterisk {
    pub(super) address: Checked<Address>,
    pub(super) user: Spanned<String>,
    pub(super) password: Option<String>,
    pub(super) password_file: Option<Spanned<String>>,
    #[serde(default = "app")]
    pub(super) app: Checked<Name>,
}

fn app() -> Checked<Name> {
    Checked("acd".to_owned())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Calls {
    pub(super) answer: bool,
    pub(super) after_agent: AfterAgent,
    pub(super) keep_while_acdd_is_away: Checked<Time>,
    pub(super) music: Option<String>,
    pub(super) transfer_context: String,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            answer: true,
            after_agent: AfterAgent::HangUp,
            keep_while_acdd_is_away: Checked(Duration::from_secs(5)),
            music: None,
            transfer_context: "acd-transfer".to_owned(),
        }
    }
}

#[derive(PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AfterAgent {
    HangUp,
    Continue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Agents {
    pub(super) endpoint: Checked<Endpoint>,
}

impl Default for Agents {
    fn default() -> Self {
        Self { endpoint: Checked("{}".to_owned()) }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Announcements {
    pub(super) first: Option<Checked<Time>>,
    pub(super) every: Option<Checked<Time>>,
    pub(super) next: Option<Vec<Checked<Media>>>,
    pub(super) position: Option<Vec<Checked<Media>>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Treatments {
    pub(super) busy: Option<Checked<Place>>,
    pub(super) voicemail: Option<Checked<Place>>,
    pub(super) message: Option<Checked<Place>>,
}

/// What a text stands for.
pub(super) trait Meaning {
    type Value;
    /// For whoever wrote something else.
    const EXPECTED: &str;

    /// `None` if the text does not mean such a thing.
    fn of(text: &str) -> Option<Self::Value>;
}

/// A text that has been found to mean something.
pub(super) struct Checked<M: Meaning>(pub(super) M::Value);

impl<'de, M: Meaning> Deserialize<'de> for Checked<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<M>(PhantomData<M>);

        impl<M: Meaning> Visitor<'_> for Text<M> {
            type Value = M::Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(M::EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<M::Value, E> {
                M::of(text).ok_or_else(|| de::Error::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Text::<M>(PhantomData)).map(Self)
    }
}

impl<M: Meaning<Value: Ord>> PartialEq for Checked<M> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<M: Meaning<Value: Ord>> Eq for Checked<M> {}

impl<M: Meaning<Value: Ord>> PartialOrd for Checked<M> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<M: Meaning<Value: Ord>> Ord for Checked<M> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

/// Where acdd listens.
pub(super) enum Server {}

impl Meaning for Server {
    type Value = String;
    const EXPECTED: &str = "acdd's gRPC address, as in \"http://127.0.0.1:7170\"";

    fn of(text: &str) -> Option<String> {
        acd_adapter::endpoint(text).is_ok().then(|| text.to_owned())
    }
}

/// What acdd or Asterisk know this adapter by.
pub(super) enum Name {}

impl Meaning for Name {
    type Value = String;
    const EXPECTED: &str = "1 to 64 of a-z, 0-9, `-`, `_`, `.`";

    fn of(text: &str) -> Option<String> {
        let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "-_.".contains(it);
        ((1..=64).contains(&text.len()) && text.chars().all(fits)).then(|| text.to_owned())
    }
}

/// A name that acdd does not use itself.
pub(super) enum Adapter {}

impl Meaning for Adapter {
    type Value = String;
    const EXPECTED: &str =
        "1 to 64 of a-z, 0-9, `-`, `_`, `.`, and not `manual`, which is acdd's own";

    fn of(text: &str) -> Option<String> {
        Name::of(text).filter(|name| name != "manual")
    }
}

/// Where Asterisk listens.
pub(super) enum Address {}

impl Meaning for Address {
    type Value = String;
    const EXPECTED: &str = "host:port of Asterisk's HTTP server, as in \"127.0.0.1:8088\"";

    fn of(text: &str) -> Option<String> {
        let (host, port) = text.rsplit_once(':')?;
        let is_host = !host.is_empty() && !host.contains(['/', '@', ' ']);
        (is_host && port.parse::<u16>().is_ok()).then(|| text.to_owned())
    }
}

/// The device of an agent, with a place for his address.
pub(super) enum Endpoint {}

impl Meaning for Endpoint {
    type Value = String;
    const EXPECTED: &str = "a device with one `{}` for the agent's address, as in \"PJSIP/{}\"";

    fn of(text: &str) -> Option<String> {
        (text.matches("{}").count() == 1).then(|| text.to_owned())
    }
}

/// Something that Asterisk can play.
pub(super) enum Media {}

impl Meaning for Media {
    type Value = String;
    const EXPECTED: &str = "what Asterisk can play: `sound:`, `recording:`, `number:`, `digits:`, `characters:` or \
         `tone:`, and then what, as in \"sound:queue-youarenext\"";

    fn of(text: &str) -> Option<String> {
        let (kind, what) = text.split_once(':')?;
        let kinds = ["sound", "recording", "number", "digits", "characters", "tone"];
        // A comma would be two.
        (kinds.contains(&kind) && !what.is_empty() && !what.contains(',')).then(|| text.to_owned())
    }
}

/// The name of a SIP header.
pub(super) enum Header {}

impl Meaning for Header {
    type Value = String;
    const EXPECTED: &str = "a header of your own, as in `X-CRM`";

    fn of(text: &str) -> Option<String> {
        let fits = |it: char| it.is_ascii_alphanumeric() || it == '-';
        (text.starts_with("X-") && text.chars().all(fits)).then(|| text.to_owned())
    }
}

/// A place in the dialplan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) context: String,
    pub(crate) extension: String,
}

impl Meaning for Place {
    type Value = Self;
    const EXPECTED: &str = "\"EXTENSION@CONTEXT\" of the dialplan";

    fn of(text: &str) -> Option<Self> {
        let (extension, context) = text.split_once('@')?;
        let place = Self { context: context.to_owned(), extension: extension.to_owned() };
        (!extension.is_empty() && !context.is_empty()).then_some(place)
    }
}

/// A length of time of a day at most.
pub(super) enum Time {}

impl Meaning for Time {
    type Value = Duration;
    const EXPECTED: &str = "a time with its unit (`ms`, `s` or `m`), as in \"20s\"";

    fn of(text: &str) -> Option<Duration> {
        let digits = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
        let number: u64 = digits.parse().ok()?;
        let span = match &text[digits.len()..] {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(number.checked_mul(60)?),
            _ => return None,
        };
        (span <= Duration::from_secs(86_400)).then_some(span)
    }
}
