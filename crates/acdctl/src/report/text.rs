//! A report for a terminal, at most 120 columns wide for names of a usual length.

use super::row::{AgentLine, QueueRow};
use super::{Fairness, Report};
use crate::lists::length;
use crate::range::Every;
use crate::table::Table;
use jiff::Timestamp;

pub(super) fn text(report: &Report) -> String {
    let (from, to) = report.range.said();
    let mut text = format!("{} from {from} to {to}\n", report.domain);
    if report.is_empty() {
        text.push_str(&format!("\nnothing happened {}\n", report.between()));
    }
    if !report.queues.is_empty() {
        text.push_str(&format!("\n{}\n{}", waiting(report), conversations(&report.queues)));
    }
    if !report.agents.is_empty() {
        text.push_str(&format!("\n{}", agents(report)));
        text.push_str(&report.fairness.map_or_else(String::new, |it| fairness(&it)));
    }
    text.push_str(&intervals(report));
    if let Some(insights) = &report.insights {
        text.push_str(&format!("\n{}", crate::insights::text(insights)));
    }
    text.push_str(&format!("\n{}\n", known(report)));
    text
}

/// What is in a report, and what is not.
pub(super) fn known(report: &Report) -> String {
    let until = crate::range::said(report.known_until_at, &report.range.zone);
    match report.durable {
        true => format!("Only what is durable is counted, as it stood at {until}."),
        false => format!(
            "The daemon keeps no journal: this is of its present run alone, as it stood at {until}."
        ),
    }
}

const WAITING: [&str; 10] = [
    "ENTERED>",
    "ANSWERED>",
    "IN TIME>",
    "TARGET",
    "ABANDONED>",
    "SHORT>",
    "ASA>",
    "P90>",
    "LONGEST>",
    "AHT>",
];

fn waiting(report: &Report) -> String {
    let mut table = Table::new(&[["QUEUE"].as_slice(), &WAITING].concat());
    for row in &report.queues {
        table.row(std::iter::once(row.queue.clone()).chain(waits(row)));
    }
    table.text()
}

fn waits(row: &QueueRow) -> [String; 10] {
    let target = match (row.target, row.target_within_seconds) {
        (Some(share), within) => {
            let kept = match row.target_kept {
                Some(true) => ", kept",
                Some(false) => ", missed",
                None => "",
            };
            format!("{:.0}% in {}{kept}", share * 100.0, length(within))
        }
        (None, _) => "-".to_owned(),
    };
    [
        row.entered.to_string(),
        row.answered.to_string(),
        percent(row.service_level),
        target,
        percent(row.abandonment),
        row.short_abandoned.to_string(),
        length(row.asa_seconds),
        length(row.wait_p90_seconds),
        length(row.wait_max_seconds),
        length(row.aht_seconds),
    ]
}

fn conversations(rows: &[QueueRow]) -> String {
    let mut table = Table::new(&[
        "QUEUE",
        "HANDLED>",
        "TRANSFERRED>",
        "RESOLVED 1/3/7 DAYS>",
        "SENT OUT>",
        "MOVED ON>",
        "ESTIMATES>",
        "OFF BY>",
        "BIAS>",
    ]);
    for row in rows {
        let resolved = [row.resolved_1_day, row.resolved_3_days, row.resolved_7_days];
        table.row([
            row.queue.clone(),
            row.handled.to_string(),
            row.transferred.to_string(),
            resolved.map(percent).join(" / "),
            (row.overflowed + row.rejected).to_string(),
            row.moved.to_string(),
            row.estimates.to_string(),
            length(row.estimate_error_seconds),
            bias(row.estimate_bias_seconds),
        ]);
    }
    table.text()
}

/// `12s longer`: calls waited so much longer than estimated.
pub(super) fn bias(seconds: Option<f64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(seconds) if seconds < -0.5 => format!("{} shorter", length(Some(-seconds))),
        Some(seconds) if seconds > 0.5 => format!("{} longer", length(Some(seconds))),
        Some(_) => "none".to_owned(),
    }
}

fn agents(report: &Report) -> String {
    let mut table = Table::new(&[["AGENT"].as_slice(), &WORK].concat());
    for row in &report.agents {
        table.row(std::iter::once(row.line.agent.clone()).chain(work(&row.line)));
    }
    table.text()
}

const WORK: [&str; 9] = [
    "STAFFED>",
    "WORKING>",
    "OCCUPANCY>",
    "OFFERS>",
    "ANSWERED>",
    "MISSED>",
    "OFFERS/H>",
    "AHT>",
    "TRANSFERRED>",
];

fn work(row: &AgentLine) -> [String; 9] {
    let hourly = row.offers_per_working_hour;
    [
        length(Some(row.staffed_seconds)),
        length(Some(row.working_seconds)),
        percent(row.occupancy),
        row.offers.to_string(),
        row.connected.to_string(),
        row.missed().to_string(),
        hourly.map_or_else(|| "-".to_owned(), |hourly| format!("{hourly:.1}")),
        length(row.aht_seconds),
        row.transferred.to_string(),
    ]
}

fn fairness(it: &Fairness) -> String {
    format!(
        "\nOffers per working hour, over {} agents: {:.1} to {:.1}, half of them {:.1} or less; Jain's fairness \
         index {:.3}\n(1: all the same; {:.3}: one has all). Agents of different skills are not meant to have \
         the same.\n",
        it.agents,
        it.offers_per_working_hour_min,
        it.offers_per_working_hour_max,
        it.offers_per_working_hour_median,
        it.jain_index,
        1.0 / it.agents as f64,
    )
}

/// A share for people; a dash for none.
fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), crate::lists::percent)
}

fn intervals(report: &Report) -> String {
    let mut text = String::new();
    if !report.queue_intervals.is_empty() {
        let mut table = Table::new(&[["FROM", "QUEUE"].as_slice(), &WAITING].concat());
        for row in &report.queue_intervals {
            table.row([from(report, row.time.0), row.queue.clone()].into_iter().chain(waits(row)));
        }
        text.push_str(&format!("\n{}", table.text()));
    }
    if !report.agent_intervals.is_empty() {
        let mut table = Table::new(&[["FROM", "AGENT"].as_slice(), &WORK].concat());
        for row in &report.agent_intervals {
            let line = &row.line;
            let names = [from(report, line.time.0), line.agent.clone()];
            table.row(names.into_iter().chain(work(line)));
        }
        text.push_str(&format!("\n{}", table.text()));
    }
    text
}

/// When an interval begins, without what goes without saying.
pub(super) fn from(report: &Report, at: Timestamp) -> String {
    let form = match report.every {
        Every::Day => "%Y-%m-%d",
        Every::Whole | Every::Part(_) if report.range.is_one_day() => "%H:%M",
        Every::Whole | Every::Part(_) => "%m-%d %H:%M",
    };
    at.to_zoned_datetime(report.range.zone.clone()).strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn a_report_says_what_was_promised_and_what_came() {
        insta::assert_snapshot!(text(&report(Every::Part(4 * crate::range::QUARTER))), @r"
        main from 2026-03-10 00:00 UTC to 2026-03-10 12:00 UTC

        QUEUE       ENTERED  ANSWERED  IN TIME  TARGET              ABANDONED  SHORT  ASA     P90  LONGEST     AHT
        billing          60        54      65%  80% in 20s, missed        10%      0  24s  1m 01s   2m 05s  3m 05s
        front-desk      200       196      90%  80% in 20s, kept           2%      0  24s  1m 01s   2m 05s  3m 05s
        gone              3         3      67%  -                          0%      0  24s  1m 01s   2m 05s  3m 05s

        QUEUE       HANDLED  TRANSFERRED  RESOLVED 1/3/7 DAYS  SENT OUT  MOVED ON  ESTIMATES  OFF BY        BIAS
        billing          54            3      95% / 90% / 85%         0         0         18      9s  4s shorter
        front-desk      196            3      95% / 90% / 85%         0         0         18      9s  4s shorter
        gone              3            3      95% / 90% / 85%         0         0         18      9s  4s shorter

        AGENT  STAFFED  WORKING  OCCUPANCY  OFFERS  ANSWERED  MISSED  OFFERS/H     AHT  TRANSFERRED
        ana     8h 30m   8h 00m        67%      60        58       2       7.5  3m 05s            0
        bo      4h 30m   4h 00m        67%      36        34       2       9.0  3m 05s            0
        cy      6h 30m   6h 00m        67%      40        38       2       6.7  3m 05s            0

        Offers per working hour, over 3 agents: 6.7 to 9.0, half of them 7.5 or less; Jain's fairness index 0.985
        (1: all the same; 0.333: one has all). Agents of different skills are not meant to have the same.

        FROM   QUEUE       ENTERED  ANSWERED  IN TIME  TARGET              ABANDONED  SHORT  ASA     P90  LONGEST     AHT
        09:00  billing          40        36      65%  80% in 20s, missed        10%      0  24s  1m 01s   2m 05s  3m 05s
        09:00  front-desk      200       196      90%  80% in 20s, kept           2%      0  24s  1m 01s   2m 05s  3m 05s
        09:00  gone              3         3      67%  -                          0%      0  24s  1m 01s   2m 05s  3m 05s
        10:00  billing          20        18      65%  80% in 20s, missed        10%      0  24s  1m 01s   2m 05s  3m 05s

        FROM   AGENT  STAFFED  WORKING  OCCUPANCY  OFFERS  ANSWERED  MISSED  OFFERS/H     AHT  TRANSFERRED
        09:00  ana     1h 30m   1h 00m        67%       8         6       2       8.0  3m 05s            0

        Only what is durable is counted, as it stood at 2026-03-10 12:00 UTC.
        ");
    }

    #[test]
    fn lines_fit_a_terminal() {
        for every in [Every::Whole, Every::Part(crate::range::QUARTER), Every::Day] {
            let text = text(&report(every));
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(120), "{widest:?}\n{text}");
        }
    }

    #[test]
    fn a_range_in_which_nothing_happened_says_so() {
        let mut empty = report(Every::Whole);
        (empty.queues, empty.agents, empty.fairness) = (Vec::new(), Vec::new(), None);
        let said = text(&empty);
        let words = "nothing happened between 2026-03-10 00:00 UTC and 2026-03-10 12:00 UTC";
        assert!(said.contains(words), "{said}");
    }

    #[test]
    fn a_bias_says_which_way() {
        assert_eq!(bias(Some(-12.0)), "12s shorter");
        assert_eq!(bias(Some(65.0)), "1m 05s longer");
        assert_eq!((bias(Some(0.2)), bias(None)), ("none".to_owned(), "-".to_owned()));
    }
}
