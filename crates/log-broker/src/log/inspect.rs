//! A client's batch, record by record: what is wrong with it, and how old its records are.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use levada_kafka_wire::compression::Codec;
use levada_kafka_wire::record_batch::{BatchHeader, Record, Records, record_bytes, record_times};

use super::AppendError;
use super::scan::UNFOLDED_BYTES_MAX;

/// So many records of a batch are named as refused: a batch may unfold to millions.
const RECORD_ERRORS_MAX: usize = 1000;

/// What a record without a timestamp has in its place.
const NO_TIMESTAMP: i64 = -1;

/// A batch that was read.
pub(super) struct Inspected<'a> {
    /// As the client sent it, but that its records have times of their own.
    header: BatchHeader,
    pub(super) plain: Cow<'a, [u8]>,
    pub(super) times: Times,
}

/// The times of records that have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) oldest: i64,
    pub(super) newest: i64,
}

impl Times {
    /// All that the header says.
    pub(super) fn claimed(header: &BatchHeader) -> Self {
        Self { oldest: header.max_timestamp, newest: header.max_timestamp }
    }

    /// Whether every record is as old as it may be. One without a time always is, as in Kafka.
    pub(super) fn are_within(self, bounds: &RangeInclusive<i64>) -> bool {
        self.newest == NO_TIMESTAMP
            || (bounds.contains(&self.oldest) && bounds.contains(&self.newest))
    }
}

/// Reads the records: where each ends and how old it is. In a compacted topic also whether each has
/// a key, and is where its offset says.
pub(super) fn inspect<'a>(
    header: &BatchHeader,
    batch: &'a [u8],
    needs_keys: bool,
) -> Result<Inspected<'a>, AppendError> {
    let plain = record_bytes(header, batch, UNFOLDED_BYTES_MAX)
        .map_err(|error| unreadable(error.to_string()))?;
    let header = header.with_own_times();
    let mut times = Times { oldest: i64::MAX, newest: NO_TIMESTAMP };
    record_times(&header, &plain, |_, timestamp| {
        if timestamp != NO_TIMESTAMP {
            times.oldest = times.oldest.min(timestamp);
            times.newest = times.newest.max(timestamp);
        }
    })
    .map_err(|error| unreadable(error.to_string()))?;
    if needs_keys {
        check_keys(&header, &plain)?;
    }
    Ok(Inspected { header, plain, times })
}

fn check_keys(header: &BatchHeader, plain: &[u8]) -> Result<(), AppendError> {
    let mut keyless = Vec::new();
    for (index, record) in (0..).zip(Records::new(header, plain)) {
        let record = record.map_err(|error| unreadable(error.to_string()))?;
        check_place(index, &record)?;
        if record.key.is_none() && keyless.len() < RECORD_ERRORS_MAX {
            keyless.push(index);
        }
    }
    if keyless.is_empty() { Ok(()) } else { Err(AppendError::KeylessRecords { indexes: keyless }) }
}

fn check_place(index: i32, record: &Record<'_>) -> Result<(), AppendError> {
    let found = record.offset_delta;
    if found == index {
        return Ok(());
    }
    Err(unreadable(format!("record {index} has the offset delta {found}")))
}

fn unreadable(reason: String) -> AppendError {
    AppendError::UnreadableRecords { reason }
}

impl Inspected<'_> {
    /// The records whose times are outside of the bounds.
    pub(super) fn outside(&self, bounds: &RangeInclusive<i64>) -> Vec<i32> {
        let mut outside = Vec::new();
        let told = record_times(&self.header, &self.plain, |index, timestamp| {
            let is_within = timestamp == NO_TIMESTAMP || bounds.contains(&timestamp);
            if !is_within && outside.len() < RECORD_ERRORS_MAX {
                outside.push(index);
            }
        });
        debug_assert!(told.is_ok(), "they were read before");
        outside
    }
}

/// Whether the records of a batch are read before it is appended. Of a compressed batch that stays as
/// it is only the header is: unfolding costs more than all the rest of an append.
pub(super) fn is_inspected(header: &BatchHeader, needs_keys: bool, wanted: Option<Codec>) -> bool {
    needs_keys || header.codec_id() == 0 || other_codec(header, wanted).is_some()
}

/// The codec that the topic wants, if the batch has another.
pub(super) fn other_codec(header: &BatchHeader, wanted: Option<Codec>) -> Option<Codec> {
    wanted.filter(|codec| u8::from(*codec) != header.codec_id())
}
