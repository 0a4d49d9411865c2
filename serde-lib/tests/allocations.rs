//! How often the warm path asks the allocator: never for messages, and for values only what they
//! hold.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod stub;

use std::collections::BTreeMap;

use allocation_counter::measure;
use levada_serde::{
    AvroDeserializer, AvroRecord, AvroSerializer, RegistryClient, SchemaDefinition,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use stub::Stub;

#[derive(AvroRecord, Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Order {
    id: i64,
    customer: String,
    amount: f64,
    coupon: Option<String>,
    shipping: Address,
    lines: Vec<Line>,
    attributes: BTreeMap<String, String>,
    state: State,
}

#[derive(AvroRecord, Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Address {
    street: String,
    city: String,
}

#[derive(AvroRecord, Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Line {
    sku: String,
    quantity: i32,
}

#[derive(AvroRecord, Clone, Debug, Deserialize, PartialEq, Serialize)]
enum State {
    Open,
    Paid,
}

#[derive(AvroRecord, Debug, Deserialize, PartialEq)]
struct OrderRef<'a> {
    id: i64,
    customer: &'a str,
    amount: f64,
    coupon: Option<&'a str>,
    #[serde(borrow)]
    shipping: AddressRef<'a>,
    #[serde(borrow)]
    lines: Vec<LineRef<'a>>,
    #[serde(borrow)]
    attributes: BTreeMap<&'a str, &'a str>,
    state: State,
}

#[derive(AvroRecord, Debug, Deserialize, PartialEq)]
#[avro(name = "Address")]
struct AddressRef<'a> {
    street: &'a str,
    city: &'a str,
}

#[derive(AvroRecord, Debug, Deserialize, PartialEq)]
#[avro(name = "Line")]
struct LineRef<'a> {
    sku: &'a str,
    quantity: i32,
}

/// What a version of the program wrote that had no coupons and counted whole amounts.
const EARLIER: &str = r#"{"type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "int"}, {"name": "customer", "type": "string"},
    {"name": "amount", "type": "long"}, {"name": "gone", "type": "string"},
    {"name": "shipping", "type": {"type": "record", "name": "Address", "fields": [
        {"name": "street", "type": "string"}, {"name": "city", "type": "string"}]}},
    {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line",
        "fields": [{"name": "sku", "type": "string"}, {"name": "quantity", "type": "int"}]}}},
    {"name": "attributes", "type": {"type": "map", "values": "string"}},
    {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["Open", "Paid"]}}]}"#;

#[derive(Serialize)]
#[serde(rename = "Order")]
struct Earlier {
    id: i32,
    customer: String,
    amount: i64,
    gone: String,
    shipping: Address,
    lines: Vec<Line>,
    attributes: BTreeMap<String, String>,
    state: State,
}

fn order() -> Order {
    let line = |sku: &str| Line { sku: sku.into(), quantity: 300 };
    Order {
        id: i64::MIN,
        customer: "c3a1f0de".into(),
        amount: 12.5,
        coupon: Some("AUTUMN".into()),
        shipping: Address { street: "7 Harbour Walk".into(), city: "Gothenburg".into() },
        lines: vec![line("a"), line("b"), line("c")],
        attributes: [("gift", "no"), ("channel", "web")].map(|(k, v)| (k.into(), v.into())).into(),
        state: State::Paid,
    }
}

fn earlier() -> Earlier {
    let Order { customer, shipping, lines, attributes, state, .. } = order();
    let (id, amount, gone) = (7, 12, "away".into());
    Earlier { id, customer, amount, gone, shipping, lines, attributes, state }
}

/// A registry that knows the type's own schema as 1 and the earlier one as 2.
async fn registry() -> (Stub, RegistryClient) {
    let stub = Stub::start().await;
    stub.answer("POST /subjects/orders-value/versions", 200, json!({"id": 1}));
    stub.answer("POST /subjects/earlier-value/versions", 200, json!({"id": 2}));
    stub.schema(1, &levada_serde::avro::record::schema_text::<Order>()).schema(2, EARLIER);
    let registry = RegistryClient::new(stub.url.as_str()).unwrap();
    (stub, registry)
}

/// How often `work` allocates when it is done for the second time.
fn allocations<R>(mut work: impl FnMut() -> R) -> u64 {
    work();
    measure(|| {
        work();
    })
    .count_total
}

#[tokio::test]
async fn encoding_into_a_buffer_with_room_allocates_nothing() {
    let (_stub, registry) = registry().await;
    let derived = AvroSerializer::<Order>::record(&registry).topic("orders");
    let schema = SchemaDefinition::avro(levada_serde::avro::record::schema_text::<Order>());
    let by_serde = AvroSerializer::<Order>::with_schema(&registry, schema).topic("orders");
    let order = order();
    let mut messages = Vec::new();
    for serializer in [derived.build().await.unwrap(), by_serde.build().await.unwrap()] {
        let mut out = Vec::with_capacity(1_000);
        let count = allocations(|| {
            out.clear();
            serializer.encode_into(&order, &mut out).unwrap();
        });
        assert_eq!(count, 0);
        assert_eq!(allocations(|| serializer.encode(&order).unwrap()), 1);
        messages.push(out);
    }
    assert_eq!(messages[0], messages[1]);
}

#[tokio::test]
async fn decoding_allocates_what_the_value_holds() {
    let (_stub, registry) = registry().await;
    let serializer = AvroSerializer::<Order>::record(&registry).topic("orders");
    let message = serializer.build().await.unwrap().encode(&order()).unwrap();
    let schema = SchemaDefinition::avro(levada_serde::avro::record::schema_text::<Order>());
    let derived = AvroDeserializer::<Order>::record(&registry).build().await.unwrap();
    let by_serde = AvroDeserializer::<Order>::with_schema(&registry, schema);
    let by_serde = by_serde.build().await.unwrap();
    // Three texts and those of the lines and attributes, the vector, the map.
    let held = allocations(|| order().clone()) - allocations(order);
    assert_eq!(held, 4 + 3 + 4 + 1 + 1);
    for deserializer in [derived, by_serde] {
        assert_eq!(deserializer.decode_async(&message, None).await.unwrap(), order());
        assert_eq!(allocations(|| deserializer.decode(&message, None).unwrap()), held);
    }
}

#[tokio::test]
async fn borrowing_allocates_only_lists_and_maps() {
    let (_stub, registry) = registry().await;
    let serializer = AvroSerializer::<Order>::record(&registry).topic("orders");
    let message = serializer.build().await.unwrap().encode(&order()).unwrap();
    let deserializer = AvroDeserializer::<Order>::record(&registry).build().await.unwrap();
    let owned = deserializer.decode_async(&message, None).await.unwrap();
    let by_serde =
        || deserializer.decode_borrowed::<OrderRef<'_>>(&message, None).unwrap().lines.len();
    assert_eq!(allocations(by_serde), 2);
    let mut scratch = Vec::new();
    let order = deserializer.record_borrowed::<OrderRef<'_>>(&message, None, &mut scratch);
    let order = order.unwrap();
    assert_eq!(
        (order.customer, order.coupon, order.lines[2].sku, order.attributes["gift"]),
        (owned.customer.as_str(), owned.coupon.as_deref(), "c", "no")
    );
    let derived = || {
        let mut scratch = Vec::new();
        let order = deserializer.record_borrowed::<OrderRef<'_>>(&message, None, &mut scratch);
        order.unwrap().lines.len()
    };
    assert_eq!(allocations(derived), 2);
    assert!(scratch.is_empty());
}

#[tokio::test]
async fn resolving_an_earlier_schema_allocates_no_more_than_the_value() {
    let (_stub, registry) = registry().await;
    let schema = SchemaDefinition::avro(EARLIER);
    let serializer = AvroSerializer::<Earlier>::with_schema(&registry, schema).topic("earlier");
    let message = serializer.build().await.unwrap().encode(&earlier()).unwrap();
    let schema = SchemaDefinition::avro(levada_serde::avro::record::schema_text::<Order>());
    let deserializer = AvroDeserializer::<Order>::with_schema(&registry, schema);
    let deserializer = deserializer.build().await.unwrap();
    let expected = Order { id: 7, amount: 12.0, coupon: None, ..order() };
    assert_eq!(deserializer.decode_async(&message, None).await.unwrap(), expected);
    let held = allocations(|| expected.clone());
    assert_eq!(allocations(|| deserializer.decode(&message, None).unwrap()), held);
    let derived = AvroDeserializer::<Order>::record(&registry).build().await.unwrap();
    assert_eq!(derived.decode_async(&message, None).await.unwrap(), expected);
}
