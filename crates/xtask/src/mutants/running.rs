//! How others' programs are run: what they say is wanted, or that they failed.

use std::process::{Command, Stdio};

/// What it prints, if it succeeds.
pub(super) fn said(command: &mut Command) -> Result<Vec<u8>, String> {
    let done = command.stdin(Stdio::null()).output();
    let done = done.map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !done.status.success() {
        let why = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{command:?}: {}\n{}", done.status, why.trim_end()));
    }
    Ok(done.stdout)
}
