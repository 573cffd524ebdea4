//! The service level in all its variants, and other shares.

use crate::figures::QueueCounts;

/// A share in percent; none if there is nothing to be a share of.
pub type Percent = Option<f64>;

/// The service level: with A answered in time, B given up in time, N answered or given up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ServiceLevels {
    /// Giving up in time counts as met: (A + B) / N.
    pub abandons_met: Percent,
    /// It counts as missed: A / N.
    pub abandons_missed: Percent,
    /// It is left out: A / (N - B).
    pub abandons_ignored: Percent,
    /// As `abandons_met`, without those who hung up within `short_abandon`.
    pub abandons_met_without_short: Percent,
    /// As `abandons_missed`, without those.
    pub abandons_missed_without_short: Percent,
    /// As `abandons_ignored`, without those.
    pub abandons_ignored_without_short: Percent,
}

impl QueueCounts {
    /// The service level, in all variants.
    pub fn service_levels(&self) -> ServiceLevels {
        let a = self.answered_in_time;
        let without = (self.abandoned_in_time, self.answered + self.abandoned);
        let b = self.abandoned_in_time + self.short_abandoned_in_time;
        let n = self.answered + self.abandoned + self.short_abandoned;
        ServiceLevels {
            abandons_met: percent(a + b, n),
            abandons_missed: percent(a, n),
            abandons_ignored: percent(a, n - b),
            abandons_met_without_short: percent(a + without.0, without.1),
            abandons_missed_without_short: percent(a, without.1),
            abandons_ignored_without_short: percent(a, without.1 - without.0),
        }
    }

    /// Those who gave up, short ones left out, among these and the answered.
    pub fn abandonment(&self) -> Percent {
        percent(self.abandoned, self.answered + self.abandoned)
    }
}

/// `part` of `whole`.
pub(crate) fn percent(part: u64, whole: u64) -> Percent {
    (whole > 0).then(|| part as f64 * 100.0 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_variants_are_those_of_the_book() {
        let figures = QueueCounts {
            answered: 80,
            answered_in_time: 60,
            abandoned: 15,
            abandoned_in_time: 4,
            short_abandoned: 5,
            short_abandoned_in_time: 5,
            ..QueueCounts::default()
        };
        let found = figures.service_levels();
        assert_eq!(found.abandons_met, Some(69.0), "(60 + 4 + 5) of 100");
        assert_eq!(found.abandons_missed, Some(60.0));
        assert_eq!(found.abandons_ignored, percent(60, 91));
        assert_eq!(found.abandons_met_without_short, percent(64, 95));
        assert_eq!(found.abandons_missed_without_short, percent(60, 95));
        assert_eq!(found.abandons_ignored_without_short, percent(60, 91));
        assert_eq!(figures.abandonment(), percent(15, 95));
    }

    #[test]
    fn of_nothing_there_is_no_share() {
        let nobody = QueueCounts::default();
        assert_eq!(nobody.service_levels(), ServiceLevels::default());
        assert_eq!(nobody.abandonment(), None);
        let all_gave_up = QueueCounts { abandoned: 2, abandoned_in_time: 2, ..nobody };
        assert_eq!(all_gave_up.service_levels().abandons_ignored, None, "all are left out");
        assert_eq!(all_gave_up.service_levels().abandons_met, Some(100.0));
    }
}
