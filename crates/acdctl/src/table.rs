//! Columns of text, aligned by the width that they have on a terminal.

use unicode_width::UnicodeWidthStr;

/// What stands between two columns.
const GAP: usize = 2;

/// A table with a head.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    head: &'static str,
    to_the_right: bool,
}

impl Table {
    /// A table of these columns; a head that ends in `>` puts its column to the right, for numbers.
    pub(crate) fn new(heads: &[&'static str]) -> Self {
        let columns = heads
            .iter()
            .map(|head| match head.strip_suffix('>') {
                Some(head) => Column { head, to_the_right: true },
                None => Column { head, to_the_right: false },
            })
            .collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row: one cell for each column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as text.
    pub(crate) fn text(&self) -> String {
        let heads: Vec<String> = self.columns.iter().map(|column| column.head.to_owned()).collect();
        let all = || std::iter::once(&heads).chain(&self.rows);
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| all().filter_map(|row| row.get(at)).map(|cell| cell.width()).max())
            .map(Option::unwrap_or_default)
            .collect();
        let mut text = String::new();
        for row in all() {
            let mut line = String::new();
            for ((cell, column), width) in row.iter().zip(&self.columns).zip(&widths) {
                let padding = " ".repeat(width - cell.width());
                if column.to_the_right {
                    line.push_str(&padding);
                    line.push_str(cell);
                } else {
                    line.push_str(cell);
                    line.push_str(&padding);
                }
                line.push_str(&" ".repeat(GAP));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_numbers_stand_to_the_right() {
        let mut table = Table::new(&["AGENT", "CALLS>", "STATE"]);
        table.row(["inés".to_owned(), "7".to_owned(), "ready".to_owned()]);
        table.row(["bo".to_owned(), "1234567".to_owned(), String::new()]);
        assert_eq!(
            table.text(),
            "AGENT    CALLS  STATE\n\
             inés         7  ready\n\
             bo     1234567\n"
        );
    }
}
