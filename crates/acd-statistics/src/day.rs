//! When the present day began, where somebody is.

use acd_core::Timestamp;
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan};

/// A day of a time zone.
#[derive(Clone, Debug)]
pub(crate) struct Day {
    zone: TimeZone,
    /// Its midnight.
    pub(crate) since: Timestamp,
    /// The next one.
    next: Timestamp,
}

impl Day {
    /// The day of a zone at an instant; of UTC, where nobody knows the zone.
    pub(crate) fn of(zone: &str, at: Timestamp) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let (since, next) = bounds(&zone, at).unwrap_or((Timestamp(0), Timestamp::LATEST));
        Self { zone, since, next }
    }

    /// Goes on to the day of a later instant; tells whether that is another one.
    pub(crate) fn pass(&mut self, at: Timestamp) -> bool {
        if at < self.next {
            return false;
        }
        let turned = bounds(&self.zone, at);
        (self.since, self.next) = turned.unwrap_or((self.since, Timestamp::LATEST));
        turned.is_some()
    }
}

/// The midnights around an instant; none where the calendar does not reach.
fn bounds(zone: &TimeZone, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let instant = Instant::from_microsecond(i64::try_from(at.0).ok()?).ok()?;
    let start = instant.to_zoned_datetime(zone.clone()).start_of_day().ok()?;
    let next = start.checked_add(1.day()).ok()?.start_of_day().ok()?;
    let of = |at: Instant| u64::try_from(at.as_microsecond()).ok().map(Timestamp);
    Some((of(start.timestamp()).unwrap_or_default(), of(next.timestamp())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let instant: Instant = text.parse().expect("a time");
        Timestamp(instant.as_microsecond() as u64)
    }

    #[test]
    fn a_day_goes_from_midnight_to_midnight_of_its_zone() {
        let mut day = Day::of("America/Chicago", at("2026-07-01T03:00:00Z"));
        assert_eq!(day.since, at("2026-06-30T05:00:00Z"), "it is still the day before there");
        assert!(!day.pass(at("2026-07-01T04:59:59Z")));
        assert!(day.pass(at("2026-07-01T05:00:00Z")));
        assert_eq!(day.since, at("2026-07-01T05:00:00Z"));
    }

    #[test]
    fn the_day_on_which_the_clocks_change_is_as_long_as_it_is() {
        let day = Day::of("America/Chicago", at("2026-11-01T12:00:00Z"));
        assert_eq!(day.next.since(day.since).0, 25 * 3_600_000_000);
    }

    #[test]
    fn a_zone_that_nobody_knows_is_utc_and_no_instant_is_too_far() {
        assert_eq!(
            Day::of("Nowhere/At_all", at("2026-07-01T03:00:00Z")).since,
            at("2026-07-01T00:00:00Z")
        );
        assert_eq!(Day::of("UTC", Timestamp(u64::MAX)).since, Timestamp(0));
        let mut day = Day::of("UTC", Timestamp(0));
        assert!(day.pass(Timestamp::LATEST) || day.next == Timestamp::LATEST);
    }
}
