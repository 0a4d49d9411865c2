//! The sparse indexes of a segment: offset → position and time → offset.
//!
//! Both are hints. Whoever follows an entry checks the batch it leads to, so a damaged index costs
//! a scan, never a wrong answer.
//!
//! | file | entry, big endian |
//! |---|---|
//! | `.index` | last offset of a batch − base (u32), position of that batch (u32) |
//! | `.timeindex` | largest timestamp so far (i64), last offset of its batch − base (u32) |

use std::io;
use std::path::Path;

use super::layout::{Kind, segment_path};
use crate::io::{Disk, DiskFile, read_file, replace_file};

const OFFSET_ENTRY: usize = 8;
const TIME_ENTRY: usize = 12;

/// A batch that an index entry leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OffsetEntry {
    pub(super) last_relative: u32,
    pub(super) position: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeEntry {
    pub(super) timestamp: i64,
    pub(super) last_relative: u32,
}

/// The indexes of the active segment, in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SparseIndex {
    offsets: Vec<OffsetEntry>,
    times: Vec<TimeEntry>,
    largest: Option<TimeEntry>,
    bytes_since_entry: u64,
}

impl SparseIndex {
    /// Notes a batch; every `interval` bytes one becomes an entry. One without records has no
    /// timestamp.
    pub(super) fn add(
        &mut self,
        entry: OffsetEntry,
        timestamp: Option<i64>,
        bytes: u64,
        interval: u32,
    ) {
        if let Some(timestamp) = timestamp
            && self.largest.is_none_or(|largest| timestamp > largest.timestamp)
        {
            self.largest = Some(TimeEntry { timestamp, last_relative: entry.last_relative });
        }
        if self.bytes_since_entry > u64::from(interval) {
            self.offsets.push(entry);
            self.add_time_entry();
            self.bytes_since_entry = 0;
        }
        self.bytes_since_entry += bytes;
    }

    fn add_time_entry(&mut self) {
        if let Some(largest) = self.largest
            && self.times.last().is_none_or(|last| last.timestamp < largest.timestamp)
        {
            self.times.push(largest);
        }
    }

    /// `None` when no batch has a record.
    pub(super) fn max_timestamp(&self) -> Option<i64> {
        self.largest.map(|largest| largest.timestamp)
    }

    /// The last entry whose batch ends at or before `relative`.
    pub(super) fn floor(&self, relative: u32) -> Option<OffsetEntry> {
        let after = self.offsets.partition_point(|entry| entry.last_relative <= relative);
        after.checked_sub(1).map(|at| self.offsets[at])
    }

    /// The last entry before which all records are older than `timestamp`.
    pub(super) fn before_time(&self, timestamp: i64) -> Option<TimeEntry> {
        let after = self.times.partition_point(|entry| entry.timestamp < timestamp);
        after.checked_sub(1).map(|at| self.times[at])
    }

    /// Reads both files back, with the last offset entry. `None` when they are no index.
    pub(super) fn load(
        disk: &dyn Disk,
        dir: &Path,
        base: i64,
    ) -> io::Result<Option<(Self, Option<OffsetEntry>)>> {
        let offset_bytes = read_file(disk, &segment_path(dir, base, Kind::OffsetIndex))?;
        let time_bytes = read_file(disk, &segment_path(dir, base, Kind::TimeIndex))?;
        let (offsets, offsets_rest) = offset_bytes.as_chunks();
        let (times, times_rest) = time_bytes.as_chunks();
        let offsets: Vec<_> = offsets.iter().copied().map(offset_entry).collect();
        let times: Vec<_> = times.iter().copied().map(time_entry).collect();
        let is_index = offsets_rest.is_empty()
            && times_rest.is_empty()
            && (offsets.is_empty() || !times.is_empty())
            && offsets
                .is_sorted_by(|a, b| a.last_relative < b.last_relative && a.position < b.position)
            && times.is_sorted_by(|a, b| a.timestamp < b.timestamp);
        let last = offsets.last().copied();
        let largest = times.last().copied();
        let index = Self { offsets, times, largest, bytes_since_entry: 0 };
        Ok(is_index.then_some((index, last)))
    }

    /// Writes both files; the time index ends with the segment's largest timestamp.
    pub(super) fn store(&self, disk: &dyn Disk, dir: &Path, base: i64) -> io::Result<()> {
        let last = self.largest.filter(|largest| self.times.last() != Some(largest));
        let mut offsets = Vec::with_capacity(self.offsets.len() * OFFSET_ENTRY);
        for entry in &self.offsets {
            offsets.extend_from_slice(&entry.last_relative.to_be_bytes());
            offsets.extend_from_slice(&entry.position.to_be_bytes());
        }
        let mut times = Vec::with_capacity(self.times.len() * TIME_ENTRY);
        for entry in self.times.iter().chain(&last) {
            times.extend_from_slice(&entry.timestamp.to_be_bytes());
            times.extend_from_slice(&entry.last_relative.to_be_bytes());
        }
        replace_file(disk, &segment_path(dir, base, Kind::OffsetIndex), &offsets)?;
        replace_file(disk, &segment_path(dir, base, Kind::TimeIndex), &times)
    }
}

/// The index files of a sealed segment, searched entry by entry: nothing of them stays in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredIndex<'a> {
    pub(super) disk: &'a dyn Disk,
    pub(super) dir: &'a Path,
    pub(super) base_offset: i64,
}

impl StoredIndex<'_> {
    pub(super) fn floor(&self, relative: u32) -> io::Result<Option<OffsetEntry>> {
        let is_before = |entry| offset_entry(entry).last_relative <= relative;
        let entry = self.search(Kind::OffsetIndex, is_before)?;
        Ok(entry.map(offset_entry))
    }

    pub(super) fn before_time(&self, timestamp: i64) -> io::Result<Option<TimeEntry>> {
        let entry =
            self.search(Kind::TimeIndex, |entry| time_entry(entry).timestamp < timestamp)?;
        Ok(entry.map(time_entry))
    }

    /// The last entry of the time index, which holds the largest timestamp of a sealed segment.
    pub(super) fn last_time(&self) -> io::Result<Option<TimeEntry>> {
        Ok(self.search(Kind::TimeIndex, |_: [u8; TIME_ENTRY]| true)?.map(time_entry))
    }

    /// The last entry for which `is_before` holds; it must hold for a prefix of the entries.
    fn search<const N: usize>(
        &self,
        kind: Kind,
        is_before: impl Fn([u8; N]) -> bool,
    ) -> io::Result<Option<[u8; N]>> {
        let file = self.disk.open(&segment_path(self.dir, self.base_offset, kind))?;
        let size = u64::try_from(N).map_err(io::Error::other)?;
        let (mut low, mut high) = (0, file.len()? / size);
        let mut found = None;
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = entry_at(&*file, middle * size)?;
            if is_before(entry) {
                found = Some(entry);
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(found)
    }
}

fn offset_entry(entry: [u8; OFFSET_ENTRY]) -> OffsetEntry {
    OffsetEntry {
        last_relative: u32::from_be_bytes(field(&entry, 0)),
        position: u32::from_be_bytes(field(&entry, 4)),
    }
}

fn time_entry(entry: [u8; TIME_ENTRY]) -> TimeEntry {
    TimeEntry {
        timestamp: i64::from_be_bytes(field(&entry, 0)),
        last_relative: u32::from_be_bytes(field(&entry, 8)),
    }
}

/// `N` bytes at `at`, inside the entry.
fn field<const N: usize>(entry: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&entry[at..at + N]);
    out
}

fn entry_at<const N: usize>(file: &dyn DiskFile, position: u64) -> io::Result<[u8; N]> {
    let mut bytes = Vec::with_capacity(N);
    file.read_at(position, N, &mut bytes)?;
    bytes.try_into().map_err(|_| io::ErrorKind::UnexpectedEof.into())
}
