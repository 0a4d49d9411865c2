//! [`HandedOut`]: what a consumer has handed out and no transaction has committed yet.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::{Offset, TopicPartitionList};

use crate::Error;
use crate::consumer::RawRecord;

/// Offsets of records by topic and partition, kept for [`crate::Transaction::add_positions`].
///
/// It is the consumer's context, so that it hears of partitions that are taken away.
#[derive(Debug, Default)]
pub(crate) struct HandedOut(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    /// From the first record that no transaction has committed to behind the last.
    offsets: BTreeMap<String, BTreeMap<i32, Range<i64>>>,
    /// Whether a partition with such records was taken away.
    is_broken: bool,
}

/// What a transaction can make of that.
pub(crate) enum Positions {
    /// Behind the last record of each partition.
    Behind(TopicPartitionList),
    /// Before the first of each: some partition was taken away, and its new owner gets the records
    /// that go with these.
    Again(TopicPartitionList),
}

impl HandedOut {
    /// Notes a record that is handed out.
    pub(crate) fn note(&self, record: &RawRecord) {
        let (topic, offset) = (record.topic(), record.offset());
        let mut open = self.open();
        if !open.offsets.contains_key(topic) {
            open.offsets.insert(topic.to_owned(), BTreeMap::new());
        }
        let Some(partitions) = open.offsets.get_mut(topic) else { return };
        partitions.entry(record.partition()).or_insert(offset..offset).end = offset + 1;
    }

    pub(crate) fn positions(&self) -> Result<Positions, Error> {
        let open = self.open();
        let mut positions = TopicPartitionList::new();
        for (topic, partitions) in &open.offsets {
            for (partition, range) in partitions {
                let offset = if open.is_broken { range.start } else { range.end };
                positions.add_partition_offset(topic, *partition, Offset::Offset(offset))?;
            }
        }
        Ok(if open.is_broken { Positions::Again(positions) } else { Positions::Behind(positions) })
    }

    /// Forgets all: it is read once more.
    pub(crate) fn forget(&self) {
        *self.open() = Open::default();
    }

    /// Forgets what is before positions that count now.
    pub(crate) fn settle(&self, positions: &TopicPartitionList) {
        let mut open = self.open();
        for element in positions.elements() {
            let (Some(partitions), Offset::Offset(next)) =
                (open.offsets.get_mut(element.topic()), element.offset())
            else {
                continue;
            };
            if let Some(range) = partitions.get_mut(&element.partition()) {
                range.start = next;
            }
            partitions.retain(|_, range| !range.is_empty());
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for HandedOut {}

impl ConsumerContext for HandedOut {
    fn pre_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(revoked) = rebalance else { return };
        let mut open = self.open();
        for element in revoked.elements() {
            let partitions = open.offsets.get_mut(element.topic());
            if partitions.and_then(|known| known.remove(&element.partition())).is_some() {
                open.is_broken = true;
            }
        }
    }
}
