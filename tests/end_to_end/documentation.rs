//! What docs/protocol.md lists is what the daemon says: no word is missing, none is made up.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn text(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The part of a source file from `from` up to the next line that is only a brace.
fn block<'t>(source: &'t str, from: &str) -> &'t str {
    let start = source.find(from).unwrap_or_else(|| panic!("no {from} in the engine's words"));
    let length = source[start..].find("\n}").expect("a block ends");
    &source[start..start + length]
}

/// The stable words among a block's string literals.
fn words(block: &str) -> BTreeSet<&str> {
    let is_word = |word: &&str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    block.split('"').skip(1).step_by(2).filter(is_word).collect()
}

/// The words in backticks in one column of the tables under a heading.
fn listed<'t>(page: &'t str, heading: &str, column: usize) -> BTreeSet<&'t str> {
    let start = page.find(&format!("\n## {heading}\n")).expect("the page has this heading") + 1;
    let section = &page[start..];
    let section = section[3..].find("\n## ").map_or(section, |end| &section[..end + 3]);
    let cells = section
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| line.split('|').nth(column));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_kind_of_event_is_listed_and_no_other() {
    let page = text("docs/protocol.md");
    let source = text("crates/acd-engine/src/view/words.rs");
    assert_eq!(listed(&page, "Events", 1), words(block(&source, "fn kind(")));
}

#[test]
fn every_detail_is_listed() {
    let page = text("docs/protocol.md");
    let source = text("crates/acd-engine/src/view/words.rs");
    for function in ["fn detail(", "fn offer_end(", "fn presence(", "fn slot("] {
        for word in words(block(&source, function)) {
            assert!(page.contains(&format!("`{word}`")), "{function} {word}");
        }
    }
    let details = listed(&page, "Events", 3);
    let source_words = words(&source);
    for detail in details {
        assert!(source_words.contains(detail), "{detail} is made up");
    }
}

#[test]
fn every_barrier_and_whatever_decides_is_listed() {
    let page = text("docs/protocol.md");
    let source = text("crates/acd-engine/src/view/explained.rs");
    assert_eq!(listed(&page, "Explanations", 1), words(block(&source, "fn counted_row(")));
    assert_eq!(listed(&page, "What rules wait for", 1), words(block(&source, "fn measure_row(")));
    let source = text("crates/acdd/src/convert/explained.rs");
    for function in ["fn picked_by(", "fn took_by(", "fn decision("] {
        for word in words(block(&source, function)) {
            let criteria = text("docs/configuration.md");
            let word = format!("`{word}`");
            assert!(page.contains(&word) || criteria.contains(&word), "{function} {word}");
        }
    }
}

#[test]
fn every_code_of_a_refusal_is_listed_and_no_other() {
    let page = text("docs/protocol.md");
    let source = text("crates/acd-engine/src/refusal.rs");
    let mut found = listed(&page, "Rejections", 1);
    found.extend(listed(&page, "How a stream ends", 2));
    assert_eq!(found, words(block(&source, "pub mod code {")));
}

#[test]
fn the_proto_lists_the_same_rejections_as_the_page() {
    let proto = text("proto/acd/v1/adapter.proto");
    let start = proto.find("// Stable and machine readable; docs/protocol.md").expect("a comment");
    let end = start + proto[start..].find("string code").expect("the field");
    let promised: BTreeSet<&str> = proto[start..end].split('`').skip(1).step_by(2).collect();
    let page = text("docs/protocol.md");
    let first_table = page.find("Requests of people").expect("the second table");
    assert_eq!(listed(&page[..first_table], "Rejections", 1), promised);
}

/// The names of the fields of structures in a source file.
fn fields<'t>(source: &'t str, visibility: &str) -> BTreeSet<&'t str> {
    let field = |line: &'t str| {
        let (name, _) = line.trim_start().strip_prefix(visibility)?.split_once(": ")?;
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            .then_some(name)
    };
    source.lines().filter_map(field).collect()
}

#[test]
fn every_key_of_a_scenario_is_listed_and_no_other() {
    let page = text("docs/simulation.md");
    let source = text("crates/acd-sim/src/scenario/file.rs");
    let tables = page.split("## The report").next().expect("the part before");
    let rows = tables.lines().filter(|line| line.starts_with("| `"));
    let keys: BTreeSet<&str> = rows
        .filter_map(|row| row.split('`').nth(1))
        .filter(|key| !key.starts_with(['"', '{']))
        .collect();
    assert_eq!(keys, fields(&source, "pub(super) "));
}

#[test]
fn every_figure_of_a_simulation_is_listed() {
    let page = text("docs/simulation.md");
    for file in ["figures.rs", "staff/mod.rs"] {
        let source = text(&format!("crates/acd-sim/src/scenario/{file}"));
        for field in fields(&source, "pub ") {
            assert!(page.contains(&format!("`{field}`")), "{field}");
        }
    }
}

#[test]
fn every_column_of_a_report_and_every_field_of_a_finding_is_listed() {
    let page = text("docs/reports.md");
    let parts = [
        ("report/row.rs", "pub(crate) struct QueueRow {", "pub(super) "),
        ("report/row.rs", "pub(crate) struct AgentLine {", "pub(super) "),
        ("report/fairness.rs", "pub(crate) struct Fairness {", "pub(super) "),
        ("report/mod.rs", "pub(crate) struct Report {", ""),
        ("insights/mod.rs", "pub(crate) struct Answer {", ""),
        ("insights/mod.rs", "pub(crate) struct FindingRow {", ""),
        ("insights/mod.rs", "struct SatRow {", ""),
        ("insights/mod.rs", "struct Example {", ""),
    ];
    for (file, structure, visibility) in parts {
        let source = text(&format!("crates/acdctl/src/{file}"));
        // What is not written stands last.
        let written = block(&source, structure).split("#[serde(skip)]").next().expect("a part");
        let fields = fields(written, visibility);
        assert!(fields.len() > 1, "{structure}");
        for field in fields {
            assert!(page.contains(&format!("`{field}`")), "{structure} {field}");
        }
    }
    let source = text("crates/acdctl/src/insights/words.rs");
    for kind in words(block(&source, "fn word(")) {
        assert!(page.contains(&format!("| `{kind}`")), "{kind}");
    }
}
