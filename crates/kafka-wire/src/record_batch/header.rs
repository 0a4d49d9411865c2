//! The 61-byte header of a v2 record batch, read at fixed offsets.
//!
//! | bytes | field | | bytes | field |
//! |---|---|---|---|---|
//! | 0..8 | base offset | | 27..35 | base timestamp |
//! | 8..12 | length (of all that follows) | | 35..43 | max timestamp |
//! | 12..16 | partition leader epoch | | 43..51 | producer id |
//! | 16 | magic (2) | | 51..53 | producer epoch |
//! | 17..21 | CRC-32C of 21.. | | 53..57 | base sequence |
//! | 21..23 | attributes | | 57..61 | record count |
//! | 23..27 | last offset delta | | 61.. | records |
//!
//! Base offset and leader epoch lie outside the checksum: the log assigns them in place.

use super::BatchError;
use super::crc::crc32c;

/// Bytes before the first record.
pub const HEADER_BYTES: usize = 61;
/// Base offset and length: what the length field does not count.
pub const PREFIX_BYTES: usize = 12;
/// Where the checksummed part begins.
pub const CRC_START: usize = 21;

const ATTRIBUTES: usize = 21;
const MAX_TIMESTAMP: usize = 35;

/// Attribute bits.
pub(super) const COMPRESSION_MASK: i16 = 0x07;
const LOG_APPEND_TIME: i16 = 0x08;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;
pub(super) const DELETE_HORIZON: i16 = 0x40;

/// Every header field, decoded. Parsing checks the shape of the header, not the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHeader {
    pub base_offset: i64,
    /// Of the whole batch, prefix included; at least [`HEADER_BYTES`].
    pub total_bytes: usize,
    pub leader_epoch: i32,
    pub crc: u32,
    pub attributes: i16,
    pub last_offset_delta: i32,
    pub base_timestamp: i64,
    pub max_timestamp: i64,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the header at the front of `bytes`, which may end before the batch does.
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        let head: &[u8; HEADER_BYTES] =
            bytes.first_chunk().ok_or(BatchError::Truncated { have: bytes.len() })?;
        let magic = head[16];
        if magic != 2 {
            return Err(BatchError::Magic(magic));
        }
        let length = i32::from_be_bytes(field(head, 8));
        let total_bytes = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_add(PREFIX_BYTES))
            .filter(|total| *total >= HEADER_BYTES)
            .ok_or(BatchError::Length { length })?;
        Ok(Self {
            base_offset: i64::from_be_bytes(field(head, 0)),
            total_bytes,
            leader_epoch: i32::from_be_bytes(field(head, 12)),
            crc: u32::from_be_bytes(field(head, 17)),
            attributes: i16::from_be_bytes(field(head, ATTRIBUTES)),
            last_offset_delta: i32::from_be_bytes(field(head, 23)),
            base_timestamp: i64::from_be_bytes(field(head, 27)),
            max_timestamp: i64::from_be_bytes(field(head, MAX_TIMESTAMP)),
            producer_id: i64::from_be_bytes(field(head, 43)),
            producer_epoch: i16::from_be_bytes(field(head, 51)),
            base_sequence: i32::from_be_bytes(field(head, 53)),
            record_count: i32::from_be_bytes(field(head, 57)),
        })
    }

    /// Parses a batch that must fill `bytes` exactly, and compares the checksum.
    pub fn parse_whole(bytes: &[u8]) -> Result<Self, BatchError> {
        let header = Self::parse(bytes)?;
        if header.total_bytes != bytes.len() {
            return Err(BatchError::Extent { claimed: header.total_bytes, have: bytes.len() });
        }
        let computed = crc32c(&bytes[CRC_START..]);
        if computed != header.crc {
            return Err(BatchError::Crc { stored: header.crc, computed });
        }
        Ok(header)
    }

    /// Saturates where a hostile header would overflow.
    pub fn last_offset(&self) -> i64 {
        self.base_offset.saturating_add(i64::from(self.last_offset_delta))
    }

    /// The largest timestamp of its records; `None` when compaction has left none.
    pub fn newest_timestamp(&self) -> Option<i64> {
        (self.record_count > 0).then_some(self.max_timestamp)
    }

    /// The codec id in attribute bits 0–2.
    pub fn codec_id(&self) -> u8 {
        u8::try_from(self.attributes & COMPRESSION_MASK).unwrap_or_default()
    }

    pub fn is_log_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME != 0
    }

    /// The same batch, whose records have times of their own whatever its header says.
    #[must_use]
    pub fn with_own_times(self) -> Self {
        Self { attributes: self.attributes & !LOG_APPEND_TIME, ..self }
    }

    pub fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    pub fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    /// When tombstones and markers of the batch may go (KIP-534). Compaction puts it where the base
    /// timestamp was; the records' timestamps count from it.
    pub fn delete_horizon_ms(&self) -> Option<i64> {
        (self.attributes & DELETE_HORIZON != 0).then_some(self.base_timestamp)
    }

    pub fn has_producer_id(&self) -> bool {
        self.producer_id >= 0
    }

    /// The sequence of the last record; sequences wrap from 2³¹−1 to 0.
    pub fn last_sequence(&self) -> i32 {
        add_sequence(self.base_sequence, self.last_offset_delta)
    }
}

/// `sequence + by`, wrapping from 2³¹−1 to 0. Both must not be negative.
pub fn add_sequence(sequence: i32, by: i32) -> i32 {
    let sum = (i64::from(sequence) + i64::from(by)) & i64::from(i32::MAX);
    i32::try_from(sum).unwrap_or_default()
}

/// The copied front of a batch, with what the log assigns written into it.
///
/// The rest of the batch is never touched, so the bytes of a request go to disk uncopied.
#[derive(Debug, Clone)]
pub struct BatchHead([u8; HEADER_BYTES]);

impl BatchHead {
    pub fn of(batch: &[u8]) -> Result<Self, BatchError> {
        batch.first_chunk().copied().map(Self).ok_or(BatchError::Truncated { have: batch.len() })
    }

    pub fn set_base_offset(&mut self, offset: i64) {
        self.0[..8].copy_from_slice(&offset.to_be_bytes());
    }

    pub fn set_leader_epoch(&mut self, epoch: i32) {
        self.0[12..16].copy_from_slice(&epoch.to_be_bytes());
    }

    /// Marks the batch as stamped by the log at `now_ms`; `rest` is what follows the header. These
    /// fields are checksummed, so this reads the whole batch once more.
    pub fn set_log_append_time(&mut self, now_ms: i64, rest: &[u8]) {
        let attributes = i16::from_be_bytes(field(&self.0, ATTRIBUTES)) | LOG_APPEND_TIME;
        self.set_times(attributes, now_ms, rest);
    }

    /// Marks the batch as one whose records have times of their own, the newest of which is this; as
    /// [`Self::set_log_append_time`].
    pub fn set_create_time(&mut self, newest_ms: i64, rest: &[u8]) {
        let attributes = i16::from_be_bytes(field(&self.0, ATTRIBUTES)) & !LOG_APPEND_TIME;
        self.set_times(attributes, newest_ms, rest);
    }

    fn set_times(&mut self, attributes: i16, max_timestamp: i64, rest: &[u8]) {
        self.0[ATTRIBUTES..ATTRIBUTES + 2].copy_from_slice(&attributes.to_be_bytes());
        self.0[MAX_TIMESTAMP..MAX_TIMESTAMP + 8].copy_from_slice(&max_timestamp.to_be_bytes());
        let crc = super::crc::crc32c_of(&[&self.0[CRC_START..], rest]);
        self.0[17..21].copy_from_slice(&crc.to_be_bytes());
    }

    pub fn bytes(&self) -> &[u8; HEADER_BYTES] {
        &self.0
    }
}

/// `N` bytes at `at`; callers pass offsets inside the header.
fn field<const N: usize>(head: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&head[at..at + N]);
    out
}
