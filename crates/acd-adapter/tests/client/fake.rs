//! A daemon without routing: the test holds the other end of every stream.

use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::adapter_order::Body as Down;
use acd_proto::v1::adapter_service_server::{AdapterService, AdapterServiceServer};
use acd_proto::v1::{self, AdapterMessage, AdapterOrder};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};

/// One stream as the daemon sees it.
pub(crate) struct Stream {
    pub(crate) up: Streaming<AdapterMessage>,
    pub(crate) down: mpsc::Sender<Result<AdapterOrder, Status>>,
    pub(crate) epoch: u64,
}

impl Stream {
    /// The next message that is numbered.
    pub(crate) async fn report(&mut self) -> (u64, Up) {
        loop {
            let message = self.message().await;
            if message.number > 0 {
                return (message.number, message.body.expect("a report"));
            }
        }
    }

    pub(crate) async fn message(&mut self) -> AdapterMessage {
        self.up.message().await.expect("the stream is whole").expect("there is one more")
    }

    pub(crate) async fn hello(&mut self) -> v1::Hello {
        match self.message().await.body {
            Some(Up::Hello(hello)) => hello,
            other => panic!("expected Hello, got {other:?}"),
        }
    }

    pub(crate) async fn order(&self, number: u64, ack: u64, body: Down) {
        let order = AdapterOrder { epoch: self.epoch, number, ack, body: Some(body) };
        self.down.send(Ok(order)).await.expect("the adapter reads");
    }

    pub(crate) async fn welcome(&mut self, epoch: u64, resumed: bool, received: u64) {
        self.epoch = epoch;
        let welcome = v1::Welcome {
            resumed,
            // Each epoch asks once.
            resync: if resumed { 0 } else { epoch },
            received,
            heartbeat_every: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
            now: None,
            clock_scale: 600.0,
        };
        self.order(0, 0, Down::Welcome(welcome)).await;
    }

    /// Reads no further, and says no more.
    pub(crate) async fn break_off(self) {
        self.down.send(Err(Status::unavailable("broken"))).await.expect("the adapter reads");
    }

    pub(crate) async fn acknowledge(&self, ack: u64) {
        self.order(0, ack, Down::Acknowledged(v1::Acknowledged {})).await;
    }
}

struct Fake {
    streams: mpsc::Sender<Stream>,
}

#[tonic::async_trait]
impl AdapterService for Fake {
    type SessionStream = ReceiverStream<Result<AdapterOrder, Status>>;

    async fn session(
        &self,
        request: Request<Streaming<AdapterMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let (down, orders) = mpsc::channel(1_024);
        let stream = Stream { up: request.into_inner(), down, epoch: 0 };
        self.streams.send(stream).await.map_err(|_| Status::unavailable("the test is over"))?;
        Ok(Response::new(ReceiverStream::new(orders)))
    }

    async fn offer_call(
        &self,
        _: Request<v1::OfferCallRequest>,
    ) -> Result<Response<v1::OfferCallResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn hang_up(
        &self,
        _: Request<v1::HangUpRequest>,
    ) -> Result<Response<v1::HangUpResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_positions(
        &self,
        _: Request<v1::ListPositionsRequest>,
    ) -> Result<Response<v1::ListPositionsResponse>, Status> {
        Err(Status::unimplemented("not of interest here"))
    }
}

/// A daemon on a free port, and the streams that adapters open to it.
pub(crate) async fn daemon() -> (String, mpsc::Receiver<Stream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let server = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (streams, opened) = mpsc::channel(16);
    let service = AdapterServiceServer::new(Fake { streams });
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    (server, opened)
}
