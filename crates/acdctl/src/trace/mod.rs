//! Plays a real call log against a daemon: `trace play`.

mod casting;
pub(crate) mod cli;
mod log;
mod report;
mod script;
mod stage;

pub(crate) use stage::play;

use crate::failure::Failure;
use cli::PlayArguments;
use log::Day;

/// Reads the day that is asked for.
pub(crate) fn read(arguments: &PlayArguments) -> Result<Day, Failure> {
    log::read(&arguments.file, arguments.day).map_err(|error| Failure::Wrong(error.to_string()))
}
