//! Where a search begins: what Erlang asks for, queue by queue, each by itself.

use super::super::{Scenario, Stream, Team};
use super::Heads;
use crate::erlang::{Goals, Lines, Load};
use crate::target::ServiceTarget;
use acd_core::{ExtraId, QueueId};
use std::time::Duration;

/// The most that Erlang is asked for: 100 % would take agents without end.
const SHARE_MAX: f64 = 0.995;
/// A target within no time is Erlang's by so much.
const WITHIN_LEAST: f64 = 0.5;

/// Calls that the same teams may take: they come to the same queue and ask for the same besides.
struct Group<'s> {
    queue: QueueId,
    streams: Vec<&'s Stream>,
    /// Indices of teams.
    teams: Vec<usize>,
}

/// Each group's agents are of the team that may take the fewest other groups.
pub(super) fn heads(scenario: &Scenario, teams: &[Team]) -> Heads {
    let groups = groups(scenario, teams);
    let serves = |team: usize| groups.iter().filter(|group| group.teams.contains(&team)).count();
    let mut heads = Heads(vec![vec![0; teams.len()]; scenario.intervals()]);
    for group in &groups {
        let Some(team) = group.teams.iter().copied().min_by_key(|team| serves(*team)) else {
            continue;
        };
        let agent = &scenario.plan.agents[teams[team].agents[0].index()];
        let channel = group.streams[0].entry.channel;
        let slots = agent.desk(channel).map_or(1, |desk| u32::from(desk.capacity));
        for (interval, (begin, end)) in scenario.bounds().into_iter().enumerate() {
            let need = group.need(scenario, begin, end).div_ceil(slots);
            heads.0[interval][team] += need;
        }
    }
    heads
}

fn groups<'s>(scenario: &'s Scenario, teams: &[Team]) -> Vec<Group<'s>> {
    let mut groups: Vec<(Option<ExtraId>, Group<'s>)> = Vec::new();
    for stream in &scenario.streams {
        let (queue, extra) = (stream.entry.queue, stream.entry.extra);
        let known = groups.iter_mut().find(|(of, group)| group.queue == queue && *of == extra);
        if let Some((_, group)) = known {
            group.streams.push(stream);
            continue;
        }
        let may = |at: &usize| {
            let agent = &scenario.plan.agents[teams[*at].agents[0].index()];
            let besides = extra.map(|extra| &scenario.plan.extras[extra.index()]);
            scenario.may_serve(&teams[*at], queue)
                && besides.is_none_or(|it| agent.level_for(queue, it).is_some())
        };
        let teams = (0..teams.len()).filter(may).collect();
        groups.push((extra, Group { queue, streams: vec![stream], teams }));
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

impl Group<'_> {
    /// The fewest agents, each with one call at a time, who reach the target by Erlang's figures.
    fn need(&self, scenario: &Scenario, begin: f64, end: f64) -> u32 {
        let since = scenario.warm_up - scenario.from;
        let calls = |stream: &&Stream| stream.arrivals.expected(begin + since, end + since);
        let all: f64 = self.streams.iter().map(calls).sum();
        if all < 1e-6 {
            return 0;
        }
        let mean = |of: &dyn Fn(&Stream) -> f64| {
            self.streams.iter().map(|stream| calls(stream) * of(stream)).sum::<f64>() / all
        };
        let queue = &scenario.plan.queues[self.queue.index()];
        let answer = scenario.behaviour.answer.mean_us() / 1e6;
        let handling = mean(&|stream| {
            let given = queue.wrap_up.0 as f64 / 1e6;
            let notes = stream.wrap_up.as_ref().map_or(given, |notes| notes.mean_us() / 1e6);
            let notes = if given > 0.0 { notes } else { 0.0 };
            stream.talk.mean_us() / 1e6 + notes + answer
        });
        let is_patient = self.streams.iter().any(|stream| stream.patience.is_none());
        let patience = (!is_patient).then(|| {
            mean(&|stream| stream.patience.as_ref().map_or(0.0, |it| it.mean_us() / 1e6)).max(1.0)
        });
        let own = queue.service_level.within.0 as f64 / 1e6;
        let within = scenario.target.map_or(own, |target| target.within.as_secs_f64());
        let target = ServiceTarget {
            share: scenario.wanted(self.queue).min(SHARE_MAX),
            within: Duration::from_secs_f64((within - answer).max(WITHIN_LEAST)),
        };
        let load = Load::new(all / (end - begin), handling, patience, Lines::Unlimited);
        let goals = Goals { service_level: Some(target), ..Goals::default() };
        let found = load.ok().and_then(|load| load.fewest_agents(&goals).ok());
        found.map_or(1, |state| state.agents)
    }
}
