//! Which findings have a counter-example: those of the corpus, and how many of the shared vectors'
//! where those are at hand. `COUNTER_EXAMPLES=1` measures over the random vectors too and prints all.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail where it stands")]
#![allow(clippy::print_stdout, reason = "the counts are what a measurement is run for")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{parse, references, text};
use levada_schema_core::{
    CompatibilityLevel, CompatibilityPolicy, CounterExample, ExampleValue, Incompatibility, Limits,
    NoneExists, Reference, ResolvedReference, Schema, SchemaType, Side, Validation,
    check_version_under, counter_example,
};
use serde_json::Value;

/// A finding of a row, with what shows it.
struct Shown {
    id: String,
    found: Incompatibility,
    example: CounterExample,
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

/// What findings came to, or incompatible pairs as their best finding did.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    shown: usize,
    none_exists: usize,
    not_found: usize,
}

impl Counts {
    fn add(&mut self, example: &CounterExample) {
        match example {
            CounterExample::Value(_) => self.shown += 1,
            CounterExample::NoneExists(_) => self.none_exists += 1,
            CounterExample::NotFound => self.not_found += 1,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            shown: self.shown + other.shown,
            none_exists: self.none_exists + other.none_exists,
            not_found: self.not_found + other.not_found,
        }
    }

    /// The share in percent of those shown among those that a value may show.
    fn share(self) -> f64 {
        let [shown, all] = [self.shown, self.shown + self.not_found]
            .map(|count| f64::from(u32::try_from(count).expect("few")));
        if all == 0.0 { 100.0 } else { shown * 100.0 / all }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { shown, none_exists, not_found } = self;
        let share = self.share();
        write!(
            f,
            "{shown} shown, {none_exists} that nothing shows, {not_found} not found: {share:.1} %"
        )
    }
}

/// Counts over a file of vectors, and with `COUNTER_EXAMPLES` set also over the random ones; then
/// all of it is printed, the counts by rule.
fn measure(format: SchemaType, file: &str) -> Counts {
    let wants_all = std::env::var_os("COUNTER_EXAMPLES").is_some();
    let random = format!("random-{file}");
    let files = if wants_all { vec![file, random.as_str()] } else { vec![file] };
    let mut total = Counts::default();
    for file in files {
        let mut by_rule: BTreeMap<&str, Counts> = BTreeMap::new();
        for row in common::vectors(file, format) {
            for Shown { id, found, example } in shown(&row, format).into_iter().flatten() {
                by_rule.entry(found.rule.as_str()).or_default().add(&example);
                if wants_all {
                    println!("{id} {} {}: {example:?}", found.rule.as_str(), found.path);
                }
            }
        }
        for (rule, counts) in &by_rule {
            println!("{rule}: {counts}");
        }
        let all = by_rule.values().fold(Counts::default(), |sum, counts| sum.plus(*counts));
        println!("{format}, {file}: {all}");
        total = total.plus(all);
    }
    total
}

#[test]
fn nearly_every_protobuf_finding_has_a_counter_example() {
    let counts = measure(SchemaType::Protobuf, "protobuf.jsonl");
    assert!(counts.share() >= 95.0, "{counts}");
}

#[test]
fn most_json_findings_have_a_counter_example() {
    let counts = measure(SchemaType::Json, "json.jsonl");
    assert!(counts.share() >= 85.0, "{counts}");
}

const TAKES_ALL: CounterExample = CounterExample::NoneExists(NoneExists::ReaderTakesAll);
const NOT_ON_THE_WIRE: CounterExample = CounterExample::NoneExists(NoneExists::NotOnTheWire);

/// The findings of the corpus that no value shows: case, rule, what is known, and why.
const SHOWN_BY_NOTHING: [(&str, &str, CounterExample, &str); 14] = [
    (
        "json/COMBINED_TYPE_CHANGED/any-to-one",
        "COMBINED_TYPE_CHANGED",
        TAKES_ALL,
        "no value is of two types",
    ),
    ("json/ENUM_ARRAY_CHANGED/const-of-another-kind", "ENUM_ARRAY_CHANGED", TAKES_ALL, "1.0 is 1"),
    (
        "json/PATTERN_CHANGED/another-text",
        "PATTERN_CHANGED",
        CounterExample::NotFound,
        "both match the same texts",
    ),
    (
        "json/SUM_TYPE_NARROWED/member_of_two_parts_is_no_duplicate",
        "SUM_TYPE_NARROWED",
        CounterExample::NoneExists(NoneExists::WriterAllowsNothing),
        "a string is valid for both members of oneOf, so for none alone",
    ),
    (
        "json/UNEVALUATED_PROPERTIES_NARROWED/even-true",
        "UNEVALUATED_PROPERTIES_NARROWED",
        TAKES_ALL,
        "true is no restriction",
    ),
    (
        "protobuf/FIELD_KIND_CHANGED/repeated_entry_without_the_option",
        "FIELD_KIND_CHANGED",
        TAKES_ALL,
        "a map is the list of its entries",
    ),
    (
        "protobuf/FIELD_NAMED_TYPE_CHANGED/inner_type_shadows",
        "FIELD_NAMED_TYPE_CHANGED",
        TAKES_ALL,
        "alike but for the name of the type",
    ),
    (
        "protobuf/FIELD_NAMED_TYPE_CHANGED/other_message",
        "FIELD_NAMED_TYPE_CHANGED",
        TAKES_ALL,
        "alike but for the name of the type",
    ),
    (
        "protobuf/FIELD_NUMERIC_LABEL_CHANGED/enum",
        "FIELD_NUMERIC_LABEL_CHANGED",
        TAKES_ALL,
        "one is a list of one",
    ),
    (
        "protobuf/FIELD_NUMERIC_LABEL_CHANGED/optional_to_repeated",
        "FIELD_NUMERIC_LABEL_CHANGED",
        TAKES_ALL,
        "one is a list of one",
    ),
    (
        "protobuf/MESSAGE_REMOVED/moved_into_an_import",
        "MESSAGE_REMOVED",
        TAKES_ALL,
        "the reader has the message, in another file",
    ),
    (
        "protobuf/MESSAGE_REMOVED/nested_one_moved_to_the_top",
        "FIELD_NAMED_TYPE_CHANGED",
        TAKES_ALL,
        "alike but for the name of the type",
    ),
    ("protobuf/PACKAGE_CHANGED/appeared", "PACKAGE_CHANGED", NOT_ON_THE_WIRE, "only a name"),
    ("protobuf/PACKAGE_CHANGED/renamed", "PACKAGE_CHANGED", NOT_ON_THE_WIRE, "only a name"),
];

/// A side of a corpus case, with the file that it may import.
fn corpus_schema(case: &Path, side: &str, format: SchemaType, version: i32) -> Schema {
    let extension = if format == SchemaType::Json { "json" } else { "proto" };
    let read = |name: String| std::fs::read_to_string(case.join(name));
    let imported = read(format!("{side}.dep.{extension}"));
    let reference = Reference { name: "dep.proto".to_owned(), subject: "dep".to_owned(), version };
    let references: Vec<_> =
        imported.map(|text| ResolvedReference { reference, text }).into_iter().collect();
    let text = read(format!("{side}.{extension}")).expect("a schema file");
    parse(format, &text, &references, Validation::New).expect("a valid schema")
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).expect("a folder");
    let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

/// An instance is valid for the writer and not for the reader.
fn assert_refused(reader: &Schema, writer: &Schema, example: &ExampleValue) {
    assert!(!example.refusal.is_empty(), "{example:?}");
    if let (Schema::Json(reader), Schema::Json(writer)) = (reader, writer) {
        let instance = serde_json::from_slice(&example.encoded).expect("an instance");
        assert!(writer.validator().expect("a validator").is_valid(&instance), "{example:?}");
        assert!(!reader.validator().expect("a validator").is_valid(&instance), "{example:?}");
    }
}

#[test]
fn the_findings_of_the_corpus_have_counter_examples() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/compat");
    let mut without = Vec::new();
    for (folder, format) in [("json", SchemaType::Json), ("protobuf", SchemaType::Protobuf)] {
        for case in folders(&corpus.join(folder)).iter().flat_map(|rule| folders(rule)) {
            let expected = std::fs::read_to_string(case.join("expect.json")).expect("expect.json");
            let expected: Value = serde_json::from_str(&expected).expect("JSON in expect.json");
            let version = if expected["same_reference_version"] == true { 1 } else { 2 };
            let reader = corpus_schema(&case, "reader", format, version);
            let writer = corpus_schema(&case, "writer", format, 1);
            let policy = expected["policy"].as_str().unwrap_or("STRICT").parse().expect("a policy");
            let (level, limits) = (CompatibilityLevel::Backward, Limits::default());
            let report = check_version_under(policy, level, &reader, &writer, &limits);
            for found in report.expect("a verdict").incompatibilities {
                match counter_example(&reader, &writer, &found, &limits) {
                    CounterExample::Value(example) => assert_refused(&reader, &writer, &example),
                    known => {
                        let name = case.strip_prefix(&corpus).expect("a case").display();
                        without.push((name.to_string(), found.rule.as_str(), known));
                    }
                }
            }
        }
    }
    let known = SHOWN_BY_NOTHING.map(|(case, rule, known, _)| (case.to_owned(), rule, known));
    assert_eq!(without, known);
}
