//! The tools, on real folders: whole ones, and ones with each kind of damage.

use super::*;
use crate::disk::Disk;
use crate::example::{Scribe, files, flip, make_of_another_logic};
use crate::journal::{Journal, WriteSettings};
use crate::record::{Batch, Entry};
use crate::replica::{FoldError, Replica};
use acd_core::{Command, Priority, Span};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

mod repair;

/// Longer than any of these journals.
const FOR_EVER: Span = Span::from_secs(1_000_000);
/// Files of a few records each.
const SMALL: u64 = 400;

/// A folder that is removed with the test.
struct Scratch {
    folder: DataFolder,
    _kept: TempDir,
}

impl Scratch {
    fn new() -> Self {
        let kept = tempfile::tempdir().expect("a temporary folder");
        Self { folder: DataFolder::at(&kept.path().join("journal")), _kept: kept }
    }

    /// With a journal of some batches, a snapshot in the middle and one at the end.
    fn with_journal(calls: usize) -> (Self, Scribe) {
        let scratch = Self::new();
        let mut scribe = Scribe::starts(&scratch.folder, SMALL).expect("a writable folder");
        for number in 0..calls {
            let call = scribe.call(&format!("call-{number}"), &format!("crm-{number}"));
            scribe.raise(call, "asked for it");
            if number % 2 == 0 {
                scribe.hang_up(call);
            }
            if number + 1 == calls / 2 {
                scribe.snapshot(FOR_EVER).expect("a snapshot");
            }
        }
        scribe.ana_takes_a_break();
        (scratch, scribe)
    }

    fn segments(&self) -> Vec<PathBuf> {
        files(&self.folder.segments())
    }

    fn snapshots(&self) -> Vec<PathBuf> {
        files(&self.folder.snapshots())
    }

    fn verify(&self) -> Verified {
        verify(&self.folder, &mut |_| {}).expect("a readable folder")
    }

    fn replay(&self) -> Result<Replayed, OpenError> {
        replay(&self.folder, &mut |_| {})
    }

    /// The sequences that `dump` shows.
    fn dumped(&self, range: (u64, u64)) -> (Vec<u64>, Result<Dumped, OpenError>) {
        let mut shown = Vec::new();
        let dumped = dump(&self.folder, range, &mut |item| {
            if let Shown::Command(entry, _) = item {
                shown.push(entry.sequence);
            }
            ControlFlow::Continue(())
        });
        (shown, dumped)
    }

    fn repair(&self, keep_until: u64) -> Result<Repaired, RepairError> {
        Repair::plan(&self.folder, keep_until)?.carry_out()
    }

    /// Starts on it as a daemon does, writes, and leaves; the last sequence that was found.
    fn starts(&self) -> u64 {
        let mut scribe = Scribe::starts(&self.folder, SMALL).expect("a start that is not refused");
        let found = scribe.found();
        scribe.call("later", "crm-later");
        found
    }

    /// Writes the same records once more, each as `change` leaves it.
    fn rewritten(&self, change: impl Fn(&mut Batch)) -> Self {
        let other = Self::new();
        let disk = RealDisk::open(&other.folder.segments()).expect("a writable folder");
        let settings = WriteSettings { segment_bytes: SMALL, sync: false };
        let opened = Journal::open(disk, settings, &mut Replica::empty());
        let (mut journal, _) = opened.expect("an empty folder");
        let mut reader = Reader::open(RealDisk::of(&self.folder.segments()), 0).expect("files");
        while let Ok(mut batch) = reader.next().expect("sound records") {
            change(&mut batch);
            journal.append(&batch).expect("a writable folder");
        }
        other
    }
}

#[test]
fn what_a_daemon_is_just_writing_is_no_damage() {
    let (scratch, mut scribe) = Scratch::with_journal(2);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Not for ever, if the other side panics.
            for _ in 0..10_000 {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let call = scribe.call("beside", "crm");
                scribe.hang_up(call);
                thread::sleep(Duration::from_micros(500));
            }
        });
        for _ in 0..50 {
            let verified = scratch.verify();
            assert!(verified.is_whole(), "{verified:?}");
            scratch.replay().expect("as it was decided");
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(scratch.verify().torn, None);
}

#[test]
fn a_whole_journal_is_told_file_by_file() {
    let (scratch, scribe) = Scratch::with_journal(6);
    let last = scribe.tail().next_sequence - 1;
    let verified = scratch.verify();
    assert!(verified.is_whole() && verified.torn.is_none(), "{verified:?}");
    assert_eq!((verified.first_sequence, verified.last_sequence), (1, last));
    assert_eq!(verified.batches, scribe.tail().batch);
    assert!(verified.segments.len() > 3, "{verified:?}");
    let mut next = 1;
    for segment in &verified.segments {
        let (first, last) = segment.sequences.expect("commands");
        assert_eq!(first, next);
        let (from, to) = segment.times.expect("times");
        assert!(from <= to);
        let length = fs::metadata(&segment.path).expect("it is there").len();
        assert_eq!(segment.bytes, length);
        next = last + 1;
    }
    assert_eq!(next, last + 1);
    let [snapshot] = &verified.snapshots[..] else { panic!("one snapshot: {verified:?}") };
    assert_eq!(verified.start.expect("a start"), snapshot.sequence);
    assert!(snapshot.at.is_some() && snapshot.bytes > 0);
}

#[test]
fn a_folder_without_a_journal_is_told_apart_and_left_alone() {
    let scratch = Scratch::new();
    let error = verify(&scratch.folder, &mut |_| {}).expect_err("nothing is there");
    assert!(matches!(error, OpenError::NoJournal { .. }), "{error}");
    assert!(matches!(scratch.replay(), Err(OpenError::NoJournal { .. })));
    assert!(matches!(scratch.dumped((1, 9)).1, Err(OpenError::NoJournal { .. })));
    let error = scratch.repair(0).expect_err("nothing is there");
    assert!(matches!(error, RepairError::Open(OpenError::NoJournal { .. })), "{error}");
    assert!(!scratch.folder.path().exists(), "nobody has made it");
}

#[test]
fn an_empty_journal_is_whole() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.folder.segments()).expect("a writable folder");
    let verified = scratch.verify();
    assert!(verified.is_whole() && verified.start.is_ok());
    assert_eq!((verified.first_sequence, verified.last_sequence), (1, 0));
    assert_eq!(scratch.replay().expect("nothing to replay").commands, 0);
}

#[test]
fn damage_after_the_newest_snapshot_refuses_a_start_and_the_files_behind_it_are_read_too() {
    let (scratch, _) = Scratch::with_journal(6);
    let whole = scratch.verify();
    let snapshot = whole.snapshots[0].sequence;
    let after =
        |segment: &SegmentFile| segment.sequences.is_some_and(|(first, _)| first > snapshot);
    let at = whole.segments.iter().position(after).expect("a file after the snapshot");
    let (hurt, behind) = (&whole.segments[at], &whole.segments[at + 1..]);
    assert!(!behind.is_empty());
    flip(Path::new(&hurt.path), 60);
    let verified = scratch.verify();
    let damage = verified.segments[at].damage.as_ref().expect("damage");
    assert_eq!(damage.offset, 36, "of the record");
    assert_eq!(damage.last_sound, hurt.sequences.expect("commands").0 - 1);
    assert_eq!(&verified.segments[at + 1..], behind, "what is behind it is read all the same");
    let last_sound = damage.last_sound;
    let refused = verified.start.expect_err("damage").to_string();
    let command = format!("repair {} --keep-until {last_sound}", scratch.folder.path().display());
    assert!(refused.contains(&command), "{refused}");

    // What it says does it.
    let repaired = scratch.repair(last_sound).expect("a repair");
    assert!(repaired.cut.unreadable && repaired.cut.commands > 0, "{repaired:?}");
    let verified = scratch.verify();
    assert!(verified.is_whole() && verified.start.is_ok(), "{verified:?}");
    assert_eq!(scratch.starts(), last_sound);
    assert!(scratch.replay().is_ok());
}

#[test]
fn damage_before_the_newest_snapshot_refuses_no_start_and_no_repair() {
    let (scratch, scribe) = Scratch::with_journal(8);
    flip(&scratch.segments()[0], 100);
    let verified = scratch.verify();
    assert!(!verified.is_whole());
    let snapshot = verified.snapshots[0].sequence;
    assert_eq!(verified.start.expect("a start has no need of it"), snapshot);
    let Err(OpenError::Past { last_sound, .. }) = scratch.replay() else {
        panic!("what is before cannot be replayed");
    };
    assert_eq!(last_sound, verified.segments[0].damage.as_ref().expect("damage").last_sound);
    assert!(matches!(scratch.dumped((1, 9)).1, Err(OpenError::Past { .. })));

    // The end can be cut off all the same, and what is damaged before stays as it is.
    let keep = scribe.tail().next_sequence - 3;
    assert!(keep > snapshot);
    scratch.repair(keep).expect("a repair");
    assert_eq!(scratch.verify().last_sequence, keep);
    assert_eq!(scratch.starts(), keep);
}

#[test]
fn a_torn_end_is_no_damage() {
    let (scratch, scribe) = Scratch::with_journal(3);
    let last = scribe.tail().next_sequence - 1;
    drop(scribe);
    let segment = scratch.segments().pop().expect("a file");
    let mut bytes = fs::read(&segment).expect("a file");
    let length = bytes.len() as u64;
    bytes.extend_from_slice(&[0x5a; 21]);
    fs::write(&segment, bytes).expect("a writable file");
    let verified = scratch.verify();
    assert!(verified.is_whole() && verified.start.is_ok());
    let torn = verified.torn.expect("a torn end");
    assert_eq!((torn.offset, torn.bytes), (length, 21));
    assert_eq!(scratch.replay().expect("a replay").last_sequence, last);
    assert_eq!(scratch.dumped((last, last)).0, [last]);
}

#[test]
fn a_snapshot_of_another_journal_or_ahead_of_this_one_is_found() {
    let (scratch, _) = Scratch::with_journal(6);
    let whole = scratch.verify().snapshots[0].clone();
    // The same commands at other times: the same sequences, other events.
    let other = Scratch::new();
    let mut scribe = Scribe::starts(&other.folder, SMALL).expect("a writable folder");
    while scribe.tail().next_sequence <= whole.sequence {
        scribe.call("x", "y");
    }
    scribe.snapshot(FOR_EVER).expect("a snapshot");
    fs::copy(&other.snapshots()[0], &whole.path).expect("a writable folder");
    let verified = scratch.verify();
    let damage = verified.snapshots[0].damage.clone().expect("it is not of this journal");
    assert!(damage.contains("not of this journal"), "{damage}");
    let Err(OpenError::OtherState { sequence, .. }) = scratch.replay() else {
        panic!("it is no state that is come to");
    };
    assert_eq!(sequence, whole.sequence);

    // One that stands after the end.
    fs::remove_file(&whole.path).expect("it is there");
    for _ in 0..40 {
        scribe.call("x", "y");
    }
    scribe.snapshot(FOR_EVER).expect("a snapshot");
    let ahead = other.snapshots().pop().expect("a snapshot");
    let name = ahead.file_name().expect("a name");
    fs::copy(&ahead, scratch.folder.snapshots().join(name)).expect("a writable folder");
    let damage = scratch.verify().snapshots[0].damage.clone().expect("it is ahead");
    assert!(damage.contains("ends before it"), "{damage}");
    assert!(matches!(scratch.replay(), Err(OpenError::OtherState { .. })));
}

#[test]
fn no_flipped_byte_goes_unnoticed_and_no_tool_panics() {
    let (scratch, scribe) = Scratch::with_journal(2);
    drop(scribe);
    for file in scratch.segments().into_iter().chain(scratch.snapshots()) {
        let length = fs::metadata(&file).expect("it is there").len();
        for at in 0..length {
            flip(&file, at);
            let verified = scratch.verify();
            let noticed = !verified.is_whole() || verified.torn.is_some();
            assert!(noticed, "byte {at} of {file:?}: {verified:?}");
            // What these say differs; they must say it.
            let _ = (scratch.replay().is_ok(), scratch.dumped((1, u64::MAX)).1.is_ok());
            let _ = Repair::plan(&scratch.folder, 5).is_ok();
            flip(&file, at);
        }
    }
    assert!(scratch.verify().is_whole());
}

#[test]
fn files_whose_header_cannot_be_read_are_each_told_and_go_with_their_retention() {
    let (scratch, mut scribe) = Scratch::with_journal(8);
    scribe.snapshot(FOR_EVER).expect("a snapshot");
    let segments = scratch.segments();
    for at in [0, 2, 3] {
        flip(&segments[at], 20);
    }
    let verified = scratch.verify();
    let damaged: Vec<bool> = verified.segments.iter().map(|file| file.damage.is_some()).collect();
    assert_eq!(damaged[..5], [true, false, true, true, false]);
    assert!(damaged[5..].iter().all(|damaged| !damaged));
    for _ in 0..3 {
        scribe.call("more", "crm");
        scribe.snapshot(Span::from_secs(1)).expect("a snapshot");
    }
    assert!(segments[..4].iter().all(|file| !file.exists()), "they were too old");
    assert!(scratch.verify().is_whole());
}

#[test]
fn a_replay_begins_at_the_beginning_and_comes_by_each_snapshot() {
    let (scratch, mut scribe) = Scratch::with_journal(6);
    scribe.snapshot(FOR_EVER).expect("a snapshot");
    scribe.call("last", "crm");
    let mut progress = Vec::new();
    let replayed = replay(&scratch.folder, &mut |at| progress.push(at)).expect("a replay");
    let last = scribe.tail().next_sequence - 1;
    assert_eq!((replayed.base, replayed.last_sequence, replayed.commands), (0, last, last));
    assert_eq!(replayed.snapshots.len(), 2);
    assert_eq!(replayed.digest, scribe.digest());
    let ends = progress.last().expect("progress");
    assert_eq!((ends.sequence, ends.bytes), (last, ends.bytes_in_all));
    assert!(progress.is_sorted_by_key(|at| at.bytes));
}

#[test]
fn a_replay_of_history_that_has_been_cut_begins_with_the_oldest_snapshot() {
    let (scratch, mut scribe) = Scratch::with_journal(6);
    for _ in 0..3 {
        scribe.call("more", "crm");
        scribe.snapshot(Span::from_secs(1)).expect("a snapshot");
    }
    let verified = scratch.verify();
    assert!(verified.first_sequence > 1 && verified.is_whole(), "{verified:?}");
    let oldest = verified.snapshots[0].sequence;
    assert!(oldest >= verified.first_sequence - 1);
    let replayed = scratch.replay().expect("a replay");
    assert_eq!(replayed.base, oldest);
    assert_eq!(replayed.snapshots.len(), verified.snapshots.len() - 1);
    assert_eq!(replayed.digest, scribe.digest());
}

#[test]
fn a_decision_that_differs_is_found_at_its_record() {
    let (scratch, _) = Scratch::with_journal(4);
    let raised = |entry: &&mut Entry| matches!(entry.command, Command::SetPriority { .. });
    let changed = std::cell::Cell::new(0);
    let other = scratch.rewritten(|batch| {
        let Some(entry) = batch.entries.iter_mut().find(raised) else { return };
        if changed.get() == 0
            && entry.sequence > 8
            && let Command::SetPriority { priority, .. } = &mut entry.command
        {
            *priority = Priority::LOWEST;
            changed.set(entry.sequence);
        }
    });
    assert!(changed.get() > 8);
    // Every record is whole, so only a replay can tell.
    assert!(other.verify().is_whole());
    let error = other.replay().expect_err("another decision");
    let OpenError::Fold { error, last_sound, .. } = error else { panic!("{error}") };
    assert_eq!(last_sound, changed.get() - 1);
    let FoldError::DecidesDifferently { first, .. } = error else { panic!("{error}") };
    assert_eq!(first, changed.get());
    assert!(scratch.rewritten(|_| {}).replay().is_ok(), "unchanged, nothing differs");
}

#[test]
fn records_of_another_logic_are_not_replayed_unless_a_snapshot_covers_them() {
    let (scratch, scribe) = Scratch::with_journal(6);
    drop(scribe);
    make_of_another_logic(&scratch.segments()[0]);
    let replayed = scratch.replay().expect("a snapshot covers it");
    assert_eq!(replayed.base, scratch.verify().snapshots[0].sequence);
    make_of_another_logic(scratch.segments().last().expect("a file"));
    let error = scratch.replay().expect_err("no snapshot covers the last one");
    assert!(matches!(error, OpenError::OtherLogic { .. }), "{error}");
    assert!(matches!(scratch.verify().start, Err(OpenError::OtherLogic { .. })));
}

#[test]
fn commands_are_shown_from_here_to_there_with_the_names_of_then() {
    let (scratch, scribe) = Scratch::with_journal(4);
    let last = scribe.tail().next_sequence - 1;
    assert_eq!(scratch.dumped((1, u64::MAX)).0, (1..=last).collect::<Vec<_>>());
    let (shown, dumped) = scratch.dumped((6, 9));
    assert_eq!(shown, [6, 7, 8, 9]);
    assert_eq!(dumped.expect("a dump").first_sequence, 1);
    assert!(scratch.dumped((last + 1, u64::MAX)).0.is_empty());

    let mut told = Vec::new();
    let shown = dump(&scratch.folder, (6, 6), &mut |item| {
        if let Shown::Command(entry, names) = item {
            told.push(names.tell(entry));
        }
        ControlFlow::Continue(())
    });
    shown.expect("a dump");
    let [told] = &told[..] else { panic!("one command: {told:?}") };
    assert_eq!(told.command, "set_priority");
    let card = told.card.as_ref().expect("the call has been named before");
    assert_eq!((&*card.call_id, &card.attributes[0].1[..]), ("call-0", "crm-0"));
    assert!(!format!("{:?}", told.fields).contains("call-0"), "{:?}", told.fields);
}

#[test]
fn reading_changes_nothing() {
    let (scratch, scribe) = Scratch::with_journal(4);
    drop(scribe);
    let segment = scratch.segments().pop().expect("a file");
    let mut bytes = fs::read(&segment).expect("a file");
    bytes.extend_from_slice(&[1; 9]);
    fs::write(&segment, bytes).expect("a writable file");
    let content = || {
        let all = scratch.segments().into_iter().chain(scratch.snapshots());
        all.map(|file| (fs::read(&file).expect("a file"), file)).collect::<Vec<_>>()
    };
    let before = content();
    scratch.verify();
    let _ = (scratch.replay().is_ok(), scratch.dumped((1, 5)).1.is_ok());
    assert!(before == content());
    let disk = RealDisk::of(scratch.folder.path());
    assert_eq!(disk.list().expect("a folder"), Vec::<String>::new(), "not even a lock");
}

#[test]
fn a_file_that_a_daemon_removes_meanwhile_is_no_damage() {
    let (scratch, _) = Scratch::with_journal(6);
    let next = scratch.segments()[1].clone();
    let mut remove = |_: Progress| {
        let _gone = fs::remove_file(&next).is_err();
    };
    let said = replay(&scratch.folder, &mut remove).expect_err("it has gone").to_string();
    assert!(said.contains("went while it was read") && said.contains("Ask again"), "{said}");
}
