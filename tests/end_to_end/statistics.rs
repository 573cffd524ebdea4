//! Figures: what is counted of calls and agents, live, by quarter of an hour, and over a restart.

use crate::CONFIG;
use crate::harness::{Daemon, soon};
use acd_proto::v1 as acd;
use tonic::Code;

async fn intervals(
    daemon: &Daemon,
    request: acd::ListIntervalsRequest,
) -> Result<acd::ListIntervalsResponse, tonic::Status> {
    let mut supervisor = daemon.supervisor().await;
    let mut stream = supervisor.list_intervals(request).await?.into_inner();
    let mut all = acd::ListIntervalsResponse::default();
    while let Some(more) = stream.message().await? {
        all.queues.extend(more.queues);
        all.agents.extend(more.agents);
    }
    Ok(all)
}

/// The whole of what is kept, a row for each queue and agent.
fn everything() -> acd::ListIntervalsRequest {
    let every = Some(prost_types::Duration::default());
    acd::ListIntervalsRequest { every, ..acd::ListIntervalsRequest::default() }
}

fn of_queue<'a>(all: &'a acd::ListIntervalsResponse, queue: &str) -> &'a acd::QueueFigures {
    let row = all.queues.iter().find(|row| row.queue == queue).expect("something happened there");
    row.figures.as_ref().expect("figures")
}

/// Figures of today as a new subscriber sees them.
async fn today(daemon: &Daemon, queue: &str) -> acd::QueueFigures {
    let mut supervisor = daemon.supervisor().await;
    let views = vec![acd::View::QueueStatistics.into()];
    let request = acd::WatchRequest { views, ..acd::WatchRequest::default() };
    let mut updates = supervisor.watch(request).await.expect("a watch").into_inner();
    let update = updates.message().await.expect("a stream").expect("an update");
    let Some(acd::watch_update::Body::Snapshot(snapshot)) = update.body else {
        panic!("a snapshot comes first: {update:?}");
    };
    assert!(snapshot.queues.is_empty(), "only what was asked for");
    let row = snapshot.queue_statistics.into_iter().find(|row| row.queue == queue);
    row.expect("the queue").today.expect("figures")
}

/// One call is answered and handled, one gives up after it waited, one hangs up at once.
pub(crate) async fn some_calls(daemon: &Daemon) -> crate::harness::Adapter {
    let mut pbx = daemon.adapter("pbx").await;
    let _sam = daemon.agent("sam").await;
    pbx.offer_call("handled", "front-desk").await;
    let offer = pbx.expect_offer().await;
    pbx.answer(&offer).await;
    pbx.end_call("handled").await;
    // Nobody speaks Spanish.
    let waited = Some(prost_types::Duration { seconds: 90, nanos: 0 });
    let call = acd::CallOffered {
        call_id: "patient".to_owned(),
        queue: "spanish".to_owned(),
        waited,
        ..acd::CallOffered::default()
    };
    pbx.offer_call_with(call).await;
    pbx.offer_call("wrong number", "spanish").await;
    pbx.end_call("patient").await;
    pbx.end_call("wrong number").await;
    pbx.everything_acknowledged().await;
    pbx
}

#[tokio::test]
async fn calls_are_counted_live_by_quarter_of_an_hour_and_over_a_kill() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let pbx = some_calls(&daemon).await;

    let front_desk = today(&daemon, "front-desk").await;
    assert_eq!((front_desk.entered, front_desk.answered, front_desk.handled), (1, 1, 1));
    let levels = front_desk.service_level.expect("somebody was answered");
    assert_eq!(levels.abandons_missed, Some(100.0));
    assert_eq!(front_desk.wait_max, front_desk.wait_sum);
    let spanish = today(&daemon, "spanish").await;
    assert_eq!((spanish.abandoned, spanish.abandoned_in_time), (1, 0), "90 s are not in time");
    assert_eq!((spanish.short_abandoned, spanish.short_abandoned_in_time), (1, 1));
    let levels = spanish.service_level.expect("they gave up");
    assert_eq!(levels.abandons_met, Some(50.0));
    assert_eq!(levels.abandons_met_without_short, Some(0.0));
    assert_eq!(spanish.abandonment_percent, Some(100.0));

    let before = intervals(&daemon, everything()).await.expect("rows");
    assert_eq!(of_queue(&before, "front-desk"), &front_desk, "all of it is of today");
    assert_eq!(of_queue(&before, "spanish").abandoned, 1);
    let sam = before.agents.iter().find(|row| row.agent == "sam").expect("he worked");
    let sam = sam.figures.as_ref().expect("figures");
    assert_eq!((sam.offers, sam.accepted, sam.connected, sam.handled), (1, 1, 1, 1));

    drop(pbx);
    daemon.kill();
    let daemon = daemon.start_again().await;
    assert_eq!(today(&daemon, "front-desk").await, front_desk);
    assert_eq!(today(&daemon, "spanish").await, spanish);
    let after = intervals(&daemon, everything()).await.expect("rows");
    assert_eq!(after.queues, before.queues);
}

/// What a queue's row says of today: entered, answered, in time, after which waits, abandoned.
async fn row_of_today(
    daemon: &Daemon,
    queue: &str,
) -> (u64, u64, u64, Option<prost_types::Duration>, u64) {
    let row = daemon.queue(queue).await;
    (row.entered, row.answered, row.answered_in_time, row.answered_wait, row.abandoned)
}

#[tokio::test]
async fn rows_of_queues_go_on_with_their_counts_after_a_stop_and_before_any_call() {
    let mut daemon = Daemon::start_kept(CONFIG, &[]).await;
    let _pbx = some_calls(&daemon).await;
    let front_desk = row_of_today(&daemon, "front-desk").await;
    let spanish = row_of_today(&daemon, "spanish").await;
    assert_eq!((front_desk.0, front_desk.1, front_desk.2, spanish.4), (1, 1, 1, 2));
    daemon.signal("TERM");
    assert!(daemon.exit().await.success());
    let daemon = daemon.start_again().await;
    assert_eq!(row_of_today(&daemon, "front-desk").await, front_desk);
    assert_eq!(row_of_today(&daemon, "spanish").await, spanish);
}

#[tokio::test]
async fn without_a_journal_the_figures_of_this_run_are_told() {
    let daemon = Daemon::start(CONFIG).await;
    let _pbx = some_calls(&daemon).await;
    let all = intervals(&daemon, everything()).await.expect("rows");
    assert_eq!(of_queue(&all, "front-desk").handled, 1);
    let only = acd::ListIntervalsRequest {
        queues: vec!["spanish".to_owned()],
        without_agents: true,
        ..acd::ListIntervalsRequest::default()
    };
    let only = intervals(&daemon, only).await.expect("rows");
    assert!(only.agents.is_empty());
    assert!(only.queues.iter().all(|row| row.queue == "spanish"));
    let abandoned: u64 =
        only.queues.iter().filter_map(|row| row.figures.as_ref()).map(|it| it.abandoned).sum();
    assert_eq!(abandoned, 1);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_with_what_can() {
    let daemon = Daemon::start(CONFIG).await;
    let nothing = acd::ListIntervalsRequest::default;
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let every = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let cases = [
        (
            acd::ListIntervalsRequest { from: at(1_800), to: at(900), ..nothing() },
            Code::InvalidArgument,
            "to must be after from",
        ),
        (
            acd::ListIntervalsRequest { from: at(-1), ..nothing() },
            Code::InvalidArgument,
            "from is no time",
        ),
        (
            acd::ListIntervalsRequest { every: every(100), ..nothing() },
            Code::InvalidArgument,
            "multiple of 15 minutes",
        ),
        (
            acd::ListIntervalsRequest { queues: vec!["biling".to_owned()], ..nothing() },
            Code::NotFound,
            "no queue `biling`",
        ),
        (
            acd::ListIntervalsRequest { agents: vec!["nobody".to_owned()], ..nothing() },
            Code::NotFound,
            "no agent `nobody`",
        ),
    ];
    for (request, code, words) in cases {
        let refused = intervals(&daemon, request).await.expect_err(words);
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.message().contains(words), "{refused}");
    }
}

#[tokio::test]
async fn the_estimated_wait_is_shown_where_somebody_works() {
    let daemon = Daemon::start(CONFIG).await;
    let mut pbx = daemon.adapter("pbx").await;
    assert_eq!(daemon.queue("front-desk").await.estimated_wait, None, "nobody is there");
    let _sam = daemon.agent("sam").await;
    pbx.offer_call("c1", "front-desk").await;
    pbx.expect_offer().await;
    soon("an estimate", async {
        while daemon.queue("front-desk").await.estimated_wait.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}
