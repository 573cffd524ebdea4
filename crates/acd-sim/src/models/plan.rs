//! A model as a plan: the queues, rules, profiles and agents by which the Router routes it.
//!
//! Nothing but what an operator could write. Each kind of call has a queue that asks for a skill of the
//! same name. A limit of calls in the system is an admission rule. Where only so many may wait, calls
//! enter by a queue in which nobody stays: who is not answered at once is turned away there, or moves on
//! to the line.

use super::file::{AgentSelection, CallSelection};
use super::model::{Group, Kind, Model, Wrong};
use acd_core::{
    Action, Admission, AgentPlan, Bound, Criterion, Gauge, LEVEL_MAX, Latch, Order, Priority,
    QueueId, QueuePlan, Requirement, RoutingPlan, Rule, Service, SkillId, Span, Treatment, When,
};

/// A plan, and how the calls of each kind enter.
pub(super) struct Routed {
    pub(super) plan: RoutingPlan,
    /// By kind.
    pub(super) entries: Vec<(QueueId, Priority)>,
    /// By agent: the index of his group.
    pub(super) groups: Vec<u16>,
}

pub(super) fn routed(model: &Model) -> Result<Routed, Wrong> {
    let (order, priorities) = order(model)?;
    let kinds = model.kinds.len() as u16;
    let has_doors = model.waiting_at_most.is_some_and(|waiting| waiting > 0);
    let mut queues: Vec<QueuePlan> =
        model.kinds.iter().zip(0..).map(|(kind, id)| line(model, kind, SkillId(id))).collect();
    if has_doors {
        let doors = model.kinds.iter().zip(0..).map(|(kind, id)| door(model, kind, id));
        queues.extend(doors.collect::<Vec<_>>());
    }
    let first_entry = if has_doors { kinds } else { 0 };
    let entries = (first_entry..).map(QueueId).zip(priorities).collect();
    let (mut agents, mut groups) = (Vec::new(), Vec::new());
    for (group, index) in model.groups.iter().zip(0..) {
        for number in 1..=group.at_most() {
            agents.push(agent(model, group, number, has_doors));
            groups.push(index);
        }
    }
    let skills = model.kinds.iter().map(|kind| kind.name.clone()).collect();
    let plan = RoutingPlan { order, skills, queues, agents, ..RoutingPlan::default() };
    Ok(Routed { plan, entries, groups })
}

/// How calls are compared, and the priority of each kind.
fn order(model: &Model) -> Result<(Order, Vec<Priority>), Wrong> {
    let has_credit = model.kinds.iter().any(|kind| kind.credit != Span(0));
    if model.call_selection == CallSelection::PriorityThenFcfs {
        if has_credit {
            return Err("priority_then_fcfs leaves no room for wait_credit".to_owned());
        }
        let mut classes: Vec<i64> = model.kinds.iter().map(|kind| kind.priority).collect();
        classes.sort_unstable();
        classes.dedup();
        let step = |kind: &Kind| classes.iter().rev().position(|class| *class == kind.priority);
        return Ok((Order::Strict, priorities(model, |kind| step(kind).unwrap_or(0) as u64)?));
    }
    if !has_credit {
        return Ok((Order::Strict, vec![Priority::NORMAL; model.kinds.len()]));
    }
    // All credits are so many steps of the same worth.
    let credits = model.kinds.iter().map(|kind| kind.credit.0);
    let per_step = credits.reduce(greatest_common_divisor).unwrap_or(1);
    let priorities = priorities(model, |kind| kind.credit.0 / per_step)?;
    Ok((Order::Credit { per_step: Span(per_step) }, priorities))
}

fn priorities(model: &Model, step: impl Fn(&Kind) -> u64) -> Result<Vec<Priority>, Wrong> {
    let one = |kind: &Kind| {
        let step = step(kind);
        let priority = u8::try_from(step).ok().and_then(Priority::new);
        priority.filter(|priority| *priority <= Priority::HIGHEST_BY_RULE).ok_or_else(|| {
            let most = Priority::HIGHEST_BY_RULE.get() + 1;
            format!("call type {} needs priority {step}; there are {most}", kind.name)
        })
    };
    model.kinds.iter().map(one).collect()
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Where calls of a kind wait.
fn line(model: &Model, kind: &Kind, skill: SkillId) -> QueuePlan {
    let mut rules = Vec::new();
    // Where doors are, calls have been admitted there.
    if model.waiting_at_most.is_none_or(|waiting| waiting == 0) {
        rules.extend(full(model));
    }
    let at_once = model.waiting_at_most == Some(0);
    let waited = if at_once { Span(0) } else { Span::LONGEST };
    rules.push(Rule::after(waited, "give-up", vec![Action::End(Treatment::Message)]));
    queue(model, &kind.name, skill, rules)
}

/// Where calls of a kind enter if only so many may wait.
fn door(model: &Model, kind: &Kind, id: u16) -> QueuePlan {
    let waiting = u64::from(model.waiting_at_most.unwrap_or(0));
    let too_many = Bound { gauge: Gauge::CallsWaiting, at_least: true, value: waiting + 1 };
    let latch = Latch { of: None, set: vec![too_many], clear: Vec::new() };
    let when = When { latch: Some(latch), ..When::default() };
    let end = vec![Action::End(Treatment::Message)];
    let mut rules: Vec<Rule> = full(model).into_iter().collect();
    rules.push(Rule { name: "line-full".to_owned(), when, repeat_every: None, then: end.clone() });
    rules.push(Rule::after(Span(0), "wait", vec![Action::MoveTo(QueueId(id))]));
    rules.push(Rule::after(Span::LONGEST, "give-up", end));
    queue(model, &format!("{}-door", kind.name), SkillId(id), rules)
}

/// Turns away whoever finds too many in the system.
fn full(model: &Model) -> Option<Rule> {
    let most = model.in_system_at_most?;
    let admission = Admission { calls_in_system: Some(most), ..Admission::default() };
    let when = When { admission: Some(admission), ..When::default() };
    let then = vec![Action::End(Treatment::Message)];
    Some(Rule { name: "system-full".to_owned(), when, repeat_every: None, then })
}

fn queue(model: &Model, name: &str, skill: SkillId, rules: Vec<Rule>) -> QueuePlan {
    let require = Requirement { skills: vec![(skill, 1)], any_of: Vec::new() };
    let select = match model.agent_selection {
        AgentSelection::LevelThenLongestIdle => vec![Criterion::HighestLevel],
        AgentSelection::LongestIdle => vec![Criterion::LongestIdle],
        AgentSelection::LowestIndex => vec![Criterion::Listed],
    };
    let has_notes = model.groups.iter().any(|group| group.notes.is_some());
    let wrap_up = if has_notes { Span::LONGEST } else { Span(0) };
    let queue = QueuePlan::new(name, require, rules);
    QueuePlan { select, wrap_up, wrap_up_at_most: wrap_up.max(queue.wrap_up_at_most), ..queue }
}

fn agent(model: &Model, group: &Group, number: u32, has_doors: bool) -> AgentPlan {
    let own = || (0u16..).zip(&group.skills).filter_map(|(id, skill)| Some((id, skill.as_ref()?)));
    // The best number of a model is the smallest, the best of acdd's the highest.
    let turned = |number: u8| LEVEL_MAX + 1 - number;
    let skills = own().map(|(id, skill)| (SkillId(id), turned(skill.level))).collect();
    let services = own().map(|(id, skill)| {
        let rank = match model.call_selection {
            CallSelection::LevelThenFcfs => turned(skill.level),
            CallSelection::RankThenFcfs => turned(skill.rank),
            CallSelection::Fcfs | CallSelection::PriorityThenFcfs => Service::default().rank,
        };
        (QueueId(id), Service { rank, delay: skill.delay })
    });
    let services: Vec<(QueueId, Service)> = services.collect();
    let kinds = model.kinds.len() as u16;
    let at_doors = services.iter().map(|(queue, service)| (QueueId(queue.0 + kinds), *service));
    let at_doors: Vec<_> = at_doors.filter(|_| has_doors).collect();
    let mut agent = AgentPlan::new(&format!("{}-{number}", group.name), skills);
    agent.queues = [services, at_doors].concat();
    agent
}
