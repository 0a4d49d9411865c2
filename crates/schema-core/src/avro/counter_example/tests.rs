//! An example, or the lack of one, for each rule.

use crate::{
    CompatibilityLevel, CounterExample, ExampleValue, Limits, NoneExists, RawSchema, Rule, Schema,
    SchemaType, Validation, check_version, counter_example,
};

fn parsed(text: &str) -> Schema {
    let raw = RawSchema { schema_type: SchemaType::Avro, text, references: &[] };
    Schema::parse(raw, Validation::Stored, &Limits::default()).expect(text)
}

/// The rules that `reader` breaks with `writer`, each with its example.
fn examples(reader: &str, writer: &str) -> Vec<(Rule, CounterExample)> {
    let (reader, writer, limits) = (parsed(reader), parsed(writer), Limits::default());
    let report = check_version(CompatibilityLevel::Backward, &reader, &writer, &limits);
    let found = report.expect("a verdict").incompatibilities;
    found
        .iter()
        .map(|found| (found.rule, counter_example(&reader, &writer, found, &limits)))
        .collect()
}

/// The value of the one example of the one finding.
fn value(reader: &str, writer: &str, rule: Rule) -> String {
    let examples = examples(reader, writer);
    match examples.as_slice() {
        [(found, CounterExample::Value(example))] if *found == rule => example.value.clone(),
        other => panic!("{other:?} of {writer} read with {reader}"),
    }
}

fn record(name: &str, fields: &str) -> String {
    format!(r#"{{"type":"record","name":"{name}","fields":[{fields}]}}"#)
}

fn fixed(name: &str, size: u8) -> String {
    format!(r#"{{"type":"fixed","name":"{name}","size":{size}}}"#)
}

fn symbols(symbols: &str) -> String {
    format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]}}"#)
}

#[test]
fn example_has_its_value_its_bytes_and_what_the_reader_says() {
    let writer = record("R", r#"{"name":"a","type":"string"},{"name":"e","type":["null","long"]}"#);
    let reader = record("R", r#"{"name":"a","type":"string"},{"name":"e","type":"long"}"#);
    assert_eq!(
        examples(&reader, &writer),
        vec![(
            Rule::AvroTypeMismatch,
            CounterExample::Value(ExampleValue {
                value: r#"{"a":"","e":null}"#.to_owned(),
                encoded: vec![0, 0],
                refusal: "at e: the reader wants long and cannot make it of null".to_owned(),
            })
        )]
    );
}

#[test]
fn every_rule_has_the_smallest_value_that_shows_it() {
    let both = r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#;
    for (rule, reader, writer, want) in [
        (Rule::AvroNameMismatch, fixed("G", 1), fixed("F", 1), "\"\\u0000\""),
        (Rule::AvroNameMismatch, record("S", ""), record("R", ""), "{}"),
        (Rule::AvroFixedSizeMismatch, fixed("F", 2), fixed("F", 1), "\"\\u0000\""),
        (Rule::AvroMissingEnumSymbols, symbols(r#""A""#), symbols(r#""A","B","C""#), "\"B\""),
        (
            Rule::AvroReaderFieldMissingDefault,
            record("R", both),
            record("R", r#"{"name":"a","type":"int"}"#),
            r#"{"a":0}"#,
        ),
        (Rule::AvroTypeMismatch, "\"int\"".to_owned(), "\"null\"".to_owned(), "null"),
        (
            Rule::AvroMissingUnionBranch,
            r#"["null","int"]"#.to_owned(),
            r#"["null","string"]"#.to_owned(),
            r#"{"string":""}"#,
        ),
        (
            Rule::AvroMissingUnionBranch,
            r#"["null","int"]"#.to_owned(),
            "\"string\"".to_owned(),
            "\"\"",
        ),
        (
            Rule::AvroAmbiguousAlias,
            record("R", r#"{"name":"a","aliases":["b"],"type":"int"}"#),
            record("R", both),
            r#"{"a":0,"b":0}"#,
        ),
    ] {
        assert_eq!(value(&reader, &writer, rule), want, "{rule:?}");
    }
}

#[test]
fn each_of_several_findings_is_refused_for_its_own_reason() {
    let e = |name: &str, symbols: &str| {
        format!(r#"{{"type":"enum","name":"{name}","symbols":[{symbols}]}}"#)
    };
    let fields = |e: &str, more: &str| {
        format!(
            r#"{{"name":"e","type":{e}}},{{"name":"a","type":{{"type":"array","items":{}}}}}{more}"#,
            record("S", more.trim_start_matches(','))
        )
    };
    let writer = record("R", &fields(&e("E", r#""A","B""#), ""));
    let more = r#",{"name":"x","type":"int"},{"name":"y","type":"int"}"#;
    let reader = record("Q", &fields(&e("F", r#""A""#), more));
    let outcomes: Vec<_> = examples(&reader, &writer)
        .into_iter()
        .map(|(_, example)| example.value().map(|it| (it.value, it.refusal)).expect("an example"))
        .collect();
    let outcome = |value: &str, refusal: &str| (value.to_owned(), refusal.to_owned());
    let missing = |at: &str, record: &str, field: &str| {
        format!(
            "{at}the reader's record {record} needs a field \"{field}\", which is not written and \
             has no default"
        )
    };
    let (plain, one) = (r#"{"e":"A","a":[]}"#, r#"{"e":"A","a":[{}]}"#);
    assert_eq!(
        outcomes,
        vec![
            outcome(
                plain,
                "the writer's record R is Q to the reader, which has no alias for it (a reader \
                 that overlooks the names of records, as Avro Java's, may go on)"
            ),
            outcome(
                r#"{"e":"B","a":[]}"#,
                "at e: the writer's enum E is F to the reader, which has no alias for it"
            ),
            outcome(
                r#"{"e":"B","a":[]}"#,
                "at e: the reader's enum F has no symbol \"B\" and no default"
            ),
            outcome(one, &missing("at a[]: ", "S", "x")),
            outcome(one, &missing("at a[]: ", "S", "y")),
            outcome(plain, &missing("", "Q", "x")),
            outcome(plain, &missing("", "Q", "y")),
        ]
    );
}

#[test]
fn enum_with_a_default_that_is_not_written_breaks_as_a_missing_field() {
    let reader = record(
        "R",
        r#"{"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}}"#,
    );
    assert_eq!(value(&reader, &record("R", ""), Rule::AvroTypeMismatch), "{}");
}

#[test]
fn value_leads_through_arrays_maps_unions_and_records_to_the_place() {
    let around = |inner: &str| {
        record(
            "R",
            &format!(
                r#"{{"name":"id","type":"long"}},{{"name":"a","type":{{"type":"array","items":
                {{"type":"map","values":["null",{inner}]}}}}}}"#
            ),
        )
    };
    let (reader, writer) = (around(&fixed("F", 2)), around(&fixed("F", 1)));
    assert_eq!(
        value(&reader, &writer, Rule::AvroMissingUnionBranch),
        r#"{"id":0,"a":[{"key":{"F":"\u0000"}}]}"#
    );
}

#[test]
fn branch_that_is_taken_and_fails_further_inside_is_shown_from_inside() {
    let inner = |symbols: &str| {
        let e = format!(r#"{{"name":"e","type":{}}}"#, self::symbols(symbols));
        format!(r#"["null",{}]"#, record("R", &e))
    };
    assert_eq!(
        value(&inner(r#""A""#), &inner(r#""A","B""#), Rule::AvroMissingUnionBranch),
        r#"{"R":{"e":"B"}}"#
    );
}

#[test]
fn finding_that_the_reference_repeats_with_the_path_of_the_first_visit_has_its_example_too() {
    let pair = |size: u8| {
        record(
            "R",
            &format!(
                r#"{{"name":"a","type":["null",{}]}},{{"name":"b","type":"F"}}"#,
                fixed("F", size)
            ),
        )
    };
    let found: Vec<_> = examples(&pair(2), &pair(1))
        .into_iter()
        .map(|(rule, example)| (rule, example.value().expect("an example").value))
        .collect();
    assert_eq!(
        found,
        vec![
            (Rule::AvroMissingUnionBranch, r#"{"a":{"F":"\u0000"},"b":"\u0000"}"#.to_owned()),
            (Rule::AvroFixedSizeMismatch, r#"{"a":null,"b":"\u0000"}"#.to_owned()),
        ]
    );
}

#[test]
fn recursive_types_give_a_finite_value() {
    let list = |of: &str| {
        record("L", &format!(r#"{{"name":"next","type":["null","L"]}},{{"name":"v","type":{of}}}"#))
    };
    assert_eq!(
        value(&list("\"int\""), &list("\"long\""), Rule::AvroTypeMismatch),
        r#"{"next":null,"v":0}"#
    );
}

/// The writer has no value, there or at all, or the reference is stricter than a reader.
#[test]
fn finding_without_an_example_says_so_and_proven_ones_why() {
    let nothing = CounterExample::NoneExists(NoneExists::WriterAllowsNothing);
    let endless = |size| {
        record(
            "R",
            &format!(r#"{{"name":"r","type":"R"}},{{"name":"f","type":{}}}"#, fixed("F", size)),
        )
    };
    let own_alias = record("R", r#"{"name":"a","aliases":["a"],"type":"int"}"#);
    let aliased = r#"{"type":"fixed","name":"n.G","aliases":[".F"],"size":1}"#;
    // The alias takes the writer's field away from the field of that name, which has a default.
    let taken = record(
        "R",
        r#"{"name":"b","type":"int","default":0},{"name":"a","aliases":["b"],"type":"string"}"#,
    );
    let branch =
        |size| record("U", &format!(r#"{{"name":"u","type":["null",{}]}}"#, endless(size)));
    let written = record("R", r#"{"name":"b","type":"string"}"#);
    let unproven = CounterExample::NotFound;
    for (rule, reader, writer, outcome) in [
        (Rule::AvroFixedSizeMismatch, endless(1), endless(2), &nothing),
        (Rule::AvroMissingUnionBranch, branch(1), branch(2), &nothing),
        (Rule::AvroAmbiguousAlias, own_alias.clone(), own_alias, &unproven),
        (Rule::AvroNameMismatch, aliased.to_owned(), fixed("F", 1), &unproven),
        (Rule::AvroTypeMismatch, taken, written, &unproven),
    ] {
        let found = examples(&reader, &writer);
        assert_eq!(found, vec![(rule, outcome.clone())], "{writer} read with {reader}");
    }
}

/// The reference lets each of these pass, and so must the verdict, although reading fails.
#[test]
fn verdict_is_looser_than_a_reader_in_known_places() {
    let writer = record("R", r#"{"name":"b","type":"int"}"#);
    // Two fields of the reader would have one field of the writer.
    let alias =
        record("R", r#"{"name":"a","aliases":["b"],"type":"int"},{"name":"b","type":"int"}"#);
    let symbol =
        record("R", &format!(r#"{{"name":"e","type":{},"default":"Z"}}"#, symbols("\"A\"")));
    // The full name decides which branch takes the value, and not which one could.
    let e = |name: &str, symbol: &str| {
        format!(r#"{{"type":"enum","name":"{name}","symbols":["{symbol}"]}}"#)
    };
    let branch = format!("[{},{}]", e("a.E", "A"), e("b.E", "B"));
    for (reader, writer, refusal) in [
        (
            alias,
            writer.clone(),
            "the reader's record R needs a field \"b\", which is not written and has no default",
        ),
        (symbol, writer, "the default of the reader's field \"e\" is no value of its type (enum)"),
        (branch, e("b.E", "A"), "the reader's enum b.E has no symbol \"A\" and no default"),
    ] {
        assert_eq!(examples(&reader, &writer), vec![], "{reader}");
        let (Schema::Avro(reader), Schema::Avro(writer)) = (parsed(&reader), parsed(&writer))
        else {
            panic!("both are Avro");
        };
        let read = reader.decode(&writer, &[0], &Limits::default());
        assert_eq!(read.map_err(|error| error.to_string()), Err(refusal.to_owned()));
    }
}

#[test]
fn search_ends_at_its_limits() {
    let nested = |inner: &str| {
        (0..20).fold(inner.to_owned(), |inner, _| format!(r#"{{"type":"array","items":{inner}}}"#))
    };
    let (reader, writer) = (parsed(&nested("\"int\"")), parsed(&nested("\"long\"")));
    let limits = Limits::default();
    let report = check_version(CompatibilityLevel::Backward, &reader, &writer, &limits);
    let found = report.expect("a verdict").incompatibilities;
    let tried = |limits: Limits| counter_example(&reader, &writer, &found[0], &limits);
    assert!(matches!(tried(limits), CounterExample::Value(_)));
    let unknown = CounterExample::NotFound;
    assert_eq!(tried(Limits { pairs_max: 10, ..limits }), unknown, "too many pairs");
    assert_eq!(tried(Limits { depth_max: 10, ..limits }), unknown, "too deep");
}

#[test]
fn value_that_would_be_too_large_is_not_built() {
    // Every record holds the next one twice, which makes 2^40 values of the innermost.
    let twice = |inner: String, level: u8| {
        record(
            &format!("R{level}"),
            &format!(r#"{{"name":"a","type":{inner}}},{{"name":"b","type":"R{}"}}"#, level + 1),
        )
    };
    let end = record("R40", r#"{"name":"v","type":"int"}"#);
    let writer = (0..40).rev().fold(end, twice);
    let huge = fixed("F", 1).replace(":1", ":1000000000");
    let root = |of: &str, name: &str| record(name, &format!(r#"{{"name":"r","type":{of}}}"#));
    for writer in [root(&writer, "W"), root(&huge, "W")] {
        let reader = writer.replacen('W', "X", 1);
        assert_eq!(
            examples(&reader, &writer),
            vec![(Rule::AvroNameMismatch, CounterExample::NotFound)]
        );
    }
}
