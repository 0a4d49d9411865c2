//! Control batches: the markers that end a transaction.
//!
//! Key: version i16, type i16 (0 abort, 1 commit). Value: version i16, coordinator epoch i32.

use super::encode::BatchBuilder;
use super::header::BatchHeader;
use super::record::{Record, Records};
use super::{BatchError, HEADER_BYTES};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlType {
    Abort,
    Commit,
}

/// The one record of a control batch that ends a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndTxnMarker {
    pub control_type: ControlType,
    pub coordinator_epoch: i32,
}

impl EndTxnMarker {
    /// Reads the marker of a whole control batch; `None` for control records of other kinds.
    pub fn of_batch(header: &BatchHeader, batch: &[u8]) -> Option<Self> {
        let records = batch.get(HEADER_BYTES..)?;
        Self::of_record(&Records::new(header, records).next()?.ok()?)
    }

    fn of_record(record: &Record<'_>) -> Option<Self> {
        let kind = record.key?.get(2..4)?;
        let control_type = match kind {
            [0, 0] => ControlType::Abort,
            [0, 1] => ControlType::Commit,
            _ => return None,
        };
        let epoch: [u8; 4] = record.value?.get(2..6)?.try_into().ok()?;
        Some(Self { control_type, coordinator_epoch: i32::from_be_bytes(epoch) })
    }

    /// The batch that ends the open transaction of this producer.
    pub fn to_batch(
        self,
        timestamp: i64,
        producer_id: i64,
        epoch: i16,
    ) -> Result<Vec<u8>, BatchError> {
        let kind = match self.control_type {
            ControlType::Abort => 0,
            ControlType::Commit => 1,
        };
        let [e0, e1, e2, e3] = self.coordinator_epoch.to_be_bytes();
        BatchBuilder::new()
            .transactional()
            .control()
            .producer(producer_id, epoch, -1)
            .record(timestamp, Some(&[0, 0, 0, kind]), Some(&[0, 0, e0, e1, e2, e3]))
            .build()
    }
}
