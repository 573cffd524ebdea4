//! The way out for readers: the view, what changed lately, and who listens.

#![expect(
    clippy::disallowed_types,
    reason = "for readers and the publisher; the driver is not here"
)]

use crate::bounds::{AGENT_WATCHES_MAX, HUBS_MAX, SUBSCRIBERS_MAX};
use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::Position;
use crate::view::{Delta, View};
use acd_core::AgentId;
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;

/// What readers share. Written by the publisher alone.
#[derive(Debug)]
pub(crate) struct Feed {
    view: RwLock<View>,
    recent: Mutex<Recent>,
    watches: Mutex<HashMap<AgentId, watch::Sender<()>>>,
    subscribers: AtomicUsize,
    watching: AtomicUsize,
    hubs: AtomicUsize,
}

/// The last deltas, for those who come back and for those who read slowly; nobody has a queue of his
/// own, so that a thousand who read nothing cost no more than one. The view always stands at the
/// last of them or later: it is written first.
#[derive(Debug)]
struct Recent {
    /// Rings for each delta; `None` once the publisher has ended.
    bell: Option<watch::Sender<()>>,
    deltas: VecDeque<Arc<Delta>>,
    /// All events and rows in them, and how many of those are kept. Not events alone: a half minute that is
    /// over is one, and brings the figures of everybody who works.
    weight: usize,
    weight_kept: usize,
}

impl Feed {
    pub(crate) fn new(view: View, history: usize) -> Self {
        let recent = Recent {
            bell: Some(watch::Sender::new(())),
            deltas: VecDeque::new(),
            weight: 0,
            weight_kept: history,
        };
        Self {
            view: RwLock::new(view),
            recent: Mutex::new(recent),
            watches: Mutex::new(HashMap::new()),
            subscribers: AtomicUsize::new(0),
            watching: AtomicUsize::new(0),
            hubs: AtomicUsize::new(0),
        }
    }

    pub(crate) fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read()
    }

    /// Only the publisher may call it.
    pub(crate) fn view_to_write(&self) -> RwLockWriteGuard<'_, View> {
        self.view.write()
    }

    /// Whether somebody reads or writes the view.
    #[cfg(test)]
    pub(crate) fn is_held(&self) -> bool {
        self.view.is_locked()
    }

    /// Hands out a delta that the view has taken in already.
    pub(crate) fn publish(&self, delta: Delta, agents: &[AgentId]) {
        self.recent.lock().publish(Arc::new(delta));
        let mut watches = self.watches.lock();
        for agent in agents {
            let Some(watch) = watches.get(agent) else { continue };
            watch.send_replace(());
            if watch.is_closed() {
                watches.remove(agent);
            }
        }
    }

    /// Whether somebody who has seen all up to `position` need not begin anew.
    pub(crate) fn goes_on_after(&self, position: Position) -> bool {
        self.recent.lock().goes_on_after(position)
    }

    /// The deltas that lead from one position to another; `None` if they are not kept, or begin
    /// elsewhere.
    pub(crate) fn between(&self, after: Position, upto: Position) -> Option<Vec<Arc<Delta>>> {
        self.recent.lock().between(after, upto)
    }

    /// Nothing follows: subscribers and watches end.
    pub(crate) fn end(&self) {
        self.recent.lock().bell = None;
        self.watches.lock().clear();
    }

    pub(crate) fn subscribers(&self) -> u64 {
        let both = self.subscribers.load(Ordering::Relaxed) + self.watching.load(Ordering::Relaxed);
        both as u64
    }
}

impl Recent {
    fn publish(&mut self, delta: Arc<Delta>) {
        self.weight += delta.weight();
        self.deltas.push_back(delta);
        // The last one stays: it tells those who have not read it that they are behind.
        while self.weight > self.weight_kept && self.deltas.len() > 1 {
            let Some(oldest) = self.deltas.pop_front() else { break };
            self.weight -= oldest.weight();
        }
        if let Some(bell) = &self.bell {
            bell.send_replace(());
        }
    }

    /// The delta after `position`, where one has ended; an error if it is gone.
    fn after(&self, position: Position) -> Result<Option<&Arc<Delta>>, Gone> {
        let next = self.deltas.partition_point(|delta| delta.position <= position);
        match self.deltas.get(next) {
            Some(delta) if delta.after != position => Err(Gone),
            next => Ok(next),
        }
    }

    fn between(&self, after: Position, upto: Position) -> Option<Vec<Arc<Delta>>> {
        let first = self.deltas.partition_point(|delta| delta.position <= after);
        if self.deltas.get(first)?.after != after {
            return None;
        }
        let within = self.deltas.range(first..).take_while(|delta| delta.position <= upto);
        Some(within.cloned().collect())
    }

    /// Whether somebody who has seen all up to `position` can go on there.
    fn goes_on_after(&self, position: Position) -> bool {
        let is_last = self.deltas.back().is_some_and(|delta| delta.position == position);
        is_last || matches!(self.after(position), Ok(Some(_)))
    }
}

/// Deltas that somebody has not read are not kept any more.
struct Gone;

/// What a subscriber gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// Read everything anew, best by [`Subscription::snapshot`]; this is where the view stood.
    Snapshot(Position),
    /// What changed since the last update.
    Delta(Arc<Delta>),
}

/// What there is for a subscriber without waiting.
pub(crate) enum AtHand {
    Update(Update),
    Nothing,
    Ended,
}

/// One subscriber.
#[derive(Debug)]
pub struct Subscription {
    bell: watch::Receiver<()>,
    /// What the subscriber has; deltas up to here are old news.
    reached: Position,
    snapshot_due: bool,
    feed: Arc<Feed>,
    _seat: Option<Seat>,
}

impl Subscription {
    pub(crate) fn open(feed: &Arc<Feed>, resume: Option<Position>) -> Result<Self, Refusal> {
        let seat = Seat::of_subscriber(feed)?;
        Self::begin(feed, resume, Some(seat))
    }

    /// The subscription of a hub, whose listeners have the seats.
    pub(crate) fn open_for_many(feed: &Arc<Feed>) -> Result<Self, Refusal> {
        Self::begin(feed, None, None)
    }

    fn begin(
        feed: &Arc<Feed>,
        resume: Option<Position>,
        seat: Option<Seat>,
    ) -> Result<Self, Refusal> {
        let recent = feed.recent.lock();
        let bell = recent.bell.as_ref().ok_or_else(Refusal::stopping)?.subscribe();
        let goes_on = resume.is_some_and(|position| recent.goes_on_after(position));
        drop(recent);
        let reached = resume.unwrap_or_default();
        Ok(Self { bell, reached, snapshot_due: !goes_on, feed: Arc::clone(feed), _seat: seat })
    }

    /// The next update that is there already.
    pub(crate) fn next_at_hand(&mut self) -> AtHand {
        if self.snapshot_due {
            return AtHand::Update(Update::Snapshot(self.snapshot(View::position)));
        }
        let (next, ended) = {
            let recent = self.feed.recent.lock();
            self.bell.mark_unchanged();
            (recent.after(self.reached).map(|next| next.cloned()), recent.bell.is_none())
        };
        match next {
            Err(Gone) => AtHand::Update(Update::Snapshot(self.snapshot(View::position))),
            Ok(Some(delta)) => {
                self.reached = delta.position;
                AtHand::Update(Update::Delta(delta))
            }
            Ok(None) if ended => AtHand::Ended,
            Ok(None) => AtHand::Nothing,
        }
    }

    /// The next update, or `None` once the domain has stopped. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Update> {
        loop {
            match self.next_at_hand() {
                AtHand::Update(update) => return Some(update),
                AtHand::Ended => return None,
                // An error says that it has ended: then this is asked once more.
                AtHand::Nothing => drop(self.bell.changed().await),
            }
        }
    }

    /// Reads the view; what `next` returns afterwards goes on exactly where this has been read.
    pub fn snapshot<T>(&mut self, read: impl FnOnce(&View) -> T) -> T {
        let view = self.feed.view();
        (self.reached, self.snapshot_due) = (view.position(), false);
        read(&view)
    }
}

/// Wakes one agent's desktop.
#[derive(Debug)]
pub struct AgentWatch {
    changes: watch::Receiver<()>,
    _seat: Seat,
}

impl AgentWatch {
    pub(crate) fn open(feed: &Arc<Feed>, agent: AgentId) -> Result<Self, Refusal> {
        let seat = Seat::take(feed, |feed| &feed.watching, AGENT_WATCHES_MAX).ok_or_else(|| {
            too_many(format!(
                "{AGENT_WATCHES_MAX} desktops are watching already, the most there may be"
            ))
        })?;
        let changes = feed.watches.lock().entry(agent).or_default().subscribe();
        // Only now: the end clears what is entered before it, and is seen by what comes after.
        if feed.recent.lock().bell.is_none() {
            feed.watches.lock().remove(&agent);
            return Err(Refusal::stopping());
        }
        Ok(Self { changes, _seat: seat })
    }

    /// Waits until the agent's row, or an offer to him, has changed since this was opened or since
    /// it returned last; `false` once the domain has stopped. May be dropped and called again.
    pub async fn changed(&mut self) -> bool {
        self.changes.changed().await.is_ok()
    }
}

/// One of a bounded number of places.
#[derive(Debug)]
pub(crate) struct Seat {
    feed: Arc<Feed>,
    taken: fn(&Feed) -> &AtomicUsize,
}

impl Seat {
    /// Of one who listens, by himself or at a hub.
    pub(crate) fn of_subscriber(feed: &Arc<Feed>) -> Result<Self, Refusal> {
        Self::take(feed, |feed| &feed.subscribers, SUBSCRIBERS_MAX).ok_or_else(|| {
            too_many(format!(
                "{SUBSCRIBERS_MAX} subscribers are listening already, the most there may be"
            ))
        })
    }

    /// Of a hub.
    pub(crate) fn of_hub(feed: &Arc<Feed>) -> Result<Self, Refusal> {
        Self::take(feed, |feed| &feed.hubs, HUBS_MAX).ok_or_else(|| {
            too_many(format!(
                "{HUBS_MAX} different streams are watched already, the most there may be: ask for \
                 the same views, filters and `every` as others do"
            ))
        })
    }

    fn take(feed: &Arc<Feed>, taken: fn(&Feed) -> &AtomicUsize, most: usize) -> Option<Self> {
        let seat = Self { feed: Arc::clone(feed), taken };
        // Counted before it is checked: dropping the seat counts it back.
        (taken(feed).fetch_add(1, Ordering::Relaxed) < most).then_some(seat)
    }
}

fn too_many(message: String) -> Refusal {
    Refusal::new(RefusalKind::ResourceExhausted, code::TOO_MANY_SUBSCRIBERS, message)
}

impl Drop for Seat {
    fn drop(&mut self) {
        (self.taken)(&self.feed).fetch_sub(1, Ordering::Relaxed);
    }
}
