//! Type definitions as JSON Schemas and back, through the crate's public functions.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use common::reference;
use levada_logical_types::LogicalError;
use levada_schema_core::{ResolvedReference, SchemaType};

fn stored(ddl: &str, references: &[ResolvedReference]) -> Result<String, LogicalError> {
    common::stored(SchemaType::Json, ddl, references)
}

fn shown(text: &str, references: &[ResolvedReference]) -> Result<String, LogicalError> {
    common::shown(SchemaType::Json, text, references)
}

#[test]
fn declared_types_are_definitions_and_the_root_points_to_one() {
    let ddl = "NAMESPACE a;\n\
               ENUM a.Color ('RED', 'BLUE' COMMENT 'sky');\n\
               STRUCT a.Car (id INT NOT NULL DEFAULT 5 COMMENT 'd', color a.Color) TAGS('T');\n";
    let text = stored(ddl, &[]).unwrap();
    assert_eq!(
        text,
        r##"{"$defs":{"a.Car":{"additionalProperties":false,"confluent:tags":["T"],"properties":{"color":{"connect.index":1,"oneOf":[{"type":"null"},{"$ref":"#/$defs/a.Color"}]},"id":{"connect.index":0,"connect.type":"int32","default":5,"description":"d","type":"number"}},"required":["id"],"title":"a.Car","type":"object"},"a.Color":{"confluent:enum":[{"name":"RED"},{"doc":"sky","name":"BLUE"}],"enum":["RED","BLUE"],"title":"a.Color"}},"$ref":"#/$defs/a.Car","$schema":"https://json-schema.org/draft/2020-12/schema","confluent:namespace":"a"}"##
    );
    let expected = "NAMESPACE a;\n\
                    STRUCT a.Car (id INT NOT NULL DEFAULT 5 COMMENT 'd', color a.Color) TAGS('T');\n\
                    ENUM a.Color ('RED', 'BLUE' COMMENT 'sky');\n";
    assert_eq!(shown(&text, &[]).unwrap(), expected);
}

#[test]
fn every_type_goes_to_json_schema_and_back() {
    for (ty, json) in [
        ("BOOLEAN", r#""type":"boolean""#),
        ("TINYINT", r#""connect.type":"int8","type":"number""#),
        ("BIGINT", r#""connect.type":"int64","type":"number""#),
        ("FLOAT", r#""connect.type":"float32","type":"number""#),
        (
            "DECIMAL(7, 2)",
            r#""connect.parameters":{"connect.decimal.precision":"7","scale":"2"},"connect.type":"bytes","title":"org.apache.kafka.connect.data.Decimal","type":"number""#,
        ),
        ("STRING", r#""type":"string""#),
        ("CHAR(3)", r#""maxLength":3,"minLength":3,"type":"string""#),
        ("BYTES", r#""connect.type":"bytes","type":"string""#),
        (
            "BINARY(3)",
            r#""connect.type":"bytes","flink.maxLength":3,"flink.minLength":3,"flink.version":"1","type":"string""#,
        ),
        (
            "DATE",
            r#""connect.type":"int32","title":"org.apache.kafka.connect.data.Date","type":"number""#,
        ),
        (
            "TIMESTAMP_LTZ(3)",
            r#""connect.type":"int64","title":"org.apache.kafka.connect.data.Timestamp","type":"number""#,
        ),
        (
            "TIMESTAMP(6)",
            r#""connect.type":"int64","flink.precision":6,"flink.type":"timestamp","flink.version":"1","type":"number""#,
        ),
        (
            "ARRAY<INT>",
            r#""items":{"oneOf":[{"type":"null"},{"connect.type":"int32","type":"number"}]},"type":"array""#,
        ),
        (
            "MAP<CHAR(2) NOT NULL, BOOLEAN NOT NULL>",
            r#""additionalProperties":{"type":"boolean"},"connect.type":"map","logical.key.length":2,"logical.key.type":"CHAR","type":"object""#,
        ),
        (
            "UNION(a BOOLEAN NOT NULL, b STRING NOT NULL)",
            r#""confluent:union":[{"name":"a"},{"name":"b"}],"oneOf":[{"type":"boolean"},{"type":"string"}]"#,
        ),
    ] {
        let ddl = format!("TYPE {ty} NOT NULL;\n");
        let text = stored(&ddl, &[]).unwrap();
        // The dialect stands among the keys, which are sorted.
        let dialect = r#""$schema":"https://json-schema.org/draft/2020-12/schema","#;
        assert_eq!(text, format!("{{{dialect}{json}}}"));
        assert_eq!(shown(&text, &[]).unwrap(), ddl);
    }
}

#[test]
fn types_elsewhere_are_found_in_references_or_by_their_address() {
    let references =
        [reference("far.json", r#"{"$defs":{"Far":{"type":"object"}},"type":"object"}"#)];
    let ddl = "STRUCT Near (far Far NOT NULL);\n";
    let text = stored(ddl, &references).unwrap();
    assert!(text.contains(r#""$ref":"far.json#/$defs/Far""#), "{text}");
    assert_eq!(shown(&text, &references).unwrap(), ddl);

    let ddl = "USING TYPE Whole FOR 'far.json';\nSTRUCT Near (far Whole NOT NULL);\n";
    let text = stored(ddl, &references).unwrap();
    assert!(text.contains(r#""Whole":{"$ref":"far.json","logical.ref":true}"#), "{text}");
    assert_eq!(shown(&text, &references).unwrap(), ddl);
    let error = stored("STRUCT Near (far Far)", &[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "The type definition cannot be stored as JSON: type 'Far' is neither declared nor defined by a reference"
    );
}

#[test]
fn schemas_of_other_tools_are_shown_as_far_as_types_have_their_meaning() {
    let text = r#"{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"b":{"type":["string","null"],"maxLength":4},"a":{"anyOf":[{"type":"number"},{"type":"null"}]},"any":{}}}"#;
    let ddl = "TYPE STRUCT(a DOUBLE, any VARIANT, b VARCHAR(4), id BIGINT NOT NULL) NOT NULL;\n";
    assert_eq!(shown(text, &[]).unwrap(), ddl);
    for (text, reason) in [
        (r#"{"allOf":[{"type":"string"}]}"#, "the keyword 'allOf' has no counterpart"),
        (r#"{"enum":["a"]}"#, "an enum outside $defs has no name by which it could be declared"),
        (r#"{"type":"array"}"#, "an array has one schema for all of its items"),
        (r#"{"type":"null"}"#, "null alone is no type"),
    ] {
        let error = shown(text, &[]).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("The JSON schema cannot be shown as a type definition: {reason}")
        );
    }
}
