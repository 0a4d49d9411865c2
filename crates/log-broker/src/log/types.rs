//! The values a partition log answers with.

use std::sync::Arc;

use bytes::Bytes;
use levada_kafka_wire::fetch::RecordBytes;
use levada_kafka_wire::record_batch::BatchHeader;

use crate::io::DiskFile;

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
pub struct ReadRecords<R = Bytes> {
    pub records: R,
    pub volume: Volume,
    /// The first offset not covered; the next read starts here.
    pub next_offset: i64,
    /// The bounds the read obeyed.
    pub bounds: Bounds,
    /// What a committed reader has to skip in the records, by first offset; `None` for others.
    pub aborted: Option<Vec<AbortedTransaction>>,
}

/// How much batches are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Volume {
    pub batches: u64,
    pub records: u64,
    pub bytes: u64,
}

impl Volume {
    /// Of whole batches, one after the other.
    pub(crate) fn of(batches: &[u8]) -> Self {
        let mut all = Self::default();
        let mut rest = batches;
        while let Ok(header) = BatchHeader::parse(rest) {
            all.add(&header);
            rest = rest.get(header.total_bytes..).unwrap_or_default();
        }
        all
    }

    pub(super) fn add(&mut self, header: &BatchHeader) {
        self.batches += 1;
        self.records += u64::try_from(header.record_count).unwrap_or_default();
        self.bytes += u64::try_from(header.total_bytes).unwrap_or_default();
    }
}

/// Batches that were found for somebody who sends them on.
#[derive(Debug, Clone)]
pub(crate) enum FoundRecords {
    /// Read already.
    Read(Bytes),
    /// To be sent from where they lie.
    Stored(FileRange),
}

impl RecordBytes for FoundRecords {
    fn byte_count(&self) -> usize {
        match self {
            Self::Read(bytes) => bytes.len(),
            Self::Stored(range) => range.len,
        }
    }
}

/// Bytes of a file that change no more: they may be read once its name is gone, too.
#[derive(Debug, Clone)]
pub(crate) struct FileRange {
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) position: u64,
    pub(crate) len: usize,
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

#[cfg(test)]
mod tests {
    use levada_kafka_wire::record_batch::BatchBuilder;

    use super::*;

    #[test]
    fn batches_are_counted_with_their_records_and_bytes() {
        let batch = |records: i64| {
            let builder = BatchBuilder::new();
            let filled = (0..records).fold(builder, |all, at| all.record(at, None, Some(b"v")));
            filled.build().unwrap()
        };
        let all = [batch(3), batch(1)].concat();
        let bytes = u64::try_from(all.len()).unwrap();
        assert_eq!(Volume::of(&all), Volume { batches: 2, records: 4, bytes });
        assert_eq!(Volume::of(&[]), Volume::default());
    }
}
