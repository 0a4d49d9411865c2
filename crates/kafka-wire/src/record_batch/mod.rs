//! Record batches of message format v2: header, checksum, records.
//!
//! The header is a view at fixed offsets ([`BatchHeader`]), so the produce and fetch paths never
//! look at records. Whoever needs the records walks them; formats v0 and v1 are not read.

mod control;
mod crc;
mod encode;
mod header;
mod record;
mod retain;
#[cfg(test)]
mod tests;

pub use control::{ControlType, EndTxnMarker};
pub use crc::{crc32c, crc32c_of};
pub use encode::BatchBuilder;
pub use header::{BatchHead, BatchHeader, CRC_START, HEADER_BYTES, PREFIX_BYTES, add_sequence};
pub use record::{
    Record, RecordError, RecordHeader, RecordHeaders, Records, record_bytes, record_times,
};
pub use retain::{RetainError, recompress, retain_records};

/// What is wrong with a record batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    #[error("{have} bytes are no whole record batch")]
    Truncated { have: usize },
    #[error("magic byte {0}, only record batches of format 2 are accepted")]
    Magic(u8),
    #[error("length field {length} cannot hold a batch header")]
    Length { length: i32 },
    #[error("length field claims a batch of {claimed} bytes, {have} are present")]
    Extent { claimed: usize, have: usize },
    #[error("stored checksum {stored:#010x}, computed {computed:#010x}")]
    Crc { stored: u32, computed: u32 },
    #[error("{count} records, but the last offset delta is {last_offset_delta}")]
    Count { count: i32, last_offset_delta: i32 },
    #[error("{size} bytes are more than a batch can hold")]
    Oversized { size: usize },
    #[error("base offset {0}, only the log gives others than 0")]
    BaseOffset(i64),
    #[error("codec id {0} is not defined")]
    Codec(u8),
    #[error("a client may not write control batches")]
    ControlByClient,
    #[error("producer id {producer_id} with epoch {epoch} and sequence {sequence}")]
    ProducerFields { producer_id: i64, epoch: i16, sequence: i32 },
}
