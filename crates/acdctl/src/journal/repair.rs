//! Answers `journal repair`: shows what would go, asks, and cuts it off.

use super::cli::RepairArguments;
use super::{instant, refused};
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::times::{date_and_time, rfc_3339};
use acd_journal::tools::{Cut, CutFile, Repair, RepairError};
use acd_journal::{DataFolder, OpenError};
use serde::Serialize;
use std::io::{self, BufRead, IsTerminal, Write};

#[derive(Debug, Serialize)]
struct Answer {
    done: bool,
    folder: String,
    last_sequence: u64,
    commands: u64,
    last_cut_sequence: u64,
    from: Option<String>,
    to: Option<String>,
    unreadable: bool,
    history_goes: bool,
    files: Vec<FileRow>,
    snapshots: Vec<u64>,
    kept_in: Option<String>,
}

#[derive(Debug, Serialize)]
struct FileRow {
    file: String,
    offset: u64,
    bytes: u64,
}

pub(crate) fn repair(
    folder: &DataFolder,
    arguments: &RepairArguments,
    output: Output,
) -> Result<(), Failure> {
    let repair = Repair::plan(folder, arguments.keep_until).map_err(failure)?;
    let path = folder.path().display().to_string();
    let answer = Answer::of(repair.cut(), path);
    if repair.is_done() {
        let answer = Answer { done: true, ..answer };
        return output.answer(&answer, |answer| {
            let Answer { folder, last_sequence, .. } = answer;
            format!("{folder}: ends with sequence {last_sequence} already; nothing is cut off")
        });
    }
    if !output.json {
        output.answer(&answer, |answer| preview(answer, repair.cut()))?;
    }
    // A program cannot be asked: it has said yes, or wanted to know what would go.
    let asks = !output.json && io::stdin().is_terminal();
    if !(arguments.yes || asks && is_confirmed(&mut io::stdin().lock(), &mut io::stderr().lock())?)
    {
        if output.json {
            output.answer(&answer, |_| String::new())?;
        }
        let how = if asks { "" } else { "; --yes does it" };
        return Err(Failure::Refused(format!("nothing was changed{how}")));
    }
    let repaired = repair.carry_out().map_err(failure)?;
    let kept_in = repaired.kept_in.map(|kept| kept.display().to_string());
    output.answer(&Answer { done: true, kept_in, ..answer }, |answer| {
        format!(
            "done: the journal ends with sequence {}; what was cut off is in {}",
            answer.last_sequence,
            answer.kept_in.as_deref().unwrap_or("no place")
        )
    })
}

fn failure(error: RepairError) -> Failure {
    match error {
        RepairError::Open(OpenError::InUse { path }) => Failure::Refused(format!(
            "{path}: an acdd that runs uses this folder; stop it, then repair"
        )),
        RepairError::Open(error) => refused(error),
        RepairError::Choice { .. } => Failure::Wrong(error.to_string()),
        RepairError::Disk { .. } => Failure::Refused(error.to_string()),
    }
}

/// Asks whoever sits at the terminal.
fn is_confirmed(input: &mut dyn BufRead, prompt: &mut dyn Write) -> io::Result<bool> {
    write!(prompt, "Cut this off? [y/N] ")?;
    prompt.flush()?;
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

impl Answer {
    fn of(cut: &Cut, folder: String) -> Self {
        let file = |CutFile { file, offset, bytes }: &CutFile| FileRow {
            file: file.clone(),
            offset: *offset,
            bytes: *bytes,
        };
        Self {
            done: false,
            folder,
            last_sequence: cut.last_sequence,
            commands: cut.commands,
            last_cut_sequence: cut.last_cut,
            from: cut.from.and_then(|at| rfc_3339(&instant(at.0))),
            to: cut.to.and_then(|at| rfc_3339(&instant(at.0))),
            unreadable: cut.unreadable,
            history_goes: cut.history_goes,
            files: cut.files.iter().map(file).collect(),
            snapshots: cut.snapshots.clone(),
            kept_in: None,
        }
    }
}

/// What would go, in words.
fn preview(answer: &Answer, cut: &Cut) -> String {
    let mut lines = vec![format!(
        "{}: would end with sequence {}. What goes:",
        answer.folder, answer.last_sequence
    )];
    let times = cut.from.zip(cut.to).map(|(from, to)| {
        let at = |at: u64| date_and_time(&instant(at));
        format!(": up to sequence {}, applied from {} to {}", cut.last_cut, at(from.0), at(to.0))
    });
    lines.push(format!("  {}{}", counted(cut.commands, "command"), times.unwrap_or_default()));
    if cut.unreadable {
        lines.push("  and some that cannot be read, and are not counted".to_owned());
    }
    for CutFile { file, offset, bytes } in &cut.files {
        let part =
            if *offset == 0 { "all of it".to_owned() } else { format!("from byte {offset}") };
        lines.push(format!("  {file}: {part}, {}", counted(*bytes, "byte")));
    }
    for sequence in &cut.snapshots {
        lines.push(format!("  the snapshot of sequence {sequence}"));
    }
    if cut.history_goes {
        let begins = match cut.last_sequence {
            0 => "with nothing".to_owned(),
            sequence => format!("with the snapshot of sequence {sequence}"),
        };
        lines.push(format!("That is all of the records: the next start begins {begins}."));
    }
    lines.push(
        "It is kept in a folder beside, but acdd will not know of it; adapters bring back the calls \
         that they hold."
            .to_owned(),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::is_confirmed;
    use std::io;

    #[test]
    fn only_a_yes_is_a_yes() {
        let confirmed =
            |mut input: &[u8]| is_confirmed(&mut input, &mut io::sink()).expect("readable");
        assert!(confirmed(b"y\n") && confirmed(b"YES\n") && confirmed(b"yes"));
        assert!(
            !confirmed(b"\n") && !confirmed(b"") && !confirmed(b"no\n") && !confirmed(b"yeah\n")
        );
    }
}
