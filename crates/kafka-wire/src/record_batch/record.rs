//! Walking the records of a batch without copying them.
//!
//! A record is: length, attributes (unused), timestamp delta, offset delta, key, value, header
//! count, headers; integers are zigzag varints and a length of −1 stands for null. Header keys may
//! repeat and keep their order.

use std::borrow::Cow;

use super::header::{BatchHeader, HEADER_BYTES};
use crate::compression::{Codec, CompressionError, decompress};
use crate::varint::{take_varint, take_varlong};

/// One record; key and value borrow from the decompressed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    pub offset: i64,
    pub offset_delta: i32,
    pub timestamp: i64,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: RecordHeaders<'a>,
}

/// A header of a record. Keys are UTF-8 by the protocol, which is not checked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader<'a> {
    pub key: &'a [u8],
    pub value: Option<&'a [u8]>,
}

/// The headers of one record in order, duplicates included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeaders<'a> {
    count: i32,
    bytes: &'a [u8],
}

/// Why the records of a batch could not be walked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error(transparent)]
    Compression(#[from] CompressionError),
    #[error("record {index} of the batch: {reason}")]
    Malformed { index: i32, reason: &'static str },
    #[error("{0} bytes follow the last record")]
    TrailingBytes(usize),
}

/// The records' bytes of a whole batch, decompressed to at most `max_out` bytes.
pub fn record_bytes<'a>(
    header: &BatchHeader,
    batch: &'a [u8],
    max_out: usize,
) -> Result<Cow<'a, [u8]>, CompressionError> {
    let body = batch.get(HEADER_BYTES..).unwrap_or_default();
    match Codec::try_from(header.codec_id())? {
        Codec::None => Ok(Cow::Borrowed(body)),
        codec => Ok(Cow::Owned(decompress(codec, body, max_out)?)),
    }
}

/// The times of the records in `bytes` ([`record_bytes`]), each counted from the base timestamp of the
/// header: told to `each` with the record's place. Of the records nothing else is read but where they
/// end, which must be where the next one begins, and the end of `bytes`.
pub fn record_times(
    header: &BatchHeader,
    bytes: &[u8],
    mut each: impl FnMut(i32, i64),
) -> Result<(), RecordError> {
    let mut rest = bytes;
    for index in 0..header.record_count {
        let malformed = |reason| RecordError::Malformed { index, reason };
        let length = take_varint(&mut rest).ok_or(malformed("cut or overlong length"))?;
        let length = usize::try_from(length).map_err(|_| malformed("negative length"))?;
        let (body, after) =
            rest.split_at_checked(length).ok_or(malformed("longer than the batch"))?;
        rest = after;
        let (_attributes, body) = body.split_first().ok_or(malformed("no attributes"))?;
        let delta = take_varlong(&mut &*body).ok_or(malformed("bad timestamp delta"))?;
        each(index, header.base_timestamp.saturating_add(delta));
    }
    if rest.is_empty() { Ok(()) } else { Err(RecordError::TrailingBytes(rest.len())) }
}

/// An iterator over the records in `bytes` ([`record_bytes`]). It ends after the first error, and
/// after `record_count` records; bytes left over are an error.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    header: BatchHeader,
    rest: &'a [u8],
    index: i32,
    is_done: bool,
}

impl<'a> Records<'a> {
    pub fn new(header: &BatchHeader, bytes: &'a [u8]) -> Self {
        Self { header: *header, rest: bytes, index: 0, is_done: false }
    }

    #[inline]
    fn take(&mut self) -> Result<Record<'a>, &'static str> {
        let length = take_varint(&mut self.rest).ok_or("cut or overlong length")?;
        let length = usize::try_from(length).map_err(|_| "negative length")?;
        let mut body = self.rest.get(..length).ok_or("longer than the batch")?;
        self.rest = &self.rest[length..];
        let (_attributes, after) = body.split_first().ok_or("no attributes")?;
        body = after;
        let timestamp_delta = take_varlong(&mut body).ok_or("bad timestamp delta")?;
        let offset_delta = take_varint(&mut body).ok_or("bad offset delta")?;
        let key = take_nullable(&mut body).ok_or("bad key")?;
        let value = take_nullable(&mut body).ok_or("bad value")?;
        let count = take_varint(&mut body).ok_or("bad header count")?;
        let headers = RecordHeaders { count, bytes: body };
        headers.check()?;
        let timestamp = if self.header.is_log_append_time() {
            self.header.max_timestamp
        } else {
            self.header.base_timestamp.saturating_add(timestamp_delta)
        };
        let offset = self.header.base_offset.saturating_add(i64::from(offset_delta));
        Ok(Record { offset, offset_delta, timestamp, key, value, headers })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, RecordError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        if self.index >= self.header.record_count {
            self.is_done = true;
            let left = self.rest.len();
            return (left > 0).then_some(Err(RecordError::TrailingBytes(left)));
        }
        let index = self.index;
        self.index += 1;
        let record = self.take().map_err(|reason| {
            self.is_done = true;
            RecordError::Malformed { index, reason }
        });
        Some(record)
    }
}

impl<'a> RecordHeaders<'a> {
    /// Count and headers as they are stored.
    pub(super) fn stored(&self) -> (i32, &'a [u8]) {
        (self.count, self.bytes)
    }

    pub fn iter(&self) -> impl Iterator<Item = RecordHeader<'a>> + use<'a> {
        let mut rest = self.bytes;
        (0..self.count).map_while(move |_| take_header(&mut rest))
    }

    /// One walk without allocation, so that `iter` cannot meet an error later.
    #[inline]
    fn check(&self) -> Result<(), &'static str> {
        if self.count == 0 && self.bytes.is_empty() {
            return Ok(());
        }
        if self.count < 0 {
            return Err("negative header count");
        }
        let mut rest = self.bytes;
        for _ in 0..self.count {
            take_header(&mut rest).ok_or("bad header")?;
        }
        if rest.is_empty() { Ok(()) } else { Err("bytes after the last header") }
    }
}

fn take_header<'a>(rest: &mut &'a [u8]) -> Option<RecordHeader<'a>> {
    let key = take_nullable(rest)??;
    let value = take_nullable(rest)?;
    Some(RecordHeader { key, value })
}

/// Length and bytes; any negative length reads as null, as Kafka does it.
#[expect(clippy::option_option, reason = "outside: malformed or not, inside: null or not")]
fn take_nullable<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let Ok(length) = usize::try_from(take_varint(rest)?) else {
        return Some(None);
    };
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(Some(bytes))
}
