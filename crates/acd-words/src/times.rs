//! How lengths of time are written.

use std::time::Duration;

const NS_PER_SECOND: i128 = 1_000_000_000;

/// An instant of the daemon.
pub type Instant = prost_types::Timestamp;

/// How long before `now` it was, not less than nothing; `None` if it is longer than can be said.
pub fn elapsed(since: &Instant, now: &Instant) -> Option<Duration> {
    let ns = |at: &Instant| i128::from(at.seconds) * NS_PER_SECOND + i128::from(at.nanos);
    let ns = u64::try_from((ns(now) - ns(since)).max(0)).ok()?;
    Some(Duration::from_nanos(ns))
}

/// A length of the wire.
pub fn length(length: Option<&prost_types::Duration>) -> Duration {
    length.copied().and_then(|length| Duration::try_from(length).ok()).unwrap_or_default()
}

/// A length of time as people say it: `4s`, `2m 05s`, `3h 07m`, `2d 04h`.
pub fn human(length: Duration) -> String {
    let whole = length.as_secs();
    let (days, hours, minutes, seconds) =
        (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60);
    if days > 0 {
        format!("{days}d {hours:02}h")
    } else if hours > 0 {
        format!("{hours}h {minutes:02}m")
    } else if minutes > 0 {
        format!("{minutes}m {seconds:02}s")
    } else {
        format!("{seconds}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_by_their_two_largest_units() {
        let human = |seconds| human(Duration::from_secs(seconds));
        assert_eq!(human(0), "0s");
        assert_eq!(human(59), "59s");
        assert_eq!(human(125), "2m 05s");
        assert_eq!(human(3 * 3_600 + 7 * 60 + 9), "3h 07m");
        assert_eq!(human(2 * 86_400 + 4 * 3_600), "2d 04h");
    }

    #[test]
    fn nothing_is_older_than_now() {
        let at = |seconds| Instant { seconds, nanos: 0 };
        assert_eq!(elapsed(&at(10), &at(15)), Some(Duration::from_secs(5)));
        assert_eq!(elapsed(&at(15), &at(10)), Some(Duration::ZERO));
    }
}
