//! What `whatif` answers, with the field names of docs/acdctl.md.

use acd_sim::Estimate;
use acd_sim::what_if::{
    ChangedCall, Compared, Curves, End, Figure, Measure, PatienceOf, RecordedCall, Recording, Row,
    Terms, Turn, WhatIf,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What was asked for.
pub(super) struct Asked {
    pub(super) source: String,
    pub(super) files: Vec<String>,
    pub(super) terms: Terms,
    /// How many changed calls are listed.
    pub(super) listed: usize,
    pub(super) seconds: f64,
}

#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) source: String,
    pub(super) days: Vec<String>,
    pub(super) calls: usize,
    pub(super) configs: Vec<String>,
    pub(super) replications: u64,
    pub(super) seed: u64,
    pub(super) seconds: f64,
    pub(super) calls_played: u64,
    pub(super) notes: Vec<String>,
    pub(super) rows: Vec<RowAnswer>,
    pub(super) patience: Vec<PatienceAnswer>,
    /// Calls of one replication whose patience was drawn from beyond the longest seen.
    pub(super) patience_beyond: f64,
    pub(super) changed: Changed,
    pub(super) agents: Vec<AgentAnswer>,
    pub(super) curves: CurvesAnswer,
}

#[derive(Serialize)]
pub(super) struct RowAnswer {
    /// `all`, `queue`, `priority` or `day`.
    pub(super) of: &'static str,
    pub(super) name: String,
    pub(super) measures: BTreeMap<&'static str, MeasureAnswer>,
}

#[derive(Serialize)]
pub(super) struct MeasureAnswer {
    pub(super) recorded: Option<f64>,
    pub(super) a: Option<Interval>,
    pub(super) b: Option<Interval>,
    pub(super) difference: Option<Interval>,
    pub(super) excludes_zero: bool,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Interval {
    pub(super) value: f64,
    /// None for one replication.
    pub(super) half_width: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct PatienceAnswer {
    pub(super) queue: String,
    pub(super) hung_up: usize,
    pub(super) censored: usize,
    pub(super) pooled: bool,
    pub(super) median_s: Option<f64>,
    pub(super) longest_seen_s: Option<f64>,
    pub(super) share_beyond: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct Changed {
    /// In one replication.
    pub(super) calls: Interval,
    pub(super) turns: Vec<TurnAnswer>,
    /// Calls that change in one replication or more.
    pub(super) calls_ever: usize,
    pub(super) listed: Vec<CallAnswer>,
}

#[derive(Serialize)]
pub(super) struct TurnAnswer {
    #[serde(flatten)]
    pub(super) turn: TurnWords,
    /// In one replication.
    pub(super) calls: f64,
}

/// From one end to the other.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct TurnWords {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    /// `longer` or `shorter` if the end is the same.
    pub(super) wait: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct CallAnswer {
    pub(super) call: String,
    pub(super) day: String,
    /// Seconds since midnight.
    pub(super) came_s: f64,
    pub(super) queue: String,
    pub(super) recorded: &'static str,
    pub(super) recorded_wait_s: f64,
    /// The share of replications in which its fate changes.
    pub(super) share: f64,
    /// The way in which it changes most often, and the share of that.
    #[serde(flatten)]
    pub(super) usual: TurnWords,
    pub(super) usual_share: f64,
}

#[derive(Serialize)]
pub(super) struct AgentAnswer {
    pub(super) agent: String,
    pub(super) a: Option<WorkAnswer>,
    pub(super) b: Option<WorkAnswer>,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct WorkAnswer {
    pub(super) on_duty_s: f64,
    pub(super) busy_s: f64,
    /// Percent.
    pub(super) occupancy: f64,
    pub(super) answered: f64,
}

#[derive(Serialize)]
pub(super) struct CurvesAnswer {
    /// Seconds from one point to the next.
    pub(super) waiting_step_s: u64,
    pub(super) waiting: Three,
    pub(super) answered_within_step_s: u64,
    pub(super) answered_within: Three,
}

#[derive(Serialize)]
pub(super) struct Three {
    pub(super) recorded: Vec<f64>,
    pub(super) a: Vec<f64>,
    pub(super) b: Vec<f64>,
}

impl Answer {
    pub(super) fn of(
        asked: &Asked,
        recording: &Recording,
        what_if: &WhatIf<'_>,
        compared: &Compared,
    ) -> Self {
        let notes = recording.notes.iter().cloned().chain(what_if.notes());
        Self {
            source: asked.source.clone(),
            days: recording.days.iter().map(|day| day.name.clone()).collect(),
            calls: recording.calls(),
            configs: asked.files.clone(),
            replications: asked.terms.replications,
            seed: asked.terms.seed,
            seconds: asked.seconds,
            calls_played: compared.calls_played,
            notes: notes.collect(),
            rows: compared.rows.iter().map(|row| self::row(&row.row, &row.figures)).collect(),
            patience: what_if.patience().into_iter().map(patience).collect(),
            patience_beyond: compared.beyond,
            changed: changed(asked, recording, compared),
            agents: agents(compared),
            curves: curves(compared),
        }
    }
}

/// A measure's name.
pub(super) fn measure_name(measure: Measure) -> &'static str {
    match measure {
        Measure::Calls => "calls",
        Measure::Answered => "answered",
        Measure::Abandoned => "abandoned",
        Measure::SentAway => "sent_away",
        Measure::ServiceLevel => "service_level",
        Measure::AverageWait => "average_wait_s",
        Measure::NinetiethWait => "p90_wait_s",
        Measure::LongestWait => "longest_wait_s",
    }
}

fn row(row: &Row, figures: &[Figure]) -> RowAnswer {
    let (of, name) = match row {
        Row::All => ("all", String::new()),
        Row::Group(name) => ("queue", name.clone()),
        Row::Priority(priority) => ("priority", priority.to_string()),
        Row::Day(day) => ("day", day.clone()),
    };
    let measure = |figure: &Figure| {
        let [a, b] = figure.played.map(|it| it.map(interval));
        let difference = figure.difference.map(interval);
        let excludes_zero = figure.differs();
        let measure = MeasureAnswer { recorded: figure.recorded, a, b, difference, excludes_zero };
        (measure_name(figure.measure), measure)
    };
    RowAnswer { of, name, measures: figures.iter().map(measure).collect() }
}

fn interval(of: Estimate) -> Interval {
    Interval { value: of.value, half_width: Some(of.half_width).filter(|it| it.is_finite()) }
}

fn patience(of: PatienceOf) -> PatienceAnswer {
    PatienceAnswer {
        queue: of.group,
        hung_up: of.hung_up,
        censored: of.censored,
        pooled: of.is_pooled,
        median_s: of.median_s,
        longest_seen_s: of.last_s.map(|(seconds, _)| seconds),
        share_beyond: of.last_s.map(|(_, share)| share),
    }
}

fn end(of: End) -> &'static str {
    match of {
        End::Answered => "answered",
        End::Abandoned => "abandoned",
        End::SentAway => "sent_away",
        End::Waiting => "waiting",
    }
}

fn turn(of: Turn) -> TurnWords {
    let is_same = of.from == of.to;
    let wait = is_same.then_some(if of.is_longer { "longer" } else { "shorter" });
    TurnWords { from: end(of.from), to: end(of.to), wait }
}

fn changed(asked: &Asked, recording: &Recording, compared: &Compared) -> Changed {
    let replications = asked.terms.replications as f64;
    let mut turns: BTreeMap<Turn, u64> = BTreeMap::new();
    for (turn, times) in compared.changed.iter().flat_map(|call| &call.turns) {
        *turns.entry(*turn).or_default() += times;
    }
    let mut turns: Vec<TurnAnswer> = turns
        .into_iter()
        .map(|(it, times)| TurnAnswer { turn: turn(it), calls: times as f64 / replications })
        .collect();
    turns.sort_by(|one, other| other.calls.total_cmp(&one.calls));
    let one = |changed: &ChangedCall| {
        let day = &recording.days[changed.call.0];
        let call: &RecordedCall = &day.calls[changed.call.1];
        let (usual, times) = changed.usual()?;
        Some(CallAnswer {
            call: call.id.clone(),
            day: day.name.clone(),
            came_s: call.at.since(day.midnight).0 as f64 / 1e6,
            queue: call.group.clone(),
            recorded: end(call.end.into()),
            recorded_wait_s: call.wait.0 as f64 / 1e6,
            share: changed.times() as f64 / replications,
            usual: turn(usual),
            usual_share: times as f64 / replications,
        })
    };
    Changed {
        calls: interval(compared.changed_in_one),
        turns,
        calls_ever: compared.changed.len(),
        listed: compared.changed.iter().take(asked.listed).filter_map(one).collect(),
    }
}

fn agents(compared: &Compared) -> Vec<AgentAnswer> {
    let mut agents: Vec<AgentAnswer> = Vec::new();
    for (side, work) in compared.work.iter().enumerate() {
        for of in work {
            let answer = WorkAnswer {
                on_duty_s: of.on_duty_s,
                busy_s: of.busy_s,
                occupancy: 100.0 * of.busy_s / of.on_duty_s,
                answered: of.answered,
            };
            let at = agents.iter().position(|it| it.agent == of.agent).unwrap_or_else(|| {
                agents.push(AgentAnswer { agent: of.agent.clone(), a: None, b: None });
                agents.len() - 1
            });
            let agent = &mut agents[at];
            *(if side == 0 { &mut agent.a } else { &mut agent.b }) = Some(answer);
        }
    }
    agents
}

fn curves(compared: &Compared) -> CurvesAnswer {
    let three = |of: fn(&Curves) -> &Vec<f64>| Three {
        recorded: of(&compared.recorded_curves).clone(),
        a: of(&compared.curves[0]).clone(),
        b: of(&compared.curves[1]).clone(),
    };
    CurvesAnswer {
        waiting_step_s: 900,
        waiting: three(|curves| &curves.waiting),
        answered_within_step_s: Curves::STEP_S,
        answered_within: three(|curves| &curves.answered_within),
    }
}
