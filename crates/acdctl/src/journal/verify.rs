//! Answers `journal verify`: what is there, what is damaged, what to do.

use super::{instant, progress_bar, refused, show_progress};
use crate::failure::Failure;
use crate::output::{Output, counted, note};
use crate::table::Table;
use crate::times::{date_and_time, rfc_3339};
use acd_journal::DataFolder;
use acd_journal::tools::{self, Damage, SegmentFile, SnapshotFile, Verified};
use serde::Serialize;
use std::io::{self, Write};

/// What the process exits with when something is damaged, or a start would be refused.
const DAMAGED: u8 = 1;

#[derive(Debug, Serialize)]
struct Answer {
    ok: bool,
    folder: String,
    first_sequence: u64,
    last_sequence: u64,
    epoch: u64,
    batches: u64,
    bytes: u64,
    segments: Vec<SegmentRow>,
    snapshots: Vec<SnapshotRow>,
    torn: Option<TornRow>,
    start_snapshot: Option<u64>,
    start_refused: Option<String>,
}

#[derive(Debug, Serialize)]
struct SegmentRow {
    file: String,
    bytes: u64,
    batches: u64,
    first_sequence: Option<u64>,
    last_sequence: Option<u64>,
    from: Option<String>,
    to: Option<String>,
    damage: Option<DamageRow>,
}

#[derive(Debug, Serialize)]
struct DamageRow {
    offset: u64,
    what: String,
    last_good_sequence: u64,
}

#[derive(Debug, Serialize)]
struct SnapshotRow {
    file: String,
    bytes: u64,
    sequence: u64,
    at: Option<String>,
    damage: Option<String>,
}

#[derive(Debug, Serialize)]
struct TornRow {
    file: String,
    offset: u64,
    bytes: u64,
}

pub(crate) fn verify(folder: &DataFolder, output: Output) -> Result<(), Failure> {
    let bar = progress_bar(output);
    let verified = tools::verify(folder, &mut |progress| show_progress(&bar, progress));
    bar.finish_and_clear();
    let verified = verified.map_err(refused)?;
    let ok = verified.is_whole() && verified.start.is_ok();
    let answer = Answer::of(&verified, folder, ok);
    output.answer(&answer, |answer| text(answer, &verified))?;
    if !output.json {
        if let Some(torn) = &verified.torn {
            note(&format!(
                "{}: {} at byte {} are no whole record: a daemon that runs may be writing it, else \
                 the next start cuts it off",
                torn.path,
                counted(torn.bytes, "byte"),
                torn.offset
            ));
        }
        let mut errors = io::stderr().lock();
        for problem in problems(&verified) {
            // Whoever closed standard error does not want to know.
            let _ = writeln!(errors, "acdctl: {problem}");
        }
    }
    if ok { Ok(()) } else { Err(Failure::Said(DAMAGED)) }
}

impl Answer {
    fn of(verified: &Verified, folder: &DataFolder, ok: bool) -> Self {
        Self {
            ok,
            folder: folder.path().display().to_string(),
            first_sequence: verified.first_sequence,
            last_sequence: verified.last_sequence,
            epoch: verified.epoch,
            batches: verified.batches,
            bytes: verified.segments.iter().map(|segment| segment.bytes).sum(),
            segments: verified.segments.iter().map(SegmentRow::of).collect(),
            snapshots: verified.snapshots.iter().map(SnapshotRow::of).collect(),
            torn: verified.torn.as_ref().map(|torn| TornRow {
                file: torn.path.clone(),
                offset: torn.offset,
                bytes: torn.bytes,
            }),
            start_snapshot: verified.start.as_ref().ok().copied(),
            start_refused: verified.start.as_ref().err().map(ToString::to_string),
        }
    }
}

impl SegmentRow {
    fn of(segment: &SegmentFile) -> Self {
        let damage = |Damage { offset, what, last_sound }: &Damage| DamageRow {
            offset: *offset,
            what: what.clone(),
            last_good_sequence: *last_sound,
        };
        Self {
            file: segment.file.clone(),
            bytes: segment.bytes,
            batches: segment.batches,
            first_sequence: segment.sequences.map(|(first, _)| first),
            last_sequence: segment.sequences.map(|(_, last)| last),
            from: segment.times.and_then(|(from, _)| rfc_3339(&instant(from.0))),
            to: segment.times.and_then(|(_, to)| rfc_3339(&instant(to.0))),
            damage: segment.damage.as_ref().map(damage),
        }
    }
}

impl SnapshotRow {
    fn of(snapshot: &SnapshotFile) -> Self {
        Self {
            file: snapshot.file.clone(),
            bytes: snapshot.bytes,
            sequence: snapshot.sequence,
            at: snapshot.at.and_then(|at| rfc_3339(&instant(at.0))),
            damage: snapshot.damage.clone(),
        }
    }
}

fn text(answer: &Answer, verified: &Verified) -> String {
    let state = |damaged: bool| if damaged { "DAMAGED" } else { "whole" }.to_owned();
    let at = |at: u64| date_and_time(&instant(at));
    let nothing = || "-".to_owned();
    let mut segments = Table::new(&["SEGMENT", "FIRST>", "LAST>", "BYTES>", "FROM", "TO", "STATE"]);
    for segment in &verified.segments {
        segments.row([
            segment.file.clone(),
            segment.sequences.map_or_else(nothing, |(first, _)| first.to_string()),
            segment.sequences.map_or_else(nothing, |(_, last)| last.to_string()),
            segment.bytes.to_string(),
            segment.times.map_or_else(nothing, |(from, _)| at(from.0)),
            segment.times.map_or_else(nothing, |(_, to)| at(to.0)),
            state(segment.damage.is_some()),
        ]);
    }
    let mut snapshots = Table::new(&["SNAPSHOT", "LAST>", "BYTES>", "AT", "STATE"]);
    for snapshot in &verified.snapshots {
        snapshots.row([
            snapshot.file.clone(),
            snapshot.sequence.to_string(),
            snapshot.bytes.to_string(),
            snapshot.at.map_or_else(nothing, |time| at(time.0)),
            state(snapshot.damage.is_some()),
        ]);
    }
    let tables = [(segments, verified.segments.len()), (snapshots, verified.snapshots.len())];
    let filled = tables.iter().filter(|(_, rows)| *rows > 0);
    let tables: String = filled.map(|(table, _)| table.text() + "\n").collect();
    tables + &summary(answer)
}

fn summary(answer: &Answer) -> String {
    let kept = if answer.first_sequence > answer.last_sequence {
        format!("{}: no commands are kept", answer.folder)
    } else {
        format!(
            "{}: sequences {} to {} in {}",
            answer.folder,
            answer.first_sequence,
            answer.last_sequence,
            counted(answer.batches, "record")
        )
    };
    let start = match answer.start_snapshot {
        Some(0) => "a start begins at the beginning".to_owned(),
        Some(sequence) => format!("a start begins with the snapshot of sequence {sequence}"),
        None => "a start would be refused".to_owned(),
    };
    let state = if answer.ok { "all is whole" } else { "DAMAGED" };
    format!("{kept}; {state}; {start}")
}

/// What is wrong, each with what to do.
fn problems(verified: &Verified) -> Vec<String> {
    let mut problems = Vec::new();
    for segment in &verified.segments {
        let Some(Damage { offset, what, last_sound }) = &segment.damage else { continue };
        problems.push(format!(
            "{}: damaged at byte {offset}: {what}; the last sound sequence before it is {last_sound}",
            segment.path
        ));
    }
    for snapshot in &verified.snapshots {
        let Some(damage) = &snapshot.damage else { continue };
        problems.push(format!("{}: {damage}", snapshot.path));
    }
    match &verified.start {
        Err(error) => problems.push(format!("a start would be refused: {error}")),
        Ok(snapshot) if !verified.is_whole() => problems.push(what_to_do(verified, *snapshot)),
        Ok(_) => {}
    }
    problems
}

/// Where something is damaged and a start has no need of it.
fn what_to_do(verified: &Verified, snapshot: u64) -> String {
    let foreign = verified.snapshots.iter().find(|file| file.sequence == snapshot);
    if foreign.is_some_and(|file| file.damage.is_some()) {
        return format!(
            "a start would begin with the snapshot of sequence {snapshot}, which is not of this \
             journal: stop acdd and move it out of its folder, so that a start begins with the one \
             before it"
        );
    }
    "a start has no need of what is damaged: bring it back from a copy, or leave it until its time \
     of retention is over"
        .to_owned()
}
