//! The rdkafka crate against a running broker: `levada-rdkafka HOST:PORT`.
//!
//! Sends records with every compression, shares and moves partitions in groups of both protocols, and
//! rolls back and commits transactions. Panics at the first thing that is not as it must be.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic;
use std::process;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);
const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
/// How members share partitions: the classic protocol's two ways, and KIP-848.
const PROTOCOLS: [(&str, &[(&str, &str)]); 3] = [
    ("eager", &[("partition.assignment.strategy", "range"), ("session.timeout.ms", "10000")]),
    (
        "cooperative",
        &[("partition.assignment.strategy", "cooperative-sticky"), ("session.timeout.ms", "10000")],
    ),
    ("KIP-848", &[("group.protocol", "consumer")]),
];

static BOOTSTRAP: OnceLock<String> = OnceLock::new();

/// A record as it is sent and as it is found.
#[derive(Debug, Clone, PartialEq)]
struct Content {
    offset: i64,
    timestamp_ms: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Option<Vec<u8>>)>,
}

fn main() {
    let bootstrap = std::env::args().nth(1).expect("usage: levada-rdkafka HOST:PORT");
    BOOTSTRAP.set(bootstrap).expect("set once");
    // One thread that fails ends all.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |reason| {
        hook(reason);
        process::exit(1);
    }));
    let run = now_ms();
    let mut steps: Vec<(String, Box<dyn FnOnce() + Send>)> = Vec::new();
    for codec in CODECS {
        steps.push((format!("{codec} compression"), Box::new(move || compression(run, codec))));
    }
    for (name, settings) in PROTOCOLS {
        steps.push((format!("{name} group"), Box::new(move || sharing(run, name, settings))));
        let title = format!("transactions, {name} group");
        steps.push((title, Box::new(move || transactions(run, name, settings))));
    }
    let count = steps.len();
    thread::scope(|scope| {
        for (title, step) in steps {
            scope.spawn(move || {
                step();
                println!("ok {title}");
            });
        }
    });
    println!("{count} passed");
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_millis()).expect("a clock before the year 200,000,000")
}

fn equal<T: PartialEq + Debug>(found: T, wanted: T) {
    if found != wanted {
        panic!("found {:.2000}, wanted {:.2000}", format!("{found:?}"), format!("{wanted:?}"));
    }
}

fn settings(more: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", BOOTSTRAP.get().expect("set at the start"));
    for (key, value) in more {
        config.set(*key, *value);
    }
    config
}

fn create(topic: String, partitions: i32) -> String {
    let admin: AdminClient<DefaultClientContext> = settings(&[]).create().expect("an admin client");
    let new = NewTopic::new(&topic, partitions, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let created =
        runtime.expect("a runtime").block_on(admin.create_topics(&[new], &AdminOptions::new()));
    assert!(created.expect("an answer")[0].is_ok(), "{topic} was not created");
    topic
}

fn consumer(topic: &str, group: &str, more: &[(&str, &str)]) -> BaseConsumer {
    let mut config = settings(more);
    config
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    consumer.subscribe(&[topic]).expect("subscribed");
    consumer
}

fn poll<T>(consumer: &BaseConsumer, found: &mut Vec<T>, of: impl Fn(&BorrowedMessage<'_>) -> T) {
    if let Some(message) = consumer.poll(POLL) {
        found.push(of(&message.expect("a message")));
    }
}

fn until(mut is_done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_done() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain");
    }
}

fn drain<T>(
    consumer: &BaseConsumer,
    count: usize,
    of: impl Fn(&BorrowedMessage<'_>) -> T,
) -> Vec<T> {
    let mut found = Vec::new();
    until(|| {
        poll(consumer, &mut found, &of);
        found.len() >= count
    });
    found
}

fn text(message: &BorrowedMessage<'_>) -> String {
    String::from_utf8(message.payload().unwrap_or_default().to_vec()).expect("text")
}

fn content(message: &BorrowedMessage<'_>) -> Content {
    let headers = message.headers().map(|headers| {
        headers
            .iter()
            .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
            .collect()
    });
    Content {
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis().expect("a timestamp"),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.unwrap_or_default(),
    }
}

/// Everything that may be empty or missing, what compresses and what does not.
fn contents() -> Vec<Content> {
    let noise: Vec<u8> =
        (0..10_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let header = |key: &str, value: Option<&[u8]>| (key.to_owned(), value.map(<[u8]>::to_vec));
    let parts: [(Option<&str>, Option<Vec<u8>>, Vec<_>); 7] = [
        (Some("plain"), Some(b"value".to_vec()), vec![header("source", Some(b"web"))]),
        (None, Some(b"no key".to_vec()), vec![]),
        (Some("tombstone"), None, vec![]),
        (Some(""), Some(vec![]), vec![header("empty", Some(b"")), header("absent", None)]),
        (
            Some("größe"),
            Some("日本".into()),
            vec![header("twice", Some(b"1")), header("twice", Some(b"2"))],
        ),
        (Some("long"), Some("all work and no play ".repeat(4096).into()), vec![]),
        (Some("noise"), Some(noise.clone()), vec![header("名", Some(&noise[..256]))]),
    ];
    // What is older than a week is deleted.
    let since_ms = now_ms() - 60_000;
    let contents = parts.into_iter().zip(0..).map(|((key, value, headers), offset)| Content {
        offset,
        timestamp_ms: since_ms + offset,
        key: key.map(|key| key.as_bytes().to_vec()),
        value,
        headers,
    });
    contents.collect()
}

fn send(producer: &BaseProducer, topic: &str, contents: &[Content]) {
    for content in contents {
        let headers = content.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: value.as_ref() })
        });
        let mut record: BaseRecord<'_, [u8], [u8]> =
            BaseRecord::to(topic).headers(headers).timestamp(content.timestamp_ms);
        record.key = content.key.as_deref();
        record.payload = content.value.as_deref();
        producer.send(record).map_err(|(reason, _)| reason).expect("room in the queue");
    }
    producer.flush(PATIENCE).expect("flushed");
}

fn numbered(since: usize, count: usize, prefix: &str) -> Vec<Content> {
    let content = |at: usize| Content {
        offset: 0,
        timestamp_ms: now_ms(),
        key: Some(format!("user-{}", at % 9).into()),
        value: Some(format!("{prefix}{at}").into()),
        headers: vec![],
    };
    (since..since + count).map(content).collect()
}

fn texts(prefix: &str, since: usize, count: usize) -> Vec<String> {
    (since..since + count).map(|at| format!("{prefix}{at}")).collect()
}

/// What comes back is what was sent, in order, and once more from an offset in the middle.
fn compression(run: i64, codec: &str) {
    let topic = create(format!("rdkafka-{run}-{codec}"), 1);
    let producer = settings(&[("compression.type", codec), ("linger.ms", "50")]).create();
    let wanted = contents();
    send(&producer.expect("a producer"), &topic, &wanted);
    let reader = consumer(&topic, &format!("reads-{topic}"), &[("check.crcs", "true")]);
    equal(drain(&reader, wanted.len(), content), wanted.clone());
    reader.seek(&topic, 0, Offset::Offset(3), PATIENCE).expect("a place to go to");
    equal(drain(&reader, wanted.len() - 3, content), wanted[3..].to_vec());
    let ends = reader.fetch_watermarks(&topic, 0, PATIENCE).expect("watermarks");
    equal(ends, (0, i64::try_from(wanted.len()).expect("a few")));
}

/// Two members have two partitions each and see everything once; who comes later goes on from there.
fn sharing(run: i64, name: &str, protocol: &[(&str, &str)]) {
    let topic = create(format!("rdkafka-shared-{name}-{run}"), 4);
    let group = format!("group-{topic}");
    let members = [(); 2].map(|()| consumer(&topic, &group, protocol));
    let owned = |member: &BaseConsumer| member.assignment().expect("an assignment").count();
    let mut seen = Vec::new();
    let place =
        |message: &BorrowedMessage<'_>| (message.partition(), message.offset(), text(message));
    until(|| {
        members.iter().for_each(|member| poll(member, &mut seen, place));
        members.iter().all(|member| owned(member) == 2)
    });
    let producer: BaseProducer = settings(&[]).create().expect("a producer");
    send(&producer, &topic, &numbered(0, 90, ""));
    until(|| {
        members.iter().for_each(|member| poll(member, &mut seen, place));
        seen.len() >= 90
    });
    let mut ends = BTreeMap::new();
    for (partition, offset, _) in &seen {
        let end = ends.entry(*partition).or_insert(0);
        equal(*offset, *end);
        *end += 1;
    }
    let mut numbers: Vec<usize> =
        seen.iter().map(|(_, _, text)| text.parse().expect("a number")).collect();
    numbers.sort_unstable();
    equal(numbers, (0..90).collect());
    for member in &members {
        member.commit_consumer_state(CommitMode::Sync).expect("committed");
    }
    let [stays, goes] = members;
    drop(goes);
    until(|| {
        poll(&stays, &mut seen, place);
        owned(&stays) == 4
    });
    equal(seen.len(), 90);
    equal(committed(&stays), ends);
    drop(stays);
    send(&producer, &topic, &numbered(90, 10, ""));
    let mut late = drain(&consumer(&topic, &group, protocol), 10, text);
    late.sort();
    equal(late, texts("", 90, 10));
}

/// The list of the client must be gone before its consumer, which waits for it.
fn committed(consumer: &BaseConsumer) -> BTreeMap<i32, i64> {
    let committed = consumer.committed(PATIENCE).expect("committed offsets");
    let offsets = committed.elements().into_iter().filter_map(|each| match each.offset() {
        Offset::Offset(offset) if offset > 0 => Some((each.partition(), offset)),
        _ => None,
    });
    offsets.collect()
}

/// What is rolled back is read by nobody who asks for committed records, and is processed again.
fn transactions(run: i64, name: &str, protocol: &[(&str, &str)]) {
    let source = create(format!("rdkafka-source-{name}-{run}"), 1);
    let sink = create(format!("rdkafka-sink-{name}-{run}"), 1);
    send(&settings(&[]).create().expect("a producer"), &source, &numbered(0, 20, ""));
    let id = format!("app-{sink}");
    let producer: BaseProducer =
        settings(&[("transactional.id", &id)]).create().expect("a producer");
    producer.init_transactions(PATIENCE).expect("transactions");
    let reader = consumer(&source, &format!("group-{source}"), protocol);
    for (start, word) in [(0, "committed-"), (10, "aborted-"), (10, "committed-")] {
        let found = drain(&reader, 10, text);
        equal(found[..10].to_vec(), texts("", start, 10));
        producer.begin_transaction().expect("begun");
        send(&producer, &sink, &numbered(start, 10, word));
        let mut after = TopicPartitionList::new();
        let next = i64::try_from(start + 10).expect("a few");
        after.add_partition_offset(&source, 0, Offset::Offset(next)).expect("an offset");
        let member = reader.group_metadata().expect("a member");
        producer.send_offsets_to_transaction(&after, &member, PATIENCE).expect("offsets");
        let next = if word == "aborted-" {
            producer.abort_transaction(PATIENCE).expect("rolled back");
            next - 10
        } else {
            producer.commit_transaction(PATIENCE).expect("committed");
            next
        };
        reader.seek(&source, 0, Offset::Offset(next), PATIENCE).expect("a place to go to");
    }
    equal(committed(&reader), BTreeMap::from([(0, 20)]));
    let wanted = texts("committed-", 0, 20);
    let everything = [&wanted[..10], &texts("aborted-", 10, 10), &wanted[10..]].concat();
    for (level, wanted) in [("read_committed", wanted), ("read_uncommitted", everything)] {
        let check = consumer(&sink, &format!("{level}-{sink}"), &[("isolation.level", level)]);
        equal(drain(&check, wanted.len(), text), wanted);
    }
}
