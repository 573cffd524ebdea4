//! How a broken configuration is reported: where, which key, what is wrong, what would be right.

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity,
    SourceCode,
};
use serde::Serialize;
use std::fmt;
use std::io::{self, IsTerminal};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// How many problems `Problems::report` draws in full before it only counts the rest.
const REPORTED_MAX: usize = 20;
/// How wide a report is drawn.
const REPORT_COLUMNS: usize = 100;

/// One thing that is wrong in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file's name as it was given.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    /// The dotted key, such as `queues.billing.require.biling`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub expected: String,
    /// Where in the text, in bytes.
    #[serde(skip)]
    pub(crate) span: Range<usize>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}; expected {}", self.message, self.expected)
    }
}

/// All problems of one configuration, in the order of the file; never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    text: Arc<str>,
}

impl Problems {
    pub(crate) fn new(mut list: Vec<Problem>, text: &str) -> Self {
        list.sort_by_key(|problem| (problem.span.start, problem.span.end));
        Self { list, text: Arc::from(text) }
    }

    /// The problems, in the order of the file.
    pub fn as_slice(&self) -> &[Problem] {
        &self.list
    }

    /// The problems, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// Each problem drawn with the lines of the file it points at, for a person at a terminal.
    ///
    /// In colour when standard error is a terminal and `NO_COLOR` is not set.
    pub fn report(&self) -> String {
        let coloured = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        self.draw(if coloured {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        })
    }

    pub(crate) fn draw(&self, theme: GraphicalTheme) -> String {
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_width(REPORT_COLUMNS)
            .with_context_lines(1);
        let mut drawn = String::new();
        for problem in self.list.iter().take(REPORTED_MAX) {
            let source = NamedSource::new(&problem.file, Arc::clone(&self.text));
            if handler.render_report(&mut drawn, &Drawing { problem, source }).is_err() {
                drawn.push_str(&problem.to_string());
            }
            drawn.push('\n');
        }
        if self.list.len() > REPORTED_MAX {
            let more = self.list.len() - REPORTED_MAX;
            drawn.push_str(&format!("and {more} more of {} problems\n", self.list.len()));
        }
        drawn
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for Problems {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list.iter().map(ToString::to_string)).finish()
    }
}

/// One line for each problem.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Why a configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file can be read, but not routed by.
    #[error(transparent)]
    Problems(#[from] Problems),
}

/// A problem in the form that miette draws.
struct Drawing<'a> {
    problem: &'a Problem,
    source: NamedSource<Arc<str>>,
}

impl fmt::Debug for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.problem, f)
    }
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.problem.key.is_empty() {
            write!(f, "{}: ", self.problem.key)?;
        }
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for Drawing<'_> {}

impl Diagnostic for Drawing<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("expected {}", self.problem.expected)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let Range { start, end } = self.problem.span;
        let label = LabeledSpan::new(Some("here".to_owned()), start, end - start);
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> String {
        let problems = crate::parse("acdd.toml", text).expect_err("the text is broken");
        problems.draw(GraphicalTheme::unicode_nocolor())
    }

    #[test]
    fn a_report_shows_each_place_and_what_would_be_right() {
        let text = "[skills]\nbilling = {}\n[queues.billing]\nring = 5\nrequire = { biling = 3 }\n";
        insta::assert_snapshot!(drawn(text), @r#"
          × queues.billing.ring: `5` has no unit
           ╭─[acdd.toml:4:8]
         3 │ [queues.billing]
         4 │ ring = 5
           ·        ┬
           ·        ╰── here
         5 │ require = { biling = 3 }
           ╰────
          help: expected a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as "20s" or "1h30m"

          × queues.billing.require.biling: no such skill (did you mean `billing`?)
           ╭─[acdd.toml:5:13]
         4 │ ring = 5
         5 │ require = { biling = 3 }
           ·             ───┬──
           ·                ╰── here
           ╰────
          help: expected `billing`
        "#);
    }

    #[test]
    fn a_long_report_ends_with_a_count() {
        let text: String = (0..25).map(|n| format!("key{n} = 1\n")).collect();
        let drawn = drawn(&format!("{text}[queues.a]\n"));
        assert_eq!(drawn.lines().last(), Some("and 5 more of 25 problems"));
    }

    #[test]
    fn a_report_of_an_empty_file_has_nothing_to_show_but_the_words() {
        assert!(drawn("").contains("queues: missing"), "{}", drawn(""));
    }
}
