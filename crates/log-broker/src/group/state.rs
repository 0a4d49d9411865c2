//! All that is known of one group, and the one place that applies its records.

use kafka_protocol::ResponseError;
use levada_kafka_wire::record_batch::ControlType;

use super::classic::{ClassicGroup, Now};
use super::offsets::Offsets;
use super::pending::PendingOffsets;
use super::record::GroupRecord;
use crate::record_log::TxnProducer;

/// Membership and offsets are apart: offsets outlive the members and any group protocol.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) classic: ClassicGroup,
    pub(crate) offsets: Offsets,
    pub(crate) pending: PendingOffsets,
}

impl Group {
    pub(crate) fn new() -> Self {
        Self {
            classic: ClassicGroup::new(),
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
        }
    }

    /// Applies the end of a producer's transaction.
    pub(crate) fn end_transaction(&mut self, producer_id: i64, outcome: ControlType) {
        self.pending.end(producer_id, outcome, &mut self.offsets);
    }

    /// Whether who reads offsets is who it says it is; `None` and an epoch below 0 are anybody.
    pub(crate) fn check_reader(&self, _member: Option<(&str, i32)>) -> Result<(), ResponseError> {
        Ok(())
    }

    /// Nothing of the group would be missed.
    pub(crate) fn is_disposable(&self) -> bool {
        self.classic.is_abandoned() && self.offsets.is_empty() && self.pending.is_empty()
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
            Self::Offset { group, .. } | Self::Group { group, .. } => group,
        }
    }
}
