//! How a call chooses among agents: the criteria of a queue, in order.
//!
//! An agent with unanswered offers in a row comes after those without, whatever the criteria; ties
//! end at longest idle, then agent id. What all agents of a pool share decides between pools; by
//! what is each agent's own the sets of a pool are ordered.

use crate::agent::AgentKey;
use crate::ids::{AgentId, OfferNumber, Span, Timestamp};
use crate::plan::Criterion;
use std::cmp::Ordering;

/// What criteria look at in one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measures {
    pub(crate) idle_since: Timestamp,
    pub(crate) occupation: Occupation,
    /// Calls connected since he logged in.
    pub(crate) connected: u32,
    /// The latest that he was given; 0 for none.
    pub(crate) last_offer: OfferNumber,
    /// Where he stands on the circle that `random` draws a point of.
    pub(crate) chance: u64,
}

impl Measures {
    const LEAST: Self = Self {
        idle_since: Timestamp(0),
        occupation: Occupation { busy: Span(0), ready: Span(0) },
        connected: 0,
        last_offer: OfferNumber(0),
        chance: 0,
    };
}

/// Busy time for ready time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Occupation {
    pub(crate) busy: Span,
    pub(crate) ready: Span,
}

impl Occupation {
    /// Exactly, by cross-multiplication; who has not been ready yet counts as one microsecond.
    fn compare(self, other: Self) -> Ordering {
        let product = |busy: Span, ready: Span| u128::from(busy.0) * u128::from(ready.0.max(1));
        product(self.busy, other.ready).cmp(&product(other.busy, self.ready))
    }
}

/// The criteria of a queue that look at each agent by himself, in their order; what follows from the
/// end of every comparison is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ranking([Option<Criterion>; 6]);

impl Ranking {
    pub(crate) fn of(select: &[Criterion]) -> Self {
        let mut own: Vec<Criterion> = select.to_vec();
        own.retain(|criterion| looks_at_one(*criterion));
        if let Some(at) = own.iter().position(|criterion| *criterion == Criterion::Listed) {
            own.truncate(at + 1);
        }
        while own.last() == Some(&Criterion::LongestIdle) {
            own.pop();
        }
        let mut ranking = Self::default();
        ranking.0.iter_mut().zip(own).for_each(|(to, criterion)| *to = Some(criterion));
        ranking
    }

    fn criteria(&self) -> impl Iterator<Item = Criterion> + '_ {
        self.0.iter().map_while(|criterion| *criterion)
    }

    pub(crate) fn draws(&self) -> bool {
        self.criteria().any(|criterion| criterion == Criterion::Random)
    }

    pub(crate) fn compare(&self, a: &AgentKey, b: &AgentKey) -> Ordering {
        let compared = self.criteria().map(|criterion| by_measure(criterion, 0, a, b));
        compared.fold(Ordering::Equal, Ordering::then)
    }

    /// The least key that stands as `key` does before the draw, and not before `point` in it.
    pub(crate) fn on_circle(&self, key: &AgentKey, point: u64) -> AgentKey {
        let mut least = Measures { chance: point, ..Measures::LEAST };
        for criterion in self.criteria().take_while(|it| *it != Criterion::Random) {
            match criterion {
                Criterion::LongestIdle => least.idle_since = key.measures.idle_since,
                Criterion::LeastOccupied => least.occupation = key.measures.occupation,
                Criterion::FewestCalls => least.connected = key.measures.connected,
                Criterion::RoundRobin => least.last_offer = key.measures.last_offer,
                Criterion::Listed
                | Criterion::HighestLevel
                | Criterion::LowestLevel
                | Criterion::Rank
                | Criterion::Random => {}
            }
        }
        AgentKey { measures: least, agent: AgentId(0), ..*key }
    }

    /// Whether two agents are alike in all that comes before the draw.
    pub(crate) fn same_before_draw(&self, a: &AgentKey, b: &AgentKey) -> bool {
        let mut before = self.criteria().take_while(|criterion| *criterion != Criterion::Random);
        a.missed == b.missed && before.all(|criterion| by_measure(criterion, 0, a, b).is_eq())
    }
}

/// Whether agents of one pool may differ in it.
fn looks_at_one(criterion: Criterion) -> bool {
    match criterion {
        Criterion::LongestIdle
        | Criterion::LeastOccupied
        | Criterion::FewestCalls
        | Criterion::RoundRobin
        | Criterion::Listed
        | Criterion::Random => true,
        Criterion::HighestLevel | Criterion::LowestLevel | Criterion::Rank => false,
    }
}

fn by_measure(criterion: Criterion, point: u64, a: &AgentKey, b: &AgentKey) -> Ordering {
    let (ours, theirs) = (&a.measures, &b.measures);
    match criterion {
        Criterion::LongestIdle => ours.idle_since.cmp(&theirs.idle_since),
        Criterion::LeastOccupied => ours.occupation.compare(theirs.occupation),
        Criterion::FewestCalls => ours.connected.cmp(&theirs.connected),
        Criterion::RoundRobin => ours.last_offer.cmp(&theirs.last_offer),
        Criterion::Listed => a.agent.cmp(&b.agent),
        Criterion::Random => {
            ours.chance.wrapping_sub(point).cmp(&theirs.chance.wrapping_sub(point))
        }
        Criterion::HighestLevel | Criterion::LowestLevel | Criterion::Rank => Ordering::Equal,
    }
}

/// An agent who could take the call, and what the criteria look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) key: AgentKey,
    /// The sum of his levels over what is required.
    pub(crate) level: u16,
    pub(crate) rank: u8,
}

/// `Less` when `a` is to be offered the call before `b`; `point` is what is drawn for the call.
pub(crate) fn compare(select: &[Criterion], point: u64, a: &Candidate, b: &Candidate) -> Ordering {
    let by_criterion = |criterion: &Criterion| match criterion {
        Criterion::HighestLevel => b.level.cmp(&a.level),
        Criterion::LowestLevel => a.level.cmp(&b.level),
        Criterion::Rank => b.rank.cmp(&a.rank),
        own @ (Criterion::LongestIdle
        | Criterion::LeastOccupied
        | Criterion::FewestCalls
        | Criterion::RoundRobin
        | Criterion::Listed
        | Criterion::Random) => by_measure(*own, point, &a.key, &b.key),
    };
    let missed = a.key.missed.cmp(&b.key.missed);
    let end =
        (a.key.measures.idle_since, a.key.agent).cmp(&(b.key.measures.idle_since, b.key.agent));
    select.iter().map(by_criterion).fold(missed, Ordering::then).then(end)
}
