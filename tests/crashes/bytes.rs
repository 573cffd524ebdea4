//! Whatever bytes stand in the files: they come back as they were written, or they are refused.

use crate::bench::{Bench, FRAME_BYTES, HEADER_BYTES, disks, open};
use crate::dice::Dice;
use crate::disk::{Lies, Machine, SEGMENTS, SNAPSHOTS};
use acd_core::Span;
use acd_journal::{Snapshots, WriteSettings};

/// How many changed files each test reads.
const FILES: u64 = 1_500;

#[test]
fn batches_of_a_living_domain_are_read_as_they_were_written() {
    for seed in 0..60 {
        let mut bench = Bench::with(seed, WriteSettings { segment_bytes: 2_000, sync: true });
        bench.store_many(20);
        assert_eq!(bench.read(1), bench.batches);
        let from = bench.sequence_after(10) + 1;
        assert_eq!(bench.read(from), bench.batches[10..]);
    }
}

/// Changes some bytes, or leaves some out, or puts some in.
fn change(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        match dice.below(5) {
            0 if !bytes.is_empty() => drop(bytes.remove(at)),
            1 => bytes.insert(at, dice.draw() as u8),
            2 => bytes.truncate(at),
            // Where a length or a count stands, as large as can be.
            3 => bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0xff),
            _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << dice.below(8)),
        }
    }
}

#[test]
fn a_record_that_was_changed_and_signed_again_is_refused_or_makes_sense() {
    let mut bench = Bench::new(1);
    bench.store_many(6);
    let segment = bench.segments().remove(0);
    let whole = bench.machine.bytes(SEGMENTS, &segment);
    let records = bench.records(&segment);
    let (mut read, mut refused) = (0, 0);
    for seed in 0..FILES {
        let mut dice = Dice::new(seed);
        let record = dice.below(records.len());
        let end = records.get(record + 1).copied().unwrap_or(whole.len());
        let mut body = whole[records[record] + FRAME_BYTES..end].to_vec();
        change(&mut body, &mut dice);
        let length = (body.len() as u32).to_le_bytes();
        let mut signed = crc32fast::Hasher::new();
        signed.update(&length);
        signed.update(&body);
        let mut changed = whole[..records[record]].to_vec();
        changed.extend_from_slice(&length);
        changed.extend_from_slice(&signed.finalize().to_le_bytes());
        changed.extend_from_slice(&body);
        changed.extend_from_slice(&whole[end..]);
        let machine = Machine::new(seed, Lies::default());
        machine.put(SEGMENTS, &segment, &changed);
        match open(&machine, WriteSettings::default()) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(refused > FILES / 2 && read > 0, "{refused} refused, {read} read");
}

#[test]
fn a_snapshot_that_was_changed_and_signed_again_is_refused_or_makes_sense() {
    let mut bench = Bench::new(2);
    let tail = bench.store_many(25);
    bench.snapshot(Span::from_secs(3_600));
    let name = bench.machine.names(SNAPSHOTS).remove(0);
    let whole = bench.machine.bytes(SNAPSHOTS, &name);
    let mut refused = 0;
    for seed in 0..FILES {
        let mut dice = Dice::new(seed);
        let mut changed = whole[..whole.len() - 4].to_vec();
        change(&mut changed, &mut dice);
        let signed = crc32fast::hash(&changed).to_le_bytes();
        changed.extend_from_slice(&signed);
        let machine = Machine::new(seed, Lies::default());
        machine.put(SNAPSHOTS, &name, &changed);
        let [_, snapshots] = disks(&machine);
        refused += u64::from(Snapshots::of(snapshots).read(tail.next_sequence - 1).is_err());
    }
    assert!(refused > FILES / 2, "{refused} of {FILES}");
}

#[test]
fn files_of_noise_are_refused_or_passed_over() {
    for seed in 0..FILES {
        let mut dice = Dice::new(seed);
        let noise: Vec<u8> = (0..dice.below(200)).map(|_| dice.draw() as u8).collect();
        let machine = Machine::new(seed, Lies::default());
        machine.put(SEGMENTS, "00000000000000000001-0000.segment", &noise);
        machine.put(SNAPSHOTS, "00000000000000000007.snapshot", &noise);
        machine.put(SNAPSHOTS, "lost+found", &noise);
        let recovered = open(&machine, WriteSettings::default());
        assert_eq!(recovered.is_ok(), noise.len() <= HEADER_BYTES, "no record can be in so few");
    }
}

#[test]
fn the_last_name_that_there_can_be_is_no_reason_to_panic() {
    let mut bench = Bench::of_many_files(3);
    bench.store_many(2);
    let name = format!("{:020}-{}.segment", 3, u32::MAX);
    bench.machine.put(SEGMENTS, &name, b"");
    let batch = bench.next_batch();
    let acd_journal::Appended::Failed(error) = bench.append(&batch) else {
        panic!("there is no name left");
    };
    assert!(error.0.contains("no name is left"), "{error}");
    bench.machine.lose(SEGMENTS, &name);
    assert_eq!(bench.append(&batch), acd_journal::Appended::Stored);
    bench.all_is_there();
}
