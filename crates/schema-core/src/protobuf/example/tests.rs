//! Each rule has a message that shows it, unless none can.

use crate::protobuf::ProtobufSchema;
use crate::{CounterExample, Limits, NoneExists, Reference, ResolvedReference, Side};

fn schema(text: &str, references: &[ResolvedReference]) -> ProtobufSchema {
    ProtobufSchema::parse(text, references, &Limits::default()).unwrap()
}

/// What a search came to: a value with what the reader makes of it, or what is known.
type Outcome = Result<(String, String), Option<NoneExists>>;

/// For each finding its rule and what shows it.
fn shown(reader: &ProtobufSchema, writer: &ProtobufSchema) -> Vec<(&'static str, Outcome)> {
    let limits = Limits::default();
    let found = crate::protobuf::compare(reader, writer, Side::New, &limits).unwrap();
    let shown = |found| {
        let outcome = match super::counter_example(reader, writer, &found, &limits) {
            CounterExample::Value(example) => Ok((example.value, example.refusal)),
            CounterExample::NoneExists(reason) => Err(Some(reason)),
            CounterExample::NotFound => Err(None),
        };
        (found.rule.as_str(), outcome)
    };
    found.into_iter().map(shown).collect()
}

/// The one finding between two texts of proto2 and what shows it.
fn of_proto2(writer: &str, reader: &str) -> (&'static str, Outcome) {
    let proto2 = |text: &str| schema(&format!("syntax = \"proto2\"; {text}"), &[]);
    let shown = shown(&proto2(reader), &proto2(writer));
    let [only] = shown.as_slice() else { panic!("{shown:?}") };
    only.clone()
}

/// Writer, reader, the rule and the value that shows it, and what the reader makes of that.
const CASES: [(&str, &str, (&str, &str), &str); 15] = [
    (
        "message A { optional int32 a = 1; }",
        "message A { optional sint32 a = 1; }",
        ("FIELD_SCALAR_KIND_CHANGED", "{\"a\":1}"),
        "field 'a' (1) comes back changed: the reader reads {\"a\":-1}",
    ),
    (
        "message A { optional string a = 1; }",
        "message A { optional int32 a = 1; }",
        ("FIELD_SCALAR_KIND_CHANGED", "{\"a\":\"a\"}"),
        "decoding fails: invalid wire type: LengthDelimited (expected Varint)",
    ),
    (
        "message A { map<string, int32> a = 1; }",
        "message A { map<string, sint32> a = 1; }",
        ("FIELD_SCALAR_KIND_CHANGED", "{\"a\":{\"a\":1}}"),
        "field 'a' (1) comes back changed: the reader reads {\"a\":{\"a\":-1}}",
    ),
    (
        "message A { repeated int32 a = 1; }",
        "message A { optional int32 a = 1; }",
        ("FIELD_NUMERIC_LABEL_CHANGED", "{\"a\":[1,2]}"),
        "field 'a' (1) comes back changed: the reader reads {\"a\":2}",
    ),
    (
        "message A { optional int32 a = 1; }",
        "message A { required int32 a = 1; }",
        ("FIELD_NUMERIC_LABEL_CHANGED", "{}"),
        "the reader misses its required field 'a' (1)",
    ),
    (
        "message A { optional B b = 1; message B { optional int32 x = 1; } }",
        "message A { optional string b = 1; message B { optional int32 x = 1; } }",
        ("FIELD_KIND_CHANGED", "{\"b\":{\"x\":1}}"),
        "field 'b' (1) comes back changed: the reader reads {\"b\":\"\\b\\u0001\"}",
    ),
    (
        "message A { optional B b = 1; } message B { optional int32 x = 1; }",
        "message A { optional C b = 1; } message B { optional int32 x = 1; } message C { optional string x = 1; }",
        ("FIELD_NAMED_TYPE_CHANGED", "{\"b\":{\"x\":1}}"),
        "decoding fails: invalid wire type: Varint (expected LengthDelimited)",
    ),
    (
        "message A { optional B b = 1; } message B { optional int32 x = 1; }",
        "message A { optional C b = 1; } message B { optional int32 x = 1; } message C { optional int32 y = 1; }",
        ("FIELD_NAMED_TYPE_CHANGED", "{\"b\":{\"x\":1}}"),
        "what is in field 'b' (1) comes back under other names: the reader reads {\"b\":{\"y\":1}}",
    ),
    (
        "message A { optional int32 a = 1; }",
        "message A { optional int32 a = 1; required int32 b = 2; }",
        ("REQUIRED_FIELD_ADDED", "{}"),
        "the reader misses its required field 'b' (2)",
    ),
    (
        "message A { optional int32 a = 1; required int32 b = 2; }",
        "message A { optional int32 a = 1; }",
        ("REQUIRED_FIELD_REMOVED", "{\"b\":1}"),
        "the reader has no field 2: 'b' is lost",
    ),
    (
        "message A { oneof o { int32 a = 1; string b = 2; } }",
        "message A { oneof o { int32 a = 1; } }",
        ("ONEOF_FIELD_REMOVED", "{\"b\":\"a\"}"),
        "the reader has no field 2: 'b' is lost",
    ),
    (
        "message A { optional int32 a = 1; optional string b = 2; }",
        "message A { oneof o { int32 a = 1; string b = 2; } }",
        ("MULTIPLE_FIELDS_MOVED_TO_ONEOF", "{\"a\":1,\"b\":\"a\"}"),
        "the reader keeps one field of the oneof 'o', field 'a' (1) is lost: it reads {\"b\":\"a\"}",
    ),
    (
        "message A { oneof o { int32 a = 1; } optional string b = 2; }",
        "message A { oneof o { int32 a = 1; string b = 2; } }",
        ("FIELD_MOVED_TO_EXISTING_ONEOF", "{\"a\":1,\"b\":\"a\"}"),
        "the reader keeps one field of the oneof 'o', field 'a' (1) is lost: it reads {\"b\":\"a\"}",
    ),
    (
        "message A { optional E e = 1; optional int32 b = 2; message E { } }",
        "message A { oneof o { E e = 1; int32 b = 2; } message E { } }",
        ("MULTIPLE_FIELDS_MOVED_TO_ONEOF", "{\"e\":{},\"b\":1}"),
        "the reader keeps one field of the oneof 'o', field 'e' (1) is lost: it reads {\"b\":1}",
    ),
    (
        "package p; message A { message B { optional int32 a = 1; } }",
        "package p; message A { }",
        ("MESSAGE_REMOVED", "{\"a\":1}"),
        "the reader has no message 'p.A.B'",
    ),
];

#[test]
fn each_rule_has_a_message_that_shows_it() {
    for (writer, reader, (rule, value), refusal) in CASES {
        let shown = Ok((value.to_owned(), refusal.to_owned()));
        assert_eq!(of_proto2(writer, reader), (rule, shown), "{writer} read as {reader}");
    }
}

#[test]
fn what_nothing_shows_is_proven() {
    use NoneExists::{NotOnTheWire, ReaderTakesAll, WriterAllowsNothing};
    let cases = [
        // Always there before, so always there.
        (
            "message A { required int32 a = 1; }",
            "message A { optional int32 a = 1; }",
            ("FIELD_NUMERIC_LABEL_CHANGED", ReaderTakesAll),
        ),
        // One is a list of one.
        (
            "message A { optional int32 a = 1; }",
            "message A { repeated int32 a = 1; }",
            ("FIELD_NUMERIC_LABEL_CHANGED", ReaderTakesAll),
        ),
        // A map is the list of its entries.
        (
            "message A { map<string, int32> a = 1; }",
            "message A { repeated AEntry a = 1; message AEntry { optional string key = 1; optional int64 value = 2; } }",
            ("FIELD_KIND_CHANGED", ReaderTakesAll),
        ),
        // Alike but for the name.
        (
            "message A { optional B b = 1; } message B { optional int32 x = 1; }",
            "message A { optional C b = 1; } message B { optional int32 x = 1; } message C { optional int32 x = 1; }",
            ("FIELD_NAMED_TYPE_CHANGED", ReaderTakesAll),
        ),
        (
            "package p; message A { optional int32 a = 1; }",
            "package q; message A { optional int32 a = 1; }",
            ("PACKAGE_CHANGED", NotOnTheWire),
        ),
        // No message of the writer ever ends.
        (
            "message A { required A a = 1; optional int32 b = 2; }",
            "message A { required A a = 1; optional string b = 2; }",
            ("FIELD_SCALAR_KIND_CHANGED", WriterAllowsNothing),
        ),
        // Nor one of the field.
        (
            "message A { optional B b = 1; message B { required B b = 1; } }",
            "message A { optional string b = 1; message B { required B b = 1; } }",
            ("FIELD_KIND_CHANGED", WriterAllowsNothing),
        ),
    ];
    for (writer, reader, (rule, reason)) in cases {
        assert_eq!(of_proto2(writer, reader), (rule, Err(Some(reason))), "{writer} as {reader}");
    }
}

#[test]
fn what_cannot_be_linked_is_not_known() {
    // Two fields of one number: nothing can be encoded.
    let writer = "message A { optional int32 a = 1; optional int32 b = 1; }";
    let reader = "message A { optional string a = 1; }";
    assert_eq!(of_proto2(writer, reader), ("FIELD_SCALAR_KIND_CHANGED", Err(None)));
}

#[test]
fn the_bytes_are_those_of_the_writer() {
    let parse = |text: &str| schema(&format!("syntax = \"proto3\"; message A {{ {text} }}"), &[]);
    let (reader, writer) = (parse("sint32 a = 1;"), parse("int32 a = 1;"));
    let limits = Limits::default();
    let found = crate::protobuf::compare(&reader, &writer, Side::Old, &limits).unwrap();
    let example = super::counter_example(&reader, &writer, &found[0], &limits).value().unwrap();
    assert_eq!(example.encoded, [0x08, 0x01]);
}

#[test]
fn a_type_of_a_changed_import_is_shown_where_it_changed() {
    let with = |version, ty: &str| {
        let reference = Reference { name: "d.proto".to_owned(), subject: "d".to_owned(), version };
        let text = format!(
            "syntax = \"proto3\"; package d; message D {{ E e = 1; }} message E {{ {ty} x = 1; }}"
        );
        let own = "syntax = \"proto3\"; package a; message A { d.D d = 1; }";
        schema(own, &[ResolvedReference { reference, text }])
    };
    let refusal = "decoding fails: invalid wire type: Varint (expected LengthDelimited)";
    let shown = shown(&with(2, "string"), &with(1, "int32"));
    assert_eq!(
        shown.last(),
        Some(&(
            "FIELD_NAMED_TYPE_CHANGED",
            Ok(("{\"d\":{\"e\":{\"x\":1}}}".to_owned(), refusal.to_owned()))
        ))
    );
}

#[test]
fn what_is_wrong_elsewhere_in_the_file_does_not_matter() {
    let file = |ty: &str| {
        schema(
            &format!(
                "syntax = \"proto3\"; import \"nowhere.proto\";
                message A {{ {ty} a = 1; google.protobuf.Any any = 2; }}
                message Twice {{ int32 a = 1; int32 b = 1; }}
                enum NoZero {{ ONE = 1; }}"
            ),
            &[],
        )
    };
    let refusal = "decoding fails: invalid wire type: Varint (expected LengthDelimited)";
    assert_eq!(
        shown(&file("string"), &file("bool")),
        [("FIELD_SCALAR_KIND_CHANGED", Ok(("{\"a\":true}".to_owned(), refusal.to_owned())))]
    );
}
