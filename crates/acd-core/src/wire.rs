//! Commands and plans as bytes: what a journal keeps and a replica folds.
//!
//! Every variant has a tag of its own that is never used again; integers are little-endian, names
//! are UTF-8 with their length before them. What is read need not make sense: a Router checks each
//! plan and each command when it is given them.

use crate::command::{CallEntry, Command, ForcedPresence, MessageTo, OfferResult};
use crate::persist::{Persist, RestoreError, Restored, Sink, Source, persist_enum, persist_struct};
use crate::plan::{
    Action, Admission, Affinity, AgentPlan, Bound, Channel, ChannelPlan, Channels, Criterion,
    DeskPlan, Endpoint, Gauge, KeepFree, Latch, Match, MissedOffers, Order, Pattern, QueuePlan,
    Requirement, Route, RoutingPlan, Rule, Said, Service, ServiceLevel, Treatment, When,
};
use crate::skills::SkillForNow;
use std::sync::Arc;

persist_enum!(Command {
    0 = AdvanceTime,
    1 = EpochBegan,
    2 = RecoveryOver,
    3 = PlanChanged { plan },
    4 = AdapterUp { adapter, incarnation, resync },
    5 = AdapterSynced { adapter },
    6 = AdapterDown { adapter },
    7 = AdapterHeard { adapter, number },
    8 = CallOffered { call, adapter, entry },
    9 = CallEnded { call },
    10 = CallVanished { call },
    11 = OfferAdopted { call, agent, rung_by, talking },
    12 = OfferLost { call, offer },
    13 = OfferResult { call, offer, result },
    14 = CallBridged { call, offer },
    15 = ConnectFailed { call, offer },
    16 = AgentLegLost { call },
    17 = CallHeld { call },
    18 = CallRetrieved { call },
    19 = AgentLogIn { agent },
    20 = AgentLogOut { agent },
    21 = AgentReady { agent },
    22 = AgentNotReady { agent, reason },
    23 = AgentAccept { agent, offer },
    24 = AgentDecline { agent, offer },
    25 = AgentEndWrapUp { agent, call, disposition },
    26 = MoveCall { call, queue },
    27 = SetPriority { call, priority },
    28 = EndCall { call, treatment },
    29 = ForcePresence { agent, presence },
    30 = CallTransferred { call, queue },
    31 = DeviceChanged { agent, device },
    32 = SetClosed { queue, closed, until },
    33 = AgentExtendWrapUp { agent, by },
    34 = HeartbeatKept { agent },
    35 = HeartbeatLost { agent },
    36 = HalfMinutePassed,
    37 = PickCall { call, agent },
    38 = MessageAgents { to },
    39 = SetSkill { agent, skill, wanted, until },
});
persist_struct!(CallEntry { queue, priority, since, channel, preferred, caller, extra, route });
persist_enum!(OfferResult {
    0 = Ringing, 1 = Accepted, 2 = Declined, 3 = NoAnswer, 4 = Failed,
});
persist_enum!(MessageTo { 0 = Agent(agent), 1 = Queue(queue), 2 = Everybody });
persist_enum!(SkillForNow { 0 = Level(level), 1 = Without, 2 = AsPlanned });
persist_enum!(ForcedPresence { 0 = Ready, 1 = NotReady, 2 = LoggedOut });

persist_struct!(RoutingPlan {
    order,
    short_abandon,
    exclude_for,
    connect_within,
    recovery_grace,
    missed_offers,
    seed,
    channels,
    shared_callers,
    time_zone,
    reasons,
    dispositions,
    adapters,
    skills,
    hard,
    numbers,
    announcements,
    ladders,
    extras,
    routes,
    queues,
    agents,
});
persist_struct!(Route { when, queue, priority, extra, preferred });
persist_struct!(Match { of, any_of });
persist_enum!(Said { 0 = Dialed, 1 = Caller, 2 = Attribute(key), 3 = Channel });
persist_enum!(Order { 0 = Strict, 1 = Credit { per_step }, 2 = Oldest, 3 = Deadline });
persist_enum!(MissedOffers { 0 = StayReady, 1 = NotReadyAfter(count) });
persist_struct!(QueuePlan {
    name,
    require,
    select,
    broadcast,
    ring,
    wrap_up,
    wrap_up_at_most,
    dispositions,
    service_level,
    time_zone,
    keep_free,
    affinity,
    closing_ends_waits,
    rules,
});
persist_struct!(Requirement { skills, any_of });
persist_enum!(Criterion {
    0 = LongestIdle,
    1 = HighestLevel,
    2 = LowestLevel,
    3 = Rank,
    4 = LeastOccupied,
    5 = FewestCalls,
    6 = RoundRobin,
    7 = Listed,
    8 = Random,
});
persist_struct!(ServiceLevel { answered_percent, within });
persist_struct!(Rule { name, when, repeat_every, then });
persist_struct!(When { waited, age, priority_at_least, channels, admission, latch });
persist_struct!(Admission { of, closed, calls_in_system });
persist_struct!(Latch { of, set, clear });
persist_struct!(Bound { gauge, at_least, value });
persist_enum!(Gauge {
    0 = CallsWaiting,
    1 = LongestWait,
    2 = AgentsStaffed,
    3 = AgentsWorking,
    4 = AgentsAvailable,
    5 = ServiceLevel,
    6 = EstimatedWait,
});
persist_enum!(Action {
    0 = RaisePriority(priority),
    1 = Require(requirement),
    2 = AddQueue { to, while_active },
    3 = MoveTo(queue),
    4 = End(treatment),
    5 = TransferTo(number),
    6 = Play(announcement),
    7 = Drop(skills),
    8 = OfferCallback,
    9 = Ladder(ladder),
});
persist_enum!(Treatment { 0 = Busy, 1 = Voicemail, 2 = Message, 3 = HangUp });
persist_struct!(AgentPlan { id, name, skills, desks, queues, only });
persist_struct!(DeskPlan { channel, capacity, endpoint });
persist_enum!(Channel { 0 = Voice, 1 = Chat, 2 = Text, 3 = Callback, 4 = Task });
persist_struct!(ChannelPlan { exclusive, interruptible_by });
persist_struct!(Channels { voice, chat, text, task });
persist_struct!(KeepFree { agents, for_priority });
persist_struct!(Affinity { window, wait });
persist_struct!(Service { rank, delay });
persist_struct!(Endpoint { adapter, address });

impl Persist for Arc<RoutingPlan> {
    fn write(&self, sink: &mut impl Sink) {
        self.as_ref().write(sink);
    }

    fn read(source: &mut Source<'_>) -> Restored<Self> {
        RoutingPlan::read(source).map(Self::new)
    }
}

impl Persist for Pattern {
    fn write(&self, sink: &mut impl Sink) {
        self.0.write(sink);
    }

    fn read(source: &mut Source<'_>) -> Restored<Self> {
        String::read(source).map(Self)
    }
}

impl Persist for String {
    fn write(&self, sink: &mut impl Sink) {
        (self.len() as u32).write(sink);
        sink.bytes(self.as_bytes());
    }

    fn read(source: &mut Source<'_>) -> Restored<Self> {
        let length = u32::read(source)?;
        let bytes = source.take(length as usize)?;
        let text = std::str::from_utf8(bytes).map_err(|_| RestoreError::Damaged("text"))?;
        Ok(text.to_owned())
    }
}

impl<A: Persist, B: Persist> Persist for (A, B) {
    fn write(&self, sink: &mut impl Sink) {
        self.0.write(sink);
        self.1.write(sink);
    }

    fn read(source: &mut Source<'_>) -> Restored<Self> {
        Ok((A::read(source)?, B::read(source)?))
    }
}

impl Command {
    /// Appends the command to `bytes`.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        self.write(bytes);
    }

    /// Takes one command from the front of `bytes`.
    ///
    /// # Errors
    /// What is wrong with the bytes; `bytes` is then as it was. No damage makes it panic, or ask
    /// for more memory than so many bytes can fill.
    pub fn decode(bytes: &mut &[u8]) -> Result<Self, RestoreError> {
        take_front(bytes)
    }
}

impl RoutingPlan {
    /// Appends the plan to `bytes`.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        self.write(bytes);
    }

    /// Takes one plan from the front of `bytes`. It is not checked: a Router does that.
    ///
    /// # Errors
    /// What is wrong with the bytes; `bytes` is then as it was. No damage makes it panic, or ask
    /// for more memory than so many bytes can fill.
    pub fn decode(bytes: &mut &[u8]) -> Result<Self, RestoreError> {
        take_front(bytes)
    }
}

fn take_front<T: Persist>(bytes: &mut &[u8]) -> Restored<T> {
    let mut source = Source { bytes };
    let found = T::read(&mut source)?;
    *bytes = source.bytes;
    Ok(found)
}

#[cfg(test)]
mod tests;
