//! What is cut off, and what is left.

use super::*;

/// Where the records of a file begin, the header's end first.
fn records(file: &Path) -> Vec<u64> {
    let bytes = fs::read(file).expect("a file");
    let mut at = crate::segment::HEADER_BYTES;
    let mut begins = Vec::new();
    while let crate::segment::Found::Record(body) = crate::segment::record_at(&bytes[at..]) {
        begins.push(at as u64);
        at += crate::segment::FRAME_BYTES + body.len();
    }
    begins
}

#[test]
fn what_is_cut_off_is_kept_beside_and_a_start_goes_on_before_it() {
    let (scratch, scribe) = Scratch::with_journal(6);
    drop(scribe);
    let before = scratch.verify();
    // In the middle of a file that has several records.
    let segment = scratch.segments().into_iter().find(|file| records(file).len() > 2);
    let segment = segment.expect("several records in one file");
    let row = before.segments.iter().find(|row| Path::new(&row.path) == segment);
    let keep = row.and_then(|row| row.sequences).expect("commands").0;
    let content = fs::read(&segment).expect("a file");
    let repair = Repair::plan(&scratch.folder, keep).expect("a plan");
    let cut = repair.cut().clone();
    assert_eq!(cut.commands, before.last_sequence - keep);
    assert_eq!((cut.last_cut, cut.unreadable), (before.last_sequence, false));
    assert_eq!(scratch.verify().segments, before.segments, "a plan changes nothing");

    let kept_in = repair.carry_out().expect("a repair").kept_in.expect("a folder");
    let verified = scratch.verify();
    assert!(verified.is_whole() && verified.torn.is_none(), "{verified:?}");
    assert_eq!(verified.last_sequence, keep);
    let left = fs::read(&segment).expect("a file");
    let name = segment.file_name().expect("a name").to_string_lossy().into_owned();
    let rest = fs::read(kept_in.join(format!("{name}.from-{}", left.len()))).expect("the rest");
    assert_eq!([left, rest].concat(), content, "not a byte is lost");
    assert_eq!(files(&kept_in).len(), cut.files.len() + cut.snapshots.len());
    assert!(verified.snapshots.iter().all(|snapshot| snapshot.sequence <= keep));

    let again = Repair::plan(&scratch.folder, keep).expect("a plan");
    assert!(again.is_done(), "{again:?}");
    drop(again);
    assert_eq!(scratch.starts(), keep);
    assert!(scratch.replay().is_ok());
}

#[test]
fn wherever_a_repair_is_interrupted_a_start_finds_a_state_of_then_and_it_can_be_done_again() {
    let (whole, scribe) = Scratch::with_journal(6);
    scribe.snapshot(FOR_EVER).expect("a snapshot");
    drop(scribe);
    let keep = whole.verify().segments[1].sequences.expect("commands").1;
    let steps = {
        let repair = Repair::plan(&whole.folder, keep).expect("a plan");
        let cut = repair.cut().clone();
        assert!(cut.snapshots.len() == 2 && cut.files.len() > 2, "{cut:?}");
        let snapshots = cut.snapshots.iter().rev();
        let snapshots = snapshots.map(|at| format!("snapshots/{}", crate::snapshots::file(*at)));
        let files = cut.files.iter().rev().map(|file| format!("segments/{}", file.file));
        snapshots.chain(files).collect::<Vec<_>>()
    };
    for done in 0..=steps.len() {
        let scratch = Scratch::new();
        for part in ["segments", "snapshots"] {
            let to = scratch.folder.path().join(part);
            fs::create_dir_all(&to).expect("a writable folder");
            for file in files(&whole.folder.path().join(part)) {
                fs::copy(&file, to.join(file.file_name().expect("a name"))).expect("a copy");
            }
        }
        for step in &steps[..done] {
            fs::remove_file(scratch.folder.path().join(step)).expect("it was there");
        }
        let verified = scratch.verify();
        assert!(verified.is_whole() && verified.start.is_ok(), "after {done}: {verified:?}");
        assert!(verified.last_sequence >= keep);
        assert!(scratch.replay().is_ok(), "after {done}");
        scratch.repair(keep).expect("it can be done again");
        assert_eq!(scratch.starts(), keep);
    }
}

#[test]
fn a_sequence_that_cannot_be_the_last_one_is_refused_with_those_that_can() {
    let (scratch, scribe) = Scratch::with_journal(4);
    let last = scribe.tail().next_sequence - 1;
    let why = |keep: u64| match Repair::plan(&scratch.folder, keep) {
        Err(RepairError::Choice { why, .. }) => why,
        other => panic!("{keep} is refused: {other:?}"),
    };
    let inside = why(2);
    assert!(inside.contains("choose 0,") && inside.contains("or 4,"), "{inside}");
    assert!(why(last + 1).contains(&format!("ends with sequence {last}")));
    let all = Repair::plan(&scratch.folder, last).expect("the last one is one");
    assert!(all.is_done());
    drop(all);

    let _lock = scratch.folder.lock().expect("nobody has it");
    let error = scratch.repair(4).expect_err("a daemon has it");
    assert!(matches!(error, RepairError::Open(OpenError::InUse { .. })), "{error}");
    assert_eq!(scratch.verify().last_sequence, last, "reading needs no lock");
}

#[test]
fn a_journal_without_a_state_to_begin_with_can_be_cut_to_a_snapshot_or_to_nothing() {
    // The file between the snapshot and the rest is lost.
    let (scratch, scribe) = Scratch::with_journal(6);
    drop(scribe);
    let verified = scratch.verify();
    let snapshot = verified.snapshots[0].sequence;
    let until = |file: &SegmentFile| file.sequences.is_some_and(|(first, _)| first <= snapshot + 1);
    for lost in verified.segments.iter().filter(|file| until(file)) {
        fs::remove_file(&lost.path).expect("it is there");
    }
    let refused = scratch.verify().start.expect_err("a gap");
    assert!(matches!(refused, OpenError::Gap { last_sound, .. } if last_sound == snapshot));
    let last = verified.last_sequence;
    assert!(matches!(scratch.repair(last), Err(RepairError::Choice { .. })));
    let repaired = scratch.repair(snapshot).expect("the state is known");
    assert!(repaired.cut.history_goes);
    assert_eq!(scratch.verify().last_sequence, snapshot);
    assert_eq!(scratch.starts(), snapshot);
    assert!(scratch.verify().is_whole());

    scratch.repair(0).expect("nothing can always be kept");
    assert_eq!(scratch.verify().last_sequence, 0);
    assert_eq!(scratch.starts(), 0);
}
