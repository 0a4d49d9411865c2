//! What a partition remembers of its producers: the idempotence window, epochs, transactions.
//!
//! A pure function of the log: feeding the batches in offset order into [`ProducerStates::apply`]
//! gives this state again. Snapshots ([`ProducerStates::encode`]) only shorten the replay.

mod snapshot;
mod transactions;

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use levada_kafka_wire::record_batch::{BatchHeader, EndTxnMarker, add_sequence};

#[cfg(test)]
use snapshot::SnapshotError;
pub(crate) use transactions::Aborted;
use transactions::Transactions;

use crate::log::AbortedTransaction;

/// How many batches of a producer are recognised as duplicates; clients keep at most five in
/// flight.
const WINDOW: usize = 5;

/// Producer ids come from clients, so their number is bounded: past it the ones unused for longest
/// are forgotten, which costs them duplicate detection and nothing else.
const PRODUCERS_MAX: usize = 100_000;

/// A batch within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredBatch {
    pub(crate) first_sequence: i32,
    pub(crate) last_sequence: i32,
    pub(crate) base_offset: i64,
    pub(crate) last_offset: i64,
    pub(crate) max_timestamp: i64,
}

/// What to do with a batch of an idempotent producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Append,
    /// It is in the log already.
    Duplicate(StoredBatch),
}

/// Why a batch of an idempotent producer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SequenceError {
    OutOfOrder {
        expected: i32,
    },
    Epoch {
        current: i16,
    },
    /// Its transaction is open here, and the batch is no part of it.
    InTransaction,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Producer {
    epoch: i16,
    /// Oldest first.
    batches: VecDeque<StoredBatch>,
    last_used_ms: i64,
    /// Of the last marker; −1 before the first.
    coordinator_epoch: i32,
}

/// A producer as `DescribeProducers` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveProducer {
    pub producer_id: i64,
    pub epoch: i16,
    /// −1 when none of its batches is remembered.
    pub last_sequence: i32,
    pub last_timestamp: i64,
    pub coordinator_epoch: i32,
    /// Where its open transaction begins.
    pub open_since: Option<i64>,
}

/// The batches that make up the windows, and the epochs of producers that have only a marker.
#[derive(Debug)]
pub(crate) struct LastBatches {
    base_offsets: HashSet<i64>,
    epochs: HashMap<i64, i16>,
}

impl LastBatches {
    pub(crate) fn has(&self, header: &BatchHeader) -> bool {
        if header.is_control() {
            return self.epochs.get(&header.producer_id) == Some(&header.producer_epoch);
        }
        header.has_producer_id() && self.base_offsets.contains(&header.base_offset)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProducerStates {
    producers: HashMap<i64, Producer>,
    transactions: Transactions,
}

impl ProducerStates {
    /// Judges a client's batch; changes nothing.
    pub(crate) fn admit(&self, header: &BatchHeader) -> Result<Admission, SequenceError> {
        // Unknown here (new, expired, or its records deleted): any sequence begins a new window.
        let Some(producer) = self.producers.get(&header.producer_id) else {
            return Ok(Admission::Append);
        };
        if header.producer_epoch < producer.epoch {
            return Err(SequenceError::Epoch { current: producer.epoch });
        }
        if !header.is_transactional() && self.transactions.is_open(header.producer_id) {
            return Err(SequenceError::InTransaction);
        }
        if header.producer_epoch > producer.epoch {
            return match header.base_sequence {
                0 => Ok(Admission::Append),
                _ => Err(SequenceError::OutOfOrder { expected: 0 }),
            };
        }
        let Some(newest) = producer.batches.back() else {
            // A marker has begun this epoch: nothing of the producer may have come before.
            return match header.base_sequence {
                0 => Ok(Admission::Append),
                _ => Err(SequenceError::OutOfOrder { expected: 0 }),
            };
        };
        let last_sequence = header.last_sequence();
        let same = |batch: &&StoredBatch| {
            batch.first_sequence == header.base_sequence && batch.last_sequence == last_sequence
        };
        if let Some(stored) = producer.batches.iter().rev().find(same) {
            return Ok(Admission::Duplicate(*stored));
        }
        let expected = add_sequence(newest.last_sequence, 1);
        // Older than the window is out of order, too: `DUPLICATE_SEQUENCE_NUMBER` would tell a client
        // that its batch is in the log, which nobody knows here any more (as Kafka 4.4).
        if header.base_sequence == expected {
            Ok(Admission::Append)
        } else {
            Err(SequenceError::OutOfOrder { expected })
        }
    }

    /// Takes in a batch that is in the log; `marker` is what its control record says.
    pub(crate) fn apply(
        &mut self,
        header: &BatchHeader,
        marker: Option<EndTxnMarker>,
        now_ms: i64,
    ) {
        if !header.has_producer_id() {
            return;
        }
        if self.producers.len() >= PRODUCERS_MAX
            && !self.producers.contains_key(&header.producer_id)
        {
            self.forget_least_used();
        }
        let producer = self.producers.entry(header.producer_id).or_insert_with(|| Producer {
            epoch: header.producer_epoch,
            batches: VecDeque::new(),
            last_used_ms: now_ms,
            coordinator_epoch: -1,
        });
        producer.last_used_ms = now_ms;
        if producer.epoch != header.producer_epoch {
            producer.epoch = header.producer_epoch;
            producer.batches.clear();
        }
        if let Some(marker) = marker {
            producer.coordinator_epoch = marker.coordinator_epoch;
        }
        // The coordinator's own batches carry no sequence.
        if !header.is_control() && header.base_sequence >= 0 {
            while producer.batches.len() >= WINDOW {
                producer.batches.pop_front();
            }
            producer.batches.push_back(StoredBatch {
                first_sequence: header.base_sequence,
                last_sequence: header.last_sequence(),
                base_offset: header.base_offset,
                last_offset: header.last_offset(),
                max_timestamp: header.max_timestamp,
            });
        }
        self.transactions.apply(header, marker);
    }

    /// The first offset that a committed reader may not pass while the log is durable up to
    /// `high_watermark`.
    pub(crate) fn last_stable_offset(&mut self, high_watermark: i64) -> i64 {
        self.transactions.last_stable_offset(high_watermark)
    }

    /// Aborted transactions with records in `from..end`, by first offset.
    pub(crate) fn aborted(&self, from: i64, end: i64) -> Vec<AbortedTransaction> {
        self.transactions.aborted(from, end)
    }

    /// Whether a marker of this epoch would end something here, or fence an older epoch. A second
    /// marker for the same end would do neither.
    pub(crate) fn needs_marker(&self, producer_id: i64, epoch: i16) -> bool {
        self.producers.get(&producer_id).is_none_or(|producer| {
            producer.epoch < epoch
                || (producer.epoch == epoch && self.transactions.is_open(producer_id))
        })
    }

    /// The epoch of a producer that is known here.
    pub(crate) fn epoch(&self, producer_id: i64) -> Option<i16> {
        self.producers.get(&producer_id).map(|producer| producer.epoch)
    }

    /// In order of their ids.
    pub(crate) fn active(&self) -> Vec<ActiveProducer> {
        let mut ids: Vec<i64> = self.producers.keys().copied().collect();
        ids.sort_unstable();
        let known = ids.into_iter().filter_map(|id| Some((id, self.producers.get(&id)?)));
        known
            .map(|(id, producer)| {
                let newest = producer.batches.back();
                ActiveProducer {
                    producer_id: id,
                    epoch: producer.epoch,
                    last_sequence: newest.map_or(-1, |batch| batch.last_sequence),
                    last_timestamp: newest.map_or(-1, |batch| batch.max_timestamp),
                    coordinator_epoch: producer.coordinator_epoch,
                    open_since: self.transactions.open.get(&id).copied(),
                }
            })
            .collect()
    }

    /// Aborted transactions whose marker is in `from..end`.
    pub(crate) fn aborted_in(&self, from: i64, end: i64) -> Vec<Aborted> {
        self.transactions.ended_in(from, end)
    }

    /// Epoch and window of each producer, in order of their ids.
    #[cfg(test)]
    pub(crate) fn windows(&self) -> Vec<(i64, i16, Vec<StoredBatch>)> {
        let mut all: Vec<_> = self
            .producers
            .iter()
            .map(|(id, producer)| (*id, producer.epoch, producer.batches.iter().copied().collect()))
            .collect();
        all.sort_unstable_by_key(|(id, ..)| *id);
        all
    }

    pub(crate) fn all_aborted(&self) -> &[Aborted] {
        &self.transactions.aborted
    }

    /// In the order of their markers.
    pub(crate) fn set_aborted(&mut self, aborted: Vec<Aborted>) {
        self.transactions.aborted = aborted;
    }

    /// Compaction has left no record of transactions whose abort marker is in the range.
    pub(crate) fn forget_aborted_in(&mut self, range: Range<i64>) {
        self.transactions.forget_in(range);
    }

    /// What of the log a replay needs to come to the same epochs and windows.
    pub(crate) fn last_batches(&self) -> LastBatches {
        let only_markers =
            self.producers.iter().filter(|(_, producer)| producer.batches.is_empty());
        let batches = self.producers.values().flat_map(|producer| &producer.batches);
        LastBatches {
            base_offsets: batches.map(|batch| batch.base_offset).collect(),
            epochs: only_markers.map(|(id, producer)| (*id, producer.epoch)).collect(),
        }
    }

    /// Drops what lies wholly before the log start.
    pub(crate) fn forget_aborted_before(&mut self, log_start_offset: i64) {
        self.transactions.forget_before(log_start_offset);
    }

    /// Forgets producers without an append since `before_ms`, never one with an open transaction.
    pub(crate) fn expire(&mut self, before_ms: i64) {
        let transactions = &self.transactions;
        self.producers.retain(|producer_id, producer| {
            producer.last_used_ms >= before_ms || transactions.is_open(*producer_id)
        });
    }

    /// Drops about a tenth, so that the cost is shared by many appends.
    fn forget_least_used(&mut self) {
        let mut used: Vec<i64> = self.producers.values().map(|p| p.last_used_ms).collect();
        let tenth = used.len() / 10;
        let (_, cut, _) = used.select_nth_unstable(tenth);
        let cut = *cut;
        let mut left = tenth + 1;
        let transactions = &self.transactions;
        self.producers.retain(|producer_id, producer| {
            let is_old = left > 0 && producer.last_used_ms <= cut;
            let is_kept = !is_old || transactions.is_open(*producer_id);
            left -= usize::from(!is_kept);
            is_kept
        });
    }
}

#[cfg(test)]
mod tests;
