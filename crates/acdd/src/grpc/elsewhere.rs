//! Which runtime does a service's work: handlers and encoding on another, only bytes on this one.

use http_body::{Body as HttpBody, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{BoxFuture, Bytes, Service};
use tonic::server::NamedService;

/// How many encoded frames a response may be ahead of what the connection has taken.
const FRAMES_AHEAD: usize = 8;

/// Runs a gRPC service on `runtime`, wherever its connections are.
///
/// The connection's task sees nothing but finished frames, so that a long list or a snapshot does
/// not stand in the way of an offer.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere<S> {
    service: S,
    runtime: Handle,
}

impl<S> Elsewhere<S> {
    /// `service`, with its work on `runtime`.
    pub(crate) fn new(service: S, runtime: Handle) -> Self {
        Self { service, runtime }
    }
}

impl<S: NamedService> NamedService for Elsewhere<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Elsewhere<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut service = self.service.clone();
        let task = self.runtime.spawn(async move {
            let Ok(response) = service.call(request).await;
            let (head, body) = response.into_parts();
            let (frames, taken) = mpsc::channel(FRAMES_AHEAD);
            tokio::spawn(send_frames(body, frames));
            Response::from_parts(head, Body::new(Frames(taken)))
        });
        Box::pin(async move {
            Ok(task.await.unwrap_or_else(|_| {
                // The handler panicked, or the runtime is gone because the daemon stops.
                Status::unavailable("the daemon is stopping").into_http()
            }))
        })
    }
}

/// Drives a body to its end, or until nobody wants it any more.
async fn send_frames(mut body: Body, frames: mpsc::Sender<Result<Frame<Bytes>, Status>>) {
    loop {
        let next = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let frame = tokio::select! {
            () = frames.closed() => return,
            frame = next => frame,
        };
        let Some(frame) = frame else { return };
        if frames.send(frame).await.is_err() {
            return;
        }
    }
}

/// The frames of a body that is driven elsewhere.
struct Frames(mpsc::Receiver<Result<Frame<Bytes>, Status>>);

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.0.poll_recv(context)
    }
}
