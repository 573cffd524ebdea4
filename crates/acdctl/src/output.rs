//! What goes to standard output: text for people, JSON for programs.

pub(crate) use acd_words::counted;

use crate::failure::Failure;
use serde::Serialize;
use std::io::{self, Write};

/// How a command answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// As JSON.
    pub(crate) json: bool,
}

impl Output {
    /// Writes the whole answer: `value` as JSON, or what `text` makes of it.
    pub(crate) fn answer<T: Serialize>(
        self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        if self.json {
            let json = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
            write(&format!("{json}\n"))
        } else {
            let text = text(value);
            write(if text.ends_with('\n') { text } else { text + "\n" }.as_str())
        }
    }

    /// Writes one line that is a JSON object.
    pub(crate) fn object<T: Serialize>(self, value: &T) -> Result<(), Failure> {
        let json = serde_json::to_string(value).map_err(io::Error::from)?;
        write(&format!("{json}\n"))
    }
}

/// Writes to standard output, at once.
pub(crate) fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Tells the person at the terminal something that is not the answer. A program that reads the
/// answer is not disturbed.
pub(crate) fn note(text: &str) {
    // Whoever closed standard error does not want to know.
    let _ = writeln!(io::stderr().lock(), "note: {text}");
}
