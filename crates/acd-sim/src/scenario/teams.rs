//! Teams: agents who are equal in all that the Router looks at.

use acd_core::{AgentId, AgentPlan, RoutingPlan};

/// Agents of equal skills, profile and capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// What they can do, such as `billing 5, spanish 8`; or an agent's id if that does not tell them
    /// from another team.
    pub name: String,
    /// In the order of the configuration; at least one.
    pub agents: Vec<AgentId>,
}

/// The teams of a plan, in the order of their first agents.
#[must_use]
pub fn teams(plan: &RoutingPlan) -> Vec<Team> {
    let mut teams: Vec<Team> = Vec::new();
    for (id, agent) in plan.agents_with_ids() {
        let equal = |team: &&mut Team| is_equal(&plan.agents[team.agents[0].index()], agent);
        match teams.iter_mut().find(equal) {
            Some(team) => team.agents.push(id),
            None => teams.push(Team { name: ability(plan, agent), agents: vec![id] }),
        }
    }
    let names: Vec<String> = teams.iter().map(|team| team.name.clone()).collect();
    for team in &mut teams {
        if names.iter().filter(|name| **name == team.name).count() > 1 {
            let first = &plan.agents[team.agents[0].index()].id;
            team.name = format!("{} ({first})", team.name);
        }
    }
    teams
}

fn is_equal(a: &AgentPlan, b: &AgentPlan) -> bool {
    let desks = |agent: &AgentPlan| -> Vec<_> {
        agent.desks.iter().map(|desk| (desk.channel, desk.capacity)).collect()
    };
    a.skills == b.skills && a.queues == b.queues && a.only == b.only && desks(a) == desks(b)
}

fn ability(plan: &RoutingPlan, agent: &AgentPlan) -> String {
    let skills = agent.skills.iter();
    let said = skills.map(|(skill, level)| format!("{} {level}", plan.skills[skill.index()]));
    let said: Vec<String> = said.collect();
    if said.is_empty() { "no skill".to_owned() } else { said.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acd_core::SkillId;

    #[test]
    fn those_who_differ_in_nothing_that_counts_are_a_team() {
        let agent = |id: &str, level| AgentPlan::new(id, vec![(SkillId(0), level)]);
        let careful = AgentPlan { only: true, ..agent("eve", 5) };
        let agents = vec![agent("ana", 5), agent("ben", 3), agent("cleo", 5), careful];
        let skills = vec!["billing".to_owned()];
        let plan = RoutingPlan { skills, agents, ..RoutingPlan::default() };
        let found = teams(&plan);
        let names: Vec<&str> = found.iter().map(|team| team.name.as_str()).collect();
        assert_eq!(names, ["billing 5 (ana)", "billing 3", "billing 5 (eve)"]);
        assert_eq!(found[0].agents, [AgentId(0), AgentId(2)]);
    }
}
