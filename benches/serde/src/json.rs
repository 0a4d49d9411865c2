//! JSON Schema: what checking a value against its schema adds to writing and reading it.

use std::hint::black_box;

use levada_serde::{JsonDeserializer, JsonSerializer, RegistryClient, SchemaDefinition};
#[cfg(feature = "registries")]
use schema_registry_converter::blocking::json::{JsonDecoder, JsonEncoder};
#[cfg(feature = "registries")]
use schema_registry_converter::blocking::schema_registry::SrSettings;
#[cfg(feature = "registries")]
use schema_registry_converter::schema_registry_common::SubjectNameStrategy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

use crate::measure::{row, table};
use crate::records;

pub const USER_SCHEMA: &str = r#"{"$schema": "http://json-schema.org/draft-07/schema#",
    "title": "User", "type": "object", "additionalProperties": false,
    "required": ["name", "age", "email"], "properties": {"name": {"type": "string"},
    "age": {"type": "integer"}, "email": {"type": "string"}}}"#;

pub const ORDER_SCHEMA: &str = r#"{"$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Order", "type": "object", "additionalProperties": false,
    "required": ["order_id", "customer_id", "status", "amount", "currency", "coupon_code",
        "shipping", "line_items", "attributes", "created_at"],
    "properties": {"order_id": {"type": "integer"}, "customer_id": {"type": "string"},
        "status": {"type": "string"}, "amount": {"type": "number"},
        "currency": {"type": "string"}, "coupon_code": {"type": ["string", "null"]},
        "shipping": {"type": "object", "additionalProperties": false,
            "required": ["street", "city", "postal_code", "country"], "properties": {
            "street": {"type": "string"}, "city": {"type": "string"},
            "postal_code": {"type": "string"}, "country": {"type": "string"}}},
        "line_items": {"type": "array", "items": {"type": "object",
            "additionalProperties": false, "required": ["sku", "quantity", "unit_price"],
            "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer"},
            "unit_price": {"type": "number"}}}},
        "attributes": {"type": "object", "additionalProperties": {"type": "string"}},
        "created_at": {"type": "integer"}}}"#;

pub fn run(url: &str, runtime: &Runtime) {
    measure("User", "users-json", USER_SCHEMA, records::user(), url, runtime);
    measure("Order", "orders-json", ORDER_SCHEMA, records::order(), url, runtime);
}

fn measure<T>(name: &str, topic: &'static str, schema: &str, value: T, url: &str, runtime: &Runtime)
where
    T: Clone + PartialEq + Serialize + DeserializeOwned + Send + 'static,
{
    let registry = RegistryClient::new(url).expect("a client");
    let schema = SchemaDefinition::json(schema);
    let build = JsonSerializer::<T>::with_schema(&registry, schema).topic(topic).build();
    let serializer = runtime.block_on(build).expect("a serializer");
    let message = serializer.encode(&value).expect("a message");
    #[cfg(feature = "registries")]
    let strategy = SubjectNameStrategy::TopicNameStrategy(topic.to_owned(), false);
    let mut rows = vec![
        row("serde_json, one buffer, not checked, not framed", {
            let (value, mut out) = (value.clone(), Vec::new());
            move || {
                out.clear();
                serde_json::to_writer(&mut out, black_box(&value)).is_ok()
            }
        }),
        row("levada, checked, one buffer", {
            let (value, mut out) = (value.clone(), Vec::new());
            move || {
                out.clear();
                serializer.encode_into(black_box(&value), &mut out).is_ok()
            }
        }),
    ];
    #[cfg(feature = "registries")]
    rows.push(row("schema_registry_converter, checked", {
        let encoder = JsonEncoder::new(SrSettings::new(url.to_owned()));
        let value = value.clone();
        move || {
            let tree = serde_json::to_value(black_box(&value)).expect("a tree");
            encoder.encode(&tree, &strategy).expect("a message").len()
        }
    }));
    table(&format!("JSON, encode, {name}"), rows);
    let deserializer = JsonDeserializer::<T>::builder(&registry).build();
    let decoded = runtime.block_on(deserializer.decode_async(&message, None));
    assert!(decoded.expect("a value") == value);
    let unchecked = JsonDeserializer::<T>::builder(&registry).validation(false).build();
    let mut rows = vec![
        row("serde_json, not checked, not framed", {
            let message = message.clone();
            move || serde_json::from_slice::<T>(black_box(&message[5..])).expect("a value")
        }),
        row("levada, checked", {
            let message = message.clone();
            move || deserializer.decode(black_box(&message), None).expect("a value")
        }),
        row("levada, not checked", {
            let message = message.clone();
            move || unchecked.decode(black_box(&message), None).expect("a value")
        }),
    ];
    #[cfg(feature = "registries")]
    rows.push(row("schema_registry_converter, not checked", {
        let decoder = JsonDecoder::new(SrSettings::new(url.to_owned()));
        move || {
            let decoded = decoder.decode(Some(black_box(&message))).expect("a value");
            serde_json::from_value::<T>(decoded.expect("a value").value).expect("a value")
        }
    }));
    table(&format!("JSON, decode, {name}"), rows);
}
