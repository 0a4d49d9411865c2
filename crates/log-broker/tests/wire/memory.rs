//! Brokers in memory: many in one process, each with its own records, and nothing left of them.

use bytes::Bytes;
use kafka_protocol::messages::{
    ApiKey, FetchRequest, FetchResponse, InitProducerIdRequest, InitProducerIdResponse,
    MetadataRequest, MetadataResponse, ProduceResponse, fetch_request,
};
use levada_log_broker::{Broker, RunningBroker};

use super::client::{Client, batch, produce, topic_name};

const BROKERS: usize = 16;

async fn start() -> RunningBroker {
    Broker::builder().in_memory().listen("127.0.0.1:0").start().await.unwrap()
}

async fn client(broker: &RunningBroker) -> Client {
    Client::connect(broker.local_addr()).await
}

async fn write(client: &mut Client, value: &str) {
    let request = produce("t", -1, Some(batch(&[value]).build().unwrap().into()));
    let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
    let answer = &answer.responses[0].partition_responses[0];
    assert_eq!((answer.error_code, answer.base_offset), (0, 0));
}

async fn read(client: &mut Client) -> Bytes {
    let partition = fetch_request::FetchPartition::default().with_partition_max_bytes(1 << 20);
    let topic = fetch_request::FetchTopic::default()
        .with_topic(topic_name("t"))
        .with_partitions(vec![partition]);
    let request = FetchRequest::default().with_max_bytes(1 << 20).with_topics(vec![topic]);
    let answer: FetchResponse = client.call(ApiKey::Fetch, 12, &request).await;
    answer.responses[0].partitions[0].records.clone().unwrap()
}

#[tokio::test]
async fn many_in_one_process_keep_their_records_apart() {
    let mut brokers = Vec::new();
    for number in 0..BROKERS {
        let broker = start().await;
        let mut client = client(&broker).await;
        client.create_topic("t", &[]).await;
        write(&mut client, &format!("value of {number:02}")).await;
        let request = InitProducerIdRequest::default().with_transactional_id(None);
        let answer: InitProducerIdResponse = client.call(ApiKey::InitProducerId, 4, &request).await;
        assert_eq!((answer.error_code, answer.producer_id.0), (0, 0), "ids begin anew");
        brokers.push((broker, client));
    }
    for (number, (_, client)) in brokers.iter_mut().enumerate() {
        let records = read(client).await;
        assert!(records.ends_with(format!("value of {number:02}\0").as_bytes()), "{records:?}");
    }
    let ids: std::collections::BTreeSet<_> =
        brokers.iter().map(|(broker, _)| broker.cluster_id().to_owned()).collect();
    assert_eq!(ids.len(), BROKERS);
    for (broker, _) in brokers {
        broker.shutdown().await;
    }
}

#[tokio::test]
async fn clones_of_a_builder_share_nothing_and_no_file_is_written() {
    let builder = Broker::builder().in_memory().listen("127.0.0.1:0");
    let (first, second) = (builder.clone().start().await.unwrap(), builder.start().await.unwrap());
    client(&first).await.create_topic("t", &[]).await;
    let request = MetadataRequest::default().with_topics(None);
    let told: MetadataResponse = client(&second).await.call(ApiKey::Metadata, 9, &request).await;
    let topics: Vec<_> = told.topics.iter().filter(|topic| !topic.is_internal).collect();
    assert!(topics.is_empty(), "{topics:?}");
    assert!(!std::path::Path::new("memory").exists(), "its name is no folder");
}

#[tokio::test]
async fn a_dropped_broker_listens_no_more() {
    let broker = start().await;
    let mut connected = client(&broker).await;
    drop(broker);
    assert!(connected.is_closed().await);
}
