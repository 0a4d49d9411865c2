//! The values a partition log answers with.

use bytes::Bytes;

/// Who appends: control batches are the coordinator's alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendOrigin {
    Client,
    Coordinator,
}

/// Where a batch is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    pub base_offset: i64,
    pub last_offset: i64,
    /// Set for topics with `LogAppendTime`.
    pub log_append_time: Option<i64>,
    pub log_start_offset: i64,
    /// The batch was in the log already; the offsets are those of the first append.
    pub is_duplicate: bool,
}

/// One consistent look: `log_start_offset ≤ last_stable_offset ≤ high_watermark ≤ log_end_offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub log_start_offset: i64,
    pub last_stable_offset: i64,
    pub high_watermark: i64,
    pub log_end_offset: i64,
    pub leader_epoch: i32,
}

/// Up to where a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBound {
    /// `read_uncommitted`.
    HighWatermark,
    /// `read_committed`.
    LastStable,
}

/// Whole batches as they are stored. The first may begin before the offset asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRecords {
    pub records: Bytes,
    /// The first offset not covered; the next read starts here.
    pub next_offset: i64,
    /// The bounds the read obeyed.
    pub bounds: Bounds,
}

/// A record found by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampedOffset {
    pub offset: i64,
    pub timestamp: i64,
    pub leader_epoch: i32,
}

/// The answer of `OffsetForLeaderEpoch`: the largest epoch not above the one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochEnd {
    pub leader_epoch: i32,
    pub end_offset: i64,
}

/// A transaction that was rolled back; its records are to be skipped by committed readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbortedTransaction {
    pub producer_id: i64,
    pub first_offset: i64,
}
