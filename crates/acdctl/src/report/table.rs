//! A report as comma-separated values.

use super::row::{AgentLine, QueueRow};
use super::{Report, lines};
use crate::failure::Failure;
use crate::output;
use serde::Serialize;
use std::io;

/// The rows of queues; of agents if they alone are asked for.
pub(super) fn write(report: &Report) -> Result<(), Failure> {
    let written = if report.shows.queues {
        let rows = lines(report, &report.queues, &report.queue_intervals);
        table(rows.iter(), &QueueRow::default())
    } else {
        let rows = lines(report, &report.agents, &report.agent_intervals);
        table(rows.iter().map(|row| &row.line), &AgentLine::default())
    };
    output::write(&written.map_err(io::Error::from)?)
}

/// A head, also where there are no rows; `like` is any one.
fn table<'r, Row: Serialize + 'r>(
    rows: impl Iterator<Item = &'r Row>,
    like: &Row,
) -> Result<String, csv::Error> {
    let text = |writer: csv::Writer<Vec<u8>>| {
        let bytes = writer.into_inner().map_err(|error| error.into_error())?;
        Ok::<_, csv::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        writer.serialize(like)?;
        let head = text(writer)?;
        return Ok(head.lines().take(1).map(|head| format!("{head}\n")).collect());
    }
    rows.try_for_each(|row| writer.serialize(row))?;
    text(writer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_head_with_and_without_rows() {
        let row = QueueRow {
            queue: "front, desk".to_owned(),
            entered: 3,
            service_level: Some(0.75),
            ..QueueRow::default()
        };
        let none = table(std::iter::empty(), &QueueRow::default()).expect("plain data");
        let one = table([&row].into_iter(), &row).expect("plain data");
        let head = one.lines().next().expect("a head");
        assert_eq!(none.trim_end(), head);
        assert!(head.starts_with("start,end,queue,entered,answered,"), "{head}");
        assert!(one.contains("\"front, desk\",3,0,"), "{one}");
        let columns = |line: &str| line.matches(',').count();
        assert_eq!(columns(one.lines().nth(1).expect("a row")), columns(head) + 1, "one is quoted");
    }
}
