//! Requests that name topics by id.

use bytes::{Buf, Bytes};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    ApiKey, DeleteTopicsRequest, DeleteTopicsResponse, FetchRequest, FetchResponse, GroupId,
    MetadataRequest, MetadataResponse, OffsetCommitRequest, OffsetCommitResponse,
    OffsetFetchRequest, OffsetFetchResponse, ProduceResponse, fetch_request,
};
use kafka_protocol::protocol::{Decodable, Encodable};
use uuid::Uuid;

use super::client::{Client, Rig, batch, frame, produce, text, topic_name};

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

/// Fifteen bytes, which version 9 writes as sixteen: as many as an id has.
const IN_PLACE_OF_ID: &str = "in place of id.";

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Bytes {
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len().saturating_sub(from.len() - 1) {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
    bytes.into()
}

/// Version 10 of a request whose topics are named [`IN_PLACE_OF_ID`]; so are those of the answer.
async fn call_by_id<Q: Encodable, A: Decodable>(
    client: &mut Client,
    key: ApiKey,
    request: &Q,
    id: Uuid,
) -> A {
    let name = [&[16], IN_PLACE_OF_ID.as_bytes()].concat();
    let mut sent = replaced(&frame(key, 9, 1, request), &name, id.as_bytes()).to_vec();
    sent[7] = 10;
    client.send_raw(&sent).await;
    let mut answer = replaced(&client.receive_raw().await.unwrap(), id.as_bytes(), &name);
    answer.advance(size_of::<i32>() + 1);
    let decoded = A::decode(&mut answer, 9).unwrap();
    assert!(answer.is_empty(), "the answer ends with its frame");
    decoded
}

async fn commit(client: &mut Client, id: Uuid, partitions: &[i32]) -> Vec<i16> {
    let partition = |index: &i32| {
        let partition = OffsetCommitRequestPartition::default().with_partition_index(*index);
        partition.with_committed_offset(7)
    };
    let topic = OffsetCommitRequestTopic::default()
        .with_name(topic_name(IN_PLACE_OF_ID))
        .with_partitions(partitions.iter().map(partition).collect());
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(text("g")))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic]);
    let answer: OffsetCommitResponse = call_by_id(client, ApiKey::OffsetCommit, &request, id).await;
    assert_eq!(answer.topics[0].name, topic_name(IN_PLACE_OF_ID));
    answer.topics[0].partitions.iter().map(|partition| partition.error_code).collect()
}

/// Of each topic its partitions with errors and offsets, and the error of the group.
async fn committed(
    client: &mut Client,
    id: Uuid,
    wanted: Option<&[i32]>,
) -> (Vec<Vec<(i32, i16, i64)>>, i16) {
    let topic = |indexes: &[i32]| {
        OffsetFetchRequestTopics::default()
            .with_name(topic_name(IN_PLACE_OF_ID))
            .with_partition_indexes(indexes.to_vec())
    };
    let group = OffsetFetchRequestGroup::default()
        .with_group_id(GroupId(text("g")))
        .with_topics(wanted.map(|indexes| vec![topic(indexes)]));
    let request = OffsetFetchRequest::default().with_groups(vec![group]);
    let answer: OffsetFetchResponse = call_by_id(client, ApiKey::OffsetFetch, &request, id).await;
    let topics = answer.groups[0].topics.iter().map(|topic| {
        assert_eq!(topic.name, topic_name(IN_PLACE_OF_ID));
        let partitions = topic.partitions.iter();
        partitions.map(|one| (one.partition_index, one.error_code, one.committed_offset)).collect()
    });
    (topics.collect(), answer.groups[0].error_code)
}

#[tokio::test]
async fn offsets_are_committed_and_fetched_by_id() {
    let (_rig, mut client, id) = rig().await;
    assert_eq!(commit(&mut client, UNKNOWN, &[0]).await, [100]);
    assert_eq!(commit(&mut client, id, &[0, 5]).await, [0, 3]);
    let fetched = committed(&mut client, id, Some(&[0, 5])).await;
    assert_eq!(fetched, (vec![vec![(0, 0, 7), (5, 0, -1)]], 0));
    let fetched = committed(&mut client, UNKNOWN, Some(&[0])).await;
    assert_eq!(fetched, (vec![vec![(0, 100, -1)]], 0));
    assert_eq!(committed(&mut client, id, None).await, (vec![vec![(0, 0, 7)]], 0));
}
