//! When calls come: at random, at a rate that changes in steps over the day.

use crate::chance::Random;
use acd_core::Span;
use rand_distr::{Distribution as _, Exp1};

/// A Poisson process whose rate is constant between steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
    /// Until when, in microseconds since the beginning, and how many calls a microsecond.
    steps: Vec<(f64, f64)>,
}

impl Arrivals {
    /// Adds a step of so many seconds after those before it, at so many calls an hour.
    pub(super) fn then(&mut self, seconds: f64, per_hour: f64) {
        let from = self.steps.last().map_or(0.0, |(until, _)| *until);
        self.steps.push((from + seconds * 1e6, per_hour / 3_600e6));
    }

    /// When the next call comes after `from`, both since the beginning; none if none comes any more.
    pub(super) fn next(&self, random: &mut Random, from: Span) -> Option<Span> {
        let mut to_pass: f64 = Exp1.sample(random);
        let mut at = from.0 as f64;
        let over = self.steps.partition_point(|(until, _)| *until <= at);
        // The first of the others has begun at `at`, each after it begins where the last has ended.
        for (until, rate) in self.steps[over..].iter().copied() {
            let passes = rate * (until - at);
            if to_pass < passes {
                return Some(Span((at + to_pass / rate).round() as u64));
            }
            to_pass -= passes;
            at = until;
        }
        None
    }

    /// How many calls come between two instants on average, in seconds since the beginning.
    pub(super) fn expected(&self, from: f64, to: f64) -> f64 {
        let (from, to) = (from * 1e6, to * 1e6);
        let mut begun = 0.0;
        let mut calls = 0.0;
        for (until, rate) in &self.steps {
            calls += rate * (until.min(to) - f64::max(begun, from)).max(0.0);
            begun = *until;
        }
        calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Stream, stream};

    #[test]
    fn as_many_come_as_are_expected() {
        let mut arrivals = Arrivals::default();
        arrivals.then(3_600.0, 600.0);
        arrivals.then(3_600.0, 0.0);
        arrivals.then(1_800.0, 1_200.0);
        assert!((arrivals.expected(0.0, 9_000.0) - 1_200.0).abs() < 1e-6);
        assert!((arrivals.expected(1_800.0, 7_500.0) - 400.0).abs() < 1e-6);
        let (mut first, mut second, mut third) = (0, 0, 0);
        for replication in 0..100 {
            let mut random = stream(1, replication, Stream::Calls(0));
            let mut at = Span(0);
            while let Some(next) = arrivals.next(&mut random, at) {
                at = next;
                match at.0 / 3_600_000_000 {
                    0 => first += 1,
                    1 => second += 1,
                    _ => third += 1,
                }
            }
        }
        // 60,000 each on average, with a standard deviation of 245.
        assert_eq!(second, 0);
        assert!((59_000..61_000).contains(&first), "{first}");
        assert!((59_000..61_000).contains(&third), "{third}");
    }
}
