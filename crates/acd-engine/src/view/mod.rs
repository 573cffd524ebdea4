//! The state as readers see it: rows folded from events, and what changed since the last delta.

mod agents;
mod calls;
mod explained;
mod messages;
mod positions;
mod restored;
mod rows;
mod selection;
mod staffing;
mod story;
mod words;

pub use explained::{
    AwaitingRow, BarrierRow, Explained, Measure, MeasureRow, NextRule, PlaceStanding, Standing,
};
pub use messages::{MESSAGES_KEPT, MessageRow};
pub use positions::PositionRow;
pub use rows::{
    AgentRow, AgentStatisticsRow, CallRow, CallState, Concerned, Delta, EventRow, OfferRow,
    PlaceRow, QueueRow, QueueStatisticsRow, SkillForNowRow, SkillQueueRow, SlotRow, SlotWord,
    Staffing,
};
pub use selection::{Selection, Shown, Views};
pub use story::{DecisionRow, ENDED_CALLS_KEPT, STEPS_MAX, Step, Story};

#[cfg(test)]
pub(crate) use words::kind;

use crate::names::{Asked, Names};
use crate::publisher::{Named, Record};
use crate::request::Position;
use acd_core::{
    AgentId, Demand, DemandId, Event, QueueId, SkillFacts, SkillQueue, Span, Timestamp,
};
use acd_journal::Origin;
use acd_statistics::{History, HistoryWanted, Statistics, Totals};
use calls::Calls;
use messages::Messages;
use staffing::Qualified;
use std::sync::Arc;
use story::Stories;

/// All rows, as of one position.
#[derive(Debug)]
pub struct View {
    names: Arc<Names>,
    position: Position,
    at: Timestamp,
    queues: Vec<QueueRow>,
    skill_queues: Vec<SkillQueueRow>,
    agents: Vec<AgentRow>,
    calls: Calls,
    stories: Stories,
    messages: Messages,
    qualified: Qualified,
    statistics: Statistics,
    logged_in: u64,
    changed: Changed,
}

/// What a delta has to hold.
#[derive(Debug)]
struct Changed {
    after: Position,
    queues: Marks,
    skill_queues: Marks,
    agents: Marks,
    /// Agents to whom something was said.
    told: Marks,
    calls: Marks,
    ended: Vec<CallRow>,
    events: Vec<EventRow>,
    decisions: Vec<Step>,
}

/// Which rows of a table changed, each once, in the order of the table.
#[derive(Debug, Default)]
struct Marks {
    marked: Vec<bool>,
    rows: Vec<usize>,
}

impl Marks {
    fn mark(&mut self, row: usize) {
        if self.marked.len() <= row {
            self.marked.resize(row + 1, false);
        }
        if !std::mem::replace(&mut self.marked[row], true) {
            self.rows.push(row);
        }
    }

    fn take(&mut self) -> Vec<usize> {
        let mut rows = std::mem::take(&mut self.rows);
        for row in &rows {
            self.marked[*row] = false;
        }
        rows.sort_unstable();
        rows
    }
}

impl View {
    pub(crate) fn new(
        names: Arc<Names>,
        demands: &[Demand],
        epoch: u64,
        statistics: Statistics,
    ) -> Self {
        let position = Position { epoch, number: 0 };
        let qualified = Qualified::new(&names.plan, demands);
        let queues = names.plan.queues_with_ids().map(|(id, plan)| QueueRow {
            queue: names.queue(id).clone(),
            waiting: 0,
            offering: 0,
            connected: 0,
            oldest_since: None,
            agents: Staffing::default(),
            agents_qualified: qualified.of_queue(id),
            entered: 0,
            answered: 0,
            abandoned: 0,
            overflowed: 0,
            rejected: 0,
            closed: false,
            closed_until: None,
            closed_by: Arc::from(""),
            closed_reason: Arc::from(""),
            active_rules: Vec::new(),
            answered_in_time: 0,
            answered_wait: Span(0),
            service_level: plan.service_level,
            estimated_wait: None,
        });
        let queues = queues.collect();
        let skill_queues = demands.iter().map(|demand| SkillQueueRow {
            queue: names.queue(demand.queue).clone(),
            require: names.asked(&demand.requirement),
            depth: 0,
            depth_by_priority: [0; 10],
            head_since: None,
            agents: Staffing::default(),
        });
        let skill_queues = skill_queues.collect();
        let agents = names
            .plan
            .agents_with_ids()
            .map(|(id, plan)| agents::row_of_a_stranger(names.agent(id).clone(), plan, &names));
        let agents = agents.collect();
        Self {
            position,
            at: Timestamp(0),
            queues,
            skill_queues,
            agents,
            calls: Calls::new(names.plan.queues.len()),
            stories: Stories::default(),
            messages: Messages::default(),
            qualified,
            statistics,
            logged_in: 0,
            changed: Changed {
                after: position,
                queues: Marks::default(),
                skill_queues: Marks::default(),
                agents: Marks::default(),
                told: Marks::default(),
                calls: Marks::default(),
                ended: Vec::new(),
                events: Vec::new(),
                decisions: Vec::new(),
            },
            names,
        }
    }

    /// The last event that the rows contain.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Domain time of that event; 0 before the first.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// All queues, in the order of the configuration.
    pub fn queues(&self) -> &[QueueRow] {
        &self.queues
    }

    /// All skill queues, by demand.
    pub fn skill_queues(&self) -> &[SkillQueueRow] {
        &self.skill_queues
    }

    /// All agents, in the order of the configuration.
    pub fn agents(&self) -> &[AgentRow] {
        &self.agents
    }

    /// One agent.
    pub fn agent(&self, agent: &str) -> Option<&AgentRow> {
        self.agents.get(self.names.agent_id(agent)?.index())
    }

    /// The offers that are out to an agent, by slot.
    pub fn offers(&self, agent: &str) -> Vec<OfferRow> {
        let slots = self.agent(agent).map_or(&[][..], |row| &row.slots);
        let out = slots.iter().filter(|slot| slot.state == SlotWord::Reserved);
        out.filter_map(|slot| self.calls.offer(slot.offer)).collect()
    }

    /// Live calls, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = &CallRow> {
        self.calls.by_age()
    }

    /// The figures of all queues, in the order of the configuration.
    pub fn queue_statistics(&self) -> impl Iterator<Item = QueueStatisticsRow> + '_ {
        (0..self.queues.len() as u16).filter_map(|queue| self.figures_of(QueueId(queue)))
    }

    /// What was counted of each queue since the daemon started, in the order of the configuration.
    pub fn queue_totals(&self) -> impl Iterator<Item = Totals> + '_ {
        let queues = (0..self.queues.len() as u16).map(QueueId);
        queues.map(|queue| self.statistics.totals(queue).unwrap_or_default())
    }

    /// The figures of all agents, in the order of the configuration.
    pub fn agent_statistics(&self) -> impl Iterator<Item = AgentStatisticsRow> + '_ {
        (0..self.agents.len() as u32).filter_map(|agent| self.work_of(AgentId(agent)))
    }

    /// The figures by quarter of an hour that are not final; they show what a crash may take back.
    pub fn history(&self, wanted: &HistoryWanted) -> History {
        self.statistics.history(wanted)
    }

    fn figures_of(&self, queue: QueueId) -> Option<QueueStatisticsRow> {
        let figures = self.statistics.queue(queue)?;
        Some(QueueStatisticsRow { queue: self.names.queue(queue).clone(), figures })
    }

    fn work_of(&self, agent: AgentId) -> Option<AgentStatisticsRow> {
        let (today, today_since) = self.statistics.agent(agent)?;
        let today = today.clone();
        Some(AgentStatisticsRow { agent: self.names.agent(agent).clone(), today, today_since })
    }

    /// Whether the configuration has a queue of this name.
    pub fn has_queue(&self, queue: &str) -> bool {
        self.names.queue_id(queue).is_some()
    }

    /// Live calls in every state.
    pub fn calls_live(&self) -> u64 {
        self.calls.live()
    }

    /// Of those, waiting or being offered.
    pub fn calls_waiting(&self) -> u64 {
        self.calls.waiting()
    }

    /// Agents at work.
    pub fn agents_logged_in(&self) -> u64 {
        self.logged_in
    }

    pub(crate) fn fold(&mut self, records: &[Record]) {
        for record in records {
            self.position.number = record.number;
            self.at = record.at;
            let row = self.event_row(record);
            self.tell(record, &row);
            self.changed.events.push(row);
            self.statistics.fold(record.at, &record.event);
            self.fold_one(record);
        }
    }

    fn fold_one(&mut self, record: &Record) {
        match &record.event {
            Event::RecoveryOver
            | Event::HalfMinutePassed
            | Event::AdapterUp { .. }
            | Event::AdapterSynced { .. }
            | Event::AdapterDown { .. }
            | Event::OfferRinging { .. }
            | Event::TransferOrdered { .. }
            | Event::PlayOrdered { .. }
            | Event::CallbackOfferOrdered { .. }
            | Event::LadderOrdered { .. }
            | Event::WrapUpEnded { .. } => {}
            Event::PresenceChanged { agent, presence, pending } => {
                self.presence_changed(*agent, *presence, *pending);
            }
            Event::QueueClosed { queue, closed, until } => {
                let row = &mut self.queues[queue.index()];
                (row.closed, row.closed_until) = (*closed, *until);
                if let Origin::Person { name, reason } = &*record.origin {
                    (row.closed_by, row.closed_reason) = (Arc::clone(name), Arc::clone(reason));
                }
                self.changed.queues.mark(queue.index());
            }
            Event::SkillChanged { agent, skill, level, for_now, until } => {
                let changed = SkillFacts { skill: *skill, level: *level, until: *until };
                self.skill_changed(*agent, changed, *for_now);
            }
            Event::AgentsMessaged { number, to } => self.agents_messaged(record, *number, *to),
            Event::LatchChanged { queue, rule, set } => self.rule_is_active(*queue, *rule, *set),
            Event::DeviceChanged { agent, device } => self.device_changed(*agent, *device),
            Event::HeartbeatChanged { agent, heartbeat } => {
                self.heartbeat_changed(*agent, *heartbeat);
            }
            Event::SlotChanged { agent, slot, state } => {
                let card = words::call_in(*state).and_then(|call| self.calls.card(call)).cloned();
                self.slot_changed(*agent, *slot, *state, card);
            }
            Event::WrapUpExtended { agent, slot, until } => {
                self.wrap_up_extended(*agent, *slot, *until);
            }
            Event::CallArrived { call, arrival, channel, priority, since, .. } => {
                if let Named::Call(card) = &record.named {
                    let card = Arc::clone(card);
                    self.call_arrived(*call, card, *arrival, *channel, *priority, *since);
                }
            }
            Event::AgentAwaited { call, .. }
            | Event::AgentAwaitedNoMore { call }
            | Event::PlaceEntered { call, .. }
            | Event::PlaceLeft { call, .. }
            | Event::RequirementChanged { call, .. }
            | Event::PriorityChanged { call, .. }
            | Event::RuleFired { call, .. }
            | Event::OfferIssued { call, .. }
            | Event::OfferEnded { call, .. }
            | Event::CallConnecting { call, .. }
            | Event::ConnectFailed { call, .. }
            | Event::CallConnected { call, .. }
            | Event::CallHeld { call }
            | Event::CallRetrieved { call }
            | Event::CallReturned { call, .. }
            | Event::CallEnded { call, .. } => self.call_changed(*call, record),
        }
    }

    fn rule_is_active(&mut self, queue: QueueId, rule: u16, active: bool) {
        let place = |name: &str| {
            let rules = &self.names.plan.queues[queue.index()].rules;
            rules.iter().position(|rule| rule.name == name)
        };
        let name: Arc<str> = Arc::from(self.names.rule_name(queue, rule));
        let mut rules = std::mem::take(&mut self.queues[queue.index()].active_rules);
        rules.retain(|it| *it != name);
        if active {
            rules.push(name);
            rules.sort_by_key(|name| place(name));
        }
        self.queues[queue.index()].active_rules = rules;
        self.changed.queues.mark(queue.index());
    }

    /// What a call asks for by a demand.
    fn require_of(&self, demand: DemandId) -> Asked {
        self.skill_queues.get(demand.index()).map(|row| row.require.clone()).unwrap_or_default()
    }

    /// Takes over what the driver says of the lines.
    pub(crate) fn set_lines(&mut self, lines: &[(DemandId, SkillQueue)]) {
        for (demand, line) in lines {
            let Some(row) = self.skill_queues.get_mut(demand.index()) else { continue };
            row.depth = u64::from(line.depth);
            row.depth_by_priority = line.depth_by_priority;
            row.head_since = line.head_since;
            self.changed.skill_queues.mark(demand.index());
        }
    }

    /// Takes over what the driver says of how long a call would wait.
    pub(crate) fn set_estimates(&mut self, estimates: &[(QueueId, Option<Span>)]) {
        for (queue, estimate) in estimates {
            let Some(row) = self.queues.get_mut(queue.index()) else { continue };
            row.estimated_wait = *estimate;
            self.changed.queues.mark(queue.index());
        }
    }

    /// What changed since the last one, and the agents whose rows have changed, or who were told something.
    pub(crate) fn take_delta(&mut self) -> (Delta, Vec<AgentId>) {
        let (queues, agents) = self.statistics.take_changed();
        queues.iter().for_each(|queue| self.count_of_today(*queue));
        let queue_statistics = queues.into_iter().filter_map(|it| self.figures_of(it)).collect();
        let agent_statistics = agents.into_iter().filter_map(|it| self.work_of(it)).collect();
        let changed = &mut self.changed;
        let agents = changed.agents.take();
        let mut told = changed.told.take();
        let live = changed.calls.take();
        let mut calls = std::mem::take(&mut changed.ended);
        calls.extend(live.into_iter().filter_map(|slot| self.calls.at(slot)).cloned());
        calls.sort_by_key(|row| row.arrival);
        let rows = |marks: &mut Marks| marks.take();
        let delta = Delta {
            after: changed.after,
            position: self.position,
            at: self.at,
            queues: pick(&self.queues, &rows(&mut changed.queues)),
            skill_queues: pick(&self.skill_queues, &rows(&mut changed.skill_queues)),
            agents: pick(&self.agents, &agents),
            calls,
            events: std::mem::take(&mut changed.events),
            decisions: std::mem::take(&mut changed.decisions),
            queue_statistics,
            agent_statistics,
        };
        // They are durable elsewhere before they are final.
        drop(self.statistics.take_settled());
        self.changed.after = self.position;
        told.extend(agents);
        (delta, told.into_iter().map(|agent| AgentId(agent as u32)).collect())
    }

    /// Takes over what has been counted of a queue today.
    fn count_of_today(&mut self, queue: QueueId) {
        let counts = self.statistics.counts_of_today(queue).copied().unwrap_or_default();
        let Some(row) = self.queues.get_mut(queue.index()) else { return };
        row.entered = counts.entered;
        row.answered = counts.answered;
        row.answered_in_time = counts.answered_in_time;
        row.answered_wait = Span(counts.wait_us);
        row.abandoned = counts.abandoned + counts.short_abandoned;
        row.overflowed = counts.overflowed;
        row.rejected = counts.rejected;
        self.changed.queues.mark(queue.index());
    }
}

fn pick<T: Clone>(table: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|row| table[*row].clone()).collect()
}
