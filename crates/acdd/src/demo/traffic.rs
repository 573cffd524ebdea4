//! When somebody calls, for what, and how long he would wait and talk.

use crate::demo::crew::Crew;
use acd_core::{QueuePlan, RoutingPlan, Span};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::f64::consts::TAU;
use std::time::Duration;

/// How busy the agents are on average: enough that the top of the wave is too much for them.
const LOAD: f64 = 0.7;
/// How far the wave goes up and down, as a share of the average.
const WAVE: f64 = 0.4;
/// How long one wave is.
const WAVE_LENGTH: Duration = Duration::from_secs(480);
/// How long people talk on average, and at least.
const TALK_MEAN: Duration = Duration::from_secs(50);
const TALK_MIN: Duration = Duration::from_secs(12);
/// How long people wait on average before they give up, and at least.
const PATIENCE_MEAN: Duration = Duration::from_secs(180);
const PATIENCE_MIN: Duration = Duration::from_secs(4);
/// From the offer to the conversation, on average.
const ANSWER_MEAN: Duration = Duration::from_secs(4);
/// One call in so many is an emergency, one in so many urgent.
const EMERGENCY_ONE_IN: u32 = 200;
const URGENT_ONE_IN: u32 = 15;

/// Somebody calls.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Caller {
    /// When, in domain time since the start.
    pub(crate) at: Duration,
    /// For which queue.
    pub(crate) queue: String,
    /// How urgent, if he is not normal.
    pub(crate) priority: Option<u32>,
    /// How long he waits.
    pub(crate) patience: Duration,
    /// How long he talks.
    pub(crate) service: Duration,
    /// Stands for what a CRM would know.
    pub(crate) token: u32,
}

/// An endless line of callers, the same for the same seed.
#[derive(Debug)]
pub(crate) struct Traffic {
    chance: StdRng,
    now: Duration,
    /// Calls a second for each queue, on average.
    rates: Vec<(String, f64)>,
    total: f64,
}

impl Traffic {
    /// As many callers for each queue as the played agents can serve there, nearly.
    pub(crate) fn of(plan: &RoutingPlan, crew: &Crew, seed: u64) -> Self {
        let rates: Vec<_> =
            plan.queues.iter().map(|queue| (queue.name.clone(), rate(plan, crew, queue))).collect();
        let total = rates.iter().map(|(_, rate)| rate).sum();
        Self { chance: StdRng::seed_from_u64(seed), now: Duration::ZERO, rates, total }
    }

    fn exponential(&mut self, mean: Duration) -> Duration {
        let uniform: f64 = self.chance.random();
        mean.mul_f64(-(1.0 - uniform).ln())
    }

    fn one_in(&mut self, many: u32) -> bool {
        self.chance.random_range(0..many) == 0
    }

    fn any_queue(&mut self) -> String {
        let mut left = self.chance.random::<f64>() * self.total;
        for (queue, rate) in &self.rates {
            left -= rate;
            if left < 0.0 {
                return queue.clone();
            }
        }
        self.rates.last().map(|(queue, _)| queue.clone()).unwrap_or_default()
    }
}

impl Iterator for Traffic {
    type Item = Caller;

    /// The next one; `None` if no queue has an agent.
    fn next(&mut self) -> Option<Caller> {
        if self.total <= 0.0 {
            return None;
        }
        // A Poisson process at the top of the wave, thinned to where the wave is.
        let mean_gap = Duration::from_secs_f64(1.0 / (self.total * (1.0 + WAVE)));
        loop {
            let gap = self.exponential(mean_gap);
            self.now += gap;
            let turn = self.now.as_secs_f64() / WAVE_LENGTH.as_secs_f64();
            let height = 1.0 + WAVE * (TAU * turn).sin();
            if self.chance.random::<f64>() * (1.0 + WAVE) < height {
                break;
            }
        }
        let priority = if self.one_in(EMERGENCY_ONE_IN) {
            Some(9)
        } else {
            self.one_in(URGENT_ONE_IN).then_some(7)
        };
        Some(Caller {
            at: self.now,
            queue: self.any_queue(),
            priority,
            patience: PATIENCE_MIN + self.exponential(PATIENCE_MEAN - PATIENCE_MIN),
            service: TALK_MIN + self.exponential(TALK_MEAN - TALK_MIN),
            token: self.chance.random(),
        })
    }
}

/// How many calls a second the queue gets: each agent divides his time evenly over the queues that
/// he may serve.
fn rate(plan: &RoutingPlan, crew: &Crew, queue: &QueuePlan) -> f64 {
    let serves = |queue: &QueuePlan, skills| queue.require.level_of(skills).is_some();
    let agents: f64 = crew
        .played(plan)
        .filter(|agent| serves(queue, &agent.skills))
        .map(|agent| {
            let queues = plan.queues.iter().filter(|queue| serves(queue, &agent.skills)).count();
            1.0 / queues as f64
        })
        .sum();
    let Span(wrap_up_us) = queue.wrap_up;
    let each = TALK_MEAN + ANSWER_MEAN + Duration::from_micros(wrap_up_us);
    LOAD * agents / each.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn traffic(seed: u64) -> Traffic {
        let config = acd_config::parse("built-in", acd_config::DEFAULT).expect("it is right");
        Traffic::of(&config.plan, &Crew::of(&config.plan), seed)
    }

    #[test]
    fn the_same_seed_brings_the_same_callers() {
        let first: Vec<Caller> = traffic(7).take(500).collect();
        assert_eq!(first, traffic(7).take(500).collect::<Vec<_>>());
        assert_ne!(first, traffic(8).take(500).collect::<Vec<_>>());
    }

    #[test]
    fn every_queue_of_the_clinic_is_called_and_the_average_is_what_was_asked_for() {
        const WAVES: u32 = 20;
        let traffic = traffic(7);
        let expected = traffic.total * (WAVE_LENGTH * WAVES).as_secs_f64();
        let queues = traffic.rates.len();
        let mut calls = HashMap::new();
        for caller in traffic.take_while(|caller| caller.at < WAVE_LENGTH * WAVES) {
            *calls.entry(caller.queue).or_insert(0.0) += 1.0;
            assert!(caller.patience >= PATIENCE_MIN && caller.service >= TALK_MIN);
        }
        assert_eq!(calls.len(), queues);
        let total: f64 = calls.values().sum();
        assert!((total - expected).abs() < 0.1 * expected, "{total} calls, expected {expected}");
    }

    #[test]
    fn nobody_calls_where_nobody_works() {
        let config = acd_config::parse("built-in", acd_config::DEFAULT).expect("it is right");
        let plan = RoutingPlan { agents: Vec::new(), ..config.plan };
        assert_eq!(Traffic::of(&plan, &Crew::of(&plan), 7).next(), None);
    }
}
