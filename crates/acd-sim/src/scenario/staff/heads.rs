//! So many agents of each team in each interval, as a plan and a roster that can be played.

use super::super::figures::Outcome;
use super::super::roster::{Duty, Roster};
use super::super::{PlayError, Scenario, Team};
use acd_core::{AgentId, RoutingPlan};
use serde::Serialize;
use std::sync::Arc;

/// By interval and team: how many agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Heads(pub Vec<Vec<u32>>);

/// A scenario in which so many work.
pub(super) struct Staffed {
    scenario: Scenario,
    teams: Vec<Team>,
}

impl Heads {
    /// By team: the most of any interval.
    pub(super) fn most(&self) -> Vec<u32> {
        let teams = self.0.first().map_or(0, Vec::len);
        let most = |team: usize| self.0.iter().map(|heads| heads[team]).max().unwrap_or(0);
        (0..teams).map(most).collect()
    }

    /// All of them.
    pub(super) fn agents(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flatten().copied()
    }

    /// The scenario with so many agents: those of the configuration first, then others like them.
    pub(super) fn staffed(&self, scenario: &Scenario, teams: &[Team]) -> Staffed {
        let mut plan = RoutingPlan::clone(&scenario.plan);
        let mut teams = teams.to_vec();
        for (team, most) in teams.iter_mut().zip(self.most()) {
            let model = plan.agents[team.agents[0].index()].clone();
            for number in team.agents.len()..most as usize {
                let id = format!("{}+{number}", model.id);
                team.agents.push(AgentId(plan.agents.len() as u32));
                plan.agents.push(acd_core::AgentPlan { id, ..model.clone() });
            }
        }
        let begins: Vec<f64> = scenario.bounds().iter().map(|(begin, _)| *begin).collect();
        let mut roster = vec![Vec::new(); plan.agents.len()];
        for (at, team) in teams.iter().enumerate() {
            for (number, agent) in (0..).zip(&team.agents) {
                let works = self.0.iter().map(|heads| number < heads[at]);
                let changes: &mut Vec<(f64, Duty)> = &mut roster[agent.index()];
                for (begin, works) in begins.iter().zip(works) {
                    let duty = if works { Duty::Work } else { Duty::Off };
                    if changes.last().map(|(_, duty)| *duty).unwrap_or_default() != duty {
                        changes.push((*begin, duty));
                    }
                }
            }
        }
        let (plan, roster) = (Arc::new(plan), Roster(roster));
        Staffed { scenario: Scenario { plan, roster, ..scenario.clone() }, teams }
    }
}

impl Staffed {
    /// What it comes to. The teams have the names and the agents of the configuration.
    pub(super) fn outcome(
        &self,
        teams: &[Team],
        seed: u64,
        threads: usize,
    ) -> Result<Outcome, PlayError> {
        let replications = self.scenario.replications;
        let days = self.scenario.days(&self.teams, replications, seed, threads, |_| {})?;
        Ok(Outcome::of(&self.scenario, teams, &days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_added_like_those_of_the_team_and_work_when_they_are_wanted() {
        let config = "[queues.q]\n[[queues.q.rules]]\nname = \"end\"\nwhen = { waited = \"5m\" }\n\
            then = { end = \"message\" }\n[agents]\nana = {}\n";
        let plan = acd_config::parse("acdd.toml", config).expect("right").plan;
        let day = "from = \"08:00\"\nto = \"09:30\"\n[calls.all]\nqueue = \"q\"\nper_hour = 9\n\
            talk = \"1m\"\n";
        let scenario = Scenario::read(day, &Arc::new(plan)).expect("right");
        let teams = super::super::teams(&scenario.plan);
        let staffed = Heads(vec![vec![1], vec![3], vec![0]]).staffed(&scenario, &teams);
        let ids: Vec<&str> =
            staffed.scenario.plan.agents.iter().map(|agent| agent.id.as_str()).collect();
        assert_eq!(ids, ["ana", "ana+1", "ana+2"]);
        let at = |time| staffed.scenario.roster.at(time).filter(|duty| *duty == Duty::Work).count();
        assert_eq!([8.0, 8.5, 9.0].map(|hour| at(hour * 3_600.0)), [1, 3, 0]);
    }
}
