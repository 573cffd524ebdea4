//! Everything that can happen to the Router.

use crate::event::DeviceState;
use crate::ids::{
    AdapterId, AgentId, CallHandle, CallerKey, DispositionId, ExtraId, OfferNumber, Priority,
    QueueId, ReasonId, RouteId, SkillId, Span, Timestamp,
};
use crate::plan::{Channel, RoutingPlan, Treatment};
use crate::skills::SkillForNow;
use std::sync::Arc;

/// One thing that happened, or that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Fires what is due at or before `now`, at most a slice of it: the driver repeats while
    /// `next_deadline() <= now`.
    AdvanceTime,
    /// A whole half minute of UTC is over, or several: nothing but that it is told.
    HalfMinutePassed,

    /// The domain begins an epoch: every session is gone. Until `RecoveryOver` no deadline falls
    /// due and nothing is offered; adapters come back and say what they hold meanwhile.
    EpochBegan,
    /// The adapters have come back, or have had their time: what is overdue falls due now, and
    /// then calls are offered again.
    RecoveryOver,
    /// Ops decide anew. Calls and agents go on under the queues, rules, skills and reasons of the
    /// same name; the handles of adapters stay as they are.
    PlanChanged {
        /// The whole of it.
        plan: Arc<RoutingPlan>,
    },

    /// An adapter's session is open: its calls may be offered, its devices rung.
    AdapterUp {
        /// Who.
        adapter: AdapterId,
        /// The adapter's process, a random number.
        incarnation: u64,
        /// It will say what it holds: nothing of it is offered until `AdapterSynced`, or until the
        /// plan's `recovery_grace` has passed. Offers that it rings are kept so long.
        resync: bool,
    },
    /// The adapter has said all that it holds.
    AdapterSynced {
        /// Who.
        adapter: AdapterId,
    },
    /// An adapter's session is gone: its calls wait on, nothing of it is offered.
    AdapterDown {
        /// Who.
        adapter: AdapterId,
    },
    /// All messages of the adapter's incarnation up to `number` have been applied or refused.
    AdapterHeard {
        /// Who.
        adapter: AdapterId,
        /// The number of the latest.
        number: u64,
    },

    /// A call arrives.
    CallOffered {
        /// Its handle, minted by the edge.
        call: CallHandle,
        /// Who holds the caller's leg.
        adapter: AdapterId,
        /// Where it begins to wait, and how.
        entry: CallEntry,
    },
    /// The PBX reports that the call is over, by whichever side.
    CallEnded {
        /// Which.
        call: CallHandle,
    },
    /// The PBX does not have the call any more, and nobody saw it end.
    CallVanished {
        /// Which.
        call: CallHandle,
    },
    /// The PBX rings, or has bridged, an agent for a waiting call, by an offer that the Router does
    /// not know of.
    OfferAdopted {
        /// Which call.
        call: CallHandle,
        /// Who is rung.
        agent: AgentId,
        /// The adapter that rings him.
        rung_by: AdapterId,
        /// They talk already.
        talking: bool,
    },
    /// The adapter does not ring for an offer that is out.
    OfferLost {
        /// The call that was offered.
        call: CallHandle,
        /// Which offer.
        offer: OfferNumber,
    },
    /// The adapter reports how an offer goes.
    OfferResult {
        /// The call that was offered.
        call: CallHandle,
        /// Which offer.
        offer: OfferNumber,
        /// How it goes.
        result: OfferResult,
    },
    /// Caller and agent hear each other.
    CallBridged {
        /// Which.
        call: CallHandle,
        /// The offer that led to it.
        offer: OfferNumber,
    },
    /// The adapter could not bridge.
    ConnectFailed {
        /// Which.
        call: CallHandle,
        /// The offer that led to it.
        offer: OfferNumber,
    },
    /// The agent's leg died, the caller is still there.
    AgentLegLost {
        /// Which.
        call: CallHandle,
    },
    /// The agent put the caller on hold.
    CallHeld {
        /// Which.
        call: CallHandle,
    },
    /// The agent took the caller back from hold.
    CallRetrieved {
        /// Which.
        call: CallHandle,
    },

    /// The agent handed the caller on.
    CallTransferred {
        /// Which.
        call: CallHandle,
        /// Into this queue; out of acdd without one.
        queue: Option<QueueId>,
    },

    /// The PBX reports how an agent's device is.
    DeviceChanged {
        /// Whose.
        agent: AgentId,
        /// How it is now.
        device: DeviceState,
    },
    /// The agent's desktop is heard: from now on it is expected to be.
    HeartbeatKept {
        /// Whose.
        agent: AgentId,
    },
    /// The agent's desktop has not been heard for too long.
    HeartbeatLost {
        /// Whose.
        agent: AgentId,
    },
    /// The agent starts work; he is not ready until he says so.
    AgentLogIn {
        /// Who.
        agent: AgentId,
    },
    /// The agent goes home.
    AgentLogOut {
        /// Who.
        agent: AgentId,
    },
    /// The agent wants calls.
    AgentReady {
        /// Who.
        agent: AgentId,
    },
    /// The agent wants no calls.
    AgentNotReady {
        /// Who.
        agent: AgentId,
        /// Why, if he said so.
        reason: Option<ReasonId>,
    },
    /// The agent takes the call that he is offered.
    AgentAccept {
        /// Who.
        agent: AgentId,
        /// Which offer.
        offer: OfferNumber,
    },
    /// The agent does not take the call that he is offered.
    AgentDecline {
        /// Who.
        agent: AgentId,
        /// Which offer.
        offer: OfferNumber,
    },
    /// The agent has finished his notes.
    AgentEndWrapUp {
        /// Who.
        agent: AgentId,
        /// On which call; without one, on all that he has in wrap-up.
        call: Option<CallHandle>,
        /// How the conversation came out, one of the queue's; it is said of one call alone.
        disposition: Option<DispositionId>,
    },
    /// The agent needs longer for his notes on all calls in wrap-up: it ends so much later, as far
    /// as the plan lets it.
    AgentExtendWrapUp {
        /// Who.
        agent: AgentId,
        /// By how much.
        by: Span,
    },

    /// A supervisor moves a waiting call to another queue.
    MoveCall {
        /// Which.
        call: CallHandle,
        /// Where to.
        queue: QueueId,
    },
    /// A supervisor sets a waiting call's priority, up or down.
    SetPriority {
        /// Which.
        call: CallHandle,
        /// The new one.
        priority: Priority,
    },
    /// A supervisor ends a call.
    EndCall {
        /// Which.
        call: CallHandle,
        /// What the caller gets.
        treatment: Treatment,
    },
    /// A supervisor closes a queue to new calls, or opens it again: rules with `closed` look at it.
    SetClosed {
        /// Which.
        queue: QueueId,
        /// Whether it is to be closed.
        closed: bool,
        /// When it is to turn again by itself, later than now; without one it stays so.
        until: Option<Timestamp>,
    },
    /// A supervisor gives an agent a skill, or takes it from him, for now.
    SetSkill {
        /// Who.
        agent: AgentId,
        /// Which.
        skill: SkillId,
        /// What he is to have of it.
        wanted: SkillForNow,
        /// When it is as planned again by itself, later than now; without one it stays so.
        until: Option<Timestamp>,
    },
    /// A person gives a call that waits, or is offered to others, to one agent: he is offered it at once, if
    /// he meets what it asks for in one of its queues and could take it now.
    PickCall {
        /// Which.
        call: CallHandle,
        /// To whom.
        agent: AgentId,
    },
    /// A supervisor tells agents something.
    MessageAgents {
        /// Whom.
        to: MessageTo,
    },
    /// A supervisor sets an agent's presence, at once where no call is in his hands.
    ForcePresence {
        /// Who.
        agent: AgentId,
        /// To what.
        presence: ForcedPresence,
    },
}

/// What a call comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallEntry {
    /// The queue it enters.
    pub queue: QueueId,
    /// Its priority at entry.
    pub priority: Priority,
    /// When it began to wait: now, or earlier when the edge hears of it late.
    pub since: Timestamp,
    /// By which means.
    pub channel: Channel,
    /// The agent whom it is for, if he works.
    pub preferred: Option<AgentId>,
    /// Who the caller is, to nobody but those who have the key: equal for calls of the same caller.
    pub caller: Option<CallerKey>,
    /// What it asks for besides what its queues do, for the whole of its life.
    pub extra: Option<ExtraId>,
    /// The route that chose all this; none if the adapter named the queue.
    pub route: Option<RouteId>,
}

impl CallEntry {
    /// Of a telephone call of which nothing else is known.
    pub const fn new(queue: QueueId, priority: Priority, since: Timestamp) -> Self {
        Self {
            queue,
            priority,
            since,
            channel: Channel::Voice,
            preferred: None,
            caller: None,
            extra: None,
            route: None,
        }
    }

    /// The same call, which asks for this besides.
    #[must_use]
    pub const fn asking(self, extra: Option<ExtraId>) -> Self {
        Self { extra, ..self }
    }

    /// The same call, which took this route.
    #[must_use]
    pub const fn by_route(self, route: RouteId) -> Self {
        Self { route: Some(route), ..self }
    }
}

/// How an offer goes, as its adapter sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferResult {
    /// The device rings.
    Ringing,
    /// The agent answered.
    Accepted,
    /// The agent refused.
    Declined,
    /// Nobody answered.
    NoAnswer,
    /// The device could not be reached.
    Failed,
}

/// Which agents a message is for: of these, those who are logged in as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageTo {
    /// One of them.
    Agent(AgentId),
    /// All who may serve a queue by its own requirement.
    Queue(QueueId),
    /// All.
    Everybody,
}

/// What a supervisor may force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForcedPresence {
    /// Logged in and taking calls.
    Ready,
    /// Logged in, taking none.
    NotReady,
    /// Gone.
    LoggedOut,
}
