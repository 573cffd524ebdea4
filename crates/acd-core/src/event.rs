//! What the Router decided. Orders to adapters, views and statistics are folds over these.

mod causes;

use crate::command::MessageTo;
use crate::ids::{
    AdapterId, AgentId, AnnouncementId, CallHandle, CallerKey, DemandId, DispositionId, LadderId,
    NumberId, OfferNumber, Priority, QueueId, ReasonId, RouteId, SkillId, Span, Timestamp,
};
use crate::plan::{Channel, Treatment};

pub use causes::{LeftCause, OfferEnd, Outcome, ReturnCause, RevokeCause};

/// One thing that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The domain has recovered: what was overdue has fallen due, calls are offered again.
    RecoveryOver,
    /// A whole half minute of UTC is over, or several: what looks at the time that has passed of late
    /// moves on here.
    HalfMinutePassed,
    /// An adapter's session opened.
    AdapterUp {
        /// Who.
        adapter: AdapterId,
    },
    /// The adapter has said what it holds, or has had its time to: its calls may be offered.
    AdapterSynced {
        /// Who.
        adapter: AdapterId,
    },
    /// An adapter's session is gone.
    AdapterDown {
        /// Who.
        adapter: AdapterId,
    },
    /// A call is now known and `waiting`; a `PlaceEntered` follows.
    CallArrived {
        /// Which.
        call: CallHandle,
        /// Who holds its caller.
        adapter: AdapterId,
        /// By which means.
        channel: Channel,
        /// Counted from 1 in the domain; orders calls of one instant.
        arrival: u64,
        /// At entry.
        priority: Priority,
        /// When it began to wait: now, or earlier when the edge heard of it late.
        since: Timestamp,
        /// The route that it took; none if the adapter named the queue.
        route: Option<RouteId>,
        /// Who the caller is, to nobody but those who have the key: equal for calls of the same caller;
        /// none if he withholds it, or others share it.
        caller: Option<CallerKey>,
    },
    /// The call waits for one agent, and is nobody else's until then.
    AgentAwaited {
        /// Which.
        call: CallHandle,
        /// For whom.
        agent: AgentId,
        /// For how long at most.
        until: Timestamp,
    },
    /// The call waits for anybody.
    AgentAwaitedNoMore {
        /// Which.
        call: CallHandle,
    },
    /// A call entered a queue.
    PlaceEntered {
        /// Which.
        call: CallHandle,
        /// Where.
        queue: QueueId,
        /// What it asks for there.
        demand: DemandId,
        /// Since when it counts as being there.
        since: Timestamp,
        /// How long it is going to wait from now on, by its priority and its age; none if nobody works
        /// there.
        estimate: Option<Span>,
    },
    /// A call left a queue.
    PlaceLeft {
        /// Which.
        call: CallHandle,
        /// Where.
        queue: QueueId,
        /// Why.
        cause: LeftCause,
    },
    /// A rule replaced what the call asks for in this queue, or dropped some of what it asks for
    /// besides.
    RequirementChanged {
        /// Which.
        call: CallHandle,
        /// Where.
        queue: QueueId,
        /// What it asks for now.
        demand: DemandId,
    },
    /// A rule or a supervisor changed the priority.
    PriorityChanged {
        /// Which.
        call: CallHandle,
        /// The new one.
        priority: Priority,
    },
    /// A queue was closed to new calls, or opened again.
    QueueClosed {
        /// Which.
        queue: QueueId,
        /// It is closed.
        closed: bool,
        /// When it turns by itself; none if it does not.
        until: Option<Timestamp>,
    },
    /// An agent was given a skill, or it was taken from him, or it is as planned again; after a change of
    /// plan, that it still is not as planned.
    SkillChanged {
        /// Who.
        agent: AgentId,
        /// Which.
        skill: SkillId,
        /// The level that he has now; none if he lacks it.
        level: Option<u8>,
        /// It is not as planned, ...
        for_now: bool,
        /// ... until this; none if it stays so.
        until: Option<Timestamp>,
    },
    /// A supervisor has told agents something; what is kept with the command.
    AgentsMessaged {
        /// Counted from 1 in the domain.
        number: u64,
        /// Whom: of these, those who are logged in now.
        to: MessageTo,
    },
    /// What a rule looks at of a queue or the domain has come about, or is over.
    LatchChanged {
        /// Whose rule.
        queue: QueueId,
        /// Its index in the queue's rules.
        rule: u16,
        /// It has come about.
        set: bool,
    },
    /// A rule fired; what it did follows.
    RuleFired {
        /// For which call.
        call: CallHandle,
        /// Whose rule.
        queue: QueueId,
        /// Its index in the queue's rules.
        rule: u16,
        /// It did nothing: the queue was full of the call already, entered in this instant, or
        /// the call has as many places as it may.
        without_effect: bool,
    },
    /// The call is offered to an agent.
    OfferIssued {
        /// Which.
        call: CallHandle,
        /// The offer's number.
        offer: OfferNumber,
        /// To whom.
        agent: AgentId,
        /// The queue through which.
        queue: QueueId,
        /// The adapter that rings his device.
        rung_by: AdapterId,
        /// When it ends unanswered.
        ring_until: Timestamp,
        /// The adapter was found ringing: it has an order for this already.
        adopted: bool,
        /// A person has given it to him, whosever turn it was.
        picked: bool,
    },
    /// The agent's device rings.
    OfferRinging {
        /// Which call.
        call: CallHandle,
        /// Which offer.
        offer: OfferNumber,
    },
    /// The offer is over.
    OfferEnded {
        /// Which call.
        call: CallHandle,
        /// Which offer.
        offer: OfferNumber,
        /// Whose.
        agent: AgentId,
        /// The queue through which it was made.
        queue: QueueId,
        /// The adapter that rings.
        rung_by: AdapterId,
        /// How it ended.
        end: OfferEnd,
        /// The adapter itself reported the end, so it need not be told to stop ringing.
        adapter_knows: bool,
    },
    /// The agent accepted: the adapter must bridge.
    CallConnecting {
        /// Which.
        call: CallHandle,
        /// Through which offer.
        offer: OfferNumber,
        /// With whom.
        agent: AgentId,
        /// The adapter that rang him.
        rung_by: AdapterId,
        /// When it fails.
        until: Timestamp,
    },
    /// The bridge did not come about; a `CallReturned` follows.
    ConnectFailed {
        /// Which call.
        call: CallHandle,
        /// Through which offer.
        offer: OfferNumber,
        /// With whom.
        agent: AgentId,
        /// The adapter that rang him.
        rung_by: AdapterId,
        /// The adapter itself reported it, so it need not be told to let the agent go.
        adapter_knows: bool,
    },
    /// Caller and agent talk.
    CallConnected {
        /// Which.
        call: CallHandle,
        /// With whom.
        agent: AgentId,
        /// The queue through which it was answered.
        queue: QueueId,
    },
    /// The caller is on hold.
    CallHeld {
        /// Which.
        call: CallHandle,
    },
    /// The caller is off hold.
    CallRetrieved {
        /// Which.
        call: CallHandle,
    },
    /// The call waits again.
    CallReturned {
        /// Which.
        call: CallHandle,
        /// Why.
        cause: ReturnCause,
    },
    /// The call is over. Its handle's slot may be used again, with a higher generation.
    CallEnded {
        /// Which.
        call: CallHandle,
        /// How.
        outcome: Outcome,
        /// What the adapter must do with the caller; `None` when the PBX reported the end.
        treatment: Option<Treatment>,
    },
    /// A rule has the adapter transfer the caller out of acdd; `CallEnded` follows.
    TransferOrdered {
        /// Which call.
        call: CallHandle,
        /// Where to.
        number: NumberId,
    },
    /// A rule has the adapter play an announcement to the waiting caller.
    PlayOrdered {
        /// Which call.
        call: CallHandle,
        /// Which announcement.
        announcement: AnnouncementId,
    },
    /// A rule has the adapter ask the waiting caller whether he wants to be called back.
    CallbackOfferOrdered {
        /// Which call.
        call: CallHandle,
    },
    /// A rule has the adapter try whoever is on call for the waiting caller.
    LadderOrdered {
        /// Which call.
        call: CallHandle,
        /// Which ladder.
        ladder: LadderId,
    },
    /// An agent's presence, or the one he has asked for, changed.
    PresenceChanged {
        /// Who.
        agent: AgentId,
        /// The present one.
        presence: Presence,
        /// What it will be once he has no call, or once his device or desktop is back.
        pending: Option<Presence>,
    },
    /// The PBX reported an agent's device anew.
    DeviceChanged {
        /// Whose.
        agent: AgentId,
        /// How it is now.
        device: DeviceState,
    },
    /// An agent's desktop is heard, or is not any more, or none is expected.
    HeartbeatChanged {
        /// Whose.
        agent: AgentId,
        /// How it is now.
        heartbeat: HeartbeatState,
    },
    /// One of an agent's slots changed.
    SlotChanged {
        /// Who.
        agent: AgentId,
        /// Which of his slots, from 0.
        slot: u8,
        /// The new state.
        state: SlotState,
    },
    /// An agent has taken his notes on a call; that his slot is free again follows, if it is there.
    WrapUpEnded {
        /// Who.
        agent: AgentId,
        /// On which call; it has ended, unless it was handed on or lost his leg.
        call: CallHandle,
        /// The queue through which it was answered; none if the plan has it no more.
        queue: Option<QueueId>,
        /// How the conversation came out; none if he did not say.
        disposition: Option<DispositionId>,
    },
    /// An agent's wrap-up lasts longer.
    WrapUpExtended {
        /// Who.
        agent: AgentId,
        /// Which of his slots, from 0.
        slot: u8,
        /// When it ends by itself now.
        until: Timestamp,
    },
}

/// Whether an agent takes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Not at work.
    LoggedOut,
    /// At work, taking no calls.
    NotReady(NotReadyReason),
    /// Taking calls.
    Ready,
}

/// Why an agent takes no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotReadyReason {
    /// He has just logged in, or gave no reason.
    Unstated,
    /// One of the plan's reasons.
    Named(ReasonId),
    /// He left too many offers in a row unanswered.
    MissedOffers,
    /// A supervisor made him so.
    Forced,
    /// His device is out of service; when it is back he is what he was, or has asked for since.
    DeviceOutOfService,
    /// His desktop has fallen silent; when it is heard again he is what he was, or has asked for
    /// since.
    HeartbeatLost,
}

/// Whether an agent's desktop is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatState {
    /// None is expected.
    None,
    /// It is heard.
    Kept,
    /// It was heard, and is not any more.
    Lost,
}

/// How the device of an agent is, as its PBX says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// It can be rung; also if nobody has spoken of it.
    Up,
    /// It is in a call that is not acdd's.
    Busy,
    /// It cannot be reached.
    Down,
}

/// What one slot of an agent is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// Nothing.
    Free,
    /// An offer is out.
    Reserved {
        /// Of which call.
        call: CallHandle,
        /// Which offer.
        offer: OfferNumber,
    },
    /// Accepted, not bridged yet.
    Connecting {
        /// Which call.
        call: CallHandle,
    },
    /// In conversation.
    Talking {
        /// Which call.
        call: CallHandle,
    },
    /// The caller is on hold.
    Held {
        /// Which call.
        call: CallHandle,
    },
    /// Notes after a call.
    WrapUp {
        /// When it ends by itself.
        until: Timestamp,
        /// Which call. It may have ended, and its handle's slot may hold another by now.
        call: CallHandle,
        /// The queue through which it was answered.
        queue: QueueId,
    },
}

impl SlotState {
    pub(crate) const fn is_free(self) -> bool {
        matches!(self, Self::Free)
    }

    /// The call that notes are taken on, and the queue through which it was answered.
    pub(crate) fn in_wrap_up(self) -> Option<(CallHandle, QueueId)> {
        match self {
            Self::WrapUp { call, queue, .. } => Some((call, queue)),
            Self::Free
            | Self::Reserved { .. }
            | Self::Connecting { .. }
            | Self::Talking { .. }
            | Self::Held { .. } => None,
        }
    }
}
