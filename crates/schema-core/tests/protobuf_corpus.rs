//! The corpus of Protobuf pairs: `testdata/compat/protobuf/<RULE>/<case>/` holds `reader.proto`,
//! `writer.proto` and in `expect.json` every difference. Either side may have a file that it
//! imports as `dep.proto`; the two are versions of one subject.
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

use levada_schema_core::{
    CompatibilityLevel, Limits, RawSchema, Reference, ResolvedReference, Rule, Schema, SchemaType,
    Validation, check_version, protobuf,
};
use serde_json::{Value, json};

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = read_dir(parent).expect("a folder");
    let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

fn schema(case: &Path, side: &str, version: i32) -> Schema {
    let text = read_to_string(case.join(format!("{side}.proto"))).expect("a schema file");
    let reference = Reference { name: "dep.proto".to_owned(), subject: "dep".to_owned(), version };
    let references: Vec<_> = read_to_string(case.join(format!("{side}.dep.proto")))
        .map(|text| ResolvedReference { reference, text })
        .into_iter()
        .collect();
    let raw = RawSchema { schema_type: SchemaType::Protobuf, text: &text, references: &references };
    Schema::parse(raw, Validation::New, &Limits::default()).expect("a valid schema")
}

fn sorted(differences: impl Iterator<Item = (Rule, String)>) -> Vec<Value> {
    let mut found: Vec<_> = differences.map(|(rule, path)| (path, rule.as_str())).collect();
    found.sort();
    found.into_iter().map(|(path, rule)| json!({"type": rule, "path": path})).collect()
}

fn check(case: &Path, expected: &Value) {
    let same_version = expected["same_reference_version"] == true;
    let reader = schema(case, "reader", if same_version { 1 } else { 2 });
    let writer = schema(case, "writer", 1);
    let limits = Limits::default();
    let level = CompatibilityLevel::Backward;
    let report = check_version(level, &reader, &writer, &limits).expect("a verdict");
    assert_eq!(json!(report.is_compatible()), expected["compatible"], "{}", case.display());

    let (Schema::Protobuf(reader), Schema::Protobuf(writer)) = (reader, writer) else {
        unreachable!("parsed as Protobuf")
    };
    let all = protobuf::differences(&reader, &writer, &limits).expect("the differences");
    let breaking = all.iter().filter(|found| !found.rule.is_compatible());
    for found in &all {
        let is_explained = found.rule.explanation().is_some() && found.rule.fix().is_some();
        assert_eq!(is_explained, !found.rule.is_compatible(), "{}", found.rule.as_str());
    }
    let breaking = sorted(breaking.map(|found| (found.rule, found.path.clone())));
    let told = report.incompatibilities.into_iter().map(|found| (found.rule, found.path));
    assert_eq!(sorted(told), breaking, "{}", case.display());
    let all = sorted(all.into_iter().map(|found| (found.rule, found.path)));
    assert_eq!(json!(all), expected["differences"], "{}", case.display());
}

#[test]
fn corpus_cases_give_the_differences_they_expect() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/compat/protobuf");
    let mut count = 0;
    for rule in folders(&corpus) {
        let name = rule.file_name().expect("a name").to_string_lossy().into_owned();
        let mut seen = BTreeSet::new();
        let mut verdicts = BTreeSet::new();
        for case in folders(&rule) {
            let expected = read_to_string(case.join("expect.json")).expect("expect.json");
            let expected: Value = serde_json::from_str(&expected).expect("JSON in expect.json");
            check(&case, &expected);
            let differences = expected["differences"].as_array().into_iter().flatten();
            seen.extend(differences.filter_map(|found| found["type"].as_str().map(str::to_owned)));
            verdicts.insert(expected["compatible"] == true);
        }
        assert!(seen.contains(&name), "no case of {name} shows it");
        assert!(verdicts.contains(&true), "every case of {name} breaks the reader");
        count += 1;
    }
    assert_eq!(count, 26, "a folder for each rule");
}
