//! How a command fails: one line for people, one exit code for scripts.

use acd_adapter::code_word;
use std::fmt;
use std::io;
use std::process::ExitCode;
use tonic::{Code, Status};

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The daemon refused, or something failed on the way; exit code 1.
    Refused(String),
    /// What was asked for cannot be asked, or a file is malformed; exit code 2.
    Wrong(String),
    /// Nobody answers at the address; exit code 3.
    Unreachable {
        /// The address.
        server: String,
        /// How that showed.
        detail: String,
    },
    /// Standard output cannot be written; exit code 0 when its reader has gone, else 1.
    Output(io::Error),
    /// Everything has been said already; only the exit code is left.
    Said(u8),
}

impl Failure {
    /// What the process exits with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused(_) => 1,
            Self::Wrong(_) => 2,
            Self::Unreachable { .. } => 3,
            Self::Output(_) if self.is_silent() => 0,
            Self::Output(_) => 1,
            Self::Said(code) => *code,
        })
    }

    /// Nothing is to be said about it.
    pub(crate) fn is_silent(&self) -> bool {
        match self {
            Self::Said(_) => true,
            Self::Output(error) => error.kind() == io::ErrorKind::BrokenPipe,
            Self::Refused(_) | Self::Wrong(_) | Self::Unreachable { .. } => false,
        }
    }

    /// What a request came to that was not answered with success.
    pub(crate) fn of_status(server: &str, status: &Status) -> Self {
        let message = status.message();
        match status.code() {
            Code::Unavailable => {
                let detail = if message.is_empty() { "it is not available" } else { message };
                Self::Unreachable { server: server.to_owned(), detail: detail.to_owned() }
            }
            Code::DeadlineExceeded | Code::Cancelled => {
                Self::Refused(format!("{server} did not answer in time"))
            }
            Code::Unimplemented => Self::Refused(format!(
                "{server} answers, but does not know this request: is it the gRPC address of an \
                 acdd of version {} or later?",
                env!("CARGO_PKG_VERSION")
            )),
            code if message.is_empty() => {
                Self::Refused(format!("the daemon refused ({})", code_word(code)))
            }
            code => Self::Refused(format!("{message} ({})", code_word(code))),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(message) | Self::Wrong(message) => f.write_str(message),
            Self::Unreachable { server, detail } => write!(
                f,
                "no daemon at {server}: {detail}; start one with `acdd`, or name another with \
                 --server URL"
            ),
            Self::Output(error) => write!(f, "cannot write to standard output: {error}"),
            Self::Said(_) => Ok(()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemons_words_and_its_code_are_passed_on() {
        let status = Status::failed_precondition("ana is logged out");
        let failure = Failure::of_status("http://x", &status);
        assert_eq!(failure.to_string(), "ana is logged out (FAILED_PRECONDITION)");
        assert_eq!(failure.exit_code(), ExitCode::from(1));
    }

    #[test]
    fn codes_are_written_as_grpc_writes_them() {
        let failure = Failure::of_status("http://x", &Status::aborted(""));
        assert_eq!(failure.to_string(), "the daemon refused (ABORTED)");
    }

    #[test]
    fn a_daemon_that_is_away_is_told_apart_from_one_that_refuses() {
        let failure = Failure::of_status("http://x", &Status::unavailable("stopping"));
        assert_eq!(failure.exit_code(), ExitCode::from(3));
        assert!(failure.to_string().contains("no daemon at http://x: stopping"));
    }

    #[test]
    fn a_reader_who_has_gone_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(failure.is_silent());
        assert_eq!(failure.exit_code(), ExitCode::SUCCESS);
    }
}
