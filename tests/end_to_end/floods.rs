//! Those who send without end, and those who read nothing: the daemon stays small and serves others.

use crate::CONFIG;
use crate::harness::{Daemon, Hello, call, soon};
use acd_proto::v1 as acd;
use acd_proto::v1::adapter_message::Body as Up;
use acd_proto::v1::adapter_service_client::AdapterServiceClient;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

/// More than a flood may cost the daemon, in bytes; without bounds each of these costs several times
/// as much.
const GROWTH_MAX: u64 = 96 << 20;

/// What the daemon holds in memory, in bytes, where the system tells.
pub(crate) fn memory(daemon: &Daemon) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes << 10)
}

pub(crate) fn stayed_small(daemon: &Daemon, before: Option<u64>) {
    let (Some(before), Some(after)) = (before, memory(daemon)) else {
        eprintln!("SKIPPED: this system does not tell how much memory a process has");
        return;
    };
    let grown = after.saturating_sub(before);
    eprintln!("grown by {} MiB", grown >> 20);
    assert!(grown < GROWTH_MAX, "the daemon has grown by {} MiB", grown >> 20);
}

fn say(number: u64, body: Up) -> acd::AdapterMessage {
    acd::AdapterMessage { number, ack: 0, body: Some(body) }
}

#[tokio::test]
async fn an_adapter_that_sends_without_end_and_reads_nothing_is_sent_away() {
    let daemon = Daemon::start_kept(CONFIG, &[]).await;
    let mut steady = daemon.adapter("steady").await;
    let _sam = daemon.agent("sam").await;
    steady.offer_call("c1", "front-desk").await;
    let offer = steady.expect_offer().await;
    let before = memory(&daemon);

    let (up, messages) = mpsc::channel(64);
    let hello = acd::Hello { adapter: "flood".to_owned(), incarnation: 1, ..Default::default() };
    up.send(say(0, Up::Hello(hello))).await.expect("room");
    let mut client = AdapterServiceClient::new(daemon.channel().await);
    let down = client.session(ReceiverStream::new(messages)).await.expect("a session");
    // Each is refused, and nobody reads that.
    let mut sent = 0;
    loop {
        sent += 1;
        let message = say(sent, Up::CallOffered(call("c", "no-such-queue")));
        let taken = tokio::time::timeout(Duration::from_secs(2), up.send(message)).await;
        if !matches!(taken, Ok(Ok(()))) {
            break;
        }
        assert!(sent < 1_000_000, "there is no end to what the daemon takes");
    }
    assert!(sent > 65_536, "{sent}");
    stayed_small(&daemon, before);

    steady.answer(&offer).await;
    steady.end_call("c1").await;
    steady.everything_acknowledged().await;

    let mut down = down.into_inner();
    let ended = loop {
        match soon("the end", down.message()).await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!(ended.code(), tonic::Code::ResourceExhausted, "{ended}");
}

#[tokio::test]
async fn a_subscriber_that_reads_nothing_costs_little_and_is_right_when_it_reads_again() {
    const CALLS: usize = 50_000;
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut watcher = daemon.watcher().await;
    let before = memory(&daemon);
    let attributes: std::collections::HashMap<_, _> =
        (0..8).map(|key| (format!("key-{key}"), "t".repeat(100))).collect();
    for number in 0..CALLS {
        let call_id = format!("c{number}");
        let attributes = attributes.clone();
        pbx.offer_call_with(acd::CallOffered { attributes, ..call(&call_id, "front-desk") }).await;
        pbx.end_call(&call_id).await;
        if number % 1_000 == 999 {
            pbx.everything_acknowledged().await;
        }
    }
    pbx.offer_call("last", "front-desk").await;
    pbx.everything_acknowledged().await;
    stayed_small(&daemon, before);

    let position = daemon.status().await.position.expect("a position");
    watcher.catch_up(position).await;
    assert!(watcher.snapshots > 1, "it has got a snapshot instead of a backlog");
    assert!(watcher.events.len() < 2 * CALLS, "{}", watcher.events.len());
    assert_eq!(watcher.calls.len(), 1);
    assert_eq!(watcher.queues["front-desk"].waiting, 1);
}

#[tokio::test]
async fn an_adapter_that_hangs_with_orders_unread_is_gone_like_any_that_falls_silent() {
    let daemon = Daemon::start(CONFIG).await;
    let channel = Channel::from_shared(format!("http://{}", daemon.grpc)).expect("an address");
    // As much as many libraries take in that nobody reads.
    let channel = channel.initial_stream_window_size(65_535).connect().await.expect("it accepts");
    let (up, messages) = mpsc::channel(64);
    let hello = acd::Hello { adapter: "pbx".to_owned(), incarnation: 1, ..Default::default() };
    up.send(say(0, Up::Hello(hello))).await.expect("room");
    let mut client = AdapterServiceClient::new(channel);
    let down = client.session(ReceiverStream::new(messages)).await.expect("a session");
    up.send(say(1, Up::CallOffered(call("c1", "front-desk")))).await.expect("room");
    for number in 2..2_000 {
        let unknown = acd::CallEnded { call_id: "nobody".to_owned() };
        up.send(say(number, Up::CallEnded(unknown))).await.expect("room");
    }
    let gone = async {
        while daemon.status().await.adapters.iter().any(|it| it.adapter == "pbx" && it.connected) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(30), gone).await;
    assert!(gone.is_ok(), "it is taken for connected, and its callers are offered in vain");
    let _sam = daemon.agent("sam").await;
    assert_eq!(daemon.agent_seen("sam").await.state, "ready", "nobody is offered its caller");
    drop((up, down));
}

#[tokio::test]
async fn streams_without_a_hello_are_bounded_and_give_their_places_back() {
    const OPENING_MAX: usize = 4_096;
    let daemon = Daemon::start(CONFIG).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        clients.push(AdapterServiceClient::new(daemon.channel().await));
    }
    let mut opened = Vec::new();
    let refused = loop {
        // Neither connection has as many streams as it may.
        let client = &mut clients[opened.len() % 2];
        let (up, messages) = mpsc::channel::<acd::AdapterMessage>(1);
        match client.session(ReceiverStream::new(messages)).await {
            Ok(down) => opened.push((up, down)),
            Err(status) => break status,
        }
        assert!(opened.len() <= OPENING_MAX, "there is no end to what the daemon takes");
    };
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "{refused}");
    assert_eq!(refused.metadata().get("acd-code").expect("a code"), "overloaded");

    drop(opened);
    let welcomed = async {
        // The daemon learns of each stream's end by itself.
        while daemon.open_session(Hello::of("pbx")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon("a place", welcomed).await;
}
