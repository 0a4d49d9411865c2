//! What `/metrics` shows of the broker after real clients have worked with it.

use std::time::{Duration, Instant};

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

/// Writes three records to each of two partitions, reads them all, commits but the last of them, and
/// leaves a transaction open.
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
    let deadline = Instant::now() + PATIENCE;
    let mut received = 0;
    while received < 6 {
        assert!(Instant::now() < deadline, "{received} of 6 records");
        if let Some(record) = consumer.poll(Duration::from_millis(100)) {
            record.expect("a record");
            received += 1;
        }
    }
    let mut committed = rdkafka::TopicPartitionList::new();
    for (partition, offset) in [(0, 3), (1, 2)] {
        let offset = rdkafka::Offset::Offset(offset);
        committed.add_partition_offset("orders", partition, offset).expect("a place");
    }
    consumer.commit(&committed, CommitMode::Sync).expect("a commit");
    let transactional: FutureProducer =
        client(server).set("transactional.id", "till").create().expect("a producer");
    transactional.init_transactions(PATIENCE).expect("an epoch");
    transactional.begin_transaction().expect("a transaction");
    let record = FutureRecord::<str, str>::to("orders").payload("g").partition(0);
    transactional.send(record, PATIENCE).await.expect("a delivery");
}

/// Families whose values depend on the clock, the disk or the client's habits.
const UNSTEADY: [&str; 8] = [
    "request_duration_seconds",
    "connections",
    "connections_accepted",
    "received_bytes",
    "sent_bytes",
    "log_size_bytes",
    "log_sync_duration_seconds",
    "recovery_duration_seconds",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_shows_what_clients_did_and_each_topic_when_asked() {
    let data = tempfile::tempdir().expect("a folder");
    let mut command = serve(data.path());
    command.args(["--kafka-metrics-per-topic", "true"]);
    let server = Levada::spawn(command);
    work(&server).await;
    let (status, text) = get(format!("{}/metrics", server.registry)).await;
    assert_eq!(status, 200);
    let families = families(&text);
    let ours = families.iter().filter_map(|family| {
        let name = family.name.strip_prefix("levada_broker_")?;
        Some((name, family))
    });
    let (unsteady, steady): (Vec<_>, Vec<_>) = ours.partition(|(name, _)| UNSTEADY.contains(name));
    let steady: Vec<String> = steady.iter().map(|(_, family)| family.shown()).collect();
    assert_eq!(steady.concat(), include_str!("broker_metrics.txt"));
    let unsteady: Vec<String> =
        unsteady.iter().map(|(_, family)| format!("{}\n", family.head)).collect();
    assert_eq!(unsteady.concat(), include_str!("broker_metrics_unsteady.txt"));
    let value = |series: &str| value(&families, &format!("levada_broker_{series}"));
    assert_eq!(value("request_duration_seconds_count{api=\"Produce\"}"), 7.0);
    assert_eq!(value("request_duration_seconds_count{api=\"CreateTopics\"}"), 1.0);
    for positive in [
        "request_duration_seconds_sum{api=\"Produce\"}",
        "connections_accepted_total",
        "received_bytes_total",
        "sent_bytes_total",
        "log_size_bytes",
        "log_sync_duration_seconds_count",
        "recovery_duration_seconds",
    ] {
        assert!(value(positive) > 0.0, "{positive}\n{text}");
    }
    server.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_and_groups_are_not_shown_one_by_one_unless_asked_for() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Levada::start(data.path());
    let (_, text) = get(format!("{}/metrics", server.registry)).await;
    let names: Vec<_> = families(&text).into_iter().map(|family| family.name).collect();
    assert!(names.contains(&"levada_broker_topics".to_owned()), "{names:?}");
    for one_by_one in ["topic_", "partition_", "group_"] {
        let prefix = format!("levada_broker_{one_by_one}");
        assert!(!names.iter().any(|name| name.starts_with(&prefix)), "{names:?}");
    }
    server.terminate();
}

/// A family as `OpenMetrics` writes it.
#[derive(Debug)]
struct Family {
    name: String,
    /// Its `HELP` and `TYPE`.
    head: String,
    series: Vec<(String, f64)>,
}

impl Family {
    /// As the server wrote it, less the series of the topics that the broker keeps for itself.
    fn shown(&self) -> String {
        let own = self.series.iter().filter(|(series, _)| !series.contains("topic=\"__"));
        let lines = own.map(|(series, value)| format!("{series} {value}\n"));
        format!("{}\n{}", self.head, lines.collect::<String>())
    }
}

fn value(families: &[Family], series: &str) -> f64 {
    let found = families.iter().flat_map(|family| &family.series).find(|(name, _)| name == series);
    found.unwrap_or_else(|| panic!("{series} is not shown")).1
}

/// Reads all of `text` and asserts that a scraper would take it: every sample belongs to the family
/// above it and is there once, counters end in `_total`, buckets grow up to the count.
fn families(text: &str) -> Vec<Family> {
    let body = text.strip_suffix("# EOF\n").expect("the end is marked");
    let mut all: Vec<Family> = Vec::new();
    let mut lines = body.lines().peekable();
    let mut known = std::collections::BTreeSet::new();
    while let Some(help) = lines.next() {
        let rest = help.strip_prefix("# HELP ").unwrap_or_else(|| panic!("no help: {help}"));
        let (name, _) = rest.split_once(' ').expect("a help text");
        let kind_line = lines.next().expect("a type");
        let kind = kind_line.strip_prefix(&format!("# TYPE {name} ")).expect("the family's type");
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_sum", "_count", "_bucket"],
            _ => panic!("{kind_line}"),
        };
        let unit = lines.next_if(|line| line.starts_with("# UNIT "));
        assert!(unit.is_none_or(|unit| name.ends_with(unit.rsplit(' ').next().unwrap_or(""))));
        assert!(known.insert(kind_line.to_owned()), "{kind_line} comes twice");
        let mut series = Vec::new();
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let (labelled, value) = sample.rsplit_once(' ').expect("a value");
            let sample_name = labelled.split('{').next().unwrap_or_default();
            assert!(
                suffixes.iter().any(|suffix| *sample_name == format!("{name}{suffix}")),
                "{sample}"
            );
            assert!(known.insert(labelled.to_owned()), "{labelled} comes twice");
            series.push((labelled.to_owned(), value.parse().expect("a number")));
        }
        if kind == "histogram" {
            check_buckets(&series);
        }
        all.push(Family { name: name.to_owned(), head: format!("{help}\n{kind_line}"), series });
    }
    all
}

/// From each count to the next, buckets never fall, and the last is the count.
fn check_buckets(series: &[(String, f64)]) {
    let (mut count, mut bucket) = (0.0, 0.0);
    for (name, value) in series {
        if name.contains("_count") {
            (count, bucket) = (*value, 0.0);
        } else if name.contains("_bucket") {
            assert!(*value >= bucket, "{name} falls");
            bucket = *value;
            assert!(!name.contains("+Inf") || bucket == count, "{name} is not the count {count}");
        }
    }
}
