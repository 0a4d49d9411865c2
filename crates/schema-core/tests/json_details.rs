//! Details of JSON schemas that only show in odd company: what counts as a duplicate, which numbers
//! are equal, what a schema inside another one may name.
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

use levada_schema_core::{
    CompatibilityLevel, Limits, ParseError, RawSchema, Reference, ResolvedReference, Schema,
    SchemaType, Validation, check_version,
};

const MODERN: &str = "https://json-schema.org/draft/2020-12/schema";

fn parse_with(text: &str, references: &[ResolvedReference]) -> Result<Schema, ParseError> {
    let raw = RawSchema { schema_type: SchemaType::Json, text, references };
    Schema::parse(raw, Validation::New, &Limits::default())
}

fn parse(text: &str) -> Result<Schema, ParseError> {
    parse_with(text, &[])
}

fn reference(name: &str, text: &str) -> ResolvedReference {
    let reference = Reference { name: name.to_owned(), subject: name.to_owned(), version: 1 };
    ResolvedReference { reference, text: text.to_owned() }
}

/// `{"$schema":...,` and the rest of a schema of the newer dialects.
fn modern(rest: &str) -> String {
    format!(r#"{{"$schema":"{MODERN}",{rest}}}"#)
}

/// The rules that `new` breaks as the reader of what `old` wrote.
fn broken(old: &str, new: &str) -> Vec<&'static str> {
    let (old, new) = (parse(old).expect(old), parse(new).expect(new));
    let level = CompatibilityLevel::Backward;
    let report = check_version(level, &new, &old, &Limits::default()).expect("a verdict");
    report.incompatibilities.iter().map(|found| found.rule.as_str()).collect()
}

#[test]
fn members_that_print_alike_are_one_whatever_their_kinds() {
    for (single, twins) in [
        (r#"{"allOf":[{}]}"#, r#"{"allOf":[{},{"additionalProperties":true}]}"#),
        (r#"{"allOf":[{}]}"#, r#"{"allOf":[{},{"format":"of-no-known-kind"}]}"#),
        (
            r#"{"$schema":"http://json-schema.org/draft-06/schema#","allOf":[{}]}"#,
            r#"{"$schema":"http://json-schema.org/draft-06/schema#","allOf":[{},{"format":"date"}]}"#,
        ),
        (r#"{"allOf":[{"items":[]}]}"#, r#"{"allOf":[{"items":[]},{"properties":{}}]}"#),
    ] {
        assert_eq!(broken(single, twins), [""; 0], "{twins}");
    }
    let numbers = r#"{"allOf":[{"maximum":1.0},{"maximum":1}]}"#;
    assert_eq!(broken(r#"{"allOf":[{"maximum":1}]}"#, numbers), [""; 0]);
    let types = modern(
        r#""allOf":[{"type":["null","string"]},{"anyOf":[{"type":"null"},{"type":"string"}]}]"#,
    );
    assert_eq!(broken(&modern(r#""allOf":[{"type":["null","string"]}]"#), &types), [""; 0]);
}

#[test]
fn meta_schemas_of_the_old_drafts_ask_for_distinct_values_of_enum() {
    for (draft, items) in [("04", ""), ("06", ""), ("07", r#""items":true,"#)] {
        let dialect = format!("http://json-schema.org/draft-{draft}/schema#");
        let schema = |of: String| format!(r#"{{"$schema":"{dialect}","properties":{{"v":{of}}}}}"#);
        let values = |bounds: &str| schema(format!(r#"{{"type":"array",{items}{bounds}}}"#));
        let named = schema(format!(r#"{{"$ref":"{dialect}/properties/enum"}}"#));
        let own = values(r#""uniqueItems":true,"minItems":1"#);
        assert_eq!(broken(&own, &named), [""; 0], "{draft}");
        assert_eq!(broken(&named, &own), [""; 0], "{draft}");
        let wider = values(r#""minItems":0"#);
        assert_eq!(broken(&wider, &named), ["UNIQUE_ITEMS_ADDED", "MIN_ITEMS_INCREASED"]);
    }
}

#[test]
fn members_that_print_apart_are_two() {
    let single = r#"{"allOf":[{"type":"string"}]}"#;
    for pair in [
        r#"{"allOf":[{"type":"string"},{"type":"string","readOnly":true}]}"#,
        r#"{"allOf":[{"type":"string"},{"type":"string","format":"date"}]}"#,
    ] {
        assert_eq!(broken(single, pair), ["PRODUCT_TYPE_EXTENDED"], "{pair}");
    }
}

#[test]
fn newer_dialects_keep_whole_32_bits_of_numbers_inside_values() {
    let constant = |value: &str| modern(&format!(r#""const":{value}"#));
    assert_eq!(broken(&constant(r#"{"a":1.5}"#), &constant(r#"{"a":1}"#)), [""; 0]);
    assert_eq!(broken(&constant("[18446744073709551617]"), &constant("[1]")), [""; 0]);
    assert_eq!(broken(&constant("[5000000000]"), &constant("[705032704]")), ["ENUM_ARRAY_CHANGED"]);
    assert_eq!(broken(&constant("1.50"), &constant("1.5")), ["ENUM_ARRAY_CHANGED"]);
    let older = r#"{"const":{"a":1.5}}"#;
    assert_eq!(broken(older, &constant(r#"{"a":1.5}"#)), ["ENUM_ARRAY_CHANGED"]);
}

#[test]
fn unknown_keywords_spare_what_refers_back_while_definitions_are_read() {
    let schema = |beyond: &str, rest: &str| {
        let own = r##""properties":{"p":{"prefixItems":[{"$ref":"#"}]}},"unevaluatedProperties""##;
        modern(&format!("{own}:{beyond}{rest}"))
    };
    let old = schema(r#"{"minLength":2}"#, r#","definitions":{"D":{}}"#);
    let new = schema(r#"{"anyOf":[]}"#, "");
    let found = broken(&old, &new);
    assert!(found.contains(&"UNEVALUATED_PROPERTIES_NARROWED"), "{found:?}");
    assert!(found.contains(&"TYPE_CHANGED"), "{found:?}");
}

#[test]
fn schemas_inside_newer_ones_name_dialects_that_are_there() {
    let inside = |dialect: &str| modern(&format!(r#""not":{{"$schema":{dialect}}}"#));
    for known in [
        format!("\"{MODERN}\""),
        "\"http://json-schema.org/draft-07/schema#\"".to_owned(),
        "\"https://json-schema.org/draft/2019-09/schema\"".to_owned(),
    ] {
        assert!(parse(&inside(&known)).is_ok(), "{known}");
    }
    for unknown in ["\"https://example.com/dialect\"", "\"a\"", "\"%\"", "7"] {
        assert!(parse(&inside(unknown)).is_err(), "{unknown}");
    }
    let own = [reference("own.json", r#"{"$vocabulary":{"https://example.com/v":true}}"#)];
    assert!(parse_with(&inside("\"own.json\""), &own).is_ok());
    for broken in ["true", r#"{"$vocabulary":{"https://example.com/v":1}}"#] {
        assert!(parse_with(&inside("\"own.json\""), &[reference("own.json", broken)]).is_err());
    }
    // Not asked: what a `$ref` leads to, and the older dialects.
    let target = modern(r##""x":{"$schema":"a"},"$ref":"#/x""##);
    assert!(parse(&target).is_ok());
    assert!(parse(r#"{"not":{"$schema":"a"}}"#).is_ok());
}

#[test]
fn older_dialects_want_multiples_of_a_double_that_is_not_0() {
    for refused in ["0", "0.0", "1e-400", "1e400"] {
        assert!(parse(&format!(r#"{{"multipleOf":{refused}}}"#)).is_err(), "{refused}");
        assert!(parse(&modern(&format!(r#""multipleOf":{refused}"#))).is_ok(), "{refused}");
    }
    assert!(parse(r#"{"multipleOf":1e-300}"#).is_ok());
}

#[test]
fn a_reference_in_older_dialects_wants_every_id_of_the_document_to_be_a_uri() {
    let with = |reference: &str| format!(r#"{{{reference}"enum":[{{"x":[{{"$id":"a b"}}]}}]}}"#);
    assert!(parse(&with("")).is_ok());
    assert!(parse(&with(r##""not":{"$ref":"#"},"##)).is_err());
    assert!(parse(&with(r##""not":{"$ref":"#"},"##).replace("a b", "ab")).is_ok());
}

#[test]
fn slashes_that_end_a_pointer_do_not_count_in_older_dialects() {
    for pointer in ["#/", "#/definitions/A/", "#/definitions/A//"] {
        let body = format!(r#""definitions":{{"A":{{}}}},"allOf":[{{"$ref":"{pointer}"}}]"#);
        assert!(parse(&format!("{{{body}}}")).is_ok(), "{pointer}");
        assert!(parse(&modern(&body)).is_err(), "{pointer}");
    }
    assert!(parse(r##"{"allOf":[{"$ref":"#//"}],"":{"":{}}}"##).is_ok());
}
