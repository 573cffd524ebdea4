//! Subscribers: one snapshot, then everything that changes, without gaps.

use crate::CONFIG;
use crate::harness::{Daemon, Watcher};
use acd_proto::v1::offer_result::Result as How;
use acd_proto::v1::watch_update::Body;
use acd_proto::v1::{self as acd, View};
use std::collections::BTreeMap;

/// A little of everything: an answered call, an abandoned one, one that waits.
async fn some_traffic(daemon: &Daemon) {
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    pbx.offer_call("answered", "billing").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.offer_call("abandoned", "billing").await;
    pbx.offer_call_at("waiting", "spanish", 7).await;
    pbx.end_call("abandoned").await;
    pbx.everything_acknowledged().await;
}

/// What the lists say must be what the watcher has folded.
async fn assert_agrees(daemon: &Daemon, watcher: &mut Watcher) {
    let mut supervisor = daemon.supervisor().await;
    let queues = supervisor.list_queues(acd::ListQueuesRequest::default()).await;
    let queues = queues.expect("a list").into_inner();
    let agents = supervisor.list_agents(acd::ListAgentsRequest::default()).await;
    let agents = agents.expect("a list").into_inner();
    watcher.catch_up(queues.position.expect("a position")).await;
    let folded: Vec<_> = watcher.queues.values().collect();
    let listed: BTreeMap<_, _> = queues.queues.iter().map(|row| (&row.queue, row)).collect();
    assert_eq!(folded, listed.into_values().collect::<Vec<_>>());
    let folded: Vec<_> = watcher.agents.values().collect();
    let listed: BTreeMap<_, _> = agents.agents.iter().map(|row| (&row.agent, row)).collect();
    assert_eq!(folded, listed.into_values().collect::<Vec<_>>());
    let calls = daemon.calls().await;
    assert_eq!(watcher.calls.len(), calls.len());
    for call in calls {
        let name = call.call.clone().expect("a call has a name");
        assert_eq!(watcher.calls[&(name.adapter, name.call_id)], call);
    }
}

#[tokio::test]
async fn a_subscriber_sees_everything_in_order() {
    let daemon = Daemon::start(CONFIG).await;
    let mut early = daemon.watcher().await;
    some_traffic(&daemon).await;
    // Without gaps: the watcher checks the number of every event and of every delta.
    early.until("call_ended", "abandoned").await;
    assert_agrees(&daemon, &mut early).await;
    assert_eq!(early.snapshots, 1);

    // One who comes later starts from where things stand.
    let mut late = daemon.watcher().await;
    assert_agrees(&daemon, &mut late).await;
    assert!(late.events.is_empty(), "what was before is in the snapshot");
    let billing = &late.queues["billing"];
    assert_eq!((billing.answered, billing.abandoned, billing.entered), (1, 1, 2));
    assert_eq!(late.calls.len(), 2);
}

#[tokio::test]
async fn every_event_says_who_caused_it() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    some_traffic(&daemon).await;
    let arrived = watcher.until("call_arrived", "waiting").await;
    let origin = arrived.origin.expect("an origin");
    assert_eq!((origin.kind(), &*origin.name), (acd::origin::Kind::Adapter, "pbx"));
    let ready = watcher.events.iter().find(|event| event.kind == "presence_changed");
    let origin = ready.expect("ben came").origin.clone().expect("an origin");
    assert_eq!((origin.kind(), &*origin.name), (acd::origin::Kind::Person, "ben"));
}

#[tokio::test]
async fn an_event_says_why_an_agent_is_not_ready() {
    let config = CONFIG.replace("\"stay_ready\"", "{ not_ready_after = 1 }");
    let daemon = Daemon::start(&config).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent("sam").await;
    sam.not_ready("break").await.expect("he has a break");
    sam.ready().await.expect("he is back");
    pbx.offer_call("c1", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.result(offer.offer_number, How::NoAnswer).await;
    pbx.end_call("c1").await;
    pbx.everything_acknowledged().await;
    sam.ready().await.expect("he is back");
    pbx.offer_call("c2", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.everything_acknowledged().await;
    sam.not_ready("break").await.expect("it may be asked for");
    pbx.end_call("c2").await;
    watcher.until("call_ended", "c2").await;

    let presences = watcher.events.iter().filter(|event| event.kind == "presence_changed");
    let told: Vec<_> = presences.map(|event| (&*event.detail, &*event.reason)).collect();
    let expected = [
        ("not_ready", ""),
        ("ready", ""),
        ("not_ready", "break"),
        ("ready", ""),
        ("not_ready", "missed_offers"),
        ("ready", ""),
        // Pending until the call is over.
        ("ready", "break"),
    ];
    assert_eq!(told[..expected.len()], expected);
}

#[tokio::test]
async fn the_end_of_a_call_names_its_agent_and_its_queue() {
    let daemon = Daemon::start(CONFIG).await;
    let mut watcher = daemon.watcher().await;
    let mut pbx = daemon.adapter("pbx").await;
    let _ben = daemon.agent("ben").await;
    pbx.offer_call("answered", "billing").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.offer_call("abandoned", "spanish").await;
    pbx.end_call("abandoned").await;
    pbx.end_call("answered").await;
    let ended = watcher.until("call_ended", "answered").await;
    assert_eq!((&*ended.agent, &*ended.queue, &*ended.detail), ("ben", "billing", "handled"));
    let ended = watcher.until("call_ended", "abandoned").await;
    assert_eq!((&*ended.agent, &*ended.queue), ("", "spanish"));
}

#[tokio::test]
async fn a_subscriber_who_comes_back_gets_what_he_missed() {
    let daemon = Daemon::start(CONFIG).await;
    let watcher = daemon.watcher().await;
    let left_at = watcher.position;
    drop(watcher);
    some_traffic(&daemon).await;

    let mut back = Watcher::start(&daemon, Some(left_at)).await;
    back.until("call_ended", "abandoned").await;
    assert_eq!(back.snapshots, 0, "deltas, no snapshot");
    let first = back.events.first().expect("events").position.expect("a position");
    assert_eq!(first.number, left_at.number + 1);
}

#[tokio::test]
async fn a_position_of_another_epoch_or_of_the_future_gets_a_fresh_snapshot() {
    let daemon = Daemon::start(CONFIG).await;
    some_traffic(&daemon).await;
    let now = daemon.watcher().await.position;
    for elsewhere in [
        acd::Position { epoch: now.epoch - 1, number: now.number },
        acd::Position { epoch: now.epoch + 1, number: 1 },
        acd::Position { epoch: now.epoch, number: now.number + 1_000 },
    ] {
        let mut watcher = Watcher::start(&daemon, Some(elsewhere)).await;
        watcher.take_in().await;
        assert_eq!(watcher.snapshots, 1, "{elsewhere:?}");
        assert_agrees(&daemon, &mut watcher).await;
    }
}

#[tokio::test]
async fn a_subscriber_sees_only_the_views_that_he_asks_for() {
    let daemon = Daemon::start(CONFIG).await;
    let views = vec![View::Calls.into(), View::SkillQueues.into()];
    let request = acd::WatchRequest { views, ..Default::default() };
    let mut updates = daemon.supervisor().await.watch(request).await.expect("a watch").into_inner();
    some_traffic(&daemon).await;

    let first = updates.message().await.expect("a live watch").expect("a live watch");
    let Some(Body::Snapshot(snapshot)) = first.body else { panic!("no snapshot: {first:?}") };
    assert!(snapshot.queues.is_empty() && snapshot.agents.is_empty());
    assert_eq!(snapshot.skill_queues.len(), 3, "one for each queue");
    let mut position = snapshot.position;
    loop {
        let update = crate::harness::soon("an update", updates.message()).await;
        let update = update.expect("a live watch").expect("a live watch");
        let Some(Body::Delta(delta)) = update.body else { panic!("no delta: {update:?}") };
        assert_eq!(delta.after, position, "what is not shown leaves no gap");
        assert!(delta.queues.is_empty() && delta.agents.is_empty() && delta.events.is_empty());
        position = delta.position;
        let of_it =
            |call: &&acd::Call| call.call.as_ref().is_some_and(|name| name.call_id == "abandoned");
        if delta.calls.iter().filter(of_it).any(|call| call.state() == acd::CallState::Ended) {
            break;
        }
    }
}

#[tokio::test]
async fn skill_queues_tell_how_deep_each_line_is() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    for (call, priority) in [("c1", 5), ("c2", 5), ("c3", 8)] {
        pbx.offer_call_at(call, "spanish", priority).await;
    }
    pbx.everything_acknowledged().await;
    let mut watcher = daemon.watcher().await;
    if watcher.calls.len() < 3 {
        watcher.until("place_entered", "c3").await;
    }

    let request = acd::ListSkillQueuesRequest::default();
    let lines = daemon.supervisor().await.list_skill_queues(request).await.expect("a list");
    let lines = lines.into_inner().skill_queues;
    let line = lines.iter().find(|line| line.queue == "spanish").expect("a line of its own");
    assert_eq!(line.depth, 3);
    assert_eq!(line.depth_by_priority, [0, 0, 0, 0, 0, 2, 0, 0, 1, 0]);
    assert!(line.head_since.is_some());
    let asks: Vec<_> = line.require.iter().map(|level| (&*level.skill, level.level)).collect();
    assert_eq!(asks, [("billing", 2), ("spanish", 6)]);
}

#[tokio::test]
async fn an_agent_watches_himself() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    let mut sam = daemon.agent_at_home("sam").await;
    let request = acd::WatchAgentRequest { agent: "sam".into(), ..Default::default() };
    let mut updates = sam.client.watch_agent(request).await.expect("a watch").into_inner();
    let mut next = async || {
        let update = crate::harness::soon("an update", updates.message()).await;
        update.expect("a live watch").expect("a live watch")
    };
    assert_eq!(next().await.agent.expect("himself").state, "logged_out");

    sam.log_in(true).await.expect("he comes to work");
    let mut call = crate::harness::call("c1", "front-desk");
    call.attributes.insert("crm".into(), "token-7".into());
    pbx.offer_call_with(call).await;
    let offer = loop {
        if let Some(offer) = next().await.offers.into_iter().next() {
            break offer;
        }
    };
    assert_eq!(offer.queue, "front-desk");
    assert_eq!(offer.attributes["crm"], "token-7");
    sam.accept(offer.offer_number).await.expect("it is out to him");
    loop {
        let update = next().await;
        if update.agent.expect("himself").state == "connecting" {
            assert!(update.offers.is_empty(), "it is no offer any more");
            break;
        }
    }
}

#[tokio::test]
async fn a_subscriber_who_wants_fewer_deltas_gets_each_row_once_and_every_event() {
    let daemon = Daemon::start(CONFIG).await;
    let every = Some(prost_types::Duration { seconds: 0, nanos: 400_000_000 });
    let request = acd::WatchRequest { every, ..Default::default() };
    let mut updates = daemon.supervisor().await.watch(request).await.expect("a watch").into_inner();
    let mut next = async || {
        let update = crate::harness::soon("an update", updates.message()).await;
        update.expect("a live watch").expect("a live watch").body.expect("a body")
    };
    let Body::Snapshot(first) = next().await else { panic!("a watch begins with a snapshot") };
    let mut pbx = daemon.adapter("pbx").await;
    for number in 0..50 {
        pbx.offer_call(&format!("c{number}"), "spanish").await;
        pbx.everything_acknowledged().await;
    }
    let (mut position, mut arrived, mut most) = (first.position, 0, 0);
    while arrived < 50 {
        let Body::Delta(delta) = next().await else { panic!("no delta") };
        assert_eq!(delta.after, position, "no gap");
        position = delta.position;
        let here = delta.events.iter().filter(|event| event.kind == "call_arrived").count();
        let rows = delta.queues.iter().filter(|row| row.queue == "spanish").count();
        assert_eq!(rows, usize::from(here > 0), "the queue once, as it is at the end");
        (arrived, most) = (arrived + here, most.max(here));
    }
    assert!(most > 1, "several arrivals came as one delta");

    let wrong = acd::WatchRequest {
        every: Some(prost_types::Duration { seconds: 61, nanos: 0 }),
        ..Default::default()
    };
    let refused = daemon.supervisor().await.watch(wrong).await.expect_err("it is refused");
    assert!(refused.message().contains("up to 60 s"), "{refused}");
}
