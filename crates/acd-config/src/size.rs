//! What a size may be: a whole number with the unit that says what it counts.

use crate::notes::{Key, Notes, quoted};
use crate::read::{Node, Read, is};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use toml::de::DeValue;

/// The units of size, smallest first, in bytes.
const UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
/// What a size may be, for the JSON Schema; the bounds are not in it.
const PATTERN: &str = "^[0-9]+(KiB|MiB|GiB)$";

/// A size between two bounds in bytes, both allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size<const LEAST: u64, const MOST: u64>(pub(crate) u64);

impl<const LEAST: u64, const MOST: u64> Read for Size<LEAST, MOST> {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let message = match node.get_ref() {
            DeValue::Integer(number) => format!("{} has no unit", quoted(number.as_str())),
            DeValue::Float(number) => format!("{} has no unit", quoted(number.as_str())),
            DeValue::String(text) => match parse_size(text) {
                Ok(Some(bytes)) if (LEAST..=MOST).contains(&bytes) => return Some(Self(bytes)),
                Ok(Some(bytes)) if bytes < LEAST => format!("{} is too small", quoted(text)),
                Ok(_) => format!("{} is too large", quoted(text)),
                Err(message) => message,
            },
            other => is(other),
        };
        let (least, most) = (in_largest_unit(LEAST), in_largest_unit(MOST));
        let expected =
            format!("a size with its unit (KiB, MiB, GiB) from \"{least}\" to \"{most}\"");
        notes.add(key, &node.span(), message, expected);
        None
    }
}

/// The bytes of a whole number with one unit; `None` if they are too many to be counted.
fn parse_size(text: &str) -> Result<Option<u64>, String> {
    let shown = quoted(text);
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if number.is_empty() || !unit.chars().all(|letter| letter.is_ascii_alphabetic()) {
        return Err(format!("{shown} is not a size"));
    }
    if unit.is_empty() {
        return Err(format!("{shown} has no unit"));
    }
    let Some((_, bytes)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let message = format!("{} in {shown} is no unit", quoted(unit));
        return Err(match meant(unit) {
            Some(name) => format!("{message} (did you mean `{name}`?)"),
            None => message,
        });
    };
    Ok(number.parse::<u64>().ok().and_then(|count| count.checked_mul(*bytes)))
}

/// The unit that is also written so, in a hurry or by those who count in thousands.
fn meant(unit: &str) -> Option<&'static str> {
    let names = UNITS.iter().map(|(name, _)| *name);
    names.into_iter().find(|name| {
        let short = &name[..1];
        [short.to_owned(), format!("{short}B"), format!("{short}i"), (*name).to_owned()]
            .iter()
            .any(|form| form.eq_ignore_ascii_case(unit))
    })
}

/// Bytes as the number of the largest unit that has no rest.
fn in_largest_unit(bytes: u64) -> String {
    let (name, size) =
        UNITS.into_iter().rev().find(|(_, size)| bytes.is_multiple_of(*size)).unwrap_or(("B", 1));
    format!("{}{name}", bytes / size)
}

impl<const LEAST: u64, const MOST: u64> JsonSchema for Size<LEAST, MOST> {
    fn schema_name() -> Cow<'static, str> {
        format!("SizeFrom{LEAST}To{MOST}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": PATTERN })
    }
}
