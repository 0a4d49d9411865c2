//! The segments of a partition: sealed ones, and the active one that grows.

use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

use super::LogError;
use super::checkpoint::io_error;
use super::index::SparseIndex;
use super::layout::{Kind, segment_path};
use super::shared::Shared;
use crate::io::{Disk, DiskFile};
use crate::producer_state::Aborted;

/// A segment's file, shared with readers; they keep it readable while it is being deleted.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base_offset: i64,
    pub(super) file: Arc<dyn DiskFile>,
}

impl Segment {
    pub(super) fn open(disk: &dyn Disk, dir: &Path, base_offset: i64) -> Result<Self, LogError> {
        let path = segment_path(dir, base_offset, Kind::Log);
        let file = disk.open(&path).map_err(|error| io_error("open", &path, &error))?;
        Ok(Self { base_offset, file })
    }

    /// An empty segment whose name is durable. A failed sync takes the directory offline: a
    /// second one that succeeds would not prove that the name is there after a power cut, and
    /// with it whatever is acknowledged in the segment.
    pub(super) fn create(shared: &Shared, dir: &Path, base_offset: i64) -> Result<Self, LogError> {
        let path = segment_path(dir, base_offset, Kind::Log);
        let failed = |error: &std::io::Error| io_error("create", &path, error);
        let offline = |error: std::io::Error| shared.health.fail(&failed(&error));
        let names = shared.disk.open_dir(dir).map_err(|error| failed(&error))?;
        let file = shared.disk.create(&path).map_err(|error| failed(&error))?;
        file.sync().map_err(offline)?;
        names.sync().map_err(offline)?;
        Ok(Self { base_offset, file })
    }

    /// `offset` relative to the base, as index entries hold it.
    pub(super) fn relative(&self, offset: i64) -> u32 {
        u32::try_from(offset.saturating_sub(self.base_offset).max(0)).unwrap_or(u32::MAX)
    }
}

/// How offsets follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offsets {
    /// None is missing.
    Dense,
    /// Compaction may have taken some.
    Rising,
}

#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub(super) segment: Arc<Segment>,
    pub(super) size: u64,
    pub(super) next_offset: i64,
    /// `None` when compaction has left no record.
    pub(super) max_timestamp: Option<i64>,
    /// Until the index files are written; after that they are searched on disk.
    pub(super) index: Option<Arc<SparseIndex>>,
}

#[derive(Debug)]
pub(super) struct Active {
    pub(super) segment: Arc<Segment>,
    pub(super) size: u64,
    pub(super) index: SparseIndex,
    /// When its first batch was appended; `None` while it is empty.
    pub(super) first_append_ms: Option<i64>,
    /// A random number, for `segment.jitter.ms`.
    pub(super) dice: u64,
}

pub(super) fn roll_dice() -> u64 {
    Uuid::new_v4().as_u64_pair().1
}

impl Active {
    pub(super) fn empty(segment: Segment) -> Self {
        let segment = Arc::new(segment);
        let index = SparseIndex::default();
        Self { segment, size: 0, index, first_append_ms: None, dice: roll_dice() }
    }

    pub(super) fn newest(&self) -> Newest {
        let base_offset = self.segment.base_offset;
        Newest { base_offset, timestamp: self.index.max_timestamp() }
    }
}

/// The largest timestamp in what a segment held at some time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newest {
    pub(super) base_offset: i64,
    pub(super) timestamp: Option<i64>,
}

/// A segment that was rolled and still owes its sync, its index files and its snapshot.
#[derive(Debug)]
pub(super) struct Rolled {
    pub(super) segment: Arc<Segment>,
    pub(super) index: Arc<SparseIndex>,
    /// Producer state at the end of the segment.
    pub(super) snapshot: Vec<u8>,
    /// Transactions that were rolled back by a marker in the segment.
    pub(super) aborted: Vec<Aborted>,
    pub(super) next_offset: i64,
}
