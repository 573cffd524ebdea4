//! `conform`: how often acdd would have picked the call that another ACD picked.

use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::table::Table;
use crate::times::parse_length;
use acd_sim::call_log::CallLog;
use acd_sim::conform::{self, Conformance, LineOrder, Picks, Priority, Question, WAIT_MAX};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::path::PathBuf;

pub(crate) const EXAMPLES: &str = "\
Examples:
  acdctl conform calls.csv --type PS
  acdctl conform calls.csv --type PS --order credit=90s
  acdctl conform calls.csv --order strict --order credit=60s --order credit=90s
  acdctl conform calls.csv --high-priority 8           high calls first of all, by strict
  acdctl conform calls.csv --order credit=90s --json | jq .agree

The log is CSV with a head line and the columns call, day (YYYY-MM-DD), offered_s, type, priority
(2 is high), wait_s, result (served, abandoned or left_in_ivr), service_s, agent.

A pick counts if at least two calls of its type were waiting. Calls that the log calls high have the
normal priority 5 under strict and oldest, and 6, one step above, under credit; --high-priority says
otherwise.

Exit codes: 0 there is an answer, whatever it is; 2 the log is malformed, or has no such type.";

/// Line-ups of so many calls and more are told together.
const LARGE: u32 = 10;
/// So are picks from this place on.
const FAR_BACK: u32 = 4;

#[derive(Args, Debug)]
pub(crate) struct ConformArguments {
    /// The call log.
    file: PathBuf,

    /// Only calls of this type [default: all, each type in a line of its own].
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// How acdd compares waiting calls: strict, credit=TIME (the worth of a step of priority) or
    /// oldest; may be given again, to see which comes closest.
    #[arg(long = "order", value_name = "ORDER", default_value = "strict", value_parser = order)]
    orders: Vec<LineOrder>,

    /// The priority, 0 to 9, of calls that the log calls high [default: 6 under credit, else the
    /// normal 5].
    #[arg(long, value_name = "N", value_parser = priority)]
    high_priority: Option<Priority>,
}

/// What one order comes to.
#[derive(Debug, Serialize)]
struct Report {
    decisions: u64,
    agree: Option<f64>,
    agreed: u64,
    #[serde(rename = "type")]
    kind: Option<String>,
    order: String,
    high_priority: u8,
    real_is_high: u64,
    chosen_is_high: u64,
    types: Vec<OfType>,
    line_ups: Vec<OfLineUp>,
    places: Vec<OfPlace>,
}

#[derive(Debug, Serialize)]
struct OfType {
    #[serde(rename = "type")]
    kind: String,
    decisions: u64,
    agree: Option<f64>,
}

#[derive(Debug, Serialize)]
struct OfLineUp {
    calls: u32,
    decisions: u64,
    agree: Option<f64>,
}

#[derive(Debug, Serialize)]
struct OfPlace {
    place: u32,
    decisions: u64,
}

pub(crate) fn conform(arguments: &ConformArguments, output: Output) -> Result<(), Failure> {
    let log = CallLog::read(&arguments.file).map_err(|error| Failure::Wrong(error.to_string()))?;
    let calls: usize = log.days().iter().map(|day| day.rows.len()).sum();
    let bar = progress_bar((calls * arguments.orders.len()) as u64);
    let mut answers = Vec::new();
    for order in &arguments.orders {
        let kind = arguments.kind.as_deref();
        let high_priority = arguments.high_priority.unwrap_or_else(|| order.usual_high_priority());
        let question = Question { kind, order: *order, high_priority };
        let found = conform::conform(&log, question, |calls| bar.inc(calls as u64));
        let found = found.map_err(|error| {
            bar.finish_and_clear();
            Failure::Wrong(format!("{}: {error}", arguments.file.display()))
        })?;
        answers.push((Report::of(question, &found), found));
    }
    bar.finish_and_clear();
    // Of equal ones the first that was asked for.
    answers.sort_by_key(|(report, _)| std::cmp::Reverse(report.agreed));
    match answers.as_slice() {
        [(report, found)] => output.answer(report, |report| text_of_one(report, found)),
        _ => {
            let reports: Vec<&Report> = answers.iter().map(|(report, _)| report).collect();
            output.answer(&reports, |reports| text_of_several(reports))
        }
    }
}

fn progress_bar(calls: u64) -> ProgressBar {
    // It hides itself when standard error is no terminal.
    let bar = ProgressBar::new(calls);
    let style = ProgressStyle::with_template("{bar:30} {percent:>3}%  {pos} of {len} calls");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

impl Report {
    fn of(question: Question<'_>, found: &Conformance) -> Self {
        let types = found.by_kind.iter();
        let line_ups = found.by_line_up.iter();
        let places = found.by_place.iter();
        Self {
            decisions: found.all.decisions,
            agree: share(found.all),
            agreed: found.all.agreed,
            kind: question.kind.map(str::to_owned),
            order: question.order.to_string(),
            high_priority: question.high_priority.get(),
            real_is_high: found.real_is_high,
            chosen_is_high: found.chosen_is_high,
            types: types
                .map(|(kind, picks)| OfType {
                    kind: kind.clone(),
                    decisions: picks.decisions,
                    agree: share(*picks),
                })
                .collect(),
            line_ups: line_ups
                .map(|(calls, picks)| OfLineUp {
                    calls: *calls,
                    decisions: picks.decisions,
                    agree: share(*picks),
                })
                .collect(),
            places: places
                .map(|(place, decisions)| OfPlace { place: *place, decisions: *decisions })
                .collect(),
        }
    }

    fn asked(&self) -> String {
        match &self.kind {
            Some(kind) => format!("type {kind}"),
            None => "one type".to_owned(),
        }
    }
}

/// For programs, to four digits.
fn share(picks: Picks) -> Option<f64> {
    picks.share().map(|share| (share * 10_000.0).round() / 10_000.0)
}

/// For people, to a tenth of a percent.
fn in_words(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}%", share * 100.0))
}

fn nothing(report: &Report) -> String {
    format!(
        "no pick was among at least two waiting calls of {}: nothing to compare",
        report.asked()
    )
}

fn text_of_one(report: &Report, found: &Conformance) -> String {
    if report.decisions == 0 {
        return nothing(report);
    }
    let mut text = format!(
        "{} among at least two waiting calls of {}; acdd would make {} alike: {}\n\
         order {}; {}\n\n",
        counted(report.decisions, "pick"),
        report.asked(),
        report.agreed,
        in_words(report.agree),
        report.order,
        worth_of_high(report.high_priority),
    );
    if report.kind.is_none() {
        let mut table = Table::new(&["TYPE", "PICKS>", "ALIKE>"]);
        for OfType { kind, decisions, agree } in &report.types {
            table.row([kind.clone(), decisions.to_string(), in_words(*agree)]);
        }
        text += &format!("{}\n", table.text());
    }
    let mut table = Table::new(&["WAITING>", "PICKS>", "ALIKE>"]);
    let mut large = Picks::default();
    for (calls, picks) in &found.by_line_up {
        if *calls < LARGE {
            let cells = [calls.to_string(), picks.decisions.to_string(), in_words(picks.share())];
            table.row(cells);
        } else {
            large.decisions += picks.decisions;
            large.agreed += picks.agreed;
        }
    }
    if large.decisions > 0 {
        let cells = [format!("{LARGE}+"), large.decisions.to_string(), in_words(large.share())];
        table.row(cells);
    }
    text += &format!("{}\n", table.text());
    text += &places(report);
    text + &differences(report)
}

/// Where the real picks stood in acdd's order.
fn places(report: &Report) -> String {
    let mut table = Table::new(&["ITS PLACE WITH ACDD>", "PICKS>"]);
    let of = |which: &dyn Fn(u32) -> bool| {
        report.places.iter().filter(|it| which(it.place)).map(|it| it.decisions).sum::<u64>()
    };
    for place in 1..FAR_BACK {
        table.row([place.to_string(), of(&|it| it == place).to_string()]);
    }
    table.row([format!("{FAR_BACK}+"), of(&|it| it >= FAR_BACK).to_string()]);
    table.text()
}

/// Which way the two differ: whether a step of priority is worth too little or too much.
fn differences(report: &Report) -> String {
    let differ = report.decisions - report.agreed;
    if differ == 0 {
        return String::new();
    }
    let alike = differ - report.real_is_high - report.chosen_is_high;
    format!(
        "\nOf the {differ} that differ: in {} the real pick had high priority and acdd's not, in {} it \
         was the other way round, in {alike} both were alike in this.\n",
        report.real_is_high, report.chosen_is_high
    )
}

fn worth_of_high(priority: u8) -> String {
    match Priority::new(priority) {
        Some(Priority::NORMAL) => {
            "priority 2 of the log counts as 5, like all others: --order credit=TIME or \
             --high-priority gives it a worth"
                .to_owned()
        }
        _ => format!("priority 2 of the log counts as {priority}, all others as 5"),
    }
}

fn text_of_several(reports: &[&Report]) -> String {
    let Some(first) = reports.first().filter(|first| first.decisions > 0) else {
        return reports.first().map_or_else(String::new, |first| nothing(first));
    };
    let heads = ["ORDER", "PRIORITY 2 AS>", "ALIKE>", "SHARE>", "REAL IS HIGH>", "ACDD'S IS HIGH>"];
    let mut table = Table::new(&heads);
    for report in reports {
        table.row([
            report.order.clone(),
            report.high_priority.to_string(),
            report.agreed.to_string(),
            in_words(report.agree),
            report.real_is_high.to_string(),
            report.chosen_is_high.to_string(),
        ]);
    }
    format!(
        "{} among at least two waiting calls of {}\n\n{}\nThe last two columns count picks that \
         differ: the real one had high priority and acdd's not, or the other way round.\n",
        counted(first.decisions, "pick"),
        first.asked(),
        table.text()
    )
}

fn order(text: &str) -> Result<LineOrder, String> {
    match text.split_once('=') {
        None if text == "strict" => Ok(LineOrder::Strict),
        None if text == "oldest" => Ok(LineOrder::Oldest),
        None if text == "deadline" => Err("in one line all calls have the same promise, so \
            `deadline` would be `strict`: ask for that"
            .to_owned()),
        Some(("credit", worth)) => match parse_length(worth)? {
            worth if worth <= WAIT_MAX => Ok(LineOrder::Credit(worth)),
            _ => Err("a step of priority is worth 31 days at most".to_owned()),
        },
        None | Some(_) => {
            Err("expected strict, credit=TIME such as credit=90s, or oldest".to_owned())
        }
    }
}

fn priority(text: &str) -> Result<Priority, String> {
    let priority = text.parse().ok().and_then(Priority::new);
    priority.ok_or_else(|| "expected 0..9; 5 is normal, 9 before all others".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_order_is_written_as_it_is_read() {
        for text in ["strict", "oldest", "credit=90s", "credit=0.5s", "credit=0s"] {
            assert_eq!(order(text).map(|order| order.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(order("credit=1m30s"), Ok(LineOrder::Credit(Duration::from_secs(90))));
    }

    #[test]
    fn an_order_that_there_is_not_is_told_which_there_are() {
        for text in ["", "Strict", "credit", "age", "strict=1s"] {
            let told = order(text).expect_err(text);
            assert!(told.starts_with("expected strict, credit=TIME"), "{text}: {told}");
        }
        for text in ["credit=", "credit=90", "credit=-1s"] {
            assert!(order(text).expect_err(text).contains("a length of time, such as"), "{text}");
        }
        assert!(order("credit=32d").is_err());
        assert!(order("deadline").expect_err("one line").contains("would be `strict`"));
    }

    #[test]
    fn a_priority_is_one_of_ten() {
        assert_eq!(priority("9"), Ok(Priority::EMERGENCY));
        for text in ["10", "-1", "high", ""] {
            assert!(priority(text).expect_err(text).starts_with("expected 0..9"));
        }
    }
}
