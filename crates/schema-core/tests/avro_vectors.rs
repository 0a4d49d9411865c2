//! Avro schemas and pairs of them whose texts, verdicts and messages the reference gave.

mod common;

use common::{parse, references, text, vectors};
use levada_schema_core::{CompatibilityLevel, Incompatibility, Limits, Schema, SchemaType};
use levada_schema_core::{Validation, check_version};
use serde_json::{Value, json};

const AVRO: SchemaType = SchemaType::Avro;

/// Runs `check` on every row; fails with all that went wrong, not the first alone.
fn all(file: &str, check: impl Fn(&Value) -> Result<(), String>) {
    let rows = vectors(file, AVRO);
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|row| check(row).err().map(|why| format!("{}: {why}", text(row, "id"))))
        .collect();
    println!("{file}: {} of {} rows as expected", rows.len() - failures.len(), rows.len());
    assert!(failures.is_empty(), "{} failed\n{}", failures.len(), failures.join("\n"));
}

fn same(what: &str, got: &str, want: &str) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("{what}\n  got  {got}\n  want {want}")) }
}

#[test]
fn canonical_and_normalized_texts_are_the_reference_s() {
    all("normalize-avro-protobuf.jsonl", |row| {
        if row["canonical"].is_null() {
            return Ok(()); // a row about the hash alone
        }
        let references = references(row, "references");
        let schema = parse(AVRO, text(row, "input"), &references, Validation::New)
            .map_err(|error| error.to_string())?;
        same("canonical", schema.canonical(), text(row, "canonical"))?;
        same("normalized", &schema.normalized(), text(row, "normalized"))?;
        for twin in row["same_as"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let twin = parse(AVRO, twin, &references, Validation::New)
                .map_err(|error| error.to_string())?;
            same("normalized twin", &twin.normalized(), text(row, "normalized"))?;
        }
        let again = parse(AVRO, schema.canonical(), &references, Validation::New)
            .map_err(|error| format!("canonical text: {error}"))?;
        same("canonical of canonical", again.canonical(), schema.canonical())?;
        if !again.is_equivalent(&schema) {
            return Err("not equivalent to its own canonical text".to_owned());
        }
        Ok(())
    });
}

#[test]
fn valid_schemas_are_accepted() {
    all("valid-avro-protobuf.jsonl", |row| {
        let schema =
            parse(AVRO, text(row, "input"), &references(row, "references"), Validation::New)
                .map_err(|error| error.to_string())?;
        same("canonical", schema.canonical(), text(row, "canonical"))
    });
}

#[test]
fn invalid_schemas_are_refused() {
    for file in ["invalid-avro-protobuf.jsonl", "invalid-random-avro.jsonl"] {
        all(file, |row| {
            match parse(AVRO, text(row, "input"), &references(row, "references"), Validation::New) {
                Ok(_) => Err(format!("accepted, but {}", row["reason"])),
                Err(_) => Ok(()),
            }
        });
    }
}
