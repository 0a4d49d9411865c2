//! What a pass lets stand of each batch.
//!
//! | of | stays |
//! |---|---|
//! | a key | the last record; a tombstone until its delete horizon |
//! | an aborted transaction | no record |
//! | a transaction of which nothing else is left | its marker, until its delete horizon |
//! | a producer | the batches by which its retries are recognised, empty if need be, or else the marker with its epoch |
//! | a segment | its last batch, empty if need be: a missing file is noticed by the offsets |
//!
//! Batches are judged in the order of the log, from its start on.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use levada_kafka_wire::compression::CompressionError;
use levada_kafka_wire::record_batch::{
    BatchHeader, Record, RecordError, Records, RetainError, record_bytes, retain_records,
};

use super::offset_map::OffsetMap;
use crate::log::scan::UNFOLDED_BYTES_MAX;
use crate::producer_state::{Aborted, LastBatches, ProducerStates};

/// A batch that cannot be cleaned.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    #[error(transparent)]
    Compression(#[from] CompressionError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Retain(#[from] RetainError),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Nothing,
    AsItIs,
    Changed(Vec<u8>),
}

#[derive(Debug)]
pub(super) struct Keep {
    map: OffsetMap,
    /// The map knows all keys from the first dirty offset up to here.
    end_offset: i64,
    now_ms: i64,
    /// Of tombstones and markers that become clean now.
    horizon_ms: i64,
    last_batches: LastBatches,
    aborted: AbortedRanges,
    /// Producers of which a batch was kept since their last marker.
    with_batches: HashSet<i64>,
}

impl Keep {
    pub(super) fn new(
        map: OffsetMap,
        producers: &ProducerStates,
        now_ms: i64,
        horizon_ms: i64,
    ) -> Self {
        Self {
            map,
            end_offset: i64::MIN,
            now_ms,
            horizon_ms,
            last_batches: producers.last_batches(),
            aborted: AbortedRanges::new(producers.all_aborted()),
            with_batches: HashSet::new(),
        }
    }

    pub(super) fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// All that is dirty was noted.
    pub(super) fn all_noted(&mut self, end_offset: i64) {
        self.end_offset = end_offset;
    }

    /// Takes the keys of a dirty batch into the map; whether all found room. If not, the pass ends
    /// at the first that did not.
    pub(super) fn note(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
        first_dirty: i64,
    ) -> Result<bool, KeepError> {
        if header.is_control() || self.aborted.has(header) {
            return Ok(true);
        }
        let bytes = unfold(header, batch)?;
        for record in Records::new(header, &bytes) {
            let record = record?;
            let Some(key) = record.key.filter(|_| record.offset >= first_dirty) else { continue };
            if !self.map.put(key, record.offset) {
                self.end_offset = record.offset;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Judges the next batch; the last one of a segment is kept by all means.
    pub(super) fn judge(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
        is_last: bool,
    ) -> Result<Kept, KeepError> {
        if header.is_control() {
            return self.judge_control(header, batch, is_last);
        }
        let kept = if header.base_offset >= self.end_offset {
            Kept::AsItIs
        } else {
            let must_stay = is_last || self.last_batches.has(header);
            self.judge_records(header, batch, must_stay)?
        };
        if header.is_transactional() && kept != Kept::Nothing {
            self.with_batches.insert(header.producer_id);
        }
        Ok(kept)
    }

    fn judge_records(
        &self,
        header: &BatchHeader,
        batch: &[u8],
        must_stay: bool,
    ) -> Result<Kept, KeepError> {
        let bytes = if self.aborted.has(header) { Cow::default() } else { unfold(header, batch)? };
        let mut kept = Vec::new();
        let mut is_new_tombstone = false;
        if !bytes.is_empty() {
            for record in Records::new(header, &bytes) {
                let record = record?;
                if self.is_kept(header, &record) {
                    is_new_tombstone |= record.value.is_none() && record.offset < self.end_offset;
                    kept.push(record);
                }
            }
        }
        let is_whole = usize::try_from(header.record_count) == Ok(kept.len());
        let needs_horizon = is_new_tombstone && header.delete_horizon_ms().is_none();
        match (kept.is_empty(), must_stay) {
            (true, false) => Ok(Kept::Nothing),
            _ if is_whole && !needs_horizon => Ok(Kept::AsItIs),
            _ => {
                let horizon = needs_horizon.then_some(self.horizon_ms);
                Ok(Kept::Changed(retain_records(header, &kept, horizon)?))
            }
        }
    }

    fn is_kept(&self, header: &BatchHeader, record: &Record<'_>) -> bool {
        if record.offset >= self.end_offset {
            return true;
        }
        // From before the topic was compacted: it says nothing of any key.
        let Some(key) = record.key else { return false };
        let is_last = self.map.last_offset(key).is_none_or(|last| record.offset >= last);
        is_last && (record.value.is_some() || !self.is_past_horizon(header))
    }

    fn is_past_horizon(&self, header: &BatchHeader) -> bool {
        header.delete_horizon_ms().is_some_and(|horizon_ms| horizon_ms <= self.now_ms)
    }

    fn judge_control(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
        is_last: bool,
    ) -> Result<Kept, KeepError> {
        let has_batches = self.with_batches.remove(&header.producer_id);
        if has_batches || header.base_offset >= self.end_offset {
            return Ok(Kept::AsItIs);
        }
        let is_empty = header.record_count == 0;
        if is_empty || (self.is_past_horizon(header) && !self.last_batches.has(header)) {
            return Ok(match (is_last, is_empty) {
                (false, _) => Kept::Nothing,
                (true, true) => Kept::AsItIs,
                (true, false) => Kept::Changed(retain_records(header, &[], None)?),
            });
        }
        if header.delete_horizon_ms().is_some() {
            return Ok(Kept::AsItIs);
        }
        let bytes = unfold(header, batch)?;
        let records = Records::new(header, &bytes).collect::<Result<Vec<_>, _>>()?;
        Ok(Kept::Changed(retain_records(header, &records, Some(self.horizon_ms))?))
    }
}

fn unfold<'a>(header: &BatchHeader, batch: &'a [u8]) -> Result<Cow<'a, [u8]>, CompressionError> {
    record_bytes(header, batch, UNFOLDED_BYTES_MAX)
}

/// First and last offset of aborted transactions by producer, in the order of the log.
#[derive(Debug)]
struct AbortedRanges(HashMap<i64, Vec<(i64, i64)>>);

impl AbortedRanges {
    fn new(all: &[Aborted]) -> Self {
        let mut ranges = HashMap::<_, Vec<_>>::new();
        for aborted in all {
            let (first, last) = aborted.offsets();
            ranges.entry(aborted.producer_id()).or_default().push((first, last));
        }
        Self(ranges)
    }

    fn has(&self, header: &BatchHeader) -> bool {
        let offset = header.base_offset;
        let ranges = self.0.get(&header.producer_id).filter(|_| header.is_transactional());
        ranges.is_some_and(|ranges| {
            let at = ranges.partition_point(|(_, last)| *last < offset);
            ranges.get(at).is_some_and(|(first, _)| *first <= offset)
        })
    }
}
