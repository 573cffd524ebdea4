//! Axes: from where to where, which marks stand on them, and what they measure.

use super::words::{clock, short_length};

/// So many marks at most.
const MARKS: f64 = 6.0;
/// So many on an axis along the day.
const MARKS_OF_DAY: f64 = 13.0;
/// Steps of time that people count in, in seconds.
const STEPS: [f64; 20] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0,
    3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0,
];

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures, with its unit.
    pub label: String,
    /// Its first value.
    pub from: f64,
    /// Its last one; more than the first.
    pub to: f64,
    /// Where marks stand, and what they say.
    pub marks: Vec<(f64, String)>,
}

impl Axis {
    /// Along a day, both in seconds since midnight.
    #[must_use]
    pub fn day(from: f64, to: f64) -> Self {
        let to = to.max(from + 60.0);
        let quarters = STEPS.into_iter().filter(|step| *step >= 900.0);
        let step = quarters.into_iter().find(|step| (to - from) / step < MARKS_OF_DAY);
        let marks = marks(from, to, step.unwrap_or(43_200.0), clock);
        Self { label: "time of day".to_owned(), from, to, marks }
    }

    /// A length of time from 0 to at least `most` seconds.
    #[must_use]
    pub fn seconds(label: &str, most: f64) -> Self {
        let most = positive(most);
        let step = STEPS.into_iter().find(|step| most / step <= MARKS);
        let step = step.unwrap_or_else(|| nice(most / MARKS));
        Self::counted_in(label, most, step, short_length)
    }

    /// A share from 0 % to 100 %.
    #[must_use]
    pub fn share(label: &str) -> Self {
        let whole = |share: f64| format!("{:.0} %", share * 100.0);
        Self::counted_in(label, 1.0, 0.25, whole)
    }

    /// A small share from 0 % to at least `most`, at most 1.
    #[must_use]
    pub fn small_share(label: &str, most: f64) -> Self {
        let step = nice(positive(most.min(1.0)) / MARKS);
        let digits = if step < 0.01 { 1 } else { 0 };
        Self::counted_in(label, most, step, |share| format!("{:.digits$} %", share * 100.0))
    }

    /// A number from 0 to at least `most`.
    #[must_use]
    pub fn number(label: &str, most: f64) -> Self {
        let most = positive(most);
        let step = nice(most / MARKS);
        let digits = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
        Self::counted_in(label, most, step, |number| format!("{number:.digits$}"))
    }

    /// From 0 to the next mark after `most`.
    fn counted_in(label: &str, most: f64, step: f64, say: impl Fn(f64) -> String) -> Self {
        let to = (most / step - 1e-9).ceil().max(1.0) * step;
        Self { label: label.to_owned(), from: 0.0, to, marks: marks(0.0, to, step, say) }
    }

    /// Where a value stands, 0 at the beginning and 1 at the end; what is outside stands at the edge.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
}

/// An axis on which all is zero still has a length.
fn positive(most: f64) -> f64 {
    if most.is_finite() && most > 0.0 { most } else { 1.0 }
}

/// The next of 1, 2 and 5 times a power of ten.
fn nice(step: f64) -> f64 {
    let magnitude = 10_f64.powf(step.log10().floor());
    let nice =
        [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * magnitude >= step * 0.999_999);
    nice.unwrap_or(10.0) * magnitude
}

fn marks(from: f64, to: f64, step: f64, say: impl Fn(f64) -> String) -> Vec<(f64, String)> {
    let first = (from / step - 1e-9).ceil() as i64;
    let last = (to / step + 1e-9).floor() as i64;
    (first..=last).map(|mark| mark as f64 * step).map(|at| (at, say(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(axis: &Axis) -> Vec<&str> {
        axis.marks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn marks_are_numbers_that_people_count_in() {
        let day = Axis::day(8.0 * 3_600.0, 12.5 * 3_600.0);
        assert_eq!(said(&day)[..3], ["08:00", "08:30", "09:00"]);
        assert_eq!(
            said(&Axis::seconds("wait", 100.0)),
            ["0", "30 s", "1 min", "1 min 30", "2 min"]
        );
        assert_eq!(said(&Axis::share("share")), ["0 %", "25 %", "50 %", "75 %", "100 %"]);
        assert_eq!(said(&Axis::number("agents", 11.0)), ["0", "2", "4", "6", "8", "10", "12"]);
        assert_eq!(said(&Axis::number("nothing", 0.0)).last(), Some(&"1.0"));
        assert_eq!(said(&Axis::small_share("lost", 0.031)).last(), Some(&"4 %"));
    }

    #[test]
    fn a_value_stands_within_its_axis() {
        let axis = Axis::number("calls", 10.0);
        let places = [-1.0, 0.0, 5.0, 10.0, 99.0].map(|value| axis.place(value));
        assert_eq!(places, [0.0, 0.0, 0.5, 1.0, 1.0]);
    }
}
