//! How far estimates were from the truth, where the truth of those who hung up is not known.
//!
//! Who hung up after 40 s would have waited longer than that, and nobody knows how much: his wait is
//! *censored*. To leave him out would make the scored calls those with short waits. So each answered call
//! counts for itself and for those like it who hung up earlier: it weighs one over the share of callers
//! whose patience was as long as its wait (inverse probability of censoring; the share is Kaplan and
//! Meier's estimate over the same calls).

use crate::what_if::{Patience, Waited};

/// One call that waited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Truth {
    /// How long, in seconds.
    pub(super) waited: f64,
    /// It was given up then.
    pub(super) hung_up: bool,
}

/// How good estimates were, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Mean absolute error, the main one: those who hung up are stood for by others.
    pub error: f64,
    /// How much longer callers waited than estimated, on average, weighed in the same way.
    pub too_short_by: f64,
    /// Mean absolute error of the answered calls alone.
    pub answered_error: f64,
    /// By how much those who hung up had waited longer than estimated; 0 for each who had not.
    pub hung_up_error: f64,
}

/// What each call weighs; 0 if it was given up.
pub(super) fn weights(calls: &[Truth]) -> Vec<f64> {
    const US: f64 = 1e6;
    let waits = |call: &Truth| Waited { us: call.waited * US, hung_up: call.hung_up };
    let patience = Patience::estimate(&calls.iter().map(waits).collect::<Vec<_>>());
    // As long as the wait: those whose patience ended in the same instant had as much.
    let share = |call: &Truth| {
        patience.as_ref().map_or(1.0, |patience| patience.longer_than(call.waited * US - 0.5))
    };
    calls.iter().map(|call| if call.hung_up { 0.0 } else { 1.0 / share(call) }).collect()
}

/// The score of estimates, one for each call, in seconds; none if no call was answered.
pub(super) fn score(calls: &[Truth], weights: &[f64], estimates: &[f64]) -> Option<Score> {
    let weight: f64 = weights.iter().sum();
    let (mut error, mut signed, mut of_answered, mut of_hung_up) = (0.0, 0.0, 0.0, 0.0);
    for ((call, weight), estimate) in calls.iter().zip(weights).zip(estimates) {
        let off = call.waited - estimate;
        error += weight * off.abs();
        signed += weight * off;
        match call.hung_up {
            true => of_hung_up += off.max(0.0),
            false => of_answered += off.abs(),
        }
    }
    let hung_up = calls.iter().filter(|call| call.hung_up).count();
    (weight > 0.0).then(|| Score {
        error: error / weight,
        too_short_by: signed / weight,
        answered_error: of_answered / (calls.len() - hung_up) as f64,
        hung_up_error: of_hung_up / hung_up.max(1) as f64,
    })
}
