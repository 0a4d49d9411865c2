//! Making a partition's appends durable, and waiting for it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::checkpoint::io_error;
use super::index::SparseIndex;
use super::layout::{Kind, parse_segment_name, segment_path};
use super::segment::{Rolled, Segment};
use super::{LogError, PartitionLog};
use crate::io::replace_file;
use crate::producer_state::Aborted;
use crate::seeded::seeded;

/// Snapshots kept: the newest, and one more should a cut fall behind it.
const SNAPSHOTS_KEPT: usize = 2;

impl PartitionLog {
    /// Resolves when the record at `offset` meets the partition's flush policy: synced under
    /// `fsync`, at once under `os`. An error means that the outcome is unknown: send no answer,
    /// close the connection.
    pub async fn flushed(&self, offset: i64) -> Result<(), LogError> {
        if self.bounds().high_watermark > offset {
            return Ok(());
        }
        seeded!(AckBeforeSync => return Ok(()));
        // Subscribed before the flusher is told, so its answer cannot be missed.
        let mut states = self.flush_state.subscribe();
        self.shared.health.check()?;
        self.shared.flusher.hurry();
        loop {
            if *states.borrow_and_update().as_ref().map_err(Clone::clone)? > offset {
                return Ok(());
            }
            states.changed().await.map_err(|_| LogError::Closed)?;
        }
    }

    /// A flusher thread's turn at this partition.
    pub(super) fn flush_queued(&self) {
        let turn = self.flush_turn.lock();
        // Cleared before the log end is read: an append from here on either is covered by this
        // flush or queues again. Cleared after the turn came: at most one thread waits for it.
        self.is_queued.store(false, Ordering::Release);
        let flushed = self.flush_in_turn();
        drop(turn);
        if let Err(error) = flushed {
            self.fail_waiters(error);
        }
    }

    pub(super) fn fail_waiters(&self, error: LogError) {
        drop(self.flush_state.send_replace(Err(error)));
    }

    /// Syncs all appends so far and moves the high watermark. Blocks. A failed sync takes the
    /// whole directory offline.
    pub(super) fn flush(&self) -> Result<(), LogError> {
        let _turn = self.flush_turn.lock();
        self.flush_in_turn()
    }

    fn flush_in_turn(&self) -> Result<(), LogError> {
        self.shared.health.check()?;
        let (rolled, active, end_offset, newest) = {
            let mut core = self.core.lock();
            if core.is_deleted {
                return Err(LogError::Deleted);
            }
            if core.durable_offset == core.log_end_offset && core.rolled.is_empty() {
                return Ok(());
            }
            let rolled = std::mem::take(&mut core.rolled);
            (rolled, core.active.segment.clone(), core.log_end_offset, core.active.newest())
        };
        // In offset order: nothing durable may follow something that is not.
        for segment in rolled.iter().map(|rolled| &rolled.segment).chain([&active]) {
            self.sync(segment)?;
        }
        {
            let mut core = self.core.lock();
            core.durable_offset = core.durable_offset.max(end_offset);
            core.durable_newest = newest;
            self.publish(&mut core);
        }
        for rolled in &rolled {
            self.finish_rolled(rolled);
        }
        Ok(())
    }

    fn sync(&self, segment: &Arc<Segment>) -> Result<(), LogError> {
        let begun = Instant::now();
        let synced = segment.file.sync();
        self.shared.syncs.observe(begun.elapsed());
        synced.map_err(|error| {
            let path = segment_path(&self.dir, segment.base_offset, Kind::Log);
            self.shared.health.fail(&io_error("sync", &path, &error))
        })
    }

    /// Writes index files and snapshot. They are derived: without them a start takes longer.
    fn finish_rolled(&self, rolled: &Rolled) {
        self.store_indexes(rolled.segment.base_offset, &rolled.index, &rolled.aborted);
        let path = segment_path(&self.dir, rolled.next_offset, Kind::Snapshot);
        match replace_file(&*self.shared.disk, &path, &rolled.snapshot) {
            Ok(()) => self.remove_old_snapshots(),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "producer snapshot not written");
            }
        }
    }

    /// Writes the index files of a sealed segment, which are searched on disk from then on.
    pub(super) fn store_indexes(&self, base_offset: i64, index: &SparseIndex, aborted: &[Aborted]) {
        let stored = index.store(&*self.shared.disk, &self.dir, base_offset);
        match stored.and_then(|()| self.store_aborted(base_offset, aborted)) {
            Ok(()) => {
                let mut core = self.core.lock();
                let sealed = core.sealed.iter_mut().find(|s| s.segment.base_offset == base_offset);
                if let Some(sealed) = sealed {
                    sealed.index = None;
                }
            }
            Err(error) => {
                let dir = self.dir.display();
                tracing::warn!(%dir, base_offset, %error, "index of a sealed segment not written");
            }
        }
    }

    /// Writes producer state and index of the active segment, for a clean stop.
    fn store_derived(&self) -> Result<(), LogError> {
        let disk = &*self.shared.disk;
        let (index, producers, base_offset, end_offset) = {
            let core = self.core.lock();
            let base_offset = core.active.segment.base_offset;
            (core.active.index.clone(), core.producers.clone(), base_offset, core.log_end_offset)
        };
        let snapshot = producers.encode();
        index
            .store(disk, &self.dir, base_offset)
            .and_then(|()| {
                self.store_aborted(base_offset, &producers.aborted_in(base_offset, end_offset))
            })
            .map_err(|error| io_error("write the indexes in", &self.dir, &error))?;
        let path = segment_path(&self.dir, end_offset, Kind::Snapshot);
        replace_file(disk, &path, &snapshot).map_err(|error| io_error("write", &path, &error))?;
        self.remove_old_snapshots();
        Ok(())
    }

    /// Writes the transaction index of a segment, for Kafka's tools; most segments have none.
    fn store_aborted(&self, base_offset: i64, aborted: &[Aborted]) -> std::io::Result<()> {
        if aborted.is_empty() {
            return Ok(());
        }
        let entries: Vec<u8> = aborted.iter().flat_map(Aborted::index_entry).collect();
        let path = segment_path(&self.dir, base_offset, Kind::TxnIndex);
        replace_file(&*self.shared.disk, &path, &entries)
    }

    /// Ends appends, and leaves everything where a clean start finds it.
    pub(super) fn close(&self) -> Result<(), LogError> {
        self.core.lock().is_closed = true;
        self.flush()?;
        // Most partitions of a large broker were only read, or not even that, since it started.
        let is_stored = {
            let core = self.core.lock();
            core.stored_end == Some(core.log_end_offset)
        };
        if is_stored { Ok(()) } else { self.store_derived() }
    }

    fn remove_old_snapshots(&self) {
        let Ok(names) = self.shared.disk.list(&self.dir) else { return };
        let snapshots: Vec<_> = names
            .iter()
            .filter(|name| matches!(parse_segment_name(name), Some((_, Kind::Snapshot))))
            .collect();
        for name in snapshots.iter().rev().skip(SNAPSHOTS_KEPT) {
            if let Err(error) = self.shared.disk.remove_file(&self.dir.join(name)) {
                tracing::warn!(%name, %error, "old producer snapshot not removed");
            }
        }
    }
}
