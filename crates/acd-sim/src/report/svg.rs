//! A chart as SVG inside a page: the page's style sheet gives it its colours, in the light and in the
//! dark.

use super::axis::Axis;
use super::chart::{Chart, Point, Series};
use super::words::escape;
use std::fmt::Write as _;

/// The size of a drawing, in its own units; it is scaled to the width that there is.
const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 264.0;
/// What is left for labels.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 46.0;
/// So many series look different from each other.
pub(super) const LOOKS: usize = 8;

/// The drawing of a chart.
pub(super) fn draw(chart: &Chart) -> String {
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        escape(&chart.title)
    );
    grid(&mut svg, chart);
    for (at, series) in chart.series.iter().enumerate() {
        band(&mut svg, chart, series, at % LOOKS);
    }
    rules(&mut svg, chart);
    for (at, series) in chart.series.iter().enumerate() {
        curve(&mut svg, chart, series, at % LOOKS);
    }
    rule_labels(&mut svg, chart);
    svg.push_str("</svg>");
    svg
}

fn across(axis: &Axis, value: f64) -> f64 {
    LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT)
}

fn up(axis: &Axis, value: f64) -> f64 {
    HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM)
}

fn grid(svg: &mut String, chart: &Chart) {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for (value, text) in &chart.y.marks {
        let y = up(&chart.y, *value);
        let class = if *value == chart.y.from { "base" } else { "grid" };
        let _ = write!(
            svg,
            "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"mark\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LEFT - 8.0,
            y + 4.0,
            escape(text)
        );
    }
    for (value, text) in &chart.x.marks {
        let x = across(&chart.x, *value);
        let _ = write!(
            svg,
            "<line class=\"base\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom}\" y2=\"{:.1}\"/>\
             <text class=\"mark\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            bottom + 4.0,
            bottom + 18.0,
            escape(text)
        );
    }
    let _ = write!(
        svg,
        "<text class=\"label\" x=\"4\" y=\"12\">{}</text>\
         <text class=\"label\" text-anchor=\"end\" x=\"{right}\" y=\"{:.1}\">{}</text>",
        escape(&chart.y.label),
        HEIGHT - 6.0,
        escape(&chart.x.label)
    );
}

fn rules(svg: &mut String, chart: &Chart) {
    let right = WIDTH - RIGHT;
    for rule in &chart.rules {
        let y = up(&chart.y, rule.at);
        let _ = write!(
            svg,
            "<line class=\"rule\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
        );
    }
}

/// Above the curves, so that they can be read.
fn rule_labels(svg: &mut String, chart: &Chart) {
    for rule in &chart.rules {
        let _ = write!(
            svg,
            "<text class=\"rule-label\" text-anchor=\"end\" x=\"{}\" y=\"{:.1}\">{}</text>",
            WIDTH - RIGHT,
            up(&chart.y, rule.at) - 5.0,
            escape(&rule.label)
        );
    }
}

/// The parts of a series between its gaps.
fn runs(series: &Series) -> impl Iterator<Item = Vec<Point>> + '_ {
    let parts = series.points.split(|point| point.is_none());
    parts
        .map(|part| part.iter().flatten().copied().collect::<Vec<Point>>())
        .filter(|p| !p.is_empty())
}

/// The corners of a curve; in steps, each value goes on to the place of the next.
fn corners(run: &[Point], steps: bool, of: impl Fn(&Point) -> f64) -> Vec<(f64, f64)> {
    let mut corners = Vec::with_capacity(run.len() * 2);
    for (index, point) in run.iter().enumerate() {
        if steps && index > 0 {
            corners.push((point.at, of(&run[index - 1])));
        }
        corners.push((point.at, of(point)));
    }
    corners
}

fn path(chart: &Chart, corners: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (index, (x, y)) in corners.enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{letter}{:.1} {:.1}", across(&chart.x, x), up(&chart.y, y));
    }
    path
}

fn band(svg: &mut String, chart: &Chart, series: &Series, look: usize) {
    for run in runs(series).filter(|run| run.iter().any(Point::has_band)) {
        let above = corners(&run, series.steps, |point| point.high);
        let below = corners(&run, series.steps, |point| point.low);
        let around = path(chart, above.into_iter().chain(below.into_iter().rev()));
        let _ = write!(svg, "<path class=\"band s{look}\" d=\"{around}Z\"/>");
    }
}

fn curve(svg: &mut String, chart: &Chart, series: &Series, look: usize) {
    for run in runs(series) {
        let line = path(chart, corners(&run, series.steps, |point| point.value).into_iter());
        let _ = write!(svg, "<path class=\"curve s{look}\" d=\"{line}\"/>");
        if series.steps {
            continue;
        }
        for point in &run {
            let (x, y) = (across(&chart.x, point.at), up(&chart.y, point.value));
            let _ = write!(
                svg,
                "<circle class=\"dot s{look}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\"/>"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<Option<Point>>, steps: bool) -> Chart {
        let series = vec![Series { name: "one & two".to_owned(), points, steps }];
        let (x, y) = (Axis::day(0.0, 36_000.0), Axis::number("calls", 10.0));
        let (title, note) = ("Calls".to_owned(), String::new());
        Chart { title, note, x, y, series, rules: Vec::new() }
    }

    #[test]
    fn a_gap_breaks_the_curve_and_its_band() {
        let point = |at, value| Some(Point { at, value, low: value - 1.0, high: value + 1.0 });
        let points = vec![point(0.0, 1.0), point(3_600.0, 2.0), None, point(7_200.0, 3.0)];
        let svg = draw(&chart(points, false));
        assert_eq!(svg.matches("class=\"curve s0\"").count(), 2);
        assert_eq!(svg.matches("class=\"band s0\"").count(), 2);
        assert_eq!(svg.matches("<circle").count(), 3);
    }

    #[test]
    fn steps_hold_until_the_next() {
        let exactly = |at, value| Some(Point::exactly(at, value));
        let svg = draw(&chart(vec![exactly(0.0, 0.0), exactly(36_000.0, 10.0)], true));
        assert!(svg.contains("d=\"M62.0 218.0L862.0 218.0L862.0 28.0\""), "{svg}");
        assert!(!svg.contains("band"), "{svg}");
    }
}
