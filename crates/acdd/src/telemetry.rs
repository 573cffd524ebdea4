//! Where log lines go and how they look. They never hold caller data.

use crate::failure::Failure;
use acd_config::LogFormat;
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts logging to standard error.
///
/// # Errors
/// A filter that cannot be read.
pub(crate) fn start(filter: &str, format: LogFormat) -> Result<(), Failure> {
    let filter = read(filter)?;
    // Once the terminal has hung up no line can be written: to complain of that would be a panic.
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .log_internal_errors(false);
    match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}

fn read(filter: &str) -> Result<EnvFilter, Failure> {
    let wrong = |what: String| {
        Failure::Wrong(format!(
            "--log {filter}: {what}; write error, warn, info, debug, trace or off, or a filter such \
             as info,acd_engine=debug"
        ))
    };
    if let Some(word) = bare_words(filter).find(|word| word.parse::<LevelFilter>().is_err()) {
        return Err(wrong(format!("`{word}` is no level")));
    }
    EnvFilter::try_new(filter).map_err(|error| wrong(error.to_string()))
}

/// The parts of a filter that can only be meant as levels. `EnvFilter` takes any other word there
/// for a target of which it logs everything, so that a slip of the pen would silence the rest.
fn bare_words(filter: &str) -> impl Iterator<Item = &str> {
    let parts = filter.split(',').map(str::trim);
    parts.filter(|part| !part.contains(['=', '[', ']']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_filters_will_do() {
        for filter in [
            "error",
            "WARN",
            "info",
            "debug",
            "trace",
            "off",
            "info,acd_engine=debug",
            "acd_engine=debug,warn",
            "warn,acdd::grpc=trace,acd_core=off",
            "info,[session{adapter=pbx}]=debug",
        ] {
            assert!(read(filter).is_ok(), "{filter}");
        }
    }

    #[test]
    fn a_word_that_is_no_level_is_wrong_and_the_levels_are_named() {
        for filter in ["ifno", "acd_engine", "ifno,acd_engine=debug", "info, debgu", "acdd=ifno"] {
            let Err(failure) = read(filter) else { panic!("{filter} is taken") };
            assert!(matches!(failure, Failure::Wrong(_)));
            let message = failure.to_string();
            for part in [filter, "error, warn, info, debug, trace", "info,acd_engine=debug"] {
                assert!(message.contains(part), "{part} is missing in: {message}");
            }
        }
    }
}
