//! Turns a day of a log into callers and duties: who calls when, who is at work from when to when.

use acd_adapter::ScriptedCall;
use acd_sim::call_log::{Day, Outcome, Row};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The priority of a caller whom the log calls high; everybody else is normal.
const HIGH: u32 = 6;

/// One day, ready to be played. Times count from the first call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Script {
    /// What the times count from, as the log counts.
    pub(crate) origin: Duration,
    /// Callers who reached a queue; `queue` is still the type.
    pub(crate) calls: Vec<ScriptedCall>,
    /// When each caller gave up before he reached one.
    pub(crate) left_in_ivr: Vec<Duration>,
    /// In the order of first appearance.
    pub(crate) duties: Vec<Duty>,
    /// When the last caller calls.
    pub(crate) last_arrival: Duration,
}

/// One agent's time at work, as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Duty {
    pub(crate) from: Duration,
    pub(crate) to: Duration,
}

impl Script {
    pub(crate) fn of(day: &Day) -> Self {
        let offered = || day.rows.iter().map(|row| row.offered);
        let origin = offered().min().unwrap_or_default();
        let means = Means::of(&day.rows);
        let mut calls = Vec::new();
        let mut left_in_ivr = Vec::new();
        for row in &day.rows {
            let start = row.offered - origin;
            let (patience, service) = match row.outcome {
                Outcome::LeftInIvr => {
                    left_in_ivr.push(start);
                    continue;
                }
                Outcome::Served => (None, row.service),
                Outcome::Abandoned => (Some(row.wait), means.service(row)),
            };
            calls.push(ScriptedCall {
                id: row.call.clone(),
                start,
                queue: row.kind.clone(),
                numbers: acd_adapter::Numbers::default(),
                priority: row.high_priority.then_some(HIGH),
                attributes: HashMap::new(),
                patience,
                service,
            });
        }
        Self {
            origin,
            calls,
            left_in_ivr,
            duties: duties(&day.rows, origin),
            last_arrival: offered().max().unwrap_or_default() - origin,
        }
    }

    /// The types of the calls, each once.
    pub(crate) fn types(&self) -> Vec<String> {
        let mut types: Vec<String> = self.calls.iter().map(|call| call.queue.clone()).collect();
        types.sort();
        types.dedup();
        types
    }
}

/// From an agent's first call to the end of his last.
fn duties(rows: &[Row], origin: Duration) -> Vec<Duty> {
    let mut places = HashMap::new();
    let mut duties: Vec<Duty> = Vec::new();
    for row in rows.iter().filter(|row| row.outcome == Outcome::Served) {
        let Some(agent) = &row.agent else { continue };
        let from = row.offered - origin + row.wait;
        let to = from + row.service;
        let place = *places.entry(agent).or_insert_with(|| {
            duties.push(Duty { from, to });
            duties.len() - 1
        });
        let duty = &mut duties[place];
        duty.from = duty.from.min(from);
        duty.to = duty.to.max(to);
    }
    duties
}

/// How long calls of each type, and of all, talked on average.
struct Means {
    by_type: BTreeMap<String, Duration>,
    all: Duration,
}

impl Means {
    fn of(rows: &[Row]) -> Self {
        let mut sums: BTreeMap<String, (Duration, u32)> = BTreeMap::new();
        let (mut all, mut count) = (Duration::ZERO, 0_u32);
        let talked = |row: &&Row| row.outcome == Outcome::Served && row.service > Duration::ZERO;
        for row in rows.iter().filter(talked) {
            let (sum, of_type) = sums.entry(row.kind.clone()).or_default();
            *sum += row.service;
            *of_type += 1;
            all += row.service;
            count += 1;
        }
        let by_type = sums.into_iter().map(|(kind, (sum, count))| (kind, sum / count)).collect();
        Self { by_type, all: all.checked_div(count).unwrap_or_default() }
    }

    /// How long a caller who gave up would have talked.
    fn service(&self, row: &Row) -> Duration {
        if row.service > Duration::ZERO {
            row.service
        } else {
            self.by_type.get(&row.kind).copied().unwrap_or(self.all)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn row(call: &str, offered: u64, wait: u64, outcome: Outcome, service: u64) -> Row {
        Row {
            call: call.to_owned(),
            offered: seconds(offered),
            kind: "PS".to_owned(),
            high_priority: false,
            wait: seconds(wait),
            outcome,
            service: seconds(service),
            agent: (outcome == Outcome::Served).then(|| "agent01".to_owned()),
        }
    }

    fn script(rows: Vec<Row>) -> Script {
        Script::of(&Day { day: date(2026, 3, 11), rows })
    }

    #[test]
    fn who_was_served_waits_for_ever_and_who_gave_up_is_as_patient_as_he_was() {
        let script = script(vec![
            row("a", 1_000, 5, Outcome::Served, 60),
            row("b", 1_030, 40, Outcome::Abandoned, 0),
            row("c", 1_040, 0, Outcome::LeftInIvr, 0),
            row("d", 1_050, 7, Outcome::Served, 120),
        ]);
        let patience: Vec<_> = script.calls.iter().map(|call| call.patience).collect();
        assert_eq!(patience, [None, Some(seconds(40)), None]);
        let starts: Vec<_> = script.calls.iter().map(|call| call.start).collect();
        assert_eq!(starts, [0, 30, 50].map(seconds));
        assert_eq!(script.calls[1].service, seconds(90), "the mean of those who were served");
        assert_eq!(script.left_in_ivr, [seconds(40)]);
        assert_eq!((script.origin, script.last_arrival), (seconds(1_000), seconds(50)));
    }

    #[test]
    fn the_mean_is_that_of_the_type_where_there_is_one() {
        let of_type = |row: Row, kind: &str| Row { kind: kind.to_owned(), ..row };
        let script = script(vec![
            of_type(row("a", 0, 0, Outcome::Served, 30), "PS"),
            of_type(row("b", 0, 0, Outcome::Served, 0), "PS"),
            of_type(row("c", 0, 0, Outcome::Served, 90), "NW"),
            of_type(row("d", 0, 9, Outcome::Abandoned, 0), "PS"),
            of_type(row("e", 0, 9, Outcome::Abandoned, 0), "IN"),
            of_type(row("f", 0, 9, Outcome::Abandoned, 17), "PS"),
        ]);
        let services: Vec<_> = script.calls[3..].iter().map(|call| call.service).collect();
        assert_eq!(services, [30, 60, 17].map(seconds));
        assert_eq!(script.types(), ["IN", "NW", "PS"]);
    }

    #[test]
    fn a_high_priority_is_one_step_above_normal() {
        let high = Row { high_priority: true, ..row("a", 0, 0, Outcome::Served, 1) };
        let script = script(vec![high, row("b", 0, 0, Outcome::Served, 1)]);
        assert_eq!(script.calls[0].priority, Some(6));
        assert_eq!(script.calls[1].priority, None);
    }

    #[test]
    fn an_agent_is_on_duty_from_his_first_call_to_the_end_of_his_last() {
        let by = |row: Row, agent: &str| Row { agent: Some(agent.to_owned()), ..row };
        let script = script(vec![
            by(row("a", 100, 5, Outcome::Served, 500), "zoe"),
            by(row("b", 110, 0, Outcome::Served, 10), "abe"),
            by(row("c", 200, 0, Outcome::Served, 10), "zoe"),
            by(row("d", 300, 20, Outcome::Served, 10), "abe"),
            Row { agent: None, ..row("e", 400, 0, Outcome::Served, 10) },
        ]);
        let duty = |from, to| Duty { from: seconds(from), to: seconds(to) };
        assert_eq!(script.duties, [duty(5, 505), duty(10, 230)]);
    }
}
