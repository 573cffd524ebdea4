//! Who of the configured agents is played, and what their working day looks like.

use acd_adapter::{Breaks, Habits, Shift};
use acd_core::{AgentPlan, RoutingPlan};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// How many agents are left to people who look on, at most.
const LEFT_ALONE_MAX: usize = 3;
/// One in so many is left to them.
const ONE_IN: usize = 5;
/// Within how long all have come to work.
const ARRIVES_WITHIN: Duration = Duration::from_secs(10);

/// The played agents: all but the first few of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crew {
    left_alone: usize,
    size: usize,
}

impl Crew {
    /// Who is played of this plan's agents.
    pub(crate) fn of(plan: &RoutingPlan) -> Self {
        let agents = plan.agents.len();
        let left_alone = (agents / ONE_IN).min(LEFT_ALONE_MAX);
        Self { left_alone, size: agents - left_alone }
    }

    /// How many are played.
    pub(crate) fn size(self) -> usize {
        self.size
    }

    /// Those who are played.
    pub(crate) fn played(self, plan: &RoutingPlan) -> impl Iterator<Item = &AgentPlan> {
        plan.agents.iter().skip(self.left_alone)
    }

    /// Those who are not.
    pub(crate) fn left_alone(self, plan: &RoutingPlan) -> impl Iterator<Item = &AgentPlan> {
        plan.agents.iter().take(self.left_alone)
    }

    /// What the played ones do: come one after the other, take breaks, come back.
    pub(crate) fn shifts(self, plan: &RoutingPlan, seed: u64) -> Vec<Shift> {
        let mut chance = StdRng::seed_from_u64(seed);
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let shift = |agent: &AgentPlan| Shift {
            agent: agent.id.clone(),
            starts: ARRIVES_WITHIN.mul_f64(chance.random()),
            ends: None,
            habits: Habits {
                breaks: Some(Breaks {
                    after: minutes(3)..=minutes(15),
                    last: minutes(1)..=minutes(3),
                    reason: any(&plan.reasons, &mut chance),
                    seed: chance.random(),
                }),
                returns_after: Some(Duration::from_secs(45)),
            },
        };
        self.played(plan).map(shift).collect()
    }
}

fn any(reasons: &[String], chance: &mut StdRng) -> String {
    match reasons.len() {
        0 => String::new(),
        some => reasons[chance.random_range(0..some)].clone(),
    }
}
