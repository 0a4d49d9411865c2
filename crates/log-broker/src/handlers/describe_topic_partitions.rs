//! `DescribeTopicPartitions` (75), version 0.
//!
//! - Topics in order of their names, all when none is named, a limited number of partitions at a
//!   time: a cursor says where the next request goes on.

use std::collections::BTreeSet;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition as Partition,
    DescribeTopicPartitionsResponseTopic as TopicResponse,
};
use kafka_protocol::messages::{
    ApiKey, BrokerId, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
};

use super::authorized;
use super::group_fields::topic_name;
use crate::broker::{Broker, NODE_ID};
use crate::net::{Api, Call};
use crate::topics::{Topic, check_name};

pub(crate) const API: Api = Api::new(ApiKey::DescribeTopicPartitions, 0..=0);

/// `max.request.partition.size.limit`
const PARTITIONS_MAX: usize = 2_000;

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let names: BTreeSet<String> = if request.topics.is_empty() {
        broker.topics.list().iter().map(|topic| topic.name.clone()).collect()
    } else {
        request.topics.iter().map(|topic| topic.name.to_string()).collect()
    };
    let (from, first_index) = match &request.cursor {
        Some(cursor) => (cursor.topic_name.to_string(), cursor.partition_index),
        None => (String::new(), 0),
    };
    let limit = usize::try_from(request.response_partition_limit).unwrap_or_default();
    let mut left = limit.clamp(1, PARTITIONS_MAX);
    let mut topics = Vec::new();
    for name in names.range(from.clone()..) {
        if left == 0 {
            let cursor = cursor(name, 0);
            return response(topics).with_next_cursor(Some(cursor));
        }
        let skipped = if *name == from { usize::try_from(first_index).unwrap_or(0) } else { 0 };
        let described = describe(broker, name, skipped, left);
        left -= described.partitions.len();
        let next = skipped + described.partitions.len();
        let count = broker.topics.get(name).map_or(0, |topic| topic.partitions.len());
        topics.push(described);
        if next < count {
            let cursor = cursor(name, i32::try_from(next).unwrap_or(i32::MAX));
            return response(topics).with_next_cursor(Some(cursor));
        }
    }
    response(topics)
}

fn response(topics: Vec<TopicResponse>) -> DescribeTopicPartitionsResponse {
    DescribeTopicPartitionsResponse::default().with_topics(topics).with_next_cursor(None)
}

fn cursor(name: &str, partition_index: i32) -> Cursor {
    Cursor::default().with_topic_name(topic_name(name)).with_partition_index(partition_index)
}

fn describe(broker: &Broker, name: &str, skipped: usize, limit: usize) -> TopicResponse {
    let response = TopicResponse::default().with_name(Some(topic_name(name)));
    let Some(topic) = broker.topics.get(name) else {
        let invalid = check_name(name).map_err(|error| error.response_error()).err();
        let error = invalid.unwrap_or(ResponseError::UnknownTopicOrPartition);
        return response.with_error_code(error.code());
    };
    let partitions = topic.partitions.iter().zip(0..).skip(skipped).take(limit);
    response
        .with_topic_id(topic.id)
        .with_is_internal(topic.is_internal())
        .with_topic_authorized_operations(authorized::TOPIC)
        .with_partitions(partitions.map(|(_, index)| partition(&topic, index)).collect())
}

fn partition(topic: &Topic, index: i32) -> Partition {
    let this = || vec![BrokerId(NODE_ID)];
    let response = Partition::default()
        .with_partition_index(index)
        .with_replica_nodes(this())
        // Null is allowed, and Java's client does not survive it.
        .with_eligible_leader_replicas(Some(Vec::new()))
        .with_last_known_elr(Some(Vec::new()));
    match topic.partition(index) {
        Ok(log) => response
            .with_leader_id(BrokerId(NODE_ID))
            .with_leader_epoch(log.bounds().leader_epoch)
            .with_isr_nodes(this()),
        Err(_) => response
            .with_error_code(ResponseError::LeaderNotAvailable.code())
            .with_leader_id(BrokerId(-1))
            .with_leader_epoch(-1)
            .with_offline_replicas(this()),
    }
}
