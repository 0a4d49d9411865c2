//! A batch with some of its records, as compaction writes it, or with all of them under another
//! compression.
//!
//! Offsets, epochs and sequences stay what they were, so base offset and last offset delta are those
//! of the original. An empty batch is only its header, as Kafka leaves it.

use super::BatchError;
use super::crc::crc32c;
use super::encode::{put_length, put_nullable};
use super::header::{
    BatchHeader, COMPRESSION_MASK, CRC_START, DELETE_HORIZON, HEADER_BYTES, PREFIX_BYTES,
};
use super::record::Record;
use crate::compression::{Codec, CompressionError, compress};
use crate::varint::{put_varint, put_varlong};

/// Base timestamp of a batch without records.
const NO_TIMESTAMP: i64 = -1;

/// Why a batch could not be written again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetainError {
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error(transparent)]
    Compression(#[from] CompressionError),
}

/// The batch of `header` with these of its records alone, compressed as it was. A delete horizon
/// takes the place of the base timestamp; one that is there already stays.
pub fn retain_records(
    header: &BatchHeader,
    records: &[Record<'_>],
    delete_horizon_ms: Option<i64>,
) -> Result<Vec<u8>, RetainError> {
    let horizon = header.delete_horizon_ms().or(delete_horizon_ms);
    let mut kept = BatchHeader { record_count: count(records.len())?, ..*header };
    let body = if records.is_empty() {
        kept.attributes &= !(COMPRESSION_MASK | DELETE_HORIZON);
        kept.base_timestamp = NO_TIMESTAMP;
        Vec::new()
    } else {
        kept.base_timestamp = horizon.unwrap_or(header.base_timestamp);
        if horizon.is_some() {
            kept.attributes |= DELETE_HORIZON;
        }
        if !header.is_log_append_time() {
            let times = records.iter().map(|record| record.timestamp);
            kept.max_timestamp = times.max().unwrap_or(header.max_timestamp);
        }
        let mut plain = Vec::new();
        for record in records {
            put_record(&mut plain, record, record_base(header, &kept));
        }
        compress(Codec::try_from(header.codec_id())?, &plain)?
    };
    Ok(assemble(&kept, &body)?)
}

/// The batch of `header`, whose records are the bytes `plain` ([`record_bytes`](super::record_bytes)),
/// compressed with `codec`.
pub fn recompress(
    header: &BatchHeader,
    plain: &[u8],
    codec: Codec,
) -> Result<Vec<u8>, RetainError> {
    let attributes = (header.attributes & !COMPRESSION_MASK) | i16::from(u8::from(codec));
    Ok(assemble(&BatchHeader { attributes, ..*header }, &compress(codec, plain)?)?)
}

/// What a record's timestamp delta counts from. Stamped batches do not use their deltas, which stay 0.
fn record_base(header: &BatchHeader, kept: &BatchHeader) -> i64 {
    if header.is_log_append_time() { header.max_timestamp } else { kept.base_timestamp }
}

fn put_record(out: &mut Vec<u8>, record: &Record<'_>, base_timestamp: i64) {
    let mut body = vec![0];
    put_varlong(&mut body, record.timestamp.wrapping_sub(base_timestamp));
    put_varint(&mut body, record.offset_delta);
    put_nullable(&mut body, record.key);
    put_nullable(&mut body, record.value);
    let (count, headers) = record.headers.stored();
    put_varint(&mut body, count);
    body.extend_from_slice(headers);
    put_length(out, body.len());
    out.extend_from_slice(&body);
}

fn count(records: usize) -> Result<i32, BatchError> {
    i32::try_from(records).map_err(|_| BatchError::Oversized { size: records })
}

fn assemble(header: &BatchHeader, body: &[u8]) -> Result<Vec<u8>, BatchError> {
    let size = HEADER_BYTES + body.len();
    let length = i32::try_from(size - PREFIX_BYTES).map_err(|_| BatchError::Oversized { size })?;
    let mut bytes = Vec::with_capacity(size);
    bytes.extend(header.base_offset.to_be_bytes());
    bytes.extend(length.to_be_bytes());
    bytes.extend(header.leader_epoch.to_be_bytes());
    bytes.push(2);
    bytes.extend([0; 4]);
    bytes.extend(header.attributes.to_be_bytes());
    bytes.extend(header.last_offset_delta.to_be_bytes());
    bytes.extend(header.base_timestamp.to_be_bytes());
    bytes.extend(header.max_timestamp.to_be_bytes());
    bytes.extend(header.producer_id.to_be_bytes());
    bytes.extend(header.producer_epoch.to_be_bytes());
    bytes.extend(header.base_sequence.to_be_bytes());
    bytes.extend(header.record_count.to_be_bytes());
    bytes.extend_from_slice(body);
    let crc = crc32c(&bytes[CRC_START..]);
    bytes[17..CRC_START].copy_from_slice(&crc.to_be_bytes());
    Ok(bytes)
}
