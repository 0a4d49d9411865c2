//! What registering a JSON schema accepts and refuses, dialect by dialect.
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

use levada_schema_core::{
    CompatibilityLevel, Limits, ParseError, ParseErrorKind, RawSchema, Reference,
    ResolvedReference, Schema, SchemaType, Validation, check_version,
};
use serde_json::{Value, json};

const DRAFT_4: &str = "http://json-schema.org/draft-04/schema#";
const DRAFT_7: &str = "http://json-schema.org/draft-07/schema#";
const MODERN: &str = "https://json-schema.org/draft/2020-12/schema";

fn parse(schema: &Value, references: &[(&str, Value)]) -> Result<Schema, ParseError> {
    let references: Vec<_> = references
        .iter()
        .map(|(name, schema)| ResolvedReference {
            reference: Reference { name: (*name).into(), subject: (*name).into(), version: 1 },
            text: schema.to_string(),
        })
        .collect();
    let text = schema.to_string();
    let raw = RawSchema { schema_type: SchemaType::Json, text: &text, references: &references };
    Schema::parse(raw, Validation::New, &Limits::default())
}

fn accepts(dialect: &str, mut schema: Value, references: &[(&str, Value)]) -> bool {
    schema["$schema"] = json!(dialect);
    parse(&schema, references).is_ok()
}

#[test]
fn whole_number_is_what_is_printed_as_one() {
    let takes = |number: &str| {
        let text = format!(r#"{{"$schema":"{DRAFT_7}","maxItems":{number}}}"#);
        let raw = RawSchema { schema_type: SchemaType::Json, text: &text, references: &[] };
        Schema::parse(raw, Validation::New, &Limits::default()).is_ok()
    };
    for number in ["7", "7e0", "0.7e1", "7.0e+1", "-0e0", "214748364.7e1"] {
        assert!(takes(number), "{number}");
    }
    for number in ["7.0", "7e1", "70e-1", "7.5", "2147483648e0"] {
        assert!(!takes(number), "{number}");
    }
}

#[test]
fn dialects_differ_in_what_they_check() {
    // The keyword, and whether drafts 04, 07 and 2020-12 take it.
    for (schema, wanted) in [
        (json!({"minLength": 1.5}), [false, false, true]),
        (json!({"multipleOf": 0}), [false, false, true]),
        (json!({"minimum": 1, "exclusiveMinimum": true}), [true, false, false]),
        (json!({"exclusiveMinimum": 1}), [false, true, true]),
        (json!({"items": [{"type": "string"}]}), [true, true, false]),
        (json!({"items": true}), [false, true, true]),
        (json!({"prefixItems": {}}), [true, true, false]),
        (json!({"additionalItems": "x"}), [false, false, true]),
        (json!({"dependencies": {"a": 5}}), [false, false, true]),
        (json!({"dependentRequired": {"a": "b"}}), [true, true, false]),
        (json!({"$defs": {"a": {"type": "nope"}}}), [true, true, false]),
        (json!({"definitions": {"a": 5}}), [true, true, false]),
        (json!({"if": 5}), [true, false, false]),
        (json!({"then": 5}), [true, false, true]),
        (json!({"$id": 5}), [true, false, true]),
        (json!({"required": "a"}), [false; 3]),
        (json!({"pattern": "["}), [false; 3]),
        (json!({"type": "any"}), [false; 3]),
        (json!({"x-own": {"type": "nope"}}), [true; 3]),
    ] {
        let found = [DRAFT_4, DRAFT_7, MODERN].map(|dialect| accepts(dialect, schema.clone(), &[]));
        assert_eq!(found, wanted, "{schema}");
    }
}

#[test]
fn references_resolve_by_name_by_pointer_and_by_id() {
    let string = || json!({"type": "string"});
    let defs = || json!({"definitions": {"T": {"type": "string"}}});
    let to = |text: &str| json!({"properties": {"a": {"$ref": text}}});
    for (schema, references, wanted) in [
        (to("ext.json"), vec![("ext.json", string())], [true, true]),
        (to("ext.json#/definitions/T"), vec![("ext.json", defs())], [true, true]),
        (to("ext.json#/$defs/T"), vec![("ext.json", defs())], [true, true]),
        (to("ext.json#/definitions/Q"), vec![("ext.json", defs())], [false, false]),
        (to("./ext.json"), vec![("ext.json", string())], [false, true]),
        (to("t.json"), vec![("t.json", json!(true))], [false, true]),
        (to("http://e.test/x"), vec![("http://e.test/x", string())], [true, true]),
        (to("http://e.test/x"), vec![], [false, false]),
        (to("file:///etc/passwd"), vec![], [false, false]),
        (to("classpath:/x"), vec![], [false, false]),
        (to("my ext"), vec![("my ext", string())], [false, false]),
        (to("http://json-schema.org/draft-07/schema#"), vec![], [true, true]),
        (to("https://json-schema.org/draft/2020-12/schema"), vec![], [false, true]),
        (json!({"$ref": "#/$defs/a~1b%20c", "$defs": {"a/b c": {}}}), vec![], [true, true]),
        (json!({"$id": "self.json", "items": {"$ref": "self.json"}}), vec![], [true, true]),
        // A name that nobody has is the whole document in the old drafts.
        (json!({"items": {"$ref": "#nobody"}}), vec![], [true, false]),
    ] {
        let found = [DRAFT_7, MODERN].map(|d| accepts(d, schema.clone(), &references));
        assert_eq!(found, wanted, "{schema} {references:?}");
    }
    let error = parse(&to("http://e.test/x"), &[]).map(|_| ()).expect_err("unresolved");
    assert_eq!(error.kind, ParseErrorKind::UnresolvedName);
    let broken = parse(&to("e.json"), &[("e.json", json!({"type": 5}))]).map(|_| ());
    assert_eq!(
        broken.expect_err("invalid").to_string(),
        "in reference 'e.json': 'type' must be a string or an array of strings, not a number \
         (line 1, column 9)"
    );
}

#[test]
fn a_change_in_a_referenced_schema_is_a_difference() {
    for dialect in [DRAFT_7, MODERN] {
        let schema = json!({"$schema": dialect, "properties": {"a": {"$ref": "ext.json"}}});
        let old = parse(&schema, &[("ext.json", json!({"type": "string"}))]).expect("old");
        let new = parse(&schema, &[("ext.json", json!({"type": "integer"}))]).expect("new");
        let level = CompatibilityLevel::Full;
        let report = check_version(level, &new, &old, &Limits::default()).expect("a verdict");
        let found: Vec<_> = report
            .incompatibilities
            .iter()
            .map(|found| (found.rule.as_str(), found.path.as_str(), found.reader.as_str()))
            .collect();
        let path = "#/properties/a";
        assert_eq!(found, [("TYPE_CHANGED", path, "old"), ("TYPE_CHANGED", path, "new")]);
    }
}
