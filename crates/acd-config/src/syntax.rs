//! What is wrong with a text that is no TOML.

use crate::notes::{Key, Lines, NOTES_MAX, Notes, quoted};
use crate::read::Node;
use std::collections::HashSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text as a tree that knows where each of its parts stands; `None` if it is no TOML.
pub(crate) fn parse<'t>(text: &'t str, notes: &mut Notes) -> Option<Node<'t>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let root = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    if errors.is_empty() {
        return Some(root);
    }
    let lines = Lines::of(text);
    let mut noted = HashSet::new();
    for error in errors.iter().take(NOTES_MAX) {
        let span = error.span().unwrap_or(0..0);
        let line = lines.index(span.start);
        // What follows in the same line is mostly an echo of the first mistake.
        if !noted.insert(line) {
            continue;
        }
        let found = text.get(span.clone()).unwrap_or_default();
        let (message, expected) = in_our_words(error.message(), found);
        let mut add = |key: &Key<'_>| notes.add(key, &span, message.as_str(), expected.as_str());
        if !with_key_in(&lines.range(line), &root, &Key::WHOLE, &mut add) {
            add(&Key::WHOLE);
        }
    }
    None
}

/// Calls `add` with the key that stands in `line`, if the tree knows one; says whether it does.
fn with_key_in(
    line: &Range<usize>,
    node: &Node<'_>,
    key: &Key<'_>,
    add: &mut dyn FnMut(&Key<'_>),
) -> bool {
    match node.get_ref() {
        DeValue::Table(table) => table.iter().any(|(name, node)| {
            let key = key.name(name.get_ref());
            with_key_in(line, node, &key, add)
                || (line.contains(&name.span().start) && {
                    add(&key);
                    true
                })
        }),
        DeValue::Array(items) => {
            let mut items = items.iter().enumerate();
            items.any(|(index, item)| with_key_in(line, item, &key.item(index), add))
        }
        _ => false,
    }
}

/// The parser's message as what is wrong and what would be right.
fn in_our_words(message: &str, found: &str) -> (String, String) {
    let (wrong, right) = match message.split_once(", expected ") {
        Some((wrong, right)) => (wrong, right),
        None => (message, "a text in TOML (https://toml.io)"),
    };
    match wrong {
        // The parser takes whatever is no value for a string without quotes.
        "string values must be quoted" => {
            let right = "a value; text stands in quotes, such as \"15s\"".to_owned();
            match found {
                "" => ("there is no value".to_owned(), right),
                _ => (format!("{} is no value", quoted(found)), right),
            }
        }
        "duplicate key" => {
            let wrong = format!("{} is given twice", quoted(found));
            (wrong, "each key, and each [table], once".to_owned())
        }
        _ => (wrong.to_owned(), right.to_owned()),
    }
}
