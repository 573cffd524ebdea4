//! What ops decide: queues, requirements, rules, agents, compiled to handles.
//!
//! A plan is checked before a Router takes it, so that no later step has to doubt an index.

mod channels;
mod check;
mod requirement;
mod routes;
mod rules;

pub use channels::{Channel, ChannelPlan, Channels};
pub(crate) use check::bound;
pub use requirement::Requirement;
pub use routes::{
    Arriving, Match, PATTERN_BYTES_MAX, PATTERNS_MAX, Pattern, ROUTES_MAX, Route, Said,
};
pub use rules::{Action, Admission, Bound, Gauge, Latch, Rule, When};

use crate::ids::{AdapterId, AgentId, DispositionId, Priority, QueueId, SkillId, Span};
use std::fmt;

/// The highest level of a skill; the lowest is 1.
pub const LEVEL_MAX: u8 = 10;
/// The most skills that a plan may name.
pub const SKILLS_MAX: usize = 4_096;
/// The most queues that a plan may name.
pub const QUEUES_MAX: usize = 4_096;
/// The most agents that a plan may name.
pub const AGENTS_MAX: usize = 1_000_000;
/// The most measures that a latch may look at.
pub const BOUNDS_MAX: usize = 8;
/// The most rules that a queue may have.
pub const RULES_MAX: usize = 64;
/// The most calls that an agent may hold on one channel.
pub const CAPACITY_MAX: u8 = 16;
/// The most dispositions that a queue may offer to choose from.
pub const DISPOSITIONS_MAX: usize = 256;
/// The most agents whom a call is offered to at once.
pub const BROADCAST_MAX: u8 = 16;
/// The most alternatives of a requirement.
pub const ALTERNATIVES_MAX: usize = 16;
/// The highest rank that a queue has for an agent; the lowest is 1.
pub const RANK_MAX: u8 = 10;
/// The most different delays that agents may have for one queue.
pub const DELAYS_MAX: usize = 16;
/// The most extra requirements of routes, with all that `drop` may leave of them.
pub const EXTRAS_MAX: usize = 1_024;
/// The most demands of a plan: what its queues and their rules require, each alone and with each
/// extra requirement.
pub const DEMANDS_MAX: usize = 65_536;

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
    /// What the criterion `random` draws by.
    pub seed: u64,
    /// Which channels an agent may mix.
    pub channels: Channels,
    /// Callers who are not told from others: withheld, or shared by many.
    pub shared_callers: Vec<Pattern>,
    /// The name of the time zone by whose midnight days are counted; the Router does not look at it.
    pub time_zone: String,
    /// Names of the reasons for which an agent may be not ready.
    pub reasons: Vec<String>,
    /// Names of the dispositions, by which agents say how conversations came out.
    pub dispositions: Vec<String>,
    /// Names of the adapters that some endpoint mentions.
    pub adapters: Vec<String>,
    /// Names of the skills.
    pub skills: Vec<String>,
    /// Skills that no rule relaxes: licences; sorted, each once.
    pub hard: Vec<SkillId>,
    /// The telephone numbers that rules transfer to.
    pub numbers: Vec<String>,
    /// Names of the announcements that rules have played.
    pub announcements: Vec<String>,
    /// Names of the on-call ladders that rules begin.
    pub ladders: Vec<String>,
    /// What calls may ask for besides what their queues do; each once.
    pub extras: Vec<Requirement>,
    /// Where calls go whose adapter names no queue: the first that matches counts, the last one
    /// matches all. None if adapters always name one.
    pub routes: Vec<Route>,
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
            seed: 0,
            channels: Channels::default(),
            shared_callers: Vec::new(),
            time_zone: "UTC".to_owned(),
            reasons: Vec::new(),
            dispositions: Vec::new(),
            adapters: Vec::new(),
            skills: Vec::new(),
            hard: Vec::new(),
            numbers: Vec::new(),
            announcements: Vec::new(),
            ladders: Vec::new(),
            extras: Vec::new(),
            routes: Vec::new(),
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
    /// Age alone.
    Oldest,
    /// Priority, then the earliest instant by which one of its queues promises an answer.
    Deadline,
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
    /// To how many agents at once a call is offered that picks, 1..=16.
    pub broadcast: u8,
    /// How long an offer may ring, counted from its issue.
    pub ring: Span,
    /// How long an agent has after a call before he is free again; zero for none.
    pub wrap_up: Span,
    /// How long it lasts when the agent extends it, from its beginning; not below `wrap_up`.
    pub wrap_up_at_most: Span,
    /// What an agent may say at the end of it of how the conversation came out; each once, in the
    /// order in which he is asked.
    pub dispositions: Vec<DispositionId>,
    /// The promise that supervisors measure the queue by.
    pub service_level: ServiceLevel,
    /// The name of the time zone by whose midnight its days are counted; the Router does not look at it.
    pub time_zone: String,
    /// The agents that are left to urgent calls.
    pub keep_free: Option<KeepFree>,
    /// How a call waits for one agent before it is anybody's.
    pub affinity: Affinity,
    /// Whether rules with `closed` act on the calls that wait when the queue closes, too.
    pub closing_ends_waits: bool,
    /// Overflow rules. The last one ends the call or transfers it out of acdd.
    pub rules: Vec<Rule>,
}

impl QueuePlan {
    /// One that rings for 15 s, gives no time for notes and keeps nobody for anybody.
    pub fn new(name: &str, require: Requirement, rules: Vec<Rule>) -> Self {
        Self {
            name: name.to_owned(),
            require,
            select: vec![Criterion::LongestIdle],
            broadcast: 1,
            ring: Span::from_secs(15),
            wrap_up: Span(0),
            wrap_up_at_most: Span::from_secs(600),
            dispositions: Vec::new(),
            service_level: ServiceLevel { answered_percent: 80, within: Span::from_secs(20) },
            time_zone: "UTC".to_owned(),
            keep_free: None,
            affinity: Affinity::default(),
            closing_ends_waits: false,
            rules,
        }
    }
}

/// The last agents of a queue are held back for what is urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepFree {
    /// How many are held back: of those whom its own requirement lets serve the queue, and who could
    /// be offered a call of the channel now.
    pub agents: u32,
    /// From this priority on a call may have them.
    pub for_priority: Priority,
}

/// How a call waits for the agent whom it names, or who last talked with its caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Affinity {
    /// How long it is remembered who last talked with a caller; zero for not at all.
    pub window: Span,
    /// How long a call waits for that agent, or the one it names, counted from when it began to wait.
    pub wait: Span,
}

/// So many percent answered within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceLevel {
    /// 1..=100.
    pub answered_percent: u8,
    /// Measured from entry into the queue to connected.
    pub within: Span,
}

/// How a call picks among several agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Criterion {
    /// The one who has been idle longest.
    LongestIdle,
    /// The one with the highest sum of levels over the skills required.
    HighestLevel,
    /// The one with the lowest such sum: it spares the experts.
    LowestLevel,
    /// The one with the highest rank for the queue.
    Rank,
    /// The one with the least busy time for his ready time since he logged in, as it stood when he
    /// became available.
    LeastOccupied,
    /// The one with the fewest connected calls since he logged in.
    FewestCalls,
    /// The one whose last offer is the longest ago.
    RoundRobin,
    /// The first in the order of the plan.
    Listed,
    /// One by chance, drawn from the seed, the offer and the call.
    Random,
}

impl Criterion {
    /// Every one that there is.
    pub const ALL: [Self; 9] = [
        Self::LongestIdle,
        Self::HighestLevel,
        Self::LowestLevel,
        Self::Rank,
        Self::LeastOccupied,
        Self::FewestCalls,
        Self::RoundRobin,
        Self::Listed,
        Self::Random,
    ];
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
    /// Where he takes calls: at least one, sorted by channel, each once.
    pub desks: Vec<DeskPlan>,
    /// How he serves particular queues; sorted by queue, each once.
    pub queues: Vec<(QueueId, Service)>,
    /// He serves no others.
    pub only: bool,
}

/// Where an agent takes calls of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskPlan {
    /// Which; never `Callback`, which takes slots of `Voice`.
    pub channel: Channel,
    /// How many calls he may hold there at once, 1..=16.
    pub capacity: u8,
    /// Which device rings; without one, the call's own adapter rings the agent by his id.
    pub endpoint: Option<Endpoint>,
}

/// How an agent serves a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// 1..=10: of the calls that he may take, those of the higher rank come first.
    pub rank: u8,
    /// How long a call must have waited in the queue before he may take it.
    pub delay: Span,
}

impl Default for Service {
    fn default() -> Self {
        Self { rank: 5, delay: Span(0) }
    }
}

impl AgentPlan {
    /// One who is called by his id, takes one call at a time, and serves every queue alike.
    pub fn new(id: &str, skills: Vec<(SkillId, u8)>) -> Self {
        let (id, name) = (id.to_owned(), id.to_owned());
        let desks = vec![DeskPlan { channel: Channel::Voice, capacity: 1, endpoint: None }];
        Self { id, name, skills, desks, queues: Vec::new(), only: false }
    }

    /// Where he takes calls of a channel, if he does.
    pub fn desk(&self, channel: Channel) -> Option<&DeskPlan> {
        let slots = channel.of_slots();
        self.desks.iter().find(|desk| desk.channel == slots)
    }

    /// The telephone that rings for him.
    pub fn telephone(&self) -> Option<&Endpoint> {
        self.desk(Channel::Voice)?.endpoint.as_ref()
    }

    /// The channel of each of his slots, in their order.
    pub fn slots(&self) -> impl Iterator<Item = Channel> + '_ {
        let of_desk = |desk: &DeskPlan| {
            (0..desk.capacity).map({
                let channel = desk.channel;
                move |_| channel
            })
        };
        self.desks.iter().flat_map(of_desk)
    }

    /// How he serves a queue; `None` if his profile bars it.
    pub fn service(&self, queue: QueueId) -> Option<Service> {
        match self.queues.binary_search_by_key(&queue, |(queue, _)| *queue) {
            Ok(at) => Some(self.queues[at].1),
            Err(_) => (!self.only).then(Service::default),
        }
    }

    /// The sum of his levels over what a queue asks for with `requirement`; `None` if he may not
    /// serve it, or does not meet that.
    pub fn level_for(&self, queue: QueueId, requirement: &Requirement) -> Option<u32> {
        self.service(queue)?;
        requirement.level_of(&self.skills)
    }
}

/// A device, and the adapter that can ring it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// An index into `RoutingPlan::adapters`.
    pub adapter: AdapterId,
    /// What that adapter calls the device.
    pub address: String,
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
    /// The agents with their handles.
    pub fn agents_with_ids(&self) -> impl Iterator<Item = (AgentId, &AgentPlan)> {
        self.agents.iter().enumerate().map(|(index, agent)| (AgentId(index as u32), agent))
    }

    /// The queues with their handles.
    pub fn queues_with_ids(&self) -> impl Iterator<Item = (QueueId, &QueuePlan)> {
        self.queues.iter().enumerate().map(|(index, queue)| (QueueId(index as u16), queue))
    }

    /// Whether no rule relaxes the skill.
    pub fn is_hard(&self, skill: SkillId) -> bool {
        self.hard.binary_search(&skill).is_ok()
    }

    /// By queue: the delays that agents have for it, shortest first, each once.
    pub(crate) fn delays(&self) -> Vec<Vec<Span>> {
        let mut delays = vec![Vec::new(); self.queues.len()];
        for (queue, service) in self.agents.iter().flat_map(|agent| &agent.queues) {
            if service.delay > Span(0) {
                delays[queue.index()].push(service.delay);
            }
        }
        for of_queue in &mut delays {
            of_queue.sort_unstable();
            of_queue.dedup();
        }
        delays
    }
}
