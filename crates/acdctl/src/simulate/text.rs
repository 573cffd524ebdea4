//! The report of a scenario for a terminal: a table of the queues, one of the teams, and curves over the
//! day.

use super::scenario::Answer;
use crate::output::counted;
use crate::table::Table;
use acd_sim::Estimate;
use acd_sim::report::{blocks, clock, hours, length, percent};
use acd_sim::scenario::{Figures, Occupancy, Outcome};

/// How wide all columns of a curve may be together.
const CURVE_WIDTH: usize = 72;
/// How many lines a curve has.
const CURVE_LINES: usize = 2;

pub(super) fn text(answer: &Answer) -> String {
    let days = counted(answer.replications, "day");
    let title = if answer.title.is_empty() { &answer.scenario } else { &answer.title };
    let mut text = format!(
        "{title}\n{} with {}, {days}, seed {}\n\n{}\n{}",
        answer.scenario,
        answer.config,
        answer.seed,
        queues(&answer.outcome),
        teams(answer)
    );
    text.push_str(&curves(answer));
    for remark in &answer.remarks {
        text.push_str(&format!("\nnote: {remark}\n"));
    }
    text.push_str(
        "\n± is half of a 95 % confidence interval; SL is of calls answered or abandoned, ",
    );
    text.push_str("short abandons left out.\n");
    text
}

pub(super) fn queues(outcome: &Outcome) -> String {
    let mut table = Table::new(&[
        "QUEUE",
        "CALLS>",
        "ANSWERED>",
        "ABANDONED>",
        "SENT ON>",
        "TARGET>",
        "SL>",
        "±>",
        "ASA>",
        "P90>",
        "LONGEST>",
        "AHT>",
    ]);
    for queue in &outcome.queues {
        let target = format!(
            "{:.0} % in {}",
            queue.target_share * 100.0,
            acd_sim::report::short_length(queue.target_seconds)
        );
        table.row(row(&queue.queue, &target, &queue.day));
    }
    table.row(row("all calls", "", &outcome.all));
    table.text()
}

fn row(name: &str, target: &str, of: &Figures) -> [String; 12] {
    let level = of.service_level.abandons_missed;
    let sent = of.overflowed.value + of.rejected.value + of.moved.value;
    [
        name.to_owned(),
        number(of.offered),
        number(of.answered),
        abandoned(of),
        format!("{sent:.0}"),
        target.to_owned(),
        share(level),
        half_width(level),
        time(of.asa_seconds),
        time(of.wait_p90_seconds),
        time(of.longest_wait_seconds),
        time(of.aht_seconds),
    ]
}

fn abandoned(of: &Figures) -> String {
    match of.short_abandoned.value {
        short if short >= 0.5 => format!("{} + {short:.0} short", number(of.abandoned)),
        _ => number(of.abandoned),
    }
}

fn teams(answer: &Answer) -> String {
    let mut table = Table::new(&["TEAM", "AGENTS>", "WORKING>", "OCCUPANCY>", "±>"]);
    for team in &answer.outcome.teams {
        table.row(team_row(&team.team, team.agents.len(), &team.day));
    }
    let agents = answer.outcome.teams.iter().map(|team| team.agents.len()).sum();
    table.row(team_row("all agents", agents, &answer.outcome.agents));
    table.text()
}

fn team_row(name: &str, agents: usize, of: &Occupancy) -> [String; 5] {
    [
        name.to_owned(),
        agents.to_string(),
        format!("{:.1}", of.working.value),
        share(of.occupancy),
        half_width(of.occupancy),
    ]
}

/// Waiting, service level and occupancy over the day.
fn curves(answer: &Answer) -> String {
    let outcome = &answer.outcome;
    let column = (CURVE_WIDTH / outcome.intervals.len()).clamp(1, 4);
    let names = outcome.queues.iter().map(|queue| queue.queue.chars().count());
    let names = names.chain(outcome.teams.iter().map(|team| team.team.chars().count()));
    let margin = names.max().unwrap_or_default().clamp(10, 28);
    let mut text = String::new();
    let of_queues = |of: fn(&Figures) -> Option<Estimate>| -> Vec<(String, Vec<Option<f64>>)> {
        let curve = |figures: &Vec<Figures>| {
            figures.iter().map(|at| of(at).map(|level| level.value)).collect()
        };
        let each = outcome.queues.iter();
        each.map(|queue| (queue.queue.clone(), curve(&queue.by_interval))).collect()
    };
    let waits = of_queues(|figures| figures.asa_seconds);
    let most = highest(&waits);
    let heading = format!("Mean wait of those answered, 0 to {}", length(most));
    draw(&mut text, &heading, &waits, most, column, margin);
    let levels = of_queues(|figures| figures.service_level.abandons_missed);
    draw(&mut text, "Service level, 0 to 100 %", &levels, 1.0, column, margin);
    let busy = |of: &Vec<Occupancy>| {
        of.iter().map(|at| at.drawn().map(|occupancy| occupancy.value)).collect()
    };
    let mut teams: Vec<(String, Vec<Option<f64>>)> = match outcome.teams.len() {
        0..=8 => outcome.teams.iter().map(|of| (of.team.clone(), busy(&of.by_interval))).collect(),
        _ => Vec::new(),
    };
    if teams.len() != 1 {
        teams.push(("all agents".to_owned(), busy(&outcome.agents_by_interval)));
    }
    let heading = "Occupancy, 0 to 100 %, where half an agent or more is at work on average";
    draw(&mut text, heading, &teams, 1.0, column, margin);
    let starts: Vec<String> = outcome.intervals.iter().map(|(begin, _)| clock(*begin)).collect();
    text.push_str(&format!("{:margin$}  {}\n", "", hours(&starts, column)));
    text
}

fn highest(curves: &[(String, Vec<Option<f64>>)]) -> f64 {
    let values = curves.iter().flat_map(|(_, values)| values.iter().flatten());
    values.copied().fold(0.0, f64::max).max(1.0)
}

fn draw(
    text: &mut String,
    heading: &str,
    curves: &[(String, Vec<Option<f64>>)],
    top: f64,
    column: usize,
    margin: usize,
) {
    text.push_str(&format!("\n{heading}\n"));
    for (name, values) in curves {
        let name: String = name.chars().take(margin).collect();
        let lines = blocks(values, top, CURVE_LINES, column);
        for (index, line) in lines.iter().enumerate() {
            let label = if index + 1 == lines.len() { name.as_str() } else { "" };
            text.push_str(format!("{label:margin$}  {line}").trim_end());
            text.push('\n');
        }
    }
}

fn number(estimate: Estimate) -> String {
    format!("{:.0}", estimate.value)
}

fn share(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(|| "-".to_owned(), |of| percent(of.value))
}

fn half_width(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(of) if of.half_width.is_finite() => format!("{:.1}", of.half_width * 100.0),
        Some(_) | None => "-".to_owned(),
    }
}

fn time(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(|| "-".to_owned(), |of| length(of.value))
}
