//! What a configuration file may say about the journal, and what it means.

use crate::read::{choice, section};
use crate::size::Size;
use crate::values::{Count, Text, TimeWithin};
use std::path::PathBuf;
use std::time::Duration;

/// The shortest time that history may be kept, in seconds: 1 hour.
const RETENTION_SECONDS_MIN: u64 = 3_600;
/// The longest time that history may be kept, in seconds: 3650 days.
const RETENTION_SECONDS_MAX: u64 = 3_650 * 86_400;
/// The smallest segment, in bytes.
const SEGMENT_BYTES_MIN: u64 = 1 << 20;
/// The largest segment, in bytes.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;
/// The fewest commands between two snapshots: more often, and the daemon does little else.
const SNAPSHOT_EVERY_MIN: u64 = 1_000;
/// The most commands between two snapshots: with more, a start would take too long.
const SNAPSHOT_EVERY_MAX: u64 = 100_000_000;

section! {
    /// What the daemon remembers of what happened, so that a restart goes on where it ended.
    Journal {
        /// The folder of the journal. Without it, state is kept in memory only, and a restart
        /// begins with nothing.
        optional path: Text,
        /// When what is written is made durable.
        default sync: Sync = "'group'",
        /// How long history is kept, from 1h to 3650d.
        default retention: TimeWithin<RETENTION_SECONDS_MIN, RETENTION_SECONDS_MAX> = "'30d'",
        /// How large one file of the journal grows before the next begins, from 1MiB to 1GiB.
        default segment_size: Size<SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX> = "'64MiB'",
        /// How many commands lie between two snapshots. Fewer make a restart quicker.
        default snapshot_every: Count<SNAPSHOT_EVERY_MIN, SNAPSHOT_EVERY_MAX> = "250000",
        /// What happens when the journal cannot be written.
        default on_failure: OnFailure = "'route_on'",
    }
}

choice! {
    /// When what the journal writes is made durable.
    Sync {
        /// Whatever arrives while one sync runs shares the next.
        "group" => Group,
        /// What follows from one message is synced before the next is written.
        "always" => Always,
        /// Nothing is synced: a power loss may lose what was acknowledged, a crash of the daemon
        /// does not.
        "off" => Off,
    }
}

choice! {
    /// What happens when the journal cannot be written.
    OnFailure {
        /// Routing goes on and connects still go out; acknowledgements and answers stop, and
        /// health is degraded.
        "route_on" => RouteOn,
        /// The daemon ends.
        "stop" => Stop,
    }
}

impl Journal {
    /// What the table means.
    pub(crate) fn compiled(&self) -> crate::Journal {
        crate::Journal {
            path: self.path.get().map(|folder| PathBuf::from(&folder.value.0)),
            sync: match self.sync.value {
                Sync::Group => crate::Sync::Group,
                Sync::Always => crate::Sync::Always,
                Sync::Off => crate::Sync::Off,
            },
            retention: Duration::from_millis(self.retention.value.0),
            segment_bytes: self.segment_size.value.0,
            snapshot_every: self.snapshot_every.value.0,
            on_failure: match self.on_failure.value {
                OnFailure::RouteOn => crate::OnFailure::RouteOn,
                OnFailure::Stop => crate::OnFailure::Stop,
            },
        }
    }
}
