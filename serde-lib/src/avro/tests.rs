//! Properties of the Avro codec below the registry: nothing hostile panics, what is written reads
//! back, names are found.

use proptest::prelude::*;

use super::encode::{encode_generic, encode_typed};
use super::plan::{DecodeLimits, ReadPlan};
use super::schema::ParsedSchema;
use super::*;
use crate::{EncodeKind, Error};

/// Every construct of the format, nested and recursive.
const EVERYTHING: &str = r#"{"type": "record", "name": "R", "namespace": "n", "fields": [
    {"name": "null", "type": "null"}, {"name": "boolean", "type": "boolean"},
    {"name": "int", "type": "int"}, {"name": "long", "type": "long"},
    {"name": "float", "type": "float"}, {"name": "double", "type": "double"},
    {"name": "bytes", "type": "bytes"}, {"name": "string", "type": "string"},
    {"name": "fixed", "type": {"type": "fixed", "name": "F", "size": 3}},
    {"name": "enum", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
    {"name": "array", "type": {"type": "array", "items": ["null", "E", "R"]}},
    {"name": "map", "type": {"type": "map", "values": {"type": "array", "items": "null"}}},
    {"name": "union", "type": ["null", "R", "F"]},
    {"name": "decimal", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4}},
    {"name": "big", "type": {"type": "bytes", "logicalType": "big-decimal"}},
    {"name": "uuid", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "duration", "type": {"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"}},
    {"name": "time", "type": {"type": "long", "logicalType": "time-micros"}}]}"#;

/// Nothing of the record but its end, so that almost everything is skipped.
const LITTLE: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "time", "type": "long"}, {"name": "new", "type": "string", "default": "d"}]}"#;

fn parsed(text: &str) -> ParsedSchema {
    ParsedSchema::parse(text, &[]).unwrap()
}

fn small() -> DecodeLimits {
    DecodeLimits { depth_max: 16, items_max: 1_000, allocation_bytes_max: 1 << 16 }
}

#[test]
fn big_decimal_with_a_lying_length_is_an_invalid_value() {
    let schema = parsed(
        r#"{"type": "record", "name": "R", "fields": [
        {"name": "b", "type": {"type": "bytes", "logicalType": "big-decimal"}}]}"#,
    );
    let plan = ReadPlan::compile(&schema, &schema).unwrap();
    // Two bytes that announce 2^29 digits; the codec would set memory aside for all of them.
    let error = plan.decode(&[10, 0x80, 0x80, 0x80, 0x80, 0x04], &small(), false).unwrap_err();
    assert!(error.to_string().contains("big-decimal"), "{error}");
}

#[test]
fn referenced_types_are_found_by_name_wherever_they_are_defined() {
    let outer = r#"{"type": "record", "name": "Outer", "namespace": "a", "fields": [
        {"name": "inner", "type": {"type": "enum", "name": "Inner", "symbols": ["X"]}}]}"#;
    let root = r#"{"type": "record", "name": "Root", "namespace": "b", "fields": [
        {"name": "first", "type": "a.Inner"}, {"name": "then", "type": ["null", "a.Outer"]}]}"#;
    let schema = ParsedSchema::parse(root, &[outer]).unwrap();
    let plan = ReadPlan::compile(&schema, &schema).unwrap();
    let inner = || Value::Enum(0, "X".to_owned());
    let outer = Value::Record(vec![("inner".to_owned(), inner())]);
    let expected = Value::Record(vec![
        ("first".to_owned(), inner()),
        ("then".to_owned(), Value::Union(1, Box::new(outer))),
    ]);
    assert_eq!(plan.decode(&[0, 2, 0], &small(), false).unwrap(), expected);
}

#[test]
fn referenced_type_without_a_namespace_is_used_again_within_one() {
    let address = r#"{"type": "record", "name": "Address", "fields": [
        {"name": "street", "type": "string"}, {"name": "of", "type": ["null", "Address"]}]}"#;
    let person = r#"{"type": "record", "name": "Person", "namespace": "com.example", "fields": [
        {"name": "home", "type": "Address"}, {"name": "work", "type": "Address"}]}"#;
    let schema = ParsedSchema::parse(person, &[address]).unwrap();
    let plan = ReadPlan::compile(&schema, &schema).unwrap();
    let address = |street: &str| {
        let of = Value::Union(0, Box::new(Value::Null));
        Value::Record(vec![("street".to_owned(), street.into()), ("of".to_owned(), of)])
    };
    let expected =
        Value::Record(vec![("home".to_owned(), address("a")), ("work".to_owned(), address("b"))]);
    assert_eq!(plan.decode(&[2, b'a', 0, 2, b'b', 0], &small(), false).unwrap(), expected);
}

#[test]
fn defaults_that_do_not_fit_matter_only_where_they_are_used() {
    let loose = parsed(
        r#"{"type": "error", "name": "R", "fields": [
        {"name": "text", "type": "string", "default": null},
        {"name": "symbol", "type": {"type": "enum", "name": "E", "symbols": ["A"], "default": "Z"}},
        {"name": "list", "type": [{"type": "array", "items": {"type": "record", "name": "I",
            "fields": [{"name": "n", "type": "int", "default": "x"}]}}, "null"], "default": 7}]}"#,
    );
    let plan = ReadPlan::compile(&loose, &loose).unwrap();
    let expected = Value::Record(vec![
        ("text".to_owned(), "a".into()),
        ("symbol".to_owned(), Value::Enum(0, "A".to_owned())),
        ("list".to_owned(), Value::Union(1, Box::new(Value::Null))),
    ]);
    assert_eq!(plan.decode(&[2, b'a', 0, 2], &small(), false).unwrap(), expected);
    let less = parsed(r#"{"type": "record", "name": "R", "fields": []}"#);
    let error = ReadPlan::compile(&less, &loose).unwrap_err();
    assert!(error.to_string().contains("text"), "{error}");
    let fitting = parsed(
        r#"{"type": "record", "name": "R", "fields": [
        {"name": "text", "type": "string", "default": "d"}]}"#,
    );
    let plan = ReadPlan::compile(&less, &fitting).unwrap();
    let expected = Value::Record(vec![("text".to_owned(), "d".into())]);
    assert_eq!(plan.decode(&[], &small(), false).unwrap(), expected);
}

#[test]
fn nesting_is_read_to_the_limit_and_refused_one_level_deeper() {
    let chain = parsed(
        r#"{"type": "record", "name": "Node", "fields": [
        {"name": "next", "type": ["null", "Node"]}]}"#,
    );
    let limits = DecodeLimits { depth_max: 3, ..small() };
    let unwanted = parsed(r#"{"type": "record", "name": "Node", "fields": []}"#);
    for reader in [&chain, &unwanted] {
        let plan = ReadPlan::compile(&chain, reader).unwrap();
        assert!(plan.decode(&[2, 2, 0], &limits, false).is_ok());
        let Err(Error::Decode(error)) = plan.decode(&[2, 2, 2, 0], &limits, false) else {
            panic!()
        };
        assert_eq!(error.kind, crate::DecodeKind::DepthLimitExceeded(3));
    }
}

#[test]
fn undefined_name_is_named() {
    let text = r#"{"type": "record", "name": "R", "namespace": "n", "fields": [
        {"name": "f", "type": {"type": "array", "items": "Missing"}}]}"#;
    let error = ParsedSchema::parse(text, &[]).unwrap_err();
    assert!(
        matches!(&error, Error::UnresolvedReference { reason } if reason.contains("`n.Missing`")),
        "{error}"
    );
}

#[test]
fn schema_nested_beyond_the_limit_is_refused() {
    let definitions: Vec<_> = (0..200)
        .map(|level| {
            let inner = if level == 0 { "int".to_owned() } else { format!("R{}", level - 1) };
            format!(r#"{{"type": "record", "name": "R{level}", "fields": [{{"name": "f", "type": "{inner}"}}]}}"#)
        })
        .collect();
    let references: Vec<_> = definitions.iter().map(String::as_str).collect();
    let error = ParsedSchema::parse("\"R199\"", &references).unwrap_err();
    assert!(matches!(error, Error::InvalidSchema { .. }), "{error}");
    assert!(ParsedSchema::parse("\"R20\"", &references).is_ok());
}

#[test]
fn bare_value_in_a_union_takes_the_branch_of_its_type() {
    let schema = parsed(r#"["null", "long", "string", {"type": "array", "items": "int"}]"#);
    let encoded = |value: Value| {
        let mut out = Vec::new();
        encode_generic(&schema, &value, &mut out).map(|()| out).map_err(|error| error.kind)
    };
    assert_eq!(encoded(Value::Null), Ok(vec![0]));
    assert_eq!(encoded(Value::Long(1)), Ok(vec![2, 2]));
    assert_eq!(encoded(Value::from("x")), Ok(vec![4, 2, b'x']));
    assert_eq!(encoded(Value::Array(vec![])), Ok(vec![6, 0]));
    assert_eq!(encoded(Value::Boolean(true)), Err(EncodeKind::NoUnionBranch("a boolean")));
}

#[test]
fn branch_that_was_tried_in_vain_leaves_nothing_that_could_not_be_read() {
    let record = |name: &str, of: &str| {
        format!(
            r#"{{"type": "record", "name": "{name}", "fields": [{{"name": "f", "type": "{of}"}}]}}"#
        )
    };
    let writer = parsed(&record("w.R", "int"));
    let reader = format!("[{}, {}]", record("a.R", "string"), record("b.R", "int"));
    let plan = ReadPlan::compile(&writer, &parsed(&reader)).unwrap();
    assert!(plan.is_total(), "{plan:?}");
}

#[test]
fn each_branch_of_nested_unions_is_tried_once() {
    let nested = |leaf: &str, around: fn(String) -> String| {
        (0..40).fold(format!("\"{leaf}\""), |items, _| {
            around(format!(r#"{{"type": "array", "items": {items}}}"#))
        })
    };
    let writer = parsed(&nested("int", |array| array));
    let reader = parsed(&nested("string", |array| format!(r#"["null", {array}]"#)));
    // Two attempts a level would be 2^40.
    assert!(ReadPlan::compile(&writer, &reader).is_err());
}

#[test]
fn top_level_bytes_have_no_length() {
    let schema = parsed("\"bytes\"");
    let plan = ReadPlan::compile(&schema, &schema).unwrap();
    let mut out = vec![7];
    encode_generic(&schema, &Value::Bytes(vec![1, 2, 3]), &mut out).unwrap();
    encode_typed(&schema, &serde_bytes_like(&[4]), &mut out).unwrap();
    assert_eq!(out, [7, 1, 2, 3, 4]);
    assert_eq!(plan.decode(&[1, 2], &small(), false).unwrap(), Value::Bytes(vec![1, 2]));
}

/// Serializes as bytes rather than as a sequence of numbers.
fn serde_bytes_like(bytes: &'static [u8]) -> impl serde::Serialize {
    struct AsBytes(&'static [u8]);
    impl serde::Serialize for AsBytes {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    AsBytes(bytes)
}

/// A value of `EVERYTHING`, with `depth` levels of itself inside.
fn everything(depth: u32) -> BoxedStrategy<Value> {
    let inner = if depth == 0 {
        Just(Value::Union(0, Box::new(Value::Null))).boxed()
    } else {
        let record = everything(depth - 1);
        record.prop_map(|inner| Value::Union(1, Box::new(inner))).boxed()
    };
    let item = prop_oneof![
        Just(Value::Union(0, Box::new(Value::Null))),
        Just(Value::Union(1, Box::new(Value::Enum(1, "B".to_owned())))),
    ];
    let numbers = (any::<bool>(), any::<i32>(), any::<i64>(), -1e30f32..1e30, -1e300..1e300f64);
    let texts = (prop::collection::vec(any::<u8>(), 0..9), ".{0,9}", any::<[u8; 3]>());
    let items = prop::collection::vec(item, 0..4);
    let map = prop::collection::hash_map(".{0,3}", 0usize..4, 0..4);
    let decimal = prop::collection::vec(any::<u8>(), 1..4);
    let rest = (any::<u128>(), any::<[u8; 12]>(), 0i64..86_400_000_000);
    (numbers, texts, items, map, inner, decimal, rest)
        .prop_map(|(numbers, texts, items, map, inner, decimal, rest)| {
            let nulls = |count| Value::Array(vec![Value::Null; count]);
            let map = map.into_iter().map(|(key, count)| (key, nulls(count))).collect();
            let values = [
                ("null", Value::Null),
                ("boolean", Value::Boolean(numbers.0)),
                ("int", Value::Int(numbers.1)),
                ("long", Value::Long(numbers.2)),
                ("float", Value::Float(numbers.3)),
                ("double", Value::Double(numbers.4)),
                ("bytes", Value::Bytes(texts.0)),
                ("string", Value::String(texts.1)),
                ("fixed", Value::Fixed(3, texts.2.to_vec())),
                ("enum", Value::Enum(0, "A".to_owned())),
                ("array", Value::Array(items)),
                ("map", Value::Map(map)),
                ("union", inner),
                ("decimal", Value::Decimal(decimal.into())),
                ("big", Value::BigDecimal(apache_avro::BigDecimal::from(numbers.2))),
                ("uuid", Value::Uuid(apache_avro::Uuid::from_u128(rest.0))),
                ("duration", Value::Duration(rest.1.into())),
                ("time", Value::TimeMicros(rest.2)),
            ];
            Value::Record(values.map(|(name, value)| (name.to_owned(), value)).into())
        })
        .boxed()
}

proptest! {
    #[test]
    fn any_bytes_decode_or_fail_without_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let (everything, little) = (parsed(EVERYTHING), parsed(LITTLE));
        for reader in [&everything, &little] {
            let plan = ReadPlan::compile(&everything, reader).unwrap();
            let _ = plan.decode(&body, &small(), false);
        }
    }

    #[test]
    fn damaged_bodies_decode_or_fail_without_panic(
        value in everything(1),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (everything, little) = (parsed(EVERYTHING), parsed(LITTLE));
        let mut body = Vec::new();
        encode_generic(&everything, &value, &mut body).unwrap();
        let at = at.index(body.len());
        body[at] = byte;
        for reader in [&everything, &little] {
            let plan = ReadPlan::compile(&everything, reader).unwrap();
            let _ = plan.decode(&body, &small(), false);
            let _ = plan.decode(&body[..at], &small(), false);
        }
    }

    #[test]
    fn generic_values_read_back_and_can_be_skipped(value in everything(2)) {
        let (everything, little) = (parsed(EVERYTHING), parsed(LITTLE));
        let mut body = Vec::new();
        encode_generic(&everything, &value, &mut body).unwrap();
        let limits = DecodeLimits::default();
        let plan = ReadPlan::compile(&everything, &everything).unwrap();
        prop_assert_eq!(&plan.decode(&body, &limits, false).unwrap(), &value);
        let plan = ReadPlan::compile(&everything, &little).unwrap();
        let Value::Record(read) = plan.decode(&body, &limits, false).unwrap() else { panic!() };
        prop_assert_eq!(&read[1], &("new".to_owned(), Value::from("d")));
    }

    #[test]
    fn generic_and_library_writers_agree(value in everything(1)) {
        let schema = parsed(EVERYTHING);
        let mut ours = Vec::new();
        encode_generic(&schema, &value, &mut ours).unwrap();
        let writer = apache_avro::writer::datum::GenericDatumWriter::builder(schema.root());
        let theirs = writer.build().unwrap().write_value_to_vec(value.clone()).unwrap();
        let plan = ReadPlan::compile(&schema, &schema).unwrap();
        // Maps may be written in any order, so values are compared.
        prop_assert_eq!(ours.len(), theirs.len());
        prop_assert_eq!(plan.decode(&theirs, &DecodeLimits::default(), false).unwrap(), value);
    }
}
