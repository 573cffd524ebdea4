//! The page says what the watch says: its numbers are a recorded stream folded to its very position.

use crate::browser::{Browser, Look};
use crate::harness::{Daemon, soon};
use acd_proto::v1 as acd;
use acd_proto::v1::watch_update::Body;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// How often each view is compared.
const COMPARED: usize = 5;

/// A watch, each step as it came.
struct Record {
    steps: Arc<Mutex<Vec<Body>>>,
    reached: watch::Receiver<u64>,
}

impl Record {
    async fn begin(daemon: &Daemon) -> Self {
        let request = acd::WatchRequest::default();
        let mut supervisor = daemon.supervisor().await.max_decoding_message_size(usize::MAX);
        let mut updates = supervisor.watch(request).await.expect("a watch").into_inner();
        let steps = Arc::new(Mutex::new(Vec::new()));
        let (reached, reader) = watch::channel(0);
        tokio::spawn({
            let steps = Arc::clone(&steps);
            async move {
                while let Ok(Some(update)) = updates.message().await {
                    let body = update.body.expect("every update has a body");
                    let position = match &body {
                        Body::Snapshot(snapshot) => snapshot.position,
                        Body::Delta(delta) => delta.position,
                    };
                    steps.lock().expect("no panic with it").push(body);
                    reached.send_replace(position.expect("a position").number);
                }
            }
        });
        Self { steps, reached: reader }
    }

    /// The state after this event, and no other.
    async fn folded_to(&mut self, number: u64) -> Folded {
        soon("the same event", self.reached.wait_for(|reached| *reached >= number))
            .await
            .expect("a live watch");
        let mut folded = Folded::default();
        for step in self.steps.lock().expect("no panic with it").iter() {
            match step {
                Body::Snapshot(snapshot) => folded.replace(snapshot),
                Body::Delta(delta) if delta.position.expect("one").number <= number => {
                    folded.apply(delta);
                }
                Body::Delta(_) => break,
            }
        }
        assert_eq!(folded.number, number, "the page stands where a step of the watch ended");
        folded
    }
}

/// Rows by their names.
#[derive(Default)]
struct Folded {
    number: u64,
    queues: BTreeMap<String, acd::Queue>,
    agents: BTreeMap<String, acd::Agent>,
    calls: BTreeMap<String, acd::Call>,
    queue_statistics: BTreeMap<String, acd::QueueStatistics>,
    agent_statistics: BTreeMap<String, acd::AgentStatistics>,
}

impl Folded {
    fn replace(&mut self, snapshot: &acd::Snapshot) {
        let acd::Snapshot {
            position,
            at,
            queues,
            skill_queues,
            agents,
            calls,
            queue_statistics,
            agent_statistics,
        } = snapshot.clone();
        *self = Self { number: position.expect("a position").number, ..Self::default() };
        self.apply(&acd::Delta {
            after: position,
            position,
            at,
            queues,
            skill_queues,
            agents,
            calls,
            queue_statistics,
            agent_statistics,
            ..acd::Delta::default()
        });
    }

    fn apply(&mut self, delta: &acd::Delta) {
        assert_eq!(delta.after.expect("a position").number, self.number, "nothing is left out");
        let delta = delta.clone();
        self.number = delta.position.expect("a position").number;
        self.queues.extend(delta.queues.into_iter().map(|row| (row.queue.clone(), row)));
        self.agents.extend(delta.agents.into_iter().map(|row| (row.agent.clone(), row)));
        let statistics = delta.queue_statistics.into_iter();
        self.queue_statistics.extend(statistics.map(|row| (row.queue.clone(), row)));
        let statistics = delta.agent_statistics.into_iter();
        self.agent_statistics.extend(statistics.map(|row| (row.agent.clone(), row)));
        for call in delta.calls {
            let name = call.call.clone().expect("a name");
            let key = format!("{}\n{}", name.adapter, name.call_id);
            if call.state() == acd::CallState::Ended {
                self.calls.remove(&key);
            } else {
                self.calls.insert(key, call);
            }
        }
    }
}

/// As the page writes how long ago it was.
fn age(since: Option<prost_types::Timestamp>, now: f64) -> String {
    let Some(since) = since else { return "–".to_owned() };
    let since_ms = since.seconds * 1_000 + i64::from(since.nanos / 1_000_000);
    written((now - since_ms as f64).max(0.0))
}

/// As the page writes a length of time.
fn length(length: Option<prost_types::Duration>) -> String {
    let Some(length) = length else { return "–".to_owned() };
    let seconds = length.seconds as f64 + f64::from(length.nanos) / 1e9;
    written((seconds * 1_000.0).round())
}

fn percent(percent: Option<f64>) -> String {
    percent.map_or_else(|| "–".to_owned(), |percent| format!("{}%", percent.round()))
}

fn written(ms: f64) -> String {
    let seconds = (ms / 1_000.0).floor() as u64;
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (0, hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
        (days, hours, ..) => format!("{days}d {hours:02}h"),
    }
}

/// The cells of one row, by column.
type Cells = BTreeMap<&'static str, String>;

fn of_queue(row: &acd::Queue, statistics: &acd::QueueStatistics, now: f64) -> Cells {
    let lately = statistics.last_30_minutes.unwrap_or_default();
    let level = lately.service_level.unwrap_or_default().abandons_missed_without_short;
    Cells::from([
        ("service_level", percent(level)),
        ("abandoned", percent(lately.abandonment_percent)),
        ("estimated", length(row.estimated_wait)),
        ("waiting", row.waiting.to_string()),
        ("longest", age(row.oldest_since, now)),
        ("available", row.agents_available.to_string()),
        ("working", row.agents_working.to_string()),
        ("staffed", row.agents_staffed.to_string()),
    ])
}

fn of_agent(row: &acd::Agent, statistics: &acd::AgentStatistics, now: f64) -> Cells {
    let today = statistics.today.clone().unwrap_or_default();
    let busy = row.slots.iter().filter(|slot| slot.state() != acd::SlotState::Free);
    let calls: Vec<&str> =
        busy.filter_map(|slot| slot.call.as_ref()).map(|call| call.call_id.as_str()).collect();
    Cells::from([
        ("agent", row.name.clone()),
        ("for", age(row.state_since, now)),
        ("call", calls.join(", ")),
        ("connected", today.connected.to_string()),
        ("handle", length(today.handle_mean)),
        ("occupancy", percent(today.occupancy_percent)),
    ])
}

fn of_call(row: &acd::Call, now: f64) -> Cells {
    let places: Vec<&str> = row.places.iter().map(|place| place.queue.as_str()).collect();
    let queue = if places.is_empty() { row.via_queue.clone() } else { places.join(", ") };
    Cells::from([
        ("call", row.call.clone().expect("a name").call_id),
        ("for", age(row.state_since, now)),
        ("age", age(row.arrived_at, now)),
        ("queue", queue),
        ("agent", row.agent.clone()),
    ])
}

/// What the page has written, against what it should have.
fn compare(view: &str, written: &Value, folded: &Folded) {
    let now = written["now"].as_f64().expect("the page's time");
    let expected: BTreeMap<String, Cells> = match view {
        "wall" | "queues" => {
            let of = |(key, row): (&String, _)| {
                (key.clone(), of_queue(row, &folded.queue_statistics[key], now))
            };
            folded.queues.iter().map(of).collect()
        }
        "agents" => {
            let of = |(key, row): (&String, _)| {
                (key.clone(), of_agent(row, &folded.agent_statistics[key], now))
            };
            folded.agents.iter().map(of).collect()
        }
        _ => folded.calls.iter().map(|(key, row)| (key.clone(), of_call(row, now))).collect(),
    };
    let rows = written["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), expected.len(), "all rows are there: {view}");
    for row in rows {
        let key = row["key"].as_str().expect("a key");
        for (column, text) in &expected[key] {
            let cell = row["cells"][column].as_str().expect("a cell");
            assert_eq!(cell, text, "{view}, {key:?}, {column}, at event {}", folded.number);
        }
    }
    if view == "wall" {
        let waiting: u64 = folded.queues.values().map(|queue| queue.waiting).sum();
        assert_eq!(written["summary"]["waiting"], waiting.to_string());
        let talks = |call: &&acd::Call| {
            matches!(call.state(), acd::CallState::Connected | acd::CallState::Held)
        };
        let connected = folded.calls.values().filter(talks).count();
        assert_eq!(written["summary"]["connected"], connected.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_the_watch_folded_to_the_same_event() {
    let daemon = Daemon::start_built_in(&["--demo", "--clock-scale", "20"]).await;
    let mut record = Record::begin(&daemon).await;
    // So high that every row is in sight.
    let look = Look { width: 1600, height: 6000, theme: "light" };
    let mut page = Browser::open(&format!("http://{}/", daemon.http), look).await;
    page.until("acdd.position().number > 200 && acdd.picture.calls.size > 3").await;
    let mut last = 0;
    for _ in 0..COMPARED {
        for view in ["wall", "queues", "agents", "calls"] {
            page.run(&format!("location.hash = '{view}'")).await;
            let ready = format!(
                "document.body.dataset.view === '{view}' && acdd.position().number > {last}"
            );
            page.until(&ready).await;
            let written = page.run("acdd.written()").await;
            let number = written["position"]["number"].as_u64().expect("a number");
            last = number;
            compare(view, &written, &record.folded_to(number).await);
        }
    }
    assert_eq!(page.complaints(), [] as [String; 0]);
}
