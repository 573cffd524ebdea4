//! A log passes before the Router: it is told what happened, decides nothing, and says how long each call
//! will wait.
//!
//! The calls' adapter has come and not said yet what it holds, and never does: so nothing of it is offered,
//! while agents are ready, talk, and are at their notes.

use super::score::Truth;
use super::{EstimatesError, Question};
use crate::call_log::{CallLog, Day, Outcome, Row};
use acd_core::{
    Action, AdapterId, AgentId, AgentPlan, CallEntry, CallHandle, Command, Event, Order, Priority,
    QueueId, QueuePlan, Requirement, Router, RoutingPlan, Rule, Span, Timestamp, Treatment,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Every call is held by it.
const ADAPTER: AdapterId = AdapterId(0);
/// Where calls of the type, and those that wait with it, stand.
const LINE: QueueId = QueueId(0);
/// Within so long an agent has to have been seen.
const OF_LATE: Span = Span::from_secs(30 * 60);
/// From the beginning of a day to that of the next, at least.
const DAY: Span = Span::from_secs(24 * 60 * 60);

/// A call of the type that waited, and what could be known as it came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Heard {
    /// The day, counted from 0.
    pub(super) day: usize,
    pub(super) truth: Truth,
    /// What the Router said, in seconds; none if nobody was known to work.
    pub(super) estimate: Option<f64>,
    /// Its place among the waiting calls of the type, in the order of arrival; the first is 1.
    pub(super) position: u32,
    /// Agents who talked within the last 30 minutes.
    pub(super) agents_seen: u32,
    /// In seconds; 0 if there was none on this day.
    pub(super) last_waited: f64,
    /// In seconds; 0 if nobody waited.
    pub(super) first_has_waited: f64,
}

/// The days of a log, the earliest first.
pub(super) fn by_date(log: &CallLog) -> Vec<&Day> {
    let mut days: Vec<&Day> = log.days().iter().collect();
    days.sort_by_key(|day| day.day);
    days
}

/// The calls of the type that waited, by day, then as they came.
pub(super) fn follow(
    log: &CallLog,
    question: &Question,
    mut seen: impl FnMut(usize),
) -> Result<Vec<Heard>, EstimatesError> {
    let mut site = Site::open(log, question)?;
    let mut begins = Timestamp(0) + DAY;
    for (number, day) in by_date(log).into_iter().enumerate() {
        let ends = site.follow(number, day, begins)?;
        begins = (begins + DAY).max(ends + Span::from_secs(1));
        seen(day.rows.len());
    }
    Ok(site.heard)
}

/// What happens; at one instant in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    TalkEnds,
    NotesEnd,
    GivesUp,
    IsPicked,
    Arrives,
}

/// When what happens to which call of the day. Calls of one instant come in the order in which their
/// waits ended.
type Moment = (Timestamp, What, Timestamp, usize);

/// What an agent of the log does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Does {
    #[default]
    Away,
    Talks(CallHandle),
    Notes(CallHandle),
}

/// An agent, and when he was last seen: the end of his last talk that is known of.
#[derive(Clone, Copy, Debug, Default)]
struct Person {
    does: Does,
    last_talk: Option<(Timestamp, bool)>,
}

struct Site<'a> {
    question: &'a Question,
    queues: BTreeMap<&'a str, QueueId>,
    agents: HashMap<&'a str, AgentId>,
    people: Vec<Person>,
    /// Stands in for whoever took a call of which the log does not say who.
    somebody: AgentId,
    router: Router,
    events: Vec<Event>,
    heard: Vec<Heard>,
    /// Of the type, on this day: who waits, by arrival.
    waiting: BTreeSet<(Timestamp, usize)>,
    last_waited: Span,
}

fn plan(queues: usize, agents: usize, question: &Question) -> RoutingPlan {
    let last = || Rule::after(Span::LONGEST, "last", vec![Action::End(Treatment::HangUp)]);
    let queue = |name: String| QueuePlan {
        // The log says when he is done, and how long it may have taken.
        wrap_up: Span::LONGEST,
        wrap_up_at_most: Span::LONGEST,
        ..QueuePlan::new(&name, Requirement::default(), vec![last()])
    };
    RoutingPlan {
        order: Order::Credit { per_step: span(question.credit) },
        recovery_grace: Span::LONGEST,
        queues: (0..queues).map(|number| queue(format!("line-{number}"))).collect(),
        agents: (0..agents).map(|id| AgentPlan::new(&format!("agent-{id}"), Vec::new())).collect(),
        ..RoutingPlan::default()
    }
}

impl<'a> Site<'a> {
    fn open(log: &'a CallLog, question: &'a Question) -> Result<Self, EstimatesError> {
        let in_line = |kind: &str| kind == question.kind || question.with.contains(kind);
        let others = log.kinds().into_iter().filter(|kind| !in_line(kind));
        let mut queues: BTreeMap<&str, QueueId> = others.zip((1..).map(QueueId)).collect();
        let number = queues.len() + 1;
        queues
            .extend(log.kinds().into_iter().filter(|kind| in_line(kind)).map(|kind| (kind, LINE)));
        let rows = log.days().iter().flat_map(|day| &day.rows);
        let names: BTreeSet<&str> = rows.filter_map(|row| row.agent.as_deref()).collect();
        let agents: HashMap<&str, AgentId> = names.into_iter().zip((0..).map(AgentId)).collect();
        let plan = Arc::new(plan(number, agents.len() + 1, question));
        let mut site = Self {
            question,
            queues,
            people: vec![Person::default(); agents.len()],
            somebody: AgentId(agents.len() as u32),
            agents,
            router: Router::new(plan)?,
            events: Vec::new(),
            heard: Vec::new(),
            waiting: BTreeSet::new(),
            last_waited: Span(0),
        };
        let everybody = (0..=site.somebody.0).map(AgentId);
        everybody
            .map(|agent| Command::AgentLogIn { agent })
            .try_for_each(|logs_in| site.apply(Timestamp(0), logs_in))?;
        Ok(site)
    }

    /// Follows one day that begins at `begins`; gives the end of it.
    fn follow(
        &mut self,
        number: usize,
        day: &'a Day,
        begins: Timestamp,
    ) -> Result<Timestamp, EstimatesError> {
        if number > 0 {
            self.apply(begins, Command::AdapterDown { adapter: ADAPTER })?;
        }
        let up = Command::AdapterUp { adapter: ADAPTER, incarnation: 1, resync: true };
        self.apply(begins, up)?;
        self.last_waited = Span(0);
        self.people.iter_mut().for_each(|person| person.last_talk = None);
        let moments = moments(day, begins, span(self.question.notes))?;
        for &(now, what, until, row) in &moments {
            let call = CallHandle { slot: row as u32, generation: number as u32 + 1 };
            let row_of = &day.rows[row];
            match what {
                What::Arrives => self.arrives((number, row), row_of, (now, until), call)?,
                What::GivesUp => {
                    self.waits_no_more(row_of, (now, row));
                    self.apply(now, Command::CallEnded { call })?;
                }
                What::IsPicked => self.is_picked(row, row_of, now, call)?,
                What::TalkEnds => self.talk_ends(row_of, now, call)?,
                What::NotesEnd => self.notes_end(row_of, now, call)?,
            }
        }
        let ends = moments.last().map_or(begins, |(at, ..)| *at);
        for person in &mut self.people {
            person.does = Does::Away;
        }
        Ok(ends)
    }

    fn arrives(
        &mut self,
        (day, row): (usize, usize),
        row_of: &'a Row,
        (now, until): (Timestamp, Timestamp),
        call: CallHandle,
    ) -> Result<(), EstimatesError> {
        let of_kind = self.question.priorities.get(&row_of.kind).copied();
        let priority = match row_of.high_priority {
            true => self.question.high_priority,
            false => of_kind.unwrap_or(Priority::NORMAL),
        };
        let queue = self.queues.get(row_of.kind.as_str()).copied().unwrap_or(LINE);
        let entry = CallEntry::new(queue, priority, now);
        self.apply(now, Command::CallOffered { call, adapter: ADAPTER, entry })?;
        if until == now {
            return self.is_picked(row, row_of, now, call);
        }
        if row_of.kind != self.question.kind {
            return Ok(());
        }
        let said = self.events.iter().find_map(|event| match event {
            Event::PlaceEntered { estimate, .. } => *estimate,
            _ => None,
        });
        let first = self.waiting.first().map_or(now, |(since, _)| *since);
        self.heard.push(Heard {
            day,
            truth: Truth {
                waited: seconds(until.since(now)),
                hung_up: row_of.outcome == Outcome::Abandoned,
            },
            estimate: said.map(seconds),
            position: self.waiting.len() as u32 + 1,
            agents_seen: self.agents_seen(now),
            last_waited: seconds(self.last_waited),
            first_has_waited: seconds(now.since(first)),
        });
        self.waiting.insert((now, row));
        Ok(())
    }

    /// Those who talk, or whose talk ended within the last 30 minutes.
    fn agents_seen(&self, now: Timestamp) -> u32 {
        let is_seen = |person: &&Person| {
            person.last_talk.is_some_and(|(at, over)| !over || now.since(at) <= OF_LATE)
        };
        self.people.iter().filter(is_seen).count() as u32
    }

    fn waits_no_more(&mut self, row_of: &Row, (now, row): (Timestamp, usize)) -> Option<Span> {
        if row_of.kind != self.question.kind {
            return None;
        }
        let since = Timestamp(now.0.saturating_sub(span(row_of.wait).0));
        self.waiting.remove(&(since, row)).then(|| now.since(since))
    }

    /// Whoever took it is found talking with the caller.
    fn is_picked(
        &mut self,
        row: usize,
        row_of: &'a Row,
        now: Timestamp,
        call: CallHandle,
    ) -> Result<(), EstimatesError> {
        if let Some(waited) = self.waits_no_more(row_of, (now, row)) {
            self.last_waited = waited;
        }
        let Some(agent) = self.agent(row_of) else {
            let agent = self.somebody;
            self.adopt(now, agent, call)?;
            self.apply(now, Command::CallEnded { call })?;
            return self.apply(now, end_notes(agent, call));
        };
        let index = agent.0 as usize;
        match self.people[index].does {
            Does::Away => self.apply(now, Command::AgentReady { agent })?,
            Does::Notes(former) => self.apply(now, end_notes(agent, former))?,
            // Logs are not exact to the second.
            Does::Talks(former) => {
                self.apply(now, Command::CallEnded { call: former })?;
                self.apply(now, end_notes(agent, former))?;
            }
        }
        self.adopt(now, agent, call)?;
        self.people[index] = Person { does: Does::Talks(call), last_talk: Some((now, false)) };
        Ok(())
    }

    fn talk_ends(
        &mut self,
        row_of: &Row,
        now: Timestamp,
        call: CallHandle,
    ) -> Result<(), EstimatesError> {
        let Some(agent) = self.agent(row_of) else { return Ok(()) };
        let person = &mut self.people[agent.0 as usize];
        if person.does != Does::Talks(call) {
            return Ok(());
        }
        *person = Person { does: Does::Notes(call), last_talk: Some((now, true)) };
        self.apply(now, Command::CallEnded { call })
    }

    /// He takes no calls until he is seen to.
    fn notes_end(
        &mut self,
        row_of: &Row,
        now: Timestamp,
        call: CallHandle,
    ) -> Result<(), EstimatesError> {
        let Some(agent) = self.agent(row_of) else { return Ok(()) };
        let person = &mut self.people[agent.0 as usize];
        if person.does != Does::Notes(call) {
            return Ok(());
        }
        person.does = Does::Away;
        self.apply(now, Command::AgentNotReady { agent, reason: None })?;
        self.apply(now, end_notes(agent, call))
    }

    fn agent(&self, row_of: &Row) -> Option<AgentId> {
        self.agents.get(row_of.agent.as_deref()?).copied()
    }

    fn adopt(
        &mut self,
        now: Timestamp,
        agent: AgentId,
        call: CallHandle,
    ) -> Result<(), EstimatesError> {
        let adopted = Command::OfferAdopted { call, agent, rung_by: ADAPTER, talking: true };
        self.apply(now, adopted)
    }

    fn apply(&mut self, now: Timestamp, command: Command) -> Result<(), EstimatesError> {
        self.events.clear();
        if self.router.next_deadline().is_some_and(|due| due <= now) {
            self.router.apply(now, Command::AdvanceTime, &mut self.events)?;
            self.events.clear();
        }
        Ok(self.router.apply(now, command, &mut self.events)?)
    }
}

fn end_notes(agent: AgentId, call: CallHandle) -> Command {
    Command::AgentEndWrapUp { agent, call: Some(call), disposition: None }
}

/// What happens on a day, in its order.
fn moments(day: &Day, begins: Timestamp, notes: Span) -> Result<Vec<Moment>, EstimatesError> {
    let origin = day.rows.iter().map(|row| row.offered).min().unwrap_or_default();
    let mut moments = Vec::new();
    for (number, row) in day.rows.iter().enumerate() {
        let is_long = |length: Duration| span(length) >= Span::LONGEST;
        if is_long(row.wait) || is_long(row.service) {
            let (call, day) = (row.call.clone(), day.day.to_string());
            return Err(EstimatesError::TooLong { call, day });
        }
        let at = begins + span(row.offered - origin);
        let until = at + span(row.wait);
        // Whoever takes a call talks: it ends later than it begins.
        let ends = until + span(row.service).max(Span(1));
        match row.outcome {
            Outcome::LeftInIvr => continue,
            // It did not wait, and nobody had it.
            Outcome::Abandoned if until == at => continue,
            Outcome::Abandoned => moments.push((until, What::GivesUp, until, number)),
            Outcome::Served => {
                if until > at {
                    moments.push((until, What::IsPicked, until, number));
                }
                moments.push((ends, What::TalkEnds, ends, number));
                moments.push((ends + notes, What::NotesEnd, ends, number));
            }
        }
        moments.push((at, What::Arrives, until, number));
    }
    moments.sort_unstable();
    Ok(moments)
}

/// To the nearest microsecond: what a log says in decimals is not exact in a `Duration` made of it.
fn span(length: Duration) -> Span {
    Span(u64::try_from((length + Duration::from_nanos(500)).as_micros()).unwrap_or(u64::MAX))
}

fn seconds(of: Span) -> f64 {
    of.0 as f64 / 1e6
}
