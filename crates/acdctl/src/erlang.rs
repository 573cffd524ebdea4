//! Answers `erlang`: what do the formulas of the books say of so many agents, or how many does it take?

use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::times::{human, parse_length, seconds};
use acd_sim::erlang::{AGENTS_MAX, Goals, LINES_MAX, Lines, Load, NoFigures, SteadyState};
use acd_sim::target::{ServiceTarget, parse_share, percent};
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::time::Duration;

pub(crate) const EXAMPLES: &str = "\
Examples:
  acdctl erlang --calls 100 --interval 30m --aht 3m --target '80% in 20s'
  acdctl erlang --calls 100 --interval 30m --aht 3m --agents 14
  acdctl erlang --calls 100 --interval 30m --aht 3m --patience 5m --abandonment 3% --shrinkage 30%
  acdctl erlang --calls 60 --interval 1h --aht 4m --lines 14 --asa 30s --occupancy 85%
  acdctl erlang --calls 60 --interval 1h --aht 4m --no-waiting --blocking 1%

Exit codes: 0 there is an answer; 1 no number of agents reaches the goals; 2 wrong usage.";

/// How many agents more, and how many less, are shown beside the answer.
const BESIDE: u32 = 3;

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("asked").required(true).multiple(true)
    .args(["agents", "target", "asa", "abandonment", "occupancy", "blocking"]))]
pub(crate) struct ErlangArguments {
    /// How many calls come in an interval.
    #[arg(long, value_name = "NUMBER", value_parser = positive)]
    calls: f64,
    /// The interval, such as 30m.
    #[arg(long, value_name = "TIME", value_parser = length)]
    interval: Duration,
    /// How long an agent is busy with a call on average: talk, hold and wrap-up.
    #[arg(long, value_name = "TIME", value_parser = length)]
    aht: Duration,
    /// How long callers wait on average before they give up; without it they never do.
    #[arg(long, value_name = "TIME", value_parser = length)]
    patience: Option<Duration>,
    /// How many callers there can be at a time, those who talk included; others find it busy.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(LINES_MAX)))]
    lines: Option<u32>,
    /// Nobody waits: there are as many lines as agents.
    #[arg(long, conflicts_with_all = ["lines", "patience", "target", "asa", "abandonment"])]
    no_waiting: bool,
    /// How so many agents would stand.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(AGENTS_MAX)))]
    agents: Option<u32>,
    /// At least this share of the calls answered in time, such as '80% in 20s'.
    #[arg(long, value_name = "SHARE in TIME")]
    target: Option<ServiceTarget>,
    /// At most so long a wait on average, of those who are answered.
    #[arg(long, value_name = "TIME", value_parser = length)]
    asa: Option<Duration>,
    /// At most this share of callers gives up, such as 5%.
    #[arg(long, value_name = "SHARE", value_parser = parse_share, requires = "patience")]
    abandonment: Option<f64>,
    /// At most this share of their time are agents busy, such as 85%.
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    occupancy: Option<f64>,
    /// At most this share of callers finds it busy, such as 1%.
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    blocking: Option<f64>,
    /// The wait that the service level is shown for, without a target.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = parse_length, conflicts_with = "target")]
    within: Duration,
    /// The share of paid time in which agents do not take calls: breaks, training, leave.
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    shrinkage: Option<f64>,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number > 0.0)
        .ok_or_else(|| "expected a number above 0".to_owned())
}

fn length(text: &str) -> Result<Duration, String> {
    match parse_length(text)? {
        Duration::ZERO => Err("expected a length of time above 0".to_owned()),
        length => Ok(length),
    }
}

/// The answer, and those beside it.
#[derive(Debug, Serialize)]
struct Answer {
    /// Which model, in Kendall's notation.
    model: &'static str,
    offered_erlang: f64,
    service_level_within_seconds: f64,
    /// As asked for, or the fewest who reach the goals.
    agents: u32,
    scheduled: u64,
    /// None when there is no goal.
    goals_met: Option<bool>,
    /// Goals that `agents` miss, and why there are no figures.
    missed: Vec<String>,
    rows: Vec<Row>,
    #[serde(skip)]
    shows: Shows,
}

/// Which columns say something.
#[derive(Debug)]
struct Shows {
    scheduled: bool,
    abandonment: bool,
    blocking: bool,
    waits: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    agents: u32,
    scheduled: u64,
    overloaded: bool,
    goals_met: Option<bool>,
    #[serde(flatten)]
    figures: Figures,
}

/// None of a site that is overloaded.
#[derive(Debug, Default, Serialize)]
struct Figures {
    service_level: Option<f64>,
    asa_seconds: Option<f64>,
    mean_wait_seconds: Option<f64>,
    waiting: Option<f64>,
    abandonment: Option<f64>,
    blocking: Option<f64>,
    occupancy: Option<f64>,
    mean_queue: Option<f64>,
}

impl ErlangArguments {
    fn load(&self) -> Result<Load, Failure> {
        let lines = match self.lines {
            _ if self.no_waiting => Lines::AsAgents,
            Some(lines) => Lines::AtMost(lines),
            None => Lines::Unlimited,
        };
        let rate = self.calls / self.interval.as_secs_f64();
        let patience = self.patience.map(|patience| patience.as_secs_f64());
        Load::new(rate, self.aht.as_secs_f64(), patience, lines)
            .map_err(|error| Failure::Wrong(error.to_string()))
    }

    fn goals(&self) -> Result<Goals, Failure> {
        if self.blocking.is_some() && self.lines.is_none() && !self.no_waiting {
            let wrong = "--blocking needs --lines N or --no-waiting: else nobody finds it busy";
            return Err(Failure::Wrong(wrong.to_owned()));
        }
        Ok(Goals {
            service_level: self.target,
            mean_wait_of_served: self.asa.map(|asa| asa.as_secs_f64()),
            abandoned: self.abandonment,
            occupancy: self.occupancy,
            blocked: self.blocking,
        })
    }

    fn within(&self) -> Duration {
        self.target.map_or(self.within, |target| target.within)
    }

    /// How many must be on the roster so that so many take calls: net / (1 − shrinkage), rounded up.
    fn scheduled(&self, agents: u32) -> u64 {
        let gross = f64::from(agents) / (1.0 - self.shrinkage.unwrap_or_default());
        // Three tenths are no float: 7 / 0.7 must not become 11.
        (gross * (1.0 - 1e-12)).ceil() as u64
    }

    fn model(&self) -> &'static str {
        match (self.no_waiting, self.lines, self.patience) {
            (true, _, _) => "M/M/n/n",
            (false, None, None) => "M/M/n",
            (false, None, Some(_)) => "M/M/n+M",
            (false, Some(_), None) => "M/M/n/K",
            (false, Some(_), Some(_)) => "M/M/n/K+M",
        }
    }

    fn row(&self, agents: u32, state: Option<&SteadyState>, goals: &Goals) -> Row {
        let met = state.is_some_and(|state| goals.met_by(state));
        Row {
            agents,
            scheduled: self.scheduled(agents),
            overloaded: state.is_none(),
            goals_met: (!goals.is_empty()).then_some(met),
            figures: state.map_or_else(Figures::default, |state| Figures {
                service_level: Some(state.service_level(self.within().as_secs_f64())),
                asa_seconds: Some(state.mean_wait_of_served),
                mean_wait_seconds: Some(state.mean_wait),
                waiting: Some(state.waiting),
                abandonment: Some(state.abandoned),
                blocking: Some(state.blocked),
                occupancy: Some(state.occupancy),
                mean_queue: Some(state.mean_queue),
            }),
        }
    }
}

pub(crate) fn erlang(arguments: &ErlangArguments, output: Output) -> Result<(), Failure> {
    let load = arguments.load()?;
    let goals = arguments.goals()?;
    let agents = match arguments.agents {
        Some(agents) => agents,
        None => {
            let found = load.fewest_agents(&goals);
            found.map_err(|error| Failure::Refused(error.to_string()))?.agents
        }
    };
    let missed = match load.steady_state(agents) {
        Ok(state) => goals.missed_by(&state),
        Err(error @ NoFigures::Overloaded { .. }) => vec![error.to_string()],
        Err(error) => return Err(Failure::Wrong(error.to_string())),
    };
    let most = arguments.lines.unwrap_or(AGENTS_MAX).min(AGENTS_MAX);
    let beside = agents.saturating_sub(BESIDE).max(1)..=(agents + BESIDE).min(most);
    let rows: Vec<Row> = beside
        .map(|agents| arguments.row(agents, load.steady_state(agents).ok().as_ref(), &goals))
        .collect();
    let answer = Answer {
        model: arguments.model(),
        offered_erlang: load.offered(),
        service_level_within_seconds: seconds(arguments.within()),
        agents,
        scheduled: arguments.scheduled(agents),
        goals_met: (!goals.is_empty()).then_some(missed.is_empty()),
        missed,
        rows,
        shows: Shows {
            scheduled: arguments.shrinkage.is_some(),
            abandonment: arguments.patience.is_some(),
            blocking: arguments.lines.is_some() || arguments.no_waiting,
            waits: !arguments.no_waiting,
        },
    };
    output.answer(&answer, |answer| text(arguments, answer))
}

/// The name by which the books call it.
fn named(model: &str) -> String {
    match model {
        "M/M/n" => "Erlang C (M/M/n)".to_owned(),
        "M/M/n+M" => "Erlang A (M/M/n+M)".to_owned(),
        "M/M/n/n" => "Erlang B (M/M/n/n)".to_owned(),
        other => other.to_owned(),
    }
}

fn text(arguments: &ErlangArguments, answer: &Answer) -> String {
    let mut text = format!("{:.2} erlang, {}", answer.offered_erlang, named(answer.model));
    if let Some(shrinkage) = arguments.shrinkage {
        text.push_str(&format!(", {} shrinkage", percent(shrinkage)));
    }
    text.push('\n');
    text.push_str(&table(answer).text());
    let overloaded = answer.rows.iter().any(|row| row.agents == answer.agents && row.overloaded);
    for missed in &answer.missed {
        text.push_str(if overloaded { "" } else { "not reached: " });
        text.push_str(&format!("{missed}\n"));
    }
    text
}

fn table(answer: &Answer) -> Table {
    let Shows { scheduled, abandonment, blocking, waits } = answer.shows;
    let shown = [true, true, scheduled, waits, waits, waits, abandonment, blocking, true, waits];
    let heads = [
        "",
        "AGENTS>",
        "SCHEDULED>",
        "IN TIME>",
        "ASA>",
        "WAITING>",
        "ABANDONED>",
        "BLOCKED>",
        "OCCUPANCY>",
        "QUEUE>",
    ];
    let chosen: Vec<&'static str> =
        heads.into_iter().zip(shown).filter_map(|(head, shown)| shown.then_some(head)).collect();
    let mut table = Table::new(&chosen);
    for row in &answer.rows {
        let figures = &row.figures;
        let share = |share: Option<f64>| told(share, |share| format!("{:.1}%", share * 100.0));
        let cells = [
            if row.agents == answer.agents { ">" } else { "" }.to_owned(),
            row.agents.to_string(),
            row.scheduled.to_string(),
            share(figures.service_level),
            told(figures.asa_seconds, wait),
            share(figures.waiting),
            share(figures.abandonment),
            share(figures.blocking),
            if row.overloaded { "overloaded".to_owned() } else { share(figures.occupancy) },
            told(figures.mean_queue, |queue| format!("{queue:.1}")),
        ];
        table.row(cells.into_iter().zip(shown).filter_map(|(cell, shown)| shown.then_some(cell)));
    }
    table
}

fn told(figure: Option<f64>, text: impl FnOnce(f64) -> String) -> String {
    figure.map_or_else(|| "-".to_owned(), text)
}

/// A wait, with a tenth of a second as long as that matters.
fn wait(seconds: f64) -> String {
    match Duration::try_from_secs_f64(seconds) {
        Ok(long) if seconds >= 60.0 => human(long),
        Ok(_) | Err(_) => format!("{seconds:.1}s"),
    }
}
