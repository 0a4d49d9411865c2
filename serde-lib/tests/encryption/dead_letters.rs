//! What of a record that is set aside may be seen.

use levada_serde::rules::DeadLetter;
use levada_serde::{Error, RegistryClient};
use serde_json::{Value as Json, json};

use crate::contract::{register, rule};
use crate::orders::{SCHEMA, local, order, secret, writer};
use crate::server::start;

/// A rule that always sets its record aside.
fn refusing() -> Json {
    let more = json!({"onFailure": "DLQ", "params": {"dlq.topic": "aside"}});
    rule("refusing", "NOBODY_RUNS_THIS", "", more)
}

fn encrypting(rule_type: &str, tags: &[&str]) -> Json {
    let name = format!("secret{}", tags.len());
    rule(&name, rule_type, "", json!({"tags": tags, "params": local(&[])}))
}

/// The body of the dead letter of an order.
async fn set_aside(client: &RegistryClient, rule_set: Json) -> Option<Vec<u8>> {
    register(client, "orders-value", "AVRO", SCHEMA, json!({"ruleSet": rule_set})).await;
    let writer = writer(client, &secret("s")).await.unwrap();
    let Error::Rule(failure) = writer.encode_async(&order()).await.unwrap_err() else { panic!() };
    let Some(DeadLetter { topic, body }) = failure.dead_letter else { panic!("{failure}") };
    assert_eq!(topic, "aside");
    body
}

#[tokio::test]
async fn each_rule_that_encrypts_fields_hides_its_own() {
    let (_folder, _server, client) = start().await;
    let rules = [refusing(), encrypting("ENCRYPT", &[]), encrypting("ENCRYPT", &["PII"])];
    let body = set_aside(&client, json!({"domainRules": rules})).await.unwrap();
    let hidden = "<REDACTED>";
    let wanted = json!({
        "id": 7, "note": hidden, "seal": hidden, "labels": [hidden, hidden], "open": hidden
    });
    assert_eq!(serde_json::from_slice::<Json>(&body).unwrap(), wanted);
}

#[tokio::test]
async fn nothing_is_seen_of_a_value_whose_body_is_to_be_encrypted() {
    let (_folder, _server, client) = start().await;
    let payload = encrypting("ENCRYPT_PAYLOAD", &[]);
    let rule_set = json!({"domainRules": [refusing()], "encodingRules": [payload]});
    assert_eq!(set_aside(&client, rule_set).await, None);
    let (_folder, _server, client) = start().await;
    let rule_set = json!({"encodingRules": [refusing(), encrypting("ENCRYPT_PAYLOAD", &[])]});
    assert_eq!(set_aside(&client, rule_set).await, None);
}

#[tokio::test]
async fn finished_body_is_seen_only_where_no_field_is_to_be_encrypted() {
    let (_folder, _server, client) = start().await;
    let fields = encrypting("ENCRYPT", &["PII"]);
    let rule_set = json!({"domainRules": [fields], "encodingRules": [refusing()]});
    assert_eq!(set_aside(&client, rule_set).await, None);
    let (_folder, _server, client) = start().await;
    let plain = [&[14, 2, 4][..], "ü".as_bytes(), &[4, 0, 255], &[4, 2, b'a', 0, 0], b"\x08seen"];
    let body = set_aside(&client, json!({"encodingRules": [refusing()]})).await;
    assert_eq!(body, Some(plain.concat()));
}
