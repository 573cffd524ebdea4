//! What a play reports: how the day would have gone.

use crate::lists::percent;
use crate::output::counted;
use crate::status::{LatencyRow, latency_text};
use crate::times::seconds;
use acd_adapter::Tally;
use serde::Serialize;
use std::time::Duration;

/// The report of one play. `offered = answered + abandoned + left + open + rejected`.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Report {
    pub(crate) day: String,
    pub(crate) speed: f64,
    /// The whole day was played.
    pub(crate) complete: bool,
    pub(crate) offered: u64,
    pub(crate) answered: u64,
    pub(crate) abandoned: u64,
    pub(crate) left: u64,
    pub(crate) open: u64,
    pub(crate) rejected: u64,
    pub(crate) asa_seconds: Option<f64>,
    pub(crate) mean_wait_seconds: Option<f64>,
    pub(crate) service_level: Option<f64>,
    pub(crate) service_level_within_seconds: f64,
    pub(crate) decision_us: Decision,
    pub(crate) left_in_ivr: u64,
    pub(crate) overflowed: u64,
    pub(crate) agents: usize,
    pub(crate) agents_in_log: usize,
    pub(crate) played_seconds: f64,
}

/// The daemon's own measurement of its decisions, since its epoch began, in microseconds.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Decision {
    count: u64,
    p50: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

/// What a report is made of.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) day: String,
    pub(crate) speed: f64,
    pub(crate) complete: bool,
    pub(crate) tally: Tally,
    /// Callers who gave up before they reached a queue.
    pub(crate) left_in_ivr: u64,
    pub(crate) within: Duration,
    pub(crate) decision: LatencyRow,
    pub(crate) agents: usize,
    pub(crate) agents_in_log: usize,
    pub(crate) took: Duration,
}

impl Report {
    pub(crate) fn of(played: Played) -> Self {
        let Played { tally, left_in_ivr, decision, .. } = played;
        let over = tally.answered + tally.abandoned;
        let mean = |sum: Duration, count: u64| {
            (count > 0).then(|| thousandths(sum.as_secs_f64() / count as f64))
        };
        Self {
            day: played.day,
            speed: played.speed,
            complete: played.complete,
            offered: tally.offered + left_in_ivr,
            answered: tally.answered,
            abandoned: tally.abandoned,
            left: tally.left + left_in_ivr,
            open: tally.waiting,
            rejected: tally.rejected,
            asa_seconds: mean(tally.answered_wait, tally.answered),
            mean_wait_seconds: mean(tally.answered_wait + tally.abandoned_wait, over),
            service_level: (over > 0)
                .then(|| thousandths(tally.answered_within as f64 / over as f64)),
            service_level_within_seconds: seconds(played.within),
            decision_us: Decision {
                count: decision.count,
                p50: decision.p50_us,
                p99: decision.p99_us,
                p999: decision.p999_us,
                max: decision.max_us,
            },
            left_in_ivr,
            overflowed: tally.left,
            agents: played.agents,
            agents_in_log: played.agents_in_log,
            played_seconds: seconds(played.took),
        }
    }

    pub(crate) fn text(&self) -> String {
        let part = if self.complete { "" } else { ", a part of it" };
        let number =
            |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.1}"));
        let Decision { count, p50, p99, p999, max } = self.decision_us;
        let decision = LatencyRow { count, p50_us: p50, p99_us: p99, p999_us: p999, max_us: max };
        [
            format!(
                "{}{part}: played in {:.0} s at speed {} by {}",
                self.day,
                self.played_seconds,
                self.speed,
                counted(self.agents as u64, "agent")
            ),
            format!("offered        {:>7}", self.offered),
            format!("  answered     {:>7}", self.answered),
            format!("  abandoned    {:>7}", self.abandoned),
            format!(
                "  left         {:>7}   {} before they reached a queue, {} sent away by acdd",
                self.left, self.left_in_ivr, self.overflowed
            ),
            format!("  open         {:>7}   still waiting", self.open),
            format!("  rejected     {:>7}   refused by the daemon", self.rejected),
            format!(
                "service level  {:>7}   answered within {} s, of those answered or abandoned",
                self.service_level.map_or_else(|| "-".to_owned(), percent),
                self.service_level_within_seconds
            ),
            format!(
                "mean wait      {:>7}   seconds until answered; {} with those who gave up",
                number(self.asa_seconds),
                number(self.mean_wait_seconds)
            ),
            format!("decision       {}", latency_text(&decision)),
        ]
        .join("\n")
    }
}

fn thousandths(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(tally: Tally) -> Played {
        Played {
            day: "2026-03-11".to_owned(),
            speed: 600.0,
            complete: true,
            tally,
            left_in_ivr: 4,
            within: Duration::from_secs(20),
            decision: LatencyRow::default(),
            agents: 2,
            agents_in_log: 3,
            took: Duration::from_secs(144),
        }
    }

    #[test]
    fn every_call_offered_is_counted_once() {
        let report = Report::of(played(Tally {
            offered: 100,
            waiting: 1,
            answered: 80,
            talking: 7,
            answered_within: 45,
            answered_wait: Duration::from_secs(800),
            abandoned: 10,
            abandoned_wait: Duration::from_secs(1_000),
            left: 6,
            rejected: 3,
            ..Tally::default()
        }));
        assert_eq!(report.offered, 104);
        assert_eq!(
            report.offered,
            report.answered + report.abandoned + report.left + report.open + report.rejected
        );
        assert_eq!((report.left, report.left_in_ivr, report.overflowed), (10, 4, 6));
        assert_eq!(report.service_level, Some(0.5));
        assert_eq!(report.asa_seconds, Some(10.0));
        assert_eq!(report.mean_wait_seconds, Some(20.0));
    }

    #[test]
    fn a_day_without_calls_has_no_means() {
        let report = Report::of(played(Tally::default()));
        assert_eq!((report.service_level, report.asa_seconds), (None, None));
        assert!(report.text().contains("nothing measured yet"));
    }
}
