//! An Avro message: the number of its schema, then the body; read as generic values, as JSON, as types
//! of serde and as derived ones, owned and borrowed, of its own schema and of another.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use levada_fuzz::serde::{Any, agree, client, framed, is_bound, ready, source};
use levada_serde::apache_avro::types::Value;
use levada_serde::avro::DecodeLimits;
use levada_serde::avro::record::{AvroWrite, schema_text};
use levada_serde::{
    AvroDeserializer, AvroRecord, AvroSerializer, Error, RegistryClient, SchemaDefinition,
};
use serde::{Deserialize, Serialize};

#[derive(AvroRecord, Debug, Deserialize, Serialize)]
#[avro(namespace = "shop")]
struct Order {
    id: i64,
    count: i32,
    text: String,
    #[serde(with = "serde_bytes")]
    raw: Vec<u8>,
    ratio: f32,
    price: f64,
    is_gift: bool,
    note: Option<String>,
    state: State,
    lines: Vec<Line>,
    weights: BTreeMap<String, i64>,
    next: Option<Box<Order>>,
}

#[derive(AvroRecord, Debug, Deserialize, Serialize)]
#[avro(default = "New")]
enum State {
    New,
    Paid,
    Sent,
}

#[derive(AvroRecord, Debug, Deserialize, Serialize)]
struct Line {
    sku: String,
    quantity: i32,
}

#[derive(AvroRecord, Debug, Deserialize)]
#[avro(namespace = "shop", name = "Order")]
struct Glance<'m> {
    id: i64,
    count: i32,
    text: &'m str,
    #[serde(borrow, with = "serde_bytes")]
    raw: &'m [u8],
    ratio: f32,
    price: f64,
    is_gift: bool,
    #[serde(borrow)]
    note: Option<&'m str>,
    state: State,
    lines: Vec<Line>,
    #[serde(borrow)]
    weights: BTreeMap<&'m str, i64>,
    next: Option<Box<Order>>,
}

/// What an older program wrote: another order, narrower numbers, more symbols, what is gone by now.
const OLDER: &str = r#"{"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "gone", "type": {"type": "array", "items": ["null", "string", {"type": "map",
        "values": {"type": "record", "name": "Gone", "fields": [
            {"name": "deep", "type": ["null", "Gone"]}]}}]}},
    {"name": "text", "type": "bytes"}, {"name": "raw", "type": "string"},
    {"name": "id", "type": "int"}, {"name": "count", "type": "int"},
    {"name": "ratio", "type": "long"}, {"name": "price", "type": "float"},
    {"name": "is_gift", "type": "boolean"},
    {"name": "state", "type": {"type": "enum", "name": "State",
        "symbols": ["Lost", "Sent", "Paid"]}},
    {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line",
        "fields": [{"name": "quantity", "type": "int"}, {"name": "sku", "type": "string"}]}}},
    {"name": "weights", "type": {"type": "map", "values": "int"}},
    {"name": "next", "type": ["Order", "null", "double"]}]}"#;

const LOGICAL: &str = r#"{"type": "record", "name": "L", "fields": [
    {"name": "a", "type": {"type": "int", "logicalType": "date"}},
    {"name": "b", "type": {"type": "int", "logicalType": "time-millis"}},
    {"name": "c", "type": {"type": "long", "logicalType": "time-micros"}},
    {"name": "d", "type": {"type": "long", "logicalType": "timestamp-nanos"}},
    {"name": "e", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "f", "type": {"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}},
    {"name": "g", "type": {"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"}},
    {"name": "h", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
    {"name": "i", "type": {"type": "fixed", "name": "F", "size": 4, "logicalType": "decimal",
        "precision": 5}},
    {"name": "j", "type": {"type": "bytes", "logicalType": "big-decimal"}},
    {"name": "k", "type": ["null", {"type": "long", "logicalType": "local-timestamp-millis"}, "U"]}]}"#;

const NESTED: &str = r#"["null", {"type": "array", "items": {"type": "array", "items": "null"}},
    {"type": "map", "values": {"type": "record", "name": "E", "fields": []}},
    {"type": "record", "name": "N", "fields": [
        {"name": "left", "type": ["null", "N"]}, {"name": "all", "type": {"type": "array",
            "items": "N"}}, {"name": "e", "type": "E"}, {"name": "f", "type": "float"}]}]"#;

struct World {
    any: Any,
    schemas: u8,
    generic: AvroDeserializer<Value>,
    generic_writers: Vec<AvroSerializer<Value>>,
    as_order: AvroDeserializer<Value>,
    typed: AvroDeserializer<Order>,
    typed_writer: AvroSerializer<Order>,
    record: AvroDeserializer<Order>,
    record_writer: AvroSerializer<Order>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let order = schema_text::<Order>();
    let schemas = [&order, OLDER, LOGICAL, NESTED, r#""bytes""#, r#""string""#];
    let client = client("AVRO", &schemas);
    let limits =
        DecodeLimits { items_max: 1 << 16, allocation_bytes_max: 1 << 20, ..Default::default() };
    let order = || SchemaDefinition::avro(order.clone());
    let writer = |id| {
        let builder = AvroSerializer::generic_from_registry(&client).source(source(id));
        ready(builder.subject("s").build()).expect("a writer")
    };
    let built = "a deserializer";
    World {
        any: Any::new(&client, schemas.len()),
        schemas: 6,
        generic: ready(AvroDeserializer::generic(&client).limits(limits).build()).expect(built),
        generic_writers: (1..=6).map(writer).collect(),
        as_order: ready(
            AvroDeserializer::generic_with_schema(&client, order()).limits(limits).build(),
        )
        .expect(built),
        typed: ready(AvroDeserializer::with_schema(&client, order()).limits(limits).build())
            .expect(built),
        typed_writer: order_writer(AvroSerializer::with_schema(&client, order())),
        record: ready(AvroDeserializer::record(&client).limits(limits).build()).expect(built),
        record_writer: order_writer(AvroSerializer::record(&client)),
    }
});

fn order_writer(
    builder: levada_serde::avro::AvroSerializerBuilder<Order>,
) -> AvroSerializer<Order> {
    ready(builder.subject("s1").source(source(1)).build()).expect("a serializer")
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&first, body)) = input.split_first() else { return };
    let id = first % WORLD.schemas + 1;
    let message = framed(id, body);
    let read = ready(WORLD.generic.decode_async(&message, None));
    if let Ok(value) = &read {
        let written = generic_written(id, value);
        let again = ready(WORLD.generic.decode_async(&written, None)).expect("what was written");
        assert!(is_same(value, &again), "{value:?} {again:?}");
    }
    as_json(id, &message, &read);
    if id <= 2 {
        as_types(id, &message);
    }
});

fn generic_written(id: u8, value: &Value) -> Vec<u8> {
    WORLD.generic_writers[usize::from(id) - 1].encode(value).expect("what was read")
}

/// A tool's JSON is read of the same messages, and is written as the same value.
fn as_json(id: u8, message: &[u8], generic: &Result<Value, Error>) {
    let explained = WORLD.any.explain(message);
    // Without logical types more can be read.
    let Ok(value) = &explained else {
        return assert!(generic.is_err() || explained.is_err_and(|error| is_bound(&error)));
    };
    let written = WORLD.any.write(id, value).expect("what was read");
    let again = WORLD.any.explain(&written).expect("what was written");
    assert_eq!(again.json, value.json);
}

/// All ways to an order read the same of the same messages.
fn as_types(id: u8, message: &[u8]) {
    let generic = ready(WORLD.as_order.decode_async(message, None));
    let typed = ready(WORLD.typed.decode_async(message, None));
    let record = ready(WORLD.record.decode_async(message, None));
    agree(&generic, &record);
    agree(&typed, &record);
    let mut scratch = Vec::new();
    let borrowed: Result<Glance<'_>, Error> =
        WORLD.record.record_borrowed(message, None, &mut scratch);
    agree(&record, &borrowed);
    let Ok(record) = record else { return };
    let written = WORLD.record_writer.encode(&record).expect("what was read");
    if let Ok(typed) = &typed {
        assert_eq!(WORLD.record_writer.encode(typed).expect("what was read"), written);
        assert_eq!(WORLD.typed_writer.encode(typed).expect("what was read"), written);
    }
    if let Ok(borrowed) = &borrowed {
        let mut body = Vec::new();
        borrowed.write(&mut body).expect("what was read");
        assert_eq!(body, written[5..]);
    }
    if let Ok(generic) = &generic {
        let written_of_it = generic_written(1, generic);
        let again = ready(WORLD.record.decode_async(&written_of_it, None));
        let again = again.expect("what was written");
        assert_eq!(WORLD.record_writer.encode(&again).expect("what was read"), written);
    }
    // What the message has as it is read can be borrowed.
    let glance = WORLD.typed.decode_borrowed::<Glance<'_>>(message, None);
    if let (1, Ok(glance)) = (id, glance) {
        assert_eq!((glance.text, glance.raw), (record.text.as_str(), record.raw.as_slice()));
    }
}

/// Equal, with floats by their bits.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Float(one), Value::Float(other)) => one.to_bits() == other.to_bits(),
        (Value::Double(one), Value::Double(other)) => one.to_bits() == other.to_bits(),
        (Value::Union(one_at, one), Value::Union(other_at, other)) => {
            one_at == other_at && is_same(one, other)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|it| is_same(one, it)))
        }
        (Value::Record(one), Value::Record(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| one.0 == other.0 && is_same(&one.1, &other.1))
        }
        _ => one == other,
    }
}
