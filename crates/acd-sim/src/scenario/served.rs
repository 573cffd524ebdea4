//! Whether there is anybody for the calls of a day: who may take them as they come, and when.

use super::roster::Duty;
use super::{Scenario, Stream};
use crate::report::clock;
use acd_core::{AgentPlan, Channel, Requirement};

impl Stream {
    /// Whether an agent may take these calls as they come, before any rule has acted.
    fn may_be_taken_by(&self, scenario: &Scenario, agent: &AgentPlan) -> bool {
        let queue = self.entry.queue;
        let asked = &scenario.plan.queues[queue.index()].require;
        let meets = |asked| agent.level_for(queue, asked).is_some();
        agent.desk(self.entry.channel).is_some()
            && meets(asked)
            && self.besides(scenario).is_none_or(meets)
    }

    /// What is asked for besides what the queue asks for.
    fn besides<'s>(&self, scenario: &'s Scenario) -> Option<&'s Requirement> {
        self.entry.extra.map(|extra| &scenario.plan.extras[extra.index()])
    }

    /// Such as `calls of scheduling that ask for spanish 4 besides`.
    fn words(&self, scenario: &Scenario) -> String {
        let mut words = format!("calls of {}", scenario.plan.queues[self.entry.queue.index()].name);
        if self.entry.channel != Channel::Voice {
            words.push_str(&format!(" by {}", self.entry.channel.word()));
        }
        if let Some(besides) = self.besides(scenario) {
            words.push_str(&format!(" that ask for {} besides", asked(scenario, besides)));
        }
        words
    }
}

impl Scenario {
    /// A sentence for each stream whose calls no agent of the configuration may take as they come.
    pub(super) fn unserved(&self) -> Vec<String> {
        let unserved = self.streams.iter().filter(|stream| !self.has_takers(stream));
        unserved.map(|stream| self.why_nobody(stream)).collect()
    }

    fn has_takers(&self, stream: &Stream) -> bool {
        let may = |agent| stream.may_be_taken_by(self, agent);
        stream.calls <= 0.0 || self.plan.agents.iter().any(may)
    }

    fn why_nobody(&self, stream: &Stream) -> String {
        let queue = &self.plan.queues[stream.entry.queue.index()];
        let mut needs = vec![format!("serves queue {}", queue.name)];
        needs.push(format!("takes calls of channel {}", stream.entry.channel.word()));
        if !queue.require.is_nothing() {
            needs.push(format!("has {}, which the queue asks for", asked(self, &queue.require)));
        }
        if let Some(besides) = stream.besides(self) {
            needs.push(format!("has {}, which the route asks for", asked(self, besides)));
        }
        let last = needs.pop().unwrap_or_default();
        format!(
            "calls.{}: no agent of the configuration may take these calls as they come: none {} and {last}.",
            stream.name,
            needs.join(", ")
        )
    }

    /// A sentence for each time in which calls come that nobody at work may take, though others may.
    pub(super) fn unstaffed(&self) -> Vec<String> {
        let mut times: Vec<f64> = self.bounds().into_iter().flat_map(|(a, b)| [a, b]).collect();
        times.extend(self.roster.times().iter().filter(|at| (self.from..self.to).contains(at)));
        times.sort_by(f64::total_cmp);
        times.dedup();
        let since = self.warm_up - self.from;
        let mut sentences = Vec::new();
        for stream in self.streams.iter().filter(|stream| self.has_takers(stream)) {
            let may: Vec<bool> =
                self.plan.agents.iter().map(|agent| stream.may_be_taken_by(self, agent)).collect();
            let mut gaps: Vec<(f64, f64)> = Vec::new();
            for (from, to) in times.iter().copied().zip(times.iter().copied().skip(1)) {
                let mut duties = self.roster.at(from).zip(&may);
                let is_staffed = duties.any(|(duty, may)| *may && duty == Duty::Work);
                let calls = stream.arrivals.expected(from + since, to + since);
                match gaps.last_mut() {
                    _ if is_staffed || calls < 1e-6 => {}
                    Some((_, end)) if *end == from => *end = to,
                    Some(_) | None => gaps.push((from, to)),
                }
            }
            for (from, to) in gaps {
                let (from, to, calls) = (clock(from), clock(to), stream.words(self));
                let sentence = format!(
                    "From {from} to {to} nobody at work may take {calls} as they come: only rules can help them."
                );
                if !sentences.contains(&sentence) {
                    sentences.push(sentence);
                }
            }
        }
        sentences
    }
}

/// A requirement as `billing 3, spanish 4` or `(nurse 5) or (nurse 1, spanish 7)`.
fn asked(scenario: &Scenario, requirement: &Requirement) -> String {
    let skills = |skills: &[(acd_core::SkillId, u8)]| {
        let each = skills
            .iter()
            .map(|(id, level)| format!("{} {level}", scenario.plan.skills[id.index()]));
        each.collect::<Vec<_>>().join(", ")
    };
    let any: Vec<String> =
        requirement.any_of.iter().map(|one| format!("({})", skills(one))).collect();
    match (requirement.skills.is_empty(), any.is_empty()) {
        (_, true) => skills(&requirement.skills),
        (true, false) => any.join(" or "),
        (false, false) => format!("{} and {}", skills(&requirement.skills), any.join(" or ")),
    }
}
