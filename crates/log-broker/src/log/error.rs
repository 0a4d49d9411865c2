//! Why the log refused. Each variant has one meaning for a client, named beside it.

use std::path::PathBuf;

use levada_kafka_wire::record_batch::BatchError;

/// A log directory or partition cannot do its work.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    #[error("{path}: another process holds the log directory; stop it or choose another directory")]
    Locked { path: PathBuf },
    #[error("{path}: format {found} is newer than this program understands ({supported})")]
    NewerFormat { path: PathBuf, found: u32, supported: u32 },
    #[error("{path}: {reason}")]
    Corrupt { path: PathBuf, reason: String },
    #[error("{action} {path}: {reason}")]
    Io { action: &'static str, path: PathBuf, reason: String },
    /// A sync or write failed earlier. Nothing of this directory is acknowledged until a restart.
    #[error("log directory is offline until restart: {reason}")]
    Offline { reason: String },
    #[error("the disk is nearly full; free space or lower the retention")]
    DiskFull,
    #[error("partition {topic}-{index} exists already")]
    PartitionExists { topic: String, index: i32 },
    #[error("partition {topic}-{index} does not exist")]
    UnknownPartition { topic: String, index: i32 },
    #[error("'{topic}' is no topic name that can be a directory")]
    InvalidTopicName { topic: String },
    #[error("the partition was deleted")]
    Deleted,
    #[error("the log directory is closed")]
    Closed,
}

/// Why a batch was not appended. All but [`AppendError::OutcomeUnknown`] are definite: the batch
/// is not in the log and never will be.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// `CORRUPT_MESSAGE` (2): length field or CRC.
    #[error("corrupt batch: {0}")]
    Corrupt(BatchError),
    /// `INVALID_RECORD` (87): not exactly one v2 batch, counts that do not agree, a control batch
    /// of a client, a producer id without a sequence.
    #[error("invalid batch: {0}")]
    InvalidRecord(BatchError),
    /// `INVALID_RECORD` (87): a compacted topic cannot take records that nobody can read.
    #[error("the records of the batch cannot be read: {reason}")]
    UnreadableRecords { reason: String },
    /// `INVALID_RECORD` (87), with the records in question, or the first of very many.
    #[error("a compacted topic takes no records without a key")]
    KeylessRecords { indexes: Vec<i32> },
    /// `MESSAGE_TOO_LARGE` (10).
    #[error("batch of {size} bytes is larger than max.message.bytes {max}")]
    TooLarge { size: usize, max: u32 },
    /// `RECORD_LIST_TOO_LARGE` (18).
    #[error("batch of {size} bytes is larger than segment.bytes {max}")]
    LargerThanSegment { size: usize, max: u32 },
    /// `INVALID_TIMESTAMP` (32).
    #[error("timestamp {timestamp} is outside {earliest}..={latest}")]
    TimestampOutOfRange {
        timestamp: i64,
        earliest: i64,
        latest: i64,
        /// Of the records, where they were read.
        indexes: Vec<i32>,
    },
    /// `OUT_OF_ORDER_SEQUENCE_NUMBER` (45).
    #[error("producer {producer_id} sent sequence {found}, expected {expected}")]
    OutOfOrderSequence { producer_id: i64, found: i32, expected: i32 },
    /// `INVALID_TXN_STATE` (48).
    #[error("producer {producer_id} writes outside of its transaction, which is open here")]
    OutsideTransaction { producer_id: i64 },
    /// `INVALID_PRODUCER_EPOCH` (47).
    #[error("producer {producer_id} has epoch {current}, the batch carries {found}")]
    InvalidProducerEpoch { producer_id: i64, found: i16, current: i16 },
    /// `UNKNOWN_TOPIC_OR_PARTITION` (3).
    #[error("the partition was deleted")]
    Deleted,
    /// `KAFKA_STORAGE_ERROR` (56): refused before a byte was written, or taken back for certain.
    #[error("storage refused the batch: {0}")]
    Storage(LogError),
    /// No answer may be sent: close the connection. The bytes may or may not survive.
    #[error("the outcome of the append is unknown: {0}")]
    OutcomeUnknown(LogError),
}

/// Why nothing could be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// `OFFSET_OUT_OF_RANGE` (1).
    #[error("offset {offset} is outside {log_start_offset}..={log_end_offset}")]
    OffsetOutOfRange { offset: i64, log_start_offset: i64, log_end_offset: i64 },
    /// `UNKNOWN_TOPIC_OR_PARTITION` (3).
    #[error("the partition was deleted")]
    Deleted,
    /// `KAFKA_STORAGE_ERROR` (56).
    #[error("storage failed: {0}")]
    Storage(LogError),
}

impl From<LogError> for ReadError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Deleted => Self::Deleted,
            other => Self::Storage(other),
        }
    }
}
