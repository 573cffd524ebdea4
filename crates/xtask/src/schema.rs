//! What editors know about configuration files: the JSON Schema that is checked in.

use std::fs;
use std::path::Path;

/// Where the schema is checked in, from the top of the project.
const PATH: &str = "config/acdd.schema.json";

/// Writes the schema of the reader as it is now; says what it did.
pub(crate) fn write() -> Result<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(PATH);
    let text = format!("{:#}\n", acd_config::json_schema());
    if fs::read_to_string(&path).is_ok_and(|current| current == text) {
        return Ok(format!("{PATH} is current"));
    }
    match fs::write(&path, text) {
        Ok(()) => Ok(format!("{PATH} is written")),
        Err(error) => Err(format!("cannot write {PATH}: {error}")),
    }
}
