//! Rows of agents: what they are and what they have in hand.

use super::{Levels, levels, levels_text, names, presence, since, some};
use crate::channel;
use crate::times::{Instant, length, rfc_3339, seconds};
use acd_proto::v1;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct AgentRow {
    pub(crate) agent: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) state_seconds: Option<f64>,
    pub(crate) presence: &'static str,
    pub(crate) presence_seconds: Option<f64>,
    pub(crate) reason: Option<String>,
    pub(crate) pending: Option<&'static str>,
    pub(crate) pending_reason: Option<String>,
    pub(crate) device: &'static str,
    pub(crate) heartbeat: &'static str,
    pub(crate) skills: Levels,
    pub(crate) skills_for_now: Vec<SkillForNowRow>,
    pub(crate) queues: Vec<ServiceRow>,
    pub(crate) only: bool,
    pub(crate) slots: Vec<SlotRow>,
}

#[derive(Debug, Serialize)]
pub(crate) struct SkillForNowRow {
    pub(crate) skill: String,
    /// Null if it was taken.
    pub(crate) level: Option<u32>,
    pub(crate) until: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ServiceRow {
    pub(crate) queue: String,
    pub(crate) rank: u32,
    pub(crate) delay_seconds: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct SlotRow {
    pub(crate) channel: &'static str,
    pub(crate) state: &'static str,
    pub(crate) call_id: Option<String>,
    pub(crate) adapter: Option<String>,
    pub(crate) offer_number: Option<u64>,
    pub(crate) seconds: Option<f64>,
    pub(crate) until: Option<String>,
    /// In wrap-up: the queue of the call, and what may be said of how it came out.
    pub(crate) queue: Option<String>,
    pub(crate) dispositions: Vec<String>,
}

impl AgentRow {
    /// The calls that his state is about: those in wrap-up only if he has nothing else in hand.
    pub(crate) fn calls(&self) -> String {
        let in_wrap_up = self.state == "wrap_up";
        let slots = self.slots.iter().filter(|slot| in_wrap_up || slot.state != "wrap_up");
        let calls: Vec<&str> = slots.filter_map(|slot| slot.call_id.as_deref()).collect();
        calls.join(", ")
    }

    /// `billing 3, spanish 5; for now: spanish 5, no nurse`.
    pub(crate) fn skills_text(&self) -> String {
        let held = levels_text(&self.skills);
        let for_now: Vec<String> = self.skills_for_now.iter().map(SkillForNowRow::text).collect();
        match (held.as_str(), &*for_now) {
            (_, []) => held,
            ("", changed) => format!("for now: {}", changed.join(", ")),
            (_, changed) => format!("{held}; for now: {}", changed.join(", ")),
        }
    }

    /// `with c1, c2` or `after c3`, behind a blank; nothing without a call.
    pub(crate) fn with_calls(&self) -> String {
        let with = if self.state == "wrap_up" { "after" } else { "with" };
        match self.calls() {
            calls if calls.is_empty() => calls,
            calls => format!(" {with} {calls}"),
        }
    }

    pub(crate) fn new(agent: v1::Agent, now: &Instant) -> Self {
        let pending = agent.pending();
        let presence = presence(agent.presence());
        let device = device(agent.device());
        let heartbeat = heartbeat(agent.heartbeat());
        Self {
            state_seconds: since(agent.state_since.as_ref(), now),
            presence,
            presence_seconds: since(agent.presence_since.as_ref(), now),
            pending: (pending != v1::Presence::Unspecified).then(|| self::presence(pending)),
            pending_reason: some(agent.pending_reason),
            device,
            heartbeat,
            reason: some(agent.reason),
            skills: levels(agent.skills),
            skills_for_now: agent.skills_for_now.into_iter().map(SkillForNowRow::new).collect(),
            queues: agent.queues.into_iter().map(ServiceRow::new).collect(),
            only: agent.only,
            slots: agent.slots.into_iter().map(|slot| SlotRow::new(slot, now)).collect(),
            agent: agent.agent,
            name: agent.name,
            state: agent.state,
        }
    }
}

impl SkillForNowRow {
    fn new(row: v1::SkillForNow) -> Self {
        let until = row.until.as_ref().and_then(rfc_3339);
        Self { skill: row.skill, level: (row.level > 0).then_some(row.level), until }
    }

    /// `spanish 5` or `no spanish`.
    fn text(&self) -> String {
        let skill = &self.skill;
        self.level.map_or_else(|| format!("no {skill}"), |level| format!("{skill} {level}"))
    }
}

impl ServiceRow {
    fn new(service: v1::QueueService) -> Self {
        let v1::QueueService { queue, rank, delay } = service;
        Self { queue, rank, delay_seconds: seconds(length(delay.as_ref())) }
    }
}

impl SlotRow {
    fn new(slot: v1::Slot, now: &Instant) -> Self {
        let (state, channel) = (slot_state(slot.state()), channel::word(slot.channel()));
        let (adapter, call_id) = names(slot.call);
        Self {
            channel,
            state,
            call_id,
            adapter,
            offer_number: (slot.offer_number > 0).then_some(slot.offer_number),
            seconds: since(slot.since.as_ref(), now),
            until: slot.until.as_ref().and_then(rfc_3339),
            queue: some(slot.queue),
            dispositions: slot.dispositions,
        }
    }
}

fn heartbeat(heartbeat: v1::HeartbeatState) -> &'static str {
    match heartbeat {
        v1::HeartbeatState::Unspecified => "unknown",
        v1::HeartbeatState::None => "none",
        v1::HeartbeatState::Kept => "kept",
        v1::HeartbeatState::Lost => "lost",
    }
}

fn device(device: v1::DeviceState) -> &'static str {
    match device {
        v1::DeviceState::Unspecified => "unknown",
        v1::DeviceState::Up => "up",
        v1::DeviceState::Busy => "busy",
        v1::DeviceState::Down => "down",
    }
}

fn slot_state(state: v1::SlotState) -> &'static str {
    match state {
        v1::SlotState::Unspecified => "unknown",
        v1::SlotState::Free => "free",
        v1::SlotState::Reserved => "reserved",
        v1::SlotState::Connecting => "connecting",
        v1::SlotState::Talking => "talking",
        v1::SlotState::Held => "held",
        v1::SlotState::WrapUp => "wrap_up",
    }
}
