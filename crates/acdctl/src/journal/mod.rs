//! Reads, proves and repairs the journal of a daemon, in its folder: `journal`.

pub(crate) mod cli;
mod dump;
mod repair;
mod replay;
mod verify;

use crate::failure::Failure;
use crate::output::Output;
use crate::times::Instant;
use acd_journal::tools::Progress;
use acd_journal::{DataFolder, OpenError};
use cli::JournalCommand;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;

/// How a folder calls the part of it that has the records.
const SEGMENTS: &str = "segments";

pub(crate) fn journal(command: &JournalCommand, output: Output) -> Result<(), Failure> {
    match command {
        JournalCommand::Verify(arguments) => verify::verify(&folder(&arguments.folder), output),
        JournalCommand::Dump(arguments) => {
            dump::dump(&folder(&arguments.journal.folder), arguments, output)
        }
        JournalCommand::Replay(arguments) => replay::replay(&folder(&arguments.folder), output),
        JournalCommand::Repair(arguments) => {
            repair::repair(&folder(&arguments.journal.folder), arguments, output)
        }
    }
}

/// The journal at a path; whoever names its segments means the folder that they are in.
pub(crate) fn folder(path: &Path) -> DataFolder {
    let above = path.canonicalize().ok().filter(|whole| whole.ends_with(SEGMENTS));
    let above = above.as_deref().and_then(Path::parent).filter(|_| !path.join(SEGMENTS).exists());
    DataFolder::at(above.unwrap_or(path))
}

pub(crate) fn refused(error: OpenError) -> Failure {
    match error {
        OpenError::NoJournal { .. } => Failure::Wrong(error.to_string()),
        error => Failure::Refused(error.to_string()),
    }
}

/// An instant of the journal, which counts in microseconds.
pub(crate) fn instant(microseconds: u64) -> Instant {
    let seconds = i64::try_from(microseconds / 1_000_000).unwrap_or(i64::MAX);
    Instant { seconds, nanos: (microseconds % 1_000_000 * 1_000) as i32 }
}

/// Shows on standard error how far a tool has come; hides itself where that is no terminal.
pub(crate) fn progress_bar(output: Output) -> ProgressBar {
    if output.json {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{bar:30} {percent:>3}%  {binary_bytes_per_sec}  {eta}");
    ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

pub(crate) fn show_progress(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.bytes_in_all);
    bar.set_position(progress.bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::times::rfc_3339;
    use std::fs;

    #[test]
    fn whoever_names_the_segments_means_the_folder_around_them() {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let data = scratch.path().canonicalize().expect("it is there").join("journal");
        let segments = data.join(SEGMENTS);
        fs::create_dir_all(&segments).expect("a writable folder");
        for path in [&data, &segments, &segments.join("..").join(SEGMENTS)] {
            assert_eq!(folder(path).segments(), segments, "{path:?}");
        }
        let other = scratch.path().join("other");
        assert_eq!(folder(&other).path(), other, "what is not there is named as it was given");
    }

    #[test]
    fn instants_of_the_journal_are_microseconds() {
        let at = instant(1_773_224_100_000_001);
        assert_eq!(rfc_3339(&at).as_deref(), Some("2026-03-11T10:15:00.000001Z"));
        assert_eq!(rfc_3339(&instant(u64::MAX)), None, "no time that anybody can write");
    }
}
