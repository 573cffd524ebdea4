//! How times and lengths of time are written.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::time::Duration;

/// A length of time on the command line.
pub(crate) fn parse_length(text: &str) -> Result<Duration, String> {
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|length| Duration::try_from(length).ok())
        .ok_or_else(|| "expected a length of time, such as 20s or 1m30s".to_owned())
}

/// An instant of the daemon.
pub(crate) type Instant = prost_types::Timestamp;

fn instant(at: &Instant) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(at.seconds, at.nanos).ok()
}

/// As RFC 3339, in UTC, to the microsecond; `None` when it is no instant.
pub(crate) fn rfc_3339(at: &Instant) -> Option<String> {
    instant(at).map(|at| format!("{at:.6}"))
}

/// The time of day here, to the millisecond.
pub(crate) fn time_of_day(at: &Instant) -> String {
    match instant(at) {
        Some(at) => at.to_zoned_datetime(TimeZone::system()).strftime("%H:%M:%S%.3f").to_string(),
        None => "-".to_owned(),
    }
}

/// Date and time here.
pub(crate) fn date_and_time(at: &Instant) -> String {
    match instant(at) {
        Some(at) => {
            at.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
        }
        None => "-".to_owned(),
    }
}

/// How long before `now` it was, not less than nothing.
pub(crate) fn elapsed(since: &Instant, now: &Instant) -> Option<Duration> {
    let length = instant(now)?.duration_since(instant(since)?);
    Some(Duration::try_from(length).unwrap_or_default())
}

/// Seconds for programs, to the millisecond.
pub(crate) fn seconds(length: Duration) -> f64 {
    (length.as_secs_f64() * 1_000.0).round() / 1_000.0
}

/// A length of the wire.
pub(crate) fn length(length: Option<&prost_types::Duration>) -> Duration {
    length.copied().and_then(|length| Duration::try_from(length).ok()).unwrap_or_default()
}

/// A length of time as people say it: `4s`, `2m 05s`, `3h 07m`, `2d 04h`.
pub(crate) fn human(length: Duration) -> String {
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

/// Microseconds as people say them: `0.4 us`, `12 us`, `3.4 ms`, `1.2 s`.
pub(crate) fn human_us(microseconds: f64) -> String {
    let (value, unit) = if microseconds >= 1e6 {
        (microseconds / 1e6, "s")
    } else if microseconds >= 1e3 {
        (microseconds / 1e3, "ms")
    } else {
        (microseconds, "us")
    };
    if value >= 10.0 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_a_unit_and_are_not_negative() {
        assert_eq!(parse_length("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(parse_length("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_length("500ms"), Ok(Duration::from_millis(500)));
        assert!(parse_length("20").is_err());
        assert!(parse_length("-20s").is_err());
    }

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
    fn small_lengths_keep_a_digit_behind_the_point() {
        assert_eq!(human_us(0.44), "0.4 us");
        assert_eq!(human_us(12.3), "12 us");
        assert_eq!(human_us(3_400.0), "3.4 ms");
        assert_eq!(human_us(1_200_000.0), "1.2 s");
    }

    #[test]
    fn instants_are_rfc_3339_in_utc() {
        let at = Instant { seconds: 1_700_000_000, nanos: 250_000_000 };
        assert_eq!(rfc_3339(&at).as_deref(), Some("2023-11-14T22:13:20.250000Z"));
        assert_eq!(rfc_3339(&Instant { seconds: i64::MAX, nanos: 0 }), None);
    }

    #[test]
    fn nothing_is_older_than_now() {
        let at = |seconds| Instant { seconds, nanos: 0 };
        assert_eq!(elapsed(&at(10), &at(15)), Some(Duration::from_secs(5)));
        assert_eq!(elapsed(&at(15), &at(10)), Some(Duration::ZERO));
    }
}
