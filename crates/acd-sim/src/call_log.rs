//! Reads a call log, and says precisely what is wrong with it.
//!
//! A log is CSV with a head line. Columns are found by name, others are left alone.

use jiff::civil::Date;
use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How many malformed rows are listed before the rest is only counted.
const LISTED_MAX: usize = 20;
/// The latest second that a log may speak of.
const SECONDS_MAX: f64 = 1e10;
/// The longest that a day may last, from its first call to its last.
const DAY_MAX: Duration = Duration::from_secs(48 * 3_600);
/// The longest call id that a daemon takes, in bytes.
const CALL_BYTES_MAX: usize = 128;

/// The columns, as the head names them.
const COLUMNS: [&str; 9] =
    ["call", "day", "offered_s", "type", "priority", "wait_s", "result", "service_s", "agent"];

/// A log that is right in every row.
#[derive(Clone, Debug, PartialEq)]
pub struct CallLog {
    file: String,
    days: Vec<Day>,
}

/// One day of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// Which.
    pub day: Date,
    /// Its calls, at least one, in the order of the file; each id once.
    pub rows: Vec<Row>,
}

/// One call of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its id, 1..=128 bytes.
    pub call: String,
    /// When it joined the queue, counted from some midnight; at most 1e10 s.
    pub offered: Duration,
    /// What kind of call it was: `type`.
    pub kind: String,
    /// Its priority was 2, and not 0 or 1.
    pub high_priority: bool,
    /// How long it waited, until it was served or given up; at most 1e10 s.
    pub wait: Duration,
    /// What became of it.
    pub outcome: Outcome,
    /// How long it talked; at most 1e10 s.
    pub service: Duration,
    /// Who served it, if the log says so.
    pub agent: Option<String>,
}

/// What became of a call on the real day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An agent took it.
    Served,
    /// Its caller gave up.
    Abandoned,
    /// The caller never asked for an agent.
    LeftInIvr,
}

/// Why a log cannot be read.
#[derive(Debug)]
pub enum LogError {
    /// The file cannot be.
    Unreadable {
        /// Its name.
        file: String,
        /// Why not.
        error: io::Error,
    },
    /// One or more rows, or the head.
    Malformed {
        /// Its name.
        file: String,
        /// The first of them.
        problems: Vec<Problem>,
        /// How many there are.
        found: usize,
    },
    /// It has a head alone.
    Empty {
        /// Its name.
        file: String,
    },
    /// The day that is asked for is not in it.
    NoSuchDay {
        /// Its name.
        file: String,
        /// What is asked for.
        day: Date,
        /// What there is, the earliest first.
        days: Vec<Date>,
    },
    /// The calls of one day are spread over more than 48 hours.
    TooLong {
        /// Its name.
        file: String,
        /// Which day.
        day: Date,
    },
}

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: u64,
    /// Its name.
    pub column: &'static str,
    /// What was found there, and what is right.
    pub message: String,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, error } => write!(f, "cannot read {file}: {error}"),
            Self::Malformed { file, problems, found } => {
                for (index, Problem { line, column, message }) in problems.iter().enumerate() {
                    let gap = if index > 0 { "\n" } else { "" };
                    write!(f, "{gap}{file}:{line}: {column}: {message}")?;
                }
                match found - problems.len() {
                    0 => Ok(()),
                    more => write!(f, "\nand {more} more problems"),
                }
            }
            Self::Empty { file } => write!(f, "{file} has no calls"),
            Self::NoSuchDay { file, day, days } => {
                let days: Vec<String> = days.iter().map(Date::to_string).collect();
                write!(f, "{file} has no calls of {day}; it has {}", days.join(", "))
            }
            Self::TooLong { file, day } => {
                let hours = DAY_MAX.as_secs() / 3_600;
                write!(f, "{file}: the calls of {day} spread over more than {hours} hours")
            }
        }
    }
}

impl Error for LogError {}

impl CallLog {
    /// Reads a file, all days of it.
    ///
    /// # Errors
    /// It cannot be read, or a row of it is malformed: all that are, by line and column.
    pub fn read(path: &Path) -> Result<Self, LogError> {
        let file = path.display().to_string();
        match std::fs::File::open(path) {
            Ok(input) => Self::read_from(&file, input),
            Err(error) => Err(LogError::Unreadable { file, error }),
        }
    }

    /// Reads what `input` gives; `file` is what errors call it.
    ///
    /// # Errors
    /// As of [`CallLog::read`].
    pub fn read_from(file: &str, input: impl io::Read) -> Result<Self, LogError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let mut problems = Problems::default();
        let columns = match reader.headers().map(Columns::find) {
            Ok(Ok(columns)) => columns,
            Ok(Err(problem)) => {
                problems.add(problem);
                return Err(problems.into_error(file));
            }
            Err(error) => return Err(unreadable(file, error, problems)),
        };
        let mut record = csv::StringRecord::new();
        let mut days = Days::default();
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(unreadable(file, error, problems)),
            }
            let line = record.position().map_or(0, csv::Position::line);
            let row = columns.row(line, &record);
            if let Err(problem) = row.and_then(|(day, row)| days.add(line, day, row)) {
                problems.add(problem);
            }
        }
        if problems.found > 0 {
            return Err(problems.into_error(file));
        }
        let (file, days) = (file.to_owned(), days.days);
        match days.iter().find(|day| day.is_too_long()) {
            Some(Day { day, .. }) => Err(LogError::TooLong { file, day: *day }),
            None if days.is_empty() => Err(LogError::Empty { file }),
            None => Ok(Self { file, days }),
        }
    }

    /// All of its days, at least one, in the order in which the file first names them.
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    /// The first day of the file, or the one that is asked for.
    ///
    /// # Errors
    /// The file has no calls of that day.
    pub fn into_day(self, wanted: Option<Date>) -> Result<Day, LogError> {
        let mut dates: Vec<Date> = self.days.iter().map(|day| day.day).collect();
        let is_wanted = |day: &Day| wanted.is_none_or(|wanted| day.day == wanted);
        match (self.days.into_iter().find(is_wanted), wanted) {
            (Some(day), _) => Ok(day),
            (None, None) => Err(LogError::Empty { file: self.file }),
            (None, Some(day)) => {
                dates.sort_unstable();
                Err(LogError::NoSuchDay { file: self.file, day, days: dates })
            }
        }
    }

    /// The types of its calls, each once, sorted.
    pub fn kinds(&self) -> BTreeSet<&str> {
        self.days.iter().flat_map(|day| &day.rows).map(|row| row.kind.as_str()).collect()
    }
}

/// The days of a log that is being read.
#[derive(Debug, Default)]
struct Days {
    days: Vec<Day>,
    /// Where each of them stands.
    places: HashMap<Date, usize>,
    /// The line of each call.
    lines: HashMap<(Date, String), u64>,
}

impl Days {
    fn add(&mut self, line: u64, day: Date, row: Row) -> Result<(), Problem> {
        if let Some(first) = self.lines.insert((day, row.call.clone()), line) {
            let message = format!("`{}` is the call of line {first} too", row.call);
            return Err(Problem { line, column: "call", message });
        }
        let place = *self.places.entry(day).or_insert_with(|| {
            self.days.push(Day { day, rows: Vec::new() });
            self.days.len() - 1
        });
        self.days[place].rows.push(row);
        Ok(())
    }
}

impl Day {
    fn is_too_long(&self) -> bool {
        let offered = || self.rows.iter().map(|row| row.offered);
        let spread = offered().max().zip(offered().min());
        spread.is_some_and(|(latest, earliest)| latest - earliest > DAY_MAX)
    }
}

/// The reader cannot go on: neither CSV nor text.
fn unreadable(file: &str, error: csv::Error, mut problems: Problems) -> LogError {
    let line = error.position().map_or(0, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "this is not UTF-8".to_owned(),
        _ => error.to_string(),
    };
    match error.into_kind() {
        csv::ErrorKind::Io(error) => LogError::Unreadable { file: file.to_owned(), error },
        _ => {
            problems.add(Problem { line, column: "row", message });
            problems.into_error(file)
        }
    }
}

#[derive(Debug, Default)]
struct Problems {
    listed: Vec<Problem>,
    found: usize,
}

impl Problems {
    fn add(&mut self, problem: Problem) {
        self.found += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(problem);
        }
    }

    fn into_error(self, file: &str) -> LogError {
        LogError::Malformed { file: file.to_owned(), problems: self.listed, found: self.found }
    }
}

/// Where each of `COLUMNS` stands in a record.
#[derive(Debug)]
struct Columns([usize; COLUMNS.len()]);

impl Columns {
    fn find(head: &csv::StringRecord) -> Result<Self, Problem> {
        let mut found = [0; COLUMNS.len()];
        for (column, at) in COLUMNS.into_iter().zip(&mut found) {
            *at = head.iter().position(|name| name.trim() == column).ok_or_else(|| {
                let all = COLUMNS.join(",");
                let message = format!("the head has no such column; expected {all}");
                Problem { line: 1, column, message }
            })?;
        }
        Ok(Self(found))
    }

    fn row(&self, line: u64, record: &csv::StringRecord) -> Result<(Date, Row), Problem> {
        let field = |index: usize| {
            let column = COLUMNS[index];
            let text = record.get(self.0[index]).map(str::trim);
            let missing = || {
                let message = format!("missing; the row has {} fields", record.len());
                Problem { line, column, message }
            };
            text.map(|text| Field { line, column, text }).ok_or_else(missing)
        };
        let row = Row {
            call: field(0)?.call()?,
            offered: field(2)?.seconds()?,
            kind: field(3)?.word()?,
            high_priority: field(4)?.is_high()?,
            wait: field(5)?.seconds()?,
            outcome: field(6)?.outcome()?,
            service: field(7)?.seconds()?,
            agent: Some(field(8)?.text.to_owned()).filter(|agent| !agent.is_empty()),
        };
        Ok((field(1)?.day()?, row))
    }
}

/// One field, and where it stands.
#[derive(Clone, Copy)]
struct Field<'a> {
    line: u64,
    column: &'static str,
    text: &'a str,
}

impl Field<'_> {
    fn problem(&self, expected: &str) -> Problem {
        let shown: String = self.text.chars().take(40).collect();
        let message = if self.text.is_empty() {
            format!("empty; expected {expected}")
        } else {
            format!("`{}` is not {expected}", shown.escape_debug())
        };
        Problem { line: self.line, column: self.column, message }
    }

    fn word(self) -> Result<String, Problem> {
        if self.text.is_empty() { Err(self.problem("a name")) } else { Ok(self.text.to_owned()) }
    }

    fn call(self) -> Result<String, Problem> {
        let fits = (1..=CALL_BYTES_MAX).contains(&self.text.len());
        if fits && !self.text.chars().any(char::is_control) {
            Ok(self.text.to_owned())
        } else {
            Err(self.problem("a call id of 1 to 128 bytes without control characters"))
        }
    }

    fn day(self) -> Result<Date, Problem> {
        self.text.parse().map_err(|_| self.problem("a day such as 2026-03-11"))
    }

    fn seconds(self) -> Result<Duration, Problem> {
        let plain = self.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        self.text
            .parse::<f64>()
            .ok()
            .filter(|seconds| plain && *seconds <= SECONDS_MAX)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| self.problem("a number of seconds, 0 or more"))
    }

    fn is_high(self) -> Result<bool, Problem> {
        match self.text {
            "0" | "1" => Ok(false),
            "2" => Ok(true),
            _ => Err(self.problem("a priority: 0, 1 or 2")),
        }
    }

    fn outcome(self) -> Result<Outcome, Problem> {
        match self.text {
            "served" => Ok(Outcome::Served),
            "abandoned" => Ok(Outcome::Abandoned),
            "left_in_ivr" => Ok(Outcome::LeftInIvr),
            _ => Err(self.problem("a result: served, abandoned or left_in_ivr")),
        }
    }
}

#[cfg(test)]
mod tests;
