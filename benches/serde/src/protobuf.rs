//! Protobuf: what frame and type check cost beside the generated code alone.

use std::collections::HashMap;
use std::hint::black_box;

use levada_serde::{ProtobufDeserializer, ProtobufSerializer, RegistryClient, SchemaDefinition};
use prost::Message;
#[cfg(feature = "registries")]
use schema_registry_converter::blocking::proto_raw::{ProtoRawDecoder, ProtoRawEncoder};
#[cfg(feature = "registries")]
use schema_registry_converter::blocking::schema_registry::SrSettings;
#[cfg(feature = "registries")]
use schema_registry_converter::schema_registry_common::SubjectNameStrategy;
use tokio::runtime::Runtime;

use crate::measure::{row, table};
use crate::records;

pub const USER_SCHEMA: &str = "syntax = \"proto3\"; package example;
    message User { string name = 1; int32 age = 2; string email = 3; }";

pub const ORDER_SCHEMA: &str = "syntax = \"proto3\"; package example;
    message Order {
      int64 order_id = 1; string customer_id = 2; string status = 3; double amount = 4;
      string currency = 5; optional string coupon_code = 6; Address shipping = 7;
      repeated LineItem line_items = 8; map<string, string> attributes = 9;
      int64 created_at = 10;
    }
    message Address {
      string street = 1; string city = 2; string postal_code = 3; string country = 4;
    }
    message LineItem { string sku = 1; int32 quantity = 2; double unit_price = 3; }";

#[derive(Clone, PartialEq, Message)]
struct User {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int32, tag = "2")]
    age: i32,
    #[prost(string, tag = "3")]
    email: String,
}

#[derive(Clone, PartialEq, Message)]
struct Order {
    #[prost(int64, tag = "1")]
    order_id: i64,
    #[prost(string, tag = "2")]
    customer_id: String,
    #[prost(string, tag = "3")]
    status: String,
    #[prost(double, tag = "4")]
    amount: f64,
    #[prost(string, tag = "5")]
    currency: String,
    #[prost(string, optional, tag = "6")]
    coupon_code: Option<String>,
    #[prost(message, optional, tag = "7")]
    shipping: Option<Address>,
    #[prost(message, repeated, tag = "8")]
    line_items: Vec<LineItem>,
    #[prost(map = "string, string", tag = "9")]
    attributes: HashMap<String, String>,
    #[prost(int64, tag = "10")]
    created_at: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Address {
    #[prost(string, tag = "1")]
    street: String,
    #[prost(string, tag = "2")]
    city: String,
    #[prost(string, tag = "3")]
    postal_code: String,
    #[prost(string, tag = "4")]
    country: String,
}

#[derive(Clone, PartialEq, Message)]
struct LineItem {
    #[prost(string, tag = "1")]
    sku: String,
    #[prost(int32, tag = "2")]
    quantity: i32,
    #[prost(double, tag = "3")]
    unit_price: f64,
}

pub fn run(url: &str, runtime: &Runtime) {
    let records::User { name, age, email } = records::user();
    let user = User { name, age, email };
    measure("User", "users-proto", "example.User", USER_SCHEMA, user, url, runtime);
    let order = records::order();
    let records::Address { street, city, postal_code, country } = order.shipping;
    let item =
        |records::LineItem { sku, quantity, unit_price }| LineItem { sku, quantity, unit_price };
    let order = Order {
        order_id: order.order_id,
        customer_id: order.customer_id,
        status: order.status,
        amount: order.amount,
        currency: order.currency,
        coupon_code: order.coupon_code,
        shipping: Some(Address { street, city, postal_code, country }),
        line_items: order.line_items.into_iter().map(item).collect(),
        attributes: order.attributes,
        created_at: order.created_at,
    };
    measure("Order", "orders-proto", "example.Order", ORDER_SCHEMA, order, url, runtime);
}

fn measure<M: Message + Default + Clone + PartialEq + 'static>(
    name: &str,
    topic: &'static str,
    full_name: &'static str,
    schema: &str,
    value: M,
    url: &str,
    runtime: &Runtime,
) {
    let registry = RegistryClient::new(url).expect("a client");
    let schema = SchemaDefinition::protobuf(schema);
    let dynamic = ProtobufSerializer::dynamic_with_schema(&registry, schema).topic(topic).build();
    let descriptor = runtime.block_on(dynamic).expect("a serializer").descriptor().clone();
    let build = ProtobufSerializer::<M>::with_descriptor(&registry, descriptor.clone());
    let serializer = runtime.block_on(build.topic(topic).build()).expect("a serializer");
    let message = serializer.encode(&value).expect("a message");
    let body = value.encode_to_vec();
    #[cfg(feature = "registries")]
    let strategy = SubjectNameStrategy::TopicNameStrategy(topic.to_owned(), false);
    let mut rows = vec![
        row("prost, one buffer, not framed", {
            let (value, mut out) = (value.clone(), Vec::new());
            move || {
                out.clear();
                black_box(&value).encode(&mut out).is_ok()
            }
        }),
        row("levada, prost, one buffer", {
            let (value, mut out) = (value.clone(), Vec::new());
            move || {
                out.clear();
                serializer.encode_into(black_box(&value), &mut out).is_ok()
            }
        }),
    ];
    #[cfg(feature = "registries")]
    rows.push(row("schema_registry_converter, prost", {
        let encoder = ProtoRawEncoder::new(SrSettings::new(url.to_owned()));
        let value = value.clone();
        move || {
            let body = black_box(&value).encode_to_vec();
            encoder.encode(&body, full_name, &strategy).expect("a message").len()
        }
    }));
    table(&format!("Protobuf, encode, {name}"), rows);
    let deserializer = ProtobufDeserializer::<M>::with_descriptor(&registry, descriptor).build();
    let decoded = runtime.block_on(deserializer.decode_async(&message, None));
    assert!(decoded.expect("a value") == value);
    let mut rows = vec![
        row("prost, not framed", move || M::decode(black_box(&body[..])).expect("a value")),
        row("levada, prost", {
            let message = message.clone();
            move || deserializer.decode(black_box(&message), None).expect("a value")
        }),
    ];
    #[cfg(feature = "registries")]
    rows.push(row("schema_registry_converter, prost", {
        let decoder = ProtoRawDecoder::new(SrSettings::new(url.to_owned()));
        move || {
            let raw = decoder.decode(Some(black_box(&message))).expect("a body");
            M::decode(&raw.expect("a body").bytes[..]).expect("a value")
        }
    }));
    table(&format!("Protobuf, decode, {name}"), rows);
}
