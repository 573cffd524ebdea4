//! The test of the test: a journal that breaks one of its rules loses what it has acknowledged, and
//! the ten thousand lives notice.

use crate::disk::Lies;
use crate::life::Setup;
use crate::seeds::live;

/// A break is noticed within so many lives.
const SEEDS_MAX: u64 = 500;

/// Some life says so.
fn is_noticed(setup: Setup, word: &str) {
    let mut lives = (0..SEEDS_MAX).filter_map(|seed| live(seed..=seed, setup).err());
    let first = lives.find(|(_, broken)| broken.contains(word));
    let (seed, broken) = first.unwrap_or_else(|| panic!("no life says: {word}"));
    println!("noticed by seed {seed}: {broken}");
}

/// The same of a disk that never fails, and only forgets at a crash.
fn is_noticed_without_faults(lies: Lies, word: &str) {
    is_noticed(Setup { lies, faults: 0, ..Setup::default() }, word);
}

const LOST: &str = "was acknowledged, and what is there is";

#[test]
fn without_sync_what_was_acknowledged_is_lost() {
    is_noticed(Setup { sync: false, faults: 0, ..Setup::default() }, LOST);
}

#[test]
fn a_disk_whose_syncs_do_nothing_loses_what_was_acknowledged() {
    is_noticed_without_faults(Lies { no_file_sync: true, ..Lies::default() }, LOST);
}

#[test]
fn a_file_whose_name_was_not_synced_takes_what_was_acknowledged_with_it() {
    is_noticed_without_faults(Lies { no_folder_sync: true, ..Lies::default() }, LOST);
}

#[test]
fn a_snapshot_that_gets_its_name_before_it_is_synced_is_noticed() {
    let lies = Lies { snapshots_renamed_before_synced: true, ..Lies::default() };
    is_noticed_without_faults(lies, "a crash has damaged the snapshot");
}

#[test]
fn a_sync_that_is_asked_for_again_after_it_failed_loses_what_was_acknowledged() {
    let lies = Lies { sync_asked_again: true, ..Lies::default() };
    is_noticed(Setup { lies, ..Setup::default() }, LOST);
    // And the rule itself is watched, whether anything is lost or not.
    is_noticed(Setup { lies, ..Setup::default() }, "synced again after a sync of it had failed");
}
