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

pub(crate) use acd_words::times::{Instant, elapsed, human, length};

/// An instant on the command line, with its time zone.
pub(crate) fn parse_instant(text: &str) -> Result<Instant, String> {
    let at: jiff::Timestamp = text.parse().map_err(|_| {
        "expected an instant with its time zone, such as 2026-12-27T08:00:00+01:00".to_owned()
    })?;
    Ok(Instant { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
}

fn instant(at: &Instant) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(at.seconds, at.nanos).ok()
}

/// An instant of the wire as one of the calendar; `None` when it is none.
pub(crate) fn timestamp(at: Option<Instant>) -> Option<jiff::Timestamp> {
    instant(&at?)
}

/// The same the other way.
pub(crate) fn of_timestamp(at: jiff::Timestamp) -> Instant {
    // A timestamp before 1970 counts its nanoseconds below the second downwards, the wire upwards.
    let nanos = at.as_nanosecond().rem_euclid(1_000_000_000) as i32;
    let seconds = at.as_nanosecond().div_euclid(1_000_000_000) as i64;
    Instant { seconds, nanos }
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

/// Seconds for programs, to the millisecond.
pub(crate) fn seconds(length: Duration) -> f64 {
    (length.as_secs_f64() * 1_000.0).round() / 1_000.0
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
}
