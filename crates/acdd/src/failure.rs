//! How acdd ends when it cannot serve: a message for people and an exit code.

use std::fmt;
use std::process::ExitCode;

/// Why acdd does not serve.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line or the configuration is wrong; exit code 2.
    Wrong(String),
    /// Something outside is in the way: a port, a folder; exit code 1.
    InTheWay(String),
}

impl Failure {
    /// What the process exits with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Wrong(_) => ExitCode::from(2),
            Self::InTheWay(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(message) | Self::InTheWay(message) => f.write_str(message),
        }
    }
}
