//! Why an offer was made: what was compared, and what told the first two apart.
//!
//! The facts are those of the comparison itself, kept until the next command; nothing is decided by
//! them, and they are no part of the state.

use crate::call::{Call, CallKey, Place};
use crate::ids::{AgentId, CallHandle, DemandId, OfferNumber, Priority, QueueId, Span, Timestamp};
use crate::plan::{Criterion, Order, RANK_MAX};
use crate::router::Router;
use crate::selection::Candidate;

/// Why one offer was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Of which call.
    pub call: CallHandle,
    /// Its number.
    pub offer: OfferNumber,
    /// To whom.
    pub agent: AgentId,
    /// Through which of the call's places.
    pub queue: QueueId,
    /// What the call asks for there.
    pub demand: DemandId,
    /// How the two came together.
    pub how: How,
}

/// How a call and an agent came together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The call picked among the agents who were free.
    CallPicked(Pick),
    /// The agent took one of the calls that waited.
    AgentTook(Take),
    /// A person gave it to him.
    Picked,
    /// His adapter was found ringing him, or him in conversation: nobody decided it here.
    Adopted,
}

/// How a call picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Kinds of agents alike to every queue of which one was free whom the call does not skip.
    pub kinds: u32,
    /// The agents of these kinds who were free, those included whom the call skips.
    pub free: u32,
    /// Which of the offers that the call makes at once this is, from 1 ...
    pub nth: u8,
    /// ... of at most so many.
    pub at_once: u8,
    /// Who was picked.
    pub winner: AgentStanding,
    /// Who would have been, had he not been there.
    pub runner_up: Option<AgentStanding>,
    /// What decided between the two.
    pub decided_by: PickedBy,
}

/// What decided between an agent who was picked and the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickedBy {
    /// There was no other.
    OnlyOne,
    /// The call waited for him, and nobody else might take it.
    Awaited,
    /// The other one has left offers unanswered.
    MissedOffers,
    /// The first criterion of the queue that told them apart; after all of these, who is longest
    /// idle, then who is listed first.
    Criterion(Criterion),
}

/// What is looked at in an agent whom a call may pick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentStanding {
    /// Who.
    pub agent: AgentId,
    /// Offers left unanswered in a row; only whether there are some counts.
    pub missed: u32,
    /// Since when he has been idle on the call's channel.
    pub idle_since: Timestamp,
    /// The sum of his levels over what is asked for; 0 where the queue does not look at it.
    pub level: u16,
    /// The rank that the queue has for him, 1..=10.
    pub rank: u8,
    /// How long he had been busy since he logged in ...
    pub busy: Span,
    /// ... of how long he had been ready, as both stood when he became available.
    pub ready: Span,
    /// Calls connected since he logged in.
    pub connected: u32,
    /// His latest offer before this one; 0 for none.
    pub last_offer: OfferNumber,
}

/// How an agent took a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// What he took.
    pub winner: CallStanding,
    /// What he would have taken, had it not been there: another call, or the same one in another
    /// queue.
    pub runner_up: Option<CallStanding>,
    /// What decided between the two.
    pub decided_by: TookBy,
}

/// What decided between a call that was taken and the next one: the first of these that differed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TookBy {
    /// There was no other that he might take.
    OnlyOne,
    /// Priority 9 comes before all others.
    Emergency,
    /// The ranks that the two queues have for him.
    Rank,
    /// The priorities.
    Priority,
    /// It had lost its agent's leg, and goes first of its priority.
    LostLeg,
    /// It had waited longer in all.
    Age,
    /// It had waited longer, what each step of priority is worth included.
    Credit,
    /// Its queues promise an earlier answer.
    Deadline,
    /// It arrived earlier, with all else alike.
    Arrival,
    /// The same call in two queues: it joined this one first.
    JoinedFirst,
}

/// What is looked at in a call that an agent may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallStanding {
    /// Which.
    pub call: CallHandle,
    /// In which of its queues.
    pub queue: QueueId,
    /// The rank that the queue has for the agent, 1..=10.
    pub rank: u8,
    /// Its priority then.
    pub priority: Priority,
    /// It had lost its agent's leg, and not been connected since.
    pub lost_leg: bool,
    /// Its age counts from here.
    pub age_from: Timestamp,
    /// By when the soonest of its queues promises an answer, where the order looks at that.
    pub due: Option<Timestamp>,
    /// Its number among all arrivals of the domain.
    pub arrival: u64,
    /// It waited for this agent, and nobody else might take it.
    pub awaits_him: bool,
}

/// How a call stands to others for an agent who takes one: emergencies, then the rank that his queues
/// have for him, then the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Standing {
    /// The less, the higher the rank; of emergencies below `RANK_MAX`, of others not.
    group: u8,
    pub(crate) key: CallKey,
}

impl Standing {
    pub(crate) fn new(rank: u8, key: CallKey) -> Self {
        let others = if key.is_emergency() { 0 } else { RANK_MAX };
        Self { group: others + RANK_MAX - rank, key }
    }

    fn is_emergency(self) -> bool {
        self.group < RANK_MAX
    }

    pub(crate) fn rank(self) -> u8 {
        RANK_MAX - self.group % RANK_MAX
    }
}

/// The first two of what is looked at, in whatever order it comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstTwo<T> {
    pub(crate) first: Option<T>,
    pub(crate) second: Option<T>,
}

impl<T: Copy> FirstTwo<T> {
    pub(crate) const NONE: Self = Self { first: None, second: None };

    pub(crate) fn look_at(&mut self, one: T, comes_before: impl Fn(&T, &T) -> bool) {
        if self.first.as_ref().is_none_or(|first| comes_before(&one, first)) {
            self.second = self.first.replace(one);
        } else if self.second.as_ref().is_none_or(|second| comes_before(&one, second)) {
            self.second = Some(one);
        }
    }
}

impl Router {
    /// Why each offer of the last command was made, in the order of the offers; nothing after a
    /// restore.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    pub(crate) fn agent_standing(&self, candidate: &Candidate) -> AgentStanding {
        let Candidate { key, level, rank, .. } = *candidate;
        let known = &self.agents[key.agent.index()];
        AgentStanding {
            agent: key.agent,
            missed: known.missed,
            idle_since: key.idle_since,
            level,
            rank,
            busy: known.shift.occupation.busy,
            ready: known.shift.occupation.ready,
            connected: known.shift.connected,
            last_offer: known.last_offer,
        }
    }

    /// Of these two calls for one agent, each with its place.
    pub(crate) fn take(&self, first: (Standing, u32), second: Option<(Standing, u32)>) -> Take {
        let decided_by =
            second.map_or(TookBy::OnlyOne, |second| took_by(self.plan.order, first.0, second.0));
        Take {
            winner: self.call_standing(first),
            runner_up: second.map(|second| self.call_standing(second)),
            decided_by,
        }
    }

    fn call_standing(&self, (standing, place): (Standing, u32)) -> CallStanding {
        let Place { slot, queue, .. } = self.places[place];
        let Call { handle, priority, first, age_from, arrival, target, awaits, .. } =
            self.calls[slot];
        CallStanding {
            call: handle,
            queue,
            rank: standing.rank(),
            priority,
            lost_leg: first,
            age_from,
            due: (self.plan.order == Order::Deadline).then(|| age_from + target),
            arrival,
            awaits_him: awaits.is_some(),
        }
    }
}

fn took_by(order: Order, first: Standing, second: Standing) -> TookBy {
    let (key, others_key) = (first.key, second.key);
    if first.is_emergency() != second.is_emergency() {
        TookBy::Emergency
    } else if first.rank() != second.rank() {
        TookBy::Rank
    } else if key.urgency() != others_key.urgency() {
        TookBy::Priority
    } else if key.tier() != others_key.tier() {
        TookBy::LostLeg
    } else if key.standing != others_key.standing {
        match order {
            Order::Strict | Order::Oldest => TookBy::Age,
            Order::Credit { .. } => TookBy::Credit,
            Order::Deadline => TookBy::Deadline,
        }
    } else if key.arrival != others_key.arrival {
        TookBy::Arrival
    } else {
        TookBy::JoinedFirst
    }
}
