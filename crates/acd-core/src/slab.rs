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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Records are found by their index for as long as they are in, and no longer; whoever comes
        /// takes the room of who has left.
        #[test]
        fn an_index_is_good_while_its_record_is_in(
            steps in prop::collection::vec(prop::option::of(any::<prop::sample::Index>()), 0..200),
        ) {
            let (mut slab, mut held) = (Slab::new(), BTreeMap::new());
            let mut most = 0;
            for (number, leaves) in steps.into_iter().enumerate() {
                if let Some(leaves) = leaves.filter(|_| !held.is_empty()) {
                    let at = *held.keys().nth(leaves.index(held.len())).expect("one of them");
                    prop_assert_eq!(Some(slab.remove(at)), held.remove(&at));
                } else {
                    prop_assert_eq!(held.insert(slab.insert(number), number), None);
                }
                most = most.max(held.len());
                prop_assert_eq!(slab.used(), held.len());
                for at in 0..=most as u32 {
                    prop_assert_eq!(slab.get(at), held.get(&at));
                }
                for (at, number) in &mut held {
                    prop_assert_eq!(slab[*at], *number);
                    slab[*at] += 1_000;
                    *number += 1_000;
                }
            }
            prop_assert!(held.keys().all(|at| (*at as usize) < most), "left room is used again");
        }
    }

    /// Memory follows the number of calls closely, and is still asked for seldom.
    #[test]
    fn room_is_made_a_sixteenth_ahead() {
        let (mut records, mut made) = (Vec::new(), 0);
        for number in 0..100_000_usize {
            let before = records.capacity();
            make_room(&mut records, 1);
            made += usize::from(records.capacity() != before);
            let ahead = records.capacity() - number;
            assert!((1..=number / 16 + 256).contains(&ahead), "{ahead} beyond {number}");
            records.push(number);
        }
        assert!(made < 100, "{made} times");
    }

    #[test]
    fn room_is_made_for_as_many_as_come_at_once() {
        let mut records = vec![0_u8; 32];
        make_room(&mut records, 5_000);
        assert!(records.capacity() - records.len() >= 5_000, "{}", records.capacity());
    }
}
