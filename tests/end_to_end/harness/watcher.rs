//! A subscriber who checks that nothing is missing, and folds what it is told.

use super::{Daemon, soon};
use acd_proto::v1 as acd;
use acd_proto::v1::supervisor_service_client::SupervisorServiceClient;
use acd_proto::v1::watch_update::Body;
use prost::Message as _;
use std::collections::BTreeMap;
use tonic::Streaming;
use tonic::transport::Channel;

/// A subscriber, and the state as it knows it.
pub(crate) struct Watcher {
    updates: Streaming<acd::WatchUpdate>,
    /// The last position taken in.
    pub(crate) position: acd::Position,
    pub(crate) queues: BTreeMap<String, acd::Queue>,
    pub(crate) agents: BTreeMap<String, acd::Agent>,
    pub(crate) calls: BTreeMap<(String, String), acd::Call>,
    /// Every event since the watch began; without gaps, if all is watched.
    pub(crate) events: Vec<acd::Event>,
    /// Every decision since then.
    pub(crate) decisions: Vec<acd::Step>,
    /// How many snapshots there were.
    pub(crate) snapshots: usize,
    /// How long all that has come was on the wire.
    pub(crate) bytes: usize,
    /// Everything is watched.
    all: bool,
}

impl Watcher {
    /// Begins a watch; with `resume_after` it starts from nothing and takes in what was missed.
    pub(crate) async fn start(daemon: &Daemon, resume_after: Option<acd::Position>) -> Self {
        Self::of(daemon, acd::WatchRequest { resume_after, ..Default::default() }).await
    }

    /// The same of what a request selects.
    pub(crate) async fn of(daemon: &Daemon, request: acd::WatchRequest) -> Self {
        Self::on(daemon.channel().await, request).await
    }

    /// The same on a connection of one's own.
    pub(crate) async fn on(channel: Channel, request: acd::WatchRequest) -> Self {
        let resume_after = request.resume_after;
        let all =
            request.queues.is_empty() && request.agents.is_empty() && request.views.is_empty();
        let mut supervisor =
            SupervisorServiceClient::new(channel).max_decoding_message_size(1 << 26);
        let updates = supervisor.watch(request).await.expect("a watch");
        let mut watcher = Self {
            updates: updates.into_inner(),
            position: resume_after.unwrap_or_default(),
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
            calls: BTreeMap::new(),
            events: Vec::new(),
            decisions: Vec::new(),
            snapshots: 0,
            bytes: 0,
            all,
        };
        if resume_after.is_none() {
            watcher.take_in().await;
            assert_eq!(watcher.snapshots, 1, "a watch begins with a snapshot");
        }
        watcher
    }

    /// Takes in the next update.
    pub(crate) async fn take_in(&mut self) {
        let update = soon("an update", self.updates.message()).await;
        let update = update.expect("a live watch").expect("a live watch");
        self.bytes += update.encoded_len();
        match update.body.expect("every update has a body") {
            Body::Snapshot(snapshot) => self.replace(snapshot),
            Body::Delta(delta) => self.apply(delta),
        }
    }

    fn replace(&mut self, snapshot: acd::Snapshot) {
        self.snapshots += 1;
        self.position = snapshot.position.expect("a position");
        self.queues = snapshot.queues.into_iter().map(|row| (row.queue.clone(), row)).collect();
        self.agents = snapshot.agents.into_iter().map(|row| (row.agent.clone(), row)).collect();
        self.calls = snapshot.calls.into_iter().map(|row| (name(&row), row)).collect();
    }

    fn apply(&mut self, delta: acd::Delta) {
        assert_eq!(delta.after, Some(self.position), "a delta goes on where the last one ended");
        for event in &delta.events {
            let position = event.position.expect("a position");
            assert_eq!(position.epoch, self.position.epoch);
            let next = self.position.number + 1;
            assert!(position.number >= next, "events are in order");
            assert!(position.number == next || !self.all, "no event is left out");
            self.position = position;
        }
        let position = delta.position.expect("a position");
        assert!(position == self.position || !self.all, "the delta ends with its last event");
        self.position = position;
        self.queues.extend(delta.queues.into_iter().map(|row| (row.queue.clone(), row)));
        self.agents.extend(delta.agents.into_iter().map(|row| (row.agent.clone(), row)));
        for call in delta.calls_gone {
            self.calls.remove(&(call.adapter, call.call_id));
        }
        for call in delta.calls {
            if call.state() == acd::CallState::Ended {
                self.calls.remove(&name(&call));
            } else {
                self.calls.insert(name(&call), call);
            }
        }
        self.events.extend(delta.events);
        self.decisions.extend(delta.decisions);
    }

    /// Takes in updates until an event of this kind has been seen for this call; returns it.
    pub(crate) async fn until(&mut self, kind: &str, call_id: &str) -> acd::Event {
        self.until_one(|event| {
            event.kind == kind && event.call.as_ref().is_some_and(|call| call.call_id == call_id)
        })
        .await
    }

    /// The same for an event that is about no call.
    pub(crate) async fn until_told(&mut self, kind: &str, detail: &str) -> acd::Event {
        self.until_one(|event| event.kind == kind && event.detail == detail).await
    }

    /// The same for an event that is about a queue and no call.
    pub(crate) async fn until_about(&mut self, kind: &str, queue: &str) -> acd::Event {
        self.until_one(|event| event.kind == kind && event.queue == queue).await
    }

    async fn until_one(&mut self, is_it: impl Fn(&acd::Event) -> bool) -> acd::Event {
        let mut seen = 0;
        loop {
            if let Some(event) = self.events[seen..].iter().find(|event| is_it(event)) {
                return event.clone();
            }
            seen = self.events.len();
            self.take_in().await;
        }
    }

    /// Takes in updates until there are so many live calls.
    pub(crate) async fn until_calls(&mut self, many: usize) {
        while self.calls.len() != many {
            self.take_in().await;
        }
    }

    /// Takes in updates up to this position.
    pub(crate) async fn catch_up(&mut self, position: acd::Position) {
        while self.position.number < position.number {
            self.take_in().await;
        }
    }

    /// What happened to this call, in words: `kind` or `kind:detail`.
    pub(crate) fn story(&self, call_id: &str) -> Vec<String> {
        let its = |event: &&acd::Event| {
            event.call.as_ref().is_some_and(|call| call.call_id == call_id)
                && event.kind != "slot_changed"
        };
        let word = |event: &acd::Event| match &*event.detail {
            "" => event.kind.clone(),
            detail => format!("{}:{detail}", event.kind),
        };
        self.events.iter().filter(its).map(word).collect()
    }
}

fn name(call: &acd::Call) -> (String, String) {
    let call = call.call.clone().expect("a call has a name");
    (call.adapter, call.call_id)
}
