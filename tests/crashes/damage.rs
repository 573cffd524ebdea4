//! What was written is not what is there: a torn end is cut off, anything else stops the start and
//! is named.

use crate::bench::{Bench, FRAME_BYTES, HEADER_BYTES, open};
use crate::disk::{Crash, Lies, Machine, SEGMENTS, SNAPSHOTS};
use acd_core::{LOGIC_VERSION, Span};
use acd_journal::{OpenError, ReadError, Recovered, RecoveryReport, WriteSettings};

const LONG: Span = Span::from_secs(3_600);

/// The file, the place and the last sound sequence of the damage that stops the start.
fn damage(bench: &Bench) -> (String, u64, u64, String) {
    let error = bench.recover().expect_err("it is damaged");
    let said = error.to_string();
    let OpenError::Read(ReadError::Damaged { path, offset, what, last_sound }) = error else {
        panic!("not damage: {said}");
    };
    for part in [&path, &format!("byte {offset}"), &format!("--keep-until {last_sound}")] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    (path, offset, last_sound, what)
}

/// The start goes on after so many batches, and says that it has cut off the rest.
fn is_torn_after(bench: &Bench, batches: usize, segment: &str, at: usize) {
    let length = bench.machine.bytes(SEGMENTS, segment).len();
    let Recovered { replica, report, .. } = bench.recover().expect("a torn end does no harm");
    assert!(bench.moments[batches].is(&replica));
    let torn = report.torn.expect("it is reported");
    assert_eq!(torn.path, format!("segments/{segment}"));
    assert_eq!((torn.offset, torn.bytes), (at as u64, (length - at) as u64));
    assert_eq!(bench.machine.bytes(SEGMENTS, segment).len(), at, "it is cut off");
    let kept = bench.machine.bytes(SEGMENTS, &format!("{segment}.torn"));
    assert_eq!(kept.len(), length - at, "and kept beside, for whoever wants to know");
    let again = bench.recover().expect("it is whole now").report;
    assert_eq!(again.torn, None, "once");
}

#[test]
fn a_last_record_torn_at_any_byte_is_cut_off_and_reported() {
    let mut bench = Bench::new(1);
    bench.store_many(3);
    let segment = bench.segments().remove(0);
    let whole = bench.machine.bytes(SEGMENTS, &segment);
    let last = bench.records(&segment)[2];
    for length in last + 1..whole.len() {
        bench.machine.rot(SEGMENTS, &segment, |bytes| *bytes = whole[..length].to_vec());
        is_torn_after(&bench, 2, &segment, last);
    }
}

#[test]
fn a_flipped_byte_of_the_last_record_is_a_torn_end() {
    let mut bench = Bench::new(2);
    bench.store_many(3);
    let segment = bench.segments().remove(0);
    let whole = bench.machine.bytes(SEGMENTS, &segment);
    let last = bench.records(&segment)[2];
    for at in last..whole.len() {
        bench.machine.rot(SEGMENTS, &segment, |bytes| bytes.clone_from(&whole));
        bench.flip(&segment, at);
        is_torn_after(&bench, 2, &segment, last);
    }
}

#[test]
fn a_flipped_byte_before_the_last_record_is_damage_and_is_named() {
    let mut bench = Bench::new(3);
    bench.store_many(4);
    let segment = bench.segments().remove(0);
    let whole = bench.machine.bytes(SEGMENTS, &segment);
    let records = bench.records(&segment);
    // Each byte of the length, of the checksum and of the batch itself.
    for at in records[1]..records[2] {
        bench.machine.rot(SEGMENTS, &segment, |bytes| bytes.clone_from(&whole));
        bench.flip(&segment, at);
        let (path, offset, last_sound, _) = damage(&bench);
        assert_eq!(path, format!("segments/{segment}"));
        assert_eq!((offset, last_sound), (records[1] as u64, bench.sequence_after(1)));
    }
    let bytes = bench.machine.bytes(SEGMENTS, &segment);
    assert_eq!(bytes.len(), whole.len(), "what is damaged is left as it is");
}

#[test]
fn a_flipped_byte_in_an_earlier_file_is_damage_even_in_its_last_record() {
    let mut bench = Bench::of_many_files(4);
    bench.store_many(3);
    let segment = bench.segments().remove(1);
    let length = bench.machine.bytes(SEGMENTS, &segment).len();
    for at in [HEADER_BYTES, HEADER_BYTES + FRAME_BYTES, length - 1] {
        bench.flip(&segment, at);
        let (path, offset, last_sound, _) = damage(&bench);
        assert_eq!(path, format!("segments/{segment}"));
        assert_eq!((offset, last_sound), (HEADER_BYTES as u64, bench.sequence_after(1)));
        bench.flip(&segment, at);
    }
    bench.recover().expect("flipped back");
}

#[test]
fn a_flipped_byte_of_a_header_is_damage_of_that_file_alone() {
    let mut bench = Bench::of_many_files(5);
    bench.store_many(3);
    for (index, segment) in bench.segments().iter().enumerate() {
        for at in 0..HEADER_BYTES {
            bench.flip(segment, at);
            let (path, offset, last_sound, _) = damage(&bench);
            assert_eq!(path, format!("segments/{segment}"));
            assert_eq!((offset, last_sound), (0, bench.sequence_after(index)));
            bench.flip(segment, at);
        }
    }
    bench.recover().expect("flipped back");
}

#[test]
fn a_missing_file_in_the_middle_is_named_with_what_is_missing() {
    let mut bench = Bench::of_many_files(6);
    bench.store_many(4);
    let segments = bench.segments();
    bench.machine.lose(SEGMENTS, &segments[1]);
    let (path, offset, last_sound, what) = damage(&bench);
    assert_eq!(path, format!("segments/{}", segments[0]));
    let length = bench.machine.bytes(SEGMENTS, &segments[0]).len();
    assert_eq!((offset, last_sound), (length as u64, bench.sequence_after(1)));
    assert!(what.contains("ends before batch 2") && what.contains("batch 3"), "{what}");

    bench.machine.lose(SEGMENTS, &segments[0]);
    let error = bench.recover().expect_err("the beginning is gone").to_string();
    assert!(error.contains(&segments[2]) && error.contains("from batch 1 on"), "{error}");
}

#[test]
fn a_damaged_snapshot_is_passed_over_for_the_one_before_it() {
    let mut bench = Bench::new(7);
    let mut sequences = Vec::new();
    for _ in 0..3 {
        sequences.push(bench.store_many(2).next_sequence - 1);
        bench.snapshot(LONG);
    }
    let names = bench.machine.names(SNAPSHOTS);
    let recovered = bench.all_is_there();
    assert_eq!((recovered.report.snapshot, recovered.report.batches), (sequences[2], 0));
    for (damaged, name) in names.iter().rev().enumerate() {
        bench.machine.rot(SNAPSHOTS, name, |bytes| bytes[20 + damaged] ^= 1);
        let RecoveryReport { snapshot, batches, skipped, .. } = bench.all_is_there().report;
        assert_eq!(snapshot, if damaged == 2 { 0 } else { sequences[1 - damaged] });
        assert_eq!(batches, 2 * (damaged as u64 + 1), "a longer tail is folded instead");
        assert_eq!(skipped.len(), damaged + 1, "and it is said: {skipped:?}");
        assert_eq!(skipped[damaged].path, format!("snapshots/{name}"));
    }
}

#[test]
fn without_any_snapshot_what_was_forgotten_is_missed_and_said() {
    let mut bench = Bench::of_many_files(8);
    for _ in 0..4 {
        bench.store_many(2);
        bench.snapshot(Span(0));
    }
    assert!(bench.segments().len() < 8, "history has gone: {:?}", bench.segments());
    for name in bench.machine.names(SNAPSHOTS) {
        bench.machine.rot(SNAPSHOTS, &name, |bytes| bytes.truncate(9));
    }
    let error = bench.recover().expect_err("nothing to begin with");
    assert!(matches!(error, OpenError::Gap { wanted: 1, .. }), "{error}");
}

/// Makes a segment say that another version of the logic wrote it.
fn write_as_by_another_version(bench: &Bench) {
    for segment in bench.segments() {
        bench.machine.rot(SEGMENTS, &segment, |bytes| {
            bytes[12..16].copy_from_slice(&(LOGIC_VERSION + 1).to_le_bytes());
            let checksum = crc32fast::hash(&bytes[..HEADER_BYTES - 4]);
            bytes[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
        });
    }
}

#[test]
fn a_tail_of_another_version_is_refused_with_what_to_do() {
    let mut bench = Bench::new(9);
    bench.store_many(2);
    bench.snapshot(LONG);
    bench.store_many(2);
    write_as_by_another_version(&bench);
    let error = bench.recover().expect_err("another version may decide otherwise");
    assert!(matches!(error, OpenError::OtherLogic { found, .. } if found == LOGIC_VERSION + 1));
    let said = error.to_string();
    for part in ["SIGTERM", "start the version of acdd that wrote it", &bench.segments()[0]] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
}

#[test]
fn after_a_clean_stop_another_version_may_start_and_go_on() {
    let mut bench = Bench::new(10);
    bench.store_many(4);
    bench.snapshot(LONG);
    write_as_by_another_version(&bench);
    bench.crash_and_go_on(Crash::Kill);
    assert_eq!(bench.batches.len(), 4);
    bench.store_many(2);
    let report = bench.all_is_there().report;
    assert_eq!(report.batches, 2, "only what this version wrote is folded");
}

#[test]
fn retention_keeps_all_that_the_newest_snapshots_may_be_needed_for() {
    let mut bench = Bench::of_many_files(11);
    for _ in 0..6 {
        bench.store_many(2);
        bench.snapshot(Span(0));
    }
    let mut snapshots = bench.machine.names(SNAPSHOTS);
    assert_eq!(snapshots.len(), 3, "two, and the one that history begins with: {snapshots:?}");
    let first = bench.segments().remove(0);
    assert_eq!(first, format!("{:020}-0000.segment", 9), "all after the oldest of them is there");
    // Even if the newest two turn out to be damaged.
    for name in snapshots.split_off(1) {
        bench.machine.rot(SNAPSHOTS, &name, |bytes| bytes[30] ^= 1);
    }
    let report = bench.all_is_there().report;
    assert_eq!((report.skipped.len(), report.batches), (2, 4));
}

#[test]
fn history_that_is_young_enough_stays() {
    let mut bench = Bench::of_many_files(12);
    for _ in 0..4 {
        bench.store_many(2);
        bench.snapshot(LONG);
    }
    assert_eq!(bench.segments().len(), 8, "{:?}", bench.segments());
    bench.machine.names(SNAPSHOTS).iter().for_each(|name| bench.machine.lose(SNAPSHOTS, name));
    assert_eq!(bench.all_is_there().report.batches, 8, "all of it can be folded");
}

#[test]
fn a_journal_cut_anywhere_holds_a_state_that_there_was() {
    for seed in 0..3 {
        let settings = WriteSettings { segment_bytes: 100_000, sync: true };
        let mut bench = Bench::with(seed, settings);
        bench.store_many(12);
        let segment = bench.segments().remove(0);
        let whole = bench.machine.bytes(SEGMENTS, &segment);
        let records = bench.records(&segment);
        for length in HEADER_BYTES..whole.len() {
            let machine = Machine::new(0, Lies::default());
            machine.put(SEGMENTS, &segment, &whole[..length]);
            let recovered = open(&machine, settings).expect("a cut is no damage");
            // No cut leaves the last one.
            let batches = records.iter().skip(1).filter(|end| **end <= length).count();
            assert!(bench.moments[batches].is(&recovered.replica), "seed {seed}, cut at {length}");
        }
    }
}
