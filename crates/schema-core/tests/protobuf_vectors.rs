//! Runs the Protobuf rows of the shared vectors, where those are at hand.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail where it stands")]

mod common;

use common::{references, text};
use levada_schema_core::{
    CompatibilityLevel, Limits, ParseError, ResolvedReference, Schema, SchemaType, Validation,
    check_version, protobuf,
};
use serde_json::Value;

/// The Protobuf rows of one file; empty without the vectors.
fn rows(file: &str) -> Vec<Value> {
    common::vectors(file, SchemaType::Protobuf)
}

fn parse(text: &str, references: &[ResolvedReference]) -> Result<Schema, ParseError> {
    common::parse(SchemaType::Protobuf, text, references, Validation::New)
}

fn parse_input(row: &Value) -> Result<Schema, ParseError> {
    parse(text(row, "input"), &references(row, "references"))
}

#[test]
fn valid_schemas_print_the_canonical_text() {
    for row in rows("valid-avro-protobuf.jsonl") {
        let schema = parse_input(&row).unwrap_or_else(|error| panic!("{}: {error}", row["id"]));
        assert_eq!(schema.canonical(), text(&row, "canonical"), "{}", row["id"]);
        let is_refused = row["rejected_when_validate_fields"] == true;
        assert_eq!(schema.field_fault().is_some(), is_refused, "{}", row["id"]);
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

/// What a vector says, or what we say: everything sorted, because the reference's order is that of
/// a hash set.
#[derive(Debug, Default, PartialEq)]
struct Verdict {
    is_compatible: bool,
    incompatibilities: Vec<String>,
    differences: Vec<String>,
    messages: Vec<String>,
}

impl Verdict {
    fn expected(row: &Value) -> Self {
        let list = |key: &str| -> Vec<String> {
            let found = |item: &Value| {
                let version = item["version"].as_u64().map(|version| format!(" in {version}"));
                format!(
                    "{} {} {}{}",
                    text(item, "reader"),
                    text(item, "type"),
                    text(item, "path"),
                    version.unwrap_or_default()
                )
            };
            row[key].as_array().into_iter().flatten().map(found).collect()
        };
        let messages = row["messages"].as_array().into_iter().flatten();
        Self {
            is_compatible: row["compatible"] == true,
            incompatibilities: list("incompatibilities"),
            differences: list("differences"),
            messages: messages.filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        }
        .sorted()
    }

    fn found(row: &Value) -> Self {
        let level: CompatibilityLevel = text(row, "level").parse().expect("a level");
        let candidate = parse(text(row, "candidate"), &references(row, "references"))
            .unwrap_or_else(|error| panic!("{}: candidate: {error}", row["id"]));
        let given = references(row, "previous_references");
        let previous = row["previous"].as_array().expect("previous schemas");
        let mut verdict = Self { is_compatible: true, ..Self::default() };
        for (version, schema) in (1..).zip(previous).collect::<Vec<_>>().into_iter().rev() {
            let schema = parse(schema.as_str().unwrap_or_default(), &given)
                .unwrap_or_else(|error| panic!("{}: version {version}: {error}", row["id"]));
            let suffix = if previous.len() > 1 { format!(" in {version}") } else { String::new() };
            verdict.add(level, &candidate, &schema, version, &suffix);
            if !level.is_transitive() || !verdict.messages.is_empty() {
                break;
            }
        }
        verdict.sorted()
    }

    fn add(
        &mut self,
        level: CompatibilityLevel,
        new: &Schema,
        old: &Schema,
        version: i32,
        suffix: &str,
    ) {
        let limits = Limits::default();
        let report = check_version(level, new, old, &limits).expect("a verdict");
        self.is_compatible &= report.is_compatible();
        self.messages.extend(report.messages(version));
        for found in &report.incompatibilities {
            let (reader, rule) = (found.reader.as_str(), found.rule.as_str());
            self.incompatibilities.push(format!("{reader} {rule} {}{suffix}", found.path));
        }
        let (Schema::Protobuf(new), Schema::Protobuf(old)) = (new, old) else { return };
        let name = level.as_str();
        let mut directions = Vec::new();
        if name.starts_with("FORWARD") || name.starts_with("FULL") {
            directions.push(("old", protobuf::differences(old, new, &limits)));
        }
        if name.starts_with("BACKWARD") || name.starts_with("FULL") {
            directions.push(("new", protobuf::differences(new, old, &limits)));
        }
        for (reader, differences) in directions {
            for found in differences.expect("the differences") {
                let line = format!("{reader} {} {}{suffix}", found.rule.as_str(), found.path);
                self.differences.push(line);
            }
        }
    }

    fn sorted(mut self) -> Self {
        self.incompatibilities.sort();
        self.differences.sort();
        self.messages.sort();
        self
    }
}

#[test]
fn compatibility_finds_exactly_the_expected_differences() {
    let mut failed = Vec::new();
    let mut count = 0;
    for file in ["protobuf.jsonl", "random-protobuf.jsonl"] {
        for row in rows(file) {
            count += 1;
            let (expected, found) = (Verdict::expected(&row), Verdict::found(&row));
            if expected != found {
                failed.push(format!("{}\nexpected {expected:#?}\nfound {found:#?}", row["id"]));
            }
        }
    }
    let examples = failed.iter().take(3).cloned().collect::<Vec<_>>().join("\n");
    assert!(failed.is_empty(), "{} of {count} differ, such as\n{examples}", failed.len());
}

#[test]
fn a_descriptor_says_what_its_text_says() {
    for file in ["protobuf.jsonl", "random-protobuf.jsonl"] {
        for row in rows(file) {
            let given = references(&row, "references");
            // Groups come back as messages, foreign options and imports do not come back.
            let candidate = text(&row, "candidate");
            if [" group ", "[(", "nope.proto"].iter().any(|lost| candidate.contains(lost)) {
                continue;
            }
            let Ok(Schema::Protobuf(schema)) = parse(candidate, &given) else {
                panic!("{}: a valid schema", row["id"])
            };
            let again = parse(&schema.serialized(), &given).expect("a descriptor");
            assert_eq!(again.normalized(), schema.normalized(), "{}", row["id"]);
        }
    }
}
