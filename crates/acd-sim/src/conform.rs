//! Would the Router have picked as another ACD did? Asks it again for each real pick of a call log.
//!
//! A pick is a served call that had waited. Its line-up is that call and the calls of its type that
//! had been offered before the pick and waited on after it. The calls arrive, give up and are taken
//! away as the log says, each in its time; before a real pick the Router is asked by
//! [`Router::choose`] what an agent who frees up would take. What it answers changes nothing: the
//! next line-up is again the real one.
//!
//! A line is of one type. Which agents serve which types is not in a log, so calls of different
//! types are never held against each other.

use crate::call_log::{CallLog, Day, Outcome, Row};
use acd_core::{
    Action, AdapterId, AgentId, AgentPlan, CallEntry, CallHandle, Channel, Command, DemandId,
    Event, Order, PlanDefect, QueueId, QueuePlan, Rejection, Requirement, Router, RoutingPlan,
    Rule, Service, Span, Timestamp, Treatment,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use acd_core::Priority;

/// Every call is held by it.
const ADAPTER: AdapterId = AdapterId(0);
/// What a call of high priority has where an order gives that a worth: one step above the others.
const HIGH: u8 = 6;
/// The longest that a call may have waited: after that the Router lets none wait on.
pub const WAIT_MAX: Duration = Duration::from_micros(Span::LONGEST.0);

/// How waiting calls are compared. A line has one promise for all, so `deadline` would be `strict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineOrder {
    /// Priority, then age.
    Strict,
    /// Age, where each step of priority is worth so much of waiting; at most [`WAIT_MAX`].
    Credit(Duration),
    /// Age alone.
    Oldest,
}

impl LineOrder {
    /// The priority of a call that the log calls high, unless told otherwise. It counts only where
    /// it is given a worth: 6 under `credit`, else the normal 5.
    pub fn usual_high_priority(self) -> Priority {
        match self {
            Self::Credit(_) => Priority::new(HIGH).unwrap_or_default(),
            Self::Strict | Self::Oldest => Priority::NORMAL,
        }
    }

    fn of_plan(self) -> Order {
        match self {
            Self::Strict => Order::Strict,
            Self::Credit(worth) => Order::Credit { per_step: span(worth) },
            Self::Oldest => Order::Oldest,
        }
    }
}

/// As it is asked for: `strict`, `credit=90s`, `oldest`.
impl fmt::Display for LineOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strict => f.write_str("strict"),
            Self::Credit(worth) => write!(f, "credit={}s", worth.as_secs_f64()),
            Self::Oldest => f.write_str("oldest"),
        }
    }
}

/// What a log is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The only type of calls that is looked at; without one each type has a line of its own.
    pub kind: Option<&'a str>,
    /// How the Router compares waiting calls.
    pub order: LineOrder,
    /// The priority of a call that the log calls high; all others are normal.
    pub high_priority: Priority,
}

/// Picks, and how many of them the Router would make too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Picks {
    /// Real picks that had at least two calls to pick from.
    pub decisions: u64,
    /// Of these, where the Router chooses the same call.
    pub agreed: u64,
}

impl Picks {
    /// `agreed` of `decisions`, 0..=1; none if there were no decisions.
    pub fn share(self) -> Option<f64> {
        (self.decisions > 0).then(|| self.agreed as f64 / self.decisions as f64)
    }

    fn count(&mut self, agrees: bool) {
        self.decisions += 1;
        self.agreed += u64::from(agrees);
    }
}

/// How far the Router conforms to a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conformance {
    /// Over all.
    pub all: Picks,
    /// By type.
    pub by_kind: BTreeMap<String, Picks>,
    /// By how many calls there were to pick from, at least 2.
    pub by_line_up: BTreeMap<u32, Picks>,
    /// How many real picks were the first, second, ... in the Router's order; counted from 1.
    pub by_place: BTreeMap<u32, u64>,
    /// Where the two differ: the real pick had high priority, and the Router's choice not.
    pub real_is_high: u64,
    /// Where the two differ: the Router's choice had high priority, and the real pick not.
    pub chosen_is_high: u64,
}

/// Why a log cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ConformError {
    /// It has no call of the type.
    #[error("the log has no calls of type `{kind}`; it has {}", .kinds.join(", "))]
    NoSuchType {
        /// What is asked for.
        kind: String,
        /// What there is.
        kinds: Vec<String>,
    },
    /// A call waited longer than the Router lets any wait.
    #[error("call {call} of {day} waited {} s; at most 31 days can be compared", .wait.as_secs_f64())]
    WaitTooLong {
        /// Which.
        call: String,
        /// When.
        day: String,
        /// How long.
        wait: Duration,
    },
    /// There are too many types to have a line each.
    #[error("the types of the log cannot have a line each: {0}")]
    Plan(#[from] PlanDefect),
    /// There are too many calls on one day.
    #[error("the Router cannot follow the log: {0}")]
    Refused(#[from] Rejection),
}

/// Asks a log. `seen` is told the calls of each day when it is done, those of other types too.
///
/// The work grows with the calls, and for picks that differ with the length of their line-up.
///
/// # Errors
/// The log has no such type, or cannot be followed.
pub fn conform(
    log: &CallLog,
    question: Question<'_>,
    mut seen: impl FnMut(usize),
) -> Result<Conformance, ConformError> {
    let kinds = log.kinds();
    let kinds: Vec<&str> = match question.kind {
        Some(kind) => kinds.get(kind).copied().into_iter().collect(),
        None => kinds.into_iter().collect(),
    };
    if let (Some(kind), []) = (question.kind, &kinds[..]) {
        let kinds = log.kinds().into_iter().map(str::to_owned).collect();
        return Err(ConformError::NoSuchType { kind: kind.to_owned(), kinds });
    }
    let plan = Arc::new(plan(&kinds, question.order));
    let mut found = Conformance::default();
    for day in log.days() {
        Floor::open(day, &plan, &kinds, question.high_priority)?.follow(&mut found)?;
        seen(day.rows.len());
    }
    Ok(found)
}

/// A queue for each type, and somebody who frees up there, again and again. All agents of a line
/// are alike to it, so whoever it is chooses the same.
fn plan(kinds: &[&str], order: LineOrder) -> RoutingPlan {
    let last = || Rule::after(Span::LONGEST, "last", vec![Action::End(Treatment::HangUp)]);
    let queue = |kind: &&str| QueuePlan::new(kind, Requirement::default(), vec![last()]);
    let agent = |(queue, kind): (QueueId, &&str)| AgentPlan {
        queues: vec![(queue, Service::default())],
        only: true,
        ..AgentPlan::new(kind, Vec::new())
    };
    RoutingPlan {
        order: order.of_plan(),
        queues: kinds.iter().map(queue).collect(),
        agents: (0..).map(QueueId).zip(kinds).map(agent).collect(),
        ..RoutingPlan::default()
    }
}

/// What happens to a call; at one instant in this order, since a line-up is of those who were
/// offered before the pick and wait on after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    GivesUp,
    IsPicked,
    Arrives,
}

/// When what happens to which row, in which line.
///
/// In which order calls of one instant came a log does not say. They come in the order in which
/// their waits ended, so that nothing counts as a difference that the log does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    at: Timestamp,
    what: What,
    queue: QueueId,
    until: Timestamp,
    row: usize,
}

/// One day, as it passes before the Router.
struct Floor<'a> {
    rows: &'a [Row],
    high_priority: Priority,
    kinds: &'a [&'a str],
    moments: Vec<Moment>,
    router: Router,
    events: Vec<Event>,
}

impl<'a> Floor<'a> {
    fn open(
        day: &'a Day,
        plan: &Arc<RoutingPlan>,
        kinds: &'a [&'a str],
        high_priority: Priority,
    ) -> Result<Self, ConformError> {
        let mut floor = Self {
            rows: &day.rows,
            high_priority,
            kinds,
            moments: moments(day, kinds)?,
            router: Router::new(Arc::clone(plan))?,
            events: Vec::new(),
        };
        let now = Timestamp(0);
        floor.apply(now, Command::AdapterUp { adapter: ADAPTER, incarnation: 1, resync: false })?;
        for (agent, _) in plan.agents_with_ids() {
            // Nobody is ready: nothing is offered, calls are only taken away.
            floor.apply(now, Command::AgentLogIn { agent })?;
        }
        Ok(floor)
    }

    fn follow(mut self, found: &mut Conformance) -> Result<(), ConformError> {
        let moments = std::mem::take(&mut self.moments);
        // Picks of one instant in one line are looked at together.
        let together = |a: &Moment, b: &Moment| {
            a.what == What::IsPicked && (a.at, a.what, a.queue) == (b.at, b.what, b.queue)
        };
        for of_moment in moments.chunk_by(together) {
            let Some(&Moment { at: now, what, queue, row, .. }) = of_moment.first() else {
                continue;
            };
            let call = handle(row);
            match what {
                What::Arrives => {
                    let high = self.rows[row].high_priority;
                    let priority = if high { self.high_priority } else { Priority::NORMAL };
                    let entry = CallEntry::new(queue, priority, now);
                    self.apply(now, Command::CallOffered { call, adapter: ADAPTER, entry })?;
                }
                What::GivesUp => self.apply(now, Command::CallEnded { call })?,
                What::IsPicked => {
                    let picked = of_moment.iter().map(|moment| moment.row).collect();
                    self.look_at_picks(now, queue, picked, found)?;
                }
            }
        }
        Ok(())
    }

    /// In which order the calls of one instant were picked nobody knows, so none of them is in the
    /// line-up of another: each is held against those who wait on. As long as the best of all is
    /// one of them, it comes before all who wait on; once it is not, it comes before all that are
    /// left.
    fn look_at_picks(
        &mut self,
        now: Timestamp,
        queue: QueueId,
        mut picked: Vec<usize>,
        found: &mut Conformance,
    ) -> Result<(), ConformError> {
        self.apply(now, Command::AdvanceTime)?;
        let agent = AgentId(u32::from(queue.0));
        // The first demands are the queues' own.
        let depth = self.router.skill_queue(DemandId(u32::from(queue.0))).depth;
        let line_up = depth - picked.len() as u32 + 1;
        while let Some(take) = self.router.choose(agent, Channel::Voice) {
            let chosen = take.winner.call;
            let Some(at) = picked.iter().position(|row| handle(*row) == chosen) else {
                self.differ(now, queue, (&picked, chosen), line_up, found);
                break;
            };
            self.count(queue, line_up, 1, found);
            self.take_away(now, agent, picked.remove(at))?;
        }
        picked.into_iter().try_for_each(|row| self.take_away(now, agent, row))
    }

    /// The Router would take a call that waits on before each of these.
    fn differ(
        &self,
        now: Timestamp,
        queue: QueueId,
        (picked, chosen): (&[usize], CallHandle),
        line_up: u32,
        found: &mut Conformance,
    ) {
        let ahead = |row: &usize| {
            let places = self.router.explain(now, handle(*row), None)?.places;
            Some((places.first()?.ahead, *row))
        };
        let mut in_order: Vec<(u32, usize)> = picked.iter().filter_map(ahead).collect();
        in_order.sort_unstable();
        let is_high = |row: usize| self.rows[row].high_priority;
        let chosen_is_high = is_high(chosen.slot as usize);
        // Those before it that were picked in the same instant are not in its line-up.
        for (others, (ahead, row)) in (0..).zip(in_order) {
            self.count(queue, line_up, ahead - others + 1, found);
            found.real_is_high += u64::from(is_high(row) && !chosen_is_high);
            found.chosen_is_high += u64::from(chosen_is_high && !is_high(row));
        }
    }

    /// One decision, if there was anything to decide.
    fn count(&self, queue: QueueId, line_up: u32, place: u32, found: &mut Conformance) {
        if line_up < 2 {
            return;
        }
        let agrees = place == 1;
        found.all.count(agrees);
        found.by_kind.entry(self.kinds[queue.index()].to_owned()).or_default().count(agrees);
        found.by_line_up.entry(line_up).or_default().count(agrees);
        *found.by_place.entry(place).or_default() += 1;
    }

    /// An agent is found talking with the caller; how long they talk is of no account here.
    fn take_away(
        &mut self,
        now: Timestamp,
        agent: AgentId,
        row: usize,
    ) -> Result<(), ConformError> {
        let call = handle(row);
        let adopted = Command::OfferAdopted { call, agent, rung_by: ADAPTER, talking: true };
        self.apply(now, adopted)?;
        self.apply(now, Command::CallEnded { call })
    }

    fn apply(&mut self, now: Timestamp, command: Command) -> Result<(), ConformError> {
        self.events.clear();
        Ok(self.router.apply(now, command, &mut self.events)?)
    }
}

/// What happens on a day to the calls that waited, in its order.
fn moments(day: &Day, kinds: &[&str]) -> Result<Vec<Moment>, ConformError> {
    let origin = day.rows.iter().map(|row| row.offered).min().unwrap_or_default();
    let mut moments = Vec::new();
    for (row, logged) in day.rows.iter().enumerate() {
        let end = match logged.outcome {
            Outcome::Served => What::IsPicked,
            Outcome::Abandoned => What::GivesUp,
            Outcome::LeftInIvr => continue,
        };
        let Ok(queue) = kinds.binary_search(&logged.kind.as_str()) else { continue };
        if logged.wait >= WAIT_MAX {
            let (call, day) = (logged.call.clone(), day.day.to_string());
            return Err(ConformError::WaitTooLong { call, day, wait: logged.wait });
        }
        let at = Timestamp(0) + span(logged.offered - origin);
        let until = at + span(logged.wait);
        if until > at {
            let queue = QueueId(queue as u16);
            moments.push(Moment { at, what: What::Arrives, queue, until, row });
            moments.push(Moment { at: until, what: end, queue, until, row });
        }
    }
    moments.sort_unstable();
    Ok(moments)
}

/// A call of the day by its row.
fn handle(row: usize) -> CallHandle {
    CallHandle { slot: row as u32, generation: 1 }
}

/// To the nearest microsecond: what a log says in decimals is not exact in a `Duration` made of it.
fn span(length: Duration) -> Span {
    Span((length + Duration::from_nanos(500)).as_micros() as u64)
}

#[cfg(test)]
mod tests;
