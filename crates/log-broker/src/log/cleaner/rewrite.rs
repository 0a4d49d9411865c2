//! Reading the keys of segments, and writing a group of segments again as one.

use std::sync::Arc;

use levada_kafka_wire::record_batch::BatchHeader;

use super::keep::{Keep, KeepError, Kept};
use super::swap::CLEANED;
use super::{CleanError, Dirt, Pace};
use crate::io::DiskFile;
use crate::log::checkpoint::io_error;
use crate::log::index::{OffsetEntry, SparseIndex};
use crate::log::layout::{Kind, segment_path};
use crate::log::scan::{Scan, ScanError};
use crate::log::segment::{Sealed, Segment};
use crate::log::{LogError, PartitionLog};

/// Written at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// A group as one segment, written and synced under a name of its own.
#[derive(Debug)]
pub(super) struct Rewritten {
    pub(super) segment: Segment,
    pub(super) size: u64,
    pub(super) next_offset: i64,
    pub(super) index: SparseIndex,
    /// Of transactions that were aborted before it no record is left.
    pub(super) end_offset: i64,
    /// Nothing of it differs from the one segment that it was.
    is_same: bool,
}

impl PartitionLog {
    /// Fills the map of `keep` from the first dirty offset on.
    pub(super) fn note_keys(
        &self,
        segments: &[Sealed],
        dirt: &Dirt,
        keep: &mut Keep,
        pace: &mut Pace<'_>,
    ) -> Result<(), CleanError> {
        let clean = segments.partition_point(|sealed| sealed.next_offset <= dirt.first_dirty);
        for sealed in &segments[clean..] {
            let mut scan = Scan::new(&*sealed.segment.file, 0, sealed.size);
            while let Some(batch) =
                scan.next_batch().map_err(|error| self.scan_failed(sealed, error))?
            {
                pace.spend(batch.bytes.len())?;
                let header = self.whole(sealed, batch.bytes)?;
                let noted = keep.note(&header, batch.bytes, dirt.first_dirty);
                if !noted.map_err(|error| self.uncleanable(sealed, &header, &error))? {
                    return Ok(());
                }
            }
        }
        keep.all_noted(dirt.end_offset);
        Ok(())
    }

    /// Writes what stays of the group. `None` when nothing of it changes.
    pub(super) fn rewrite(
        &self,
        group: &[Sealed],
        keep: &mut Keep,
        pace: &mut Pace<'_>,
    ) -> Result<Option<Rewritten>, CleanError> {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { return Ok(None) };
        let mut output = self.create_cleaned(first.segment.base_offset)?;
        output.rewritten.is_same = group.len() == 1;
        output.rewritten.end_offset = keep.end_offset();
        let interval = self.core.lock().config.index_interval_bytes;
        for sealed in group {
            let mut scan = Scan::new(&*sealed.segment.file, 0, sealed.size);
            while let Some(batch) =
                scan.next_batch().map_err(|error| self.scan_failed(sealed, error))?
            {
                pace.spend(batch.bytes.len())?;
                let header = self.whole(sealed, batch.bytes)?;
                let is_last = header.last_offset() + 1 == last.next_offset;
                let kept = keep.judge(&header, batch.bytes, is_last);
                let kept = kept.map_err(|error| self.uncleanable(sealed, &header, &error))?;
                output.rewritten.is_same &= kept == Kept::AsItIs;
                let bytes = match &kept {
                    Kept::Nothing => continue,
                    Kept::AsItIs => batch.bytes,
                    Kept::Changed(bytes) => bytes,
                };
                pace.spend(bytes.len())?;
                let written = output.add(bytes, interval);
                written.map_err(|error| self.cleaned_failed("write", first, &error))?;
            }
        }
        let finished = output.finish();
        let rewritten = finished.map_err(|error| self.cleaned_failed("write", first, &error))?;
        if rewritten.next_offset != last.next_offset {
            let reason = format!("it ends at offset {}", rewritten.next_offset);
            return Err(self.damaged(last, reason).into());
        }
        if rewritten.is_same {
            self.remove_cleaned(first.segment.base_offset);
            return Ok(None);
        }
        Ok(Some(rewritten))
    }

    fn create_cleaned(&self, base_offset: i64) -> Result<Output, CleanError> {
        // A partition that is deleted leaves its name to another one.
        let _turn = self.flush_turn.lock();
        if self.is_deleted() {
            return Err(CleanError::Overtaken);
        }
        let path = segment_path(&self.dir, base_offset, Kind::Log).with_extension(CLEANED);
        let file = self.shared.disk.create(&path);
        let file = file.map_err(|error| io_error("create", &path, &error))?;
        let rewritten = Rewritten {
            segment: Segment { base_offset, file },
            size: 0,
            next_offset: base_offset,
            index: SparseIndex::default(),
            end_offset: base_offset,
            is_same: false,
        };
        Ok(Output { rewritten, pending: Vec::new(), written: 0 })
    }

    /// A flipped bit shall not be written again under a right checksum.
    fn whole(&self, sealed: &Sealed, batch: &[u8]) -> Result<BatchHeader, LogError> {
        BatchHeader::parse_whole(batch).map_err(|error| self.damaged(sealed, error.to_string()))
    }

    fn damaged(&self, sealed: &Sealed, reason: String) -> LogError {
        let path = segment_path(&self.dir, sealed.segment.base_offset, Kind::Log);
        LogError::Corrupt { path, reason }
    }

    fn scan_failed(&self, sealed: &Sealed, error: ScanError) -> LogError {
        match error {
            ScanError::Batch(error) => self.damaged(sealed, error.to_string()),
            ScanError::Io(error) => self.cleaned_failed("read", sealed, &error),
        }
    }

    fn uncleanable(&self, sealed: &Sealed, header: &BatchHeader, error: &KeepError) -> LogError {
        let offset = header.base_offset;
        self.damaged(sealed, format!("the batch at offset {offset} cannot be compacted: {error}"))
    }

    fn cleaned_failed(
        &self,
        action: &'static str,
        sealed: &Sealed,
        error: &std::io::Error,
    ) -> LogError {
        io_error(action, &segment_path(&self.dir, sealed.segment.base_offset, Kind::Log), error)
    }
}

/// A segment that is being written.
struct Output {
    rewritten: Rewritten,
    pending: Vec<u8>,
    written: u64,
}

impl Output {
    fn add(&mut self, batch: &[u8], interval: u32) -> std::io::Result<()> {
        let header = BatchHeader::parse(batch).map_err(std::io::Error::other)?;
        let rewritten = &mut self.rewritten;
        let entry = OffsetEntry {
            last_relative: rewritten.segment.relative(header.last_offset()),
            position: u32::try_from(rewritten.size).unwrap_or(u32::MAX),
        };
        let bytes = u64::try_from(batch.len()).map_err(std::io::Error::other)?;
        rewritten.index.add(entry, header.newest_timestamp(), bytes, interval);
        rewritten.size += bytes;
        rewritten.next_offset = header.last_offset() + 1;
        self.pending.extend_from_slice(batch);
        if self.pending.len() >= CHUNK_BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> std::io::Result<()> {
        let file: &Arc<dyn DiskFile> = &self.rewritten.segment.file;
        file.write_at(self.written, [&self.pending, &[]])?;
        self.written = self.rewritten.size;
        self.pending.clear();
        Ok(())
    }

    fn finish(mut self) -> std::io::Result<Rewritten> {
        if !self.rewritten.is_same {
            self.write()?;
            self.rewritten.segment.file.sync()?;
        }
        Ok(self.rewritten)
    }
}
