//! Answers `journal dump`: commands, one a line; nothing of callers unless asked for.

use super::cli::DumpArguments;
use super::{instant, refused};
use crate::failure::Failure;
use crate::output::{Output, counted, note};
use crate::times::rfc_3339;
use acd_journal::tools::{self, Dumped, Shown, Told, Value};
use acd_journal::{DataFolder, Entry, Origin};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write as _};
use std::ops::ControlFlow;

/// A command as JSON.
#[derive(Debug, Serialize)]
struct Line<'a> {
    sequence: u64,
    at: Option<String>,
    epoch: u64,
    batch: u64,
    origin: &'static str,
    origin_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin_reason: Option<&'a str>,
    command: &'static str,
    fields: Map<String, Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<Caller<'a>>,
}

/// What belongs to the caller of the call that a command names.
#[derive(Debug, Serialize)]
struct Caller<'a> {
    adapter: &'a str,
    call_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    dialed: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    caller: &'a str,
    attributes: Map<String, Json>,
}

pub(crate) fn dump(
    folder: &DataFolder,
    arguments: &DumpArguments,
    output: Output,
) -> Result<(), Failure> {
    let DumpArguments { from, to, with_callers, .. } = *arguments;
    if from > to {
        return Err(Failure::Wrong(format!("--from {from} comes after --to {to}")));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let (mut epoch, mut batch) = (0, 0);
    let dumped = tools::dump(folder, (from, to), &mut |shown| {
        let line = match shown {
            Shown::Batch(begins) => {
                (epoch, batch) = (begins.epoch, begins.number);
                return ControlFlow::Continue(());
            }
            Shown::Command(entry, names) if output.json => {
                let told = names.tell(entry);
                let line = Line::of(entry, &told, (epoch, batch), with_callers);
                serde_json::to_string(&line).map_err(io::Error::from)
            }
            Shown::Command(entry, names) => Ok(text(entry, &names.tell(entry), with_callers)),
        };
        written = line.and_then(|line| writeln!(out, "{line}"));
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    written.and_then(|()| out.flush())?;
    tell_ends(&dumped.map_err(refused)?, arguments);
    Ok(())
}

/// What was asked for and is not there.
fn tell_ends(dumped: &Dumped, arguments: &DumpArguments) {
    let Dumped { first_sequence, last_sequence, torn } = dumped;
    if arguments.from > 1 && arguments.from < *first_sequence {
        note(&format!("the first sequence that is kept is {first_sequence}"));
    }
    if arguments.from > *last_sequence {
        note(&format!("the last sequence is {last_sequence}"));
    }
    if let Some(torn) = torn {
        let bytes = counted(torn.bytes, "byte");
        note(&format!("{}: {bytes} at byte {} are no whole record", torn.path, torn.offset));
    }
}

impl<'a> Line<'a> {
    fn of(
        entry: &'a Entry,
        told: &'a Told,
        (epoch, batch): (u64, u64),
        with_callers: bool,
    ) -> Self {
        let (origin, origin_name, origin_reason) = origin_of(&entry.origin);
        let field = |(name, value): &(&'static str, Value)| ((*name).to_owned(), json(value));
        let caller = told.card.as_ref().filter(|_| with_callers).map(|card| Caller {
            adapter: &card.adapter,
            call_id: &card.call_id,
            dialed: &card.dialed,
            caller: &card.caller,
            attributes: card
                .attributes
                .iter()
                .map(|(key, value)| (key.clone(), Json::from(value.as_str())))
                .collect(),
        });
        Self {
            sequence: entry.sequence,
            at: rfc_3339(&instant(entry.at.0)),
            epoch,
            batch,
            origin,
            origin_name,
            origin_reason: origin_reason.filter(|_| with_callers),
            command: told.command,
            fields: told.fields.iter().map(field).collect(),
            caller,
        }
    }
}

/// Who caused something: the kind, the name, the reason that he gave.
fn origin_of(origin: &Origin) -> (&'static str, Option<&str>, Option<&str>) {
    match origin {
        Origin::Adapter(name) => ("adapter", Some(name), None),
        Origin::Person { name, reason } => {
            ("person", Some(name), Some(&**reason).filter(|reason| !reason.is_empty()))
        }
        Origin::Time => ("time", None, None),
        Origin::Plan => ("plan", None, None),
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Number(number) => Json::from(*number),
        Value::Flag(flag) => Json::from(*flag),
        Value::Word(word) => Json::from(word.as_str()),
        Value::Call(call) => Json::from(format!("{}.{}", call.slot, call.generation)),
        Value::At(at) => Json::from(rfc_3339(&instant(at.0))),
    }
}

fn text(entry: &Entry, told: &Told, with_callers: bool) -> String {
    let (kind, name, reason) = origin_of(&entry.origin);
    let by = name.map_or_else(|| kind.to_owned(), |name| format!("{kind}:{}", word(name)));
    let at = rfc_3339(&instant(entry.at.0)).unwrap_or_else(|| "-".to_owned());
    let mut line = format!("{:>9}  {at}  {by:<16}  {}", entry.sequence, told.command);
    let mut add = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = write!(line, " {}={}", word(name), word(value));
    };
    for (name, value) in &told.fields {
        match json(value) {
            Json::String(text) => add(name, &text),
            other => add(name, &other.to_string()),
        }
    }
    if with_callers {
        if let Some(card) = &told.card {
            add("call_id", &card.call_id);
            for (name, number) in [("dialed", &card.dialed), ("caller", &card.caller)] {
                if !number.is_empty() {
                    add(name, number);
                }
            }
            card.attributes.iter().for_each(|(key, value)| add(key, value));
        }
        if let Some(reason) = reason {
            add("why", reason);
        }
    }
    line
}

/// A word as it is, or in quotes where it could be taken for something else, or would do something
/// to a terminal.
fn word(text: &str) -> String {
    let plain = |sign: char| sign.is_alphanumeric() || "._-:@/+#".contains(sign);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("{text:?}") }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn what_could_be_mistaken_stands_in_quotes() {
        assert_eq!(word("SIP/ana-2:7"), "SIP/ana-2:7");
        assert_eq!(word("inés"), "inés");
        assert_eq!(word(""), "\"\"");
        assert_eq!(word("a b=c"), "\"a b=c\"");
        assert_eq!(word("\u{1b}[2J\n"), "\"\\u{1b}[2J\\n\"", "nothing reaches the terminal");
    }
}
