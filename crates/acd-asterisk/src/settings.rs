//! What the adapter is told in its own TOML file: read, checked, and as the rest uses it.

use crate::ari::Login;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;

/// The commented example that `--print-config` writes.
pub(crate) const EXAMPLE: &str = include_str!("../../../config/adapters/acd-asterisk.toml");

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
    pub(crate) treatments: BTreeMap<String, Place>,
    pub(crate) transfer_context: String,
}

/// Where in the dialplan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) context: String,
    pub(crate) extension: String,
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
    #[error("cannot read {path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("{path}: {message}")]
    Unparsable { path: String, message: String },
    #[error("{path}:{line}: {key}: {message}")]
    Meaningless { path: String, line: usize, key: &'static str, message: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    acdd: AcddTable,
    asterisk: AsteriskTable,
    #[serde(default)]
    calls: CallsTable,
    #[serde(default)]
    agents: AgentsTable,
    #[serde(default)]
    announcements: AnnouncementsTable,
    #[serde(default)]
    sounds: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    headers: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    treatments: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcddTable {
    servers: Vec<Spanned<String>>,
    #[serde(default)]
    domain: String,
    adapter: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AsteriskTable {
    address: Spanned<String>,
    user: Spanned<String>,
    password: Option<String>,
    password_file: Option<Spanned<String>>,
    #[serde(default = "app")]
    app: Spanned<String>,
}

fn app() -> Spanned<String> {
    Spanned::new(0..0, "acd".to_owned())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CallsTable {
    answer: bool,
    after_agent: Spanned<String>,
    keep_while_acdd_is_away: Spanned<String>,
    music: Option<String>,
    transfer_context: String,
}

impl Default for CallsTable {
    fn default() -> Self {
        let spanned = |text: &str| Spanned::new(0..0, text.to_owned());
        Self {
            answer: true,
            after_agent: spanned("hang_up"),
            keep_while_acdd_is_away: spanned("5s"),
            music: None,
            transfer_context: "acd-transfer".to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AgentsTable {
    endpoint: Spanned<String>,
}

impl Default for AgentsTable {
    fn default() -> Self {
        Self { endpoint: Spanned::new(0..0, "{}".to_owned()) }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct AnnouncementsTable {
    first: Option<Spanned<String>>,
    every: Option<Spanned<String>>,
    next: Option<Vec<String>>,
    position: Option<Vec<String>>,
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
    Check { path, text }.settings(file)
}

struct Check<'a> {
    path: &'a str,
    text: &'a str,
}

impl Check<'_> {
    fn settings(&self, file: File) -> Result<Settings, Wrong> {
        let File { acdd, asterisk, calls, agents, announcements, sounds, headers, treatments } =
            file;
        self.names("acdd.adapter", &acdd.adapter)?;
        self.names("asterisk.app", &asterisk.app)?;
        for server in &acdd.servers {
            acd_adapter::endpoint(server.get_ref())
                .map_err(|error| self.wrong("acdd.servers", server, error.to_string()))?;
        }
        if acdd.servers.is_empty() {
            return Err(self.wrong("acdd.servers", &acdd.adapter, "expected at least one address"));
        }
        let after_agent_continue = match calls.after_agent.get_ref().as_str() {
            "hang_up" => false,
            "continue" => true,
            _ => {
                let message = "expected \"hang_up\" or \"continue\"";
                return Err(self.wrong("calls.after_agent", &calls.after_agent, message));
            }
        };
        if agents.endpoint.get_ref().matches("{}").count() != 1 {
            let message = "expected one `{}` for the agent's address, as in \"PJSIP/{}\"";
            return Err(self.wrong("agents.endpoint", &agents.endpoint, message));
        }
        let away_after =
            self.span("calls.keep_while_acdd_is_away", &calls.keep_while_acdd_is_away)?;
        Ok(Settings {
            servers: acdd.servers.into_iter().map(Spanned::into_inner).collect(),
            domain: acdd.domain,
            adapter: acdd.adapter.into_inner(),
            login: self.login(asterisk)?,
            answer: calls.answer,
            away_after,
            after_agent_continue,
            music: calls.music,
            endpoint: agents.endpoint.into_inner(),
            announcements: self.announcements(announcements)?,
            sounds: sounds.into_iter().map(|(name, media)| (name, media.join(","))).collect(),
            headers: self.headers(headers)?,
            treatments: self.treatments(treatments)?,
            transfer_context: calls.transfer_context,
        })
    }

    fn login(&self, table: AsteriskTable) -> Result<Login, Wrong> {
        let address = table.address.get_ref().clone();
        let is_address = address
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        if !is_address {
            let message = "expected host:port of Asterisk's HTTP server, as in \"127.0.0.1:8088\"";
            return Err(self.wrong("asterisk.address", &table.address, message));
        }
        let password = match (table.password, table.password_file) {
            (Some(password), None) => password,
            (None, Some(file)) => std::fs::read_to_string(file.get_ref())
                .map_err(|error| {
                    self.wrong("asterisk.password_file", &file, format!("cannot read it: {error}"))
                })?
                .trim_end()
                .to_owned(),
            _ => {
                let message = "expected either asterisk.password or asterisk.password_file";
                return Err(self.wrong("asterisk.user", &table.user, message));
            }
        };
        let (user, app) = (table.user.into_inner(), table.app.into_inner());
        Ok(Login { address, user, password, app })
    }

    fn announcements(&self, table: AnnouncementsTable) -> Result<Announcements, Wrong> {
        let span =
            |key, text: Option<Spanned<String>>| text.map(|text| self.span(key, &text)).transpose();
        let media = |given: Option<Vec<String>>, otherwise: &str| {
            given.map_or(otherwise.to_owned(), |given| given.join(","))
        };
        let every = span("announcements.every", table.every)?;
        Ok(Announcements {
            first: span("announcements.first", table.first)?.or(every),
            every,
            next: media(table.next, "sound:queue-youarenext"),
            position: media(
                table.position,
                "sound:queue-thereare,number:{},sound:queue-callswaiting",
            ),
        })
    }

    fn headers(
        &self,
        table: BTreeMap<Spanned<String>, String>,
    ) -> Result<BTreeMap<String, String>, Wrong> {
        let fits = |it: char| it.is_ascii_alphanumeric() || it == '-';
        let mut headers = BTreeMap::new();
        for (name, attribute) in table {
            if !name.get_ref().starts_with("X-") || !name.get_ref().chars().all(fits) {
                let message = "expected a header of your own, as in \"X-CRM\"";
                return Err(self.wrong("headers", &name, message));
            }
            headers.insert(name.into_inner(), attribute);
        }
        Ok(headers)
    }

    fn treatments(
        &self,
        table: BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> Result<BTreeMap<String, Place>, Wrong> {
        let mut treatments = BTreeMap::new();
        for (name, place) in table {
            if !["busy", "voicemail", "message"].contains(&name.get_ref().as_str()) {
                let message = "expected busy, voicemail or message";
                return Err(self.wrong("treatments", &name, message));
            }
            let Some((extension, context)) = place.get_ref().split_once('@') else {
                let message = "expected \"EXTENSION@CONTEXT\" of the dialplan";
                return Err(self.wrong("treatments", &place, message));
            };
            let place = Place { context: context.to_owned(), extension: extension.to_owned() };
            treatments.insert(name.into_inner(), place);
        }
        Ok(treatments)
    }

    fn names(&self, key: &'static str, name: &Spanned<String>) -> Result<(), Wrong> {
        let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "-_.".contains(it);
        let text = name.get_ref();
        if (1..=64).contains(&text.len()) && text.chars().all(fits) {
            return Ok(());
        }
        Err(self.wrong(key, name, "expected 1 to 64 of a-z, 0-9, `-`, `_`, `.`"))
    }

    fn span(&self, key: &'static str, text: &Spanned<String>) -> Result<Duration, Wrong> {
        let read = || {
            let digits = text.get_ref().trim_end_matches(|it: char| it.is_ascii_alphabetic());
            let number: u64 = digits.parse().ok()?;
            match &text.get_ref()[digits.len()..] {
                "ms" => Some(Duration::from_millis(number)),
                "s" => Some(Duration::from_secs(number)),
                "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
                _ => None,
            }
        };
        let day = Duration::from_secs(86_400);
        read()
            .filter(|span| *span <= day)
            .ok_or_else(|| self.wrong(key, text, "expected a time with its unit, as in \"20s\""))
    }

    fn wrong<T>(&self, key: &'static str, at: &Spanned<T>, message: impl Into<String>) -> Wrong {
        let line = self.text[..at.span().start.min(self.text.len())].matches('\n').count() + 1;
        Wrong::Meaningless { path: self.path.to_owned(), line, key, message: message.into() }
    }
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
    fn a_mistake_is_named_with_its_line_and_what_would_be_right() {
        let unknown = problem(|text| text.replace("[acdd]", "[acdd]\nserver = 1"));
        assert!(unknown.contains("unknown field `server`, expected one of"), "{unknown}");
        let name = problem(|text| text.replace("adapter = \"asterisk\"", "adapter = \"A B\""));
        assert!(name.starts_with("a.toml:"), "{name}");
        assert!(name.contains("acdd.adapter: expected 1 to 64 of a-z"), "{name}");
        let span = problem(|text| text.replace("\"5s\"", "\"5\""));
        assert!(span.contains("with its unit"), "{span}");
        let login =
            problem(|text| text.replace("password = ", "password_file = \"/x\"\npassword = "));
        assert!(login.contains("either asterisk.password or"), "{login}");
        let header = problem(|text| text.replace("[headers]", "[headers]\nVia = \"crm\""));
        assert!(header.contains("headers: expected a header of your own"), "{header}");
        let address = problem(|text| text.replace("127.0.0.1:8088", "http://127.0.0.1"));
        assert!(address.contains("host:port"), "{address}");
    }
}
