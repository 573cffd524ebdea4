//! Small plans for tests of the Router, written in a few words.

use acd_core::{
    Action, AgentPlan, Channels, MissedOffers, Order, QueuePlan, Requirement, RoutingPlan, Rule,
    SkillId, Span, Treatment,
};

pub(crate) fn seconds(seconds: u64) -> Span {
    Span::from_secs(seconds)
}

pub(crate) fn levels(skills: &[(u16, u8)]) -> Vec<(SkillId, u8)> {
    skills.iter().map(|(skill, level)| (SkillId(*skill), *level)).collect()
}

pub(crate) fn rule(name: &str, waited: u64, then: Vec<Action>) -> Rule {
    Rule::after(seconds(waited), name, then)
}

pub(crate) fn queue(name: &str, require: Requirement, mut rules: Vec<Rule>) -> QueuePlan {
    rules.push(rule("give-up", 600, vec![Action::End(Treatment::Voicemail)]));
    QueuePlan::new(name, require, rules)
}

pub(crate) fn agent(id: &str, skills: &[(u16, u8)]) -> AgentPlan {
    AgentPlan::new(id, levels(skills))
}

pub(crate) fn plan(queues: Vec<QueuePlan>, agents: Vec<AgentPlan>) -> RoutingPlan {
    RoutingPlan {
        order: Order::Strict,
        short_abandon: seconds(5),
        exclude_for: seconds(30),
        connect_within: seconds(5),
        recovery_grace: seconds(10),
        missed_offers: MissedOffers::NotReadyAfter(2),
        seed: 0,
        channels: Channels::default(),
        shared_callers: Vec::new(),
        time_zone: "UTC".to_owned(),
        reasons: vec!["break".to_owned(), "lunch".to_owned()],
        dispositions: ["resolved", "follow-up", "spam"].map(str::to_owned).to_vec(),
        adapters: vec!["pbx".to_owned(), "other".to_owned()],
        skills: ["billing", "spanish", "nurse"].map(str::to_owned).to_vec(),
        hard: Vec::new(),
        numbers: vec!["+15550100".to_owned()],
        announcements: vec!["please-hold".to_owned()],
        ladders: vec!["on-call".to_owned()],
        extras: Vec::new(),
        routes: Vec::new(),
        queues,
        agents,
    }
}
