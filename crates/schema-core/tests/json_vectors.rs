//! JSON schemas against the recorded behaviour of the reference, where the recordings are there.

use std::path::PathBuf;

use levada_schema_core::{
    Limits, ParseError, RawSchema, Reference, ResolvedReference, Schema, SchemaType, Validation,
};
use serde_json::Value;

/// The cases of a file; none if the recordings are not on this machine.
fn cases(file: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/compat").join(file);
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    text.lines().map(|line| serde_json::from_str(line).expect("a case a line")).collect()
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("{key} of {case}"))
}

fn parse(schema: &str, references: &[ResolvedReference]) -> Result<Schema, ParseError> {
    let raw = RawSchema { schema_type: SchemaType::Json, text: schema, references };
    Schema::parse(raw, Validation::New, &Limits::default())
}

fn reference(entry: &Value) -> Reference {
    let version = entry.get("version").and_then(Value::as_i64).unwrap_or(1);
    Reference {
        name: text(entry, "name").to_owned(),
        subject: entry.get("subject").and_then(Value::as_str).unwrap_or("s").to_owned(),
        version: i32::try_from(version).expect("version"),
    }
}

fn report(failures: &[String], total: usize) {
    assert!(failures.is_empty(), "{} of {total}:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn stored_and_normalized_text_equal_the_recorded_ones() {
    let cases = cases("normalize-json.jsonl");
    let mut failures = Vec::new();
    for case in &cases {
        let id = text(case, "id");
        let same = |a: &str, b: &str| parse(a, &[]).unwrap().is_equivalent(&parse(b, &[]).unwrap());
        let normal = |schema: &str| parse(schema, &[]).unwrap().normalized();
        let right = match text(case, "kind") {
            "form" => {
                let schema = parse(text(case, "schema"), &[]).expect(id);
                schema.canonical() == text(case, "canonical")
                    && schema.normalized() == text(case, "normalized")
            }
            "identity" => {
                let (a, b) = (text(case, "a"), text(case, "b"));
                Some(same(a, b)) == case["same_stored"].as_bool()
                    && Some(normal(a) == normal(b)) == case["same_normalized"].as_bool()
            }
            _ => {
                let read = |key: &str| -> Vec<Reference> {
                    case[key].as_array().expect(key).iter().map(reference).collect()
                };
                Schema::normalized_references(&read("references")) == read("normalized_references")
            }
        };
        if !right {
            failures.push(format!("{id}: {case}"));
        }
    }
    report(&failures, cases.len());
}
