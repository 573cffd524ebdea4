//! How long things take: distributions of talk, notes and patience, and their samples in microseconds.

use crate::chance::Random;
use acd_core::Span;
use rand::RngExt as _;
use rand_distr::{Distribution as _, Exp, Gamma, LogNormal};
use std::sync::Arc;

/// How long something takes, at random.
#[derive(Clone, Debug)]
pub struct Distribution {
    mean_us: f64,
    shape: Shape,
}

/// Lengths are microseconds.
#[derive(Clone, Debug)]
enum Shape {
    Deterministic(f64),
    Exponential(Exp<f64>),
    Gamma(Gamma<f64>),
    LogNormal(LogNormal<f64>),
    Uniform(f64, f64),
    Empirical(Arc<[f64]>),
}

/// Why a distribution cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct NoDistribution(String);

/// The least shape of a gamma distribution: below it nearly all that is drawn is 0.
pub(crate) const SHAPE_LEAST: f64 = 0.01;
/// The longest that anything takes, 31 days: what is drawn beyond it counts as that.
const LONGEST_US: f64 = Span::LONGEST.0 as f64;

impl Distribution {
    /// Always `mean`.
    ///
    /// # Errors
    /// `mean` is negative, or more than 31 days.
    pub fn deterministic(mean_us: f64) -> Result<Self, NoDistribution> {
        let mean_us = within("the length", mean_us, 0.0)?;
        Ok(Self { mean_us, shape: Shape::Deterministic(mean_us) })
    }

    /// With this mean.
    ///
    /// # Errors
    /// `mean` is not positive, or more than 31 days.
    pub fn exponential(mean_us: f64) -> Result<Self, NoDistribution> {
        let mean_us = within("the mean", mean_us, f64::MIN_POSITIVE)?;
        let shape = Exp::new(mean_us.recip()).map(Shape::Exponential).map_err(said)?;
        Ok(Self { mean_us, shape })
    }

    /// The sum of `k` exponential ones, with this mean; `k` need not be whole. Its squared coefficient
    /// of variation is 1 / k.
    ///
    /// # Errors
    /// `mean` is not positive, or more than 31 days; `k` is less than 0.01.
    pub fn erlang(mean_us: f64, k: f64) -> Result<Self, NoDistribution> {
        let mean_us = within("the mean", mean_us, f64::MIN_POSITIVE)?;
        if !(k >= SHAPE_LEAST && k.is_finite()) {
            return Err(NoDistribution(format!("k must be at least {SHAPE_LEAST}, is {k}")));
        }
        let shape = Gamma::new(k, mean_us / k).map(Shape::Gamma).map_err(said)?;
        Ok(Self { mean_us, shape })
    }

    /// With this mean, and this squared coefficient of variation (variance over squared mean).
    ///
    /// # Errors
    /// `mean` is not positive, or more than 31 days; `scv` is negative.
    pub fn log_normal(mean_us: f64, scv: f64) -> Result<Self, NoDistribution> {
        let mean_us = within("the mean", mean_us, f64::MIN_POSITIVE)?;
        if !(scv >= 0.0 && scv.is_finite()) {
            let complaint = format!("the squared coefficient of variation is {scv}");
            return Err(NoDistribution(format!("{complaint}, must be at least 0")));
        }
        // mean = exp(mu + sigma^2 / 2), scv = exp(sigma^2) - 1.
        let variance = scv.ln_1p();
        let shape = LogNormal::new(mean_us.ln() - variance / 2.0, variance.sqrt())
            .map(Shape::LogNormal)
            .map_err(said)?;
        Ok(Self { mean_us, shape })
    }

    /// Between `least` and `most`.
    ///
    /// # Errors
    /// `least` is negative or above `most`; `most` is more than 31 days.
    pub fn uniform(least_us: f64, most_us: f64) -> Result<Self, NoDistribution> {
        let least = within("the least", least_us, 0.0)?;
        let most = within("the most", most_us, 0.0)?;
        if least > most {
            return Err(NoDistribution("the least is more than the most".to_owned()));
        }
        Ok(Self { mean_us: f64::midpoint(least, most), shape: Shape::Uniform(least, most) })
    }

    /// One of these, each as likely.
    ///
    /// # Errors
    /// There is none; one is negative or more than 31 days.
    pub fn empirical(lengths_us: impl IntoIterator<Item = f64>) -> Result<Self, NoDistribution> {
        let lengths: Result<Arc<[f64]>, _> =
            lengths_us.into_iter().map(|length| within("a length", length, 0.0)).collect();
        let lengths = lengths?;
        if lengths.is_empty() {
            return Err(NoDistribution("there is no length".to_owned()));
        }
        let mean_us = lengths.iter().sum::<f64>() / lengths.len() as f64;
        Ok(Self { mean_us, shape: Shape::Empirical(lengths) })
    }

    /// One length.
    pub fn draw(&self, random: &mut Random) -> Span {
        let us = match &self.shape {
            Shape::Deterministic(us) => *us,
            Shape::Exponential(exponential) => exponential.sample(random),
            Shape::Gamma(gamma) => gamma.sample(random),
            Shape::LogNormal(log_normal) => log_normal.sample(random),
            Shape::Uniform(least, most) => least + (most - least) * random.random::<f64>(),
            Shape::Empirical(lengths) => lengths[random.random_range(0..lengths.len())],
        };
        span(us)
    }

    /// The mean length in microseconds.
    pub fn mean_us(&self) -> f64 {
        self.mean_us
    }
}

/// The nearest span to so many microseconds, between none and the longest.
pub fn span(us: f64) -> Span {
    Span(us.round().clamp(0.0, LONGEST_US) as u64)
}

fn within(what: &str, us: f64, least: f64) -> Result<f64, NoDistribution> {
    if us.is_finite() && (least..=LONGEST_US).contains(&us) {
        return Ok(us);
    }
    let bound = if least > 0.0 { "more than 0" } else { "at least 0" };
    let days = LONGEST_US / 86_400e6;
    let seconds = us / 1e6;
    Err(NoDistribution(format!("{what} must be {bound} and at most {days} days, is {seconds} s")))
}

fn said(error: impl std::fmt::Display) -> NoDistribution {
    NoDistribution(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Stream, stream};

    fn mean_and_scv(of: &Distribution) -> (f64, f64) {
        let mut random = stream(1, 0, Stream::Day);
        let count = 200_000;
        let drawn: Vec<f64> = (0..count).map(|_| of.draw(&mut random).0 as f64).collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(count);
        let variance =
            drawn.iter().map(|us| (us - mean).powi(2)).sum::<f64>() / f64::from(count - 1);
        (mean, variance / mean.powi(2))
    }

    #[test]
    fn each_has_the_mean_and_the_spread_that_it_says() {
        let minute = 60e6;
        let cases = [
            (Distribution::deterministic(minute), 0.0),
            (Distribution::exponential(minute), 1.0),
            (Distribution::erlang(minute, 2.0), 0.5),
            (Distribution::log_normal(minute, 0.25), 0.25),
            (Distribution::uniform(0.0, 2.0 * minute), 1.0 / 3.0),
            (Distribution::empirical([0.0, 2.0 * minute]), 1.0),
        ];
        for (of, scv_said) in cases {
            let of = of.expect("it can be");
            let (mean, scv) = mean_and_scv(&of);
            assert!((mean / minute - 1.0).abs() < 0.02, "{of:?}: mean {mean}");
            assert!((of.mean_us() / minute - 1.0).abs() < 1e-9, "{of:?}: {}", of.mean_us());
            assert!((scv - scv_said).abs() < 0.03, "{of:?}: scv {scv}");
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        let complaint = Distribution::exponential(0.0).expect_err("no mean").to_string();
        assert_eq!(complaint, "the mean must be more than 0 and at most 31 days, is 0 s");
        Distribution::erlang(1.0, f64::NAN).expect_err("no k");
        let complaint = Distribution::erlang(1.0, 0.001).expect_err("too small").to_string();
        assert_eq!(complaint, "k must be at least 0.01, is 0.001");
        Distribution::log_normal(1.0, -1.0).expect_err("no spread");
        Distribution::uniform(2.0, 1.0).expect_err("the wrong way round");
        Distribution::empirical([]).expect_err("nothing measured");
        Distribution::deterministic(1e30).expect_err("longer than anything");
    }
}
