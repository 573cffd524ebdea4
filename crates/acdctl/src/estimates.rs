//! `estimates`: how good the estimated wait is, on another ACD's call log.

use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::table::Table;
use crate::times::parse_length;
use acd_sim::call_log::CallLog;
use acd_sim::conform::Priority;
use acd_sim::estimates::{self, Comparison, Method, Question, Score};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const EXAMPLES: &str = "\
Examples:
  acdctl estimates calls.csv --type PS
  acdctl estimates calls.csv --type PS --with NE,NW --credit 90s --high-priority 6 --priority NW=4
  acdctl estimates calls.csv --type PS --fit-days 14 --json | jq .better_percent

The log is one that `acdctl conform` reads. Its calls come, are taken and given up as it says, and as each one
comes acdd says how long it will wait. The same agents take calls of the types that wait in one line with those
of --type (--with). The first days (--fit-days) are not scored; what other methods have to know, like the mean
talk, is of those.

A caller who hung up would have waited longer, and nobody knows how much. ERROR is the mean absolute error where
those who waited longer stand for him; ANSWERED ONLY leaves him out.

Exit codes: 0 there is an answer, whatever it is; 2 the log is malformed, has no such type or too few days.";

#[derive(Args, Debug)]
pub(crate) struct EstimatesArguments {
    /// The call log.
    file: PathBuf,

    /// The type of calls whose waits are scored.
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,

    /// Types that wait in one line with it.
    #[arg(long, value_name = "TYPE,…", value_delimiter = ',')]
    with: Vec<String>,

    /// How many days of the log, the first ones, are not scored.
    #[arg(long, value_name = "N", default_value_t = 14)]
    fit_days: usize,

    /// How much waiting a step of priority is worth.
    #[arg(long, value_name = "TIME", default_value = "90s", value_parser = parse_length)]
    credit: Duration,

    /// The priority, 0 to 9, of calls that the log calls high.
    #[arg(long, value_name = "N", default_value = "6", value_parser = priority)]
    high_priority: Priority,

    /// The priority of the other calls of a type, if not the normal 5; may be given again.
    #[arg(long = "priority", value_name = "TYPE=N", value_parser = priority_of)]
    priorities: Vec<(String, Priority)>,

    /// For so long after a call an agent is at his notes; then he is away until he takes one.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_length)]
    notes: Duration,
}

#[derive(Debug, Serialize)]
struct Report {
    #[serde(rename = "type")]
    kind: String,
    fit_days: usize,
    days: usize,
    calls: usize,
    hung_up: usize,
    unsaid: usize,
    talk_s: f64,
    better_percent: Option<f64>,
    methods: Vec<OfMethod>,
}

#[derive(Debug, Serialize)]
struct OfMethod {
    method: &'static str,
    error_s: f64,
    too_short_by_s: f64,
    answered_error_s: f64,
    hung_up_error_s: f64,
}

pub(crate) fn estimates(arguments: &EstimatesArguments, output: Output) -> Result<(), Failure> {
    let wrong = |error: String| Failure::Wrong(error);
    let log = CallLog::read(&arguments.file).map_err(|error| wrong(error.to_string()))?;
    let question = Question {
        kind: arguments.kind.clone(),
        fit_days: arguments.fit_days,
        with: arguments.with.iter().cloned().collect(),
        credit: arguments.credit,
        high_priority: arguments.high_priority,
        priorities: arguments.priorities.iter().cloned().collect(),
        notes: arguments.notes,
    };
    let found = estimates::compare(&log, &question, |_| {})
        .map_err(|error| wrong(format!("{}: {error}", arguments.file.display())))?;
    output.answer(&Report::of(&question, &found), text)
}

impl Report {
    fn of(question: &Question, found: &Comparison) -> Self {
        let of_method = |&(method, score): &(Method, Score)| OfMethod {
            method: name(method),
            error_s: hundredths(score.error),
            too_short_by_s: hundredths(score.too_short_by),
            answered_error_s: hundredths(score.answered_error),
            hung_up_error_s: hundredths(score.hung_up_error),
        };
        Self {
            kind: question.kind.clone(),
            fit_days: question.fit_days,
            days: found.days,
            calls: found.calls,
            hung_up: found.hung_up,
            unsaid: found.unsaid,
            talk_s: hundredths(found.talk),
            better_percent: found.better_by().map(|share| hundredths(share * 100.0)),
            methods: found.scores.iter().map(of_method).collect(),
        }
    }
}

fn name(method: Method) -> &'static str {
    match method {
        Method::Acdd => "acdd",
        Method::PerAgentSeen => "talk × place / agents seen",
        Method::LastAnswered => "wait of the last answered",
        Method::HeadOfLine => "wait of the first in line",
        Method::Usual => "the usual wait",
    }
}

fn hundredths(of: f64) -> f64 {
    (of * 100.0).round() / 100.0
}

fn text(report: &Report) -> String {
    let mut table =
        Table::new(&["METHOD", "ERROR>", "TOO SHORT BY>", "ANSWERED ONLY>", "HUNG UP>"]);
    for of in &report.methods {
        let seconds = |of: f64| format!("{of:.1} s");
        table.row([
            of.method.to_owned(),
            seconds(of.error_s),
            seconds(of.too_short_by_s),
            seconds(of.answered_error_s),
            seconds(of.hung_up_error_s),
        ]);
    }
    let better = report.better_percent.map_or_else(String::new, |percent| {
        let (share, word) = (percent.abs(), if percent < 0.0 { "larger" } else { "smaller" });
        format!("acdd's error is {share:.1}% {word} than that of {}.\n", name(Method::PerAgentSeen))
    });
    let unsaid = match report.unsaid {
        0 => String::new(),
        calls => format!(
            "Left out: {}, since nobody was known to work as they came.\n",
            counted(calls as u64, "call")
        ),
    };
    format!(
        "{} of type {} that waited, {} of them until their caller hung up; {}, after {} that are not \
         scored. They talk for {:.0} s on average.\n\n{}\n{better}{unsaid}",
        counted(report.calls as u64, "call"),
        report.kind,
        report.hung_up,
        counted(report.days as u64, "day"),
        report.fit_days,
        report.talk_s,
        table.text()
    )
}

fn priority(text: &str) -> Result<Priority, String> {
    let priority = text.parse().ok().and_then(Priority::new);
    priority.ok_or_else(|| "expected 0..9; 5 is normal, 9 before all others".to_owned())
}

fn priority_of(text: &str) -> Result<(String, Priority), String> {
    let parts = text.split_once('=').filter(|(kind, _)| !kind.is_empty());
    let (kind, number) = parts.ok_or("expected TYPE=N such as NW=4")?;
    Ok((kind.to_owned(), priority(number)?))
}
