//! A life written down as a scenario file, so that what it shows can be read, and kept.

use crate::words::said::seconds;
use crate::words::{Names, START};
use acd_core::{
    Action, AdapterId, Affinity, AgentId, AgentPlan, CallEntry, CallHandle, Channel, ChannelPlan,
    Command, Criterion, DeskPlan, DeviceState, Endpoint, Event, ForcedPresence, Gauge, KeepFree,
    MessageTo, MissedOffers, OfferNumber, OfferResult, Order, QueueId, Requirement, Router,
    RoutingPlan, Rule, Service, SkillForNow, SkillId, Span, Timestamp, Treatment,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// So long before its first command a life counts from 0s, or a little longer: calls may have waited
/// before it.
const BEFORE: Span = Span::from_secs(100);
/// What has happened of late is counted by these: they end in the life when they do in the scenario.
const HALF_MINUTE: u64 = 30_000_000;

/// The life of a Router as a scenario file. What the words of scenarios cannot say stands there as a
/// comment.
pub(crate) fn scenario(plan: &RoutingPlan, log: &[(Timestamp, Command)]) -> String {
    let begin = log.first().map_or(Timestamp(0), |(now, _)| *now - BEFORE);
    let begin = begin - Span((begin.0 + HALF_MINUTE - START.0 % HALF_MINUTE) % HALF_MINUTE);
    let mut names = Names::default();
    names.plan = plan.clone();
    let mut written = Written {
        begin,
        text: plan_lines(plan).join("\n") + "\n\n",
        names,
        router: Router::new(Arc::new(plan.clone())).expect("a Router lived by it"),
        calls: BTreeMap::new(),
        offers: BTreeMap::new(),
        by_time: Vec::new(),
    };
    let lived = catch_unwind(AssertUnwindSafe(|| {
        log.iter().for_each(|(now, command)| written.happens(*now, command));
        written.time_has_passed();
    }));
    if lived.is_err() {
        written.text.push_str("# Here the Router panicked.\n");
    }
    written.text
}

struct Written {
    /// The instant 0s.
    begin: Timestamp,
    text: String,
    names: Names,
    /// Lives the life once more.
    router: Router,
    calls: BTreeMap<CallHandle, String>,
    /// Of which call, and to whom.
    offers: BTreeMap<OfferNumber, (CallHandle, String)>,
    /// What came by itself since the last command.
    by_time: Vec<String>,
}

impl Written {
    fn happens(&mut self, now: Timestamp, command: &Command) {
        let now = self.moved(now);
        let command = self.command_moved(command.clone());
        if command == Command::AdvanceTime {
            let mut events = Vec::new();
            let _ = self.router.apply(now, command, &mut events);
            self.note_offers(&events);
            return self.by_time.extend(self.names.while_time_passes(now, &events));
        }
        if command == Command::EpochBegan {
            // No time passes before it that has not passed already.
            self.time_has_passed();
        }
        if let Command::CallOffered { call, .. } = &command {
            let name = format!("c{}", self.calls.len() + 1);
            self.names.name_call(&name, *call);
            self.calls.insert(*call, name);
        }
        if let Command::PlanChanged { plan } = &command {
            for line in plan_lines(plan) {
                let mark = if line.starts_with('#') { "" } else { "= " };
                writeln!(self.text, "{mark}{line}").unwrap();
            }
        }
        let at = seconds(now.since(START));
        match self.in_words(&command) {
            Some(words) => writeln!(self.text, "> {at} {words}").unwrap(),
            None => writeln!(self.text, "# {at} cannot be said: {command:?}").unwrap(),
        }
        self.text.extend(self.by_time.drain(..).map(|line| line + "\n"));
        self.names.now = now;
        let mut events = Vec::new();
        match self.router.apply(now, command, &mut events) {
            Ok(()) => {
                self.names.plan = RoutingPlan::clone(self.router.plan());
                self.note_offers(&events);
                for event in &events {
                    let said = self.names.event(event);
                    writeln!(self.text, "{said}").unwrap();
                }
            }
            Err(rejection) => writeln!(self.text, "refused: {rejection}").unwrap(),
        }
    }

    /// After the last command too.
    fn time_has_passed(&mut self) {
        if !self.by_time.is_empty() {
            let at = seconds(self.router.now().since(START));
            writeln!(self.text, "> {at}").unwrap();
            self.text.extend(self.by_time.drain(..).map(|line| line + "\n"));
        }
    }

    fn moved(&self, at: Timestamp) -> Timestamp {
        START + at.since(self.begin)
    }

    fn command_moved(&self, mut command: Command) -> Command {
        match &mut command {
            Command::CallOffered { entry, .. } => entry.since = self.moved(entry.since),
            Command::SetClosed { until: Some(until), .. }
            | Command::SetSkill { until: Some(until), .. } => *until = self.moved(*until),
            _ => {}
        }
        command
    }

    fn note_offers(&mut self, events: &[Event]) {
        for event in events {
            if let Event::OfferIssued { call, offer, agent, .. } = event {
                let to = self.names.plan.agents[agent.index()].id.clone();
                self.offers.insert(*offer, (*call, to));
            }
        }
    }

    fn in_words(&self, command: &Command) -> Option<String> {
        let call = |it: &CallHandle| self.calls.get(it).cloned();
        let queue = |it: &QueueId| Some(self.names.plan.queues.get(it.index())?.name.clone());
        let agent = |it: &AgentId| Some(self.names.plan.agents.get(it.index())?.id.clone());
        let adapter = |it: &AdapterId| adapter_name(&self.names.plan, *it);
        // Of the latest offer, or of the one to an agent.
        let by = |it: &CallHandle, offer: &OfferNumber| {
            let (of, to) = self.offers.get(offer)?;
            let latest = self.offers.iter().rev().find(|(_, (of, _))| of == it);
            (of == it).then(|| match latest.is_some_and(|(latest, _)| latest == offer) {
                true => String::new(),
                false => format!(" by {to}"),
            })
        };
        let by_offer = |offer: &OfferNumber| call(&self.offers.get(offer)?.0);
        Some(match command {
            Command::AdvanceTime => return None,
            Command::EpochBegan => "the epoch begins".to_owned(),
            Command::RecoveryOver => "recovery is over".to_owned(),
            Command::HalfMinutePassed => "half a minute passes".to_owned(),
            Command::PlanChanged { .. } => "the plan changes".to_owned(),
            Command::AdapterUp { adapter: it, incarnation, resync } => {
                let resync = if *resync { " to resync" } else { "" };
                let incarnation = match incarnation {
                    1 => String::new(),
                    2 => " anew".to_owned(),
                    other => format!(" as {other}"),
                };
                format!("{} connects{incarnation}{resync}", adapter(it))
            }
            Command::AdapterSynced { adapter: it } => format!("{} is synced", adapter(it)),
            Command::AdapterDown { adapter: it } => format!("{} drops", adapter(it)),
            Command::AdapterHeard { adapter: it, number } => {
                format!("{} has been heard up to {number}", adapter(it))
            }
            Command::CallOffered { call: it, adapter: by, entry } => {
                let CallEntry { queue: into, priority, since, .. } = entry;
                let CallEntry { channel, preferred, caller, extra, route, .. } = entry;
                if route.is_some() {
                    return None;
                }
                let (by, into, since) = (adapter(by), queue(into)?, since.since(START));
                let (priority, since) = (priority.get(), seconds(since));
                let mut words =
                    format!("{by} offers {} to {into} at {priority} since {since}", call(it)?);
                if *channel != Channel::Voice {
                    write!(words, " by {}", channel.word()).unwrap();
                }
                if let Some(preferred) = preferred {
                    write!(words, " for {}", agent(preferred)?).unwrap();
                }
                if let Some(caller) = caller {
                    write!(words, " from {}", caller.0).unwrap();
                }
                if let Some(extra) = extra {
                    let asked = self.names.plan.extras.get(extra.index())?;
                    write!(words, " besides {}", asks(&self.names.plan, asked)).unwrap();
                }
                words
            }
            Command::CallEnded { call: it } => format!("{} hangs up", call(it)?),
            Command::CallVanished { call: it } => format!("{} vanishes", call(it)?),
            Command::OfferAdopted { call: it, agent: with, rung_by, talking } => {
                let how = if *talking { "with" } else { "ringing" };
                format!("{} is found {how} {} by {}", call(it)?, agent(with)?, adapter(rung_by))
            }
            Command::OfferLost { call: it, offer } => {
                format!("{} is not rung{}", call(it)?, by(it, offer)?)
            }
            Command::OfferResult { call: it, offer, result } => {
                let result = match result {
                    OfferResult::Ringing => "rings",
                    OfferResult::Accepted => "is accepted",
                    OfferResult::Declined => "is declined",
                    OfferResult::NoAnswer => "is not answered",
                    OfferResult::Failed => "fails",
                };
                format!("{} {result}{}", call(it)?, by(it, offer)?)
            }
            Command::CallBridged { call: it, offer } => {
                format!("{} is bridged{}", call(it)?, by(it, offer)?)
            }
            Command::ConnectFailed { call: it, offer } => {
                format!("{} cannot be bridged{}", call(it)?, by(it, offer)?)
            }
            Command::AgentLegLost { call: it } => format!("{} loses its agent", call(it)?),
            Command::CallHeld { call: it } => format!("{} is held", call(it)?),
            Command::CallRetrieved { call: it } => format!("{} is retrieved", call(it)?),
            Command::CallTransferred { call: it, queue: None } => {
                format!("{} is transferred", call(it)?)
            }
            Command::CallTransferred { call: it, queue: Some(to) } => {
                format!("{} is transferred to {}", call(it)?, queue(to)?)
            }
            Command::DeviceChanged { agent: it, device } => {
                let device = match device {
                    DeviceState::Up => "up",
                    DeviceState::Busy => "busy",
                    DeviceState::Down => "down",
                };
                format!("{} has a device {device}", agent(it)?)
            }
            Command::HeartbeatKept { agent: it } => format!("{} sends a heartbeat", agent(it)?),
            Command::HeartbeatLost { agent: it } => format!("{} sends no heartbeat", agent(it)?),
            Command::AgentLogIn { agent: it } => format!("{} logs in", agent(it)?),
            Command::AgentLogOut { agent: it } => format!("{} logs out", agent(it)?),
            Command::AgentReady { agent: it } => format!("{} is ready", agent(it)?),
            Command::AgentNotReady { agent: it, reason: None } => {
                format!("{} is not ready", agent(it)?)
            }
            Command::AgentNotReady { agent: it, reason: Some(reason) } => {
                let reason = self.names.plan.reasons.get(reason.index())?;
                format!("{} is not ready for {reason}", agent(it)?)
            }
            Command::AgentAccept { agent: it, offer } => {
                format!("{} accepts {}", agent(it)?, by_offer(offer)?)
            }
            Command::AgentDecline { agent: it, offer } => {
                format!("{} declines {}", agent(it)?, by_offer(offer)?)
            }
            Command::AgentEndWrapUp { agent: it, call: of, disposition } => {
                let mut words = format!("{} ends wrap-up", agent(it)?);
                if let Some(of) = of {
                    write!(words, " after {}", call(of)?).unwrap();
                }
                if let Some(said) = disposition {
                    let said = self.names.plan.dispositions.get(said.index())?;
                    write!(words, " as {said}").unwrap();
                }
                words
            }
            Command::AgentExtendWrapUp { agent: it, by } => {
                format!("{} extends wrap-up {}", agent(it)?, seconds(*by))
            }
            Command::MoveCall { call: it, queue: to } => {
                format!("supervisor moves {} to {}", call(it)?, queue(to)?)
            }
            Command::SetPriority { call: it, priority } => {
                format!("supervisor sets {} to {}", call(it)?, priority.get())
            }
            Command::EndCall { call: it, treatment } => {
                let with = match treatment {
                    Treatment::HangUp => "",
                    Treatment::Busy => " with busy",
                    Treatment::Voicemail => " with voicemail",
                    Treatment::Message => " with message",
                };
                format!("supervisor ends {}{with}", call(it)?)
            }
            Command::SetClosed { queue: it, closed, until } => {
                let how = if *closed { "closes" } else { "opens" };
                let until = until.map(|until| format!(" until {}", seconds(until.since(START))));
                format!("supervisor {how} {}{}", queue(it)?, until.unwrap_or_default())
            }
            Command::SetSkill { agent: it, skill, wanted, until } => {
                let skill = self.names.plan.skills.get(skill.index())?;
                let what = match wanted {
                    SkillForNow::Level(level) => format!("gives {} {skill} {level}", agent(it)?),
                    SkillForNow::Without => format!("takes {skill} from {}", agent(it)?),
                    SkillForNow::AsPlanned => format!("leaves {} {skill} as planned", agent(it)?),
                };
                let until = until.map(|until| format!(" until {}", seconds(until.since(START))));
                format!("supervisor {what}{}", until.unwrap_or_default())
            }
            Command::PickCall { call: it, agent: to } => {
                format!("supervisor gives {} to {}", call(it)?, agent(to)?)
            }
            Command::MessageAgents { to: MessageTo::Everybody } => {
                "supervisor tells everybody".to_owned()
            }
            Command::MessageAgents { to: MessageTo::Queue(it) } => {
                format!("supervisor tells whoever serves {}", queue(it)?)
            }
            Command::MessageAgents { to: MessageTo::Agent(it) } => {
                format!("supervisor tells {}", agent(it)?)
            }
            Command::ForcePresence { agent: it, presence } => {
                let presence = match presence {
                    ForcedPresence::Ready => "ready",
                    ForcedPresence::NotReady => "not ready",
                    ForcedPresence::LoggedOut => "log out",
                };
                format!("supervisor makes {} {presence}", agent(it)?)
            }
        })
    }
}

fn adapter_name(plan: &RoutingPlan, adapter: AdapterId) -> String {
    let known = plan.adapters.get(adapter.index());
    known.cloned().unwrap_or_else(|| format!("adapter-{}", adapter.0))
}

/// A plan in words; where they do not say all of it, all of it as a comment.
fn plan_lines(plan: &RoutingPlan) -> Vec<String> {
    let mut lines = vec![
        format!("skills {}", plan.skills.join(" ")),
        format!("reasons {}", plan.reasons.join(" ")),
        format!("dispositions {}", plan.dispositions.join(" ")),
        format!("seed {}", plan.seed),
    ];
    lines.push(match plan.order {
        Order::Strict => "order strict".to_owned(),
        Order::Credit { per_step } => format!("order credit {}", seconds(per_step)),
        Order::Oldest => "order oldest".to_owned(),
        Order::Deadline => "order deadline".to_owned(),
    });
    lines.push(match plan.missed_offers {
        MissedOffers::StayReady => "missed stay ready".to_owned(),
        MissedOffers::NotReadyAfter(count) => format!("missed not ready after {count}"),
    });
    let channel = [Channel::Voice, Channel::Chat, Channel::Text, Channel::Task];
    lines.extend(channel.iter().map(|channel| {
        let ChannelPlan { exclusive, interruptible_by } = plan.channels.of(*channel);
        let exclusive = if *exclusive { " exclusive" } else { "" };
        let by: String = interruptible_by.iter().map(|by| format!(" {}", by.word())).collect();
        format!("channel {}{exclusive} by{by}", channel.word())
    }));
    let hard = plan.hard.iter().map(|skill| format!(" {}", plan.skills[skill.index()]));
    lines.push(format!("hard{}", hard.collect::<String>()));
    lines.extend(plan.extras.iter().map(|extra| format!("besides {}", asks(plan, extra))));
    for queue in &plan.queues {
        let selects: Vec<&str> = queue.select.iter().map(|it| criterion(*it)).collect();
        lines.push(format!(
            "queue {}{} rings {} wraps {} extends {} answers {}",
            queue.name,
            needs(plan, &queue.require),
            seconds(queue.ring),
            seconds(queue.wrap_up),
            seconds(queue.wrap_up_at_most),
            seconds(queue.service_level.within),
        ));
        let last = lines.last_mut().expect("just said");
        if let Some(KeepFree { agents, for_priority }) = queue.keep_free {
            write!(last, " keeps {agents} free for {}", for_priority.get()).unwrap();
        }
        if queue.broadcast != 1 {
            write!(last, " broadcasts {}", queue.broadcast).unwrap();
        }
        if queue.affinity != Affinity::default() {
            let Affinity { window, wait } = queue.affinity;
            write!(last, " remembers {} waits {}", seconds(window), seconds(wait)).unwrap();
        }
        write!(last, " selects {}", selects.join(" ")).unwrap();
        if !queue.dispositions.is_empty() {
            let names = queue.dispositions.iter().map(|it| &*plan.dispositions[it.index()]);
            let names: Vec<&str> = names.collect();
            lines.push(format!("dispositions of {}: {}", queue.name, names.join(" ")));
        }
        if queue.closing_ends_waits {
            lines.push(format!("closing ends waits in {}", queue.name));
        }
    }
    for queue in &plan.queues {
        // The last one is there without being said.
        let rules = queue.rules.iter().take(queue.rules.len().saturating_sub(1));
        lines.extend(rules.filter_map(|rule| rule_line(plan, &queue.name, rule)));
    }
    lines.extend(plan.agents.iter().map(|agent| agent_line(plan, agent)));

    let mut read = Names::default();
    lines.iter().for_each(|line| read.plan_line("written", line));
    if read.plan != *plan {
        let all = format!("{plan:#?}");
        lines.push("# The words above do not say all of this plan:".to_owned());
        lines.extend(all.lines().map(|line| format!("# {line}")));
    }
    lines
}

fn levels(plan: &RoutingPlan, levels: &[(SkillId, u8)]) -> Vec<String> {
    levels.iter().map(|(skill, level)| format!("{} {level}", plan.skills[skill.index()])).collect()
}

fn needs(plan: &RoutingPlan, require: &Requirement) -> String {
    let asked = asks(plan, require);
    match require.skills.is_empty() {
        true => asked.strip_prefix("nothing").unwrap_or(&asked).to_owned(),
        false => format!(" needs {asked}"),
    }
}

fn asks(plan: &RoutingPlan, asked: &Requirement) -> String {
    let mut words = match asked.skills.is_empty() {
        true => "nothing".to_owned(),
        false => levels(plan, &asked.skills).join(" and "),
    };
    for one in &asked.any_of {
        write!(words, " or {}", levels(plan, one).join(" with ")).unwrap();
    }
    words
}

fn rule_line(plan: &RoutingPlan, queue: &str, rule: &Rule) -> Option<String> {
    let when = &rule.when;
    let mut words = vec![format!("rule {} of {queue} when", rule.name)];
    words.push(format!("waited {} age {}", seconds(when.waited), seconds(when.age)));
    words.extend(when.priority_at_least.map(|least| format!("priority {}", least.get())));
    if !when.channels.is_empty() {
        let channels: Vec<&str> = when.channels.iter().map(|it| it.word()).collect();
        words.push(format!("channel {}", channels.join(",")));
    }
    words.extend(rule.repeat_every.map(|every| format!("repeats {}", seconds(every))));
    let of = |of: Option<QueueId>| of.map_or("domain", |of| &plan.queues[of.index()].name);
    if let Some(admission) = when.admission {
        words.push(format!("in {}", of(admission.of)));
        words.extend(admission.closed.then(|| "closed".to_owned()));
        words.extend(admission.calls_in_system.map(|most| format!("in-system {most}")));
    }
    if let Some(latch) = &when.latch {
        words.push(format!("in {}", of(latch.of)));
        let until = latch.clear.iter().map(|bound| ("until ", bound));
        for (until, bound) in latch.set.iter().map(|bound| ("", bound)).chain(until) {
            words.push(match bound.gauge {
                Gauge::CallsWaiting => format!("{until}waiting {}", bound.value),
                Gauge::LongestWait => format!("{until}longest {}", seconds(Span(bound.value))),
                Gauge::AgentsStaffed => format!("{until}staffed {}", bound.value),
                Gauge::AgentsWorking => format!("{until}working {}", bound.value),
                Gauge::AgentsAvailable => format!("{until}available {}", bound.value),
                Gauge::ServiceLevel if bound.at_least => {
                    format!("{until}answered {}%", bound.value)
                }
                Gauge::ServiceLevel => format!("{until}answered-below {}%", bound.value + 1),
                Gauge::EstimatedWait => format!("{until}estimated {}", seconds(Span(bound.value))),
            });
        }
    }
    let actions: Option<Vec<String>> = rule.then.iter().map(|it| action(plan, it)).collect();
    words.push(format!("then {}", actions?.join(" and ")));
    Some(words.join(" "))
}

fn action(plan: &RoutingPlan, action: &Action) -> Option<String> {
    let queue = |it: &QueueId| &plan.queues[it.index()].name;
    Some(match action {
        Action::RaisePriority(priority) => format!("raise to {}", priority.get()),
        Action::Require(Requirement { skills, any_of }) => {
            let mut all = vec![levels(plan, skills).join(" ")];
            if skills.is_empty() {
                all[0].push_str("nothing");
            }
            all.extend(any_of.iter().map(|one| levels(plan, one).join(" with ")));
            format!("need {}", all.join(" or "))
        }
        Action::Drop(skills) => {
            let names = skills.iter().map(|skill| plan.skills[skill.index()].as_str());
            format!("drop {}", names.collect::<Vec<_>>().join(" "))
        }
        Action::AddQueue { to, while_active: true } => format!("add {} while-active", queue(to)),
        Action::AddQueue { to, while_active: false } => format!("add {}", queue(to)),
        Action::MoveTo(to) => format!("move to {}", queue(to)),
        Action::End(Treatment::Voicemail) => "end voicemail".to_owned(),
        Action::End(Treatment::Message) => "end message".to_owned(),
        Action::End(Treatment::Busy) => "end busy".to_owned(),
        Action::End(Treatment::HangUp) => return None,
        Action::TransferTo(number) => {
            return (number.index() == 0).then(|| "transfer".to_owned());
        }
        Action::Play(played) => return (played.index() == 0).then(|| "play".to_owned()),
        Action::OfferCallback => "offer a callback".to_owned(),
        Action::Ladder(ladder) => {
            return (ladder.index() == 0).then(|| "try the ladder".to_owned());
        }
    })
}

fn agent_line(plan: &RoutingPlan, agent: &AgentPlan) -> String {
    let mut words = vec![format!("agent {}", agent.id)];
    words.extend(levels(plan, &agent.skills));
    if agent.desks.iter().all(|desk| desk.channel != Channel::Voice) {
        words.push("takes voice 0".to_owned());
    }
    for DeskPlan { channel, capacity, endpoint } in &agent.desks {
        words.push(format!("takes {} {capacity}", channel.word()));
        if let Some(Endpoint { adapter, address }) = endpoint {
            words.push(format!("through {}:{address}", adapter_name(plan, *adapter)));
        }
    }
    for (queue, Service { rank, delay }) in &agent.queues {
        let queue = &plan.queues[queue.index()].name;
        words.push(format!("ranks {queue} {rank} delays {queue} {}", seconds(*delay)));
    }
    words.extend(agent.only.then(|| "serves only".to_owned()));
    words.join(" ")
}

fn criterion(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::LongestIdle => "longest-idle",
        Criterion::HighestLevel => "highest-level",
        Criterion::LowestLevel => "lowest-level",
        Criterion::Rank => "rank",
        Criterion::LeastOccupied => "least-occupied",
        Criterion::FewestCalls => "fewest-calls",
        Criterion::RoundRobin => "round-robin",
        Criterion::Listed => "listed",
        Criterion::Random => "random",
    }
}
