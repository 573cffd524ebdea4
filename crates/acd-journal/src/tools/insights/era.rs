//! The time of one plan: whose calls waited too long, who sat how meanwhile, and what that comes to when the
//! plan ends.

use super::integral::{Integral, Stretch, joined};
use super::sums::{LineSums, QueueSums, Sums};
use super::{Evidence, SAT_AT_LEAST};
use crate::record::CallCard;
use acd_core::{
    Action, AgentId, AgentPlan, Channel, Demand, DemandId, NotReadyReason, Presence, QueueId,
    Requirement, RoutingPlan, Rule, Span, Timestamp, When,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What calls ask for, and by which means they came: who may take them follows from it.
pub(super) type LineKey = (DemandId, Channel);

/// A stay in a queue that went beyond its target.
pub(super) struct LateStay {
    pub(super) queue: QueueId,
    pub(super) card: Arc<CallCard>,
    /// What it asked for, from when to when.
    pub(super) pieces: Vec<(LineKey, Stretch)>,
}

/// Calls that ask for the same.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: u64,
    longest: u64,
    over: u64,
    in_time: u64,
    late: Evidence,
}

/// How an agent was, stretch after stretch.
#[derive(Debug)]
struct Present {
    now: Presence,
    since: Timestamp,
    ready: Vec<Stretch>,
    sat: Vec<(Stretch, NotReadyReason)>,
}

/// The time of one plan.
pub(super) struct Era {
    pub(super) plan: Arc<RoutingPlan>,
    demands: Vec<Demand>,
    lines: BTreeMap<LineKey, Line>,
    late: Vec<LateStay>,
    agents: Vec<Present>,
}

impl Line {
    pub(super) fn comes(&mut self, counts: bool) {
        self.waiting += 1;
        if counts {
            self.longest = self.longest.max(self.waiting);
        }
    }

    pub(super) fn goes(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// A stay is over, answered or given up.
    pub(super) fn is_over(&mut self, in_time: bool) {
        self.over += 1;
        self.in_time += u64::from(in_time);
    }
}

impl Present {
    /// Up to now he was as he was.
    fn pass(&mut self, at: Timestamp) {
        let stretch = (self.since.0, at.0);
        match self.now {
            Presence::Ready => self.ready.push(stretch),
            Presence::NotReady(reason) => self.sat.push((stretch, reason)),
            Presence::LoggedOut => {}
        }
        self.since = at;
    }

    /// Whether he was logged in within a stretch.
    fn came(&self, within: Stretch) -> bool {
        let overlaps = |(from, to): Stretch| from < within.1 && to > within.0;
        let sat = self.sat.iter().map(|(stretch, _)| *stretch);
        self.ready.iter().copied().chain(sat).any(overlaps)
    }
}

impl Era {
    pub(super) fn new(plan: Arc<RoutingPlan>, demands: &[Demand], at: Timestamp) -> Self {
        let out =
            |_| Present { now: Presence::LoggedOut, since: at, ready: Vec::new(), sat: Vec::new() };
        Self {
            agents: plan.agents.iter().map(out).collect(),
            demands: demands.to_vec(),
            lines: BTreeMap::new(),
            late: Vec::new(),
            plan,
        }
    }

    pub(super) fn presence(&mut self, agent: AgentId, presence: Presence, at: Timestamp) {
        if let Some(present) = self.agents.get_mut(agent.index()) {
            present.pass(at);
            present.now = presence;
        }
    }

    pub(super) fn line(&mut self, key: LineKey) -> &mut Line {
        self.lines.entry(key).or_default()
    }

    /// It counts where it began: what it asked for later, it asked for since it was late.
    pub(super) fn is_late(&mut self, stay: LateStay) {
        if let Some((key, _)) = stay.pieces.first() {
            self.line(*key).late.add(&stay.card);
        }
        self.late.push(stay);
    }

    pub(super) fn queue(&self, queue: QueueId) -> String {
        self.plan.queues[queue.index()].name.clone()
    }

    pub(super) fn agent(&self, agent: AgentId) -> String {
        self.plan.agents[agent.index()].id.clone()
    }

    /// The plan is over, or all is.
    pub(super) fn end(mut self, at: Timestamp, range: Stretch, sums: &mut Sums) {
        self.agents.iter_mut().for_each(|present| present.pass(at));
        let came = self.plan.agents.iter().zip(&self.agents);
        sums.staff.extend(
            came.filter(|(_, present)| present.came(range)).map(|(agent, _)| agent.id.clone()),
        );
        let mut waits: BTreeMap<LineKey, Vec<Stretch>> = BTreeMap::new();
        for (key, stretch) in self.late.iter().flat_map(|stay| &stay.pieces) {
            waits.entry(*key).or_default().push(*stretch);
        }
        let mut beside: HashMap<LineKey, Integral> = HashMap::new();
        for (key, waits) in waits {
            let waits = Integral::of(waits.into_iter());
            let somebody = self.end_line(key, &waits, range, sums);
            beside.insert(key, somebody);
        }
        for (key, line) in &self.lines {
            let sums = self.sums_of(*key, sums);
            sums.over += line.over;
            sums.in_time += line.in_time;
            sums.longest = sums.longest.max(line.longest);
            sums.late.merge(line.late.clone());
        }
        for stay in &self.late {
            let queue = sums.queues.entry(self.queue(stay.queue)).or_default();
            count_late(queue, stay, &beside);
        }
    }

    /// Who was ready, and who was not, beside the late calls of a line; when somebody was not.
    fn end_line(
        &self,
        key: LineKey,
        waits: &Integral,
        range: Stretch,
        sums: &mut Sums,
    ) -> Integral {
        let demand = &self.demands[key.0.index()];
        let queue = self.queue(demand.queue);
        let mut sat = Vec::new();
        let (mut working_us, mut holders) = (0, Vec::new());
        for (agent, present) in self.plan.agents.iter().zip(&self.agents) {
            if !may_take(agent, demand, key.1) {
                continue;
            }
            for (stretch, reason) in &present.sat {
                sat.push(*stretch);
                let us = waits.over(*stretch);
                if us > 0 {
                    let who = (agent.id.clone(), self.reason(*reason));
                    let queue = sums.queues.entry(queue.clone()).or_default();
                    *queue.who_us.entry(who).or_default() += us;
                }
            }
            working_us += present.ready.iter().map(|ready| waits.over(*ready)).sum::<u64>();
            if present.came(range) {
                holders.push(agent.id.clone());
            }
        }
        let line = self.sums_of(key, sums);
        line.waited_us += waits.whole();
        line.working_us += working_us;
        line.holders.extend(holders);
        Integral::of(joined(sat).into_iter())
    }

    fn sums_of<'s>(&self, key: LineKey, sums: &'s mut Sums) -> &'s mut LineSums {
        let Demand { queue, requirement } = &self.demands[key.0.index()];
        let name = (self.queue(*queue), asked(&self.plan, requirement));
        let line = sums.lines.entry(name).or_default();
        line.skill = scarcest(&self.plan, requirement).unwrap_or_default();
        line.promised = self.plan.queues[queue.index()].service_level.answered_percent.into();
        line
    }

    fn reason(&self, reason: NotReadyReason) -> String {
        match reason {
            NotReadyReason::Unstated => "no reason".to_owned(),
            NotReadyReason::Named(reason) => self.plan.reasons[reason.index()].clone(),
            NotReadyReason::MissedOffers => "missed_offers".to_owned(),
            NotReadyReason::Forced => "forced".to_owned(),
            NotReadyReason::DeviceOutOfService => "device_out_of_service".to_owned(),
            NotReadyReason::HeartbeatLost => "heartbeat_lost".to_owned(),
        }
    }
}

fn count_late(queue: &mut QueueSums, stay: &LateStay, beside: &HashMap<LineKey, Integral>) {
    let mut us = 0;
    for (key, stretch) in &stay.pieces {
        queue.waited_us += stretch.1.saturating_sub(stretch.0);
        us += beside.get(key).map_or(0, |beside| beside.over(*stretch));
    }
    queue.beside_us += us;
    if us >= SAT_AT_LEAST.0 {
        queue.beside.add(&stay.card);
    }
}

fn may_take(agent: &AgentPlan, demand: &Demand, channel: Channel) -> bool {
    let meets = agent.level_for(demand.queue, &demand.requirement).is_some();
    meets && agent.desk(channel).is_some()
}

/// `billing 3 and (spanish 5 or interpreter 1)`; nothing where nothing is asked for.
pub(super) fn asked(plan: &RoutingPlan, requirement: &Requirement) -> String {
    let one = |(skill, level): &(acd_core::SkillId, u8)| {
        format!("{} {level}", plan.skills[skill.index()])
    };
    let all = |skills: &[(acd_core::SkillId, u8)]| {
        skills.iter().map(one).collect::<Vec<_>>().join(" and ")
    };
    let any: Vec<String> = requirement.any_of.iter().map(|skills| all(skills)).collect();
    let any = (!any.is_empty()).then(|| format!("({})", any.join(" or ")));
    let skills = Some(all(&requirement.skills)).filter(|skills| !skills.is_empty());
    skills.into_iter().chain(any).collect::<Vec<_>>().join(" and ")
}

/// The skill that fewest of all agents have, of those that are asked for.
fn scarcest(plan: &RoutingPlan, requirement: &Requirement) -> Option<String> {
    let holders = |skill: acd_core::SkillId| {
        let has = |agent: &&AgentPlan| agent.skills.iter().any(|(held, _)| *held == skill);
        plan.agents.iter().filter(has).count()
    };
    let scarcest = requirement.named().min_by_key(|skill| holders(*skill));
    scarcest.map(|skill| plan.skills[skill.index()].clone())
}

/// When a rule acts that looks at nothing but the time in the queue, and does more than to be heard.
pub(super) fn acts_after(rule: &Rule) -> Option<Span> {
    let waited = rule.when.waited;
    let by_time = rule.when == When { waited, ..When::default() } && waited > Span(0);
    let is_heard = |action: &Action| matches!(action, Action::Play(_));
    (by_time && !rule.then.iter().all(is_heard)).then_some(waited)
}

/// Whether a rule is for what should be seldom: calls of any kind that wait long, or a queue in need.
pub(super) fn is_for_exceptions(rule: &Rule) -> bool {
    let When { waited, age, priority_at_least, channels, admission, latch } = &rule.when;
    let is_for_all = priority_at_least.is_none() && channels.is_empty() && admission.is_none();
    let waits = *waited > Span(0) || *age > Span(0) || latch.is_some();
    is_for_all && waits
}
