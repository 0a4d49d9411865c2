//! Deleting from the front: by request, by age, by size. Files go as whole segments.

use std::io;

use super::layout::{Kind, segment_path};
use super::partition_log::Core;
use super::{LogError, PartitionLog, ReadError};

impl PartitionLog {
    /// Moves the log start up to `before` (−1: the high watermark) and answers the new one.
    /// Durable when it returns. Blocks.
    pub fn delete_records(&self, before: i64) -> Result<i64, ReadError> {
        let bounds = self.bounds();
        let before = if before == -1 { bounds.high_watermark } else { before };
        if before < 0 || before > bounds.high_watermark {
            return Err(ReadError::OffsetOutOfRange {
                offset: before,
                log_start_offset: bounds.log_start_offset,
                log_end_offset: bounds.log_end_offset,
            });
        }
        // Under the policy `os` the high watermark may lie above what is synced. A log start
        // above the log end after a crash would be taken for corruption.
        self.flush()?;
        self.advance_log_start(before)?;
        self.remove_segments();
        if self.is_deleted() {
            return Err(ReadError::Deleted);
        }
        Ok(self.bounds().log_start_offset)
    }

    /// Rolls, flushes, expires and deletes as the settings say. Blocks.
    pub(super) fn maintain(&self, now_ms: i64) -> Result<(), LogError> {
        {
            let mut core = self.core.lock();
            if core.is_deleted {
                return Ok(());
            }
            if core.is_active_due(now_ms) {
                self.roll(&mut core)?;
            }
            let expiration_ms = self.shared.options.producer_id_expiration_ms;
            core.producers.expire(now_ms.saturating_sub(expiration_ms));
        }
        self.flush()?;
        let high_watermark = self.bounds().high_watermark;
        let first_kept = self.core.lock().first_kept(now_ms, high_watermark);
        if let Some(first_kept) = first_kept {
            self.advance_log_start(first_kept)?;
        }
        self.remove_segments();
        Ok(())
    }

    fn advance_log_start(&self, to: i64) -> Result<(), LogError> {
        // The checkpoint first: a record once seen as deleted never comes back.
        self.shared.log_starts.update(|starts| {
            if self.core.lock().is_deleted {
                // The entry may be that of a new partition of the same name.
                return false;
            }
            let start = starts.entry((self.topic.clone(), self.index)).or_insert(0);
            let is_later = to > *start;
            *start = to.max(*start);
            is_later
        })?;
        let mut core = self.core.lock();
        core.producers.forget_aborted_before(to);
        let mut bounds = self.bounds.lock();
        bounds.log_start_offset = bounds.log_start_offset.max(to);
        bounds.last_stable_offset = bounds.last_stable_offset.max(bounds.log_start_offset);
        Ok(())
    }

    /// Removes segments wholly before the log start. What cannot be removed now is removed at the
    /// next start.
    fn remove_segments(&self) {
        // Not while a flush may write the index files of one of them.
        let _turn = self.flush_turn.lock();
        let log_start_offset = self.bounds().log_start_offset;
        let removed: Vec<_> = {
            let mut core = self.core.lock();
            if core.is_deleted {
                return;
            }
            let count = core.sealed.partition_point(|s| s.next_offset <= log_start_offset);
            core.sealed.drain(..count).collect()
        };
        if removed.is_empty() {
            return;
        }
        let disk = &*self.shared.disk;
        for sealed in removed {
            for kind in [Kind::OffsetIndex, Kind::TimeIndex, Kind::TxnIndex, Kind::Log] {
                let path = segment_path(&self.dir, sealed.segment.base_offset, kind);
                let removed = disk.remove_file(&path);
                if let Err(error) = removed.or_else(|error| absent_txn_index(kind, error)) {
                    tracing::warn!(path = %path.display(), %error, "old segment not removed");
                }
            }
        }
        if let Err(error) = disk.sync_dir(&self.dir) {
            tracing::warn!(dir = %self.dir.display(), %error, "removal may be undone by a crash");
        }
    }
}

/// A segment without aborted transactions has no transaction index.
fn absent_txn_index(kind: Kind, error: io::Error) -> io::Result<()> {
    if kind == Kind::TxnIndex && error.kind() == io::ErrorKind::NotFound {
        return Ok(());
    }
    Err(error)
}

impl Core {
    /// Whether the active segment is to be sealed though nobody appends: it is old enough, or all
    /// its records are past retention and it could be deleted were it sealed.
    fn is_active_due(&self, now_ms: i64) -> bool {
        let Some(first_append_ms) = self.active.first_append_ms else { return false };
        now_ms.saturating_sub(first_append_ms) >= self.config.active_ms_max(self.active.dice)
            || self.is_expired(self.active.index.max_timestamp(), now_ms)
    }

    /// What has no record left keeps nothing alive; records without a time do not age.
    fn is_expired(&self, max_timestamp: Option<i64>, now_ms: i64) -> bool {
        let is_old = |kept_ms| match max_timestamp {
            Some(timestamp @ 0..) => now_ms.saturating_sub(timestamp) > kept_ms,
            Some(_) => false,
            None => true,
        };
        self.config.cleanup.deletes && self.config.retention_ms.is_some_and(is_old)
    }

    /// Where the log shall start; `None` when nothing is to be deleted.
    fn first_kept(&self, now_ms: i64, high_watermark: i64) -> Option<i64> {
        let mut left = self.sealed.iter().map(|s| s.size).sum::<u64>() + self.active.size;
        let mut first_kept = None;
        for sealed in &self.sealed {
            let is_surplus = self.config.cleanup.deletes
                && self.config.retention_bytes.is_some_and(|kept| left - sealed.size >= kept);
            let is_deletable = is_surplus || self.is_expired(sealed.max_timestamp, now_ms);
            if sealed.next_offset > high_watermark || !is_deletable {
                break;
            }
            left -= sealed.size;
            first_kept = Some(sealed.next_offset);
        }
        first_kept
    }
}
