//! The measures of a model by name, as the file of models calls them: each a ratio of two sums, so that
//! replications can be put together.

use super::file::Experiment;
use super::model::Model;
use super::tally::{Counts, Level, Tally};

/// A measure's name, and what one replication adds to its numerator and its denominator.
pub(super) type Share = (String, (f64, f64));

/// All measures of one replication that has ended.
pub(super) fn measures(model: &Model, tally: &Tally<'_>) -> Vec<Share> {
    let mut told = Told { model, tally, shares: Vec::new() };
    told.waits();
    told.agents();
    if let Experiment::FiniteHorizon { .. } = model.experiment {
        told.day();
    }
    told.shares
}

struct Told<'t> {
    model: &'t Model,
    tally: &'t Tally<'t>,
    shares: Vec<Share>,
}

impl Told<'_> {
    fn add(&mut self, name: String, above: f64, below: f64) {
        self.shares.push((name, (above, below)));
    }

    /// Of one kind, or of all.
    fn counts(&self, kind: Option<usize>, period: Option<usize>) -> Counts {
        let kinds = kind.map_or(0..self.model.kinds.len(), |kind| kind..kind + 1);
        let periods = period.map_or(0..self.model.periods, |period| period..period + 1);
        let both = kinds.flat_map(|kind| periods.clone().map(move |period| (kind, period)));
        Counts::sum(both.map(|(kind, period)| self.tally.of(kind, period)))
    }

    /// All kinds together, then each by its name.
    fn kinds(&self) -> Vec<(Option<usize>, String)> {
        let each = self.model.kinds.iter().enumerate();
        let each = each.map(|(kind, of)| (Some(kind), format!("[{}]", of.name)));
        std::iter::once((None, String::new())).chain(each).collect()
    }

    /// All groups together, then each by its name.
    fn groups(&self) -> Vec<(Option<usize>, String)> {
        let each = self.model.groups.iter().enumerate();
        let each = each.map(|(group, of)| (Some(group), format!("[{}]", of.name)));
        std::iter::once((None, String::new())).chain(each).collect()
    }

    /// Waits and fates: of those who entered, but for `p_block`, which is of all who came.
    fn waits(&mut self) {
        for (kind, of) in self.kinds() {
            let counts = self.counts(kind, None);
            let (entered, served) = (counts.entered() as f64, counts.served as f64);
            let units = |us: f64| us / self.model.unit_us;
            let all_waits = units(counts.wait_served + counts.wait_abandoned);
            let wait_served = units(counts.wait_served);
            self.add(format!("p_block{of}"), counts.blocked as f64, counts.came as f64);
            self.add(format!("p_wait{of}"), counts.waited as f64, entered);
            self.add(format!("p_abandon{of}"), counts.abandoned as f64, entered);
            self.add(format!("mean_wait{of}"), all_waits, entered);
            self.add(format!("mean_wait_served{of}"), wait_served, served);
            for (threshold, within) in self.model.thresholds.iter().zip(&counts.served_within) {
                let t = six_digits(*threshold);
                self.add(format!("p_served_le_{t}{of}"), *within as f64, entered);
                self.add(format!("p_le_{t}_given_served{of}"), *within as f64, served);
            }
            for (level, at) in counts.served_at.iter().enumerate().skip(1) {
                self.add(format!("frac_level_{level}{of}"), *at as f64, served);
            }
            let waiting: f64 = match kind {
                Some(kind) => self.tally.waiting[kind].area(),
                None => self.tally.waiting.iter().map(Level::area).sum(),
            };
            self.add(format!("mean_queue{of}"), waiting, self.tally.length_us());
            let Some(kind) = kind else { continue };
            let name = &self.model.kinds[kind].name;
            for (group, by) in self.model.groups.iter().zip(&counts.served_by) {
                self.add(format!("frac_served_by[{name},{}]", group.name), *by as f64, served);
            }
        }
    }

    /// What agents do of the time for which they are on duty. Occupancy is the same until no more calls
    /// come where as many are on duty all day; where that changes, those of the last period stay
    /// until all are served, and that counts.
    fn agents(&mut self) {
        for (group, of) in self.groups() {
            let groups = group.map_or(0..self.model.groups.len(), |group| group..group + 1);
            let sum = |levels: &[Level], area: fn(&Level) -> f64| -> f64 {
                levels[groups.clone()].iter().map(area).sum()
            };
            let (busy, on_duty) = (&self.tally.busy, &self.tally.on_duty);
            let area: fn(&Level) -> f64 =
                if self.model.periods > 1 { Level::area } else { Level::area_of_day };
            let whole = (sum(busy, Level::area), sum(on_duty, Level::area));
            let day = (sum(busy, area), sum(on_duty, area));
            self.add(format!("utilization{of}"), whole.0, whole.1);
            self.add(format!("occupancy{of}"), day.0, day.1);
        }
    }

    /// How many a day, and the service level: of those served or abandoned after the first threshold.
    fn day(&mut self) {
        for (kind, of) in self.kinds() {
            let counts = self.counts(kind, None);
            let numbers = [
                ("arrivals", counts.came),
                ("served", counts.served),
                ("abandoned", counts.abandoned),
                ("blocked", counts.blocked),
            ];
            for (name, number) in numbers {
                self.add(format!("{name}{of}"), number as f64, 1.0);
            }
            let asa = counts.wait_served / self.model.unit_us;
            self.add(format!("asa{of}"), asa, counts.served as f64);
            let (Some(good), Some(late)) =
                (counts.served_within.first(), counts.abandoned_after.first())
            else {
                continue;
            };
            let (good, answered_for) = (*good as f64, (counts.served + late) as f64);
            self.add(format!("good{of}"), good, 1.0);
            self.add(format!("service_level{of}"), good, answered_for);
            let with_blocked = answered_for + counts.blocked as f64;
            self.add(format!("service_level_with_blocked{of}"), good, with_blocked);
            let Some(kind) = kind else { continue };
            for period in 0..self.model.periods {
                let good = self.counts(Some(kind), Some(period)).served_within[0];
                let name = &self.model.kinds[kind].name;
                self.add(format!("good[{name},p{period}]"), good as f64, 1.0);
            }
        }
    }
}

/// A number with six significant digits and no more than it needs, as C's `%g` writes it.
fn six_digits(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let magnitude = number.abs().log10().floor() as i32;
    let digits = (5 - magnitude).clamp(0, 17) as usize;
    let text = format!("{number:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_written_as_in_the_file() {
        let cases = [(1.0, "1"), (1.0 / 3.0, "0.333333"), (0.1, "0.1"), (0.5, "0.5"), (20.0, "20")];
        for (number, text) in cases {
            assert_eq!(six_digits(number), text);
        }
        assert_eq!(six_digits(2.0 / 3.0), "0.666667");
        assert_eq!(six_digits(120.5), "120.5");
    }
}
