//! A session against a daemon that says what the test wants it to say.

use crate::fake::{Stream, daemon};
use acd_adapter::{
    AdapterSession, ConnectError, OfferKey, Reconnect, Report, SendError, SessionEvent,
    SessionEvents, SessionOptions, SessionSender, UNACKNOWLEDGED_MAX,
};
use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::adapter_order::Body as Down;
use acd_proto::v1::{self, AdapterOrder};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::Status;

pub(crate) fn options(server: &str) -> SessionOptions {
    SessionOptions {
        incarnation: 77,
        reconnect: Reconnect::WithBackoff {
            first: Duration::from_millis(1),
            most: Duration::from_millis(10),
        },
        ..SessionOptions::new(server, "pbx-a")
    }
}

pub(crate) async fn connected(
    server: &str,
    streams: &mut mpsc::Receiver<Stream>,
) -> (SessionSender, SessionEvents, Stream) {
    let open = async {
        let mut stream = streams.recv().await.expect("a stream");
        stream.hello().await;
        stream.welcome(1, false, 0).await;
        stream
    };
    let (session, stream) = tokio::join!(AdapterSession::connect(options(server)), open);
    let (sender, mut events) = session.expect("welcomed");
    let first = events.recv().await;
    assert_eq!(
        first,
        Some(SessionEvent::Connected { epoch: 1, resumed: false, clock_scale: 600.0 })
    );
    (sender, events, stream)
}

pub(crate) fn ended(call_id: &str) -> Report {
    Report::CallEnded { call_id: call_id.to_owned() }
}

pub(crate) fn ended_up(call_id: &str) -> Up {
    Up::CallEnded(v1::CallEnded { call_id: call_id.to_owned() })
}

pub(crate) fn offer(number: u64) -> Down {
    Down::Offer(v1::Offer { offer_number: number, agent: "ana".to_owned(), ..v1::Offer::default() })
}

#[tokio::test]
async fn hello_says_who_calls_and_reports_are_numbered_from_one() {
    let (server, mut streams) = daemon().await;
    let open = async {
        let mut stream = streams.recv().await.expect("a stream");
        let hello = stream.hello().await;
        stream.welcome(1, false, 0).await;
        (stream, hello)
    };
    let (session, (mut stream, hello)) =
        tokio::join!(AdapterSession::connect(options(&server)), open);
    let (sender, mut events) = session.expect("welcomed");
    assert_eq!((hello.adapter.as_str(), hello.incarnation), ("pbx-a", 77));
    assert_eq!((hello.epoch, hello.ack), (0, 0));

    let first = sender.send(ended("a")).await.expect("in line");
    let second = sender.send(ended("b")).await.expect("in line");
    assert!(first < second);
    assert_eq!(stream.report().await, (1, ended_up("a")));
    assert_eq!(stream.report().await, (2, ended_up("b")));
    stream.acknowledge(2).await;
    events.recv().await.expect("connected");
    assert_eq!(events.recv().await, Some(SessionEvent::Acknowledged { up_to: second }));
    assert_eq!(sender.clock_scale(), 600.0);
}

#[tokio::test]
async fn an_order_is_acknowledged_once_it_is_taken_even_if_nothing_is_to_be_said() {
    let (server, mut streams) = daemon().await;
    let (_sender, mut events, mut stream) = connected(&server, &mut streams).await;
    stream.order(1, 0, offer(9)).await;
    let key = OfferKey { epoch: 1, number: 9 };
    assert!(matches!(events.recv().await, Some(SessionEvent::Offer { key: k, .. }) if k == key));
    let message = stream.message().await;
    assert_eq!((message.number, message.ack), (0, 1));
    assert!(matches!(message.body, Some(Up::Heartbeat(_))));
}

#[tokio::test]
async fn a_broken_stream_is_opened_again_and_nothing_is_lost_or_doubled() {
    let (server, mut streams) = daemon().await;
    let (sender, mut events, mut stream) = connected(&server, &mut streams).await;
    for call in ["a", "b", "c"] {
        sender.send(ended(call)).await.expect("in line");
        stream.report().await;
    }
    stream.order(1, 1, offer(5)).await;
    assert!(matches!(events.recv().await, Some(SessionEvent::Offer { .. })));
    assert!(matches!(events.recv().await, Some(SessionEvent::Acknowledged { .. })));
    stream.down.send(Err(Status::unavailable("broken"))).await.expect("it reads");
    assert!(matches!(events.recv().await, Some(SessionEvent::Disconnected { retrying: true, .. })));

    let mut again = streams.recv().await.expect("another stream");
    let hello = again.hello().await;
    assert_eq!((hello.incarnation, hello.epoch, hello.ack), (77, 1, 1));
    again.welcome(1, true, 2).await;
    assert_eq!(again.report().await, (3, ended_up("c")), "what was received is not sent again");
    again.order(1, 2, offer(5)).await;
    again.order(2, 2, offer(6)).await;
    assert!(matches!(events.recv().await, Some(SessionEvent::Connected { resumed: true, .. })));
    let durable = events.recv().await;
    assert!(matches!(durable, Some(SessionEvent::Acknowledged { .. })), "{durable:?}");
    let next = events.recv().await;
    assert!(matches!(next, Some(SessionEvent::Offer { key, .. }) if key.number == 6), "{next:?}");
}

#[tokio::test]
async fn a_daemon_whose_orders_leave_a_gap_is_asked_again() {
    let (server, mut streams) = daemon().await;
    let (_sender, mut events, stream) = connected(&server, &mut streams).await;
    stream.order(2, 0, offer(6)).await;
    let event = events.recv().await;
    assert!(
        matches!(&event, Some(SessionEvent::Disconnected { reason, retrying: true })
            if reason.contains("order 2 came after order 0")),
        "{event:?}"
    );
    let mut again = streams.recv().await.expect("another stream");
    assert_eq!(again.hello().await.ack, 0);
}

#[tokio::test]
async fn a_session_that_was_taken_over_is_over() {
    let (server, mut streams) = daemon().await;
    let (sender, mut events, stream) = connected(&server, &mut streams).await;
    stream.down.send(Err(Status::aborted("another session"))).await.expect("it reads");
    assert!(matches!(
        events.recv().await,
        Some(SessionEvent::Disconnected { retrying: false, .. })
    ));
    assert_eq!(events.recv().await, None);
    assert_eq!(sender.send(ended("a")).await, Err(SendError::Closed));
    sender.close().await;
}

#[tokio::test]
async fn closing_waits_for_the_last_acknowledgement() {
    let (server, mut streams) = daemon().await;
    let (sender, mut events, mut stream) = connected(&server, &mut streams).await;
    sender.send(ended("a")).await.expect("in line");
    stream.report().await;
    let daemon = async {
        tokio::task::yield_now().await;
        stream.acknowledge(1).await;
        assert_eq!(stream.up.message().await.expect("whole"), None, "the adapter ends its side");
        drop(stream);
    };
    tokio::join!(sender.close(), daemon);
    assert!(matches!(events.recv().await, Some(SessionEvent::Acknowledged { .. })));
    assert_eq!(events.recv().await, None);
}

#[tokio::test]
async fn a_full_buffer_makes_the_sender_wait_until_the_daemon_acknowledges() {
    let (server, mut streams) = daemon().await;
    let (sender, _events, stream) = connected(&server, &mut streams).await;
    for _ in 0..UNACKNOWLEDGED_MAX {
        sender.send(ended("a")).await.expect("in line");
    }
    let Stream { mut up, down, .. } = stream;
    let mut one_more = std::pin::pin!(sender.send(ended("a")));
    tokio::select! {
        biased;
        _ = &mut one_more => panic!("there is no room"),
        () = tokio::task::yield_now() => {}
    }
    let message = up.message().await.expect("whole").expect("the first report");
    assert_eq!(message.number, 1);
    let body = Some(Down::Acknowledged(v1::Acknowledged {}));
    down.send(Ok(AdapterOrder { epoch: 1, number: 0, ack: 1, body })).await.expect("it reads");
    one_more.await.expect("in line");
}

#[tokio::test]
async fn a_report_that_the_daemon_would_not_read_is_refused_here() {
    let (server, mut streams) = daemon().await;
    let (sender, _events, _stream) = connected(&server, &mut streams).await;
    let refused = sender.send(ended(&"x".repeat(64 * 1024))).await;
    assert!(matches!(refused, Err(SendError::TooLarge { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_refused_hello_is_an_error_with_the_daemons_words() {
    let (server, mut streams) = daemon().await;
    let refuse = async {
        let mut stream = streams.recv().await.expect("a stream");
        stream.hello().await;
        let status = Status::not_found("no domain `nowhere`");
        stream.down.send(Err(status)).await.expect("it reads");
    };
    let (session, ()) = tokio::join!(AdapterSession::connect(options(&server)), refuse);
    match session {
        Err(ConnectError::Refused(status)) => assert_eq!(status.message(), "no domain `nowhere`"),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn where_nobody_listens_there_is_no_session() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let server = format!("http://{}", listener.local_addr().expect("it is bound"));
    drop(listener);
    let session = AdapterSession::connect(options(&server)).await;
    assert!(matches!(session, Err(ConnectError::Unreachable { .. })));
}

#[tokio::test]
async fn of_several_servers_the_one_that_is_there_is_found_and_after_its_end_the_next() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let absent = format!("http://{}", nobody.local_addr().expect("it is bound"));
    drop(nobody);
    let (one, mut of_one) = daemon().await;
    let (other, mut of_other) = daemon().await;
    let servers = vec![absent, one, other];
    let options = SessionOptions { servers, ..options("") };
    let welcomed = async {
        let mut stream = of_one.recv().await.expect("a stream");
        stream.hello().await;
        stream.welcome(1, false, 0).await;
        stream
    };
    let (session, stream) = tokio::join!(AdapterSession::connect(options), welcomed);
    let (_sender, mut events) = session.expect("one is there");
    assert!(matches!(events.recv().await, Some(SessionEvent::Connected { .. })));
    stream.break_off().await;
    // It is asked first, and refuses.
    let again = of_one.recv().await.expect("a stream");
    again.break_off().await;
    let mut stream = of_other.recv().await.expect("a stream");
    stream.hello().await;
    stream.welcome(2, false, 0).await;
    assert!(matches!(events.recv().await, Some(SessionEvent::Disconnected { retrying: true, .. })));
    assert!(matches!(events.recv().await, Some(SessionEvent::Connected { epoch: 2, .. })));
}

#[tokio::test]
async fn no_server_at_all_is_no_address() {
    let options = SessionOptions { servers: Vec::new(), ..options("") };
    let error = AdapterSession::connect(options).await.expect_err("nowhere to go");
    assert!(matches!(error, ConnectError::Address(_)), "{error}");
}
