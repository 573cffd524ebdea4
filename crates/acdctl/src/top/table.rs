//! A table of any length: what its columns are, which rows it shows, and in what order.

use super::figures::Grade;
use crate::times::Instant;
use std::cmp::Ordering;

/// What stands between two columns.
const GAP: u16 = 1;

/// How a cell is meant; what it looks like is decided where it is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    #[default]
    Plain,
    Soft,
    Strong,
    Good,
    Notice,
    Alarm,
}

impl From<Option<Grade>> for Tone {
    fn from(grade: Option<Grade>) -> Self {
        match grade {
            None => Self::Plain,
            Some(Grade::Notice) => Self::Notice,
            Some(Grade::Alarm) => Self::Alarm,
        }
    }
}

/// What rows are ordered by.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Key {
    Number(f64),
    Text(String),
}

impl Key {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

/// One column of a table.
pub(super) struct Column<R> {
    pub(super) title: &'static str,
    /// In letters, at least and, where there is room, at most.
    pub(super) width: (u16, u16),
    /// The higher, the sooner it is left out where there is no room.
    pub(super) rank: u8,
    /// It stands at the right, and is sorted from the most to the least.
    pub(super) number: bool,
    pub(super) text: fn(&R, &Instant) -> String,
    pub(super) tone: fn(&R, &Instant) -> Tone,
    /// What it is sorted by; not at all without.
    pub(super) by: Option<fn(&R, &Instant) -> Key>,
}

/// A kind of table.
pub(super) struct Table<R: 'static> {
    /// What it says when there are no rows.
    pub(super) none: &'static str,
    pub(super) columns: &'static [Column<R>],
    /// What tells one row from all others.
    pub(super) key: fn(&R) -> String,
    /// Where the words of the filter are looked for.
    pub(super) words: fn(&R) -> String,
    /// In which order rows stand unless they are sorted.
    pub(super) order: fn(&R, &Instant) -> Key,
    pub(super) grade: fn(&R, &Instant) -> Option<Grade>,
}

/// By which column rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sort {
    pub(super) column: usize,
    /// The other way round than the column is usually read.
    pub(super) reversed: bool,
}

/// A column as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) title: &'static str,
    pub(super) width: u16,
    pub(super) number: bool,
    /// `↓` from the most to the least, `↑` the other way.
    pub(super) sorted: Option<char>,
}

/// A row as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) grade: Option<Grade>,
    pub(super) cells: Vec<(String, Tone)>,
}

impl<R> Table<R> {
    /// The rows in which each of `words` is found, in order.
    pub(super) fn chosen<'a>(
        &self,
        rows: impl Iterator<Item = &'a R>,
        words: &[String],
        sort: Option<Sort>,
        now: &Instant,
    ) -> Vec<&'a R> {
        let matches = |row: &&R| {
            if words.is_empty() {
                return true;
            }
            let text = (self.words)(row).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let (by, downwards) = self.order_of(sort);
        let mut keyed: Vec<(Key, &R)> =
            rows.filter(matches).map(|row| (by(row, now), row)).collect();
        keyed.sort_by(
            |(one, _), (other, _)| {
                if downwards { other.order(one) } else { one.order(other) }
            },
        );
        keyed.into_iter().map(|(_, row)| row).collect()
    }

    fn order_of(&self, sort: Option<Sort>) -> (fn(&R, &Instant) -> Key, bool) {
        let sorted = sort.and_then(|sort| {
            let column = self.columns.get(sort.column)?;
            Some((column.by?, column.number != sort.reversed))
        });
        sorted.unwrap_or((self.order, false))
    }

    /// The columns for which there is room, by their places among all.
    pub(super) fn fitting(&self, width: u16, sort: Option<Sort>) -> Vec<(usize, Head)> {
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        let least = |shown: &[usize]| -> u16 {
            let gaps = GAP * u16::try_from(shown.len().saturating_sub(1)).unwrap_or(u16::MAX);
            shown.iter().map(|place| self.columns[*place].width.0).sum::<u16>() + gaps
        };
        while shown.len() > 1 && least(&shown) > width {
            let dearest = shown.iter().copied().max_by_key(|place| self.columns[*place].rank);
            shown.retain(|place| Some(*place) != dearest);
        }
        let mut left = width.saturating_sub(least(&shown));
        let (_, downwards) = self.order_of(sort);
        let head = |place: usize| {
            let column = &self.columns[place];
            let more = left.min(column.width.1 - column.width.0);
            left -= more;
            let sorted = sort.filter(|sort| sort.column == place && column.by.is_some());
            let head = Head {
                title: column.title,
                width: column.width.0 + more,
                number: column.number,
                sorted: sorted.map(|_| if downwards { '↓' } else { '↑' }),
            };
            (place, head)
        };
        shown.into_iter().map(head).collect()
    }

    /// A row in the columns that are shown.
    pub(super) fn line(&self, row: &R, shown: &[(usize, Head)], now: &Instant) -> Line {
        let cell = |(place, _): &(usize, Head)| {
            let column = &self.columns[*place];
            ((column.text)(row, now), (column.tone)(row, now))
        };
        Line { grade: (self.grade)(row, now), cells: shown.iter().map(cell).collect() }
    }

    /// The next column by which rows can be sorted, or the one before; behind the last, and before
    /// the first, they stand in their own order.
    pub(super) fn next_sort(&self, sort: Option<Sort>, forward: bool) -> Option<Sort> {
        let can: Vec<usize> =
            (0..self.columns.len()).filter(|place| self.columns[*place].by.is_some()).collect();
        let at = sort.and_then(|sort| can.iter().position(|place| *place == sort.column));
        let next = match (at, forward) {
            (None, true) => can.first(),
            (None, false) => can.last(),
            (Some(at), true) => can.get(at + 1),
            (Some(at), false) => at.checked_sub(1).and_then(|at| can.get(at)),
        };
        next.map(|column| Sort { column: *column, reversed: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant { seconds: 0, nanos: 0 };
    /// A name and a number.
    type Row = (&'static str, u32);

    const TABLE: Table<Row> = Table {
        none: "",
        columns: &[
            Column {
                title: "Name",
                width: (6, 10),
                rank: 0,
                number: false,
                text: |row, _| row.0.to_owned(),
                tone: |_, _| Tone::Plain,
                by: Some(|row, _| Key::Text(row.0.to_owned())),
            },
            Column {
                title: "Sign",
                width: (4, 4),
                rank: 2,
                number: false,
                text: |_, _| String::new(),
                tone: |_, _| Tone::Plain,
                by: None,
            },
            Column {
                title: "Many",
                width: (4, 4),
                rank: 1,
                number: true,
                text: |row, _| row.1.to_string(),
                tone: |_, _| Tone::Plain,
                by: Some(|row, _| Key::Number(f64::from(row.1))),
            },
        ],
        key: |row| row.0.to_owned(),
        words: |row| row.0.to_owned(),
        order: |_, _| Key::Number(0.0),
        grade: |_, _| None,
    };
    const ROWS: [Row; 3] = [("Billing", 2), ("support", 9), ("All bills", 2)];

    fn names(words: &[&str], sort: Option<Sort>) -> Vec<&'static str> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        TABLE.chosen(ROWS.iter(), &words, sort, &NOW).into_iter().map(|row| row.0).collect()
    }

    #[test]
    fn rows_stand_in_their_own_order_until_they_are_sorted() {
        assert_eq!(names(&[], None), ["Billing", "support", "All bills"]);
        let by = |column, reversed| Some(Sort { column, reversed });
        assert_eq!(names(&[], by(0, false)), ["All bills", "Billing", "support"]);
        assert_eq!(names(&[], by(0, true)), ["support", "Billing", "All bills"]);
        // Those that are alike stay as they stood.
        assert_eq!(names(&[], by(2, false)), ["support", "Billing", "All bills"]);
        assert_eq!(names(&[], by(2, true)), ["Billing", "All bills", "support"]);
    }

    #[test]
    fn a_row_is_found_if_every_word_of_the_filter_is_in_it() {
        assert_eq!(names(&["bill"], None), ["Billing", "All bills"]);
        assert_eq!(names(&["bill", "all"], None), ["All bills"]);
        assert_eq!(names(&["bill", "support"], None), Vec::<&str>::new());
    }

    #[test]
    fn what_matters_least_is_left_out_first_and_what_is_left_over_makes_names_wider() {
        let shown = |width| -> Vec<_> {
            let fitting = TABLE.fitting(width, None);
            fitting.into_iter().map(|(_, head)| (head.title, head.width)).collect()
        };
        assert_eq!(shown(80), [("Name", 10), ("Sign", 4), ("Many", 4)]);
        assert_eq!(shown(17), [("Name", 7), ("Sign", 4), ("Many", 4)]);
        assert_eq!(shown(15), [("Name", 10), ("Many", 4)]);
        assert_eq!(shown(10), [("Name", 10)]);
        assert_eq!(shown(3), [("Name", 6)]);
    }

    #[test]
    fn the_next_column_is_one_that_can_be_sorted_by_and_behind_the_last_there_is_none() {
        let mut sort = None;
        let columns: Vec<_> = (0..4)
            .map(|_| {
                sort = TABLE.next_sort(sort, true);
                sort.map(|sort| sort.column)
            })
            .collect();
        assert_eq!(columns, [Some(0), Some(2), None, Some(0)]);
        assert_eq!(TABLE.next_sort(None, false).map(|sort| sort.column), Some(2));
        let sorted = TABLE.fitting(80, Some(Sort { column: 2, reversed: false }));
        assert_eq!(sorted[2].1.sorted, Some('↓'));
        assert_eq!(sorted[0].1.sorted, None);
    }
}
