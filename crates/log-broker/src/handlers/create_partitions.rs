//! `CreatePartitions` (37), versions 0–3.
//!
//! - The count given is the new total and must grow: else error 37.
//! - A topic named more than once is answered once, with error 42.
//! - The broker's own topics are refused with error 17.
//! - A manual assignment must name this broker alone for each new partition (39).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{
    ApiKey, CreatePartitionsRequest, CreatePartitionsResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::repeated::{TOPIC_REPEATED, repeated};
use crate::broker::{Broker, NODE_ID};
use crate::net::{Api, Call};
use crate::topics::{TopicError, is_internal};

pub(crate) const API: Api = Api::new(ApiKey::CreatePartitions, 0..=3);

type Refusal = (ResponseError, String);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let repeated = repeated(request.topics.iter().map(|asked| &asked.name));
    let refusal = || Err((ResponseError::InvalidRequest, TOPIC_REPEATED.to_owned()));
    let refused = repeated.iter().map(|name| answer(name, refusal()));
    let mut results: Vec<CreatePartitionsTopicResult> = refused.collect();
    for asked in request.topics.iter().filter(|asked| !repeated.contains(&asked.name)) {
        results.push(answer(&asked.name, grow(broker, asked, request.validate_only).await));
    }
    CreatePartitionsResponse::default().with_results(results)
}

fn answer(name: &TopicName, grown: Result<(), Refusal>) -> CreatePartitionsTopicResult {
    let result = CreatePartitionsTopicResult::default().with_name(name.clone());
    match grown {
        Ok(()) => result.with_error_message(None),
        Err((error, message)) => result
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::from_string(message))),
    }
}

async fn grow(
    broker: &Broker,
    asked: &CreatePartitionsTopic,
    validate_only: bool,
) -> Result<(), Refusal> {
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
