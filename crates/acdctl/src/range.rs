//! From when to when: what people write for it on a command line, and what it means there.

use crate::failure::Failure;
use clap::Args;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::time::Duration;

/// How times are counted: figures are kept by quarters of an hour.
pub(crate) const QUARTER: Duration = Duration::from_secs(15 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest range of a report, and the most days ago: ten years.
const DAYS_MAX: i64 = 3_660;
const EDGES: &str = "expected a date such as 2026-03-10, a time such as 2026-03-10T08:00 (here) or \
    2026-03-10T08:00:00Z, or now, today, yesterday, '7d ago', '12h ago'";

#[derive(Args, Clone, Debug)]
pub(crate) struct RangeArguments {
    /// From when on: a date, a time, today, yesterday, '7d ago', '12h ago'; a day begins at midnight.
    #[arg(long, value_name = "WHEN", value_parser = edge)]
    pub(crate) from: Option<Edge>,

    /// Until when; a day counts to its end [default: now].
    #[arg(long, value_name = "WHEN", value_parser = edge)]
    pub(crate) to: Option<Edge>,

    /// Whose midnight and whose time of day, such as Europe/Berlin [default: this machine's].
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub(crate) timezone: Option<TimeZone>,
}

/// One end of a range, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// A time with its offset.
    At(Timestamp),
    /// A time of day in the zone.
    Civil(DateTime),
    /// A day of the zone.
    Day(Date),
    /// So many days before today.
    DaysAgo(i64),
    /// So long before now.
    Ago(SignedDuration),
}

/// How much each row of a report covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Every {
    /// All of it.
    Whole,
    /// A part of a day, which goes into it without a rest; of quarters of an hour.
    Part(Duration),
    /// A day of the zone, which may have 23 or 25 hours.
    Day,
}

/// From when to when, and by whose clock.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) from: Timestamp,
    /// After `from`.
    pub(crate) to: Timestamp,
    pub(crate) zone: TimeZone,
}

fn edge(text: &str) -> Result<Edge, String> {
    let text = text.trim();
    let ago = text.strip_suffix("ago").map(str::trim_end);
    let days = ago.and_then(|ago| ago.strip_suffix('d'));
    match (text, ago, days) {
        ("now", ..) => Ok(Edge::Ago(SignedDuration::ZERO)),
        ("today", ..) => Ok(Edge::DaysAgo(0)),
        ("yesterday", ..) => Ok(Edge::DaysAgo(1)),
        (_, Some(_), Some(days)) => {
            let days = days.parse().ok().filter(|days| (0..=DAYS_MAX).contains(days));
            days.map(Edge::DaysAgo).ok_or_else(|| EDGES.to_owned())
        }
        (_, Some(length), None) => {
            let length = length.parse::<SignedDuration>().ok().filter(|it| !it.is_negative());
            length.map(Edge::Ago).ok_or_else(|| EDGES.to_owned())
        }
        (text, None, _) => moment(text),
    }
}

/// With an offset it is an instant; without one it is a time of the zone; without a time it is a day.
fn moment(text: &str) -> Result<Edge, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Edge::At(at));
    }
    let has_time = text.contains(':');
    match text.parse::<DateTime>() {
        Ok(at) if has_time => Ok(Edge::Civil(at)),
        Ok(at) => Ok(Edge::Day(at.date())),
        Err(_) => Err(EDGES.to_owned()),
    }
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name)
        .map_err(|_| "expected the name of a time zone, such as Europe/Berlin or UTC".to_owned())
}

/// How much each row covers, as it is written.
pub(crate) fn every(text: &str) -> Result<Every, String> {
    let wrong = || "expected none, 1d, or a part of a day such as 15m, 30m, 1h or 4h".to_owned();
    match text {
        "none" => Ok(Every::Whole),
        "1d" | "24h" => Ok(Every::Day),
        text => {
            let part = crate::times::parse_length(text).map_err(|_| wrong())?;
            let fits = |of: Duration, part: Duration| of.as_nanos().is_multiple_of(part.as_nanos());
            let is_part = !part.is_zero() && fits(part, QUARTER) && fits(DAY, part);
            if is_part { Ok(Every::Part(part)) } else { Err(wrong()) }
        }
    }
}

impl RangeArguments {
    pub(crate) fn zone(&self) -> TimeZone {
        self.timezone.clone().unwrap_or_else(TimeZone::system)
    }

    /// What they mean at `now`; without `--from` it begins at `else_from`.
    pub(crate) fn at(&self, now: Timestamp, else_from: &Edge) -> Result<Range, Failure> {
        let zone = self.zone();
        let from = self.from.as_ref().unwrap_or(else_from).at(now, &zone, false)?;
        let to = self.to.as_ref().map_or(Ok(now), |to| to.at(now, &zone, true))?;
        if from >= to {
            let say = |at: Timestamp| said(at, &zone);
            let now = match self.to {
                Some(_) => "",
                None => ", which is now",
            };
            let (from, to) = (say(from), say(to));
            let what = format!("--from is {from}, which must be before --to, {to}{now}");
            return Err(Failure::Wrong(what));
        }
        Ok(Range { from, to, zone })
    }
}

impl Edge {
    /// The instant; of a day its beginning, or the one of the next day.
    fn at(&self, now: Timestamp, zone: &TimeZone, is_end: bool) -> Result<Timestamp, Failure> {
        let far = |_| Failure::Wrong("--from and --to must lie in the years -9999 to 9999".into());
        let today = zone.to_datetime(now).date();
        let day = |day: Date| -> Result<Timestamp, jiff::Error> {
            let day = if is_end { day.tomorrow()? } else { day };
            midnight(day, zone)
        };
        match self {
            Self::At(at) => Ok(*at),
            Self::Civil(at) => zone.to_timestamp(*at).map_err(far),
            Self::Day(date) => day(*date).map_err(far),
            Self::DaysAgo(days) => {
                let date = today.checked_sub(days.days()).map_err(far)?;
                day(date).map_err(far)
            }
            Self::Ago(length) => now.checked_sub(*length).map_err(far),
        }
    }
}

impl Range {
    /// From the beginning of the interval that it begins in.
    pub(crate) fn beginning_whole(mut self, every: Every) -> Self {
        let day = self.zone.to_datetime(self.from).date();
        let Ok(midnight) = midnight(day, &self.zone) else { return self };
        let step = match every {
            Every::Whole => QUARTER,
            Every::Part(part) => part,
            Every::Day => {
                self.from = midnight;
                return self;
            }
        };
        let passed = self.from.duration_since(midnight).as_secs();
        let whole = SignedDuration::from_secs(passed - passed % step.as_secs().cast_signed());
        self.from = midnight.checked_add(whole).unwrap_or(self.from);
        self
    }

    /// Day by day of the zone: where each begins and ends, as far as it is in the range.
    pub(crate) fn days(&self) -> Vec<(Timestamp, Timestamp)> {
        let mut days = Vec::new();
        let mut from = self.from;
        while from < self.to {
            let tomorrow = self.zone.to_datetime(from).date().tomorrow();
            let next = tomorrow.and_then(|day| midnight(day, &self.zone));
            let to = next.map_or(self.to, |next| next.min(self.to));
            days.push((from, to));
            from = to;
        }
        days
    }

    /// Whether it lies in one day of the zone.
    pub(crate) fn is_one_day(&self) -> bool {
        self.days().len() == 1
    }

    /// # Errors
    /// It is longer than a report can be.
    pub(crate) fn at_most_ten_years(&self) -> Result<(), Failure> {
        if self.to.duration_since(self.from).as_hours() > DAYS_MAX * 24 {
            return Err(Failure::Wrong("--from and --to are more than ten years apart".to_owned()));
        }
        Ok(())
    }

    /// From when to when, for people.
    pub(crate) fn said(&self) -> (String, String) {
        (said(self.from, &self.zone), said(self.to, &self.zone))
    }

    /// From when to when as briefly as it can be told: `10 Mar 2026`, `10 Mar 2026, 08:00 to 12:00`, `1 Mar
    /// 2026 to 31 Mar 2026`.
    pub(crate) fn short(&self) -> String {
        let (from, to) = (self.zone.to_datetime(self.from), self.zone.to_datetime(self.to));
        let day = |day: Date| day.strftime("%-d %b %Y").to_string();
        let is_midnight = |at: DateTime| at.time() == Time::midnight();
        let last = if is_midnight(to) { to.date().yesterday() } else { Ok(to.date()) };
        let last = last.unwrap_or(to.date());
        match (is_midnight(from) && is_midnight(to), from.date() == last) {
            (true, true) => day(last),
            (true, false) => format!("{} to {}", day(from.date()), day(last)),
            (false, true) => {
                format!("{}, {} to {}", day(last), from.strftime("%H:%M"), to.strftime("%H:%M"))
            }
            (false, false) => {
                let time = |at: DateTime| at.strftime("%-d %b %Y %H:%M").to_string();
                format!("{} to {}", time(from), time(to))
            }
        }
    }

    /// As RFC 3339, with the offset of the zone.
    pub(crate) fn rfc_3339(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

/// When a day begins.
fn midnight(day: Date, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
    zone.to_timestamp(day.to_datetime(Time::midnight()))
}

/// Date and time of the zone, with its name.
pub(crate) fn said(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").expect("a zone of the table that is built in")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn range(from: &str, to: Option<&str>, now: &str) -> Result<Range, Failure> {
        let arguments = RangeArguments {
            from: Some(edge(from).expect("an edge")),
            to: to.map(|to| edge(to).expect("an edge")),
            timezone: Some(berlin()),
        };
        arguments.at(at(now), &Edge::DaysAgo(0))
    }

    fn bounds(from: &str, to: Option<&str>) -> (String, String) {
        let range = range(from, to, "2026-03-11T09:10:00Z").expect("a range");
        (range.from.to_string(), range.to.to_string())
    }

    #[test]
    fn days_begin_at_midnight_and_count_to_their_end() {
        let expect = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let whole = expect("2026-03-09T23:00:00Z", "2026-03-10T23:00:00Z");
        assert_eq!(bounds("2026-03-10", Some("2026-03-10")), whole);
        assert_eq!(bounds("yesterday", Some("yesterday")), whole);
        assert_eq!(bounds("1d ago", Some("1d ago")), whole);
        let now = "2026-03-11T09:10:00Z";
        assert_eq!(bounds("today", None), expect("2026-03-10T23:00:00Z", now));
        assert_eq!(bounds("2h ago", None), expect("2026-03-11T07:10:00Z", now));
        assert_eq!(bounds("2026-03-11T08:00", Some("now")), expect("2026-03-11T07:00:00Z", now));
        assert_eq!(
            bounds("2026-03-11T08:00:00Z", Some("2026-03-11T09:00+00:00")),
            expect("2026-03-11T08:00:00Z", "2026-03-11T09:00:00Z")
        );
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_is() {
        for text in ["", "soon", "2026-02-30", "30.11.2026", "-1d ago", "7d", "x ago", "-2h ago"] {
            let refused = edge(text).expect_err(text);
            assert!(refused.contains("2026-03-10") && refused.contains("'7d ago'"), "{refused}");
        }
        assert!(zone("Atlantis").is_err());
        for text in ["", "10m", "7h", "-15m", "0s", "2d", "day"] {
            assert!(every(text).expect_err(text).contains("15m"), "{text}");
        }
        assert_eq!(every("none"), Ok(Every::Whole));
        assert_eq!(every("30m"), Ok(Every::Part(2 * QUARTER)));
        assert_eq!(every("1d"), Ok(Every::Day));
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_told_with_both_ends() {
        let now = "2026-03-11T09:10:00Z";
        let refused = range("2026-03-11", Some("2026-03-09"), now).expect_err("it is backwards");
        let said = refused.to_string();
        assert!(
            said.contains("2026-03-11 00:00 CET") && said.contains("2026-03-10 00:00"),
            "{said}"
        );
        let refused = range("2026-03-12", None, now).expect_err("it is still to come");
        assert!(refused.to_string().contains("which is now"), "{refused}");
        let ten_years = |from| range(from, None, now).expect("a range").at_most_ten_years();
        assert!(ten_years("3000d ago").is_ok() && ten_years("2001-01-01").is_err());
    }

    #[test]
    fn a_day_on_which_clocks_change_is_a_day() {
        let range = range("2026-03-28", Some("2026-03-30"), "2026-04-01T00:00:00Z");
        let days = range.expect("a range").days();
        let hours: Vec<i64> =
            days.iter().map(|(from, to)| to.duration_since(*from).as_hours()).collect();
        assert_eq!(hours, [24, 23, 24]);
    }

    #[test]
    fn a_range_is_told_briefly() {
        let short = |from, to| {
            let range = range(from, Some(to), "2026-03-11T09:10:00Z").expect("a range");
            range.short()
        };
        assert_eq!(short("2026-03-10", "2026-03-10"), "10 Mar 2026");
        assert_eq!(short("2026-03-01", "2026-03-31"), "1 Mar 2026 to 31 Mar 2026");
        assert_eq!(short("today", "now"), "11 Mar 2026, 00:00 to 10:10");
        assert_eq!(short("2026-03-10T08:00", "now"), "10 Mar 2026 08:00 to 11 Mar 2026 10:10");
    }

    #[test]
    fn rows_begin_where_their_interval_does() {
        let from = |every| {
            let range = range("2026-03-11T08:50", None, "2026-03-11T09:10:00Z").expect("a range");
            range.beginning_whole(every).from.to_string()
        };
        assert_eq!(from(Every::Whole), "2026-03-11T07:45:00Z");
        assert_eq!(from(Every::Part(4 * QUARTER)), "2026-03-11T07:00:00Z");
        assert_eq!(from(Every::Day), "2026-03-10T23:00:00Z");
    }
}
