//! The words of scenario files: a plan and commands from them, events into them.

mod said;

use crate::plans;
use acd_core::{
    Action, AdapterId, Admission, AgentId, AnnouncementId, Bound, CallEntry, CallHandle, CallerKey,
    Channel, Command, Criterion, DeskPlan, DeviceState, ExtraId, ForcedPresence, Gauge, KeepFree,
    Latch, MissedOffers, NumberId, OfferNumber, OfferResult, Order, Priority, QueueId, ReasonId,
    Requirement, RoutingPlan, Service, SkillId, Span, Timestamp, Treatment,
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

fn seconds(at: &str, word: &str) -> Span {
    let number = word.trim_end_matches('s').parse().unwrap_or_else(|_| panic!("{at}: {word}"));
    Span::from_secs(number)
}

impl Names {
    /// `queue NAME [needs SKILL LEVEL [and SKILL LEVEL] [or SKILL LEVEL ...]] [rings 15s]
    /// [wraps 30s] [answers 20s] [selects CRITERION ...]`, where `or` adds an alternative;
    /// `rule NAME of QUEUE after 45s ACTION`; `rule NAME of QUEUE when CONDITIONS then ACTION`, the
    /// conditions being any of `waited 5s`, `age 5s`, `priority 7`, `repeats 5s`, `closed`,
    /// `in-system 5`, and `waiting 5`, `longest 5s`, `staffed 1`, `working 1`, `available 1` with
    /// `until` before those that end it, `in QUEUE` and `in domain`; `closing ends waits in QUEUE`;
    /// `agent NAME [SKILL LEVEL ...] [holds 2] [at ADAPTER]
    /// [ranks QUEUE 8] [delays QUEUE 60s] [serves only]`; `order credit 90s`, `order strict`, `order
    /// oldest`, `order deadline`; `missed stay ready`, `missed not ready after 1`; `hard SKILL ...`;
    /// `besides REQUIREMENT`, which calls may be offered with, a requirement being as in `queue`.
    pub(crate) fn plan_line(&mut self, at: &str, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["queue", name, rest @ ..] => self.plan_queue(at, name, rest),
            ["rule", name, "of", queue, "after", waited, action @ ..] => {
                let action = self.action(at, action);
                let queue = self.queue(at, queue).index();
                let rules = &mut self.plan.queues[queue].rules;
                let waited = seconds(at, waited);
                let rule = acd_core::Rule::after(waited, name, vec![action]);
                rules.insert(rules.len() - 1, rule);
            }
            ["rule", name, "of", queue, "when", words @ ..] => {
                let then = words.iter().position(|word| *word == "then");
                let (when, action) = words.split_at(then.unwrap_or_else(|| panic!("{at}: then")));
                let mut rule =
                    acd_core::Rule::after(Span(0), name, vec![self.action(at, &action[1..])]);
                let queue = self.queue(at, queue);
                self.conditions(at, queue, &mut rule, when);
                let queue = queue.index();
                let rules = &mut self.plan.queues[queue].rules;
                rules.insert(rules.len() - 1, rule);
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
                self.plan.order = Order::Credit { per_step: seconds(at, per_step) };
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

    /// A line of another plan, which begins with the first of them; besides the above, `skills
    /// NAME ...` and `reasons NAME ...` that are all there are.
    pub(crate) fn next_plan_line(&mut self, at: &str, line: &str) {
        let next = self.next_plan.take().unwrap_or_else(|| plans::plan(Vec::new(), Vec::new()));
        let present = std::mem::replace(&mut self.plan, next);
        let names = |line: &str| line.split_whitespace().skip(1).map(str::to_owned).collect();
        match line.split_once(' ') {
            Some(("skills", _)) => self.plan.skills = names(line),
            Some(("reasons", _)) => self.plan.reasons = names(line),
            _ => self.plan_line(at, line),
        }
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
                "rings" => queue.ring = seconds(at, value),
                "wraps" => queue.wrap_up = seconds(at, value),
                "extends" => queue.wrap_up_at_most = seconds(at, value),
                "or" => queue.require.any_of.push(self.requirement(at, &[value, rest[0]]).skills),
                "keeps" => {
                    let agents = value.parse().unwrap_or_else(|_| panic!("{at}: {value}"));
                    let for_priority = priority_of(at, rest[2]);
                    queue.keep_free = Some(KeepFree { agents, for_priority });
                    words = &rest[3..];
                }
                "broadcasts" => {
                    queue.broadcast = value.parse().unwrap_or_else(|_| panic!("{at}: {value}"));
                }
                "remembers" => queue.affinity.window = seconds(at, value),
                "waits" => queue.affinity.wait = seconds(at, value),
                "answers" => queue.service_level.within = seconds(at, value),
                "selects" => {
                    queue.select = vec![criterion(at, value)];
                    queue.select.extend(rest.iter().map(|word| criterion(at, word)));
                    words = &[];
                }
                _ => panic!("{at}: queue: {word}"),
            }
            if matches!(*word, "needs" | "and" | "or") {
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
                    rule.when.waited = seconds(at, value);
                    continue;
                }
                "age" => {
                    rule.when.age = seconds(at, value);
                    continue;
                }
                "priority" => {
                    rule.when.priority_at_least = Some(priority_of(at, value));
                    continue;
                }
                "repeats" => {
                    rule.repeat_every = Some(seconds(at, value));
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
                _ => panic!("{at}: not a condition: {word}"),
            };
            let of_calls = matches!(gauge, Gauge::CallsWaiting | Gauge::LongestWait);
            let value = match gauge {
                Gauge::LongestWait => seconds(at, value).0,
                _ => u64::from(number(value)),
            };
            let bound = Bound { gauge, at_least: of_calls != ends, value };
            if ends { clear.push(bound) } else { set.push(bound) }
        }
        rule.when.admission = (admission != Admission::default()).then_some(admission);
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
                        _ => service.delay = seconds(at, rest[0]),
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
                    if capacity > 0 {
                        agent.desks.push(DeskPlan { channel, capacity, endpoint: None });
                        agent.desks.sort_by_key(|desk| desk.channel);
                    }
                    words = &words[1..];
                }
                "at" => {
                    let adapter = self.adapter(at, value);
                    let address = name.to_owned();
                    agent.desks[0].endpoint = Some(acd_core::Endpoint { adapter, address });
                }
                skill => agent.skills.extend(self.requirement(at, &[skill, value]).skills),
            }
        }
        agent.skills.sort_unstable();
        agent.queues.sort_unstable_by_key(|(queue, _)| *queue);
        self.plan.agents.push(agent);
    }

    fn action(&self, at: &str, words: &[&str]) -> Action {
        match words {
            ["drop", skills @ ..] => Action::Drop(self.skills(at, skills)),
            ["need", rest @ ..] => Action::Require(self.requirement(at, rest)),
            ["add", queue, "while-active"] => {
                Action::AddQueue { to: self.queue(at, queue), while_active: true }
            }
            ["add", queue] => Action::AddQueue { to: self.queue(at, queue), while_active: false },
            ["move", "to", queue] => Action::MoveTo(self.queue(at, queue)),
            ["raise", "to", priority] => Action::RaisePriority(priority_of(at, priority)),
            ["transfer"] => Action::TransferTo(NumberId(0)),
            ["play"] => Action::Play(AnnouncementId(0)),
            ["end", "voicemail"] => Action::End(Treatment::Voicemail),
            ["end", "message"] => Action::End(Treatment::Message),
            _ => panic!("{at}: not an action: {words:?}"),
        }
    }

    fn requirement(&self, at: &str, words: &[&str]) -> Requirement {
        let pairs = words.chunks(2).filter(|pair| pair[0] != "nothing");
        let mut skills: Vec<(SkillId, u8)> = pairs
            .map(|pair| {
                let skill = position(at, &self.plan.skills, pair[0]);
                (SkillId(skill as u16), pair[1].parse().unwrap_or_else(|_| panic!("{at}")))
            })
            .collect();
        skills.sort_unstable();
        Requirement { skills, any_of: Vec::new() }
    }

    /// `SKILL LEVEL [and SKILL LEVEL] [or SKILL LEVEL ...]`, where `or` adds an alternative.
    fn whole_requirement(&self, at: &str, words: &[&str]) -> Requirement {
        let mut asked = Requirement::default();
        let mut is_alternative = false;
        for words in words.split_inclusive(|word| matches!(*word, "and" | "or")) {
            let pair: Vec<&str> =
                words.iter().copied().filter(|word| !matches!(*word, "and" | "or")).collect();
            let skills = self.requirement(at, &pair).skills;
            if is_alternative {
                asked.any_of.push(skills)
            } else {
                asked.skills.extend(skills)
            }
            is_alternative = words.ends_with(&["or"]);
        }
        asked.skills.sort_unstable();
        asked
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

    fn adapter(&self, at: &str, name: &str) -> AdapterId {
        AdapterId(position(at, &self.plan.adapters, name) as u16)
    }

    fn call(&self, at: &str, name: &str) -> CallHandle {
        *self.calls.get(name).unwrap_or_else(|| panic!("{at}: call {name}"))
    }

    /// One command; `words.rs` is the list of what can be said.
    pub(crate) fn command(&mut self, at: &str, line: &str) -> Command {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [adapter, what @ ..] = words.as_slice()
            && self.plan.adapters.iter().any(|name| name == adapter)
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
                incarnation: if how.contains(&"anew") { 2 } else { 1 },
                resync: how.ends_with(&["to", "resync"]),
            },
            ["is", "synced"] => Command::AdapterSynced { adapter },
            ["drops"] => Command::AdapterDown { adapter },
            ["offers", call, "to", queue, rest @ ..] => {
                let slot = self.calls.len() as u32;
                let handle = CallHandle { slot, generation: 1 };
                let handle = *self.calls.entry((*call).to_owned()).or_insert(handle);
                let queue = self.queue(at, queue);
                let mut entry = CallEntry::new(queue, Priority::NORMAL, self.now);
                let mut rest = rest;
                while let [word, value, more @ ..] = rest {
                    rest = more;
                    match *word {
                        "at" => entry.priority = priority_of(at, value),
                        "since" => entry.since = START + seconds(at, value),
                        "by" => entry.channel = channel_of(at, value),
                        "for" => entry.preferred = self.agent(value),
                        "from" => {
                            let key = value.bytes().map(u64::from);
                            entry.caller = Some(CallerKey(key.fold(0, |key, it| 256 * key + it)));
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
            ["extends", "wrap-up", by] => Command::AgentExtendWrapUp { agent, by: seconds(at, by) },
            ["ends", "wrap-up"] => Command::AgentEndWrapUp { agent },
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
            ["ends", call] => {
                Command::EndCall { call: self.call(at, call), treatment: Treatment::HangUp }
            }
            ["closes", queue] => Command::SetClosed { queue: self.queue(at, queue), closed: true },
            ["opens", queue] => Command::SetClosed { queue: self.queue(at, queue), closed: false },
            ["makes", agent, "not", "ready"] => {
                let agent = self.agent(agent).unwrap_or_else(|| panic!("{at}: {agent}"));
                Command::ForcePresence { agent, presence: ForcedPresence::NotReady }
            }
            _ => panic!("{at}: a supervisor does not do this: {words:?}"),
        }
    }

    fn call_command(&self, at: &str, call: &str, words: &[&str]) -> Command {
        let call = self.call(at, call);
        let offer = self.offers.get(&call).copied().unwrap_or_default();
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
