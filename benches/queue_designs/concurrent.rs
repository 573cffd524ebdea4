//! The rival: lines and pools are concurrent skip lists, and every thread matches what it hears of.
//!
//! Each call stands in one line and each agent in the pool of his kind, so who takes an entry out has
//! claimed it, by the list's own compare-and-swap. Whoever finds nobody puts himself where others
//! find him and then looks once more: of two who do so at the same time at least one sees the other,
//! so nobody is left behind. A claim that fails starts the look anew. What is looked at is guarded once
//! for each happening, not entry by entry, so that a look writes nothing that other threads read.

use crate::audit::Log;
use crate::world::{Center, Design, KINDS, Key, LINES, key};
use crossbeam_epoch::{self as epoch, Guard};
use crossbeam_skiplist::SkipList;
use crossbeam_skiplist::base::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};

pub(crate) struct Concurrent {
    center: Arc<Center>,
    arrivals: AtomicU64,
    lines: Vec<SkipList<Key, ()>>,
    free: Vec<SkipList<(u64, u32), ()>>,
}

type Call<'g> = Entry<'g, 'g, Key, ()>;
type Agent<'g> = Entry<'g, 'g, (u64, u32), ()>;

impl Concurrent {
    pub(crate) fn new(center: Arc<Center>) -> Self {
        let lines = (0..LINES).map(|_| SkipList::new(epoch::default_collector().clone())).collect();
        let free = (0..KINDS).map(|_| SkipList::new(epoch::default_collector().clone())).collect();
        Self { center, arrivals: AtomicU64::new(1), lines, free }
    }

    fn next_arrival(&self) -> u64 {
        self.arrivals.fetch_add(1, Ordering::Relaxed)
    }

    /// The first call of all lines that a kind serves.
    fn best_call<'g>(&'g self, kind: usize, guard: &'g Guard) -> Option<(Call<'g>, u16)> {
        let lines = self.center.lines_of[kind].iter();
        let head = |line: u16| Some((self.lines[usize::from(line)].front(guard)?, line));
        let heads = lines.filter_map(|line| head(*line));
        heads.min_by_key(|(head, _)| *head.key())
    }

    /// The longest idle of all kinds that serve a line.
    fn best_agent<'g>(&'g self, line: u16, guard: &'g Guard) -> Option<Agent<'g>> {
        let kinds = self.center.kinds_of[usize::from(line)].iter();
        let heads = kinds.filter_map(|kind| self.free[usize::from(*kind)].front(guard));
        heads.min_by_key(|head| *head.key())
    }

    fn claim_agent(&self, line: u16, key: Key, guard: &Guard, log: &mut Log) -> Option<u32> {
        loop {
            let head = self.best_agent(line, guard)?;
            let (at, (_, agent)) = (log.instant(), *head.key());
            if head.remove() {
                log.taken(at, line, key, Center::kind_of(agent));
                return Some(agent);
            }
        }
    }

    fn claim_call(&self, kind: usize, guard: &Guard, log: &mut Log) -> bool {
        while let Some((head, line)) = self.best_call(kind, guard) {
            let (at, key) = (log.instant(), *head.key());
            if head.remove() {
                log.taken(at, line, key, kind);
                return true;
            }
        }
        false
    }

    /// Pairs of a kind and a line of which both have somebody.
    pub(crate) fn stranded(&self) -> u64 {
        let with_free = (0..KINDS).filter(|kind| !self.free[*kind].is_empty());
        let lines = with_free.flat_map(|kind| &self.center.lines_of[kind]);
        lines.filter(|line| !self.lines[usize::from(**line)].is_empty()).count() as u64
    }
}

impl Design for &Concurrent {
    fn call_arrives(&mut self, line: u16, priority: u8, log: &mut Log) -> Option<u32> {
        let guard = &epoch::pin();
        let key = key(priority, self.next_arrival());
        loop {
            if let Some(agent) = self.claim_agent(line, key, guard, log) {
                return Some(agent);
            }
            let own = self.lines[usize::from(line)].insert(key, (), guard);
            log.waits(line, key);
            fence(Ordering::SeqCst);
            // Nobody is free still, or somebody has taken the call meanwhile: done.
            let is_done = self.best_agent(line, guard).is_none() || !own.remove(guard);
            own.release(guard);
            if is_done {
                return None;
            }
            log.withdrawn(line, key);
        }
    }

    fn agent_frees(&mut self, agent: u32, log: &mut Log) -> bool {
        let kind = Center::kind_of(agent);
        let (since, guard) = (self.next_arrival(), &epoch::pin());
        loop {
            if self.claim_call(kind, guard, log) {
                return true;
            }
            let own = self.free[kind].insert((since, agent), (), guard);
            fence(Ordering::SeqCst);
            let is_done = self.best_call(kind, guard).is_none() || !own.remove(guard);
            own.release(guard);
            if is_done {
                return false;
            }
        }
    }
}
