//! Which epoch this start begins: the time, and above the last one where a folder keeps it.

use crate::failure::Failure;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The file that holds the last epoch begun, in decimal digits.
const EPOCH_FILE: &str = "epoch";
/// What the new epoch is written to before it takes the place of the old one.
const EPOCH_FILE_NEW: &str = "epoch.new";
/// The file whose lock says that a daemon uses the folder.
const LOCK_FILE: &str = "lock";

/// An epoch that has begun.
#[derive(Debug)]
pub(crate) struct Epoch {
    /// Its number.
    pub(crate) number: u64,
    /// Keeps the folder to this process as long as it lives.
    _lock: Option<File>,
}

/// Begins the next epoch, durably if there is a folder for it.
///
/// # Errors
/// The folder is used by another daemon, cannot be used, or holds what is no epoch.
pub(crate) fn begin(folder: Option<&Path>) -> Result<Epoch, Failure> {
    // Milliseconds: no two starts share one, and a daemon that gains a folder, or loses it, goes on
    // above the epochs that adapters have seen.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = u64::try_from(now).unwrap_or(u64::MAX - 1).max(1);
    let Some(folder) = folder else {
        return Ok(Epoch { number: now, _lock: None });
    };
    let at = folder.display();
    fs::create_dir_all(folder)
        .map_err(|error| Failure::InTheWay(format!("--data {at}: cannot make it: {error}")))?;
    let lock = lock(folder)?;
    let last = read(folder)?;
    let above = last.checked_add(1).ok_or_else(|| damaged(folder, "is the last one possible"))?;
    let number = now.max(above);
    write(folder, number)
        .map_err(|error| Failure::InTheWay(format!("--data {at}: cannot write: {error}")))?;
    Ok(Epoch { number, _lock: Some(lock) })
}

fn lock(folder: &Path) -> Result<File, Failure> {
    let at = folder.display();
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(LOCK_FILE))
        .map_err(|error| Failure::InTheWay(format!("--data {at}: cannot write: {error}")))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::InTheWay(format!(
            "--data {at}: another acdd uses this folder; stop it, or choose another folder"
        ))),
        Err(TryLockError::Error(error)) => {
            Err(Failure::InTheWay(format!("--data {at}: cannot lock: {error}")))
        }
    }
}

fn read(folder: &Path) -> Result<u64, Failure> {
    match fs::read_to_string(folder.join(EPOCH_FILE)) {
        Ok(text) => text.trim().parse().map_err(|_| damaged(folder, "is not a number")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(Failure::InTheWay(format!(
            "--data {}: cannot read `{EPOCH_FILE}`: {error}",
            folder.display()
        ))),
    }
}

fn damaged(folder: &Path, how: &str) -> Failure {
    Failure::InTheWay(format!(
        "--data {}: what the file `{EPOCH_FILE}` holds {how}; write into it a number that is at \
         least the highest epoch that any adapter has seen",
        folder.display()
    ))
}

/// Either the old epoch or the new one is there, whatever happens meanwhile.
fn write(folder: &Path, number: u64) -> io::Result<()> {
    let new = folder.join(EPOCH_FILE_NEW);
    let mut file = File::create(&new)?;
    writeln!(file, "{number}")?;
    file.sync_all()?;
    fs::rename(&new, folder.join(EPOCH_FILE))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_start_begins_a_higher_epoch() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let deep = folder.path().join("made/if/missing");
        let first = begin(Some(&deep)).expect("an epoch").number;
        // As if the clock had been set back since.
        let ahead = first + 1_000_000;
        write(&deep, ahead).expect("the folder is there");
        for expected in [ahead + 1, ahead + 2] {
            assert_eq!(begin(Some(&deep)).expect("an epoch").number, expected);
        }
    }

    #[test]
    fn two_daemons_cannot_share_a_folder() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = begin(Some(folder.path())).expect("an epoch");
        let second = begin(Some(folder.path())).expect_err("the folder is in use");
        assert!(second.to_string().contains("another acdd"), "{second}");
        let before = first.number;
        drop(first);
        assert!(begin(Some(folder.path())).expect("an epoch").number > before);
    }

    #[test]
    fn a_damaged_epoch_is_never_guessed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for damage in ["", "seven", "-1", "18446744073709551615"] {
            fs::write(folder.path().join(EPOCH_FILE), damage).expect("a writable folder");
            let failure = begin(Some(folder.path())).expect_err("no epoch");
            assert!(failure.to_string().contains("highest epoch"), "{failure}");
        }
    }

    #[test]
    fn without_a_folder_the_epoch_is_the_time() {
        assert!(begin(None).expect("an epoch").number > 1_700_000_000_000);
    }
}
