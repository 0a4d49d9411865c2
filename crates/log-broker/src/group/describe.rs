//! What administrators see of the groups.

use bytes::Bytes;

use super::classic::CONSUMER_PROTOCOL_TYPE;
use super::consumer::ConsumerGroup;
use super::coordinator::GroupCoordinator;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupListing {
    pub(crate) group_id: String,
    pub(crate) protocol_type: String,
    pub(crate) state: &'static str,
    /// "classic" or "consumer".
    pub(crate) group_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupDescription {
    pub(crate) state: &'static str,
    pub(crate) protocol_type: String,
    /// Empty unless the group is stable, as are the members' metadata and assignments.
    pub(crate) protocol: String,
    pub(crate) members: Vec<MemberDescription>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberDescription {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) metadata: Bytes,
    pub(crate) assignment: Bytes,
}

impl GroupCoordinator {
    /// In order of their ids.
    pub(crate) fn list(&self) -> Vec<GroupListing> {
        let mut listings = Vec::new();
        for cell in self.all() {
            let state = cell.state.lock();
            let classic = &state.group.classic;
            if let Some(consumer) = &state.group.consumer {
                listings.push(GroupListing {
                    group_id: cell.id.clone(),
                    protocol_type: CONSUMER_PROTOCOL_TYPE.to_owned(),
                    state: consumer.state_name(),
                    group_type: "consumer",
                });
            } else if !classic.is_dead() {
                listings.push(GroupListing {
                    group_id: cell.id.clone(),
                    protocol_type: classic.protocol_type().unwrap_or_default().to_owned(),
                    state: classic.state_name(),
                    group_type: "classic",
                });
            }
        }
        listings
    }

    /// What `describe` makes of a group that follows KIP-848; `None` for any other.
    pub(crate) fn describe_consumers<T>(
        &self,
        group_id: &str,
        describe: impl FnOnce(&ConsumerGroup) -> T,
    ) -> Option<T> {
        let cell = self.find(group_id)?;
        let state = cell.state.lock();
        state.group.consumer.as_ref().map(describe)
    }

    /// A classic group.
    pub(crate) fn describe(&self, group_id: &str) -> Option<GroupDescription> {
        let cell = self.find(group_id)?;
        let state = cell.state.lock();
        let classic = &state.group.classic;
        if classic.is_dead() || state.group.consumer.is_some() {
            return None;
        }
        let protocol = classic.protocol().filter(|_| classic.is_stable()).unwrap_or_default();
        let member = |(id, member): (&str, &super::classic::Member)| MemberDescription {
            member_id: id.to_owned(),
            instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            metadata: member.metadata_for(protocol).unwrap_or_default(),
            assignment: if classic.is_stable() { member.assignment.clone() } else { Bytes::new() },
        };
        Some(GroupDescription {
            state: classic.state_name(),
            protocol_type: classic.protocol_type().unwrap_or_default().to_owned(),
            protocol: protocol.to_owned(),
            members: classic.members().map(member).collect(),
        })
    }
}
