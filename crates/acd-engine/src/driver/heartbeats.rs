//! Desktops that have been heard: until when each must be heard again.

use super::engine::Engine;
use acd_core::{AgentId, Command, HeartbeatState, Span, Timestamp};
use std::collections::{BTreeSet, HashMap};
use tracing::error;

/// One entry for each agent whose desktop is heard.
#[derive(Debug)]
pub(super) struct Heartbeats {
    within: Span,
    due: HashMap<AgentId, Timestamp>,
    by_due: BTreeSet<(Timestamp, AgentId)>,
}

impl Heartbeats {
    pub(super) fn new(within: Span) -> Self {
        Self { within, due: HashMap::new(), by_due: BTreeSet::new() }
    }

    fn heard(&mut self, agent: AgentId, now: Timestamp) {
        let due = now + self.within;
        if let Some(before) = self.due.insert(agent, due) {
            self.by_due.remove(&(before, agent));
        }
        self.by_due.insert((due, agent));
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.by_due.first().map(|(due, _)| *due)
    }

    fn take_due(&mut self, now: Timestamp) -> Option<AgentId> {
        self.next_due().filter(|due| *due <= now)?;
        let (_due, agent) = self.by_due.pop_first()?;
        self.due.remove(&agent);
        Some(agent)
    }
}

impl Engine {
    /// A desktop is heard. Only one that was not before changes anything that others see.
    pub(super) fn heartbeat(&mut self, agent: AgentId, now: Timestamp) -> Option<Command> {
        self.heartbeats.heard(agent, now);
        let is_kept =
            self.router.agent(agent).is_some_and(|it| it.heartbeat == HeartbeatState::Kept);
        (!is_kept).then_some(Command::HeartbeatKept { agent })
    }

    pub(super) fn miss_heartbeats(&mut self, now: Timestamp) {
        let by = self.by_time.clone();
        while let Some(agent) = self.heartbeats.take_due(now) {
            if let Err(rejection) = self.apply(now, &by, Command::HeartbeatLost { agent }, None) {
                error!(%rejection, "the router refuses to miss a heartbeat");
            }
        }
    }

    /// Desktops have as long as ever to be heard after a start.
    pub(super) fn expect_heartbeats(&mut self, now: Timestamp) {
        for known in self.router.agents().filter(|known| known.heartbeat == HeartbeatState::Kept) {
            self.heartbeats.heard(known.agent, now);
        }
    }
}
