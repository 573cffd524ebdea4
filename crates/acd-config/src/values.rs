//! What single values may be: times with units, percentages, names, levels, addresses.

use crate::notes::{Key, Notes, quoted};
use crate::read::{Node, Read, is, text};
use acd_core::Span;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use toml::de::DeValue;

/// The most characters of a name.
pub(crate) const NAME_MAX: usize = 64;
/// What a name may be, for the JSON Schema.
pub(crate) const NAME_PATTERN: &str = "^[A-Za-z0-9._-]{1,64}$";
/// The most characters of a text for people.
const TEXT_MAX: usize = 256;
/// The longest time that may be configured, where a key has no bound of its own: 7 days.
const TIME_MILLISECONDS_MAX: u64 = 7 * 86_400_000;
/// The units of time, longest first, in milliseconds.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
/// The same for the JSON Schema, which wants at least one of them by its length.
const TIME_PATTERN: &str = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
const TIME_EXPECTED: &str =
    "a time with its unit (d, h, m, s, ms) up to 7d, such as \"20s\" or \"1h30m\"";
const POSITIVE_TIME_EXPECTED: &str =
    "a time above 0 with its unit (d, h, m, s, ms) up to 7d, such as \"20s\" or \"1h30m\"";

/// Notes what is wrong with the name of a queue, skill, agent, reason, rule or adapter.
pub(crate) fn check_name(name: &str, key: &Key<'_>, span: &Range<usize>, notes: &mut Notes) {
    let length = name.chars().count();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let message = if length == 0 {
        "the name is empty".to_owned()
    } else if length > NAME_MAX {
        format!("the name has {length} characters")
    } else if let Some(letter) = name.chars().find(|letter| !allowed(*letter)) {
        format!("the name has a {}", quoted(&letter.to_string()))
    } else {
        return;
    };
    notes.add(key, span, message, "a name of 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`");
}

/// A time of 0 to 7 days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time(pub(crate) Span);

/// A time above 0, up to 7 days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PositiveTime(pub(crate) Span);

impl Read for Time {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let time = read_time(node, key, notes, TIME_MILLISECONDS_MAX, TIME_EXPECTED)?;
        Some(Self(Span::from_millis(time)))
    }
}

impl Read for PositiveTime {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let time = read_time(node, key, notes, TIME_MILLISECONDS_MAX, POSITIVE_TIME_EXPECTED)?;
        if time == 0 {
            let message = format!("{} is no time at all", quoted(node.get_ref().as_str()?));
            notes.add(key, &node.span(), message, POSITIVE_TIME_EXPECTED);
            return None;
        }
        Some(Self(Span::from_millis(time)))
    }
}

/// A time in milliseconds, between two bounds in seconds, both allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeWithin<const LEAST: u64, const MOST: u64>(pub(crate) u64);

impl<const LEAST: u64, const MOST: u64> Read for TimeWithin<LEAST, MOST> {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let (least, most) = (LEAST * 1_000, MOST * 1_000);
        let expected = format!(
            "a time with its unit (d, h, m, s, ms) from \"{}\" to \"{}\"",
            in_longest_unit(least),
            in_longest_unit(most),
        );
        let time = read_time(node, key, notes, most, &expected)?;
        if time < least {
            let message = format!("{} is too short", quoted(node.get_ref().as_str()?));
            notes.add(key, &node.span(), message, expected);
            return None;
        }
        Some(Self(time))
    }
}

/// Milliseconds as the number of the longest unit that has no rest.
fn in_longest_unit(milliseconds: u64) -> String {
    let whole = |length: u64| milliseconds >= length && milliseconds.is_multiple_of(length);
    let (name, length) =
        UNITS.into_iter().find(|(_, length)| whole(*length)).unwrap_or(("s", 1_000));
    format!("{}{name}", milliseconds / length)
}

/// The milliseconds in `node`, or a note that it is something else, or more than `most`.
fn read_time(
    node: &Node<'_>,
    key: &Key<'_>,
    notes: &mut Notes,
    most: u64,
    expected: &str,
) -> Option<u64> {
    let message = match node.get_ref() {
        DeValue::Integer(number) => format!("{} has no unit", quoted(number.as_str())),
        DeValue::Float(number) => format!("{} has no unit", quoted(number.as_str())),
        DeValue::String(text) => match parse_time(text, most) {
            Ok(time) => return Some(time),
            Err(message) => message,
        },
        other => is(other),
    };
    notes.add(key, &node.span(), message, expected);
    None
}

/// Whole numbers with units, longest unit first, each unit once, as up to `most` milliseconds.
fn parse_time(text: &str, most: u64) -> Result<u64, String> {
    let shown = quoted(text);
    let mut rest = text;
    let mut units = UNITS.as_slice();
    let mut total = 0_u64;
    while !rest.is_empty() || text.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() {
            return Err(format!("{shown} is not a time"));
        }
        if unit.is_empty() {
            let known = tail.is_empty();
            return Err(format!("{shown} {}", if known { "has no unit" } else { "is not a time" }));
        }
        let Some(at) = units.iter().position(|(name, _)| *name == unit) else {
            let known = UNITS.iter().any(|(name, _)| *name == unit);
            let fault =
                if known { "is out of order: the longest unit comes first" } else { "is no unit" };
            return Err(format!("{} in {shown} {fault}", quoted(unit)));
        };
        let part = number.parse::<u64>().ok().and_then(|count| count.checked_mul(units[at].1));
        total = part
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= most)
            .ok_or_else(|| format!("{shown} is too long"))?;
        units = &units[at + 1..];
        rest = tail;
    }
    Ok(total)
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 2, "pattern": TIME_PATTERN })
    }
}

impl JsonSchema for PositiveTime {
    fn schema_name() -> Cow<'static, str> {
        "PositiveTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 2,
            "pattern": TIME_PATTERN,
            "not": { "pattern": "^[0a-z]*$" },
        })
    }
}

impl<const LEAST: u64, const MOST: u64> JsonSchema for TimeWithin<LEAST, MOST> {
    fn schema_name() -> Cow<'static, str> {
        format!("TimeFrom{LEAST}To{MOST}").into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        match LEAST {
            0 => Time::json_schema(generator),
            _ => PositiveTime::json_schema(generator),
        }
    }
}

/// A share of 1% to 100%.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Percent(pub(crate) u8);

impl Read for Percent {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        const EXPECTED: &str = "a whole percentage from \"1%\" to \"100%\"";
        let message = match node.get_ref() {
            DeValue::Integer(number) => format!("{} has no percent sign", quoted(number.as_str())),
            DeValue::Float(number) => format!("{} has no percent sign", quoted(number.as_str())),
            DeValue::String(text) => {
                let (number, sign) = match text.strip_suffix('%') {
                    Some(number) => (number, true),
                    None => (text.as_ref(), false),
                };
                let whole = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                match number.parse() {
                    Ok(percent @ 1..=100) if whole && sign => return Some(Self(percent)),
                    _ if whole && sign => format!("{} is out of range", quoted(text)),
                    _ if whole => format!("{} has no percent sign", quoted(text)),
                    _ => format!("{} is not a whole percentage", quoted(text)),
                }
            }
            other => is(other),
        };
        notes.add(key, &node.span(), message, EXPECTED);
        None
    }
}

impl JsonSchema for Percent {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^0*([1-9][0-9]?|100)%$" })
    }
}

/// A whole number between two bounds, both allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<const LEAST: u8, const MOST: u8>(pub(crate) u8);

impl<const LEAST: u8, const MOST: u8> Read for Whole<LEAST, MOST> {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        read_whole(node, key, notes, LEAST..=MOST).map(Self)
    }
}

/// The whole number in `node`, or a note that it is something else, or out of `range`.
fn read_whole<N: TryFrom<i64> + PartialOrd + Display>(
    node: &Node<'_>,
    key: &Key<'_>,
    notes: &mut Notes,
    range: RangeInclusive<N>,
) -> Option<N> {
    let message = match node.get_ref() {
        DeValue::Integer(number) => {
            match i64::from_str_radix(number.as_str(), number.radix()).map(N::try_from) {
                Ok(Ok(value)) if range.contains(&value) => return Some(value),
                _ => format!("{} is out of range", quoted(number.as_str())),
            }
        }
        other => is(other),
    };
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    notes.add(key, &node.span(), message, expected);
    None
}

impl<const LEAST: u8, const MOST: u8> JsonSchema for Whole<LEAST, MOST> {
    fn schema_name() -> Cow<'static, str> {
        format!("From{LEAST}To{MOST}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }
}

/// The same for larger numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count<const LEAST: u64, const MOST: u64>(pub(crate) u64);

impl<const LEAST: u64, const MOST: u64> Read for Count<LEAST, MOST> {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        read_whole(node, key, notes, LEAST..=MOST).map(Self)
    }
}

impl<const LEAST: u64, const MOST: u64> JsonSchema for Count<LEAST, MOST> {
    fn schema_name() -> Cow<'static, str> {
        format!("CountFrom{LEAST}To{MOST}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }
}

/// Yes or no.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag(pub(crate) bool);

impl Read for Flag {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let value = node.get_ref().as_bool();
        if value.is_none() {
            notes.add(key, &node.span(), is(node.get_ref()), "`true` or `false`");
        }
        value.map(Self)
    }
}

impl JsonSchema for Flag {
    fn schema_name() -> Cow<'static, str> {
        "Flag".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

/// A name that something is given here.
#[derive(Clone, Debug)]
pub(crate) struct Name(pub(crate) String);

impl Read for Name {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let name = text(node, key, notes, "a name in quotes")?;
        check_name(name, key, &node.span(), notes);
        Some(Self(name.to_owned()))
    }
}

impl JsonSchema for Name {
    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": NAME_PATTERN })
    }
}

/// A telephone number, as a PBX dials it.
#[derive(Clone, Debug)]
pub(crate) struct Number(pub(crate) String);

impl Read for Number {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let expected =
            "a telephone number of 1 to 64 of 0-9, `+`, `*`, `#`, A-Z, a-z, `-`, `_` and `.`";
        let number = text(node, key, notes, expected)?;
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || "+*#-_.".contains(letter);
        if (1..=NAME_MAX).contains(&number.len()) && number.chars().all(allowed) {
            return Some(Self(number.to_owned()));
        }
        let message = format!("{} cannot be dialled", quoted(number));
        notes.add(key, &node.span(), message, expected);
        None
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9+*#._-]{1,64}$" })
    }
}

/// A name that is given elsewhere; whether it is, is seen when all is read.
#[derive(Clone, Debug)]
pub(crate) struct Mention(pub(crate) String);

impl Read for Mention {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        text(node, key, notes, "a name in quotes").map(|name| Self(name.to_owned()))
    }
}

impl JsonSchema for Mention {
    fn schema_name() -> Cow<'static, str> {
        "Mention".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Name::json_schema(generator)
    }
}

/// One line for people to read.
#[derive(Clone, Debug)]
pub(crate) struct Text(pub(crate) String);

impl Read for Text {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        const EXPECTED: &str = "one line of 1 to 256 characters in quotes";
        let found = text(node, key, notes, EXPECTED)?;
        let length = found.chars().count();
        let message = if length == 0 {
            "this is empty".to_owned()
        } else if length > TEXT_MAX {
            format!("this has {length} characters")
        } else if let Some(letter) = found.chars().find(|letter| letter.is_control()) {
            format!("this has a control character, {}", quoted(&letter.to_string()))
        } else {
            return Some(Self(found.to_owned()));
        };
        notes.add(key, &node.span(), message, EXPECTED);
        None
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": TEXT_MAX })
    }
}

/// An address to listen on. Without TLS that is this machine only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listen(pub(crate) SocketAddr);

impl Read for Listen {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        const EXPECTED: &str =
            "a loopback address and a port, such as \"127.0.0.1:7170\" or \"[::1]:7170\"";
        let found = text(node, key, notes, EXPECTED)?;
        let message = match found.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => return Some(Self(address)),
            Ok(_) => format!("{} is open to other machines, without encryption", quoted(found)),
            Err(_) => format!("{} is not an address and a port", quoted(found)),
        };
        notes.add(key, &node.span(), message, EXPECTED);
        None
    }
}

impl JsonSchema for Listen {
    fn schema_name() -> Cow<'static, str> {
        "Listen".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(127\\.[0-9.]+|\\[::1\\]):[0-9]{1,5}$" })
    }
}

/// A device, and the adapter that rings it: `adapter:address`.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) adapter: String,
    pub(crate) address: String,
}

impl Read for Device {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        const EXPECTED: &str = "\"adapter:address\", such as \"asterisk-a:PJSIP/201\"";
        let found = text(node, key, notes, EXPECTED)?;
        let Some((adapter, address)) = found.split_once(':') else {
            let message = format!("{} names no adapter", quoted(found));
            notes.add(key, &node.span(), message, EXPECTED);
            return None;
        };
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        if adapter.is_empty() || adapter.len() > NAME_MAX || !adapter.bytes().all(allowed) {
            let message = format!("{} is not the name of an adapter", quoted(adapter));
            let expected = format!("{EXPECTED}; the adapter is 1 to 64 of a-z, 0-9, `-`, `_`, `.`");
            notes.add(key, &node.span(), message, expected);
            return None;
        }
        let printable = !address.chars().any(char::is_control);
        if address.is_empty() || address.chars().count() > TEXT_MAX || !printable {
            let message = format!("{} is not the address of a device", quoted(address));
            let expected = format!("{EXPECTED}; the address is 1 to 256 characters");
            notes.add(key, &node.span(), message, expected);
            return None;
        }
        Some(Self { adapter: adapter.to_owned(), address: address.to_owned() })
    }
}

impl JsonSchema for Device {
    fn schema_name() -> Cow<'static, str> {
        "Device".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z0-9._-]{1,64}:.{1,256}$" })
    }
}
