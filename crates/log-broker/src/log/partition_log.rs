//! One partition: append, flush, read.

use std::sync::{Arc, Weak};

use bytes::BytesMut;
use levada_kafka_wire::record_batch::{BatchError, BatchHead, BatchHeader, HEADER_BYTES};
use parking_lot::Mutex;
use tokio::sync::Notify;
use uuid::Uuid;

use super::types::{
    AppendOrigin, Appended, Bounds, EpochEnd, ReadBound, ReadRecords, TimestampedOffset,
};
use super::{AppendError, LogConfig, LogError, ReadError, TimestampType};
use crate::clock::Clock;

/// What a long poll sleeps on. Register first, then look, then `notified().await`: a wake-up
/// between looking and sleeping is kept. Each registration fires at most once.
pub type Waiter = Notify;

/// An append-only run of record batches with dense offsets.
#[derive(Debug)]
pub struct PartitionLog {
    topic: String,
    index: i32,
    topic_id: Uuid,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    config: LogConfig,
    batches: Vec<(BatchHeader, Vec<u8>)>,
    log_start_offset: i64,
    log_end_offset: i64,
    is_deleted: bool,
    waiters: Vec<Weak<Waiter>>,
}

impl PartitionLog {
    pub(super) fn in_memory(
        topic: &str,
        index: i32,
        topic_id: Uuid,
        config: LogConfig,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let state = State {
            config,
            batches: Vec::new(),
            log_start_offset: 0,
            log_end_offset: 0,
            is_deleted: false,
            waiters: Vec::new(),
        };
        Self { topic: topic.to_owned(), index, topic_id, clock, state: Mutex::new(state) }
    }

    pub fn topic(&self) -> &str {
        &self.topic
    }

    pub fn index(&self) -> i32 {
        self.index
    }

    pub fn topic_id(&self) -> Uuid {
        self.topic_id
    }

    pub fn config(&self) -> LogConfig {
        self.state.lock().config.clone()
    }

    /// Takes effect with the next append, roll or maintenance.
    pub fn set_config(&self, config: LogConfig) {
        self.state.lock().config = config;
    }

    pub fn is_deleted(&self) -> bool {
        self.state.lock().is_deleted
    }

    /// Appends exactly one v2 batch. Written when it returns, readable and durable once
    /// [`Self::flushed`] says so; acks=1 answers at once, acks=all awaits `flushed`.
    ///
    /// Header and checksum are validated before the partition is locked. A duplicate of an
    /// idempotent producer's last five batches answers the offsets of the first append.
    pub fn append(&self, batch: &[u8], origin: AppendOrigin) -> Result<Appended, AppendError> {
        let mut header = BatchHeader::parse_whole(batch).map_err(|error| match error {
            BatchError::Crc { .. } | BatchError::Extent { .. } => AppendError::Corrupt(error),
            _ => AppendError::InvalidRecord(error),
        })?;
        if header.is_control() && origin == AppendOrigin::Client {
            return Err(AppendError::InvalidRecord(BatchError::ControlByClient));
        }
        let mut state = self.state.lock();
        if state.is_deleted {
            return Err(AppendError::Deleted);
        }
        let base_offset = state.log_end_offset;
        let mut head = BatchHead::of(batch).map_err(AppendError::InvalidRecord)?;
        head.set_base_offset(base_offset);
        head.set_leader_epoch(0);
        let log_append_time = match state.config.timestamp_type {
            TimestampType::CreateTime => None,
            TimestampType::LogAppendTime => {
                let now_ms = self.clock.now_ms();
                head.set_log_append_time(now_ms, &batch[HEADER_BYTES..]);
                Some(now_ms)
            }
        };
        header.base_offset = base_offset;
        let stored = [head.bytes(), &batch[HEADER_BYTES..]].concat();
        state.batches.push((header, stored));
        state.log_end_offset = header.last_offset() + 1;
        for waiter in state.waiters.drain(..) {
            if let Some(waiter) = waiter.upgrade() {
                waiter.notify_one();
            }
        }
        Ok(Appended {
            base_offset,
            last_offset: header.last_offset(),
            log_append_time,
            log_start_offset: state.log_start_offset,
            is_duplicate: false,
        })
    }

    /// Resolves when the record at `offset` meets the partition's flush policy. An error means
    /// that the outcome is unknown: send no answer, close the connection.
    pub async fn flushed(&self, offset: i64) -> Result<(), LogError> {
        if offset < self.bounds().high_watermark {
            return Ok(());
        }
        std::future::pending().await
    }

    /// Whole batches from the one that holds `from`, up to `max_bytes` and the bound. With
    /// `whole_first_batch` the first one comes whole even when it is larger. `from` between the
    /// bound and the log end answers no records. Blocks on the file, mostly the page cache.
    pub fn read(
        &self,
        from: i64,
        bound: ReadBound,
        max_bytes: usize,
        whole_first_batch: bool,
    ) -> Result<ReadRecords, ReadError> {
        let state = self.state.lock();
        let bounds = bounds_of(&state);
        if from < bounds.log_start_offset || from > bounds.log_end_offset {
            return Err(ReadError::OffsetOutOfRange {
                offset: from,
                log_start_offset: bounds.log_start_offset,
                log_end_offset: bounds.log_end_offset,
            });
        }
        let end = match bound {
            ReadBound::HighWatermark => bounds.high_watermark,
            ReadBound::LastStable => bounds.last_stable_offset,
        };
        let mut records = BytesMut::new();
        let mut next_offset = from;
        for (header, batch) in &state.batches {
            if header.last_offset() < from {
                continue;
            }
            let is_first = records.is_empty() && whole_first_batch;
            if header.last_offset() >= end || (!is_first && records.len() + batch.len() > max_bytes)
            {
                break;
            }
            records.extend_from_slice(batch);
            next_offset = header.last_offset() + 1;
        }
        Ok(ReadRecords { records: records.freeze(), next_offset, bounds })
    }

    pub fn bounds(&self) -> Bounds {
        bounds_of(&self.state.lock())
    }

    /// The first record at or after `timestamp`, to the record. `None` when there is none.
    pub fn offset_for_timestamp(
        &self,
        timestamp: i64,
    ) -> Result<Option<TimestampedOffset>, ReadError> {
        let state = self.state.lock();
        let found = state.batches.iter().find(|(header, _)| header.max_timestamp >= timestamp);
        Ok(found.map(|(header, _)| TimestampedOffset {
            offset: header.base_offset,
            timestamp: header.base_timestamp,
            leader_epoch: header.leader_epoch,
        }))
    }

    /// The first record that carries the largest timestamp. `None` when the log is empty.
    pub fn max_timestamp(&self) -> Result<Option<TimestampedOffset>, ReadError> {
        let state = self.state.lock();
        let newest = state.batches.iter().rev().max_by_key(|(header, _)| header.max_timestamp);
        Ok(newest.map(|(header, _)| TimestampedOffset {
            offset: header.last_offset(),
            timestamp: header.max_timestamp,
            leader_epoch: header.leader_epoch,
        }))
    }

    /// The largest epoch not above `leader_epoch` and where it ends; `None` when all are above.
    pub fn offset_for_leader_epoch(&self, leader_epoch: i32) -> Option<EpochEnd> {
        let bounds = self.bounds();
        (leader_epoch >= 0)
            .then_some(EpochEnd { leader_epoch: 0, end_offset: bounds.log_end_offset })
    }

    /// Moves the log start up to `before` (−1: the high watermark) and answers the new one.
    /// Durable when it returns. Blocks.
    pub fn delete_records(&self, before: i64) -> Result<i64, ReadError> {
        let mut state = self.state.lock();
        let end = state.log_end_offset;
        let before = if before == -1 { end } else { before };
        if before < 0 || before > end {
            return Err(ReadError::OffsetOutOfRange {
                offset: before,
                log_start_offset: state.log_start_offset,
                log_end_offset: end,
            });
        }
        state.log_start_offset = state.log_start_offset.max(before);
        Ok(state.log_start_offset)
    }

    /// Bytes of all segments.
    pub fn size_bytes(&self) -> u64 {
        let bytes = self.state.lock().batches.iter().map(|(_, batch)| batch.len()).sum::<usize>();
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// Notifies `waiter` once, when more becomes readable or the partition is deleted.
    pub fn register(&self, waiter: &Arc<Waiter>) {
        self.state.lock().waiters.push(Arc::downgrade(waiter));
    }

    pub(super) fn mark_deleted(&self) {
        let mut state = self.state.lock();
        state.is_deleted = true;
        for waiter in state.waiters.drain(..) {
            if let Some(waiter) = waiter.upgrade() {
                waiter.notify_one();
            }
        }
    }
}

fn bounds_of(state: &State) -> Bounds {
    Bounds {
        log_start_offset: state.log_start_offset,
        last_stable_offset: state.log_end_offset,
        high_watermark: state.log_end_offset,
        log_end_offset: state.log_end_offset,
        leader_epoch: 0,
    }
}
