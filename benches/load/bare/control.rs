//! What a client asks before it produces or fetches.

use bytes::Bytes;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId, CreateTopicsRequest, CreateTopicsResponse,
    DeleteTopicsRequest, DeleteTopicsResponse, FindCoordinatorResponse, ListOffsetsRequest,
    ListOffsetsResponse, MetadataResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use levada_kafka_wire::decode::decode;
use levada_kafka_wire::frame::RequestHeader;

use crate::partition::Partitions;
use crate::{Failure, encode};

const NODE: BrokerId = BrokerId(1);
const LATEST: i64 = -1;
const COORDINATOR_NOT_AVAILABLE: i16 = 15;

/// Key, first and last version. `FindCoordinator` is there because librdkafka takes a broker without
/// it for one that knows no lz4, and then compresses nothing.
const APIS: [(ApiKey, i16, i16); 8] = [
    (ApiKey::Produce, 3, 9),
    (ApiKey::Fetch, 4, 11),
    (ApiKey::ListOffsets, 1, 5),
    (ApiKey::Metadata, 1, 8),
    (ApiKey::FindCoordinator, 0, 2),
    (ApiKey::ApiVersions, 0, 3),
    (ApiKey::CreateTopics, 2, 4),
    (ApiKey::DeleteTopics, 1, 3),
];

pub(crate) fn answer(
    partitions: &Partitions,
    port: u16,
    header: &RequestHeader,
    body: &Bytes,
) -> Result<Bytes, Failure> {
    let version = header.api_version;
    match ApiKey::try_from(header.api_key) {
        Ok(ApiKey::ApiVersions) => encode(&versions(), version),
        Ok(ApiKey::FindCoordinator) => {
            let answer = FindCoordinatorResponse::default();
            encode(&answer.with_error_code(COORDINATOR_NOT_AVAILABLE), version)
        }
        Ok(ApiKey::Metadata) => encode(&metadata(partitions, port)?, version),
        Ok(ApiKey::CreateTopics) => {
            let request: CreateTopicsRequest = decode(ApiKey::CreateTopics, version, body)?;
            let mut topics = Vec::new();
            for topic in request.topics {
                partitions.create(&topic.name, topic.num_partitions)?;
                topics.push(CreatableTopicResult::default().with_name(topic.name));
            }
            encode(&CreateTopicsResponse::default().with_topics(topics), version)
        }
        Ok(ApiKey::DeleteTopics) => {
            let request: DeleteTopicsRequest = decode(ApiKey::DeleteTopics, version, body)?;
            let mut deleted = Vec::new();
            for name in request.topic_names {
                partitions.delete(&name)?;
                deleted.push(DeletableTopicResult::default().with_name(Some(name)));
            }
            encode(&DeleteTopicsResponse::default().with_responses(deleted), version)
        }
        Ok(ApiKey::ListOffsets) => {
            let request: ListOffsetsRequest = decode(ApiKey::ListOffsets, version, body)?;
            encode(&offsets(partitions, request)?, version)
        }
        _ => Err(format!("api key {} is not served", header.api_key).into()),
    }
}

fn versions() -> ApiVersionsResponse {
    let keys = APIS.iter().map(|(key, min, max)| {
        ApiVersion::default()
            .with_api_key(*key as i16)
            .with_min_version(*min)
            .with_max_version(*max)
    });
    ApiVersionsResponse::default().with_api_keys(keys.collect())
}

/// All topics, whichever are asked for: clients pick theirs.
fn metadata(partitions: &Partitions, port: u16) -> Result<MetadataResponse, Failure> {
    let mut topics = Vec::new();
    for (name, count) in partitions.counts() {
        let partitions = (0..i32::try_from(count)?).map(|index| {
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(NODE)
                .with_leader_epoch(0)
                .with_replica_nodes(vec![NODE])
                .with_isr_nodes(vec![NODE])
        });
        let name = TopicName(StrBytes::from_string(name));
        let topic = MetadataResponseTopic::default().with_name(Some(name));
        topics.push(topic.with_partitions(partitions.collect()));
    }
    let broker = MetadataResponseBroker::default()
        .with_node_id(NODE)
        .with_host(StrBytes::from_static_str("127.0.0.1"))
        .with_port(port.into());
    let response = MetadataResponse::default().with_brokers(vec![broker]);
    Ok(response.with_controller_id(NODE).with_topics(topics))
}

fn offsets(
    partitions: &Partitions,
    request: ListOffsetsRequest,
) -> Result<ListOffsetsResponse, Failure> {
    let mut topics = Vec::new();
    for topic in request.topics {
        let mut answers = Vec::new();
        for asked in &topic.partitions {
            let (_, end) = partitions.get(&topic.name, asked.partition_index)?.read(i64::MAX, 0)?;
            let offset = if asked.timestamp == LATEST { end } else { 0 };
            let answer = ListOffsetsPartitionResponse::default();
            answers.push(answer.with_partition_index(asked.partition_index).with_offset(offset));
        }
        let answer = ListOffsetsTopicResponse::default().with_name(topic.name);
        topics.push(answer.with_partitions(answers));
    }
    Ok(ListOffsetsResponse::default().with_topics(topics))
}
