//! What ops decide: queues, requirements, rules, agents, compiled to handles.
//!
//! A plan is checked before a Router takes it, so that no later step has to doubt an index.

use crate::ids::{AdapterId, AgentId, AnnouncementId, NumberId, Priority, QueueId, SkillId, Span};
use std::fmt;

/// The highest level of a skill; the lowest is 1.
pub const LEVEL_MAX: u8 = 10;
/// The most skills that a plan may name.
pub const SKILLS_MAX: usize = 4_096;
/// The most queues that a plan may name.
pub const QUEUES_MAX: usize = 4_096;
/// The most agents that a plan may name.
pub const AGENTS_MAX: usize = 1_000_000;
/// The most rules that a queue may have.
pub const RULES_MAX: usize = 64;
/// The most calls that an agent may hold on one channel.
pub const CAPACITY_MAX: u8 = 16;

/// The whole of one domain's routing, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingPlan {
    /// How waiting calls are compared.
    pub order: Order,
    /// A hang-up before `connected` at a lower age is `short_abandoned`.
    pub short_abandon: Span,
    /// How long an agent who declined or missed a call is skipped for it.
    pub exclude_for: Span,
    /// How long the adapter has to bridge after `connect`.
    pub connect_within: Span,
    /// How long an adapter that comes back may take to say what it holds.
    pub recovery_grace: Span,
    /// What happens to an agent who leaves offers unanswered.
    pub missed_offers: MissedOffers,
    /// Names of the reasons for which an agent may be not ready.
    pub reasons: Vec<String>,
    /// Names of the adapters that some endpoint mentions.
    pub adapters: Vec<String>,
    /// Names of the skills.
    pub skills: Vec<String>,
    /// The telephone numbers that rules transfer to.
    pub numbers: Vec<String>,
    /// Names of the announcements that rules have played.
    pub announcements: Vec<String>,
    /// The queues, in the order of the file.
    pub queues: Vec<QueuePlan>,
    /// The agents, in the order of the file.
    pub agents: Vec<AgentPlan>,
}

impl Default for RoutingPlan {
    /// A domain without queues and agents, as it is before its first plan.
    fn default() -> Self {
        Self {
            order: Order::Strict,
            short_abandon: Span::from_secs(5),
            exclude_for: Span::from_secs(30),
            connect_within: Span::from_secs(5),
            recovery_grace: Span::from_secs(10),
            missed_offers: MissedOffers::StayReady,
            reasons: Vec::new(),
            adapters: Vec::new(),
            skills: Vec::new(),
            numbers: Vec::new(),
            announcements: Vec::new(),
            queues: Vec::new(),
            agents: Vec::new(),
        }
    }
}

/// How waiting calls are compared; priority 9 comes first under each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Priority, then age.
    Strict,
    /// Age, where each step of priority above or below 5 is worth `per_step` of waiting.
    Credit {
        /// The worth of one step.
        per_step: Span,
    },
}

/// What happens to an agent who declines an offer or lets it ring out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissedOffers {
    /// He stays ready, behind those who have missed none.
    StayReady,
    /// He becomes not ready after this many in a row, at least 1.
    NotReadyAfter(u32),
}

/// One queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePlan {
    /// Its name.
    pub name: String,
    /// What an agent must have to be offered its calls.
    pub require: Requirement,
    /// How a call picks among the agents who have it; the first criterion that differs decides.
    pub select: Vec<Criterion>,
    /// How long an offer may ring, counted from its issue.
    pub ring: Span,
    /// How long an agent has after a call before he is free again; zero for none.
    pub wrap_up: Span,
    /// The promise that supervisors measure the queue by.
    pub service_level: ServiceLevel,
    /// Overflow rules. The last one ends the call or transfers it out of acdd.
    pub rules: Vec<Rule>,
}

/// So many percent answered within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceLevel {
    /// 1..=100.
    pub answered_percent: u8,
    /// Measured from entry into the queue to connected.
    pub within: Span,
}

/// All of these skills, each at least at its level; sorted by skill, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement {
    /// (skill, lowest level that will do).
    pub skills: Vec<(SkillId, u8)>,
}

/// How a call picks among several agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// The one who has been idle longest.
    LongestIdle,
    /// The one with the highest sum of levels over the skills required.
    HighestLevel,
}

/// One overflow rule of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique in its queue.
    pub name: String,
    /// Fires once the call has been this long in the queue.
    pub waited: Span,
    /// What it does, in this order.
    pub then: Vec<Action>,
}

/// What a rule does to a waiting call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Raises the priority, to 8 at most; never lowers it.
    RaisePriority(Priority),
    /// Replaces the queue's requirement for this call and stay.
    Require(Requirement),
    /// The call waits in this queue too.
    AddQueue(QueueId),
    /// The call leaves this queue for that one.
    MoveTo(QueueId),
    /// The call leaves acdd.
    End(Treatment),
    /// The caller is transferred to this number, and leaves acdd.
    TransferTo(NumberId),
    /// The waiting caller hears this.
    Play(AnnouncementId),
}

impl Action {
    /// Whether the call is not in the queue any more afterwards.
    const fn leaves(&self) -> bool {
        match self {
            Self::MoveTo(_) | Self::End(_) | Self::TransferTo(_) => true,
            Self::RaisePriority(_) | Self::Require(_) | Self::AddQueue(_) | Self::Play(_) => false,
        }
    }
}

/// What the adapter does with a call that acdd ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Treatment {
    /// A busy tone.
    Busy,
    /// A mailbox.
    Voicemail,
    /// A recorded message, then hang up.
    Message,
    /// Hang up without more; only a person asks for it.
    HangUp,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPlan {
    /// The id that he logs in with.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// (skill, level 1..=10); sorted by skill, each once.
    pub skills: Vec<(SkillId, u8)>,
    /// Which device rings; without one, the call's own adapter rings the agent by his id.
    pub voice: Option<Endpoint>,
    /// How many voice calls he may hold, 1..=16.
    pub capacity: u8,
}

/// A device, and the adapter that can ring it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// An index into `RoutingPlan::adapters`.
    pub adapter: AdapterId,
    /// What that adapter calls the device.
    pub address: String,
}

impl Requirement {
    /// Whether these skills (sorted) meet it, and with which sum of levels over what it asks for.
    pub fn level_of(&self, skills: &[(SkillId, u8)]) -> Option<u32> {
        let mut sum = 0;
        for (skill, lowest) in &self.skills {
            let at = skills.binary_search_by_key(skill, |(held, _)| *held).ok()?;
            let level = skills[at].1;
            if level < *lowest {
                return None;
            }
            sum += u32::from(level);
        }
        Some(sum)
    }
}

/// Why a plan cannot be routed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDefect(pub String);

impl fmt::Display for PlanDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlanDefect {}

impl RoutingPlan {
    /// Checks every index and bound that the Router relies on.
    ///
    /// # Errors
    /// The first defect found, in words that name the place.
    pub fn check(&self) -> Result<(), PlanDefect> {
        bound("skills", self.skills.len(), SKILLS_MAX)?;
        bound("queues", self.queues.len(), QUEUES_MAX)?;
        bound("agents", self.agents.len(), AGENTS_MAX)?;
        bound("reasons", self.reasons.len(), usize::from(u16::MAX))?;
        bound("adapters", self.adapters.len(), usize::from(u16::MAX))?;
        bound("numbers", self.numbers.len(), usize::from(u16::MAX))?;
        bound("announcements", self.announcements.len(), usize::from(u16::MAX))?;
        let domain =
            [self.short_abandon, self.exclude_for, self.connect_within, self.recovery_grace];
        let credit = match self.order {
            Order::Strict => Span(0),
            Order::Credit { per_step } => per_step,
        };
        if domain.into_iter().chain([credit]).any(|span| span > Span::LONGEST) {
            return defect("routing: 31 days is the longest time".to_owned());
        }
        if self.connect_within == Span(0) {
            return defect("connect within: an adapter needs some time to bridge".to_owned());
        }
        if self.missed_offers == MissedOffers::NotReadyAfter(0) {
            return defect("missed offers: not ready after 0 makes nobody ready".to_owned());
        }
        for (index, queue) in self.queues.iter().enumerate() {
            self.check_queue(QueueId(index as u16), queue)?;
        }
        for agent in &self.agents {
            self.check_agent(agent)?;
        }
        Ok(())
    }

    fn check_queue(&self, id: QueueId, queue: &QueuePlan) -> Result<(), PlanDefect> {
        let at = format!("queue {}", queue.name);
        bound(&format!("{at}: rules"), queue.rules.len(), RULES_MAX)?;
        self.check_levels(&at, &queue.require.skills)?;
        if queue.ring == Span(0) {
            return defect(format!("{at}: an offer must ring for some time"));
        }
        let waits = queue.rules.iter().map(|rule| rule.waited);
        if waits.chain([queue.ring, queue.wrap_up]).any(|span| span > Span::LONGEST) {
            return defect(format!("{at}: 31 days is the longest time"));
        }
        for rule in &queue.rules {
            let at = format!("{at}, rule {}", rule.name);
            if rule.then.iter().rev().skip(1).any(Action::leaves) {
                return defect(format!("{at}: nothing can follow a move, a transfer or an end"));
            }
            for action in &rule.then {
                match action {
                    Action::RaisePriority(priority) if *priority > Priority::HIGHEST_BY_RULE => {
                        return defect(format!("{at}: rules raise to 8 at most"));
                    }
                    Action::RaisePriority(_) | Action::End(_) => {}
                    Action::TransferTo(number) if number.index() >= self.numbers.len() => {
                        return defect(format!("{at}: no such number"));
                    }
                    Action::Play(played) if played.index() >= self.announcements.len() => {
                        return defect(format!("{at}: no such announcement"));
                    }
                    Action::TransferTo(_) | Action::Play(_) => {}
                    Action::Require(requirement) => self.check_levels(&at, &requirement.skills)?,
                    Action::AddQueue(to) | Action::MoveTo(to) => {
                        if to.index() >= self.queues.len() {
                            return defect(format!("{at}: no such queue"));
                        }
                        if *to == id {
                            return defect(format!("{at}: a queue cannot lead to itself"));
                        }
                    }
                }
            }
        }
        let terminal = queue.rules.last().and_then(|rule| rule.then.last());
        match terminal {
            Some(Action::End(_) | Action::TransferTo(_)) => Ok(()),
            Some(_) | None => defect(format!("{at}: its last rule must end the call")),
        }
    }

    fn check_agent(&self, agent: &AgentPlan) -> Result<(), PlanDefect> {
        let at = format!("agent {}", agent.id);
        self.check_levels(&at, &agent.skills)?;
        if !(1..=CAPACITY_MAX).contains(&agent.capacity) {
            return defect(format!("{at}: capacity must be 1..={CAPACITY_MAX}"));
        }
        match &agent.voice {
            Some(endpoint) if endpoint.adapter.index() >= self.adapters.len() => {
                defect(format!("{at}: no such adapter"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_levels(&self, at: &str, skills: &[(SkillId, u8)]) -> Result<(), PlanDefect> {
        if !skills.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return defect(format!("{at}: skills must be sorted, each once"));
        }
        for (skill, level) in skills {
            if skill.index() >= self.skills.len() {
                return defect(format!("{at}: no such skill"));
            }
            if !(1..=LEVEL_MAX).contains(level) {
                return defect(format!("{at}: levels are 1..={LEVEL_MAX}"));
            }
        }
        Ok(())
    }

    /// The agents with their handles.
    pub fn agents_with_ids(&self) -> impl Iterator<Item = (AgentId, &AgentPlan)> {
        self.agents.iter().enumerate().map(|(index, agent)| (AgentId(index as u32), agent))
    }

    /// The queues with their handles.
    pub fn queues_with_ids(&self) -> impl Iterator<Item = (QueueId, &QueuePlan)> {
        self.queues.iter().enumerate().map(|(index, queue)| (QueueId(index as u16), queue))
    }
}

fn bound(what: &str, found: usize, most: usize) -> Result<(), PlanDefect> {
    if found <= most { Ok(()) } else { defect(format!("{what}: {found}, at most {most}")) }
}

fn defect<T>(message: String) -> Result<T, PlanDefect> {
    Err(PlanDefect(message))
}
