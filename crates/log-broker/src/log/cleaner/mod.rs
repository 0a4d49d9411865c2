//! Compaction: of each key the last record stays, offsets never change.
//!
//! One pass over a partition reads the keys of its dirty part into a map (`offset_map`), as far as
//! that reaches, and writes the segments up to there again, small ones together (`rewrite`), with
//! what `keep` lets stand. Each result takes the place of its segments at once (`swap`); readers of
//! the old files go on reading them. What is dirty, and when that is enough, is decided in `dirt`.
//!
//! Never touched is what is not durable or not decided: nothing at or above the last stable offset,
//! nor the active segment.

mod dirt;
mod keep;
mod offset_map;
mod pace;
mod rewrite;
mod swap;

use std::sync::atomic::Ordering;

pub(super) use dirt::Dirt;
use keep::Keep;
use offset_map::OffsetMap;
pub(super) use pace::Pace;
use rewrite::Rewritten;
pub(super) use swap::finish_swaps;

use super::PartitionLog;
use super::error::LogError;
use super::segment::{Offsets, Sealed};

/// Why a pass ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum CleanError {
    #[error("the broker stops")]
    Stopped,
    /// Retention or a deletion came first; the next pass sees what is left.
    #[error("segments went while they were compacted")]
    Overtaken,
    #[error(transparent)]
    Log(#[from] LogError),
}

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cleaned {
    /// All before it is clean.
    pub(super) end_offset: i64,
    pub(super) bytes_before: u64,
    pub(super) bytes_after: u64,
}

impl PartitionLog {
    /// Cleans as far as the map of keys reaches. Blocks, and pauses to keep the pace.
    pub(super) fn clean(
        &self,
        dirt: &Dirt,
        now_ms: i64,
        pace: &mut Pace<'_>,
    ) -> Result<Cleaned, CleanError> {
        let (segments, mut keep, segment_bytes) = {
            let core = self.core.lock();
            let before_end = core.sealed.partition_point(|s| s.next_offset <= dirt.end_offset);
            let map_bytes = self.shared.options.cleaner_map_bytes;
            let map = OffsetMap::new(map_bytes, dirt.end_offset - dirt.first_dirty);
            let horizon_ms = now_ms.saturating_add(core.config.delete_retention_ms);
            let keep = Keep::new(map, &core.producers, now_ms, horizon_ms);
            (core.sealed[..before_end].to_vec(), keep, core.config.segment_bytes)
        };
        self.note_keys(&segments, dirt, &mut keep, pace)?;
        let end_offset = keep.end_offset();
        let reached = segments.partition_point(|sealed| sealed.segment.base_offset < end_offset);
        // Known before the first hole is there: from now on offsets need not follow each other.
        self.note_clean(dirt.first_dirty)?;
        let (mut bytes_before, mut bytes_after) = (0, 0);
        for group in groups(&segments[..reached], segment_bytes) {
            let before = group.iter().map(|sealed| sealed.size).sum::<u64>();
            let rewritten = self
                .rewrite(group, &mut keep, pace)
                .inspect_err(|_| self.remove_cleaned(group[0].segment.base_offset))?;
            bytes_before += before;
            bytes_after += rewritten.as_ref().map_or(before, |rewritten| rewritten.size);
            if let Some(rewritten) = rewritten {
                self.swap(group, rewritten)?;
            }
        }
        self.note_clean(end_offset)?;
        Ok(Cleaned { end_offset, bytes_before, bytes_after })
    }

    /// Remembers that the log is clean up to `offset`, durably.
    fn note_clean(&self, offset: i64) -> Result<(), CleanError> {
        self.shared.clean_offsets.update(|offsets| {
            // The entry may be that of a new partition of the same name.
            let is_open = !self.core.lock().is_deleted;
            let key = (self.topic.clone(), self.index);
            is_open && offsets.insert(key, offset) != Some(offset)
        })?;
        self.core.lock().offsets = Offsets::Rising;
        Ok(())
    }

    /// Whether an earlier pass has failed in a way that another one would repeat.
    pub(super) fn is_cleanable(&self) -> bool {
        !self.is_uncleanable.load(Ordering::Relaxed) && self.core.lock().config.cleanup.compacts
    }

    /// Damage stays: no pass is tried again before a restart. What the disk refused may pass.
    pub(super) fn give_up_cleaning(&self, error: &CleanError) {
        if matches!(error, CleanError::Log(LogError::Corrupt { .. })) {
            self.is_uncleanable.store(true, Ordering::Relaxed);
        }
    }
}

/// Runs of segments that fit into one: what compaction leaves of them is small.
fn groups(segments: &[Sealed], segment_bytes: u32) -> Vec<&[Sealed]> {
    let mut groups = Vec::new();
    let mut rest = segments;
    while let Some(first) = rest.first() {
        let mut size = 0;
        let fitting = rest.iter().take_while(|sealed| {
            size += sealed.size;
            // Kafka's index holds relative offsets as signed 32-bit numbers.
            let offsets = sealed.next_offset - first.segment.base_offset;
            size <= u64::from(segment_bytes) && offsets <= i64::from(i32::MAX)
        });
        let (group, after) = rest.split_at(fitting.count().max(1));
        groups.push(group);
        rest = after;
    }
    groups
}
