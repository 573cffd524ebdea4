//! Where chance comes from: streams of random numbers that one seed names, so that a run can be had
//! again, and so that two runs that are compared meet the same callers.

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};

/// A source of random numbers; small, fast, and the same on every machine (xoshiro256++, Blackman and
/// Vigna 2018).
pub type Random = Xoshiro256PlusPlus;

/// What a stream of random numbers is for: calls of one kind, or a whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// When calls of this kind come, and what their callers are like.
    Calls(u32),
    /// What holds for a whole replication.
    Day,
}

/// The stream of one replication: the same three arguments give the same numbers, others give
/// numbers that have nothing to do with them.
pub fn stream(seed: u64, replication: u64, stream: Stream) -> Random {
    let stream = match stream {
        Stream::Day => 1,
        Stream::Calls(kind) => 2 + u64::from(kind),
    };
    // Each part is mixed before the next is added, so that neighbours do not overlap.
    let mixed = [replication, stream]
        .into_iter()
        .fold(seed, |mixed, part| SplitMix64::seed_from_u64(mixed).next_u64().wrapping_add(part));
    Random::seed_from_u64(SplitMix64::seed_from_u64(mixed).next_u64())
}

/// What one caller will draw: how long he talks does not depend on who came before him.
pub fn luck(random: &mut Random) -> Luck {
    Luck(random.random())
}

/// The seed of one caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Luck(u64);

impl Luck {
    /// His random numbers, the same each time; of different `purpose` different ones.
    pub fn random(self, purpose: u8) -> Random {
        Random::seed_from_u64(self.0.wrapping_add(u64::from(purpose)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_can_be_had_again_and_no_two_are_alike() {
        let first = |seed, replication, of| stream(seed, replication, of).next_u64();
        let mut all = Vec::new();
        for seed in 0..4 {
            for replication in 0..16 {
                let kinds = (0..8).map(Stream::Calls);
                for of in kinds.chain([Stream::Day]) {
                    assert_eq!(first(seed, replication, of), first(seed, replication, of));
                    all.push(first(seed, replication, of));
                }
            }
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
