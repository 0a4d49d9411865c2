//! `AlterPartitionReassignments` (45), versions 0–1 (KIP-455).
//!
//! - The one broker has every partition and stays its only replica: that assignment is accepted and
//!   changes nothing, any other is error 39.
//! - Null cancels a reassignment, of which none is under way (85).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::alter_partition_reassignments_response::{
    ReassignablePartitionResponse, ReassignableTopicResponse,
};
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ApiKey,
};
use kafka_protocol::protocol::StrBytes;

use crate::broker::{Broker, NODE_ID};
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::AlterPartitionReassignments, 0..=1);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: AlterPartitionReassignmentsRequest,
) -> AlterPartitionReassignmentsResponse {
    let answers = request.topics.into_iter().map(|asked| answer(broker, asked));
    AlterPartitionReassignmentsResponse::default()
        .with_allow_replication_factor_change(request.allow_replication_factor_change)
        .with_error_message(None)
        .with_responses(answers.collect())
}

fn answer(broker: &Broker, asked: ReassignableTopic) -> ReassignableTopicResponse {
    let partitions = asked.partitions.iter().map(|partition| {
        let answer = ReassignablePartitionResponse::default()
            .with_partition_index(partition.partition_index);
        let there = broker.topics.partition(&asked.name, partition.partition_index);
        match there.map(drop).and_then(|()| check(partition)) {
            Ok(()) => answer.with_error_message(None),
            Err(error) => answer
                .with_error_code(error.code())
                .with_error_message(Some(StrBytes::from_string(error.to_string()))),
        }
    });
    let partitions = partitions.collect();
    ReassignableTopicResponse::default().with_partitions(partitions).with_name(asked.name)
}

fn check(partition: &ReassignablePartition) -> Result<(), ResponseError> {
    match &partition.replicas {
        None => Err(ResponseError::NoReassignmentInProgress),
        Some(replicas) if replicas.iter().map(|id| id.0).eq([NODE_ID]) => Ok(()),
        Some(_) => Err(ResponseError::InvalidReplicaAssignment),
    }
}
