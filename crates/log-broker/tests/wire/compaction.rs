//! Compacted topics: what they take, and that they become shorter by themselves.

use std::time::Duration;

use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{
    ApiKey, FetchRequest, FetchResponse, ProduceResponse, fetch_request,
};
use levada_kafka_wire::record_batch::{BatchBuilder, BatchHeader};
use tokio::time::{sleep, timeout};

use super::client::{Client, Rig, produce, topic_name};

async fn produced(client: &mut Client, records: Vec<u8>) -> PartitionProduceResponse {
    let request = produce("t", -1, Some(records.into()));
    let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
    answer.responses[0].partition_responses[0].clone()
}

/// The base offset of the first batch that a reader from the start gets.
async fn first_offset(client: &mut Client) -> i64 {
    let partition = fetch_request::FetchPartition::default().with_partition_max_bytes(1 << 20);
    let topic = fetch_request::FetchTopic::default()
        .with_topic(topic_name("t"))
        .with_partitions(vec![partition]);
    let request =
        FetchRequest::default().with_min_bytes(1).with_max_bytes(1 << 20).with_topics(vec![topic]);
    let answer: FetchResponse = client.call(ApiKey::Fetch, 12, &request).await;
    let partition = &answer.responses[0].partitions[0];
    assert_eq!(partition.error_code, 0);
    BatchHeader::parse(partition.records.as_deref().unwrap()).unwrap().base_offset
}

#[tokio::test]
async fn records_without_a_key_are_named_where_the_topic_is_compacted() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[("cleanup.policy", "compact,delete")]).await;
    let records = BatchBuilder::new()
        .record(1_700_000_000_000, Some(b"key"), Some(b"value"))
        .record(1_700_000_000_000, None, Some(b"value"))
        .build()
        .unwrap();
    for version in [7, 8, 9] {
        let request = produce("t", -1, Some(records.clone().into()));
        let answer: ProduceResponse = client.call(ApiKey::Produce, version, &request).await;
        let answered = &answer.responses[0].partition_responses[0];
        assert_eq!((answered.error_code, answered.base_offset), (87, -1));
        let named: Vec<_> = answered
            .record_errors
            .iter()
            .map(|named| (named.batch_index, named.batch_index_error_message.as_deref()))
            .collect();
        let reason = "a compacted topic takes no records without a key: t-0";
        let expected = [(1, Some(reason))];
        assert_eq!(named, if version < 8 { &[][..] } else { &expected });
    }
    let keyed = BatchBuilder::new().record(1_700_000_000_000, Some(b"key"), None).build().unwrap();
    assert_eq!(produced(&mut client, keyed).await.error_code, 0);
}

#[tokio::test]
async fn replaced_records_go_in_the_background_and_stay_away_after_a_restart() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    // A segment holds two batches.
    let configs = [
        ("cleanup.policy", "compact"),
        ("segment.bytes", "200"),
        ("min.cleanable.dirty.ratio", "0"),
    ];
    client.create_topic("t", &configs).await;
    for value in ["one", "two", "three"] {
        let value = format!("{value:20}");
        let record = BatchBuilder::new().record(-1, Some(b"key"), Some(value.as_bytes()));
        assert_eq!(produced(&mut client, record.build().unwrap()).await.error_code, 0);
    }
    let cleaned = async {
        while first_offset(&mut client).await != 1 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(30), cleaned).await.unwrap();
    let rig = rig.restart().await;
    assert_eq!(first_offset(&mut rig.client().await).await, 1);
}
