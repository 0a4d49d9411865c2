//! Fetch responses (versions 4–18), written by hand: the records are sent as they were read, or
//! from where they lie.

use bytes::{BufMut, Bytes, BytesMut};

use crate::varint::put_uvarint;

/// The first version with tagged fields and compact lengths.
const FLEXIBLE: i16 = 12;
/// The first version that names topics by id.
const TOPIC_IDS: i16 = 13;
/// The tag of `diverging_epoch`.
const DIVERGING_EPOCH: u8 = 0;
/// An epoch, an offset and no tagged fields.
const DIVERGING_EPOCH_BYTES: u8 = 4 + 8 + 1;

/// Records that a response carries.
pub trait RecordBytes {
    fn byte_count(&self) -> usize;
}

impl RecordBytes for Bytes {
    fn byte_count(&self) -> usize {
        self.len()
    }
}

/// A part of a response's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<R> {
    Fields(Bytes),
    Records(R),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchResponse<R = Bytes> {
    /// Of the request as a whole; from version 7.
    pub error_code: i16,
    /// From version 7; 0 is "no session".
    pub session_id: i32,
    pub topics: Vec<FetchedTopic<R>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedTopic<R = Bytes> {
    /// Before version 13.
    pub name: Bytes,
    /// From version 13.
    pub id: [u8; 16],
    pub partitions: Vec<FetchedPartition<R>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedPartition<R = Bytes> {
    pub index: i32,
    pub error_code: i16,
    pub high_watermark: i64,
    pub last_stable_offset: i64,
    pub log_start_offset: i64,
    /// The largest epoch both logs know and where it ends; from version 12.
    pub diverging_epoch: Option<(i32, i64)>,
    /// Producer id and first offset; `None` for readers of everything.
    pub aborted: Option<Vec<(i64, i64)>>,
    /// `None` and no bytes are the same.
    pub records: Option<R>,
}

impl<R> FetchedPartition<R> {
    /// A partition that cannot be read.
    pub fn failed(index: i32, error_code: i16) -> Self {
        Self {
            index,
            error_code,
            high_watermark: -1,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: None,
            aborted: None,
            records: None,
        }
    }
}

impl<R: RecordBytes> FetchResponse<R> {
    /// The body in pieces, to be written one after the other.
    pub fn encode(self, version: i16) -> Vec<Piece<R>> {
        let mut body = Body { version, pieces: Vec::new(), tail: BytesMut::with_capacity(256) };
        body.tail.put_i32(0); // throttle time
        if version >= 7 {
            body.tail.put_i16(self.error_code);
            body.tail.put_i32(self.session_id);
        }
        body.count(self.topics.len());
        for topic in self.topics {
            match version {
                TOPIC_IDS.. => body.tail.put_slice(&topic.id),
                _ => body.text(&topic.name),
            }
            body.count(topic.partitions.len());
            for partition in topic.partitions {
                body.partition(partition);
            }
            body.no_tagged_fields();
        }
        body.no_tagged_fields();
        body.pieces.push(Piece::Fields(body.tail.freeze()));
        body.pieces
    }
}

struct Body<R> {
    version: i16,
    pieces: Vec<Piece<R>>,
    /// What follows the last piece.
    tail: BytesMut,
}

impl<R: RecordBytes> Body<R> {
    fn partition(&mut self, partition: FetchedPartition<R>) {
        self.tail.put_i32(partition.index);
        self.tail.put_i16(partition.error_code);
        self.tail.put_i64(partition.high_watermark);
        self.tail.put_i64(partition.last_stable_offset);
        if self.version >= 5 {
            self.tail.put_i64(partition.log_start_offset);
        }
        match partition.aborted {
            None if self.is_flexible() => put_uvarint(&mut self.tail, 0),
            None => self.tail.put_i32(-1),
            Some(aborted) => {
                self.count(aborted.len());
                for (producer_id, first_offset) in aborted {
                    self.tail.put_i64(producer_id);
                    self.tail.put_i64(first_offset);
                    self.no_tagged_fields();
                }
            }
        }
        if self.version >= 11 {
            self.tail.put_i32(-1); // preferred read replica
        }
        let records = partition.records.filter(|records| records.byte_count() > 0);
        self.count(records.as_ref().map_or(0, RecordBytes::byte_count));
        if let Some(records) = records {
            self.pieces.push(Piece::Fields(self.tail.split().freeze()));
            self.pieces.push(Piece::Records(records));
        }
        match partition.diverging_epoch.filter(|_| self.is_flexible()) {
            None => self.no_tagged_fields(),
            Some((epoch, end_offset)) => {
                self.tail.put_slice(&[1, DIVERGING_EPOCH, DIVERGING_EPOCH_BYTES]);
                self.tail.put_i32(epoch);
                self.tail.put_i64(end_offset);
                self.tail.put_u8(0);
            }
        }
    }

    fn is_flexible(&self) -> bool {
        self.version >= FLEXIBLE
    }

    /// Of array elements, or of the bytes of records. A response beyond 2³¹ does not fit a frame
    /// and is refused there.
    fn count(&mut self, count: usize) {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        if self.is_flexible() {
            put_uvarint(&mut self.tail, count.unsigned_abs() + 1);
        } else {
            self.tail.put_i32(count);
        }
    }

    fn text(&mut self, text: &[u8]) {
        if self.is_flexible() {
            self.count(text.len());
        } else {
            self.tail.put_i16(i16::try_from(text.len()).unwrap_or(i16::MAX));
        }
        self.tail.put_slice(text);
    }

    fn no_tagged_fields(&mut self) {
        if self.is_flexible() {
            self.tail.put_u8(0);
        }
    }
}

#[cfg(test)]
mod tests;
