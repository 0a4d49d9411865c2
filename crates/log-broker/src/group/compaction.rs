//! Keeping the offsets topic short: what the groups know is written once more, and the log's
//! start moves there.
//!
//! The topic holds one record a commit, of which only the last one of each key counts. Every
//! group's records are written anew under the group's lock, so whatever is below the first of them
//! is repeated above it. The log's start moves only when all of that is durable; a crash before
//! leaves both, and replaying both gives the same state.

use std::sync::Arc;

use super::cell::CellState;
use super::consumer::ConsumerGroup;
use super::coordinator::GroupCoordinator;
use super::pending::PendingOffset;
use super::record::GroupRecord;
use crate::log::LogError;
use crate::record_log::{TxnProducer, WriteError};

/// Below this many records the log is not worth the work: they are replayed in a moment.
const RECORDS_MIN: u64 = 500_000;
/// How much of the log must be out of date.
const RECORDS_PER_LIVE_RECORD: u64 = 4;

/// Why the log stayed as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompactionError {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("{0}")]
    Flush(#[from] LogError),
    #[error("the log's start could not be moved: {0}")]
    LogStart(String),
}

impl GroupCoordinator {
    /// Compacts the log if most of it is out of date.
    pub(crate) async fn compact_if_worthwhile(self: &Arc<Self>) -> Result<(), CompactionError> {
        let live: usize = self.all().iter().map(|cell| live_records(&cell.state.lock())).sum();
        let live = u64::try_from(live).unwrap_or(u64::MAX);
        let worthwhile = live.saturating_mul(RECORDS_PER_LIVE_RECORD).max(RECORDS_MIN);
        if self.log.record_count() < worthwhile {
            return Ok(());
        }
        self.compact().await
    }

    pub(crate) async fn compact(self: &Arc<Self>) -> Result<(), CompactionError> {
        let (start, last) = self.write_all_again()?;
        self.flush(last).await?;
        let this = Arc::clone(self);
        let moved = tokio::task::spawn_blocking(move || this.log.forget_before(start)).await;
        match moved {
            Ok(Ok(())) => {
                tracing::info!(start, "compacted the offsets topic");
                Ok(())
            }
            Ok(Err(error)) => Err(CompactionError::LogStart(error.to_string())),
            Err(fault) => Err(CompactionError::LogStart(fault.to_string())),
        }
    }
}

impl GroupCoordinator {
    /// Answers where the repeated records begin and end.
    fn write_all_again(&self) -> Result<(i64, Option<i64>), CompactionError> {
        // A marker in between would end a transaction whose records are then written once more.
        let _no_marker = self.pending_groups.lock();
        let start = self.log.end_offset();
        let mut last = None;
        for cell in self.all() {
            let mut state = cell.state.lock();
            let now_ms = self.clock.now_ms();
            let records = state.records(&cell.id);
            if !records.is_empty() {
                last = Some(*self.log.append(&records, None, now_ms)?.end());
            }
            for (producer, record) in state.pending_records(&cell.id) {
                last = Some(*self.log.append(&[record], Some(producer), now_ms)?.end());
            }
            state.written = last.or(state.written);
        }
        Ok((start, last))
    }
}

impl CellState {
    /// What transactions may yet commit, oldest first: it stays newer than all that is committed.
    fn pending_records(&self, group_id: &str) -> Vec<(TxnProducer, GroupRecord)> {
        let mut all: Vec<_> = self.group.pending.places().collect();
        all.sort_unstable_by_key(|(_, _, pending)| pending.record_offset);
        let record =
            |(producer_id, (topic, partition), pending): (i64, &(String, i32), &PendingOffset)| {
                let record = GroupRecord::Offset {
                    group: group_id.to_owned(),
                    topic: topic.clone(),
                    partition: *partition,
                    committed: Some(pending.committed.clone()),
                };
                (TxnProducer { producer_id, epoch: pending.epoch }, record)
            };
        all.into_iter().map(record).collect()
    }

    /// The records that a replay would need to know this group.
    pub(super) fn records(&self, group_id: &str) -> Vec<GroupRecord> {
        let group = || group_id.to_owned();
        let mut records = Vec::new();
        if let Some(metadata) = &self.persisted {
            records.push(GroupRecord::Group { group: group(), metadata: Some(metadata.clone()) });
        }
        if let Some(consumer) = &self.group.consumer {
            let all = consumer.changes_since(&ConsumerGroup::default()).into_iter();
            records.extend(all.map(|record| GroupRecord::Consumer { group: group(), record }));
        }
        for (topic, partitions) in self.group.offsets.topics() {
            records.extend(partitions.iter().map(|(partition, committed)| GroupRecord::Offset {
                group: group(),
                topic: topic.to_owned(),
                partition: *partition,
                committed: Some(committed.clone()),
            }));
        }
        records
    }
}

fn live_records(state: &CellState) -> usize {
    let offsets: usize = state.group.offsets.topics().map(|(_, all)| all.len()).sum();
    let members = state.group.consumer.as_ref().map_or(0, |group| 2 + 3 * group.members.len());
    offsets + members + usize::from(state.persisted.is_some())
}
