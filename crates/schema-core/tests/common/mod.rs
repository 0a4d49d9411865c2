//! Reading vector files: one JSON object a line, in a folder that need not be there.

use std::path::PathBuf;

use levada_schema_core::{Limits, ParseError, RawSchema, Reference, ResolvedReference};
use levada_schema_core::{Schema, SchemaType, Validation};
use serde_json::Value;

/// The rows of one format; none where the file is absent.
pub(crate) fn vectors(file: &str, format: SchemaType) -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/compat");
    let Ok(text) = std::fs::read_to_string(folder.join(file)) else { return Vec::new() };
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a JSON object a line"))
        .filter(|row| row["format"] == format.as_str())
        .collect()
}

/// The references that a row lists under `key`.
pub(crate) fn references(row: &Value, key: &str) -> Vec<ResolvedReference> {
    row[key].as_array().map_or_else(Vec::new, |listed| {
        listed
            .iter()
            .map(|reference| ResolvedReference {
                reference: Reference {
                    name: text(reference, "name").to_owned(),
                    subject: reference["subject"].as_str().unwrap_or_default().to_owned(),
                    version: reference["version"]
                        .as_i64()
                        .and_then(|version| i32::try_from(version).ok())
                        .unwrap_or(1),
                },
                text: text(reference, "schema").to_owned(),
            })
            .collect()
    })
}

/// The string under `key`, which must be there.
pub(crate) fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_else(|| panic!("{row} has no text {key}"))
}

/// Parses with the default limits.
pub(crate) fn parse(
    schema_type: SchemaType,
    text: &str,
    references: &[ResolvedReference],
    validation: Validation,
) -> Result<Schema, ParseError> {
    Schema::parse(RawSchema { schema_type, text, references }, validation, &Limits::default())
}
