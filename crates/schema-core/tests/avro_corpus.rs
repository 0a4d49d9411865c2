//! The corpus of Avro pairs: `testdata/compat/avro/<RULE>/<case>/` holds `reader.avsc`,
//! `writer.avsc` and in `expect.json` every finding with its path and detail.
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

use levada_schema_core::{CompatibilityLevel, Limits, RawSchema, Rule, Schema, SchemaType};
use levada_schema_core::{Validation, check_version};
use serde_json::{Value, json};

const RULES: [Rule; 7] = [
    Rule::AvroNameMismatch,
    Rule::AvroFixedSizeMismatch,
    Rule::AvroMissingEnumSymbols,
    Rule::AvroReaderFieldMissingDefault,
    Rule::AvroTypeMismatch,
    Rule::AvroMissingUnionBranch,
    Rule::AvroAmbiguousAlias,
];

fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = read_dir(parent)
        .expect("a folder")
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    found.sort();
    found
}

fn schema(folder: &Path, file: &str) -> Schema {
    let text = read_to_string(folder.join(file)).expect("a schema file");
    let raw = RawSchema { schema_type: SchemaType::Avro, text: &text, references: &[] };
    Schema::parse(raw, Validation::New, &Limits::default()).expect("a valid schema")
}

/// What a backward check finds, in the shape of `expect.json`.
fn findings(folder: &Path) -> Value {
    let (reader, writer) = (schema(folder, "reader.avsc"), schema(folder, "writer.avsc"));
    let level = CompatibilityLevel::Backward;
    let report = check_version(level, &reader, &writer, &Limits::default()).expect("a verdict");
    let found: Vec<Value> = report
        .incompatibilities
        .iter()
        .map(|found| {
            json!({"type": found.rule.as_str(), "path": found.path, "detail": found.detail})
        })
        .collect();
    json!({"compatible": report.is_compatible(), "incompatibilities": found})
}

#[test]
fn corpus_cases_give_the_findings_they_expect() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/compat/avro");
    let names: Vec<String> = folders(&corpus)
        .iter()
        .filter_map(|rule| rule.file_name().map(|name| name.to_string_lossy().into_owned()))
        .collect();
    let mut want: Vec<&str> = RULES.iter().map(|rule| rule.as_str()).collect();
    want.sort_unstable();
    assert_eq!(names, want, "every rule has a folder, and every folder is a rule");
    for rule in folders(&corpus) {
        let mut verdicts = Vec::new();
        for case in folders(&rule) {
            let expected = read_to_string(case.join("expect.json")).expect("expect.json");
            let expected: Value = serde_json::from_str(&expected).expect("JSON in expect.json");
            assert_eq!(findings(&case), expected, "{}", case.display());
            verdicts.push(expected["compatible"] == json!(true));
        }
        assert!(verdicts.contains(&true) && verdicts.contains(&false), "{}", rule.display());
    }
}

#[test]
fn every_rule_explains_itself_and_offers_a_fix() {
    for rule in RULES {
        assert!(rule.explanation().is_some() && rule.fix().is_some(), "{}", rule.as_str());
    }
}
