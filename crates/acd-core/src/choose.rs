//! What an agent would take if he were available now: asked without acting.
//!
//! The comparison is the one by which agents take calls; here it is only asked earlier.

use crate::agent::Desk;
use crate::decision::Take;
use crate::ids::{AgentId, QueueId};
use crate::plan::Channel;
use crate::router::Router;

impl Router {
    /// The waiting call that an agent would take if he became available now at his desk for a
    /// channel, and what it would come before; `None` if there is none that he may take.
    ///
    /// Nothing changes. It does not matter what he is doing: he may be logged out, not ready or
    /// talking. All else holds as it does for an offer: his skills, ranks and delays, the calls
    /// that skip him or wait for somebody else, the agents whom a queue keeps free (with him as one
    /// more), the adapters that have to be there. It is asked at the Router's own time; what has
    /// fallen due since the last command has to be fired before. Nobody takes anything while the
    /// domain recovers, or if the plan does not know him, or such a desk of his.
    ///
    /// Costs as much as it does an agent to take a call.
    pub fn choose(&self, agent: AgentId, channel: Channel) -> Option<Take> {
        let desk = self.agents.get(agent.index())?.desk(channel)?;
        let desk = Some(desk).filter(|desk| self.is_within_reach(desk));
        self.best_call_at(agent, desk.into_iter()).map(|(_, take)| take)
    }

    /// Whether the adapter that rings at a desk, if it is not the call's own, may be asked to.
    pub(crate) fn is_within_reach(&self, desk: &Desk) -> bool {
        desk.adapter.is_none_or(|adapter| self.is_open(adapter))
    }

    /// Whether whoever is at the desk may take a call without touching those whom its queue keeps
    /// free: he is one of those who are available, or would be.
    pub(crate) fn leaves_enough_with(&self, desk: &Desk, queue: QueueId) -> bool {
        let Some(keep) = self.plan.queues[queue.index()].keep_free else { return true };
        let comes = desk.listed.is_none() && self.pools.meets(desk.pool, queue);
        match keep.agents.checked_sub(u32::from(comes)) {
            Some(others) => self.pools.has_more_than(others, queue, desk.channel),
            None => true,
        }
    }
}
