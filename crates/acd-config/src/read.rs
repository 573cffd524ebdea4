//! How a parsed file becomes the model: each piece reads itself, notes what is wrong with it and
//! goes on, so that one pass finds all there is to find.
//!
//! A key of the file is one line of a `section!` in `model`: from it come the reading, the default,
//! the list of allowed keys in problems, and the JSON Schema.

use crate::notes::{Key, Notes, quoted, resembles};
use crate::values;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value as it stands in the file.
pub(crate) type Node<'i> = Spanned<DeValue<'i>>;

/// Something that can be read from the file.
pub(crate) trait Read: JsonSchema + Sized {
    /// What is meant by `node`; `None` once a problem is noted that leaves nothing to go on with.
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self>;
}

/// Something read, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    /// Its bytes; none for a default.
    pub(crate) span: Range<usize>,
    /// Whether nothing within it is wrong; what follows from a broken part is not worth a note.
    pub(crate) sound: bool,
}

impl<T: Read> At<T> {
    pub(crate) fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let before = notes.found();
        let value = T::read(node, key, notes)?;
        Some(Self { value, span: node.span(), sound: notes.found() == before })
    }
}

/// A field that has no default.
#[derive(Clone, Debug)]
pub(crate) enum Given<T> {
    /// The file does not have it.
    Absent,
    /// The file has it, but it cannot be read; what is wrong is noted.
    Broken,
    /// The file has it.
    Present(At<T>),
}

impl<T> Given<T> {
    pub(crate) fn get(&self) -> Option<&At<T>> {
        match self {
            Self::Absent | Self::Broken => None,
            Self::Present(found) => Some(found),
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// A table whose keys are names that the operator chose; in the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct Entries<T> {
    pub(crate) list: Vec<Entry<T>>,
}

/// One name, and what it stands for; `None` when that is broken.
#[derive(Clone, Debug)]
pub(crate) struct Entry<T> {
    pub(crate) name: String,
    pub(crate) name_span: Range<usize>,
    pub(crate) value: Option<At<T>>,
}

impl<T: Read> Read for Entries<T> {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let table = table(node, key, notes, "a table with a key for each name")?;
        let mut list = Vec::with_capacity(table.len());
        for (name, node) in table.iter() {
            let key = key.name(name.get_ref());
            values::check_name(name.get_ref(), &key, &name.span(), notes);
            list.push(Entry {
                name: name.get_ref().to_string(),
                name_span: name.span(),
                value: At::read(node, &key, notes),
            });
        }
        list.sort_by_key(|entry| entry.name_span.start);
        Some(Self { list })
    }
}

impl<T: Read> JsonSchema for Entries<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}ByName", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": values::NAME_PATTERN },
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}

/// An array; `None` for an item that is broken.
#[derive(Clone, Debug)]
pub(crate) struct List<T> {
    pub(crate) list: Vec<Option<At<T>>>,
}

impl<T: Read> Read for List<T> {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let DeValue::Array(items) = node.get_ref() else {
            notes.add(key, &node.span(), is(node.get_ref()), "an array: [...]");
            return None;
        };
        let items = items.iter().enumerate();
        let list = items.map(|(index, item)| At::read(item, &key.item(index), notes));
        Some(Self { list: list.collect() })
    }
}

impl<T: Read> JsonSchema for List<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}List", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>() })
    }
}

/// The table in `node`, or a note that it is something else.
pub(crate) fn table<'n, 'i>(
    node: &'n Node<'i>,
    key: &Key<'_>,
    notes: &mut Notes,
    expected: &str,
) -> Option<&'n DeTable<'i>> {
    let table = node.get_ref().as_table();
    if table.is_none() {
        notes.add(key, &node.span(), is(node.get_ref()), expected);
    }
    table
}

/// The table in `node`, with a note for each key that is none of `allowed`.
pub(crate) fn known_table<'n, 'i>(
    node: &'n Node<'i>,
    key: &Key<'_>,
    notes: &mut Notes,
    allowed: &[&str],
) -> Option<&'n DeTable<'i>> {
    let expected = format!("a table with any of `{}`", allowed.join("`, `"));
    let table = table(node, key, notes, &expected)?;
    for (name, _) in table.iter() {
        let found = name.get_ref().as_ref();
        if !allowed.contains(&found) {
            let names = allowed.iter().copied();
            notes.add_unknown(&key.name(found), &name.span(), "unknown key", found, names);
        }
    }
    Some(table)
}

/// The text in `node`, or a note that it is something else.
pub(crate) fn text<'n>(
    node: &'n Node<'_>,
    key: &Key<'_>,
    notes: &mut Notes,
    expected: &str,
) -> Option<&'n str> {
    let text = node.get_ref().as_str();
    if text.is_none() {
        notes.add(key, &node.span(), is(node.get_ref()), expected);
    }
    text
}

/// The field `name` of a section.
pub(crate) fn field<T: Read>(
    table: &DeTable<'_>,
    key: &Key<'_>,
    notes: &mut Notes,
    name: &str,
) -> Given<T> {
    match table.get(name) {
        None => Given::Absent,
        Some(node) => match At::read(node, &key.name(name), notes) {
            None => Given::Broken,
            Some(found) => Given::Present(found),
        },
    }
}

/// Notes that the section at `span` lacks the field `name`, unless it has it, if misspelt: that is
/// noted already.
pub(crate) fn require(
    table: &DeTable<'_>,
    key: &Key<'_>,
    notes: &mut Notes,
    span: &Range<usize>,
    name: &str,
    docs: &[&str],
) {
    let misspelt = |found: &str| found != name && resembles(found, name);
    if !table.contains_key(name) && !table.keys().any(|found| misspelt(found.get_ref())) {
        let prose = prose(docs);
        let sentence = prose.split_once(". ").map_or(prose.as_str(), |(first, _)| first);
        let expected = format!("`{name}`: {}", sentence.trim_end_matches('.'));
        notes.add(&key.name(name), span, "missing", expected);
    }
}

impl<T: Read> Given<T> {
    /// The field, or what it is when the file says nothing about it, or nothing that can be read.
    pub(crate) fn or_default(self, toml: &str) -> At<T> {
        let default = || {
            DeValue::parse(toml)
                .ok()
                .and_then(|node| At::read(&node, &Key::WHOLE, &mut Notes::default()))
                .expect("every default of the model can be read: the tests read them all")
        };
        match self {
            Self::Absent => At { span: 0..0, ..default() },
            Self::Broken => At { span: 0..0, sound: false, ..default() },
            Self::Present(found) => found,
        }
    }
}

/// The default as the JSON Schema shows it.
pub(crate) fn default_json(toml: &str) -> Value {
    fn json(value: &DeValue<'_>) -> Value {
        match value {
            DeValue::Integer(number) => {
                number.as_str().parse::<i64>().map_or(Value::Null, Value::from)
            }
            DeValue::Boolean(value) => Value::from(*value),
            DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
            DeValue::Table(table) => table
                .iter()
                .map(|(name, node)| (name.get_ref().to_string(), json(node.get_ref())))
                .collect(),
            other => other.as_str().map_or(Value::Null, Value::from),
        }
    }
    DeValue::parse(toml).map_or(Value::Null, |node| json(node.get_ref()))
}

/// A doc comment as one line of prose.
pub(crate) fn prose(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// What a value of the wrong type is, in a problem's words.
pub(crate) fn is(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{} is a string", quoted(text)),
        DeValue::Integer(number) => format!("{} is a whole number", quoted(number.as_str())),
        DeValue::Float(number) => format!("{} is a fraction", quoted(number.as_str())),
        DeValue::Boolean(value) => format!("`{value}` is a truth value"),
        DeValue::Datetime(value) => format!("`{value}` is a date or time of day"),
        DeValue::Array(_) => "this is an array".to_owned(),
        DeValue::Table(_) => "this is a table".to_owned(),
    }
}

/// The key that a field stands for: some are words of the language, and written `r#match`.
pub(crate) fn key_of(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// Declares a table of the file. Each field is `required`, `optional`, or `default` with the TOML
/// that stands for it when it is left out.
macro_rules! section {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $($(#[doc = $field_doc:literal])*
            $(#[expect($($expect:tt)*)])?
            $presence:ident $field:ident: $type:ty $(= $default:literal)?,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            $($(#[doc = $field_doc])*
            $(#[expect($($expect)*)])?
            pub(crate) $field: section!(@type $presence $type),)*
        }

        impl $crate::read::Read for $name {
            fn read(
                node: &$crate::read::Node<'_>,
                key: &$crate::notes::Key<'_>,
                notes: &mut $crate::notes::Notes,
            ) -> Option<Self> {
                let keys = [$($crate::read::key_of(stringify!($field))),*];
                let table = $crate::read::known_table(node, key, notes, &keys)?;
                $(section!(@require $presence, node, table, key, notes, $field, [$($field_doc),*]);)*
                Some(Self {
                    $($field: section!(@read $presence table, key, notes, $field $(, $default)?),)*
                })
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut properties = serde_json::Map::new();
                let mut required: Vec<&str> = Vec::new();
                $({
                    let mut field = generator.subschema_for::<$type>();
                    field.insert("description".to_owned(), $crate::read::prose(&[$($field_doc),*]).into());
                    $(field.insert("default".to_owned(), $crate::read::default_json($default));)?
                    if stringify!($presence) == "required" {
                        required.push($crate::read::key_of(stringify!($field)));
                    }
                    let name = $crate::read::key_of(stringify!($field));
                    properties.insert(name.to_owned(), field.into());
                })*
                schemars::json_schema!({
                    "type": "object",
                    "description": $crate::read::prose(&[$($doc),*]),
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                })
            }
        }
    };
    (@type default $type:ty) => { $crate::read::At<$type> };
    (@type $presence:ident $type:ty) => { $crate::read::Given<$type> };
    (@read default $table:ident, $key:ident, $notes:ident, $field:ident, $default:literal) => {
        $crate::read::field($table, $key, $notes, $crate::read::key_of(stringify!($field))).or_default($default)
    };
    (@read $presence:ident $table:ident, $key:ident, $notes:ident, $field:ident) => {
        $crate::read::field($table, $key, $notes, $crate::read::key_of(stringify!($field)))
    };
    (@require required, $node:ident, $table:ident, $key:ident, $notes:ident, $field:ident, $docs:expr) => {
        let name = $crate::read::key_of(stringify!($field));
        $crate::read::require($table, $key, $notes, &$node.span(), name, &$docs);
    };
    (@require $presence:ident, $node:ident, $table:ident, $key:ident, $notes:ident, $field:ident, $docs:expr) => {};
}

/// Declares a value that is one of a few words.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $($(#[doc = $variant_doc:literal])* $word:literal => $variant:ident,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[doc = $variant_doc])* $variant,)*
        }

        impl $name {
            const WORDS: &[&str] = &[$($word),*];
        }

        impl $crate::read::Read for $name {
            fn read(
                node: &$crate::read::Node<'_>,
                key: &$crate::notes::Key<'_>,
                notes: &mut $crate::notes::Notes,
            ) -> Option<Self> {
                let words = Self::WORDS.iter().copied();
                let text = $crate::read::text(node, key, notes, &$crate::notes::one_of(words.clone()))?;
                match text {
                    $($word => Some(Self::$variant),)*
                    _ => {
                        let what = format!("{} is not known", $crate::notes::quoted(text));
                        notes.add_unknown(key, &node.span(), &what, text, words);
                        None
                    }
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": $crate::read::prose(&[$($doc),*]),
                    "oneOf": [$({
                        "type": "string",
                        "const": $word,
                        "description": $crate::read::prose(&[$($variant_doc),*]),
                    }),*],
                })
            }
        }
    };
}

pub(crate) use {choice, section};
