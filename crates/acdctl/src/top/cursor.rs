//! The row that keys act on, and which rows are in sight: both stay with what is read, while rows come,
//! go and change places.

use std::ops::Range;

/// One row among many.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    /// What tells the row from all others; none until it has been shown where it stands.
    key: Option<String>,
    index: usize,
    /// The first row in sight.
    top: usize,
    /// As they were shown last.
    rows: usize,
    height: usize,
}

impl Cursor {
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// The row, once it has been shown.
    pub(super) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Down so many rows, or up.
    pub(super) fn go(&mut self, by: isize) {
        let last = self.rows.saturating_sub(1);
        self.index = self.index.saturating_add_signed(by).min(last);
        self.key = None;
    }

    /// Down, or up, as much as is in sight.
    pub(super) fn page(&mut self, down: bool) {
        let page = isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(isize::MAX);
        self.go(if down { page } else { -page });
    }

    /// Takes its place among rows as they are now, and answers which of them are in sight.
    ///
    /// On the first row it stays on the first row. Else it stays on its own, or on the one that has
    /// taken its place; and where the first row is out of sight its line stays where it is.
    pub(super) fn settle(&mut self, keys: &[String], height: usize) -> Range<usize> {
        (self.rows, self.height) = (keys.len(), height);
        let last = keys.len().saturating_sub(1);
        let before = self.index;
        if before > 0
            && let Some(key) = &self.key
        {
            let same = keys.get(before) == Some(key);
            let found = if same { Some(before) } else { keys.iter().position(|it| it == key) };
            self.index = found.unwrap_or(before);
        }
        self.index = self.index.min(last);
        if self.top > 0 && self.key.is_some() {
            let line = before.saturating_sub(self.top);
            self.top = self.index.saturating_sub(line);
        }
        let most = keys.len().saturating_sub(height);
        let least = (self.index + 1).saturating_sub(height.max(1));
        self.top = self.top.clamp(least, self.index.max(least)).min(most);
        self.key = keys.get(self.index).cloned();
        self.top..(self.top + height).min(keys.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: impl IntoIterator<Item = usize>) -> Vec<String> {
        names.into_iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn it_walks_and_what_is_in_sight_goes_with_it() {
        let mut cursor = Cursor::default();
        let all = keys(0..10);
        assert_eq!(cursor.settle(&all, 4), 0..4);
        cursor.go(3);
        assert_eq!(cursor.settle(&all, 4), 0..4);
        cursor.go(1);
        assert_eq!((cursor.settle(&all, 4), cursor.index()), (1..5, 4));
        cursor.page(true);
        assert_eq!((cursor.settle(&all, 4), cursor.index()), (4..8, 7));
        cursor.go(isize::MAX);
        assert_eq!((cursor.settle(&all, 4), cursor.key()), (6..10, Some("9")));
        cursor.go(isize::MIN);
        assert_eq!((cursor.settle(&all, 4), cursor.key()), (0..4, Some("0")));
    }

    #[test]
    fn it_stays_on_its_row_while_others_come_before_it() {
        let mut cursor = Cursor::default();
        cursor.settle(&keys(10..20), 4);
        cursor.go(2);
        cursor.settle(&keys(10..20), 4);
        assert_eq!((cursor.settle(&keys(9..20), 4), cursor.key()), (0..4, Some("12")));
        // Whoever has scrolled has what he reads where it was.
        cursor.go(5);
        assert_eq!(cursor.settle(&keys(9..20), 4), 5..9);
        assert_eq!((cursor.settle(&keys(7..20), 4), cursor.key()), (7..11, Some("17")));
    }

    #[test]
    fn on_the_first_row_it_sees_what_comes_first() {
        let mut cursor = Cursor::default();
        cursor.settle(&keys(5..9), 4);
        assert_eq!((cursor.settle(&keys(3..9), 4), cursor.key()), (0..4, Some("3")));
    }

    #[test]
    fn a_row_that_is_over_leaves_its_place_to_the_next() {
        let mut cursor = Cursor::default();
        cursor.settle(&keys(0..5), 4);
        cursor.go(4);
        cursor.settle(&keys(0..5), 4);
        cursor.settle(&keys(0..3), 4);
        assert_eq!(cursor.key(), Some("2"));
        assert_eq!(cursor.settle(&[], 4), 0..0);
        assert_eq!(cursor.key(), None);
        assert_eq!(cursor.settle(&keys(0..3), 0), 0..0);
    }
}
