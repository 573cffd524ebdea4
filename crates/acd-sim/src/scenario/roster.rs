//! Who works when: shifts and breaks as what each agent does from which time of day on.

/// What an agent does as far as his shifts say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Duty {
    /// He is at home.
    #[default]
    Off,
    /// He is there and takes no calls.
    Break,
    /// He takes calls.
    Work,
}

/// When one agent works, in seconds since midnight.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shift {
    pub(super) from: f64,
    pub(super) to: f64,
    /// Within the shift.
    pub(super) breaks: Vec<(f64, f64)>,
}

/// By agent: what he does from when on, in seconds since midnight; at home before the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Roster(pub(super) Vec<Vec<(f64, Duty)>>);

impl Roster {
    /// By agent, his shifts; where they overlap he works as soon as one of them lets him.
    pub(super) fn of(shifts: &[Vec<Shift>]) -> Self {
        Self(shifts.iter().map(|shifts| changes(shifts)).collect())
    }

    /// What everybody does at `time`.
    pub(super) fn at(&self, time: f64) -> impl Iterator<Item = Duty> + '_ {
        self.0.iter().map(move |changes| {
            let begun = changes.iter().take_while(|(from, _)| *from <= time);
            begun.last().map(|(_, duty)| *duty).unwrap_or_default()
        })
    }

    /// When anything changes, in order, each once.
    pub(super) fn times(&self) -> Vec<f64> {
        let mut times: Vec<f64> = self.0.iter().flatten().map(|(from, _)| *from).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        times
    }
}

fn changes(shifts: &[Shift]) -> Vec<(f64, Duty)> {
    let ends = |shift: &Shift| [(shift.from, shift.to)].into_iter().chain(shift.breaks.clone());
    let mut times: Vec<f64> =
        shifts.iter().flat_map(ends).flat_map(|(from, to)| [from, to]).collect();
    times.sort_by(f64::total_cmp);
    let mut changes = Vec::new();
    for time in times {
        let holds = |(from, to): &(f64, f64)| (*from..*to).contains(&time);
        let there: Vec<&Shift> =
            shifts.iter().filter(|shift| holds(&(shift.from, shift.to))).collect();
        let duty = if there.is_empty() {
            Duty::Off
        } else if there.iter().all(|shift| shift.breaks.iter().any(holds)) {
            Duty::Break
        } else {
            Duty::Work
        };
        if changes.last().map(|(_, duty)| *duty).unwrap_or_default() != duty {
            changes.push((time, duty));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_ends_and_overlapping_shifts_are_one() {
        let shift = |from, to, breaks| Shift { from, to, breaks };
        let roster = Roster::of(&[
            vec![shift(8.0, 16.0, vec![(12.0, 13.0)])],
            vec![shift(8.0, 14.0, vec![(12.0, 13.0)]), shift(12.5, 18.0, vec![])],
            vec![],
        ]);
        use Duty::{Break, Off, Work};
        assert_eq!(roster.0[0], [(8.0, Work), (12.0, Break), (13.0, Work), (16.0, Off)]);
        assert_eq!(roster.0[1], [(8.0, Work), (12.0, Break), (12.5, Work), (18.0, Off)]);
        assert!(roster.0[2].is_empty());
        assert_eq!(roster.at(12.0).collect::<Vec<_>>(), [Break, Break, Off]);
        assert_eq!(roster.times(), [8.0, 12.0, 12.5, 13.0, 16.0, 18.0]);
    }
}
