//! Records that come and go, in one allocation, linked by index.

/// No record.
pub(crate) const NONE: u32 = u32::MAX;

/// A slab: indices stay valid until their record is taken out.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<Entry<T>>,
    free: u32,
}

#[derive(Debug)]
enum Entry<T> {
    Used(T),
    Free { next: u32 },
}

/// Makes room for `more` in what grows with calls, about a sixteenth beyond: a `Vec` by itself
/// doubles, and up to half of a large center's memory would be room that nobody needs.
pub(crate) fn make_room<T>(records: &mut Vec<T>, more: usize) {
    if records.capacity() - records.len() < more {
        records.reserve_exact(more.max(records.len() / 16 + 256));
    }
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { entries: Vec::new(), free: NONE }
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if self.free == NONE {
            make_room(&mut self.entries, 1);
            self.entries.push(Entry::Used(value));
            return (self.entries.len() - 1) as u32;
        }
        let at = self.free;
        if let Entry::Free { next } = self.entries[at as usize] {
            self.free = next;
        }
        self.entries[at as usize] = Entry::Used(value);
        at
    }

    pub(crate) fn remove(&mut self, at: u32) -> T {
        let freed = Entry::Free { next: self.free };
        match std::mem::replace(&mut self.entries[at as usize], freed) {
            Entry::Used(value) => {
                self.free = at;
                value
            }
            Entry::Free { .. } => unreachable!("an index is given up once"),
        }
    }

    /// The record, if it is in.
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        match self.entries.get(at as usize)? {
            Entry::Used(value) => Some(value),
            Entry::Free { .. } => None,
        }
    }

    /// How many records are in use; for tests of what leaks.
    pub(crate) fn used(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry, Entry::Used(_))).count()
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;

    fn index(&self, at: u32) -> &T {
        match &self.entries[at as usize] {
            Entry::Used(value) => value,
            Entry::Free { .. } => unreachable!("an index is used while its record is in"),
        }
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    fn index_mut(&mut self, at: u32) -> &mut T {
        match &mut self.entries[at as usize] {
            Entry::Used(value) => value,
            Entry::Free { .. } => unreachable!("an index is used while its record is in"),
        }
    }
}
