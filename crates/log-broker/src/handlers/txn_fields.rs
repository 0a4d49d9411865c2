//! What the handlers of transactional requests share.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;

use crate::group::OFFSETS_TOPIC;
use crate::txn::Partitions;

/// What is known as `PRODUCER_FENCED` since `since` was `INVALID_PRODUCER_EPOCH` before.
pub(super) fn fenced_since(since: i16, version: i16, error: ResponseError) -> ResponseError {
    match error {
        ResponseError::ProducerFenced if version < since => ResponseError::InvalidProducerEpoch,
        other => other,
    }
}

/// What is known as `TRANSACTION_ABORTABLE` since `since` was `INVALID_TXN_STATE` before.
pub(super) fn abortable_since(since: i16, version: i16, error: ResponseError) -> ResponseError {
    match error {
        ResponseError::TransactionAbortable if version < since => ResponseError::InvalidTxnState,
        other => other,
    }
}

/// Where every group's offsets are kept.
pub(super) fn offsets_partition() -> Partitions {
    Partitions::from([(OFFSETS_TOPIC.to_owned(), [0].into())])
}

pub(super) fn partitions(topics: &[AddPartitionsToTxnTopic]) -> Partitions {
    let mut partitions = Partitions::new();
    for topic in topics {
        partitions.entry(topic.name.to_string()).or_default().extend(&topic.partitions);
    }
    partitions
}
