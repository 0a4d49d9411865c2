//! Runs the Protobuf rows of the shared vectors, where those are at hand.

use std::path::PathBuf;

use levada_schema_core::{
    Limits, ParseError, RawSchema, Reference, ResolvedReference, Schema, SchemaType, Validation,
};
use serde_json::Value;

/// The Protobuf rows of one file; empty without the vectors.
fn rows(file: &str) -> Vec<Value> {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "../../../shared/compat", file].iter().collect();
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let rows = text.lines().map(|line| serde_json::from_str(line).expect("a vector is JSON"));
    rows.filter(|row: &Value| row["format"] == "PROTOBUF").collect()
}

fn references(row: &Value, key: &str) -> Vec<ResolvedReference> {
    let resolved = |reference: &Value| ResolvedReference {
        reference: Reference {
            name: text(reference, "name").to_owned(),
            subject: text(reference, "subject").to_owned(),
            version: reference["version"].as_i64().and_then(|n| n.try_into().ok()).unwrap_or(-1),
        },
        text: text(reference, "schema").to_owned(),
    };
    row[key].as_array().into_iter().flatten().map(resolved).collect()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

fn parse(text: &str, references: &[ResolvedReference]) -> Result<Schema, ParseError> {
    let raw = RawSchema { schema_type: SchemaType::Protobuf, text, references };
    Schema::parse(raw, Validation::New, &Limits::default())
}

fn parse_input(row: &Value) -> Result<Schema, ParseError> {
    parse(text(row, "input"), &references(row, "references"))
}

#[test]
fn valid_schemas_print_the_canonical_text() {
    for row in rows("valid-avro-protobuf.jsonl") {
        let schema = parse_input(&row).unwrap_or_else(|error| panic!("{}: {error}", row["id"]));
        assert_eq!(schema.canonical(), text(&row, "canonical"), "{}", row["id"]);
    }
}

#[test]
fn normalized_text_is_the_expected_one_and_shared_by_equal_inputs() {
    for row in rows("normalize-avro-protobuf.jsonl") {
        if row["rule"] == "md5-golden" {
            continue;
        }
        let schema = parse_input(&row).unwrap_or_else(|error| panic!("{}: {error}", row["id"]));
        assert_eq!(schema.canonical(), text(&row, "canonical"), "{}", row["id"]);
        assert_eq!(schema.normalized(), text(&row, "normalized"), "{}", row["id"]);
        for same in row["same_as"].as_array().into_iter().flatten() {
            let same = parse(same.as_str().unwrap_or_default(), &[]).expect("an equal schema");
            assert_eq!(same.normalized(), schema.normalized(), "{}", row["id"]);
        }
    }
}

#[test]
fn canonical_and_normalized_text_are_stable_under_reparsing() {
    for file in ["normalize-avro-protobuf.jsonl", "valid-avro-protobuf.jsonl"] {
        for row in rows(file) {
            if row["rule"] == "md5-golden" {
                continue;
            }
            let given = references(&row, "references");
            let schema = parse_input(&row).expect("a valid schema");
            let again = parse(schema.canonical(), &given).expect("canonical text parses");
            assert_eq!(again.canonical(), schema.canonical(), "{}", row["id"]);
            assert_eq!(again.normalized(), schema.normalized(), "{}", row["id"]);
            parse(&schema.normalized(), &given).expect("normalized text parses");
        }
    }
}

#[test]
fn invalid_schemas_are_refused_with_a_place_where_there_is_one() {
    for file in ["invalid-avro-protobuf.jsonl", "invalid-random-protobuf.jsonl"] {
        for row in rows(file) {
            let parsed = parse_input(&row);
            // What only the full build of descriptors would find passes by default.
            if row["stage"] == "validate-fields" {
                parsed.unwrap_or_else(|error| panic!("{}: {error}", row["id"]));
                continue;
            }
            let error = parsed.expect_err(text(&row, "id"));
            // The place of a mistake in a reference is in the message; it is not in this text.
            let has_place = row["stage"] != "empty" && !error.message.starts_with("reference ");
            assert_eq!(error.location.is_some(), has_place, "{}: {error}", row["id"]);
        }
    }
}
