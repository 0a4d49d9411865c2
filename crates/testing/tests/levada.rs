//! Both servers in one call: many side by side, gone when they are dropped, soon there.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::time::Instant;

use levada_serde::{RegistryClient, SchemaDefinition};
use levada_testing::Levada;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};

async fn write(levada: &Levada) -> i64 {
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", levada.bootstrap()).create().unwrap();
    let record = FutureRecord::<str, str>::to("orders").payload("tea");
    producer.send(record, std::time::Duration::from_secs(30)).await.unwrap().offset
}

fn is_listening(address: &str) -> bool {
    TcpStream::connect(address.trim_start_matches("http://")).is_ok()
}

#[tokio::test]
async fn many_share_nothing_in_one_process() {
    let mut all = Vec::new();
    for _ in 0..8 {
        all.push(Levada::start().await.unwrap());
    }
    let schema = SchemaDefinition::avro(r#"{"type":"record","name":"Order","fields":[]}"#);
    for levada in &all {
        assert_eq!(write(levada).await, 0, "the first record of its topic");
        let registry = RegistryClient::new(levada.registry_url()).unwrap();
        let registered = registry.register("orders-value", &schema, false).await.unwrap();
        assert_eq!(registered.id, 1, "the first schema of its registry");
    }
    let addresses: BTreeSet<_> =
        all.iter().flat_map(|levada| [levada.bootstrap(), levada.registry_url()]).collect();
    assert_eq!(addresses.len(), 16);
}

#[tokio::test]
async fn nothing_listens_after_a_shutdown() {
    let levada = Levada::start().await.unwrap();
    let (kafka, registry) = (levada.bootstrap().to_owned(), levada.registry_url().to_owned());
    assert!(is_listening(&kafka) && is_listening(&registry));
    levada.shutdown().await;
    assert!(!is_listening(&kafka) && !is_listening(&registry));
}

#[test]
fn programs_that_block_are_served() {
    let levada = Levada::start_blocking().unwrap();
    let client: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", levada.bootstrap()).create().unwrap();
    let metadata = client.fetch_metadata(None, std::time::Duration::from_secs(30)).unwrap();
    assert_eq!(metadata.brokers().len(), 1);
}

#[tokio::test]
async fn dropped_it_stops() {
    let levada = Levada::start().await.unwrap();
    let (kafka, registry) = (levada.bootstrap().to_owned(), levada.registry_url().to_owned());
    drop(levada);
    assert!(!is_listening(&kafka) && !is_listening(&registry));
}

/// Shown by `--nocapture`; no test may fail for a slow machine.
#[tokio::test]
async fn the_time_to_start_is_told() {
    let mut took = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        let levada = Levada::start().await.unwrap();
        took.push(begun.elapsed());
        levada.shutdown().await;
    }
    took.sort_unstable();
    println!("start: median {:?}, longest {:?}", took[took.len() / 2], took[took.len() - 1]);
}
