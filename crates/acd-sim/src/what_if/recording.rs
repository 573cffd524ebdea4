//! What a record says of a stretch of time: who called and what became of him, and who was at work.
//!
//! Only what does not depend on how calls were routed is played again: when callers came and what they
//! asked for, how long they talked, when they hung up if they did, and when people came to work and went.
//! How long an answered caller waited is kept to compare with, and because his patience was at least that.

use acd_core::{CallerKey, Channel, Presence, Priority, Span, Timestamp};

/// Days, each of which is played from an empty center on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// In order, at least one for a recording that can be played.
    pub days: Vec<RecordedDay>,
    /// What a reader should know of how it came about: of what was left out, and how often.
    pub notes: Vec<String>,
}

/// One day.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedDay {
    /// What it is called: its date.
    pub name: String,
    /// When it began.
    pub midnight: Timestamp,
    /// Its calls, in the order in which they came.
    pub calls: Vec<RecordedCall>,
    /// Who came to work, paused and went, in order.
    pub presence: Vec<PresenceChange>,
    /// Queues that people closed and opened again, in order.
    pub closings: Vec<Closing>,
    /// When people were at work is known from their calls alone: so the last one stays until nobody waits.
    pub last_one_stays: bool,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedCall {
    /// Its id.
    pub id: String,
    /// When it came.
    pub at: Timestamp,
    /// How it finds its queue.
    pub door: Door,
    /// What it is counted under: its type, or the queue that it entered on the day.
    pub group: String,
    /// By which means.
    pub channel: Channel,
    /// As its adapter said it; none if that was left to a route, or is normal.
    pub priority: Option<Priority>,
    /// The agent whom its adapter named for it.
    pub preferred: Option<String>,
    /// Who its caller is, if he is told from others.
    pub caller: Option<CallerKey>,
    /// How long it waited, ringing included.
    pub wait: Span,
    /// How long it rang of that, with the agent who answered.
    pub ring: Span,
    /// How its wait ended.
    pub end: RecordedEnd,
}

/// How a call finds its queue.
#[derive(Clone, Debug, PartialEq)]
pub enum Door {
    /// It is named.
    Queue(String),
    /// By the routes of the configuration, which look at this.
    Routes {
        /// The number that was dialled, or empty.
        dialed: String,
        /// The number of the caller, or empty.
        caller: String,
        /// What its adapter said besides.
        attributes: Vec<(String, String)>,
    },
}

/// How a call's wait ended on the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedEnd {
    /// An agent answered.
    Answered {
        /// How long they talked; none if they still did when the record ends.
        talk: Option<Span>,
        /// How long the agent took notes, if he ended that himself; else as long as the queue gives him.
        notes: Option<Span>,
        /// How long after the talk he let callers wait before he took the next, his wrap-up included: only
        /// what it has more than the queue gives him is added. None if nobody waited, so that it does not
        /// show.
        pause: Option<Span>,
    },
    /// The caller hung up.
    Abandoned,
    /// It was turned away, or sent on.
    SentAway,
    /// The record ends before that.
    Unknown,
}

/// An agent comes, pauses or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceChange {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub agent: String,
    /// What he is from then on.
    pub to: AtWork,
}

/// Whether somebody is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtWork {
    /// Not at all.
    Gone,
    /// But takes no calls.
    NotReady,
    /// And takes calls.
    Ready,
}

impl From<Presence> for AtWork {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::LoggedOut => Self::Gone,
            Presence::NotReady(_) => Self::NotReady,
            Presence::Ready => Self::Ready,
        }
    }
}

/// Somebody closes a queue to new calls, or opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub queue: String,
    /// It is closed from then on.
    pub closed: bool,
}

impl Recording {
    /// How many calls there are.
    pub fn calls(&self) -> usize {
        self.days.iter().map(|day| day.calls.len()).sum()
    }

    /// The names under which calls are counted, each once, sorted.
    pub fn groups(&self) -> Vec<&str> {
        let calls = self.days.iter().flat_map(|day| &day.calls);
        let mut groups: Vec<&str> = calls.map(|call| call.group.as_str()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The names by which calls and closings look for queues, each once, sorted; calls that came by routes
    /// have none.
    pub fn queues(&self) -> Vec<&str> {
        let calls = self.days.iter().flat_map(|day| &day.calls);
        let asked = calls.filter_map(|call| match &call.door {
            Door::Queue(queue) => Some(queue.as_str()),
            Door::Routes { .. } => None,
        });
        let closings = self.days.iter().flat_map(|day| &day.closings);
        let mut queues: Vec<&str> =
            asked.chain(closings.map(|closing| closing.queue.as_str())).collect();
        queues.sort_unstable();
        queues.dedup();
        queues
    }

    /// The agents who were at work, each once, in the order in which they first came.
    pub fn agents(&self) -> Vec<&str> {
        let mut known = std::collections::HashSet::new();
        let changes = self.days.iter().flat_map(|day| &day.presence);
        changes.map(|change| change.agent.as_str()).filter(|agent| known.insert(*agent)).collect()
    }
}
