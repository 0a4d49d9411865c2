//! The records that everything is measured with: a small one and an order of ten fields.

use std::collections::HashMap;

use levada_serde::AvroRecord;
use serde::{Deserialize, Serialize};

pub const USER_SCHEMA: &str = r#"{"type": "record", "name": "User", "namespace": "com.example",
    "fields": [{"name": "name", "type": "string"}, {"name": "age", "type": "int"},
    {"name": "email", "type": "string"}]}"#;

pub const ORDER_SCHEMA: &str = r#"{"type": "record", "name": "Order", "namespace": "com.example",
    "fields": [{"name": "order_id", "type": "long"}, {"name": "customer_id", "type": "string"},
    {"name": "status", "type": "string"}, {"name": "amount", "type": "double"},
    {"name": "currency", "type": "string"},
    {"name": "coupon_code", "type": ["null", "string"], "default": null},
    {"name": "shipping", "type": {"type": "record", "name": "Address", "fields": [
        {"name": "street", "type": "string"}, {"name": "city", "type": "string"},
        {"name": "postal_code", "type": "string"}, {"name": "country", "type": "string"}]}},
    {"name": "line_items", "type": {"type": "array", "items": {
        "type": "record", "name": "LineItem", "fields": [{"name": "sku", "type": "string"},
        {"name": "quantity", "type": "int"}, {"name": "unit_price", "type": "double"}]}}},
    {"name": "attributes", "type": {"type": "map", "values": "string"}},
    {"name": "created_at", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}"#;

#[derive(AvroRecord, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[avro(namespace = "com.example")]
pub struct User {
    pub name: String,
    pub age: i32,
    pub email: String,
}

#[derive(AvroRecord, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[avro(name = "User", namespace = "com.example")]
pub struct UserRef<'a> {
    pub name: &'a str,
    pub age: i32,
    pub email: &'a str,
}

#[derive(AvroRecord, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[avro(namespace = "com.example")]
pub struct Order {
    pub order_id: i64,
    pub customer_id: String,
    pub status: String,
    pub amount: f64,
    pub currency: String,
    pub coupon_code: Option<String>,
    pub shipping: Address,
    pub line_items: Vec<LineItem>,
    pub attributes: HashMap<String, String>,
    #[avro(logical = "timestamp-millis")]
    pub created_at: i64,
}

#[derive(AvroRecord, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Address {
    pub street: String,
    pub city: String,
    pub postal_code: String,
    pub country: String,
}

#[derive(AvroRecord, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineItem {
    pub sku: String,
    pub quantity: i32,
    pub unit_price: f64,
}

#[derive(AvroRecord, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[avro(name = "Order", namespace = "com.example")]
pub struct OrderRef<'a> {
    pub order_id: i64,
    pub customer_id: &'a str,
    pub status: &'a str,
    pub amount: f64,
    pub currency: &'a str,
    pub coupon_code: Option<&'a str>,
    #[serde(borrow)]
    pub shipping: AddressRef<'a>,
    #[serde(borrow)]
    pub line_items: Vec<LineItemRef<'a>>,
    #[serde(borrow)]
    pub attributes: HashMap<&'a str, &'a str>,
    #[avro(logical = "timestamp-millis")]
    pub created_at: i64,
}

#[derive(AvroRecord, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[avro(name = "Address")]
pub struct AddressRef<'a> {
    pub street: &'a str,
    pub city: &'a str,
    pub postal_code: &'a str,
    pub country: &'a str,
}

#[derive(AvroRecord, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[avro(name = "LineItem")]
pub struct LineItemRef<'a> {
    pub sku: &'a str,
    pub quantity: i32,
    pub unit_price: f64,
}

/// What an older program writes: an int where it is a double by now, one field more, one less.
#[derive(Serialize)]
pub struct UserBefore {
    pub name: String,
    pub age: i32,
    pub nickname: String,
}

pub const USER_BEFORE_SCHEMA: &str = r#"{"type": "record", "name": "User",
    "namespace": "com.example", "fields": [{"name": "name", "type": "string"},
    {"name": "age", "type": "int"}, {"name": "nickname", "type": "string"}]}"#;

/// The reader's: the email has a default.
pub const USER_NOW_SCHEMA: &str = r#"{"type": "record", "name": "User",
    "namespace": "com.example", "fields": [{"name": "name", "type": "string"},
    {"name": "age", "type": "int"},
    {"name": "email", "type": "string", "default": "nobody@example.com"}]}"#;

/// An order before it had coupons, when the amount was a float; with a field that is gone.
pub fn order_before_schema() -> String {
    ORDER_SCHEMA
        .replace(
            r#"{"name": "amount", "type": "double"}"#,
            r#"{"name": "amount", "type": "float"}"#,
        )
        .replace(
            r#"{"name": "coupon_code", "type": ["null", "string"], "default": null}"#,
            r#"{"name": "warehouse", "type": "string"}"#,
        )
}

#[derive(Serialize)]
pub struct OrderBefore {
    pub order_id: i64,
    pub customer_id: String,
    pub status: String,
    pub amount: f32,
    pub currency: String,
    pub warehouse: String,
    pub shipping: Address,
    pub line_items: Vec<LineItem>,
    pub attributes: HashMap<String, String>,
    pub created_at: i64,
}

pub fn user() -> User {
    User { name: "Alice Johnson".into(), age: 42, email: "alice.johnson@example.com".into() }
}

pub fn user_before() -> UserBefore {
    UserBefore { name: "Alice Johnson".into(), age: 42, nickname: "ali".into() }
}

pub fn order() -> Order {
    let item = |sku: &str, quantity, unit_price| LineItem { sku: sku.into(), quantity, unit_price };
    let attributes = [("channel", "web"), ("campaign", "early-autumn"), ("gift", "no")];
    Order {
        order_id: 8_123_456_789_012_345,
        customer_id: "c3a1f0de-7b52-4a6c-9d1e-2f00a4b7c911".into(),
        status: "CONFIRMED".into(),
        amount: 1_249.95,
        currency: "EUR".into(),
        coupon_code: Some("AUTUMN-11".into()),
        shipping: Address {
            street: "7 Harbour Walk".into(),
            city: "Gothenburg".into(),
            postal_code: "411 09".into(),
            country: "SE".into(),
        },
        line_items: vec![
            item("SKU-00021", 2, 24.5),
            item("SKU-01377", 1, 1_100.0),
            item("SKU-90000", 12, 8.37),
        ],
        attributes: attributes.map(|(key, value)| (key.into(), value.into())).into(),
        created_at: 1_790_000_000_123,
    }
}

pub fn order_before() -> OrderBefore {
    let Order { order_id, customer_id, status, currency, shipping, line_items, .. } = order();
    let (attributes, created_at) = (order().attributes, order().created_at);
    let (amount, warehouse) = (1_249.95, "north".into());
    OrderBefore {
        order_id,
        customer_id,
        status,
        amount,
        currency,
        warehouse,
        shipping,
        line_items,
        attributes,
        created_at,
    }
}
