//! What the Router knows of an agent: presence, slots, and where he stands among the idle.
//!
//! He takes calls of each channel at a desk of its own: it has his slots there, and a place among
//! those who are available at desks of the same kind.

use crate::chance::draw;
use crate::deadlines::Ticket;
use crate::event::{DeviceState, HeartbeatState, NotReadyReason, Presence, SlotState};
use crate::few::Few;
use crate::gauges::Counted;
use crate::ids::{AdapterId, AgentId, OfferNumber, Span, Timestamp};
use crate::plan::{AgentPlan, Channel, Channels, DeskPlan};
use crate::selection::{Measures, Occupation};
use crate::skills::SkillsForNow;

/// Where agents of one pool stand to each other where nothing else decides: less is offered first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AgentKey {
    /// He left his last offer unanswered.
    pub(crate) missed: bool,
    pub(crate) idle_since: Timestamp,
    pub(crate) agent: AgentId,
}

#[derive(Debug)]
pub(crate) struct Agent {
    /// What he has asked for, or was made.
    pub(crate) wanted: Presence,
    /// Since when `presence` is what it is; none before he first logs in.
    pub(crate) presence_since: Option<Timestamp>,
    /// What he has asked for while a call was in his hands.
    pub(crate) asked: Option<Presence>,
    /// How his device is, as its PBX says.
    pub(crate) device: DeviceState,
    /// Whether his desktop is heard.
    pub(crate) heartbeat: HeartbeatState,
    /// Offers left unanswered in a row.
    pub(crate) missed: u32,
    pub(crate) shift: Shift,
    /// The latest that he was given; 0 for none.
    pub(crate) last_offer: OfferNumber,
    /// How many calls skip him for now.
    pub(crate) skipped_by: u32,
    /// One for each channel of which he takes calls.
    pub(crate) desks: Few<Desk>,
    /// Of all desks, in their order.
    pub(crate) slots: Few<Slot>,
    /// His skills where they are not as planned.
    pub(crate) skills: Option<Box<SkillsForNow>>,
    /// What he counts as, in his pool and where a latch looks at agents.
    pub(crate) counted: Counted,
}

/// Where he takes calls of one channel.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) channel: Channel,
    /// His slots there begin here ...
    first: u8,
    /// ... and are so many.
    capacity: u8,
    pub(crate) idle_since: Timestamp,
    pub(crate) pool: u32,
    /// Where he stands with the skills that he is planned to have.
    pub(crate) planned_pool: u32,
    /// The adapter that rings him; without one, the call's own.
    pub(crate) adapter: Option<AdapterId>,
    /// The key under which he stands in his pool, while available.
    pub(crate) listed: Option<AgentKey>,
    /// What he stands by in the pool's other orders; none before it has had some.
    measured: Option<Box<Measures>>,
}

/// What an agent has done since he logged in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shift {
    /// With a slot that is not free, up to `busy_since` while he has one.
    pub(crate) busy: Span,
    pub(crate) busy_since: Option<Timestamp>,
    /// Ready, up to the present presence.
    pub(crate) ready: Span,
    pub(crate) connected: u32,
    /// As it stood when he became available.
    pub(crate) occupation: Occupation,
}

#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) state: SlotState,
    /// Since when; none before it is first used.
    pub(crate) since: Option<Timestamp>,
    /// Of the end of wrap-up.
    pub(crate) ticket: Ticket,
}

impl Agent {
    /// `pools` are those of his desks.
    pub(crate) fn new(planned: &AgentPlan, pools: impl IntoIterator<Item = u32>) -> Self {
        let slot = Slot { state: SlotState::Free, since: None, ticket: Ticket::NONE };
        let mut first = 0;
        let desk = |(desk, pool): (&DeskPlan, u32)| {
            let begins = first;
            first += desk.capacity;
            Desk {
                channel: desk.channel,
                first: begins,
                capacity: desk.capacity,
                idle_since: Timestamp(0),
                pool,
                planned_pool: pool,
                adapter: desk.endpoint.as_ref().map(|endpoint| endpoint.adapter),
                listed: None,
                measured: None,
            }
        };
        let desks: Few<Desk> = planned.desks.iter().zip(pools).map(desk).collect();
        Self {
            wanted: Presence::LoggedOut,
            presence_since: None,
            asked: None,
            device: DeviceState::Up,
            heartbeat: HeartbeatState::None,
            missed: 0,
            shift: Shift::default(),
            last_offer: OfferNumber(0),
            skipped_by: 0,
            desks,
            slots: std::iter::repeat_n(slot, usize::from(first)).collect(),
            skills: None,
            counted: Counted::default(),
        }
    }

    /// Where he takes calls of a channel, if he does.
    pub(crate) fn desk(&self, channel: Channel) -> Option<&Desk> {
        let slots = channel.of_slots();
        self.desks.iter().find(|desk| desk.channel == slots)
    }

    /// The desk that has a slot.
    pub(crate) fn desk_of_mut(&mut self, slot: u8) -> Option<&mut Desk> {
        self.desks.iter_mut().find(|desk| desk.slots().contains(&usize::from(slot)))
    }

    /// A slot of a desk that is free.
    pub(crate) fn free_slot(&self, desk: &Desk) -> Option<u8> {
        let free = desk.slots().find(|slot| self.slots[*slot].state.is_free())?;
        Some(free as u8)
    }

    /// Nobody at work is ready while his device is out of service or his desktop silent.
    pub(crate) fn presence(&self) -> Presence {
        let prevented_by = match (self.device, self.heartbeat) {
            (DeviceState::Down, _) => NotReadyReason::DeviceOutOfService,
            (_, HeartbeatState::Lost) => NotReadyReason::HeartbeatLost,
            (DeviceState::Up | DeviceState::Busy, HeartbeatState::None | HeartbeatState::Kept) => {
                return self.wanted;
            }
        };
        match self.wanted {
            Presence::LoggedOut => Presence::LoggedOut,
            Presence::NotReady(_) | Presence::Ready => Presence::NotReady(prevented_by),
        }
    }

    /// What the presence will be once he has no call, or once his device or desktop is back.
    pub(crate) fn pending(&self) -> Option<Presence> {
        self.asked.or_else(|| (self.presence() != self.wanted).then_some(self.wanted))
    }

    /// Done with a call but for his notes, and nothing else asked for: he is about to be free.
    pub(crate) fn is_at_notes(&self) -> bool {
        let rests = |slot: &Slot| slot.state.in_wrap_up().is_some();
        self.asked.is_none() && self.slots.iter().any(rests)
    }

    /// Ready, nothing else asked for, his telephone in no call of its own where that is what rings,
    /// a slot free, and nothing in hand that bars calls of the channel.
    pub(crate) fn is_available_at(&self, desk: &Desk, channels: &Channels) -> bool {
        let may_ring = self.device == DeviceState::Up || desk.channel != Channel::Voice;
        self.free_slot(desk).is_some()
            && self.presence() == Presence::Ready
            && self.asked.is_none()
            && may_ring
            && self
                .desks
                .iter()
                .all(|other| channels.allow(desk.channel, other.channel) || !self.holds_some(other))
    }

    /// Whether he could be offered a call of some channel.
    pub(crate) fn is_available(&self, channels: &Channels) -> bool {
        self.desks.iter().any(|desk| self.is_available_at(desk, channels))
    }

    pub(crate) fn holds_some(&self, desk: &Desk) -> bool {
        desk.slots().any(|slot| !self.slots[slot].state.is_free())
    }

    /// A call is in his hands, from accept to the end of wrap-up.
    pub(crate) fn is_busy(&self) -> bool {
        self.slots.iter().any(|slot| match slot.state {
            SlotState::Free | SlotState::Reserved { .. } => false,
            SlotState::Connecting { .. }
            | SlotState::Talking { .. }
            | SlotState::Held { .. }
            | SlotState::WrapUp { .. } => true,
        })
    }

    pub(crate) fn key(&self, agent: AgentId, desk: &Desk) -> AgentKey {
        AgentKey { missed: self.missed > 0, idle_since: desk.idle_since, agent }
    }

    /// Where he stands by the longest that he has been idle at any desk at which he is available.
    pub(crate) fn longest_idle(&self) -> Option<AgentKey> {
        self.desks.iter().filter_map(|desk| desk.listed).min()
    }

    /// Whether he stands among those who are available at some desk.
    pub(crate) fn is_listed(&self) -> bool {
        self.desks.iter().any(|desk| desk.listed.is_some())
    }

    pub(crate) fn measures(&self, agent: AgentId, seed: u64) -> Measures {
        Measures {
            occupation: self.shift.occupation,
            connected: self.shift.connected,
            last_offer: self.last_offer,
            // He has another place on the circle after each offer.
            chance: draw(seed, u64::from(agent.0), self.last_offer.0),
        }
    }

    /// His presence was `before`, and may be another one now.
    pub(crate) fn presence_changed(&mut self, before: Presence, now: Timestamp) {
        let presence = self.presence();
        if presence == before {
            return;
        }
        let since = self.presence_since.replace(now);
        if before == Presence::Ready {
            self.shift.ready = self.shift.ready + since.map_or(Span(0), |since| now.since(since));
        }
        if before == Presence::LoggedOut {
            let busy_since = self.shift.busy_since.map(|_| now);
            self.shift = Shift { busy_since, ..Shift::default() };
        }
        if presence == Presence::Ready {
            self.missed = 0;
            self.desks.iter_mut().for_each(|desk| desk.idle_since = now);
        }
    }

    /// Keeps his occupation as it is now.
    pub(crate) fn becomes_available(&mut self, now: Timestamp) {
        let Shift { busy, busy_since, ready, .. } = self.shift;
        let since = |since: Option<Timestamp>| since.map_or(Span(0), |since| now.since(since));
        let is_ready = self.presence() == Presence::Ready;
        let ready_now = since(self.presence_since.filter(|_| is_ready));
        self.shift.occupation =
            Occupation { busy: busy + since(busy_since), ready: ready + ready_now };
    }

    /// A slot is free no more, or again.
    pub(crate) fn count_busy(&mut self, now: Timestamp) {
        let is_busy = self.slots.iter().any(|slot| !slot.state.is_free());
        match (self.shift.busy_since, is_busy) {
            (None, true) => self.shift.busy_since = Some(now),
            (Some(since), false) => {
                self.shift.busy = self.shift.busy + now.since(since);
                self.shift.busy_since = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
}

impl Desk {
    pub(crate) fn slots(&self) -> std::ops::Range<usize> {
        let first = usize::from(self.first);
        first..first + usize::from(self.capacity)
    }

    pub(crate) fn measured(&self) -> Measures {
        self.measured.as_deref().copied().unwrap_or_default()
    }

    pub(crate) fn measure(&mut self, measures: Measures) {
        **self.measured.get_or_insert_default() = measures;
    }
}
