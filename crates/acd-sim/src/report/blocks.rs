//! Curves for a terminal: columns of block characters, eight steps to a line.

/// From none to full.
const STEPS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where there is no value.
const NOTHING: char = '·';

/// A chart as lines of text, the highest first, each as wide as there are values times the width of
/// a column.
pub type Blocks = Vec<String>;

/// Draws values over one another's width: 0 at the bottom and `top` at the top of `lines` lines. A
/// value above zero is always seen.
#[must_use]
pub fn blocks(values: &[Option<f64>], top: f64, lines: usize, column: usize) -> Blocks {
    let most = lines * 8;
    let heights: Vec<Option<usize>> = values
        .iter()
        .map(|value| {
            let height = (*value)? / top * most as f64;
            let least = usize::from(height > 0.0);
            Some((height.round().max(0.0) as usize).clamp(least, most))
        })
        .collect();
    let line = |from_below: usize| -> String {
        let one = |height: &Option<usize>| match height {
            Some(height) => STEPS[height.saturating_sub(from_below * 8).min(8)],
            None if from_below == 0 => NOTHING,
            None => ' ',
        };
        heights.iter().flat_map(|height| std::iter::repeat_n(one(height), column)).collect()
    };
    (0..lines).rev().map(line).collect()
}

/// What stands below such a chart: times of day, each where its column begins, as many as fit.
#[must_use]
pub fn hours(starts: &[String], column: usize) -> String {
    let mut text = String::new();
    for (index, start) in starts.iter().enumerate() {
        let at = index * column;
        if text.is_empty() || text.chars().count() < at {
            text.push_str(&" ".repeat(at - text.chars().count()));
            text.push_str(start);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_high_as_their_values() {
        let values = [Some(0.0), Some(0.01), Some(4.0), Some(8.0), None, Some(99.0)];
        assert_eq!(blocks(&values, 8.0, 1, 1), [" ▁▄█·█"]);
        assert_eq!(blocks(&values, 8.0, 2, 2), ["      ██  ██", "  ▁▁████··██"]);
    }

    #[test]
    fn hours_do_not_run_into_each_other() {
        let starts = ["08:00", "08:30", "09:00", "09:30"].map(str::to_owned);
        assert_eq!(hours(&starts, 3), "08:00 09:00");
        assert_eq!(hours(&starts, 8), "08:00   08:30   09:00   09:30");
    }
}
