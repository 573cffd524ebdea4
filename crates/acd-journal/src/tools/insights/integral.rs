//! How many of something there were at a time, summed over time: calls that waited, agents who sat apart.

/// From when to when, in microseconds; the end is not in it.
pub(super) type Stretch = (u64, u64);

/// The sum over time of how many stretches hold each instant.
pub(super) struct Integral {
    /// Where the number changes: when, what it is from then on, and the sum until then.
    steps: Vec<(u64, u64, u64)>,
}

impl Integral {
    pub(super) fn of(stretches: impl Iterator<Item = Stretch>) -> Self {
        let mut changes: Vec<(u64, i64)> = Vec::new();
        for (from, to) in stretches.filter(|(from, to)| from < to) {
            changes.extend([(from, 1), (to, -1)]);
        }
        changes.sort_unstable();
        let mut steps: Vec<(u64, u64, u64)> = Vec::with_capacity(changes.len());
        let (mut many, mut sum, mut last) = (0_u64, 0_u64, 0_u64);
        for (at, change) in changes {
            sum = sum.saturating_add(many.saturating_mul(at - last));
            many = many.saturating_add_signed(change);
            last = at;
            steps.push((at, many, sum));
        }
        Self { steps }
    }

    fn up_to(&self, at: u64) -> u64 {
        let after = self.steps.partition_point(|(begin, ..)| *begin <= at);
        match after.checked_sub(1).and_then(|step| self.steps.get(step)) {
            Some((begin, many, sum)) => sum.saturating_add(many.saturating_mul(at - begin)),
            None => 0,
        }
    }

    /// The sum over a stretch, in microseconds of each.
    pub(super) fn over(&self, (from, to): Stretch) -> u64 {
        self.up_to(to).saturating_sub(self.up_to(from))
    }

    /// The sum over all time.
    pub(super) fn whole(&self) -> u64 {
        self.steps.last().map_or(0, |(.., sum)| *sum)
    }
}

/// The same stretches, those that touch or overlap as one.
pub(super) fn joined(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_unstable();
    let mut joined: Vec<Stretch> = Vec::new();
    for (from, to) in stretches {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            Some(_) | None => joined.push((from, to)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sums_how_many_there_were() {
        let two = Integral::of([(10, 20), (15, 40), (50, 50)].into_iter());
        assert_eq!(two.whole(), 35);
        assert_eq!(two.over((0, 100)), 35);
        assert_eq!(two.over((12, 18)), 6 + 3);
        assert_eq!((two.over((40, 60)), two.over((0, 10))), (0, 0));
        assert_eq!(Integral::of(std::iter::empty()).whole(), 0);
    }

    #[test]
    fn what_overlaps_is_joined() {
        assert_eq!(joined(vec![(5, 9), (0, 3), (3, 4), (6, 12)]), [(0, 4), (5, 12)]);
    }
}
