//! Appending one batch: validate, admit, stamp, write.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use levada_kafka_wire::compression::Codec;
use levada_kafka_wire::record_batch::{
    BatchError, BatchHead, BatchHeader, EndTxnMarker, HEADER_BYTES, recompress,
};

use super::checkpoint::io_error;
use super::index::OffsetEntry;
use super::inspect::{Inspected, Times, inspect, is_inspected, other_codec};
use super::layout::{Kind, segment_path};
use super::partition_log::Core;
use super::segment::{Active, Rolled, Sealed, Segment};
use super::{
    AppendError, AppendOrigin, Appended, FlushPolicy, LogConfig, LogError, PartitionLog,
    TimestampType,
};
use crate::producer_state::{Admission, SequenceError};

impl PartitionLog {
    /// Appends exactly one v2 batch. Written when it returns, readable and durable once
    /// [`Self::flushed`] says so; acks=1 answers at once, acks=all awaits `flushed`.
    ///
    /// Header and checksum are validated before the partition is locked. A duplicate of an
    /// idempotent producer's last five batches answers the offsets of the first append. Writes to
    /// the page cache, so it is called on the connection's own task.
    pub fn append(
        self: &Arc<Self>,
        batch: &[u8],
        origin: AppendOrigin,
    ) -> Result<Appended, AppendError> {
        let mut header = validate(batch, origin)?;
        let marker = header.is_control().then(|| EndTxnMarker::of_batch(&header, batch)).flatten();
        let inspected = self.inspected(&header, batch, origin)?;
        let other = inspected.as_ref().zip(other_codec(&header, self.codec()));
        let recompressed = other.map(|(read, codec)| recompressed(&header, read, codec));
        let recompressed = recompressed.transpose()?;
        let batch = recompressed.as_deref().unwrap_or(batch);
        if recompressed.is_some() {
            header = BatchHeader::parse(batch).map_err(AppendError::InvalidRecord)?;
        }
        self.shared.health.check_append().map_err(AppendError::Storage)?;
        let now_ms = self.shared.clock.now_ms();

        let mut core = self.core.lock();
        if core.is_deleted {
            return Err(AppendError::Deleted);
        }
        if core.is_closed {
            return Err(AppendError::Storage(LogError::Closed));
        }
        check_size(&header, &core.config)?;
        check_times(&header, inspected.as_ref(), &core.config, now_ms)?;
        if origin == AppendOrigin::Client
            && let Some(first) = admit(&header, &core)?
        {
            return Ok(self.appended(first, None, true));
        }
        if must_roll(&core, &header, now_ms) {
            self.roll(&mut core).map_err(AppendError::Storage)?;
        }
        let mut head = BatchHead::of(batch).map_err(AppendError::InvalidRecord)?;
        let newest_ms = inspected.as_ref().map(|read| read.times.newest);
        let rest = &batch[HEADER_BYTES..];
        let log_append_time = stamp(&mut header, &mut head, rest, newest_ms, &core, now_ms);
        self.write(&core, &head, rest)?;

        core.note(&header, marker, now_ms);
        self.publish(&mut core);
        let needs_flush = core.config.flush == FlushPolicy::Fsync;
        drop(core);
        if needs_flush && !self.is_queued.swap(true, Ordering::AcqRel) {
            self.shared.flusher.push(self.clone());
        }
        Ok(self.appended((header.base_offset, header.last_offset()), log_append_time, false))
    }

    /// The records of a client's batch, where they are read.
    fn inspected<'a>(
        &self,
        header: &BatchHeader,
        batch: &'a [u8],
        origin: AppendOrigin,
    ) -> Result<Option<Inspected<'a>>, AppendError> {
        let needs_keys = self.needs_keys.load(Ordering::Relaxed);
        let is_read =
            origin == AppendOrigin::Client && is_inspected(header, needs_keys, self.codec());
        is_read.then(|| inspect(header, batch, needs_keys)).transpose()
    }

    fn appended(
        &self,
        (base_offset, last_offset): (i64, i64),
        log_append_time: Option<i64>,
        is_duplicate: bool,
    ) -> Appended {
        let log_start_offset = self.bounds().log_start_offset;
        Appended { base_offset, last_offset, log_append_time, log_start_offset, is_duplicate }
    }

    fn write(&self, core: &Core, head: &BatchHead, rest: &[u8]) -> Result<(), AppendError> {
        let active = &core.active;
        let Err(error) = active.segment.file.write_at(active.size, [head.bytes(), rest]) else {
            return Ok(());
        };
        let path = segment_path(&self.dir, active.segment.base_offset, Kind::Log);
        let failure = io_error("write", &path, &error);
        // A full disk is a state that passes. What was written of the batch is taken back; should
        // a power cut bring a part of it back, its checksum does not match and recovery cuts it.
        if is_full(&error) && active.segment.file.truncate(active.size).is_ok() {
            return Err(AppendError::Storage(failure));
        }
        Err(AppendError::OutcomeUnknown(self.shared.health.fail(&failure)))
    }

    /// Seals the active segment and begins the next one. Its sync, index files and snapshot are
    /// left to the next flush.
    pub(super) fn roll(&self, core: &mut Core) -> Result<(), LogError> {
        let next_offset = core.log_end_offset;
        let segment = Segment::create(&self.shared, &self.dir, next_offset)?;
        let old = std::mem::replace(&mut core.active, Active::empty(segment));
        let max_timestamp = old.index.max_timestamp();
        let index = Arc::new(old.index);
        core.rolled.push(Rolled {
            segment: old.segment.clone(),
            index: index.clone(),
            snapshot: core.producers.encode(),
            aborted: core.producers.aborted_in(old.segment.base_offset, next_offset),
            next_offset,
        });
        core.sealed.push(Sealed {
            segment: old.segment,
            size: old.size,
            next_offset,
            max_timestamp,
            index: Some(index),
        });
        Ok(())
    }
}

impl Core {
    /// Takes a written batch into the state in memory.
    fn note(&mut self, header: &BatchHeader, marker: Option<EndTxnMarker>, now_ms: i64) {
        let bytes = u64::try_from(header.total_bytes).unwrap_or(u64::MAX);
        let entry = OffsetEntry {
            last_relative: self.active.segment.relative(header.last_offset()),
            position: u32::try_from(self.active.size).unwrap_or(u32::MAX),
        };
        let interval = self.config.index_interval_bytes;
        self.active.index.add(entry, header.newest_timestamp(), bytes, interval);
        self.active.size += bytes;
        self.active.first_append_ms.get_or_insert(now_ms);
        self.log_end_offset = header.last_offset() + 1;
        self.producers.apply(header, marker, now_ms);
    }
}

/// What a batch must be by itself, whatever the partition holds.
fn validate(batch: &[u8], origin: AppendOrigin) -> Result<BatchHeader, AppendError> {
    // What may have been damaged on the way is worth another try; what was sent so is not.
    let header = BatchHeader::parse_whole(batch).map_err(|error| match error {
        BatchError::Truncated { have: 0 } | BatchError::Magic(0 | 1) => {
            AppendError::InvalidRecord(error)
        }
        BatchError::Crc { .. }
        | BatchError::Length { .. }
        | BatchError::Magic(_)
        | BatchError::Truncated { .. } => AppendError::Corrupt(error),
        _ => AppendError::InvalidRecord(error),
    })?;
    let invalid = |error| Err(AppendError::InvalidRecord(error));
    let (count, last_offset_delta) = (header.record_count, header.last_offset_delta);
    if count < 1 || last_offset_delta != count - 1 {
        return invalid(BatchError::Count { count, last_offset_delta });
    }
    if Codec::try_from(header.codec_id()).is_err() {
        return invalid(BatchError::Codec(header.codec_id()));
    }
    // The coordinators' own batches have no sequence.
    if origin == AppendOrigin::Coordinator {
        return Ok(header);
    }
    if header.is_control() {
        return invalid(BatchError::ControlByClient);
    }
    if header.base_offset != 0 {
        return invalid(BatchError::BaseOffset(header.base_offset));
    }
    let (epoch, sequence) = (header.producer_epoch, header.base_sequence);
    if header.has_producer_id() && (epoch < 0 || sequence < 0) {
        let producer_id = header.producer_id;
        return invalid(BatchError::ProducerFields { producer_id, epoch, sequence });
    }
    Ok(header)
}

/// The batch as the topic wants it compressed.
fn recompressed(
    header: &BatchHeader,
    read: &Inspected<'_>,
    codec: Codec,
) -> Result<Vec<u8>, AppendError> {
    recompress(header, &read.plain, codec)
        .map_err(|error| AppendError::UnreadableRecords { reason: error.to_string() })
}

fn check_size(header: &BatchHeader, config: &LogConfig) -> Result<(), AppendError> {
    let size = header.total_bytes;
    let exceeds = |max: u32| usize::try_from(max).is_ok_and(|max| size > max);
    if exceeds(config.max_message_bytes) {
        return Err(AppendError::TooLarge { size, max: config.max_message_bytes });
    }
    if exceeds(config.segment_bytes) {
        return Err(AppendError::LargerThanSegment { size, max: config.segment_bytes });
    }
    Ok(())
}

/// How old and how new the topic lets records be.
fn check_times(
    header: &BatchHeader,
    read: Option<&Inspected<'_>>,
    config: &LogConfig,
    now_ms: i64,
) -> Result<(), AppendError> {
    let earliest = now_ms.saturating_sub(config.timestamp_before_max_ms);
    let latest = now_ms.saturating_add(config.timestamp_after_max_ms);
    let bounds = earliest..=latest;
    let times = read.map_or_else(|| Times::claimed(header), |read| read.times);
    if config.timestamp_type == TimestampType::LogAppendTime || times.are_within(&bounds) {
        return Ok(());
    }
    let timestamp = if bounds.contains(&times.newest) { times.oldest } else { times.newest };
    let indexes = read.map(|read| read.outside(&bounds)).unwrap_or_default();
    Err(AppendError::TimestampOutOfRange { timestamp, earliest, latest, indexes })
}

/// The offsets of the first append when the batch repeats one.
fn admit(header: &BatchHeader, core: &Core) -> Result<Option<(i64, i64)>, AppendError> {
    if !header.has_producer_id() {
        return Ok(None);
    }
    let (producer_id, found) = (header.producer_id, header.base_sequence);
    match core.producers.admit(header) {
        Ok(Admission::Append) => Ok(None),
        Ok(Admission::Duplicate(stored)) => Ok(Some((stored.base_offset, stored.last_offset))),
        Err(SequenceError::OutOfOrder { expected }) => {
            Err(AppendError::OutOfOrderSequence { producer_id, found, expected })
        }
        Err(SequenceError::InTransaction) => Err(AppendError::OutsideTransaction { producer_id }),
        Err(SequenceError::Epoch { current }) => {
            let found = header.producer_epoch;
            Err(AppendError::InvalidProducerEpoch { producer_id, found, current })
        }
    }
}

fn must_roll(core: &Core, header: &BatchHeader, now_ms: i64) -> bool {
    let active = &core.active;
    let Some(first_append_ms) = active.first_append_ms else { return false };
    let size = u64::try_from(header.total_bytes).unwrap_or(u64::MAX);
    let last = core.log_end_offset.saturating_add(i64::from(header.last_offset_delta));
    active.size.saturating_add(size) > u64::from(core.config.segment_bytes)
        || now_ms.saturating_sub(first_append_ms) >= core.config.active_ms_max(active.dice)
        // Kafka's index holds relative offsets as signed 32-bit numbers.
        || last - active.segment.base_offset > i64::from(i32::MAX)
}

/// Writes what the log assigns into header and head; answers the time it stamped. `rest` is what
/// follows the header, `newest_ms` what its records say where they were read.
fn stamp(
    header: &mut BatchHeader,
    head: &mut BatchHead,
    rest: &[u8],
    newest_ms: Option<i64>,
    core: &Core,
    now_ms: i64,
) -> Option<i64> {
    header.base_offset = core.log_end_offset;
    header.leader_epoch = core.epochs.latest();
    head.set_base_offset(header.base_offset);
    head.set_leader_epoch(header.leader_epoch);
    if core.config.timestamp_type == TimestampType::LogAppendTime {
        header.max_timestamp = now_ms;
        head.set_log_append_time(now_ms, rest);
        return Some(now_ms);
    }
    // Times are searched by the header, so it must not claim others than its records have.
    let newest_ms = newest_ms.unwrap_or(header.max_timestamp);
    if newest_ms != header.max_timestamp || header.is_log_append_time() {
        header.max_timestamp = newest_ms;
        *header = header.with_own_times();
        head.set_create_time(newest_ms, rest);
    }
    None
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}
