//! The stable JSON of queues, skill queues, agents, calls and events; docs/acdctl.md explains it.

mod agent;

pub(crate) use agent::AgentRow;

use crate::channel;
use crate::times::{Instant, elapsed, length, rfc_3339, seconds};
use acd_proto::v1;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
pub(crate) struct QueueRow {
    pub(crate) queue: String,
    pub(crate) waiting: u64,
    pub(crate) offering: u64,
    pub(crate) connected: u64,
    pub(crate) oldest_wait_seconds: Option<f64>,
    pub(crate) estimated_wait_seconds: Option<f64>,
    pub(crate) agents_available: u64,
    pub(crate) agents_working: u64,
    pub(crate) agents_staffed: u64,
    pub(crate) agents_qualified: u64,
    pub(crate) entered: u64,
    pub(crate) answered: u64,
    pub(crate) answered_in_time: u64,
    pub(crate) abandoned: u64,
    pub(crate) overflowed: u64,
    pub(crate) rejected: u64,
    pub(crate) closed: bool,
    pub(crate) closed_until: Option<String>,
    pub(crate) closed_by: String,
    pub(crate) closed_reason: String,
    pub(crate) active_rules: Vec<String>,
    pub(crate) asa_seconds: Option<f64>,
    pub(crate) service_level: Option<f64>,
    pub(crate) service_level_target: f64,
    pub(crate) service_level_within_seconds: f64,
}

impl QueueRow {
    pub(crate) fn new(queue: v1::Queue, now: &Instant) -> Self {
        let over = queue.answered + queue.abandoned;
        let asa = length(queue.answered_wait.as_ref()).as_secs_f64() / queue.answered as f64;
        Self {
            oldest_wait_seconds: since(queue.oldest_since.as_ref(), now),
            estimated_wait_seconds: queue
                .estimated_wait
                .as_ref()
                .map(|wait| seconds(length(Some(wait)))),
            asa_seconds: (queue.answered > 0).then(|| thousandths(asa)),
            service_level: (over > 0)
                .then(|| thousandths(queue.answered_in_time as f64 / over as f64)),
            service_level_target: f64::from(queue.service_level_percent) / 100.0,
            service_level_within_seconds: seconds(length(queue.service_level_within.as_ref())),
            queue: queue.queue,
            waiting: queue.waiting,
            offering: queue.offering,
            connected: queue.connected,
            agents_available: queue.agents_available,
            agents_working: queue.agents_working,
            agents_staffed: queue.agents_staffed,
            agents_qualified: queue.agents_qualified,
            entered: queue.entered,
            answered: queue.answered,
            answered_in_time: queue.answered_in_time,
            abandoned: queue.abandoned,
            overflowed: queue.overflowed,
            rejected: queue.rejected,
            closed: queue.closed,
            closed_until: queue.closed_until.as_ref().and_then(rfc_3339),
            closed_by: queue.closed_by,
            closed_reason: queue.closed_reason,
            active_rules: queue.active_rules,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct SkillQueueRow {
    pub(crate) queue: String,
    pub(crate) require: Levels,
    pub(crate) any_of: Vec<Levels>,
    pub(crate) depth: u64,
    /// Priorities that nobody waits with are left out.
    pub(crate) depth_by_priority: BTreeMap<usize, u64>,
    pub(crate) head_wait_seconds: Option<f64>,
    pub(crate) agents_available: u64,
    pub(crate) agents_working: u64,
    pub(crate) agents_staffed: u64,
}

impl SkillQueueRow {
    pub(crate) fn new(line: v1::SkillQueue, now: &Instant) -> Self {
        let depths = line.depth_by_priority.into_iter().enumerate();
        Self {
            queue: line.queue,
            require: levels(line.require),
            any_of: line.any_of.into_iter().map(|one| levels(one.skills)).collect(),
            depth: line.depth,
            depth_by_priority: depths.filter(|(_, depth)| *depth > 0).collect(),
            head_wait_seconds: since(line.head_since.as_ref(), now),
            agents_available: line.agents_available,
            agents_working: line.agents_working,
            agents_staffed: line.agents_staffed,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct CallRow {
    pub(crate) call_id: String,
    pub(crate) adapter: String,
    pub(crate) state: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) priority: u32,
    pub(crate) age_seconds: Option<f64>,
    pub(crate) arrived_at: Option<String>,
    pub(crate) state_seconds: Option<f64>,
    pub(crate) queues: Vec<String>,
    pub(crate) places: Vec<PlaceRow>,
    pub(crate) awaits_agent: Option<String>,
    pub(crate) awaits_until: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) also_offered_to: Vec<String>,
    pub(crate) offer_number: Option<u64>,
    pub(crate) via_queue: Option<String>,
    pub(crate) outcome: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PlaceRow {
    pub(crate) queue: String,
    pub(crate) waited_seconds: Option<f64>,
    pub(crate) require: Levels,
    pub(crate) any_of: Vec<Levels>,
}

impl CallRow {
    pub(crate) fn new(call: v1::Call, now: &Instant) -> Self {
        let (state, outcome) = (call_state(call.state()), outcome(call.outcome()));
        let channel = channel::word(call.channel());
        let (adapter, call_id) = names(call.call);
        let place = |place: v1::Place| PlaceRow {
            queue: place.queue,
            waited_seconds: since(place.since.as_ref(), now),
            require: levels(place.require),
            any_of: place.any_of.into_iter().map(|one| levels(one.skills)).collect(),
        };
        let places: Vec<PlaceRow> = call.places.into_iter().map(place).collect();
        Self {
            call_id: call_id.unwrap_or_default(),
            adapter: adapter.unwrap_or_default(),
            state,
            channel,
            priority: call.priority,
            age_seconds: since(call.arrived_at.as_ref(), now),
            arrived_at: call.arrived_at.as_ref().and_then(rfc_3339),
            state_seconds: since(call.state_since.as_ref(), now),
            queues: places.iter().map(|place| place.queue.clone()).collect(),
            places,
            awaits_agent: some(call.awaits_agent),
            awaits_until: call.awaits_until.as_ref().and_then(rfc_3339),
            agent: some(call.agent),
            also_offered_to: call.also_offered_to,
            offer_number: (call.offer_number > 0).then_some(call.offer_number),
            via_queue: some(call.via_queue),
            outcome,
        }
    }

    /// Who has it, or in brackets for whom it waits.
    pub(crate) fn whose_it_is(&self) -> String {
        let awaited = self.awaits_agent.as_ref().map(|agent| format!("({agent})"));
        let Some(agent) = &self.agent else { return awaited.unwrap_or_else(|| "-".to_owned()) };
        let others = self.also_offered_to.iter().map(String::as_str);
        std::iter::once(agent.as_str()).chain(others).collect::<Vec<_>>().join(", ")
    }

    /// The queues it stands in, else the one through which it was answered.
    pub(crate) fn where_it_is(&self) -> String {
        if self.queues.is_empty() {
            self.via_queue.clone().unwrap_or_default()
        } else {
            self.queues.join(", ")
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct EventRow {
    pub(crate) epoch: u64,
    pub(crate) number: u64,
    pub(crate) at: Option<String>,
    pub(crate) kind: String,
    pub(crate) call_id: Option<String>,
    pub(crate) adapter: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) queue: Option<String>,
    pub(crate) offer_number: Option<u64>,
    pub(crate) detail: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) origin: &'static str,
    pub(crate) origin_name: Option<String>,
    pub(crate) origin_reason: Option<String>,
}

impl EventRow {
    pub(crate) fn new(event: v1::Event) -> Self {
        let (adapter, call_id) = names(event.call);
        let position = event.position.unwrap_or_default();
        let origin = event.origin.unwrap_or_default();
        Self {
            epoch: position.epoch,
            number: position.number,
            at: event.at.as_ref().and_then(rfc_3339),
            kind: event.kind,
            call_id,
            adapter,
            agent: some(event.agent),
            queue: some(event.queue),
            offer_number: (event.offer_number > 0).then_some(event.offer_number),
            detail: some(event.detail),
            reason: some(event.reason),
            origin: match origin.kind() {
                v1::origin::Kind::Adapter => "adapter",
                v1::origin::Kind::Person => "person",
                v1::origin::Kind::Time => "time",
                v1::origin::Kind::Plan => "plan",
                v1::origin::Kind::Unspecified => "unknown",
            },
            origin_name: some(origin.name),
            origin_reason: some(origin.reason),
        }
    }
}

/// By skill.
pub(crate) type Levels = BTreeMap<String, u32>;

/// `billing 3, and spanish 5 or interpreter 1`; a dash for nothing.
pub(crate) fn asked_text(require: &Levels, any_of: &[Levels]) -> String {
    acd_words::asked_text(pairs(require), any_of.iter().map(pairs))
}

/// `billing 3, spanish 5`; a dash for nothing.
pub(crate) fn levels_text(levels: &Levels) -> String {
    acd_words::levels_text(pairs(levels))
}

fn pairs(levels: &Levels) -> impl Iterator<Item = (&str, u32)> {
    levels.iter().map(|(skill, level)| (skill.as_str(), *level))
}

pub(crate) fn presence(presence: v1::Presence) -> &'static str {
    match presence {
        v1::Presence::Unspecified => "unknown",
        v1::Presence::LoggedOut => "logged_out",
        v1::Presence::NotReady => "not_ready",
        v1::Presence::Ready => "ready",
    }
}

fn call_state(state: v1::CallState) -> &'static str {
    match state {
        v1::CallState::Unspecified => "unknown",
        v1::CallState::Waiting => "waiting",
        v1::CallState::Offering => "offering",
        v1::CallState::Connecting => "connecting",
        v1::CallState::Connected => "connected",
        v1::CallState::Held => "held",
        v1::CallState::Ended => "ended",
    }
}

fn outcome(outcome: v1::Outcome) -> Option<&'static str> {
    match outcome {
        v1::Outcome::Unspecified => None,
        v1::Outcome::Handled => Some("handled"),
        v1::Outcome::Abandoned => Some("abandoned"),
        v1::Outcome::ShortAbandoned => Some("short_abandoned"),
        v1::Outcome::Overflowed => Some("overflowed"),
        v1::Outcome::Vanished => Some("vanished"),
        v1::Outcome::Transferred => Some("transferred"),
        v1::Outcome::Rejected => Some("rejected"),
    }
}

fn since(at: Option<&Instant>, now: &Instant) -> Option<f64> {
    elapsed(at?, now).map(seconds)
}

pub(crate) fn thousandths(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

fn levels(levels: Vec<v1::SkillLevel>) -> Levels {
    levels.into_iter().map(|held| (held.skill, held.level)).collect()
}

fn names(call: Option<v1::CallRef>) -> (Option<String>, Option<String>) {
    call.map_or((None, None), |call| (some(call.adapter), some(call.call_id)))
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant { seconds: 1_000, nanos: 0 };

    #[test]
    fn a_queues_service_level_counts_those_who_gave_up() {
        let queue = v1::Queue {
            answered: 6,
            answered_in_time: 4,
            abandoned: 2,
            answered_wait: Some(prost_types::Duration { seconds: 90, nanos: 0 }),
            service_level_percent: 80,
            oldest_since: Some(Instant { seconds: 875, nanos: 0 }),
            ..v1::Queue::default()
        };
        let row = QueueRow::new(queue, &NOW);
        assert_eq!(row.service_level, Some(0.5));
        assert_eq!(row.asa_seconds, Some(15.0));
        assert_eq!(row.service_level_target, 0.8);
        assert_eq!(row.oldest_wait_seconds, Some(125.0));
    }

    #[test]
    fn a_queue_that_nobody_has_left_has_no_service_level() {
        let row = QueueRow::new(v1::Queue::default(), &NOW);
        assert_eq!((row.service_level, row.asa_seconds), (None, None));
        assert_eq!(row.oldest_wait_seconds, None);
    }

    #[test]
    fn a_call_has_its_names_and_its_queues() {
        let place = |queue: &str| v1::Place { queue: queue.to_owned(), ..v1::Place::default() };
        let call = v1::Call {
            call: Some(v1::CallRef { adapter: "manual".to_owned(), call_id: "c1".to_owned() }),
            state: v1::CallState::Waiting.into(),
            priority: 5,
            arrived_at: Some(Instant { seconds: 990, nanos: 500_000_000 }),
            places: vec![place("billing"), place("front-desk")],
            ..v1::Call::default()
        };
        let row = serde_json::to_value(CallRow::new(call, &NOW)).expect("plain data");
        assert_eq!(row["call_id"], "c1");
        assert_eq!(row["state"], "waiting");
        assert_eq!(row["age_seconds"], 9.5);
        assert_eq!(row["queues"], serde_json::json!(["billing", "front-desk"]));
        assert_eq!(row["agent"], serde_json::Value::Null);
    }

    #[test]
    fn a_skill_queue_lists_the_priorities_that_wait() {
        let line = v1::SkillQueue {
            queue: "billing".to_owned(),
            require: vec![v1::SkillLevel { skill: "billing".to_owned(), level: 3 }],
            depth: 3,
            depth_by_priority: vec![0, 0, 0, 0, 0, 2, 0, 0, 0, 1],
            ..v1::SkillQueue::default()
        };
        let row = serde_json::to_value(SkillQueueRow::new(line, &NOW)).expect("plain data");
        assert_eq!(row["require"], serde_json::json!({"billing": 3}));
        assert_eq!(row["depth_by_priority"], serde_json::json!({"5": 2, "9": 1}));
    }
}
