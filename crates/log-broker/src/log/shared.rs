//! What the partitions of a directory share: disk, clock, health, checkpoints, the flush queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::SetOnce;

use super::checkpoint::OffsetCheckpoint;
use super::flusher::FlushQueue;
use super::{LogError, LogOptions};
use crate::clock::Clock;
use crate::io::Disk;
use crate::metrics::Histogram;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) options: LogOptions,
    pub(super) health: Health,
    pub(super) flusher: FlushQueue,
    /// Syncs of segments.
    pub(super) syncs: Histogram,
    pub(super) log_starts: OffsetCheckpoint,
    pub(super) recovery_points: OffsetCheckpoint,
    /// Up to where each compacted partition is clean; an entry means that offsets may be missing.
    pub(super) clean_offsets: OffsetCheckpoint,
}

/// Whether the directory may still be written.
#[derive(Debug, Default)]
pub(super) struct Health {
    failure: SetOnce<LogError>,
    is_closed: AtomicBool,
    is_full: AtomicBool,
}

impl Health {
    /// Final: after a failed sync the kernel may have dropped the pages, so a later one that
    /// succeeds proves nothing.
    pub(super) fn fail(&self, error: &LogError) -> LogError {
        let offline = LogError::Offline { reason: error.to_string() };
        if self.failure.set(offline.clone()).is_ok() {
            tracing::error!(%error, "log directory goes offline until restart");
        }
        // The first failure is the cause of those after it.
        self.failure.get().cloned().unwrap_or(offline)
    }

    /// Resolves when [`Self::fail`] is called, with the first failure.
    pub(super) async fn failed(&self) -> LogError {
        self.failure.wait().await.clone()
    }

    pub(super) fn check(&self) -> Result<(), LogError> {
        if let Some(offline) = self.failure.get() {
            return Err(offline.clone());
        }
        if self.is_closed.load(Ordering::Acquire) {
            return Err(LogError::Closed);
        }
        Ok(())
    }

    /// As [`Self::check`], and the disk has room.
    pub(super) fn check_append(&self) -> Result<(), LogError> {
        self.check()?;
        if self.is_full.load(Ordering::Acquire) {
            return Err(LogError::DiskFull);
        }
        Ok(())
    }

    pub(super) fn set_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::Release);
    }

    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }
}
