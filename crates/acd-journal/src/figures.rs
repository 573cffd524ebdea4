//! Figures of past days: what is final of them, in a file a day beside the snapshots, for as long as
//! history is kept.

use crate::disk::{self, Disk};
use acd_core::{Span, Timestamp};
use acd_statistics::{History, HistoryWanted, Interval, Line, Whose};
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

const DAY: Span = Span::from_secs(24 * 60 * 60);
const QUEUES: &str = ".queues.jsonl";
const AGENTS: &str = ".agents.jsonl";

/// A folder with the rows of past days: a row a line, as JSON.
#[derive(Clone, Debug)]
pub struct PastDays<D> {
    disk: D,
}

impl<D: Disk> PastDays<D> {
    /// The days of a folder.
    pub fn of(disk: D) -> Self {
        Self { disk }
    }

    /// Keeps rows that are final. They come whole days at a time, so writing them again after a crash
    /// changes nothing.
    ///
    /// # Errors
    /// They are not there, or not all of them.
    pub(crate) fn keep(&self, rows: &History) -> io::Result<()> {
        self.keep_kind(&rows.queues, QUEUES)?;
        self.keep_kind(&rows.agents, AGENTS)
    }

    fn keep_kind(&self, rows: &[impl Line], kind: &str) -> io::Result<()> {
        let mut days: BTreeMap<u32, String> = BTreeMap::new();
        for row in rows {
            let text = days.entry(row.interval().day()).or_default();
            text.push_str(&row.to_line());
            text.push('\n');
        }
        for (day, text) in days {
            disk::write_whole(&self.disk, &file(day, kind), text.as_bytes())?;
        }
        Ok(())
    }

    /// The rows that are wanted and kept here.
    ///
    /// # Errors
    /// A file that has to be read cannot be, or holds something else.
    pub fn read(&self, wanted: &HistoryWanted) -> io::Result<History> {
        let HistoryWanted { range, queues, agents } = wanted;
        let mut rows = History::default();
        for name in self.disk.list()? {
            if is_wanted(&name, QUEUES, range, queues) {
                rows.queues.extend(self.read_kind(&name, range, queues)?);
            }
            if is_wanted(&name, AGENTS, range, agents) {
                rows.agents.extend(self.read_kind(&name, range, agents)?);
            }
        }
        Ok(rows)
    }

    fn read_kind<Row: Line>(
        &self,
        name: &str,
        range: &Range<Interval>,
        whose: &Whose,
    ) -> io::Result<Vec<Row>> {
        let wrong = |what: String| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", self.disk.path(name)))
        };
        let length = self.disk.length(name)?;
        let length = usize::try_from(length).map_err(|_| wrong("it is too large".to_owned()))?;
        let bytes = self.disk.read(name, 0, length)?;
        let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        let mut rows = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let row = Row::of_line(line).map_err(|what| wrong(format!("line {number}: {what}")))?;
            if range.contains(&row.interval()) && whose.has(row.name()) {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Removes days that are wholly older than `keep`, as of `now`.
    ///
    /// # Errors
    /// They are still there, or not all are gone.
    pub(crate) fn forget(&self, now: Timestamp, keep: Span) -> io::Result<()> {
        for name in self.disk.list()? {
            let Some(day) = day(&name, QUEUES).or_else(|| day(&name, AGENTS)) else { continue };
            if now.since(Interval::first_of(day).start() + DAY) >= keep {
                self.disk.remove(&name)?;
            }
        }
        Ok(())
    }
}

/// Whether a file may hold rows that are wanted of a kind.
fn is_wanted(name: &str, kind: &str, range: &Range<Interval>, whose: &Whose) -> bool {
    *whose != Whose::Nobodys && day(name, kind).is_some_and(|day| is_within(day, range))
}

fn is_within(day: u32, range: &Range<Interval>) -> bool {
    Interval::first_of(day) < range.end && Interval::first_of(day.saturating_add(1)) > range.start
}

/// Days are counted from the Unix epoch, so that names sort and need no calendar.
fn file(day: u32, kind: &str) -> String {
    format!("{day:05}{kind}")
}

fn day(name: &str, kind: &str) -> Option<u32> {
    let day = name.strip_suffix(kind)?.parse().ok()?;
    (file(day, kind) == name).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;
    use crate::example::{Scribe, files};
    use crate::file_log::DataFolder;
    use acd_statistics::{QueueCounts, QueueRow};

    fn row(interval: Interval, entered: u64) -> QueueRow {
        let counts = QueueCounts { entered, ..QueueCounts::default() };
        QueueRow { interval, queue: "billing".to_owned(), figures: counts.into() }
    }

    #[test]
    fn what_is_kept_is_read_again_by_interval_until_it_is_too_old() {
        let folder = tempfile::tempdir().expect("a folder");
        let days = PastDays::of(RealDisk::of(folder.path()));
        let first = Interval::first_of(20_000);
        let next = Interval::first_of(20_001);
        let queues = vec![row(first, 1), row(Interval(next.0 - 1), 2), row(next, 3)];
        let rows = History { queues, agents: Vec::new() };
        days.keep(&rows).expect("room");
        days.keep(&rows).expect("it may be written again");
        let read = |range| days.read(&HistoryWanted::all(range)).expect("it is there").queues;
        assert_eq!(read(Interval(0)..Interval(u32::MAX)), rows.queues);
        assert_eq!(read(Interval(next.0 - 1)..next), rows.queues[1..2]);
        days.forget(next.start() + DAY, DAY).expect("it can be removed");
        assert_eq!(read(Interval(0)..Interval(u32::MAX)), rows.queues[2..]);
    }

    #[test]
    fn a_file_that_holds_something_else_is_named_with_the_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let days = PastDays::of(RealDisk::of(folder.path()));
        std::fs::write(folder.path().join("20000.queues.jsonl"), "{}\n").expect("room");
        let all = HistoryWanted::all(Interval(0)..Interval(u32::MAX));
        let error = days.read(&all).expect_err("it is no row");
        let text = error.to_string();
        assert!(text.contains("20000.queues.jsonl: line 1: missing field"), "{text}");
    }

    #[test]
    fn only_the_files_and_rows_that_are_wanted_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let days = PastDays::of(RealDisk::of(folder.path()));
        let billing = row(Interval::first_of(20_000), 1);
        let nurse = QueueRow { queue: "nurse".to_owned(), ..billing.clone() };
        let rows = History { queues: vec![billing, nurse.clone()], agents: Vec::new() };
        days.keep(&rows).expect("room");
        std::fs::write(folder.path().join("20000.agents.jsonl"), "{}\n").expect("room");
        let all = HistoryWanted::all(Interval(0)..Interval(u32::MAX));
        let named = Whose::Of(["nurse".to_owned()].into());
        let wanted = HistoryWanted { queues: named, agents: Whose::Nobodys, ..all.clone() };
        let read = days.read(&wanted).expect("the agents' file is not looked at");
        assert_eq!(read.queues, [nurse]);
        days.read(&HistoryWanted { queues: Whose::Nobodys, ..all }).expect_err("it is no row");
    }

    const LONG: Span = Span::from_secs(400 * 24 * 3_600);

    fn all(scribe: &Scribe, retention: Span) -> Vec<QueueRow> {
        let mut follower = scribe.follower(retention).expect("a follower");
        let wanted = HistoryWanted::all(Interval(0)..Interval(u32::MAX));
        follower.history(scribe.tail(), &wanted).expect("figures").queues
    }

    /// A day becomes a file once it is final; whatever a crash leaves of snapshots, each row comes once.
    #[test]
    fn figures_go_from_the_journal_into_files_and_are_told_once() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::at(root.path());
        let mut scribe = Scribe::starts(&folder, 1 << 20).expect("a journal");
        let first = scribe.call("c1", "token");
        scribe.pass(Span::from_secs(20));
        scribe.hang_up(first);
        scribe.snapshot(LONG).expect("a snapshot");
        scribe.pass(Span::from_secs(12 * 24 * 3_600));
        let second = scribe.call("c2", "token");
        scribe.pass(Span::from_secs(30));
        scribe.hang_up(second);

        let before = all(&scribe, LONG);
        assert_eq!(before.iter().map(|row| row.figures.counts.abandoned).sum::<u64>(), 2);
        let days = |kind: &str| {
            let names = files(&folder.snapshots()).into_iter();
            names.filter(|name| name.to_string_lossy().ends_with(kind)).count()
        };
        assert_eq!(days(QUEUES), 1, "the first day is final, the second is not");
        // The file is there, and no snapshot yet that has its rows no more.
        assert_eq!(all(&scribe, LONG), before);
        scribe.snapshot(LONG).expect("a snapshot");
        assert_eq!(all(&scribe, LONG), before);
        for snapshot in files(&folder.snapshots()) {
            if snapshot.extension().is_some_and(|it| it == "snapshot") {
                std::fs::remove_file(snapshot).expect("it was there");
            }
        }
        assert_eq!(all(&scribe, LONG), before, "folded anew from the first command on");
        scribe.snapshot(Span::from_secs(10 * 24 * 3_600)).expect("a snapshot");
        assert_eq!(days(QUEUES), 0, "what is older than history is kept is gone");
    }
}
