//! What the adapter is told in its own TOML file: read, checked, and as the rest uses it.

mod file;

use crate::ari::Login;
use file::{Checked, File, Meaning, Place};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The commented example that `--print-config` writes.
pub(crate) const EXAMPLE: &str = include_str!("../../../../config/adapters/acd-asterisk.toml");

/// The settings of one adapter.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) servers: Vec<String>,
    pub(crate) domain: String,
    pub(crate) adapter: String,
    pub(crate) login: Login,
    pub(crate) answer: bool,
    pub(crate) away_after: Duration,
    pub(crate) after_agent_continue: bool,
    pub(crate) music: Option<String>,
    endpoint: String,
    pub(crate) announcements: Announcements,
    sounds: BTreeMap<String, String>,
    /// Attributes of calls by the SIP header that carries them to agents' telephones.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) treatments: BTreeMap<&'static str, Place>,
    pub(crate) transfer_context: String,
}

/// What callers are told while they wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Announcements {
    /// After so long; never if none.
    pub(crate) first: Option<Duration>,
    /// And again each time so long after.
    pub(crate) every: Option<Duration>,
    next: String,
    position: String,
}

impl Announcements {
    fn new(given: file::Announcements) -> Self {
        let media = |given: Option<Vec<Checked<file::Media>>>, otherwise: &str| {
            given.map_or(otherwise.to_owned(), |given| all(given).join(","))
        };
        let every = given.every.map(|span| span.0);
        Self {
            first: given.first.map(|span| span.0).or(every),
            every,
            next: media(given.next, "sound:queue-youarenext"),
            position: media(
                given.position,
                "sound:queue-thereare,number:{},sound:queue-callswaiting",
            ),
        }
    }

    /// What Asterisk plays to tell somebody that he stands there.
    pub(crate) fn media(&self, position: u64) -> String {
        let text = if position <= 1 { &self.next } else { &self.position };
        text.replace("{}", &position.to_string())
    }
}

impl Settings {
    /// The bridge in which callers hear music.
    pub(crate) fn hold_bridge(&self) -> String {
        format!("acd-hold-{}", self.login.app)
    }

    /// What Asterisk plays for an announcement of acdd's configuration.
    pub(crate) fn sound(&self, announcement: &str) -> String {
        let own = self.sounds.get(announcement);
        own.cloned().unwrap_or_else(|| format!("sound:{announcement}"))
    }

    /// The address that acdd would know a device by; `None` for one that no agent can have.
    pub(crate) fn address<'a>(&self, device: &'a str) -> Option<&'a str> {
        let (before, after) = self.endpoint.split_once("{}")?;
        device.strip_prefix(before)?.strip_suffix(after).filter(|address| !address.is_empty())
    }

    /// The device that acdd knows by this address.
    pub(crate) fn device(&self, address: &str) -> String {
        self.endpoint.replace("{}", address)
    }
}

/// Why settings cannot be used; says where and what would be right.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error("cannot read {path}: {source}; `acd-asterisk --print-config` writes one to begin with")]
    Unreadable { path: String, source: std::io::Error },
    #[error("{path}: {message}")]
    Unparsable { path: String, message: String },
    #[error("{path}:{line}: {key}: {message}")]
    Meaningless { path: String, line: usize, key: &'static str, message: String },
}

/// Reads and checks a file.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn read(path: &Path) -> Result<Settings, Wrong> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| Wrong::Unreadable { path: name.clone(), source })?;
    parse(&name, &text)
}

pub(crate) fn parse(path: &str, text: &str) -> Result<Settings, Wrong> {
    let file: File = toml::from_str(text)
        .map_err(|error| Wrong::Unparsable { path: path.to_owned(), message: error.to_string() })?;
    let wrong = |key, start: usize, message: String| {
        let line = text[..start.min(text.len())].matches('\n').count() + 1;
        Wrong::Meaningless { path: path.to_owned(), line, key, message }
    };
    let File { acdd, asterisk, calls, agents, announcements, sounds, headers, treatments } = file;
    if acdd.servers.get_ref().is_empty() {
        let message = format!("expected at least one: {}", file::Server::EXPECTED);
        return Err(wrong("acdd.servers", acdd.servers.span().start, message));
    }
    let password = match (asterisk.password, asterisk.password_file) {
        (Some(password), None) => password,
        (None, Some(file)) => std::fs::read_to_string(file.get_ref())
            .map_err(|error| {
                let message = format!("cannot read {}: {error}", file.get_ref());
                wrong("asterisk.password_file", file.span().start, message)
            })?
            .trim_end()
            .to_owned(),
        _ => {
            let message = "expected either asterisk.password or asterisk.password_file".to_owned();
            return Err(wrong("asterisk.user", asterisk.user.span().start, message));
        }
    };
    let places = [
        ("busy", treatments.busy),
        ("voicemail", treatments.voicemail),
        ("message", treatments.message),
    ];
    Ok(Settings {
        servers: all(acdd.servers.into_inner()),
        domain: acdd.domain,
        adapter: acdd.adapter.0,
        login: Login {
            address: asterisk.address.0,
            user: asterisk.user.into_inner(),
            password,
            app: asterisk.app.0,
        },
        answer: calls.answer,
        away_after: calls.keep_while_acdd_is_away.0,
        after_agent_continue: calls.after_agent == file::AfterAgent::Continue,
        music: calls.music,
        endpoint: agents.endpoint.0,
        announcements: Announcements::new(announcements),
        sounds: sounds.into_iter().map(|(name, media)| (name, all(media).join(","))).collect(),
        headers: headers.into_iter().map(|(name, attribute)| (name.0, attribute)).collect(),
        treatments: places.into_iter().filter_map(|(name, place)| Some((name, place?.0))).collect(),
        transfer_context: calls.transfer_context,
    })
}

fn all<M: Meaning>(list: Vec<Checked<M>>) -> Vec<M::Value> {
    list.into_iter().map(|checked| checked.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(change: impl Fn(&str) -> String) -> String {
        parse("a.toml", &change(EXAMPLE)).expect_err("it is wrong").to_string()
    }

    #[test]
    fn the_example_is_right() {
        let settings = parse("a.toml", EXAMPLE).expect("the example");
        assert_eq!(settings.hold_bridge(), "acd-hold-acd");
        assert_eq!(settings.device("PJSIP/201"), "PJSIP/201");
        assert_eq!(settings.address("PJSIP/201"), Some("PJSIP/201"));
        assert_eq!(settings.announcements.media(1), "sound:queue-youarenext");
        assert!(settings.announcements.media(4).contains("number:4"));
    }

    #[test]
    fn an_address_may_be_a_part_of_its_device_s_name() {
        let text = EXAMPLE.replace("endpoint = \"{}\"", "endpoint = \"PJSIP/{}\"");
        let settings = parse("a.toml", &text).expect("it is right");
        assert_eq!(settings.device("201"), "PJSIP/201");
        assert_eq!(settings.address("PJSIP/201"), Some("201"));
        assert_eq!(settings.address("DAHDI/201"), None);
    }

    #[test]
    fn a_mistake_is_named_with_its_line_what_was_found_and_what_would_be_right() {
        for (right, instead, words) in [
            ("[acdd]", "[acdd]\nserver = 1", "unknown field `server`, expected one of `servers`"),
            ("\"asterisk\"", "\"A B\"", "\"A B\", expected 1 to 64 of a-z"),
            ("\"asterisk\"", "\"manual\"", "not `manual`, which is acdd's own"),
            ("\"5s\"", "\"5\"", "\"5\", expected a time with its unit"),
            ("\"5s\"", "5", "integer `5`, expected a time with its unit"),
            ("[headers]", "[headers]\nVia = \"crm\"", "\"Via\", expected a header of your own"),
            ("127.0.0.1:8088", "http://127.0.0.1:8088", "8088\", expected host:port of Asterisk"),
            ("http://127.0.0.1:7170", "x y", "\"x y\", expected acdd's gRPC address"),
            ("\"hang_up\"", "\"hangup\"", "`hangup`, expected `hang_up` or `continue`"),
            ("[treatments]", "[treatments]\nvm = \"s@x\"", "`vm`, expected one of `busy`"),
            ("[treatments]", "[treatments]\nbusy = \"x\"", "\"x\", expected \"EXTENSION@CONTEXT"),
            ("sound:queue-thereare", "sund:x", "\"sund:x\", expected what Asterisk can play"),
            ("\"{}\"", "\"PJSIP/201\"", "expected a device with one `{}`"),
        ] {
            assert!(EXAMPLE.contains(right), "{right}");
            let problem = problem(|text| text.replace(right, instead));
            assert!(problem.contains(words), "{problem}");
            assert!(problem.contains(" at line "), "{problem}");
        }
        let none = problem(|text| text.replace("\"http://127.0.0.1:7170\"", ""));
        assert!(none.contains("a.toml:6: acdd.servers: expected at least one"), "{none}");
        let login =
            problem(|text| text.replace("password = ", "password_file = \"/x\"\npassword = "));
        assert!(login.contains("either asterisk.password or"), "{login}");
    }
}
