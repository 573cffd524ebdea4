//! What the command line of `trace` may say.

use crate::times::parse_length;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::path::PathBuf;
use std::time::Duration;

/// The fastest that a daemon's clock can run.
const SPEED_MAX: f64 = 10_000.0;

#[derive(Debug, Subcommand)]
pub(crate) enum TraceCommand {
    /// Plays one day of a call log, as an adapter with simulated callers and agents.
    ///
    /// Every served call talks as long as it did, every caller who gave up is as patient as he was,
    /// and every agent is on duty from his first call to the end of his last. The daemon decides
    /// the rest, and the report says how the day would have gone. Its clock must run at the same
    /// speed.
    #[command(after_help = PLAY_EXAMPLES)]
    Play(PlayArguments),
}

const PLAY_EXAMPLES: &str = "\
Examples:
  acdd --clock-scale 600                      a daemon in which a day passes in 144 s
  acdctl trace play calls.csv                 the first day of the log
  acdctl trace play calls.csv --day 2026-03-11 --json
  acdctl trace play calls.csv --map PS=billing --map NW=front-desk
  acdctl trace play calls.csv --agents 12     so many agents, all day

The log is CSV with a head line and the columns call, day (YYYY-MM-DD), offered_s, type, priority
(2 is high), wait_s, result (served, abandoned or left_in_ivr), service_s, agent.

Ctrl-C ends the play and reports what has been played; the exit code is then 130.";

#[derive(Args, Debug)]
pub(crate) struct PlayArguments {
    /// The call log.
    pub(crate) file: PathBuf,

    /// The day to play, YYYY-MM-DD [default: the first in the file].
    #[arg(long, value_name = "DAY")]
    pub(crate) day: Option<Date>,

    /// How many seconds of the day pass in one second; as the daemon's --clock-scale.
    #[arg(long, value_name = "N", default_value = "600", value_parser = speed)]
    pub(crate) speed: f64,

    /// The queue that calls of a type enter; may be given again [default: the queue of the same
    /// name, else the one that the most agents can serve].
    #[arg(long = "map", value_name = "TYPE=QUEUE", value_parser = type_and_queue)]
    pub(crate) maps: Vec<(String, String)>,

    /// So many agents, ready all day, instead of those in the log.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) agents: Option<u32>,

    /// A call answered within this time counts for the service level.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = parse_length)]
    pub(crate) service_level_within: Duration,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed > 0.0 && speed <= SPEED_MAX => Ok(speed),
        _ => Err(format!("expected a number above 0, at most {SPEED_MAX}")),
    }
}

fn type_and_queue(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((kind, queue)) if !kind.is_empty() && !queue.is_empty() => {
            Ok((kind.to_owned(), queue.to_owned()))
        }
        _ => Err("expected TYPE=QUEUE, such as PS=billing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_above_nothing() {
        assert_eq!(speed("600"), Ok(600.0));
        for text in ["0", "-1", "nan", "inf", "fast", "10001"] {
            assert!(speed(text).is_err(), "{text}");
        }
    }
}
