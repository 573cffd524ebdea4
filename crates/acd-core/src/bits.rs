//! Sets of small numbers: which lines are open, which pools have somebody free.

/// A set of indices that grows as needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// The set of one.
    pub(crate) fn of(index: usize) -> Self {
        let mut one = Self::default();
        one.set(index, true);
        one
    }

    pub(crate) fn set(&mut self, index: usize, on: bool) {
        let word = index / 64;
        if word >= self.words.len() {
            if !on {
                return;
            }
            self.words.resize(word + 1, 0);
        }
        if on {
            self.words[word] |= 1 << (index % 64);
        } else {
            self.words[word] &= !(1 << (index % 64));
        }
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    /// Whether the two sets share a member.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    /// What both sets hold, in order.
    pub(crate) fn both<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        let mut words = self.words.iter().zip(&other.words);
        let (mut word, mut next) = (0, 0);
        std::iter::from_fn(move || {
            while word == 0 {
                let (a, b) = words.next()?;
                (word, next) = (a & b, next + 64);
            }
            let bit = word.trailing_zeros() as usize;
            word &= word - 1;
            Some(next - 64 + bit)
        })
    }

    /// What the set holds, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.both(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Two of them behave as two sets of the standard library.
        #[test]
        fn behaves_as_a_set(
            steps in prop::collection::vec((any::<bool>(), 0_usize..200, any::<bool>()), 0..100),
        ) {
            let mut ours = [Bits::default(), Bits::default()];
            let mut sets = [BTreeSet::new(), BTreeSet::new()];
            for (which, index, on) in steps {
                let which = usize::from(which);
                ours[which].set(index, on);
                if on {
                    sets[which].insert(index);
                } else {
                    sets[which].remove(&index);
                }
                for (ours, set) in ours.iter().zip(&sets) {
                    prop_assert_eq!(ours.iter().collect::<Vec<_>>(), Vec::from_iter(set.clone()));
                    prop_assert!((0..300).all(|index| ours.has(index) == set.contains(&index)));
                }
                let both: Vec<_> = sets[0].intersection(&sets[1]).copied().collect();
                prop_assert_eq!(ours[0].meets(&ours[1]), !both.is_empty());
                prop_assert_eq!(ours[0].both(&ours[1]).collect::<Vec<_>>(), both);
            }
        }
    }

    #[test]
    fn the_set_of_one_holds_it_alone() {
        for index in [0, 1, 63, 64, 65, 1_000] {
            assert_eq!(Bits::of(index).iter().collect::<Vec<_>>(), [index]);
        }
    }

    /// What was never in takes no room, so that a set is as long as its greatest member asks for.
    #[test]
    fn what_is_taken_out_though_it_is_not_in_changes_nothing() {
        let mut bits = Bits::of(3);
        bits.set(64, false);
        assert_eq!(bits, Bits::of(3));
    }
}
