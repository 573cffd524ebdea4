//! The file of models as it is written: what each key may hold.
//!
//! In such a file the smallest level, rank and priority number is the best; acdd's own sense is the
//! opposite, and `model.rs` turns them round.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) cases: Vec<serde_json::Value>,
}

/// One model. Keys that only tell where it comes from are let be.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    pub(super) id: String,
    #[serde(default)]
    pub(super) title: String,
    pub(super) system: System,
    pub(super) experiment: Experiment,
    #[serde(default)]
    pub(super) expected: BTreeMap<String, Expected>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct System {
    pub(super) time_unit: String,
    pub(super) periods: Option<Periods>,
    pub(super) call_types: Vec<CallType>,
    pub(super) agent_groups: Vec<AgentGroup>,
    #[serde(default)]
    pub(super) capacity: Capacity,
    pub(super) routing: Routing,
    /// The shape of the gamma variable of mean 1 by which all arrivals of a day are multiplied.
    pub(super) busyness_gamma_alpha: Option<f64>,
    #[serde(default)]
    pub(super) wait_thresholds: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Periods {
    pub(super) count: usize,
    pub(super) length: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallType {
    pub(super) name: String,
    pub(super) arrival: Arrival,
    pub(super) service: Option<Law>,
    pub(super) patience: Option<Law>,
    pub(super) priority: Option<i64>,
    pub(super) wait_credit: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arrival {
    pub(super) process: Process,
    pub(super) rate: ByPeriod<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Process {
    Poisson,
}

/// A distribution; which of the keys it needs is for `model.rs` to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Law {
    pub(super) dist: LawName,
    pub(super) mean: Option<ByPeriod<f64>>,
    pub(super) k: Option<f64>,
    pub(super) scv: Option<f64>,
    pub(super) half_width: Option<f64>,
    pub(super) values: Option<Vec<f64>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LawName {
    #[serde(alias = "exponential")]
    Exp,
    Erlang,
    Gamma,
    Lognormal,
    Uniform,
    #[serde(alias = "det", alias = "constant")]
    Deterministic,
    Empirical,
}

/// One value for all periods, or one for each.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ByPeriod<T> {
    All(T),
    Each(Vec<T>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentGroup {
    pub(super) name: String,
    pub(super) count: ByPeriod<u32>,
    pub(super) skills: Vec<Skill>,
    pub(super) after_call_work: Option<Law>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Skill {
    #[serde(rename = "type")]
    pub(super) call_type: String,
    pub(super) level: Option<u8>,
    pub(super) queue_rank: Option<u8>,
    pub(super) eligible_after: Option<f64>,
    pub(super) service: Option<Law>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Capacity {
    pub(super) total_in_system: Option<u32>,
    pub(super) waiting: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Routing {
    pub(super) agent_selection: AgentSelection,
    pub(super) call_selection: CallSelection,
    #[serde(default)]
    pub(super) staff_decrease: StaffDecrease,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AgentSelection {
    LevelThenLongestIdle,
    LongestIdle,
    LowestIndex,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallSelection {
    Fcfs,
    LevelThenFcfs,
    PriorityThenFcfs,
    RankThenFcfs,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StaffDecrease {
    /// Those who are done first go.
    #[default]
    FirstToFinish,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Experiment {
    SteadyState { replications: u64, calls_per_replication: u64, warmup_calls: u64 },
    FiniteHorizon { horizon: f64, drain: bool, replications: u64 },
}

/// What is known of a measure; the keys that tell how it was checked are let be.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Expected {
    pub(super) value: f64,
    pub(super) tol_abs: f64,
    /// The half width (95 %) of the reference, where that is a simulation itself.
    #[serde(alias = "ref_hw95")]
    pub(super) published_hw95: Option<f64>,
}
