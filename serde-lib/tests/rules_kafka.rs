//! Records that rules set aside, through our own broker and registry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod contract;

use std::time::Duration;

use contract::{domain, register, rule};
use levada_serde::consumer::{Message, ReceiveError, RecordError};
use levada_serde::{
    AvroDeserializer, AvroSerializer, DeserializingConsumer, Error, PlainText, Record,
    RegistryClient, Rules, SerializingProducer,
};
use levada_testing::Levada;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

const PATIENCE: Duration = Duration::from_mins(1);
const SCHEMA: &str = r#"{"type": "record", "name": "Card", "fields": [
    {"name": "owner", "type": "string"},
    {"name": "number", "type": "string", "confluent:tags": ["SECRET"]}
]}"#;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Card {
    owner: String,
    number: String,
}

fn card(owner: &str) -> Card {
    Card { owner: owner.to_owned(), number: "1234".to_owned() }
}

async fn start(mode: &str) -> (Levada, RegistryClient) {
    let levada = Levada::start().await.unwrap();
    let client = RegistryClient::new(levada.registry_url()).unwrap();
    let condition = rule(
        "named",
        "CEL",
        "message.owner != ''",
        json!({
        "kind": "CONDITION", "mode": mode, "onFailure": "DLQ", "params": {"dlq.topic": "aside"}}),
    );
    // Nobody encrypts here, but what would be encrypted must not be seen in the other topic.
    let secret = rule("secret", "ENCRYPT", "", json!({"tags": ["SECRET"], "disabled": true}));
    register(&client, "cards-value", "AVRO", SCHEMA, domain(&[condition, secret])).await;
    (levada, client)
}

async fn producer(
    levada: &Levada,
    client: &RegistryClient,
    rules: Rules,
) -> SerializingProducer<PlainText, AvroSerializer<Card>> {
    let values = AvroSerializer::from_registry(client).topic("cards").rules(rules);
    let values = values.build().await.unwrap();
    SerializingProducer::builder(levada.bootstrap()).key(PlainText).value(values).build().unwrap()
}

/// The one record of the topic `aside`, whose value is read by nobody.
async fn set_aside(levada: &Levada) -> Message<String, String> {
    let consumer = DeserializingConsumer::builder(levada.bootstrap(), "aside")
        .set("auto.offset.reset", "earliest")
        .key(PlainText)
        .value(PlainText)
        .subscribe(&["aside"])
        .unwrap();
    tokio::time::timeout(PATIENCE, consumer.recv()).await.unwrap().unwrap()
}

/// The headers of rules, without the reason.
fn headers(message: &Message<String, String>) -> Vec<(String, String)> {
    let text = |value: Option<&[u8]>| String::from_utf8(value.unwrap().to_vec()).unwrap();
    let headers = message.raw.headers().map(|(name, value)| (name.to_owned(), text(value)));
    headers.filter(|(name, _)| name != "__rule.exception").collect()
}

fn expected(mode: &str) -> Vec<(String, String)> {
    [
        ("trace", "t1"),
        ("__rule.name", "named"),
        ("__rule.mode", mode),
        ("__rule.subject", "cards-value"),
        ("__rule.topic", "cards"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[tokio::test]
async fn record_that_a_rule_refuses_to_write_is_set_aside_without_its_secrets() {
    let (levada, client) = start("WRITE").await;
    let producer = producer(&levada, &client, Rules::default()).await;
    let key = "k".to_owned();
    producer.send(Record::to("cards").key(&key).value(&card("Ada"))).await.unwrap();
    let nameless = card("");
    let record = Record::to("cards").key(&key).value(&nameless).header("trace", &b"t1"[..]);
    let error = producer.send(record).await.unwrap_err();
    assert!(error.is_poison(), "{error}");
    let Error::Rule(failure) = error else { panic!("{error:?}") };

    let aside = set_aside(&levada).await;
    assert_eq!(aside.key, Some(key));
    let value: Json = serde_json::from_str(&aside.value.clone().unwrap()).unwrap();
    assert_eq!(value, json!({"owner": "", "number": "<REDACTED>"}));
    assert_eq!(headers(&aside), expected("WRITE"));
    let exception = aside.raw.header("__rule.exception").unwrap();
    assert_eq!(exception, failure.error.to_string().as_bytes());
    levada.shutdown().await;
}

#[tokio::test]
async fn record_that_a_rule_refuses_to_read_can_be_set_aside_as_it_came() {
    let (levada, client) = start("READ").await;
    let producer = producer(&levada, &client, Rules::none()).await;
    let (key, nameless) = ("k".to_owned(), card(""));
    let record = Record::to("cards").key(&key).value(&nameless).header("trace", &b"t1"[..]);
    producer.send(record).await.unwrap();

    let schema = levada_serde::SchemaDefinition::avro(SCHEMA);
    let values = AvroDeserializer::<Card>::with_schema(&client, schema).build().await.unwrap();
    let consumer = DeserializingConsumer::builder(levada.bootstrap(), "readers")
        .set("auto.offset.reset", "earliest")
        .key(PlainText)
        .value(values)
        .subscribe(&["cards"])
        .unwrap();
    let received: Result<Message<String, Card>, _> =
        tokio::time::timeout(PATIENCE, consumer.recv()).await.unwrap();
    let Err(ReceiveError::Record(refused)) = received else { panic!("{received:?}") };
    let refused: &RecordError = &refused;
    let place = producer.send_dead_letter(refused).await.unwrap().unwrap();
    assert_eq!((place.partition, place.offset), (0, 0));

    let aside = set_aside(&levada).await;
    assert_eq!(aside.raw.key(), refused.raw.key());
    assert_eq!(aside.raw.value(), refused.raw.value());
    assert_eq!(headers(&aside), expected("READ"));
    levada.shutdown().await;
}
