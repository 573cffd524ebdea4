//! Figures of queues and agents over some time, from the daemon that keeps them: `report`.

mod ask;
pub(crate) mod cli;
mod fairness;
mod page;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod text;

use crate::daemon::Daemon;
use crate::failure::Failure;
use crate::insights::{self, Answer as Insights};
use crate::output::{Output, note};
use crate::range::{Every, Range};
use cli::ReportArguments;
use fairness::Fairness;
use jiff::Timestamp;
use row::{AgentLine, AgentRow, QueueRow};
use serde::Serialize;

/// So many days on a page by quarters of an hour, and by hours.
const PAGE_DAYS_IN_QUARTERS: usize = 1;
const PAGE_DAYS_IN_HOURS: usize = 7;

/// All that a report says.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    from: String,
    to: String,
    timezone: String,
    /// What happened later is not in it.
    known_until: String,
    /// What is told is kept by a journal; else it is of this run of the daemon alone.
    durable: bool,
    /// How much each row of the intervals covers; none without them.
    interval: Option<String>,
    queues: Vec<QueueRow>,
    agents: Vec<AgentRow>,
    fairness: Option<Fairness>,
    queue_intervals: Vec<QueueRow>,
    agent_intervals: Vec<AgentRow>,
    /// If a journal is given.
    insights: Option<Insights>,
    #[serde(skip)]
    range: Range,
    #[serde(skip)]
    every: Every,
    /// The same as `known_until`.
    #[serde(skip)]
    known_until_at: Timestamp,
    #[serde(skip)]
    domain: String,
    #[serde(skip)]
    shows: Shows,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
struct Shows {
    queues: bool,
    agents: bool,
}

impl Report {
    fn is_empty(&self) -> bool {
        self.queues.is_empty() && self.agents.is_empty()
    }

    /// `between … and …`, with the times for people.
    fn between(&self) -> String {
        let (from, to) = self.range.said();
        format!("between {from} and {to}")
    }
}

pub(crate) async fn report(
    daemon: &Daemon,
    output: Output,
    arguments: &ReportArguments,
) -> Result<(), Failure> {
    let asked = ask::Asked::of(daemon, arguments).await?;
    let mut report = asked.answer(output).await?;
    if let Some(journal) = &arguments.journal {
        report.insights = Some(insights::answer(journal, &report.range, output)?);
    }
    if let Some(file) = &arguments.html {
        std::fs::write(file, page::page(&report).html()).map_err(|error| {
            Failure::Refused(format!("cannot write {}: {error}", file.display()))
        })?;
        note(&format!("the report is in {}", file.display()));
    }
    if arguments.csv {
        if report.is_empty() {
            note(&format!("nothing happened {}", report.between()));
        }
        return table::write(&report);
    }
    output.answer(&report, text::text)
}

/// How much a row covers where nobody says: a page has curves.
fn every(arguments: &ReportArguments, range: &Range) -> Every {
    let days = range.days().len();
    match (arguments.interval, &arguments.html) {
        (Some(every), _) => every,
        (None, None) => Every::Whole,
        (None, Some(_)) if days <= PAGE_DAYS_IN_QUARTERS => Every::Part(crate::range::QUARTER),
        (None, Some(_)) if days <= PAGE_DAYS_IN_HOURS => Every::Part(4 * crate::range::QUARTER),
        (None, Some(_)) => Every::Day,
    }
}

/// The lines of a report's table: its intervals if it has some, else its totals.
fn lines<'r, Row>(report: &Report, totals: &'r [Row], intervals: &'r [Row]) -> &'r [Row] {
    if report.every == Every::Whole { totals } else { intervals }
}
