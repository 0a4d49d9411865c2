//! Finding records by time, to the record.

use levada_kafka_wire::record_batch::{BatchHeader, Records, record_bytes};

use super::partition_log::Core;
use super::scan::{Scan, UNFOLDED_BYTES_MAX};
use super::segment::Newest;
use super::view::{Target, View};
use super::{LogError, PartitionLog, ReadError, TimestampedOffset};

/// A search for the first readable record at or after a timestamp.
#[derive(Debug, Clone, Copy)]
struct Search {
    timestamp: i64,
    log_start_offset: i64,
    high_watermark: i64,
}

impl PartitionLog {
    /// The first readable record at or after `timestamp`, to the record. `None` when there is
    /// none. Blocks on the file.
    pub fn offset_for_timestamp(
        &self,
        timestamp: i64,
    ) -> Result<Option<TimestampedOffset>, ReadError> {
        let target = Target::Timestamp(timestamp);
        let (views, search) = {
            let core = self.core.lock();
            if core.is_deleted {
                return Err(ReadError::Deleted);
            }
            let bounds = self.bounds();
            let search = Search {
                timestamp,
                log_start_offset: bounds.log_start_offset,
                high_watermark: bounds.high_watermark,
            };
            let mut views: Vec<View> = core
                .sealed
                .iter()
                .filter(|sealed| sealed.max_timestamp >= Some(timestamp))
                .filter(|sealed| sealed.next_offset > bounds.log_start_offset)
                .map(|sealed| sealed.view(target))
                .collect();
            views.push(core.active_view(target));
            (views, search)
        };
        for view in views {
            if let Some(found) = self.first_in(&view, search)? {
                return Ok(Some(self.with_epoch(found)));
            }
        }
        Ok(None)
    }

    /// The first readable record that carries the largest timestamp. `None` when there is none.
    /// Blocks on the file.
    pub fn max_timestamp(&self) -> Result<Option<TimestampedOffset>, ReadError> {
        let newest = {
            let core = self.core.lock();
            core.newest_before(self.bounds().high_watermark)
        };
        match newest {
            Some(newest @ 0..) => self.offset_for_timestamp(newest),
            _ => Ok(None),
        }
    }

    fn with_epoch(&self, (offset, timestamp): (i64, i64)) -> TimestampedOffset {
        let leader_epoch = self.core.lock().epochs.at(offset);
        TimestampedOffset { offset, timestamp, leader_epoch }
    }

    fn first_in(&self, view: &View, search: Search) -> Result<Option<(i64, i64)>, LogError> {
        let start = view.start(&*self.shared.disk, &self.dir);
        let mut scan = Scan::new(&*view.segment.file, start, view.size);
        loop {
            let batch = scan.next_batch();
            let Ok(batch) = batch else { return Err(self.unreadable(view, scan.position())) };
            let Some(batch) = batch else { return Ok(None) };
            if batch.header.base_offset >= search.high_watermark {
                return Ok(None);
            }
            if batch.header.max_timestamp >= search.timestamp
                && batch.header.last_offset() >= search.log_start_offset
                && let Some(found) = first_record(&batch.header, batch.bytes, search)
            {
                return Ok(Some(found));
            }
        }
    }
}

impl Core {
    /// The largest timestamp before the high watermark.
    fn newest_before(&self, high_watermark: i64) -> Option<i64> {
        let newest = |base_offset: i64, next_offset: i64, max_timestamp: Option<i64>| {
            if next_offset <= high_watermark {
                return max_timestamp;
            }
            // What was appended since the last sync is in the index already.
            let Newest { base_offset: durable, timestamp } = self.durable_newest;
            timestamp.filter(|_| base_offset == durable)
        };
        let active = self.active.newest();
        let sealed = self.sealed.iter();
        sealed
            .map(|one| newest(one.segment.base_offset, one.next_offset, one.max_timestamp))
            .chain([newest(active.base_offset, self.log_end_offset, active.timestamp)])
            .max()
            .flatten()
    }
}

/// A batch whose records cannot be walked stands for itself: its producer broke it, and the
/// search shall still end at it.
fn first_record(header: &BatchHeader, batch: &[u8], search: Search) -> Option<(i64, i64)> {
    let whole = Some((header.base_offset.max(search.log_start_offset), header.max_timestamp));
    let Ok(bytes) = record_bytes(header, batch, UNFOLDED_BYTES_MAX) else { return whole };
    for record in Records::new(header, &bytes) {
        let Ok(record) = record else { return whole };
        if record.timestamp >= search.timestamp && record.offset >= search.log_start_offset {
            return Some((record.offset, record.timestamp));
        }
    }
    None
}
