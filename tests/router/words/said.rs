//! Events in the words of scenario files.

use super::{Names, START};
use acd_core::{
    AdapterId, AgentId, CallHandle, Channel, DeviceState, Event, HeartbeatState, LeftCause,
    MessageTo, NotReadyReason, OfferEnd, Outcome, Presence, QueueId, ReturnCause, RevokeCause,
    SlotState, Span, Timestamp, Treatment,
};

impl Names {
    /// Events that came by themselves at an instant, in words.
    pub(crate) fn while_time_passes(&mut self, due: Timestamp, events: &[Event]) -> Vec<String> {
        self.now = due;
        let after = moment(due);
        events.iter().map(|event| format!("{after}: {}", self.event(event))).collect()
    }

    /// An event in words.
    pub(crate) fn event(&mut self, event: &Event) -> String {
        if let Event::OfferIssued { call, offer, agent, .. } = event {
            self.offers.insert(*call, *offer);
            self.offers_to.insert((*call, *agent), *offer);
        }
        match event {
            Event::RecoveryOver => "the domain has recovered".to_owned(),
            Event::HalfMinutePassed => "half a minute has passed".to_owned(),
            Event::AdapterUp { adapter } => format!("{}: up", self.adapter_name(*adapter)),
            Event::AdapterSynced { adapter } => format!("{}: synced", self.adapter_name(*adapter)),
            Event::AdapterDown { adapter } => format!("{}: down", self.adapter_name(*adapter)),
            Event::PresenceChanged { agent, presence, pending } => {
                let pending = pending.map(|pending| format!(", then {}", self.presence(pending)));
                let presence = self.presence(*presence);
                format!("{}: {presence}{}", self.agent_name(*agent), pending.unwrap_or_default())
            }
            Event::SlotChanged { agent, slot, state } => {
                let which = if *slot == 0 { String::new() } else { format!(" (slot {slot})") };
                format!("{}: {}{which}", self.agent_name(*agent), self.slot(state))
            }
            Event::HeartbeatChanged { agent, heartbeat } => {
                let heartbeat = match heartbeat {
                    HeartbeatState::None => "no heartbeat is expected",
                    HeartbeatState::Kept => "the heartbeat is there",
                    HeartbeatState::Lost => "the heartbeat is lost",
                };
                format!("{}: {heartbeat}", self.agent_name(*agent))
            }
            Event::WrapUpEnded { agent, call, queue, disposition } => {
                let call = self.call_name(*call);
                let gone = if queue.is_none() { ", its queue is gone" } else { "" };
                let said = disposition.map(|it| self.plan.dispositions[it.index()].as_str());
                let said = said.map(|said| format!(", {said}")).unwrap_or_default();
                format!("{}: wrap-up after {call} is over{gone}{said}", self.agent_name(*agent))
            }
            Event::WrapUpExtended { agent, slot, until } => {
                let which = if *slot == 0 { String::new() } else { format!(" (slot {slot})") };
                let until = moment(*until);
                format!("{}: wrap-up until {until}{which}", self.agent_name(*agent))
            }
            Event::CallArrived { call, priority, channel, since, .. } => {
                let (call, since) = (self.call_name(*call), self.since(*since));
                let by = match channel {
                    Channel::Voice => "",
                    Channel::Chat => " by chat",
                    Channel::Text => " by text",
                    Channel::Callback => " as a callback",
                    Channel::Task => " as a task",
                };
                format!("{call}: arrived{by}, priority {}{since}", priority.get())
            }
            Event::AgentAwaited { call, agent, until } => {
                let agent = self.agent_name(*agent);
                format!("{}: waits for {agent} until {}", self.call_name(*call), moment(*until))
            }
            Event::AgentAwaitedNoMore { call } => {
                format!("{}: waits for anybody", self.call_name(*call))
            }
            Event::PlaceEntered { call, queue, since, estimate, .. } => {
                let (queue, since) = (self.queue_name(*queue), self.since(*since));
                let estimate = estimate.filter(|wait| *wait > Span(0));
                let estimate = estimate.map(|wait| format!(", estimated {}", seconds(wait)));
                let estimate = estimate.unwrap_or_default();
                format!("{}: waits in {queue}{since}{estimate}", self.call_name(*call))
            }
            Event::PlaceLeft { call, queue, cause } => {
                let cause = match cause {
                    LeftCause::Moved => "moved",
                    LeftCause::Connected => "connected",
                    LeftCause::Ended => "ended",
                    LeftCause::Withdrawn => "no longer let in",
                };
                let queue = self.queue_name(*queue);
                format!("{}: left {queue}, {cause}", self.call_name(*call))
            }
            Event::RequirementChanged { call, queue, .. } => {
                let queue = self.queue_name(*queue);
                format!("{}: asks for something else in {queue}", self.call_name(*call))
            }
            Event::PriorityChanged { call, priority } => {
                format!("{}: priority {}", self.call_name(*call), priority.get())
            }
            Event::QueueClosed { queue, closed, until } => {
                let state = if *closed { "closed" } else { "open" };
                let until = until.map(|until| format!(" until {}", moment(until)));
                let until = until.unwrap_or_default();
                format!("{}: {state}{until}", self.queue_name(*queue))
            }
            Event::SkillChanged { agent, skill, level, for_now, until } => {
                let (agent, skill) = (self.agent_name(*agent), &self.plan.skills[skill.index()]);
                let level = level.map_or_else(|| "none".to_owned(), |level| level.to_string());
                let how = if *for_now { "for now" } else { "as planned" };
                let until = until.map(|until| format!(" until {}", moment(until)));
                format!("{agent}: {skill} {level}, {how}{}", until.unwrap_or_default())
            }
            Event::AgentsMessaged { number, to } => {
                let to = match to {
                    MessageTo::Agent(agent) => self.agent_name(*agent).to_owned(),
                    MessageTo::Queue(queue) => {
                        format!("whoever serves {}", self.queue_name(*queue))
                    }
                    MessageTo::Everybody => "everybody".to_owned(),
                };
                format!("message {number} for {to}")
            }
            Event::LatchChanged { queue, rule, set } => {
                let state = if *set { "is active" } else { "is active no more" };
                let planned = &self.plan.queues[queue.index()].rules[usize::from(*rule)];
                format!("rule {} of {} {state}", planned.name, self.queue_name(*queue))
            }
            Event::RuleFired { call, queue, rule, without_effect } => {
                let rule = &self.plan.queues[queue.index()].rules[usize::from(*rule)].name;
                let effect = if *without_effect { ", without effect" } else { "" };
                let queue = self.queue_name(*queue);
                format!("{}: rule {rule} of {queue}{effect}", self.call_name(*call))
            }
            Event::OfferIssued { .. }
            | Event::OfferRinging { .. }
            | Event::OfferEnded { .. }
            | Event::CallConnecting { .. }
            | Event::ConnectFailed { .. } => self.offer_event(event),
            Event::CallConnected { call, agent, queue } => {
                let (agent, queue) = (self.agent_name(*agent), self.queue_name(*queue));
                format!("{}: connected with {agent} through {queue}", self.call_name(*call))
            }
            Event::TransferOrdered { call, number } => {
                let number = &self.plan.numbers[number.index()];
                format!("{}: to be transferred to {number}", self.call_name(*call))
            }
            Event::PlayOrdered { call, announcement } => {
                let played = &self.plan.announcements[announcement.index()];
                format!("{}: is to hear {played}", self.call_name(*call))
            }
            Event::CallbackOfferOrdered { call } => {
                format!("{}: is to be offered a callback", self.call_name(*call))
            }
            Event::LadderOrdered { call, ladder } => {
                let ladder = &self.plan.ladders[ladder.index()];
                format!("{}: ladder {ladder} is to be tried", self.call_name(*call))
            }
            Event::DeviceChanged { agent, device } => {
                let device = match device {
                    DeviceState::Up => "up",
                    DeviceState::Busy => "busy",
                    DeviceState::Down => "down",
                };
                format!("{}: the device is {device}", self.agent_name(*agent))
            }
            Event::CallHeld { call } => format!("{}: held", self.call_name(*call)),
            Event::CallRetrieved { call } => format!("{}: retrieved", self.call_name(*call)),
            Event::CallReturned { call, cause } => {
                let cause = match cause {
                    ReturnCause::OfferEnded => "its offer ended",
                    ReturnCause::ConnectFailed => "no bridge",
                    ReturnCause::AgentLegLost => "its agent is lost",
                    ReturnCause::Transferred => "its agent handed it on",
                };
                format!("{}: waits again, {cause}", self.call_name(*call))
            }
            Event::CallEnded { call, outcome, treatment } => {
                let outcome = match outcome {
                    Outcome::Handled => "handled",
                    Outcome::Abandoned => "abandoned",
                    Outcome::ShortAbandoned => "short abandoned",
                    Outcome::Overflowed => "overflowed",
                    Outcome::Vanished => "vanished",
                    Outcome::Transferred => "transferred",
                    Outcome::Rejected => "rejected",
                };
                let treatment = treatment.map(|treatment| match treatment {
                    Treatment::Busy => ", busy",
                    Treatment::Voicemail => ", voicemail",
                    Treatment::Message => ", message",
                    Treatment::HangUp => ", hang up",
                });
                let treatment = treatment.unwrap_or_default();
                format!("{}: ended, {outcome}{treatment}", self.call_name(*call))
            }
        }
    }

    fn offer_event(&self, event: &Event) -> String {
        match event {
            Event::OfferIssued { call, agent, queue, adopted, picked, .. } => {
                let (agent, queue) = (self.agent_name(*agent), self.queue_name(*queue));
                let found = match (adopted, picked) {
                    (true, _) => ", found so",
                    (_, true) => ", by hand",
                    _ => "",
                };
                format!("{}: offered to {agent} through {queue}{found}", self.call_name(*call))
            }
            Event::OfferRinging { call, .. } => format!("{}: rings", self.call_name(*call)),
            Event::OfferEnded { call, agent, end, adapter_knows, .. } => {
                let end = match end {
                    OfferEnd::Accepted => "accepted",
                    OfferEnd::Declined => "declined",
                    OfferEnd::NoAnswer => "no answer",
                    OfferEnd::Failed => "failed",
                    OfferEnd::Revoked(RevokeCause::CallEnded) => "revoked, the call ended",
                    OfferEnd::Revoked(RevokeCause::AgentUnavailable) => {
                        "revoked, the agent is not available"
                    }
                    OfferEnd::Revoked(RevokeCause::AnsweredElsewhere) => {
                        "revoked, another has taken it"
                    }
                    OfferEnd::Revoked(RevokeCause::CallMoved) => "revoked, the call moved",
                    OfferEnd::Revoked(RevokeCause::Picked) => "revoked, given to another",
                    OfferEnd::Revoked(RevokeCause::AdapterRestarted) => {
                        "revoked, the adapter restarted"
                    }
                };
                let told = if *adapter_knows { "" } else { ", to be told" };
                let agent = self.agent_name(*agent);
                format!("{}: offer to {agent} over: {end}{told}", self.call_name(*call))
            }
            Event::CallConnecting { call, agent, .. } => {
                format!("{}: connecting with {}", self.call_name(*call), self.agent_name(*agent))
            }
            Event::ConnectFailed { call, agent, adapter_knows, .. } => {
                let told = if *adapter_knows { "" } else { ", to be told" };
                let agent = self.agent_name(*agent);
                format!("{}: no bridge with {agent}{told}", self.call_name(*call))
            }
            Event::RecoveryOver
            | Event::HalfMinutePassed
            | Event::AdapterUp { .. }
            | Event::AdapterSynced { .. }
            | Event::AdapterDown { .. }
            | Event::CallArrived { .. }
            | Event::AgentAwaited { .. }
            | Event::AgentAwaitedNoMore { .. }
            | Event::PlaceEntered { .. }
            | Event::PlaceLeft { .. }
            | Event::RequirementChanged { .. }
            | Event::PriorityChanged { .. }
            | Event::RuleFired { .. }
            | Event::QueueClosed { .. }
            | Event::AgentsMessaged { .. }
            | Event::SkillChanged { .. }
            | Event::LatchChanged { .. }
            | Event::CallConnected { .. }
            | Event::CallHeld { .. }
            | Event::CallRetrieved { .. }
            | Event::CallReturned { .. }
            | Event::CallEnded { .. }
            | Event::TransferOrdered { .. }
            | Event::PlayOrdered { .. }
            | Event::CallbackOfferOrdered { .. }
            | Event::LadderOrdered { .. }
            | Event::DeviceChanged { .. }
            | Event::PresenceChanged { .. }
            | Event::SlotChanged { .. }
            | Event::HeartbeatChanged { .. }
            | Event::WrapUpEnded { .. }
            | Event::WrapUpExtended { .. } => unreachable!("only events of offers come here"),
        }
    }

    /// Nothing when it is now.
    fn since(&self, since: Timestamp) -> String {
        match since == self.now {
            true => String::new(),
            false => format!(", since {}", moment(since)),
        }
    }

    fn presence(&self, presence: Presence) -> String {
        match presence {
            Presence::LoggedOut => "logged out".to_owned(),
            Presence::Ready => "ready".to_owned(),
            Presence::NotReady(NotReadyReason::Unstated) => "not ready".to_owned(),
            Presence::NotReady(NotReadyReason::Named(reason)) => {
                format!("not ready for {}", self.plan.reasons[reason.index()])
            }
            Presence::NotReady(NotReadyReason::MissedOffers) => {
                "not ready, missed offers".to_owned()
            }
            Presence::NotReady(NotReadyReason::Forced) => "not ready, forced".to_owned(),
            Presence::NotReady(NotReadyReason::HeartbeatLost) => {
                "not ready, heartbeat lost".to_owned()
            }
            Presence::NotReady(NotReadyReason::DeviceOutOfService) => {
                "not ready, device out of service".to_owned()
            }
        }
    }

    fn slot(&self, state: &SlotState) -> String {
        match state {
            SlotState::Free => "free".to_owned(),
            SlotState::Reserved { call, .. } => format!("reserved for {}", self.call_name(*call)),
            SlotState::Connecting { call } => format!("connecting {}", self.call_name(*call)),
            SlotState::Talking { call } => format!("talking with {}", self.call_name(*call)),
            SlotState::Held { call } => format!("holding {}", self.call_name(*call)),
            SlotState::WrapUp { call, .. } => format!("wrap-up after {}", self.call_name(*call)),
        }
    }

    fn call_name(&self, call: CallHandle) -> &str {
        let named = self.calls.iter().find(|(_, handle)| **handle == call);
        named.map_or("?", |(name, _)| name)
    }

    fn adapter_name(&self, adapter: AdapterId) -> String {
        let known = self.plan.adapters.get(adapter.index());
        known.cloned().unwrap_or_else(|| format!("adapter-{}", adapter.0))
    }

    fn agent_name(&self, agent: AgentId) -> &str {
        &self.plan.agents[agent.index()].id
    }

    fn queue_name(&self, queue: QueueId) -> &str {
        &self.plan.queues[queue.index()].name
    }
}

fn moment(at: Timestamp) -> String {
    seconds(at.since(START))
}

/// Exactly, in as few digits as that takes.
pub(crate) fn seconds(span: Span) -> String {
    let (seconds, parts) = (span.0 / 1_000_000, span.0 % 1_000_000);
    let parts = format!(".{parts:06}");
    format!("{seconds}{}s", parts.trim_end_matches('0').trim_end_matches('.'))
}
