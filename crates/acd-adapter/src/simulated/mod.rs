//! A PBX without phones: scripted callers, and devices that answer by themselves.
//!
//! It drives a daemon through the real protocol, for demonstrations and to play a call log. All
//! times are domain time since the start of the `SimulatedClock`, so that a day can pass in
//! minutes against a daemon that runs at the same clock scale.

mod agents;
mod caller;
mod clock;
mod exchange;
mod legs;
mod pbx;

pub use agents::{Breaks, Habits, Shift, SimulatedAgents};
pub use clock::SimulatedClock;
pub use pbx::SimulatedPbx;

use crate::report::Numbers;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Somebody who calls, and how he behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptedCall {
    /// The call id; unique among the adapter's live calls.
    pub id: String,
    /// When he calls; at once if that has passed.
    pub start: Duration,
    /// The queue that he enters; if empty, the daemon's routes decide.
    pub queue: String,
    /// What its routes look at.
    pub numbers: Numbers,
    /// 0..=9; `None` is the normal 5.
    pub priority: Option<u32>,
    /// Carried to the agent with the offer.
    pub attributes: HashMap<String, String>,
    /// How long after `start` he hangs up unless he is talking; `None` is never.
    pub patience: Option<Duration>,
    /// How long he talks.
    pub service: Duration,
}

/// How the devices of a simulated PBX behave.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// How long a device rings before it is answered or the call is declined; drawn evenly.
    pub pick_up: RangeInclusive<Duration>,
    /// How likely an offer rings out, 0 to 1.
    pub misses: f64,
    /// How likely one that does not ring out is declined, 0 to 1.
    pub declines: f64,
    /// Decides all chances: same seed, same offers, same behaviour.
    pub seed: u64,
    /// What `Tally::answered_within` counts.
    pub service_level_within: Duration,
}

impl Default for Behaviour {
    /// Every offer is answered at once.
    fn default() -> Self {
        Self {
            pick_up: Duration::ZERO..=Duration::ZERO,
            misses: 0.0,
            declines: 0.0,
            seed: 0,
            service_level_within: Duration::from_secs(20),
        }
    }
}

/// What has become of the calls. Every call that was offered is counted once:
/// `offered = answered + abandoned + left + rejected + waiting`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls whose time has not come.
    pub scheduled: u64,
    /// Calls whose time has come.
    pub offered: u64,
    /// Of those, the ones that wait now.
    pub waiting: u64,
    /// Calls that were bridged with an agent.
    pub answered: u64,
    /// Of those, the ones that are in conversation now.
    pub talking: u64,
    /// Of `answered`, those within `Behaviour::service_level_within`.
    pub answered_within: u64,
    /// The sum of the waits of `answered`, from offered to bridged.
    pub answered_wait: Duration,
    /// Calls that the caller gave up.
    pub abandoned: u64,
    /// The sum of the waits of `abandoned`.
    pub abandoned_wait: Duration,
    /// Calls that acdd ended before they were answered: by a rule, or by a supervisor.
    pub left: u64,
    /// Calls that the daemon refused.
    pub rejected: u64,
    /// Why it refused the first of them.
    pub first_rejection: Option<String>,
}

impl Tally {
    /// Nobody calls, waits or talks any more.
    pub fn is_over(&self) -> bool {
        self.scheduled == 0 && self.waiting == 0 && self.talking == 0
    }

    fn count_answer(&mut self, wait: Duration, within: Duration) {
        self.answered += 1;
        self.answered_wait += wait;
        self.answered_within += u64::from(wait <= within);
    }

    fn uncount_answer(&mut self, wait: Duration, within: Duration) {
        self.answered -= 1;
        self.answered_wait = self.answered_wait.saturating_sub(wait);
        self.answered_within -= u64::from(wait <= within);
    }
}
