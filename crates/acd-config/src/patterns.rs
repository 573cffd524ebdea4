//! What a text may be like: exactly so, one of several, or with `*` and `?` in it.

use crate::notes::{Key, Notes, quoted};
use crate::read::{List, Node, Read, is};
use acd_core::{PATTERN_BYTES_MAX, Pattern};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use toml::de::DeValue;

/// One of these, at least one.
#[derive(Clone, Debug)]
pub(crate) struct Patterns(pub(crate) Vec<Pattern>);

/// One of them.
#[derive(Clone, Debug)]
struct OnePattern(Pattern);

const EXPECTED: &str = "a text such as \"+15550100\" or \"+1555*\", or several: [\"...\", \"...\"]";

impl Read for Patterns {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(_) => OnePattern::read(node, key, notes).map(|one| Self(vec![one.0])),
            DeValue::Array(_) => {
                let found = List::<OnePattern>::read(node, key, notes)?;
                if found.list.is_empty() {
                    notes.add(key, &node.span(), "this is empty", EXPECTED);
                }
                Some(Self(found.list.into_iter().flatten().map(|one| one.value.0).collect()))
            }
            other => {
                notes.add(key, &node.span(), is(other), EXPECTED);
                None
            }
        }
    }
}

impl Read for OnePattern {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let DeValue::String(text) = node.get_ref() else {
            notes.add(key, &node.span(), is(node.get_ref()), "a text in quotes");
            return None;
        };
        let pattern = Pattern(text.to_string());
        if text.len() > PATTERN_BYTES_MAX {
            let message = format!("this has {} bytes", text.len());
            notes.add(key, &node.span(), message, format!("at most {PATTERN_BYTES_MAX} bytes"));
            return None;
        }
        if pattern.ends_in_the_middle() {
            let message = format!("{} ends with a backslash", quoted(text));
            let expected = "a character after it, which then stands for itself: '\\*97', '\\\\'";
            notes.add(key, &node.span(), message, expected);
            return None;
        }
        Some(Self(pattern))
    }
}

impl JsonSchema for Patterns {
    fn schema_name() -> Cow<'static, str> {
        "Patterns".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<OnePattern>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

impl JsonSchema for OnePattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": PATTERN_BYTES_MAX })
    }
}
