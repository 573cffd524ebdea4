//! How acdd ends when it cannot serve: a message for people and an exit code.

use std::fmt;
use std::process::ExitCode;

/// Why acdd does not serve.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The configuration is wrong; a report that stands by itself; exit code 2.
    Broken(String),
    /// Something said on the command line, or an address, is wrong; exit code 2.
    Wrong(String),
    /// Something outside is in the way: a port, a folder; exit code 1.
    InTheWay(String),
}

impl Failure {
    /// What the process exits with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Broken(_) | Self::Wrong(_) => ExitCode::from(2),
            Self::InTheWay(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(report) => f.write_str(report.trim_end()),
            Self::Wrong(message) | Self::InTheWay(message) => write!(f, "acdd: {message}"),
        }
    }
}
