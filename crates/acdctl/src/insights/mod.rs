//! What went wrong in routing, by a journal, with evidence and where to look: `insights`.

pub(crate) mod cli;
mod page;
mod text;
mod words;

use crate::failure::Failure;
use crate::journal::{folder, progress_bar, refused, show_progress};
use crate::output::{Output, counted};
use crate::range::{Edge, Range, RangeArguments, said};
use acd_journal::tools::insights::{Timestamp as Instant, insights as look};
use cli::InsightsArguments;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::path::Path;

pub(crate) use page::section;
pub(crate) use text::text;

/// What was found.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    journal: String,
    /// When the first and the last of what was looked at happened; none if nothing did.
    from: Option<String>,
    to: Option<String>,
    /// Stays in queues that began then.
    stays: u64,
    /// Agents who were logged in then.
    agents: u64,
    findings: Vec<FindingRow>,
    /// Findings that are not told: of their kind there are ones with more calls.
    left_out: u64,
    #[serde(skip)]
    times: Option<(Timestamp, Timestamp)>,
    #[serde(skip)]
    zone: TimeZone,
}

/// One finding.
#[derive(Debug, Serialize)]
pub(crate) struct FindingRow {
    kind: &'static str,
    queue: Option<String>,
    agent: Option<String>,
    skill: Option<String>,
    rule: Option<String>,
    /// Where calls went; none for out of acdd.
    to: Option<String>,
    calls: u64,
    of: u64,
    /// `calls` of `of`, 0 to 1.
    share: Option<f64>,
    says: String,
    look_at: String,
    who: Vec<SatRow>,
    examples: Vec<Example>,
}

/// An agent who sat not ready beside calls that waited.
#[derive(Debug, Serialize)]
struct SatRow {
    agent: String,
    reason: String,
    call_seconds: f64,
}

/// A call that shows it.
#[derive(Debug, Serialize)]
struct Example {
    adapter: String,
    call_id: String,
}

pub(crate) fn insights(arguments: &InsightsArguments, output: Output) -> Result<(), Failure> {
    let range = range(&arguments.range)?;
    let answer = answer(&arguments.journal, &range, output)?;
    output.answer(&answer, text)
}

/// Without `--from` and `--to` it is all that is kept.
fn range(arguments: &RangeArguments) -> Result<Range, Failure> {
    let mut arguments = arguments.clone();
    // A daemon's clock may be ahead of this one.
    arguments.to.get_or_insert(Edge::At(Timestamp::MAX));
    arguments.at(Timestamp::now(), &Edge::At(Timestamp::UNIX_EPOCH))
}

/// What a journal says of a time.
pub(crate) fn answer(path: &Path, range: &Range, output: Output) -> Result<Answer, Failure> {
    let bar = progress_bar(output);
    let bounds = (instant(range.from), instant(range.to));
    let found = look(&folder(path), bounds, &mut |progress| show_progress(&bar, progress));
    bar.finish_and_clear();
    let found = found.map_err(refused)?;
    let times = found.from.zip(found.to).map(|(from, to)| (timestamp(from), timestamp(to)));
    let say = |at: Timestamp| range.rfc_3339(at);
    Ok(Answer {
        journal: path.display().to_string(),
        from: times.map(|(from, _)| say(from)),
        to: times.map(|(_, to)| say(to)),
        stays: found.stays,
        agents: found.agents,
        findings: found.findings.iter().map(words::row).collect(),
        left_out: found.left_out,
        times,
        zone: range.zone.clone(),
    })
}

/// An instant of the journal, which begins with 1970.
fn instant(at: Timestamp) -> Instant {
    Instant(at.as_microsecond().max(0).unsigned_abs())
}

fn timestamp(at: Instant) -> Timestamp {
    let microseconds = i64::try_from(at.0).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::MAX)
}

impl Answer {
    /// From when to when, for people.
    fn said(&self) -> Option<String> {
        let (from, to) = self.times?;
        let (from, to) = (said(from, &self.zone), said(to, &self.zone));
        Some(format!("from {from} to {to}"))
    }

    /// What was looked at, and what came of it.
    fn lead(&self) -> String {
        let Some(when) = self.said() else {
            return format!("{}: nothing happened in that time", self.journal);
        };
        let (stays, agents) = (counted(self.stays, "call"), counted(self.agents, "agent"));
        let found = match self.findings.len() {
            0 => "nothing stands out".to_owned(),
            found => counted(found as u64 + self.left_out, "finding"),
        };
        format!("{stays} and {agents} {when}: {found}")
    }
}
