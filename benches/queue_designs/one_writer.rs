//! acdd's design without the rest of acdd: the lines have one owner, who needs no lock and no retry.

use crate::audit::Log;
use crate::world::{Center, Design, KINDS, Key, LINES, key};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) struct OneWriter {
    center: Arc<Center>,
    arrivals: u64,
    /// By line: the calls that wait there.
    lines: Vec<BTreeMap<Key, ()>>,
    /// By kind: the agents who are free, since when each, the longest first.
    free: Vec<BTreeSet<(u64, u32)>>,
}

impl OneWriter {
    pub(crate) fn new(center: Arc<Center>) -> Self {
        let (lines, free) = (vec![BTreeMap::new(); LINES], vec![BTreeSet::new(); KINDS]);
        Self { center, arrivals: 0, lines, free }
    }

    /// Pairs of a kind and a line of which both have somebody.
    pub(crate) fn stranded(&self) -> u64 {
        let with_free = (0..KINDS).filter(|kind| !self.free[*kind].is_empty());
        let lines = with_free.flat_map(|kind| &self.center.lines_of[kind]);
        lines.filter(|line| !self.lines[usize::from(**line)].is_empty()).count() as u64
    }
}

impl Design for OneWriter {
    fn call_arrives(&mut self, line: u16, priority: u8, log: &mut Log) -> Option<u32> {
        self.arrivals += 1;
        let key = key(priority, self.arrivals);
        let kinds = self.center.kinds_of[usize::from(line)].iter();
        let best = kinds.filter_map(|kind| self.free[usize::from(*kind)].first()).min().copied();
        let Some((since, agent)) = best else {
            self.lines[usize::from(line)].insert(key, ());
            log.waits(line, key);
            return None;
        };
        self.free[Center::kind_of(agent)].remove(&(since, agent));
        log.taken(log.instant(), line, key, Center::kind_of(agent));
        Some(agent)
    }

    fn agent_frees(&mut self, agent: u32, log: &mut Log) -> bool {
        let kind = Center::kind_of(agent);
        let lines = self.center.lines_of[kind].iter();
        let heads = lines.filter_map(|line| {
            let (key, ()) = self.lines[usize::from(*line)].first_key_value()?;
            Some((*key, *line))
        });
        let Some((key, line)) = heads.min() else {
            self.arrivals += 1;
            self.free[kind].insert((self.arrivals, agent));
            return false;
        };
        self.lines[usize::from(line)].remove(&key);
        log.taken(log.instant(), line, key, kind);
        true
    }
}
