//! Another plan under the figures: what goes on by its name, and what agents do under it.

use crate::agents::{Doing, Shift};
use crate::day::Day;
use crate::statistics::Statistics;
use acd_core::{AgentFacts, Router, SlotFacts, Timestamp};
use std::sync::Arc;

impl Statistics {
    /// Ops decided anew, and the Router goes on under its plan: to be told before the events of that.
    pub fn plan_changed(&mut self, at: Timestamp, router: &Router) {
        self.pass(at);
        self.plan = Arc::clone(router.plan());
        self.find_rows();
        let day = Day::of(&self.plan.time_zone, self.at);
        for row in 0..self.agents.len() as u32 {
            if self.agent_rows.id(row).is_none() {
                // Who is gone has nothing in hand any more.
                self.agent_goes_on(row, Shift::Out, Vec::new(), &day);
            }
        }
        for AgentFacts { agent, presence, slots, .. } in router.agents() {
            let Some(row) = self.agent_rows.row(agent.index()) else { continue };
            let shift = self.shift(presence);
            let at = self.at;
            let doing = slots
                .iter()
                .map(|SlotFacts { state, since }| self.doing(*state, since.unwrap_or(at)));
            let doing = doing.collect();
            self.agent_goes_on(row, shift, doing, &day);
        }
    }

    /// Notes that he took go on in the slot where they are now, counted as before; others are over.
    fn agent_goes_on(&mut self, row: u32, shift: Shift, mut slots: Vec<Doing>, day: &Day) {
        let at = self.at;
        let Some(agent) = self.agents.get_mut(row as usize) else { return };
        let mut notes = Vec::new();
        for did in agent.goes_on(at, shift, day.clone()) {
            let Doing::WrapUp { queue, .. } = did else { continue };
            let is_same = |it: &&mut Doing| {
                matches!(it, Doing::WrapUp { queue: of, .. } if *of == queue)
                    && !notes.contains(*it)
            };
            match slots.iter_mut().find(is_same) {
                Some(slot) => {
                    *slot = did;
                    notes.push(did);
                }
                None => self.done_with(did),
            }
        }
        if let Some(agent) = self.agents.get_mut(row as usize) {
            agent.slots = slots;
        }
    }
}
