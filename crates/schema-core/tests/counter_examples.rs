//! How many of the findings of the shared vectors have a counter-example, where those are at hand.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail where it stands")]

mod common;

use std::collections::BTreeMap;

use common::{parse, references, text};
use levada_schema_core::{
    CompatibilityLevel, CompatibilityPolicy, CounterExample, Incompatibility, Limits, Schema,
    SchemaType, Side, Validation, check_version_under, counter_example,
};
use serde_json::Value;

/// A finding of a row, with what shows it.
struct Shown {
    id: String,
    found: Incompatibility,
    example: Option<CounterExample>,
}

/// The findings of a row, one list for each direction that finds something against a previous
/// schema.
fn shown(row: &Value, format: SchemaType) -> Vec<Vec<Shown>> {
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
        let found = report.expect("a verdict").incompatibilities;
        for side in [Side::Old, Side::New] {
            let found = found.iter().filter(|found| found.reader == side).cloned();
            let shown = found.map(|found| {
                let example = counter_example(&candidate, &previous, &found, &limits);
                Shown { id: text(row, "id").to_owned(), found, example }
            });
            all.push(shown.collect::<Vec<_>>());
        }
    }
    all.retain(|shown| !shown.is_empty());
    all
}

/// The shares in percent of findings, and of incompatible pairs, that have an example.
#[derive(Debug, PartialEq, Eq)]
struct Shares {
    findings: usize,
    pairs: usize,
}

/// Counts over a file of vectors, and with `COUNTER_EXAMPLES` set also over the random ones; then
/// all of it is printed, the shares by rule.
fn measure(format: SchemaType, file: &str) -> Option<Shares> {
    let wants_all = std::env::var_os("COUNTER_EXAMPLES").is_some();
    let random = format!("random-{file}");
    let files = if wants_all { vec![file, random.as_str()] } else { vec![file] };
    let mut by_rule: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut pairs = (0, 0);
    for row in files.iter().flat_map(|file| common::vectors(file, format)) {
        for pair in shown(&row, format) {
            pairs.1 += 1;
            pairs.0 += usize::from(pair.iter().any(|shown| shown.example.is_some()));
            for Shown { id, found, example } in pair {
                let share = by_rule.entry(found.rule.as_str()).or_default();
                *share = (share.0 + usize::from(example.is_some()), share.1 + 1);
                if wants_all {
                    let example = example.map(|example| (example.value, example.refusal));
                    println!("{id} {} {}: {example:?}", found.rule.as_str(), found.path);
                }
            }
        }
    }
    for (rule, (with, all)) in &by_rule {
        println!("{rule}: {with} of {all}");
    }
    let (with, all) =
        by_rule.values().fold((0, 0), |sum, share| (sum.0 + share.0, sum.1 + share.1));
    println!("{format}: {with} of {all} findings, {} of {} pairs", pairs.0, pairs.1);
    (all > 0).then(|| Shares { findings: with * 100 / all, pairs: pairs.0 * 100 / pairs.1 })
}

#[test]
fn nearly_every_protobuf_finding_has_a_counter_example() {
    let shares = measure(SchemaType::Protobuf, "protobuf.jsonl");
    assert!(shares.as_ref().is_none_or(|shares| shares.findings >= 90), "{shares:?}");
}

#[test]
fn most_json_findings_have_a_counter_example() {
    let shares = measure(SchemaType::Json, "json.jsonl");
    // Most of the random schemas contradict themselves and have no instances.
    let least = if std::env::var_os("COUNTER_EXAMPLES").is_some() { 70 } else { 85 };
    assert!(shares.as_ref().is_none_or(|shares| shares.findings >= least), "{shares:?}");
}
