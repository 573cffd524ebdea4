//! The log in files of a real folder: it keeps the contract, and one process at a time has it.

use super::*;
use crate::contract::{batch_of, check_contract};
use crate::disk::RealDisk;
use std::cell::RefCell;
use tempfile::TempDir;

const SETTINGS: [WriteSettings; 3] = [
    WriteSettings { segment_bytes: 64 << 20, sync: true },
    // A file for each batch.
    WriteSettings { segment_bytes: 1, sync: true },
    WriteSettings { segment_bytes: 500, sync: false },
];

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[tokio::test]
async fn it_keeps_the_contract() {
    for settings in SETTINGS {
        let folders = RefCell::new(Vec::new());
        check_contract(|| {
            let folder = folder();
            let log = recover(&DataFolder::at(folder.path()), settings).expect("it opens").log;
            folders.borrow_mut().push(folder);
            log
        })
        .await;
    }
}

#[test]
fn two_openers_exclude_each_other() {
    let folder = folder();
    let data = DataFolder::at(&folder.path().join("journal"));
    let lock = data.lock().expect("nobody else has it");
    let refused = data.lock().expect_err("it is taken").to_string();
    assert!(refused.contains("another acdd uses this folder"), "{refused}");
    let refused = recover(&data, SETTINGS[0]).expect_err("it is taken").to_string();
    assert!(refused.contains("another acdd uses this folder"), "{refused}");
    drop(lock);
    let first = recover(&data, SETTINGS[0]).expect("it is free again");
    recover(&data, SETTINGS[0]).expect_err("the first one has it");
    assert!(data.lock().is_err());
    drop(first);
}

#[test]
fn a_folder_is_made_with_all_that_it_is_in() {
    let folder = folder();
    let data = DataFolder::at(&folder.path().join("var/lib/acdd"));
    recover(&data, SETTINGS[0]).expect("it is made");
    assert!(data.segments().is_dir() && data.snapshots().is_dir());
}

#[tokio::test]
async fn what_is_no_folder_is_refused_in_words() {
    let folder = folder();
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a writable folder");
    for path in [file.clone(), file.join("below")] {
        let refused = recover(&DataFolder::at(&path), SETTINGS[0]).expect_err("no folder");
        assert!(refused.to_string().contains("file"), "{refused}");
    }
}

#[tokio::test]
async fn a_log_that_is_opened_again_goes_on_where_it_ended() {
    let folder = folder();
    let disk = |name: &str| RealDisk::open(&folder.path().join(name)).expect("it is made");
    let open = || recover_on(disk("segments"), disk("snapshots"), SETTINGS[0]);
    let log = open().expect("it opens").log;
    let (mut tail, mut stored) = (Tail::default(), Vec::new());
    for epoch in 1..=3 {
        let batch = batch_of(tail, epoch, 2);
        assert_eq!(log.append(Arc::clone(&batch), tail).await, Appended::Stored);
        tail = Tail::after(&batch);
        stored.push(batch);
    }
    let statistics = log.statistics();
    assert_eq!((statistics.syncs, statistics.failures), (3, 0));
    assert!(statistics.bytes > 0 && statistics.sync_max_us > 0);
    let Recovered { log, replica, report } = open().expect("it opens again");
    assert_eq!((replica.tail(), report.batches, report.torn), (tail, 3, None));
    let batch = batch_of(tail, 4, 1);
    assert_eq!(log.append(Arc::clone(&batch), tail).await, Appended::Stored);
    stored.push(batch);
    assert_eq!(log.read(1).await.expect("all is kept"), stored);
}
