//! Commit and fetch in every version.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse,
};

use super::super::{offset_commit, offset_fetch};
use super::*;

/// A commit of a consumer that is no member.
fn commit(group: &str, topic: &str, partitions: &[(i32, i64, &str)]) -> OffsetCommitRequest {
    let partition = |(index, offset, metadata): &(i32, i64, &str)| {
        OffsetCommitRequestPartition::default()
            .with_partition_index(*index)
            .with_committed_offset(*offset)
            .with_committed_leader_epoch(4)
            .with_committed_metadata(Some(text(*metadata)))
    };
    let topic = OffsetCommitRequestTopic::default()
        .with_name(topic_name(topic))
        .with_partitions(partitions.iter().map(partition).collect());
    OffsetCommitRequest::default().with_group_id(group_id(group)).with_topics(vec![topic])
}

fn committed(topic: &str, partitions: &[(i32, i16)]) -> OffsetCommitResponse {
    let partition = |(index, error): &(i32, i16)| {
        OffsetCommitResponsePartition::default()
            .with_partition_index(*index)
            .with_error_code(*error)
    };
    let topic = OffsetCommitResponseTopic::default()
        .with_name(topic_name(topic))
        .with_partitions(partitions.iter().map(partition).collect());
    OffsetCommitResponse::default().with_topics(vec![topic])
}

async fn ask_commit(rig: &Rig, version: i16, request: OffsetCommitRequest) -> OffsetCommitResponse {
    let call = call(&offset_commit::API, version);
    let response = offset_commit::handle(rig.broker(), &call, request).await.unwrap();
    assert_encodable(&call, &response);
    response
}

async fn ask_fetch(rig: &Rig, version: i16, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let call = call(&offset_fetch::API, version);
    let response = offset_fetch::handle(rig.broker(), &call, request).await.unwrap();
    assert_encodable(&call, &response);
    response
}

fn fetch_one(group: &str, topics: Option<&[(&str, &[i32])]>) -> OffsetFetchRequest {
    let topic = |(name, indexes): &(&str, &[i32])| {
        OffsetFetchRequestTopic::default()
            .with_name(topic_name(name))
            .with_partition_indexes(indexes.to_vec())
    };
    OffsetFetchRequest::default()
        .with_group_id(group_id(group))
        .with_topics(topics.map(|topics| topics.iter().map(topic).collect()))
}

fn partition(
    index: i32,
    offset: i64,
    leader_epoch: i32,
    metadata: &str,
) -> OffsetFetchResponsePartition {
    OffsetFetchResponsePartition::default()
        .with_partition_index(index)
        .with_committed_offset(offset)
        .with_committed_leader_epoch(leader_epoch)
        .with_metadata(Some(text(metadata)))
}

#[tokio::test]
async fn commit_is_read_back_in_every_version() {
    let rig = Rig::start().await;
    for version in versions(&offset_commit::API) {
        let answer = ask_commit(&rig, version, commit("g", "t", &[(1, 7, "note")])).await;
        assert_eq!(answer, committed("t", &[(1, 0)]));
    }
    for version in 1..=7 {
        let answer = ask_fetch(&rig, version, fetch_one("g", Some(&[("t", &[0, 1])]))).await;
        let leader_epoch = if version >= 5 { 4 } else { -1 };
        let topic = OffsetFetchResponseTopic::default()
            .with_name(topic_name("t"))
            .with_partitions(vec![partition(0, -1, -1, ""), partition(1, 7, leader_epoch, "note")]);
        assert_eq!(answer, OffsetFetchResponse::default().with_topics(vec![topic]));
    }
}

#[tokio::test]
async fn unknown_group_has_no_offsets_and_no_error_in_every_version() {
    let rig = Rig::start().await;
    for version in 1..=7 {
        let answer = ask_fetch(&rig, version, fetch_one("nobody", Some(&[("t", &[0])]))).await;
        let topic = OffsetFetchResponseTopic::default()
            .with_name(topic_name("t"))
            .with_partitions(vec![partition(0, -1, -1, "")]);
        assert_eq!(answer, OffsetFetchResponse::default().with_topics(vec![topic]));
    }
}

#[tokio::test]
async fn null_topics_ask_for_everything() {
    let rig = Rig::start().await;
    ask_commit(&rig, 8, commit("g", "t", &[(0, 3, ""), (1, 4, "")])).await;
    for version in 2..=7 {
        let answer = ask_fetch(&rig, version, fetch_one("g", None)).await;
        let leader_epoch = if version >= 5 { 4 } else { -1 };
        let partitions = vec![partition(0, 3, leader_epoch, ""), partition(1, 4, leader_epoch, "")];
        let topic = OffsetFetchResponseTopic::default()
            .with_name(topic_name("t"))
            .with_partitions(partitions);
        assert_eq!(answer, OffsetFetchResponse::default().with_topics(vec![topic]));
        let nobody = ask_fetch(&rig, version, fetch_one("nobody", None)).await;
        assert_eq!(nobody, OffsetFetchResponse::default());
    }
}

#[tokio::test]
async fn several_groups_are_fetched_at_once_since_version_8() {
    let rig = Rig::start().await;
    ask_commit(&rig, 8, commit("g", "t", &[(0, 3, "x")])).await;
    let topics = vec![
        OffsetFetchRequestTopics::default()
            .with_name(topic_name("t"))
            .with_partition_indexes(vec![0]),
    ];
    let group = |name, topics| {
        OffsetFetchRequestGroup::default().with_group_id(group_id(name)).with_topics(topics)
    };
    let request = OffsetFetchRequest::default()
        .with_groups(vec![group("g", None), group("nobody", Some(topics))]);
    let found = |name, offset, leader_epoch, metadata| {
        let partition = OffsetFetchResponsePartitions::default()
            .with_committed_offset(offset)
            .with_committed_leader_epoch(leader_epoch)
            .with_metadata(Some(text(metadata)));
        let topic = OffsetFetchResponseTopics::default()
            .with_name(topic_name("t"))
            .with_partitions(vec![partition]);
        OffsetFetchResponseGroup::default().with_group_id(group_id(name)).with_topics(vec![topic])
    };
    let want = OffsetFetchResponse::default()
        .with_groups(vec![found("g", 3, 4, "x"), found("nobody", -1, -1, "")]);
    for version in 8..=9 {
        assert_eq!(ask_fetch(&rig, version, request.clone()).await, want);
    }
}

#[tokio::test]
async fn unknown_topic_or_partition_is_refused_and_the_others_are_taken() {
    let rig = Rig::start().await;
    let answer = ask_commit(&rig, 8, commit("g", "t", &[(9, 1, ""), (0, 5, "")])).await;
    let unknown = ResponseError::UnknownTopicOrPartition.code();
    assert_eq!(answer, committed("t", &[(9, unknown), (0, 0)]));
    let answer = ask_commit(&rig, 8, commit("h", "nothing", &[(0, 1, "")])).await;
    assert_eq!(answer, committed("nothing", &[(0, unknown)]));
    assert_eq!(rig.broker().groups.describe("h"), None);
}

#[tokio::test]
async fn metadata_beyond_4096_bytes_is_refused() {
    let rig = Rig::start().await;
    let (longest, longer) = ("x".repeat(4_096), "x".repeat(4_097));
    let request = commit("g", "t", &[(0, 1, &longest), (1, 1, &longer)]);
    let too_large = ResponseError::OffsetMetadataTooLarge.code();
    assert_eq!(ask_commit(&rig, 8, request).await, committed("t", &[(0, 0), (1, too_large)]));
}

#[tokio::test]
async fn error_of_the_group_is_repeated_for_every_known_partition() {
    let rig = Rig::start().await;
    rig.lone_member("g").await;
    let request = commit("g", "t", &[(0, 1, ""), (7, 1, ""), (1, 1, &"x".repeat(5_000))]);
    let (stranger, unknown) = (ResponseError::UnknownMemberId.code(), 3);
    let want = committed("t", &[(0, stranger), (7, unknown), (1, stranger)]);
    assert_eq!(ask_commit(&rig, 8, request).await, want);
}

#[tokio::test]
async fn generation_of_no_group_is_illegal_and_since_version_9_not_found() {
    let rig = Rig::start().await;
    for version in versions(&offset_commit::API) {
        let request = commit("nobody", "t", &[(0, 1, "")])
            .with_generation_id_or_member_epoch(1)
            .with_member_id(text("m"));
        let want = match version {
            ..9 => ResponseError::IllegalGeneration.code(),
            _ => ResponseError::GroupIdNotFound.code(),
        };
        assert_eq!(ask_commit(&rig, version, request).await, committed("t", &[(0, want)]));
    }
}

#[tokio::test]
async fn deleted_topic_takes_its_offsets_along() {
    let rig = Rig::start().await;
    rig.create("short").await;
    ask_commit(&rig, 8, commit("g", "short", &[(0, 1, "")])).await;
    ask_commit(&rig, 8, commit("g", "t", &[(0, 2, "")])).await;
    let call = call(&super::super::delete_topics::API, 1);
    let request = kafka_protocol::messages::DeleteTopicsRequest::default()
        .with_topic_names(vec![topic_name("short")]);
    super::super::delete_topics::handle(rig.broker(), &call, request).await;
    let answer = ask_fetch(&rig, 7, fetch_one("g", None)).await;
    let topic = OffsetFetchResponseTopic::default()
        .with_name(topic_name("t"))
        .with_partitions(vec![partition(0, 2, 4, "")]);
    assert_eq!(answer, OffsetFetchResponse::default().with_topics(vec![topic]));
}
