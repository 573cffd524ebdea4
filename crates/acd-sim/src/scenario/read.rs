//! A scenario of the file as one that can be played with a plan; what cannot be is told by its key.

use super::arrivals::Arrivals;
use super::file::{self, File, ScenarioError, Source};
use super::roster::{Roster, Shift};
use super::tally::span;
use super::values::{Clock, Length, Rate};
use super::{Behaviour, Scenario, Stream};
use crate::distribution::Distribution;
use crate::report::clock;
use acd_core::{
    Arriving, CallEntry, Channel, Pattern, Priority, QueueId, RoutingPlan, Span, Timestamp,
};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;

/// The most replications.
const REPLICATIONS_MAX: u64 = 10_000;
/// The shortest interval of a report.
const INTERVAL_LEAST: Duration = Duration::from_secs(60);
/// The most calls that a day with its warm-up may have on average.
const CALLS_MAX: f64 = 2e6;
/// What `per_hour` counts by.
const HOUR: Span = Span(3_600_000_000);
/// How long an agent is away whom acdd made not ready because he missed calls, unless told.
const BACK_AFTER: Duration = Duration::from_secs(120);

type Read<T> = Result<T, ScenarioError>;

impl Scenario {
    /// Reads a scenario for a plan.
    ///
    /// # Errors
    /// What is wrong, with the line, the key, and what would be right.
    pub fn read(text: &str, plan: &Arc<RoutingPlan>) -> Result<Self, ScenarioError> {
        let source = Source(text);
        Reader { source, plan, file: source.read()? }.scenario()
    }
}

struct Reader<'t> {
    source: Source<'t>,
    plan: &'t Arc<RoutingPlan>,
    file: File,
}

impl Reader<'_> {
    fn wrong<T>(&self, at: Range<usize>, key: &str, message: impl Into<String>) -> Read<T> {
        Err(self.source.wrong(at, key, message))
    }

    fn scenario(self) -> Read<Scenario> {
        let File { from, to, interval, warm_up, replications, .. } = &self.file;
        let (Clock(begin), Clock(end)) = (*from.get_ref(), *to.get_ref());
        if begin >= end {
            return self.wrong(to.span(), "to", "the day must end after it begins (`from`)");
        }
        let length = interval.get_ref().0;
        if length < INTERVAL_LEAST || length.as_secs_f64() > end - begin {
            let message = "must be 1m at least, and no longer than the day";
            return self.wrong(interval.span(), "interval", message);
        }
        if !length.subsec_nanos().is_multiple_of(1_000) {
            return self.wrong(interval.span(), "interval", "must be whole microseconds");
        }
        if !(1..=REPLICATIONS_MAX).contains(replications.get_ref()) {
            let message = format!("must be 1 to {REPLICATIONS_MAX}; 50 is a good number");
            return self.wrong(replications.span(), "replications", message);
        }
        let warm = warm_up.as_ref().map_or(Duration::ZERO, |warm| warm.get_ref().0);
        if let Some(warm_up) = warm_up.as_ref().filter(|_| warm.as_secs_f64() > begin) {
            return self.wrong(warm_up.span(), "warm_up", "must not begin before midnight");
        }
        let mut scenario = Scenario {
            title: self.file.title.clone(),
            plan: Arc::clone(self.plan),
            from: begin,
            to: end,
            interval: Span(length.as_micros() as u64),
            warm_up: warm.as_secs_f64(),
            replications: *replications.get_ref(),
            seed: self.file.seed,
            streams: Vec::new(),
            roster: self.roster(begin, end)?,
            behaviour: self.behaviour()?,
            remarks: Vec::new(),
            target: None,
        };
        for (name, stream) in self.file.calls.get_ref() {
            let stream = self.stream(&scenario, name, stream)?;
            scenario.remarks.extend(self.remark(&stream));
            scenario.streams.push(stream);
        }
        let calls = scenario.calls_a_day();
        let has_calls = scenario.streams.iter().any(|stream| stream.calls > 0.0);
        if !(has_calls && calls <= CALLS_MAX) {
            let message = format!(
                "there must be calls, at most {CALLS_MAX} a day with its warm-up; {calls} come"
            );
            return self.wrong(self.file.calls.span(), "calls", message);
        }
        let found = [scenario.unserved(), scenario.unstaffed(), self.shift_remarks(&scenario)];
        scenario.remarks.extend(found.into_iter().flatten());
        Ok(scenario)
    }

    fn behaviour(&self) -> Read<Behaviour> {
        let file::Behaviour { answer, misses, back_after } = &self.file.agents;
        let at_once = || Distribution::deterministic(0.0).expect("nothing is a length");
        let back_after = back_after.map_or(BACK_AFTER, |Length(after)| after);
        Ok(Behaviour {
            answer: answer.as_ref().map_or_else(at_once, |answer| answer.0.clone()),
            misses: misses.0,
            back_after: Span(back_after.as_micros() as u64),
        })
    }

    fn stream(&self, day: &Scenario, name: &str, at: &Spanned<file::Stream>) -> Read<Stream> {
        let stream = at.get_ref();
        let arrivals = self.arrivals(day, name, at)?;
        let entry = self.entry(name, at)?;
        if !self.plan.agents.iter().any(|agent| agent.desk(entry.channel).is_some()) {
            let word = entry.channel.word();
            let message = format!("no agent of the configuration takes calls of channel {word}");
            return self.wrong(at.span(), &format!("calls.{name}"), message);
        }
        Ok(Stream {
            name: name.to_owned(),
            entry,
            calls: arrivals.expected(day.warm_up, day.warm_up + day.to - day.from),
            arrivals,
            talk: stream.talk.0.clone(),
            wrap_up: stream.wrap_up.as_ref().map(|wrap_up| wrap_up.0.clone()),
            patience: stream.patience.as_ref().map(|patience| patience.0.clone()),
        })
    }

    /// What is not wrong, but surprises.
    fn remark(&self, stream: &Stream) -> Option<String> {
        let queue = &self.plan.queues[stream.entry.queue.index()];
        let in_vain = stream.wrap_up.is_some() && queue.wrap_up == Span(0);
        in_vain.then(|| {
            format!(
                "calls.{}.wrap_up has no effect in queue {}: its configuration gives agents no time \
                 for notes (wrap_up).",
                stream.name, queue.name
            )
        })
    }

    /// Of shifts: who is in none, and which go beyond the day.
    fn shift_remarks(&self, day: &Scenario) -> Vec<String> {
        let mut remarks = Vec::new();
        let agents = self.plan.agents.iter().zip(&day.roster.0);
        let idle = agents.filter(|(_, changes)| changes.is_empty());
        let idle: Vec<&str> = idle.map(|(agent, _)| agent.id.as_str()).collect();
        if !idle.is_empty() {
            let names = idle.join(", ");
            remarks.push(format!("In no shift, so that they never work: {names}."));
        }
        let (begin, end) = (day.from - day.warm_up, day.to);
        for (index, shift) in self.file.shifts.iter().enumerate() {
            let (Clock(from), Clock(to)) = (*shift.from.get_ref(), *shift.to.get_ref());
            if from < begin || to > end {
                remarks.push(format!(
                    "shifts[{index}] from {} to {} goes beyond the day, which is played from {} to {}.",
                    clock(from),
                    clock(to),
                    clock(begin),
                    clock(end)
                ));
            }
        }
        remarks
    }

    /// Where the calls of a stream begin to wait, and how.
    fn entry(&self, name: &str, at: &Spanned<file::Stream>) -> Read<CallEntry> {
        let stream = at.get_ref();
        let channel = self.channel(name, stream)?;
        let says = stream.dialed.is_some()
            || stream.caller.is_some()
            || stream.channel.is_some()
            || !stream.attributes.is_empty();
        let mut entry = match &stream.queue {
            Some(_)
                if stream.dialed.is_some()
                    || stream.caller.is_some()
                    || !stream.attributes.is_empty() =>
            {
                let message = "names its queue, so `dialed`, `caller` and `attributes` would not \
                    count: either `queue`, or what the routes look at";
                return self.wrong(at.span(), &format!("calls.{name}"), message);
            }
            Some(queue) => {
                let id = self.queue(name, queue)?;
                CallEntry { channel, ..CallEntry::new(id, Priority::NORMAL, Timestamp(0)) }
            }
            None if says => self.routed(name, at, channel)?,
            None => {
                let message = "does not say where its calls go: `queue = \"...\"`, or `dialed`, \
                    `attributes`, `caller` or `channel` for the routes of the configuration";
                return self.wrong(at.span(), &format!("calls.{name}"), message);
            }
        };
        if let Some(priority) = &stream.priority {
            let key = format!("calls.{name}.priority");
            entry.priority = match Priority::new(*priority.get_ref()) {
                Some(priority) => priority,
                None => return self.wrong(priority.span(), &key, "must be 0 to 9; 5 is normal"),
            };
        }
        Ok(entry)
    }

    fn channel(&self, name: &str, stream: &file::Stream) -> Read<Channel> {
        let Some(channel) = &stream.channel else { return Ok(Channel::Voice) };
        let found = Channel::ALL.into_iter().find(|it| it.word() == channel.get_ref());
        let words = Channel::ALL.map(Channel::word).join(", ");
        match found {
            Some(channel) => Ok(channel),
            None => self.wrong(
                channel.span(),
                &format!("calls.{name}.channel"),
                format!("there is no channel `{}`; there are {words}", channel.get_ref()),
            ),
        }
    }

    fn queue(&self, name: &str, queue: &Spanned<String>) -> Read<QueueId> {
        let found = self.plan.queues_with_ids().find(|(_, it)| it.name == *queue.get_ref());
        if let Some((id, _)) = found {
            return Ok(id);
        }
        let names: Vec<&str> = self.plan.queues.iter().map(|it| it.name.as_str()).collect();
        let message = format!(
            "the configuration has no queue `{}`; it has {}",
            queue.get_ref(),
            names.join(", ")
        );
        self.wrong(queue.span(), &format!("calls.{name}.queue"), message)
    }

    /// As the routes of the plan have it.
    fn routed(&self, name: &str, at: &Spanned<file::Stream>, channel: Channel) -> Read<CallEntry> {
        let stream = at.get_ref();
        let attributes: Vec<(String, String)> = stream.attributes.clone().into_iter().collect();
        let arriving = Arriving {
            dialed: stream.dialed.as_deref().unwrap_or_default(),
            caller: stream.caller.as_deref().unwrap_or_default(),
            channel: channel.word(),
            attributes: &attributes,
        };
        let Some((id, route)) = self.plan.route_of(arriving) else {
            let message = "the configuration has no route for these calls; name their `queue`";
            return self.wrong(at.span(), &format!("calls.{name}"), message);
        };
        let priority = route.priority.unwrap_or(Priority::NORMAL);
        let entry = CallEntry {
            channel,
            preferred: route.preferred,
            ..CallEntry::new(route.queue, priority, Timestamp(0))
        };
        Ok(entry.asking(route.extra).by_route(id))
    }

    fn arrivals(&self, day: &Scenario, name: &str, at: &Spanned<file::Stream>) -> Read<Arrivals> {
        let key = |of: &str| format!("calls.{name}.{of}");
        let (stream, length) = (at.get_ref(), day.to - day.from);
        let (per_hour, span, of, step) = match (&stream.per_hour, &stream.per_interval) {
            (Some(rate), None) => {
                let list = match rate.get_ref() {
                    Rate::Constant(rate) => vec![*rate; parts(length, HOUR)],
                    Rate::List(list) => list.clone(),
                };
                (list, rate.span(), "per_hour", HOUR)
            }
            (None, Some(list)) => {
                let hourly = |(index, calls): (usize, &f64)| {
                    let interval = day.interval_seconds();
                    calls * 3_600.0 / interval.min(length - index as f64 * interval)
                };
                let hourly = list.get_ref().iter().enumerate().map(hourly);
                (hourly.collect(), list.span(), "per_interval", day.interval)
            }
            (Some(_), Some(_)) | (None, None) => {
                let message = "says how many calls come either as `per_hour`, one number or a list, \
                    or as `per_interval`, a list";
                return self.wrong(at.span(), &format!("calls.{name}"), message);
            }
        };
        let expected = parts(length, step);
        if per_hour.len() != expected {
            let message = format!("the day has {expected} of these, here are {}", per_hour.len());
            return self.wrong(span, &key(of), message);
        }
        if !per_hour.iter().all(|rate| rate.is_finite() && *rate >= 0.0) {
            return self.wrong(span, &key(of), "a number of calls is 0 or more");
        }
        let mut arrivals = Arrivals::default();
        arrivals.then(day.warm_up, per_hour[0]);
        let step = step.0 as f64 / 1e6;
        for (index, rate) in per_hour.iter().enumerate() {
            let begins = day.from + index as f64 * step;
            arrivals.then(step.min(day.to - begins), *rate);
        }
        Ok(arrivals)
    }

    /// All agents all day, or those of the shifts.
    fn roster(&self, begin: f64, end: f64) -> Read<Roster> {
        let agents = &self.plan.agents;
        if self.file.shifts.is_empty() {
            let all_day = Shift { from: begin, to: end, breaks: Vec::new() };
            return Ok(Roster::of(&vec![vec![all_day]; agents.len()]));
        }
        let mut of_agents: Vec<Vec<Shift>> = vec![Vec::new(); agents.len()];
        for (index, shift) in self.file.shifts.iter().enumerate() {
            let key = |of: &str| format!("shifts[{index}].{of}");
            let (Clock(from), Clock(to)) = (*shift.from.get_ref(), *shift.to.get_ref());
            if from >= to {
                let message = "a shift must end after it begins; one over midnight is two";
                return self.wrong(shift.to.span(), &key("to"), message);
            }
            for pause in &shift.breaks {
                let file::Break { from: Clock(begins), to: Clock(ends) } = *pause.get_ref();
                if !(from <= begins && begins < ends && ends <= to) {
                    let message = "a break must begin before it ends, within its shift";
                    return self.wrong(pause.span(), &key("breaks"), message);
                }
            }
            let pauses = shift.breaks.iter().map(|pause| pause.get_ref());
            let breaks = pauses.map(|pause| (pause.from.0, pause.to.0)).collect();
            let shift_of = Shift { from, to, breaks };
            for name in &shift.agents.get_ref().0 {
                let pattern = Pattern(if name == "all" { "*".to_owned() } else { name.clone() });
                let mut found = false;
                for (shifts, agent) in of_agents.iter_mut().zip(agents) {
                    if pattern.matches(&agent.id) {
                        shifts.push(shift_of.clone());
                        found = true;
                    }
                }
                if !found {
                    let message = format!("the configuration has no agent `{name}`");
                    return self.wrong(shift.agents.span(), &key("agents"), message);
                }
            }
        }
        Ok(Roster::of(&of_agents))
    }
}

/// How many parts of this length a day of so many seconds has, the last one perhaps shorter.
pub(super) fn parts(day: f64, part: Span) -> usize {
    span(day).0.div_ceil(part.0) as usize
}
