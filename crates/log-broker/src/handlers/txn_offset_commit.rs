//! `TxnOffsetCommit` (28), versions 0–5.
//!
//! - Offsets that stand or fall with the transaction: until it ends they are nobody's, and whoever
//!   requires stable offsets is told to wait.
//! - v2 leader epochs; v3 (KIP-447) names the member, so that a zombie of the group is refused; v4
//!   knows `TRANSACTION_ABORTABLE`; v5 (KIP-890) makes the offsets part of the transaction by
//!   itself, without `AddOffsetsToTxn`.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::txn_offset_commit_request::TxnOffsetCommitRequestPartition;
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::{ApiKey, TxnOffsetCommitRequest, TxnOffsetCommitResponse};

use super::group_fields::{identity, owned};
use super::txn_fields::{abortable_since, offsets_partition};
use crate::broker::Broker;
use crate::group::committed::{Committer, TopicPartition};
use crate::group::record::CommittedOffset;
use crate::net::{Api, Call, CloseReason};
use crate::record_log::TxnProducer;
use crate::txn::{Caller, Protocol};

pub(crate) const API: Api = Api::new(ApiKey::TxnOffsetCommit, 0..=5);

/// The first version of KIP-890's second part.
const ADDS_ITSELF: i16 = 5;

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: TxnOffsetCommitRequest,
) -> Result<TxnOffsetCommitResponse, CloseReason> {
    let mut accepted = Vec::new();
    let mut refusals = Vec::new();
    for topic in &request.topics {
        for partition in &topic.partitions {
            let checked = check(broker, topic.name.as_str(), partition);
            refusals.push(checked.err());
            if checked.is_ok() {
                let (topic, partition_index) = (owned(&topic.name), partition.partition_index);
                let place = TopicPartition { topic, partition: partition_index };
                accepted.push((place, committed_offset(broker, partition)));
            }
        }
    }
    let result = if accepted.is_empty() {
        Ok(())
    } else {
        let committed = commit(broker, call, &request, accepted).await?;
        committed.map_err(|error| match abortable_since(4, call.api_version, error) {
            // As on Produce: what writes to a partition knows no fencing.
            ResponseError::ProducerFenced => ResponseError::InvalidProducerEpoch,
            other => other,
        })
    };
    Ok(response(&request, &refusals, result))
}

async fn commit(
    broker: &Broker,
    call: &Call,
    request: &TxnOffsetCommitRequest,
    accepted: Vec<(TopicPartition, CommittedOffset)>,
) -> Result<Result<(), ResponseError>, CloseReason> {
    let (producer_id, epoch) = (request.producer_id.0, request.producer_epoch);
    let caller = Caller { producer_id, epoch };
    let (id, place) = (request.transactional_id.as_str(), offsets_partition());
    if request.group_id.is_empty() {
        return Ok(Err(ResponseError::InvalidGroupId));
    }
    if call.api_version >= ADDS_ITSELF {
        let added = broker.transactions.add(id, caller, &place, Protocol::V2).await?;
        if let Err(error) = added {
            return Ok(Err(error));
        }
    }
    let committer = Committer {
        identity: identity(&request.member_id, request.group_instance_id.as_ref()),
        generation_id: request.generation_id,
    };
    let group_id = request.group_id.as_str();
    let producer = TxnProducer { producer_id, epoch };
    let write = || broker.groups.commit_in_transaction(group_id, &committer, producer, accepted);
    let written = match broker.transactions.within(id, caller, &place, write) {
        Err(error) => return Ok(Err(error)),
        Ok(Err(failure)) => return Ok(failure.into_answer()?),
        Ok(Ok(written)) => written,
    };
    if let Some(offset) = written {
        broker.groups.offsets_partition().flushed(offset).await?;
    }
    Ok(Ok(()))
}

fn check(
    broker: &Broker,
    topic: &str,
    partition: &TxnOffsetCommitRequestPartition,
) -> Result<(), ResponseError> {
    broker.topics.partition(topic, partition.partition_index)?;
    let metadata_bytes = partition.committed_metadata.as_ref().map_or(0, |text| text.len());
    if metadata_bytes > broker.config.groups.max_offset_metadata_bytes {
        return Err(ResponseError::OffsetMetadataTooLarge);
    }
    Ok(())
}

fn committed_offset(
    broker: &Broker,
    partition: &TxnOffsetCommitRequestPartition,
) -> CommittedOffset {
    CommittedOffset {
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata: partition.committed_metadata.as_ref().map(owned).unwrap_or_default(),
        commit_timestamp_ms: broker.clock.now_ms(),
        expire_timestamp_ms: None,
    }
}

/// Every partition in the order of the request; `refusals` are in that order too.
fn response(
    request: &TxnOffsetCommitRequest,
    refusals: &[Option<ResponseError>],
    result: Result<(), ResponseError>,
) -> TxnOffsetCommitResponse {
    let mut refusals = refusals.iter().copied();
    let mut partition = |one: &TxnOffsetCommitRequestPartition| {
        let error = refusals.next().flatten().or(result.err());
        TxnOffsetCommitResponsePartition::default()
            .with_partition_index(one.partition_index)
            .with_error_code(error.map_or(0, |error| error.code()))
    };
    let topics = request.topics.iter().map(|topic| {
        TxnOffsetCommitResponseTopic::default()
            .with_name(topic.name.clone())
            .with_partitions(topic.partitions.iter().map(&mut partition).collect())
    });
    TxnOffsetCommitResponse::default().with_topics(topics.collect())
}
