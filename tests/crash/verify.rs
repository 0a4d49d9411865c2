//! After a restart: every acknowledged record, schema, commit and transaction is there, none twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use levada_tests::Levada;
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::load::{Acknowledged, GROUP, PAIR, TOPIC, client, transactional_producer};

const DEADLINE: Duration = Duration::from_mins(1);

/// Asserts that nothing acknowledged was lost, moved or doubled.
pub async fn verify(server: &Levada, acknowledged: &Acknowledged) {
    verify_schemas(server, acknowledged).await;
    if acknowledged.records.is_empty() {
        return;
    }
    let consumer = client(server)
        .set("group.id", GROUP)
        .set("enable.auto.commit", "false")
        .create::<BaseConsumer>()
        .expect("a consumer");
    verify_records(&consumer, acknowledged);
    verify_commit(&consumer, acknowledged);
    verify_transactions(server, acknowledged);
}

/// Transactions are in both topics or in none, as they were answered.
fn verify_transactions(server: &Levada, acknowledged: &Acknowledged) {
    // What the killed producer has left open ends here, or committed readers would wait for it.
    let successor = transactional_producer(server);
    successor.init_transactions(DEADLINE).expect("the successor of the killed producer");
    let [left, right] = PAIR.map(|topic| committed_values(server, topic));
    assert_eq!(left, right, "a transaction is in one topic and not in the other");
    let lost: Vec<_> = acknowledged.committed_values.difference(&left).collect();
    assert_eq!(lost, Vec::<&String>::new(), "committed transactions that are lost");
    let aborted: Vec<_> = acknowledged.doomed_values.intersection(&left).collect();
    assert_eq!(aborted, Vec::<&String>::new(), "transactions that were never committed");
}

/// What a committed reader finds up to the end; every value once.
fn committed_values(server: &Levada, topic: &str) -> BTreeSet<String> {
    let consumer = client(server)
        .set("group.id", GROUP)
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .create::<BaseConsumer>()
        .expect("a committed reader");
    let mut position = TopicPartitionList::new();
    position.add_partition_offset(topic, 0, Offset::Beginning).expect("a partition and an offset");
    consumer.assign(&position).expect("the partition is assigned");
    let mut values = BTreeSet::new();
    let started = Instant::now();
    loop {
        assert!(started.elapsed() < DEADLINE, "{topic} does not end: {values:?}");
        match consumer.poll(Duration::from_millis(100)) {
            None => {}
            Some(Err(KafkaError::PartitionEOF(_))) => return values,
            Some(message) => {
                let message = message.expect("a message");
                let value = message.payload_view::<str>().expect("a value").expect("text");
                assert!(values.insert(value.to_owned()), "{value} stands twice in {topic}");
            }
        }
    }
}

async fn verify_schemas(server: &Levada, acknowledged: &Acknowledged) {
    let http = levada_tests::http_client();
    let mut by_id = BTreeMap::new();
    for schema in &acknowledged.schemas {
        let answer = http
            .get(format!("{}/schemas/ids/{}/schema", server.registry, schema.id))
            .send()
            .await
            .expect("the registry answers");
        let text = answer.text().await.expect("a body");
        assert_eq!(text, schema.text, "{} under id {}", schema.subject, schema.id);
        assert_eq!(by_id.insert(schema.id, &schema.text), None, "id {} was given twice", schema.id);
    }
}

fn verify_records(consumer: &BaseConsumer, acknowledged: &Acknowledged) {
    let metadata = consumer.fetch_metadata(Some(TOPIC), DEADLINE).expect("metadata");
    let partitions = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
    let mut found: BTreeMap<String, (i32, i64)> = BTreeMap::new();
    for partition in 0..i32::try_from(partitions).expect("a partition count") {
        for (value, offset) in read_all(consumer, partition) {
            let twice = found.insert(value.clone(), (partition, offset));
            assert_eq!(twice, None, "{value} stands twice, the second time at {offset}");
        }
    }
    let missing: Vec<_> = acknowledged
        .records
        .iter()
        .filter(|(value, place)| found.get(*value) != Some(*place))
        .map(|(value, place)| (value, place, found.get(value)))
        .collect();
    assert_eq!(missing, vec![], "acknowledged records that are lost or moved");
}

/// Every record of a partition; the offsets must be dense.
fn read_all(consumer: &BaseConsumer, partition: i32) -> Vec<(String, i64)> {
    let (low, high) =
        consumer.fetch_watermarks(TOPIC, partition, DEADLINE).expect("the watermarks");
    assert_eq!(low, 0, "nothing was deleted");
    let mut position = TopicPartitionList::new();
    position
        .add_partition_offset(TOPIC, partition, Offset::Beginning)
        .expect("a partition and an offset");
    consumer.assign(&position).expect("the partition is assigned");
    let mut records = Vec::new();
    let started = Instant::now();
    for expected in 0..high {
        let message = loop {
            assert!(
                started.elapsed() < DEADLINE,
                "partition {partition} ends at {expected}/{high}"
            );
            if let Some(message) = consumer.poll(Duration::from_millis(100)) {
                break message.expect("a message");
            }
        };
        assert_eq!(message.offset(), expected, "offsets are dense");
        let value = message.payload_view::<str>().expect("a value").expect("text");
        records.push((value.to_owned(), expected));
    }
    records
}

fn verify_commit(consumer: &BaseConsumer, acknowledged: &Acknowledged) {
    let mut position = TopicPartitionList::new();
    position.add_partition(TOPIC, 0);
    let committed = consumer.committed_offsets(position, DEADLINE).expect("committed offsets");
    let offset = committed.elements().first().and_then(|element| element.offset().to_raw());
    let allowed = acknowledged.committed..=acknowledged.commit_asked;
    assert!(
        offset.is_some_and(|offset| allowed.contains(&offset)),
        "committed offset {offset:?} is not in {allowed:?}"
    );
}
