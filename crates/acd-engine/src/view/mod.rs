//! The state as readers see it: rows folded from events, and what changed since the last delta.

mod agents;
mod calls;
mod explained;
mod merged;
mod positions;
mod restored;
mod rows;
mod staffing;
mod story;
mod words;

pub use explained::{
    AwaitingRow, BarrierRow, Explained, Measure, MeasureRow, NextRule, PlaceStanding, Standing,
};
pub use positions::PositionRow;
pub use rows::{
    AgentRow, CallRow, CallState, Delta, EventRow, OfferRow, PlaceRow, QueueRow, SkillQueueRow,
    SlotRow, SlotWord, Staffing,
};
pub use story::{DecisionRow, ENDED_CALLS_KEPT, STEPS_MAX, Step, Story};

#[cfg(test)]
pub(crate) use words::kind;

use crate::names::{Asked, Names};
use crate::publisher::{Named, Record};
use crate::request::Position;
use acd_core::{AgentId, Demand, DemandId, Event, QueueId, SkillQueue, Span, Timestamp};
use calls::Calls;
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
    qualified: Qualified,
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
    calls: Marks,
    ended: Vec<CallRow>,
    events: Vec<EventRow>,
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
    pub(crate) fn new(names: Arc<Names>, demands: &[Demand], epoch: u64) -> Self {
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
            active_rules: Vec::new(),
            answered_in_time: 0,
            answered_wait: Span(0),
            service_level: plan.service_level,
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
            qualified,
            logged_in: 0,
            changed: Changed {
                after: position,
                queues: Marks::default(),
                skill_queues: Marks::default(),
                agents: Marks::default(),
                calls: Marks::default(),
                ended: Vec::new(),
                events: Vec::new(),
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
            self.fold_one(record);
        }
    }

    fn fold_one(&mut self, record: &Record) {
        match &record.event {
            Event::RecoveryOver
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
            Event::QueueClosed { queue, closed } => {
                self.queues[queue.index()].closed = *closed;
                self.changed.queues.mark(queue.index());
            }
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

    /// What changed since the last one, and which agents' rows.
    pub(crate) fn take_delta(&mut self) -> (Delta, Vec<AgentId>) {
        let changed = &mut self.changed;
        let agents = changed.agents.take();
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
        };
        changed.after = self.position;
        (delta, agents.into_iter().map(|agent| AgentId(agent as u32)).collect())
    }

    fn mark_queue(&mut self, queue: QueueId) {
        self.changed.queues.mark(queue.index());
    }
}

fn pick<T: Clone>(table: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|row| table[*row].clone()).collect()
}
