//! Whole half minutes: as one is over, readers and statistics get a point at which what counts as of
//! late moves on.

use super::engine::Engine;
use acd_core::{Command, Timestamp};
use tracing::error;

impl Engine {
    /// What is over since `before`, when the domain last did something, is told of first; a domain that
    /// has never done anything begins now.
    pub(super) fn count_half_minutes_from(&mut self, before: Timestamp, now: Timestamp) {
        let since = if before == Timestamp::default() { now } else { before };
        self.half_minute = Some(since.half_minute());
    }

    /// When the present half minute ends.
    pub(super) fn half_minute_ends(&self) -> Option<Timestamp> {
        self.half_minute.map(|present| Timestamp::of_half_minute(present + 1))
    }

    /// Tells that a half minute is over, or that several are, however long nobody has looked.
    pub(super) fn tell_if_half_minute_is_over(&mut self, now: Timestamp) {
        if self.half_minute_ends().is_none_or(|end| end > now) {
            return;
        }
        let present = now.half_minute();
        self.half_minute = Some(present);
        let at = Timestamp::of_half_minute(present).max(self.router.now());
        let by = self.by_time.clone();
        if let Err(rejection) = self.apply(at, &by, Command::HalfMinutePassed, None) {
            error!(%rejection, "the router refuses to let half a minute pass");
        }
    }
}
