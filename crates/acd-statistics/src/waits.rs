//! How long calls waited: a histogram of integers that adds, takes back, and tells quantiles.

use acd_core::Span;
use serde::{Deserialize, Serialize};

/// Below so many milliseconds each has a bucket of its own; above, an octave has half as many, so that a
/// bucket is at most 1/32 of its beginning wide.
const EXACT: u64 = 64;
const HALF: u64 = EXACT / 2;
/// What is longer stands in the last bucket: some 49 days.
const LONGEST_MS: u64 = u32::MAX as u64;

/// Waits by length: milliseconds, in buckets that grow with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u16, u32)>", into = "Vec<(u16, u32)>")]
pub struct Waits {
    counts: Vec<u32>,
    all: u64,
}

impl Waits {
    /// One more that was so long.
    pub fn add(&mut self, wait: Span) {
        self.count(bucket(wait), 1);
    }

    fn count(&mut self, bucket: usize, more: u32) {
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(more);
        self.all += u64::from(more);
    }

    /// All of another's as well.
    pub fn merge(&mut self, more: &Self) {
        for (bucket, count) in more.taken() {
            self.count(bucket, count);
        }
    }

    /// Without those of another, which were merged before.
    pub fn take(&mut self, less: &Self) {
        for (bucket, count) in less.taken() {
            if let Some(own) = self.counts.get_mut(bucket) {
                self.all -= u64::from(count.min(*own));
                *own = own.saturating_sub(count);
            }
        }
        while self.counts.last() == Some(&0) {
            self.counts.pop();
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all == 0
    }

    /// A wait that `percent` of all (0 to 100) did not exceed: the end of the bucket in which the shortest
    /// such wait stands, so that it is right to 1/32, or a millisecond. None without any.
    pub fn quantile(&self, percent: u64) -> Option<Span> {
        if self.all == 0 {
            return None;
        }
        let rank = (self.all * percent).div_ceil(100).max(1);
        let mut passed = 0;
        for (bucket, count) in self.taken() {
            passed += u64::from(count);
            if passed >= rank {
                return Some(Span(Span::from_millis(last_of(bucket) + 1).0 - 1));
            }
        }
        None
    }

    fn taken(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        let all = self.counts.iter().copied().enumerate();
        all.filter(|(_, count)| *count > 0)
    }
}

fn bucket(wait: Span) -> usize {
    let ms = (wait.0 / 1_000).min(LONGEST_MS);
    if ms < EXACT {
        return ms as usize;
    }
    let octave = u64::from(ms.ilog2() - EXACT.ilog2());
    (EXACT + octave * HALF + ((ms >> (octave + 1)) - HALF)) as usize
}

/// The longest wait, in milliseconds, that stands in a bucket.
fn last_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < EXACT {
        return bucket;
    }
    let (octave, place) = ((bucket - EXACT) / HALF, (bucket - EXACT) % HALF);
    ((HALF + place + 1) << (octave + 1)) - 1
}

impl From<Vec<(u16, u32)>> for Waits {
    fn from(buckets: Vec<(u16, u32)>) -> Self {
        let mut waits = Self::default();
        let last = bucket(Span(u64::MAX));
        for (bucket, count) in buckets {
            waits.count(usize::from(bucket).min(last), count);
        }
        waits
    }
}

impl From<Waits> for Vec<(u16, u32)> {
    fn from(waits: Waits) -> Self {
        waits.taken().map(|(bucket, count)| (bucket as u16, count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_follow_each_other_without_gap_up_to_the_longest() {
        let (mut next, mut at) = (0, 0);
        while next <= LONGEST_MS {
            assert_eq!(bucket(Span::from_millis(next)), at);
            next = last_of(at) + 1;
            assert_eq!(bucket(Span::from_millis(next - 1)), at);
            at += 1;
        }
        assert_eq!(bucket(Span(u64::MAX)), at - 1, "what is longer stands in the last one");
    }

    #[test]
    fn without_waits_there_is_no_quantile() {
        assert_eq!(Waits::default().quantile(50), None);
    }

    proptest! {
        #[test]
        fn a_quantile_is_the_exact_one_or_up_to_a_thirty_second_above(
            mut waits in prop::collection::vec(0..4_000_000_u64, 1..80),
            percent in 1..=100_u64,
        ) {
            let mut found = Waits::default();
            waits.iter().for_each(|ms| found.add(Span::from_millis(*ms)));
            waits.sort_unstable();
            let rank = (waits.len() as u64 * percent).div_ceil(100).max(1);
            let exact = waits[rank as usize - 1];
            let told = found.quantile(percent).expect("there are some").0 / 1_000;
            prop_assert!(told >= exact && told <= exact + exact / 32, "{told} for {exact}");
        }

        #[test]
        fn what_was_merged_can_be_taken_back_and_kept_in_a_list(
            own in prop::collection::vec(0..4_000_000_u64, 0..40),
            other in prop::collection::vec(0..4_000_000_u64, 0..40),
        ) {
            let of = |waits: &[u64]| {
                let mut all = Waits::default();
                waits.iter().for_each(|ms| all.add(Span::from_millis(*ms)));
                all
            };
            let list = |waits: &Waits| Vec::<(u16, u32)>::from(waits.clone());
            let mut both = of(&own);
            both.merge(&of(&other));
            prop_assert_eq!(both.all as usize, own.len() + other.len());
            prop_assert_eq!(list(&Waits::from(list(&both))), list(&both));
            both.take(&of(&other));
            prop_assert_eq!(list(&both), list(&of(&own)));
        }
    }
}
