//! `OffsetCommit` (8), versions 2–10.
//!
//! - Durable when it is answered; all partitions of a request that are taken are taken together.
//! - Per partition: unknown topic or partition 3, by id 100, metadata too long 12; an error of the
//!   group is repeated for every other partition.
//! - v2–4 may ask for a retention of their own; v6 leader epochs; v7 (KIP-345) static members;
//!   since v9 an unknown group is `GROUP_ID_NOT_FOUND`, before it `ILLEGAL_GENERATION`; v10 names
//!   topics by id.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_request::OffsetCommitRequestPartition;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::{ApiKey, OffsetCommitRequest, OffsetCommitResponse};
use levada_kafka_wire::offsets::{BY_ID, ById, read_commit, write_commit};

use super::group_fields::{code, identity, owned, topic_of_id};
use crate::broker::Broker;
use crate::group::committed::{Committer, TopicPartition};
use crate::group::record::CommittedOffset;
use crate::net::{Api, Call, CloseReason, Outcome, Reply, decode};

pub(crate) const API: Api = Api::new(ApiKey::OffsetCommit, 2..=BY_ID);

pub(crate) async fn run(
    broker: Arc<Broker>,
    call: Call,
    body: Bytes,
) -> Result<Outcome, CloseReason> {
    if call.api_version < BY_ID {
        let response = handle(&broker, &call, decode(&call, &body)?).await?;
        broker.metrics.answered(call.api_key, &response);
        return Ok(Outcome::Reply(Reply::encode(&call, &response)?));
    }
    let ById { message: mut request, topic_ids } = read_commit(&body)?;
    for (topic, id) in request.topics.iter_mut().zip(&topic_ids) {
        topic.name = topic_of_id(&broker, *id);
    }
    let message = handle(&broker, &call, request).await?;
    broker.metrics.answered(call.api_key, &message);
    let mut frame = Reply::head(&call, call.api_version);
    write_commit(&ById { message, topic_ids }, &mut frame);
    Ok(Outcome::Reply(Reply::of_parts(frame, Vec::new()).ok_or(CloseReason::ReplyTooLarge)?))
}

/// Topics of ids that nothing has are those without a name.
pub(super) async fn handle(
    broker: &Broker,
    call: &Call,
    request: OffsetCommitRequest,
) -> Result<OffsetCommitResponse, CloseReason> {
    let now_ms = broker.clock.now_ms();
    let keep_ms = Some(request.retention_time_ms).filter(|ms| *ms >= 0);
    let expire_timestamp_ms = keep_ms.map(|ms| now_ms.saturating_add(ms));
    let mut accepted = Vec::new();
    let mut refusals = Vec::new();
    for topic in &request.topics {
        for partition in &topic.partitions {
            let checked = check(broker, call, topic.name.as_str(), partition);
            refusals.push(checked.err());
            if checked.is_ok() {
                let (topic, index) = (owned(&topic.name), partition.partition_index);
                let committed = committed_offset(partition, now_ms, expire_timestamp_ms);
                accepted.push((TopicPartition { topic, partition: index }, committed));
            }
        }
    }
    let result = if refusals.iter().all(|refusal| is_unknown(*refusal)) {
        Ok(())
    } else {
        commit(broker, call, &request, accepted).await?
    };
    Ok(response(&request, &refusals, result))
}

async fn commit(
    broker: &Broker,
    call: &Call,
    request: &OffsetCommitRequest,
    accepted: Vec<(TopicPartition, CommittedOffset)>,
) -> Result<Result<(), ResponseError>, CloseReason> {
    let committer = Committer {
        identity: identity(&request.member_id, request.group_instance_id.as_ref()),
        generation_id: request.generation_id_or_member_epoch,
    };
    let group_id = request.group_id.as_str();
    let result = broker.groups.commit(group_id, &committer, accepted).await?;
    Ok(result.map_err(|error| match error {
        ResponseError::GroupIdNotFound if call.api_version < 9 => ResponseError::IllegalGeneration,
        other => other,
    }))
}

fn is_unknown(refusal: Option<ResponseError>) -> bool {
    use ResponseError::{UnknownTopicId, UnknownTopicOrPartition};
    matches!(refusal, Some(UnknownTopicOrPartition | UnknownTopicId))
}

fn check(
    broker: &Broker,
    call: &Call,
    topic: &str,
    partition: &OffsetCommitRequestPartition,
) -> Result<(), ResponseError> {
    if call.api_version >= BY_ID && topic.is_empty() {
        return Err(ResponseError::UnknownTopicId);
    }
    broker.topics.partition(topic, partition.partition_index)?;
    let metadata_bytes = partition.committed_metadata.as_ref().map_or(0, |text| text.len());
    if metadata_bytes > broker.config.groups.max_offset_metadata_bytes {
        return Err(ResponseError::OffsetMetadataTooLarge);
    }
    Ok(())
}

fn committed_offset(
    partition: &OffsetCommitRequestPartition,
    commit_timestamp_ms: i64,
    expire_timestamp_ms: Option<i64>,
) -> CommittedOffset {
    CommittedOffset {
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata: partition.committed_metadata.as_ref().map(owned).unwrap_or_default(),
        commit_timestamp_ms,
        expire_timestamp_ms,
    }
}

/// Every partition in the order of the request; `refusals` are in that order too.
fn response(
    request: &OffsetCommitRequest,
    refusals: &[Option<ResponseError>],
    result: Result<(), ResponseError>,
) -> OffsetCommitResponse {
    let mut refusals = refusals.iter().copied();
    let mut partition = |one: &OffsetCommitRequestPartition| {
        let own = refusals.next().flatten();
        // What is wrong with the group comes before what is wrong with one partition's metadata.
        let error = if is_unknown(own) { own } else { result.err().or(own) };
        OffsetCommitResponsePartition::default()
            .with_partition_index(one.partition_index)
            .with_error_code(code(&error.map_or(Ok(()), Err)))
    };
    let topics = request.topics.iter().map(|topic| {
        OffsetCommitResponseTopic::default()
            .with_name(topic.name.clone())
            .with_partitions(topic.partitions.iter().map(&mut partition).collect())
    });
    OffsetCommitResponse::default().with_topics(topics.collect())
}
