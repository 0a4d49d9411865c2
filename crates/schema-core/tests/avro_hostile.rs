//! Avro texts made to break the reader: each must end in an answer or a clean error.
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

use levada_schema_core::{CheckError, CompatibilityLevel, Limits, ParseError, ParseErrorKind};
use levada_schema_core::{RawSchema, Rule, Schema, SchemaType, Validation, check_version};

fn parse(text: &str) -> Result<Schema, ParseError> {
    let raw = RawSchema { schema_type: SchemaType::Avro, text, references: &[] };
    Schema::parse(raw, Validation::New, &Limits::default())
}

fn parsed(text: &str) -> Schema {
    parse(text).expect("a valid schema")
}

fn refused(text: &str) -> ParseErrorKind {
    parse(text).map(|_| ()).expect_err("a refusal").kind
}

/// The rules that a backward check finds broken.
fn broken(reader: &Schema, writer: &Schema) -> Result<Vec<Rule>, CheckError> {
    check_version(CompatibilityLevel::Backward, reader, writer, &Limits::default())
        .map(|report| report.incompatibilities.iter().map(|found| found.rule).collect())
}

const TOO_COMPLEX: CheckError = CheckError::TooComplex(400_000);

/// A union of records, each with the fields that `fields` gives it by its number.
fn records(count: usize, fields: impl Fn(usize) -> String) -> String {
    let records: Vec<String> = (0..count)
        .map(|i| format!(r#"{{"type":"record","name":"R{i}","fields":[{}]}}"#, fields(i)))
        .collect();
    format!("[{}]", records.join(","))
}

fn field(name: &str, field_type: &str) -> String {
    format!(r#"{{"name":"{name}","type":{field_type}}}"#)
}

fn nested_arrays(depth: usize, innermost: &str) -> String {
    format!("{}{innermost}{}", r#"{"type":"array","items":"#.repeat(depth), "}".repeat(depth))
}

#[test]
fn nesting_beyond_the_limit_is_a_clean_error() {
    assert_eq!(refused(&nested_arrays(10_000, "\"int\"")), ParseErrorKind::TooLarge);
    assert_eq!(refused(&"[".repeat(100_000)), ParseErrorKind::TooLarge);
}

#[test]
fn nesting_up_to_the_limit_works_throughout() {
    let (int, long) = (nested_arrays(500, "\"int\""), nested_arrays(500, "\"long\""));
    let (int, long) = (parsed(&int), parsed(&long));
    assert_eq!(int.normalized(), int.canonical());
    assert!(!int.is_equivalent(&long));
    assert_eq!(broken(&long, &int), Ok(Vec::new()));
    assert_eq!(broken(&int, &long), Ok(vec![Rule::AvroTypeMismatch]));
}

#[test]
fn definitions_that_nest_too_deep_once_written_out_are_refused() {
    let forward = records(3_000, |i| match i {
        2_999 => field("f", "\"int\""),
        _ => field("f", &format!("\"R{}\"", i + 1)),
    });
    assert_eq!(refused(&forward), ParseErrorKind::TooLarge);
}

#[test]
fn long_chains_of_references_compare_and_print() {
    let chain = |innermost: &str| {
        parsed(&records(200, |i| match i {
            0 => field("f", innermost),
            _ => field("f", &format!("\"R{}\"", i - 1)),
        }))
    };
    let (int, long) = (chain("\"int\""), chain("\"long\""));
    assert_eq!(broken(&long, &int), Ok(Vec::new()));
    assert_eq!(broken(&int, &long), Ok(vec![Rule::AvroMissingUnionBranch; 200]));
    assert!(int.is_equivalent(&chain("\"int\"")));
}

#[test]
fn message_about_a_deep_writer_record_is_printed_whole() {
    let last = 900;
    let chain = records(last, |i| match i {
        0 => field("f", "\"int\""),
        _ => field("f", &format!("\"R{}\"", i - 1)),
    });
    let top = |aliases: &str| {
        let wide = format!(
            r#"{{"type":"record","name":"W","fields":[{{"name":"c","type":"int"{aliases}}},{},{},{}]}}"#,
            field("a", "\"int\""),
            field("u", &chain),
            field("b", &format!("\"R{}\"", last - 1)),
        );
        parsed(&wide)
    };
    let found = broken(&top(r#","aliases":["a"]"#), &top(""));
    assert_eq!(found, Ok(vec![Rule::AvroAmbiguousAlias]));
}

#[test]
fn exponentially_shared_types_are_compared_once_and_reported_within_the_budget() {
    let shared = |innermost: &str| {
        let union = records(64, |i| {
            if i == 0 {
                return field("a", innermost);
            }
            let before = format!("\"R{}\"", i - 1);
            format!("{},{}", field("a", &before), field("b", &before))
        });
        let (union, top) = (field("u", &union), field("top", "\"R63\""));
        parsed(&format!(r#"{{"type":"record","name":"Top","fields":[{union},{top}]}}"#))
    };
    let (int, text) = (shared("\"int\""), shared("\"string\""));
    assert_eq!(broken(&int, &int), Ok(Vec::new()));
    // Every level doubles the findings that the one below repeats.
    assert_eq!(broken(&int, &text), Err(TOO_COMPLEX));
}

#[test]
fn exponentially_nested_defaults_are_refused() {
    let nested = records(64, |i| {
        if i == 0 {
            return r#"{"name":"a","type":"int","default":0}"#.to_owned();
        }
        let inner = i - 1;
        format!(
            r#"{{"name":"a","type":"R{inner}","default":{{}}}},{{"name":"b","type":"R{inner}","default":{{}}}}"#
        )
    });
    assert_eq!(refused(&nested), ParseErrorKind::TooLarge);
}

#[test]
fn recursive_types_compare_in_finite_time() {
    let tree = |leaf: &str| {
        parsed(&format!(
            r#"{{"type":"record","name":"T","fields":[{},{},{}]}}"#,
            field("self", "\"T\""),
            field("many", r#"{"type":"array","items":["null","T"]}"#),
            field("leaf", leaf),
        ))
    };
    assert_eq!(broken(&tree("\"long\""), &tree("\"int\"")), Ok(Vec::new()));
    assert_eq!(broken(&tree("\"int\""), &tree("\"long\"")), Ok(vec![Rule::AvroTypeMismatch]));
}

#[test]
fn cycles_of_different_length_meet_every_pair_once() {
    let cycle = |length: usize| {
        let text = records(length, |i| field("next", &format!("\"R{}\"", (i + 1) % length)));
        format!(r#"{{"type":"record","name":"Top","fields":[{}]}}"#, field("u", &text))
    };
    let (short, long) = (parsed(&cycle(97)), parsed(&cycle(101)));
    let found = broken(&short, &long).expect("a verdict");
    assert_eq!(found, vec![Rule::AvroMissingUnionBranch; 101]);
}

#[test]
fn huge_unions_end_in_a_verdict_or_at_the_budget() {
    let union = |count: usize| parsed(&records(count, |i| field(&format!("f{i}"), "\"int\"")));
    let (wide, wider) = (union(300), union(1_000));
    assert_eq!(broken(&wide, &wide), Ok(Vec::new()));
    assert_eq!(broken(&wider, &wider), Err(TOO_COMPLEX));
}

#[test]
fn too_many_types_are_a_clean_error() {
    let many: Vec<&str> = vec!["\"int\""; 60_000];
    assert_eq!(refused(&format!("[{}]", many.join(","))), ParseErrorKind::TooLarge);
}

#[test]
fn names_that_lead_nowhere_are_unresolved() {
    let text = r#"{"type":"record","name":"a.R","fields":[{"name":"f","type":"Missing"}]}"#;
    let error = parse(text).map(|_| ()).expect_err("a refusal");
    assert_eq!(
        (error.kind, error.to_string().as_str()),
        (
            ParseErrorKind::UnresolvedName,
            "unknown type \"a.Missing\": neither the schema nor its references define it (line 1, column 60)"
        )
    );
}
