//! Call event in → offer out through the real daemon, against a bare gRPC echo in the same run.
//!
//! `cargo bench -p acdd --bench round_trip [-- --json]`. Two servers, each its own process with one
//! hot thread: `acdd`, and a stream that sends each message straight back (the floor for any gRPC
//! offer). One client asks both in turn, one message under way at a time, so that whatever else the
//! machine does falls on both; what counts is the ratio. The client has the first CPU and both
//! servers the second, as a PBX would be another machine: left to the scheduler, one server may
//! share the client's CPU and the other not, and the ratio says that instead.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(missing_docs, reason = "a bench is no library")]

#[allow(dead_code, reason = "another bench asks for more")]
mod server;

use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::adapter_order::Body as Down;
use acd_proto::v1::adapter_service_client::AdapterServiceClient;
use acd_proto::v1::adapter_service_server::{AdapterService, AdapterServiceServer};
use acd_proto::v1::agent_service_client::AgentServiceClient;
use acd_proto::v1::{
    Acknowledged, AdapterMessage, AdapterOrder, CallEnded, CallOffered, HangUpRequest,
    HangUpResponse, Heartbeat, Hello, LogInRequest, OfferCallRequest, OfferCallResponse,
    ResyncDone, Welcome,
};
use hdrhistogram::Histogram;
use server::{Server, run_on};
use std::process::Command;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

const WARM_UP: usize = 2_000;
const SAMPLES: usize = 20_000;
const ECHO_SERVER: &str = "--echo-server";

const CONFIG: &str = "
[queues.only]
ring = \"1m\"
[agents.ana]
";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if arguments.iter().any(|argument| argument == ECHO_SERVER) {
        runtime.block_on(serve_echo());
    } else {
        let json = arguments.iter().any(|argument| argument == "--json");
        runtime.block_on(measure(json));
    }
}

struct Session {
    up: mpsc::Sender<AdapterMessage>,
    down: Streaming<AdapterOrder>,
    number: u64,
}

impl Session {
    async fn open(server: &Server) -> Self {
        let (up, messages) = mpsc::channel(64);
        let hello = Hello { adapter: "bench".to_owned(), incarnation: 1, ..Hello::default() };
        let hello = AdapterMessage { body: Some(Up::Hello(hello)), ..AdapterMessage::default() };
        up.send(hello).await.unwrap();
        let mut client = AdapterServiceClient::connect(server.address.clone()).await.unwrap();
        let down = client.session(ReceiverStream::new(messages)).await.unwrap().into_inner();
        Self { up, down, number: 0 }
    }

    async fn send(&mut self, body: Up, ack: u64) {
        self.number += 1;
        let message = AdapterMessage { number: self.number, ack, body: Some(body) };
        self.up.send(message).await.unwrap();
    }

    /// Waits for the next order that `wanted` accepts; its number and what it says.
    async fn expect(&mut self, wanted: impl Fn(&Down) -> bool) -> (u64, Down) {
        loop {
            let order = self.down.next().await.expect("the stream goes on").unwrap();
            let body = order.body.expect("an order says something");
            assert!(!matches!(body, Down::Rejected(_)), "nothing is refused: {body:?}");
            if wanted(&body) {
                return (order.number, body);
            }
        }
    }
}

async fn measure(json: bool) {
    run_on(1);
    let config = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(config.path(), CONFIG).unwrap();
    let any = "127.0.0.1:0";
    let acdd = Server::start(
        Command::new(env!("CARGO_BIN_EXE_acdd"))
            .arg("--config")
            .arg(config.path())
            .args(["--listen", any, "--http", any]),
    );
    let echo = Server::start(Command::new(std::env::current_exe().unwrap()).arg(ECHO_SERVER));
    run_on(0);

    let mut agents = AgentServiceClient::connect(acdd.address.clone()).await.unwrap();
    let log_in = LogInRequest { agent: "ana".to_owned(), ready: true, ..LogInRequest::default() };
    agents.log_in(log_in).await.unwrap();
    let mut calls = Session::open(&acdd).await;
    let Down::Welcome(Welcome { resync, .. }) = calls.expect(|_| true).await.1 else {
        panic!("Welcome comes first");
    };
    calls.send(Up::ResyncDone(ResyncDone { resync }), 0).await;
    calls.expect(|body| matches!(body, Down::Resynced(_))).await;
    let mut mirror = Session::open(&echo).await;
    mirror.expect(|_| true).await;

    let mut offer_ns = Histogram::<u64>::new(3).unwrap();
    let mut echo_ns = Histogram::<u64>::new(3).unwrap();
    for sample in 0..WARM_UP + SAMPLES {
        let started = Instant::now();
        mirror.send(Up::Heartbeat(Heartbeat {}), 0).await;
        mirror.expect(|_| true).await;
        let echoed = started.elapsed();

        let call_id = format!("call-{sample}");
        let call = CallOffered {
            call_id: call_id.clone(),
            queue: "only".to_owned(),
            ..CallOffered::default()
        };
        let started = Instant::now();
        calls.send(Up::CallOffered(call), 0).await;
        let (offer, _) = calls.expect(|body| matches!(body, Down::Offer(_))).await;
        let offered = started.elapsed();
        calls.send(Up::CallEnded(CallEnded { call_id }), offer).await;
        calls.expect(|body| matches!(body, Down::Revoke(_))).await;
        if sample >= WARM_UP {
            echo_ns.record(echoed.as_nanos() as u64).unwrap();
            offer_ns.record(offered.as_nanos() as u64).unwrap();
        }
    }
    report(&offer_ns, &echo_ns, json);
}

fn report(offer_ns: &Histogram<u64>, echo_ns: &Histogram<u64>, json: bool) {
    if !json {
        println!("            offer us    echo us     ratio   ({SAMPLES} samples)");
    }
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        let offer = offer_ns.value_at_quantile(quantile) as f64 / 1e3;
        let echo = echo_ns.value_at_quantile(quantile) as f64 / 1e3;
        let ratio = offer / echo;
        if json {
            println!(
                "{{\"quantile\":\"{name}\",\"offer_us\":{offer:.1},\"echo_us\":{echo:.1},\
                 \"ratio\":{ratio:.2}}}"
            );
        } else {
            println!("{name:>8} {offer:11.1} {echo:10.1} {ratio:9.2}");
        }
    }
}

struct Echo;

#[tonic::async_trait]
impl AdapterService for Echo {
    type SessionStream = BoxStream<AdapterOrder>;

    async fn session(
        &self,
        messages: Request<Streaming<AdapterMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let orders = messages.into_inner().map(|message| {
            let number = message?.number;
            let body = Some(Down::Acknowledged(Acknowledged {}));
            Ok(AdapterOrder { epoch: 1, number, ack: number, body })
        });
        Ok(Response::new(Box::pin(orders)))
    }

    async fn offer_call(
        &self,
        _: Request<OfferCallRequest>,
    ) -> Result<Response<OfferCallResponse>, Status> {
        Err(Status::unimplemented("an echo"))
    }

    async fn hang_up(&self, _: Request<HangUpRequest>) -> Result<Response<HangUpResponse>, Status> {
        Err(Status::unimplemented("an echo"))
    }

    async fn list_positions(
        &self,
        _: Request<acd_proto::v1::ListPositionsRequest>,
    ) -> Result<Response<acd_proto::v1::ListPositionsResponse>, Status> {
        Err(Status::unimplemented("an echo has no calls"))
    }
}

async fn serve_echo() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("grpc={}", listener.local_addr().unwrap());
    let incoming = TcpListenerStream::new(listener).map(|stream| {
        let stream = stream?;
        stream.set_nodelay(true)?;
        Ok::<_, std::io::Error>(stream)
    });
    tonic::transport::Server::builder()
        .add_service(AdapterServiceServer::new(Echo))
        .serve_with_incoming(incoming)
        .await
        .unwrap();
}
