//! Avro orders with a rule set that encrypts them.

use levada_serde::client::Call;
use levada_serde::encryption::Encryption;
use levada_serde::rules::RuleOverride;
use levada_serde::{
    AvroDeserializer, AvroSerializer, Error, RegistryClient, Rules, SchemaDefinition,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::contract::{register, rule};

pub(crate) const SCHEMA: &str = r#"{
  "type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "id", "type": "int", "confluent:tags": ["NUMBER"]},
    {"name": "note", "type": ["null", "string"], "confluent:tags": ["PII"]},
    {"name": "seal", "type": "bytes", "confluent:tags": ["PII"]},
    {"name": "labels", "type": {"type": "array", "items": "string"}, "confluent:tags": ["PII"]},
    {"name": "open", "type": "string"}
  ]}"#;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Order {
    pub(crate) id: i32,
    pub(crate) note: Option<String>,
    #[serde(with = "serde_bytes")]
    pub(crate) seal: Vec<u8>,
    pub(crate) labels: Vec<String>,
    pub(crate) open: String,
}

pub(crate) fn order() -> Order {
    Order {
        id: 7,
        note: Some("ü".to_owned()),
        seal: vec![0, 255],
        labels: vec!["a".to_owned(), String::new()],
        open: "seen".to_owned(),
    }
}

/// Registers the schema for the topic `orders` with a rule `ENCRYPT` on the tag `PII`.
pub(crate) async fn encrypt_fields(client: &RegistryClient, params: Json) {
    let more = json!({"tags": ["PII"], "params": params});
    let contract = json!({"ruleSet": {"domainRules": [rule("secret", "ENCRYPT", "", more)]}});
    register(client, "orders-value", "AVRO", SCHEMA, contract).await;
}

/// Registers the schema for the topic `orders` with a rule `ENCRYPT_PAYLOAD`.
pub(crate) async fn encrypt_payload(client: &RegistryClient, params: Json) {
    let rule = rule("secret", "ENCRYPT_PAYLOAD", "", json!({"params": params}));
    let contract = json!({"ruleSet": {"encodingRules": [rule]}});
    register(client, "orders-value", "AVRO", SCHEMA, contract).await;
}

/// Parameters for a KEK `kek` of the local KMS, and more.
pub(crate) fn local(more: &[(&str, &str)]) -> Json {
    let mut params = json!({
        "encrypt.kek.name": "kek",
        "encrypt.kms.type": "local-kms",
        "encrypt.kms.key.id": "any",
    });
    for (name, value) in more {
        params[*name] = json!(value);
    }
    params
}

pub(crate) fn secret(secret: &str) -> Encryption {
    Encryption::builder().property("secret", secret).build()
}

pub(crate) async fn writer(
    client: &RegistryClient,
    encryption: &Encryption,
) -> Result<AvroSerializer<Order>, Error> {
    let rules = Rules::default().encryption(encryption);
    AvroSerializer::from_registry(client).topic("orders").rules(rules).build().await
}

pub(crate) async fn reader(
    client: &RegistryClient,
    encryption: &Encryption,
) -> AvroDeserializer<Order> {
    reader_of(client, Rules::default().encryption(encryption)).await
}

/// Reads what is on the wire.
pub(crate) async fn raw_reader(client: &RegistryClient) -> AvroDeserializer<Order> {
    reader_of(client, off(Rules::default())).await
}

/// Without what encrypts.
pub(crate) fn off(rules: Rules) -> Rules {
    let off = || RuleOverride { disabled: Some(true), ..RuleOverride::default() };
    rules.override_type("ENCRYPT", off()).override_type("ENCRYPT_PAYLOAD", off())
}

async fn reader_of(client: &RegistryClient, rules: Rules) -> AvroDeserializer<Order> {
    let schema = SchemaDefinition::avro(SCHEMA);
    AvroDeserializer::with_schema(client, schema).rules(rules).build().await.unwrap()
}

/// Writes and reads an order with one encryption.
pub(crate) async fn round_trip(client: &RegistryClient, encryption: &Encryption) -> Vec<u8> {
    let bytes = writer(client, encryption).await.unwrap().encode_async(&order()).await.unwrap();
    let read = reader(client, encryption).await.decode_async(&bytes, None).await.unwrap();
    assert_eq!(read, order());
    bytes
}

/// An answer of the DEK registry without its times.
pub(crate) async fn ask(client: &RegistryClient, path: &[&str]) -> Json {
    let path = [&["dek-registry", "v1", "keks"][..], path].concat();
    let mut answer: Json = client.call(Call::get(&path)).await.unwrap();
    if let Json::Object(members) = &mut answer {
        members.shift_remove("ts");
    }
    answer
}
