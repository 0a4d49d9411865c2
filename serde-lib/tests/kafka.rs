//! Producer and consumer against librdkafka's mock cluster and a canned registry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod stub;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use levada_serde::consumer::{DeserializingConsumerBuilder, Message, ReceiveError};
use levada_serde::prost_reflect::{DynamicMessage, Value};
use levada_serde::wire_format::Side;
use levada_serde::{
    AvroDeserializer, AvroSchema, AvroSerializer, DeserializingConsumer, Error, ErrorPolicy,
    Framing, JsonDeserializer, JsonSerializer, PlainText, ProtobufDeserializer, ProtobufSerializer,
    Record, RegistryClient, SchemaDefinition, SerializingProducer,
};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stub::Stub;

const GUID: &str = "0f3f6b1e-5d6a-5c5e-9d3b-3d2a8f1e7c11";
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(AvroSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Line {
    sku: String,
    quantity: i32,
}

fn line(quantity: i32) -> Line {
    Line { sku: "x".to_owned(), quantity }
}

struct World {
    cluster: MockCluster<'static, DefaultProducerContext>,
    stub: Stub,
    client: RegistryClient,
}

impl World {
    async fn start() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("lines", 1, 1).unwrap();
        let stub = Stub::start().await;
        let schema = serde_json::to_string(&Line::get_schema()).unwrap();
        stub.answer("POST /subjects/lines-value/versions", 200, json!({"id": 7, "guid": GUID}));
        stub.answer(&format!("GET /schemas/guids/{GUID}"), 200, json!({"schema": schema}));
        let client = RegistryClient::new(&stub.url).unwrap();
        Self { cluster, stub, client }
    }

    /// Lets the registry answer with the schema of id 7.
    fn know_schema(&self) {
        self.stub.schema(7, &serde_json::to_string(&Line::get_schema()).unwrap());
    }

    async fn producer(
        &self,
        framing: Framing,
    ) -> SerializingProducer<PlainText, AvroSerializer<Line>> {
        let values = AvroSerializer::<Line>::builder(&self.client).topic("lines").framing(framing);
        let values = values.build().await.unwrap();
        let builder = SerializingProducer::builder(self.cluster.bootstrap_servers());
        builder.key(PlainText).value(values).build().unwrap()
    }

    async fn consumer(&self) -> DeserializingConsumerBuilder<PlainText, AvroDeserializer<Line>> {
        let values = AvroDeserializer::<Line>::builder(&self.client).build().await.unwrap();
        DeserializingConsumer::builder(self.cluster.bootstrap_servers(), "group")
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            // The mock lets a group's next member in only after the last one's session.
            .set("session.timeout.ms", "6000")
            .key(PlainText)
            .value(values)
    }

    async fn send_text(&self, value: &str) {
        let producer = SerializingProducer::builder(self.cluster.bootstrap_servers());
        let producer = producer.key(PlainText).value(PlainText).build().unwrap();
        producer.send(Record::to("lines").value(&value.to_owned())).await.unwrap();
    }
}

type Consumer = DeserializingConsumer<PlainText, AvroDeserializer<Line>>;

async fn recv(consumer: &Consumer) -> Result<Message<String, Line>, ReceiveError> {
    tokio::time::timeout(PATIENCE, consumer.recv()).await.unwrap()
}

#[tokio::test]
async fn records_come_back_with_keys_headers_tombstones_and_places() {
    let world = World::start().await;
    world.know_schema();
    let producer = world.producer(Framing::Prefix).await;
    let key = "k".to_owned();
    let value = line(1);
    let full = Record::to("lines").key(&key).value(&value).timestamp_ms(1_700_000_000_000);
    let full = full.header("h", &b"1"[..]).header("h", &b"2"[..]).header("null", None);
    let first = producer.send(full).await.unwrap();
    let second = producer.send(Record::to("lines").key(&key)).await.unwrap();
    let third = producer.send(Record::to("lines").value(&line(3)).partition(0)).await.unwrap();
    let places = [first, second, third].map(|place| (place.partition, place.offset));
    assert_eq!(places, [(0, 0), (0, 1), (0, 2)]);
    producer.close(PATIENCE).await.unwrap();

    let consumer = world.consumer().await.subscribe(&["lines"]).unwrap();
    let message = recv(&consumer).await.unwrap();
    assert_eq!((message.key.as_ref(), message.value), (Some(&key), Some(line(1))));
    let raw = &message.raw;
    assert_eq!((raw.topic(), raw.partition(), raw.offset()), ("lines", 0, 0));
    assert_eq!(raw.timestamp_ms(), Some(1_700_000_000_000));
    assert_eq!(raw.value(), Some(&[0, 0, 0, 0, 7, 2, b'x', 2][..]));
    let headers: Vec<_> = raw.headers().collect();
    assert_eq!(headers, [("h", Some(&b"1"[..])), ("h", Some(&b"2"[..])), ("null", None)]);
    assert_eq!((raw.header("h"), raw.header("null")), (Some(&b"2"[..]), None));
    let tombstone = recv(&consumer).await.unwrap();
    assert_eq!((tombstone.key, tombstone.value), (Some(key), None));
    let keyless = recv(&consumer).await.unwrap();
    assert_eq!((keyless.key, keyless.value), (None, Some(line(3))));
    consumer.close().await.unwrap();
}

#[tokio::test]
async fn header_framing_travels_with_the_record() {
    let world = World::start().await;
    let producer = world.producer(Framing::Header).await;
    producer.send(Record::to("lines").value(&line(4))).await.unwrap();
    let consumer = world.consumer().await.subscribe(&["lines"]).unwrap();
    let message = recv(&consumer).await.unwrap();
    assert_eq!(message.value, Some(line(4)));
    assert_eq!(message.raw.value(), Some(&[2, b'x', 8][..]));
    assert_eq!(message.raw.header("__value_schema_id").map(<[u8]>::len), Some(17));
}

#[tokio::test]
async fn json_keys_and_protobuf_values_travel_like_any_other() {
    let world = World::start().await;
    let (key_schema, value_schema) =
        (r#"{"type": "integer"}"#, "syntax = \"proto3\"; message Line { string sku = 1; }");
    for (side, id, kind, text) in
        [("key", 8, "JSON", key_schema), ("value", 9, "PROTOBUF", value_schema)]
    {
        let path = format!("POST /subjects/orders-{side}/versions");
        world.stub.answer(&path, 200, json!({"id": id, "guid": GUID}));
        let body = json!({"schemaType": kind, "schema": text});
        world.stub.answer(&format!("GET /schemas/ids/{id}"), 200, body);
    }
    world.cluster.create_topic("orders", 1, 1).unwrap();
    let keys =
        JsonSerializer::<i64>::with_schema(&world.client, SchemaDefinition::json(key_schema));
    let keys = keys.topic("orders").key().build().await.unwrap();
    let schema = SchemaDefinition::protobuf(value_schema);
    let values = ProtobufSerializer::dynamic_with_schema(&world.client, schema).topic("orders");
    let values = values.build().await.unwrap();
    let mut line = DynamicMessage::new(values.descriptor().clone());
    line.set_field_by_name("sku", Value::String("x".to_owned()));
    let builder = SerializingProducer::builder(world.cluster.bootstrap_servers());
    let producer = builder.key(keys).value(values).build().unwrap();
    producer.send(Record::to("orders").key(&5).value(&line)).await.unwrap();
    producer.send(Record::to("orders").key(&6)).await.unwrap();

    let consumer = DeserializingConsumer::builder(world.cluster.bootstrap_servers(), "formats")
        .set("auto.offset.reset", "earliest")
        .key(JsonDeserializer::<i64>::builder(&world.client).build())
        .value(ProtobufDeserializer::dynamic(&world.client).build())
        .subscribe(&["orders"])
        .unwrap();
    let message: Message<i64, DynamicMessage> =
        tokio::time::timeout(PATIENCE, consumer.recv()).await.unwrap().unwrap();
    assert_eq!(message.raw.key(), Some(&b"\x00\x00\x00\x00\x085"[..]));
    assert_eq!(message.raw.value(), Some(&b"\x00\x00\x00\x00\x09\x00\x0a\x01x"[..]));
    assert_eq!((message.key, message.value.unwrap().to_string()), (Some(5), line.to_string()));
    let tombstone: Message<i64, DynamicMessage> =
        tokio::time::timeout(PATIENCE, consumer.recv()).await.unwrap().unwrap();
    assert_eq!((tombstone.key, tombstone.value.is_none()), (Some(6), true));
}

#[tokio::test]
async fn unreadable_record_is_returned_whole_and_the_next_call_goes_on() {
    let world = World::start().await;
    world.know_schema();
    world.send_text("plain").await;
    world.producer(Framing::Prefix).await.send(Record::to("lines").value(&line(5))).await.unwrap();
    let consumer = world.consumer().await.subscribe(&["lines"]).unwrap();
    let Err(ReceiveError::Record(error)) = recv(&consumer).await else { panic!() };
    assert!(matches!(error.error, Error::Frame(_)), "{error}");
    assert_eq!((error.side, error.raw.value()), (Side::Value, Some(&b"plain"[..])));
    assert!(error.to_string().starts_with("the Value of lines[0]@0 cannot be read"), "{error}");
    assert_eq!(recv(&consumer).await.unwrap().value, Some(line(5)));
}

#[tokio::test]
async fn skipped_record_is_shown_before_it_is_passed_over() {
    let world = World::start().await;
    world.know_schema();
    world.send_text("plain").await;
    world.producer(Framing::Prefix).await.send(Record::to("lines").value(&line(5))).await.unwrap();
    let shown = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&shown);
    let policy = ErrorPolicy::skip(move |record| note.lock().unwrap().push(record.raw.offset()));
    let consumer = world.consumer().await.on_error(policy).subscribe(&["lines"]).unwrap();
    assert_eq!(recv(&consumer).await.unwrap().value, Some(line(5)));
    assert_eq!(*shown.lock().unwrap(), [0]);
}

#[tokio::test]
async fn record_survives_a_registry_that_refuses_and_a_caller_that_leaves() {
    let world = World::start().await;
    let refusal = json!({"error_code": 40101, "message": "who are you?"});
    world.stub.answer("GET /schemas/ids/7", 401, refusal);
    world.know_schema();
    world.producer(Framing::Prefix).await.send(Record::to("lines").value(&line(6))).await.unwrap();
    let skip = ErrorPolicy::skip(|record| panic!("skipped {record}"));
    let consumer = world.consumer().await.on_error(skip).subscribe(&["lines"]).unwrap();
    let Err(ReceiveError::Client(Error::Registry(error))) = recv(&consumer).await else { panic!() };
    assert_eq!(error.status(), Some(401));

    world.stub.close();
    {
        let mut leaving = Box::pin(consumer.recv::<String, Line>());
        tokio::select! {
            _ = &mut leaving => panic!("the registry has not answered"),
            () = world.stub.wait_for(3) => {}
        }
    }
    world.stub.open();
    assert_eq!(recv(&consumer).await.unwrap().value, Some(line(6)));
}

#[tokio::test]
async fn committed_group_goes_on_behind_its_position() {
    let world = World::start().await;
    world.know_schema();
    let producer = world.producer(Framing::Prefix).await;
    for quantity in 0..4 {
        producer.send(Record::to("lines").value(&line(quantity))).await.unwrap();
    }
    let consumer = world.consumer().await.subscribe(&["lines"]).unwrap();
    consumer.commit_received().await.unwrap();
    let first = recv(&consumer).await.unwrap();
    let _second = recv(&consumer).await.unwrap();
    consumer.commit(&first).await.unwrap();
    consumer.close().await.unwrap();

    let consumer = world.consumer().await.subscribe(&["lines"]).unwrap();
    assert_eq!(recv(&consumer).await.unwrap().value, Some(line(1)));
    assert_eq!(recv(&consumer).await.unwrap().value, Some(line(2)));
    consumer.commit_received().await.unwrap();
    consumer.close().await.unwrap();

    let consumer = world.consumer().await.subscribe(&["lines"]).unwrap();
    assert_eq!(recv(&consumer).await.unwrap().value, Some(line(3)));
}

#[tokio::test]
async fn serializer_of_another_topic_or_side_is_refused() {
    let world = World::start().await;
    let producer = world.producer(Framing::Prefix).await;
    let error = producer.send(Record::to("others").value(&line(1))).await.unwrap_err();
    assert!(error.to_string().contains("built for topic lines, not others"), "{error}");
    let values = AvroSerializer::<Line>::builder(&world.client).topic("lines").build().await;
    let builder = SerializingProducer::builder(world.cluster.bootstrap_servers());
    let producer = builder.key(values.unwrap()).value(PlainText).build().unwrap();
    let error = producer.send(Record::<_, String>::to("lines").key(&line(1))).await.unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
}

#[tokio::test]
async fn failed_delivery_is_reported_as_retriable() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let producer = SerializingProducer::builder(gone.to_string())
        .set("message.timeout.ms", "1")
        .key(PlainText)
        .value(PlainText)
        .build()
        .unwrap();
    let error = producer.send(Record::to("t").value(&"v".to_owned())).await.unwrap_err();
    assert!(matches!(error, Error::Kafka { is_retriable: true, .. }), "{error:?}");
}

#[tokio::test]
async fn consumer_waits_for_brokers_that_are_away() {
    let world = World::start().await;
    world.know_schema();
    let producer = world.producer(Framing::Prefix).await;
    producer.send(Record::to("lines").value(&line(1))).await.unwrap();
    let consumer = world.consumer().await.subscribe(&["lines"]).unwrap();
    assert_eq!(recv(&consumer).await.unwrap().value, Some(line(1)));
    world.cluster.broker_down(1).unwrap();
    let (received, ()) = tokio::join!(recv(&consumer), async {
        let report = producer.enqueue(Record::to("lines").value(&line(2))).await.unwrap();
        // Long enough for the client to fail a few times.
        tokio::time::sleep(Duration::from_secs(2)).await;
        world.cluster.broker_up(1).unwrap();
        report.await.unwrap();
    });
    assert_eq!(received.unwrap().value, Some(line(2)));
}
