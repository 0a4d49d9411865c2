//! `WriteTxnMarkers` (27), version 1.
//!
//! - For administrators: ends what a producer has left open in the partitions that are named,
//!   whatever its transaction says. The broker's own markers need no request.
//! - An epoch below the producer's is `INVALID_PRODUCER_EPOCH`.

use kafka_protocol::messages::write_txn_markers_request::WritableTxnMarker;
use kafka_protocol::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
};
use kafka_protocol::messages::{ApiKey, WriteTxnMarkersRequest, WriteTxnMarkersResponse};
use levada_kafka_wire::record_batch::EndTxnMarker;

use super::group_fields::code;
use crate::broker::Broker;
use crate::net::{Api, Call, CloseReason};
use crate::record_log::TxnProducer;
use crate::txn::Outcome;

pub(crate) const API: Api = Api::new(ApiKey::WriteTxnMarkers, 1..=1);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: WriteTxnMarkersRequest,
) -> Result<WriteTxnMarkersResponse, CloseReason> {
    let mut results = Vec::new();
    for asked in &request.markers {
        results.push(write(broker, asked).await?);
    }
    Ok(WriteTxnMarkersResponse::default().with_markers(results))
}

async fn write(
    broker: &Broker,
    asked: &WritableTxnMarker,
) -> Result<WritableTxnMarkerResult, CloseReason> {
    let producer = TxnProducer { producer_id: asked.producer_id.0, epoch: asked.producer_epoch };
    let outcome = if asked.transaction_result { Outcome::Commit } else { Outcome::Abort };
    let control_type = outcome.control_type();
    let marker = EndTxnMarker { control_type, coordinator_epoch: asked.coordinator_epoch };
    let mut topics = Vec::new();
    for topic in &asked.topics {
        let mut partitions = Vec::new();
        for index in &topic.partition_indexes {
            let written =
                broker.transactions.mark_by_force(&topic.name, *index, producer, marker).await?;
            let result = WritableTxnMarkerPartitionResult::default()
                .with_partition_index(*index)
                .with_error_code(code(&written));
            partitions.push(result);
        }
        let result = WritableTxnMarkerTopicResult::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions);
        topics.push(result);
    }
    let result = WritableTxnMarkerResult::default().with_producer_id(asked.producer_id);
    Ok(result.with_topics(topics))
}
