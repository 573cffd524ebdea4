//! Cells and tables of a report's page that several of its parts show.

use super::{NOTHING, heads, number, share, time};
use crate::report::row::QueueRow;
use crate::report::{Report, text};
use acd_sim::report::{Block, Cell, Section, Table, Tone, short_length};

pub(super) const WAITS: [&str; 9] = [
    "Entered>",
    "Answered>",
    "Abandoned>",
    "Short>",
    "In time>",
    "Mean wait>",
    "P90>",
    "Longest>",
    "AHT>",
];

pub(super) fn waits(row: &QueueRow) -> [Cell; 9] {
    let beside = row.abandonment.map(acd_sim::report::percent).unwrap_or_default();
    [
        number(row.entered),
        number(row.answered),
        Cell { beside, ..number(row.abandoned) },
        number(row.short_abandoned),
        Cell { tone: tone(row), ..share(row.service_level) },
        time(row.asa_seconds),
        time(row.wait_p90_seconds),
        time(row.wait_max_seconds),
        time(row.aht_seconds),
    ]
}

pub(super) fn tone(row: &QueueRow) -> Tone {
    row.target_kept.map_or(Tone::Plain, Tone::good_if)
}

/// What the queue promises; a dash if the configuration has it no more.
pub(super) fn target(row: &QueueRow) -> String {
    match (row.target, row.target_within_seconds) {
        (Some(share), Some(within)) => {
            format!("{:.0} % in {}", share * 100.0, short_length(within))
        }
        _ => NOTHING.to_owned(),
    }
}

/// The figures of each queue by interval, to be opened.
pub(super) fn intervals(report: &Report) -> Option<Section> {
    if report.queue_intervals.is_empty() {
        return None;
    }
    let of_queue = |queue: &QueueRow| {
        let rows = report.queue_intervals.iter().filter(|row| row.queue == queue.queue);
        let rows = rows.map(|row| {
            let begins = Cell::of(text::from(report, row.time.0));
            std::iter::once(begins).chain(waits(row)).collect()
        });
        let table = Table {
            heads: [heads(&["From"]), heads(&WAITS)].concat(),
            rows: rows.collect(),
            ..Table::default()
        };
        Block::Folded { title: queue.queue.clone(), table }
    };
    Some(Section {
        title: "Figures by interval".to_owned(),
        text: "By the interval in which calls entered the queue; where none did there is no row."
            .to_owned(),
        blocks: report.queues.iter().map(of_queue).collect(),
    })
}
