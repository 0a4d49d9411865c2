//! Type definitions as Avro schemas and back, through the crate's public functions.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use common::reference;
use levada_logical_types::{LogicalError, Target, to_native};
use levada_schema_core::{Limits, ResolvedReference, SchemaType};

fn stored(ddl: &str, references: &[ResolvedReference]) -> Result<String, LogicalError> {
    common::stored(SchemaType::Avro, ddl, references)
}

fn shown(text: &str, references: &[ResolvedReference]) -> Result<String, LogicalError> {
    common::shown(SchemaType::Avro, text, references)
}

/// The definition is stored as `avro`, and that is shown as `ddl` again.
#[track_caller]
fn both_ways(ddl: &str, avro: &str) {
    let text = stored(ddl, &[]).unwrap();
    assert_eq!(text, avro);
    assert_eq!(shown(&text, &[]).unwrap(), ddl);
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
    let with_version =
        |ty: &str, props: &str| format!(r#"{{"type":"{ty}",{props},"flink.version":"1"}}"#);
    for (ty, avro) in [
        ("BOOLEAN", r#""boolean""#.to_owned()),
        ("TINYINT", r#"{"type":"int","connect.type":"int8"}"#.to_owned()),
        ("SMALLINT", r#"{"type":"int","connect.type":"int16"}"#.to_owned()),
        ("BIGINT", r#""long""#.to_owned()),
        ("FLOAT", r#""float""#.to_owned()),
        ("DOUBLE", r#""double""#.to_owned()),
        (
            "DECIMAL(7, 2)",
            r#"{"type":"bytes","logicalType":"decimal","precision":7,"scale":2}"#.to_owned(),
        ),
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

#[test]
fn what_is_said_beside_types_is_kept_in_properties() {
    both_ways(
        "STRUCT a.Car (id INT NOT NULL DEFAULT 5 COMMENT 'd' TAGS('PII') WITH('k' = 'v', 'avro.aliases' = 'no,nr'), color a.Color) TAGS('T');\n\
         ENUM a.Color ('RED', 'BLUE' COMMENT 'sky') COMMENT 'paint';\n",
        r#"{"type":"record","name":"Car","namespace":"a","fields":[{"name":"id","type":"int","doc":"d","default":5,"aliases":["no","nr"],"confluent:params":{"k":"v"},"confluent:tags":["PII"]},{"name":"color","type":["null",{"type":"enum","name":"Color","doc":"paint","symbols":["RED","BLUE"],"confluent:enum":[{"name":"RED"},{"doc":"sky","name":"BLUE"}]}]}],"confluent:tags":["T"]}"#,
    );
}

#[test]
fn a_type_of_a_reference_is_used_by_its_name_and_not_declared_again() {
    let references =
        [reference("m.Money", r#"{"type":"record","name":"Money","namespace":"m","fields":[]}"#)];
    let ddl = "STRUCT P (price m.Money NOT NULL);\n";
    let text = stored(ddl, &references).unwrap();
    assert_eq!(
        text,
        r#"{"type":"record","name":"P","fields":[{"name":"price","type":"m.Money"}]}"#
    );
    assert_eq!(shown(&text, &references).unwrap(), ddl);
    assert_eq!(
        stored(ddl, &[]).unwrap_err().to_string(),
        "The type definition cannot be stored as AVRO: type 'm.Money' is neither declared nor defined by a reference"
    );
}

#[test]
fn a_type_may_use_itself() {
    both_ways(
        "STRUCT n.Node (next n.Node, i INT);\n",
        r#"{"type":"record","name":"Node","namespace":"n","fields":[{"name":"next","type":["null","Node"]},{"name":"i","type":["null","int"]}]}"#,
    );
}

#[test]
fn checks_of_a_stored_schema_are_shown() {
    let text = r#"{"type":"record","name":"S","fields":[{"name":"a","type":"int","confluent:rules":[{"name":"pos","doc":"too small","expr":"this > 0","sql":"a > 0"}]}]}"#;
    let ddl = "STRUCT S (a INT NOT NULL CONSTRAINT pos CHECK (a > 0) MESSAGE 'too small');\n";
    assert_eq!(shown(text, &[]).unwrap(), ddl);
}

#[test]
fn a_precision_beyond_what_the_type_carries_is_refused() {
    let text = r#"{"type":"long","logicalType":"timestamp-millis","flink.precision":6}"#;
    assert_eq!(
        shown(text, &[]).unwrap_err().to_string(),
        "The AVRO schema cannot be shown as a type definition: flink.precision 6 is finer than 'timestamp-millis', which has 3 digits"
    );
}

#[test]
fn names_that_repeat_long_ones_many_times_are_refused() {
    let long = "f".repeat(1_000);
    let fields: Vec<String> = (0..200).map(|at| format!("g{at} STRUCT(i INT)")).collect();
    let mut ddl = format!("STRUCT({})", fields.join(", "));
    for _ in 0..20 {
        ddl = format!("STRUCT({long} {ddl})");
    }
    let limits = Limits { text_bytes_max: 100_000, ..Limits::default() };
    let error = |schema_type| {
        let target = Target { schema_type, row_name: "row", references: &[] };
        to_native(&format!("TYPE {ddl}"), target, &limits).unwrap_err().to_string()
    };
    let reason = "names of unnamed types take more than 16 times the longest text; the limit is 100000 (setting text-bytes-max)";
    for schema_type in [SchemaType::Avro, SchemaType::Json] {
        let start = format!("The type definition cannot be stored as {schema_type}: ");
        assert_eq!(error(schema_type), start + reason);
    }
    let name = "n".repeat(1_025);
    assert_eq!(
        stored(&format!("STRUCT S (a {name})"), &[]).unwrap_err().to_string(),
        "Invalid type definition: a name has at most 1024 bytes (line 1, column 13)"
    );
}
