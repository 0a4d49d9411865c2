//! Protobuf and JSON; the other tests are about Avro.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use levada_serde::prost_reflect::{DynamicMessage, SerializeOptions};
use levada_serde::{
    JsonDeserializer, JsonSerializer, ProtobufDeserializer, ProtobufSerializer, RegistryClient,
    Rules,
};
use serde_json::{Value as Json, json};

use crate::contract::{register, rule};
use crate::orders::{local, off, secret};
use crate::server::start;

const JSON_SCHEMA: &str = r#"{
  "title": "Order", "type": "object", "properties": {
    "note": {"type": "string", "confluent:tags": ["PII"]},
    "seal": {"type": "string", "confluent:tags": ["PII"]},
    "labels": {"type": "array", "items": {"type": "string"}, "confluent:tags": ["PII"]},
    "open": {"type": "string"}
  }}"#;
const PROTO: &str = r#"syntax = "proto3"; package shop; import "confluent/meta.proto";
    message Order {
      string note = 1 [(confluent.field_meta) = {tags: "PII"}];
      bytes seal = 2 [(confluent.field_meta) = {tags: "PII"}];
      repeated string labels = 3 [(confluent.field_meta) = {tags: "PII"}];
      string open = 4;
    }"#;

/// Bytes are base64, as in the JSON mapping of Protobuf.
fn order() -> Json {
    json!({"note": "ü", "seal": "AP8=", "labels": ["a", ""], "open": "seen"})
}

/// How long the ciphertexts of AES-GCM are.
fn lengths(order: &Json) -> Vec<usize> {
    let fields = [&order["note"], &order["seal"], &order["labels"][0], &order["labels"][1]];
    let decoded = fields.map(|field| STANDARD.decode(field.as_str().unwrap()).unwrap().len());
    decoded.to_vec()
}

async fn register_both(client: &RegistryClient, schema_type: &str, schema: &str) {
    let more = json!({"tags": ["PII"], "params": local(&[])});
    let fields = json!({"ruleSet": {"domainRules": [rule("secret", "ENCRYPT", "", more)]}});
    register(client, "fields-value", schema_type, schema, fields).await;
    let rule = rule("secret", "ENCRYPT_PAYLOAD", "", json!({"params": local(&[])}));
    let payload = json!({"ruleSet": {"encodingRules": [rule]}});
    register(client, "payload-value", schema_type, schema, payload).await;
}

/// Writes and reads the order; answers the message, and the order as it stands on the wire.
async fn json_round_trip(client: &RegistryClient, topic: &str) -> (Vec<u8>, Option<Json>) {
    let rules = Rules::default().encryption(&secret("s"));
    let writer = JsonSerializer::<Json>::from_registry(client).topic(topic).rules(rules.clone());
    let bytes = writer.build().await.unwrap().encode_async(&order()).await.unwrap();
    let reader = || JsonDeserializer::<Json>::builder(client);
    let read = reader().rules(rules).build().decode_async(&bytes, None).await.unwrap();
    assert_eq!(read, order(), "{topic}");
    let raw = reader().rules(off(Rules::default())).build().decode_async(&bytes, None).await.ok();
    (bytes, raw)
}

async fn protobuf_round_trip(client: &RegistryClient, topic: &str) -> (Vec<u8>, Option<Json>) {
    let rules = Rules::default().encryption(&secret("s"));
    let writer = ProtobufSerializer::dynamic_from_registry(client).topic(topic);
    let writer = writer.rules(rules.clone()).build().await.unwrap();
    let message = DynamicMessage::deserialize(writer.descriptor().clone(), order()).unwrap();
    let bytes = writer.encode_async(&message).await.unwrap();
    let options = SerializeOptions::new().skip_default_fields(false);
    let json = |message: &DynamicMessage| {
        message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
    };
    let reader = || ProtobufDeserializer::dynamic(client);
    let read = reader().rules(rules).build().decode_async(&bytes, None).await.unwrap();
    assert_eq!(json(&read), order(), "{topic}");
    let raw = reader().rules(off(Rules::default())).build().decode_async(&bytes, None).await;
    (bytes, raw.ok().map(|raw| json(&raw)))
}

#[tokio::test]
async fn json_is_encrypted_by_field_and_as_a_whole() {
    let (_folder, _server, client) = start().await;
    register_both(&client, "JSON", JSON_SCHEMA).await;
    let (_, raw) = json_round_trip(&client, "fields").await;
    let raw = raw.unwrap();
    assert_eq!((lengths(&raw), &raw["open"]), (vec![30, 32, 29, 28], &json!("seen")));
    let (bytes, raw) = json_round_trip(&client, "payload").await;
    assert_eq!((&bytes[..5], raw), (&[0, 0, 0, 0, 2][..], None));
}

#[tokio::test]
async fn protobuf_is_encrypted_by_field_and_as_a_whole() {
    let (_folder, _server, client) = start().await;
    register_both(&client, "PROTOBUF", PROTO).await;
    let (_, raw) = protobuf_round_trip(&client, "fields").await;
    let raw = raw.unwrap();
    assert_eq!((lengths(&raw), &raw["open"]), (vec![30, 30, 29, 28], &json!("seen")));
    let (bytes, raw) = protobuf_round_trip(&client, "payload").await;
    assert_eq!(
        (&bytes[..6], raw),
        (&[0, 0, 0, 0, 2, 0][..], None),
        "the message index is in clear"
    );
}
