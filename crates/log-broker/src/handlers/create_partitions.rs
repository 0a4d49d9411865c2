//! `CreatePartitions` (37), versions 0–3.
//!
//! - The count given is the new total and must grow: else error 37.
//! - The broker's own topics are refused with error 17.
//! - A manual assignment must name this broker alone for each new partition (39).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{ApiKey, CreatePartitionsRequest, CreatePartitionsResponse};
use kafka_protocol::protocol::StrBytes;

use crate::broker::{Broker, NODE_ID};
use crate::net::{Api, Call};
use crate::topics::{TopicError, is_internal};

pub(crate) const API: Api = Api::new(ApiKey::CreatePartitions, 0..=3);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let mut results = Vec::with_capacity(request.topics.len());
    for asked in request.topics {
        let grown = grow(broker, &asked, request.validate_only).await;
        let result = CreatePartitionsTopicResult::default().with_name(asked.name);
        results.push(match grown {
            Ok(()) => result.with_error_message(None),
            Err((error, message)) => result
                .with_error_code(error.code())
                .with_error_message(Some(StrBytes::from_string(message))),
        });
    }
    CreatePartitionsResponse::default().with_results(results)
}

async fn grow(
    broker: &Broker,
    asked: &CreatePartitionsTopic,
    validate_only: bool,
) -> Result<(), (ResponseError, String)> {
    if is_internal(&asked.name) {
        let text = format!("topic '{}' belongs to the broker", asked.name.as_str());
        return Err((ResponseError::InvalidTopicException, text));
    }
    let refused = |error: TopicError| (error.response_error(), error.to_string());
    let (topic, count) = broker.topics.check_grow(&asked.name, asked.count).map_err(refused)?;
    let new_count = count - topic.partitions.len();
    if let Some(assignments) = &asked.assignments {
        let mut replicas = assignments.iter().map(|assignment| &assignment.broker_ids);
        let is_ours = replicas.all(|ids| ids.iter().map(|id| id.0).eq([NODE_ID]));
        if assignments.len() != new_count || !is_ours {
            let text = format!("{new_count} new partitions must be assigned to broker {NODE_ID}");
            return Err((ResponseError::InvalidReplicaAssignment, text));
        }
    }
    if validate_only {
        return Ok(());
    }
    broker.topics.grow(asked.name.to_string(), asked.count).await.map_err(refused)
}
