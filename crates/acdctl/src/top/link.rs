//! Listening to the daemon: one stream that comes back by itself, and a question each second whether the
//! daemon is there.

use super::board::Heard;
use crate::daemon::{Daemon, request};
use acd_proto::v1::{self, watch_update::Body};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tonic::{Request, Status, Streaming};

/// How often it is asked how the daemon is.
const ASKED_EVERY: Duration = Duration::from_secs(1);
/// How long it may take to say so.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// How long after a lost connection the first attempt to go on is made; doubles with each.
const RETRY_FIRST: Duration = Duration::from_millis(200);
/// The longest time between two attempts.
const RETRY_MOST: Duration = Duration::from_secs(4);

/// What is listened to.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Only these queues; none means all.
    pub(super) queues: Vec<String>,
    /// At most one update in this time.
    pub(super) every: Duration,
}

/// Where what was heard goes.
pub(super) type Listener = mpsc::Sender<Heard>;

/// Whoever listens has gone.
struct Gone;

/// Opens the stream.
pub(super) async fn open(
    daemon: &Daemon,
    wanted: &Wanted,
    resume_after: Option<v1::Position>,
) -> Result<Streaming<v1::WatchUpdate>, Status> {
    let views = [
        v1::View::Queues,
        v1::View::Agents,
        v1::View::Calls,
        v1::View::Events,
        v1::View::QueueStatistics,
        v1::View::AgentStatistics,
    ];
    let message = v1::WatchRequest {
        domain: daemon.domain.clone(),
        views: views.into_iter().map(Into::into).collect(),
        resume_after,
        every: prost_types::Duration::try_from(wanted.every).ok(),
        queues: wanted.queues.clone(),
        agents: Vec::new(),
    };
    Ok(daemon.supervisors().watch(message).await?.into_inner())
}

/// Asks how the daemon is.
pub(super) async fn status(daemon: &Daemon) -> Result<v1::GetStatusResponse, Status> {
    let mut request = Request::new(v1::GetStatusRequest { domain: daemon.domain.clone() });
    request.set_timeout(ANSWER_WITHIN);
    Ok(daemon.admin().get_status(request).await?.into_inner())
}

/// Asks why a call is where it is.
pub(super) async fn explain(
    daemon: &Daemon,
    call: v1::CallRef,
) -> Result<v1::ExplainResponse, Status> {
    let (domain, agent) = (daemon.domain.clone(), String::new());
    let message = request(v1::ExplainRequest { domain, call: Some(call), agent });
    Ok(daemon.supervisors().explain(message).await?.into_inner())
}

/// Tells all that comes, until nobody listens. After a lost connection it goes on where it was; after
/// `anew`, from a fresh snapshot.
pub(super) async fn follow(
    daemon: Daemon,
    wanted: Wanted,
    mut stream: Streaming<v1::WatchUpdate>,
    listener: Listener,
    anew: Arc<Notify>,
) {
    let mut last = None;
    loop {
        let lost = tokio::select! {
            lost = updates(&mut stream, &listener, &mut last) => lost,
            lost = beats(&daemon, &listener) => lost,
            () = anew.notified() => {
                last = None;
                Ok(Status::aborted("what came did not go on where it was"))
            }
        };
        let Ok(lost) = lost else { return };
        match reopen(&daemon, &wanted, last, lost, &listener).await {
            Ok(again) => stream = again,
            Err(Gone) => return,
        }
    }
}

/// Until the stream is over; and why it is.
async fn updates(
    stream: &mut Streaming<v1::WatchUpdate>,
    listener: &Listener,
    last: &mut Option<v1::Position>,
) -> Result<Status, Gone> {
    loop {
        let update = match stream.message().await {
            Ok(Some(update)) => update,
            Ok(None) => return Ok(Status::unavailable("it ended the stream")),
            Err(status) => return Ok(status),
        };
        let position = match &update.body {
            Some(Body::Snapshot(snapshot)) => snapshot.position,
            Some(Body::Delta(delta)) => delta.position,
            None => None,
        };
        tell(listener, Heard::Update(Box::new(update))).await?;
        *last = position.or(*last);
    }
}

/// Until the daemon does not answer; and what it came to.
async fn beats(daemon: &Daemon, listener: &Listener) -> Result<Status, Gone> {
    loop {
        match status(daemon).await {
            Ok(status) => tell(listener, Heard::Status(Box::new(status))).await?,
            Err(status) => return Ok(status),
        }
        tokio::time::sleep(ASKED_EVERY).await;
    }
}

async fn reopen(
    daemon: &Daemon,
    wanted: &Wanted,
    last: Option<v1::Position>,
    mut lost: Status,
    listener: &Listener,
) -> Result<Streaming<v1::WatchUpdate>, Gone> {
    let mut delay = RETRY_FIRST;
    loop {
        tell(listener, Heard::Lost(said(&lost))).await?;
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(RETRY_MOST);
        match open(daemon, wanted, last).await {
            Ok(stream) => return Ok(stream),
            Err(status) => lost = status,
        }
    }
}

/// What a person is told of it.
pub(super) fn said(status: &Status) -> String {
    match status.message() {
        "" => acd_adapter::code_word(status.code()).to_owned(),
        // Of the transport only the bottom says what it was.
        _ => std::error::Error::source(status)
            .map_or_else(|| status.message().to_owned(), acd_adapter::root_of),
    }
}

async fn tell(listener: &Listener, heard: Heard) -> Result<(), Gone> {
    listener.send(heard).await.map_err(|_| Gone)
}
