//! All that is known of one group, and the one place that applies its records.

use super::classic::{ClassicGroup, Now};
use super::offsets::Offsets;
use super::record::GroupRecord;

/// Membership and offsets are apart: offsets outlive the members and any group protocol.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) classic: ClassicGroup,
    pub(crate) offsets: Offsets,
}

impl Group {
    pub(crate) fn new() -> Self {
        Self { classic: ClassicGroup::new(), offsets: Offsets::default() }
    }

    /// Applies a record that is in the log: after a live append and on recovery alike. Only
    /// metadata differs: live, the machine is already where its own record says.
    pub(crate) fn replay(&mut self, record: GroupRecord, now: Now) {
        match record {
            GroupRecord::Offset { topic, partition, committed: Some(committed), .. } => {
                self.offsets.put(topic, partition, committed);
            }
            GroupRecord::Offset { topic, partition, committed: None, .. } => {
                self.offsets.remove(&topic, partition);
            }
            GroupRecord::Group { metadata: Some(metadata), .. } => {
                self.classic = ClassicGroup::restore(metadata, now);
            }
            GroupRecord::Group { metadata: None, .. } => self.classic = ClassicGroup::new(),
        }
    }

    /// Nothing of the group would be missed.
    pub(crate) fn is_disposable(&self) -> bool {
        self.classic.is_abandoned() && self.offsets.is_empty()
    }
}

impl GroupRecord {
    pub(crate) fn group_id(&self) -> &str {
        match self {
            Self::Offset { group, .. } | Self::Group { group, .. } => group,
        }
    }
}
