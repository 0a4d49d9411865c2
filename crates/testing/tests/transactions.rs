//! Transactions of `levada-serde` on the broker: records and positions count together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use levada_serde::consumer::Message;
use levada_serde::{DeserializingConsumer, Error, PlainText, Record, SerializingProducer};
use levada_testing::Levada;

const PATIENCE: Duration = Duration::from_secs(30);

type Producer = SerializingProducer<PlainText, PlainText>;
type Consumer = DeserializingConsumer<PlainText, PlainText>;

fn producer(levada: &Levada) -> Producer {
    let builder = SerializingProducer::builder(levada.bootstrap()).set("transactional.id", "t");
    builder.key(PlainText).value(PlainText).build().unwrap()
}

fn consumer(levada: &Levada, group: &str, topic: &str) -> Consumer {
    DeserializingConsumer::builder(levada.bootstrap(), group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .key(PlainText)
        .value(PlainText)
        .subscribe(&[topic])
        .unwrap()
}

async fn send(producer: &Producer, topic: &str, value: &str) {
    let value = value.to_owned();
    producer.send(Record::<String, String>::to(topic).value(&value)).await.unwrap();
}

async fn received(consumer: &Consumer) -> String {
    let message = tokio::time::timeout(PATIENCE, consumer.recv()).await.unwrap();
    let message: Message<String, String> = message.unwrap();
    message.value.unwrap()
}

#[tokio::test]
async fn what_was_aborted_or_dropped_is_never_read_and_what_was_committed_is() {
    let levada = Levada::start().await.unwrap();
    let producer = producer(&levada);
    let transaction = producer.begin_transaction().await.unwrap();
    send(&producer, "out", "aborted").await;
    transaction.abort().await.unwrap();
    let transaction = producer.begin_transaction().await.unwrap();
    send(&producer, "out", "committed").await;
    transaction.commit().await.unwrap();
    let reader = consumer(&levada, "g", "out");
    assert_eq!(received(&reader).await, "committed");
}

#[tokio::test]
async fn positions_count_with_the_records_of_their_transaction() {
    let levada = Levada::start().await.unwrap();
    let plain = SerializingProducer::builder(levada.bootstrap());
    let plain = plain.key(PlainText).value(PlainText).build().unwrap();
    for value in ["a", "b", "c"] {
        send(&plain, "in", value).await;
    }
    let producer = producer(&levada);
    let reader = consumer(&levada, "g", "in");
    assert_eq!(received(&reader).await, "a");
    let transaction = producer.begin_transaction().await.unwrap();
    send(&producer, "out", "A").await;
    transaction.add_positions(&reader).await.unwrap();
    transaction.commit().await.unwrap();

    assert_eq!(received(&reader).await, "b");
    let transaction = producer.begin_transaction().await.unwrap();
    send(&producer, "out", "B").await;
    transaction.add_positions(&reader).await.unwrap();
    transaction.abort().await.unwrap();
    reader.close().await.unwrap();

    // The second transaction took its position with it.
    let reader = consumer(&levada, "g", "in");
    assert_eq!(received(&reader).await, "b");
    let transaction = producer.begin_transaction().await.unwrap();
    send(&producer, "out", "B again").await;
    transaction.add_positions(&reader).await.unwrap();
    transaction.commit().await.unwrap();
    let outcome = consumer(&levada, "other", "out");
    assert_eq!([received(&outcome).await, received(&outcome).await], ["A", "B again"]);
}

#[tokio::test]
async fn producer_whose_id_another_has_taken_is_told_that_it_is_of_no_more_use() {
    let levada = Levada::start().await.unwrap();
    let old = producer(&levada);
    let transaction = old.begin_transaction().await.unwrap();
    send(&old, "out", "old").await;
    let new = producer(&levada);
    let committed = new.begin_transaction().await.unwrap();
    send(&new, "out", "new").await;
    committed.commit().await.unwrap();
    match transaction.commit().await {
        Err(Error::Kafka { is_retriable: false, reason }) => {
            assert!(reason.to_lowercase().contains("fenced"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(received(&consumer(&levada, "g", "out")).await, "new");
}

#[tokio::test]
async fn transaction_needs_an_id() {
    let levada = Levada::start().await.unwrap();
    let plain = SerializingProducer::builder(levada.bootstrap());
    let plain = plain.key(PlainText).value(PlainText).build().unwrap();
    let error = plain.begin_transaction().await.unwrap_err().to_string();
    assert!(error.contains("transactional.id"), "{error}");
}
