//! Skills that supervisors have given agents, or taken from them, for now.
//!
//! Such an agent stands in pools of his own, also if others have been changed alike, so that a change
//! looks at nobody else; it looks at each demand and line once. Agents of whom some skill is not as
//! planned thus count as so many kinds.

use crate::agent::Agent;
use crate::deadlines::{Deadline, Ticket};
use crate::event::{Event, OfferEnd, RevokeCause, SlotState};
use crate::gauges::Counted;
use crate::ids::{AgentId, QueueId, SkillId, Timestamp};
use crate::offers::Told;
use crate::plan::{LEVEL_MAX, Requirement};
use crate::pools::{Met, met};
use crate::rejection::Rejection;
use crate::router::Router;

/// How many of an agent's skills can be other than planned at a time.
pub const SKILLS_FOR_NOW_MAX: usize = 16;

/// What an agent is to have of a skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkillForNow {
    /// It at this level, 1..=10.
    Level(u8),
    /// Nothing of it.
    Without,
    /// What the plan says.
    AsPlanned,
}

/// One skill of an agent that is not as planned.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    pub(crate) skill: SkillId,
    /// None if it is taken.
    pub(crate) level: Option<u8>,
    /// When it is as planned again by itself.
    pub(crate) until: Option<Timestamp>,
    /// Of that.
    pub(crate) ticket: Ticket,
}

/// An agent's skills where they are not as planned.
#[derive(Debug, Default)]
pub(crate) struct SkillsForNow {
    /// By skill.
    pub(crate) changed: Vec<Changed>,
    /// What he has in all, by skill.
    held: Vec<(SkillId, u8)>,
}

impl SkillsForNow {
    /// In the order of skills; to be placed by.
    pub(crate) const fn of(changed: Vec<Changed>) -> Self {
        Self { changed, held: Vec::new() }
    }

    fn find(&self, skill: SkillId) -> Result<usize, usize> {
        self.changed.binary_search_by_key(&skill, |changed| changed.skill)
    }

    fn held(&self, planned: &[(SkillId, u8)]) -> Vec<(SkillId, u8)> {
        let as_planned = planned.iter().filter(|(skill, _)| self.find(*skill).is_err());
        let given = self.changed.iter().filter_map(|it| Some((it.skill, it.level?)));
        let mut held: Vec<(SkillId, u8)> = as_planned.copied().chain(given).collect();
        held.sort_unstable();
        held
    }
}

impl Router {
    /// What an agent has, by skill.
    pub fn skills_of(&self, agent: AgentId) -> &[(SkillId, u8)] {
        let changed = self.agents[agent.index()].skills.as_ref();
        changed.map_or(&self.plan.agents[agent.index()].skills, |skills| &skills.held)
    }

    /// The sum of his levels over what a queue asks for with `requirement`; `None` if he may not
    /// serve it, or does not meet that.
    pub(crate) fn level_for(
        &self,
        agent: AgentId,
        queue: QueueId,
        requirement: &Requirement,
    ) -> Option<u32> {
        self.plan.agents[agent.index()].service(queue)?;
        requirement.level_of(self.skills_of(agent))
    }

    /// What was said of the skill before does not count any more.
    pub(crate) fn set_skill(
        &mut self,
        agent: AgentId,
        skill: SkillId,
        wanted: SkillForNow,
        until: Option<Timestamp>,
        events: &mut Vec<Event>,
    ) -> Result<(), Rejection> {
        let known = self.known_agent(agent)?.skills.as_ref();
        if skill.index() >= self.plan.skills.len() {
            return Err(Rejection::UnknownSkill);
        }
        let level = match wanted {
            SkillForNow::Level(level) if !(1..=LEVEL_MAX).contains(&level) => {
                return Err(Rejection::NoSuchLevel);
            }
            SkillForNow::Level(level) => Some(Some(level)),
            SkillForNow::Without => Some(None),
            SkillForNow::AsPlanned => None,
        };
        if level.is_some_and(|level| !self.may_have_for_now(agent, skill, level)) {
            return Err(Rejection::SkillIsHard);
        }
        if until.is_some_and(|until| until <= self.now) {
            return Err(Rejection::UntilNotAhead);
        }
        if until > Some(Timestamp::LATEST) {
            return Err(Rejection::TimeTooLate);
        }
        let found = known.and_then(|skills| Some(&skills.changed[skills.find(skill).ok()?]));
        let changes = known.map_or(0, |skills| skills.changed.len());
        match (found, level) {
            (None, None) => return Ok(()),
            (Some(changed), Some(level)) if (changed.level, changed.until) == (level, until) => {
                return Ok(());
            }
            (None, Some(_)) if changes >= SKILLS_FOR_NOW_MAX => {
                return Err(Rejection::TooManySkillsForNow);
            }
            (None | Some(_), None | Some(_)) => {}
        }
        let until = until.filter(|_| level.is_some());
        self.skill_turns(agent, skill, level, until, events);
        Ok(())
    }

    /// Nobody is given what is hard, or more of it than is planned.
    pub(crate) fn may_have_for_now(
        &self,
        agent: AgentId,
        skill: SkillId,
        level: Option<u8>,
    ) -> bool {
        let planned = level_in(&self.plan.agents[agent.index()].skills, skill);
        !self.plan.is_hard(skill) || level <= planned
    }

    /// It has been as a supervisor wanted it for as long as he wanted.
    pub(crate) fn skill_ran_out(
        &mut self,
        agent: AgentId,
        skill: SkillId,
        events: &mut Vec<Event>,
    ) {
        let skills = self.agents[agent.index()].skills.as_mut();
        if let Some(skills) = skills
            && let Ok(at) = skills.find(skill)
        {
            skills.changed[at].ticket = Ticket::NONE;
            self.skill_turns(agent, skill, None, None, events);
        }
    }

    /// The level is not as planned, if there is one; of these, none means that he lacks it.
    fn skill_turns(
        &mut self,
        agent: AgentId,
        skill: SkillId,
        level: Option<Option<u8>>,
        until: Option<Timestamp>,
        events: &mut Vec<Event>,
    ) {
        let skills = &mut self.agents[agent.index()].skills.get_or_insert_default();
        let found = skills.find(skill);
        if let Ok(at) = found {
            self.deadlines.cancel(&mut skills.changed[at].ticket);
        }
        match (found, level) {
            (Ok(at), Some(level)) => {
                (skills.changed[at].level, skills.changed[at].until) = (level, until);
            }
            (Err(at), Some(level)) => {
                let changed = Changed { skill, level, until, ticket: Ticket::NONE };
                skills.changed.insert(at, changed);
            }
            (Ok(at), None) => drop(skills.changed.remove(at)),
            (Err(_), None) => {}
        }
        self.set_skill_deadlines(agent);
        self.place_by_skills(agent);
        let held = level_in(self.skills_of(agent), skill);
        let for_now = level.is_some();
        events.push(Event::SkillChanged { agent, skill, level: held, for_now, until });
        self.revoke_what_he_lacks(agent, events);
        if self.agents[agent.index()].is_available(&self.plan.channels) {
            self.freed.push(agent);
        }
    }

    /// Of those that have an end and no deadline yet.
    pub(crate) fn set_skill_deadlines(&mut self, agent: AgentId) {
        let Some(skills) = &mut self.agents[agent.index()].skills else { return };
        for changed in skills.changed.iter_mut().filter(|changed| !changed.ticket.is_set()) {
            if let Some(until) = changed.until {
                let deadline = Deadline::SkillTurns { agent, skill: changed.skill };
                changed.ticket = self.deadlines.set(until, deadline);
            }
        }
    }

    /// Lets him stand where his skills say: in pools of his own, or in those that he is planned for.
    pub(crate) fn place_by_skills(&mut self, agent: AgentId) {
        let planned = &self.plan.agents[agent.index()];
        let known = &mut self.agents[agent.index()];
        let Some(skills) = &mut known.skills else { return };
        skills.held = skills.held(&planned.skills);
        let is_changed = !skills.changed.is_empty();
        if !is_changed {
            known.skills = None;
        }
        self.leave_pools(agent);
        let (plan, held) = (&self.plan, self.skills_of(agent));
        let planned = &plan.agents[agent.index()];
        let met: Vec<Met> = met(plan, &self.lines, planned, held).collect();
        for desk in 0..self.agents[agent.index()].desks.len() {
            let at = &self.agents[agent.index()].desks[desk];
            let (pool, planned) = (at.pool, at.planned_pool);
            if pool != planned {
                self.pools.release(pool, &mut self.lines);
            }
            let next = match is_changed {
                true => {
                    let like = planned;
                    self.pools.own(like, &met, &self.plan, &mut self.lines, &self.gauges)
                }
                false => planned,
            };
            self.agents[agent.index()].desks[desk].pool = next;
        }
        self.relist(agent);
    }

    /// He is in no pool, and counts nowhere.
    fn leave_pools(&mut self, agent: AgentId) {
        self.count_agent_as(agent, Counted::default());
        for desk in 0..self.agents[agent.index()].desks.len() {
            let at = &mut self.agents[agent.index()].desks[desk];
            if let Some(key) = at.listed.take() {
                self.pools.remove(at.pool, key, at.measured());
            }
        }
    }

    fn revoke_what_he_lacks(&mut self, agent: AgentId, events: &mut Vec<Event>) {
        for slot in 0..self.agents[agent.index()].slots.len() {
            let known: &Agent = &self.agents[agent.index()];
            if let SlotState::Reserved { call, offer } = known.slots[slot].state
                && let Some(hand) = self.hand_by(call.slot, offer)
                && !self.is_qualified(self.hands[hand])
            {
                let end = OfferEnd::Revoked(RevokeCause::AgentUnavailable);
                self.end_offer(hand, end, Told::ByOthers, events);
            }
        }
    }
}

fn level_in(held: &[(SkillId, u8)], skill: SkillId) -> Option<u8> {
    let at = held.binary_search_by_key(&skill, |(skill, _)| *skill).ok()?;
    Some(held[at].1)
}
