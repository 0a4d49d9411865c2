//! Judging the file of one segment: quickly where its index can be trusted, else batch by batch.

use std::io;
use std::path::Path;
use std::sync::Arc;

use levada_kafka_wire::record_batch::{BatchError, BatchHeader};

use super::index::{OffsetEntry, SparseIndex, StoredIndex};
use super::scan::{Scan, ScanError};
use super::segment::{Sealed, Segment};
use super::view::Target;
use crate::io::{Disk, DiskFile};
use crate::seeded::seeded;

/// What stands of a segment.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) valid_bytes: u64,
    pub(super) next_offset: i64,
    pub(super) max_timestamp: Option<i64>,
    pub(super) last_epoch: i32,
    /// `None` when the index files hold it.
    pub(super) index: Option<SparseIndex>,
    /// Whether `index` was read from its files, which have every entry.
    pub(super) is_stored: bool,
    /// Why the bytes after `valid_bytes` do not count.
    pub(super) problem: Option<String>,
}

/// How the offsets of a segment follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Continuity {
    /// None is missing.
    Dense,
    /// Compaction may have taken some; what follows the segment begins at the offset.
    Rising { end: i64 },
}

/// Reads every batch and its checksum.
pub(super) fn scan_whole(
    segment: &Segment,
    interval: u32,
    continuity: Continuity,
) -> io::Result<Checked> {
    let len = segment.file.len()?;
    let mut checked = Checked::nothing(segment, SparseIndex::default());
    checked.scan(segment, len, interval, continuity)?;
    Ok(checked)
}

/// The active segment after a clean stop: its index, and the batches after the last entry. `None`
/// when anything disagrees.
pub(super) fn check_active(
    disk: &dyn Disk,
    dir: &Path,
    segment: &Segment,
    durable: i64,
    interval: u32,
) -> Option<Checked> {
    let len = segment.file.len().ok()?;
    let (index, last) = SparseIndex::load(disk, dir, segment.base_offset).ok()??;
    let mut checked = Checked::nothing(segment, index);
    if let Some(last) = last {
        let sealed = probe(segment, len);
        if !sealed.view(Target::Offset(0)).agrees(last) {
            return None;
        }
        checked.valid_bytes = last.position.into();
        checked.next_offset = -1;
    }
    checked.scan(segment, len, interval, Continuity::Dense).ok()?;
    checked.is_stored = true;
    (checked.problem.is_none() && checked.next_offset == durable).then_some(checked)
}

/// A sealed segment: its last batches lead to the next segment, its largest timestamp is that of
/// the batch the time index names. `None` when anything disagrees.
pub(super) fn check_sealed(
    disk: &dyn Disk,
    dir: &Path,
    segment: &Segment,
    next_base: i64,
) -> Option<Checked> {
    let len = segment.file.len().ok()?;
    let stored = StoredIndex { disk, dir, base_offset: segment.base_offset };
    let view = probe(segment, len).view(Target::Offset(0));
    let last = stored.floor(u32::MAX).ok()?;
    if last.is_some_and(|entry| !view.agrees(entry)) {
        return None;
    }
    // A segment with a record has its largest timestamp there.
    let time = stored.last_time().ok()?;
    if time.is_some_and(|time| !view.agrees_with_time(&stored, time)) {
        return None;
    }
    let largest = time.map(|time| time.timestamp);
    // Without one every batch must be empty.
    let start = last.filter(|_| time.is_some()).map_or(0, |entry| entry.position.into());
    let mut checked = Checked::nothing(segment, SparseIndex::default());
    let mut scan = Scan::new(&*segment.file, start, len);
    while let Some(batch) = scan.next_header().ok()? {
        if batch.header.newest_timestamp() > largest {
            return None;
        }
        checked.next_offset = batch.header.last_offset() + 1;
        checked.last_epoch = batch.header.leader_epoch;
    }
    checked.valid_bytes = len;
    checked.max_timestamp = largest;
    checked.index = None;
    (checked.next_offset == next_base).then_some(checked)
}

/// How many batches with a right checksum lie in the range, following the length fields.
pub(super) fn count_batches(file: &dyn DiskFile, from: u64, to: u64) -> usize {
    let mut scan = Scan::new(file, from, to);
    let mut count = 0;
    while let Ok(Some(batch)) = scan.next_batch() {
        count += usize::from(BatchHeader::parse_whole(batch.bytes).is_ok());
    }
    count
}

fn probe(segment: &Segment, size: u64) -> Sealed {
    let segment = Segment { base_offset: segment.base_offset, file: segment.file.clone() };
    Sealed {
        segment: Arc::new(segment),
        size,
        next_offset: i64::MAX,
        max_timestamp: None,
        index: None,
    }
}

impl Checked {
    fn nothing(segment: &Segment, index: SparseIndex) -> Self {
        Self {
            valid_bytes: 0,
            next_offset: segment.base_offset,
            max_timestamp: index.max_timestamp(),
            last_epoch: 0,
            index: Some(index),
            is_stored: false,
            problem: None,
        }
    }

    /// Goes on from `valid_bytes` to the first batch that is not right. A next offset of −1 means
    /// that the first batch says where it is.
    fn scan(
        &mut self,
        segment: &Segment,
        len: u64,
        interval: u32,
        continuity: Continuity,
    ) -> io::Result<()> {
        let mut scan = Scan::new(&*segment.file, self.valid_bytes, len);
        loop {
            let step = match scan.next_batch() {
                Ok(None) => return Ok(()),
                Ok(Some(batch)) => {
                    let judged = self.judge(segment, batch.bytes, continuity);
                    judged.map(|header| (header, batch.position))
                }
                Err(ScanError::Io(error)) => return Err(error),
                Err(ScanError::Batch(error)) => Err(error.to_string()),
            };
            match step {
                Ok((header, position)) => self.take(segment, &header, position, interval),
                Err(problem) => {
                    self.problem = Some(problem);
                    return Ok(());
                }
            }
        }
    }

    /// The header of a batch that may follow what stands so far.
    fn judge(
        &self,
        segment: &Segment,
        batch: &[u8],
        continuity: Continuity,
    ) -> Result<BatchHeader, String> {
        seeded!(CrcNotChecked => return self.follows(segment, BatchHeader::parse(batch), continuity));
        self.follows(segment, BatchHeader::parse_whole(batch), continuity)
    }

    fn follows(
        &self,
        segment: &Segment,
        header: Result<BatchHeader, BatchError>,
        continuity: Continuity,
    ) -> Result<BatchHeader, String> {
        let header = header.map_err(|error| error.to_string())?;
        let (found, wanted) = (header.base_offset, self.next_offset);
        let is_right = match continuity {
            Continuity::Dense => wanted < 0 || found == wanted,
            Continuity::Rising { end } => found >= wanted && header.last_offset() < end,
        };
        if !is_right {
            return Err(format!("a batch at offset {found} instead of {wanted}"));
        }
        let is_possible = found >= segment.base_offset
            && header.last_offset_delta >= 0
            && header.last_offset() < i64::MAX;
        if is_possible { Ok(header) } else { Err("a batch with impossible offsets".to_owned()) }
    }

    fn take(&mut self, segment: &Segment, header: &BatchHeader, position: u64, interval: u32) {
        let bytes = u64::try_from(header.total_bytes).unwrap_or(u64::MAX);
        let entry = OffsetEntry {
            last_relative: segment.relative(header.last_offset()),
            position: u32::try_from(position).unwrap_or(u32::MAX),
        };
        if let Some(index) = &mut self.index {
            index.add(entry, header.newest_timestamp(), bytes, interval);
        }
        self.valid_bytes = position + bytes;
        self.next_offset = header.last_offset() + 1;
        self.max_timestamp = self.max_timestamp.max(header.newest_timestamp());
        self.last_epoch = header.leader_epoch;
    }
}
