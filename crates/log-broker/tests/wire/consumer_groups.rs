//! Consumer groups of KIP-848 as clients see them.

use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    ApiKey, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse,
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, DescribeGroupsRequest,
    DescribeGroupsResponse, GroupId, JoinGroupRequest, JoinGroupResponse, ListGroupsRequest,
    ListGroupsResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest,
    OffsetFetchResponse, join_group_request,
};

use super::client::{Client, Rig, text, topic_name};

const GROUP: &str = "g";

fn group() -> GroupId {
    GroupId(text(GROUP))
}

fn joining(member_id: &str) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group())
        .with_member_id(text(member_id))
        .with_rebalance_timeout_ms(60_000)
        .with_subscribed_topic_names(Some(vec![topic_name("t")]))
        .with_topic_partitions(Some(Vec::new()))
}

fn going_on(member_id: &str, epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group())
        .with_member_id(text(member_id))
        .with_member_epoch(epoch)
}

async fn beat(
    client: &mut Client,
    version: i16,
    request: &ConsumerGroupHeartbeatRequest,
) -> ConsumerGroupHeartbeatResponse {
    client.call(ApiKey::ConsumerGroupHeartbeat, version, request).await
}

async fn rig() -> (Rig, Client) {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    (rig, client)
}

async fn commit(client: &mut Client, version: i16, member_id: &str, epoch: i32) -> i16 {
    let partition = OffsetCommitRequestPartition::default().with_committed_offset(7);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(topic_name("t"))
        .with_partitions(vec![partition]);
    let request = OffsetCommitRequest::default()
        .with_group_id(group())
        .with_generation_id_or_member_epoch(epoch)
        .with_member_id(text(member_id))
        .with_topics(vec![topic]);
    let answer: OffsetCommitResponse = client.call(ApiKey::OffsetCommit, version, &request).await;
    answer.topics[0].partitions[0].error_code
}

/// The group's error, and the offset if there is none.
async fn fetch_offset(client: &mut Client, member_id: Option<&str>, epoch: i32) -> (i16, i64) {
    let topic = OffsetFetchRequestTopics::default()
        .with_name(topic_name("t"))
        .with_partition_indexes(vec![0]);
    let asked = OffsetFetchRequestGroup::default()
        .with_group_id(group())
        .with_member_id(member_id.map(text))
        .with_member_epoch(epoch)
        .with_topics(Some(vec![topic]));
    let request = OffsetFetchRequest::default().with_groups(vec![asked]);
    let answer: OffsetFetchResponse = client.call(ApiKey::OffsetFetch, 9, &request).await;
    let group = &answer.groups[0];
    let offset = group.topics.first().map_or(-1, |topic| topic.partitions[0].committed_offset);
    (group.error_code, offset)
}

async fn join_classic(client: &mut Client) -> JoinGroupResponse {
    let protocol = join_group_request::JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(bytes::Bytes::from_static(b"\0\0\0\0\0\x01\0\x01t"));
    let request = JoinGroupRequest::default()
        .with_group_id(group())
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(60_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol]);
    client.call(ApiKey::JoinGroup, 4, &request).await
}

#[tokio::test]
async fn member_is_told_what_to_read_by_topic_id() {
    let (_rig, mut client) = rig().await;
    let first = beat(&mut client, 0, &joining("")).await;
    assert_eq!((first.error_code, first.heartbeat_interval_ms), (0, 5_000));
    let id = first.member_id.clone().unwrap().to_string();
    assert!(!id.is_empty(), "the broker gives an id in version 0");
    let assigned = &first.assignment.as_ref().unwrap().topic_partitions[0];
    assert_eq!(assigned.partitions, [0]);
    let next = beat(&mut client, 1, &going_on(&id, first.member_epoch)).await;
    assert_eq!((next.error_code, next.assignment), (0, None));
    assert_eq!(
        beat(&mut client, 1, &joining("")).await.error_code,
        42,
        "since 1 it brings its own"
    );
    for (request, error) in [
        (going_on(&id, 99), 110),
        (going_on("stranger", 1), 25),
        (joining("b").with_server_assignor(Some(text("odd"))), 112),
        (joining("b").with_subscribed_topic_regex(Some(text("("))), 128),
        (joining("b").with_group_id(GroupId(text(""))), 24),
        (going_on("b", 1).with_group_id(GroupId(text("none"))), 69),
    ] {
        let refused = beat(&mut client, 1, &request).await;
        assert_eq!((refused.error_code, refused.error_message.is_some()), (error, true));
    }
}

#[tokio::test]
async fn members_survive_a_restart_with_what_they_have() {
    let (rig, mut client) = rig().await;
    let joined = beat(&mut client, 1, &joining("a")).await;
    assert_eq!(commit(&mut client, 9, "a", joined.member_epoch).await, 0);
    let rig = rig.restart().await;
    let mut client = rig.client().await;
    let next = beat(&mut client, 1, &going_on("a", joined.member_epoch)).await;
    assert_eq!((next.error_code, next.member_epoch), (0, joined.member_epoch));
    let full = joining("a").with_member_epoch(joined.member_epoch);
    assert_eq!(beat(&mut client, 1, &full).await.assignment, joined.assignment);
    assert_eq!(fetch_offset(&mut client, Some("a"), joined.member_epoch).await, (0, 7));
}

#[tokio::test]
async fn offsets_are_for_members_of_the_epoch() {
    let (_rig, mut client) = rig().await;
    let epoch = beat(&mut client, 1, &joining("a")).await.member_epoch;
    assert_eq!(commit(&mut client, 9, "a", epoch - 1).await, 113);
    assert_eq!(commit(&mut client, 9, "b", epoch).await, 25);
    assert_eq!(commit(&mut client, 9, "", -1).await, 25, "it has members");
    assert_eq!(commit(&mut client, 9, "a", epoch).await, 0);
    assert_eq!(fetch_offset(&mut client, Some("a"), epoch).await, (0, 7));
    assert_eq!(fetch_offset(&mut client, Some("a"), epoch + 1).await, (113, -1));
    assert_eq!(fetch_offset(&mut client, Some("b"), epoch).await, (25, -1));
    assert_eq!(fetch_offset(&mut client, None, -1).await, (0, 7), "anybody may look");
}

#[tokio::test]
async fn groups_are_described_and_listed_by_their_type() {
    let (_rig, mut client) = rig().await;
    let epoch = beat(&mut client, 1, &joining("a")).await.member_epoch;
    for version in 0..=1 {
        let ids = vec![group(), GroupId(text("none"))];
        let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids);
        let answer: ConsumerGroupDescribeResponse =
            client.call(ApiKey::ConsumerGroupDescribe, version, &request).await;
        let [known, unknown] = &answer.groups[..] else { panic!("{answer:?}") };
        assert_eq!((known.error_code, unknown.error_code), (0, 69));
        let told = (known.group_state.as_str(), known.group_epoch, known.assignor_name.as_str());
        assert_eq!(told, ("Stable", epoch, "uniform"));
        let member = &known.members[0];
        assert_eq!((member.member_id.as_str(), member.member_epoch), ("a", epoch));
        assert_eq!(member.assignment.topic_partitions[0].topic_name, topic_name("t"));
        assert_eq!(member.assignment, member.target_assignment);
    }
    let request = DescribeGroupsRequest::default().with_groups(vec![group()]);
    let answer: DescribeGroupsResponse = client.call(ApiKey::DescribeGroups, 6, &request).await;
    assert_eq!(answer.groups[0].error_code, 69, "it is no classic group");
    for (filter, count) in [("consumer", 1), ("classic", 0)] {
        let request = ListGroupsRequest::default().with_types_filter(vec![text(filter)]);
        let answer: ListGroupsResponse = client.call(ApiKey::ListGroups, 5, &request).await;
        assert_eq!(answer.groups.len(), count, "{filter}");
    }
}

#[tokio::test]
async fn classic_groups_and_groups_that_do_not_exist_are_told_apart() {
    let (_rig, mut client) = rig().await;
    assert_eq!(commit(&mut client, 9, "", -1).await, 0);
    let ids = vec![group(), GroupId(text("none")), GroupId(text(""))];
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids);
    let answer: ConsumerGroupDescribeResponse =
        client.call(ApiKey::ConsumerGroupDescribe, 1, &request).await;
    let found = answer.groups.iter().map(|one| (one.error_code, one.error_message.as_deref()));
    let classic = format!("Group {} is not a consumer group.", group().as_str());
    let expected = [(69, Some(&classic[..])), (69, Some("Group none not found.")), (24, None)];
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn empty_group_changes_its_protocol_and_keeps_its_offsets() {
    let (rig, mut client) = rig().await;
    assert_eq!(commit(&mut client, 9, "", -1).await, 0);
    let epoch = beat(&mut client, 1, &joining("a")).await.member_epoch;
    assert_eq!(join_classic(&mut client).await.error_code, 23, "it has members");
    assert_eq!(beat(&mut client, 1, &going_on("a", -1)).await.error_code, 0);
    assert_eq!(join_classic(&mut client).await.error_code, 79, "a classic group now");
    let refused = beat(&mut client, 1, &joining("b")).await;
    assert_eq!(refused.error_code, 69, "somebody is about to join it");
    assert_eq!(fetch_offset(&mut client, None, -1).await, (0, 7));
    let rig = rig.restart().await;
    let mut client = rig.client().await;
    let again = beat(&mut client, 1, &joining("a")).await;
    assert_eq!((again.error_code, again.member_epoch), (0, epoch), "nothing is left of the first");
    assert_eq!(fetch_offset(&mut client, None, -1).await, (0, 7));
}
