//! Which epoch this start begins: the time, and above the last one that the journal knows.

use std::time::{SystemTime, UNIX_EPOCH};

/// An epoch above `last`, and above whatever an earlier start without a journal may have begun.
pub(crate) fn after(last: u64) -> u64 {
    // Milliseconds: no two starts share one, and a daemon that gains a journal, or loses it, goes
    // on above the epochs that adapters have seen.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    u64::try_from(now).unwrap_or(u64::MAX).max(last.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_start_begins_a_higher_epoch() {
        let first = after(0);
        assert!(first > 1_700_000_000_000, "a time in milliseconds");
        assert_eq!(after(first + 1_000_000), first + 1_000_001, "even if the clock was set back");
    }
}
