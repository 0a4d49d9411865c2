//! Metadata (3), versions 0–13.
//!
//! - One broker, which is the controller, leader of every partition and its only replica.
//! - Unknown topics are made when the request and the broker allow it, and are in this same
//!   answer; else error 3. Internal topics are not made this way.
//! - A topic that is named again is described once.
//! - v0 lists all topics when none is named; from v1 null lists all and empty lists none.
//! - v4 the request decides about auto-creation (before: always), v7 leader epochs, v8 authorized
//!   operations, v10 topic ids in the answer, v12 topics by id (unknown ones are error 100).

use std::sync::Arc;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{ApiKey, BrokerId, MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::authorized;
use super::repeated::once;
use crate::broker::{Broker, NODE_ID};
use crate::log::PartitionLog;
use crate::net::{Api, Call};
use crate::topics::{NewTopic, Topic, check_name, is_internal, is_metadata_log};

pub(crate) const API: Api = Api::new(ApiKey::Metadata, 0..=13);

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: MetadataRequest,
) -> MetadataResponse {
    let operations =
        authorized::asked(request.include_topic_authorized_operations, authorized::TOPIC);
    let may_create = request.allow_auto_topic_creation && broker.config.auto_create_topics;
    let mut topics = Vec::new();
    match request.topics {
        Some(asked) if call.api_version > 0 || !asked.is_empty() => {
            for asked in once(asked, |asked| (asked.name.clone(), asked.topic_id)) {
                // The Java client asks by id with an empty name: what has an id goes by it.
                let found = match &asked.name {
                    Some(name) if asked.topic_id.is_nil() => {
                        find_or_create(broker, name, may_create).await
                    }
                    _ => by_id(broker, asked.topic_id),
                };
                topics.push(match found {
                    Ok(topic) => describe(&topic, operations),
                    Err(error) => unknown(call, asked, error),
                });
            }
        }
        _ => topics.extend(broker.topics.list().iter().map(|topic| describe(topic, operations))),
    }
    let cluster_operations =
        authorized::asked(request.include_cluster_authorized_operations, authorized::CLUSTER);
    MetadataResponse::default()
        .with_brokers(vec![this_broker(call)])
        .with_cluster_id(Some(StrBytes::from_string(broker.cluster_id.clone())))
        .with_controller_id(BrokerId(NODE_ID))
        .with_topics(topics)
        .with_cluster_authorized_operations(cluster_operations)
}

fn by_id(broker: &Broker, id: Uuid) -> Result<Arc<Topic>, ResponseError> {
    broker.topics.by_id(id).ok_or(ResponseError::UnknownTopicId)
}

async fn find_or_create(
    broker: &Broker,
    name: &str,
    may_create: bool,
) -> Result<Arc<Topic>, ResponseError> {
    if let Some(topic) = broker.topics.get(name) {
        return Ok(topic);
    }
    check_name(name).map_err(|error| error.response_error())?;
    if !may_create || is_internal(name) || is_metadata_log(name) {
        return Err(ResponseError::UnknownTopicOrPartition);
    }
    broker.topics.ensure(NewTopic::plain(name)).await.map_err(|error| error.response_error())
}

fn this_broker(call: &Call) -> MetadataResponseBroker {
    MetadataResponseBroker::default()
        .with_node_id(BrokerId(NODE_ID))
        .with_host(StrBytes::from_string(call.peer.advertised.host.clone()))
        .with_port(i32::from(call.peer.advertised.port))
}

fn describe(topic: &Topic, operations: i32) -> MetadataResponseTopic {
    let partitions = topic.partitions.iter().zip(0..).map(|(log, index)| match log {
        Some(log) => describe_partition(log),
        None => offline_partition(index),
    });
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from_string(topic.name.clone()))))
        .with_topic_id(topic.id)
        .with_is_internal(topic.is_internal())
        .with_partitions(partitions.collect())
        .with_topic_authorized_operations(operations)
}

fn describe_partition(log: &PartitionLog) -> MetadataResponsePartition {
    MetadataResponsePartition::default()
        .with_partition_index(log.index())
        .with_leader_id(BrokerId(NODE_ID))
        .with_leader_epoch(log.bounds().leader_epoch)
        .with_replica_nodes(vec![BrokerId(NODE_ID)])
        .with_isr_nodes(vec![BrokerId(NODE_ID)])
}

/// There is a replica and it cannot lead: clients try again later.
fn offline_partition(index: i32) -> MetadataResponsePartition {
    MetadataResponsePartition::default()
        .with_error_code(ResponseError::LeaderNotAvailable.code())
        .with_partition_index(index)
        .with_leader_id(BrokerId(-1))
        .with_leader_epoch(-1)
        .with_replica_nodes(vec![BrokerId(NODE_ID)])
        .with_offline_replicas(vec![BrokerId(NODE_ID)])
}

/// As it was asked for: by name or by id. The name may be null since v12.
fn unknown(
    call: &Call,
    asked: MetadataRequestTopic,
    error: ResponseError,
) -> MetadataResponseTopic {
    let name = match asked.name.filter(|_| asked.topic_id.is_nil()) {
        None if call.api_version < 12 => Some(TopicName::default()),
        name => name,
    };
    MetadataResponseTopic::default()
        .with_error_code(error.code())
        .with_name(name)
        .with_topic_id(asked.topic_id)
}
