//! Figures as bytes and back, so that a start need not fold the whole history.

use crate::agents::{Agent, AgentFigures, Doing, Shift};
use crate::calls::Call;
use crate::contacts::Contacts;
use crate::day::Day;
use crate::figures::QueueFigures;
use crate::history::{History, Interval};
use crate::queues::Queue;
use crate::recent::{Recent, half_minute};
use crate::rows::{Changed, Places};
use crate::statistics::Statistics;
use acd_core::{RoutingPlan, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Bytes that are no figures, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the statistics cannot be read: {}", self.0)
    }
}

impl std::error::Error for Unreadable {}

/// All that does not follow from the plan.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    at_us: u64,
    queues: Vec<KeptQueue>,
    agents: Vec<KeptAgent>,
    calls: BTreeMap<u32, Call>,
    contacts: Contacts,
    settled: History,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptQueue {
    name: String,
    history: BTreeMap<Interval, QueueFigures>,
    recent: Recent,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptAgent {
    id: String,
    shift: Shift,
    slots: Vec<Doing>,
    counted_us: u64,
    history: BTreeMap<Interval, AgentFigures>,
}

impl Statistics {
    /// All of it, but the plan.
    pub fn encode(&self) -> Vec<u8> {
        let queues = self.queues.iter().map(|queue| KeptQueue {
            name: queue.name.clone(),
            history: queue.history.clone(),
            recent: queue.recent.clone(),
        });
        let agents = self.agents.iter().map(|agent| KeptAgent {
            id: agent.id.clone(),
            shift: agent.shift.clone(),
            slots: agent.slots.clone(),
            counted_us: agent.counted.0,
            history: agent.history.clone(),
        });
        let kept = Kept {
            at_us: self.at.0,
            queues: queues.collect(),
            agents: agents.collect(),
            calls: self.calls.clone(),
            contacts: self.contacts.clone(),
            settled: self.settled.clone(),
        };
        serde_json::to_vec(&kept).expect("numbers, lists and names have a written form")
    }

    /// What `encode` wrote, under the plan of then.
    ///
    /// # Errors
    /// The bytes say something else.
    pub fn decode(bytes: &[u8], plan: &Arc<RoutingPlan>) -> Result<Self, Unreadable> {
        let kept: Kept =
            serde_json::from_slice(bytes).map_err(|error| Unreadable(error.to_string()))?;
        let at = Timestamp(kept.at_us);
        let day = Day::of(&plan.time_zone, at);
        let queues = kept.queues.into_iter().map(|queue| {
            let KeptQueue { name, history, mut recent } = queue;
            recent.pass(half_minute(at));
            Queue::of(name, history, recent, Day::of(&plan.time_zone, at))
        });
        let agents = kept.agents.into_iter().map(|agent| {
            let KeptAgent { id, shift, slots, counted_us, history } = agent;
            let counted = Timestamp(counted_us);
            let mut agent = Agent::new(&id, slots, day.clone(), counted);
            (agent.shift, agent.history) = (shift, history);
            agent
        });
        let mut statistics = Self {
            plan: Arc::clone(plan),
            at,
            queues: queues.collect(),
            agents: agents.collect(),
            queue_rows: Places::default(),
            agent_rows: Places::default(),
            calls: kept.calls,
            contacts: kept.contacts,
            settled: kept.settled,
            changed: Changed::default(),
        };
        let rows = statistics.queues.len() as u32;
        let is_known = |queue: u32| queue < rows;
        let stays =
            statistics.calls.values().flat_map(|call| call.stays.iter().chain(&call.ending));
        let talks = statistics.calls.values().filter_map(|call| call.talk);
        let known = stays.map(|stay| stay.queue).chain(talks.map(|talk| talk.queue)).all(is_known);
        if !known || !statistics.contacts.all_in(rows) {
            return Err(Unreadable("they speak of a queue that they do not have".to_owned()));
        }
        statistics.find_rows();
        Ok(statistics)
    }
}
