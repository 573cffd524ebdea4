//! How few agents reach what is asked for.

use super::{Lines, Load, SteadyState};
use crate::target::{ServiceTarget, percent};
use std::fmt;

/// The most agents.
pub const AGENTS_MAX: u32 = 2_000_000;

/// What is to be reached; what is `None` does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Goals {
    /// At least this share of those who enter answered in time.
    pub service_level: Option<ServiceTarget>,
    /// At most so many seconds of wait on average, of those who are answered.
    pub mean_wait_of_served: Option<f64>,
    /// At most this share of those who enter gives up, 0 to 1.
    pub abandoned: Option<f64>,
    /// At most this share of their time are agents busy, 0 to 1.
    pub occupancy: Option<f64>,
    /// At most this share of all callers finds no line, 0 to 1.
    pub blocked: Option<f64>,
}

impl Goals {
    /// Nothing is to be reached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// All of them are reached.
    #[must_use]
    pub fn met_by(&self, state: &SteadyState) -> bool {
        self.missed_by(state).is_empty()
    }

    /// Those that are not reached, each with how it stands, such as
    /// `abandonment 6.2%, at most 5%`.
    #[must_use]
    pub fn missed_by(&self, state: &SteadyState) -> Vec<String> {
        let mut missed = Vec::new();
        if let Some(target) = self.service_level {
            let reached = state.service_level(target.within.as_secs_f64());
            if reached < target.share {
                missed.push(format!("service level {:.1}%, of {target}", reached * 100.0));
            }
        }
        if let Some(most) = self.mean_wait_of_served
            && state.mean_wait_of_served > most
        {
            missed.push(format!("ASA {:.1}s, at most {most}s", state.mean_wait_of_served));
        }
        for (what, reached, most) in [
            ("abandonment", state.abandoned, self.abandoned),
            ("occupancy", state.occupancy, self.occupancy),
            ("blocking", state.blocked, self.blocked),
        ] {
            if let Some(most) = most.filter(|most| reached > *most) {
                missed.push(format!("{what} {:.1}%, at most {}", reached * 100.0, percent(most)));
            }
        }
        missed
    }
}

/// No number of agents reaches the goals.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreachable {
    /// The most agents that there can be, by lines or by [`AGENTS_MAX`].
    pub agents: u32,
    /// What they miss.
    pub missed: Vec<String>,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no number of agents reaches it: {}, as many as there can be, have {}",
            self.agents,
            self.missed.join("; ")
        )
    }
}

impl std::error::Error for Unreachable {}

impl Load {
    /// The most agents that this load can have: one a line.
    fn agents_at_most(&self) -> u32 {
        match self.lines() {
            Lines::AtMost(lines) => lines,
            Lines::Unlimited | Lines::AsAgents => AGENTS_MAX,
        }
    }

    /// How the fewest agents stand who reach all goals. By bisection: with each agent more every goal
    /// is nearer, which the tests find by counting upwards.
    ///
    /// # Errors
    ///
    /// [`Unreachable`] with what is missed by as many agents as there can be.
    pub fn fewest_agents(&self, goals: &Goals) -> Result<SteadyState, Unreachable> {
        let reached = |agents| self.steady_state(agents).ok().filter(|state| goals.met_by(state));
        let most = self.agents_at_most();
        // `few` do not reach them, `many` do: first find such a pair, by ever larger steps.
        let (mut few, mut many) = (0, (self.offered().ceil() as u32).clamp(1, most));
        let mut found = loop {
            if let Some(state) = reached(many) {
                break state;
            }
            if many == most {
                let state = self.steady_state(most);
                let missed = state.map(|state| goals.missed_by(&state)).unwrap_or_default();
                return Err(Unreachable { agents: most, missed });
            }
            few = many;
            many = many.saturating_mul(2).min(most);
        };
        while many - few > 1 {
            let middle = few + (many - few) / 2;
            match reached(middle) {
                Some(state) => (many, found) = (middle, state),
                None => few = middle,
            }
        }
        Ok(found)
    }
}
