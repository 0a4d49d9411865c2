//! Hostile JSON schemas: every one ends in a schema, a verdict or a clean error, soon, on the
//! small stack of a test's thread.
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

use std::fmt::Write as _;

use levada_schema_core::json::{Dialect, Validator};
use levada_schema_core::{
    CheckError, CompatibilityLevel, Limits, ParseError, ParseErrorKind, RawSchema, Schema,
    SchemaType, Validation, VersionReport, check_version,
};
use serde_json::json;

const OLD: &str = "http://json-schema.org/draft-07/schema#";
const NEW: &str = "https://json-schema.org/draft/2020-12/schema";

fn parse(text: &str) -> Result<Schema, ParseError> {
    let raw = RawSchema { schema_type: SchemaType::Json, text, references: &[] };
    Schema::parse(raw, Validation::New, &Limits::default())
}

fn check(candidate: &str, previous: &str) -> Result<VersionReport, CheckError> {
    check_within(Limits::default().pairs_max, candidate, previous)
}

fn check_within(
    pairs_max: usize,
    candidate: &str,
    previous: &str,
) -> Result<VersionReport, CheckError> {
    let (candidate, previous) =
        (parse(candidate).expect("candidate"), parse(previous).expect("previous"));
    let limits = Limits { pairs_max, ..Limits::default() };
    check_version(CompatibilityLevel::Full, &candidate, &previous, &limits)
}

/// `inner` wrapped `count` times in `before` and `after`.
fn nested(count: usize, before: &str, inner: &str, after: &str) -> String {
    format!("{}{inner}{}", before.repeat(count), after.repeat(count))
}

/// Definitions `D0` to `D<count>`, each made by `body` from the name of the next.
fn chain(dialect: &str, count: usize, last: &str, body: impl Fn(&str) -> String) -> String {
    let mut definitions = String::new();
    for index in 0..count {
        let next = format!("#/$defs/D{}", index + 1);
        write!(definitions, "\"D{index}\":{},", body(&next)).expect("a string");
    }
    format!(
        r##"{{"$schema":"{dialect}","$ref":"#/$defs/D0","$defs":{{{definitions}"D{count}":{last}}}}}"##
    )
}

fn reference(next: &str) -> String {
    format!(r#"{{"$ref":"{next}"}}"#)
}

#[test]
fn schemas_nested_to_the_limit_parse_and_compare() {
    for dialect in [OLD, NEW] {
        let root = format!(r#"{{"$schema":"{dialect}","not":"#);
        for (before, inner, after) in [
            (r#"{"not":"#, r#"{"type":"string"}"#, "}"),
            (r#"{"items":"#, r#"{"type":"string"}"#, "}"),
            (r#"{"allOf":["#, r#"{"type":"string"}"#, "]}"),
            (r#"{"properties":{"a":"#, r#"{"type":"string"}"#, "}}"),
        ] {
            let levels = before.matches(['{', '[']).count();
            // A quarter as many schemas as levels of JSON may nest; the root is one of them, and so
            // is the innermost.
            let count = (498 / levels).min(123);
            let old = format!("{root}{}}}", nested(count, before, inner, after));
            let new = old.replace("string", "integer");
            assert!(check(&new, &old).is_ok(), "{before} {dialect}");
            let deeper = format!("{root}{}}}", nested(count + 2, before, inner, after));
            let error = parse(&deeper).expect_err(before);
            assert_eq!(error.kind, ParseErrorKind::TooLarge, "{before} {dialect}");
        }
    }
}

#[test]
fn long_chains_of_references_end() {
    for dialect in [OLD, NEW] {
        let nested = |next: &str| format!(r#"{{"properties":{{"n":{{"$ref":"{next}"}}}}}}"#);
        let old = chain(dialect, 500, r#"{"type":"string"}"#, nested);
        let new = chain(dialect, 500, r#"{"type":"integer"}"#, nested);
        let report = check(&new, &old).expect("a verdict");
        assert_eq!(report.incompatibilities.len(), 2, "{dialect}");
        // Bare references are followed one hop, as far as the chain may be.
        let old = chain(dialect, 4_000, r#"{"type":"string"}"#, reference);
        let new = chain(dialect, 4_000, r#"{"type":"integer"}"#, reference);
        assert!(check(&new, &old).expect("a verdict").is_compatible(), "{dialect}");
    }
}

#[test]
fn circles_of_references_end() {
    for dialect in [OLD, NEW] {
        for body in [
            r##""$ref":"#""##,
            r##""$ref":"#/$defs/A","$defs":{"A":{"$ref":"#/$defs/B"},"B":{"$ref":"#/$defs/A"}}"##,
            r##""allOf":[{"$ref":"#"},{"$ref":"#"}]"##,
            r##""not":{"$ref":"#"}"##,
            r##""oneOf":[{"$ref":"#/$defs/A"},{"$ref":"#"}],"$defs":{"A":{"anyOf":[{"$ref":"#"}]}}"##,
            r##""properties":{"n":{"$ref":"#"}},"additionalProperties":{"$ref":"#"}"##,
        ] {
            let schema = format!(r#"{{"$schema":"{dialect}",{body}}}"#);
            assert!(check(&schema, &schema).is_ok(), "{schema}");
        }
    }
}

#[test]
fn doubling_differences_are_cut_off() {
    let double = |next: &str| {
        format!(
            r#"{{"type":"object","properties":{{"a":{{"$ref":"{next}"}},"b":{{"$ref":"{next}"}}}}}}"#
        )
    };
    for dialect in [OLD, NEW] {
        let old = chain(dialect, 60, r#"{"type":"string"}"#, double);
        let new = chain(dialect, 60, r#"{"type":"integer"}"#, double);
        assert!(check(&old, &old).expect("a verdict").is_compatible());
        assert_eq!(check(&new, &old), Err(CheckError::TooComplex(400_000)), "{dialect}");
    }
}

#[test]
fn wide_recursive_choices_are_compared_pair_by_pair() {
    let choice = |count: usize, leaf: &str| {
        let members: Vec<String> =
            (0..count).map(|index| format!(r##"{{"$ref":"#/definitions/T{index}"}}"##)).collect();
        let members = members.join(",");
        let definitions: Vec<String> = (0..count)
            .map(|index| {
                format!(
                    r#""T{index}":{{"type":"object","properties":{{"k":{{"const":{index}}},"v":{{"type":"{leaf}"}},"n":{{"oneOf":[{members}]}}}},"additionalProperties":false}}"#
                )
            })
            .collect();
        format!(r#"{{"oneOf":[{members}],"definitions":{{{}}}}}"#, definitions.join(","))
    };
    let (old, new) = (choice(24, "integer"), choice(24, "number"));
    let report = check(&new, &old).expect("a verdict");
    assert_eq!(report.incompatibilities.len(), 1);
    let error = check_within(50_000, &choice(120, "integer"), &choice(120, "number"));
    assert_eq!(error, Err(CheckError::TooComplex(50_000)));
}

#[test]
fn too_many_nodes_are_a_clean_error() {
    // Each reference to a level is loaded as a schema of its own, down to the wide innermost one.
    for dialect in [OLD, NEW] {
        let mut pointer = "#".to_owned();
        let mut references = Vec::new();
        for _ in 0..100 {
            pointer.push_str("/not");
            references.push(reference(&pointer));
        }
        let wide: Vec<String> = (0..600).map(|index| format!(r#""p{index}":{{}}"#)).collect();
        let wide = format!(r#"{{"properties":{{{}}}}}"#, wide.join(","));
        let inner = nested(100, r#"{"not":"#, &wide, "}");
        let head = format!(r#"{{"$schema":"{dialect}","anyOf":[{}],"#, references.join(","));
        let error = parse(&inner.replacen('{', &head, 1)).map(|_| ()).expect_err(dialect);
        assert_eq!(error.kind, ParseErrorKind::TooLarge, "{error}");
        assert!(error.message.contains("too many nodes"), "{error}");
    }
    let many = format!(r#"{{"enum":[{}]}}"#, vec!["1"; 60_000].join(","));
    assert_eq!(parse(&many).map(|_| ()).expect_err("too many").kind, ParseErrorKind::TooLarge);
}

#[test]
fn dynamic_references_to_themselves_end() {
    for body in [
        r##""$dynamicAnchor":"n","properties":{"c":{"$dynamicRef":"#n"}}"##,
        r##""$dynamicAnchor":"n","items":{"$dynamicRef":"#n"}"##,
        r##""$dynamicAnchor":"n","$dynamicRef":"#n""##,
        r##""$dynamicAnchor":"n","allOf":[{"$dynamicRef":"#n"},{"$dynamicRef":"#n"}],"$defs":{"A":{"$dynamicRef":"#n"}}"##,
        r##""$dynamicAnchor":"n","properties":{"a":{"items":{"$dynamicRef":"#n"}},"b":{"items":{"$dynamicRef":"#n"}},"c":{"items":{"$dynamicRef":"#n"}},"d":{"items":{"$dynamicRef":"#n"}},"e":{"items":{"$dynamicRef":"#n"}}}"##,
    ] {
        let text = format!(r#"{{"$schema":"{NEW}",{body}}}"#);
        match parse(&text) {
            Ok(_) => assert!(check(&text, &text).is_ok(), "{text}"),
            Err(error) => assert_eq!(error.kind, ParseErrorKind::TooLarge, "{text}"),
        }
    }
}

#[test]
fn hostile_patterns_are_refused_or_bounded() {
    let covering = |pattern: &str, kind: &str| {
        json!({"type": "object", "additionalProperties": false, "patternProperties": {pattern: {"type": kind}}})
            .to_string()
    };
    let property = json!({"type": "object", "additionalProperties": false,
        "properties": {"a".repeat(60): {"type": "string"}}})
    .to_string();
    let backtracking = covering(r"^(a|a?)+\1b$", "string");
    assert!(matches!(check(&property, &backtracking), Err(CheckError::Pattern(_))));
    assert!(matches!(
        check(&property, &covering("(a{1000}){1000}", "string")),
        Err(CheckError::Pattern(_))
    ));
    assert!(check(&property, &covering("^(a+)+$", "string")).is_ok());
    let deep = json!({"pattern": "(".repeat(5000) + &")".repeat(5000)}).to_string();
    assert_eq!(parse(&deep).map(|_| ()).expect_err("too deep").kind, ParseErrorKind::Invalid);
}

/// A choice of `count` objects, each with a property of its own.
fn choice(count: usize, first: usize) -> String {
    let members: Vec<_> = (first..first + count)
        .map(|index| {
            json!({"type": "object", "properties": {format!("p{index}"): {"type": "string"}},
            "additionalProperties": false, "required": [format!("p{index}")]})
        })
        .collect();
    json!({"oneOf": members}).to_string()
}

#[test]
fn large_combinations_are_matched_or_refused() {
    let report = check(&choice(100, 0), &choice(100, 100)).expect("a verdict");
    assert!(!report.is_compatible());
    let error = check_within(20_000, &choice(100, 0), &choice(100, 100));
    assert_eq!(error, Err(CheckError::TooComplex(20_000)));
}

/// A member that stayed as it was is held against itself, so most of a choice costs next to nothing.
#[test]
fn a_large_choice_that_grows_is_compared_member_by_member() {
    let report = check_within(20_000, &choice(1_000, 0), &choice(999, 0)).expect("a verdict");
    let rules: Vec<_> = report.incompatibilities.iter().map(|found| found.rule.as_str()).collect();
    assert_eq!(rules, ["SUM_TYPE_NARROWED"]);
}

#[test]
fn errors_tell_line_and_column() {
    for (text, want) in [
        ("{\n  \"type\": \"nope\"\n}", "unknown type 'nope' (line 2, column 11)"),
        (
            "{\"minLength\":\n 1.5}",
            "'minLength' must be an integer of at most 32 bits (line 2, column 2)",
        ),
        ("[]", "a JSON schema is an object or a boolean, not an array (line 1, column 1)"),
        (
            "{\"$ref\": \"#/definitions/A\"}",
            "cannot resolve '$ref' '#/definitions/A': it is neither in the schema nor among its references (line 1, column 10)",
        ),
        (
            "{\"$ref\": \"http://169.254.169.254/\"}",
            "cannot resolve '$ref' 'http://169.254.169.254/': no address is ever fetched; register the schema and name it in the references (line 1, column 10)",
        ),
    ] {
        assert_eq!(parse(text).map(|_| ()).expect_err(text).to_string(), want);
    }
}

#[test]
fn validators_of_circles_and_of_doubling_end() {
    let json_of = |text: &str| match parse(text) {
        Ok(Schema::Json(schema)) => schema,
        other => unreachable!("{other:?}"),
    };
    for dialect in [OLD, NEW] {
        for body in [
            r##""$ref":"#""##,
            r##""$ref":"#/$defs/A","$defs":{"A":{"$ref":"#/$defs/B"},"B":{"$ref":"#/$defs/A"}}"##,
            r##""allOf":[{"$ref":"#"},{"$ref":"#"}]"##,
            r##""not":{"$ref":"#"}"##,
            r##""if":{"$ref":"#"},"then":true"##,
        ] {
            let text = format!(r#"{{"$schema":"{dialect}",{body}}}"#);
            let validator = json_of(&text).validator().expect(body);
            // What a circle means nobody says; it must only end.
            let _ = validator.is_valid(&json!({"a": 1}));
        }
        let doubling = chain(dialect, 40, r#"{"type":"string"}"#, |next| {
            format!(r#"{{"allOf":[{{"$ref":"{next}"}},{{"$ref":"{next}"}}]}}"#)
        });
        let error = json_of(&doubling).validator().map(|_| ()).expect_err("too much");
        assert_eq!(error.kind, ParseErrorKind::TooLarge);
        let chained = chain(dialect, 2_000, r#"{"type":"string"}"#, reference);
        assert!(json_of(&chained).validator().is_err());
    }
}

#[test]
fn no_address_is_ever_asked_for_a_schema() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a setting");
    let host = listener.local_addr().expect("an address");
    let accepting = || listener.accept().map(|(_, peer)| peer).map_err(|error| error.kind());
    for address in [
        format!("http://{host}/a.json"),
        format!("https://{host}/a.json#/definitions/A"),
        format!("//{host}/a.json"),
        format!("ftp://{host}/a.json"),
        format!("jar:http://{host}/a.jar!/a.json"),
        "file:///etc/hostname".to_owned(),
        "classpath:/a.json".to_owned(),
    ] {
        for dialect in [OLD, NEW] {
            for schema in [
                json!({"$schema": dialect, "$ref": address}),
                json!({"$schema": dialect, "$id": address, "$ref": "other.json"}),
                json!({"$schema": dialect, "properties": {"p": {"$ref": address}}}),
            ] {
                let error = parse(&schema.to_string()).map(|_| ()).expect_err(&address);
                assert_eq!(error.kind, ParseErrorKind::UnresolvedName, "{error}");
            }
            // Where nothing needs the address it is only a name.
            let named = json!({"$schema": address, "$id": address, "type": "string"}).to_string();
            if let Ok(Schema::Json(schema)) = parse(&named) {
                let _ = schema.validator().map(|validator| validator.is_valid(&json!("s")));
            }
        }
        let dialect = Dialect::Draft07;
        let text = json!({"$ref": address}).to_string();
        let compiled = Validator::compile(&text, dialect, &[], &Limits::default());
        assert!(compiled.is_err(), "{address}");
    }
    assert_eq!(accepting(), Err(std::io::ErrorKind::WouldBlock), "somebody connected");
    // The listener would have noticed.
    let _client = std::net::TcpStream::connect(host).expect("a connection");
    assert!(accepting().is_ok());
}
