//! Offsets of a group that were committed within transactions which have not ended yet.

use std::collections::BTreeMap;

use levada_kafka_wire::record_batch::ControlType;

use super::offsets::Offsets;
use super::record::CommittedOffset;
use crate::record_log::TxnProducer;

/// A commit that waits, and where its record is: of two for one place the later one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PendingOffset {
    pub(crate) epoch: i16,
    pub(crate) record_offset: i64,
    pub(crate) committed: CommittedOffset,
}

type Places = BTreeMap<(String, i32), PendingOffset>;

/// By producer id, then by place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PendingOffsets(BTreeMap<i64, Places>);

impl PendingOffsets {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, topic: &str, partition: i32) -> bool {
        self.places().any(|(_, place, _)| place.0 == topic && place.1 == partition)
    }

    pub(crate) fn put(
        &mut self,
        producer: TxnProducer,
        place: (String, i32),
        record_offset: i64,
        committed: CommittedOffset,
    ) {
        let epoch = producer.epoch;
        let places = self.0.entry(producer.producer_id).or_default();
        // What compaction writes once more stays as old as it was, or of two transactions the one
        // whose record is repeated first would for a moment be the later one.
        let is_known = |known: &PendingOffset| known.epoch == epoch && known.committed == committed;
        if !places.get(&place).is_some_and(is_known) {
            places.insert(place, PendingOffset { epoch, record_offset, committed });
        }
    }

    /// Forgets what was asked for `(topic, partition)` before `record_offset`: a later record has
    /// decided about it.
    pub(crate) fn overrule(&mut self, topic: &str, partition: i32, record_offset: i64) {
        for places in self.0.values_mut() {
            places.retain(|place, pending| {
                (place.0.as_str(), place.1) != (topic, partition)
                    || pending.record_offset > record_offset
            });
        }
        self.0.retain(|_, places| !places.is_empty());
    }

    /// The transaction has ended: what it committed becomes the group's, or goes.
    pub(crate) fn end(&mut self, producer_id: i64, outcome: ControlType, offsets: &mut Offsets) {
        let ended = self.0.remove(&producer_id).unwrap_or_default();
        if outcome == ControlType::Abort {
            return;
        }
        for ((topic, partition), pending) in ended {
            self.overrule(&topic, partition, pending.record_offset);
            offsets.put(topic, partition, pending.committed);
        }
    }

    /// Everything that waits, with whose it is.
    pub(crate) fn places(&self) -> impl Iterator<Item = (i64, &(String, i32), &PendingOffset)> {
        self.0.iter().flat_map(|(producer_id, places)| {
            places.iter().map(move |(place, pending)| (*producer_id, place, pending))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(offset: i64) -> CommittedOffset {
        CommittedOffset {
            offset,
            leader_epoch: -1,
            metadata: String::new(),
            commit_timestamp_ms: 1,
            expire_timestamp_ms: None,
        }
    }

    fn pend(pending: &mut PendingOffsets, producer_id: i64, record_offset: i64, offset: i64) {
        let producer = TxnProducer { producer_id, epoch: 0 };
        pending.put(producer, ("t".to_owned(), 0), record_offset, committed(offset));
    }

    fn offset_of(offsets: &Offsets) -> Option<i64> {
        offsets.committed("t", 0).map(|one| one.offset)
    }

    #[test]
    fn a_commit_makes_it_the_groups_and_an_abort_forgets_it() {
        for (outcome, expected) in [(ControlType::Commit, Some(5)), (ControlType::Abort, None)] {
            let (mut pending, mut offsets) = (PendingOffsets::default(), Offsets::default());
            pend(&mut pending, 1, 10, 5);
            assert!(pending.has("t", 0) && !pending.has("t", 1));
            pending.end(1, outcome, &mut offsets);
            assert_eq!((offset_of(&offsets), pending.is_empty()), (expected, true));
        }
    }

    #[test]
    fn of_two_transactions_the_later_record_counts_whichever_ends_first() {
        for order in [[1, 2], [2, 1]] {
            let (mut pending, mut offsets) = (PendingOffsets::default(), Offsets::default());
            pend(&mut pending, 1, 10, 5);
            pend(&mut pending, 2, 11, 6);
            for producer_id in order {
                pending.end(producer_id, ControlType::Commit, &mut offsets);
            }
            assert_eq!(offset_of(&offsets), Some(6), "{order:?}");
        }
    }

    #[test]
    fn a_record_that_is_written_once_more_is_no_later_one() {
        let (mut pending, mut offsets) = (PendingOffsets::default(), Offsets::default());
        pend(&mut pending, 1, 10, 5);
        pend(&mut pending, 2, 11, 6);
        pend(&mut pending, 1, 12, 5);
        for producer_id in [2, 1] {
            pending.end(producer_id, ControlType::Commit, &mut offsets);
        }
        assert_eq!(offset_of(&offsets), Some(6));
    }

    #[test]
    fn a_later_commit_outside_of_transactions_overrules() {
        let (mut pending, mut offsets) = (PendingOffsets::default(), Offsets::default());
        pend(&mut pending, 1, 10, 5);
        pending.overrule("t", 0, 9);
        assert!(pending.has("t", 0), "an earlier record decides nothing");
        pending.overrule("t", 0, 12);
        pending.end(1, ControlType::Commit, &mut offsets);
        assert_eq!((offset_of(&offsets), pending.is_empty()), (None, true));
    }
}
