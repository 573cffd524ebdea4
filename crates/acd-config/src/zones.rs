//! Time zones, by their names in the tz database.

use crate::notes::{Key, Notes, quoted};
use crate::read::{Node, Read, text};
use jiff::tz::{self, TimeZone};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// The zone of a machine that does not say where it is.
const NOWHERE: &str = "UTC";

/// A time zone, such as `America/Chicago`.
#[derive(Clone, Debug)]
pub(crate) struct Zone(pub(crate) String);

impl Zone {
    /// That of this machine.
    pub(crate) fn of_this_machine() -> Self {
        let zone = TimeZone::system();
        Self(zone.iana_name().unwrap_or(NOWHERE).to_owned())
    }
}

impl Read for Zone {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let expected = "a time zone by its name, such as \"America/Chicago\"";
        let name = text(node, key, notes, expected)?;
        if let Ok(zone) = TimeZone::get(name) {
            return Some(Self(zone.iana_name().unwrap_or(name).to_owned()));
        }
        let what = format!("no time zone is named {}", quoted(name));
        let near = tz::db().available().map(|zone| zone.as_str().to_owned()).min_by(|a, b| {
            let distance = |zone: &String| strsim::osa_distance(zone, name);
            distance(a).cmp(&distance(b))
        });
        let near = near.map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
        notes.add(key, &node.span(), format!("{what}{near}"), expected);
        None
    }
}

impl JsonSchema for Zone {
    fn schema_name() -> Cow<'static, str> {
        "TimeZone".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["America/Chicago"] })
    }
}
