//! Promise 5: between two agents of the same standing under `select`, the longer idle is offered; unless a person has
//! picked the call for somebody.
//!
//! Whoever the event made available takes a call before calls look for agents: then only agents who
//! became so by the same event compare. Otherwise the call has picked, and all criteria count.

use super::{Watch, keeps};
use crate::books::Books;
use acd_core::{AdapterId, AgentId, Command, Event, Timestamp};
use std::collections::BTreeSet;

#[derive(Default)]
pub(crate) struct IdleFirst {
    /// Whom the present command may have made available, and who was offered a call by it.
    freed: BTreeSet<AgentId>,
    offered: BTreeSet<AgentId>,
}

impl Watch for IdleFirst {
    fn before(&mut self, _: &Books, _: Timestamp, command: &Command) {
        self.freed.clear();
        self.offered.clear();
        if let Command::PlanChanged { plan } = command {
            self.freed.extend(plan.agents_with_ids().map(|(agent, _)| agent));
        }
    }

    fn sees(&mut self, books: &Books, event: &Event) {
        match event {
            Event::OfferIssued { call, agent, queue, adopted, picked, .. } => {
                let compares = !*adopted && !*picked;
                let place = books.calls[call].place(*queue).filter(|_| compares);
                // One who frees up may end a reserve, and takes first of those that it held back;
                // whoever freed up before him in the same command could not.
                let keep = books.plan.queues[queue.index()].keep_free;
                let held_back =
                    keep.is_some_and(|keep| books.calls[call].priority < keep.for_priority);
                for other in (0..books.agents.len() as u32).map(AgentId) {
                    let may = |place| books.may_take(other, &books.calls[call], place, books.now);
                    let compares = !self.freed.contains(agent)
                        || self.freed.contains(&other)
                            && !self.offered.contains(&other)
                            && !held_back;
                    let Some(place) = place.filter(|place| compares && may(place)) else {
                        continue;
                    };
                    let picked = !self.freed.contains(agent);
                    let known = &books.calls[call];
                    let is_alike = books.is_alike(known, place, other, *agent);
                    // Whoever takes calls of several channels takes one by his longest idle.
                    let idle = |agent| (books.longest_idle(agent), agent);
                    let is_next = is_alike && idle(other) < idle(*agent);
                    let better = books.standing(known, place, other, *agent);
                    let better = better.is_some_and(|it| it.is_lt());
                    let better = better && other != *agent && (picked || is_next);
                    keeps!(5, !better, "{call:?} is offered to {agent:?} before {other:?}");
                }
                self.offered.insert(*agent);
            }
            // Whoever became available before that has looked for calls.
            Event::RecoveryOver => {
                self.freed.clear();
                let is_there = |it| {
                    let known = books.adapters.get(&it);
                    known.is_some_and(|it| it.up && it.awaited_until.is_none())
                };
                self.rung_by(books, is_there);
            }
            Event::AdapterUp { adapter } | Event::AdapterSynced { adapter } => {
                self.freed.clear();
                self.rung_by(books, |it| it == *adapter);
            }
            Event::PresenceChanged { agent, .. }
            | Event::DeviceChanged { agent, .. }
            | Event::HeartbeatChanged { agent, .. }
            | Event::SlotChanged { agent, .. } => {
                self.freed.insert(*agent);
            }
            _ => {}
        }
    }
}

impl IdleFirst {
    /// Agents whose devices these adapters ring may be rung from now on; those without a device are
    /// found by the calls.
    fn rung_by(&mut self, books: &Books, which: impl Fn(AdapterId) -> bool) {
        for (agent, planned) in books.plan.agents_with_ids() {
            let rung = planned.desks.iter().any(|desk| {
                let device = desk.endpoint.as_ref();
                device.is_some_and(|device| which(device.adapter))
                    && books.is_available(agent, desk.channel)
            });
            if rung {
                self.freed.insert(agent);
            }
        }
    }
}
