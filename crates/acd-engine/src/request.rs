//! What people ask for, and the names and places that their answers are given in.

use acd_core::{ForcedPresence, Priority, SkillForNow, Span, Timestamp, Treatment};
use acd_journal::CallCard;
use std::fmt;

/// On whose behalf a request is made; recorded with what it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// A login or badge name, 1..=128 bytes.
    pub name: String,
    /// Why, in the person's own words, or empty; at most 256 bytes.
    pub reason: String,
}

/// Names a live call, or one that an agent takes notes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallRef {
    /// The adapter that holds the caller.
    pub adapter: String,
    /// The id that this adapter chose.
    pub call_id: String,
}

impl PartialEq<CallCard> for CallRef {
    fn eq(&self, card: &CallCard) -> bool {
        *self.adapter == *card.adapter && *self.call_id == *card.call_id
    }
}

impl From<&CallCard> for CallRef {
    fn from(card: &CallCard) -> Self {
        Self { adapter: card.adapter.to_string(), call_id: card.call_id.to_string() }
    }
}

/// A place in the history of the domain; compared epoch first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Counts the starts of the domain, from 1.
    pub epoch: u64,
    /// Counts the events of the epoch, from 1; 0 before the first.
    pub number: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.epoch, self.number)
    }
}

/// When something is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// At an instant of domain time, later than now.
    At(Timestamp),
    /// After so much of it, from the moment the request is taken up.
    After(Span),
}

impl Until {
    pub(crate) fn instant(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::After(length) => now + length,
        }
    }
}

/// Whom a message is for: of these, those who are logged in as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// One agent.
    Agent(String),
    /// All who may serve a queue by its own requirement.
    Queue(String),
    /// All.
    Everybody,
}

/// What an agent or a supervisor asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The agent starts work.
    LogIn {
        /// Who.
        agent: String,
        /// Ready at once.
        ready: bool,
    },
    /// The agent ends work.
    LogOut {
        /// Who.
        agent: String,
    },
    /// The agent's desktop is there; from now on it must be heard again and again.
    Heartbeat {
        /// Whose.
        agent: String,
    },
    /// The agent wants calls.
    Ready {
        /// Who.
        agent: String,
    },
    /// The agent wants no calls.
    NotReady {
        /// Who.
        agent: String,
        /// One of the plan's reasons.
        reason: Option<String>,
    },
    /// The agent takes a call that he is offered.
    Accept {
        /// Who.
        agent: String,
        /// Which offer; `None` means the only one that is out to him.
        offer: Option<u64>,
    },
    /// The agent does not take it.
    Decline {
        /// Who.
        agent: String,
        /// Which offer; `None` means the only one that is out to him.
        offer: Option<u64>,
    },
    /// The agent has finished his notes.
    EndWrapUp {
        /// Who.
        agent: String,
        /// On which call; without one, on all that he has in wrap-up.
        call: Option<CallRef>,
        /// How it came out, one of its queue's dispositions; it is said of one call.
        disposition: Option<String>,
    },
    /// The agent needs longer for them.
    ExtendWrapUp {
        /// Who.
        agent: String,
        /// By how much.
        by: Span,
    },
    /// A supervisor moves a waiting call.
    MoveCall {
        /// Which.
        call: CallRef,
        /// Where to.
        queue: String,
    },
    /// A supervisor sets a waiting call's priority.
    SetPriority {
        /// Which.
        call: CallRef,
        /// The new one.
        priority: Priority,
    },
    /// A supervisor ends a call.
    EndCall {
        /// Which.
        call: CallRef,
        /// What the caller gets.
        treatment: Treatment,
    },
    /// A supervisor closes a queue to new calls, or opens it again.
    SetClosed {
        /// Which.
        queue: String,
        /// Whether it is to be closed.
        closed: bool,
        /// When that is over by itself; without one it stays so.
        until: Option<Until>,
    },
    /// A supervisor gives an agent a skill, or takes it from him, for now.
    SetSkill {
        /// Who.
        agent: String,
        /// Which.
        skill: String,
        /// What he is to have of it.
        wanted: SkillForNow,
        /// When it is as configured again by itself; without one it stays so.
        until: Option<Until>,
    },
    /// A person gives a call that waits, or is offered to others, to one agent, who is offered it at once.
    PickCall {
        /// Which.
        call: CallRef,
        /// To whom.
        agent: String,
    },
    /// A supervisor tells agents something.
    MessageAgents {
        /// Whom.
        to: Recipients,
        /// What.
        text: String,
    },
    /// A supervisor sets an agent's presence.
    ForcePresence {
        /// Who.
        agent: String,
        /// To what.
        presence: ForcedPresence,
    },
}
