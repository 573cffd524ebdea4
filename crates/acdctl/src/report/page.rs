//! A report as a page with plots.

mod curves;
mod tables;

use super::Report;
use super::row::{NO_REASON, QueueRow};
use super::text::known;
use crate::output::counted;
use acd_sim::report::{
    Block, Cell, Page, Section, Table, Tile, Tone, length, percent, rough_length,
};
use std::collections::BTreeMap;

/// What stands where there is nothing to be measured.
const NOTHING: &str = "–";
/// So many queues have curves: those that most calls entered.
const CHARTED: usize = 12;

pub(super) fn page(report: &Report) -> Page {
    let mut sections = Vec::new();
    let insights = report.insights.as_ref().map(crate::insights::section);
    if report.queues.is_empty() {
        sections.extend(insights);
    } else {
        sections.push(queues(report));
        sections.extend(insights);
        sections.extend([waiting(report), levels(report), conversations(report)]);
    }
    if !report.agents.is_empty() {
        sections.extend([agents(report), reasons(report)]);
    }
    sections.extend(tables::intervals(report));
    Page {
        title: format!("{}, {}", report.domain, report.range.short()),
        lead: lead(report),
        tiles: tiles(report),
        sections: sections
            .into_iter()
            .filter(|section| !(section.blocks.is_empty() && section.text.is_empty()))
            .collect(),
        conditions: conditions(report),
        remarks: remarks(report),
    }
}

/// Which queues kept what they promise.
fn lead(report: &Report) -> String {
    if report.is_empty() {
        return format!("Nothing happened {}.", report.between());
    }
    let measured: Vec<&QueueRow> =
        report.queues.iter().filter(|queue| queue.target_kept.is_some()).collect();
    let missed = measured.iter().filter(|queue| queue.target_kept == Some(false));
    let missed: Vec<&str> = missed.map(|queue| queue.queue.as_str()).collect();
    match (measured.len(), &missed[..]) {
        (0, _) => String::new(),
        (1, []) => "The queue kept its target.".to_owned(),
        (all, []) => format!("All {all} queues with calls kept their targets."),
        (1, [_]) => "The queue missed its target.".to_owned(),
        (all, missed) => {
            let named = missed.iter().take(5).copied().collect::<Vec<_>>().join(", ");
            let more = match missed.len().saturating_sub(5) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let how_many = match missed.len() {
                missed if missed == all => format!("All {all} queues with calls"),
                missed => format!("{missed} of {all} queues with calls"),
            };
            format!("{how_many} missed their targets: {named}{more}.")
        }
    }
}

fn tiles(report: &Report) -> Vec<Tile> {
    let sum = |of: fn(&QueueRow) -> u64| report.queues.iter().map(of).sum::<u64>();
    let share = |part: f64, whole: f64| (whole > 0.0).then(|| percent(part / whole));
    let mut tiles = Vec::new();
    let mut tile = |label: &str, value: Option<String>, beside: String| {
        let (label, value) = (label.to_owned(), value.unwrap_or_else(|| NOTHING.to_owned()));
        tiles.push(Tile { label, value, beside, tone: Tone::Plain });
    };
    if !report.queues.is_empty() {
        let (answered, abandoned) = (sum(|it| it.answered), sum(|it| it.abandoned));
        let over = (answered + abandoned) as f64;
        let in_time = sum(|it| it.answered_in_time);
        let waited: f64 = report.queues.iter().map(|it| it.wait_sum_seconds).sum();
        let longest = report.queues.iter().filter_map(|it| it.wait_max_seconds).reduce(f64::max);
        tile("Entered", Some(sum(|it| it.entered).to_string()), "once for each queue".to_owned());
        tile("Answered in time", share(in_time as f64, over), format!("{in_time} calls"));
        tile("Abandoned", share(abandoned as f64, over), counted(abandoned, "call"));
        let mean = (answered > 0).then(|| rough_length(waited / answered as f64));
        tile("Mean wait", mean, format!("of {answered} answered"));
        tile("Longest wait", longest.map(rough_length), "of the answered".to_owned());
    }
    if !report.agents.is_empty() {
        let time = |of: fn(&super::AgentLine) -> f64| -> f64 {
            report.agents.iter().map(|agent| of(&agent.line)).sum()
        };
        let (working, busy) = (time(|it| it.working_seconds), time(|it| it.busy_seconds));
        let worked = report.agents.iter().filter(|agent| agent.line.working_seconds > 0.0).count();
        tile("Occupancy", share(busy, working), counted(worked as u64, "agent") + " worked");
    }
    tiles
}

fn heads(heads: &[&str]) -> Vec<String> {
    heads.iter().map(|head| (*head).to_owned()).collect()
}

fn table(heads: Vec<String>, rows: Vec<Vec<Cell>>, caption: &str) -> Block {
    Block::Table(Table { caption: caption.to_owned(), heads, rows, total: false })
}

fn time(seconds: Option<f64>) -> Cell {
    Cell::of(seconds.map_or_else(|| NOTHING.to_owned(), length))
}

fn share(share: Option<f64>) -> Cell {
    Cell::of(share.map_or_else(|| NOTHING.to_owned(), percent))
}

fn number(number: u64) -> Cell {
    Cell::of(number.to_string())
}

fn queues(report: &Report) -> Section {
    let rows = report.queues.iter().map(|row| {
        let mut cells = vec![Cell::of(&row.queue), Cell::of(tables::target(row))];
        cells.extend(tables::waits(row));
        cells
    });
    let heads = [heads(&["Queue", "Target"]), heads(&tables::WAITS)].concat();
    Section {
        title: "Queues".to_owned(),
        text: "In time: answered within the target, of the calls answered or given up; short are those who hung \
            up at once, and are left out. Waits are of the answered, ringing included."
            .to_owned(),
        blocks: vec![table(heads, rows.collect(), "")],
    }
}

fn waiting(report: &Report) -> Section {
    let blocks = curves::waiting(report);
    let text = if blocks.is_empty() { String::new() } else { curves::which(report) };
    Section { title: "Calls and waits".to_owned(), text, blocks }
}

fn levels(report: &Report) -> Section {
    let rows = report.queues.iter().map(|row| {
        let variants = [
            row.service_level_abandons_met_without_short,
            row.service_level_abandons_missed_without_short,
            row.service_level_abandons_ignored_without_short,
            row.service_level_abandons_met,
            row.service_level_abandons_missed,
            row.service_level_abandons_ignored,
        ];
        let mut cells = vec![Cell::of(&row.queue)];
        cells.extend(variants.map(share));
        cells[2].tone = tables::tone(row);
        cells
    });
    let heads = heads(&[
        "Queue",
        "Abandons met>",
        "Missed>",
        "Ignored>",
        "With short: met>",
        "Missed>",
        "Ignored>",
    ]);
    let caption = "How those who give up count: as met if they hung up within the target, as missed (as in the \
        curves, and what the target is compared with), or within the target not at all.";
    let mut blocks = curves::levels(report);
    blocks.push(table(heads, rows.collect(), caption));
    Section { title: "Service level".to_owned(), text: String::new(), blocks }
}

fn conversations(report: &Report) -> Section {
    let rows = report.queues.iter().map(|row| {
        vec![
            Cell::of(&row.queue),
            number(row.handled),
            time(row.aht_seconds),
            number(row.transferred),
            share(row.resolved_1_day),
            share(row.resolved_3_days),
            share(row.resolved_7_days),
            number(row.estimates),
            time(row.estimate_error_seconds),
            Cell::of(super::text::bias(row.estimate_bias_seconds)),
        ]
    });
    let heads = heads(&[
        "Queue",
        "Handled>",
        "AHT>",
        "Transferred>",
        "Resolved 1 d>",
        "3 d>",
        "7 d>",
        "Estimates>",
        "Off by>",
        "Bias>",
    ]);
    Section {
        title: "Conversations and estimates".to_owned(),
        text: "Resolved: not handed on, and the same caller did not come to the same queue again within so many \
            days; days that are not over yet can still lower it. Estimates of the wait were made as calls \
            entered; bias says how much longer or shorter those calls then waited."
            .to_owned(),
        blocks: vec![table(heads, rows.collect(), "")],
    }
}

fn agents(report: &Report) -> Section {
    let rows = report.agents.iter().map(|row| {
        let line = &row.line;
        let hourly = line.offers_per_working_hour;
        vec![
            Cell::of(&line.agent),
            time(Some(line.staffed_seconds)),
            time(Some(line.working_seconds)),
            share(line.occupancy),
            number(line.offers),
            number(line.connected),
            number(line.missed()),
            Cell::of(hourly.map_or_else(|| NOTHING.to_owned(), |hourly| format!("{hourly:.1}"))),
            time(line.aht_seconds),
            number(line.transferred),
        ]
    });
    let heads = heads(&[
        "Agent",
        "Staffed>",
        "Working>",
        "Occupancy>",
        "Offers>",
        "Answered>",
        "Missed>",
        "Offers an hour>",
        "AHT>",
        "Transferred>",
    ]);
    let mut blocks = curves::agents(report);
    blocks.push(table(heads, rows.collect(), &fairness(report)));
    Section {
        title: "Agents".to_owned(),
        text: "Staffed is logged in; working is that without the time not ready; missed offers were declined or \
            rang out."
            .to_owned(),
        blocks,
    }
}

fn fairness(report: &Report) -> String {
    report.fairness.map_or_else(String::new, |it| {
        format!(
            "Offers per working hour, over {} agents: from {:.1} to {:.1}, the middle one {:.1}. Jain's fairness \
             index is {:.3}: 1 when all have the same, {:.3} when one has all. Agents of different skills are \
             not meant to have the same.",
            it.agents,
            it.offers_per_working_hour_min,
            it.offers_per_working_hour_max,
            it.offers_per_working_hour_median,
            it.jain_index,
            1.0 / it.agents as f64,
        )
    })
}

/// For how long agents were not ready, by reason.
fn reasons(report: &Report) -> Section {
    let mut by_reason: BTreeMap<&str, (f64, u64)> = BTreeMap::new();
    for (reason, seconds) in report.agents.iter().flat_map(|row| &row.not_ready_by_reason) {
        let known = by_reason.entry(reason).or_default();
        *known = (known.0 + seconds, known.1 + 1);
    }
    let mut reasons: Vec<_> = by_reason.into_iter().collect();
    reasons.sort_by(|a, b| b.1.0.total_cmp(&a.1.0));
    let rows = reasons.into_iter().map(|(reason, (seconds, agents))| {
        let spaced = reason.replace('_', " ");
        let name = if reason == NO_REASON { NO_REASON.to_owned() } else { spaced };
        vec![Cell::of(name), time(Some(seconds)), number(agents)]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let blocks = match rows.is_empty() {
        true => Vec::new(),
        false => vec![table(heads(&["Reason", "Time>", "Agents>"]), rows, "")],
    };
    Section { title: "Not ready".to_owned(), text: String::new(), blocks }
}

fn conditions(report: &Report) -> Vec<(String, String)> {
    let interval = report.interval.as_deref().unwrap_or("none").to_owned();
    [
        ("Domain", report.domain.clone()),
        ("From", report.from.clone()),
        ("To", report.to.clone()),
        ("Time zone", report.timezone.clone()),
        ("Interval", interval),
        ("As it stood at", report.known_until.clone()),
        ("Version", format!("acdctl {}", env!("CARGO_PKG_VERSION"))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn remarks(report: &Report) -> Vec<String> {
    vec![
        known(report),
        "A call counts in the interval in which it entered the queue, also what became of it later; agents' times \
         and offers count when they were. Calls that still wait are entered, and nothing else yet. A call that \
         stands in several queues counts in each."
            .to_owned(),
        "Targets are those of the present configuration; whether a call was answered in time was decided by the \
         target of that day. Fairness: R. Jain, D. Chiu and W. Hawe, \"A Quantitative Measure of Fairness and \
         Discrimination for Resource Allocation in Shared Computer Systems\", DEC Research Report TR-301, 1984."
            .to_owned(),
    ]
}
