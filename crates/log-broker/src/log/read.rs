//! Reading whole batches from an offset.

use bytes::Bytes;
use levada_kafka_wire::record_batch::{BatchHeader, HEADER_BYTES};

use super::checkpoint::io_error;
use super::layout::{Kind, segment_path};
use super::view::View;
use super::{LogError, PartitionLog, ReadBound, ReadError, ReadRecords};

/// Read first, to find the offset from its index entry. Batches on the way that are larger are
/// skipped by their headers, and what a reader at the end of the log gets is mostly in it.
const PROBE_BYTES: usize = 16 << 10;

/// What a read may return.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    from: i64,
    end: i64,
    max_bytes: usize,
    whole_first_batch: bool,
}

impl PartitionLog {
    /// Whole batches from the one that holds `from`, up to `max_bytes` and the bound, at most to
    /// the end of a segment. With `whole_first_batch` the first one comes whole even when it is
    /// larger. `from` between the bound and the log end answers no records. Blocks on the file,
    /// mostly the page cache.
    pub fn read(
        &self,
        from: i64,
        bound: ReadBound,
        max_bytes: usize,
        whole_first_batch: bool,
    ) -> Result<ReadRecords, ReadError> {
        let (view, bounds, end) = {
            let core = self.core.lock();
            if core.is_deleted {
                return Err(ReadError::Deleted);
            }
            let bounds = self.bounds();
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
            if from >= end {
                return Ok(ReadRecords { records: Bytes::new(), next_offset: from, bounds });
            }
            (core.view_at(from), bounds, end)
        };
        let wanted = Wanted { from, end, max_bytes, whole_first_batch };
        let (records, next_offset) = self.collect(&view, wanted)?;
        Ok(ReadRecords { records, next_offset, bounds })
    }

    fn collect(&self, view: &View, wanted: Wanted) -> Result<(Bytes, i64), LogError> {
        let mut position = view.start(&*self.shared.disk, &self.dir);
        let nothing = (Bytes::new(), wanted.from);
        while position < view.size {
            let probe = self.chunk(view, position, PROBE_BYTES)?;
            let (at, first) =
                skip_to(&probe, wanted.from).ok_or_else(|| self.unreadable(view, position))?;
            position += u64::try_from(at).unwrap_or(u64::MAX);
            let Some(first) = first else { continue };
            let is_missing = first.base_offset > wanted.from && !view.may_have_holes;
            if is_missing || first.last_offset() >= wanted.end {
                // Every bound lies between batches, and where nothing was compacted offsets are
                // dense, so the batch that holds this offset is damaged. Answering nothing would
                // let a reader wait for ever.
                return Err(self.unreadable(view, position));
            }
            let is_within = first.total_bytes <= wanted.max_bytes;
            if !is_within && !wanted.whole_first_batch {
                return Ok(nothing);
            }
            let len = wanted.max_bytes.max(first.total_bytes);
            let chunk = self.rest_of(view, position, probe, at, len)?;
            if chunk.len() < first.total_bytes {
                return Err(self.unreadable(view, position));
            }
            if !is_within {
                return Ok((chunk.slice(..first.total_bytes), first.last_offset() + 1));
            }
            let (len, next_offset) = run_of_batches(&chunk, wanted, view.may_have_holes);
            return Ok((chunk.slice(..len), next_offset));
        }
        Ok(nothing)
    }

    /// Up to `len` bytes from `position`, which is `at` in the probe: from there where it has them.
    fn rest_of(
        &self,
        view: &View,
        position: u64,
        probe: Vec<u8>,
        at: usize,
        len: usize,
    ) -> Result<Bytes, LogError> {
        let left = usize::try_from(view.size - position).unwrap_or(usize::MAX);
        if probe.len() - at >= len.min(left) {
            return Ok(Bytes::from(probe).slice(at..));
        }
        Ok(Bytes::from(self.chunk(view, position, len)?))
    }

    /// Up to `len` bytes of the segment's whole batches.
    fn chunk(&self, view: &View, position: u64, len: usize) -> Result<Vec<u8>, LogError> {
        let left = usize::try_from(view.size - position).unwrap_or(usize::MAX);
        let mut chunk = Vec::new();
        view.segment.file.read_at(position, len.min(left), &mut chunk).map_err(|error| {
            io_error("read", &segment_path(&self.dir, view.segment.base_offset, Kind::Log), &error)
        })?;
        Ok(chunk)
    }

    pub(super) fn unreadable(&self, view: &View, position: u64) -> LogError {
        let path = segment_path(&self.dir, view.segment.base_offset, Kind::Log);
        LogError::Corrupt { path, reason: format!("no batch at byte {position}") }
    }
}

/// Where the batch that holds `from` begins, and its header. Without a header the chunk ended
/// first, and the position is where to read on. `None` when there is no batch.
fn skip_to(chunk: &[u8], from: i64) -> Option<(usize, Option<BatchHeader>)> {
    let mut at = 0;
    loop {
        match chunk.get(at..) {
            Some(rest) if rest.len() >= HEADER_BYTES => {
                let header = BatchHeader::parse(rest).ok()?;
                if header.last_offset() >= from {
                    return Some((at, Some(header)));
                }
                at += header.total_bytes;
            }
            // Not even one header: the segment ends in something that is no batch.
            _ if at == 0 => return None,
            _ => return Some((at, None)),
        }
    }
}

/// How many bytes of whole batches may be returned, and the offset after them.
fn run_of_batches(bytes: &[u8], wanted: Wanted, may_have_holes: bool) -> (usize, i64) {
    let mut len = 0;
    let mut next_offset = wanted.from;
    while let Ok(header) = BatchHeader::parse(&bytes[len..]) {
        let end = len + header.total_bytes;
        let follows = header.base_offset == next_offset
            || (may_have_holes && header.base_offset > next_offset);
        let is_next = (len == 0 || follows) && header.last_offset() >= header.base_offset;
        if !is_next
            || end > bytes.len()
            || end > wanted.max_bytes
            || header.last_offset() >= wanted.end
        {
            break;
        }
        len = end;
        next_offset = header.last_offset() + 1;
    }
    (len, next_offset)
}
