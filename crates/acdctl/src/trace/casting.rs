//! Decides which queue takes the calls of a type, and which agents of the daemon play those of the
//! log.

use crate::output::counted;
use acd_proto::v1;
use std::collections::BTreeMap;

/// The queue of each type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Routes {
    pub(crate) by_type: BTreeMap<String, String>,
    /// What a person should know about the choice.
    pub(crate) notes: Vec<String>,
}

/// The queue of each of `types`: as mapped, else of the same name, else the one that the most
/// agents can serve.
pub(crate) fn route(
    types: &[String],
    maps: &[(String, String)],
    queues: &[v1::Queue],
) -> Result<Routes, String> {
    let known = |name: &str| queues.iter().any(|queue| queue.queue == name);
    let names = || queues.iter().map(|queue| queue.queue.as_str()).collect::<Vec<_>>().join(", ");
    // Of several, the first in the configuration.
    let widest = queues.iter().rev().max_by_key(|queue| queue.agents_qualified);
    let Some(widest) = widest else {
        return Err("the daemon has no queues".to_owned());
    };
    let mut routes = Routes::default();
    for (kind, queue) in maps {
        if !known(queue) {
            return Err(format!(
                "--map {kind}={queue}: the daemon has no queue `{queue}`; it has {}",
                names()
            ));
        }
        if !types.contains(kind) {
            routes.notes.push(format!("--map {kind}={queue}: no call of that day is of this type"));
        }
    }
    let mut elsewhere = Vec::new();
    for kind in types {
        let mapped = maps.iter().rev().find(|(of, _)| of == kind).map(|(_, queue)| queue);
        let same = queues.iter().find(|queue| queue.queue.eq_ignore_ascii_case(kind));
        let queue = mapped.or(same.map(|queue| &queue.queue)).unwrap_or_else(|| {
            elsewhere.push(kind.as_str());
            &widest.queue
        });
        routes.by_type.insert(kind.clone(), queue.clone());
    }
    if !elsewhere.is_empty() {
        routes.notes.push(format!(
            "no queue is named {}: these calls enter {}, which {} can serve; --map \
             TYPE=QUEUE chooses another",
            elsewhere.join(", "),
            widest.queue,
            counted(widest.agents_qualified, "agent"),
        ));
    }
    Ok(routes)
}

/// The agents who can serve one of the queues that are used, in the order of the configuration.
pub(crate) fn qualified(
    agents: &[v1::Agent],
    lines: &[v1::SkillQueue],
    routes: &Routes,
) -> Vec<String> {
    // What a queue itself asks for is listed before what its rules make of that.
    let used: Vec<&v1::SkillQueue> = routes
        .by_type
        .values()
        .filter_map(|queue| lines.iter().find(|line| line.queue == *queue))
        .collect();
    let has = |agent: &v1::Agent, asked: &[v1::SkillLevel]| {
        asked.iter().all(|wanted| {
            agent.skills.iter().any(|held| held.skill == wanted.skill && held.level >= wanted.level)
        })
    };
    let serves = |agent: &v1::Agent, line: &v1::SkillQueue| {
        let barred = agent.only && !agent.queues.iter().any(|it| it.queue == line.queue);
        let any_of = &line.any_of;
        !barred
            && has(agent, &line.require)
            && (any_of.is_empty() || any_of.iter().any(|one| has(agent, &one.skills)))
    };
    agents
        .iter()
        .filter(|agent| used.iter().any(|line| serves(agent, line)))
        .map(|agent| agent.agent.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str, agents_qualified: u64) -> v1::Queue {
        v1::Queue { queue: name.to_owned(), agents_qualified, ..v1::Queue::default() }
    }

    fn types(types: &[&str]) -> Vec<String> {
        types.iter().map(|kind| (*kind).to_owned()).collect()
    }

    fn pairs(routes: &Routes) -> Vec<(&str, &str)> {
        routes.by_type.iter().map(|(kind, queue)| (kind.as_str(), queue.as_str())).collect()
    }

    #[test]
    fn a_type_enters_the_queue_that_is_mapped_or_has_its_name_or_has_most_agents() {
        let queues = [queue("billing", 3), queue("front", 9), queue("back", 9), queue("ps", 1)];
        let maps = [("NW".to_owned(), "billing".to_owned())];
        let routes = route(&types(&["NW", "PS", "TT"]), &maps, &queues).expect("queues for all");
        assert_eq!(pairs(&routes), [("NW", "billing"), ("PS", "ps"), ("TT", "front")]);
        assert_eq!(
            routes.notes,
            ["no queue is named TT: these calls enter front, which 9 agents can serve; --map \
              TYPE=QUEUE chooses another"]
        );
    }

    #[test]
    fn a_map_to_no_queue_is_refused_and_one_from_no_type_is_noted() {
        let queues = [queue("billing", 3), queue("front", 9)];
        let maps = |queue: &str| [("XX".to_owned(), queue.to_owned())];
        assert_eq!(
            route(&types(&["PS"]), &maps("biling"), &queues),
            Err("--map XX=biling: the daemon has no queue `biling`; it has billing, front"
                .to_owned())
        );
        let routes = route(&types(&[]), &maps("billing"), &queues).expect("it is a queue");
        assert_eq!(routes.notes, ["--map XX=billing: no call of that day is of this type"]);
    }

    #[test]
    fn agents_are_those_who_can_serve_one_of_the_queues_used() {
        let skill = |skill: &str, level| v1::SkillLevel { skill: skill.to_owned(), level };
        let line = |queue: &str, require| v1::SkillQueue {
            queue: queue.to_owned(),
            require,
            ..v1::SkillQueue::default()
        };
        let agent = |agent: &str, skills| v1::Agent {
            agent: agent.to_owned(),
            skills,
            ..v1::Agent::default()
        };
        let lines = [
            line("billing", vec![skill("billing", 3)]),
            line("billing", vec![skill("billing", 1)]),
            line("spanish", vec![skill("spanish", 5)]),
        ];
        let agents = [
            agent("low", vec![skill("billing", 2)]),
            agent("spanish", vec![skill("spanish", 9)]),
            agent("both", vec![skill("billing", 3), skill("spanish", 9)]),
            agent("billing", vec![skill("billing", 10)]),
        ];
        let routes = |queue: &str| Routes {
            by_type: [("PS".to_owned(), queue.to_owned())].into(),
            notes: Vec::new(),
        };
        assert_eq!(qualified(&agents, &lines, &routes("billing")), ["both", "billing"]);
        assert_eq!(qualified(&agents, &lines, &routes("spanish")), ["spanish", "both"]);
    }
}
