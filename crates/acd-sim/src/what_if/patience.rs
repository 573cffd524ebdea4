//! How long callers would have waited, of whom most were answered before they had enough.
//!
//! Who hung up has shown his patience. Who was answered had more than he waited, and nobody knows how
//! much more: his patience is *censored*. The estimate of Kaplan and Meier (*Nonparametric Estimation from
//! Incomplete Observations*, 1958) uses both: at each instant at which somebody hung up, the share of those
//! who still waited then and did not. Leaving the answered out would call callers much less patient than
//! they are, and taking their waits for their patience would, too.

use crate::chance::Random;
use rand::RngExt as _;
use rand_distr::{Distribution as _, Exp1};

/// The share of hang-ups, the latest ones, whose rate goes on where the estimate ends.
const TAIL_SHARE: f64 = 0.1;

/// What is known of one caller's patience, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waited {
    /// How long he waited.
    pub us: f64,
    /// He hung up then; else he was answered or sent away, and would have waited longer.
    pub hung_up: bool,
}

/// The patience of callers of one kind, as far as their waits tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Patience {
    /// By time, earliest first: an instant at which somebody hung up, and the share of callers whose
    /// patience is longer than that.
    steps: Vec<(f64, f64)>,
    /// Hang-ups a microsecond of waiting beyond the last step.
    tail_rate: f64,
    hung_up: usize,
    censored: usize,
}

/// How long one caller would wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Microseconds since he came.
    pub us: f64,
    /// Longer than anybody is known to have waited before he hung up: the estimate says nothing there, and
    /// the rate of the last tenth of hang-ups goes on.
    pub is_beyond: bool,
}

impl Patience {
    /// The estimate; none if nobody hung up.
    ///
    /// Of those whose waits are equal, who hung up did so before the others were answered.
    pub fn estimate(of: &[Waited]) -> Option<Self> {
        let mut all = of.to_vec();
        all.sort_by(|one, other| one.us.total_cmp(&other.us).then(other.hung_up.cmp(&one.hung_up)));
        let hung_up = all.iter().filter(|one| one.hung_up).count();
        let mut steps: Vec<(f64, f64)> = Vec::new();
        let mut longer = 1.0;
        let mut rest = &all[..];
        while let Some(first) = rest.first() {
            let alike = rest.iter().take_while(|one| one.us == first.us);
            let (here, ends) =
                alike.fold((0, 0), |(here, ends), one| (here + 1, ends + usize::from(one.hung_up)));
            if ends > 0 {
                longer *= (rest.len() - ends) as f64 / rest.len() as f64;
                steps.push((first.us, longer));
            }
            rest = &rest[here..];
        }
        if steps.is_empty() {
            return None;
        }
        let tail_rate = tail_rate(&all, hung_up);
        Some(Self { steps, tail_rate, hung_up, censored: all.len() - hung_up })
    }

    /// The share of callers whose patience is longer than this.
    pub fn longer_than(&self, us: f64) -> f64 {
        let after = self.steps.partition_point(|(at, _)| *at <= us);
        after.checked_sub(1).map_or(1.0, |last| self.steps[last].1)
    }

    /// How many hung up.
    pub fn hung_up(&self) -> usize {
        self.hung_up
    }

    /// How many would have waited longer than they had to.
    pub fn censored(&self) -> usize {
        self.censored
    }

    /// The longest patience that was seen, in microseconds, and the share of callers who have more.
    pub fn last(&self) -> (f64, f64) {
        self.steps.last().copied().unwrap_or((0.0, 1.0))
    }

    /// The patience by which half of all callers have hung up, in microseconds; none if more than half
    /// have more than was ever seen.
    pub fn median_us(&self) -> Option<f64> {
        self.steps.iter().find(|(_, longer)| *longer <= 0.5).map(|(at, _)| *at)
    }

    /// The patience of a caller who has waited `waited_us` and not hung up: never less than that.
    pub fn draw(&self, waited_us: f64, random: &mut Random) -> Drawn {
        let share = self.longer_than(waited_us) * (1.0 - random.random::<f64>());
        // The first step that leaves less than his share is where he hangs up.
        let step = self.steps.partition_point(|(_, longer)| *longer >= share);
        match self.steps.get(step) {
            Some((at, _)) => Drawn { us: at.max(waited_us), is_beyond: false },
            None => {
                let (end, _) = self.last();
                let beyond: f64 = Exp1.sample(random);
                Drawn { us: end.max(waited_us) + beyond / self.tail_rate, is_beyond: true }
            }
        }
    }
}

/// Hang-ups a microsecond that somebody waited, while the last tenth of them came.
fn tail_rate(sorted: &[Waited], hung_up: usize) -> f64 {
    let ends: Vec<f64> = sorted.iter().filter(|one| one.hung_up).map(|one| one.us).collect();
    let counted = ((hung_up as f64 * TAIL_SHARE).ceil() as usize).clamp(1, hung_up.max(1));
    let (Some(last), before) = (ends.last(), ends.len().checked_sub(counted + 1)) else {
        return f64::MIN_POSITIVE;
    };
    let from = before.map_or(0.0, |before| ends[before]);
    let waited: f64 = sorted.iter().map(|one| (one.us.min(*last) - from).max(0.0)).sum();
    // All of them at one instant: a microsecond stands for it.
    counted as f64 / waited.max(1.0)
}

#[cfg(test)]
mod tests;
