//! Answers `staff`: how many agents with which skills does each interval of a day need?

use super::scenario::{not_played, read};
use super::{progress_bar, text};
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::table::Table;
use acd_sim::report::{clock, percent};
use acd_sim::scenario::Staffing;
use acd_sim::target::ServiceTarget;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

pub(crate) const EXAMPLES: &str = "\
Examples:
  acdctl staff --config acdd.toml --scenario tuesday.toml
  acdctl staff --config acdd.toml --scenario tuesday.toml --target '80% in 20s'
  acdctl staff --config acdd.toml --scenario tuesday.toml --json | jq .staffing.hours

docs/simulation.md explains the scenario, and how the search goes.

Exit codes: 0 every queue reaches its target in every interval; 1 one does not; 2 wrong input.";

/// What the process exits with when a target is not reached.
const NOT_REACHED: u8 = 1;
/// So many misses are shown.
const MISSED_SHOWN: usize = 12;

#[derive(Args, Debug)]
pub(crate) struct StaffArguments {
    /// The configuration whose queues, rules, routes and teams of agents are played.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// The day: which calls come. Its shifts do not count.
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,

    /// What each queue is to reach, such as '80% in 20s' [default: its own service level].
    #[arg(long, value_name = "SHARE in TIME")]
    target: Option<ServiceTarget>,

    /// How many days are played at a time [default: as the scenario says].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=10_000))]
    replications: Option<u64>,

    /// Where chance begins: the same seed gives the same figures [default: as the scenario says].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// On how many threads [default: one for each core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

#[derive(Debug, Serialize)]
struct Answer {
    title: String,
    config: String,
    scenario: String,
    replications: u64,
    seed: u64,
    /// None where each queue goes by its own.
    target: Option<String>,
    reached: bool,
    staffing: Staffing,
}

pub(crate) fn staff(arguments: &StaffArguments, output: Output) -> Result<(), Failure> {
    let mut scenario = read(&arguments.config, &arguments.scenario, output)?;
    scenario.replications = arguments.replications.unwrap_or(scenario.replications);
    scenario.seed = arguments.seed.unwrap_or(scenario.seed);
    let threads = arguments.threads.map_or_else(acd_sim::cores, usize::from);
    let bar = progress_bar(1, output);
    bar.set_message("at most");
    let staffing = scenario.staff(arguments.target, threads, |done, most| {
        bar.set_length(most);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let staffing = staffing.map_err(|error| not_played(&arguments.scenario, &error))?;
    let reached = staffing.missed.is_empty() && staffing.nobody.is_empty();
    let answer = Answer {
        title: scenario.title.clone(),
        config: arguments.config.display().to_string(),
        scenario: arguments.scenario.display().to_string(),
        replications: scenario.replications,
        seed: scenario.seed,
        target: arguments.target.map(|target| target.to_string()),
        reached,
        staffing,
    };
    output.answer(&answer, told)?;
    if reached { Ok(()) } else { Err(Failure::Said(NOT_REACHED)) }
}

fn told(answer: &Answer) -> String {
    let staffing = &answer.staffing;
    let target = answer.target.as_deref().unwrap_or("each queue's own service level");
    let days = counted(answer.replications, "day");
    let mut told = format!(
        "Agents for {target}, in {} with {}, {days} at a time, seed {}\n\n{}\n",
        answer.scenario,
        answer.config,
        answer.seed,
        heads(staffing)
    );
    let erlang: u32 = staffing.erlang.0.iter().flatten().sum();
    let found: u32 = staffing.agents.0.iter().flatten().sum();
    told.push_str(&format!(
        "{:.1} hours of work. Erlang's figures, queue by queue, come to {erlang} agents over all \
         intervals, the search to {found}.\n\nWhat it comes to, with other chance than the search:\n\n{}\n",
        staffing.hours,
        text::queues(&staffing.outcome)
    ));
    let occupancy = staffing.outcome.agents.occupancy;
    let busy = occupancy.map_or_else(|| "-".to_owned(), |busy| percent(busy.value));
    told.push_str(&format!("Occupancy of all agents {busy}.\n"));
    told.push_str(&misses(staffing));
    told.push_str(
        "\nA search, not an optimum: fewer may do, in another mix. It counts nobody who is away; breaks \
         and absence come on top.\n",
    );
    told
}

/// Intervals downwards, teams across by letter, since their names are long.
fn heads(staffing: &Staffing) -> String {
    const LETTERS: [&str; 26] = [
        "A>", "B>", "C>", "D>", "E>", "F>", "G>", "H>", "I>", "J>", "K>", "L>", "M>", "N>", "O>",
        "P>", "Q>", "R>", "S>", "T>", "U>", "V>", "W>", "X>", "Y>", "Z>",
    ];
    let used = |team: &usize| staffing.agents.0.iter().any(|heads| heads[*team] > 0);
    let teams: Vec<usize> = (0..staffing.teams.len()).filter(used).collect();
    let (shown, rest) = teams.split_at(teams.len().min(LETTERS.len()));
    let others: &[&str] = if rest.is_empty() { &[] } else { &["OTHERS>"] };
    let columns = [&["FROM"], &LETTERS[..shown.len()], others, &["ALL>"]].concat();
    let mut table = Table::new(&columns);
    for ((from, _), heads) in staffing.outcome.intervals.iter().zip(&staffing.agents.0) {
        let others = (!rest.is_empty()).then(|| rest.iter().map(|team| heads[*team]).sum());
        let all: u32 = heads.iter().sum();
        let cells = shown.iter().map(|team| heads[*team].to_string());
        let ends = others.into_iter().chain([all]).map(|heads: u32| heads.to_string());
        table.row(std::iter::once(clock(*from)).chain(cells).chain(ends));
    }
    let mut text = table.text();
    text.push('\n');
    for (letter, team) in LETTERS.iter().zip(shown) {
        text.push_str(&format!("{}  {}\n", letter.trim_end_matches('>'), staffing.teams[*team]));
    }
    text
}

fn misses(staffing: &Staffing) -> String {
    let mut text = String::new();
    for queue in &staffing.nobody {
        text.push_str(&format!("\nNobody of the configuration may serve queue {queue}.\n"));
    }
    if staffing.missed.is_empty() {
        return text;
    }
    text.push_str("\nNot reached:\n");
    for missed in staffing.missed.iter().take(MISSED_SHOWN) {
        text.push_str(&format!(
            "  {} {}: {} of {}\n",
            clock(missed.from),
            missed.queue,
            percent(missed.level.value),
            percent(missed.wanted)
        ));
    }
    if staffing.missed.len() > MISSED_SHOWN {
        text.push_str(&format!("  and {} more\n", staffing.missed.len() - MISSED_SHOWN));
    }
    text
}
