//! `DeleteGroups` (42), versions 0–2.
//!
//! - A group with members is `NON_EMPTY_GROUP`, one that does not exist `GROUP_ID_NOT_FOUND`. Its
//!   offsets go with it; durable when it is answered.

use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::{ApiKey, DeleteGroupsRequest, DeleteGroupsResponse};

use super::group_fields::code;
use crate::broker::Broker;
use crate::net::{Api, Call, CloseReason};

pub(crate) const API: Api = Api::new(ApiKey::DeleteGroups, 0..=2);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: DeleteGroupsRequest,
) -> Result<DeleteGroupsResponse, CloseReason> {
    let mut results = Vec::new();
    for group_id in request.groups_names {
        let deleted = broker.groups.delete_group(group_id.as_str()).await?;
        let result = DeletableGroupResult::default().with_error_code(code(&deleted));
        results.push(result.with_group_id(group_id));
    }
    Ok(DeleteGroupsResponse::default().with_results(results))
}
