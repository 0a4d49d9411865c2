//! The named types that Avro texts define, found without reading what the types mean.

use indexmap::IndexSet;
use levada_schema_core::ResolvedReference;
use serde_json::Value;

use crate::error::Mismatch;

/// The full names of all records and enums that the references define.
pub(super) fn external(references: &[ResolvedReference]) -> Result<IndexSet<String>, Mismatch> {
    let mut names = IndexSet::new();
    for reference in references {
        let value: Value = serde_json::from_str(&reference.text).map_err(|error| {
            Mismatch::new(format!("in reference {}: {error}", reference.reference.name))
        })?;
        collect(&value, "", &mut names);
    }
    Ok(names)
}

/// Nests no deeper than the JSON reader allowed.
fn collect(value: &Value, space: &str, names: &mut IndexSet<String>) {
    match value {
        Value::Array(branches) => branches.iter().for_each(|branch| collect(branch, space, names)),
        Value::Object(object) => {
            let kind = object.get("type").unwrap_or(&Value::Null);
            let mut inner = space.to_owned();
            if let Some("record" | "error" | "enum") = kind.as_str() {
                let full = full_name(object, space);
                full.rsplit_once('.').map_or("", |(space, _)| space).clone_into(&mut inner);
                names.insert(full);
            }
            if !kind.is_string() {
                collect(kind, &inner, names);
            }
            for key in ["items", "values"] {
                collect(object.get(key).unwrap_or(&Value::Null), &inner, names);
            }
            for field in object.get("fields").and_then(Value::as_array).into_iter().flatten() {
                collect(field.get("type").unwrap_or(&Value::Null), &inner, names);
            }
        }
        _ => {}
    }
}

/// The full name of a definition inside a namespace.
pub(super) fn full_name(object: &serde_json::Map<String, Value>, space: &str) -> String {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or_default();
    if let Some(rest) = name.strip_prefix('.') {
        return rest.to_owned();
    }
    if name.contains('.') {
        return name.to_owned();
    }
    match text("namespace").unwrap_or(space) {
        "" => name.to_owned(),
        space => format!("{space}.{name}"),
    }
}
