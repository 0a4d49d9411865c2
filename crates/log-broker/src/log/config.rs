//! Settings of a partition log and of the directory that holds them.

use std::time::Duration;

use levada_kafka_wire::compression::Codec;

/// What an acknowledgement waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlushPolicy {
    /// The high watermark passes only bytes that an `fdatasync` has covered.
    #[default]
    Fsync,
    /// The high watermark follows the write; the kernel decides when the bytes reach the disk.
    Os,
}

/// `message.timestamp.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimestampType {
    #[default]
    CreateTime,
    LogAppendTime,
}

/// `cleanup.policy`; neither where the owner of an internal topic keeps it short itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleanup {
    /// Of each key the last record stays.
    pub compacts: bool,
    /// Segments go by age and size.
    pub deletes: bool,
}

/// Topic settings a partition log obeys, each named as the topic config it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct LogConfig {
    pub segment_bytes: u32,
    pub segment_ms: i64,
    /// By how much less a segment may be active at most, so that not all are sealed at once.
    pub segment_jitter_ms: i64,
    pub index_interval_bytes: u32,
    /// `None` keeps records of any age (`retention.ms=-1`).
    pub retention_ms: Option<i64>,
    /// `None` keeps any amount (`retention.bytes=-1`).
    pub retention_bytes: Option<u64>,
    pub max_message_bytes: u32,
    /// `compression.type`: how batches of clients are stored; `None` keeps what the producer chose.
    pub compression: Option<Codec>,
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`
    pub timestamp_after_max_ms: i64,
    pub flush: FlushPolicy,
    pub cleanup: Cleanup,
    /// The share of dirty bytes above which a log is compacted, from 0 to 1.
    pub min_cleanable_dirty_ratio: f64,
    /// How long tombstones and markers stay once they are clean.
    pub delete_retention_ms: i64,
    pub min_compaction_lag_ms: i64,
    /// `i64::MAX` sets no limit.
    pub max_compaction_lag_ms: i64,
}

impl LogConfig {
    /// The age at which a segment is sealed: what shall be compacted in time must not stay active.
    /// `dice` is a random number of the segment's own.
    pub(super) fn active_ms_max(&self, dice: u64) -> i64 {
        let lag_ms = if self.cleanup.compacts { self.max_compaction_lag_ms } else { i64::MAX };
        let spread = u64::try_from(self.segment_jitter_ms.min(self.segment_ms)).unwrap_or(0);
        let jitter_ms = i64::try_from(dice.checked_rem(spread).unwrap_or(0)).unwrap_or(0);
        self.segment_ms.min(lag_ms).saturating_sub(jitter_ms)
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * DAY_MS,
            segment_jitter_ms: 0,
            index_interval_bytes: 4096,
            retention_ms: Some(7 * DAY_MS),
            retention_bytes: None,
            max_message_bytes: 1_048_588,
            compression: None,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 60 * 60 * 1000,
            flush: FlushPolicy::Fsync,
            cleanup: Cleanup { compacts: false, deletes: true },
            min_cleanable_dirty_ratio: 0.5,
            delete_retention_ms: DAY_MS,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
        }
    }
}

/// Settings of the log directory as a whole.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// What partitions found at start obey until [`super::PartitionLog::set_config`] says more.
    pub default_config: LogConfig,
    /// How long appends without a waiter (acks 0 and 1) may stay unsynced and so unreadable.
    /// A waiter (acks=all) is never delayed.
    pub flush_linger: Duration,
    /// Produces are refused while less than this is free, or less than 5 % of a small disk.
    pub free_bytes_min: u64,
    /// A producer id without appends for this long is forgotten.
    pub producer_id_expiration_ms: i64,
    /// `log.cleaner.dedupe.buffer.size`: the most that compaction takes for the keys of a log.
    pub cleaner_map_bytes: usize,
    /// `log.cleaner.io.max.bytes.per.second`: what compaction reads and writes at most.
    pub cleaner_bytes_per_second: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            default_config: LogConfig::default(),
            flush_linger: Duration::from_millis(2),
            free_bytes_min: 1 << 30,
            producer_id_expiration_ms: 24 * 60 * 60 * 1000,
            cleaner_map_bytes: 128 << 20,
            cleaner_bytes_per_second: 64 << 20,
        }
    }
}
