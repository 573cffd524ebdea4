//! The names of the plan: from what people write to handles, and back.

use crate::bounds::ID_BYTES_MAX;
use crate::refusal::{Refusal, RefusalKind, code};
use acd_core::{
    AdapterId, AgentId, Endpoint, NotReadyReason, Presence, QueueId, ReasonId, Requirement,
    RoutingPlan, SkillId,
};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A skill's name and a level of it.
pub type SkillLevels = Arc<[(Arc<str>, u8)]>;

/// What an agent must have to be offered a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asked {
    /// All of these.
    pub skills: SkillLevels,
    /// One of these, if there are any.
    pub any_of: Arc<[SkillLevels]>,
}

impl Default for Asked {
    /// Nothing.
    fn default() -> Self {
        Self { skills: Arc::from([]), any_of: Arc::from([]) }
    }
}

impl fmt::Display for Asked {
    /// `billing 3, spanish 5 or interpreter 1`; `no skill` of nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |levels: &SkillLevels| {
            let levels = levels.iter().map(|(skill, level)| format!("{skill} {level}"));
            levels.collect::<Vec<_>>().join(" and ")
        };
        let alternatives: Vec<String> = self.any_of.iter().map(one).collect();
        let all = [one(&self.skills), alternatives.join(" or ")];
        let all: Vec<String> = all.into_iter().filter(|part| !part.is_empty()).collect();
        f.write_str(if all.is_empty() { "no skill" } else { "" })?;
        f.write_str(&all.join(", "))
    }
}

/// Names of dispositions.
pub type Dispositions = Arc<[Arc<str>]>;

/// How many letters a slip of the pen stands among, at least.
const LETTERS_PER_SLIP: usize = 3;

/// The refusal of a name that the plan has not got.
fn unknown(what: &str, name: &str, known: &[Arc<str>], code: &'static str) -> Refusal {
    if name.len() > ID_BYTES_MAX {
        let message =
            format!("the name of a {what} has {} bytes, at most {ID_BYTES_MAX}", name.len());
        return Refusal::new(RefusalKind::InvalidArgument, code::TOO_LARGE, message);
    }
    let slips_max = (name.chars().count() / LETTERS_PER_SLIP).max(1);
    let slips = known.iter().map(|it| (strsim::damerau_levenshtein(name, it), it));
    let close = slips.filter(|(slips, _)| *slips <= slips_max).min_by_key(|(slips, _)| *slips);
    let meant = close.map(|(_, it)| format!(": did you mean `{it}`?")).unwrap_or_default();
    let message = format!("no {what} `{name}` in the configuration{meant}");
    Refusal::new(RefusalKind::NotFound, code, message)
}

/// The plan's names, shared by all who need one.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) plan: Arc<RoutingPlan>,
    queues: Vec<Arc<str>>,
    agents: Vec<Arc<str>>,
    skills: Vec<Arc<str>>,
    reasons: Vec<Arc<str>>,
    /// By queue: what agents may say of its calls.
    dispositions: Vec<Dispositions>,
    queue_ids: HashMap<Arc<str>, QueueId>,
    agent_ids: HashMap<Arc<str>, AgentId>,
    reason_ids: HashMap<Arc<str>, ReasonId>,
    /// Whose a telephone is; several agents may share one.
    devices: HashMap<(AdapterId, Arc<str>), Vec<AgentId>>,
    nothing: Arc<str>,
}

impl Names {
    pub(crate) fn new(plan: Arc<RoutingPlan>) -> Self {
        let queues: Vec<Arc<str>> = plan.queues.iter().map(|q| Arc::from(&*q.name)).collect();
        let agents: Vec<Arc<str>> = plan.agents.iter().map(|a| Arc::from(&*a.id)).collect();
        let skills: Vec<Arc<str>> = plan.skills.iter().map(|s| Arc::from(&**s)).collect();
        let reasons: Vec<Arc<str>> = plan.reasons.iter().map(|r| Arc::from(&**r)).collect();
        let dispositions: Vec<Arc<str>> =
            plan.dispositions.iter().map(|it| Arc::from(&**it)).collect();
        let dispositions = plan.queues.iter().map(|queue| {
            let offered = queue.dispositions.iter();
            offered.filter_map(|it| dispositions.get(it.index()).cloned()).collect()
        });
        let queue_ids = (0..).map(QueueId);
        let agent_ids = (0..).map(AgentId);
        let reason_ids = (0..).map(ReasonId);
        let mut devices: HashMap<_, Vec<AgentId>> = HashMap::new();
        for (agent, planned) in plan.agents_with_ids() {
            if let Some(Endpoint { adapter, address }) = planned.telephone() {
                devices.entry((*adapter, Arc::from(&**address))).or_default().push(agent);
            }
        }
        Self {
            queue_ids: queues.iter().cloned().zip(queue_ids).collect(),
            agent_ids: agents.iter().cloned().zip(agent_ids).collect(),
            reason_ids: reasons.iter().cloned().zip(reason_ids).collect(),
            dispositions: dispositions.collect(),
            queues,
            agents,
            skills,
            reasons,
            plan,
            devices,
            nothing: Arc::from(""),
        }
    }

    pub(crate) fn queue(&self, id: QueueId) -> &Arc<str> {
        self.queues.get(id.index()).unwrap_or(&self.nothing)
    }

    /// What an agent may say at the end of wrap-up of how a call of the queue came out.
    pub(crate) fn dispositions(&self, queue: QueueId) -> Dispositions {
        self.dispositions.get(queue.index()).cloned().unwrap_or_default()
    }

    pub(crate) fn agent(&self, id: AgentId) -> &Arc<str> {
        self.agents.get(id.index()).unwrap_or(&self.nothing)
    }

    pub(crate) fn skill(&self, id: SkillId) -> &Arc<str> {
        self.skills.get(id.index()).unwrap_or(&self.nothing)
    }

    pub(crate) fn queue_id(&self, name: &str) -> Option<QueueId> {
        self.queue_ids.get(name).copied()
    }

    pub(crate) fn agent_id(&self, id: &str) -> Option<AgentId> {
        self.agent_ids.get(id).copied()
    }

    /// The queue of this name.
    ///
    /// # Errors
    /// There is none; the refusal says what is close.
    pub(crate) fn queue_named(&self, name: &str) -> Result<Arc<str>, Refusal> {
        let known = self.queue_ids.get_key_value(name);
        known
            .map(|(name, _)| Arc::clone(name))
            .ok_or_else(|| unknown("queue", name, &self.queues, code::UNKNOWN_QUEUE).at("queues"))
    }

    /// The same for an agent's id.
    pub(crate) fn agent_named(&self, id: &str) -> Result<Arc<str>, Refusal> {
        let known = self.agent_ids.get_key_value(id);
        known
            .map(|(id, _)| Arc::clone(id))
            .ok_or_else(|| unknown("agent", id, &self.agents, code::UNKNOWN_AGENT).at("agents"))
    }

    /// The same for a skill.
    pub(crate) fn skill_named(&self, name: &str) -> Result<SkillId, Refusal> {
        let known = self.skills.iter().position(|known| &**known == name);
        known
            .map(|index| SkillId(index as u16))
            .ok_or_else(|| unknown("skill", name, &self.skills, code::UNKNOWN_SKILL).at("skill"))
    }

    /// The agents whom this adapter rings at an address: those whose endpoint it is; else the one
    /// without an endpoint whose id it is.
    pub(crate) fn agents_at(&self, adapter: AdapterId, address: &str) -> &[AgentId] {
        if let Some(agents) = self.devices.get(&(adapter, Arc::from(address))) {
            return agents;
        }
        let Some(agent) = self.agent_ids.get(address) else { return &[] };
        match self.plan.agents.get(agent.index()) {
            Some(planned) if planned.telephone().is_none() => std::slice::from_ref(agent),
            Some(_) | None => &[],
        }
    }

    pub(crate) fn reason_id(&self, name: &str) -> Option<ReasonId> {
        self.reason_ids.get(name).copied()
    }

    pub(crate) fn asked(&self, requirement: &Requirement) -> Asked {
        let any_of = requirement.any_of.iter().map(|one| self.skill_levels(one));
        Asked { skills: self.skill_levels(&requirement.skills), any_of: any_of.collect() }
    }

    pub(crate) fn skill_levels(&self, skills: &[(SkillId, u8)]) -> SkillLevels {
        skills.iter().map(|(skill, level)| (self.skill(*skill).clone(), *level)).collect()
    }

    /// Why an agent of this presence takes no calls; empty when he takes them, gave no reason, or
    /// is not there.
    pub(crate) fn reason(&self, presence: Presence) -> Arc<str> {
        match presence {
            Presence::NotReady(NotReadyReason::Named(id)) => {
                self.reasons.get(id.index()).unwrap_or(&self.nothing).clone()
            }
            Presence::NotReady(NotReadyReason::MissedOffers) => Arc::from("missed_offers"),
            Presence::NotReady(NotReadyReason::Forced) => Arc::from("forced"),
            Presence::NotReady(NotReadyReason::DeviceOutOfService) => {
                Arc::from("device_out_of_service")
            }
            Presence::NotReady(NotReadyReason::HeartbeatLost) => Arc::from("heartbeat_lost"),
            Presence::NotReady(NotReadyReason::Unstated)
            | Presence::LoggedOut
            | Presence::Ready => self.nothing.clone(),
        }
    }

    /// `queue/rule`.
    pub(crate) fn rule(&self, queue: QueueId, rule: u16) -> String {
        format!("{}/{}", self.queue(queue), self.rule_name(queue, rule))
    }

    pub(crate) fn rule_name(&self, queue: QueueId, rule: u16) -> &str {
        let queue = self.plan.queues.get(queue.index());
        let rule = queue.and_then(|queue| queue.rules.get(usize::from(rule)));
        rule.map_or("", |rule| &rule.name)
    }
}
