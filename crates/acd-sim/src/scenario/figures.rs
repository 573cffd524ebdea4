//! What a scenario comes to: every measure of a queue by its name in docs/simulation.md, over the days
//! that were played.

use super::tally::{Counts, Day, Time};
use super::{Scenario, Team};
use crate::replications::{Estimate, ratio};
use crate::report::clock;
use crate::world::Counted;
use serde::{Serialize, Serializer};

/// What the days came to.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// When each interval begins and ends, in seconds since midnight; in JSON times of day.
    #[serde(serialize_with = "as_clocks")]
    pub intervals: Vec<(f64, f64)>,
    /// In the order of the configuration, those that no call came to left out.
    pub queues: Vec<QueueOutcome>,
    /// Every call once: by its arrival, its whole wait, and the target of the queue it came to first.
    pub all: Figures,
    /// The same by interval.
    pub all_by_interval: Vec<Figures>,
    /// In the order of the configuration.
    pub teams: Vec<TeamOutcome>,
    /// All agents together.
    pub agents: Occupancy,
    /// The same by interval.
    pub agents_by_interval: Vec<Occupancy>,
    /// How many calls were played, those of the warm-up among them.
    pub calls: u64,
    /// How many commands the Router was given.
    pub commands: u64,
}

/// One queue.
#[derive(Clone, Debug, Serialize)]
pub struct QueueOutcome {
    /// Its name.
    pub queue: String,
    /// Its promise: this share, above 0 and at most 1, ...
    pub target_share: f64,
    /// ... within so many seconds.
    pub target_seconds: f64,
    /// Over the day.
    pub day: Figures,
    /// By the interval in which calls entered the queue.
    pub by_interval: Vec<Figures>,
}

/// Agents of equal skills.
#[derive(Clone, Debug, Serialize)]
pub struct TeamOutcome {
    /// What they can do.
    pub team: String,
    /// Their ids.
    pub agents: Vec<String>,
    /// Over the day.
    pub day: Occupancy,
    /// By interval.
    pub by_interval: Vec<Occupancy>,
}

/// What agents do of their time; none where nobody works.
#[derive(Clone, Debug, Serialize)]
pub struct Occupancy {
    /// How many work at a time.
    pub working: Estimate,
    /// The share of that time in which they are rung, talk, or take notes.
    pub occupancy: Option<Estimate>,
}

/// Figures of calls: numbers are means over the days; what no call tells is none.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// How many came.
    pub offered: Estimate,
    /// How many were answered here.
    pub answered: Estimate,
    /// How many were answered through another queue in which they waited too.
    pub answered_elsewhere: Estimate,
    /// How many hung up, those at once left out.
    pub abandoned: Estimate,
    /// How many hung up before the plan's `short_abandon`.
    pub short_abandoned: Estimate,
    /// How many a rule sent out of acdd.
    pub overflowed: Estimate,
    /// How many a rule turned away as they came.
    pub rejected: Estimate,
    /// How many a rule moved to another queue.
    pub moved: Estimate,
    /// Abandoned of answered and abandoned, short ones left out.
    pub abandonment: Option<Estimate>,
    /// Short abandons left out.
    pub service_level: Levels,
    /// Short abandons counted as abandons.
    pub service_level_with_short: Levels,
    /// A of N, of those sent out of acdd and turned away, and of those moved or answered elsewhere
    /// after the target had passed: what `staff` goes by, since nobody is well served by being sent on.
    pub served_in_time: Option<Estimate>,
    /// The mean wait of those answered.
    pub asa_seconds: Option<Estimate>,
    /// Of those answered, a day's median.
    pub wait_p50_seconds: Option<Estimate>,
    /// Which nine of ten did not exceed.
    pub wait_p90_seconds: Option<Estimate>,
    /// Which 99 of a hundred did not exceed.
    pub wait_p99_seconds: Option<Estimate>,
    /// The longest of a day.
    pub wait_max_seconds: Option<Estimate>,
    /// The longest wait of a day however it ended.
    pub longest_wait_seconds: Option<Estimate>,
    /// Talk and wrap-up of a call.
    pub aht_seconds: Option<Estimate>,
}

/// Service level in its variants: A answered and B abandoned within the target, N answered and abandoned
/// at all.
#[derive(Clone, Debug, Serialize)]
pub struct Levels {
    /// (A + B) / N.
    pub abandons_met: Option<Estimate>,
    /// A / N.
    pub abandons_missed: Option<Estimate>,
    /// A / (N - B).
    pub abandons_ignored: Option<Estimate>,
}

/// Seconds since midnight as a time of day.
pub(super) fn as_clock<S: Serializer>(seconds: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&clock(*seconds))
}

fn as_clocks<S: Serializer>(intervals: &[(f64, f64)], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Interval {
        from: String,
        to: String,
    }
    let clocks = |(begin, end): &(f64, f64)| Interval { from: clock(*begin), to: clock(*end) };
    to.collect_seq(intervals.iter().map(clocks))
}

type Share = (f64, f64);

impl Levels {
    fn of(days: &[Counts], with_short: bool) -> Self {
        let level = |of: fn(f64, f64, f64) -> Share| {
            let of_day = |day: &Counts| {
                let short =
                    if with_short { (day.short_abandoned, day.short_within) } else { (0, 0) };
                let (a, b) = (day.answered_within, day.abandoned_within + short.1);
                let n = day.answered + day.abandoned + short.0;
                of(a as f64, b as f64, n as f64)
            };
            ratio(&days.iter().map(of_day).collect::<Vec<Share>>())
        };
        Self {
            abandons_met: level(|a, b, n| (a + b, n)),
            abandons_missed: level(|a, _, n| (a, n)),
            abandons_ignored: level(|a, b, n| (a, n - b)),
        }
    }
}

impl Figures {
    pub(super) fn of(days: &[Counts]) -> Self {
        let number = |of: fn(&Counts) -> u64| {
            let shares: Vec<Share> = days.iter().map(|day| (of(day) as f64, 1.0)).collect();
            ratio(&shares).unwrap_or(Estimate { value: 0.0, half_width: f64::INFINITY })
        };
        let share =
            |of: &dyn Fn(&Counts) -> Share| ratio(&days.iter().map(of).collect::<Vec<Share>>());
        let sorted: Vec<Vec<f32>> = days.iter().map(|day| in_order(&day.waits)).collect();
        let quantile = |q: f64| {
            let of_days = sorted.iter().filter_map(|waits| at(waits, q));
            ratio(&of_days.map(|wait| (wait, 1.0)).collect::<Vec<Share>>())
        };
        Self {
            offered: number(|day| day.offered),
            answered: number(|day| day.answered),
            answered_elsewhere: number(|day| day.answered_elsewhere),
            abandoned: number(|day| day.abandoned),
            short_abandoned: number(|day| day.short_abandoned),
            overflowed: number(|day| day.overflowed),
            rejected: number(|day| day.rejected),
            moved: number(|day| day.moved),
            abandonment: share(&|day| {
                (day.abandoned as f64, (day.answered + day.abandoned) as f64)
            }),
            service_level: Levels::of(days, false),
            service_level_with_short: Levels::of(days, true),
            served_in_time: share(&|day| {
                let sent = day.overflowed + day.rejected + day.gone_late;
                (day.answered_within as f64, (day.answered + day.abandoned + sent) as f64)
            }),
            asa_seconds: share(&|day| {
                (day.waits.iter().map(|wait| f64::from(*wait)).sum(), day.answered as f64)
            }),
            wait_p50_seconds: quantile(0.5),
            wait_p90_seconds: quantile(0.9),
            wait_p99_seconds: quantile(0.99),
            wait_max_seconds: quantile(1.0),
            longest_wait_seconds: share(&|day| match day.offered {
                0 => (0.0, 0.0),
                _ => (f64::from(day.longest), 1.0),
            }),
            aht_seconds: share(&|day| (day.handling, day.handled as f64)),
        }
    }
}

fn in_order(waits: &[f32]) -> Vec<f32> {
    let mut sorted = waits.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted
}

/// The smallest that so large a share does not exceed.
fn at(sorted: &[f32], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).map(|wait| f64::from(*wait))
}

/// Of fewer agents at work on average, what they do says little: those who end their last call after
/// their shift are all busy.
const WORKING_LEAST: f64 = 0.5;

impl Occupancy {
    /// The occupancy to draw over the day: none where on average less than half an agent is at work.
    #[must_use]
    pub fn drawn(&self) -> Option<Estimate> {
        self.occupancy.filter(|_| self.working.value >= WORKING_LEAST)
    }

    /// Of agents' time on each day, and how long it could have been.
    fn of(days: &[Time], seconds: f64) -> Self {
        let working = days.iter().map(|day| (day.working as f64 / 1e6, seconds));
        let busy = days.iter().map(|day| (day.busy as f64, day.working as f64));
        let nobody = Estimate { value: 0.0, half_width: f64::INFINITY };
        Self {
            working: ratio(&working.collect::<Vec<Share>>()).unwrap_or(nobody),
            occupancy: ratio(&busy.collect::<Vec<Share>>()),
        }
    }
}

/// Of each day the sum of some of its intervals.
fn summed<'d>(days: impl Iterator<Item = &'d [Counts]>) -> Vec<Counts> {
    let sum = |intervals: &[Counts]| {
        let mut sum = Counts::default();
        intervals.iter().for_each(|counts| sum.add(counts));
        sum
    };
    days.map(sum).collect()
}

fn together(times: impl Iterator<Item = Time>) -> Time {
    times.fold(Time::default(), |sum, time| Time {
        working: sum.working + time.working,
        busy: sum.busy + time.busy,
    })
}

impl Outcome {
    pub(super) fn of(scenario: &Scenario, teams: &[Team], days: &[(Day, Counted)]) -> Self {
        let intervals = scenario.bounds();
        let plan = &scenario.plan;
        let all = |from: usize, to: usize| {
            Figures::of(&summed(days.iter().map(|(day, _)| &day.all[from..to])))
        };
        let agents = |from: usize, to: usize, team: Option<usize>| {
            let seconds: f64 = intervals[from..to].iter().map(|(begin, end)| end - begin).sum();
            let of_day = |(day, _): &(Day, Counted)| {
                let teams = day.teams.iter().enumerate();
                let chosen = teams.filter(|(at, _)| team.is_none_or(|team| team == *at));
                together(chosen.flat_map(|(_, times)| times[from..to].iter().copied()))
            };
            Occupancy::of(&days.iter().map(of_day).collect::<Vec<_>>(), seconds)
        };
        let count = intervals.len();
        let team = |(at, team): (usize, &Team)| TeamOutcome {
            team: team.name.clone(),
            agents: team.agents.iter().map(|id| plan.agents[id.index()].id.clone()).collect(),
            day: agents(0, count, Some(at)),
            by_interval: (0..count).map(|of| agents(of, of + 1, Some(at))).collect(),
        };
        Self {
            queues: queues(scenario, days),
            all: all(0, count),
            all_by_interval: (0..count).map(|of| all(of, of + 1)).collect(),
            teams: teams.iter().enumerate().map(team).collect(),
            agents: agents(0, count, None),
            agents_by_interval: (0..count).map(|of| agents(of, of + 1, None)).collect(),
            calls: days.iter().map(|(_, counted)| counted.calls).sum(),
            commands: days.iter().map(|(_, counted)| counted.commands).sum(),
            intervals,
        }
    }
}

/// Those that a call came to on any day.
fn queues(scenario: &Scenario, days: &[(Day, Counted)]) -> Vec<QueueOutcome> {
    let count = scenario.intervals();
    let mut queues = Vec::new();
    for (id, queue) in scenario.plan.queues_with_ids() {
        let of = |from: usize, to: usize| {
            summed(days.iter().map(|(day, _)| &day.queues[id.index()][from..to]))
        };
        let whole = of(0, count);
        if whole.iter().all(|day| day.offered == 0) {
            continue;
        }
        queues.push(QueueOutcome {
            queue: queue.name.clone(),
            target_share: scenario.wanted(id),
            target_seconds: scenario.within(id).0 as f64 / 1e6,
            day: Figures::of(&whole),
            by_interval: (0..count).map(|at| Figures::of(&of(at, at + 1))).collect(),
        });
    }
    queues
}
