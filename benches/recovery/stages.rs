//! What a child process measures: a whole recovery, or each of its stages by itself.

use acd_core::{Event, EventDigest, Router, RoutingPlan};
use acd_journal::{
    Batch, DataFolder, RealDisk, Recovered, Snapshots, WriteSettings, recover, tools,
};
use serde_json::{Value, json};
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// `recover`, as a daemon's start has it.
pub(crate) fn whole(folder: &Path) -> Value {
    let began = Instant::now();
    let recovered = recover(&DataFolder::at(folder), WriteSettings::default());
    let seconds = began.elapsed().as_secs_f64();
    let Recovered { replica, report, .. } = recovered.expect("the folder is sound");
    json!({
        "seconds": seconds,
        "snapshot_seconds": report.snapshot_took.as_secs_f64(),
        "fold_seconds": report.fold_took.as_secs_f64(),
        "commands": report.commands,
        "calls": replica.router().live_calls(),
        "peak_bytes": peak_bytes("self"),
    })
}

/// Each stage by itself: name, seconds, bytes.
pub(crate) fn each(folder: &Path) -> Value {
    let folder = DataFolder::at(folder);
    let mut stages = Vec::new();
    let snapshots = Snapshots::of(RealDisk::of(&folder.snapshots()));
    let sequence = *snapshots.list().expect("a folder").last().expect("a snapshot");
    of_the_snapshot(&folder, &snapshots, sequence, &mut stages);
    of_the_tail(&folder, &snapshots, sequence, &mut stages);
    let stage = |(name, seconds, bytes): (&str, f64, u64)| json!({ "stage": name, "seconds": seconds, "bytes": bytes });
    Value::Array(stages.into_iter().map(stage).collect())
}

type Stages = Vec<(&'static str, f64, u64)>;

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let began = Instant::now();
    let made = black_box(work());
    (made, began.elapsed().as_secs_f64())
}

fn of_the_snapshot(
    folder: &DataFolder,
    snapshots: &Snapshots<RealDisk>,
    sequence: u64,
    stages: &mut Stages,
) {
    let path = folder.snapshots().join(format!("{sequence:020}.snapshot"));
    let (bytes, read) = timed(|| std::fs::read(&path).expect("it can be read"));
    let (_, checksum) = timed(|| crc32fast::hash(&bytes));
    let (replica, whole) = timed(|| snapshots.read(sequence).expect("it is sound"));
    let (mut plan, router) = (Vec::new(), replica.router().snapshot());
    replica.router().plan().encode(&mut plan);
    let (decoded, plan_took) =
        timed(|| RoutingPlan::decode(&mut &plan[..]).expect("it was encoded so"));
    let (restored, restore) =
        timed(|| Router::restore(Arc::new(decoded), &router).expect("it was written so"));
    drop((restored, replica));
    let (size, rest) = (bytes.len() as u64, (plan.len() + router.len()) as u64);
    stages.push(("snapshot: read", read, size));
    stages.push(("snapshot: checksum", checksum, size));
    stages.push(("snapshot: plan", plan_took, plan.len() as u64));
    stages.push(("snapshot: restore of the Router", restore, router.len() as u64));
    // Read a second time, from memory: what is left over is the cast, and the second read.
    let cast = (whole - checksum - plan_took - restore).max(0.0);
    stages.push(("snapshot: names of calls", cast, size - rest));
}

fn of_the_tail(
    folder: &DataFolder,
    snapshots: &Snapshots<RealDisk>,
    sequence: u64,
    stages: &mut Stages,
) {
    let files = crate::files(&folder.segments());
    let (all, read) = timed(|| {
        let read = files.iter().map(|path| std::fs::read(path).expect("it can be read"));
        read.collect::<Vec<_>>()
    });
    let size = all.iter().map(|bytes| bytes.len() as u64).sum();
    let (_, checksum) =
        timed(|| all.iter().fold(0, |sum: u32, bytes| sum.wrapping_add(crc32fast::hash(bytes))));
    drop(all);
    let mut batches: Vec<Batch> = Vec::new();
    let (read_all, decode) = timed(|| {
        tools::batches(folder, (sequence + 1, u64::MAX), &mut |batch| {
            // Kept, so that the fold can be measured without reading.
            batches.push(batch.clone());
            ControlFlow::Continue(())
        })
    });
    read_all.expect("the journal is sound");
    let (copies, copying) = timed(|| batches.clone());
    drop(copies);
    let replica = || snapshots.read(sequence).expect("it is sound");
    let mut folding = replica();
    let ((), fold) = timed(|| {
        batches.iter().for_each(|batch| folding.fold(batch).expect("it follows"));
    });
    let mut applying = replica().into_parts().router;
    let ((), apply) = timed(|| apply_all(&mut applying, &batches, |_| {}));
    let (mut digesting, mut digest) = (replica().into_parts().router, EventDigest::default());
    let ((), both) = timed(|| {
        let take_in = |events: &[Event]| events.iter().for_each(|event| digest.take_in(event));
        apply_all(&mut digesting, &batches, take_in);
    });
    black_box(digest.value());
    let digest = (both - apply).max(0.0);
    stages.push(("tail: read", read, size));
    stages.push(("tail: checksum", checksum, size));
    stages.push(("tail: decode", (decode - checksum - copying).max(0.0), size));
    stages.push(("tail: apply", apply, 0));
    stages.push(("tail: digest", digest, 0));
    stages.push(("tail: names of calls", (fold - apply - digest).max(0.0), 0));
}

fn apply_all(router: &mut Router, batches: &[Batch], mut see: impl FnMut(&[Event])) {
    let mut events = Vec::new();
    for entry in batches.iter().flat_map(|batch| &batch.entries) {
        events.clear();
        router.apply(entry.at, entry.command.clone(), &mut events).expect("it was applied so");
        see(&events);
    }
}

/// The most memory that a process had, where the system tells.
pub(crate) fn peak_bytes(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}
