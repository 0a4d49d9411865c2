//! What of a partition waits to be compacted, and whether that is worth a pass.

use levada_kafka_wire::record_batch::{BatchHeader, HEADER_BYTES};

use crate::log::partition_log::Core;
use crate::log::segment::{Sealed, Segment};
use crate::log::{LogConfig, PartitionLog};

/// The part of a log that no pass has cleaned yet and the next one may.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::log) struct Dirt {
    pub(in crate::log) first_dirty: i64,
    /// Where it ends: the base offset of a segment.
    pub(in crate::log) end_offset: i64,
    /// Its share in all bytes up to there.
    pub(in crate::log) ratio: f64,
}

impl PartitionLog {
    /// `None` when nothing may be cleaned, or too little. Reads the first headers of segments when
    /// the topic has a `max.compaction.lag.ms`.
    pub(in crate::log) fn dirt(&self, now_ms: i64) -> Option<Dirt> {
        let clean_offset = self.shared.clean_offsets.offset(&self.topic, self.index);
        // What a start takes for durable: above it a damaged batch would be cut off as torn.
        let durable = self.shared.recovery_points.offset(&self.topic, self.index)?;
        let (dirt, dirty, config) = {
            let core = self.core.lock();
            let bounds = self.bounds();
            let limit = durable.min(bounds.last_stable_offset);
            let dirt = core.dirt(clean_offset, bounds.log_start_offset, limit, now_ms)?;
            let dirty: Vec<_> = core.dirty_segments(dirt.first_dirty).cloned().collect();
            (dirt, dirty, core.config.clone())
        };
        let is_worthwhile = dirt.ratio > config.min_cleanable_dirty_ratio;
        (is_worthwhile || is_overdue(&dirty, &config, now_ms)).then_some(dirt)
    }
}

impl Core {
    fn dirty_segments(&self, first_dirty: i64) -> impl Iterator<Item = &Sealed> {
        self.sealed.iter().filter(move |sealed| sealed.next_offset > first_dirty)
    }

    fn dirt(
        &self,
        clean_offset: Option<i64>,
        log_start_offset: i64,
        limit: i64,
        now_ms: i64,
    ) -> Option<Dirt> {
        let known = log_start_offset..=self.log_end_offset;
        let first_dirty =
            clean_offset.filter(|offset| known.contains(offset)).unwrap_or(log_start_offset);
        let lag_ms = self.config.min_compaction_lag_ms;
        let is_young = |sealed: &Sealed| {
            lag_ms > 0 && sealed.max_timestamp > Some(now_ms.saturating_sub(lag_ms))
        };
        let cleanable = self
            .dirty_segments(first_dirty)
            .take_while(|sealed| sealed.next_offset <= limit && !is_young(sealed));
        let (end_offset, dirty_bytes) =
            cleanable.fold((first_dirty, 0), |(_, bytes), s| (s.next_offset, bytes + s.size));
        let clean = self.sealed.iter().take_while(|sealed| sealed.next_offset <= first_dirty);
        let all_bytes = clean.map(|sealed| sealed.size).sum::<u64>() + dirty_bytes;
        #[expect(clippy::cast_precision_loss, reason = "a ratio of sizes")]
        let ratio = dirty_bytes as f64 / all_bytes as f64;
        (dirty_bytes > 0).then_some(Dirt { first_dirty, end_offset, ratio })
    }
}

/// Whether a dirty record has waited for `max.compaction.lag.ms`; of each segment the first batch
/// stands for all.
fn is_overdue(dirty: &[Sealed], config: &LogConfig, now_ms: i64) -> bool {
    let latest = now_ms.saturating_sub(config.max_compaction_lag_ms);
    config.max_compaction_lag_ms < i64::MAX
        && dirty.iter().filter_map(|s| first_timestamp(&s.segment)).any(|time| time < latest)
}

/// `None` where the file gives none; the pass itself will say why.
fn first_timestamp(segment: &Segment) -> Option<i64> {
    let mut head = Vec::with_capacity(HEADER_BYTES);
    segment.file.read_at(0, HEADER_BYTES, &mut head).ok()?;
    let header = BatchHeader::parse(&head).ok()?;
    Some(header.max_timestamp).filter(|timestamp| *timestamp > 0)
}
