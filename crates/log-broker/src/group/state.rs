//! All that is known of one group, and the one place that applies its records.

use kafka_protocol::ResponseError;
use levada_kafka_wire::record_batch::ControlType;

use super::classic::{ClassicGroup, MemberIdentity, Now, Step};
use super::consumer::ConsumerGroup;
use super::consumer::record::ConsumerRecord;
use super::offsets::Offsets;
use super::pending::PendingOffsets;
use super::record::GroupRecord;
use crate::record_log::TxnProducer;

/// Membership and offsets are apart: offsets outlive the members and any group protocol.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) classic: ClassicGroup,
    /// Set for a group that follows KIP-848; then the classic one has no members.
    pub(crate) consumer: Option<ConsumerGroup>,
    pub(crate) offsets: Offsets,
    pub(crate) pending: PendingOffsets,
}

impl Group {
    pub(crate) fn new() -> Self {
        Self {
            classic: ClassicGroup::new(),
            consumer: None,
            offsets: Offsets::default(),
            pending: PendingOffsets::default(),
        }
    }

    /// Applies a record that is in the log at `offset`: after a live append and on recovery alike.
    /// Only metadata differs: live, the machine is already where its own record says.
    pub(crate) fn replay(
        &mut self,
        record: GroupRecord,
        producer: Option<TxnProducer>,
        offset: i64,
        now: Now,
    ) {
        match (record, producer) {
            (GroupRecord::Offset { topic, partition, committed, .. }, None) => {
                // Compaction writes what is committed once more, behind what was pending already: a
                // repetition decides nothing.
                if committed.is_some()
                    && self.offsets.committed(&topic, partition) == committed.as_ref()
                {
                    return;
                }
                self.pending.overrule(&topic, partition, offset);
                match committed {
                    Some(committed) => self.offsets.put(topic, partition, committed),
                    None => self.offsets.remove(&topic, partition),
                }
            }
            (GroupRecord::Offset { topic, partition, committed, .. }, Some(producer)) => {
                if let Some(committed) = committed {
                    self.pending.put(producer, (topic, partition), offset, committed);
                }
            }
            (GroupRecord::Group { metadata: Some(metadata), .. }, _) => {
                self.classic = ClassicGroup::restore(metadata, now);
            }
            (GroupRecord::Group { metadata: None, .. }, _) => self.classic = ClassicGroup::new(),
            (GroupRecord::Consumer { record: ConsumerRecord::Epoch(None), .. }, _) => {
                self.consumer = None;
            }
            (GroupRecord::Consumer { record, .. }, _) => {
                self.consumer.get_or_insert_default().replay(record);
            }
        }
    }

    /// Applies the end of a producer's transaction.
    pub(crate) fn end_transaction(&mut self, producer_id: i64, outcome: ControlType) {
        self.pending.end(producer_id, outcome, &mut self.offsets);
    }

    /// Whether who reads offsets is who it says it is; `None` and an epoch below 0 are anybody.
    pub(crate) fn check_reader(&self, member: Option<(&str, i32)>) -> Result<(), ResponseError> {
        match (&self.consumer, member) {
            (Some(consumer), Some((member_id, epoch))) if epoch >= 0 => {
                consumer.check_epoch(member_id, epoch)
            }
            _ => Ok(()),
        }
    }

    /// Whether `identity` may commit offsets now, by the rules of the group's protocol.
    pub(crate) fn check_commit(
        &mut self,
        identity: &MemberIdentity,
        epoch: i32,
        step: &mut Step<'_>,
    ) -> Result<(), ResponseError> {
        match &self.consumer {
            None => self.classic.commit(identity, epoch, step),
            Some(consumer) if epoch < 0 && consumer.is_empty() => Ok(()),
            Some(consumer) => consumer.check_epoch(&identity.member_id, epoch),
        }
    }

    /// As [`Self::check_commit`], within a transaction.
    pub(crate) fn check_commit_in_transaction(
        &mut self,
        identity: &MemberIdentity,
        epoch: i32,
        step: &mut Step<'_>,
    ) -> Result<(), ResponseError> {
        let Some(consumer) = &self.consumer else {
            return self.classic.commit_in_transaction(identity, epoch, step);
        };
        let is_anonymous = identity.member_id.is_empty() && identity.instance_id.is_none();
        if epoch < 0 && (is_anonymous || consumer.is_empty()) {
            return Ok(());
        }
        // The request has no word for an epoch that is behind.
        consumer.check_epoch(&identity.member_id, epoch).map_err(|error| match error {
            ResponseError::StaleMemberEpoch => ResponseError::IllegalGeneration,
            other => other,
        })
    }

    /// Nobody belongs to the group.
    pub(crate) fn has_no_members(&self) -> bool {
        self.classic.is_empty() && self.consumer.as_ref().is_none_or(ConsumerGroup::is_empty)
    }

    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let consumer = self.consumer.as_ref().and_then(ConsumerGroup::next_deadline);
        self.classic.next_deadline().into_iter().chain(consumer).min()
    }

    /// Nothing of the group would be missed.
    pub(crate) fn is_disposable(&self) -> bool {
        self.classic.is_abandoned()
            && self.has_no_members()
            && self.offsets.is_empty()
            && self.pending.is_empty()
    }

    /// The offsets that have had their time.
    pub(crate) fn expired(&self, now_ms: i64, retention_ms: i64) -> Vec<(String, i32)> {
        let Some(consumer) = &self.consumer else {
            return self.offsets.expired(&self.classic, now_ms, retention_ms);
        };
        let subscribed = consumer.subscribed_topics();
        self.offsets.select(|topic, one| {
            !subscribed.contains(topic)
                && now_ms.saturating_sub(one.commit_timestamp_ms) >= retention_ms
        })
    }

    /// Every place with a committed offset, or one that a transaction may yet commit.
    pub(crate) fn places(&self, wanted: impl Fn(&str) -> bool) -> Vec<(String, i32)> {
        let mut places = self.offsets.select(|topic, _| wanted(topic));
        let pending = self.pending.places().map(|(_, place, _)| place);
        places.extend(pending.filter(|place| wanted(&place.0)).cloned());
        places.sort_unstable();
        places.dedup();
        places
    }
}

impl GroupRecord {
    pub(crate) fn group_id(&self) -> &str {
        match self {
            Self::Offset { group, .. }
            | Self::Group { group, .. }
            | Self::Consumer { group, .. } => group,
        }
    }
}
