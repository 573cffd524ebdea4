//! Which names there are, and which handle each has.

use crate::notes::{Key, Notes};
use crate::read::Entry;
use std::collections::HashMap;
use std::ops::Range;

/// Names in the order of their handles.
pub(crate) struct Names {
    what: &'static str,
    list: Vec<String>,
    indexes: HashMap<String, usize>,
    open: bool,
}

impl Names {
    /// The names of a table of the file: whatever else is mentioned is an error.
    pub(crate) fn declared<T>(what: &'static str, entries: &[Entry<T>]) -> Self {
        let mut names = Self { what, ..Self::by_use() };
        for entry in entries {
            names.add(&entry.name);
        }
        names.open = false;
        names
    }

    /// No names yet: each is there from its first use on.
    pub(crate) fn by_use() -> Self {
        Self { what: "name", list: Vec::new(), indexes: HashMap::new(), open: true }
    }

    /// The handle of `name`; a note if there is no such name.
    pub(crate) fn find(
        &mut self,
        name: &str,
        key: &Key<'_>,
        span: &Range<usize>,
        notes: &mut Notes,
    ) -> Option<u16> {
        self.find_besides(name, None, key, span, notes)
    }

    /// The same, where one of the names may not be meant, so that it is not suggested.
    pub(crate) fn find_besides(
        &mut self,
        name: &str,
        not: Option<u16>,
        key: &Key<'_>,
        span: &Range<usize>,
        notes: &mut Notes,
    ) -> Option<u16> {
        self.position_besides(name, not, key, span, notes).map(handle)
    }

    /// The same, where there may be more names than a handle of 16 bits counts.
    pub(crate) fn position(
        &mut self,
        name: &str,
        key: &Key<'_>,
        span: &Range<usize>,
        notes: &mut Notes,
    ) -> Option<usize> {
        self.position_besides(name, None, key, span, notes)
    }

    fn position_besides(
        &mut self,
        name: &str,
        not: Option<u16>,
        key: &Key<'_>,
        span: &Range<usize>,
        notes: &mut Notes,
    ) -> Option<usize> {
        let index = match self.indexes.get(name) {
            Some(index) => *index,
            None if self.open => self.add(name),
            None => {
                let not = not.map(usize::from);
                let others = self.list.iter().enumerate().filter(move |(at, _)| Some(*at) != not);
                let allowed = others.map(|(_, name)| name.as_str());
                notes.add_unknown(key, span, &format!("no such {}", self.what), name, allowed);
                return None;
            }
        };
        Some(index)
    }

    /// The names in the order of their handles.
    pub(crate) fn list(&self) -> &[String] {
        &self.list
    }

    fn add(&mut self, name: &str) -> usize {
        let index = self.list.len();
        self.indexes.insert(name.to_owned(), index);
        self.list.push(name.to_owned());
        index
    }
}

/// An index as a handle. One that does not fit belongs to a plan that its check refuses: it may
/// not have so many names.
pub(crate) fn handle(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}
