//! What of a group outlives a restart: its generation, with the members as it assigned them.

use bytes::Bytes;

use super::{ClassicGroup, Member, Now, State};

/// Field for field Kafka's `GroupMetadataValue`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupMetadata {
    pub(crate) protocol_type: Option<String>,
    pub(crate) generation_id: i32,
    pub(crate) protocol: Option<String>,
    pub(crate) leader: Option<String>,
    /// Unix milliseconds.
    pub(crate) state_since_ms: Option<i64>,
    pub(crate) members: Vec<MemberMetadata>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberMetadata {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) rebalance_timeout_ms: u64,
    pub(crate) session_timeout_ms: u64,
    /// The member's metadata for the protocol of the generation.
    pub(crate) subscription: Bytes,
    pub(crate) assignment: Bytes,
}

impl ClassicGroup {
    pub(crate) fn metadata(&self) -> GroupMetadata {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        let stored = |(id, member): (&String, &Member)| MemberMetadata {
            member_id: id.clone(),
            instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            session_timeout_ms: member.session_timeout_ms,
            subscription: member.metadata_for(protocol).unwrap_or_default(),
            assignment: member.assignment.clone(),
        };
        GroupMetadata {
            protocol_type: self.protocol_type.clone(),
            generation_id: self.generation_id,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            state_since_ms: self.state_since_ms,
            members: self.members.iter().map(stored).collect(),
        }
    }

    /// The group as it was when `stored` was written. Its members may go on heartbeating; their
    /// sessions start at `now`, for they could not be heard while the broker was down.
    pub(crate) fn restore(stored: GroupMetadata, now: Now) -> Self {
        let protocol = stored.protocol.clone().unwrap_or_default();
        let mut group = Self::new();
        for one in stored.members {
            let id = one.member_id.clone();
            if let Some(instance_id) = &one.instance_id {
                group.static_members.insert(instance_id.clone(), id.clone());
            }
            group.members.insert(id, Member::restored(one, &protocol, now.monotonic_ms));
        }
        if !group.members.is_empty() {
            group.state = State::Stable { sync_deadline: None };
        }
        group.generation_id = stored.generation_id;
        group.protocol_type = stored.protocol_type;
        group.protocol = stored.protocol;
        group.leader = stored.leader.filter(|id| group.members.contains_key(id));
        group.state_since_ms = stored.state_since_ms;
        group
    }
}
