//! JSON schemas against the recorded behaviour of the reference, where the recordings are there.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail where it stands"
)]

use std::path::PathBuf;

use levada_schema_core::json::{Dialect, Validator};
use levada_schema_core::{
    CompatibilityLevel, CompatibilityPolicy, Limits, ParseError, RawSchema, Reference,
    ResolvedReference, Schema, SchemaType, Validation, check_version_under,
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

/// Everything a case refers to, as the registry hands it over.
fn references(case: &Value, key: &str) -> Vec<ResolvedReference> {
    let entries = case.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    entries
        .iter()
        .map(|entry| ResolvedReference {
            reference: reference(entry),
            text: text(entry, "schema").to_owned(),
        })
        .collect()
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

fn accepted(case: &Value) -> Result<(), String> {
    let schema = parse(text(case, "schema"), &references(case, "references"));
    let schema = schema.map_err(|error| error.to_string())?;
    let strict = case.get("validate_fields").and_then(Value::as_bool) == Some(true);
    if let Some(fault) = schema.field_fault().filter(|_| strict) {
        return Err(fault);
    }
    match case.get("stored").and_then(Value::as_str) {
        Some(stored) if stored != schema.canonical() => {
            panic!("{case} is stored as {}", schema.canonical())
        }
        _ => Ok(()),
    }
}

#[test]
fn registration_accepts_and_refuses_what_the_reference_does() {
    let files = ["valid-json.jsonl", "invalid-json.jsonl", "invalid-random-json.jsonl"];
    let mut failures = Vec::new();
    let mut total = 0;
    for case in files.into_iter().flat_map(cases) {
        total += 1;
        let verdict = accepted(&case);
        // The reference opens what its own server can reach; here nothing is ever opened.
        let reaches_out = case.get("hazard").is_some() && case["accepted"] == true;
        if Some(verdict.is_ok()) != case["accepted"].as_bool().map(|ok| ok && !reaches_out) {
            failures.push(format!("{verdict:?} {case}"));
        }
    }
    report(&failures, total);
}

#[test]
fn recorded_compatibility_cases_all_parse() {
    let mut failures = Vec::new();
    let mut total = 0;
    for case in ["json.jsonl", "random-json.jsonl"].into_iter().flat_map(cases) {
        let new = references(&case, "references");
        let old = references(
            &case,
            if case.get("previous_references").is_some() {
                "previous_references"
            } else {
                "references"
            },
        );
        let previous = case["previous"].as_array().expect("previous");
        let all = previous.iter().map(|p| (p, &old)).chain([(&case["candidate"], &new)]);
        for (schema, references) in all {
            total += 1;
            if let Err(error) = parse(schema.as_str().expect("text"), references) {
                failures.push(format!("{}: {error}", case["id"]));
            }
        }
    }
    report(&failures, total);
}

#[test]
fn instances_are_judged_as_the_standards_say() {
    let mut failures = Vec::new();
    let cases = cases("validate-json.jsonl");
    for case in &cases {
        let dialect = match text(case, "draft") {
            "draft-04" => Dialect::Draft04,
            "draft-06" => Dialect::Draft06,
            "draft-07" => Dialect::Draft07,
            "2019-09" => Dialect::Draft201909,
            _ => Dialect::Draft202012,
        };
        let instance = serde_json::from_str(text(case, "instance")).expect("instance");
        let verdict = Validator::compile(text(case, "schema"), dialect, &[], &Limits::default())
            .map(|validator| validator.is_valid(&instance));
        if verdict != Ok(case["valid"] == true) {
            failures.push(format!("{verdict:?} {case}"));
        }
    }
    report(&failures, cases.len());
}

/// Compares a candidate with its history as the registry does: newest first, up to the first
/// version that finds something. The answer is the findings, their version, and the messages.
fn judge(case: &Value) -> (Vec<(String, String, String)>, Option<usize>) {
    let new = references(case, "references");
    let own = case.get("previous_references").is_some();
    let old = references(case, if own { "previous_references" } else { "references" });
    let level: CompatibilityLevel = text(case, "level").parse().expect("level");
    let policy: CompatibilityPolicy =
        case.get("policy").and_then(Value::as_str).unwrap_or("STRICT").parse().expect("policy");
    let candidate = parse(text(case, "candidate"), &new).expect("candidate");
    let previous = case["previous"].as_array().expect("previous");
    for (index, earlier) in previous.iter().enumerate().rev() {
        let earlier = parse(earlier.as_str().expect("text"), &old).expect("previous");
        let limits = Limits::default();
        let report = check_version_under(policy, level, &candidate, &earlier, &limits);
        let report = report.expect("a verdict");
        if !report.is_compatible() {
            let found = report.incompatibilities.iter().map(|found| {
                let rule = found.rule.as_str().to_owned();
                (rule, found.path.clone(), found.reader.as_str().to_owned())
            });
            return (found.collect(), Some(index));
        }
        if !level.is_transitive() {
            break;
        }
    }
    (Vec::new(), None)
}

#[test]
fn compatibility_verdicts_and_findings_equal_the_recorded_ones() {
    let mut failures = Vec::new();
    let mut total = 0;
    for case in ["json.jsonl", "random-json.jsonl"].into_iter().flat_map(cases) {
        total += 1;
        let (mut found, version) = judge(&case);
        found.sort();
        let backward = text(&case, "level").starts_with("BACKWARD");
        let wanted = case.get("incompatibilities").and_then(Value::as_array);
        let mut wanted: Vec<(String, String, String)> = wanted
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|want| {
                let direction = want.get("direction").and_then(Value::as_str);
                let backward = direction.map_or(backward, |d| d == "backward");
                let reader = if backward { "new" } else { "old" };
                (text(want, "type").into(), text(want, "path").into(), reader.into())
            })
            .collect();
        wanted.sort();
        let failing = case.get("failing_previous").and_then(Value::as_u64);
        let same_version = failing.is_none_or(|at| version == usize::try_from(at).ok());
        if found != wanted
            || Some(version.is_none()) != case["compatible"].as_bool()
            || !same_version
        {
            failures.push(format!("{} found {found:?} wanted {wanted:?}", case["id"]));
        }
    }
    report(&failures, total);
}
