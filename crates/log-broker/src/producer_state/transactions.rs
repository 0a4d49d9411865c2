//! Open and aborted transactions of a partition, and the last stable offset they imply.

use std::collections::BTreeMap;
use std::ops::Range;

use levada_kafka_wire::record_batch::{BatchHeader, ControlType, EndTxnMarker};

use crate::log::AbortedTransaction;

/// The version at the front of every entry of a `.txnindex` file.
const INDEX_VERSION: i16 = 0;

/// A finished, rolled-back transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Aborted {
    pub(super) producer_id: i64,
    pub(super) first_offset: i64,
    /// Of the marker.
    pub(super) last_offset: i64,
    /// What was stable once the marker was there; it only grows from entry to entry.
    pub(super) last_stable_offset: i64,
}

impl Aborted {
    pub(crate) fn producer_id(&self) -> i64 {
        self.producer_id
    }

    /// Of its first batch and of its marker.
    pub(crate) fn offsets(&self) -> (i64, i64) {
        (self.first_offset, self.last_offset)
    }

    /// As Kafka's `.txnindex` holds it: version i16, producer id, first offset, last offset, last
    /// stable offset i64, big endian.
    pub(crate) fn index_entry(&self) -> Vec<u8> {
        let numbers =
            [self.producer_id, self.first_offset, self.last_offset, self.last_stable_offset];
        let version = INDEX_VERSION.to_be_bytes().into_iter();
        version.chain(numbers.into_iter().flat_map(i64::to_be_bytes)).collect()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Transactions {
    /// First offset of each open transaction, by producer.
    pub(super) open: BTreeMap<i64, i64>,
    /// Ended ones whose marker may not be durable yet: first offset → marker offset. A reader must
    /// not see the records as decided while a power cut can still take the marker back.
    ended: BTreeMap<i64, i64>,
    /// In the order of their markers.
    pub(super) aborted: Vec<Aborted>,
}

impl Transactions {
    pub(super) fn apply(&mut self, header: &BatchHeader, marker: Option<EndTxnMarker>) {
        let producer_id = header.producer_id;
        if let Some(marker) = marker {
            let Some(first_offset) = self.open.remove(&producer_id) else { return };
            let last_offset = header.last_offset();
            self.ended.insert(first_offset, last_offset);
            if marker.control_type == ControlType::Abort {
                let last_stable_offset = self.first_open().unwrap_or(last_offset + 1);
                self.aborted.push(Aborted {
                    producer_id,
                    first_offset,
                    last_offset,
                    last_stable_offset,
                });
            }
        } else if header.is_transactional() && !header.is_control() {
            self.open.entry(producer_id).or_insert(header.base_offset);
        }
    }

    fn first_open(&self) -> Option<i64> {
        self.open.values().copied().min()
    }

    pub(super) fn is_open(&self, producer_id: i64) -> bool {
        self.open.contains_key(&producer_id)
    }

    pub(super) fn last_stable_offset(&mut self, high_watermark: i64) -> i64 {
        self.ended.retain(|_, marker_offset| *marker_offset >= high_watermark);
        let ended = self.ended.keys().next().copied();
        [self.first_open(), ended].into_iter().flatten().fold(high_watermark, i64::min)
    }

    pub(super) fn aborted(&self, from: i64, end: i64) -> Vec<AbortedTransaction> {
        let skipped = self.aborted.partition_point(|txn| txn.last_offset < from);
        let mut found = Vec::new();
        for txn in &self.aborted[skipped..] {
            if txn.first_offset < end {
                let Aborted { producer_id, first_offset, .. } = *txn;
                found.push(AbortedTransaction { producer_id, first_offset });
            }
            // Whatever ended later began where this one had left the log stable, or after it.
            if txn.last_stable_offset >= end {
                break;
            }
        }
        found.sort_unstable_by_key(|txn| txn.first_offset);
        found
    }

    /// Those whose marker is in `from..end`.
    pub(super) fn ended_in(&self, from: i64, end: i64) -> Vec<Aborted> {
        let start = self.aborted.partition_point(|txn| txn.last_offset < from);
        let after = self.aborted.partition_point(|txn| txn.last_offset < end);
        self.aborted.get(start..after).map(<[_]>::to_vec).unwrap_or_default()
    }

    /// Drops those whose marker is in the range.
    pub(super) fn forget_in(&mut self, range: Range<i64>) {
        self.aborted.retain(|txn| !range.contains(&txn.last_offset));
    }

    pub(super) fn forget_before(&mut self, log_start_offset: i64) {
        self.aborted.retain(|txn| txn.last_offset >= log_start_offset);
    }
}
