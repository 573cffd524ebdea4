//! What the pages listen to: server-sent events, with a heartbeat by which they know that they hear.

use super::Site;
use super::json;
use super::problem::Problem;
use crate::convert::refusal::status;
use crate::convert::status::health_word;
use crate::convert::time::position_from;
use crate::convert::watched;
use acd_core::Timestamp;
use acd_engine::{Domain, Encode, Position, Shown, Views, Wanted};
use acd_proto::v1;
use acd_proto::v1::agent_service_server::AgentService as _;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use prost::{Message, Name};
use serde::Deserialize;
use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tonic::Request;

/// How often a page hears that acdd is there.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(1);
/// The least time between two deltas: as often as an eye follows.
const DELTA_EVERY: Duration = Duration::from_millis(250);
/// What a wallboard shows.
const VIEWS: Views = Views { skill_queues: false, decisions: false, ..Views::ALL };
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Where a page goes on.
#[derive(Debug, Deserialize)]
pub(super) struct Resumed {
    /// `EPOCH-NUMBER` of the last event that it has taken in.
    after: Option<String>,
}

/// Makes each message of a wallboard's stream an event, once for all wallboards.
#[derive(Debug)]
pub(super) struct ServerSent;

impl Encode for ServerSent {
    fn snapshot(&self, at: Position, now: Timestamp, rows: &Shown<'_>) -> Bytes {
        event("snapshot", at, &watched::snapshot(at, now, rows))
    }

    fn delta(&self, after: Position, upto: Position, at: Timestamp, rows: &Shown<'_>) -> Bytes {
        event("delta", upto, &watched::delta(after, upto, at, rows))
    }
}

/// `GET /stream`: `snapshot` and `delta`, as [`v1::Snapshot`] and [`v1::Delta`].
pub(super) async fn wallboard(
    State(Site { domain, hubs, .. }): State<Site>,
    Query(Resumed { after }): Query<Resumed>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let said = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    // What cannot be read is no place to go on from: everything comes anew.
    let resume_after = said.or(after.as_deref()).and_then(position);
    let selection = domain.select(VIEWS, &[], &[]).map_err(|refusal| status(&refusal))?;
    let wanted = Wanted { selection, every: DELTA_EVERY };
    let listener = hubs.listen(wanted, resume_after).map_err(|refusal| status(&refusal))?;
    let events = stream::unfold(listener, |mut listener| async {
        let message = listener.next().await?;
        Some((message.bytes, listener))
    });
    Ok(served(&domain, Box::pin(events)))
}

/// Whose page it is.
#[derive(Debug, Deserialize)]
pub(super) struct Whose {
    agent: String,
}

/// `GET /agent/stream?agent=ID`: `agent`, as [`v1::AgentUpdate`], at once and at every change.
pub(super) async fn agent(
    State(Site { domain, agents, .. }): State<Site>,
    Query(Whose { agent }): Query<Whose>,
) -> Result<Response, Problem> {
    let request = v1::WatchAgentRequest { agent, ..v1::WatchAgentRequest::default() };
    let updates = agents.watch_agent(Request::new(request)).await?.into_inner();
    let events = updates.filter_map(async |update| {
        let update = update.ok()?;
        let at = update.position.map(position_from).unwrap_or_default();
        Some(event("agent", at, &update))
    });
    Ok(served(&domain, Box::pin(events)))
}

fn position(text: &str) -> Option<Position> {
    let (epoch, number) = text.split_once('-')?;
    Some(Position { epoch: epoch.parse().ok()?, number: number.parse().ok()? })
}

/// One event as it stands in the stream.
fn event<M: Message + Name>(kind: &str, position: Position, message: &M) -> Bytes {
    let Position { epoch, number } = position;
    let mut text = format!("event: {kind}\nid: {epoch}-{number}\ndata: ").into_bytes();
    match json::written(message) {
        Ok(json) => text.extend(json),
        // No page can go on from nothing: each begins anew, and this shows in the log.
        Err(reason) => {
            tracing::error!(kind, reason, "a page cannot be told");
            text.extend(b"{}");
        }
    }
    text.extend(b"\n\n");
    text.into()
}

type Events = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// The events of a page and the heartbeats between them, until the domain stops.
fn served(domain: &Domain, events: Events) -> Response {
    let mut beats = interval_at(Instant::now() + HEARTBEAT_EVERY, HEARTBEAT_EVERY);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listening = Listening { domain: domain.clone(), events, beats };
    // A page knows the time before it hears of anything.
    let first = stream::iter([listening.heartbeat()]);
    let body = first.chain(stream::unfold(listening, Listening::step)).map(Ok::<_, Infallible>);
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(body)).into_response()
}

/// One page that listens.
struct Listening {
    domain: Domain,
    events: Events,
    beats: Interval,
}

impl Listening {
    async fn step(mut self) -> Option<(Bytes, Self)> {
        let heard = tokio::select! {
            _ = self.beats.tick() => Some(self.heartbeat()),
            event = self.events.next() => event,
        };
        heard.map(|bytes| (bytes, self))
    }

    /// How the daemon is, and what time it takes for now.
    fn heartbeat(&self) -> Bytes {
        let status = self.domain.status();
        let beat = serde_json::json!({
            "at_us": status.now.0,
            "clock_scale": status.clock_scale,
            "domain": status.domain,
            "health": health_word(status.health),
            "health_reason": status.health_reason,
            "version": crate::about::About::VERSION,
        });
        format!("event: heartbeat\ndata: {beat}\n\n").into()
    }
}
