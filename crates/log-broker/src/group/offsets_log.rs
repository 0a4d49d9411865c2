//! `__consumer_offsets`: group records as batches of the partition log, written and replayed.

use std::sync::Arc;

use levada_kafka_wire::record_batch::{
    BatchBuilder, BatchHeader, RecordError, Records, record_bytes,
};

use super::record::{EncodedRecord, GroupRecord, RecordFormatError};
use crate::log::{AppendError, AppendOrigin, LogError, PartitionLog, ReadBound, ReadError};

pub(crate) const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// How much is read at a time when the log is replayed.
const REPLAY_BYTES: usize = 1 << 20;
/// Our batches are not compressed; a foreign one may unfold to this much.
const MAX_BATCH_BYTES: usize = 100 << 20;

/// Why records were not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// They never will be in the log.
    #[error("records refused: {0}")]
    Refused(String),
    /// They may or may not be found after a restart: nothing may be answered.
    #[error(transparent)]
    OutcomeUnknown(#[from] LogError),
}

/// Why the log could not be replayed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error("{OFFSETS_TOPIC} cannot be read at offset {offset}: {reason}")]
    Read { offset: i64, reason: String },
    #[error("{OFFSETS_TOPIC} holds a damaged record at offset {offset}: {reason}")]
    Record { offset: i64, reason: String },
}

#[derive(Debug, Clone)]
pub(crate) struct OffsetsLog(Arc<PartitionLog>);

impl OffsetsLog {
    pub(crate) fn new(log: Arc<PartitionLog>) -> Self {
        Self(log)
    }

    /// Writes all of `records` or none, and answers the offset to await in [`Self::flushed`].
    pub(crate) fn append(&self, records: &[GroupRecord], now_ms: i64) -> Result<i64, WriteError> {
        let refused = |error: &dyn std::fmt::Display| WriteError::Refused(error.to_string());
        let mut batch = BatchBuilder::new();
        for record in records {
            let EncodedRecord { key, value } =
                record.encode().map_err(|error: RecordFormatError| refused(&error))?;
            batch = batch.record(now_ms, Some(&key), value.as_deref());
        }
        let batch = batch.build().map_err(|error| refused(&error))?;
        match self.0.append(&batch, AppendOrigin::Coordinator) {
            Ok(appended) => Ok(appended.last_offset),
            Err(AppendError::OutcomeUnknown(error)) => Err(WriteError::OutcomeUnknown(error)),
            Err(error) => Err(refused(&error)),
        }
    }

    /// Resolves once the record at `offset` is durable. An error leaves its fate unknown.
    pub(crate) async fn flushed(&self, offset: i64) -> Result<(), LogError> {
        self.0.flushed(offset).await
    }

    /// Where the next record will be.
    pub(crate) fn end_offset(&self) -> i64 {
        self.0.bounds().log_end_offset
    }

    /// Records between the log's start and its end.
    pub(crate) fn record_count(&self) -> u64 {
        let bounds = self.0.bounds();
        u64::try_from(bounds.log_end_offset - bounds.log_start_offset).unwrap_or(0)
    }

    /// Moves the log's start to `offset`; durable when it returns. Blocks.
    pub(crate) fn forget_before(&self, offset: i64) -> Result<(), ReadError> {
        self.0.delete_records(offset).map(drop)
    }

    /// Hands every record in the log to `apply`, oldest first. Blocks.
    pub(crate) fn replay(&self, mut apply: impl FnMut(GroupRecord)) -> Result<(), ReplayError> {
        let mut offset = self.0.bounds().log_start_offset;
        loop {
            let read = self.0.read(offset, ReadBound::HighWatermark, REPLAY_BYTES, true).map_err(
                |error: ReadError| ReplayError::Read { offset, reason: error.to_string() },
            )?;
            if read.records.is_empty() {
                return Ok(());
            }
            replay_batches(&read.records, &mut apply)
                .map_err(|reason| ReplayError::Record { offset, reason })?;
            offset = read.next_offset;
        }
    }
}

fn replay_batches(mut batches: &[u8], apply: &mut impl FnMut(GroupRecord)) -> Result<(), String> {
    while !batches.is_empty() {
        let header = BatchHeader::parse(batches).map_err(|error| error.to_string())?;
        let (batch, rest) =
            batches.split_at_checked(header.total_bytes).ok_or("the batch is cut")?;
        batches = rest;
        if !header.is_control() {
            replay_batch(&header, batch, apply)?;
        }
    }
    Ok(())
}

fn replay_batch(
    header: &BatchHeader,
    batch: &[u8],
    apply: &mut impl FnMut(GroupRecord),
) -> Result<(), String> {
    let bytes = record_bytes(header, batch, MAX_BATCH_BYTES).map_err(|error| error.to_string())?;
    for record in Records::new(header, &bytes) {
        let record = record.map_err(|error: RecordError| error.to_string())?;
        let key = record.key.ok_or("a record without a key")?;
        match GroupRecord::decode(key, record.value) {
            Ok(Some(decoded)) => apply(decoded),
            Ok(None) => tracing::warn!(offset = record.offset, "group record of unknown kind"),
            Err(error) => return Err(format!("record {}: {error}", record.offset)),
        }
    }
    Ok(())
}
