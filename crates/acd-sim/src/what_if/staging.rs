//! Which queue each recorded call enters under a configuration, and which of its agents is who of the
//! record.

use super::recording::{AtWork, Closing, Door, PresenceChange, RecordedCall, Recording};
use acd_core::{AgentId, Arriving, CallEntry, Priority, QueueId, RoutingPlan, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// A configuration that a recording is played under.
#[derive(Clone, Debug)]
pub struct Config {
    /// What people call it: its file.
    pub name: String,
    /// What it says.
    pub plan: Arc<RoutingPlan>,
}

/// Why a recording cannot be played under a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotPlay {
    /// A configuration lacks something.
    #[error("{config}: {problem}")]
    Lacking {
        /// Which.
        config: String,
        /// What it lacks, and what would help.
        problem: String,
    },
    /// A map is of a name that stands nowhere in the record.
    #[error("--map {name}={queue}: the record names no queue or type {name}; it names {named}")]
    UnknownName {
        /// The name.
        name: String,
        /// The queue that it was mapped to.
        queue: String,
        /// The names that stand in the record.
        named: String,
    },
}

/// Whether each map is of a name by which the record looks for queues.
pub(super) fn check_maps(
    recording: &Recording,
    maps: &[(String, String)],
) -> Result<(), CannotPlay> {
    let named = recording.queues();
    let Some((name, queue)) = maps.iter().find(|(name, _)| !named.contains(&name.as_str())) else {
        return Ok(());
    };
    let named = if named.is_empty() { "none".to_owned() } else { named.join(", ") };
    Err(CannotPlay::UnknownName { name: name.clone(), queue: queue.clone(), named })
}

/// What happens besides calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Presence(AgentId, AtWork),
    Closed(QueueId, bool),
}

/// A recording as one configuration sees it.
pub(super) struct Stage {
    pub(super) plan: Arc<RoutingPlan>,
    /// By day, then by call.
    pub(super) entries: Vec<Vec<CallEntry>>,
    /// By day, in order.
    pub(super) changes: Vec<Vec<(Timestamp, Change)>>,
    /// Names of agents of the record whom nobody plays.
    pub(super) missing: Vec<String>,
    /// Agents of the configuration who are at work though the record does not know them.
    pub(super) besides: Vec<AgentId>,
}

/// Who of two configurations plays whom of a record.
pub(super) struct Casting {
    /// By configuration: agents by the names of the record.
    by_name: [HashMap<String, AgentId>; 2],
    missing: [Vec<String>; 2],
    besides: [Vec<AgentId>; 2],
}

impl Casting {
    /// Who has the id of somebody in the record plays him. For the others of the record, unknown to both
    /// configurations, play those whom the record does not know, in the order of the file, of the first one if both have them. Of those who
    /// are left, who stands in one configuration alone has been added to it, and works all day.
    pub(super) fn of(recording: &Recording, plans: [&RoutingPlan; 2]) -> Self {
        let ids = plans.map(|plan| -> HashMap<&str, AgentId> {
            plan.agents_with_ids().map(|(id, agent)| (agent.id.as_str(), id)).collect()
        });
        let recorded = recording.agents();
        let known: HashSet<&str> = recorded.iter().copied().collect();
        let stands = |agent: &str| [0, 1].map(|side| ids[side].contains_key(agent));
        // Whom both have plays first, in the order of the first file, so that the same person is the same
        // on both sides.
        let mut free = [0, 1].map(|side| {
            let agents = plans[side].agents.iter().map(|agent| agent.id.as_str());
            let mut free: Vec<&str> = agents.filter(|agent| !known.contains(agent)).collect();
            free.sort_by_key(|agent| {
                let is_in_both = stands(agent) == [true, true];
                (!is_in_both, ids[0].get(agent).filter(|_| is_in_both))
            });
            free.reverse();
            free
        });
        let mut casting = Self {
            by_name: Default::default(),
            missing: Default::default(),
            besides: Default::default(),
        };
        for agent in recorded {
            let stands = stands(agent);
            for side in [0, 1] {
                let by_id = ids[side].get(agent).copied();
                let stand_in = || free[side].pop().map(|id| ids[side][id]);
                let player = by_id.or_else(|| (stands == [false, false]).then(stand_in).flatten());
                match player {
                    Some(id) => drop(casting.by_name[side].insert(agent.to_owned(), id)),
                    None => casting.missing[side].push(agent.to_owned()),
                }
            }
        }
        for side in [0, 1] {
            let added = free[side].iter().filter(|agent| !ids[1 - side].contains_key(*agent));
            casting.besides[side] = added.map(|agent| ids[side][agent]).collect();
            casting.besides[side].sort_unstable();
        }
        casting
    }
}

impl Stage {
    pub(super) fn of(
        recording: &Recording,
        config: &Config,
        casting: &Casting,
        side: usize,
        maps: &[(String, String)],
    ) -> Result<Self, CannotPlay> {
        let plan = &config.plan;
        let doors = Doors::of(plan, maps);
        let cannot = |problem| CannotPlay::Lacking { config: config.name.clone(), problem };
        let mut entries = Vec::new();
        for day in &recording.days {
            let of_day: Result<Vec<_>, _> =
                day.calls.iter().map(|call| doors.entry(call)).collect();
            entries.push(of_day.map_err(cannot)?);
        }
        let besides = casting.besides[side].clone();
        let mut changes = Vec::new();
        for day in &recording.days {
            let mut of_day: Vec<(Timestamp, Change)> = Vec::new();
            for Closing { at, queue, closed } in &day.closings {
                of_day.push((*at, Change::Closed(doors.queue(queue).map_err(cannot)?, *closed)));
            }
            for PresenceChange { at, agent, to } in &day.presence {
                if let Some(agent) = casting.by_name[side].get(agent) {
                    of_day.push((*at, Change::Presence(*agent, *to)));
                }
            }
            if let Some(first) = day.presence.first() {
                let change = |at, to| move |agent: &AgentId| (at, Change::Presence(*agent, to));
                of_day.extend(besides.iter().map(change(first.at, AtWork::Ready)));
                if let Some(at) = all_gone(&day.presence) {
                    of_day.extend(besides.iter().map(change(at, AtWork::Gone)));
                }
            }
            of_day.sort_by_key(|(at, _)| *at);
            changes.push(of_day);
        }
        let missing = casting.missing[side].clone();
        Ok(Self { plan: Arc::clone(plan), entries, changes, missing, besides })
    }
}

/// When the last one goes after whom nobody is at work for the rest of the day; none if somebody stays.
fn all_gone(presence: &[PresenceChange]) -> Option<Timestamp> {
    let mut at_work: HashSet<&str> = HashSet::new();
    let mut gone = None;
    for PresenceChange { at, agent, to } in presence {
        match to {
            AtWork::Gone if at_work.remove(agent.as_str()) && at_work.is_empty() => {
                gone = Some(*at)
            }
            AtWork::Gone => {}
            AtWork::NotReady | AtWork::Ready => {
                at_work.insert(agent);
                gone = None;
            }
        }
    }
    gone
}

/// Finds queues and agents by name.
struct Doors<'p> {
    plan: &'p RoutingPlan,
    maps: BTreeMap<&'p str, &'p str>,
    queues: HashMap<String, QueueId>,
    agents: HashMap<&'p str, AgentId>,
}

impl<'p> Doors<'p> {
    fn of(plan: &'p RoutingPlan, maps: &'p [(String, String)]) -> Self {
        let queues = plan.queues_with_ids();
        Self {
            plan,
            maps: maps.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect(),
            queues: queues.map(|(id, queue)| (queue.name.to_lowercase(), id)).collect(),
            agents: plan.agents_with_ids().map(|(id, agent)| (agent.id.as_str(), id)).collect(),
        }
    }

    /// The queue of this name, or the one that it is mapped to; capitals do not count.
    fn queue(&self, name: &str) -> Result<QueueId, String> {
        let mapped = self.maps.get(name).copied();
        let exact = |wanted: &str| {
            self.plan.queues_with_ids().find(|(_, queue)| queue.name == wanted).map(|(id, _)| id)
        };
        let wanted = mapped.unwrap_or(name);
        let alike = || self.queues.get(&wanted.to_lowercase()).copied();
        exact(wanted).or_else(alike).ok_or_else(|| {
            let names: Vec<&str> = self.plan.queues.iter().map(|queue| queue.name.as_str()).collect();
            let has = names.join(", ");
            match mapped {
                Some(mapped) => format!("--map {name}={mapped}: it has no queue {mapped}; it has {has}"),
                None => format!(
                    "it has no queue {name}, which calls of the record ask for; it has {has}: say which \
                     takes them with --map {name}=QUEUE"
                ),
            }
        })
    }

    fn entry(&self, call: &RecordedCall) -> Result<CallEntry, String> {
        let at = call.at;
        let (entry, preferred) = match &call.door {
            Door::Queue(queue) => {
                let priority = call.priority.unwrap_or(Priority::NORMAL);
                (CallEntry::new(self.queue(queue)?, priority, at), None)
            }
            Door::Routes { dialed, caller, attributes } => {
                let channel = call.channel.word();
                let arriving = Arriving { dialed, caller, channel, attributes };
                let (id, route) = self.plan.route_of(arriving).ok_or_else(|| {
                    "calls of the record came by routes, and it has none: add [[routes]] with a last one \
                     that takes every call"
                        .to_owned()
                })?;
                let priority = call.priority.or(route.priority).unwrap_or_default();
                let entry = CallEntry::new(route.queue, priority, at);
                (entry.asking(route.extra).by_route(id), route.preferred)
            }
        };
        let named = call.preferred.as_deref().and_then(|agent| self.agents.get(agent)).copied();
        let preferred = named.or(preferred);
        Ok(CallEntry { channel: call.channel, preferred, caller: call.caller, ..entry })
    }
}
