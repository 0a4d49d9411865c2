//! The end of a transaction: one marker for each of its partitions, then the last record.
//!
//! The decision is durable before the first marker, so a crash anywhere in between is followed by
//! the same end. A partition that has its marker is not given a second one.

use kafka_protocol::ResponseError;
use levada_kafka_wire::record_batch::EndTxnMarker;

use super::coordinator::{Cell, TransactionCoordinator, Undecided};
use super::machine;
use super::transaction::{Partitions, Phase};
use crate::group::OFFSETS_TOPIC;
use crate::log::{AppendError, AppendOrigin, LogError, PartitionLog};
use crate::record_log::TxnProducer;

/// A marker that was written, to be awaited.
struct Marked {
    log: std::sync::Arc<PartitionLog>,
    offset: i64,
}

impl TransactionCoordinator {
    /// Completes every prepared transaction: at start, what a crash has interrupted.
    pub(crate) async fn complete_prepared(&self) {
        for cell in self.all() {
            if let Err(error) = self.complete(&cell).await {
                tracing::error!(transactional_id = cell.id, %error, "transaction not completed");
            }
        }
    }

    /// Completes the transaction if it is prepared. What cannot be written now is tried again by
    /// the sweep; until then the producer is told to wait.
    pub(super) async fn complete(&self, cell: &Cell) -> Result<(), LogError> {
        let _one = cell.completing.lock().await;
        let Some((transaction, decided)) = cell.prepared() else { return Ok(()) };
        let Phase::Prepared(outcome, open) = &transaction.phase else { return Ok(()) };
        if let Some(offset) = decided {
            self.log.flushed(offset).await?;
        }
        let marker = EndTxnMarker {
            control_type: outcome.control_type(),
            coordinator_epoch: self.log.coordinator_epoch(),
        };
        let producer =
            TxnProducer { producer_id: transaction.producer_id, epoch: transaction.epoch };
        let (written, is_whole) = self.mark_all(&cell.id, &open.partitions, producer, marker)?;
        for Marked { log, offset } in written {
            match log.flushed(offset).await {
                // It went with its topic.
                Ok(()) | Err(LogError::Deleted) => {}
                Err(error) => return Err(error),
            }
        }
        if !is_whole {
            return Ok(());
        }
        let Some(completed) = machine::complete(&transaction, self.clock.now_ms()) else {
            return Ok(());
        };
        // Not awaited: without this record the next start finds the markers and writes it again.
        match self.write(&mut cell.state.lock(), &cell.id, Some(completed)) {
            Ok(()) | Err(Undecided::Refused(_)) => Ok(()),
            Err(Undecided::OutcomeUnknown(error)) => Err(error),
        }
    }

    /// What was written, and whether every partition has its marker.
    fn mark_all(
        &self,
        id: &str,
        partitions: &Partitions,
        producer: TxnProducer,
        marker: EndTxnMarker,
    ) -> Result<(Vec<Marked>, bool), LogError> {
        let mut all = Vec::new();
        let mut is_whole = true;
        for (topic, indexes) in partitions {
            for index in indexes {
                match self.mark(topic, *index, producer, marker) {
                    Ok(written) => all.extend(written),
                    Err(AppendError::OutcomeUnknown(error)) => return Err(error),
                    Err(error) => {
                        is_whole = false;
                        tracing::warn!(transactional_id = id, topic, index, %error, "no marker yet");
                    }
                }
            }
        }
        Ok((all, is_whole))
    }

    /// Ends the producer's transaction in one partition; `None` where there is nothing to end.
    fn mark(
        &self,
        topic: &str,
        index: i32,
        producer: TxnProducer,
        marker: EndTxnMarker,
    ) -> Result<Option<Marked>, AppendError> {
        let log = match self.topics.partition(topic, index) {
            Ok(log) => log,
            // Deleted meanwhile, with all that the transaction wrote there.
            Err(ResponseError::UnknownTopicOrPartition) => return Ok(None),
            Err(_) => {
                let reason = "the partition is offline".to_owned();
                return Err(AppendError::Storage(LogError::Offline { reason }));
            }
        };
        if !log.needs_marker(producer.producer_id, producer.epoch) {
            return Ok(None);
        }
        let written = self.append_marker(topic, &log, producer, marker);
        match written {
            Ok(offset) => Ok(Some(Marked { log, offset })),
            Err(AppendError::Deleted) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a marker and answers its offset.
    pub(super) fn append_marker(
        &self,
        topic: &str,
        log: &std::sync::Arc<PartitionLog>,
        producer: TxnProducer,
        marker: EndTxnMarker,
    ) -> Result<i64, AppendError> {
        if topic == OFFSETS_TOPIC {
            return self.groups.end_transaction(producer, marker);
        }
        let TxnProducer { producer_id, epoch } = producer;
        let batch = marker.to_batch(self.clock.now_ms(), producer_id, epoch);
        let batch = batch.map_err(AppendError::InvalidRecord)?;
        Ok(log.append(&batch, AppendOrigin::Coordinator)?.last_offset)
    }

    /// What an administrator asks for: ends what this producer has open in one partition, whatever
    /// the transaction itself says. Durable when it returns.
    pub(crate) async fn mark_by_force(
        &self,
        topic: &str,
        index: i32,
        producer: TxnProducer,
        marker: EndTxnMarker,
    ) -> Result<Result<(), ResponseError>, LogError> {
        let log = match self.topics.partition(topic, index) {
            Ok(log) => log,
            Err(error) => return Ok(Err(error)),
        };
        if log.producer_epoch(producer.producer_id).is_some_and(|epoch| producer.epoch < epoch) {
            return Ok(Err(ResponseError::InvalidProducerEpoch));
        }
        match self.append_marker(topic, &log, producer, marker) {
            Ok(offset) => {
                log.flushed(offset).await?;
                Ok(Ok(()))
            }
            Err(AppendError::OutcomeUnknown(error)) => Err(error),
            Err(AppendError::Deleted) => Ok(Err(ResponseError::UnknownTopicOrPartition)),
            Err(_) => Ok(Err(ResponseError::KafkaStorageError)),
        }
    }
}
