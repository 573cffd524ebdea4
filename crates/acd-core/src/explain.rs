//! What keeps agents from a call now: looked up agent by agent when a person asks, and kept nowhere.

use crate::barriers::{Barrier, BarrierKind};
use crate::call::{Call, Place};
use crate::facts::{CallFacts, PlaceFacts};
use crate::ids::{AdapterId, AgentId, CallHandle, Priority, Span, Timestamp};
use crate::plan::{AgentPlan, Bound};
use crate::recovery::Phase;
use crate::router::Router;
use std::collections::BTreeMap;
use std::fmt;

/// What keeps agents from a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The call as it is.
    pub call: CallFacts,
    /// All that it has waited since it arrived, up to the question.
    pub age: Span,
    /// What keeps everybody from it, wherever it stands.
    pub hold: Option<Hold>,
    /// Of each place, in the order it joined them; none while it is connected or held.
    pub places: Vec<PlaceExplanation>,
}

/// What keeps everybody from a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The domain recovers: nothing is offered.
    DomainRecovers,
    /// Its adapter has no session.
    AdapterAway,
    /// Its adapter has not said yet what it holds.
    AdapterAwaited {
        /// It has until then.
        until: Timestamp,
    },
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DomainRecovers => "the domain recovers: nothing is offered yet",
            Self::AdapterAway => "the adapter that holds the call has no session",
            Self::AdapterAwaited { .. } => {
                "the adapter that holds the call has not said yet what it holds"
            }
        })
    }
}

/// What keeps agents from a call in one of its queues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceExplanation {
    /// Where, what it asks for, and since when.
    pub place: PlaceFacts,
    /// Calls that wait in this queue and come before it, ranks aside.
    pub ahead: u32,
    /// The rule that falls due next while it waits on: its index in the queue's plan, and when.
    pub next_rule: Option<(u16, Timestamp)>,
    /// The rules that would act on it, now or later, if it stood otherwise with what they look at of a
    /// queue; in the order of the queue's plan.
    pub awaiting: Vec<AwaitingRule>,
    /// How it stands with the agents that the queue keeps free.
    pub reserve: Option<Reserve>,
    /// Agents whom nothing keeps from it here but the hold on the call, if there is one.
    pub free: u32,
    /// All others, by the first thing that keeps each of them from it, in the order of `BarrierKind`.
    pub barred: Vec<BarredAgents>,
    /// All that keeps the agent from it whom the question was about; empty if nothing does, or if it
    /// was about nobody.
    pub asked: Vec<Barrier>,
}

/// A rule that waits for something to come about in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitingRule {
    /// Its index in the queue's plan.
    pub rule: u16,
    /// All that it looks at, and how that is.
    pub measured: Vec<Measured>,
}

/// How it stands with one thing that a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// What has to come about.
    pub bound: Bound,
    /// The present value; none of a wait that cannot be estimated, since nobody works there.
    pub now: Option<u64>,
}

/// The agents that a queue keeps free for urgent calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// How many it keeps free.
    pub keeps: u32,
    /// From this priority on a call may have them.
    pub for_priority: Priority,
    /// Agents who could take a call of the channel now and meet the queue's own requirement.
    pub available: u32,
    /// Whether this call is held back: it is not urgent enough, and no more are available.
    pub holds_back: bool,
}

/// Agents whom the same thing keeps from a call first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarredAgents {
    /// What.
    pub by: BarrierKind,
    /// How many.
    pub agents: u32,
    /// When it ends for the first of them, where that is known.
    pub soonest: Option<Timestamp>,
}

impl Router {
    /// What keeps agents from a call, and `asked` in particular; `None` if there is no such call. It is
    /// `now`, and nothing has fallen due since the last command. An
    /// agent whom the plan does not have is not asked about. Costs as much as there are agents and
    /// calls, so it is for a person's question, and not for each event.
    pub fn explain(
        &self,
        now: Timestamp,
        call: CallHandle,
        asked: Option<AgentId>,
    ) -> Option<Explanation> {
        let facts = self.call(call)?;
        let found = self.calls.find(call)?;
        let places =
            self.places_of(call.slot).map(|place| self.explain_place(now, found, place, asked));
        Some(Explanation {
            call: facts,
            age: found.age(now),
            hold: self.hold_on(found.adapter),
            places: places.collect(),
        })
    }

    /// What keeps everybody from the calls of an adapter.
    pub(crate) fn hold_on(&self, adapter: AdapterId) -> Option<Hold> {
        match self.phase {
            Phase::Recovering | Phase::CatchingUp => Some(Hold::DomainRecovers),
            Phase::Normal if !self.is_up(adapter) => Some(Hold::AdapterAway),
            Phase::Normal => {
                let until = self.adapters[adapter.index()].awaited_until?;
                Some(Hold::AdapterAwaited { until })
            }
        }
    }

    fn explain_place(
        &self,
        now: Timestamp,
        call: &Call,
        at: u32,
        asked: Option<AgentId>,
    ) -> PlaceExplanation {
        let place = &self.places[at];
        let Place { queue, demand, entered, .. } = *place;
        let key = call.key(self.plan.order);
        let before = |line: u32| {
            let keys = self.lines.arena.iter(&self.lines.lines[line as usize].set);
            keys.take_while(|(other, _)| *other < key).count() as u32
        };
        let rules = 0..self.rules[queue.index()].rules.len() as u16;
        let due = rules.filter_map(|rule| Some((self.due_at(at, rule)?, rule))).min();
        let reserve = self.reserve_of(call, place);
        let (mut free, mut barred) = (0, BTreeMap::new());
        for (agent, _) in self.plan.agents_with_ids() {
            let Some(first) = self.barriers(call, place, reserve, agent).next() else {
                free += 1;
                continue;
            };
            let none = BarredAgents { by: first.kind(), agents: 0, soonest: None };
            let counted = barred.entry(first.kind()).or_insert(none);
            counted.agents += 1;
            counted.soonest = counted.soonest.into_iter().chain(first.until()).min();
        }
        let known = asked.filter(|agent| agent.index() < self.agents.len());
        let asked = known.into_iter().flat_map(|agent| self.barriers(call, place, reserve, agent));
        PlaceExplanation {
            place: PlaceFacts { queue, demand, since: entered },
            ahead: self.lines.of_queue(queue).map(before).sum(),
            next_rule: due.map(|(due, rule)| (rule, due)),
            awaiting: self.awaiting_rules(now, call, place),
            reserve,
            free,
            barred: barred.into_values().collect(),
            asked: asked.collect(),
        }
    }

    /// Rules that have not acted on the call yet, and whose latch is not set.
    fn awaiting_rules(&self, now: Timestamp, call: &Call, place: &Place) -> Vec<AwaitingRule> {
        let rules = (0..).zip(&self.rules[place.queue.index()].rules);
        let rules =
            rules.filter(|(rule, facts)| place.fired & (1 << *rule) == 0 && facts.is_for(call));
        let latched = rules.filter_map(|(rule, facts)| Some((rule, facts.latch?)));
        let awaited = latched.filter(|(_, latch)| !self.latches.all[*latch as usize].is_set);
        awaited
            .map(|(rule, latch)| AwaitingRule { rule, measured: self.looked_at(now, latch) })
            .collect()
    }

    fn reserve_of(&self, call: &Call, place: &Place) -> Option<Reserve> {
        let planned = &self.plan.queues[place.queue.index()];
        let keep = planned.keep_free?;
        let is_available = |(agent, profile): &(AgentId, &AgentPlan)| {
            self.level_for(*agent, place.queue, &planned.require).is_some()
                && profile.desk(call.channel).is_some()
                && self.reach_barriers(*agent, call.channel).next().is_none()
        };
        let available = self.plan.agents_with_ids().filter(is_available).count() as u32;
        let holds_back = call.priority < keep.for_priority && available <= keep.agents;
        Some(Reserve { keeps: keep.agents, for_priority: keep.for_priority, available, holds_back })
    }
}
