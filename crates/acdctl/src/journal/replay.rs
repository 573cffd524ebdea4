//! Answers `journal replay`: is every decision as it was?

use super::{progress_bar, refused, show_progress};
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::times::seconds;
use acd_journal::DataFolder;
use acd_journal::tools::{self, Replayed};
use serde::Serialize;
use std::time::{Duration, Instant};

#[derive(Debug, Serialize)]
struct Answer {
    ok: bool,
    folder: String,
    base_sequence: u64,
    last_sequence: u64,
    epoch: u64,
    batches: u64,
    commands: u64,
    events: u64,
    snapshots: Vec<u64>,
    digest: String,
    state_digest: String,
    calls: u32,
    seconds: f64,
    commands_per_second: u64,
}

/// A replay that found a difference, or could not go on.
#[derive(Debug, Serialize)]
struct Differs {
    ok: bool,
    folder: String,
    last_good_sequence: Option<u64>,
    error: String,
}

pub(crate) fn replay(folder: &DataFolder, output: Output) -> Result<(), Failure> {
    let bar = progress_bar(output);
    let began = Instant::now();
    let replayed = tools::replay(folder, &mut |progress| show_progress(&bar, progress));
    let took = began.elapsed();
    bar.finish_and_clear();
    let path = folder.path().display().to_string();
    match replayed {
        Ok(replayed) => output.answer(&Answer::of(replayed, path, took), text),
        Err(error) => {
            if output.json {
                let last_good_sequence = error.last_sound();
                let error = error.to_string();
                let differs = Differs { ok: false, folder: path, last_good_sequence, error };
                output.answer(&differs, |_| String::new())?;
            }
            Err(refused(error))
        }
    }
}

impl Answer {
    fn of(replayed: Replayed, folder: String, took: Duration) -> Self {
        let rate = replayed.commands as f64 / took.as_secs_f64().max(f64::EPSILON);
        Self {
            ok: true,
            folder,
            base_sequence: replayed.base,
            last_sequence: replayed.last_sequence,
            epoch: replayed.epoch,
            batches: replayed.batches,
            commands: replayed.commands,
            events: replayed.events,
            snapshots: replayed.snapshots,
            digest: format!("{:016x}", replayed.digest),
            state_digest: format!("{:016x}", replayed.state),
            calls: replayed.calls,
            seconds: seconds(took),
            commands_per_second: rate as u64,
        }
    }
}

fn text(answer: &Answer) -> String {
    let base = match answer.base_sequence {
        0 => "the beginning".to_owned(),
        sequence => format!("the snapshot of sequence {sequence}"),
    };
    let snapshots: Vec<String> = answer.snapshots.iter().map(ToString::to_string).collect();
    let snapshots = match snapshots.len() {
        0 => "none on the way".to_owned(),
        _ => format!("of sequence {}: each is the state of then", snapshots.join(", ")),
    };
    [
        format!("{}: every decision is as it was", answer.folder),
        format!("from       {base} to sequence {}", answer.last_sequence),
        format!(
            "replayed   {} in {}, {}",
            counted(answer.commands, "command"),
            counted(answer.batches, "record"),
            counted(answer.events, "event")
        ),
        format!(
            "took       {} s, {} commands a second",
            answer.seconds, answer.commands_per_second
        ),
        format!("snapshots  {snapshots}"),
        format!("digest     {} of all events, {} of the state", answer.digest, answer.state_digest),
        format!("at the end {} live", counted(u64::from(answer.calls), "call")),
    ]
    .join("\n")
}
