//! Schema files: which format they hold, and their text.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use levada_schema_core::{Limits, RawSchema, Schema, SchemaType, Validation};

use crate::exit::{self, Failure};

/// Reads and parses a schema file; its type is the given one, else the extension's.
pub(crate) fn schema(
    path: &Path,
    schema_type: Option<SchemaType>,
    validation: Validation,
    limits: &Limits,
) -> Result<Schema, Failure> {
    let schema_type = match schema_type {
        Some(given) => given,
        None => by_extension(path)?,
    };
    let text = text(path, limits.text_bytes_max)?;
    let raw = RawSchema { schema_type, text: &text, references: &[] };
    Schema::parse(raw, validation, limits).map_err(|error| {
        let place =
            error.location.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        Failure::new(exit::BAD_SCHEMA, format!("{}{place}: {}", path.display(), error.message))
    })
}

/// The text of a file, which is read no further than a schema text may go.
fn text(path: &Path, bytes_max: usize) -> Result<String, Failure> {
    let unreadable = |error: io::Error| {
        Failure::new(exit::NO_INPUT, format!("cannot read {}: {error}", path.display()))
    };
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to know; a device may have no end.
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).map_err(unreadable)?.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > bytes_max {
        return Err(Failure::new(
            exit::BAD_SCHEMA,
            format!(
                "{}: a schema text may have at most {bytes_max} bytes (setting text-bytes-max)",
                path.display()
            ),
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        Failure::new(exit::BAD_SCHEMA, format!("{}: not UTF-8 text: {error}", path.display()))
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
