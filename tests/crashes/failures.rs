//! When the disk fails: what docs/journal.md promises, failure by failure.

use crate::bench::Bench;
use crate::disk::{Crash, Faults, SEGMENTS, SNAPSHOTS};
use acd_core::Span;
use acd_journal::{Appended, OpenError, Recovered, WriteSettings};

const ALWAYS: u16 = 1_000;
/// How often each failure is tried, with other chances each time.
const SEEDS: u64 = 40;

fn fails(bench: &Bench, batch: &std::sync::Arc<acd_journal::Batch>) -> String {
    match bench.append(batch) {
        Appended::Failed(error) => error.0,
        other => panic!("it cannot be stored: {other:?}"),
    }
}

#[test]
fn a_full_disk_keeps_what_was_acknowledged_and_takes_the_rest_when_there_is_room() {
    for seed in 0..SEEDS {
        let mut bench = Bench::new(seed);
        bench.store_many(3);
        let tail = *bench.log.watch_tail().borrow();
        bench.machine.set_faults(Faults { room: Some(seed as usize), ..Faults::default() });
        let batch = bench.next_batch();
        for _ in 0..20 {
            let error = fails(&bench, &batch);
            assert!(error.contains("storage space"), "{error}");
        }
        assert_eq!(*bench.log.watch_tail().borrow(), tail, "nothing is said to be durable");
        assert_eq!(bench.log.statistics().failures, 20);
        assert_eq!(bench.segments().len(), 1, "it does not fill up with what is of no use");
        bench.machine.set_faults(Faults::default());
        assert_eq!(bench.append(&batch), Appended::Stored);
        bench.store();
        assert_eq!(bench.read(1), bench.batches, "no batch is there twice, none is missing");
        bench.all_is_there();
    }
}

#[test]
fn after_a_failed_write_the_next_file_goes_on() {
    for seed in 0..SEEDS {
        let mut bench = Bench::new(seed);
        bench.store_many(2);
        bench.machine.set_faults(Faults { write: ALWAYS, ..Faults::default() });
        let batch = bench.next_batch();
        fails(&bench, &batch);
        bench.machine.set_faults(Faults::default());
        assert_eq!(bench.append(&batch), Appended::Stored);
        assert_eq!(bench.segments().len(), 2, "nothing more goes into the first file");
        bench.store();
        bench.all_is_there();
    }
}

#[test]
fn after_a_failed_sync_the_file_is_given_up_and_never_synced_again() {
    for seed in 0..SEEDS {
        let mut bench = Bench::new(seed);
        bench.store_many(2);
        let first = bench.segments();
        let sound = bench.machine.bytes(SEGMENTS, &first[0]);
        // Half of the seeds cannot even cut it off.
        let names = if seed % 2 == 0 { 0 } else { ALWAYS };
        bench.machine.set_faults(Faults { sync: ALWAYS, names, ..Faults::default() });
        let batch = bench.next_batch();
        fails(&bench, &batch);
        fails(&bench, &batch);
        bench.machine.set_faults(Faults::default());
        assert_eq!(bench.append(&batch), Appended::Stored);
        bench.store();
        let now = bench.machine.bytes(SEGMENTS, &first[0]);
        assert!(now.starts_with(&sound), "what was synced is left alone");
        assert!(names > 0 || now == sound, "what was not is cut off");
        assert_eq!(bench.machine.met().syncs_after_failure, 0);
        assert_eq!(bench.read(1), bench.batches, "what the file says beyond that does not count");
        bench.all_is_there();
    }
}

#[test]
fn a_failed_sync_that_only_memory_hides_from_a_restart_loses_nothing_later() {
    for seed in 0..SEEDS {
        let mut bench = Bench::new(seed);
        bench.store_many(2);
        // The record is seen by whoever reads, and may not be on the disk; it cannot be cut off.
        bench.machine.set_faults(Faults { sync: ALWAYS, names: ALWAYS, ..Faults::default() });
        let batch = bench.next_batch();
        fails(&bench, &batch);
        // The next process builds on what it sees, and acknowledges that.
        bench.crash_and_go_on(Crash::Kill);
        bench.store_many(2);
        bench.all_is_there();
    }
}

#[test]
fn what_a_killed_process_had_not_synced_is_durable_before_anything_is_built_on_it() {
    for seed in 0..SEEDS {
        let mut bench = Bench::new(seed);
        bench.store_many(2);
        let batch = bench.next_batch();
        // The write is done, the sync is not.
        bench.machine.crash_in(2, Crash::Kill);
        fails(&bench, &batch);
        bench.crash_and_go_on(Crash::Kill);
        assert_eq!(bench.batches.len(), 3, "the system still has it");
        bench.store();
        bench.all_is_there();
    }
}

#[test]
fn nothing_is_followed_before_it_is_durable() {
    let mut bench = Bench::new(1);
    let tail = bench.store_many(2);
    bench.crash_and_go_on(Crash::Kill);
    assert_eq!(bench.log.watch_tail().borrow().batch, 0, "its writer knew, nobody else does");
    bench.follower(Span(0)).snapshot(*bench.log.watch_tail().borrow()).expect("nothing to do");
    assert_eq!(bench.machine.names(SNAPSHOTS), Vec::<String>::new());
    assert_eq!(bench.store().batch, tail.batch + 1);
    assert_eq!(bench.log.watch_tail().borrow().batch, tail.batch + 1);
}

#[test]
fn what_was_not_synced_by_choice_is_when_that_choice_is_taken_back() {
    for seed in 0..SEEDS {
        let unsynced = WriteSettings { segment_bytes: 600, sync: false };
        let mut bench = Bench::with(seed, unsynced);
        bench.store_many(6);
        bench.machine.crash_now(Crash::Kill);
        bench.machine.start_again();
        let settings = WriteSettings { sync: true, ..unsynced };
        let Recovered { log, replica, .. } =
            crate::bench::open(&bench.machine, settings).expect("a kill does no harm");
        assert!(bench.moments[6].is(&replica), "the system still has all of it");
        bench.log = log;
        bench.store();
        bench.all_is_there();
    }
}

#[test]
fn headers_that_were_never_finished_are_passed_over_wherever_they_stand() {
    for bytes in [&b""[..], b"acdjrnl\n", &[0; 36]] {
        let mut bench = Bench::of_many_files(3);
        bench.store_many(2);
        bench.machine.put(SEGMENTS, "00000000000000000003-0000.segment", bytes);
        bench.store_many(2);
        assert_eq!(bench.segments().len(), 5, "{:?}", bench.segments());
        bench.all_is_there();
    }
}

#[test]
fn a_snapshot_that_finds_no_room_leaves_nothing_behind() {
    let mut bench = Bench::new(5);
    bench.store_many(3);
    bench.snapshot(Span::from_secs(3_600));
    let before = bench.machine.names(SNAPSHOTS);
    let tail = bench.store_many(2);
    let mut follower = bench.follower(Span::from_secs(3_600));
    for room in [0, 40] {
        bench.machine.set_faults(Faults { room: Some(room), ..Faults::default() });
        let error = follower.snapshot(tail).expect_err("there is no room");
        assert!(error.to_string().contains("cannot write a snapshot"), "{error}");
        assert_eq!(bench.machine.names(SNAPSHOTS), before, "what was there is, and nothing else");
    }
    bench.machine.set_faults(Faults::default());
    follower.snapshot(tail).expect("there is room again");
    let Recovered { report, .. } = bench.all_is_there();
    assert_eq!((report.snapshot, report.commands), (tail.next_sequence - 1, 0));
}

#[test]
fn a_disk_that_cannot_be_read_is_no_damage() {
    let mut bench = Bench::new(6);
    bench.store_many(2);
    bench.machine.crash_now(Crash::Power);
    let Err(error) = crate::bench::open(&bench.machine, WriteSettings::default()) else {
        panic!("the machine is off");
    };
    assert!(matches!(error, OpenError::Folder { .. } | OpenError::Read(_)), "{error}");
    assert!(!error.to_string().contains("repair"), "{error}");
}
