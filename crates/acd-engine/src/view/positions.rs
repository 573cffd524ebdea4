//! Where callers stand in their queues, to be told to them.

use super::{CallRow, View};
use acd_core::{Order, Priority, QueueId, Span};
use acd_journal::CallCard;
use std::cmp::Reverse;
use std::sync::Arc;

/// Where a waiting call stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionRow {
    /// Which call.
    pub call: Arc<CallCard>,
    /// In which queue.
    pub queue: Arc<str>,
    /// From 1. By priority and arrival, as the domain's order has them: a call that came back from a
    /// conversation, or that lost its agent, may be served sooner or later than this says.
    pub position: u64,
}

impl View {
    /// Where the calls of an adapter stand that wait or are being offered, in each queue that they
    /// stand in; costs as much as sorting the queues in which it has any.
    pub fn positions(&self, adapter: &str) -> Vec<PositionRow> {
        let mut positions = Vec::new();
        for (queue, name) in self.queue_names() {
            let mut line: Vec<&CallRow> = self.calls.waiting_in(queue).collect();
            if !line.iter().any(|row| &*row.call.adapter == adapter) {
                continue;
            }
            line.sort_by_cached_key(|row| self.rank(row));
            let ours = (1..).zip(line).filter(|(_, row)| &*row.call.adapter == adapter);
            positions.extend(ours.map(|(position, row)| PositionRow {
                call: Arc::clone(&row.call),
                queue: Arc::clone(name),
                position,
            }));
        }
        positions
    }

    /// Lower is earlier.
    fn rank(&self, row: &CallRow) -> (Reverse<bool>, Reverse<u8>, i128, u64) {
        let emergency = Reverse(row.priority == Priority::EMERGENCY);
        let since = i128::from(row.arrived_at.0);
        match self.names.plan.order {
            Order::Strict => (emergency, Reverse(row.priority.get()), since, row.arrival),
            Order::Credit { per_step } => {
                let credit = i128::from(per_step.0) * (i128::from(row.priority.get()) - 5);
                (emergency, Reverse(0), since - credit, row.arrival)
            }
            Order::Oldest => (emergency, Reverse(0), since, row.arrival),
            Order::Deadline => {
                let target = row.places.iter().filter_map(|place| self.target(&place.queue)).min();
                let by = since + target.map_or(0, |within| i128::from(within.0));
                (emergency, Reverse(row.priority.get()), by, row.arrival)
            }
        }
    }

    /// Within which time a queue promises an answer.
    fn target(&self, queue: &str) -> Option<Span> {
        let planned = self.names.plan.queues.get(self.names.queue_id(queue)?.index())?;
        Some(planned.service_level.within)
    }

    fn queue_names(&self) -> impl Iterator<Item = (QueueId, &Arc<str>)> {
        let queues = 0..self.names.plan.queues.len();
        queues.map(|queue| QueueId(queue as u16)).map(|queue| (queue, self.names.queue(queue)))
    }
}
