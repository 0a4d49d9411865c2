//! `__transaction_state`: transactions in the log, written and replayed.

use super::record::TransactionRecord;
use crate::log::{LogError, ReadError};
use crate::record_log::{RecordLog, ReplayError, Replayed, WriteError};
use crate::seeded::seeded;

pub(super) const STATE_TOPIC: &str = "__transaction_state";

#[derive(Debug, Clone)]
pub(super) struct StateLog(RecordLog);

impl StateLog {
    pub(super) fn new(log: RecordLog) -> Self {
        Self(log)
    }

    /// Answers the offset to await in [`Self::flushed`].
    pub(super) fn append(
        &self,
        record: &TransactionRecord,
        now_ms: i64,
    ) -> Result<i64, WriteError> {
        let encoded = record.encode().map_err(|error| WriteError::Refused(error.to_string()))?;
        Ok(*self.0.append([encoded], None, now_ms)?.end())
    }

    /// Resolves once the record at `offset` is durable. An error leaves its fate unknown.
    pub(super) async fn flushed(&self, offset: i64) -> Result<(), LogError> {
        seeded!(MarkerBeforePrepare => return Ok(()));
        self.0.flushed(offset).await
    }

    pub(super) fn end_offset(&self) -> i64 {
        self.0.end_offset()
    }

    pub(super) fn record_count(&self) -> u64 {
        self.0.record_count()
    }

    /// Moves the log's start to `offset`; durable when it returns. Blocks.
    pub(super) fn forget_before(&self, offset: i64) -> Result<(), ReadError> {
        self.0.forget_before(offset)
    }

    /// Kafka's coordinator epoch: the leader epoch of the partition that holds the state.
    pub(super) fn coordinator_epoch(&self) -> i32 {
        self.0.partition().bounds().leader_epoch
    }

    /// Hands every record in the log to `apply`, oldest first. Blocks.
    pub(super) fn replay(
        &self,
        mut apply: impl FnMut(TransactionRecord),
    ) -> Result<(), ReplayError> {
        self.0.replay(|replayed| {
            let Replayed::Record { offset, key, value, .. } = replayed else { return Ok(()) };
            let decoded = TransactionRecord::decode(key, value);
            if let Some(record) = decoded.map_err(|error| error.to_string())? {
                apply(record);
            } else {
                tracing::warn!(offset, "transaction record of unknown kind");
            }
            Ok(())
        })
    }
}
