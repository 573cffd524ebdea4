//! The curves of a queue's day, read back from what is drawn, by the scale that stands beside them.

use acd_proto::v1 as acd;
use serde_json::Value;

/// What a drawing is exact to, in parts of its height: coordinates have one decimal.
const EXACT_TO: f64 = 0.001;

/// Of each chart: what its top is worth, its columns, and its lines by the places of their points; values are parts of
/// its height.
pub(super) const READ: &str = "[...document.querySelectorAll('#details .curve')].map(svg => { \
    const rules = [...svg.querySelectorAll('.rule')].map(it => Number(it.getAttribute('y1'))); \
    const [bottom, top] = [rules[0], rules[2]]; \
    const part = y => (bottom - y) / (bottom - top); \
    const columns = [...svg.querySelectorAll('.column')] \
      .map(it => part(Number(it.getAttribute('y')))); \
    const lines = [...svg.querySelectorAll('.line')].map(path => Object.fromEntries( \
      [...path.getAttribute('d').matchAll(/[ML]([0-9.]+) ([0-9.]+)/g)] \
        .map(([, x, y]) => [x, part(Number(y))]))); \
    const ticks = [...svg.querySelectorAll('.tick.left')].map(it => it.textContent); \
    return { columns, lines, top: ticks[2], said: svg.getAttribute('aria-label') }; })";

/// Sums over the day, as far as curves tell them.
#[derive(Debug)]
pub(super) struct Drawn {
    entered: u64,
    answered: u64,
    abandoned: u64,
    in_time: u64,
    /// In milliseconds, and how exact it is.
    waited: (f64, f64),
}

impl Drawn {
    pub(super) fn of(read: &Value) -> Self {
        let [calls, in_time, waits] = read.as_array().expect("charts").as_slice() else {
            panic!("three charts: {read}");
        };
        let top: f64 = text(&calls["top"]).parse().expect("a number");
        let columns = calls["columns"].as_array().expect("columns").iter();
        let answered = line(&calls["lines"][0], top);
        let abandoned = line(&calls["lines"][1], top);
        assert_eq!(text(&in_time["top"]), "100%");
        let top_of_waits = milliseconds(text(&waits["top"]));
        let mut drawn = Self {
            entered: columns.map(|part| whole(part.as_f64().expect("a number") * top)).sum(),
            answered: 0,
            abandoned: 0,
            in_time: 0,
            waited: (0.0, 0.0),
        };
        let (in_time, waits) =
            (line(&in_time["lines"][0], 100.0), line(&waits["lines"][0], top_of_waits));
        let at = |line: &[(String, f64)], place: &str| {
            line.iter().find(|(x, _)| x == place).map(|(_, value)| *value)
        };
        for ((place, answers), (other, given_up)) in answered.iter().zip(&abandoned) {
            assert_eq!(place, other, "both lines have a point for each quarter of an hour");
            let (answers, given_up) = (whole(*answers), whole(*given_up));
            drawn.answered += answers;
            drawn.abandoned += given_up;
            if let Some(level) = at(&in_time, place) {
                drawn.in_time += whole(level / 100.0 * (answers + given_up) as f64);
            }
            if let Some(wait) = at(&waits, place) {
                drawn.waited.0 += wait * answers as f64;
                drawn.waited.1 += (top_of_waits * EXACT_TO + 1.0) * answers as f64;
            }
        }
        let (last, given_up) = (whole(answered.last().expect("a point").1), abandoned.last());
        let given_up = whole(given_up.expect("a point").1);
        let said = format!("answered {last}, gave up {given_up}");
        assert!(text(&calls["said"]).ends_with(&said), "{said}: {}", calls["said"]);
        drawn
    }

    /// Whether it is what was told of today.
    pub(super) fn is(&self, today: &acd::QueueFigures) -> bool {
        let sum = today.wait_sum.unwrap_or_default();
        let waited = sum.seconds as f64 * 1_000.0 + f64::from(sum.nanos) / 1e6;
        (self.entered, self.answered, self.abandoned, self.in_time)
            == (today.entered, today.answered, today.abandoned, today.answered_in_time)
            && (self.waited.0 - waited).abs() <= self.waited.1
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The points of a line, by their places.
fn line(read: &Value, top: f64) -> Vec<(String, f64)> {
    let Some(points) = read.as_object() else { return Vec::new() };
    let value = |part: &Value| part.as_f64().expect("a number") * top;
    let mut line: Vec<(String, f64)> =
        points.iter().map(|(place, part)| (place.clone(), value(part))).collect();
    line.sort_by(|one, other| {
        let place = |(x, _): &(String, f64)| x.parse::<f64>().expect("a place");
        place(one).total_cmp(&place(other))
    });
    line
}

/// What a drawing means of something that is counted.
fn whole(value: f64) -> u64 {
    let count = value.round();
    assert!((value - count).abs() < 0.4, "{value} is no count");
    count as u64
}

/// `1:40`, `1:02:33`.
fn milliseconds(written: &str) -> f64 {
    let seconds =
        written.split(':').fold(0, |sum, part| 60 * sum + part.parse::<u64>().expect("a number"));
    assert!(seconds > 0, "{written}: too little to be read back");
    seconds as f64 * 1_000.0
}
