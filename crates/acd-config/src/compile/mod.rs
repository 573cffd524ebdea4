//! What a file that could be read means: names become handles, and what contradicts itself is noted.

mod channels;
mod routes;
mod rules;

use crate::model::{
    Agent, AnyOf, AtClosing, Criterion, Dispositions, File, Level, LogFormat, LogLevel,
    MissedOffers, Order, Profile, Queue, Require, Routing,
};
use crate::names::{Names, handle};
use crate::notes::{Key, Notes};
use crate::read::{At, Entries, Entry};
use crate::values::Flag;
use crate::zones::Zone;
use crate::{Config, LogConfig, ServerConfig};
use acd_core::{
    ADAPTERS_MAX, AGENTS_MAX, ALTERNATIVES_MAX, Affinity, AgentPlan, DELAYS_MAX, DISPOSITIONS_MAX,
    DispositionId, KeepFree, Priority, QUEUES_MAX, QueueId, QueuePlan, Requirement, RoutingPlan,
    SKILLS_MAX, Service, ServiceLevel, SkillId, Span,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// How long extended wrap-up lasts at most, unless the queue says so.
const WRAP_UP_AT_MOST: Span = Span::from_secs(600);
/// The most reasons for being not ready; more than anybody could choose from.
const REASONS_MAX: usize = 256;
/// Compiles `file`. What it returns is of use only if nothing was noted, here or before.
pub(crate) fn compile(file: &File, notes: &mut Notes) -> Config {
    let server = server(file, notes);
    let queues = file.queues.get().map_or(&[][..], |queues| &queues.value.list);
    let mut compiler = Compiler {
        skills: match file.skills.get() {
            Some(declared) => Names::declared("skill", &declared.value.list),
            None => Names::by_use(),
        },
        hard: BTreeSet::new(),
        extras: Vec::new(),
        queues: Names::declared("queue", queues),
        agents: Names::declared("agent", &file.agents.value.list),
        adapters: Names::by_use(),
        dispositions: Names::by_use(),
        numbers: Names::by_use(),
        announcements: Names::by_use(),
        ladders: Names::by_use(),
        notes,
    };
    let plan = compiler.plan(file);
    if compiler.notes.found() == 0
        && let Err(defect) = plan.check()
    {
        let expected = "a plan that the Router can route by";
        compiler.notes.add(&Key::WHOLE, &(0..0), defect.to_string(), expected);
    }
    Config { server, plan }
}

fn server(file: &File, notes: &mut Notes) -> ServerConfig {
    let server = &file.server.value;
    let (listen, http) = (server.listen.value.0, server.http.value.0);
    if listen == http && listen.port() != 0 && file.server.sound {
        // One of the two may be a default, which has no place in the file.
        let (name, span) = match server.http.span.is_empty() {
            true => ("listen", &server.listen.span),
            false => ("http", &server.http.span),
        };
        let key = Key::WHOLE;
        let key = key.name("server");
        let message = format!("`listen` and `http` are both {listen}");
        notes.add(&key.name(name), span, message, "an address of its own for each");
    }
    ServerConfig {
        listen,
        http,
        log: LogConfig {
            level: match file.log.value.level.value {
                LogLevel::Error => "error",
                LogLevel::Warn => "warn",
                LogLevel::Info => "info",
                LogLevel::Debug => "debug",
                LogLevel::Trace => "trace",
            }
            .to_owned(),
            format: match file.log.value.format.value {
                LogFormat::Text => crate::LogFormat::Text,
                LogFormat::Json => crate::LogFormat::Json,
            },
        },
        journal: file.journal.value.compiled(),
        heartbeat_within: file.presence.value.heartbeat_within.value.0,
    }
}

/// Turns the model into a plan; names what it cannot.
struct Compiler<'n> {
    skills: Names,
    /// Those that no rule relaxes.
    hard: BTreeSet<SkillId>,
    /// What routes ask for besides.
    extras: Vec<Requirement>,
    queues: Names,
    agents: Names,
    adapters: Names,
    dispositions: Names,
    numbers: Names,
    announcements: Names,
    ladders: Names,
    notes: &'n mut Notes,
}

impl Compiler<'_> {
    fn plan(&mut self, file: &File) -> RoutingPlan {
        let order = self.order(file);
        self.hard = hard_skills(file);
        // Before the queues: what rules drop is something that routes ask for.
        let routes = self.routes(&file.routes);
        let whole = Key::WHOLE;
        let key = whole.name("routing");
        let of_domain = &file.routing.value.dispositions;
        let of_domain = self.disposition_list(&key.name("dispositions"), of_domain);
        let mut queues = Vec::new();
        if let Some(table) = file.queues.get() {
            let key = whole.name("queues");
            if table.value.list.is_empty() {
                let expected = "at least one queue, such as [queues.front-desk]";
                self.notes.add(&key, &table.span, "there is no queue", expected);
            }
            for (index, entry) in table.value.list.iter().enumerate() {
                let id = QueueId(handle(index));
                queues.extend(entry.value.as_ref().map(|queue| {
                    let key = key.name(&entry.name);
                    let dispositions = self.dispositions(&key, &queue.value, &of_domain);
                    let zone = queue.value.timezone.get().map(|zone| zone.value.0.clone());
                    let time_zone = zone.unwrap_or_else(|| zone_of_domain(&file.routing.value));
                    let plan = self.queue(&key, id, &entry.name, &queue.value);
                    QueuePlan { dispositions, time_zone, ..plan }
                }));
            }
        }
        let key = whole.name("agents");
        let agents = file.agents.value.list.iter();
        let agents: Vec<AgentPlan> =
            agents.filter_map(|entry| self.agent(&key.name(&entry.name), entry)).collect();
        self.check_counts(file);
        self.check_delays(&key, file, &agents);
        let routing = &file.routing.value;
        RoutingPlan {
            order,
            short_abandon: routing.short_abandon.value.0,
            exclude_for: routing.exclude_for.value.0,
            connect_within: routing.connect_within.value.0,
            recovery_grace: Span::from_millis(routing.recovery_grace.value.0),
            missed_offers: match routing.missed_offers.value {
                MissedOffers::StayReady => acd_core::MissedOffers::StayReady,
                MissedOffers::NotReadyAfter(misses) => {
                    acd_core::MissedOffers::NotReadyAfter(u32::from(misses))
                }
            },
            seed: routing.seed.value.0,
            channels: self.channels(file),
            shared_callers: routing.shared_callers.value.0.clone(),
            time_zone: zone_of_domain(routing),
            reasons: file.presence.value.reasons.value.0.clone(),
            dispositions: self.dispositions.list().to_vec(),
            adapters: self.adapters.list().to_vec(),
            skills: self.skills.list().to_vec(),
            hard: self.hard.iter().copied().collect(),
            numbers: self.numbers.list().to_vec(),
            announcements: self.announcements.list().to_vec(),
            ladders: self.ladders.list().to_vec(),
            extras: std::mem::take(&mut self.extras),
            routes,
            queues,
            agents,
        }
    }

    /// Notes what the file has too many of.
    fn check_counts(&mut self, file: &File) {
        let whole = Key::WHOLE;
        if let Some(skills) = file.skills.get() {
            let count = skills.value.list.len();
            self.bound(&whole.name("skills"), &skills.span, "skills", count, SKILLS_MAX);
        }
        if let Some(queues) = file.queues.get() {
            let count = queues.value.list.len();
            self.bound(&whole.name("queues"), &queues.span, "queues", count, QUEUES_MAX);
        }
        let key = whole.name("agents");
        let agents = &file.agents;
        self.bound(&key, &agents.span, "agents", agents.value.list.len(), AGENTS_MAX);
        let adapters = self.adapters.list().len();
        self.bound(&key, &agents.span, "adapters in endpoints", adapters, ADAPTERS_MAX);
        let key = whole.name("presence");
        let reasons = &file.presence.value.reasons;
        self.bound(
            &key.name("reasons"),
            &reasons.span,
            "reasons",
            reasons.value.0.len(),
            REASONS_MAX,
        );
    }

    fn bound(&mut self, key: &Key<'_>, span: &Range<usize>, what: &str, found: usize, most: usize) {
        if found > most {
            self.notes.add(
                key,
                span,
                format!("{found} {what} are too many"),
                format!("at most {most}"),
            );
        }
    }

    fn order(&mut self, file: &File) -> acd_core::Order {
        let routing = &file.routing.value;
        let key = Key::WHOLE;
        let key = key.name("routing");
        let key = key.name("credit");
        match (routing.order.value, routing.credit.get()) {
            (Order::Credit, Some(credit)) => {
                return acd_core::Order::Credit { per_step: credit.value.0 };
            }
            (Order::Credit, None) if routing.credit.is_absent() => {
                let expected = "what one step of priority is worth, such as credit = \"90s\"";
                let message = "missing, with order = \"credit\"";
                self.notes.add(&key, &routing.order.span, message, expected);
            }
            (Order::Strict | Order::Oldest | Order::Deadline, Some(credit))
                if routing.order.sound =>
            {
                let message = "credit counts for nothing in this order";
                let expected = "order = \"credit\", or no credit";
                self.notes.add(&key, &credit.span, message, expected);
            }
            (Order::Credit | Order::Strict | Order::Oldest | Order::Deadline, _) => {}
        }
        match routing.order.value {
            Order::Strict | Order::Credit => acd_core::Order::Strict,
            Order::Oldest => acd_core::Order::Oldest,
            Order::Deadline => acd_core::Order::Deadline,
        }
    }

    /// How long wrap-up may last when it is extended.
    fn wrap_up_at_most(&mut self, key: &Key<'_>, queue: &Queue) -> Span {
        let wrap_up = queue.wrap_up.value.0;
        let Some(at_most) = queue.wrap_up_at_most.get() else {
            return wrap_up.max(WRAP_UP_AT_MOST);
        };
        if at_most.value.0 < wrap_up && queue.wrap_up.sound {
            let message = "this is shorter than wrap_up";
            let expected = "a time not below wrap_up (equal to it: cannot be extended)";
            self.notes.add(&key.name("wrap_up_at_most"), &at_most.span, message, expected);
        }
        at_most.value.0
    }

    /// What may be said of how calls of a queue came out: its own list, else the domain's.
    fn dispositions(
        &mut self,
        key: &Key<'_>,
        queue: &Queue,
        of_domain: &[DispositionId],
    ) -> Vec<DispositionId> {
        let Some(own) = queue.dispositions.get() else { return of_domain.to_vec() };
        let key = key.name("dispositions");
        let has_no_time = queue.wrap_up.value.0 == Span(0) && queue.wrap_up.sound;
        if has_no_time && !own.value.0.is_empty() {
            let message = "nobody could say so: the queue gives no time for wrap-up";
            self.notes.add(&key, &own.span, message, "`wrap_up` above 0s, or no `dispositions`");
        }
        self.disposition_list(&key, own)
    }

    fn disposition_list(&mut self, key: &Key<'_>, list: &At<Dispositions>) -> Vec<DispositionId> {
        let names = &list.value.0;
        self.bound(key, &list.span, "dispositions", names.len(), DISPOSITIONS_MAX);
        let mut offered = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate().take(DISPOSITIONS_MAX) {
            let key = key.item(index);
            let found = self.dispositions.find(&name.value.0, &key, &name.span, self.notes);
            offered.extend(found.map(DispositionId).filter(|it| !offered.contains(it)));
        }
        offered
    }

    fn queue(&mut self, key: &Key<'_>, id: QueueId, name: &str, queue: &Queue) -> QueuePlan {
        let require = self.requirement(key, queue.require.get(), queue.any_of.get());
        let rules = self.rules(&key.name("rules"), id, &require, &queue.rules);
        QueuePlan {
            name: name.to_owned(),
            require,
            select: queue.select.value.0.iter().map(criterion).collect(),
            broadcast: queue.broadcast.value.0,
            ring: queue.ring.value.0,
            wrap_up: queue.wrap_up.value.0,
            wrap_up_at_most: self.wrap_up_at_most(key, queue),
            dispositions: Vec::new(),
            service_level: ServiceLevel {
                answered_percent: queue.service_level.value.answered.value.0,
                within: queue.service_level.value.within.value.0,
            },
            keep_free: queue.keep_free.get().and_then(|keep| keep_free(&keep.value)),
            affinity: Affinity {
                window: queue.affinity.value.window.value.0,
                wait: queue.affinity.value.wait.value.0,
            },
            time_zone: String::new(),
            closing_ends_waits: queue.at_closing.value == AtClosing::ApplyRules,
            rules,
        }
    }

    /// What `require` and `any_of` of the table at `key` ask for.
    fn requirement(
        &mut self,
        key: &Key<'_>,
        require: Option<&At<Require>>,
        any_of: Option<&At<AnyOf>>,
    ) -> Requirement {
        let levels = require.map_or(&[][..], |require| &require.value.list);
        let skills = self.levels(&key.name("require"), levels);
        let key = key.name("any_of");
        let mut alternatives = Vec::new();
        if let Some(any_of) = any_of {
            let count = any_of.value.list.len();
            self.bound(&key, &any_of.span, "alternatives", count, ALTERNATIVES_MAX);
            if count == 0 {
                let expected = "at least one alternative, such as { spanish = 5 }";
                self.notes.add(&key, &any_of.span, "this is empty", expected);
            }
            for (index, one) in any_of.value.list.iter().enumerate() {
                let Some(one) = one else { continue };
                let key = key.item(index);
                if one.value.list.is_empty() {
                    let message =
                        "this alternative asks for nothing, so the others count for nothing";
                    self.notes.add(&key, &one.span, message, "a skill, such as { spanish = 5 }");
                }
                alternatives.push(self.levels(&key, &one.value.list));
            }
        }
        alternatives.retain(|one| !one.is_empty());
        Requirement { skills, any_of: alternatives }
    }

    fn levels(&mut self, key: &Key<'_>, levels: &[Entry<Level>]) -> Vec<(SkillId, u8)> {
        let mut skills = Vec::with_capacity(levels.len());
        for entry in levels {
            let key = key.name(&entry.name);
            let skill = self.skills.find(&entry.name, &key, &entry.name_span, self.notes);
            if let (Some(skill), Some(level)) = (skill, &entry.value) {
                skills.push((SkillId(skill), level.value.0));
            }
        }
        skills.sort_unstable();
        skills
    }

    fn agent(&mut self, key: &Key<'_>, entry: &Entry<Agent>) -> Option<AgentPlan> {
        let agent = &entry.value.as_ref()?.value;
        Some(AgentPlan {
            id: entry.name.clone(),
            name: agent.name.get().map_or(&entry.name, |name| &name.value.0).clone(),
            skills: self.levels(&key.name("skills"), &agent.skills.value.list),
            desks: self.desks(key, agent),
            queues: self.profile(key, &agent.queues, &agent.only),
            only: agent.only.value.0,
        })
    }

    fn profile(
        &mut self,
        key: &Key<'_>,
        queues: &At<Entries<Profile>>,
        only: &At<Flag>,
    ) -> Vec<(QueueId, Service)> {
        if only.value.0 && queues.value.list.is_empty() && queues.sound {
            let message = "the agent would take no calls at all: there are no `queues`";
            let expected = "queues = { NAME = {} }, or no `only`";
            self.notes.add(&key.name("only"), &only.span, message, expected);
        }
        let key = key.name("queues");
        let mut services = BTreeMap::new();
        for entry in &queues.value.list {
            let key = key.name(&entry.name);
            let queue = self.queues.find(&entry.name, &key, &entry.name_span, self.notes);
            if let (Some(queue), Some(profile)) = (queue, &entry.value) {
                let Profile { rank, delay } = &profile.value;
                let service = Service { rank: rank.value.0, delay: delay.value.0 };
                services.insert(QueueId(queue), service);
            }
        }
        services.into_iter().collect()
    }

    /// Calls of a queue are sorted by how many of the delays they have waited: few must do.
    fn check_delays(&mut self, key: &Key<'_>, file: &File, agents: &[AgentPlan]) {
        let mut delays: BTreeMap<QueueId, BTreeSet<Span>> = BTreeMap::new();
        for (queue, service) in agents.iter().flat_map(|agent| &agent.queues) {
            delays.entry(*queue).or_default().insert(service.delay);
        }
        for (queue, mut delays) in delays {
            delays.remove(&Span(0));
            let name = &self.queues.list()[queue.index()];
            let what = format!("different delays for the queue `{name}`");
            self.bound(key, &file.agents.span, &what, delays.len(), DELAYS_MAX);
        }
    }
}

fn hard_skills(file: &File) -> BTreeSet<SkillId> {
    let declared = file.skills.get().map_or(&[][..], |skills| &skills.value.list);
    let hard = |entry: &Entry<crate::model::Skill>| {
        entry.value.as_ref().is_some_and(|skill| skill.value.hard.value.0)
    };
    let named = declared.iter().enumerate().filter(|(_, entry)| hard(entry));
    named.map(|(index, _)| SkillId(handle(index))).collect()
}

/// Where the domain's days begin at midnight.
fn zone_of_domain(routing: &Routing) -> String {
    let zone = routing.timezone.get().map(|zone| zone.value.clone());
    zone.unwrap_or_else(Zone::of_this_machine).0
}

fn keep_free(keep: &crate::model::KeepFree) -> Option<KeepFree> {
    let agents = u32::try_from(keep.agents.get()?.value.0).ok()?;
    let for_priority = Priority::new(keep.for_priority.get()?.value.0)?;
    Some(KeepFree { agents, for_priority })
}

fn criterion(criterion: &Criterion) -> acd_core::Criterion {
    match criterion {
        Criterion::LongestIdle => acd_core::Criterion::LongestIdle,
        Criterion::HighestLevel => acd_core::Criterion::HighestLevel,
        Criterion::LowestLevel => acd_core::Criterion::LowestLevel,
        Criterion::Rank => acd_core::Criterion::Rank,
        Criterion::LeastOccupied => acd_core::Criterion::LeastOccupied,
        Criterion::FewestCalls => acd_core::Criterion::FewestCalls,
        Criterion::RoundRobin => acd_core::Criterion::RoundRobin,
        Criterion::Listed => acd_core::Criterion::Listed,
        Criterion::Random => acd_core::Criterion::Random,
    }
}
