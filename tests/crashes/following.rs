//! The follower reads what another thread writes: half a record is the end, a file that is given up
//! is left, and what it makes of the journal is what the domain was.

use crate::bench::{Bench, disks, open};
use crate::disk::{Faults, Lies, Machine, SEGMENTS, SNAPSHOTS};
use acd_core::Span;
use acd_journal::{Appended, Follower, FollowerSettings, Snapshots, Tail, WriteSettings};

const ALWAYS: u16 = 1_000;
const LONG: Span = Span::from_secs(3_600);

fn written(machine: &Machine, tail: Tail) -> acd_journal::Replica {
    let [_, snapshots] = disks(machine);
    Snapshots::of(snapshots).read(tail.next_sequence - 1).expect("a snapshot that can be read")
}

#[test]
fn the_follower_comes_to_the_state_that_the_domain_had() {
    let mut bench = Bench::with(1, WriteSettings { segment_bytes: 300, sync: true });
    let mut follower = bench.follower(LONG);
    for number in 1..=12 {
        let tail = bench.store();
        assert!(follower.behind(tail) > 0);
        follower.snapshot(tail).expect("it can follow");
        assert_eq!(follower.behind(tail), 0);
        assert!(bench.moments[number].is(&written(&bench.machine, tail)));
    }
    assert!(bench.segments().len() > 2, "it has followed from file to file");
}

#[test]
fn half_a_record_is_the_end_until_the_rest_is_written() {
    let mut bench = Bench::new(2);
    let tails: Vec<Tail> = (0..3).map(|_| bench.store()).collect();
    let segment = bench.segments().remove(0);
    let whole = bench.machine.bytes(SEGMENTS, &segment);
    let last = bench.records(&segment)[2];
    for half in last..whole.len() {
        let machine = Machine::new(0, Lies::default());
        machine.put(SEGMENTS, &segment, &whole[..half]);
        let settings = FollowerSettings { snapshot_every: 1, retention: LONG };
        let [segments, snapshots] = disks(&machine);
        let mut follower = Follower::new(segments, snapshots, settings).expect("it can follow");
        // Told of more than is there, it takes what is there.
        follower.snapshot(tails[2]).expect("half a record is no damage");
        assert!(bench.moments[2].is(&written(&machine, tails[1])));
        machine.rot(SEGMENTS, &segment, |bytes| bytes.clone_from(&whole));
        follower.snapshot(tails[2]).expect("the rest is there");
        assert!(bench.moments[3].is(&written(&machine, tails[2])));
    }
}

#[test]
fn a_file_that_is_cut_and_followed_by_another_while_it_is_read_is_left() {
    for seed in 0..40 {
        let mut bench = Bench::new(seed);
        let tail = bench.store_many(2);
        // A part of the next record is in the file, or all of it, and cannot be cut off; or it can.
        let names = if seed % 3 == 0 { 0 } else { ALWAYS };
        let (write, sync) = if seed % 2 == 0 { (ALWAYS, 0) } else { (0, ALWAYS) };
        bench.machine.set_faults(Faults { write, sync, names, room: None });
        let batch = bench.next_batch();
        assert!(matches!(bench.append(&batch), Appended::Failed(_)));
        bench.machine.set_faults(Faults::default());
        let mut follower = bench.follower(LONG);
        follower.snapshot(tail).expect("up to there it is durable");
        assert_eq!(bench.append(&batch), Appended::Stored);
        let tail = bench.store();
        follower.snapshot(tail).expect("the next file goes on");
        assert!(bench.moments[4].is(&written(&bench.machine, tail)));
        bench.all_is_there();
    }
}

#[test]
fn a_fold_outlives_a_snapshot_that_could_not_be_written() {
    let mut bench = Bench::new(4);
    let mut follower = bench.follower(LONG);
    let tail = bench.store_many(3);
    bench.machine.set_faults(Faults { room: Some(10), ..Faults::default() });
    follower.snapshot(tail).expect_err("there is no room");
    bench.machine.set_faults(Faults::default());
    // What has been folded is not asked for again.
    for segment in bench.segments() {
        bench.machine.lose(SEGMENTS, &segment);
    }
    follower.snapshot(tail).expect("it has all that it needs");
    assert!(bench.moments[3].is(&written(&bench.machine, tail)));
}

#[test]
fn a_start_removes_what_was_left_unfinished_and_keeps_what_was_finished() {
    let mut bench = Bench::new(5);
    bench.store_many(2);
    bench.snapshot(LONG);
    let (segments, snapshots) = (bench.segments(), bench.machine.names(SNAPSHOTS));
    bench.machine.put(SNAPSHOTS, "00000000000000000099.snapshot.new", b"acdsnap");
    bench.machine.put(SEGMENTS, "00000000000000000002-0007.segment.new", b"acdjrnl");
    bench.machine.start_again();
    open(&bench.machine, WriteSettings::default()).expect("it starts");
    assert_eq!(bench.machine.names(SEGMENTS), segments);
    assert_eq!(bench.machine.names(SNAPSHOTS), snapshots);
}
