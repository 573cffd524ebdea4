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
