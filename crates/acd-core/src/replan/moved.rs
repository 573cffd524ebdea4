//! Where the handles of the old plan are in the new one.

use crate::call::{Exclusion, Hand, Left};
use crate::deadlines::Ticket;
use crate::event::{NotReadyReason, Presence, SlotState};
use crate::ids::{AgentId, QueueId, ReasonId, SkillId};
use crate::plan::{Channel, Requirement, RoutingPlan};
use crate::slab::{NONE, Slab};
use std::sync::Arc;

/// For each handle of the old plan the one of the same name.
pub(super) struct Moved {
    pub(super) old: Arc<RoutingPlan>,
    new: Arc<RoutingPlan>,
    queues: Vec<Option<QueueId>>,
    agents: Vec<Option<AgentId>>,
    reasons: Vec<Option<ReasonId>>,
    skills: Vec<Option<SkillId>>,
}

impl Moved {
    pub(super) fn between(old: &Arc<RoutingPlan>, new: &Arc<RoutingPlan>) -> Self {
        Self {
            old: Arc::clone(old),
            new: Arc::clone(new),
            queues: by_name(&old.queues, &new.queues, |queue| &queue.name, QueueId),
            agents: by_name(&old.agents, &new.agents, |agent| &agent.id, AgentId),
            reasons: by_name(&old.reasons, &new.reasons, |reason| reason, ReasonId),
            skills: by_name(&old.skills, &new.skills, |skill| skill, SkillId),
        }
    }

    pub(super) fn queue(&self, old: QueueId) -> Option<QueueId> {
        *self.queues.get(old.index())?
    }

    pub(super) fn agent(&self, old: AgentId) -> Option<AgentId> {
        *self.agents.get(old.index())?
    }

    pub(super) fn skill(&self, old: SkillId) -> Option<SkillId> {
        *self.skills.get(old.index())?
    }

    /// The same slot of the same channel.
    pub(super) fn slot_number(&self, agent: AgentId, slot: u8) -> Option<u8> {
        let to = &self.new.agents[self.agent(agent)?.index()];
        let channel = self.old.agents[agent.index()].slots().nth(usize::from(slot))?;
        let in_desk = |channels: &mut dyn Iterator<Item = Channel>| {
            channels.filter(|other| *other == channel).count()
        };
        let before = in_desk(&mut self.old.agents[agent.index()].slots().take(usize::from(slot)));
        let mut same = (0..).zip(to.slots()).filter(|(_, other)| *other == channel);
        same.nth(before).map(|(number, _)| number)
    }

    pub(super) fn presence(&self, old: Presence) -> Presence {
        match old {
            Presence::NotReady(NotReadyReason::Named(reason)) => {
                let reason = self.reasons.get(reason.index()).copied().flatten();
                Presence::NotReady(reason.map_or(NotReadyReason::Unstated, NotReadyReason::Named))
            }
            Presence::NotReady(
                NotReadyReason::Unstated
                | NotReadyReason::MissedOffers
                | NotReadyReason::Forced
                | NotReadyReason::DeviceOutOfService
                | NotReadyReason::HeartbeatLost,
            )
            | Presence::LoggedOut
            | Presence::Ready => old,
        }
    }

    /// `None` for wrap-up after a queue that is gone.
    pub(super) fn slot(&self, old: SlotState) -> Option<SlotState> {
        match old {
            SlotState::WrapUp { until, call, queue } => {
                Some(SlotState::WrapUp { until, call, queue: self.queue(queue)? })
            }
            SlotState::Free
            | SlotState::Reserved { .. }
            | SlotState::Connecting { .. }
            | SlotState::Talking { .. }
            | SlotState::Held { .. } => Some(old),
        }
    }

    /// Of all of them there is an agent, a slot and a queue in the new plan. Neighbours among the
    /// offers of an adapter are found again later.
    pub(super) fn hands(&self, first: u32, hands: &mut Slab<Hand>) {
        let mut at = first;
        while at != NONE {
            let Hand { agent, queue, slot, sibling, .. } = hands[at];
            if let (Some(to), Some(queue), Some(slot)) =
                (self.agent(agent), self.queue(queue), self.slot_number(agent, slot))
            {
                let (agent, ticket) = (to, Ticket::NONE);
                let (previous, next) = (NONE, NONE);
                hands[at] = Hand { agent, queue, slot, ticket, previous, next, ..hands[at] };
            }
            at = sibling;
        }
    }

    /// Queues that are gone have not been left either.
    pub(super) fn left(&self, first: &mut u32, left: &mut Slab<Left>) {
        let mut at = std::mem::replace(first, NONE);
        let mut last = NONE;
        while at != NONE {
            let next = left[at].next;
            match self.queue(left[at].queue) {
                None => {
                    left.remove(at);
                }
                Some(queue) => {
                    left[at] = Left { queue, next: NONE };
                    match last {
                        NONE => *first = at,
                        _ => left[last].next = at,
                    }
                    last = at;
                }
            }
            at = next;
        }
    }

    /// Exclusions of agents who are gone are over.
    pub(super) fn exclusions(&self, first: &mut u32, exclusions: &mut Slab<Exclusion>) {
        let mut at = std::mem::replace(first, NONE);
        let mut last = NONE;
        while at != NONE {
            let next = exclusions[at].next;
            match self.agent(exclusions[at].agent) {
                None => {
                    exclusions.remove(at);
                }
                Some(agent) => {
                    let until = exclusions[at].until;
                    exclusions[at] = Exclusion { agent, until, ticket: Ticket::NONE, next: NONE };
                    match last {
                        NONE => *first = at,
                        _ => exclusions[last].next = at,
                    }
                    last = at;
                }
            }
            at = next;
        }
    }

    /// An extra requirement without the skills that the new plan does not know: nobody has them.
    pub(super) fn extra(&self, old: &Requirement) -> Requirement {
        let is_gone = |skill: &SkillId| self.skill(*skill).is_none();
        let gone: Vec<SkillId> = old.named().filter(is_gone).collect();
        self.requirement(&old.without(&gone, |_| false)).unwrap_or_default()
    }

    /// The same requirement, if the new plan still knows all its skills.
    pub(super) fn requirement(&self, old: &Requirement) -> Option<Requirement> {
        let skill = |(skill, level): &(SkillId, u8)| Some((self.skill(*skill)?, *level));
        let all = |asked: &Vec<(SkillId, u8)>| {
            let mut skills: Vec<_> = asked.iter().map(skill).collect::<Option<_>>()?;
            skills.sort_unstable();
            Some(skills)
        };
        let any_of = old.any_of.iter().map(all).collect::<Option<_>>()?;
        Some(Requirement { skills: all(&old.skills)?, any_of })
    }
}

/// For each old entry the handle of the new one of the same name; of several alike, first to first.
fn by_name<T, Index: TryFrom<usize>, Handle: Clone>(
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> &String,
    handle: impl Fn(Index) -> Handle,
) -> Vec<Option<Handle>> {
    let in_order = |entries: &[T]| {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|at| name(&entries[*at]));
        order
    };
    let mut found = vec![None; old.len()];
    let mut left = in_order(new).into_iter().peekable();
    for at in in_order(old) {
        let wanted = name(&old[at]);
        while left.next_if(|to| name(&new[*to]) < wanted).is_some() {}
        let same = left.next_if(|to| name(&new[*to]) == wanted);
        found[at] = same.and_then(|to| Index::try_from(to).ok()).map(&handle);
    }
    found
}
