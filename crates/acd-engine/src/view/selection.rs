//! Which rows a subscriber sees: by view, and by the queues and agents that he names.

use super::View;
use super::rows::{
    AgentRow, AgentStatisticsRow, CallRow, CallState, Concerned, Delta, EventRow, QueueRow,
    QueueStatisticsRow, SkillQueueRow,
};
use super::story::Step;
use crate::names::Names;
use crate::refusal::Refusal;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

/// The views that there are; a subscriber sees those that are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Views {
    /// Shown of queues.
    pub queues: bool,
    /// Shown of skill queues.
    pub skill_queues: bool,
    /// Shown of agents.
    pub agents: bool,
    /// Shown of live calls.
    pub calls: bool,
    /// Every event.
    pub events: bool,
    /// Why offers were made, and calls moved by a rule.
    pub decisions: bool,
    /// Figures of queues.
    pub queue_statistics: bool,
    /// Figures of agents.
    pub agent_statistics: bool,
}

impl Views {
    /// All of them.
    pub const ALL: Self = Self {
        queues: true,
        skill_queues: true,
        agents: true,
        calls: true,
        events: true,
        decisions: true,
        queue_statistics: true,
        agent_statistics: true,
    };
}

/// What a subscriber sees. Of queues that are named, and agents, only those; of calls, events and
/// decisions those that concern one of them. None named means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    pub(crate) views: Views,
    pub(crate) queues: BTreeSet<Arc<str>>,
    pub(crate) agents: BTreeSet<Arc<str>>,
}

/// The rows of a snapshot, or of what changed, that a subscriber sees.
#[derive(Debug, Default)]
pub struct Shown<'a> {
    /// In the order of the configuration, or in which they changed first.
    pub queues: Vec<&'a QueueRow>,
    /// The same.
    pub skill_queues: Vec<&'a SkillQueueRow>,
    /// The same.
    pub agents: Vec<&'a AgentRow>,
    /// Live calls that no longer concern what was named, as far as they may have before.
    pub calls_gone: Vec<&'a CallRow>,
    /// By arrival, or in the order in which they changed first; after `calls_gone`.
    pub calls: Vec<&'a CallRow>,
    /// In order.
    pub events: Vec<&'a EventRow>,
    /// In order.
    pub decisions: Vec<&'a Step>,
    /// As the queues.
    pub queue_statistics: Vec<Cow<'a, QueueStatisticsRow>>,
    /// As the agents.
    pub agent_statistics: Vec<Cow<'a, AgentStatisticsRow>>,
}

impl Shown<'_> {
    /// There is nothing to see.
    pub fn is_empty(&self) -> bool {
        let Self {
            queues,
            skill_queues,
            agents,
            calls_gone,
            calls,
            events,
            decisions,
            queue_statistics,
            agent_statistics,
        } = self;
        queues.is_empty()
            && skill_queues.is_empty()
            && agents.is_empty()
            && calls_gone.is_empty()
            && calls.is_empty()
            && events.is_empty()
            && decisions.is_empty()
            && queue_statistics.is_empty()
            && agent_statistics.is_empty()
    }
}

/// The rows of a snapshot, copied, so that the view goes on while they are encoded.
#[derive(Debug)]
pub(crate) struct Copied {
    queues: Vec<QueueRow>,
    skill_queues: Vec<SkillQueueRow>,
    agents: Vec<AgentRow>,
    calls: Vec<CallRow>,
    queue_statistics: Vec<QueueStatisticsRow>,
    agent_statistics: Vec<AgentStatisticsRow>,
}

impl Copied {
    pub(crate) fn shown(&self) -> Shown<'_> {
        Shown {
            queues: self.queues.iter().collect(),
            skill_queues: self.skill_queues.iter().collect(),
            agents: self.agents.iter().collect(),
            calls: self.calls.iter().collect(),
            queue_statistics: self.queue_statistics.iter().map(Cow::Borrowed).collect(),
            agent_statistics: self.agent_statistics.iter().map(Cow::Borrowed).collect(),
            ..Shown::default()
        }
    }
}

impl Selection {
    /// All that these views show.
    pub fn of(views: Views) -> Self {
        Self { views, ..Self::default() }
    }

    /// What these views show of the queues and agents that are named.
    ///
    /// # Errors
    /// The plan has no queue or agent of a name; the refusal says which, and what is close.
    pub(crate) fn named(
        names: &Names,
        views: Views,
        queues: &[String],
        agents: &[String],
    ) -> Result<Self, Refusal> {
        Ok(Self {
            views,
            queues: queues.iter().map(|it| names.queue_named(it)).collect::<Result<_, _>>()?,
            agents: agents.iter().map(|it| names.agent_named(it)).collect::<Result<_, _>>()?,
        })
    }

    /// What it shows of the state as it stands.
    pub fn of_view<'a>(&self, view: &'a View) -> Shown<'a> {
        let views = self.views;
        Shown {
            queues: pick(views.queues, view.queues().iter(), |row| self.has_queue(&row.queue)),
            skill_queues: pick(views.skill_queues, view.skill_queues().iter(), |row| {
                self.has_queue(&row.queue)
            }),
            agents: pick(views.agents, view.agents().iter(), |row| self.has_agent(&row.agent)),
            calls: pick(views.calls, view.calls(), |row| self.has_call(row)),
            queue_statistics: made(views.queue_statistics, view.queue_statistics(), |row| {
                self.has_queue(&row.queue)
            }),
            agent_statistics: made(views.agent_statistics, view.agent_statistics(), |row| {
                self.has_agent(&row.agent)
            }),
            ..Shown::default()
        }
    }

    /// The same, copied.
    pub(crate) fn copy_of_view(&self, view: &View) -> Copied {
        let shown = self.of_view(view);
        Copied {
            queues: shown.queues.into_iter().cloned().collect(),
            skill_queues: shown.skill_queues.into_iter().cloned().collect(),
            agents: shown.agents.into_iter().cloned().collect(),
            calls: shown.calls.into_iter().cloned().collect(),
            queue_statistics: shown.queue_statistics.into_iter().map(Cow::into_owned).collect(),
            agent_statistics: shown.agent_statistics.into_iter().map(Cow::into_owned).collect(),
        }
    }

    /// What it shows of deltas that follow on each other: each row as it is at the end, every event.
    pub fn of_deltas<'a>(&self, deltas: &'a [Arc<Delta>]) -> Shown<'a> {
        let views = self.views;
        let queues = deltas.iter().flat_map(|it| &it.queues);
        let skill_queues = deltas.iter().flat_map(|it| &it.skill_queues);
        let agents = deltas.iter().flat_map(|it| &it.agents);
        let events = deltas.iter().flat_map(|it| &it.events);
        let decisions = deltas.iter().flat_map(|it| &it.decisions);
        let queues = pick(views.queues, queues, |row| self.has_queue(&row.queue));
        let skill_queues = pick(views.skill_queues, skill_queues, |row| self.has_queue(&row.queue));
        let agents = pick(views.agents, agents, |row| self.has_agent(&row.agent));
        let (calls, calls_gone) = self.calls_of(deltas);
        let queue_figures = deltas.iter().flat_map(|it| &it.queue_statistics);
        let agent_figures = deltas.iter().flat_map(|it| &it.agent_statistics);
        let queue_figures =
            pick(views.queue_statistics, queue_figures, |row| self.has_queue(&row.queue));
        let agent_figures =
            pick(views.agent_statistics, agent_figures, |row| self.has_agent(&row.agent));
        let queue_figures = latest(queue_figures, |row| &row.queue).into_iter();
        let agent_figures = latest(agent_figures, |row| &row.agent).into_iter();
        Shown {
            queues: latest(queues, |row| &row.queue),
            skill_queues: latest(skill_queues, |row| (&row.queue, &row.require)),
            agents: latest(agents, |row| &row.agent),
            calls_gone,
            calls,
            events: pick(views.events, events, |event| self.has_event(event)),
            decisions: pick(views.decisions, decisions, |step| self.has_event(&step.event)),
            queue_statistics: queue_figures.map(Cow::Borrowed).collect(),
            agent_statistics: agent_figures.map(Cow::Borrowed).collect(),
        }
    }

    /// The calls that changed, and those that no longer concern what was named.
    fn calls_of<'a>(&self, deltas: &'a [Arc<Delta>]) -> (Vec<&'a CallRow>, Vec<&'a CallRow>) {
        if !self.views.calls {
            return (Vec::new(), Vec::new());
        }
        // By arrival: an id may come back as another call.
        let calls = latest(deltas.iter().flat_map(|it| &it.calls), |row| row.arrival);
        let (mut calls, mut others): (Vec<_>, Vec<_>) =
            calls.into_iter().partition(|row| self.has_call(row));
        if !others.is_empty() {
            // It takes an event that concerned what was named to end that.
            let events = deltas.iter().flat_map(|it| &it.events);
            let told =
                events.filter(|event| self.has_event(event)).filter_map(|it| it.call.as_ref());
            let told: HashSet<_> = told.map(Arc::as_ptr).collect();
            others.retain(|row| told.contains(&Arc::as_ptr(&row.call)));
        }
        let (ended, gone): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|row| row.state == CallState::Ended);
        calls.extend(ended);
        (calls, gone)
    }

    fn has_queue(&self, queue: &Arc<str>) -> bool {
        self.queues.is_empty() || self.queues.contains(queue)
    }

    fn has_agent(&self, agent: &Arc<str>) -> bool {
        self.agents.is_empty() || self.agents.contains(agent)
    }

    fn has_call(&self, row: &CallRow) -> bool {
        self.has_all() || self.names_any(&row.concerns())
    }

    fn has_event(&self, event: &EventRow) -> bool {
        self.has_all()
            || event.queue.as_ref().is_some_and(|queue| self.queues.contains(queue))
            || event.agent.as_ref().is_some_and(|agent| self.agents.contains(agent))
            || event.concerned.as_ref().is_some_and(|concerned| self.names_any(concerned))
    }

    fn has_all(&self) -> bool {
        self.queues.is_empty() && self.agents.is_empty()
    }

    fn names_any(&self, Concerned { queues, agents }: &Concerned) -> bool {
        queues.iter().any(|queue| self.queues.contains(queue))
            || agents.iter().any(|agent| self.agents.contains(agent))
    }
}

/// The rows that are wanted, if their view is shown.
fn pick<'a, Row>(
    shown: bool,
    rows: impl Iterator<Item = &'a Row>,
    wanted: impl Fn(&Row) -> bool,
) -> Vec<&'a Row> {
    if shown { rows.filter(|row| wanted(row)).collect() } else { Vec::new() }
}

/// The same of rows that are made for it.
fn made<Row: Clone>(
    shown: bool,
    rows: impl Iterator<Item = Row>,
    wanted: impl Fn(&Row) -> bool,
) -> Vec<Cow<'static, Row>> {
    if shown { rows.filter(|row| wanted(row)).map(Cow::Owned).collect() } else { Vec::new() }
}

/// The last row of each key, in the order in which the keys came first.
fn latest<'a, Row, Key: Eq + Hash>(
    rows: impl IntoIterator<Item = &'a Row>,
    key: impl Fn(&'a Row) -> Key,
) -> Vec<&'a Row> {
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut kept: Vec<&Row> = Vec::new();
    for row in rows {
        let place = *places.entry(key(row)).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(earlier) => *earlier = row,
            None => kept.push(row),
        }
    }
    kept
}
