//! Commands in words: what each is called, and its fields with the names of the plan of then.

use crate::cast::Cast;
use crate::disk::RealDisk;
use crate::file_log::DataFolder;
use crate::reader::Reader;
use crate::record::{CallCard, Entry};
use crate::snapshots::Snapshots;
use acd_core::{
    AdapterId, AgentId, CallHandle, Command, DeviceState, ForcedPresence, MessageTo, OfferResult,
    QueueId, RoutingPlan, SkillForNow, SkillId, Timestamp, Treatment,
};
use std::sync::Arc;

/// A command in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is called.
    pub command: &'static str,
    /// What it says, without anything of the caller: a call is named by its handle.
    pub fields: Vec<(&'static str, Value)>,
    /// Data of a caller: the id, the numbers and the attributes of the call that it names, as far as
    /// known.
    pub card: Option<Arc<CallCard>>,
}

/// A field of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number or a count.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// A name or a word; `#7` is number 7 of the plan where the plan is not known.
    Word(String),
    /// A call without its name: `slot.generation`.
    Call(CallHandle),
    /// An instant.
    At(Timestamp),
}

/// The names behind handles at some place of a journal.
#[derive(Debug)]
pub struct Names {
    plan: Arc<RoutingPlan>,
    cast: Cast,
}

impl Names {
    /// An entry's command in words; it has been met.
    pub fn tell(&self, entry: &Entry) -> Told {
        let call = call_of(&entry.command);
        Told {
            command: name_of(&entry.command),
            fields: fields_of(&entry.command, self),
            card: call.and_then(|call| self.cast.card(call)).map(Arc::clone),
        }
    }

    /// Those that are known before the sequence `before`, as far as the journal can be read: what
    /// cannot be named is shown by its number.
    pub(super) fn as_of(folder: &DataFolder, before: u64) -> Self {
        let snapshots = Snapshots::of(RealDisk::of(&folder.snapshots()));
        let base = snapshots.newest(Some(before.saturating_sub(1))).ok();
        let (base, _) = base.unwrap_or_default();
        let read_from = base.tail().batch + 1;
        let parts = base.into_parts();
        let mut names = Self { plan: Arc::clone(parts.router.plan()), cast: parts.cast };
        let Ok(mut reader) = Reader::open(RealDisk::of(&folder.segments()), read_from) else {
            return names;
        };
        while let Ok(Ok(batch)) = reader.next() {
            if batch.first_sequence >= before {
                break;
            }
            if batch.number >= read_from {
                let earlier = batch.entries.iter().filter(|entry| entry.sequence < before);
                earlier.for_each(|entry| names.meet(entry));
            }
        }
        names
    }

    /// Learns the names that an entry makes known.
    pub(super) fn meet(&mut self, entry: &Entry) {
        if let Command::PlanChanged { plan } = &entry.command {
            self.plan = Arc::clone(plan);
        }
        self.cast.meet(&entry.command, entry.minted.as_ref());
    }

    fn queue(&self, queue: QueueId) -> Value {
        named(self.plan.queues.get(queue.index()).map(|queue| &*queue.name), queue.index())
    }

    fn agent(&self, agent: AgentId) -> Value {
        named(self.plan.agents.get(agent.index()).map(|agent| &*agent.id), agent.index())
    }

    fn skill(&self, skill: SkillId) -> Value {
        named(self.plan.skills.get(skill.index()).map(|skill| &**skill), skill.index())
    }

    fn adapter(&self, adapter: AdapterId) -> Value {
        let name = self.cast.adapters().get(adapter.index()).map(|name| &**name);
        named(name.filter(|name| !name.is_empty()), adapter.index())
    }
}

fn named(name: Option<&str>, number: usize) -> Value {
    Value::Word(name.map_or_else(|| format!("#{number}"), str::to_owned))
}

fn name_of(command: &Command) -> &'static str {
    match command {
        Command::AdvanceTime => "advance_time",
        Command::HalfMinutePassed => "half_minute_passed",
        Command::EpochBegan => "epoch_began",
        Command::RecoveryOver => "recovery_over",
        Command::PlanChanged { .. } => "plan_changed",
        Command::AdapterUp { .. } => "adapter_up",
        Command::AdapterSynced { .. } => "adapter_synced",
        Command::AdapterDown { .. } => "adapter_down",
        Command::AdapterHeard { .. } => "adapter_heard",
        Command::CallOffered { .. } => "call_offered",
        Command::CallEnded { .. } => "call_ended",
        Command::CallVanished { .. } => "call_vanished",
        Command::OfferAdopted { .. } => "offer_adopted",
        Command::OfferLost { .. } => "offer_lost",
        Command::OfferResult { .. } => "offer_result",
        Command::CallBridged { .. } => "call_bridged",
        Command::ConnectFailed { .. } => "connect_failed",
        Command::AgentLegLost { .. } => "agent_leg_lost",
        Command::CallHeld { .. } => "call_held",
        Command::CallRetrieved { .. } => "call_retrieved",
        Command::AgentLogIn { .. } => "agent_log_in",
        Command::AgentLogOut { .. } => "agent_log_out",
        Command::AgentReady { .. } => "agent_ready",
        Command::AgentNotReady { .. } => "agent_not_ready",
        Command::AgentAccept { .. } => "agent_accept",
        Command::AgentDecline { .. } => "agent_decline",
        Command::AgentEndWrapUp { .. } => "agent_end_wrap_up",
        Command::AgentExtendWrapUp { .. } => "agent_extend_wrap_up",
        Command::MoveCall { .. } => "move_call",
        Command::SetPriority { .. } => "set_priority",
        Command::EndCall { .. } => "end_call",
        Command::ForcePresence { .. } => "force_presence",
        Command::CallTransferred { .. } => "call_transferred",
        Command::DeviceChanged { .. } => "device_changed",
        Command::HeartbeatKept { .. } => "heartbeat_kept",
        Command::HeartbeatLost { .. } => "heartbeat_lost",
        Command::SetClosed { .. } => "set_closed",
        Command::SetSkill { .. } => "set_skill",
        Command::PickCall { .. } => "pick_call",
        Command::MessageAgents { .. } => "message_agents",
    }
}

/// The call that a command is about.
fn call_of(command: &Command) -> Option<CallHandle> {
    match command {
        Command::CallOffered { call, .. }
        | Command::CallEnded { call }
        | Command::CallVanished { call }
        | Command::OfferAdopted { call, .. }
        | Command::OfferLost { call, .. }
        | Command::OfferResult { call, .. }
        | Command::CallBridged { call, .. }
        | Command::ConnectFailed { call, .. }
        | Command::AgentLegLost { call }
        | Command::CallHeld { call }
        | Command::CallRetrieved { call }
        | Command::CallTransferred { call, .. }
        | Command::MoveCall { call, .. }
        | Command::SetPriority { call, .. }
        | Command::PickCall { call, .. }
        | Command::EndCall { call, .. } => Some(*call),
        Command::AgentEndWrapUp { call, .. } => *call,
        Command::AdvanceTime
        | Command::HalfMinutePassed
        | Command::EpochBegan
        | Command::RecoveryOver
        | Command::PlanChanged { .. }
        | Command::AdapterUp { .. }
        | Command::AdapterSynced { .. }
        | Command::AdapterDown { .. }
        | Command::AdapterHeard { .. }
        | Command::HeartbeatKept { .. }
        | Command::HeartbeatLost { .. }
        | Command::AgentLogIn { .. }
        | Command::AgentLogOut { .. }
        | Command::AgentReady { .. }
        | Command::AgentNotReady { .. }
        | Command::AgentAccept { .. }
        | Command::AgentDecline { .. }
        | Command::AgentExtendWrapUp { .. }
        | Command::DeviceChanged { .. }
        | Command::SetClosed { .. }
        | Command::SetSkill { .. }
        | Command::MessageAgents { .. }
        | Command::ForcePresence { .. } => None,
    }
}

fn fields_of(command: &Command, names: &Names) -> Vec<(&'static str, Value)> {
    let mut fields: Vec<(&'static str, Value)> = Vec::new();
    fields.extend(call_of(command).map(|call| ("call", Value::Call(call))));
    match command {
        Command::AdvanceTime
        | Command::HalfMinutePassed
        | Command::EpochBegan
        | Command::RecoveryOver
        | Command::CallEnded { .. }
        | Command::CallVanished { .. }
        | Command::AgentLegLost { .. }
        | Command::CallHeld { .. }
        | Command::CallRetrieved { .. } => {}
        Command::PlanChanged { plan } => fields.extend([
            ("queues", Value::Number(plan.queues.len() as u64)),
            ("skills", Value::Number(plan.skills.len() as u64)),
            ("agents", Value::Number(plan.agents.len() as u64)),
        ]),
        Command::AdapterUp { adapter, incarnation, resync } => fields.extend([
            ("adapter", names.adapter(*adapter)),
            ("incarnation", Value::Word(format!("{incarnation:016x}"))),
            ("resync", Value::Flag(*resync)),
        ]),
        Command::AdapterSynced { adapter } | Command::AdapterDown { adapter } => {
            fields.push(("adapter", names.adapter(*adapter)));
        }
        Command::AdapterHeard { adapter, number } => fields
            .extend([("adapter", names.adapter(*adapter)), ("number", Value::Number(*number))]),
        Command::CallOffered { adapter, entry, .. } => {
            fields.extend([
                ("adapter", names.adapter(*adapter)),
                ("queue", names.queue(entry.queue)),
                ("priority", Value::Number(u64::from(entry.priority.get()))),
                ("since", Value::At(entry.since)),
            ]);
            // As problems of a configuration count them.
            fields.extend(entry.route.map(|route| ("route", Value::Number(u64::from(route.0)))));
        }
        Command::OfferAdopted { agent, rung_by, talking, .. } => fields.extend([
            ("agent", names.agent(*agent)),
            ("rung_by", names.adapter(*rung_by)),
            ("talking", Value::Flag(*talking)),
        ]),
        Command::OfferLost { offer, .. }
        | Command::CallBridged { offer, .. }
        | Command::ConnectFailed { offer, .. } => fields.push(("offer", Value::Number(offer.0))),
        Command::OfferResult { offer, result, .. } => {
            fields.extend([("offer", Value::Number(offer.0)), ("result", word(result_of(*result)))])
        }
        Command::SetClosed { queue, closed, until } => {
            fields.extend([("queue", names.queue(*queue)), ("closed", Value::Flag(*closed))]);
            fields.extend(until.map(|until| ("until", Value::At(until))));
        }
        Command::SetSkill { agent, skill, wanted, until } => {
            fields.extend([("agent", names.agent(*agent)), ("skill", names.skill(*skill))]);
            fields.push(match wanted {
                SkillForNow::Level(level) => ("level", Value::Number(u64::from(*level))),
                SkillForNow::Without => ("taken", Value::Flag(true)),
                SkillForNow::AsPlanned => ("as_configured", Value::Flag(true)),
            });
            fields.extend(until.map(|until| ("until", Value::At(until))));
        }
        Command::PickCall { agent, .. } => fields.push(("agent", names.agent(*agent))),
        Command::MessageAgents { to: MessageTo::Agent(agent) } => {
            fields.push(("agent", names.agent(*agent)));
        }
        Command::MessageAgents { to: MessageTo::Queue(queue) } => {
            fields.push(("queue", names.queue(*queue)));
        }
        Command::MessageAgents { to: MessageTo::Everybody } => {
            fields.push(("everybody", Value::Flag(true)));
        }
        Command::HeartbeatKept { agent }
        | Command::HeartbeatLost { agent }
        | Command::AgentLogIn { agent }
        | Command::AgentLogOut { agent }
        | Command::AgentReady { agent } => fields.push(("agent", names.agent(*agent))),
        Command::AgentEndWrapUp { agent, disposition, .. } => {
            fields.push(("agent", names.agent(*agent)));
            let said = disposition.map(|disposition| disposition.index());
            let name = |at: usize| named(names.plan.dispositions.get(at).map(String::as_str), at);
            fields.extend(said.map(|at| ("disposition", name(at))));
        }
        Command::AgentExtendWrapUp { agent, by } => {
            fields.extend([("agent", names.agent(*agent)), ("by_us", Value::Number(by.0))]);
        }
        Command::AgentNotReady { agent, reason } => {
            fields.push(("agent", names.agent(*agent)));
            let reason = reason.map(|reason| reason.index());
            let name = |at: usize| named(names.plan.reasons.get(at).map(String::as_str), at);
            fields.extend(reason.map(|at| ("reason", name(at))));
        }
        Command::AgentAccept { agent, offer } | Command::AgentDecline { agent, offer } => {
            fields.extend([("agent", names.agent(*agent)), ("offer", Value::Number(offer.0))]);
        }
        Command::CallTransferred { queue, .. } => {
            fields.extend(queue.map(|queue| ("queue", names.queue(queue))));
        }
        Command::DeviceChanged { agent, device } => {
            fields.extend([("agent", names.agent(*agent)), ("device", word(device_of(*device)))])
        }
        Command::MoveCall { queue, .. } => fields.push(("queue", names.queue(*queue))),
        Command::SetPriority { priority, .. } => {
            fields.push(("priority", Value::Number(u64::from(priority.get()))));
        }
        Command::EndCall { treatment, .. } => {
            fields.push(("treatment", word(treatment_of(*treatment))));
        }
        Command::ForcePresence { agent, presence } => fields
            .extend([("agent", names.agent(*agent)), ("presence", word(presence_of(*presence)))]),
    }
    fields
}

fn word(word: &str) -> Value {
    Value::Word(word.to_owned())
}

fn result_of(result: OfferResult) -> &'static str {
    match result {
        OfferResult::Ringing => "ringing",
        OfferResult::Accepted => "accepted",
        OfferResult::Declined => "declined",
        OfferResult::NoAnswer => "no_answer",
        OfferResult::Failed => "failed",
    }
}

fn treatment_of(treatment: Treatment) -> &'static str {
    match treatment {
        Treatment::Busy => "busy",
        Treatment::Voicemail => "voicemail",
        Treatment::Message => "message",
        Treatment::HangUp => "hang_up",
    }
}

fn device_of(device: DeviceState) -> &'static str {
    match device {
        DeviceState::Up => "up",
        DeviceState::Busy => "busy",
        DeviceState::Down => "down",
    }
}

fn presence_of(presence: ForcedPresence) -> &'static str {
    match presence {
        ForcedPresence::Ready => "ready",
        ForcedPresence::NotReady => "not_ready",
        ForcedPresence::LoggedOut => "logged_out",
    }
}
