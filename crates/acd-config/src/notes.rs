//! Where in a configuration something stands, and what was found wrong there so far.

use crate::problem::{Problem, Problems};
use crate::values::NAME_MAX;
use std::fmt::{self, Write as _};
use std::ops::Range;

/// How many problems one pass collects; what follows is only mentioned.
pub(crate) const NOTES_MAX: usize = 1_000;
/// How many characters of a key or value a message quotes.
const QUOTED_MAX: usize = NAME_MAX;
/// How many allowed names a message lists.
const LISTED_MAX: usize = 16;
/// How many letters apart a name may be, per letter of it, to be what somebody meant: one in three.
const LETTERS_PER_SLIP: usize = 3;

/// The dotted path of a value, built on the way down; written out only for a problem.
#[derive(Clone, Copy)]
pub(crate) struct Key<'a> {
    parent: Option<&'a Key<'a>>,
    part: Part<'a>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Whole,
    Name(&'a str),
    Item(usize),
}

impl<'a> Key<'a> {
    /// The file as a whole.
    pub(crate) const WHOLE: Self = Self { parent: None, part: Part::Whole };

    /// The key `name` in the table at this key.
    pub(crate) fn name(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), part: Part::Name(name) }
    }

    /// The item of the array at this key, counted from 0.
    pub(crate) fn item(&'a self, index: usize) -> Self {
        Self { parent: Some(self), part: Part::Item(index) }
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else { return Ok(()) };
        parent.fmt(f)?;
        match self.part {
            Part::Whole => Ok(()),
            Part::Item(index) => write!(f, "[{index}]"),
            Part::Name(name) => {
                if !matches!(parent.part, Part::Whole) {
                    f.write_char('.')?;
                }
                let bare = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
                if !name.is_empty() && name.chars().count() <= QUOTED_MAX && name.chars().all(bare)
                {
                    f.write_str(name)
                } else {
                    write!(f, "{:?}", shortened(name))
                }
            }
        }
    }
}

/// What was found wrong so far.
#[derive(Default)]
pub(crate) struct Notes {
    list: Vec<Note>,
    found: usize,
}

struct Note {
    key: String,
    span: Range<usize>,
    message: String,
    expected: String,
}

impl Notes {
    /// Notes a problem with what stands at `span`.
    pub(crate) fn add(
        &mut self,
        key: &Key<'_>,
        span: &Range<usize>,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.found += 1;
        if self.list.len() < NOTES_MAX {
            self.list.push(Note {
                key: key.to_string(),
                span: span.clone(),
                message: message.into(),
                expected: expected.into(),
            });
        }
    }

    /// Notes a name that is none of `allowed`, with the one that was probably meant.
    pub(crate) fn add_unknown<'n>(
        &mut self,
        key: &Key<'_>,
        span: &Range<usize>,
        what: &str,
        found: &str,
        allowed: impl Iterator<Item = &'n str> + Clone,
    ) {
        // Comparing with every name is slow work; a note that is not kept does not deserve it.
        if self.list.len() >= NOTES_MAX {
            self.found += 1;
            return;
        }
        let mut message = what.to_owned();
        if let Some(meant) = closest(found, allowed.clone()) {
            message.push_str(&format!(" (did you mean `{meant}`?)"));
        }
        self.add(key, span, message, one_of(allowed));
    }

    /// How many problems were found.
    pub(crate) fn found(&self) -> usize {
        self.found
    }

    /// The problems in the order of the text, with their lines and columns.
    pub(crate) fn into_problems(self, file: &str, text: &str) -> Problems {
        let lines = Lines::of(text);
        let mut list: Vec<Problem> =
            self.list.into_iter().map(|note| note.into_problem(file, &lines)).collect();
        let more = self.found - list.len();
        if more > 0 {
            list.push(
                Note {
                    key: String::new(),
                    span: text.len()..text.len(),
                    message: format!("{more} more problems were found"),
                    expected: "the ones above to be mended first".to_owned(),
                }
                .into_problem(file, &lines),
            );
        }
        Problems::new(list, text)
    }
}

impl Note {
    fn into_problem(self, file: &str, lines: &Lines<'_>) -> Problem {
        let start = lines.text.floor_char_boundary(self.span.start);
        let end = lines.text.floor_char_boundary(self.span.end.max(start));
        let (line, column) = lines.position(start);
        Problem {
            file: file.to_owned(),
            line,
            column,
            key: self.key,
            message: self.message,
            expected: self.expected,
            span: start..end,
        }
    }
}

/// Where the lines of a text begin.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// Line and column of a byte, both counted from 1, columns in characters.
    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.index(at);
        let column = self.text[self.starts[line]..at].chars().count();
        (line + 1, column + 1)
    }

    /// The line, counted from 0, that a byte stands in.
    pub(crate) fn index(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at) - 1
    }

    /// The bytes of a line, counted from 0.
    pub(crate) fn range(&self, index: usize) -> Range<usize> {
        self.starts[index]..self.starts.get(index + 1).copied().unwrap_or(self.text.len() + 1)
    }
}

/// A key or value as messages quote it: on one line, and not the whole of a long one.
pub(crate) fn quoted(text: &str) -> String {
    if text.is_empty() {
        "\"\"".to_owned()
    } else {
        format!("`{}`", shortened(text).escape_debug())
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(QUOTED_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The allowed names as a phrase.
pub(crate) fn one_of<'n>(allowed: impl Iterator<Item = &'n str>) -> String {
    let mut names = allowed.map(quoted);
    let listed: Vec<String> = names.by_ref().take(LISTED_MAX).collect();
    let more = names.count();
    match (listed.as_slice(), more) {
        ([], _) => "none; there are none".to_owned(),
        ([only], _) => only.clone(),
        (_, 0) => format!("one of {}", listed.join(", ")),
        (_, more) => format!("one of {} and {more} more", listed.join(", ")),
    }
}

/// The allowed name that is few enough slips of the pen away from `found`.
fn closest<'n>(found: &str, allowed: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let slips = |name: &'n str| Some((slips(found, name)?, name));
    allowed.filter_map(slips).min_by_key(|(slips, _)| *slips).map(|(_, name)| name)
}

/// Whether `found` is probably meant to be `name`.
pub(crate) fn resembles(found: &str, name: &str) -> bool {
    slips(found, name).is_some()
}

/// How many letters apart the two are, unless they are too many to mean the same.
fn slips(found: &str, name: &str) -> Option<usize> {
    let letters = found.chars().count();
    if letters > NAME_MAX {
        return None;
    }
    let folded = |name: &str| name.to_lowercase().replace('_', "-");
    let slips = strsim::damerau_levenshtein(&folded(found), &folded(name));
    // Of a single letter nothing would be left that resembles anything.
    (slips <= (letters / LETTERS_PER_SLIP).max(1) && slips < letters).then_some(slips)
}
