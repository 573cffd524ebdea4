//! What of the history is kept: at least as much as was asked for, and never a part without the
//! snapshot that it can be folded from.

use crate::disk::Disk;
use crate::journal::OpenError;
use crate::reader::{self, ReadError, Segment};
use crate::segment::Name;
use crate::snapshots::Snapshots;
use acd_core::{Span, Timestamp};
use std::io;

/// So many of the newest snapshots are always kept: one may turn out to be damaged.
const SNAPSHOTS_KEPT_MIN: usize = 2;

/// Removes segments that stand wholly before the sequence `to`.
pub(crate) fn forget_before(disk: &impl Disk, to: u64) -> Result<(), ReadError> {
    let files = reader::files(disk)?;
    let kept = files.segments.iter().rfind(|segment| segment.header.first_sequence <= to);
    let Some(Segment { name: kept, .. }) = kept else { return Ok(()) };
    let segments = files.segments.iter().map(|segment| segment.name);
    // What cannot be read goes with what it stood between.
    let broken = files.broken.iter().map(|(name, _)| *name);
    let mut old: Vec<Name> = segments.chain(broken).filter(|name| name < kept).collect();
    old.sort_unstable();
    for name in old {
        // One after the other, so that no crash leaves a hole between what is kept.
        let removed = disk.remove(&name.file()).and_then(|()| disk.sync());
        reader::io_at(disk, &name.file(), removed)?;
    }
    Ok(())
}

/// Removes history older than `keep`, as of `now`: everything before the newest snapshot that is as
/// old as that. Between that one and the newest two, one snapshot a day is kept.
pub(crate) fn apply<D: Disk>(
    disk: &D,
    snapshots: &Snapshots<D>,
    now: Timestamp,
    keep: Span,
) -> Result<(), OpenError> {
    let failed = |error: io::Error| OpenError::Folder {
        path: disk.path(""),
        what: format!("cannot remove old history: {error}"),
    };
    let all = snapshots.list().map_err(failed)?;
    let protected = all.len().saturating_sub(SNAPSHOTS_KEPT_MIN);
    let dated: Vec<(u64, Timestamp)> = all[..protected]
        .iter()
        .filter_map(|at| Some((*at, snapshots.read(*at).ok()?.router().now())))
        .collect();
    let old = |(_, at): &&(u64, Timestamp)| now.since(*at) >= keep;
    let base = dated.iter().rev().find(old).map(|(sequence, _)| *sequence);
    let mut last_kept: Option<Timestamp> = None;
    for (sequence, at) in &dated {
        let is_base = Some(*sequence) == base;
        let is_before_base = base.is_some_and(|base| *sequence < base);
        let a_day_on = last_kept.is_none_or(|last| at.since(last) >= Span::from_secs(86_400));
        if is_base || (!is_before_base && a_day_on) {
            last_kept = Some(*at);
        } else {
            snapshots.remove(*sequence).map_err(failed)?;
        }
    }
    match base {
        Some(base) => Ok(forget_before(disk, base + 1)?),
        None => Ok(()),
    }
}
