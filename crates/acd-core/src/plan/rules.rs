//! Overflow rules: when they act, and what they do.

use super::{Channel, Requirement, Treatment};
use crate::ids::{AnnouncementId, LadderId, NumberId, Priority, QueueId, SkillId, Span};

/// One overflow rule of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique in its queue.
    pub name: String,
    /// When it acts on a call, once for each stay.
    pub when: When,
    /// It acts on the call again each time so long after it has acted, while it holds.
    pub repeat_every: Option<Span>,
    /// What it does, in this order.
    pub then: Vec<Action>,
}

/// What must hold for a rule to act on a waiting call: all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// The call has been this long in the queue.
    pub waited: Span,
    /// It has waited this long in all.
    pub age: Span,
    /// It is at least so urgent; none for any priority.
    pub priority_at_least: Option<Priority>,
    /// It is of one of these channels, sorted, each once; none for any.
    pub channels: Vec<Channel>,
    /// Looked at when the call enters the queue, and only then.
    pub admission: Option<Admission>,
    /// How it stands with a queue or the domain.
    pub latch: Option<Latch>,
}

/// What is looked at when a call enters a queue: all of it must hold. It acts before the match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// The queue that is looked at, the rule's own or another; `None` for the whole domain, which is
    /// never closed.
    pub of: Option<QueueId>,
    /// The queue is closed.
    pub closed: bool,
    /// So many other calls, or more, stand in the queue in whatever state or are connected through
    /// it; of the whole domain: live, each counted once, wherever it stands.
    pub calls_in_system: Option<u32>,
}

/// What is set when all of `set` holds, and cleared when all of `clear` does; if `clear` is empty,
/// when `set` holds no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latch {
    /// The queue that is looked at; `None` for the whole domain.
    pub of: Option<QueueId>,
    /// Not empty.
    pub set: Vec<Bound>,
    /// What ends it.
    pub clear: Vec<Bound>,
}

/// A measure at or above a value, or at or below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What is measured.
    pub gauge: Gauge,
    /// At or above; else at or below.
    pub at_least: bool,
    /// Calls, agents, microseconds or percent.
    pub value: u64,
}

/// What a latch measures, of a queue or the whole domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gauge {
    /// Calls that wait or are being offered.
    CallsWaiting,
    /// Since the first of them entered its queue, in microseconds.
    LongestWait,
    /// Agents who may serve the queue and are logged in.
    AgentsStaffed,
    /// Of those, the ones who are ready.
    AgentsWorking,
    /// Of those, the ones with a free slot, nothing else asked for, and a device that can be rung.
    AgentsAvailable,
    /// Of the calls answered through the queue or given up there within the last half hour, how many
    /// percent were answered within the queue's target, rounded down: abandons missed, short ones left
    /// out. 100 if there were none.
    ServiceLevel,
    /// How long a call of normal priority would wait that joined the end of the line now, in
    /// microseconds; of a queue, never of the whole domain.
    EstimatedWait,
}

impl Gauge {
    /// Every one that there is.
    pub const ALL: [Self; 7] = [
        Self::CallsWaiting,
        Self::LongestWait,
        Self::AgentsStaffed,
        Self::AgentsWorking,
        Self::AgentsAvailable,
        Self::ServiceLevel,
        Self::EstimatedWait,
    ];

    /// Whether it looks at what has happened of late.
    pub(crate) const fn looks_back(self) -> bool {
        match self {
            Self::ServiceLevel | Self::EstimatedWait => true,
            Self::CallsWaiting
            | Self::LongestWait
            | Self::AgentsStaffed
            | Self::AgentsWorking
            | Self::AgentsAvailable => false,
        }
    }
}

impl Latch {
    /// All that it looks at.
    pub(crate) fn gauges(&self) -> impl Iterator<Item = Gauge> {
        self.set.iter().chain(&self.clear).map(|bound| bound.gauge)
    }
}

/// What a rule does to a waiting call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Raises the priority, to 8 at most; never lowers it.
    RaisePriority(Priority),
    /// Replaces the queue's requirement for this call and stay.
    Require(Requirement),
    /// Takes these skills out of the call's extra requirement, for the rest of its life; sorted,
    /// each once, none of them hard.
    Drop(Vec<SkillId>),
    /// The call waits in this queue too.
    AddQueue {
        /// Which.
        to: QueueId,
        /// Only while the rule's latch is set.
        while_active: bool,
    },
    /// The call leaves this queue for that one.
    MoveTo(QueueId),
    /// The call leaves acdd.
    End(Treatment),
    /// The caller is transferred to this number, and leaves acdd.
    TransferTo(NumberId),
    /// The waiting caller hears this.
    Play(AnnouncementId),
    /// The waiting caller is asked whether he wants to be called back.
    OfferCallback,
    /// Whoever is on call is tried for the caller, who waits on.
    Ladder(LadderId),
}

impl Rule {
    /// One that acts once the call has been so long in the queue.
    pub fn after(waited: Span, name: &str, then: Vec<Action>) -> Self {
        let when = When { waited, ..When::default() };
        Self { name: name.to_owned(), when, repeat_every: None, then }
    }
}

impl When {
    /// Whether it looks at calls of this channel.
    pub fn is_for(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }

    /// Whether nothing but the time in the queue counts.
    pub(super) fn is_wait_only(&self) -> bool {
        *self == Self { waited: self.waited, ..Self::default() }
    }
}

impl Action {
    /// Whether the call is not in the queue any more afterwards.
    pub(super) const fn leaves(&self) -> bool {
        match self {
            Self::MoveTo(_) | Self::End(_) | Self::TransferTo(_) => true,
            Self::RaisePriority(_)
            | Self::Require(_)
            | Self::Drop(_)
            | Self::AddQueue { .. }
            | Self::Play(_)
            | Self::OfferCallback
            | Self::Ladder(_) => false,
        }
    }
}
