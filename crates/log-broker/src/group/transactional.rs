//! Offsets that are committed within transactions: written as part of one, and decided at its end.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use levada_kafka_wire::record_batch::EndTxnMarker;

use super::classic::Step;
use super::committed::{Committer, TopicPartition, offset_record};
use super::coordinator::{GroupCoordinator, WriteFailure};
use super::record::CommittedOffset;
use crate::log::{AppendError, PartitionLog};
use crate::record_log::TxnProducer;

/// Which groups wait for the end of which producer's transaction.
#[derive(Debug, Default)]
pub(crate) struct PendingGroups(BTreeMap<i64, BTreeSet<String>>);

impl PendingGroups {
    pub(super) fn note(&mut self, producer_id: i64, group_id: &str) {
        self.0.entry(producer_id).or_default().insert(group_id.to_owned());
    }

    pub(super) fn take(&mut self, producer_id: i64) -> BTreeSet<String> {
        self.0.remove(&producer_id).unwrap_or_default()
    }
}

impl GroupCoordinator {
    /// Writes all of `offsets` or none as part of the producer's transaction. Answers the offset
    /// that must be durable before the client is told, to be awaited on
    /// [`Self::offsets_partition`]; nothing is committed before [`Self::end_transaction`].
    pub(crate) fn commit_in_transaction(
        &self,
        group_id: &str,
        committer: &Committer,
        producer: TxnProducer,
        offsets: Vec<(TopicPartition, CommittedOffset)>,
    ) -> Result<Option<i64>, WriteFailure> {
        let mut pending = self.pending_groups.lock();
        let cell = if committer.generation_id < 0 {
            self.find_or_create(group_id)?
        } else {
            self.find(group_id).ok_or(ResponseError::IllegalGeneration)?
        };
        let mut state = cell.state.lock();
        let mut step = Step::new(self.now(), &self.config);
        let Committer { identity, generation_id } = committer;
        state.group.check_commit_in_transaction(identity, *generation_id, &mut step)?;
        let record = |(place, committed): (TopicPartition, CommittedOffset)| {
            offset_record(group_id, place, Some(committed))
        };
        let records = offsets.into_iter().map(record).collect();
        self.write(&cell, &mut state, Some(producer), records)?;
        pending.note(producer.producer_id, group_id);
        Ok(state.written)
    }

    /// Writes the end of the producer's transaction and applies it to every group that waits for
    /// it. Answers where the marker is, to be awaited on [`Self::offsets_partition`].
    pub(crate) fn end_transaction(
        &self,
        producer: TxnProducer,
        marker: EndTxnMarker,
    ) -> Result<i64, AppendError> {
        let mut pending = self.pending_groups.lock();
        let written = self.log.append_marker(producer, marker, self.clock.now_ms())?;
        for group_id in pending.take(producer.producer_id) {
            let Some(cell) = self.find(&group_id) else { continue };
            let mut state = cell.state.lock();
            state.group.end_transaction(producer.producer_id, marker.control_type);
            state.written = Some(written);
        }
        Ok(written)
    }

    /// Where offsets are kept.
    pub(crate) fn offsets_partition(&self) -> &PartitionLog {
        self.log.partition()
    }
}
