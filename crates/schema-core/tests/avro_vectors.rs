//! Avro schemas and pairs of them whose texts, verdicts and messages the reference gave.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and shows how much it checked"
)]

mod common;

use common::{parse, references, text, vectors};
use levada_schema_core::{CompatibilityLevel, Incompatibility, Limits, Rule, Schema, SchemaType};
use levada_schema_core::{CounterExample, Validation, check_version, counter_example};
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

#[test]
fn verdicts_findings_and_messages_are_the_reference_s() {
    for file in ["avro.jsonl", "random-avro.jsonl"] {
        all(file, compatibility);
    }
}

/// Checks the candidate against the versions that the row's level looks at, newest first.
fn compatibility(row: &Value) -> Result<(), String> {
    let level: CompatibilityLevel = text(row, "level").parse().expect("a level");
    let limits = Limits::default();
    let parsed = |text: &str, references: &str, validation| -> Result<Schema, String> {
        parse(AVRO, text, &common::references(row, references), validation)
            .map_err(|error| format!("{error} in {text}"))
    };
    let candidate = parsed(text(row, "candidate"), "references", Validation::New)?;
    let previous: Vec<&str> =
        row["previous"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let looked_at = if level.is_transitive() { previous.len() } else { 1 };
    let mut found = Vec::new();
    let mut messages = Vec::new();
    let newest_first = previous.iter().enumerate().rev().take(looked_at);
    for (index, old) in newest_first {
        let old = parsed(old, "previous_references", Validation::Stored)?;
        let version = i32::try_from(index + 1).expect("few versions");
        let report = check_version(level, &candidate, &old, &limits).map_err(|e| e.to_string())?;
        messages = report.messages(version);
        if !report.is_compatible() {
            let many = previous.len() > 1;
            // An aborted direction shows in the messages alone.
            found = report
                .incompatibilities
                .iter()
                .filter(|found| found.rule != Rule::AvroAmbiguousAlias)
                .map(|found| shown(found, many.then_some(version)))
                .collect();
            break;
        }
    }
    let want_verdict = row["compatible"] == json!(true);
    if messages.is_empty() != want_verdict {
        return Err(format!("want compatible: {want_verdict}, got {messages:?}"));
    }
    let equal = |what: &str, got: Value, want: &Value| {
        if want.is_null() || got == *want {
            return Ok(());
        }
        Err(format!("{what}\n  got  {got}\n  want {want}"))
    };
    equal("incompatibilities", json!(found), &row["incompatibilities"])?;
    equal("messages", json!(messages), &row["messages"])
}

/// Both directions of every pair, whatever the row's level.
#[test]
fn findings_have_counter_examples_unless_none_exists() {
    let limits = Limits::default();
    let (mut shown, mut none_exists, mut not_found) = (0, 0, 0);
    for row in ["avro.jsonl", "random-avro.jsonl"].iter().flat_map(|file| vectors(file, AVRO)) {
        let parsed = |text: &str, key: &str, validation| {
            parse(AVRO, text, &references(&row, key), validation).expect("a schema of the vectors")
        };
        let candidate = parsed(text(&row, "candidate"), "references", Validation::New);
        for old in row["previous"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let old = parsed(old, "previous_references", Validation::Stored);
            let report = check_version(CompatibilityLevel::Full, &candidate, &old, &limits);
            for found in &report.expect("a verdict").incompatibilities {
                match counter_example(&candidate, &old, found, &limits) {
                    CounterExample::Value(_) => shown += 1,
                    CounterExample::NoneExists(_) => none_exists += 1,
                    CounterExample::NotFound => not_found += 1,
                }
            }
        }
    }
    println!("{shown} findings shown, {none_exists} that nothing shows, {not_found} not found");
    assert!(not_found * 100 <= shown, "{not_found} findings without an example, {shown} with one");
}

fn shown(found: &Incompatibility, version: Option<i32>) -> Value {
    let mut shown = json!({
        "type": found.rule.as_str(),
        "path": found.path,
        "message": found.detail,
        "reader": found.reader.as_str(),
    });
    if let Some(version) = version {
        shown["version"] = json!(version);
    }
    shown
}
