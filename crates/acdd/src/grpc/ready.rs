//! Answers whose messages are encoded already: their bytes go out as they are, uncopied, and away
//! from the hot thread.

use super::carrying::Place;
use http_body::{Body as HttpBody, Frame};
use parking_lot::Mutex;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio_stream::Stream;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::codegen::{BoxFuture, BoxStream, Bytes, Service};
use tonic::server::NamedService;

/// What a handler leaves among the extensions of its answer, to be sent in place of the answer's own
/// stream: gRPC frames, and a status if it does not end well.
#[derive(Clone)]
pub(crate) struct Ready(Arc<Mutex<Option<BoxStream<Bytes>>>>);

impl Ready {
    /// These frames.
    pub(crate) fn new(frames: impl Stream<Item = Result<Bytes, Status>> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::pin(frames)))))
    }
}

/// Sends what the handlers of a service have left ready.
#[derive(Clone, Debug)]
pub(crate) struct SendsReady<S>(pub(crate) S);

impl<S: NamedService> NamedService for SendsReady<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for SendsReady<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let place = request.extensions().get::<Place>().cloned();
        let answer = self.0.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            let ready = answer.extensions_mut().remove::<Ready>();
            let frames = ready.and_then(|Ready(frames)| frames.lock().take());
            let Some(frames) = frames else { return Ok(answer) };
            if let Some(place) = place {
                place.move_away();
            }
            Ok(answer.map(|_| Body::new(Frames(Some(frames)))))
        })
    }
}

/// Frames, then the trailers that tell how it ended.
struct Frames(Option<BoxStream<Bytes>>);

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(frames) = &mut self.0 else { return Poll::Ready(None) };
        let status = match ready!(frames.as_mut().poll_next(context)) {
            Some(Ok(frame)) => return Poll::Ready(Some(Ok(Frame::data(frame)))),
            Some(Err(status)) => status,
            None => Status::ok(""),
        };
        self.0 = None;
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }
}
