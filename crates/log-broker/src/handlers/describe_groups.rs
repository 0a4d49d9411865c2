//! `DescribeGroups` (15), versions 0–6.
//!
//! - Metadata and assignments are shown while a group is stable.
//! - A group that is named again is described once.
//! - v3 (KIP-430) may ask for the allowed operations; v4 shows instance ids; a group that does not
//!   exist is "Dead", and since v6 (KIP-1043) also `GROUP_ID_NOT_FOUND`.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::{ApiKey, DescribeGroupsRequest, DescribeGroupsResponse, GroupId};
use kafka_protocol::protocol::StrBytes;

use super::authorized;
use super::group_fields::text;
use super::repeated::once;
use crate::broker::Broker;
use crate::group::describe::{GroupDescription, MemberDescription};
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::DescribeGroups, 0..=6);

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: DescribeGroupsRequest,
) -> DescribeGroupsResponse {
    let describe = |group_id: &GroupId| {
        let described = match broker.groups.describe(group_id.as_str()) {
            Some(description) => described(call, description),
            None => unknown(call, group_id),
        };
        if request.include_authorized_operations {
            return described
                .with_group_id(group_id.clone())
                .with_authorized_operations(authorized::GROUP);
        }
        described.with_group_id(group_id.clone())
    };
    let groups = once(&request.groups, |id| (*id).clone());
    DescribeGroupsResponse::default().with_groups(groups.map(describe).collect())
}

fn unknown(call: &Call, group_id: &GroupId) -> DescribedGroup {
    let dead = DescribedGroup::default().with_group_state(StrBytes::from_static_str("Dead"));
    if call.api_version < 6 {
        return dead;
    }
    dead.with_error_code(ResponseError::GroupIdNotFound.code())
        .with_error_message(Some(text(format!("Group {} not found.", group_id.as_str()))))
}

fn described(call: &Call, description: GroupDescription) -> DescribedGroup {
    let has_instances = call.api_version >= 4;
    let member = |one: MemberDescription| {
        DescribedGroupMember::default()
            .with_member_id(text(one.member_id))
            .with_group_instance_id(one.instance_id.filter(|_| has_instances).map(text))
            .with_client_id(text(one.client_id))
            .with_client_host(text(one.client_host))
            .with_member_metadata(one.metadata)
            .with_member_assignment(one.assignment)
    };
    DescribedGroup::default()
        .with_group_state(StrBytes::from_static_str(description.state))
        .with_protocol_type(text(description.protocol_type))
        .with_protocol_data(text(description.protocol))
        .with_members(description.members.into_iter().map(member).collect())
}
