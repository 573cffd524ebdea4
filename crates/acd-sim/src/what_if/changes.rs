//! The calls whose fate changes from one configuration to the other.

use super::fates::{End, Fate};
use std::collections::{BTreeMap, HashMap};

/// A wait that differs by more than this is another fate, in microseconds.
const WAIT_CHANGES_US: u64 = 60_000_000;

/// How a fate differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn {
    /// Under the first configuration.
    pub from: End,
    /// Under the second; the same if its wait alone changed.
    pub to: End,
    /// If its end is the same: its wait is longer by more than a minute, and not shorter.
    pub is_longer: bool,
}

/// A call whose fate changes in some replication.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedCall {
    /// The index of its day, and its own there.
    pub call: (usize, usize),
    /// In how many replications it changes, each way.
    pub turns: BTreeMap<Turn, u64>,
}

/// One call of one replication.
pub(super) type Change = ((u32, u32), Turn);

/// Those of a day that change.
pub(super) fn changes(day: u32, one: &[Fate], other: &[Fate]) -> Vec<Change> {
    let both = (0..).zip(one.iter().zip(other));
    both.filter_map(|(number, (one, other))| Some(((day, number), turn(one, other)?))).collect()
}

fn turn(one: &Fate, other: &Fate) -> Option<Turn> {
    let (from, to) = (one.end, other.end);
    let is_longer = from == to && other.waited > one.waited;
    let changes = from != to || one.waited.0.abs_diff(other.waited.0) > WAIT_CHANGES_US;
    changes.then_some(Turn { from, to, is_longer })
}

/// All that change anywhere, those first that change most often, then in the order in which they came.
pub(super) fn gathered(replications: impl Iterator<Item = Vec<Change>>) -> Vec<ChangedCall> {
    let mut by_call: HashMap<(u32, u32), BTreeMap<Turn, u64>> = HashMap::new();
    for (call, turn) in replications.flatten() {
        *by_call.entry(call).or_default().entry(turn).or_default() += 1;
    }
    let changed = by_call.into_iter().map(|((day, call), turns)| {
        let call = (day as usize, call as usize);
        ChangedCall { call, turns }
    });
    let mut changed: Vec<ChangedCall> = changed.collect();
    changed.sort_unstable_by_key(|changed| (std::cmp::Reverse(changed.times()), changed.call));
    changed
}

impl ChangedCall {
    /// In how many replications its fate changes.
    pub fn times(&self) -> u64 {
        self.turns.values().sum()
    }

    /// The way in which it changes most often, and how often that is.
    pub fn usual(&self) -> Option<(Turn, u64)> {
        self.turns.iter().map(|(turn, times)| (*turn, *times)).max_by_key(|(_, times)| *times)
    }
}
