//! Desktops that have been heard: until when each must be heard again.
//!
//! Nobody is missed who may have spoken without being heard: after a start, after a pause of the
//! daemon, while the mailbox is left alone, and while answers wait for a log that fails, all have
//! their whole time again.

use super::Left;
use super::engine::Engine;
use acd_core::{AgentId, Command, HeartbeatState, Span, Timestamp};
use std::collections::{BTreeSet, HashMap};
use tracing::error;

/// One entry for each agent whose desktop is heard.
#[derive(Debug)]
pub(super) struct Heartbeats {
    within: Span,
    /// Who comes to what is due so much later was away.
    late: Span,
    due: HashMap<AgentId, Timestamp>,
    by_due: BTreeSet<(Timestamp, AgentId)>,
}

impl Heartbeats {
    pub(super) fn new(within: Span) -> Self {
        let late = Span(within.0 / 10);
        Self { within, late, due: HashMap::new(), by_due: BTreeSet::new() }
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

    /// What is due now is missed, unless it may be there and has not been listened to: `left` says
    /// what is left in the mailbox.
    pub(super) fn miss_heartbeats(&mut self, now: Timestamp, left: Left) {
        let Some(due) = self.heartbeats.next_due().filter(|due| *due <= now) else { return };
        let was_away = now.since(due) > self.heartbeats.late;
        match left {
            Left::Nothing if !was_away && !self.log_fails => {}
            Left::More if !was_away => return,
            Left::Nothing | Left::More | Left::Backlog => return self.expect_heartbeats(now),
        }
        // It parts no message from the note that it was heard.
        self.end_unit(now);
        let by = self.by_time.clone();
        while let Some(agent) = self.heartbeats.take_due(now) {
            if let Err(rejection) = self.apply(now, &by, Command::HeartbeatLost { agent }, None) {
                error!(%rejection, "the router refuses to miss a heartbeat");
            }
        }
    }

    /// All desktops have their whole time from now on.
    pub(super) fn expect_heartbeats(&mut self, now: Timestamp) {
        self.heartbeats.due.clear();
        self.heartbeats.by_due.clear();
        for known in self.router.agents().filter(|known| known.heartbeat == HeartbeatState::Kept) {
            self.heartbeats.heard(known.agent, now);
        }
    }
}
