//! `ElectLeaders` (43), versions 0–2.
//!
//! - One broker leads every partition, so an election is never needed: error 84 for a partition that
//!   is asked about by name, 3 for one that is not there.
//! - Asked about all (null), partitions that need no election are left out: nothing is answered.
//! - v1 (KIP-460) says which kind of election is meant: 0 preferred, 1 unclean.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use kafka_protocol::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use kafka_protocol::messages::{ApiKey, ElectLeadersRequest, ElectLeadersResponse};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::ElectLeaders, 0..=2);

const ELECTION_TYPES: [i8; 2] = [0, 1];

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: ElectLeadersRequest,
) -> ElectLeadersResponse {
    if !ELECTION_TYPES.contains(&request.election_type) {
        return ElectLeadersResponse::default()
            .with_error_code(ResponseError::InvalidRequest.code());
    }
    let asked = request.topic_partitions.unwrap_or_default();
    let results = asked.into_iter().map(|asked| result(broker, asked));
    ElectLeadersResponse::default().with_replica_election_results(results.collect())
}

fn result(broker: &Broker, asked: TopicPartitions) -> ReplicaElectionResult {
    let partitions = asked.partitions.into_iter().map(|index| {
        let error = match broker.topics.partition(&asked.topic, index) {
            Ok(_) => ResponseError::ElectionNotNeeded,
            Err(error) => error,
        };
        PartitionResult::default()
            .with_partition_id(index)
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::from_string(error.to_string())))
    });
    ReplicaElectionResult::default()
        .with_partition_result(partitions.collect())
        .with_topic(asked.topic)
}
