//! Schema files: which format they hold, and their text.

use std::path::Path;

use levada_schema_core::{Limits, RawSchema, Schema, SchemaType, Validation};

use crate::exit::{self, Failure};

/// Reads and parses a schema file; its type is the given one, else the extension's.
pub(crate) fn schema(
    path: &Path,
    schema_type: Option<SchemaType>,
    validation: Validation,
) -> Result<Schema, Failure> {
    let schema_type = match schema_type {
        Some(given) => given,
        None => by_extension(path)?,
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(exit::NO_INPUT, format!("cannot read {}: {error}", path.display()))
    })?;
    let raw = RawSchema { schema_type, text: &text, references: &[] };
    Schema::parse(raw, validation, &Limits::default()).map_err(|error| {
        let place =
            error.location.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        Failure::new(exit::BAD_SCHEMA, format!("{}{place}: {}", path.display(), error.message))
    })
}

fn by_extension(path: &Path) -> Result<SchemaType, Failure> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("avsc" | "avro") => Ok(SchemaType::Avro),
        Some("proto") => Ok(SchemaType::Protobuf),
        Some("json") => Ok(SchemaType::Json),
        _ => Err(Failure::new(
            exit::USAGE,
            format!(
                "cannot tell the schema type of {}: name it .avsc, .proto or .json, or give --type",
                path.display()
            ),
        )),
    }
}
