//! Agents' rows, and the counts of who is staffed, working and available.

use super::rows::{AgentRow, SkillForNowRow, SlotRow, SlotWord, Staffing};
use super::{View, words};
use crate::names::Names;
use acd_core::{
    AgentId, AgentPlan, Channel, Channels, DeviceState, HeartbeatState, Presence, QueueId,
    SkillFacts, SlotState, Timestamp,
};
use acd_journal::CallCard;
use std::sync::Arc;

/// An agent who has not logged in yet.
pub(super) fn row_of_a_stranger(id: Arc<str>, plan: &AgentPlan, names: &Names) -> AgentRow {
    AgentRow {
        agent: id,
        name: Arc::from(&*plan.name),
        presence: Presence::LoggedOut,
        reason: Arc::from(""),
        presence_since: None,
        pending: None,
        pending_reason: Arc::from(""),
        device: DeviceState::Up,
        heartbeat: HeartbeatState::None,
        slots: plan.slots().map(|channel| SlotRow { channel, ..SlotRow::default() }).collect(),
        skills: names.skill_levels(&plan.skills),
        skills_for_now: Vec::new(),
        queues: plan.queues.iter().map(|(it, how)| (names.queue(*it).clone(), *how)).collect(),
        only: plan.only,
        state: words::presence(Presence::LoggedOut),
        state_since: None,
    }
}

impl AgentRow {
    /// One for each of the three that he counts as.
    fn counts_as(&self, channels: &Channels) -> Staffing {
        let staffed = self.presence != Presence::LoggedOut;
        let working = self.presence == Presence::Ready;
        let may_ring = |channel| self.device == DeviceState::Up || channel != Channel::Voice;
        let held = |slot: &&SlotRow| slot.state != SlotWord::Free;
        let may_be_offered = |channel| {
            let mut held = self.slots.iter().filter(held);
            may_ring(channel) && held.all(|slot| channels.allow(channel, slot.channel))
        };
        let mut free = self.slots.iter().filter(|slot| slot.state == SlotWord::Free);
        let has_room = free.any(|slot| may_be_offered(slot.channel));
        Staffing {
            staffed: u64::from(staffed),
            working: u64::from(working),
            available: u64::from(working && has_room && self.pending.is_none()),
        }
    }

    /// The instants of a domain that goes on: when the presence, and when the state shown, began.
    pub(super) fn restored(&mut self, presence_since: Option<Timestamp>) {
        self.presence_since = presence_since;
        let busiest = self.slots.iter().map(|slot| slot.state).max().unwrap_or_default();
        let of_slots = self.slots.iter().filter(|slot| slot.state == busiest);
        let since = of_slots.filter_map(|slot| slot.since).min();
        self.state_since =
            if busiest == SlotWord::Free { presence_since.max(since) } else { since };
    }

    fn state_word(&self) -> &'static str {
        let busiest = self.slots.iter().map(|slot| slot.state).max().unwrap_or_default();
        if busiest == SlotWord::Free {
            words::presence(self.presence)
        } else {
            words::slot(busiest)
        }
    }
}

impl View {
    pub(super) fn presence_changed(
        &mut self,
        agent: AgentId,
        presence: Presence,
        pending: Option<Presence>,
    ) {
        let at = self.at;
        let reason = self.names.reason(presence);
        let pending_reason = pending.map_or_else(|| Arc::from(""), |to| self.names.reason(to));
        if presence == Presence::LoggedOut {
            self.forget_messages_to(agent);
        }
        self.change_agent(agent, |row| {
            if row.presence != presence {
                row.presence_since = Some(at);
            }
            row.presence = presence;
            row.reason = reason;
            row.pending = pending;
            row.pending_reason = pending_reason;
        });
    }

    /// What he has of a skill is this; he counts wherever he may serve by it.
    pub(super) fn skill_changed(&mut self, agent: AgentId, changed: SkillFacts, for_now: bool) {
        let Some(row) = self.agents.get(agent.index()) else { return };
        let counts_as = row.counts_as(&self.names.plan.channels);
        self.count_where_he_serves(agent, counts_as, Staffing::default());
        let skills = self.qualified.skill_changed(&self.names.plan, agent, changed);
        let skills = self.names.skill_levels(skills);
        for (row, queue) in self.queues.iter_mut().zip((0..).map(QueueId)) {
            row.agents_qualified = self.qualified.of_queue(queue);
        }
        let SkillFacts { skill, level, until } = changed;
        let row = &mut self.agents[agent.index()];
        row.skills = skills;
        let skill = self.names.skill(skill).clone();
        row.skills_for_now.retain(|it| it.skill != skill);
        if for_now {
            let at = row.skills_for_now.partition_point(|it| it.skill < skill);
            row.skills_for_now.insert(at, SkillForNowRow { skill, level, until });
        }
        self.changed.agents.mark(agent.index());
        self.count_where_he_serves(agent, Staffing::default(), counts_as);
    }

    pub(super) fn device_changed(&mut self, agent: AgentId, device: DeviceState) {
        self.change_agent(agent, |row| row.device = device);
    }

    pub(super) fn heartbeat_changed(&mut self, agent: AgentId, heartbeat: HeartbeatState) {
        self.change_agent(agent, |row| row.heartbeat = heartbeat);
    }

    /// `card` names the call in it.
    pub(super) fn slot_changed(
        &mut self,
        agent: AgentId,
        slot: u8,
        state: SlotState,
        card: Option<Arc<CallCard>>,
    ) {
        let mut new =
            SlotRow { state: words::word_of(state), since: Some(self.at), ..SlotRow::default() };
        match state {
            SlotState::Reserved { offer, .. } => new.offer = offer.0,
            SlotState::WrapUp { until, queue, .. } => {
                new.until = Some(until);
                new.queue = Some(self.names.queue(queue).clone());
                new.dispositions = self.names.dispositions(queue);
            }
            SlotState::Free
            | SlotState::Connecting { .. }
            | SlotState::Talking { .. }
            | SlotState::Held { .. } => {}
        }
        new.call = card;
        self.change_agent(agent, |row| {
            if let Some(slot) = row.slots.get_mut(usize::from(slot)) {
                *slot = SlotRow { channel: slot.channel, ..new };
            }
        });
    }

    pub(super) fn wrap_up_extended(&mut self, agent: AgentId, slot: u8, until: Timestamp) {
        self.change_agent(agent, |row| {
            if let Some(slot) = row.slots.get_mut(usize::from(slot)) {
                slot.until = Some(until);
            }
        });
    }

    /// Changes a row, then the state word and every count that follows from it.
    fn change_agent(&mut self, agent: AgentId, change: impl FnOnce(&mut AgentRow)) {
        let Some(row) = self.agents.get_mut(agent.index()) else { return };
        let channels = &self.names.plan.channels;
        let before = row.counts_as(channels);
        change(row);
        let state = row.state_word();
        if row.state != state {
            row.state = state;
            row.state_since = Some(self.at);
        }
        let after = row.counts_as(channels);
        self.changed.agents.mark(agent.index());
        if before == after {
            return;
        }
        self.logged_in = self.logged_in + after.staffed - before.staffed;
        self.count_where_he_serves(agent, before, after);
    }

    fn count_where_he_serves(&mut self, agent: AgentId, before: Staffing, after: Staffing) {
        for (demand, own_of) in self.qualified.of(agent) {
            self.skill_queues[demand.index()].agents.exchange(before, after);
            self.changed.skill_queues.mark(demand.index());
            if let Some(queue) = own_of {
                self.queues[queue.index()].agents.exchange(before, after);
                self.changed.queues.mark(queue.index());
            }
        }
    }
}

impl Staffing {
    /// One agent counted as `before` and counts as `after` now.
    fn exchange(&mut self, before: Self, after: Self) {
        self.staffed = self.staffed + after.staffed - before.staffed;
        self.working = self.working + after.working - before.working;
        self.available = self.available + after.available - before.available;
    }
}
