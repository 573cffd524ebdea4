//! Differences between two things that were compared, each with its interval, around a line that says
//! that there is none.

use super::words::escape;
use std::fmt::Write as _;

const WIDTH: f64 = 880.0;
const ROW: f64 = 26.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 44.0;
/// What is left for names, and for values.
const LEFT: f64 = 170.0;
const RIGHT: f64 = 150.0;
/// So many marks on each side of nothing, at most.
const MARKS: f64 = 4.0;

/// A picture of differences.
#[derive(Clone, Debug, PartialEq)]
pub struct Differences {
    /// What it shows, in a few words.
    pub title: String,
    /// What is worth knowing to read it; may be empty.
    pub note: String,
    /// What is measured, with its unit.
    pub label: String,
    /// From top to bottom.
    pub rows: Vec<Difference>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Of what.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Half of the interval around it; not finite if that is not known.
    pub half_width: f64,
    /// What stands beside it.
    pub beside: String,
}

impl Difference {
    /// The interval excludes that there is none.
    fn is_sure(&self) -> bool {
        self.half_width.is_finite() && self.value.abs() > self.half_width
    }

    fn half(&self) -> f64 {
        if self.half_width.is_finite() { self.half_width } else { 0.0 }
    }
}

impl Differences {
    /// As a figure of a page.
    pub(super) fn figure(&self) -> String {
        let mut html = format!("<figure>\n<figcaption>{}", escape(&self.title));
        if !self.note.is_empty() {
            let _ = write!(html, "<span class=\"note\">{}</span>", escape(&self.note));
        }
        let _ =
            writeln!(html, "</figcaption>\n<div class=\"scroll\">{}</div>\n</figure>", self.svg());
        html
    }

    fn svg(&self) -> String {
        let reach = |row: &Difference| row.value.abs() + row.half();
        let most = self.rows.iter().map(reach).fold(0.0, f64::max);
        let step = nice(if most > 0.0 { most / MARKS } else { 0.25 });
        let most = (most / step).ceil().max(1.0) * step;
        let bottom = TOP + self.rows.len() as f64 * ROW;
        let across = |value: f64| LEFT + (value / most + 1.0) / 2.0 * (WIDTH - LEFT - RIGHT);
        let title = escape(&self.title);
        let height = bottom + BOTTOM;
        let mut svg =
            format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">");
        let marks = (most / step).round() as i64;
        let digits = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
        for mark in -marks..=marks {
            let (value, class) = (mark as f64 * step, if mark == 0 { "base" } else { "grid" });
            let x = across(value);
            let text = if mark == 0 { "0".to_owned() } else { format!("{value:+.digits$}") };
            let _ = write!(
                svg,
                "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom:.1}\"/>\
                 <text class=\"mark\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{:.1}\">{text}</text>",
                bottom + 18.0
            );
        }
        for (at, row) in self.rows.iter().enumerate() {
            let y = TOP + (at as f64 + 0.5) * ROW;
            draw(&mut svg, row, y, across);
        }
        let _ = write!(
            svg,
            "<text class=\"label\" text-anchor=\"middle\" x=\"{:.1}\" y=\"{:.1}\">{}</text></svg>",
            across(0.0),
            bottom + 38.0,
            escape(&self.label)
        );
        svg
    }
}

fn draw(svg: &mut String, row: &Difference, y: f64, across: impl Fn(f64) -> f64) {
    let class = if row.is_sure() { "sure" } else { "unsure" };
    let (low, high) = (across(row.value - row.half()), across(row.value + row.half()));
    let text = y + 4.0;
    let _ = write!(
        svg,
        "<text class=\"rule-label\" x=\"4\" y=\"{text:.1}\">{}</text>\
         <line class=\"interval {class}\" x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
         <circle class=\"difference {class}\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>\
         <text class=\"rule-label\" text-anchor=\"end\" x=\"{:.1}\" y=\"{text:.1}\">{}</text>",
        escape(&row.name),
        across(row.value),
        WIDTH - 4.0,
        escape(&row.beside)
    );
}

/// The next of 1, 2 and 5 times a power of ten.
fn nice(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let times =
        [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= step * (1.0 - 1e-9));
    times.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sure_looks_different_and_names_are_escaped() {
        let row = |name: &str, value, half_width| Difference {
            name: name.to_owned(),
            value,
            half_width,
            beside: String::new(),
        };
        let differences = Differences {
            title: "Hung up".to_owned(),
            note: String::new(),
            label: "calls".to_owned(),
            rows: vec![
                row("a<b", 3.0, 1.0),
                row("c", 1.0, 2.0),
                row("none", 0.0, 0.0),
                row("once", 1.0, f64::INFINITY),
            ],
        };
        let html = differences.figure();
        assert_eq!(html.matches("difference sure").count(), 1, "{html}");
        assert_eq!(html.matches("difference unsure").count(), 3, "{html}");
        assert!(
            html.contains("a&lt;b") && html.contains(">+4<") && !html.contains("NaN"),
            "{html}"
        );
    }
}
