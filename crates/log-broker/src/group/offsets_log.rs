//! `__consumer_offsets`: group records in the log, written and replayed.

use std::ops::RangeInclusive;
use std::sync::Arc;

use levada_kafka_wire::record_batch::{ControlType, EndTxnMarker};

use super::record::GroupRecord;
use crate::log::{AppendError, AppendOrigin, LogError, PartitionLog, ReadError};
use crate::record_log::{RecordLog, ReplayError, Replayed, TxnProducer, WriteError};

pub(crate) const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// What a replay of the topic comes across.
#[derive(Debug)]
pub(crate) enum GroupEvent {
    Record { offset: i64, producer: Option<TxnProducer>, record: Box<GroupRecord> },
    End { producer_id: i64, outcome: ControlType },
}

#[derive(Debug, Clone)]
pub(crate) struct OffsetsLog(RecordLog);

impl OffsetsLog {
    pub(crate) fn new(log: RecordLog) -> Self {
        Self(log)
    }

    pub(crate) fn partition(&self) -> &Arc<PartitionLog> {
        self.0.partition()
    }

    /// Writes all of `records` or none, and answers their offsets; the last is the one to await in
    /// [`Self::flushed`].
    pub(crate) fn append(
        &self,
        records: &[GroupRecord],
        producer: Option<TxnProducer>,
        now_ms: i64,
    ) -> Result<RangeInclusive<i64>, WriteError> {
        let encoded: Result<Vec<_>, _> = records.iter().map(GroupRecord::encode).collect();
        let encoded = encoded.map_err(|error| WriteError::Refused(error.to_string()))?;
        self.0.append(encoded, producer, now_ms)
    }

    /// Writes the end of a producer's transaction and answers its offset.
    pub(crate) fn append_marker(
        &self,
        producer: TxnProducer,
        marker: EndTxnMarker,
        now_ms: i64,
    ) -> Result<i64, AppendError> {
        let TxnProducer { producer_id, epoch } = producer;
        let batch = marker.to_batch(now_ms, producer_id, epoch);
        let batch = batch.map_err(AppendError::InvalidRecord)?;
        Ok(self.partition().append(&batch, AppendOrigin::Coordinator)?.last_offset)
    }

    /// Resolves once the record at `offset` is durable. An error leaves its fate unknown.
    pub(crate) async fn flushed(&self, offset: i64) -> Result<(), LogError> {
        self.0.flushed(offset).await
    }

    /// Where the next record will be.
    pub(crate) fn end_offset(&self) -> i64 {
        self.0.end_offset()
    }

    /// Records between the log's start and its end.
    pub(crate) fn record_count(&self) -> u64 {
        self.0.record_count()
    }

    /// Moves the log's start to `offset`; durable when it returns. Blocks.
    pub(crate) fn forget_before(&self, offset: i64) -> Result<(), ReadError> {
        self.0.forget_before(offset)
    }

    /// Hands everything in the log to `apply`, oldest first. Blocks.
    pub(crate) fn replay(&self, mut apply: impl FnMut(GroupEvent)) -> Result<(), ReplayError> {
        self.0.replay(|replayed| {
            match replayed {
                Replayed::End { producer_id, outcome } => {
                    apply(GroupEvent::End { producer_id, outcome });
                }
                Replayed::Record { offset, producer, key, value } => {
                    let decoded = GroupRecord::decode(key, value);
                    if let Some(record) = decoded.map_err(|error| error.to_string())? {
                        let record = Box::new(record);
                        apply(GroupEvent::Record { offset, producer, record });
                    } else {
                        tracing::warn!(offset, "group record of unknown kind");
                    }
                }
            }
            Ok(())
        })
    }
}
