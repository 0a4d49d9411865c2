//! `ListGroups` (16), versions 0–5.
//!
//! - v4 (KIP-518) filters by state and v5 (KIP-848) by type, both without regard to case; an
//!   empty filter takes all.

use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{ApiKey, GroupId, ListGroupsRequest, ListGroupsResponse};
use kafka_protocol::protocol::StrBytes;

use super::group_fields::text;
use crate::broker::Broker;
use crate::group::describe::GroupListing;
use crate::net::{Api, Call};

pub(crate) const API: Api = Api::new(ApiKey::ListGroups, 0..=5);

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: ListGroupsRequest,
) -> ListGroupsResponse {
    let is_wanted = |one: &GroupListing| {
        takes(&request.states_filter, one.state) && takes(&request.types_filter, one.group_type)
    };
    let listed = |one: GroupListing| {
        let group = ListedGroup::default()
            .with_group_id(GroupId(text(one.group_id)))
            .with_protocol_type(text(one.protocol_type));
        match call.api_version {
            ..4 => group,
            4 => group.with_group_state(StrBytes::from_static_str(one.state)),
            _ => group
                .with_group_state(StrBytes::from_static_str(one.state))
                .with_group_type(StrBytes::from_static_str(one.group_type)),
        }
    };
    let groups = broker.groups.list().into_iter().filter(is_wanted).map(listed);
    ListGroupsResponse::default().with_groups(groups.collect())
}

fn takes(filter: &[StrBytes], value: &str) -> bool {
    filter.is_empty() || filter.iter().any(|one| one.eq_ignore_ascii_case(value))
}
