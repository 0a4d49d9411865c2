//! How many of the findings of the shared vectors have a counter-example, where those are at hand.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail where it stands")]

mod common;

use std::collections::BTreeMap;

use common::{parse, references, text};
use levada_schema_core::{
    CompatibilityLevel, CompatibilityPolicy, CounterExample, Incompatibility, Limits, Schema,
    SchemaType, Validation, check_version_under, counter_example,
};
use serde_json::Value;

/// A finding of a row, with what shows it.
struct Shown {
    id: String,
    found: Incompatibility,
    example: Option<CounterExample>,
}

/// The findings of a row under its level, against each previous schema.
fn shown(row: &Value, format: SchemaType) -> Vec<Shown> {
    let new = references(row, "references");
    let key = if format == SchemaType::Json && row["previous_references"].is_null() {
        "references"
    } else {
        "previous_references"
    };
    let old = references(row, key);
    let level: CompatibilityLevel = text(row, "level").parse().expect("a level");
    let policy = row["policy"].as_str().unwrap_or("STRICT");
    let policy: CompatibilityPolicy = policy.parse().expect("a policy");
    let parsed = |text: &str, references| {
        parse(format, text, references, Validation::Stored).expect("a valid schema")
    };
    let candidate = parsed(text(row, "candidate"), &new);
    let limits = Limits::default();
    let mut all = Vec::new();
    for previous in row["previous"].as_array().into_iter().flatten() {
        let previous: Schema = parsed(previous.as_str().expect("text"), &old);
        let report = check_version_under(policy, level, &candidate, &previous, &limits);
        for found in report.expect("a verdict").incompatibilities {
            let example = counter_example(&candidate, &previous, &found, &limits);
            all.push(Shown { id: text(row, "id").to_owned(), found, example });
        }
    }
    all
}

/// The share of findings with an example in percent, told by rule.
fn measure(format: SchemaType, files: &[&str]) -> Option<u32> {
    let mut shares: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let wants_all = std::env::var_os("COUNTER_EXAMPLES").is_some();
    for row in files.iter().flat_map(|file| common::vectors(file, format)) {
        for Shown { id, found, example } in shown(&row, format) {
            let share = shares.entry(found.rule.as_str()).or_default();
            share.1 += 1;
            share.0 += u32::from(example.is_some());
            if wants_all {
                let (rule, path) = (found.rule.as_str(), &found.path);
                match example {
                    Some(example) => {
                        println!("{id} {rule} {path}: {} -> {}", example.value, example.refusal);
                    }
                    None => println!("{id} {rule} {path}: NONE"),
                }
            }
        }
    }
    for (rule, (with, all)) in &shares {
        println!("{rule}: {with} of {all}");
    }
    let (with, all) = shares.values().fold((0, 0), |sum, share| (sum.0 + share.0, sum.1 + share.1));
    println!("{format}: {with} of {all}");
    (all > 0).then(|| with * 100 / all)
}

#[test]
fn nearly_every_protobuf_finding_has_a_counter_example() {
    let share = measure(SchemaType::Protobuf, &["protobuf.jsonl", "random-protobuf.jsonl"]);
    assert!(share.is_none_or(|percent| percent >= 90), "{share:?}");
}

#[test]
fn most_json_findings_have_a_counter_example() {
    let share = measure(SchemaType::Json, &["json.jsonl", "random-json.jsonl"]);
    assert!(share.is_none_or(|percent| percent >= 85), "{share:?}");
}
