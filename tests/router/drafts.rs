//! Plans written in names, so that the same thing can be found in another plan.

use crate::plans::{self, seconds};
use acd_core::{
    Action, AdapterId, Admission, Channel, Criterion, DeskPlan, DispositionId, Endpoint,
    MissedOffers, Order, Priority, QueueId, RANK_MAX, Requirement, RoutingPlan, Service, SkillId,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeMap;

const QUEUES: [&str; 4] = ["general", "billing", "spanish", "nurse"];
const AGENTS: [&str; 6] = ["ana", "ben", "chloe", "dan", "eve", "fred"];
const SKILLS: [&str; 3] = ["billing", "spanish", "nurse"];
const REASONS: [&str; 2] = ["break", "lunch"];
const DISPOSITIONS: [&str; 3] = ["resolved", "follow-up", "spam"];
const RULES: [&str; 4] = ["widen", "help", "raise", "on"];

/// A requirement or an agent's skills in names: those that the plan does not know are left out.
pub(crate) type Levels = Vec<(&'static str, u8)>;

#[derive(Clone, Debug)]
pub(crate) struct QueueDraft {
    require: Levels,
    any_of: Vec<Levels>,
    select: Vec<Criterion>,
    within: u64,
    wrap_up: u64,
    /// What agents may say of its calls.
    dispositions: Vec<&'static str>,
    /// Name, when, what kind of action, a queue to lead to, levels to ask for.
    rules: Vec<(&'static str, WhenDraft, u8, &'static str, Levels)>,
}

#[derive(Clone, Debug)]
enum WhenDraft {
    Waited(u64),
    /// On entry, with so many others in the system of that queue, or of the domain.
    InSystem(u32, Option<&'static str>),
}

#[derive(Clone, Debug)]
pub(crate) struct AgentDraft {
    skills: Levels,
    capacity: u8,
    /// How many chats he takes.
    chats: u8,
    adapter: Option<u16>,
    /// Queue, rank, delay.
    services: Vec<(&'static str, u8, u64)>,
    only: bool,
}

/// A plan in names, to be written down in any order.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    order: Order,
    skills: Vec<&'static str>,
    reasons: Vec<&'static str>,
    dispositions: Vec<&'static str>,
    /// What routes ask for besides: levels, and alternatives.
    extras: Vec<(Levels, Vec<Levels>)>,
    queues: Vec<(&'static str, QueueDraft)>,
    agents: Vec<(&'static str, AgentDraft)>,
}

impl Draft {
    fn requirement(&self, levels: &Levels) -> Requirement {
        let skill = |name| self.skills.iter().position(|known| *known == name);
        let known = levels.iter().filter_map(|(name, level)| Some((skill(*name)? as u16, *level)));
        let mut skills: Vec<_> = known.map(|(skill, level)| (SkillId(skill), level)).collect();
        skills.sort_unstable();
        Requirement { skills, any_of: Vec::new() }
    }

    fn with_alternatives(&self, levels: &Levels, any_of: &[Levels]) -> Requirement {
        let any_of = any_of.iter().map(|one| self.requirement(one).skills);
        let any_of = any_of.filter(|one| !one.is_empty()).collect();
        Requirement { any_of, ..self.requirement(levels) }
    }

    pub(crate) fn plan(&self) -> RoutingPlan {
        let place = |name| self.queues.iter().position(|(known, _)| *known == name);
        let queues = self.queues.iter().map(|(name, draft)| {
            let rules = draft.rules.iter().filter_map(|(rule, when, kind, to, levels)| {
                let to = place(*to).filter(|_| to != name).map(|to| QueueId(to as u16));
                let action = match kind {
                    0 | 1 => Action::Require(self.requirement(levels)),
                    2 => Action::AddQueue { to: to?, while_active: false },
                    3 => Action::MoveTo(to?),
                    5 => match self.requirement(levels).skills {
                        skills if skills.is_empty() => return None,
                        skills => {
                            Action::Drop(skills.into_iter().map(|(skill, _)| skill).collect())
                        }
                    },
                    _ => Action::RaisePriority(Priority::HIGHEST_BY_RULE),
                };
                Some(match when {
                    WhenDraft::Waited(waited) => plans::rule(rule, *waited, vec![action]),
                    WhenDraft::InSystem(calls, of) => {
                        let of = match of {
                            Some(of) => Some(QueueId(place(*of)? as u16)),
                            None => None,
                        };
                        let mut rule = plans::rule(rule, 0, vec![action]);
                        let calls_in_system = Some(*calls);
                        rule.when.admission =
                            Some(Admission { of, closed: false, calls_in_system });
                        rule
                    }
                })
            });
            let require = self.with_alternatives(&draft.require, &draft.any_of);
            let mut queue = plans::queue(name, require, rules.collect());
            queue.wrap_up = seconds(draft.wrap_up);
            queue.wrap_up_at_most = seconds(2 * draft.wrap_up);
            let known = |name| self.dispositions.iter().position(|known| known == name);
            let offered = draft.dispositions.iter().filter_map(known);
            queue.dispositions = offered.map(|it| DispositionId(it as u16)).collect();
            queue.service_level.within = seconds(draft.within);
            queue.affinity.wait = seconds(draft.within / 2);
            queue.select.clone_from(&draft.select);
            queue
        });
        let agents = self.agents.iter().map(|(id, draft)| {
            let mut agent = plans::agent(id, &[]);
            agent.skills = self.requirement(&draft.skills).skills;
            agent.desks[0].capacity = draft.capacity;
            if draft.chats > 0 {
                let (channel, capacity) = (Channel::Chat, draft.chats);
                agent.desks.push(DeskPlan { channel, capacity, endpoint: None });
            }
            let services = draft.services.iter().filter_map(|(queue, rank, delay)| {
                let service = Service { rank: *rank, delay: seconds(*delay) };
                Some((QueueId(place(*queue)? as u16), service))
            });
            agent.queues = services.collect::<BTreeMap<_, _>>().into_iter().collect();
            agent.only = draft.only;
            let address = (*id).to_owned();
            agent.desks[0].endpoint =
                draft.adapter.map(|adapter| Endpoint { adapter: AdapterId(adapter), address });
            agent
        });
        let mut extras: Vec<Requirement> = Vec::new();
        for (levels, any_of) in &self.extras {
            let extra = self.with_alternatives(levels, any_of);
            if !extra.is_nothing() && !extras.contains(&extra) {
                extras.push(extra);
            }
        }
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        RoutingPlan {
            order: self.order,
            missed_offers: MissedOffers::StayReady,
            skills: texts(&self.skills),
            reasons: texts(&self.reasons),
            dispositions: texts(&self.dispositions),
            extras,
            ..plans::plan(queues.collect(), agents.collect())
        }
    }

    /// The same plan, written down in another order.
    pub(crate) fn turned(&self, by: usize) -> Self {
        let mut turned = self.clone();
        turned.skills.rotate_left(by % self.skills.len().max(1));
        turned.reasons.reverse();
        turned.dispositions.reverse();
        turned.queues.rotate_left(by % self.queues.len().max(1));
        turned.agents.rotate_left(by % self.agents.len().max(1));
        turned
    }
}

fn levels() -> impl Strategy<Value = Levels> {
    prop_oneof![
        2 => Just(Vec::new()),
        5 => (select(&SKILLS[..]), 1..=6_u8).prop_map(|one| vec![one]),
        1 => (1..=4_u8, 1..=4_u8).prop_map(|(a, b)| vec![("billing", a), ("spanish", b)]),
    ]
}

/// Mostly all of them, in any order.
fn some_of<T: Copy + std::fmt::Debug + 'static>(
    all: &'static [T],
) -> impl Strategy<Value = Vec<T>> {
    prop_oneof![
        24 => Just(all.to_vec()).prop_shuffle(),
        3 => subsequence(all, all.len().saturating_sub(2)..=all.len()).prop_shuffle(),
        1 => subsequence(all, 0..=all.len()).prop_shuffle(),
    ]
}

pub(crate) fn a_draft() -> impl Strategy<Value = Draft> {
    let of = prop::option::weighted(0.8, select(&QUEUES[..]));
    let when = prop_oneof![
        4 => (0..40_u64).prop_map(WhenDraft::Waited),
        1 => (0..6_u32, of).prop_map(|(calls, of)| WhenDraft::InSystem(calls, of)),
    ];
    let rule = (
        some_of(&RULES),
        prop::collection::vec((when, 0..6_u8, select(&QUEUES[..]), levels()), RULES.len()),
    )
        .prop_map(|(names, rules)| {
            let named = names.into_iter().zip(rules);
            named.map(|(name, (when, kind, to, levels))| (name, when, kind, to, levels)).collect()
        });
    let criteria = subsequence(Criterion::ALL.to_vec(), 1..=3).prop_shuffle();
    let any_of = || prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(levels(), 1..3)];
    let wrap_up = (select(vec![0, 7, 20]), some_of(&DISPOSITIONS));
    let queue = (levels(), any_of(), criteria, 1..60_u64, wrap_up, rule).prop_map(
        |(require, any_of, select, within, (wrap_up, dispositions), rules)| QueueDraft {
            require,
            any_of,
            select,
            within,
            wrap_up,
            dispositions,
            rules,
        },
    );
    let skills = prop::collection::vec(1..=9_u8, SKILLS.len())
        .prop_map(|levels| SKILLS.into_iter().zip(levels).filter(|(_, it)| *it > 2).collect());
    let capacity =
        (prop_oneof![6 => Just(2), 1 => 1..=3_u8], prop_oneof![4 => Just(1), 1 => 0..=2_u8]);
    let service = (select(&QUEUES[..]), 1..=RANK_MAX, select(vec![0, 0, 7, 20]));
    let profile = (prop::collection::vec(service, 0..3), prop::bool::weighted(0.1));
    let agent = (skills, capacity, prop::option::weighted(0.3, 0..2_u16), profile).prop_map(
        |(skills, (capacity, chats), adapter, (services, only))| AgentDraft {
            skills,
            capacity,
            chats,
            adapter,
            services,
            only,
        },
    );
    let extras = prop::collection::vec((levels(), any_of()), 0..3);
    let queues = (some_of(&QUEUES), prop::collection::vec(queue, QUEUES.len()));
    let agents = (some_of(&AGENTS), prop::collection::vec(agent, AGENTS.len()));
    let orders = vec![
        Order::Strict,
        Order::Credit { per_step: seconds(90) },
        Order::Oldest,
        Order::Deadline,
    ];
    let names = (some_of(&SKILLS), some_of(&REASONS), some_of(&DISPOSITIONS));
    (select(orders), names, extras, queues, agents).prop_map(
        |(order, (skills, reasons, dispositions), extras, queues, agents)| Draft {
            order,
            skills,
            reasons,
            dispositions,
            extras,
            queues: queues.0.into_iter().zip(queues.1).collect(),
            agents: agents.0.into_iter().zip(agents.1).collect(),
        },
    )
}
