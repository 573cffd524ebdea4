//! What holds for this run: flags override the file, the file overrides the defaults.

use crate::cli::{self, Arguments};
use crate::failure::Failure;
use crate::listen::Wanted;
use acd_config::{Config, Journal, LoadError, LogFormat, Problems};
use acd_core::{RoutingPlan, Span};
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;

/// What the built-in configuration is called in messages and in the status.
pub(crate) const BUILT_IN: &str = "built-in";

/// What holds for this run.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What to route by.
    pub(crate) plan: RoutingPlan,
    /// Where the plan came from: a path, or `built-in`.
    pub(crate) config: String,
    /// Where gRPC is served.
    pub(crate) listen: Wanted,
    /// Where HTTP is served.
    pub(crate) http: Wanted,
    /// What is kept for a restart.
    pub(crate) journal: Journal,
    /// How long the desktop of an agent may be silent once it was heard.
    pub(crate) heartbeat_within: Span,
    /// How many seconds of domain time pass in one real second.
    pub(crate) clock_scale: u32,
    /// Whether to play callers and agents.
    pub(crate) demo: bool,
    /// What to log.
    pub(crate) log: String,
    /// How to log.
    pub(crate) log_format: LogFormat,
}

/// Puts flags, file and defaults together.
///
/// # Errors
/// The configuration cannot be read or has problems.
pub(crate) fn settle(arguments: Arguments) -> Result<Settings, Failure> {
    let Config { server, plan } = read(arguments.config.as_deref())?;
    let config =
        arguments.config.map_or_else(|| BUILT_IN.to_owned(), |path| path.display().to_string());
    let log_format = match arguments.log_format {
        Some(cli::LogFormat::Text) => LogFormat::Text,
        Some(cli::LogFormat::Json) => LogFormat::Json,
        None => server.log.format,
    };
    Ok(Settings {
        listen: wanted(arguments.listen, server.listen, "--listen", "listen", &config),
        http: wanted(arguments.http, server.http, "--http", "http", &config),
        heartbeat_within: server.heartbeat_within,
        journal: Journal { path: arguments.journal.or(server.journal.path), ..server.journal },
        clock_scale: arguments.clock_scale,
        demo: arguments.demo,
        log: arguments.log.unwrap_or(server.log.level),
        log_format,
        plan,
        config,
    })
}

fn read(path: Option<&Path>) -> Result<Config, Failure> {
    match path {
        Some(path) => acd_config::load(path).map_err(|error| match error {
            LoadError::Problems(problems) => broken(&problems),
            unreadable @ LoadError::Unreadable { .. } => {
                Failure::Wrong(format!("--config: {unreadable}"))
            }
        }),
        None => {
            acd_config::parse(BUILT_IN, acd_config::DEFAULT).map_err(|problems| broken(&problems))
        }
    }
}

/// With the lines that are wrong, for people; one line for each problem, for what collects logs.
fn broken(problems: &Problems) -> Failure {
    if io::stderr().is_terminal() {
        Failure::Broken(problems.report())
    } else {
        Failure::Broken(problems.to_string())
    }
}

fn wanted(
    argument: Option<String>,
    configured: SocketAddr,
    flag: &'static str,
    key: &str,
    config: &str,
) -> Wanted {
    match argument {
        Some(address) => Wanted { address, source: flag.to_owned(), flag },
        None => Wanted {
            address: configured.to_string(),
            source: format!("{config}: [server] {key}"),
            flag,
        },
    }
}
