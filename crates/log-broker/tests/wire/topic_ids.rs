//! Requests that name topics by id.

use bytes::Bytes;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    ApiKey, DeleteTopicsRequest, DeleteTopicsResponse, FetchRequest, FetchResponse,
    MetadataRequest, MetadataResponse, ProduceResponse, fetch_request,
};
use uuid::Uuid;

use super::client::{Client, Rig, batch, produce, topic_name};

const UNKNOWN: Uuid = Uuid::from_bytes([9; 16]);

async fn rig() -> (Rig, Client, Uuid) {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let asked = MetadataRequestTopic::default().with_name(Some(topic_name("t")));
    let request = MetadataRequest::default().with_topics(Some(vec![asked]));
    let told: MetadataResponse = client.call(ApiKey::Metadata, 13, &request).await;
    (rig, client, told.topics[0].topic_id)
}

fn fetch(id: Uuid, max_wait_ms: i32) -> FetchRequest {
    let partition = fetch_request::FetchPartition::default().with_partition_max_bytes(1 << 20);
    let topic =
        fetch_request::FetchTopic::default().with_topic_id(id).with_partitions(vec![partition]);
    FetchRequest::default()
        .with_max_wait_ms(max_wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(1 << 20)
        .with_topics(vec![topic])
}

#[tokio::test]
async fn metadata_finds_topics_by_id() {
    let (_rig, mut client, id) = rig().await;
    // An id goes before whatever the name is: the Java client leaves it empty.
    let names = [None, Some(topic_name("")), Some(topic_name("other"))];
    for (version, beside) in [(12, &names[0]), (13, &names[0]), (13, &names[1]), (13, &names[2])] {
        for (asked, error, name) in [(id, 0, Some("t".to_owned())), (UNKNOWN, 100, None)] {
            let topic =
                MetadataRequestTopic::default().with_topic_id(asked).with_name(beside.clone());
            let request = MetadataRequest::default().with_topics(Some(vec![topic]));
            let told: MetadataResponse = client.call(ApiKey::Metadata, version, &request).await;
            let topic = &told.topics[0];
            assert_eq!((topic.error_code, topic.topic_id), (error, asked));
            assert_eq!(topic.name.as_ref().map(|name| name.to_string()), name);
        }
    }
}

#[tokio::test]
async fn records_are_produced_and_fetched_by_id() {
    let (_rig, mut client, id) = rig().await;
    let records = batch(&["value"]).build().unwrap();
    for (asked, error) in [(id, 0), (UNKNOWN, 100)] {
        let mut request = produce("", -1, Some(records.clone().into()));
        request.topic_data[0].topic_id = asked;
        let answer: ProduceResponse = client.call(ApiKey::Produce, 13, &request).await;
        assert_eq!(answer.responses[0].topic_id, asked);
        assert_eq!(answer.responses[0].partition_responses[0].error_code, error);
        for version in 13..=18 {
            let answer: FetchResponse = client.call(ApiKey::Fetch, version, &fetch(asked, 0)).await;
            assert_eq!(answer.responses[0].topic_id, asked, "version {version}");
            let partition = &answer.responses[0].partitions[0];
            let has_records =
                partition.records.as_ref().is_some_and(|found: &Bytes| !found.is_empty());
            assert_eq!((partition.error_code, has_records), (error, error == 0));
        }
    }
}

#[tokio::test]
async fn deleted_topic_is_unknown_by_its_id_and_a_new_one_has_another() {
    let (rig, mut admin, id) = rig().await;
    let mut poller = rig.client().await;
    poller.send(ApiKey::Fetch, 17, &fetch(id, 60_000)).await;
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let _: DeleteTopicsResponse = admin.call(ApiKey::DeleteTopics, 3, &request).await;
    let (_, answer) = poller.receive::<FetchResponse>(ApiKey::Fetch, 17).await.unwrap();
    assert_eq!(answer.responses[0].partitions[0].error_code, 100);
    admin.create_topic("t", &[]).await;
    let answer: FetchResponse = admin.call(ApiKey::Fetch, 17, &fetch(id, 0)).await;
    assert_eq!(answer.responses[0].partitions[0].error_code, 100);
}
