//! Type definitions as Protobuf files and back, through the crate's public functions.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use common::reference;
use levada_logical_types::LogicalError;
use levada_schema_core::{ResolvedReference, SchemaType};

fn stored(ddl: &str, references: &[ResolvedReference]) -> Result<String, LogicalError> {
    common::stored(SchemaType::Protobuf, ddl, references)
}

fn shown(text: &str, references: &[ResolvedReference]) -> Result<String, LogicalError> {
    common::shown(SchemaType::Protobuf, text, references)
}

#[track_caller]
fn refused(ddl: &str, reason: &str) {
    let expected = format!("The type definition cannot be stored as PROTOBUF: {reason}");
    assert_eq!(stored(ddl, &[]).unwrap_err().to_string(), expected);
}

#[track_caller]
fn not_shown(text: &str, reason: &str) {
    let expected = format!("The PROTOBUF schema cannot be shown as a type definition: {reason}");
    assert_eq!(shown(text, &[]).unwrap_err().to_string(), expected);
}

/// The text of a file in one line, without what every file begins with.
fn in_a_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replacen("syntax = \"proto3\"; ", "", 1)
}

/// The option that gives a field these parameters, behind the version of such ones.
fn params(params: &[(&str, &str)]) -> String {
    let param = |(key, value): &(&str, &str)| format!("{{ key: \"{key}\", value: \"{value}\" }}");
    let params: Vec<String> = [("flink.version", "1")].iter().chain(params).map(param).collect();
    format!(" [(confluent.field_meta) = {{ params: [ {} ] }}]", params.join(", "))
}

#[test]
fn the_registered_type_is_the_first_message_and_its_namespace_the_package() {
    let ddl = "NAMESPACE fleet;\n\
               ENUM Paint ('RED', 'BLUE' COMMENT 'sky');\n\
               STRUCT Van (id INT NOT NULL COMMENT 'a ''number''', paint Paint) TAGS('T');\n";
    let text = stored(ddl, &[]).unwrap();
    let expected = r#"syntax = "proto3";
package fleet;

message Van {
  option (confluent.message_meta) = {
    tags: "T"
  };

  int32 id = 1 [(confluent.field_meta) = {
    doc: "a \'number\'"
  }];
  optional .fleet.Paint paint = 2;
}
enum Paint {
  RED = 0;
  BLUE = 1 [(confluent.enum_value_meta) = {
    doc: "sky"
  }];
}
"#;
    assert_eq!(text, expected);
    // What is said of the first message is lost where it needs no name.
    let expected = "NAMESPACE fleet;\n\
                    ENUM fleet.Paint ('RED', 'BLUE' COMMENT 'sky');\n\
                    TYPE STRUCT(id INT NOT NULL COMMENT 'a ''number''', paint fleet.Paint) NOT NULL;\n";
    assert_eq!(shown(&text, &[]).unwrap(), expected);
}

#[test]
fn every_plain_type_goes_to_protobuf_and_back() {
    for (ty, scalar, said) in [
        ("BOOLEAN", "bool", vec![]),
        ("TINYINT", "int32", vec![("connect.type", "int8")]),
        ("SMALLINT", "int32", vec![("connect.type", "int16")]),
        ("INT", "int32", vec![]),
        ("BIGINT", "int64", vec![]),
        ("FLOAT", "float", vec![]),
        ("DOUBLE", "double", vec![]),
        ("STRING", "string", vec![]),
        ("VARCHAR(9)", "string", vec![("flink.maxLength", "9")]),
        ("CHAR(3)", "string", vec![("flink.minLength", "3"), ("flink.maxLength", "3")]),
        ("BYTES", "bytes", vec![]),
        ("BINARY(4)", "bytes", vec![("flink.minLength", "4"), ("flink.maxLength", "4")]),
    ] {
        let ddl = format!("TYPE STRUCT(f {ty} NOT NULL, g {ty}) NOT NULL;\n");
        let text = stored(&ddl, &[]).unwrap();
        let said = if said.is_empty() { String::new() } else { params(&said) };
        assert_eq!(
            in_a_line(&text),
            format!(
                "message orders_value {{ {scalar} f = 1{said}; optional {scalar} g = 2{said}; }}"
            )
        );
        assert_eq!(shown(&text, &[]).unwrap(), ddl);
    }
}

#[test]
fn types_that_are_messages_say_that_they_are_not_null_and_import_their_files() {
    for (ty, message, file, said) in [
        ("DATE", "google.type.Date", "google/type/date.proto", vec![]),
        ("TIME(9)", "google.type.TimeOfDay", "google/type/timeofday.proto", vec![]),
        (
            "TIME(3)",
            "google.type.TimeOfDay",
            "google/type/timeofday.proto",
            vec![("flink.precision", "3")],
        ),
        (
            "TIMESTAMP(6)",
            "google.protobuf.Timestamp",
            "google/protobuf/timestamp.proto",
            vec![("flink.precision", "6"), ("flink.type", "timestamp")],
        ),
        (
            "TIMESTAMP_LTZ(9)",
            "google.protobuf.Timestamp",
            "google/protobuf/timestamp.proto",
            vec![],
        ),
        (
            "DECIMAL(7, 2)",
            "confluent.type.Decimal",
            "confluent/type/decimal.proto",
            vec![("precision", "7"), ("scale", "2")],
        ),
        ("VARIANT", "confluent.type.Variant", "confluent/type/variant.proto", vec![]),
    ] {
        let ddl = format!("TYPE STRUCT(f {ty} NOT NULL, g {ty}) NOT NULL;\n");
        let text = stored(&ddl, &[]).unwrap();
        let plain = if said.is_empty() { String::new() } else { params(&said) };
        let required = params(&[&[("flink.notNull", "true")], said.as_slice()].concat());
        assert_eq!(
            in_a_line(&text),
            format!(
                "import \"{file}\"; message orders_value {{ .{message} f = 1{required}; \
                 optional .{message} g = 2{plain}; }}"
            )
        );
        assert_eq!(shown(&text, &[]).unwrap(), ddl);
    }
}

#[test]
fn lists_and_maps_that_protobuf_cannot_place_stand_in_messages_that_are_made_up() {
    let wrapped = params(&[("flink.wrapped", "true")]);
    let multiset = params(&[("flink.type", "multiset")]);
    for (fields, members) in [
        ("f_f ARRAY<INT NOT NULL> NOT NULL", "repeated int32 f_f = 1;".to_owned()),
        (
            "f_f ARRAY<INT> NOT NULL",
            format!(
                "repeated .orders_value.FFElementWrapper f_f = 1{wrapped}; \
                 message FFElementWrapper {{ optional int32 value = 1; }}"
            ),
        ),
        (
            "f ARRAY<INT NOT NULL>",
            format!(
                ".orders_value.FRepeatedWrapper f = 1{wrapped}; \
                 message FRepeatedWrapper {{ repeated int32 value = 1; }}"
            ),
        ),
        (
            "f MAP<STRING NOT NULL, BIGINT> NOT NULL",
            "repeated .orders_value.FEntry f = 1; \
             message FEntry { string key = 1; optional int64 value = 2; }"
                .to_owned(),
        ),
        (
            "f MULTISET<BOOLEAN NOT NULL> NOT NULL",
            format!(
                "repeated .orders_value.FEntry f = 1{multiset}; \
                 message FEntry {{ bool key = 1; int32 value = 2; }}"
            ),
        ),
        (
            "f STRUCT(a INT)",
            "optional .orders_value.FRow f = 1; message FRow { optional int32 a = 1; }".to_owned(),
        ),
        (
            "f UNION(a INT, b UNION(c INT, d STRING))",
            format!(
                "oneof f {{ int32 a = 1; .orders_value.BOneofWrapper b = 2{wrapped}; }} \
                 message BOneofWrapper {{ oneof value {{ int32 c = 1; string d = 2; }} }}"
            ),
        ),
    ] {
        let ddl = format!("TYPE STRUCT({fields}) NOT NULL;\n");
        let text = stored(&ddl, &[]).unwrap();
        assert_eq!(in_a_line(&text), format!("message orders_value {{ {members} }}"));
        assert_eq!(shown(&text, &[]).unwrap(), ddl);
    }
}

#[test]
fn nested_declarations_are_marked_unless_they_lead_back_to_themselves() {
    let ddl = "STRUCT Tree (top Tree.Node, leaf Tree.Leaf, kind Tree.Kind);\n\
               STRUCT Tree.Node (next Tree.Node);\n\
               STRUCT Tree.Leaf (v INT);\n\
               ENUM Tree.Kind ('OAK');\n";
    let text = stored(ddl, &[]).unwrap();
    let mark = |of: &str| {
        format!(
            "option (confluent.{of}) = {{ params: {{ key: \"logical.named\", value: \"true\" }} }};"
        )
    };
    assert_eq!(
        in_a_line(&text),
        format!(
            "message Tree {{ optional .Tree.Node top = 1; optional .Tree.Leaf leaf = 2; \
             optional .Tree.Kind kind = 3; \
             message Node {{ optional .Tree.Node next = 1; }} \
             message Leaf {{ {} optional int32 v = 1; }} \
             enum Kind {{ {} OAK = 0; }} }}",
            mark("message_meta"),
            mark("enum_meta")
        )
    );
    let expected = "STRUCT Tree (\n  top Tree.Node,\n  leaf Tree.Leaf,\n  kind Tree.Kind\n);\n\
                    STRUCT Tree.Node (next Tree.Node);\n\
                    STRUCT Tree.Leaf (v INT);\n\
                    ENUM Tree.Kind ('OAK');\n";
    assert_eq!(shown(&text, &[]).unwrap(), expected);
}

#[test]
fn defaults_are_parameters_and_the_last_of_them() {
    for (ty, default, text) in [
        ("INT", "-5", "-5"),
        ("BOOLEAN", "TRUE", "true"),
        ("DOUBLE", "1.0E30", "1.0E30"),
        ("STRING", "'x'", "x"),
        ("BYTES", "x'00FF'", "AP8="),
    ] {
        let ddl = format!("TYPE STRUCT(f {ty} DEFAULT {default} WITH('k' = 'v')) NOT NULL;\n");
        let stored = stored(&ddl, &[]).unwrap();
        let said = format!(
            "params: [ {{ key: \"k\", value: \"v\" }}, {{ key: \"flink.version\", value: \"1\" }}, \
             {{ key: \"logical.default\", value: \"{text}\" }} ]"
        );
        assert!(in_a_line(&stored).contains(&said), "{stored}");
        assert_eq!(shown(&stored, &[]).unwrap(), ddl);
    }
    // What is no value of the type is none, and a constant of an enum is the option's to name.
    let text = "message A { optional int32 x = 1 [(confluent.field_meta).params = {key: \"logical.default\" value: \"many\"}]; \
                optional E y = 2 [default = B]; } enum E { A = 0; B = 1; }";
    let expected = "ENUM E ('A', 'B');\nTYPE STRUCT(x INT, y E DEFAULT 'B') NOT NULL;\n";
    assert_eq!(shown(text, &[]).unwrap(), expected);
    // NULL is what a field without default has anyway.
    let text = stored("TYPE STRUCT(f INT DEFAULT NULL)", &[]).unwrap();
    assert_eq!(in_a_line(&text), "message orders_value { optional int32 f = 1; }");
}

#[test]
fn field_numbers_are_kept_where_they_are_not_the_next_ones() {
    let ddl = "TYPE STRUCT(a INT WITH('protobuf.field.number' = '7'), b INT, \
               u UNION(c INT WITH('protobuf.field.number' = '1'), d INT)) NOT NULL;\n";
    let text = stored(ddl, &[]).unwrap();
    assert_eq!(
        in_a_line(&text),
        "message orders_value { optional int32 b = 2; optional int32 a = 7; \
         oneof u { int32 c = 1; int32 d = 3; } }"
    );
    let number = |number| format!("WITH('protobuf.field.number' = '{number}')");
    let expected = format!(
        "TYPE STRUCT(b INT {}, a INT {}, u UNION(c INT {}, d INT {})) NOT NULL;\n",
        number(2),
        number(7),
        number(1),
        number(3)
    );
    assert_eq!(shown(&text, &[]).unwrap(), expected);
}

#[test]
fn types_of_references_are_imported_and_one_alone_is_passed_on() {
    let text = "syntax = \"proto3\"; package far; message Land { enum Kind { A = 0; } }";
    let references = [reference("lands.proto", text)];
    let ddl = "TYPE STRUCT(land far.Land, kind far.Land.Kind NOT NULL) NOT NULL;\n";
    let near = stored(ddl, &references).unwrap();
    assert_eq!(
        in_a_line(&near),
        "import \"lands.proto\"; message orders_value { optional .far.Land land = 1; \
         .far.Land.Kind kind = 2; }"
    );
    assert_eq!(shown(&near, &references).unwrap(), ddl);
    refused(ddl, "type 'far.Land' is neither declared nor defined by a reference");

    let references = [reference("far.Land", text)];
    let alone = stored("TYPE far.Land NOT NULL;\n", &references).unwrap();
    assert_eq!(in_a_line(&alone), "import public \"far.Land\";");
    assert_eq!(shown(&alone, &references).unwrap(), "TYPE far.Land NOT NULL;\n");
}

#[test]
fn files_of_other_tools_are_shown_with_their_defaults_and_unmarked_types_written_out() {
    let text = "syntax = \"proto2\"; package shop; \
                message Order { \
                  required int64 id = 1; optional string by = 3 [default = \"me\"]; \
                  repeated Line lines = 4; map<string, google.protobuf.Int32Value> counts = 5; \
                  optional google.protobuf.Duration took = 6; optional State state = 7; \
                  message Line { required uint32 n = 1; } \
                  enum State { NEW = 0; } \
                } \
                message Other { optional Order order = 1; }";
    let number = |number| format!("WITH('protobuf.field.number' = '{number}')");
    let expected = format!(
        "NAMESPACE shop;\n\
         STRUCT shop.Other (order shop.Order);\n\
         TYPE STRUCT(id BIGINT NOT NULL {}, by STRING DEFAULT 'me' {}, \
         lines ARRAY<STRUCT(n BIGINT NOT NULL) NOT NULL> NOT NULL {}, \
         counts MAP<STRING, INT> NOT NULL {}, \
         took STRUCT(seconds BIGINT NOT NULL, nanos INT NOT NULL) {}, state ENUM('NEW') {}) NOT NULL;\n",
        number(1),
        number(3),
        number(4),
        number(5),
        number(6),
        number(7)
    );
    assert_eq!(shown(text, &[]).unwrap(), expected);
}

#[test]
fn checks_in_a_file_are_shown() {
    let text = "syntax = \"proto3\"; message A { B b = 1; } message B { \
                option (confluent.message_meta).rules = { expr: \"x > y\" sql: \"x > y\" }; \
                int32 x = 1 [(confluent.field_meta).rules = {name: \"r\" expr: \"this > 1\" sql: \"x > 1\" doc: \"m\"}]; \
                int32 y = 2; }";
    let expected = "STRUCT B (\n  x INT NOT NULL CONSTRAINT r CHECK (x > 1) MESSAGE 'm',\n  \
                    y INT NOT NULL,\n  CHECK (x > y)\n);\n\
                    TYPE STRUCT(b B) NOT NULL;\n";
    assert_eq!(shown(text, &[]).unwrap(), expected);
}

#[test]
fn what_one_file_cannot_declare_is_refused_with_the_reason() {
    refused("TYPE INT", "the registered type must be a STRUCT, not INT; wrap it in one");
    refused("ENUM E ('A')", "the registered type must be a STRUCT, not an enum; wrap it in one");
    refused(
        "NAMESPACE a; STRUCT b.C (x INT)",
        "'b.C' is not in the namespace 'a', and a file has one package",
    );
    refused(
        "STRUCT orders_value (x INT); TYPE STRUCT(y orders_value)",
        "'orders_value' and 'orders_value' have the same name",
    );
    refused(
        "STRUCT A (bRow INT, BRow INT, b STRUCT(x INT))",
        "two fields or types of one message are called 'BRow'",
    );
    refused(
        "STRUCT A (`b-c` INT)",
        "'b-c' is no name in Protobuf, which has letters, digits and _, none of the digits first",
    );
    let number = |number| format!("INT WITH('protobuf.field.number' = '{number}')");
    refused(
        &format!("STRUCT A (x {}, y {})", number("7"), number("7")),
        "two fields of 'A' have the number 7",
    );
    refused(
        &format!("STRUCT A (x {})", number("0")),
        "protobuf.field.number is a number from 1, not '0'",
    );
    refused(
        "USING TYPE Far FOR 'far.proto'; STRUCT A (x Far)",
        "USING TYPE Far gives an address, and Protobuf imports files",
    );
}

#[test]
fn what_no_definition_can_say_is_refused_with_the_reason() {
    not_shown("syntax = \"proto3\"; enum E { A = 0; }", "the file declares no message");
    not_shown(
        "syntax = \"proto3\"; message A { google.protobuf.Struct s = 1; }",
        "'google.protobuf.Struct' contains itself",
    );
    not_shown(
        "message A { optional group G = 1 { optional int32 x = 2; } }",
        "field 'g' is a group, which no type is",
    );
    not_shown(
        "syntax = \"proto3\"; message A { string s = 1 [(confluent.field_meta).params = {key: \"flink.maxLength\" value: \"long\"}]; }",
        "flink.maxLength of field 's' is 'long'",
    );
}

#[test]
fn messages_that_would_be_written_out_too_often_are_refused() {
    let level = |at: usize| format!("message L{at} {{ L{0} a = 1; L{0} b = 2; }}", at + 1);
    let levels: String = (0..40).map(level).collect();
    let text = format!("syntax = \"proto3\"; message A {{ {levels} message L40 {{}} L0 x = 1; }}");
    not_shown(
        &text,
        "too many types, those of messages written out where they are used; the limit is 50000 (setting nodes-max)",
    );
    let long = "d".repeat(100_000);
    let fields: Vec<String> = (1..1_000).map(|at| format!("L f{at} = {at};")).collect();
    let fields = fields.concat();
    let text = format!(
        "syntax = \"proto3\"; message A {{ {fields} \
         message L {{ int32 x = 1 [(confluent.field_meta).doc = \"{long}\"]; }} }}"
    );
    not_shown(
        &text,
        "messages, written out where they are used, take more than 16 times the longest text; the limit is 1048576 (setting text-bytes-max)",
    );
}

#[test]
fn a_chain_of_messages_longer_than_types_may_nest_is_refused_and_does_not_exhaust_the_stack() {
    let level = |at: usize| format!("message L{at} {{ L{} a = 1; }}", at + 1);
    let levels: String = (0..600).map(level).collect();
    let text = format!("syntax = \"proto3\"; message A {{ {levels} message L600 {{}} L0 x = 1; }}");
    let read = move || {
        not_shown(&text, "types nested too deep; the limit is 500 (setting depth-max)");
    };
    // As much as a server gives the thread that reads.
    std::thread::Builder::new().stack_size(64 << 20).spawn(read).unwrap().join().unwrap();
}
