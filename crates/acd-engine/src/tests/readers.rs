//! Subscribers: one snapshot, then deltas; back-logs, resuming, and what queues count.

use super::*;
use acd_journal::MemoryLog;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn a_subscriber_first_gets_a_snapshot_then_what_changes() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut updates = running.domain.subscribe(None).expect("there is room");
    let at = running.domain.view().position();
    assert_eq!(updates.next().await, Some(Update::Snapshot(at)));
    let position = running.ask(Request::LogOut { agent: "ana".to_owned() }).await.expect("he may");
    let Some(Update::Delta(delta)) = updates.next().await else { panic!("a delta follows") };
    assert_eq!((delta.after, delta.position), (at, position));
    assert_eq!(delta.agents.len(), 1);
    assert_eq!(delta.events[0].kind, "presence_changed");
    assert_eq!(delta.events[0].detail, "logged_out");
    let by = Origin::Person { name: Arc::from("pat"), reason: Arc::from("") };
    assert_eq!(*delta.events[0].origin, by);
}

#[tokio::test(start_paused = true)]
async fn one_who_comes_back_gets_what_he_missed() {
    let running = run_on(MemoryLog::new());
    let had = running.ask(Request::LogIn { agent: "ana".to_owned(), ready: true }).await;
    let had = had.expect("she may");
    running.ready("ben").await;
    running.ready("cleo").await;
    let mut updates = running.domain.subscribe(Some(had)).expect("there is room");
    let mut reached = had;
    while reached < running.domain.view().position() {
        let Some(Update::Delta(delta)) = updates.next().await else { panic!("no snapshot") };
        assert_eq!(delta.after, reached, "without gaps");
        reached = delta.position;
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_was_away_too_long_or_in_another_epoch_gets_a_snapshot() {
    let settings = Settings { history: 3, epoch: 5, ..Settings::default() };
    let running = run_with(MemoryLog::new(), settings);
    running.ready("ana").await;
    let old = running.domain.view().position();
    for _ in 0..3 {
        running.ask(Request::NotReady { agent: "ana".to_owned(), reason: None }).await.expect("ok");
        running.ask(Request::Ready { agent: "ana".to_owned() }).await.expect("ok");
    }
    let now = running.domain.view().position();
    let other_epoch = Position { epoch: 4, ..now };
    let ahead = Position { number: now.number + 1, ..now };
    for resume_after in [old, other_epoch, ahead] {
        let mut updates = running.domain.subscribe(Some(resume_after)).expect("there is room");
        assert_eq!(updates.next().await, Some(Update::Snapshot(now)));
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_reads_too_slowly_gets_a_snapshot_instead_of_a_backlog() {
    const HISTORY: usize = 100;
    let settings = Settings { history: HISTORY, ..Settings::default() };
    let running = run_with(MemoryLog::new(), settings);
    running.ready("ana").await;
    let mut updates = running.domain.subscribe(None).expect("there is room");
    assert!(matches!(updates.next().await, Some(Update::Snapshot(_))));
    for _ in 0..=HISTORY {
        running.ask(Request::NotReady { agent: "ana".to_owned(), reason: None }).await.expect("ok");
        running.ask(Request::Ready { agent: "ana".to_owned() }).await.expect("ok");
    }
    let now = running.domain.view().position();
    assert_eq!(updates.next().await, Some(Update::Snapshot(now)));
    let next = running.ask(Request::LogOut { agent: "ana".to_owned() }).await.expect("he may");
    let Some(Update::Delta(delta)) = updates.next().await else { panic!("a delta follows") };
    assert_eq!((delta.after, delta.position), (now, next));
}

#[tokio::test(start_paused = true)]
async fn subscribers_are_bounded_and_seats_come_free() {
    let running = run_on(MemoryLog::new());
    let mut seats: Vec<Subscription> = (0..SUBSCRIBERS_MAX)
        .map(|_| running.domain.subscribe(None).expect("there is room"))
        .collect();
    let refusal = running.domain.subscribe(None).expect_err("full");
    assert_eq!(refusal.kind, RefusalKind::ResourceExhausted);
    assert_eq!(running.domain.status().subscribers, SUBSCRIBERS_MAX as u64);
    seats.pop();
    assert!(running.domain.subscribe(None).is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_agents_watch_wakes_for_his_own_changes_only() {
    let running = run_on(MemoryLog::new());
    assert!(running.domain.watch_agent("zoe").is_err());
    let mut watch = running.domain.watch_agent("ana").expect("she is configured");
    running.ready("ben").await;
    let quiet = timeout(Duration::from_millis(50), watch.changed()).await;
    assert!(quiet.is_err(), "ben is not ana");
    running.ready("ana").await;
    assert!(watch.changed().await);
    running.domain.stop().await;
    while watch.changed().await {}
}

#[tokio::test(start_paused = true)]
async fn queues_count_what_became_of_their_calls() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("answered", "billing").await;
    pbx.offer("given-up", "billing").await;
    pbx.offer("sent-away", "nurse").await;
    pbx.acknowledged(4).await;
    let billing = running.queue("billing");
    assert_eq!((billing.waiting, billing.offering, billing.entered), (2, 0, 2));
    assert_eq!((billing.agents_qualified, billing.agents.staffed), (2, 0));
    assert_eq!(billing.oldest_since, Some(running.calls()[0].arrived_at));

    tokio::time::sleep(Duration::from_secs(10)).await;
    running.ready("ben").await;
    let offer = pbx.rings().await;
    let billing = running.queue("billing");
    assert_eq!((billing.waiting, billing.offering), (2, 1));
    assert_eq!(
        (billing.agents.staffed, billing.agents.working, billing.agents.available),
        (1, 1, 0)
    );
    pbx.result(offer, OfferResult::Accepted).await;
    assert!(matches!(pbx.order().await, Order::Connect { .. }));
    assert_eq!(running.queue("billing").waiting, 1, "connecting is not waiting");
    pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
    pbx.say(ended("given-up")).await;
    let last = pbx.number;
    pbx.acknowledged(last).await;
    let billing = running.queue("billing");
    assert_eq!((billing.waiting, billing.connected, billing.oldest_since), (0, 1, None));
    assert_eq!((billing.answered, billing.answered_in_time, billing.abandoned), (1, 1, 1));
    let Span(wait) = billing.answered_wait;
    assert!((10_000_000..10_100_000).contains(&wait), "{wait} us from entry to connected");

    tokio::time::sleep(Duration::from_secs(GIVE_UP_SECS)).await;
    assert!(matches!(pbx.order().await, Order::End { .. }));
    assert_eq!(running.queue("nurse").overflowed, 1);
    pbx.say(ended("answered")).await;
    until(|| running.calls().is_empty()).await;
    assert_eq!(running.queue("billing").connected, 0);
}

#[tokio::test(start_paused = true)]
async fn lines_show_their_depth_without_waiting() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.offer("c2", "billing").await;
    pbx.acknowledged(3).await;
    let own = acd_core::DemandId(0);
    let depths = running.domain.depths();
    assert_eq!((depths.len(), depths.depth(own), depths.depth_by_priority(own)[5]), (3, 2, 2));
    assert_eq!(depths.head_since(own), Some(running.calls()[0].arrived_at));
    {
        let view = running.domain.view();
        let row = &view.skill_queues()[0];
        assert_eq!((&*row.queue, row.depth, row.depth_by_priority[5]), ("billing", 2, 2));
        assert_eq!(*row.require.skills, [(Arc::from("billing"), 3)]);
    }
    tokio::time::sleep(Duration::from_secs(61)).await;
    let wider = acd_core::DemandId(2);
    assert_eq!((depths.depth(own), depths.depth(wider)), (0, 2));
    assert_eq!(depths.head_since(own), None);
}

#[tokio::test(start_paused = true)]
async fn the_status_counts() {
    let running = run_on(MemoryLog::new());
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.offer("c1", "billing").await;
    pbx.offer("c2", "billing").await;
    pbx.rings().await;
    pbx.acknowledged(3).await;
    let status = running.domain.status();
    assert_eq!((status.health, &*status.health_reason), (Health::Serving, ""));
    assert_eq!((status.calls, status.calls_waiting, status.agents_logged_in), (2, 2, 1));
    let adapter = &status.adapters[0];
    assert_eq!((&*adapter.adapter, adapter.connected, adapter.calls), ("pbx", true, 2));
    assert!(status.commands >= 5 && status.rejected == 0);
    assert!(status.decision.count >= 4 && status.decision.count == status.mailbox.count);
}

#[tokio::test(start_paused = true)]
async fn callers_stand_by_priority_and_age_and_each_adapter_hears_of_its_own() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    let mut other = running.connect("other", 8).await;
    pbx.offer("first", "billing").await;
    pbx.acknowledged(2).await;
    other.offer("second", "billing").await;
    other.acknowledged(2).await;
    let AdapterMessage::CallOffered(call) = offered("urgent", "billing") else { unreachable!() };
    let priority = Priority::new(8).expect("it is one");
    pbx.say(AdapterMessage::CallOffered(OfferedCall { priority: Some(priority), ..call })).await;
    pbx.offer("elsewhere", "nurse").await;
    pbx.acknowledged(4).await;
    until(|| running.domain.view().calls_waiting() == 4).await;
    let positions = |adapter: &str| -> Vec<_> {
        let rows = running.domain.view().positions(adapter);
        let short = |row: &PositionRow| (row.call.call_id.to_string(), row.position);
        rows.iter().map(short).collect()
    };
    let of = |call: &str, position| (call.to_owned(), position);
    assert_eq!(positions("pbx"), [of("urgent", 1), of("first", 2), of("elsewhere", 1)]);
    assert_eq!(positions("other"), [of("second", 3)]);
    assert_eq!(positions("nobody"), []);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_for_those_who_come_back_is_bounded_by_rows_too() {
    // Each half minute of these three is one event, and figures of each of them.
    let settings = Settings { history: 40, ..Settings::default() };
    let running = run_with(MemoryLog::new(), settings);
    for agent in ["ana", "ben", "cleo"] {
        running.ready(agent).await;
    }
    let mut updates = running.domain.subscribe(None).expect("there is room");
    let mut reached = Vec::new();
    for _ in 0..=20 {
        match updates.next().await.expect("it runs") {
            Update::Snapshot(position) => reached.push(position),
            Update::Delta(delta) => {
                assert_eq!((delta.events.len(), delta.agent_statistics.len()), (1, 3));
                reached.push(delta.position);
            }
        }
    }
    let goes_on = |after: usize| running.domain.feed().goes_on_after(reached[after]);
    assert!(goes_on(15), "five half minutes, each of four");
    assert!(!goes_on(5), "fifteen events, and the rows of each");
}

#[tokio::test(start_paused = true)]
async fn what_comes_close_together_is_published_together_and_at_once_if_somebody_waits() {
    let begins = (MemoryLog::new(), Replica::empty());
    let (domain, driver, publisher) =
        start(&plan(), clock(), begins, Settings::default()).expect("the plan is sound");
    let driver = tokio::spawn(driver.run());
    let running = Running { domain, driver, publisher: tokio::spawn(publisher.run()) };
    let mut pbx = running.connect("pbx", 7).await;
    sleep(Duration::from_millis(50)).await;

    let now = Instant::now();
    let mut seen = Vec::new();
    for call in ["c1", "c2", "c3"] {
        pbx.offer(call, "billing").await;
        // No time passes.
        for _ in 0..100 {
            yield_now().await;
        }
        seen.push(running.calls().len());
    }
    assert_eq!(seen, [1, 1, 1], "the first at once, the others a moment later");
    running.ready("ana").await;
    assert_eq!(running.calls().len(), 3, "whoever asked for something sees all that was before it");
    assert_eq!(now.elapsed(), Duration::ZERO);

    pbx.offer("c4", "nurse").await;
    sleep(Duration::from_millis(5)).await;
    assert_eq!(running.calls().len(), 4);
}
