//! The curves of a report's page: over the range, by its intervals.

use super::CHARTED;
use crate::range::{Every, Range};
use crate::report::row::{AgentLine, QueueRow};
use crate::report::{AgentRow, Report};
use acd_sim::report::{Axis, Block, Chart, Point, Rule, Series};
use jiff::{Timestamp, ToSpan};
use std::cmp::Reverse;
use std::collections::HashMap;

/// So many marks along the time at most.
const MARKS: usize = 12;
/// Between two marks within a day, in hours.
const HOURS: [i64; 6] = [1, 2, 3, 4, 6, 12];
/// The same from one day to another, in days.
const DAYS: [usize; 9] = [1, 2, 7, 14, 28, 91, 182, 364, 1_820];

/// An interval: where it begins and ends.
type Time = (Timestamp, Timestamp);

/// What the curves are of, if not of all.
pub(super) fn which(report: &Report) -> String {
    match report.queues.len() {
        few if few <= CHARTED => String::new(),
        all => format!("The curves are of the {CHARTED} queues of {all} that most calls entered."),
    }
}

/// Calls that came, mean and long waits, and those who gave up.
pub(super) fn waiting(report: &Report) -> Vec<Block> {
    let entered = |row: Option<&QueueRow>| Some(row.map_or(0.0, |row| row.entered as f64));
    let number = |most: f64| Axis::number("calls in an interval", most);
    let seconds = |label: &'static str| move |most: f64| Axis::seconds(label, most);
    let share = |most: f64| Axis::small_share("abandoned", most);
    let mut blocks = draw(
        report,
        ("All queues", "calls that entered in an interval, and what became of them"),
        &number,
        of_all(report),
    );
    if report.queues.len() > 1 {
        blocks.extend(draw(
            report,
            ("Calls", "that entered each queue in an interval"),
            &number,
            of_queues(report, entered, true),
        ));
    }
    blocks.extend(draw(
        report,
        ("Mean wait", "of the calls answered, by when they entered"),
        &seconds("mean wait"),
        of_queues(report, |row| row?.asa_seconds, false),
    ));
    blocks.extend(draw(
        report,
        ("Long waits", "what nine of ten answered calls did not exceed (P90)"),
        &seconds("wait, P90"),
        of_queues(report, |row| row?.wait_p90_seconds, false),
    ));
    blocks.extend(draw(
        report,
        ("Abandonment", "of the calls answered or given up, short ones left out"),
        &share,
        of_queues(report, |row| row?.abandonment, false),
    ));
    blocks
}

/// Answered in time, with the targets.
pub(super) fn levels(report: &Report) -> Vec<Block> {
    let about = (
        "Answered in time",
        "of the calls answered or given up, short ones left out; each queue by its own target",
    );
    let axis = |_| Axis::share("service level");
    let mut blocks = draw(report, about, &axis, of_queues(report, |row| row?.service_level, false));
    for block in &mut blocks {
        match block {
            Block::Chart(chart) => chart.rules = targets(report, &chart.series),
            Block::Differences(_) | Block::Table(_) | Block::Told { .. } | Block::Folded { .. } => {
            }
        }
    }
    blocks
}

/// What the queues of these curves promise.
fn targets(report: &Report, of: &[Series]) -> Vec<Rule> {
    let is_of = |queue: &&QueueRow| of.iter().any(|series| series.name == queue.queue);
    let mut targets: Vec<f64> =
        report.queues.iter().filter(is_of).filter_map(|queue| queue.target).collect();
    targets.sort_by(f64::total_cmp);
    targets.dedup();
    let rule = |at: f64| Rule { at, label: format!("target {:.0} %", at * 100.0) };
    targets.into_iter().map(rule).collect()
}

/// How many were there, worked and were busy; and how busy they were.
pub(super) fn agents(report: &Report) -> Vec<Block> {
    let mut all: HashMap<Timestamp, [f64; 3]> = HashMap::new();
    for AgentRow { line, .. } in &report.agent_intervals {
        let sums = all.entry(line.time.0).or_default();
        for (sum, more) in sums.iter_mut().zip(times(line)) {
            *sum += more;
        }
    }
    let grid = grid(report);
    let of = |name: &str, value: &dyn Fn([f64; 3], f64) -> Option<f64>, steps: bool| {
        let values = grid.iter().map(|time| {
            let seconds = time.1.duration_since(time.0).as_secs_f64();
            value(all.get(&time.0).copied().unwrap_or_default(), seconds)
        });
        curve(report, name, &grid, values, steps)
    };
    let number = |most: f64| Axis::number("agents", most);
    let share = |_| Axis::share("occupancy");
    let mut blocks = draw(
        report,
        ("Agents", "on average over each interval"),
        &number,
        vec![
            of("staffed", &|all, seconds| Some(all[0] / seconds), true),
            of("working", &|all, seconds| Some(all[1] / seconds), true),
            of("busy", &|all, seconds| Some(all[2] / seconds), true),
        ],
    );
    blocks.extend(draw(
        report,
        ("Occupancy", "of the time in which agents worked, how much they had something in hand"),
        &share,
        vec![of("all agents", &|all, _| (all[1] > 0.0).then(|| all[2] / all[1]), false)],
    ));
    blocks
}

fn times(line: &AgentLine) -> [f64; 3] {
    [line.staffed_seconds, line.working_seconds, line.busy_seconds]
}

/// The queues that most calls entered, in their order.
fn charted(report: &Report) -> impl Iterator<Item = &QueueRow> {
    let mut entered: Vec<u64> = report.queues.iter().map(|queue| queue.entered).collect();
    entered.sort_by_key(|entered| Reverse(*entered));
    let least = entered.get(CHARTED - 1).copied().unwrap_or(0);
    report.queues.iter().filter(move |queue| queue.entered >= least).take(CHARTED)
}

/// Of all queues together: how many entered, were answered, gave up.
fn of_all(report: &Report) -> Vec<Series> {
    let mut all: HashMap<Timestamp, [u64; 3]> = HashMap::new();
    for row in &report.queue_intervals {
        let sums = all.entry(row.time.0).or_default();
        for (sum, more) in sums.iter_mut().zip([row.entered, row.answered, row.abandoned]) {
            *sum += more;
        }
    }
    let grid = grid(report);
    let of = |(index, name): (usize, &str)| {
        let count = |time: &Time| all.get(&time.0).map_or(0, |sums| sums[index]);
        curve(report, name, &grid, grid.iter().map(|time| Some(count(time) as f64)), true)
    };
    ["entered", "answered", "abandoned"].into_iter().enumerate().map(of).collect()
}

fn of_queues(
    report: &Report,
    of: impl Fn(Option<&QueueRow>) -> Option<f64>,
    steps: bool,
) -> Vec<Series> {
    let rows: HashMap<(&str, Timestamp), &QueueRow> =
        report.queue_intervals.iter().map(|row| ((row.queue.as_str(), row.time.0), row)).collect();
    let grid = grid(report);
    let of_queue = |queue: &QueueRow| {
        let name = queue.queue.as_str();
        let values = grid.iter().map(|time| of(rows.get(&(name, time.0)).copied()));
        curve(report, name, &grid, values, steps)
    };
    charted(report).map(of_queue).collect()
}

/// In steps a value is drawn over its interval, else as a dot in its middle.
fn curve(
    report: &Report,
    name: &str,
    grid: &[Time],
    values: impl Iterator<Item = Option<f64>>,
    steps: bool,
) -> Series {
    let place = |at: Timestamp| at.duration_since(report.range.from).as_secs_f64();
    let points = grid.iter().zip(values).map(|(time, value)| {
        let (begin, end) = (place(time.0), place(time.1));
        let at = if steps { begin } else { f64::midpoint(begin, end) };
        value.map(|value| Point::exactly(at, value))
    });
    let mut points: Vec<Option<Point>> = points.collect();
    if let (true, Some((_, end)), Some(Some(last))) = (steps, grid.last(), points.last().copied()) {
        points.push(Some(Point::exactly(place(*end), last.value)));
    }
    Series { name: name.to_owned(), points, steps }
}

fn draw(
    report: &Report,
    (title, note): (&str, &str),
    y: &dyn Fn(f64) -> Axis,
    series: Vec<Series>,
) -> Vec<Block> {
    let most = series.iter().filter_map(Series::most).reduce(f64::max);
    // A curve of which nothing is known is not drawn.
    let Some(most) = most else { return Vec::new() };
    let (title, note) = (title.to_owned(), note.to_owned());
    let chart =
        Chart { title, note, x: axis(&report.range), y: y(most), series, rules: Vec::new() };
    chart.split().into_iter().map(Block::Chart).collect()
}

/// The intervals of the report that have begun; none of a report without intervals.
fn grid(report: &Report) -> Vec<Time> {
    let days = report.range.days();
    let mut grid: Vec<Time> = match report.every {
        Every::Whole => Vec::new(),
        Every::Day => days,
        Every::Part(part) => days.into_iter().flat_map(|day| parts(day, part)).collect(),
    };
    grid.retain(|time| time.0 < report.known_until_at);
    grid
}

/// A day in parts; the last one may be shorter.
fn parts((from, to): Time, part: std::time::Duration) -> Vec<Time> {
    let mut parts = Vec::new();
    let mut begin = from;
    while begin < to {
        let end = begin.checked_add(part).map_or(to, |end| end.min(to));
        parts.push((begin, end));
        begin = end;
    }
    parts
}

/// Along the time of the range, by the clock and the calendar of its zone.
fn axis(range: &Range) -> Axis {
    let length = |at: Timestamp| at.duration_since(range.from).as_secs_f64();
    let hours = range.to.duration_since(range.from).as_hours();
    let fits = |marks: i64| marks < MARKS as i64;
    let marks = match HOURS.into_iter().find(|step| fits(hours / step)) {
        Some(step) => clock_marks(range, step),
        None => {
            let days = range.days();
            let step = DAYS.into_iter().find(|step| days.len() / step < MARKS);
            let begins = days.into_iter().step_by(step.unwrap_or(usize::MAX));
            begins.map(|(begin, _)| begin).collect()
        }
    };
    let marks = marks.into_iter().map(|at| (length(at), mark(range, at)));
    let (marks, to) = (marks.collect(), length(range.to).max(60.0));
    Axis { label: "time".to_owned(), from: 0.0, to, marks }
}

/// Whole hours of the clock on the wall.
fn clock_marks(range: &Range, step: i64) -> Vec<Timestamp> {
    let of_day = |(begin, _): (Timestamp, Timestamp)| {
        let day = range.zone.to_datetime(begin).date();
        let hours = (0..24).step_by(step.unsigned_abs() as usize);
        let at = move |hour: i64| {
            let time = day.to_datetime(jiff::civil::Time::midnight()).checked_add(hour.hours());
            time.and_then(|time| range.zone.to_timestamp(time)).ok()
        };
        hours.filter_map(at).collect::<Vec<_>>()
    };
    let all = range.days().into_iter().flat_map(of_day);
    let mut marks: Vec<Timestamp> = all.filter(|at| (range.from..=range.to).contains(at)).collect();
    marks.dedup();
    marks
}

/// A time of day; of more than one day, their midnights by their dates.
fn mark(range: &Range, at: Timestamp) -> String {
    let at = at.to_zoned_datetime(range.zone.clone());
    let is_midnight = (at.hour(), at.minute()) == (0, 0);
    let form = if is_midnight && !range.is_one_day() { "%-d %b" } else { "%H:%M" };
    at.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::range::{Edge, QUARTER, RangeArguments};
    use crate::report::tests::report;
    use jiff::tz::TimeZone;

    fn range(from: &str, to: &str, zone: &str) -> Range {
        let at = |text: &str| Some(Edge::At(text.parse().expect("an instant")));
        let timezone = Some(TimeZone::get(zone).expect("a zone"));
        let arguments = RangeArguments { from: at(from), to: at(to), timezone };
        arguments.at(Timestamp::UNIX_EPOCH, &Edge::DaysAgo(0)).expect("a range")
    }

    fn said(range: &Range) -> Vec<String> {
        axis(range).marks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn marks_are_hours_of_a_day_and_dates_of_several() {
        let day = range("2026-03-10T08:00:00Z", "2026-03-10T17:30:00Z", "UTC");
        assert_eq!(said(&day)[..2], ["08:00", "09:00"]);
        let two = range("2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z", "UTC");
        assert_eq!(said(&two)[..5], ["10 Mar", "06:00", "12:00", "18:00", "11 Mar"]);
        let month = range("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "UTC");
        assert_eq!(said(&month), ["1 Mar", "8 Mar", "15 Mar", "22 Mar", "29 Mar"]);
    }

    #[test]
    fn the_clock_on_the_wall_skips_an_hour_in_spring() {
        let day = range("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "Europe/Berlin");
        let axis = axis(&day);
        let marks: Vec<&str> = axis.marks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(marks[..3], ["00:00", "03:00", "04:00"], "02:00 is not there");
        assert_eq!(axis.marks[1].0, 2.0 * 3_600.0);
    }

    #[test]
    fn a_queue_without_calls_in_an_interval_has_none_and_no_level() {
        let report = report(Every::Part(QUARTER));
        let entered = |row: Option<&QueueRow>| Some(row.map_or(0.0, |row| row.entered as f64));
        let calls = of_queues(&report, entered, true);
        let values: Vec<f64> = calls[0].points.iter().flatten().map(|it| it.value).collect();
        assert_eq!(values.len(), 49, "twelve hours and where they end");
        assert_eq!((values[0], values[36]), (0.0, 40.0));
        let levels = of_queues(&report, |row| row?.service_level, false);
        assert_eq!(levels[0].points.iter().flatten().count(), 2);
    }
}
