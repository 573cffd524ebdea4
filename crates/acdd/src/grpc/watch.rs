//! The watch: what a subscriber sees of each snapshot and delta, and in which order.

use crate::convert::message::malformed;
use crate::convert::refusal::status;
use crate::convert::row;
use crate::convert::time::{position, position_from, timestamp};
use acd_engine::{Delta, Domain, Position, Subscription, Update, View as State};
use acd_proto::v1::watch_update::Body;
use acd_proto::v1::{self, View, WatchRequest, WatchUpdate};
use futures_util::stream;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_stream::Stream;
use tonic::Status;

/// The longest time between two deltas that a subscriber may ask for.
const EVERY_MAX: Duration = Duration::from_secs(60);
/// With so many events collected a delta goes early.
const EVENTS_COLLECTED_MAX: usize = 16_384;

/// The updates of one subscriber.
pub(crate) type Updates = Pin<Box<dyn Stream<Item = Result<WatchUpdate, Status>> + Send>>;

/// Begins a watch.
///
/// # Errors
/// A view that is none, or too many subscribers.
pub(crate) fn watch(domain: &Domain, request: &WatchRequest) -> Result<Updates, Status> {
    let shown = Shown::of(&request.views)?;
    let every = every(request)?;
    let resume = request.resume_after.map(position_from);
    let subscription = domain.subscribe(resume).map_err(|refusal| status(&refusal))?;
    let told = resume.unwrap_or_default();
    let (domain, due) = (domain.clone(), Instant::now());
    let watching = Watching { domain, subscription, shown, told, every, due, over: false };
    Ok(Box::pin(stream::unfold(watching, Watching::step)))
}

/// The least time between two deltas that a subscriber asks for.
fn every(request: &WatchRequest) -> Result<Duration, Status> {
    let Some(asked) = request.every else { return Ok(Duration::ZERO) };
    let every = Duration::try_from(asked).ok().filter(|every| *every <= EVERY_MAX);
    every.ok_or_else(|| {
        let most = EVERY_MAX.as_secs();
        status(&malformed(&format!("every must be a time of up to {most} s"), "every"))
    })
}

/// One subscriber.
struct Watching {
    domain: Domain,
    subscription: Subscription,
    shown: Shown,
    /// The position that the subscriber has been told last.
    told: Position,
    /// The least time between two deltas.
    every: Duration,
    /// When the next delta may go.
    due: Instant,
    over: bool,
}

impl Watching {
    async fn step(mut self) -> Option<(Result<WatchUpdate, Status>, Self)> {
        if self.over {
            return None;
        }
        loop {
            let body = match self.subscription.next().await {
                Some(Update::Snapshot(_)) => Some(Body::Snapshot(self.snapshot())),
                Some(Update::Delta(delta)) => self.collect(delta).await,
                None => {
                    self.over = true;
                    return Some((Err(Status::unavailable("the daemon is stopping")), self));
                }
            };
            // A delta without anything to show is told as a part of the next one.
            if let Some(body) = body {
                return Some((Ok(WatchUpdate { body: Some(body) }), self));
            }
        }
    }

    /// A delta, together with those that come before the next one may go.
    async fn collect(&mut self, first: Arc<Delta>) -> Option<Body> {
        if self.every == Duration::ZERO {
            return self.delta(&first).map(Body::Delta);
        }
        let (mut events, mut deltas) = (first.events.len(), vec![first]);
        while events < EVENTS_COLLECTED_MAX {
            match timeout_at(self.due, self.subscription.next()).await {
                Ok(Some(Update::Delta(delta))) => {
                    events += delta.events.len();
                    deltas.push(delta);
                }
                // Far behind: everything comes anew.
                Ok(Some(Update::Snapshot(_))) => return Some(Body::Snapshot(self.snapshot())),
                // What has been collected is told first; then the end is asked for again.
                Ok(None) | Err(_) => break,
            }
        }
        self.due = Instant::now() + self.every;
        self.delta(&Delta::merged(&deltas)?).map(Body::Delta)
    }

    fn snapshot(&mut self) -> v1::Snapshot {
        let (shown, now) = (self.shown, self.domain.clock().now());
        let (reached, snapshot) = self.subscription.snapshot(|state: &State| {
            let snapshot = v1::Snapshot {
                position: Some(position(state.position())),
                at: Some(timestamp(now)),
                queues: rows(shown.queues, state.queues(), row::queue),
                skill_queues: rows(shown.skill_queues, state.skill_queues(), row::skill_queue),
                agents: rows(shown.agents, state.agents(), row::agent),
                calls: rows(shown.calls, state.calls(), row::call),
            };
            (state.position(), snapshot)
        });
        self.told = reached;
        snapshot
    }

    fn delta(&mut self, delta: &Delta) -> Option<v1::Delta> {
        let shown = self.shown;
        let queues = rows(shown.queues, &delta.queues, row::queue);
        let skill_queues = rows(shown.skill_queues, &delta.skill_queues, row::skill_queue);
        let agents = rows(shown.agents, &delta.agents, row::agent);
        let calls = rows(shown.calls, &delta.calls, row::call);
        let events = rows(shown.events, &delta.events, row::event);
        if queues.is_empty()
            && skill_queues.is_empty()
            && agents.is_empty()
            && calls.is_empty()
            && events.is_empty()
        {
            return None;
        }
        let after = std::mem::replace(&mut self.told, delta.position);
        Some(v1::Delta {
            after: Some(position(after)),
            position: Some(position(delta.position)),
            at: Some(timestamp(delta.at)),
            queues,
            skill_queues,
            agents,
            calls,
            events,
        })
    }
}

/// The rows on the wire, if they are shown.
fn rows<'a, Row: 'a, Wire>(
    shown: bool,
    rows: impl IntoIterator<Item = &'a Row>,
    on_wire: impl Fn(&'a Row) -> Wire,
) -> Vec<Wire> {
    if shown { rows.into_iter().map(on_wire).collect() } else { Vec::new() }
}

/// Which views a subscriber wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shown {
    queues: bool,
    skill_queues: bool,
    agents: bool,
    calls: bool,
    events: bool,
}

impl Shown {
    fn of(views: &[i32]) -> Result<Self, Status> {
        let mut shown = Self::default();
        for view in views {
            match View::try_from(*view) {
                Ok(View::Queues) => shown.queues = true,
                Ok(View::SkillQueues) => shown.skill_queues = true,
                Ok(View::Agents) => shown.agents = true,
                Ok(View::Calls) => shown.calls = true,
                Ok(View::Events) => shown.events = true,
                Ok(View::Unspecified) | Err(_) => {
                    let wrong = "views must be QUEUES, SKILL_QUEUES, AGENTS, CALLS or EVENTS";
                    return Err(status(&malformed(wrong, "views")));
                }
            }
        }
        if views.is_empty() {
            shown =
                Self { queues: true, skill_queues: true, agents: true, calls: true, events: true };
        }
        Ok(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_view_means_all_and_an_unknown_one_is_refused() {
        let all = Shown::of(&[1, 2, 3, 4, 5]).expect("views");
        assert_eq!(Shown::of(&[]).expect("views"), all);
        let calls = Shown::of(&[View::Calls.into()]).expect("a view");
        assert_eq!(calls, Shown { calls: true, ..Shown::default() });
        for unknown in [0, 6, -1] {
            let refused = Shown::of(&[1, unknown]).expect_err("no such view");
            assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        }
    }
}
