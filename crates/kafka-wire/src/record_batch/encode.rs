//! Encoding of the broker's own batches: uncompressed, one allocation that becomes the batch.

use super::BatchError;
use super::crc::crc32c;
use super::header::{CRC_START, HEADER_BYTES, PREFIX_BYTES};
use crate::varint::{put_varint, put_varlong};

const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;

/// Collects records into one batch with base offset 0; the log assigns the real one.
#[derive(Debug, Clone)]
pub struct BatchBuilder {
    bytes: Vec<u8>,
    attributes: i16,
    producer: (i64, i16, i32),
    timestamps: Option<Timestamps>,
    count: i32,
}

#[derive(Debug, Clone, Copy)]
struct Timestamps {
    base: i64,
    max: i64,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self {
            bytes: vec![0; HEADER_BYTES],
            attributes: 0,
            producer: (-1, -1, -1),
            timestamps: None,
            count: 0,
        }
    }
}

impl BatchBuilder {
    pub fn new() -> Self {
        Self::default()
    }

    /// Marks the batch as one of an idempotent producer.
    #[must_use]
    pub fn producer(mut self, producer_id: i64, epoch: i16, base_sequence: i32) -> Self {
        self.producer = (producer_id, epoch, base_sequence);
        self
    }

    #[must_use]
    pub fn transactional(mut self) -> Self {
        self.attributes |= TRANSACTIONAL;
        self
    }

    #[must_use]
    pub(super) fn control(mut self) -> Self {
        self.attributes |= CONTROL;
        self
    }

    /// Adds a record without headers.
    #[must_use]
    pub fn record(self, timestamp: i64, key: Option<&[u8]>, value: Option<&[u8]>) -> Self {
        self.record_with_headers(timestamp, key, value, &[])
    }

    #[must_use]
    pub fn record_with_headers(
        mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&[u8], Option<&[u8]>)],
    ) -> Self {
        let times = self.timestamps.get_or_insert(Timestamps { base: timestamp, max: timestamp });
        times.max = times.max.max(timestamp);
        let mut body = vec![0];
        put_varlong(&mut body, timestamp.wrapping_sub(times.base));
        put_varint(&mut body, self.count);
        put_nullable(&mut body, key);
        put_nullable(&mut body, value);
        put_length(&mut body, headers.len());
        for (key, value) in headers {
            put_nullable(&mut body, Some(key));
            put_nullable(&mut body, *value);
        }
        put_length(&mut self.bytes, body.len());
        self.bytes.extend_from_slice(&body);
        self.count += 1;
        self
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The finished batch; an empty one or one above 2 GiB is an error.
    pub fn build(self) -> Result<Vec<u8>, BatchError> {
        let Some(times) = self.timestamps else {
            return Err(BatchError::Count { count: 0, last_offset_delta: -1 });
        };
        let mut bytes = self.bytes;
        let length = i32::try_from(bytes.len() - PREFIX_BYTES)
            .map_err(|_| BatchError::Oversized { size: bytes.len() })?;
        let (producer_id, epoch, base_sequence) = self.producer;
        bytes[8..12].copy_from_slice(&length.to_be_bytes());
        bytes[16] = 2;
        bytes[21..23].copy_from_slice(&self.attributes.to_be_bytes());
        bytes[23..27].copy_from_slice(&(self.count - 1).to_be_bytes());
        bytes[27..35].copy_from_slice(&times.base.to_be_bytes());
        bytes[35..43].copy_from_slice(&times.max.to_be_bytes());
        bytes[43..51].copy_from_slice(&producer_id.to_be_bytes());
        bytes[51..53].copy_from_slice(&epoch.to_be_bytes());
        bytes[53..57].copy_from_slice(&base_sequence.to_be_bytes());
        bytes[57..61].copy_from_slice(&self.count.to_be_bytes());
        let crc = crc32c(&bytes[CRC_START..]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        Ok(bytes)
    }
}

pub(super) fn put_nullable(out: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        None => put_varint(out, -1),
        Some(value) => {
            put_length(out, value.len());
            out.extend_from_slice(value);
        }
    }
}

/// Lengths above `i32::MAX` make the batch too large, which `build` refuses.
pub(super) fn put_length(out: &mut Vec<u8>, length: usize) {
    put_varint(out, i32::try_from(length).unwrap_or(i32::MAX));
}
