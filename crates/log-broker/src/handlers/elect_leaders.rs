//! `ElectLeaders` (43), versions 0–2.
//!
//! - One broker leads every partition, so an election is never needed: error 84 for a partition that
//!   is asked about by name, 3 for one that is not there.
//! - Asked about all (null), partitions that need no election are left out: every topic is named, and
//!   nothing else.
//! - v1 (KIP-460) says which kind of election is meant: 0 preferred, 1 unclean. Another is error 42,
//!   for each partition and, if there is any request at all, for the whole.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use kafka_protocol::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use kafka_protocol::messages::{ApiKey, ElectLeadersRequest, ElectLeadersResponse};
use kafka_protocol::protocol::StrBytes;

use super::group_fields::topic_name;
use crate::broker::Broker;
use crate::net::{Api, Call};
use crate::topics::Topic;

pub(crate) const API: Api = Api::new(ApiKey::ElectLeaders, 0..=2);

const ELECTION_TYPES: [i8; 2] = [0, 1];

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: ElectLeadersRequest,
) -> ElectLeadersResponse {
    let asks_for_none = request.topic_partitions.as_ref().is_some_and(Vec::is_empty);
    let is_known = ELECTION_TYPES.contains(&request.election_type) || asks_for_none;
    let results = match request.topic_partitions {
        Some(asked) => {
            let result = |asked| result(broker, asked, request.election_type);
            asked.into_iter().map(result).collect()
        }
        None if is_known => broker.topics.list().iter().map(|topic| untouched(topic)).collect(),
        None => Vec::new(),
    };
    let error_code = if is_known { 0 } else { ResponseError::InvalidRequest.code() };
    ElectLeadersResponse::default()
        .with_error_code(error_code)
        .with_replica_election_results(results)
}

/// A topic of which no partition needs an election.
fn untouched(topic: &Topic) -> ReplicaElectionResult {
    ReplicaElectionResult::default().with_topic(topic_name(&topic.name))
}

fn result(broker: &Broker, asked: TopicPartitions, election_type: i8) -> ReplicaElectionResult {
    let partitions = asked.partitions.into_iter().map(|index| {
        let (error, message) = refusal(broker, &asked.topic, index, election_type);
        PartitionResult::default()
            .with_partition_id(index)
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::from_string(message)))
    });
    ReplicaElectionResult::default()
        .with_partition_result(partitions.collect())
        .with_topic(asked.topic)
}

/// Why there is no election.
fn refusal(broker: &Broker, topic: &str, index: i32, election_type: i8) -> (ResponseError, String) {
    if !ELECTION_TYPES.contains(&election_type) {
        return (ResponseError::InvalidRequest, format!("Unknown election type {election_type}"));
    }
    let error = match broker.topics.partition(topic, index) {
        Ok(_) => ResponseError::ElectionNotNeeded,
        Err(error) => error,
    };
    (error, error.to_string())
}
