//! The straight way of Rust types against the way over generic values.

#![allow(clippy::unwrap_used, reason = "test helpers fail the test")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::encode::encode_generic;
use super::plan::{DecodeLimits, ReadPlan};
use super::schema::ParsedSchema;

const SCHEMA: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "boolean", "type": "boolean"}, {"name": "int", "type": "int"},
    {"name": "long", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    {"name": "float", "type": "float"}, {"name": "double", "type": "double"},
    {"name": "string", "type": "string"}, {"name": "unsigned", "type": "long"},
    {"name": "option", "type": ["null", "string"]}, {"name": "back", "type": ["int", "null"]},
    {"name": "list", "type": {"type": "array", "items": {"type": "array", "items": "long"}}},
    {"name": "map", "type": {"type": "map", "values": ["null", "R"]}},
    {"name": "symbol", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
    {"name": "nothing", "type": "null"}]}"#;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Record {
    boolean: bool,
    int: i32,
    long: i64,
    float: f32,
    double: f64,
    string: String,
    unsigned: u32,
    option: Option<String>,
    back: Option<i16>,
    list: Vec<Vec<i64>>,
    map: BTreeMap<String, Option<Record>>,
    symbol: Symbol,
    nothing: (),
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
enum Symbol {
    A,
    B,
}

fn record() -> impl Strategy<Value = Record> {
    let numbers = (any::<bool>(), any::<i32>(), any::<i64>(), -1e9f32..1e9, -1e9f64..1e9);
    let texts = (".{0,3}", any::<u32>(), prop::option::of(".{0,3}"), any::<Option<i16>>());
    let list = prop::collection::vec(prop::collection::vec(any::<i64>(), 0..3), 0..3);
    let leaf = (numbers, texts, list, any::<bool>()).prop_map(|(numbers, texts, list, is_a)| {
        let (boolean, int, long, float, double) = numbers;
        let (string, unsigned, option, back) = texts;
        let symbol = if is_a { Symbol::A } else { Symbol::B };
        let map = BTreeMap::new();
        Record {
            boolean,
            int,
            long,
            float,
            double,
            string,
            unsigned,
            option,
            back,
            list,
            map,
            symbol,
            nothing: (),
        }
    });
    leaf.clone().prop_recursive(2, 6, 3, move |inner| {
        let map = prop::collection::btree_map(".{0,2}", prop::option::of(inner), 0..3);
        (leaf.clone(), map).prop_map(|(record, map)| Record { map, ..record })
    })
}

fn parsed(text: &str) -> ParsedSchema {
    ParsedSchema::parse(text, &[]).unwrap()
}

/// What the other way makes of a value; the straight one must make the same.
fn through_values(schema: &ParsedSchema, value: &Record) -> Vec<u8> {
    let mut out = Vec::new();
    apache_avro::write_avro_datum_ref(schema.root(), &schema.names(), value, &mut out).unwrap();
    out
}

proptest! {
    #[test]
    fn typed_values_are_written_and_read_without_the_other_way(record in record()) {
        let schema = parsed(SCHEMA);
        let mut out = Vec::new();
        schema.write_plan().write(&record, &mut out).unwrap();
        prop_assert_eq!(&out, &through_values(&schema, &record));
        let plan = ReadPlan::compile(&schema, &schema).unwrap();
        let limits = DecodeLimits::default();
        prop_assert_eq!(plan.read::<Record>(&out, &limits, false).unwrap(), record);
    }

    #[test]
    fn bytes_that_the_straight_way_takes_mean_the_same_to_the_other(
        record in record(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let schema = parsed(SCHEMA);
        let mut bytes = through_values(&schema, &record);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut.index(3).min(bytes.len()));
        let plan = ReadPlan::compile(&schema, &schema).unwrap();
        let limits = DecodeLimits { depth_max: 4, items_max: 50, allocation_bytes_max: 1 << 16 };
        if let Ok(read) = plan.read::<Record>(&bytes, &limits, false) {
            let value = plan.decode(&bytes, &limits, false).unwrap();
            // Written again, both are the same; blocks, long varints, doubled keys aside.
            let (mut generic, mut typed) = (Vec::new(), Vec::new());
            encode_generic(&schema, &value, &mut generic).unwrap();
            schema.write_plan().write(&read, &mut typed).unwrap();
            prop_assert_eq!(generic, typed);
        }
    }
}

#[test]
fn fields_in_another_order_with_defaults_are_read_by_name() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Reader {
        last: i64,
        first: f64,
        text: String,
        list: Vec<i32>,
        map: BTreeMap<String, bool>,
        option: Option<i32>,
        symbol: Symbol,
        bytes: Option<String>,
    }
    let writer = parsed(
        r#"{"type": "record", "name": "R", "fields": [{"name": "first", "type": "int"},
        {"name": "gone", "type": {"type": "array", "items": "string"}},
        {"name": "last", "type": "int"}]}"#,
    );
    let reader = parsed(
        r#"{"type": "record", "name": "R", "fields": [{"name": "last", "type": "long"},
        {"name": "first", "type": "double"}, {"name": "text", "type": "string", "default": "t"},
        {"name": "list", "type": {"type": "array", "items": "int"}, "default": [1, 2]},
        {"name": "map", "type": {"type": "map", "values": "boolean"}, "default": {"k": true}},
        {"name": "option", "type": ["int", "null"], "default": 3},
        {"name": "symbol", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]},
            "default": "B"},
        {"name": "bytes", "type": ["null", "string"], "default": null}]}"#,
    );
    let plan = ReadPlan::compile(&writer, &reader).unwrap();
    let limits = DecodeLimits::default();
    let read = plan.read::<Reader>(&[2, 2, 2, b'x', 0, 3], &limits, false).unwrap();
    let expected = Reader {
        last: -2,
        first: 1.0,
        text: "t".into(),
        list: vec![1, 2],
        map: [("k".to_owned(), true)].into(),
        option: Some(3),
        symbol: Symbol::B,
        bytes: None,
    };
    assert_eq!(read, expected);
    assert!(plan.read::<Reader>(&[2, 2, 2, b'x', 0, 3, 0], &limits, false).is_err());
    assert!(plan.read::<Reader>(&[2, 2, 2, b'x', 0, 3, 0], &limits, true).is_ok());
}

#[test]
fn promotions_and_unions_are_read_without_the_other_way() {
    #[derive(Debug, Deserialize, PartialEq)]
    enum Either {
        Text(String),
        Number(f64),
        Nothing,
    }
    let writer = parsed(r#"["int", "bytes", "null", "float"]"#);
    let reader = parsed(r#"["string", "double", "null"]"#);
    let plan = ReadPlan::compile(&writer, &reader).unwrap();
    let read = |bytes: &[u8]| plan.read::<Either>(bytes, &DecodeLimits::default(), false).ok();
    assert_eq!(read(&[0, 4]), Some(Either::Number(2.0)));
    assert_eq!(read(&[2, 4, b'h', b'i']), Some(Either::Text("hi".into())));
    assert_eq!(read(&[2, 2, 0xff]), None);
    assert_eq!(read(&[4]), Some(Either::Nothing));
    assert_eq!(read(&[6, 0, 0, 0, 0x3f]), Some(Either::Number(0.5)));
    assert_eq!(read(&[8]), None);
}
