//! What a chart shows: series of points, with how far each may be from the truth.

use super::axis::Axis;
use crate::replications::Estimate;

/// So many curves in one chart can be told apart.
const CURVES: usize = 6;

/// A chart of one or more series over a common axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows, in a few words.
    pub title: String,
    /// What is worth knowing to read it; may be empty.
    pub note: String,
    /// From left to right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// At most eight look different from each other.
    pub series: Vec<Series>,
    /// Levels to compare with.
    pub rules: Vec<Rule>,
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// From left to right; where there is none, the curve is broken.
    pub points: Vec<Option<Point>>,
    /// Values hold until the next point, and the curve is drawn in steps: the last point is where
    /// it ends.
    pub steps: bool,
}

/// One value, and the interval that holds the true one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where, on the axis from left to right.
    pub at: f64,
    /// How much.
    pub value: f64,
    /// The lower end of the band around it.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A level to compare with, such as a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// At which value.
    pub at: f64,
    /// What it is.
    pub label: String,
}

impl Chart {
    /// The same in charts of so few curves each that they can be told apart, about equally many, on the
    /// same axes.
    #[must_use]
    pub fn split(self) -> Vec<Self> {
        if self.series.len() <= CURVES {
            return vec![self];
        }
        let part = |series: &[Series]| {
            let title = match series {
                [first, .., last] => format!("{}: {} to {}", self.title, first.name, last.name),
                [_] | [] => self.title.clone(),
            };
            Self { title, series: series.to_vec(), ..self.clone() }
        };
        let charts = self.series.len().div_ceil(CURVES);
        self.series.chunks(self.series.len().div_ceil(charts)).map(part).collect()
    }
}

impl Point {
    /// With its confidence interval; none of a single replication.
    #[must_use]
    pub fn of(at: f64, estimate: Estimate) -> Self {
        let half = if estimate.half_width.is_finite() { estimate.half_width } else { 0.0 };
        let value = estimate.value;
        Self { at, value, low: value - half, high: value + half }
    }

    /// One that is known exactly.
    #[must_use]
    pub fn exactly(at: f64, value: f64) -> Self {
        Self { at, value, low: value, high: value }
    }

    /// Whether there is a band to be seen.
    pub(super) fn has_band(&self) -> bool {
        self.high > self.low
    }
}

impl Series {
    /// The highest value, with its band; none of an empty one.
    #[must_use]
    pub fn most(&self) -> Option<f64> {
        self.points.iter().flatten().map(|point| point.high).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_curves_are_split_into_charts_that_say_whose_they_are() {
        let named = |name: usize| Series {
            name: format!("q{name}"),
            points: vec![Some(Point::exactly(0.0, 1.0))],
            steps: false,
        };
        let chart = |curves: usize| Chart {
            title: "Calls".to_owned(),
            note: String::new(),
            x: Axis::day(0.0, 3_600.0),
            y: Axis::number("calls", 1.0),
            series: (1..=curves).map(named).collect(),
            rules: Vec::new(),
        };
        assert_eq!(chart(6).split(), [chart(6)]);
        let titles: Vec<String> = chart(13).split().into_iter().map(|it| it.title).collect();
        assert_eq!(titles, ["Calls: q1 to q5", "Calls: q6 to q10", "Calls: q11 to q13"]);
    }
}
