//! Reading whole batches from an offset, or finding where they lie.

use bytes::Bytes;
use levada_kafka_wire::record_batch::{BatchHeader, HEADER_BYTES};

use super::checkpoint::io_error;
use super::layout::{Kind, segment_path};
use super::types::{FileRange, FoundRecords};
use super::view::View;
use super::{
    AbortedTransaction, Bounds, LogError, PartitionLog, ReadBound, ReadError, ReadRecords, Volume,
};

/// Read first, to find the offset from its index entry. Batches on the way that are larger are
/// skipped by their headers, and what a reader at the end of the log gets is mostly in it.
const PROBE_BYTES: usize = 16 << 10;
/// A batch from here on is sent from where it lies: to read the header of the next one costs less
/// than to read the batch.
const SENT_BYTES_MIN: usize = 8 << 10;
/// How many batches are found in one go; each costs a read of its header.
const FOUND_BATCHES_MAX: u64 = 64;

/// What a read may return.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    from: i64,
    end: i64,
    max_bytes: usize,
    whole_first_batch: bool,
}

/// The batch that holds the offset: the first that is returned.
struct First {
    view: View,
    /// Aborted transactions in the segment from the wanted offset on, for a committed reader.
    aborted: Option<Vec<AbortedTransaction>>,
    /// Of the batch in its segment.
    position: u64,
    header: BatchHeader,
    wanted: Wanted,
    /// Bytes around it, in which it begins at `at`.
    probe: Vec<u8>,
    at: usize,
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
        let (bounds, first) = self.look(from, bound, max_bytes, whole_first_batch)?;
        let Some(first) = first else { return Ok(ReadRecords::nothing(from, bound, bounds)) };
        let (records, run) = self.read_run(first)?;
        Ok(run.of(records, bounds))
    }

    /// As [`Self::read`], but large batches are not read: the answer says where they lie.
    pub(crate) fn find(
        &self,
        from: i64,
        bound: ReadBound,
        max_bytes: usize,
        whole_first_batch: bool,
    ) -> Result<ReadRecords<Option<FoundRecords>>, ReadError> {
        let (bounds, first) = self.look(from, bound, max_bytes, whole_first_batch)?;
        let Some(first) = first else { return Ok(ReadRecords::nothing(from, bound, bounds)) };
        if first.header.total_bytes >= SENT_BYTES_MIN
            && first.view.segment.file.descriptor().is_some()
        {
            let (records, run) = self.find_run(first)?;
            return Ok(run.of((records.len > 0).then_some(FoundRecords::Stored(records)), bounds));
        }
        let (records, run) = self.read_run(first)?;
        Ok(run.of((!records.is_empty()).then_some(FoundRecords::Read(records)), bounds))
    }

    fn look(
        &self,
        from: i64,
        bound: ReadBound,
        max_bytes: usize,
        whole_first_batch: bool,
    ) -> Result<(Bounds, Option<First>), ReadError> {
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
            return Ok((bounds, None));
        }
        let view = core.view_at(from);
        // With the view: compaction and deletion forget transactions whose records they remove,
        // and the records of this view are read all the same.
        let aborted = (bound == ReadBound::LastStable)
            .then(|| core.producers.aborted(from, end.min(view.next_offset)));
        drop(core);
        let wanted = Wanted { from, end, max_bytes, whole_first_batch };
        Ok((bounds, self.first(view, aborted, wanted)?))
    }

    fn first(
        &self,
        view: View,
        aborted: Option<Vec<AbortedTransaction>>,
        wanted: Wanted,
    ) -> Result<Option<First>, LogError> {
        let mut position = view.start(&*self.shared.disk, &self.dir);
        while position < view.size {
            let probe = self.chunk(&view, position, PROBE_BYTES)?;
            let (at, header) =
                skip_to(&probe, wanted.from).ok_or_else(|| self.unreadable(&view, position))?;
            position += u64::try_from(at).unwrap_or(u64::MAX);
            let Some(header) = header else { continue };
            let is_missing = header.base_offset > wanted.from && !view.may_have_holes;
            if is_missing || header.last_offset() >= wanted.end {
                // Every bound lies between batches, and where nothing was compacted offsets are
                // dense, so the batch that holds this offset is damaged. Answering nothing would
                // let a reader wait for ever.
                return Err(self.unreadable(&view, position));
            }
            let is_within = header.total_bytes <= wanted.max_bytes;
            if !is_within && !wanted.whole_first_batch {
                return Ok(None);
            }
            if left_of(&view, position) < header.total_bytes {
                return Err(self.unreadable(&view, position));
            }
            let wanted = Wanted { max_bytes: wanted.max_bytes.max(header.total_bytes), ..wanted };
            return Ok(Some(First { view, aborted, position, header, wanted, probe, at }));
        }
        Ok(None)
    }

    fn read_run(&self, first: First) -> Result<(Bytes, Run), LogError> {
        let First { view, aborted, position, header, wanted, probe, at } = first;
        let mut run = Run::new(wanted, aborted, view.may_have_holes);
        let (read, at) = self.rest_of(&view, position, probe, at, wanted.max_bytes)?;
        let chunk = read.get(at..).unwrap_or_default();
        if chunk.len() < header.total_bytes {
            return Err(self.unreadable(&view, position));
        }
        while let Ok(header) = BatchHeader::parse(chunk.get(run.len..).unwrap_or_default())
            && run.takes(&header, chunk.len())
        {}
        let records = chunk.get(..run.len).unwrap_or_default();
        // A slice keeps all that was read for as long as its reader takes.
        if 2 * records.len() < read.capacity() {
            return Ok((Bytes::copy_from_slice(records), run));
        }
        Ok((Bytes::from(read).slice(at..at + run.len), run))
    }

    fn find_run(&self, first: First) -> Result<(FileRange, Run), LogError> {
        let First { view, aborted, position, header, wanted, .. } = first;
        let mut run = Run::new(wanted, aborted, view.may_have_holes);
        let left = left_of(&view, position);
        let mut next = Ok(header);
        while let Ok(header) = next
            && run.takes(&header, left)
            && run.volume.batches < FOUND_BATCHES_MAX
        {
            let at = position.saturating_add(u64::try_from(run.len).unwrap_or(u64::MAX));
            next = BatchHeader::parse(&self.chunk(&view, at, HEADER_BYTES)?);
        }
        let file = view.segment.file.clone();
        Ok((FileRange { file, position, len: run.len }, run))
    }

    /// Up to `len` bytes from `position`, which is `at` in the probe, and where they begin in what
    /// was read: the probe where it has them.
    fn rest_of(
        &self,
        view: &View,
        position: u64,
        probe: Vec<u8>,
        at: usize,
        len: usize,
    ) -> Result<(Vec<u8>, usize), LogError> {
        if probe.len() - at >= len.min(left_of(view, position)) {
            return Ok((probe, at));
        }
        Ok((self.chunk(view, position, len)?, 0))
    }

    /// Up to `len` bytes of the segment's whole batches.
    fn chunk(&self, view: &View, position: u64, len: usize) -> Result<Vec<u8>, LogError> {
        let mut chunk = Vec::new();
        let len = len.min(left_of(view, position));
        view.segment.file.read_at(position, len, &mut chunk).map_err(|error| {
            io_error("read", &segment_path(&self.dir, view.segment.base_offset, Kind::Log), &error)
        })?;
        Ok(chunk)
    }

    pub(super) fn unreadable(&self, view: &View, position: u64) -> LogError {
        let path = segment_path(&self.dir, view.segment.base_offset, Kind::Log);
        LogError::Corrupt { path, reason: format!("no batch at byte {position}") }
    }
}

/// Bytes of the segment's whole batches from there on.
fn left_of(view: &View, position: u64) -> usize {
    usize::try_from(view.size.saturating_sub(position)).unwrap_or(usize::MAX)
}

impl<R: Default> ReadRecords<R> {
    /// An answer without records.
    pub(crate) fn nothing(from: i64, bound: ReadBound, bounds: Bounds) -> Self {
        let aborted = (bound == ReadBound::LastStable).then(Vec::new);
        let (records, volume) = (R::default(), Volume::default());
        Self { records, volume, next_offset: from, bounds, aborted }
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

/// Whole batches one after the other, as far as they are wanted.
struct Run {
    wanted: Wanted,
    aborted: Option<Vec<AbortedTransaction>>,
    may_have_holes: bool,
    len: usize,
    volume: Volume,
    next_offset: i64,
}

impl Run {
    fn new(wanted: Wanted, aborted: Option<Vec<AbortedTransaction>>, may_have_holes: bool) -> Self {
        let (volume, next_offset) = (Volume::default(), wanted.from);
        Self { wanted, aborted, may_have_holes, len: 0, volume, next_offset }
    }

    /// Adds the batch that comes next, unless it is not wanted or not within the `available` bytes.
    fn takes(&mut self, header: &BatchHeader, available: usize) -> bool {
        let end = self.len.saturating_add(header.total_bytes);
        let follows = header.base_offset == self.next_offset
            || (self.may_have_holes && header.base_offset > self.next_offset);
        let is_next = (self.len == 0 || follows) && header.last_offset() >= header.base_offset;
        let is_wanted = is_next
            && end <= available.min(self.wanted.max_bytes)
            && header.last_offset() < self.wanted.end;
        if is_wanted {
            self.len = end;
            self.volume.add(header);
            self.next_offset = header.last_offset() + 1;
        }
        is_wanted
    }

    fn of<R>(self, records: R, bounds: Bounds) -> ReadRecords<R> {
        let Self { volume, next_offset, mut aborted, .. } = self;
        if let Some(aborted) = &mut aborted {
            let within = aborted.partition_point(|txn| txn.first_offset < next_offset);
            aborted.truncate(within);
        }
        ReadRecords { records, volume, next_offset, bounds, aborted }
    }
}
