//! How good the estimated wait is: a call log passes before the Router as it happened, and what the Router
//! says of the wait of each call as it comes is held against how long it waited.
//!
//! Beside it stand estimates that are easily made: how long a call takes on average, times the place in the
//! queue, by how many agents have been seen of late; how long the last answered one had waited; how long
//! the first has waited until now; what is usual. What these need to know of former days they know of the
//! first days of the log, and all are scored on the days after those.

mod follow;
mod score;

use crate::call_log::{CallLog, Outcome};
use acd_core::{PlanDefect, Priority, Rejection};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use score::Score;

use follow::Heard;
use score::Truth;

/// What a log is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The type of calls whose waits are scored.
    pub kind: String,
    /// How many days of the log, the first ones, are looked at beforehand, and not scored.
    pub fit_days: usize,
    /// Types that wait in one line with it, for the same agents.
    pub with: BTreeSet<String>,
    /// How much waiting a step of priority is worth.
    pub credit: Duration,
    /// The priority of calls that the log calls high, and of those of other types that it does not; the
    /// rest is normal.
    pub high_priority: Priority,
    /// By type.
    pub priorities: BTreeMap<String, Priority>,
    /// For so long after a call an agent is taken to be at his notes; then he is away until his next call.
    pub notes: Duration,
}

/// What estimates are made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// As acdd says when the call enters its queue.
    Acdd,
    /// The mean talk of the first days, times the place in the queue, by the agents seen within the last
    /// 30 minutes.
    PerAgentSeen,
    /// How long the call had waited that was answered last.
    LastAnswered,
    /// How long the first of those who wait has waited.
    HeadOfLine,
    /// The middle of the waits of the first days.
    Usual,
}

/// All of them, acdd's first.
pub const METHODS: [Method; 5] =
    [Method::Acdd, Method::PerAgentSeen, Method::LastAnswered, Method::HeadOfLine, Method::Usual];

/// What became of the estimates.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Days that were scored.
    pub days: usize,
    /// Calls of the type that waited on them, ...
    pub calls: usize,
    /// ... and of those the ones that were given up.
    pub hung_up: usize,
    /// Besides: calls of whose wait acdd said nothing, since nobody was known to work.
    pub unsaid: usize,
    /// The mean talk of calls of the type on the first days, in seconds.
    pub talk: f64,
    /// In the order of [`METHODS`].
    pub scores: Vec<(Method, Score)>,
}

impl Comparison {
    /// By what share acdd's error is smaller than that of [`Method::PerAgentSeen`].
    pub fn better_by(&self) -> Option<f64> {
        let error = |method| {
            let found = self.scores.iter().find(|(it, _)| *it == method);
            found.map(|(_, score)| score.error)
        };
        Some(1.0 - error(Method::Acdd)? / error(Method::PerAgentSeen)?)
    }
}

/// Why a log cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum EstimatesError {
    /// It has no call of a type.
    #[error("the log has no calls of type `{kind}`; it has {}", .kinds.join(", "))]
    NoSuchType {
        /// What is asked for.
        kind: String,
        /// What there is.
        kinds: Vec<String>,
    },
    /// There is nothing to fit by, or nothing to score.
    #[error(
        "the log has {days} days; at least one to look at beforehand and one more are needed, and {fit_days} are to be looked at beforehand"
    )]
    TooFewDays {
        /// How many there are.
        days: usize,
        /// How many are not to be scored.
        fit_days: usize,
    },
    /// No call of the type was answered after a wait, or on the first days at all.
    #[error("no call of type `{kind}` was answered {when}: there is nothing to compare")]
    NobodyAnswered {
        /// Which type.
        kind: String,
        /// On which days.
        when: &'static str,
    },
    /// A call waited or talked for longer than the Router lets any.
    #[error("call {call} of {day} waited or talked for longer than 31 days")]
    TooLong {
        /// Which.
        call: String,
        /// When.
        day: String,
    },
    /// There are too many types or agents.
    #[error("the log has too many types or agents: {0}")]
    Plan(#[from] PlanDefect),
    /// There are too many calls at once.
    #[error("the Router cannot follow the log: {0}")]
    Refused(#[from] Rejection),
}

/// Asks a log. `seen` is told the calls of each day when it is done.
///
/// # Errors
/// The log has no such type, too few days, or cannot be followed.
pub fn compare(
    log: &CallLog,
    question: &Question,
    seen: impl FnMut(usize),
) -> Result<Comparison, EstimatesError> {
    let kinds = log.kinds();
    let asked = question.with.iter().chain(question.priorities.keys()).chain([&question.kind]);
    if let Some(kind) = asked.into_iter().find(|kind| !kinds.contains(kind.as_str())) {
        let kinds = kinds.into_iter().map(str::to_owned).collect();
        return Err(EstimatesError::NoSuchType { kind: kind.clone(), kinds });
    }
    let (days, fit_days) = (log.days().len(), question.fit_days);
    if fit_days == 0 || fit_days >= days {
        return Err(EstimatesError::TooFewDays { days, fit_days });
    }
    let (before, scored): (Vec<Heard>, Vec<Heard>) =
        follow::follow(log, question, seen)?.into_iter().partition(|heard| heard.day < fit_days);
    let known = Known::of(log, question, &before)?;
    let unsaid = scored.iter().filter(|heard| heard.estimate.is_none()).count();
    let said: Vec<&Heard> = scored.iter().filter(|heard| heard.estimate.is_some()).collect();
    let truths: Vec<Truth> = said.iter().map(|heard| heard.truth).collect();
    let weights = score::weights(&truths);
    let nobody = || EstimatesError::NobodyAnswered {
        kind: question.kind.clone(),
        when: "after a wait on the days to score",
    };
    let of_method = |method| {
        let estimates: Vec<f64> = said.iter().map(|heard| known.estimate(method, heard)).collect();
        score::score(&truths, &weights, &estimates).map(|score| (method, score)).ok_or_else(nobody)
    };
    Ok(Comparison {
        days: days - fit_days,
        calls: said.len(),
        hung_up: truths.iter().filter(|truth| truth.hung_up).count(),
        unsaid,
        talk: known.talk,
        scores: METHODS.into_iter().map(of_method).collect::<Result<_, _>>()?,
    })
}

/// What is known of the first days.
struct Known {
    /// The mean talk, in seconds.
    talk: f64,
    /// The middle of the waits, in seconds.
    usual: f64,
}

impl Known {
    fn of(log: &CallLog, question: &Question, before: &[Heard]) -> Result<Self, EstimatesError> {
        let days = follow::by_date(log).into_iter().take(question.fit_days);
        let is_meant = |row: &&crate::call_log::Row| {
            row.kind == question.kind && row.outcome == Outcome::Served
        };
        let talks = days.flat_map(|day| &day.rows).filter(is_meant);
        let talks: Vec<f64> = talks.map(|row| row.service.as_secs_f64()).collect();
        if talks.is_empty() {
            let (kind, when) = (question.kind.clone(), "on the days to look at beforehand");
            return Err(EstimatesError::NobodyAnswered { kind, when });
        }
        let answered = before.iter().map(|heard| heard.truth).filter(|truth| !truth.hung_up);
        let mut waits: Vec<f64> = answered.map(|truth| truth.waited).collect();
        waits.sort_by(f64::total_cmp);
        Ok(Self {
            talk: talks.iter().sum::<f64>() / talks.len() as f64,
            usual: waits.get(waits.len() / 2).copied().unwrap_or_default(),
        })
    }

    /// In seconds.
    fn estimate(&self, method: Method, heard: &Heard) -> f64 {
        match method {
            Method::Acdd => heard.estimate.unwrap_or_default(),
            Method::PerAgentSeen => {
                self.talk * f64::from(heard.position) / f64::from(heard.agents_seen.max(1))
            }
            Method::LastAnswered => heard.last_waited,
            Method::HeadOfLine => heard.first_has_waited,
            Method::Usual => self.usual,
        }
    }
}

#[cfg(test)]
mod tests;
