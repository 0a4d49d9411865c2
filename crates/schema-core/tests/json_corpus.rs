//! The corpus of JSON schema pairs: `testdata/compat/json/<RULE>/<case>/` holds `reader.json`,
//! `writer.json` and in `expect.json` the verdict and every difference.
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

use levada_schema_core::{
    CompatibilityLevel, CompatibilityPolicy, JsonRule, Limits, RawSchema, Schema, SchemaType,
    Validation, check_version_under,
};
use serde_json::{Value, json};

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = read_dir(parent).expect("a folder");
    let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

fn schema(case: &Path, side: &str) -> Schema {
    let text = read_to_string(case.join(format!("{side}.json"))).expect("a schema file");
    let raw = RawSchema { schema_type: SchemaType::Json, text: &text, references: &[] };
    Schema::parse(raw, Validation::New, &Limits::default()).expect("a valid schema")
}

/// The expected verdict and the rules of the expected differences.
fn check(case: &Path) -> (bool, Vec<String>) {
    let expected = read_to_string(case.join("expect.json")).expect("expect.json");
    let expected: Value = serde_json::from_str(&expected).expect("JSON in expect.json");
    let policy = expected["policy"].as_str().unwrap_or("STRICT");
    let policy: CompatibilityPolicy = policy.parse().expect("a policy");
    let (reader, writer) = (schema(case, "reader"), schema(case, "writer"));
    let level = CompatibilityLevel::Backward;
    let report = check_version_under(policy, level, &reader, &writer, &Limits::default());
    let report = report.expect("a verdict");
    let mut found: Vec<_> = report
        .incompatibilities
        .iter()
        .map(|found| (found.path.clone(), found.rule.as_str()))
        .collect();
    found.sort();
    let found: Vec<Value> =
        found.into_iter().map(|(path, rule)| json!({"type": rule, "path": path})).collect();
    assert_eq!(json!(found), expected["differences"], "{}", case.display());
    assert_eq!(json!(report.is_compatible()), expected["compatible"], "{}", case.display());
    let rules = found.iter().filter_map(|found| found["type"].as_str().map(str::to_owned));
    (report.is_compatible(), rules.collect())
}

#[test]
fn corpus_cases_give_the_differences_they_expect() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/compat/json");
    let mut names = BTreeSet::new();
    for rule in folders(&corpus) {
        let name = rule.file_name().expect("a name").to_string_lossy().into_owned();
        let checked: Vec<_> = folders(&rule).iter().map(|case| check(case)).collect();
        let shown = checked.iter().any(|(_, rules)| rules.contains(&name));
        assert!(shown, "no case of {name} shows it");
        assert!(checked.iter().any(|(compatible, _)| *compatible), "every case of {name} breaks");
        names.insert(name);
    }
    let all: BTreeSet<String> = JsonRule::ALL.iter().map(|rule| rule.as_str().to_owned()).collect();
    assert_eq!(names, all);
}

#[test]
fn messages_carry_type_sentence_and_the_words_for_the_sides() {
    let parse = |text: &str| {
        let raw = RawSchema { schema_type: SchemaType::Json, text, references: &[] };
        Schema::parse(raw, Validation::New, &Limits::default()).expect("a valid schema")
    };
    let old = parse(r#"{"type":"object","properties":{"50%":{"type":"string","maxLength":9}}}"#);
    let new = parse(
        r#"{"type":"object","properties":{"50%":{"type":"string","maxLength":4,"minLength":1}}}"#,
    );
    let report = |level| {
        let report =
            check_version_under(CompatibilityPolicy::Strict, level, &new, &old, &Limits::default());
        report.expect("a verdict").messages(7)
    };
    let quoted = format!("{{oldSchema: '{}'}}", old.canonical());
    assert_eq!(
        report(CompatibilityLevel::Backward),
        [
            "{errorType:\"MAX_LENGTH_DECREASED\", description:\"The value at path '#/properties/50%/maxLength' in the new schema is less than its value in the old schema'}",
            "{errorType:\"MIN_LENGTH_ADDED\", description:\"The keyword at path '#/properties/50%/minLength' in the new schema is not present in the old schema'}",
            "{oldSchemaVersion: 7}",
            &quoted,
        ]
    );
    // The old side reads.
    let (typed, untyped) = (parse(r#"{"items":{"minLength":1}}"#), parse(r#"{"items":{}}"#));
    let bare = parse(r#"{"uniqueItems":true}"#);
    let forward = |candidate: &Schema, previous: &Schema| {
        let policy = CompatibilityPolicy::Logical;
        let level = CompatibilityLevel::Forward;
        let report = check_version_under(policy, level, candidate, previous, &Limits::default());
        let found = report.expect("a verdict").incompatibilities;
        found.into_iter().map(|found| found.message).collect::<Vec<_>>()
    };
    assert_eq!(
        forward(&untyped, &typed),
        [
            "{errorType:\"TYPE_CHANGED\", description:\"A type at path '#/items' is different between the old schema and the new schema'}"
        ]
    );
    assert_eq!(
        forward(&bare, &untyped),
        [
            "{errorType:\"SCHEMA_ADDED\", description:\"A schema at path '#/items' in the old schema is not present in the new schema'}"
        ]
    );
    assert_eq!(forward(&typed, &untyped), Vec::<String>::new());
}
