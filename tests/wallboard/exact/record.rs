//! A watch that is written down step by step, and the state as it was after any of them.

use crate::harness::{Daemon, soon};
use acd_proto::v1 as acd;
use acd_proto::v1::Position;
use acd_proto::v1::watch_update::Body;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// A watch, each step as it came.
pub(super) struct Record {
    steps: Arc<Mutex<Vec<Body>>>,
    reached: watch::Receiver<Position>,
}

impl Record {
    pub(super) async fn begin(daemon: &Daemon) -> Self {
        let request = acd::WatchRequest::default();
        let mut supervisor = daemon.supervisor().await.max_decoding_message_size(usize::MAX);
        let mut updates = supervisor.watch(request).await.expect("a watch").into_inner();
        let steps = Arc::new(Mutex::new(Vec::new()));
        let (reached, reader) = watch::channel(Position::default());
        tokio::spawn({
            let steps = Arc::clone(&steps);
            async move {
                while let Ok(Some(update)) = updates.message().await {
                    let body = update.body.expect("every update has a body");
                    let position = position_of(&body);
                    steps.lock().expect("no panic with it").push(body);
                    reached.send_replace(position);
                }
            }
        });
        Self { steps, reached: reader }
    }

    /// The state after this event, and no other.
    pub(super) async fn folded_to(&mut self, position: Position) -> Folded {
        let mut found = None;
        self.each(position, position, |folded| found = Some(folded.clone())).await;
        found.expect("the page stands where a step of the watch ended")
    }

    /// Shows the state after each step that ends between the two, both included.
    pub(super) async fn each(
        &mut self,
        from: Position,
        to: Position,
        mut show: impl FnMut(&Folded),
    ) {
        soon("the same event", self.reached.wait_for(|reached| order(*reached) >= order(to)))
            .await
            .expect("a live watch");
        let mut folded = Folded::default();
        for step in self.steps.lock().expect("no panic with it").iter() {
            if order(position_of(step)) > order(to) {
                break;
            }
            match step {
                Body::Snapshot(snapshot) => folded.replace(snapshot),
                Body::Delta(delta) => folded.apply(delta),
            }
            if order(folded.position) >= order(from) {
                show(&folded);
            }
        }
    }
}

fn position_of(step: &Body) -> Position {
    let position = match step {
        Body::Snapshot(snapshot) => snapshot.position,
        Body::Delta(delta) => delta.position,
    };
    position.expect("a position")
}

fn order(Position { epoch, number }: Position) -> (u64, u64) {
    (epoch, number)
}

/// Rows by their names.
#[derive(Clone, Default)]
pub(super) struct Folded {
    pub(super) position: Position,
    pub(super) queues: BTreeMap<String, acd::Queue>,
    pub(super) agents: BTreeMap<String, acd::Agent>,
    pub(super) calls: BTreeMap<String, acd::Call>,
    pub(super) queue_statistics: BTreeMap<String, acd::QueueStatistics>,
    pub(super) agent_statistics: BTreeMap<String, acd::AgentStatistics>,
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
        *self = Self { position: position.expect("a position"), ..Self::default() };
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
        assert_eq!(delta.after, Some(self.position), "nothing is left out");
        let delta = delta.clone();
        self.position = delta.position.expect("a position");
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
