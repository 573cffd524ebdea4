//! One stream for all who watch the same: merged at their rate, encoded once, handed out as bytes.

#![expect(clippy::disallowed_types, reason = "for readers; the driver is not here")]

mod bells;
mod listener;
mod told;

pub use listener::Listener;

use crate::bounds::HUB_EVERY_MAX;
use crate::clock::Clock;
use crate::domain::Domain;
use crate::refusal::{Refusal, RefusalKind, code};
use crate::request::Position;
use crate::subscription::{AtHand, Feed, Seat, Subscription, Update};
use crate::view::{Delta, Selection, Shown};
use acd_core::Timestamp;
use bells::Bells;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};
use told::Told;

/// How long a snapshot is good enough for the next one who needs one, at the most.
const SNAPSHOT_SHARED_FOR: Duration = Duration::from_millis(250);
/// How often at least a hub takes in what has happened, however seldom it tells.
const COLLECT_EVERY: Duration = Duration::from_millis(100);
/// With so many events collected a message goes early.
const EVENTS_COLLECTED_MAX: usize = 16_384;

/// How rows become the bytes of a message: as protobuf, as JSON, ...
pub trait Encode: Send + Sync + 'static {
    /// Everything, as it stands at a position.
    fn snapshot(&self, position: Position, now: Timestamp, rows: &Shown<'_>) -> Bytes;
    /// What changed after one position up to another.
    fn delta(&self, after: Position, position: Position, at: Timestamp, rows: &Shown<'_>) -> Bytes;
}

/// What those who share a hub have asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Which rows.
    pub selection: Selection,
    /// The least time between two deltas, in real time, at most `HUB_EVERY_MAX`; in whole milliseconds,
    /// what is over counts as one. Zero means each as it happens.
    pub every: Duration,
}

/// One message of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The position that it goes on from; none of a snapshot.
    pub after: Option<Position>,
    /// The position that it leads to.
    pub position: Position,
    /// As the hub's encoder made it.
    pub bytes: Bytes,
}

/// The hubs of a domain whose messages are encoded alike. All clones are the same.
#[derive(Debug)]
pub struct Hubs<E> {
    shared: Arc<Shared<E>>,
}

#[derive(Debug)]
struct Shared<E> {
    feed: Arc<Feed>,
    clock: Clock,
    encoder: E,
    runtime: Handle,
    open: Mutex<HashMap<Wanted, Open<E>>>,
}

/// A hub that somebody listens to.
#[derive(Debug)]
struct Open<E> {
    hub: Arc<Hub<E>>,
    listeners: usize,
    task: AbortHandle,
}

/// One stream.
#[derive(Debug)]
struct Hub<E> {
    hubs: Arc<Shared<E>>,
    wanted: Wanted,
    told: Mutex<Told>,
    /// Ring for each message, and at the end.
    bells: Bells,
    _seat: Seat,
}

impl<E> Clone for Hubs<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<E: Encode> Hubs<E> {
    /// Hubs that work on `runtime`, which should not be that of the driver.
    pub fn new(domain: &Domain, encoder: E, runtime: Handle) -> Self {
        let (feed, clock) = (domain.feed(), domain.clock().clone());
        let shared = Shared { feed, clock, encoder, runtime, open: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Everything of it that changes, after a position or from a snapshot on. The first who asks for
    /// something makes its hub, and the last who lets go ends it.
    ///
    /// # Errors
    /// `every` is too long, there are too many listeners or hubs, or the domain has stopped.
    pub fn listen(
        &self,
        wanted: Wanted,
        resume_after: Option<Position>,
    ) -> Result<Listener<E>, Refusal> {
        if wanted.every > HUB_EVERY_MAX {
            let message = format!("every must be a time of up to {} s", HUB_EVERY_MAX.as_secs());
            let refusal = Refusal::new(RefusalKind::InvalidArgument, code::MALFORMED, message);
            return Err(refusal.at("every"));
        }
        let every = Duration::from_millis(wanted.every.as_nanos().div_ceil(1_000_000) as u64);
        let wanted = Wanted { every, ..wanted };
        let seat = Seat::of_subscriber(&self.shared.feed)?;
        let resume_after = resume_after.filter(|it| self.shared.feed.goes_on_after(*it));
        let mut open = self.shared.open.lock();
        if let Some(it) = open.get_mut(&wanted) {
            it.listeners += 1;
            return Ok(Listener::new(Arc::clone(&it.hub), seat, resume_after));
        }
        let mut source = Subscription::open_for_many(&self.shared.feed)?;
        let reached = source.snapshot(|view| view.position());
        let hub = Arc::new(Hub {
            hubs: Arc::clone(&self.shared),
            wanted: wanted.clone(),
            told: Mutex::new(Told::from(reached)),
            bells: Bells::new(),
            _seat: Seat::of_hub(&self.shared.feed)?,
        });
        let task = self.shared.runtime.spawn(Arc::clone(&hub).run(source)).abort_handle();
        let listener = Listener::new(Arc::clone(&hub), seat, resume_after);
        open.insert(wanted, Open { hub, listeners: 1, task });
        Ok(listener)
    }
}

impl<E> Shared<E> {
    /// A listener has gone.
    fn left(&self, wanted: &Wanted) {
        let mut open = self.open.lock();
        let Some(it) = open.get_mut(wanted) else { return };
        it.listeners -= 1;
        if it.listeners == 0
            && let Some(it) = open.remove(wanted)
        {
            it.task.abort();
        }
    }
}

impl<E: Encode> Hub<E> {
    /// Tells what happens, until the domain has stopped.
    async fn run(self: Arc<Self>, mut source: Subscription) {
        let (every, mut due) = (self.wanted.every, Instant::now());
        let mut collected = Collected::default();
        loop {
            let Some(first) = source.next().await else { break };
            let mut enough = collected.add(first);
            while every > Duration::ZERO && !enough {
                enough = collected.add_what_is_there(&mut source) || due <= Instant::now();
                if !enough {
                    sleep_until(due.min(Instant::now() + COLLECT_EVERY)).await;
                }
            }
            due = Instant::now() + every;
            let told = self.tell(&collected);
            collected.clear();
            if told {
                self.bells.ring_around(every).await;
            }
        }
        self.told.lock().end();
        self.bells.ring();
    }

    /// Makes a message of what was collected, unless there is nothing to see in it: then it is told as
    /// a part of the next one. Whether there is something for the listeners.
    fn tell(&self, collected: &Collected) -> bool {
        if let Some(position) = collected.anew {
            self.told.lock().begin_anew(position);
            return true;
        }
        let after = self.told.lock().reached();
        let message = self.message(after, &collected.deltas);
        self.told.lock().tell(message)
    }

    /// What deltas that follow on each other show, for those who have all up to `after`.
    fn message(&self, after: Position, deltas: &[Arc<Delta>]) -> Option<Message> {
        let last = deltas.last()?;
        let rows = self.wanted.selection.of_deltas(deltas);
        if rows.is_empty() {
            return None;
        }
        let bytes = self.hubs.encoder.delta(after, last.position, last.at, &rows);
        Some(Message { after: Some(after), position: last.position, bytes })
    }

    /// All that is to be seen now, or was a moment ago.
    fn snapshot(&self) -> Message {
        let kept = self.told.lock().snapshot().cloned();
        let view = self.hubs.feed.view();
        if let Some((made, message)) = kept
            && (made.elapsed() < self.wanted.every.min(SNAPSHOT_SHARED_FOR)
                || message.position == view.position())
        {
            return message;
        }
        let (position, rows) = (view.position(), self.wanted.selection.copy_of_view(&view));
        let now = self.hubs.clock.now();
        // The publisher waits for the copy, which costs far less than the bytes.
        drop(view);
        let bytes = self.hubs.encoder.snapshot(position, now, &rows.shown());
        let message = Message { after: None, position, bytes };
        self.told.lock().share_snapshot(&message);
        message
    }

    /// What leads somebody who stands between two messages on towards the end of one; `None` if there
    /// is nothing to see in it.
    fn bridge(&self, after: Position, upto: Position) -> Result<Option<Message>, Unknown> {
        let deltas = self.hubs.feed.between(after, upto).ok_or(Unknown)?;
        let (mut message, mut end) = (None, 0);
        while message.is_none() && end < deltas.len() {
            end += as_many_as_go_in_one(&deltas[end..]);
            message = self.message(after, &deltas[..end]);
        }
        self.told.lock().share_bridge((after, upto), &message);
        Ok(message)
    }
}

/// How many of these deltas one message may hold, at least one.
fn as_many_as_go_in_one(deltas: &[Arc<Delta>]) -> usize {
    let mut events = 0;
    let fits = deltas.iter().take_while(|delta| {
        events += delta.events.len();
        events <= EVENTS_COLLECTED_MAX
    });
    fits.count().max(1)
}

/// What lies between two positions is not kept any more.
struct Unknown;

/// What a hub has taken in and not told.
#[derive(Debug, Default)]
struct Collected {
    deltas: Vec<Arc<Delta>>,
    events: usize,
    /// It is far behind: everything begins anew here.
    anew: Option<Position>,
}

impl Collected {
    /// Takes an update in; whether it is to be told at once.
    fn add(&mut self, update: Update) -> bool {
        match update {
            Update::Snapshot(position) => self.anew = Some(position),
            Update::Delta(delta) => {
                self.events += delta.events.len();
                self.deltas.push(delta);
            }
        }
        self.anew.is_some()
    }

    /// Takes in all that there is; whether it is to be told at once.
    fn add_what_is_there(&mut self, source: &mut Subscription) -> bool {
        while self.events < EVENTS_COLLECTED_MAX {
            match source.next_at_hand() {
                AtHand::Update(update) => {
                    if self.add(update) {
                        return true;
                    }
                }
                AtHand::Nothing => return false,
                // It is asked again once this has been told.
                AtHand::Ended => return true,
            }
        }
        true
    }

    fn clear(&mut self) {
        self.deltas.clear();
        (self.events, self.anew) = (0, None);
    }
}
