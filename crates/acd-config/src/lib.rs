//! What a configuration file may say, and what it means: TOML to a checked `RoutingPlan`.
//!
//! Knows nothing of gRPC, threads or clocks.

mod compile;
mod journal;
mod model;
mod names;
mod notes;
mod patterns;
mod problem;
mod read;
mod size;
mod syntax;
mod values;
mod zones;

/// What a plan says of routes, for those who know the plan from its file alone.
pub use acd_core::{Arriving, Match, RoutingPlan, Said, SkillId};
pub use problem::{LoadError, Problem, Problems};

use acd_core::Span;
use compile::compile;
use model::File;
use notes::{Key, Notes};
use read::Read as _;
use schemars::generate::SchemaSettings;
use std::fs;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// What some editors put before the first letter of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The embedded, commented default configuration: the text of `config/acdd.toml`.
pub const DEFAULT: &str = include_str!("../../../config/acdd.toml");

/// A configuration without problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the daemon itself needs.
    pub server: ServerConfig,
    /// What the Router routes by; it passes its own check.
    pub plan: RoutingPlan,
}

/// Where the daemon listens, how it logs, and what it keeps for a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// The gRPC address.
    pub listen: SocketAddr,
    /// The HTTP address.
    pub http: SocketAddr,
    /// What is logged, and how.
    pub log: LogConfig,
    /// What is kept for a restart.
    pub journal: Journal,
    /// How long the desktop of an agent may be silent once it was heard.
    pub heartbeat_within: Span,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// The least severe level that is logged: `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is kept for a restart: where, how safely, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The folder of the journal; without one, state is kept in memory only.
    pub path: Option<PathBuf>,
    /// When what is written is made durable.
    pub sync: Sync,
    /// How long history is kept.
    pub retention: Duration,
    /// How large a segment grows before the next one begins.
    pub segment_bytes: u64,
    /// How many commands lie between two snapshots.
    pub snapshot_every: u64,
    /// What happens when the journal cannot be written.
    pub on_failure: OnFailure,
}

/// When what the journal writes is made durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// Whatever arrives while one sync runs shares the next.
    #[default]
    Group,
    /// Each message by itself, before the next is written.
    Always,
    /// Never by the daemon: what was acknowledged outlives its crash, but not a loss of power.
    Off,
}

/// What happens when the journal cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Routing goes on and connects go out; acknowledgements and answers stop, health is degraded.
    #[default]
    RouteOn,
    /// The daemon ends.
    Stop,
}

/// Compiles the text of a configuration; `name` is what problems call it.
///
/// # Errors
/// Every problem found, in the order of the text.
pub fn parse(name: &str, text: &str) -> Result<Config, Problems> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut notes = Notes::default();
    let config = syntax::parse(text, &mut notes)
        .and_then(|node| File::read(&node, &Key::WHOLE, &mut notes))
        .map(|file| compile(&file, &mut notes));
    match config {
        Some(config) if notes.found() == 0 => Ok(config),
        _ => Err(notes.into_problems(name, text)),
    }
}

/// Reads and compiles a configuration file.
///
/// # Errors
/// The file cannot be read, or has problems.
pub fn load(path: &Path) -> Result<Config, LoadError> {
    let name = path.display().to_string();
    let unreadable = |error| LoadError::Unreadable { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let message = format!("it has more than {FILE_BYTES_MAX} bytes");
        return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, message)));
    }
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(parse(&name, text)?),
        Err(error) => {
            let text = String::from_utf8_lossy(&bytes);
            let mut notes = Notes::default();
            let at = error.valid_up_to();
            notes.add(&Key::WHOLE, &(at..at), "this is not UTF-8", "a text file in UTF-8");
            Err(notes.into_problems(&name, &text).into())
        }
    }
}

/// The JSON Schema of a configuration file, for editors.
pub fn json_schema() -> serde_json::Value {
    // Draft 7 without references: what the TOML plug-ins of editors understand.
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), "Configuration of acdd".into());
    schema.to_value()
}
