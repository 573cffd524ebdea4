//! Which demands each agent could serve: computed as his skills change, so that counting follows his
//! state alone.

use acd_core::{AgentId, AgentPlan, Demand, DemandId, QueueId, RoutingPlan, SkillFacts, SkillId};
use std::collections::{BTreeMap, HashMap};

/// For each agent the demands that he meets; for each demand whether it is its queue's own.
#[derive(Debug)]
pub(super) struct Qualified {
    demands: Vec<Box<[DemandId]>>,
    own_of: Vec<Option<QueueId>>,
    agents_of_queue: Vec<u64>,
    candidates: Candidates,
    /// Of those whose skills are not as planned: what they have, by skill.
    held: BTreeMap<AgentId, Vec<(SkillId, u8)>>,
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
        let candidates = Candidates::new(demands.to_vec());
        let met: Vec<Box<[DemandId]>> =
            plan.agents.iter().map(|agent| candidates.met_by(agent, &agent.skills)).collect();
        let mut agents_of_queue = vec![0; plan.queues.len()];
        for queue in met.iter().flatten().filter_map(|demand| own_of[demand.index()]) {
            agents_of_queue[queue.index()] += 1;
        }
        Self { demands: met, own_of, agents_of_queue, candidates, held: BTreeMap::new() }
    }

    /// An agent has this of a skill now. Gives all that he has.
    pub(super) fn skill_changed(
        &mut self,
        plan: &RoutingPlan,
        agent: AgentId,
        SkillFacts { skill, level, .. }: SkillFacts,
    ) -> &[(SkillId, u8)] {
        let planned = &plan.agents[agent.index()];
        let held = self.held.entry(agent).or_insert_with(|| planned.skills.clone());
        held.retain(|(held, _)| *held != skill);
        held.extend(level.map(|level| (skill, level)));
        held.sort_unstable();
        let met = self.candidates.met_by(planned, held);
        let before = std::mem::replace(&mut self.demands[agent.index()], met);
        for queue in before.iter().filter_map(|demand| self.own_of[demand.index()]) {
            self.agents_of_queue[queue.index()] -= 1;
        }
        let after = &self.demands[agent.index()];
        for queue in after.iter().filter_map(|demand| self.own_of[demand.index()]) {
            self.agents_of_queue[queue.index()] += 1;
        }
        held
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
#[derive(Debug)]
struct Candidates {
    demands: Vec<Demand>,
    by_skill: HashMap<SkillId, Vec<DemandId>>,
    without_skill: Vec<DemandId>,
}

impl Candidates {
    fn new(demands: Vec<Demand>) -> Self {
        let mut by_skill: HashMap<SkillId, Vec<DemandId>> = HashMap::new();
        let mut without_skill = Vec::new();
        for (id, demand) in (0..).map(DemandId).zip(&demands) {
            match demand.requirement.skills.first() {
                Some((skill, _)) => by_skill.entry(*skill).or_default().push(id),
                None => without_skill.push(id),
            }
        }
        Self { demands, by_skill, without_skill }
    }

    fn met_by(&self, agent: &AgentPlan, skills: &[(SkillId, u8)]) -> Box<[DemandId]> {
        let held = skills.iter().filter_map(|(skill, _)| self.by_skill.get(skill));
        let meets = |id: &&DemandId| {
            let Demand { queue, requirement } = &self.demands[id.index()];
            agent.service(*queue).is_some() && requirement.level_of(skills).is_some()
        };
        held.flatten().chain(&self.without_skill).filter(meets).copied().collect()
    }
}
