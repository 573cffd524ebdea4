//! Many who watch: each sees what he selects, and nobody who is slow holds up the others.

use crate::CONFIG;
use crate::floods::{memory, stayed_small};
use crate::harness::{Adapter, Agent, Daemon, Watcher, soon};
use acd_proto::v1::{self as acd, View};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tonic::transport::Channel;

fn of_billing() -> acd::WatchRequest {
    acd::WatchRequest { queues: vec!["billing".to_owned()], ..Default::default() }
}

async fn move_call(daemon: &Daemon, call: &str, queue: &str) {
    let request = acd::MoveCallRequest {
        actor: Some(acd::Actor { name: "pat".to_owned(), reason: String::new() }),
        call: Some(acd::CallRef { adapter: "pbx".to_owned(), call_id: call.to_owned() }),
        queue: queue.to_owned(),
        ..Default::default()
    };
    daemon.supervisor().await.move_call(request).await.expect("she may");
}

#[tokio::test]
async fn one_who_names_a_queue_sees_it_and_the_calls_that_concern_it() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    pbx.offer_call("early", "billing").await;
    pbx.offer_call("elsewhere", "front-desk").await;
    pbx.everything_acknowledged().await;
    let mut all = daemon.watcher().await;
    let mut watcher = Watcher::of(&daemon, of_billing()).await;
    if watcher.calls.is_empty() {
        watcher.until("place_entered", "early").await;
    }
    assert_eq!(watcher.queues.keys().collect::<Vec<_>>(), ["billing"]);
    assert_eq!(watcher.agents.len(), 3, "agents are not what was named");

    pbx.offer_call("late", "billing").await;
    pbx.offer_call("later", "spanish").await;
    move_call(&daemon, "early", "spanish").await;
    move_call(&daemon, "elsewhere", "billing").await;
    pbx.end_call("late").await;
    pbx.end_call("later").await;
    pbx.everything_acknowledged().await;
    watcher.until("place_entered", "elsewhere").await;
    watcher.until("call_ended", "late").await;
    all.until("call_ended", "later").await;
    let held: Vec<_> = watcher.calls.keys().map(|(_, call)| &**call).collect();
    assert_eq!(held, ["elsewhere"], "one has come, one has gone elsewhere, one has ended");
    let told = |kind: &str, call: &str| {
        let is_it = |event: &&acd::Event| {
            event.kind == kind && event.call.as_ref().is_some_and(|it| it.call_id == call)
        };
        watcher.events.iter().filter(is_it).count()
    };
    assert_eq!((told("place_left", "early"), told("place_entered", "early")), (1, 0));
    assert_eq!((told("place_left", "elsewhere"), told("call_ended", "later")), (0, 0));
}

#[tokio::test]
async fn a_queue_or_an_agent_that_there_is_not_is_named_and_so_is_what_is_close() {
    let daemon = Daemon::start(CONFIG).await;
    let refused = async |request: acd::WatchRequest| {
        daemon.supervisor().await.watch(request).await.expect_err("it is refused")
    };
    let queues = vec!["billing".to_owned(), "spanihs".to_owned()];
    let status = refused(acd::WatchRequest { queues, ..Default::default() }).await;
    assert_eq!(status.code(), tonic::Code::NotFound);
    assert!(status.message().contains("`spanihs`"), "{status}");
    assert!(status.message().contains("did you mean `spanish`?"), "{status}");
    assert_eq!(status.metadata().get("acd-field").expect("a field"), "queues");
    let agents = vec!["anna".to_owned()];
    let status = refused(acd::WatchRequest { agents, ..Default::default() }).await;
    assert!(status.message().contains("did you mean `ana`?"), "{status}");
    let every = Some(prost_types::Duration { seconds: -1, nanos: 0 });
    let status = refused(acd::WatchRequest { every, ..Default::default() }).await;
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn each_offer_comes_with_why_it_was_made() {
    let daemon = Daemon::start(CONFIG).await;
    let views = vec![View::Decisions.into()];
    let request = acd::WatchRequest { views, ..of_billing() };
    let mut watcher = Watcher::of(&daemon, request).await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ana = daemon.agent("ana").await;
    let _ben = daemon.agent("ben").await;
    pbx.offer_call("other", "front-desk").await;
    pbx.expect_offer().await;
    pbx.offer_call("c1", "billing").await;
    pbx.expect_offer().await;
    while watcher.decisions.is_empty() {
        watcher.take_in().await;
    }
    let [step] = &*watcher.decisions else { panic!("one offer of billing") };
    let (event, decision) = (step.event.as_ref(), step.decision.as_ref());
    let event = event.expect("what happened");
    assert_eq!((&*event.kind, &*event.queue), ("offer_issued", "billing"));
    assert_eq!(event.call.as_ref().expect("a call").call_id, "c1");
    let decision = decision.expect("why");
    assert_eq!(decision.how, "call_picked");
    assert_eq!(decision.agent.as_ref().expect("who").agent, event.agent);
    assert!(watcher.events.is_empty() && watcher.queues.is_empty());
}

/// A connection that takes in little that nobody reads.
async fn narrow(daemon: &Daemon) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{}", daemon.grpc)).expect("an address");
    let endpoint =
        endpoint.initial_stream_window_size(65_535).initial_connection_window_size(65_535);
    endpoint.connect().await.expect("it accepts")
}

/// How many calls of a round somebody takes.
const TAKEN: usize = 3;
/// How many more of it come and go.
const GIVEN_UP: usize = 500;

/// Calls that are offered, answered and handled, and others that nobody may take; how often each event came of
/// them.
async fn a_round(
    daemon: &Daemon,
    (pbx, sam): (&mut Adapter, &mut Agent),
    quick: &mut Watcher,
    name: usize,
) -> BTreeMap<String, usize> {
    let before = quick.events.len();
    for number in 0..TAKEN {
        let call = format!("taken-{name}-{number}");
        pbx.offer_call(&call, "front-desk").await;
        let offer = pbx.expect_offer().await;
        pbx.answer(&offer).await;
        pbx.end_call(&call).await;
        pbx.everything_acknowledged().await;
        sam.end_wrap_up().await.expect("he has notes");
    }
    for number in 0..GIVEN_UP {
        let call = format!("given-up-{name}-{number}");
        pbx.offer_call(&call, "spanish").await;
        pbx.end_call(&call).await;
    }
    pbx.everything_acknowledged().await;
    // Whoever reads has all of it, whatever the others do.
    quick.catch_up(daemon.status().await.position.expect("a position")).await;
    let mut counts = BTreeMap::new();
    for event in &quick.events[before..] {
        // The only one that comes of nothing but time.
        if event.kind != "half_minute_passed" {
            *counts.entry(event.kind.clone()).or_default() += 1;
        }
    }
    counts
}

#[tokio::test]
async fn whoever_stops_reading_holds_up_nobody_and_is_right_at_once_when_he_comes_back() {
    /// More than all pipes on the way together hold.
    const BYTES: usize = 8 << 20;
    /// So many of each rate that a backlog for each would be far more than a daemon may grow by.
    const STALLED: usize = 16;
    /// What the pipe still holds of the time before comes first, and one that was on its way into it: of 64 KiB,
    /// in messages of 64 bytes and more.
    const MESSAGES_MAX: usize = 1_024;
    let daemon = Daemon::start(CONFIG).await;
    let (mut pbx, mut sam) = (daemon.adapter("pbx").await, daemon.agent("sam").await);
    let mut quick = daemon.watcher().await;
    let alone = a_round(&daemon, (&mut pbx, &mut sam), &mut quick, 0).await;
    let of_alone = |kind: &str| alone.get(kind).copied().unwrap_or_default();
    assert_eq!((of_alone("offer_issued"), of_alone("call_connected")), (TAKEN, TAKEN));
    assert_eq!(of_alone("call_ended"), TAKEN + GIVEN_UP);

    let every = |ms: i32| Some(prost_types::Duration { seconds: 0, nanos: ms * 1_000_000 });
    let mut stalled = Vec::new();
    for ms in [0, 100].repeat(STALLED) {
        let request = acd::WatchRequest { every: every(ms), ..Default::default() };
        stalled.push(Watcher::on(narrow(&daemon).await, request).await);
    }
    let (before, began) = (memory(&daemon), quick.bytes);
    let mut rounds = 0;
    while quick.bytes - began < BYTES {
        rounds += 1;
        let round = a_round(&daemon, (&mut pbx, &mut sam), &mut quick, rounds).await;
        assert_eq!(round, alone, "as many events of each kind, all offers among them");
    }
    assert_eq!(quick.snapshots, 1, "he has never been too slow");
    stayed_small(&daemon, before);
    for number in 0..3 {
        pbx.offer_call(&format!("last-{number}"), "spanish").await;
    }
    pbx.everything_acknowledged().await;

    let position = daemon.status().await.position.expect("a position");
    quick.catch_up(position).await;
    let mut slowest = (Duration::ZERO, 0, 0);
    for watcher in &mut stalled {
        let (came_back, before, mut messages) = (Instant::now(), watcher.bytes, 0);
        let snapshot = async {
            while watcher.snapshots == 1 {
                watcher.take_in().await;
                messages += 1;
                assert!(messages <= MESSAGES_MAX, "a snapshot, no backlog");
            }
        };
        soon("a snapshot", snapshot).await;
        let read = watcher.bytes - before;
        slowest = slowest.max((came_back.elapsed(), messages, read));
        assert!(read < BYTES / 2, "{read} bytes are a backlog");
        assert!(watcher.position.number >= position.number, "the first snapshot is as of now");
        quick.catch_up(watcher.position).await;
        assert_eq!(watcher.calls, quick.calls);
        assert_eq!(watcher.queues, quick.queues);
        assert_eq!(watcher.agents, quick.agents);
    }
    let (after, messages, read) = slowest;
    eprintln!("right again after {after:?} at most, {messages} messages and {read} bytes");
    let queues = daemon.supervisor().await.list_queues(acd::ListQueuesRequest::default()).await;
    let queues = queues.expect("a list").into_inner().queues.into_iter();
    let queues: BTreeMap<_, _> = queues.map(|row| (row.queue.clone(), row)).collect();
    assert_eq!(quick.queues, queues, "what all of them have is what there is");

    pbx.offer_call("again", "spanish").await;
    for watcher in stalled.iter_mut().chain([&mut quick]) {
        soon("a delta", watcher.until("place_entered", "again")).await;
    }
}
