//! What `/metrics` shows of the broker after real clients have worked with it.

use std::time::Duration;

use levada_tests::{Levada, serve};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};

use crate::get;

const PATIENCE: Duration = Duration::from_secs(30);

fn client(server: &Levada) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &server.kafka);
    config
}

/// Writes three records to each of two partitions, reads them all and commits but the last.
async fn work(server: &Levada) {
    let admin: AdminClient<_> = client(server).create().expect("an admin client");
    let topic = NewTopic::new("orders", 2, TopicReplication::Fixed(1));
    let made = admin.create_topics(&[topic], &AdminOptions::new()).await.expect("an answer");
    assert_eq!(made, [Ok("orders".to_owned())]);
    let producer: FutureProducer = client(server).create().expect("a producer");
    for (partition, value) in [(0, "a"), (1, "b"), (0, "c"), (1, "d"), (0, "e"), (1, "f")] {
        let record = FutureRecord::<str, str>::to("orders").payload(value).partition(partition);
        producer.send(record, PATIENCE).await.expect("a delivery");
    }
    let consumer: BaseConsumer = client(server)
        .set("group.id", "shop")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer");
    consumer.subscribe(&["orders"]).expect("a subscription");
    for _ in 0..6 {
        consumer.poll(PATIENCE).expect("a record in time").expect("a record");
    }
    let mut committed = rdkafka::TopicPartitionList::new();
    for (partition, offset) in [(0, 3), (1, 2)] {
        let offset = rdkafka::Offset::Offset(offset);
        committed.add_partition_offset("orders", partition, offset).expect("a place");
    }
    consumer.commit(&committed, CommitMode::Sync).expect("a commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn x() {
    let data = tempfile::tempdir().expect("a folder");
    let mut command = serve(data.path());
    command.args(["--kafka-metrics-per-topic", "true"]);
    let server = Levada::spawn(command);
    work(&server).await;
    let (status, text) = get(format!("{}/metrics", server.registry)).await;
    println!("{text}");
    server.terminate();
}
