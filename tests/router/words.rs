//! The words of scenario files: a plan and commands from them, events into them.

use crate::plans;
use acd_core::{
    Action, AdapterId, AgentId, CallHandle, Command, Criterion, Event, ForcedPresence, LeftCause,
    MissedOffers, NotReadyReason, OfferEnd, OfferNumber, OfferResult, Order, Outcome, Presence,
    Priority, QueueId, ReasonId, Requirement, ReturnCause, RevokeCause, RoutingPlan, SkillId,
    SlotState, Span, Treatment,
};
use std::collections::BTreeMap;

/// The plan, and the names that a scenario uses for handles.
pub(crate) struct Names {
    pub(crate) plan: RoutingPlan,
    calls: BTreeMap<String, CallHandle>,
    offers: BTreeMap<CallHandle, OfferNumber>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            plan: plans::plan(Vec::new(), Vec::new()),
            calls: BTreeMap::new(),
            offers: BTreeMap::new(),
        }
    }
}

fn seconds(at: &str, word: &str) -> Span {
    let number = word.trim_end_matches('s').parse().unwrap_or_else(|_| panic!("{at}: {word}"));
    Span::from_secs(number)
}

impl Names {
    /// `queue NAME [needs SKILL LEVEL ...] [rings 15s] [wraps 30s] [prefers level]`,
    /// `rule NAME of QUEUE after 45s ACTION`, `agent NAME [SKILL LEVEL ...] [holds 2] [at ADAPTER]`,
    /// `order credit 90s`, `missed stay ready`, `missed not ready after 1`.
    pub(crate) fn plan_line(&mut self, at: &str, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["queue", name, rest @ ..] => self.plan_queue(at, name, rest),
            ["rule", name, "of", queue, "after", waited, action @ ..] => {
                let action = self.action(at, action);
                let queue = self.queue(at, queue).index();
                let rules = &mut self.plan.queues[queue].rules;
                let waited = seconds(at, waited);
                let rule = acd_core::Rule { name: (*name).to_owned(), waited, then: vec![action] };
                rules.insert(rules.len() - 1, rule);
            }
            ["agent", name, rest @ ..] => self.plan_agent(at, name, rest),
            ["order", "credit", per_step] => {
                self.plan.order = Order::Credit { per_step: seconds(at, per_step) };
            }
            ["missed", "stay", "ready"] => self.plan.missed_offers = MissedOffers::StayReady,
            ["missed", "not", "ready", "after", count] => {
                let count = count.parse().unwrap_or_else(|_| panic!("{at}: {count}"));
                self.plan.missed_offers = MissedOffers::NotReadyAfter(count);
            }
            _ => panic!("{at}: not a line of a plan: {line}"),
        }
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
                "prefers" => queue.select = vec![Criterion::HighestLevel],
                _ => panic!("{at}: queue: {word}"),
            }
            if matches!(*word, "needs" | "and") {
                words = &words[1..];
            }
        }
        self.plan.queues.push(queue);
    }

    fn plan_agent(&mut self, at: &str, name: &str, mut words: &[&str]) {
        let mut agent = plans::agent(name, &[]);
        while let [word, value, rest @ ..] = words {
            words = rest;
            match *word {
                "holds" => agent.capacity = value.parse().unwrap_or_else(|_| panic!("{at}")),
                "at" => {
                    let adapter = self.adapter(at, value);
                    let address = name.to_owned();
                    agent.voice = Some(acd_core::Endpoint { adapter, address });
                }
                skill => agent.skills.extend(self.requirement(at, &[skill, value]).skills),
            }
        }
        agent.skills.sort_unstable();
        self.plan.agents.push(agent);
    }

    fn action(&self, at: &str, words: &[&str]) -> Action {
        match words {
            ["need", rest @ ..] => Action::Require(self.requirement(at, rest)),
            ["add", queue] => Action::AddQueue(self.queue(at, queue)),
            ["move", "to", queue] => Action::MoveTo(self.queue(at, queue)),
            ["raise", "to", priority] => Action::RaisePriority(priority_of(at, priority)),
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
        Requirement { skills }
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
            ["supervisor", what @ ..] => self.supervisor_command(at, what),
            [call, what @ ..] => self.call_command(at, call, what),
            [] => panic!("{at}: nothing said"),
        }
    }

    fn adapter_command(&mut self, at: &str, adapter: &str, words: &[&str]) -> Command {
        let adapter = self.adapter(at, adapter);
        match words {
            ["connects"] => Command::AdapterUp { adapter, incarnation: 1 },
            ["connects", "anew"] => Command::AdapterUp { adapter, incarnation: 2 },
            ["drops"] => Command::AdapterDown { adapter },
            ["offers", call, "to", queue, rest @ ..] => {
                let slot = self.calls.len() as u32;
                let handle = CallHandle { slot, generation: 1 };
                let handle = *self.calls.entry((*call).to_owned()).or_insert(handle);
                let priority = match rest {
                    ["at", priority] => priority_of(at, priority),
                    _ => Priority::NORMAL,
                };
                let queue = self.queue(at, queue);
                Command::CallOffered { call: handle, adapter, queue, priority }
            }
            _ => panic!("{at}: an adapter does not do this: {words:?}"),
        }
    }

    fn agent_command(&self, at: &str, agent: AgentId, words: &[&str]) -> Command {
        let offer = |call: &str| self.offers[&self.call(at, call)];
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
            ["ends", "wrap-up"] => Command::AgentEndWrapUp { agent },
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
            ["rings"] => result(OfferResult::Ringing),
            ["is", "accepted"] => result(OfferResult::Accepted),
            ["is", "declined"] => result(OfferResult::Declined),
            ["fails"] => result(OfferResult::Failed),
            ["is", "bridged"] => Command::CallBridged { call, offer },
            ["cannot", "be", "bridged"] => Command::ConnectFailed { call, offer },
            ["loses", "its", "agent"] => Command::AgentLegLost { call },
            ["is", "held"] => Command::CallHeld { call },
            ["is", "retrieved"] => Command::CallRetrieved { call },
            _ => panic!("{at}: a call does not do this: {words:?}"),
        }
    }

    /// An event in words.
    pub(crate) fn event(&mut self, event: &Event) -> String {
        if let Event::OfferIssued { call, offer, .. } = event {
            self.offers.insert(*call, *offer);
        }
        match event {
            Event::AdapterUp { adapter } => format!("{}: up", self.plan.adapters[adapter.index()]),
            Event::AdapterDown { adapter } => {
                format!("{}: down", self.plan.adapters[adapter.index()])
            }
            Event::PresenceChanged { agent, presence, pending } => {
                let pending = pending.map(|pending| format!(", then {}", self.presence(pending)));
                let presence = self.presence(*presence);
                format!("{}: {presence}{}", self.agent_name(*agent), pending.unwrap_or_default())
            }
            Event::SlotChanged { agent, slot, state } => {
                let which = if *slot == 0 { String::new() } else { format!(" (slot {slot})") };
                format!("{}: {}{which}", self.agent_name(*agent), self.slot(state))
            }
            Event::CallArrived { call, priority, .. } => {
                format!("{}: arrived, priority {}", self.call_name(*call), priority.get())
            }
            Event::PlaceEntered { call, queue, .. } => {
                format!("{}: waits in {}", self.call_name(*call), self.queue_name(*queue))
            }
            Event::PlaceLeft { call, queue, cause } => {
                let cause = match cause {
                    LeftCause::Moved => "moved",
                    LeftCause::Connected => "connected",
                    LeftCause::Ended => "ended",
                };
                let queue = self.queue_name(*queue);
                format!("{}: left {queue}, {cause}", self.call_name(*call))
            }
            Event::RequirementChanged { call, queue, .. } => {
                let queue = self.queue_name(*queue);
                format!("{}: asks for something else in {queue}", self.call_name(*call))
            }
            Event::PriorityChanged { call, priority } => {
                format!("{}: priority {}", self.call_name(*call), priority.get())
            }
            Event::RuleFired { call, queue, rule, without_effect } => {
                let rule = &self.plan.queues[queue.index()].rules[usize::from(*rule)].name;
                let effect = if *without_effect { ", without effect" } else { "" };
                let queue = self.queue_name(*queue);
                format!("{}: rule {rule} of {queue}{effect}", self.call_name(*call))
            }
            Event::OfferIssued { .. }
            | Event::OfferRinging { .. }
            | Event::OfferEnded { .. }
            | Event::CallConnecting { .. }
            | Event::ConnectFailed { .. } => self.offer_event(event),
            Event::CallConnected { call, agent, queue } => {
                let (agent, queue) = (self.agent_name(*agent), self.queue_name(*queue));
                format!("{}: connected with {agent} through {queue}", self.call_name(*call))
            }
            Event::CallHeld { call } => format!("{}: held", self.call_name(*call)),
            Event::CallRetrieved { call } => format!("{}: retrieved", self.call_name(*call)),
            Event::CallReturned { call, cause } => {
                let cause = match cause {
                    ReturnCause::OfferEnded => "its offer ended",
                    ReturnCause::ConnectFailed => "no bridge",
                    ReturnCause::AgentLegLost => "its agent is lost",
                };
                format!("{}: waits again, {cause}", self.call_name(*call))
            }
            Event::CallEnded { call, outcome, treatment } => {
                let outcome = match outcome {
                    Outcome::Handled => "handled",
                    Outcome::Abandoned => "abandoned",
                    Outcome::ShortAbandoned => "short abandoned",
                    Outcome::Overflowed => "overflowed",
                };
                let treatment = treatment.map(|treatment| match treatment {
                    Treatment::Busy => ", busy",
                    Treatment::Voicemail => ", voicemail",
                    Treatment::Message => ", message",
                    Treatment::HangUp => ", hang up",
                });
                let treatment = treatment.unwrap_or_default();
                format!("{}: ended, {outcome}{treatment}", self.call_name(*call))
            }
        }
    }

    fn offer_event(&self, event: &Event) -> String {
        match event {
            Event::OfferIssued { call, agent, queue, .. } => {
                let (agent, queue) = (self.agent_name(*agent), self.queue_name(*queue));
                format!("{}: offered to {agent} through {queue}", self.call_name(*call))
            }
            Event::OfferRinging { call, .. } => format!("{}: rings", self.call_name(*call)),
            Event::OfferEnded { call, agent, end, adapter_knows, .. } => {
                let end = match end {
                    OfferEnd::Accepted => "accepted",
                    OfferEnd::Declined => "declined",
                    OfferEnd::NoAnswer => "no answer",
                    OfferEnd::Failed => "failed",
                    OfferEnd::Revoked(RevokeCause::CallEnded) => "revoked, the call ended",
                    OfferEnd::Revoked(RevokeCause::AgentUnavailable) => {
                        "revoked, the agent is not available"
                    }
                    OfferEnd::Revoked(RevokeCause::CallMoved) => "revoked, the call moved",
                    OfferEnd::Revoked(RevokeCause::AdapterRestarted) => {
                        "revoked, the adapter restarted"
                    }
                };
                let told = if *adapter_knows { "" } else { ", to be told" };
                let agent = self.agent_name(*agent);
                format!("{}: offer to {agent} over: {end}{told}", self.call_name(*call))
            }
            Event::CallConnecting { call, agent, .. } => {
                format!("{}: connecting with {}", self.call_name(*call), self.agent_name(*agent))
            }
            Event::ConnectFailed { call, agent, adapter_knows, .. } => {
                let told = if *adapter_knows { "" } else { ", to be told" };
                let agent = self.agent_name(*agent);
                format!("{}: no bridge with {agent}{told}", self.call_name(*call))
            }
            Event::AdapterUp { .. }
            | Event::AdapterDown { .. }
            | Event::CallArrived { .. }
            | Event::PlaceEntered { .. }
            | Event::PlaceLeft { .. }
            | Event::RequirementChanged { .. }
            | Event::PriorityChanged { .. }
            | Event::RuleFired { .. }
            | Event::CallConnected { .. }
            | Event::CallHeld { .. }
            | Event::CallRetrieved { .. }
            | Event::CallReturned { .. }
            | Event::CallEnded { .. }
            | Event::PresenceChanged { .. }
            | Event::SlotChanged { .. } => unreachable!("only events of offers come here"),
        }
    }

    fn presence(&self, presence: Presence) -> String {
        match presence {
            Presence::LoggedOut => "logged out".to_owned(),
            Presence::Ready => "ready".to_owned(),
            Presence::NotReady(NotReadyReason::Unstated) => "not ready".to_owned(),
            Presence::NotReady(NotReadyReason::Named(reason)) => {
                format!("not ready for {}", self.plan.reasons[reason.index()])
            }
            Presence::NotReady(NotReadyReason::MissedOffers) => {
                "not ready, missed offers".to_owned()
            }
            Presence::NotReady(NotReadyReason::Forced) => "not ready, forced".to_owned(),
        }
    }

    fn slot(&self, state: &SlotState) -> String {
        match state {
            SlotState::Free => "free".to_owned(),
            SlotState::Reserved { call, .. } => format!("reserved for {}", self.call_name(*call)),
            SlotState::Connecting { call } => format!("connecting {}", self.call_name(*call)),
            SlotState::Talking { call } => format!("talking with {}", self.call_name(*call)),
            SlotState::Held { call } => format!("holding {}", self.call_name(*call)),
            SlotState::WrapUp { .. } => "wrap-up".to_owned(),
        }
    }

    fn call_name(&self, call: CallHandle) -> &str {
        let named = self.calls.iter().find(|(_, handle)| **handle == call);
        named.map_or("?", |(name, _)| name)
    }

    fn agent_name(&self, agent: AgentId) -> &str {
        &self.plan.agents[agent.index()].id
    }

    fn queue_name(&self, queue: QueueId) -> &str {
        &self.plan.queues[queue.index()].name
    }
}

fn position(at: &str, names: &[String], name: &str) -> usize {
    let found = names.iter().position(|known| known == name);
    found.unwrap_or_else(|| panic!("{at}: no {name} among {names:?}"))
}

fn priority_of(at: &str, word: &str) -> Priority {
    word.parse().ok().and_then(Priority::new).unwrap_or_else(|| panic!("{at}: {word}"))
}
