//! Figures of the past: which rows are asked for, and how they go out.

use crate::convert::message::malformed;
use crate::convert::refusal::status;
use crate::convert::statistics::{agent_figures, queue_figures};
use crate::convert::time::{span_from, timestamp, timestamp_from};
use crate::past::Past;
use acd_core::Timestamp;
use acd_engine::{Domain, History, HistoryWanted, Interval, Refusal, RefusalKind, Whose, code};
use acd_proto::v1;
use acd_statistics::{AgentRow, QueueRow};
use futures_util::stream;
use std::ops::Range;
use std::pin::Pin;
use tokio_stream::Stream;
use tonic::Status;

/// The most rows of one answer.
const ROWS_MAX: usize = 200_000;
/// How many of them go in one message, well below what a client takes.
const ROWS_PER_MESSAGE: usize = 1_000;

/// The messages of one answer.
pub(crate) type Intervals =
    Pin<Box<dyn Stream<Item = Result<v1::ListIntervalsResponse, Status>> + Send>>;

/// What is asked for, checked.
#[derive(Debug)]
struct Asked {
    wanted: HistoryWanted,
    /// How many quarters of an hour each row covers; all of them without it.
    each: Option<u32>,
}

/// The rows that a request asks for, sorted and merged.
///
/// # Errors
/// The request is malformed, asks for too much, or what was kept cannot be read.
pub(crate) async fn rows(
    domain: &Domain,
    past: &Past,
    request: v1::ListIntervalsRequest,
) -> Result<v1::ListIntervalsResponse, Status> {
    let asked = Asked::of(domain, request)?;
    let rows = past.rows(asked.wanted.clone()).await.map_err(|refusal| status(&refusal))?;
    asked.answer(rows)
}

/// The same in messages of a size that clients take.
pub(crate) fn in_messages(all: v1::ListIntervalsResponse) -> Intervals {
    let v1::ListIntervalsResponse { queues, agents } = all;
    let of_queues = queues
        .chunks(ROWS_PER_MESSAGE)
        .map(|rows| v1::ListIntervalsResponse { queues: rows.to_vec(), agents: Vec::new() });
    let of_agents = agents
        .chunks(ROWS_PER_MESSAGE)
        .map(|rows| v1::ListIntervalsResponse { queues: Vec::new(), agents: rows.to_vec() });
    let messages: Vec<_> = of_queues.chain(of_agents).map(Ok).collect();
    Box::pin(stream::iter(messages))
}

impl Asked {
    fn of(domain: &Domain, request: v1::ListIntervalsRequest) -> Result<Self, Status> {
        let v1::ListIntervalsRequest { from, to, every, queues, agents, .. } = request;
        let at = |at: Option<prost_types::Timestamp>, field| {
            at.map(|at| {
                let wrong = format!("{field} is no time between 1970 and 6000");
                timestamp_from(at).ok_or_else(|| status(&malformed(&wrong, field)))
            })
            .transpose()
        };
        let start = Interval::of(at(from, "from")?.unwrap_or_default());
        let to = at(to, "to")?.unwrap_or_else(|| domain.clock().now());
        let last = Interval::of(Timestamp(to.0.saturating_sub(1)));
        let end = Interval(last.0.saturating_add(1));
        if to <= start.start() {
            return Err(status(&malformed("to must be after from", "to")));
        }
        known(&queues, |name| domain.view().has_queue(name), "queue", code::UNKNOWN_QUEUE)?;
        known(&agents, |id| domain.view().agent(id).is_some(), "agent", code::UNKNOWN_AGENT)?;
        Ok(Self {
            wanted: HistoryWanted {
                range: start..end,
                queues: whose(queues, request.without_queues),
                agents: whose(agents, request.without_agents),
            },
            each: each(every)?,
        })
    }

    fn answer(&self, rows: History) -> Result<v1::ListIntervalsResponse, Status> {
        let Range { start: first, end: last } = self.wanted.range;
        // Counted from the earliest there is, where nobody says from where.
        let earliest = rows.queues.iter().map(|row| row.interval);
        let earliest = earliest.chain(rows.agents.iter().map(|row| row.interval)).min();
        let from = match first {
            Interval(0) => earliest.unwrap_or_default(),
            from => from,
        };
        let each = self.each.unwrap_or(last.0 - from.0.min(last.0 - 1));
        let rows = rows.by(from, each);
        let count = rows.queues.len() + rows.agents.len();
        if count > ROWS_MAX {
            let message = format!(
                "that would be {count} rows, at most {ROWS_MAX}: ask for less time, longer rows, or \
                 some queues and agents"
            );
            let refusal = Refusal::new(RefusalKind::InvalidArgument, code::TOO_MANY_ROWS, message);
            return Err(status(&refusal.at("from")));
        }
        let bounds = |interval: Interval| {
            let end = Interval(interval.0.saturating_add(each)).min(last);
            (Some(timestamp(interval.start())), Some(timestamp(end.start())))
        };
        let queue = |QueueRow { interval, queue, figures }| {
            let (start, end) = bounds(interval);
            let figures = Some(queue_figures(&figures.summary()));
            v1::QueueInterval { start, end, queue, figures }
        };
        let agent = |AgentRow { interval, agent, figures }: AgentRow| {
            let (start, end) = bounds(interval);
            v1::AgentInterval { start, end, agent, figures: Some(agent_figures(&figures)) }
        };
        Ok(v1::ListIntervalsResponse {
            queues: rows.queues.into_iter().map(queue).collect(),
            agents: rows.agents.into_iter().map(agent).collect(),
        })
    }
}

/// None named means all, unless they are not wanted.
fn whose(named: Vec<String>, without: bool) -> Whose {
    match (without, named.is_empty()) {
        (true, _) => Whose::Nobodys,
        (false, true) => Whose::Everyones,
        (false, false) => Whose::Of(named.into_iter().collect()),
    }
}

/// How many quarters of an hour; none for the whole.
fn each(every: Option<prost_types::Duration>) -> Result<Option<u32>, Status> {
    let Some(every) = every else { return Ok(Some(1)) };
    let wrong = "every must be a multiple of 15 minutes, or 0 for the whole";
    let malformed = || status(&malformed(wrong, "every"));
    let every = span_from(every).ok_or_else(malformed)?;
    let length = Interval::LENGTH.0;
    let each = u32::try_from(every.0 / length).ok().filter(|_| every.0 % length == 0);
    each.map(|each| (each > 0).then_some(each)).ok_or_else(malformed)
}

fn known(
    names: &[String],
    is_known: impl Fn(&str) -> bool,
    what: &'static str,
    code: &'static str,
) -> Result<(), Status> {
    let Some(unknown) = names.iter().find(|name| !is_known(name)) else { return Ok(()) };
    let message = format!("no {what} `{unknown}` in the configuration");
    Err(status(&Refusal::new(RefusalKind::NotFound, code, message)))
}
