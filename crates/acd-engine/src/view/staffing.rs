//! Which demands each agent could serve: computed once, so that counting follows his state alone.

use acd_core::{AgentId, AgentPlan, Demand, DemandId, QueueId, RoutingPlan, SkillId};
use std::collections::HashMap;

/// For each agent the demands that he meets; for each demand whether it is its queue's own.
#[derive(Debug)]
pub(super) struct Qualified {
    demands: Vec<Box<[DemandId]>>,
    own_of: Vec<Option<QueueId>>,
    agents_of_queue: Vec<u64>,
}

impl Qualified {
    pub(super) fn new(plan: &RoutingPlan, demands: &[Demand]) -> Self {
        let own_of: Vec<Option<QueueId>> = demands
            .iter()
            .map(|demand| {
                let queue = plan.queues.get(demand.queue.index())?;
                (queue.require == demand.requirement).then_some(demand.queue)
            })
            .collect();
        let candidates = Candidates::new(demands);
        let met: Vec<Box<[DemandId]>> =
            plan.agents.iter().map(|agent| candidates.met_by(agent, demands)).collect();
        let mut agents_of_queue = vec![0; plan.queues.len()];
        for queue in met.iter().flatten().filter_map(|demand| own_of[demand.index()]) {
            agents_of_queue[queue.index()] += 1;
        }
        Self { demands: met, own_of, agents_of_queue }
    }

    /// What the agent could serve, each with the queue whose own demand it is.
    pub(super) fn of(
        &self,
        agent: AgentId,
    ) -> impl Iterator<Item = (DemandId, Option<QueueId>)> + '_ {
        let demands = self.demands.get(agent.index()).map_or(&[][..], |demands| demands);
        demands.iter().map(|demand| (*demand, self.own_of[demand.index()]))
    }

    /// Whether an agent meets the queue's own requirement.
    pub(super) fn serves(&self, agent: AgentId, queue: QueueId) -> bool {
        self.of(agent).any(|(_, own_of)| own_of == Some(queue))
    }

    /// How many agents meet the queue's own requirement.
    pub(super) fn of_queue(&self, queue: QueueId) -> u64 {
        self.agents_of_queue.get(queue.index()).copied().unwrap_or(0)
    }
}

/// Demands by one skill that they ask for, so that an agent is held against few of them.
struct Candidates {
    by_skill: HashMap<SkillId, Vec<DemandId>>,
    without_skill: Vec<DemandId>,
}

impl Candidates {
    fn new(demands: &[Demand]) -> Self {
        let mut by_skill: HashMap<SkillId, Vec<DemandId>> = HashMap::new();
        let mut without_skill = Vec::new();
        for (id, demand) in (0..).map(DemandId).zip(demands) {
            match demand.requirement.skills.first() {
                Some((skill, _)) => by_skill.entry(*skill).or_default().push(id),
                None => without_skill.push(id),
            }
        }
        Self { by_skill, without_skill }
    }

    fn met_by(&self, agent: &AgentPlan, demands: &[Demand]) -> Box<[DemandId]> {
        let held = agent.skills.iter().filter_map(|(skill, _)| self.by_skill.get(skill));
        let meets = |id: &&DemandId| {
            let Demand { queue, requirement } = &demands[id.index()];
            agent.level_for(*queue, requirement).is_some()
        };
        held.flatten().chain(&self.without_skill).filter(meets).copied().collect()
    }
}
