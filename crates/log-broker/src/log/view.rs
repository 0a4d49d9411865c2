//! A segment as one reader sees it: taken under the partition's lock, used without it.

use std::path::Path;
use std::sync::Arc;

use levada_kafka_wire::record_batch::{BatchHeader, HEADER_BYTES};

use super::index::{OffsetEntry, StoredIndex, TimeEntry};
use super::partition_log::Core;
use super::scan::Scan;
use super::segment::{Offsets, Sealed, Segment};
use crate::io::Disk;

#[derive(Debug)]
pub(super) struct View {
    pub(super) segment: Arc<Segment>,
    /// What of the file is whole batches.
    pub(super) size: u64,
    /// Of the first record that is not in it.
    pub(super) next_offset: i64,
    hint: Hint,
    /// Whether offsets may be missing: compaction has been here.
    pub(super) may_have_holes: bool,
}

/// What is searched for in a segment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    Offset(i64),
    Timestamp(i64),
}

#[derive(Debug)]
enum Hint {
    /// Looked up in memory.
    Known(Option<OffsetEntry>),
    /// To be looked up in the index files.
    Stored(Target),
}

impl Core {
    /// The segment that holds `offset`, which must not be past the log end.
    pub(super) fn view_at(&self, offset: i64) -> View {
        let after = self.sealed.partition_point(|sealed| sealed.next_offset <= offset);
        match self.sealed.get(after) {
            Some(sealed) => View {
                may_have_holes: self.offsets == Offsets::Rising,
                ..sealed.view(Target::Offset(offset))
            },
            None => self.active_view(Target::Offset(offset)),
        }
    }

    pub(super) fn active_view(&self, target: Target) -> View {
        let active = &self.active;
        let entry = match target {
            Target::Offset(offset) => active.index.floor(active.segment.relative(offset)),
            Target::Timestamp(time) => {
                active.index.before_time(time).and_then(|t| active.index.floor(t.last_relative))
            }
        };
        View {
            segment: active.segment.clone(),
            size: active.size,
            next_offset: self.log_end_offset,
            hint: Hint::Known(entry),
            may_have_holes: false,
        }
    }
}

impl Sealed {
    pub(super) fn view(&self, target: Target) -> View {
        let hint = match (&self.index, target) {
            (None, target) => Hint::Stored(target),
            (Some(index), Target::Offset(offset)) => {
                Hint::Known(index.floor(self.segment.relative(offset)))
            }
            (Some(index), Target::Timestamp(time)) => {
                Hint::Known(index.before_time(time).and_then(|t| index.floor(t.last_relative)))
            }
        };
        View {
            segment: self.segment.clone(),
            size: self.size,
            next_offset: self.next_offset,
            hint,
            may_have_holes: false,
        }
    }
}

impl View {
    /// A position at or before the target. Damaged index files cost a scan from the front.
    pub(super) fn start(&self, disk: &dyn Disk, dir: &Path) -> u64 {
        let found = match self.hint {
            Hint::Known(entry) => return entry.map_or(0, |entry| entry.position.into()),
            Hint::Stored(target) => self.stored_start(disk, dir, target),
        };
        found.unwrap_or_else(|| {
            let base_offset = self.segment.base_offset;
            tracing::warn!(dir = %dir.display(), base_offset, "index does not match the segment");
            0
        })
    }

    /// `None` when the index is missing or contradicts the segment.
    fn stored_start(&self, disk: &dyn Disk, dir: &Path, target: Target) -> Option<u64> {
        let index = StoredIndex { disk, dir, base_offset: self.segment.base_offset };
        let relative = match target {
            Target::Offset(offset) => self.segment.relative(offset),
            Target::Timestamp(timestamp) => {
                let Some(time) = index.before_time(timestamp).ok()? else { return Some(0) };
                self.agrees_with_time(&index, time).then_some(time.last_relative)?
            }
        };
        let Some(entry) = index.floor(relative).ok()? else { return Some(0) };
        self.agrees(entry).then_some(entry.position.into())
    }

    /// Whether the entry leads to the batch it names.
    pub(super) fn agrees(&self, entry: OffsetEntry) -> bool {
        let position = u64::from(entry.position);
        let mut head = Vec::with_capacity(HEADER_BYTES);
        position < self.size
            && self.segment.file.read_at(position, HEADER_BYTES, &mut head).is_ok()
            && BatchHeader::parse(&head).is_ok_and(|header| {
                header.last_offset() >= self.segment.base_offset
                    && self.segment.relative(header.last_offset()) == entry.last_relative
            })
    }

    /// Whether the batch that the entry names carries its timestamp.
    pub(super) fn agrees_with_time(&self, index: &StoredIndex<'_>, time: TimeEntry) -> bool {
        let position = match index.floor(time.last_relative) {
            Ok(Some(entry)) if self.agrees(entry) => entry.position.into(),
            Ok(None) => 0,
            _ => return false,
        };
        let mut scan = Scan::new(&*self.segment.file, position, self.size);
        while let Ok(Some(batch)) = scan.next_header() {
            let relative = self.segment.relative(batch.header.last_offset());
            if relative >= time.last_relative {
                return relative == time.last_relative
                    && batch.header.max_timestamp == time.timestamp;
            }
        }
        false
    }
}
