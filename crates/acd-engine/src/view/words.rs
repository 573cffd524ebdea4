//! Events in stable words.

use super::View;
use super::rows::{EventRow, SlotWord};
use crate::publisher::{Named, Record};
use acd_core::{
    AgentId, CallHandle, DeviceState, Event, HeartbeatState, LeftCause, MessageTo, OfferEnd,
    OfferNumber, Outcome, Presence, QueueId, ReturnCause, RevokeCause, SlotState,
};
use acd_journal::CallCard;
use std::borrow::Cow;
use std::sync::Arc;

/// What an event is about.
#[derive(Default)]
struct About {
    call: Option<CallHandle>,
    agent: Option<AgentId>,
    queue: Option<QueueId>,
    offer: u64,
}

impl View {
    pub(super) fn event_row(&self, record: &Record) -> EventRow {
        let event = &record.event;
        let About { call, agent, queue, offer } = about(event);
        let (its_agent, its_queue) = match event {
            Event::CallEnded { call, .. } => self.calls.agent_and_queue(*call, &self.names),
            _ => (None, None),
        };
        let detail = match (event, &record.named) {
            (Event::RuleFired { queue, rule, .. } | Event::LatchChanged { queue, rule, .. }, _) => {
                Cow::Owned(self.names.rule_name(*queue, *rule).to_owned())
            }
            (Event::PlayOrdered { announcement, .. }, _) => {
                let played = self.names.plan.announcements.get(announcement.index());
                Cow::Owned(played.cloned().unwrap_or_default())
            }
            (Event::LadderOrdered { ladder, .. }, _) => {
                let ladder = self.names.plan.ladders.get(ladder.index());
                Cow::Owned(ladder.cloned().unwrap_or_default())
            }
            (Event::TransferOrdered { number, .. }, _) => {
                let number = self.names.plan.numbers.get(number.index());
                Cow::Owned(number.cloned().unwrap_or_default())
            }
            (Event::RequirementChanged { demand, .. }, _) => {
                Cow::Owned(self.skill_queues[demand.index()].require.to_string())
            }
            (Event::WrapUpEnded { disposition: Some(disposition), .. }, _) => {
                let said = self.names.plan.dispositions.get(disposition.index());
                Cow::Owned(said.cloned().unwrap_or_default())
            }
            (Event::SkillChanged { skill, level, .. }, _) => {
                let level = level.map_or_else(|| "none".to_owned(), |level| level.to_string());
                Cow::Owned(format!("{} {level}", self.names.skill(*skill)))
            }
            (Event::AgentsMessaged { .. }, Named::Message(says)) => Cow::Owned(says.to_string()),
            (Event::PriorityChanged { priority, .. }, _) => Cow::Owned(priority.get().to_string()),
            (
                Event::AdapterUp { .. } | Event::AdapterSynced { .. } | Event::AdapterDown { .. },
                Named::Adapter(name),
            ) => Cow::Owned(name.to_string()),
            _ => Cow::Borrowed(detail(event)),
        };
        EventRow {
            position: self.position,
            at: record.at,
            origin: Arc::clone(&record.origin),
            kind: kind(event),
            call: call.and_then(|call| self.card_for(call, &record.named)),
            agent: agent.map(|agent| self.names.agent(agent).clone()).or(its_agent),
            queue: queue.map(|queue| self.names.queue(queue).clone()).or(its_queue),
            offer,
            detail,
            reason: self.reason_in(event),
            concerned: call.and_then(|call| self.calls.concerned(call)),
        }
    }

    /// Why the agent is not ready; when he is otherwise, why he is to be, once he has no call.
    fn reason_in(&self, event: &Event) -> Arc<str> {
        let Event::PresenceChanged { presence, pending, .. } = event else { return Arc::from("") };
        let told = match presence {
            Presence::NotReady(_) => *presence,
            Presence::LoggedOut | Presence::Ready => pending.unwrap_or(*presence),
        };
        self.names.reason(told)
    }

    fn card_for(&self, call: CallHandle, named: &Named) -> Option<Arc<CallCard>> {
        match named {
            Named::Call(card) => Some(Arc::clone(card)),
            Named::Nothing | Named::Adapter(_) | Named::Message(_) => {
                self.calls.card(call).cloned()
            }
        }
    }
}

pub(crate) fn kind(event: &Event) -> &'static str {
    match event {
        Event::RecoveryOver => "recovery_over",
        Event::HalfMinutePassed => "half_minute_passed",
        Event::AdapterUp { .. } => "adapter_up",
        Event::AdapterSynced { .. } => "adapter_synced",
        Event::AdapterDown { .. } => "adapter_down",
        Event::CallArrived { .. } => "call_arrived",
        Event::AgentAwaited { .. } => "agent_awaited",
        Event::AgentAwaitedNoMore { .. } => "agent_awaited_no_more",
        Event::PlaceEntered { .. } => "place_entered",
        Event::PlaceLeft { .. } => "place_left",
        Event::RequirementChanged { .. } => "requirement_changed",
        Event::PriorityChanged { .. } => "priority_changed",
        Event::QueueClosed { closed: true, .. } => "queue_closed",
        Event::QueueClosed { closed: false, .. } => "queue_opened",
        Event::SkillChanged { for_now: true, .. } => "skill_for_now",
        Event::SkillChanged { for_now: false, .. } => "skill_as_configured",
        Event::AgentsMessaged { .. } => "agents_messaged",
        Event::LatchChanged { set: true, .. } => "rule_active",
        Event::LatchChanged { set: false, .. } => "rule_inactive",
        Event::RuleFired { without_effect: false, .. } => "rule_fired",
        Event::RuleFired { without_effect: true, .. } => "rule_without_effect",
        Event::OfferIssued { .. } => "offer_issued",
        Event::OfferRinging { .. } => "offer_ringing",
        Event::OfferEnded { .. } => "offer_ended",
        Event::CallConnecting { .. } => "call_connecting",
        Event::ConnectFailed { .. } => "connect_failed",
        Event::CallConnected { .. } => "call_connected",
        Event::CallHeld { .. } => "call_held",
        Event::CallRetrieved { .. } => "call_retrieved",
        Event::CallReturned { .. } => "call_returned",
        Event::CallEnded { .. } => "call_ended",
        Event::TransferOrdered { .. } => "transfer_ordered",
        Event::PlayOrdered { .. } => "play_ordered",
        Event::CallbackOfferOrdered { .. } => "callback_offer_ordered",
        Event::LadderOrdered { .. } => "ladder_ordered",
        Event::PresenceChanged { .. } => "presence_changed",
        Event::DeviceChanged { .. } => "device_changed",
        Event::HeartbeatChanged { .. } => "heartbeat_changed",
        Event::SlotChanged { .. } => "slot_changed",
        Event::WrapUpEnded { .. } => "wrap_up_ended",
        Event::WrapUpExtended { .. } => "wrap_up_extended",
    }
}

fn detail(event: &Event) -> &'static str {
    match event {
        Event::PlaceLeft { cause, .. } => match cause {
            LeftCause::Moved => "moved",
            LeftCause::Connected => "connected",
            LeftCause::Ended => "ended",
            LeftCause::Withdrawn => "withdrawn",
        },
        Event::OfferEnded { end, .. } => offer_end(*end),
        Event::CallReturned { cause, .. } => match cause {
            ReturnCause::OfferEnded => "offer_ended",
            ReturnCause::ConnectFailed => "connect_failed",
            ReturnCause::AgentLegLost => "agent_leg_lost",
            ReturnCause::Transferred => "transferred",
        },
        Event::CallEnded { outcome, .. } => match outcome {
            Outcome::Handled => "handled",
            Outcome::Abandoned => "abandoned",
            Outcome::ShortAbandoned => "short_abandoned",
            Outcome::Vanished => "vanished",
            Outcome::Overflowed => "overflowed",
            Outcome::Transferred => "transferred",
            Outcome::Rejected => "rejected",
        },
        Event::PresenceChanged { presence: now, .. } => presence(*now),
        Event::DeviceChanged { device, .. } => match device {
            DeviceState::Up => "up",
            DeviceState::Busy => "busy",
            DeviceState::Down => "down",
        },
        Event::HeartbeatChanged { heartbeat, .. } => match heartbeat {
            HeartbeatState::None => "none",
            HeartbeatState::Kept => "kept",
            HeartbeatState::Lost => "lost",
        },
        Event::SlotChanged { state, .. } => slot(word_of(*state)),
        Event::CallArrived { channel, .. } => channel.word(),
        Event::OfferIssued { picked: true, .. } => "picked",
        Event::RecoveryOver
        | Event::HalfMinutePassed
        | Event::AdapterUp { .. }
        | Event::AdapterSynced { .. }
        | Event::AdapterDown { .. }
        | Event::AgentAwaited { .. }
        | Event::AgentAwaitedNoMore { .. }
        | Event::PlaceEntered { .. }
        | Event::RequirementChanged { .. }
        | Event::PriorityChanged { .. }
        | Event::RuleFired { .. }
        | Event::QueueClosed { .. }
        | Event::AgentsMessaged { .. }
        | Event::SkillChanged { .. }
        | Event::LatchChanged { .. }
        | Event::WrapUpEnded { .. }
        | Event::WrapUpExtended { .. }
        | Event::OfferIssued { picked: false, .. }
        | Event::OfferRinging { .. }
        | Event::CallConnecting { .. }
        | Event::ConnectFailed { .. }
        | Event::CallConnected { .. }
        | Event::CallHeld { .. }
        | Event::CallRetrieved { .. }
        | Event::TransferOrdered { .. }
        | Event::PlayOrdered { .. }
        | Event::CallbackOfferOrdered { .. }
        | Event::LadderOrdered { .. } => "",
    }
}

fn offer_end(end: OfferEnd) -> &'static str {
    match end {
        OfferEnd::Accepted => "accepted",
        OfferEnd::Declined => "declined",
        OfferEnd::NoAnswer => "no_answer",
        OfferEnd::Failed => "failed",
        OfferEnd::Revoked(RevokeCause::CallEnded) => "revoked_call_ended",
        OfferEnd::Revoked(RevokeCause::AgentUnavailable) => "revoked_agent_unavailable",
        OfferEnd::Revoked(RevokeCause::AnsweredElsewhere) => "revoked_answered_elsewhere",
        OfferEnd::Revoked(RevokeCause::CallMoved) => "revoked_call_moved",
        OfferEnd::Revoked(RevokeCause::Picked) => "revoked_picked",
        OfferEnd::Revoked(RevokeCause::AdapterRestarted) => "revoked_adapter_restarted",
    }
}

pub(super) fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::LoggedOut => "logged_out",
        Presence::NotReady(_) => "not_ready",
        Presence::Ready => "ready",
    }
}

pub(super) fn slot(word: SlotWord) -> &'static str {
    match word {
        SlotWord::Free => "free",
        SlotWord::Reserved => "reserved",
        SlotWord::Connecting => "connecting",
        SlotWord::Talking => "talking",
        SlotWord::Held => "held",
        SlotWord::WrapUp => "wrap_up",
    }
}

/// The call that an agent has in a slot, or takes notes on there.
pub(super) fn call_in(state: SlotState) -> Option<CallHandle> {
    match state {
        SlotState::Free => None,
        SlotState::Reserved { call, .. }
        | SlotState::Connecting { call }
        | SlotState::Talking { call }
        | SlotState::Held { call }
        | SlotState::WrapUp { call, .. } => Some(call),
    }
}

pub(super) fn word_of(state: SlotState) -> SlotWord {
    match state {
        SlotState::Free => SlotWord::Free,
        SlotState::Reserved { .. } => SlotWord::Reserved,
        SlotState::Connecting { .. } => SlotWord::Connecting,
        SlotState::Talking { .. } => SlotWord::Talking,
        SlotState::Held { .. } => SlotWord::Held,
        SlotState::WrapUp { .. } => SlotWord::WrapUp,
    }
}

fn about(event: &Event) -> About {
    let of_call = |call: CallHandle| About { call: Some(call), ..About::default() };
    let of_offer = |call: CallHandle, OfferNumber(offer): OfferNumber, agent: AgentId| About {
        call: Some(call),
        agent: Some(agent),
        offer,
        queue: None,
    };
    match *event {
        Event::RecoveryOver
        | Event::HalfMinutePassed
        | Event::AdapterUp { .. }
        | Event::AdapterSynced { .. }
        | Event::AdapterDown { .. } => About::default(),
        Event::AgentsMessaged { to, .. } => match to {
            MessageTo::Agent(agent) => About { agent: Some(agent), ..About::default() },
            MessageTo::Queue(queue) => About { queue: Some(queue), ..About::default() },
            MessageTo::Everybody => About::default(),
        },
        Event::AgentAwaited { call, agent, .. } => About { agent: Some(agent), ..of_call(call) },
        Event::CallArrived { call, .. }
        | Event::AgentAwaitedNoMore { call }
        | Event::PriorityChanged { call, .. }
        | Event::CallHeld { call }
        | Event::CallRetrieved { call }
        | Event::CallReturned { call, .. }
        | Event::TransferOrdered { call, .. }
        | Event::PlayOrdered { call, .. }
        | Event::CallbackOfferOrdered { call }
        | Event::LadderOrdered { call, .. }
        | Event::CallEnded { call, .. } => of_call(call),
        Event::QueueClosed { queue, .. } | Event::LatchChanged { queue, .. } => {
            About { queue: Some(queue), ..About::default() }
        }
        Event::PlaceEntered { call, queue, .. }
        | Event::PlaceLeft { call, queue, .. }
        | Event::RequirementChanged { call, queue, .. }
        | Event::RuleFired { call, queue, .. } => About { queue: Some(queue), ..of_call(call) },
        Event::OfferIssued { call, offer, agent, queue, .. }
        | Event::OfferEnded { call, offer, agent, queue, .. } => {
            About { queue: Some(queue), ..of_offer(call, offer, agent) }
        }
        Event::OfferRinging { call, offer } => About { offer: offer.0, ..of_call(call) },
        Event::CallConnecting { call, offer, agent, .. }
        | Event::ConnectFailed { call, offer, agent, .. } => of_offer(call, offer, agent),
        Event::CallConnected { call, agent, queue } => {
            About { agent: Some(agent), queue: Some(queue), ..of_call(call) }
        }
        Event::PresenceChanged { agent, .. }
        | Event::DeviceChanged { agent, .. }
        | Event::HeartbeatChanged { agent, .. }
        | Event::SkillChanged { agent, .. }
        | Event::WrapUpExtended { agent, .. } => About { agent: Some(agent), ..About::default() },
        Event::SlotChanged { agent, state, .. } => {
            let (offer, queue) = match state {
                SlotState::Reserved { offer, .. } => (offer.0, None),
                SlotState::WrapUp { queue, .. } => (0, Some(queue)),
                SlotState::Free
                | SlotState::Connecting { .. }
                | SlotState::Talking { .. }
                | SlotState::Held { .. } => (0, None),
            };
            About { call: call_in(state), agent: Some(agent), queue, offer }
        }
        Event::WrapUpEnded { agent, call, queue, .. } => {
            About { agent: Some(agent), queue, ..of_call(call) }
        }
    }
}
