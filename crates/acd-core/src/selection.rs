//! How a call chooses among agents: the criteria of a queue, in order.
//!
//! An agent with unanswered offers in a row comes after those without, whatever the criteria; ties
//! end at longest idle, then agent id. What all agents of a pool share decides between pools; by
//! what is each agent's own the sets of a pool are ordered.

use crate::agent::AgentKey;
use crate::decision::PickedBy;
use crate::ids::{AgentId, OfferNumber, Span, Timestamp};
use crate::plan::Criterion;
use std::cmp::Ordering;

/// What criteria look at in one agent, besides how long he has been idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measures {
    pub(crate) occupation: Occupation,
    /// Calls connected since he logged in.
    pub(crate) connected: u32,
    /// The latest that he was given; 0 for none.
    pub(crate) last_offer: OfferNumber,
    /// Where he stands on the circle that `random` draws a point of.
    pub(crate) chance: u64,
}

/// Where an agent stands in a set of his pool that is not by idle time alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RankedKey {
    pub(crate) ranking: Ranking,
    pub(crate) key: AgentKey,
    pub(crate) measures: Measures,
}

impl Ord for RankedKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key
            .missed
            .cmp(&other.key.missed)
            .then_with(|| self.ranking.compare(self, other))
            .then_with(|| self.key.cmp(&other.key))
    }
}

impl PartialOrd for RankedKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
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

    /// Whether the longest idle comes first, and that is all.
    pub(crate) fn is_by_idle(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn draws(&self) -> bool {
        self.criteria().any(|criterion| criterion == Criterion::Random)
    }

    fn compare(&self, a: &RankedKey, b: &RankedKey) -> Ordering {
        self.criteria().map(|criterion| a.by(criterion, 0, b)).fold(Ordering::Equal, Ordering::then)
    }

    fn before_draw(&self) -> impl Iterator<Item = Criterion> + '_ {
        self.criteria().take_while(|criterion| *criterion != Criterion::Random)
    }
}

impl RankedKey {
    fn by(&self, criterion: Criterion, point: u64, other: &Self) -> Ordering {
        let (ours, theirs) = ((&self.key, &self.measures), (&other.key, &other.measures));
        by_measure(criterion, point, ours, theirs)
    }

    /// The least key that stands as this does before the draw, and not before `point` in it.
    pub(crate) fn on_circle(&self, point: u64) -> Self {
        let mut least = Measures { chance: point, ..Measures::default() };
        let mut idle_since = Timestamp(0);
        for criterion in self.ranking.before_draw() {
            match criterion {
                Criterion::LongestIdle => idle_since = self.key.idle_since,
                Criterion::LeastOccupied => least.occupation = self.measures.occupation,
                Criterion::FewestCalls => least.connected = self.measures.connected,
                Criterion::RoundRobin => least.last_offer = self.measures.last_offer,
                Criterion::Listed
                | Criterion::HighestLevel
                | Criterion::LowestLevel
                | Criterion::Rank
                | Criterion::Random => {}
            }
        }
        let key = AgentKey { idle_since, agent: AgentId(0), ..self.key };
        Self { key, measures: least, ..*self }
    }

    /// Whether two agents are alike in all that comes before the draw.
    pub(crate) fn is_alike_before_draw(&self, other: &Self) -> bool {
        let mut before = self.ranking.before_draw();
        self.key.missed == other.key.missed
            && before.all(|criterion| self.by(criterion, 0, other).is_eq())
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

fn by_measure(
    criterion: Criterion,
    point: u64,
    (a, ours): (&AgentKey, &Measures),
    (b, theirs): (&AgentKey, &Measures),
) -> Ordering {
    match criterion {
        Criterion::LongestIdle => a.idle_since.cmp(&b.idle_since),
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
    pub(crate) pool: usize,
    pub(crate) key: AgentKey,
    /// The sum of his levels over what is required.
    pub(crate) level: u16,
    pub(crate) rank: u8,
}

/// `Less` when `a` is to be offered the call before `b`; `point` is what is drawn for the call, `own`
/// what each of them stands by.
pub(crate) fn compare(
    select: &[Criterion],
    point: u64,
    own: impl Fn(&Candidate) -> Measures,
    a: &Candidate,
    b: &Candidate,
) -> Ordering {
    let by = |criterion: &Criterion| by_criterion(*criterion, point, &own, a, b);
    let missed = a.key.missed.cmp(&b.key.missed);
    let decided = select.iter().map(by).fold(missed, Ordering::then);
    decided.then_with(|| a.key.cmp(&b.key))
}

/// What told two candidates apart first when they were compared.
pub(crate) fn what_decided(
    select: &[Criterion],
    point: u64,
    own: impl Fn(&Candidate) -> Measures,
    a: &Candidate,
    b: &Candidate,
) -> PickedBy {
    if a.key.missed != b.key.missed {
        return PickedBy::MissedOffers;
    }
    let in_the_end = [Criterion::LongestIdle, Criterion::Listed];
    let mut criteria = select.iter().chain(&in_the_end);
    let differs = criteria.find(|criterion| by_criterion(**criterion, point, &own, a, b).is_ne());
    differs.map_or(PickedBy::OnlyOne, |criterion| PickedBy::Criterion(*criterion))
}

fn by_criterion(
    criterion: Criterion,
    point: u64,
    own: &impl Fn(&Candidate) -> Measures,
    a: &Candidate,
    b: &Candidate,
) -> Ordering {
    match criterion {
        Criterion::LongestIdle => a.key.idle_since.cmp(&b.key.idle_since),
        Criterion::HighestLevel => b.level.cmp(&a.level),
        Criterion::LowestLevel => a.level.cmp(&b.level),
        Criterion::Rank => b.rank.cmp(&a.rank),
        Criterion::LeastOccupied
        | Criterion::FewestCalls
        | Criterion::RoundRobin
        | Criterion::Listed
        | Criterion::Random => by_measure(criterion, point, (&a.key, &own(a)), (&b.key, &own(b))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Busy time for ready time is a fraction, and neither rounded nor too large.
    #[test]
    fn occupations_are_compared_exactly() {
        let of = |busy, ready| Occupation { busy: Span(busy), ready: Span(ready) };
        let most = u64::MAX;
        for (less, more) in [
            (of(1, 3), of(2, 5)),
            (of(2, 5), of(1, 2)),
            (of(0, 7), of(1, most)),
            (of(most - 1, most), of(most, most)),
            (of(most - 2, most - 1), of(most - 1, most)),
            // As if he had been ready for one microsecond.
            (of(0, 0), of(1, 2)),
            (of(3, 2), of(2, 0)),
        ] {
            assert_eq!(less.compare(more), Ordering::Less, "{less:?} {more:?}");
            assert_eq!(more.compare(less), Ordering::Greater, "{less:?} {more:?}");
        }
        for (one, same) in [(of(1, 3), of(2, 6)), (of(0, 0), of(0, 9)), (of(5, 0), of(5, 1))] {
            assert_eq!(one.compare(same), Ordering::Equal, "{one:?} {same:?}");
        }
    }

    /// What follows from the end of every comparison, or tells no two agents of a pool apart, is not
    /// kept in order by.
    #[test]
    fn a_ranking_is_what_may_differ_within_a_pool() {
        use Criterion::{
            FewestCalls, HighestLevel, LeastOccupied, Listed, LongestIdle, LowestLevel, Random,
            Rank, RoundRobin,
        };
        let of = |select: &[Criterion]| Ranking::of(select).criteria().collect::<Vec<_>>();
        assert_eq!(of(&[Rank, HighestLevel, LowestLevel, LongestIdle]), []);
        assert_eq!(of(&[Rank, FewestCalls, LongestIdle, LongestIdle]), [FewestCalls]);
        assert_eq!(of(&[LongestIdle, RoundRobin]), [LongestIdle, RoundRobin]);
        assert_eq!(of(&[LeastOccupied, Listed, Random]), [LeastOccupied, Listed]);
        assert!(Ranking::of(&[Rank, LongestIdle]).is_by_idle());
        assert!(!Ranking::of(&[Listed]).is_by_idle());
        assert!(Ranking::of(&[FewestCalls, Random]).draws());
        assert!(!Ranking::of(&[Listed, Random]).draws(), "nothing is left to be drawn");
    }
}
