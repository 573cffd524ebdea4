//! What a Router relies on, checked once.

use super::{
    AGENTS_MAX, ALTERNATIVES_MAX, Action, Admission, Affinity, AgentPlan, BOUNDS_MAX,
    BROADCAST_MAX, CAPACITY_MAX, DELAYS_MAX, DISPOSITIONS_MAX, EXTRAS_MAX, Gauge, LEVEL_MAX, Latch,
    Match, MissedOffers, Order, PATTERN_BYTES_MAX, PATTERNS_MAX, Pattern, PlanDefect, QUEUES_MAX,
    QueuePlan, RANK_MAX, ROUTES_MAX, RULES_MAX, Requirement, Route, RoutingPlan, Rule, SKILLS_MAX,
    Service, Treatment, When,
};
use crate::extras::Extras;
use crate::ids::{DispositionId, Priority, QueueId, SkillId, Span};
use crate::lines::Lines;

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
        bound("dispositions", self.dispositions.len(), usize::from(u16::MAX))?;
        bound("adapters", self.adapters.len(), usize::from(u16::MAX))?;
        bound("numbers", self.numbers.len(), usize::from(u16::MAX))?;
        bound("announcements", self.announcements.len(), usize::from(u16::MAX))?;
        bound("ladders", self.ladders.len(), usize::from(u16::MAX))?;
        let domain =
            [self.short_abandon, self.exclude_for, self.connect_within, self.recovery_grace];
        let credit = match self.order {
            Order::Strict | Order::Oldest | Order::Deadline => Span(0),
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
        // The extras look at them.
        if !self.hard.windows(2).all(|pair| pair[0] < pair[1])
            || self.hard.iter().any(|skill| skill.index() >= self.skills.len())
        {
            return defect("hard skills must be skills, sorted, each once".to_owned());
        }
        for (index, queue) in self.queues.iter().enumerate() {
            self.check_queue(QueueId(index as u16), queue)?;
        }
        for agent in &self.agents {
            self.check_agent(agent)?;
        }
        for (queue, delays) in self.queues.iter().zip(self.delays()) {
            let at = format!("queue {}: different delays of agents", queue.name);
            bound(&at, delays.len(), DELAYS_MAX)?;
        }
        bound("shared callers", self.shared_callers.len(), PATTERNS_MAX)?;
        check_patterns("shared callers", &self.shared_callers)?;
        self.check_extras()?;
        self.check_routes()
    }

    fn check_routes(&self) -> Result<(), PlanDefect> {
        bound("routes", self.routes.len(), ROUTES_MAX)?;
        let matches = self.routes.iter().flat_map(|route| &route.when);
        bound("patterns of routes", matches.map(|it| it.any_of.len()).sum(), PATTERNS_MAX)?;
        for (index, route) in self.routes.iter().enumerate() {
            let at = format!("route {index}");
            self.check_route(&at, route)?;
        }
        match self.routes.last() {
            Some(last) if !last.when.is_empty() => {
                defect("the last route must take every call".to_owned())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_route(&self, at: &str, route: &Route) -> Result<(), PlanDefect> {
        if route.queue.index() >= self.queues.len() {
            return defect(format!("{at}: no such queue"));
        }
        if route.extra.is_some_and(|extra| extra.index() >= self.extras.len()) {
            return defect(format!("{at}: no such extra requirement"));
        }
        if route.preferred.is_some_and(|agent| agent.index() >= self.agents.len()) {
            return defect(format!("{at}: no such agent"));
        }
        for (index, Match { of, any_of }) in route.when.iter().enumerate() {
            if any_of.is_empty() || route.when[..index].iter().any(|before| before.of == *of) {
                return defect(format!("{at}: what it looks at must be some values, each once"));
            }
            check_patterns(at, any_of)?;
        }
        Ok(())
    }

    fn check_extras(&self) -> Result<(), PlanDefect> {
        bound("extra requirements", self.extras.len(), EXTRAS_MAX)?;
        for (index, extra) in self.extras.iter().enumerate() {
            let at = format!("extra requirement {index}");
            self.check_extra(&at, extra)?;
            if self.extras[..index].contains(extra) {
                return defect(format!("{at}: it is there already"));
            }
        }
        Lines::check(self, &Extras::of(self, &[])?)
    }

    /// Whether a call may ask for this besides.
    pub(crate) fn check_extra(&self, at: &str, extra: &Requirement) -> Result<(), PlanDefect> {
        if extra.is_nothing() {
            return defect(format!("{at}: it asks for nothing"));
        }
        self.check_requirement(at, extra)
    }

    fn check_drop(&self, at: &str, dropped: &[SkillId]) -> Result<(), PlanDefect> {
        if dropped.is_empty() || !dropped.windows(2).all(|pair| pair[0] < pair[1]) {
            return defect(format!("{at}: skills to drop must be some, sorted, each once"));
        }
        for skill in dropped {
            let Some(name) = self.skills.get(skill.index()) else {
                return defect(format!("{at}: no such skill"));
            };
            if self.is_hard(*skill) {
                return defect(format!("{at}: `{name}` is hard, and never dropped"));
            }
        }
        Ok(())
    }

    fn check_queue(&self, id: QueueId, queue: &QueuePlan) -> Result<(), PlanDefect> {
        let at = format!("queue {}", queue.name);
        bound(&format!("{at}: rules"), queue.rules.len(), RULES_MAX)?;
        self.check_requirement(&at, &queue.require)?;
        if queue.ring == Span(0) {
            return defect(format!("{at}: an offer must ring for some time"));
        }
        if !(1..=BROADCAST_MAX).contains(&queue.broadcast) {
            return defect(format!("{at}: broadcast must be 1..={BROADCAST_MAX}"));
        }
        if queue.wrap_up_at_most < queue.wrap_up {
            return defect(format!("{at}: wrap-up may not be longer than at most"));
        }
        self.check_dispositions(&at, &queue.dispositions)?;
        let waits = queue.rules.iter().flat_map(|rule| {
            [rule.when.waited, rule.when.age, rule.repeat_every.unwrap_or_default()]
        });
        let Affinity { window, wait } = queue.affinity;
        let spans = [queue.ring, queue.wrap_up_at_most, queue.service_level.within, window, wait];
        if waits.chain(spans).any(|span| span > Span::LONGEST) {
            return defect(format!("{at}: 31 days is the longest time"));
        }
        for rule in &queue.rules {
            let at = format!("{at}, rule {}", rule.name);
            self.check_when(&at, rule)?;
            if rule.then.iter().rev().skip(1).any(Action::leaves) {
                return defect(format!("{at}: nothing can follow a move, a transfer or an end"));
            }
            let asks = rule.then.iter().filter(|it| matches!(it, Action::Require(_))).count();
            if asks > 1 {
                return defect(format!("{at}: it can ask for one thing only"));
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
                    Action::Ladder(ladder) if ladder.index() >= self.ladders.len() => {
                        return defect(format!("{at}: no such ladder"));
                    }
                    Action::TransferTo(_)
                    | Action::Play(_)
                    | Action::OfferCallback
                    | Action::Ladder(_) => {}
                    Action::Drop(dropped) => self.check_drop(&at, dropped)?,
                    Action::Require(requirement) => {
                        self.check_requirement(&at, requirement)?;
                        let is_hard = |skill| self.is_hard(skill);
                        if let Some(skill) = queue.require.relaxed_by(requirement, is_hard) {
                            let name = &self.skills[skill.index()];
                            return defect(format!("{at}: `{name}` is hard, and never relaxed"));
                        }
                    }
                    Action::AddQueue { while_active: true, .. } if rule.when.latch.is_none() => {
                        return defect(format!("{at}: it is never active"));
                    }
                    Action::AddQueue { to, .. } | Action::MoveTo(to) => {
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
        if queue.rules.last().is_some_and(|rule| !rule.when.is_wait_only()) {
            return defect(format!("{at}: its last rule must look at `waited` alone"));
        }
        let terminal = queue.rules.last().and_then(|rule| rule.then.last());
        match terminal {
            Some(Action::End(Treatment::Busy)) => defect(format!(
                "{at}: its last rule must not be a bare busy tone: priority 9 may wait"
            )),
            Some(Action::End(_) | Action::TransferTo(_)) => Ok(()),
            Some(_) | None => defect(format!("{at}: its last rule must end the call")),
        }
    }

    fn check_dispositions(&self, at: &str, offered: &[DispositionId]) -> Result<(), PlanDefect> {
        bound(&format!("{at}: dispositions"), offered.len(), DISPOSITIONS_MAX)?;
        let mut sorted = offered.to_vec();
        sorted.sort_unstable();
        let is_known = |it: &DispositionId| it.index() < self.dispositions.len();
        match sorted.iter().all(is_known) && sorted.windows(2).all(|pair| pair[0] != pair[1]) {
            true => Ok(()),
            false => defect(format!("{at}: dispositions must be the plan's, each once")),
        }
    }

    fn check_when(&self, at: &str, rule: &Rule) -> Result<(), PlanDefect> {
        let When { admission, latch, waited, age, channels, .. } = &rule.when;
        if !channels.windows(2).all(|pair| pair[0] < pair[1]) {
            return defect(format!("{at}: channels must be sorted, each once"));
        }
        if let Some(latch @ Latch { of, set, clear }) = latch {
            if of.is_none() && latch.gauges().any(|it| it == Gauge::EstimatedWait) {
                return defect(format!("{at}: a wait is estimated of one queue, not of all"));
            }
            if of.is_some_and(|queue| queue.index() >= self.queues.len()) {
                return defect(format!("{at}: no such queue"));
            }
            bound(&format!("{at}: measures"), set.len().max(clear.len()), BOUNDS_MAX)?;
            if set.is_empty() {
                return defect(format!("{at}: a latch that looks at nothing"));
            }
        }
        if let Some(Admission { of, closed, calls_in_system: _ }) = admission {
            if of.is_some_and(|queue| queue.index() >= self.queues.len()) {
                return defect(format!("{at}: no such queue"));
            }
            if of.is_none() && *closed {
                return defect(format!("{at}: queues are closed one by one, not all together"));
            }
        }
        if admission.is_some() && (*waited, *age) != (Span(0), Span(0)) {
            return defect(format!("{at}: whoever enters has not waited"));
        }
        if admission.is_some() && (latch.is_some() || rule.repeat_every.is_some()) {
            return defect(format!("{at}: a rule on entry acts then and never again"));
        }
        if rule.repeat_every == Some(Span(0)) {
            return defect(format!("{at}: it would repeat without end"));
        }
        Ok(())
    }

    fn check_agent(&self, agent: &AgentPlan) -> Result<(), PlanDefect> {
        let at = format!("agent {}", agent.id);
        self.check_levels(&at, &agent.skills)?;
        self.check_desks(&at, agent)?;
        if !agent.queues.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return defect(format!("{at}: queues must be sorted, each once"));
        }
        for (queue, Service { rank, delay }) in &agent.queues {
            if queue.index() >= self.queues.len() {
                return defect(format!("{at}: no such queue"));
            }
            if !(1..=RANK_MAX).contains(rank) {
                return defect(format!("{at}: ranks are 1..={RANK_MAX}"));
            }
            if *delay > Span::LONGEST {
                return defect(format!("{at}: 31 days is the longest time"));
            }
        }
        Ok(())
    }

    fn check_desks(&self, at: &str, agent: &AgentPlan) -> Result<(), PlanDefect> {
        if !agent.desks.windows(2).all(|pair| pair[0].channel < pair[1].channel) {
            return defect(format!("{at}: channels must be sorted, each once"));
        }
        if agent.desks.is_empty() {
            return defect(format!("{at}: he takes no calls"));
        }
        for desk in &agent.desks {
            if desk.channel != desk.channel.of_slots() {
                return defect(format!("{at}: callbacks take slots for voice"));
            }
            if !(1..=CAPACITY_MAX).contains(&desk.capacity) {
                return defect(format!("{at}: capacity must be 1..={CAPACITY_MAX}"));
            }
            let adapter = desk.endpoint.as_ref().map(|endpoint| endpoint.adapter.index());
            if adapter.is_some_and(|adapter| adapter >= self.adapters.len()) {
                return defect(format!("{at}: no such adapter"));
            }
        }
        Ok(())
    }

    fn check_requirement(&self, at: &str, requirement: &Requirement) -> Result<(), PlanDefect> {
        self.check_levels(at, &requirement.skills)?;
        bound(&format!("{at}: alternatives"), requirement.any_of.len(), ALTERNATIVES_MAX)?;
        for alternative in &requirement.any_of {
            if alternative.is_empty() {
                return defect(format!("{at}: an alternative asks for nothing"));
            }
            self.check_levels(at, alternative)?;
        }
        Ok(())
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
}

fn check_patterns(at: &str, patterns: &[Pattern]) -> Result<(), PlanDefect> {
    for pattern in patterns {
        bound(&format!("{at}: bytes of a pattern"), pattern.0.len(), PATTERN_BYTES_MAX)?;
        if pattern.ends_in_the_middle() {
            return defect(format!("{at}: a pattern ends with a `\\` that means nothing"));
        }
    }
    Ok(())
}

pub(crate) fn bound(what: &str, found: usize, most: usize) -> Result<(), PlanDefect> {
    if found <= most { Ok(()) } else { defect(format!("{what}: {found}, at most {most}")) }
}

fn defect<T>(message: String) -> Result<T, PlanDefect> {
    Err(PlanDefect(message))
}

#[cfg(test)]
mod tests;
