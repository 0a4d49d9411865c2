//! `DeleteRecords` (21), versions 0–2.
//!
//! - Moves the log start, durably, before it answers; offset −1 is the high watermark.
//! - Beyond the high watermark: error 1. A topic that is only compacted: error 44.

use std::sync::Arc;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::{ApiKey, DeleteRecordsRequest, DeleteRecordsResponse};
use tokio::task::spawn_blocking;

use super::read_error;
use crate::broker::Broker;
use crate::net::{Api, Call};
use crate::topics::is_internal;

pub(crate) const API: Api = Api::new(ApiKey::DeleteRecords, 0..=2);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: DeleteRecordsRequest,
) -> DeleteRecordsResponse {
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for asked in topic.partitions {
            let result =
                DeleteRecordsPartitionResult::default().with_partition_index(asked.partition_index);
            let deleted = delete(broker, &topic.name, asked.partition_index, asked.offset).await;
            partitions.push(match deleted {
                Ok(low_watermark) => result.with_low_watermark(low_watermark),
                Err(error) => result.with_low_watermark(-1).with_error_code(error.code()),
            });
        }
        topics.push(
            DeleteRecordsTopicResult::default().with_name(topic.name).with_partitions(partitions),
        );
    }
    DeleteRecordsResponse::default().with_topics(topics)
}

async fn delete(
    broker: &Broker,
    name: &str,
    index: i32,
    before: i64,
) -> Result<i64, ResponseError> {
    if is_internal(name) {
        return Err(ResponseError::InvalidTopicException);
    }
    let topic = broker.topics.get(name).ok_or(ResponseError::UnknownTopicOrPartition)?;
    let log = topic.partition(index)?;
    if topic.overrides.get("cleanup.policy").is_some_and(|policy| policy == "compact") {
        return Err(ResponseError::PolicyViolation);
    }
    let log = Arc::clone(log);
    let deleted = spawn_blocking(move || log.delete_records(before)).await;
    match deleted {
        Ok(deleted) => deleted.map_err(|error| read_error(&error)),
        Err(_) => Err(ResponseError::UnknownServerError),
    }
}
