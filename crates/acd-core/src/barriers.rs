//! What keeps an agent from a call, thing by thing, in the order in which a person would look.

use crate::agent::{Agent, Desk};
use crate::call::{Call, Place};
use crate::event::{DeviceState, HeartbeatState, NotReadyReason, Presence, SlotState};
use crate::explain::Reserve;
use crate::ids::{AdapterId, AgentId, Priority, SkillId, Timestamp};
use crate::plan::{Channel, Requirement};
use crate::router::Router;
use std::fmt;

/// One thing that keeps an agent from a call, in the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// The call is offered to him already, or he has it.
    HasIt,
    /// He takes no calls of its channel.
    TakesNoSuchCalls {
        /// Which.
        channel: Channel,
    },
    /// He serves only queues of which this is none.
    NotHisQueue,
    /// He lacks a skill, or has it at too low a level.
    LacksSkill {
        /// Which.
        skill: SkillId,
        /// The lowest level that will do.
        needs: u8,
        /// His; none if he has not got it.
        has: Option<u8>,
    },
    /// The same in one of the alternatives, of which he meets none.
    LacksAlternative {
        /// Which of them, from 0.
        alternative: u8,
        /// The skill.
        skill: SkillId,
        /// The lowest level that will do.
        needs: u8,
        /// His; none if he has not got it.
        has: Option<u8>,
    },
    /// He is not at work.
    LoggedOut,
    /// He takes no calls.
    NotReady {
        /// Why.
        reason: NotReadyReason,
    },
    /// He has asked for another presence while a call is in his hands.
    PresencePending {
        /// Which.
        presence: Presence,
    },
    /// His device cannot be reached.
    DeviceOut,
    /// His telephone is in a call that is not acdd's.
    DeviceBusy,
    /// His desktop was heard, and is not any more.
    DesktopSilent,
    /// None of his slots for the channel is free.
    NoFreeSlot {
        /// How many he has.
        slots: u8,
        /// What the most demanding of them is doing.
        doing: SlotState,
    },
    /// What he has in hand bars calls of this channel.
    ChannelBarred {
        /// The channel of what he has in hand.
        by: Channel,
    },
    /// The adapter that rings him has no session.
    DeviceAdapterAway {
        /// Which.
        adapter: AdapterId,
    },
    /// The adapter that rings him has not said yet what it holds.
    DeviceAdapterAwaited {
        /// Which.
        adapter: AdapterId,
        /// It has until then.
        until: Timestamp,
    },
    /// He takes calls of this queue only after a wait.
    Delayed {
        /// When it is over.
        until: Timestamp,
    },
    /// He did not take the call, and is skipped for a while.
    Excluded {
        /// For how long.
        until: Timestamp,
    },
    /// The call waits for somebody else.
    AwaitsAnother {
        /// For whom.
        agent: AgentId,
        /// For how long at most.
        until: Timestamp,
    },
    /// The queue keeps him free for urgent calls.
    KeptFree,
}

/// What kind of thing keeps agents from a call; less is looked at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BarrierKind {
    /// `Barrier::HasIt`.
    HasIt,
    /// `Barrier::TakesNoSuchCalls`.
    TakesNoSuchCalls,
    /// `Barrier::NotHisQueue`.
    NotHisQueue,
    /// `Barrier::LacksSkill`, by the first one.
    LacksSkill(SkillId),
    /// `Barrier::LacksAlternative`.
    LacksAlternative,
    /// `Barrier::LoggedOut`.
    LoggedOut,
    /// `Barrier::NotReady`, by reason.
    NotReady(NotReadyReason),
    /// `Barrier::PresencePending`.
    PresencePending,
    /// `Barrier::DeviceOut`.
    DeviceOut,
    /// `Barrier::DeviceBusy`.
    DeviceBusy,
    /// `Barrier::DesktopSilent`.
    DesktopSilent,
    /// `Barrier::NoFreeSlot`: in conversation.
    Talking,
    /// `Barrier::NoFreeSlot`: with a caller on hold.
    Holding,
    /// `Barrier::NoFreeSlot`: about to talk.
    Connecting,
    /// `Barrier::NoFreeSlot`: being offered another call.
    Reserved,
    /// `Barrier::NoFreeSlot`: after a call.
    WrapUp,
    /// `Barrier::ChannelBarred`.
    ChannelBarred,
    /// `Barrier::DeviceAdapterAway`.
    DeviceAdapterAway,
    /// `Barrier::DeviceAdapterAwaited`.
    DeviceAdapterAwaited,
    /// `Barrier::Delayed`.
    Delayed,
    /// `Barrier::Excluded`.
    Excluded,
    /// `Barrier::AwaitsAnother`.
    AwaitsAnother,
    /// `Barrier::KeptFree`.
    KeptFree,
}

impl Barrier {
    /// What it is counted as; what a slot is doing that is not free is told by `doing`.
    pub fn kind(&self) -> BarrierKind {
        match *self {
            Self::HasIt => BarrierKind::HasIt,
            Self::TakesNoSuchCalls { .. } => BarrierKind::TakesNoSuchCalls,
            Self::NotHisQueue => BarrierKind::NotHisQueue,
            Self::LacksSkill { skill, .. } => BarrierKind::LacksSkill(skill),
            Self::LacksAlternative { .. } => BarrierKind::LacksAlternative,
            Self::LoggedOut => BarrierKind::LoggedOut,
            Self::NotReady { reason } => BarrierKind::NotReady(reason),
            Self::PresencePending { .. } => BarrierKind::PresencePending,
            Self::DeviceOut => BarrierKind::DeviceOut,
            Self::DeviceBusy => BarrierKind::DeviceBusy,
            Self::DesktopSilent => BarrierKind::DesktopSilent,
            Self::NoFreeSlot { doing, .. } => kind_of_slot(doing),
            Self::ChannelBarred { .. } => BarrierKind::ChannelBarred,
            Self::DeviceAdapterAway { .. } => BarrierKind::DeviceAdapterAway,
            Self::DeviceAdapterAwaited { .. } => BarrierKind::DeviceAdapterAwaited,
            Self::Delayed { .. } => BarrierKind::Delayed,
            Self::Excluded { .. } => BarrierKind::Excluded,
            Self::AwaitsAnother { .. } => BarrierKind::AwaitsAnother,
            Self::KeptFree => BarrierKind::KeptFree,
        }
    }

    /// When it ends by itself, where that is known.
    pub fn until(&self) -> Option<Timestamp> {
        match *self {
            Self::DeviceAdapterAwaited { until, .. }
            | Self::Delayed { until }
            | Self::Excluded { until }
            | Self::AwaitsAnother { until, .. }
            | Self::NoFreeSlot { doing: SlotState::WrapUp { until, .. }, .. } => Some(until),
            Self::HasIt
            | Self::TakesNoSuchCalls { .. }
            | Self::NotHisQueue
            | Self::LacksSkill { .. }
            | Self::LacksAlternative { .. }
            | Self::LoggedOut
            | Self::NotReady { .. }
            | Self::PresencePending { .. }
            | Self::DeviceOut
            | Self::DeviceBusy
            | Self::DesktopSilent
            | Self::NoFreeSlot { .. }
            | Self::ChannelBarred { .. }
            | Self::DeviceAdapterAway { .. }
            | Self::KeptFree => None,
        }
    }
}

impl fmt::Display for Barrier {
    /// What keeps the agent from the call; skills and adapters by their handles.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HasIt => f.write_str("the call is out to the agent already"),
            Self::TakesNoSuchCalls { channel } => {
                write!(f, "the agent takes no calls of the channel {}", channel.word())
            }
            Self::NotHisQueue => f.write_str("the agent does not serve the queue"),
            Self::LacksSkill { skill, needs, .. } | Self::LacksAlternative { skill, needs, .. } => {
                write!(f, "the agent needs skill {} at level {needs}", skill.0)
            }
            Self::LoggedOut => f.write_str("the agent is logged out"),
            Self::NotReady { .. } => f.write_str("the agent is not ready"),
            Self::PresencePending { .. } => {
                f.write_str("the agent wants no calls once this one is over")
            }
            Self::DeviceOut => f.write_str("the agent's device is out of service"),
            Self::DeviceBusy => f.write_str("the agent's telephone is in a call of its own"),
            Self::DesktopSilent => f.write_str("the agent's desktop has fallen silent"),
            Self::NoFreeSlot { slots: 1, .. } => f.write_str("the agent has a call in hand"),
            Self::NoFreeSlot { slots, .. } => {
                write!(f, "the agent has {slots} calls in hand, the most he may have")
            }
            Self::ChannelBarred { by } => {
                write!(f, "what the agent has in hand by {} bars this call", by.word())
            }
            Self::DeviceAdapterAway { .. } => {
                f.write_str("the adapter that rings the agent has no session")
            }
            Self::DeviceAdapterAwaited { .. } => {
                f.write_str("the adapter that rings the agent has not said yet what it holds")
            }
            Self::Delayed { .. } => f.write_str("the agent takes calls of the queue later"),
            Self::Excluded { .. } => f.write_str("the call skips the agent for a while"),
            Self::AwaitsAnother { .. } => f.write_str("the call waits for another agent"),
            Self::KeptFree => f.write_str("the agent is kept free for urgent calls"),
        }
    }
}

/// A slot that is free keeps nobody from anything, and is asked about by nobody.
fn kind_of_slot(doing: SlotState) -> BarrierKind {
    match doing {
        SlotState::Talking { .. } => BarrierKind::Talking,
        SlotState::Held { .. } => BarrierKind::Holding,
        SlotState::Connecting { .. } => BarrierKind::Connecting,
        SlotState::Reserved { .. } => BarrierKind::Reserved,
        SlotState::WrapUp { .. } | SlotState::Free => BarrierKind::WrapUp,
    }
}

impl Router {
    /// All that keeps an agent from a call in one place, in the order in which it is looked at.
    pub(crate) fn barriers<'a>(
        &'a self,
        call: &'a Call,
        place: &'a Place,
        reserve: Option<Reserve>,
        agent: AgentId,
    ) -> impl Iterator<Item = Barrier> + 'a {
        let planned = &self.plan.agents[agent.index()];
        let mut hands = self.hands_of(call.handle.slot);
        let has_it = hands.any(|hand| self.hands[hand].agent == agent);
        let channel = call.channel;
        let of_profile = [
            has_it.then_some(Barrier::HasIt),
            planned.desk(channel).is_none().then_some(Barrier::TakesNoSuchCalls { channel }),
            planned.service(place.queue).is_none().then_some(Barrier::NotHisQueue),
        ];
        let requirement = &self.lines.demands[place.demand.index()].requirement;
        let of_skills = skill_barriers(requirement, self.skills_of(agent));
        let of_time = self.time_barriers(call, place, agent);
        let kept = reserve.filter(|reserve| reserve.holds_back).map(|_| Barrier::KeptFree);
        let of_profile = of_profile.into_iter().flatten().chain(of_skills);
        of_profile.chain(self.reach_barriers(agent, channel)).chain(of_time).chain(kept)
    }

    /// What keeps every call of a channel from an agent.
    pub(crate) fn reach_barriers(
        &self,
        agent: AgentId,
        channel: Channel,
    ) -> impl Iterator<Item = Barrier> + use<> {
        let known = &self.agents[agent.index()];
        let of_presence = match known.wanted {
            Presence::LoggedOut => Some(Barrier::LoggedOut),
            Presence::NotReady(reason) => Some(Barrier::NotReady { reason }),
            Presence::Ready => None,
        };
        let of_device = match known.device {
            DeviceState::Down => Some(Barrier::DeviceOut),
            DeviceState::Busy if channel.of_slots() == Channel::Voice => Some(Barrier::DeviceBusy),
            DeviceState::Up | DeviceState::Busy => None,
        };
        let is_silent = match known.heartbeat {
            HeartbeatState::Lost => true,
            HeartbeatState::None | HeartbeatState::Kept => false,
        };
        let desk = known.desk(channel);
        let all = [
            of_presence,
            known.asked.map(|presence| Barrier::PresencePending { presence }),
            of_device,
            is_silent.then_some(Barrier::DesktopSilent),
            desk.and_then(|desk| slot_barrier(known, desk)),
            desk.and_then(|desk| self.channel_barrier(known, desk)),
            desk.and_then(|desk| self.device_adapter_barrier(desk)),
        ];
        all.into_iter().flatten()
    }

    fn channel_barrier(&self, known: &Agent, desk: &Desk) -> Option<Barrier> {
        let bars = |other: &&Desk| {
            known.holds_some(other) && !self.plan.channels.allow(desk.channel, other.channel)
        };
        let bars = known.desks.iter().find(bars)?;
        Some(Barrier::ChannelBarred { by: bars.channel })
    }

    fn device_adapter_barrier(&self, desk: &Desk) -> Option<Barrier> {
        let adapter = desk.adapter?;
        if !self.is_up(adapter) {
            return Some(Barrier::DeviceAdapterAway { adapter });
        }
        let until = self.adapters[adapter.index()].awaited_until?;
        Some(Barrier::DeviceAdapterAwaited { adapter, until })
    }

    /// What ends by a timer of its own.
    fn time_barriers(
        &self,
        call: &Call,
        place: &Place,
        agent: AgentId,
    ) -> impl Iterator<Item = Barrier> + use<> {
        let service = self.plan.agents[agent.index()].service(place.queue);
        let is_emergency = call.priority == Priority::EMERGENCY;
        let delayed_until = service.map(|service| place.entered + service.delay);
        let mut exclusions = self.exclusions_of(call.handle.slot);
        let excluded = exclusions.find(|it| it.agent == agent && it.until > self.now);
        let another = call.awaits.filter(|awaits| awaits.agent != agent);
        let all = [
            delayed_until
                .filter(|until| !is_emergency && *until > self.now)
                .map(|until| Barrier::Delayed { until }),
            excluded.map(|exclusion| Barrier::Excluded { until: exclusion.until }),
            another.map(|it| Barrier::AwaitsAnother { agent: it.agent, until: it.until }),
        ];
        all.into_iter().flatten()
    }
}

/// Each skill that is lacking; of the alternatives, in each of them, if none is met.
fn skill_barriers<'a>(
    requirement: &'a Requirement,
    held: &'a [(SkillId, u8)],
) -> impl Iterator<Item = Barrier> + 'a {
    let lacking = move |(skill, needs): &(SkillId, u8)| {
        let at = held.binary_search_by_key(skill, |(it, _)| *it).ok();
        let has = at.map(|at| held[at].1);
        has.is_none_or(|has| has < *needs).then_some((*skill, *needs, has))
    };
    let is_met = |one: &Vec<(SkillId, u8)>| one.iter().all(|asked| lacking(asked).is_none());
    let is_any_met = requirement.any_of.iter().any(is_met);
    let skills = requirement.skills.iter().filter_map(lacking);
    let alternatives = (0..).zip(&requirement.any_of).filter(move |_| !is_any_met);
    let of_alternatives =
        alternatives.flat_map(move |(alternative, one)| {
            one.iter().filter_map(lacking).map(move |(skill, needs, has)| {
                Barrier::LacksAlternative { alternative, skill, needs, has }
            })
        });
    skills
        .map(|(skill, needs, has)| Barrier::LacksSkill { skill, needs, has })
        .chain(of_alternatives)
}

/// None of an agent's slots at a desk is free.
fn slot_barrier(known: &Agent, desk: &Desk) -> Option<Barrier> {
    if known.free_slot(desk).is_some() {
        return None;
    }
    let states = known.slots[desk.slots()].iter().map(|slot| slot.state);
    // Of those that do the same, the one that is free first.
    let demanding = |state: &SlotState| {
        let until = match state {
            SlotState::WrapUp { until, .. } => Some(*until),
            SlotState::Free
            | SlotState::Reserved { .. }
            | SlotState::Connecting { .. }
            | SlotState::Talking { .. }
            | SlotState::Held { .. } => None,
        };
        (kind_of_slot(*state), until)
    };
    let slots = desk.slots().len() as u8;
    states.min_by_key(demanding).map(|doing| Barrier::NoFreeSlot { slots, doing })
}
