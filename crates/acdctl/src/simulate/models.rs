//! Answers `simulate --models`: what the Router makes of queueing models, beside what is known of them.

use super::cli::SimulateArguments;
use super::progress_bar;
use crate::failure::Failure;
use crate::output::{Output, counted, note};
use crate::table::Table;
use acd_sim::{Compared, Known, Measured, Models, Run};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// What the process exits with when a measure is not where it should be, ...
const NOT_WITHIN: u8 = 1;
/// ... and when a model cannot be run.
const WRONG_MODEL: u8 = 2;

#[derive(Serialize)]
struct Answer {
    cases: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    measures: BTreeMap<String, f64>,
    half_width: BTreeMap<String, f64>,
    /// What is known of it; empty if the file says nothing.
    expected: BTreeMap<String, ExpectedRow>,
    calls: u64,
    commands: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct ExpectedRow {
    value: f64,
    tolerance: f64,
    within: bool,
}

pub(super) fn models(
    path: &Path,
    arguments: &SimulateArguments,
    output: Output,
) -> Result<(), Failure> {
    let file = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Wrong(format!("cannot read {file}: {error}")))?;
    let models = Models::read(&text).map_err(|error| Failure::Wrong(format!("{file}: {error}")))?;
    let chosen = chosen(&models, &arguments.cases).map_err(Failure::Wrong)?;
    let (effort, seed) = (arguments.effort.unwrap_or(1.0), arguments.seed.unwrap_or(1));
    let run = Run { effort, seed, threads: arguments.threads() };
    // Counts replications, of a model at a time.
    let bar = progress_bar(chosen.iter().map(|known| known.replications(run)).sum(), output);
    let mut table = Table::new(&["MODEL", "MEASURE", "EXPECTED>", "GOT>", "±>", "TOLERANCE>", ""]);
    let (mut cases, mut outside) = (Vec::new(), Vec::new());
    for known in chosen {
        let started = Instant::now();
        bar.set_message(known.id().to_owned());
        let before = bar.position();
        let measured = known.run(run, |done| bar.set_position(before + done));
        let measured = measured.map_err(|error| Failure::Refused(error.to_string()))?;
        let compared = known.compare(&measured, run);
        add(&mut table, known.id(), &compared);
        outside.extend(
            compared
                .iter()
                .filter(|(_, compared)| !compared.is_within())
                .map(|(name, _)| format!("{} {name}", known.id())),
        );
        cases.push(row(known, &measured, &compared, started.elapsed().as_secs_f64()));
    }
    bar.finish_and_clear();
    let answer = Answer { cases };
    output.answer(&answer, |answer| format!("{}\n{}", table.text(), summary(answer, &outside)))?;
    if output.json && !outside.is_empty() {
        note(&format!("outside its tolerance: {}", outside.join(", ")));
    }
    let wrong = if arguments.cases.is_empty() { models.problems() } else { &[] };
    for problem in wrong {
        note(&format!("not run: {file}: {problem}"));
    }
    match (wrong, outside.as_slice()) {
        ([], []) => Ok(()),
        ([], _) => Err(Failure::Said(NOT_WITHIN)),
        _ => Err(Failure::Said(WRONG_MODEL)),
    }
}

/// The models of these names, in the order of the names; all without any.
fn chosen<'m>(models: &'m Models, names: &[String]) -> Result<Vec<&'m Known>, String> {
    if names.is_empty() {
        return Ok(models.iter().collect());
    }
    let find = |name: &String| {
        models.find(name).ok_or_else(|| {
            match models.problems().iter().find(|problem| problem.id == *name) {
                Some(problem) => problem.to_string(),
                None => {
                    let all: Vec<&str> = models.iter().map(Known::id).collect();
                    format!("there is no model {name}; there are {}", all.join(", "))
                }
            }
        })
    };
    names.iter().map(find).collect()
}

fn add(table: &mut Table, id: &str, compared: &BTreeMap<String, Compared>) {
    for (name, of) in compared {
        let got = of.got.map_or_else(|| "-".to_owned(), |got| figure(got.value));
        let half = of.got.map_or_else(|| "-".to_owned(), |got| figure(got.half_width));
        let verdict = if of.is_within() { "" } else { "OUTSIDE" };
        let cells = [figure(of.expected), got, half, figure(of.tolerance), verdict.to_owned()];
        table.row([id.to_owned(), name.clone()].into_iter().chain(cells));
    }
}

/// Five significant digits.
fn figure(number: f64) -> String {
    let magnitude = if number == 0.0 { 0 } else { number.abs().log10().floor() as i32 };
    let digits = (4 - magnitude).clamp(0, 8) as usize;
    format!("{number:.digits$}")
}

fn row(
    known: &Known,
    measured: &Measured,
    compared: &BTreeMap<String, Compared>,
    seconds: f64,
) -> Row {
    let all = || measured.measures.iter();
    let expected = compared.iter().map(|(name, of)| {
        let (value, tolerance, within) = (of.expected, of.tolerance, of.is_within());
        (name.clone(), ExpectedRow { value, tolerance, within })
    });
    Row {
        id: known.id().to_owned(),
        measures: all().map(|(name, of)| (name.clone(), of.value)).collect(),
        half_width: all().map(|(name, of)| (name.clone(), of.half_width)).collect(),
        expected: expected.collect(),
        calls: measured.calls,
        commands: measured.commands,
        seconds,
    }
}

fn summary(answer: &Answer, outside: &[String]) -> String {
    let sum = |of: fn(&Row) -> u64| answer.cases.iter().map(of).sum::<u64>();
    let (calls, commands) = (sum(|row| row.calls), sum(|row| row.commands));
    let seconds: f64 = answer.cases.iter().map(|row| row.seconds).sum();
    let measures: usize = answer.cases.iter().map(|row| row.expected.len()).sum();
    let within = measures - outside.len();
    let verdict = match outside {
        [] => format!("all {measures} measures are within their tolerance"),
        outside => format!("{within} of {measures} are within; outside: {}", outside.join(", ")),
    };
    let models = counted(answer.cases.len() as u64, "model");
    let all = format!("{models} and {}: {verdict}", counted(measures as u64, "measure"));
    if calls == 0 {
        return format!("{all}\nno call has come");
    }
    let (rate, each) = (calls as f64 / seconds, commands as f64 / calls as f64);
    format!("{all}\n{calls} calls in {seconds:.1} s, {rate:.0} a second, {each:.2} commands each")
}
