//! Messages to agents: the latest ones, and for whom each of them is.

use super::View;
use crate::publisher::{Named, Record};
use acd_core::{AgentId, MessageTo, Presence, Timestamp};
use acd_journal::Origin;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many messages are kept for those who read; older ones are forgotten.
pub const MESSAGES_KEPT: usize = 100;

/// A message to agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Counts the messages of the domain, from 1.
    pub number: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// By whom.
    pub from: Arc<str>,
    /// What it says.
    pub text: Arc<str>,
    /// Those whom it reached: they were logged in, and still are. In order.
    agents: Vec<AgentId>,
}

#[derive(Debug, Default)]
pub(super) struct Messages {
    latest: VecDeque<MessageRow>,
}

impl View {
    /// The latest messages to agents, at most `MESSAGES_KEPT`, the first one first.
    pub fn messages(&self) -> impl Iterator<Item = &MessageRow> {
        self.messages.latest.iter()
    }

    /// Of those, the ones that have reached an agent since he logged in.
    pub fn messages_to(&self, agent: &str) -> Vec<&MessageRow> {
        let Some(agent) = self.names.agent_id(agent) else { return Vec::new() };
        self.messages().filter(|row| row.agents.binary_search(&agent).is_ok()).collect()
    }

    pub(super) fn agents_messaged(&mut self, record: &Record, number: u64, to: MessageTo) {
        let Named::Message(text) = &record.named else { return };
        let from = match &*record.origin {
            Origin::Person { name, .. } | Origin::Adapter(name) => Arc::clone(name),
            Origin::Time | Origin::Plan => Arc::from(""),
        };
        let is_at_work = |agent: &AgentId| {
            let row = self.agents.get(agent.index());
            row.is_some_and(|row| row.presence != Presence::LoggedOut)
        };
        let is_meant = |agent: &AgentId| match to {
            MessageTo::Agent(one) => *agent == one,
            MessageTo::Queue(queue) => self.qualified.serves(*agent, queue),
            MessageTo::Everybody => true,
        };
        let all = (0..self.agents.len() as u32).map(AgentId);
        let agents: Vec<AgentId> = all.filter(is_at_work).filter(is_meant).collect();
        agents.iter().for_each(|agent| self.changed.told.mark(agent.index()));
        let (at, text) = (record.at, Arc::clone(text));
        self.messages.latest.push_back(MessageRow { number, at, from, text, agents });
        if self.messages.latest.len() > MESSAGES_KEPT {
            self.messages.latest.pop_front();
        }
    }

    /// What he was told is not for whoever logs in as him next.
    pub(super) fn forget_messages_to(&mut self, agent: AgentId) {
        for row in &mut self.messages.latest {
            if let Ok(at) = row.agents.binary_search(&agent) {
                row.agents.remove(at);
            }
        }
    }
}
