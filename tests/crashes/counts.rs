//! Counts of what was met, so that no test passes by looking at nothing.

use crate::disk::Met;
use crate::life::Lived;

/// Adds up a list of fields, and knows which of them must not be 0.
macro_rules! counts {
    ($counts:ty: $($field:ident),+; never: $($never:ident),*) => {
        impl $counts {
            pub(crate) fn add(&mut self, other: &Self) {
                $(self.$field += other.$field;)+
                $(self.$never += other.$never;)*
            }

            /// # Panics
            /// Something of what the test is for has not happened.
            pub(crate) fn met_all_it_is_for(&self) {
                $(assert!(self.$field > 0, "never: {}", stringify!($field));)+
                $(assert_eq!(self.$never, 0, "it happened: {}", stringify!($never));)*
            }
        }
    };
}

counts!(Lived: processes, commands, acknowledged, crashed_starts, failed_starts, crashed_snapshots,
    torn_ends, kept_unacknowledged, dropped_unacknowledged, snapshots_written, snapshots_used,
    snapshots_skipped, segments_forgotten, appended_again, room_again, clean_stops; never:);

counts!(Met: kills, power_losses, writes_dropped, writes_torn, writes_garbled, names_undone,
    files_gone, failed_writes, failed_syncs, lost_by_failed_sync, failed_names, full;
    never: syncs_after_failure);
