//! Open and aborted transactions of a partition, and the last stable offset they imply.

use std::collections::BTreeMap;

use levada_kafka_wire::record_batch::{BatchHeader, ControlType, EndTxnMarker};

use crate::log::AbortedTransaction;

/// A finished, rolled-back transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Aborted {
    pub(super) producer_id: i64,
    pub(super) first_offset: i64,
    /// Of the marker.
    pub(super) last_offset: i64,
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
                self.aborted.push(Aborted { producer_id, first_offset, last_offset });
            }
        } else if header.is_transactional() && !header.is_control() {
            self.open.entry(producer_id).or_insert(header.base_offset);
        }
    }

    pub(super) fn is_open(&self, producer_id: i64) -> bool {
        self.open.contains_key(&producer_id)
    }

    pub(super) fn last_stable_offset(&mut self, high_watermark: i64) -> i64 {
        self.ended.retain(|_, marker_offset| *marker_offset >= high_watermark);
        let open = self.open.values().copied().min();
        let ended = self.ended.keys().next().copied();
        [open, ended].into_iter().flatten().fold(high_watermark, i64::min)
    }

    pub(super) fn aborted(&self, from: i64, end: i64) -> Vec<AbortedTransaction> {
        let mut found: Vec<_> = self
            .aborted
            .iter()
            .filter(|txn| txn.first_offset < end && txn.last_offset >= from)
            .map(|txn| AbortedTransaction {
                producer_id: txn.producer_id,
                first_offset: txn.first_offset,
            })
            .collect();
        found.sort_unstable_by_key(|txn| txn.first_offset);
        found
    }

    pub(super) fn forget_before(&mut self, log_start_offset: i64) {
        self.aborted.retain(|txn| txn.last_offset >= log_start_offset);
    }
}
