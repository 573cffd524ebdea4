//! Small plans for tests of the Router, written in a few words.

use acd_core::{
    Action, AdapterId, AgentPlan, Criterion, Endpoint, MissedOffers, Order, Priority, QueueId,
    QueuePlan, Requirement, RoutingPlan, Rule, ServiceLevel, SkillId, Span, Treatment,
};

pub fn seconds(seconds: u64) -> Span {
    Span::from_secs(seconds)
}

pub fn requirement(skills: &[(u16, u8)]) -> Requirement {
    Requirement { skills: skills.iter().map(|(skill, level)| (SkillId(*skill), *level)).collect() }
}

pub fn rule(name: &str, waited: u64, then: Vec<Action>) -> Rule {
    Rule { name: name.to_owned(), waited: seconds(waited), then }
}

pub fn queue(name: &str, require: Requirement, mut rules: Vec<Rule>) -> QueuePlan {
    rules.push(rule("give-up", 600, vec![Action::End(Treatment::Voicemail)]));
    QueuePlan {
        name: name.to_owned(),
        require,
        select: vec![Criterion::LongestIdle],
        ring: seconds(15),
        wrap_up: seconds(0),
        service_level: ServiceLevel { answered_percent: 80, within: seconds(20) },
        rules,
    }
}

pub fn agent(id: &str, skills: &[(u16, u8)]) -> AgentPlan {
    AgentPlan {
        id: id.to_owned(),
        name: id.to_owned(),
        skills: requirement(skills).skills,
        voice: None,
        capacity: 1,
    }
}

pub fn plan(queues: Vec<QueuePlan>, agents: Vec<AgentPlan>) -> RoutingPlan {
    RoutingPlan {
        order: Order::Strict,
        short_abandon: seconds(5),
        exclude_for: seconds(30),
        connect_within: seconds(5),
        missed_offers: MissedOffers::NotReadyAfter(2),
        reasons: vec!["break".to_owned(), "lunch".to_owned()],
        adapters: vec!["pbx".to_owned(), "other".to_owned()],
        skills: ["billing", "spanish", "nurse"].map(str::to_owned).to_vec(),
        queues,
        agents,
    }
}

/// A plan in which everything of the Router can happen, to be driven at random.
pub fn everything(order: Order, missed_offers: MissedOffers) -> RoutingPlan {
    let endpoint = |adapter, address: &str| {
        Some(Endpoint { adapter: AdapterId(adapter), address: address.to_owned() })
    };
    let general = queue(
        "general",
        Requirement::default(),
        vec![
            rule("at-once", 0, vec![Action::RaisePriority(Priority::new(6).unwrap())]),
            rule("on", 40, vec![Action::MoveTo(QueueId(1))]),
        ],
    );
    let mut billing = queue(
        "billing",
        requirement(&[(0, 3)]),
        vec![
            rule("help", 20, vec![Action::AddQueue(QueueId(2))]),
            rule("widen", 10, vec![Action::Require(requirement(&[(0, 1)]))]),
            rule(
                "all",
                30,
                vec![
                    Action::RaisePriority(Priority::HIGHEST_BY_RULE),
                    Action::Require(Requirement::default()),
                    Action::AddQueue(QueueId(0)),
                ],
            ),
            rule("back", 60, vec![Action::MoveTo(QueueId(0))]),
        ],
    );
    billing.select = vec![Criterion::HighestLevel];
    billing.wrap_up = seconds(7);
    let mut spanish = queue(
        "spanish",
        requirement(&[(0, 1), (1, 5)]),
        vec![
            rule("loop", 0, vec![Action::MoveTo(QueueId(3))]),
            rule("never-mind", 25, vec![Action::End(Treatment::Message)]),
        ],
    );
    spanish.select = vec![Criterion::HighestLevel, Criterion::LongestIdle];
    let nurse = queue(
        "nurse",
        requirement(&[(2, 2)]),
        vec![rule("loop", 5, vec![Action::MoveTo(QueueId(2))])],
    );
    let mut agents = vec![
        agent("ana", &[(0, 5), (1, 8)]),
        agent("ben", &[(0, 3)]),
        agent("chloe", &[(0, 3)]),
        agent("dan", &[]),
        agent("eve", &[(0, 9), (1, 5), (2, 4)]),
        agent("fred", &[(0, 1), (2, 2)]),
    ];
    agents[1].voice = endpoint(0, "PJSIP/1");
    agents[2].capacity = 2;
    agents[4].voice = endpoint(1, "PJSIP/4");
    agents[5].capacity = 3;
    RoutingPlan { order, missed_offers, ..plan(vec![general, billing, spanish, nurse], agents) }
}
