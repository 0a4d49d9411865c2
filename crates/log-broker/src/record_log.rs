//! An internal topic as a log of keyed records: appended in batches, replayed in order.
//!
//! Both coordinators keep their state in one. What a coordinator knows is what replaying its log
//! gives, so the same code applies a record when it is written and when it is read back.

use std::collections::BTreeMap;
use std::sync::Arc;

use levada_kafka_wire::record_batch::{
    BatchBuilder, BatchHeader, ControlType, EndTxnMarker, RecordError, Records, record_bytes,
};

use crate::log::{AppendError, AppendOrigin, LogError, PartitionLog, ReadBound, ReadError};
use crate::topics::{NewTopic, TopicError, Topics};

/// How much is read at a time when the log is replayed.
const REPLAY_BYTES: usize = 1 << 20;
/// Our batches are not compressed; a foreign one may unfold to this much.
const MAX_BATCH_BYTES: usize = 100 << 20;

/// Kafka's own settings of its internal topics. Nothing in them may expire by age or size,
/// whatever the broker's defaults are, and a record may be large.
const TOPIC_CONFIG: [(&str, &str); 6] = [
    ("cleanup.policy", "compact"),
    ("compression.type", "producer"),
    ("max.message.bytes", "104857600"),
    ("retention.bytes", "-1"),
    ("retention.ms", "-1"),
    ("segment.bytes", "104857600"),
];

/// Key and value as they are stored; a null value is a tombstone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodedRecord {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Option<Vec<u8>>,
}

/// In whose name records are part of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TxnProducer {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
}

/// What a replay comes across.
#[derive(Debug)]
pub(crate) enum Replayed<'a> {
    Record {
        offset: i64,
        /// Set while the record waits for the end of a transaction.
        producer: Option<TxnProducer>,
        key: &'a [u8],
        value: Option<&'a [u8]>,
    },
    /// The end of this producer's transaction.
    End { producer_id: i64, outcome: ControlType },
}

/// Why records were not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// They never will be in the log.
    #[error("records refused: {0}")]
    Refused(String),
    /// They may or may not be found after a restart: nothing may be answered.
    #[error(transparent)]
    OutcomeUnknown(#[from] LogError),
}

/// Why an internal topic gave no state.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error("{topic}: {reason}")]
    Topic { topic: &'static str, reason: TopicError },
    #[error("{topic}-0 cannot be used: {reason}")]
    NoPartition { topic: &'static str, reason: String },
    #[error("{topic} cannot be read at offset {offset}: {reason}")]
    Read { topic: String, offset: i64, reason: String },
    #[error("{topic} holds a damaged record at offset {offset}: {reason}")]
    Record { topic: String, offset: i64, reason: String },
}

#[derive(Debug, Clone)]
pub(crate) struct RecordLog(Arc<PartitionLog>);

impl RecordLog {
    /// The one partition of an internal topic, made if it is missing. Blocks.
    pub(crate) fn open(topics: &Topics, topic: &'static str) -> Result<Self, ReplayError> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let made = topics.ensure_now(NewTopic {
            name: topic.to_owned(),
            partition_count: Some(1),
            overrides: TOPIC_CONFIG.into_iter().map(owned).collect::<BTreeMap<_, _>>(),
        });
        let made = made.map_err(|reason| ReplayError::Topic { topic, reason })?;
        let log = made.partition(0).map_err(|_| ReplayError::NoPartition {
            topic,
            reason: topics.why_offline(topic, 0),
        })?;
        Ok(Self(Arc::clone(log)))
    }

    #[cfg(test)]
    pub(crate) fn new(log: Arc<PartitionLog>) -> Self {
        Self(log)
    }

    pub(crate) fn partition(&self) -> &Arc<PartitionLog> {
        &self.0
    }

    /// Writes all of `records` or none. Answers the offset of the first; the last is the one to
    /// await in [`Self::flushed`].
    pub(crate) fn append(
        &self,
        records: impl IntoIterator<Item = EncodedRecord>,
        producer: Option<TxnProducer>,
        now_ms: i64,
    ) -> Result<std::ops::RangeInclusive<i64>, WriteError> {
        let mut batch = BatchBuilder::new();
        if let Some(TxnProducer { producer_id, epoch }) = producer {
            batch = batch.transactional().producer(producer_id, epoch, -1);
        }
        for EncodedRecord { key, value } in records {
            batch = batch.record(now_ms, Some(&key), value.as_deref());
        }
        let batch = batch.build().map_err(|error| WriteError::Refused(error.to_string()))?;
        match self.0.append(&batch, AppendOrigin::Coordinator) {
            Ok(appended) => Ok(appended.base_offset..=appended.last_offset),
            Err(AppendError::OutcomeUnknown(error)) => Err(WriteError::OutcomeUnknown(error)),
            Err(error) => Err(WriteError::Refused(error.to_string())),
        }
    }

    /// Resolves once the record at `offset` is durable. An error leaves its fate unknown.
    pub(crate) async fn flushed(&self, offset: i64) -> Result<(), LogError> {
        self.0.flushed(offset).await
    }

    /// Where the next record will be.
    pub(crate) fn end_offset(&self) -> i64 {
        self.0.bounds().log_end_offset
    }

    /// Records between the log's start and its end.
    pub(crate) fn record_count(&self) -> u64 {
        let bounds = self.0.bounds();
        u64::try_from(bounds.log_end_offset - bounds.log_start_offset).unwrap_or(0)
    }

    /// Moves the log's start to `offset`; durable when it returns. Blocks.
    pub(crate) fn forget_before(&self, offset: i64) -> Result<(), ReadError> {
        self.0.delete_records(offset).map(drop)
    }

    /// Hands everything in the log to `apply`, oldest first. Blocks.
    pub(crate) fn replay(
        &self,
        mut apply: impl FnMut(Replayed<'_>) -> Result<(), String>,
    ) -> Result<(), ReplayError> {
        let mut offset = self.0.bounds().log_start_offset;
        loop {
            let read = self.0.read(offset, ReadBound::HighWatermark, REPLAY_BYTES, true);
            let topic = || self.0.topic().to_owned();
            let read = read.map_err(|error: ReadError| ReplayError::Read {
                topic: topic(),
                offset,
                reason: error.to_string(),
            })?;
            if read.records.is_empty() {
                return Ok(());
            }
            replay_batches(&read.records, &mut apply).map_err(|reason| ReplayError::Record {
                topic: topic(),
                offset,
                reason,
            })?;
            offset = read.next_offset;
        }
    }
}

fn replay_batches(
    mut batches: &[u8],
    apply: &mut impl FnMut(Replayed<'_>) -> Result<(), String>,
) -> Result<(), String> {
    while !batches.is_empty() {
        let header = BatchHeader::parse(batches).map_err(|error| error.to_string())?;
        let (batch, rest) =
            batches.split_at_checked(header.total_bytes).ok_or("the batch is cut")?;
        batches = rest;
        if !header.is_control() {
            replay_batch(&header, batch, apply)?;
        } else if let Some(marker) = EndTxnMarker::of_batch(&header, batch) {
            let (producer_id, outcome) = (header.producer_id, marker.control_type);
            apply(Replayed::End { producer_id, outcome })?;
        }
    }
    Ok(())
}

fn replay_batch(
    header: &BatchHeader,
    batch: &[u8],
    apply: &mut impl FnMut(Replayed<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let bytes = record_bytes(header, batch, MAX_BATCH_BYTES).map_err(|error| error.to_string())?;
    let (producer_id, epoch) = (header.producer_id, header.producer_epoch);
    let producer = header.is_transactional().then_some(TxnProducer { producer_id, epoch });
    for record in Records::new(header, &bytes) {
        let record = record.map_err(|error: RecordError| error.to_string())?;
        let key = record.key.ok_or("a record without a key")?;
        let offset = record.offset;
        apply(Replayed::Record { offset, producer, key, value: record.value })
            .map_err(|error| format!("record {offset}: {error}"))?;
    }
    Ok(())
}
