//! Plays a real call log against a daemon: `trace play`.

mod casting;
pub(crate) mod cli;
mod report;
mod script;
mod stage;

pub(crate) use stage::play;

use crate::failure::Failure;
use acd_sim::call_log::{CallLog, Day};
use cli::PlayArguments;

/// Reads the day that is asked for.
pub(crate) fn read(arguments: &PlayArguments) -> Result<Day, Failure> {
    let day = CallLog::read(&arguments.file).and_then(|log| log.into_day(arguments.day));
    day.map_err(|error| Failure::Wrong(error.to_string()))
}
