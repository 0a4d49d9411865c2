//! After a restart: every acknowledged schema and commit is there, and the history of the log, with
//! all that can be read now, has no anomaly.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use levada_tests::Levada;
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::checker::check;
use crate::history::{Event, History, Isolation, Place};
use crate::load::{Acknowledged, GROUP, PAIR, TOPIC, client, transactional_producer};

const DEADLINE: Duration = Duration::from_mins(1);
/// A transaction's longest life, and half a minute.
const PATIENCE_MS: u64 = 90_000;

/// Asserts that nothing acknowledged was lost, moved or doubled. What is read to see that becomes
/// part of the history, so that the next start is held against it, too.
pub async fn verify(server: &Levada, acknowledged: &mut Acknowledged) {
    verify_schemas(server, acknowledged).await;
    if acknowledged.history.acked() == 0 {
        return;
    }
    let history = &mut acknowledged.history;
    let first = history.consumer();
    read_all(server, history);
    assert_eq!(check(history.events(), PATIENCE_MS), []);
    // The next start is held against this reading; older ones have said the same.
    history.forget_consumers_before(first);
    let consumer = client(server)
        .set("group.id", GROUP)
        .set("enable.auto.commit", "false")
        .create::<BaseConsumer>()
        .expect("a consumer");
    verify_commit(&consumer, acknowledged);
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

/// Reads every topic to its end, as readers of everything or as committed ones do.
fn read_all(server: &Levada, history: &mut History) {
    // What the killed producer has left open ends here, or committed readers would wait for it.
    let successor = transactional_producer(server);
    successor.init_transactions(DEADLINE).expect("the successor of the killed producer");
    let everything = reader(server, Isolation::Uncommitted);
    let topics = [(TOPIC, Isolation::Uncommitted)];
    let pair = PAIR.map(|topic| (topic, Isolation::Committed));
    for (topic, isolation) in topics.into_iter().chain(pair) {
        let reader = reader(server, isolation);
        let metadata = reader.fetch_metadata(Some(topic), DEADLINE).expect("metadata");
        let partitions = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
        for partition in 0..i32::try_from(partitions).expect("a partition count") {
            let end = read_partition(&reader, isolation, (topic, partition), history);
            let everything = everything.fetch_watermarks(topic, partition, DEADLINE);
            history.add(Event::Stable {
                place: (topic, partition),
                last_stable: end,
                high_watermark: everything.expect("the watermarks").1,
                // Its successor has ended whatever the killed producer had left open.
                quiet_ms: u64::MAX,
            });
        }
    }
}

fn reader(server: &Levada, isolation: Isolation) -> BaseConsumer {
    let isolation = match isolation {
        Isolation::Uncommitted => "read_uncommitted",
        Isolation::Committed => "read_committed",
    };
    client(server)
        .set("group.id", GROUP)
        .set("enable.auto.commit", "false")
        .set("isolation.level", isolation)
        .set("enable.partition.eof", "true")
        // The end is told when a fetch has waited in vain.
        .set("fetch.wait.max.ms", "10")
        .create::<BaseConsumer>()
        .expect("a reader")
}

/// Where it ends for such a reader.
fn read_partition(
    reader: &BaseConsumer,
    isolation: Isolation,
    place: Place,
    history: &mut History,
) -> i64 {
    let (topic, partition) = place;
    // For a committed reader the end is where what is undecided begins.
    let (low, end) = reader.fetch_watermarks(topic, partition, DEADLINE).expect("the watermarks");
    assert_eq!(low, 0, "nothing was deleted");
    let mut position = TopicPartitionList::new();
    position.add_partition_offset(topic, partition, Offset::Beginning).expect("a place");
    reader.assign(&position).expect("the partition is assigned");
    let consumer = history.consumer();
    history.add(Event::Opened { consumer, isolation, place, offset: low });
    let started = Instant::now();
    loop {
        assert!(started.elapsed() < DEADLINE, "{topic} {partition} does not end: {history:?}");
        match reader.poll(Duration::from_millis(100)) {
            None => {}
            Some(Err(KafkaError::PartitionEOF(_))) => break,
            Some(message) => {
                let message = message.expect("a message");
                let value = message.payload_view::<str>().expect("a value").expect("text");
                let (offset, value) = (message.offset(), value.to_owned());
                history.add(Event::Polled { consumer, place, offset, value });
            }
        }
    }
    history.add(Event::Drained { consumer, place, end });
    end
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
