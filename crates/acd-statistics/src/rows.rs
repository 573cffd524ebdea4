//! Where the figures of a plan's queues and agents stand, and who asks for them.

use crate::agents::{Agent, AgentCounts, AgentFigures, Doing};
use crate::calls::{Call, Stay};
use crate::day::Day;
use crate::figures::{QueueCounts, QueueFigures};
use crate::history::{AgentRow, History, HistoryWanted, Interval, QueueRow};
use crate::queues::{Queue, QueueNow, Totals};
use crate::recent::half_minute;
use crate::statistics::Statistics;
use acd_core::{AgentId, AgentPlan, CallHandle, QueueId, QueuePlan, Span, Timestamp};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A queue's row is final once the last caller of its day could have come again: so many days, of UTC,
/// after its own.
const QUEUES_SETTLE_AFTER_DAYS: u64 = 8;
/// An agent's row is final at once; it is kept so long for those who compare with yesterday.
const AGENTS_SETTLE_AFTER_DAYS: u64 = 1;

/// History whose changes nobody has asked for yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changed {
    pub(crate) queues: Marks,
    pub(crate) agents: Marks,
}

/// Some rows of a table, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    is_marked: Vec<bool>,
    rows: Vec<u32>,
}

impl Marks {
    pub(crate) fn note(&mut self, row: u32) {
        let at = row as usize;
        if self.is_marked.len() <= at {
            self.is_marked.resize(at + 1, false);
        }
        if !std::mem::replace(&mut self.is_marked[at], true) {
            self.rows.push(row);
        }
    }

    /// In the order of the table.
    fn take(&mut self) -> Vec<u32> {
        let mut rows = std::mem::take(&mut self.rows);
        rows.iter().for_each(|row| self.is_marked[*row as usize] = false);
        rows.sort_unstable();
        rows
    }
}

/// Which row each handle of the plan stands for, and back.
#[derive(Clone, Debug)]
pub(crate) struct Places<Id> {
    rows: Vec<u32>,
    ids: Vec<Option<Id>>,
}

impl<Id> Default for Places<Id> {
    fn default() -> Self {
        Self { rows: Vec::new(), ids: Vec::new() }
    }
}

impl<Id: Copy> Places<Id> {
    /// The next handle stands for this row.
    fn push(&mut self, id: Id, row: u32) {
        self.rows.push(row);
        let at = row as usize;
        if self.ids.len() <= at {
            self.ids.resize(at + 1, None);
        }
        self.ids[at] = Some(id);
    }

    pub(crate) fn row(&self, index: usize) -> Option<u32> {
        self.rows.get(index).copied()
    }

    /// The handle of a row; none if the plan has it no more.
    pub(crate) fn id(&self, row: u32) -> Option<Id> {
        self.ids.get(row as usize).copied().flatten()
    }
}

impl Statistics {
    /// Finds the queues and agents of the plan among those that are kept; new ones begin with nothing.
    pub(crate) fn find_rows(&mut self) {
        self.let_go();
        let (plan, at) = (Arc::clone(&self.plan), self.at);
        let names = (0..).zip(&self.queues).map(|(row, it)| (it.name.clone(), row));
        let known: BTreeMap<String, u32> = names.collect();
        self.queue_rows = Places::default();
        for (id, QueuePlan { name, time_zone, .. }) in plan.queues_with_ids() {
            let row = known.get(name).copied().unwrap_or(self.queues.len() as u32);
            match self.queues.get_mut(row as usize) {
                Some(queue) => queue.counts_by(time_zone, at),
                None => self.queues.push(Queue::new(name, time_zone, at)),
            }
            self.queue_rows.push(id, row);
        }
        let ids = (0..).zip(&self.agents).map(|(row, it)| (it.id.clone(), row));
        let known: BTreeMap<String, u32> = ids.collect();
        let day = Day::of(&plan.time_zone, at);
        self.agents.iter_mut().for_each(|agent| agent.counts_by(day.clone()));
        self.agent_rows = Places::default();
        for (agent, AgentPlan { id, desks, .. }) in plan.agents_with_ids() {
            let row = known.get(id).copied().unwrap_or(self.agents.len() as u32);
            if row as usize == self.agents.len() {
                let slots = desks.iter().map(|desk| usize::from(desk.capacity)).sum();
                let slots = vec![Doing::Nothing; slots];
                self.agents.push(Agent::new(id, slots, day.clone(), at));
            }
            self.agent_rows.push(agent, row);
        }
    }

    /// What a queue of the plan has come to; none if the plan has no such queue.
    pub fn queue(&self, queue: QueueId) -> Option<QueueNow> {
        Some(self.queues.get(self.row_of_queue(queue)? as usize)?.now())
    }

    /// How many stays of a queue of the plan began today and what became of them; what `queue` tells of today,
    /// at less cost.
    pub fn counts_of_today(&self, queue: QueueId) -> Option<&QueueCounts> {
        Some(self.queues.get(self.row_of_queue(queue)? as usize)?.counts_of_today())
    }

    /// All that was counted of a queue of the plan since the figures were made or read, or `forget_totals`.
    pub fn totals(&self, queue: QueueId) -> Option<Totals> {
        Some(self.queues.get(self.row_of_queue(queue)? as usize)?.totals)
    }

    /// Totals begin at nought from here on.
    pub fn forget_totals(&mut self) {
        self.queues.iter_mut().for_each(|queue| queue.totals = Totals::default());
    }

    /// What an agent of the plan has done since midnight, and when that was; up to the latest half minute
    /// that is over, or his latest change.
    pub fn agent(&self, agent: AgentId) -> Option<(&AgentFigures, Timestamp)> {
        Some(self.agents.get(self.row_of_agent(agent)? as usize)?.today())
    }

    /// Queues and agents of the plan whose figures have changed since this was asked last.
    pub fn take_changed(&mut self) -> (Vec<QueueId>, Vec<AgentId>) {
        let queues = self.changed.queues.take().into_iter();
        let agents = self.changed.agents.take().into_iter();
        (
            queues.filter_map(|row| self.queue_rows.id(row)).collect(),
            agents.filter_map(|row| self.agent_rows.id(row)).collect(),
        )
    }

    /// Counts the time of all agents up to an instant, as if a half minute ended then.
    pub fn count_up_to(&mut self, at: Timestamp) {
        for (row, agent) in (0..).zip(&mut self.agents) {
            if agent.pass(at) {
                self.changed.agents.note(row);
            }
        }
    }

    /// The rows that are wanted and not final.
    pub fn history(&self, wanted: &HistoryWanted) -> History {
        History { queues: self.queue_history(wanted), agents: self.agent_history(wanted) }
    }

    /// History that have become final since this was asked last; they are not kept here any more.
    pub fn take_settled(&mut self) -> History {
        std::mem::take(&mut self.settled)
    }

    /// Queues' rows that are not settled: by interval, then in the order of the configuration.
    fn queue_history(&self, wanted: &HistoryWanted) -> Vec<QueueRow> {
        let Range { start, end } = wanted.range;
        let queues = self.queues.iter().filter(|queue| wanted.queues.has(&queue.name));
        let rows = queues.flat_map(|queue| {
            queue.history.range(start..end.max(start)).map(|(interval, figures)| QueueRow {
                interval: *interval,
                queue: queue.name.clone(),
                figures: figures.clone(),
            })
        });
        let mut rows: Vec<QueueRow> = rows.collect();
        rows.sort_by_key(|row| row.interval);
        rows
    }

    /// The same of agents.
    fn agent_history(&self, wanted: &HistoryWanted) -> Vec<AgentRow> {
        let Range { start, end } = wanted.range;
        let agents = self.agents.iter().filter(|agent| wanted.agents.has(&agent.id));
        let rows = agents.flat_map(|agent| {
            agent.history.range(start..end.max(start)).map(|(interval, figures)| AgentRow {
                interval: *interval,
                agent: agent.id.clone(),
                figures: figures.clone(),
            })
        });
        let mut rows: Vec<AgentRow> = rows.collect();
        rows.sort_by_key(|row| row.interval);
        rows
    }

    /// A day is over: lets go of what is final.
    pub(crate) fn settle(&mut self) {
        let before = Interval::days_before(self.at, QUEUES_SETTLE_AFTER_DAYS);
        for queue in &mut self.queues {
            let rows = queue.settle(before).into_iter();
            let name = &queue.name;
            let row = |(interval, figures)| QueueRow { interval, queue: name.clone(), figures };
            self.settled.queues.extend(rows.map(row));
        }
        self.settled.queues.sort_by_key(|row| row.interval);
        let before = Interval::days_before(self.at, AGENTS_SETTLE_AFTER_DAYS);
        for agent in &mut self.agents {
            let rows = agent.settle(before).into_iter();
            let id = &agent.id;
            let row = |(interval, figures)| AgentRow { interval, agent: id.clone(), figures };
            self.settled.agents.extend(rows.map(row));
        }
        self.settled.agents.sort_by_key(|row| row.interval);
    }

    /// History of earlier intervals are final: what ends so late counts in this one.
    fn first_kept(&self) -> Interval {
        Interval::days_before(self.at, QUEUES_SETTLE_AFTER_DAYS)
    }

    pub(crate) fn count_stay(&mut self, stay: &Stay, more: impl Into<QueueFigures>) {
        self.count(stay.queue, stay.interval(), more);
    }

    /// Something happened now to a stay that began in `interval`.
    pub(crate) fn count(&mut self, queue: u32, interval: Interval, more: impl Into<QueueFigures>) {
        let interval = interval.max(self.first_kept());
        if let Some(known) = self.queues.get_mut(queue as usize) {
            known.count(half_minute(self.at), interval, &more.into());
            self.changed.queues.note(queue);
        }
    }

    /// The same, of what is known only now and happened earlier.
    pub(crate) fn amend(&mut self, queue: u32, interval: Interval, more: impl Into<QueueFigures>) {
        let interval = interval.max(self.first_kept());
        if let Some(known) = self.queues.get_mut(queue as usize) {
            known.amend(interval, &more.into());
            self.changed.queues.note(queue);
        }
    }

    pub(crate) fn count_of(&mut self, agent: AgentId, more: AgentCounts) {
        let at = self.at;
        if let Some(agent) = self.agent_mut(agent) {
            agent.count(at, more);
        }
    }

    /// The time within which a queue promises to answer; none if the plan has it no more.
    pub(crate) fn target(&self, row: u32) -> Option<Span> {
        let id = self.queue_rows.id(row)?;
        Some(self.plan.queues[id.index()].service_level.within)
    }

    pub(crate) fn call(&mut self, call: CallHandle) -> Option<&mut Call> {
        self.calls.get_mut(&call.slot).filter(|it| it.is(call.generation))
    }

    /// To be changed.
    pub(crate) fn agent_mut(&mut self, agent: AgentId) -> Option<&mut Agent> {
        let row = self.row_of_agent(agent)?;
        self.changed.agents.note(row);
        self.agents.get_mut(row as usize)
    }

    pub(crate) fn row_of_queue(&self, queue: QueueId) -> Option<u32> {
        self.queue_rows.row(queue.index())
    }

    pub(crate) fn row_of_agent(&self, agent: AgentId) -> Option<u32> {
        self.agent_rows.row(agent.index())
    }
}
