//! What is known: a snapshot, and what has changed since, folded to one position.

use acd_proto::v1::{self, watch_update::Body};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// How many of the latest events are kept.
const EVENTS_KEPT: usize = 2_000;

/// A queue, and its figures where they have been told.
#[derive(Clone, Debug, Default)]
pub(super) struct QueueSeen {
    pub(super) queue: v1::Queue,
    pub(super) statistics: Option<v1::QueueStatistics>,
}

/// An agent, and his figures where they have been told.
#[derive(Clone, Debug, Default)]
pub(super) struct AgentSeen {
    pub(super) agent: v1::Agent,
    pub(super) statistics: Option<v1::AgentStatistics>,
}

/// Rows by name, in the order of the configuration.
#[derive(Debug)]
struct Rows<R> {
    rows: Vec<R>,
    places: HashMap<String, usize>,
}

/// All rows as of one position.
#[derive(Debug, Default)]
pub(super) struct Picture {
    position: Option<v1::Position>,
    queues: Rows<QueueSeen>,
    agents: Rows<AgentSeen>,
    /// By adapter and id.
    calls: BTreeMap<(String, String), v1::Call>,
    /// The latest, the latest last.
    events: VecDeque<v1::Event>,
}

impl Picture {
    pub(super) fn queues(&self) -> &[QueueSeen] {
        &self.queues.rows
    }

    pub(super) fn agents(&self) -> &[AgentSeen] {
        &self.agents.rows
    }

    pub(super) fn agent(&self, id: &str) -> Option<&AgentSeen> {
        self.agents.places.get(id).map(|place| &self.agents.rows[*place])
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = &v1::Call> {
        self.calls.values()
    }

    /// The latest first.
    pub(super) fn events(&self) -> impl Iterator<Item = &v1::Event> {
        self.events.iter().rev()
    }

    /// Something has been told yet.
    pub(super) fn is_known(&self) -> bool {
        self.position.is_some()
    }

    /// Takes in what was told. A delta that does not go on where this ends changes nothing, and the
    /// answer is no.
    #[must_use]
    pub(super) fn take(&mut self, update: v1::WatchUpdate) -> bool {
        match update.body {
            Some(Body::Snapshot(snapshot)) => self.replace(snapshot),
            Some(Body::Delta(delta)) if delta.after == self.position => self.apply(delta),
            Some(Body::Delta(_)) => return false,
            None => {}
        }
        true
    }

    fn replace(&mut self, snapshot: v1::Snapshot) {
        if self.is_known() {
            let (position, at) = (snapshot.position, snapshot.at);
            let kind = "events_missed".to_owned();
            self.events.push_back(v1::Event { position, at, kind, ..v1::Event::default() });
        }
        *self = Self { events: std::mem::take(&mut self.events), ..Self::default() };
        self.apply(v1::Delta {
            position: snapshot.position,
            queues: snapshot.queues,
            agents: snapshot.agents,
            calls: snapshot.calls,
            queue_statistics: snapshot.queue_statistics,
            agent_statistics: snapshot.agent_statistics,
            ..v1::Delta::default()
        });
    }

    fn apply(&mut self, delta: v1::Delta) {
        self.position = delta.position;
        for queue in delta.queues {
            let name = queue.queue.clone();
            self.queues.of(&name).queue = queue;
        }
        for agent in delta.agents {
            let id = agent.agent.clone();
            self.agents.of(&id).agent = agent;
        }
        // Figures of what is not shown are of no use.
        for statistics in delta.queue_statistics {
            if let Some(place) = self.queues.places.get(&statistics.queue) {
                self.queues.rows[*place].statistics = Some(statistics);
            }
        }
        for statistics in delta.agent_statistics {
            if let Some(place) = self.agents.places.get(&statistics.agent) {
                self.agents.rows[*place].statistics = Some(statistics);
            }
        }
        for gone in delta.calls_gone {
            self.calls.remove(&(gone.adapter, gone.call_id));
        }
        for call in delta.calls {
            let name = call.call.clone().unwrap_or_default();
            let name = (name.adapter, name.call_id);
            if call.state() == v1::CallState::Ended {
                self.calls.remove(&name);
            } else {
                self.calls.insert(name, call);
            }
        }
        self.events.extend(delta.events);
        let over = self.events.len().saturating_sub(EVENTS_KEPT);
        self.events.drain(..over);
    }
}

impl<R: Default> Rows<R> {
    fn of(&mut self, name: &str) -> &mut R {
        let place = self.places.get(name).copied().unwrap_or_else(|| {
            self.places.insert(name.to_owned(), self.rows.len());
            self.rows.push(R::default());
            self.rows.len() - 1
        });
        &mut self.rows[place]
    }
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), places: HashMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(epoch: u64, number: u64) -> Option<v1::Position> {
        Some(v1::Position { epoch, number })
    }

    fn queue(name: &str, waiting: u64) -> v1::Queue {
        v1::Queue { queue: name.to_owned(), waiting, ..v1::Queue::default() }
    }

    fn call(id: &str, state: v1::CallState) -> v1::Call {
        let call = Some(v1::CallRef { adapter: "pbx".to_owned(), call_id: id.to_owned() });
        v1::Call { call, state: state.into(), ..v1::Call::default() }
    }

    fn snapshot(snapshot: v1::Snapshot) -> v1::WatchUpdate {
        v1::WatchUpdate { body: Some(Body::Snapshot(snapshot)) }
    }

    fn delta(after: u64, to: u64, delta: v1::Delta) -> v1::WatchUpdate {
        let (after, position) = (position(1, after), position(1, to));
        v1::WatchUpdate { body: Some(Body::Delta(v1::Delta { after, position, ..delta })) }
    }

    fn begun() -> Picture {
        let mut picture = Picture::default();
        assert!(picture.take(snapshot(v1::Snapshot {
            position: position(1, 7),
            queues: vec![queue("sales", 1), queue("billing", 0)],
            calls: vec![call("c1", v1::CallState::Waiting)],
            ..v1::Snapshot::default()
        })));
        picture
    }

    #[test]
    fn rows_are_replaced_in_their_place_and_calls_that_end_are_gone() {
        let mut picture = begun();
        let fits = picture.take(delta(
            7,
            9,
            v1::Delta {
                queues: vec![queue("billing", 3)],
                queue_statistics: vec![v1::QueueStatistics {
                    queue: "billing".to_owned(),
                    ..v1::QueueStatistics::default()
                }],
                calls: vec![call("c1", v1::CallState::Ended), call("c2", v1::CallState::Waiting)],
                ..v1::Delta::default()
            },
        ));
        assert!(fits);
        let names: Vec<_> = picture.queues().iter().map(|row| row.queue.queue.as_str()).collect();
        assert_eq!(names, ["sales", "billing"]);
        assert_eq!(picture.queues()[1].queue.waiting, 3);
        assert!(picture.queues()[1].statistics.is_some());
        let calls: Vec<_> = picture.calls().filter_map(|call| call.call.clone()).collect();
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].call_id, "c2");
    }

    #[test]
    fn what_does_not_go_on_where_it_ended_changes_nothing() {
        let mut picture = begun();
        let wrong = v1::Delta { queues: vec![queue("sales", 9)], ..v1::Delta::default() };
        assert!(!picture.take(delta(8, 9, wrong)));
        assert_eq!(picture.queues()[0].queue.waiting, 1);
    }

    #[test]
    fn a_snapshot_replaces_everything_and_says_that_events_were_missed() {
        let mut picture = begun();
        assert_eq!(picture.events().count(), 0);
        let event = v1::Event { kind: "queue_closed".to_owned(), ..v1::Event::default() };
        let events = vec![event];
        assert!(picture.take(delta(7, 8, v1::Delta { events, ..v1::Delta::default() })));
        assert!(picture.take(snapshot(v1::Snapshot {
            position: position(2, 0),
            queues: vec![queue("support", 2)],
            ..v1::Snapshot::default()
        })));
        assert_eq!(picture.queues().len(), 1);
        assert_eq!(picture.calls().count(), 0);
        let kinds: Vec<_> = picture.events().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["events_missed", "queue_closed"]);
    }

    #[test]
    fn a_call_that_concerns_others_now_is_gone_unless_it_comes_back_at_once() {
        let mut picture = begun();
        let gone = vec![v1::CallRef { adapter: "pbx".to_owned(), call_id: "c1".to_owned() }];
        let calls = vec![call("c1", v1::CallState::Offering)];
        let back = v1::Delta { calls_gone: gone.clone(), calls, ..v1::Delta::default() };
        assert!(picture.take(delta(7, 8, back)));
        assert_eq!(picture.calls().count(), 1);
        let away = v1::Delta { calls_gone: gone, ..v1::Delta::default() };
        assert!(picture.take(delta(8, 9, away)));
        assert_eq!(picture.calls().count(), 0);
    }

    #[test]
    fn no_more_than_the_latest_events_are_kept() {
        let mut picture = begun();
        let event = |number| v1::Event { position: position(1, number), ..v1::Event::default() };
        let many = EVENTS_KEPT as u64 + 500;
        let events = (8..8 + many).map(event).collect();
        assert!(picture.take(delta(7, 7 + many, v1::Delta { events, ..v1::Delta::default() })));
        assert_eq!(picture.events().count(), EVENTS_KEPT);
        let latest = picture.events().next().and_then(|event| event.position);
        assert_eq!(latest, position(1, 7 + many));
    }
}
