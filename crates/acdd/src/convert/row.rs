//! Rows of the view, as they stand on the wire.

use crate::convert::time::{position, span, timestamp};
use acd_core::{
    Channel, DeviceState, HeartbeatState, Outcome, Presence, Service, ServiceLevel, Timestamp,
};
use acd_engine::{
    AgentRow, Asked, CallCard, CallRow, CallState, EventRow, MessageRow, OfferRow, Origin,
    PlaceRow, QueueRow, SkillForNowRow, SkillLevels, SkillQueueRow, SlotRow, SlotWord,
};
use acd_proto::v1;

/// A queue.
pub(crate) fn queue(row: &QueueRow) -> v1::Queue {
    let ServiceLevel { answered_percent, within } = row.service_level;
    v1::Queue {
        queue: row.queue.to_string(),
        waiting: row.waiting,
        offering: row.offering,
        connected: row.connected,
        oldest_since: row.oldest_since.map(timestamp),
        agents_staffed: row.agents.staffed,
        agents_working: row.agents.working,
        agents_available: row.agents.available,
        agents_qualified: row.agents_qualified,
        entered: row.entered,
        answered: row.answered,
        abandoned: row.abandoned,
        overflowed: row.overflowed,
        answered_in_time: row.answered_in_time,
        answered_wait: Some(span(row.answered_wait)),
        service_level_percent: u32::from(answered_percent),
        service_level_within: Some(span(within)),
        closed: row.closed,
        active_rules: row.active_rules.iter().map(|rule| rule.to_string()).collect(),
        rejected: row.rejected,
        closed_until: row.closed_until.map(timestamp),
        closed_by: row.closed_by.to_string(),
        closed_reason: row.closed_reason.to_string(),
        estimated_wait: row.estimated_wait.map(span),
    }
}

/// A skill queue.
pub(crate) fn skill_queue(row: &SkillQueueRow) -> v1::SkillQueue {
    v1::SkillQueue {
        queue: row.queue.to_string(),
        require: skill_levels(&row.require.skills),
        any_of: any_of(&row.require),
        depth: row.depth,
        depth_by_priority: row.depth_by_priority.iter().map(|depth| u64::from(*depth)).collect(),
        head_since: row.head_since.map(timestamp),
        agents_staffed: row.agents.staffed,
        agents_working: row.agents.working,
        agents_available: row.agents.available,
    }
}

/// An agent.
pub(crate) fn agent(row: &AgentRow) -> v1::Agent {
    v1::Agent {
        agent: row.agent.to_string(),
        name: row.name.to_string(),
        presence: presence(row.presence).into(),
        reason: row.reason.to_string(),
        presence_since: row.presence_since.map(timestamp),
        pending: row.pending.map_or(v1::Presence::Unspecified, presence).into(),
        slots: row.slots.iter().map(slot).collect(),
        skills: skill_levels(&row.skills),
        skills_for_now: row.skills_for_now.iter().map(skill_for_now).collect(),
        state: row.state.to_owned(),
        state_since: row.state_since.map(timestamp),
        pending_reason: row.pending_reason.to_string(),
        device: device(row.device).into(),
        heartbeat: heartbeat(row.heartbeat).into(),
        queues: row.queues.iter().map(|(queue, how)| queue_service(queue, *how)).collect(),
        only: row.only,
    }
}

fn skill_for_now(row: &SkillForNowRow) -> v1::SkillForNow {
    v1::SkillForNow {
        skill: row.skill.to_string(),
        level: row.level.unwrap_or(0).into(),
        until: row.until.map(timestamp),
    }
}

fn queue_service(queue: &str, Service { rank, delay }: Service) -> v1::QueueService {
    v1::QueueService { queue: queue.to_owned(), rank: rank.into(), delay: Some(span(delay)) }
}

/// A call.
pub(crate) fn call(row: &CallRow) -> v1::Call {
    v1::Call {
        call: Some(call_ref(&row.call)),
        state: call_state(row.state).into(),
        priority: u32::from(row.priority.get()),
        arrived_at: Some(timestamp(row.arrived_at)),
        places: row.places.iter().map(place).collect(),
        agent: row.agent.as_deref().unwrap_or_default().to_owned(),
        offer_number: row.offer,
        state_since: Some(timestamp(row.state_since)),
        via_queue: row.via_queue.as_deref().unwrap_or_default().to_owned(),
        outcome: row.outcome.map_or(v1::Outcome::Unspecified, outcome).into(),
        channel: channel(row.channel).into(),
        awaits_agent: row.awaits.as_ref().map(|(agent, _)| agent.to_string()).unwrap_or_default(),
        also_offered_to: row.also_offered_to.iter().map(|agent| agent.to_string()).collect(),
        awaits_until: row.awaits.as_ref().map(|(_, until)| timestamp(*until)),
    }
}

/// An event.
pub(crate) fn event(row: &EventRow) -> v1::Event {
    v1::Event {
        position: Some(position(row.position)),
        at: Some(timestamp(row.at)),
        origin: Some(origin(&row.origin)),
        kind: row.kind.to_owned(),
        call: row.call.as_deref().map(call_ref),
        agent: row.agent.as_deref().unwrap_or_default().to_owned(),
        queue: row.queue.as_deref().unwrap_or_default().to_owned(),
        offer_number: row.offer,
        detail: row.detail.to_string(),
        reason: row.reason.to_string(),
    }
}

/// An offer, for the agent whom it is out to.
pub(crate) fn agent_offer(row: &OfferRow) -> v1::AgentOffer {
    v1::AgentOffer {
        offer_number: row.offer,
        call: Some(call_ref(&row.call)),
        queue: row.queue.to_string(),
        priority: u32::from(row.priority.get()),
        ring_until: Some(timestamp(row.ring_until)),
        attributes: row.call.attributes.iter().cloned().collect(),
    }
}

/// A message, for an agent whom it has reached.
pub(crate) fn agent_message(row: &MessageRow) -> v1::AgentMessage {
    v1::AgentMessage {
        number: row.number,
        at: Some(timestamp(row.at)),
        from: row.from.to_string(),
        text: row.text.to_string(),
    }
}

pub(crate) fn call_ref(card: &CallCard) -> v1::CallRef {
    v1::CallRef { adapter: card.adapter.to_string(), call_id: card.call_id.to_string() }
}

fn place(row: &PlaceRow) -> v1::Place {
    place_of(&row.queue, row.since, &row.require)
}

pub(crate) fn place_of(queue: &str, since: Timestamp, require: &Asked) -> v1::Place {
    v1::Place {
        queue: queue.to_owned(),
        since: Some(timestamp(since)),
        require: skill_levels(&require.skills),
        any_of: any_of(require),
    }
}

fn slot(row: &SlotRow) -> v1::Slot {
    let state = match row.state {
        SlotWord::Free => v1::SlotState::Free,
        SlotWord::WrapUp => v1::SlotState::WrapUp,
        SlotWord::Reserved => v1::SlotState::Reserved,
        SlotWord::Connecting => v1::SlotState::Connecting,
        SlotWord::Held => v1::SlotState::Held,
        SlotWord::Talking => v1::SlotState::Talking,
    };
    v1::Slot {
        state: state.into(),
        call: row.call.as_deref().map(call_ref),
        offer_number: row.offer,
        since: row.since.map(timestamp),
        until: row.until.map(timestamp),
        channel: channel(row.channel).into(),
        queue: row.queue.as_deref().unwrap_or_default().to_owned(),
        dispositions: row.dispositions.iter().map(ToString::to_string).collect(),
    }
}

pub(crate) const fn channel(channel: Channel) -> v1::Channel {
    match channel {
        Channel::Voice => v1::Channel::Voice,
        Channel::Chat => v1::Channel::Chat,
        Channel::Text => v1::Channel::Text,
        Channel::Callback => v1::Channel::Callback,
        Channel::Task => v1::Channel::Task,
    }
}

fn skill_levels(levels: &SkillLevels) -> Vec<v1::SkillLevel> {
    levels
        .iter()
        .map(|(skill, level)| v1::SkillLevel { skill: skill.to_string(), level: u32::from(*level) })
        .collect()
}

fn any_of(asked: &Asked) -> Vec<v1::SkillLevels> {
    asked.any_of.iter().map(|one| v1::SkillLevels { skills: skill_levels(one) }).collect()
}

fn presence(presence: Presence) -> v1::Presence {
    match presence {
        Presence::LoggedOut => v1::Presence::LoggedOut,
        Presence::NotReady(_) => v1::Presence::NotReady,
        Presence::Ready => v1::Presence::Ready,
    }
}

fn heartbeat(heartbeat: HeartbeatState) -> v1::HeartbeatState {
    match heartbeat {
        HeartbeatState::None => v1::HeartbeatState::None,
        HeartbeatState::Kept => v1::HeartbeatState::Kept,
        HeartbeatState::Lost => v1::HeartbeatState::Lost,
    }
}

fn device(device: DeviceState) -> v1::DeviceState {
    match device {
        DeviceState::Up => v1::DeviceState::Up,
        DeviceState::Busy => v1::DeviceState::Busy,
        DeviceState::Down => v1::DeviceState::Down,
    }
}

fn call_state(state: CallState) -> v1::CallState {
    match state {
        CallState::Waiting => v1::CallState::Waiting,
        CallState::Offering => v1::CallState::Offering,
        CallState::Connecting => v1::CallState::Connecting,
        CallState::Connected => v1::CallState::Connected,
        CallState::Held => v1::CallState::Held,
        CallState::Ended => v1::CallState::Ended,
    }
}

fn outcome(outcome: Outcome) -> v1::Outcome {
    match outcome {
        Outcome::Handled => v1::Outcome::Handled,
        Outcome::Abandoned => v1::Outcome::Abandoned,
        Outcome::ShortAbandoned => v1::Outcome::ShortAbandoned,
        Outcome::Overflowed => v1::Outcome::Overflowed,
        Outcome::Vanished => v1::Outcome::Vanished,
        Outcome::Transferred => v1::Outcome::Transferred,
        Outcome::Rejected => v1::Outcome::Rejected,
    }
}

fn origin(origin: &Origin) -> v1::Origin {
    use v1::origin::Kind;
    let (kind, name, reason) = match origin {
        Origin::Adapter(adapter) => (Kind::Adapter, adapter.to_string(), String::new()),
        Origin::Person { name, reason } => (Kind::Person, name.to_string(), reason.to_string()),
        Origin::Time => (Kind::Time, String::new(), String::new()),
        Origin::Plan => (Kind::Plan, String::new(), String::new()),
    };
    v1::Origin { kind: kind.into(), name, reason }
}
