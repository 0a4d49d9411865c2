//! The serializers beside hand-written codecs and other crates, in one process and one thread.
//!
//! Prints tables of processor time an operation. All messages are framed where the row does not
//! say otherwise, and everything that needs a registry has asked it before it is measured.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for the desk of who works on the serializers"
)]
#![cfg_attr(
    not(feature = "registries"),
    allow(unused_mut, unused_variables, reason = "only other registry clients need them")
)]

mod avro;
mod hand;
mod json;
mod measure;
mod protobuf;
mod records;
mod registry;

use registry::Entry;

fn main() {
    let entry =
        |subject, schema_type, text: &str| Entry { subject, schema_type, text: text.to_owned() };
    let url = registry::start(vec![
        entry("users-value", "AVRO", records::USER_SCHEMA),
        entry("orders-value", "AVRO", records::ORDER_SCHEMA),
        entry("users-before-value", "AVRO", records::USER_BEFORE_SCHEMA),
        entry("orders-before-value", "AVRO", &records::order_before_schema()),
        entry("users-proto-value", "PROTOBUF", protobuf::USER_SCHEMA),
        entry("orders-proto-value", "PROTOBUF", protobuf::ORDER_SCHEMA),
        entry("users-json-value", "JSON", json::USER_SCHEMA),
        entry("orders-json-value", "JSON", json::ORDER_SCHEMA),
        entry("empty-value", "AVRO", avro::EMPTY_SCHEMA),
    ]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let wanted = std::env::args().nth(1);
    let is_wanted = |name| wanted.as_deref().is_none_or(|wanted| wanted == name);
    if is_wanted("avro") {
        avro::run(&url, &runtime);
    }
    if is_wanted("protobuf") {
        protobuf::run(&url, &runtime);
    }
    if is_wanted("json") {
        json::run(&url, &runtime);
    }
}
