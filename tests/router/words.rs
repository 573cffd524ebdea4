//! The words of scenario files: a plan and commands from them, events into them.

pub(crate) mod said;

use crate::plans;
use acd_core::{
    Action, AdapterId, Admission, AgentId, AnnouncementId, Bound, CallEntry, CallHandle, CallerKey,
    Channel, Command, Criterion, DeskPlan, DeviceState, DispositionId, Endpoint, ExtraId,
    ForcedPresence, Gauge, KeepFree, LadderId, Latch, MessageTo, MissedOffers, NumberId,
    OfferNumber, OfferResult, Order, Priority, QueueId, ReasonId, Requirement, RoutingPlan,
    Service, SkillForNow, SkillId, Span, Timestamp, Treatment,
};
use std::collections::BTreeMap;

/// The instant 0s.
pub(crate) const START: Timestamp = Timestamp(1_000_000_000_000);

/// The plan, and the names that a scenario uses for handles.
pub(crate) struct Names {
    pub(crate) plan: RoutingPlan,
    /// What the plan is to become.
    next_plan: Option<RoutingPlan>,
    pub(crate) now: Timestamp,
    calls: BTreeMap<String, CallHandle>,
    /// The latest of each call, and of each call to each agent.
    offers: BTreeMap<CallHandle, OfferNumber>,
    offers_to: BTreeMap<(CallHandle, AgentId), OfferNumber>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            plan: plans::plan(Vec::new(), Vec::new()),
            next_plan: None,
            now: START,
            calls: BTreeMap::new(),
            offers: BTreeMap::new(),
            offers_to: BTreeMap::new(),
        }
    }
}

/// Seconds, down to the microsecond: `5s`, `0.25s`.
pub(crate) fn span(at: &str, word: &str) -> Span {
    let number = word.strip_suffix('s').unwrap_or(word);
    let (seconds, parts) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{seconds}{parts:0<6}");
    assert!(parts.len() <= 6, "{at}: {word}");
    Span(digits.parse().unwrap_or_else(|_| panic!("{at}: {word}")))
}

impl Names {
    /// `queue NAME [needs SKILL LEVEL [and SKILL LEVEL] [or SKILL LEVEL [with SKILL LEVEL] ...]]
    /// [rings 15s] [wraps 30s] [answers 20s] [selects CRITERION ...]`, where `or` adds an
    /// alternative and `with` what it asks for too; `rule NAME of QUEUE after 45s ACTION`;
    /// `rule NAME of QUEUE when CONDITIONS then ACTION [and ACTION ...]`, the conditions being any of
    /// `waited 5s`, `age 5s`, `priority 7`, `repeats 5s`, `closed`, `in-system 5`, and `waiting 5`, `longest 5s`, `staffed 1`, `working 1`, `available 1` with
    /// `until` before those that end it, `in QUEUE` and `in domain`; `closing ends waits in QUEUE`;
    /// `agent NAME [SKILL LEVEL ...] [holds 2] [at ADAPTER[:ADDRESS]]
    /// [ranks QUEUE 8] [delays QUEUE 60s] [serves only]`; `order credit 90s`, `order strict`, `order
    /// oldest`, `order deadline`; `missed stay ready`, `missed not ready after 1`; `seed 7`; `hard
    /// SKILL ...`; `besides REQUIREMENT`, which calls may be offered with, a requirement being as in
    /// `queue`; `skills NAME ...`, `reasons NAME ...` and `dispositions NAME ...` that are all there
    /// are; `dispositions of QUEUE: NAME ...`.
    pub(crate) fn plan_line(&mut self, at: &str, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["queue", name, rest @ ..] => self.plan_queue(at, name, rest),
            ["rule", name, "of", queue, "after", waited, action @ ..] => {
                let then = self.actions(at, action);
                let queue = self.queue(at, queue).index();
                let rules = &mut self.plan.queues[queue].rules;
                let waited = span(at, waited);
                let rule = acd_core::Rule::after(waited, name, then);
                rules.insert(rules.len() - 1, rule);
            }
            ["rule", name, "of", queue, "when", words @ ..] => {
                let then = words.iter().position(|word| *word == "then");
                let (when, action) = words.split_at(then.unwrap_or_else(|| panic!("{at}: then")));
                let then = self.actions(at, &action[1..]);
                let mut rule = acd_core::Rule::after(Span(0), name, then);
                let queue = self.queue(at, queue);
                self.conditions(at, queue, &mut rule, when);
                let queue = queue.index();
                let rules = &mut self.plan.queues[queue].rules;
                rules.insert(rules.len() - 1, rule);
            }
            ["skills", names @ ..] => {
                self.plan.skills = names.iter().map(|name| (*name).to_owned()).collect();
            }
            ["reasons", names @ ..] => {
                self.plan.reasons = names.iter().map(|name| (*name).to_owned()).collect();
            }
            ["dispositions", "of", queue, names @ ..] => {
                let queue = self.queue(at, queue.trim_end_matches(':')).index();
                let said = names.iter().map(|name| self.disposition(at, name));
                self.plan.queues[queue].dispositions = said.collect();
            }
            ["dispositions", names @ ..] => {
                self.plan.dispositions = names.iter().map(|name| (*name).to_owned()).collect();
            }
            ["seed", seed] => {
                self.plan.seed = seed.parse().unwrap_or_else(|_| panic!("{at}: {seed}"));
            }
            ["hard", skills @ ..] => self.plan.hard = self.skills(at, skills),
            ["besides", asked @ ..] => {
                let extra = self.whole_requirement(at, asked);
                self.plan.extras.push(extra);
            }
            ["closing", "ends", "waits", "in", queue] => {
                let queue = self.queue(at, queue).index();
                self.plan.queues[queue].closing_ends_waits = true;
            }
            ["agent", name, rest @ ..] => self.plan_agent(at, name, rest),
            ["channel", name, rest @ ..] => {
                let channels = &mut self.plan.channels;
                let plan = match channel_of(at, name) {
                    Channel::Voice | Channel::Callback => &mut channels.voice,
                    Channel::Chat => &mut channels.chat,
                    Channel::Text => &mut channels.text,
                    Channel::Task => &mut channels.task,
                };
                plan.exclusive = rest.contains(&"exclusive");
                let by = rest.iter().skip_while(|word| **word != "by").skip(1);
                plan.interruptible_by = by.map(|word| channel_of(at, word)).collect();
            }
            ["order", "credit", per_step] => {
                self.plan.order = Order::Credit { per_step: span(at, per_step) };
            }
            ["order", "strict"] => self.plan.order = Order::Strict,
            ["order", "oldest"] => self.plan.order = Order::Oldest,
            ["order", "deadline"] => self.plan.order = Order::Deadline,
            ["missed", "stay", "ready"] => self.plan.missed_offers = MissedOffers::StayReady,
            ["missed", "not", "ready", "after", count] => {
                let count = count.parse().unwrap_or_else(|_| panic!("{at}: {count}"));
                self.plan.missed_offers = MissedOffers::NotReadyAfter(count);
            }
            _ => panic!("{at}: not a line of a plan: {line}"),
        }
    }

    /// A line of another plan, which begins with the first of them.
    pub(crate) fn next_plan_line(&mut self, at: &str, line: &str) {
        let next = self.next_plan.take().unwrap_or_else(|| plans::plan(Vec::new(), Vec::new()));
        let present = std::mem::replace(&mut self.plan, next);
        self.plan_line(at, line);
        self.next_plan = Some(std::mem::replace(&mut self.plan, present));
    }

    fn plan_queue(&mut self, at: &str, name: &str, mut words: &[&str]) {
        let mut queue = plans::queue(name, Requirement::default(), Vec::new());
        while let [word, value, rest @ ..] = words {
            words = rest;
            match *word {
                "needs" => queue.require = self.requirement(at, &[value, rest[0]]),
                "and" => {
                    let more = self.requirement(at, &[value, rest[0]]);
                    queue.require.skills.extend(more.skills);
                    queue.require.skills.sort_unstable();
                }
                "rings" => queue.ring = span(at, value),
                "wraps" => queue.wrap_up = span(at, value),
                "extends" => queue.wrap_up_at_most = span(at, value),
                "or" => queue.require.any_of.push(self.requirement(at, &[value, rest[0]]).skills),
                "with" => {
                    let more = self.requirement(at, &[value, rest[0]]).skills;
                    let last = queue.require.any_of.last_mut();
                    let last = last.unwrap_or_else(|| panic!("{at}: with what"));
                    last.extend(more);
                    last.sort_unstable();
                }
                "answers" => queue.service_level.within = span(at, value),
                "keeps" => {
                    let agents = value.parse().unwrap_or_else(|_| panic!("{at}: {value}"));
                    let for_priority = priority_of(at, rest[2]);
                    queue.keep_free = Some(KeepFree { agents, for_priority });
                    words = &rest[3..];
                }
                "broadcasts" => {
                    queue.broadcast = value.parse().unwrap_or_else(|_| panic!("{at}: {value}"));
                }
                "remembers" => queue.affinity.window = span(at, value),
                "waits" => queue.affinity.wait = span(at, value),
                "selects" => {
                    queue.select = vec![criterion(at, value)];
                    queue.select.extend(rest.iter().map(|word| criterion(at, word)));
                    words = &[];
                }
                _ => panic!("{at}: queue: {word}"),
            }
            if matches!(*word, "needs" | "and" | "or" | "with") {
                words = &words[1..];
            }
        }
        self.plan.queues.push(queue);
    }

    fn conditions(&self, at: &str, queue: QueueId, rule: &mut acd_core::Rule, mut words: &[&str]) {
        let number = |word: &str| word.parse().unwrap_or_else(|_| panic!("{at}: {word}"));
        let (mut of, mut set, mut clear, mut ends) = (Some(queue), Vec::new(), Vec::new(), false);
        let mut admission = Admission::default();
        while let [word, rest @ ..] = words {
            let value = rest.first().copied().unwrap_or_default();
            words = rest.get(1..).unwrap_or_default();
            let gauge = match *word {
                "waited" => {
                    rule.when.waited = span(at, value);
                    continue;
                }
                "age" => {
                    rule.when.age = span(at, value);
                    continue;
                }
                "priority" => {
                    rule.when.priority_at_least = Some(priority_of(at, value));
                    continue;
                }
                "channel" => {
                    let channels = value.split(',').map(|word| channel_of(at, word));
                    rule.when.channels = channels.collect();
                    rule.when.channels.sort_unstable();
                    continue;
                }
                "repeats" => {
                    rule.repeat_every = Some(span(at, value));
                    continue;
                }
                "in-system" => {
                    admission.calls_in_system = Some(number(value));
                    continue;
                }
                "in" => {
                    of = (value != "domain").then(|| self.queue(at, value));
                    continue;
                }
                "closed" => {
                    (admission.closed, words) = (true, rest);
                    continue;
                }
                "until" => {
                    (ends, words) = (true, rest);
                    continue;
                }
                "waiting" => Gauge::CallsWaiting,
                "longest" => Gauge::LongestWait,
                "staffed" => Gauge::AgentsStaffed,
                "working" => Gauge::AgentsWorking,
                "available" => Gauge::AgentsAvailable,
                "answered-below" | "answered" => Gauge::ServiceLevel,
                "estimated" => Gauge::EstimatedWait,
                _ => panic!("{at}: not a condition: {word}"),
            };
            let of_calls = match gauge {
                Gauge::CallsWaiting | Gauge::LongestWait | Gauge::EstimatedWait => true,
                Gauge::AgentsStaffed
                | Gauge::AgentsWorking
                | Gauge::AgentsAvailable
                | Gauge::ServiceLevel => false,
            };
            let value = match gauge {
                Gauge::LongestWait | Gauge::EstimatedWait => span(at, value).0,
                Gauge::ServiceLevel => {
                    let percent =
                        value.strip_suffix('%').unwrap_or_else(|| panic!("{at}: {value}"));
                    u64::from(number(percent)) - u64::from(*word == "answered-below")
                }
                Gauge::CallsWaiting
                | Gauge::AgentsStaffed
                | Gauge::AgentsWorking
                | Gauge::AgentsAvailable => u64::from(number(value)),
            };
            let bound = Bound { gauge, at_least: of_calls != ends, value };
            if ends { clear.push(bound) } else { set.push(bound) }
        }
        rule.when.admission =
            (admission != Admission::default()).then_some(Admission { of, ..admission });
        if !set.is_empty() {
            rule.when.latch = Some(Latch { of, set, clear });
        }
    }

    fn plan_agent(&mut self, at: &str, name: &str, mut words: &[&str]) {
        let mut agent = plans::agent(name, &[]);
        while let [word, value, rest @ ..] = words {
            words = rest;
            match *word {
                "serves" => agent.only = true,
                "ranks" | "delays" => {
                    let queue = self.queue(at, value);
                    let known = agent.queues.iter().position(|(it, _)| *it == queue);
                    let known = known.unwrap_or_else(|| {
                        agent.queues.push((queue, Service::default()));
                        agent.queues.len() - 1
                    });
                    let service = &mut agent.queues[known].1;
                    match *word {
                        "ranks" => service.rank = rest[0].parse().expect("a rank"),
                        _ => service.delay = span(at, rest[0]),
                    }
                    words = &words[1..];
                }
                "holds" => {
                    agent.desks[0].capacity = value.parse().unwrap_or_else(|_| panic!("{at}"));
                }
                "takes" => {
                    let channel = channel_of(at, value);
                    let capacity = rest[0].parse().unwrap_or_else(|_| panic!("{at}"));
                    agent.desks.retain(|desk| desk.channel != channel);
                    words = &words[1..];
                    let mut endpoint = None;
                    if let ["through", through, more @ ..] = words {
                        (endpoint, words) = (Some(self.endpoint(at, through, name)), more);
                    }
                    if capacity > 0 {
                        agent.desks.push(DeskPlan { channel, capacity, endpoint });
                        agent.desks.sort_by_key(|desk| desk.channel);
                    }
                }
                "at" => agent.desks[0].endpoint = Some(self.endpoint(at, value, name)),
                skill => agent.skills.extend(self.requirement(at, &[skill, value]).skills),
            }
        }
        agent.skills.sort_unstable();
        agent.queues.sort_unstable_by_key(|(queue, _)| *queue);
        self.plan.agents.push(agent);
    }

    /// `ADAPTER:ADDRESS`; without an address that of the same name as the agent.
    fn endpoint(&mut self, at: &str, word: &str, name: &str) -> Endpoint {
        let (adapter, address) = word.split_once(':').unwrap_or((word, name));
        Endpoint { adapter: self.adapter(at, adapter), address: address.to_owned() }
    }

    fn actions(&self, at: &str, words: &[&str]) -> Vec<Action> {
        words.split(|word| *word == "and").map(|words| self.action(at, words)).collect()
    }

    fn action(&self, at: &str, words: &[&str]) -> Action {
        match words {
            ["drop", skills @ ..] => Action::Drop(self.skills(at, skills)),
            ["need", rest @ ..] => {
                let mut all = rest.split(|word| *word == "or");
                let skills = all.next().map(|words| self.requirement(at, words).skills);
                let any_of = all.map(|words| {
                    let words: Vec<&str> =
                        words.iter().copied().filter(|word| *word != "with").collect();
                    self.requirement(at, &words).skills
                });
                let any_of = any_of.collect();
                Action::Require(Requirement { skills: skills.unwrap_or_default(), any_of })
            }
            ["add", queue, "while-active"] => {
                Action::AddQueue { to: self.queue(at, queue), while_active: true }
            }
            ["add", queue] => Action::AddQueue { to: self.queue(at, queue), while_active: false },
            ["move", "to", queue] => Action::MoveTo(self.queue(at, queue)),
            ["raise", "to", priority] => Action::RaisePriority(priority_of(at, priority)),
            ["transfer"] => Action::TransferTo(NumberId(0)),
            ["play"] => Action::Play(AnnouncementId(0)),
            ["offer", "a", "callback"] => Action::OfferCallback,
            ["try", "the", "ladder"] => Action::Ladder(LadderId(0)),
            ["end", "voicemail"] => Action::End(Treatment::Voicemail),
            ["end", "message"] => Action::End(Treatment::Message),
            ["end", "busy"] => Action::End(Treatment::Busy),
            _ => panic!("{at}: not an action: {words:?}"),
        }
    }

    fn requirement(&self, at: &str, words: &[&str]) -> Requirement {
        let named: Vec<&str> = words.iter().copied().filter(|word| *word != "nothing").collect();
        let pairs = named.chunks(2);
        let mut skills: Vec<(SkillId, u8)> = pairs
            .map(|pair| {
                let skill = position(at, &self.plan.skills, pair[0]);
                (SkillId(skill as u16), pair[1].parse().unwrap_or_else(|_| panic!("{at}")))
            })
            .collect();
        skills.sort_unstable();
        Requirement { skills, any_of: Vec::new() }
    }

    /// `SKILL LEVEL [and SKILL LEVEL] [or SKILL LEVEL [with SKILL LEVEL] ...]`, where `or` adds an
    /// alternative.
    fn whole_requirement(&self, at: &str, words: &[&str]) -> Requirement {
        let mut asked = Requirement::default();
        let mut joined = "and";
        let joins = |word: &&str| matches!(*word, "and" | "or" | "with");
        for words in words.split_inclusive(joins) {
            let pair: Vec<&str> = words.iter().copied().filter(|word| !joins(word)).collect();
            let skills = self.requirement(at, &pair).skills;
            match (joined, asked.any_of.last_mut()) {
                ("or", _) => asked.any_of.push(skills),
                ("with", Some(alternative)) => alternative.extend(skills),
                _ => asked.skills.extend(skills),
            }
            joined = words.last().copied().unwrap_or_default();
        }
        asked.any_of.iter_mut().for_each(|alternative| alternative.sort_unstable());
        asked.skills.sort_unstable();
        asked
    }

    fn disposition(&self, at: &str, name: &str) -> DispositionId {
        DispositionId(position(at, &self.plan.dispositions, name) as u16)
    }

    /// Sorted.
    fn skills(&self, at: &str, names: &[&str]) -> Vec<SkillId> {
        let known = names.iter().map(|name| position(at, &self.plan.skills, name));
        let mut skills: Vec<SkillId> = known.map(|skill| SkillId(skill as u16)).collect();
        skills.sort_unstable();
        skills
    }

    fn queue(&self, at: &str, name: &str) -> QueueId {
        let found = self.plan.queues.iter().position(|queue| queue.name == name);
        QueueId(found.unwrap_or_else(|| panic!("{at}: queue {name}")) as u16)
    }

    fn agent(&self, name: &str) -> Option<AgentId> {
        let found = self.plan.agents.iter().position(|agent| agent.id == name)?;
        Some(AgentId(found as u32))
    }

    /// One of the plan's, or `adapter-N` for another.
    fn adapter(&self, at: &str, name: &str) -> AdapterId {
        let number = name.strip_prefix("adapter-").and_then(|number| number.parse().ok());
        AdapterId(number.unwrap_or_else(|| position(at, &self.plan.adapters, name) as u16))
    }

    fn call(&self, at: &str, name: &str) -> CallHandle {
        *self.calls.get(name).unwrap_or_else(|| panic!("{at}: call {name}"))
    }

    /// A call that has its name already keeps its handle.
    pub(crate) fn name_call(&mut self, name: &str, handle: CallHandle) -> CallHandle {
        *self.calls.entry(name.to_owned()).or_insert(handle)
    }

    /// One command; `words.rs` is the list of what can be said.
    pub(crate) fn command(&mut self, at: &str, line: &str) -> Command {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [adapter, what @ ..] = words.as_slice()
            && (self.plan.adapters.iter().any(|name| name == adapter)
                || adapter.starts_with("adapter-"))
        {
            return self.adapter_command(at, adapter, what);
        }
        if let [agent, what @ ..] = words.as_slice()
            && let Some(agent) = self.agent(agent)
        {
            return self.agent_command(at, agent, what);
        }
        match words.as_slice() {
            ["the", "epoch", "begins"] => Command::EpochBegan,
            ["recovery", "is", "over"] => Command::RecoveryOver,
            ["half", "a", "minute", "passes"] => Command::HalfMinutePassed,
            ["the", "plan", "changes"] => {
                let plan = self.next_plan.take().unwrap_or_else(|| panic!("{at}: to what"));
                Command::PlanChanged { plan: plan.into() }
            }
            ["supervisor", what @ ..] => self.supervisor_command(at, what),
            [call, what @ ..] => self.call_command(at, call, what),
            [] => panic!("{at}: nothing said"),
        }
    }

    fn adapter_command(&mut self, at: &str, adapter: &str, words: &[&str]) -> Command {
        let adapter = self.adapter(at, adapter);
        match words {
            ["connects", how @ ..] => Command::AdapterUp {
                adapter,
                incarnation: match how {
                    ["as", incarnation, ..] => {
                        incarnation.parse().unwrap_or_else(|_| panic!("{at}: {incarnation}"))
                    }
                    ["anew", ..] => 2,
                    _ => 1,
                },
                resync: how.ends_with(&["to", "resync"]),
            },
            ["is", "synced"] => Command::AdapterSynced { adapter },
            ["drops"] => Command::AdapterDown { adapter },
            ["has", "been", "heard", "up", "to", number] => Command::AdapterHeard {
                adapter,
                number: number.parse().unwrap_or_else(|_| panic!("{at}: {number}")),
            },
            ["offers", call, "to", queue, rest @ ..] => {
                let slot = self.calls.len() as u32;
                let handle = CallHandle { slot, generation: 1 };
                let handle = self.name_call(call, handle);
                let queue = self.queue(at, queue);
                let mut entry = CallEntry::new(queue, Priority::NORMAL, self.now);
                let mut rest = rest;
                while let [word, value, more @ ..] = rest {
                    rest = more;
                    match *word {
                        "at" => entry.priority = priority_of(at, value),
                        "since" => entry.since = START + span(at, value),
                        "by" => entry.channel = channel_of(at, value),
                        "for" => entry.preferred = self.agent(value),
                        "from" => {
                            let of_name = value.bytes().map(u64::from);
                            let of_name = || of_name.fold(0, |key, it| 256 * key + it);
                            let key = value.parse().unwrap_or_else(|_| of_name());
                            entry.caller = Some(CallerKey(key));
                        }
                        "besides" => {
                            let asked: Vec<&str> =
                                std::iter::once(*value).chain(rest.iter().copied()).collect();
                            let asked = self.whole_requirement(at, &asked);
                            let known = self.plan.extras.iter().position(|it| *it == asked);
                            let known =
                                known.unwrap_or_else(|| panic!("{at}: nothing asks for that"));
                            (entry.extra, rest) = (Some(ExtraId(known as u16)), &[]);
                        }
                        _ => panic!("{at}: a call does not come like this: {word}"),
                    }
                }
                Command::CallOffered { call: handle, adapter, entry }
            }
            _ => panic!("{at}: an adapter does not do this: {words:?}"),
        }
    }

    fn agent_command(&self, at: &str, agent: AgentId, words: &[&str]) -> Command {
        let offer = |call: &str| {
            let to = (self.call(at, call), agent);
            self.offers_to.get(&to).copied().unwrap_or_else(|| panic!("{at}: never offered"))
        };
        match words {
            ["logs", "in"] => Command::AgentLogIn { agent },
            ["logs", "out"] => Command::AgentLogOut { agent },
            ["is", "ready"] => Command::AgentReady { agent },
            ["is", "not", "ready"] => Command::AgentNotReady { agent, reason: None },
            ["is", "not", "ready", "for", reason] => {
                let reason = ReasonId(position(at, &self.plan.reasons, reason) as u16);
                Command::AgentNotReady { agent, reason: Some(reason) }
            }
            ["accepts", call] => Command::AgentAccept { agent, offer: offer(call) },
            ["declines", call] => Command::AgentDecline { agent, offer: offer(call) },
            ["sends", "a", "heartbeat"] => Command::HeartbeatKept { agent },
            ["sends", "no", "heartbeat"] => Command::HeartbeatLost { agent },
            ["extends", "wrap-up", by] => Command::AgentExtendWrapUp { agent, by: span(at, by) },
            ["ends", "wrap-up", of @ ..] => {
                let (of, said) = match of {
                    [of @ .., "as", said] => (of, Some(self.disposition(at, said))),
                    of => (of, None),
                };
                let call = match of {
                    [] => None,
                    ["after", call] => Some(self.call(at, call)),
                    _ => panic!("{at}: ends wrap-up how: {of:?}"),
                };
                Command::AgentEndWrapUp { agent, call, disposition: said }
            }
            ["has", "a", "device", state] => Command::DeviceChanged {
                agent,
                device: match *state {
                    "up" => DeviceState::Up,
                    "busy" => DeviceState::Busy,
                    "down" => DeviceState::Down,
                    _ => panic!("{at}: a device is up, busy or down"),
                },
            },
            _ => panic!("{at}: an agent does not do this: {words:?}"),
        }
    }

    fn supervisor_command(&self, at: &str, words: &[&str]) -> Command {
        match words {
            ["moves", call, "to", queue] => {
                Command::MoveCall { call: self.call(at, call), queue: self.queue(at, queue) }
            }
            ["sets", call, "to", priority] => {
                let priority = priority_of(at, priority);
                Command::SetPriority { call: self.call(at, call), priority }
            }
            ["ends", call, with @ ..] => Command::EndCall {
                call: self.call(at, call),
                treatment: match with {
                    [] => Treatment::HangUp,
                    ["with", "busy"] => Treatment::Busy,
                    ["with", "voicemail"] => Treatment::Voicemail,
                    ["with", "message"] => Treatment::Message,
                    _ => panic!("{at}: ends how: {with:?}"),
                },
            },
            [how @ ("closes" | "opens"), queue, until @ ..] => Command::SetClosed {
                queue: self.queue(at, queue),
                closed: *how == "closes",
                until: until_when(at, until),
            },
            ["gives", agent, skill, level, until @ ..] if level.parse::<u8>().is_ok() => {
                let level = SkillForNow::Level(level.parse().expect("it is a number"));
                self.set_skill(at, agent, skill, level, until)
            }
            ["takes", skill, "from", agent, until @ ..] => {
                self.set_skill(at, agent, skill, SkillForNow::Without, until)
            }
            ["leaves", agent, skill, "as", "planned", until @ ..] => {
                self.set_skill(at, agent, skill, SkillForNow::AsPlanned, until)
            }
            ["gives", call, "to", agent] => Command::PickCall {
                call: self.call(at, call),
                agent: self.agent(agent).unwrap_or_else(|| panic!("{at}: {agent}")),
            },
            ["tells", "everybody"] => Command::MessageAgents { to: MessageTo::Everybody },
            ["tells", "whoever", "serves", queue] => {
                Command::MessageAgents { to: MessageTo::Queue(self.queue(at, queue)) }
            }
            ["tells", agent] => {
                let agent = self.agent(agent).unwrap_or_else(|| panic!("{at}: {agent}"));
                Command::MessageAgents { to: MessageTo::Agent(agent) }
            }
            ["makes", agent, how @ ..] => Command::ForcePresence {
                agent: self.agent(agent).unwrap_or_else(|| panic!("{at}: {agent}")),
                presence: match how {
                    ["not", "ready"] => ForcedPresence::NotReady,
                    ["ready"] => ForcedPresence::Ready,
                    ["log", "out"] => ForcedPresence::LoggedOut,
                    _ => panic!("{at}: makes him what: {how:?}"),
                },
            },
            _ => panic!("{at}: a supervisor does not do this: {words:?}"),
        }
    }

    /// What becomes of its latest offer, or of the one to an agent: `is accepted [by AGENT]`.
    fn set_skill(
        &self,
        at: &str,
        agent: &str,
        skill: &str,
        wanted: SkillForNow,
        until: &[&str],
    ) -> Command {
        Command::SetSkill {
            agent: self.agent(agent).unwrap_or_else(|| panic!("{at}: {agent}")),
            skill: self.skills(at, &[skill])[0],
            wanted,
            until: until_when(at, until),
        }
    }

    fn call_command(&self, at: &str, call: &str, words: &[&str]) -> Command {
        let call = self.call(at, call);
        let mut offer = self.offers.get(&call).copied().unwrap_or_default();
        let mut words = words;
        if let [before @ .., "by", agent] = words
            && !before.contains(&"found")
        {
            let agent = self.agent(agent).unwrap_or_else(|| panic!("{at}: {agent}"));
            (offer, words) = (self.offers_to[&(call, agent)], before);
        }
        let result = |result| Command::OfferResult { call, offer, result };
        match words {
            ["hangs", "up"] => Command::CallEnded { call },
            ["vanishes"] => Command::CallVanished { call },
            ["is", "not", "rung"] => Command::OfferLost { call, offer },
            ["is", "found", found, agent, "by", adapter] => Command::OfferAdopted {
                call,
                agent: self.agent(agent).unwrap_or_else(|| panic!("{at}: {agent}")),
                rung_by: self.adapter(at, adapter),
                talking: *found == "with",
            },
            ["rings"] => result(OfferResult::Ringing),
            ["is", "accepted"] => result(OfferResult::Accepted),
            ["is", "declined"] => result(OfferResult::Declined),
            ["is", "not", "answered"] => result(OfferResult::NoAnswer),
            ["fails"] => result(OfferResult::Failed),
            ["is", "bridged"] => Command::CallBridged { call, offer },
            ["cannot", "be", "bridged"] => Command::ConnectFailed { call, offer },
            ["is", "transferred"] => Command::CallTransferred { call, queue: None },
            ["is", "transferred", "to", queue] => {
                Command::CallTransferred { call, queue: Some(self.queue(at, queue)) }
            }
            ["loses", "its", "agent"] => Command::AgentLegLost { call },
            ["is", "held"] => Command::CallHeld { call },
            ["is", "retrieved"] => Command::CallRetrieved { call },
            _ => panic!("{at}: a call does not do this: {words:?}"),
        }
    }
}

fn until_when(at: &str, words: &[&str]) -> Option<Timestamp> {
    match words {
        [] => None,
        ["until", until] => Some(START + span(at, until)),
        _ => panic!("{at}: until when: {words:?}"),
    }
}

fn channel_of(at: &str, word: &str) -> Channel {
    match word {
        "voice" => Channel::Voice,
        "chat" => Channel::Chat,
        "text" => Channel::Text,
        "callback" => Channel::Callback,
        "task" => Channel::Task,
        _ => panic!("{at}: not a channel: {word}"),
    }
}

fn criterion(at: &str, word: &str) -> Criterion {
    match word {
        "longest-idle" => Criterion::LongestIdle,
        "highest-level" => Criterion::HighestLevel,
        "lowest-level" => Criterion::LowestLevel,
        "rank" => Criterion::Rank,
        "least-occupied" => Criterion::LeastOccupied,
        "fewest-calls" => Criterion::FewestCalls,
        "round-robin" => Criterion::RoundRobin,
        "listed" => Criterion::Listed,
        "random" => Criterion::Random,
        _ => panic!("{at}: not a criterion: {word}"),
    }
}

fn position(at: &str, names: &[String], name: &str) -> usize {
    let found = names.iter().position(|known| known == name);
    found.unwrap_or_else(|| panic!("{at}: no {name} among {names:?}"))
}

fn priority_of(at: &str, word: &str) -> Priority {
    word.parse().ok().and_then(Priority::new).unwrap_or_else(|| panic!("{at}: {word}"))
}
