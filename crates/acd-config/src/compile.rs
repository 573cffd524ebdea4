//! What a file that could be read means: names become handles, and what contradicts itself is noted.

use crate::model::{
    Agent, Criterion, Ending, File, Level, LogFormat, LogLevel, MissedOffers, Order, Queue,
    Require, Rule, Then,
};
use crate::names::{Names, handle};
use crate::notes::{Key, Notes};
use crate::read::{At, Entry, List};
use crate::values::Device;
use crate::{Config, LogConfig, ServerConfig};
use acd_core::{
    ADAPTERS_MAX, AGENTS_MAX, Action, AdapterId, AgentPlan, AnnouncementId, Endpoint, NumberId,
    Priority, QUEUES_MAX, QueueId, QueuePlan, RULES_MAX, Requirement, RoutingPlan, SKILLS_MAX,
    ServiceLevel, SkillId, Span, Treatment,
};
use std::collections::HashSet;
use std::ops::Range;

/// The most reasons for being not ready; more than anybody could choose from.
const REASONS_MAX: usize = 256;
/// The rule of a queue that has none: its name, and when it sends the caller to voicemail.
const GIVE_UP: (&str, Span) = ("give-up", Span::from_secs(2 * 3_600));

/// Compiles `file`. What it returns is of use only if nothing was noted, here or before.
pub(crate) fn compile(file: &File, notes: &mut Notes) -> Config {
    let server = server(file, notes);
    let queues = file.queues.get().map_or(&[][..], |queues| &queues.value.list);
    let mut compiler = Compiler {
        skills: match file.skills.get() {
            Some(declared) => Names::declared("skill", &declared.value.list),
            None => Names::by_use(),
        },
        queues: Names::declared("queue", queues),
        adapters: Names::by_use(),
        numbers: Names::by_use(),
        announcements: Names::by_use(),
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
    }
}

/// Turns the model into a plan; names what it cannot.
struct Compiler<'n> {
    skills: Names,
    queues: Names,
    adapters: Names,
    numbers: Names,
    announcements: Names,
    notes: &'n mut Notes,
}

impl Compiler<'_> {
    fn plan(&mut self, file: &File) -> RoutingPlan {
        let order = self.order(file);
        let whole = Key::WHOLE;
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
                    self.queue(&key.name(&entry.name), id, &entry.name, &queue.value)
                }));
            }
        }
        let key = whole.name("agents");
        let agents = file.agents.value.list.iter();
        let agents = agents.filter_map(|entry| self.agent(&key.name(&entry.name), entry)).collect();
        self.check_counts(file);
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
            reasons: file.presence.value.reasons.value.0.clone(),
            adapters: self.adapters.list().to_vec(),
            skills: self.skills.list().to_vec(),
            numbers: self.numbers.list().to_vec(),
            announcements: self.announcements.list().to_vec(),
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
            (Order::Strict, Some(credit)) if routing.order.sound => {
                let message = "credit counts for nothing with order = \"strict\"";
                let expected = "order = \"credit\", or no credit";
                self.notes.add(&key, &credit.span, message, expected);
            }
            (Order::Credit | Order::Strict, _) => {}
        }
        acd_core::Order::Strict
    }

    fn queue(&mut self, key: &Key<'_>, id: QueueId, name: &str, queue: &Queue) -> QueuePlan {
        QueuePlan {
            name: name.to_owned(),
            require: self.requirement(&key.name("require"), queue.require.get()),
            select: queue.select.value.0.iter().map(criterion).collect(),
            ring: queue.ring.value.0,
            wrap_up: queue.wrap_up.value.0,
            service_level: ServiceLevel {
                answered_percent: queue.service_level.value.answered.value.0,
                within: queue.service_level.value.within.value.0,
            },
            rules: self.rules(&key.name("rules"), id, &queue.rules),
        }
    }

    fn requirement(&mut self, key: &Key<'_>, require: Option<&At<Require>>) -> Requirement {
        let levels = require.map_or(&[][..], |require| &require.value.list);
        Requirement { skills: self.levels(key, levels) }
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

    fn rules(&mut self, key: &Key<'_>, id: QueueId, rules: &At<List<Rule>>) -> Vec<acd_core::Rule> {
        let list = &rules.value.list;
        if list.is_empty() {
            let (name, waited) = GIVE_UP;
            let then = vec![Action::End(Treatment::Voicemail)];
            return vec![acd_core::Rule { name: name.to_owned(), waited, then }];
        }
        self.bound(key, &rules.span, "rules in a queue", list.len(), RULES_MAX);
        let mut names = HashSet::new();
        let mut compiled = Vec::with_capacity(list.len());
        for (index, rule) in list.iter().enumerate() {
            let Some(rule) = rule else { continue };
            let key = key.item(index);
            if let Some(name) = rule.value.name.get()
                && !names.insert(&name.value.0)
            {
                let message = "an earlier rule of this queue has the same name";
                self.notes.add(&key.name("name"), &name.span, message, "a name of its own");
            }
            compiled.extend(self.rule(&key, id, &rule.value));
        }
        self.check_last(key, list);
        compiled
    }

    /// Calls must not wait for ever. A move would not do as the last rule: after 16 it is refused.
    fn check_last(&mut self, key: &Key<'_>, rules: &[Option<At<Rule>>]) {
        let Some(Some(last)) = rules.last() else { return };
        let Some(then) = last.value.then.get() else { return };
        let leaves = !then.value.end.is_absent() || !then.value.transfer_to.is_absent();
        if then.sound && !leaves && !then.value.is_empty() {
            let key = key.item(rules.len() - 1);
            let message = "the last rule of a queue must end the call, or it could wait for ever";
            let expected =
                "end = \"voicemail\", end = \"message\" or `transfer_to` in the last rule";
            self.notes.add(&key.name("then"), &then.span, message, expected);
        }
    }

    fn rule(&mut self, key: &Key<'_>, id: QueueId, rule: &Rule) -> Option<acd_core::Rule> {
        let then = self.actions(&key.name("then"), id, rule.then.get()?);
        Some(acd_core::Rule {
            name: rule.name.get()?.value.0.clone(),
            waited: rule.when.get()?.value.waited.get()?.value.0,
            then,
        })
    }

    /// What a rule does, in the order in which it does it.
    fn actions(&mut self, key: &Key<'_>, id: QueueId, then: &At<Then>) -> Vec<Action> {
        let Then { priority, require, add_queue, play, move_to, transfer_to, end } = &then.value;
        let mut actions = Vec::new();
        if let Some(priority) = priority.get().and_then(|found| Priority::new(found.value.0)) {
            actions.push(Action::RaisePriority(priority));
        }
        if let Some(require) = require.get() {
            let requirement = self.requirement(&key.name("require"), Some(require));
            actions.push(Action::Require(requirement));
        }
        if let Some(name) = add_queue.get() {
            let to = self.lead(&key.name("add_queue"), id, &name.value.0, &name.span);
            actions.extend(to.map(Action::AddQueue));
        }
        if let Some(name) = play.get() {
            let key = key.name("play");
            let played = self.announcements.find(&name.value.0, &key, &name.span, self.notes);
            actions.extend(played.map(|played| Action::Play(AnnouncementId(played))));
        }
        if let Some(name) = move_to.get() {
            let to = self.lead(&key.name("move_to"), id, &name.value.0, &name.span);
            actions.extend(to.map(Action::MoveTo));
        }
        if let Some(number) = transfer_to.get() {
            let key = key.name("transfer_to");
            let to = self.numbers.find(&number.value.0, &key, &number.span, self.notes);
            actions.extend(to.map(|to| Action::TransferTo(NumberId(to))));
        }
        if let Some(end) = end.get() {
            actions.push(Action::End(match end.value.0 {
                Ending::Voicemail => Treatment::Voicemail,
                Ending::Message => Treatment::Message,
            }));
        }
        let ways = [
            ("move_to", move_to.get().map(|to| &to.span)),
            ("transfer_to", transfer_to.get().map(|to| &to.span)),
            ("end", end.get().map(|end| &end.span)),
        ];
        let mut ways = ways.iter().filter_map(|(name, span)| span.map(|span| (name, span)));
        if let (Some((first, _)), Some((name, span))) = (ways.next(), ways.next()) {
            let message = format!("the call leaves the queue by `{first}` already");
            let expected = "one of `move_to`, `transfer_to` and `end`";
            self.notes.add(&key.name(name), span, message, expected);
        }
        if then.sound && then.value.is_empty() {
            let expected = "at least one of `priority`, `require`, `add_queue`, `play`, `move_to`, \
                            `transfer_to`, `end`";
            self.notes.add(key, &then.span, "this rule does nothing", expected);
        }
        actions
    }

    /// The queue that a rule of the queue `from` leads to.
    fn lead(
        &mut self,
        key: &Key<'_>,
        from: QueueId,
        name: &str,
        span: &Range<usize>,
    ) -> Option<QueueId> {
        let to = self.queues.find_besides(name, Some(from.0), key, span, self.notes)?;
        let to = QueueId(to);
        if to == from {
            self.notes.add(key, span, "this leads the call to the queue it is in", "another queue");
            return None;
        }
        Some(to)
    }

    fn agent(&mut self, key: &Key<'_>, entry: &Entry<Agent>) -> Option<AgentPlan> {
        let agent = &entry.value.as_ref()?.value;
        let voice = agent.endpoints.value.voice.get().and_then(|device| {
            let key = key.name("endpoints");
            let Device { adapter, address } = &device.value;
            let key = key.name("voice");
            let adapter = self.adapters.find(adapter, &key, &device.span, self.notes)?;
            Some(Endpoint { adapter: AdapterId(adapter), address: address.clone() })
        });
        Some(AgentPlan {
            id: entry.name.clone(),
            name: agent.name.get().map_or(&entry.name, |name| &name.value.0).clone(),
            skills: self.levels(&key.name("skills"), &agent.skills.value.list),
            voice,
            capacity: agent.capacity.value.voice.value.0,
        })
    }
}

fn criterion(criterion: &Criterion) -> acd_core::Criterion {
    match criterion {
        Criterion::LongestIdle => acd_core::Criterion::LongestIdle,
        Criterion::HighestLevel => acd_core::Criterion::HighestLevel,
    }
}
