//! A model, checked: what comes, who serves it, and how it is routed, in acdd's own sense and units.

use super::file::{self, ByPeriod, LawName};
use crate::distribution::{Distribution, SHAPE_LEAST, span};
use acd_core::{LEVEL_MAX, Span};
use std::collections::BTreeSet;

/// Microseconds of a unit of time that is no unit of a clock, as a mean service time.
const ABSTRACT_UNIT_US: f64 = 60e6;

/// What is wrong with a model.
pub(super) type Wrong = String;

#[derive(Debug)]
pub(super) struct Model {
    pub(super) unit_us: f64,
    /// All but the last are as long as this; the only one of a model without periods has no end.
    pub(super) period: Option<Span>,
    pub(super) periods: usize,
    pub(super) kinds: Vec<Kind>,
    pub(super) groups: Vec<Group>,
    pub(super) in_system_at_most: Option<u32>,
    pub(super) waiting_at_most: Option<u32>,
    pub(super) agent_selection: file::AgentSelection,
    pub(super) call_selection: file::CallSelection,
    pub(super) busyness_alpha: Option<f64>,
    /// In the model's unit, as they stand in the names of measures.
    pub(super) thresholds: Vec<f64>,
    pub(super) experiment: file::Experiment,
}

/// A kind of call.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: String,
    /// Calls a microsecond, by period.
    pub(super) rates: Vec<f64>,
    /// By period of arrival; none where each group has its own.
    pub(super) service: Option<Vec<Distribution>>,
    pub(super) patience: Option<Vec<Distribution>>,
    /// As in the file: the smallest comes first.
    pub(super) priority: i64,
    pub(super) credit: Span,
}

#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    /// By period.
    pub(super) counts: Vec<u32>,
    /// By kind.
    pub(super) skills: Vec<Option<Skill>>,
    pub(super) notes: Option<Distribution>,
}

#[derive(Debug)]
pub(super) struct Skill {
    /// As in the file: 1 is the best.
    pub(super) level: u8,
    /// As in the file: 1 is the best.
    pub(super) rank: u8,
    pub(super) delay: Span,
    pub(super) service: Option<Vec<Distribution>>,
}

impl Group {
    /// The most that are ever on duty.
    pub(super) fn at_most(&self) -> u32 {
        self.counts.iter().copied().max().unwrap_or(0)
    }
}

impl Model {
    pub(super) fn of(system: &file::System, experiment: file::Experiment) -> Result<Self, Wrong> {
        let unit_us = match system.time_unit.as_str() {
            "second" | "s" => 1e6,
            "minute" | "min" => 60e6,
            "hour" | "h" => 3_600e6,
            _ => ABSTRACT_UNIT_US,
        };
        let scale = Scale { unit_us, periods: system.periods.map_or(1, |periods| periods.count) };
        if scale.periods == 0 || system.call_types.is_empty() || system.agent_groups.is_empty() {
            return Err("it needs a period, a call type and an agent group at least".to_owned());
        }
        if scale.periods > 1 && matches!(experiment, file::Experiment::SteadyState { .. }) {
            return Err("what changes from period to period has no steady state".to_owned());
        }
        if let file::Experiment::FiniteHorizon { horizon, .. } = experiment {
            scale.lasts("horizon", horizon)?;
        }
        let period = system.periods.map(|periods| scale.lasts("periods.length", periods.length));
        if let Some(alpha) = system.busyness_gamma_alpha.filter(|alpha| *alpha < SHAPE_LEAST) {
            let message = format!("is {alpha}, must be at least {SHAPE_LEAST}");
            return Err(format!("busyness_gamma_alpha {message}"));
        }
        for threshold in &system.wait_thresholds {
            scale.time("wait_thresholds", *threshold)?;
        }
        each_once("call_types", system.call_types.iter().map(|kind| kind.name.as_str()))?;
        each_once("agent_groups", system.agent_groups.iter().map(|group| group.name.as_str()))?;
        // The only way in which staff goes.
        let file::StaffDecrease::FirstToFinish = system.routing.staff_decrease;
        let kinds: Result<Vec<Kind>, Wrong> =
            system.call_types.iter().map(|kind| scale.kind(kind)).collect();
        let kinds = kinds?;
        let groups: Result<Vec<Group>, Wrong> =
            system.agent_groups.iter().map(|group| scale.group(group, &kinds)).collect();
        Ok(Self {
            unit_us,
            period: period.transpose()?,
            periods: scale.periods,
            kinds,
            groups: groups?,
            in_system_at_most: system.capacity.total_in_system,
            waiting_at_most: system.capacity.waiting,
            agent_selection: system.routing.agent_selection,
            call_selection: system.routing.call_selection,
            busyness_alpha: system.busyness_gamma_alpha,
            thresholds: system.wait_thresholds.clone(),
            experiment,
        })
    }

    /// The period of an instant, counted from the beginning; the last one has no end.
    pub(super) fn period_of(&self, since_start: Span) -> usize {
        match self.period {
            Some(length) => ((since_start.0 / length.0.max(1)) as usize).min(self.periods - 1),
            None => 0,
        }
    }
}

/// How the lengths of a file are to be read.
struct Scale {
    unit_us: f64,
    periods: usize,
}

impl Scale {
    /// A time of the file, in its unit; no longer than anything in acdd.
    fn time(&self, key: &str, of: f64) -> Result<Span, Wrong> {
        let us = of * self.unit_us;
        if (0.0..=Span::LONGEST.0 as f64).contains(&us) {
            return Ok(span(us));
        }
        Err(format!("{key} is {of}, must be at least 0 and at most 31 days"))
    }

    /// A time that is more than none.
    fn lasts(&self, key: &str, of: f64) -> Result<Span, Wrong> {
        let lasts = self.time(key, of)?;
        let is_some = lasts > Span(0);
        is_some.then_some(lasts).ok_or_else(|| format!("{key} is {of}, must be more than 0"))
    }

    fn kind(&self, of: &file::CallType) -> Result<Kind, Wrong> {
        let place = format!("call type {}", of.name);
        let file::Process::Poisson = of.arrival.process;
        let rates = self.each(&of.arrival.rate, &place)?;
        if rates.iter().any(|rate| !(rate.is_finite() && *rate >= 0.0)) {
            return Err(format!("{place}: a rate is at least 0"));
        }
        Ok(Kind {
            name: of.name.clone(),
            rates: rates.iter().map(|rate| rate / self.unit_us).collect(),
            service: self.laws(of.service.as_ref(), &format!("{place}: service"))?,
            patience: self.laws(of.patience.as_ref(), &format!("{place}: patience"))?,
            priority: of.priority.unwrap_or(1),
            credit: self.time(&format!("{place}: wait_credit"), of.wait_credit.unwrap_or(0.0))?,
        })
    }

    fn group(&self, of: &file::AgentGroup, kinds: &[Kind]) -> Result<Group, Wrong> {
        let place = format!("agent group {}", of.name);
        let mut skills: Vec<Option<Skill>> = kinds.iter().map(|_| None).collect();
        let types = of.skills.iter().map(|skill| skill.call_type.as_str());
        each_once(&format!("{place}: skills"), types)?;
        for skill in &of.skills {
            let kind = kinds.iter().position(|kind| kind.name == skill.call_type);
            let kind = kind.ok_or_else(|| format!("{place}: no call type {}", skill.call_type))?;
            let place = format!("{place}: skill {}", skill.call_type);
            let service = self.laws(skill.service.as_ref(), &format!("{place}: service"))?;
            if service.is_none() && kinds[kind].service.is_none() {
                return Err(format!("{place}: neither it nor the call type has a service"));
            }
            let level = best_is_one(skill.level, &format!("{place}: level"))?;
            let rank = best_is_one(skill.queue_rank, &format!("{place}: queue_rank"))?;
            let delay = skill.eligible_after.unwrap_or(0.0);
            let delay = self.time(&format!("{place}: eligible_after"), delay)?;
            skills[kind] = Some(Skill { level, rank, delay, service });
        }
        let notes = self.laws(of.after_call_work.as_ref(), &format!("{place}: after_call_work"))?;
        Ok(Group {
            name: of.name.clone(),
            counts: self.each(&of.count, &place)?,
            skills,
            notes: notes.and_then(|mut by_period| by_period.pop()),
        })
    }

    /// One value for each period.
    fn each<T: Clone>(&self, of: &ByPeriod<T>, place: &str) -> Result<Vec<T>, Wrong> {
        match of {
            ByPeriod::All(value) => Ok(vec![value.clone(); self.periods]),
            ByPeriod::Each(values) if values.len() == self.periods => Ok(values.clone()),
            ByPeriod::Each(values) => {
                let (has, needs) = (values.len(), self.periods);
                Err(format!("{place}: {has} values for {needs} periods"))
            }
        }
    }

    fn laws(
        &self,
        of: Option<&file::Law>,
        place: &str,
    ) -> Result<Option<Vec<Distribution>>, Wrong> {
        let Some(law) = of else { return Ok(None) };
        let means = match &law.mean {
            Some(means) => self.each(means, place)?.into_iter().map(Some).collect(),
            None => vec![None; self.periods],
        };
        let laws: Result<Vec<_>, _> =
            means.into_iter().map(|mean| self.law(law, mean, place)).collect();
        laws.map(Some)
    }

    fn law(&self, law: &file::Law, mean: Option<f64>, place: &str) -> Result<Distribution, Wrong> {
        let needs = |what: Option<f64>, key: &str| {
            what.ok_or_else(|| format!("{place}: {:?} needs `{key}`", law.dist))
        };
        let mean = || needs(mean, "mean").map(|mean| mean * self.unit_us);
        let made = match law.dist {
            LawName::Deterministic => Distribution::deterministic(mean()?),
            LawName::Exp => Distribution::exponential(mean()?),
            LawName::Erlang => Distribution::erlang(mean()?, needs(law.k, "k")?),
            LawName::Gamma => {
                let (mean, scv) = (mean()?, needs(law.scv, "scv")?);
                if !(scv > 0.0 && scv.recip() >= SHAPE_LEAST) {
                    let most = SHAPE_LEAST.recip();
                    let message = format!("scv is {scv}, must be more than 0 and at most {most}");
                    return Err(format!("{place}: {message}"));
                }
                Distribution::erlang(mean, scv.recip())
            }
            LawName::Lognormal => Distribution::log_normal(mean()?, needs(law.scv, "scv")?),
            LawName::Uniform => {
                let (mean, half) = (mean()?, needs(law.half_width, "half_width")? * self.unit_us);
                Distribution::uniform(mean - half, mean + half)
            }
            LawName::Empirical => {
                let values = law.values.as_ref();
                let values = values.ok_or_else(|| format!("{place}: Empirical needs `values`"))?;
                Distribution::empirical(values.iter().map(|value| value * self.unit_us))
            }
        };
        made.map_err(|error| format!("{place}: {error}"))
    }
}

fn each_once<'n>(key: &str, names: impl Iterator<Item = &'n str>) -> Result<(), Wrong> {
    let mut known = BTreeSet::new();
    match names.into_iter().find(|name| !known.insert(*name)) {
        Some(twice) => Err(format!("{key}: {twice} is there twice")),
        None => Ok(()),
    }
}

/// A number of which 1 is the best and [`LEVEL_MAX`] the worst.
fn best_is_one(number: Option<u8>, place: &str) -> Result<u8, Wrong> {
    match number.unwrap_or(1) {
        number if (1..=LEVEL_MAX).contains(&number) => Ok(number),
        number => Err(format!("{place} is {number}, must be 1 to {LEVEL_MAX}")),
    }
}
