//! What the books know of an agent, and how it changes.

use acd_core::{
    AgentPlan, Channel, DeviceState, HeartbeatState, OfferNumber, Presence, SkillId, SlotState,
    Span, Timestamp,
};
use std::collections::BTreeMap;

#[derive(Clone)]
pub(crate) struct Agent {
    pub(crate) presence: Presence,
    pub(crate) pending: Option<Presence>,
    pub(crate) device: DeviceState,
    pub(crate) heartbeat: HeartbeatState,
    pub(crate) slots: Vec<SlotState>,
    /// When each slot became what it is.
    pub(crate) slots_since: Vec<Timestamp>,
    /// Skills that are not as planned: the level, if he has it, and until when.
    pub(crate) skills: BTreeMap<SkillId, (Option<u8>, Option<Timestamp>)>,
    /// Unanswered offers in a row.
    pub(crate) missed: u32,
    pub(super) presence_since: Option<Timestamp>,
    /// By channel of which he takes calls.
    pub(crate) idle_since: BTreeMap<Channel, Timestamp>,
    pub(crate) last_offer: OfferNumber,
    /// Since he logged in.
    pub(super) connected: u32,
    pub(super) busy: Span,
    pub(super) busy_since: Option<Timestamp>,
    pub(super) ready: Span,
    pub(super) ready_since: Option<Timestamp>,
    /// Busy and ready as they stood when he became available.
    pub(super) occupation: (u64, u64),
}

impl Agent {
    pub(super) fn new(planned: &AgentPlan) -> Self {
        let slots = planned.slots().count();
        Self {
            presence: Presence::LoggedOut,
            pending: None,
            device: DeviceState::Up,
            heartbeat: HeartbeatState::None,
            slots: vec![SlotState::Free; slots],
            slots_since: vec![Timestamp(0); slots],
            skills: BTreeMap::new(),
            missed: 0,
            idle_since: planned.slots().map(|channel| (channel, Timestamp(0))).collect(),
            presence_since: None,
            last_offer: OfferNumber(0),
            connected: 0,
            busy: Span(0),
            busy_since: None,
            ready: Span(0),
            ready_since: None,
            occupation: (0, 0),
        }
    }

    pub(super) fn presence_becomes(&mut self, presence: Presence, now: Timestamp) {
        let before = std::mem::replace(&mut self.presence, presence);
        if before != presence {
            self.presence_since = Some(now);
        }
        if before == Presence::LoggedOut && presence != Presence::LoggedOut {
            (self.busy, self.ready, self.connected) = (Span(0), Span(0), 0);
            self.busy_since = self.busy_since.map(|_| now);
        }
        if presence != Presence::Ready
            && let Some(since) = self.ready_since.take()
        {
            self.ready = self.ready + now.since(since);
        }
        if presence == Presence::Ready && before != Presence::Ready {
            (self.missed, self.ready_since) = (0, Some(now));
            self.idle_since.values_mut().for_each(|since| *since = now);
        }
        self.becomes_available(now);
    }

    pub(super) fn slot_becomes(
        &mut self,
        slot: usize,
        channel: Channel,
        state: SlotState,
        now: Timestamp,
    ) {
        let before = std::mem::replace(&mut self.slots[slot], state);
        self.slots_since[slot] = now;
        self.count_busy(now);
        if state == SlotState::Free {
            match before {
                SlotState::Talking { .. } | SlotState::Held { .. } | SlotState::WrapUp { .. } => {
                    self.idle_since.insert(channel, now);
                }
                SlotState::Free | SlotState::Reserved { .. } | SlotState::Connecting { .. } => {}
            }
            self.becomes_available(now);
        }
    }

    pub(super) fn count_busy(&mut self, now: Timestamp) {
        let is_busy = self.slots.iter().any(|slot| *slot != SlotState::Free);
        if is_busy {
            self.busy_since.get_or_insert(now);
        } else if let Some(since) = self.busy_since.take() {
            self.busy = self.busy + now.since(since);
        }
    }

    /// What he has done up to now is what criteria look at from now on.
    pub(super) fn becomes_available(&mut self, now: Timestamp) {
        let until_now = |since: Option<Timestamp>| since.map_or(0, |since| now.since(since).0);
        let busy = self.busy.0 + until_now(self.busy_since);
        self.occupation = (busy, self.ready.0 + until_now(self.ready_since));
    }
}
