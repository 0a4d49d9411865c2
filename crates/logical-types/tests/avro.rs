//! Type definitions as Avro schemas and back, through the crate's public functions.

use levada_logical_types::{LogicalError, Target, from_native, to_native};
use levada_schema_core::{
    Limits, RawSchema, Reference, ResolvedReference, Schema, SchemaType, Validation,
};

fn stored(ddl: &str, references: &[ResolvedReference]) -> Result<String, LogicalError> {
    let target = Target { schema_type: SchemaType::Avro, row_name: "orders_value", references };
    to_native(ddl, target, &Limits::default())
}

fn shown(text: &str, references: &[ResolvedReference]) -> Result<String, LogicalError> {
    let raw = RawSchema { schema_type: SchemaType::Avro, text, references };
    let schema = Schema::parse(raw, Validation::Stored, &Limits::default()).unwrap();
    from_native(&schema, references, &Limits::default())
}

/// The definition is stored as `avro`, and that is shown as `ddl` again.
#[track_caller]
fn both_ways(ddl: &str, avro: &str) {
    let text = stored(ddl, &[]).unwrap();
    assert_eq!(text, avro);
    assert_eq!(shown(&text, &[]).unwrap(), ddl);
}

fn reference(name: &str, text: &str) -> ResolvedReference {
    let reference = Reference { name: name.to_owned(), subject: name.to_owned(), version: 1 };
    ResolvedReference { reference, text: text.to_owned() }
}

#[test]
fn a_struct_is_a_record_with_the_lengths_beside_its_strings() {
    both_ways(
        "STRUCT Widget (id INT NOT NULL, name VARCHAR(1) NOT NULL);\n",
        r#"{"type":"record","name":"Widget","fields":[{"name":"id","type":"int"},{"name":"name","type":{"type":"string","flink.maxLength":1,"flink.version":"1"}}]}"#,
    );
}

#[test]
fn every_type_goes_to_avro_and_back() {
    let with_version = |ty: &str, props: &str| format!(r#"{{"type":"{ty}",{props},"flink.version":"1"}}"#);
    for (ty, avro) in [
        ("BOOLEAN", r#""boolean""#.to_owned()),
        ("TINYINT", r#"{"type":"int","connect.type":"int8"}"#.to_owned()),
        ("SMALLINT", r#"{"type":"int","connect.type":"int16"}"#.to_owned()),
        ("BIGINT", r#""long""#.to_owned()),
        ("FLOAT", r#""float""#.to_owned()),
        ("DOUBLE", r#""double""#.to_owned()),
        ("DECIMAL(7, 2)", r#"{"type":"bytes","logicalType":"decimal","precision":7,"scale":2}"#.to_owned()),
        ("STRING", r#""string""#.to_owned()),
        ("CHAR(3)", with_version("string", r#""flink.maxLength":3,"flink.minLength":3"#)),
        ("BYTES", r#""bytes""#.to_owned()),
        ("VARBINARY(3)", with_version("bytes", r#""flink.maxLength":3"#)),
        ("BINARY(3)", r#"{"type":"fixed","name":"S_a","size":3}"#.to_owned()),
        ("DATE", r#"{"type":"int","logicalType":"date"}"#.to_owned()),
        ("TIME(3)", r#"{"type":"int","logicalType":"time-millis"}"#.to_owned()),
        ("TIMESTAMP(6)", r#"{"type":"long","logicalType":"local-timestamp-micros"}"#.to_owned()),
        ("TIMESTAMP_LTZ(9)", r#"{"type":"long","logicalType":"timestamp-nanos"}"#.to_owned()),
        ("ARRAY<INT>", r#"{"type":"array","items":["null","int"]}"#.to_owned()),
        ("MAP<STRING NOT NULL, INT NOT NULL>", r#"{"type":"map","values":"int"}"#.to_owned()),
        (
            "UNION(i INT NOT NULL, s STRING NOT NULL)",
            r#"["int","string"],"confluent:union":[{"name":"i"},{"name":"s"}]"#.to_owned(),
        ),
    ] {
        both_ways(
            &format!("STRUCT S (a {ty} NOT NULL);\n"),
            &format!(r#"{{"type":"record","name":"S","fields":[{{"name":"a","type":{avro}}}]}}"#),
        );
    }
}
