//! A list of fixed length that is mostly of one: that one stands with whoever has the list, so that
//! it is read with him, and not through an allocation of its own.

use std::ops::{Deref, DerefMut};

/// Read as a slice.
#[derive(Clone, Debug)]
pub(crate) enum Few<T> {
    One(T),
    /// Or none.
    Many(Box<[T]>),
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut items: Vec<T> = items.into_iter().collect();
        match items.pop() {
            Some(one) if items.is_empty() => Self::One(one),
            last => Self::Many(items.into_iter().chain(last).collect()),
        }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(all) => all,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::One(one) => std::slice::from_mut(one),
            Self::Many(all) => all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_what_it_was_made_of() {
        for length in 0..4 {
            let mut few: Few<u8> = (0..length).collect();
            assert_eq!(*few, *(0..length).collect::<Vec<_>>(), "{length}");
            few.iter_mut().for_each(|it| *it += 1);
            assert_eq!(*few, *(1..=length).collect::<Vec<_>>(), "{length}");
            assert_eq!(matches!(few, Few::One(_)), length == 1, "{length}");
        }
    }
}
