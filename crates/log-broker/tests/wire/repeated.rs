//! What a request names again and again is described once: answers stay as small as what there is.

use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    ApiKey, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DescribeConfigsRequest,
    DescribeConfigsResponse, DescribeGroupsRequest, DescribeGroupsResponse, DescribeLogDirsRequest,
    DescribeLogDirsResponse, DescribeProducersRequest, DescribeProducersResponse,
    DescribeTransactionsRequest, DescribeTransactionsResponse, GroupId, MetadataRequest,
    MetadataResponse, OffsetFetchRequest, OffsetFetchResponse, TransactionalId,
    describe_configs_request, describe_log_dirs_request, describe_producers_request,
    metadata_request,
};
use kafka_protocol::protocol::{Decodable, Encodable};

use super::client::{Client, Rig, text, topic_name};

const TOPIC: i8 = 2;

async fn rig() -> (Rig, Client) {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    (rig, client)
}

async fn ask<A: Decodable>(
    client: &mut Client,
    key: ApiKey,
    version: i16,
    q: &impl Encodable,
) -> A {
    client.call(key, version, q).await
}

#[tokio::test]
async fn topics_are_described_once() {
    let (_rig, mut client) = rig().await;
    let named = metadata_request::MetadataRequestTopic::default().with_name(Some(topic_name("t")));
    let request = MetadataRequest::default().with_topics(Some(vec![named; 3]));
    let answer: MetadataResponse = ask(&mut client, ApiKey::Metadata, 9, &request).await;
    assert_eq!(answer.topics.len(), 1);

    let named = describe_configs_request::DescribeConfigsResource::default()
        .with_resource_type(TOPIC)
        .with_resource_name(text("t"))
        .with_configuration_keys(None);
    let request = DescribeConfigsRequest::default().with_resources(vec![named; 3]);
    let answer: DescribeConfigsResponse =
        ask(&mut client, ApiKey::DescribeConfigs, 1, &request).await;
    assert_eq!(answer.results.len(), 1);
}

#[tokio::test]
async fn partitions_are_described_once() {
    let (_rig, mut client) = rig().await;
    let named = describe_log_dirs_request::DescribableLogDirTopic::default()
        .with_topic(topic_name("t"))
        .with_partitions(vec![0, 0]);
    let request = DescribeLogDirsRequest::default().with_topics(Some(vec![named; 3]));
    let answer: DescribeLogDirsResponse =
        ask(&mut client, ApiKey::DescribeLogDirs, 1, &request).await;
    let topics = &answer.results[0].topics;
    assert_eq!((topics.len(), topics[0].partitions.len()), (1, 1));

    let named = describe_producers_request::TopicRequest::default()
        .with_name(topic_name("t"))
        .with_partition_indexes(vec![0, 0]);
    let request = DescribeProducersRequest::default().with_topics(vec![named; 3]);
    let answer: DescribeProducersResponse =
        ask(&mut client, ApiKey::DescribeProducers, 0, &request).await;
    let partitions: usize = answer.topics.iter().map(|topic| topic.partitions.len()).sum();
    assert_eq!(partitions, 1);
}

#[tokio::test]
async fn groups_and_transactions_are_described_once() {
    let (_rig, mut client) = rig().await;
    let ids = vec![GroupId(text("g")); 3];
    let request = DescribeGroupsRequest::default().with_groups(ids.clone());
    let answer: DescribeGroupsResponse =
        ask(&mut client, ApiKey::DescribeGroups, 0, &request).await;
    assert_eq!(answer.groups.len(), 1);

    let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids);
    let answer: ConsumerGroupDescribeResponse =
        ask(&mut client, ApiKey::ConsumerGroupDescribe, 0, &request).await;
    assert_eq!(answer.groups.len(), 1);

    let ids = vec![TransactionalId(text("app")); 3];
    let request = DescribeTransactionsRequest::default().with_transactional_ids(ids);
    let answer: DescribeTransactionsResponse =
        ask(&mut client, ApiKey::DescribeTransactions, 0, &request).await;
    assert_eq!(answer.transaction_states.len(), 1);
}

#[tokio::test]
async fn committed_offsets_are_told_once() {
    let (_rig, mut client) = rig().await;
    let topic = OffsetFetchRequestTopics::default()
        .with_name(topic_name("t"))
        .with_partition_indexes(vec![0, 0, 1]);
    let group = OffsetFetchRequestGroup::default()
        .with_group_id(GroupId(text("g")))
        .with_topics(Some(vec![topic; 2]));
    let request = OffsetFetchRequest::default().with_groups(vec![group; 3]);
    let answer: OffsetFetchResponse = ask(&mut client, ApiKey::OffsetFetch, 8, &request).await;
    let [group] = &answer.groups[..] else { panic!("{answer:?}") };
    let indexes =
        |topic: &kafka_protocol::messages::offset_fetch_response::OffsetFetchResponseTopics| {
            topic.partitions.iter().map(|one| one.partition_index).collect::<Vec<_>>()
        };
    assert_eq!(group.topics.iter().map(indexes).collect::<Vec<_>>(), [vec![0, 1], vec![]]);
}
