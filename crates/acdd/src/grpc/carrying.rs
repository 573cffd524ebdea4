//! Which thread carries a connection: the hot one, until something is watched on it.
//!
//! A watch sends much to many. So a connection that has one moves to the cold runtime with all its
//! streams: what the hot thread still does for it is to say when its socket is ready.

use super::connections::Connection;
use super::corked::{Corked, Uncorked};
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_stream::{Stream, StreamExt as _};
use tonic::body::Body;
use tonic::codegen::Service as _;
use tonic::codegen::http::Request;
use tonic::service::Routes;

/// The most streams and requests at once on one connection.
const STREAMS_PER_CONNECTION_MAX: u32 = 4_096;
/// How often a silent connection is asked whether it lives, ...
const PING_EVERY: Duration = Duration::from_secs(20);
/// ... and how long it may take to answer.
const PONG_WITHIN: Duration = Duration::from_secs(20);

/// Where a connection is carried. All clones are of the same.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    moved: watch::Sender<bool>,
    cold: Handle,
}

impl Place {
    /// On this runtime, until it moves.
    fn here(cold: Handle) -> Self {
        Self { moved: watch::Sender::new(false), cold }
    }

    /// From here on the connection and its streams are carried by the cold runtime.
    pub(crate) fn move_away(&self) {
        self.moved.send_replace(true);
    }
}

impl<Work> Executor<Work> for Place
where
    Work: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, work: Work) {
        let (mut moved, cold) = (self.moved.subscribe(), self.cold.clone());
        if *moved.borrow() {
            cold.spawn(work);
            return;
        }
        tokio::spawn(async move {
            let mut work = Box::pin(work);
            tokio::select! {
                biased;
                () = &mut work => return,
                _moved = moved.wait_for(|moved| *moved) => {}
            }
            cold.spawn(work);
        });
    }
}

/// Serves these connections until `stop` is done and all of them have ended.
pub(crate) async fn serve(
    mut connections: impl Stream<Item = std::io::Result<Connection>> + Unpin,
    routes: Routes,
    cold: Handle,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    let (stopping, stopped) = watch::channel(false);
    loop {
        let connection = tokio::select! {
            () = &mut stop => break,
            connection = connections.next() => connection,
        };
        match connection {
            Some(Ok(connection)) => {
                let place = Place::here(cold.clone());
                let stream = Corked::new(connection);
                let (routes, stopped) = (routes.clone(), stopped.clone());
                let carried = carry(stream.clone(), place.clone(), routes, stopped);
                place.execute(Patient::new(place.clone(), Uncorked::new(stream, carried)));
            }
            Some(Err(_)) => {}
            None => break,
        }
    }
    drop((connections, stopped));
    stopping.send_replace(true);
    stopping.closed().await;
}

/// A connection that has moved away lets its streams speak first: then what they say goes out together.
struct Patient<Work> {
    place: Place,
    work: Work,
    has_waited: bool,
}

impl<Work> Patient<Work> {
    fn new(place: Place, work: Work) -> Self {
        Self { place, work, has_waited: false }
    }
}

impl<Work: Future<Output = ()> + Unpin> Future for Patient<Work> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if !self.has_waited && *self.place.moved.borrow() {
            self.has_waited = true;
            // Whoever wakes himself goes to the end of the queue.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.has_waited = false;
        Pin::new(&mut self.work).poll(context)
    }
}

async fn carry(
    connection: Corked<Connection>,
    place: Place,
    routes: Routes,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(|mut request: Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(place.clone());
        routes.clone().call(request.map(Body::new))
    });
    let mut builder = http2::Builder::new(place.clone());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PONG_WITHIN);
    let mut carried = pin!(builder.serve_connection(TokioIo::new(connection), service));
    let ended = tokio::select! {
        ended = &mut carried => Some(ended),
        _stopped = stopped.wait_for(|stopped| *stopped) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            carried.as_mut().graceful_shutdown();
            carried.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection has ended");
    }
}
