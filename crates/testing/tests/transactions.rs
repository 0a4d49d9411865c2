//! Transactions of `levada-serde` on the broker: records and positions count together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use levada_serde::consumer::Message;
use levada_serde::{DeserializingConsumer, Error, PlainText, Record, SerializingProducer};
use levada_testing::Levada;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;

const PATIENCE: Duration = Duration::from_secs(30);

type Producer = SerializingProducer<PlainText, PlainText>;
type Consumer = DeserializingConsumer<PlainText, PlainText>;

fn producer(levada: &Levada) -> Producer {
    producer_with(levada, "t")
}

fn producer_with(levada: &Levada, id: &str) -> Producer {
    let builder = SerializingProducer::builder(levada.bootstrap()).set("transactional.id", id);
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

/// A topic of two partitions with one record in each.
async fn two_partitions(levada: &Levada, topic: &str, values: [&str; 2]) {
    let mut config = ClientConfig::new();
    let admin: AdminClient<DefaultClientContext> =
        config.set("bootstrap.servers", levada.bootstrap()).create().unwrap();
    let topics = [NewTopic::new(topic, 2, TopicReplication::Fixed(1))];
    admin.create_topics(&topics, &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
    let plain = SerializingProducer::builder(levada.bootstrap());
    let plain = plain.key(PlainText).value(PlainText).build().unwrap();
    for (partition, value) in (0..).zip(values) {
        let value = value.to_owned();
        let record = Record::<String, String>::to(topic).value(&value).partition(partition);
        plain.send(record).await.unwrap();
    }
}

fn member(levada: &Levada, strategy: &str) -> Consumer {
    DeserializingConsumer::builder(levada.bootstrap(), "g")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("partition.assignment.strategy", strategy)
        .set("heartbeat.interval.ms", "100")
        .key(PlainText)
        .value(PlainText)
        .subscribe(&["in"])
        .unwrap()
}

/// One record through one transaction.
async fn passed(consumer: &Consumer, producer: &Producer, value: &str) {
    let transaction = producer.begin_transaction().await.unwrap();
    send(producer, "out", value).await;
    transaction.add_positions(consumer).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn transaction_whose_records_another_member_gets_cannot_commit_and_each_counts_once() {
    for strategy in ["range", "cooperative-sticky"] {
        let levada = Levada::start().await.unwrap();
        two_partitions(&levada, "in", ["a", "b"]).await;
        let (producer, rival) = (producer(&levada), producer_with(&levada, "rival"));
        let reader = member(&levada, strategy);
        let transaction = producer.begin_transaction().await.unwrap();
        for _ in 0..2 {
            let value = received(&reader).await;
            send(&producer, "out", &value).await;
        }
        // The second member takes a partition away, whose record is in the transaction.
        let other = member(&levada, strategy);
        let taken = tokio::select! {
            taken = received(&other) => taken,
            () = async { loop { received(&reader).await; } } => unreachable!(),
        };
        let error = transaction.add_positions(&reader).await.unwrap_err();
        assert!(error.is_retriable(), "{strategy}: {error}");
        transaction.abort().await.unwrap();
        passed(&other, &rival, &taken).await;
        // What is left to the first member comes once more.
        let left = received(&reader).await;
        passed(&reader, &producer, &left).await;

        let outcome = consumer(&levada, "other", "out");
        let mut values = [received(&outcome).await, received(&outcome).await];
        values.sort();
        assert_eq!(values, ["a", "b"], "{strategy}");
    }
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
