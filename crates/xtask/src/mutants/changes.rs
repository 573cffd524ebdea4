//! What is changed: the list that cargo-mutants makes, with the place of each change.

use super::running;
use proc_macro2::Span;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// A line and a character of it, both from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

/// A small thing that is otherwise.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// From 1 on, by which a run chooses it.
    pub(super) number: usize,
    /// From the root of the tree.
    pub(super) file: String,
    /// With line and column, as `bits.rs:10:5: replace + with - in Bits::set`.
    pub(super) name: String,
    pub(super) genre: Genre,
    pub(super) starts: Place,
    /// What stands there then; nothing if it is deleted.
    pub(super) replacement: String,
}

impl Change {
    /// Without line and column, which every change of the file moves.
    pub(super) fn short_name(&self) -> String {
        let mut parts = self.name.splitn(4, ':');
        let (file, change) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
        format!("{file}:{change}")
    }

    /// The file, as it is asked for: `bits`, `plan/check`.
    pub(super) fn room(&self) -> &str {
        self.name.split_once(".rs:").map_or("", |(room, _)| room)
    }
}

impl Place {
    pub(super) fn start_of(span: Span) -> Place {
        let at = span.start();
        Place { line: at.line, column: at.column + 1 }
    }

    pub(super) fn end_of(span: Span) -> Place {
        let at = span.end();
        Place { line: at.line, column: at.column + 1 }
    }
}

/// Every change of the core that cargo-mutants knows.
pub(super) fn listed(root: &Path, sources: &str) -> Result<Vec<Change>, String> {
    let mut list = Command::new("cargo");
    list.args(["mutants", "--list", "--json", "--package", "acd-core"]);
    let said = running::said(list.current_dir(root)).map_err(|error| {
        format!("{error}\nneeds cargo-mutants: cargo install cargo-mutants --locked")
    })?;
    let list: Vec<Value> = serde_json::from_slice(&said)
        .map_err(|error| format!("cargo-mutants printed no list: {error}"))?;
    let mut changes = Vec::new();
    for entry in &list {
        let number = changes.len() + 1;
        let change = read(entry, number, sources);
        changes.push(change.ok_or_else(|| format!("cargo-mutants lists something else: {entry}"))?);
    }
    Ok(changes)
}

fn read(entry: &Value, number: usize, sources: &str) -> Option<Change> {
    let text = |name: &str| entry[name].as_str();
    let start = &entry["span"]["start"];
    let of_start = |name: &str| usize::try_from(start[name].as_u64()?).ok();
    let genre = match text("genre")? {
        "FnValue" => Genre::FnValue,
        "BinaryOperator" => Genre::BinaryOperator,
        "UnaryOperator" => Genre::UnaryOperator,
        "MatchArm" => Genre::MatchArm,
        "MatchArmGuard" => Genre::MatchArmGuard,
        "StructField" => Genre::StructField,
        _ => return None,
    };
    Some(Change {
        number,
        file: text("file")?.to_owned(),
        name: text("name")?.strip_prefix(sources)?.to_owned(),
        genre,
        starts: Place { line: of_start("line")?, column: of_start("column")? },
        replacement: text("replacement")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_is_read_as_it_is_listed() {
        let entry = json!({
            "file": "src/plan/check.rs", "genre": "BinaryOperator", "replacement": "-",
            "name": "src/plan/check.rs:10:5: replace + with - in A::b",
            "span": { "start": { "line": 10, "column": 5 }, "end": { "line": 10, "column": 6 } },
        });
        let change = read(&entry, 7, "src/").expect("it is one");
        assert_eq!((change.number, change.starts), (7, Place { line: 10, column: 5 }));
        assert_eq!(change.room(), "plan/check");
        assert_eq!(change.short_name(), "plan/check.rs: replace + with - in A::b");
    }
}
