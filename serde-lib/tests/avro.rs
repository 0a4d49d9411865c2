//! Avro serializers and deserializers of Rust types against a canned registry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

// What a program writes that does not depend on `apache-avro` itself.
extern crate levada_serde as apache_avro;

mod stub;

use std::collections::HashMap;

use levada_serde::avro::{DecodeLimits, Value};
use levada_serde::wire_format::SchemaRef;
use levada_serde::{
    AvroDeserializer, AvroSchema, AvroSerializer, DecodeKind, Error, Framing, ReadFraming,
    RegistryClient, SchemaDefinition, SchemaSource, Serializer, SubjectNameStrategy,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use stub::Stub;

const GUID: &str = "0f3f6b1e-5d6a-5c5e-9d3b-3d2a8f1e7c11";

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[avro(namespace = "shop")]
struct Order {
    id: i64,
    customer: String,
    status: Status,
    amount: f64,
    coupon: Option<String>,
    lines: Vec<Line>,
    gift_lines: Option<Vec<Line>>,
    attributes: HashMap<String, i32>,
    is_paid: bool,
}

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
enum Status {
    Placed,
    Shipped,
}

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Line {
    sku: String,
    quantity: i32,
}

/// A later program's view: fields gone, added, renamed, widened.
#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename = "Order")]
#[avro(namespace = "shop")]
struct LaterOrder {
    #[avro(default = r#""EUR""#)]
    currency: String,
    #[serde(alias = "customer")]
    buyer: String,
    lines: Vec<LaterLine>,
    id: f64,
}

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename = "Line")]
struct LaterLine {
    quantity: i64,
}

fn order() -> Order {
    let line = Line { sku: "a".to_owned(), quantity: 2 };
    Order {
        id: 7,
        customer: "Ada".to_owned(),
        status: Status::Shipped,
        amount: 9.5,
        coupon: Some("HALF".to_owned()),
        lines: vec![line.clone()],
        gift_lines: Some(vec![line]),
        attributes: HashMap::from([("k".to_owned(), -1)]),
        is_paid: true,
    }
}

/// A stub that registers anything as id 7 under `orders-value` and then answers that schema.
async fn registry_of<T: AvroSchema>() -> (Stub, RegistryClient) {
    let stub = Stub::start().await;
    stub.answer("POST /subjects/orders-value/versions", 200, json!({"id": 7, "guid": GUID}));
    let schema = serde_json::to_string(&T::get_schema()).unwrap();
    let body = json!({"schemaType": "AVRO", "schema": schema, "guid": GUID});
    stub.answer("GET /schemas/ids/7", 200, body.clone());
    stub.answer(&format!("GET /schemas/guids/{GUID}"), 200, body);
    let client = RegistryClient::new(&stub.url).unwrap();
    (stub, client)
}

#[tokio::test]
async fn bare_bodies_are_read_by_the_schema_that_the_program_names() {
    let (_stub, client) = registry_of::<Order>().await;
    let writer = AvroSerializer::<Order>::builder(&client).topic("orders").framing(Framing::None);
    let bytes = writer.build().await.unwrap().encode(&order()).unwrap();
    let bare = ReadFraming::Bare { schema: SchemaRef::Id(7), index: None };
    let reader = AvroDeserializer::<Order>::builder(&client).framing(bare).build().await.unwrap();
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), order());
}

#[tokio::test]
async fn derived_type_is_registered_and_reads_back_equal() {
    let (stub, client) = registry_of::<Order>().await;
    let writer = AvroSerializer::<Order>::builder(&client).topic("orders").value();
    let writer = writer.build().await.unwrap();
    assert_eq!((writer.schema_id(), writer.subject()), (7, "orders-value"));
    let sent: Json = serde_json::from_str(&stub.asked()[0].body).unwrap();
    let schema: Json = serde_json::from_str(sent["schema"].as_str().unwrap()).unwrap();
    assert_eq!((&schema["name"], &schema["namespace"]), (&json!("Order"), &json!("shop")));

    let bytes = writer.encode(&order()).unwrap();
    assert_eq!(bytes[..5], [0, 0, 0, 0, 7]);
    let reader = AvroDeserializer::<Order>::builder(&client).build().await.unwrap();
    assert_eq!(reader.decode_async(&bytes, None).await.unwrap(), order());
    assert_eq!(reader.decode(&bytes, None).unwrap(), order(), "the plan is warm now");
}

#[tokio::test]
async fn later_type_reads_what_an_earlier_one_wrote() {
    let (_stub, client) = registry_of::<Order>().await;
    let writer = AvroSerializer::<Order>::builder(&client).topic("orders").build().await.unwrap();
    let reader = AvroDeserializer::<LaterOrder>::builder(&client).build().await.unwrap();
    let read = reader.decode_async(&writer.encode(&order()).unwrap(), None).await.unwrap();
    let expected = LaterOrder {
        currency: "EUR".to_owned(),
        buyer: "Ada".to_owned(),
        lines: vec![LaterLine { quantity: 2 }],
        id: 7.0,
    };
    assert_eq!(read, expected);
}

/// The shapes that the derive makes of Rust types beyond plain records.
#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename = "Shapes")]
struct Shapes {
    only_here: i32,
    rest: Vec<Shape>,
    boxed: Option<Box<Shape>>,
}

/// The same without a field, so that bodies must be resolved.
#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename = "Shapes")]
struct FewerShapes {
    rest: Vec<Shape>,
    boxed: Option<Box<Shape>>,
}

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Shape {
    unsigned: u64,
    big: i128,
    small: u8,
    array: [u8; 4],
    #[avro(with)]
    #[serde(with = "levada_serde::apache_avro::serde::bytes")]
    bytes: Vec<u8>,
    id: uuid::Uuid,
    maps: HashMap<String, Vec<Option<i64>>>,
    choices: Vec<Choice>,
    kinds: Vec<Kind>,
}

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[avro(repr = "bare_union")]
enum Choice {
    Nothing,
    Number(i64),
    Text(String),
    Line(Line),
}

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[avro(repr = "union_of_records")]
enum Kind {
    Nothing,
    Number(i64),
    Named { a: i32, b: String },
    Pair(i32, i32),
}

fn shape() -> Shape {
    let line = Line { sku: "a".to_owned(), quantity: 2 };
    Shape {
        unsigned: u64::MAX,
        big: -5,
        small: 200,
        array: [1, 2, 3, 4],
        bytes: vec![0, 255],
        id: uuid::Uuid::from_u128(77),
        maps: HashMap::from([("k".to_owned(), vec![None, Some(1)])]),
        choices: vec![
            Choice::Nothing,
            Choice::Number(-1),
            Choice::Text("t".to_owned()),
            Choice::Line(line),
        ],
        kinds: vec![
            Kind::Nothing,
            Kind::Number(4),
            Kind::Named { a: 1, b: "b".to_owned() },
            Kind::Pair(1, 2),
        ],
    }
}

#[tokio::test]
async fn every_shape_of_rust_type_reads_back_as_written_and_as_resolved() {
    let (_stub, client) = registry_of::<Shapes>().await;
    let writer = AvroSerializer::<Shapes>::builder(&client).topic("orders").build().await.unwrap();
    let (rest, boxed) = (vec![shape(), shape()], Some(Box::new(shape())));
    let written = Shapes { only_here: 1, rest: rest.clone(), boxed: boxed.clone() };
    let bytes = writer.encode(&written).unwrap();
    let same = AvroDeserializer::<Shapes>::builder(&client).build().await.unwrap();
    assert_eq!(same.decode_async(&bytes, None).await.unwrap(), written);
    let fewer = AvroDeserializer::<FewerShapes>::builder(&client).build().await.unwrap();
    assert_eq!(fewer.decode_async(&bytes, None).await.unwrap(), FewerShapes { rest, boxed });
}

#[tokio::test]
async fn typed_arrays_are_read_from_blocks_of_any_kind() {
    let stub = Stub::start().await;
    stub.schema(7, r#"{"type": "array", "items": "int"}"#);
    let client = RegistryClient::new(&stub.url).unwrap();
    let reader = AvroDeserializer::<Vec<i32>>::builder(&client).build().await.unwrap();
    // One block with its size in bytes before it, one without, the end.
    let message = [0, 0, 0, 0, 7, 3, 4, 2, 4, 2, 6, 0];
    assert_eq!(reader.decode_async(&message, None).await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn unresolvable_writer_is_an_error_with_its_path() {
    let (_stub, client) = registry_of::<LaterOrder>().await;
    let reader = AvroDeserializer::<Order>::builder(&client).build().await.unwrap();
    let error = reader.load(SchemaRef::Id(7)).await.unwrap_err();
    assert!(
        matches!(&error, Error::Resolution { path, .. } if path == "lines[].quantity"),
        "{error}"
    );
    assert!(error.is_poison());
}

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Tree {
    name: String,
    children: Vec<Tree>,
}

#[tokio::test]
async fn recursive_type_reads_back_to_the_depth_limit_and_fails_beyond() {
    let (_stub, client) = registry_of::<Tree>().await;
    let writer = AvroSerializer::<Tree>::builder(&client).topic("orders").build().await.unwrap();
    let reader = AvroDeserializer::<Tree>::builder(&client).build().await.unwrap();
    let nested = |depth: usize| {
        let leaf = Tree { name: "leaf".to_owned(), children: Vec::new() };
        (1..depth).fold(leaf, |inner, _| Tree { name: String::new(), children: vec![inner] })
    };
    // A record and its array are two levels, and the limit is 64.
    let deepest = writer.encode(&nested(32)).unwrap();
    assert_eq!(reader.decode_async(&deepest, None).await.unwrap(), nested(32));
    let error = reader.decode(&writer.encode(&nested(33)).unwrap(), None).unwrap_err();
    let Error::Decode(error) = error else { panic!("{error:?}") };
    assert_eq!(error.kind, DecodeKind::DepthLimitExceeded(64));
}

#[tokio::test]
async fn hostile_bytes_stay_within_the_limits() {
    let stub = Stub::start().await;
    let empty = r#"{"type": "array", "items": {"type": "record", "name": "E", "fields": []}}"#;
    stub.schema(1, empty)
        .schema(2, r#"{"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}"#);
    let client = RegistryClient::new(&stub.url).unwrap();
    let limits = DecodeLimits {
        items_max: 10_000,
        allocation_bytes_max: 100_000,
        ..DecodeLimits::default()
    };
    let reader = AvroDeserializer::generic(&client).limits(limits).build().await.unwrap();
    let kind = async |payload: &[u8]| match reader.decode_async(payload, None).await {
        Err(Error::Decode(error)) => error.kind,
        other => panic!("{other:?}"),
    };
    // 10,001 records, then 9,000, none with a byte.
    let too_many = kind(&[0, 0, 0, 0, 1, 0xa2, 0x9c, 0x01, 0]).await;
    assert_eq!(too_many, DecodeKind::LengthTooLarge { length: 10_001, available: 10_000 });
    let too_large = kind(&[0, 0, 0, 0, 1, 0xd0, 0x8c, 0x01, 0]).await;
    assert_eq!(too_large, DecodeKind::AllocationLimitExceeded(100_000));
    // A record that is only ever itself.
    assert_eq!(kind(&[0, 0, 0, 0, 2]).await, DecodeKind::DepthLimitExceeded(64));
}

#[tokio::test]
async fn errors_inside_a_value_carry_path_and_offset() {
    let (_stub, client) = registry_of::<Order>().await;
    let writer = AvroSerializer::<Order>::builder(&client).topic("orders").build().await.unwrap();
    let mut bytes = writer.encode(&order()).unwrap();
    let at = bytes.iter().rposition(|&byte| byte == b'a').unwrap();
    bytes[at] = 0xff; // the sku of the gift line
    let reader = AvroDeserializer::generic(&client).build().await.unwrap();
    let Err(Error::Decode(error)) = reader.decode_async(&bytes, None).await else { panic!() };
    let found = (error.path.as_str(), error.offset, &error.kind);
    assert_eq!(found, ("gift_lines[0].sku", at - 6, &DecodeKind::InvalidUtf8));
}

#[tokio::test]
async fn header_framing_names_the_schema_by_guid_and_leaves_the_body_bare() {
    let (_stub, client) = registry_of::<Order>().await;
    let writer = AvroSerializer::<Order>::builder(&client).topic("orders");
    let writer = writer.framing(Framing::Header).build().await.unwrap();
    let bytes = writer.encode(&order()).unwrap();
    let (name, header) = writer.schema_id_header().unwrap();
    assert_eq!((name, header.len(), header[0]), ("__value_schema_id", 17, 1));
    let reader = AvroDeserializer::<Order>::builder(&client).build().await.unwrap();
    assert_eq!(reader.decode_async(&bytes, Some(header)).await.unwrap(), order());
}

#[tokio::test]
async fn header_framing_needs_a_registry_that_gives_guids() {
    let stub = Stub::start().await;
    stub.answer("POST /subjects/orders-value/versions", 200, json!({"id": 7}));
    stub.schema(7, "\"int\"");
    let client = RegistryClient::new(&stub.url).unwrap();
    let writer = AvroSerializer::<Order>::builder(&client).topic("orders");
    let error = writer.framing(Framing::Header).build().await.unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
}

#[tokio::test]
async fn sync_decode_of_an_unknown_schema_asks_for_a_load() {
    let (_stub, client) = registry_of::<Line>().await;
    let reader = AvroDeserializer::<Line>::builder(&client).build().await.unwrap();
    let message = [0, 0, 0, 0, 7, 2, b'x', 4];
    let error = reader.decode(&message, None).unwrap_err();
    assert!(matches!(error, Error::SchemaNotLoaded { schema: SchemaRef::Id(7) }), "{error:?}");
    reader.load(SchemaRef::Id(7)).await.unwrap();
    let expected = Line { sku: "x".to_owned(), quantity: 2 };
    assert_eq!(reader.decode(&message, None).unwrap(), expected);
}

#[tokio::test]
async fn trailing_bytes_are_an_error_unless_allowed() {
    let (_stub, client) = registry_of::<Line>().await;
    let message = [0, 0, 0, 0, 7, 2, b'x', 4, 9, 9];
    let strict = AvroDeserializer::<Line>::builder(&client).build().await.unwrap();
    let error = strict.decode_async(&message, None).await.unwrap_err();
    assert!(matches!(error, Error::TrailingBytes { extra: 2 }), "{error:?}");
    let lenient = AvroDeserializer::<Line>::builder(&client).trailing_bytes(true);
    let line = lenient.build().await.unwrap().decode_async(&message, None).await.unwrap();
    assert_eq!(line.quantity, 2);
}

#[tokio::test]
async fn lookup_sends_the_schema_but_registers_nothing() {
    let (stub, client) = registry_of::<Order>().await;
    stub.answer("POST /subjects/orders-value", 200, json!({"id": 9, "version": 1}));
    let source = SchemaSource::Lookup { normalize: true };
    let writer = AvroSerializer::<Order>::builder(&client).topic("orders").source(source);
    assert_eq!(writer.build().await.unwrap().schema_id(), 9);
    assert_eq!(stub.asked_lines(), ["POST /subjects/orders-value?normalize=true"]);
}

#[tokio::test]
async fn latest_version_is_written_when_values_fit_it() {
    let wider = r#"{"type": "record", "name": "Line", "fields": [
        {"name": "quantity", "type": "long"},
        {"name": "note", "type": "string", "default": "none"},
        {"name": "sku", "type": ["null", "string"]}]}"#;
    let stub = Stub::start().await;
    let body = json!({"subject": "l", "version": 4, "id": 12, "schema": wider});
    stub.answer("GET /subjects/lines-value/versions/latest", 200, body);
    let client = RegistryClient::new(&stub.url).unwrap();
    let source = SchemaSource::Latest { strict: true };
    let writer = AvroSerializer::<Line>::builder(&client).topic("lines").source(source);
    assert_eq!(writer.build().await.unwrap().schema_id(), 12);
}

#[tokio::test]
async fn strict_latest_refuses_a_schema_that_cannot_take_every_value() {
    let narrower = r#"{"type": "record", "name": "Line", "fields": [
        {"name": "quantity", "type": "string"}]}"#;
    let stub = Stub::start().await;
    let body = json!({"subject": "l", "version": 4, "id": 12, "schema": narrower});
    stub.answer("GET /subjects/lines-value/versions/latest", 200, body);
    let client = RegistryClient::new(&stub.url).unwrap();
    let source = SchemaSource::Latest { strict: true };
    let writer = AvroSerializer::<Line>::builder(&client).topic("lines").source(source);
    let error = writer.build().await.unwrap_err();
    assert!(
        matches!(&error, Error::Incompatible { subject, .. } if subject == "lines-value"),
        "{error}"
    );
}

#[tokio::test]
async fn schema_text_with_references_is_parsed_registered_and_written() {
    let stub = Stub::start().await;
    let line = json!({"subject": "line", "version": 3, "id": 2, "schema": r#"{"type": "record", "name": "Line", "namespace": "shop", "fields": [{"name": "sku", "type": "string"}, {"name": "quantity", "type": "int"}]}"#});
    stub.answer("GET /subjects/line/versions/3", 200, line);
    stub.answer("POST /subjects/pair-value/versions", 200, json!({"id": 5}));
    let client = RegistryClient::new(&stub.url).unwrap();
    let text = r#"{"type": "record", "name": "Pair", "namespace": "shop", "fields": [
        {"name": "a", "type": "Line"}, {"name": "b", "type": "shop.Line"}]}"#;
    let schema = SchemaDefinition::avro(text).with_reference("shop.Line", "line", 3);
    let writer = AvroSerializer::<HashMap<String, Line>>::with_schema(&client, schema.clone());
    let writer = writer.topic("pair").build().await.unwrap();
    assert_eq!(writer.schema_id(), 5);
    let generic = AvroSerializer::generic(&client, schema).topic("pair").build().await.unwrap();
    let line = |sku: &str| {
        Value::Record(vec![("sku".into(), sku.into()), ("quantity".into(), Value::Int(1))])
    };
    let pair = Value::Record(vec![("a".into(), line("x")), ("b".into(), line("y"))]);
    let bytes = generic.encode(&pair).unwrap();
    assert_eq!(bytes, [0, 0, 0, 0, 5, 2, b'x', 2, 2, b'y', 2]);
}

#[tokio::test]
async fn record_strategies_name_the_subject_after_the_type() {
    let stub = Stub::start().await;
    for subject in ["shop.Order", "orders-shop.Order", "anything"] {
        stub.answer(&format!("POST /subjects/{subject}/versions"), 200, json!({"id": 1}));
    }
    let client = RegistryClient::new(&stub.url).unwrap();
    let builder = || AvroSerializer::<Order>::builder(&client).topic("orders");
    let record = builder().subject_name_strategy(SubjectNameStrategy::Record).build().await;
    let record = record.unwrap();
    let both = builder().subject_name_strategy(SubjectNameStrategy::TopicRecord).build().await;
    let named = builder().subject("anything").build().await;
    assert_eq!((record.subject(), record.binding().unwrap().topic()), ("shop.Order", None));
    assert_eq!(both.unwrap().subject(), "orders-shop.Order");
    assert_eq!(named.unwrap().subject(), "anything");
}

#[tokio::test]
async fn value_that_does_not_fit_leaves_the_buffer_as_it_was() {
    let stub = Stub::start().await;
    stub.answer("POST /subjects/lines-value/versions", 200, json!({"id": 1}));
    let client = RegistryClient::new(&stub.url).unwrap();
    let schema = SchemaDefinition::avro(serde_json::to_string(&Line::get_schema()).unwrap());
    let typed = AvroSerializer::<(i32, i32)>::with_schema(&client, schema.clone()).topic("lines");
    let generic = AvroSerializer::generic(&client, schema).topic("lines").build().await.unwrap();
    let mut out = vec![9];
    let sku_only = Value::Record(vec![("sku".into(), "x".into())]);
    let error = generic.encode_into(&sku_only, &mut out).unwrap_err();
    assert!(error.to_string().contains("`quantity`"), "{error}");
    typed.build().await.unwrap().encode_into(&(1, 2), &mut out).unwrap_err();
    assert_eq!(out, [9]);
}

#[tokio::test]
async fn tasks_that_meet_a_schema_together_fetch_it_once() {
    let (stub, client) = registry_of::<Line>().await;
    let reader = AvroDeserializer::<Line>::builder(&client).build().await.unwrap();
    let reader = std::sync::Arc::new(reader);
    stub.close();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let reader = std::sync::Arc::clone(&reader);
            tokio::spawn(async move {
                reader.decode_async(&[0, 0, 0, 0, 7, 2, b'x', 4], None).await.unwrap().quantity
            })
        })
        .collect();
    stub.wait_for(1).await;
    stub.open();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 2);
    }
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn schema_of_another_format_is_named_as_such() {
    let stub = Stub::start().await;
    stub.answer("GET /schemas/ids/1", 200, json!({"schemaType": "JSON", "schema": "{}"}));
    let client = RegistryClient::new(&stub.url).unwrap();
    let reader = AvroDeserializer::generic(&client).build().await.unwrap();
    let error = reader.decode_async(&[0, 0, 0, 0, 1], None).await.unwrap_err();
    assert!(error.to_string().contains("JSON, not AVRO"), "{error}");
}
